//! What a policy lets be read, and whether those whom it concerns are the ones who read it.

use crate::Policy;
use crate::grade::{Asked, Crowd, Fault, Grade, Verdict, sentence};
use crate::lexicon::words;
use crate::lexicon::{PUBLIC_PLACES, ROLES, SETTINGS, SHARED};
use crate::predicate::{Opening, Predicate};

/// Who writes what users have signed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Writers {
    Owners,
    Staff,
}

impl<'s> Asked<'s> {
    /// The worst that the policy shows.
    pub(crate) fn read(&self) -> Verdict {
        if !self.does("select") {
            return Verdict::ok("");
        }
        let (opening, crowd) = self.reach(self.using.as_ref());
        let table = &self.name.name;
        let holds = &self.holds;
        let personal = holds.personal.iter().filter(|column| !holds.secret.contains(column));
        let delicate: Vec<_> =
            holds.secret.iter().chain(personal).map(|column| format!("`{column}`")).collect();
        let shown = delicate.iter().take(4).cloned().collect::<Vec<_>>().join(", ");
        let storage = self.name.schema == "storage";
        let shared = SHARED.has_any(&words(table));
        match opening {
            Opening::Closed | Opening::Scoped => Verdict::ok(""),
            Opening::Unknown => {
                Verdict::new(Grade::Review, Fault::Unknown, "What it asks for is not understood.")
            }
            _ if storage => match self.private_bucket().filter(|_| opening == Opening::Everybody) {
                Some(bucket) => Verdict::new(
                    Grade::Review,
                    Fault::OpenRead,
                    format!(
                        "{} can read every file of `{bucket}`, a bucket that is not public.",
                        sentence(crowd)
                    ),
                ),
                None => Verdict::ok(""),
            },
            // Rows of a certain state are published on purpose; what else is in them counts all the same.
            Opening::SomeRows
                if holds.secret.is_empty()
                    && holds.inside.is_empty()
                    && !holds.private
                    && !holds.codes
                    && (crowd != Crowd::Everybody || holds.personal.is_empty()) =>
            {
                Verdict::ok("")
            }
            _ if !holds.secret.is_empty() => {
                let grade = if self.narrowed || self.shows_samples() { Grade::Review } else { Grade::Hole };
                let rows = if opening == Opening::SomeRows { "rows of a certain state" } else { "every row" };
                Verdict::new(
                    grade,
                    Fault::OpenRead,
                    format!("{} can read {shown} of {rows} of `{table}`.", sentence(crowd)),
                )
            }
            _ if !holds.personal.is_empty() => {
                // Where a shop or a house is, its visitors are told, whoever keeps the row.
                let lists = (PUBLIC_PLACES.has_any(&words(table))
                    || SETTINGS.has_any(&words(table))
                    || self.is_site())
                    && !holds.of_users;
                let grade = match crowd {
                    Crowd::Everybody if !lists && !self.narrowed && opening == Opening::Everybody => {
                        Grade::Hole
                    }
                    _ => Grade::Review,
                };
                Verdict::new(
                    grade,
                    Fault::OpenRead,
                    format!("{} can read {shown} of every row of `{table}`.", sentence(crowd)),
                )
            }
            _ if holds.private => {
                // Rows that nobody owns, or of a certain state, may be meant for all.
                let all = opening == Opening::Everybody;
                let sure = all && crowd == Crowd::Everybody && !self.narrowed;
                let rows = if all { "every row" } else { "rows of a certain state" };
                Verdict::new(
                    if sure { Grade::Hole } else { Grade::Review },
                    Fault::OpenRead,
                    format!("{} can read {rows} of `{table}`, which looks private.", sentence(crowd)),
                )
            }
            _ if holds.codes => Verdict::new(
                Grade::Review,
                Fault::OpenRead,
                format!("{} can list the codes of `{table}`.", sentence(crowd)),
            ),
            _ if let Some(what) = self.kept(opening, crowd) => {
                Verdict::new(Grade::Review, Fault::OpenRead, format!("{} can read {what}.", sentence(crowd)))
            }
            _ if !holds.owners.is_empty() && !holds.money.is_empty() && !shared => Verdict::new(
                Grade::Review,
                Fault::OpenRead,
                format!("{} can read the amounts of every user in `{table}`.", sentence(crowd)),
            ),
            _ if !holds.owners.is_empty() && !shared && !holds.of_users => match self.signed() {
                Some(Writers::Staff) => Verdict::ok(""),
                Some(Writers::Owners) => Verdict::new(
                    Grade::Notice,
                    Fault::OpenRead,
                    format!("{} can read every row of `{table}`, whoever wrote it.", sentence(crowd)),
                ),
                None => Verdict::new(
                    Grade::Review,
                    Fault::OpenRead,
                    format!("{} can read the rows of every user in `{table}`.", sentence(crowd)),
                ),
            },
            _ => Verdict::ok(""),
        }
    }

    /// The bucket of a policy that asks for nothing else, where it is made as one that is not for everybody.
    fn private_bucket(&self) -> Option<&str> {
        let flat: String = self.policy.using.as_ref()?.to_lowercase().split_whitespace().collect();
        let mut asked = flat.match_indices("bucket_id='");
        let (at, mark) = asked.next()?;
        let id = flat[at + mark.len()..].split('\'').next()?;
        let bucket = self.schema.buckets.iter().find(|bucket| bucket.id.eq_ignore_ascii_case(id))?;
        (asked.next().is_none() && !bucket.public).then_some(bucket.id.as_str())
    }

    /// Who may write rows of which all columns that name users only say who put them there; `None` where they say more, or nobody may.
    fn signed(&self) -> Option<Writers> {
        let table = self.schema.tables.get(self.name)?;
        let signs = |column: &String| {
            let words = words(column);
            words.last().is_some_and(|last| last == "by")
                || words.first().is_some_and(|first| first == "author")
        };
        let texts = |policy: &'s Policy| policy.using.iter().chain(&policy.check);
        let own = |text: &String| !Predicate::of(self.schema, self.name, text).owners().is_empty();
        let mut writes =
            table.policies.iter().filter(|policy| policy.permissive && policy.command != "select").peekable();
        if writes.peek().is_none() || !self.holds.owners.iter().all(signs) {
            return None;
        }
        Some(if writes.flat_map(texts).any(own) { Writers::Owners } else { Writers::Staff })
    }

    /// What of the table the house keeps to itself, in words.
    fn kept(&self, opening: Opening, crowd: Crowd) -> Option<String> {
        let (table, holds) = (&self.name.name, &self.holds);
        let of_roles = ROLES.has_any(&words(table));
        let columns = |columns: &[String]| {
            let shown: Vec<_> = columns.iter().take(4).map(|column| format!("`{column}`")).collect();
            format!("{} of every row of `{table}`", shown.join(", "))
        };
        if !holds.inside.is_empty() {
            Some(columns(&holds.inside))
        } else if opening != Opening::Everybody {
            None
        } else if holds.settings {
            Some(format!("the settings in `{table}`"))
        } else if !holds.rights.is_empty() && (of_roles || crowd == Crowd::Everybody) {
            Some(format!("who has which rights: {}", columns(&holds.rights)))
        } else if holds.internal {
            Some(format!("every row of `{table}`, which looks internal"))
        } else {
            None
        }
    }
}

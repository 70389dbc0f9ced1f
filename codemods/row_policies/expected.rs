//! Tests of the policies: for each table and each kind of visitor, which of the four verbs must go through, as far as the
//! policies tell it for a single row.

use super::access::qualified;
use audit::Survey;
use edit::{FileId, RelPath};
use schema::predicate::{Ask, Predicate};
use schema::{Name, Policy, Schema, Source, Table};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

const TEMPLATE: &str = include_str!("templates/any/policies.test.sql");

/// Where the tests stand, below the folder that holds the migrations' one.
pub(super) const PLACE: &str = "supabase/tests/policies.test.sql";

const VERBS: [&str; 4] = ["select", "insert", "update", "delete"];

/// Who asks for a row that names its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Visitor {
    SignedOut,
    Owner,
    Other,
}

/// Whether the tree has tests of its database.
pub(super) fn tested(survey: &Survey<'_>) -> bool {
    let of_tests = |path: &str| path.contains("supabase/tests/");
    survey.project.files.iter().any(|file| of_tests(file.path.as_str()))
}

/// Where tests of the database belong; `None` without migrations that somebody else wrote.
pub(super) fn place(survey: &Survey<'_>) -> Option<RelPath> {
    let replayed = survey.schema.replayed.iter().map(|file| survey.project.get(*file));
    let theirs = replayed.filter(|file| !file.text.starts_with(schema::OURS));
    let top = theirs.rev().find_map(|file| file.path.folder().strip_suffix("supabase/migrations"))?;
    RelPath::new(format!("{top}{PLACE}"))
}

/// The tests of the database that the tree's SQL and `added` make; `None` if no policy tells anything.
pub(super) fn tests(survey: &Survey<'_>, added: Option<(&RelPath, &str)>) -> Option<String> {
    let schema = match added {
        None => Cow::Borrowed(&survey.schema),
        Some((path, text)) => Cow::Owned(with(survey, path, text)?),
    };
    let mut lines = Vec::new();
    let public =
        schema.tables.iter().filter(|(name, table)| name.schema == "public" && table.defined.is_some());
    for (name, table) in public.filter(|(_, table)| table.row_security) {
        let asked = Asked::of(&schema, name, table);
        let visitors: &[_] = match asked.owner {
            Some(_) => &[
                (Visitor::SignedOut, "signed out"),
                (Visitor::Owner, "owner"),
                (Visitor::Other, "other user"),
            ],
            None => &[(Visitor::SignedOut, "signed out"), (Visitor::Other, "signed in")],
        };
        let table = literal(&qualified(name));
        let owner = asked.owner.as_deref().map_or("null".to_owned(), literal);
        for (visitor, called) in visitors {
            let expected = asked.expected(*visitor);
            if expected != "????" {
                lines.push(format!("select pg_temp.expect({table}, {owner}, '{called}', '{expected}');\n"));
            }
        }
    }
    if lines.is_empty() {
        return None;
    }
    let text = TEMPLATE.replace("__PLAN__", &lines.len().to_string());
    Some(text.replace("__EXPECTED__\n", &lines.concat()))
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The database with one more migration.
pub(super) fn with(survey: &Survey<'_>, path: &RelPath, text: &str) -> Option<Schema> {
    let source = |id: &FileId| {
        let file = survey.project.get(*id);
        Source { file: *id, path: file.path.as_str(), text: &file.text }
    };
    let mut sources: Vec<_> = survey.schema.replayed.iter().map(source).collect();
    sources.push(Source { file: sources.last()?.file, path: path.as_str(), text });
    Some(Schema::of(&sources))
}

/// What the policies of a table ask.
struct Asked<'s> {
    schema: &'s Schema,
    table: &'s Table,
    /// Whether no read of it comes to an end.
    circular: bool,
    /// The column that names the owner, where a policy asks for one.
    owner: Option<String>,
    /// For each verb the policies: the roles, and what `using` and `with check` ask.
    policies: BTreeMap<&'static str, Vec<Rule<'s>>>,
}

struct Rule<'s> {
    policy: &'s Policy,
    /// All of them must hold.
    all: Vec<Predicate>,
}

impl<'s> Asked<'s> {
    fn of(schema: &'s Schema, name: &Name, table: &'s Table) -> Self {
        let mut policies: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let mut owners: BTreeMap<String, usize> = BTreeMap::new();
        for verb in VERBS {
            let of_verb =
                table.policies.iter().filter(|policy| policy.command == verb || policy.command == "all");
            for policy in of_verb {
                let check = policy.check.as_ref().or(policy.using.as_ref());
                let texts = match verb {
                    "insert" => vec![check],
                    "update" => vec![policy.using.as_ref(), check],
                    _ => vec![policy.using.as_ref()],
                };
                let all: Vec<_> =
                    texts.into_iter().flatten().map(|text| Predicate::of(schema, name, text)).collect();
                for owner in all.iter().flat_map(|predicate| predicate.owners()) {
                    *owners.entry(owner.to_owned()).or_default() += 1;
                }
                policies.entry(verb).or_default().push(Rule { policy, all });
            }
        }
        // One that the database makes up cannot be given.
        let given = |owner: &str| table.column(owner).is_some_and(|column| !column.generated);
        let owner = owners.into_iter().filter(|(owner, _)| given(owner)).max_by_key(|(_, times)| *times);
        let circular = schema.circular(name);
        Self { schema, table, circular, owner: owner.map(|(owner, _)| owner), policies }
    }

    /// A letter for each verb that goes through, `-` for one that is refused, `?` where it cannot be told.
    fn expected(&self, visitor: Visitor) -> String {
        let mut may: Vec<_> = VERBS.iter().map(|verb| self.may(verb, visitor)).collect();
        if self.circular {
            (may[0], may[2], may[3]) = (None, None, None);
        }
        let mut text = String::new();
        for (at, verb) in VERBS.iter().enumerate() {
            // Who changes rows by a condition must see them as well.
            let may = if at < 2 { may[at] } else { and([may[at], may[0]]) };
            let _ = match may {
                Some(true) => write!(text, "{}", &verb[..1]),
                Some(false) => write!(text, "-"),
                None => write!(text, "?"),
            };
        }
        text
    }

    fn may(&self, verb: &str, visitor: Visitor) -> Option<bool> {
        let role = if visitor == Visitor::SignedOut { "anon" } else { "authenticated" };
        let mut ways = Vec::new();
        for rule in self.policies.get(verb).into_iter().flatten() {
            // A read that ends in a circle fails for whoever gets so far.
            let circle = |table: &Name| self.schema.circular(table);
            if !rule.policy.permissive || rule.policy.reads.tables.iter().any(circle) {
                return None;
            }
            if rule.policy.roles.iter().any(|known| known == "public" || known == role) {
                ways.push(and(rule.all.iter().map(|predicate| self.holds(predicate, visitor))));
            }
        }
        let may = or(ways);
        // A right that was taken away refuses what a policy allows.
        let taken = self.table.grants.iter().any(|grant| grant.revoked || !grant.columns.is_empty());
        if taken { may.filter(|may| !may) } else { may }
    }

    fn holds(&self, predicate: &Predicate, visitor: Visitor) -> Option<bool> {
        let signed_in = visitor != Visitor::SignedOut;
        or(predicate.any.iter().map(|all| {
            and(all.iter().map(|ask| match ask {
                Ask::Always => Some(true),
                Ask::Never | Ask::Service => Some(false),
                Ask::SignedIn => Some(signed_in),
                Ask::Anonymous => Some(!signed_in),
                Ask::Owner(_) if !signed_in => Some(false),
                Ask::Owner(column) if Some(column) == self.owner.as_ref() => Some(visitor == Visitor::Owner),
                // Every other column of the row is empty, unless the database fills it.
                Ask::Owner(column) => {
                    let filled = |column: &schema::Column| column.default.is_some() || column.generated;
                    (!self.table.column(column).is_none_or(filled)).then_some(false)
                }
                Ask::Folder
                | Ask::Forgeable
                | Ask::Row(_)
                | Ask::Nobody(_)
                | Ask::Member
                | Ask::Exists
                | Ask::Unknown => None,
            }))
        }))
    }
}

/// Whether all hold; known as soon as one does not.
fn and(all: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    let mut known = true;
    for one in all {
        match one {
            Some(true) => {}
            Some(false) => return Some(false),
            None => known = false,
        }
    }
    known.then_some(true)
}

/// Whether any holds; known as soon as one does.
fn or(any: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    and(any.into_iter().map(|one| one.map(|one| !one))).map(|none| !none)
}

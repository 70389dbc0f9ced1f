//! Policies that become others: split, narrowed, asked once; and tables that get their first ones.

use super::access::{Access, VERBS, qualified, quoted};
use schema::grade::Fault;
use schema::predicate::{Ask, Predicate};
use schema::{Name, Policy, Schema, Table};
use std::fmt::Write as _;

/// A policy as it is to be.
pub(crate) struct Wanted {
    pub(super) name: String,
    pub(super) command: String,
    pub(super) roles: Vec<String>,
    pub(super) using: Option<String>,
    pub(super) check: Option<String>,
}

impl Wanted {
    /// The statements that make it, whatever stands there.
    pub(crate) fn sql(&self, table: &Name) -> String {
        let on = qualified(table);
        let name = format!("\"{}\"", self.name.replace('"', "\"\""));
        format!(
            "drop policy if exists {name} on {on};\ncreate policy {name} on {on} for {} to {}{};\n",
            self.command,
            self.listed_roles(),
            self.expressions()
        )
    }

    /// The statement that gives the one that is there these roles and conditions.
    pub(super) fn alter(&self, table: &Name) -> String {
        format!(
            "alter policy \"{}\" on {} to {}{};\n",
            self.name.replace('"', "\"\""),
            qualified(table),
            self.listed_roles(),
            self.expressions()
        )
    }

    fn listed_roles(&self) -> String {
        let roles = self.roles.iter().map(|role| if role == "public" { role.clone() } else { quoted(role) });
        roles.collect::<Vec<_>>().join(", ")
    }

    fn expressions(&self) -> String {
        // A comment at the end of a line would take the bracket behind it along.
        let end = |text: &str| {
            if text.lines().last().is_some_and(|line| line.contains("--")) { "\n  " } else { "" }
        };
        let mut sql = String::new();
        if let Some(using) = &self.using {
            let _ = write!(sql, "\n  using ({using}{})", end(using));
        }
        if let Some(check) = &self.check {
            let _ = write!(sql, "\n  with check ({check}{})", end(check));
        }
        sql
    }

    pub(crate) fn own(name: String, command: &str, owner: &str) -> Self {
        let rows = Some(format!("(select auth.uid()) = {owner}"));
        Self {
            name,
            command: command.to_owned(),
            roles: vec!["authenticated".to_owned()],
            using: rows.clone().filter(|_| command != "insert"),
            check: rows.filter(|_| matches!(command, "insert" | "update")),
        }
    }

    /// Only where the policy that it takes the place of let the row pass, too.
    fn within(mut self, schema: &Schema, table: &Name, policy: &Policy) -> Self {
        // Whoever is signed in passes such a branch: nothing is lost without it.
        let idle = |all: &Vec<Ask>| all.iter().all(|ask| matches!(ask, Ask::Always | Ask::SignedIn));
        let kept = |text: Option<&String>| {
            text.filter(|text| !Predicate::of(schema, table, text).any.iter().any(idle)).map(|text| {
                // A comment at the end would take the bracket behind it along.
                let end =
                    if text.lines().last().is_some_and(|line| line.contains("--")) { "\n  " } else { "" };
                format!(" and ({}{end})", wrapped(text))
            })
        };
        let using = kept(policy.using.as_ref());
        let check = kept(policy.check.as_ref().or(policy.using.as_ref()));
        for (rows, asked) in [(&mut self.using, using), (&mut self.check, check)] {
            if let (Some(rows), Some(asked)) = (rows, asked) {
                rows.push_str(&asked);
            }
        }
        self
    }

    /// Only for signed-in users, if nobody else could pass.
    fn for_signed_in(mut self, schema: &Schema, table: &Name) -> Self {
        let texts: Vec<_> = self.using.iter().chain(&self.check).collect();
        let signed =
            !texts.is_empty() && texts.iter().all(|text| Predicate::of(schema, table, text).needs_session());
        if signed && self.roles == ["public"] {
            self.roles = vec!["authenticated".to_owned()];
        }
        self
    }

    /// One verb of a policy, as it is.
    fn like(schema: &Schema, table: &Name, policy: &Policy, name: String, command: &str) -> Self {
        let insert = command == "insert";
        let wanted = Self {
            name,
            command: command.to_owned(),
            roles: policy.roles.clone(),
            using: policy.using.as_deref().map(wrapped).filter(|_| !insert),
            check: match command {
                "insert" => policy.check.as_deref().or(policy.using.as_deref()).map(wrapped),
                "update" => policy.check.as_deref().map(wrapped),
                _ => None,
            },
        };
        wanted.for_signed_in(schema, table)
    }
}

/// What becomes of an open policy.
pub(super) struct Narrowed {
    pub(super) policy: String,
    /// What takes its place.
    pub(super) instead: Vec<Wanted>,
    /// Why, for the comment.
    pub(super) reasons: Vec<String>,
    /// Verbs that stay as open as they were.
    pub(super) left: Vec<&'static str>,
}

/// The column by which rows are surely owned: a key to the users, compared as it is or as text.
pub(super) fn sure_owner(schema: &Schema, name: &Name) -> Option<String> {
    let table = schema.tables.get(name)?;
    let users = Name { schema: "auth".to_owned(), name: "users".to_owned() };
    let keyed = |column: &String| {
        table.foreign_keys.iter().any(|key| {
            let profile = schema.tables.get(&key.table).is_some_and(|other| {
                other.foreign_keys.iter().any(|own| own.table == users && own.columns == other.primary_key)
            });
            key.columns == [column.clone()] && (key.table == users || profile)
        })
    };
    let asked = |column: &String| {
        let policies = table.policies.iter().flat_map(|policy| policy.using.iter().chain(&policy.check));
        policies.into_iter().any(|text| Predicate::of(schema, name, text).owners().contains(&column.as_str()))
    };
    let owner = schema.owners(name).into_iter().find(|column| keyed(column) || asked(column))?;
    let kind = &table.column(&owner)?.kind;
    match kind.as_str() {
        "uuid" => Some(quoted(&owner)),
        _ => None,
    }
}

/// Whether the policy lets rows be written by people whose they are not.
pub(super) fn open(schema: &Schema, name: &Name, policy: &Policy) -> bool {
    schema.verdicts(name, policy).iter().any(|verdict| verdict.fault == Some(Fault::OpenWrite))
}

/// Whether the policy shows private rows to everybody.
fn shown_to_all(schema: &Schema, name: &Name, policy: &Policy) -> bool {
    let hole = |verdict: &schema::grade::Verdict| {
        verdict.fault == Some(Fault::OpenRead) && verdict.grade == schema::grade::Grade::Hole
    };
    matches!(policy.command.as_str(), "all" | "select") && schema.verdicts(name, policy).iter().any(hole)
}

/// Whether a policy for this verb alone, which stays, lets the same people do all that one for every verb does.
fn has_equal(
    schema: &Schema,
    access: &Access,
    (name, table): (&Name, &Table),
    policy: &Policy,
    verb: &str,
) -> bool {
    let flat = |text: Option<&String>| {
        text.map(|text| wrapped(text).split_whitespace().collect::<String>().to_lowercase())
    };
    let asked = |policy: &Policy| match verb {
        "insert" => (None, flat(policy.check.as_ref().or(policy.using.as_ref()))),
        "update" => (flat(policy.using.as_ref()), flat(policy.check.as_ref().or(policy.using.as_ref()))),
        _ => (flat(policy.using.as_ref()), None),
    };
    let everybody = |other: &Policy| other.roles.iter().any(|role| role == "public");
    policy.command == "all"
        && table.policies.iter().any(|other| {
            other.permissive
                && other.command == verb
                && (everybody(other) || policy.roles.iter().all(|role| other.roles.contains(role)))
                && asked(other) == asked(policy)
                && narrowed(schema, access, name, table, other).is_none()
        })
}

/// Narrows an open policy as far as the code surely lets it; `None` if nothing of it can be narrowed.
pub(super) fn narrowed(
    schema: &Schema,
    access: &Access,
    name: &Name,
    table: &Table,
    policy: &Policy,
) -> Option<Narrowed> {
    if !open(schema, name, policy) && !shown_to_all(schema, name, policy)
        || !access.is_clear(&name.name)
        || name.schema != "public"
    {
        return None;
    }
    let owner = sure_owner(schema, name).filter(|_| access.signs_in);
    let verbs: Vec<&'static str> =
        VERBS.into_iter().filter(|verb| policy.command == "all" || policy.command == *verb).collect();
    let single = verbs.len() == 1;
    let mut narrowed =
        Narrowed { policy: policy.name.clone(), instead: Vec::new(), reasons: Vec::new(), left: Vec::new() };
    let (mut changed, mut unused, mut doubled) = (false, Vec::new(), Vec::new());
    for verb in verbs {
        let called = |suffix: &str| {
            if single { policy.name.clone() } else { schema::suffixed(&policy.name, &format!(" ({suffix})")) }
        };
        let uses = access.uses(&name.name, verb);
        // Another policy may serve the use already; then this one is not needed for it.
        let served = table.policies.iter().any(|other| {
            other.name != policy.name
                && other.permissive
                && (other.command == verb || other.command == "all")
                && !open(schema, name, other)
                && other
                    .using
                    .iter()
                    .chain(&other.check)
                    .any(|text| !Predicate::of(schema, name, text).owners().is_empty())
        });
        let equal = || has_equal(schema, access, (name, table), policy, verb);
        if verb == "select" && equal() {
            doubled.push("select");
        } else if verb == "select" && !(uses.is_empty() && shown_to_all(schema, name, policy)) {
            narrowed.instead.push(Wanted::like(schema, name, policy, called(verb), verb));
        } else if uses.is_empty() {
            unused.push(format!("{verb}s"));
            changed = true;
        } else if let Some(owner) = owner.as_ref().filter(|_| access.all_own(&name.name, verb)) {
            narrowed.reasons.push(format!("The app {}s only rows of the visitor ({owner}).", verb));
            if !served {
                narrowed.instead.push(Wanted::own(called(verb), verb, owner).within(schema, name, policy));
            }
            changed = true;
        } else {
            narrowed.left.push(verb);
            if equal() {
                doubled.push(verb);
                continue;
            }
            narrowed.instead.push(Wanted::like(schema, name, policy, called(verb), verb));
        }
    }
    if !doubled.is_empty() {
        narrowed
            .reasons
            .push(format!("Another policy lets the same people {} the same rows.", doubled.join(" and ")));
    }
    if !unused.is_empty() {
        let last = unused.pop().unwrap_or_default();
        let listed = if unused.is_empty() { last } else { format!("{} or {last}", unused.join(", ")) };
        narrowed.reasons.push(format!("No code of the app {listed} rows with a visitor's rights."));
    }
    changed.then_some(narrowed)
}

/// The first policies of a table without row level security: for each verb that the app uses; `None` if it cannot be told.
pub(super) fn first_policies(
    schema: &Schema,
    access: &Access,
    name: &Name,
    table: &Table,
) -> Option<Vec<Wanted>> {
    if !access.is_clear(&name.name) {
        return None;
    }
    let verbs = access.verbs(&name.name);
    if !table.policies.is_empty() {
        // Whoever turned it off with policies in place was shut out by them.
        if table.row_security_off.is_some() && !verbs.is_empty() {
            return None;
        }
        // They come into force with the switch: each use needs one, and none may ask its own table.
        if table.policies.iter().any(|policy| schema.recurses(name, policy)) {
            return None;
        }
        let covered = |verb: &&str| {
            table
                .policies
                .iter()
                .any(|policy| policy.permissive && (policy.command == **verb || policy.command == "all"))
        };
        return verbs.iter().all(covered).then(Vec::new);
    }
    let owner = sure_owner(schema, name).filter(|_| access.signs_in);
    let holds = schema.holdings(name);
    let delicate = holds.private || !holds.personal.is_empty() || !holds.secret.is_empty();
    let mut wanted = Vec::new();
    for verb in verbs {
        let called = format!("{}: {verb}", name.name);
        match &owner {
            Some(owner) if access.all_own(&name.name, verb) => wanted.push(Wanted::own(called, verb, owner)),
            _ if verb == "select" && !delicate && holds.owners.is_empty() => wanted.push(Wanted {
                name: called,
                command: verb.to_owned(),
                roles: vec!["anon".to_owned(), "authenticated".to_owned()],
                using: Some("true".to_owned()),
                check: None,
            }),
            _ => return None,
        }
    }
    Some(wanted)
}

const CALLS: [&str; 4] = ["auth.uid()", "auth.jwt()", "auth.role()", "auth.email()"];

/// The length of the call at the start of `text`, in small letters, that gives one value for the whole statement.
fn one_value(text: &str) -> Option<usize> {
    if let Some(call) = CALLS.into_iter().find(|call| text.starts_with(call)) {
        return Some(call.len());
    }
    let setting = text.strip_prefix("current_setting(")?;
    let name = setting.trim_start().strip_prefix('\'')?;
    let (_, rest) = name.split_once('\'')?;
    let (between, _) = rest.split_once(')')?;
    let plain = matches!(between.replace([' ', ','], "").as_str(), "" | "true" | "false");
    plain.then(|| text.len() - rest.len() + between.len() + 1)
}

/// Whether the policy calls for the visitor outside a subselect.
pub(super) fn unwrapped(policy: &Policy) -> bool {
    policy.using.iter().chain(&policy.check).any(|text| wrapped(text) != *text)
}

/// The expression with each call for the visitor in a subselect.
pub(super) fn wrapped(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let mut made = String::new();
    let mut at = 0;
    while at < text.len() {
        let call = one_value(&lower[at..]);
        let inside = lower[..at].trim_end().ends_with("select");
        let part = lower[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '"'));
        match call {
            Some(length) if !part => {
                let written = &text[at..at + length];
                if inside {
                    made.push_str(written)
                } else {
                    let _ = write!(made, "(select {written})");
                }
                at += length;
            }
            _ => {
                let Some(letter) = text[at..].chars().next() else { break };
                made.push(letter);
                at += letter.len_utf8();
            }
        }
    }
    made
}

/// The same policy, asked once a statement, and only of those who are signed in; `None` if it says so already.
pub(super) fn tightened(schema: &Schema, name: &Name, policy: &Policy) -> Option<Wanted> {
    // One that asks its own table shuts everybody out: where it is not there, it must not be made.
    if !policy.permissive || schema.recurses(name, policy) {
        return None;
    }
    let (using, check) = (policy.using.as_deref().map(wrapped), policy.check.as_deref().map(wrapped));
    let wanted = Wanted {
        name: policy.name.clone(),
        command: policy.command.clone(),
        roles: policy.roles.clone(),
        using,
        check,
    };
    let wanted = wanted.for_signed_in(schema, name);
    let same = wanted.using == policy.using && wanted.check == policy.check && wanted.roles == policy.roles;
    (!same).then_some(wanted)
}

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn calls_are_wrapped_once() {
        assert_eq!(
            wrapped("auth.uid() = a or (SELECT auth.uid()) = b"),
            "(select auth.uid()) = a or (SELECT auth.uid()) = b"
        );
        assert_eq!(wrapped("( select auth.jwt() ->> 'x')"), "( select auth.jwt() ->> 'x')");
        assert_eq!(wrapped("my_auth.uid() = x"), "my_auth.uid() = x");
    }

    #[test]
    fn a_setting_is_one_value_for_the_statement() {
        assert_eq!(
            wrapped("email = current_setting('request.jwt.claims', true)::json->>'email'"),
            "email = (select current_setting('request.jwt.claims', true))::json->>'email'"
        );
        let already = "club = (select current_setting('app.club'))::uuid";
        assert_eq!(wrapped(already), already);
        let of_the_row = "current_setting(name) = 'on' and current_setting('app.' || name) = 'on'";
        assert_eq!(wrapped(of_the_row), of_the_row);
    }
}

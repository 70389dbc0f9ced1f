//! Who may call a function: signed-in users, or everyone. By the session's user in it, the policies of the table, and the guards in
//! front of the pages that reach it.

use super::draft::{Draft, Needed};
use audit::Survey;
use audit::guard::{Enforced, Requires};
use audit::query::{Kind, Query};
use edit::FileId;
use schema::{Policy, Table};
use stack::server::function::Access;
use std::collections::BTreeSet;

/// The pages of the app with what they reach.
pub(crate) struct Doors {
    doors: Vec<Door>,
    /// The app has accounts at all.
    accounts: bool,
}

struct Door {
    guarded: bool,
    role: bool,
    reaches: BTreeSet<FileId>,
}

/// What is decided, and whether that was sure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decision {
    pub(super) access: Access,
    pub(super) sure: bool,
}

impl Doors {
    pub(crate) fn of(survey: &Survey<'_>) -> Self {
        let project = survey.project;
        let doors = survey.routes.iter().filter_map(|route| {
            let page = route.page?;
            let guards = route.guards.iter().filter_map(|at| survey.guards.get(*at));
            let real: Vec<_> = guards.filter(|guard| guard.enforced != Enforced::Nowhere).collect();
            let reaches = project.graph.reachable(project, &[page]).into_iter().collect();
            Some(Door {
                guarded: !real.is_empty(),
                role: real.iter().any(|guard| matches!(guard.requires, Requires::Role(_))),
                reaches,
            })
        });
        // Where nobody can sign in, nobody has a session.
        const SIGN_IN: &[&str] = &["signInWith", "auth.signUp(", "auth.verifyOtp(", "auth.setSession("];
        let accounts = project.files.iter().any(|file| {
            matches!(file.kind, project::Kind::Code(_)) && SIGN_IN.iter().any(|word| file.text.contains(word))
        });
        Self { doors: doors.collect(), accounts }
    }

    /// Whether anybody can sign in at all.
    pub(super) fn accounts(&self) -> bool {
        self.accounts
    }

    fn to(&self, file: FileId) -> impl Iterator<Item = &Door> {
        self.doors.iter().filter(move |door| door.reaches.contains(&file))
    }

    /// Whether some page that reaches the module lets everybody in.
    pub(crate) fn open(&self, file: FileId) -> bool {
        self.to(file).any(|door| !door.guarded)
    }

    /// Whether pages reach the module, and every one of them asks who is there.
    pub(crate) fn closed(&self, file: FileId) -> bool {
        self.accounts && self.to(file).next().is_some() && self.to(file).all(|door| door.guarded)
    }

    /// Whether every page that reaches the module asks for a role.
    pub(super) fn ask_for_role(&self, file: FileId) -> bool {
        self.to(file).next().is_some() && self.to(file).all(|door| door.role)
    }

    /// Who may call the function of a draft.
    pub(super) fn decide(&self, survey: &Survey<'_>, query: &Query, draft: &Draft) -> Decision {
        let sure = |access| Decision { access, sure: true };
        match draft.identity {
            Some(Needed::Required) => return sure(Access::SignedIn),
            Some(Needed::Optional) => return sure(Access::Anyone),
            None => {}
        }
        if !self.accounts {
            return sure(Access::Anyone);
        }
        let table = query.named().filter(|_| query.kind == Kind::Table && query.schema.is_none());
        if let Some(open) =
            table.and_then(|table| survey.schema.table(table)).and_then(|table| is_open(table, verb(query)))
        {
            return sure(if open { Access::Anyone } else { Access::SignedIn });
        }
        let (some, all) =
            (self.to(draft.file).next().is_some(), self.to(draft.file).all(|door| door.guarded));
        if some && all {
            return sure(Access::SignedIn);
        }
        if some && self.to(draft.file).all(|door| !door.guarded) {
            return sure(Access::Anyone);
        }
        let writes = query.kind == Kind::Table && query.operation != "select";
        Decision { access: if writes { Access::SignedIn } else { Access::Anyone }, sure: false }
    }
}

/// The command that policies name.
fn verb(query: &Query) -> &str {
    match query.operation.as_str() {
        "upsert" => "insert",
        other => other,
    }
}

/// Whether the policies of a table let visitors without a session do this; `None` if they do not tell.
fn is_open(table: &Table, verb: &str) -> Option<bool> {
    if !table.row_security {
        // Everyone may.
        return (!table.columns.is_empty() && table.defined.is_some()).then_some(true);
    }
    let mut relevant = table
        .policies
        .iter()
        .filter(|policy| matches!(&*policy.command, "all") || policy.command == verb)
        .peekable();
    relevant.peek()?;
    Some(relevant.any(|policy| policy.permissive && admits_visitors(policy)))
}

fn admits_visitors(policy: &Policy) -> bool {
    let roles: Vec<&str> = policy.roles.iter().map(String::as_str).collect();
    if !roles.is_empty() && !roles.iter().any(|role| matches!(*role, "public" | "anon")) {
        return false;
    }
    let text = [policy.using.as_deref(), policy.check.as_deref()]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ");
    let text = text.to_lowercase();
    let asks = ["auth.uid()", "auth.jwt()", "auth.email()", "'authenticated'", "has_role(", "is_admin("];
    let asked = asks.iter().any(|word| text.contains(word));
    // One branch that does not ask lets everyone through.
    !asked || text.split(" or ").any(|branch| !asks.iter().any(|word| branch.contains(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(roles: &[&str], using: &str, open: bool) {
        let table = Table {
            row_security: true,
            policies: vec![Policy {
                name: "one".into(),
                span: None,
                command: "select".into(),
                roles: roles.iter().map(|role| (*role).to_owned()).collect(),
                permissive: true,
                using: Some(using.into()),
                check: None,
                reads: schema::Reads::default(),
            }],
            ..Table::default()
        };
        assert_eq!(is_open(&table, "select"), Some(open), "{using}");
    }

    #[test]
    fn a_policy_that_asks_for_the_user_closes_the_table_for_visitors() {
        check(&["public"], "auth.uid() = user_id", false);
        check(&["authenticated"], "true", false);
        check(&["public"], "true", true);
        check(&["public"], "published = true OR auth.uid() = user_id", true);
        check(&["public"], "auth.uid() = user_id OR has_role(auth.uid(), 'admin')", false);
    }

    #[test]
    fn without_a_policy_for_the_verb_nothing_is_told() {
        let table = Table { row_security: true, ..Table::default() };
        assert_eq!(is_open(&table, "insert"), None);
    }
}

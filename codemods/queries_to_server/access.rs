//! Who may call a function: signed-in users, or everyone. By the session's user in it, the policies of the table, and the guards in
//! front of the pages that reach it.

use super::draft::{Draft, Needed};
use audit::Survey;
use audit::guard::{Enforced, Requires};
use audit::query::{Kind, Query};
use edit::FileId;
use schema::predicate::{Opening, Predicate};
use schema::{Name, Policy, Schema};
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

/// Whether anybody can come by a session: where nobody can, none is kept, and none is to be renewed.
pub(crate) fn accounts(survey: &Survey<'_>) -> bool {
    // An invitation makes a session on arrival, and a form of a package signs in by itself.
    const MAKERS: &[&str] = &[
        "signInWith",
        "auth.signUp(",
        ".signUp({",
        "auth.signIn(",
        "auth.verifyOtp(",
        "auth.setSession(",
        "exchangeCodeForSession(",
        "admin.inviteUserByEmail(",
        "admin.generateLink(",
        "@supabase/auth-ui-react",
    ];
    struct Accounts(bool);
    let is_code = |file: &&project::File| matches!(file.kind, project::Kind::Code(_));
    let makes = |file: &project::File| MAKERS.iter().any(|word| file.text.contains(word));
    survey.memo.of(|| Accounts(survey.project.files.iter().filter(is_code).any(makes))).0
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
        Self { doors: doors.collect(), accounts: accounts(survey) }
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
        let some = self.to(draft.file).next().is_some();
        let all = some && self.to(draft.file).all(|door| door.guarded);
        let none = some && self.to(draft.file).all(|door| !door.guarded);
        if let Some(open) = table.and_then(|table| is_open(&survey.schema, table, verb(query))) {
            // Every page that asks is open, and a script says why.
            if !open && none && table.is_some_and(|table| is_open_elsewhere(survey, table, verb(query))) {
                return Decision { access: Access::Anyone, sure: false };
            }
            return sure(if open { Access::Anyone } else { Access::SignedIn });
        }
        if all {
            return sure(Access::SignedIn);
        }
        if none {
            return sure(Access::Anyone);
        }
        let writes = query.kind == Kind::Table && query.operation != "select";
        Decision { access: if writes { Access::SignedIn } else { Access::Anyone }, sure: false }
    }
}

/// Whether some script of the tree lets visitors do this with a table, though another one, read later, does not: where the scripts
/// are no history, nothing tells which of them the database has.
fn is_open_elsewhere(survey: &Survey<'_>, table: &str, verb: &str) -> bool {
    let mut scripts =
        survey.project.files.iter().filter(|file| file.path.as_str().ends_with(".sql")).peekable();
    let ordered = |file: &project::File| file.path.as_str().contains("supabase/migrations/");
    scripts.peek().is_some()
        && !survey.project.files.iter().any(ordered)
        && scripts.any(|file| file.text.split(';').any(|statement| opens(statement, table, verb)))
}

/// `create policy "…" on events for select to anon using (is_public)`
fn opens(statement: &str, table: &str, verb: &str) -> bool {
    let flat = statement.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    let Some((_, rest)) = flat.split_once("create policy ") else { return false };
    let Some((head, predicate)) = rest.split_once(" using ").or_else(|| rest.split_once(" with check "))
    else {
        return false;
    };
    let head = format!("{head} ").replace('"', "").replace("public.", "");
    let asked =
        ["auth.uid", "auth.role", "auth.jwt", "auth.email"].iter().any(|word| predicate.contains(word));
    let command = ["select", "insert", "update", "delete"]
        .into_iter()
        .find(|one| head.contains(&format!(" for {one} ")));
    let to = head.split_once(" to ").map_or("public", |(_, roles)| roles);
    head.contains(&format!(" on {table} "))
        && command.is_none_or(|command| command == verb)
        && (to.contains("public") || to.contains("anon"))
        && !asked
}

/// The command that policies name.
fn verb(query: &Query) -> &str {
    match query.operation.as_str() {
        "upsert" => "insert",
        other => other,
    }
}

/// Whether the policies of a table let visitors without a session do this; `None` if they do not tell.
fn is_open(schema: &Schema, table: &str, verb: &str) -> Option<bool> {
    let name = Name { schema: "public".to_owned(), name: table.to_owned() };
    let table = schema.table(table)?;
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
    Some(relevant.any(|policy| policy.permissive && admits_visitors(schema, &name, policy, verb)))
}

fn admits_visitors(schema: &Schema, table: &Name, policy: &Policy, verb: &str) -> bool {
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
    // A function of the database that asks who calls: `my_role() = 'admin'`.
    let decides = if verb == "insert" {
        policy.check.as_ref().or(policy.using.as_ref())
    } else {
        policy.using.as_ref()
    };
    let opening = decides.map(|text| Predicate::of(schema, table, text).opening());
    if matches!(opening, Some(Opening::Closed | Opening::Scoped | Opening::SignedIn)) {
        return false;
    }
    let asks = ["auth.uid()", "auth.jwt()", "auth.email()", "'authenticated'", "has_role(", "is_admin("];
    let asked = asks.iter().any(|word| text.contains(word));
    // One branch that does not ask lets everyone through.
    !asked || text.split(" or ").any(|branch| !asks.iter().any(|word| branch.contains(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "create table boats (id uuid, user_id uuid, published boolean); alter table boats enable row level security;
        create table crew (id uuid, rank text);
        create function my_rank() returns text language sql security definer as $$ select rank from crew where id = auth.uid() $$;";

    #[track_caller]
    fn check(policy: &str, verb: &str, open: Option<bool>) {
        let text = format!("{TABLE} {policy}");
        let file = edit::FileId(0);
        let schema =
            Schema::of(&[schema::Source { file, path: "supabase/migrations/1_boats.sql", text: &text }]);
        assert_eq!(is_open(&schema, "boats", verb), open, "{policy}");
    }

    #[test]
    fn a_policy_that_asks_for_the_user_closes_the_table_for_visitors() {
        let select = |roles: &str, using: &str, open| {
            let policy = format!("create policy one on boats for select to {roles} using ({using});");
            check(&policy, "select", Some(open));
        };
        select("public", "auth.uid() = user_id", false);
        select("authenticated", "true", false);
        select("public", "true", true);
        select("public", "published = true OR auth.uid() = user_id", true);
        select("public", "auth.uid() = user_id OR has_role(auth.uid(), 'admin')", false);
        select("public", "my_rank() = 'admin'", false);
        select("public", "published or my_rank() = 'admin'", true);
    }

    #[test]
    fn what_is_written_is_decided_by_the_check() {
        let policy = "create policy one on boats for all using (my_rank() = 'admin') with check (true);";
        check(policy, "update", Some(false));
        check(policy, "insert", Some(true));
    }

    #[test]
    fn a_policy_of_another_script_is_read_by_its_words() {
        let public = "CREATE POLICY \"Anyone signs up\" ON public.crew\n FOR INSERT TO anon, authenticated WITH CHECK (true)";
        assert!(
            opens(public, "crew", "insert")
                && !opens(public, "crew", "select")
                && !opens(public, "boats", "insert")
        );
        assert!(opens("create policy seen on boats using (published)", "boats", "select"));
        assert!(!opens("create policy own on boats using (auth.uid() = user_id)", "boats", "select"));
        assert!(!opens(
            "create policy all on boats for select to authenticated using (true)",
            "boats",
            "select"
        ));
    }

    #[test]
    fn without_a_policy_for_the_verb_nothing_is_told() {
        check("", "insert", None);
    }
}

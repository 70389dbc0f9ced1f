//! Whether the database gives a new user the role that the sign-up request names.

use super::privileges::{Roles, is_powerful};
use audit::Survey;
use project::Kind;
use schema::predicate::{Ask, Predicate};
use schema::{Function, Schema};

/// Whether code with the server's key makes accounts whose metadata names their role.
pub(super) fn names_roles(survey: &Survey<'_>) -> bool {
    survey.project.files.iter().filter(|file| matches!(file.kind, Kind::Code(_))).any(|file| {
        ["admin.createUser(", "admin.inviteUserByEmail("].iter().any(|made| {
            file.text.match_indices(made).any(|(at, _)| {
                let call: String = file.text[at..].chars().take(500).collect();
                let metadata = call.find("user_metadata").or_else(|| call.find("data:"));
                metadata
                    .is_some_and(|from| KEYS.iter().any(|key| call[from..].contains(key.trim_matches('\''))))
            })
        })
    })
}

/// Keys of the metadata that name a role.
const KEYS: [&str; 5] = ["'role'", "'user_role'", "'is_admin'", "'account_type'", "'user_type'"];

/// Whether a sign-up trigger's function gives the role that the metadata names, and refuses none.
pub(crate) fn takes_role(schema: &Schema, function: &Function) -> bool {
    let flat: String = function.body.to_lowercase().split_whitespace().collect();
    // Our own guard: the powerful ones are refused.
    let guarded = is_guarded(function);
    let of_kind = |key: &&&str| {
        let column = key.trim_matches('\'');
        matches!(column, "account_type" | "user_type") && schema.is_of_kinds(column)
    };
    let read: Vec<_> = KEYS
        .iter()
        .filter(|key| !of_kind(key))
        .flat_map(|key| [format!("raw_user_meta_data->>{key}"), format!("raw_user_meta_data->{key}")])
        .flat_map(|said| flat.match_indices(&said).map(|(at, _)| at).collect::<Vec<_>>())
        .collect();
    let put_right = || matches!(read[..], [at] if refused_later(schema, &flat, at));
    let closed = guarded && let_in(schema, function).is_empty();
    !closed && flat.contains("new.") && !read.is_empty() && !put_right()
}

/// Whether the function refuses some roles in our words already.
pub(super) fn is_guarded(function: &Function) -> bool {
    let flat: String = function.body.to_lowercase().split_whitespace().collect();
    KEYS.iter().any(|key| flat.contains(&format!("casewhennew.raw_user_meta_data->>{key}in(")))
}

/// The roles without power in their names that may be picked at sign-up, though a policy lets those who have them at delicate rows of
/// others: each with the policy and its table.
pub(super) fn let_in(schema: &Schema, function: &Function) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    let literal = |role: &str| format!("'{role}'");
    for role in Roles::of(schema).harmless {
        // What everybody gets who asks for nothing.
        if function.body.contains(&literal(&role)) {
            continue;
        }
        let tables = schema.tables.iter().filter(|(name, table)| {
            let holds = schema.holdings(name);
            table.row_security
                && (holds.of_users || holds.private || !holds.personal.is_empty() || !holds.secret.is_empty())
        });
        let mut policies = tables.flat_map(|(name, table)| table.policies.iter().map(move |it| (name, it)));
        let named = policies.find(|(name, policy)| {
            let lets = policy.permissive && policy.command != "insert";
            let of_others = |text: &String| {
                let branches = Predicate::of(schema, name, text).any;
                let asks = |all: &Vec<Ask>| {
                    all.contains(&Ask::Member) && !all.iter().any(|ask| matches!(ask, Ask::Owner(_)))
                };
                text.contains(&literal(&role)) && branches.iter().any(asks)
            };
            lets && policy.using.iter().any(of_others)
        });
        found.extend(named.map(|(name, policy)| (role, policy.name.clone(), name.name.clone())));
    }
    found
}

/// Whether what is read at a place goes into a variable, and the variable is given another value where it is too powerful.
fn refused_later(schema: &Schema, flat: &str, at: usize) -> bool {
    let start = flat[..at].rfind(';').map_or(0, |end| end + 1);
    let Some((name, _)) = flat[start..at].split_once(":=") else { return false };
    // What opens the block stands before it.
    let name = name.rsplit("begin").next().unwrap_or(name);
    let plain = |name: &str| !name.is_empty() && name.chars().all(|it| it.is_alphanumeric() || it == '_');
    let Some(end) = flat[at..].find(';').filter(|_| plain(name)) else { return false };
    // Only the first statement after it: a later one may come after the role was given.
    let Some((condition, then)) =
        flat[at + end + 1..].strip_prefix("if").and_then(|it| it.split_once("then"))
    else {
        return false;
    };
    let given = then.strip_prefix(&format!("{name}:='")).and_then(|rest| rest.split_once('\''));
    let condition = condition.strip_prefix(&format!("{name}isnullor")).unwrap_or(condition);
    let Some(test) = condition.strip_prefix(name) else { return false };
    let (listed, allows) = match test {
        _ if test.starts_with("notin(") => (test.strip_prefix("notin("), true),
        _ if test.starts_with("in(") => (test.strip_prefix("in("), false),
        _ => (test.strip_prefix('='), false),
    };
    let Some(values) = listed.and_then(|list| literals(schema, list)) else { return false };
    let harmless = given.is_some_and(|(role, _)| !is_powerful(role));
    let powerful = Roles::of(schema).powerful;
    let covered = if allows {
        !values.iter().any(|value| is_powerful(value))
    } else {
        !powerful.is_empty() && powerful.iter().all(|role| values.contains(&role.to_lowercase().as_str()))
    };
    harmless && covered
}

/// The texts of `'a','b')` or `'a'`, with or without a type behind each; `None` for anything else.
fn literals<'s>(schema: &Schema, list: &'s str) -> Option<Vec<&'s str>> {
    let is_type =
        |kind: &str| kind == "text" || schema.enums.keys().any(|known| known.name.to_lowercase() == kind);
    list.trim_end_matches(')')
        .split(',')
        .map(|item| {
            let (text, kind) = item.strip_prefix('\'')?.split_once('\'')?;
            let cast = kind.strip_prefix("::").map(|kind| kind.strip_prefix("public.").unwrap_or(kind));
            (kind.is_empty() || cast.is_some_and(is_type)).then_some(text)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use edit::FileId;
    use schema::Source;

    fn takes(body: &str) -> bool {
        let sql = format!(
            "create type public.app_role as enum ('admin', 'grower', 'visitor');
             create function public.welcome() returns trigger language plpgsql security definer as $$
             declare chosen app_role; begin {body} return new; end; $$;"
        );
        let schema = Schema::of(&[Source { file: FileId(0), path: "schema.sql", text: &sql }]);
        takes_role(&schema, &schema.functions[0])
    }

    const READ: &str = "chosen := coalesce((new.raw_user_meta_data ->> 'role')::app_role, 'visitor');";
    const GIVE: &str = "insert into public.crew (id, role) values (new.id, chosen);";

    #[test]
    fn a_role_that_is_put_back_is_not_taken() {
        for refusal in [
            "if chosen = 'admin' then chosen := 'visitor'; end if;",
            "if chosen = 'admin'::app_role then chosen := 'visitor'::app_role; end if;",
            "if chosen in ('admin', 'owner') then chosen := 'visitor'; end if;",
            "if chosen not in ('grower', 'visitor') then chosen := 'visitor'; end if;",
            "if chosen is null or chosen not in ('grower', 'visitor') then chosen := 'visitor'; end if;",
        ] {
            assert!(!takes(&format!("{READ} {refusal} {GIVE}")), "{refusal}");
        }
    }

    #[test]
    fn a_role_that_a_policy_lets_at_rows_of_others_has_power() {
        let let_in = |policy: &str| {
            let sql = format!(
                "create type crew_role as enum ('captain_admin', 'sailor', 'surgeon');
                 create table crew (id uuid primary key references auth.users, role crew_role default 'sailor', phone text);
                 alter table crew enable row level security;
                 create function welcome() returns trigger language plpgsql security definer as $$ begin
                 insert into crew (id, role) values (new.id, coalesce((new.raw_user_meta_data ->> 'role')::crew_role, 'sailor'));
                 return new; end; $$;
                 create policy surgery on crew for select using ({policy});"
            );
            let schema = Schema::of(&[Source { file: FileId(0), path: "schema.sql", text: &sql }]);
            let_in(&schema, &schema.functions[0]).into_iter().map(|(role, ..)| role).collect::<Vec<_>>()
        };
        let asks = |role: &str| {
            format!("exists (select 1 from crew as me where me.id = auth.uid() and me.role = '{role}')")
        };
        assert_eq!(let_in(&asks("surgeon")), ["surgeon"]);
        assert_eq!(let_in(&asks("sailor")), [""; 0]);
        assert_eq!(let_in("auth.uid() = id and role = 'surgeon'"), [""; 0]);
    }

    #[test]
    fn of_which_kind_somebody_is_is_no_role() {
        let takes = |kinds: &str| {
            let sql = format!(
                "create table crew (id uuid primary key, account_type text check (account_type in ({kinds})));
                 create function welcome() returns trigger language plpgsql security definer as $$ begin
                 insert into crew (id, account_type) values (new.id, new.raw_user_meta_data ->> 'account_type');
                 return new; end; $$;"
            );
            let schema = Schema::of(&[Source { file: FileId(0), path: "schema.sql", text: &sql }]);
            takes_role(&schema, &schema.functions[0])
        };
        assert!(!takes("'sailor', 'club'"));
        assert!(takes("'sailor', 'manager'"));
    }

    #[test]
    fn a_role_is_taken_where_the_refusal_leaves_a_way() {
        for refusal in [
            "",
            "if chosen = 'grower' then chosen := 'visitor'; end if;",
            "if chosen = 'admin' then chosen := 'admin'; end if;",
            "if chosen = 'admin' and new.email is null then chosen := 'visitor'; end if;",
            "if chosen = 'admin'::app_role and checked then chosen := 'visitor'; end if;",
            "if chosen not in ('grower', 'admin') then chosen := 'visitor'; end if;",
            "if chosen = 'admin' then other := 'visitor'; end if;",
        ] {
            assert!(takes(&format!("{READ} {refusal} {GIVE}")), "{refusal}");
        }
        assert!(takes(&format!("{READ} {GIVE} if chosen = 'admin' then chosen := 'visitor'; end if;")));
    }
}

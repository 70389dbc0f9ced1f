//! Functions with their owner's rights: which of them write for whoever calls.

use super::access::Access;
use super::{DEFINER, Told};
use audit::{Confidence, Finding, Severity};
use schema::{Function, Schema};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn find(access: &Access, asking: &Asking, function: &Function) -> Option<Finding> {
    let span = function.span?;
    let crowd = crowd(asking, function)?;
    let name = &function.name.name;
    let called = access.calls.contains(name);
    let skipped = skipped_secret(function);
    let believed = believed_admin(function);
    let given = believed.is_none().then(|| given_worth(function)).flatten();
    let mut finding = Told {
        rule: &DEFINER,
        span,
        subject: format!("{name}()"),
        message: match (&skipped, &believed, &given) {
            (None, Some(whom), _) => format!("{crowd} may call `{name}`, which writes past all policies and believes `{whom}`: whoever knows the id of an administrator is one."),
            (None, None, Some(column)) => format!("{crowd} may call `{name}`, which writes past all policies, does not ask who calls, and sets `{column}` to what it is sent."),
            (Some(secret), ..) => format!("{crowd} may call `{name}`, which writes past all policies, and whoever sends no `{secret}` passes."),
            _ => format!("{crowd} may call `{name}`, which writes past all policies and does not ask who calls."),
        },
        todo: match (&skipped, called) {
            (None, _) if believed.is_some() => "Take the id from `auth.uid()`, not from an argument; or revoke EXECUTE from public, anon and authenticated, and call it from a server that has checked.".to_owned(),
            (Some(secret), _) => format!("NULL is not unequal to anything: compare with `{secret} is distinct from …`, and keep the secret out of the text."),
            (None, true) => "Ask for `auth.uid()` in its body, and check that the rows are the caller's.".to_owned(),
            (None, false) => "Revoke EXECUTE from public, anon and authenticated, or ask for `auth.uid()` in its body.".to_owned(),
        },
    }
    .finding();
    if crowd != VISITORS && function.revoked_from.iter().any(|role| role == "public") {
        finding.why +=
            " What was revoked from `public` alone is still granted to `anon` and `authenticated` by name.";
    }
    if believed.is_some() || given.is_some() {
        finding.confidence = Confidence::Likely;
    } else if crowd == EVERYBODY && shuts_accounts(function) {
        finding.confidence = Confidence::Likely;
        finding.message = format!(
            "{crowd} may call `{name}`, which says past all policies who may sign in, and does not ask who calls."
        );
        finding.todo =
            "Revoke EXECUTE from public, anon and authenticated, and call it from a server that has checked."
                .to_owned();
    } else if called || crowd == VISITORS {
        finding.severity = Severity::Warning;
    } else if harmless_write(function) {
        finding.severity = Severity::Warning;
        finding.confidence = Confidence::Likely;
    }
    Some(finding)
}

/// Whether whoever has the publishable key may call a function that writes past all policies and asks nobody.
pub(super) fn is_open(asking: &Asking, function: &Function) -> bool {
    crowd(asking, function) == Some(EVERYBODY)
}

const EVERYBODY: &str = "Anybody";
const VISITORS: &str = "Whoever signs up";

/// Who may call a function that writes past all policies and asks nobody. What takes nothing from its caller and is for those
/// who are signed in does its own work.
fn crowd(asking: &Asking, function: &Function) -> Option<&'static str> {
    let open = function.name.schema == "public" && function.definer && unguarded_write(function);
    if !open || asking.stands_before(function) {
        return None;
    }
    if function.callable_by("anon") {
        return Some(EVERYBODY);
    }
    let given = !function.arguments.is_empty() && !harmless_write(function);
    (given && function.callable_by("authenticated")).then_some(VISITORS)
}

/// What tells who calls.
const ASKS: [&str; 7] =
    ["auth.uid", "auth.role", "auth.jwt", "auth.email", "request.jwt", "current_user", "session_user"];

/// Whether the body writes, and never asks who calls.
fn unguarded_write(function: &Function) -> bool {
    let body = function.body.to_lowercase();
    let words: Vec<_> =
        body.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).collect();
    let writes = words.windows(2).any(|pair| {
        matches!(pair, ["insert", "into"] | ["delete", "from"])
            || pair[0] == "update" && pair[1] != "set" && pair[1] != "of"
    });
    let trigger = function.returns.eq_ignore_ascii_case("trigger");
    writes && !trigger && !ASKS.iter().any(|call| body.contains(call)) && !asks_for_secret(function, &body)
}

/// The functions that ask who calls, themselves or through another.
pub(super) struct Asking {
    /// By name: whether it throws where the answer is no.
    names: BTreeMap<String, bool>,
}

impl Asking {
    pub(super) fn of(schema: &Schema) -> Self {
        let believed = schema.functions.iter().filter(|other| !is_told_whom(other));
        let bodies: Vec<_> = believed
            .map(|other| {
                let body = flat(&other.body);
                let asks = ASKS.iter().any(|call| body.contains(call));
                let throws = body.contains("raise exception");
                (other.name.name.to_lowercase(), asks, throws, called(&body))
            })
            .collect();
        let mut names: BTreeMap<String, bool> = BTreeMap::new();
        loop {
            let before = names.len();
            for (name, asks, throws, calls) in &bodies {
                if *asks || calls.iter().any(|(_, other)| names.contains_key(other)) {
                    *names.entry(name.clone()).or_default() |= throws;
                }
            }
            if names.len() == before {
                return Self { names };
            }
        }
    }

    /// Whether a condition of the body is a question to one of them: `if not is_harbour_master() then`; or the body calls one that
    /// throws: `perform demand_master()`.
    fn stands_before(&self, function: &Function) -> bool {
        called(&flat(&function.body)).iter().any(|(before, name)| {
            let question = matches!(before.as_str(), "if" | "not" | "and" | "or" | "where" | "when");
            let demand = matches!(before.as_str(), "perform" | "select");
            self.names.get(name).is_some_and(|throws| question || demand && *throws)
        })
    }
}

/// The functions that a text calls, each with the word before it.
fn called(flat: &str) -> BTreeSet<(String, String)> {
    let mut before = "";
    let mut found = BTreeSet::new();
    for word in flat.split(' ') {
        if let Some((name, _)) = word.split_once('(') {
            found.insert((before.to_owned(), name.to_owned()));
        }
        before = word;
    }
    found
}

/// Whether a body writes, for an account that its caller names or for all, that it is locked or need not change its password.
fn shuts_accounts(function: &Function) -> bool {
    let body = flat(&function.body);
    let words: Vec<_> = body
        .split(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '.'))
        .filter(|word| !word.is_empty())
        .collect();
    let of_accounts = |table: &str| {
        let of = |wanted: &[&str]| table.split(['_', '.']).any(|word| wanted.contains(&word));
        of(&["account", "accounts", "user", "users", "login"])
            && of(&["locked", "lock", "locks", "lockout", "lockouts", "banned", "bans", "blocked"])
    };
    let written = words.windows(3).any(|three| match three {
        ["insert", "into", table] | ["delete", "from", table] | ["update", table, _] => of_accounts(table),
        _ => false,
    });
    let set = ["must_change_password =", "locked_until =", "is_banned =", "account_locked =", "is_locked ="];
    let set = set.iter().any(|column| body.split("set ").skip(1).any(|rest| rest.contains(column)));
    !function.arguments.is_empty()
        && !harmless_write(function)
        && (written || set && words.contains(&"update"))
}

/// The text in lower case, one blank between words, without the schema of names and without brackets that open a condition.
fn flat(body: &str) -> String {
    let mut flat = String::new();
    for word in body.to_lowercase().split_whitespace() {
        flat.push_str(word.trim_start_matches('(').trim_start_matches("public."));
        flat.push(' ');
    }
    flat
}

/// Whether a function is told whom to ask about: it believes the caller.
fn is_told_whom(function: &Function) -> bool {
    function.arguments.iter().any(|(name, kind)| {
        let whom = |word: &str| {
            matches!(word, "user" | "uid" | "caller" | "actor" | "profile" | "member" | "person" | "who")
        };
        kind == "uuid" && name.to_lowercase().split('_').any(whom)
    })
}

/// Whether a body writes only what the caller does not choose: it takes nothing and changes some rows, it counts one up, or it counts the calls.
fn harmless_write(function: &Function) -> bool {
    let flat: String = function.body.to_lowercase().split_whitespace().collect();
    let flat = flat.replace("updated", "");
    let counts = |(column, value): (&str, &str)| {
        let value = value.trim_start_matches("coalesce(");
        let counted = value.split([',', '+']).next().unwrap_or_default();
        counted.rsplit('.').next() == Some(column)
            && value[counted.len()..].trim_start_matches(",0)").starts_with("+1")
    };
    let one_row = flat.matches("insertinto").count() <= usize::from(flat.contains("onconflict"));
    let counter = flat.matches("update").count() == 1
        && one_row
        && !flat.contains("deletefrom")
        && flat
            .split_once("update")
            .and_then(|(_, rest)| rest.split_once("set"))
            .and_then(|(_, rest)| rest.split_once('='))
            .is_some_and(counts);
    // What is due and what is over is so whoever asks; a whole table that is emptied is not.
    let bounded = flat.split(';').all(|statement| {
        let changes = statement.contains("deletefrom") || statement.contains("update");
        !statement.contains("truncate") && (!changes || statement.contains("where"))
    });
    function.arguments.is_empty() && bounded
        || counter
        || function.name.name.contains("rate_limit")
        || works_out(function)
}

/// `recalculate_score(boat uuid)`, `log_visit(…)`: it works out anew what the rows say anyway, or adds a line to a log.
fn works_out(function: &Function) -> bool {
    let name = function.name.name.to_lowercase();
    let first = name.split('_').next().unwrap_or_default();
    match first {
        "calculate" | "recalculate" | "calc" | "recalc" | "recompute" | "refresh" | "compute" => {
            function.arguments.iter().all(|(_, kind)| matches!(kind.as_str(), "uuid" | "bigint" | "integer"))
        }
        "log" => true,
        _ => false,
    }
}

/// Whether the body stops where no row has the secret that the caller gives: a token of a device, a code of an invitation.
fn asks_for_secret(function: &Function, body: &str) -> bool {
    let flat: String = body.split_whitespace().collect();
    let given = function.arguments.iter().map(|(name, _)| name.to_lowercase()).filter(|name| {
        let mut words = name.split('_');
        words.any(|word| matches!(word, "token" | "secret" | "key" | "code" | "otp" | "pin" | "password"))
    });
    let mut given = given.filter(|name| !name.is_empty());
    let refuses = ["raiseexception", "ifnotfoundthen", "isnullthen"];
    refuses.iter().any(|words| flat.contains(words))
        && given.any(|name| {
            let held = [format!("={name}"), format!("{name}isdistinctfrom"), format!("isdistinctfrom{name}")];
            // `code = upper(trim(p_code))`
            let tidied = [
                "upper(",
                "lower(",
                "trim(",
                "btrim(",
                "upper(trim(",
                "trim(upper(",
                "lower(trim(",
                "trim(lower(",
            ];
            held.iter().any(|text| flat.contains(text))
                || tidied.iter().any(|call| flat.contains(&format!("={call}{name}")))
        })
}

/// The secret of the caller that a body compares so that nothing passes too: `if p_secret != 'a' then raise exception`.
fn skipped_secret(function: &Function) -> Option<String> {
    let flat: String = function.body.to_lowercase().split_whitespace().collect();
    let names =
        function.arguments.iter().map(|(name, _)| name.to_lowercase()).filter(|name| !name.is_empty());
    let mut compared = names.filter(|name| {
        let asked = [format!("if{name}!="), format!("if{name}<>")];
        name.contains("secret") && asked.iter().any(|text| flat.contains(text))
    });
    compared.next().filter(|_| flat.contains("raiseexception"))
}

/// The argument whose role a body looks up in place of the caller's: `where id = p_admin_id and role = 'admin'`, and refuses by.
fn believed_admin(function: &Function) -> Option<String> {
    let flat: String = function.body.to_lowercase().split_whitespace().collect();
    let refuses =
        ["raiseexception", "ifnot", "ifnotfound", "returnfalse"].iter().any(|words| flat.contains(words));
    let rights = ["role='", "rolein(", "role=any(", "is_admin", "admin_users", "'admin'", "has_role("];
    let asks_role = refuses && rights.iter().any(|words| flat.contains(words));
    let names = function.arguments.iter().map(|(name, _)| name.to_lowercase());
    let mut told = names.filter(|name| {
        let whom = ["admin", "caller", "actor", "staff", "requester", "performed", "moderator", "manager"];
        name.split('_').any(|word| whom.contains(&word))
    });
    told.find(|name| {
        let looked_up = [
            format!("id={name}"),
            format!("={name}and"),
            format!("has_role({name}"),
            format!("is_admin({name}"),
        ];
        asks_role && looked_up.iter().any(|words| flat.contains(words))
    })
}

/// The column of rights or of worth that a body sets to what its caller sends: `set credits = credits + p_amount`.
fn given_worth(function: &Function) -> Option<String> {
    let worth = [
        "role",
        "is_admin",
        "credits",
        "credit_balance",
        "balance",
        "wallet_balance",
        "plan",
        "tier",
        "subscription_tier",
    ];
    let flat: String = function.body.to_lowercase().split_whitespace().collect();
    let names: Vec<_> = function
        .arguments
        .iter()
        .map(|(name, _)| name.to_lowercase())
        .filter(|name| !name.is_empty())
        .collect();
    let (_, set) = flat.split_once("update").and_then(|(_, rest)| rest.split_once("set"))?;
    let set = set.split("where").next().unwrap_or_default();
    let mut pairs = set.split(',').filter_map(|pair| pair.split_once('='));
    // What is taken away is no gift.
    let sent = |value: &str| {
        names.iter().any(|name| value.contains(name.as_str()) && !value.contains(&format!("-{name}")))
    };
    pairs.find(|(column, value)| worth.contains(column) && sent(value)).map(|(column, _)| column.to_owned())
}

/// A function that shows data of persons past all policies, to whoever calls it.
pub(super) fn find_reader(schema: &Schema, asking: &Asking, function: &Function) -> Option<Finding> {
    let body = function.body.to_lowercase();
    let lines: Vec<_> = body.lines().map(|line| line.split("--").next().unwrap_or_default()).collect();
    let body = lines.join("\n");
    let asks = ASKS.iter().any(|call| body.contains(call)) || asking.stands_before(function);
    let open = function.name.schema == "public" && function.definer && function.callable_by("anon");
    // What takes a text or an id may show only what its caller knows anyway.
    let counted = ["integer", "bigint", "smallint", "boolean", "interval"];
    let whole = function.arguments.iter().all(|(_, kind)| counted.contains(&kind.as_str()));
    if !open || asks || !whole || unguarded_write(function) {
        return None;
    }
    let users = schema.tables.keys().filter(|name| schema.holdings(name).of_users);
    let words: Vec<_> = body.split_whitespace().collect();
    let mut users = users.filter(|name| {
        let full = format!("{}.{}", name.schema, name.name);
        words.windows(2).any(|pair| {
            let table = pair[1].trim_matches([';', ',', ')', '(']).replace('"', "");
            let bare = table == name.name && name.schema == "public";
            matches!(pair[0], "from" | "join") && (bare || table == full)
        })
    });
    let read = users.next()?;
    let returns = function.returns.to_lowercase();
    let shown: Vec<String> = match returns.strip_prefix("setof ") {
        Some(table) if table == read.name => {
            let holds = schema.holdings(read);
            holds.secret.into_iter().chain(holds.personal).collect()
        }
        Some(_) => Vec::new(),
        None => {
            let inner = returns.strip_prefix("table").unwrap_or_default().trim().trim_start_matches('(');
            let columns = inner.split(',').filter_map(|column| column.split_whitespace().next());
            columns.filter(|column| schema::holdings::is_personal(column)).map(str::to_owned).collect()
        }
    };
    if shown.is_empty() {
        return None;
    }
    let name = &function.name.name;
    let listed: Vec<_> = shown.iter().take(4).map(|column| format!("`{column}`")).collect();
    let told = Told {
        rule: &DEFINER,
        span: function.span?,
        subject: format!("{name}()"),
        message: format!(
            "Anybody may call `{name}`, which shows {} of every user past all policies and does not ask who calls.",
            listed.join(", ")
        ),
        todo: "Ask for the caller's role in its body; or revoke EXECUTE from public, anon and authenticated, and call it from a server that has checked.".to_owned(),
    };
    Some(told.finding())
}

#[cfg(test)]
mod tests {
    use super::{
        Asking, believed_admin, find_reader, given_worth, harmless_write, shuts_accounts, skipped_secret,
        unguarded_write,
    };
    use edit::FileId;
    use schema::{Schema, Source};

    #[test]
    fn who_shows_persons_to_everybody_is_told() {
        let told = |head: &str, end: &str| {
            let sql = format!(
                "create table crew (id uuid primary key references auth.users, email text, rank text);
                 create function manned({head} language sql security definer as $$ select id, email from public.crew {end} $$;"
            );
            let schema = Schema::of(&[Source { file: FileId(0), path: "one.sql", text: &sql }]);
            let asking = Asking::of(&schema);
            find_reader(&schema, &asking, &schema.functions[0]).is_some()
        };
        assert!(told(") returns table (id uuid, crew_email text)", ""));
        assert!(told("most integer) returns setof crew", "limit most"));
        assert!(!told(") returns table (id uuid, rank text)", ""));
        assert!(!told("mail text) returns table (id uuid, email text)", "where email = mail"));
        assert!(!told(") returns table (id uuid, email text)", "where id = auth.uid()"));
    }

    #[test]
    fn who_says_that_an_account_is_locked_may_not_be_anybody() {
        let shuts = |body: &str| {
            let sql = format!(
                "create function f(mail text) returns void language plpgsql security definer as $$ begin {body} end $$;"
            );
            let schema = Schema::of(&[Source { file: FileId(0), path: "one.sql", text: &sql }]);
            schema.functions.iter().any(shuts_accounts)
        };
        assert!(shuts("insert into public.locked_accounts (email) values (mail);"));
        assert!(shuts("update crew set must_change_password = false where email = mail;"));
        assert!(!shuts("insert into public.login_attempts (email) values (mail);"));
        assert!(!shuts("update crew set seen = now() where email = mail;"));
    }

    #[test]
    fn a_secret_that_a_row_must_have_stands_for_the_caller() {
        let unguarded = |check: &str| {
            let sql = format!(
                "create table berths (id int, gate_token text); create function moor(p_gate_token text) returns void \
                 language plpgsql security definer as $$ begin perform 1 from berths where {check}; \
                 if not found then raise exception 'no'; end if; delete from berths; end $$;"
            );
            let schema = Schema::of(&[Source { file: FileId(0), path: "one.sql", text: &sql }]);
            schema.functions.iter().any(unguarded_write)
        };
        assert!(unguarded("id = 1"));
        assert!(!unguarded("gate_token = p_gate_token"));
        assert!(!unguarded("gate_token = upper(trim(p_gate_token))"));
        assert!(!unguarded("p_gate_token is distinct from current_setting('gate', true)"));
    }

    #[test]
    fn who_may_call_is_who_was_left_the_right() {
        let crowd = |head: &str, rights: &str| {
            let sql = format!(
                "create table berths (id int); create function moor{head} returns void language sql security definer as $$ delete from berths where id = 1 $$; {rights}"
            );
            let schema = Schema::of(&[Source { file: FileId(0), path: "one.sql", text: &sql }]);
            schema.functions.iter().find_map(|function| super::crowd(&super::Asking::of(&schema), function))
        };
        let public = "revoke all on function moor(int) from public;";
        assert_eq!(crowd("(berth int)", ""), Some("Anybody"));
        assert_eq!(crowd("(berth int)", public), Some("Anybody"));
        let visitors = format!("{public} revoke all on function moor(int) from anon;");
        assert_eq!(crowd("(berth int)", &visitors), Some("Whoever signs up"));
        assert_eq!(
            crowd("(berth int)", &format!("{visitors} revoke all on function moor(int) from authenticated;")),
            None
        );
        assert_eq!(crowd("()", &visitors.replace("(int)", "()")), None);
    }

    fn of<T>(head: &str, body: &str, told: impl Fn(&schema::Function) -> Option<T>) -> Option<T> {
        let sql = format!(
            "create table crew (id uuid, role text, credits int); create function moor({head}) returns void language plpgsql \
             security definer as $$ begin {body} end $$;"
        );
        let schema = Schema::of(&[Source { file: FileId(0), path: "one.sql", text: &sql }]);
        schema.functions.iter().find_map(told)
    }

    #[test]
    fn the_id_of_an_administrator_that_is_sent_proves_nothing() {
        let asks = "if not exists (select 1 from crew where id = p_admin_id and role = 'admin') then raise exception 'no'; end if; delete from crew;";
        assert_eq!(of("p_admin_id uuid", asks, believed_admin).as_deref(), Some("p_admin_id"));
        // Who did it is noted, and decides nothing.
        assert_eq!(of("p_admin_id uuid", "insert into crew (id) values (p_admin_id);", believed_admin), None);
    }

    #[test]
    fn what_is_sent_is_given() {
        let set = |value: &str| {
            of(
                "p_user_id uuid, p_amount int",
                &format!("update crew set credits = {value} where id = p_user_id;"),
                given_worth,
            )
        };
        assert_eq!(set("credits + p_amount").as_deref(), Some("credits"));
        assert_eq!(set("credits - p_amount"), None);
        assert_eq!(set("0"), None);
    }

    #[test]
    fn a_secret_that_may_be_left_out_is_none() {
        let skipped = |check: &str| {
            let sql = format!(
                "create table berths (id int); create function moor(p_secret text) returns void language plpgsql security definer \
                 as $$ begin if p_secret {check} 'a' then raise exception 'no'; end if; delete from berths; end $$;"
            );
            let schema = Schema::of(&[Source { file: FileId(0), path: "one.sql", text: &sql }]);
            schema.functions.iter().find_map(skipped_secret)
        };
        assert_eq!(skipped("!=").as_deref(), Some("p_secret"));
        assert_eq!(skipped("is distinct from"), None);
    }

    #[test]
    fn a_condition_that_another_function_decides_asks_who_calls() {
        let asked = |first: &str| {
            let sql = format!(
                "create table logbook (what text); create table masters (id uuid); create function is_master() returns boolean language sql as $$ select exists (select 1 from masters where id = auth.uid()) $$; \
                 create function may(what text) returns boolean language sql as $$ select public.is_master() and what <> '' $$; \
                 create function is_master_of(user_id uuid) returns boolean language sql as $$ select user_id = any (select id from masters) or auth.uid() is null $$; \
                 create function demand_master() returns void language plpgsql as $$ begin if not is_master() then raise exception 'no'; end if; end $$; \
                 create function note(what text) returns void language plpgsql security definer as $$ begin {first} \
                 insert into logbook (what) values (what); end $$;"
            );
            let schema = Schema::of(&[Source { file: FileId(0), path: "one.sql", text: &sql }]);
            let note = schema.functions.iter().find(|function| function.name.name == "note").unwrap();
            Asking::of(&schema).stands_before(note)
        };
        assert!(asked("if not public.is_master() then raise exception 'no'; end if;"));
        assert!(!asked("perform is_master();"));
        assert!(asked("if not (public.is_master() or false) then raise exception 'no'; end if;"));
        assert!(asked("if not public.may('note') then raise exception 'no'; end if;"));
        assert!(asked("perform public.demand_master();"));
        assert!(!asked("if not is_master_of(user_id) then raise exception 'no'; end if;"));
    }

    fn name_of(name: &str, head: &str, body: &str) -> bool {
        let sql = format!(
            "create table piers (id int, views int); create table tries (who text); create function {name}{head} returns void language sql security definer as $$ {body} $$;"
        );
        let schema = Schema::of(&[Source { file: FileId(0), path: "one.sql", text: &sql }]);
        schema.functions.iter().any(harmless_write)
    }

    #[test]
    fn what_the_caller_does_not_choose_is_less_than_what_they_do() {
        let harmless = |head: &str, body: &str| {
            let sql = format!(
                "create table piers (id int, views int, ends_at date); create table tries (who text); create table sights (pier int primary key, views int); create function moor{head} returns void language sql security definer as $$ {body} $$;"
            );
            let schema = Schema::of(&[Source { file: FileId(0), path: "one.sql", text: &sql }]);
            schema.functions.iter().any(harmless_write)
        };
        assert!(harmless("()", "update piers set views = 0 where ends_at < now()"));
        assert!(!harmless("()", "update piers set views = 0"));
        assert!(harmless("(pier int)", "update piers set views = coalesce(views, 0) + 1 where id = pier"));
        let seen = "insert into sights (pier, views) values (pier, 1) on conflict (pier) do update set views = public.sights.views + 1, updated_at = now()";
        assert!(harmless("(pier int)", seen));
        assert!(!harmless(
            "(pier int)",
            "insert into tries values (1); update piers set views = views + 1 where id = pier"
        ));
        assert!(harmless("_rate_limit(who text)", "insert into tries (who) values (who)"));
        let anew = "update piers set views = (select count(*) from tries) where id = pier";
        let head = |name: &str, of: &str| name_of(name, of, anew);
        assert!(head("recalculate_views", "(pier integer)"));
        assert!(!head("recalculate_views", "(pier integer, views text)"));
        assert!(!harmless("(pier int, count int)", "update piers set views = count where id = pier"));
        assert!(!harmless("(who text)", "insert into tries (who) values (who)"));
    }
}

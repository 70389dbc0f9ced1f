//! What users must not give themselves: privileged columns, a role at sign-up, functions with their owner's rights.

use super::access::{Access, has_word, qualified, quoted};
use super::definer;
use super::sign_up::{is_guarded, takes_role};
use crate::queries_to_server::sets::is_set_by_pages;
use audit::Survey;
use schema::predicate::Predicate;
use schema::{Function, Name, Schema, Table};

/// A trigger that refuses a change of privileged columns by the row's owner.
pub(super) struct Guard {
    pub(super) columns: Vec<String>,
    /// Those of them of which only the values that make an administrator are refused: a page sets others.
    pub(super) partly: Vec<String>,
    /// Columns of the same kind that are left alone.
    pub(super) left: Vec<String>,
    /// Columns that whoever makes their own row may not choose either.
    pub(super) at_first: Vec<String>,
    pub(super) function: String,
    pub(super) trigger: String,
    /// Every column that the function reads.
    pub(super) asked: Vec<String>,
}

impl Guard {
    /// All columns that it holds.
    pub(super) fn held(&self) -> Vec<String> {
        let more = self.at_first.iter().filter(|column| !self.columns.contains(column));
        self.columns.iter().chain(more).cloned().collect()
    }
}

/// The guard for a table; `None` if none is needed, or if the app itself would run into it.
pub(super) fn guard(survey: &Survey<'_>, access: &Access, name: &Name, table: &Table) -> Option<Guard> {
    let schema = &survey.schema;
    if name.schema != "public" {
        return None;
    }
    let updates = table
        .policies
        .iter()
        .filter(|policy| matches!(policy.command.as_str(), "update" | "all") && policy.permissive);
    let (mut columns, mut owner) = (Vec::new(), None);
    // A policy for all commands lets a row be made as well, or made anew.
    let mut made = false;
    for policy in updates {
        let Some(own) = policy.using.as_ref().and_then(|text| {
            Predicate::of(schema, name, text).owners().first().map(|owner| (*owner).to_owned())
        }) else {
            continue;
        };
        let granted = schema.self_granted(name, policy);
        made |= policy.command == "all" && !schema.made_at_sign_up(name) && !granted.is_empty();
        for column in granted {
            if !columns.contains(&column) {
                columns.push(column);
            }
        }
        owner.get_or_insert(own);
    }
    // Whoever has no row yet makes one, and says in it what they are.
    let mut first: Vec<String> = Vec::new();
    for policy in table.policies.iter().filter(|policy| policy.command == "insert" && policy.permissive) {
        let own = policy.check.as_ref().and_then(|text| {
            Predicate::of(schema, name, text).owners().first().map(|owner| (*owner).to_owned())
        });
        if own.is_some() && (owner.is_none() || own == owner) {
            owner = own;
            first.extend(schema.self_granted(name, policy));
        }
    }
    let owner = owner?;
    // Whoever writes the column on purpose would be refused from now on: that is the finding's to say.
    let writes = |column: &str| {
        let uses = access.uses(&name.name, "update").iter();
        let named = |columns: &Vec<String>| columns.iter().any(|known| known == column);
        uses.filter(|with| with.columns.as_ref().is_some_and(named)).collect::<Vec<_>>()
    };
    // What makes an administrator is given to others: in one's own row no page needs it, unless it says that the row is the visitor's.
    let written = |column: &str| {
        let uses = writes(column);
        if makes_administrators(column) { uses.iter().any(|with| with.own) } else { !uses.is_empty() }
    };
    let by_functions = |column: &str| {
        schema.functions.iter().any(|function| {
            !function.definer && has_word(&function.body, &name.name) && has_word(&function.body, column)
        })
    };
    // A row that is changed as a whole holds what pages put into it; what makes an administrator is no such thing in one's own row.
    let is_column = |name: &str| table.column(name).is_some();
    let by_pages = |column: &str| {
        !makes_administrators(column)
            && access.uses(&name.name, "update").iter().any(|with| with.columns.is_none())
            && is_set_by_pages(survey, column, is_column)
    };
    let granted = columns.clone();
    columns
        .retain(|column| !written(column) && !by_pages(column) && !by_functions(column) && *column != owner);
    // Who makes a row gets the default; what the app sets there, or what cannot be told, is left to a person.
    let chosen = |column: &str| {
        access.uses(&name.name, "insert").iter().any(|with| {
            with.columns.as_ref().is_none_or(|columns| columns.iter().any(|known| known == column))
        })
    };
    let by_default = |column: &String| !chosen(column) && at_first(table, column).is_some();
    columns.retain(|column| !made || by_default(column));
    first.retain(|column| {
        by_default(column) && !by_functions(column) && *column != owner && access.is_clear(&name.name)
    });
    first.sort();
    first.dedup();
    if columns.is_empty() && first.is_empty() {
        return None;
    }
    let left = granted.into_iter().filter(|column| !columns.contains(column)).collect();
    // A role that a page sets, for whom cannot be told: somebody may choose a harmless one.
    let is_partly = |column: &&String| *column == "role" && !writes(column).is_empty();
    let partly: Vec<String> = columns.iter().filter(is_partly).cloned().collect();
    let among = |column: &String| {
        let values: Vec<_> =
            Roles::of(schema).ruling().iter().map(|role| format!("'{}'", role.replace('\'', "''"))).collect();
        let of_those = format!(" and new.{}::text in ({})", quoted(column), values.join(", "));
        if partly.contains(column) { of_those } else { String::new() }
    };
    let kind = table.column(&owner).map_or("uuid", |column| column.kind.as_str());
    let cast = if kind == "uuid" { "" } else { "::text" };
    let changed: Vec<_> = columns
        .iter()
        .map(|column| format!("new.{0} is distinct from old.{0}{1}", quoted(column), among(column)))
        .collect();
    let guard = format!("guard_{}_privileges", name.name);
    let listed = |columns: &[String]| columns.join(", ").replace('\'', "''");
    let said = listed(&columns);
    let differs = |column: &String| {
        let default = at_first(table, column).unwrap_or_default();
        let only = if first.contains(column) { String::new() } else { among(column) };
        format!("new.{} is distinct from {default}{only}", quoted(column))
    };
    let mut by_owner = first.clone();
    by_owner.extend(columns.iter().filter(|column| made && !first.contains(column)).cloned());
    let at_insert = if by_owner.is_empty() {
        String::new()
    } else {
        format!(
            "  if tg_op = 'INSERT' then
    if current_user in ('anon', 'authenticated') and pg_trigger_depth() < 2
       and (select auth.uid()){cast} = new.{owner}
       and ({differs}) then
      raise exception '{} cannot be chosen by the user' using errcode = '42501';
    end if;
    return new;
  end if;
",
            listed(&by_owner),
            owner = quoted(&owner),
            differs = by_owner.iter().map(differs).collect::<Vec<_>>().join("\n            or "),
        )
    };
    let events: Vec<_> = [("insert", by_owner.is_empty()), ("update", columns.is_empty())]
        .into_iter()
        .filter_map(|(event, idle)| (!idle).then_some(event))
        .collect();
    let at_update = if columns.is_empty() {
        String::new()
    } else {
        format!(
            "  if current_user in ('anon', 'authenticated') and pg_trigger_depth() < 2
     and (select auth.uid()){cast} = old.{owner}
     and ({changed}) then
    raise exception '{said} cannot be changed by the user' using errcode = '42501';
  end if;
",
            owner = quoted(&owner),
            changed = changed.join("\n          or "),
        )
    };
    let body = format!(
        "create or replace function public.{}() returns trigger language plpgsql set search_path = '' as $$
begin
{at_insert}{at_update}  return new;
end $$;
",
        quoted(&guard),
    );
    let trigger = format!(
        "create or replace trigger {0} before {2} on {1}\n  for each row execute function public.{0}();\n",
        quoted(&guard),
        qualified(name),
        events.join(" or "),
    );
    let mut asked: Vec<_> = columns.iter().chain(&first).chain([&owner]).cloned().collect();
    asked.sort();
    asked.dedup();
    Some(Guard { columns, partly, left, at_first: first, function: body, trigger, asked })
}

/// Whether a column may make its user an administrator.
fn makes_administrators(column: &str) -> bool {
    column == "role" || column.contains("admin")
}

/// What a column holds where nobody says: `null`, or a default that is written out.
fn at_first(table: &Table, column: &str) -> Option<String> {
    let Some(text) = &table.column(column)?.default else { return Some("null".to_owned()) };
    let text = text.split("::").next().unwrap_or_default().trim();
    let inside = text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
    let word = inside.is_some_and(|inside| !inside.contains('\''));
    let plain = matches!(text, "true" | "false" | "null") || text.parse::<f64>().is_ok();
    (word || plain).then(|| text.to_owned())
}

/// The sign-up function with a role that nobody picks for themselves; `None` if its text is not of the known shape.
///
/// Where the roles are known and some of them are harmless, the choice stays and only the powerful ones are refused.
pub(super) fn without_role(schema: &Schema, function: &Function) -> Option<String> {
    if !takes_role(schema, function)
        || is_guarded(function)
        || function.language != "plpgsql"
        || !function.arguments.is_empty()
    {
        return None;
    }
    let roles = Roles::of(schema);
    if roles.powerful.is_empty() && roles.others > 0 {
        return None;
    }
    let body = &function.body;
    let lower = body.to_ascii_lowercase();
    let mut made = String::new();
    let mut rest = 0;
    let mut count = 0;
    while let Some(at) = lower[rest..].find("coalesce").map(|at| rest + at) {
        let open = at + lower[at..].find('(')?;
        let close = open + matching(&body[open..])?;
        let inside = &lower[open + 1..close];
        let flat: String = inside.split_whitespace().collect();
        let source = flat.split(',').next().unwrap_or("").trim_matches(['(', ')']).to_owned();
        let source = source.split("::").next().unwrap_or("").trim_matches(['(', ')']).to_owned();
        if matches!(
            source.as_str(),
            "new.raw_user_meta_data->>'role'"
                | "new.raw_user_meta_data->>'user_role'"
                | "new.raw_user_meta_data->>'user_type'"
                | "new.raw_user_meta_data->>'account_type'"
        ) && let Some(comma) = inside.rfind(',')
        {
            let fallback = body[open + 1 + comma + 1..close].trim();
            if !fallback.starts_with('\'') {
                return None;
            }
            made.push_str(&body[rest..at]);
            let key = source.rsplit('\'').nth(1)?;
            let refused: Vec<_> =
                roles.refused().iter().map(|value| format!("'{}'", value.replace('\'', "''"))).collect();
            if roles.others == 1 {
                made.push_str(fallback);
            } else {
                made.push_str(&format!(
                    "case when new.raw_user_meta_data ->> '{key}' in ({}) then {fallback} else {} end",
                    refused.join(", "),
                    &body[at..=close]
                ));
            }
            count += 1;
        } else {
            made.push_str(&body[rest..=close]);
        }
        rest = close + 1;
    }
    made.push_str(&body[rest..]);
    // Another way in which the role comes in is not understood.
    let still: String = made.to_lowercase().split_whitespace().collect();
    let reads = still.matches("raw_user_meta_data->>'role'").count();
    let kept = still.matches("casewhennew.raw_user_meta_data->>'role'in").count() * 2;
    if count == 0 || reads > kept || made.contains("$$") {
        return None;
    }
    let path =
        function.search_path.as_deref().map_or("public", |path| if path.is_empty() { "''" } else { path });
    let security = if function.definer { " security definer" } else { "" };
    Some(format!(
        "create or replace function {}() returns {} language plpgsql{security} set search_path = {path} as $${made}$$;\n",
        qualified(&function.name),
        function.returns,
    ))
}

/// The roles that the schema knows.
pub(super) struct Roles {
    /// Those that must not be picked.
    pub(super) powerful: Vec<String>,
    /// The others.
    pub(super) harmless: Vec<String>,
    /// How many others there are; none if no role is known at all.
    pub(super) others: usize,
}

impl Roles {
    pub(super) fn of(schema: &Schema) -> Self {
        let said = ["role", "user_role", "user_type", "account_type"];
        let columns = || schema.tables.values().flat_map(|table| &table.columns);
        let of_column =
            |kind: &str| columns().any(|column| column.kind == kind && said.contains(&column.name.as_str()));
        let enums =
            schema.enums.iter().filter(|(name, _)| name.name.contains("role") || of_column(&name.name));
        let checks = schema
            .tables
            .values()
            .flat_map(|table| &table.checks)
            .filter(|check| said.iter().any(|word| has_word(check, word)));
        let mut values: Vec<String> = enums.flat_map(|(_, values)| values.clone()).collect();
        values.extend(
            checks.flat_map(|check| {
                check.split('\'').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>()
            }),
        );
        values.sort();
        values.dedup();
        let (powerful, harmless): (Vec<_>, Vec<_>) = values.into_iter().partition(|value| is_powerful(value));
        Self { powerful, others: harmless.len(), harmless }
    }

    /// Those whom nobody but another of them makes: administrators, by the usual names if no role is known.
    fn ruling(&self) -> Vec<&str> {
        let rules =
            |role: &&str| ["admin", "super", "root"].iter().any(|word| role.to_lowercase().contains(word));
        let known: Vec<_> = self.powerful.iter().map(String::as_str).filter(rules).collect();
        if known.is_empty() { USUAL.into_iter().filter(rules).collect() } else { known }
    }

    /// What the sign-up request may not ask for; the usual names if no role is known.
    fn refused(&self) -> Vec<&str> {
        if self.powerful.is_empty() {
            USUAL.to_vec()
        } else {
            self.powerful.iter().map(String::as_str).collect()
        }
    }
}

pub(super) fn is_powerful(role: &str) -> bool {
    let role = role.to_lowercase();
    ["admin", "owner", "staff", "moderator", "super", "manager", "root", "employee"]
        .iter()
        .any(|word| role.contains(word))
}

const USUAL: [&str; 9] =
    ["admin", "administrator", "super_admin", "superadmin", "owner", "staff", "moderator", "manager", "root"];

/// Where the parenthesis that opens `text` closes.
fn matching(text: &str) -> Option<usize> {
    let (mut depth, mut quoted) = (0usize, false);
    for (at, letter) in text.char_indices() {
        match letter {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

/// Functions that nobody should call over the API: they write past all policies, and nothing of the app calls them so.
pub(super) fn uncalled<'s>(schema: &'s Schema, access: &Access) -> Vec<&'s Function> {
    let asking = definer::Asking::of(schema);
    let mut found: Vec<_> = schema
        .functions
        .iter()
        .filter(|function| definer::is_open(&asking, function))
        .filter(|function| !access.calls.contains(&function.name.name))
        .collect();
    found.retain(|function| {
        // What a policy, a default, a view or another function calls is called with the visitor's rights.
        let name = &function.name.name;
        let tables = schema.tables.values();
        let asked = tables
            .clone()
            .flat_map(|table| &table.policies)
            .any(|policy| policy.reads.functions.contains(&function.name));
        let stood = tables
            .flat_map(|table| &table.columns)
            .any(|column| column.default.as_ref().is_some_and(|text| has_word(text, name)));
        let viewed = schema.views.values().any(|view| has_word(&view.query, name));
        let inner = schema
            .functions
            .iter()
            .any(|other| other.name != function.name && !other.definer && has_word(&other.body, name));
        !asked && !stood && !viewed && !inner
    });
    found
}

/// `public.f(uuid, text)`.
pub(super) fn signature(function: &Function) -> String {
    format!("{}({})", qualified(&function.name), function.kinds().join(", "))
}

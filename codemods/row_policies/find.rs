//! Tables and their policies: off, locked, open, privileged.

use super::access::{Access, shown};
use super::definer;
use super::privileges::Roles;
use super::sign_up::{let_in, takes_role};
use super::{
    BUCKET, DEFINER_VIEW, GIVEN_AWAY, LOCKED, METADATA, OPEN_READ, OPEN_WRITE, PRIVILEGED, RECURSION,
    RLS_OFF, Told, UNCLEAR,
};
use crate::snapshot;
use audit::query::Power;
use audit::{Finding, Related, Rule, Severity, Survey};
use edit::Span;
use schema::grade::{Fault, Grade, Verdict};
use schema::{Name, Policy, Table};
use std::collections::BTreeMap;

pub(super) fn find(survey: &Survey<'_>) -> Vec<Finding> {
    let access = Access::of(survey);
    let mut found = Vec::new();
    for (name, table) in &survey.schema.tables {
        if let Some(defined) = table.defined.filter(|_| name.schema == "public") {
            found.extend(whole_table(survey, &access, name, table, defined));
        }
        if table.row_security {
            found.extend(policies(survey, &access, name, table));
        }
    }
    found.extend(views(survey));
    found.extend(functions(survey, &access));
    found
}

fn whole_table(
    survey: &Survey<'_>,
    access: &Access,
    name: &Name,
    table: &Table,
    defined: Span,
) -> Option<Finding> {
    let shown = shown(name);
    if !table.row_security {
        let span = table.row_security_off.unwrap_or(defined);
        let mut finding = Told {
            rule: &RLS_OFF,
            span,
            subject: shown.clone(),
            message: match (table.row_security_off, table.policies.len()) {
                (Some(_), _) => format!("Row level security of `{shown}` is turned off here and never on again."),
                (None, 0) => format!("`{shown}` is made without row level security."),
                (None, count) => format!("`{shown}` has {count} policies and no row level security: none of them is asked."),
            },
            todo: format!("Decide who may read and write `{shown}`, enable row level security, and add a policy for each."),
        }
        .finding();
        finding.confidence = audit::Confidence::Certain;
        let holds = survey.schema.holdings(name);
        // Where the app has no key of visitors, nobody has been given one: the API answers it all the same.
        // Neither does one that no page reaches.
        let asks = |client: &audit::query::Client| {
            client.backend == "supabase"
                && !matches!(client.power, Power::Admin | Power::Owner)
                && client.side != stack::Side::None
        };
        // A client that nothing asks, which the builder made: the SQL may be for another database.
        let idle = !access.signs_in
            && access.calls.is_empty()
            && !survey.queries.iter().any(|query| query.backend == "supabase")
            && !survey.project.get(span.file).path.as_str().contains("supabase/");
        if idle || !survey.clients.iter().any(asks) {
            finding.severity = Severity::Warning;
            finding.confidence = audit::Confidence::Likely;
            finding.why = "If this database is Supabase's, its API serves every table of `public` to whoever has the publishable key: the app does not use it, and it is no secret. Elsewhere it only says that nothing but the server's code keeps the rows apart.".into();
        } else if table.part_of.is_some() {
            // The API serves the whole table; whoever gets at a part by another way meets no policy.
            finding.severity = Severity::Warning;
        } else if !access.is_used(&name.name) && holds.personal.is_empty() && holds.secret.is_empty() {
            finding.severity = Severity::Warning;
        }
        return Some(finding);
    }
    let verbs = access.verbs(&name.name);
    if !table.policies.is_empty() || verbs.is_empty() || given_by_hand(survey, &name.name) {
        return None;
    }
    let mut finding = Told {
        rule: &LOCKED,
        span: defined,
        subject: shown.clone(),
        message: format!(
            "`{shown}` has row level security and no policy; the app wants to {} its rows.",
            verbs.join(", ")
        ),
        todo: format!("Say who may {} rows of `{shown}`, in a policy for each verb.", verbs.join(", ")),
    }
    .finding();
    finding.related = used(access, &name.name, &verbs);
    Some(finding)
}

/// Whether a script that people run by hand gives the table a policy: what is left of it depends on what was run last.
fn given_by_hand(survey: &Survey<'_>, table: &str) -> bool {
    let scripts = survey.project.files.iter().filter(|file| {
        let path = file.path.as_str();
        path.ends_with(".sql") && !path.contains("migrations/")
    });
    scripts.into_iter().any(|file| {
        let lower = file.text.to_ascii_lowercase();
        let mut made = lower.split("create policy").skip(1).filter_map(|rest| rest.split_once(" on "));
        made.any(|(_, on)| {
            let name =
                on.split(|letter: char| letter.is_whitespace() || letter == ';').next().unwrap_or_default();
            name.replace('"', "").trim_start_matches("public.") == table
        })
    })
}

/// One finding for each fault of a table, with all its policies that have it.
fn policies(survey: &Survey<'_>, access: &Access, name: &Name, table: &Table) -> Vec<Finding> {
    let mut by_fault: BTreeMap<Fault, Vec<(&Policy, Verdict)>> = BTreeMap::new();
    for policy in &table.policies {
        for verdict in survey.schema.verdicts(name, policy) {
            if let Some(fault) = verdict.fault {
                by_fault.entry(fault).or_default().push((policy, verdict));
            }
        }
    }
    by_fault.into_iter().filter_map(|(fault, found)| fault_of(survey, access, name, fault, found)).collect()
}

fn fault_of(
    survey: &Survey<'_>,
    access: &Access,
    name: &Name,
    fault: Fault,
    mut found: Vec<(&Policy, Verdict)>,
) -> Option<Finding> {
    let repeats = |policy: &Policy| policy.span.is_some_and(|span| snapshot::repeats(survey, span));
    found.sort_by_key(|(policy, verdict)| (repeats(policy), std::cmp::Reverse(verdict.grade)));
    let (first, verdict) = found.first()?;
    let shown = shown(name);
    let storage = name.schema == "storage";
    let rule: &Rule = match fault {
        Fault::OpenWrite if storage => &BUCKET,
        Fault::OpenWrite => &OPEN_WRITE,
        Fault::OpenRead => &OPEN_READ,
        Fault::Privileged => &PRIVILEGED,
        Fault::Forgeable => &METADATA,
        Fault::Recursion => &RECURSION,
        Fault::GivenAway => &GIVEN_AWAY,
        Fault::Unknown => &UNCLEAR,
        Fault::Unasked => return None,
    };
    let todo = match fault {
        Fault::OpenWrite if storage => "Ask for the visitor's own folder: `(storage.foldername(name))[1] = (select auth.uid())::text`, and upload below it.".to_owned(),
        Fault::OpenWrite => match survey.schema.owners(name).first() {
            Some(owner) => format!("Who may write `{shown}`? For own rows: `(select auth.uid()) = {owner}`; for staff, a check of their role."),
            None => match survey.schema.tables.get(name).and_then(|table| table.seems_owned_by()) {
                Some(column) => format!("Who may write `{shown}`? If `{column}` names the user, for own rows: `(select auth.uid()) = {column}`; for staff, a check of their role."),
                None => format!("Who may write `{shown}`? No column of it is known to name a user: add one, or ask for a role."),
            },
        },
        Fault::OpenRead => format!("Who may read `{shown}`? Narrow the policy, or move the private columns to a table of their own."),
        Fault::Privileged => "Let a trigger refuse the change, or grant UPDATE for the other columns only; set these from a server that has checked.".to_owned(),
        Fault::Forgeable => "Keep roles in a table that users cannot write, or in `app_metadata`.".to_owned(),
        Fault::Recursion => "Put the question into a SECURITY DEFINER function with a fixed search_path, and call it in the policy.".to_owned(),
        Fault::GivenAway => "Use the condition of USING for WITH CHECK too.".to_owned(),
        Fault::Unknown | Fault::Unasked => "Read it, and say in the baseline that it is meant.".to_owned(),
    };
    let mut finding = Told {
        rule,
        span: first.span?,
        subject: shown.clone(),
        message: format!("Policy \"{}\" on `{shown}`: {}", first.name, verdict.why),
        todo,
    }
    .finding();
    finding.severity = match (verdict.grade, fault) {
        // Nobody gets in, those who should neither.
        (_, Fault::Recursion) => Severity::Warning,
        (Grade::Hole, _) => Severity::Hole,
        (Grade::Notice, _) | (_, Fault::Unknown) => Severity::Note,
        _ => Severity::Warning,
    };
    if matches!(verdict.grade, Grade::Notice | Grade::Review) {
        finding.confidence = audit::Confidence::Possible;
    }
    let adds = found.iter().all(|(policy, it)| it.grade != Grade::Hole || policy.command == "insert");
    if fault == Fault::OpenWrite && adds && is_asked_for(survey, access, name) {
        finding.severity = finding.severity.max(Severity::Warning);
        finding.confidence = audit::Confidence::Possible;
    }
    if repeats(first) {
        doubt(&mut finding);
    }
    for (policy, verdict) in &found[1..] {
        finding.related.extend(
            policy.span.map(|span| Related {
                span,
                message: format!("Policy \"{}\": {}", policy.name, verdict.why),
            }),
        );
    }
    let verbs: Vec<&str> = match fault {
        Fault::OpenWrite => vec!["insert", "update", "delete"],
        Fault::Privileged => vec!["update"],
        _ => Vec::new(),
    };
    finding.related.extend(used(access, &name.name, &verbs));
    Some(finding)
}

/// What is told of a file that only repeats the migrations may be long past.
fn doubt(finding: &mut Finding) {
    finding.severity = finding.severity.max(Severity::Warning);
    finding.confidence = audit::Confidence::Possible;
    finding.todo = format!(
        "This file makes again what the migrations make: look whether it was run, and whether this still holds. {}",
        finding.todo
    );
}

/// Whether people without an account fill the table, as far as the code tells: by its name they ask for something, and no place
/// that adds a row says whose it is.
fn is_asked_for(survey: &Survey<'_>, access: &Access, name: &Name) -> bool {
    let holds = survey.schema.holdings(name);
    let adds = access.uses(&name.name, "insert");
    let of_nobody = |columns: &Vec<String>| !columns.iter().any(|column| holds.owners.contains(column));
    // How far a request has come is written into the request.
    holds.asked_for
        && holds.privileged.iter().all(|column| column == "status")
        && !adds.is_empty()
        && adds.iter().all(|with| with.columns.as_ref().is_some_and(of_nobody))
}

/// The first places that use the table so.
fn used(access: &Access, table: &str, verbs: &[&str]) -> Vec<Related> {
    let mut found = Vec::new();
    for verb in verbs {
        for with in access.uses(table, verb).iter().take(3) {
            found.push(Related { span: with.span, message: format!("{verb}s rows of `{table}`") });
        }
    }
    found
}

fn views(survey: &Survey<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (name, view) in survey.schema.views.iter().filter(|(name, _)| name.schema == "public") {
        let guarded = view.reads.tables.iter().any(|table| {
            let known = survey.schema.tables.get(table);
            known.is_some_and(|known| known.row_security || table.schema == "auth")
        });
        let shown = ["anon", "authenticated"].into_iter().any(|role| view.shown_to(role));
        let Some(span) = view.span.filter(|_| guarded && shown && !view.security_invoker) else { continue };
        let users = view.reads.tables.iter().any(|table| table.schema == "auth");
        let mut finding = Told {
            rule: &DEFINER_VIEW,
            span,
            subject: name.name.clone(),
            message: if users {
                format!("The view `{}` shows `auth.users` to everybody.", name.name)
            } else {
                format!("The view `{}` shows rows that the policies of its tables would keep.", name.name)
            },
            todo: format!("`alter view public.{} set (security_invoker = on);`, then see that the pages still get what they need.", name.name),
        }
        .finding();
        // A summary for everybody may be what is meant.
        finding.severity = if users { Severity::Hole } else { Severity::Warning };
        found.push(finding);
    }
    found
}

fn functions(survey: &Survey<'_>, access: &Access) -> Vec<Finding> {
    let asking = definer::Asking::of(&survey.schema);
    let mut found = Vec::new();
    for function in survey.schema.functions.iter().filter(|function| function.name.schema == "public") {
        let Some(span) = function.span else { continue };
        if takes_role(&survey.schema, function) {
            let mut finding = Told {
                rule: &METADATA,
                span,
                subject: format!("{}()", function.name.name),
                message: format!(
                    "`{}` takes the role of a new user from the sign-up request.",
                    function.name.name
                ),
                todo: "Give every new user the least role; raise it where somebody has checked.".to_owned(),
            }
            .finding();
            let roles = Roles::of(&survey.schema);
            if roles.powerful.is_empty() && roles.others > 0 {
                finding.severity = Severity::Warning;
                finding.confidence = audit::Confidence::Possible;
                finding.todo = "Users pick one of these roles themselves. Make sure that none of them may see or do more than the others, or give it only where somebody has checked.".to_owned();
            }
            for (role, policy, table) in let_in(&survey.schema, function).into_iter().take(1) {
                finding.message += &format!(
                    " Whoever picks `{role}` passes the policy \"{policy}\" on `{table}`, which opens rows of others."
                );
            }
            if snapshot::repeats(survey, span) {
                doubt(&mut finding);
            }
            found.push(finding);
        }
        found.extend(definer::find(access, &asking, function));
        found.extend(definer::find_reader(&survey.schema, &asking, function));
    }
    found
}

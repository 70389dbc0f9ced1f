//! What is wrong: one finding per module that writes queries, and one per cause of its own.

use super::ground;
use super::group::{self, Outcome, Stays};
use super::{
    ADMIN, BROWSER, DRIFT, IGNORED, INJECTION, NEVER_SENT, PRIVILEGED, STAYS, STORAGE, UNKNOWN, UNSURE,
    web_storage,
};
use audit::query::{Kind, Query, Target};
use audit::{Confidence, Finding, Related, Rule, Survey};
use edit::{FileId, Span};
use std::collections::BTreeMap;
use syntax::{Node, view};

/// Every finding of the codemod.
pub(super) fn find(survey: &Survey<'_>) -> Vec<Finding> {
    let outcome = group::outcome(survey);
    let mut found = modules(survey, &outcome);
    found.extend(outcome.stays.iter().map(|stays| staying(survey, stays)));
    found.extend(injections(survey));
    found.extend(privileges(survey, &outcome));
    found.extend(ignored(survey));
    found.extend(columns(survey, &outcome));
    found.extend(unsure(survey, &outcome));
    found.extend(storage(survey, &outcome));
    found
}

fn finding(rule: &'static Rule, span: Span, subject: String, message: String, todo: String) -> Finding {
    Finding {
        rule: rule.id,
        severity: rule.severity,
        confidence: Confidence::Certain,
        span,
        message,
        why: rule.why.to_owned(),
        todo,
        related: Vec::new(),
        subject,
    }
}

/// What a query asks, in words: `select of tasks`.
fn asked(query: &Query) -> String {
    let name = match &query.table {
        Target::Named(name) => format!("`{name}`"),
        Target::OneOf(names) => names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or "),
        Target::Dynamic => "a computed name".to_owned(),
    };
    match query.kind {
        Kind::Rpc => format!("call of the database function {name}"),
        Kind::EdgeFunction => format!("call of the edge function {name}"),
        _ => format!("{} of {name}", query.operation),
    }
}

/// The queries that move, by file.
pub(super) fn moving(survey: &Survey<'_>, outcome: &Outcome) -> BTreeMap<FileId, Vec<usize>> {
    let mut by_file: BTreeMap<FileId, Vec<usize>> = BTreeMap::new();
    for draft in outcome.functions.iter().flat_map(|function| &function.drafts) {
        by_file.entry(survey.queries[draft.query].span.file).or_default().push(draft.query);
    }
    by_file.values_mut().for_each(|queries| queries.sort_unstable());
    by_file
}

fn modules(survey: &Survey<'_>, outcome: &Outcome) -> Vec<Finding> {
    let todo = match ground::of(survey) {
        Err(Some(why)) => why,
        _ => "Make each a function of the server with checked inputs, and call that.".to_owned(),
    };
    let of_module = |(file, queries): (FileId, Vec<usize>)| {
        let first = &survey.queries[queries[0]];
        let count = queries.len();
        let message = if count == 1 {
            format!("A query is written in the browser: {}.", asked(first))
        } else {
            let mut tables: Vec<&str> = queries.iter().filter_map(|at| survey.queries[*at].named()).collect();
            tables.sort_unstable();
            tables.dedup();
            let named: Vec<_> = tables.iter().map(|table| format!("`{table}`")).collect();
            format!("{count} queries are written in the browser: {}.", named.join(", "))
        };
        let mut found = finding(
            &BROWSER,
            first.span,
            survey.project.get(file).path.name().to_owned(),
            message,
            todo.clone(),
        );
        found.related = queries[1..]
            .iter()
            .map(|at| Related { span: survey.queries[*at].span, message: asked(&survey.queries[*at]) })
            .collect();
        found
    };
    moving(survey, outcome).into_iter().map(of_module).collect()
}

fn staying(survey: &Survey<'_>, stays: &Stays) -> Finding {
    let query = &survey.queries[stays.query];
    let rule = match stays.reason.id {
        "admin-key" => &ADMIN,
        "never-sent" => &NEVER_SENT,
        _ => &STAYS,
    };
    let what = asked(query);
    let message = match stays.reason.id {
        "admin-key" => format!("This {what} runs with a key that is past every policy."),
        "never-sent" => format!("This {what} is never sent: nothing awaits it."),
        _ => format!("This {what} stays in the browser."),
    };
    let todo = match stays.reason.id {
        "never-sent" => "Await it, or remove it.".to_owned(),
        _ => stays.reason.message.clone(),
    };
    finding(rule, query.span, format!("{what} {}", stays.reason.id), message, todo)
}

/// Clients whose session moves from web storage into cookies.
fn storage(survey: &Survey<'_>, outcome: &Outcome) -> Option<Finding> {
    let first = web_storage::moved(survey).first().filter(|_| !outcome.functions.is_empty())?;
    let path = &survey.project.get(first.file).path;
    Some(finding(
        &STORAGE,
        first,
        path.name().to_owned(),
        "The client of the page keeps its session in web storage.".to_owned(),
        "Everybody signs in once more. Links in mails are then for the browser that asked for them: open one of each kind (confirmation, new password) before the next deployment.".to_owned(),
    ))
}

/// Filter texts with a value of the browser in them.
fn injections(survey: &Survey<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for query in
        survey.queries.iter().filter(|query| group::is_ours(survey, query) && group::is_run(survey, query))
    {
        let identity = match &query.identity {
            audit::query::Identity::Session(spans) => spans.as_slice(),
            _ => &[],
        };
        let Some((tree, scopes)) = survey.project.get(query.span.file).syntax() else { continue };
        let Some(filter) = query.built_filters.iter().find(|filter| {
            // The id of the signed-in user in it changes nothing.
            tree.node_at(filter.range()).is_some_and(|node| {
                let values: Vec<_> = view::code_children(node)
                    .filter(|child| child.kind() == "template_substitution")
                    .filter_map(|child| view::code_children(child).next())
                    .collect();
                let ours = |value: &Node<'_>| {
                    identity.iter().any(|span| span.range() == value.byte_range())
                        || super::filled::is_moment(tree, scopes, *value)
                        || super::filled::is_own_id(tree, scopes, *value)
                };
                values.is_empty() || !values.iter().all(ours)
            })
        }) else {
            continue;
        };
        // The visitor can send any request with the key of the page: the policies hold it, and what is wrong is the answer.
        found.push(finding(
            &INJECTION,
            *filter,
            asked(query),
            format!("A value is put into the filter text of the {}.", asked(query)),
            "Put the value in quotes on the server, or use a filter method for it.".to_owned(),
        ));
    }
    found
}

/// One place at which the browser sets what gives rights.
struct Grant<'s> {
    span: Span,
    /// The function of the server that takes it.
    function: &'s str,
    verb: &'s str,
    columns: Vec<&'s str>,
}

/// Privileges that the browser sets: one finding for a column of a table, with every place.
fn privileges(survey: &Survey<'_>, outcome: &Outcome) -> Vec<Finding> {
    // By table and column; without a column, whole objects.
    let mut groups: BTreeMap<(&str, Option<&str>), Vec<Grant<'_>>> = BTreeMap::new();
    for function in &outcome.functions {
        for draft in &function.drafts {
            let query = &survey.queries[draft.query];
            let table = query.named().unwrap_or_default();
            let file = survey.project.get(draft.file);
            let grant =
                |span, columns| Grant { span, function: &function.name, verb: &query.operation, columns };
            for (column, place) in &draft.granted {
                let one = grant(file.span(place.clone()), vec![column.as_str()]);
                groups.entry((table, Some(column))).or_default().push(one);
            }
            if !draft.withheld.is_empty() {
                let columns = draft.withheld.iter().map(String::as_str).collect();
                groups.entry((table, None)).or_default().push(grant(query.span, columns));
            }
        }
    }
    groups.into_iter().map(|((table, column), grants)| privilege(survey, table, column, grants)).collect()
}

fn privilege(survey: &Survey<'_>, table: &str, column: Option<&str>, mut grants: Vec<Grant<'_>>) -> Finding {
    grants.sort_by_key(|grant| grant.span);
    grants.dedup_by_key(|grant| grant.span);
    let mut columns: Vec<&str> = grants.iter().flat_map(|grant| grant.columns.iter().copied()).collect();
    columns.sort_unstable();
    columns.dedup();
    let listed = columns.iter().map(|column| format!("`{column}`")).collect::<Vec<_>>().join(", ");
    let name = grants[0].function;
    let (message, todo) = match column {
        Some(_) => (
            format!("The browser sets {listed} of `{table}`."),
            format!(
                "Decide on the server who may set {listed} (a role, a payment that was checked), and revoke the column from `authenticated` in the database. The new server function `{name}`{} still takes it.",
                if grants.len() > 1 { ", like the others," } else { "" }
            ),
        ),
        None => (
            format!("A whole object is written to `{table}`, which holds {listed}."),
            format!(
                "`{name}` does not take {listed} any more: a new row with one of them is refused, and a change leaves it as it is. No page sends them today. Set them on the server, where the right to do so is checked."
            ),
        ),
    };
    let subject = format!("{table} {}", column.unwrap_or("whole"));
    let mut one = finding(&PRIVILEGED, grants[0].span, subject, message, todo);
    one.related = grants[1..]
        .iter()
        .map(|grant| Related { span: grant.span, message: format!("and here, by {}", grant.verb) })
        .collect();
    let verbs: Vec<&str> = grants.iter().map(|grant| grant.verb).collect();
    weigh(survey, table, &columns, &verbs, &mut one);
    let path = |grant: &Grant<'_>| survey.project.get(grant.span.file).path.as_str();
    if survey.schema.table(table).is_none() && grants.iter().all(|grant| is_for_administrators(path(grant))) {
        one.severity = one.severity.max(audit::Severity::Warning);
        one.confidence = Confidence::Possible;
        one.todo = format!(
            "The policies of `{table}` are not in the tree: look whether they ask for the role of an administrator. {}",
            one.todo
        );
    }
    if column.is_some_and(super::column::is_proof) {
        // Whoever keeps their own books may say what is paid in them.
        one.severity = one.severity.max(audit::Severity::Warning);
        one.confidence = Confidence::Possible;
    }
    one
}

/// Whether a file belongs to the pages of administrators: `pages/admin/People.tsx`, `AdminPanel.tsx`.
fn is_for_administrators(path: &str) -> bool {
    let words = audit::env::words(path);
    words.iter().any(|word| matches!(word.as_str(), "ADMIN" | "SUPERADMIN" | "ADMINISTRATION" | "BACKOFFICE"))
}

/// How bad it is that the browser sets columns: what the policies of the table let through decides, where they are known.
fn weigh(survey: &Survey<'_>, table: &str, columns: &[&str], verbs: &[&str], finding: &mut Finding) {
    let name = schema::Name { schema: "public".to_owned(), name: table.to_owned() };
    let Some(known) = survey.schema.tables.get(&name) else {
        // Nothing is known of the database: whose standing it is tells how likely it is to be open.
        finding.confidence = Confidence::Likely;
        if !of_people(table) {
            finding.severity = audit::Severity::Warning;
        }
        return;
    };
    if !known.row_security {
        return;
    }
    // What only a file that repeats the migrations says may be long past.
    let repeated =
        |policy: &schema::Policy| policy.span.is_some_and(|span| crate::snapshot::repeats(survey, span));
    let asked = |policy: &&schema::Policy| {
        policy.permissive
            && !repeated(policy)
            && (policy.command == "all"
                || verbs.iter().any(|verb| {
                    *verb == policy.command
                        || *verb == "upsert" && matches!(policy.command.as_str(), "insert" | "update")
                }))
    };
    let policies: Vec<_> = known.policies.iter().filter(asked).collect();
    let kept = verbs.iter().all(|verb| *verb == "update")
        && columns.iter().all(|column| survey.schema.guarded(&name, column, "update"));
    let open = policies.iter().any(|policy| {
        let said = [&policy.using, &policy.check].into_iter().flatten();
        let owned = said
            .map(|text| schema::predicate::Predicate::of(&survey.schema, &name, text))
            .any(|predicate| predicate.is_owners_alone());
        let words = |text: &String| {
            text.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
                .any(|word| columns.contains(&word))
        };
        let owned = owned && !policy.check.as_ref().is_some_and(words);
        let faults = survey.schema.verdicts(&name, policy);
        owned || faults.iter().any(|verdict| verdict.fault == Some(schema::grade::Fault::OpenWrite))
    });
    if open && !kept {
        let holds = survey.schema.holdings(&name);
        if !holds.of_users && !of_people(table) {
            finding.severity = audit::Severity::Warning;
            finding.confidence = Confidence::Likely;
        }
        return;
    }
    finding.severity = audit::Severity::Note;
    finding.confidence = Confidence::Possible;
    let by = if kept {
        format!("A trigger of `{table}` refuses some changes: look whether it asks")
    } else {
        format!("The policies of `{table}` narrow who may write it: look whether they ask")
    };
    finding.todo = format!(
        "{by} for the role that may set {}. {}",
        columns.iter().map(|column| format!("`{column}`")).collect::<Vec<_>>().join(", "),
        finding.todo
    );
}

/// Whether a table says by its name what somebody is or may do.
fn of_people(table: &str) -> bool {
    let people = [
        "profile",
        "profiles",
        "user",
        "users",
        "role",
        "roles",
        "member",
        "members",
        "account",
        "accounts",
        "staff",
        "admin",
        "admins",
        "employee",
        "employees",
        "permission",
        "permissions",
        "subscription",
        "subscriptions",
        "wallet",
        "wallets",
        "customer",
        "customers",
    ];
    // An account with a bank, or in the books, is no account of the app.
    let of_money = ["financial", "bank", "ledger", "chart", "gl"];
    !of_money.iter().any(|word| table.split('_').any(|part| part == *word))
        && table.split('_').any(|word| people.contains(&word))
}

/// Writes whose outcome nobody looks at, one finding per module.
fn ignored(survey: &Survey<'_>) -> Vec<Finding> {
    let mut by_file: BTreeMap<FileId, Vec<&Query>> = BTreeMap::new();
    for query in
        survey.queries.iter().filter(|query| group::is_ours(survey, query) && group::is_run(survey, query))
    {
        let writes = matches!(query.operation.as_str(), "insert" | "update" | "upsert" | "delete");
        let blind = query.result.ignored
            || (!query.result.whole
                && !query.result.fields.is_empty()
                && !query.result.fields.iter().any(|field| field == "error" || field == "data"));
        if writes && blind && query.shape != audit::query::Shape::NeverSent {
            by_file.entry(query.span.file).or_default().push(query);
        }
    }
    let of_module = |(file, queries): (FileId, Vec<&Query>)| {
        let what = asked(queries[0]);
        let message = match queries.len() {
            1 => format!("Nobody looks at whether the {what} worked."),
            count => format!("Nobody looks at whether {count} writes worked."),
        };
        let mut found = finding(
            &IGNORED,
            queries[0].span,
            survey.project.get(file).path.name().to_owned(),
            message,
            "Look at `error` and tell the user.".to_owned(),
        );
        found.related =
            queries[1..].iter().map(|query| Related { span: query.span, message: asked(query) }).collect();
        found
    };
    by_file.into_iter().map(of_module).collect()
}

/// Columns of which nothing is known, and those that the generated types lack: one finding per table.
fn columns(survey: &Survey<'_>, outcome: &Outcome) -> Vec<Finding> {
    let mut unknown: BTreeMap<(&str, bool), Vec<(Span, &str)>> = BTreeMap::new();
    for draft in outcome.functions.iter().flat_map(|function| &function.drafts) {
        let query = &survey.queries[draft.query];
        let Some(table) = query.named() else { continue };
        for (columns, drift) in [(&draft.unknown, false), (&draft.drift, true)] {
            let places = unknown.entry((table, drift)).or_default();
            places.extend(columns.iter().map(|column| (query.span, column.as_str())));
        }
    }
    let mut found = Vec::new();
    for ((table, drift), places) in unknown {
        let Some((span, _)) = places.first() else { continue };
        let mut names: Vec<_> = places.iter().map(|(_, column)| format!("`{column}`")).collect();
        names.sort();
        names.dedup();
        let names = names.join(", ");
        let (rule, message, todo) = if drift {
            (
                &DRIFT,
                format!("{names} of `{table}` is written, and the generated types do not have it."),
                "Run `supabase gen types`; if the column is gone, take it out here.".to_owned(),
            )
        } else {
            (
                &UNKNOWN,
                format!("No type is known for {names} of `{table}`."),
                "Run `supabase gen types`, and write the types into the schema of the function.".to_owned(),
            )
        };
        found.push(finding(rule, *span, table.to_owned(), message, todo));
    }
    found
}

fn unsure(survey: &Survey<'_>, outcome: &Outcome) -> Vec<Finding> {
    let unsure: Vec<_> = outcome.functions.iter().filter(|function| !function.decision.sure).collect();
    let mut by_file: BTreeMap<FileId, Vec<&group::Function>> = BTreeMap::new();
    for function in unsure {
        by_file.entry(function.drafts[0].file).or_default().push(function);
    }
    let of_module = |(file, functions): (FileId, Vec<&group::Function>)| {
        let named: Vec<_> = functions
            .iter()
            .map(|function| {
                let who = match function.decision.access {
                    stack::server::function::Access::SignedIn => "signed-in users",
                    stack::server::function::Access::Anyone => "everyone",
                };
                format!("`{}` ({who})", function.name)
            })
            .collect();
        finding(
            &UNSURE,
            survey.queries[functions[0].drafts[0].query].span,
            survey.project.get(file).path.name().to_owned(),
            format!(
                "Whether visitors without a session may call this was not to be told: {}.",
                named.join(", ")
            ),
            if ground::is_own(survey) {
                "Look at whether each function should ask `assertUser()` first.".to_owned()
            } else {
                "Look at the word in front of each function: `authed` or `anyone`.".to_owned()
            },
        )
    };
    by_file.into_iter().map(of_module).collect()
}

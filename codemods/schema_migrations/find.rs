//! Tables, columns and statements that are not as the code or PostgreSQL needs them.

use super::{DOES_NOT_RUN, NO_COLUMN, NO_HISTORY, NO_TABLE};
use audit::query::{Kind, Query, Target};
use audit::{Confidence, Finding, Related, Rule, Severity, Survey};
use edit::{FileId, Span};
use schema::Name;
use std::collections::BTreeMap;
use std::sync::Arc;
use syntax::view;

pub(super) fn find(survey: &Survey<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let missing = missing(survey);
    let known =
        |table: &str| survey.schema.types.as_ref().is_some_and(|types| types.tables.contains_key(table));
    // Nothing is known of them, and one way brings them all: one thing to do.
    let unknown: Vec<_> = missing.iter().filter(|(table, _)| !known(table)).collect();
    let together = unknown.len() > FEW;
    if together {
        found.push(many(&unknown));
    }
    for (table, uses) in missing.iter().filter(|(table, _)| !together || known(table)) {
        let typed = survey.schema.types.as_ref().is_some_and(|types| types.tables.contains_key(table));
        let mut finding = told(&NO_TABLE, uses[0], table);
        finding.message =
            format!("`{table}` is used in {} and no SQL of the tree creates it.", count(uses.len(), "place"));
        finding.todo = if typed {
            format!(
                "Write a migration for `{table}`: the generated types know its columns. `supabase db pull` gives it as it is."
            )
        } else {
            format!(
                "Write a migration for `{table}`, or take it from the old project with `supabase db pull`."
            )
        };
        finding.related = uses[1..]
            .iter()
            .take(20)
            .map(|span| Related { span: *span, message: format!("uses `{table}`") })
            .collect();
        found.push(finding);
    }
    found.extend(columns(survey));
    found.extend(troubles(survey));
    found.extend(loose(survey));
    found
}

/// So many tables, or files, are told one by one.
const FEW: usize = 3;

/// Tables of which the tree knows nothing but the name.
fn many(tables: &[(&String, &Vec<Span>)]) -> Finding {
    let mut finding = told(&NO_TABLE, tables[0].1[0], "tables");
    let names: Vec<_> = tables.iter().take(8).map(|(table, _)| format!("`{table}`")).collect();
    let more = tables.len() - names.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    finding.message = format!(
        "{} tables are used and no SQL of the tree creates them: {}{more}.",
        tables.len(),
        names.join(", ")
    );
    finding.todo =
        "Take them from the old project with `supabase db pull`, and commit the migration.".to_owned();
    finding.related = tables
        .iter()
        .take(40)
        .map(|(table, uses)| Related { span: uses[0], message: format!("uses `{table}`") })
        .collect();
    finding
}

fn told(rule: &Rule, span: Span, subject: &str) -> Finding {
    Finding {
        rule: rule.id,
        severity: rule.severity,
        confidence: Confidence::Likely,
        span,
        message: String::new(),
        why: rule.why.to_owned(),
        todo: String::new(),
        related: Vec::new(),
        subject: subject.to_owned(),
    }
}

fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("one {what}") } else { format!("{number} {what}s") }
}

/// The tables of `public` that Supabase queries ask for and nothing makes, with their uses.
pub(super) fn missing(survey: &Survey<'_>) -> BTreeMap<String, Vec<Span>> {
    let mut found: BTreeMap<String, Vec<Span>> = BTreeMap::new();
    let mut written: BTreeMap<String, bool> = BTreeMap::new();
    for query in of_tables(survey) {
        let names: Vec<&String> = match &query.table {
            Target::Named(name) => vec![name],
            Target::OneOf(names) => names.iter().collect(),
            Target::Dynamic => Vec::new(),
        };
        for name in names {
            let known = Name { schema: "public".to_owned(), name: name.clone() };
            let made = survey.schema.tables.contains_key(&known) || survey.schema.views.contains_key(&known);
            // `supabase_migrations.schema_migrations`: a table of another schema.
            if !made
                && !name.contains('.')
                && !*written.entry(name.clone()).or_insert_with(|| is_written(survey, name))
            {
                found.entry(name.clone()).or_default().push(query.span);
            }
        }
    }
    found
}

/// Whether some SQL makes the table: what is in a file and fails is told of the file, what is in the code is run by it.
fn is_written(survey: &Survey<'_>, table: &str) -> bool {
    // Statements in the code make tables as well as files of them do.
    let files =
        survey.project.files.iter().filter(|file| {
            file.path.as_str().ends_with(".sql") || matches!(file.kind, project::Kind::Code(_))
        });
    let code = |text: &str| {
        let lines = text.lines().filter(|line| !line.trim_start().starts_with("--"));
        lines.collect::<Vec<_>>().join("\n").to_lowercase()
    };
    files.map(|file| code(&file.text)).any(|text| {
        text.split("create table").skip(1).any(|rest| {
            let rest = rest.trim_start();
            let rest = rest.strip_prefix("if not exists").unwrap_or(rest).trim_start();
            let name: String =
                rest.chars().take_while(|letter| !letter.is_whitespace() && *letter != '(').collect();
            let name = name.replace('"', "");
            name.strip_prefix("public.").unwrap_or(&name) == table.to_lowercase()
        })
    })
}

fn of_tables<'s>(survey: &'s Survey<'_>) -> impl Iterator<Item = &'s Query> {
    survey.queries.iter().filter(|query| {
        query.backend == "supabase"
            && query.kind == Kind::Table
            && query.schema.as_deref().unwrap_or("public") == "public"
    })
}

/// What the code asks tables for that the SQL which makes them does not give: by table, columns of filters and of literal values.
struct Lacking(BTreeMap<String, Vec<(Span, String)>>);

/// Looked for once for all who ask.
fn lacking(survey: &Survey<'_>) -> Arc<Lacking> {
    survey.memo.of(|| {
        let mut found: BTreeMap<String, Vec<(Span, String)>> = BTreeMap::new();
        for query in of_tables(survey) {
            let Some((name, table)) = query.named().and_then(|name| Some((name, survey.schema.table(name)?)))
            else {
                continue;
            };
            if table.columns.is_empty() {
                continue;
            }
            for (span, column) in named_columns(survey, query) {
                if table.column(&column).is_none() {
                    found.entry(name.to_owned()).or_default().push((span, column));
                }
            }
        }
        Lacking(found)
    })
}

/// Whether the code asks a table for columns that the SQL of the tree does not give it.
pub(crate) fn lags(survey: &Survey<'_>, table: &str) -> bool {
    lacking(survey).0.contains_key(table)
}

/// Columns that are used, of tables that the SQL makes, and that nothing creates.
fn columns(survey: &Survey<'_>) -> Vec<Finding> {
    let found = lacking(survey);
    let tables = found.0.iter();
    tables
        .map(|(table, uses)| {
            let mut names: Vec<_> = uses.iter().map(|(_, column)| format!("`{column}`")).collect();
            names.sort();
            names.dedup();
            let mut finding = told(&NO_COLUMN, uses[0].0, table);
            finding.message = format!("`{table}` has no column {} in the SQL of the tree.", names.join(", "));
            finding.todo = "Add the column in a migration, or correct the name in the code.".to_owned();
            finding.related = uses[1..]
                .iter()
                .take(20)
                .map(|(span, column)| Related { span: *span, message: format!("uses `{column}`") })
                .collect();
            finding
        })
        .collect()
}

pub(super) fn named_columns(survey: &Survey<'_>, query: &Query) -> Vec<(Span, String)> {
    let filters = ["eq", "neq", "gt", "gte", "lt", "lte", "like", "ilike", "is", "in", "contains", "order"];
    let mut found = Vec::new();
    for step in &query.steps {
        let Some(argument) = step.arguments.first() else { continue };
        let Some((tree, _)) = survey.project.get(argument.file).syntax() else { continue };
        let Some(node) = tree.node_at(argument.range()).map(view::unwrapped) else { continue };
        if filters.contains(&step.name.as_str()) {
            // `author.name`, `data->>key` and `at::date` are more than a column.
            let column = view::string_value(tree, node);
            let plain = |column: &str| column.chars().all(|c| c.is_alphanumeric() || c == '_');
            found.extend(column.filter(|it| plain(it)).map(|it| (*argument, it.into_owned())));
        } else if matches!(step.name.as_str(), "insert" | "update" | "upsert") && node.kind() == "object" {
            let pairs = view::pairs(tree, node).into_iter();
            found.extend(pairs.map(|(key, place, _)| {
                let span = Span::new(argument.file, place.byte_range());
                (span, key.into_owned())
            }));
        }
    }
    found
}

/// The uses of a table in queries.
pub(super) fn uses<'s>(survey: &'s Survey<'_>, table: &'s str) -> impl Iterator<Item = &'s Query> {
    of_tables(survey).filter(move |query| match &query.table {
        Target::Named(name) => name == table,
        Target::OneOf(names) => names.iter().any(|name| name == table),
        Target::Dynamic => false,
    })
}

/// The columns by which an upsert finds the row that is there: none if it says none, `None` if they are computed.
pub(super) fn met_by(survey: &Survey<'_>, query: &Query) -> Option<Vec<String>> {
    let Some(options) =
        query.steps.iter().find(|step| step.name == "upsert").and_then(|step| step.arguments.get(1))
    else {
        return Some(Vec::new());
    };
    let (tree, _) = survey.project.get(options.file).syntax()?;
    let node = view::unwrapped(tree.node_at(options.range())?);
    if node.kind() != "object" {
        return None;
    }
    let Some((_, _, value)) = view::pairs(tree, node).into_iter().find(|(key, ..)| key == "onConflict")
    else {
        return Some(Vec::new());
    };
    let listed = view::string_value(tree, view::unwrapped(value))?;
    Some(listed.split(',').map(|column| column.trim().to_owned()).collect())
}

/// One finding for each file whose SQL does not run.
fn troubles(survey: &Survey<'_>) -> Vec<Finding> {
    let mut by_file: BTreeMap<FileId, Vec<&schema::Trouble>> = BTreeMap::new();
    for trouble in &survey.schema.troubles {
        by_file.entry(trouble.span.file).or_default().push(trouble);
    }
    let many = by_file.len() > FEW;
    let files = by_file.into_values();
    let found: Vec<Finding> = files
        .map(|found| {
            let fails = found.iter().any(|trouble| trouble.fails());
            let mut finding = told(&DOES_NOT_RUN, found[0].span, "sql");
            let first = &found[0].message;
            finding.message = match found.len() {
                1 => first.clone(),
                2 => format!("{first} One more statement of this file is like it."),
                more => format!("{first} {} of this file are like it.", count(more - 1, "more statement")),
            };
            let path = survey.project.get(found[0].span.file).path.as_str();
            let of_platform = path.contains("supabase/");
            finding.todo = if !schema::is_history(path) {
                finding.why = "A script that stops in the middle leaves half of what it was to make.".to_owned();
                "Correct the statement, or guard it, before the script runs on another database.".to_owned()
            } else if of_platform {
                "Never edit a migration that ran somewhere: take `supabase db pull` as a new start, or guard the statement in one that never ran.".to_owned()
            } else {
                "Never edit a migration that ran somewhere: begin anew from the database as it is, or guard the statement in one that never ran.".to_owned()
            };
            if !fails {
                finding.severity = Severity::Note;
                finding.confidence = Confidence::Possible;
            }
            let others = found[1..].iter().take(20);
            finding.related =
                others.map(|it| Related { span: it.span, message: it.message.clone() }).collect();
            finding
        })
        .collect();
    if many { joined(found) } else { found }
}

/// Files that do not run, as one finding for each severity: they are made to run together or not at all.
fn joined(found: Vec<Finding>) -> Vec<Finding> {
    let mut by_severity: BTreeMap<Severity, Vec<Finding>> = BTreeMap::new();
    for finding in found {
        by_severity.entry(finding.severity).or_default().push(finding);
    }
    let one = |mut files: Vec<Finding>| {
        files.sort_by_key(|file| file.why != DOES_NOT_RUN.why);
        let mut first = files.remove(0);
        if !files.is_empty() {
            let others = files.len();
            first.message += &match (first.severity, others) {
                (Severity::Note, 1) => " So it is with 1 more file.".to_owned(),
                (Severity::Note, _) => format!(" So it is with {others} more files."),
                (_, 1) => " 1 more file does not run either.".to_owned(),
                (_, _) => format!(" {others} more files do not run either."),
            };
            first.related = files
                .into_iter()
                .take(40)
                .map(|other| Related { span: other.span, message: other.message })
                .collect();
        }
        first
    };
    by_severity.into_values().map(one).collect()
}

/// SQL that counts and is no part of a history.
fn loose(survey: &Survey<'_>) -> Option<Finding> {
    let paths = survey.schema.replayed.iter().map(|file| survey.project.get(*file));
    let loose: Vec<_> = paths
        .filter(|file| {
            // The Supabase CLI passes over a name without a version.
            let passed =
                file.path.folder().ends_with("supabase/migrations") && !schema::has_version(file.path.name());
            passed
                || !file.path.folder().split('/').any(|folder| folder == "migrations" || folder == "drizzle")
        })
        .collect();
    let first = loose.first()?;
    let mut finding = told(&NO_HISTORY, Span::new(first.id, 0..0), "scripts");
    let names: Vec<_> = loose.iter().map(|file| file.path.as_str()).collect();
    finding.message =
        format!("{} of SQL that no tool runs: {}.", count(loose.len(), "file"), names.join(", "));
    // Beside the history that there is; the platform's own where there is none yet.
    let paths = survey.schema.replayed.iter().map(|file| survey.project.get(*file).path.as_str());
    let mut histories = paths.filter(|path| schema::is_history(path));
    let folder = histories.next().and_then(|path| {
        let whole = path.split("migrations/").next().filter(|before| before.len() < path.len());
        whole.map(|before| format!("{before}migrations"))
    });
    let folder = folder.unwrap_or_else(|| "supabase/migrations".to_owned());
    finding.todo = format!(
        "Bring those that count into `{folder}`, in this order, each with a version in front of its name."
    );
    Some(finding)
}

//! Holds the replay of SQL to a real PostgreSQL: runs the same files, in the same order, statement by statement, and compares
//! the catalog with the replayed state.
//!
//! `psql` finds the server as usual (`PGHOST`, `PGPORT`, `PGUSER`); it must let databases be made. Policies are compared as
//! PostgreSQL prints them: ours are created once more under a probe's name and read back.

mod splinter;

use crate::corpus::exports;
use anyhow::{Context, bail};
use schema::{Constraint, Name, Schema, Source};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const BOOTSTRAP: &str =
    concat!(include_str!("../../../crates/verify/standin/bootstrap.sql"), include_str!("more.sql"));
const CATALOG: &str = include_str!("catalog.sql");
const PGTAP: &str = include_str!("../../../crates/verify/standin/pgtap.sql");

/// The database that is made anew for each export, unless another name is given.
pub(crate) const DATABASE: &str = "schema_truth";

/// See the module. `lints` are a checkout of splinter and the program to hold to it.
pub(crate) fn run_truth(
    folder: &Path,
    database: &str,
    lints: Option<(&Path, &Path)>,
    verbose: bool,
) -> anyhow::Result<()> {
    let mut differing = 0;
    let (mut equal, mut meant, mut unlike) = (0, 0, 0);
    println!(
        "{:<44} {:>5} {:>7} {:>8} {:>7} {:>7} {:>8}",
        "export", "files", "KB", "objects", "failed", "differ", "replay"
    );
    for export in exports(folder) {
        let texts = sql_of(&export)?;
        let sources: Vec<_> = texts
            .iter()
            .enumerate()
            .map(|(at, (path, text))| Source { file: edit::FileId(at as u32), path, text })
            .collect();
        let start = Instant::now();
        let schema = Schema::of(&sources);
        let took = start.elapsed();
        if schema.replayed.is_empty() {
            continue;
        }
        let name = export.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let mut compared = compare(&schema, &texts, database).with_context(|| name.clone())?;
        if let Some((checkout, program)) = lints {
            let told = splinter::compare(checkout, program, &export, database)?;
            equal += told.equal;
            meant += told.meant;
            unlike += told.differing.len();
            compared.lines.extend(told.differing);
        }
        differing += usize::from(!compared.lines.is_empty());
        print_line(&name, &schema, &texts, &compared, took);
        for line in &compared.lines {
            println!("    {line}");
        }
        if verbose {
            for trouble in &schema.troubles {
                let (path, text) = &texts[trouble.span.file.0 as usize];
                let line = text[..trouble.span.range().start].matches('\n').count() + 1;
                println!("    trouble {path}:{line} {}: {}", trouble.kind, trouble.message);
            }
            for error in &compared.errors {
                println!("    psql {error}");
            }
        }
    }
    println!("{differing} differ");
    if lints.is_some() {
        println!("lints: {equal} equal, {meant} differ as is meant, {unlike} differ");
    }
    Ok(())
}

struct Compared {
    objects: usize,
    lines: Vec<String>,
    errors: Vec<String>,
}

fn print_line(name: &str, schema: &Schema, texts: &[(String, String)], compared: &Compared, took: Duration) {
    let bytes: usize = schema.replayed.iter().map(|file| texts[file.0 as usize].1.len()).sum();
    println!(
        "{name:<44} {:>5} {:>7} {:>8} {:>7} {:>7} {:>6} ms",
        schema.replayed.len(),
        bytes / 1024,
        compared.objects,
        compared.errors.len(),
        compared.lines.len(),
        took.as_millis()
    );
}

fn compare(schema: &Schema, texts: &[(String, String)], database: &str) -> anyhow::Result<Compared> {
    psql("postgres", &format!("drop database if exists {database};\ncreate database {database};\n"))?;
    psql(database, BOOTSTRAP)?;
    let mut errors = Vec::new();
    for file in &schema.replayed {
        let (path, text) = &texts[file.0 as usize];
        // What this program wrote must be fit to be run twice.
        let runs = if text.starts_with(schema::OURS) { 2 } else { 1 };
        let text = format!("{text}\n").repeat(runs);
        let (_, told) = psql(database, &format!("\\set ON_ERROR_ROLLBACK on\n{text}"))?;
        errors
            .extend(told.lines().filter(|line| line.contains("ERROR:")).map(|line| format!("{path} {line}")));
    }
    let (there, _) = psql(database, CATALOG)?;
    let there: BTreeSet<String> = there.lines().map(str::to_owned).collect();
    let (probes, _) = psql(database, &probes(schema))?;
    let mut ours: BTreeSet<String> =
        probes.lines().filter(|line| line.starts_with("policy ")).map(str::to_owned).collect();
    ours.extend(lines(schema));
    let mut differing = policy_tests(database, texts)?;
    differing.extend(there.difference(&ours).map(|line| format!("only PostgreSQL: {line}")));
    differing.extend(ours.difference(&there).map(|line| format!("only replay:     {line}")));
    Ok(Compared { objects: there.len(), lines: differing, errors })
}

/// What the tests of policies say that this program wrote, on the database as it stands.
fn policy_tests(database: &str, texts: &[(String, String)]) -> anyhow::Result<Vec<String>> {
    let mut failed = Vec::new();
    for (path, text) in texts.iter().filter(|(path, _)| path.ends_with("supabase/tests/policies.test.sql")) {
        let (told, errors) = psql(database, &format!("{PGTAP}\n{text}"))?;
        let passed = told.lines().filter(|line| line.starts_with("ok")).count();
        let wanted = text.lines().filter(|line| line.starts_with("select pg_temp.expect")).count();
        let bad = told.lines().filter(|line| line.starts_with("not ok"));
        failed.extend(bad.chain(errors.lines()).map(|line| format!("policy test: {line}")));
        if passed < wanted {
            failed.push(format!("policy test: {passed} of {wanted} pass in {path}"));
        }
    }
    Ok(failed)
}

/// The state in the words of `catalog.sql`, policies left out.
fn lines(schema: &Schema) -> Vec<String> {
    let mut lines = Vec::new();
    let public = |name: &Name| name.schema == "public";
    for (name, values) in schema.enums.iter().filter(|(name, _)| public(name)) {
        lines.push(format!("enum {}: {}", name.name, values.join(", ")));
    }
    let truth = |value: bool| if value { "t" } else { "f" };
    for (name, table) in schema.tables.iter().filter(|(name, _)| public(name)) {
        lines.push(format!("table {} rls={}", name.name, truth(table.row_security)));
        for column in &table.columns {
            lines.push(format!(
                "column {}.{} {}{}{}{}",
                name.name,
                column.name,
                column.kind,
                if column.required { " not null" } else { "" },
                if column.default.is_some() && !column.generated { " default" } else { "" },
                if column.generated { " generated" } else { "" }
            ));
        }
        for (constraint, kind) in &table.constraints {
            let columns = kind.columns().join(", ");
            let (letter, columns, tail) = match kind {
                Constraint::Primary(_) => ("p", columns, String::new()),
                Constraint::Unique(_) => ("u", columns, String::new()),
                Constraint::Check(_) => ("c", String::new(), String::new()),
                Constraint::Foreign(key) => {
                    let action = key.on_delete.as_deref().filter(|action| *action != "no action");
                    let action = action.map(|action| format!(" {action}")).unwrap_or_default();
                    ("f", columns, format!(" -> {}{action}", shown(&key.table)))
                }
                Constraint::Other => continue,
            };
            lines.push(format!("constraint {}.{constraint} {letter} ({columns}){tail}", name.name));
        }
        for index in &table.indexes {
            let columns =
                if index.parts.is_empty() { index.columns.join(", ") } else { index.parts.join(", ") };
            let method = if index.method == "btree" { String::new() } else { format!(" {}", index.method) };
            let unique = if index.unique { " unique" } else { "" };
            lines.push(format!("index {} on {} ({columns}){unique}{method}", index.name, name.name));
        }
    }
    for function in schema.functions.iter().filter(|function| public(&function.name)) {
        let kinds: Vec<_> = function.kinds().iter().map(|kind| without_modifier(kind)).collect();
        let path =
            function.search_path.as_ref().map(|path| format!(" search_path={}", path.replace(' ', "")));
        let returns = function.returns.split('(').next().unwrap_or("").trim();
        let returns = match returns.get(..6).map(str::to_ascii_lowercase).as_deref() {
            Some("setof ") => format!("SETOF {}", &returns[6..]),
            _ if returns.eq_ignore_ascii_case("table") => "TABLE".to_owned(),
            _ => returns.to_owned(),
        };
        lines.push(format!(
            "function {}({}) {}{}{} returns {returns}",
            function.name.name,
            kinds.join(", "),
            function.language,
            if function.definer { " definer" } else { "" },
            path.unwrap_or_default(),
        ));
        for role in ["anon", "authenticated"].into_iter().filter(|role| function.callable_by(role)) {
            lines.push(format!("execute {}({}): {role}", function.name.name, kinds.join(", ")));
        }
    }
    for trigger in &schema.triggers {
        lines.push(format!(
            "trigger {} on {}.{}: {}",
            trigger.name, trigger.table.schema, trigger.table.name, trigger.function.name
        ));
    }
    for (name, view) in schema.views.iter().filter(|(name, _)| public(name)) {
        lines.push(format!("view {}{}", name.name, if view.security_invoker { " invoker" } else { "" }));
    }
    lines.extend(schema.published.iter().map(|name| format!("published {}.{}", name.schema, name.name)));
    lines.extend(
        schema.buckets.iter().map(|bucket| format!("bucket {} public={}", bucket.id, truth(bucket.public))),
    );
    lines
}

fn without_modifier(kind: &str) -> String {
    let array = if kind.ends_with("[]") { "[]" } else { "" };
    let base = kind.trim_end_matches("[]");
    match base.split_once('(') {
        Some((before, rest)) => {
            format!("{before}{}{array}", rest.split_once(')').map(|(_, tail)| tail).unwrap_or(""))
        }
        None => kind.to_owned(),
    }
}

fn shown(name: &Name) -> String {
    let word = |text: &str| {
        let plain =
            text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if plain { text.to_owned() } else { format!("\"{text}\"") }
    };
    if name.schema == "public" {
        word(&name.name)
    } else {
        format!("{}.{}", word(&name.schema), word(&name.name))
    }
}

/// SQL that creates each of our policies once more and prints how PostgreSQL writes it.
fn probes(schema: &Schema) -> String {
    let mut sql = String::new();
    for (name, table) in &schema.tables {
        for policy in &table.policies {
            let on = format!("\"{}\".\"{}\"", name.schema, name.name);
            let roles: Vec<_> = policy
                .roles
                .iter()
                .map(|role| if role == "public" { role.clone() } else { format!("\"{role}\"") })
                .collect();
            let kind = if policy.permissive { "permissive" } else { "restrictive" };
            let _ = writeln!(
                sql,
                "begin;\ncreate policy \"__probe\" on {on} as {kind} for {} to {}",
                policy.command,
                roles.join(", ")
            );
            if let Some(using) = &policy.using {
                let _ = writeln!(sql, " using ({using})");
            }
            if let Some(check) = &policy.check {
                let _ = writeln!(sql, " with check ({check})");
            }
            let _ = writeln!(
                sql,
                ";\nselect format('policy %s.%s \"%s\" %s %s to %s using %s check %s', schemaname, tablename, '{}', lower(cmd), lower(permissive), \
                 (select string_agg(r::text, ', ' order by r::text) from unnest(roles) r), coalesce(regexp_replace(qual, '\\s+', ' ', 'g'), '-'), coalesce(regexp_replace(with_check, '\\s+', ' ', 'g'), '-')) \
                 from pg_policies where policyname = '__probe';\nrollback;",
                policy.name.replace('\'', "''")
            );
        }
    }
    sql
}

/// Runs SQL and gives what it prints, and its errors.
fn psql(database: &str, sql: &str) -> anyhow::Result<(String, String)> {
    let mut child = Command::new("psql")
        .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=0", "-d", database])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("psql is needed for this")?;
    let mut stdin = child.stdin.take().context("psql takes no input")?;
    let text = sql.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let output = child.wait_with_output()?;
    let _ = writer.join();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    if told.contains("could not connect") || told.contains("connection to server") {
        bail!("{told}");
    }
    Ok((String::from_utf8_lossy(&output.stdout).into_owned(), told))
}

/// The SQL files of an export, as the program would see them.
fn sql_of(export: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let project = project::Project::read(export, &project::ReadOptions::default())?;
    let files = project.files.iter().filter(|file| file.kind == project::Kind::Sql && file.skipped.is_none());
    Ok(files.map(|file| (file.path.as_str().to_owned(), file.text.to_string())).collect())
}

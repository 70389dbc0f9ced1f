//! The database: the SQL of the tree on an empty PostgreSQL, and what its policies let a visitor without a session do.

use crate::report::{Report, asked};
use crate::standin::Standin;
use project::Project;
use serde_json::Value;
use stack::production::ServerFunction;
use std::collections::BTreeSet;

/// The SQL of the tree as it applied. `made` are the files that the migration wrote; the others ran in production already, or did not,
/// and are not ours to change.
pub(crate) fn migrations(standin: &Standin, made: &BTreeSet<String>, report: &mut Report) {
    let total = standin.applied.len() + standin.failed.len();
    if total == 0 {
        return report.skip(&asked::MIGRATIONS, "the tree holds no SQL");
    }
    let ours = standin.failed.iter().filter(|(file, _)| made.contains(file));
    let (waiting, complaints): (Vec<String>, Vec<String>) = ours
        .map(|(file, why)| format!("{file}: {why}"))
        .partition(|failure| older_fails(standin, made) && lacks_a_name(failure));
    let older: Vec<String> = standin
        .failed
        .iter()
        .filter(|(file, _)| !made.contains(file))
        .map(|(file, why)| format!("{file} ({why})"))
        .collect();
    let mut seen = format!("{} of {total} files apply", standin.applied.len());
    if !older.is_empty() {
        let older = super::shortened(older, 3).join(", ");
        seen += &format!("; of before the migration, and as they were: {older}");
    }
    if complaints.is_empty() && !waiting.is_empty() {
        let waiting = super::shortened(waiting, 3).join("; ");
        return report
            .skip(&asked::MIGRATIONS, format!("{seen}; what builds on those cannot apply: {waiting}"));
    }
    report.judge(&asked::MIGRATIONS, complaints, seen);
}

/// Whether SQL of before the migration fails.
fn older_fails(standin: &Standin, made: &BTreeSet<String>) -> bool {
    standin.failed.iter().any(|(file, _)| !made.contains(file))
}

/// Whether it failed for want of a table, column, function, type or schema.
fn lacks_a_name(failure: &str) -> bool {
    ["42P01", "42703", "42883", "42704", "3F000"].iter().any(|code| failure.contains(code))
}

/// The tables into which functions add rows that ask for no session, beside others that do: a contact form, an order without an account.
/// An app in which nobody signs in says nothing of who is meant.
pub(crate) fn written_by_visitors(project: &Project, functions: &[ServerFunction]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    if !functions.iter().any(|function| function.needs_session) {
        return found;
    }
    for function in functions.iter().filter(|function| !function.needs_session) {
        let Some(file) = project.file(&function.path) else { continue };
        let beside = functions.iter().filter(|other| other.path == function.path);
        let ends = beside.map(|other| other.line).filter(|line| *line > function.line).min();
        let lines = file.text.lines().skip(function.line - 1);
        let own: Vec<&str> = lines.take(ends.map_or(usize::MAX, |end| end - function.line)).collect();
        found.extend(own.join("\n").split(".from(").skip(1).filter_map(added_to));
    }
    found
}

/// The table of `"messages").insert(…`, behind `.from(`.
fn added_to(asked: &str) -> Option<String> {
    let (table, rest) = asked.split_once(')')?;
    let adds =
        ["insert(", "upsert("].iter().any(|verb| rest.trim_start().trim_start_matches('.').starts_with(verb));
    adds.then(|| table.trim_matches(['"', '\'', '`']).to_owned())
}

/// Row level security by role. `invited`: tables to which visitors are meant to add rows.
pub(crate) fn policies(standin: &Standin, invited: &BTreeSet<String>, report: &mut Report) {
    let tables = standin.policies();
    if tables.is_empty() {
        return report.skip(&asked::POLICIES, "the SQL of the tree makes no table");
    }
    let mut complaints = Vec::new();
    for table in &tables {
        let name = table["table"].as_str().unwrap_or("?");
        if table["enabled"] != Value::Bool(true) {
            complaints.push(format!(
                "{name}: row level security is off: whoever has the public key reads and writes it"
            ));
            continue;
        }
        let names_anon = |policy: &&Value| {
            let writes = matches!(policy["command"].as_str(), Some("INSERT" | "ALL"));
            writes && policy["roles"].as_array().is_some_and(|roles| roles.iter().any(|role| role == "anon"))
        };
        let meant = table["policies"]
            .as_array()
            .is_some_and(|policies| policies.iter().any(|policy| names_anon(&policy)));
        if table["insert"] == "allowed" && !meant && !invited.contains(bare(name)) {
            complaints.push(format!(
                "{name}: a visitor without a session may add rows; no policy names `anon`, and no function of the app adds rows for visitors"
            ));
        }
    }
    report.judge(&asked::POLICIES, super::shortened(complaints, 8), format!("{} tables", tables.len()));
}

/// The name of a table without its schema.
fn bare(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// The tests of policies that the tree brings.
pub(crate) fn policy_tests(standin: &Standin, project: &Project, report: &mut Report) {
    let tests =
        project.files.iter().find(|file| file.path.as_str().ends_with("supabase/tests/policies.test.sql"));
    let Some(tests) = tests else {
        return report.skip(&asked::POLICY_TESTS, "the tree brings none");
    };
    // What did not apply may have been made again by a later file: the tests tell whether the tables are theirs.
    let gap = if standin.failed.is_empty() { "" } else { "not all SQL applies" };
    let complaints = match standin.tests(&tests.text) {
        Ok(said) => {
            let failed =
                said["failed"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
            let failed: Vec<_> = failed.collect();
            let passed = said["passed"].as_u64().unwrap_or_default();
            if failed.is_empty() && passed > 0 {
                let seen = [format!("{passed} pass"), gap.to_owned()];
                let seen = seen.iter().filter(|part| !part.is_empty()).map(String::as_str);
                return report.judge(&asked::POLICY_TESTS, Vec::new(), seen.collect::<Vec<_>>().join("; "));
            }
            if failed.is_empty() { vec!["no test ran".to_owned()] } else { failed }
        }
        Err(error) => vec![error],
    };
    let complaints = super::shortened(complaints, 8);
    if gap.is_empty() {
        return report.judge(&asked::POLICY_TESTS, complaints, String::new());
    }
    let said = complaints.join("; ");
    report.skip(&asked::POLICY_TESTS, format!("{gap}, so the tables are not those of the tests: {said}"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use edit::RelPath;
    use std::path::Path;

    #[test]
    fn a_table_is_open_to_visitors_where_a_function_for_anyone_adds_rows() {
        let package = r#"{"dependencies":{"hono":"4.13.0","@supabase/supabase-js":"2.49.4"},"devDependencies":{"vite":"5.4.0"}}"#;
        let page = r#"<script type="module" src="/src/main.ts"></script>"#;
        let functions = r#"import { z } from "zod/v4";
import { anyone, authed } from "../lib/rpc.js";

export const listNews = anyone(z.void(), ({ db }) => db.from("news").select("id, title"));

export const createMessage = anyone(z.object({ text: z.string() }), ({ db }, input) =>
  db.from("messages").insert({ text: input.text }),
);

export const createRecord = authed(z.object({ text: z.string() }), ({ db }, input) =>
  db.from("records").insert({ text: input.text }),
);
"#;
        let files = [
            ("package.json", package),
            ("index.html", page),
            ("src/main.ts", ""),
            ("server/functions/messages.ts", functions),
        ];
        let files =
            files.iter().map(|(path, text)| (RelPath::new(*path).unwrap(), (*text).to_owned())).collect();
        let project = Project::from_texts(Path::new("/export"), files);
        let stack = stack::Stack::detect(&project);
        let functions = stack.framework.functions(&project, &project.apps[0]);
        assert_eq!(functions.len(), 3);
        let tables = written_by_visitors(&project, &functions);
        assert_eq!(tables.into_iter().collect::<Vec<_>>(), ["messages"]);
        // Where no function asks for a session.
        assert!(written_by_visitors(&project, &functions[..2]).is_empty());
    }
}

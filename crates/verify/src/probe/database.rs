//! The database: the SQL of the tree on an empty PostgreSQL, and what its policies let a visitor without a session do.

use crate::report::{Report, asked};
use crate::standin::Standin;
use project::Project;
use serde_json::Value;
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

/// Row level security by role.
pub(crate) fn policies(standin: &Standin, report: &mut Report) {
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
        let invited = table["policies"]
            .as_array()
            .is_some_and(|policies| policies.iter().any(|policy| names_anon(&policy)));
        if table["insert"] == "allowed" && !invited {
            complaints.push(format!(
                "{name}: a visitor without a session may add rows, and no policy names `anon`"
            ));
        }
    }
    report.judge(&asked::POLICIES, super::shortened(complaints, 8), format!("{} tables", tables.len()));
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

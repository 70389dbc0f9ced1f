//! `migrate show`: a saved plan for people, or as JSON.

use crate::apply::{hash_on_disk, read_plan};
use crate::args::{SelectionArguments, ShowArguments};
use crate::console::{Console, Paint};
use crate::report::diff::stat;
use crate::report::redact::Redactor;
use crate::report::{FORMAT_VERSION, count};
use crate::settings::Settings;
use crate::{Exit, pass};
use anyhow::{Context, Result, bail};
use edit::RelPath;
use edit::diff::{FileDiff, Version, unified};

use plan::{Action, FileWrite, SavedPlan};
use serde_json::Value;
use std::path::Path;

/// Runs the verb.
pub(crate) fn run(arguments: &ShowArguments, console: &Console) -> Result<Exit> {
    let plan = read_plan(&arguments.plan)?;
    if arguments.json {
        console.result(&plan.to_json())?;
        return Ok(Exit::Done);
    }
    let settings = Settings::of(&arguments.dir, &SelectionArguments::default(), None)?;
    pass::recover(&arguments.dir, console)?;
    let project = pass::read(&settings, console)?;
    pass::surveyed(&settings, &project, console, |survey, redactor| {
        let diffs = diffs(&plan, &survey.project.root, redactor)?;
        let text = match (arguments.diff, arguments.stat) {
            (true, _) => diff(&diffs, console.paint),
            (_, true) => stat(&diffs),
            _ => format!(
                "{}\n{}\n{}",
                summary(&plan, console.paint),
                stat(&diffs),
                diff(&diffs, console.paint)
            ),
        };
        console.result(&text)?;
        Ok(Exit::Done)
    })
}

fn diff(diffs: &[FileDiff], paint: Paint) -> String {
    paint.diff(&diffs.iter().filter(|diff| !diff.is_empty()).map(unified).collect::<String>())
}

fn summary(plan: &SavedPlan, paint: Paint) -> String {
    let mut text = format!(
        "{} of migrate {}, format {} (this program: {FORMAT_VERSION}); app in {}\n\n",
        paint.bold("A plan"),
        plan.tool.version,
        plan.format_version,
        plan.app_root
    );
    let word = |change: &Value, key: &str| change[key].as_str().unwrap_or_default().to_owned();
    for change in plan.changes.as_array().into_iter().flatten() {
        text += &format!("  {:<6}  {}\n", word(change, "safety"), word(change, "title"));
    }
    let changes = plan.changes.as_array().map_or(0, Vec::len);
    let findings = plan.findings.as_array().map_or(0, Vec::len);
    text + &format!("\n{} for {}\n", count(changes, "change"), count(findings, "finding"))
}

/// What the plan does to the files of a tree; the tree must be the one that it was made on.
fn diffs(plan: &SavedPlan, root: &Path, redactor: &Redactor) -> Result<Vec<FileDiff>> {
    let differences = plan.differences(&|path| hash_on_disk(root, path));
    if !differences.is_empty() {
        let list: String = differences.iter().map(|difference| format!("\n  {difference}")).collect();
        bail!(
            "The diff can only be shown over the tree that the plan was made on (--dir names it):{list}\n\
             `migrate show --json` needs no tree."
        );
    }
    let bytes = |path: &RelPath| {
        std::fs::read(root.join(path.as_str())).with_context(|| format!("{path} cannot be read"))
    };
    let mut diffs = Vec::new();
    for FileWrite { path, before, action } in plan.writes(&bytes)? {
        let text = |bytes: &[u8]| redactor.text(&String::from_utf8_lossy(bytes));
        let old = before.map(|_| bytes(&path)).transpose()?.map(|bytes| text(&bytes));
        let (new, mode) = match action {
            Action::Write { bytes, mode } => (Some(text(&bytes)), mode),
            Action::Delete => (None, 0o644),
            Action::Untrack => continue,
        };
        // A file that is there keeps its mode.
        let mode = if old.is_some() { 0o644 } else { mode };
        let version = |text| Version { path: &path, mode, text };
        diffs.push(FileDiff::between(old.as_deref().map(version), new.as_deref().map(version)));
    }
    Ok(diffs)
}

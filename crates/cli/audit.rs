//! `migrate audit`: everything that is there, and everything that is wrong.

use crate::args::AuditArguments;
use crate::baseline::{Accepted, Baseline, today};
use crate::console::{Console, whole};
use crate::report::human::View;
use crate::report::{Report, count};
use crate::settings::Settings;
use crate::{Exit, pass, report};
use anyhow::Result;
use std::path::Path;

/// Runs the verb.
pub(crate) fn run(arguments: &AuditArguments, console: &Console) -> Result<Exit> {
    pass::recover(&arguments.input.dir, console)?;
    let settings = Settings::of(&arguments.input.dir, &arguments.input.selection, None)?;
    pass::over(&settings, console, |pass| {
        let report = pass.report(console);
        match (&arguments.write_baseline, &arguments.reason) {
            (Some(path), Some(reason)) => write_baseline(path, reason, &report, &settings.baseline, console)?,
            _ => report::print(&report, View::Audit, &arguments.report, console)?,
        }
        Ok(Exit::Done)
    })
}

/// Accepts all findings of the report. What the run was told to accept already stays accepted.
fn write_baseline(
    path: &Path,
    reason: &str,
    report: &Report,
    accepted: &Baseline,
    console: &Console,
) -> Result<()> {
    let known = if path.exists() { Baseline::read(path)? } else { Baseline::default() };
    let date = today();
    let entry = |finding: &report::FindingRow| Accepted {
        fingerprint: finding.fingerprint.clone(),
        rule: finding.rule.to_owned(),
        path: finding.path.clone(),
        message: finding.message.clone(),
        reason: reason.to_owned(),
        date: date.clone(),
    };
    let mut renewed = known.renewed(report.findings.iter().map(entry).collect());
    let kept =
        accepted.accepted.iter().filter(|old| !renewed.fingerprints().contains(old.fingerprint.as_str()));
    let kept: Vec<_> = kept.cloned().collect();
    renewed.accepted.extend(kept);
    renewed.accepted.sort_by(|one, other| {
        (&one.path, &one.rule, &one.fingerprint).cmp(&(&other.path, &other.rule, &other.fingerprint))
    });
    whole(path, renewed.text(path).as_bytes())?;
    let accepted = count(renewed.accepted.len(), "finding");
    console.note(&format!(
        "{accepted} accepted in {}; name it with --baseline or in migrate.toml.",
        path.display()
    ));
    Ok(())
}

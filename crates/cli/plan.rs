//! `migrate plan`: the one-pass rewrite as a diff to review.

use crate::args::PlanArguments;
use crate::console::{Console, whole};
use crate::pass::{self, Pass};
use crate::report::human::View;
use crate::report::{Report, count};
use crate::settings::Settings;
use crate::{Exit, report};
use anyhow::{Result, bail};
use plan::SavedPlan;
use plan::saved::PlanOptions;

/// Runs the verb.
pub(crate) fn run(arguments: &PlanArguments, console: &Console) -> Result<Exit> {
    pass::recover(&arguments.input.dir, console)?;
    let settings = Settings::of(&arguments.input.dir, &arguments.input.selection, arguments.changes.safety)?;
    pass::over_sound(&settings, console, |pass| {
        pass.refuse_to_choose()?;
        let complaints = pass.settled(console);
        let report = pass.report(console);
        report::print(&report, View::Plan, &arguments.report, console)?;
        refuse(&complaints)?;
        if let Some(path) = &arguments.out {
            whole(path, saved(pass, &report)?.to_json().as_bytes())?;
            let saved = path.display();
            console.note(&format!(
                "Saved the plan to {saved}; `migrate apply {saved}` makes exactly these changes."
            ));
        }
        if let Some(path) = &arguments.patch {
            whole(path, plan::patch(pass.survey, &pass.plan).as_bytes())?;
            console.note(&format!("Wrote the patch to {}.", path.display()));
        }
        Ok(if arguments.detailed_exitcode && !report.is_clean() { Exit::Found } else { Exit::Done })
    })
}

/// A plan that does not keep its promises is neither saved nor applied.
pub(crate) fn refuse(complaints: &[String]) -> Result<()> {
    if complaints.is_empty() {
        return Ok(());
    }
    let list: String = complaints.iter().map(|complaint| format!("\n  {complaint}")).collect();
    bail!(
        "The planned tree is not as promised, so nothing is written:{list}\nThis is a mistake of migrate. Leave the change out with \
         --skip, and report it with these lines."
    );
}

/// The plan as it is kept in a file, with the rows of the report.
pub(crate) fn saved(pass: &Pass<'_>, report: &Report) -> Result<SavedPlan> {
    let settings = pass.settings;
    let options = PlanOptions {
        only: settings.only.clone(),
        skip: settings.skip.clone(),
        targets: settings.target.clone(),
        safety: settings.safe_only.then_some(plan::Safety::Safe),
    };
    let mut saved = SavedPlan::of(pass.survey, &pass.plan, options);
    saved.findings = serde_json::to_value(&report.findings)?;
    saved.changes = serde_json::to_value(&report.changes)?;
    saved.held = serde_json::to_value(&report.held)?;
    Ok(saved)
}

/// `3 changes to 5 files`.
pub(crate) fn size(changes: usize, files: usize) -> String {
    format!("{} to {}", count(changes, "change"), count(files, "file"))
}

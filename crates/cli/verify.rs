//! `migrate verify`: the proof that the migrated app runs. Exit code 2 if a probe failed.

use crate::args::VerifyArguments;
use crate::args::{ProofFormat, SelectionArguments};
use crate::console::Console;
use crate::report::proof;
use crate::settings::Settings;
use crate::{Exit, pass};
use ::verify::{Before, Outcome, Subject};
use anyhow::{Result, bail};
use std::path::Path;

/// Runs the verb.
pub(crate) fn run(arguments: &VerifyArguments, console: &Console) -> Result<Exit> {
    let folder = &arguments.dir;
    if !folder.is_dir() {
        bail!("`{}` is not a folder. Give the folder of the migrated app.", folder.display());
    }
    pass::recover(folder, console)?;
    let selection = SelectionArguments { root: arguments.root.clone(), ..SelectionArguments::default() };
    let settings = Settings::of(folder, &selection, None)?;
    let project = pass::read(&settings, console)?;
    if !project.ambiguous_roots.is_empty() {
        bail!(crate::report::build::ambiguous(&project));
    }
    if !may_run(arguments, console)? {
        console.note("Nothing was run.");
        return Ok(Exit::Failed);
    }
    pass::surveyed(&settings, &project, console, |survey, redactor| {
        if let Some(why) = survey.stack.framework.unsupported() {
            bail!("{why} There is nothing to verify.");
        }
        let before = before(folder, arguments)?;
        let subject = Subject { survey, before, lint: arguments.lint };
        let say = |what: &str| {
            if console.verbose || console.can_ask() {
                console.note(&format!("  {what}"));
            }
        };
        let report = ::verify::verify(&subject, &say)?;
        let text = match arguments.format {
            ProofFormat::Human => proof::human(&report, console.paint),
            ProofFormat::Json => proof::json(&report, survey, redactor)?,
            ProofFormat::Markdown => proof::markdown(&report),
            ProofFormat::Html => proof::html(&report),
        };
        match &arguments.output {
            Some(path) => console.file(path, &text)?,
            None => console.result(&text)?,
        }
        Ok(if report.count(Outcome::Fail) > 0 { Exit::Found } else { Exit::Done })
    })
}

/// Running a project's commands is asked for, or said with `--yes`.
fn may_run(arguments: &VerifyArguments, console: &Console) -> Result<bool> {
    if arguments.yes {
        return Ok(true);
    }
    if !console.can_ask() {
        bail!(
            "`migrate verify` runs the project's own commands - install (without install scripts), build, start - in a scratch copy. \
             Nobody is here to be asked: pass `--yes` if that is right."
        );
    }
    let question = "This runs the project's own commands in a scratch copy: install (without install scripts), build, start. \
                    They get nothing of your environment. Go on? [y/N] ";
    let answer = console.ask(question)?;
    Ok(answer.is_some_and(|answer| matches!(answer.to_lowercase().as_str(), "y" | "yes")))
}

/// What the tree was before the migration: what was named, what the last apply kept, the last commit.
fn before(folder: &Path, arguments: &VerifyArguments) -> Result<Before> {
    if let Some(revision) = &arguments.before {
        return Ok(Before::Revision(revision.clone()));
    }
    if let Some(files) = apply::before(folder)? {
        return Ok(Before::Kept(files));
    }
    Ok(match ::verify::is_dirty(folder) {
        Some(true) => Before::Revision("HEAD".to_owned()),
        Some(false) => Before::Unknown(
            "no `migrate apply` is on record, and nothing differs from the last commit; name a revision with --before".to_owned(),
        ),
        None => Before::Unknown("no `migrate apply` is on record, and the folder is not under git".to_owned()),
    })
}

//! `migrate apply`: rewrites the working tree, with a saved plan or a fresh one; all or nothing.

use crate::args::{ApplyArguments, GateArguments};
use crate::console::Console;
use crate::pass::{self, Pass};
use crate::plan::{refuse, saved, size};
use crate::report::Report;
use crate::report::human::{self, Style};
use crate::report::rotation::{self, Rotation};
use crate::settings::Settings;
use crate::{Exit, Usage};
use anyhow::{Context, Result, bail};
use apply::{Applied, Gate};
use edit::RelPath;
use plan::SavedPlan;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Runs the verb.
pub(crate) fn run(arguments: &ApplyArguments, console: &Console) -> Result<Exit> {
    let target = &arguments.what;
    if target.is_file() {
        return exactly(target, arguments, console);
    }
    if arguments.dir.is_some() {
        return Err(Usage("--dir says where a saved plan is applied; name the plan, too.".into()).into());
    }
    if !target.is_dir() {
        bail!(
            "`{}` is neither a folder nor a file. Give the folder of the export, or a plan saved by `migrate plan --out`.",
            target.display()
        );
    }
    afresh(arguments, console)
}

/// A fresh plan.
fn afresh(arguments: &ApplyArguments, console: &Console) -> Result<Exit> {
    let folder = &arguments.what;
    if arguments.interactive && !console.can_ask() {
        bail!("--interactive needs a terminal to ask on. Choose with --only, --skip or --safety instead.");
    }
    pass::recover(folder, console)?;
    let settings = Settings::of(folder, &arguments.selection, arguments.changes.safety)?;
    pass::over_sound(&settings, console, |pass| {
        pass.refuse_to_choose()?;
        let gate = gate(arguments.gate, None);
        apply::gate(&pass.survey.project.root, &gate)?;
        if arguments.interactive {
            choose(pass, console)?;
        }
        let complaints = pass.settled(console);
        let report = pass.report(console);
        if pass.plan.files.is_empty() {
            return nothing(pass, &report, console);
        }
        refuse(&complaints)?;
        if !arguments.yes && !arguments.interactive && console.can_ask() {
            console.show(&human::changed(&report, Style { paint: console.paint_errors(), verbose: false }));
            let question = format!("\nApply {}? [y/N] ", size(report.changes.len(), pass.plan.files.len()));
            if !is_yes(console.ask(&question)?) {
                console.note("Nothing was changed.");
                return Ok(Exit::Failed);
            }
        }
        let plan = saved(pass, &report)?;
        let applied = write(&pass.survey.project.root, &plan, gate, console)?;
        told(&applied, &pass.survey.project.root, report.changes.len(), &report.beside.rotation, console)?;
        Ok(Exit::Done)
    })
}

/// There is nothing to change: that is done, unless the app is one that cannot be migrated.
fn nothing(pass: &Pass<'_>, report: &Report, console: &Console) -> Result<Exit> {
    if let Some(why) = pass.survey.stack.framework.unsupported() {
        bail!("{why} Nothing was changed; `migrate audit` lists what was found.");
    }
    for held in &report.held {
        console.warning(&format!("{} is held: it conflicts with {}.", held.change, held.because_of));
    }
    console.result("Nothing to change.\n")?;
    Ok(if report.held.is_empty() { Exit::Done } else { Exit::Failed })
}

/// A saved plan, to the byte.
fn exactly(path: &Path, arguments: &ApplyArguments, console: &Console) -> Result<Exit> {
    let selection = &arguments.selection;
    let selects =
        !selection.only.is_empty() || !selection.skip.is_empty() || arguments.changes.safety.is_some();
    if selects || arguments.interactive {
        return Err(Usage("A saved plan is applied as it is; --only, --skip, --safety and --interactive choose when it is made.".into()).into());
    }
    let folder = arguments.dir.clone().unwrap_or_else(|| PathBuf::from("."));
    pass::recover(&folder, console)?;
    let plan = read_plan(path)?;
    let settings = Settings::of(&folder, selection, None)?;
    let project = pass::read(&settings, console)?;
    pass::surveyed(&settings, &project, console, |survey, _| {
        let root = &survey.project.root;
        apply::gate(root, &gate(arguments.gate, Some(path)))?;
        let rotation = rotation::list(survey);
        let applied = write(root, &plan, gate(arguments.gate, Some(path)), console)?;
        told(&applied, root, plan.changes.as_array().map_or(0, Vec::len), &rotation, console)?;
        Ok(Exit::Done)
    })
}

/// A saved plan from its file.
pub(crate) fn read_plan(path: &Path) -> Result<SavedPlan> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("The plan {} cannot be read", path.display()))?;
    SavedPlan::from_json(&text).with_context(|| {
        format!(
            "{} is not a plan that can be used. Make it again with `migrate plan --out {0}`",
            path.display()
        )
    })
}

/// blake3 of what is on disk, hex; `None` if there is no file. A symbolic link is not what a plan was made from.
pub(crate) fn hash_on_disk(root: &Path, path: &RelPath) -> Option<String> {
    let path = root.join(path.as_str());
    let metadata = std::fs::symlink_metadata(&path).ok()?;
    if !metadata.is_file() {
        return Some(String::new());
    }
    Some(
        std::fs::read(&path)
            .map_or_else(|_| String::new(), |bytes| blake3::hash(&bytes).to_hex().to_string()),
    )
}

fn write(root: &Path, plan: &SavedPlan, gate: Gate, console: &Console) -> Result<Applied> {
    let differences = plan.differences(&|path| hash_on_disk(root, path));
    if !differences.is_empty() {
        let list: String = differences.iter().map(|difference| format!("\n  {difference}")).collect();
        bail!(
            "The tree is not the one that the plan was made on, so nothing was changed:{list}\nMake a new plan with `migrate plan`."
        );
    }
    let read = |path: &RelPath| {
        std::fs::read(root.join(path.as_str())).with_context(|| format!("{path} cannot be read"))
    };
    let writes = plan.writes(&read)?;
    let written: BTreeSet<_> = writes.iter().map(|write| write.path.clone()).collect();
    let others = plan.inputs.iter().filter(|input| !written.contains(&input.path));
    let inputs = others.map(|input| (input.path.clone(), input.hash.clone())).collect();
    let _step = console.step("Writing");
    apply::apply(root, writes, &apply::Options { gate, inputs })
}

fn gate(arguments: GateArguments, plan: Option<&Path>) -> Gate {
    Gate {
        allow_dirty: arguments.allow_dirty,
        allow_staged: arguments.allow_staged,
        allow_no_vcs: arguments.allow_no_vcs,
        ours: plan.and_then(|plan| plan.canonicalize().ok()).into_iter().collect(),
    }
}

/// What was done, and what is left to do.
fn told(
    applied: &Applied,
    root: &Path,
    changes: usize,
    rotation: &[Rotation],
    console: &Console,
) -> Result<()> {
    if let Some(recovered) = &applied.recovered {
        console.note(&recovered.to_string());
    }
    for note in &applied.notes {
        console.warning(note);
    }
    let style = Style { paint: console.paint, verbose: console.verbose };
    let mut text = format!("Applied {}.\n", size(changes, applied.files.len()));
    if console.verbose {
        text.extend(applied.files.iter().map(|file| format!("  {file}\n")));
    }
    if !applied.untracked.is_empty() {
        let untracked: Vec<_> = applied.untracked.iter().map(RelPath::as_str).collect();
        text += &format!("git no longer tracks {}.\n", pass::listed(&untracked));
    }
    text += &human::rotate(rotation, style);
    text += &to_set(applied, root);
    text += "\nReview it with `git diff`, install, build, and commit. `migrate undo` takes it back.\n";
    console.result(&text)
}

/// The variables whose values this machine alone has: a host that builds without them builds an app that does not start.
fn to_set(applied: &Applied, root: &Path) -> String {
    let local = applied.files.iter().filter(|file| file.name() == ".env.local");
    let texts = local.filter_map(|file| std::fs::read_to_string(root.join(file.as_str())).ok());
    let names: BTreeSet<String> =
        texts.flat_map(|text| syntax::document::env::entries(&text)).map(|entry| entry.name).collect();
    if names.is_empty() {
        return String::new();
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    format!(
        "\nThe code reads these from now on, and only `.env.local` of this machine has them. Set them at the host, and in the\npipeline, before the next deployment: {}.\n",
        names.join(", ")
    )
}

fn is_yes(answer: Option<String>) -> bool {
    answer.is_some_and(|answer| matches!(answer.to_lowercase().as_str(), "y" | "yes"))
}

const HELP: &str = "\
y - make this change
n - leave it out
a - make this change and all that follow
q - stop here: leave this change and all that follow out
? - show the change, and this help
";

/// Asks for every change, and plans again without those that were refused.
fn choose(pass: &mut Pass<'_>, console: &Console) -> Result<()> {
    let asked: Vec<_> = pass.report(console).changes;
    let show = |id: &str| {
        let others = asked.iter().map(|change| change.id.clone()).filter(|other| other != id);
        let mut only = crate::selection::Selection::of(pass.settings);
        only.refused = others.collect();
        let alone = only.plan(pass.survey);
        console.show(&console.paint_errors().diff(&plan::diff_shown(pass.survey, &alone)));
    };
    let rows: Vec<_> = asked.iter().map(|change| (change.id.as_str(), human::line(change))).collect();
    let refused = refused(
        &rows,
        |question| console.ask(question),
        |id| {
            show(id);
            console.show(HELP);
        },
    )?;
    pass.choose(refused);
    Ok(())
}

/// The ids that were refused. The end of input stops, like `q`.
fn refused(
    changes: &[(&str, String)],
    ask: impl Fn(&str) -> Result<Option<String>>,
    show: impl Fn(&str),
) -> Result<BTreeSet<String>> {
    let mut refused = BTreeSet::new();
    for (at, (id, line)) in changes.iter().enumerate() {
        let question = format!("({}/{}) {line} [y,n,a,q,?] ", at + 1, changes.len());
        loop {
            match ask(&question)?.as_deref() {
                Some("y" | "Y") => break,
                Some("n" | "N") => {
                    refused.insert((*id).to_owned());
                    break;
                }
                Some("a" | "A") => return Ok(refused),
                Some("q" | "Q") | None => {
                    refused.extend(changes[at..].iter().map(|(id, _)| (*id).to_owned()));
                    return Ok(refused);
                }
                Some(_) => show(id),
            }
        }
    }
    Ok(refused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    fn check(answers: &[&str], expected: &[&str], shown: &[&str]) {
        let answers = RefCell::new(answers.iter());
        let seen = RefCell::new(Vec::new());
        let changes = ["a/1", "b/2", "c/3"].map(|id| (id, String::new()));
        let ask = |_: &str| Ok(answers.borrow_mut().next().map(|answer| (*answer).to_owned()));
        let refused = refused(&changes, ask, |id| seen.borrow_mut().push(id.to_owned())).unwrap();
        assert_eq!(refused.iter().map(String::as_str).collect::<Vec<_>>(), expected);
        assert_eq!(seen.into_inner(), shown);
    }

    #[test]
    fn every_change_is_asked_for() {
        check(&["y", "n", "y"], &["b/2"], &[]);
    }

    #[test]
    fn a_takes_all_that_follow_and_q_none() {
        check(&["n", "a"], &["a/1"], &[]);
        check(&["y", "q"], &["b/2", "c/3"], &[]);
    }

    #[test]
    fn the_end_of_input_stops() {
        check(&["y"], &["b/2", "c/3"], &[]);
    }

    #[test]
    fn anything_else_shows_the_change_and_asks_again() {
        check(&["?", "y", "what", "n", "y"], &["b/2"], &["a/1", "b/2"]);
    }
}

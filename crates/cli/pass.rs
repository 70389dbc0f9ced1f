//! The way of the data: read, know, audit, plan. Every verb that looks at a tree goes this way.

use crate::console::Console;
use crate::report::build::{Made, ambiguous};
use crate::report::redact::Redactor;
use crate::report::{Report, count};
use crate::selection::Selection;
use crate::settings::Settings;
use anyhow::{Result, bail};
use audit::Survey;
use edit::RelPath;
use plan::{Complaint, Plan};
use project::{Project, ReadOptions, Skipped};
use stack::Stack;
use std::collections::BTreeSet;
use std::path::Path;

/// How many files a message names.
const NAMED: usize = 10;
/// How many times a plan is made again without the files in which it could not keep its promises.
const ROUNDS: usize = 3;

/// What was read and planned, for a verb to go on with.
pub(crate) struct Pass<'p> {
    /// What was asked.
    pub(crate) settings: &'p Settings,
    /// What is there.
    pub(crate) survey: &'p Survey<'p>,
    /// What must not be shown.
    pub(crate) redactor: &'p Redactor,
    /// What this run plans; by [`Pass::selection`].
    pub(crate) plan: Plan,
    /// What this run selects.
    pub(crate) selection: Selection<'p>,
    /// What the recheck of `plan` said, where that was asked already.
    checked: Option<Vec<Complaint>>,
}

/// Reads the tree, plans the one pass over it, and hands both to `verb`.
pub(crate) fn over<T>(
    settings: &Settings,
    console: &Console,
    verb: impl FnOnce(&mut Pass<'_>) -> Result<T>,
) -> Result<T> {
    let project = read(settings, console)?;
    surveyed(settings, &project, console, |survey, redactor| {
        verb(&mut planned(settings, survey, redactor, console))
    })
}

/// [`over`], for a verb that means to write: queries of a file whose rewrite would not be as promised are left alone, so that one odd
/// line does not cost an app everything else.
pub(crate) fn over_sound<T>(
    settings: &Settings,
    console: &Console,
    verb: impl Fn(&mut Pass<'_>) -> Result<T>,
) -> Result<T> {
    let project = read(settings, console)?;
    let mut spared: BTreeSet<RelPath> = BTreeSet::new();
    let mut round = 0;
    loop {
        let done = surveyed_sparing(settings, &project, spared.clone(), console, |survey, redactor| {
            let mut pass = planned(settings, survey, redactor, console);
            let complaints = pass.complaints(console);
            let odd = pass.odd_files(&complaints);
            if !odd.is_empty() && round < ROUNDS {
                return Ok(Err((odd, said(&complaints))));
            }
            pass.checked = Some(complaints);
            verb(&mut pass).map(Ok)
        })?;
        match done {
            Ok(value) => return Ok(value),
            Err((odd, why)) => {
                let names: Vec<&str> = odd.iter().map(RelPath::as_str).collect();
                console.note(&format!(
                    "The queries of {} are left as they are, for the rewrite would not be as promised (a mistake of migrate, please report it).\n  {}",
                    listed(&names),
                    why.join("\n  ")
                ));
                spared.extend(odd);
                round += 1;
            }
        }
    }
}

/// The pass over a tree that was surveyed.
fn planned<'p>(
    settings: &'p Settings,
    survey: &'p Survey<'p>,
    redactor: &'p Redactor,
    console: &Console,
) -> Pass<'p> {
    let selection = Selection::of(settings);
    let plan = {
        let _step = console.step("Planning");
        selection.plan(survey)
    };
    Pass { settings, survey, redactor, plan, selection, checked: None }
}

/// Reads the tree. What a killed run left behind is put right first, and said.
pub(crate) fn read(settings: &Settings, console: &Console) -> Result<Project> {
    let _step = console.step("Reading");
    let options = ReadOptions { no_ignore: settings.no_ignore, app_root: settings.app_root.clone() };
    let project = Project::read(&settings.folder, &options)?;
    let unreadable = project.files.iter().filter(|file| file.skipped == Some(Skipped::Unreadable));
    let unreadable: Vec<_> = unreadable.map(|file| file.path.as_str()).collect();
    if !unreadable.is_empty() {
        bail!(
            "{} cannot be read: {}. A report without them would be wrong: make them readable (`chmod u+r`), or run as their owner.",
            count(unreadable.len(), "file"),
            listed(&unreadable)
        );
    }
    if !project.files.iter().any(|file| file.path.name() == "package.json") {
        bail!(
            "No package.json in `{}` or below it, so there is no app to migrate. Give the folder that holds the export, such as \
             `migrate audit path/to/export`.",
            settings.folder.display()
        );
    }
    Ok(project)
}

/// Surveys what was read; from then on no secret of it is printed.
pub(crate) fn surveyed<T>(
    settings: &Settings,
    project: &Project,
    console: &Console,
    then: impl FnOnce(&Survey<'_>, &Redactor) -> Result<T>,
) -> Result<T> {
    surveyed_sparing(settings, project, BTreeSet::new(), console, then)
}

fn surveyed_sparing<T>(
    settings: &Settings,
    project: &Project,
    spared: BTreeSet<RelPath>,
    console: &Console,
    then: impl FnOnce(&Survey<'_>, &Redactor) -> Result<T>,
) -> Result<T> {
    let step = console.step("Auditing");
    let mut stack = Stack::detect(project);
    if !settings.target.is_empty() {
        stack.hosts_chosen = true;
        let hosts = stack::host::ALL.iter().copied();
        stack.hosts = hosts.filter(|host| settings.target.iter().any(|target| target == host.id())).collect();
    }
    let survey = Survey::sparing(project, &stack, spared);
    drop(step);
    let redactor = Redactor::of(&survey);
    console.hide(redactor.clone());
    then(&survey, &redactor)
}

/// Puts right what a killed run left behind, and says so. Every verb that reads or writes a folder begins with it.
pub(crate) fn recover(folder: &Path, console: &Console) -> Result<()> {
    if let Some(recovered) = apply::recover(folder)? {
        console.note(&format!("{recovered}"));
    }
    Ok(())
}

impl Pass<'_> {
    /// The report. Baseline entries that nothing needs any more are said.
    pub(crate) fn report(&self, console: &Console) -> Report {
        let made = Made {
            survey: self.survey,
            plan: &self.plan,
            selection: &self.selection,
            redactor: self.redactor,
        };
        let (report, stale) = made.report();
        if !stale.is_empty() {
            let entries: Vec<_> = stale.iter().map(String::as_str).collect();
            let entries = listed(&entries);
            console.note(&format!("The baseline accepts what is no longer there: {entries}. `migrate audit --write-baseline` renews it."));
        }
        report
    }

    /// Plans again without the changes that a person refused.
    pub(crate) fn choose(&mut self, refused: BTreeSet<String>) {
        self.selection.refused = refused;
        self.plan = self.selection.plan(self.survey);
        self.checked = None;
    }

    /// Leaves out the changes whose result is not as promised, with those that need them, and says so: the mistake of one change must
    /// not cost the user all others. Where several codemods are blamed, one may have misled the others: the one that costs least goes
    /// first, all of them only at the end. What is still not as promised then is returned, and nothing may be written.
    pub(crate) fn settled(&mut self, console: &Console) -> Vec<String> {
        for last in [false, false, true] {
            let complaints = self.checked.take().unwrap_or_else(|| self.complaints(console));
            let blamed: BTreeSet<&str> =
                complaints.iter().filter_map(|complaint| complaint.codemod.as_deref()).collect();
            let costs = blamed.iter().map(|codemod| self.with_what_needs(&|other| other == *codemod));
            let cheapest = costs.filter(|cost| !cost.is_empty()).min_by_key(BTreeSet::len);
            let Some(out) = cheapest
                .map(|out| if last { self.with_what_needs(&|other| blamed.contains(other)) } else { out })
            else {
                return said(&complaints);
            };
            let left: Vec<String> =
                out.iter().map(|at| self.plan.changes[*at].0.as_str().to_owned()).collect();
            console.note(&format!(
                "Left out, for the result would not be as promised (a mistake of migrate, please report it): {}.\n  {}",
                left.join(", "),
                said(&complaints).join("\n  ")
            ));
            self.selection.refused.extend(left);
            self.plan = self.selection.plan(self.survey);
        }
        said(&self.complaints(console))
    }

    /// Files with queries in which something is not as promised, but for those that are left alone already.
    fn odd_files(&self, complaints: &[Complaint]) -> BTreeSet<RelPath> {
        let named: BTreeSet<&RelPath> = complaints.iter().flat_map(|complaint| &complaint.files).collect();
        let asks = |path: &RelPath| {
            let file = self.survey.project.file(path.as_str());
            file.is_some_and(|file| self.survey.queries.iter().any(|query| query.span.file == file.id))
        };
        named.into_iter().filter(|path| !self.survey.spared.contains(path) && asks(path)).cloned().collect()
    }

    /// The changes of the codemods that `are` names, and all that need them.
    fn with_what_needs(&self, are: &dyn Fn(&str) -> bool) -> BTreeSet<usize> {
        let changes = &self.plan.changes;
        let mut out: BTreeSet<usize> = (0..changes.len()).filter(|at| are(changes[*at].1.codemod)).collect();
        loop {
            let keys: BTreeSet<&String> = out.iter().filter_map(|at| changes[*at].1.key.as_ref()).collect();
            let needing = |at: &usize| changes[*at].1.needs.iter().any(|need| keys.contains(need));
            let more: Vec<usize> = (0..changes.len()).filter(|at| !out.contains(at) && needing(at)).collect();
            if more.is_empty() {
                return out;
            }
            out.extend(more);
        }
    }

    /// Where the planned tree breaks the plan's word. What is only found once the plan is made is told.
    fn complaints(&self, console: &Console) -> Vec<Complaint> {
        let step = console.step("Checking the planned tree");
        let (broken, found): (Vec<_>, Vec<_>) =
            self.selection.recheck(self.survey, &self.plan).into_iter().partition(|one| one.broken);
        drop(step);
        for one in said(&found) {
            console.note(&format!("The next plan finds more: {one}"));
        }
        broken
    }

    /// Refuses to choose between two apps of one kind.
    pub(crate) fn refuse_to_choose(&self) -> Result<()> {
        if !self.survey.project.ambiguous_roots.is_empty() {
            bail!(ambiguous(self.survey.project));
        }
        Ok(())
    }
}

fn said(complaints: &[Complaint]) -> Vec<String> {
    complaints.iter().map(|complaint| complaint.says.clone()).collect()
}

/// The first of them, and how many more.
pub(crate) fn listed(all: &[&str]) -> String {
    let shown = all.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    if all.len() > NAMED { format!("{shown} and {} more", all.len() - NAMED) } else { shown }
}

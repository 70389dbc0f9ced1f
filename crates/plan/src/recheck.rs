//! The planned tree, read as a project and run through the same pipeline: is it as promised?

use crate::{Chosen, Codemod, Outcome, Plan, plan_chosen, text_after};
use audit::{Finding, Survey};
use edit::RelPath;
use project::{Kind, Project};
use stack::Stack;
use std::collections::{BTreeMap, BTreeSet};
use syntax::{Parse, document};

/// Something in the planned tree that is not as promised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// In a sentence.
    pub says: String,
    /// The codemod whose change or finding it is; `None`: a file does not parse, and no change touches it.
    pub codemod: Option<String>,
    /// The files of the tree in which it shows.
    pub files: BTreeSet<RelPath>,
    /// Whether the plan breaks its word. A finding that only shows once the plan is made is told, and costs no change.
    pub broken: bool,
}

impl Complaint {
    /// `id`: of a change or a rule, which begin with their codemod.
    fn of(id: &str, says: String) -> Self {
        let codemod = id.split('/').next().map(str::to_owned);
        Self { says, codemod, files: BTreeSet::new(), broken: true }
    }

    fn within(self, files: impl IntoIterator<Item = RelPath>) -> Self {
        Self { files: files.into_iter().collect(), ..self }
    }
}

/// Reads the planned tree as a project, runs the same pipeline over it, and says what is not as promised: a file that parsed and
/// no longer does, a change planned a second time, a finding that was claimed fixed and is still there, a finding that is new.
/// Empty = as promised.
pub fn recheck(survey: &Survey<'_>, plan: &Plan, codemods: &[&dyn Codemod]) -> Vec<Complaint> {
    recheck_chosen(survey, plan, codemods, &|_, _| true)
}

/// [`recheck`] of a plan over a part of the findings: `finding` says for the project that it is given (as it is, or as
/// planned) whether a finding counts.
pub fn recheck_chosen(
    survey: &Survey<'_>,
    plan: &Plan,
    codemods: &[&dyn Codemod],
    finding: &dyn Fn(&Project, &Finding) -> bool,
) -> Vec<Complaint> {
    let planned = planned(survey, plan);
    let mut stack = Stack::detect(&planned);
    if survey.stack.hosts_chosen {
        stack.hosts = survey.stack.hosts.clone();
        stack.hosts_chosen = true;
    }
    let after = Survey::sparing(&planned, &stack, spared(survey, plan));
    // What was declined or held is still to be done, and may be proposed again.
    let waits = |id: &str| plan.declined.contains(id) || plan.held.iter().any(|held| held.change == id);
    let counts = |found: &Finding| finding(&planned, found);
    let again = plan_chosen(&after, codemods, &Chosen { finding: &counts, change: &|id, _| !waits(id) });
    let mut complaints = unparsed(survey.project, &planned, plan);
    for (id, change) in &again.changes {
        let edited = || change.edits.iter().map(|edit| &planned.get(edit.span.file).path);
        let path = edited().chain(change.creates.iter().map(|new| &new.path)).next();
        let place = path.map(|path| format!(" in {path}")).unwrap_or_default();
        let says = format!("After the plan, {id} is planned again{place}.");
        // A change that the plan does not hold comes of what another one made: the next plan brings it.
        let broken = plan.changes.iter().any(|(own, _)| own == id);
        complaints.push(Complaint { broken, ..Complaint::of(id, says).within(edited().cloned()) });
    }
    for held in &again.held {
        let says = format!("After the plan, {} is planned again, and held: {}", held.change, held.why);
        complaints.push(Complaint::of(&held.change, says));
    }
    complaints.extend(findings(survey.project, plan, &planned, &again));
    complaints
}

/// The tree after the plan.
fn planned(survey: &Survey<'_>, plan: &Plan) -> Project {
    let (mut texts, mut untracked) = (Vec::new(), Vec::new());
    for (path, outcome) in &plan.files {
        match outcome {
            Outcome::Deleted { .. } => texts.push((path.clone(), None)),
            Outcome::Untracked { edits, .. } => {
                untracked.push(path.clone());
                if !edits.is_empty() {
                    texts.push((path.clone(), Some(text_after(survey, outcome))));
                }
            }
            Outcome::UntrackedFolder => untracked.push(path.clone()),
            _ => texts.push((path.clone(), Some(text_after(survey, outcome)))),
        }
    }
    survey.project.planned(texts, &untracked)
}

/// The files whose queries are left alone, by their names in the planned tree: some have moved.
fn spared(survey: &Survey<'_>, plan: &Plan) -> BTreeSet<RelPath> {
    let moves = plan.changes.iter().flat_map(|(_, change)| &change.moves);
    let moved = moves.filter(|moved| survey.spares(moved.file)).map(|moved| moved.to.clone());
    survey.spared.iter().cloned().chain(moved).collect()
}

/// Changed and new files that do not parse, though they did, or though they are ours; once for each codemod that wrote in one.
fn unparsed(before: &Project, after: &Project, plan: &Plan) -> Vec<Complaint> {
    let parses = |project: &Project, path: &RelPath| -> Option<bool> {
        let file = project.file(path.as_str())?;
        match file.kind {
            Kind::Code(_) => file.syntax().map(|(tree, _)| tree.state() != Parse::Broken),
            Kind::Json if !file.text.trim().is_empty() => Some(document::json::parse(&file.text).is_some()),
            _ => None,
        }
    };
    let mut complaints = Vec::new();
    for path in plan.files.keys().filter(|path| parses(after, path) == Some(false)) {
        let says = match parses(before, path) {
            Some(true) => format!("{path} parses now and would not after the plan."),
            Some(false) => continue,
            None => format!("{path}, a new file, does not parse."),
        };
        let wrote = plan.changes.iter().filter(|(_, change)| {
            change.edits.iter().any(|edit| before.get(edit.span.file).path == *path)
                || change.creates.iter().any(|new| new.path == *path)
        });
        let codemods: BTreeSet<&str> = wrote.map(|(_, change)| change.codemod).collect();
        let of = |codemod: Option<&str>| Complaint {
            says: says.clone(),
            codemod: codemod.map(str::to_owned),
            files: BTreeSet::from([path.clone()]),
            broken: true,
        };
        match codemods.is_empty() {
            true => complaints.push(of(None)),
            false => complaints.extend(codemods.into_iter().map(|codemod| of(Some(codemod)))),
        }
    }
    complaints
}

/// One cause: all findings of one rule about one subject in one file.
type Cause<'f> = (&'f str, &'f str, &'f str);

/// How many findings of one cause there are, and how many of them are claimed fixed.
#[derive(Clone, Copy, Default)]
struct Count {
    all: usize,
    fixed: usize,
}

fn counted<'f>(project: &'f Project, plan: &'f Plan) -> BTreeMap<Cause<'f>, Count> {
    let mut counts: BTreeMap<Cause<'f>, Count> = BTreeMap::new();
    for (at, (finding, by)) in plan.findings.iter().enumerate() {
        let path = project.get(finding.span.file).path.as_str();
        let count = counts.entry((finding.rule, path, &finding.subject)).or_default();
        count.all += 1;
        count.fixed += usize::from(by.is_some() && !plan.along.contains(&at));
    }
    counts
}

/// Findings that are still there though fixed, and findings that are new. Counted by cause and not by fingerprint alone: the
/// fingerprint of the second of two equal findings is that of the first, once the first is gone.
fn findings(before: &Project, plan: &Plan, planned: &Project, again: &Plan) -> Vec<Complaint> {
    let (old, new) = (counted(before, plan), counted(planned, again));
    // A finding may move to another file along with its code.
    let mut left: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for ((rule, path, subject), count) in &old {
        let still = new.get(&(*rule, *path, *subject)).map_or(0, |count| count.all);
        *left.entry((rule, subject)).or_default() += (count.all - count.fixed).saturating_sub(still);
    }
    // A lockfile follows its manifest with the next install.
    let follows: BTreeSet<&str> = planned
        .packages
        .iter()
        .filter(|package| plan.files.contains_key(&planned.get(package.manifest).path))
        .flat_map(|package| package.lockfiles.iter().map(|lockfile| lockfile.path.as_str()))
        .collect();
    let mut complaints = Vec::new();
    for ((rule, path, subject), now) in new.iter().filter(|((_, path, _), _)| !follows.contains(path)) {
        let was = old.get(&(*rule, *path, *subject)).copied().unwrap_or_default();
        let expected = was.all - was.fixed;
        if now.all <= expected {
            continue;
        }
        let about = if subject.is_empty() { String::new() } else { format!(" ({subject})") };
        if was.fixed > 0 {
            let says =
                format!("{path}: {rule}{about} is claimed fixed and would still be found after the plan.");
            complaints.push(Complaint::of(rule, says).within(RelPath::new(*path)));
            continue;
        }
        let moved = left.entry((rule, subject)).or_default();
        let fresh = (now.all - expected).saturating_sub(*moved);
        *moved = moved.saturating_sub(now.all - expected);
        if fresh > 0 {
            let says = format!("{path}: {rule}{about} would be found after the plan and is not found now.");
            complaints.push(Complaint { broken: false, ..Complaint::of(rule, says) });
        }
    }
    complaints
}

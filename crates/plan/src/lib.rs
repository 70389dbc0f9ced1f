//! PLAN. Codemods propose changes over a survey; one pass makes them a [`Plan`]. No loop: the fixpoint is a check ([`recheck`]).
//!
//! The way of the data: codemods find and fix ([`change`]), the [`pass`] decides which changes stand and grants their
//! [`request`]s, and what each file becomes is shown ([`diff`]), saved ([`saved`]), written as a patch for git ([`patch`]), and
//! read again as a project ([`recheck`]). Nothing here touches the disk.

mod aligned;
pub mod change;
mod content;
mod copied;
mod diff;
mod import_list;
mod lost;
mod moved;
mod pass;
mod patch;
mod recheck;
mod redact;
pub mod request;
pub mod saved;
pub mod write;

pub use change::{About, Change, Codemod, Disposition, MovedFile, NewFile, Safety, Settled};
pub use diff::{diff_shown, diffs_shown, redact};
pub use patch::patch;
pub use recheck::{Complaint, recheck, recheck_chosen};
pub use redact::Redactor;
pub use request::Request;
pub use saved::SavedPlan;
pub use write::{Action, FileWrite};

use audit::{Finding, Survey};
use edit::{Edit, FileId, Piece, RelPath, Span};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// What one file becomes.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is what its type says")]
pub enum Outcome {
    /// Flat edits of an existing file.
    Edited { file: FileId, edits: Vec<Edit> },
    /// A new file.
    Created { pieces: Vec<Piece>, mode: u32 },
    /// A file that goes.
    Deleted { file: FileId },
    /// Stays on disk, leaves git's index; edited, if `edits` is not empty.
    Untracked { file: FileId, edits: Vec<Edit> },
    /// A folder that stays on disk and leaves git's index with all that is in it.
    UntrackedFolder,
}

/// A change that does not land.
#[derive(Clone, Debug)]
pub struct HeldChange {
    /// Which (its id).
    pub change: String,
    /// The change it conflicts with.
    pub because_of: String,
    /// Where.
    pub span: Option<Span>,
    /// What stands against it, one sentence.
    pub why: String,
}

/// The one pass, decided.
pub struct Plan {
    /// All findings, sorted by path, line, column; with the id of the change that resolves each.
    pub findings: Vec<(Finding, Option<String>)>,
    /// Changes that land, in codemod order, less those that only ask for what is there already, with their ids (`codemod-id/slug`, `-2` … when repeated).
    pub changes: Vec<(String, Change)>,
    /// Changes that do not.
    pub held: Vec<HeldChange>,
    /// Ids of changes that the caller did not choose.
    pub declined: BTreeSet<String>,
    /// What each file becomes.
    pub files: BTreeMap<RelPath, Outcome>,
    /// Which of the findings (indices) no change was made for, and all their places go with a change that lands: it counts as the one
    /// that resolves them. Nothing was promised, so the recheck does not hold the plan to it.
    pub along: BTreeSet<usize>,
}

/// What a caller lets through: suppressed findings, declined changes.
pub struct Chosen<'a> {
    /// Findings for which it is `false` are given to no codemod to fix, and are left out of the plan.
    pub finding: &'a dyn Fn(&Finding) -> bool,
    /// Changes (by id) for which it is `false` do not land.
    pub change: &'a dyn Fn(&str, &Change) -> bool,
}

/// Runs every codemod once and merges what they propose.
pub fn plan(survey: &Survey<'_>, codemods: &[&dyn Codemod]) -> Plan {
    plan_chosen(survey, codemods, &Chosen { finding: &|_| true, change: &|_, _| true })
}

/// [`plan`] over a part of the findings and changes.
pub fn plan_chosen(survey: &Survey<'_>, codemods: &[&dyn Codemod], chosen: &Chosen<'_>) -> Plan {
    let mut findings: Vec<(Finding, Option<usize>)> = Vec::new();
    let mut changes: Vec<(String, Change)> = Vec::new();
    let (mut ids, mut declined) = (BTreeSet::new(), BTreeSet::new());
    // Codemods do not see each other, so all find at once, and all fix at once.
    let found = at_once(codemods, |_, codemod| codemod.find(survey));
    let kept = found.into_iter().map(|mut found: Vec<Finding>| {
        found.retain(chosen.finding);
        found
    });
    let kept: Vec<Vec<Finding>> = kept.collect();
    let fixes = at_once(codemods, |at, codemod| codemod.fix(survey, &kept[at]));
    for (found, proposed) in kept.into_iter().zip(fixes) {
        let first = findings.len();
        findings.extend(found.into_iter().map(|finding| (finding, None)));
        for change in proposed {
            let id = new_id(&mut ids, &change);
            if !(chosen.change)(&id, &change) {
                declined.insert(id);
                continue;
            }
            for fixed in &change.fixes {
                if let Some((_, by)) = findings.get_mut(first + fixed) {
                    by.get_or_insert(changes.len());
                }
            }
            changes.push((id, change));
        }
    }
    let proposed: Vec<&Change> = changes.iter().map(|(_, change)| change).collect();
    let settled = pass::settle(survey, &proposed);
    let left_out = pass::left_out(&proposed, &settled.held);
    let held = settled.held.iter().map(|(at, reason)| HeldChange {
        change: changes[*at].0.clone(),
        because_of: changes[reason.because_of].0.clone(),
        span: reason.span,
        why: reason.why.clone(),
    });
    let held = held.collect();
    let lands: Vec<_> = changes
        .iter()
        .enumerate()
        .map(|(at, (_, change))| {
            !settled.held.contains_key(&at) && !left_out[at] && pass::has_effect(survey, change)
        })
        .collect();
    let by_id = |by: usize| lands[by].then(|| changes[by].0.clone());
    let mut findings: Vec<_> =
        findings.into_iter().map(|(finding, by)| (finding, by.and_then(by_id))).collect();
    // Files are sorted by path, so their ids are.
    findings.sort_by(|(one, _), (other, _)| {
        (one.span.file, one.span.start, one.rule, &one.subject, one.span.end).cmp(&(
            other.span.file,
            other.span.start,
            other.rule,
            &other.subject,
            other.span.end,
        ))
    });
    let landing = changes.into_iter().zip(lands).filter(|(_, lands)| *lands);
    let changes: Vec<(String, Change)> = landing.map(|(change, _)| change).collect();
    let along = along(&mut findings, &changes, &settled.files);
    Plan { findings, changes, held, declined, files: settled.files, along }
}

/// What `work` makes of each codemod, in their order.
fn at_once<T: Send>(
    codemods: &[&dyn Codemod],
    work: impl Fn(usize, &dyn Codemod) -> T + Send + Sync,
) -> Vec<T> {
    audit::on_deep_stacks(|| {
        codemods.par_iter().enumerate().map(|(at, codemod)| work(at, *codemod)).collect()
    })
}

/// Gives findings without a change to the one that takes all their places away.
fn along(
    findings: &mut [(Finding, Option<String>)],
    changes: &[(String, Change)],
    files: &BTreeMap<RelPath, Outcome>,
) -> BTreeSet<usize> {
    let kept: Vec<Span> = files
        .values()
        .flat_map(|outcome| match outcome {
            Outcome::Edited { edits, .. } | Outcome::Untracked { edits, .. } => {
                edits.iter().flat_map(|edit| &edit.replacement).collect::<Vec<_>>()
            }
            Outcome::Created { pieces, .. } => pieces.iter().collect(),
            _ => Vec::new(),
        })
        .filter_map(|piece| match piece {
            Piece::Source(span) | Piece::Indented { span, .. } => Some(*span),
            Piece::Text(_) => None,
        })
        .collect();
    let is_kept = |place: Span| {
        kept.iter().any(|kept| kept.file == place.file && kept.start < place.end && place.start < kept.end)
    };
    let takes = |change: &Change, place: Span| {
        let edited = change.edits.iter().any(|edit| edit.span.covers(place)) && !is_kept(place);
        place.start < place.end && (edited || change.deletes.contains(&place.file))
    };
    let mut along = BTreeSet::new();
    for (at, (finding, by)) in findings.iter_mut().enumerate().filter(|(_, (_, by))| by.is_none()) {
        let places =
            || std::iter::once(finding.span).chain(finding.related.iter().map(|related| related.span));
        let change = changes.iter().find(|(_, change)| places().all(|place| takes(change, place)));
        if let Some((id, _)) = change {
            *by = Some(id.clone());
            along.insert(at);
        }
    }
    along
}

/// `codemod-id/slug-of-title`, with `-2`, `-3` … when it is there already.
fn new_id(ids: &mut BTreeSet<String>, change: &Change) -> String {
    let words: Vec<_> = change
        .title
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let slug = if words.is_empty() { "change".to_owned() } else { words.join("-") };
    let plain = format!("{}/{slug}", change.codemod);
    let mut id = plain.clone();
    let mut count = 1;
    while !ids.insert(id.clone()) {
        count += 1;
        id = format!("{plain}-{count}");
    }
    id
}

/// The text of a file after the plan; empty for a deleted one, and for a folder.
pub fn text_after(survey: &Survey<'_>, outcome: &Outcome) -> String {
    let texts = |file: FileId| survey.project.files.get(file.0 as usize).map_or("", |file| &*file.text);
    match outcome {
        Outcome::Edited { file, edits } | Outcome::Untracked { file, edits } => {
            edit::merge::apply(&texts, *file, edits)
        }
        Outcome::Created { pieces, .. } => edit::merge::render(&texts, pieces),
        Outcome::Deleted { .. } | Outcome::UntrackedFolder => String::new(),
    }
}

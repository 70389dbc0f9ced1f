//! PLAN. Codemods propose changes over a survey; one pass makes them a [`Plan`]. No loop: the fixpoint is a check ([`recheck`]).
//! SKELETON: signatures agreed, bodies to be written.

pub mod change;
pub mod request;
pub mod saved;
pub mod write;

pub use change::{About, Change, Codemod, NewFile, Safety};
pub use request::Request;
pub use saved::SavedPlan;
pub use write::{Action, FileWrite};

use audit::{Finding, Survey};
use edit::{Edit, FileId, Piece, RelPath, Span};
use std::collections::BTreeMap;

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
    /// Changes that land, in codemod order, with their ids (`codemod-id/slug`, `-2` … when repeated).
    pub changes: Vec<(String, Change)>,
    /// Changes that do not.
    pub held: Vec<HeldChange>,
    /// What each file becomes.
    pub files: BTreeMap<RelPath, Outcome>,
}

/// Runs every codemod once and merges what they propose.
pub fn plan(_survey: &Survey<'_>, _codemods: &[&dyn Codemod]) -> Plan {
    unimplemented!()
}

/// What a caller lets through: suppressed findings, declined changes.
pub struct Chosen<'a> {
    /// Findings for which it is `false` are given to no codemod to fix; they are left out of the plan.
    pub finding: &'a dyn Fn(&Finding) -> bool,
    /// Changes (by id) for which it is `false` do not land.
    pub change: &'a dyn Fn(&str, &Change) -> bool,
}

/// [`plan`] over a part of the findings and changes.
pub fn plan_chosen(_survey: &Survey<'_>, _codemods: &[&dyn Codemod], _chosen: &Chosen<'_>) -> Plan {
    unimplemented!()
}

/// The text of a file after the plan; empty for a deleted one.
pub fn text_after(_survey: &Survey<'_>, _outcome: &Outcome) -> String {
    unimplemented!()
}

/// The whole plan as a unified diff for people, every secret masked.
pub fn diff_shown(_survey: &Survey<'_>, _plan: &Plan) -> String {
    unimplemented!()
}

/// `text` with every secret of the survey masked (`sk-p…#1a2b3c4d`). For every output of the program.
pub fn redact(_text: &str, _survey: &Survey<'_>) -> String {
    unimplemented!()
}

/// The plan as a patch that `git apply` takes and that holds no secret value. What it leaves out is named in its first lines.
pub fn patch(_survey: &Survey<'_>, _plan: &Plan) -> String {
    unimplemented!()
}

/// Reads the planned tree as a project, runs the same pipeline over it, and says what is not as promised. Empty = as promised.
pub fn recheck(_survey: &Survey<'_>, _plan: &Plan, _codemods: &[&dyn Codemod]) -> Vec<String> {
    unimplemented!()
}

//! PLAN. Codemods propose changes over a survey; one pass makes them a [`Plan`]. No loop: the fixpoint is a check ([`recheck`]).
//! SKELETON: signatures agreed, bodies to be written.

pub mod change;
pub mod request;
pub mod saved;
pub mod write;

pub use change::{About, Change, Codemod, NewFile, Safety};
pub use request::Request;
pub use write::{Action, FileWrite};

use audit::{Finding, Survey};
use edit::{Edit, FileId, Piece, RelPath, Span};
use std::collections::BTreeMap;

/// What one file becomes.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Flat edits of an existing file.
    Edited { file: FileId, edits: Vec<Edit> },
    /// A new file.
    Created { pieces: Vec<Piece>, mode: u32 },
    /// A file that goes.
    Deleted { file: FileId },
    /// Stays on disk, leaves git's index.
    Untracked { file: FileId },
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

/// Reads the planned tree as a project, runs the same pipeline over it, and says what is not as promised. Empty = as promised.
pub fn recheck(_survey: &Survey<'_>, _plan: &Plan, _codemods: &[&dyn Codemod]) -> Vec<String> {
    unimplemented!()
}

//! The one-pass merge (house rules: "Edits: one pass, many authors"). SKELETON: signatures agreed, bodies to be written.

use crate::{Edit, FileId, Piece, RelPath, Span};

/// The edits and new files of one author that land whole or not at all. Order in the slice = precedence.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// Edits, in however many files.
    pub edits: Vec<Edit>,
    /// New files: path and content. Two groups that create one path with equal pieces agree.
    pub creates: Vec<(RelPath, Vec<Piece>)>,
    /// Files that go. A slice of a deleted file may still be kept elsewhere.
    pub deletes: Vec<FileId>,
}

/// A group that could not stand beside an earlier one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Index of the group that is held.
    pub group: usize,
    /// Index of the group it conflicts with; itself if its own edits contradict each other or its slices are circular.
    pub because_of: usize,
    /// Where they meet (`None`: two new files of one path).
    pub span: Option<Span>,
}

/// What came out of the merge. All edits are flat: sorted, apart, and their pieces hold no span in which an edit still waits.
#[derive(Clone, Debug, Default)]
pub struct Merged {
    /// Indices of the groups that stand.
    pub accepted: Vec<usize>,
    /// The rest.
    pub held: Vec<Held>,
    /// Flat edits of each changed file.
    pub edits: std::collections::BTreeMap<FileId, Vec<Edit>>,
    /// Flat content of each new file.
    pub creates: std::collections::BTreeMap<RelPath, Vec<Piece>>,
    /// Files that go.
    pub deletes: std::collections::BTreeSet<FileId>,
}

/// Merges all groups over the original texts. Pure; never fails: what does not fit is held.
pub fn merge<'t>(_text: &dyn Fn(FileId) -> &'t str, _groups: &[Group]) -> Merged {
    Merged::default()
}

/// The text that `pieces` stand for.
pub fn render<'t>(_text: &dyn Fn(FileId) -> &'t str, _pieces: &[Piece]) -> String {
    String::new()
}

/// `original` with flat `edits` of one file applied.
pub fn apply<'t>(_text: &dyn Fn(FileId) -> &'t str, _file: FileId, _edits: &[Edit]) -> String {
    String::new()
}

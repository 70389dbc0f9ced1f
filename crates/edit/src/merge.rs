//! The one-pass merge. Groups are taken in order; each lands whole or is held, and a held group leaves no trace.
//!
//! Two edits stand together if they are apart, touching, equal, insertions at one place, or if one lies inside a slice that
//! the group of the other keeps out of the replaced span - in the replacement itself, in another file or in a new file.
//! A slice carries the edits inside it along, wherever it is kept, and as often as it is kept. The rules for the borders:
//!
//! - An insertion at the border of a slice or of a replaced span is outside of it. Where one group replaces `foo()` and
//!   keeps `foo`, an insertion before `foo` stays before the replacement, one after `foo` has no place left: it conflicts.
//!   Only a span of a whole file takes the insertions at its borders, as nothing lies beyond.
//! - A slice does not carry the edit that its own group makes of exactly that span: so `f(` slice `)` wraps, and "delete here,
//!   keep there" moves. Edits of the same span by other groups are carried; the later group wraps what the earlier made.
//! - An edit and a slice that overlap with neither inside the other conflict: the slice would tear the edit.
//! - A slice inside an edit of another group, which keeps nothing of it, shows the original.
//! - Equal edits of two groups are one edit, insertions too. One group may insert the same text twice at one place.
//! - A deletion of a file is an edit of its whole span, but no slice carries it: a copy of a deleted file is not empty.

use crate::flatten::Flattener;
use crate::indent::{indented, slice};
use crate::standing::Standing;
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
    /// Index of the group it conflicts with; itself if its own edits contradict each other, its slices are circular (also
    /// through edits of other groups), or a span of it is no sound span of its file.
    pub because_of: usize,
    /// Where they meet (`None`: two new files of one path). Always a sound span.
    pub span: Option<Span>,
}

/// What came out of the merge. All edits are flat: sorted, apart, and their pieces hold no span in which an edit still waits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
pub fn merge<'t>(text: &dyn Fn(FileId) -> &'t str, groups: &[Group]) -> Merged {
    let mut standing = Standing::new(text, groups);
    let mut merged = Merged::default();
    for group in 0..groups.len() {
        match standing.admit(group) {
            Ok(()) => merged.accepted.push(group),
            Err(conflict) => {
                merged.held.push(Held { group, because_of: conflict.because_of, span: conflict.span })
            }
        }
    }
    let mut flattener = Flattener::new(text, &standing);
    for file in standing.files() {
        if standing.goes(file) {
            merged.deletes.insert(file);
            continue;
        }
        let edits = flattener.edits(file);
        if !edits.is_empty() {
            merged.edits.insert(file, edits);
        }
    }
    for (path, pieces, owner) in standing.creates() {
        merged.creates.insert(path.clone(), flattener.content(pieces, owner));
    }
    merged
}

/// The text that `pieces` stand for.
pub fn render<'t>(text: &dyn Fn(FileId) -> &'t str, pieces: &[Piece]) -> String {
    let mut out = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Source(span) => out.push_str(slice(text, *span)),
            Piece::Indented { span, indent, verbatim } => {
                for run in indented(text, *span, indent, verbatim) {
                    match &run.piece {
                        Piece::Text(text) => out.push_str(text),
                        Piece::Source(span) | Piece::Indented { span, .. } => {
                            out.push_str(slice(text, *span))
                        }
                    }
                }
            }
        }
    }
    out
}

/// `original` with flat `edits` of one file applied.
pub fn apply<'t>(text: &dyn Fn(FileId) -> &'t str, file: FileId, edits: &[Edit]) -> String {
    let original = text(file);
    let mut out = String::with_capacity(original.len());
    let mut at = 0;
    for edit in edits {
        out.push_str(original.get(at..edit.span.start as usize).unwrap_or(""));
        out.push_str(&render(text, &edit.replacement));
        at = edit.span.end as usize;
    }
    out.push_str(original.get(at..).unwrap_or(""));
    out
}

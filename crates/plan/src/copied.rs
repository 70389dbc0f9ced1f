//! New files that hold what another one held: a page that moves beside its old place is shown as that, and not as so many new lines.

use crate::{Outcome, Plan};
use audit::Survey;
use edit::{FileId, Piece};

/// The file whose text goes on in a new one, while its own place gets another.
pub(crate) fn source(survey: &Survey<'_>, plan: &Plan, outcome: &Outcome) -> Option<FileId> {
    let Outcome::Created { pieces, .. } = outcome else { return None };
    let slices = || {
        pieces.iter().filter_map(|piece| match piece {
            Piece::Source(span) => Some(*span),
            _ => None,
        })
    };
    let file = survey.project.get(slices().max_by_key(|span| span.range().len())?.file);
    let kept: usize = slices().filter(|span| span.file == file.id).map(|span| span.range().len()).sum();
    let whole = file.span(0..file.text.len());
    let moves = matches!(plan.files.get(&file.path), Some(Outcome::Edited { edits, .. })
        if edits.iter().any(|edit| edit.span == whole));
    (moves && 2 * kept > file.text.len()).then_some(file.id)
}

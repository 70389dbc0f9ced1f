//! Files that go to another place: what they become there, once all that others change in them is decided.

use crate::change::MovedFile;
use crate::content::Content;
use crate::{Outcome, pass};
use edit::{Edit, FileId, RelPath};
use project::{Kind, Project};
use std::collections::BTreeMap;

/// What stands against a move, one sentence; `taken`: what stands where it goes.
pub(crate) fn refused(project: &Project, one: &MovedFile, taken: Option<&RelPath>) -> Option<String> {
    if let Some(taken) = taken {
        return Some(format!("`{taken}` is there already."));
    }
    let file = project.files.get(one.file.0 as usize);
    let movable = file.is_some_and(|file| file.skipped.is_none() && file.kind != Kind::Binary);
    (!movable).then(|| "It moves a file whose text was not taken.".to_owned())
}

/// The change that moves the same file already, or another one to the same place.
pub(crate) fn met(
    moved: &BTreeMap<FileId, (usize, RelPath)>,
    one: &MovedFile,
) -> Option<(usize, &'static str)> {
    if let Some((by, _)) = moved.get(&one.file) {
        return Some((*by, "Both move the same file."));
    }
    let (by, _) = moved.values().find(|(_, to)| *to == one.to)?;
    Some((*by, "Both move a file to the same place."))
}

/// Takes what the file becomes to its new place.
pub(crate) fn place(project: &Project, one: &MovedFile, outcomes: &mut BTreeMap<RelPath, Outcome>) {
    let file = project.get(one.file);
    let texts = |id: FileId| pass::text(project, id);
    let edits = match outcomes.remove(&file.path) {
        Some(Outcome::Edited { edits, .. } | Outcome::Untracked { edits, .. }) => edits,
        Some(other) => {
            outcomes.insert(file.path.clone(), other);
            return;
        }
        None => Vec::new(),
    };
    let pieces = Content::edited(&texts, file.id, &edits).into_pieces();
    outcomes.insert(one.to.clone(), Outcome::Created { pieces, mode: file.mode });
    let left = match &one.leaves {
        None => Outcome::Deleted { file: file.id },
        Some(pieces) => {
            let whole = Edit { span: file.span(0..file.text.len()), replacement: pieces.clone() };
            Outcome::Edited { file: file.id, edits: vec![whole] }
        }
    };
    outcomes.insert(file.path.clone(), left);
}

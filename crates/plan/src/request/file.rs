//! Whole generated files: equal requests agree.

use super::Refusal;
use crate::content::Texts;
use edit::{Piece, RelPath, merge::render};
use std::collections::{BTreeMap, BTreeSet};

/// A file that is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pub(crate) pieces: Vec<Piece>,
    pub(crate) mode: u32,
    pub(crate) askers: BTreeSet<usize>,
}

impl Wish {
    pub(super) fn new(by: usize, pieces: &[Piece], mode: u32) -> Self {
        Self { pieces: pieces.to_vec(), mode, askers: BTreeSet::from([by]) }
    }
}

pub(super) fn take(
    files: &mut BTreeMap<RelPath, Wish>,
    texts: Texts<'_, '_>,
    path: &RelPath,
    wish: Wish,
) -> Result<(), Refusal> {
    let Some(earlier) = files.get_mut(path) else {
        files.insert(path.clone(), wish);
        return Ok(());
    };
    if earlier.mode != wish.mode || render(texts, &earlier.pieces) != render(texts, &wish.pieces) {
        let why = format!("Both want another content for `{path}`.");
        return Err(Refusal { by: wish.askers, because_of: earlier.askers.first().copied(), why });
    }
    earlier.askers.extend(wish.askers);
    Ok(())
}

//! Items of a generated module that several authors extend, sorted between a common beginning and end.

use super::Refusal;
use crate::content::{Splice, Texts};
use edit::{Piece, RelPath, merge::render};
use std::collections::{BTreeMap, BTreeSet};

/// One item.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) order: u32,
    pub(crate) key: String,
    pub(crate) pieces: Vec<Piece>,
    askers: BTreeSet<usize>,
}

impl Item {
    pub(super) fn new(by: usize, order: u32, key: &str, pieces: &[Piece]) -> Self {
        Self { order, key: key.to_owned(), pieces: pieces.to_vec(), askers: BTreeSet::from([by]) }
    }
}

/// A module that is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Module {
    frame: (String, String),
    /// Sorted by order, then key.
    pub(crate) items: Vec<Item>,
    pub(crate) askers: BTreeSet<usize>,
}

pub(super) fn take(
    modules: &mut BTreeMap<RelPath, Module>,
    texts: Texts<'_, '_>,
    path: &RelPath,
    frame: &(String, String),
    item: Item,
) -> Result<(), Refusal> {
    let module = modules.entry(path.clone()).or_insert_with(|| Module {
        frame: frame.clone(),
        items: Vec::new(),
        askers: BTreeSet::new(),
    });
    if module.frame != *frame {
        let why = format!("Both want another frame for `{path}`.");
        return Err(Refusal { by: item.askers, because_of: module.askers.first().copied(), why });
    }
    module.askers.extend(&item.askers);
    if let Some(earlier) = module.items.iter_mut().find(|earlier| earlier.key == item.key) {
        if earlier.order != item.order || render(texts, &earlier.pieces) != render(texts, &item.pieces) {
            let why = format!("Both want another `{}` in `{path}`.", item.key);
            return Err(Refusal { by: item.askers, because_of: earlier.askers.first().copied(), why });
        }
        earlier.askers.extend(item.askers);
        return Ok(());
    }
    let place = |item: &Item| (item.order, item.key.clone());
    let at = module.items.partition_point(|other| place(other) <= place(&item));
    module.items.insert(at, item);
    Ok(())
}

impl Module {
    /// The module as a new file. `flat`: the pieces of each item after the merge.
    pub(crate) fn created(&self, texts: Texts<'_, '_>, flat: &[Vec<Piece>]) -> Vec<Piece> {
        let mut pieces = vec![Piece::text(&self.frame.0)];
        for item in flat {
            pieces.extend(closed(texts, item));
        }
        pieces.push(Piece::text(&self.frame.1));
        pieces
    }

    /// What to splice into the module where it is there already: the items that it lacks, each before the next one that it has.
    pub(crate) fn granted(
        &self,
        texts: Texts<'_, '_>,
        path: &RelPath,
        text: &str,
        flat: &[Vec<Piece>],
    ) -> Result<Vec<Splice>, Refusal> {
        let refused = || Refusal {
            by: self.askers.clone(),
            because_of: None,
            why: format!("`{path}` is there already and does not end as the generated module does."),
        };
        let windows = text.contains("\r\n");
        let local = |ours: &str| {
            if windows { ours.replace("\r\n", "\n").replace('\n', "\r\n") } else { ours.to_owned() }
        };
        let places: Vec<_> =
            flat.iter().map(|item| line_with(text, local(&render(texts, item)).trim())).collect();
        if places.iter().all(Option::is_some) {
            return Ok(Vec::new());
        }
        let end = local(&self.frame.1);
        // A module that ends with its last item goes on behind it, blank lines and all.
        let end = match end.trim() {
            "" => text.len(),
            closing => text.trim_end().strip_suffix(closing).map(str::len).ok_or_else(refused)?,
        };
        let open_line = !text.is_empty() && !text.ends_with('\n');
        let mut splices: Vec<Splice> = Vec::new();
        for (at, item) in flat.iter().enumerate().filter(|(at, _)| places[*at].is_none()) {
            let next = places[at..].iter().flatten().next().map_or(end, |found| line_start(text, *found));
            let pieces = closed(texts, item).into_iter().map(|piece| match piece {
                Piece::Text(ours) => Piece::Text(local(&ours)),
                kept => kept,
            });
            match splices.last_mut() {
                Some((range, before)) if range.start == next => before.extend(pieces),
                _ => {
                    let ends_line = (open_line && next == text.len()).then(|| Piece::text(local("\n")));
                    splices.push((next..next, ends_line.into_iter().chain(pieces).collect()));
                }
            }
        }
        splices.sort_by_key(|(range, _)| range.start);
        Ok(splices)
    }
}

/// An item, ending in a newline.
fn closed(texts: Texts<'_, '_>, item: &[Piece]) -> Vec<Piece> {
    let mut pieces = item.to_vec();
    if !render(texts, item).ends_with('\n') {
        pieces.push(Piece::text("\n"));
    }
    pieces
}

/// Where `item` stands in `text` at the beginning of a line.
fn line_with(text: &str, item: &str) -> Option<usize> {
    let mut found = text.match_indices(item).map(|(at, _)| at);
    found.find(|at| text[line_start(text, *at)..*at].trim().is_empty())
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

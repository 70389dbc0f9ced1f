//! What stands so far: the edits, slices and new files of the groups admitted, and whether one more group fits among them.

mod conflict;

pub(crate) use conflict::Conflict;

use crate::extent::{Extent, Extents};
use crate::indent::Texts;
use crate::merge::Group;
use crate::{FileId, Piece, RelPath, Span};
use std::collections::{BTreeMap, HashMap};

/// One edit, of however many groups want it alike.
pub(crate) struct Proposal {
    pub(crate) span: Span,
    extent: Extent,
    /// What stands there afterwards; `None`: the file goes.
    pub(crate) replacement: Option<Vec<Piece>>,
    /// The admitted groups that want it, in order.
    pub(crate) owners: Vec<usize>,
}

impl Proposal {
    fn inserts(&self) -> bool {
        self.span.start == self.span.end && self.replacement.is_some()
    }
}

/// A group as it is looked at: its proposals by their ids, the slices it keeps, its new files.
#[derive(Default)]
struct Candidate {
    proposals: Vec<usize>,
    slices: Vec<Span>,
    creates: Vec<(RelPath, Vec<Piece>)>,
    /// A span that is none, brought back into its file.
    unsound: Option<Span>,
}

/// What stands in one file.
struct Sheet {
    length: usize,
    edits: Extents,
    /// The proposals standing at each of `edits`, in the order of their coming.
    at: Vec<Vec<usize>>,
    slices: Extents,
    /// The groups that keep each of `slices`, in order.
    keepers: Vec<Vec<usize>>,
}

/// See the module.
pub(crate) struct Standing {
    candidates: Vec<Candidate>,
    proposals: Vec<Proposal>,
    sheets: BTreeMap<FileId, Sheet>,
    /// The edit that a group makes of exactly this place, unless it is an insertion.
    own: HashMap<(usize, FileId, Extent), usize>,
    creates: BTreeMap<RelPath, (Vec<Piece>, Vec<usize>)>,
    /// Marks of the search for circles: the group that searched last, and whether the proposal was left for good.
    seen: Vec<(usize, bool)>,
}

impl Standing {
    /// Nothing stands, all of `groups` are known.
    pub(crate) fn new(texts: Texts<'_, '_>, groups: &[Group]) -> Self {
        let mut standing = Self {
            candidates: Vec::with_capacity(groups.len()),
            proposals: Vec::new(),
            sheets: BTreeMap::new(),
            own: HashMap::new(),
            creates: BTreeMap::new(),
            seen: Vec::new(),
        };
        let mut ids = HashMap::new();
        for group in groups {
            let candidate = standing.candidate(texts, group, &mut ids);
            standing.candidates.push(candidate);
        }
        let mut extents: BTreeMap<FileId, (Vec<Extent>, Vec<Extent>)> = BTreeMap::new();
        for proposal in &standing.proposals {
            extents.entry(proposal.span.file).or_default().0.push(proposal.extent);
        }
        for &slice in standing.candidates.iter().flat_map(|candidate| &candidate.slices) {
            let extent = Extent::of(slice, texts(slice.file).len());
            extents.entry(slice.file).or_default().1.push(extent);
        }
        for (file, (edits, slices)) in extents {
            let (edits, slices) = (Extents::new(edits), Extents::new(slices));
            let (at, keepers) = (vec![Vec::new(); edits.len()], vec![Vec::new(); slices.len()]);
            standing.sheets.insert(file, Sheet { length: texts(file).len(), edits, at, slices, keepers });
        }
        standing.seen = vec![(usize::MAX, false); standing.proposals.len()];
        standing
    }

    /// `group` with its pieces brought to one spelling and its edits made proposals.
    fn candidate<'g>(
        &mut self,
        texts: Texts<'_, '_>,
        group: &'g Group,
        ids: &mut HashMap<(Span, Option<Vec<Piece>>, usize), usize>,
    ) -> Candidate {
        let mut candidate = Candidate::default();
        let whole = |&file: &'g FileId| (Span::new(file, 0..texts(file).len()), None);
        let edits = group.edits.iter().map(|edit| (edit.span, Some(spelled(&edit.replacement))));
        let all: Vec<_> = edits.chain(group.deletes.iter().map(whole)).collect();
        candidate.creates =
            group.creates.iter().map(|(path, pieces)| (path.clone(), spelled(pieces))).collect();
        let pieces = all
            .iter()
            .filter_map(|(_, pieces)| pieces.as_ref())
            .chain(candidate.creates.iter().map(|(_, pieces)| pieces));
        candidate.slices = pieces.flat_map(|pieces| slices(pieces)).collect();
        candidate.slices.sort();
        candidate.slices.dedup();
        candidate.unsound =
            all.iter().map(|(span, _)| span).chain(&candidate.slices).find_map(|&span| mended(texts, span));
        if candidate.unsound.is_some() {
            candidate.slices.clear();
            return candidate;
        }
        let mut repeated: HashMap<(Span, Option<Vec<Piece>>), usize> = HashMap::new();
        for (span, replacement) in all {
            let inserts = span.start == span.end && replacement.is_some();
            if inserts && replacement.as_ref().is_some_and(Vec::is_empty) {
                continue;
            }
            let count = repeated.entry((span, replacement.clone())).or_default();
            // The same text twice at one place is two insertions, all else twice is a repetition.
            let occurrence = if inserts { *count } else { 0 };
            *count += 1;
            if !inserts && *count > 1 {
                continue;
            }
            let id = *ids.entry((span, replacement.clone(), occurrence)).or_insert_with(|| {
                let extent = Extent::of(span, texts(span.file).len());
                self.proposals.push(Proposal { span, extent, replacement, owners: Vec::new() });
                self.proposals.len() - 1
            });
            candidate.proposals.push(id);
        }
        candidate
    }

    /// Lets `group` stand if it fits; otherwise all is as before.
    pub(crate) fn admit(&mut self, group: usize) -> Result<(), Conflict> {
        if let Some(span) = self.candidates[group].unsound {
            return Err(Conflict { because_of: group, span: Some(span) });
        }
        self.raise(group);
        let conflict = self.conflict(group);
        match conflict {
            Some(conflict) => {
                self.lower(group);
                Err(conflict)
            }
            None => {
                for (path, pieces) in &self.candidates[group].creates {
                    let (_, owners) =
                        self.creates.entry(path.clone()).or_insert_with(|| (pieces.clone(), Vec::new()));
                    owners.push(group);
                }
                Ok(())
            }
        }
    }

    /// How many proposals there are, standing or not.
    pub(crate) fn proposed(&self) -> usize {
        self.proposals.len()
    }

    /// The proposal `id`.
    pub(crate) fn proposal(&self, id: usize) -> &Proposal {
        &self.proposals[id]
    }

    /// All files that an edit or a slice names.
    pub(crate) fn files(&self) -> Vec<FileId> {
        self.sheets.keys().copied().collect()
    }

    /// Whether the file is deleted.
    pub(crate) fn goes(&self, file: FileId) -> bool {
        self.sheets.get(&file).is_some_and(|sheet| {
            let index = sheet.edits.index(Extent::whole(sheet.length));
            index.is_some_and(|index| {
                sheet.at[index].iter().any(|&id| self.proposals[id].replacement.is_none())
            })
        })
    }

    /// The new files, each with one of the groups that want it.
    pub(crate) fn creates(&self) -> impl Iterator<Item = (&RelPath, &[Piece], usize)> {
        self.creates.iter().map(|(path, (pieces, owners))| (path, pieces.as_slice(), owners[0]))
    }

    /// The outermost edits in `file`, in order.
    pub(crate) fn outermost(&self, file: FileId) -> Vec<usize> {
        let length = self.sheets.get(&file).map_or(0, |sheet| sheet.length);
        self.carried_by(file, Extent::whole(length), None)
    }

    /// The edits that `slice`, kept by the group `owner`, carries along, in order; those inside them are not told.
    pub(crate) fn carried(&self, slice: Span, owner: usize) -> Vec<usize> {
        let length = self.sheets.get(&slice.file).map_or(0, |sheet| sheet.length);
        self.carried_by(slice.file, Extent::of(slice, length), Some(owner))
    }

    fn carried_by(&self, file: FileId, window: Extent, owner: Option<usize>) -> Vec<usize> {
        let mut carried = Vec::new();
        let Some(sheet) = self.sheets.get(&file) else { return carried };
        let own = owner.and_then(|owner| self.own.get(&(owner, file, window)));
        let mut from = sheet.edits.from(window.start);
        while let Some(index) = sheet.edits.next(from) {
            let extent = sheet.edits.at(index);
            if extent.start > window.end {
                break;
            }
            from = index + 1;
            if !window.covers(extent) {
                continue;
            }
            if self.proposals[sheet.at[index][0]].inserts() {
                carried.extend(&sheet.at[index]);
            } else {
                let layers = self.layers(sheet, index);
                let below_own =
                    own.filter(|_| extent == window).and_then(|own| layers.iter().position(|id| id == own));
                let Some(layer) = below_own.unwrap_or(layers.len()).checked_sub(1) else { continue };
                carried.push(layers[layer]);
            }
            from = sheet.edits.from(extent.end + 1);
        }
        carried
    }

    /// The edits of exactly one span, from the innermost: the one whose group keeps nothing of it, then the others as they
    /// came. A deletion of the file is left out: no slice carries it.
    fn layers(&self, sheet: &Sheet, index: usize) -> Vec<usize> {
        let mut layers: Vec<usize> =
            sheet.at[index].iter().copied().filter(|&id| self.proposals[id].replacement.is_some()).collect();
        if layers.len() > 1 {
            let extent = sheet.edits.at(index);
            layers.sort_by_key(|&id| {
                self.proposals[id].owners.iter().all(|&owner| self.keeps(owner, &self.proposals[id], extent))
            });
        }
        layers
    }

    /// Whether `owner` keeps a slice out of its edit `outer` that carries the edit at `inner`.
    fn keeps(&self, owner: usize, outer: &Proposal, inner: Extent) -> bool {
        let file = outer.span.file;
        let Some(sheet) = self.sheets.get(&file) else { return false };
        let kept = |index: usize| sheet.keepers[index].binary_search(&owner).is_ok();
        // Most often it is the replaced span itself that is kept.
        if sheet.slices.index(outer.extent).is_some_and(kept) {
            return true;
        }
        let blocked = inner != outer.extent && self.own.contains_key(&(owner, file, inner));
        sheet.slices.meeting(inner.ends()[0]).into_iter().any(|index| {
            let slice = sheet.slices.at(index);
            slice.covers(inner) && outer.extent.covers(slice) && !(blocked && slice == inner) && kept(index)
        })
    }

    fn raise(&mut self, group: usize) {
        for &id in &self.candidates[group].proposals {
            let proposal = &mut self.proposals[id];
            let file = proposal.span.file;
            proposal.owners.push(group);
            if !proposal.inserts() {
                self.own.insert((group, file, proposal.extent), id);
            }
            let Some(sheet) = self.sheets.get_mut(&file) else { continue };
            let Some(index) = sheet.edits.index(proposal.extent) else { continue };
            if proposal.owners.len() == 1 {
                sheet.at[index].push(id);
                sheet.edits.raise(index);
            }
        }
        for slice in &self.candidates[group].slices {
            let Some(sheet) = self.sheets.get_mut(&slice.file) else { continue };
            let Some(index) = sheet.slices.index(Extent::of(*slice, sheet.length)) else { continue };
            sheet.keepers[index].push(group);
            sheet.slices.raise(index);
        }
    }

    fn lower(&mut self, group: usize) {
        for &id in &self.candidates[group].proposals {
            let proposal = &mut self.proposals[id];
            let file = proposal.span.file;
            proposal.owners.pop();
            self.own.remove(&(group, file, proposal.extent));
            let Some(sheet) = self.sheets.get_mut(&file) else { continue };
            let Some(index) = sheet.edits.index(proposal.extent) else { continue };
            if proposal.owners.is_empty() {
                sheet.at[index].retain(|&other| other != id);
                if sheet.at[index].is_empty() {
                    sheet.edits.lower(index);
                }
            }
        }
        for slice in &self.candidates[group].slices {
            let Some(sheet) = self.sheets.get_mut(&slice.file) else { continue };
            let Some(index) = sheet.slices.index(Extent::of(*slice, sheet.length)) else { continue };
            sheet.keepers[index].pop();
            if sheet.keepers[index].is_empty() {
                sheet.slices.lower(index);
            }
        }
    }

    /// The edits that the slices in the replacement `id` carry.
    pub(crate) fn inside(&self, id: usize) -> Vec<usize> {
        let proposal = &self.proposals[id];
        let pieces = proposal.replacement.as_deref().unwrap_or(&[]);
        slices(pieces).flat_map(|slice| self.carried(slice, proposal.owners[0])).collect()
    }
}

/// The slices that `pieces` keep.
pub(crate) fn slices(pieces: &[Piece]) -> impl Iterator<Item = Span> {
    pieces.iter().filter_map(|piece| match piece {
        Piece::Text(_) => None,
        Piece::Source(span) | Piece::Indented { span, .. } => Some(*span),
    })
}

/// `pieces` in one spelling: nothing empty, no text beside a text.
fn spelled(pieces: &[Piece]) -> Vec<Piece> {
    let mut out: Vec<Piece> = Vec::new();
    for piece in pieces {
        match (out.last_mut(), piece) {
            (_, Piece::Source(span) | Piece::Indented { span, .. }) if span.start == span.end => {}
            (_, Piece::Text(text)) if text.is_empty() => {}
            (Some(Piece::Text(before)), Piece::Text(text)) => before.push_str(text),
            _ => out.push(piece.clone()),
        }
    }
    out
}

/// `None` if `span` is a sound span of its file, otherwise the nearest one that is.
fn mended(texts: Texts<'_, '_>, span: Span) -> Option<Span> {
    let text = texts(span.file);
    if text.get(span.range()).is_some() {
        return None;
    }
    let floor = |place: u32| {
        (0..=text.len().min(place as usize)).rev().find(|&place| text.is_char_boundary(place)).unwrap_or(0)
    };
    let start = floor(span.start);
    Some(Span::new(span.file, start..floor(span.end).max(start)))
}

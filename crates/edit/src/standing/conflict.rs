//! Whether a group fits: what it cannot stand beside, and circles of slices.

use super::{Standing, slices};
use crate::extent::Extent;
use crate::{Piece, Span};
use std::ops::ControlFlow;

/// Why a group is held.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Conflict {
    pub(crate) because_of: usize,
    pub(crate) span: Option<Span>,
}

/// Takes clashes as they are found; breaks when it has heard enough.
type Listener<'a> = &'a mut dyn FnMut(usize, Option<Span>) -> ControlFlow<()>;

impl Standing {
    /// The first conflict of `group`, which was raised just now: one with itself, or else one with another group, or else
    /// a circle.
    pub(super) fn conflict(&mut self, group: usize) -> Option<Conflict> {
        let mut worst: Option<Conflict> = None;
        let _ = self.clashes(group, &mut |because_of, span| {
            if worst.is_none() || because_of == group {
                worst = Some(Conflict { because_of, span });
            }
            if because_of == group { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        worst.or_else(|| self.circle(group))
    }

    /// Tells the listener with whom and where `group` clashes.
    fn clashes(&self, group: usize, tell: Listener<'_>) -> ControlFlow<()> {
        for &id in &self.candidates[group].proposals {
            self.edit_clashes(group, id, tell)?;
        }
        for &slice in &self.candidates[group].slices {
            self.slice_clashes(group, slice, tell)?;
        }
        self.file_clashes(group, tell)
    }

    /// The edit `id` beside all other edits and slices.
    fn edit_clashes(&self, group: usize, id: usize, tell: Listener<'_>) -> ControlFlow<()> {
        let mine = &self.proposals[id];
        let Some(sheet) = self.sheets.get(&mine.span.file) else { return ControlFlow::Continue(()) };
        for index in sheet.edits.meeting(mine.extent) {
            for &other in &sheet.at[index] {
                if let Some(because_of) = self.quarrel(group, id, other) {
                    tell(because_of, Some(shared(mine.span, self.proposals[other].span)))?;
                }
            }
        }
        for end in mine.extent.ends() {
            for index in sheet.slices.meeting(end) {
                if sheet.slices.at(index).crosses(mine.extent) {
                    tell(pick(&sheet.keepers[index], group), Some(mine.span))?;
                }
            }
        }
        ControlFlow::Continue(())
    }

    /// A slice of `group` beside all edits.
    fn slice_clashes(&self, group: usize, slice: Span, tell: Listener<'_>) -> ControlFlow<()> {
        let Some(sheet) = self.sheets.get(&slice.file) else { return ControlFlow::Continue(()) };
        let extent = Extent::of(slice, sheet.length);
        for end in extent.ends() {
            for index in sheet.edits.meeting(end) {
                if sheet.edits.at(index).crosses(extent) {
                    let other = &self.proposals[sheet.at[index][0]];
                    tell(pick(&other.owners, group), Some(shared(slice, other.span)))?;
                }
            }
        }
        ControlFlow::Continue(())
    }

    /// The new files of `group` beside all others.
    fn file_clashes(&self, group: usize, tell: Listener<'_>) -> ControlFlow<()> {
        let creates = &self.candidates[group].creates;
        for (index, (path, pieces)) in creates.iter().enumerate() {
            if creates[..index].iter().any(|(other, content)| other == path && content != pieces) {
                tell(group, None)?;
            }
            let Some((content, owners)) = self.creates.get(path) else { continue };
            let stranger =
                if content == pieces { self.parted(group, owners, pieces) } else { owners.first().copied() };
            if let Some(because_of) = stranger {
                tell(because_of, None)?;
            }
        }
        ControlFlow::Continue(())
    }

    /// With whom the edit `id` of `group` cannot stand because of the edit `other` (which may be the same one).
    fn quarrel(&self, group: usize, id: usize, other: usize) -> Option<usize> {
        let (mine, theirs) = (&self.proposals[id], &self.proposals[other]);
        if id == other {
            return self.parted(group, &mine.owners, mine.replacement.as_deref().unwrap_or(&[]));
        }
        let owners = &theirs.owners;
        let i_keep = || self.keeps(group, mine, theirs.extent);
        let stranger = || owners.iter().copied().find(|&owner| !self.keeps(owner, theirs, mine.extent));
        if mine.extent == theirs.extent {
            if mine.inserts() && theirs.inserts() {
                return None;
            }
            if owners.contains(&group) {
                return Some(group);
            }
            // Either may be the outer one, the one that keeps the other; but a file goes after all edits of it.
            if theirs.replacement.is_some() && i_keep() {
                return None;
            }
            return if mine.replacement.is_some() { stranger() } else { owners.first().copied() };
        }
        if mine.extent.covers(theirs.extent) {
            return if i_keep() { None } else { Some(pick(owners, group)) };
        }
        if theirs.extent.covers(mine.extent) {
            if owners.contains(&group) && !self.keeps(group, theirs, mine.extent) {
                return Some(group);
            }
            return stranger();
        }
        Some(pick(owners, group))
    }

    /// The first of `owners` for whom equal pieces mean another thing than for `group`: a slice of exactly a span that only
    /// one of them edits, or both in different ways.
    fn parted(&self, group: usize, owners: &[usize], pieces: &[Piece]) -> Option<usize> {
        owners.iter().copied().filter(|&owner| owner != group).find(|&owner| {
            slices(pieces).any(|slice| {
                let length = self.sheets.get(&slice.file).map_or(0, |sheet| sheet.length);
                let extent = Extent::of(slice, length);
                self.own.get(&(group, slice.file, extent)) != self.own.get(&(owner, slice.file, extent))
            })
        })
    }

    /// A circle of slices that `group`, which was raised just now and has no other conflict, closes.
    fn circle(&mut self, group: usize) -> Option<Conflict> {
        for start in self.candidates[group].proposals.clone() {
            if self.seen[start].0 == group {
                continue;
            }
            let mut path = vec![(start, self.inside(start))];
            self.seen[start] = (group, false);
            while let Some((id, waiting)) = path.last_mut() {
                let Some(next) = waiting.pop() else {
                    self.seen[*id].1 = true;
                    path.pop();
                    continue;
                };
                match self.seen[next] {
                    (seen, true) if seen == group => {}
                    (seen, false) if seen == group => {
                        let mut circle = path.iter().map(|(id, _)| *id).skip_while(|&id| id != next);
                        let own =
                            circle.find(|&id| self.proposals[id].owners.contains(&group)).unwrap_or(next);
                        return Some(Conflict { because_of: group, span: Some(self.proposals[own].span) });
                    }
                    _ => {
                        self.seen[next] = (group, false);
                        path.push((next, self.inside(next)));
                    }
                }
            }
        }
        None
    }
}

/// What two spans of one file share.
fn shared(left: Span, right: Span) -> Span {
    let start = left.start.max(right.start);
    Span { start, end: left.end.min(right.end).max(start), ..left }
}

/// `group` if it is one of `owners`, otherwise the first of them.
fn pick(owners: &[usize], group: usize) -> usize {
    if owners.contains(&group) { group } else { owners.first().copied().unwrap_or(group) }
}

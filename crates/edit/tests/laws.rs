//! The laws of the merge, on all small cases: every pair of small groups over a text of three characters, every triple of the
//! usual ones over a text of two. What the merge says is held against a reference that knows nothing of trees, memory or speed.
#![expect(clippy::unwrap_used, reason = "what fails here is the test")]

use edit::merge::{Group, Merged, apply, merge, render};
use edit::{Edit, FileId, Piece, RelPath, Span};
use std::collections::BTreeMap;

/// The files before: the small text, and one that only slices are put into.
type Texts = [&'static str; 2];

/// All files afterwards, the deleted ones left out.
type Tree = BTreeMap<String, String>;

/// The merge as the rules tell it, word by word.
struct Reference<'a> {
    texts: Texts,
    groups: &'a [Group],
    accepted: Vec<usize>,
}

/// An edit with the group that makes it; a deletion of a file has no pieces.
#[derive(Clone, Copy)]
struct Made<'a> {
    group: usize,
    span: Span,
    pieces: Option<&'a [Piece]>,
}

impl<'a> Reference<'a> {
    fn of(texts: Texts, groups: &'a [Group]) -> Self {
        let mut reference = Self { texts, groups, accepted: Vec::new() };
        for group in 0..groups.len() {
            reference.accepted.push(group);
            if !reference.fits(group) {
                reference.accepted.pop();
            }
        }
        reference
    }

    fn made_by(&self, group: usize) -> Vec<Made<'a>> {
        let edits = self.groups[group].edits.iter();
        let edits = edits.map(|edit| Made { group, span: edit.span, pieces: Some(&edit.replacement) });
        let whole = |file: &FileId| Span::new(*file, 0..self.texts[file.0 as usize].len());
        let deletes =
            self.groups[group].deletes.iter().map(|file| Made { group, span: whole(file), pieces: None });
        edits.chain(deletes).collect()
    }

    fn made(&self) -> Vec<Made<'a>> {
        self.accepted.iter().flat_map(|&group| self.made_by(group)).collect()
    }

    /// The slices that a group keeps anywhere.
    fn kept_by(&self, group: usize) -> Vec<Span> {
        let group = &self.groups[group];
        let pieces = group
            .edits
            .iter()
            .map(|edit| &edit.replacement)
            .chain(group.creates.iter().map(|(_, pieces)| pieces));
        pieces.flat_map(|pieces| slices(pieces)).collect()
    }

    fn is_whole(&self, span: Span) -> bool {
        span.start == 0 && span.end as usize == self.texts[span.file.0 as usize].len()
    }

    /// Whether `inner` lies in `outer`; an insertion at the border does not, unless `outer` is a whole file.
    fn inside(&self, inner: Span, outer: Span) -> bool {
        let at_border = inner.start == inner.end && (inner.start == outer.start || inner.start == outer.end);
        outer.covers(inner) && (inner == outer || !at_border || self.is_whole(outer))
    }

    fn apart(&self, left: Span, right: Span) -> bool {
        left.file != right.file
            || !(self.inside(left, right)
                || self.inside(right, left)
                || (left.start < right.end
                    && right.start < left.end
                    && left.start != left.end
                    && right.start != right.end))
    }

    fn edits_itself(&self, group: usize, span: Span) -> Option<Made<'a>> {
        self.made_by(group).into_iter().find(|made| made.span == span && span.start != span.end)
    }

    /// Whether the group of `outer` keeps `inner` out of what it replaces.
    fn keeps(&self, outer: Made<'_>, inner: Span) -> bool {
        self.kept_by(outer.group).into_iter().any(|slice| {
            let shown =
                slice != inner || inner == outer.span || self.edits_itself(outer.group, inner).is_none();
            self.inside(inner, slice) && self.inside(slice, outer.span) && shown
        })
    }

    fn stand_together(&self, left: Made<'_>, right: Made<'_>) -> bool {
        let insertions = left.span.start == left.span.end && right.span.start == right.span.end;
        if self.apart(left.span, right.span) || same(left, right) || (left.span == right.span && insertions) {
            return true;
        }
        if left.span == right.span {
            let outer =
                |outer: Made<'_>, inner: Made<'_>| inner.pieces.is_some() && self.keeps(outer, inner.span);
            return left.group != right.group && (outer(left, right) || outer(right, left));
        }
        (self.inside(right.span, left.span) && self.keeps(left, right.span))
            || (self.inside(left.span, right.span) && self.keeps(right, left.span))
    }

    fn torn(&self, slice: Span, edit: Span) -> bool {
        !self.apart(slice, edit) && !self.inside(slice, edit) && !self.inside(edit, slice)
    }

    /// Whether equal pieces mean the same to two groups.
    fn agree(&self, left: usize, right: usize, pieces: &[Piece]) -> bool {
        slices(pieces).iter().all(|&slice| {
            match (self.edits_itself(left, slice), self.edits_itself(right, slice)) {
                (Some(left), Some(right)) => same(left, right),
                (None, None) => true,
                _ => false,
            }
        })
    }

    fn fits(&self, group: usize) -> bool {
        for mine in self.made_by(group) {
            for theirs in self.made() {
                let alike =
                    !same(mine, theirs) || self.agree(mine.group, theirs.group, mine.pieces.unwrap_or(&[]));
                if !alike || !self.stand_together(mine, theirs) {
                    return false;
                }
            }
        }
        for &other in &self.accepted {
            let torn = |keeper, maker| {
                let made = self.made_by(maker);
                self.kept_by(keeper).iter().any(|&slice| made.iter().any(|made| self.torn(slice, made.span)))
            };
            if torn(group, other) || torn(other, group) {
                return false;
            }
            for (path, pieces) in &self.groups[group].creates {
                for (_, others) in self.groups[other].creates.iter().filter(|(other, _)| other == path) {
                    if pieces != others || !self.agree(group, other, pieces) {
                        return false;
                    }
                }
            }
        }
        self.made_by(group)
            .iter()
            .all(|&made| self.written(made.group, made.pieces.unwrap_or(&[]), 0).is_some())
    }

    /// The edits of exactly one span from the innermost to the outermost, each once.
    fn layers(&self, span: Span) -> Vec<Made<'a>> {
        let mut layers: Vec<Made<'a>> = Vec::new();
        for made in self.made() {
            if made.span == span && made.pieces.is_some() && !layers.iter().any(|&layer| same(layer, made)) {
                layers.push(made);
            }
        }
        if span.start != span.end && layers.len() > 1 {
            let keeps = |layer: Made<'_>| {
                self.made().into_iter().filter(|&made| same(made, layer)).all(|made| self.keeps(made, span))
            };
            let (outer, inner): (Vec<_>, Vec<_>) = layers.into_iter().partition(|&layer| keeps(layer));
            layers = inner.into_iter().chain(outer).collect();
        }
        layers
    }

    /// The text of `span` with the edits inside it, seen by `group` (by nobody: in its place). `None`: it has no end.
    fn shown(&self, group: Option<usize>, span: Span, depth: usize) -> Option<String> {
        let mut candidates: Vec<Span> =
            self.made().iter().map(|made| made.span).filter(|&made| self.inside(made, span)).collect();
        candidates.sort();
        candidates.dedup();
        let mut visible: Vec<(Span, Vec<Made<'a>>)> = Vec::new();
        for candidate in candidates {
            let mut layers = self.layers(candidate);
            if candidate == span
                && let Some(own) = group.and_then(|group| self.edits_itself(group, span))
                && let Some(place) = layers.iter().position(|&layer| same(layer, own))
            {
                layers.truncate(place);
            }
            if candidate.start != candidate.end {
                layers = layers.last().copied().into_iter().collect();
            }
            if !layers.is_empty() {
                visible.push((candidate, layers));
            }
        }
        let all: Vec<Span> = visible.iter().map(|(span, _)| *span).collect();
        visible.retain(|(span, _)| !all.iter().any(|&other| other != *span && self.inside(*span, other)));
        visible.sort_by_key(|(span, _)| (span.start, span.end));
        let text = self.texts[span.file.0 as usize];
        let (mut out, mut at) = (String::new(), span.start as usize);
        for (span, layers) in visible {
            out += &text[at..span.start as usize];
            for layer in layers {
                out += &self.written(layer.group, layer.pieces.unwrap_or(&[]), depth + 1)?;
            }
            at = span.end as usize;
        }
        Some(out + &text[at..span.end as usize])
    }

    fn written(&self, group: usize, pieces: &[Piece], depth: usize) -> Option<String> {
        if depth > 20 {
            return None;
        }
        let mut out = String::new();
        for piece in pieces {
            match piece {
                Piece::Text(text) => out += text,
                Piece::Source(span) => out += &self.shown(Some(group), *span, depth)?,
                Piece::Indented { .. } => unreachable!("no small group indents"),
            }
        }
        Some(out)
    }

    fn tree(&self) -> Tree {
        let mut tree = Tree::new();
        for (file, text) in self.texts.iter().enumerate() {
            let whole = Span::new(FileId(file as u32), 0..text.len());
            if !self.accepted.iter().any(|&group| self.groups[group].deletes.contains(&whole.file)) {
                tree.insert(file.to_string(), self.shown(None, whole, 0).unwrap());
            }
        }
        for &group in &self.accepted {
            for (path, pieces) in &self.groups[group].creates {
                tree.insert(path.to_string(), self.written(group, pieces, 0).unwrap());
            }
        }
        tree
    }
}

fn same(left: Made<'_>, right: Made<'_>) -> bool {
    left.span == right.span && left.pieces == right.pieces
}

fn slices(pieces: &[Piece]) -> Vec<Span> {
    pieces
        .iter()
        .filter_map(|piece| if let Piece::Source(span) = piece { Some(*span) } else { None })
        .collect()
}

fn tree(texts: Texts, merged: &Merged) -> Tree {
    let text = |file: FileId| texts[file.0 as usize];
    let mut tree = Tree::new();
    for file in (0..texts.len() as u32).map(FileId).filter(|file| !merged.deletes.contains(file)) {
        let edits = merged.edits.get(&file).map_or(&[][..], |edits| edits);
        tree.insert(file.0.to_string(), apply(&text, file, edits));
    }
    tree.extend(merged.creates.iter().map(|(path, pieces)| (path.to_string(), render(&text, pieces))));
    tree
}

/// Holds what the merge makes of `groups` against the reference and against the laws that need none.
fn check(texts: Texts, groups: &[Group]) -> Merged {
    let text = |file: FileId| texts[file.0 as usize];
    let merged = merge(&text, groups);
    let reference = Reference::of(texts, groups);
    assert_eq!(merged.accepted, reference.accepted, "accepted of {groups:#?}");
    let after = tree(texts, &merged);
    assert_eq!(after, reference.tree(), "outcome of {groups:#?}");

    let accepted: Vec<Group> = merged.accepted.iter().map(|&group| groups[group].clone()).collect();
    if !merged.held.is_empty() {
        let alone = merge(&text, &accepted);
        assert!(alone.held.is_empty());
        assert_eq!(
            (&alone.edits, &alone.creates, &alone.deletes),
            (&merged.edits, &merged.creates, &merged.deletes),
            "held groups have no effect: {groups:#?}"
        );
    }
    for edit in accepted.iter().flat_map(|group| &group.edits) {
        for piece in &edit.replacement {
            let Piece::Text(mark) = piece else { continue };
            assert!(after.values().any(|text| text.contains(mark.as_str())), "{mark} is seen: {groups:#?}");
        }
    }
    for (file, edits) in &merged.edits {
        for pair in edits.windows(2) {
            assert!(pair[0].span.end < pair[1].span.start, "sorted and apart: {groups:#?}");
        }
        for edit in edits {
            let untouched = |byte: u32| {
                let one = Span { file: *file, start: byte, end: byte + 1 };
                !accepted.iter().flat_map(|group| &group.edits).any(|edit| edit.span.covers(one))
            };
            assert!(!(edit.span.start..edit.span.end).any(untouched), "bytes outside stay: {groups:#?}");
            assert_ne!(
                render(&text, &edit.replacement),
                text(*file)[edit.span.range()],
                "no edit without effect: {groups:#?}"
            );
        }
    }
    for pieces in merged.creates.values().chain(merged.edits.values().flatten().map(|edit| &edit.replacement))
    {
        assert!(
            !pieces.windows(2).any(|pair| matches!(pair, [Piece::Text(_), Piece::Text(_)])),
            "texts are joined"
        );
    }
    merged
}

/// All spans of the first file.
fn spans(texts: Texts) -> Vec<Span> {
    let length = texts[0].len();
    let span = |start, end| Span::new(FileId(0), start..end);
    (0..=length).flat_map(|start| (start..=length).map(move |end| span(start, end))).collect()
}

/// The usual small groups: an edit that deletes, replaces, wraps or moves to a new file; a copy; a deletion or a move of the
/// file. `mark` is the text they write.
fn usual_groups(texts: Texts, mark: &str) -> Vec<Group> {
    let mut groups = Vec::new();
    let slices: Vec<Span> = spans(texts).into_iter().filter(|span| span.start != span.end).collect();
    let new = |slice: &Span| vec![(RelPath::new("new").unwrap(), vec![Piece::Source(*slice)])];
    for span in spans(texts) {
        let edits = |replacement| vec![Edit { span, replacement }];
        let text = || Piece::text(mark);
        groups.push(Group { edits: edits(vec![text()]), ..Group::default() });
        if span.start != span.end {
            groups.push(Group { edits: edits(vec![]), ..Group::default() });
        }
        for slice in &slices {
            groups.push(Group {
                edits: edits(vec![text(), Piece::Source(*slice), text()]),
                ..Group::default()
            });
            groups.push(Group { edits: edits(vec![text()]), creates: new(slice), ..Group::default() });
        }
    }
    for slice in &slices {
        groups.push(Group { creates: new(slice), ..Group::default() });
        groups.push(Group { creates: new(slice), deletes: vec![FileId(0)], ..Group::default() });
    }
    groups.push(Group { deletes: vec![FileId(0)], ..Group::default() });
    groups
}

/// All small groups: the usual ones, and those that put a bare slice somewhere, also into the other file and back.
fn groups(texts: Texts, mark: &str) -> Vec<Group> {
    let mut groups = usual_groups(texts, mark);
    let slices: Vec<Span> = spans(texts).into_iter().filter(|span| span.start != span.end).collect();
    for slice in &slices {
        for span in spans(texts) {
            let edit = Edit { span, replacement: vec![Piece::Source(*slice)] };
            groups.push(Group { edits: vec![edit], ..Group::default() });
        }
        let there = Edit { span: Span::new(FileId(1), 0..1), replacement: vec![Piece::Source(*slice)] };
        let back = Edit { span: *slice, replacement: vec![Piece::Source(Span::new(FileId(1), 0..1))] };
        for edits in [vec![there.clone(), Edit::delete(*slice)], vec![back.clone()], vec![back, there]] {
            groups.push(Group { edits, ..Group::default() });
        }
    }
    groups
}

/// Whether no edit of one group has the place of an edit of the other: only there does order mean something.
fn independent(left: &Group, right: &Group) -> bool {
    left.edits.iter().all(|left| right.edits.iter().all(|right| left.span != right.span || left == right))
}

#[test]
fn all_pairs_of_small_groups_obey() {
    let texts = ["abc", "-"];
    let mut both = 0;
    for (first, second) in [("X", "Y"), ("X", "X")] {
        let second_groups = groups(texts, second);
        for first in groups(texts, first) {
            for second in &second_groups {
                let forth = check(texts, &[first.clone(), second.clone()]);
                let back = check(texts, &[second.clone(), first.clone()]);
                let alone = |merged: &Merged| merged.held.iter().all(|held| held.because_of != held.group);
                if alone(&forth) && alone(&back) {
                    assert_eq!(
                        forth.held.len(),
                        back.held.len(),
                        "who comes first decides who is held, not whether: {first:#?} {second:#?}"
                    );
                }
                if forth.held.is_empty() && back.held.is_empty() && independent(&first, second) {
                    both += 1;
                    assert_eq!(
                        (forth.edits, forth.creates, forth.deletes),
                        (back.edits, back.creates, back.deletes)
                    );
                }
            }
        }
    }
    assert!(both > 10_000, "{both} pairs stand together");
}

#[test]
fn all_triples_of_usual_small_groups_obey() {
    let texts = ["ab", "-"];
    let [first, second, third] = ["X", "Y", "Z"].map(|mark| usual_groups(texts, mark));
    let mut stand = 0;
    for first in &first {
        for second in &second {
            for third in &third {
                let merged = check(texts, &[first.clone(), second.clone(), third.clone()]);
                stand += usize::from(merged.held.is_empty());
            }
        }
    }
    assert!(stand > 10_000, "{stand} triples stand together");
}

#[test]
fn a_group_of_two_usual_small_edits_obeys_beside_another() {
    let texts = ["ab", "-"];
    let twos: Vec<Group> = usual_groups(texts, "X")
        .iter()
        .filter(|group| group.deletes.is_empty())
        .flat_map(|left| {
            usual_groups(texts, "Y").into_iter().map(move |right| {
                let creates = [left.creates.clone(), right.creates].concat();
                Group { edits: [left.edits.clone(), right.edits].concat(), creates, deletes: right.deletes }
            })
        })
        .collect();
    let mut stand = 0;
    for two in twos.into_iter().filter(|two| !says_one_thing_twice(two)) {
        if check(texts, std::slice::from_ref(&two)).held.is_empty() {
            for other in usual_groups(texts, "Z") {
                check(texts, &[two.clone(), other.clone()]);
                stand += usize::from(check(texts, &[other, two.clone()]).held.is_empty());
            }
        }
    }
    assert!(stand > 10_000, "{stand} stand together");
}

/// Two equal insertions of one group are two insertions; the reference does not know that.
fn says_one_thing_twice(group: &Group) -> bool {
    group.edits.iter().enumerate().any(|(index, edit)| group.edits[..index].contains(edit))
}

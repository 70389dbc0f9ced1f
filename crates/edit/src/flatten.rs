//! Carries edits out inside the slices that keep them, until only text and plain slices of the originals are left.

use crate::indent::{Move, Run, Texts, Verbatim, shifted};
use crate::merge::render;
use crate::standing::Standing;
use crate::{Edit, FileId, Piece, Span};
use std::rc::Rc;

/// Flattens each edit once, however often slices carry it.
pub(crate) struct Flattener<'a, 't> {
    texts: Texts<'a, 't>,
    standing: &'a Standing,
    /// What each proposal comes to, once it is known.
    done: Vec<Option<Rc<[Run]>>>,
}

impl<'a, 't> Flattener<'a, 't> {
    /// Of what stands after the last group.
    pub(crate) fn new(texts: Texts<'a, 't>, standing: &'a Standing) -> Self {
        Self { texts, standing, done: vec![None; standing.proposed()] }
    }

    /// The flat edits of `file`: sorted, with at least a byte between any two, none without effect.
    pub(crate) fn edits(&mut self, file: FileId) -> Vec<Edit> {
        let mut edits: Vec<Edit> = Vec::new();
        for id in self.standing.outermost(file) {
            self.settle(id);
            let edit = Edit { span: self.standing.proposal(id).span, replacement: joined(self.runs(id)) };
            if self.changes_nothing(&edit) {
                continue;
            }
            match edits.last_mut() {
                Some(before) if before.span.end == edit.span.start => {
                    before.span.end = edit.span.end;
                    before.replacement.extend(edit.replacement);
                }
                _ => edits.push(edit),
            }
        }
        edits.into_iter().map(trimmed).filter(|edit| !self.changes_nothing(edit)).collect()
    }

    /// The flat content of a new file that the group `owner` makes of `pieces`.
    pub(crate) fn content(&mut self, pieces: &[Piece], owner: usize) -> Vec<Piece> {
        for slice in crate::standing::slices(pieces) {
            for id in self.standing.carried(slice, owner) {
                self.settle(id);
            }
        }
        joined(&self.flat(pieces, owner))
    }

    fn changes_nothing(&self, edit: &Edit) -> bool {
        render(self.texts, &edit.replacement) == crate::indent::slice(self.texts, edit.span)
    }

    fn runs(&self, id: usize) -> &[Run] {
        self.done[id].as_deref().unwrap_or(&[])
    }

    /// Flattens the proposal `id`, and before it all that it carries. There are no circles: the merge refused them.
    fn settle(&mut self, id: usize) {
        let mut waiting = vec![(id, false)];
        while let Some((id, ready)) = waiting.pop() {
            if self.done[id].is_some() {
                continue;
            }
            if ready {
                let proposal = self.standing.proposal(id);
                let runs = self.flat(proposal.replacement.as_deref().unwrap_or(&[]), proposal.owners[0]);
                self.done[id] = Some(runs.into());
            } else {
                waiting.push((id, true));
                waiting.extend(self.standing.inside(id).into_iter().map(|inner| (inner, false)));
            }
        }
    }

    /// `pieces` kept by `owner`, with the edits in their slices, all of them settled, in place.
    fn flat(&self, pieces: &[Piece], owner: usize) -> Vec<Run> {
        let mut out = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Text(_) => out.push(Run::loose(piece.clone())),
                Piece::Source(span) => out.extend(self.opened(*span, owner, &Verbatim::new(&[]))),
                Piece::Indented { span, indent, verbatim } => {
                    if self.standing.carried(*span, owner).is_empty() {
                        out.push(Run::loose(piece.clone()));
                    } else {
                        let verbatim = Verbatim::new(verbatim);
                        let runs = self.opened(*span, owner, &verbatim);
                        out.extend(shifted(
                            self.texts,
                            runs,
                            Move { span: *span, indent, verbatim: &verbatim },
                        ));
                    }
                }
            }
        }
        out
    }

    /// The slice `span` with the edits inside it in place; those inside `verbatim` do not move with its lines.
    fn opened(&self, span: Span, owner: usize, verbatim: &Verbatim) -> Vec<Run> {
        let mut out = Vec::new();
        let mut at = span.start;
        for id in self.standing.carried(span, owner) {
            let edited = self.standing.proposal(id).span;
            out.push(Run::loose(Piece::Source(Span { start: at, end: edited.start, ..span })));
            let surrounded = verbatim.surrounds(edited);
            out.extend(self.runs(id).iter().map(|run| Run { fixed: run.fixed || surrounded, ..run.clone() }));
            at = edited.end;
        }
        out.push(Run::loose(Piece::Source(Span { start: at, ..span })));
        out.retain(|run| !matches!(&run.piece, Piece::Source(span) if span.start == span.end));
        out
    }
}

/// The pieces of `runs`, with neighbours that continue each other made one.
fn joined(runs: &[Run]) -> Vec<Piece> {
    let mut out: Vec<Piece> = Vec::new();
    for run in runs {
        join(&mut out, run.piece.clone());
    }
    out
}

fn join(pieces: &mut Vec<Piece>, piece: Piece) {
    match (pieces.last_mut(), piece) {
        (_, Piece::Text(text)) if text.is_empty() => {}
        (Some(Piece::Text(before)), Piece::Text(text)) => before.push_str(&text),
        (Some(Piece::Source(before)), Piece::Source(span))
            if before.file == span.file && before.end == span.start =>
        {
            before.end = span.end;
        }
        (_, piece) => pieces.push(piece),
    }
}

/// `edit` without what it puts back at its borders, neighbouring pieces joined.
fn trimmed(edit: Edit) -> Edit {
    let Edit { mut span, replacement } = edit;
    let mut pieces = Vec::new();
    for piece in replacement {
        join(&mut pieces, piece);
    }
    if let Some(&Piece::Source(first)) = pieces.first()
        && (first.file, first.start) == (span.file, span.start)
        && first.end <= span.end
    {
        span.start = first.end;
        pieces.remove(0);
    }
    if let Some(&Piece::Source(last)) = pieces.last()
        && (last.file, last.end) == (span.file, span.end)
        && last.start >= span.start
    {
        span.end = last.start;
        pieces.pop();
    }
    Edit { span, replacement: pieces }
}

//! What one file holds after the merge, as a list of parts: bytes kept in place, and pieces that are new there.
//!
//! Requests are granted on this: they look at the planned text, name ranges of it, and the answer is spliced in. What comes out
//! is again flat edits against the original (or the pieces of a new file), so nothing that was kept as a slice becomes text.

use edit::{Edit, FileId, Piece, Span, merge::render};
use std::ops::Range;

/// A replacement in the planned text: these bytes become these pieces.
pub(crate) type Splice = (Range<usize>, Vec<Piece>);

/// The text of every original file.
pub(crate) type Texts<'a, 't> = &'a dyn Fn(FileId) -> &'t str;

#[derive(Clone, Debug)]
enum Part {
    /// Bytes of the file's own original that stay where they are.
    Kept(Range<usize>),
    /// What comes in.
    New(Piece),
}

/// The planned content of one file.
#[derive(Clone, Debug)]
pub(crate) struct Content {
    /// The original, if the file is there already.
    file: Option<FileId>,
    parts: Vec<Part>,
    /// The length of each part in the planned text.
    lengths: Vec<usize>,
    /// The planned text.
    pub(crate) text: String,
}

impl Content {
    /// An existing file with flat edits.
    pub(crate) fn edited(texts: Texts<'_, '_>, file: FileId, edits: &[Edit]) -> Self {
        let (mut parts, mut at) = (Vec::new(), 0);
        for edit in edits {
            let range = edit.span.range();
            parts.push(Part::Kept(at..range.start));
            parts.extend(edit.replacement.iter().cloned().map(Part::New));
            at = range.end;
        }
        parts.push(Part::Kept(at..texts(file).len()));
        Self { file: Some(file), parts, lengths: Vec::new(), text: String::new() }.measured(texts)
    }

    /// A new file.
    pub(crate) fn created(texts: Texts<'_, '_>, pieces: Vec<Piece>) -> Self {
        let parts = pieces.into_iter().map(Part::New).collect();
        Self { file: None, parts, lengths: Vec::new(), text: String::new() }.measured(texts)
    }

    fn measured(mut self, texts: Texts<'_, '_>) -> Self {
        self.text.clear();
        self.lengths.clear();
        for part in &self.parts {
            let before = self.text.len();
            match (part, self.file) {
                (Part::Kept(range), Some(file)) => {
                    self.text += texts(file).get(range.clone()).unwrap_or_default();
                }
                (Part::Kept(_), None) => {}
                (Part::New(piece), _) => self.text += &render(texts, std::slice::from_ref(piece)),
            }
            self.lengths.push(self.text.len() - before);
        }
        self
    }

    /// The content with `splices` (ranges of the planned text, apart, in order) put in.
    pub(crate) fn spliced(self, texts: Texts<'_, '_>, splices: &[Splice]) -> Self {
        let (mut parts, mut next) = (Vec::new(), splices.iter().peekable());
        let (mut offset, mut gone) = (0, 0);
        for (part, length) in self.parts.iter().zip(&self.lengths) {
            let end = offset + length;
            let mut from = offset.max(gone.min(end));
            // A splice belongs to the first part that holds its start; one at the very end of the text to the last part.
            while let Some((range, pieces)) = next.next_if(|(range, _)| range.start < end) {
                parts.extend(self.sub(texts, part, offset, from..range.start.max(from)));
                parts.extend(pieces.iter().cloned().map(Part::New));
                gone = gone.max(range.end);
                from = gone.min(end).max(from);
            }
            parts.extend(self.sub(texts, part, offset, from..end));
            offset = end;
        }
        for (_, pieces) in next {
            parts.extend(pieces.iter().cloned().map(Part::New));
        }
        Self { parts, ..self }.measured(texts)
    }

    /// The bytes `range` (of the planned text) of `part`, which starts at `offset`.
    fn sub(&self, texts: Texts<'_, '_>, part: &Part, offset: usize, range: Range<usize>) -> Option<Part> {
        if range.is_empty() {
            return None;
        }
        let (start, end) = (range.start - offset, range.end - offset);
        Some(match part {
            Part::Kept(kept) => Part::Kept(kept.start + start..kept.start + end),
            Part::New(Piece::Text(text)) => Part::New(Piece::text(text.get(start..end).unwrap_or_default())),
            Part::New(Piece::Source(span)) => {
                let first = span.start as usize;
                Part::New(Piece::Source(Span::new(span.file, first + start..first + end)))
            }
            Part::New(piece @ Piece::Indented { .. }) => {
                let whole = render(texts, std::slice::from_ref(piece));
                if (start, end) == (0, whole.len()) {
                    Part::New(piece.clone())
                } else {
                    Part::New(Piece::text(whole.get(start..end).unwrap_or_default()))
                }
            }
        })
    }

    /// The content as the pieces of a new file.
    pub(crate) fn into_pieces(self) -> Vec<Piece> {
        let file = self.file;
        let pieces = self.parts.into_iter().filter_map(|part| match part {
            Part::New(piece) => Some(piece),
            Part::Kept(range) => file.map(|file| Piece::Source(Span::new(file, range))),
        });
        joined(pieces)
    }

    /// The content as flat edits of an original of `length` bytes.
    pub(crate) fn into_edits(self, length: usize) -> Vec<Edit> {
        let Some(file) = self.file else { return Vec::new() };
        let (mut edits, mut at, mut waiting) = (Vec::new(), 0, Vec::new());
        let kept = self.parts.into_iter().chain([Part::Kept(length..length)]);
        for part in kept {
            match part {
                Part::New(piece) => waiting.push(piece),
                Part::Kept(range) => {
                    // An empty kept range in the middle still says where the original stands: it parts two edits.
                    let replacement = joined(std::mem::take(&mut waiting));
                    if range.start > at || !replacement.is_empty() {
                        edits.push(Edit { span: Span::new(file, at..range.start), replacement });
                    }
                    at = range.end;
                }
            }
        }
        edits
    }
}

/// Neighbouring texts as one piece, empty ones left out.
fn joined(pieces: impl IntoIterator<Item = Piece>) -> Vec<Piece> {
    let mut joined: Vec<Piece> = Vec::new();
    for piece in pieces {
        match (joined.last_mut(), piece) {
            (_, Piece::Text(text)) if text.is_empty() => {}
            (Some(Piece::Text(before)), Piece::Text(text)) => *before += &text,
            (_, piece) => joined.push(piece),
        }
    }
    joined
}

/// The line-wise difference of two texts as replacements in the first, each as small as its bytes allow.
pub(crate) fn difference(before: &str, after: &str) -> Vec<Splice> {
    let (old_lines, new_lines): (Vec<_>, Vec<_>) =
        (before.split_inclusive('\n').collect(), after.split_inclusive('\n').collect());
    let (old_starts, new_starts) = (starts(&old_lines), starts(&new_lines));
    let operations = similar::capture_diff_slices(similar::Algorithm::Myers, &old_lines, &new_lines);
    let mut splices = Vec::new();
    for operation in operations.iter().filter(|operation| operation.tag() != similar::DiffTag::Equal) {
        let (old, new) = (operation.old_range(), operation.new_range());
        let (old, new) =
            (old_starts[old.start]..old_starts[old.end], new_starts[new.start]..new_starts[new.end]);
        let (gone, come) = (&before[old.clone()], &after[new.clone()]);
        let head = common(gone.chars(), come.chars());
        let tail = common(gone[head..].chars().rev(), come[head..].chars().rev());
        let come = Piece::text(&come[head..come.len() - tail]);
        splices.push((old.start + head..old.end - tail, vec![come]));
    }
    splices
}

/// Where each line starts, and where the last one ends.
fn starts(lines: &[&str]) -> Vec<usize> {
    let mut starts = vec![0];
    starts.extend(lines.iter().scan(0, |at, line| {
        *at += line.len();
        Some(*at)
    }));
    starts
}

/// How many bytes two runs of characters have in common at their beginning.
fn common(one: impl Iterator<Item = char>, other: impl Iterator<Item = char>) -> usize {
    one.zip(other).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum()
}

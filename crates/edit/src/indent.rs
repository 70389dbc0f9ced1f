//! Moving lines to another depth: the indentation that the lines of a slice share is replaced, the rest stays.

use crate::{FileId, Piece, Span};

/// The text of a file.
pub(crate) type Texts<'a, 't> = &'a dyn Fn(FileId) -> &'t str;

/// The text of `span`; empty if it is no sound span of its file.
pub(crate) fn slice<'t>(texts: Texts<'_, 't>, span: Span) -> &'t str {
    texts(span.file).get(span.range()).unwrap_or("")
}

/// A piece in the making.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    /// What it says.
    pub(crate) piece: Piece,
    /// Whether its lines stay where they are when the lines around them move.
    pub(crate) fixed: bool,
}

impl Run {
    /// A run that moves with the lines around it.
    pub(crate) fn loose(piece: Piece) -> Self {
        Self { piece, fixed: false }
    }

    fn text<'a, 't: 'a>(&'a self, texts: Texts<'_, 't>) -> &'a str {
        match &self.piece {
            Piece::Text(text) => text,
            Piece::Source(span) | Piece::Indented { span, .. } => slice(texts, *span),
        }
    }
}

/// Spans whose lines stay byte for byte, sorted and apart.
#[derive(Debug)]
pub(crate) struct Verbatim(Vec<Span>);

impl Verbatim {
    /// From spans in any order, which may overlap or be none.
    pub(crate) fn new(spans: &[Span]) -> Self {
        let mut sorted: Vec<Span> = spans.iter().copied().filter(|span| span.start < span.end).collect();
        sorted.sort();
        let mut apart: Vec<Span> = Vec::new();
        for span in sorted {
            match apart.last_mut() {
                Some(last) if last.file == span.file && span.start <= last.end => {
                    last.end = last.end.max(span.end)
                }
                _ => apart.push(span),
            }
        }
        Self(apart)
    }

    /// Whether a line that begins at `place` stays.
    fn holds(&self, file: FileId, place: usize) -> bool {
        let after = self.0.partition_point(|span| (span.file, span.start as usize) <= (file, place));
        after > 0 && self.0[after - 1].file == file && place < self.0[after - 1].end as usize
    }

    /// Whether what replaces `edited` stands inside one of the spans and so must not move either.
    pub(crate) fn surrounds(&self, edited: Span) -> bool {
        let after = self.0.partition_point(|span| (span.file, span.start) <= (edited.file, edited.start));
        let Some(span) = after.checked_sub(1).map(|index| self.0[index]) else { return false };
        let at_border =
            edited.start == edited.end && (edited.start == span.start || edited.start == span.end);
        span.covers(edited) && span != edited && !at_border
    }

    /// Fixes the parts of the loose slices among `runs` that lie in one of the spans.
    fn fix(&self, texts: Texts<'_, '_>, runs: Vec<Run>) -> Vec<Run> {
        let mut out = Vec::new();
        for run in runs {
            let Run { piece: Piece::Source(mut rest), fixed: false } = run else {
                out.push(run);
                continue;
            };
            let text = texts(rest.file);
            let first = self.0.partition_point(|span| (span.file, span.end) <= (rest.file, rest.start));
            for span in
                self.0[first..].iter().take_while(|span| (span.file, span.start) < (rest.file, rest.end))
            {
                let start = span.start.max(rest.start);
                let end = span.end.min(rest.end);
                if !text.is_char_boundary(start as usize) || !text.is_char_boundary(end as usize) {
                    continue;
                }
                out.push(Run::loose(Piece::Source(Span { end: start, ..rest })));
                out.push(Run { piece: Piece::Source(Span { start, end, ..rest }), fixed: true });
                rest.start = end;
            }
            out.push(Run::loose(Piece::Source(rest)));
        }
        out.retain(|run| !matches!(&run.piece, Piece::Source(span) if span.start == span.end));
        out
    }
}

/// One level of indentation: what the first indented line of a text begins with.
pub fn unit(text: &str) -> &'static str {
    let indented =
        text.lines().find(|line| line.starts_with([' ', '\t']) && !line.trim_start().starts_with('*'));
    match indented {
        Some(line) if line.starts_with('\t') => "\t",
        Some(line) if line.starts_with("    ") => "    ",
        _ => "  ",
    }
}

/// The slice `span` with its lines moved to `indent`, as runs of text and plain slices.
pub(crate) fn indented(texts: Texts<'_, '_>, span: Span, indent: &str, verbatim: &[Span]) -> Vec<Run> {
    let verbatim = Verbatim::new(verbatim);
    shifted(texts, vec![Run::loose(Piece::Source(span))], Move { span, indent, verbatim: &verbatim })
}

/// Where a slice goes.
pub(crate) struct Move<'a> {
    /// The slice.
    pub(crate) span: Span,
    /// The indentation there.
    pub(crate) indent: &'a str,
    /// What stays byte for byte.
    pub(crate) verbatim: &'a Verbatim,
}

/// `runs`, which are a slice with the edits inside it carried out, with their lines moved. Lines of a carried edit move too, if
/// they begin with the indentation that the slice's lines share: they were written for the same depth.
pub(crate) fn shifted(
    texts: Texts<'_, '_>,
    runs: Vec<Run>,
    Move { span, indent, verbatim }: Move<'_>,
) -> Vec<Run> {
    let common = common_indentation(texts, span, verbatim);
    let runs = verbatim.fix(texts, plain(texts, runs));
    if common == indent {
        return runs;
    }
    let mut out = Vec::new();
    // Bytes of the old indentation that are still to be left out, and whether the next byte begins a line.
    let (mut leaving, mut at_line_start) = (0, false);
    for (index, run) in runs.iter().enumerate() {
        let text = run.text(texts);
        let mut at = 0;
        while at < text.len() {
            if at_line_start {
                at_line_start = false;
                if !run.fixed && moves(texts, &runs[index..], at, common) {
                    leaving = common.len();
                    out.push(Run::loose(Piece::text(indent)));
                }
            }
            let left_out = leaving.min(text.len() - at);
            leaving -= left_out;
            at += left_out;
            if leaving > 0 || at == text.len() {
                continue;
            }
            let line_end = text[at..].find('\n').map(|found| at + found + 1);
            let end = line_end.unwrap_or(text.len());
            at_line_start = line_end.is_some();
            out.push(Run { piece: part(&run.piece, at..end), fixed: run.fixed });
            at = end;
        }
    }
    out
}

/// `runs` with each indented slice among them written out.
fn plain(texts: Texts<'_, '_>, runs: Vec<Run>) -> Vec<Run> {
    let mut out = Vec::with_capacity(runs.len());
    for run in runs {
        match &run.piece {
            Piece::Indented { span, indent, verbatim } => {
                let fixed = run.fixed;
                let inner = indented(texts, *span, indent, verbatim);
                out.extend(inner.into_iter().map(|inner| Run { fixed: fixed || inner.fixed, ..inner }));
            }
            Piece::Text(_) | Piece::Source(_) => out.push(run),
        }
    }
    out
}

/// Whether the line that begins `at` bytes into the first of `runs` moves: it is not blank and begins with `common`.
fn moves(texts: Texts<'_, '_>, runs: &[Run], at: usize, common: &str) -> bool {
    let mut line = runs.iter().enumerate().flat_map(|(index, run)| {
        let text = run.text(texts).as_bytes();
        if index == 0 { &text[at..] } else { text }.iter().copied()
    });
    let begins = common.bytes().all(|byte| line.next() == Some(byte));
    begins && line.find(|byte| !matches!(byte, b' ' | b'\t' | b'\r')).is_some_and(|byte| byte != b'\n')
}

/// The bytes `range` of what a text or a slice says.
fn part(piece: &Piece, range: std::ops::Range<usize>) -> Piece {
    match piece {
        Piece::Text(text) => Piece::text(&text[range]),
        Piece::Source(span) | Piece::Indented { span, .. } => {
            let start = span.start as usize;
            Piece::Source(Span::new(span.file, start + range.start..start + range.end))
        }
    }
}

/// The spaces and tabs that all lines of `span` after the first begin with; blank lines and those that begin in `verbatim` do
/// not count. If no line counts: the indentation of the line in which the span begins.
fn common_indentation<'t>(texts: Texts<'_, 't>, span: Span, verbatim: &Verbatim) -> &'t str {
    let text = texts(span.file);
    let inside = slice(texts, span);
    let mut common: Option<&str> = None;
    for (newline, _) in inside.match_indices('\n') {
        let line = inside[newline + 1..].lines().next().unwrap_or("");
        let indentation = leading(line);
        if line.trim_matches([' ', '\t', '\r']).is_empty()
            || verbatim.holds(span.file, span.start as usize + newline + 1)
        {
            continue;
        }
        common = Some(match common {
            None => indentation,
            Some(common) => {
                let same =
                    common.bytes().zip(indentation.bytes()).take_while(|(left, right)| left == right).count();
                &common[..same]
            }
        });
    }
    common.unwrap_or_else(|| {
        let before = text.get(..span.start as usize).unwrap_or("");
        leading(&text[before.rfind('\n').map_or(0, |newline| newline + 1)..])
    })
}

/// The spaces and tabs at the start of `line`.
fn leading(line: &str) -> &str {
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

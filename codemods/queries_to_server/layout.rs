//! How source is indented where it stood, and where it goes.

use edit::{FileId, Piece, Span};
use std::ops::Range;

/// How the lines of a piece of source are indented, and which of them must stay.
pub(super) struct Layout {
    /// What the lines after the first share.
    common: usize,
    /// More spaces for lines that go on with a method, at the least.
    more: usize,
    verbatim: Vec<Range<usize>>,
}

impl Layout {
    /// `statement`: the indentation of the statement that the range is, which its lines are seen from.
    pub(super) fn of(
        source: &str,
        range: &Range<usize>,
        verbatim: &[Range<usize>],
        statement: Option<usize>,
    ) -> Self {
        if let Some(common) = statement {
            return Self { common, more: 0, verbatim: verbatim.to_vec() };
        }
        let mut common = usize::MAX;
        let mut dotted = false;
        for start in line_starts(source, range).filter(|start| !inside(verbatim, *start)) {
            let line = source[start..range.end].lines().next().unwrap_or_default();
            let code = line.trim_start();
            if code.is_empty() {
                continue;
            }
            let width = line.len() - code.len();
            if width < common {
                common = width;
                dotted = code.starts_with('.') || code.starts_with("//");
            }
        }
        if common == usize::MAX {
            common = 0;
        }
        Self { common, more: if dotted { 2 } else { 0 }, verbatim: verbatim.to_vec() }
    }

    /// `range` with its lines at `indent`.
    pub(super) fn moved(
        &self,
        file: FileId,
        source: &str,
        range: Range<usize>,
        indent: usize,
        out: &mut Vec<Piece>,
    ) {
        let mut at = range.start;
        for start in line_starts(source, &range).filter(|start| !inside(&self.verbatim, *start)) {
            let line = &source[start..];
            let width = line.len() - line.trim_start_matches([' ', '\t']).len();
            let blank = line[width..].starts_with(['\n', '\r']);
            if blank {
                continue;
            }
            if at < start {
                out.push(Piece::Source(Span::new(file, at..start)));
            }
            let own = width.saturating_sub(self.common);
            out.push(Piece::text(" ".repeat(indent + self.more + own)));
            at = (start + width).min(range.end);
        }
        if at < range.end {
            out.push(Piece::Source(Span::new(file, at..range.end)));
        }
    }
}

/// Where lines begin inside `range`, its own start apart.
fn line_starts<'t>(source: &'t str, range: &Range<usize>) -> impl Iterator<Item = usize> + 't {
    let first = range.start;
    source[range.clone()].match_indices('\n').map(move |(at, _)| first + at + 1)
}

fn inside(ranges: &[Range<usize>], at: usize) -> bool {
    ranges.iter().any(|range| range.start < at && at < range.end)
}

//! The call of a server function, in place of the query that it was.

use super::draft::{Draft, Site};
use edit::{Piece, Span};
use stack::server::function::key_text;
use std::ops::Range;

/// The call in place of the query.
pub(super) struct Call<'a> {
    pub(super) draft: &'a Draft,
    pub(super) source: &'a str,
    /// What stands before and behind the input.
    pub(super) around: (String, String),
}

impl Call<'_> {
    /// The call as pieces, indented as the file is.
    pub(super) fn pieces(&self) -> Vec<Piece> {
        let draft = self.draft;
        let mut pieces = Vec::new();
        if draft.cast.is_some() {
            pieces.push(Piece::text("("));
        }
        pieces.push(Piece::text(self.around.0.clone()));
        if draft.is_whole() {
            pieces.extend(self.site(&draft.sent[0].site, None));
        } else if !draft.sent.is_empty() {
            pieces.extend(self.object());
        }
        pieces.push(Piece::text(self.around.1.clone()));
        if let Some(cast) = &draft.cast {
            pieces.push(Piece::text(format!(" as {cast})")));
        }
        pieces
    }

    fn object(&self) -> Vec<Piece> {
        let line = self.line_indent();
        let mut items: Vec<Vec<Piece>> = Vec::new();
        let mut width = 4;
        let mut broken = false;
        for sent in &self.draft.sent {
            let inner = format!("{line}{}", self.unit());
            let value = self.site(&sent.site, Some(&inner));
            let text = self.text(&value);
            let shorthand = text == sent.name && key_text(&sent.name) == sent.name;
            let mut item = Vec::new();
            if !shorthand {
                item.push(Piece::text(format!("{}: ", key_text(&sent.name))));
                width += sent.name.len() + 2;
            }
            width += text.chars().count() + 2;
            broken |= text.contains('\n');
            item.extend(value);
            items.push(item);
        }
        let column = self.column() + self.around.0.len();
        // A line that is too long already is not made better by one more break.
        let many = column + width > 100 && self.column() < 100;
        let mut pieces = Vec::new();
        if broken || many {
            let pad = format!("\n{line}{}", self.unit());
            pieces.push(Piece::text("{"));
            for item in items {
                pieces.push(Piece::text(pad.clone()));
                pieces.extend(item);
                pieces.push(Piece::text(","));
            }
            pieces.push(Piece::text(format!("\n{line}}}")));
        } else {
            pieces.push(Piece::text("{ "));
            for (at, item) in items.into_iter().enumerate() {
                if at > 0 {
                    pieces.push(Piece::text(", "));
                }
                pieces.extend(item);
            }
            pieces.push(Piece::text(" }"));
        }
        pieces
    }

    /// An expression at the call, its lines at `indent` where it has several.
    fn site(&self, site: &Site, indent: Option<&str>) -> Vec<Piece> {
        let file = self.draft.file;
        match site {
            Site::Expression(range) => {
                let text = &self.source[range.clone()];
                if self.draft.unsure.contains(range) {
                    return vec![Piece::text(text.replace('.', "?."))];
                }
                if self.draft.loose.contains(range) {
                    return vec![Piece::Source(Span::new(file, range.clone())), Piece::text(" as never")];
                }
                vec![self.lines(range, indent)]
            }
            Site::Truth(range) => {
                let slice = Piece::Source(Span::new(file, range.clone()));
                vec![Piece::text("Boolean("), slice, Piece::text(")")]
            }
            // Nothing of it went.
            Site::Without(range, gone) if gone.is_empty() && !self.draft.loose.contains(range) => {
                vec![self.lines(range, indent)]
            }
            Site::Guarded(condition, value) => {
                let mut pieces = self.operand(condition);
                pieces.push(Piece::text(" ? "));
                pieces.extend(self.operand(value));
                pieces.push(Piece::text(" : undefined"));
                pieces
            }
            Site::Without(range, _) => {
                let (base, line) = (self.base(range), self.line_indent());
                let indent = indent.unwrap_or(&line);
                let mut pieces: Vec<Piece> =
                    site.kept().iter().map(|part| self.moved(part, base, indent)).collect();
                if self.draft.loose.contains(range) {
                    pieces.push(Piece::text(" as never"));
                }
                pieces
            }
        }
    }

    /// A slice of the file as one part of a choice: another choice stands in brackets.
    fn operand(&self, range: &Range<usize>) -> Vec<Piece> {
        let slice = Piece::Source(Span::new(self.draft.file, range.clone()));
        if !self.source[range.clone()].contains(" ? ") {
            return vec![slice];
        }
        vec![Piece::text("("), slice, Piece::text(")")]
    }

    /// A slice of the file, its lines at `indent` where it has several.
    fn lines(&self, range: &Range<usize>, indent: Option<&str>) -> Piece {
        let indent = indent.map_or_else(|| self.line_indent(), str::to_owned);
        self.moved(range, self.base(range), &indent)
    }

    /// A part of a value whose lines are seen from `base`, which goes to `indent`.
    fn moved(&self, part: &Range<usize>, base: &str, indent: &str) -> Piece {
        let span = Span::new(self.draft.file, part.clone());
        let Some(own) = self.common(part) else { return Piece::Source(span) };
        let more = own.strip_prefix(base).unwrap_or_default();
        let kept = self.draft.verbatim.iter();
        let kept = kept.filter(|kept| part.start <= kept.start && kept.end <= part.end);
        let verbatim = kept.map(|kept| Span::new(self.draft.file, kept.clone())).collect();
        Piece::Indented { span, indent: format!("{indent}{more}"), verbatim }
    }

    /// The indentation that the lines of a value are seen from: of the line that it begins in, or what its own lines share where
    /// that is less.
    fn base(&self, range: &Range<usize>) -> &str {
        let line = self.leading(range.start);
        self.common(range).filter(|own| !own.starts_with(line)).unwrap_or(line)
    }

    /// What the lines after the first begin with, if there are any.
    fn common(&self, range: &Range<usize>) -> Option<&str> {
        let text = &self.source[range.clone()];
        let starts = text.match_indices('\n').map(|(at, _)| range.start + at + 1);
        let inside = |at: usize| self.draft.verbatim.iter().any(|kept| kept.start < at && at < kept.end);
        let lines = starts.filter(|at| !inside(*at) && *at < range.end);
        let lines = lines.filter(|at| {
            self.source[*at..range.end].lines().next().is_some_and(|line| !line.trim().is_empty())
        });
        lines.map(|at| self.leading(at)).reduce(|one, other| {
            let same = one.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count();
            &one[..same]
        })
    }

    /// The indentation of the line of `at`.
    fn leading(&self, at: usize) -> &str {
        let start = self.source[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let line = &self.source[start..];
        &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
    }

    fn text(&self, pieces: &[Piece]) -> String {
        pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.as_str(),
                Piece::Source(span) | Piece::Indented { span, .. } => &self.source[span.range()],
            })
            .collect()
    }

    fn line_start(&self) -> usize {
        self.source[..self.draft.call.start].rfind('\n').map_or(0, |newline| newline + 1)
    }

    fn column(&self) -> usize {
        self.source[self.line_start()..self.draft.call.start].chars().count()
    }

    /// The indentation of the line that the call stands in.
    fn line_indent(&self) -> String {
        self.leading(self.draft.call.start).to_owned()
    }

    fn unit(&self) -> &'static str {
        edit::indent_unit(self.source)
    }
}

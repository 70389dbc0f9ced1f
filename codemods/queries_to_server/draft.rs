//! A draft of a server function: the text of a query with holes where a value comes from the session or from the browser.

use super::layout::Layout;
use super::name::Parts;
use edit::{FileId, Piece, Span};
use stack::server::function::{Input, key_text};
use std::ops::Range;

/// What stands in a hole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fill {
    /// Text of ours.
    Text(String),
    /// The input of this index.
    Input(usize),
    /// Text around an input: before, index, after.
    Around(String, usize, String),
    /// A whole object from the browser, with what the server sets in it.
    Object(Object),
}

/// A whole object from the browser, as an argument of the query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Object {
    /// The input that holds it.
    pub(super) input: usize,
    /// Keys that the server sets, and to what.
    pub(super) set: Vec<(String, String)>,
    /// A list of such objects.
    pub(super) list: bool,
    /// Behind it: ` as never`, where the generated types lack a column.
    pub(super) cast: &'static str,
}

/// A piece of the file in the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) range: Range<usize>,
    /// Text of ours in front of it and behind it.
    pub(super) around: (&'static str, &'static str),
}

impl Segment {
    pub(super) fn of(range: Range<usize>) -> Self {
        Self { range, around: ("", "") }
    }
}

/// A part of an expression at the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Site {
    /// The expression as it stands.
    Expression(Range<usize>),
    /// Whether there is anything: all that the function asks of the expression.
    Truth(Range<usize>),
    /// The second expression where the first is true, else nothing.
    Guarded(Range<usize>, Range<usize>),
    /// An object literal of which some keys went.
    Without(Range<usize>, Vec<Range<usize>>),
}

impl Site {
    /// Where its value stands.
    pub(super) fn range(&self) -> Range<usize> {
        match self {
            Self::Expression(range)
            | Self::Truth(range)
            | Self::Without(range, _)
            | Self::Guarded(_, range) => range.clone(),
        }
    }

    /// What of the source the call goes on to say.
    pub(super) fn kept(&self) -> Vec<Range<usize>> {
        match self {
            Self::Expression(range) | Self::Truth(range) => vec![range.clone()],
            Self::Guarded(condition, value) => vec![condition.clone(), value.clone()],
            Self::Without(range, gone) => {
                let starts = std::iter::once(range.start).chain(gone.iter().map(|hole| hole.end));
                let ends = gone.iter().map(|hole| hole.start).chain(std::iter::once(range.end));
                starts.zip(ends).filter(|(start, end)| start < end).map(|(start, end)| start..end).collect()
            }
        }
    }
}

/// One thing that the browser sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) name: String,
    pub(super) schema: Input,
    pub(super) site: Site,
    /// It is a whole object, and may be the input itself.
    pub(super) whole: bool,
}

/// The draft of one function, with the call that replaces the query.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    /// Index of the query.
    pub(super) query: usize,
    pub(super) file: FileId,
    /// What of the file becomes the body.
    pub(super) segments: Vec<Segment>,
    /// What is replaced by the call.
    pub(super) call: Range<usize>,
    /// Statements that go.
    pub(super) removed: Vec<Range<usize>>,
    /// The body is a block of statements, not an expression.
    pub(super) block: bool,
    /// Holes of the body, apart, in order.
    pub(super) holes: Vec<(Range<usize>, Fill)>,
    /// Where a long line may be broken: before these bytes.
    pub(super) breaks: Vec<usize>,
    /// Ranges whose inner lines stay as they are.
    pub(super) verbatim: Vec<Range<usize>>,
    /// Members of what may not be there where the call now asks for them: `a.b` is sent as `a?.b`.
    pub(super) unsure: Vec<Range<usize>>,
    /// Expressions whose type nobody asked for so far, since the client took anything: they are sent `as never`, which
    /// fits whatever the function takes.
    pub(super) loose: Vec<Range<usize>>,
    pub(super) parts: Parts,
    pub(super) sent: Vec<Sent>,
    /// The session's user is needed.
    pub(super) identity: Option<Needed>,
    /// A type that the result is read as: `Promise<...>`.
    pub(super) cast: Option<String>,
    /// The name of the library's type in it.
    pub(super) cast_with: Option<&'static str>,
    /// What is said in the comment of the function, behind its call sites.
    pub(super) remarks: Vec<String>,
    /// Columns that the browser may no longer set.
    pub(super) withheld: Vec<String>,
    /// Columns that give a privilege and that the browser still sets by name.
    pub(super) granted: Vec<(String, Range<usize>)>,
    /// Columns that neither types nor SQL know.
    pub(super) unknown: Vec<String>,
    /// Columns that the code writes and the generated types lack.
    pub(super) drift: Vec<String>,
    /// The client knows the types of the tables.
    pub(super) typed: bool,
}

/// How much of a session a function needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needed {
    /// Without one it is refused.
    Required,
    /// Without one the column is null.
    Optional,
}

impl Draft {
    /// Whether the one input is the whole object itself.
    pub(super) fn is_whole(&self) -> bool {
        matches!(self.sent.as_slice(), [one] if one.whole)
    }

    /// Whether what is sent may be a whole document, or many rows.
    pub(super) fn sends_much(&self) -> bool {
        fn much(input: &Input) -> bool {
            match input {
                Input::None => false,
                Input::Object(members) | Input::Open(members) => {
                    members.iter().any(|(_, member)| much(member))
                }
                Input::List(_) | Input::OneOrMany(_) => true,
                Input::Schema(text) => text.starts_with("json"),
            }
        }
        self.sent.iter().any(|sent| much(&sent.schema))
    }

    fn input_text(&self, index: usize) -> String {
        if self.is_whole() { "input".to_owned() } else { member("input", &self.sent[index].name) }
    }

    /// What the function takes.
    pub(super) fn input(&self) -> Input {
        if self.sent.is_empty() {
            return Input::None;
        }
        if self.is_whole() {
            return self.sent[0].schema.clone();
        }
        Input::Object(self.sent.iter().map(|sent| (sent.name.clone(), sent.schema.clone())).collect())
    }

    fn filled(&self, fill: &Fill) -> String {
        match fill {
            Fill::Text(text) => text.clone(),
            Fill::Input(index) => self.input_text(*index),
            Fill::Around(before, index, after) => format!("{before}{}{after}", self.input_text(*index)),
            Fill::Object(Object { input, set, list, cast }) => {
                let input = self.input_text(*input);
                if set.is_empty() {
                    return format!("{input}{cast}");
                }
                let set: Vec<_> = set
                    .iter()
                    .map(
                        |(key, value)| {
                            if key == value { key.clone() } else { format!("{}: {value}", key_text(key)) }
                        },
                    )
                    .collect();
                let set = set.join(", ");
                if *list {
                    format!("{input}.map((row) => ({{ ...row, {set} }})){cast}")
                } else {
                    format!("{{ ...{input}, {set} }}{cast}")
                }
            }
        }
    }

    /// Holes in order. A value that stood on a line of its own is short now: an input follows its key on the same line.
    pub(super) fn settle_holes(&mut self, source: &str) {
        for (range, fill) in &mut self.holes {
            let key = source[..range.start].trim_end();
            if !key.ends_with(':') || !source[key.len()..range.start].contains('\n') {
                continue;
            }
            if let Fill::Input(index) = fill {
                *fill = Fill::Around(String::new(), *index, String::new());
            }
            if let Fill::Around(before, ..) = fill {
                before.insert(0, ' ');
                range.start = key.len();
            }
        }
        self.holes.sort_by_key(|(range, _)| (range.start, range.end));
    }

    /// A segment as text and slices; a slice never crosses a hole.
    fn runs_of(&self, segment: &Segment) -> Vec<Run> {
        let mut runs = Vec::new();
        let mut at = segment.range.start;
        if !segment.around.0.is_empty() {
            runs.push(Run::Ours(segment.around.0.to_owned()));
        }
        let own = |hole: &&(Range<usize>, Fill)| {
            segment.range.start <= hole.0.start && hole.0.end <= segment.range.end
        };
        for (hole, fill) in self.holes.iter().filter(own) {
            if at < hole.start {
                runs.push(Run::Kept(at..hole.start));
            }
            runs.push(Run::Ours(self.filled(fill)));
            at = hole.end;
        }
        if at < segment.range.end {
            runs.push(Run::Kept(at..segment.range.end));
        }
        if !segment.around.1.is_empty() {
            runs.push(Run::Ours(segment.around.1.to_owned()));
        }
        runs
    }

    fn runs(&self) -> Vec<Run> {
        let mut runs = Vec::new();
        for segment in &self.segments {
            if self.block {
                runs.push(Run::Ours("\n".to_owned()));
            }
            runs.extend(self.runs_of(segment));
        }
        runs
    }

    /// The text of the body.
    pub(super) fn text(&self, source: &str) -> String {
        self.runs()
            .iter()
            .map(|run| match run {
                Run::Kept(range) => &source[range.clone()],
                Run::Ours(text) => text,
            })
            .collect()
    }

    /// What two equal functions agree in.
    pub(super) fn key(&self, source: &str) -> String {
        let mut words = String::new();
        for (at, word) in self.text(source).split_whitespace().enumerate() {
            let tight = word.starts_with(['.', ')', '}', ',']) || words.ends_with(['(', '.']);
            if at > 0 && !tight {
                words.push(' ');
            }
            words += word;
        }
        let body = words.replace(",)", ")").replace(", }", " }").replace(",}", "}").replace('\'', "\"");
        format!("{body}\n{}\n{:?}", strict(&self.input()).line(), self.identity)
    }

    /// Takes what `other` takes too, of a draft with the same key: a key that one of them may leave out may be left out.
    pub(super) fn widen(&mut self, other: &Self) {
        for (own, other) in self.sent.iter_mut().zip(&other.sent) {
            own.schema = wider(&own.schema, &other.schema);
        }
        self.withheld.extend(other.withheld.iter().cloned());
    }

    /// The body in one line, if it stands in one.
    pub(super) fn line(&self, source: &str) -> Option<(usize, Vec<Piece>)> {
        let text = self.text(source);
        let pieces = || self.runs().into_iter().map(|run| run.piece(self.file)).collect();
        (!text.contains('\n') && !self.block).then(|| (text.chars().count(), pieces()))
    }

    /// The body over several lines, the lines after the first at `indent` spaces or more.
    pub(super) fn lines(&self, source: &str, indent: usize) -> Vec<Piece> {
        if self.block {
            return self.statements(source, indent);
        }
        let text = self.text(source);
        let [segment] = self.segments.as_slice() else { return Vec::new() };
        if !text.contains('\n') {
            return self.broken(indent);
        }
        let layout = Layout::of(source, &segment.range, &self.verbatim, None);
        let mut pieces = Vec::new();
        for run in self.runs() {
            match run {
                Run::Ours(text) => pieces.push(Piece::text(text)),
                Run::Kept(range) => layout.moved(self.file, source, range, indent, &mut pieces),
            }
        }
        pieces
    }

    /// A block of statements.
    fn statements(&self, source: &str, indent: usize) -> Vec<Piece> {
        let pad = " ".repeat(indent + 2);
        let mut pieces = vec![Piece::text("{")];
        for segment in &self.segments {
            pieces.push(Piece::text(format!("\n{pad}")));
            let start = source[..segment.range.start].rfind('\n').map_or(0, |newline| newline + 1);
            let line = &source[start..];
            let own = line.len() - line.trim_start_matches([' ', '\t']).len();
            let layout = Layout::of(source, &segment.range, &self.verbatim, Some(own));
            for run in self.runs_of(segment) {
                match run {
                    Run::Ours(text) => pieces.push(Piece::text(text)),
                    // A slice that is all of what an edit replaces would carry that edit along.
                    Run::Kept(range) if range == segment.range => {
                        let first = source[range.clone()].chars().next().map_or(0, char::len_utf8);
                        pieces.push(Piece::text(&source[range.start..range.start + first]));
                        layout.moved(
                            self.file,
                            source,
                            range.start + first..range.end,
                            indent + 2,
                            &mut pieces,
                        );
                    }
                    Run::Kept(range) => layout.moved(self.file, source, range, indent + 2, &mut pieces),
                }
            }
        }
        pieces.push(Piece::text(format!("\n{}}}", " ".repeat(indent))));
        pieces
    }

    /// A long line broken before its methods.
    fn broken(&self, indent: usize) -> Vec<Piece> {
        let pad = format!("\n{}", " ".repeat(indent + 2));
        let mut pieces = Vec::new();
        for run in self.runs() {
            match run {
                Run::Ours(text) => pieces.push(Piece::text(text)),
                Run::Kept(range) => {
                    let mut at = range.start;
                    for place in self.breaks.iter().copied().filter(|place| range.contains(place)) {
                        if at < place {
                            pieces.push(Piece::Source(Span::new(self.file, at..place)));
                        }
                        pieces.push(Piece::text(pad.clone()));
                        at = place;
                    }
                    pieces.push(Piece::Source(Span::new(self.file, at..range.end)));
                }
            }
        }
        pieces
    }
}

/// A schema without what may be missing.
fn strict(input: &Input) -> Input {
    match input {
        Input::Object(keys) => {
            Input::Object(keys.iter().map(|(key, schema)| (key.clone(), strict(schema))).collect())
        }
        Input::Open(keys) => {
            Input::Open(keys.iter().map(|(key, schema)| (key.clone(), strict(schema))).collect())
        }
        Input::List(item) => Input::List(Box::new(strict(item))),
        Input::OneOrMany(item) => Input::OneOrMany(Box::new(strict(item))),
        Input::Schema(schema) => Input::Schema(schema.replace(".nullable()", "").replace(".optional()", "")),
        Input::None => Input::None,
    }
}

/// What either takes; the two are alike but for what may be missing.
fn wider(one: &Input, other: &Input) -> Input {
    match (one, other) {
        (Input::Object(own), Input::Object(others)) => {
            let keys =
                own.iter().zip(others).map(|((key, one), (_, other))| (key.clone(), wider(one, other)));
            Input::Object(keys.collect())
        }
        (Input::Open(own), Input::Open(others)) => {
            let keys =
                own.iter().zip(others).map(|((key, one), (_, other))| (key.clone(), wider(one, other)));
            Input::Open(keys.collect())
        }
        (Input::List(one), Input::List(other)) => Input::List(Box::new(wider(one, other))),
        (Input::OneOrMany(one), Input::OneOrMany(other)) => Input::OneOrMany(Box::new(wider(one, other))),
        (Input::Schema(one), Input::Schema(other)) => {
            let plain = one.trim_end_matches(".optional()").trim_end_matches(".nullable()");
            let either =
                |word: &'static str| if one.ends_with(word) || other.ends_with(word) { word } else { "" };
            let nullable =
                [one, other].iter().any(|text| text.trim_end_matches(".optional()").ends_with(".nullable()"));
            let nullable = if nullable { ".nullable()" } else { "" };
            Input::Schema(format!("{plain}{nullable}{}", either(".optional()")))
        }
        (one, _) => one.clone(),
    }
}

/// `object.name`, or `object["na-me"]`.
fn member(object: &str, name: &str) -> String {
    let key = key_text(name);
    if key.starts_with('"') { format!("{object}[{key}]") } else { format!("{object}.{key}") }
}

enum Run {
    Kept(Range<usize>),
    Ours(String),
}

impl Run {
    fn piece(self, file: FileId) -> Piece {
        match self {
            Self::Kept(range) => Piece::Source(Span::new(file, range)),
            Self::Ours(text) => Piece::text(text),
        }
    }
}

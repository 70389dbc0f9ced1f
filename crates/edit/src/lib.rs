//! Edits as data. Every edit is against the original bytes of a file; a replacement keeps slices of the originals.
//! Many authors propose edits without seeing each other's; [`merge`](merge::merge) decides in one pass which stand together
//! and makes them flat; [`apply`](merge::apply) and [`render`](merge::render) make text of flat edits and pieces, and
//! [`diff`] shows what becomes of a file. Nothing here reads or writes files.

pub mod diff;
mod extent;
mod flatten;
mod indent;
pub mod merge;
mod standing;

pub use indent::unit as indent_unit;

use serde::{Deserialize, Serialize};
use std::fmt;

/// A file of the project, by its place in `Project::files`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FileId(pub u32);

/// A path relative to the project root: `/` between parts, never absolute, no `.` or `..` part.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RelPath(String);

impl RelPath {
    /// The path, if it is relative and stays inside the root.
    pub fn new(path: impl Into<String>) -> Option<Self> {
        let path = path.into();
        let sound = !path.is_empty()
            && !path.contains(['\\', '\0'])
            && path.split('/').all(|part| !matches!(part, "" | "." | ".."));
        sound.then_some(Self(path))
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The folder that holds it, `""` for the root.
    pub fn folder(&self) -> &str {
        self.0.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// The last part.
    pub fn name(&self) -> &str {
        self.0.rsplit_once('/').map_or(&self.0, |(_, name)| name)
    }

    /// What follows the last dot of the name, without the dot; `""` if there is none.
    pub fn extension(&self) -> &str {
        self.name().rsplit_once('.').map_or("", |(_, extension)| extension)
    }
}

impl fmt::Display for RelPath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl TryFrom<String> for RelPath {
    type Error = String;
    fn try_from(path: String) -> Result<Self, String> {
        Self::new(path.clone()).ok_or_else(|| format!("`{path}` is not a path inside the project"))
    }
}

impl From<RelPath> for String {
    fn from(path: RelPath) -> Self {
        path.0
    }
}

/// A range of bytes of an original file, always on character boundaries; `start <= end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The span of `range` in `file`. Files above 4 GiB are never read.
    pub fn new(file: FileId, range: std::ops::Range<usize>) -> Self {
        Self { file, start: range.start as u32, end: range.end as u32 }
    }

    /// The bytes as a range.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Whether `other` lies in this span (equal counts).
    pub fn covers(self, other: Span) -> bool {
        self.file == other.file && self.start <= other.start && other.end <= self.end
    }
}

/// A part of a replacement or of a new file.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Piece {
    /// Text of ours.
    Text(String),
    /// A slice of an original file, this one or another. Edits that lie inside it are carried along.
    Source(Span),
    /// A slice whose lines after the first move to another depth: the common indentation of the slice's lines becomes
    /// `indent`. Lines that begin inside one of `verbatim` (template literals, comments kept as they are) are not touched,
    /// nor are blank ones. A flat form has this only where no edit lies inside; else it is told as texts and plain slices.
    Indented {
        /// The slice.
        span: Span,
        /// The indentation at the new place, as it stands there (spaces or tabs).
        indent: String,
        /// Ranges whose inner lines stay byte for byte.
        verbatim: Vec<Span>,
    },
}

impl Piece {
    /// Text of ours.
    pub fn text(text: impl Into<String>) -> Self {
        Piece::Text(text.into())
    }
}

/// A replacement of one span. An empty span is an insertion, an empty replacement a deletion.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Edit {
    /// What goes.
    pub span: Span,
    /// What stands there afterwards.
    pub replacement: Vec<Piece>,
}

impl Edit {
    /// Replaces `span` by `text`.
    pub fn replace(span: Span, text: impl Into<String>) -> Self {
        Self { span, replacement: vec![Piece::text(text)] }
    }

    /// Removes `span`.
    pub fn delete(span: Span) -> Self {
        Self { span, replacement: Vec::new() }
    }
}

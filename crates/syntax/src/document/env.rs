//! `.env` files as dotenv reads them: `export `, quotes, multi-line double quotes, comments.
use std::ops::Range;

/// One `NAME=value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name.
    pub name: String,
    /// The value, unquoted and unescaped.
    pub value: String,
    /// The name's bytes.
    pub name_range: Range<usize>,
    /// The value's bytes, without quotes.
    pub value_range: Range<usize>,
    /// The whole line, its line end included.
    pub line: Range<usize>,
}

/// All entries in order.
pub fn entries(_text: &str) -> Vec<Entry> {
    Vec::new()
}

/// `value` as it must stand behind `NAME=` so that dotenv, Vite, Next and `node --env-file` all read it back; `None` if no spelling does.
pub fn quoted(_value: &str) -> Option<String> {
    None
}

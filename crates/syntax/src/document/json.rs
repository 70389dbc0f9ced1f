//! JSON and JSONC (tsconfig, package.json): values by path with their ranges; keys set, removed, in the file's own layout.
use std::ops::Range;

/// A string scalar of the document, with the path of keys to it (array indices as decimal text).
#[derive(Clone, Debug)]
pub struct Scalar {
    /// Keys from the root.
    pub path: Vec<String>,
    /// The decoded value.
    pub value: String,
    /// With the quotes.
    pub range: Range<usize>,
}

/// Parses JSONC (comments, trailing commas). `None` if it does not parse.
pub fn parse(_text: &str) -> Option<serde_json::Value> {
    None
}
/// All string values.
pub fn strings(_text: &str) -> Vec<Scalar> {
    Vec::new()
}
/// Sets the value at `path` (objects made on the way, keys in `package.json`'s customary order where it has one, dependencies
/// sorted), in the layout of the file. `None` if the text does not parse or a non-object is in the way.
pub fn set(_text: &str, _path: &[&str], _value: &serde_json::Value) -> Option<Vec<super::Replacement>> {
    None
}
/// Several [`set`]s in one go.
pub fn set_all(_text: &str, _values: &[(Vec<String>, serde_json::Value)]) -> Option<Vec<super::Replacement>> {
    None
}
/// Removes the key at `path` with its comma and line.
pub fn remove(_text: &str, _path: &[&str]) -> Option<Vec<super::Replacement>> {
    None
}

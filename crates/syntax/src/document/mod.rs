//! Documents that are not code. Each is read into entries with byte ranges, and each change is a plain list of
//! `(range, text)` replacements against the original, so comments, order and layout stay.
//! SKELETON: signatures agreed, bodies to be written.

pub mod env;
pub mod json;
pub mod lines;
pub mod toml;
pub mod yaml;

/// Replace these bytes of the original by this text.
pub type Replacement = (std::ops::Range<usize>, String);

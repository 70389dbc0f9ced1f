//! Documents that are not code. Each is read into entries with byte ranges, and each change is a plain list of
//! `(range, text)` replacements against the original, so comments, order and layout stay.

pub mod env;
pub mod json;
pub mod lines;
pub mod toml;
pub mod yaml;

/// Replace these bytes of the original by this text.
pub type Replacement = (std::ops::Range<usize>, String);

/// `\r\n` if the first line ends so, else `\n`.
fn line_end(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text[..at].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

/// Calls `read` with every beginning of `text`, and with every end of it.
#[cfg(test)]
fn every_cut(text: &str, read: impl Fn(&str)) {
    for (at, _) in text.char_indices().chain([(text.len(), ' ')]) {
        read(&text[..at]);
        read(&text[at..]);
    }
}

/// `text` with the replacements made; they must be sorted and apart.
#[cfg(test)]
fn replaced(text: &str, replacements: &[Replacement]) -> String {
    let mut out = String::new();
    let mut at = 0;
    for (range, new) in replacements {
        assert!(at <= range.start && range.start <= range.end, "{replacements:?}");
        out += &text[at..range.start];
        out += new;
        at = range.end;
    }
    out + &text[at..]
}

//! Flow collections: `[a, "b"]`, `{ key: value }`, over several lines perhaps.

use super::{Scalar, plain_length, quoted};

/// A collection that is being read.
struct Open {
    close: char,
    /// The place in a sequence, or the key that was read last.
    step: String,
    count: usize,
}

/// The scalars of the collection that begins at `start`, and the place behind it. `None` if it never ends or is not understood.
pub(super) fn read(text: &str, start: usize, path: &[String]) -> Option<(Vec<Scalar>, usize)> {
    let mut open: Vec<Open> = Vec::new();
    let mut found = Vec::new();
    let mut at = start;
    loop {
        let rest = &text[at..];
        let first = rest.chars().next()?;
        match first {
            ' ' | '\t' | '\r' | '\n' => at += 1,
            '#' => at += rest.find('\n')?,
            '[' | '{' => {
                let close = if first == '[' { ']' } else { '}' };
                let step = if first == '[' { "0".to_owned() } else { String::new() };
                open.push(Open { close, step, count: 0 });
                at += 1;
            }
            ']' | '}' => {
                open.pop().filter(|open| open.close == first)?;
                at += 1;
                if open.is_empty() {
                    return Some((found, at));
                }
            }
            ',' => {
                let inner = open.last_mut()?;
                inner.count += 1;
                inner.step = if inner.close == ']' { inner.count.to_string() } else { String::new() };
                at += 1;
            }
            _ => {
                let (value, range) = match first {
                    '"' | '\'' => quoted(text, at, first)?,
                    _ => {
                        let length = plain(rest)?;
                        (rest[..length].to_owned(), at..at + length)
                    }
                };
                at = range.end;
                let inner = open.last_mut()?;
                let next = text[at..].trim_start();
                if inner.close == '}' && inner.step.is_empty() {
                    inner.step = value;
                    if let Some(behind) = next.strip_prefix(':') {
                        at = text.len() - behind.len();
                    }
                } else if next.starts_with([',', ']', '}', '#']) {
                    let steps = open.iter().map(|open| open.step.clone());
                    let path = path.iter().cloned().chain(steps).collect();
                    if !matches!(first, '*' | '&' | '!') {
                        found.push(Scalar { path, value, range });
                    }
                } else {
                    return None;
                }
            }
        }
    }
}

/// How long the plain scalar is with which `rest` begins; `None` if there is none.
fn plain(rest: &str) -> Option<usize> {
    let line = &rest[..rest.find(['\r', '\n']).unwrap_or(rest.len())];
    let line = &line[..plain_length(line)];
    let mut end = line.find([',', '[', ']', '{', '}']).unwrap_or(line.len());
    let colon = line[..end].match_indices(':').find(|(at, _)| {
        let next = &rest[at + 1..];
        next.is_empty() || next.starts_with([' ', '\t', '\r', '\n', ',', '[', ']', '{', '}'])
    });
    if let Some((at, _)) = colon {
        end = at;
    }
    let length = line[..end].trim_end().len();
    (length > 0).then_some(length)
}

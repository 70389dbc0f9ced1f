//! Entries of an env file. A name that is there already keeps its value, whatever is asked for; an entry without a value agrees
//! with any.
//!
//! The value of a secret is a slice of the file that it stood in. It is looked at to choose its quotes, and never becomes text.

use super::{Page, Refusal};
use crate::aligned::aligned;
use crate::content::{Splice, Texts};
use edit::{Piece, merge::render};
use std::collections::{BTreeMap, BTreeSet};
use syntax::document::env;

/// The comment of a name that the app does without.
const OPTIONAL: &str = "Optional.";

/// One entry.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    section: String,
    name: String,
    value: Vec<Piece>,
    comment: Option<String>,
    askers: BTreeSet<usize>,
}

impl Wish {
    pub(super) fn new(by: usize, section: &str, name: &str, value: &[Piece], comment: Option<&str>) -> Self {
        Self {
            section: section.to_owned(),
            name: name.to_owned(),
            value: value.to_vec(),
            comment: comment.map(str::to_owned),
            askers: BTreeSet::from([by]),
        }
    }
}

/// The entries that are asked for in one file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entries {
    /// Unix mode: the most private that was asked for.
    pub(crate) mode: u32,
    wishes: BTreeMap<String, Wish>,
}

impl Entries {
    pub(super) fn add(&mut self, texts: Texts<'_, '_>, mode: u32, wish: Wish) -> Result<(), Refusal> {
        self.mode = if self.wishes.is_empty() { mode } else { self.mode & mode };
        let Some(earlier) = self.wishes.get_mut(&wish.name) else {
            self.wishes.insert(wish.name.clone(), wish);
            return Ok(());
        };
        // Without a value it asks for the name alone.
        if earlier.value.is_empty() {
            earlier.value = wish.value;
        } else if !wish.value.is_empty() && render(texts, &earlier.value) != render(texts, &wish.value) {
            let why = format!("Both want another value for `{}`.", wish.name);
            return Err(Refusal { by: wish.askers, because_of: earlier.askers.first().copied(), why });
        }
        earlier.comment = match (earlier.comment.take(), wish.comment) {
            // Whoever needs it goes before whoever does without.
            (Some(one), other) if one == OPTIONAL => other,
            (one, Some(other)) if other == OPTIONAL => one,
            (one, other) => one.or(other),
        };
        earlier.askers.extend(wish.askers);
        Ok(())
    }

    pub(super) fn granted(&self, page: &Page<'_, '_>) -> Result<Vec<Splice>, Refusal> {
        let Page { path, text, .. } = page;
        let there = env::entries(text);
        let names: BTreeSet<_> = there.iter().map(|entry| entry.name.as_str()).collect();
        let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let mut sections: BTreeMap<&str, Vec<Piece>> = BTreeMap::new();
        for wish in self.wishes.values().filter(|wish| !names.contains(wish.name.as_str())) {
            let value = spelled(page, &wish.value).ok_or_else(|| Refusal {
                by: wish.askers.clone(),
                because_of: None,
                why: format!("The value of `{}` cannot be written in `{path}`.", wish.name),
            })?;
            let lines = sections.entry(&wish.section).or_default();
            for line in wish.comment.iter().flat_map(|comment| comment.lines()) {
                lines.push(Piece::text(format!("# {line}{newline}")));
            }
            lines.push(Piece::text(format!("{}=", wish.name)));
            lines.extend(value);
            lines.push(Piece::text(newline));
        }
        let mut splices: Vec<Splice> = Vec::new();
        let mut appended = Vec::new();
        for (section, lines) in sections {
            if let Some(end) = section_end(text, &there, section) {
                let mut pieces = Vec::new();
                if !text[..end].ends_with('\n') {
                    pieces.push(Piece::text(newline));
                }
                pieces.extend(lines);
                splices.push((end..end, pieces));
                continue;
            }
            let stands_alone = text.trim_start_matches('\u{feff}').is_empty() && appended.is_empty();
            if !stands_alone && appended.is_empty() && !text.ends_with('\n') {
                appended.push(Piece::text(newline));
            }
            if !(stands_alone || appended.is_empty() && text.ends_with("\n\n")) {
                appended.push(Piece::text(newline));
            }
            if !section.is_empty() {
                appended.push(Piece::text(format!("# {section}{newline}")));
            }
            appended.extend(lines);
        }
        splices.sort_by_key(|(range, _)| range.start);
        match splices.last_mut() {
            // The last section of the file grows, and new ones follow it.
            Some((range, pieces))
                if range.end == text.len() && !text.ends_with('\n') && !appended.is_empty() =>
            {
                pieces.extend(appended.into_iter().skip(1));
            }
            _ if !appended.is_empty() => splices.push((text.len()..text.len(), appended)),
            _ => {}
        }
        Ok(splices)
    }

    pub(super) fn askers(&self) -> BTreeSet<usize> {
        self.wishes.values().flat_map(|wish| wish.askers.iter().copied()).collect()
    }
}

/// The end of the block of lines that begins with the heading of `section`.
fn section_end(text: &str, entries: &[env::Entry], section: &str) -> Option<usize> {
    let mut at = 0;
    let mut inside = false;
    for line in text.split_inclusive('\n') {
        let (start, end) = (at, at + line.len());
        at = end;
        // A blank line inside a value of several lines ends nothing.
        let in_value = entries.iter().any(|entry| entry.line.start < start && start < entry.line.end);
        let bare = line.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        if inside && bare.is_empty() && !in_value {
            return Some(start);
        }
        inside = inside
            || (!in_value && !section.is_empty() && bare.strip_prefix('#').map(str::trim) == Some(section));
    }
    inside.then_some(at)
}

/// The value as it must stand behind `NAME=`: slices stay slices, with the quotes and escapes around them that they need.
/// `None` if no spelling is read back as the same value.
fn spelled(page: &Page<'_, '_>, value: &[Piece]) -> Option<Vec<Piece>> {
    let text = |piece: &Piece| render(page.texts, std::slice::from_ref(piece));
    let value: Vec<_> = value.iter().map(|piece| (piece.clone(), text(piece))).collect();
    let raw: String = value.iter().map(|(_, text)| text.as_str()).collect();
    if raw.is_empty() {
        return Some(Vec::new());
    }
    Some(aligned(&spelling(&raw, page.expands)?, &value))
}

/// A value with `$` has no spelling that all readers take alike: it gets that of the framework.
fn spelling(raw: &str, expands: bool) -> Option<String> {
    env::quoted(raw).or_else(|| {
        if expands {
            return env::quoted_for_expansion(raw);
        }
        // A character that needs quotes and stands for `$`, which is nothing special to plain dotenv and to Node.
        let mark = '\u{1}';
        let quoted = (!raw.contains(mark)).then(|| env::quoted(&raw.replace('$', "\u{1}"))).flatten();
        quoted.map(|quoted| quoted.replace(mark, "$"))
    })
}

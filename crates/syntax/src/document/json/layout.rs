//! Writes the difference between a document and the value that it should hold, as the document itself is written: its
//! indentation, line ends, comments, order of keys.

use crate::document::{Replacement, line_end};
use jsonc_parser::ast;
use serde_json::{Map, Value};

/// The keys of a `package.json` in the order that people expect. Keys not listed keep the place they have, or go to the end.
const ORDER: &[&str] = &[
    "$schema",
    "name",
    "displayName",
    "version",
    "private",
    "description",
    "keywords",
    "homepage",
    "bugs",
    "repository",
    "license",
    "author",
    "contributors",
    "funding",
    "type",
    "engines",
    "os",
    "cpu",
    "sideEffects",
    "exports",
    "main",
    "module",
    "browser",
    "types",
    "bin",
    "files",
    "workspaces",
    "scripts",
    "dependencies",
    "devDependencies",
    "peerDependencies",
    "peerDependenciesMeta",
    "optionalDependencies",
    "bundledDependencies",
    "overrides",
    "resolutions",
    "pnpm",
    "packageManager",
];

/// What `name`, `version` … must stand beside for a document to be a `package.json`.
const PACKAGE_KEYS: &[&str] = &["name", "version", "private", "scripts", "dependencies", "devDependencies"];

struct Layout<'t> {
    text: &'t str,
    unit: String,
    line_end: &'static str,
    is_package: bool,
    made: Vec<Replacement>,
}

/// The replacements that turn `root`, parsed from `text`, into `wanted`; sorted and apart, ranges moved by `offset`.
pub(super) fn replacements(
    text: &str,
    root: &ast::Value<'_>,
    wanted: &Value,
    offset: usize,
) -> Vec<Replacement> {
    let is_package = match root {
        ast::Value::Object(object) => {
            object.properties.is_empty() || PACKAGE_KEYS.iter().any(|key| object.get(key).is_some())
        }
        _ => false,
    };
    let mut layout =
        Layout { text, unit: unit(text, root), line_end: line_end(text), is_package, made: Vec::new() };
    layout.value(root, wanted, &mut Vec::new());
    let mut made = layout.made;
    made.sort_by_key(|(range, _)| (range.start, range.end));
    let mut joined: Vec<Replacement> = Vec::new();
    for (range, new) in made {
        match joined.last_mut() {
            // Two that touch are one, so that nobody has to know in which order they are meant.
            Some((before, text)) if before.end == range.start => {
                before.end = range.end;
                *text += &new;
            }
            _ => joined.push((range, new)),
        }
    }
    for (range, _) in &mut joined {
        *range = range.start + offset..range.end + offset;
    }
    joined
}

/// One step of indentation: that of the first key on a line of its own; two spaces if there is none.
fn unit(text: &str, root: &ast::Value<'_>) -> String {
    let first = match root {
        ast::Value::Object(object) => object.properties.first(),
        _ => None,
    };
    let own = first.and_then(|first| own_line_indent(text, first.range.start));
    own.filter(|indent| !indent.is_empty()).unwrap_or("  ").to_owned()
}

/// The white space before `at`, if nothing else stands before it on its line, and a line ends there.
fn own_line_indent(text: &str, at: usize) -> Option<&str> {
    let line = text[..at].rfind('\n')? + 1;
    let before = &text[line..at];
    before.chars().all(|character| matches!(character, ' ' | '\t')).then_some(before)
}

/// The white space with which the line of `at` begins.
fn line_indent(text: &str, at: usize) -> &str {
    let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let rest = &text[line..at];
    &rest[..rest.len() - rest.trim_start_matches([' ', '\t']).len()]
}

impl Layout<'_> {
    fn value(&mut self, node: &ast::Value<'_>, wanted: &Value, path: &mut Vec<String>) {
        match (node, wanted) {
            (ast::Value::Object(object), Value::Object(wanted)) => self.object(object, wanted, path),
            _ if super::value(node) == *wanted => {}
            _ => {
                let range = range(node);
                let new = written(wanted, line_indent(self.text, range.start), &self.unit, self.line_end);
                self.made.push((range, new));
            }
        }
    }

    fn object(&mut self, object: &ast::Object<'_>, wanted: &Map<String, Value>, path: &mut Vec<String>) {
        let there: Vec<&str> = object.properties.iter().map(|one| one.name.as_str()).collect();
        // Of a key that is there twice, the last one counts.
        let counts = |at: usize| !there[at + 1..].contains(&there[at]);
        let kept: Vec<bool> = there.iter().map(|key| wanted.contains_key(*key)).collect();
        for (at, property) in object.properties.iter().enumerate() {
            if let (true, Some(value)) = (counts(at), wanted.get(there[at])) {
                path.push(there[at].to_owned());
                self.value(&property.value, value, path);
                path.pop();
            }
        }
        let mut after: Vec<Vec<(&str, &Value)>> = vec![Vec::new(); there.len() + 1];
        let mut order: Vec<&str> = there.clone();
        for (key, value) in wanted.iter().filter(|(key, _)| !there.contains(&key.as_str())) {
            let place = self.place(&order, key, path);
            // The place among the keys that were there, and among the new ones in that gap.
            let gap = order[..place].iter().filter(|before| there.contains(before)).count();
            let within = order[..place].iter().rev().take_while(|before| !there.contains(before)).count();
            after[gap].insert(within, (key, value));
            order.insert(place, key);
        }
        if kept.iter().all(|kept| *kept) && after.iter().all(Vec::is_empty) {
            return;
        }
        Members { text: self.text, object, kept, after, unit: &self.unit, line_end: self.line_end }
            .write(&mut self.made);
    }

    /// Where among `order` a new `key` goes.
    fn place(&self, order: &[&str], key: &str, path: &[String]) -> usize {
        let end = order.len();
        if !self.is_package {
            return end;
        }
        match path {
            [] => {
                let rank = |key: &str| ORDER.iter().position(|other| *other == key);
                let Some(own) = rank(key) else { return end };
                let before = order.iter().enumerate().filter_map(|(at, other)| Some((rank(other)?, at)));
                let before = before.filter(|(other, _)| *other < own).max();
                let behind = || order.iter().position(|other| rank(other).is_some_and(|other| other > own));
                before.map(|(_, at)| at + 1).or_else(behind).unwrap_or(end)
            }
            [section] if section.to_ascii_lowercase().ends_with("dependencies") => {
                order.iter().position(|other| *other > key).unwrap_or(end)
            }
            _ => end,
        }
    }
}

/// The keys of one object, some of which go while others come.
struct Members<'t> {
    text: &'t str,
    object: &'t ast::Object<'t>,
    /// By key: whether it stays.
    kept: Vec<bool>,
    /// What comes before the first key, behind the first, and so on.
    after: Vec<Vec<(&'t str, &'t Value)>>,
    unit: &'t str,
    line_end: &'static str,
}

impl Members<'_> {
    fn write(&self, made: &mut Vec<Replacement>) {
        let (start, end) = (self.object.range.start + 1, self.object.range.end - 1);
        let properties = &self.object.properties;
        let inside = &self.text[start..end];
        let survivors: Vec<usize> = (0..properties.len()).filter(|at| self.kept[*at]).collect();
        let new: Vec<_> = self.after.iter().flatten().copied().collect();
        let own_lines = properties.first().map(|first| own_line_indent(self.text, first.range.start));
        let base = line_indent(self.text, self.object.range.start);
        let only_space = |text: &str| text.chars().all(char::is_whitespace);
        let bare = properties.is_empty() && only_space(inside);
        if survivors.is_empty() && (bare || self.no_comments()) {
            // Everything goes, or nothing was there: the inside is written anew.
            let indent = format!("{base}{}", self.unit);
            let one_line = own_lines == Some(None) && !inside.contains('\n');
            let text = match (new.is_empty(), one_line) {
                (true, _) => String::new(),
                (false, true) => format!(" {} ", self.members(&new, None).join(", ")),
                (false, false) => {
                    let separator = format!(",{}{indent}", self.line_end);
                    let members = self.members(&new, Some(&indent)).join(&separator);
                    format!("{0}{indent}{members}{0}{base}", self.line_end)
                }
            };
            made.push((start..end, text));
            return;
        }
        // The layout of new members: each on its line at this indentation, or all on one line.
        let indent = match own_lines {
            Some(Some(indent)) => Some(indent.to_owned()),
            Some(None) if !inside.contains('\n') => None,
            _ => Some(format!("{base}{}", self.unit)),
        };
        let commas: Vec<Option<usize>> =
            properties.iter().map(|one| self.comma_behind(one.range.end)).collect();
        let trailing = commas.last().is_some_and(Option::is_some);
        for (at, property) in properties.iter().enumerate() {
            if !self.kept[at] {
                let range = self.removed(property.range.start, property.range.end, commas[at]);
                // A comment between the value and its comma stays: the comma goes alone.
                if let Some(comma) = commas[at].filter(|comma| *comma >= range.end) {
                    made.push((comma..comma + 1, String::new()));
                }
                made.push((range, String::new()));
            }
        }
        // New members gather behind the last key that stays before them.
        let mut gathered: Vec<(Option<usize>, Vec<(&str, &Value)>)> = vec![(None, Vec::new())];
        for (gap, new) in self.after.iter().enumerate() {
            if gap > 0 && self.kept[gap - 1] {
                gathered.push((Some(gap - 1), Vec::new()));
            }
            if let Some((_, members)) = gathered.last_mut() {
                members.extend(new);
            }
        }
        let count = gathered.len();
        for (place, (anchor, members)) in gathered.into_iter().enumerate() {
            let is_last = place + 1 == count;
            if let Some(at) = anchor {
                let end = properties[at].range.end;
                match (commas[at], is_last && members.is_empty() && !trailing) {
                    (Some(comma), true) => made.push((comma..comma + 1, String::new())),
                    (None, false) => made.push((end..end, ",".to_owned())),
                    _ => {}
                }
            }
            if members.is_empty() {
                continue;
            }
            let behind =
                anchor.map_or(start, |at| commas[at].map_or(properties[at].range.end, |comma| comma + 1));
            let separator = match &indent {
                Some(indent) => format!("{}{indent}", self.line_end),
                None if self.is_tight() => String::new(),
                None => " ".to_owned(),
            };
            let ends_with_comma = !is_last || trailing;
            let written = self.members(&members, indent.as_deref());
            let mut text = String::new();
            for (index, member) in written.iter().enumerate() {
                let comma = if index + 1 < written.len() || ends_with_comma { "," } else { "" };
                text += &format!("{separator}{member}{comma}");
            }
            let place = if indent.is_some() { self.line_rest(behind) } else { behind };
            let closes_here = is_last && indent.is_some() && !self.text[place..end].contains('\n');
            if closes_here {
                text += &format!("{}{base}", self.line_end);
            }
            made.push((place..place, text));
        }
    }

    fn members(&self, members: &[(&str, &Value)], indent: Option<&str>) -> Vec<String> {
        let member = |(key, value): &(&str, &Value)| {
            let key = Value::String((*key).to_owned());
            match indent {
                Some(indent) => format!("{key}: {}", written(value, indent, self.unit, self.line_end)),
                None if self.is_tight() => format!("{key}:{value}"),
                None => format!("{key}: {}", spaced(value)),
            }
        };
        members.iter().map(member).collect()
    }

    /// Whether the object is written without any white space.
    fn is_tight(&self) -> bool {
        let Some(first) = self.object.properties.first() else { return false };
        self.text[first.name_end()..first.range.end].starts_with(|next| next == ':')
            && !self.text[first.name_end() + 1..first.range.end].starts_with(char::is_whitespace)
    }

    fn no_comments(&self) -> bool {
        let (mut at, end) = (self.object.range.start + 1, self.object.range.end - 1);
        let gaps =
            self.object.properties.iter().map(|one| (one.range.start, one.range.end)).chain([(end, end)]);
        gaps.into_iter().all(|(start, next)| {
            let gap = &self.text[at..start];
            at = next;
            gap.chars().all(|character| character.is_whitespace() || character == ',')
        })
    }

    /// The comma that follows `at`, past white space and comments.
    fn comma_behind(&self, mut at: usize) -> Option<usize> {
        loop {
            let rest = &self.text[at..self.object.range.end];
            let space = rest.len() - rest.trim_start().len();
            let rest = rest.trim_start();
            at += space;
            if rest.starts_with(',') {
                return Some(at);
            }
            at += comment(rest)?;
        }
    }

    /// The place behind `at` and behind the comments that stand on the same line.
    fn line_rest(&self, at: usize) -> usize {
        let mut end = at;
        let mut next = at;
        loop {
            let rest = &self.text[next..self.object.range.end - 1];
            let trimmed = rest.trim_start_matches([' ', '\t']);
            match comment(trimmed) {
                Some(length) if !trimmed[..length].contains('\n') => {
                    next += rest.len() - trimmed.len() + length;
                    end = next;
                }
                _ => return end,
            }
        }
    }

    /// What goes with a key: its comma, and its line if nothing else stands there.
    fn removed(&self, start: usize, end: usize, comma: Option<usize>) -> std::ops::Range<usize> {
        let end = match comma {
            Some(comma) if self.text[end..comma].chars().all(char::is_whitespace) => comma + 1,
            _ => end,
        };
        let rest = &self.text[end..self.object.range.end - 1];
        let trimmed = rest.trim_start_matches([' ', '\t']);
        let next = end + rest.len() - trimmed.len();
        let line_end = ["\r\n", "\n"].into_iter().find(|line_end| trimmed.starts_with(line_end));
        match (own_line_indent(self.text, start), line_end) {
            (Some(indent), Some(line_end)) => start - indent.len()..next + line_end.len(),
            (None, _) if comma.is_none() => {
                let before = &self.text[self.object.range.start + 1..start];
                let kept = before.trim_end_matches([' ', '\t']);
                start - (before.len() - kept.len())..end
            }
            (_, Some(_)) => start..end,
            _ => start..next,
        }
    }
}

/// The length of the comment with which `text` begins, without its line end.
fn comment(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find(['\r', '\n']).unwrap_or(text.len()));
    }
    text.strip_prefix("/*")?.find("*/").map(|at| at + 4)
}

fn range(node: &ast::Value<'_>) -> std::ops::Range<usize> {
    let range = match node {
        ast::Value::StringLit(node) => node.range,
        ast::Value::NumberLit(node) => node.range,
        ast::Value::BooleanLit(node) => node.range,
        ast::Value::NullKeyword(node) => node.range,
        ast::Value::Object(node) => node.range,
        ast::Value::Array(node) => node.range,
    };
    range.start..range.end
}

/// `value` over several lines, the first of which is not indented.
fn written(value: &Value, indent: &str, unit: &str, line_end: &str) -> String {
    let inner = format!("{indent}{unit}");
    let (open, members, close): (_, Vec<String>, _) = match value {
        Value::Array(values) if !values.is_empty() => {
            ('[', values.iter().map(|value| written(value, &inner, unit, line_end)).collect(), ']')
        }
        Value::Object(values) if !values.is_empty() => {
            let member = |(key, value): (&String, &Value)| {
                format!("{}: {}", Value::String(key.clone()), written(value, &inner, unit, line_end))
            };
            ('{', values.iter().map(member).collect(), '}')
        }
        _ => return value.to_string(),
    };
    let members = members.join(&format!(",{line_end}{inner}"));
    format!("{open}{line_end}{inner}{members}{line_end}{indent}{close}")
}

/// `value` on one line, with spaces.
fn spaced(value: &Value) -> String {
    match value {
        Value::Array(values) => format!("[{}]", values.iter().map(spaced).collect::<Vec<_>>().join(", ")),
        Value::Object(values) if !values.is_empty() => {
            let member = |(key, value): (&String, &Value)| {
                format!("{}: {}", Value::String(key.clone()), spaced(value))
            };
            format!("{{ {} }}", values.iter().map(member).collect::<Vec<_>>().join(", "))
        }
        _ => value.to_string(),
    }
}

/// Where the name of a property ends.
trait NameEnd {
    fn name_end(&self) -> usize;
}

impl NameEnd for ast::ObjectProp<'_> {
    fn name_end(&self) -> usize {
        match &self.name {
            ast::ObjectPropName::String(name) => name.range.end,
            ast::ObjectPropName::Word(name) => name.range.end,
        }
    }
}

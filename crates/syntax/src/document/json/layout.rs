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
        let inside = &self.text[self.object.range.start + 1..self.object.range.end - 1];
        let empty = self.object.properties.is_empty() && inside.trim().is_empty();
        if empty || !self.kept.contains(&true) && self.no_comments() {
            made.push((self.object.range.start + 1..self.object.range.end - 1, self.written_anew()));
            return;
        }
        let commas: Vec<Option<usize>> =
            self.object.properties.iter().map(|one| self.comma_behind(one.range.end)).collect();
        self.remove(&commas, made);
        self.insert(&commas, made);
    }

    /// The inside when all that was there goes, or nothing was there.
    fn written_anew(&self) -> String {
        let new: Vec<_> = self.after.iter().flatten().copied().collect();
        let base = line_indent(self.text, self.object.range.start);
        if new.is_empty() {
            return String::new();
        }
        if !self.object.properties.is_empty() && self.indent().is_none() {
            return format!(" {} ", self.members(&new, None).join(", "));
        }
        let indent = format!("{base}{}", self.unit);
        let members = self.members(&new, Some(&indent)).join(&format!(",{}{indent}", self.line_end));
        format!("{0}{indent}{members}{0}{base}", self.line_end)
    }

    /// The indentation of members that stand on lines of their own; `None` if all are on one line.
    fn indent(&self) -> Option<String> {
        let first = self.object.properties.first();
        let own = first.and_then(|first| own_line_indent(self.text, first.range.start));
        let over_lines = self.text[self.object.range.start..self.object.range.end].contains('\n');
        let base = line_indent(self.text, self.object.range.start);
        match own {
            Some(indent) => Some(indent.to_owned()),
            None if first.is_some() && !over_lines => None,
            None => Some(format!("{base}{}", self.unit)),
        }
    }

    fn remove(&self, commas: &[Option<usize>], made: &mut Vec<Replacement>) {
        for ((property, kept), comma) in self.object.properties.iter().zip(&self.kept).zip(commas) {
            if !kept {
                let range = self.removed(property.range.start, property.range.end, *comma);
                // A comment between the value and its comma stays: the comma goes alone.
                if let Some(comma) = comma.filter(|comma| *comma >= range.end) {
                    made.push((comma..comma + 1, String::new()));
                }
                made.push((range, String::new()));
            }
        }
    }

    /// Inserts the new members, each behind the last key that stays before it, and sets the commas right.
    fn insert(&self, commas: &[Option<usize>], made: &mut Vec<Replacement>) {
        let (start, end) = (self.object.range.start + 1, self.object.range.end - 1);
        let properties = &self.object.properties;
        let indent = self.indent();
        let separator = match &indent {
            Some(indent) => format!("{}{indent}", self.line_end),
            None if self.is_tight() => String::new(),
            None => " ".to_owned(),
        };
        let trailing = commas.last().is_some_and(Option::is_some);
        let stays = |at: &usize| *at == 0 || self.kept[at - 1];
        let gaps: Vec<usize> = (0..=properties.len()).filter(stays).collect();
        for (index, &gap) in gaps.iter().enumerate() {
            let next = gaps.get(index + 1);
            let members: Vec<_> = self.after[gap..next.copied().unwrap_or(self.after.len())]
                .iter()
                .flatten()
                .copied()
                .collect();
            let ends_with_comma = next.is_some() || trailing;
            let mut behind = start;
            if gap > 0 {
                let end = properties[gap - 1].range.end;
                behind = commas[gap - 1].map_or(end, |comma| comma + 1);
                match (commas[gap - 1], !members.is_empty() || ends_with_comma) {
                    (Some(comma), false) => made.push((comma..comma + 1, String::new())),
                    (None, true) => made.push((end..end, ",".to_owned())),
                    _ => {}
                }
            }
            if members.is_empty() {
                continue;
            }
            let mut text: String = self
                .members(&members, indent.as_deref())
                .iter()
                .map(|member| format!("{separator}{member},"))
                .collect();
            if !ends_with_comma {
                text.pop();
            }
            let place = if indent.is_some() { self.line_rest(behind) } else { behind };
            if next.is_none() && indent.is_some() && !self.text[place..end].contains('\n') {
                text += self.line_end;
                text += line_indent(self.text, self.object.range.start);
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
        let behind = &self.text[name_end(first)..first.range.end];
        behind.strip_prefix(':').is_some_and(|value| !value.starts_with(char::is_whitespace))
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
fn name_end(property: &ast::ObjectProp<'_>) -> usize {
    match &property.name {
        ast::ObjectPropName::String(name) => name.range.end,
        ast::ObjectPropName::Word(name) => name.range.end,
    }
}

//! The object that a configuration file exports: its keys, and edits that add or take out one.

use edit::{Edit, FileId};
use project::File;
use std::ops::Range;
use syntax::Node;
use syntax::Tree;
use syntax::view::{arguments, code_children, key_name, unwrapped};

/// An object literal.
pub struct Object<'s> {
    file: &'s File,
    /// Braces included.
    range: Range<usize>,
    keys: Vec<(String, Range<usize>, Range<usize>)>,
}

impl<'s> Object<'s> {
    /// The object that a configuration file exports, through a name, a cast and the calls around it. `None` if it is built by a
    /// function, or the file does not parse there.
    pub fn exported(file: &'s File) -> Option<Self> {
        let (tree, _) = file.syntax()?;
        let exported = exported(tree)?;
        let node = resolved(tree, exported, 0)?;
        tree.sound(node).then(|| Self::of(file, tree, node))
    }

    fn of(file: &'s File, tree: &Tree, node: Node<'_>) -> Self {
        let mut keys = Vec::new();
        for child in code_children(node) {
            let (key, value) = match child.kind() {
                "pair" => (child.child_by_field_name("key"), child.child_by_field_name("value")),
                "method_definition" => (child.child_by_field_name("name"), Some(child)),
                "shorthand_property_identifier" => (Some(child), Some(child)),
                _ => continue,
            };
            if let (Some(key), Some(value)) = (key, value)
                && let Some(name) = key_name(tree, key)
            {
                keys.push((name.into_owned(), child.byte_range(), value.byte_range()));
            }
        }
        Self { file, range: node.byte_range(), keys }
    }

    /// The file.
    pub fn file(&self) -> FileId {
        self.file.id
    }

    /// The text of the value of a key.
    pub fn value(&self, name: &str) -> Option<&'s str> {
        let (_, _, value) = self.keys.iter().rev().find(|(key, ..)| key == name)?;
        self.file.text.get(value.clone())
    }

    /// Where a key and its value stand.
    pub fn place(&self, name: &str) -> Option<Range<usize>> {
        self.keys.iter().rev().find(|(key, ..)| key == name).map(|(_, pair, _)| pair.clone())
    }

    /// The object below a key.
    pub fn below(&self, name: &str) -> Option<Self> {
        let (_, _, value) = self.keys.iter().rev().find(|(key, ..)| key == name)?;
        let (tree, _) = self.file.syntax()?;
        let node = unwrapped(tree.node_at(value.clone())?);
        (node.kind() == "object").then(|| Self::of(self.file, tree, node))
    }

    /// Whether nothing but known keys stand in it.
    pub fn is_only(&self, names: &[&str]) -> bool {
        self.keys.iter().all(|(name, ..)| names.contains(&name.as_str()))
    }

    /// Puts an entry first; `text` is whole, with its comma.
    pub fn add(&self, text: &str) -> Edit {
        let at = self.range.start + 1;
        let inside = &self.file.text[at..self.range.end - 1];
        let indent = format!("{}{}", self.indent(), self.step());
        let end = if self.file.text.contains("\r\n") { "\r\n" } else { "\n" };
        let text = text.replace('\n', &format!("{end}{indent}"));
        // On one line with others; what ends a line there would end the rest of it, too.
        if !inside.starts_with(['\n', '\r']) {
            let text = text
                .split_once(" // ")
                .map_or(text.clone(), |(code, comment)| format!("{code} /* {comment} */"));
            return Edit::replace(self.file.span(at..at), format!(" {text}"));
        }
        Edit::replace(self.file.span(at..at), format!("{end}{indent}{text}"))
    }

    /// Takes a key out, with its comma and its line.
    pub fn remove(&self, name: &str) -> Option<Edit> {
        let pair = self.place(name)?;
        let text = &*self.file.text;
        let mut end = pair.end;
        let rest = &text[end..];
        let blank = rest.len() - rest.trim_start().len();
        if rest[blank..].starts_with(',') {
            end += blank + 1;
        }
        let line = text[end..].find('\n').map_or(text.len(), |at| end + at);
        let start = text[..pair.start].rfind('\n').map_or(0, |at| at + 1);
        let alone = text[start..pair.start].trim().is_empty();
        let tail = text[end..line].trim();
        if alone && (tail.is_empty() || tail.starts_with("//")) {
            return Some(Edit::delete(self.file.span(start..(line + 1).min(text.len()))));
        }
        let after = text[end..].len() - text[end..].trim_start_matches(' ').len();
        Some(Edit::delete(self.file.span(pair.start..end + after)))
    }

    fn indent(&self) -> &'s str {
        let text = &*self.file.text;
        let start = text[..self.range.start].rfind('\n').map_or(0, |at| at + 1);
        let line = &text[start..];
        &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
    }

    /// One step of indentation, as the first key has it.
    fn step(&self) -> String {
        let text = &*self.file.text;
        let first = self.keys.first().and_then(|(_, pair, _)| {
            let start = text[..pair.start].rfind('\n').map_or(0, |at| at + 1);
            let lead = &text[start..pair.start];
            (lead.trim().is_empty() && lead.len() > self.indent().len())
                .then(|| lead[self.indent().len()..].to_owned())
        });
        first.unwrap_or_else(|| "  ".to_owned())
    }
}

/// What the module exports by default.
fn exported(tree: &Tree) -> Option<Node<'_>> {
    code_children(tree.root()).find_map(|statement| match statement.kind() {
        "export_statement" => statement.child_by_field_name("value"),
        "expression_statement" => {
            let assignment = statement.named_child(0)?;
            let left = assignment.child_by_field_name("left")?;
            (tree.text(left) == "module.exports").then(|| assignment.child_by_field_name("right")).flatten()
        }
        _ => None,
    })
}

/// The object behind a name, a cast or a wrapper: `withX(config)`, `defineConfig({ .. })`, `defineConfig(() => ({ .. }))`.
fn resolved<'t>(tree: &'t Tree, node: Node<'t>, depth: usize) -> Option<Node<'t>> {
    let node = unwrapped(node);
    if depth > 4 {
        return None;
    }
    match node.kind() {
        "object" => Some(node),
        "identifier" => {
            let name = tree.text(node);
            let mut values = Vec::new();
            for statement in code_children(tree.root()) {
                let statement = if statement.kind() == "export_statement" {
                    statement.child_by_field_name("declaration").unwrap_or(statement)
                } else {
                    statement
                };
                for declarator in
                    code_children(statement).filter(|child| child.kind() == "variable_declarator")
                {
                    if declarator.child_by_field_name("name").is_some_and(|known| tree.text(known) == name) {
                        values.extend(declarator.child_by_field_name("value"));
                    }
                }
            }
            match values.as_slice() {
                [value] => resolved(tree, *value, depth + 1),
                _ => None,
            }
        }
        "call_expression" => match arguments(node).as_slice() {
            [only] => resolved(tree, *only, depth + 1),
            _ => None,
        },
        "arrow_function" => {
            let body = unwrapped(node.child_by_field_name("body")?);
            (body.kind() == "object").then_some(body)
        }
        _ => None,
    }
}

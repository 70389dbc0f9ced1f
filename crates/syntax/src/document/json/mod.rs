//! JSON and JSONC (tsconfig, package.json): values by path with their ranges; keys set, removed, in the file's own layout.
//!
//! A change is made by saying what the document should hold; [`layout`] writes the difference between that and what is there.

mod layout;

use jsonc_parser::{ParseOptions, ast, parse_to_ast};
use serde_json::{Map, Number, Value};
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
pub fn parse(text: &str) -> Option<Value> {
    tree(text).map(|(root, _)| value(&root))
}

/// All string values.
pub fn strings(text: &str) -> Vec<Scalar> {
    let Some((root, offset)) = tree(text) else { return Vec::new() };
    let mut found = Vec::new();
    let mut waiting = vec![(Vec::new(), &root)];
    while let Some((path, node)) = waiting.pop() {
        let below = |key: String| path.iter().cloned().chain([key]).collect::<Vec<_>>();
        match node {
            ast::Value::StringLit(literal) => found.push(Scalar {
                path,
                value: literal.value.to_string(),
                range: literal.range.start + offset..literal.range.end + offset,
            }),
            ast::Value::Object(object) => {
                let properties = object.properties.iter().rev();
                waiting.extend(properties.map(|one| (below(one.name.as_str().to_owned()), &one.value)));
            }
            ast::Value::Array(array) => {
                let elements = array.elements.iter().enumerate().rev();
                waiting.extend(elements.map(|(at, element)| (below(at.to_string()), element)));
            }
            _ => {}
        }
    }
    found
}

/// Sets the value at `path` (objects made on the way, keys in `package.json`'s customary order where it has one, dependencies
/// sorted), in the layout of the file. Nothing to replace if the value is there already. `None` if the text does not parse or a
/// non-object is in the way.
pub fn set(text: &str, path: &[&str], value: &Value) -> Option<Vec<super::Replacement>> {
    let path = path.iter().map(|key| (*key).to_owned()).collect();
    set_all(text, &[(path, value.clone())])
}

/// Several [`set`]s in one go. The replacements are sorted and apart.
pub fn set_all(text: &str, values: &[(Vec<String>, Value)]) -> Option<Vec<super::Replacement>> {
    change(text, values, &[])
}

/// Removes the key at `path` with its comma and line. Nothing to replace if it is not there. `None` if the text does not parse.
pub fn remove(text: &str, path: &[&str]) -> Option<Vec<super::Replacement>> {
    change(text, &[], &[path.iter().map(|key| (*key).to_owned()).collect()])
}

/// Removes keys, then sets values, in one go. The replacements are sorted and apart; replacements of separate calls are not.
pub fn change(
    text: &str,
    set: &[(Vec<String>, Value)],
    removed: &[Vec<String>],
) -> Option<Vec<super::Replacement>> {
    let (root, offset) = tree(text)?;
    let mut wanted = value(&root);
    for path in removed {
        if let Some((last, parents)) = path.split_last() {
            let parent = parents.iter().try_fold(&mut wanted, |at, key| at.get_mut(key));
            if let Some(Value::Object(parent)) = parent {
                parent.shift_remove(last);
            }
        }
    }
    for (path, value) in set {
        let mut at = &mut wanted;
        for key in path {
            at = at.as_object_mut()?.entry(key).or_insert_with(|| Value::Object(Map::new()));
        }
        *at = value.clone();
    }
    Some(layout::replacements(&text[offset..], &root, &wanted, offset))
}

/// The tree, and how many bytes before its first one its ranges leave out.
fn tree(text: &str) -> Option<(ast::Value<'_>, usize)> {
    let options = ParseOptions {
        allow_missing_commas: false,
        allow_loose_object_property_names: false,
        allow_single_quoted_strings: false,
        ..ParseOptions::default()
    };
    let content = text.strip_prefix('\u{feff}').unwrap_or(text);
    let root = parse_to_ast(content, &jsonc_parser::CollectOptions::default(), &options).ok()?.value?;
    Some((root, text.len() - content.len()))
}

/// The value of a node. The parser bounds how deep nodes nest.
fn value(node: &ast::Value<'_>) -> Value {
    match node {
        ast::Value::StringLit(literal) => Value::String(literal.value.to_string()),
        ast::Value::NumberLit(literal) => literal
            .value
            .parse::<Number>()
            .map_or_else(|_| Value::String(literal.value.to_owned()), Value::Number),
        ast::Value::BooleanLit(literal) => Value::Bool(literal.value),
        ast::Value::NullKeyword(_) => Value::Null,
        ast::Value::Array(array) => array.elements.iter().map(value).collect(),
        ast::Value::Object(object) => {
            object.properties.iter().map(|one| (one.name.as_str().to_owned(), value(&one.value))).collect()
        }
    }
}

#[cfg(test)]
mod tests;

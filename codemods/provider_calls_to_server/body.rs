//! The body of a call: which keys it sends, and what the server lets through for each.

use super::text::{bits, fixed};
use crate::constant::constant;
use audit::Survey;
use project::File;
use std::collections::BTreeSet;
use syntax::Node;
use syntax::view::{self, arguments, callee_path, pairs, unwrapped};

/// A key of the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) value: Value,
    /// It may be missing: JSON leaves out what is undefined.
    pub(super) optional: bool,
}

/// What may be sent under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// Only these literals, as they are written in code.
    Literals(BTreeSet<String>),
    /// A number of tokens, at most this.
    Tokens(u64),
    /// Anything that JSON carries.
    Json,
}

/// The most tokens that a call may ask for, unless the app itself asks for more.
const TOKENS: u64 = 4096;

const UNKNOWN: &str = "Its body is not known key by key. Write `JSON.stringify({ … })` with its keys in the call, then run again.";

/// The keys of a body, or why they are not known.
pub(super) fn fields(survey: &Survey<'_>, file: &File, body: Node<'_>) -> Result<Vec<Field>, String> {
    let unknown = || UNKNOWN.to_owned();
    let (tree, _) = file.syntax().ok_or_else(unknown)?;
    let stringified = object_or_constant(file, body, "call_expression").ok_or_else(unknown)?;
    let path = callee_path(tree, stringified).ok_or_else(unknown)?;
    let given = arguments(stringified);
    let [value] = given.as_slice() else { return Err(unknown()) };
    if path.iter().map(|part| &**part).ne(["JSON", "stringify"]) {
        return Err(unknown());
    }
    let object = object_or_constant(file, *value, "object").ok_or_else(unknown)?;
    let all = pairs(tree, object);
    if all.len() != view::code_children(object).count() || all.is_empty() {
        return Err(unknown());
    }
    // A file in the text of a body is larger than what the server takes.
    let text = tree.text(object);
    if ["base64", "image_url", "inline_data", "inlineData", "Base64"].iter().any(|word| text.contains(word)) {
        return Err("It sends a file inside its body, which may be larger than the server takes. Write an endpoint of the server by hand.".to_owned());
    }
    let span = file.span(object.byte_range());
    if survey.secrets.iter().any(|secret| !secret.public_by_design && span.covers(secret.span)) {
        return Err("It sends a secret in its body. Write an endpoint of the server by hand.".to_owned());
    }
    let mut fields: Vec<Field> = Vec::new();
    for (name, _, value) in all {
        if value.kind() == "method_definition" || fields.iter().any(|field| field.name == name) {
            return Err(unknown());
        }
        fields.push(field(survey, file, &name, value)?);
    }
    Ok(fields)
}

/// The node itself if it is of the kind, or the value of a constant of the same function that nothing changes.
fn object_or_constant<'f>(file: &'f File, node: Node<'f>, kind: &str) -> Option<Node<'f>> {
    let (tree, scopes) = file.syntax()?;
    let node = unwrapped(node);
    if node.kind() == kind {
        return Some(node);
    }
    if node.kind() != "identifier" {
        return None;
    }
    let binding = scopes.binding_at(node.byte_range())?;
    let value = unwrapped(constant(file, scopes.binding(binding).name_range.clone())?);
    let together = view::enclosing_function(value).map(|function| function.id())
        == view::enclosing_function(node).map(|function| function.id());
    let read_only = scopes
        .references_of(binding)
        .all(|reference| tree.node_at(reference.range.clone()).is_some_and(|node| only_reads(tree, node)));
    (value.kind() == kind && together && read_only).then_some(value)
}

/// Whether a use of an object cannot change it.
fn only_reads(tree: &syntax::Tree, node: Node<'_>) -> bool {
    let Some(parent) = view::wrapped(node).parent() else { return false };
    match parent.kind() {
        // A member that is read; what is assigned, deleted or called may change it.
        "member_expression" | "subscript_expression" => {
            let whole = view::whole_chain(parent);
            let around = whole.parent().map_or("", |around| around.kind());
            whole.kind() != "call_expression"
                && !matches!(
                    around,
                    "assignment_expression"
                        | "augmented_assignment_expression"
                        | "update_expression"
                        | "unary_expression"
                )
        }
        "arguments" => {
            let call = parent.parent();
            let path = call.and_then(|call| callee_path(tree, call)).unwrap_or_default();
            let path: Vec<&str> = path.iter().map(|part| &**part).collect();
            matches!(path.as_slice(), ["JSON", "stringify"] | ["console", _])
        }
        "pair" => view::wrapped(node)
            .parent()
            .is_some_and(|pair| pair.child_by_field_name("key").is_some_and(|key| tree.text(key) == "body")),
        _ => node.kind() == "shorthand_property_identifier" && tree.text(node) == "body",
    }
}

fn field(survey: &Survey<'_>, file: &File, name: &str, value: Node<'_>) -> Result<Field, String> {
    let value = unwrapped(value);
    let certain = |value: Value| Ok(Field { name: name.to_owned(), value, optional: false });
    if name == "model" {
        let known = literals(survey, file, value);
        if known.is_empty() {
            return Err("Which model it asks for is computed: with your key every visitor could ask for the dearest. Name the models in the call, then run again.".to_owned());
        }
        return certain(Value::Literals(known));
    }
    let is_tokens =
        ["max_tokens", "max_completion_tokens", "max_output_tokens", "maxTokens", "max_new_tokens"]
            .contains(&name);
    let number = |node: Node<'_>| {
        let (tree, _) = file.syntax()?;
        (node.kind() == "number").then(|| tree.text(node).parse::<u64>().ok()).flatten()
    };
    if is_tokens {
        let written = number(value);
        let field = Value::Tokens(written.unwrap_or(0).max(TOKENS));
        return Ok(Field { name: name.to_owned(), value: field, optional: written.is_none() });
    }
    let known = literals(survey, file, value);
    if !known.is_empty() {
        return certain(Value::Literals(known));
    }
    let there = matches!(value.kind(), "array" | "object" | "template_string" | "number" | "string");
    Ok(Field { name: name.to_owned(), value: Value::Json, optional: !there })
}

/// The literals that a value can be, as they are written in code; none if it is computed.
fn literals(survey: &Survey<'_>, file: &File, value: Node<'_>) -> BTreeSet<String> {
    let Some((tree, _)) = file.syntax() else { return BTreeSet::new() };
    let value = unwrapped(value);
    match value.kind() {
        "ternary_expression" => {
            let of = |field: &str| value.child_by_field_name(field).map(|node| literals(survey, file, node));
            match (of("consequence"), of("alternative")) {
                (Some(one), Some(other)) if !one.is_empty() && !other.is_empty() => {
                    one.into_iter().chain(other).collect()
                }
                _ => BTreeSet::new(),
            }
        }
        "number" | "true" | "false"
            if tree.text(value).parse::<f64>().is_ok() || value.kind() != "number" =>
        {
            BTreeSet::from([tree.text(value).to_owned()])
        }
        _ => {
            // A long text is data, not a choice.
            let text = fixed(&bits(survey, file, value, &mut Vec::new())).filter(|text| text.len() <= 120);
            let quoted = text.and_then(|text| serde_json::to_string(&text).ok());
            quoted.into_iter().collect()
        }
    }
}

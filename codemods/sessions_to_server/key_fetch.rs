//! A `fetch` of the client's own that does nothing but set the headers of the key, which the server sets too, or end a request that
//! takes too long, which servers and browsers do by themselves.

use audit::Survey;
use project::File;
use project::graph::{Graph, Origin};
use std::ops::Range;
use syntax::Node;
use syntax::Tree;
use syntax::scope::{BindingId, Scopes};
use syntax::view::{arguments, code_children, string_value, unwrapped, walk};

/// The headers that carry a key.
const HEADERS: &[&str] = &["apikey", "authorization"];
/// What may be asked of headers and of text.
const CALLS: &[&str] = &[
    "set",
    "get",
    "has",
    "delete",
    "forEach",
    "startsWith",
    "abort",
    "timeout",
    "any",
    "addEventListener",
    "finally",
    "catch",
    "includes",
];
/// What may be made: what a request with a time limit is made of, and errors of its own for one that failed.
const MADE: &[&str] = &["Headers", "AbortController", "Error"];
/// Functions of the platform that a request with a time limit asks.
const TIMERS: &[&str] = &["setTimeout", "clearTimeout"];

/// Whether `value`, what a client is given for `fetch`, is such a one: a function, or a call of one that makes it.
pub(super) fn is_harmless(survey: &Survey<'_>, file: &File, value: Node<'_>) -> bool {
    let Some((tree, scopes, made)) = made(survey, file, unwrapped(value)) else { return false };
    let mut fetches = 0;
    tree.sound(made) && sets_keys(tree, scopes, made, &mut fetches, 0) && fetches > 0
}

/// The function itself, where it stands.
fn made<'s>(
    survey: &Survey<'s>,
    file: &'s File,
    value: Node<'s>,
) -> Option<(&'s Tree, &'s Scopes, Node<'s>)> {
    if matches!(value.kind(), "arrow_function" | "function_expression") {
        let (tree, scopes) = file.syntax()?;
        return Some((tree, scopes, value));
    }
    let callee = match value.kind() {
        "call_expression" => unwrapped(value.child_by_field_name("function")?),
        _ => value,
    };
    if callee.kind() != "identifier" {
        return None;
    }
    let Origin::Local(holder, name) = Graph::origin(survey.project, file.id, callee.byte_range()) else {
        return None;
    };
    let (tree, scopes) = survey.project.get(holder).syntax()?;
    Some((tree, scopes, function(tree, &name)?))
}

/// The function that is declared under a name.
fn function<'t>(tree: &'t Tree, name: &Range<usize>) -> Option<Node<'t>> {
    let declared = tree.node_at(name.clone())?.parent()?;
    let function = match declared.kind() {
        "variable_declarator" => unwrapped(declared.child_by_field_name("value")?),
        _ => declared,
    };
    matches!(function.kind(), "function_declaration" | "arrow_function" | "function_expression")
        .then_some(function)
}

/// Whether a function only copies headers and sets those of the key.
fn sets_keys(tree: &Tree, scopes: &Scopes, function: Node<'_>, fetches: &mut usize, depth: usize) -> bool {
    let mut fine = depth < 4;
    walk(function, &mut |node| {
        fine &= match node.kind() {
            "call_expression" => called(tree, scopes, node, fetches, depth),
            "new_expression" => {
                let made = node.child_by_field_name("constructor").map(|made| tree.text(made));
                made.is_some_and(|made| MADE.contains(&made))
            }
            // Nothing outside of the request is changed by it.
            "assignment_expression" | "augmented_assignment_expression" | "update_expression" => false,
            _ => true,
        };
        fine
    });
    fine
}

fn called(tree: &Tree, scopes: &Scopes, call: Node<'_>, fetches: &mut usize, depth: usize) -> bool {
    let Some(callee) = call.child_by_field_name("function").map(unwrapped) else { return false };
    let given = arguments(call);
    if callee.kind() == "member_expression" {
        if callee.child_by_field_name("object").is_some_and(|object| tree.text(object) == "console") {
            return true;
        }
        let name = callee.child_by_field_name("property").map(|property| tree.text(property));
        let Some(name) = name.filter(|name| CALLS.contains(name)) else { return false };
        return match given.first().map(|first| unwrapped(*first)) {
            // `headers.set(name, value)` of a copy: both are what the loop hands on.
            Some(first) if name == "set" && first.kind() == "identifier" => {
                given.iter().all(|one| is_parameter(tree, scopes, unwrapped(*one)))
            }
            Some(first) if matches!(name, "set" | "get" | "has" | "delete") => string_value(tree, first)
                .is_some_and(|header| HEADERS.contains(&header.to_ascii_lowercase().as_str())),
            _ => true,
        };
    }
    if callee.kind() != "identifier" {
        return false;
    }
    match scopes.binding_at(callee.byte_range()) {
        None if TIMERS.contains(&tree.text(callee)) => true,
        None if tree.text(callee) == "fetch" => {
            *fetches += 1;
            // The address goes on as it came.
            given.first().is_some_and(|first| is_parameter(tree, scopes, unwrapped(*first)))
                && given.get(1).is_none_or(|options| passes_on(tree, unwrapped(*options)))
        }
        Some(binding) => self::function(tree, &scopes.binding(binding).name_range)
            .is_some_and(|inner| sets_keys(tree, scopes, inner, fetches, depth + 1)),
        None => false,
    }
}

/// `{ ...init, headers }`, or what was given.
fn passes_on(tree: &Tree, options: Node<'_>) -> bool {
    match options.kind() {
        "identifier" => true,
        "object" => code_children(options).all(|part| match part.kind() {
            "spread_element" => true,
            "shorthand_property_identifier" => matches!(tree.text(part), "headers" | "signal"),
            "pair" => part
                .child_by_field_name("key")
                .is_some_and(|key| matches!(tree.text(key), "headers" | "signal")),
            _ => false,
        }),
        _ => false,
    }
}

fn is_parameter(tree: &Tree, scopes: &Scopes, node: Node<'_>) -> bool {
    let declared = |binding: BindingId| tree.node_at(scopes.binding(binding).name_range.clone());
    node.kind() == "identifier"
        && scopes.binding_at(node.byte_range()).and_then(declared).is_some_and(|name| {
            let mut above = name.parent();
            while let Some(node) = above {
                match node.kind() {
                    "formal_parameters" | "arrow_function" => return true,
                    "statement_block" | "program" | "variable_declarator" => return false,
                    _ => above = node.parent(),
                }
            }
            false
        })
}

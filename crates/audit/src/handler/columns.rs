//! Statements whose columns the request names: `Object.entries(body).map(([key], at) => `${key} = $${at + 2}`)`.

use super::{Taken, What};
use crate::component;
use edit::Span;
use project::Project;
use syntax::Node;
use syntax::Tree;
use syntax::scope::Scopes;
use syntax::view;

/// Reads of what was sent.
const SENT: &[&str] = &["request.json()", "req.json()", "req.body", "request.body"];

/// What says that somebody looks which names there are.
const LOOKS: &[&str] =
    &[".includes(", ".has(", "hasOwn", "allowed", "whitelist", "permitted", "safeparse(", "schema"];

/// Where names of the request become columns of a statement, in the code at `function`.
pub(super) fn of(project: &Project, function: Span) -> Vec<Taken> {
    let file = project.get(function.file);
    let Some((tree, scopes)) = file.syntax() else { return Vec::new() };
    let Some(node) = tree.node_at(function.range()) else { return Vec::new() };
    let text = tree.text(node);
    let overridden = overridden(file, tree, scopes, node);
    if !overridden.is_empty() {
        return overridden;
    }
    let lower = text.to_ascii_lowercase();
    if !text.contains("SET ${") || LOOKS.iter().any(|mark| lower.contains(mark)) {
        return Vec::new();
    }
    let mut found = Vec::new();
    view::walk(node, &mut |inner| {
        if inner.kind() == "template_string"
            && let Some(name) = sets(tree, inner)
            && let Some(sent) = listed(tree, scopes, inner, name)
        {
            let span = file.span(inner.byte_range());
            found.push(Taken { what: What::Columns, name: sent.to_owned(), span });
        }
        true
    });
    found
}

/// Ids of the session that what was sent may take the place of: `{ ownerId: session.user.id, ...body }`.
fn overridden(file: &project::File, tree: &Tree, scopes: &Scopes, function: Node<'_>) -> Vec<Taken> {
    let mut found = Vec::new();
    view::walk(function, &mut |object| {
        if object.kind() != "object" {
            return true;
        }
        let mut parts: Vec<Node<'_>> = view::code_children(object).collect();
        let spread = parts.iter().rposition(|part| {
            part.kind() == "spread_element"
                && part.named_child(0).is_some_and(|sent| was_sent(tree, scopes, view::unwrapped(sent), 0))
        });
        parts.truncate(spread.unwrap_or(0));
        for pair in parts {
            let (Some(key), Some(value)) =
                (pair.child_by_field_name("key"), pair.child_by_field_name("value"))
            else {
                continue;
            };
            let value = tree.text(value).replace(['?', '!'], "");
            if value.ends_with("user.id") || matches!(value.as_str(), "userId" | "session.userId") {
                let span = file.span(pair.byte_range());
                found.push(Taken { what: What::Identity, name: tree.text(key).to_owned(), span });
            }
        }
        true
    });
    found
}

/// The name in `${name} = …`.
fn sets<'t>(tree: &'t Tree, template: Node<'t>) -> Option<&'t str> {
    let text = tree.text(template).strip_prefix('`')?;
    let (name, rest) = text.trim_start_matches('"').strip_prefix("${")?.split_once('}')?;
    let plain = name.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
    (plain && rest.trim_start_matches(['"', ' ']).starts_with('=')).then_some(name)
}

/// The record of the request whose names run through the function around `template`.
fn listed<'t>(tree: &'t Tree, scopes: &Scopes, template: Node<'t>, name: &str) -> Option<&'t str> {
    let function = view::enclosing_function(template).filter(|function| component::is_function(*function))?;
    let parameters =
        function.child_by_field_name("parameters").or(function.child_by_field_name("parameter"))?;
    let first = tree.text(parameters).trim_start_matches(['(', '[', ' ']);
    if !first.strip_prefix(name)?.starts_with([',', ']', ')', ' ', ':']) && first != name {
        return None;
    }
    let call = function.parent()?.parent().filter(|call| call.kind() == "call_expression")?;
    let mut at = view::callee(call)?;
    // `Object.entries(sent).filter(…).map(…)`, in one go or by a name.
    for _ in 0..6 {
        at = view::unwrapped(at);
        match at.kind() {
            "member_expression" => at = at.child_by_field_name("object")?,
            "call_expression" => {
                let callee = view::callee(at)?;
                if matches!(tree.text(callee), "Object.entries" | "Object.keys") {
                    let given = view::unwrapped(*view::arguments(at).first()?);
                    return was_sent(tree, scopes, given, 0).then(|| tree.text(given));
                }
                at = callee;
            }
            "identifier" => at = value_of(tree, scopes, at)?,
            _ => return None,
        }
    }
    None
}

/// What the name at `node` is declared with.
fn value_of<'t>(tree: &'t Tree, scopes: &Scopes, node: Node<'t>) -> Option<Node<'t>> {
    let range = scopes.binding(scopes.binding_at(node.byte_range())?).range.clone();
    let declared = tree.node_at(range).filter(|declared| declared.kind() == "variable_declarator")?;
    declared.child_by_field_name("value")
}

/// Whether a value is what was sent, or a part of it: `await request.json()`, `const { id, ...rest } = body`.
fn was_sent(tree: &Tree, scopes: &Scopes, node: Node<'_>, hop: u8) -> bool {
    let node = view::unwrapped(node);
    let text = tree.text(node);
    if node.kind() != "identifier" {
        let text = text.strip_prefix("await ").unwrap_or(text);
        return SENT.contains(&text);
    }
    hop < 3 && value_of(tree, scopes, node).is_some_and(|value| was_sent(tree, scopes, value, hop + 1))
}

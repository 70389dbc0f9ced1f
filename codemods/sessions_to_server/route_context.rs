//! What the check before a route hands to its page: `beforeLoad` returns it, and `useRouteContext` takes it.

use super::meaning::{At, last};
use audit::Survey;
use syntax::Node;
use syntax::view::{is_in_type_position, key_name, unwrapped, walk, wrapped};

const GIVES: &str = "beforeLoad";
const TAKES: &str = "useRouteContext";

/// Where the page reads what its `beforeLoad` returns under `name`: members and patterns. `None` where `function` is no such
/// check, or where the name stands anywhere else: routes below this one are given it as well.
pub(super) fn reads<'s>(
    survey: &Survey<'_>,
    at: At<'s>,
    function: Node<'s>,
    name: &str,
) -> Option<Vec<Node<'s>>> {
    let named = match function.kind() {
        "method_definition" => function.child_by_field_name("name"),
        _ => wrapped(function).parent()?.child_by_field_name("key"),
    };
    let gives = named.and_then(|named| key_name(at.tree, named)).is_some_and(|named| named == GIVES);
    let elsewhere =
        survey.project.files.iter().any(|file| file.id != at.file.id && has_word(&file.text, name));
    if !gives || elsewhere {
        return None;
    }
    let mut reads = Vec::new();
    let mut known = true;
    walk(at.tree.root(), &mut |node| {
        if node.id() == function.id() {
            return false;
        }
        let is_name = matches!(
            node.kind(),
            "property_identifier" | "shorthand_property_identifier" | "shorthand_property_identifier_pattern"
        );
        if is_name && at.tree.text(node) == name && !is_in_type_position(node) {
            let read = taken(at, node);
            known &= read.is_some();
            reads.extend(read);
        }
        true
    });
    known.then_some(reads)
}

/// What reads a name of the context: `const { name } = Route.useRouteContext()`, `{ name: local }`, `Route.useRouteContext().name`.
fn taken<'s>(at: At<'s>, name: Node<'s>) -> Option<Node<'s>> {
    let parent = name.parent()?;
    let takes = |value: Option<Node<'s>>| {
        let call = value.map(unwrapped).filter(|value| value.kind() == "call_expression");
        call.and_then(|call| last(at, call)).is_some_and(|last| last == TAKES)
    };
    let (read, pattern) = match parent.kind() {
        "member_expression" => {
            return takes(parent.child_by_field_name("object")).then_some(parent);
        }
        "pair_pattern" => (parent.child_by_field_name("value")?, parent.parent()?),
        "object_pattern" => (name, parent),
        _ => return None,
    };
    let declarator = pattern.parent().filter(|declarator| declarator.kind() == "variable_declarator")?;
    takes(declarator.child_by_field_name("value")).then_some(read)
}

/// Whether a text holds a word.
fn has_word(text: &str, word: &str) -> bool {
    let part = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '$';
    text.match_indices(word)
        .any(|(start, _)| !text[..start].ends_with(part) && !text[start + word.len()..].starts_with(part))
}

//! What the middleware that reads a session hands on to the functions behind it.

use project::File;
use syntax::Node;
use syntax::Tree;
use syntax::view::{code_children, pairs, unwrapped, walk};

/// What every such middleware hands on.
const KEYS: &[&str] = &["supabase", "userId", "claims"];
/// Where the template takes the rest.
pub(super) const HOLE: &str = ", __CONTEXT__";

/// The object of `context: { … }`.
pub(super) fn handed<'t>(tree: &'t Tree, node: Node<'t>) -> Option<Node<'t>> {
    let is = node.kind() == "pair"
        && node.child_by_field_name("key").is_some_and(|key| tree.text(key) == "context");
    node.child_by_field_name("value").map(unwrapped).filter(|_| is)
}

/// What is handed on besides, as the new middleware says it: values that are read from the claims. Else the key that cannot be kept.
pub(super) fn kept(file: &File, context: Node<'_>) -> Result<String, String> {
    let Some((tree, scopes)) = file.syntax() else { return Err("context".to_owned()) };
    if context.kind() != "object" {
        return Err(tree.text(context).to_owned());
    }
    let given = pairs(tree, context);
    let odd = code_children(context).find(|child| match child.kind() {
        "shorthand_property_identifier" => !KEYS.contains(&tree.text(*child)),
        kind => kind != "pair",
    });
    if let Some(odd) = odd {
        return Err(tree.text(odd).to_owned());
    }
    // `data.claims`, or a name.
    let claims =
        given.iter().find(|(key, _, _)| key == "claims").map_or("claims", |(_, _, value)| tree.text(*value));
    let mut more = String::new();
    for (key, name, value) in &given {
        if KEYS.contains(&&**key) {
            continue;
        }
        let value = unwrapped(*value);
        let mut fine = tree.sound(value);
        let mut places = Vec::new();
        walk(value, &mut |node| {
            if node.byte_range().len() >= claims.len() && tree.text(node) == claims {
                places.push(node.byte_range());
                return false;
            }
            fine &= match node.kind() {
                // Nothing else that the middleware found out.
                "identifier" => {
                    scopes.reference_at(node.byte_range()).is_some_and(|known| known.binding.is_none())
                }
                "call_expression"
                | "await_expression"
                | "shorthand_property_identifier"
                | "new_expression" => false,
                _ => true,
            };
            fine
        });
        if !fine || places.is_empty() {
            return Err(key.clone().into_owned());
        }
        let mut text = tree.text(value).to_owned();
        for place in places.into_iter().rev() {
            let at = place.start - value.start_byte();
            text.replace_range(at..at + claims.len(), "claims");
        }
        let text: Vec<&str> = text.lines().map(str::trim).collect();
        more += &format!(", {}: {}", tree.text(*name), text.join(" "));
    }
    Ok(more.replace(", }", " }"))
}

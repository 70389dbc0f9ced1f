//! A service worker that answers every navigation from its cache must leave the server's addresses to the server: a link of a mail
//! comes back there.

use super::wiring::Object;
use edit::Edit;
use syntax::view::{arguments, code_children, string_value, unwrapped, value_of};
use syntax::{Node, Tree};

const OWN: &str = r"/^\/api\//";

/// The plugin that makes the worker, told to pass over `/api`. Where the app writes the worker itself nothing is done.
pub(super) fn edits(object: &Object<'_>, tree: &Tree, plugins: Node<'_>) -> Option<Edit> {
    let call = code_children(plugins).map(unwrapped).find(|plugin| {
        plugin.kind() == "call_expression"
            && plugin.child_by_field_name("function").is_some_and(|callee| tree.text(callee) == "VitePWA")
    })?;
    let pair = format!("navigateFallbackDenylist: [{OWN}]");
    let Some(options) = arguments(call).first().copied().map(unwrapped) else {
        let list = call.child_by_field_name("arguments")?;
        return Some(Edit::replace(
            object.file.span(list.byte_range()),
            format!("({{ workbox: {{ {pair} }} }})"),
        ));
    };
    let strategy = value_of(tree, options, "strategies").and_then(|value| string_value(tree, value));
    if options.kind() != "object" || strategy.is_some_and(|strategy| strategy != "generateSW") {
        return None;
    }
    let Some(workbox) = value_of(tree, options, "workbox").map(unwrapped) else {
        return Some(object.first(options, &format!("workbox: {{ {pair} }}")));
    };
    if workbox.kind() != "object"
        || value_of(tree, workbox, "navigateFallback").is_some_and(|value| value.kind() == "null")
    {
        return None;
    }
    let Some(list) = value_of(tree, workbox, "navigateFallbackDenylist").map(unwrapped) else {
        return Some(object.first(workbox, &pair));
    };
    let known = tree.text(list).contains("/api") || tree.text(list).contains(r"\/api");
    let at = code_children(list).next().filter(|_| list.kind() == "array" && !known)?.start_byte();
    Some(Edit::replace(object.file.span(at..at), format!("{OWN}, ")))
}

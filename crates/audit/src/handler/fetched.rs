//! Addresses of the caller's choice: what a handler is sent is fetched by the server, which stands inside of walls.

use edit::Span;
use project::Project;
use std::collections::BTreeSet;
use syntax::Node;
use syntax::view;

/// Whether a handler fetches an address that it was sent, and looks at nothing of it first.
pub(super) fn of_caller(project: &Project, function: Span) -> bool {
    let file = project.get(function.file);
    let text = file.text.get(function.range()).unwrap_or_default();
    // Who looks at the host, or at a list, is not judged.
    let looks = ["hostname", ".host", "startsWith(", "includes(", "allow", "ALLOW", "origin", ".test("];
    if !text.contains("fetch(") || looks.iter().any(|mark| text.contains(mark)) {
        return false;
    }
    let Some((tree, _)) = file.syntax() else { return false };
    let Some(node) = tree.node_at(function.range()) else { return false };
    let request = node.child_by_field_name("parameters").and_then(|list| view::code_children(list).next());
    let request = request.map(|one| tree.text(one.child_by_field_name("pattern").unwrap_or(one)));
    let Some(request) = request.filter(|name| name.chars().all(|letter| letter.is_alphanumeric())) else {
        return false;
    };
    let comes = [format!("{request}.json("), format!("{request}.body"), "searchParams.get(".to_owned()];
    let mut sent: BTreeSet<&str> = BTreeSet::new();
    let root = |node: Node<'_>| {
        let text = tree.text(node);
        &text[..text.find(|letter: char| !(letter.is_alphanumeric() || letter == '_')).unwrap_or(text.len())]
    };
    // From one name to the next: `const { images } = …; for (const image of images) { const { url } = image`.
    for _ in 0..4 {
        view::walk(node, &mut |inner| {
            let (name, value) = match inner.kind() {
                "variable_declarator" => ("name", "value"),
                "for_in_statement" => ("left", "right"),
                _ => return true,
            };
            let (Some(name), Some(value)) =
                (inner.child_by_field_name(name), inner.child_by_field_name(value))
            else {
                return true;
            };
            let value = view::unwrapped(value);
            let value = if value.kind() == "await_expression" {
                value.named_child(0).map_or(value, view::unwrapped)
            } else {
                value
            };
            let plain = matches!(value.kind(), "identifier" | "member_expression" | "subscript_expression");
            let given = comes.iter().any(|mark| tree.text(value).starts_with(mark.as_str()))
                || value.kind() == "call_expression" && tree.text(value).contains(comes[2].as_str());
            if given || plain && sent.contains(root(value)) {
                view::walk(name, &mut |part| {
                    if matches!(part.kind(), "identifier" | "shorthand_property_identifier_pattern") {
                        sent.insert(tree.text(part));
                    }
                    true
                });
            }
            true
        });
    }
    let mut found = false;
    view::walk(node, &mut |inner| {
        let callee = view::callee(inner).filter(|_| inner.kind() == "call_expression");
        if callee.is_some_and(|callee| tree.text(callee) == "fetch")
            && let Some(address) = view::arguments(inner).first().map(|address| view::unwrapped(*address))
        {
            let plain = matches!(address.kind(), "identifier" | "member_expression");
            found |= plain && sent.contains(root(address));
        }
        !found
    });
    found
}

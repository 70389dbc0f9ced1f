//! The client's `auth`, where it goes by a name of its own or in a type.

use super::uses::{Use, What, is_test};
use project::File;
use syntax::Node;
use syntax::Tree;
use syntax::scope::{BindingId, Scopes};
use syntax::view::{Chain, Link, enclosing_statement, whole_chain, wrapped};

/// The name of `const auth = client.auth`, which no other module sees.
pub(super) fn alias(tree: &Tree, scopes: &Scopes, client: Node<'_>) -> Option<BindingId> {
    let part = wrapped(client).parent().filter(|parent| parent.kind() == "member_expression")?;
    let is_auth = part.child_by_field_name("property").is_some_and(|property| tree.text(property) == "auth");
    let declarator =
        wrapped(part).parent().filter(|parent| is_auth && parent.kind() == "variable_declarator")?;
    let name = declarator.child_by_field_name("name").filter(|name| name.kind() == "identifier")?;
    let is_fixed = tree.text(declarator.parent()?).starts_with("const");
    let is_exported = enclosing_statement(name).kind() == "export_statement";
    if is_fixed && !is_exported { scopes.binding_at(name.byte_range()) } else { None }
}

/// What is asked of that name.
pub(super) fn asked(file: &File, (tree, scopes): (&Tree, &Scopes), name: BindingId) -> Vec<Use> {
    let mut found = Vec::new();
    for reference in scopes.references_of(name) {
        let Some(node) = tree.node_at(reference.range.clone()) else { continue };
        let links = Chain::of(tree, whole_chain(node)).links;
        let (end, what) = if let Some((method, last)) = method(&links).filter(|_| !reference.in_type) {
            (last, What::Auth(method))
        } else {
            (node, if is_test(wrapped(node)) { What::Test } else { What::Value })
        };
        found.push(Use { span: file.span(end.byte_range()), what });
    }
    found
}

/// The method that the links behind `auth` call or name, with the part that it is of, and where that ends.
pub(super) fn method<'t>(links: &[Link<'t>]) -> Option<(String, Node<'t>)> {
    let end = |link: &Link<'t>| link.call.unwrap_or(link.member);
    let first = links.first()?;
    match (&*first.name, links.get(1)) {
        (part @ ("admin" | "mfa" | "oauth"), Some(inner)) => {
            Some((format!("{part}.{}", inner.name), end(inner)))
        }
        (name, _) => Some((name.to_owned(), end(first))),
    }
}

/// Whether the type of `node` stands in a cast to that type and more.
pub(super) fn adds(node: Node<'_>) -> bool {
    let above = |node: Node<'_>, kind: &str| node.parent().is_some_and(|parent| parent.kind() == kind);
    let Some(query) = node.parent().filter(|query| query.kind() == "type_query") else { return false };
    let both = query.parent().filter(|both| both.kind() == "intersection_type");
    both.is_some_and(|both| above(both, "as_expression"))
}

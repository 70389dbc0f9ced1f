//! Typed views of common nodes. SKELETON: signatures agreed, bodies to be written (more views are welcome).

use crate::Tree;
use std::borrow::Cow;
use tree_sitter::Node;

/// `node` without parentheses, `as`, `satisfies`, `!` and angle casts.
pub fn unwrapped(_node: Node<'_>) -> Node<'_> {
    unimplemented!()
}

/// The value of a string literal, or of a template without substitutions, escapes decoded.
pub fn string_value<'t>(_tree: &'t Tree, _node: Node<'t>) -> Option<Cow<'t, str>> {
    unimplemented!()
}

/// `a.b.c`, `a?.b["c"]`, `this.x`, `import.meta.env.X`: its parts, casts looked through; `None` if any part is computed.
pub fn member_path<'t>(_tree: &'t Tree, _node: Node<'t>) -> Option<Vec<Cow<'t, str>>> {
    unimplemented!()
}

/// Calls `visit` for every named node in source order; the children of a node for which it returns `false` are passed over.
pub fn walk<'t>(_root: Node<'t>, _visit: &mut dyn FnMut(Node<'t>) -> bool) {}

/// The argument nodes of a call or `new` expression (comments left out).
pub fn arguments(_call: Node<'_>) -> Vec<Node<'_>> {
    Vec::new()
}

/// The `key: value` pairs of an object literal: key as text (quotes removed, computed keys left out), key node, value node.
/// A shorthand `{ a }` has the identifier as both.
pub fn pairs<'t>(_tree: &'t Tree, _object: Node<'t>) -> Vec<(Cow<'t, str>, Node<'t>, Node<'t>)> {
    Vec::new()
}

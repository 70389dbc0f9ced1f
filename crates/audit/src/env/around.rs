//! What stands around a read, node by node.

use super::Fallback;
use syntax::{Node, Tree};

/// Whether another variable stands in.
pub(super) fn is_env(fallback: &Fallback) -> bool {
    matches!(fallback, Fallback::OtherEnv(_))
}

/// `Name <address>`, as a mail's sender is written.
pub(super) fn is_mailbox(value: &str) -> bool {
    let address = value.strip_suffix('>').and_then(|value| value.split_once(" <"));
    address.is_some_and(|(name, address)| !name.contains(['<', '>']) && address.contains('@'))
}

/// Whether brackets stand where an expression may stand without them: not around a condition.
pub(super) fn is_expression_slot(outer: Node<'_>, brackets: Node<'_>) -> bool {
    let condition = outer.child_by_field_name("condition") == Some(brackets);
    !condition && !matches!(outer.kind(), "arguments" | "switch_statement")
}

/// `process.env.NAME = value`, `delete process.env.NAME`.
pub(super) fn written(node: Node<'_>) -> bool {
    node.parent().is_some_and(|parent| match parent.kind() {
        "assignment_expression" => parent.child_by_field_name("left") == Some(node),
        "unary_expression" => parent.child(0).is_some_and(|operator| operator.kind() == "delete"),
        _ => false,
    })
}

/// `… as string | undefined`: whoever wrote it knows that the variable may be missing.
pub fn may_be_missing(tree: &Tree, cast: Node<'_>) -> bool {
    let typed = cast.named_child(1).filter(|_| cast.kind() == "as_expression");
    typed.is_some_and(|typed| tree.text(typed).split('|').any(|one| one.trim() == "undefined"))
}

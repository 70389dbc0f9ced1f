//! Values that are the id of the session's user, or null where nobody is signed in: a page that lets everybody in may write either.

use super::read::{Reader, Want};
use syntax::Node;
use syntax::scope::BindingId;
use syntax::view;

impl Reader<'_> {
    /// `user?.id || null`, `user?.id ?? null`.
    pub(super) fn is_identity_or_null(&self, node: Node<'_>) -> bool {
        let node = view::unwrapped(node);
        let operand = |name: &str| node.child_by_field_name(name);
        let (Some(left), Some(right)) = (operand("left"), operand("right")) else { return false };
        node.kind() == "binary_expression" && self.is_identity(left) && self.tree.text(right) == "null"
    }

    /// Whether what is written as the user's id is nothing for a visitor without a session, who comes as far as this: on a page that
    /// is open, where nothing on the way asks, for a column that may be null.
    pub(super) fn may_be_nobodys(&self, node: Node<'_>, want: &Want<'_>) -> bool {
        let written = matches!(self.query.operation.as_str(), "insert" | "upsert" | "update")
            && view::wrapped(node).parent().is_some_and(|parent| matches!(parent.kind(), "pair" | "object"))
            && want.column.as_ref().is_some_and(|column| column.nullable);
        if !written || self.doors.closed(self.file.id) {
            return false;
        }
        let inner = view::unwrapped(node);
        let optional = inner.kind() == "member_expression" && self.tree.text(inner).contains("?.");
        let name = if optional { inner.child_by_field_name("object") } else { Some(inner) };
        let Some(id) = name.and_then(|name| self.scopes.binding_at(name.byte_range())) else { return false };
        (optional || self.begins_as_null(id)) && !self.is_tested(node, id)
    }

    /// `const [userId, setUserId] = useState<string | null>(null)`.
    fn begins_as_null(&self, id: BindingId) -> bool {
        let binding = self.scopes.binding(id);
        let Some(declarator) = self.tree.node_at(binding.range.clone()) else { return false };
        let listed = declarator.child_by_field_name("name").filter(|name| name.kind() == "array_pattern");
        let made = declarator.child_by_field_name("value").map(view::unwrapped);
        let state =
            made.and_then(view::callee).is_some_and(|callee| self.tree.text(callee).ends_with("useState"));
        let first = made.and_then(|made| view::arguments(made).first().copied());
        listed.is_some() && state && first.is_none_or(|first| self.tree.text(first) == "null")
    }

    /// Whether a function around the place asks whether there is one.
    fn is_tested(&self, node: Node<'_>, id: BindingId) -> bool {
        let mut found = false;
        let mut around = view::enclosing_function(node);
        while let Some(function) = around.filter(|_| !found) {
            view::walk(function, &mut |inner| {
                // What stands beside the way runs at other times.
                let beside = is_function(inner)
                    && !(inner.start_byte() <= node.start_byte() && node.end_byte() <= inner.end_byte());
                let same =
                    inner.kind() == "identifier" && self.scopes.binding_at(inner.byte_range()) == Some(id);
                found |= same && is_asked(inner);
                !beside && !found
            });
            around = view::enclosing_function(function);
        }
        found
    }
}

/// Whether a value decides what is done: in the condition of an `if` or a `?`, before `&&`, behind `!`.
fn is_asked(node: Node<'_>) -> bool {
    let mut inner = node;
    while let Some(outer) = inner.parent() {
        let condition =
            || outer.child_by_field_name("condition").is_some_and(|condition| condition.id() == inner.id());
        match outer.kind() {
            "if_statement" | "ternary_expression" => return condition(),
            "unary_expression" => return true,
            "binary_expression" => {
                let operator = outer.child_by_field_name("operator").map(|operator| operator.kind());
                if operator.is_some_and(|operator| operator == "&&") {
                    return true;
                }
            }
            "member_expression" | "parenthesized_expression" | "non_null_expression" => {}
            _ => return false,
        }
        inner = outer;
    }
    false
}

fn is_function(node: Node<'_>) -> bool {
    matches!(
        node.kind(),
        "function_declaration" | "function_expression" | "arrow_function" | "method_definition"
    )
}

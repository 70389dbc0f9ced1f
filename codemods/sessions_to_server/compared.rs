//! Tokens that only tell one session from another: `before?.access_token === session?.access_token`.

use super::tokens::Page;
use edit::Edit;
use syntax::Node;
use syntax::view::{unwrapped, wrapped};

/// A new token comes with a new time at which it runs out.
const INSTEAD: &str = "expires_at";

impl<'s> Page<'s, '_> {
    /// What becomes of such a comparison. `property`: the name of the token that is read.
    pub(super) fn compared(&self, read: Node<'s>, property: Node<'s>) -> Option<Vec<Edit>> {
        let outer = wrapped(read);
        let both = outer.parent().filter(|both| both.kind() == "binary_expression")?;
        let operator = both.child_by_field_name("operator")?;
        let side = |name: &str| both.child_by_field_name(name);
        let (left, right) = (side("left")?, side("right")?);
        let other = unwrapped(if left.id() == outer.id() { right } else { left });
        let name = other.child_by_field_name("property")?;
        let equal = matches!(operator.kind(), "===" | "!==" | "==" | "!=");
        if !equal || self.names(other) != self.names(read) {
            return None;
        }
        if let Some(edit) = self.said_twice(both) {
            return Some(vec![edit]);
        }
        let edit = |name: Node<'s>| Edit::replace(self.file.span(name.byte_range()), INSTEAD);
        Some(vec![edit(property), edit(name)])
    }

    /// Both tokens are compared, one after the other: one time says it.
    fn said_twice(&self, both: Node<'s>) -> Option<Edit> {
        let outer = wrapped(both);
        let list = outer.parent().filter(|list| list.kind() == "binary_expression")?;
        let (left, right) = (list.child_by_field_name("left")?, list.child_by_field_name("right")?);
        let text = |node: Node<'s>| self.tree.text(unwrapped(node));
        let first = text(both).replace("refresh_token", "access_token");
        let goes = if first == text(both) {
            return None;
        } else if right.id() == outer.id() && text(left) == first {
            left.end_byte()..right.end_byte()
        } else if left.id() == outer.id() && text(right) == first {
            left.start_byte()..right.start_byte()
        } else {
            return None;
        };
        Some(Edit::delete(self.file.span(goes)))
    }
}

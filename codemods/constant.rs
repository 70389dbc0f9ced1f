//! Names that never change: what they stand for.

use project::File;
use std::ops::Range;
use syntax::Node;
use syntax::scope::Declared;

/// The value of the constant that `name` declares.
pub(crate) fn constant(file: &File, name: Range<usize>) -> Option<Node<'_>> {
    let (tree, scopes) = file.syntax()?;
    let binding = scopes.binding_at(name.clone())?;
    if scopes.binding(binding).declared != Declared::Const {
        return None;
    }
    let declarator = tree.node_at(name)?.parent().filter(|parent| parent.kind() == "variable_declarator")?;
    declarator.child_by_field_name("value")
}

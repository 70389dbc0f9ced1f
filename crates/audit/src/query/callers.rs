//! Queries of functions that are handed their client: such a query is made where its function is called, wherever its module may be
//! imported for something else.

use super::Query;
use crate::trace::{Place, Tracer, position};
use stack::{Side, Stack};
use syntax::Node;
use syntax::scope::Declared;
use syntax::view;

/// How many functions are followed to those that call them.
const DEEP: u32 = 4;

/// Whether only a server makes the query.
pub(super) fn are_server(tracer: &Tracer<'_>, stack: &Stack, query: &Query) -> bool {
    let file = query.root.file;
    let handed = || {
        let (tree, scopes) = tracer.syntax(file)?;
        let root = view::unwrapped(tree.node_at(query.root.range())?);
        let binding = scopes.binding(scopes.binding_at(root.byte_range())?);
        let name = tree.node_at(binding.name_range.clone())?;
        (binding.declared == Declared::Parameter).then(|| position(name).map(|(_, function, _)| function))?
    };
    handed().is_some_and(|function| is_called_there(tracer, stack, Place { file, node: function }, DEEP))
}

/// Whether a server calls the function, and nothing else does.
fn is_called_there<'p>(tracer: &Tracer<'p>, stack: &Stack, function: Place<'p>, depth: u32) -> bool {
    let Some(name) = name_of(function.node).filter(|_| depth > 0) else { return false };
    let mut uses =
        tracer.uses_of(function.file, name).into_iter().filter(|at| at.node.id() != name.id()).peekable();
    uses.peek().is_some()
        && uses.all(|at| match stack.side(at.file) {
            Side::Server => true,
            Side::Both => is_inside(tracer, stack, at, function, depth),
            _ => false,
        })
}

/// Whether the call stands in another function of a module on both sides, which a server alone calls.
fn is_inside<'p>(tracer: &Tracer<'p>, stack: &Stack, at: Place<'p>, of: Place<'p>, depth: u32) -> bool {
    let mut around = view::enclosing_function(at.node);
    while let Some(outer) = around.and_then(view::enclosing_function) {
        around = Some(outer);
    }
    around.is_some_and(|outer| {
        (at.file == of.file && outer.id() == of.node.id())
            || is_called_there(tracer, stack, Place { node: outer, ..at }, depth - 1)
    })
}

fn name_of(function: Node<'_>) -> Option<Node<'_>> {
    match view::wrapped(function).parent() {
        Some(holder) if holder.kind() == "variable_declarator" => holder.child_by_field_name("name"),
        _ if function.kind() == "function_declaration" => function.child_by_field_name("name"),
        _ => None,
    }
}

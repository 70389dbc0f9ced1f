//! Builders: a query that is kept in a variable, changed over several statements, and sent later.

use super::{Builder, Reader, ResultUse, shape};
use edit::Span;
use std::collections::BTreeSet;
use syntax::Node;
use syntax::scope::BindingId;
use syntax::view;

/// The life of the builder that a variable holds, and what is read of its result.
pub(super) fn of<'p>(reader: &Reader<'_, 'p>, id: BindingId) -> (Builder, ResultUse) {
    let binding = reader.scopes.binding(id);
    let mut builder = Builder {
        binding: reader.file.span(binding.name_range.clone()),
        statements: Vec::new(),
        sent: Vec::new(),
        leaves: false,
    };
    let mut result: Option<ResultUse> = None;
    let mut statements: BTreeSet<Span> = BTreeSet::new();
    let Some(name) = reader.tree.node_at(binding.name_range.clone()) else {
        return (builder, shape::whole());
    };
    let declared = view::enclosing_statement(name);
    let (home, block) = (view::enclosing_function(name).map(|node| node.id()), declared.parent());
    statements.insert(reader.at(declared).span());
    for reference in reader.scopes.references_of(id).filter(|reference| !reference.in_type) {
        let Some(node) = reader.tree.node_at(reference.range.clone()) else { continue };
        statements.insert(reader.at(statement_in(node, block)).span());
        if view::enclosing_function(node).map(|node| node.id()) != home {
            builder.leaves = true;
        }
        if reference.writes {
            continue;
        }
        let end = last_call(reader, node);
        match end {
            End::Then(chain, used) => {
                builder.sent.push(reader.at(chain).span());
                result = Some(more(result, used));
            }
            End::Chain(chain) => match sent(reader, chain, id) {
                Fate::Sent(used) => {
                    builder.sent.push(reader.at(chain).span());
                    result = Some(more(result, used));
                }
                Fate::Changed => {}
                Fate::Leaves => {
                    builder.leaves = true;
                    result = Some(more(result, shape::whole()));
                }
            },
        }
    }
    builder.statements = statements.into_iter().collect();
    (builder, result.unwrap_or_default())
}

/// The methods that are called on the builder that holds the value of `end`, if a variable does.
pub(super) fn finished_later<'p>(reader: &Reader<'_, 'p>, end: Node<'p>) -> Vec<String> {
    let mut outer = view::wrapped(end);
    while let Some(parent) = outer.parent().filter(|parent| parent.kind() == "ternary_expression") {
        outer = view::wrapped(parent);
    }
    let name = outer.parent().and_then(|holder| match holder.kind() {
        "variable_declarator" => holder.child_by_field_name("name"),
        "assignment_expression" => holder.child_by_field_name("left"),
        _ => None,
    });
    let id = name.and_then(|name| reader.scopes.binding_at(name.byte_range()));
    let Some(id) = id else { return Vec::new() };
    let mut found = Vec::new();
    for reference in reader.scopes.references_of(id).filter(|reference| !reference.in_type) {
        let Some(node) = reader.tree.node_at(reference.range.clone()) else { continue };
        let chain = view::Chain::of(reader.tree, view::whole_chain(node));
        found.extend(
            chain.links.into_iter().filter(|link| link.call.is_some()).map(|link| link.name.into_owned()),
        );
    }
    found
}

enum End<'p> {
    Chain(Node<'p>),
    Then(Node<'p>, ResultUse),
}

enum Fate {
    Sent(ResultUse),
    Changed,
    Leaves,
}

/// The chain of calls on the variable, up to `.then`.
fn last_call<'p>(reader: &Reader<'_, 'p>, name: Node<'p>) -> End<'p> {
    let mut end = name;
    loop {
        let outer = view::wrapped(end);
        let Some(member) = outer.parent().filter(|parent| {
            parent.kind() == "member_expression"
                && parent.child_by_field_name("object").is_some_and(|object| object.id() == outer.id())
        }) else {
            return End::Chain(end);
        };
        let function = view::wrapped(member);
        let Some(call) = function.parent().filter(|call| {
            call.kind() == "call_expression"
                && call.child_by_field_name("function").is_some_and(|called| called.id() == function.id())
        }) else {
            return End::Chain(end);
        };
        let property =
            member.child_by_field_name("property").map_or("", |property| reader.tree.text(property));
        if matches!(property, "then" | "catch" | "finally") {
            return End::Then(end, shape::whole());
        }
        end = call;
    }
}

fn sent<'p>(reader: &Reader<'_, 'p>, chain: Node<'p>, id: BindingId) -> Fate {
    let outer = view::wrapped(chain);
    let Some(parent) = outer.parent() else { return Fate::Leaves };
    match parent.kind() {
        "await_expression" => Fate::Sent(shape::uses(reader, parent)),
        "expression_statement" => Fate::Changed,
        "assignment_expression" => {
            let left = parent.child_by_field_name("left");
            let back = left.and_then(|left| reader.scopes.binding_at(left.byte_range())) == Some(id);
            if back { Fate::Changed } else { Fate::Leaves }
        }
        "array" => match shape::combined(reader, parent) {
            Some(call) => Fate::Sent(shape::of_element(reader, call, outer, parent)),
            None => Fate::Leaves,
        },
        "ternary_expression" => {
            let around = view::wrapped(parent);
            match around.parent() {
                Some(holder) if holder.kind() == "await_expression" => {
                    Fate::Sent(shape::uses(reader, holder))
                }
                Some(holder) if holder.kind() == "assignment_expression" => {
                    let left = holder.child_by_field_name("left");
                    let back = left.and_then(|left| reader.scopes.binding_at(left.byte_range())) == Some(id);
                    if back { Fate::Changed } else { Fate::Leaves }
                }
                _ => Fate::Leaves,
            }
        }
        _ => Fate::Leaves,
    }
}

fn more(before: Option<ResultUse>, used: ResultUse) -> ResultUse {
    match before {
        Some(before) => shape::both(before, used),
        None => used,
    }
}

/// The statement of `block` that holds `node`, or the nearest one.
fn statement_in<'p>(node: Node<'p>, block: Option<Node<'p>>) -> Node<'p> {
    let mut current = node;
    while let Some(parent) = current.parent() {
        if block.is_some_and(|block| block.id() == parent.id()) {
            return current;
        }
        current = parent;
    }
    view::enclosing_statement(node)
}

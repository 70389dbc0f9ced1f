//! Rows: what every query has, whichever backend it asks.

use super::{Capture, Kind, Query, Reader, Step, Target, identity, shape};
use crate::trace::Handle;
use std::collections::BTreeSet;
use syntax::Node;
use syntax::view;

/// A query that was recognised.
pub(super) struct Found<'p> {
    /// The client, or only the backend of it.
    pub(super) handle: Handle,
    pub(super) kind: Kind,
    /// The whole call or chain.
    pub(super) end: Node<'p>,
    /// The expression of the client.
    pub(super) root: Node<'p>,
    pub(super) table: Target,
    pub(super) operation: String,
    /// The calls of the chain in source order.
    pub(super) calls: Vec<Node<'p>>,
    /// What its values come from: all arguments but the name of the table.
    pub(super) arguments: Vec<Node<'p>>,
    /// The call of `.then` on it.
    pub(super) then: Option<Node<'p>>,
    /// Whether it is sent only once it is awaited.
    pub(super) lazy: bool,
    pub(super) schema: Option<String>,
    pub(super) built_filters: Vec<edit::Span>,
}

impl<'p> Found<'p> {
    /// The row of it.
    pub(super) fn row(self, reader: &Reader<'_, 'p>) -> Query {
        let span = reader.at(self.end).span();
        let shaped = shape::of(reader, self.end, self.then, self.lazy, immediate(&self));
        Query {
            backend: self.handle.backend,
            client: reader.client(self.handle.made),
            span,
            root: reader.at(self.root).span(),
            kind: self.kind,
            identity: identity::of(reader, &self.calls),
            captures: captures(reader, self.end, &self.arguments),
            built_filters: self.built_filters,
            table: self.table,
            schema: self.schema,
            operation: self.operation,
            side: reader.stack.side_at(span),
            shape: shaped.shape,
            steps: self.calls.iter().filter_map(|call| step(reader, *call)).collect(),
            result: shaped.result,
            within: within(reader, self.end),
            builder: shaped.builder,
        }
    }
}

/// Whether it answers at once or by callbacks, so that nobody waits for it.
fn immediate(found: &Found<'_>) -> bool {
    found.kind == Kind::Channel
        || matches!(found.operation.as_str(), "getPublicUrl" | "onSnapshot" | "onValue")
}

/// The name of a member: `.from`, `["from"]`.
pub(super) fn member_name<'p>(reader: &Reader<'_, 'p>, member: Node<'p>) -> Option<String> {
    match member.child_by_field_name("property") {
        Some(property) => Some(reader.tree.text(property).to_owned()),
        None => Some(view::string_value(reader.tree, member.child_by_field_name("index")?)?.into_owned()),
    }
}

/// From the first call on: the last call of the chain, the calls between with their names, and the `.then` that follows.
pub(super) fn links<'p>(
    reader: &Reader<'_, 'p>,
    first: Node<'p>,
) -> (Node<'p>, Vec<(String, Node<'p>)>, Option<Node<'p>>) {
    let (mut end, mut links) = (first, Vec::new());
    while let Some(member) = view::wrapped(end).parent() {
        let is_object =
            member.child_by_field_name("object").is_some_and(|object| object.id() == view::wrapped(end).id());
        if !is_object || !matches!(member.kind(), "member_expression" | "subscript_expression") {
            break;
        }
        let Some(name) = member_name(reader, member) else { break };
        let function = view::wrapped(member);
        let called = function.parent().filter(|call| {
            call.kind() == "call_expression"
                && call.child_by_field_name("function").is_some_and(|called| called.id() == function.id())
        });
        let Some(call) = called else { break };
        match name.as_str() {
            "then" | "catch" | "finally" => return (end, links, Some(call)),
            _ => {}
        }
        links.push((name, call));
        end = call;
    }
    (end, links, None)
}

fn step<'p>(reader: &Reader<'_, 'p>, call: Node<'p>) -> Option<Step> {
    let member = view::unwrapped(call.child_by_field_name("function")?);
    let name = member_name(reader, member)?;
    let dot = member.children().find(|child| matches!(child.kind(), "." | "optional_chain" | "[" | "?."))?;
    let arguments = view::arguments(call).into_iter().map(|node| reader.at(node).span()).collect();
    let span = reader.file.span(dot.start_byte()..call.end_byte());
    Some(Step { name, span, arguments })
}

/// The names from outside the chain in its arguments.
fn captures<'p>(reader: &Reader<'_, 'p>, chain: Node<'p>, arguments: &[Node<'p>]) -> Vec<Capture> {
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    let mut add = |name: &str, node: Node<'p>| {
        if seen.insert(name.to_owned()) {
            found.push(Capture { name: name.to_owned(), span: reader.at(node).span() });
        }
    };
    for argument in arguments {
        view::walk(*argument, &mut |node| {
            match node.kind() {
                "identifier" | "shorthand_property_identifier" => {
                    let reference = reader.scopes.reference_at(node.byte_range());
                    let binding = reference
                        .filter(|reference| !reference.in_type)
                        .and_then(|reference| reference.binding)
                        .map(|id| reader.scopes.binding(id));
                    let outside = |binding: &&syntax::scope::Binding| {
                        let at = &binding.name_range;
                        !(chain.start_byte() <= at.start && at.end <= chain.end_byte())
                    };
                    if let Some(binding) = binding.filter(outside) {
                        add(&binding.name, node);
                    }
                }
                "this" => add("this", node),
                "type_arguments" | "type_annotation" => return false,
                _ => {}
            }
            true
        });
    }
    found
}

/// The name of the nearest function around that has one.
fn within<'p>(reader: &Reader<'_, 'p>, node: Node<'p>) -> Option<String> {
    let mut current = node;
    while let Some(function) = view::enclosing_function(current) {
        if let Some(name) = function.child_by_field_name("name") {
            return Some(reader.tree.text(name).to_owned());
        }
        let mut around = view::wrapped(function);
        // `useCallback(async () => ...)`, `createServerFn().handler(async () => ...)`.
        while let Some(parent) = around.parent() {
            match parent.kind() {
                "variable_declarator" => {
                    let name = parent.child_by_field_name("name").filter(|name| name.kind() == "identifier");
                    if let Some(name) = name {
                        return Some(reader.tree.text(name).to_owned());
                    }
                    break;
                }
                "pair" | "public_field_definition" | "field_definition" => {
                    let key = parent
                        .child_by_field_name("key")
                        .or_else(|| parent.child_by_field_name("name"))
                        .or_else(|| parent.child_by_field_name("property"));
                    if let Some(name) = key.and_then(|key| view::key_name(reader.tree, key)) {
                        return Some(name.into_owned());
                    }
                    break;
                }
                "arguments" => {
                    let Some(call) = parent.parent() else { break };
                    let whole = view::whole_chain(call);
                    let held =
                        whole.parent().is_some_and(|holder| matches!(holder.kind(), "variable_declarator"));
                    let wraps = view::callee(call).is_some_and(|callee| {
                        let name = reader.tree.text(callee);
                        let last = name.rsplit('.').next().unwrap_or(name);
                        matches!(last, "useCallback" | "memo" | "forwardRef" | "cache" | "handler" | "server")
                    });
                    if !held || !wraps {
                        break;
                    }
                    around = whole;
                }
                "await_expression" | "parenthesized_expression" => around = parent,
                _ => break,
            }
        }
        current = function;
    }
    None
}

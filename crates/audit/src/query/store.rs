//! Key-value stores: Redis and its like, one row a command.

use super::row::{Found, links, member_name};
use super::{Kind, Query, Reader, Target, table};
use crate::trace::{Api, Value};
use syntax::Node;
use syntax::view::{self, TemplatePart};

/// Methods that are no commands.
const OTHERS: &[&str] = &[
    "on",
    "once",
    "off",
    "connect",
    "quit",
    "disconnect",
    "duplicate",
    "then",
    "catch",
    "multi",
    "pipeline",
    "exec",
];

/// The query that this call is, if it is one.
pub(super) fn read<'p>(reader: &Reader<'_, 'p>, call: Node<'p>) -> Option<Query> {
    let function = view::unwrapped(call.child_by_field_name("function")?);
    let object = function.child_by_field_name("object")?;
    let name = member_name(reader, function)?;
    if OTHERS.contains(&name.as_str()) {
        return None;
    }
    let Value::Client(handle) = reader.tracer.value(reader.at(object)) else { return None };
    if handle.api != Api::KeyValue {
        return None;
    }
    let arguments = view::arguments(call);
    let key = arguments.first().map_or(Target::Dynamic, |key| key_of(reader, *key));
    let found = Found {
        handle,
        kind: Kind::KeyValue,
        end: call,
        root: object,
        table: key,
        operation: name,
        calls: vec![call],
        arguments,
        then: links(reader, call).2,
        lazy: false,
        schema: None,
        built_filters: Vec::new(),
    };
    Some(found.row(reader))
}

/// `` `seat:${id}` `` as `seat:*`.
fn key_of<'p>(reader: &Reader<'_, 'p>, node: Node<'p>) -> Target {
    match table::target(reader.tracer, Some(reader.at(node))) {
        Target::Dynamic => {}
        known => return known,
    }
    let Some(parts) = view::template_parts(reader.tree, node) else { return Target::Dynamic };
    let text: String = parts
        .iter()
        .map(|part| match part {
            TemplatePart::Text(text) => text.as_ref(),
            TemplatePart::Expression(_) => "*",
        })
        .collect();
    if text == "*" { Target::Dynamic } else { Target::Named(text) }
}

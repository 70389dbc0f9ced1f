//! Supabase: a chain that starts at a client or at a part of one.

use super::row::{Found, links, member_name};
use super::{Kind, Query, Reader, Target, builder, table};
use crate::trace::{self, Api, Handle, Part, Place, Value};
use syntax::Node;
use syntax::view;

const VERBS: &[&str] = &["select", "insert", "update", "upsert", "delete"];
const STORAGE: &[&str] = &[
    "upload",
    "uploadToSignedUrl",
    "update",
    "download",
    "remove",
    "move",
    "copy",
    "list",
    "getPublicUrl",
    "createSignedUrl",
    "createSignedUrls",
    "createSignedUploadUrl",
    "exists",
    "info",
];
const BUCKETS: &[&str] =
    &["createBucket", "getBucket", "listBuckets", "updateBucket", "deleteBucket", "emptyBucket"];

/// Where a chain starts.
struct Start<'p> {
    /// The first call that counts: `.from("x")`.
    call: Node<'p>,
    /// The client.
    root: Node<'p>,
    kind: Kind,
    handle: Handle,
    schema: Option<String>,
    /// The `.schema("x")` before it.
    before: Option<Node<'p>>,
}

/// The query that starts with this call, if one does.
pub(super) fn read<'p>(reader: &Reader<'_, 'p>, call: Node<'p>) -> Option<Query> {
    let start = start(reader, call)?;
    let (end, links, then) = links(reader, start.call);
    let first = reader.at(start.call);
    let argument = view::arguments(start.call).first().map(|node| Place { node: *node, ..first });
    let mut table = match start.kind {
        Kind::Storage if links.is_empty() && argument.is_none() => Target::Dynamic,
        _ => table::target(reader.tracer, argument),
    };
    let named: Vec<String> = links.iter().map(|link| link.0.clone()).collect();
    let operation = operation(reader, &start, &named, end);
    if start.kind == Kind::Channel && table == Target::Dynamic {
        table = topic(reader, argument);
    }
    let mut calls: Vec<Node<'p>> = start.before.into_iter().collect();
    calls.push(start.call);
    calls.extend(links.iter().map(|link| link.1));
    let closed = matches!(table, Target::Named(_)) && matches!(start.kind, Kind::Table | Kind::Storage);
    let values = calls.iter().filter(|call| !(closed && call.id() == start.call.id()));
    let arguments = values.flat_map(|call| view::arguments(*call)).collect();
    let found = Found {
        handle: start.handle,
        kind: start.kind,
        end,
        root: start.root,
        table,
        operation,
        built_filters: built_filters(reader, &calls),
        arguments,
        calls,
        then,
        lazy: matches!(start.kind, Kind::Table | Kind::Rpc),
        schema: start.schema,
    };
    Some(found.row(reader))
}

fn start<'p>(reader: &Reader<'_, 'p>, call: Node<'p>) -> Option<Start<'p>> {
    let function = view::unwrapped(call.child_by_field_name("function")?);
    let object = function.child_by_field_name("object")?;
    let name = member_name(reader, function)?;
    let known =
        matches!(name.as_str(), "from" | "rpc" | "channel" | "invoke") || BUCKETS.contains(&name.as_str());
    if !known {
        return None;
    }
    let value = match reader.tracer.value(reader.at(object)) {
        Value::Unknown => by_its_words(reader, call, object, &name)?,
        value => value,
    };
    let Value::Client(handle) = value else { return None };
    let kind = match (handle.part, name.as_str()) {
        (Part::Whole | Part::Schema, "from") => Kind::Table,
        (Part::Whole | Part::Schema, "rpc") => Kind::Rpc,
        (Part::Whole, "channel") => Kind::Channel,
        (Part::Functions, "invoke") => Kind::EdgeFunction,
        (Part::Storage, "from") => Kind::Storage,
        (Part::Storage, _) if BUCKETS.contains(&name.as_str()) => Kind::Storage,
        _ => return None,
    };
    if handle.api != Api::Supabase {
        return None;
    }
    let inner = view::unwrapped(object);
    let inner_function = inner.child_by_field_name("function").map(view::unwrapped);
    let (root, before) = match (handle.part, inner.kind()) {
        (Part::Schema, "call_expression") => (
            inner_function.and_then(|function| function.child_by_field_name("object")).unwrap_or(object),
            Some(inner),
        ),
        (Part::Storage | Part::Functions, "member_expression") => {
            (inner.child_by_field_name("object").unwrap_or(object), None)
        }
        _ => (object, None),
    };
    let schema = before.and_then(|call| view::arguments(call).first().copied());
    let schema = schema.and_then(|node| match table::target(reader.tracer, Some(reader.at(node))) {
        Target::Named(name) => Some(name),
        _ => None,
    });
    Some(Start { call, root, kind, handle, schema, before })
}

/// A client that cannot be followed is one all the same if what is asked of it can be asked of nothing else.
fn by_its_words<'p>(
    reader: &Reader<'_, 'p>,
    call: Node<'p>,
    object: Node<'p>,
    name: &str,
) -> Option<Value<'p>> {
    let text = reader.tree.text(object);
    let last = text.trim_end_matches([')', '!']).rsplit(['.', ' ', '(', '\n']).next().unwrap_or(text);
    let part = match (name, last) {
        ("from", "storage") => Part::Storage,
        ("invoke", "functions") => Part::Functions,
        ("from", _) => {
            let (_, links, _) = links(reader, call);
            let verb = links.first().is_some_and(|link| VERBS.contains(&link.0.as_str()));
            let is_type =
                text.starts_with(|first: char| first.is_ascii_uppercase()) && !text.contains(['(', '.']);
            let by_query = view::unwrapped(object).kind() == "call_expression"
                && view::callee_path(reader.tree, view::unwrapped(object))
                    .and_then(|path| {
                        path.last()
                            .map(|last| matches!(last.as_ref(), "select" | "selectDistinct" | "delete"))
                    })
                    .unwrap_or(false);
            if !verb || is_type || by_query || typed_as_other(reader, object) {
                return None;
            }
            Part::Whole
        }
        ("rpc" | "channel", _) if last.to_ascii_lowercase().contains("supabase") => Part::Whole,
        // `authed(schema, ({ db }) => db.rpc("close_day"))`
        ("rpc", "db" | "client" | "sb") if names_a_function(reader, call, object) => Part::Whole,
        _ => return None,
    };
    if !reader.has_supabase {
        return None;
    }
    Some(Value::Client(Handle { made: None, backend: "supabase", api: Api::Supabase, part }))
}

/// Whether a parameter that nobody gives a type is asked for a function by its name.
fn names_a_function<'p>(reader: &Reader<'_, 'p>, call: Node<'p>, object: Node<'p>) -> bool {
    let first = view::arguments(call).first().copied();
    let named = first.is_some_and(|first| view::string_value(reader.tree, first).is_some());
    let node = view::unwrapped(object);
    let parameter = reader
        .scopes
        .binding_at(node.byte_range())
        .is_some_and(|id| reader.scopes.binding(id).declared == syntax::scope::Declared::Parameter);
    named && parameter && !typed_as_other(reader, object)
}

/// Whether the root is a parameter with a type of the tree's own: then it is what that type says.
fn typed_as_other<'p>(reader: &Reader<'_, 'p>, object: Node<'p>) -> bool {
    let node = view::unwrapped(object);
    let Some(id) = reader.scopes.binding_at(node.byte_range()) else { return false };
    let binding = reader.scopes.binding(id);
    let parameter = binding.declared == syntax::scope::Declared::Parameter;
    let typed = trace::declaration(reader.tree, binding).and_then(|node| node.child_by_field_name("type"));
    parameter && typed.is_some_and(|typed| reader.tree.text(typed).trim_start_matches([':', ' ']) != "any")
}

fn operation<'p>(reader: &Reader<'_, 'p>, start: &Start<'p>, links: &[String], end: Node<'p>) -> String {
    let first = |of: &[&str]| links.iter().find(|name| of.contains(&name.as_str())).cloned();
    let own =
        view::callee_path(reader.tree, start.call).and_then(|path| path.last().map(|last| last.to_string()));
    match start.kind {
        Kind::Table => first(VERBS)
            .or_else(|| {
                builder::finished_later(reader, end).into_iter().find(|name| VERBS.contains(&name.as_str()))
            })
            .unwrap_or_else(|| "from".to_owned()),
        Kind::Rpc => "rpc".to_owned(),
        Kind::EdgeFunction => "invoke".to_owned(),
        Kind::Channel => {
            if links.iter().any(|name| name == "subscribe")
                || builder::finished_later(reader, end).iter().any(|name| name == "subscribe")
            {
                "subscribe".to_owned()
            } else {
                "channel".to_owned()
            }
        }
        _ => first(STORAGE)
            .or_else(|| {
                builder::finished_later(reader, end).into_iter().find(|name| STORAGE.contains(&name.as_str()))
            })
            .or(own)
            .unwrap_or_else(|| "from".to_owned()),
    }
}

/// `` `room-${id}` `` as `room-*`.
fn topic(reader: &Reader<'_, '_>, argument: Option<Place<'_>>) -> Target {
    let parts = argument.and_then(|at| view::template_parts(reader.tree, at.node));
    let Some(parts) = parts else { return Target::Dynamic };
    let text: String = parts
        .iter()
        .map(|part| match part {
            view::TemplatePart::Text(text) => text.as_ref(),
            view::TemplatePart::Expression(_) => "*",
        })
        .collect();
    if text == "*" { Target::Dynamic } else { Target::Named(text) }
}

/// Filter text put together from values.
fn built_filters<'p>(reader: &Reader<'_, 'p>, calls: &[Node<'p>]) -> Vec<edit::Span> {
    let mut found = Vec::new();
    for call in calls {
        let Some(name) = call
            .child_by_field_name("function")
            .map(view::unwrapped)
            .and_then(|member| member_name(reader, member))
        else {
            continue;
        };
        let arguments = view::arguments(*call);
        let text = match name.as_str() {
            "or" | "and" => arguments.first(),
            "filter" | "not" => arguments.get(2),
            "textSearch" => None,
            _ => None,
        };
        if let Some(node) = text
            && is_built(reader, *node, 0)
        {
            found.push(reader.at(*node).span());
        }
    }
    found
}

/// Whether a text is put together with values from elsewhere.
fn is_built<'p>(reader: &Reader<'_, 'p>, node: Node<'p>, depth: u32) -> bool {
    let node = view::unwrapped(node);
    let value = |node: Node<'p>| table::texts(reader.tracer, reader.at(node), 0).is_none();
    match node.kind() {
        "template_string" => view::template_parts(reader.tree, node).is_some_and(|parts| {
            parts.iter().any(|part| matches!(part, view::TemplatePart::Expression(node) if value(*node)))
        }),
        "binary_expression" => {
            let plus = node.child_by_field_name("operator").is_some_and(|operator| operator.kind() == "+");
            plus && value(node)
        }
        "call_expression" => {
            view::callee_path(reader.tree, node)
                .is_some_and(|path| path.last().is_some_and(|last| last == "join"))
                || reader.tree.text(node).contains(".join(")
        }
        "identifier" if depth < 3 => {
            let binding = reader.scopes.binding_at(node.byte_range()).map(|id| reader.scopes.binding(id));
            let declarator = binding.and_then(|binding| trace::declaration(reader.tree, binding));
            declarator
                .filter(|declarator| declarator.kind() == "variable_declarator")
                .and_then(|declarator| declarator.child_by_field_name("value"))
                .is_some_and(|value| is_built(reader, value, depth + 1))
        }
        _ => false,
    }
}

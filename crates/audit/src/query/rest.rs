//! Supabase by its addresses: `fetch(`${url}/rest/v1/tasks`)`, `/functions/v1/name`, `/storage/v1/object/bucket`.

use super::row::{Found, links, member_name};
use super::{Kind, Query, Reader, Target, table};
use crate::trace::{Api, Handle, Part, Place};
use syntax::Node;
use syntax::view::{self, TemplatePart};

/// The query that this call is, if it is one.
pub(super) fn read<'p>(reader: &Reader<'_, 'p>, call: Node<'p>) -> Option<Query> {
    let function = view::unwrapped(call.child_by_field_name("function")?);
    let (root, verb) = match function.kind() {
        "identifier" => (function, None),
        "member_expression" => {
            let verb = member_name(reader, function)?;
            let object = function.child_by_field_name("object")?;
            if !matches!(verb.as_str(), "get" | "post" | "put" | "patch" | "delete" | "request" | "fetch") {
                return None;
            }
            (object, Some(verb))
        }
        _ => return None,
    };
    let name = reader.tree.text(root).rsplit('.').next().unwrap_or("");
    let asks = matches!(name, "fetch" | "axios" | "ky" | "got" | "window" | "globalThis")
        || name.to_ascii_lowercase().contains("fetch");
    if !asks {
        return None;
    }
    let arguments = view::arguments(call);
    let address = address(reader, reader.at(*arguments.first()?), 0)?;
    let (kind, table) = target(&address)?;
    let method = arguments
        .get(1)
        .map(|options| view::unwrapped(*options))
        .filter(|options| options.kind() == "object")
        .and_then(|options| view::value_of(reader.tree, options, "method"))
        .and_then(|method| view::string_value(reader.tree, method).map(|method| method.to_ascii_lowercase()));
    let method = method.or(verb.filter(|verb| verb != "fetch")).unwrap_or_else(|| "get".to_owned());
    let operation = match kind {
        Kind::EdgeFunction => "invoke".to_owned(),
        Kind::Storage => method,
        _ => match method.as_str() {
            "post" => "insert".to_owned(),
            "patch" | "put" => "update".to_owned(),
            "delete" => "delete".to_owned(),
            _ => "select".to_owned(),
        },
    };
    let found = Found {
        handle: Handle { made: None, backend: "supabase", api: Api::Supabase, part: Part::Whole },
        kind: if kind == Kind::Table { Kind::Rest } else { kind },
        end: call,
        root,
        table,
        operation,
        calls: vec![call],
        arguments,
        then: links(reader, call).2,
        lazy: false,
        schema: None,
        built_filters: Vec::new(),
    };
    Some(found.row(reader))
}

/// What an address asks for: `rest/v1/tasks`, `functions/v1/name`, `storage/v1/object/bucket/path`.
fn target(address: &str) -> Option<(Kind, Target)> {
    let (kind, rest) = [
        (Kind::Rpc, "/rest/v1/rpc/"),
        (Kind::Table, "/rest/v1/"),
        (Kind::EdgeFunction, "/functions/v1/"),
        (Kind::Storage, "/storage/v1/object/"),
        (Kind::Storage, "/storage/v1/"),
    ]
    .into_iter()
    .find_map(|(kind, mark)| Some((kind, address.split_once(mark)?.1)))?;
    let mut parts = rest.split(['/', '?']);
    let mut name = parts.next().unwrap_or("");
    if kind == Kind::Storage
        && matches!(name, "public" | "sign" | "authenticated" | "upload" | "list" | "bucket")
    {
        name = parts.next().unwrap_or(name);
    }
    let table =
        if name.is_empty() || name.contains('*') { Target::Dynamic } else { Target::Named(name.to_owned()) };
    Some((kind, table))
}

/// The text of an address, `*` for what is not in the source.
fn address<'p>(reader: &Reader<'_, 'p>, at: Place<'p>, depth: u32) -> Option<String> {
    let (tree, _) = reader.tracer.syntax(at.file)?;
    let node = view::unwrapped(at.node);
    let place = |node: Node<'p>| Place { node, ..at };
    if depth > 5 {
        return None;
    }
    let part = |node: Node<'p>| address(reader, place(node), depth + 1).unwrap_or_else(|| "*".to_owned());
    match node.kind() {
        "string" => Some(view::string_value(tree, node)?.into_owned()),
        "template_string" => {
            let parts = view::template_parts(tree, node)?;
            let text = parts.into_iter().map(|piece| match piece {
                TemplatePart::Text(text) => text.into_owned(),
                TemplatePart::Expression(node) => part(node),
            });
            Some(text.collect())
        }
        "binary_expression" => Some(format!(
            "{}{}",
            part(node.child_by_field_name("left")?),
            part(node.child_by_field_name("right")?)
        )),
        "identifier" => match table::target(reader.tracer, Some(place(node))) {
            Target::Named(text) => Some(text),
            _ => address(reader, reader.tracer.initialiser(place(node))?, depth + 1),
        },
        // `new URL(path, base)`
        "new_expression" => part_of_arguments(node).map(part),
        "call_expression" => {
            let function = node.child_by_field_name("function")?;
            let crate::trace::Value::Function(function) = reader.tracer.value(place(function)) else {
                return None;
            };
            let body = function.node.child_by_field_name("body")?;
            let returned = if body.kind() == "statement_block" {
                crate::trace::returns(body).into_iter().flatten().next()?
            } else {
                body
            };
            address(reader, Place { node: returned, ..function }, depth + 1)
        }
        _ => None,
    }
}

fn part_of_arguments(node: Node<'_>) -> Option<Node<'_>> {
    view::arguments(node).first().copied()
}

//! Firestore and the other parts of Firebase: functions that take a reference, and chains from `db.collection("x")`.

use super::row::{Found, links, member_name};
use super::{Kind, Query, Reader, Target, table};
use crate::trace::{Api, Handle, Part, Place, Value};
use syntax::Node;
use syntax::view;

/// Packages whose functions are read here.
const PACKAGES: &[&str] =
    &["firebase", "@firebase/firestore", "firebase-admin", "@react-native-firebase/firestore"];

/// Functions that reach the database, and whether they are of Firestore.
const FUNCTIONS: &[(&str, Kind)] = &[
    ("getDoc", Kind::Document),
    ("getDocs", Kind::Document),
    ("getDocFromServer", Kind::Document),
    ("getDocsFromServer", Kind::Document),
    ("getDocFromCache", Kind::Document),
    ("getCountFromServer", Kind::Document),
    ("getAggregateFromServer", Kind::Document),
    ("setDoc", Kind::Document),
    ("addDoc", Kind::Document),
    ("updateDoc", Kind::Document),
    ("deleteDoc", Kind::Document),
    ("onSnapshot", Kind::Document),
    ("runTransaction", Kind::Document),
    ("writeBatch", Kind::Document),
    ("uploadBytes", Kind::Storage),
    ("uploadBytesResumable", Kind::Storage),
    ("uploadString", Kind::Storage),
    ("getDownloadURL", Kind::Storage),
    ("deleteObject", Kind::Storage),
    ("listAll", Kind::Storage),
    ("httpsCallable", Kind::EdgeFunction),
    ("get", Kind::Document),
    ("set", Kind::Document),
    ("update", Kind::Document),
    ("push", Kind::Document),
    ("remove", Kind::Document),
    ("onValue", Kind::Document),
];

/// Functions of the realtime database: their names are common words, so their module must be its own.
const REALTIME: &[&str] = &["get", "set", "update", "push", "remove", "onValue"];

/// The methods that end a chain from `db.collection("x")`.
const METHODS: &[&str] = &["get", "set", "add", "update", "delete", "onSnapshot", "create", "count"];

/// The query that this call is, if it is one.
pub(super) fn read<'p>(reader: &Reader<'_, 'p>, call: Node<'p>) -> Option<Query> {
    let function = view::unwrapped(call.child_by_field_name("function")?);
    match function.kind() {
        "identifier" => named(reader, call, function),
        "member_expression" => match member_name(reader, function)?.as_str() {
            "collection" | "doc" | "collectionGroup" => chained(reader, call, function),
            name if FUNCTIONS.iter().any(|(known, _)| *known == name) => named(reader, call, function),
            _ => None,
        },
        _ => None,
    }
}

fn named<'p>(reader: &Reader<'_, 'p>, call: Node<'p>, function: Node<'p>) -> Option<Query> {
    let Value::Package(specifier, name) = reader.tracer.value(reader.at(function)) else { return None };
    let package = stack::backend::package_of(&specifier);
    let (_, kind) = FUNCTIONS.iter().find(|(known, _)| *known == name)?;
    if !PACKAGES.contains(&package) || (REALTIME.contains(&name.as_str()) && !specifier.contains("database"))
    {
        return None;
    }
    let arguments = view::arguments(call);
    let first = arguments.first().map(|node| reader.at(*node));
    let table = match name.as_str() {
        "httpsCallable" => table::target(reader.tracer, arguments.get(1).map(|node| reader.at(*node))),
        "runTransaction" | "writeBatch" => Target::Dynamic,
        _ => first.map_or(Target::Dynamic, |first| collection(reader, first, 0)),
    };
    let client = first.and_then(|first| client_of(reader, first, 0));
    let handle =
        client.unwrap_or(Handle { made: None, backend: "firebase", api: Api::Firebase, part: Part::Whole });
    let (end, then) = if name == "httpsCallable" { (call, None) } else { (call, links(reader, call).2) };
    let found = Found {
        handle,
        kind: *kind,
        end,
        root: function,
        table,
        operation: name,
        calls: vec![call],
        arguments,
        then,
        lazy: false,
        schema: None,
        built_filters: Vec::new(),
    };
    Some(found.row(reader))
}

/// `db.collection("crew").doc(id).get()`
fn chained<'p>(reader: &Reader<'_, 'p>, call: Node<'p>, function: Node<'p>) -> Option<Query> {
    let object = function.child_by_field_name("object")?;
    let Value::Client(handle) = reader.tracer.value(reader.at(object)) else { return None };
    if handle.api != Api::Firestore {
        return None;
    }
    let (mut end, links, then) = links(reader, call);
    let at = links.iter().position(|link| METHODS.contains(&link.0.as_str()));
    let operation = at.map_or_else(|| "reference".to_owned(), |at| links[at].0.clone());
    let calls: Vec<Node<'p>> = std::iter::once(call).chain(links.iter().map(|link| link.1)).collect();
    if let Some(last) = calls.last() {
        end = *last;
    }
    let first = view::arguments(call).first().copied();
    let found = Found {
        handle,
        kind: Kind::Document,
        end,
        root: object,
        table: table::target(reader.tracer, first.map(|node| reader.at(node))),
        operation,
        arguments: calls.iter().flat_map(|call| view::arguments(*call)).collect(),
        calls,
        then,
        lazy: false,
        schema: None,
        built_filters: Vec::new(),
    };
    Some(found.row(reader))
}

/// The collection of a reference: `doc(db, "crew", id)`, `query(collection(db, "crew"), ...)`, or what a name holds.
fn collection<'p>(reader: &Reader<'_, 'p>, at: Place<'p>, depth: u32) -> Target {
    let Some(call) = reference(reader, at, depth) else { return Target::Dynamic };
    let Some((tree, _)) = reader.tracer.syntax(call.file) else { return Target::Dynamic };
    let arguments = view::arguments(call.node);
    let name = view::callee(call.node).map_or("", |callee| tree.text(callee));
    let name = name.rsplit('.').next().unwrap_or(name);
    let place = |node: Node<'p>| Place { node, ..call };
    match name {
        "query" => {
            arguments.first().map_or(Target::Dynamic, |first| collection(reader, place(*first), depth + 1))
        }
        "collection" | "doc" | "collectionGroup" | "ref" => {
            // `doc(collection(db, "crew"))`
            let inner =
                arguments.first().filter(|first| view::unwrapped(**first).kind() == "call_expression");
            if let Some(inner) = inner
                && let known @ (Target::Named(_) | Target::OneOf(_)) =
                    collection(reader, place(*inner), depth + 1)
            {
                return known;
            }
            let mut parts = Vec::new();
            for part in arguments.iter().skip(1) {
                match table::target(reader.tracer, Some(place(*part))) {
                    Target::Named(text) => parts.push(text),
                    open if parts.is_empty() => {
                        let parts = view::template_parts(tree, *part);
                        let head = parts.and_then(|parts| match parts.first() {
                            Some(view::TemplatePart::Text(text)) if text.contains('/') => {
                                Some(text.trim_end_matches('/').to_owned())
                            }
                            _ => None,
                        });
                        return head.map_or(open, Target::Named);
                    }
                    _ => parts.push("*".to_owned()),
                }
            }
            if parts.is_empty() && name == "doc" {
                // `doc(crew, id)` on a collection that a name holds.
                return arguments
                    .first()
                    .map_or(Target::Dynamic, |first| collection(reader, place(*first), depth + 1));
            }
            if name == "doc" && parts.len() > 1 {
                parts.pop();
            }
            if parts.is_empty() { Target::Dynamic } else { Target::Named(parts.join("/")) }
        }
        _ => Target::Dynamic,
    }
}

/// The call that makes a reference, through names.
fn reference<'p>(reader: &Reader<'_, 'p>, at: Place<'p>, depth: u32) -> Option<Place<'p>> {
    if depth > 8 {
        return None;
    }
    let node = view::unwrapped(at.node);
    match node.kind() {
        "call_expression" => Some(Place { node, ..at }),
        "identifier" => reference(reader, reader.tracer.initialiser(Place { node, ..at })?, depth + 1),
        _ => None,
    }
}

/// The database that a reference is of.
fn client_of<'p>(reader: &Reader<'_, 'p>, at: Place<'p>, depth: u32) -> Option<Handle> {
    if let Value::Client(handle) = reader.tracer.value(at) {
        return Some(handle);
    }
    let call = reference(reader, at, depth)?;
    if depth > 8 {
        return None;
    }
    let first = view::arguments(call.node).first().copied()?;
    client_of(reader, Place { node: first, ..call }, depth + 1)
}

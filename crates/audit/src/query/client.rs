//! Clients: where they are made, what holds them, with whose rights they ask, and where they go.

use super::{Client, Power, Reader, maker};
use crate::trace::{Handle, Part, Place, Tracer, Value};
use edit::Span;
use project::File;
use stack::Side;
use std::collections::BTreeSet;
use syntax::Node;
use syntax::view;

/// The clients that a file makes.
pub(super) fn made<'p>(tracer: &Tracer<'p>, stack: &stack::Stack, file: &'p File) -> Vec<Client> {
    let mut found = Vec::new();
    let Some((tree, scopes)) = file.syntax() else { return found };
    view::walk(tree.root(), &mut |node| {
        if matches!(node.kind(), "call_expression" | "new_expression")
            && let Some(callee) = view::callee(node)
            && could_make(tree, scopes, callee)
        {
            let at = Place { file: file.id, node };
            if let Value::Client(Handle { made: Some(span), backend, part: Part::Whole, .. }) =
                tracer.value(at)
                && span == at.span()
            {
                found.push(client(tracer, stack, at, backend));
            }
        }
        true
    });
    found
}

/// Spares following callees that make no client: one starts with a name that an import or a `require` brings, or stands for nothing in
/// the file.
fn could_make(tree: &syntax::Tree, scopes: &syntax::scope::Scopes, callee: Node<'_>) -> bool {
    let mut first = view::unwrapped(callee);
    while let Some(object) = first.child_by_field_name("object") {
        first = view::unwrapped(object);
    }
    let Some(id) = scopes.binding_at(first.byte_range()) else {
        return first.kind() == "identifier" || tree.text(callee).len() < 80;
    };
    let binding = scopes.binding(id);
    binding.declared == syntax::scope::Declared::Import
        || tree
            .source()
            .get(binding.range.clone())
            .is_some_and(|text| text.contains("require(") || text.contains("import("))
}

fn client<'p>(tracer: &Tracer<'p>, stack: &stack::Stack, at: Place<'p>, backend: &'static str) -> Client {
    let span = at.span();
    let (binding, factory) = holder(tracer, at);
    let (power, side) = (power(tracer, at), stack.side_at(span));
    let secluded = side == Side::Both && power == Power::Admin && keeps_key(tracer, at);
    Client {
        backend,
        span,
        binding,
        factory,
        exported: exported(tracer, at),
        power,
        side: if secluded { Side::Server } else { side },
        escapes: Vec::new(),
    }
}

/// The identifier that holds a client, and whether that is a function that makes one at each call.
fn holder<'p>(tracer: &Tracer<'p>, at: Place<'p>) -> (Option<Span>, bool) {
    let name_of = |node: Node<'p>| Some(Place { node, ..at }.span());
    let mut current = view::wrapped(at.node);
    let mut held = None;
    while let Some(parent) = current.parent() {
        match parent.kind() {
            "variable_declarator" => {
                held = parent.child_by_field_name("name").filter(|name| name.kind() == "identifier");
                break;
            }
            "assignment_expression" | "augmented_assignment_expression" => {
                held = parent.child_by_field_name("left");
                break;
            }
            "public_field_definition" | "field_definition" => {
                held = parent.child_by_field_name("name").or_else(|| parent.child_by_field_name("property"));
                break;
            }
            "pair" => {
                held = parent.child_by_field_name("key");
                break;
            }
            "await_expression" | "ternary_expression" | "binary_expression" | "parenthesized_expression" => {
                current = view::wrapped(parent);
            }
            // `useState(() => createClient())`, `useMemo(() => createClient(), [])`: what the hook gives is held.
            "arrow_function" | "return_statement" => {
                let arrow = parent.kind() == "arrow_function";
                let around = if arrow { Some(parent) } else { view::enclosing_function(parent) };
                let Some(function) = around else { break };
                let outer = view::wrapped(function);
                match outer.parent() {
                    Some(list) if list.kind() == "arguments" => match list.parent() {
                        Some(call) => current = view::wrapped(call),
                        None => break,
                    },
                    _ => return (function_name(function).and_then(name_of), true),
                }
            }
            "arguments" => match parent.parent() {
                Some(call) => current = view::wrapped(call),
                None => break,
            },
            _ => break,
        }
    }
    // A local that its function returns: the function is what others hold.
    if let Some(name) = held.filter(|name| name.kind() == "identifier")
        && let Some((tree, scopes)) = tracer.syntax(at.file)
        && let Some(id) = scopes.binding_at(name.byte_range())
        && let Some(declaration) = tree.node_at(scopes.binding(id).name_range.clone())
    {
        if let Some(function) = view::enclosing_function(declaration)
            && let Value::Client(handle) = tracer.returned(Place { node: function, ..at })
            && handle.made == Some(at.span())
            && let Some(name) = function_name(function)
        {
            return (name_of(name), true);
        }
        return (name_of(declaration), false);
    }
    (held.and_then(name_of), false)
}

/// The identifier of a function, declared or held in a constant.
fn function_name(function: Node<'_>) -> Option<Node<'_>> {
    if let Some(name) = function.child_by_field_name("name") {
        return Some(name);
    }
    let holder = view::wrapped(function).parent()?;
    match holder.kind() {
        "variable_declarator" => {
            holder.child_by_field_name("name").filter(|name| name.kind() == "identifier")
        }
        "pair" => holder.child_by_field_name("key"),
        _ => None,
    }
}

/// The exported names of the module behind which the client stands, itself or by a call.
fn exported<'p>(tracer: &Tracer<'p>, at: Place<'p>) -> Vec<String> {
    let exports = tracer.file(at.file).module.exports.iter();
    let own = exports.filter(|export| export.from.is_none() && !export.type_only && export.name != "*");
    let mut names: Vec<String> = own
        .filter(|export| {
            let value = match tracer.exported(at.file, &export.name) {
                Value::Function(function) => tracer.returned(function),
                value => value,
            };
            matches!(value, Value::Client(handle) if handle.made == Some(at.span()) && handle.part == Part::Whole)
        })
        .map(|export| export.name.clone())
        .collect();
    names.sort();
    names.dedup();
    names
}

/// Whether the key of a client past every policy is a variable that no framework publishes: in a browser there is none.
fn keeps_key<'p>(tracer: &Tracer<'p>, at: Place<'p>) -> bool {
    let words = view::arguments(at.node)
        .get(1)
        .map(|key| words(tracer, Place { node: *key, ..at }, 0))
        .unwrap_or_default();
    let in_source = |word: &String| word.starts_with("sb_secret_") || role_of(word).is_some();
    let names: Vec<&String> =
        words.iter().filter(|word| crate::env::screams(word)).filter(|word| is_admin(word)).collect();
    words.contains("env")
        && !words.iter().any(in_source)
        && !names.is_empty()
        && !names.iter().any(|name| crate::env::published(name))
}

fn power<'p>(tracer: &Tracer<'p>, at: Place<'p>) -> Power {
    let arguments = view::arguments(at.node);
    let maker = view::callee(at.node).map_or("", |callee| tracer.text(Place { node: callee, ..at }));
    let words = arguments.get(1).map(|key| words(tracer, Place { node: *key, ..at }, 0)).unwrap_or_default();
    let (admin, visitor) =
        (words.iter().any(|word| is_admin(word)), words.iter().any(|word| is_public(word)));
    match (admin, visitor) {
        (true, true) => return Power::Unknown,
        (true, false) => return Power::Admin,
        _ => {}
    }
    let options = arguments.get(2).map_or("", |options| tracer.text(Place { node: *options, ..at }));
    let forwards = options.contains("Authorization")
        || options.contains("authorization")
        || options.contains("accessToken");
    if maker::reads_cookies(maker) || forwards {
        return Power::Session;
    }
    if visitor || arguments.len() < 2 { Power::Visitor } else { Power::Unknown }
}

/// The names and texts that the key of a client is put together from.
fn words<'p>(tracer: &Tracer<'p>, at: Place<'p>, depth: u32) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let Some((tree, scopes)) = tracer.syntax(at.file) else { return found };
    let at_text = tracer.text(at);
    if at_text.len() < 4000 {
        view::walk(at.node, &mut |node| {
            match node.kind() {
                "property_identifier" | "string_fragment" => {
                    found.insert(tree.text(node).to_owned());
                }
                "identifier" => {
                    found.insert(tree.text(node).to_owned());
                    if depth < 5
                        && let Some(id) = scopes.binding_at(node.byte_range())
                    {
                        found.extend(bound_words(tracer, at.file, scopes.binding(id), depth));
                    }
                }
                _ => {}
            }
            true
        });
    }
    found
}

fn bound_words(
    tracer: &Tracer<'_>,
    file: edit::FileId,
    binding: &syntax::scope::Binding,
    depth: u32,
) -> BTreeSet<String> {
    let origin = project::graph::Graph::origin(tracer.project, file, binding.name_range.clone());
    let (file, range) = match origin {
        project::graph::Origin::Local(file, range) => (file, range),
        _ => return BTreeSet::new(),
    };
    let Some((tree, _)) = tracer.syntax(file) else { return BTreeSet::new() };
    let mut node = tree.node_at(range);
    while let Some(at) = node {
        match at.kind() {
            "variable_declarator" => {
                let value = at.child_by_field_name("value");
                return value
                    .map_or_else(BTreeSet::new, |node| words(tracer, Place { file, node }, depth + 1));
            }
            // `serviceKey()`: what the function reads.
            "function_declaration" => {
                let body = at.child_by_field_name("body");
                return body
                    .map_or_else(BTreeSet::new, |node| words(tracer, Place { file, node }, depth + 1));
            }
            "object_pattern" | "pair_pattern" | "identifier" | "shorthand_property_identifier_pattern" => {
                node = at.parent()
            }
            _ => break,
        }
    }
    BTreeSet::new()
}

/// A key past every policy, by its name or as a token.
fn is_admin(word: &str) -> bool {
    let upper = word.to_ascii_uppercase().replace('-', "_");
    upper.contains("SERVICE_ROLE")
        || upper.contains("SERVICEROLE")
        || upper.contains("SERVICE_KEY")
        || upper.contains("SERVICEKEY")
        || upper.contains("SUPABASE_SECRET")
        || word.starts_with("sb_secret_")
        || role_of(word).is_some_and(|role| role == "service_role")
}

fn is_public(word: &str) -> bool {
    let upper = word.to_ascii_uppercase();
    upper.contains("ANON")
        || upper.contains("PUBLISHABLE")
        || upper.contains("PUBLIC_KEY")
        || word.starts_with("sb_publishable_")
        || role_of(word).is_some_and(|role| role == "anon")
        || (upper.starts_with("VITE_") && upper.contains("KEY"))
}

/// The role in a token.
fn role_of(word: &str) -> Option<String> {
    use base64::Engine as _;
    let claims = word.strip_prefix("eyJ").and_then(|_| word.split('.').nth(1))?;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(claims).ok()?;
    let claims: serde_json::Value = serde_json::from_slice(&bytes).ok()?;
    Some(claims.get("role")?.as_str()?.to_owned())
}

/// A use of a client that is neither a query nor an auth call.
pub(super) struct Escape {
    /// The call that makes the client.
    pub(super) made: Span,
    /// The use.
    pub(super) at: Span,
}

/// The files that may hold a client: those that make one, and those that import them, also through files that export it again.
pub(super) fn near(project: &project::Project, clients: &[Client]) -> Vec<edit::FileId> {
    let mut seen: BTreeSet<edit::FileId> = clients.iter().map(|client| client.span.file).collect();
    let mut open: Vec<edit::FileId> = seen.iter().copied().collect();
    let tracer = Tracer::new(project);
    while let Some(file) = open.pop() {
        for importer in &project.graph.importers[file.0 as usize] {
            if seen.insert(*importer) && hands_on(&tracer, *importer) {
                open.push(*importer);
            }
        }
    }
    seen.into_iter().collect()
}

/// Whether a file exports a client that it does not make: again, or from a function.
fn hands_on(tracer: &Tracer<'_>, file: edit::FileId) -> bool {
    tracer.file(file).module.exports.iter().filter(|export| !export.type_only).any(|export| {
        export.from.is_some()
            || match tracer.exported(file, &export.name) {
                Value::Function(function) => {
                    matches!(tracer.returned(function), Value::Client(_) | Value::Object(_))
                }
                value => matches!(value, Value::Client(_)),
            }
    })
}

/// Uses of clients in a file that are neither a query nor an auth call.
pub(super) fn escapes(reader: &Reader<'_, '_>) -> Vec<Escape> {
    let mut found = Vec::new();
    for reference in
        reader.scopes.references.iter().filter(|reference| !reference.in_type && !reference.writes)
    {
        if reference.binding.is_none() {
            continue;
        }
        let Some(node) = reader.tree.node_at(reference.range.clone()) else { continue };
        if !escapes_at(reader, node) {
            continue;
        }
        let Value::Client(Handle { made: Some(made), part: Part::Whole, .. }) =
            reader.tracer.value(reader.at(node))
        else {
            continue;
        };
        found.push(Escape { made, at: reader.at(node).span() });
    }
    found
}

fn escapes_at<'p>(reader: &Reader<'_, 'p>, node: Node<'p>) -> bool {
    let outer = view::wrapped(node);
    let Some(parent) = outer.parent() else { return false };
    match parent.kind() {
        "member_expression"
            if parent.child_by_field_name("object").is_some_and(|object| object.id() == outer.id()) =>
        {
            let name = parent.child_by_field_name("property").map_or("", |name| reader.tree.text(name));
            !matches!(name, "from" | "rpc" | "schema" | "channel" | "storage" | "functions" | "auth")
        }
        // A client is no function and no component.
        "call_expression" | "jsx_self_closing_element" | "jsx_opening_element" | "jsx_closing_element" => {
            false
        }
        "export_specifier" | "import_specifier" => false,
        // Another name of it is followed.
        "variable_declarator" => false,
        "export_statement" => false,
        // The accessor of a client made once.
        "return_statement" => {
            let function = view::enclosing_function(parent);
            !function.is_some_and(|function| {
                matches!(reader.tracer.returned(reader.at(function)), Value::Client(_))
            })
        }
        "array" => !parent
            .parent()
            .is_some_and(|list| list.kind() == "arguments" && view::code_children(list).count() > 1),
        _ => true,
    }
}

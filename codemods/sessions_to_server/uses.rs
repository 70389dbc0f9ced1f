//! Every use of the client: through imports, re-exports, namespaces, dynamic imports and plain aliases.

use super::client::Client;
use audit::Survey;
use audit::query;
use edit::{FileId, Span};
use project::graph::{Graph, Origin};
use project::{File, Kind};
use std::collections::BTreeSet;
use std::ops::Range;
use syntax::Tree;
use syntax::module::{ImportKind, Imported};
use syntax::scope::{BindingId, Declared, Scopes};
use syntax::view::{self, Chain, arguments, string_value, unwrapped, whole_chain, wrapped};
use tree_sitter::Node;

/// What a use asks of the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// `client.auth.METHOD`; `admin.x` and `mfa.x` with their part.
    Auth(String),
    /// `client.storage.from(BUCKET).METHOD`: the bucket, or each of a closed set; empty for a bucket that is computed.
    Storage(Vec<String>, String),
    /// `client.channel`, `removeChannel`, `removeAllChannels`, and what else has to do with channels.
    Realtime(String),
    /// `client.functions.invoke(NAME)`: the name, or each of a closed set; empty for a name that is computed.
    Invoke(Vec<String>),
    /// `client.from`, `schema`, `rpc`: a query.
    Query,
    /// A test whether the client is there.
    Test,
    /// Anything else: the client goes on as a value.
    Value,
}

/// What a client has.
const MEMBERS: &[&str] = &[
    "auth",
    "storage",
    "functions",
    "realtime",
    "rest",
    "from",
    "rpc",
    "schema",
    "channel",
    "getChannels",
    "removeChannel",
    "removeAllChannels",
    "supabaseUrl",
    "supabaseKey",
    "realtimeUrl",
    "authUrl",
    "storageUrl",
    "functionsUrl",
    "headers",
    "fetch",
];

/// One use.
#[derive(Clone, Debug)]
pub(super) struct Use {
    /// From the client's name to the end of what is asked of it, the call included.
    pub(super) span: Span,
    pub(super) what: What,
}

/// Every use of `client`, by path and place.
pub(super) fn of(survey: &Survey<'_>, client: &Client) -> Vec<Use> {
    let mut found = Vec::new();
    let carriers = carriers(survey, client.file);
    let mut waiting: Vec<(FileId, Option<Range<usize>>)> = vec![(client.file, client.name.clone())];
    let mut seen: BTreeSet<(FileId, usize)> = BTreeSet::new();
    while let Some((holder, name)) = waiting.pop() {
        if !seen.insert((holder, name.as_ref().map_or(usize::MAX, |name| name.start))) {
            continue;
        }
        let target = Target { holder, name };
        for file in &carriers {
            let file = survey.project.get(*file);
            // A test makes of the client what it likes, and is no part of the app.
            if survey.stack.side_reasons[file.id.0 as usize] == "a test" {
                continue;
            }
            let Some((tree, scopes)) = file.syntax() else { continue };
            for (binding, members) in names(survey, file, (tree, scopes), &target) {
                for reference in scopes.references_of(binding) {
                    let Some(node) = tree.node_at(reference.range.clone()) else { continue };
                    let Some(node) = below(tree, node, members.as_deref()) else { continue };
                    match alias(tree, node) {
                        Some(alias) => waiting.push((file.id, Some(alias.byte_range()))),
                        None => found.extend(asked(survey, file, tree, node, reference.in_type)),
                    }
                }
            }
        }
    }
    found.sort_by_key(|one: &Use| one.span);
    found.dedup_by(|one, other| one.span == other.span && one.what == other.what);
    found
}

/// A declared name that holds the client.
struct Target {
    holder: FileId,
    /// `None` for the default export.
    name: Option<Range<usize>>,
}

/// The client's module, and every file that imports it or something that passes it on.
fn carriers(survey: &Survey<'_>, client: FileId) -> Vec<FileId> {
    let project = survey.project;
    let mut passing: BTreeSet<FileId> = BTreeSet::from([client]);
    let mut waiting = vec![client];
    let mut found: BTreeSet<FileId> = BTreeSet::from([client]);
    while let Some(file) = waiting.pop() {
        for importer in &project.graph.importers[file.0 as usize] {
            found.insert(*importer);
            let module = &project.get(*importer).module;
            // A re-export, or an alias that may be exported: `export const db = supabase`.
            let passes = module.imports.iter().any(|import| import.kind == ImportKind::ReExport)
                || module.imports.iter().flat_map(|import| &import.names).any(|name| {
                    let text = &project.get(*importer).text;
                    module.exports.iter().any(|export| {
                        export.local.as_deref() == Some(name.local.as_str())
                            || text
                                .get(export.range.clone())
                                .is_some_and(|text| text.contains(&format!("= {}", name.local)))
                    })
                });
            if passes && passing.insert(*importer) {
                waiting.push(*importer);
            }
        }
    }
    found.into_iter().collect()
}

/// The local names of `file` that hold the target, with how many members lie between (one for a namespace).
fn names(
    survey: &Survey<'_>,
    file: &File,
    (_, scopes): (&Tree, &Scopes),
    target: &Target,
) -> Vec<(BindingId, Option<String>)> {
    let mut found = Vec::new();
    if file.id == target.holder
        && let Some(name) = &target.name
    {
        found.extend(scopes.binding_at(name.clone()).map(|binding| (binding, None)));
    }
    let is_target = |origin: Origin| match (origin, &target.name) {
        (Origin::Local(holder, range), Some(name)) => holder == target.holder && range == *name,
        (Origin::Local(holder, _), None) => holder == target.holder,
        _ => false,
    };
    for import in &file.module.imports {
        if import.type_only
            || !matches!(import.kind, ImportKind::Static | ImportKind::Dynamic | ImportKind::Require)
        {
            continue;
        }
        let Some(module) = Graph::resolve(survey.project, file.id, &import.specifier) else { continue };
        for name in &import.names {
            let binding = scopes.bindings.iter().position(|binding| {
                binding.name == name.local
                    && (name.range.start <= binding.name_range.start
                        && binding.name_range.end <= name.range.end)
            });
            let Some(binding) = binding.map(|at| BindingId(at as u32)) else { continue };
            match &name.imported {
                Imported::Namespace => {
                    let exports =
                        survey.project.get(module).module.exports.iter().map(|export| export.name.as_str());
                    let held = exports.filter(|name| *name != "*").find(|exported| {
                        is_target(Graph::export_origin(survey.project, module, exported))
                            && (target.name.is_some() || *exported == "default")
                    });
                    found.extend(held.map(|member| (binding, Some(member.to_owned()))));
                }
                Imported::Default | Imported::Named(_) => {
                    let there = match &name.imported {
                        Imported::Named(name) => name.as_str(),
                        _ => "default",
                    };
                    let leads = is_target(Graph::export_origin(survey.project, module, there));
                    if leads && (target.name.is_some() || there == "default") {
                        found.push((binding, None));
                    }
                }
            }
        }
    }
    found
}

/// The expression that is the client: the name itself, or the member of the namespace; `None` for another member.
fn below<'t>(tree: &'t Tree, node: Node<'t>, member: Option<&str>) -> Option<Node<'t>> {
    let Some(member) = member else { return Some(node) };
    let parent = wrapped(node).parent()?;
    let is_member = parent.kind() == "member_expression"
        && parent.child_by_field_name("property").is_some_and(|property| tree.text(property) == member);
    is_member.then_some(parent)
}

/// `const db = client`: the alias.
fn alias<'t>(tree: &'t Tree, node: Node<'t>) -> Option<Node<'t>> {
    let parent = wrapped(node).parent().filter(|parent| parent.kind() == "variable_declarator")?;
    let name = parent.child_by_field_name("name").filter(|name| name.kind() == "identifier")?;
    let statement = parent.parent()?;
    (name.id() != node.id() && tree.text(statement).starts_with("const")).then_some(name)
}

/// What is asked of the client at `node`; `None` where it is only exported or imported again.
fn asked(survey: &Survey<'_>, file: &File, tree: &Tree, node: Node<'_>, in_type: bool) -> Option<Use> {
    let used = |node: Node<'_>, what: What| Some(Use { span: file.span(node.byte_range()), what });
    let outer = wrapped(node);
    let parent = outer.parent()?;
    if matches!(parent.kind(), "export_specifier" | "import_specifier") || parent.kind() == "export_statement"
    {
        return None;
    }
    if in_type {
        // `ReturnType<typeof client.channel>`: what takes the client's place has it as well.
        let member = parent.child_by_field_name("property").map(|property| tree.text(property));
        let channel = parent.kind() == "member_expression" && member == Some("channel");
        let what = if channel { What::Realtime("channel".to_owned()) } else { What::Value };
        return used(if channel { parent } else { node }, what);
    }
    if is_test(outer) {
        return used(node, What::Test);
    }
    let whole = whole_chain(node);
    let chain = Chain::of(tree, whole);
    // A namespace's member is the first link.
    let skip = chain.links.iter().take_while(|link| link.member.end_byte() <= node.end_byte()).count();
    let mut links = chain.links[skip..].to_vec();
    // `await client.functions.invoke<T>("x")` is read as a call of what is awaited.
    if let Some(last) = links.last_mut().filter(|last| last.call.is_none()) {
        let awaited = wrapped(last.member).parent().filter(|parent| parent.kind() == "await_expression");
        let call =
            awaited.and_then(|awaited| awaited.parent()).filter(|call| call.kind() == "call_expression");
        last.call = call;
    }
    let Some(first) = links.first() else { return used(node, What::Value) };
    let upto = |at: usize| links.get(at).map_or(node, |link| link.call.unwrap_or(link.member));
    match (&*first.name, links.get(1)) {
        ("auth", Some(method)) => match (&*method.name, links.get(2)) {
            (part @ ("admin" | "mfa"), Some(inner)) => {
                used(upto(2), What::Auth(format!("{part}.{}", inner.name)))
            }
            (name, _) => used(upto(1), What::Auth(name.to_owned())),
        },
        ("storage", Some(from)) if from.name == "from" && from.call.is_some() && links.len() > 2 => {
            let bucket = from.call.and_then(|call| arguments(call).first().copied());
            let bucket = bucket.and_then(|bucket| literal(survey, file, tree, bucket));
            let client = file.span(node.byte_range());
            let buckets =
                bucket.map_or_else(|| one_of(survey, client, query::Kind::Storage), |bucket| vec![bucket]);
            used(upto(2), What::Storage(buckets, links[2].name.clone().into_owned()))
        }
        ("functions", Some(invoke)) if invoke.name == "invoke" => {
            let name = invoke.call.and_then(|call| arguments(call).first().copied());
            let name = name.and_then(|name| literal(survey, file, tree, name));
            let client = file.span(node.byte_range());
            let names =
                name.map_or_else(|| one_of(survey, client, query::Kind::EdgeFunction), |name| vec![name]);
            used(upto(1), What::Invoke(names))
        }
        ("from" | "rpc" | "schema", _) if first.call.is_some() => used(whole, What::Query),
        (name @ ("channel" | "removeChannel" | "removeAllChannels" | "getChannels"), _)
            if first.call.is_some() =>
        {
            used(upto(0), What::Realtime(name.to_owned()))
        }
        ("realtime", Some(method)) => used(upto(1), What::Realtime(format!("realtime.{}", method.name))),
        // What no client has fails today, and fails afterwards.
        (name, _) if !MEMBERS.contains(&name) => used(upto(0), What::Test),
        _ => used(upto(0), What::Value),
    }
}

/// `if (client)`, `!client`, `client ? a : b`, `client && x`, `if (x && client)`.
fn is_test(node: Node<'_>) -> bool {
    let Some(parent) = node.parent() else { return false };
    let field = |name: &str| parent.child_by_field_name(name).is_some_and(|field| field.id() == node.id());
    match parent.kind() {
        "if_statement" | "ternary_expression" | "while_statement" => field("condition"),
        "unary_expression" => true,
        "binary_expression" => {
            let operator = parent.child_by_field_name("operator").map_or("", |operator| operator.kind());
            matches!(operator, "===" | "!==" | "==" | "!=")
                || operator == "&&" && field("left")
                || matches!(operator, "&&" | "||") && is_test(wrapped(parent))
        }
        _ => false,
    }
}

/// The text of a string, also through a constant.
pub(super) fn literal(survey: &Survey<'_>, file: &File, tree: &Tree, node: Node<'_>) -> Option<String> {
    if let Some(value) = string_value(tree, node) {
        return Some(value.into_owned());
    }
    let node = unwrapped(node);
    if !matches!(node.kind(), "identifier" | "member_expression") {
        return None;
    }
    let Origin::Local(holder, name) = Graph::origin(survey.project, file.id, node.byte_range()) else {
        return None;
    };
    let (tree, scopes) = survey.project.get(holder).syntax()?;
    let binding = scopes.binding_at(name.clone())?;
    if scopes.binding(binding).declared != Declared::Const {
        return None;
    }
    let declarator = tree.node_at(name)?.parent().filter(|parent| parent.kind() == "variable_declarator")?;
    string_value(tree, declarator.child_by_field_name("value")?).map(|value| value.into_owned())
}

/// The closed set of names that the query at this client may ask for.
fn one_of(survey: &Survey<'_>, client: Span, kind: query::Kind) -> Vec<String> {
    let query = survey.queries.iter().find(|query| query.kind == kind && query.span.covers(client));
    match query.map(|query| &query.table) {
        Some(query::Target::Named(name)) if !name.is_empty() => vec![name.clone()],
        Some(query::Target::OneOf(names)) if names.iter().all(|name| !name.is_empty()) => names.clone(),
        _ => Vec::new(),
    }
}

/// Stands for every bucket, where a call computes which one.
pub(super) const ANY_BUCKET: &str = "*";

/// The buckets of the app, for a call that computes one: those that the SQL makes, if it makes every bucket that the code names, or
/// else any.
pub(super) fn every_bucket(survey: &Survey<'_>, uses: &[Use]) -> Vec<String> {
    let made: Vec<String> = survey.schema.buckets.iter().map(|bucket| bucket.id.clone()).collect();
    let named = uses.iter().filter_map(|one| match &one.what {
        What::Storage(names, _) => Some(names),
        _ => None,
    });
    if !made.is_empty() && named.flatten().all(|name| made.contains(name)) {
        made
    } else {
        vec![ANY_BUCKET.to_owned()]
    }
}

/// The node of a use.
pub(super) fn node<'s>(survey: &'s Survey<'_>, span: Span) -> Option<(&'s Tree, Node<'s>)> {
    let (tree, _) = survey.project.get(span.file).syntax()?;
    Some((tree, tree.node_at(span.range())?))
}

/// The arguments of a use's call.
pub(super) fn arguments_of<'s>(survey: &'s Survey<'_>, one: &Use) -> Vec<Node<'s>> {
    let call = node(survey, one.span).map(|(_, node)| node).filter(|node| node.kind() == "call_expression");
    call.map(view::arguments).unwrap_or_default()
}

/// Code files of the app, in which something of the client may stand.
pub(crate) fn code<'s>(survey: &'s Survey<'_>) -> impl Iterator<Item = &'s File> {
    survey.project.files.iter().filter(|file| matches!(file.kind, Kind::Code(_)) && file.skipped.is_none())
}

//! `beforeLoad` of route files: it runs before the page, on the server too unless the route says otherwise.

use super::{Enforced, Flaw, Guard, Kind, Requires, distinct, gate};
use crate::component;
use edit::Span;
use project::graph::{Graph, Origin};
use project::{File, Kind as FileKind, Project};
use stack::{Side, Stack};
use syntax::Node;
use syntax::view;

pub(super) fn read(project: &Project, stack: &Stack, routes: &[crate::route::Route]) -> Vec<Guard> {
    let candidate = |file: &&File| {
        matches!(file.kind, FileKind::Code(_)) && file.skipped.is_none() && file.text.contains("beforeLoad")
    };
    // The app's client asks the server by itself where the framework keeps the sessions.
    let keeps = |server: &dyn stack::server::Server| {
        server.is_within() && project.apps.iter().any(|app| server.is_there(project, app))
    };
    let kept = stack.server.is_some_and(keeps);
    let mut guards = Vec::new();
    for file in project.files.iter().filter(candidate) {
        if stack.side(file.id) == Side::None && !project.apps.is_empty() {
            continue;
        }
        let Some((tree, _)) = file.syntax() else { continue };
        view::walk(tree.root(), &mut |node| {
            if node.kind() == "object"
                && let Some(value) = view::value_of(tree, node, "beforeLoad")
            {
                guards.extend(of_option(project, (routes, kept), file, node, value));
            }
            true
        });
    }
    guards
}

fn of_option(
    project: &Project,
    (routes, kept): (&[crate::route::Route], bool),
    file: &File,
    options: Node<'_>,
    value: Node<'_>,
) -> Option<Guard> {
    let (tree, _) = file.syntax()?;
    let function = component::of(project, file, value)?;
    let gates = gate::of(project, function);
    if gates.is_empty() {
        return None;
    }
    let call = options.parent().filter(|list| list.kind() == "arguments")?.parent()?;
    let place = file.span(call.byte_range());
    let covered = routes.iter().filter(|route| route.layers.iter().any(|layer| layer.at == place));
    let no_ssr = view::value_of(tree, options, "ssr").is_some_and(|ssr| tree.text(ssr) == "false");
    let text = |code: Span| project.get(code.file).text.get(code.range()).unwrap_or_default();
    let skips = text(function).contains("typeof window");
    let asks_client = || {
        let asks = |code: Span| text(code).contains(".auth.get");
        kept && (asks(function) || called(project, function).into_iter().any(asks))
    };
    let on_server = !no_ssr && !skips && (asks_client() || asks_server(project, function));
    let real: Vec<_> = gates.iter().filter(|gate| !gate.never_refuses).collect();
    let role = real.iter().find_map(|gate| gate.says.role.clone());
    let mut flaws: Vec<Flaw> =
        gates.iter().filter(|gate| gate.never_refuses).map(|gate| Flaw::AlwaysTrue(gate.span)).collect();
    if !on_server && (no_ssr || skips) {
        flaws.push(Flaw::SkipsServer(function));
    }
    let name = view::arguments(
        view::callee(call).filter(|callee| callee.kind() == "call_expression").unwrap_or(call),
    )
    .first()
    .and_then(|id| view::string_value(tree, *id))
    .map_or_else(|| component::stem(file).to_owned(), std::borrow::Cow::into_owned);
    Some(Guard {
        span: function,
        name,
        kind: Kind::BeforeLoad,
        enforced: match (real.is_empty(), on_server) {
            (true, _) => Enforced::Nowhere,
            (false, true) => Enforced::Server,
            (false, false) => Enforced::Browser,
        },
        requires: role.map_or(Requires::Session, Requires::Role),
        redirect: gates.iter().find_map(|gate| gate.refusal.to.clone()),
        routes: distinct(covered),
        mounted: vec![place],
        conditions: gates.iter().map(|gate| gate.span).collect(),
        flaws,
        proof: super::proof(project, function),
        hides: true,
        own_page: false,
    })
}

/// Whether a function asks the server who is there: it calls a server function, or reads what the root route got from one.
fn asks_server(project: &Project, function: Span) -> bool {
    if calls_server_function(project, function) {
        return true;
    }
    let text = project.get(function.file).text.get(function.range()).unwrap_or_default();
    text.contains("context")
        && project.files.iter().any(|file| {
            file.text.contains("createRootRoute")
                && file.text.contains("beforeLoad")
                && file.syntax().is_some_and(|(tree, _)| {
                    calls_server_function(project, file.span(tree.root().byte_range()))
                })
        })
}

/// The functions of the app that code calls by name, and those that these call, three steps deep.
pub fn called(project: &Project, code: Span) -> Vec<Span> {
    let mut found = Vec::new();
    let mut open = vec![(code, 0)];
    while let Some((code, depth)) = open.pop() {
        let file = project.get(code.file);
        let Some(node) = file.syntax().and_then(|(tree, _)| tree.node_at(code.range())) else { continue };
        view::walk(node, &mut |inner| {
            let callee = view::callee(inner).filter(|_| inner.kind() == "call_expression");
            if let Some(callee) = callee.filter(|callee| callee.kind() == "identifier")
                && let Origin::Local(holder, range) = Graph::origin(project, file.id, callee.byte_range())
                && let Some((tree, _)) = project.get(holder).syntax()
                && let Some(declared) = tree.node_at(range).and_then(|name| name.parent())
            {
                let value = declared
                    .child_by_field_name("value")
                    .filter(|_| declared.kind() == "variable_declarator");
                let function = value.map_or(declared, view::unwrapped);
                let span = project.get(holder).span(function.byte_range());
                if component::is_function(function) && !found.contains(&span) {
                    found.push(span);
                    open.extend((depth < 2).then_some((span, depth + 1)));
                }
            }
            true
        });
    }
    found
}

/// Whether code calls something that `createServerFn` made.
pub(crate) fn calls_server_function(project: &Project, code: Span) -> bool {
    let file = project.get(code.file);
    let Some((tree, _)) = file.syntax() else { return false };
    let Some(node) = tree.node_at(code.range()) else { return false };
    let mut found = false;
    view::walk(node, &mut |inner| {
        if inner.kind() == "call_expression"
            && let Some(callee) = view::callee(inner)
            && let Origin::Local(holder, range) = Graph::origin(project, file.id, callee.byte_range())
            && let Some((tree, _)) = project.get(holder).syntax()
            && let Some(declarator) = tree.node_at(range).and_then(|name| name.parent())
            && declarator.kind() == "variable_declarator"
        {
            found |= tree.text(declarator).contains("createServerFn");
        }
        !found
    });
    found
}

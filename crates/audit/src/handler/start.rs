//! Server functions (`createServerFn().middleware([…]).handler(…)`) and server routes of route files (`server: { handlers: { POST } }`).

use super::{Found, Kind};
use crate::component;
use edit::Span;
use project::graph::{Graph, Origin};
use project::{File, Project};
use syntax::Node;
use syntax::Tree;
use syntax::view::{self, Chain};

/// The server functions and server routes of a file.
pub(super) fn of(project: &Project, file: &File) -> Vec<Found> {
    let Some((tree, _)) = file.syntax() else { return Vec::new() };
    let mut found = Vec::new();
    view::walk(tree.root(), &mut |node| {
        if node.kind() == "call_expression" {
            found.extend(server_function(project, file, tree, node));
            found.extend(server_route(project, file, tree, node));
        }
        true
    });
    found
}

fn server_function(project: &Project, file: &File, tree: &Tree, call: Node<'_>) -> Option<Found> {
    let chain = Chain::of(tree, call);
    let last = chain.links.last()?;
    if last.name != "handler" || last.call != Some(call) {
        return None;
    }
    let made = view::unwrapped(chain.root);
    let maker = view::callee(made).map(|callee| tree.text(callee));
    if maker != Some("createServerFn") {
        return None;
    }
    let function = component::of(project, file, *view::arguments(call).first()?)?;
    let options = view::arguments(made).first().copied().filter(|options| options.kind() == "object");
    let method = options
        .and_then(|options| view::string_value(tree, view::value_of(tree, options, "method")?))
        .map_or_else(|| "GET".to_owned(), |method| method.into_owned());
    let mut before = Vec::new();
    let mut validated = false;
    for link in &chain.links {
        let Some(inner) = link.call else { continue };
        match &*link.name {
            "middleware" => {
                let list = view::arguments(inner);
                let items = list
                    .first()
                    .map(|list| view::code_children(*list).collect::<Vec<_>>())
                    .unwrap_or_default();
                before.extend(items.into_iter().flat_map(|item| middleware(project, file, item, 0)));
            }
            // A function that only casts is a type, not a check.
            "validator" | "inputValidator" => {
                validated = view::arguments(inner).first().is_some_and(|check| checks(tree, *check));
            }
            _ => {}
        }
    }
    let name = view::wrapped(call)
        .parent()
        .filter(|parent| parent.kind() == "variable_declarator")
        .and_then(|declarator| declarator.child_by_field_name("name"))
        .map_or_else(|| component::name(project, function), |name| tree.text(name).to_owned());
    Some(Found {
        span: file.span(call.byte_range()),
        before,
        validated,
        ..Found::new(Kind::ServerFunction, function, name, method)
    })
}

/// Whether a validator looks at its input: a schema, or a function that does more than give it back.
fn checks(tree: &Tree, node: Node<'_>) -> bool {
    let node = view::unwrapped(node);
    if node.kind() != "arrow_function" {
        return true;
    }
    let body = node.child_by_field_name("body").map(view::unwrapped);
    body.is_some_and(|body| {
        !matches!(body.kind(), "identifier") && {
            let text = tree.text(body);
            body.kind() != "statement_block" || text.contains("parse(") || text.contains("throw")
        }
    })
}

/// What a middleware runs on the server, `createMiddleware().server(async ({ next }) => …)`, with the middleware that it names itself.
fn middleware(project: &Project, file: &File, item: Node<'_>, depth: u8) -> Vec<Span> {
    let declared = || {
        let Origin::Local(holder, range) = Graph::origin(project, file.id, item.byte_range()) else {
            return None;
        };
        let holder = project.get(holder);
        let (tree, _) = holder.syntax()?;
        let declarator = tree.node_at(range)?.parent()?;
        (declarator.kind() == "variable_declarator").then_some((holder, tree, declarator))
    };
    let Some((holder, tree, declarator)) = declared().filter(|_| depth < 4) else { return Vec::new() };
    let mut found = vec![holder.span(declarator.byte_range())];
    view::walk(declarator, &mut |node| {
        let property = view::callee(node).and_then(|callee| callee.child_by_field_name("property"));
        if node.kind() == "call_expression"
            && property.is_some_and(|property| tree.text(property) == "middleware")
            && let Some(list) = view::arguments(node).first()
        {
            let items: Vec<_> = view::code_children(*list).collect();
            found.extend(items.into_iter().flat_map(|item| middleware(project, holder, item, depth + 1)));
        }
        true
    });
    found
}

/// `createFileRoute("/api/x")({ server: { handlers: { POST: … } } })`.
fn server_route(project: &Project, file: &File, tree: &Tree, call: Node<'_>) -> Vec<Found> {
    let place = || {
        let inner = view::callee(call).filter(|callee| callee.kind() == "call_expression")?;
        let maker = view::callee(inner).map(|callee| tree.text(callee))?;
        if !matches!(maker, "createFileRoute" | "createServerFileRoute") {
            return None;
        }
        let url = view::string_value(tree, *view::arguments(inner).first()?)?.into_owned();
        let options = view::unwrapped(*view::arguments(call).first()?);
        let server = view::value_of(tree, options, "server")?;
        Some((url, view::value_of(tree, view::unwrapped(server), "handlers")?))
    };
    let Some((url, handlers)) = place() else { return Vec::new() };
    let mut handlers = view::unwrapped(handlers);
    if component::is_function(handlers) {
        // `handlers: ({ createHandlers }) => createHandlers({ … })`
        let mut inner = None;
        view::walk(handlers, &mut |node| {
            if inner.is_none() && node.kind() == "object" {
                inner = Some(node);
            }
            inner.is_none()
        });
        match inner {
            Some(object) => handlers = object,
            None => return Vec::new(),
        }
    }
    let pairs = view::pairs(tree, handlers).into_iter();
    pairs
        .filter_map(|(method, _, value)| {
            let function = component::of(project, file, value)?;
            Some(Found {
                url: Some(url.replace('$', ":")),
                ..Found::new(Kind::RouteHandler, function, &*method, &*method)
            })
        })
        .collect()
}

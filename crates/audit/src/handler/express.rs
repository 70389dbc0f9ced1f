//! Routes of Express, Fastify and Hono servers: `app.post("/x", requireUser, handler)`, routers and where they are mounted.

use super::{Found, Kind};
use crate::{component, constant};
use edit::{FileId, Span};
use project::graph::{Graph, Origin};
use project::{File, Project};
use syntax::Node;
use syntax::view;

const MAKERS: &[&str] =
    &["express()", "Router()", "express.Router()", "fastify(", "Fastify(", "new Hono(", "new Router("];

/// A router that is mounted below a path.
struct Mount {
    /// Where the router is declared.
    router: (FileId, usize),
    path: String,
    before: Vec<Span>,
}

/// The routes of all servers.
pub(super) fn read(project: &Project, files: &[&File]) -> Vec<Found> {
    let candidates: Vec<&&File> =
        files.iter().filter(|file| MAKERS.iter().any(|maker| file.text.contains(maker))).collect();
    let mut mounts = Vec::new();
    let mut found = Vec::new();
    for file in &candidates {
        mounts.extend(mounted(project, file));
    }
    for file in candidates {
        found.extend(routes(project, file, &mounts));
    }
    found
}

/// The name that a call is made on, if it is a server or a router: the identifier, its declaration.
fn server<'t>(file: &File, tree: &'t syntax::Tree, call: Node<'t>) -> Option<(usize, &'t str)> {
    let callee = view::callee(call).filter(|callee| callee.kind() == "member_expression")?;
    let object = callee.child_by_field_name("object").filter(|object| object.kind() == "identifier")?;
    let (_, scopes) = file.syntax()?;
    let binding = scopes.binding(scopes.binding_at(object.byte_range())?);
    let declared = tree.source().get(binding.range.clone())?;
    let is_server = MAKERS.iter().any(|maker| declared.contains(maker))
        || (binding.declared == syntax::scope::Declared::Parameter
            && matches!(binding.name.as_str(), "app" | "fastify" | "server" | "router"));
    is_server.then_some((binding.name_range.start, tree.text(callee.child_by_field_name("property")?)))
}

/// `app.use("/api/boats", requireUser, boats)`.
fn mounted(project: &Project, file: &File) -> Vec<Mount> {
    let Some((tree, _)) = file.syntax() else { return Vec::new() };
    let mut found = Vec::new();
    view::walk(tree.root(), &mut |node| {
        if node.kind() != "call_expression" {
            return true;
        }
        let Some((_, method)) = server(file, tree, node) else { return true };
        if !matches!(method, "use" | "route" | "register") {
            return true;
        }
        let arguments = view::arguments(node);
        let path = arguments.first().and_then(|first| constant::text(project, file, *first));
        let rest = if path.is_some() { &arguments[1..] } else { &arguments[..] };
        let Some((last, before)) = rest.split_last() else { return true };
        let router = match Graph::origin(project, file.id, last.byte_range()) {
            Origin::Local(holder, range) => Some((holder, range.start)),
            _ => None,
        };
        if let Some(router) = router {
            found.push(Mount {
                router,
                path: path.unwrap_or_default(),
                before: before.iter().filter_map(|item| middleware(project, file, *item)).collect(),
            });
        }
        true
    });
    found
}

/// `/api` of `const app = new Hono().basePath("/api")`: what stands before all routes of a server.
fn base_path(file: &File, name: usize) -> &str {
    let declared = || {
        let (tree, _) = file.syntax()?;
        let declarator = tree.node_at(name..name + 1)?.parent()?;
        let text = tree.text(declarator.child_by_field_name("value")?);
        let (_, rest) = text.split_once(".basePath(")?;
        let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        Some(rest[1..].split_once(quote)?.0.trim_end_matches('/'))
    };
    declared().unwrap_or_default()
}

fn middleware(project: &Project, file: &File, item: Node<'_>) -> Option<Span> {
    let item = view::unwrapped(item);
    match item.kind() {
        // `requireRole("chief")`: what the call gives back runs.
        "call_expression" => component::of(project, file, view::callee(item)?),
        _ => component::of(project, file, item),
    }
}

fn routes(project: &Project, file: &File, mounts: &[Mount]) -> Vec<Found> {
    let Some((tree, _)) = file.syntax() else { return Vec::new() };
    let mut found = Vec::new();
    // What `router.use(requireUser)` puts before every route that follows.
    let mut general: Vec<(usize, Span)> = Vec::new();
    view::walk(tree.root(), &mut |node| {
        if node.kind() != "call_expression" {
            return true;
        }
        let Some((name, method)) = server(file, tree, node) else { return true };
        let arguments = view::arguments(node);
        if method == "use" {
            let first_is_path =
                arguments.first().is_some_and(|first| constant::text(project, file, *first).is_some());
            if !first_is_path {
                let own = arguments.iter().filter_map(|item| middleware(project, file, *item));
                general.extend(own.map(|function| (name, function)));
            }
            return true;
        }
        let method = match method {
            "get" | "post" | "put" | "patch" | "delete" => method.to_ascii_uppercase(),
            "all" => "*".to_owned(),
            _ => return true,
        };
        let (Some(first), Some(last)) = (arguments.first(), arguments.last()) else { return true };
        let Some(path) =
            constant::text(project, file, *first).filter(|path| path.starts_with('/') || path == "*")
        else {
            return true;
        };
        if arguments.len() < 2 {
            return true;
        }
        let handler = view::unwrapped(*last);
        let handler = if handler.kind() == "call_expression" {
            // `asyncHandler(async (req, res) => …)`
            view::arguments(handler).first().copied().map_or(handler, view::unwrapped)
        } else {
            handler
        };
        let function = component::of(project, file, handler).unwrap_or_else(|| file.span(node.byte_range()));
        let of_router = |mount: &&Mount| {
            mount.router.0 == file.id
                && (mount.router.1 == name
                    || tree.source().get(mount.router.1..).is_some_and(|text| {
                        text.starts_with("export default") || text.starts_with("module.exports")
                    }))
        };
        let mount = mounts.iter().find(of_router);
        let mut before: Vec<Span> = arguments[1..arguments.len() - 1]
            .iter()
            .filter_map(|item| middleware(project, file, *item))
            .collect();
        before.extend(general.iter().filter(|(router, _)| *router == name).map(|(_, function)| *function));
        before.extend(mount.into_iter().flat_map(|mount| &mount.before));
        let prefix = mount.map_or("", |mount| mount.path.as_str()).trim_end_matches('/');
        let prefix = format!("{prefix}{}", base_path(file, name));
        let url = format!("{prefix}{}", if path == "/" && !prefix.is_empty() { "" } else { path.as_str() });
        found.push(Found {
            span: file.span(node.byte_range()),
            url: Some(url.clone()),
            before,
            ..Found::new(Kind::Express, function, format!("{method} {url}"), method)
        });
        true
    });
    found
}

//! TanStack Start: routes run on both sides, server functions are called over the network, `*.server.*` stays on the server.
//! Only where Vite's config holds the plugin: an app that was turned back into a browser-only one keeps files of Start that
//! nothing runs any more.

use super::{Entry, Framework, code_below, package, vite_env, with_extension};
use crate::production::{self, Production, ServerFunction};
use crate::{EnvAccess, Side};
use project::package::App;
use project::{File, Project};
use std::ops::Range;
use syntax::view;

/// TanStack Start with React.
pub(super) struct TanStackStart;

impl Framework for TanStackStart {
    fn id(&self) -> &'static str {
        "tanstack-start"
    }
    fn title(&self) -> &'static str {
        "TanStack Start"
    }
    fn package(&self) -> &'static str {
        "@tanstack/react-start"
    }
    fn detect(&self, project: &Project, app: &App) -> bool {
        let package = package(project, app);
        let declared = ["@tanstack/react-start", "@tanstack/start"]
            .iter()
            .any(|name| package.dependencies.contains_key(*name));
        declared
            && ["vite.config", "app.config"]
                .iter()
                .filter_map(|stem| with_extension(project, app, stem))
                .any(has_plugin)
    }
    fn generation(&self, _project: &Project, _app: &App) -> &'static str {
        "tanstack-start"
    }
    fn entries(&self, project: &Project, app: &App) -> Vec<Entry> {
        let mut entries = Vec::new();
        for folder in ["src", "app"] {
            for (file, path) in code_below(project, app, folder) {
                let stem = path.split('.').next().unwrap_or(path);
                let (side, reason) = match stem {
                    "router" | "start" => (Side::Both, "starts the app on both sides"),
                    "client" => (Side::Browser, "starts the app in the browser"),
                    "server" | "ssr" => (Side::Server, "starts the app on the server"),
                    _ if !path.starts_with("routes/") => continue,
                    _ if serves_only(file) => (Side::Server, "a route that only answers requests"),
                    _ => (Side::Both, "a route: rendered on the server and in the browser"),
                };
                entries.push(Entry { file: file.id, side, reason });
            }
        }
        entries
    }
    fn follows(&self, side: Side, _importer: &File, target: &File) -> bool {
        match side {
            Side::Browser => !is_server_module(target) && !serves_only(target),
            _ => true,
        }
    }
    fn server_parts(&self, file: &File) -> Vec<Range<usize>> {
        let marks =
            ["createServerFn", "createMiddleware", "createServerOnlyFn", "createIsomorphicFn", "handlers"];
        if marks.iter().any(|mark| file.text.contains(mark)) { server_parts(file) } else { Vec::new() }
    }
    fn public_prefix(&self) -> Option<&'static str> {
        Some("VITE_")
    }
    fn env(&self, side: Side, name: &str) -> EnvAccess {
        vite_env(side, name)
    }
    fn node(&self, _version: Option<&str>) -> &'static str {
        ">=22.12"
    }
    fn production(&self) -> &'static Production {
        &production::START
    }
    fn functions(&self, project: &Project, app: &App) -> Vec<ServerFunction> {
        production::start_functions(project, app)
    }
    fn config_stem(&self) -> Option<&'static str> {
        Some("vite")
    }
    fn ignores(&self) -> &'static [&'static str] {
        &[
            "node_modules",
            "dist",
            ".output",
            ".nitro",
            ".tanstack",
            ".vinxi",
            ".wrangler",
            "*.local",
            ".env",
            ".env.*",
            "!.env.example",
        ]
    }
}

/// Whether a Vite config holds the plugin of Start, itself or by the builder's wrapper.
fn has_plugin(config: &File) -> bool {
    config.module.imports.iter().map(|import| import.specifier.as_str()).any(|specifier| {
        specifier.starts_with("@tanstack/react-start")
            || specifier.starts_with("@tanstack/start")
            || specifier == "@lovable.dev/vite-tanstack-config"
    })
}

/// `client.server.ts`.
fn is_server_module(file: &File) -> bool {
    file.path.name().contains(".server.")
}

/// A file route with handlers and nothing to show.
fn serves_only(file: &File) -> bool {
    let text = &file.text;
    let answers = text.contains("createServerFileRoute")
        || text.contains("createAPIFileRoute")
        || (text.contains("server:") && text.contains("handlers"));
    answers && file.path.as_str().contains("routes/") && !text.contains("component:")
}

/// What Start removes from the browser's copy: handlers and validators of server functions, the server half of a middleware,
/// server-only functions, the handlers of a route.
fn server_parts(file: &File) -> Vec<Range<usize>> {
    let Some((tree, _)) = file.syntax() else { return Vec::new() };
    let mut parts = Vec::new();
    view::walk(tree.root(), &mut |node| {
        match node.kind() {
            "call_expression" => {
                let called = node.child_by_field_name("function").map(view::unwrapped);
                let property = called.and_then(|called| called.child_by_field_name("property"));
                let server_half = match property.map(|property| tree.text(property)) {
                    Some("handler" | "inputValidator" | "validator") => {
                        starts_with_call(tree, node, "createServerFn")
                    }
                    Some("server") => {
                        starts_with_call(tree, node, "createMiddleware")
                            || starts_with_call(tree, node, "createIsomorphicFn")
                    }
                    _ => called.is_some_and(|called| tree.text(called) == "createServerOnlyFn"),
                };
                if server_half && let Some(arguments) = node.child_by_field_name("arguments") {
                    parts.push(arguments.byte_range());
                }
            }
            // `createFileRoute(...)({ server: { handlers } })`.
            "pair" => {
                let field = |name: &str| node.child_by_field_name(name).map_or("", |field| tree.text(field));
                if field("key") == "server" && field("value").contains("handlers") {
                    parts.push(node.byte_range());
                }
            }
            _ => {}
        }
        true
    });
    parts
}

/// Whether the chain that ends in `call` starts with `name`.
fn starts_with_call(tree: &syntax::Tree, call: syntax::Node<'_>, name: &str) -> bool {
    let mut node = Some(call);
    while let Some(part) = node {
        match part.kind() {
            "call_expression" => node = part.child_by_field_name("function"),
            "member_expression" => node = part.child_by_field_name("object"),
            "non_null_expression" | "parenthesized_expression" | "as_expression" => {
                node = part.named_child(0)
            }
            _ => return tree.text(part) == name,
        }
    }
    false
}

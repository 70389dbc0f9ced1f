//! Route handlers that are files: `route.ts` of the app router, `pages/api`, and functions of a host (`api/*.ts`, `netlify/functions`).

use super::{Found, Kind};
use crate::component;
use crate::identity::words;
use edit::Span;
use project::{File, Project};

const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/// The handlers of a file, if it is one that answers requests by its place.
pub(super) fn of(project: &Project, file: &File) -> Vec<Found> {
    let Some((url, default_only)) = place(project, file) else { return Vec::new() };
    let mut found = Vec::new();
    if !default_only {
        for method in METHODS {
            if let Some((span, function, before)) = exported(project, file, method) {
                found.push(Found {
                    span,
                    url: Some(url.clone()),
                    before,
                    ..Found::new(Kind::RouteHandler, function, *method, *method)
                });
            }
        }
    }
    if found.is_empty() {
        let own = ["default", "handler", "config"].iter().filter(|name| **name != "config");
        if let Some((span, function, before)) = own.filter_map(|name| exported(project, file, name)).next() {
            let name = component::stem(file).to_owned();
            found.push(Found {
                span,
                url: Some(url),
                before,
                ..Found::new(Kind::RouteHandler, function, name, "*")
            });
        }
    }
    found
}

/// The URL of a file that answers requests, and whether only its default export does.
fn place(project: &Project, file: &File) -> Option<(String, bool)> {
    let path = file.path.as_str();
    for app in &project.apps {
        let local = if app.folder.is_empty() {
            path
        } else {
            match path.strip_prefix(&app.folder).and_then(|rest| rest.strip_prefix('/')) {
                Some(local) => local,
                None => continue,
            }
        };
        let routes_itself = crate::route::is_built_on_next(project, app);
        let stem = local.rsplit_once('.').map_or(local, |(stem, _)| stem);
        let source = stem.strip_prefix("src/").unwrap_or(stem);
        if routes_itself {
            if let Some(folder) = source
                .strip_prefix("app/")
                .and_then(|rest| if rest == "route" { Some("") } else { rest.strip_suffix("/route") })
            {
                return Some((url(folder), false));
            }
            if let Some(rest) = source.strip_prefix("pages/api/") {
                return Some((format!("/api{}", url(rest.strip_suffix("/index").unwrap_or(rest))), true));
            }
        } else if let Some(rest) = stem.strip_prefix("api/")
            && !rest.split('/').any(|part| part.starts_with('_'))
        {
            return Some((format!("/api{}", url(rest.strip_suffix("/index").unwrap_or(rest))), false));
        }
        if let Some(rest) = stem.strip_prefix("netlify/functions/") {
            return Some((
                format!("/.netlify/functions{}", url(rest.split('/').next().unwrap_or(rest))),
                false,
            ));
        }
    }
    None
}

fn url(folder: &str) -> String {
    let parts =
        folder.split('/').filter(|part| !(part.is_empty() || part.starts_with('(') && part.ends_with(')')));
    let told = parts.map(|part| match part.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inner) if inner.trim_start_matches('[').starts_with("...") => "*".to_owned(),
        Some(name) => format!(":{name}"),
        None => part.to_owned(),
    });
    format!("/{}", told.collect::<Vec<_>>().join("/"))
}

/// An export that answers: where it is declared, its function, and what wraps it (`withUser(async () => …)`).
fn exported(project: &Project, file: &File, name: &str) -> Option<(Span, Span, Vec<Span>)> {
    let export = file.module.exports.iter().find(|export| export.name == name && !export.type_only)?;
    let function = component::exported(project, file.id, name);
    let (tree, _) = file.syntax()?;
    // `export const { GET, POST } = handlers`, `export { handler as GET }` of a package: a function of somebody else.
    let Some(function) = function else {
        let text = tree.source().get(export.range.clone())?;
        let known =
            words(text).iter().any(|word| matches!(word.as_str(), "handler" | "handlers" | "auth" | "next"));
        return known.then(|| {
            let span = file.span(export.range.clone());
            (span, span, Vec::new())
        });
    };
    // A whole server stands behind it, whose own routes are looked at where they are.
    if project.get(function.file).text.get(function.range()).is_some_and(hands_on) {
        return None;
    }
    let mut before = Vec::new();
    if function.file == file.id
        && let Some(node) = tree.node_at(function.range())
        && let Some(call) =
            node.parent().filter(|list| list.kind() == "arguments").and_then(|list| list.parent())
        && let Some(callee) = syntax::view::callee(call)
    {
        before.extend(component::of(project, file, callee));
    }
    Some((function, function, before))
}

/// `(request) => app.fetch(request)`.
fn hands_on(function: &str) -> bool {
    let body = function.split_once("=>").map_or("", |(_, body)| body.trim());
    let word = |text: &str| text.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
    body.split_once(".fetch(")
        .is_some_and(|(server, request)| word(server) && request.strip_suffix(')').is_some_and(word))
}

//! Pages that are files: the app router (`page.tsx` below layouts) and the pages router.

use super::{Layer, Route};
use crate::component;
use project::package::App;
use project::{File, Kind, Project};

/// Every page of every app whose package is the framework's.
pub(super) fn read(project: &Project) -> Vec<Route> {
    let mut routes = Vec::new();
    for app in &project.apps {
        if !is_built_on_next(project, app) {
            continue;
        }
        let base = base_path(project, &app.folder);
        for folder in ["app", "src/app"] {
            app_router(project, &in_app(&app.folder, folder), &base, &mut routes);
        }
        for folder in ["pages", "src/pages"] {
            pages_router(project, &in_app(&app.folder, folder), &base, &mut routes);
        }
    }
    routes
}

/// Whether an app is built on the framework whose pages are files: who only lists it routes by other means.
pub(crate) fn is_built_on_next(project: &Project, app: &App) -> bool {
    stack::framework::of(project, app).id() == "next"
}

fn in_app(app: &str, path: &str) -> String {
    if app.is_empty() { path.to_owned() } else { format!("{app}/{path}") }
}

/// `basePath` of the framework's configuration.
fn base_path(project: &Project, app: &str) -> String {
    let config = ["js", "mjs", "ts", "cjs"]
        .iter()
        .find_map(|extension| project.file(&in_app(app, &format!("next.config.{extension}"))));
    let written = config.and_then(|config| {
        let at = config.text.find("basePath")?;
        let rest = config.text[at + 8..].trim_start().strip_prefix(':')?.trim_start();
        let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        rest[1..].split(quote).next().map(str::to_owned)
    });
    written.filter(|base| base.starts_with('/')).unwrap_or_default()
}

/// The code files below a folder, with their path seen from there.
fn code_below<'p>(project: &'p Project, folder: &str) -> impl Iterator<Item = (&'p File, &'p str)> {
    let prefix = format!("{folder}/");
    let code =
        project.files.iter().filter(|file| matches!(file.kind, Kind::Code(_)) && file.skipped.is_none());
    code.filter_map(move |file| Some((file, file.path.as_str().strip_prefix(&prefix)?)))
}

fn app_router(project: &Project, root: &str, base: &str, routes: &mut Vec<Route>) {
    for (file, path) in code_below(project, root) {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        if name.split('.').next() != Some("page") {
            continue;
        }
        let parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
        // A slot or an intercepting page shares its URL with the page it stands beside.
        if parts.iter().any(|part| part.starts_with('@') || part.starts_with("(.") || part.starts_with('_')) {
            continue;
        }
        let mut layers = Vec::new();
        for depth in 0..=parts.len() {
            let folder = parts[..depth].join("/");
            for stem in ["layout", "template"] {
                let stem = in_app(&folder, stem);
                let layout = with_extension(project, &in_app(root, &stem));
                layers.extend(layout.map(|layout| layer(project, layout)));
            }
        }
        layers.push(layer(project, file));
        routes.push(Route {
            span: file.span(0..0),
            url: url(
                base,
                parts.iter().copied().filter(|part| !(part.starts_with('(') && part.ends_with(')'))),
            ),
            page: Some(file.id),
            literal: true,
            guards: Vec::new(),
            layers,
            redirects: false,
        });
    }
}

fn pages_router(project: &Project, root: &str, base: &str, routes: &mut Vec<Route>) {
    let around = with_extension(project, &in_app(root, "_app")).map(|file| layer(project, file));
    for (file, path) in code_below(project, root) {
        let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
        let special = path.rsplit('/').next().is_some_and(|name| name.starts_with('_'));
        if special || path.starts_with("api/") || stem.ends_with(".test") || stem.ends_with(".d") {
            continue;
        }
        if component::exported(project, file.id, "default").is_none() {
            continue;
        }
        let stem =
            stem.strip_suffix("index").filter(|rest| rest.is_empty() || rest.ends_with('/')).unwrap_or(stem);
        let mut layers: Vec<Layer> = around.into_iter().collect();
        layers.push(layer(project, file));
        routes.push(Route {
            span: file.span(0..0),
            url: url(base, stem.split('/').filter(|part| !part.is_empty())),
            page: Some(file.id),
            literal: true,
            guards: Vec::new(),
            layers,
            redirects: false,
        });
    }
}

fn layer(project: &Project, file: &File) -> Layer {
    Layer { at: file.span(0..0), function: component::exported(project, file.id, "default") }
}

fn with_extension<'p>(project: &'p Project, stem: &str) -> Option<&'p File> {
    ["tsx", "ts", "jsx", "js"].iter().find_map(|extension| project.file(&format!("{stem}.{extension}")))
}

/// `[id]` is `:id`; `[...all]` and `[[...all]]` take the rest.
fn url<'a>(base: &str, parts: impl Iterator<Item = &'a str>) -> String {
    let told = parts.map(|part| match part.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inner) if inner.trim_start_matches('[').starts_with("...") => "*".to_owned(),
        Some(name) => format!(":{name}"),
        None => part.to_owned(),
    });
    let path = format!("{base}/{}", told.collect::<Vec<_>>().join("/"));
    match path.as_str() {
        "/*" => "*".to_owned(),
        path if path.len() > 1 => path.trim_end_matches('/').to_owned(),
        path => path.to_owned(),
    }
}

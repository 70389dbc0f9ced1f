//! Vite with a browser-only React app: everything that `index.html` reaches is in the browser.

use super::{Entry, Framework, in_app, package, vite_env, with_extension};
use crate::production::{self, Production, ServerFunction};
use crate::{EnvAccess, Side};
use project::package::App;
use project::{File, Kind, Project};

/// Vite without a server of its own.
pub(super) struct Vite;

impl Framework for Vite {
    fn id(&self) -> &'static str {
        "vite"
    }
    fn title(&self) -> &'static str {
        "Vite + React"
    }
    fn package(&self) -> &'static str {
        "vite"
    }
    fn detect(&self, project: &Project, app: &App) -> bool {
        let package = package(project, app);
        ["vite", "@vitejs/plugin-react", "@vitejs/plugin-react-swc"]
            .iter()
            .any(|name| package.dependencies.contains_key(*name))
            && !pages(project, app).is_empty()
    }
    fn generation(&self, _project: &Project, _app: &App) -> &'static str {
        "vite-spa"
    }
    fn entries(&self, project: &Project, app: &App) -> Vec<Entry> {
        entries(project, app)
    }
    fn public_prefix(&self) -> Option<&'static str> {
        Some("VITE_")
    }
    fn env(&self, side: Side, name: &str) -> EnvAccess {
        vite_env(side, name)
    }
    fn node(&self, _version: Option<&str>) -> &'static str {
        ">=22"
    }
    fn needs_fallback(&self) -> bool {
        true
    }
    fn config_stem(&self) -> Option<&'static str> {
        Some("vite")
    }
    fn production(&self) -> &'static Production {
        &production::BESIDE
    }
    fn functions(&self, project: &Project, app: &App) -> Vec<ServerFunction> {
        production::functions_beside(project, app)
    }
    fn ignores(&self) -> &'static [&'static str] {
        &["node_modules", "dist", "dist-ssr", "*.local", ".env", ".env.*", "!.env.example"]
    }
}

/// The HTML pages of the app, and the scripts that they load.
pub(super) fn entries(project: &Project, app: &App) -> Vec<Entry> {
    let mut entries = Vec::new();
    for page in pages(project, app) {
        entries.push(Entry { file: page.id, side: Side::Browser, reason: "the page that the browser loads" });
        for source in script_sources(&page.text) {
            let source = source.trim_start_matches("./").trim_start_matches('/');
            let found = project
                .file(&in_app(app, source))
                .or_else(|| project.file(&in_app(app, &format!("public/{source}"))));
            entries.extend(found.map(|file| Entry {
                file: file.id,
                side: Side::Browser,
                reason: "loaded by index.html",
            }));
        }
    }
    if !entries.iter().any(|entry| matches!(project.get(entry.file).kind, Kind::Code(_))) {
        let usual = ["src/main", "src/index", "main", "index", "client/src/main"]
            .iter()
            .find_map(|stem| with_extension(project, app, stem));
        entries.extend(usual.map(|file| Entry {
            file: file.id,
            side: Side::Browser,
            reason: "the usual first module of a Vite app",
        }));
    }
    entries
}

/// The HTML files at the top of the app.
fn pages<'p>(project: &'p Project, app: &App) -> Vec<&'p File> {
    let of_app = |file: &&File| {
        file.kind == Kind::Html
            && (file.path.folder() == app.folder || file.path.as_str() == in_app(app, "client/index.html"))
    };
    project.files.iter().filter(of_app).collect()
}

/// The `src` of every `<script>`.
fn script_sources(html: &str) -> Vec<&str> {
    let tags = html.split("<script").skip(1).filter_map(|rest| rest.split('>').next());
    let source = |tag: &'_ str| {
        let at = tag.find("src=")? + 4;
        let quote = tag[at..].chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        Some((at + 1, tag[at + 1..].find(quote)? + at + 1))
    };
    tags.filter_map(|tag| source(tag).map(|(start, end)| &tag[start..end])).collect()
}

//! The side of every file: by what reaches it, not by its name alone.

use crate::Side;
use crate::framework::{self, Entry, Framework, cut};
use crate::is_test;
use edit::FileId;
use project::{File, Kind, Project};
use std::collections::BTreeMap;
use std::ops::Range;
use syntax::module::ImportKind;

/// By file: where it runs, and why in words.
pub(crate) fn of(project: &Project) -> (Vec<Side>, Vec<&'static str>) {
    let mut map = Map::new(project);
    for file in &project.files {
        if let Some((side, reason)) = by_place(project, file) {
            map.fix(file.id, side, reason);
        }
    }
    let fixed = |side: Side| {
        let of_side =
            project.files.iter().filter(|file| map.sides[file.id.0 as usize] == side && is_code(file));
        of_side.map(|file| file.id).collect::<Vec<_>>()
    };
    let (edge, functions) = (fixed(Side::Edge), fixed(Side::Server));
    for app in &project.apps {
        let framework = framework::of(project, app);
        let entries = framework.entries(project, app);
        map.spread(framework, &entries);
    }
    map.reach(framework::none(), &functions, Mark::Server, "reached from a function of the server");
    map.reach(framework::none(), &edge, Mark::Edge, "reached from an edge function");
    let workers: Vec<FileId> = project
        .files
        .iter()
        .filter(|file| map.is_free(file.id) && is_worker(project, file))
        .map(|file| file.id)
        .collect();
    map.reach(
        framework::none(),
        &workers,
        Mark::Edge,
        "reached from a worker that the Cloudflare configuration names",
    );
    let servers: Vec<FileId> = project
        .files
        .iter()
        .filter(|file| map.is_free(file.id) && makes_server(file))
        .map(|file| file.id)
        .collect();
    map.reach(framework::none(), &servers, Mark::Server, "reached from a server of its own");
    // Scripts come last: that one imports a module does not move it to the server.
    let scripts: Vec<FileId> = project
        .files
        .iter()
        .filter(|file| map.is_free(file.id) && is_script(project, file))
        .map(|file| file.id)
        .collect();
    let reached = project.graph.reachable(project, &scripts);
    for file in reached.into_iter().filter(|file| map.is_free(*file)).collect::<Vec<_>>() {
        map.mark(file, Mark::Server, if scripts.contains(&file) { SCRIPT } else { "reached from a script" });
    }
    map.finish()
}

/// By file on both sides: the parts that only the server runs.
pub(crate) fn server_parts(project: &Project, sides: &[Side]) -> BTreeMap<FileId, Vec<Range<usize>>> {
    let mut found = BTreeMap::new();
    for app in &project.apps {
        let framework = framework::of(project, app);
        for file in project.files.iter().filter(|file| sides[file.id.0 as usize] == Side::Both) {
            if inside(file.path.as_str(), &app.folder).is_some() {
                let parts = cut::server_parts(framework, file);
                if !parts.is_empty() {
                    found.insert(file.id, parts);
                }
            }
        }
    }
    found
}

fn is_code(file: &File) -> bool {
    matches!(file.kind, Kind::Code(_))
}

/// What reached a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Browser,
    Server,
    Edge,
}

#[derive(Clone, Copy, Default)]
struct Marks {
    browser: Option<&'static str>,
    server: Option<&'static str>,
    edge: Option<&'static str>,
}

struct Map<'p> {
    project: &'p Project,
    /// Decided by place; `Side::None` with no reason while open.
    sides: Vec<Side>,
    fixed: Vec<Option<&'static str>>,
    marks: Vec<Marks>,
}

impl<'p> Map<'p> {
    fn new(project: &'p Project) -> Self {
        let count = project.files.len();
        Self {
            project,
            sides: vec![Side::None; count],
            fixed: vec![None; count],
            marks: vec![Marks::default(); count],
        }
    }

    fn fix(&mut self, file: FileId, side: Side, reason: &'static str) {
        self.sides[file.0 as usize] = side;
        self.fixed[file.0 as usize] = Some(reason);
    }

    /// Nothing decided and nothing reached it.
    fn is_free(&self, file: FileId) -> bool {
        let marks = self.marks[file.0 as usize];
        self.fixed[file.0 as usize].is_none()
            && marks.browser.is_none()
            && marks.server.is_none()
            && marks.edge.is_none()
    }

    fn mark(&mut self, file: FileId, mark: Mark, reason: &'static str) {
        let marks = &mut self.marks[file.0 as usize];
        let slot = match mark {
            Mark::Browser => &mut marks.browser,
            Mark::Server => &mut marks.server,
            Mark::Edge => &mut marks.edge,
        };
        slot.get_or_insert(reason);
    }

    /// From an app's entries to all that they reach.
    fn spread(&mut self, framework: &'static dyn Framework, entries: &[Entry]) {
        for entry in entries {
            match entry.side {
                Side::Browser => self.mark(entry.file, Mark::Browser, entry.reason),
                Side::Server => self.mark(entry.file, Mark::Server, entry.reason),
                _ => {
                    self.mark(entry.file, Mark::Browser, entry.reason);
                    self.mark(entry.file, Mark::Server, entry.reason);
                }
            }
        }
        let roots = |wanted: Side| {
            let of_side = entries.iter().filter(|entry| entry.side == wanted || entry.side == Side::Both);
            of_side.map(|entry| entry.file).collect::<Vec<_>>()
        };
        self.reach(framework, &roots(Side::Browser), Mark::Browser, "reached from the browser's entry");
        self.reach(framework, &roots(Side::Server), Mark::Server, "reached from server code");
    }

    fn reach(&mut self, framework: &dyn Framework, roots: &[FileId], mark: Mark, reason: &'static str) {
        let side = if mark == Mark::Browser { Side::Browser } else { Side::Server };
        let cut = |file: &File| {
            if side == Side::Browser {
                cut::imports_in(file, &cut::server_parts(framework, file))
            } else {
                Vec::new()
            }
        };
        let reached = self.project.graph.reachable_past(self.project, roots, cut, |importer, target| {
            framework.follows(side, importer, target)
        });
        for file in reached {
            self.mark(file, mark, reason);
        }
    }

    /// Something that runs imports it, and only for types: nothing of it is left after compilation.
    fn imported_for_types(&self, file: &File) -> bool {
        self.project.graph.importers[file.id.0 as usize].iter().any(|importer| !self.is_free(*importer))
    }

    fn finish(self) -> (Vec<Side>, Vec<&'static str>) {
        let decide = |file: &File| {
            let at = file.id.0 as usize;
            let marks = self.marks[at];
            if matches!(file.kind, Kind::Css | Kind::Binary) && !self.is_free(file.id) {
                return (Side::Browser, "loaded with the page");
            }
            if let Some(reason) = self.fixed[at] {
                // A function or a worker that the page also imports is in the browser too.
                let also = self.sides[at] == Side::Server && marks.browser.is_some();
                return if also {
                    (Side::Both, "on the server by its place, and reached from the browser")
                } else {
                    (self.sides[at], reason)
                };
            }
            match (marks.browser, marks.server, marks.edge) {
                (Some(one), Some(other), _) => (
                    Side::Both,
                    if one == other { one } else { "reached from the browser and from the server" },
                ),
                (Some(_), None, Some(_)) => {
                    (Side::Both, "reached from the browser and from an edge function")
                }
                (Some(reason), None, None) => (Side::Browser, reason),
                (None, Some(reason), _) => (Side::Server, reason),
                (None, None, Some(reason)) => (Side::Edge, reason),
                (None, None, None) if is_code(file) && is_test(file) => (Side::None, "a test"),
                (None, None, None)
                    if is_code(file) && file.path.folder().split('/').any(|part| part == "docs") =>
                {
                    (Side::None, "documentation")
                }
                (None, None, None) if is_code(file) && self.imported_for_types(file) => {
                    (Side::None, "imported for its types only")
                }
                (None, None, None) if is_code(file) => (Side::None, "not reached from any entry"),
                (None, None, None) => (Side::None, "no code"),
            }
        };
        self.project.files.iter().map(decide).unzip()
    }
}

/// Why a file runs: somebody runs it.
pub(crate) const SCRIPT: &str = "a script, run by hand or by a package script";

/// What the place alone decides.
fn by_place(project: &Project, file: &File) -> Option<(Side, &'static str)> {
    let (path, name) = (file.path.as_str(), file.path.name());
    let folders: Vec<&str> = file.path.folder().split('/').filter(|part| !part.is_empty()).collect();
    // What stands beside a manifest: `public/` and, in a Vite app, functions of Vercel in `api/`.
    let package = project
        .packages
        .iter()
        .filter(|package| inside(path, &package.folder).is_some())
        .max_by_key(|package| package.folder.len());
    let local = package.and_then(|package| inside(path, &package.folder)).unwrap_or(path);
    if local.starts_with("public/") {
        return Some((Side::Browser, "served as it stands from `public/`"));
    }
    if !is_code(file) {
        let known =
            matches!(file.kind, Kind::Json | Kind::Toml | Kind::Yaml) && is_config_document(name, &folders);
        return known.then_some((Side::Config, "configuration of a tool"));
    }
    if name.ends_with(".d.ts") {
        return Some((Side::None, "types only"));
    }
    let pair = |one: &str, other: &str| folders.windows(2).any(|pair| pair[0] == one && pair[1] == other);
    if pair("supabase", "functions") {
        return Some((Side::Edge, "an edge function of Supabase"));
    }
    if pair("netlify", "edge-functions") {
        return Some((Side::Edge, "an edge function of Netlify"));
    }
    if pair("netlify", "functions") {
        return Some((Side::Server, "a function of Netlify"));
    }
    let routes_itself = |package: &project::package::Package| {
        ["next", "expo"].iter().any(|name| package.dependencies.contains_key(*name))
    };
    if local.starts_with("api/") && !package.is_some_and(routes_itself) {
        return Some((Side::Server, "a function of Vercel, below `api/`"));
    }
    let stem = name.split('.').next().unwrap_or(name);
    let config =
        name.contains(".config.") || name.starts_with(".eslintrc") || name.starts_with(".prettierrc");
    let odd_config = ["gulpfile", "Gruntfile", "tailwind", "metro", "babel", "knexfile"].contains(&stem)
        && !local.contains('/');
    if (config && !local.starts_with("src/")) || odd_config {
        return Some((Side::Config, "configuration of a tool"));
    }
    None
}

/// What of `path` lies below `folder`.
fn inside<'p>(path: &'p str, folder: &str) -> Option<&'p str> {
    if folder.is_empty() { Some(path) } else { path.strip_prefix(folder)?.strip_prefix('/') }
}

fn is_config_document(name: &str, folders: &[&str]) -> bool {
    let names = [
        "package.json",
        "package-lock.json",
        "components.json",
        "vercel.json",
        "netlify.toml",
        "wrangler.toml",
        "wrangler.json",
        "wrangler.jsonc",
        "app.json",
        "eas.json",
        "firebase.json",
        "deno.json",
        "bunfig.toml",
        "render.yaml",
        "fly.toml",
        "config.toml",
        "pnpm-lock.yaml",
        "pnpm-workspace.yaml",
        "turbo.json",
        "bun.lock",
        "migrate.toml",
    ];
    names.contains(&name)
        || name.starts_with("tsconfig")
        || name.starts_with("jsconfig")
        || name.starts_with("docker-compose")
        || name.starts_with("compose.")
        || name.starts_with(".eslintrc")
        || name.starts_with(".prettierrc")
        || folders.contains(&".github")
        || folders.contains(&".lovable")
        || folders.contains(&".bolt")
}

/// Imports a package that answers requests, or Node's own server, and listens.
fn makes_server(file: &File) -> bool {
    let asks = |name: &str| {
        file.module
            .imports
            .iter()
            .any(|import| import.specifier == name && import.kind != ImportKind::Url && !import.type_only)
    };
    let listens = file.text.contains(".listen(") || file.text.contains("serve(");
    (framework::SERVERS.iter().any(|name| asks(name)) && (listens || file.text.contains("express()")))
        || ["firebase-functions", "serverless-http", "@google-cloud/functions-framework"].iter().any(|name| {
            let below = |specifier: &str| {
                specifier.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            file.module.imports.iter().any(|import| below(&import.specifier))
        })
        || (listens && ["http", "node:http", "https", "node:https"].iter().any(|name| asks(name)))
}

/// Named as `main` in a configuration of Cloudflare beside or above it.
fn is_worker(project: &Project, file: &File) -> bool {
    let names = ["wrangler.toml", "wrangler.json", "wrangler.jsonc"];
    let configs = project.files.iter().filter(|config| names.contains(&config.path.name()));
    is_code(file)
        && configs.filter_map(|config| Some((config, inside(file.path.as_str(), config.path.folder())?))).any(
            |(config, local)| {
                [format!("\"{local}\""), format!("\"./{local}\"")]
                    .iter()
                    .any(|quoted| config.text.contains(quoted))
            },
        )
}

/// Whether a file does anything when it is run: one that only gives functions away is no script.
fn acts(file: &File) -> bool {
    const GIVES: &[&str] = &["comment", "import_statement", "export_statement", "hash_bang_line"];
    const NAMES: &[&str] = &[
        "function_declaration",
        "class_declaration",
        "interface_declaration",
        "type_alias_declaration",
        "enum_declaration",
        "lexical_declaration",
        "variable_declaration",
    ];
    let Some((tree, _)) = file.syntax() else { return true };
    let gives = tree.root().named_children().any(|child| child.kind() == "export_statement");
    !gives || tree.root().named_children().any(|child| ![GIVES, NAMES].concat().contains(&child.kind()))
}

/// Below `scripts/`, named in a script of `package.json`, or beside the manifest and written for Node.
fn is_script(project: &Project, file: &File) -> bool {
    if !is_code(file) || is_test(file) {
        return false;
    }
    let path = file.path.as_str();
    let in_folder = file
        .path
        .folder()
        .split('/')
        .any(|part| matches!(part, "scripts" | "bin" | "tools" | "prisma" | "seeds" | "migrations"));
    in_folder && acts(file)
        || project.packages.iter().any(|package| {
            let Some(local) = inside(path, &package.folder) else {
                return false;
            };
            let for_node = |import: &syntax::module::Import| {
                import.kind == ImportKind::Require || import.specifier.starts_with("node:")
            };
            if !local.contains('/') && file.module.imports.iter().any(for_node) {
                return true;
            }
            let scripts = package.json["scripts"]
                .as_object()
                .into_iter()
                .flatten()
                .filter_map(|(_, script)| script.as_str());
            scripts.flat_map(str::split_whitespace).any(|word| word.trim_start_matches("./") == local)
        })
}

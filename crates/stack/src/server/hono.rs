//! A Hono server beside a browser-only app: same origin, everything of it below `/api`.

use super::function::{Access, Function, Input, WIDTH, comment};
use super::wiring::{self, Wiring};
use super::{FunctionUses, Server, in_app};
use crate::framework::Framework;
use edit::Piece;
use project::Project;
use project::package::App;
use syntax::module::Imported;

/// Hono, for what has no server of its own.
pub(super) struct Hono;

/// Names for the folder, the best first: an export may hold an Express server in `server/`.
const FOLDERS: &[&str] = &["server", "app-server", "web-server"];

impl Server for Hono {
    fn id(&self) -> &'static str {
        "hono"
    }
    fn title(&self) -> &'static str {
        "a Hono server beside the app"
    }
    fn serves(&self, framework: &dyn Framework) -> bool {
        framework.id() == "vite"
    }
    fn folder(&self, project: &Project, app: &App) -> Option<&'static str> {
        let taken = |folder: &&&str| {
            let Some(prefix) = in_app(app, folder) else { return true };
            let prefix = format!("{prefix}/").to_lowercase();
            project.files.iter().any(|file| file.path.as_str().to_lowercase().starts_with(&prefix))
        };
        let ours = FOLDERS.iter().find(|folder| is_ours(project, app, folder));
        ours.or_else(|| FOLDERS.iter().find(|folder| !taken(folder))).copied()
    }
    fn is_there(&self, project: &Project, app: &App) -> bool {
        FOLDERS.iter().any(|folder| is_ours(project, app, folder))
    }
    fn function_module(&self, folder: &str, name: &str) -> String {
        format!("{folder}/functions/{name}.ts")
    }
    fn function_frame(&self, uses: &FunctionUses) -> (String, String) {
        let mut head = String::new();
        if uses.schemas {
            head += &format!("import {{ z }} from \"{}\";\n", uses.zod);
        }
        let mut modules: Vec<(&str, Vec<&str>)> = Vec::new();
        for (module, name) in &uses.library {
            match modules.last_mut() {
                Some((last, names)) if last == module => names.push(name),
                _ => modules.push((module, vec![name])),
            }
        }
        let rpc = [(uses.anyone, "anyone"), (uses.signed_in, "authed")];
        let rpc: Vec<_> = rpc.into_iter().filter(|(used, _)| *used).map(|(_, name)| name).collect();
        modules.push(("rpc", rpc));
        modules.sort();
        for (module, names) in modules {
            head += &format!("import {{ {} }} from \"../lib/{module}.js\";\n", names.join(", "));
        }
        (head, String::new())
    }
    fn function(&self, function: &Function<'_>) -> Vec<Piece> {
        let Function { name, doc, access, input, body, .. } = function;
        let word = match access {
            Access::SignedIn => "authed",
            Access::Anyone => "anyone",
        };
        let context = if body.user { "({ db, user }" } else { "({ db }" };
        let mut pieces = vec![Piece::text(format!("\n{}export const {name} = {word}(", comment(doc)))];
        let head = format!("export const {name} = {word}(");
        if **input == Input::None {
            let open = format!("z.void(), {context}) =>");
            match &body.line {
                Some(line) if head.chars().count() + open.len() + 1 + body.width + 2 <= WIDTH => {
                    pieces.push(Piece::text(format!("{open} ")));
                    pieces.extend(line.iter().cloned());
                    pieces.push(Piece::text(");\n"));
                }
                Some(line) if 2 + body.width < WIDTH => {
                    pieces.push(Piece::text(format!("{open}\n  ")));
                    pieces.extend(line.iter().cloned());
                    pieces.push(Piece::text(",\n);\n"));
                }
                _ if body.block => {
                    pieces.push(Piece::text(format!("{open} ")));
                    pieces.extend((body.lines)(0));
                    pieces.push(Piece::text(");\n"));
                }
                _ => {
                    pieces.push(Piece::text(format!("{open}\n  ")));
                    pieces.extend((body.lines)(2));
                    pieces.push(Piece::text(",\n);\n"));
                }
            }
            return pieces;
        }
        let open = format!("{context}, input) =>");
        pieces.push(Piece::text(format!("\n  {},\n  {open}", input.broken(2, 1))));
        match &body.line {
            Some(line) if 2 + open.len() + 1 + body.width < WIDTH => {
                pieces.push(Piece::text(" "));
                pieces.extend(line.iter().cloned());
            }
            Some(line) if 4 + body.width < WIDTH => {
                pieces.push(Piece::text("\n    "));
                pieces.extend(line.iter().cloned());
            }
            _ if body.block => {
                pieces.push(Piece::text(" "));
                pieces.extend((body.lines)(2));
            }
            _ => {
                pieces.push(Piece::text("\n    "));
                pieces.extend((body.lines)(4));
            }
        }
        pieces.push(Piece::text(",\n);\n"));
        pieces
    }
    fn function_index(&self, folder: &str, name: &str) -> Option<(String, String)> {
        Some((format!("{folder}/functions/index.ts"), format!("export * from \"./{name}.js\";\n")))
    }
    fn call(&self, local: &str, function: &str, _input: &Input) -> (String, String) {
        (format!("{local}.{function}("), ")".to_owned())
    }
    fn caller(&self) -> Option<(&'static str, &'static str)> {
        Some(("lib/api", "api"))
    }
    fn library(&self, folder: &str, name: &str) -> String {
        format!("{folder}/lib/{name}.ts")
    }
    fn wiring(&self, project: &Project, app: &App, folder: &str) -> Result<Wiring, String> {
        let names = ["vite.config.ts", "vite.config.mts", "vite.config.js", "vite.config.mjs"];
        let config = names.iter().find_map(|name| project.file(in_app(app, name)?.as_str()));
        let config = config
            .ok_or("There is no `vite.config.ts`. Add one with the framework's plugin, then run again.")?;
        let package = &project.packages[app.package];
        let is_module = package.json["type"].as_str() == Some("module");
        let common = project.files.iter().find(|file| {
            let text = &file.text;
            let path = file.path.as_str();
            file.skipped.is_none()
                && path.starts_with(&app.folder)
                && !path.contains("public/")
                && path.ends_with(".js")
                && (text.contains("module.exports") || text.contains("require("))
        });
        if let Some(common) = common.filter(|_| !is_module) {
            return Err(format!(
                "package.json says no `\"type\": \"module\"`, which the server and the plug-in need. Rename `{}` and its like to `.cjs`, set it, then run again.",
                common.path
            ));
        }
        let version = package.version("vite");
        let major = version.and_then(|version| version.split('.').next()?.parse().ok()).unwrap_or(5);
        let (edits, pages) = wiring::configured(config, &format!("{folder}/app.ts"), major)?;
        let named = |name: &str| Imported::Named(name.to_owned());
        let mut imports = vec![(config.id, "@hono/vite-dev-server", Imported::Default, "devServer")];
        if !config.text.contains("loadEnv") {
            imports.push((config.id, "vite", named("loadEnv"), "loadEnv"));
        }
        Ok(Wiring {
            edits,
            imports,
            dependencies: vec![("@hono/node-server", "^2.1.8"), ("hono", "^4.13.19")],
            dev_dependencies: vec![("@hono/vite-dev-server", "^0.26.1")],
            page_build: "vite build",
            build: format!("vite build --ssr {folder}/node.ts --outDir dist-server"),
            start: "NODE_ENV=production node --env-file-if-exists=.env --env-file-if-exists=.env.local dist-server/node.js"
                .to_owned(),
            pages,
            ignored: vec!["dist-server"],
            node: (">=22", "22"),
            port: 5173,
            pinned: Vec::new(),
            removed: None,
            entry: None,
            nonce: None,
        })
    }
}

/// Whether the folder holds our server: known by what every request goes through.
fn is_ours(project: &Project, app: &App, folder: &str) -> bool {
    let holds = |path: &str, text: &str| {
        let file = in_app(app, &format!("{folder}/lib/{path}")).and_then(|path| project.file(path.as_str()));
        file.is_some_and(|file| file.text.contains(text))
    };
    holds("session.ts", "export function createDb(") && holds("protect.ts", "export function sameOrigin(")
}

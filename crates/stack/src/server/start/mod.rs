//! TanStack Start's own server: functions with `createServerFn`, called by name; the session beside the app's client.

mod entry;
mod route_tree;
mod router;
mod spelled;

use super::function::{Function, Input};
use super::wiring::Wiring;
use super::{FunctionUses, Server, in_app};
use crate::framework::Framework;
use edit::{Edit, Piece, RelPath};
use project::package::App;
use project::{File, Project};

/// Functions of the framework.
pub(super) struct Start;

/// Folders for functions, the best first: one that holds a module of our name for something else is left alone.
const FOLDERS: &[&str] = &["src/lib/api", "src/lib/queries"];

/// Where everything stands that has to do with the session.
const SESSION: &str = "src/integrations/supabase";

impl Server for Start {
    fn id(&self) -> &'static str {
        "tanstack-start"
    }
    fn title(&self) -> &'static str {
        "the app's own server functions"
    }
    fn serves(&self, framework: &dyn Framework) -> bool {
        framework.id() == "tanstack-start"
    }
    fn is_within(&self) -> bool {
        true
    }
    fn session_folder(&self) -> Option<&'static str> {
        Some(SESSION)
    }
    fn folder(&self, project: &Project, app: &App) -> Option<&'static str> {
        let free = |folder: &&&str| {
            let path = in_app(app, &format!("{folder}/query.ts"));
            let file = path.and_then(|path| project.file(path.as_str()));
            file.is_none_or(|file| file.text.contains("export const authed ="))
        };
        FOLDERS.iter().find(free).copied()
    }
    fn is_there(&self, project: &Project, app: &App) -> bool {
        let path = in_app(app, &format!("{SESSION}/session.server.ts"));
        path.and_then(|path| project.file(path.as_str()))
            .is_some_and(|file| file.text.contains("export function requestDb("))
    }
    fn wrote(&self, file: &File) -> bool {
        let text = &file.text;
        let count = |word: &str| text.matches(word).count();
        let functions = file.path.name().ends_with("-queries.functions.ts")
            && text.contains(" from \"./query\";")
            && count("createServerFn(")
                == count("  .middleware([authed])") + count("  .middleware([anyone])");
        let routes = ["/api/supabase/$", "/api/functions/$name"];
        functions
            || text.contains("/gateway.server\";")
                && routes.iter().any(|route| text.contains(&format!("createFileRoute(\"{route}\")")))
    }
    fn wiring(&self, project: &Project, app: &App, _folder: &str) -> Result<Wiring, String> {
        let edited = entry::edited(project, app)?;
        let (edits, removed) = (edited.edits, edited.attacher);
        Ok(Wiring {
            edits,
            imports: edited.imports,
            removed,
            entry: edited.made,
            nonce: router::nonce(project, app),
            build: String::new(),
            pages: String::new(),
            node: (">=22.12", "22"),
            port: 8080,
            pinned: vec!["@tanstack/react-start", "@tanstack/react-router"],
            ..Wiring::default()
        })
    }
    fn listed(&self, project: &Project, app: &App, modules: &[&RelPath]) -> Vec<Edit> {
        let Some(file) = in_app(app, "src/routeTree.gen.ts").and_then(|path| project.file(path.as_str()))
        else {
            return Vec::new();
        };
        let Some(folder) = in_app(app, "src/routes") else { return Vec::new() };
        let routes = modules.iter().filter_map(|module| {
            let route = module.as_str().strip_prefix(folder.as_str())?.strip_prefix('/')?;
            route.rsplit_once('.').map(|(route, _)| route)
        });
        let routes: Vec<&str> =
            routes.filter(|route| !file.text.contains(&format!("routes/{route}"))).collect();
        let entries = if routes.is_empty() { None } else { route_tree::entries(&file.text, &routes) };
        let edit = |(at, text): (usize, String)| Edit::replace(file.span(at..at), text);
        entries.unwrap_or_default().into_iter().map(edit).collect()
    }

    fn validator(&self, project: &Project, app: &App) -> &'static str {
        // The old name is gone in later versions, and the new one is not there in earlier ones.
        if version(project, app) >= (1, 170, 12) { "validator" } else { "inputValidator" }
    }
    fn refuses_strangers(&self, project: &Project, app: &App) -> bool {
        version(project, app) >= (1, 169, 4)
    }
    fn function_module(&self, folder: &str, name: &str) -> String {
        format!("{folder}/{name}-queries.functions.ts")
    }
    fn function_frame(&self, uses: &FunctionUses) -> (String, String) {
        let mut head = "import { createServerFn } from \"@tanstack/react-start\";\n".to_owned();
        if uses.schemas && uses.inputs {
            head += &format!("import {{ z }} from \"{}\";\n", uses.zod);
        }
        for (module, name) in &uses.library {
            head += &format!("import {{ {name} }} from \"./{module}\";\n");
        }
        let words = [(uses.anyone, "anyone"), (uses.signed_in, "authed"), (true, "query")];
        let words: Vec<_> = words.into_iter().filter(|(used, _)| *used).map(|(_, name)| name).collect();
        head += &format!("import {{ {} }} from \"./query\";\n", words.join(", "));
        (head, String::new())
    }
    fn function(&self, function: &Function<'_>) -> Vec<Piece> {
        spelled::function(function)
    }
    fn function_index(&self, _folder: &str, _name: &str) -> Option<(String, String)> {
        None
    }
    fn call(&self, name: &str, _function: &str, input: &Input) -> (String, String) {
        match input {
            Input::None => (format!("{name}("), ")".to_owned()),
            _ => (format!("{name}({{ data: "), " })".to_owned()),
        }
    }
    fn caller(&self) -> Option<(&'static str, &'static str)> {
        None
    }
    fn library(&self, folder: &str, name: &str) -> String {
        format!("{folder}/{name}.ts")
    }
}

/// The version of what makes server functions, as the lockfile in use resolves it; the oldest that is supported where none tells.
fn version(project: &Project, app: &App) -> (u32, u32, u32) {
    let found = project.packages.get(app.package).and_then(|package| {
        let resolved = package.resolved.get("@tanstack/start-client-core")?;
        let mut numbers = resolved.split(['.', '-', '+']).map_while(|part| part.parse().ok());
        Some((numbers.next()?, numbers.next()?, numbers.next()?))
    });
    found.unwrap_or((1, 167, 0))
}

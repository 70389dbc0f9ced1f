//! Next.js' own server: functions of a data access layer, and the server actions through which pages call them.

mod pages;
mod reads;
mod session;

use super::function::{Access, Function, Input, WIDTH, comment};
use super::pages::Pages;
use super::wiring::Wiring;
use super::{FunctionUses, Server, SessionClient, in_app};
use crate::framework::Framework;
use edit::{Edit, Piece};
use project::package::App;
use project::{File, Project};

/// Next.js, app router.
pub(super) struct Next;

/// Names for the data access layer, the best first: with the folder of the app's sources, and without one.
const FOLDERS: &[(&str, &[&str])] =
    &[("app", &["lib/dal", "lib/data-access"]), ("src/app", &["src/lib/dal", "src/lib/data-access"])];

impl Server for Next {
    fn id(&self) -> &'static str {
        "next"
    }
    fn title(&self) -> &'static str {
        "server actions"
    }
    fn serves(&self, framework: &dyn Framework) -> bool {
        framework.id() == "next"
    }
    fn is_within(&self) -> bool {
        true
    }
    fn wrote(&self, file: &File) -> bool {
        let count = |word: &str| file.text.matches(word).count();
        let actions = count("export ");
        if count("export async function createDb()") == 1 && count("class NotSignedIn ") == 1 {
            return true;
        }
        // A read with a list answers POST as well.
        let handlers = 1 + count("\nexport const POST = GET;\n");
        if actions == handlers && count("\n  return toResponse(request, ") == 1 {
            return true;
        }
        // The gateway of queries that stay, and that of edge functions.
        if count("\nexport { forward as GET, ") == 1
            && actions == 1
            && count("\"x-requested-with\") !== \"fetch\"") == 1
        {
            return true;
        }
        file.text.starts_with("\"use server\"")
            && actions > 0
            && count("\n  return toResult(() => dal.") == actions
    }
    fn session_client(&self, project: &Project, app: &App) -> Option<Result<SessionClient, String>> {
        Some(session::client(project, app))
    }
    fn session_setter(&self, project: &Project, client: &SessionClient) -> Option<Edit> {
        session::setter(project, client)
    }
    fn pages(&self) -> Option<&'static dyn Pages> {
        Some(&pages::AppRouter)
    }
    fn reads(&self) -> Option<&'static dyn super::reads::Reads> {
        Some(&reads::RouteHandlers)
    }
    fn answers_once(&self, project: &Project, app: &App) -> bool {
        let version = project.packages[app.package].version("next");
        let major: Option<u32> = version.and_then(|version| version.split('.').next()?.parse().ok());
        major.is_some_and(|major| major < 15)
    }
    fn groups_by_table(&self) -> bool {
        true
    }
    fn folder(&self, project: &Project, app: &App) -> Option<&'static str> {
        let holds = |folder: &str| {
            let prefix = in_app(app, folder).map(|path| format!("{path}/"));
            prefix.is_some_and(|prefix| {
                project.files.iter().any(|file| file.path.as_str().starts_with(&prefix))
            })
        };
        let (_, folders) = FOLDERS.iter().find(|(pages, _)| holds(pages))?;
        folders.iter().find(|folder| !holds(folder)).copied()
    }
    fn is_there(&self, project: &Project, app: &App) -> bool {
        let holds = |folder: &str| {
            let file =
                in_app(app, &format!("{folder}/result.ts")).and_then(|path| project.file(path.as_str()));
            file.is_some_and(|file| file.text.contains("export async function toResult<"))
        };
        FOLDERS.iter().flat_map(|(_, folders)| folders.iter()).any(|folder| holds(folder))
    }
    fn function_module(&self, folder: &str, name: &str) -> String {
        format!("{folder}/{name}.ts")
    }
    fn function_frame(&self, uses: &FunctionUses) -> (String, String) {
        let mut head = "import \"server-only\";\n".to_owned();
        if uses.schemas && uses.inputs {
            head += &format!("import {{ z }} from \"{}\";\n", uses.zod);
        }
        let mut modules: Vec<(&str, Vec<&str>)> = Vec::new();
        for (module, name) in &uses.library {
            match modules.last_mut() {
                Some((last, names)) if last == module => names.push(name),
                _ => modules.push((module, vec![name])),
            }
        }
        if uses.inputs {
            modules.push(("input", vec!["checked", "type Sent"]));
        }
        let session = [(uses.signed_in, "assertUser"), (true, "createDb"), (uses.visitor, "getSessionUser")];
        let session = session.into_iter().filter(|(used, _)| *used).map(|(_, name)| name).collect();
        modules.push(("session", session));
        modules.sort();
        for (module, names) in modules {
            head += &format!("import {{ {} }} from \"./{module}\";\n", names.join(", "));
        }
        (head, String::new())
    }
    fn function(&self, function: &Function<'_>) -> Vec<Piece> {
        let Function { name, doc, access, input, body, .. } = function;
        let takes = **input != Input::None;
        let mut head = String::from("\n");
        let schema = format!("{name}Input");
        if takes {
            let before = format!("const {schema} = ").len();
            head += &format!("const {schema} = {};\n\n", input.broken(0, before));
        }
        head += &comment(doc);
        let parameter = if takes { format!("sent: Sent<typeof {schema}>") } else { String::new() };
        head += &opened(name, &parameter);
        head += match (access, body.user) {
            (Access::SignedIn, true) => "  const user = await assertUser();\n",
            (Access::SignedIn, false) => "  await assertUser();\n",
            (Access::Anyone, true) => "  const user = await getSessionUser();\n",
            (Access::Anyone, false) => "",
        };
        if takes {
            head += &format!("  const input = checked({schema}, sent);\n");
        }
        head += "  const db = await createDb();";
        let mut pieces = vec![Piece::text(head)];
        if body.block {
            // Its statements, without the braces around them.
            let lines = (body.lines)(0);
            pieces.extend(lines.into_iter().skip(1));
            pieces.push(Piece::text("\n"));
            return pieces;
        }
        pieces.push(Piece::text("\n  return "));
        match &body.line {
            Some(line) if "  return ;".len() + body.width <= WIDTH => {
                pieces.extend(line.iter().cloned());
            }
            _ => pieces.extend((body.lines)(2)),
        }
        pieces.push(Piece::text(";\n}\n"));
        pieces
    }
    fn function_index(&self, _folder: &str, _name: &str) -> Option<(String, String)> {
        None
    }
    fn larger_calls(&self) -> Option<[&'static str; 3]> {
        Some(["experimental", "serverActions", "serverActions: { bodySizeLimit: \"4mb\" },"])
    }

    fn actions_module(&self, folder: &str, name: &str) -> Option<String> {
        let source = if folder.starts_with("src/") { "src/" } else { "" };
        Some(format!("{source}app/actions/{name}.ts"))
    }
    fn actions_frame(&self, functions: &str) -> (String, String) {
        let result = functions.rsplit_once('/').map_or(functions, |(folder, _)| folder);
        let head = format!(
            "\"use server\";\n\nimport * as dal from \"{functions}\";\nimport {{ toResult }} from \"{result}/result\";\n"
        );
        (head, String::new())
    }
    fn action(&self, function: &str, input: &Input) -> String {
        if *input == Input::None {
            return format!(
                "\nexport async function {function}() {{\n  return toResult(() => dal.{function}());\n}}\n"
            );
        }
        let opened = opened(function, &format!("input: Parameters<typeof dal.{function}>[0]"));
        format!("\n{opened}  return toResult(() => dal.{function}(input));\n}}\n")
    }
    fn call(&self, local: &str, _function: &str, _input: &Input) -> (String, String) {
        (format!("{local}("), ")".to_owned())
    }
    fn caller(&self) -> Option<(&'static str, &'static str)> {
        None
    }
    fn library(&self, folder: &str, name: &str) -> String {
        format!("{folder}/{name}.ts")
    }
    fn raised(&self, project: &Project, app: &App) -> Option<(&'static str, &'static str)> {
        let package = &project.packages[app.package];
        let version = package.version("next")?;
        // The app router of these is that of the next major, whose server functions need no flag.
        if !["13.4.", "13.5."].iter().any(|line| version.starts_with(line)) {
            return None;
        }
        // What its guide for upgrades names.
        let exports = package.json["scripts"].as_object().is_some_and(|scripts| {
            scripts
                .values()
                .any(|script| script.as_str().is_some_and(|script| script.contains("next export")))
        });
        let old = project.files.iter().any(|file| {
            file.module.imports.iter().any(|import| match import.specifier.as_str() {
                "next/server" => import.names.iter().any(|name| name.local == "ImageResponse"),
                from => from.starts_with("@next/font"),
            })
        });
        (!exports && !old).then_some(("next", "14.2.35"))
    }
    fn wiring(&self, project: &Project, app: &App, _folder: &str) -> Result<Wiring, String> {
        let version = project.packages[app.package].version("next");
        let major: Option<u32> = version.and_then(|version| version.split('.').next()?.parse().ok());
        let raised = self.raised(project, app).is_some();
        match major {
            Some(major) if major >= 14 || raised => {
                Ok(Wiring { dependencies: vec![("server-only", "0.0.1")], ..Wiring::default() })
            }
            Some(major) => Err(format!(
                "Next {major} has server actions behind a flag only. Raise it to 15 first (`npx @next/codemod upgrade`), then run again."
            )),
            None => Err("The version of Next cannot be told. Pin a release, then run again.".to_owned()),
        }
    }
}

/// The first line of a function, or lines where it is too long for one.
fn opened(name: &str, parameter: &str) -> String {
    let line = format!("export async function {name}({parameter}) {{\n");
    if line.chars().count() <= WIDTH + 1 {
        return line;
    }
    format!("export async function {name}(\n  {parameter},\n) {{\n")
}

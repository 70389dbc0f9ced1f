//! Reads by their address: server actions of a tab wait for one another, requests do not.

use super::super::function::Input;
use super::super::pages::Pages;
use super::super::reads::Reads;
use super::{opened, pages};
use crate::server::in_app;
use edit::RelPath;
use project::Project;
use project::package::App;

/// Route handlers.
pub(super) struct RouteHandlers;

/// The first part of every address.
const BELOW: &str = "api/reads";

impl Reads for RouteHandlers {
    fn folder(&self, project: &Project, app: &App) -> Option<&'static str> {
        let holds = |folder: &str| {
            let prefix = in_app(app, folder).map(|path| format!("{path}/"));
            prefix.is_some_and(|prefix| {
                project.files.iter().any(|file| file.path.as_str().starts_with(&prefix))
            })
        };
        // Below another address than `/` the app would have to know which.
        let moved = project
            .files
            .iter()
            .any(|file| file.path.name().starts_with("next.config.") && file.text.contains("basePath"));
        let (source, folder) = if holds("app") { ("app", "lib/reads") } else { ("src/app", "src/lib/reads") };
        let taken = holds(folder) || holds(&format!("{source}/{BELOW}"));
        (holds(source) && !moved && !taken).then_some(folder)
    }
    fn module(&self, folder: &str, name: &str) -> String {
        format!("{folder}/{name}.ts")
    }
    fn frame(&self, functions: &str) -> (String, String) {
        (
            format!("import type * as dal from \"{functions}\";\nimport {{ read }} from \"./read\";\n"),
            String::new(),
        )
    }
    fn call(&self, function: &str, input: &Input, url: &str) -> String {
        let answer = format!("read<Awaited<ReturnType<typeof dal.{function}>>>");
        if *input == Input::None {
            return format!("\nexport async function {function}() {{\n  return {answer}(\"/{url}\");\n}}\n");
        }
        let opened = opened(function, &format!("input: Parameters<typeof dal.{function}>[0]"));
        let line = format!("  return {answer}(\"/{url}\", input);\n");
        let line = if line.len() <= super::WIDTH {
            line
        } else {
            format!("  return {answer}(\n    \"/{url}\",\n    input,\n  );\n")
        };
        format!("\n{opened}{line}}}\n")
    }
    fn url(&self, module: &str, function: &str) -> String {
        let mut name = String::new();
        for letter in function.chars() {
            if letter.is_ascii_uppercase() && !name.is_empty() {
                name.push('-');
            }
            name.push(letter.to_ascii_lowercase());
        }
        format!("{BELOW}/{module}/{name}")
    }
    fn route(&self, project: &Project, app: &App, url: &str) -> Option<RelPath> {
        pages::AppRouter.route(project, app, url)
    }
    fn answer(&self, function: &str, input: &Input, functions: &str, response: &str) -> String {
        let mut text = format!(
            "import {{ {function} }} from \"{functions}\";\nimport {{ toResponse }} from \"{response}\";\n\nexport async function GET(request: Request) {{\n  return toResponse(request, {function});\n}}\n"
        );
        if input.line().contains("z.array(") {
            text += "\n/** A list may be too long for an address. */\nexport const POST = GET;\n";
        }
        text
    }
}

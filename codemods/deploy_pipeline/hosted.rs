//! The functions of a host that serve the server beside the pages.

use crate::repository_hygiene::commands::Commands;
use audit::Survey;
use edit::{Edit, Piece};
use plan::Request;

/// The functions by which the configured hosts serve the server beside the app, those that are not there.
pub(super) fn functions(survey: &Survey<'_>, commands: &Commands<'_>) -> Vec<Request> {
    let project = survey.project;
    let server = stack::server::of(survey.stack.framework);
    let Some(folder) = server.and_then(|server| server.folder(project, commands.app)) else {
        return Vec::new();
    };
    let mut pages = Vec::new();
    for page in crate::routing_fallback::below::pages(survey) {
        if page.starts_with("/api/") {
            pages.extend(page.strip_suffix("/*").map(|start| format!("\"{start}\"")));
            pages.push(format!("\"{page}\""));
        }
    }
    let excluded =
        if pages.is_empty() { String::new() } else { format!(", excludedPath: [{}]", pages.join(", ")) };
    let mut requests = Vec::new();
    for host in survey.stack.hosts.iter().map(|host| host.id()) {
        let files: &[(&str, &str)] = match host {
            "vercel" => &[("api/index.ts", FUNCTION_VERCEL), ("api/tsconfig.json", TYPES_VERCEL)],
            "netlify" => &[("netlify/functions/api.mts", FUNCTION_NETLIFY)],
            _ => continue,
        };
        // A function of that name is the app's own.
        let there =
            |name: &str| commands.path(name).is_some_and(|path| project.file(path.as_str()).is_some());
        if files.iter().any(|(name, _)| there(name)) {
            continue;
        }
        let request = |(name, text): &(&str, &str)| {
            let text = text.replace("__FOLDER__", folder).replace("__EXCLUDED__", &excluded);
            let pieces = vec![Piece::text(text)];
            Some(Request::File { path: commands.path(name)?, pieces, mode: 0o644 })
        };
        requests.extend(files.iter().filter_map(request));
    }
    requests
}

const FUNCTION_VERCEL: &str = include_str!("templates/any/api.ts");
const TYPES_VERCEL: &str = include_str!("templates/any/api.tsconfig.json");
const FUNCTION_NETLIFY: &str = include_str!("templates/any/api.mts");

/// The rewrite to the one function, before those that are there.
pub(super) fn first_rewrite(survey: &Survey<'_>, commands: &Commands<'_>) -> Vec<Edit> {
    let own = commands.path("vercel.json").and_then(|path| survey.project.file(path.as_str()));
    let Some(file) = own.or_else(|| survey.project.file("vercel.json")) else { return Vec::new() };
    let source = crate::routing_fallback::hosts::API;
    crate::routing_fallback::hosts::first_rewrite(file, source, "/api").into_iter().collect()
}

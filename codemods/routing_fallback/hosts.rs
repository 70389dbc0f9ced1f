//! The fallback of a browser-only app: every address that is no file and no function is one of its pages, and a file that is missing
//! is missing.

use crate::repository_hygiene::commands::Commands;
use audit::Survey;
use edit::{Edit, Piece, RelPath, Span};
use plan::Request;
use project::File;
use serde_json::json;
use syntax::document::json as document;

/// What is an address of a page: all but functions and built files.
pub(super) const PAGES: &str = "/((?!api/|assets/).*)";

/// Addresses that the server beside the app answers.
pub const API: &str = "/api/:path*";

/// Where a host is told.
pub(super) enum Place<'s> {
    /// `vercel.json`, there or not.
    Vercel(RelPath),
    /// `netlify.toml`.
    Netlify(&'s File),
    /// `_redirects` beside the pages.
    Listed(RelPath),
}

/// Whether pages of the app have addresses of their own.
pub(super) fn has_pages(survey: &Survey<'_>, commands: &Commands<'_>) -> bool {
    let routed = ["react-router-dom", "react-router", "wouter", "@tanstack/react-router"];
    let imported = |name: &str| {
        let mut imports = survey.project.files.iter().flat_map(|file| &file.module.imports);
        imports.any(|import| import.specifier == name)
    };
    // Addresses behind a `#` never reach the host.
    let hashed = survey.project.files.iter().any(|file| {
        file.module.imports.iter().any(|import| {
            import.names.iter().any(|name| matches!(name.local.as_str(), "HashRouter" | "createHashRouter"))
        })
    });
    !hashed && routed.iter().any(|name| commands.package.dependencies.contains_key(*name) && imported(name))
}

/// The hosts that do not know of pages yet.
pub(super) fn missing<'s>(survey: &Survey<'s>, commands: &Commands<'s>) -> Vec<Place<'s>> {
    let project = survey.project;
    if !survey.stack.framework.needs_fallback() || !has_pages(survey, commands) {
        return Vec::new();
    }
    let own = |name: &str| commands.path(name).and_then(|path| project.file(path.as_str()));
    let file = |name: &str| own(name).or_else(|| project.file(name));
    let mut places = Vec::new();
    for host in survey.stack.hosts.iter().map(|host| host.id()) {
        match host {
            "vercel" => match file("vercel.json") {
                Some(found) => {
                    let told = ["\"rewrites\"", "\"routes\"", "\"cleanUrls\""]
                        .iter()
                        .any(|key| found.text.contains(key));
                    let read = document::parse(&found.text).is_some_and(|value| value.is_object());
                    if !told && read {
                        places.push(Place::Vercel(found.path.clone()));
                    }
                }
                None => places.extend(commands.path("vercel.json").map(Place::Vercel)),
            },
            "netlify" if file("public/_redirects").is_none() && file("_redirects").is_none() => {
                match file("netlify.toml") {
                    Some(found) if !found.text.contains("[[redirects]]") => {
                        places.push(Place::Netlify(found))
                    }
                    Some(_) => {}
                    None => places.extend(commands.path("public/_redirects").map(Place::Listed)),
                }
            }
            _ => {}
        }
    }
    places
}

/// Edits and requests that tell a host.
pub(super) fn tell(survey: &Survey<'_>, place: &Place<'_>) -> (Vec<Edit>, Vec<Request>) {
    match place {
        Place::Vercel(path) => {
            let pages = json!({ "source": PAGES, "destination": "/index.html" });
            // One function answers for all of `/api`.
            let server = json!({ "source": API, "destination": "/api" });
            let value = if crate::sessions_to_server::lands(survey) {
                json!([server, pages])
            } else {
                json!([pages])
            };
            (Vec::new(), vec![Request::Json { path: path.clone(), key: vec!["rewrites".to_owned()], value }])
        }
        Place::Netlify(file) => {
            let end = if file.text.contains("\r\n") { "\r\n" } else { "\n" };
            let lines = [
                "",
                "# Pages of the app. Files and functions go first.",
                "[[redirects]]",
                "  from = \"/*\"",
                "  to = \"/index.html\"",
                "  status = 200",
            ];
            let first = if file.text.ends_with('\n') { "" } else { end };
            let at = file.text.len();
            (
                vec![Edit::replace(Span::new(file.id, at..at), format!("{first}{}{end}", lines.join(end)))],
                Vec::new(),
            )
        }
        Place::Listed(path) => {
            let text = "# Pages of the app. Files and functions go first.\n/*  /index.html  200\n";
            let request = Request::File { path: path.clone(), pieces: vec![Piece::text(text)], mode: 0o644 };
            (Vec::new(), vec![request])
        }
    }
}

/// A rewrite that answers everything, missing files and functions too, with the page: the place of its pattern.
pub(super) fn greedy(survey: &Survey<'_>, commands: &Commands<'_>) -> Vec<Span> {
    if !survey.stack.framework.needs_fallback() {
        return Vec::new();
    }
    let names = [commands.path("vercel.json"), RelPath::new("vercel.json")];
    let mut found = Vec::new();
    for file in names.into_iter().flatten().filter_map(|path| survey.project.file(path.as_str())) {
        let scalars = document::strings(&file.text);
        for source in &scalars {
            let [list, at, key] = source.path.as_slice() else { continue };
            let wide = matches!(source.value.as_str(), "/(.*)" | "/:path*" | "/:path(.*)" | "(.*)" | "/.*");
            if list != "rewrites" || key != "source" || !wide {
                continue;
            }
            let to = scalars
                .iter()
                .find(|other| other.path == [list.clone(), at.clone(), "destination".to_owned()]);
            if to.is_some_and(|to| matches!(to.value.as_str(), "/" | "/index.html" | "/index")) {
                found.push(file.span(source.range.clone()));
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::PAGES;

    /// Whether a host of this pattern syntax takes a path for a page: one group that must not begin with some prefixes.
    fn is_page(path: &str) -> bool {
        let inner = PAGES.strip_prefix("/((?!").unwrap().strip_suffix(").*)").unwrap();
        let rest = path.strip_prefix('/').unwrap();
        !inner.split('|').any(|prefix| rest.starts_with(prefix))
    }

    #[test]
    fn pages_fall_back_and_functions_and_files_do_not() {
        for page in ["/", "/projects/7", "/apiary", "/assets", "/settings/api/keys", "/de/assets-of-the-club"]
        {
            assert!(is_page(page), "{page}");
        }
        for other in ["/api/projects", "/api/", "/assets/index-a1b2.js", "/assets/fonts/a.woff2"] {
            assert!(!is_page(other), "{other}");
        }
    }
}

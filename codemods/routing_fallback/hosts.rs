//! The fallback of a browser-only app: every address that is no file and no function is one of its pages, and a file that is missing
//! is missing.

use super::below;
use crate::repository_hygiene::commands::Commands;
use audit::Survey;
use edit::{Edit, Piece, RelPath, Span};
use plan::Request;
use project::File;
use serde_json::json;
use std::ops::Range;
use syntax::document::json as document;

/// What is an address of a page: all but functions and built files.
pub(super) const PAGES: &str = "/((?!api/|assets/).*)";

/// Addresses that the server beside the app answers.
/// A group without a name: what a name would catch is put into the query of the call.
pub const API: &str = "/api/(.*)";

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
            let rule = |source: &str, to: &str| json!({ "source": source, "destination": to });
            let mut value: Vec<_> =
                below::pages(survey).iter().map(|page| rule(&below::vercel(page), "/index.html")).collect();
            // One function answers for all of `/api`.
            if has_server(survey) {
                value.push(rule(API, "/api"));
            }
            value.push(rule(PAGES, "/index.html"));
            let value = json!(value);
            (Vec::new(), vec![Request::Json { path: path.clone(), key: vec!["rewrites".to_owned()], value }])
        }
        Place::Netlify(file) => {
            let end = if file.text.contains("\r\n") { "\r\n" } else { "\n" };
            let first = if file.text.ends_with('\n') { "" } else { end };
            let text = format!("\n{}", tables(&rules(survey, "")).join("\n")).replace('\n', end);
            let at = file.text.len();
            (vec![Edit::replace(Span::new(file.id, at..at), format!("{first}{text}"))], Vec::new())
        }
        Place::Listed(path) => {
            let text = lines(&rules(survey, "")).concat();
            let request = Request::File { path: path.clone(), pieces: vec![Piece::text(text)], mode: 0o644 };
            (Vec::new(), vec![request])
        }
    }
}

/// Whether a server stands beside the app, or will.
fn has_server(survey: &Survey<'_>) -> bool {
    let server = stack::server::of(survey.stack.framework);
    let there = |app| server.is_some_and(|server| server.is_there(survey.project, app));
    Commands::of(survey).is_some_and(|commands| there(commands.app))
        || crate::sessions_to_server::lands(survey)
}

/// A rule of Netlify: why it is there, if that is not said above, then the addresses and the status.
type Rule = (&'static str, String, u16);

/// The rules of a browser-only app, in their order, without those for addresses that `told` names before.
fn rules(survey: &Survey<'_>, told: &str) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    let mut why = "Pages of the app below the addresses of functions and of built files.";
    for page in below::pages(survey) {
        rules.push((why, page, 200));
        why = "";
    }
    let mut missing = vec!["/assets/*"];
    // The function that answers for all of `/api` goes before every rule.
    if !has_server(survey) {
        missing.push("/api/*");
    }
    why = "What is missing there is missing: a page in its place would be taken for a script, or for an answer.";
    for from in missing {
        rules.push((why, from.to_owned(), 404));
        why = "";
    }
    rules.push(("Pages of the app. Files and functions go first.", "/*".to_owned(), 200));
    let named: Vec<&str> = told.split(|letter: char| letter.is_whitespace() || letter == '"').collect();
    rules.retain(|(_, from, _)| from == "/*" || !named.contains(&from.as_str()));
    rules
}

/// Rules as lines of `_redirects`.
fn lines(rules: &[Rule]) -> Vec<String> {
    let line = |(why, from, status): &Rule| {
        let why = if why.is_empty() { String::new() } else { format!("# {why}\n") };
        format!("{why}{from}  /index.html  {status}\n")
    };
    rules.iter().map(line).collect()
}

/// Rules as tables of `netlify.toml`.
fn tables(rules: &[Rule]) -> Vec<String> {
    let table = |(why, from, status): &Rule| {
        let why = if why.is_empty() { String::new() } else { format!("# {why}\n") };
        format!("{why}[[redirects]]\n  from = \"{from}\"\n  to = \"/index.html\"\n  status = {status}\n")
    };
    rules.iter().map(table).collect()
}

/// The files of a name beside the app and at the root of the tree.
pub(super) fn files<'s>(survey: &Survey<'s>, commands: &Commands<'_>, name: &str) -> Vec<&'s File> {
    let names = [commands.path(name), RelPath::new(name)].into_iter().flatten();
    let mut found: Vec<&File> = names.filter_map(|path| survey.project.file(path.as_str())).collect();
    found.dedup_by_key(|file| file.id);
    found
}

/// A rewrite that answers everything, missing files and functions too, with the page: its place, and the edits that narrow it.
pub(super) fn greedy(survey: &Survey<'_>, commands: &Commands<'_>) -> Vec<(Span, Vec<Edit>)> {
    if !survey.stack.framework.needs_fallback() {
        return Vec::new();
    }
    let files = |name: &str| files(survey, commands, name);
    let mut found: Vec<(Span, Vec<Edit>)> =
        files("vercel.json").into_iter().flat_map(|file| greedy_rewrites(survey, file)).collect();
    // The other host that reads this file refuses the status of what is missing.
    if !survey.stack.hosts.iter().any(|host| host.id() == "cloudflare") {
        let listed = ["public/_redirects", "_redirects"].into_iter().flat_map(files);
        found.extend(listed.filter_map(|file| greedy_line(survey, file)));
        found.extend(files("netlify.toml").into_iter().filter_map(|file| greedy_table(survey, file)));
    }
    found.sort_by_key(|(span, _)| *span);
    found
}

/// The sources of rewrites that take everything to the page.
pub(super) fn wide_rewrites(file: &File) -> Vec<document::Scalar> {
    let scalars = document::strings(&file.text);
    let wide = |source: &&document::Scalar| {
        let [list, at, key] = source.path.as_slice() else { return false };
        let wide = matches!(source.value.as_str(), "/(.*)" | "/:path*" | "/:path(.*)" | "(.*)" | "/.*");
        let to = [list.clone(), at.clone(), "destination".to_owned()];
        let to = scalars.iter().find(|other| other.path == to);
        list == "rewrites"
            && key == "source"
            && wide
            && to.is_some_and(|to| matches!(to.value.as_str(), "/" | "/index.html" | "/index"))
    };
    scalars.iter().filter(wide).cloned().collect()
}

fn greedy_rewrites(survey: &Survey<'_>, file: &File) -> Vec<(Span, Vec<Edit>)> {
    let mut below: Vec<Edit> = below::pages(survey)
        .iter()
        .filter_map(|page| first_rewrite(file, &below::vercel(page), "/index.html"))
        .collect();
    let narrowed = |source: document::Scalar| {
        let span = file.span(source.range);
        let mut edits = std::mem::take(&mut below);
        edits.push(Edit::replace(span, format!("\"{PAGES}\"")));
        (span, edits)
    };
    wide_rewrites(file).into_iter().map(narrowed).collect()
}

/// A rewrite before those that are there, unless there is one of that pattern.
pub(crate) fn first_rewrite(file: &File, source: &str, to: &str) -> Option<Edit> {
    let at = file.text.find("\"rewrites\"")?;
    let at = at + file.text[at..].find('[')? + 1;
    if file.text.contains(&format!("\"{source}\"")) {
        return None;
    }
    let blank = file.text[at..].len() - file.text[at..].trim_start().len();
    let lead = &file.text[at..at + blank];
    let text = format!("{lead}{{ \"source\": \"{source}\", \"destination\": \"{to}\" }},");
    Some(Edit::replace(file.span(at..at), text))
}

/// The line of `_redirects` that takes everything, with its end.
pub(super) fn wide_line(file: &File) -> Option<Range<usize>> {
    let mut at = 0;
    for line in file.text.split_inclusive('\n') {
        let words: Vec<&str> = line.split_whitespace().collect();
        if matches!(words.as_slice(), ["/*", "/" | "/index.html", "200"]) {
            return Some(at..at + line.len());
        }
        at += line.len();
    }
    None
}

fn greedy_line(survey: &Survey<'_>, file: &File) -> Option<(Span, Vec<Edit>)> {
    let line = wide_line(file)?;
    let text = file.text[line.clone()].trim_end();
    before(survey, file, line.start, line.start..line.start + text.len(), lines)
}

/// The table of `netlify.toml` that takes everything: all of it, and the address that it takes.
pub(super) fn wide_table(file: &File) -> Option<(Range<usize>, Range<usize>)> {
    let scalars = syntax::document::toml::strings(&file.text);
    let from = scalars.iter().find(|from| {
        matches!(from.path.as_slice(), [list, _, key] if list == "redirects" && key == "from")
            && from.value == "/*"
    })?;
    let to = [from.path[0].clone(), from.path[1].clone(), "to".to_owned()];
    let to = scalars.iter().find(|scalar| scalar.path == to)?;
    let start = file.text[..from.range.start].rfind("[[redirects]]")?;
    let table = &file.text[start..];
    let table = table[1..].find("\n[").map_or(table, |end| &table[..end + 1]);
    let settings = table.lines().filter(|line| line.contains('=')).count();
    let plain = settings == 3 && table.lines().any(|line| line.replace(' ', "").starts_with("status=200"));
    let line = file.text[..start].rfind('\n').map_or(0, |end| end + 1);
    (plain && matches!(to.value.as_str(), "/" | "/index.html"))
        .then(|| (line..start + table.len(), from.range.clone()))
}

fn greedy_table(survey: &Survey<'_>, file: &File) -> Option<(Span, Vec<Edit>)> {
    let (table, from) = wide_table(file)?;
    before(survey, file, table.start, from, tables)
}

/// The rules that go before the one at `span`, which takes everything: none, if they are all there.
fn before(
    survey: &Survey<'_>,
    file: &File,
    at: usize,
    span: Range<usize>,
    written: impl Fn(&[Rule]) -> Vec<String>,
) -> Option<(Span, Vec<Edit>)> {
    let mut rules = rules(survey, &file.text[..at]);
    rules.pop();
    let end = if file.text.contains("\r\n") { "\r\n" } else { "\n" };
    let text = written(&rules).concat().replace('\n', end);
    (!rules.is_empty()).then(|| (file.span(span), vec![Edit::replace(file.span(at..at), text)]))
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

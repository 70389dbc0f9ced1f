//! What the manifest, the compiler's configuration and the lists of ignored files need.

use super::decide::Move;
use crate::strictness;
use audit::Survey;
use edit::{Edit, Piece, RelPath};
use plan::Request;
use project::package::Package;
use syntax::document::json;

const SUPABASE: (&str, &str) = ("@supabase/supabase-js", "^2.119.0");
const SSR: (&str, &str) = ("@supabase/ssr", "^0.12.7");
pub(super) const REALTIME: (&str, &str) = ("@supabase/realtime-js", "^2.119.0");
const NODE_TYPES: (&str, &str) = ("@types/node", "^22.16.5");
const ZOD: &str = "^3.25.76";

/// `@supabase/ssr` by the client that it asks for: the newest for which the app's own client is new enough.
const SSR_BY_CLIENT: &[((u32, u32, u32), &str)] = &[
    ((2, 114, 0), "^0.12.7"),
    ((2, 112, 4), "~0.12.5"),
    ((2, 111, 0), "0.12.4"),
    ((2, 110, 5), "0.12.3"),
    ((2, 110, 3), "0.12.1"),
    ((2, 108, 0), "0.12.0"),
    ((2, 105, 3), "0.10.3"),
];
/// The oldest client that a cookie session needs.
const OLDEST: ((u32, u32, u32), &str) = ((2, 105, 3), "^2.108.2");

/// How zod is imported with its present API, and the range to ask for if the app's is too old for it.
pub(super) fn zod(survey: &Survey<'_>, change: &Move) -> (&'static str, Option<&'static str>) {
    let package = package(survey, change);
    let numbers =
        |version: &str| -> Vec<u32> { version.split('.').filter_map(|part| part.parse().ok()).collect() };
    // What the range allows, not what happens to be installed: the lockfile is made anew.
    let lowest = package.and_then(|package| {
        let range = package.dependencies.get("zod")?;
        Some(numbers(range.trim_start_matches(['^', '~', '=', '>', ' '])))
    });
    match lowest.as_deref() {
        Some([major, ..]) if *major >= 4 => ("zod", None),
        Some([3, minor, ..]) if *minor >= 25 => ("zod/v4", None),
        _ => ("zod/v4", Some(ZOD)),
    }
}

fn package<'s>(survey: &'s Survey<'_>, change: &Move) -> Option<&'s Package> {
    survey.project.packages.get(change.places.app.package)
}

/// The script that starts the server beside the app.
pub(super) fn start_script(package: &Package) -> &'static str {
    let script = |name: &str| package.json["scripts"][name].as_str();
    // A `start` that only starts the pages is what `dev` is for.
    let pages = |start: &&str| {
        Some(*start) == script("dev") || start.ends_with("preview") || start.ends_with("--host")
    };
    script("start").filter(|start| !pages(start)).map_or("start", |_| "start:server")
}

/// Requests for the manifest, and for files beside it.
pub(super) fn requests(survey: &Survey<'_>, change: &Move) -> Vec<Request> {
    let mut requests = Vec::new();
    let (Some(package), Some(path)) = (package(survey, change), change.places.at("package.json")) else {
        return requests;
    };
    if change.places.server.is_within() {
        return within(survey, change, package, &path);
    }
    let mut set = |key: &[&str], value: &str| {
        let key = key.iter().map(|part| (*part).to_owned()).collect();
        requests.push(Request::Json { path: path.clone(), key, value: value.into() });
    };
    let wiring = &change.wiring;
    set(&["type"], "module");
    let script = |name: &str| package.json["scripts"][name].as_str();
    let build = script("build").unwrap_or(wiring.page_build);
    set(&["scripts", "build"], &format!("{build} && {}", wiring.build));
    set(&["scripts", "build:client"], build);
    set(&["scripts", start_script(package)], &wiring.start);
    if script("typecheck").is_none() {
        set(&["scripts", "typecheck"], &typecheck(survey, change));
    }
    set(&["engines", "node"], wiring.node.0);
    let mut dependencies: Vec<(&str, &str)> = wiring.dependencies.clone();
    let client = resolved(package);
    let range = package.dependencies.get(SUPABASE.0).filter(|_| client >= OLDEST.0);
    match (range, ssr(client)) {
        (Some(range), Some(ssr)) => {
            dependencies.push((SSR.0, ssr));
            if change.parts.any("realtime") {
                dependencies.push((REALTIME.0, range));
            }
        }
        _ => {
            dependencies.extend([SUPABASE, SSR]);
            if change.parts.any("realtime") {
                dependencies.push(REALTIME);
            }
        }
    }
    if let (_, Some(range)) = zod(survey, change) {
        dependencies.push(("zod", range));
    }
    for (name, range) in dependencies {
        set(&["dependencies", name], range);
    }
    let mut tools: Vec<(&str, &str)> = wiring.dev_dependencies.clone();
    tools.extend([NODE_TYPES, ("typescript", "^5.8.3")]);
    for (name, range) in tools {
        if !package.dependencies.contains_key(name) {
            set(&["devDependencies", name], range);
        }
    }
    let nvmrc = change.places.at(".nvmrc").filter(|path| survey.project.file(path.as_str()).is_none());
    if let Some(path) = nvmrc {
        requests.push(Request::File {
            path,
            pieces: vec![Piece::text(format!("{}\n", wiring.node.1))],
            mode: 0o644,
        });
    }
    let ignored = [".env", ".env.*", "!.env.example"].iter().chain(&wiring.ignored);
    let own = change.places.at(".gitignore").filter(|path| survey.project.file(path.as_str()).is_some());
    if let Some(path) = own.or_else(|| edit::RelPath::new(".gitignore")) {
        let heading = "# Environment and build output".to_owned();
        requests.extend(ignored.map(|line| Request::Line {
            path: path.clone(),
            heading: heading.clone(),
            line: (*line).to_owned(),
        }));
    }
    requests
}

/// The version of the app's client that its lockfile has.
fn resolved(package: &Package) -> (u32, u32, u32) {
    let client = package.version(SUPABASE.0).unwrap_or_default();
    let mut numbers = client.split(['.', '-']).map_while(|part| part.parse().ok());
    let mut number = || numbers.next().unwrap_or(0);
    (number(), number(), number())
}

/// The `@supabase/ssr` for a client.
fn ssr(client: (u32, u32, u32)) -> Option<&'static str> {
    SSR_BY_CLIENT.iter().find(|(oldest, _)| *oldest <= client).map(|(_, ssr)| *ssr)
}

/// Requests where the app's own framework serves: nothing is raised that need not be.
fn within(survey: &Survey<'_>, change: &Move, package: &Package, path: &RelPath) -> Vec<Request> {
    let mut dependencies: Vec<(&str, String)> = Vec::new();
    let resolved = resolved(package);
    if resolved < OLDEST.0 {
        dependencies.push((SUPABASE.0, OLDEST.1.to_owned()));
    }
    let counts = if resolved < OLDEST.0 { (2, 108, 2) } else { resolved };
    if let Some(ssr) = ssr(counts) {
        dependencies.push((SSR.0, ssr.to_owned()));
    }
    if change.parts.any("realtime") {
        // The same range, so that one copy serves both.
        let range = package.dependencies.get(SUPABASE.0).filter(|_| counts == resolved).cloned();
        dependencies.push((REALTIME.0, range.unwrap_or_else(|| OLDEST.1.to_owned())));
    }
    // How a function is spelled depends on the version: it stays what it was resolved to.
    for name in &change.wiring.pinned {
        if let Some(version) =
            package.resolved.get(*name).filter(|_| package.dependencies.contains_key(*name))
        {
            dependencies.push((name, version.clone()));
        }
    }
    if let (_, Some(range)) = zod(survey, change) {
        dependencies.push(("zod", range.to_owned()));
    }
    let set = |list: &str, name: &str, range: &str| Request::Json {
        path: path.clone(),
        key: vec![list.to_owned(), name.to_owned()],
        value: range.into(),
    };
    let mut requests: Vec<Request> =
        dependencies.iter().map(|(name, range)| set("dependencies", name, range)).collect();
    if !package.dependencies.contains_key(NODE_TYPES.0) {
        requests.push(set("devDependencies", NODE_TYPES.0, NODE_TYPES.1));
    }
    requests
}

/// The check of both programs: the page's as it is checked today, and the server's.
fn typecheck(survey: &Survey<'_>, change: &Move) -> String {
    let there =
        |name: &str| change.places.at(name).is_some_and(|path| survey.project.file(path.as_str()).is_some());
    let page = if there("tsconfig.app.json") {
        "tsc --noEmit -p tsconfig.app.json && "
    } else if there("tsconfig.json") {
        "tsc --noEmit -p tsconfig.json && "
    } else {
        ""
    };
    format!("{page}tsc -p tsconfig.server.json")
}

/// The server's program beside the others that `tsconfig.json` names, where it holds no program itself: one that does may refer to
/// programs alone that write types out, which the server's does not.
pub(super) fn reference(survey: &Survey<'_>, change: &Move) -> Option<Edit> {
    let file = survey.project.file(change.places.at("tsconfig.json")?.as_str())?;
    if !file.text.split_whitespace().collect::<String>().contains("\"files\":[]") {
        return None;
    }
    let mut references = json::strings(&file.text)
        .into_iter()
        .filter(|scalar| matches!(scalar.path.as_slice(), [references, _, path] if references == "references" && path == "path"));
    let last = references.next_back()?;
    let (before, behind) = (&file.text[..last.range.start], &file.text[last.range.end..]);
    let (start, end) = (before.rfind('{')?, last.range.end + behind.find('}')? + 1);
    let text =
        file.text.get(start..end)?.replace(&file.text[last.range.clone()], "\"./tsconfig.server.json\"");
    let line = before[..start].rfind('\n').map_or(0, |newline| newline + 1);
    let indent = before.get(line..start)?;
    let separator = if indent.trim().is_empty() { format!(",\n{indent}") } else { ", ".to_owned() };
    Some(Edit::replace(file.span(end..end), format!("{separator}{text}")))
}

/// The server's files among those of the pages' program, where that must list all that it reads: pages read the types of the server's
/// functions.
pub(super) fn included(survey: &Survey<'_>, change: &Move) -> Option<Edit> {
    let places = &change.places;
    let at = |name: &str| survey.project.file(places.at(name)?.as_str());
    let file = at("tsconfig.app.json").or_else(|| at("tsconfig.json"))?;
    if !strictness::says(file, "composite") {
        return None;
    }
    let scalars = json::strings(&file.text);
    let listed = |path: &[String]| matches!(path, [include, _] if include == "include");
    let last = scalars.iter().rfind(|scalar| listed(&scalar.path))?;
    let below = places.app.folder.len() + usize::from(!places.app.folder.is_empty());
    let read = ["functions", "lib", "env.ts"].iter().filter_map(|name| places.of_server(name));
    let more: String = read.map(|path| format!(", \"{}\"", &path.as_str()[below..])).collect();
    Some(Edit::replace(file.span(last.range.end..last.range.end), more))
}

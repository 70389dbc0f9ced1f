//! The image: built in one stage, run by a user without rights in another, with nothing in it that it does not need.

use super::setup::{NODE, filled};
use super::{Deployed, Way};
use crate::environments::{Scope, variables};
use crate::repository_hygiene::commands::Commands;
use audit::handler::Kind;
use audit::{Severity, Survey};
use edit::Piece;
use plan::Request;
use project::package::PackageManager;

const IGNORED: &str = include_str!("templates/any/dockerignore");
const STATIC: &str = include_str!("templates/vite/Dockerfile");
const NGINX: &str = include_str!("templates/vite/nginx.conf");
const NGINX_FILES: &str = include_str!("templates/next/nginx.conf");
const SERVED: &str = include_str!("templates/vite/Dockerfile.server");
const STANDALONE: &str = include_str!("templates/next/Dockerfile");
const NITRO: &str = include_str!("templates/tanstack-start/Dockerfile");

/// How bad it is that a host serves the pages and not the server beside them: where that is one that this plan brings, nothing is
/// missing today.
pub(super) fn left_out(survey: &Survey<'_>) -> (Severity, &'static str) {
    if survey.handlers.iter().any(|handler| handler.kind == Kind::Express) {
        (Severity::Warning, "The host serves the pages, and not the server beside them.")
    } else {
        (Severity::Note, "The host serves the pages alone, and the app is about to get a server.")
    }
}

/// The files that make the image.
pub(super) fn requests(survey: &Survey<'_>, commands: &Commands<'_>, deployed: &Deployed) -> Vec<Request> {
    let template = match deployed.way {
        Way::Static => STATIC,
        Way::Beside => SERVED,
        Way::Standalone => STANDALONE,
        Way::Nitro => NITRO,
        Way::Unknown => return Vec::new(),
    };
    let public = commands.path("public/x").map(|path| path.folder().to_owned()).unwrap_or_default();
    let has_public =
        survey.project.files.iter().any(|file| file.path.as_str().starts_with(&format!("{public}/")));
    let copied = if has_public { "COPY --from=build /app/public ./public" } else { "" };
    let args = arguments(survey);
    let mut text = filled(template, "__INSTALL__", &install(survey, commands));
    text = filled(&text, "__ARGS__", &args);
    text = filled(&text, "__PUBLIC__", copied);
    text = text.replace("__BUILDER__", &builder(commands));
    text = text.replace("__BUILD__", &commands.run("build")).replace("__OUTPUT__", &deployed.output);
    let mut files = vec![("Dockerfile", text), (".dockerignore", ignored(deployed))];
    if deployed.way == Way::Static {
        // A page for every address, or one file for each page.
        let nginx = if survey.stack.framework.needs_fallback() { NGINX } else { NGINX_FILES };
        let nginx = filled(nginx, "__BELOW__", &below(survey));
        files.push(("nginx.conf", filled(&nginx, "__HEADERS__", &headers(survey))));
    }
    let request = |(name, text): (&str, String)| {
        let path = commands.path(name)?;
        // What is there stays.
        let absent = survey.project.file(path.as_str()).is_none();
        absent.then(|| Request::File { path, pieces: vec![Piece::text(text)], mode: 0o644 })
    };
    files.into_iter().filter_map(request).collect()
}

/// What the build takes. Two lists: what is public, and secrets that nobody has moved to the server yet.
fn arguments(survey: &Survey<'_>) -> String {
    let variables = variables(survey);
    let built = variables.iter().filter(|variable| variable.scope == Scope::Public);
    let (published, public): (Vec<_>, Vec<_>) = built.partition(|variable| variable.published);
    let mut text = String::new();
    if !public.is_empty() {
        text +=
            "# Built into what visitors load: docker build --build-arg NAME=value. None of them is secret.\n";
        text += &public.iter().map(|variable| argument(&variable.name)).collect::<String>();
    }
    if !published.is_empty() {
        text += "# Secrets that are built into what visitors load all the same: move each to the server, and take it out here.\n";
        text += &published.iter().map(|variable| format!("ARG {}\n", variable.name)).collect::<String>();
    }
    text
}

/// An argument that is public, though a linter may take its name for a secret's.
fn argument(name: &str) -> String {
    let words = ["TOKEN", "API_KEY", "PRIVATE_KEY", "SECRET", "PASSWORD"];
    let ignored = if words.iter().any(|word| name.contains(word)) {
        "# hadolint ignore=DL3064 # public: visitors load it\n"
    } else {
        ""
    };
    format!("{ignored}ARG {name}\n")
}

fn ignored(deployed: &Deployed) -> String {
    let built: &[&str] = match deployed.way {
        Way::Standalone => &[".next", "out"],
        Way::Nitro => &[".output", ".nitro", ".tanstack", "dist"],
        Way::Beside => &["dist", "dist-server"],
        _ => &["dist"],
    };
    format!("{IGNORED}{}\n", built.join("\n"))
}

/// The place in the configuration of pages below the addresses of functions and of built files.
fn below(survey: &Survey<'_>) -> String {
    let pages = crate::routing_fallback::below::pages(survey);
    if pages.is_empty() {
        return String::new();
    }
    let pattern = crate::routing_fallback::below::nginx(&pages);
    format!(
        "    # But these are pages.\n    location ~ {pattern} {{\n        try_files $uri /index.html;\n        expires -1;\n    }}\n\n"
    )
}

fn headers(survey: &Survey<'_>) -> String {
    let headers = crate::build_hardening::headers(survey).into_iter();
    headers.map(|(name, value)| format!("    add_header {name} \"{value}\" always;\n")).collect::<String>()
        + "\n"
}

fn builder(commands: &Commands<'_>) -> String {
    match commands.manager {
        PackageManager::Bun => "oven/bun:1-slim".to_owned(),
        _ => format!("node:{NODE}-slim"),
    }
}

/// The lines that install, with the manifest alone where no script of it needs the sources.
fn install(survey: &Survey<'_>, commands: &Commands<'_>) -> String {
    let there =
        |name: &str| commands.path(name).and_then(|path| survey.project.file(path.as_str())).is_some();
    let mut copied = vec!["package.json".to_owned()];
    copied.extend(commands.lockfile.map(|path| path.name().to_owned()));
    let others = [".npmrc", "pnpm-workspace.yaml", "bunfig.toml", ".yarnrc.yml"];
    copied.extend(others.into_iter().filter(|name| there(name)).map(str::to_owned));
    let scripted =
        ["preinstall", "postinstall", "prepare"].iter().any(|name| commands.script(name).is_some());
    let copied = if scripted { "COPY . .".to_owned() } else { format!("COPY {} ./", copied.join(" ")) };
    let corepack = match commands.manager {
        PackageManager::Pnpm | PackageManager::Yarn => "corepack enable && ",
        _ => "",
    };
    format!("{copied}\nRUN {corepack}{}\n", commands.install())
}

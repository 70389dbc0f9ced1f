//! Next.js, app and pages router. Pages and layouts are server code until a module says `'use client'`: that module and what it
//! imports are in the browser. `'use server'` modules are called over the network and stay on the server.

use super::{Entry, Framework, code_below, major, package, process_env, with_extension};
use crate::production::{self, Production, ServerFunction};
use crate::{EnvAccess, Side};
use project::package::App;
use project::{File, Project};
use std::ops::Range;

/// Next.js.
pub(super) struct Next;

impl Framework for Next {
    fn id(&self) -> &'static str {
        "next"
    }
    fn title(&self) -> &'static str {
        "Next.js"
    }
    fn package(&self) -> &'static str {
        "next"
    }
    fn detect(&self, project: &Project, app: &App) -> bool {
        let package = package(project, app);
        // Apps of another bundler hold it as well, for the sake of a package that was pasted in.
        let build = package.json["scripts"]["build"].as_str().unwrap_or("next build");
        package.dependencies.contains_key("next") && !build.contains("vite")
    }
    fn generation(&self, project: &Project, app: &App) -> &'static str {
        let has_app =
            ["app", "src/app"].iter().any(|folder| code_below(project, app, folder).next().is_some());
        if has_app { "next-app" } else { "next-pages" }
    }
    fn entries(&self, project: &Project, app: &App) -> Vec<Entry> {
        let mut entries = Vec::new();
        for folder in ["app", "src/app"] {
            for (file, path) in code_below(project, app, folder) {
                let stem = path.rsplit('/').next().unwrap_or(path).split('.').next().unwrap_or("");
                let reason = match stem {
                    "route" => "a route handler",
                    _ if SPECIAL.contains(&stem) => "a page or layout of the app router",
                    _ if METADATA
                        .iter()
                        .any(|name| stem.trim_end_matches(|last: char| last.is_ascii_digit()) == *name) =>
                    {
                        "makes metadata at request or build time"
                    }
                    _ => continue,
                };
                let side = if is_client(file) { Side::Browser } else { Side::Server };
                let reason = if side == Side::Browser { "says 'use client'" } else { reason };
                entries.push(Entry { file: file.id, side, reason });
            }
        }
        for folder in ["pages", "src/pages"] {
            for (file, path) in code_below(project, app, folder) {
                let stem = path.split('.').next().unwrap_or(path);
                let (side, reason) = match stem {
                    "_document" => (Side::Server, "the document of the pages router"),
                    _ if path.starts_with("api/") => (Side::Server, "an API route of the pages router"),
                    _ => {
                        (Side::Both, "a page of the pages router: rendered on the server and in the browser")
                    }
                };
                entries.push(Entry { file: file.id, side, reason });
            }
        }
        let alone = [
            ("middleware", Side::Server, "runs before every request"),
            ("proxy", Side::Server, "runs before every request"),
            ("instrumentation", Side::Server, "runs when the server starts"),
            ("instrumentation-client", Side::Browser, "runs when the browser starts"),
            ("mdx-components", Side::Server, "renders Markdown"),
        ];
        for (stem, side, reason) in alone {
            for stem in [stem.to_owned(), format!("src/{stem}")] {
                entries.extend(with_extension(project, app, &stem).map(|file| Entry {
                    file: file.id,
                    side,
                    reason,
                }));
            }
        }
        // Where server code meets a module that says so, the browser begins.
        let roots: Vec<_> = entries.iter().map(|entry| entry.file).collect();
        let reached = project.graph.reachable(project, &roots);
        for file in reached {
            if is_client(project.get(file)) {
                entries.push(Entry { file, side: Side::Browser, reason: "says 'use client'" });
            } else if has_directive(project.get(file), "use server") {
                entries.push(Entry { file, side: Side::Server, reason: "says 'use server'" });
            }
        }
        entries
    }
    fn follows(&self, side: Side, _importer: &File, target: &File) -> bool {
        match side {
            Side::Browser => !is_server_only(target),
            _ => !is_client(target),
        }
    }
    fn server_parts(&self, file: &File) -> Vec<Range<usize>> {
        let data = ["getServerSideProps", "getStaticProps", "getStaticPaths"];
        let exports = file.module.exports.iter().filter(|export| data.contains(&export.name.as_str()));
        exports.map(|export| export.range.clone()).collect()
    }
    fn public_prefix(&self) -> Option<&'static str> {
        Some("NEXT_PUBLIC_")
    }
    fn env(&self, side: Side, name: &str) -> EnvAccess {
        process_env(side, name, Some("NEXT_PUBLIC_"))
    }
    fn node(&self, version: Option<&str>) -> &'static str {
        if major(version).is_some_and(|major| major >= 16) { ">=20.9" } else { ">=20" }
    }
    fn production(&self) -> &'static Production {
        &production::NEXT
    }
    fn functions(&self, project: &Project, app: &App) -> Vec<ServerFunction> {
        production::actions(project, app)
    }
    fn config_stem(&self) -> Option<&'static str> {
        Some("next")
    }
    fn params_are_promises(&self, version: Option<&str>) -> bool {
        major(version).is_some_and(|major| major >= 15)
    }
    fn promised(&self, version: Option<&str>) -> Option<(&'static str, &'static [&'static str])> {
        self.params_are_promises(version).then_some(("next/headers", &["cookies", "headers", "draftMode"]))
    }
    fn says_headers(&self) -> bool {
        true
    }
    fn lints_in_build(&self, version: Option<&str>) -> Option<bool> {
        Some(major(version).is_some_and(|major| major < 16))
    }
    fn ignores(&self) -> &'static [&'static str] {
        &[
            "node_modules",
            ".next",
            "out",
            "build",
            "next-env.d.ts",
            "*.tsbuildinfo",
            ".vercel",
            ".env",
            ".env.*",
            "!.env.example",
        ]
    }
}

const SPECIAL: &[&str] = &[
    "page",
    "layout",
    "template",
    "loading",
    "error",
    "global-error",
    "not-found",
    "default",
    "forbidden",
    "unauthorized",
    "global-not-found",
];

const METADATA: &[&str] =
    &["sitemap", "robots", "manifest", "icon", "apple-icon", "opengraph-image", "twitter-image"];

fn is_client(file: &File) -> bool {
    has_directive(file, "use client")
}

fn has_directive(file: &File, wanted: &str) -> bool {
    file.module.directives.iter().any(|directive| directive == wanted)
}

/// Called over the network, or declared to belong to the server alone.
fn is_server_only(file: &File) -> bool {
    has_directive(file, "use server")
        || file.module.imports.iter().any(|import| import.specifier == "server-only")
}

//! KNOW. How each framework, backend, server target and host spells what the codemods need. One file each, one line in a list.
//!
//! [`Stack::detect`] asks the tell-tales who made the export ([`builder`]), finds the framework of every app, and follows the
//! module graph from the framework's entries to say on which side each file runs ([`sides`]).

pub mod backend;
pub mod builder;
pub mod framework;
pub mod host;
pub mod production;
pub mod server;
mod sides;
mod trial;
pub use trial::{is_discarded, is_surely_test, is_test};

use edit::{FileId, Span};
use project::Project;
use serde::Serialize;
use std::collections::BTreeMap;
use std::ops::Range;

/// Where a file runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// In the browser bundle.
    Browser,
    /// On a Node-like server, or at build or script time.
    Server,
    /// In an edge function of its own runtime (Deno, Workers).
    Edge,
    /// In the browser and on the server (SSR, shared modules).
    Both,
    /// Configuration of a tool.
    Config,
    /// Not reached from any entry, or no code.
    None,
}

/// Who made the export.
#[derive(Clone, Debug, Serialize)]
pub struct Builder {
    /// `lovable`, `bolt`, `v0`, `unknown`.
    pub id: &'static str,
    /// The tell-tales that were seen, in words.
    pub tells: Vec<String>,
    /// 0 to 1.
    pub confidence: f64,
}

/// How an environment variable is read on one side of one framework.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvAccess {
    /// `import.meta.env`, `process.env`, `Deno.env`: the expression for `NAME`, such as `process.env.NAME`.
    pub expression: String,
    /// Whether the value ends in the browser bundle.
    pub public: bool,
}

/// What is known of the app as a whole.
pub struct Stack {
    /// Who made it.
    pub builder: Builder,
    /// `vite-spa`, `tanstack-start`, `next-app`, `next-pages`, `expo`, `express`, `unknown`.
    pub generation: &'static str,
    /// The framework, if one of ours.
    pub framework: &'static dyn framework::Framework,
    /// Its version, from the lockfile where there is one.
    pub framework_version: Option<String>,
    /// Backends in use (by use, not by `package.json`).
    pub backends: Vec<&'static dyn backend::Backend>,
    /// Where server code of the main app lives, or will; `None` where none is known.
    pub server: Option<&'static dyn server::Server>,
    /// Hosts that the tree is configured for.
    pub hosts: Vec<&'static dyn host::Host>,
    /// Whether the user named the hosts: then the tree is not asked.
    pub hosts_chosen: bool,
    /// By file: where it runs.
    pub sides: Vec<Side>,
    /// By file: why, in words.
    pub side_reasons: Vec<&'static str>,
    /// By file: parts of it that only the server runs, sorted. Only files on both sides have any.
    server_parts: BTreeMap<FileId, Vec<Range<usize>>>,
}

impl Stack {
    /// Reads the tell-tales. Never fails; what is unknown is said to be unknown.
    pub fn detect(project: &Project) -> Self {
        let main = project.apps.first();
        let framework = main.map_or(framework::none(), |app| framework::of(project, app));
        let version = main
            .and_then(|app| project.packages.get(app.package))
            .and_then(|package| package.version(framework.package()));
        let (sides, side_reasons) = sides::of(project);
        Self {
            builder: builder::detect(project),
            generation: main.map_or("unknown", |app| framework.generation(project, app)),
            framework,
            framework_version: version,
            backends: backend::in_use(project, &sides),
            server: server::of(framework),
            hosts: host::configured(project),
            hosts_chosen: false,
            server_parts: sides::server_parts(project, &sides),
            sides,
            side_reasons,
        }
    }

    /// Where the code at a span runs: as its file, but on the server inside what the framework keeps from the browser, such as the
    /// handler of a server function.
    pub fn side_at(&self, span: Span) -> Side {
        let parts = self.server_parts.get(&span.file).map_or(&[][..], Vec::as_slice);
        if framework::cut::holds(parts, span.start as usize) { Side::Server } else { self.side(span.file) }
    }

    /// Whether a person or a package script runs the file, and no deployment does.
    pub fn is_script(&self, file: FileId) -> bool {
        self.side_reasons[file.0 as usize] == sides::SCRIPT
    }

    /// Where a file runs.
    pub fn side(&self, file: FileId) -> Side {
        self.sides[file.0 as usize]
    }
}

#[cfg(test)]
mod tests;

//! KNOW. How each framework, backend, server target and host spells what the codemods need. One file each, one line in a list.
//! SKELETON: signatures agreed, bodies to be written.

pub mod backend;
pub mod framework;
pub mod host;
pub mod server;

use edit::FileId;
use project::Project;
use serde::Serialize;

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
    /// Hosts that the tree is configured for.
    pub hosts: Vec<&'static dyn host::Host>,
    /// By file: where it runs.
    pub sides: Vec<Side>,
    /// By file: why, in words.
    pub side_reasons: Vec<&'static str>,
}

impl Stack {
    /// Reads the tell-tales. Never fails; what is unknown is said to be unknown.
    pub fn detect(_project: &Project) -> Self {
        unimplemented!()
    }
    /// Where a file runs.
    pub fn side(&self, file: FileId) -> Side {
        self.sides[file.0 as usize]
    }
}

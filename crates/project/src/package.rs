//! Packages and app roots: manifest, lockfiles, package manager, which framework at which version.

use edit::{FileId, RelPath};
use std::collections::BTreeMap;

/// One `package.json`.
#[derive(Clone, Debug)]
pub struct Package {
    /// Its folder, `""` for the root.
    pub folder: String,
    /// The manifest.
    pub manifest: FileId,
    /// `name`.
    pub name: Option<String>,
    /// The manifest as JSON.
    pub json: serde_json::Value,
    /// `dependencies` and `devDependencies` together: name to range.
    pub dependencies: BTreeMap<String, String>,
    /// Resolved versions by the lockfile in use; empty without one.
    pub resolved: BTreeMap<String, String>,
    /// Lockfiles beside it (or at the workspace root), the one in use first.
    pub lockfiles: Vec<Lockfile>,
}

impl Package {
    /// The resolved version of a dependency, else the lowest that its range allows (`^5.4.1` gives `5.4.1`), else `None`.
    pub fn version(&self, _dependency: &str) -> Option<String> {
        unimplemented!()
    }
}

/// A lockfile.
#[derive(Clone, Debug)]
pub struct Lockfile {
    /// Where.
    pub path: RelPath,
    /// Whose.
    pub manager: PackageManager,
    /// Whether every dependency of the manifest is in it at a version that satisfies its range: `None` if it cannot be told
    /// (binary `bun.lockb`).
    pub in_sync: Option<bool>,
    /// Hosts of tarballs other than the public registry, with how many.
    pub private_hosts: BTreeMap<String, usize>,
}

/// Who installs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are the tools' own")]
pub enum PackageManager {
    Npm,
    Pnpm,
    Bun,
    Yarn,
}

impl PackageManager {
    /// As written in `packageManager` and reports.
    pub fn id(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::Pnpm => "pnpm",
            Self::Bun => "bun",
            Self::Yarn => "yarn",
        }
    }
}

/// One app of the tree.
#[derive(Clone, Debug)]
pub struct App {
    /// Its folder, `""` for the root.
    pub folder: String,
    /// Index into `Project::packages`.
    pub package: usize,
    /// The manager by `packageManager`, then by the lockfile that is in sync, then by the one that is there, then npm.
    pub manager: PackageManager,
    /// Why this manager, in a sentence.
    pub manager_reason: String,
}

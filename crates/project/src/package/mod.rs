//! Packages and app roots: manifest, lockfiles, package manager, which framework at which version.

pub mod apps;
mod lockfile;
mod range;

pub use apps::App;

use crate::File;
use edit::{FileId, RelPath};
use lockfile::Lock;
use serde_json::Value;
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
    /// `dependencies`, `devDependencies` and `optionalDependencies` together: name to range.
    pub dependencies: BTreeMap<String, String>,
    /// Resolved versions by the lockfile in use, indirect dependencies among them; empty without one.
    pub resolved: BTreeMap<String, String>,
    /// Lockfiles beside it (or at the workspace root), the one in use first.
    pub lockfiles: Vec<Lockfile>,
}

impl Package {
    /// The resolved version of a dependency, else the lowest that its range allows (`^5.4.1` gives `5.4.1`), else `None`.
    pub fn version(&self, dependency: &str) -> Option<String> {
        self.resolved.get(dependency).cloned().or_else(|| range::lowest(self.dependencies.get(dependency)?))
    }
}

/// Whether `version` (`15.2.4`) satisfies `range` as npm means it. A tag or an address is satisfied by any version.
pub fn satisfies(version: &str, range: &str) -> bool {
    range::satisfies(version, range)
}

/// A lockfile.
#[derive(Clone, Debug)]
pub struct Lockfile {
    /// Where.
    pub path: RelPath,
    /// Whose.
    pub manager: PackageManager,
    /// Whether it belongs to the manifest, so that a frozen install takes it: every dependency is in it, at a version that satisfies
    /// its range, and for pnpm and bun under the same range. `None` if it cannot be told (binary `bun.lockb`).
    pub in_sync: Option<bool>,
    /// Direct dependencies that it locks at a version which no longer satisfies their range.
    pub outdated: Vec<String>,
    /// Direct dependencies that it does not hold at all.
    pub missing: Vec<String>,
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

/// Every `package.json` that parses, with what its lockfiles say.
pub(crate) fn packages(files: &[File]) -> Vec<Package> {
    let manifests = files.iter().filter(|file| file.path.name() == "package.json");
    let mut packages: Vec<Package> = manifests.filter_map(manifest).collect();
    let roots = workspace_roots(files, &packages);
    for (package, root) in packages.iter_mut().zip(roots) {
        find_locks(files, package, root.as_deref());
    }
    packages
}

fn manifest(file: &File) -> Option<Package> {
    let json = crate::json(&file.text)?;
    json.as_object()?;
    let mut dependencies = BTreeMap::new();
    for kind in ["optionalDependencies", "devDependencies", "dependencies"] {
        for (name, range) in json[kind].as_object().into_iter().flatten() {
            dependencies.insert(name.clone(), range.as_str().unwrap_or("*").to_owned());
        }
    }
    Some(Package {
        folder: file.path.folder().to_owned(),
        manifest: file.id,
        name: json["name"].as_str().map(str::to_owned),
        json,
        dependencies,
        resolved: BTreeMap::new(),
        lockfiles: Vec::new(),
    })
}

/// By package: the folder of the workspace root it is a member of.
fn workspace_roots(files: &[File], packages: &[Package]) -> Vec<Option<String>> {
    let patterns: Vec<(String, Vec<String>)> = packages
        .iter()
        .map(|package| {
            let workspaces = match &package.json["workspaces"] {
                Value::Object(object) => object.get("packages").cloned().unwrap_or_default(),
                other => other.clone(),
            };
            let mut patterns: Vec<String> = workspaces
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect();
            let of_pnpm = crate::join(&package.folder, "pnpm-workspace.yaml");
            if let Some(file) = of_pnpm.and_then(|path| crate::find(files, path.as_str())) {
                patterns.extend(pnpm_members(&file.text));
            }
            (package.folder.clone(), patterns)
        })
        .filter(|(_, patterns)| !patterns.is_empty())
        .collect();
    let member = |folder: &str| {
        let inside = |(root, patterns): &&(String, Vec<String>)| {
            crate::below(folder, root).is_some_and(|path| {
                !path.is_empty() && patterns.iter().any(|pattern| is_member(path, pattern))
            })
        };
        patterns.iter().filter(inside).map(|(root, _)| root.clone()).max_by_key(String::len)
    };
    packages.iter().map(|package| member(&package.folder)).collect()
}

/// The list below `packages:`.
fn pnpm_members(text: &str) -> Vec<String> {
    let after = text.lines().skip_while(|line| !line.starts_with("packages:")).skip(1);
    let listed = after.take_while(|line| line.trim().is_empty() || line.starts_with([' ', '-', '#']));
    listed
        .filter_map(|line| line.trim().strip_prefix('-'))
        .map(|item| item.trim().trim_matches(['\'', '"']).to_owned())
        .collect()
}

/// `packages/*`, `apps/**`, `web`.
fn is_member(path: &str, pattern: &str) -> bool {
    let pattern = pattern.trim_start_matches("./").trim_end_matches('/');
    if let Some(above) = pattern.strip_suffix("/**").or_else(|| pattern.strip_suffix("**")) {
        return above.is_empty() || crate::below(path, above).is_some_and(|rest| !rest.is_empty());
    }
    let (path, pattern): (Vec<&str>, Vec<&str>) = (path.split('/').collect(), pattern.split('/').collect());
    path.len() == pattern.len()
        && path.iter().zip(&pattern).all(|(part, wanted)| crate::matches_glob(part, wanted))
}

/// The lockfiles of a package: those beside it, else those of its workspace root.
fn find_locks(files: &[File], package: &mut Package, root: Option<&str>) {
    let mut found: Vec<(Lockfile, BTreeMap<String, String>)> = Vec::new();
    for folder in std::iter::once(package.folder.clone()).chain(root.map(str::to_owned)) {
        for (name, manager) in lockfile::NAMES {
            let Some(file) = crate::join(&folder, name).and_then(|path| crate::find(files, path.as_str()))
            else {
                continue;
            };
            let inside = crate::below(&package.folder, &folder).unwrap_or("");
            let lock = Lock::read(name, &file.text, inside, &package.dependencies);
            let binary = *name == "bun.lockb";
            let in_sync =
                lock.as_ref().map(|lock| lock.in_sync(&package.dependencies)).or((!binary).then_some(false));
            let gaps = lock.as_ref().map(|lock| lock.gaps(&package.dependencies));
            let (outdated, missing) = gaps.unwrap_or_default();
            let lockfile = Lockfile {
                path: file.path.clone(),
                manager: *manager,
                in_sync,
                outdated,
                missing,
                private_hosts: lock.as_ref().map(|lock| lock.private_hosts.clone()).unwrap_or_default(),
            };
            found.push((lockfile, lock.map(|lock| lock.resolved()).unwrap_or_default()));
        }
        if !found.is_empty() {
            break;
        }
    }
    let wanted = declared_manager(&package.json);
    // In sync first, then what installs anywhere; ties keep the order of `NAMES`.
    found.sort_by_key(|(lockfile, _)| {
        (
            Some(lockfile.manager) != wanted && wanted.is_some(),
            lockfile.in_sync != Some(true),
            lockfile.in_sync == Some(false),
            !lockfile.private_hosts.is_empty(),
        )
    });
    // Versions come from the first that can be read: `bun.lockb` cannot.
    let readable = found.iter().find(|(_, resolved)| !resolved.is_empty());
    package.resolved = readable.map(|(_, resolved)| resolved.clone()).unwrap_or_default();
    package.lockfiles = found.into_iter().map(|(lockfile, _)| lockfile).collect();
}

/// The manager that the manifest names in `packageManager`.
fn declared_manager(json: &Value) -> Option<PackageManager> {
    let declared = json["packageManager"].as_str()?;
    let name = declared.split('@').next().unwrap_or(declared);
    [PackageManager::Npm, PackageManager::Pnpm, PackageManager::Bun, PackageManager::Yarn]
        .into_iter()
        .find(|manager| manager.id() == name)
}

/// Who installs the package, and why, in a sentence.
fn manager(package: &Package) -> (PackageManager, String) {
    if let Some(declared) = declared_manager(&package.json) {
        return (declared, format!("`packageManager` in package.json names {}.", declared.id()));
    }
    let Some(first) = package.lockfiles.first() else {
        return (PackageManager::Npm, "There is no lockfile, so npm, which comes with Node.".to_owned());
    };
    let name = first.path.name();
    let others: Vec<&str> = package.lockfiles.iter().skip(1).map(|lockfile| lockfile.path.name()).collect();
    let beside =
        if others.is_empty() { String::new() } else { format!(" (also there: {})", others.join(", ")) };
    let reason = match first.in_sync {
        Some(true) if others.is_empty() => {
            format!("{name} is the only lockfile and agrees with package.json.")
        }
        Some(true) => {
            let stale = package.lockfiles.iter().skip(1).all(|lockfile| lockfile.in_sync == Some(false));
            let why = if stale {
                "is the only lockfile that agrees with package.json"
            } else {
                "agrees with package.json and installs anywhere"
            };
            format!("{name} {why}{beside}.")
        }
        Some(false) => {
            format!("{name} is there, though it no longer agrees with package.json{beside}.")
        }
        None => format!(
            "{name} is there; it is binary, so whether it agrees with package.json is not known{beside}."
        ),
    };
    (first.manager, reason)
}

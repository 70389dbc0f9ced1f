//! Dependencies without a version: pinned to what the lockfile resolves, in the manifest and in the lockfile alike, so that a frozen
//! install still takes them.

use crate::repository_hygiene::commands::Commands;
use audit::Survey;
use edit::Edit;
use syntax::document::{json, yaml};

/// A dependency that any version satisfies, and the version that is locked.
pub(super) struct Loose {
    pub(super) name: String,
    pub(super) version: Option<String>,
}

/// All of them.
pub(super) fn loose(commands: &Commands<'_>) -> Vec<Loose> {
    let package = commands.package;
    let any = package
        .dependencies
        .iter()
        .filter(|(_, range)| range.chars().all(|letter| letter.is_ascii_alphabetic() || letter == '*'));
    any.map(|(name, _)| Loose { name: name.clone(), version: package.resolved.get(name).cloned() }).collect()
}

/// The edits of the manifest and of the lockfile.
pub(super) fn pins(survey: &Survey<'_>, commands: &Commands<'_>) -> Vec<Edit> {
    let loose = loose(commands);
    // What is raised gets its version by that.
    let raised: Vec<&str> = super::floors::below(survey, commands.package)
        .iter()
        .filter(|low| low.target.is_some())
        .map(|low| low.package)
        .collect();
    let loose: Vec<Loose> = loose.into_iter().filter(|one| !raised.contains(&one.name.as_str())).collect();
    let version = |name: &str| loose.iter().find(|one| one.name == name).and_then(|one| one.version.clone());
    let mut edits = Vec::new();
    let manifest = survey.project.get(commands.package.manifest);
    for scalar in json::strings(&manifest.text) {
        if let [kind, name] = scalar.path.as_slice()
            && matches!(kind.as_str(), "dependencies" | "devDependencies" | "optionalDependencies")
            && let Some(version) = version(name)
        {
            edits.push(Edit::replace(manifest.span(scalar.range), format!("\"{version}\"")));
        }
    }
    let Some(lock) = commands.lockfile.and_then(|path| survey.project.file(path.as_str())) else {
        return edits;
    };
    match lock.path.name() {
        "pnpm-lock.yaml" => {
            for scalar in yaml::scalars(&lock.text) {
                let path: Vec<&str> = scalar.path.iter().map(String::as_str).collect();
                let name = match path.as_slice() {
                    ["importers", ".", _, name, "specifier"]
                    | [_, name, "specifier"]
                    | ["specifiers", name] => name,
                    _ => continue,
                };
                if let Some(version) = version(name) {
                    edits.push(Edit::replace(lock.span(scalar.range), version));
                }
            }
        }
        "package-lock.json" | "bun.lock" => {
            let top = if lock.path.name() == "bun.lock" { "workspaces" } else { "packages" };
            for scalar in json::strings(&lock.text) {
                if let [first, second, _, name] = scalar.path.as_slice()
                    && first == top
                    && second.is_empty()
                    && let Some(version) = version(name)
                {
                    edits.push(Edit::replace(lock.span(scalar.range), format!("\"{version}\"")));
                }
            }
        }
        _ => {}
    }
    edits
}

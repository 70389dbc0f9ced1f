//! Which of several lockfiles counts: by evidence, never by taste.
//!
//! What the pipeline, the host or the manifest installs with comes first, then the one that still belongs to the manifest. Where
//! the evidence does not settle it, nothing is chosen.

use super::{LOCKFILES, PRIVATE, STALE};
use audit::finding::Related;
use audit::{Confidence, Finding, Survey};
use edit::{FileId, Span};
use project::package::{Lockfile, Package, PackageManager};
use std::collections::BTreeMap;

/// Packages that other changes raise, so that the lockfile is made anew.
const RAISED_BESIDE_FRAMEWORKS: &[&str] = &["next", "hono", "zod", "better-auth"];

/// The lockfile that counts, and why the others do not.
pub(super) struct Choice<'s> {
    pub(super) keep: &'s Lockfile,
    pub(super) drop: Vec<&'s Lockfile>,
    /// A sentence.
    pub(super) reason: String,
}

/// The lockfiles beside a manifest.
fn beside<'s>(survey: &Survey<'s>, package: &'s Package) -> Vec<(&'s Lockfile, FileId)> {
    let own = package.lockfiles.iter().filter(|lockfile| lockfile.path.folder() == package.folder);
    own.filter_map(|lockfile| Some((lockfile, survey.project.file(lockfile.path.as_str())?.id))).collect()
}

/// The lockfile that counts, if there is one or the evidence settles it.
pub(super) fn kept<'s>(survey: &Survey<'s>, package: &'s Package) -> Option<&'s Lockfile> {
    match package.lockfiles.as_slice() {
        [only] => Some(only),
        _ => choice(survey, package).map(|choice| choice.keep),
    }
}

/// Decides between several. `None` with fewer than two, and where the evidence contradicts itself.
pub(super) fn choice<'s>(survey: &Survey<'s>, package: &'s Package) -> Option<Choice<'s>> {
    let locks: Vec<&Lockfile> = beside(survey, package).into_iter().map(|(lockfile, _)| lockfile).collect();
    if locks.len() < 2 {
        return None;
    }
    let chosen = |keep: &'s Lockfile, reason: String| {
        let drop = locks.iter().copied().filter(|lockfile| lockfile.path != keep.path).collect();
        Some(Choice { keep, drop, reason })
    };
    let fresh: Vec<&Lockfile> = locks.iter().copied().filter(|lockfile| agreed(lockfile)).collect();
    let named = named(survey, package);
    if let [(manager, place)] = named.as_slice() {
        let keep = locks.iter().copied().find(|lockfile| lockfile.manager == *manager)?;
        // A pipeline that installs from a stale lockfile fails; which of the two is meant, only a person knows.
        if keep.in_sync == Some(false) && !fresh.is_empty() {
            return None;
        }
        return chosen(keep, format!("{place} installs with {}", manager.id()));
    }
    if !named.is_empty() {
        return None;
    }
    match fresh.as_slice() {
        [only] => {
            let stale = locks.iter().filter(|lockfile| lockfile.in_sync == Some(false));
            let stale: Vec<&str> = stale.map(|lockfile| lockfile.path.name()).collect();
            let reason = match stale.as_slice() {
                [] => "it agrees with package.json, and the other is binary: nobody can review it".to_owned(),
                names => format!("it agrees with package.json, {} does not", names.join(" and ")),
            };
            chosen(only, reason)
        }
        [] => {
            // `bun.lock` is what bun writes instead of `bun.lockb`, and prefers.
            let bun = locks.iter().all(|lockfile| lockfile.manager == PackageManager::Bun);
            let text = locks.iter().copied().find(|lockfile| lockfile.path.name() == "bun.lock")?;
            if bun { chosen(text, "bun reads it before bun.lockb".to_owned()) } else { None }
        }
        [first, ..] => {
            let open = fresh.iter().copied().find(|lockfile| lockfile.private_hosts.is_empty())?;
            let reason = if open.path == first.path && first.private_hosts.is_empty() {
                let others = if fresh.len() == locks.len() { "both agree" } else { "it agrees" };
                format!("{others} with package.json, and one must be the only source of versions")
            } else {
                "it agrees with package.json and installs from the public registry alone".to_owned()
            };
            // What comes with Node needs no set-up anywhere; a private registry is a reason against it, taste is none.
            let npm = fresh.iter().copied().find(|lockfile| {
                lockfile.manager == PackageManager::Npm && lockfile.private_hosts.is_empty()
            });
            chosen(npm.unwrap_or(open), reason)
        }
    }
}

/// Whether a lockfile agrees with the manifest, or would without what this program adds to it and the next install locks.
fn agreed(lockfile: &Lockfile) -> bool {
    let ours = !lockfile.missing.is_empty()
        && lockfile.missing.iter().chain(&lockfile.outdated).all(|name| raised(name));
    lockfile.in_sync == Some(true) || (lockfile.in_sync == Some(false) && ours)
}

/// Whether this program may have added or raised it, so that the next install locks it.
fn raised(name: &str) -> bool {
    name == "@types/node"
        || name.starts_with("@supabase/")
        || name.starts_with("@hono/")
        || RAISED_BESIDE_FRAMEWORKS.contains(&name)
}

/// Managers that the tree says it installs with, each with the place that says so.
fn named(survey: &Survey<'_>, package: &Package) -> Vec<(PackageManager, String)> {
    let all = [PackageManager::Npm, PackageManager::Pnpm, PackageManager::Bun, PackageManager::Yarn];
    if let Some(declared) = package.json["packageManager"].as_str() {
        let name = declared.split('@').next().unwrap_or(declared);
        let known = all.into_iter().find(|manager| manager.id() == name);
        return known
            .map(|manager| (manager, "`packageManager` in package.json".to_owned()))
            .into_iter()
            .collect();
    }
    let mut found: BTreeMap<PackageManager, String> = BTreeMap::new();
    let installs = ["workflow", "host", "container"];
    for config in survey.configs.iter().filter(|config| installs.contains(&config.kind)) {
        let file = survey.project.get(config.file);
        // What this program wrote repeats what it found, and is no evidence for it.
        if crate::deploy_pipeline::wrote(&file.text) {
            continue;
        }
        for manager in all {
            if installs_with(&file.text, manager) {
                found.entry(manager).or_insert_with(|| file.path.to_string());
            }
        }
    }
    found.into_iter().collect()
}

fn installs_with(text: &str, manager: PackageManager) -> bool {
    let commands: &[&str] = match manager {
        PackageManager::Npm => &["npm ci", "npm install\n", "npm install\"", "npm i\n"],
        PackageManager::Pnpm => &["pnpm install", "pnpm i\n", "pnpm i "],
        PackageManager::Bun => &["bun install", "bun i\n"],
        PackageManager::Yarn => &["yarn install", "yarn --frozen-lockfile", "yarn\n"],
    };
    // `pnpm ci` is no `npm ci`.
    commands.iter().any(|command| {
        text.match_indices(command)
            .any(|(at, _)| !text[..at].ends_with(|before: char| before.is_alphanumeric()))
    })
}

/// What is wrong with the lockfiles of every package.
pub(super) fn find(survey: &Survey<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in &survey.project.packages {
        let locks = beside(survey, package);
        let names: Vec<&str> = locks.iter().map(|(lockfile, _)| lockfile.path.name()).collect();
        if locks.len() > 1 {
            let choice = choice(survey, package);
            let related = locks.iter().map(|(lockfile, file)| Related {
                span: Span::new(*file, 0..0),
                message: state(lockfile).to_owned(),
            });
            findings.push(Finding {
                rule: LOCKFILES.id,
                severity: LOCKFILES.severity,
                confidence: Confidence::Certain,
                span: Span::new(package.manifest, 0..0),
                message: format!("{} lockfiles stand side by side: {}.", locks.len(), names.join(", ")),
                why: LOCKFILES.why.into(),
                todo: match &choice {
                    Some(choice) => format!("Keep {}: {}.", choice.keep.path.name(), choice.reason),
                    None => "Find out which one the people who work on the app install with, bring that one up to date, \
                             and delete the others. Nothing in the tree decides it."
                        .to_owned(),
                },
                related: related.collect(),
                subject: names.join(","),
            });
        }
        for (lockfile, file) in locks {
            findings.extend(stale(package, lockfile, file));
            findings.extend(private(lockfile, file));
        }
    }
    findings
}

fn state(lockfile: &Lockfile) -> &'static str {
    match lockfile.in_sync {
        Some(true) => "agrees with package.json",
        Some(false) => "does not agree with package.json",
        None => "is binary: whether it agrees cannot be told",
    }
}

/// A lockfile that a frozen install refuses. What the manifest gained lately is not counted: the next install adds it.
fn stale(package: &Package, lockfile: &Lockfile, file: FileId) -> Option<Finding> {
    let all = package.dependencies.len();
    let outdated: Vec<String> = lockfile.outdated.iter().filter(|name| !raised(name)).cloned().collect();
    let stub = all > 4 && lockfile.missing.len() * 2 > all && lockfile.in_sync == Some(false);
    if outdated.is_empty() && !stub {
        return None;
    }
    let name = lockfile.path.name();
    Some(Finding {
        rule: STALE.id,
        severity: STALE.severity,
        confidence: Confidence::Certain,
        span: Span::new(file, 0..0),
        message: if stub {
            format!("{name} holds {} of {all} dependencies.", all - lockfile.missing.len())
        } else {
            format!("{name} locks {} outside the range of package.json.", listed(&outdated))
        },
        why: STALE.why.into(),
        todo: format!("Run `{} install` once and commit the lockfile.", lockfile.manager.id()),
        related: Vec::new(),
        subject: name.to_owned(),
    })
}

fn private(lockfile: &Lockfile, file: FileId) -> Option<Finding> {
    let (host, count) = lockfile.private_hosts.iter().max_by_key(|(_, count)| **count)?;
    let all: usize = lockfile.private_hosts.values().sum();
    let more = if all > *count { format!(" ({all} with those of other hosts)") } else { String::new() };
    let name = lockfile.path.name();
    Some(Finding {
        rule: PRIVATE.id,
        severity: PRIVATE.severity,
        confidence: Confidence::Certain,
        span: Span::new(file, 0..0),
        message: format!("{name} takes {count} of its packages from `{host}`{more}."),
        why: PRIVATE.why.into(),
        todo: format!(
            "Delete {name}, run `{} install` against the public registry, look at the versions, and commit the new file.",
            lockfile.manager.id()
        ),
        related: Vec::new(),
        subject: name.to_owned(),
    })
}

fn listed(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().take(3).map(|name| format!("`{name}`")).collect();
    match names.len() - quoted.len() {
        0 => quoted.join(", "),
        more => format!("{} and {more} more", quoted.join(", ")),
    }
}

//! App roots: the nearest package that declares a framework *and* has its entry.

use super::{Package, PackageManager, manager};
use crate::{File, Project};
use edit::FileId;
use std::collections::BTreeSet;

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

impl Project {
    /// Whether a file is of an app for phones beside the first app: it asks for its data from there, with no server of its own between.
    pub fn on_phone(&self, file: FileId) -> bool {
        let path = self.get(file).path.as_str();
        let below = |folder: &str| {
            folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
        };
        let own = self.apps.iter().filter(|app| below(&app.folder)).max_by_key(|app| app.folder.len());
        own.is_some_and(|own| {
            let dependencies = &self.packages[own.package].dependencies;
            own.folder != self.apps[0].folder
                && ["expo", "react-native"].iter().any(|name| dependencies.contains_key(*name))
        })
    }
}

/// What shows that a package is an app: one of the dependencies, and one of the files or folders (`/` at the end).
struct Sign {
    /// Apps of one rank are alternatives to each other; the lowest rank is the main app.
    rank: u8,
    dependencies: &'static [&'static str],
    entries: &'static [&'static str],
}

const SIGNS: &[Sign] = &[
    Sign { rank: 0, dependencies: &["next"], entries: &["app/", "pages/", "src/app/", "src/pages/"] },
    Sign {
        rank: 0,
        dependencies: &["@tanstack/react-start", "@tanstack/start"],
        entries: &["src/routes/", "app/routes/", "src/router.tsx", "index.html"],
    },
    Sign {
        rank: 0,
        dependencies: &["vite", "@vitejs/plugin-react", "@vitejs/plugin-react-swc"],
        entries: &["index.html", "client/index.html"],
    },
    Sign {
        rank: 1,
        dependencies: &["expo"],
        entries: &["app.json", "app.config.js", "app.config.ts", "app/", "App.tsx", "App.js"],
    },
    Sign {
        rank: 2,
        dependencies: &["express", "fastify", "hono", "koa", "@nestjs/core"],
        entries: &[
            "server.js",
            "server.ts",
            "server.mjs",
            "index.js",
            "index.ts",
            "index.mjs",
            "app.js",
            "app.ts",
            "main.js",
            "main.ts",
            "src/server.js",
            "src/server.ts",
            "src/index.js",
            "src/index.ts",
            "src/app.js",
            "src/app.ts",
            "src/main.ts",
            "server/",
        ],
    },
];

/// The apps, the main one first, and the roots between which nobody but the user can choose. `chosen` is the user's choice.
pub(crate) fn apps(files: &[File], packages: &[Package], chosen: Option<&str>) -> (Vec<App>, Vec<String>) {
    let mut found: Vec<(u8, usize)> = Vec::new();
    for (at, package) in packages.iter().enumerate() {
        let sign = SIGNS.iter().find(|sign| {
            sign.dependencies.iter().any(|name| package.dependencies.contains_key(*name))
                && sign.entries.iter().any(|entry| has_entry(files, &package.folder, entry))
        });
        if let Some(sign) = sign {
            found.push((sign.rank, at));
        } else if chosen == Some(package.folder.as_str()) {
            found.push((u8::MAX, at));
        }
    }
    let depth = |at: usize| packages[at].folder.split('/').filter(|part| !part.is_empty()).count();
    // A builder leaves its folder in the app that it made; whatever else is in the tree came later.
    let marked = |folder: &str| {
        [".bolt/", ".lovable/"]
            .iter()
            .filter_map(|mark| crate::join(folder, mark))
            .any(|mark| crate::below_folder(files, mark.as_str()).next().is_some())
    };
    found.sort_by_key(|(rank, at)| {
        let folder = &packages[*at].folder;
        (chosen != Some(folder.as_str()), *rank, !marked(folder), depth(*at), folder.clone())
    });
    let ambiguous = if chosen.is_some() { BTreeSet::new() } else { ambiguous(files, packages, &found) };
    let apps = found.iter().map(|(_, at)| {
        let (manager, manager_reason) = manager(&packages[*at]);
        App { folder: packages[*at].folder.clone(), package: *at, manager, manager_reason }
    });
    (apps.collect(), ambiguous.into_iter().collect())
}

fn has_entry(files: &[File], folder: &str, entry: &str) -> bool {
    let Some(path) = crate::join(folder, entry.trim_end_matches('/')) else {
        return false;
    };
    if !entry.ends_with('/') {
        return crate::find(files, path.as_str()).is_some();
    }
    crate::below_folder(files, path.as_str()).any(|file| matches!(file.kind, crate::Kind::Code(_)))
}

/// Files that every app of some kind has.
const STARTER: &[&str] = &[
    "main.",
    "App.",
    "vite-env.",
    "lib/utils.",
    "app/page.",
    "app/layout.",
    "app/_layout.",
    "pages/_",
    "routes/__root.",
];

/// The folders of apps of one kind that look like two ages of the first: half of the smaller one's files are also in the other,
/// or a third of them and the same package name.
fn ambiguous(files: &[File], packages: &[Package], found: &[(u8, usize)]) -> BTreeSet<String> {
    let folders: Vec<&str> = found.iter().map(|(_, at)| packages[*at].folder.as_str()).collect();
    let own_files = |folder: &str| -> BTreeSet<&str> {
        let nested = |path: &str| {
            folders.iter().any(|other| other.len() > folder.len() && crate::below(path, other).is_some())
        };
        let code = files
            .iter()
            .filter(|file| matches!(file.kind, crate::Kind::Code(_)) && !nested(file.path.as_str()));
        // What every starter has tells nothing.
        let starter = |path: &&str| {
            !path.contains('/')
                || path.contains("components/ui/")
                || STARTER.iter().any(|start| path.strip_prefix("src/").unwrap_or(path).starts_with(start))
        };
        code.filter_map(|file| crate::below(file.path.as_str(), folder))
            .filter(|path| !starter(path))
            .collect()
    };
    let mut ambiguous = BTreeSet::new();
    // Only the first is rewritten: others that are like each other make nobody choose.
    let Some(((rank, first), others)) = found.split_first().filter(|((rank, _), _)| *rank <= 1) else {
        return ambiguous;
    };
    for (_, other) in others.iter().filter(|(other_rank, _)| other_rank == rank) {
        let (one, other) = (&packages[*first], &packages[*other]);
        let (these, those) = (own_files(&one.folder), own_files(&other.folder));
        let smaller = these.len().min(those.len()).max(1);
        let share = these.intersection(&those).count() as f64 / smaller as f64;
        let enough = if one.name.is_some() && one.name == other.name { 0.34 } else { 0.5 };
        if share >= enough {
            ambiguous.extend([one.folder.clone(), other.folder.clone()]);
        }
    }
    ambiguous
}

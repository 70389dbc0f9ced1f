//! Lockfiles of npm (1 to 3), pnpm, yarn (1 and berry) and bun (text): which versions they hold, whether they still belong to the
//! manifest, and which private hosts they install from. The binary `bun.lockb` is only known to be there.

use super::PackageManager;
use super::range::{Version, satisfies};
use serde_json::Value;
use std::collections::BTreeMap;

/// The names of lockfiles, and whose they are.
pub(super) const NAMES: &[(&str, PackageManager)] = &[
    ("pnpm-lock.yaml", PackageManager::Pnpm),
    ("package-lock.json", PackageManager::Npm),
    ("npm-shrinkwrap.json", PackageManager::Npm),
    ("yarn.lock", PackageManager::Yarn),
    ("bun.lock", PackageManager::Bun),
    ("bun.lockb", PackageManager::Bun),
];

/// What one lockfile holds for one package.
#[derive(Debug, Default)]
pub(super) struct Lock {
    /// Installed for the package itself: name to the range it was locked for (where the file says) and the version.
    direct: BTreeMap<String, (Option<String>, String)>,
    /// Everything in it; of several versions the one at the top, else the highest.
    all: BTreeMap<String, String>,
    /// Hosts other than the public registry.
    pub(super) private_hosts: BTreeMap<String, usize>,
}

impl Lock {
    /// Reads `text` for the package at `folder` (relative to the lockfile, `""` for the one beside it) with these dependencies.
    /// `None` if it cannot be read.
    pub(super) fn read(
        name: &str,
        text: &str,
        folder: &str,
        dependencies: &BTreeMap<String, String>,
    ) -> Option<Self> {
        let mut lock = Self::default();
        match name {
            "package-lock.json" | "npm-shrinkwrap.json" => {
                lock.npm(&crate::json(text)?, folder, dependencies)
            }
            "pnpm-lock.yaml" => lock.pnpm(text, folder),
            "yarn.lock" => lock.yarn(text, dependencies),
            "bun.lock" => lock.bun(&crate::json(text)?, folder),
            _ => return None,
        }
        Some(lock)
    }

    /// Name to version, what the package itself sees first.
    pub(super) fn resolved(&self) -> BTreeMap<String, String> {
        let mut resolved = self.all.clone();
        resolved.extend(self.direct.iter().map(|(name, (_, version))| (name.clone(), version.clone())));
        resolved
    }

    /// Whether every dependency is in it: locked for this very range where the file keeps ranges (pnpm and bun refuse any other when
    /// the lockfile is frozen), else at a version that satisfies it.
    pub(super) fn in_sync(&self, dependencies: &BTreeMap<String, String>) -> bool {
        dependencies.iter().all(|(name, range)| match self.direct.get(name) {
            Some((Some(locked), _)) => locked == range,
            Some((None, version)) => satisfies(version, range),
            None => false,
        })
    }

    /// The dependencies that it locks at a version outside their range, and those that it does not hold.
    pub(super) fn gaps(&self, dependencies: &BTreeMap<String, String>) -> (Vec<String>, Vec<String>) {
        let outdated = |(name, range): &(&String, &String)| {
            self.direct.get(*name).is_some_and(|(_, version)| !satisfies(version, range))
        };
        let missing = dependencies.keys().filter(|name| !self.direct.contains_key(*name)).cloned();
        (dependencies.iter().filter(outdated).map(|(name, _)| name.clone()).collect(), missing.collect())
    }

    /// Notes a version of a package that is not the one at the top.
    fn note(&mut self, name: &str, version: &str) {
        let higher = |before: &String| match (Version::parse(before), Version::parse(version)) {
            (Some(before), Some(version)) => version > before,
            _ => false,
        };
        if self.all.get(name).is_none_or(higher) {
            self.all.insert(name.to_owned(), version.to_owned());
        }
    }

    fn host(&mut self, address: &str) {
        let address = address.strip_prefix("git+").unwrap_or(address);
        let Some(rest) = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://")) else {
            return;
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
        let host = authority.rsplit('@').next().unwrap_or(authority);
        let public = [
            "registry.npmjs.org",
            "registry.yarnpkg.com",
            "npm.jsr.io",
            "github.com",
            "codeload.github.com",
            "pkg.pr.new",
            "",
        ];
        if !public.contains(&host) {
            *self.private_hosts.entry(host.to_owned()).or_default() += 1;
        }
    }

    fn npm(&mut self, json: &Value, folder: &str, dependencies: &BTreeMap<String, String>) {
        if let Some(packages) = json["packages"].as_object() {
            let mut top = BTreeMap::new();
            for (path, package) in packages {
                self.host(package["resolved"].as_str().unwrap_or(""));
                // A workspace is a link to where it lies.
                let linked = package["link"].as_bool() == Some(true);
                let target = if linked {
                    package["resolved"].as_str().and_then(|path| packages.get(path))
                } else {
                    Some(package)
                };
                let version = target.and_then(|target| target["version"].as_str()).unwrap_or(if linked {
                    "0.0.0"
                } else {
                    ""
                });
                let Some((_, name)) = path.rsplit_once("node_modules/") else {
                    continue;
                };
                if version.is_empty() {
                    continue;
                }
                self.note(name, version);
                if path.strip_prefix("node_modules/") == Some(name) {
                    top.insert(name.to_owned(), version.to_owned());
                }
                let own = format!("{folder}/node_modules/{name}");
                if !folder.is_empty() && *path == own {
                    self.direct.insert(name.to_owned(), (None, version.to_owned()));
                }
            }
            for name in dependencies.keys() {
                if let Some(version) = top.get(name) {
                    self.direct.entry(name.clone()).or_insert_with(|| (None, version.clone()));
                }
            }
            self.all.extend(top);
        } else if let Some(tree) = json["dependencies"].as_object() {
            let mut open: Vec<_> = tree.iter().map(|(name, package)| (name, package, true)).collect();
            while let Some((name, package, top)) = open.pop() {
                self.host(package["resolved"].as_str().unwrap_or(""));
                if let Some(version) = package["version"].as_str() {
                    self.note(name, version);
                    if top {
                        self.direct.insert(name.clone(), (None, version.to_owned()));
                    }
                }
                open.extend(
                    package["dependencies"]
                        .as_object()
                        .into_iter()
                        .flatten()
                        .map(|(name, package)| (name, package, false)),
                );
            }
        }
    }

    fn bun(&mut self, json: &Value, folder: &str) {
        let workspace = &json["workspaces"][folder];
        for (path, entry) in json["packages"].as_object().into_iter().flatten() {
            let Some((name, version)) = entry[0].as_str().and_then(split_name) else {
                continue;
            };
            self.host(entry[1].as_str().unwrap_or(""));
            self.note(name, version);
            // `parent/name` is nested; `name` and `@scope/name` are at the top.
            if path == name {
                self.all.insert(name.to_owned(), version.to_owned());
            }
        }
        for kind in ["dependencies", "devDependencies", "optionalDependencies"] {
            for (name, range) in workspace[kind].as_object().into_iter().flatten() {
                let own =
                    &json["packages"][format!("{}/{name}", workspace["name"].as_str().unwrap_or(""))][0];
                let own = own.as_str().and_then(split_name).map(|(_, version)| version.to_owned());
                // The key is the name it is installed under; an alias has another package behind it.
                let at_top = json["packages"][name][0]
                    .as_str()
                    .and_then(split_name)
                    .map(|(_, version)| version.to_owned());
                if let Some(version) = own.or(at_top) {
                    self.direct.insert(name.clone(), (range.as_str().map(str::to_owned), version));
                }
            }
        }
    }

    fn pnpm(&mut self, text: &str, folder: &str) {
        let importer = if folder.is_empty() { "." } else { folder };
        let mut specifiers: BTreeMap<String, String> = BTreeMap::new();
        let mut versions: BTreeMap<String, String> = BTreeMap::new();
        for (path, value) in scalars(text) {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            let mut place = &path[..];
            if let ["importers", which, rest @ ..] = place {
                if *which != importer {
                    continue;
                }
                place = rest;
            }
            match place {
                ["packages", key, rest @ ..] => {
                    let key = key.trim_start_matches('/');
                    let key = key.split('(').next().unwrap_or(key);
                    // Before version 6 a key was `/name/1.2.3`.
                    let named = split_name(key).or_else(|| key.rsplit_once('/'));
                    if let Some((name, version)) = named {
                        self.note(name, version.split('_').next().unwrap_or(version));
                    }
                    if let Some(at) = value.find("tarball:")
                        && rest.last() == Some(&"resolution")
                    {
                        self.host(value[at + 8..].trim().trim_matches(['\'', '"']));
                    }
                    if rest == ["resolution", "tarball"] {
                        self.host(&value);
                    }
                }
                ["dependencies" | "devDependencies" | "optionalDependencies", name, "specifier"]
                | ["specifiers", name] => {
                    specifiers.insert((*name).to_owned(), value);
                }
                ["dependencies" | "devDependencies" | "optionalDependencies", name]
                | ["dependencies" | "devDependencies" | "optionalDependencies", name, "version"]
                    if !value.is_empty() =>
                {
                    let version = value.split(['(', '_']).next().unwrap_or(&value);
                    // An alias is locked as `other@1.2.3`.
                    let version = split_name(version).map_or(version, |(_, version)| version);
                    versions.insert((*name).to_owned(), version.to_owned());
                }
                _ => {}
            }
        }
        for (name, version) in versions {
            self.direct.insert(name.clone(), (specifiers.remove(&name), version));
        }
    }

    fn yarn(&mut self, text: &str, dependencies: &BTreeMap<String, String>) {
        let mut keys: Vec<String> = Vec::new();
        for line in text.lines() {
            if line.starts_with('#') || line.trim().is_empty() {
                continue;
            }
            if !line.starts_with(' ') {
                let line = line.trim_end().trim_end_matches(':');
                keys = line.split(", ").map(|key| key.trim_matches('"').to_owned()).collect();
                continue;
            }
            let line = line.trim();
            let value = |key: &str| {
                line.strip_prefix(key).map(|value| value.trim_start_matches(':').trim().trim_matches('"'))
            };
            if let Some(address) = value("resolved ") {
                self.host(address);
            } else if let Some(version) = value("version") {
                for key in &keys {
                    let Some((name, range)) = split_name(key) else {
                        continue;
                    };
                    self.note(name, version);
                    let same =
                        |wanted: &String| wanted == range || range.strip_prefix("npm:") == Some(wanted);
                    if dependencies.get(name).is_some_and(same) {
                        self.direct
                            .insert(name.to_owned(), (dependencies.get(name).cloned(), version.to_owned()));
                    }
                }
            }
        }
    }
}

/// `@scope/name@1.2.3` into name and what follows.
fn split_name(key: &str) -> Option<(&str, &str)> {
    let at = key.char_indices().skip(1).find(|(_, character)| *character == '@')?.0;
    Some((&key[..at], &key[at + 1..]))
}

/// The scalars of a pnpm lockfile: block mappings only, a flow mapping is one scalar.
fn scalars(text: &str) -> Vec<(Vec<String>, String)> {
    let mut found = Vec::new();
    let mut open: Vec<(usize, String)> = Vec::new();
    for line in text.lines() {
        let body = line.trim_start();
        if body.is_empty() || body.starts_with('#') || body.starts_with("- ") {
            continue;
        }
        let depth = line.len() - body.len();
        // A quoted key may hold a colon.
        let (key, value) = match body.chars().next().filter(|first| matches!(first, '\'' | '"')) {
            Some(quote) => {
                let Some(end) = body[1..].find(quote) else {
                    continue;
                };
                (&body[1..=end], body[end + 2..].trim_start().trim_start_matches(':'))
            }
            None => match body.split_once(": ").or_else(|| body.strip_suffix(':').map(|key| (key, ""))) {
                Some(pair) => pair,
                None => continue,
            },
        };
        open.retain(|(at, _)| *at < depth);
        open.push((depth, key.to_owned()));
        let value = value.trim().trim_matches(['\'', '"']);
        if !value.is_empty() {
            found.push((open.iter().map(|(_, key)| key.clone()).collect(), value.to_owned()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::Lock;
    use std::collections::BTreeMap;

    fn check(
        name: &str,
        text: &str,
        dependencies: &[(&str, &str)],
    ) -> (bool, BTreeMap<String, String>, BTreeMap<String, usize>) {
        let dependencies =
            dependencies.iter().map(|(name, range)| ((*name).to_owned(), (*range).to_owned())).collect();
        let lock = Lock::read(name, text, "", &dependencies).unwrap();
        (lock.in_sync(&dependencies), lock.resolved(), lock.private_hosts)
    }

    #[test]
    fn npm_locks_of_every_age_are_read() {
        let third = r#"{"lockfileVersion":3,"packages":{"":{"name":"a"},"node_modules/vite":{"version":"5.4.1"},
            "node_modules/x/node_modules/vite":{"version":"9.0.0"}}}"#;
        let (in_sync, resolved, _) = check("package-lock.json", third, &[("vite", "^5.4.0")]);
        assert!(in_sync);
        assert_eq!(resolved["vite"], "5.4.1");
        let first = r#"{"lockfileVersion":1,"dependencies":{"vite":{"version":"5.4.1"}}}"#;
        assert!(check("package-lock.json", first, &[("vite", "^5.4.0")]).0);
        assert!(!check("package-lock.json", third, &[("vite", "^6.0.0")]).0, "a range that moved on");
        assert!(
            !check("package-lock.json", third, &[("react", "^18.0.0")]).0,
            "a dependency that is missing"
        );
    }

    #[test]
    fn pnpm_locks_tell_specifier_and_version() {
        let text = "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      '@scope/part':\n        specifier: ^1.0.0\n        \
                    version: 1.2.0(react@19.0.0)\n      next:\n        specifier: 15.2.4\n        version: 15.2.4(react@19.0.0)\n\npackages:\n\n  \
                    '@scope/part@1.2.0':\n    resolution: {integrity: sha512-x, tarball: https://npm.example.org/p.tgz}\n  \
                    deep@3.0.0:\n    resolution: {integrity: sha512-y}\n";
        let (in_sync, resolved, hosts) =
            check("pnpm-lock.yaml", text, &[("next", "15.2.4"), ("@scope/part", "^1.0.0")]);
        assert!(in_sync);
        assert_eq!(resolved["@scope/part"], "1.2.0");
        assert_eq!(resolved["deep"], "3.0.0");
        assert_eq!(hosts["npm.example.org"], 1);
        assert!(
            !check(
                "pnpm-lock.yaml",
                "lockfileVersion: '9.0'\nsettings:\n  autoInstallPeers: true\n",
                &[("next", "15")]
            )
            .0,
            "a stub"
        );
    }

    #[test]
    fn yarn_locks_of_both_kinds_are_read() {
        let classic = "# yarn lockfile v1\n\n\"@a/b@^1.0.0\", \"@a/b@^1.1.0\":\n  version \"1.2.0\"\n  resolved \"https://registry.yarnpkg.com/b\"\n";
        assert!(check("yarn.lock", classic, &[("@a/b", "^1.1.0")]).0);
        let berry = "__metadata:\n  version: 8\n\n\"@a/b@npm:^1.1.0\":\n  version: 1.2.0\n  resolution: \"@a/b@npm:1.2.0\"\n";
        let (in_sync, resolved, _) = check("yarn.lock", berry, &[("@a/b", "^1.1.0")]);
        assert!(in_sync);
        assert_eq!(resolved["@a/b"], "1.2.0");
        assert!(!check("yarn.lock", berry, &[("@a/b", "^2.0.0")]).0);
    }

    #[test]
    fn bun_locks_tell_private_hosts() {
        let text = r#"{"lockfileVersion":1,"workspaces":{"":{"name":"a","dependencies":{"vite":"^5.0.0","alias":"npm:real@^2"}}},"packages":{
            "vite":["vite@5.4.1","https://packages.example.org/vite.tgz",{},"sha512-x"],"alias":["real@2.1.0","",{},""],
            "x/vite":["vite@6.0.0","",{},""]}}"#;
        let (in_sync, resolved, hosts) =
            check("bun.lock", text, &[("vite", "^5.0.0"), ("alias", "npm:real@^2")]);
        assert!(in_sync);
        assert_eq!(resolved["vite"], "5.4.1");
        assert_eq!(hosts["packages.example.org"], 1);
    }
}

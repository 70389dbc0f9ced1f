//! From a specifier to a file: tsconfig and jsconfig paths, Vite's aliases, Deno's import maps, packages of the workspace,
//! extensions and `index` files.

use crate::package::Package;
use crate::{File, below, find, join};
use edit::FileId;
use serde_json::Value;
use std::collections::BTreeSet;
use syntax::{Tree, view};

/// Everything that gives a specifier a meaning other than a relative path.
#[derive(Clone, Debug, Default)]
pub(crate) struct Resolver {
    /// The deepest folder first: its rules are asked first.
    folders: Vec<Folder>,
    /// Name and folder of every package of the project that has a name, with its entry.
    packages: Vec<(String, String, Option<FileId>)>,
    /// Folders with a `package.json`, the deepest first.
    roots: Vec<String>,
}

/// The rules that hold below one folder.
#[derive(Clone, Debug)]
struct Folder {
    folder: String,
    rules: Vec<Rule>,
}

/// `@/*` stands for `src/*`. At most one `*` on each side; paths are seen from the project root.
#[derive(Clone, Debug)]
struct Rule {
    pattern: String,
    targets: Vec<String>,
}

impl Rule {
    /// The paths that `specifier` may mean.
    fn apply<'r>(&'r self, specifier: &'r str) -> Option<impl Iterator<Item = String> + 'r> {
        let star = match self.pattern.split_once('*') {
            Some((before, after)) => specifier.strip_prefix(before)?.strip_suffix(after)?,
            None if self.pattern == specifier => "",
            None => return None,
        };
        Some(self.targets.iter().map(move |target| target.replacen('*', star, 1)))
    }
}

impl Resolver {
    pub(crate) fn of(files: &[File], packages: &[Package]) -> Self {
        let mut folders: Vec<Folder> = Vec::new();
        let mut add =
            |folder: &str, rules: Vec<Rule>| match folders.iter_mut().find(|known| known.folder == folder) {
                Some(known) => known.rules.extend(rules),
                None => folders.push(Folder { folder: folder.to_owned(), rules }),
            };
        // tsconfig comes before Vite's aliases where both name one pattern: it is what the editor and the type check follow.
        for file in files.iter().filter(|file| matches!(file.path.name(), "tsconfig.json" | "jsconfig.json"))
        {
            add(file.path.folder(), config_rules(files, file));
        }
        for file in files {
            let name = file.path.name();
            if name.starts_with("vite.config.") {
                add(file.path.folder(), vite_rules(file));
            } else if matches!(name, "deno.json" | "deno.jsonc" | "import_map.json") {
                add(file.path.folder(), import_map_rules(file));
            }
        }
        let deepest_first = |one: &str, other: &str| other.len().cmp(&one.len()).then_with(|| one.cmp(other));
        folders.retain(|folder| !folder.rules.is_empty());
        folders.sort_by(|one, other| deepest_first(&one.folder, &other.folder));
        for folder in &mut folders {
            // The longest text before the star is the most specific; stable, so tsconfig stays before Vite.
            folder.rules.sort_by_key(|rule| {
                let exact = !rule.pattern.contains('*');
                (!exact, std::cmp::Reverse(rule.pattern.find('*').unwrap_or(rule.pattern.len())))
            });
        }
        let mut roots: Vec<String> = packages.iter().map(|package| package.folder.clone()).collect();
        roots.sort_by(|one, other| deepest_first(one, other));
        let named = packages.iter().filter(|package| !package.folder.is_empty());
        let packages = named
            .filter_map(|package| {
                Some((package.name.clone()?, package.folder.clone(), entry(files, package)))
            })
            .collect();
        Self { folders, packages, roots }
    }

    /// The file that `specifier` means in the file at `from`.
    pub(crate) fn resolve(&self, files: &[File], from: &str, specifier: &str) -> Option<FileId> {
        let specifier = specifier.split('?').next().unwrap_or(specifier);
        let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
        if specifier.is_empty() || specifier.contains("://") || specifier.contains('\0') {
            return None;
        }
        if specifier.starts_with("./")
            || specifier.starts_with("../")
            || specifier == "."
            || specifier == ".."
        {
            return at_path(files, join_or_root(folder, specifier)?.as_str());
        }
        let root = self.roots.iter().find(|root| below(folder, root).is_some()).map_or("", String::as_str);
        if let Some(path) = specifier.strip_prefix('/') {
            return at_path(files, join(root, path)?.as_str())
                .or_else(|| at_path(files, join(&format!("{root}/public"), path)?.as_str()));
        }
        let rules = self
            .folders
            .iter()
            .filter(|known| below(folder, &known.folder).is_some())
            .flat_map(|known| &known.rules);
        let mut configured = false;
        for rule in rules {
            let Some(mut meant) = rule.apply(specifier) else { continue };
            if let Some(found) = meant.find_map(|path| at_path(files, &path)) {
                return Some(found);
            }
            configured |= rule.pattern != "*";
        }
        for (name, folder, entry) in &self.packages {
            if let Some(path) = specifier.strip_prefix(name.as_str()) {
                match path.strip_prefix('/') {
                    None if path.is_empty() => return *entry,
                    None => {}
                    Some(path) => {
                        let inside = at_path(files, join(folder, path)?.as_str());
                        return inside
                            .or_else(|| at_path(files, join(&format!("{folder}/src"), path)?.as_str()));
                    }
                }
            }
        }
        // Without any configuration the builders mean the source folder.
        let path = specifier.strip_prefix("@/").or_else(|| specifier.strip_prefix("~/"));
        let path = path.filter(|_| !configured)?;
        at_path(files, join(&format!("{root}/src"), path)?.as_str())
            .or_else(|| at_path(files, join(root, path)?.as_str()))
    }

    /// A pattern of `import.meta.glob` as a pattern of paths from the project root.
    pub(crate) fn pattern(&self, from: &str, pattern: &str) -> Option<String> {
        let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
        let root = self.roots.iter().find(|root| below(folder, root).is_some()).map_or("", String::as_str);
        if pattern.starts_with('.') {
            return join(folder, pattern).map(String::from);
        }
        if let Some(path) = pattern.strip_prefix('/') {
            return join(root, path).map(String::from);
        }
        let rules = self
            .folders
            .iter()
            .filter(|known| below(folder, &known.folder).is_some())
            .flat_map(|known| &known.rules);
        rules.filter_map(|rule| rule.apply(pattern)).flatten().next()
    }
}

/// The folder itself may be the root, which is no path: `import "."` there means its `index`.
fn join_or_root(folder: &str, specifier: &str) -> Option<String> {
    match join(folder, specifier) {
        Some(path) => Some(path.into()),
        None => {
            let depth = folder.split('/').filter(|part| !part.is_empty()).count();
            let up = specifier.split('/').filter(|part| *part == "..").count();
            (up <= depth && specifier.split('/').all(|part| matches!(part, "." | ".." | "")))
                .then(String::new)
        }
    }
}

const EXTENSIONS: &[&str] = &["ts", "tsx", "js", "jsx", "mjs", "cjs", "mts", "cts", "d.ts", "json"];

/// The file at `path`, with an extension to be found, or as a folder with an `index`. `./x.js` may mean `x.ts`.
fn at_path(files: &[File], path: &str) -> Option<FileId> {
    let file = |path: &str| find(files, path).map(|file| file.id);
    if let Some(found) = file(path) {
        return Some(found);
    }
    if let Some((stem, extension)) = path.rsplit_once('.') {
        let written: &[&str] = match extension {
            "js" => &["ts", "tsx", "jsx"],
            "jsx" => &["tsx"],
            "mjs" => &["mts"],
            "cjs" => &["cts"],
            _ => &[],
        };
        if let Some(found) = written.iter().find_map(|extension| file(&format!("{stem}.{extension}"))) {
            return Some(found);
        }
    }
    let index = if path.is_empty() { "index".to_owned() } else { format!("{path}/index") };
    let with = |stem: &str| EXTENSIONS.iter().find_map(|extension| file(&format!("{stem}.{extension}")));
    with(path).or_else(|| with(&index))
}

/// What a package of the project gives when it is imported by its name.
fn entry(files: &[File], package: &Package) -> Option<FileId> {
    let exports = &package.json["exports"];
    let dot = if exports["."].is_null() { exports } else { &exports["."] };
    let named = [
        &package.json["source"],
        dot,
        &dot["import"],
        &dot["default"],
        &package.json["module"],
        &package.json["main"],
    ];
    let named = named.into_iter().filter_map(Value::as_str).chain(["src/index", "index"]);
    named.filter_map(|path| join(&package.folder, path)).find_map(|path| at_path(files, path.as_str()))
}

/// `paths` and `baseUrl` of a tsconfig, of what it extends and of what it refers to.
fn config_rules(files: &[File], config: &File) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    let mut seen = BTreeSet::new();
    let mut open = std::collections::VecDeque::from([config]);
    let mut base_rules = Vec::new();
    while let Some(config) = open.pop_front() {
        if !seen.insert(config.id) {
            continue;
        }
        let Some(json) = crate::json(&config.text) else {
            continue;
        };
        let folder = config.path.folder();
        let options = &json["compilerOptions"];
        let base = options["baseUrl"].as_str();
        let from = |path: &str| join(&format!("{folder}/{}", base.unwrap_or("")), path).map(String::from);
        for (pattern, targets) in options["paths"].as_object().into_iter().flatten() {
            if pattern == "*" || rules.iter().any(|rule| rule.pattern == *pattern) {
                continue;
            }
            let targets =
                targets.as_array().into_iter().flatten().filter_map(Value::as_str).filter_map(from).collect();
            rules.push(Rule { pattern: pattern.clone(), targets });
        }
        if base.is_some()
            && let Some(target) = from("*")
        {
            base_rules.push(Rule { pattern: "*".to_owned(), targets: vec![target] });
        }
        let extended = match &json["extends"] {
            Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
            one => one.as_str().into_iter().collect::<Vec<_>>(),
        };
        let referred = json["references"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|reference| reference["path"].as_str());
        for path in extended.into_iter().filter(|path| path.starts_with('.')).chain(referred) {
            let Some(path) = join(folder, path) else {
                continue;
            };
            let names = [path.to_string(), format!("{path}.json"), format!("{path}/tsconfig.json")];
            open.extend(names.iter().find_map(|name| find(files, name)));
        }
    }
    rules.extend(base_rules);
    rules
}

/// `resolve.alias` of a Vite config, where the target is spelled with literals.
fn vite_rules(file: &File) -> Vec<Rule> {
    if !file.text.contains("alias") {
        return Vec::new();
    }
    let Some((tree, _)) = file.syntax() else {
        return Vec::new();
    };
    let mut rules = Vec::new();
    view::walk(tree.root(), &mut |node| {
        if node.kind() == "object" {
            for (key, _, value) in view::pairs(tree, node) {
                if key != "alias" {
                    continue;
                }
                let value = view::unwrapped(value);
                let mut add = |name: &str, target: syntax::Node<'_>| {
                    let Some(target) =
                        literal_path(tree, target).and_then(|path| join(file.path.folder(), &path))
                    else {
                        return;
                    };
                    let name = name.trim_end_matches('/');
                    rules.push(Rule { pattern: name.to_owned(), targets: vec![target.to_string()] });
                    rules.push(Rule { pattern: format!("{name}/*"), targets: vec![format!("{target}/*")] });
                };
                if value.kind() == "object" {
                    for (name, _, target) in view::pairs(tree, value) {
                        add(&name, target);
                    }
                } else if value.kind() == "array" {
                    for item in value.named_children() {
                        let pairs = view::pairs(tree, item);
                        let of = |wanted: &str| {
                            pairs.iter().find(|(key, ..)| key == wanted).map(|(.., value)| *value)
                        };
                        if let (Some(found), Some(replacement)) = (of("find"), of("replacement"))
                            && let Some(name) = view::string_value(tree, found)
                        {
                            add(&name, replacement);
                        }
                    }
                }
            }
        }
        true
    });
    rules
}

/// `"./src"`, `path.resolve(__dirname, "./src")`, `fileURLToPath(new URL("./src", import.meta.url))`: the literals, joined.
fn literal_path(tree: &Tree, node: syntax::Node<'_>) -> Option<String> {
    let mut parts = Vec::new();
    view::walk(node, &mut |node| match view::string_value(tree, node) {
        Some(part) => {
            parts.push(part.trim_start_matches('/').to_owned());
            false
        }
        None => true,
    });
    (!parts.is_empty()).then(|| parts.join("/"))
}

/// `imports` of Deno: keys that end in `/` stand for a folder.
fn import_map_rules(file: &File) -> Vec<Rule> {
    let Some(json) = crate::json(&file.text) else {
        return Vec::new();
    };
    let local = json["imports"].as_object().into_iter().flatten().filter_map(|(name, target)| {
        let target = target.as_str().filter(|target| target.starts_with('.'))?;
        let folder = name.ends_with('/');
        let target = join(file.path.folder(), target)?.to_string();
        let star = |text: String| {
            if folder { format!("{}/*", text.trim_end_matches('/')) } else { text }
        };
        Some(Rule { pattern: star(name.clone()), targets: vec![star(target)] })
    });
    local.collect()
}

//! READ. A directory becomes an immutable [`Project`]: its files as text, packages, app roots, module graph.
//! The only crate below `apply` that touches the disk.
//!
//! [`walk`] brings the files, [`content`] says what each is, this module parses them all at once, [`package`] finds manifests,
//! lockfiles and apps, [`graph`] joins the files by their imports, and [`vcs`] asks git. A syntax tree is many times as large as its
//! text: every file is parsed once for its imports, and the tree is kept only where a later question about it is likely.

mod content;
pub mod graph;
mod ignored;
pub mod package;
pub mod vcs;
mod walk;

use anyhow::{Context, bail};
use edit::{FileId, RelPath, Span};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use syntax::{Language, Parse, Tree, module::Module, scope::Scopes};
use walk::Loaded;

/// What kind of content a file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// JavaScript or TypeScript.
    Code(Language),
    /// JSON or JSONC.
    Json,
    /// TOML.
    Toml,
    /// YAML.
    Yaml,
    /// `.env` and its like.
    Env,
    /// SQL.
    Sql,
    /// HTML.
    Html,
    /// CSS and its like.
    Css,
    /// Markdown.
    Markdown,
    /// Other text.
    Text,
    /// Not text: only its path is known.
    Binary,
}

/// Why a file's content is not looked at; it is listed all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skipped {
    /// Below `node_modules`, `dist`, `.next`, `build`, … or minified, or marked as generated bundle.
    BuildOutput,
    /// Over the size limit (4 MiB).
    TooLarge,
    /// Not UTF-8 (UTF-16 among them).
    Encoding,
    /// A symbolic link; never followed.
    Link,
    /// Could not be read.
    Unreadable,
}

/// One file.
#[derive(Debug)]
pub struct File {
    /// Its place in [`Project::files`].
    pub id: FileId,
    /// Where.
    pub path: RelPath,
    /// What.
    pub kind: Kind,
    /// The text as it stands, BOM included; empty when binary or skipped. A `.gitignore` in another encoding is skipped, for it
    /// cannot be edited, and yet has its text: its rules hold.
    pub text: Arc<str>,
    /// blake3 of the bytes on disk, hex.
    pub hash: String,
    /// Why the content was not taken.
    pub skipped: Option<Skipped>,
    /// Whether git tracks it; without git, whether it would be committed: no `.gitignore` names it.
    pub tracked: bool,
    /// Unix mode bits, `0o644` elsewhere.
    pub mode: u32,
    /// Imports and exports; empty for what is not code.
    pub module: Module,
    /// Imports (indices into `module.imports`) of which nothing is left after compilation, though they do not say `type`: every name
    /// is used as a type or not at all. TypeScript only.
    pub elided: Vec<usize>,
    /// How it parsed; `None` if it was not parsed.
    pub parse: Option<Parse>,
    tree: OnceLock<Option<Arc<(Tree, Scopes)>>>,
    lines: OnceLock<Vec<u32>>,
}

impl File {
    /// Its tree and scopes, parsed at first use and kept. `None` for what is not code or was skipped.
    pub fn syntax(&self) -> Option<(&Tree, &Scopes)> {
        let parsed = self.tree.get_or_init(|| {
            let tree = self.parsed()?;
            let scopes = Scopes::of(&tree);
            Some(Arc::new((tree, scopes)))
        });
        parsed.as_ref().map(|parsed| (&parsed.0, &parsed.1))
    }

    /// Its tree, for one look: not kept unless it already is.
    fn parsed(&self) -> Option<Tree> {
        match self.kind {
            Kind::Code(language) if self.skipped.is_none() => Some(Tree::parse(self.text.clone(), language)),
            _ => None,
        }
    }

    /// The span of bytes of this file.
    pub fn span(&self, range: std::ops::Range<usize>) -> Span {
        Span::new(self.id, range)
    }

    /// Line and column of a byte, both from 1; columns count characters, a BOM apart. A byte past the end means the end.
    pub fn line_column(&self, byte: usize) -> (usize, usize) {
        let starts = self.lines.get_or_init(|| {
            let newlines = self.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            std::iter::once(0).chain(newlines.map(|(at, _)| at as u32 + 1)).collect()
        });
        let byte = byte.min(self.text.len());
        let line = starts.partition_point(|start| *start as usize <= byte);
        let start = starts[line - 1] as usize;
        let column = self.text[start..]
            .char_indices()
            .take_while(|(at, character)| start + at + character.len_utf8() <= byte);
        let column = column.filter(|(at, character)| !(start + at == 0 && *character == '\u{feff}')).count();
        (line, column + 1)
    }
}

/// A whole export, read once.
#[derive(Debug)]
pub struct Project {
    /// The folder that was given, absolute.
    pub root: PathBuf,
    /// All files, sorted by path. `.git` is left out; `node_modules` and build output are listed by folder only (one entry in
    /// [`Project::output_folders`]), not file by file.
    pub files: Vec<File>,
    /// Build output and `node_modules`: folder, and whether git tracks any of it (without git: whether no `.gitignore` names it).
    pub output_folders: Vec<(RelPath, bool)>,
    /// Every `package.json` that parses.
    pub packages: Vec<package::Package>,
    /// The apps in it: the nearest package that declares a framework and has its entry. Sorted; the first is the main one.
    /// More than one candidate of the same kind is ambiguous, see [`Project::ambiguous_roots`].
    pub apps: Vec<package::App>,
    /// Folders (`""` for the root) between which the program must not choose: two ages of one app.
    pub ambiguous_roots: Vec<String>,
    /// Who imports whom.
    pub graph: graph::Graph,
    /// What git says.
    pub vcs: vcs::Vcs,
    /// The app root that was asked for.
    chosen: Option<String>,
    ignored: OnceLock<ignored::Rules>,
}

/// What a project is joined from.
struct Parts {
    root: PathBuf,
    files: Vec<File>,
    output_folders: Vec<(RelPath, bool)>,
    vcs: vcs::Vcs,
}

/// How to read.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// Look at ignored files too (`--no-ignore`). Env files are always read.
    pub no_ignore: bool,
    /// The app root to take (`--root`), relative.
    pub app_root: Option<String>,
}

impl Project {
    /// Reads the folder. Errors: not there, not a folder, not readable, `app_root` without a package - each a sentence.
    pub fn read(root: &Path, options: &ReadOptions) -> anyhow::Result<Self> {
        let shown = root.display();
        let metadata = match std::fs::metadata(root) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                bail!(
                    "`{shown}` does not exist. Give the folder that holds the export, such as `migrate audit path/to/export`."
                )
            }
            Err(error) => {
                return Err(error)
                    .with_context(|| format!("`{shown}` cannot be read. Check its permissions."));
            }
        };
        if !metadata.is_dir() {
            bail!(
                "`{shown}` is a file, not a folder. Unpack an archive first, then give the folder that holds the export."
            );
        }
        let root = root
            .canonicalize()
            .with_context(|| format!("`{shown}` cannot be read. Check its permissions."))?;
        std::fs::read_dir(&root)
            .with_context(|| format!("`{shown}` cannot be listed. Check its permissions."))?;
        let (vcs, tracked) = vcs::state(&root);
        let tree = walk::read(&root, options, tracked.as_ref(), vcs.top.as_deref());
        let files = parsed(tree.files, |_| None);
        let wanted =
            options.app_root.as_deref().map(|wanted| wanted.trim_start_matches("./").trim_matches('/'));
        let wanted = wanted.map(|wanted| if wanted == "." { "" } else { wanted });
        let project = Self::joined(Parts { root, files, output_folders: tree.output_folders, vcs }, wanted);
        if let Some(wanted) = wanted
            && !project.packages.iter().any(|package| package.folder == wanted)
        {
            bail!(
                "`{shown}` holds no package.json in `{wanted}`. Give `--root` a folder with one, relative to `{shown}`."
            );
        }
        Ok(project)
    }

    /// A project from texts alone: for tests, and for the recheck of a planned tree. No git, no disk; what no
    /// `.gitignore` among them names is tracked.
    /// `root` is only a name. Of two texts with one path the last counts.
    pub fn from_texts(root: &Path, files: Vec<(RelPath, String)>) -> Self {
        let unique: BTreeMap<RelPath, String> = files.into_iter().collect();
        let tree = walk::from_texts(unique.into_iter().collect());
        let files = parsed(tree.files, |_| None);
        let parts = Parts {
            root: root.to_owned(),
            files,
            output_folders: tree.output_folders,
            vcs: vcs::Vcs::default(),
        };
        Self::joined(parts, None)
    }

    /// The tree after a plan: changed texts replaced, new files added, deleted ones (`None`) gone; all else (packages, graph) made
    /// anew, git state carried over (`untracked` names the files, and the folders of build output, that are no longer tracked). Unchanged files keep their trees.
    pub fn planned(&self, texts: Vec<(RelPath, Option<String>)>, untracked: &[RelPath]) -> Self {
        let changed: BTreeMap<RelPath, Option<String>> = texts.into_iter().collect();
        let kept = self.files.iter().filter(|file| !changed.contains_key(&file.path)).map(|file| Loaded {
            path: file.path.clone(),
            kind: file.kind,
            text: file.text.clone(),
            hash: file.hash.clone(),
            skipped: file.skipped,
            tracked: file.tracked,
            mode: file.mode,
        });
        let written = changed.iter().filter_map(|(path, text)| {
            let mut loaded = walk::of_text(path.clone(), text.clone()?);
            loaded.mode = self.file(path.as_str()).map_or(0o644, |before| before.mode);
            Some(loaded)
        });
        let mut loaded: Vec<Loaded> = kept.chain(written).collect();
        walk::track_what_is_not_ignored(&mut loaded);
        for file in &mut loaded {
            // What git tracks it goes on tracking, ignored or not.
            file.tracked = self.file(file.path.as_str()).map_or(file.tracked, |before| before.tracked);
        }
        for file in &mut loaded {
            file.tracked &= !untracked.contains(&file.path);
        }
        let files =
            parsed(loaded, |path| if changed.contains_key(path) { None } else { self.file(path.as_str()) });
        let parts = Parts {
            root: self.root.clone(),
            files,
            output_folders: self
                .output_folders
                .iter()
                .map(|(folder, tracked)| (folder.clone(), *tracked && !untracked.contains(folder)))
                .collect(),
            vcs: self.vcs.clone(),
        };
        Self::joined(parts, self.chosen.as_deref())
    }

    fn joined(parts: Parts, chosen: Option<&str>) -> Self {
        let packages = package::packages(&parts.files);
        let (apps, ambiguous_roots) = package::apps::apps(&parts.files, &packages, chosen);
        let graph = graph::Graph::of(&parts.files, &packages);
        Self {
            root: parts.root,
            files: parts.files,
            output_folders: parts.output_folders,
            packages,
            apps,
            ambiguous_roots,
            graph,
            vcs: parts.vcs,
            chosen: chosen.map(str::to_owned),
            ignored: OnceLock::new(),
        }
    }

    /// The file at `path`.
    pub fn file(&self, path: &str) -> Option<&File> {
        self.files.binary_search_by(|file| file.path.as_str().cmp(path)).ok().map(|at| &self.files[at])
    }

    /// Whether a file at `path` would be left out of git by the `.gitignore` files of the tree.
    pub fn ignores_file(&self, path: &str) -> bool {
        self.ignore_rules().ignore_file(path)
    }

    /// Whether a folder at `path` would be left out of git by the `.gitignore` files of the tree.
    pub fn ignores_folder(&self, path: &str) -> bool {
        self.ignore_rules().ignore_folder(path)
    }

    fn ignore_rules(&self) -> &ignored::Rules {
        let files = self.files.iter();
        self.ignored.get_or_init(|| ignored::Rules::of(files.map(|file| (&file.path, &*file.text))))
    }

    /// The file of an id.
    pub fn get(&self, id: FileId) -> &File {
        &self.files[id.0 as usize]
    }
}

/// Parses everything at once, sorted by path. `before` gives the file as it was parsed earlier, if its text is the same.
fn parsed<'p>(mut loaded: Vec<Loaded>, before: impl Fn(&RelPath) -> Option<&'p File> + Sync) -> Vec<File> {
    loaded.sort_by(|one, other| one.path.cmp(&other.path));
    let parse = |(at, loaded): (usize, Loaded)| {
        let mut file = File {
            id: FileId(at as u32),
            path: loaded.path,
            kind: loaded.kind,
            text: loaded.text,
            hash: loaded.hash,
            skipped: loaded.skipped,
            tracked: loaded.tracked,
            mode: loaded.mode,
            module: Module::default(),
            elided: Vec::new(),
            parse: None,
            tree: OnceLock::new(),
            lines: OnceLock::new(),
        };
        if let Some(before) = before(&file.path) {
            file.module = before.module.clone();
            file.elided = before.elided.clone();
            file.parse = before.parse;
            file.tree = before.tree.clone();
        } else if let Some(tree) = file.parsed() {
            file.module = Module::of(&tree);
            file.parse = Some(tree.state());
            let looked_at = LOOKED_AT.iter().any(|token| file.text.contains(token));
            let typed =
                !matches!(file.kind, Kind::Code(Language::JavaScript)) && !file.module.imports.is_empty();
            if looked_at || typed {
                let scopes = Scopes::of(&tree);
                // What a broken file uses is not all seen.
                if typed && tree.state() != Parse::Broken {
                    file.elided = elided(&file.module, &scopes);
                }
                if looked_at {
                    file.tree = OnceLock::from(Some(Arc::new((tree, scopes))));
                }
            }
        }
        file
    };
    loaded.into_par_iter().enumerate().map(parse).collect()
}

/// The imports whose names are all used as types or not at all.
fn elided(module: &Module, scopes: &Scopes) -> Vec<usize> {
    let used_as_value: BTreeSet<u32> = scopes
        .references
        .iter()
        .filter(|reference| !reference.in_type)
        .filter_map(|reference| Some(reference.binding?.0))
        .collect();
    // A local name that is exported again counts as used.
    let exported: BTreeSet<&str> = module
        .exports
        .iter()
        .filter(|export| !export.type_only && export.from.is_none())
        .filter_map(|export| export.local.as_deref())
        .collect();
    let bindings: BTreeMap<&str, u32> = (0..)
        .zip(&scopes.bindings)
        .filter(|(_, binding)| binding.declared == syntax::scope::Declared::Import)
        .map(|(at, binding)| (binding.name.as_str(), at))
        .collect();
    let dropped = |name: &syntax::module::ImportName| {
        name.type_only
            || (!exported.contains(name.local.as_str())
                && bindings.get(name.local.as_str()).is_some_and(|binding| !used_as_value.contains(binding)))
    };
    let is_static = |import: &syntax::module::Import| {
        import.kind == syntax::module::ImportKind::Static && !import.names.is_empty()
    };
    let imports = module.imports.iter().enumerate();
    imports
        .filter(|(_, import)| is_static(import) && import.names.iter().all(dropped))
        .map(|(at, _)| at)
        .collect()
}

/// A file that holds one of these will be asked about; the trees of all others are parsed again if they are.
const LOOKED_AT: &[&str] =
    &["env", "supabase", "fetch(", ".from(", "createClient", "apiKey", "secret", "SECRET", "token"];

/// JSON or JSONC, a BOM allowed.
fn json(text: &str) -> Option<serde_json::Value> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    serde_json::from_str(text).ok().or_else(|| syntax::document::json::parse(text))
}

/// The file at `path` among `files`, which are sorted.
fn find<'f>(files: &'f [File], path: &str) -> Option<&'f File> {
    files.binary_search_by(|file| file.path.as_str().cmp(path)).ok().map(|at| &files[at])
}

/// `path` seen from `folder`, `.` and `..` resolved; `None` if it leaves the project.
fn join(folder: &str, path: &str) -> Option<RelPath> {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    RelPath::new(parts.join("/"))
}

/// What of `path` lies below `folder`; all of it below `""`, and `""` if they are the same.
fn below<'p>(path: &'p str, folder: &str) -> Option<&'p str> {
    if folder.is_empty() {
        return Some(path);
    }
    let rest = path.strip_prefix(folder)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
}

/// The files below `folder`, at any depth.
fn below_folder<'f>(files: &'f [File], folder: &str) -> impl Iterator<Item = &'f File> {
    let prefix = format!("{folder}/");
    let first = files.partition_point(|file| file.path.as_str() < prefix.as_str());
    files[first..].iter().take_while(move |file| file.path.as_str().starts_with(&prefix))
}

/// Whether one part of a path matches a pattern in which `*` stands for anything.
fn matches_glob(part: &str, pattern: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or("");
    let Some(mut rest) = part.strip_prefix(first) else {
        return false;
    };
    let pieces: Vec<&str> = pieces.collect();
    let Some((last, middle)) = pieces.split_last() else {
        return rest.is_empty();
    };
    for piece in middle {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests;

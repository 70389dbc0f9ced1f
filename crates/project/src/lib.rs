//! READ. A directory becomes an immutable [`Project`]: its files as text, packages, app roots, module graph.
//! The only crate below `apply` that touches the disk. SKELETON: signatures agreed, bodies to be written.

pub mod graph;
pub mod package;
pub mod vcs;

use edit::{FileId, RelPath, Span};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use syntax::{Language, Parse, Tree, module::Module, scope::Scopes};

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
    /// The text as it stands, BOM included; empty when binary or skipped.
    pub text: Arc<str>,
    /// blake3 of the bytes on disk, hex.
    pub hash: String,
    /// Why the content was not taken.
    pub skipped: Option<Skipped>,
    /// Whether git tracks it (`true` without git).
    pub tracked: bool,
    /// Unix mode bits, `0o644` elsewhere.
    pub mode: u32,
    /// Imports and exports; empty for what is not code.
    pub module: Module,
    /// How it parsed; `None` if it was not parsed.
    pub parse: Option<Parse>,
    tree: OnceLock<Option<(Tree, Scopes)>>,
}

impl File {
    /// Its tree and scopes, parsed at first use and kept. `None` for what is not code or was skipped.
    pub fn syntax(&self) -> Option<(&Tree, &Scopes)> {
        let parsed = self.tree.get_or_init(|| match self.kind {
            Kind::Code(language) if self.skipped.is_none() => {
                let tree = Tree::parse(self.text.clone(), language);
                let scopes = Scopes::of(&tree);
                Some((tree, scopes))
            }
            _ => None,
        });
        parsed.as_ref().map(|(tree, scopes)| (tree, scopes))
    }

    /// The span of bytes of this file.
    pub fn span(&self, range: std::ops::Range<usize>) -> Span {
        Span::new(self.id, range)
    }

    /// Line and column of a byte, both from 1; columns count characters.
    pub fn line_column(&self, _byte: usize) -> (usize, usize) {
        unimplemented!()
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
    /// Committed build output and `node_modules`: folder, and whether git tracks any of it.
    pub output_folders: Vec<(RelPath, bool)>,
    /// Every `package.json` that parses.
    pub packages: Vec<package::Package>,
    /// The apps in it: the nearest package that declares a framework and has its entry. Sorted; the first is the main one.
    /// More than one candidate of the same kind is ambiguous, see [`Project::ambiguous_roots`].
    pub apps: Vec<package::App>,
    /// Roots between which the program must not choose (two ages of one app).
    pub ambiguous_roots: Vec<RelPath>,
    /// Who imports whom.
    pub graph: graph::Graph,
    /// What git says.
    pub vcs: vcs::Vcs,
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
    /// Reads the folder. Errors: not there, not a folder, not readable - each a sentence.
    pub fn read(_root: &Path, _options: &ReadOptions) -> anyhow::Result<Self> {
        unimplemented!()
    }

    /// A project from texts alone: for tests, and for the recheck of a planned tree. No git, no disk; all files tracked unless
    /// `tracked` says otherwise. `root` is only a name.
    pub fn from_texts(_root: &Path, _files: Vec<(RelPath, String)>) -> Self {
        unimplemented!()
    }

    /// The tree after a plan: changed texts replaced, new files added, deleted ones gone; all else (packages, graph) made anew,
    /// git state carried over (`untracked` names the files that are no longer tracked).
    pub fn planned(&self, _texts: Vec<(RelPath, Option<String>)>, _untracked: &[RelPath]) -> Self {
        unimplemented!()
    }

    /// The file at `path`.
    pub fn file(&self, path: &str) -> Option<&File> {
        self.files.binary_search_by(|file| file.path.as_str().cmp(path)).ok().map(|at| &self.files[at])
    }

    /// The file of an id.
    pub fn get(&self, id: FileId) -> &File {
        &self.files[id.0 as usize]
    }
}

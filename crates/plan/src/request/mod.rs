//! Requests: what several authors may want alike. Granted as unions, so they commute; two values for one key are a conflict.
//!
//! The [`Book`] takes the requests of the changes that stand, in order, and says which two contradict each other. What it holds
//! is granted on the planned text of each file, after the merge: one module per kind says how.

pub(crate) mod env;
pub(crate) mod file;
pub(crate) mod import;
pub(crate) mod json;
pub(crate) mod line;
pub(crate) mod module_item;

use crate::content::{Splice, Texts};
use edit::{FileId, Piece, RelPath};
use std::collections::{BTreeMap, BTreeSet};

/// One request.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// A name imported into an existing file, merged into an import of the same module where one stands, in the file's style.
    Import {
        /// The file.
        file: FileId,
        /// Module specifier.
        from: String,
        /// What.
        name: syntax::module::Imported,
        /// What it is called here.
        local: String,
        /// `import type`.
        type_only: bool,
    },
    /// A key of a JSON document (made with `{}` if absent).
    Json {
        /// The document.
        path: RelPath,
        /// Keys from the root.
        key: Vec<String>,
        /// The value.
        value: serde_json::Value,
    },
    /// Removes a key of a JSON document.
    JsonRemove {
        /// The document.
        path: RelPath,
        /// Keys from the root.
        key: Vec<String>,
    },
    /// A line of a list file such as `.gitignore` (made if absent).
    Line {
        /// The file.
        path: RelPath,
        /// Comment line above the lines that are new.
        heading: String,
        /// The line.
        line: String,
    },
    /// `NAME=value` in an env file (made if absent), comment lines above it. Values of secrets are `Piece::Source`.
    Env {
        /// The file (`.env.example`, `.env.local`).
        path: RelPath,
        /// Unix mode if it is made.
        mode: u32,
        /// Section heading, such as `Server only`.
        section: String,
        /// The name.
        name: String,
        /// The value.
        value: Vec<Piece>,
        /// What it is for; one comment line.
        comment: Option<String>,
    },
    /// A whole generated file; equal requests agree.
    File {
        /// Where.
        path: RelPath,
        /// Content.
        pieces: Vec<Piece>,
        /// Unix mode.
        mode: u32,
    },
    /// An item in a generated module that several authors extend (`lib/env.ts`): items are sorted by `order`, then `key`; equal keys
    /// must have equal text. `frame` (text before and after the items) must be equal for all.
    ModuleItem {
        /// The module.
        path: RelPath,
        /// Text around the items.
        frame: (String, String),
        /// Sorts.
        order: u32,
        /// Identity.
        key: String,
        /// Content.
        pieces: Vec<Piece>,
    },
}

/// Why a request cannot be granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The changes that asked for it.
    pub(crate) by: BTreeSet<usize>,
    /// The change that stands against it, if it is one.
    pub(crate) because_of: Option<usize>,
    /// What stands against it, one sentence.
    pub(crate) why: String,
}

impl Refusal {
    fn clash(by: usize, with: usize, why: String) -> Self {
        Self { by: BTreeSet::from([by]), because_of: Some(with), why }
    }
}

/// The document requests of one path.
#[derive(Clone, Debug)]
pub(crate) enum Document {
    /// Keys of a JSON document.
    Json(json::Keys),
    /// Lines of a list.
    Lines(line::Lines),
    /// Entries of an env file.
    Env(env::Entries),
}

/// All requests of the changes that stand.
#[derive(Clone, Debug, Default)]
pub(crate) struct Book {
    /// Imports by file.
    pub(crate) imports: BTreeMap<FileId, Vec<import::Wish>>,
    /// Documents by path.
    pub(crate) documents: BTreeMap<RelPath, Document>,
    /// Whole files.
    pub(crate) files: BTreeMap<RelPath, file::Wish>,
    /// Generated modules.
    pub(crate) modules: BTreeMap<RelPath, module_item::Module>,
}

impl Book {
    /// Takes a request of the change `by`; refused if it contradicts an earlier one.
    pub(crate) fn take(&mut self, texts: Texts<'_, '_>, by: usize, request: &Request) -> Result<(), Refusal> {
        match request {
            Request::Import { file, from, name, local, type_only } => {
                let wish = import::Wish::new(by, from, name, local, *type_only);
                import::take(self.imports.entry(*file).or_default(), wish)
            }
            Request::Json { path, key, value } => {
                match self.document(path, || Document::Json(Default::default())) {
                    Document::Json(keys) => keys.set(by, key, value),
                    _ => Err(mixed(by, path)),
                }
            }
            Request::JsonRemove { path, key } => {
                match self.document(path, || Document::Json(Default::default())) {
                    Document::Json(keys) => keys.remove(by, key),
                    _ => Err(mixed(by, path)),
                }
            }
            Request::Line { path, heading, line } => {
                match self.document(path, || Document::Lines(Default::default())) {
                    Document::Lines(lines) => {
                        lines.add(by, heading, line);
                        Ok(())
                    }
                    _ => Err(mixed(by, path)),
                }
            }
            Request::Env { path, mode, section, name, value, comment } => {
                let entry = env::Wish::new(by, section, name, value, comment.as_deref());
                match self.document(path, || Document::Env(Default::default())) {
                    Document::Env(entries) => entries.add(texts, *mode, entry),
                    _ => Err(mixed(by, path)),
                }
            }
            Request::File { path, pieces, mode } => {
                file::take(&mut self.files, texts, path, file::Wish::new(by, pieces, *mode))
            }
            Request::ModuleItem { path, frame, order, key, pieces } => {
                let item = module_item::Item::new(by, *order, key, pieces);
                module_item::take(&mut self.modules, texts, path, frame, item)
            }
        }
    }

    fn document(&mut self, path: &RelPath, made: impl FnOnce() -> Document) -> &mut Document {
        self.documents.entry(path.clone()).or_insert_with(made)
    }
}

/// A document as planned.
pub(crate) struct Page<'a, 't> {
    /// The original texts.
    pub(crate) texts: Texts<'a, 't>,
    /// Where it is.
    pub(crate) path: &'a RelPath,
    /// Its planned text.
    pub(crate) text: &'a str,
    /// Whether the framework expands `$NAME` in env files, as Vite, Next and Expo do.
    pub(crate) expands: bool,
}

impl Document {
    /// What an absent file of this kind starts as.
    pub(crate) fn blank(&self) -> &'static str {
        match self {
            Document::Json(_) => "{}\n",
            Document::Lines(_) | Document::Env(_) => "",
        }
    }

    /// The Unix mode of a file that is made for it.
    pub(crate) fn mode(&self) -> u32 {
        match self {
            Document::Env(entries) => entries.mode,
            _ => 0o644,
        }
    }

    /// What to splice into the page.
    pub(crate) fn granted(&self, page: &Page<'_, '_>) -> Result<Vec<Splice>, Refusal> {
        match self {
            Document::Json(keys) => keys.granted(page),
            Document::Lines(lines) => Ok(lines.granted(page.text)),
            Document::Env(entries) => entries.granted(page),
        }
    }

    /// The changes that asked for something here.
    pub(crate) fn askers(&self) -> BTreeSet<usize> {
        match self {
            Document::Json(keys) => keys.askers(),
            Document::Lines(lines) => lines.askers(),
            Document::Env(entries) => entries.askers(),
        }
    }
}

fn mixed(by: usize, path: &RelPath) -> Refusal {
    Refusal {
        by: BTreeSet::from([by]),
        because_of: None,
        why: format!("`{path}` is asked for as documents of two kinds."),
    }
}

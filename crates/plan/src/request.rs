//! Requests: what several authors may want alike. Granted as unions, so they commute; two values for one key are a conflict.

use edit::{FileId, Piece, RelPath};

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

//! What a file imports and exports, as data that outlives the tree. SKELETON: signatures agreed, bodies to be written.

use std::ops::Range;

/// What one import name stands for in the other module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Imported {
    /// `import { name }`
    Named(String),
    /// `import name`
    Default,
    /// `import * as name`
    Namespace,
}

/// A local name that an import declares.
#[derive(Clone, Debug)]
pub struct ImportName {
    /// What it is over there.
    pub imported: Imported,
    /// What it is called here.
    pub local: String,
    /// The specifier (`a as b`, `type T`, the default name, `* as ns`).
    pub range: Range<usize>,
    /// `import type` or `type T`.
    pub type_only: bool,
}

/// How a module is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportKind {
    /// `import … from "x"`
    Static,
    /// `import "x"`
    SideEffect,
    /// `import("x")`, also inside `lazy(() => import("x"))`
    Dynamic,
    /// `require("x")`
    Require,
    /// `export … from "x"`; its names are in [`Module::exports`]
    ReExport,
    /// `new URL("x", import.meta.url)`, `new Worker(...)`
    Url,
}

/// One request for another module.
#[derive(Clone, Debug)]
pub struct Import {
    /// How.
    pub kind: ImportKind,
    /// The text between the quotes.
    pub specifier: String,
    /// The string with its quotes.
    pub specifier_range: Range<usize>,
    /// The whole statement or call.
    pub range: Range<usize>,
    /// The names it declares.
    pub names: Vec<ImportName>,
    /// Types only: gone after compilation.
    pub type_only: bool,
}

/// A name that others can import.
#[derive(Clone, Debug)]
pub struct Export {
    /// `"default"` for the default export, `"*"` for `export * from`.
    pub name: String,
    /// The local name behind it, if it has one.
    pub local: Option<String>,
    /// `export { a as b } from "x"`: the specifier and what it is called there (`"*"` for a namespace).
    pub from: Option<(String, String)>,
    /// The exported declaration or specifier.
    pub range: Range<usize>,
    /// Types only.
    pub type_only: bool,
}

/// Imports, exports and directives of one file.
#[derive(Clone, Debug, Default)]
pub struct Module {
    /// `"use client"`, `"use server"`, `"use strict"` at the top.
    pub directives: Vec<String>,
    /// In source order.
    pub imports: Vec<Import>,
    /// In source order.
    pub exports: Vec<Export>,
}

impl Module {
    /// Reads the tree.
    pub fn of(_tree: &crate::Tree) -> Self {
        unimplemented!()
    }
}

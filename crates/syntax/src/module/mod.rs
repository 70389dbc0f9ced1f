//! What a file imports and exports, as data that outlives the tree.
//!
//! Imports are found wherever they stand (`import()` and `require` deep in a function too); exports and directives are those of the
//! module itself. `module.exports` is read as far as it is written out; what is computed is left out.

mod export;
mod request;

use crate::Node;
use crate::Tree;
use crate::view::code_children;
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
    /// `import("x")` and `import.meta.glob("x")`, also inside `lazy(() => import("x"))`
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
    /// The text between the quotes. A computed part of an `import()` is a `*`, and `import.meta.glob` has its pattern.
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
    /// `"default"` for the default export and `module.exports =`, `"*"` for `export * from`.
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
    pub fn of(tree: &Tree) -> Self {
        let mut module = Self { directives: directives(tree), ..Self::default() };
        for statement in statements(tree.root()) {
            match statement.kind() {
                "import_statement" => module.imports.extend(request::import_statement(tree, statement)),
                "export_statement" => {
                    module.imports.extend(request::re_export(tree, statement));
                    export::export_statement(tree, statement, &mut module.exports);
                }
                "expression_statement" => export::common_js(tree, statement, &mut module.exports),
                _ => {}
            }
        }
        request::calls(tree, &mut module.imports);
        module.imports.sort_by_key(|import| import.range.start);
        module
    }

    /// Whether it exports what it takes from another module: `export { x } from`, or a name that is imported and exported again.
    pub fn passes_on(&self) -> bool {
        let imported = |local: &String| {
            self.imports.iter().flat_map(|import| &import.names).any(|name| name.local == *local)
        };
        self.exports.iter().any(|export| export.from.is_some() || export.local.as_ref().is_some_and(imported))
            || self.imports.iter().any(|import| import.kind == ImportKind::ReExport)
    }
}

/// The statements of the program. An error at the top hides none: those inside it count.
fn statements(root: Node<'_>) -> Vec<Node<'_>> {
    let mut found = Vec::new();
    for child in code_children(root) {
        if child.is_error() {
            found.extend(code_children(child));
        } else {
            found.push(child);
        }
    }
    found
}

/// The string statements before anything else.
fn directives(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    for statement in code_children(tree.root()).filter(|statement| statement.kind() != "hash_bang_line") {
        let string =
            (statement.kind() == "expression_statement").then(|| code_children(statement).next()).flatten();
        match string {
            Some(string) if string.kind() == "string" => {
                found.push(tree.text(string).trim_matches(['"', '\'']).to_owned())
            }
            _ => break,
        }
    }
    found
}

#[cfg(test)]
mod tests;

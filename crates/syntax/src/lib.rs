//! What source text means, file by file: JavaScript and TypeScript trees that heal what the grammar misreads, scopes,
//! imports and exports, typed views; and documents (JSON, TOML, YAML, .env, line lists) that keep comments and layout.

pub mod document;
pub mod module;
pub mod scope;
pub mod tree;
pub mod view;

pub use tree::{Language, Node, Parse, Tree};

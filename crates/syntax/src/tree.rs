//! Parsing. Never fails. SKELETON: signatures agreed, bodies to be written.

use tree_sitter::Node;

/// The grammar for a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Language {
    /// `.ts`, `.mts`, `.cts`
    TypeScript,
    /// `.tsx`
    Tsx,
    /// `.js`, `.jsx`, `.mjs`, `.cjs` (JSX allowed)
    JavaScript,
}

impl Language {
    /// By the extension, without the dot; `None` if it is no code of ours.
    pub fn of_extension(extension: &str) -> Option<Self> {
        match extension {
            "ts" | "mts" | "cts" => Some(Self::TypeScript),
            "tsx" => Some(Self::Tsx),
            "js" | "jsx" | "mjs" | "cjs" => Some(Self::JavaScript),
            _ => None,
        }
    }
}

/// How well a file parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parse {
    /// No error.
    Ok,
    /// Valid source that the grammar misread, mended by masking bytes of a copy.
    Healed,
    /// Errors are left; edits near them are refused.
    Broken,
}

/// The syntax tree of one text. Byte offsets are those of the text that was given, healed or not.
#[derive(Clone, Debug)]
pub struct Tree {
    text: std::sync::Arc<str>,
    tree: tree_sitter::Tree,
    parse: Parse,
}

impl Tree {
    /// Parses `text`. One parser per thread is kept.
    pub fn parse(_text: std::sync::Arc<str>, _language: Language) -> Self {
        unimplemented!()
    }
    /// The whole program.
    pub fn root(&self) -> Node<'_> {
        self.tree.root_node()
    }
    /// The original text.
    pub fn source(&self) -> &str {
        &self.text
    }
    /// The original text of `node`.
    pub fn text(&self, node: Node<'_>) -> &str {
        &self.text[node.byte_range()]
    }
    /// How well it parsed.
    pub fn state(&self) -> Parse {
        self.parse
    }
    /// Whether an edit of `node` may be trusted: no error inside it, nor between it and its function (or the file's top).
    pub fn sound(&self, _node: Node<'_>) -> bool {
        unimplemented!()
    }
    /// The smallest named node that covers `range`.
    pub fn node_at(&self, _range: std::ops::Range<usize>) -> Option<Node<'_>> {
        unimplemented!()
    }
}

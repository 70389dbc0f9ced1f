//! Parsing of JavaScript and TypeScript. It never fails: what the grammar misreads is healed, what is truly broken stays
//! an `ERROR` in the tree, and [`Tree::sound`] tells which nodes are far enough from it to be edited.

mod heal;
mod node;

pub use node::Node;

use node::Nodes;
use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;
use tree_sitter::Parser;

/// The grammar for a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

    pub(crate) fn grammar(self) -> tree_sitter::Language {
        match self {
            Self::TypeScript => tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into(),
            Self::Tsx => tree_sitter_typescript::LANGUAGE_TSX.into(),
            Self::JavaScript => tree_sitter_javascript::LANGUAGE.into(),
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
    text: Arc<str>,
    nodes: Nodes,
    language: Language,
    parse: Parse,
    masked: Vec<Range<usize>>,
}

impl Tree {
    /// Parses `text`. One parser per thread is kept.
    pub fn parse(text: Arc<str>, language: Language) -> Self {
        let mut best = heal::parse(&text, language);
        if language == Language::JavaScript && best.parse != Parse::Ok {
            // Types in a `.js` file (Flow, or a wrong extension): the TSX grammar reads nearly all of JavaScript too.
            let typed = heal::parse(&text, Language::Tsx);
            if typed.errors < best.errors {
                best = typed;
            }
        }
        let nodes = Nodes::of(&best.tree, best.language);
        Self { text, nodes, language: best.language, parse: best.parse, masked: best.masked }
    }

    /// The whole program.
    pub fn root(&self) -> Node<'_> {
        self.nodes.root()
    }

    /// The original text.
    pub fn source(&self) -> &str {
        &self.text
    }

    /// The original text of `node`.
    pub fn text(&self, node: Node<'_>) -> &str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    /// The grammar that read it: [`Language::Tsx`] for a `.js` file that holds types.
    pub fn language(&self) -> Language {
        self.language
    }

    /// How well it parsed.
    pub fn state(&self) -> Parse {
        self.parse
    }

    /// The bytes that were masked to heal it: there the tree and the text differ.
    pub fn masked(&self) -> &[Range<usize>] {
        &self.masked
    }

    /// The type arguments that were masked at `range`, if that is what was masked there: a tree of a type assertion, offsets as here.
    pub(crate) fn masked_types(&self, range: Range<usize>) -> Option<Self> {
        let types =
            self.text.get(range.clone()).filter(|text| text.starts_with('<') && text.ends_with('>'))?;
        let mut copy = vec![b' '; range.start];
        copy.extend_from_slice(types.as_bytes());
        copy.push(b'0');
        let language = Language::TypeScript;
        let nodes = Nodes::of(&parse_plain(&copy, language), language);
        Some(Self { text: self.text.clone(), nodes, language, parse: self.parse, masked: Vec::new() })
    }

    /// Whether an edit of `node` may be trusted: no error inside it, none in the statement that holds it, and none right beside it
    /// or the statements around it, up to its function (or the file's top).
    ///
    /// An error in another statement of the same function does not count: in a component that is the whole file it would forbid
    /// everything.
    pub fn sound(&self, node: Node<'_>) -> bool {
        if node.has_error() {
            return false;
        }
        if self.parse != Parse::Broken {
            return true;
        }
        let mut child = node;
        let mut in_statement = true;
        while let Some(ancestor) = child.parent() {
            if ancestor.is_error() {
                return false;
            }
            let block =
                matches!(ancestor.kind(), "statement_block" | "program" | "switch_body" | "class_body");
            in_statement &= !block;
            if in_statement && ancestor.has_error() {
                return false;
            }
            let beside = |sibling: Option<Node<'_>>| sibling.is_some_and(|sibling| sibling.is_error());
            if block && (beside(child.prev_sibling()) || beside(child.next_sibling())) {
                return false;
            }
            if is_function(ancestor) {
                break;
            }
            child = ancestor;
        }
        true
    }

    /// The smallest named node that covers `range`.
    pub fn node_at(&self, range: Range<usize>) -> Option<Node<'_>> {
        if range.start > range.end || range.end > self.text.len() {
            return None;
        }
        Some(self.nodes.covering(&range))
    }
}

/// Whether `node` is a function, method or arrow with a body.
pub fn is_function(node: Node<'_>) -> bool {
    matches!(
        node.kind(),
        "function_declaration"
            | "function_expression"
            | "generator_function"
            | "generator_function_declaration"
            | "arrow_function"
            | "method_definition"
            | "class_static_block"
    )
}

thread_local! {
    static PARSER: RefCell<Parser> = RefCell::new(Parser::new());
}

/// Parses bytes of one length with the text, plainly.
fn parse_plain(text: &[u8], language: Language) -> tree_sitter::Tree {
    PARSER.with_borrow_mut(|parser| {
        parser.set_language(&language.grammar()).expect("the grammars fit the library: both are pinned");
        parser.parse(text, None).expect("a parser with a language and without a limit always answers")
    })
}

//! SQL text: statements apart, and the syntax tree of one.
//!
//! Statements are split before they are parsed, as psql does: an error in one never reaches into the next.

pub(crate) mod node;
pub(crate) mod quotes;
pub(crate) mod split;

pub(crate) use node::{Kind, Node};

/// One statement's tree.
pub(crate) struct Statement {
    /// The node of the statement; `None` for an empty one.
    pub(crate) node: Option<Node>,
    /// The first thing that PostgreSQL would refuse.
    pub(crate) error: Option<String>,
}

/// Parses one statement.
pub(crate) fn parse(text: &str) -> Statement {
    let parse = squawk_syntax::SourceFile::parse(text);
    let error = parse.errors().first().map(|error| error.message().to_owned());
    let node = parse.syntax_node().children().find(|child| child.kind() != Kind::EMPTY_STMT);
    Statement { node, error }
}

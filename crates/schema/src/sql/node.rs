//! Reading of syntax trees: children by kind, names, texts, literals.

use crate::Name;

pub(crate) use squawk_syntax::SyntaxKind as Kind;
pub(crate) use squawk_syntax::SyntaxNode as Node;

/// The first child of `kind`.
pub(crate) fn child(node: &Node, kind: Kind) -> Option<Node> {
    node.children().find(|child| child.kind() == kind)
}

/// The children of `kind`.
pub(crate) fn children(node: &Node, kind: Kind) -> Vec<Node> {
    node.children().filter(|child| child.kind() == kind).collect()
}

/// The first descendant of `kind`, in source order.
pub(crate) fn find(node: &Node, kind: Kind) -> Option<Node> {
    node.descendants().find(|inner| inner.kind() == kind)
}

/// Whether a child, or a word of the node's own, is of `kind`.
pub(crate) fn has(node: &Node, kind: Kind) -> bool {
    node.children_with_tokens().any(|child| child.kind() == kind)
}

/// Its text without blanks around it.
pub(crate) fn text(node: &Node) -> String {
    node.text().to_string().trim().to_owned()
}

/// The parts of a dotted name.
pub(crate) fn path(node: &Node) -> Vec<String> {
    let tokens = node.descendants_with_tokens().filter_map(|element| element.into_token());
    let parts = tokens.filter(|token| {
        !matches!(token.kind(), Kind::WHITESPACE | Kind::COMMENT | Kind::DOT | Kind::L_PAREN | Kind::R_PAREN)
    });
    parts.map(|token| identifier(token.text())).collect()
}

/// A dotted name with its schema.
pub(crate) fn name(node: &Node) -> Name {
    let mut parts = path(node);
    let name = parts.pop().unwrap_or_default();
    Name { schema: parts.pop().unwrap_or_else(|| "public".to_owned()), name }
}

/// The name in the first child of `kind`.
pub(crate) fn name_in(node: &Node, kind: Kind) -> Option<Name> {
    find(node, kind).map(|found| name(&found))
}

/// The last part of the name in the first descendant of `kind`.
pub(crate) fn word_in(node: &Node, kind: Kind) -> Option<String> {
    find(node, kind).and_then(|found| path(&found).pop())
}

/// The last part of the names of all descendants of `kind`.
pub(crate) fn words_in(node: &Node, kind: Kind) -> Vec<String> {
    node.descendants().filter(|inner| inner.kind() == kind).filter_map(|inner| path(&inner).pop()).collect()
}

/// A name as PostgreSQL keeps it: quotes taken off, or folded to lower case, and cut after 63 bytes.
pub(crate) fn identifier(text: &str) -> String {
    let mut name = match text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(quoted) => quoted.replace("\"\"", "\""),
        None => text.to_lowercase(),
    };
    name.truncate(name.floor_char_boundary(LONGEST));
    name
}

/// The longest name, in bytes.
pub(crate) const LONGEST: usize = 63;

/// The value of a string literal, also one in dollar quotes.
pub(crate) fn string_value(node: &Node) -> Option<String> {
    let written = text(node);
    if let Some(body) = dollar_body(&written) {
        return Some(written[body].to_owned());
    }
    let inner = written.trim_start_matches(['E', 'e']).strip_prefix('\'')?.strip_suffix('\'')?;
    let inner = inner.replace("''", "'");
    let escaped = written.starts_with(['E', 'e']);
    Some(if escaped { inner.replace("\\n", "\n").replace("\\'", "'").replace("\\\\", "\\") } else { inner })
}

/// The text between dollar quotes, as a range of `written`.
pub(crate) fn dollar_body(written: &str) -> Option<std::ops::Range<usize>> {
    let tag = written.strip_prefix('$').and_then(|rest| rest.find('$')).map(|end| end + 2)?;
    (written.len() >= 2 * tag && written.ends_with(&written[..tag])).then(|| tag..written.len() - tag)
}

/// Whether the node is an expression.
pub(crate) fn is_expression(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::BIN_EXPR
            | Kind::PREFIX_EXPR
            | Kind::POSTFIX_EXPR
            | Kind::CALL_EXPR
            | Kind::PAREN_EXPR
            | Kind::LITERAL
            | Kind::NAME_REF
            | Kind::FIELD_EXPR
            | Kind::CAST_EXPR
            | Kind::CASE_EXPR
            | Kind::ARRAY_EXPR
            | Kind::BETWEEN_EXPR
            | Kind::INDEX_EXPR
            | Kind::SLICE_EXPR
            | Kind::TUPLE_EXPR
            | Kind::SELECT
            | Kind::PAREN_SELECT
    )
}

/// The first child that is an expression.
pub(crate) fn expression(node: &Node) -> Option<Node> {
    node.children().find(|child| is_expression(child.kind()))
}

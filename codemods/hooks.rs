//! Functions of a component that run again when what they depend on changes.

use syntax::Node;
use syntax::Tree;
use syntax::view::{callee, code_children};

/// Their last argument lists what that is.
const HOOKS: &[&str] =
    &["useEffect", "useLayoutEffect", "useInsertionEffect", "useCallback", "useMemo", "useImperativeHandle"];

/// The list of what such a function depends on, if `node` stands in one.
pub(crate) fn dependencies<'t>(tree: &Tree, node: Node<'t>) -> Option<Node<'t>> {
    let list = node.parent().filter(|list| list.kind() == "array")?;
    let given = list.parent().filter(|given| given.kind() == "arguments")?;
    let name = tree.text(given.parent().and_then(callee)?);
    let all: Vec<Node<'_>> = code_children(given).collect();
    let is_last = all.len() > 1 && all.last().is_some_and(|last| last.id() == list.id());
    (is_last && HOOKS.contains(&name.strip_prefix("React.").unwrap_or(name))).then_some(list)
}

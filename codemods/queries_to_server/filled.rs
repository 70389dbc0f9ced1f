//! Values put into a filter text that no visitor chooses.

use syntax::scope::Scopes;
use syntax::{Node, Tree, view};

/// What a constant holds that stands as a value.
fn held<'t>(tree: &'t Tree, scopes: &Scopes, value: Node<'t>) -> Option<Node<'t>> {
    let declared = scopes.binding_at(value.byte_range()).map(|id| scopes.binding(id).range.clone());
    let declared = tree.node_at(declared?).filter(|node| node.kind() == "variable_declarator");
    declared?.child_by_field_name("value").map(view::unwrapped)
}

/// Whether a value is a date or a time that the code makes: `new Date().toISOString()`, `startOfMonthISO()`, a constant of it.
pub(super) fn is_moment(tree: &Tree, scopes: &Scopes, value: Node<'_>) -> bool {
    let made = held(tree, scopes, value).unwrap_or(value);
    let Some(callee) = view::callee(view::unwrapped(made)) else { return false };
    let name = callee.child_by_field_name("property").unwrap_or(callee);
    let words = audit::env::words(tree.text(name));
    words.iter().any(|word| matches!(word.as_str(), "ISO" | "DATE" | "TIMESTAMP" | "NOW"))
}

/// Whether a value is a constant that holds the id of the signed-in user: `const uid = user?.id`.
pub(super) fn is_own_id(tree: &Tree, scopes: &Scopes, value: Node<'_>) -> bool {
    let text = held(tree, scopes, value).map(|held| tree.text(held).replace(['?', '!'], ""));
    matches!(text.as_deref(), Some("user.id" | "session.user.id" | "auth.user.id" | "data.user.id"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use syntax::Language;

    #[test]
    fn a_time_that_the_code_makes_is_no_text_of_a_user() {
        let moment = |source: &str| {
            let tree = Tree::parse(format!("{source}; f(`${{v}}`)").into(), Language::TypeScript);
            let scopes = Scopes::of(&tree);
            let at = tree.source().rfind("v}").unwrap_or(0);
            tree.node_at(at..at + 1).is_some_and(|value| is_moment(&tree, &scopes, value))
        };
        let own = |source: &str| {
            let tree = Tree::parse(format!("{source}; f(`${{v}}`)").into(), Language::TypeScript);
            let scopes = Scopes::of(&tree);
            let at = tree.source().rfind("v}").unwrap_or(0);
            tree.node_at(at..at + 1).is_some_and(|value| is_own_id(&tree, &scopes, value))
        };
        assert!(own("const v = user?.id"));
        assert!(!own("const v = guest?.id"));
        assert!(moment("const v = new Date().toISOString()"));
        assert!(moment("const v = startOfMonthISO(zone)"));
        assert!(!moment("const v = useParams().date"));
        assert!(!moment("const v = input.value"));
    }
}

//! What a condition on the address and the key comes to, now that the server has both of them whenever it runs.

use syntax::Node;
use syntax::Tree;
use syntax::scope::{Declared, Scopes};
use syntax::view::{arguments, code_children, member_path, string_value, unwrapped};

/// Words of a value that was never filled in.
const EMPTY: &[&str] = &["your", "placeholder", "example", "xxx", "changeme", "dummy", "undefined", "null"];

/// What is known to be there.
pub(super) struct Known<'s> {
    pub(super) tree: &'s Tree,
    pub(super) scopes: &'s Scopes,
    /// The variables that the address and the key are read from.
    pub(super) names: Vec<&'s str>,
}

impl<'s> Known<'s> {
    /// Whether the condition holds; `None` if it asks for anything else than the two.
    pub(super) fn holds(&self, node: Node<'s>) -> Option<bool> {
        self.truth(node, 0)
    }

    fn truth(&self, node: Node<'s>, depth: usize) -> Option<bool> {
        let node = unwrapped(node);
        if depth > 24 {
            return None;
        }
        let inner = |node: Node<'s>| self.truth(node, depth + 1);
        let field = |name: &str| node.child_by_field_name(name);
        match node.kind() {
            "true" => Some(true),
            "false" | "null" | "undefined" => Some(false),
            "string" => string_value(self.tree, node).map(|text| !text.is_empty()),
            "unary_expression" if self.tree.text(node).starts_with('!') => Some(!inner(field("argument")?)?),
            "binary_expression" => {
                let (left, right) = (field("left")?, field("right")?);
                match field("operator")?.kind() {
                    "&&" => Some(inner(left)? && inner(right)?),
                    "||" | "??" => Some(inner(left)? || inner(right)?),
                    "!==" | "!=" => Some(!self.equal(left, right, depth)?),
                    "===" | "==" => self.equal(left, right, depth),
                    ">" | ">=" if self.tree.text(left).ends_with(".length") => {
                        inner(left.child_by_field_name("object")?)
                    }
                    _ => None,
                }
            }
            "call_expression" => {
                let callee = unwrapped(field("function")?);
                let given = arguments(node);
                match (callee.child_by_field_name("object"), given.first()) {
                    (None, Some(only)) if self.tree.text(callee) == "Boolean" => inner(*only),
                    (None, Some(only)) if self.reads_addresses(callee) => inner(*only),
                    (Some(object), first) => {
                        let asked = self.tree.text(callee.child_by_field_name("property")?);
                        let text = first.and_then(|first| string_value(self.tree, *first));
                        match asked {
                            "trim" => inner(object),
                            "startsWith" if text.as_deref().is_some_and(|text| text.starts_with("http")) => {
                                inner(object)
                            }
                            // A value that is set holds no word of one that was never filled in.
                            "includes" if inner(object)? && is_empty(&text?) => Some(false),
                            _ => None,
                        }
                    }
                    _ => None,
                }
            }
            "identifier" => {
                let binding = self.scopes.binding(self.scopes.binding_at(node.byte_range())?);
                if binding.declared != Declared::Const {
                    return None;
                }
                let declarator = self.tree.node_at(binding.name_range.clone())?.parent()?;
                (declarator.kind() == "variable_declarator")
                    .then(|| declarator.child_by_field_name("value"))
                    .flatten()
                    .and_then(inner)
            }
            "member_expression" | "subscript_expression" => {
                let path = member_path(self.tree, node)?;
                let (reads, name) = match path.as_slice() {
                    [import, meta, env, name] => {
                        ((&**import, &**meta, &**env) == ("import", "meta", "env"), name)
                    }
                    [process, env, name] => ((&**process, &**env) == ("process", "env"), name),
                    _ => return None,
                };
                (reads && self.names.contains(&&**name)).then_some(true)
            }
            "parenthesized_expression" => code_children(node).next().and_then(inner),
            _ => None,
        }
    }

    /// Whether a function of the module only tells addresses from other text: `try { new URL(text); return true } catch { return false }`.
    fn reads_addresses(&self, callee: Node<'s>) -> bool {
        let declared = || {
            let binding = self.scopes.binding(self.scopes.binding_at(callee.byte_range())?);
            let declared = self.tree.node_at(binding.name_range.clone())?.parent()?;
            let function = declared.child_by_field_name("value").unwrap_or(declared);
            binding.top_level.then(|| function.child_by_field_name("body"))?
        };
        let Some(body) = declared() else { return false };
        let text: String =
            self.tree.text(body).split_whitespace().flat_map(str::chars).filter(|one| *one != ';').collect();
        let Some((before, after)) = text.split_once("returntrue}catch") else { return false };
        let after = match after.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
            Some((name, rest)) if !name.contains('(') => rest,
            _ => after,
        };
        before.starts_with("{try{newURL(") && before.matches('(').count() == 1 && after == "{returnfalse}}"
    }

    /// Whether a known value is another: nothing, or one that was never filled in.
    fn equal(&self, left: Node<'s>, right: Node<'s>, depth: usize) -> Option<bool> {
        let right = unwrapped(right);
        let nothing = matches!(right.kind(), "null" | "undefined")
            || string_value(self.tree, right).is_some_and(|text| text.is_empty() || is_empty(&text));
        (nothing && self.truth(left, depth + 1)?).then_some(false)
    }
}

fn is_empty(text: &str) -> bool {
    let text = text.to_lowercase();
    EMPTY.iter().any(|word| text.contains(word))
}

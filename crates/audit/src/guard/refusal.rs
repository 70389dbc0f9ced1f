//! How code turns someone away: it sends them elsewhere, shows them nothing, answers with a status, throws.

use crate::constant;
use project::{File, Project};
use syntax::Node;
use syntax::Tree;
use syntax::view;

/// What is done with whom is refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// Where they are sent, if it can be told.
    pub(crate) to: Option<String>,
    /// They are sent somewhere, known or not.
    pub(crate) sends: bool,
}

/// Reads refusals in one file.
pub(crate) struct Refusals<'p> {
    pub(crate) project: &'p Project,
    pub(crate) file: &'p File,
    pub(crate) tree: &'p Tree,
}

impl<'p> Refusals<'p> {
    /// Whether `node` (a branch, a statement, an expression) refuses: it sends on, or returns nothing of the page. `passes` tells what
    /// of a result is the page itself.
    pub(crate) fn of(&self, node: Node<'p>, passes: &dyn Fn(Node<'p>) -> bool) -> Option<Refusal> {
        if let Some(sent) = self.sent(node) {
            return Some(sent);
        }
        let blocked = match node.kind() {
            "null" | "undefined" | "false" => true,
            "jsx_element" | "jsx_self_closing_element" => !passes(node),
            "parenthesized_expression" => {
                return self.of(view::code_children(node).next()?, passes);
            }
            "return_statement" => match view::code_children(node).next() {
                Some(value) => return self.of(value, passes),
                None => false,
            },
            "statement_block" => {
                let last = view::code_children(node).last()?;
                return (last.kind() == "return_statement").then(|| self.of(last, passes)).flatten();
            }
            "else_clause" => return self.of(view::code_children(node).next()?, passes),
            _ => false,
        };
        blocked.then(Refusal::default)
    }

    /// Where `node` sends the visitor, functions inside it left out.
    pub(crate) fn sent(&self, node: Node<'p>) -> Option<Refusal> {
        let mut found: Option<Refusal> = None;
        view::walk(node, &mut |inner| {
            if found.is_some() || (inner != node && crate::component::is_function(inner)) {
                return false;
            }
            found = self.sending(inner);
            found.is_none()
        });
        found
    }

    /// One place that sends on.
    fn sending(&self, node: Node<'p>) -> Option<Refusal> {
        let to = |target: Option<Node<'p>>| Refusal {
            to: target.and_then(|target| self.path(target)),
            sends: true,
        };
        match node.kind() {
            "jsx_self_closing_element" | "jsx_element" => {
                let name = view::jsx_name(self.tree, node)?;
                let last = name.rsplit('.').next().unwrap_or(name);
                if last == "RedirectToSignIn" {
                    return Some(Refusal { to: None, sends: true });
                }
                let target = view::jsx_attributes(self.tree, node)
                    .into_iter()
                    .find(|(name, ..)| matches!(*name, "to" | "href"))
                    .and_then(|(.., value)| value);
                matches!(last, "Navigate" | "Redirect").then(|| to(target))
            }
            "call_expression" => {
                let path = view::callee_path(self.tree, node)?;
                let last = path.last()?.as_ref();
                let root = path.first()?.as_ref().to_ascii_lowercase();
                let sends = match last {
                    "redirect" | "permanentRedirect" | "redirectToSignIn" | "navigateTo" => true,
                    "push" | "replace" | "navigate" | "assign" | "setLocation" | "reset" => {
                        path.len() == 1 && matches!(last, "navigate" | "setLocation")
                            || ["router", "nav", "history", "location", "window"]
                                .iter()
                                .any(|word| root.contains(word))
                    }
                    "notFound" | "unauthorized" | "forbidden" => path.len() == 1,
                    _ => path.len() == 1 && self.is_navigate(view::callee(node)?),
                };
                sends.then(|| to(view::arguments(node).first().copied()))
            }
            "assignment_expression" => {
                let left = self.tree.text(node.child_by_field_name("left")?);
                matches!(
                    left,
                    "location"
                        | "window.location"
                        | "window.location.href"
                        | "location.href"
                        | "document.location"
                )
                .then(|| to(node.child_by_field_name("right")))
            }
            _ => None,
        }
    }

    /// Whether a plain name is what a router's hook gave, whatever it is called here: `const go = useNavigate()`.
    fn is_navigate(&self, callee: Node<'p>) -> bool {
        if callee.kind() != "identifier" {
            return false;
        }
        let Some((_, scopes)) = self.file.syntax() else { return false };
        let Some(id) = scopes.binding_at(callee.byte_range()) else { return false };
        let binding = scopes.binding(id);
        let declared = self.tree.source().get(binding.range.clone()).unwrap_or_default();
        declared.contains("useNavigate()") || declared.contains("= useLocation()")
    }

    /// The path that a target names: text, a template up to its first value, `{ to: "/x" }`, a `URL`.
    fn path(&self, target: Node<'p>) -> Option<String> {
        let target = view::unwrapped(target);
        if let Some(path) = constant::text(self.project, self.file, target) {
            return Some(path.split('?').next().unwrap_or_default().to_owned());
        }
        match target.kind() {
            "object" => ["to", "pathname", "href", "url"]
                .iter()
                .find_map(|key| self.path(view::value_of(self.tree, target, key)?)),
            "template_string" => {
                let parts = view::template_parts(self.tree, target)?;
                match parts.first()? {
                    view::TemplatePart::Text(text) => {
                        let path = text.split('?').next().unwrap_or_default();
                        path.starts_with('/').then(|| path.to_owned())
                    }
                    view::TemplatePart::Expression(_) => None,
                }
            }
            "binary_expression" => {
                let left = self.path(target.child_by_field_name("left")?)?;
                Some(left.split('?').next().unwrap_or_default().to_owned())
            }
            "new_expression" => self.path(*view::arguments(target).first()?),
            "identifier" => self.clone_of_url(target),
            _ => None,
        }
    }

    /// `const url = request.nextUrl.clone(); url.pathname = "/login"`.
    fn clone_of_url(&self, name: Node<'p>) -> Option<String> {
        let (_, scopes) = self.file.syntax()?;
        let id = scopes.binding_at(name.byte_range())?;
        let declared = self.tree.node_at(scopes.binding(id).range.clone())?;
        if let Some(value) = declared.child_by_field_name("value")
            && value.kind() == "new_expression"
        {
            return self.path(value);
        }
        scopes.references_of(id).find_map(|reference| {
            let member = self.tree.node_at(reference.range.clone())?.parent()?;
            let assignment = member.parent().filter(|around| around.kind() == "assignment_expression")?;
            let pathname = member.child_by_field_name("property").map(|name| self.tree.text(name));
            (pathname == Some("pathname"))
                .then(|| constant::text(self.project, self.file, assignment.child_by_field_name("right")?))?
        })
    }
}

//! Checks that are left out where the secret of the environment is not set: `secret && sent !== secret`, an `if (secret)` around the
//! check, a helper that answers yes without one.

use super::check::Judge;
use crate::component;
use edit::Span;
use project::graph::{Graph, Origin};
use syntax::Node;
use syntax::view;

impl<'p> Judge<'p> {
    /// Where the check at `at` is left out if a variable is not set: the condition that asks for it. Nothing where the function has
    /// refused without it before.
    pub(super) fn left_out(&self, at: Node<'p>) -> Option<Span> {
        let mut asked = self.asked_for(at).map(|name| (at, name));
        let mut inner = at;
        while let Some(around) = inner.parent().filter(|around| !component::is_function(*around)) {
            let field = |name: &str| around.child_by_field_name(name);
            if asked.is_none()
                && around.kind() == "if_statement"
                && field("consequence") == Some(inner)
                && let Some(condition) = field("condition")
                && !field("alternative").is_some_and(|other| self.is_way_out(other))
            {
                asked = self.asked_for(condition).map(|name| (condition, name));
            }
            inner = around;
        }
        let (condition, name) = asked?;
        (!self.refused_before(condition, name))
            .then(|| self.file.span(view::unwrapped(condition).byte_range()))
    }

    /// The value of the environment that a chain of `&&` asks for.
    fn asked_for(&self, condition: Node<'p>) -> Option<&'p str> {
        let mut open = vec![view::unwrapped(condition)];
        while let Some(node) = open.pop() {
            let operator = node.child_by_field_name("operator").map(|it| self.reader.tree.text(it));
            if node.kind() == "binary_expression" && operator == Some("&&") {
                let sides = ["left", "right"].into_iter().filter_map(|side| node.child_by_field_name(side));
                open.extend(sides.map(view::unwrapped));
            } else if self.is_secret_read(node) {
                return Some(self.reader.tree.text(node));
            }
        }
        None
    }

    /// `process.env.HOOK_SECRET`, `Deno.env.get("HOOK_SECRET")`, or a constant that is nothing else.
    pub(super) fn is_secret_read(&self, node: Node<'p>) -> bool {
        let read = |node: Node<'p>| {
            let text = self.reader.tree.text(node);
            let starts = ["process.env", "Deno.env.get(", "import.meta.env"];
            // What stands in for it is set, if it is more than the empty text.
            let instead = ["??", "||"].iter().find_map(|mark| text.split_once(mark)).map(|(_, it)| it.trim());
            starts.iter().any(|mark| text.starts_with(mark))
                && instead.is_none_or(|it| matches!(it, "\"\"" | "''" | "null" | "undefined"))
                && ["SECRET", "KEY", "TOKEN", "PASSWORD"].iter().any(|word| text.contains(word))
        };
        match node.kind() {
            "member_expression" if self.reader.tree.text(node).starts_with("this.") => {
                self.is_kept_secret(node)
            }
            "member_expression" | "subscript_expression" | "call_expression" => read(node),
            "identifier" => self.any_declared(node, &|value| read(view::unwrapped(value))),
            _ => false,
        }
    }

    /// `this.hookSecret`, which the class never sees set by others than the environment.
    fn is_kept_secret(&self, member: Node<'p>) -> bool {
        let name = member.child_by_field_name("property").map_or("", |name| self.reader.tree.text(name));
        name.to_ascii_lowercase().contains("secret")
    }

    /// A branch that refuses, or that only a developer's machine takes.
    fn is_way_out(&self, branch: Node<'p>) -> bool {
        let text = self.reader.tree.text(branch);
        self.leaves(branch)
            || ["NODE_ENV", "production", "isProd", "isDev"].iter().any(|mark| text.contains(mark))
    }

    /// `if (request.method === "GET") { … }`: what is asked there, such as the handshake of a webhook, is asked of nobody else.
    pub(super) fn is_for_get(&self, branch: Node<'p>) -> bool {
        let condition = branch.child_by_field_name("condition");
        let asked: String = condition.map_or("", |it| self.reader.tree.text(it)).split_whitespace().collect();
        let asked = asked.replace('\'', "\"");
        asked.ends_with("method===\"GET\")") || asked.ends_with("method==\"GET\")")
    }

    /// Whether the function refuses before `condition` where `name` is missing.
    fn refused_before(&self, condition: Node<'p>, name: &str) -> bool {
        let Some(function) = view::enclosing_function(condition) else { return false };
        let mut found = false;
        view::walk(function, &mut |node| {
            let field = |name: &str| node.child_by_field_name(name);
            if node.kind() == "if_statement"
                && node.end_byte() <= condition.start_byte()
                && let (Some(asked), Some(then)) = (field("condition"), field("consequence"))
            {
                let asked: String = self.reader.tree.text(asked).split_whitespace().collect();
                found |= asked.contains(&format!("!{name}")) && self.leaves(then);
            }
            !found
        });
        found
    }

    /// Where a helper answers yes without the secret: `if (!secret) return true`.
    pub(super) fn answers_without(&self, call: Node<'p>) -> Option<Span> {
        let function =
            component::of(self.project, self.file, view::callee(call)?).or_else(|| self.method(call))?;
        let file = self.project.get(function.file);
        let reader = crate::identity::Reader::of(self.project, file)?;
        let body = reader.tree.node_at(function.range())?;
        let judge = Judge { project: self.project, file, reader };
        let mut found = None;
        view::walk(body, &mut |node| {
            if found.is_none() && node.kind() == "if_statement" && judge.says_yes_without(node) {
                let condition = node.child_by_field_name("condition").map(view::unwrapped);
                found = condition.map(|condition| file.span(condition.byte_range()));
            }
            found.is_none()
        });
        found
    }

    /// The method of that name in the file of the object that it is asked of: `hooks.verifySignature(…)`.
    fn method(&self, call: Node<'p>) -> Option<Span> {
        let callee = view::callee(call)?;
        let (object, name) = (callee.child_by_field_name("object")?, callee.child_by_field_name("property")?);
        let Origin::Local(holder, _) = Graph::origin(self.project, self.file.id, object.byte_range()) else {
            return None;
        };
        let holder = self.project.get(holder);
        let (tree, _) = holder.syntax()?;
        let name = self.reader.tree.text(name);
        let mut found = None;
        view::walk(tree.root(), &mut |node| {
            let named = node.child_by_field_name("name").is_some_and(|own| tree.text(own) == name);
            if found.is_none() && node.kind() == "method_definition" && named {
                found = Some(holder.span(node.byte_range()));
            }
            found.is_none()
        });
        found
    }

    fn says_yes_without(&self, branch: Node<'p>) -> bool {
        let field = |name: &str| branch.child_by_field_name(name);
        let (Some(condition), Some(then)) = (field("condition").map(view::unwrapped), field("consequence"))
        else {
            return false;
        };
        let text = |node: Node<'p>| self.reader.tree.text(node);
        let missing = condition.kind() == "unary_expression"
            && text(condition).starts_with('!')
            && condition
                .child_by_field_name("argument")
                .is_some_and(|asked| self.is_secret_read(view::unwrapped(asked)));
        let last =
            if then.kind() == "statement_block" { view::code_children(then).last() } else { Some(then) };
        missing && last.is_some_and(|last| text(last).trim_end_matches(';') == "return true")
    }
}

//! Follows the code of a guard file for one URL, as a request of a visitor who is not signed in.

use super::matcher;
use super::middleware::{Outcome, Seen, patterns};
use super::refusal::Refusals;
use crate::identity::Reader;
use crate::{component, constant};
use edit::Span;
use project::Project;
use project::graph::{Graph, Origin};
use std::cell::RefCell;
use syntax::Node;
use syntax::scope::Declared;
use syntax::view;

pub(super) fn function_outcome(
    project: &Project,
    function: Span,
    url: &str,
    seen: &RefCell<Seen>,
) -> Outcome {
    if seen.borrow().depth > 3 {
        return Outcome::Continues;
    }
    let Some(walk) = Walk::of(project, function, url, seen, Visitor::Nobody) else {
        return Outcome::Continues;
    };
    let Some(node) = walk.reader.tree.node_at(function.range()) else { return Outcome::Continues };
    let Some(body) = node.child_by_field_name("body") else { return Outcome::Continues };
    seen.borrow_mut().depth += 1;
    let outcome = if body.kind() == "statement_block" { walk.statement(body) } else { walk.result(body) };
    seen.borrow_mut().depth -= 1;
    outcome
}

/// Who sends the request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Visitor {
    /// Somebody who is not signed in.
    Nobody,
    /// Whoever it is: no test of the visitor is decided.
    Anybody,
}

/// Follows the code of one function for one URL.
pub(super) struct Walk<'p, 'u> {
    pub(super) reader: Reader<'p>,
    refusals: Refusals<'p>,
    pub(super) url: &'u str,
    pub(super) seen: &'u RefCell<Seen>,
    visitor: Visitor,
}

/// Names that stand for a text while a callback is followed.
type Names<'n> = &'n [(&'n str, String)];

impl<'p, 'u> Walk<'p, 'u> {
    pub(super) fn of(
        project: &'p Project,
        function: Span,
        url: &'u str,
        seen: &'u RefCell<Seen>,
        visitor: Visitor,
    ) -> Option<Self> {
        let file = project.get(function.file);
        let reader = Reader::of(project, file)?;
        let refusals = Refusals { project, file, tree: reader.tree };
        Some(Self { refusals, reader, url, seen, visitor })
    }

    fn statement(&self, node: Node<'p>) -> Outcome {
        match node.kind() {
            "statement_block" | "program" => {
                for child in view::code_children(node) {
                    match self.statement(child) {
                        Outcome::Continues => {}
                        decided => return decided,
                    }
                }
                Outcome::Continues
            }
            "if_statement" => self.branch(node),
            "return_statement" => match view::code_children(node).next() {
                Some(value) => self.result(value),
                None => Outcome::Passed,
            },
            "throw_statement" => Outcome::Refused(None),
            "try_statement" => {
                let body =
                    node.child_by_field_name("body").map_or(Outcome::Continues, |body| self.statement(body));
                let handler = node
                    .child_by_field_name("handler")
                    .and_then(|handler| handler.child_by_field_name("body"));
                if let Some(handler) = handler
                    && self.statement(handler) == Outcome::Passed
                {
                    self.seen.borrow_mut().fails_open.insert(self.reader.file.span(handler.byte_range()));
                }
                body
            }
            "expression_statement" | "lexical_declaration" | "variable_declaration" => {
                let text = self.reader.tree.text(node);
                if text.contains(".protect(") {
                    return Outcome::Refused(None);
                }
                // `const response = await updateSession(request)`
                match self.called(node) {
                    Some(Outcome::Refused(to)) => Outcome::Refused(to),
                    _ => Outcome::Continues,
                }
            }
            _ => Outcome::Continues,
        }
    }

    fn branch(&self, node: Node<'p>) -> Outcome {
        let (Some(condition), Some(consequence)) =
            (node.child_by_field_name("condition"), node.child_by_field_name("consequence"))
        else {
            return Outcome::Continues;
        };
        let alternative = node
            .child_by_field_name("alternative")
            .and_then(|alternative| view::code_children(alternative).next());
        match self.holds(condition, &[], 0) {
            Some(true) => self.statement(consequence),
            Some(false) => alternative.map_or(Outcome::Continues, |branch| self.statement(branch)),
            None => {
                if self.statement(consequence) == Outcome::Passed && self.asks_environment(condition) {
                    self.seen.borrow_mut().fails_open.insert(self.reader.file.span(node.byte_range()));
                }
                Outcome::Continues
            }
        }
    }

    /// What is returned: a redirect, an error, another function's answer, or the request goes on.
    fn result(&self, node: Node<'p>) -> Outcome {
        let node = view::unwrapped(node);
        if node.kind() == "ternary_expression"
            && let Some(condition) = node.child_by_field_name("condition")
            && let Some(holds) = self.holds(condition, &[], 0)
        {
            let arm = if holds { "consequence" } else { "alternative" };
            return node.child_by_field_name(arm).map_or(Outcome::Passed, |arm| self.result(arm));
        }
        let text = self.reader.tree.text(node);
        // `const redirect = NextResponse.redirect(…)`, cookies are set on it, and it is returned.
        if node.kind() == "identifier"
            && let Some(id) = self.reader.scopes.binding_at(node.byte_range())
            && self.reader.scopes.binding(id).declared == Declared::Const
            && let Some(declared) = self.reader.tree.node_at(self.reader.scopes.binding(id).range.clone())
            && let Some(value) = declared.child_by_field_name("value")
            && let Some(sent) = self.refusals.sent(value)
        {
            return Outcome::Refused(sent.to);
        }
        if let Some(sent) = self.refusals.sent(node) {
            return Outcome::Refused(sent.to);
        }
        let status =
            ["status: 401", "status: 403", "status:401", "status:403", "unauthorized", "Unauthorized"];
        if status.iter().any(|status| text.contains(status)) {
            return Outcome::Refused(None);
        }
        self.called(node).unwrap_or(Outcome::Passed)
    }

    /// The outcome of a function of the project that `node` calls with the request.
    fn called(&self, node: Node<'p>) -> Option<Outcome> {
        let mut found = None;
        view::walk(node, &mut |inner| {
            if found.is_some() || component::is_function(inner) {
                return false;
            }
            if inner.kind() == "call_expression"
                && let Some(callee) = view::callee(inner)
                && callee.kind() == "identifier"
                && view::arguments(inner).iter().any(|argument| {
                    matches!(self.reader.tree.text(*argument), "request" | "req" | "asked" | "event")
                })
                && let Some(function) = component::of(self.reader.project, self.reader.file, callee)
            {
                found = Some(function_outcome(self.reader.project, function, self.url, self.seen));
            }
            true
        });
        found
    }

    fn asks_environment(&self, condition: Node<'p>) -> bool {
        let mut found = false;
        view::walk(condition, &mut |node| {
            let text = self.reader.tree.text(node);
            found |= text.contains("process.env");
            if node.kind() == "identifier"
                && let Some(id) = self.reader.scopes.binding_at(node.byte_range())
                && let Some(declared) = self.reader.tree.node_at(self.reader.scopes.binding(id).range.clone())
            {
                found |= declared.kind() == "variable_declarator"
                    && self.reader.tree.text(declared).contains("process.env");
            }
            !found
        });
        found
    }

    /// Whether a condition holds for this URL and a visitor without a session.
    pub(super) fn holds(&self, node: Node<'p>, names: Names<'_>, depth: usize) -> Option<bool> {
        if depth > 12 {
            return None;
        }
        let node = view::unwrapped(node);
        let tree = self.reader.tree;
        let field = |name: &str| node.child_by_field_name(name);
        match node.kind() {
            "true" => Some(true),
            "false" => Some(false),
            "unary_expression" if tree.text(node).starts_with('!') => {
                self.holds(field("argument")?, names, depth + 1).map(|holds| !holds)
            }
            "binary_expression" => {
                let operator = field("operator").map_or("", |operator| tree.text(operator));
                let (left, right) = (field("left")?, field("right")?);
                match operator {
                    "&&" | "||" => {
                        let one = self.holds(left, names, depth + 1);
                        let other = self.holds(right, names, depth + 1);
                        let decisive = operator == "||";
                        match (one, other) {
                            (Some(one), _) if one == decisive => Some(decisive),
                            (_, Some(other)) if other == decisive => Some(decisive),
                            (Some(_), Some(_)) => Some(!decisive),
                            _ => None,
                        }
                    }
                    "===" | "==" | "!==" | "!=" => {
                        let equal = matches!(operator, "===" | "==");
                        if let (Some(one), Some(other)) = (self.text(left, names), self.text(right, names)) {
                            return Some((one == other) == equal);
                        }
                        self.of_visitor(node)
                    }
                    _ => None,
                }
            }
            "call_expression" => self.call_holds(node, names, depth).or_else(|| self.of_visitor(node)),
            "identifier" => {
                let binding = self.reader.scopes.binding(self.reader.scopes.binding_at(node.byte_range())?);
                let declared = tree.node_at(binding.range.clone())?;
                let plain =
                    declared.child_by_field_name("name").is_some_and(|name| name.kind() == "identifier");
                let by_value = declared
                    .child_by_field_name("value")
                    .filter(|_| plain)
                    // What is set again later holds by more than its first value.
                    .filter(|_| self.visitor == Visitor::Nobody || binding.declared == Declared::Const)
                    .and_then(|value| self.holds(value, names, depth + 1));
                by_value.or_else(|| self.of_visitor(node))
            }
            _ => self.of_visitor(node),
        }
    }

    /// A test of the visitor.
    fn of_visitor(&self, node: Node<'p>) -> Option<bool> {
        if self.visitor == Visitor::Anybody {
            return None;
        }
        if self.reader.missing(node).is_some() {
            return Some(true);
        }
        self.reader.given(node).map(|_| false)
    }

    fn call_holds(&self, call: Node<'p>, names: Names<'_>, depth: usize) -> Option<bool> {
        let tree = self.reader.tree;
        let callee = view::callee(call)?;
        let arguments = view::arguments(call);
        let first = arguments.first().copied();
        let Some(object) = callee.child_by_field_name("object") else {
            return self.function_holds(callee, first?, names, depth);
        };
        let method = tree.text(callee.child_by_field_name("property")?);
        match method {
            "startsWith" | "endsWith" => {
                let (whole, part) = (self.text(object, names)?, self.text(first?, names)?);
                Some(if method == "startsWith" { whole.starts_with(&part) } else { whole.ends_with(&part) })
            }
            "includes" => {
                if let Some(whole) = self.text(object, names) {
                    return Some(whole.contains(&self.text(first?, names)?));
                }
                Some(self.list(object)?.contains(&self.text(first?, names)?))
            }
            "test" => {
                let pattern = view::unwrapped(object);
                let written = pattern.child_by_field_name("pattern").map(|pattern| tree.text(pattern))?;
                Some(regex::Regex::new(written).ok()?.is_match(&self.text(first?, names)?))
            }
            "some" | "every" => {
                let callback = view::unwrapped(first?);
                let body =
                    callback.child_by_field_name("body").filter(|body| body.kind() != "statement_block");
                let body = body.or_else(|| returned(callback))?;
                let parameter = parameter(callback).map(|parameter| tree.text(parameter))?;
                let mut any_unknown = false;
                for item in self.list(object)? {
                    let mut inner: Vec<(&str, String)> = names.to_vec();
                    inner.insert(0, (parameter, item));
                    match self.holds(body, &inner, depth + 1) {
                        Some(holds) if holds == (method == "some") => return Some(holds),
                        Some(_) => {}
                        None => any_unknown = true,
                    }
                }
                (!any_unknown).then_some(method != "some")
            }
            _ => None,
        }
    }

    /// `isPublic(pathname)`, a function of this file, or a matcher made from patterns.
    fn function_holds(
        &self,
        callee: Node<'p>,
        first: Node<'p>,
        names: Names<'_>,
        depth: usize,
    ) -> Option<bool> {
        let Origin::Local(holder, range) =
            Graph::origin(self.reader.project, self.reader.file.id, callee.byte_range())
        else {
            return None;
        };
        if holder != self.reader.file.id {
            return None;
        }
        let tree = self.reader.tree;
        let declaration = tree.node_at(range)?.parent()?;
        let value = declaration.child_by_field_name("value").map_or(declaration, view::unwrapped);
        if value.kind() == "call_expression" {
            let made = view::callee(value).map(|callee| tree.text(callee));
            let list = *view::arguments(value).first()?;
            return (made == Some("createRouteMatcher")).then(|| {
                let patterns = patterns(self.reader.file, list);
                patterns.iter().any(|pattern| matcher::takes(pattern, self.url).unwrap_or(false))
            });
        }
        if !component::is_function(value) {
            return None;
        }
        let body = value.child_by_field_name("body")?;
        let body = if body.kind() == "statement_block" { returned(value)? } else { body };
        let parameter = tree.text(parameter(value)?);
        let mut inner: Vec<(&str, String)> = names.to_vec();
        inner.insert(0, (parameter, self.text(first, names)?));
        self.holds(body, &inner, depth + 1)
    }

    /// A text that this URL decides.
    fn text(&self, node: Node<'p>, names: Names<'_>) -> Option<String> {
        let node = view::unwrapped(node);
        let tree = self.reader.tree;
        let text = tree.text(node);
        if let Some((_, value)) = names.iter().find(|(name, _)| *name == text) {
            return Some(value.clone());
        }
        if text.ends_with("nextUrl.pathname")
            || matches!(text, "pathname" | "path" | "url.pathname" | "currentPath")
        {
            return Some(self.url.to_owned());
        }
        if text.ends_with(".method") {
            return Some("GET".to_owned());
        }
        if node.kind() == "identifier"
            && let Some(id) = self.reader.scopes.binding_at(node.byte_range())
            && let Some(declared) = tree.node_at(self.reader.scopes.binding(id).range.clone())
            && declared.kind() == "variable_declarator"
            && tree.text(declared).ends_with("nextUrl.pathname")
        {
            return Some(self.url.to_owned());
        }
        if node.kind() == "template_string" {
            let parts = view::template_parts(tree, node)?;
            let mut whole = String::new();
            for part in parts {
                match part {
                    view::TemplatePart::Text(text) => whole.push_str(&text),
                    view::TemplatePart::Expression(inner) => whole.push_str(&self.text(inner, names)?),
                }
            }
            return Some(whole);
        }
        constant::text(self.reader.project, self.reader.file, node)
    }

    fn list(&self, node: Node<'p>) -> Option<Vec<String>> {
        let node = view::unwrapped(node);
        let (file, array) = if node.kind() == "array" {
            (self.reader.file, node)
        } else {
            constant::value(self.reader.project, self.reader.file, node)?
        };
        (array.kind() == "array").then(|| {
            view::code_children(array)
                .filter_map(|item| constant::text(self.reader.project, file, item))
                .collect()
        })
    }
}

fn parameter(function: Node<'_>) -> Option<Node<'_>> {
    if let Some(alone) = function.child_by_field_name("parameter") {
        return Some(alone);
    }
    let first = view::code_children(function.child_by_field_name("parameters")?).next()?;
    Some(first.child_by_field_name("pattern").unwrap_or(first))
}

/// The value of a function that only returns.
fn returned(function: Node<'_>) -> Option<Node<'_>> {
    let body = function.child_by_field_name("body")?;
    let last = view::code_children(body).last()?;
    (last.kind() == "return_statement").then(|| view::code_children(last).next())?
}

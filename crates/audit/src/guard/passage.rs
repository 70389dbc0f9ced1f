//! Whether the guard file surely lets a request pass, whoever sends it. Unlike what it refuses, which is told of a visitor without a
//! session alone, this is followed through every branch that the URL does not decide.

use super::middleware::Seen;
use super::walk::{Visitor, Walk};
use crate::component;
use edit::Span;
use project::Project;
use std::cell::RefCell;
use syntax::Node;
use syntax::scope::Declared;
use syntax::view;

/// How many functions are followed into each other.
const DEEP: u32 = 3;

pub(super) fn surely_passes(project: &Project, function: Span, url: &str) -> bool {
    passes(project, function, url, &RefCell::default())
}

fn passes(project: &Project, function: Span, url: &str, seen: &RefCell<Seen>) -> bool {
    if seen.borrow().depth > DEEP {
        return false;
    }
    let Some(walk) = Walk::of(project, function, url, seen, Visitor::Anybody) else { return false };
    let body = walk.reader.tree.node_at(function.range()).and_then(|node| node.child_by_field_name("body"));
    let Some(body) = body.filter(|body| walk.reader.tree.sound(*body)) else { return false };
    seen.borrow_mut().depth += 1;
    let passes = match body.kind() {
        "statement_block" => walk.end(body) != Some(false),
        _ => walk.lets_on(body, 0),
    };
    seen.borrow_mut().depth -= 1;
    passes
}

impl<'p> Walk<'p, '_> {
    /// Whether the request passes where this statement ends its way; `None` if it does not end here, or passes if it does.
    fn end(&self, node: Node<'p>) -> Option<bool> {
        match node.kind() {
            "statement_block" => view::code_children(node).find_map(|child| self.end(child)),
            "if_statement" => {
                let condition = node.child_by_field_name("condition")?;
                let way = |branch: &str| {
                    let branch = node.child_by_field_name(branch)?;
                    let inner = if branch.kind() == "else_clause" {
                        view::code_children(branch).next()?
                    } else {
                        branch
                    };
                    self.end(inner)
                };
                match self.holds(condition, &[], 0) {
                    Some(true) => way("consequence"),
                    Some(false) => way("alternative"),
                    None => match (way("consequence"), way("alternative")) {
                        (Some(false), _) | (_, Some(false)) => Some(false),
                        (Some(true), Some(true)) => Some(true),
                        _ => None,
                    },
                }
            }
            "return_statement" => {
                Some(view::code_children(node).next().is_none_or(|value| self.lets_on(value, 0)))
            }
            "try_statement" => {
                let body = node.child_by_field_name("body").and_then(|body| self.end(body));
                let mut others = ["handler", "finalizer"].into_iter().filter_map(|part| {
                    let part = node.child_by_field_name(part)?;
                    self.end(part.child_by_field_name("body")?)
                });
                if others.any(|passes| !passes) { Some(false) } else { body }
            }
            "function_declaration" => None,
            "expression_statement" | "lexical_declaration" | "variable_declaration" => {
                self.reader.tree.text(node).contains(".protect(").then_some(false)
            }
            _ => {
                let mut ends = node.kind() == "throw_statement";
                view::walk(node, &mut |inner| {
                    ends |= matches!(inner.kind(), "return_statement" | "throw_statement");
                    !ends
                });
                ends.then_some(false)
            }
        }
    }

    /// Whether the request goes on with this answer.
    fn lets_on(&self, node: Node<'p>, depth: usize) -> bool {
        let node = view::unwrapped(node);
        let tree = self.reader.tree;
        match node.kind() {
            "await_expression" => {
                view::code_children(node).next().is_some_and(|inner| self.lets_on(inner, depth))
            }
            "undefined" | "null" => true,
            "ternary_expression" => {
                let arm = |name: &str| {
                    node.child_by_field_name(name).is_some_and(|arm| self.lets_on(arm, depth + 1))
                };
                let condition = node.child_by_field_name("condition");
                match condition.and_then(|condition| self.holds(condition, &[], 0)) {
                    Some(true) => arm("consequence"),
                    Some(false) => arm("alternative"),
                    None => arm("consequence") && arm("alternative"),
                }
            }
            "call_expression" => {
                let Some(callee) = view::callee(node) else { return false };
                if tree.text(callee) == "NextResponse.next" {
                    return true;
                }
                component::of(self.reader.project, self.reader.file, callee)
                    .filter(|_| callee.kind() == "identifier")
                    .is_some_and(|function| passes(self.reader.project, function, self.url, self.seen))
            }
            "identifier" if depth < 4 => self.given_lets_on(node, depth),
            _ => false,
        }
    }

    /// Whether all that a variable is given lets the request on.
    fn given_lets_on(&self, node: Node<'p>, depth: usize) -> bool {
        let (tree, scopes) = (self.reader.tree, self.reader.scopes);
        let Some(id) = scopes.binding_at(node.byte_range()) else { return false };
        let binding = scopes.binding(id);
        let declarator = tree.node_at(binding.range.clone());
        let variable = declarator.filter(|declarator| {
            declarator.kind() == "variable_declarator"
                && declarator.child_by_field_name("name").is_some_and(|name| name.kind() == "identifier")
        });
        let value = variable.and_then(|declarator| declarator.child_by_field_name("value"));
        if !value.is_some_and(|value| self.lets_on(value, depth + 1)) {
            return false;
        }
        if binding.declared == Declared::Const {
            return true;
        }
        let mut all = true;
        view::walk(tree.root(), &mut |inner| {
            if matches!(inner.kind(), "assignment_expression" | "augmented_assignment_expression")
                && let Some(left) = inner.child_by_field_name("left")
                && left.kind() == "identifier"
                && scopes.binding_at(left.byte_range()) == Some(id)
            {
                let right = inner.child_by_field_name("right");
                all &= right.is_some_and(|right| self.lets_on(right, depth + 1));
            }
            all
        });
        all
    }
}

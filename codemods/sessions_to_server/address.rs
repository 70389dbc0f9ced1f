//! Addresses of requests: whether they are routes of the app's own, which its own server answers.

use super::meaning::{At, declared, elsewhere};
use super::uses;
use audit::Survey;
use audit::handler::Kind;
use edit::Span;
use syntax::Node;
use syntax::scope::Declared;
use syntax::view::{
    TemplatePart, arguments, callee_path, code_children, enclosing_function, template_parts, unwrapped,
    value_of, wrapped,
};

/// What is computed in an address.
const HOLE: char = '*';
/// Where a chat asks unless it is told.
const CHAT: &str = "/api/chat";

/// The routes of the app.
pub(super) struct Addresses<'s, 'p> {
    survey: &'s Survey<'p>,
    routes: Vec<Vec<String>>,
}

impl<'s, 'p> Addresses<'s, 'p> {
    pub(super) fn of(survey: &'s Survey<'p>) -> Self {
        let handlers = survey.handlers.iter().filter(|handler| handler.kind == Kind::RouteHandler);
        let urls = handlers.filter_map(|handler| handler.url.as_deref());
        let routes = urls
            .map(|url| {
                // Layouts and groups are no part of the address.
                let parts = segments(url).filter(|segment| !segment.starts_with(['_', '(']));
                parts.map(|segment| segment.replace("[.]", ".")).collect()
            })
            .collect();
        Self { survey, routes }
    }

    /// Whether whatever an expression can be is a route of the app.
    pub(super) fn are_own(&self, at: At<'s>, node: Node<'s>) -> bool {
        self.texts(at, node, 0)
            .is_some_and(|texts| !texts.is_empty() && texts.iter().all(|text| self.is_own(text)))
    }

    /// Whether a chat asks a route of the app: `{ api: "/api/chat" }`.
    pub(super) fn chat_is_own(&self, at: At<'s>, options: Node<'s>) -> bool {
        // A spread may hold another address, and what prepares a request may change it.
        let plain = options.kind() == "object"
            && code_children(options).all(|member| member.kind() != "spread_element")
            && !at.tree.text(options).contains("prepare");
        plain
            && match value_of(at.tree, options, "api") {
                Some(address) => self.are_own(at, address),
                None => self.is_own(CHAT),
            }
    }

    /// Whether a path is one of the app's routes. What is computed may be anything, but the host is not.
    fn is_own(&self, address: &str) -> bool {
        let path = address.split(['?', '#']).next().unwrap_or_default();
        let mut first = path.strip_prefix('/').unwrap_or_default().chars();
        if !path.starts_with('/') || first.next().is_none_or(|letter| matches!(letter, '/' | '\\' | HOLE)) {
            return false;
        }
        let asked: Vec<&str> = segments(path).collect();
        self.routes.iter().any(|route| {
            let mut route = route.iter();
            for segment in &asked {
                match route.next().map(String::as_str) {
                    Some(rest) if rest == ":" || rest == "*" => return true,
                    // What is computed may hold more than one segment.
                    Some(_) if segment.starts_with(HOLE) => return true,
                    Some(known) if known.starts_with(':') || known == *segment => {}
                    Some(known) if fits(known, segment) => {}
                    _ => return false,
                }
            }
            route.next().is_none()
        })
    }

    /// Everything that an address can be, with a mark for what is computed.
    fn texts(&self, at: At<'s>, node: Node<'s>, depth: usize) -> Option<Vec<String>> {
        if depth > 8 {
            return None;
        }
        let node = unwrapped(node);
        match node.kind() {
            "string" | "template_string" => {
                let mut all = vec![String::new()];
                for part in template_parts(at.tree, node)? {
                    let more = match part {
                        TemplatePart::Text(text) => vec![text.into_owned()],
                        TemplatePart::Expression(expression) => self.part(at, expression, depth),
                    };
                    all = joined(&all, &more);
                }
                Some(all)
            }
            "binary_expression" => {
                let plus =
                    node.child_by_field_name("operator").is_some_and(|operator| operator.kind() == "+");
                let left = self.texts(at, node.child_by_field_name("left").filter(|_| plus)?, depth + 1)?;
                Some(joined(&left, &self.part(at, node.child_by_field_name("right")?, depth)))
            }
            "ternary_expression" => {
                let mut all = self.texts(at, node.child_by_field_name("consequence")?, depth + 1)?;
                all.extend(self.texts(at, node.child_by_field_name("alternative")?, depth + 1)?);
                Some(all)
            }
            "new_expression" => {
                let given = arguments(node);
                let base = given.get(1).map(|base| at.tree.text(*base))?;
                let is = callee_path(at.tree, node)?.last().is_some_and(|name| name == "URL");
                if is && is_origin(base) { self.texts(at, given[0], depth + 1) } else { None }
            }
            "member_expression" if is_origin(at.tree.text(node)) => Some(vec![String::new()]),
            "identifier" => self.named(at, node, depth),
            _ => None,
        }
    }

    /// A part of an address: its texts, or the mark.
    fn part(&self, at: At<'s>, node: Node<'s>, depth: usize) -> Vec<String> {
        self.texts(at, node, depth + 1).unwrap_or_else(|| vec![HOLE.to_string()])
    }

    fn named(&self, at: At<'s>, node: Node<'s>, depth: usize) -> Option<Vec<String>> {
        if let Some(value) = uses::literal(self.survey, at.file, at.tree, node) {
            return Some(vec![value]);
        }
        let binding = at.scopes.reference_at(node.byte_range())?.binding?;
        let known = at.scopes.binding(binding);
        if at.scopes.references_of(binding).any(|reference| reference.writes) {
            return None;
        }
        let name = at.tree.node_at(known.name_range.clone())?;
        match known.declared {
            Declared::Const => {
                let declarator = name.parent().filter(|parent| parent.kind() == "variable_declarator")?;
                self.texts(at, declarator.child_by_field_name("value")?, depth + 1)
            }
            Declared::Parameter => {
                let function = enclosing_function(name)?;
                let list = function.child_by_field_name("parameters")?;
                let index = code_children(list).position(|one| {
                    one.child_by_field_name("pattern").is_some_and(|pattern| pattern.id() == name.id())
                })?;
                let mut all = Vec::new();
                for (there, call) in self.calls(at, function)? {
                    all.extend(self.texts(there, *arguments(call).get(index)?, depth + 1)?);
                }
                Some(all)
            }
            _ => None,
        }
    }

    /// Every call of a function; `None` if it is used in another way.
    fn calls(&self, at: At<'s>, function: Node<'s>) -> Option<Vec<(At<'s>, Node<'s>)>> {
        let name = if function.kind() == "function_declaration" {
            function.child_by_field_name("name")?
        } else {
            let mut outer = wrapped(function).parent()?;
            if outer.kind() == "arguments" {
                outer = wrapped(outer.parent()?).parent()?;
            }
            outer.child_by_field_name("name").filter(|_| outer.kind() == "variable_declarator")?
        };
        let binding = at.scopes.binding_at(name.byte_range())?;
        let here = at.scopes.references_of(binding).filter(|reference| !reference.in_type);
        let mut spans: Vec<Span> = here.map(|reference| at.file.span(reference.range.clone())).collect();
        if at.scopes.binding(binding).top_level {
            spans.extend(elsewhere(self.survey, at.file.id, name.byte_range())?);
        }
        let mut calls = Vec::new();
        for span in spans {
            let there = At::of(self.survey.project.get(span.file))?;
            let node = there.tree.node_at(span.range())?;
            let parent = wrapped(node).parent()?;
            match parent.kind() {
                "call_expression" => {
                    let (found, called) = declared(self.survey, there, node)?;
                    if found.file.id != at.file.id || called.id() != function.id() {
                        return None;
                    }
                    calls.push((there, parent));
                }
                "array" | "export_specifier" | "export_statement" => {}
                _ => return None,
            }
        }
        Some(calls)
    }
}

/// What a name in an address or a route has between its slashes.
fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

fn is_origin(text: &str) -> bool {
    matches!(text, "window.location.origin" | "location.origin" | "globalThis.location.origin")
}

fn joined(all: &[String], more: &[String]) -> Vec<String> {
    all.iter().flat_map(|one| more.iter().map(move |other| format!("{one}{other}"))).collect()
}

/// Whether a segment of a route can be the one that is asked for, part of which is computed: `report-*` is `report-2025`.
fn fits(known: &str, segment: &str) -> bool {
    segment.split_once(HOLE).is_some_and(|(before, _)| known.starts_with(before))
}

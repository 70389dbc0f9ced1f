//! A query that a function answers without sending it: whether somebody who calls the function goes on with its chain.

use super::Reader;
use crate::trace::Place;
use project::graph::{Graph, Origin};
use std::collections::BTreeSet;
use syntax::view;
use syntax::{Node, Tree};

/// Further than this nobody hands a query on.
const DEPTH: u8 = 8;

/// What is looked at, once each.
struct Look<'r, 'p> {
    reader: &'r Reader<'r, 'p>,
    seen: BTreeSet<(edit::FileId, usize)>,
}

/// Whether a chain goes on with what the function around `end` answers: `page().range(0, 9)`.
pub(super) fn goes_on<'p>(reader: &Reader<'_, 'p>, end: Node<'p>) -> bool {
    let Some(function) = view::enclosing_function(end) else { return false };
    let mut look = Look { reader, seen: BTreeSet::new() };
    look.answer(reader.at(function), DEPTH)
}

impl<'p> Look<'_, 'p> {
    fn tree(&self, file: edit::FileId) -> Option<&'p Tree> {
        self.reader.tracer.syntax(file).map(|(tree, _)| tree)
    }

    /// What a function answers, wherever it is called. An async one sends the query by answering it.
    fn answer(&mut self, function: Place<'p>, depth: u8) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        let node = function.node;
        if !self.seen.insert((function.file, node.start_byte()))
            || node.children().any(|part| part.kind() == "async")
        {
            return false;
        }
        let of_name = |name: Option<Node<'p>>| name.filter(|name| name.kind() == "identifier");
        if node.kind() == "function_declaration" {
            let name = of_name(node.child_by_field_name("name"));
            return name.is_some_and(|name| self.uses(function.file, name, depth));
        }
        if node.kind() == "method_definition" {
            return node
                .child_by_field_name("name")
                .is_some_and(|name| self.member(function.file, name, depth));
        }
        let outer = view::wrapped(node);
        let Some(parent) = outer.parent() else { return false };
        match parent.kind() {
            "variable_declarator" => of_name(parent.child_by_field_name("name"))
                .is_some_and(|name| self.uses(function.file, name, depth)),
            "arguments" => self.handed(Place { node: outer, ..function }, parent, depth),
            "pair" | "public_field_definition" | "field_definition" => {
                let key =
                    ["key", "name", "property"].iter().find_map(|field| parent.child_by_field_name(field));
                key.is_some_and(|key| self.member(function.file, key, depth))
            }
            _ => false,
        }
    }

    /// All uses of a name that holds such a function.
    fn uses(&mut self, file: edit::FileId, name: Node<'p>, depth: u8) -> bool {
        self.reader.tracer.uses_of(file, name).into_iter().any(|place| self.used(place, depth))
    }

    /// One use of such a function.
    fn used(&mut self, place: Place<'p>, depth: u8) -> bool {
        let outer = view::wrapped(place.node);
        let Some(parent) = outer.parent() else { return false };
        match parent.kind() {
            "call_expression" => self.result(Place { node: parent, ..place }, depth),
            "arguments" => self.handed(Place { node: outer, ..place }, parent, depth),
            _ => false,
        }
    }

    /// A function that is handed to another one of the tree, which calls it; others only wait for what it answers.
    fn handed(&mut self, argument: Place<'p>, list: Node<'p>, depth: u8) -> bool {
        let Some(call) = list.parent() else { return false };
        let Some(called) = view::callee(call).map(view::unwrapped) else { return false };
        let Some(tree) = self.tree(argument.file) else { return false };
        if tree.text(called).ends_with("useCallback") {
            let name = view::wrapped(call).parent().and_then(|holder| holder.child_by_field_name("name"));
            return name.is_some_and(|name| self.uses(argument.file, name, depth));
        }
        let at = view::arguments(call).iter().position(|one| one.id() == argument.node.id());
        let origin = Graph::origin(self.reader.tracer.project, argument.file, called.byte_range());
        let (Some(at), Origin::Local(file, name)) = (at, origin) else { return false };
        let Some(tree) = self.tree(file) else { return false };
        let Some(declared) = tree.node_at(name).and_then(|name| name.parent()) else { return false };
        let function = declared.child_by_field_name("value").map_or(declared, view::unwrapped);
        let parameters = function.child_by_field_name("parameters");
        let parameter = parameters.and_then(|parameters| view::code_children(parameters).nth(at));
        let pattern =
            parameter.map(|parameter| parameter.child_by_field_name("pattern").unwrap_or(parameter));
        pattern
            .filter(|pattern| pattern.kind() == "identifier")
            .is_some_and(|pattern| self.uses(file, pattern, depth))
    }

    /// A function that a member holds: whoever calls a member of that name.
    fn member(&mut self, file: edit::FileId, key: Node<'p>, depth: u8) -> bool {
        let Some(tree) = self.tree(file) else { return false };
        let Some(name) = view::key_name(tree, key).map(|name| name.into_owned()) else { return false };
        let asked = format!(".{name}(");
        let project = self.reader.tracer.project;
        let calling = project.files.iter().filter(|file| file.text.contains(&asked)).map(|file| file.id);
        let mut calls = Vec::new();
        for file in calling.collect::<Vec<_>>() {
            let Some(tree) = self.tree(file) else { continue };
            view::walk(tree.root(), &mut |node| {
                let property =
                    node.child_by_field_name("property").filter(|_| node.kind() == "member_expression");
                let call = view::wrapped(node).parent().filter(|call| call.kind() == "call_expression");
                if let Some(call) =
                    call.filter(|_| property.is_some_and(|property| tree.text(property) == name))
                {
                    calls.push(Place { file, node: call });
                }
                true
            });
        }
        calls.into_iter().any(|call| self.result(call, depth))
    }

    /// What becomes of a query that a call answers.
    fn result(&mut self, call: Place<'p>, depth: u8) -> bool {
        let outer = view::wrapped(call.node);
        let Some(parent) = outer.parent() else { return false };
        match parent.kind() {
            "member_expression" => {
                let tree = self.tree(call.file);
                let property = parent.child_by_field_name("property").zip(tree);
                property.is_some_and(|(property, tree)| !is_waiting(tree.text(property)))
            }
            "return_statement" | "arrow_function" => view::enclosing_function(outer)
                .is_some_and(|function| self.answer(Place { node: function, ..call }, depth)),
            "variable_declarator" => {
                let name = parent.child_by_field_name("name").filter(|name| name.kind() == "identifier");
                name.is_some_and(|name| {
                    let uses = self.reader.tracer.uses_of(call.file, name);
                    uses.into_iter().any(|place| self.result(place, depth))
                })
            }
            _ => false,
        }
    }
}

/// What is asked of every promise.
fn is_waiting(method: &str) -> bool {
    matches!(method, "then" | "catch" | "finally")
}

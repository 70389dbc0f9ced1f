//! The texts that a parameter can be, where every caller of its function is known: what they hand over, or its default.

use super::table::texts;
use crate::trace::{Place, Step, Tracer, default_of, pattern_path, position};
use edit::FileId;
use project::graph::Graph;
use std::collections::BTreeSet;
use syntax::Node;
use syntax::Tree;
use syntax::module::{ImportKind, Imported};
use syntax::scope::{Binding, BindingId};
use syntax::view;

/// The texts; `None` if the function may be called by somebody who is not seen, or with something that is not a text.
pub(super) fn texts_of(
    tracer: &Tracer<'_>,
    file: FileId,
    id: BindingId,
    depth: u32,
) -> Option<BTreeSet<String>> {
    let (tree, scopes) = tracer.syntax(file)?;
    if scopes.references_of(id).any(|reference| reference.writes) {
        return None;
    }
    let name = tree.node_at(scopes.binding(id).name_range.clone())?;
    let path = pattern_path(tracer, file, name)?;
    if let Some(list) = looped(tree, scopes.binding(id)) {
        return elements(tracer, Place { file, node: list }, depth);
    }
    let (_, function, index) = position(name)?;
    let holder = match view::wrapped(function).parent() {
        Some(parent) if parent.kind() == "variable_declarator" => parent.child_by_field_name("name")?,
        _ if function.kind() == "function_declaration" => function.child_by_field_name("name")?,
        _ => return None,
    };
    if is_taken_whole(tracer, file) {
        return None;
    }
    let default = match default_of(name) {
        Some(default) => Some(texts(tracer, Place { file, node: default }, depth + 1)?),
        None => None,
    };
    let mut all = default.clone().unwrap_or_default();
    for at in tracer.uses_of(file, holder) {
        match given(tracer, at, index, &path)? {
            Given::Nothing => drop(default.as_ref()?),
            Given::Value(node) => all.extend(texts(tracer, Place { node, ..at }, depth + 1)?),
            Given::NoCall => {}
        }
    }
    Some(all).filter(|all| !all.is_empty())
}

/// The list that a loop goes over, of whose elements the name is each: `for (const name of list)`, `list.map((name) => ...)`.
pub(super) fn looped<'p>(tree: &'p Tree, binding: &Binding) -> Option<Node<'p>> {
    let name = tree.node_at(binding.name_range.clone())?;
    let loop_ = name.parent().filter(|parent| parent.kind() == "for_in_statement");
    if let Some(loop_) = loop_ {
        let of = loop_.child_by_field_name("operator").is_some_and(|operator| operator.kind() == "of");
        let left = loop_.child_by_field_name("left").is_some_and(|left| left.id() == name.id());
        return (of && left).then(|| loop_.child_by_field_name("right"))?;
    }
    let (parameter, function, index) = position(name)?;
    let plain = parameter.id() == name.id()
        || parameter.child_by_field_name("pattern").is_some_and(|pattern| pattern.id() == name.id());
    let list = view::wrapped(function).parent().filter(|list| list.kind() == "arguments");
    let callee = list.and_then(|list| list.parent()).and_then(view::callee).map(view::unwrapped)?;
    let method = tree.text(callee.child_by_field_name("property")?);
    let each = matches!(method, "map" | "forEach" | "flatMap" | "filter" | "some" | "every" | "find");
    (plain && index == 0 && each).then(|| callee.child_by_field_name("object"))?
}

/// The texts that the elements of a list are, which is written out here or where its name is declared.
pub(super) fn elements<'p>(tracer: &Tracer<'p>, list: Place<'p>, depth: u32) -> Option<BTreeSet<String>> {
    let node = view::unwrapped(list.node);
    if node.kind() == "identifier" {
        let held = tracer.initialiser(Place { node, ..list })?;
        return (held.node.kind() == "array").then(|| elements(tracer, held, depth + 1))?;
    }
    if node.kind() != "array" {
        return None;
    }
    let mut all = BTreeSet::new();
    for node in view::code_children(node) {
        all.extend(texts(tracer, Place { node, ..list }, depth + 1)?);
    }
    Some(all).filter(|all| !all.is_empty())
}

/// What one use of the function hands over.
enum Given<'p> {
    Value(Node<'p>),
    Nothing,
    /// The use is the end of an element.
    NoCall,
}

/// `None` for a use that hands the function itself on.
fn given<'p>(tracer: &Tracer<'p>, at: Place<'p>, index: usize, path: &[Step]) -> Option<Given<'p>> {
    let (tree, _) = tracer.syntax(at.file)?;
    let callee = view::wrapped(at.node);
    let parent = callee.parent()?;
    let told = |value: Option<Node<'p>>| value.map_or(Given::Nothing, Given::Value);
    match (parent.kind(), path) {
        ("jsx_closing_element", _) => Some(Given::NoCall),
        ("jsx_opening_element" | "jsx_self_closing_element", [Step::Key(key)]) if index == 0 => {
            let mut found = None;
            for child in view::code_children(parent).filter(|child| child.id() != callee.id()) {
                if child.kind() != "jsx_attribute" {
                    // Spread props may hold it.
                    return None;
                }
                let mut parts = view::code_children(child);
                if parts.next().is_some_and(|name| tree.text(name) == *key) {
                    found = Some(match parts.next()? {
                        value if value.kind() == "jsx_expression" => view::code_children(value).next()?,
                        value => value,
                    });
                }
            }
            Some(told(found))
        }
        ("call_expression", _) if parent.child_by_field_name("function")?.id() == callee.id() => {
            let arguments = view::arguments(parent);
            if arguments.iter().take(index + 1).any(|argument| argument.kind() == "spread_element") {
                return None;
            }
            let argument = arguments.get(index).copied();
            match (path, argument) {
                ([], _) | (_, None) => Some(told(argument)),
                ([Step::Key(key)], Some(object)) => {
                    let object = view::unwrapped(object);
                    let plain = object.kind() == "object"
                        && view::code_children(object).all(|child| child.kind() != "spread_element");
                    plain.then(|| told(view::value_of(tree, object, key)))
                }
                _ => None,
            }
        }
        _ => None,
    }
}

/// Whether a module takes all of the file at once, or takes it while it runs: then not every use is seen.
fn is_taken_whole(tracer: &Tracer<'_>, file: FileId) -> bool {
    tracer.project.graph.importers[file.0 as usize].iter().any(|importer| {
        tracer.file(*importer).module.imports.iter().any(|import| {
            let whole = !matches!(import.kind, ImportKind::Static | ImportKind::ReExport)
                || import.names.iter().any(|name| name.imported == Imported::Namespace);
            whole && Graph::resolve(tracer.project, *importer, &import.specifier) == Some(file)
        })
    })
}

//! The table of a query: a literal, or what a name that is one of a closed set can be.

use super::{Target, handed};
use crate::trace::{self, Place, Tracer, Value};
use std::collections::BTreeSet;
use syntax::Node;
use syntax::scope::Declared;
use syntax::view;

/// How far a name is followed.
const DEPTH: u32 = 12;

/// The names that the expression can be.
pub(super) fn target<'p>(tracer: &Tracer<'p>, at: Option<Place<'p>>) -> Target {
    let Some(names) = at.and_then(|at| texts(tracer, at, 0)) else { return Target::Dynamic };
    let mut names: Vec<String> = names.into_iter().collect();
    match names.len() {
        0 => Target::Dynamic,
        // What callers hand over stays theirs to say, though all of them say the same today.
        1 if !at.is_some_and(|at| is_parameter(tracer, at)) => Target::Named(names.swap_remove(0)),
        _ => Target::OneOf(names),
    }
}

fn is_parameter(tracer: &Tracer<'_>, at: Place<'_>) -> bool {
    let node = view::unwrapped(at.node);
    tracer.syntax(at.file).is_some_and(|(_, scopes)| {
        let id = scopes.binding_at(node.byte_range());
        id.is_some_and(|id| scopes.binding(id).declared == Declared::Parameter)
    })
}

/// All texts that the expression can be; `None` if that is open.
pub(super) fn texts<'p>(tracer: &Tracer<'p>, at: Place<'p>, depth: u32) -> Option<BTreeSet<String>> {
    if depth > DEPTH {
        return None;
    }
    let (tree, scopes) = tracer.syntax(at.file)?;
    let node = view::unwrapped(at.node);
    let at = Place { node, ..at };
    let inner = |node: Node<'p>| texts(tracer, Place { node, ..at }, depth + 1);
    match node.kind() {
        "string" => Some(BTreeSet::from([view::string_value(tree, node)?.into_owned()])),
        "template_string" => {
            let mut all = BTreeSet::from([String::new()]);
            for part in view::template_parts(tree, node)? {
                let more = match part {
                    view::TemplatePart::Text(text) => BTreeSet::from([text.into_owned()]),
                    view::TemplatePart::Expression(node) => inner(node)?,
                };
                all = all
                    .iter()
                    .flat_map(|head| more.iter().map(move |tail| format!("{head}{tail}")))
                    .collect();
                if all.len() > 16 {
                    return None;
                }
            }
            Some(all)
        }
        "ternary_expression" => {
            let mut all = inner(node.child_by_field_name("consequence")?)?;
            let other = node.child_by_field_name("alternative")?;
            // With no name at all nobody asks.
            if !matches!(tree.text(view::unwrapped(other)), "null" | "undefined") {
                all.extend(inner(other)?);
            }
            Some(all)
        }
        "binary_expression" if matches!(node.child_by_field_name("operator")?.kind(), "||" | "??") => {
            let mut all = inner(node.child_by_field_name("left")?)?;
            all.extend(inner(node.child_by_field_name("right")?)?);
            Some(all)
        }
        "identifier" | "shorthand_property_identifier" => {
            let id = scopes.binding_at(node.byte_range())?;
            of_binding(tracer, at.file, id, depth)
        }
        "member_expression" => {
            let object = node.child_by_field_name("object")?;
            let name = tree.text(node.child_by_field_name("property")?);
            let owner = tracer.value(Place { node: object, ..at });
            of_member(tracer, owner, name, depth)
        }
        // `TABLES[kind]`: any of an object that is written out.
        "subscript_expression" => {
            let object = node.child_by_field_name("object")?;
            let index = node.child_by_field_name("index")?;
            let Value::Object(object) = tracer.value(Place { node: object, ..at }) else { return None };
            if let Some(name) = view::string_value(tree, index) {
                return of_member(tracer, Value::Object(object), &name, depth);
            }
            let mut all = BTreeSet::new();
            for child in view::code_children(object.node) {
                let value = child.child_by_field_name("value").filter(|_| child.kind() == "pair")?;
                all.extend(texts(tracer, Place { node: value, ..object }, depth + 1)?);
            }
            Some(all)
        }
        "call_expression" => {
            let function = node.child_by_field_name("function")?;
            let Value::Function(function) = tracer.value(Place { node: function, ..at }) else { return None };
            let body = function.node.child_by_field_name("body")?;
            if body.kind() != "statement_block" {
                return texts(tracer, Place { node: body, ..function }, depth + 1);
            }
            let mut all = BTreeSet::new();
            for returned in crate::trace::returns(body) {
                all.extend(texts(tracer, Place { node: returned?, ..function }, depth + 1)?);
            }
            Some(all)
        }
        _ => None,
    }
}

fn of_binding(
    tracer: &Tracer<'_>,
    file: edit::FileId,
    id: syntax::scope::BindingId,
    depth: u32,
) -> Option<BTreeSet<String>> {
    let (tree, scopes) = tracer.syntax(file)?;
    let binding = scopes.binding(id);
    match binding.declared {
        Declared::Const | Declared::Let | Declared::Var => {
            let declarator = trace::declaration(tree, binding)?;
            if let Some(list) = handed::looped(tree, binding) {
                return handed::elements(tracer, Place { file, node: list }, depth);
            }
            if declarator.kind() != "variable_declarator" {
                return None;
            }
            let name = declarator.child_by_field_name("name")?;
            if name.byte_range() != binding.name_range {
                return None;
            }
            let typed = declarator.child_by_field_name("type");
            let mut all = match declarator.child_by_field_name("value") {
                Some(value) => texts(tracer, Place { file, node: value }, depth + 1)
                    .or_else(|| of_type(tracer, Place { file, node: typed? }, 0))?,
                // The variable of a `for`: the elements of a list that is written out.
                None => match declarator.parent().and_then(|parent| parent.parent()) {
                    Some(around) if around.kind() == "for_in_statement" => {
                        return of_type(tracer, Place { file, node: typed? }, 0);
                    }
                    _ => BTreeSet::new(),
                },
            };
            for write in scopes.references_of(id).filter(|reference| reference.writes) {
                let assignment = tree.node_at(write.range.clone())?.parent()?;
                if assignment.kind() != "assignment_expression" {
                    return None;
                }
                let right = assignment.child_by_field_name("right")?;
                all.extend(texts(tracer, Place { file, node: right }, depth + 1)?);
            }
            Some(all)
        }
        Declared::Parameter => {
            let typed = || {
                let parameter = trace::declaration(tree, binding)?;
                let typed = parameter.child_by_field_name("type")?;
                let pattern = parameter.child_by_field_name("pattern")?;
                if pattern.byte_range() == binding.name_range {
                    return of_type(tracer, Place { file, node: typed }, 0);
                }
                // `({ table, id }: { table: "a" | "b"; id: string })`.
                let steps = trace::pattern_path(tracer, file, tree.node_at(binding.name_range.clone())?)?;
                let [trace::Step::Key(name)] = steps.as_slice() else { return None };
                of_type(tracer, member_type(tracer, Place { file, node: typed }, name)?, 0)
            };
            typed().or_else(|| handed::texts_of(tracer, file, id, depth))
        }
        Declared::Import => {
            match project::graph::Graph::origin(tracer.project, file, binding.name_range.clone()) {
                project::graph::Origin::Local(there, range) if there != file => {
                    let (_, scopes) = tracer.syntax(there)?;
                    of_binding(tracer, there, scopes.binding_at(range)?, depth + 1)
                }
                _ => None,
            }
        }
        _ => None,
    }
}

fn of_member<'p>(tracer: &Tracer<'p>, owner: Value<'p>, name: &str, depth: u32) -> Option<BTreeSet<String>> {
    match owner {
        Value::Object(object) => {
            let (tree, _) = tracer.syntax(object.file)?;
            let value = view::value_of(tree, object.node, name)?;
            texts(tracer, Place { node: value, ..object }, depth + 1)
        }
        Value::Module(file) => {
            let origin = project::graph::Graph::export_origin(tracer.project, file, name);
            let project::graph::Origin::Local(there, range) = origin else { return None };
            let (_, scopes) = tracer.syntax(there)?;
            of_binding(tracer, there, scopes.binding_at(range)?, depth + 1)
        }
        Value::Class(class) | Value::Instance(class) => {
            let (tree, _) = tracer.syntax(class.file)?;
            let body = class.node.child_by_field_name("body")?;
            let field = view::code_children(body).find(|member| {
                let key =
                    member.child_by_field_name("name").or_else(|| member.child_by_field_name("property"));
                matches!(member.kind(), "public_field_definition" | "field_definition")
                    && key.and_then(|key| view::key_name(tree, key)).is_some_and(|key| key == name)
            })?;
            // A field that is set elsewhere holds what was set.
            let written = format!("this.{name} =");
            if tree.text(body).contains(&written) && !tree.text(body).contains(&format!("{written}=")) {
                return None;
            }
            texts(tracer, Place { node: field.child_by_field_name("value")?, ..class }, depth + 1)
        }
        _ => None,
    }
}

/// The type of a member of an object type that is written out, or of an interface or alias.
fn member_type<'p>(tracer: &Tracer<'p>, at: Place<'p>, name: &str) -> Option<Place<'p>> {
    let (tree, scopes) = tracer.syntax(at.file)?;
    match at.node.kind() {
        "type_annotation" | "parenthesized_type" => {
            let node = view::code_children(at.node).next()?;
            member_type(tracer, Place { node, ..at }, name)
        }
        "object_type" | "interface_body" => {
            let member = view::code_children(at.node).find(|member| {
                let key = member.child_by_field_name("name");
                member.kind() == "property_signature" && key.is_some_and(|key| tree.text(key) == name)
            })?;
            Some(Place { node: member.child_by_field_name("type")?, ..at })
        }
        "type_identifier" => {
            let id = scopes.lookup_type(tree.text(at.node), at.node.start_byte())?;
            let declared = tree.node_at(scopes.binding(id).name_range.clone())?.parent()?;
            let node =
                declared.child_by_field_name("value").or_else(|| declared.child_by_field_name("body"))?;
            matches!(node.kind(), "object_type" | "interface_body")
                .then(|| member_type(tracer, Place { node, ..at }, name))?
        }
        _ => None,
    }
}

/// The texts of a union of literal types, through a local alias.
fn of_type<'p>(tracer: &Tracer<'p>, at: Place<'p>, depth: u32) -> Option<BTreeSet<String>> {
    // A union of many is a tree as deep as it is long.
    if depth > 64 {
        return None;
    }
    let (tree, scopes) = tracer.syntax(at.file)?;
    let inner = |node| of_type(tracer, Place { node, ..at }, depth + 1);
    match at.node.kind() {
        "type_annotation" | "parenthesized_type" => inner(view::code_children(at.node).next()?),
        "literal_type" => {
            let string = view::code_children(at.node).next()?;
            Some(BTreeSet::from([view::string_value(tree, string)?.into_owned()]))
        }
        "union_type" => {
            let mut all = BTreeSet::new();
            for part in view::code_children(at.node) {
                all.extend(inner(part)?);
            }
            Some(all)
        }
        // `Extract<keyof Tables, "a" | "b">` is one of those that it lists.
        "generic_type" if tree.text(at.node).starts_with("Extract<") => {
            let arguments = view::code_children(at.node).find(|part| part.kind() == "type_arguments")?;
            inner(view::code_children(arguments).nth(1)?)
        }
        "type_identifier" => {
            let name = tree.text(at.node);
            let id = scopes.lookup_type(name, at.node.start_byte())?;
            let binding = scopes.binding(id);
            match project::graph::Graph::origin(tracer.project, at.file, binding.name_range.clone()) {
                project::graph::Origin::Local(file, range) => {
                    let (tree, _) = tracer.syntax(file)?;
                    let alias = tree.node_at(range)?.parent()?;
                    let value = alias.child_by_field_name("value")?;
                    (alias.kind() == "type_alias_declaration")
                        .then(|| of_type(tracer, Place { file, node: value }, depth + 1))?
                }
                _ => None,
            }
        }
        _ => None,
    }
}

//! Parameters of a route that have become promises, and are still read as if they were values.

use audit::Survey;
use edit::{Edit, Span};
use project::File;
use syntax::Node;
use syntax::view::{code_children, enclosing_function, key_name};
use syntax::{Tree, scope::Scopes};

const NAMES: &[&str] = &["params", "searchParams"];

/// A function that takes one of them as a value.
pub(super) struct Late {
    /// The parameter.
    pub(super) span: Span,
    pub(super) name: String,
    /// `None` where it is read inside another function, or handed on.
    pub(super) edits: Option<Vec<Edit>>,
}

/// Every such function of the files that the framework calls.
pub(super) fn late(survey: &Survey<'_>) -> Vec<Late> {
    let framework = survey.stack.framework;
    let mut found = Vec::new();
    if !framework.params_are_promises(survey.stack.framework_version.as_deref()) {
        return found;
    }
    for file in &survey.project.files {
        let stem = file.path.name().split('.').next().unwrap_or("");
        let called = matches!(stem, "page" | "layout" | "route" | "default" | "opengraph-image" | "icon")
            && file.path.as_str().contains("app/")
            && file.path.folder().contains('[');
        let searched = stem == "page" && file.text.contains("searchParams");
        let client = file.module.directives.iter().any(|directive| directive == "use client");
        if !(called || searched) || client || !file.path.as_str().contains("app/") {
            continue;
        }
        let Some((tree, scopes)) = file.syntax() else { continue };
        for statement in code_children(tree.root()).filter(|node| node.kind() == "export_statement") {
            for function in functions(statement) {
                found.extend(of_function(file, tree, scopes, function));
            }
        }
    }
    found
}

/// The functions that a statement exports.
fn functions(statement: Node<'_>) -> Vec<Node<'_>> {
    let is = |node: &Node<'_>| {
        matches!(node.kind(), "function_declaration" | "function_expression" | "arrow_function" | "function")
    };
    let mut found = Vec::new();
    let parts = [statement.child_by_field_name("declaration"), statement.child_by_field_name("value")];
    for part in parts.into_iter().flatten() {
        if is(&part) {
            found.push(part);
        }
        for declarator in code_children(part).filter(|child| child.kind() == "variable_declarator") {
            found.extend(declarator.child_by_field_name("value").filter(is));
        }
    }
    found
}

fn of_function(file: &File, tree: &Tree, scopes: &Scopes, function: Node<'_>) -> Vec<Late> {
    let mut found = Vec::new();
    let Some(parameters) = function.child_by_field_name("parameters") else { return found };
    for parameter in code_children(parameters) {
        let (Some(pattern), Some(types)) =
            (parameter.child_by_field_name("pattern"), parameter.child_by_field_name("type"))
        else {
            continue;
        };
        let Some(object) = code_children(types).next().filter(|node| node.kind() == "object_type") else {
            continue;
        };
        for member in code_children(object).filter(|node| node.kind() == "property_signature") {
            let name = member.child_by_field_name("name").and_then(|name| key_name(tree, name));
            let Some(name) = name.filter(|name| NAMES.contains(&&**name)) else { continue };
            let Some(kind) = member.child_by_field_name("type").and_then(|kind| code_children(kind).next())
            else {
                continue;
            };
            if tree.text(kind).starts_with("Promise<") {
                continue;
            }
            let mut edits = vec![
                Edit::replace(file.span(kind.start_byte()..kind.start_byte()), "Promise<"),
                Edit::replace(file.span(kind.end_byte()..kind.end_byte()), ">"),
            ];
            let reads = reads(file, tree, scopes, function, pattern, &name);
            let asynchronous = tree.text(function).starts_with("async");
            let sound = tree.sound(function);
            let edits = reads.filter(|_| asynchronous && sound).map(|reads| {
                edits.extend(reads);
                edits
            });
            found.push(Late { span: file.span(member.byte_range()), name: name.into_owned(), edits });
        }
    }
    found
}

/// Edits of all reads; `None` if one of them cannot wait.
fn reads(
    file: &File,
    tree: &Tree,
    scopes: &Scopes,
    function: Node<'_>,
    pattern: Node<'_>,
    name: &str,
) -> Option<Vec<Edit>> {
    let mut places: Vec<Node<'_>> = Vec::new();
    let uses = |declared: std::ops::Range<usize>| -> Option<Vec<Node<'_>>> {
        let binding = scopes.binding_at(declared)?;
        scopes.references_of(binding).map(|reference| tree.node_at(reference.range.clone())).collect()
    };
    match pattern.kind() {
        "object_pattern" => {
            for child in code_children(pattern) {
                match child.kind() {
                    "shorthand_property_identifier_pattern" if tree.text(child) == name => {
                        places.extend(uses(child.byte_range())?)
                    }
                    "pair_pattern"
                        if child.child_by_field_name("key").and_then(|key| key_name(tree, key))? == name =>
                    {
                        let value = child.child_by_field_name("value")?;
                        // `{ params: { id } }` takes it apart before anything can wait.
                        if value.kind() != "identifier" {
                            return None;
                        }
                        places.extend(uses(value.byte_range())?);
                    }
                    _ => {}
                }
            }
        }
        "identifier" => {
            for used in uses(pattern.byte_range())? {
                let member = used.parent().filter(|around| around.kind() == "member_expression")?;
                if tree.text(member.child_by_field_name("property")?) == name {
                    places.push(member);
                }
            }
        }
        _ => return None,
    }
    let mut edits = Vec::new();
    for place in places {
        if enclosing_function(place).map(|around| around.id()) != Some(function.id()) {
            return None;
        }
        let around = place.parent()?;
        match around.kind() {
            "await_expression" => {}
            "member_expression"
                if around.child_by_field_name("object").map(|object| object.id()) == Some(place.id()) =>
            {
                edits.push(Edit::replace(
                    file.span(place.byte_range()),
                    format!("(await {})", tree.text(place)),
                ));
            }
            "variable_declarator" => {
                edits.push(Edit::replace(file.span(place.start_byte()..place.start_byte()), "await "));
            }
            _ => return None,
        }
    }
    Some(edits)
}

//! Texts that the source fixes: literals, constants, members of constant objects, templates of such, across files.

use project::graph::{Graph, Origin};
use project::{File, Project};
use syntax::Node;
use syntax::view::{self, TemplatePart};

/// The text that `node` always has; `None` if any part of it is computed.
pub fn text<'p>(project: &'p Project, file: &'p File, node: Node<'p>) -> Option<String> {
    text_within(project, file, node, 0)
}

fn text_within<'p>(project: &'p Project, file: &'p File, node: Node<'p>, depth: usize) -> Option<String> {
    if depth > 5 {
        return None;
    }
    let (tree, _) = file.syntax()?;
    let node = view::unwrapped(node);
    if let Some(value) = view::string_value(tree, node) {
        return Some(value.into_owned());
    }
    match node.kind() {
        "template_string" => {
            let parts = view::template_parts(tree, node)?;
            let mut whole = String::new();
            for part in parts {
                match part {
                    TemplatePart::Text(text) => whole.push_str(&text),
                    TemplatePart::Expression(inner) => {
                        whole.push_str(&text_within(project, file, inner, depth + 1)?);
                    }
                }
            }
            Some(whole)
        }
        "binary_expression" => {
            let operator = node.child_by_field_name("operator").map(|operator| tree.text(operator))?;
            let left = text_within(project, file, node.child_by_field_name("left")?, depth + 1);
            let right = text_within(project, file, node.child_by_field_name("right")?, depth + 1);
            match operator {
                "+" => Some(left? + &right?),
                _ => None,
            }
        }
        "identifier" | "member_expression" => {
            let (holder, value) = value(project, file, node)?;
            text_within(project, holder, value, depth + 1)
        }
        _ => None,
    }
}

/// The value that a constant, or a member of a constant object, was given, with the file that holds it.
pub(crate) fn value<'p>(
    project: &'p Project,
    file: &'p File,
    node: Node<'p>,
) -> Option<(&'p File, Node<'p>)> {
    let (tree, _) = file.syntax()?;
    let mut path = Vec::new();
    let mut object = view::unwrapped(node);
    while object.kind() == "member_expression" {
        path.push(tree.text(object.child_by_field_name("property")?).to_owned());
        object = view::unwrapped(object.child_by_field_name("object")?);
    }
    let Origin::Local(holder, range) = Graph::origin(project, file.id, object.byte_range()) else {
        return None;
    };
    let holder = project.get(holder);
    let (tree, _) = holder.syntax()?;
    let mut value = initial(tree.node_at(range)?)?;
    while let Some(member) = path.pop() {
        let object = view::unwrapped(value);
        if object.kind() != "object" {
            return None;
        }
        value = view::value_of(tree, object, &member)?;
    }
    Some((holder, view::unwrapped(value)))
}

/// The value of the constant that `name` declares, or of a default-exported expression.
fn initial(name: Node<'_>) -> Option<Node<'_>> {
    let declarator = name.parent()?;
    match declarator.kind() {
        "variable_declarator" if declarator.child_by_field_name("name") == Some(name) => {
            let constant = declarator.parent()?.child(0)?.kind() == "const";
            constant.then(|| declarator.child_by_field_name("value"))?
        }
        _ => match name.kind() {
            "export_statement" => name.child_by_field_name("value"),
            "identifier" => None,
            _ => Some(name),
        },
    }
}

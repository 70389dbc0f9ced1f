//! Functions that take the client: which parameter it goes to, and whether that can say so.

use super::client::Client;
use super::held;
use super::leads::function_name;
use super::reach::By;
use audit::Survey;
use edit::FileId;
use project::File;
use project::graph::{Graph, Origin};
use syntax::Node;
use syntax::view::{arguments, code_children, unwrapped, wrapped};

/// A parameter that is given the client.
pub(super) struct Taken<'s> {
    pub(super) holder: FileId,
    /// The function's name.
    pub(super) function: Node<'s>,
    pub(super) parameter: Node<'s>,
    pub(super) index: usize,
    pub(super) by: By,
}

/// The parameter whose default the expression is, or that it is handed to.
pub(super) fn taken<'s>(survey: &'s Survey<'_>, file: &File, node: Node<'s>) -> Option<Taken<'s>> {
    let outer = wrapped(node);
    let parent = outer.parent()?;
    if matches!(parent.kind(), "required_parameter" | "optional_parameter") {
        let list = parent.parent().filter(|list| list.kind() == "formal_parameters")?;
        let index = code_children(list).position(|one| one.id() == parent.id())?;
        let function = function_name(list.parent()?)?;
        let plain = parent.child_by_field_name("pattern")?.kind() == "identifier";
        return plain.then_some(Taken {
            holder: file.id,
            function,
            parameter: parent,
            index,
            by: By::Declaration,
        });
    }
    let call = (parent.kind() == "arguments")
        .then(|| parent.parent())?
        .filter(|call| call.kind() == "call_expression")?;
    let index = arguments(call).iter().position(|one| one.id() == outer.id())?;
    let called = unwrapped(call.child_by_field_name("function")?);
    let Origin::Local(holder, name) = Graph::origin(survey.project, file.id, called.byte_range()) else {
        return None;
    };
    let (tree, _) = survey.project.get(holder).syntax()?;
    let name =
        tree.node_at(name).filter(|name| called.kind() == "identifier" && name.kind() == "identifier")?;
    let declared = name.parent()?;
    let function = match declared.kind() {
        "function_declaration" => declared,
        "variable_declarator" => {
            let value = unwrapped(declared.child_by_field_name("value")?);
            let plain = declared.child_by_field_name("type").is_none()
                && matches!(value.kind(), "arrow_function" | "function_expression");
            plain.then_some(value)?
        }
        _ => return None,
    };
    let parameter = code_children(function.child_by_field_name("parameters")?).nth(index)?;
    let plain = matches!(parameter.kind(), "required_parameter" | "optional_parameter")
        && parameter.child_by_field_name("pattern")?.kind() == "identifier";
    let by = if parameter.child_by_field_name("value").is_some() { By::Declaration } else { By::Caller };
    plain.then_some(Taken { holder, function: name, parameter, index, by })
}

/// Whether a parameter can say that it takes the client, where it says anything.
pub(super) fn is_nameable(survey: &Survey<'_>, client: &Client, holder: FileId, parameter: Node<'_>) -> bool {
    let Some(typed) = parameter.child_by_field_name("type") else { return true };
    let file = survey.project.get(holder);
    let name = parameter.child_by_field_name("pattern").unwrap_or(parameter);
    held::says_itself(&file.text[typed.byte_range()])
        || held::named(survey, client, file.span(name.byte_range())).is_some()
}

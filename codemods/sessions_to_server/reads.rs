//! What only reads: an expression that may go, with nothing done that anybody would miss.

use audit::Survey;
use project::File;
use project::graph::{Graph, Origin};
use syntax::Node;
use syntax::view::{arguments, callee, code_children, walk};

/// Methods of texts and lists that change nothing.
const METHODS: &[&str] = &[
    "endsWith",
    "includes",
    "match",
    "replace",
    "replaceAll",
    "slice",
    "split",
    "startsWith",
    "substring",
    "test",
    "toLowerCase",
    "toString",
    "trim",
    "trimEnd",
    "trimStart",
];

/// Whether a call only reads: of a text, or of the environment by a function of the app's own that takes nothing.
pub(super) fn only(survey: &Survey<'_>, file: &File, call: Node<'_>) -> bool {
    within(survey, file, call, 0)
}

fn within(survey: &Survey<'_>, file: &File, call: Node<'_>, depth: usize) -> bool {
    let (Some(callee), Some((tree, _))) = (callee(call), file.syntax()) else { return false };
    let method = callee.child_by_field_name("property").map(|property| tree.text(property));
    match method {
        Some(method) => METHODS.contains(&method),
        None => match tree.text(callee) {
            "Boolean" | "String" => true,
            "import" => arguments(call).len() == 1,
            _ => arguments(call).is_empty() && reads(survey, file, callee, depth + 1),
        },
    }
}

/// Whether a function of the app's own does nothing but read.
fn reads(survey: &Survey<'_>, file: &File, callee: Node<'_>, depth: usize) -> bool {
    let Origin::Local(holder, name) = Graph::origin(survey.project, file.id, callee.byte_range()) else {
        return false;
    };
    let holder = survey.project.get(holder);
    let declared = holder.syntax().and_then(|(tree, _)| tree.node_at(name)?.parent());
    let function = declared.map(|declared| declared.child_by_field_name("value").unwrap_or(declared));
    let body =
        function.filter(|function| matches!(function.kind(), "function_declaration" | "arrow_function"));
    let Some(body) = body.and_then(|function| {
        let takes = function
            .child_by_field_name("parameters")
            .is_some_and(|takes| code_children(takes).next().is_some());
        function.child_by_field_name("body").filter(|_| !takes)
    }) else {
        return false;
    };
    let mut fine = depth < 4;
    walk(body, &mut |node| {
        fine &= match node.kind() {
            "call_expression" => within(survey, holder, node, depth),
            kind => !does(kind),
        };
        fine
    });
    fine
}

/// Whether a node of this kind does more than read.
pub(super) fn does(kind: &str) -> bool {
    matches!(
        kind,
        "assignment_expression"
            | "augmented_assignment_expression"
            | "update_expression"
            | "new_expression"
            | "await_expression"
            | "throw_statement"
    )
}

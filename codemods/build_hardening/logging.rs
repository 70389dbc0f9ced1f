//! Logs of what a request holds: passwords, tokens and people's data in the host's logs, readable for longer and by more than the
//! database.

use audit::Survey;
use edit::{Edit, Span};
use project::File;
use stack::Side;
use syntax::Node;
use syntax::view::{arguments, callee_path, code_children, enclosing_statement, unwrapped, walk};
use syntax::{Tree, scope::Scopes};

/// A log of a request's content.
pub(super) struct Logged {
    pub(super) span: Span,
    /// What is logged, as written.
    pub(super) what: String,
    /// The edit that takes it out; `None` where it is more than a statement of its own.
    pub(super) edit: Option<Edit>,
}

/// Every log on the server of the body of a request.
pub(super) fn logged(survey: &Survey<'_>) -> Vec<Logged> {
    let mut found = Vec::new();
    for file in &survey.project.files {
        let served = matches!(survey.stack.side(file.id), Side::Server | Side::Edge);
        if !served || !file.text.contains("console.") {
            continue;
        }
        let Some((tree, scopes)) = file.syntax() else { continue };
        walk(tree.root(), &mut |node| {
            if node.kind() == "call_expression"
                && callee_path(tree, node).is_some_and(|path| path.len() == 2 && path[0] == "console")
                && let Some(what) =
                    arguments(node).into_iter().find_map(|argument| body(tree, scopes, argument))
            {
                found.push(Logged {
                    span: file.span(node.byte_range()),
                    what,
                    edit: removal(file, tree, node),
                });
            }
            true
        });
    }
    found
}

/// A name in the argument that holds the body of a request.
fn body(tree: &Tree, scopes: &Scopes, argument: Node<'_>) -> Option<String> {
    let mut found = None;
    walk(argument, &mut |node| {
        // `Object.keys(body)` and `body.length` tell nothing of the content.
        if node.kind() == "member_expression" && tree.text(node).ends_with(".length") {
            return false;
        }
        if node.kind() == "call_expression" && tree.text(node).starts_with("Object.keys") {
            return false;
        }
        if node.kind() == "identifier" && found.is_none() && holds_body(tree, scopes, node) {
            // One field by its own name is a choice; the whole, or one that is secret by its name, is not.
            let field = node.parent().filter(|around| around.kind() == "member_expression");
            let secret = |text: &str| audit::env::secret_by_name(&audit::env::screaming(text));
            match field.and_then(|field| field.child_by_field_name("property")) {
                Some(property) if !secret(tree.text(property)) => {}
                _ => found = Some(tree.text(field.unwrap_or(node)).to_owned()),
            }
        }
        true
    });
    found
}

/// Whether a name is `await request.json()`, of a handler's own request.
fn holds_body(tree: &Tree, scopes: &Scopes, name: Node<'_>) -> bool {
    let Some(binding) = scopes.reference_at(name.byte_range()).and_then(|reference| reference.binding) else {
        return false;
    };
    let declared = scopes.binding(binding);
    let Some(node) = tree.node_at(declared.name_range.clone()) else { return false };
    let Some(declarator) = node.parent().filter(|around| around.kind() == "variable_declarator") else {
        return false;
    };
    let Some(value) = declarator.child_by_field_name("value") else { return false };
    let text = tree.text(unwrapped(value));
    let text = text.trim_start_matches("await ").trim();
    ["request.", "req.", "_request.", "_req."].iter().any(|request| {
        text.strip_prefix(request)
            .is_some_and(|rest| matches!(rest, "json()" | "formData()" | "text()" | "body"))
    })
}

/// Takes the statement out, if it does nothing but log values that are there.
fn removal(file: &File, tree: &Tree, call: Node<'_>) -> Option<Edit> {
    let statement = enclosing_statement(call);
    let alone = statement.kind() == "expression_statement"
        && statement.named_child(0).is_some_and(|only| only.id() == call.id());
    let plain = arguments(call).into_iter().all(|argument| {
        let mut plain = true;
        walk(argument, &mut |node| {
            let serialised = callee_path(tree, node).is_some_and(|path| path.join(".") == "JSON.stringify");
            plain &= match node.kind() {
                "call_expression" => serialised,
                "await_expression" | "assignment_expression" | "update_expression" | "new_expression" => {
                    false
                }
                _ => true,
            };
            true
        });
        plain
    });
    let block =
        statement.parent().is_some_and(|around| matches!(around.kind(), "statement_block" | "program"));
    if !alone || !plain || !block || !tree.sound(statement) {
        return None;
    }
    // The last statement of a block leaves the block empty: that is a change of its own.
    if code_children(statement.parent()?).count() < 2 {
        return None;
    }
    let text = &*file.text;
    let (start, end) = (statement.start_byte(), statement.end_byte());
    let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let next = text[end..].find('\n').map_or(text.len(), |at| end + at + 1);
    let whole = text[line..start].trim().is_empty() && text[end..next].trim().is_empty();
    Some(Edit::delete(file.span(if whole { line..next } else { start..end })))
}

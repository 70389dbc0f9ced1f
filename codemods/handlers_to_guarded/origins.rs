//! Which sites may call the app's handlers from a visitor's browser.

use super::finding;
use audit::{Confidence, Finding, Severity, Survey};
use edit::Span;
use project::Kind;
use stack::Side;
use syntax::Node;
use syntax::view::{arguments, callee, pairs, unwrapped, walk};

/// A server that lets every site call it: with the visitor's cookies, a warning; without, a note.
pub(super) fn find(survey: &Survey<'_>) -> Option<Finding> {
    let (mut with, mut without): (Vec<Span>, Vec<Span>) = (Vec::new(), Vec::new());
    for file in &survey.project.files {
        let serves = matches!(survey.stack.side(file.id), Side::Server | Side::Both);
        if !serves || !matches!(file.kind, Kind::Code(_)) || !file.text.contains("cors(") {
            continue;
        }
        let imports = file.module.imports.iter().any(|import| import.specifier == "cors");
        let Some((tree, _)) = file.syntax() else { continue };
        walk(tree.root(), &mut |node| {
            if node.kind() == "call_expression"
                && callee(node).is_some_and(|name| tree.text(name) == "cors")
                && (imports
                    || file.text.contains("require('cors')")
                    || file.text.contains("require(\"cors\")"))
            {
                let options = arguments(node).into_iter().next().map(unwrapped);
                let options = options.and_then(|node| object(file, node));
                let value = |key: &str| {
                    let pairs = options.map(|object| pairs(tree, object)).unwrap_or_default();
                    pairs
                        .into_iter()
                        .find(|(name, _, _)| name == key)
                        .map(|(_, _, value)| tree.text(value).to_owned())
                };
                let any = match value("origin") {
                    None => arguments(node).is_empty() || options.is_some(),
                    Some(origin) => matches!(origin.as_str(), "true" | "'*'" | "\"*\""),
                };
                if any && value("credentials").as_deref() == Some("true") {
                    with.push(file.span(node.byte_range()));
                } else if any {
                    without.push(file.span(node.byte_range()));
                }
            }
            true
        });
    }
    let (first, severity) = match (with.first(), without.first()) {
        (Some(first), _) => (*first, Severity::Warning),
        (None, Some(first)) => (*first, Severity::Note),
        (None, None) => return None,
    };
    let message = if severity == Severity::Warning {
        "Every site may call the server with the cookies of its visitors."
    } else {
        "Every site may call the server from its visitors' browsers."
    };
    let mut found = finding(
        &super::ORIGINS,
        first,
        message.to_owned(),
        "Name the app's own addresses as `origin`, from a variable.",
        "cors",
    );
    found.severity = severity;
    found.confidence = Confidence::Likely;
    Some(found)
}

/// The object of the options, written there or in a constant of the file.
fn object<'t>(file: &'t project::File, node: Node<'t>) -> Option<Node<'t>> {
    if node.kind() == "object" {
        return Some(node);
    }
    let (tree, scopes) = file.syntax()?;
    let declared = scopes.binding_at(node.byte_range()).map(|id| scopes.binding(id).range.clone())?;
    let value = tree.node_at(declared)?.child_by_field_name("value").map(unwrapped)?;
    (value.kind() == "object").then_some(value)
}

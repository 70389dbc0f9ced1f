//! Secrets that are asked for only where a variable is set: without it the handler lets everybody in.

use super::find::{is_timed, told};
use super::{ID, UNSET, finding};
use audit::handler::Handler;
use audit::{Confidence, Finding, Severity, Survey};
use edit::{Edit, FileId, Piece, Span};
use plan::{Change, Safety};
use std::collections::BTreeMap;
use syntax::{Node, view};

pub(super) fn find(survey: &Survey<'_>) -> Vec<Finding> {
    // One check may stand before several handlers.
    let mut checks: BTreeMap<Span, Vec<&Handler>> = BTreeMap::new();
    for handler in &survey.handlers {
        if let Some(span) = handler.unset_secret.filter(|_| !super::development::only(survey, handler)) {
            checks.entry(span).or_default().push(handler);
        }
    }
    let one = |(span, handlers): (Span, Vec<&Handler>)| {
        let does = |handler: &&&Handler| handler.writes || handler.admin || handler.pays;
        let worst = handlers.iter().find(does);
        let first = worst.unwrap_or(&handlers[0]);
        let more = match handlers.len() {
            1 => String::new(),
            count => format!(" and {} more handlers", count - 1),
        };
        let lets = if handlers.len() == 1 { "lets" } else { "let" };
        let mut found = finding(
            &UNSET,
            span,
            format!("{}{more} {lets} everybody in where `{}` is not set.", told(first), asked(survey, span)),
            "Refuse where the variable is missing, before the secret is compared, and set it on every host.",
            &first.name,
        );
        found.confidence = Confidence::Likely;
        // What a clock calls does its own work, whoever else calls it.
        if worst.is_none() || handlers.iter().all(|handler| is_timed(handler)) {
            found.severity = Severity::Warning;
        }
        found
    };
    checks.into_iter().map(one).collect()
}

/// What the condition asks for: `hookSecret` of `hookSecret && sent !== hookSecret`.
fn asked<'s>(survey: &'s Survey<'_>, span: Span) -> &'s str {
    let text = survey.project.get(span.file).text.get(span.range()).unwrap_or_default();
    let secret = |part: &&str| {
        let lower = part.to_ascii_lowercase();
        !part.contains('=') && ["secret", "key", "token"].iter().any(|word| lower.contains(word))
    };
    text.split("&&").find(secret).unwrap_or(text).trim().trim_start_matches('!')
}

/// The one change: what was skipped without the variable refuses.
pub(super) fn fix(survey: &Survey<'_>, findings: &[Finding]) -> Option<Change> {
    let mut change = Change::new(ID, "Refuse where the secret of a handler is not set", Safety::Review);
    for (at, finding) in findings.iter().enumerate().filter(|(_, finding)| finding.rule == UNSET.id) {
        if let Some(edit) = refused(survey, finding.span) {
            change.edits.push(edit);
            change.fixes.push(at);
        }
    }
    (!change.fixes.is_empty()).then_some(change)
}

/// `secret && sent !== secret` as `!secret || sent !== secret`, where that is the whole condition of a branch that refuses.
fn refused(survey: &Survey<'_>, span: Span) -> Option<Edit> {
    let (tree, _) = survey.project.get(span.file).syntax()?;
    let node = tree.node_at(span.range())?;
    let operator = |node: Node<'_>| node.child_by_field_name("operator").map(|it| tree.text(it));
    let (left, right) = (node.child_by_field_name("left")?, node.child_by_field_name("right")?);
    let compares = right.kind() == "binary_expression" && matches!(operator(right), Some("!==" | "!="));
    let named = matches!(left.kind(), "identifier" | "member_expression" | "call_expression");
    let branch = view::wrapped(node).parent().filter(|branch| branch.kind() == "if_statement")?;
    let whole = branch.child_by_field_name("alternative").is_none() && tree.sound(branch);
    if operator(node) != Some("&&") || !compares || !named || !whole {
        return None;
    }
    let slice = |file: FileId, node: Node<'_>| Piece::Source(Span::new(file, node.byte_range()));
    let replacement =
        vec![Piece::text("!"), slice(span.file, left), Piece::text(" || "), slice(span.file, right)];
    Some(Edit { span, replacement })
}

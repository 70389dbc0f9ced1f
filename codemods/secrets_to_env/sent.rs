//! Secrets that a server sends out: a variable put into what a caller is answered with, or into a row that pages read.

use super::SENT;
use audit::env::EnvRead;
use audit::{Confidence, Finding, Related, Severity, Survey};
use edit::Span;
use stack::Side;
use syntax::view::{callee, unwrapped};
use syntax::{Node, Tree};

/// One finding for each variable that is sent, with every place.
pub(super) fn find(survey: &Survey<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for name in survey.env.iter().filter(|name| name.secret && !name.public) {
        let mut places: Vec<(To, Span)> = name.reads.iter().flat_map(|read| sent(survey, read)).collect();
        places.sort_unstable();
        places.dedup();
        let Some(((to, first), others)) = places.split_first() else { continue };
        let (goes, todo) = match to {
            To::Caller => (
                "is in what a caller is answered",
                "Fetch what it opens on the server and send that on; then make a new value, for this one is known.",
            ),
            To::Row => (
                "is written into a row",
                "See who may read the row. What code needs it reads it from the environment, or from the vault of the database.",
            ),
        };
        let mut finding = Finding::certain(&SENT, *first, format!("`{}` {goes}.", name.name), todo);
        finding.confidence = Confidence::Likely;
        if *to == To::Row {
            finding.severity = Severity::Warning;
        }
        finding.subject.clone_from(&name.name);
        finding.related =
            others.iter().map(|(_, span)| Related { span: *span, message: "and here".into() }).collect();
        found.push(finding);
    }
    found
}

/// Where the value of a read is sent.
fn sent(survey: &Survey<'_>, read: &EnvRead) -> Vec<(To, Span)> {
    let file = survey.project.get(read.span.file);
    if !matches!(read.side, Side::Server | Side::Edge) || stack::is_test(file) {
        return Vec::new();
    }
    let Some((tree, scopes)) = file.syntax() else { return Vec::new() };
    let Some(node) = tree.node_at(read.whole.range()) else { return Vec::new() };
    let mut found = Vec::new();
    let mut open = vec![node];
    let mut steps = 0;
    while let Some(place) = open.pop() {
        match goes(tree, place) {
            Goes::Out(to, call) => found.push((to, file.span(call.byte_range()))),
            // A constant, or a text that is made of it: where that goes.
            Goes::Named(name) if steps < 20 => {
                steps += 1;
                let binding = scopes.binding_at(name.byte_range());
                let uses = binding.into_iter().flat_map(|binding| scopes.references_of(binding));
                open.extend(uses.filter_map(|reference| tree.node_at(reference.range.clone())));
            }
            _ => {}
        }
    }
    found
}

/// Who gets it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum To {
    Caller,
    Row,
}

enum Goes<'t> {
    /// To whoever called, or into a row: the call that sends it.
    Out(To, Node<'t>),
    /// Into a constant of that name.
    Named(Node<'t>),
    /// Somewhere else: to a service, through a function, into a condition.
    Elsewhere,
}

/// Where a value goes, as it is or inside of a text or an object.
fn goes<'t>(tree: &Tree, place: Node<'t>) -> Goes<'t> {
    let mut node = place;
    while let Some(parent) = node.parent() {
        let is = |field: &str| parent.child_by_field_name(field).is_some_and(|child| child.id() == node.id());
        match parent.kind() {
            "template_substitution"
            | "template_string"
            | "parenthesized_expression"
            | "non_null_expression"
            | "as_expression"
            | "object"
            | "array"
            | "spread_element" => {}
            "pair" if is("value") => {}
            "ternary_expression" if !is("condition") => {}
            "binary_expression" => {
                let operator = parent.child_by_field_name("operator").map_or("", |operator| operator.kind());
                if !matches!(operator, "+" | "||" | "??") {
                    return Goes::Elsewhere;
                }
            }
            "variable_declarator" if is("value") => {
                let name = parent.child_by_field_name("name").filter(|name| name.kind() == "identifier");
                return name.map_or(Goes::Elsewhere, Goes::Named);
            }
            "arguments" => {
                let Some(call) = parent.parent() else { return Goes::Elsewhere };
                if let Some(to) = sends(tree, call) {
                    return Goes::Out(to, call);
                }
                let maker = callee(call).map_or("", |callee| tree.text(callee));
                if maker != "JSON.stringify" {
                    return Goes::Elsewhere;
                }
                node = call;
                continue;
            }
            _ => return Goes::Elsewhere,
        }
        node = parent;
    }
    Goes::Elsewhere
}

/// Whether a call answers whoever asked, or writes a row.
fn sends(tree: &Tree, call: Node<'_>) -> Option<To> {
    if call.kind() == "new_expression" {
        let constructor = call.child_by_field_name("constructor").map_or("", |it| tree.text(it));
        return matches!(constructor, "Response" | "NextResponse").then_some(To::Caller);
    }
    let called = callee(call).map(unwrapped)?;
    let text = tree.text(called);
    let answers = [
        "NextResponse.json",
        "NextResponse.redirect",
        "Response.json",
        "Response.redirect",
        "res.json",
        "res.send",
        "res.redirect",
        "c.json",
        "c.redirect",
    ];
    let method = called.child_by_field_name("property").map_or("", |property| tree.text(property));
    if answers.contains(&text) || text == "redirect" {
        return Some(To::Caller);
    }
    (matches!(method, "insert" | "update" | "upsert") && text.contains(".from(")).then_some(To::Row)
}

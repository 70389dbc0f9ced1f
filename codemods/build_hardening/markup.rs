//! Text that is put into a page as HTML, and connections that do not look whom they speak to.

use audit::Survey;
use edit::Span;
use project::{File, Kind};
use stack::Side;
use syntax::Node;
use syntax::view::{arguments, code_children, pairs, unwrapped, walk};
use syntax::{Tree, scope::Scopes};

/// Every place where a value that is no constant becomes HTML, unless something cleans it.
pub(super) fn raw(survey: &Survey<'_>) -> Vec<Span> {
    let mut found = Vec::new();
    let shown = |file: &&File| {
        matches!(survey.stack.side(file.id), Side::Browser | Side::Both | Side::Server)
            && matches!(file.kind, Kind::Code(_))
            && ["dangerouslySetInnerHTML", ".innerHTML", "insertAdjacentHTML"]
                .iter()
                .any(|mark| file.text.contains(mark))
    };
    for file in survey.project.files.iter().filter(shown) {
        let Some((tree, scopes)) = file.syntax() else { continue };
        walk(tree.root(), &mut |node| {
            let value = match node.kind() {
                "jsx_attribute" => attribute(tree, node),
                "assignment_expression" => assigned(tree, scopes, node),
                "call_expression" => inserted(tree, node),
                _ => None,
            };
            if let Some(value) = value.filter(|value| varies(survey, file, tree, *value, 0)) {
                found.push(file.span(value.byte_range()));
            }
            true
        });
    }
    found
}

/// The value of `dangerouslySetInnerHTML={{ __html: … }}` of an element that visitors see.
fn attribute<'t>(tree: &'t Tree, node: Node<'t>) -> Option<Node<'t>> {
    let mut parts = code_children(node);
    if tree.text(parts.next()?) != "dangerouslySetInnerHTML" {
        return None;
    }
    let element = node.parent().and_then(|element| element.child_by_field_name("name"));
    if element.is_some_and(|name| matches!(tree.text(name), "style" | "script" | "Script" | "noscript")) {
        return None;
    }
    let object = parts.next().and_then(|value| code_children(value).next()).map(unwrapped)?;
    pairs(tree, object).into_iter().find(|(key, _, _)| key == "__html").map(|(_, _, value)| value)
}

/// The right side of `node.innerHTML = …`.
fn assigned<'t>(tree: &'t Tree, scopes: &Scopes, node: Node<'t>) -> Option<Node<'t>> {
    let left = node.child_by_field_name("left")?;
    let html = left.kind() == "member_expression" && tree.text(left).ends_with(".innerHTML");
    // The text of a script or a style sheet is no markup.
    let element =
        left.child_by_field_name("object").and_then(|object| scopes.binding_at(object.byte_range()));
    let code =
        element.and_then(|id| tree.source().get(scopes.binding(id).range.clone())).is_some_and(|made| {
            ["script", "style"].iter().any(|kind| {
                made.contains(&format!("createElement('{kind}'"))
                    || made.contains(&format!("createElement(\"{kind}\""))
            })
        });
    node.child_by_field_name("right").filter(|_| html && !code)
}

fn inserted<'t>(tree: &'t Tree, node: Node<'t>) -> Option<Node<'t>> {
    let callee = node.child_by_field_name("function")?;
    let html = tree.text(callee).ends_with(".insertAdjacentHTML");
    arguments(node).into_iter().nth(1).filter(|_| html)
}

/// Whether a value may hold what somebody wrote: no constant, and nothing that cleans or escapes it on the way.
fn varies(survey: &Survey<'_>, file: &File, tree: &Tree, value: Node<'_>, depth: u8) -> bool {
    const CLEANS: &[&str] = &[
        "anitize",
        "urify",
        "escape",
        "JSON.stringify",
        "xss(",
        "renderToString",
        "renderToStaticMarkup",
        "katex",
        "highlight",
        "hljs",
        "mermaid",
        "shiki",
        "codeToHtml",
    ];
    let text = tree.text(value);
    if CLEANS.iter().any(|mark| text.contains(mark)) {
        return false;
    }
    let mut names = Vec::new();
    walk(value, &mut |node| {
        if node.kind() == "identifier" || node.kind() == "member_expression" {
            names.push(node);
            return node.kind() != "member_expression";
        }
        true
    });
    names.into_iter().any(|name| {
        if audit::constant_text(survey.project, file, name).is_some() {
            return false;
        }
        let Some((_, scopes)) = file.syntax() else { return true };
        let declared = scopes.binding_at(name.byte_range()).map(|id| scopes.binding(id).range.clone());
        let Some(declared) = declared.and_then(|range| tree.node_at(range)) else { return true };
        match declared.child_by_field_name("value") {
            Some(made) if depth < 3 => varies(survey, file, tree, made, depth + 1),
            _ => !CLEANS.iter().any(|mark| tree.text(declared).contains(mark)),
        }
    })
}

/// Every `rejectUnauthorized: false` in code that runs, and the variable that does the same for all.
pub(super) fn unverified(survey: &Survey<'_>) -> Vec<Span> {
    let mut found = Vec::new();
    for file in &survey.project.files {
        let runs =
            matches!(survey.stack.side(file.id), Side::Server | Side::Edge | Side::Both | Side::Config);
        if !runs || !matches!(file.kind, Kind::Code(_)) || !file.text.contains("rejectUnauthorized") {
            continue;
        }
        let Some((tree, _)) = file.syntax() else { continue };
        walk(tree.root(), &mut |node| {
            let off = node.kind() == "pair"
                && node.child_by_field_name("key").is_some_and(|key| tree.text(key) == "rejectUnauthorized")
                && node.child_by_field_name("value").is_some_and(|value| tree.text(value) == "false");
            if off {
                found.push(file.span(node.byte_range()));
            }
            true
        });
    }
    found
}

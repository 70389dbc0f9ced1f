//! Guards that run before a page and only in the browser: where the framework itself serves, the server runs them too, once nothing
//! holds them back. The page is drawn in the browser as before.

use super::{BROWSER, ID};
use crate::server::{GUARDS, SESSIONS};
use audit::guard::{Enforced, Guard, Kind, Proof};
use audit::{Finding, Survey};
use edit::{Edit, Span};
use plan::{Change, Disposition, Safety, Settled};
use project::File;
use std::collections::BTreeSet;
use std::ops::Range;
use syntax::Node;
use syntax::Tree;
use syntax::view::{arguments, code_children, string_value, unwrapped, value_of, walk};

/// What only a browser has.
const BROWSER_NAMES: &[&str] =
    &["window", "document", "localStorage", "sessionStorage", "navigator", "location"];

/// The one change, where the app keeps its sessions on its own server.
pub(super) fn fix(survey: &Survey<'_>, findings: &[Finding]) -> Vec<Change> {
    if !crate::sessions_to_server::lands(survey) {
        return Vec::new();
    }
    let mut change = Change::new(ID, "Let the server run the guards of pages too", Safety::Review);
    change.key = Some(GUARDS.to_owned());
    change.needs.push(SESSIONS.to_owned());
    let mut moved: BTreeSet<Span> = BTreeSet::new();
    for guard in &survey.guards {
        if let Some(edits) = edits(survey, guard) {
            change.edits.extend(edits);
            moved.insert(guard.span);
            let disposition = Disposition::Moved;
            change.settles.push(Settled { span: guard.span, disposition, function: None });
        }
    }
    // A finding on several guards is resolved with the last of them.
    let covered = |finding: &Finding| {
        let spans: BTreeSet<_> =
            finding.related.iter().map(|related| related.span).chain([finding.span]).collect();
        let mut guards = survey.guards.iter().filter(|guard| spans.contains(&guard.span)).peekable();
        finding.rule == BROWSER.id
            && guards.peek().is_some()
            && guards.all(|guard| moved.contains(&guard.span))
    };
    change.fixes = (0..findings.len()).filter(|at| covered(&findings[*at])).collect();
    if moved.is_empty() || change.fixes.is_empty() { Vec::new() } else { vec![change] }
}

/// What makes the server run a guard; `None` where that is not certain to work.
fn edits(survey: &Survey<'_>, guard: &Guard) -> Option<Vec<Edit>> {
    let asks = guard.kind == Kind::BeforeLoad
        && guard.enforced == Enforced::Browser
        && guard.proof == Proof::Backend
        && guard.redirect.is_some();
    let place = guard.mounted.first().filter(|place| asks && place.file == guard.span.file)?;
    let file = survey.project.get(place.file);
    let (tree, _) = file.syntax()?;
    let call = tree.node_at(place.range())?;
    let options = unwrapped(*arguments(call).first()?);
    let function = tree.node_at(guard.span.range())?;
    if !tree.sound(options) {
        return None;
    }
    let mut edits = Vec::new();
    let skip = skips(tree, function);
    if let Some(skip) = skip {
        // A comment right above says why it was left out.
        let above = skip.prev_sibling().filter(|above| above.kind() == "comment");
        let start = above.map_or(skip, |above| above).start_byte();
        edits.push(Edit::delete(file.span(whole_line(file, start..skip.end_byte()))));
    }
    let outside = |node: Node<'_>| {
        skip.is_none_or(|skip| node.end_byte() <= skip.start_byte() || skip.end_byte() <= node.start_byte())
    };
    if asks_browser(tree, function, &outside)
        || !sends_plain_values(tree, function)
        || audit::guard::called(survey.project, guard.span).into_iter().any(|span| helper_asks(survey, span))
    {
        return None;
    }
    match value_of(tree, options, "ssr") {
        Some(ssr) if tree.text(ssr) == "false" => {
            if below(survey, file, tree, call).any(loads_in_browser) {
                return None;
            }
            edits.push(Edit::replace(file.span(ssr.byte_range()), "\"data-only\""));
        }
        Some(_) => return None,
        None if skip.is_none() => return None,
        None => {}
    }
    Some(edits)
}

/// `if (typeof window === "undefined") return;`
fn skips<'t>(tree: &'t Tree, function: Node<'t>) -> Option<Node<'t>> {
    let body = function.child_by_field_name("body")?;
    code_children(body).find(|statement| {
        let text: String = tree.text(*statement).split_whitespace().collect();
        let text = text.replace('\'', "\"");
        statement.kind() == "if_statement"
            && ["return;", "return", "{return;}", "{return}"]
                .iter()
                .any(|end| text == format!("if(typeofwindow===\"undefined\"){end}"))
    })
}

/// The lines of a statement, if nothing else stands in them.
fn whole_line(file: &File, statement: Range<usize>) -> Range<usize> {
    let text = &file.text;
    let start = text[..statement.start].rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[statement.end..].find('\n').map_or(text.len(), |at| statement.end + at + 1);
    let alone = text[start..statement.start].trim().is_empty() && text[statement.end..end].trim().is_empty();
    if alone { start..end } else { statement }
}

/// Whether code names what only a browser has.
fn asks_browser(tree: &Tree, code: Node<'_>, outside: &dyn Fn(Node<'_>) -> bool) -> bool {
    let mut found = false;
    walk(code, &mut |node| {
        // A parameter of the router's own is called `location` too.
        found |= node.kind() == "identifier"
            && BROWSER_NAMES.contains(&tree.text(node))
            && tree.text(node) != "location"
            && outside(node);
        !found
    });
    found
}

/// Whether a function that a guard calls asks for what only a browser has.
fn helper_asks(survey: &Survey<'_>, function: Span) -> bool {
    let Some((tree, _)) = survey.project.get(function.file).syntax() else { return true };
    tree.node_at(function.range()).is_none_or(|code| asks_browser(tree, code, &|_| true))
}

/// Whether what a guard hands to its pages can be sent to the browser: values, no functions.
fn sends_plain_values(tree: &Tree, function: Node<'_>) -> bool {
    let mut plain = true;
    walk(function, &mut |node| {
        if node.kind() == "return_statement" {
            walk(node, &mut |inner| {
                plain &= !matches!(
                    inner.kind(),
                    "arrow_function" | "function_expression" | "new_expression" | "call_expression" | "this"
                );
                plain
            });
        }
        plain
    });
    plain && tree.sound(function)
}

/// The files of routes below the one that `call` makes, by its path or its folder.
fn below<'s>(
    survey: &'s Survey<'_>,
    file: &'s File,
    tree: &Tree,
    call: Node<'_>,
) -> impl Iterator<Item = &'s File> {
    let id = call
        .child_by_field_name("function")
        .and_then(|maker| arguments(maker).first().copied())
        .and_then(|id| string_value(tree, id).map(String::from))
        .unwrap_or_default();
    survey.project.files.iter().filter(move |other| {
        other.id != file.id
            && ["\"", "'"].iter().any(|quote| other.text.contains(&format!("createFileRoute({quote}{id}/")))
    })
}

/// Whether a route loads with what only a browser has, and leaves it to the guard above to keep it off the server.
fn loads_in_browser(route: &File) -> bool {
    let Some((tree, _)) = route.syntax() else { return true };
    let mut found = false;
    walk(tree.root(), &mut |node| {
        if node.kind() == "object" && value_of(tree, node, "ssr").is_none_or(|ssr| tree.text(ssr) != "false")
        {
            for name in ["loader", "beforeLoad"] {
                found |= value_of(tree, node, name).is_some_and(|load| {
                    node.parent().is_some_and(|parent| parent.kind() == "arguments")
                        && (load.kind() == "identifier" || asks_browser(tree, load, &|_| true))
                });
            }
        }
        !found
    });
    found
}

//! Handlers of GET that change rows: whoever follows a link, fetches one ahead or looks for pages runs them.

use super::{GET_WRITES, find, finding};
use audit::handler::{Auth, Handler, Kind};
use audit::{Confidence, Finding, Survey};
use edit::Span;
use project::File;
use project::graph::{Graph, Origin};
use syntax::view::{callee, walk};

pub(super) fn find(survey: &Survey<'_>) -> Vec<Finding> {
    let asked = |handler: &&Handler| {
        handler.kind == Kind::RouteHandler
            && handler.method == "GET"
            && !matches!(handler.auth, Auth::Secret | Auth::PublicByDesign)
            && !find::is_for_links(handler)
            && changes(survey, handler.span)
    };
    survey.handlers.iter().filter(asked).map(|handler| told(survey, handler)).collect()
}

fn told(survey: &Survey<'_>, handler: &Handler) -> Finding {
    let frozen = is_frozen(survey, handler);
    let message = if frozen {
        format!(
            "{} changes rows, and looks at nothing of its request: it runs as the app is built, and its answer stays.",
            find::told(handler)
        )
    } else {
        format!("{} changes rows: a link, or a page that is fetched ahead, runs it.", find::told(handler))
    };
    let mut found = finding(
        &GET_WRITES,
        handler.span,
        message,
        "Write in a handler of POST, and let this one only read.",
        &handler.name,
    );
    found.confidence = Confidence::Likely;
    found
}

/// Whether the code at `function`, or a function that it calls by name, changes rows.
fn changes(survey: &Survey<'_>, function: Span) -> bool {
    let writes = |span: Span| {
        survey.queries.iter().any(|query| {
            let verbs = ["insert", "update", "upsert", "delete"];
            span.covers(query.span) && verbs.iter().any(|verb| query.operation.starts_with(verb))
        })
    };
    writes(function) || called(survey, function).into_iter().any(writes)
}

/// The functions of the app that the code at `function` calls by name.
pub(super) fn called(survey: &Survey<'_>, function: Span) -> Vec<Span> {
    let file = survey.project.get(function.file);
    let mut found = Vec::new();
    let Some((tree, _)) = file.syntax() else { return found };
    let Some(node) = tree.node_at(function.range()) else { return found };
    walk(node, &mut |inner| {
        if inner.kind() == "call_expression"
            && let Some(name) = callee(inner).filter(|callee| callee.kind() == "identifier")
            && let Origin::Local(there, range) = Graph::origin(survey.project, file.id, name.byte_range())
        {
            found.extend(declared(survey.project.get(there), range));
        }
        true
    });
    found
}

/// The declaration of a function, by its name.
fn declared(file: &File, name: std::ops::Range<usize>) -> Option<Span> {
    let (tree, _) = file.syntax()?;
    let node = tree.node_at(name)?.parent()?;
    matches!(node.kind(), "function_declaration" | "variable_declarator")
        .then(|| file.span(node.byte_range()))
}

/// Whether the framework runs the handler once, as the app is built.
fn is_frozen(survey: &Survey<'_>, handler: &Handler) -> bool {
    let app = survey.project.apps.first().zip(survey.stack.server);
    let once = app.is_some_and(|(app, server)| server.answers_once(survey.project, app));
    let file = survey.project.get(handler.span.file);
    let text = file.text.get(handler.span.range()).unwrap_or_default();
    let plain = text.split_once('(').is_some_and(|(_, rest)| rest.trim_start().starts_with(')'));
    let says = ["dynamic", "revalidate", "fetchCache", "runtime"].iter().any(|name| file.text.contains(name));
    once && plain && !says && !["cookies(", "headers(", "request"].iter().any(|name| text.contains(name))
}

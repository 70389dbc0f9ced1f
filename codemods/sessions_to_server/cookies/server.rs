//! Clients of the server that are made from the cookies of a request: the cookies that they set become HttpOnly.

use super::OPTIONS;
use crate::constant::constant;
use audit::Survey;
use edit::{Edit, Span};
use project::File;
use project::graph::{Graph, Origin};
use syntax::Node;
use syntax::Tree;
use syntax::view::{arguments, callee, code_children, enclosing_statement, unwrapped, value_of, walk};

/// Makers of such clients in a package that says nothing of what its cookies are.
const OLD: &[&str] = &[
    "createRouteHandlerClient",
    "createServerComponentClient",
    "createServerActionClient",
    "createMiddlewareClient",
];

/// The edit of each, or the place and what stands against it.
pub(super) fn clients(survey: &Survey<'_>) -> Vec<Result<Edit, (Span, &'static str)>> {
    let mut found = Vec::new();
    for file in crate::sessions_to_server::uses::code(survey) {
        let marked =
            file.text.contains("createServerClient") || OLD.iter().any(|maker| file.text.contains(maker));
        let is_test = survey.stack.side_reasons[file.id.0 as usize] == "a test";
        let Some((tree, _)) = file.syntax().filter(|_| marked && !is_test) else { continue };
        walk(tree.root(), &mut |node| {
            if node.kind() == "call_expression" {
                found.extend(of_call(survey, file, tree, node));
            }
            true
        });
    }
    found
}

fn of_call(
    survey: &Survey<'_>,
    file: &File,
    tree: &Tree,
    call: Node<'_>,
) -> Option<Result<Edit, (Span, &'static str)>> {
    let maker = callee(call)?;
    let Origin::Package(package, name) = Graph::origin(survey.project, file.id, maker.byte_range()) else {
        return None;
    };
    let span = file.span(call.byte_range());
    if OLD.contains(&name.as_str()) {
        return Some(Err((
            span,
            "makes a client of `@supabase/auth-helpers-nextjs`, which says nothing of what its cookies are. Make it with `createServerClient` of `@supabase/ssr`.",
        )));
    }
    if name != "createServerClient" || package != "@supabase/ssr" {
        return None;
    }
    let odd = Some(Err((
        span,
        "is given its cookies in a way that cannot be followed. Write them as an object in the call.",
    )));
    let Some(options) =
        arguments(call).get(2).copied().map(unwrapped).filter(|options| options.kind() == "object")
    else {
        return odd;
    };
    if value_of(tree, options, "cookieOptions").is_some() {
        return Some(Err((
            span,
            "says itself what its cookies are. Make them `httpOnly` there, and take the client of the browser out.",
        )));
    }
    let cookies = value_of(tree, options, "cookies").and_then(|cookies| written(file, unwrapped(cookies)));
    let Some(cookies) = cookies.filter(|cookies| cookies.kind() == "object") else {
        return odd;
    };
    // One that sets nothing, or sets what it is given.
    let text = tree.text(cookies);
    let sets = text.contains(".set(");
    if sets && !text.contains("options") && !text.contains("...") {
        return Some(Err((span, "sets cookies without what is asked of them (`options`). Hand that on.")));
    }
    if is_shown(text) || shows(survey, file, cookies) {
        return Some(Err((
            span,
            "says itself whether scripts see its cookies. Hand on what is asked of them (`options`).",
        )));
    }
    let first = code_children(options).next()?;
    // On a line of its own where the first is.
    let at = first.start_byte();
    let between = file.text.get(options.start_byte() + 1..at)?;
    let next = between.rfind('\n').map_or(" ", |line| &between[line..]);
    let new = format!("cookieOptions: {OPTIONS},{next}");
    Some(Ok(Edit::replace(file.span(at..at), new)))
}

/// What an expression is: an object, or that of a constant of the same file.
fn written<'t>(file: &'t File, value: Node<'t>) -> Option<Node<'t>> {
    if value.kind() == "object" {
        return Some(value);
    }
    let (_, scopes) = file.syntax()?;
    let name = scopes.binding(scopes.binding_at(value.byte_range())?).name_range.clone();
    constant(file, name).map(unwrapped)
}

/// Whether it is said that scripts see a cookie, or may.
fn is_shown(text: &str) -> bool {
    text.contains("httpOnly") && !text.contains("httpOnly: true")
}

/// Whether a function that makes the options of a cookie has a say in who sees it.
fn shows(survey: &Survey<'_>, file: &File, cookies: Node<'_>) -> bool {
    let mut found = false;
    walk(cookies, &mut |node| {
        if let Some(callee) = callee(node).filter(|callee| callee.kind() == "identifier")
            && let Origin::Local(holder, name) = Graph::origin(survey.project, file.id, callee.byte_range())
        {
            let declared = survey.project.get(holder).syntax().and_then(|(tree, _)| {
                let whole = enclosing_statement(tree.node_at(name)?);
                Some(is_shown(tree.text(whole)))
            });
            found |= declared.unwrap_or(true);
        }
        !found
    });
    found
}

//! Server functions that read the visitor's token from the header of the request: the cookie's session gives them the same text.

use super::places::Places;
use audit::Survey;
use edit::{Edit, FileId, Piece, RelPath};
use plan::Request;
use project::File;
use syntax::Node;
use syntax::Tree;
use syntax::module::Imported;
use syntax::scope::Scopes;
use syntax::view::{arguments, callee_path, code_children, enclosing_function, unwrapped, walk, wrapped};

/// What the session's module gives for it.
const GIVEN: &str = "sessionHeader";
/// The module of the framework's own that reads headers, which a page may not import.
const READER: &str = "getRequestHeader";

/// Whether a file asks for the header by the framework's own function, which only server functions do.
pub(super) fn asks(file: &File) -> bool {
    file.text.contains(READER) && named(file, &format!("{READER}("))
}

/// Whether a file names the header, in quotes right after `before`; the letters of its name may be of any case.
pub(super) fn named(file: &File, before: &str) -> bool {
    ["\"", "'"].iter().any(|quote| {
        let start = format!("{before}{quote}");
        let ends = file.text.match_indices(&start).map(|(at, found)| at + found.len());
        let mut names = ends.filter_map(|at| file.text.get(at..at + "authorization".len()));
        names.any(|name| name.eq_ignore_ascii_case("authorization"))
    })
}

/// The edits that give a file the session's header; `None` where some read of it is not followed.
pub(super) fn edits(file: &File) -> Option<Vec<Edit>> {
    let (tree, scopes) = file.syntax()?;
    let statically = file.text.contains("react-start/server\"") || file.text.contains("react-start/server'");
    let mut reads = Vec::new();
    let mut fine = true;
    walk(tree.root(), &mut |node| {
        let names = node.kind() == "string"
            && tree.text(node).trim_matches(['"', '\'']).eq_ignore_ascii_case("authorization");
        let is_key = node.parent().is_some_and(|parent| {
            parent.kind() == "pair"
                && parent.child_by_field_name("key").is_some_and(|key| key.id() == node.id())
        });
        if names && !is_key {
            match read(tree, scopes, node).filter(|call| stays_on_server(tree, file, *call, statically)) {
                Some(call) => reads.push(call),
                None => fine = false,
            }
        }
        fine
    });
    if !fine || reads.is_empty() {
        return None;
    }
    // Whoever sends the header by himself, a script with a token, is still heard.
    let given = reads.iter().map(|call| {
        let alone = wrapped(*call)
            .parent()
            .is_some_and(|parent| matches!(parent.kind(), "variable_declarator" | "return_statement"));
        let (open, close) = if alone { ("", "") } else { ("(", ")") };
        let replacement = vec![
            Piece::text(format!("{open}(await {GIVEN}()) ?? ")),
            Piece::Source(file.span(call.byte_range())),
            Piece::text(close),
        ];
        Edit { span: file.span(call.byte_range()), replacement }
    });
    Some(given.collect())
}

/// The read that a header's name belongs to: `getRequestHeader("authorization")`, `getRequest().headers.get("authorization")`.
fn read<'t>(tree: &'t Tree, scopes: &Scopes, name: Node<'t>) -> Option<Node<'t>> {
    let call = name.parent()?.parent().filter(|call| call.kind() == "call_expression")?;
    if arguments(call).len() != 1 {
        return None;
    }
    let callee = call.child_by_field_name("function").map(unwrapped)?;
    if tree.text(callee) == READER {
        return Some(call);
    }
    let path = callee_path(tree, call);
    if let Some(path) = path.as_deref()
        && let [request, headers, get] = path
        && &**headers == "headers"
        && &**get == "get"
    {
        // `const request = getRequest()`; a request that a route is given is another matter.
        let root = code_children(callee.child_by_field_name("object")?).next()?;
        let binding = scopes.binding(scopes.binding_at(root.byte_range())?);
        let declared = tree.node_at(binding.name_range.clone())?.parent()?;
        let value = declared.child_by_field_name("value").map(|value| tree.text(value))?;
        return (**request == *binding.name && value == "getRequest()").then_some(call);
    }
    let text: String = tree.text(callee).split_whitespace().collect();
    (text == "getRequest().headers.get").then_some(call)
}

/// Whether the read stands in an async function that no page is left with.
fn stays_on_server(tree: &Tree, file: &File, call: Node<'_>, statically: bool) -> bool {
    let waits = enclosing_function(call)
        .is_some_and(|function| tree.text(function).trim_start().starts_with("async"));
    let mut outer = Some(call);
    let mut inside = false;
    while let Some(node) = outer {
        inside |= node.kind() == "call_expression" && tree.text(node).starts_with("createServerFn(");
        outer = node.parent();
    }
    waits && (inside || statically || file.path.name().contains(".server."))
}

/// Everything for the files that read it.
pub(super) fn given(survey: &Survey<'_>, places: &Places, files: &[FileId]) -> (Vec<Edit>, Vec<Request>) {
    let Some(session) = places.of_session("session.server.ts") else { return Default::default() };
    let mut all = Vec::new();
    let mut requests = Vec::new();
    for id in files {
        let Some(edits) = edits(survey.project.get(*id)) else { continue };
        all.extend(edits);
        requests.push(import(places, survey, *id, &session));
    }
    (all, requests)
}

fn import(places: &Places, survey: &Survey<'_>, file: FileId, session: &RelPath) -> Request {
    Request::Import {
        file,
        from: places.specifier(survey, session),
        name: Imported::Named(GIVEN.to_owned()),
        local: GIVEN.to_owned(),
        type_only: false,
    }
}

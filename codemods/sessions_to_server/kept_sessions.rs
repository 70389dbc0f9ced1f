//! A session that a page puts aside, to come back to it after a look at the app as somebody else: the server keeps it in a cookie of its
//! own, and the page has a name for it.

use super::decide::Move;
use super::places::Places;
use super::runtime::Files;
use super::tokens::Page;
use super::uses::{Use, What};
use super::web_storage;
use crate::env_contract::contract;
use audit::Survey;
use edit::{Edit, FileId, RelPath};
use plan::Request;
use project::graph::{Graph, Origin};
use std::collections::BTreeSet;
use syntax::Node;
use syntax::module::Imported;
use syntax::scope::Declared;
use syntax::view::{callee, enclosing_function, pairs, unwrapped, wrapped};

/// The function that puts the session aside.
const NAME: &str = "keepSession";

/// What becomes of an object that puts the session aside: `{ access_token: s.access_token, refresh_token: s.refresh_token }`, written
/// into web storage. `None` where the object may go elsewhere, or nothing ever comes back to it.
pub(super) fn edits<'s>(page: &Page<'s, '_>, read: Node<'s>, uses: &[Use]) -> Option<(Node<'s>, Vec<Edit>)> {
    let comes_back = uses.iter().any(|one| one.what == What::Auth("setSession".to_owned()));
    let pair = wrapped(read).parent().filter(|pair| comes_back && pair.kind() == "pair")?;
    let object = pair.parent().filter(|object| object.kind() == "object")?;
    let is_free = !page.scopes.bindings.iter().any(|binding| binding.name == NAME);
    let waits =
        enclosing_function(read).is_some_and(|function| page.tree.text(function).starts_with("async"));
    if !is_free || !waits || !is_put_aside(page, object) {
        return None;
    }
    let session = page.tree.text(read.child_by_field_name("object")?);
    let mut edits = vec![Edit::replace(page.file.span(read.byte_range()), format!("await {NAME}()"))];
    for (_, _, value) in pairs(page.tree, object) {
        let text = page.tree.text(value);
        if text.ends_with(".access_token") && text.starts_with(session) {
            edits.push(Edit::replace(page.file.span(value.byte_range()), "\"kept\""));
        }
    }
    Some((object, edits))
}

/// Whether an object only goes into web storage.
fn is_put_aside<'s>(page: &Page<'s, '_>, object: Node<'s>) -> bool {
    let outer = wrapped(object);
    let Some(parent) = outer.parent() else { return false };
    match parent.kind() {
        "arguments" => is_stored(page, parent),
        // `const aside = { … }; putAside(aside);`
        "variable_declarator" => {
            let name = parent.child_by_field_name("name").filter(|name| name.kind() == "identifier");
            let Some(id) = name.and_then(|name| page.scopes.binding_at(name.byte_range())) else {
                return false;
            };
            let goes = |node: Node<'s>| {
                wrapped(node).parent().is_some_and(|list| list.kind() == "arguments" && is_stored(page, list))
            };
            page.scopes.binding(id).declared == Declared::Const
                && page
                    .scopes
                    .references_of(id)
                    .all(|reference| page.tree.node_at(reference.range.clone()).is_some_and(goes))
        }
        _ => false,
    }
}

/// Whether the arguments are those of `JSON.stringify` within `setItem`, or of a function of the app that does just that.
fn is_stored<'s>(page: &Page<'s, '_>, list: Node<'s>) -> bool {
    let Some(call) = list.parent().filter(|call| call.kind() == "call_expression") else { return false };
    let Some(called) = callee(call) else { return false };
    if page.tree.text(called) == "JSON.stringify" {
        let set =
            wrapped(call).parent().filter(|list| list.kind() == "arguments").and_then(|list| list.parent());
        return set
            .and_then(callee)
            .is_some_and(|called| page.tree.text(called).ends_with("Storage.setItem"));
    }
    let Origin::Local(file, name) =
        Graph::origin(page.survey.project, page.file.id, unwrapped(called).byte_range())
    else {
        return false;
    };
    let Some((tree, _)) = page.survey.project.get(file).syntax() else { return false };
    let function = tree.node_at(name).and_then(|name| name.parent());
    function.filter(|function| function.kind() == "function_declaration").is_some_and(|function| {
        let text = tree.text(function);
        text.contains("Storage.setItem(")
            && !["fetch(", ".invoke(", "axios"].iter().any(|way| text.contains(way))
    })
}

/// The imports of what pages call instead of looking into web storage, where it is called.
pub(super) fn requests(survey: &Survey<'_>, change: &Move, files: &Files) -> Vec<Request> {
    let Some(path) = module(&change.places, files) else { return Vec::new() };
    let stored = &change.tokens.stored;
    let called = [
        (NAME, &change.tokens.held),
        (web_storage::SESSION, &stored.sessions),
        (web_storage::SIGNED_IN, &stored.signs),
    ];
    let asking: BTreeSet<_> =
        called.iter().flat_map(|(name, spans)| spans.iter().map(|span| (span.file, *name))).collect();
    let import = |(file, name): (FileId, &str)| Request::Import {
        file,
        from: contract::specifier(survey, file, &path),
        name: Imported::Named(name.to_owned()),
        local: name.to_owned(),
        type_only: false,
    };
    asking.into_iter().map(import).collect()
}

/// The module that has it.
fn module(places: &Places, files: &Files) -> Option<RelPath> {
    if places.server.is_within() {
        return places.of_session("auth.ts");
    }
    let auth = files.parts.iter().find(|part| part.name == "auth")?;
    places.beside(&format!("{}.ts", auth.from.trim_start_matches("./")))
}

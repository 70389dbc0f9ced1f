//! Other names that hold the client, and components that take it: what they say of its type, and what becomes of names that nothing asks
//! any more.

use super::client::{Client, PACKAGE};
use super::decide::Move;
use super::reach::By;
use super::uses::What;
use crate::env_contract::contract;
use crate::strictness;
use audit::Survey;
use edit::{Edit, FileId, Span};
use plan::Request;
use project::File;
use project::graph::{Graph, Origin};
use syntax::module::{ImportName, Imported};

/// What the client is called where another module names its type.
const LOCAL: &str = "appClient";

/// The edits, and the imports that they need.
pub(super) fn settled(survey: &Survey<'_>, change: &Move) -> (Vec<Edit>, Vec<Request>) {
    let (mut edits, mut requests) = (Vec::new(), Vec::new());
    let strict = strictness::asks(survey, &change.places.app, "noUnusedParameters");
    for one in &change.uses {
        let file = survey.project.get(one.span.file);
        if matches!(one.what, What::Library(_)) && file.path.as_str().ends_with(".tsx") {
            // A component of a library says that it needs all of a client.
            let end = Span::new(one.span.file, one.span.range().end..one.span.range().end);
            edits.push(Edit::replace(end, " as unknown as SupabaseClient"));
            requests.push(Request::Import {
                file: file.id,
                from: PACKAGE.to_owned(),
                name: Imported::Named("SupabaseClient".to_owned()),
                local: "SupabaseClient".to_owned(),
                type_only: true,
            });
        }
        if let What::Setting(name) = &one.what {
            let read = contract::access(survey, file.id, name);
            edits.push(Edit::replace(one.span, read.expression));
            requests.extend(read.requests);
        }
        let What::Held(typed, by) = &one.what else { continue };
        if change.dropped.iter().any(|statement| statement.covers(one.span)) {
            continue;
        }
        if strict && is_unasked(file, one.span, &change.moved) {
            edits.push(Edit::replace(one.span, format!("_{}", &file.text[one.span.range()])));
        }
        let Some(typed) = typed else { continue };
        match by {
            // `: SupabaseClient` says more than what is there now.
            By::Declaration => edits.push(Edit::delete(*typed)),
            By::Caller | By::State | By::Part if says_itself(&file.text[typed.range()]) => {}
            By::Caller | By::State | By::Part => {
                let mut named = change.clients.iter().filter_map(|client| named(survey, client, one.span));
                let Some((text, request)) = named.next() else { continue };
                let new = match by {
                    By::State => format!("<{text} | null>"),
                    By::Part => text,
                    _ => format!(": {text}"),
                };
                edits.push(Edit::replace(*typed, new));
                requests.extend(request);
            }
        }
    }
    (edits, requests)
}

/// Whether a type is whatever the client is.
pub(super) fn says_itself(typed: &str) -> bool {
    typed.contains("typeof ") || typed.trim_matches([':', ' ', '<', '>']) == "any"
}

/// The client's type where `name` is declared, and the import that it needs; `None` where it cannot be named.
pub(super) fn named(survey: &Survey<'_>, client: &Client, name: Span) -> Option<(String, Option<Request>)> {
    let file = survey.project.get(client.file);
    let own = &file.text[client.name.clone().filter(|_| client.member.is_none())?];
    let of = |local: &str| match &client.getter {
        Some(getter) if getter.inline => format!("typeof {local}"),
        Some(getter) if getter.waits => format!("Awaited<ReturnType<typeof {local}>>"),
        Some(_) => format!("ReturnType<typeof {local}>"),
        None => format!("typeof {local}"),
    };
    if name.file == client.file {
        return (own != &file.text[name.range()]).then(|| (of(own), None));
    }
    if let Some(local) = imported(survey, client, name.file) {
        return Some((of(local), None));
    }
    let exported = file.module.exports.iter().find(|export| export.local.as_deref() == Some(own))?;
    let imported = match exported.name.as_str() {
        "default" => Imported::Default,
        name => Imported::Named(name.to_owned()),
    };
    is_free(survey, name.file).then(|| {
        let request = Request::Import {
            file: name.file,
            from: contract::specifier(survey, name.file, &file.path),
            name: imported,
            local: LOCAL.to_owned(),
            type_only: true,
        };
        (of(LOCAL), Some(request))
    })
}

/// What a file that imports the client calls it.
fn imported<'s>(survey: &'s Survey<'_>, client: &Client, file: FileId) -> Option<&'s str> {
    let there = client.name.clone()?;
    let is_client = |module: FileId, name: &str| {
        let origin = Graph::export_origin(survey.project, module, name);
        matches!(origin, Origin::Local(holder, range) if holder == client.file && range == there)
    };
    survey.project.get(file).module.imports.iter().find_map(|import| {
        let module = Graph::resolve(survey.project, file, &import.specifier)?;
        let named = |name: &&ImportName| match &name.imported {
            Imported::Named(there) => is_client(module, there),
            Imported::Default => is_client(module, "default"),
            _ => false,
        };
        import.names.iter().find(named).map(|name| name.local.as_str())
    })
}

fn is_free(survey: &Survey<'_>, file: FileId) -> bool {
    let syntax = survey.project.get(file).syntax();
    syntax.is_some_and(|(_, scopes)| !scopes.bindings.iter().any(|binding| binding.name == LOCAL))
}

/// Whether a parameter is asked for nothing but queries that have moved.
fn is_unasked(file: &File, name: Span, moved: &[Span]) -> bool {
    let Some((tree, scopes)) = file.syntax() else { return false };
    let declared = tree.node_at(name.range()).and_then(|name| name.parent());
    let is_parameter =
        declared.is_some_and(|node| matches!(node.kind(), "required_parameter" | "optional_parameter"));
    let Some(id) = scopes.binding_at(name.range()).filter(|_| is_parameter) else { return false };
    let goes = |range: std::ops::Range<usize>| moved.iter().any(|span| span.covers(file.span(range.clone())));
    !file.text[name.range()].starts_with('_')
        && scopes.references_of(id).all(|reference| goes(reference.range.clone()))
}

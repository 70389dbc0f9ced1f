//! The one change: the server's module of endpoints, and every call site.

use super::calls::{Call, Calls};
use super::endpoint::endpoints;
use super::text::Source;
use super::{ID, MOVES};
use crate::server::{PROVIDERS, SESSIONS};
use crate::sessions_to_server;
use audit::env::DefinedIn;
use audit::{Finding, Survey};
use edit::{Edit, Piece, RelPath, Span};
use plan::{Change, NewFile, Request, Safety};
use std::collections::BTreeMap;
use syntax::view;

const PROVIDERS_TS: &str = include_str!("templates/vite/providers.ts"); // templates/

/// The change, if there is one.
pub(super) fn fix(survey: &Survey<'_>, calls: &Calls, findings: &[Finding]) -> Option<Change> {
    let (path, zod) = sessions_to_server::providers(survey)?;
    let endpoints = endpoints(&calls.moving);
    let routes: Vec<String> = endpoints.iter().map(|endpoint| endpoint.route(survey)).collect();
    let text = PROVIDERS_TS.replace("zod/v4", zod).replace("__ROUTES__", &routes.join("\n    "));
    let count = calls.moving.len();
    let title = if count == 1 {
        "Call the provider from the server".to_owned()
    } else {
        format!("Make {count} calls of providers from the server")
    };
    let mut change = Change::new(ID, title, Safety::Review);
    change.key = Some(PROVIDERS.to_owned());
    change.needs = vec![SESSIONS.to_owned()];
    change.creates.push(NewFile { path, pieces: vec![Piece::text(text)], mode: 0o644 });
    for endpoint in &endpoints {
        for call in &endpoint.calls {
            change.edits.extend(call_site(survey, call, &endpoint.name));
        }
    }
    for span in together(survey, &calls.removed) {
        let file = survey.project.get(span.file);
        change.edits.push(Edit::delete(with_its_line(&file.text, span)));
    }
    for call in &calls.moving {
        environment(survey, call, &mut change);
    }
    change.edits.sort_by_key(|edit| edit.span);
    change.edits.dedup();
    let mut seen: Vec<Request> = Vec::new();
    change.requests.retain(|request| {
        let new = !seen.contains(request);
        seen.push(request.clone());
        new
    });
    change.fixes = (0..findings.len()).filter(|at| findings[*at].rule == MOVES.id).collect();
    Some(change)
}

/// The address, and the header that the server asks for in place of the key's.
fn call_site(survey: &Survey<'_>, call: &Call, name: &str) -> Vec<Edit> {
    let file = survey.project.get(call.span.file);
    let options = &file.text[call.options_span.range()];
    let quote = if options.contains('\'') && !options.contains('"') { '\'' } else { '"' };
    let own = format!("{quote}X-Requested-With{quote}: {quote}fetch{quote}");
    let mut edits = vec![Edit::replace(call.address_span, format!("{quote}/api/providers/{name}{quote}"))];
    if let Some(header) = call.header_span {
        edits.push(Edit::replace(header, own));
        return edits;
    }
    let Some((tree, _)) = file.syntax() else { return edits };
    let (object, text) = match call.headers_span {
        Some(headers) => (headers, own),
        None => (call.options_span, format!("headers: {{ {own} }}")),
    };
    let first = tree.node_at(object.range()).and_then(|object| view::code_children(object).next());
    match first {
        Some(first) => {
            let start = first.start_byte();
            let line = file.text[..start].rfind('\n').map_or(0, |newline| newline + 1);
            let indent = &file.text[line..start];
            let behind = if indent.trim().is_empty() { format!(",\n{indent}") } else { ", ".to_owned() };
            let at = Span::new(call.span.file, start..start);
            edits.push(Edit::replace(at, format!("{text}{behind}")));
        }
        None => edits.push(Edit::replace(object, format!("{{ {text} }}"))),
    }
    edits
}

/// Statements with nothing between them go as one.
fn together(survey: &Survey<'_>, removed: &[Span]) -> Vec<Span> {
    let mut found: Vec<Span> = Vec::new();
    for span in removed {
        match found.last_mut() {
            Some(last)
                if last.file == span.file
                    && survey
                        .project
                        .get(span.file)
                        .text
                        .get(last.end as usize..span.start as usize)
                        .is_some_and(|between| between.trim().is_empty()) =>
            {
                last.end = span.end;
            }
            _ => found.push(*span),
        }
    }
    found
}

/// The statement with its line where it stands alone there, and with the blank line behind it at the beginning of a block.
fn with_its_line(source: &str, span: Span) -> Span {
    let range = span.range();
    let start = source[..range.start].rfind('\n').map_or(0, |newline| newline + 1);
    let end = source[range.end..].find('\n').map_or(source.len(), |newline| range.end + newline + 1);
    let alone = source[start..range.start].trim().is_empty() && source[range.end..end].trim().is_empty();
    if !alone {
        return span;
    }
    let opens =
        source[..start].trim_end_matches(' ').ends_with("\n\n") || source[..start].trim_end().ends_with('{');
    let blank = source[end..].find('\n').filter(|next| source[end..end + next].trim().is_empty());
    match blank.filter(|_| opens) {
        Some(next) => Span::new(span.file, start..end + next + 1),
        None => Span::new(span.file, start..end),
    }
}

/// The key's variable on the server.
fn environment(survey: &Survey<'_>, call: &Call, change: &mut Change) {
    let folder = survey.project.apps.first().map_or("", |app| app.folder.as_str());
    let below = |name: &str| {
        RelPath::new(if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") })
    };
    let (Some(example), Some(local)) = (below(".env.example"), below(".env.local")) else { return };
    let entry = |path: &RelPath, mode: u32, value: Vec<Piece>| Request::Env {
        path: path.clone(),
        mode,
        section: "Server only".to_owned(),
        name: call.key.name.clone(),
        value,
        comment: None,
    };
    let mut named = false;
    match &call.key.source {
        Source::Literal(_) => {
            change.requests.push(entry(&local, 0o600, vec![Piece::Source(call.key.span)]));
            let ignored = survey.project.ignores_file(local.as_str());
            let own = below(".gitignore").filter(|path| survey.project.file(path.as_str()).is_some());
            if let (false, Some(path)) = (ignored, own.or_else(|| RelPath::new(".gitignore"))) {
                let line = |line: &&str| Request::Line {
                    path: path.clone(),
                    heading: crate::repository_hygiene::ignore::ENVIRONMENT.to_owned(),
                    line: (*line).to_owned(),
                };
                change.requests.extend(crate::repository_hygiene::ignore::VALUES.iter().map(line));
            }
        }
        Source::Variable(name) => {
            let definitions = survey.env_name(name).into_iter().flat_map(|name| &name.definitions);
            for known in definitions.filter(|known| known.within == DefinedIn::EnvFile) {
                named |= survey.project.get(known.span.file).path == example;
                change.edits.push(Edit::replace(known.span, call.key.name.clone()));
            }
        }
    }
    if !named {
        change.requests.push(entry(&example, 0o644, Vec::new()));
    }
}

/// The lines of the server's schema of variables.
pub(super) fn variables(calls: &Calls) -> String {
    let names: BTreeMap<&str, ()> = calls.moving.iter().map(|call| (call.key.name.as_str(), ())).collect();
    names.keys().map(|name| format!("    {name}: z.string().min(1),\n")).collect()
}

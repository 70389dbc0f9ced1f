//! The environment: where the address and the key go, and what is no longer read.

use super::decide::Move;
use super::facade;
use super::runtime::public_name;
use audit::Survey;
use audit::env::{DefinedIn, EnvName};
use edit::{Edit, FileId, Piece, Span};
use plan::Request;

const SERVER: &str = "Server only";
const PAGE: &str = "Built into the browser bundle: public by definition";

/// Requests for `.env.example` and `.env.local`.
pub(super) fn requests(survey: &Survey<'_>, change: &Move) -> Vec<Request> {
    let mut requests = Vec::new();
    let (Some(example), Some(local)) = (change.places.at(".env.example"), change.places.at(".env.local"))
    else {
        return requests;
    };
    let client = &change.clients[0];
    let (url, key) = (facade::value_of(survey, &client.url), facade::value_of(survey, &client.key));
    let mut entry =
        |path: &edit::RelPath, section: &str, name: &str, value: Vec<Piece>, comment: Option<&str>| {
            let mode = if *path == local { 0o600 } else { 0o644 };
            requests.push(Request::Env {
                path: path.clone(),
                mode,
                section: section.to_owned(),
                name: name.to_owned(),
                value,
                comment: comment.map(str::to_owned),
            });
        };
    // Without a value, as whoever else lists the name writes it.
    let address = "Of the project: https://your-project.supabase.co";
    entry(&example, SERVER, "SUPABASE_URL", Vec::new(), Some(address));
    entry(&example, SERVER, "SUPABASE_PUBLISHABLE_KEY", Vec::new(), None);
    let origin = "Public origin of this deployment, without a path. Required in production, except where the host sets its own.";
    entry(
        &example,
        SERVER,
        "APP_ORIGIN",
        vec![Piece::text(format!("http://localhost:{}", port(survey, change)))],
        Some(origin),
    );
    let slice = |span: Span| vec![Piece::Source(span)];
    for (name, value) in [("SUPABASE_URL", url), ("SUPABASE_PUBLISHABLE_KEY", key)] {
        if let Some(value) = value {
            entry(&local, SERVER, name, slice(value), None);
        }
    }
    if change.builds_addresses() {
        let name = public_name(survey);
        entry(
            &example,
            PAGE,
            &name,
            Vec::new(),
            Some("Same value as SUPABASE_URL; used for public storage links."),
        );
        let defined = url.filter(|url| !is_definition_of(survey, *url, &name, &local));
        if let Some(value) = defined {
            entry(&local, PAGE, &name, slice(value), None);
        }
    }
    requests
}

fn is_definition_of(survey: &Survey<'_>, value: Span, name: &str, path: &edit::RelPath) -> bool {
    let known = survey.env_name(name).into_iter().flat_map(|name| &name.definitions);
    survey.project.get(value.file).path == *path
        && known.into_iter().any(|definition| definition.value == value)
}

/// The port of the development server.
fn port(survey: &Survey<'_>, change: &Move) -> String {
    let config = change.wiring.edits.first().map(|edit| survey.project.get(edit.span.file));
    let port = config.and_then(|config| {
        let (_, rest) = config.text.split_once("port:")?;
        let digits: String = rest.trim_start().chars().take_while(char::is_ascii_digit).collect();
        (!digits.is_empty()).then_some(digits)
    });
    port.unwrap_or_else(|| change.wiring.port.to_string())
}

/// Variables of the old client that nothing reads any more. `gone`: what the move removes.
fn unread<'s>(survey: &'s Survey<'_>, change: &Move, gone: &[Span]) -> Vec<&'s EnvName> {
    let keeps = change.builds_addresses().then(|| public_name(survey));
    let settings = change.clients.iter().flat_map(|client| client.url.names.iter().chain(&client.key.names));
    let settings: Vec<&String> = settings.collect();
    let is_gone =
        |name: &EnvName| name.reads.iter().all(|read| gone.iter().any(|span| span.covers(read.span)));
    // `required("VITE_URL")`: read by a name that is handed on.
    let is_spoken = |name: &EnvName| {
        let quoted = [format!("\"{}\"", name.name), format!("'{}'", name.name)];
        super::uses::code(survey).any(|file| {
            let mut places = quoted.iter().flat_map(|quoted| file.text.match_indices(quoted.as_str()));
            places.any(|(at, text)| !gone.iter().any(|span| span.covers(file.span(at..at + text.len()))))
        })
    };
    let ours = |name: &&EnvName| {
        let asked = settings.contains(&&name.name);
        let builders = name.public && name.name.contains("SUPABASE") && name.reads.is_empty() && !name.secret;
        (asked && is_gone(name) || builders) && keeps.as_ref() != Some(&name.name)
    };
    survey.env.iter().filter(ours).filter(|name| !is_spoken(name)).collect()
}

/// Edits that take those variables out of the env files, and the files that have nothing else.
pub(super) fn removed(survey: &Survey<'_>, change: &Move, gone: &[Span]) -> (Vec<Edit>, Vec<FileId>) {
    let folder = &change.places.app.folder;
    let mut lines: Vec<Span> = Vec::new();
    for name in unread(survey, change, gone) {
        let own = name.definitions.iter().filter(|definition| {
            definition.within == DefinedIn::EnvFile
                && survey.project.get(definition.line.file).path.folder() == folder
        });
        lines.extend(own.map(|definition| definition.line));
    }
    lines.sort();
    let mut files: Vec<FileId> = lines.iter().map(|line| line.file).collect();
    files.dedup();
    let is_empty = |file: &FileId| {
        let known = survey.project.get(*file);
        let rest =
            lines.iter().filter(|line| line.file == *file).fold(known.text.to_string(), |text, line| {
                // Lines keep their place: only whether anything else is left counts.
                let blank = " ".repeat(line.range().len());
                let mut text = text;
                text.replace_range(line.range(), &blank);
                text
            });
        let nothing = rest.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'));
        nothing && known.path.name() == ".env"
    };
    let (deleted, edited): (Vec<FileId>, Vec<FileId>) = files.into_iter().partition(is_empty);
    let edits = lines.into_iter().filter(|line| edited.contains(&line.file)).map(Edit::delete).collect();
    (edits, deleted)
}

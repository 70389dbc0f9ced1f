//! `.env.example`: every variable that the app reads, with no secret in it.

use super::contract::Need;
use audit::env::{DefinedIn, EnvName, given};
use audit::{Confidence, Finding, Severity, Survey};
use edit::{Piece, RelPath, Span};
use plan::Request;
use stack::Side;

/// The variables that the example does not name yet.
fn missing<'s>(survey: &'s Survey<'_>) -> Vec<&'s EnvName> {
    let path = path(survey);
    let is_there = |name: &EnvName| {
        name.definitions.iter().any(|definition| {
            let file = &survey.project.get(definition.span.file).path;
            path.as_ref() == Some(file)
                || file.name() == ".env.example" && is_read_below(survey, name, file.folder())
        })
    };
    let is_used = |name: &&EnvName| {
        let reads = name.reads.iter().any(|read| !matches!(read.side, Side::None));
        (reads || name.implicit.is_some()) && !given(&name.name) && !is_there(name)
    };
    // The platform gives them to every edge function, and takes none of that name.
    let is_given = |name: &EnvName| {
        name.name.starts_with("SUPABASE_")
            && name.reads.iter().all(|read| matches!(read.side, Side::Edge | Side::None))
    };
    // The codemod that gives a variable another name writes the example.
    let renamed = crate::secrets_to_env::renamed(survey);
    let is_missing = |name: &&EnvName| !is_given(name) && !renamed.contains(&name.name.as_str());
    survey.env.iter().filter(is_used).filter(is_missing).collect()
}

/// Whether a variable is read in a folder alone: a package of its own has its own example.
fn is_read_below(survey: &Survey<'_>, name: &EnvName, folder: &str) -> bool {
    let below = |path: &RelPath| path.as_str().strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    let mut reads = name.reads.iter().filter(|read| read.side != Side::None);
    !folder.is_empty() && reads.all(|read| below(&survey.project.get(read.span.file).path))
}

/// Whether a variable is read for nothing but the browser's client, which goes.
fn goes(name: &EnvName, gone: &[Span]) -> bool {
    !name.reads.is_empty() && name.reads.iter().all(|read| gone.iter().any(|span| span.covers(read.span)))
}

/// The example beside the app's manifest.
fn path(survey: &Survey<'_>) -> Option<RelPath> {
    let app = survey.project.apps.first()?;
    RelPath::new(if app.folder.is_empty() {
        ".env.example".to_owned()
    } else {
        format!("{}/.env.example", app.folder)
    })
}

/// Whether the example says all.
pub(super) fn find(survey: &Survey<'_>) -> Option<Finding> {
    let gone = crate::sessions_to_server::gone(survey);
    let mut missing = missing(survey);
    missing.retain(|name| !goes(name, &gone));
    let path = path(survey)?;
    if missing.is_empty() {
        return None;
    }
    let there = survey.project.file(path.as_str());
    let manifest = survey.project.packages.get(survey.project.apps.first()?.package)?.manifest;
    let names: Vec<&str> = missing.iter().map(|name| name.name.as_str()).collect();
    Some(Finding {
        rule: super::EXAMPLE.id,
        severity: Severity::Note,
        confidence: Confidence::Certain,
        span: Span::new(there.map_or(manifest, |file| file.id), 0..0),
        message: match there {
            None if names.len() == 1 => "There is no `.env.example`; one variable is read.".to_owned(),
            None => format!("There is no `.env.example`; {} variables are read.", names.len()),
            Some(_) => format!("`.env.example` does not name {}.", names.join(", ")),
        },
        why: super::EXAMPLE.why.into(),
        todo: "List every variable in `.env.example`, secrets without a value.".into(),
        related: Vec::new(),
        subject: names.join(","),
    })
}

/// A request for each missing name: of those that go with the browser's client, or of the others.
pub(super) fn requests(survey: &Survey<'_>, gone: &[Span], going: bool) -> Vec<Request> {
    let Some(path) = path(survey) else { return Vec::new() };
    let request = |name: &EnvName| Request::Env {
        path: path.clone(),
        mode: 0o644,
        section: section(name).into(),
        name: name.name.clone(),
        value: value(survey, name),
        comment: comment(survey, name),
    };
    missing(survey).into_iter().filter(|name| goes(name, gone) == going).map(request).collect()
}

fn section(name: &EnvName) -> &'static str {
    let edge = !name.reads.is_empty() && name.reads.iter().all(|read| read.side == Side::Edge);
    match (name.public, edge) {
        (true, _) if name.secret => {
            "Secrets that are built into the browser bundle all the same: move each to the server"
        }
        (true, _) => "Built into the browser bundle: public by definition",
        (false, true) => "Edge functions: set with their own command, not from this file",
        (false, false) => "Server only",
    }
}

/// A default of the code is shown; anything else is left empty.
fn value(survey: &Survey<'_>, name: &EnvName) -> Vec<Piece> {
    match super::find::need_of(survey, &name.name) {
        Need::Default(value) | Need::Development(value) if !name.secret => {
            // The request quotes what needs it.
            let spelled = syntax::document::env::quoted(&value).is_some();
            spelled.then(|| Piece::text(value)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn comment(survey: &Survey<'_>, name: &EnvName) -> Option<String> {
    if let Some(package) = name.implicit.filter(|_| name.reads.is_empty()) {
        return Some(format!("Read by {package} itself."));
    }
    let set = name.definitions.iter().any(|definition| definition.within != DefinedIn::Types);
    let need = super::find::need_of(survey, &name.name);
    (!set && matches!(need, Need::Empty | Need::Optional)).then(|| "Optional.".to_owned())
}

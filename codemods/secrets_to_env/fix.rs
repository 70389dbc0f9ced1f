//! Moving what moves: one change per variable, in all files at once.

use super::accessor::access;
use super::find::rule_of_moves;
use super::places::{TypeScript, Value, Way, app_folder, has_value, ignored, read_behind, values};
use super::rename::{self, Fate};
use super::{ID, PUBLISHED};
use audit::secret::{Secret, kind_of};
use audit::{Finding, Survey};
use edit::{Edit, Piece, RelPath, Span};
use plan::{Change, Request, Safety};
use stack::Side;
use std::collections::BTreeMap;

/// Every change of the codemod.
pub(super) fn fix(survey: &Survey<'_>, findings: &[Finding]) -> Vec<Change> {
    let published = rename::published(survey);
    let renamed: BTreeMap<&str, &str> = published
        .iter()
        .filter_map(|one| match &one.fate {
            Fate::Renamed { to, .. } => Some((one.name.name.as_str(), to.as_str())),
            _ => None,
        })
        .collect();
    let mut moves: Vec<(Change, Vec<&str>)> = Vec::new();
    for value in values(survey).iter().filter(|value| !value.moves.is_empty()) {
        moves.push(moved(survey, findings, value, &renamed));
    }
    let mut changes = Vec::new();
    for one in &published {
        let Fate::Renamed { to, places, respelled } = &one.fate else { continue };
        let name = one.name.name.as_str();
        let mut change = Change::new(ID, format!("Rename {name} to {to}"), Safety::Review);
        // What moves out of a read of this name is one change with its new name.
        let (with, without): (Vec<_>, Vec<_>) =
            moves.into_iter().partition(|(_, names)| names.contains(&name));
        moves = without;
        for (part, _) in with {
            change.edits.extend(part.edits);
            change.requests.extend(part.requests);
            change.fixes.extend(part.fixes);
        }
        let taken: Vec<Span> = change.edits.iter().map(|edit| edit.span).collect();
        let apart = |span: &Span| !taken.iter().any(|taken| taken.covers(*span));
        change.edits.extend(
            places.iter().filter(|place| apart(place)).map(|place| Edit::replace(*place, to.clone())),
        );
        change.edits.extend(respelled.iter().filter(|edit| apart(&edit.span)).cloned());
        change.fixes.extend(fixes(findings, PUBLISHED.id, name));
        let count = rename::files(places).len();
        change.title = format!("Rename {name} to {to} in {count} file{}", if count == 1 { "" } else { "s" });
        changes.push(change);
    }
    changes.extend(moves.into_iter().map(|(change, _)| change));
    changes
}

fn fixes(findings: &[Finding], rule: &str, subject: &str) -> Vec<usize> {
    (0..findings.len()).filter(|at| findings[*at].rule == rule && findings[*at].subject == subject).collect()
}

/// The name that publishes a value on this framework.
pub(super) fn public_name(survey: &Survey<'_>, name: &str) -> String {
    format!("{}{name}", survey.stack.framework.public_prefix().unwrap_or(""))
}

/// The change that moves one value, and the renamed variables it reads.
fn moved<'r>(
    survey: &Survey<'_>,
    findings: &[Finding],
    value: &Value<'_>,
    renamed: &BTreeMap<&'r str, &str>,
) -> (Change, Vec<&'r str>) {
    let first = value.first();
    let mut change = Change::new(ID, String::new(), safety(value));
    let mut touched = Vec::new();
    let mut names: Vec<String> = Vec::new();
    for (secret, way) in &value.moves {
        let file = secret.span.file;
        let behind = read_behind(survey, secret).filter(|_| *way == Way::Fallback).map(|(name, _)| name);
        let renamed_read = behind.and_then(|name| renamed.get_key_value(name));
        touched.extend(renamed_read.map(|(from, _)| *from));
        let name = match (renamed_read, behind) {
            (Some((_, to)), _) => (*to).to_owned(),
            (None, Some(name)) => name.to_owned(),
            (None, None) => name_at(survey, value, secret),
        };
        if *way != Way::Type && *way != Way::Example {
            let access = access(survey, file, &name);
            change.edits.extend(edits(survey, secret, *way, &access.expression, access.checked));
            change.requests.extend(access.requests);
        } else {
            change.edits.extend(edits(survey, secret, *way, "", false));
        }
        if *way != Way::Type {
            keep_value(survey, &mut change, secret, *way, &name);
            names.push(name);
        }
    }
    names.sort();
    names.dedup();
    let what = &kind_of(&first.kind).title;
    change.title = match names.as_slice() {
        [] => format!("Take a {what} out of a type"),
        [name] if value.moves.iter().all(|(_, way)| *way == Way::Example) => {
            format!("Empty {name} in the example")
        }
        names => format!("Read {} from the environment", names.join(" and ")),
    };
    change.fixes = fixes(findings, rule_of_moves(value).id, &first.env_name);
    change.fixes.retain(|at| findings[*at].span == first.span);
    let mut seen: Vec<Request> = Vec::new();
    change.requests.retain(|request| {
        let new = !seen.contains(request);
        seen.push(request.clone());
        new
    });
    (change, touched)
}

/// A literal that becomes a read of the same value is safe; whatever loses a default, or is compared, is to be looked at.
fn safety(value: &Value<'_>) -> Safety {
    let plain = value
        .moves
        .iter()
        .all(|(_, way)| matches!(way, Way::Read | Way::Template | Way::Attribute | Way::Type));
    if plain { Safety::Safe } else { Safety::Review }
}

/// The variable that a place reads: public if the browser needs it somewhere, plain in edge functions, which have their own store.
fn name_at(survey: &Survey<'_>, value: &Value<'_>, secret: &Secret) -> String {
    let browser = value.moves.iter().any(|(secret, _)| matches!(secret.side, Side::Browser | Side::Both));
    if value.public() && browser && secret.side != Side::Edge {
        public_name(survey, &secret.env_name)
    } else {
        secret.env_name.clone()
    }
}

/// The edits of one place. `expression` reads the variable; `checked` says that it stops where the variable is missing.
fn edits(survey: &Survey<'_>, secret: &Secret, way: Way, expression: &str, checked: bool) -> Vec<Edit> {
    let file = survey.project.get(secret.span.file);
    let Some(literal) = secret.literal.or((way == Way::Example).then_some(secret.span)) else {
        return Vec::new();
    };
    match way {
        Way::Read => vec![Edit::replace(literal, expression)],
        Way::Type => vec![Edit::replace(literal, "string")],
        Way::Attribute => vec![Edit::replace(literal, format!("{{{expression}}}"))],
        // Two missing values are equal: an unset variable must not let anybody in.
        Way::Compared if checked => vec![Edit::replace(literal, expression)],
        Way::Compared => {
            vec![Edit::replace(
                literal,
                format!("({} ?? crypto.randomUUID())", expression.trim_end_matches('!')),
            )]
        }
        Way::Template => {
            let mut edits =
                vec![Edit::replace(secret.span, format!("${{{}}}", expression.trim_end_matches('!')))];
            if !file.text.get(literal.range()).is_some_and(|text| text.starts_with('`')) {
                let quote =
                    |start: u32| Edit::replace(Span { file: literal.file, start, end: start + 1 }, "`");
                edits.extend([quote(literal.start), quote(literal.end - 1)]);
            }
            edits
        }
        Way::Fallback => {
            let Some((_, read)) = read_behind(survey, secret) else { return Vec::new() };
            let between = file.text.get(read.span.end as usize..literal.start as usize).unwrap_or("");
            // One read, one literal: the read is spelled anew. In a longer chain only the literal goes.
            let alone = between
                .trim_matches(|character: char| "|?!) (".contains(character) || character.is_whitespace())
                .is_empty();
            if alone && read.whole.end >= literal.end {
                return vec![Edit::replace(read.whole, expression)];
            }
            let Some(operator) = between.rfind("||").or(between.rfind("??")) else { return Vec::new() };
            let start = read.span.end as usize + between[..operator].trim_end().len();
            let rest = Span { file: literal.file, start: start as u32, end: literal.end };
            let bundled = expression.starts_with("import.meta");
            if file.is_typescript() && !bundled {
                let open = Span { end: read.whole.start, ..read.whole };
                return vec![Edit::replace(open, "("), Edit::replace(rest, ")!")];
            }
            vec![Edit::delete(rest)]
        }
        Way::Example => {
            let definition =
                survey.env.iter().flat_map(|name| &name.definitions).find(|known| known.value == secret.span);
            let Some(definition) = definition else { return Vec::new() };
            let line = file.text.get(definition.line.range()).unwrap_or("");
            let end = definition.line.start + line.trim_end_matches(['\r', '\n']).len() as u32;
            let from = Span { file: literal.file, start: definition.span.end, end };
            vec![Edit::replace(from, "=")]
        }
    }
}

/// The value goes to `.env.local`, the name to `.env.example`, and git ignores the former.
fn keep_value(survey: &Survey<'_>, change: &mut Change, secret: &Secret, way: Way, name: &str) {
    let folder = app_folder(survey, secret.span.file);
    let below = |name: &str| {
        RelPath::new(if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") })
    };
    let (Some(local), Some(example)) = (below(".env.local"), below(".env.example")) else { return };
    let public = survey.stack.framework.public_prefix().is_some_and(|prefix| name.starts_with(prefix));
    let section = match (public, secret.side) {
        (true, _) => "Built into the browser bundle: public by definition",
        (false, Side::Edge) => "Edge functions: set with their own command, not from this file",
        (false, _) => "Server only",
    };
    let comment = Some(format!("{}.", capital(&kind_of(&secret.kind).title)));
    if way != Way::Example {
        let value = Vec::new();
        change.requests.push(Request::Env {
            path: example,
            mode: 0o644,
            section: section.to_owned(),
            name: name.to_owned(),
            value,
            comment,
        });
    }
    if !has_value(survey, folder, name) {
        let value = vec![Piece::Source(secret.span)];
        let there = change.requests.iter().any(|request| {
            matches!(request, Request::Env { path, name: other, .. } if *path == local && other == name)
        });
        if !there {
            let section = section.to_owned();
            change.requests.push(Request::Env {
                path: local.clone(),
                mode: 0o600,
                section,
                name: name.to_owned(),
                value,
                comment: None,
            });
        }
        if !ignored(survey, local.as_str()) {
            let own = below(".gitignore").filter(|path| survey.project.file(path.as_str()).is_some());
            if let Some(path) = own.or_else(|| RelPath::new(".gitignore")) {
                let heading = "# Values of this machine".to_owned();
                change.requests.push(Request::Line { path, heading, line: ".env.local".to_owned() });
            }
        }
    }
}

fn capital(title: &str) -> String {
    let mut letters = title.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

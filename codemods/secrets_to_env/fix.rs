//! Moving what moves: one change per variable, in all files at once.

use super::accessor::access;
use super::find::rule_of_moves;
use super::firebase;
use super::places::{TypeScript, Value, Way, app_folder, has_value, operand, read_behind, values};
use super::rename::{self, Fate};
use super::{ID, PUBLISHED};
use audit::env::{DefinedIn, Fallback};
use audit::secret::{Secret, kind_of};
use audit::{Finding, Survey};
use edit::{Edit, FileId, Piece, RelPath, Span};
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
    let values: Vec<Value<'_>> = values(survey).into_iter().filter(|value| !value.moves.is_empty()).collect();
    let mut names = Names { survey, renamed, kept: BTreeMap::new() };
    names.choose(&values);
    // What goes with the browser's client goes with the change that takes it away; without that one it moves here.
    let gone = crate::sessions_to_server::gone(survey);
    let mut moves: Vec<(Change, Vec<&str>)> = Vec::new();
    for value in &values {
        let (with_client, own): (Vec<_>, Vec<_>) = value
            .moves
            .iter()
            .copied()
            .partition(|(secret, _)| gone.iter().any(|span| span.covers(secret.span)));
        let all = with_client.is_empty() || own.is_empty();
        for (part, unless) in [(own, None), (with_client, Some(crate::server::SESSIONS.to_owned()))] {
            if part.is_empty() {
                continue;
            }
            let part = Value { moves: part, stays: Vec::new() };
            let (mut change, names) = moved(&names, findings, &part, value);
            if !all && unless.is_some() {
                // The finding is of the part that moves in any case.
                change.fixes.clear();
            }
            change.unless = unless;
            moves.push((change, names));
        }
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
        for read in one.name.reads.iter().filter(|read| read.replaceable && is_silent(&read.fallback)) {
            // A default for a secret only hides that it is missing: it goes with the old name.
            if !taken.iter().any(|taken| taken.covers(read.span)) {
                let access = access(survey, read.span.file, to);
                change.edits.retain(|edit| !read.whole.covers(edit.span));
                change.edits.push(Edit::replace(read.whole, access.expression));
                change.requests.extend(access.requests);
            }
        }
        if let Some(read) = one.name.reads.first() {
            let named = one.name.definitions.iter().any(|known| known.example);
            change
                .requests
                .extend((!named).then(|| example(survey, read.span.file, read.side, to, None)).flatten());
        }
        change.fixes.extend(fixes(findings, PUBLISHED.id, name));
        let count = rename::files(places).len();
        change.title = format!("Rename {name} to {to} in {count} file{}", if count == 1 { "" } else { "s" });
        changes.push(change);
    }
    changes.extend(moves.into_iter().map(|(change, _)| change));
    changes
}

/// A default that does as if the variable were there.
fn is_silent(fallback: &Fallback) -> bool {
    matches!(
        fallback,
        Fallback::Empty | Fallback::Placeholder | Fallback::Localhost | Fallback::Literal { .. }
    )
}

fn fixes(findings: &[Finding], rule: &str, subject: &str) -> Vec<usize> {
    (0..findings.len()).filter(|at| findings[*at].rule == rule && findings[*at].subject == subject).collect()
}

/// The name that publishes a value on this framework.
pub(super) fn public_name(survey: &Survey<'_>, name: &str) -> String {
    format!("{}{name}", survey.stack.framework.public_prefix().unwrap_or(""))
}

/// Which variable each value goes to.
struct Names<'s, 'p> {
    survey: &'s Survey<'p>,
    /// Variables that lose their public prefix.
    renamed: BTreeMap<&'s str, &'s str>,
    /// By folder of the app and variable: the value that its `.env.local` gets. Of several, a real one goes before a placeholder.
    kept: BTreeMap<(String, String), String>,
}

impl<'s> Names<'s, '_> {
    fn choose(&mut self, values: &[Value<'_>]) {
        for placeholders in [false, true] {
            for value in values {
                for (secret, way) in &value.moves {
                    if secret.placeholder == placeholders && *way != Way::Type {
                        let (name, _) = self.of(value, secret, *way);
                        let folder = app_folder(self.survey, secret.span.file).to_owned();
                        for (name, field) in firebase::beside(self.survey, secret) {
                            self.kept.entry((folder.clone(), name)).or_insert(field.value);
                        }
                        self.kept.entry((folder, name)).or_insert_with(|| secret.value.clone());
                    }
                }
            }
        }
    }

    /// The variable that a place reads, and its former name if it is renamed.
    fn of(&self, value: &Value<'_>, secret: &Secret, way: Way) -> (String, Option<&'s str>) {
        let own = match way {
            Way::Fallback => read_behind(self.survey, secret).map(|(name, _)| name),
            Way::Example => secret.named.as_deref(),
            _ => None,
        };
        match own.map(|name| (name, self.renamed.get_key_value(name))) {
            Some((_, Some((from, to)))) => ((*to).to_owned(), Some(from)),
            Some((name, None)) => (name.to_owned(), None),
            None => (name_at(self.survey, value, secret), None),
        }
    }
}

/// The change that moves one value, or a part of its places, and the renamed variables it reads.
fn moved<'s>(
    names: &Names<'s, '_>,
    findings: &[Finding],
    value: &Value<'_>,
    whole: &Value<'_>,
) -> (Change, Vec<&'s str>) {
    let survey = names.survey;
    let first = whole.first();
    let mut change = Change::new(ID, String::new(), safety(value));
    let mut touched = Vec::new();
    let mut read: Vec<String> = Vec::new();
    for (secret, way) in &value.moves {
        let (name, renamed) = names.of(value, secret, *way);
        touched.extend(renamed);
        if *way != Way::Type && *way != Way::Example {
            let access = access(survey, secret.span.file, &name);
            change.edits.extend(edits(survey, secret, *way, &access.expression, access.checked));
            change.requests.extend(access.requests);
            for (name, field) in firebase::beside(survey, secret) {
                let access = self::access(survey, field.span.file, &name);
                change.edits.extend(edits(survey, &field, Way::Read, &access.expression, access.checked));
                change.requests.extend(access.requests);
                keep_value(names, &mut change, &field, Way::Read, &name);
            }
        } else {
            change.edits.extend(edits(survey, secret, *way, "", false));
        }
        if *way != Way::Type {
            keep_value(names, &mut change, secret, *way, &name);
            read.push(name);
        }
    }
    read.sort();
    read.dedup();
    let what = &kind_of(&first.kind).title;
    change.title = match read.as_slice() {
        [] => format!("Make the type string that holds the {what}"),
        [name] if value.moves.iter().all(|(_, way)| *way == Way::Example) => {
            format!("Empty {name} in the example")
        }
        [_] if first.kind == "firebase-web-key" => {
            "Read the Firebase configuration from the environment: set it at the host first".into()
        }
        read => format!("Read {} from the environment", read.join(" and ")),
    };
    change.fixes = fixes(findings, rule_of_moves(whole).id, &first.env_name);
    change.fixes.retain(|at| findings[*at].span == first.span);
    let mut seen: Vec<Request> = Vec::new();
    change.requests.retain(|request| {
        let new = !seen.contains(request);
        seen.push(request.clone());
        new
    });
    (change, touched)
}

/// What code reads from now on must be set wherever it is built or run: only what no code reads is safe.
fn safety(value: &Value<'_>) -> Safety {
    let plain = value.moves.iter().all(|(_, way)| *way == Way::Type);
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
            let Some(rest) = operand(file, literal) else { return Vec::new() };
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
fn keep_value(names: &Names<'_, '_>, change: &mut Change, secret: &Secret, way: Way, name: &str) {
    let survey = names.survey;
    let folder = app_folder(survey, secret.span.file);
    let below = |name: &str| {
        RelPath::new(if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") })
    };
    let Some(local) = below(".env.local") else { return };
    let comment =
        (secret.kind != "firebase-web-key").then(|| format!("{}.", capital(&kind_of(&secret.kind).title)));
    if way != Way::Example {
        change.requests.extend(example(survey, secret.span.file, secret.side, name, comment));
    }
    let kept = names.kept.get(&(folder.to_owned(), name.to_owned())) == Some(&secret.value);
    if let Some(stale) = stale(survey, secret, name).filter(|stale| kept && stale.file != secret.span.file) {
        // Code never read what stands there: from now on it would.
        change.safety = Safety::Review;
        let there = change.edits.iter().any(|edit| edit.span == stale);
        change
            .edits
            .extend((!there).then(|| Edit { span: stale, replacement: vec![Piece::Source(secret.span)] }));
    }
    if kept && !has_value(survey, folder, name) {
        let value = vec![Piece::Source(secret.span)];
        let there = change.requests.iter().any(|request| {
            matches!(request, Request::Env { path, name: other, .. } if *path == local && other == name)
        });
        if !there {
            let section = section(survey, secret.side, name).to_owned();
            change.requests.push(Request::Env {
                path: local.clone(),
                mode: 0o600,
                section,
                name: name.to_owned(),
                value,
                comment: None,
            });
        }
        if !survey.project.ignores_file(local.as_str()) {
            let own = below(".gitignore").filter(|path| survey.project.file(path.as_str()).is_some());
            if let Some(path) = own.or_else(|| RelPath::new(".gitignore")) {
                let line = |line: &&str| Request::Line {
                    path: path.clone(),
                    heading: crate::repository_hygiene::ignore::ENVIRONMENT.to_owned(),
                    line: (*line).to_owned(),
                };
                change.requests.extend(crate::repository_hygiene::ignore::VALUES.iter().map(line));
            }
        }
    }
}

/// The value of a variable that nothing reads yet, where it is not the one that the code runs on. Only for what is public by
/// design: a committed file must not gain a secret.
fn stale(survey: &Survey<'_>, secret: &Secret, name: &str) -> Option<Span> {
    let known = survey.env_name(name).filter(|known| known.reads.is_empty() && secret.public_by_design)?;
    let folder = app_folder(survey, secret.span.file);
    let mut definitions = known.definitions.iter().filter(|known| {
        let file = survey.project.get(known.span.file);
        known.within == DefinedIn::EnvFile && !known.example && file.path.folder() == folder
    });
    let text = |span: Span| &survey.project.get(span.file).text[span.range()];
    definitions
        .find(|known| !known.value.range().is_empty() && text(known.value) != secret.value)
        .map(|known| known.value)
}

/// The name in `.env.example`, without a value.
fn example(
    survey: &Survey<'_>,
    file: FileId,
    side: Side,
    name: &str,
    comment: Option<String>,
) -> Option<Request> {
    let folder = app_folder(survey, file);
    let path = if folder.is_empty() { ".env.example".to_owned() } else { format!("{folder}/.env.example") };
    Some(Request::Env {
        path: RelPath::new(path)?,
        mode: 0o644,
        section: section(survey, side, name).to_owned(),
        name: name.to_owned(),
        value: Vec::new(),
        comment,
    })
}

/// The part of an env file that a name belongs to.
fn section(survey: &Survey<'_>, side: Side, name: &str) -> &'static str {
    let public = survey.stack.framework.public_prefix().is_some_and(|prefix| name.starts_with(prefix));
    match (public, side) {
        (true, _) => "Built into the browser bundle: public by definition",
        (false, Side::Edge) => "Edge functions: set with their own command, not from this file",
        (false, _) => "Server only",
    }
}

fn capital(title: &str) -> String {
    let mut letters = title.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

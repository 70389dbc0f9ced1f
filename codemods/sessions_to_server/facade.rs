//! The client's module: what is made there of the old client.

use super::client::Client;
use super::decide::Move;
use super::owned::Owned;
use super::setting::Setting;
use super::tokens::whole_line;
use super::uses::{Use, What, meets};
use audit::Survey;
use edit::{Edit, Piece, Span};
use project::File;
use std::ops::Range;
use syntax::Tree;
use syntax::module::{ImportKind, Imported};
use syntax::scope::BindingId;
use syntax::view::enclosing_statement;

/// A part of the client that takes the place of the old one: what it is called there, and here.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) name: &'static str,
    pub(super) local: String,
    /// The module beside the client's, as it is named from there.
    pub(super) from: String,
}

impl Part {
    /// A part under a name that is free in the client's module.
    pub(super) fn new(survey: &Survey<'_>, client: &Client, name: &'static str, from: &str) -> Self {
        let taken = survey.project.get(client.file).syntax().is_some_and(|(_, scopes)| {
            scopes.bindings.iter().any(|binding| binding.top_level && binding.name == name)
        });
        let capital = format!("session{}{}", name[..1].to_uppercase(), &name[1..]);
        Self { name, local: if taken { capital } else { name.to_owned() }, from: from.to_owned() }
    }

    fn pair(&self) -> String {
        if self.local == self.name { self.name.to_owned() } else { format!("{}: {}", self.name, self.local) }
    }
}

/// What the client's module says of its client.
#[derive(Default)]
pub(super) struct Said {
    /// Pages have the short-lived token.
    pub(super) lent: bool,
    /// The type that it is said to have.
    pub(super) whole: Option<String>,
}

/// The edits of the client's module. `queries`: how queries are asked from now on, as a comment.
pub(super) fn edits(
    survey: &Survey<'_>,
    client: &Client,
    owned: &Owned,
    parts: &[Part],
    queries: Option<&str>,
    said: Said,
) -> Vec<Edit> {
    let pairs: Vec<String> = parts.iter().map(Part::pair).collect();
    let object = if pairs.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", pairs.join(", ")) };
    let mut comment = if said.lent {
        "// The session lives in an HttpOnly cookie on the server: of its tokens, pages have only the short-lived one.\n"
            .to_owned()
    } else if parts.iter().any(|part| part.name == "auth") {
        "// The session lives in an HttpOnly cookie on the server: this module has no key and no token.\n"
            .to_owned()
    } else {
        String::new()
    };
    if let Some(queries) = queries {
        comment += &format!("// Queries are server functions: {queries}\n");
    }
    let typed = said.whole.filter(|_| survey.project.get(client.file).path.name().ends_with(".ts"));
    if typed.is_some() {
        comment += "// Typed as a whole client for the functions that it is handed to: what they use of it is here.\n";
    }
    let object = typed.map_or(object.clone(), |typed| format!("{object} as unknown as {typed}"));
    made(survey, client, owned, vec![Piece::text(object)], &comment)
}

/// The edits that put `object` where the client was, under a comment.
fn made(survey: &Survey<'_>, client: &Client, owned: &Owned, object: Vec<Piece>, comment: &str) -> Vec<Edit> {
    let file = survey.project.get(client.file);
    let Some(getter) = &client.getter else {
        let mut edits = vec![Edit { span: file.span(client.value.clone()), replacement: object }];
        edits.extend(around(survey, client, owned, comment));
        return edits;
    };
    let end = if file.text.contains(";\n") { ";" } else { "" };
    let gives =
        if getter.is_expression { getter.holds.clone() } else { format!("return {}{end}", getter.holds) };
    let mut replacement = vec![Piece::text(format!("{comment}const {} = ", getter.holds))];
    replacement.extend(object);
    replacement.push(Piece::text(end));
    let span = match &getter.kept {
        Some((statement, _)) => file.span(statement.clone()),
        None => {
            replacement.push(Piece::text("\n\n"));
            let start = with_comment_of(file, getter.statement.start);
            file.span(start..start)
        }
    };
    let mut edits = vec![Edit { span, replacement }, Edit::replace(file.span(getter.says.clone()), gives)];
    edits.extend(around(survey, client, owned, ""));
    edits
}

/// Where the comment begins that stands right above a statement; else where the statement begins.
fn with_comment_of(file: &File, start: usize) -> usize {
    let line = file.text[..start].rfind('\n').map_or(0, |at| at + 1);
    if file.text[line..start].trim().is_empty() {
        with_comment(&file.text, &(line..file.text.len()))
    } else {
        start
    }
}

/// The edits of the client's module where queries stay in the browser: a client that speaks to the app's own server.
pub(super) fn proxied(survey: &Survey<'_>, client: &Client, owned: &Owned) -> Vec<Edit> {
    let file = survey.project.get(client.file);
    let Some((tree, _)) = file.syntax() else { return Vec::new() };
    let Some(call) = tree.node_at(client.call.clone()) else { return Vec::new() };
    let Some(list) = call.child_by_field_name("arguments") else { return Vec::new() };
    let object = vec![
        Piece::text("withSession("),
        Piece::Source(file.span(call.start_byte()..list.start_byte())),
        Piece::text("(`${window.location.origin}/api/supabase`, \"same-origin\", sameOrigin))"),
    ];
    let comment = "// Speaks to this app's own server, which adds the key and the session and lets through only what the app uses.\n";
    made(survey, client, owned, object, comment)
}

/// What goes with the old client, and the comment above the new one.
fn around(survey: &Survey<'_>, client: &Client, owned: &Owned, comment: &str) -> Vec<Edit> {
    let file = survey.project.get(client.file);
    let Some((tree, _)) = file.syntax() else { return Vec::new() };
    let mut edits: Vec<Edit> =
        removals(file, owned).into_iter().map(|range| Edit::delete(file.span(range))).collect();
    edits.extend(settled(file, owned));
    // `: SupabaseClient` says more than what is there now.
    edits.extend(client.annotation.clone().map(|range| Edit::delete(file.span(range))));
    // "Generated, do not edit" is no longer true.
    let generated = code_comments(tree).into_iter().find(|range| {
        let text = file.text[range.clone()].to_lowercase();
        text.contains("automatically generated") && text.contains("do not edit")
    });
    if let Some(range) = generated {
        edits.push(Edit::delete(file.span(whole_line(&file.text, range))));
    }
    if let Some(value) = tree.node_at(client.value.clone()).filter(|_| !comment.is_empty()) {
        let start = enclosing_statement(value).start_byte();
        edits.push(Edit::replace(file.span(start..start), comment));
    }
    edits
}

/// The conditions that the client's settings decide, as what they come to.
fn settled<'o>(file: &'o File, owned: &'o Owned) -> impl Iterator<Item = Edit> + 'o {
    owned.flags.iter().map(|(flag, holds)| Edit::replace(file.span(flag.clone()), holds.to_string()))
}

fn code_comments(tree: &Tree) -> Vec<Range<usize>> {
    let children = tree.root().children();
    children.filter(|child| child.kind() == "comment").map(|comment| comment.byte_range()).collect()
}

/// The lines that go: neighbours as one, and the blank line behind a run of them.
pub(super) fn removals(file: &File, owned: &Owned) -> Vec<Range<usize>> {
    let mut lines: Vec<Range<usize>> = Vec::new();
    for range in &owned.statements {
        let line = whole_line(&file.text, range.clone());
        match lines.last_mut() {
            Some(last) if file.text[last.end.min(line.start)..line.start].trim().is_empty() => {
                last.end = line.end
            }
            _ => lines.push(line),
        }
    }
    for line in &mut lines {
        line.start = with_comment(&file.text, line);
        let before = file.text[..line.start].ends_with("\n\n") || line.start == 0;
        if before && file.text[line.end..].starts_with('\n') {
            line.end += 1;
        }
    }
    lines
}

/// Where the comment begins that stands right above a paragraph which goes as a whole; else where the paragraph begins.
fn with_comment(text: &str, lines: &Range<usize>) -> usize {
    let rest = &text[lines.end..];
    let mut start = lines.start;
    // A comment in a block right above belongs to what it stands above.
    if text[..start].ends_with("*/\n")
        && let Some(opens) = text[..start].rfind("/*")
    {
        let begins = text[..opens].rfind('\n').map_or(0, |newline| newline + 1);
        if text[begins..opens].trim().is_empty() {
            return begins;
        }
    }
    if !rest.is_empty() && !rest.starts_with('\n') && !rest.starts_with("\r\n") {
        return start;
    }
    while let Some(above) = text[..start].strip_suffix('\n') {
        let begins = above.rfind('\n').map_or(0, |newline| newline + 1);
        let line = above[begins..].trim();
        // A word to a tool, or one that another edit takes.
        let directive = ["eslint", "@ts-", "do not edit", "#region", "#endregion"];
        let lower = line.to_lowercase();
        if !line.starts_with("//") || directive.iter().any(|word| lower.contains(word)) {
            break;
        }
        start = begins;
    }
    start
}

/// All spans that go with the client: what other codemods need not look at any more.
pub(super) fn gone(survey: &Survey<'_>, client: &Client, owned: &Owned) -> Vec<Span> {
    let file = survey.project.get(client.file);
    let ranges = owned
        .statements
        .iter()
        .chain(owned.flags.iter().map(|(flag, _)| flag))
        .chain(std::iter::once(&client.value));
    ranges.map(|range| file.span(range.clone())).collect()
}

/// What becomes of a client that is asked for nothing but queries which have moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unused {
    /// Somebody still names it.
    Named,
    /// It goes, its module stays.
    Drops,
    /// Its module holds nothing else, and goes.
    Module,
}

/// Whether nobody would miss the client once its queries have moved: every import of it is dropped with its last use. `queries_alone`:
/// pages ask for nothing else.
pub(super) fn unused(survey: &Survey<'_>, client: &Client, queries_alone: bool) -> Unused {
    let file = survey.project.get(client.file);
    let Some(name) = client.name.clone().map(|name| &file.text[name]) else { return Unused::Named };
    let exports = &file.module.exports;
    let is_client = |imported: &Imported| match imported {
        Imported::Named(imported) => {
            exports.iter().any(|export| export.name == *imported && export.local.as_deref() == Some(name))
        }
        _ => true,
    };
    let is_used = |importer: &File, local: &str| {
        importer.syntax().is_some_and(|(_, scopes)| {
            let at = scopes.bindings.iter().position(|binding| binding.name == local && binding.top_level);
            at.is_some_and(|at| scopes.references_of(BindingId(at as u32)).next().is_some())
        })
    };
    let importers = &survey.project.graph.importers[client.file.0 as usize];
    let drops = importers.iter().all(|importer| {
        let importer = survey.project.get(*importer);
        let links = &survey.project.graph.links[importer.id.0 as usize];
        let imports = links.iter().filter(|link| link.target == client.file);
        imports.map(|link| &importer.module.imports[link.import]).all(|import| match import.kind {
            ImportKind::Static => {
                import.names.iter().all(|name| !is_client(&name.imported) || is_used(importer, &name.local))
            }
            // Names that a dynamic import gives, and a re-export, stay when their use has gone.
            _ => false,
        })
    });
    if !drops || !queries_alone {
        Unused::Named
    } else if exports.iter().all(|export| export.local.as_deref() == Some(name)) {
        Unused::Module
    } else {
        Unused::Drops
    }
}

/// Whether a client that a module keeps to itself is asked for nothing but queries which have moved.
pub(super) fn is_spent(survey: &Survey<'_>, client: &Client, change: &Move) -> bool {
    let file = survey.project.get(client.file);
    let Some(name) = client.name.clone().map(|name| &file.text[name]) else { return false };
    let kept = !file.module.exports.iter().any(|export| export.local.as_deref() == Some(name));
    let alone = change.clients.iter().filter(|other| other.file == client.file).count() == 1;
    let mut own = change.uses.iter().filter(|one| one.span.file == client.file).peekable();
    let moves = |one: &Use| change.moved.iter().any(|span| meets(*span, one.span));
    kept && alone
        && client.getter.is_none()
        && own.peek().is_some()
        && own.all(|one| one.what == What::Query && moves(one))
}

/// The edits that take the client out of its module.
pub(super) fn dropped(survey: &Survey<'_>, client: &Client, owned: &Owned) -> Vec<Edit> {
    let file = survey.project.get(client.file);
    let Some((tree, _)) = file.syntax() else { return Vec::new() };
    let Some(value) = tree.node_at(client.value.clone()) else { return Vec::new() };
    let mut statements = owned.statements.clone();
    match &client.getter {
        Some(getter) => {
            statements.push(getter.statement.clone());
            statements.extend(getter.kept.clone().map(|(statement, _)| statement));
        }
        None => statements.push(enclosing_statement(value).byte_range()),
    }
    statements.sort_by_key(|range| range.start);
    let all = Owned { statements, flags: Vec::new() };
    let mut edits: Vec<Edit> =
        removals(file, &all).into_iter().map(|range| Edit::delete(file.span(range))).collect();
    edits.extend(settled(file, owned));
    edits
}

/// The value of a setting: a slice of code, or of an env file.
pub(super) fn value_of(survey: &Survey<'_>, setting: &Setting) -> Option<Span> {
    let defined = setting.names.iter().find_map(|name| {
        let known = survey.env_name(name)?;
        let valued = known.definitions.iter().find(|definition| {
            let text = &survey.project.get(definition.value.file).text;
            !definition.example
                && definition.within == audit::env::DefinedIn::EnvFile
                && text
                    .get(definition.value.range())
                    .is_some_and(|value| !value.is_empty() && !audit::secret::placeholder(value))
        });
        valued.map(|definition| definition.value)
    });
    defined.or(setting.literal)
}

/// Whether two settings are the same project's.
pub(super) fn same(survey: &Survey<'_>, one: &Setting, other: &Setting) -> bool {
    let text = |setting: &Setting| {
        value_of(survey, setting).map(|span| &survey.project.get(span.file).text[span.range()])
    };
    match (text(one), text(other)) {
        (Some(one), Some(other)) => one == other,
        (None, None) => one.names.first().is_some_and(|name| other.names.contains(name)),
        // An address that only the environment knows is that of the one project that the tree names.
        _ => one.names.first().is_some_and(|name| other.names.contains(name)) || names_one_project(survey),
    }
}

/// Whether all addresses of the service in the tree's code are of one project.
fn names_one_project(survey: &Survey<'_>) -> bool {
    const HOST: &str = ".supabase.co";
    let mut found: Option<&str> = None;
    for file in super::uses::code(survey) {
        for (at, _) in file.text.match_indices(HOST) {
            let before = &file.text[..at];
            let start = before.rfind(|letter: char| !letter.is_ascii_alphanumeric()).map_or(0, |at| at + 1);
            let name = &before[start..];
            // A placeholder, or a name that is put together.
            if name.len() != 20 {
                continue;
            }
            if found.is_some_and(|known| known != name) {
                return false;
            }
            found = Some(name);
        }
    }
    found.is_some()
}

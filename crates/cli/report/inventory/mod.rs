//! The inventory: what is there, whether something is wrong with it or not.

mod calls;
mod database;
pub(crate) mod page;

use super::redact::Redactor;
use audit::Survey;
use audit::env::EnvName;
use audit::secret::Secret;
use edit::{Edit, FileId, Piece, Span};
use plan::{Outcome, Plan};
use project::{File, Kind, Skipped};
use serde::Serialize;
use stack::Side;
use std::collections::BTreeSet;
use syntax::{Language, Parse};

/// All lists, in the order of the contract.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Inventory {
    pub(crate) files: Vec<FileRow>,
    pub(crate) env: Vec<EnvRow>,
    pub(crate) secrets: Vec<SecretRow>,
    pub(crate) queries: Vec<calls::QueryRow>,
    pub(crate) sessions: Vec<calls::SessionRow>,
    pub(crate) guards: Vec<calls::GuardRow>,
    pub(crate) routes: Vec<calls::RouteRow>,
    pub(crate) handlers: Vec<calls::HandlerRow>,
    pub(crate) tables: Vec<database::TableRow>,
    pub(crate) policies: Vec<database::PolicyRow>,
    pub(crate) configs: Vec<ConfigRow>,
}

/// A file.
#[derive(Debug, Serialize)]
pub(crate) struct FileRow {
    pub(crate) path: String,
    pub(crate) language: &'static str,
    pub(crate) side: Side,
    pub(crate) parse: &'static str,
    pub(crate) why: &'static str,
}

/// An environment variable.
#[derive(Debug, Serialize)]
pub(crate) struct EnvRow {
    pub(crate) name: String,
    pub(crate) side: Side,
    pub(crate) secret: bool,
    pub(crate) reads: Vec<String>,
    pub(crate) defined_in: Vec<String>,
    pub(crate) target_name: String,
    pub(crate) scope: &'static str,
}

/// A secret, or a key that is public by design.
#[derive(Debug, Serialize)]
pub(crate) struct SecretRow {
    pub(crate) path: String,
    pub(crate) line: usize,
    pub(crate) kind: String,
    pub(crate) public_by_design: bool,
    pub(crate) masked: String,
    pub(crate) disposition: &'static str,
    pub(crate) env_name: String,
}

/// A configuration file.
#[derive(Debug, Serialize)]
pub(crate) struct ConfigRow {
    pub(crate) path: String,
    pub(crate) kind: &'static str,
    pub(crate) findings: usize,
}

impl Inventory {
    /// What the survey saw, with what the plan does about it.
    pub(crate) fn of(survey: &Survey<'_>, plan: &Plan, redactor: &Redactor) -> Self {
        let text = |text: &str| redactor.text(text);
        let moves = Moves::of(plan);
        let mut env: Vec<_> = survey.env.iter().map(|name| env(survey, name)).collect();
        env.sort_by(|one, other| one.name.cmp(&other.name));
        let mut secrets: Vec<_> = survey.secrets.iter().collect();
        secrets.sort_by_key(|secret| secret.span);
        Self {
            files: survey.project.files.iter().map(|file| file_row(survey, file, &text)).collect(),
            env,
            secrets: secrets.into_iter().map(|secret| secret_row(survey, secret, &moves)).collect(),
            queries: calls::queries(survey, plan, &text),
            sessions: calls::sessions(survey, plan),
            guards: calls::guards(survey, plan),
            routes: calls::routes(survey),
            handlers: calls::handlers(survey, plan),
            tables: database::tables(survey),
            policies: database::policies(survey),
            configs: configs(survey, plan),
        }
    }
}

fn file_row(survey: &Survey<'_>, file: &File, text: &dyn Fn(&str) -> String) -> FileRow {
    let parse = match (file.skipped, file.parse) {
        (Some(_), _) => "skipped",
        (None, None | Some(Parse::Ok)) => "ok",
        (None, Some(Parse::Healed)) => "healed",
        (None, Some(Parse::Broken)) => "broken",
    };
    let why = match file.skipped {
        Some(Skipped::BuildOutput) => "build output",
        Some(Skipped::TooLarge) => "over the size limit of 4 MiB",
        Some(Skipped::Encoding) => "not UTF-8",
        Some(Skipped::Link) => "a symbolic link, never followed",
        Some(Skipped::Unreadable) => "could not be read",
        None => survey.stack.side_reasons.get(file.id.0 as usize).copied().unwrap_or(""),
    };
    FileRow {
        path: text(file.path.as_str()),
        language: language(file),
        side: survey.stack.side(file.id),
        parse,
        why,
    }
}

fn language(file: &File) -> &'static str {
    match file.kind {
        Kind::Code(Language::TypeScript) => "typescript",
        Kind::Code(Language::Tsx) => "tsx",
        Kind::Code(Language::JavaScript) => "javascript",
        Kind::Json => "json",
        Kind::Toml => "toml",
        Kind::Yaml => "yaml",
        Kind::Env => "env",
        Kind::Sql => "sql",
        Kind::Html => "html",
        Kind::Css => "css",
        Kind::Markdown => "markdown",
        Kind::Text => "text",
        Kind::Binary => "binary",
    }
}

/// `path:line` of a span.
pub(crate) fn place(survey: &Survey<'_>, span: Span) -> String {
    let file = survey.project.get(span.file);
    format!("{}:{}", file.path, file.line_column(span.start as usize).0)
}

fn env(survey: &Survey<'_>, name: &EnvName) -> EnvRow {
    let sides: BTreeSet<_> =
        name.reads.iter().map(|read| read.side).filter(|side| *side != Side::None).collect();
    let browser = sides.contains(&Side::Browser) || sides.contains(&Side::Both);
    let side = match (sides.len(), sides.first()) {
        (0, _) | (_, None) => Side::None,
        (1, Some(side)) => *side,
        _ if browser => Side::Both,
        _ if sides.contains(&Side::Edge) => Side::Edge,
        _ => Side::Server,
    };
    let prefixes = stack::framework::ALL.iter().filter_map(|framework| framework.public_prefix());
    let bare = prefixes.filter_map(|prefix| name.name.strip_prefix(prefix)).find(|bare| !bare.is_empty());
    let target_name = if name.secret { bare.unwrap_or(&name.name) } else { &name.name };
    let mut spans: Vec<_> = name.reads.iter().map(|read| read.span).collect();
    spans.sort();
    let defined: BTreeSet<_> =
        name.definitions.iter().map(|one| survey.project.get(one.span.file).path.to_string()).collect();
    EnvRow {
        name: name.name.clone(),
        side,
        secret: name.secret,
        reads: spans.into_iter().map(|span| place(survey, span)).collect(),
        defined_in: defined.into_iter().collect(),
        target_name: target_name.to_owned(),
        scope: if name.secret || !name.public { "server" } else { "public" },
    }
}

fn secret_row(survey: &Survey<'_>, secret: &Secret, moves: &Moves) -> SecretRow {
    let file = survey.project.get(secret.span.file);
    SecretRow {
        path: file.path.to_string(),
        line: file.line_column(secret.span.start as usize).0,
        kind: secret.kind.clone(),
        public_by_design: secret.public_by_design,
        masked: secret.masked.clone(),
        disposition: moves.disposition(secret.span),
        env_name: secret.env_name.clone(),
    }
}

/// What the plan does with bytes of the originals.
pub(crate) struct Moves {
    /// Spans that go from where they are.
    gone: Vec<Span>,
    /// Slices that are kept, wherever.
    kept: Vec<Span>,
    /// Files that go, or leave git.
    files: BTreeSet<FileId>,
}

impl Moves {
    /// Of all files of the plan.
    pub(crate) fn of(plan: &Plan) -> Self {
        let mut moves = Self { gone: Vec::new(), kept: Vec::new(), files: BTreeSet::new() };
        for outcome in plan.files.values() {
            match outcome {
                Outcome::Edited { edits, .. } => moves.edit(edits),
                Outcome::Created { pieces, .. } => moves.keep(pieces),
                Outcome::Deleted { file } => drop(moves.files.insert(*file)),
                Outcome::UntrackedFolder => {}
                Outcome::Untracked { file, edits } => {
                    moves.files.insert(*file);
                    moves.edit(edits);
                }
            }
        }
        moves
    }

    fn edit(&mut self, edits: &[Edit]) {
        for edit in edits {
            self.gone.push(edit.span);
            self.keep(&edit.replacement);
        }
    }

    fn keep(&mut self, pieces: &[Piece]) {
        for piece in pieces {
            match piece {
                Piece::Source(span) | Piece::Indented { span, .. } => self.kept.push(*span),
                Piece::Text(_) => {}
            }
        }
    }

    /// `moved` out of the source into an env file, `removed` from the source or from git, or only `reported`.
    pub(crate) fn disposition(&self, secret: Span) -> &'static str {
        let covered = |spans: &[Span]| spans.iter().any(|span| span.covers(secret));
        let gone = covered(&self.gone) || self.files.contains(&secret.file);
        match (gone, covered(&self.kept)) {
            (true, true) => "moved",
            (true, false) => "removed",
            (false, _) => "reported",
        }
    }
}

fn configs(survey: &Survey<'_>, plan: &Plan) -> Vec<ConfigRow> {
    let row = |config: &audit::config::Config| {
        let here = |finding: &audit::Finding| finding.span.file == config.file;
        ConfigRow {
            path: survey.project.get(config.file).path.to_string(),
            kind: config.kind,
            findings: plan.findings.iter().filter(|(finding, _)| here(finding)).count(),
        }
    };
    survey.configs.iter().map(row).collect()
}

//! A plan on disk: hashes of every input, edits as byte ranges with pieces, no secret value. `format_version` 1.0.
//!
//! Nothing here touches the disk: the callers read and write, and hand in the bytes of each input.

mod load;

use crate::aligned::aligned;
use crate::{Outcome, Plan, Redactor, Request, Safety};
use anyhow::Result;
use audit::Survey;
use edit::{Edit, FileId, Piece, RelPath, Span};
use project::Kind;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The version of the format that this program writes.
pub const FORMAT_VERSION: &str = "1.0";

/// Who wrote the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// `migrate`
    pub name: String,
    /// Its version.
    pub version: String,
}

/// What the plan was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PlanOptions {
    /// `--only`
    pub only: Vec<String>,
    /// `--skip`
    pub skip: Vec<String>,
    /// `--target`
    pub targets: Vec<String>,
    /// `--safety`
    pub safety: Option<Safety>,
}

/// A file that the plan was made from. `FileId`s of the saved pieces count these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Where.
    pub path: RelPath,
    /// blake3 of its bytes, hex.
    pub hash: String,
}

/// Flat edits of one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditedFile {
    /// Which.
    pub path: RelPath,
    /// Private (`0o600`) if secrets come in; else it keeps its own.
    pub mode: u32,
    /// Sorted, apart.
    pub edits: Vec<Edit>,
}

/// A new file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatedFile {
    /// Where.
    pub path: RelPath,
    /// Unix mode.
    pub mode: u32,
    /// Content.
    pub pieces: Vec<Piece>,
}

/// A plan as it is kept in a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedPlan {
    /// See [`FORMAT_VERSION`].
    pub format_version: String,
    /// Who wrote it.
    pub tool: Tool,
    /// The app root, relative; `.` for the folder itself.
    pub app_root: String,
    /// What it was asked for.
    pub options: PlanOptions,
    /// Every file that was read, by path.
    pub inputs: Vec<Input>,
    /// Files that change.
    pub edits: Vec<EditedFile>,
    /// Files that come.
    pub creates: Vec<CreatedFile>,
    /// Files that go.
    pub deletes: Vec<RelPath>,
    /// Files that stay on disk and leave git's index. One of them may also be among `edits`.
    pub untracks: Vec<RelPath>,
    /// Folders that stay on disk and leave git's index with all that is in them.
    #[serde(default)]
    pub untracks_folders: Vec<RelPath>,
    /// Findings as the reports show them.
    pub findings: Value,
    /// Changes as the reports show them.
    pub changes: Value,
    /// Held changes as the reports show them.
    pub held: Value,
}

/// The bytes of an input, or a sentence why they cannot be had.
pub type ReadInput<'a> = dyn Fn(&RelPath) -> Result<Vec<u8>> + 'a;

impl SavedPlan {
    /// The plan as data that can be kept. No piece of text holds a secret of the survey: where one would, it is a reference to
    /// the bytes of the input that hold it. `findings`, `changes` and `held` are empty lists: the reports have their rows.
    pub fn of(survey: &Survey<'_>, plan: &Plan, options: PlanOptions) -> Self {
        let project = survey.project;
        let mut saving = Saving { inputs: BTreeMap::new(), redactor: Redactor::of(survey) };
        let mut inputs = Vec::new();
        for file in &project.files {
            let taken = file.skipped.is_none() && file.kind != Kind::Binary;
            if !file.hash.is_empty() && (taken || plan.files.contains_key(&file.path)) {
                saving.inputs.insert(file.id, FileId(inputs.len() as u32));
                inputs.push(Input { path: file.path.clone(), hash: file.hash.clone() });
            }
        }
        let private = private(plan);
        let (mut edits, mut creates) = (Vec::new(), Vec::new());
        let (mut deletes, mut untracks, mut untracks_folders) = (Vec::new(), Vec::new(), Vec::new());
        for (path, outcome) in &plan.files {
            match outcome {
                Outcome::Created { pieces, mode } => {
                    creates.push(CreatedFile {
                        path: path.clone(),
                        mode: *mode,
                        pieces: saving.pieces(pieces),
                    });
                }
                Outcome::Deleted { .. } => deletes.push(path.clone()),
                Outcome::UntrackedFolder => untracks_folders.push(path.clone()),
                Outcome::Edited { file, edits: own } | Outcome::Untracked { file, edits: own } => {
                    if matches!(outcome, Outcome::Untracked { .. }) {
                        untracks.push(path.clone());
                    }
                    if !own.is_empty() {
                        let mode = if private.contains(path) { 0o600 } else { project.get(*file).mode };
                        edits.push(EditedFile { path: path.clone(), mode, edits: saving.edits(own) });
                    }
                }
            }
        }
        let app_root = project.apps.first().map_or("", |app| app.folder.as_str());
        Self {
            format_version: FORMAT_VERSION.to_owned(),
            tool: Tool { name: "migrate".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
            app_root: if app_root.is_empty() { "." } else { app_root }.to_owned(),
            options,
            inputs,
            edits,
            creates,
            deletes,
            untracks,
            untracks_folders,
            findings: Value::Array(Vec::new()),
            changes: Value::Array(Vec::new()),
            held: Value::Array(Vec::new()),
        }
    }

    /// JSON, ending in a newline.
    pub fn to_json(&self) -> String {
        // Its keys are all texts, so it can always be written.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}

/// Files that secrets come into: env files that were asked for as private.
fn private(plan: &Plan) -> BTreeSet<&RelPath> {
    let requests = plan.changes.iter().flat_map(|(_, change)| &change.requests);
    requests
        .filter_map(|request| match request {
            Request::Env { path, mode, .. } if mode & 0o077 == 0 => Some(path),
            _ => None,
        })
        .collect()
}

/// What it takes to put pieces into a saved plan.
struct Saving {
    /// The place of each file of the project among the inputs.
    inputs: BTreeMap<FileId, FileId>,
    redactor: Redactor,
}

impl Saving {
    fn edits(&self, edits: &[Edit]) -> Vec<Edit> {
        let edit =
            |edit: &Edit| Edit { span: self.span(edit.span), replacement: self.pieces(&edit.replacement) };
        edits.iter().map(edit).collect()
    }

    fn span(&self, span: Span) -> Span {
        Span { file: self.inputs.get(&span.file).copied().unwrap_or(span.file), ..span }
    }

    fn pieces(&self, pieces: &[Piece]) -> Vec<Piece> {
        let mut saved = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Text(text) => saved.extend(self.text(text)),
                Piece::Source(span) => saved.push(Piece::Source(self.span(*span))),
                Piece::Indented { span, indent, verbatim } => saved.push(Piece::Indented {
                    span: self.span(*span),
                    indent: indent.clone(),
                    verbatim: verbatim.iter().map(|span| self.span(*span)).collect(),
                }),
            }
        }
        saved
    }

    /// Text with a reference in place of every secret.
    fn text(&self, text: &str) -> Vec<Piece> {
        let (mut pieces, mut at) = (Vec::new(), 0);
        for hit in self.redactor.hits(text) {
            pieces.push(Piece::text(&text[at..hit.range.start]));
            let spelling = &text[hit.range.clone()];
            match hit.source {
                Some((span, source)) => {
                    let value = [(Piece::Source(self.span(*span)), source.clone())];
                    pieces.extend(aligned(spelling, &value));
                }
                None => pieces.push(Piece::text(hit.mask)),
            }
            at = hit.range.end;
        }
        pieces.push(Piece::text(&text[at..]));
        pieces.retain(|piece| *piece != Piece::text(""));
        pieces
    }
}

//! A plan on disk: hashes of every input, edits as byte ranges with pieces, no secret value. `format_version` 1.0.
//!
//! Nothing here touches the disk: the callers read and write, and hand in the bytes of each input.

use crate::{FileWrite, Plan, Safety};
use anyhow::Result;
use audit::Survey;
use edit::{Edit, Piece, RelPath};
use serde::{Deserialize, Serialize};

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
    /// Findings as the reports show them.
    pub findings: serde_json::Value,
    /// Changes as the reports show them.
    pub changes: serde_json::Value,
    /// Held changes as the reports show them.
    pub held: serde_json::Value,
}

/// The bytes of an input, or a sentence why they cannot be had.
pub type ReadInput<'a> = dyn Fn(&RelPath) -> Result<Vec<u8>> + 'a;

impl SavedPlan {
    /// The plan as data that can be kept. No piece of text holds a secret of the survey: where one would, it is a reference to
    /// the bytes of the input that hold it.
    pub fn of(_survey: &Survey<'_>, _plan: &Plan, _options: PlanOptions) -> Self {
        unimplemented!()
    }

    /// JSON, ending in a newline.
    pub fn to_json(&self) -> String {
        unimplemented!()
    }

    /// Reads a saved plan. Errors, a sentence each: not JSON or cut short, of a newer major version, not consistent, a path that
    /// leaves the root or lies in `.git`.
    pub fn from_json(_text: &str) -> Result<Self> {
        unimplemented!()
    }

    /// What has changed since the plan was made: a sentence for every input that differs or is gone, and for every new file
    /// whose place is taken. `hash_of` gives the blake3 (hex) of the bytes on disk, `None` if there is no file. Empty = as planned.
    pub fn differences(&self, _hash_of: &dyn Fn(&RelPath) -> Option<String>) -> Vec<String> {
        unimplemented!()
    }

    /// Every step, sorted by path. Errors if an input does not hold what the plan refers to.
    pub fn writes(&self, _read: &ReadInput<'_>) -> Result<Vec<FileWrite>> {
        unimplemented!()
    }
}

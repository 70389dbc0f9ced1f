//! A codemod and what it proposes.

use audit::{Finding, Rule, Survey};
use edit::{Edit, FileId, Piece, RelPath};
use serde::{Deserialize, Serialize};

/// How far to trust a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Safety {
    /// The app behaves as before, or more safely.
    Safe,
    /// Look at it.
    Review,
}

/// A new file.
#[derive(Clone, Debug)]
pub struct NewFile {
    /// Where.
    pub path: RelPath,
    /// Content.
    pub pieces: Vec<Piece>,
    /// Unix mode: `0o644`, `0o600` for secrets.
    pub mode: u32,
}

/// A file that goes to another place, with whatever others edit in it and import into it.
#[derive(Clone, Debug)]
pub struct MovedFile {
    /// Which.
    pub file: FileId,
    /// Where to.
    pub to: RelPath,
    /// What stands in its old place from then on; `None`: nothing.
    pub leaves: Option<Vec<Piece>>,
}

/// What a change makes of something that the inventory lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Its span in the inventory.
    pub span: edit::Span,
    /// What becomes of it.
    pub disposition: Disposition,
    /// The server function that it became, if it has a name.
    pub function: Option<String>,
}

/// What becomes of a query, an auth call, a guard or a handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Disposition {
    /// It runs on the server now.
    Moved,
    /// It goes through the same-origin proxy, on the session cookie.
    Proxied,
    /// It is where it belongs.
    Left,
    /// A person has to move it.
    Declined,
}

/// Edits and requests that land whole or not at all.
#[derive(Clone, Debug)]
pub struct Change {
    /// The codemod's id.
    pub codemod: &'static str,
    /// What it does, one line.
    pub title: String,
    /// How far to trust it.
    pub safety: Safety,
    /// Edits of existing files.
    pub edits: Vec<Edit>,
    /// What others may want alike.
    pub requests: Vec<crate::Request>,
    /// New files that are this change's alone.
    pub creates: Vec<NewFile>,
    /// Files that go.
    pub deletes: Vec<FileId>,
    /// Files that go to another place.
    pub moves: Vec<MovedFile>,
    /// Files that stay on disk and leave git's index.
    pub untracks: Vec<FileId>,
    /// Folders that stay on disk and leave git's index with all that is in them; of [`project::Project::output_folders`].
    pub untracks_folders: Vec<RelPath>,
    /// Which of the findings given to `fix` it resolves (indices).
    pub fixes: Vec<usize>,
    /// What becomes of things that the inventory lists: queries, auth calls, guards, handlers.
    pub settles: Vec<Settled>,
    /// A word by which changes of other codemods can need this one.
    pub key: Option<String>,
    /// Keys of other changes without which this one must not land: if a change of that key is held, or none is there, this
    /// one is held too. Two changes that name each other land together or not at all.
    pub needs: Vec<String>,
    /// The key of a change that does what this one does, and more: where that one lands, this one is left out without a word.
    pub unless: Option<String>,
}

impl Change {
    /// A change that does nothing yet.
    pub fn new(codemod: &'static str, title: impl Into<String>, safety: Safety) -> Self {
        Self {
            codemod,
            title: title.into(),
            safety,
            edits: Vec::new(),
            requests: Vec::new(),
            creates: Vec::new(),
            deletes: Vec::new(),
            moves: Vec::new(),
            untracks: Vec::new(),
            untracks_folders: Vec::new(),
            fixes: Vec::new(),
            settles: Vec::new(),
            key: None,
            needs: Vec::new(),
            unless: None,
        }
    }
}

/// What a codemod is.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// kebab-case.
    pub id: &'static str,
    /// One line.
    pub title: &'static str,
    /// Its rules.
    pub rules: &'static [Rule],
    /// Its README.md.
    pub readme: &'static str,
    /// Framework ids for which it changes code; for all others it only reports.
    pub frameworks: &'static [&'static str],
}

/// Knowledge of one thing to migrate.
pub trait Codemod: Sync {
    /// What it is.
    fn about(&self) -> About;
    /// What is wrong.
    fn find(&self, survey: &Survey<'_>) -> Vec<Finding>;
    /// What to do about it.
    fn fix(&self, survey: &Survey<'_>, findings: &[Finding]) -> Vec<Change>;
}

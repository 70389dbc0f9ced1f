//! What is to stand on disk after a plan, file by file: all that `apply` needs to know of a plan.

use edit::RelPath;

/// What becomes of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// It has these bytes afterwards.
    Write {
        /// The whole content.
        bytes: Vec<u8>,
        /// Unix mode of a new file, less the user's umask. A file that is there keeps its mode, unless this one is private
        /// (nothing for group and others): then it becomes private too.
        mode: u32,
    },
    /// It goes.
    Delete,
    /// It stays on disk and leaves git's index; a folder with all that is in it. May stand beside a `Write` of the same path.
    Untrack,
}

/// One file of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileWrite {
    /// Where, below the root.
    pub path: RelPath,
    /// blake3 of the bytes that the plan was made from, hex; `None` if there must be nothing yet.
    pub before: Option<String>,
    /// What becomes of it.
    pub action: Action,
}

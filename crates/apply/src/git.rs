//! The `git` program, asked about one folder and nothing else: no variable of the caller's environment points it elsewhere, and
//! no helper program that a repository's own settings name is started by a look at its state.

use anyhow::{Context, bail};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Where a work tree keeps its repository.
#[derive(Clone, Debug)]
pub(crate) struct Repository {
    /// The folder that holds the index: `.git`, or what the file `.git` of a linked work tree names.
    pub(crate) folder: PathBuf,
    /// The top of the work tree.
    pub(crate) top: PathBuf,
}

impl Repository {
    /// The repository that `root` (absolute, links resolved) is in. Found without git, since every command looks.
    pub(crate) fn of(root: &Path) -> Option<Self> {
        root.ancestors().find_map(|top| {
            let at = top.join(".git");
            let folder = if at.is_dir() {
                at
            } else {
                let named = fs::read_to_string(&at).ok()?;
                top.join(named.strip_prefix("gitdir:")?.trim())
            };
            let folder = fs::canonicalize(folder).ok()?;
            folder.join("HEAD").exists().then(|| Self { folder, top: top.to_path_buf() })
        })
    }
}

/// Git in `root`, with the environment made clean.
pub(crate) fn command(root: &Path) -> Command {
    let mut git = Command::new("git");
    for (name, _) in std::env::vars_os() {
        let name_text = name.to_string_lossy();
        // These say how git is set up on this machine; all other variables say where to look.
        let kept = ["GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_EXEC_PATH"];
        if name_text.starts_with("GIT_") && !kept.contains(&name_text.as_ref()) {
            git.env_remove(&name);
        }
    }
    git.env("GIT_OPTIONAL_LOCKS", "0").env("GIT_TERMINAL_PROMPT", "0").env("LC_ALL", "C");
    git.args(["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "--literal-pathspecs"])
        .arg("-C")
        .arg(root);
    git.stdin(Stdio::null());
    git
}

/// Runs `git` and gives its standard output.
pub(crate) fn output(mut git: Command) -> anyhow::Result<String> {
    let Output { status, stdout, stderr } =
        git.output().context("git could not be started; is it installed?")?;
    finished(status.success(), stdout, &stderr)
}

/// Runs `git` with `input` on its standard input.
pub(crate) fn output_with_input(mut git: Command, input: &str) -> anyhow::Result<String> {
    git.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = git.spawn().context("git could not be started; is it installed?")?;
    if let Some(mut pipe) = child.stdin.take() {
        // A git that stops reading has failed; what it says is better than "broken pipe".
        pipe.write_all(input.as_bytes()).ok();
    }
    let Output { status, stdout, stderr } =
        child.wait_with_output().context("git could not be waited for")?;
    finished(status.success(), stdout, &stderr)
}

/// The commit that is checked out, if there is one.
pub(crate) fn head(root: &Path) -> Option<String> {
    let mut git = command(root);
    git.args(["rev-parse", "--verify", "--quiet", "HEAD"]);
    let commit = output(git).ok()?.trim().to_owned();
    (!commit.is_empty()).then_some(commit)
}

/// Whether git tracks a file at or below `path` in `root`.
pub(crate) fn tracks(root: &Path, path: &str) -> bool {
    let mut git = command(root);
    git.args(["ls-files", "--error-unmatch", "--", path]);
    output(git).is_ok()
}

fn finished(success: bool, stdout: Vec<u8>, stderr: &[u8]) -> anyhow::Result<String> {
    if !success {
        let said = String::from_utf8_lossy(stderr);
        let said = said.lines().find(|line| !line.trim().is_empty()).unwrap_or("it did not say why");
        if said.contains("dubious ownership") {
            bail!(
                "git does not trust a folder that belongs to somebody else; run as its owner, or tell git \
                 `git config --global --add safe.directory` with its path"
            );
        }
        bail!("git failed: {said}");
    }
    Ok(String::from_utf8_lossy(&stdout).into_owned())
}

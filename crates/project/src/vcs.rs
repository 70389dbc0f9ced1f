//! What git says of the folder, asked through the `git` program. Git that is missing, a folder outside any repository, or a
//! repository that git refuses to open is a state with a reason, never an error.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The state of the folder under git.
#[derive(Clone, Debug, Default)]
pub struct Vcs {
    /// Whether the folder is inside a work tree.
    pub present: bool,
    /// Paths with changes that are not staged, or untracked and not ignored, below the root and relative to it.
    pub dirty: Vec<String>,
    /// Paths with staged changes, below the root and relative to it.
    pub staged: Vec<String>,
    /// Top folder of the work tree, absolute.
    pub top: Option<PathBuf>,
    /// Why git has nothing to say, a sentence; `None` when it is present.
    pub reason: Option<String>,
}

/// The state, and the tracked paths relative to `root` (`None` without git).
pub(crate) fn state(root: &Path) -> (Vcs, Option<BTreeSet<String>>) {
    let absent = |reason: String| (Vcs { reason: Some(reason), ..Vcs::default() }, None);
    let place = match run(root, &["rev-parse", "--is-inside-work-tree", "--show-toplevel", "--show-prefix"]) {
        Ok(place) => place,
        Err(reason) => return absent(reason),
    };
    let place = String::from_utf8_lossy(&place).into_owned();
    let mut lines = place.lines();
    if lines.next() != Some("true") {
        return absent("The folder is not part of a git work tree.".to_owned());
    }
    let top = lines.next().map(PathBuf::from);
    let prefix = lines.next().unwrap_or("").to_owned();
    let tracked = match run(root, &["ls-files", "-z"]) {
        Ok(listing) => listing,
        Err(reason) => return absent(reason),
    };
    let status = match run(
        root,
        &["status", "--porcelain=v1", "-z", "--untracked-files=normal", "--ignore-submodules=all", "--", "."],
    ) {
        Ok(status) => status,
        Err(reason) => return absent(reason),
    };
    let (dirty, staged) = changes(&String::from_utf8_lossy(&status), &prefix);
    let tracked = tracked
        .split(|byte| *byte == 0)
        .filter(|path| !path.is_empty())
        .map(|path| String::from_utf8_lossy(path).into_owned());
    (Vcs { present: true, dirty, staged, top, reason: None }, Some(tracked.collect()))
}

/// Reads `git status --porcelain=v1 -z`: its paths are relative to the top of the work tree, and a renamed file has two.
fn changes(status: &str, prefix: &str) -> (Vec<String>, Vec<String>) {
    let (mut dirty, mut staged) = (Vec::new(), Vec::new());
    let mut records = status.split('\0');
    while let Some(record) = records.next() {
        let (Some(index), Some(tree), Some(path)) =
            (record.chars().next(), record.chars().nth(1), record.get(3..))
        else {
            continue;
        };
        if matches!(index, 'R' | 'C') {
            records.next();
        }
        let Some(path) = path.strip_prefix(prefix) else {
            continue;
        };
        if path.is_empty() {
            continue;
        }
        if tree != ' ' {
            dirty.push(path.to_owned());
        }
        if !matches!(index, ' ' | '?' | '!') {
            staged.push(path.to_owned());
        }
    }
    (dirty, staged)
}

/// How long a search of the history may take.
const HISTORY_LIMIT: Duration = Duration::from_secs(20);

/// The commit that first brought `needle` into the history (`git log -S`), as short hash and date (`2026-01-31`); `None` without
/// git, when the history is shallow, or when it is not found in time. Looks at `path` first, then at all files. The needle goes
/// to git in an argument vector, never into a shell or an output.
pub fn first_commit_with(root: &Path, path: &str, needle: &str) -> Option<(String, String)> {
    if needle.trim().is_empty() || needle.contains('\0') || path.contains('\0') {
        return None;
    }
    let shallow = run(root, &["rev-parse", "--is-shallow-repository"]).ok()?;
    if shallow.starts_with(b"true") {
        return None;
    }
    let search = format!("-S{needle}");
    let log = ["log", "--no-ext-diff", "--no-textconv", "--no-renames", "--format=%h %cs", &search];
    let in_file = run(root, &[&log[..], &["--", path]].concat()).ok()?;
    let found = last_line(&in_file);
    found.or_else(|| last_line(&run(root, &[&log[..], &["--", "."]].concat()).ok()?))
}

fn last_line(output: &[u8]) -> Option<(String, String)> {
    let output = String::from_utf8_lossy(output);
    let (hash, date) = output.lines().last()?.split_once(' ')?;
    Some((hash.to_owned(), date.to_owned()))
}

/// Runs git in `root` and gives its standard output, or a sentence.
fn run(root: &Path, arguments: &[&str]) -> Result<Vec<u8>, String> {
    let mut git = Command::new("git");
    // Nothing that the repository's own configuration names may be run, and nothing is fetched, locked or asked.
    git.arg("-C").arg(root).args([
        "--no-pager",
        "-c",
        "core.fsmonitor=false",
        "-c",
        "core.hooksPath=/dev/null",
        "-c",
        "core.quotePath=false",
    ]);
    git.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    git.env("LC_ALL", "C")
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_NO_LAZY_FETCH", "1");
    // A hook that starts us sets these; the folder decides, not they. Pathspecs are taken as they stand.
    git.env("GIT_LITERAL_PATHSPECS", "1");
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_EXTERNAL_DIFF"] {
        git.env_remove(name);
    }
    let mut child = match git.spawn() {
        Ok(child) => child,
        Err(_) => return Err("The program `git` was not found.".to_owned()),
    };
    // Both pipes are drained beside the wait, or a full pipe would stop git.
    let drain = |pipe: Option<Box<dyn Read + Send>>| {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            if let Some(mut pipe) = pipe {
                // A pipe that breaks gives what came so far; the exit status decides.
                pipe.read_to_end(&mut bytes).ok();
            }
            bytes
        })
    };
    let output = drain(child.stdout.take().map(|pipe| Box::new(pipe) as Box<dyn Read + Send>));
    let errors = drain(child.stderr.take().map(|pipe| Box::new(pipe) as Box<dyn Read + Send>));
    let deadline = Instant::now() + HISTORY_LIMIT;
    let mut pause = Duration::from_millis(1);
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if Instant::now() < deadline => std::thread::sleep(pause),
            _ => {
                child.kill().ok();
                child.wait().ok();
                return Err("git did not answer in time.".to_owned());
            }
        }
        pause = (pause * 2).min(Duration::from_millis(20));
    };
    let output = output.join().unwrap_or_default();
    let errors = errors.join().unwrap_or_default();
    if status.success() {
        return Ok(output);
    }
    let errors = String::from_utf8_lossy(&errors);
    Err(if errors.contains("dubious ownership") {
        "The repository belongs to another user and git does not open it; see `git help config`, `safe.directory`.".to_owned()
    } else if errors.contains("not a git repository") {
        "The folder is not part of a git work tree.".to_owned()
    } else {
        format!("git refused: {}", errors.lines().next().unwrap_or("no reason given").trim())
    })
}

#[cfg(test)]
mod tests {
    use super::changes;

    #[test]
    fn status_paths_are_made_relative_and_renames_are_one_change() {
        let status = " M app/a.ts\0R  app/new.ts\0app/old.ts\0?? app/notes/\0MM app/b.ts\0 M other/c.ts\0";
        let (dirty, staged) = changes(status, "app/");
        assert_eq!(dirty, ["a.ts", "notes/", "b.ts"]);
        assert_eq!(staged, ["new.ts", "b.ts"]);
    }
}

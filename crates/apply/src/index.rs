//! Git's index: files leave it, and come back. The index is changed as git does it: under `index.lock`, in a copy that then takes
//! its place. The copy is changed by git itself.

use crate::disk;
use crate::git::{self, Repository};
use crate::journal::IndexEntry;
use crate::{Observer, Step};
use anyhow::{Context, bail};
use edit::RelPath;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// What the index says of each of `paths` below `root`: lines `mode hash stage`; paths that are not tracked are left out.
pub(crate) fn entries(root: &Path, paths: &[&RelPath]) -> anyhow::Result<BTreeMap<RelPath, Vec<String>>> {
    let asked: BTreeSet<&str> = paths.iter().map(|path| path.as_str()).collect();
    list(root, &asked, &|path| asked.contains(path))
}

/// The same of `paths` and, where they are folders, of all that is below them.
pub(crate) fn below(root: &Path, paths: &[RelPath]) -> anyhow::Result<BTreeMap<RelPath, Vec<String>>> {
    let asked: BTreeSet<&str> = paths.iter().map(RelPath::as_str).collect();
    let inside = |path: &str| path.match_indices('/').any(|(at, _)| asked.contains(&path[..at]));
    list(root, &asked, &|path| asked.contains(path) || inside(path))
}

/// How many paths are named to git; of more it lists everything.
const NAMED_PATHS: usize = 100;

fn list(
    root: &Path,
    asked: &BTreeSet<&str>,
    wanted: &dyn Fn(&str) -> bool,
) -> anyhow::Result<BTreeMap<RelPath, Vec<String>>> {
    let mut found: BTreeMap<RelPath, Vec<String>> = BTreeMap::new();
    if asked.is_empty() {
        return Ok(found);
    }
    let mut git = git::command(root);
    git.args(["--literal-pathspecs", "ls-files", "--stage", "-z", "--"]);
    if asked.len() <= NAMED_PATHS {
        git.args(asked);
    }
    for record in git::output(git).context("git's index could not be read")?.split('\0') {
        let Some((entry, path)) = record.split_once('\t') else { continue };
        if let Some(path) = Some(path).filter(|path| wanted(path)).and_then(RelPath::new) {
            found.entry(path).or_default().push(entry.to_owned());
        }
    }
    Ok(found)
}

/// Makes the index say of each path what `wanted` says. `scratch` is a folder on the index's own file system.
pub(crate) fn set(
    root: &Path,
    repository: &Repository,
    scratch: &Path,
    wanted: &[(&RelPath, &[String])],
    step: &mut Observer<'_>,
) -> anyhow::Result<()> {
    let lock = IndexLock::take(repository, scratch)?;
    step(Step::IndexLocked)?;
    let index = repository.folder.join("index");
    let copy = scratch.join("index.new");
    disk::remove_if_there(&copy)?;
    fs::copy(&index, &copy).context("git's index could not be copied")?;
    let now = entries(root, &wanted.iter().map(|(path, _)| *path).collect::<Vec<_>>())?;
    let mut lines = String::new();
    for (path, entries) in wanted {
        let full = full_name(root, repository, path);
        // Mode 0 takes a path out; the hash must only have the right length.
        let known = now.get(path).into_iter().flatten().chain(entries.iter()).next();
        let length = known.and_then(|entry| entry.split(' ').nth(1)).map_or(40, str::len);
        lines.push_str(&format!("0 {}\t{full}\0", "0".repeat(length)));
        for entry in entries.iter() {
            lines.push_str(&format!("{entry}\t{full}\0"));
        }
    }
    let mut git = git::command(&repository.top);
    git.env("GIT_INDEX_FILE", &copy).args(["update-index", "-z", "--index-info"]);
    git::output_with_input(git, &lines).context("git's index could not be changed")?;
    step(Step::IndexStaged)?;
    disk::flush(&copy)?;
    fs::rename(&copy, &index).context("git's index could not be put into place")?;
    disk::flush_folder(&repository.folder)?;
    step(Step::IndexPlaced)?;
    drop(lock);
    step(Step::IndexFreed)?;
    Ok(())
}

/// Makes the index say what the entries said before, where it says what they made of it. Names the paths where it says neither.
pub(crate) fn put_back(
    root: &Path,
    repository: &Repository,
    scratch: &Path,
    changed: &[IndexEntry],
    step: &mut Observer<'_>,
) -> anyhow::Result<Vec<RelPath>> {
    let now = entries(root, &changed.iter().map(|entry| &entry.path).collect::<Vec<_>>())?;
    let mut back: Vec<(&RelPath, &[String])> = Vec::new();
    let mut left_alone = Vec::new();
    for entry in changed {
        let now = now.get(&entry.path).map_or(&[][..], Vec::as_slice);
        if now == entry.before {
            continue;
        }
        if now == entry.after {
            back.push((&entry.path, &entry.before));
        } else {
            left_alone.push(entry.path.clone());
        }
    }
    if !back.is_empty() {
        set(root, repository, scratch, &back, step)?;
    }
    Ok(left_alone)
}

/// Frees the lock of a transaction that was killed while it held it; a lock of anybody else stays.
pub(crate) fn free(repository: &Repository, scratch: &Path) {
    let lock = repository.folder.join("index.lock");
    let (Ok(marker), Ok(there)) = (fs::read(scratch.join("index.mark")), fs::read(&lock)) else { return };
    if !there.is_empty() && marker.starts_with(&there) {
        fs::remove_file(lock).ok();
    }
}

/// `index.lock`, removed when dropped.
struct IndexLock(PathBuf);

impl IndexLock {
    fn take(repository: &Repository, scratch: &Path) -> anyhow::Result<Self> {
        let lock = repository.folder.join("index.lock");
        // The mark tells our lock from one of git's after a kill. Linking it into place makes lock and mark one step.
        let mark = scratch.join("index.mark");
        let text = format!("held by migrate, process {}\n", std::process::id());
        disk::remove_if_there(&mark)?;
        disk::create(&mark, text.as_bytes(), disk::ModeRule::Exact(0o600), None)?;
        let taken = fs::hard_link(&mark, &lock).or_else(|error| match error.kind() {
            ErrorKind::AlreadyExists => Err(error),
            _ => fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(&lock)
                .and_then(|mut file| file.write_all(text.as_bytes())),
        });
        match taken {
            Ok(()) => Ok(Self(lock)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => bail!(
                "git's index is locked: another git command is at work in this repository; wait until it is done, \
                 or remove `{}` if none is running",
                lock.display()
            ),
            Err(error) => {
                Err(error).with_context(|| format!("git's index cannot be locked (`{}`)", lock.display()))
            }
        }
    }
}

impl Drop for IndexLock {
    fn drop(&mut self) {
        fs::remove_file(&self.0).ok();
    }
}

/// The path from the top of the work tree, as the index spells it.
fn full_name(root: &Path, repository: &Repository, path: &RelPath) -> String {
    let below: Vec<_> = root
        .strip_prefix(&repository.top)
        .map(|below| below.iter().map(|part| part.to_string_lossy().into_owned()).collect())
        .unwrap_or_default();
    below.iter().map(String::as_str).chain([path.as_str()]).collect::<Vec<_>>().join("/")
}

//! The journal: what a transaction is about to do, on disk before it does it.
//!
//! It lives in `.git/migrate` where the root is in a git work tree, else in `<root>/.migrate`, a folder that ignores itself: so it is
//! never committed. Below that place:
//!
//! - `lock`: held while a transaction is under way; freed by the system when its process ends, however it ends.
//! - `tx/`: the transaction under way: `journal.json`, and `<n>`, the content that file `n` of the journal had before. It counts
//!   only once `journal.json` is there.
//! - `last/`: the `tx/` of the last apply, kept for `undo` and `verify`.
//! - `kept-<n>/`: what a recovery could not put back because the file had been edited since.
//!
//! The journal holds paths, hashes and modes. Content is only in the numbered files: mode 0600 in folders of mode 0700.

use crate::disk::{self, Owner, Standing};
use crate::git::{self, Repository};
use crate::{Observer, Step};
use anyhow::{Context, bail};
use edit::RelPath;
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

const FORMAT: u32 = 1;
const JOURNAL: &str = "journal.json";
/// How the names of staged files begin.
pub(crate) const STAGED: &str = ".migrate-";
/// How often the lock is tried, every 10 ms.
const PATIENCE: usize = 20;

/// Where a transaction, and the record of the last one, are kept.
#[derive(Clone, Debug)]
pub(crate) struct Home {
    pub(crate) folder: PathBuf,
    /// The repository, if the home is inside one.
    pub(crate) repository: Option<Repository>,
}

impl Home {
    /// The places to look at for `root` (absolute, links resolved); new transactions use the first.
    pub(crate) fn all(root: &Path) -> Vec<Self> {
        let mut homes = Vec::new();
        let beside = root.join(".migrate");
        if let Some(repository) = Repository::of(root) {
            homes.push(Self { folder: repository.folder.join("migrate"), repository: Some(repository) });
            // Made by a run before `git init`. One that came with a commit is not of our making, and is not believed.
            if !beside.is_dir() || git::tracks(root, ".migrate") {
                return homes;
            }
        }
        homes.push(Self { folder: beside, repository: None });
        homes
    }

    pub(crate) fn transaction(&self) -> PathBuf {
        self.folder.join("tx")
    }

    pub(crate) fn last(&self) -> PathBuf {
        self.folder.join("last")
    }

    /// Makes the folder if it is not there.
    fn make(&self) -> anyhow::Result<()> {
        let shown = self.folder.display();
        match fs::symlink_metadata(&self.folder) {
            Ok(metadata) if metadata.is_dir() => {}
            Ok(_) => bail!("`{shown}` is where the journal belongs, and it is not a folder; move it away"),
            Err(_) => disk::create_private_folder(&self.folder).with_context(|| {
                format!("the journal's folder `{shown}` cannot be made; may you write to this folder?")
            })?,
        }
        let ignore = self.folder.join(".gitignore");
        if self.repository.is_none()
            && let Err(error) = disk::create(&ignore, b"*\n", disk::ModeRule::New(0o644), None)
            && error.kind() != ErrorKind::AlreadyExists
        {
            return Err(error).with_context(|| format!("`{}` cannot be written", ignore.display()));
        }
        Ok(())
    }

    /// Takes the lock, or says who has it.
    pub(crate) fn lock(&self) -> anyhow::Result<Lock> {
        let path = self.folder.join("lock");
        let mut holder = String::new();
        // A process that was killed while it started git leaves the lock to that child until the child begins to run: so one look
        // is not enough.
        for _ in 0..PATIENCE {
            self.make()?;
            if fs::symlink_metadata(&path).is_ok_and(|metadata| !metadata.is_file()) {
                bail!("`{}` is where the lock belongs, and it is not a file; move it away", path.display());
            }
            let mut file =
                match OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path) {
                    Ok(file) => file,
                    // The one who had it has just removed the folder.
                    Err(error) if error.kind() == ErrorKind::NotFound => continue,
                    Err(error) => {
                        return Err(error)
                            .with_context(|| format!("the lock `{}` cannot be opened", path.display()));
                    }
                };
            match file.try_lock() {
                Ok(()) => {}
                // A file system without locks: better to go on than never to.
                Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {}
                Err(TryLockError::Error(error)) => {
                    return Err(error)
                        .with_context(|| format!("the lock `{}` cannot be taken", path.display()));
                }
                Err(TryLockError::WouldBlock) => {
                    holder.clear();
                    file.read_to_string(&mut holder).ok();
                    std::thread::sleep(Duration::from_millis(10));
                    continue;
                }
            }
            // The one who had it may have removed the file just before it was free.
            let ours = file.metadata().ok().zip(fs::symlink_metadata(&path).ok());
            if ours.is_some_and(|(ours, there)| disk::same_file(&ours, &there)) {
                file.set_len(0).ok();
                file.write_all(std::process::id().to_string().as_bytes()).ok();
                return Ok(Lock { file, home: self.clone() });
            }
        }
        let holder = holder.trim().parse::<u32>().map_or(String::new(), |id| format!(" (process {id})"));
        bail!("another `migrate` is at work in this folder{holder}; wait until it is done");
    }
}

/// The lock, held until dropped. A home that then holds nothing any more is removed.
pub(crate) struct Lock {
    file: File,
    home: Home,
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.file.set_len(0).ok();
        let kept = |entry: std::io::Result<fs::DirEntry>| {
            entry.is_ok_and(|entry| !matches!(entry.file_name().to_str(), Some("lock" | ".gitignore")))
        };
        if fs::read_dir(&self.home.folder).is_ok_and(|mut entries| !entries.any(kept)) {
            fs::remove_file(self.home.folder.join("lock")).ok();
            fs::remove_file(self.home.folder.join(".gitignore")).ok();
            fs::remove_dir(&self.home.folder).ok();
        }
    }
}

/// What a transaction is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// A plan is applied.
    Apply,
    /// The last apply is undone.
    Undo,
}

/// How far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Phase {
    /// Nothing of the tree is changed; staged files and new folders may be there.
    Staging,
    /// Everything is staged and kept; files are being put into place.
    Committing,
}

/// One file of a transaction. Its number in the journal names the kept content.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) path: RelPath,
    pub(crate) before: Option<Standing>,
    pub(crate) after: Option<Standing>,
    pub(crate) owner: Option<Owner>,
    /// Where new content waits: beside the target.
    pub(crate) stage: RelPath,
}

/// One file of git's index. What the index says of it is given as lines `mode hash stage`; none: it is not tracked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct IndexEntry {
    pub(crate) path: RelPath,
    pub(crate) before: Vec<String>,
    pub(crate) after: Vec<String>,
}

/// A transaction.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Journal {
    pub(crate) format_version: u32,
    pub(crate) tool_version: String,
    pub(crate) purpose: Purpose,
    pub(crate) phase: Phase,
    /// The commit that was checked out.
    pub(crate) head: Option<String>,
    /// The root, relative to the top of the work tree; `None` if it is the top, or if there is no work tree.
    pub(crate) root: Option<RelPath>,
    pub(crate) entries: Vec<Entry>,
    /// Folders that the transaction makes, outer ones first.
    pub(crate) makes: Vec<RelPath>,
    /// Folders that go if they are empty in the end, outer ones first.
    pub(crate) leaves: Vec<RelPath>,
    pub(crate) index: Vec<IndexEntry>,
}

impl Journal {
    /// A journal that has nothing to do yet.
    pub(crate) fn new(purpose: Purpose, root: Option<RelPath>) -> Self {
        Self {
            format_version: FORMAT,
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            purpose,
            phase: Phase::Staging,
            head: None,
            root,
            entries: Vec::new(),
            makes: Vec::new(),
            leaves: Vec::new(),
            index: Vec::new(),
        }
    }

    /// Reads the journal of a transaction's folder; `None` if there is none.
    pub(crate) fn read(folder: &Path) -> anyhow::Result<Option<Self>> {
        // A folder or a journal that is a link is none of ours.
        if !fs::symlink_metadata(folder).is_ok_and(|metadata| metadata.is_dir()) {
            return Ok(None);
        }
        let path = folder.join(JOURNAL);
        if !fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_file()) {
            return Ok(None);
        }
        let shown = path.display();
        let text = fs::read(&path).with_context(|| format!("the journal `{shown}` cannot be read"))?;
        let version = serde_json::from_slice::<serde_json::Value>(&text)
            .ok()
            .and_then(|value| value.get("format_version").and_then(serde_json::Value::as_u64));
        if version.is_some_and(|version| version != u64::from(FORMAT)) {
            bail!(
                "the journal `{shown}` was written by another version of `migrate`; run that version here once"
            );
        }
        let journal = serde_json::from_slice::<Self>(&text).ok();
        // Staged files are removed unseen, so their names must be of our making.
        match journal
            .filter(|journal| journal.entries.iter().all(|entry| entry.stage.name().starts_with(STAGED)))
        {
            Some(journal) => Ok(Some(journal)),
            None => bail!("the journal `{shown}` is damaged; its folder holds the files as they were before"),
        }
    }

    /// Puts the journal into `folder`, whole or not at all.
    pub(crate) fn write(&self, folder: &Path, step: &mut Observer<'_>) -> anyhow::Result<()> {
        let new = folder.join("journal.new");
        disk::remove_if_there(&new)?;
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        disk::create(&new, &text, disk::ModeRule::Exact(0o600), None)
            .context("the journal cannot be written")?;
        disk::flush(&new)?;
        step(Step::JournalWritten)?;
        fs::rename(&new, folder.join(JOURNAL)).context("the journal cannot be put into place")?;
        disk::flush_folder(folder)?;
        step(Step::JournalInPlace)?;
        Ok(())
    }

    /// The root that the transaction is about.
    pub(crate) fn root(&self, home: &Home, asked: &Path) -> PathBuf {
        match (&home.repository, &self.root) {
            (Some(repository), Some(root)) => repository.top.join(root.as_str()),
            (Some(repository), None) => repository.top.clone(),
            (None, _) => asked.to_path_buf(),
        }
    }
}

/// Removes a transaction's folder so that a kill in between leaves one without a journal, which counts for nothing.
pub(crate) fn discard(folder: &Path, step: &mut Observer<'_>) -> anyhow::Result<()> {
    if fs::symlink_metadata(folder).is_ok_and(|metadata| metadata.is_dir()) {
        disk::remove_if_there(&folder.join(JOURNAL)).context("the journal cannot be closed")?;
        disk::flush_folder(folder)?;
        step(Step::JournalClosed)?;
    }
    // What cannot be removed now - a git that outlived a killed run may still write there - the next run removes.
    fs::remove_dir_all(folder).ok();
    step(Step::FolderDiscarded)?;
    Ok(())
}

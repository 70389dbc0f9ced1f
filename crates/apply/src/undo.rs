//! Undo: the last apply in reverse, as a transaction of its own. What it needs was kept by that apply.

use crate::disk::{self, ModeRule};
use crate::index;
use crate::journal::{Entry, Home, IndexEntry, Journal, Purpose};
use crate::stage::{Content, Expected, Target, Transaction, Work};
use crate::{Observer, recover, resolved};
use anyhow::{Context, bail};
use edit::RelPath;
use std::fs;
use std::path::Path;

/// What to do about files that were changed since the apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// Refuse, and name them.
    Refuse,
    /// Put back what stood there before the apply; the later changes are lost.
    Overwrite,
}

/// What was undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undone {
    /// Files that were put back or taken away.
    pub files: Vec<RelPath>,
    /// Files that git tracks again.
    pub tracked: Vec<RelPath>,
    /// What the user should know.
    pub notes: Vec<String>,
}

/// What the last apply did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The version of the program that did it.
    pub tool_version: String,
    /// The commit that was checked out, if there was one.
    pub head: Option<String>,
    /// Files that it changed, made or removed, in order.
    pub files: Vec<RelPath>,
    /// Files that it took out of git's index.
    pub untracked: Vec<RelPath>,
}

/// The record of the last apply in `root` that was not undone.
pub fn last(root: &Path) -> anyhow::Result<Option<Record>> {
    let root = resolved(root)?;
    let Some((_, journal)) = last_of(&root)? else { return Ok(None) };
    let Journal { tool_version, head, entries, index, .. } = journal;
    let mut files: Vec<RelPath> = entries.into_iter().map(|entry| entry.path).collect();
    files.sort();
    let untracked = index.into_iter().map(|entry| entry.path).collect();
    Ok(Some(Record { tool_version, head, files, untracked }))
}

/// A file and its bytes; `None` if there was no such file.
pub type Was = (RelPath, Option<Vec<u8>>);

/// What the files that the last apply changed, made or removed in `root` were before it; `None` if there is no such apply.
pub fn before(root: &Path) -> anyhow::Result<Option<Vec<Was>>> {
    let root = resolved(root)?;
    let Some((home, journal)) = last_of(&root)? else { return Ok(None) };
    if journal.root(&home, &root) != root {
        return Ok(None);
    }
    let mut files = Vec::new();
    for (number, entry) in journal.entries.iter().enumerate() {
        let content = kept(&home, number, entry)?;
        files.push((entry.path.clone(), content.map(|content| content.bytes)));
    }
    Ok(Some(files))
}

/// Restores the tree of before the last apply: bytes, modes, git's index entries, folders. All or nothing.
pub fn undo(root: &Path, changed: Changed) -> anyhow::Result<Undone> {
    undo_with(root, changed, &mut |_| Ok(()))
}

/// [`undo`] with an observer of its steps.
pub fn undo_with(root: &Path, changed: Changed, step: &mut Observer<'_>) -> anyhow::Result<Undone> {
    let root = resolved(root)?;
    recover(&root)?;
    let nothing = "there is nothing to undo: no `migrate apply` in this folder, or it was undone already";
    let Some((home, _)) = last_of(&root)? else { bail!(nothing) };
    let _lock = home.lock()?;
    let Some(journal) = Journal::read(&home.last())? else { bail!(nothing) };
    let applied_to = journal.root(&home, &root);
    if applied_to != root {
        bail!("the last `migrate apply` was in `{0}`; run `migrate undo {0}`", applied_to.display());
    }
    let work = reverse(&home, &root, journal, changed)?;
    let tracked = work.index.iter().map(|entry| entry.path.clone()).collect();
    let (transaction, notes) = Transaction::examine(&home, &root, work)?;
    let files = transaction.journal.entries.iter().map(|entry| entry.path.clone()).collect();
    transaction.run(step)?;
    Ok(Undone { files, tracked, notes })
}

fn last_of(root: &Path) -> anyhow::Result<Option<(Home, Journal)>> {
    for home in Home::all(root) {
        if let Some(journal) = Journal::read(&home.last())? {
            return Ok(Some((home, journal)));
        }
    }
    Ok(None)
}

/// The work that takes back what `journal` tells of.
fn reverse(home: &Home, root: &Path, journal: Journal, changed: Changed) -> anyhow::Result<Work> {
    let mut since = Vec::new();
    let mut targets = Vec::new();
    for (number, entry) in journal.entries.into_iter().enumerate() {
        let place = disk::place(root, &entry.path).map_err(anyhow::Error::msg)?;
        let found = disk::found(&place).with_context(|| format!("`{}` cannot be read", entry.path))?;
        if found.is(entry.before.as_ref()) {
            continue;
        }
        if !found.is(entry.after.as_ref()) {
            since.push(format!("  * {}", entry.path));
        }
        let expected = match changed {
            Changed::Refuse => Expected::Exactly(entry.after.as_ref().map(|after| after.hash.clone())),
            Changed::Overwrite => Expected::Anything,
        };
        let content = kept(home, number, &entry)?;
        targets.push(Target { path: entry.path, expected, content });
    }
    let paths: Vec<&RelPath> = journal.index.iter().map(|entry| &entry.path).collect();
    let mut now = index::entries(root, &paths)?;
    let mut index = Vec::new();
    for entry in journal.index {
        let now = now.remove(&entry.path).unwrap_or_default();
        if now == entry.before {
            continue;
        }
        if now != entry.after {
            since.push(format!("  * {} (in git's index)", entry.path));
        }
        index.push(IndexEntry { path: entry.path, before: now, after: entry.before });
    }
    if changed == Changed::Refuse && !since.is_empty() {
        bail!(
            "these files were changed since the last `migrate apply`, and undo would lose that; \
             save what you need, then pass `--force`:\n\n{}\n",
            since.join("\n")
        );
    }
    Ok(Work { purpose: Purpose::Undo, targets, inputs: Vec::new(), index, leaves: journal.makes })
}

/// What stood at an entry's path before; `None` if nothing did.
fn kept(home: &Home, number: usize, entry: &Entry) -> anyhow::Result<Option<Content>> {
    let Some(before) = &entry.before else { return Ok(None) };
    let path = home.last().join(number.to_string());
    let bytes =
        fs::read(&path).with_context(|| format!("the old content of `{}` cannot be read", entry.path))?;
    if disk::hash(&bytes) != before.hash {
        bail!(
            "the old content of `{}`, kept in `{}`, is damaged; nothing was changed",
            entry.path,
            path.display()
        );
    }
    Ok(Some(Content { bytes, mode: ModeRule::Exact(before.mode), owner: entry.owner }))
}

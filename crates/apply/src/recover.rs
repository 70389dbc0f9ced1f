//! Recovery: what a killed run left is finished if every file was in place already, and taken back otherwise.

use crate::commit::listed;
use crate::journal::{Home, Journal, Purpose};
use crate::stage::Transaction;
use crate::{Observer, resolved};
use anyhow::Context;
use edit::RelPath;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// How an interrupted run was put right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every file was in place: the tree is the new one.
    Finished,
    /// The tree is the old one.
    RolledBack,
}

/// What was recovered. Its display is the sentence for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// What the interrupted run was.
    pub purpose: Purpose,
    /// What became of it.
    pub outcome: Outcome,
    /// Files that somebody edited since the interruption; they were not touched.
    pub left_alone: Vec<RelPath>,
    /// The folder that holds the old content of those files.
    pub kept: Option<PathBuf>,
}

impl fmt::Display for Recovered {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let run = match self.purpose {
            Purpose::Apply => "apply",
            Purpose::Undo => "undo",
        };
        match self.outcome {
            Outcome::Finished => {
                write!(out, "an interrupted `migrate {run}` was finished: every file was in place")?
            }
            Outcome::RolledBack => {
                write!(out, "an interrupted `migrate {run}` was taken back: the tree is as it was before it")?
            }
        }
        if !self.left_alone.is_empty() {
            write!(out, ", but for {}, edited since and left alone", listed(&self.left_alone))?;
        }
        match &self.kept {
            Some(kept) => write!(out, "; what stood there before is in `{}`", kept.display()),
            None => Ok(()),
        }
    }
}

/// Puts right what a killed run left in `root`; `None` if there is nothing, and then nothing is written. Every command that reads
/// or writes a folder begins with it. Errors: another `migrate` is at work there; something cannot be put back (the sentence
/// names it, and the next run tries again).
pub fn recover(root: &Path) -> anyhow::Result<Option<Recovered>> {
    recover_with(root, &mut |_| Ok(()))
}

/// [`recover`] with an observer of its steps.
pub fn recover_with(root: &Path, step: &mut Observer<'_>) -> anyhow::Result<Option<Recovered>> {
    // A path that is no folder is for the caller to complain about.
    let Ok(root) = resolved(root) else { return Ok(None) };
    for home in Home::all(&root) {
        let folder = home.transaction();
        if !fs::symlink_metadata(&folder).is_ok_and(|metadata| metadata.is_dir()) {
            continue;
        }
        let _lock = home.lock()?;
        let Some(journal) = Journal::read(&folder)? else {
            // Closed, or killed before it began: there is nothing in it that anybody needs.
            if folder.exists() {
                fs::remove_dir_all(&folder)
                    .with_context(|| format!("`{}` cannot be removed", folder.display()))?;
            }
            continue;
        };
        let purpose = journal.purpose;
        let transaction = Transaction::resumed(&home, &root, journal);
        if transaction.is_complete()? {
            transaction.finish(step)?;
            return Ok(Some(Recovered {
                purpose,
                outcome: Outcome::Finished,
                left_alone: Vec::new(),
                kept: None,
            }));
        }
        let reverted = transaction
            .roll_back(step)
            .context("an interrupted run cannot be taken back; put this right and run `migrate` again")?;
        let (left_alone, kept) = (reverted.left_alone, reverted.kept);
        return Ok(Some(Recovered { purpose, outcome: Outcome::RolledBack, left_alone, kept }));
    }
    Ok(None)
}

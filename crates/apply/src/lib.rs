//! APPLY. What a plan says comes to stand on disk: all of it, or nothing, whenever the process is killed.
//!
//! [`gate`](mod@gate) asks git whether the tree can be brought back; `stage` looks at every file, keeps what goes and writes what
//! comes beside its target; `commit` puts it into place, or takes all of it back; [`recover`](mod@recover) does the same for a run
//! that was killed; [`undo`](mod@undo) is an apply in reverse. `journal` says where the transaction is written down.
//!
//! It knows nothing of how a plan is made: it gets files, and the hashes of what they were made from.

mod commit;
mod disk;
pub mod gate;
mod git;
mod index;
mod journal;
pub mod recover;
mod stage;
pub mod undo;

pub use gate::{Gate, gate};
pub use journal::Purpose;
pub use recover::{Outcome, Recovered, recover, recover_with};
pub use undo::{Changed, Record, Undone, Was, before, last, undo, undo_with};

use anyhow::{Context, bail};
use disk::ModeRule;
use edit::RelPath;
use journal::{Home, IndexEntry};
use plan::{Action, FileWrite};
use stage::{Content, Expected, Target, Transaction, Work};
use std::path::{Path, PathBuf};

/// A moment of a transaction, right after what it is named after.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    JournalWritten,
    JournalInPlace,
    Kept,
    FolderMade,
    Staged,
    Checked,
    Linked,
    Placed,
    IndexLocked,
    IndexStaged,
    IndexPlaced,
    IndexFreed,
    FoldersFlushed,
    Unlocked,
    Restored,
    Cleared,
    JournalClosed,
    FolderDiscarded,
    RecordKept,
}

/// Is told of every step. An error that it returns counts as the disk's.
pub type Observer<'a> = dyn FnMut(Step) -> std::io::Result<()> + 'a;

/// How to apply.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Which trees may be rewritten.
    pub gate: Gate,
    /// Files that the plan was made from and does not write, with their blake3 hashes (hex): they must not have changed either.
    pub inputs: Vec<(RelPath, String)>,
}

/// What was applied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Files that were changed, made or removed. Those that were as planned already are not among them.
    pub files: Vec<RelPath>,
    /// Files that left git's index.
    pub untracked: Vec<RelPath>,
    /// What the user should know.
    pub notes: Vec<String>,
    /// An interrupted run that was put right first.
    pub recovered: Option<Recovered>,
}

/// Makes the files below `root` what `writes` says: all of them, or none. The error is a sentence that names every file which is
/// not as it has to be, and after it nothing is changed.
pub fn apply(root: &Path, writes: Vec<FileWrite>, options: &Options) -> anyhow::Result<Applied> {
    apply_with(root, writes, options, &mut |_| Ok(()))
}

/// [`apply`] with an observer of its steps.
pub fn apply_with(
    root: &Path,
    writes: Vec<FileWrite>,
    options: &Options,
    step: &mut Observer<'_>,
) -> anyhow::Result<Applied> {
    let root = resolved(root)?;
    let recovered = recover(&root)?;
    gate(&root, &options.gate)?;
    let homes = Home::all(&root);
    let home = homes.first().context("there is no place for the journal")?;
    let (targets, untracks, mut inputs) = sorted(writes);
    inputs.extend(options.inputs.iter().cloned());
    let work = Work {
        purpose: Purpose::Apply,
        targets,
        inputs,
        index: leaving(home, &root, &untracks)?,
        leaves: Vec::new(),
    };
    let (mut transaction, notes) = Transaction::examine(home, &root, work)?;
    if transaction.is_empty() {
        return Ok(Applied { notes, recovered, ..Applied::default() });
    }
    transaction.journal.head = home.repository.as_ref().and_then(|_| git::head(&root));
    let files = transaction.journal.entries.iter().map(|entry| entry.path.clone()).collect();
    let untracked = transaction.journal.index.iter().map(|entry| entry.path.clone()).collect();
    let _lock = home.lock()?;
    transaction.run(step)?;
    Ok(Applied { files, untracked, notes, recovered })
}

/// Files to change, files to untrack, and files that only have to be as planned.
fn sorted(writes: Vec<FileWrite>) -> (Vec<Target>, Vec<RelPath>, Vec<(RelPath, String)>) {
    let (mut targets, mut untracks, mut inputs) = (Vec::new(), Vec::new(), Vec::new());
    for FileWrite { path, before, action } in writes {
        let content = match action {
            Action::Write { bytes, mode } => Some(Content { bytes, mode: ModeRule::New(mode), owner: None }),
            Action::Delete => None,
            Action::Untrack => {
                inputs.extend(before.map(|hash| (path.clone(), hash)));
                untracks.push(path);
                continue;
            }
        };
        targets.push(Target { path, expected: Expected::Exactly(before), content });
    }
    // A file that is changed as well is checked as a target, and afterwards is not as before.
    inputs.retain(|(path, _)| !targets.iter().any(|target| target.path == *path));
    (targets, untracks, inputs)
}

/// What the index says of the files that leave it, folders with all that is in them; what it does not hold is left out.
fn leaving(home: &Home, root: &Path, untracks: &[RelPath]) -> anyhow::Result<Vec<IndexEntry>> {
    if home.repository.is_none() {
        return Ok(Vec::new());
    }
    let found = index::below(root, untracks)?;
    Ok(found.into_iter().map(|(path, before)| IndexEntry { path, before, after: Vec::new() }).collect())
}

/// The folder, absolute and with links resolved: the user named it, so it may be a link itself.
fn resolved(root: &Path) -> anyhow::Result<PathBuf> {
    let shown = root.display();
    let real =
        std::fs::canonicalize(root).with_context(|| format!("the folder `{shown}` cannot be opened"))?;
    if !real.is_dir() {
        bail!("`{shown}` is not a folder");
    }
    Ok(real)
}

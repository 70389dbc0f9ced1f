//! The commit: staged files are put into place one by one, and git's index after them. If anything fails, what was put into place
//! is taken back; if the process is killed, [`recover`](crate::recover) reads the journal and does the same.

use crate::disk::{self, Found, ModeRule};
use crate::index;
use crate::journal::{self, Entry, Home, IndexEntry, Phase, Purpose};
use crate::stage::Transaction;
use crate::{Observer, Step};
use anyhow::{Context, anyhow, bail};
use edit::RelPath;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

/// What became of a transaction that was taken back.
pub(crate) struct Reverted {
    /// Files that somebody edited since, and that were left as they are.
    pub(crate) left_alone: Vec<RelPath>,
    /// Where their old content is kept.
    pub(crate) kept: Option<PathBuf>,
}

impl Transaction<'_> {
    /// Does all of it, or nothing.
    pub(crate) fn run(mut self, step: &mut Observer<'_>) -> anyhow::Result<()> {
        let done = self.stage(step).and_then(|()| self.commit(step));
        let Err(error) = done else {
            return self
                .finish(step)
                .context("every file is in place, but the journal could not be closed; run `migrate` again");
        };
        match self.roll_back(step) {
            Ok(reverted) if reverted.left_alone.is_empty() => Err(error.context("nothing was changed")),
            Ok(reverted) => Err(error.context(format!(
                "everything was taken back but {}, which another program edited meanwhile",
                listed(&reverted.left_alone)
            ))),
            Err(worse) => Err(anyhow!(
                "{error:#}; and not everything could be taken back: {worse:#}. Put that right and run `migrate` again: \
                 it will take back the rest"
            )),
        }
    }

    fn commit(&self, step: &mut Observer<'_>) -> anyhow::Result<()> {
        self.check()?;
        step(Step::Checked)?;
        for entry in &self.journal.entries {
            self.put(entry, step).with_context(|| format!("`{}` cannot be replaced", entry.path))?;
            step(Step::Placed)?;
        }
        let wanted: Vec<(&RelPath, &[String])> =
            self.journal.index.iter().map(|entry| (&entry.path, entry.after.as_slice())).collect();
        if let Some(repository) = &self.home.repository
            && !wanted.is_empty()
        {
            index::set(&self.root, repository, &self.home.transaction(), &wanted, step)?;
        }
        self.flush_folders()?;
        step(Step::FoldersFlushed)?;
        Ok(())
    }

    /// Puts one staged file into its place, or takes one away.
    fn put(&self, entry: &Entry, step: &mut Observer<'_>) -> anyhow::Result<()> {
        let (place, stage) = (self.place(&entry.path)?, self.place(&entry.stage)?);
        if !disk::found(&place)?.is(entry.before.as_ref()) {
            bail!("another program changed it just now");
        }
        match (&entry.before, &entry.after) {
            (_, None) => fs::remove_file(&place)?,
            (Some(_), Some(_)) => fs::rename(&stage, &place)?,
            // A link, unlike a rename, never takes the place of a file that appeared since the look.
            (None, Some(_)) => match fs::hard_link(&stage, &place) {
                Ok(()) => {
                    step(Step::Linked)?;
                    fs::remove_file(&stage)?;
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(error.into()),
                // A file system without links.
                Err(_) => fs::rename(&stage, &place)?,
            },
        }
        Ok(())
    }

    /// Whether everything is in place, so that only the closing is left.
    pub(crate) fn is_complete(&self) -> anyhow::Result<bool> {
        if self.journal.phase == Phase::Staging {
            return Ok(false);
        }
        for entry in &self.journal.entries {
            let found = disk::found(&self.place(&entry.path)?)?;
            if found.is(entry.after.as_ref()) {
                continue;
            }
            // A file that was put into place and edited since has no staged content any more.
            let edited =
                matches!(found, Found::File(..)) && entry.after.is_some() && !found.is(entry.before.as_ref());
            if !edited || matches!(disk::found(&self.place(&entry.stage)?)?, Found::File(..)) {
                return Ok(false);
            }
        }
        let paths: Vec<&RelPath> = self.journal.index.iter().map(|entry| &entry.path).collect();
        let now = index::entries(&self.root, &paths)?;
        let stands = |entry: &IndexEntry| now.get(&entry.path).map_or(&[][..], Vec::as_slice) == entry.after;
        Ok(self.journal.index.iter().all(stands))
    }

    /// Closes a transaction whose files are all in place. An apply becomes the record of the last one; an undo removes that record.
    pub(crate) fn finish(&self, step: &mut Observer<'_>) -> anyhow::Result<()> {
        self.clear()?;
        for folder in self.journal.leaves.iter().rev() {
            disk::remove_if_empty(&self.place(folder)?);
        }
        self.flush_folders()?;
        step(Step::Cleared)?;
        let (folder, last) = (self.home.transaction(), self.home.last());
        // One record at most: that of a time before `git init` goes as well.
        for home in Home::all(&self.root) {
            if fs::symlink_metadata(home.last()).is_ok() {
                journal::discard(&home.last(), step)?;
            }
        }
        match self.journal.purpose {
            Purpose::Apply => fs::rename(&folder, &last)?,
            Purpose::Undo => journal::discard(&folder, step)?,
        }
        disk::flush_folder(&self.home.folder)?;
        step(Step::RecordKept)?;
        Ok(())
    }

    /// Takes back everything that is in place. Can be repeated until it has come through.
    pub(crate) fn roll_back(&self, step: &mut Observer<'_>) -> anyhow::Result<Reverted> {
        let folder = self.home.transaction();
        let mut left_alone = Vec::new();
        if self.journal.phase == Phase::Committing {
            let mut failed = Vec::new();
            for (number, entry) in self.journal.entries.iter().enumerate().rev() {
                match self.restore(number, entry, step) {
                    Ok(true) => {}
                    Ok(false) => left_alone.push(entry.path.clone()),
                    // The others can be put back all the same.
                    Err(error) => failed.push(format!("`{}`: {error:#}", entry.path)),
                }
            }
            if !failed.is_empty() {
                bail!("{}", failed.join("; "));
            }
            if let Some(repository) = &self.home.repository
                && !self.journal.index.is_empty()
            {
                index::free(repository, &folder);
                left_alone.extend(index::put_back(
                    &self.root,
                    repository,
                    &folder,
                    &self.journal.index,
                    step,
                )?);
            }
        }
        self.clear()?;
        for made in self.journal.makes.iter().rev() {
            disk::remove_if_empty(&self.place(made)?);
        }
        self.flush_folders()?;
        step(Step::Cleared)?;
        left_alone.sort();
        left_alone.dedup();
        let mut kept = None;
        if left_alone.is_empty() {
            journal::discard(&folder, step)?;
        } else {
            let aside = (1..)
                .map(|number| self.home.folder.join(format!("kept-{number}")))
                .find(|aside| !aside.exists());
            let aside = aside.context("no name is free for what is kept")?;
            fs::rename(&folder, &aside)?;
            kept = Some(aside);
        }
        disk::flush_folder(&self.home.folder)?;
        Ok(Reverted { left_alone, kept })
    }

    /// Puts back what stood at an entry's path. `false`: somebody edited it since, and it is left alone.
    fn restore(&self, number: usize, entry: &Entry, step: &mut Observer<'_>) -> anyhow::Result<bool> {
        let place = self.place(&entry.path)?;
        let found = disk::found(&place)?;
        if found.is(entry.before.as_ref()) {
            return Ok(true);
        }
        if !found.is(entry.after.as_ref()) {
            return Ok(false);
        }
        let Some(before) = &entry.before else {
            fs::remove_file(&place)?;
            step(Step::Restored)?;
            return Ok(true);
        };
        let kept = self.home.transaction().join(number.to_string());
        match disk::found(&kept).context("its old content cannot be read")? {
            Found::File(standing, _) if standing.hash == before.hash => {}
            _ => bail!("its old content in `{}` is damaged", kept.display()),
        }
        // Moving what was kept needs no room on the disk, which may be full.
        let file = fs::File::open(&kept)?;
        if let Some(owner) = entry.owner {
            owner.give(&file);
        }
        disk::set_mode(&file, before.mode)?;
        step(Step::Unlocked)?;
        match fs::rename(&kept, &place) {
            Err(error) if error.kind() == ErrorKind::CrossesDevices => {
                let stage = self.place(&entry.stage)?;
                disk::remove_if_there(&stage)?;
                disk::create(&stage, &fs::read(&kept)?, ModeRule::Exact(before.mode), entry.owner)?;
                disk::flush(&stage)?;
                step(Step::Staged)?;
                fs::rename(&stage, &place)?;
            }
            other => other?,
        }
        step(Step::Restored)?;
        Ok(true)
    }

    /// Removes what was staged and is not needed any more.
    fn clear(&self) -> anyhow::Result<()> {
        let folder = self.home.transaction();
        for entry in &self.journal.entries {
            let stage = self.place(&entry.stage)?;
            disk::remove_if_there(&stage).with_context(|| format!("`{}` cannot be removed", entry.stage))?;
        }
        if let Some(repository) = &self.home.repository {
            index::free(repository, &folder);
        }
        for scratch in ["index.mark", "index.new", "index.new.lock"] {
            disk::remove_if_there(&folder.join(scratch))?;
        }
        Ok(())
    }
}

/// Paths for a sentence.
pub(crate) fn listed(paths: &[RelPath]) -> String {
    paths.iter().map(|path| format!("`{path}`")).collect::<Vec<_>>().join(", ")
}

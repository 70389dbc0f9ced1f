//! Staging: everything is looked at before anything is written; then what goes is kept, and what comes is written beside its
//! target. Until the last of it is on the disk the tree has not changed.

use crate::disk::{self, Found, ModeRule, Owner};
use crate::index;
use crate::journal::{Entry, Home, IndexEntry, Journal, Phase, Purpose, STAGED};
use crate::{Observer, Step};
use anyhow::{Context, bail};
use edit::RelPath;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

/// What has to stand at a target before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// A file of this hash, or nothing.
    Exactly(Option<String>),
    /// Any file, or nothing.
    Anything,
}

/// One file that is to change.
pub(crate) struct Target {
    pub(crate) path: RelPath,
    pub(crate) expected: Expected,
    /// `None`: it goes.
    pub(crate) content: Option<Content>,
}

/// What a file is to hold.
pub(crate) struct Content {
    pub(crate) bytes: Vec<u8>,
    pub(crate) mode: ModeRule,
    /// Whom a file that is not there yet belongs to; by default whoever runs the program.
    pub(crate) owner: Option<Owner>,
}

/// All that a transaction is to do.
pub(crate) struct Work {
    pub(crate) purpose: Purpose,
    pub(crate) targets: Vec<Target>,
    /// Files that are not changed and have to be as they were.
    pub(crate) inputs: Vec<(RelPath, String)>,
    pub(crate) index: Vec<IndexEntry>,
    /// Folders to remove if they are empty in the end.
    pub(crate) leaves: Vec<RelPath>,
}

/// A transaction that was looked at and may begin.
pub(crate) struct Transaction<'a> {
    pub(crate) home: &'a Home,
    pub(crate) root: PathBuf,
    pub(crate) journal: Journal,
    /// By entry: what to write.
    contents: Vec<Option<Content>>,
    pub(crate) inputs: Vec<(RelPath, String)>,
}

impl<'a> Transaction<'a> {
    /// Looks at everything; writes nothing. Refuses with a sentence that names every file that is not as it has to be. Gives also
    /// what the user should know.
    pub(crate) fn examine(home: &'a Home, root: &Path, work: Work) -> anyhow::Result<(Self, Vec<String>)> {
        let below = home.repository.as_ref().and_then(|repository| root.strip_prefix(&repository.top).ok());
        let below = match below.map(Path::to_str) {
            Some(Some(below)) => RelPath::new(below),
            Some(None) => bail!("the path of this folder is not UTF-8; rename the folder"),
            None => None,
        };
        let mut journal = Journal::new(work.purpose, below);
        journal.index = work.index;
        journal.leaves = work.leaves;
        let mut look = Look { root, problems: Vec::new(), notes: Vec::new() };
        look.clashes(&work.targets);
        let mut contents = Vec::new();
        let mut makes = BTreeSet::new();
        for target in work.targets {
            let Some((place, found)) = look.at(&target.path, &target.expected) else { continue };
            let Some((entry, content)) = look.entry(target, found) else { continue };
            if entry.before.is_none() {
                look.case_collisions(&entry.path, &place);
                makes.extend(missing_folders(root, &entry.path));
            }
            let stage = stage_name(root, &entry.path, contents.len())?;
            journal.entries.push(Entry { stage, ..entry });
            contents.push(content);
        }
        for (path, hash) in &work.inputs {
            look.at(path, &Expected::Exactly(Some(hash.clone())));
        }
        look.verdict(work.purpose)?;
        journal.makes = makes.into_iter().collect();
        let notes = look.notes;
        Ok((Self { home, root: root.to_path_buf(), journal, contents, inputs: work.inputs }, notes))
    }

    /// The transaction that a journal tells of.
    pub(crate) fn resumed(home: &'a Home, asked: &Path, journal: Journal) -> Self {
        Self { home, root: journal.root(home, asked), journal, contents: Vec::new(), inputs: Vec::new() }
    }

    /// Whether there is nothing to do.
    pub(crate) fn is_empty(&self) -> bool {
        self.journal.entries.is_empty() && self.journal.index.is_empty()
    }

    /// Keeps what goes and stages what comes.
    pub(crate) fn stage(&mut self, step: &mut Observer<'_>) -> anyhow::Result<()> {
        let folder = self.home.transaction();
        if folder.exists() {
            // Without a journal it is the rest of one that was closed.
            if Journal::read(&folder)?.is_some() {
                bail!("an interrupted run has not been put right yet; run `migrate` once more");
            }
            fs::remove_dir_all(&folder)?;
        }
        disk::create_private_folder(&folder).with_context(|| {
            format!(
                "the journal's folder `{}` cannot be made; may you write to this folder?",
                folder.display()
            )
        })?;
        self.journal.write(&folder, step)?;
        for (number, entry) in self.journal.entries.iter().enumerate() {
            let Some(before) = &entry.before else { continue };
            let place = self.place(&entry.path)?;
            let bytes = fs::read(&place).with_context(|| format!("`{}` cannot be read", entry.path))?;
            if disk::hash(&bytes) != before.hash {
                bail!("`{}` was changed just now by another program", entry.path);
            }
            disk::create(&folder.join(number.to_string()), &bytes, ModeRule::Exact(0o600), None)
                .with_context(|| format!("`{}` cannot be kept for undo", entry.path))?;
            step(Step::Kept)?;
        }
        for path in &self.journal.makes {
            fs::create_dir(self.place(path)?)
                .with_context(|| format!("the folder `{path}` cannot be made"))?;
            step(Step::FolderMade)?;
        }
        for number in 0..self.journal.entries.len() {
            let Some(content) = self.contents.get_mut(number).and_then(Option::take) else { continue };
            let entry = &self.journal.entries[number];
            let stage = self.place(&entry.stage)?;
            let written = disk::create(&stage, &content.bytes, content.mode, content.owner)
                .with_context(|| format!("`{}` cannot be written", entry.path))?;
            self.journal.entries[number].after = Some(written);
            step(Step::Staged)?;
        }
        for (number, entry) in self.journal.entries.iter().enumerate() {
            let kept = entry.before.as_ref().map(|_| folder.join(number.to_string()));
            let staged = entry.after.as_ref().map(|_| self.place(&entry.stage)).transpose()?;
            for place in kept.iter().chain(&staged) {
                disk::flush(place)
                    .with_context(|| format!("`{}` cannot be written to the disk", entry.path))?;
            }
        }
        self.flush_folders()?;
        disk::flush_folder(&folder)?;
        self.journal.phase = Phase::Committing;
        self.journal.write(&folder, step)
    }

    /// Looks once more at everything that the work rests on.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        let mut look = Look { root: &self.root, problems: Vec::new(), notes: Vec::new() };
        for entry in &self.journal.entries {
            look.at(&entry.path, &Expected::Exactly(entry.before.as_ref().map(|before| before.hash.clone())));
        }
        for (path, hash) in &self.inputs {
            look.at(path, &Expected::Exactly(Some(hash.clone())));
        }
        let paths: Vec<&RelPath> = self.journal.index.iter().map(|entry| &entry.path).collect();
        let mut now = index::entries(&self.root, &paths)?;
        for entry in &self.journal.index {
            if now.remove(&entry.path).unwrap_or_default() != entry.before {
                look.problems.push(format!("`{}` was staged anew in git's index", entry.path));
            }
        }
        look.verdict(self.journal.purpose)
    }

    /// The place of a path below the root, checked anew for links each time.
    pub(crate) fn place(&self, path: &RelPath) -> anyhow::Result<PathBuf> {
        disk::place(&self.root, path).map_err(anyhow::Error::msg)
    }

    /// Writes the entries of every folder that the transaction touches through to the disk.
    pub(crate) fn flush_folders(&self) -> anyhow::Result<()> {
        let paths = self.journal.entries.iter().map(|entry| &entry.path);
        let folders: BTreeSet<&str> =
            paths.chain(&self.journal.makes).chain(&self.journal.leaves).map(RelPath::folder).collect();
        for folder in folders {
            let place = self.root.join(folder);
            if place.is_dir() {
                disk::flush_folder(&place)
                    .with_context(|| format!("the folder `{folder}` cannot be flushed"))?;
            }
        }
        Ok(())
    }
}

/// A look at the tree that gathers what is wrong.
struct Look<'a> {
    root: &'a Path,
    problems: Vec<String>,
    notes: Vec<String>,
}

impl Look<'_> {
    /// What stands at `path`, if it is what is expected.
    fn at(&mut self, path: &RelPath, expected: &Expected) -> Option<(PathBuf, Found)> {
        let place = disk::place(self.root, path).map_err(|problem| self.problems.push(problem)).ok()?;
        let found = match disk::found(&place) {
            Ok(found) => found,
            Err(error) => {
                self.problems.push(format!("`{path}` cannot be read: {error}"));
                return None;
            }
        };
        let problem = match (&found, expected) {
            (Found::Other(what), _) => format!("`{path}` is {what}"),
            (Found::Nothing, Expected::Exactly(Some(_))) => format!("`{path}` is gone"),
            (Found::File(..), Expected::Exactly(None)) => format!("`{path}` is there already"),
            (Found::File(standing, _), Expected::Exactly(Some(hash))) if standing.hash != *hash => {
                format!("`{path}` has changed")
            }
            _ => return Some((place, found)),
        };
        self.problems.push(problem);
        None
    }

    /// The journal's entry for a target, and its content; `None` if it is already as it is to be.
    fn entry(&mut self, target: Target, found: Found) -> Option<(Entry, Option<Content>)> {
        let (before, metadata): (_, Option<Metadata>) = match found {
            Found::File(standing, metadata) => (Some(standing), Some(metadata)),
            _ => (None, None),
        };
        let owner = metadata.as_ref().map(Owner::of);
        let mut content = target.content;
        match (&mut content, &before) {
            (None, None) => return None,
            (Some(content), Some(before)) => {
                if let ModeRule::New(planned) = content.mode {
                    let private = planned & 0o077 == 0;
                    content.mode = ModeRule::Exact(if private { before.mode & planned } else { before.mode });
                }
                if content.mode == ModeRule::Exact(before.mode) && disk::hash(&content.bytes) == before.hash {
                    return None;
                }
                content.owner = owner;
            }
            _ => {}
        }
        if metadata.as_ref().is_some_and(|metadata| disk::names(metadata) > 1) {
            self.notes.push(format!(
                "`{}` has a second name (a hard link); the other name keeps the old content",
                target.path
            ));
        }
        let owner = owner.or(content.as_ref().and_then(|content| content.owner));
        Some((Entry { stage: target.path.clone(), path: target.path, before, after: None, owner }, content))
    }

    /// Targets that cannot stand beside each other.
    fn clashes(&mut self, targets: &[Target]) {
        let mut seen = BTreeSet::new();
        let mut folded: BTreeMap<String, &RelPath> = BTreeMap::new();
        for target in targets {
            let path = &target.path;
            if !seen.insert(path.as_str()) {
                self.problems.push(format!("`{path}` would be written twice"));
            } else if let Some(other) = folded.insert(path.as_str().to_lowercase(), path) {
                self.notes.push(format!(
                    "`{other}` and `{path}` are one file where case does not count (macOS, Windows)"
                ));
            }
        }
        for target in targets {
            let path = target.path.as_str();
            for (at, _) in path.match_indices('/') {
                if seen.contains(&path[..at]) {
                    self.problems
                        .push(format!("`{}` would be both a file and the folder of `{path}`", &path[..at]));
                }
            }
        }
    }

    /// Names on disk that differ from a new file's by case only.
    fn case_collisions(&mut self, path: &RelPath, place: &Path) {
        let folded = path.name().to_lowercase();
        let Some(entries) = place.parent().and_then(|folder| fs::read_dir(folder).ok()) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name != path.name() && name.to_lowercase() == folded {
                self.notes.push(format!(
                    "`{path}` and `{name}` are one file where case does not count (macOS, Windows)"
                ));
            }
        }
    }

    fn verdict(&self, purpose: Purpose) -> anyhow::Result<()> {
        if self.problems.is_empty() {
            return Ok(());
        }
        let list: Vec<String> = self.problems.iter().map(|problem| format!("  * {problem}")).collect();
        let (refused, todo) = match purpose {
            Purpose::Apply => ("the tree is not as it was planned for", "run `migrate plan` again"),
            Purpose::Undo => ("the tree is not as the last apply left it", "move these out of the way"),
        };
        bail!("{refused}; {todo}:\n\n{}\n", list.join("\n"));
    }
}

/// The folders above `path` that are not there yet, outer ones first.
fn missing_folders(root: &Path, path: &RelPath) -> Vec<RelPath> {
    let above = path.as_str().match_indices('/').filter_map(|(at, _)| RelPath::new(&path.as_str()[..at]));
    above.filter(|folder| fs::symlink_metadata(root.join(folder.as_str())).is_err()).collect()
}

/// A name beside `path` that is plainly ours and not taken.
fn stage_name(root: &Path, path: &RelPath, number: usize) -> anyhow::Result<RelPath> {
    let process = std::process::id();
    for attempt in 0..100 {
        let name = format!("{STAGED}{process}-{number}-{attempt}.tmp");
        let stage = match path.folder() {
            "" => name,
            folder => format!("{folder}/{name}"),
        };
        if let Some(stage) = RelPath::new(stage)
            && fs::symlink_metadata(root.join(stage.as_str())).is_err()
        {
            return Ok(stage);
        }
    }
    bail!("no free name was found beside `{path}`; remove the files `.migrate-*.tmp` there")
}

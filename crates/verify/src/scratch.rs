//! Scratch copies: the tree as it is, and the tree of before the migration. The user's folder is only read; nothing that git ignores
//! comes along, and no file of values.

use crate::process::{self, Task, Variables};
use anyhow::{Context, Result, bail};
use edit::RelPath;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(120);

/// Folders that hold nothing of the author's.
const LEFT_OUT: &[&str] =
    &["node_modules", ".git", ".next", ".output", ".nitro", ".tanstack", ".migrate", "dist-server"];

/// What the tree was before the migration.
pub enum Before {
    /// As the last apply kept it: what it changed, with the bytes of before; `None` where it made the file.
    Kept(Vec<(RelPath, Option<Vec<u8>>)>),
    /// A revision of git.
    Revision(String),
    /// Not known; why.
    Unknown(String),
}

/// Copies the tree at `root` to `to`.
pub(crate) fn copy(root: &Path, to: &Path, variables: &Variables, log: PathBuf) -> Result<()> {
    let files = match listed(root, variables, log) {
        Some(files) => files,
        None => walked(root),
    };
    for file in files.iter().filter(|file| is_copied(file)) {
        let from = root.join(file);
        // A link may lead out of the tree; what is listed and gone is a deletion that is not committed yet.
        if !fs::symlink_metadata(&from).is_ok_and(|metadata| metadata.is_file()) {
            continue;
        }
        let target = to.join(file);
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::copy(&from, &target).with_context(|| format!("`{file}` cannot be copied"))?;
    }
    Ok(())
}

/// Makes the copy at `to` what the tree was before; `false` if that is not known.
pub(crate) fn restore(
    root: &Path,
    to: &Path,
    before: &Before,
    variables: &Variables,
    log: PathBuf,
) -> Result<bool> {
    match before {
        Before::Unknown(_) => Ok(false),
        Before::Kept(files) => {
            copy(root, to, variables, log)?;
            for (path, bytes) in files.iter().filter(|(path, _)| is_copied(path.as_str())) {
                let target = to.join(path.as_str());
                match bytes {
                    Some(bytes) => {
                        if let Some(folder) = target.parent() {
                            fs::create_dir_all(folder)?;
                        }
                        fs::write(&target, bytes)?;
                    }
                    None if target.exists() => fs::remove_file(&target)?,
                    None => {}
                }
            }
            Ok(true)
        }
        Before::Revision(revision) => {
            if revision.starts_with('-') {
                bail!("`{revision}` is no revision");
            }
            fs::create_dir_all(to)?;
            let archive = to.with_extension("tar");
            let output = archive.display().to_string();
            let arguments = ["archive", "--format=tar", "-o", &output, revision].map(str::to_owned).to_vec();
            let git = Task { program: "git", arguments, folder: root, variables, log: log.clone() };
            let made = process::run(&git, LIMIT)?;
            if !made.ok() {
                bail!("git has no `{revision}` of this folder: {}", made.telling(1).join(" "));
            }
            let arguments = ["-xf", &output].map(str::to_owned).to_vec();
            let tar = Task { program: "tar", arguments, folder: to, variables, log };
            let unpacked = process::run(&tar, LIMIT)?;
            if !unpacked.ok() {
                bail!("the revision cannot be unpacked: {}", unpacked.telling(1).join(" "));
            }
            fs::remove_file(&archive).ok();
            for file in walked(to).iter().filter(|file| !is_copied(file)) {
                fs::remove_file(to.join(file)).ok();
            }
            Ok(true)
        }
    }
}

/// Whether the working tree differs from its last commit; `None` without git.
pub fn is_dirty(root: &Path) -> Option<bool> {
    let home = tempfile::tempdir().ok()?;
    let variables = process::scrubbed(home.path());
    let arguments = ["status", "--porcelain", "--", "."].map(str::to_owned).to_vec();
    let log = home.path().join("log");
    let git = Task { program: "git", arguments, folder: root, variables: &variables, log };
    let ran = process::run(&git, LIMIT).ok().filter(process::Ran::ok)?;
    Some(!ran.said.trim().is_empty())
}

/// What git knows of and what it would not ignore.
fn listed(root: &Path, variables: &Variables, log: PathBuf) -> Option<Vec<String>> {
    let arguments =
        ["ls-files", "-z", "--cached", "--others", "--exclude-standard"].map(str::to_owned).to_vec();
    let git = Task { program: "git", arguments, folder: root, variables, log };
    let ran = process::run(&git, LIMIT).ok().filter(process::Ran::ok)?;
    let files: Vec<String> =
        ran.said.split('\0').filter(|file| !file.is_empty()).map(str::to_owned).collect();
    (!files.is_empty()).then_some(files)
}

/// All files below `root`, without links.
pub(crate) fn walked(root: &Path) -> Vec<String> {
    let (mut found, mut waiting) = (Vec::new(), vec![PathBuf::new()]);
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(root.join(&folder)).into_iter().flatten().flatten() {
            let path = folder.join(entry.file_name());
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() && !LEFT_OUT.iter().any(|name| entry.file_name() == *name) {
                waiting.push(path);
            } else if kind.is_file() {
                found.extend(path.to_str().map(str::to_owned));
            }
        }
    }
    found.sort();
    found
}

fn is_copied(file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or(file);
    let values =
        name.starts_with(".env") && !["example", "sample", "template"].iter().any(|end| name.ends_with(end));
    !values && !file.split('/').any(|part| LEFT_OUT.contains(&part))
}

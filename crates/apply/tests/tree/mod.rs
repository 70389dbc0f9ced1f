//! A small export under git, what is to become of it, and a look at everything that stands there.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use edit::RelPath;
use plan::{Action, FileWrite};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Every path below a folder with what stands there, `.git` and `.migrate` left out; and git's index entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tree {
    /// Mode and content; folders end in `/` and have no content.
    pub(crate) files: BTreeMap<String, (u32, Vec<u8>)>,
    /// `git ls-files --stage`
    pub(crate) index: String,
}

pub(crate) fn path(path: &str) -> RelPath {
    RelPath::new(path).unwrap()
}

pub(crate) fn hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

pub(crate) fn git(root: &Path, arguments: &[&str]) -> String {
    let mut git = Command::new("git");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GIT_")) {
        git.env_remove(name);
    }
    git.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_OPTIONAL_LOCKS", "0");
    git.args(["-c", "user.name=Test", "-c", "user.email=test@example.com"]);
    let output = git.args(arguments).current_dir(root).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

pub(crate) fn write(root: &Path, path: &str, bytes: impl AsRef<[u8]>, mode: u32) {
    let place = root.join(path);
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    fs::write(&place, bytes).unwrap();
    fs::set_permissions(place, fs::Permissions::from_mode(mode)).unwrap();
}

/// An empty folder, in memory where the system has such a place: flushing there costs nothing.
pub(crate) fn empty() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// A folder with the export in it.
pub(crate) fn export() -> (tempfile::TempDir, PathBuf) {
    let folder = empty();
    let root = folder.path().canonicalize().unwrap();
    write(&root, ".env", "VITE_URL=https://example.test\n", 0o644);
    write(&root, ".gitignore", "node_modules\r\ndist\r\n", 0o644);
    write(&root, "scripts/deploy.sh", "#!/bin/sh\nKEY=sk_test_fake_0123\n", 0o755);
    write(&root, "src/old.ts", "export const old = 1;\n", 0o640);
    write(&root, "src/pages/Tasks.tsx", "\u{feff}const key = 'sk_test_fake_0123';", 0o644);
    (folder, root)
}

/// [`export`], committed.
pub(crate) fn versioned() -> (tempfile::TempDir, PathBuf) {
    let (folder, root) = export();
    git(&root, &["init", "-q"]);
    git(&root, &["add", "-A"]);
    git(&root, &["commit", "-qm", "export"]);
    (folder, root)
}

pub(crate) fn written(root: &Path, at: &str, bytes: impl AsRef<[u8]>, mode: u32) -> FileWrite {
    let before = fs::read(root.join(at)).ok().map(|bytes| hash(&bytes));
    FileWrite { path: path(at), before, action: Action::Write { bytes: bytes.as_ref().to_vec(), mode } }
}

pub(crate) fn acted(root: &Path, at: &str, action: Action) -> FileWrite {
    FileWrite { path: path(at), before: Some(hash(&fs::read(root.join(at)).unwrap())), action }
}

/// What becomes of the export: every kind of action is in it.
pub(crate) fn writes(root: &Path) -> Vec<FileWrite> {
    vec![
        acted(root, ".env", Action::Untrack),
        written(root, ".env.local", "KEY=sk_test_fake_0123\n", 0o600),
        written(root, ".gitignore", "node_modules\r\ndist\r\n.env\r\n.env.local\r\n", 0o644),
        written(root, "scripts/deploy.sh", "#!/bin/sh\n. ./.env.local\n", 0o644),
        written(root, "server/functions/tasks.ts", "export const tasks = 1;\n", 0o644),
        acted(root, "src/old.ts", Action::Delete),
        written(root, "src/pages/Tasks.tsx", "\u{feff}const key = read('KEY');", 0o644),
    ]
}

pub(crate) fn tree(root: &Path) -> Tree {
    let mut files = BTreeMap::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let place = entry.unwrap().path();
            let name = place.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            let metadata = fs::symlink_metadata(&place).unwrap();
            // A linked work tree's `.git` is a file; it is git's all the same.
            if [".git", ".migrate"].contains(&name.as_str()) {
                continue;
            }
            if metadata.is_dir() {
                files.insert(format!("{name}/"), (metadata.mode() & 0o7777, Vec::new()));
                folders.push(place);
            } else {
                let content =
                    if metadata.is_symlink() { b"link".to_vec() } else { fs::read(&place).unwrap() };
                files.insert(name, (metadata.mode() & 0o7777, content));
            }
        }
    }
    let index = if root.join(".git").exists() { git(root, &["ls-files", "--stage"]) } else { String::new() };
    Tree { files, index }
}

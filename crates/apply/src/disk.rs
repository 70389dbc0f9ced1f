//! The few things that are done to single files and folders, each in the form that a transaction needs: links are never followed,
//! what is written is flushed, a file is never open to others for a moment longer than its mode says.

use edit::RelPath;
use serde::{Deserialize, Serialize};
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// A regular file as it stands: its content (blake3, hex) and its Unix mode bits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Standing {
    pub(crate) hash: String,
    pub(crate) mode: u32,
}

/// What is found at a path.
pub(crate) enum Found {
    Nothing,
    File(Standing, Metadata),
    /// Not a regular file: what it is, for people.
    Other(&'static str),
}

impl Found {
    /// Whether this is `expected`, where `None` is nothing.
    pub(crate) fn is(&self, expected: Option<&Standing>) -> bool {
        match (self, expected) {
            (Found::Nothing, None) => true,
            (Found::File(standing, _), Some(expected)) => standing == expected,
            _ => false,
        }
    }
}

/// What stands at `path`; a link is not followed.
pub(crate) fn found(path: &Path) -> io::Result<Found> {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Found::Nothing);
        }
        Err(error) => return Err(error),
    };
    if metadata.is_symlink() {
        return Ok(Found::Other("a symbolic link"));
    }
    if metadata.is_dir() {
        return Ok(Found::Other("a folder"));
    }
    if !metadata.is_file() {
        return Ok(Found::Other("not a regular file"));
    }
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path)?)?;
    Ok(Found::File(
        Standing { hash: hasher.finalize().to_hex().to_string(), mode: mode(&metadata) },
        metadata,
    ))
}

/// The place of `path` below `root`, if every folder on the way is a real folder or not there yet. The error is a sentence.
pub(crate) fn place(root: &Path, path: &RelPath) -> Result<PathBuf, String> {
    let parts: Vec<&str> = path.as_str().split('/').collect();
    if parts.iter().any(|part| part.eq_ignore_ascii_case(".git") || part.eq_ignore_ascii_case(".migrate")) {
        return Err(format!("`{path}` lies in a folder that is not part of the project"));
    }
    let mut at = root.to_path_buf();
    for (depth, part) in parts.iter().enumerate().take(parts.len() - 1) {
        at.push(part);
        let folder = parts[..=depth].join("/");
        match fs::symlink_metadata(&at) {
            Ok(metadata) if metadata.is_symlink() => {
                return Err(format!(
                    "`{folder}` is a symbolic link, and `{path}` would be written through it"
                ));
            }
            Ok(metadata) if !metadata.is_dir() => {
                return Err(format!("`{folder}` is a file, and has to be a folder for `{path}`"));
            }
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(format!("`{folder}` cannot be looked at: {error}")),
        }
    }
    at.push(parts[parts.len() - 1]);
    Ok(at)
}

/// Which mode a new file gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ModeRule {
    /// At most this, the user's umask applied, as for any file that a program makes.
    New(u32),
    /// Exactly this.
    Exact(u32),
}

/// Makes a file that must not be there, and says what stands there. From its creation on it is open to nobody who may not read it
/// in the end. It is not written through to the disk: many files are flushed much faster in a row.
pub(crate) fn create(
    path: &Path,
    bytes: &[u8],
    rule: ModeRule,
    owner: Option<Owner>,
) -> io::Result<Standing> {
    let mut file = match rule {
        ModeRule::New(mode) => create_with_mode(path, mode)?,
        ModeRule::Exact(_) => create_with_mode(path, 0o600)?,
    };
    file.write_all(bytes)?;
    if let Some(owner) = owner {
        owner.give(&file);
    }
    if let ModeRule::Exact(mode) = rule {
        set_mode(&file, mode)?;
    }
    Ok(Standing { hash: hash(bytes), mode: mode(&file.metadata()?) })
}

/// Writes a file through to the disk.
pub(crate) fn flush(path: &Path) -> io::Result<()> {
    // Other systems than Unix flush only what may be written.
    OpenOptions::new().read(true).write(cfg!(not(unix))).open(path)?.sync_all()
}

/// blake3 of `bytes`, hex.
pub(crate) fn hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

/// Removes a file that need not be there.
pub(crate) fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Removes a folder if it is there and empty; says whether it did.
pub(crate) fn remove_if_empty(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir()) && fs::remove_dir(path).is_ok()
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};

    /// The mode bits, file type left out.
    pub(crate) fn mode(metadata: &Metadata) -> u32 {
        metadata.mode() & 0o7777
    }

    pub(crate) fn set_mode(file: &File, mode: u32) -> io::Result<()> {
        file.set_permissions(fs::Permissions::from_mode(mode))
    }

    pub(super) fn create_with_mode(path: &Path, mode: u32) -> io::Result<File> {
        OpenOptions::new().write(true).create_new(true).mode(mode).open(path)
    }

    /// Makes a folder that only its owner can enter.
    pub(crate) fn create_private_folder(path: &Path) -> io::Result<()> {
        fs::DirBuilder::new().mode(0o700).create(path)
    }

    /// How many names the file has.
    pub(crate) fn names(metadata: &Metadata) -> u64 {
        metadata.nlink()
    }

    /// Whether two looks were at one and the same file.
    pub(crate) fn same_file(one: &Metadata, other: &Metadata) -> bool {
        (one.dev(), one.ino()) == (other.dev(), other.ino())
    }

    /// Writes a folder's entries through to the disk.
    pub(crate) fn flush_folder(path: &Path) -> io::Result<()> {
        match File::open(path)?.sync_all() {
            // Some file systems cannot flush folders; they have nothing to flush.
            Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
            other => other,
        }
    }

    /// Who owns a file: user and group.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    pub(crate) struct Owner(u32, u32);

    impl Owner {
        pub(crate) fn of(metadata: &Metadata) -> Self {
            Self(metadata.uid(), metadata.gid())
        }

        /// Hands `file` over. Only the administrator may give files away; for all others they keep their own.
        pub(crate) fn give(self, file: &File) {
            if file.metadata().is_ok_and(|metadata| Owner::of(&metadata) != self) {
                std::os::unix::fs::fchown(file, Some(self.0), Some(self.1)).ok();
            }
        }
    }
}
#[cfg(unix)]
pub(crate) use unix::*;

#[cfg(not(unix))]
mod other {
    use super::*;

    pub(crate) fn mode(_: &Metadata) -> u32 {
        0o644
    }
    pub(crate) fn set_mode(_: &File, _: u32) -> io::Result<()> {
        Ok(())
    }
    pub(super) fn create_with_mode(path: &Path, _: u32) -> io::Result<File> {
        OpenOptions::new().write(true).create_new(true).open(path)
    }
    pub(crate) fn create_private_folder(path: &Path) -> io::Result<()> {
        fs::create_dir(path)
    }
    pub(crate) fn names(_: &Metadata) -> u64 {
        1
    }
    pub(crate) fn same_file(_: &Metadata, _: &Metadata) -> bool {
        true
    }
    pub(crate) fn flush_folder(_: &Path) -> io::Result<()> {
        Ok(())
    }
    /// Owners have no numbers here.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    pub(crate) struct Owner;
    impl Owner {
        pub(crate) fn of(_: &Metadata) -> Self {
            Self
        }
        pub(crate) fn give(self, _: &File) {}
    }
}
#[cfg(not(unix))]
pub(crate) use other::*;

//! From a folder on disk to loaded files. Links are never followed, `.git` is left out, build output is listed by folder.

use crate::content::{self, Content, SIZE_LIMIT};
use crate::ignored::Rules;
use crate::{Kind, ReadOptions, Skipped};
use edit::RelPath;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file before it is parsed.
pub(crate) struct Loaded {
    pub(crate) path: RelPath,
    pub(crate) kind: Kind,
    pub(crate) text: Arc<str>,
    pub(crate) hash: String,
    pub(crate) skipped: Option<Skipped>,
    pub(crate) tracked: bool,
    pub(crate) mode: u32,
}

/// What the disk holds.
pub(crate) struct Tree {
    pub(crate) files: Vec<Loaded>,
    pub(crate) output_folders: Vec<(RelPath, bool)>,
}

/// Reads everything below `root` that git does not ignore, and with it what is tracked all the same and every env file.
pub(crate) fn read(
    root: &Path,
    options: &ReadOptions,
    tracked: Option<&BTreeSet<String>>,
    top: Option<&Path>,
) -> Tree {
    let (entries, folders) = list(root);
    // Ignore files above the root count only where they belong to the repository and the export is part of it: a scratch folder
    // that a larger repository ignores is an export all the same.
    let above = top.is_some_and(|top| top != root) && tracked.is_some_and(|tracked| !tracked.is_empty());
    let wanted = not_ignored(root, &folders, above);
    let is_tracked = |path: &str| tracked.unwrap_or(&wanted).contains(path);
    let files: Vec<Loaded> = entries
        .into_par_iter()
        .filter(|(path, _)| {
            let named = content::is_env_file(path.name()) || is_tracked(path.as_str());
            options.no_ignore || named || wanted.contains(path.as_str())
        })
        .map(|(path, link)| {
            let tracked = is_tracked(path.as_str());
            load(root, path, link, tracked)
        })
        .collect();
    let rules = rules(&files);
    let output_folders = folders
        .into_iter()
        .map(|folder| {
            let below = format!("{folder}/");
            let any = |tracked: &BTreeSet<String>| {
                tracked.range(below.clone()..).next().is_some_and(|path| path.starts_with(&below))
            };
            let tracked = tracked.map_or_else(|| !rules.ignore_folder(folder.as_str()), any);
            (folder, tracked)
        })
        .collect();
    Tree { files, output_folders }
}

/// All files (and whether each is a link), and the folders of build output, which are not entered.
fn list(root: &Path) -> (Vec<(RelPath, bool)>, BTreeSet<RelPath>) {
    let (mut files, mut output) = (Vec::new(), BTreeSet::new());
    let mut open: Vec<(PathBuf, String)> = vec![(root.to_owned(), String::new())];
    while let Some((folder, prefix)) = open.pop() {
        // A folder that cannot be read is as good as absent: nothing in it can be said or changed.
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            let Some(path) = RelPath::new(format!("{prefix}{name}")) else {
                continue;
            };
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            // `.migrate` is our own journal.
            if name == ".git" || name == ".migrate" {
                continue;
            }
            if kind.is_dir() {
                if content::may_be_output(&name)
                    && content::is_output(&path, sample(&entry.path()).iter().map(String::as_str))
                {
                    output.insert(path);
                } else {
                    open.push((entry.path(), format!("{path}/")));
                }
            } else if kind.is_file() || kind.is_symlink() {
                files.push((path, kind.is_symlink()));
            }
        }
    }
    (files, output)
}

/// Some paths below `folder`, relative to it: enough to tell a bundle from sources.
fn sample(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = std::collections::VecDeque::from([(folder.to_owned(), String::new())]);
    while let Some((folder, prefix)) = open.pop_front() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                open.push_back((entry.path(), format!("{prefix}{name}/")));
            } else {
                found.push(format!("{prefix}{name}"));
            }
            if found.len() >= 500 || open.len() >= 200 {
                return found;
            }
        }
    }
    found
}

/// The paths that no `.gitignore` names. The user's global ignore file does not count: it is not part of the export.
fn not_ignored(root: &Path, output: &BTreeSet<RelPath>, in_subfolder: bool) -> BTreeSet<String> {
    let (root, output) = (root.to_owned(), output.clone());
    let relative = {
        let root = root.clone();
        move |path: &Path| path.strip_prefix(&root).ok().and_then(Path::to_str).map(str::to_owned)
    };
    let mut walk = ignore::WalkBuilder::new(&root);
    walk.standard_filters(false)
        .hidden(false)
        .git_ignore(true)
        .require_git(false)
        .parents(in_subfolder)
        .follow_links(false);
    let relative_of_folder = relative.clone();
    walk.filter_entry(move |entry| {
        entry.file_name() != ".git"
            && entry.file_name() != ".migrate"
            && !relative_of_folder(entry.path())
                .and_then(RelPath::new)
                .is_some_and(|path| output.contains(&path))
    });
    walk.build().flatten().filter_map(|entry| relative(entry.path())).collect()
}

fn load(root: &Path, path: RelPath, link: bool, tracked: bool) -> Loaded {
    let on_disk = root.join(path.as_str());
    let mut loaded = Loaded {
        kind: content::kind(&path),
        path,
        text: Arc::from(""),
        hash: String::new(),
        skipped: None,
        tracked,
        mode: 0o644,
    };
    if link {
        loaded.skipped = Some(Skipped::Link);
        return loaded;
    }
    let Ok(metadata) = fs::symlink_metadata(&on_disk) else {
        loaded.skipped = Some(Skipped::Unreadable);
        return loaded;
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        loaded.mode = metadata.permissions().mode() & 0o777;
    }
    if metadata.len() > SIZE_LIMIT {
        let mut hasher = blake3::Hasher::new();
        let hashed = fs::File::open(&on_disk).and_then(|file| hasher.update_reader(file).map(|_| ()));
        loaded.hash = if hashed.is_ok() { hasher.finalize().to_hex().to_string() } else { String::new() };
        loaded.skipped = (loaded.kind != Kind::Binary || hashed.is_err()).then_some(Skipped::TooLarge);
        return loaded;
    }
    let Ok(bytes) = fs::read(&on_disk) else {
        loaded.skipped = Some(Skipped::Unreadable);
        return loaded;
    };
    loaded.hash = blake3::hash(&bytes).to_hex().to_string();
    take(&mut loaded, bytes);
    loaded
}

fn take(loaded: &mut Loaded, bytes: Vec<u8>) {
    match content::content(&loaded.path, loaded.kind, bytes) {
        Content::Text(text) => loaded.text = Arc::from(text),
        Content::Skipped(why) => loaded.skipped = Some(why),
        Content::Rules(text) => {
            (loaded.text, loaded.skipped) = (Arc::from(text), Some(Skipped::Encoding));
        }
        Content::Binary => loaded.kind = Kind::Binary,
    }
}

/// The same from texts: what lies below a folder of build output becomes that folder.
pub(crate) fn from_texts(texts: Vec<(RelPath, String)>) -> Tree {
    let mut inside: BTreeMap<RelPath, Vec<String>> = BTreeMap::new();
    for (path, _) in &texts {
        for (at, _) in path.as_str().match_indices('/') {
            let Some(folder) = RelPath::new(&path.as_str()[..at]) else {
                continue;
            };
            if content::may_be_output(folder.name()) {
                inside.entry(folder).or_default().push(path.as_str()[at + 1..].to_owned());
            }
        }
    }
    inside.retain(|folder, paths| content::is_output(folder, paths.iter().map(String::as_str)));
    let output: Vec<RelPath> = inside.into_keys().collect();
    let below = |path: &RelPath, folder: &RelPath| {
        path.as_str().strip_prefix(folder.as_str()).is_some_and(|rest| rest.starts_with('/'))
    };
    let files = texts
        .into_iter()
        .filter(|(path, _)| !output.iter().any(|folder| below(path, folder)))
        .map(|(path, text)| of_text(path, text));
    let mut files: Vec<Loaded> = files.collect();
    track_what_is_not_ignored(&mut files);
    let outermost = output.iter().filter(|folder| !output.iter().any(|other| below(folder, other)));
    let rules = rules(&files);
    let tracked = |folder: &RelPath| !rules.ignore_folder(folder.as_str());
    Tree { output_folders: outermost.map(|folder| (folder.clone(), tracked(folder))).collect(), files }
}

/// Sets `tracked` by the `.gitignore` files among `files`.
pub(crate) fn track_what_is_not_ignored(files: &mut [Loaded]) {
    let rules = rules(files);
    for file in files {
        file.tracked = !rules.ignore_file(file.path.as_str());
    }
}

fn rules(files: &[Loaded]) -> Rules {
    Rules::of(files.iter().map(|file| (&file.path, &*file.text)))
}

/// A file that holds `text`.
pub(crate) fn of_text(path: RelPath, text: String) -> Loaded {
    let mut loaded = Loaded {
        kind: content::kind(&path),
        path,
        text: Arc::from(""),
        hash: blake3::hash(text.as_bytes()).to_hex().to_string(),
        skipped: None,
        tracked: true,
        mode: 0o644,
    };
    if text.len() as u64 > SIZE_LIMIT {
        loaded.skipped = Some(Skipped::TooLarge);
    } else {
        take(&mut loaded, text.into_bytes());
    }
    loaded
}

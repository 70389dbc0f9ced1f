//! What the `.gitignore` files of the tree say of a path. What git is told elsewhere (globally, in `.git/info/exclude`, above
//! the root) does not count: it is no part of the export.

use edit::RelPath;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use std::collections::BTreeMap;

/// The rules, by the folder that holds them.
#[derive(Debug)]
pub(crate) struct Rules(BTreeMap<String, Gitignore>);

impl Rules {
    /// Of those of the given files that are `.gitignore` files.
    pub(crate) fn of<'f>(files: impl Iterator<Item = (&'f RelPath, &'f str)>) -> Self {
        let mut rules = BTreeMap::new();
        for (path, text) in files.filter(|(path, _)| path.name() == ".gitignore") {
            let mut builder = GitignoreBuilder::new(format!("/{}", path.folder()));
            for line in text.strip_prefix('\u{feff}').unwrap_or(text).lines() {
                // A line that is no pattern is left out, as git does.
                builder.add_line(None, line).ok();
            }
            if let Ok(built) = builder.build() {
                rules.insert(path.folder().to_owned(), built);
            }
        }
        Self(rules)
    }

    /// Whether a file of this path is ignored. Deeper rules overrule those above them.
    pub(crate) fn ignore_file(&self, path: &str) -> bool {
        self.ignore(path, false)
    }

    /// Whether a folder of this path is ignored.
    pub(crate) fn ignore_folder(&self, path: &str) -> bool {
        self.ignore(path, true)
    }

    fn ignore(&self, path: &str, is_folder: bool) -> bool {
        let mut folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        loop {
            let rules = self.0.get(folder);
            let decided = rules.map(|rules| rules.matched_path_or_any_parents(format!("/{path}"), is_folder));
            match decided {
                Some(decided) if !decided.is_none() => return decided.is_ignore(),
                _ if folder.is_empty() => return false,
                _ => folder = folder.rsplit_once('/').map_or("", |(above, _)| above),
            }
        }
    }
}

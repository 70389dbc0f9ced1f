//! The gate: a tree is rewritten only if git can bring it back, unless the caller says otherwise. The three permissions have the
//! names and the meaning of `cargo fix`. Only the folder that is rewritten is looked at, not the rest of the repository.

use crate::git;
use anyhow::{Context, bail};
use std::path::{Path, PathBuf};

/// What the caller allows.
#[derive(Clone, Debug, Default)]
pub struct Gate {
    /// `--allow-dirty`: files with changes that are not staged, and untracked files.
    pub allow_dirty: bool,
    /// `--allow-staged`: files with staged changes.
    pub allow_staged: bool,
    /// `--allow-no-vcs`: a folder that git does not keep.
    pub allow_no_vcs: bool,
    /// Files that do not count: the saved plan that is applied, reports written beside it.
    pub ours: Vec<PathBuf>,
}

/// How many files a message names.
const NAMED: usize = 20;

/// Refuses, with a sentence that names the files and the flag, a tree that git cannot bring back. `root` must be absolute.
pub fn gate(root: &Path, gate: &Gate) -> anyhow::Result<()> {
    let Some(repository) = git::Repository::of(root) else {
        if gate.allow_no_vcs {
            return Ok(());
        }
        bail!(
            "this folder is not under version control, and `migrate apply` rewrites files; \
             run `git init && git add -A && git commit -m export` first, or pass `--allow-no-vcs`"
        );
    };
    if gate.allow_dirty && gate.allow_staged && gate.allow_no_vcs {
        return Ok(());
    }
    let changed =
        changed(root, &repository.top, &gate.ours).context("the state of the tree could not be read")?;
    if changed.is_empty() && !gate.allow_no_vcs && !git::tracks(root, ".") {
        bail!(
            "git ignores this folder and keeps none of its files, and `migrate apply` rewrites files; \
             put it under version control, or pass `--allow-no-vcs`"
        );
    }
    let refused: Vec<&Changed> = changed
        .iter()
        .filter(|file| if file.dirty { !gate.allow_dirty } else { !gate.allow_staged })
        .collect();
    if refused.is_empty() {
        return Ok(());
    }
    let flags = match (refused.iter().any(|file| file.dirty), refused.iter().any(|file| !file.dirty)) {
        (true, true) => "`--allow-dirty` and `--allow-staged`",
        (true, false) => "`--allow-dirty`",
        _ => "`--allow-staged`",
    };
    let mut list: Vec<String> = refused
        .iter()
        .take(NAMED)
        .map(|file| format!("  * {} ({})", file.path, if file.dirty { "dirty" } else { "staged" }))
        .collect();
    if refused.len() > NAMED {
        list.push(format!("  * and {} more", refused.len() - NAMED));
    }
    bail!(
        "the tree has uncommitted changes, and `migrate apply` rewrites files; commit these files first, or pass {flags}:\n\n{}\n",
        list.join("\n")
    );
}

/// A file that differs from the last commit.
struct Changed {
    /// Below the root, for people.
    path: String,
    /// Changed in the work tree or untracked; otherwise staged only.
    dirty: bool,
}

fn changed(root: &Path, top: &Path, ours: &[PathBuf]) -> anyhow::Result<Vec<Changed>> {
    let mut git = git::command(root);
    git.args(["status", "--porcelain=v1", "-z", "--untracked-files=all", "--", "."]);
    let output = git::output(git)?;
    let ours: Vec<PathBuf> = ours.iter().filter_map(|path| path.canonicalize().ok()).collect();
    let mut changed = Vec::new();
    let mut fields = output.split('\0');
    while let Some(field) = fields.next() {
        let (Some(state), Some(path)) = (field.get(..2), field.get(3..)) else { continue };
        // A rename or a copy says in one more field what the file was called.
        if state.contains(['R', 'C']) {
            fields.next();
        }
        let place = top.join(path);
        if ours.contains(&place) {
            continue;
        }
        let shown = place.strip_prefix(root).map_or(path.to_owned(), |path| path.display().to_string());
        changed.push(Changed { path: shown, dirty: !state.ends_with(' ') });
    }
    changed.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn run(root: &Path, arguments: &[&str]) {
        let mut git = git::command(root);
        git.args(["-c", "user.name=Test", "-c", "user.email=test@example.com"]).args(arguments);
        git::output(git).unwrap();
    }

    /// A repository with `kept.ts` and `app/kept.ts` in its one commit.
    fn repository() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::create_dir(root.join("app")).unwrap();
        fs::write(root.join("kept.ts"), "1").unwrap();
        fs::write(root.join("app/kept.ts"), "1").unwrap();
        fs::write(root.join(".gitignore"), "ignored\n").unwrap();
        run(&root, &["init", "-q"]);
        run(&root, &["add", "-A"]);
        run(&root, &["commit", "-qm", "export"]);
        (folder, root)
    }

    fn refusal(root: &Path, allowed: &Gate) -> String {
        gate(root, allowed).map_or_else(|error| format!("{error:#}"), |()| "open".to_owned())
    }

    #[test]
    fn a_clean_tree_passes() {
        let (_folder, root) = repository();
        assert_eq!(refusal(&root, &Gate::default()), "open");
    }

    #[test]
    fn a_dirty_file_is_named_with_its_flag() {
        let (_folder, root) = repository();
        fs::write(root.join("kept.ts"), "2").unwrap();
        fs::write(root.join("new file.ts"), "2").unwrap();
        let said = refusal(&root, &Gate::default());
        assert!(said.contains("  * kept.ts (dirty)\n  * new file.ts (dirty)\n"), "{said}");
        assert!(said.contains("pass `--allow-dirty`:"), "{said}");
        assert_eq!(refusal(&root, &Gate { allow_dirty: true, ..Gate::default() }), "open");
    }

    #[test]
    fn a_staged_file_needs_the_other_flag() {
        let (_folder, root) = repository();
        run(&root, &["mv", "kept.ts", "moved.ts"]);
        let said = refusal(&root, &Gate { allow_dirty: true, ..Gate::default() });
        assert!(said.contains("pass `--allow-staged`:\n\n  * moved.ts (staged)\n"), "{said}");
        assert_eq!(refusal(&root, &Gate { allow_staged: true, ..Gate::default() }), "open");
    }

    #[test]
    fn both_kinds_ask_for_both_flags() {
        let (_folder, root) = repository();
        fs::write(root.join("kept.ts"), "2").unwrap();
        fs::write(root.join("app/kept.ts"), "2").unwrap();
        run(&root, &["add", "app/kept.ts"]);
        let said = refusal(&root, &Gate::default());
        assert!(said.contains("`--allow-dirty` and `--allow-staged`"), "{said}");
    }

    #[test]
    fn changes_outside_the_folder_do_not_count() {
        let (_folder, root) = repository();
        fs::write(root.join("kept.ts"), "2").unwrap();
        assert_eq!(refusal(&root.join("app"), &Gate::default()), "open");
        fs::write(root.join("app/kept.ts"), "2").unwrap();
        let said = refusal(&root.join("app"), &Gate::default());
        assert!(said.contains("\n  * kept.ts (dirty)\n"), "{said}");
    }

    #[test]
    fn the_saved_plan_does_not_count() {
        let (_folder, root) = repository();
        fs::write(root.join("plan.json"), "{}").unwrap();
        assert!(refusal(&root, &Gate::default()).contains("plan.json"));
        assert_eq!(refusal(&root, &Gate { ours: vec![root.join("plan.json")], ..Gate::default() }), "open");
    }

    #[test]
    fn a_folder_without_git_needs_a_flag() {
        let folder = tempfile::tempdir().unwrap();
        assert!(refusal(folder.path(), &Gate::default()).contains("`--allow-no-vcs`"));
        assert_eq!(refusal(folder.path(), &Gate { allow_no_vcs: true, ..Gate::default() }), "open");
    }

    #[test]
    fn an_ignored_folder_counts_as_one_without_git() {
        let (_folder, root) = repository();
        fs::create_dir(root.join("ignored")).unwrap();
        fs::write(root.join("ignored/a.ts"), "1").unwrap();
        assert!(refusal(&root.join("ignored"), &Gate::default()).contains("git ignores this folder"));
    }

    #[test]
    fn many_files_are_counted_and_not_all_named() {
        let (_folder, root) = repository();
        for number in 0..30 {
            fs::write(root.join(format!("new{number:02}.ts")), "").unwrap();
        }
        assert!(refusal(&root, &Gate::default()).contains("  * and 10 more\n"));
    }
}

//! The plan as a patch that `git apply` takes, without a secret value in it.
//!
//! Most files are written as unified diffs. Where the lines of one would show a secret - removed, added, or only near a change -
//! the file is written as git's binary patch with a *delta*: "copy these bytes of what you have, insert these". What goes is
//! never spelled out. The other direction is left out, as it would have to hold it; git takes that.

mod base85;
mod delta;

use crate::{Outcome, Plan, Redactor, copied, text_after};
use audit::Survey;
use edit::diff::{FileDiff, Version, unified};
use edit::{FileId, RelPath};
use flate2::{Compression, write::ZlibEncoder};
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use project::{File, Kind};
use sha1::{Digest, Sha1};
use std::io::Write;

/// The plan as a patch. Files that git ignores are left out, and so is what a patch cannot say; its first lines name them.
pub fn patch(survey: &Survey<'_>, plan: &Plan) -> String {
    let redactor = Redactor::of(survey);
    let ignored = Ignored::of(survey, plan);
    let (mut left_out, mut untracked, mut body) = (Vec::new(), Vec::new(), String::new());
    for (path, outcome) in &plan.files {
        match outcome {
            Outcome::Untracked { .. } => untracked.push(("", path)),
            Outcome::UntrackedFolder => {
                untracked.push(("-r ", path));
                continue;
            }
            _ => {}
        }
        let mut change = FileChange::of(survey, path, outcome);
        let in_git = change.file.is_some_and(|file| survey.project.get(file).tracked);
        // Whoever gets the patch must have it.
        let source = copied::source(survey, plan, outcome).map(|file| survey.project.get(file));
        change.source = source.filter(|file| !unread(file) && (file.tracked || !ignored.covers(&file.path)));
        let unread = change.file.map(|file| survey.project.get(file)).is_some_and(unread);
        let diff = if unread || !in_git && ignored.covers(path) { None } else { change.written(&redactor) };
        match diff {
            Some(diff) => body += &diff,
            None => left_out.push(path),
        }
    }
    let mut head = String::new();
    if !left_out.is_empty() {
        head += "# Not in this patch, because git ignores them, they hold secrets, or they are no text; `migrate apply` sees to them:\n";
        head.extend(left_out.iter().map(|path| format!("#   {path}\n")));
    }
    if !untracked.is_empty() {
        head += "# To leave git's index and stay on disk:\n";
        let removal =
            |(option, path): &(&str, &RelPath)| format!("#   git rm --cached {option}-- {}\n", shell(path));
        head.extend(untracked.iter().map(removal));
    }
    head + &body
}

/// Whether the project knows no more of a file than that it is there.
fn unread(file: &File) -> bool {
    file.skipped.is_some() || file.kind == Kind::Binary
}

/// `path` as one word of a shell.
fn shell(path: &RelPath) -> String {
    let plain = |char: char| char.is_ascii_alphanumeric() || "_-./@+".contains(char);
    if path.as_str().chars().all(plain) {
        path.to_string()
    } else {
        format!("'{}'", path.as_str().replace('\'', "'\\''"))
    }
}

/// One file before and after.
struct FileChange<'a> {
    path: &'a RelPath,
    file: Option<FileId>,
    old: Option<(&'a str, u32)>,
    new: Option<(String, u32)>,
    /// What it begins as a copy of, if it is new.
    source: Option<&'a File>,
}

impl<'a> FileChange<'a> {
    fn of(survey: &Survey<'a>, path: &'a RelPath, outcome: &Outcome) -> Self {
        let project = survey.project;
        let (file, mode) = match outcome {
            Outcome::Created { mode, .. } => (None, Some(*mode)),
            Outcome::UntrackedFolder => (None, None),
            Outcome::Deleted { file } => (Some(*file), None),
            Outcome::Edited { file, .. } | Outcome::Untracked { file, .. } => {
                (Some(*file), Some(project.get(*file).mode))
            }
        };
        let old = file.map(|file| (&*project.get(file).text, project.get(file).mode));
        Self { path, file, old, new: mode.map(|mode| (text_after(survey, outcome), mode)), source: None }
    }

    /// The file's part of the patch, empty if nothing changes; `None` if it cannot be said without a secret.
    fn written(&self, redactor: &Redactor) -> Option<String> {
        let path = self.path;
        let source = self.source.map(|file| Version { path: &file.path, mode: file.mode, text: &file.text });
        let mut diff = FileDiff::between(
            self.old.map(|(text, mode)| Version { path, mode, text }).or(source),
            self.new.as_ref().map(|(text, mode)| Version { path, mode: *mode, text }),
        );
        diff.copied = source.is_some();
        // A heading may be cut in the middle of a secret.
        diff.hunks.iter_mut().for_each(|hunk| hunk.heading.clear());
        let text = unified(&diff);
        if !redactor.holds(&text) {
            return Some(text);
        }
        let (old, mode) = self.old?;
        let (new, forward) = match &self.new {
            None => (None, binary("literal", b"")),
            Some((new, _)) => {
                let secrets: Vec<_> = redactor.hits(new).map(|hit| hit.range).collect();
                let (delta, inserted) = delta::between(old.as_bytes(), new.as_bytes(), &secrets);
                // A secret that comes from another file cannot be copied from this one.
                if redactor.holds(&String::from_utf8_lossy(&inserted)) {
                    return None;
                }
                (Some(new), binary("delta", &delta))
            }
        };
        let head: String = text.split_inclusive('\n').take_while(|line| !line.starts_with("--- ")).collect();
        let hash = |text: Option<&str>| text.map_or("0".repeat(40), blob);
        let mode = if new.is_none() {
            String::new()
        } else {
            format!(" {}", if mode & 0o111 == 0 { "100644" } else { "100755" })
        };
        let index = format!("index {}..{}{mode}\n", hash(Some(old)), hash(new.map(String::as_str)));
        Some(format!("{head}{index}GIT binary patch\n{forward}\n"))
    }
}

/// The id that git gives to a file of this content.
fn blob(text: &str) -> String {
    let mut hasher = Sha1::new();
    hasher.update(format!("blob {}\0", text.len()));
    hasher.update(text);
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A part of git's binary patch: its kind, its size, and its bytes, packed.
fn binary(kind: &str, bytes: &[u8]) -> String {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    // Writing to memory cannot fail.
    let packed = encoder.write_all(bytes).and_then(|()| encoder.finish()).unwrap_or_default();
    format!("{kind} {}\n{}", bytes.len(), base85::lines(&packed))
}

/// What git will ignore after the plan, by the `.gitignore` files of the planned tree.
struct Ignored {
    /// The folder of each, and what it says. Deeper ones first: they have the last word.
    files: Vec<(String, Gitignore)>,
}

impl Ignored {
    fn of(survey: &Survey<'_>, plan: &Plan) -> Self {
        let named = |path: &RelPath| path.name() == ".gitignore";
        let there = survey
            .project
            .files
            .iter()
            .filter(|file| named(&file.path) && !plan.files.contains_key(&file.path));
        let mut texts: Vec<_> = there.map(|file| (file.path.clone(), file.text.to_string())).collect();
        let planned = plan.files.iter().filter(|(path, _)| named(path));
        texts.extend(planned.map(|(path, outcome)| (path.clone(), text_after(survey, outcome))));
        let mut files: Vec<_> = texts
            .into_iter()
            .filter_map(|(path, text)| {
                let mut builder = GitignoreBuilder::new("");
                for line in text.trim_start_matches('\u{feff}').lines() {
                    // A line that is no pattern ignores nothing.
                    let _ = builder.add_line(None, line);
                }
                Some((path.folder().to_owned(), builder.build().ok()?))
            })
            .collect();
        files.sort_by_key(|(folder, _)| std::cmp::Reverse(folder.len()));
        Self { files }
    }

    fn covers(&self, path: &RelPath) -> bool {
        for (folder, ignored) in &self.files {
            let below = match folder.as_str() {
                "" => Some(path.as_str()),
                folder => path.as_str().strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')),
            };
            let Some(below) = below else { continue };
            let verdict = ignored.matched_path_or_any_parents(below, false);
            if !verdict.is_none() {
                return verdict.is_ignore();
            }
        }
        false
    }
}

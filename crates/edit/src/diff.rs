//! The unified diff of one file: first as data, then as the text that `git diff` prints and `git apply` takes.
//!
//! Lines end at `\n` only, as for git: a carriage return before it belongs to the line, and so does a byte order mark.
//! The `index` line with the hashes of the two contents is left out: git does without it.

use crate::RelPath;
use serde::{Deserialize, Serialize};
use similar::{Algorithm, DiffOp, capture_diff_slices, group_diff_ops};
use std::fmt::Write;

/// Unchanged lines shown around a change.
const CONTEXT: usize = 3;

/// A file before or after.
#[derive(Clone, Copy, Debug)]
pub struct Version<'a> {
    /// Where it is.
    pub path: &'a RelPath,
    /// Its Unix mode. Git knows two: executable by anybody, or not.
    pub mode: u32,
    /// Its content.
    pub text: &'a str,
}

/// What becomes of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileDiff {
    /// Its path before; `None`: it is new.
    pub old_path: Option<RelPath>,
    /// Its path afterwards; `None`: it goes.
    pub new_path: Option<RelPath>,
    /// The file of the old path stays: the new one begins as a copy of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub copied: bool,
    /// Its Unix mode before.
    pub old_mode: Option<u32>,
    /// Its Unix mode afterwards.
    pub new_mode: Option<u32>,
    /// Where its lines change, in order.
    pub hunks: Vec<Hunk>,
}

/// Changed lines with the unchanged ones around them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hunk {
    /// First line in the old file, counted from 1; if it has none there, the line before (0 at the start of the file).
    pub old_start: usize,
    /// Number of lines in the old file.
    pub old_len: usize,
    /// First line in the new file, counted likewise.
    pub new_start: usize,
    /// Number of lines in the new file.
    pub new_len: usize,
    /// The last line before the hunk that begins with a letter, `_` or `$`: often the name of the function. May be empty.
    pub heading: String,
    /// The lines with their ends; one without an end is the last of its file.
    pub lines: Vec<(Sign, String)>,
}

/// What becomes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    /// It stays.
    Context,
    /// It goes.
    Removed,
    /// It comes.
    Added,
}

impl FileDiff {
    /// From `old` to `new`; `None` stands for no file.
    pub fn between(old: Option<Version<'_>>, new: Option<Version<'_>>) -> Self {
        Self {
            old_path: old.map(|version| version.path.clone()),
            new_path: new.map(|version| version.path.clone()),
            copied: false,
            old_mode: old.map(|version| version.mode),
            new_mode: new.map(|version| version.mode),
            hunks: hunks(old.map_or("", |version| version.text), new.map_or("", |version| version.text)),
        }
    }

    /// Whether the two are alike: one path, one mode as git knows modes, one content.
    pub fn is_empty(&self) -> bool {
        let modes_alike = self.old_mode.map(git_mode) == self.new_mode.map(git_mode);
        self.old_path == self.new_path && modes_alike && self.hunks.is_empty()
    }

    /// The number of lines that come.
    pub fn insertions(&self) -> usize {
        self.count(Sign::Added)
    }

    /// The number of lines that go.
    pub fn deletions(&self) -> usize {
        self.count(Sign::Removed)
    }

    fn count(&self, wanted: Sign) -> usize {
        self.hunks.iter().flat_map(|hunk| &hunk.lines).filter(|(sign, _)| *sign == wanted).count()
    }
}

/// The places where the lines of `old` and `new` differ.
pub fn hunks(old: &str, new: &str) -> Vec<Hunk> {
    let old: Vec<&str> = old.split_inclusive('\n').collect();
    let new: Vec<&str> = new.split_inclusive('\n').collect();
    let changes = capture_diff_slices(Algorithm::Myers, &old, &new);
    let mut hunks: Vec<Hunk> = Vec::new();
    let mut headings_sought = 0;
    for group in group_diff_ops(changes, CONTEXT) {
        let mut lines = Vec::new();
        for change in &group {
            let (removed, added) = (&old[change.old_range()], &new[change.new_range()]);
            if matches!(change, DiffOp::Equal { .. }) {
                lines.extend(removed.iter().map(|line| (Sign::Context, line.to_string())));
            } else {
                lines.extend(removed.iter().map(|line| (Sign::Removed, line.to_string())));
                lines.extend(added.iter().map(|line| (Sign::Added, line.to_string())));
            }
        }
        if lines.iter().all(|(sign, _)| *sign == Sign::Context) {
            continue;
        }
        let first =
            group.first().map_or((0, 0), |change| (change.old_range().start, change.new_range().start));
        let count = |other: Sign| lines.iter().filter(|(sign, _)| *sign != other).count();
        let (old_len, new_len) = (count(Sign::Added), count(Sign::Removed));
        let heading =
            match old[headings_sought.min(first.0)..first.0].iter().rev().find_map(|line| heading(line)) {
                Some(heading) => heading.to_owned(),
                None => hunks.last().map_or(String::new(), |before| before.heading.clone()),
            };
        headings_sought = first.0;
        hunks.push(Hunk {
            old_start: first.0 + usize::from(old_len > 0),
            old_len,
            new_start: first.1 + usize::from(new_len > 0),
            new_len,
            heading,
            lines,
        });
    }
    hunks
}

/// What git shows of `line` behind the place of a hunk, if it shows it at all.
fn heading(line: &str) -> Option<&str> {
    let begins = line.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_' || first == '$');
    let end = (0..=line.len().min(80)).rev().find(|&end| line.is_char_boundary(end))?;
    begins.then(|| line[..end].trim_ascii_end())
}

/// The diff as `git diff` prints it; `""` if it is empty.
pub fn unified(diff: &FileDiff) -> String {
    let mut out = String::new();
    let Some(any_path) = diff.old_path.as_ref().or(diff.new_path.as_ref()).filter(|_| !diff.is_empty())
    else {
        return out;
    };
    let old_name = quoted("a/", diff.old_path.as_ref().unwrap_or(any_path));
    let new_name = quoted("b/", diff.new_path.as_ref().unwrap_or(any_path));
    let mut line = |text: &str| {
        out.push_str(text);
        out.push('\n');
    };
    line(&format!("diff --git {old_name} {new_name}"));
    match (&diff.old_path, &diff.new_path) {
        (None, _) => line(&format!("new file mode {}", git_mode(diff.new_mode.unwrap_or(0)))),
        (_, None) => line(&format!("deleted file mode {}", git_mode(diff.old_mode.unwrap_or(0)))),
        (Some(old), Some(new)) => {
            let (old_mode, new_mode) =
                (git_mode(diff.old_mode.unwrap_or(0)), git_mode(diff.new_mode.unwrap_or(0)));
            if old_mode != new_mode {
                line(&format!("old mode {old_mode}"));
                line(&format!("new mode {new_mode}"));
            }
            if old != new {
                let what = if diff.copied { "copy" } else { "rename" };
                line(&format!("{what} from {}", quoted("", old)));
                line(&format!("{what} to {}", quoted("", new)));
            }
        }
    }
    if !diff.hunks.is_empty() {
        line(&format!(
            "--- {}",
            if diff.old_path.is_some() { ended(old_name) } else { "/dev/null".to_owned() }
        ));
        line(&format!(
            "+++ {}",
            if diff.new_path.is_some() { ended(new_name) } else { "/dev/null".to_owned() }
        ));
    }
    for hunk in &diff.hunks {
        print_hunk(&mut out, hunk);
    }
    out
}

fn print_hunk(out: &mut String, hunk: &Hunk) {
    let range =
        |start: usize, len: usize| if len == 1 { start.to_string() } else { format!("{start},{len}") };
    let (old, new) = (range(hunk.old_start, hunk.old_len), range(hunk.new_start, hunk.new_len));
    let space = if hunk.heading.is_empty() { "" } else { " " };
    // Writing to a string cannot fail.
    let _ = writeln!(out, "@@ -{old} +{new} @@{space}{}", hunk.heading);
    for (sign, line) in &hunk.lines {
        out.push(match sign {
            Sign::Context => ' ',
            Sign::Removed => '-',
            Sign::Added => '+',
        });
        out.push_str(line);
        if !line.ends_with('\n') {
            out.push_str("\n\\ No newline at end of file\n");
        }
    }
}

/// A regular file's mode in git's words.
fn git_mode(mode: u32) -> &'static str {
    if mode & 0o111 == 0 { "100644" } else { "100755" }
}

/// `name` behind `---` or `+++`: one with a space ends with a tab, so that tools find its end.
fn ended(mut name: String) -> String {
    if name.contains(' ') {
        name.push('\t');
    }
    name
}

/// `prefix` and `path`, in quotes and with escapes where git writes them so (`core.quotePath`, which is on by default).
fn quoted(prefix: &str, path: &RelPath) -> String {
    let path = path.as_str();
    if path.bytes().all(|byte| matches!(byte, b' '..0x7f) && byte != b'"' && byte != b'\\') {
        return format!("{prefix}{path}");
    }
    let mut out = format!("\"{prefix}");
    for byte in path.bytes() {
        match byte {
            b'"' | b'\\' => out.extend(['\\', char::from(byte)]),
            0x07 => out.push_str("\\a"),
            0x08 => out.push_str("\\b"),
            b'\t' => out.push_str("\\t"),
            b'\n' => out.push_str("\\n"),
            0x0b => out.push_str("\\v"),
            0x0c => out.push_str("\\f"),
            b'\r' => out.push_str("\\r"),
            b' '..0x7f => out.push(char::from(byte)),
            _ => {
                let _ = write!(out, "\\{byte:03o}");
            }
        }
    }
    out.push('"');
    out
}

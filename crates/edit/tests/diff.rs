//! The unified diff, held against git itself: git takes it, makes the planned bytes of it, and prints the same.
#![expect(clippy::unwrap_used, reason = "what fails here is the test")]

use edit::RelPath;
use edit::diff::{FileDiff, Version, unified};
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

/// One file before and after: mode and text, or no file.
type Change<'a> = (&'a str, Option<(u32, &'a str)>, Option<(u32, &'a str)>);

fn git(folder: &Path, arguments: &[&str], input: &str) -> String {
    let mut git = Command::new("git")
        .args(["-c", "core.autocrlf=false", "-c", "user.name=t", "-c", "user.email=t@example.invalid"])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    git.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = git.wait_with_output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "git {arguments:?}: {complaint}\n{input}");
    String::from_utf8(output.stdout).unwrap()
}

fn write(folder: &Path, (path, mode, text): (&str, u32, &str)) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
}

fn patch(changes: &[Change<'_>]) -> String {
    let mut patch = String::new();
    for &(path, old, new) in changes {
        let path = RelPath::new(path).unwrap();
        let version = |(mode, text)| Version { path: &path, mode, text };
        patch += &unified(&FileDiff::between(old.map(version), new.map(version)));
    }
    patch
}

/// Lets git apply the patch of `changes` in a repository of the old files, and checks that the new ones are there.
/// Gives what git itself prints of the change, without its `index` lines.
#[track_caller]
fn applies(changes: &[Change<'_>]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    git(folder, &["init", "-q"], "");
    for &(path, old, _) in changes {
        if let Some((mode, text)) = old {
            write(folder, (path, mode, text));
        }
    }
    git(folder, &["add", "-A"], "");
    git(folder, &["commit", "-q", "--allow-empty", "-m", "before"], "");
    let patch = patch(changes);
    if !patch.is_empty() {
        git(folder, &["apply", "--check", "-"], &patch);
        git(folder, &["apply", "--index", "-"], &patch);
    }
    for &(path, _, new) in changes {
        let there = fs::read(folder.join(path)).ok();
        assert_eq!(there.as_deref(), new.map(|(_, text)| text.as_bytes()), "{path}:\n{patch}");
        if let Some((mode, _)) = new {
            let executable = fs::metadata(folder.join(path)).unwrap().permissions().mode() & 0o111 != 0;
            assert_eq!(executable, mode & 0o111 != 0);
        }
    }
    let printed = git(folder, &["diff", "--cached", "--no-renames"], "");
    printed.split_inclusive('\n').filter(|line| !line.starts_with("index ")).collect()
}

/// As `applies`; and git prints the very same.
#[track_caller]
fn is_as_git_prints(changes: &[Change<'_>]) {
    assert_eq!(patch(changes), applies(changes));
}

#[test]
fn a_changed_line_is_shown_with_three_lines_around_it() {
    let old = "one\ntwo\nthree\n4\n5\n6\n7\n8\n9\n";
    let new = old.replace('6', "six");
    let path = RelPath::new("a.txt").unwrap();
    let version = |text| Some(Version { path: &path, mode: 0o644, text });
    let diff = FileDiff::between(version(old), version(&new));
    assert_eq!((diff.insertions(), diff.deletions(), diff.hunks.len()), (1, 1, 1));
    assert_eq!(
        unified(&diff),
        "diff --git a/a.txt b/a.txt\n--- a/a.txt\n+++ b/a.txt\n\
         @@ -3,7 +3,7 @@ two\n three\n 4\n 5\n-6\n+six\n 7\n 8\n 9\n"
    );
    assert!(FileDiff::between(version(old), version(old)).is_empty());
}

#[test]
fn headers_of_new_deleted_and_changed_files_are_as_git_prints_them() {
    let file = |text| Some((0o644, text));
    is_as_git_prints(&[("a/new.txt", None, file("1\n2\n"))]);
    is_as_git_prints(&[("new.txt", None, file("1"))]);
    is_as_git_prints(&[("empty", None, file(""))]);
    is_as_git_prints(&[("tool", None, Some((0o755, "#!/bin/sh\n")))]);
    is_as_git_prints(&[(".env.local", None, Some((0o600, "A=1\n")))]);
    is_as_git_prints(&[("old.txt", file("1\n2\n"), None)]);
    is_as_git_prints(&[("empty", file(""), None)]);
    is_as_git_prints(&[("tool", Some((0o755, "1")), None)]);
    is_as_git_prints(&[("tool", Some((0o644, "1\n")), Some((0o755, "1\n")))]);
    is_as_git_prints(&[("tool", Some((0o755, "1\n")), Some((0o644, "2\n")))]);
    is_as_git_prints(&[("a", file("1\n"), None), ("b", None, file("1\n")), ("c", file("1\n"), file("2\n"))]);
}

#[test]
fn odd_paths_are_quoted_as_git_quotes_them() {
    for path in [
        "with space.txt",
        "(group)/[id]/$slug.tsx",
        "größe.txt",
        "日本/語 x",
        "quo\"te",
        "tab\tand\nline",
        "\u{1}\u{7f}~",
    ] {
        is_as_git_prints(&[(path, Some((0o644, "1\n")), Some((0o644, "2\n")))]);
        is_as_git_prints(&[(path, None, Some((0o644, "2\n")))]);
        is_as_git_prints(&[(path, Some((0o644, "1\n")), None)]);
        is_as_git_prints(&[(path, Some((0o644, "1\n")), Some((0o755, "1\n")))]);
    }
}

#[test]
fn the_heading_of_a_hunk_is_the_one_that_git_finds() {
    let old: String = (0..60)
        .map(|line| match line {
            7 => "function seven() {   \n".to_owned(),
            30 => format!("const {} = 1;\n", "long".repeat(30)),
            _ => format!("  {line}\n"),
        })
        .collect();
    let new = old
        .replace("  3\n", "  x\n")
        .replace("  13\n", "")
        .replace("  25\n", "  y\n")
        .replace("  50\n", "  z\n");
    is_as_git_prints(&[("a.ts", Some((0o644, &old)), Some((0o644, &new)))]);
}

#[test]
fn line_ends_and_marks_stay_byte_for_byte() {
    let file = |text| Some((0o644, text));
    is_as_git_prints(&[("a", file("\u{feff}1\r\n2\r\n3"), file("\u{feff}1\r\n2\r\n3\r\n"))]);
    is_as_git_prints(&[("a", file("1\r2\r3\n4\n"), file("1\r2\rx\n4\n"))]);
    is_as_git_prints(&[("a", file("1\n\n\n"), file("1\n\n"))]);
    is_as_git_prints(&[("a", file("ä\u{2028}b\n"), file("ä\u{2028}c\n"))]);
}

/// All texts of up to two lines, of two words, an empty line and two line ends, with and without a final newline.
fn small_texts() -> Vec<String> {
    let mut texts = vec![String::new()];
    let mut longest = texts.clone();
    for _ in 0..2 {
        longest = longest
            .iter()
            .flat_map(|text| ["a\n", "\r\n", "b\r\n"].map(|line| format!("{text}{line}")))
            .collect();
        texts.extend(longest.iter().cloned());
        texts.extend(
            longest.iter().map(|text| text[..text.len() - 1].to_owned()).filter(|text| !text.is_empty()),
        );
    }
    texts.sort();
    texts.dedup();
    texts
}

#[test]
fn git_makes_the_planned_bytes_of_every_pair_of_small_texts() {
    let texts = small_texts();
    let versions = || texts.iter().map(|text| Some((0o644, text.as_str()))).chain([None]).enumerate();
    let pairs = || versions().flat_map(|old| versions().map(move |new| (old, new)));
    let names: Vec<String> = pairs().map(|(old, new)| format!("{}/{}", old.0, new.0)).collect();
    let changes: Vec<_> =
        pairs().zip(&names).map(|((old, new), name)| (name.as_str(), old.1, new.1)).collect();
    applies(&changes);
}

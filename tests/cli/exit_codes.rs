//! Exit codes, and what goes to which stream.

use crate::bad_input::refused;
use crate::program::{APP, Ran, Tree};
use std::fs;

#[test]
fn help_and_version_are_done() {
    let tree = Tree::new(&[]);
    let help = tree.migrate(&["--help"]).ended(0);
    assert!(help.out.contains("Exit codes:") && help.err.is_empty(), "{}", help.out);
    assert!(tree.migrate(&["--version"]).ended(0).out.starts_with("migrate 0."));
    for verb in ["audit", "plan", "show", "apply", "check", "undo", "explain", "rules"] {
        assert!(help.out.contains(verb));
        assert!(tree.migrate(&[verb, "--help"]).ended(0).out.contains("Usage: migrate"));
    }
}

#[test]
fn wrong_usage_is_64() {
    let tree = Tree::app();
    for arguments in [
        &[] as &[&str],
        &["audits"],
        &["audit", "--format", "xml"],
        &["audit", "--no-such-flag"],
        &["audit", ".", "."],
        &["explain"],
        &["apply", "--yes", "--interactive"],
        &["audit", "--write-baseline", "b.toml"],
        &["audit", "-q", "-v"],
    ] {
        let ran = tree.migrate(arguments).ended(64);
        assert!(ran.out.is_empty() && !ran.err.is_empty(), "{arguments:?}");
    }
}

#[test]
fn an_id_that_nothing_has_is_wrong_usage_and_the_nearest_is_named() {
    let tree = Tree::app();
    for arguments in [["audit", "--only", "supressions"], ["check", "--skip", "supressions"]] {
        assert!(tree.migrate(&arguments).ended(64).err.contains("did you mean `suppressions`?"));
    }
    assert!(tree.migrate(&["explain", "supressions"]).ended(64).err.contains("did you mean"));
    assert!(tree.migrate(&["explain", "xyzzy"]).ended(64).err.contains("`migrate rules` lists them"));
}

#[test]
fn findings_are_2_only_where_that_is_the_question() {
    let tree = Tree::app();
    tree.migrate(&["audit"]).ended(0);
    tree.migrate(&["plan"]).ended(0);
    tree.migrate(&["plan", "--detailed-exitcode"]).ended(2);
    tree.migrate(&["check"]).ended(2);
}

#[test]
fn a_clean_tree_is_0() {
    let tree = Tree::new(&APP[..3]);
    tree.commit();
    let none = ["--only", "suppressions"];
    tree.migrate(&[&["check"], &none[..]].concat()).ended(0);
    tree.migrate(&[&["plan", "--detailed-exitcode"], &none[..]].concat()).ended(0);
    let applied = tree.migrate(&[&["apply"], &none[..]].concat()).ended(0);
    assert_eq!(applied.out, "Nothing to change.\n");
}

// Streams.

#[test]
fn stdout_carries_the_result_and_stderr_everything_else() {
    let tree = Tree::app();
    let ran = tree
        .migrate(&["plan", "--format", "json", "--out", &tree.beside("p").display().to_string()])
        .ended(0);
    ran.json();
    assert!(ran.err.contains("Saved the plan"));
    let quiet = tree.migrate(&["plan", "-q", "--out", &tree.beside("p").display().to_string()]).ended(0);
    assert!(quiet.err.is_empty(), "{}", quiet.err);
}

#[test]
fn output_goes_to_a_file_whole() {
    let tree = Tree::app();
    let file = tree.beside("report.json");
    let ran = tree.migrate(&["audit", "--format", "json", "--output", file.to_str().unwrap()]).ended(0);
    assert!(ran.out.is_empty());
    assert_eq!(fs::read_to_string(file).unwrap(), tree.migrate(&["audit", "--format", "json"]).out);
    refused(&tree, &["audit", "--output", "no/such/folder/x"], &["cannot be written"]);
}

#[test]
fn colours_come_when_asked_for_and_never_with_json() {
    let tree = Tree::app();
    let escapes = |ran: Ran| ran.out.contains('\u{1b}');
    assert!(!escapes(tree.migrate(&["audit"])));
    assert!(escapes(tree.migrate(&["audit", "--color", "always"])));
    assert!(!escapes(tree.migrate(&["audit", "--color", "always", "--format", "json"])));
    let on_terminal = |variable: &[(&str, &str)]| tree.migrate_with(&["audit"], variable);
    assert!(!escapes(on_terminal(&[("NO_COLOR", "1")])));
}

#[test]
fn a_reader_that_went_away_is_no_error() {
    let tree = Tree::app();
    let line =
        format!("{} rules --format json | true; echo ${{PIPESTATUS[0]}}", env!("CARGO_BIN_EXE_migrate"));
    let done =
        std::process::Command::new("bash").args(["-c", &line]).current_dir(tree.root()).output().unwrap();
    assert_eq!((String::from_utf8_lossy(&done.stdout).trim(), done.stderr.len()), ("0", 0));
}

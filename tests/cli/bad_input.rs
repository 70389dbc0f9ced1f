//! Bad input: a clear sentence that says what to do, exit code 1, nothing changed.

use crate::program::{APP, Tree};
use crate::verbs::saved;
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// The run must fail with these words, and change nothing.
#[track_caller]
pub(crate) fn refused(tree: &Tree, arguments: &[&str], words: &[&str]) {
    let before = tree.files();
    tree.migrate(arguments).failed_saying(words);
    assert!(tree.files() == before, "{arguments:?} changed the tree");
}

const VERBS: [&str; 4] = ["audit", "plan", "check", "apply"];

#[test]
fn a_folder_that_is_none() {
    let tree = Tree::app();
    for verb in VERBS {
        refused(&tree, &[verb, "no-such-folder"], &["no-such-folder"]);
    }
    for verb in &VERBS[..3] {
        refused(&tree, &[verb, "package.json"], &["package.json", "not a folder"]);
    }
    refused(&tree, &["undo", "package.json"], &["not a folder"]);
}

#[test]
fn a_folder_without_an_app() {
    let tree = Tree::new(&[("notes.txt", "nothing here\n")]);
    tree.commit();
    for verb in VERBS {
        refused(&tree, &[verb], &["No package.json", "Give the folder"]);
    }
}

#[test]
fn an_app_root_that_is_not_there() {
    let tree = Tree::app();
    refused(&tree, &["plan", "--root", "web"], &["web", "package.json"]);
}

#[test]
fn a_file_that_cannot_be_read() {
    let tree = Tree::app();
    fs::set_permissions(tree.path("src/weather.ts"), fs::Permissions::from_mode(0o000)).unwrap();
    for verb in VERBS {
        let Some(ran) = tree.migrate_as_user(&[verb]) else { return };
        ran.failed_saying(&["cannot be read", "src/weather.ts", "chmod"]);
    }
}

#[test]
fn a_target_that_cannot_be_written() {
    let tree = Tree::app();
    let before = tree.files();
    for folder in ["src", "."] {
        fs::set_permissions(tree.path(folder), fs::Permissions::from_mode(0o555)).unwrap();
    }
    let ran = tree.migrate_as_user(&["apply", "--yes"]);
    for folder in ["src", "."] {
        fs::set_permissions(tree.path(folder), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let Some(ran) = ran else { return };
    ran.ended(1);
    assert!(tree.files() == before);
}

#[test]
fn a_folder_that_git_does_not_keep() {
    let tree = Tree::new(APP);
    refused(&tree, &["apply"], &["version control", "--allow-no-vcs"]);
    tree.migrate(&["plan"]).ended(0);
    tree.migrate(&["apply", "--allow-no-vcs"]).ended(0);
}

#[test]
fn a_tree_with_changes_of_its_own() {
    let tree = Tree::app();
    tree.write("src/new.ts", "export {};\n");
    refused(&tree, &["apply"], &["src/new.ts", "--allow-dirty"]);
    tree.git(&["add", "src/new.ts"]);
    refused(&tree, &["apply"], &["src/new.ts", "--allow-staged"]);
    tree.migrate(&["apply", "--allow-staged"]).ended(0);
}

#[test]
fn a_plan_that_was_made_on_another_tree() {
    let tree = Tree::app();
    let plan = saved(&tree);
    tree.write("src/weather.ts", &(tree.read("src/weather.ts") + "// more\n"));
    tree.write("index.html", &(tree.read("index.html") + "\n"));
    tree.commit();
    let words = ["src/weather.ts", "index.html", "Make a new plan"];
    refused(&tree, &["apply", &plan], &words);
    refused(&tree, &["show", &plan], &["src/weather.ts"]);
}

#[test]
fn a_plan_of_a_newer_format() {
    let tree = Tree::app();
    let plan = saved(&tree);
    let text = fs::read_to_string(&plan).unwrap().replacen(
        "\"format_version\": \"1.0\"",
        "\"format_version\": \"2.0\"",
        1,
    );
    fs::write(&plan, text).unwrap();
    refused(&tree, &["apply", &plan], &["2.0", "migrate plan --out"]);
}

#[test]
fn a_plan_that_is_cut_short_or_none() {
    let tree = Tree::app();
    let plan = saved(&tree);
    let text = fs::read_to_string(&plan).unwrap();
    for part in [&text[..text.len() / 2], "", "{}", "not a plan"] {
        fs::write(&plan, part).unwrap();
        refused(&tree, &["apply", &plan], &["migrate plan --out"]);
        refused(&tree, &["show", &plan], &["migrate plan --out"]);
    }
    refused(&tree, &["show", "no-such-plan"], &["no-such-plan", "cannot be read"]);
}

#[test]
fn nothing_to_undo() {
    refused(&Tree::app(), &["undo"], &["nothing to undo"]);
}

#[test]
fn two_apps_of_one_kind_are_not_chosen_between() {
    let old: Vec<_> = APP.iter().map(|(path, text)| (format!("project/{path}"), *text)).collect();
    let mut files = APP.to_vec();
    files.extend(old.iter().map(|(path, text)| (path.as_str(), *text)));
    let tree = Tree::new(&files);
    tree.commit();
    if tree.migrate(&["audit", "-v"]).ended(0).out.contains("--root") {
        refused(&tree, &["apply"], &["--root", "`project`"]);
        tree.migrate(&["plan", "--root", "project"]).ended(0);
    }
}

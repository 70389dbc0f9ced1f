//! The way from a plan to the tree and back.

use crate::bad_input::refused;
use crate::program::{FAKE_KEY, Tree};
use std::fs;

/// A plan of the small app, saved beside it.
pub(crate) fn saved(tree: &Tree) -> String {
    let plan = tree.beside("migration.plan").display().to_string();
    tree.migrate(&["plan", "--out", &plan]).ended(0);
    plan
}

#[test]
fn a_saved_plan_is_shown_applied_and_undone() {
    let tree = Tree::app();
    let before = tree.files();
    let plan = saved(&tree);
    assert!(tree.files() == before);
    assert_eq!(tree.migrate(&["show", "--json", &plan]).ended(0).json()["format_version"], "1.0");
    assert!(tree.migrate(&["show", "--diff", &plan]).ended(0).out.starts_with("diff --git"));
    assert!(tree.migrate(&["show", "--stat", &plan]).ended(0).out.contains("src/weather.ts"));
    assert!(tree.migrate(&["show", &plan]).ended(0).out.contains("A plan of migrate"));
    let applied = tree.migrate(&["apply", &plan]).ended(0);
    assert!(applied.out.starts_with("Applied "), "{}", applied.out);
    assert!(tree.files() != before);
    tree.git(&["add", "-A"]);
    tree.git(&["commit", "-qm", "migrated"]);
    let again = tree.migrate(&["plan", "--format", "json"]).ended(0).json();
    assert_eq!(again["changes"].as_array().unwrap().len(), 0, "{again:#}");
    tree.migrate(&["undo"]).ended(0);
    assert!(tree.files() == before);
}

#[test]
fn the_patch_is_one_that_git_takes() {
    let tree = Tree::app();
    let patch = tree.beside("migration.patch").display().to_string();
    tree.migrate(&["plan", "--patch", &patch]).ended(0);
    tree.git(&["apply", "--check", &patch]);
    assert!(!fs::read_to_string(patch).unwrap().contains(FAKE_KEY));
}

#[test]
fn a_saved_plan_is_not_chosen_from() {
    let tree = Tree::app();
    let plan = saved(&tree);
    assert!(
        tree.migrate(&["apply", &plan, "--only", "suppressions"]).ended(64).err.contains("applied as it is")
    );
    tree.migrate(&["apply", "--dir", "."]).ended(64);
}

#[test]
fn safe_changes_alone() {
    let tree = Tree::app();
    let all = tree.migrate(&["plan", "--format", "json"]).ended(0).json();
    let safe = tree.migrate(&["plan", "--safety", "safe", "--format", "json"]).ended(0).json();
    let count = |plan: &serde_json::Value| plan["changes"].as_array().unwrap().len();
    assert!(count(&safe) < count(&all));
    assert!(safe["changes"].as_array().unwrap().iter().all(|change| change["safety"] == "safe"));
}

#[test]
fn interactive_needs_a_terminal() {
    refused(&Tree::app(), &["apply", "--interactive"], &["--interactive needs a terminal"]);
}

#[test]
fn on_a_terminal_every_change_is_asked_for() {
    let tree = Tree::app();
    let before = tree.files();
    let Some(ran) = tree.migrate_on_terminal("apply --interactive", "?\nq\n") else { return };
    assert!(ran.out.contains("[y,n,a,q,?]") && ran.out.contains("leave it out"), "{}", ran.out);
    assert!(!ran.out.contains(FAKE_KEY));
    assert!(tree.files() == before, "{}", ran.out);
    let ran = tree.migrate_on_terminal("apply --interactive", "a\n").unwrap();
    assert!(ran.out.contains("Applied "), "{}", ran.out);
}

#[test]
fn on_a_terminal_a_fresh_plan_is_confirmed() {
    let tree = Tree::app();
    let before = tree.files();
    let Some(ran) = tree.migrate_on_terminal("apply", "n\n") else { return };
    assert!(ran.out.contains("[y/N]") && ran.out.contains("Nothing was changed"), "{}", ran.out);
    assert!(ran.code == 1 && tree.files() == before);
    assert_eq!(tree.migrate_on_terminal("apply", "y\n").unwrap().code, 0);
    assert!(tree.files() != before);
}

#[test]
fn verify_runs_nothing_of_the_project_without_a_yes() {
    let tree = Tree::app();
    let before = tree.files();
    refused(&tree, &["verify"], &["runs the project's own commands", "--yes"]);
    tree.migrate(&["verify", "--format", "sarif"]).ended(64);
    assert!(tree.files() == before);
}

//! Killed at any instant - at every step of the journal, and at moments in between - the tree is the old one or the new one after
//! the next command, whole. The one that is killed is this test program, started once more.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod tree;

use apply::{
    Changed, Gate, Observer, Options, Outcome, Purpose, apply, apply_with, recover, recover_with, undo,
    undo_with,
};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tree::{Tree, empty, export, tree, versioned, writes};

const ROOT: &str = "MIGRATE_TEST_ROOT";
const VERB: &str = "MIGRATE_TEST_VERB";
const STEP: &str = "MIGRATE_TEST_STEP";

fn options() -> Options {
    let gate = Gate { allow_dirty: true, allow_staged: true, allow_no_vcs: true, ours: Vec::new() };
    Options { gate, inputs: Vec::new() }
}

#[test]
#[ignore = "the part that is killed: started by the other tests"]
fn worker() {
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let root = PathBuf::from(variable(ROOT));
    let last: usize = variable(STEP).parse().unwrap_or(usize::MAX);
    let mut count = 0;
    let step: &mut Observer<'_> = &mut |_| {
        count += 1;
        if count > last {
            std::process::abort();
        }
        Ok(())
    };
    match variable(VERB).as_str() {
        "apply" => drop(apply_with(&root, writes(&root), &options(), step).unwrap()),
        "undo" => drop(undo_with(&root, Changed::Refuse, step).unwrap()),
        "recover" => drop(recover_with(&root, step).unwrap()),
        _ => {}
    }
}

/// Starts `verb` in a process of its own that aborts after `steps` steps.
fn start(root: &Path, verb: &str, steps: usize) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "worker", "--ignored", "--test-threads=1"])
        .env(ROOT, root)
        .env(VERB, verb)
        .env(STEP, steps.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Whether `verb` was killed, so that there may be more steps.
fn killed(root: &Path, verb: &str, steps: usize) -> bool {
    use std::os::unix::process::ExitStatusExt;
    let status = start(root, verb, steps).wait().unwrap();
    assert!(status.success() || status.signal().is_some(), "{verb} failed before step {steps}");
    !status.success()
}

/// An export as it is before and after the apply.
struct Case {
    folder: tempfile::TempDir,
    old: Tree,
    new: Tree,
}

impl Case {
    fn of(made: (tempfile::TempDir, PathBuf)) -> Self {
        let (folder, root) = made;
        let old = tree(&root);
        apply(&root, writes(&root), &options()).unwrap();
        let new = tree(&root);
        undo(&root, Changed::Refuse).unwrap();
        assert_eq!(tree(&root), old);
        Self { folder, old, new }
    }

    /// A fresh copy, in the state before.
    fn copy(&self) -> (tempfile::TempDir, PathBuf) {
        let folder = empty();
        let root = folder.path().canonicalize().unwrap().join("app");
        assert!(Command::new("cp").arg("-a").arg(self.folder.path()).arg(&root).status().unwrap().success());
        (folder, root)
    }

    /// Recovers, and holds the tree to one of the two states and to what was said. Gives whether it is the new one.
    fn recovers(&self, root: &Path, instant: &str) -> bool {
        let recovered = recover(root).unwrap_or_else(|error| panic!("{instant}: {error:#}"));
        let now = tree(root);
        let is_new = now == self.new;
        assert!(is_new || now == self.old, "{instant}: neither old nor new: {now:#?}");
        if let Some(recovered) = recovered {
            let finished = recovered.outcome == Outcome::Finished;
            assert_eq!(finished == (recovered.purpose == Purpose::Apply), is_new, "{instant}: {recovered}");
            assert!(recovered.left_alone.is_empty(), "{instant}: {recovered}");
        }
        assert_eq!(recover(root).unwrap(), None, "{instant}");
        assert!(
            !root.join(".git/index.lock").exists() && !root.join(".git/migrate/tx").exists(),
            "{instant}"
        );
        is_new
    }

    /// From the state that was recovered, everything works as ever.
    fn goes_on(&self, root: &Path, is_new: bool) {
        if !is_new {
            apply(root, writes(root), &options()).unwrap();
            assert_eq!(tree(root), self.new);
        }
        undo(root, Changed::Refuse).unwrap();
        assert_eq!(tree(root), self.old);
    }
}

/// Kills `verb` at every step. `prepare` brings a fresh copy to where `verb` starts. Gives the number of steps.
fn killed_at_every_step(case: &Case, verb: &str, prepare: &dyn Fn(&Path)) -> usize {
    let (mut olds, mut news) = (0, 0);
    for step in 0.. {
        let (_folder, root) = case.copy();
        prepare(&root);
        if !killed(&root, verb, step) {
            assert!(olds > 0 && news > 0, "{verb}: {olds} old, {news} new");
            return step;
        }
        let is_new = case.recovers(&root, &format!("{verb} killed at step {step}"));
        if is_new {
            news += 1
        } else {
            olds += 1
        }
        if step % 4 == 0 {
            case.goes_on(&root, is_new);
        }
    }
    unreachable!("the steps end")
}

#[test]
fn an_apply_killed_at_any_step_leaves_the_old_tree_or_the_new_one() {
    let steps = killed_at_every_step(&Case::of(versioned()), "apply", &|_| {});
    assert!(steps > 25, "only {steps} steps");
}

#[test]
fn an_apply_without_git_killed_at_any_step_leaves_the_old_tree_or_the_new_one() {
    killed_at_every_step(&Case::of(export()), "apply", &|_| {});
}

#[test]
fn an_undo_killed_at_any_step_leaves_the_old_tree_or_the_new_one() {
    let steps = killed_at_every_step(&Case::of(versioned()), "undo", &|root| {
        apply(root, writes(root), &options()).unwrap();
    });
    assert!(steps > 25, "only {steps} steps");
}

#[test]
fn a_recovery_killed_at_any_step_is_taken_up_by_the_next() {
    let case = Case::of(versioned());
    let mut recoveries = 0;
    for at in (7..).step_by(6) {
        let (_folder, root) = case.copy();
        if !killed(&root, "apply", at) {
            break;
        }
        for step in 0.. {
            let (_folder, again) = case.copy();
            std::fs::remove_dir_all(&again).unwrap();
            assert!(Command::new("cp").arg("-a").arg(&root).arg(&again).status().unwrap().success());
            if !killed(&again, "recover", step) {
                break;
            }
            recoveries += 1;
            case.recovers(&again, &format!("apply killed at step {at}, its recovery at step {step}"));
        }
    }
    assert!(recoveries > 20, "only {recoveries} recoveries were killed");
}

#[test]
fn a_kill_from_outside_at_any_moment_leaves_the_old_tree_or_the_new_one() {
    for case in [Case::of(versioned()), Case::of(export())] {
        let (_folder, root) = case.copy();
        let begun = Instant::now();
        start(&root, "apply", usize::MAX).wait().unwrap();
        let whole = begun.elapsed();
        let rounds = 40;
        for round in 0..rounds {
            let (_folder, root) = case.copy();
            let mut child = start(&root, "apply", usize::MAX);
            let moment = whole * round / rounds;
            std::thread::sleep(moment.min(Duration::from_millis(400)));
            child.kill().unwrap();
            child.wait().unwrap();
            case.recovers(&root, &format!("apply killed after {moment:?}"));
        }
    }
}

//! Applying, refusing and undoing on real folders.
#![cfg(unix)]

mod tree;

use apply::{Applied, Changed, Gate, Options, Step, apply, apply_with, last, recover, undo};
use plan::{Action, FileWrite};
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use tree::{acted, empty, export, git, hash, path, tree, versioned, write, writes, written};

fn all_allowed() -> Options {
    let gate = Gate { allow_dirty: true, allow_staged: true, allow_no_vcs: true, ours: Vec::new() };
    Options { gate, inputs: Vec::new() }
}

fn applied(root: &Path, writes: Vec<FileWrite>) -> Applied {
    apply(root, writes, &all_allowed()).unwrap_or_else(|error| panic!("{error:#}"))
}

/// The sentence of a refusal, after which the tree must be as it was.
fn refusal(root: &Path, writes: Vec<FileWrite>) -> String {
    let before = tree(root);
    let error = apply(root, writes, &all_allowed()).expect_err("it should be refused");
    assert_eq!(tree(root), before);
    assert!(!root.join(".git/migrate/tx").exists() && !root.join(".migrate/tx").exists());
    format!("{error:#}")
}

#[test]
fn everything_of_a_plan_comes_to_stand() {
    let (_folder, root) = versioned();
    let done = apply(&root, writes(&root), &Options::default()).unwrap();
    let after = tree(&root);
    let file = |name: &str| {
        after.files.get(name).map(|(mode, bytes)| (*mode, String::from_utf8_lossy(bytes).into_owned()))
    };
    assert_eq!(file(".env").unwrap(), (0o644, "VITE_URL=https://example.test\n".to_owned()));
    assert_eq!(file(".env.local").unwrap(), (0o600, "KEY=sk_test_fake_0123\n".to_owned()));
    assert_eq!(file("scripts/deploy.sh").unwrap(), (0o755, "#!/bin/sh\n. ./.env.local\n".to_owned()));
    assert_eq!(file("src/pages/Tasks.tsx").unwrap(), (0o644, "\u{feff}const key = read('KEY');".to_owned()));
    assert_eq!(file("server/functions/tasks.ts").unwrap().1, "export const tasks = 1;\n");
    assert_eq!(file("src/old.ts"), None);
    assert!(!after.index.contains("\t.env\n") && after.index.contains("src/old.ts"), "{}", after.index);
    assert_eq!(done.untracked, [path(".env")]);
    assert_eq!(done.files.len(), 6);
    assert_eq!(done.notes, Vec::<String>::new());
    assert!(after.files.keys().all(|name| !name.contains(".migrate")));
}

#[test]
fn undo_brings_back_bytes_modes_folders_and_index() {
    for (_folder, root) in [versioned(), export()] {
        let before = tree(&root);
        applied(&root, writes(&root));
        assert_ne!(tree(&root), before);
        let undone = undo(&root, Changed::Refuse).unwrap();
        assert_eq!(tree(&root), before);
        assert_eq!(undone.files.len(), 6);
        let again = undo(&root, Changed::Refuse).unwrap_err();
        assert!(again.to_string().contains("nothing to undo"), "{again:#}");
        assert!(!root.join(".git/migrate").exists() && !root.join(".migrate").exists());
    }
}

#[test]
fn undo_brings_back_the_index_after_git_has_refreshed_it() {
    let (_folder, root) = versioned();
    let before = tree(&root);
    applied(&root, writes(&root));
    git(&root, &["add", "scripts"]);
    git(&root, &["reset", "-q", "scripts"]);
    git(&root, &["update-index", "-q", "--really-refresh", "--force-remove", "src/none.ts"]);
    undo(&root, Changed::Refuse).unwrap();
    assert_eq!(tree(&root), before);
}

#[test]
fn undo_names_files_that_were_changed_since() {
    let (_folder, root) = versioned();
    let before = tree(&root);
    applied(&root, writes(&root));
    write(&root, ".env.local", "KEY=rotated\n", 0o600);
    write(&root, "src/old.ts", "back again", 0o644);
    let changed = tree(&root);
    let said = undo(&root, Changed::Refuse).unwrap_err().to_string();
    assert!(said.contains("  * .env.local\n  * src/old.ts\n"), "{said}");
    assert_eq!(tree(&root), changed);
    undo(&root, Changed::Overwrite).unwrap();
    assert_eq!(tree(&root), before);
}

#[test]
fn undo_keeps_a_folder_that_has_come_to_hold_more() {
    let (_folder, root) = versioned();
    applied(&root, writes(&root));
    write(&root, "server/mine.ts", "1", 0o644);
    undo(&root, Changed::Refuse).unwrap();
    assert!(root.join("server/mine.ts").exists() && !root.join("server/functions").exists());
}

#[test]
fn undo_is_of_the_folder_that_was_applied() {
    let (_folder, root) = versioned();
    applied(&root.join("src"), vec![acted(&root.join("src"), "old.ts", Action::Delete)]);
    let said = undo(&root, Changed::Refuse).unwrap_err().to_string();
    assert!(said.contains("run `migrate undo") && said.contains("/src`"), "{said}");
    undo(&root.join("src"), Changed::Refuse).unwrap();
    assert!(root.join("src/old.ts").exists());
}

#[test]
fn only_the_last_apply_is_undone() {
    let (_folder, root) = export();
    applied(&root, vec![written(&root, "a.ts", "1", 0o644)]);
    git(&root, &["init", "-q"]);
    applied(&root, vec![written(&root, "b.ts", "1", 0o644)]);
    undo(&root, Changed::Refuse).unwrap();
    assert!(root.join("a.ts").exists() && !root.join("b.ts").exists());
    assert!(undo(&root, Changed::Refuse).is_err());
}

#[test]
fn the_record_says_what_was_done_on_which_commit() {
    let (_folder, root) = versioned();
    assert_eq!(last(&root).unwrap(), None);
    applied(&root, writes(&root));
    let record = last(&root).unwrap().unwrap();
    assert_eq!(record.head.unwrap(), git(&root, &["rev-parse", "HEAD"]).trim());
    assert_eq!(record.tool_version, env!("CARGO_PKG_VERSION"));
    assert_eq!(record.untracked, [path(".env")]);
    assert!(record.files.contains(&path("src/old.ts")) && record.files.len() == 6);
}

#[test]
fn files_that_leave_the_index_in_a_folder_below_the_top_are_found() {
    let (_folder, root) = versioned();
    let below = root.join("src");
    let before = tree(&root);
    let done = applied(
        &below,
        vec![acted(&below, "pages/Tasks.tsx", Action::Untrack), acted(&below, "old.ts", Action::Untrack)],
    );
    assert_eq!(done.untracked.len(), 2);
    assert!(!git(&root, &["ls-files"]).contains("src/"));
    undo(&below, Changed::Refuse).unwrap();
    assert_eq!(tree(&root), before);
}

#[test]
fn untracking_what_git_does_not_track_is_nothing_to_do() {
    let (_folder, root) = export();
    let done = applied(&root, vec![acted(&root, ".env", Action::Untrack)]);
    assert_eq!(done, Applied::default());
    assert!(!root.join(".migrate").exists());
}

#[test]
fn a_file_can_change_and_leave_the_index_in_one() {
    let (_folder, root) = versioned();
    let before = tree(&root);
    applied(&root, vec![written(&root, ".env", "", 0o644), acted(&root, ".env", Action::Untrack)]);
    assert_eq!(fs::read(root.join(".env")).unwrap(), b"");
    assert!(!tree(&root).index.contains("\t.env\n"));
    undo(&root, Changed::Refuse).unwrap();
    assert_eq!(tree(&root), before);
}

#[test]
fn the_journal_is_never_committed_and_open_to_nobody_else() {
    for (_folder, root) in [versioned(), export()] {
        let home = if root.join(".git").exists() { root.join(".git/migrate") } else { root.join(".migrate") };
        applied(&root, writes(&root));
        let mode = |place: &Path| fs::metadata(place).unwrap().mode() & 0o777;
        assert_eq!((mode(&home), mode(&home.join("last"))), (0o700, 0o700));
        for entry in fs::read_dir(home.join("last")).unwrap() {
            assert_eq!(mode(&entry.unwrap().path()), 0o600);
        }
        assert!(!fs::read_to_string(home.join("last/journal.json")).unwrap().contains("sk_test"));
        git(&root, &["init", "-q"]);
        git(&root, &["add", "-A"]);
        assert!(!git(&root, &["ls-files"]).contains(".migrate"));
    }
}

#[test]
fn a_private_file_is_never_open_to_others() {
    let (_folder, root) = export();
    write(&root, ".env.local", "A=1\n", 0o644);
    let mut modes = Vec::new();
    let look = root.clone();
    apply_with(
        &root,
        vec![written(&root, ".env.local", "A=1\nKEY=sk_test_fake\n", 0o600)],
        &all_allowed(),
        &mut |_| {
            for entry in fs::read_dir(&look).unwrap() {
                let place = entry.unwrap().path();
                if fs::read(&place).is_ok_and(|bytes| bytes.ends_with(b"sk_test_fake\n")) {
                    modes.push(fs::metadata(place).unwrap().mode() & 0o777);
                }
            }
            Ok(())
        },
    )
    .unwrap();
    assert!(!modes.is_empty() && modes.iter().all(|mode| *mode == 0o600), "{modes:?}");
}

#[test]
fn every_file_that_differs_from_the_plan_is_named() {
    let (_folder, root) = versioned();
    let writes = writes(&root);
    write(&root, "scripts/deploy.sh", "other", 0o755);
    write(&root, "server/functions/tasks.ts", "here already", 0o644);
    fs::remove_file(root.join("src/old.ts")).unwrap();
    write(&root, ".env", "other", 0o644);
    let said = refusal(&root, writes);
    for problem in [
        "`.env` has changed",
        "`scripts/deploy.sh` has changed",
        "`server/functions/tasks.ts` is there already",
        "`src/old.ts` is gone",
    ] {
        assert!(said.contains(problem), "{said}");
    }
    assert!(said.contains("run `migrate plan` again"), "{said}");
}

#[test]
fn an_input_that_is_only_read_must_be_as_planned_too() {
    let (_folder, root) = versioned();
    let options = Options { inputs: vec![(path("src/old.ts"), hash(b"other"))], ..all_allowed() };
    let error = apply(&root, vec![written(&root, "a.ts", "1", 0o644)], &options).unwrap_err();
    assert!(format!("{error:#}").contains("`src/old.ts` has changed"), "{error:#}");
    assert!(!root.join("a.ts").exists());
}

#[test]
fn a_file_that_changes_between_look_and_commit_is_not_overwritten() {
    let (_folder, root) = versioned();
    let mut before = tree(&root);
    let edited = root.join("src/pages/Tasks.tsx");
    let error = apply_with(&root, writes(&root), &all_allowed(), &mut |step| match step {
        Step::Checked => fs::write(&edited, "mine"),
        _ => Ok(()),
    })
    .unwrap_err();
    assert!(format!("{error:#}").contains("`src/pages/Tasks.tsx` cannot be replaced"), "{error:#}");
    before.files.get_mut("src/pages/Tasks.tsx").unwrap().1 = b"mine".to_vec();
    assert_eq!(tree(&root), before);
    // Its old content is kept, since it might be missed.
    assert!(root.join(".git/migrate/kept-1").is_dir());
}

#[test]
fn a_file_that_appears_between_look_and_commit_is_not_overwritten() {
    let (_folder, root) = versioned();
    let place = root.join("new.ts");
    let error =
        apply_with(
            &root,
            vec![written(&root, "new.ts", "1", 0o644)],
            &all_allowed(),
            &mut |step| match step {
                Step::Staged => fs::write(&place, "mine"),
                _ => Ok(()),
            },
        )
        .unwrap_err();
    assert!(format!("{error:#}").contains("`new.ts` is there already"), "{error:#}");
    assert_eq!(fs::read(&place).unwrap(), b"mine");
}

#[test]
fn nothing_is_written_through_a_link_or_onto_one() {
    let (_folder, root) = versioned();
    let outside = empty();
    symlink(outside.path(), root.join("linked")).unwrap();
    symlink("src/old.ts", root.join("link.ts")).unwrap();
    let said = refusal(&root, vec![written(&root, "linked/deep/a.ts", "1", 0o644)]);
    assert!(
        said.contains("`linked` is a symbolic link, and `linked/deep/a.ts` would be written through it"),
        "{said}"
    );
    assert!(
        refusal(&root, vec![written(&root, "link.ts", "1", 0o644)]).contains("`link.ts` is a symbolic link")
    );
    assert!(
        refusal(&root, vec![acted(&root, "link.ts", Action::Delete)])
            .contains("`link.ts` is a symbolic link")
    );
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
}

#[test]
fn undo_does_not_write_through_a_folder_that_became_a_link() {
    let (_folder, root) = versioned();
    applied(&root, writes(&root));
    let outside = empty();
    fs::rename(root.join("src"), outside.path().join("src")).unwrap();
    symlink(outside.path().join("src"), root.join("src")).unwrap();
    assert!(undo(&root, Changed::Overwrite).unwrap_err().to_string().contains("symbolic link"));
    assert!(!outside.path().join("src/old.ts").exists());
}

#[test]
fn git_and_the_journal_are_no_targets() {
    let (_folder, root) = versioned();
    for at in [".git/hooks/post-checkout", "sub/.GIT/config", ".migrate/tx/journal.json"] {
        let said = refusal(&root, vec![written(&root, at, "1", 0o644)]);
        assert!(said.contains("not part of the project"), "{said}");
    }
}

#[test]
fn what_stands_in_the_way_is_named() {
    let (_folder, root) = versioned();
    let said = refusal(&root, vec![written(&root, "src/old.ts/new.ts", "1", 0o644)]);
    assert!(
        said.contains("`src/old.ts` is a file, and has to be a folder for `src/old.ts/new.ts`"),
        "{said}"
    );
    let folder = FileWrite {
        path: path("src/pages"),
        before: None,
        action: Action::Write { bytes: vec![], mode: 0o644 },
    };
    assert!(refusal(&root, vec![folder]).contains("`src/pages` is a folder"));
    let said = refusal(&root, vec![written(&root, "a", "1", 0o644), written(&root, "a/b", "1", 0o644)]);
    assert!(said.contains("`a` would be both a file and the folder of `a/b`"), "{said}");
    let said = refusal(&root, vec![written(&root, "a", "1", 0o644), written(&root, "a", "2", 0o644)]);
    assert!(said.contains("`a` would be written twice"), "{said}");
}

#[test]
fn a_folder_that_is_not_there_or_not_a_folder_is_a_sentence() {
    let (_folder, root) = export();
    let said = |place: &Path| format!("{:#}", apply(place, Vec::new(), &all_allowed()).unwrap_err());
    assert!(said(&root.join("none")).contains("cannot be opened"));
    assert!(said(&root.join(".env")).contains("is not a folder"));
    assert_eq!(recover(&root.join("none")).unwrap(), None);
}

#[test]
fn an_error_at_any_step_takes_everything_back() {
    let (_folder, root) = versioned();
    let before = tree(&root);
    let mut fails_at = 0;
    loop {
        let mut count = 0;
        let result = apply_with(&root, writes(&root), &all_allowed(), &mut |step| {
            count += 1;
            // What comes after this is no longer the apply but its closing.
            match count == fails_at + 1 && step != Step::Cleared && step != Step::RecordKept {
                true => Err(io::Error::from(io::ErrorKind::StorageFull)),
                false => Ok(()),
            }
        });
        match result {
            Err(error) => {
                let said = format!("{error:#}");
                assert!(said.contains("nothing was changed") && said.contains("no storage space"), "{said}");
                assert_eq!(tree(&root), before, "failed at step {fails_at}");
                assert!(!root.join(".git/index.lock").exists() && !root.join(".git/migrate").exists());
            }
            Ok(_) => break,
        }
        fails_at += 1;
    }
    assert!(fails_at > 25, "only {fails_at} steps were seen");
}

#[test]
fn a_folder_that_cannot_be_written_changes_nothing() {
    let (_folder, root) = export();
    let before = tree(&root);
    fs::set_permissions(root.join("src/pages"), fs::Permissions::from_mode(0o555)).unwrap();
    let result = apply(&root, writes(&root), &all_allowed());
    fs::set_permissions(root.join("src/pages"), fs::Permissions::from_mode(0o755)).unwrap();
    // The administrator may write everywhere.
    if let Err(error) = result {
        assert!(format!("{error:#}").contains("`src/pages/Tasks.tsx` cannot be written"), "{error:#}");
        assert_eq!(tree(&root), before);
    }
}

#[test]
fn a_locked_index_changes_nothing() {
    let (_folder, root) = versioned();
    fs::write(root.join(".git/index.lock"), "").unwrap();
    let said = refusal(&root, writes(&root));
    assert!(said.contains("git's index is locked"), "{said}");
    assert!(root.join(".git/index.lock").exists());
}

#[test]
fn two_at_once_are_one_and_a_refusal() {
    let (_folder, root) = versioned();
    let (place, mut seen) = (root.clone(), Vec::new());
    apply_with(&root, writes(&root), &all_allowed(), &mut |step| {
        if step == Step::Checked {
            seen.push(format!("{:#}", apply(&place, Vec::new(), &all_allowed()).unwrap_err()));
            seen.push(format!("{:#}", undo(&place, Changed::Refuse).unwrap_err()));
            seen.push(format!("{:#}", recover(&place).unwrap_err()));
        }
        Ok(())
    })
    .unwrap();
    let sentence = format!(
        "another `migrate` is at work in this folder (process {}); wait until it is done",
        std::process::id()
    );
    assert_eq!(seen, [sentence.clone(), sentence.clone(), sentence]);
}

#[test]
fn names_that_differ_by_case_are_noted() {
    let (_folder, root) = export();
    write(&root, "README.md", "1", 0o644);
    let done = applied(&root, vec![written(&root, "Readme.md", "2", 0o644)]);
    assert_eq!(
        done.notes,
        ["`Readme.md` and `README.md` are one file where case does not count (macOS, Windows)"]
    );
}

#[test]
fn a_second_name_of_a_file_is_noted_and_keeps_its_content() {
    let (_folder, root) = export();
    fs::hard_link(root.join("src/old.ts"), root.join("src/same.ts")).unwrap();
    let done = applied(&root, vec![written(&root, "src/old.ts", "2", 0o644)]);
    assert!(done.notes[0].contains("`src/old.ts` has a second name"), "{:?}", done.notes);
    assert_eq!(fs::read(root.join("src/same.ts")).unwrap(), b"export const old = 1;\n");
}

#[test]
fn what_is_as_planned_already_is_not_touched() {
    let (_folder, root) = export();
    let same = fs::read(root.join("src/old.ts")).unwrap();
    let done = applied(&root, vec![written(&root, "src/old.ts", same, 0o644)]);
    assert_eq!(done.files, []);
    assert!(!root.join(".migrate").exists());
}

#[test]
fn a_journal_that_came_with_a_commit_is_not_believed() {
    let (_folder, root) = versioned();
    let planted = r#"{"format_version":1,"tool_version":"0","purpose":"apply","phase":"staging","head":null,"root":null,
        "entries":[{"path":"x","before":null,"after":null,"owner":null,"stage":"src/old.ts"}],"makes":[],"leaves":[],"index":[]}"#;
    write(&root, ".migrate/tx/journal.json", planted, 0o644);
    git(&root, &["add", "-A", "-f"]);
    assert_eq!(recover(&root).unwrap(), None);
    assert!(root.join("src/old.ts").exists());
}

#[test]
fn a_journal_of_another_version_or_a_damaged_one_is_left_as_it_is() {
    let (_folder, root) = export();
    for (journal, sentence) in [(r#"{"format_version":2}"#, "another version"), ("{", "is damaged")] {
        write(&root, ".migrate/tx/journal.json", journal, 0o600);
        let said = recover(&root).unwrap_err().to_string();
        assert!(said.contains(sentence), "{said}");
        assert!(root.join(".migrate/tx/journal.json").exists());
    }
}

#[test]
fn a_planted_link_in_the_place_of_the_journal_leads_nowhere() {
    let outside = empty();
    let file = outside.path().join("journal.json");
    for planted in ["lock", ".gitignore", "tx", "last"] {
        let (_folder, root) = export();
        fs::write(&file, "{}").unwrap();
        fs::create_dir(root.join(".migrate")).unwrap();
        let to = if planted == "tx" || planted == "last" { outside.path() } else { &file };
        symlink(to, root.join(".migrate").join(planted)).unwrap();
        recover(&root).unwrap();
        let _ = apply(&root, writes(&root), &all_allowed());
        assert_eq!(fs::read_to_string(&file).unwrap(), "{}", "{planted}");
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1, "{planted}");
    }
    let (_folder, root) = export();
    symlink(outside.path(), root.join(".migrate")).unwrap();
    assert!(refusal(&root, writes(&root)).contains("it is not a folder"));
}

#[test]
fn a_linked_work_tree_whose_repository_is_on_another_disk_is_taken_back_and_undone_too() {
    let (_folder, main) = versioned();
    let elsewhere = tempfile::tempdir().unwrap();
    let root = elsewhere.path().canonicalize().unwrap().join("linked");
    git(&main, &["worktree", "add", "-q", root.to_str().unwrap()]);
    let before = tree(&root);
    let failed = apply_with(&root, writes(&root), &all_allowed(), &mut |step| match step {
        Step::FoldersFlushed => Err(io::Error::from(io::ErrorKind::StorageFull)),
        _ => Ok(()),
    });
    assert!(format!("{:#}", failed.unwrap_err()).contains("nothing was changed"));
    assert_eq!(tree(&root), before);
    applied(&root, writes(&root));
    assert!(!tree(&root).index.contains("\t.env\n") && tree(&main).index.contains("\t.env\n"));
    undo(&root, Changed::Refuse).unwrap();
    assert_eq!(tree(&root), before);
}

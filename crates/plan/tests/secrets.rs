//! No output of a plan holds a secret: not what is saved, not the patch, not the diff. And all of them say what the plan says.

mod support;

use audit::Survey;
use edit::{Edit, Piece, RelPath};
use plan::saved::{PlanOptions, SavedPlan};
use plan::{Action, Change, FileWrite, MovedFile, Plan, Request};
use project::{Project, ReadOptions};
use stack::Stack;
use std::path::Path;
use std::process::Command;
use support::{change, path, proposing, replacing, span};

/// Not a real one: letters and digits that count down. Shaped so that the rules know it.
const KEY: &str = "sk-proj-N0tR3alZ9yX8wV7uT6sR5qP4oN3mL2kJ1iH0gFeDcBa";

fn git(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.current_dir(folder).args(arguments).env_clear();
    command
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", folder)
        .env("GIT_CONFIG_NOSYSTEM", "1");
    let output = command.output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A repository of these files, all committed but for those that its `.gitignore` names.
fn repository(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (at, text) in files {
        let at = folder.path().join(at);
        std::fs::create_dir_all(at.parent().unwrap()).unwrap();
        std::fs::write(at, text).unwrap();
    }
    git(folder.path(), &["init", "-q"]);
    git(folder.path(), &["config", "core.autocrlf", "false"]);
    git(folder.path(), &["add", "."]);
    let author = ["-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-qm", "a"];
    git(folder.path(), &author);
    folder
}

/// Everything that a plan over `files` puts out, with the claims that hold for all of them.
struct Told {
    patch: String,
    saved: String,
    shown: String,
    writes: Vec<FileWrite>,
}

#[track_caller]
fn check(files: &[(&str, &str)], fix: impl Fn(&Survey<'_>) -> Vec<Change> + Sync) -> Told {
    let folder = repository(files);
    let project = Project::read(folder.path(), &ReadOptions::default()).unwrap();
    let stack = Stack::detect(&project);
    let survey = Survey::of(&project, &stack);
    let plan = plan::plan(&survey, &[&proposing("tiny", fix)]);
    assert!(plan.held.is_empty(), "{:?}", plan.held);
    let told = Told {
        patch: plan::patch(&survey, &plan),
        saved: SavedPlan::of(&survey, &plan, PlanOptions::default()).to_json(),
        shown: plan::diff_shown(&survey, &plan),
        writes: writes(folder.path(), &survey, &plan),
    };
    let holds_key = files.iter().any(|(_, text)| text.contains(KEY));
    assert_eq!(holds_key, survey.secrets.iter().any(|secret| secret.value == KEY));
    for output in [&told.patch, &told.saved, &told.shown] {
        for secret in survey.secrets.iter().filter(|secret| !secret.public_by_design) {
            assert!(!output.contains(&secret.value), "{output}");
        }
    }
    // Git takes the patch, and the tree is then as planned, but for the files that the patch says it leaves out.
    std::fs::write(folder.path().join(".git/plan.patch"), &told.patch).unwrap();
    if told.patch.contains("diff --git") {
        git(folder.path(), &["apply", "--check", ".git/plan.patch"]);
        git(folder.path(), &["apply", ".git/plan.patch"]);
    }
    for write in &told.writes {
        if told.patch.contains(&format!("#   {}\n", write.path)) {
            continue;
        }
        let on_disk = std::fs::read(folder.path().join(write.path.as_str())).ok();
        match &write.action {
            Action::Write { bytes, .. } => assert_eq!(on_disk.as_ref(), Some(bytes), "{}", write.path),
            Action::Delete => assert_eq!(on_disk, None),
            Action::Untrack => {}
        }
    }
    told
}

/// What apply gets from the saved plan, held to what the plan says.
fn writes(root: &Path, survey: &Survey<'_>, plan: &Plan) -> Vec<FileWrite> {
    let saved = SavedPlan::of(survey, plan, PlanOptions::default());
    let loaded = SavedPlan::from_json(&saved.to_json()).unwrap();
    assert_eq!(loaded, saved);
    let read = |path: &RelPath| Ok(std::fs::read(root.join(path.as_str()))?);
    let hash = |path: &RelPath| Some(blake3::hash(&read(path).ok()?).to_hex().to_string());
    assert_eq!(loaded.differences(&hash), Vec::<String>::new());
    let writes = loaded.writes(&read).unwrap();
    for write in &writes {
        assert_eq!(write.before, hash(&write.path));
        if let Action::Write { bytes, .. } = &write.action {
            assert_eq!(*bytes, plan::text_after(survey, &plan.files[&write.path]).into_bytes());
        }
    }
    assert!(writes.iter().all(|write| plan.files.contains_key(&write.path)));
    writes
}

/// Replaces the quoted key in `a.ts` by a read, and moves it to `.env.local`.
fn moving(survey: &Survey<'_>) -> Vec<Change> {
    let value = vec![Piece::Source(span(survey, "a.ts", KEY))];
    let env = Request::Env {
        path: path(".env.local"),
        mode: 0o600,
        section: "Server".to_owned(),
        name: "OPENAI_API_KEY".to_owned(),
        value,
        comment: None,
    };
    let ignore =
        Request::Line { path: path(".gitignore"), heading: "env".to_owned(), line: ".env.local".to_owned() };
    let quoted = format!("\"{KEY}\"");
    let replaced = replacing(survey, "tiny", "a.ts", &quoted, "process.env.OPENAI_API_KEY");
    vec![Change { edits: replaced.edits, requests: vec![env, ignore], ..change("tiny", "move") }]
}

fn source(before: &str, behind: &str) -> String {
    format!("{before}const key = \"{KEY}\";\n{behind}")
}

#[test]
fn a_secret_that_leaves_the_source_is_nowhere_but_in_the_env_file() {
    let told = check(&[("a.ts", &source("", "")), (".gitignore", "node_modules\n")], moving);
    assert!(told.patch.contains("GIT binary patch"), "{}", told.patch);
    assert!(told.patch.contains("#   .env.local\n"), "{}", told.patch);
    let env = told.writes.iter().find(|write| write.path.as_str() == ".env.local").unwrap();
    let bytes = format!("# Server\nOPENAI_API_KEY={KEY}\n").into_bytes();
    assert_eq!(env.action, Action::Write { bytes, mode: 0o600 });
    assert!(told.shown.contains("+OPENAI_API_KEY=sk-p"), "{}", told.shown);
}

#[test]
fn a_large_file_around_a_secret_survives_the_delta() {
    let filler: String = (0..3000).map(|line| format!("export const line{line} = {line}; // ä\n")).collect();
    check(&[("a.ts", &source(&filler, &filler)), (".gitignore", "")], moving);
    let windows = source(&filler, "").replace('\n', "\r\n");
    check(&[("a.ts", &windows), (".gitignore", "")], moving);
    let bom = format!("\u{feff}{}", source("", "last line without an end"));
    check(&[("a.ts", &bom), (".gitignore", "")], moving);
}

#[test]
fn a_secret_that_stays_near_a_change_is_not_shown() {
    let told = check(&[("a.ts", &source("f();\n", "g();\n"))], |survey| {
        vec![
            replacing(survey, "tiny", "a.ts", "f()", "h()"),
            replacing(survey, "tiny", "a.ts", "const key", "let key"),
        ]
    });
    assert!(told.patch.contains("GIT binary patch"));
}

#[test]
fn a_secret_that_moves_within_its_file_is_copied() {
    let told = check(&[("a.ts", &source("function f() {\n  g();\n}\n", "h();\n"))], |survey| {
        let line = span(survey, "a.ts", &format!("const key = \"{KEY}\";\n"));
        let file = survey.project.file("a.ts").unwrap();
        let end = file.span(file.text.len()..file.text.len());
        let there = Edit { span: end, replacement: vec![Piece::text("// moved\n"), Piece::Source(line)] };
        vec![Change { edits: vec![Edit::delete(line), there], ..change("tiny", "move") }]
    });
    assert!(told.patch.contains("GIT binary patch"));
}

#[test]
fn a_file_with_a_secret_that_goes_is_not_shown() {
    let told = check(&[(".env", &format!("OPENAI_API_KEY={KEY}\n")), ("b.txt", "b\n")], |survey| {
        let deletes = [".env", "b.txt"].map(|at| survey.project.file(at).unwrap().id).to_vec();
        vec![Change { deletes, ..change("tiny", "delete") }]
    });
    assert!(told.patch.contains("GIT binary patch\nliteral 0\n"));
}

#[test]
fn a_secret_in_a_text_of_ours_becomes_a_reference() {
    // Careless, and still not in the saved plan. A patch cannot say it, and names the file.
    let told = check(&[("a.ts", &source("", ""))], |_| {
        let pieces = vec![Piece::text(format!("{{\"key\": \"{KEY}\"}}\n"))];
        vec![Change {
            creates: vec![plan::NewFile { path: path("b.json"), pieces, mode: 0o644 }],
            ..change("tiny", "copy")
        }]
    });
    assert!(told.patch.contains("#   b.json\n"), "{}", told.patch);
}

#[test]
fn a_file_that_leaves_the_index_is_named() {
    let told = check(&[(".env", &format!("OPENAI_API_KEY={KEY}\n"))], |survey| {
        vec![Change { untracks: vec![survey.project.file(".env").unwrap().id], ..change("tiny", "untrack") }]
    });
    assert_eq!(told.patch, "# To leave git's index and stay on disk:\n#   git rm --cached -- .env\n");
    let actions: Vec<_> = told.writes.into_iter().map(|write| (write.path, write.action)).collect();
    assert_eq!(actions, [(path(".env"), Action::Untrack)]);
}

#[test]
fn odd_paths_modes_and_ends_are_taken_by_git() {
    check(&[("a b/ü \"q\".txt", "a\nb"), ("empty.txt", ""), ("c.txt", "c\r\nd\r\n")], |survey| {
        let file = survey.project.file("empty.txt").unwrap();
        let fill = Edit { span: file.span(0..0), replacement: vec![Piece::text("now\nfull")] };
        let made = plan::NewFile {
            path: path("new/run me.sh"),
            pieces: vec![Piece::text("#!/bin/sh\n")],
            mode: 0o755,
        };
        vec![
            replacing(survey, "tiny", "a b/ü \"q\".txt", "b", "c\n"),
            replacing(survey, "tiny", "c.txt", "c", "e"),
            Change { edits: vec![fill], creates: vec![made], ..change("tiny", "fill") },
        ]
    });
}

#[test]
fn a_page_that_moves_beside_its_place_is_a_copy_and_shows_no_secret() {
    let page = |secret: &str| {
        let lines: String = (1..=30).map(|at| format!("export const line{at} = {at};\n")).collect();
        format!("{lines}{secret}")
    };
    for text in [page(""), page(&source("", ""))] {
        let told = check(&[("page.ts", text.as_str())], |survey| {
            let moved = MovedFile {
                file: survey.project.file("page.ts").unwrap().id,
                to: path("page-client.ts"),
                leaves: Some(vec![Piece::text("export { default } from \"./page-client\";\n")]),
            };
            let edits = replacing(survey, "tiny", "page.ts", "line7 = 7", "line7 = 8").edits;
            vec![Change { moves: vec![moved], edits, ..change("tiny", "move") }]
        });
        for output in [&told.patch, &told.shown] {
            assert!(output.contains("copy from page.ts\ncopy to page-client.ts\n"), "{output}");
            assert!(!output.contains("+export const line1 "), "{output}");
        }
    }
}

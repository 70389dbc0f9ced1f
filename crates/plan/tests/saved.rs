//! A saved plan is refused, with a sentence, when it is not what it should be or the tree is not what it was made from.

mod support;

use edit::RelPath;
use plan::saved::{PlanOptions, SavedPlan};
use serde_json::{Value, json};
use support::{change, path, proposing, replacing, with_survey};

fn saved() -> Value {
    with_survey(&[("a.ts", "f();\n"), ("b.ts", "g();\n")], |survey| {
        let codemod = proposing("tiny", |survey| {
            let pieces = vec![edit::Piece::text("new\n")];
            let creates = vec![plan::NewFile { path: path("c.ts"), pieces, mode: 0o644 }];
            vec![
                replacing(survey, "tiny", "a.ts", "f", "h"),
                plan::Change { creates, ..change("tiny", "make") },
            ]
        });
        let plan = plan::plan(survey, &[&codemod]);
        serde_json::from_str(&SavedPlan::of(survey, &plan, PlanOptions::default()).to_json()).unwrap()
    })
}

#[track_caller]
fn check_refused(change: impl FnOnce(&mut Value), why: &str) {
    let mut value = saved();
    change(&mut value);
    let error = SavedPlan::from_json(&value.to_string()).unwrap_err();
    assert_eq!(error.to_string(), why);
}

#[test]
fn it_says_what_it_is_and_holds_hashes_and_byte_ranges() {
    let value = saved();
    assert_eq!(value["format_version"], "1.0");
    assert_eq!(value["tool"]["name"], "migrate");
    assert_eq!(value["inputs"][0]["path"], "a.ts");
    assert_eq!(value["inputs"][0]["hash"], blake3::hash(b"f();\n").to_hex().to_string());
    let edit = json!({ "span": { "file": 0, "start": 0, "end": 1 }, "replacement": [{ "text": "h" }] });
    assert_eq!(value["edits"][0]["edits"][0], edit);
}

#[test]
fn a_minor_version_may_be_newer_and_bring_keys() {
    let mut value = saved();
    value["format_version"] = json!("1.7");
    value["new"] = json!(1);
    assert!(SavedPlan::from_json(&value.to_string()).is_ok());
}

#[test]
fn a_newer_major_version_is_refused() {
    let version = env!("CARGO_PKG_VERSION");
    check_refused(
        |value| value["format_version"] = json!("2.0"),
        &format!(
            "The plan has format 2.0 (made by migrate {version}), and this program reads format 1.0. Use the migrate that made \
             it, or make the plan again."
        ),
    );
}

#[test]
fn what_is_no_plan_is_refused() {
    let error = |text: &str| SavedPlan::from_json(text).unwrap_err().to_string();
    assert_eq!(error("hello"), "The plan is not JSON: line 1, column 1.");
    assert_eq!(error("{}"), "This is no saved plan: it has no `format_version`.");
    let whole = saved().to_string();
    for end in (1..whole.len()).step_by(7) {
        assert_eq!(error(&whole[..end]), "The plan is cut short: it ends in line 1.");
    }
}

#[test]
fn a_path_that_leaves_the_root_is_refused() {
    let why = |path: &str| format!("The plan is damaged: `{path}` is not a path inside the project.");
    check_refused(|value| value["creates"][0]["path"] = json!("../c.ts"), &why("../c.ts"));
    check_refused(|value| value["creates"][0]["path"] = json!("/etc/c"), &why("/etc/c"));
    check_refused(
        |value| value["creates"][0]["path"] = json!("a/.GIT/hooks/c"),
        "The plan would write into git's own folder, `a/.GIT/hooks/c`. Nothing is done with it.",
    );
}

#[test]
fn a_plan_that_contradicts_itself_is_refused() {
    check_refused(
        |value| value["deletes"] = json!(["a.ts"]),
        "The plan is damaged: it changes `a.ts` twice.",
    );
    check_refused(
        |value| value["untracks"] = json!(["z.ts"]),
        "The plan is damaged: `z.ts` is not among its inputs.",
    );
    check_refused(
        |value| value["creates"][0]["path"] = json!("b.ts"),
        "The plan is damaged: it makes `b.ts`, which is among its inputs.",
    );
    check_refused(
        |value| value["edits"][0]["edits"][0]["span"]["file"] = json!(1),
        "The plan is damaged: the edits of `a.ts` are not in order.",
    );
    check_refused(
        |value| value["inputs"][0]["hash"] = json!("x"),
        "The plan is damaged: the hash of `a.ts` is none.",
    );
}

#[test]
fn bytes_that_a_file_does_not_have_are_refused() {
    let mut value = saved();
    value["edits"][0]["edits"][0]["span"]["end"] = json!(99);
    let plan = SavedPlan::from_json(&value.to_string()).unwrap();
    let error = plan.writes(&|_| Ok(b"f();\n".to_vec())).unwrap_err();
    assert_eq!(error.to_string(), "The plan is damaged: it refers to bytes that `a.ts` does not have.");
    let error = plan.writes(&|_| Ok(b"other".to_vec())).unwrap_err();
    assert_eq!(error.to_string(), "`a.ts` has changed since the plan was made.");
}

#[test]
fn every_file_that_differs_is_named() {
    let plan = SavedPlan::from_json(&saved().to_string()).unwrap();
    let disk = |path: &RelPath| match path.as_str() {
        "a.ts" => Some("other".to_owned()),
        "c.ts" => Some("there".to_owned()),
        _ => None,
    };
    assert_eq!(
        plan.differences(&disk),
        [
            "a.ts has changed since the plan was made.",
            "b.ts is gone.",
            "c.ts has appeared since the plan was made."
        ]
    );
}

//! Which changes stand together, what is held and why, and what the recheck says of a plan.

mod support;

use audit::{Finding, Survey};
use edit::{Edit, Piece, RelPath};
use plan::{Change, Chosen, Codemod, MovedFile, Plan, Request};
use support::{Tiny, asking, change, finding, path, proposing, replacing, span, texts, with_survey};
use syntax::module::Imported;

fn held(plan: &Plan) -> Vec<(&str, &str, &str)> {
    plan.held.iter().map(|held| (held.change.as_str(), held.because_of.as_str(), held.why.as_str())).collect()
}

fn ids(plan: &Plan) -> Vec<&str> {
    plan.changes.iter().map(|(id, _)| id.as_str()).collect()
}

#[test]
fn changes_of_two_codemods_land_in_one_file() {
    with_survey(&[("a.ts", "f(1);\ng(2);\n")], |survey| {
        let one = proposing("one", |survey| vec![replacing(survey, "one", "a.ts", "1", "3")]);
        let two = proposing("two", |survey| vec![replacing(survey, "two", "a.ts", "2", "4")]);
        let plan = plan::plan(survey, &[&one, &two]);
        assert_eq!(texts(survey, &plan), [("a.ts".to_owned(), "f(3);\ng(4);\n".to_owned())]);
        assert_eq!(ids(&plan), ["one/replace-1", "two/replace-2"]);
    });
}

#[test]
fn ids_are_slugs_of_titles_and_differ() {
    with_survey(&[], |survey| {
        let one = proposing("one", |_| {
            let makes = |(at, title): (usize, &str)| Change {
                creates: vec![plan::NewFile {
                    path: path(&format!("{at}.txt")),
                    pieces: vec![],
                    mode: 0o644,
                }],
                ..change("one", title)
            };
            ["Add a Key!", "add a key", "", "Schlüssel"].into_iter().enumerate().map(makes).collect()
        });
        let plan = plan::plan(survey, &[&one]);
        assert_eq!(ids(&plan), ["one/add-a-key", "one/add-a-key-2", "one/change", "one/schlüssel"]);
    });
}

#[test]
fn of_two_that_conflict_the_later_is_held_whole() {
    with_survey(&[("a.ts", "f(1);\n"), ("b.ts", "")], |survey| {
        let one = proposing("one", |survey| vec![replacing(survey, "one", "a.ts", "f(1)", "g()")]);
        let two = proposing("two", |survey| {
            let mut two = replacing(survey, "two", "a.ts", "1", "2");
            two.creates = vec![plan::NewFile { path: path("c.ts"), pieces: vec![], mode: 0o644 }];
            vec![two]
        });
        let plan = plan::plan(survey, &[&one, &two]);
        assert_eq!(
            held(&plan),
            [("two/replace-1", "one/replace-f-1", "Both change the same part of `a.ts`.")]
        );
        assert_eq!(texts(survey, &plan), [("a.ts".to_owned(), "g();\n".to_owned())]);
    });
}

fn key(codemod: &'static str, value: i32) -> Change {
    let request = Request::Line { path: path("list"), heading: String::new(), line: value.to_string() };
    let key = Request::ModuleItem {
        path: path("all.ts"),
        frame: (String::new(), String::new()),
        order: 0,
        key: "key".to_owned(),
        pieces: vec![Piece::text(value.to_string())],
    };
    asking(codemod, "ask", vec![request, key])
}

#[test]
fn a_change_whose_request_conflicts_is_held_whole() {
    with_survey(&[("a.ts", "f(1);\n")], |survey| {
        let one = proposing("one", |_| vec![key("one", 1)]);
        let two = proposing("two", |survey| {
            let mut two = replacing(survey, "two", "a.ts", "1", "2");
            two.requests = key("two", 2).requests;
            vec![two]
        });
        let plan = plan::plan(survey, &[&one, &two]);
        assert_eq!(held(&plan), [("two/replace-1", "one/ask", "Both want another `key` in `all.ts`.")]);
        assert!(!plan.files.contains_key(&path("a.ts")));
    });
}

#[test]
fn what_only_asks_for_what_is_there_is_no_change() {
    with_survey(&[(".env.example", "A=1\n")], |survey| {
        let one = proposing("one", |_| {
            let entry = |name: &str| Request::Env {
                path: path(".env.example"),
                mode: 0o644,
                section: String::new(),
                name: name.to_owned(),
                value: vec![],
                comment: None,
            };
            vec![
                asking("one", "there", vec![entry("A")]),
                asking("one", "new", vec![entry("B")]),
                change("one", "nothing"),
            ]
        });
        let plan = plan::plan(survey, &[&one]);
        assert_eq!(ids(&plan), ["one/new"]);
    });
}

#[test]
fn a_file_that_is_there_is_not_made() {
    with_survey(&[("Dockerfile", "FROM a\n")], |survey| {
        let one = proposing("one", |_| {
            let creates = vec![plan::NewFile { path: path("dockerfile"), pieces: vec![], mode: 0o644 }];
            vec![Change { creates, ..change("one", "make") }]
        });
        let plan = plan::plan(survey, &[&one]);
        assert_eq!(held(&plan), [("one/make", "one/make", "`Dockerfile` is there already.")]);
    });
}

#[test]
fn what_needs_a_held_change_is_held() {
    with_survey(&[("a.ts", "f(1);\n")], |survey| {
        let one = proposing("one", |survey| vec![replacing(survey, "one", "a.ts", "f(1)", "g()")]);
        let two = proposing("two", |survey| {
            let server =
                Change { key: Some("server".to_owned()), ..replacing(survey, "two", "a.ts", "1", "2") };
            vec![server, Change { needs: vec!["nobody".to_owned()], ..change("two", "alone") }]
        });
        let three = proposing("three", |_| {
            vec![Change { needs: vec!["server".to_owned()], ..change("three", "call") }]
        });
        let plan = plan::plan(survey, &[&one, &two, &three]);
        assert_eq!(
            held(&plan),
            [
                ("two/replace-1", "one/replace-f-1", "Both change the same part of `a.ts`."),
                ("two/alone", "two/alone", "It needs `nobody`, which nothing brings."),
                ("three/call", "two/replace-1", "It needs `server`, which is held."),
            ]
        );
    });
}

#[test]
fn deleted_and_untracked_files_are_said() {
    with_survey(&[("a.txt", "a\n"), (".env", "A=1\n"), (".env.b", "B=1\n")], |survey| {
        let one = proposing("one", |survey| {
            let id = |at: &str| survey.project.file(at).unwrap().id;
            let edits = vec![Edit::replace(span(survey, ".env.b", "1"), "2")];
            vec![Change {
                edits,
                deletes: vec![id("a.txt")],
                untracks: vec![id(".env"), id(".env.b")],
                ..change("one", "tidy")
            }]
        });
        let plan = plan::plan(survey, &[&one]);
        let outcomes: Vec<_> = plan.files.values().map(|outcome| format!("{outcome:?}")).collect();
        assert!(outcomes[0].starts_with("Untracked") && outcomes[0].ends_with("edits: [] }"), "{outcomes:?}");
        assert!(
            outcomes[1].starts_with("Untracked") && !outcomes[1].ends_with("edits: [] }"),
            "{outcomes:?}"
        );
        assert!(outcomes[2].starts_with("Deleted"), "{outcomes:?}");
    });
}

#[test]
fn a_request_in_a_file_that_goes_is_refused() {
    with_survey(&[("list", "a\n")], |survey| {
        let one = proposing("one", |survey| {
            let goes =
                Change { deletes: vec![survey.project.file("list").unwrap().id], ..change("one", "delete") };
            let line = Request::Line { path: path("list"), heading: String::new(), line: "b".to_owned() };
            vec![goes, asking("one", "ask", vec![line])]
        });
        let plan = plan::plan(survey, &[&one]);
        assert_eq!(held(&plan), [("one/ask", "one/ask", "`list` is deleted.")]);
        assert_eq!(texts(survey, &plan), [("list".to_owned(), "-".to_owned())]);
    });
}

fn ones(survey: &Survey<'_>) -> Vec<Finding> {
    let files = survey.project.files.iter().filter(|file| file.text.contains('1'));
    files.map(|file| finding(survey, "one/one", file.path.as_str(), "1")).collect()
}

/// Replaces every 1 that is found by `new`.
fn fixing(new: &'static str) -> Tiny<'static> {
    let fix = move |survey: &Survey<'_>, findings: &[Finding]| -> Vec<Change> {
        let change = |(at, finding): (usize, &Finding)| Change {
            edits: vec![Edit::replace(finding.span, new)],
            fixes: vec![at],
            ..change("one", &format!("fix {}", survey.project.get(finding.span.file).path))
        };
        findings.iter().enumerate().map(change).collect()
    };
    Tiny { id: "one", find: Box::new(ones), fix: Box::new(fix) }
}

#[track_caller]
fn check_recheck(files: &[(&str, &str)], codemods: &[&dyn Codemod], complaints: &[&str]) {
    with_survey(files, |survey| {
        let plan = plan::plan(survey, codemods);
        let said: Vec<String> =
            plan::recheck(survey, &plan, codemods).into_iter().map(|complaint| complaint.says).collect();
        assert_eq!(said, complaints);
    });
}

#[test]
fn findings_are_sorted_and_name_the_change_that_resolves_them() {
    with_survey(&[("b.ts", "f(1);\n"), ("a.ts", "f(1);\n")], |survey| {
        let plan = plan::plan(survey, &[&fixing("2")]);
        let linked: Vec<_> = plan
            .findings
            .iter()
            .map(|(finding, change)| (survey.project.get(finding.span.file).path.as_str(), change.as_deref()))
            .collect();
        assert_eq!(linked, [("a.ts", Some("one/fix-a-ts")), ("b.ts", Some("one/fix-b-ts"))]);
    });
}

#[test]
fn what_is_not_chosen_does_not_land_and_is_no_complaint() {
    with_survey(&[("a.ts", "f(1);\n"), ("b.ts", "f(1);\n")], |survey| {
        let one = fixing("2");
        let chosen = Chosen { finding: &|_| true, change: &|id, _| id == "one/fix-a-ts" };
        let plan = plan::plan_chosen(survey, &[&one], &chosen);
        assert_eq!(ids(&plan), ["one/fix-a-ts"]);
        assert_eq!(plan.findings[1].1, None);
        assert_eq!(plan::recheck(survey, &plan, &[&one]), []);
    });
}

#[test]
fn a_plan_that_keeps_its_promises_has_no_complaint() {
    check_recheck(&[("a.ts", "f(1);\n"), ("b.ts", "f(1);\n")], &[&fixing("2")], &[]);
}

#[test]
fn a_fix_that_fixes_nothing_is_complained_of() {
    check_recheck(
        &[("a.ts", "f(1);\n")],
        &[&fixing("1 + 0")],
        &[
            "After the plan, one/fix-a-ts is planned again in a.ts.",
            "a.ts: one/one (1) is claimed fixed and would still be found after the plan.",
        ],
    );
}

#[test]
fn a_file_that_no_longer_parses_is_complained_of() {
    check_recheck(
        &[("a.ts", "f(1);\n")],
        &[&fixing("(")],
        &["a.ts parses now and would not after the plan."],
    );
    check_recheck(
        &[("a.json", "{\"a\": 1}\n")],
        &[&fixing("")],
        &["a.json parses now and would not after the plan."],
    );
    let makes = proposing("makes", |survey| {
        let creates =
            vec![plan::NewFile { path: path("b.ts"), pieces: vec![Piece::text("f(")], mode: 0o644 }];
        if survey.project.file("b.ts").is_some() {
            vec![]
        } else {
            vec![Change { creates, ..change("makes", "make") }]
        }
    });
    check_recheck(&[], &[&makes], &["b.ts, a new file, does not parse."]);
}

#[test]
fn a_complaint_names_the_files_and_who_wrote_there() {
    for text in ["(", "1 + 0"] {
        with_survey(&[("a.ts", "f(1);\n"), ("b.ts", "g();\n")], |survey| {
            let one = fixing(text);
            let plan = plan::plan(survey, &[&one]);
            let complaints = plan::recheck(survey, &plan, &[&one]);
            assert!(!complaints.is_empty());
            for complaint in complaints {
                assert_eq!(complaint.codemod.as_deref(), Some("one"));
                assert!(complaint.files.iter().map(RelPath::as_str).eq(["a.ts"]), "{complaint:?}");
            }
        });
    }
}

#[test]
fn a_new_finding_is_complained_of() {
    let makes = proposing("makes", |survey| {
        let creates =
            vec![plan::NewFile { path: path("b.ts"), pieces: vec![Piece::text("f(1);\n")], mode: 0o644 }];
        if survey.project.file("b.ts").is_some() {
            vec![]
        } else {
            vec![Change { creates, ..change("makes", "make") }]
        }
    });
    let finds = Tiny { id: "one", find: Box::new(ones), fix: Box::new(|_, _| Vec::new()) };
    check_recheck(
        &[],
        &[&makes, &finds],
        &["b.ts: one/one (1) would be found after the plan and is not found now."],
    );
}

#[test]
fn a_finding_that_moves_with_its_code_is_not_new() {
    let moves = proposing("moves", |survey| {
        if survey.project.file("b.ts").is_some() {
            return vec![];
        }
        let whole = span(survey, "a.ts", "f(1);\n");
        let creates =
            vec![plan::NewFile { path: path("b.ts"), pieces: vec![Piece::Source(whole)], mode: 0o644 }];
        vec![Change { edits: vec![Edit::delete(whole)], creates, ..change("moves", "move") }]
    });
    let finds = Tiny { id: "one", find: Box::new(ones), fix: Box::new(|_, _| Vec::new()) };
    check_recheck(&[("a.ts", "f(1);\n")], &[&moves, &finds], &[]);
}

#[test]
fn what_another_change_does_better_is_left_out_where_that_one_lands() {
    with_survey(&[("a.ts", "f(1);\ng(2);\n")], |survey| {
        let better = proposing("better", |survey| {
            vec![Change {
                key: Some("all".to_owned()),
                ..replacing(survey, "better", "a.ts", "f(1);", "h();")
            }]
        });
        let small = proposing("small", |survey| {
            vec![Change { unless: Some("all".to_owned()), ..replacing(survey, "small", "a.ts", "1", "3") }]
        });
        let plan = plan::plan(survey, &[&better, &small]);
        assert_eq!((ids(&plan), held(&plan)), (vec!["better/replace-f-1"], vec![]));
        let alone = plan::plan(survey, &[&small]);
        assert_eq!(ids(&alone), ["small/replace-1"]);
    });
}

#[test]
fn a_finding_whose_place_goes_is_resolved_by_the_change_that_takes_it() {
    with_survey(&[("a.ts", "f(1);\ng(1);\n")], |survey| {
        let takes = proposing("takes", |survey| {
            let there = survey.project.file("a.ts").is_some_and(|file| file.text.contains("f(1)"));
            if there { vec![replacing(survey, "takes", "a.ts", "f(1);\n", "")] } else { Vec::new() }
        });
        let finds = Tiny {
            id: "finds",
            find: Box::new(|survey| {
                ["f(1)", "g(1)"]
                    .into_iter()
                    .filter(|text| survey.project.file("a.ts").is_some_and(|file| file.text.contains(text)))
                    .map(|text| finding(survey, "finds/one", "a.ts", text))
                    .collect()
            }),
            fix: Box::new(|_, _| Vec::new()),
        };
        let plan = plan::plan(survey, &[&takes, &finds]);
        let by: Vec<_> = plan.findings.iter().map(|(_, by)| by.as_deref()).collect();
        assert_eq!(by, [Some("takes/replace-f-1"), None]);
        assert!(plan::recheck(survey, &plan, &[&takes, &finds]).is_empty());
    });
}

#[test]
fn a_moved_file_takes_along_what_others_change_in_it() {
    with_survey(&[("a.ts", "import { f } from \"./f\";\nf(1);\n"), ("f.ts", "")], |survey| {
        let one = proposing("one", |survey| {
            let file = span(survey, "a.ts", "f").file;
            let leaves = Some(vec![Piece::text("export {};\n")]);
            vec![Change {
                moves: vec![MovedFile { file, to: path("b.ts"), leaves }],
                ..change("one", "move it")
            }]
        });
        let two = proposing("two", |survey| vec![replacing(survey, "two", "a.ts", "f(1)", "g(1)")]);
        let import = proposing("three", |survey| {
            let (file, name) = (span(survey, "a.ts", "f").file, Imported::Named("g".into()));
            let (from, local) = ("./g".to_owned(), "g".to_owned());
            let import = Request::Import { file, from, name, local, type_only: false };
            vec![asking("three", "import it", vec![import])]
        });
        let plan = plan::plan(survey, &[&one, &two, &import]);
        assert_eq!(held(&plan), []);
        let moved = "import { g } from \"./g\";\ng(1);\n".to_owned();
        assert_eq!(
            texts(survey, &plan),
            [("a.ts".to_owned(), "export {};\n".to_owned()), ("b.ts".to_owned(), moved)]
        );
    });
}

#[test]
fn of_two_moves_of_one_file_the_later_is_held() {
    with_survey(&[("a.ts", "f(1);\n"), ("c.ts", "")], |survey| {
        let to = |to: &'static str| {
            proposing("one", move |survey| {
                let file = span(survey, "a.ts", "f").file;
                let moves = vec![MovedFile { file, to: path(to), leaves: None }];
                vec![Change { moves, ..change("one", &format!("to {to}")) }]
            })
        };
        let plan = plan::plan(survey, &[&to("b.ts"), &to("d.ts"), &to("c.ts")]);
        assert_eq!(
            held(&plan),
            [
                ("one/to-d-ts", "one/to-b-ts", "Both move the same file."),
                ("one/to-c-ts", "one/to-c-ts", "`c.ts` is there already."),
            ]
        );
        assert_eq!(
            texts(survey, &plan),
            [("a.ts".to_owned(), "-".to_owned()), ("b.ts".to_owned(), "f(1);\n".to_owned())]
        );
    });
}

//! Documents, lists, env files and generated modules: what is asked for is there afterwards, once, in the file's layout.

mod support;

use edit::{Piece, RelPath};
use plan::Request;
use serde_json::json;
use support::{asking, check_refused, check_requests, path, proposing, span, texts, with_survey};

fn json(at: &str, key: &[&str], value: serde_json::Value) -> Request {
    Request::Json { path: path(at), key: key.iter().map(|key| (*key).to_owned()).collect(), value }
}

fn json_remove(at: &str, key: &[&str]) -> Request {
    Request::JsonRemove { path: path(at), key: key.iter().map(|key| (*key).to_owned()).collect() }
}

fn line(heading: &str, line: &str) -> Request {
    Request::Line { path: path(".gitignore"), heading: heading.to_owned(), line: line.to_owned() }
}

fn env(section: &str, name: &str, value: Vec<Piece>) -> Request {
    Request::Env {
        path: path(".env.local"),
        mode: 0o600,
        section: section.to_owned(),
        name: name.to_owned(),
        value,
        comment: None,
    }
}

fn file(at: &str, text: &str) -> Request {
    Request::File { path: path(at), pieces: vec![Piece::text(text)], mode: 0o644 }
}

fn item(order: u32, key: &str, text: &str) -> Request {
    let frame = ("export const all = {\n".to_owned(), "};\n".to_owned());
    Request::ModuleItem {
        path: path("all.ts"),
        frame,
        order,
        key: key.to_owned(),
        pieces: vec![Piece::text(text)],
    }
}

#[test]
fn keys_are_set_in_the_layout_of_the_document() {
    check_requests(
        &[("package.json", "{\n  \"name\": \"a\",\n  \"dependencies\": {\n    \"b\": \"1\"\n  }\n}\n")],
        |_| {
            vec![
                json("package.json", &["dependencies", "zod"], json!("^3")),
                json("package.json", &["dependencies", "a"], json!("^1")),
            ]
        },
        "package.json",
        "{\n  \"name\": \"a\",\n  \"dependencies\": {\n    \"a\": \"^1\",\n    \"b\": \"1\",\n    \"zod\": \"^3\"\n  }\n}\n",
    );
}

#[test]
fn a_document_that_is_absent_is_made() {
    check_requests(
        &[],
        |_| vec![json("a.json", &["a", "b"], json!(1))],
        "a.json",
        "{\n  \"a\": {\n    \"b\": 1\n  }\n}\n",
    );
}

#[test]
fn keys_are_removed_and_set_together() {
    check_requests(
        &[("a.json", "{\n  \"a\": 1,\n  \"b\": 2,\n  \"c\": 3\n}\n")],
        |_| {
            vec![
                json_remove("a.json", &["a"]),
                json_remove("a.json", &["c"]),
                json("a.json", &["d"], json!(4)),
            ]
        },
        "a.json",
        "{\n  \"b\": 2,\n  \"d\": 4\n}\n",
    );
}

#[test]
fn objects_of_two_authors_become_one() {
    let both = |_: &audit::Survey<'_>| {
        vec![json("a.json", &["a"], json!({"x": 1})), json("a.json", &["a"], json!({"y": 2}))]
    };
    check_requests(
        &[("a.json", "{}\n")],
        both,
        "a.json",
        "{\n  \"a\": {\n    \"x\": 1,\n    \"y\": 2\n  }\n}\n",
    );
}

#[test]
fn two_values_for_one_key_contradict_each_other() {
    let why = "Both want another value for `a`.";
    check_refused(&[], |_| vec![json("a.json", &["a"], json!(1)), json("a.json", &["a"], json!(2))], why);
    check_refused(&[], |_| vec![json("a.json", &["a"], json!(1)), json_remove("a.json", &["a"])], why);
    let why = "Both want another value for `a.b`.";
    check_refused(
        &[],
        |_| vec![json("a.json", &["a"], json!(1)), json("a.json", &["a", "b"], json!(2))],
        why,
    );
}

#[test]
fn a_document_that_cannot_be_read_is_refused() {
    check_refused(
        &[("a.json", "{ oh")],
        |_| vec![json("a.json", &["a"], json!(1))],
        "`a.json` is not JSON that can be read.",
    );
}

#[test]
fn lines_are_added_under_their_headings() {
    check_requests(
        &[(".gitignore", "node_modules\n")],
        |_| {
            vec![
                line("env", ".env"),
                line("build", "dist"),
                line("env", ".env.local"),
                line("env", "node_modules"),
            ]
        },
        ".gitignore",
        "node_modules\n\n# env\n.env\n.env.local\n\n# build\ndist\n",
    );
    check_requests(&[], |_| vec![line("env", ".env")], ".gitignore", "# env\n.env\n");
}

#[test]
fn entries_stand_in_sections() {
    check_requests(
        &[],
        |_| {
            vec![
                env("Server", "B", vec![Piece::text("two words")]),
                env("Browser", "C", vec![]),
                env("Server", "A", vec![Piece::text("1")]),
            ]
        },
        ".env.local",
        "# Browser\nC=\n\n# Server\nA=1\nB=\"two words\"\n",
    );
}

#[test]
fn an_entry_that_is_there_keeps_its_value() {
    check_requests(
        &[(".env.local", "A=mine")],
        |_| vec![env("", "A", vec![Piece::text("theirs")]), env("Server", "B", vec![Piece::text("1")])],
        ".env.local",
        "A=mine\n\n# Server\nB=1\n",
    );
}

#[test]
fn a_section_that_is_there_grows() {
    check_requests(
        &[(".env.local", "# Server\nA=1\n\n# Browser\nB=1\n")],
        |_| vec![env("Server", "C", vec![]), env("Browser", "D", vec![])],
        ".env.local",
        "# Server\nA=1\nC=\n\n# Browser\nB=1\nD=\n",
    );
}

#[test]
fn the_last_section_grows_and_a_new_one_follows_without_a_final_newline() {
    check_requests(
        &[(".env.local", "# Server\nA=1")],
        |_| vec![env("Server", "C", vec![]), env("Target", "D", vec![])],
        ".env.local",
        "# Server\nA=1\nC=\n\n# Target\nD=\n",
    );
}

/// The pieces of `.env.local` that stand for the value of `A`, a slice of the source.
fn value_of(source: &str) -> (String, Vec<Piece>) {
    let quoted = format!("const a = `{source}`;\n");
    with_survey(&[("a.ts", &quoted)], |survey| {
        let asks = proposing("asks", |survey| {
            let value = vec![Piece::Source(span(survey, "a.ts", source))];
            vec![asking("asks", "ask", vec![env("", "A", value)])]
        });
        let plan = plan::plan(survey, &[&asks]);
        let outcome = &plan.files[&path(".env.local")];
        let plan::Outcome::Created { pieces, mode: 0o600 } = outcome else { panic!("{outcome:?}") };
        (plan::text_after(survey, outcome), pieces.clone())
    })
}

#[test]
fn a_slice_stays_a_slice_in_the_quotes_that_it_needs() {
    for source in
        ["plain", "two words", "with#hash", "don't", "say \"it's\"", "\"both'", "a\nb", "a\\nb", "$x"]
    {
        let (text, pieces) = value_of(source);
        let entries = syntax::document::env::entries(&text);
        assert_eq!(entries[0].value, source, "{text}");
        for piece in pieces {
            if let Piece::Text(text) = piece {
                assert!(
                    !text.contains(|c: char| "plaintwordsdonbh".contains(c)) || text == "\\n",
                    "{source}: {text}"
                );
            }
        }
    }
}

#[test]
fn equal_values_from_two_places_agree() {
    let files = [("a.ts", "f('k1');\n"), ("b.ts", "f('k1');\n")];
    check_requests(
        &files,
        |survey| {
            ["a.ts", "b.ts"].map(|at| env("", "K", vec![Piece::Source(span(survey, at, "k1"))])).to_vec()
        },
        ".env.local",
        "K=k1\n",
    );
}

#[test]
fn a_name_without_a_value_agrees_with_any() {
    for values in [["", "1"], ["1", ""]] {
        let asked = |value: &str| if value.is_empty() { vec![] } else { vec![Piece::text(value)] };
        check_requests(
            &[],
            |_| values.map(|value| env("", "A", asked(value))).to_vec(),
            ".env.local",
            "A=1\n",
        );
    }
}

#[test]
fn two_values_for_one_name_contradict_each_other() {
    check_refused(
        &[],
        |_| vec![env("", "A", vec![Piece::text("1")]), env("", "A", vec![Piece::text("2")])],
        "Both want another value for `A`.",
    );
}

#[test]
fn equal_files_agree_and_one_that_is_there_is_granted() {
    check_requests(&[], |_| vec![file("a.txt", "a\n"), file("a.txt", "a\n")], "a.txt", "a\n");
    check_requests(&[("a.txt", "a\n")], |_| vec![file("a.txt", "a\n")], "a.txt", "a\n");
}

#[test]
fn a_file_that_is_there_with_other_content_is_refused() {
    check_refused(
        &[("a.txt", "b\n")],
        |_| vec![file("a.txt", "a\n")],
        "`a.txt` is there already, with other content.",
    );
    check_refused(
        &[("A.txt", "a\n")],
        |_| vec![file("a.txt", "a\n")],
        "`A.txt` is there already, with other content.",
    );
    check_refused(
        &[],
        |_| vec![file("a.txt", "a\n"), file("a.txt", "b\n")],
        "Both want another content for `a.txt`.",
    );
}

#[test]
fn a_document_request_extends_a_file_that_another_makes() {
    check_requests(
        &[],
        |_| vec![env("", "A", vec![Piece::text("1")]), line("env", ".env")],
        ".gitignore",
        "# env\n.env\n",
    );
    with_survey(&[], |survey| {
        let asks = proposing("asks", |_| {
            let made = file("a.json", "{\n  \"a\": 1\n}\n");
            vec![
                asking("asks", "make", vec![made]),
                asking("asks", "extend", vec![json("a.json", &["b"], json!(2))]),
            ]
        });
        let plan = plan::plan(survey, &[&asks]);
        assert_eq!(
            texts(survey, &plan),
            [("a.json".to_owned(), "{\n  \"a\": 1,\n  \"b\": 2\n}\n".to_owned())]
        );
    });
}

#[test]
fn items_of_a_module_are_sorted_between_its_frame() {
    check_requests(
        &[],
        |_| {
            vec![
                item(2, "c", "  c: 3,\n"),
                item(1, "b", "  b: 2,"),
                item(1, "a", "  a: 1,\n"),
                item(1, "a", "  a: 1,\n"),
            ]
        },
        "all.ts",
        "export const all = {\n  a: 1,\n  b: 2,\n  c: 3,\n};\n",
    );
}

#[test]
fn a_module_that_is_there_gets_the_items_that_it_lacks() {
    check_requests(
        &[("all.ts", "export const all = {\n  b: 2,\n  d: 4,\n};\n")],
        |_| {
            vec![
                item(1, "a", "  a: 1,\n"),
                item(1, "b", "  b: 2,\n"),
                item(1, "c", "  c: 3,\n"),
                item(1, "e", "  e: 5,\n"),
            ]
        },
        "all.ts",
        "export const all = {\n  a: 1,\n  b: 2,\n  d: 4,\n  c: 3,\n  e: 5,\n};\n",
    );
    check_refused(
        &[("all.ts", "const other = 1;\n")],
        |_| vec![item(1, "a", "  a: 1,\n")],
        "`all.ts` is there already and does not end as the generated module does.",
    );
}

#[test]
fn an_item_carries_the_edits_inside_its_slice() {
    with_survey(&[("a.ts", "f('key');\n")], |survey| {
        let moves = proposing("moves", |survey| {
            let pieces = vec![
                Piece::text("  a: "),
                Piece::Source(span(survey, "a.ts", "f('key')")),
                Piece::text(",\n"),
            ];
            let Request::ModuleItem { path, frame, order, key, .. } = item(1, "a", "") else { panic!() };
            vec![asking("moves", "move", vec![Request::ModuleItem { path, frame, order, key, pieces }])]
        });
        let edits = proposing("edits", |survey| {
            vec![support::replacing(survey, "edits", "a.ts", "'key'", "env.KEY")]
        });
        let plan = plan::plan(survey, &[&moves, &edits]);
        assert!(plan.held.is_empty(), "{:?}", plan.held);
        let after = plan::text_after(survey, &plan.files[&path("all.ts")]);
        assert_eq!(after, "export const all = {\n  a: f(env.KEY),\n};\n");
    });
}

#[test]
fn a_path_is_a_path() {
    assert!(RelPath::new("../a").is_none());
}

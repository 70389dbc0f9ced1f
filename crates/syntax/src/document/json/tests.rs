//! Documents in, documents out.

use super::*;
use crate::document::{every_cut, replaced};
use serde_json::json;

#[track_caller]
fn check_set(before: &str, path: &[&str], new: Value, after: &str) {
    let made = replaced(before, &set(before, path, &new).unwrap());
    assert_eq!(made, after);
    assert_eq!(set(&made, path, &new), Some(Vec::new()), "a second time changes nothing");
}

#[track_caller]
fn check_remove(before: &str, path: &[&str], after: &str) {
    let made = replaced(before, &remove(before, path).unwrap());
    assert_eq!(made, after);
    assert!(parse(&made).is_some());
    assert_eq!(remove(&made, path), Some(Vec::new()));
}

const PACKAGE: &str = "{
  \"name\": \"app\",
  \"version\": \"0.0.0\",
  \"type\": \"module\",
  \"scripts\": {
    \"dev\": \"vite\"
  },
  \"dependencies\": {
    \"react\": \"^18.0.0\",
    \"vite\": \"^5.0.0\"
  },
  \"devDependencies\": {}
}
";

#[test]
fn comments_and_trailing_commas_are_read() {
    assert_eq!(parse("// c\n{ \"a\": [1, /* x */ true, null,], }"), Some(json!({"a": [1, true, null]})));
    assert_eq!(parse("\u{feff}{\"a\": -1.5e3}"), Some(json!({"a": -1500.0})));
}

#[test]
fn what_is_no_json_is_refused() {
    for text in ["", "{", "{a: 1}", "{'a': 1}", "{\"a\": 1 \"b\": 2}", "{} {}", "[1 2]"] {
        assert_eq!(parse(text), None, "{text:?}");
        assert!(
            set(text, &["a"], &json!(1)).is_none()
                && remove(text, &["a"]).is_none()
                && strings(text).is_empty()
        );
    }
}

#[test]
fn strings_come_in_order_with_path_and_range() {
    let text = "\u{feff}{\"a\": \"é\\n\", \"b\": [\"x\", {\"c\": \"y\"}]}";
    let found: Vec<_> = strings(text)
        .into_iter()
        .map(|one| (one.path.join("."), one.value, text[one.range].to_owned()))
        .collect();
    let expected = [("a", "é\n", "\"é\\n\""), ("b.0", "x", "\"x\""), ("b.1.c", "y", "\"y\"")]
        .map(|(path, value, source)| (path.to_owned(), value.to_owned(), source.to_owned()));
    assert_eq!(found, expected);
}

#[test]
fn a_value_is_replaced_in_place() {
    check_set("{ \"b\": 1, \"a\": 2 } // end", &["b"], json!("x"), "{ \"b\": \"x\", \"a\": 2 } // end");
    check_set("{\"a\": {\"b\": 1}}", &["a"], json!([1]), "{\"a\": [\n  1\n]}");
}

#[test]
fn keys_of_a_package_come_in_their_customary_order() {
    check_set(
        PACKAGE,
        &["engines", "node"],
        json!(">=20"),
        &PACKAGE.replace("  \"scripts\"", "  \"engines\": {\n    \"node\": \">=20\"\n  },\n  \"scripts\""),
    );
    check_set(
        PACKAGE,
        &["packageManager"],
        json!("npm@10.9.0"),
        &PACKAGE.replace("{}\n", "{},\n  \"packageManager\": \"npm@10.9.0\"\n"),
    );
    check_set(
        "{\n  \"scripts\": {},\n  \"x\": 1\n}",
        &["name"],
        json!("a"),
        "{\n  \"name\": \"a\",\n  \"scripts\": {},\n  \"x\": 1\n}",
    );
}

#[test]
fn dependencies_are_sorted() {
    check_set(
        PACKAGE,
        &["dependencies", "@scope/a"],
        json!("1"),
        &PACKAGE.replace("    \"react\"", "    \"@scope/a\": \"1\",\n    \"react\""),
    );
    check_set(
        PACKAGE,
        &["dependencies", "zod"],
        json!("4"),
        &PACKAGE.replace("\"^5.0.0\"\n", "\"^5.0.0\",\n    \"zod\": \"4\"\n"),
    );
    check_set(
        PACKAGE,
        &["devDependencies", "typescript"],
        json!("5"),
        &PACKAGE.replace("{}", "{\n    \"typescript\": \"5\"\n  }"),
    );
}

#[test]
fn other_documents_get_new_keys_at_the_end() {
    check_set(
        "{\n\t\"z\": 1\n}",
        &["name"],
        json!({"b": []}),
        "{\n\t\"z\": 1,\n\t\"name\": {\n\t\t\"b\": []\n\t}\n}",
    );
}

#[test]
fn carriage_returns_are_kept() {
    check_set(
        "{\r\n    \"a\": 1\r\n}\r\n",
        &["b", "c"],
        json!(2),
        "{\r\n    \"a\": 1,\r\n    \"b\": {\r\n        \"c\": 2\r\n    }\r\n}\r\n",
    );
}

#[test]
fn one_line_stays_one_line() {
    check_set("{ \"a\": 1 }", &["b"], json!({"c": [1, 2]}), "{ \"a\": 1, \"b\": { \"c\": [1, 2] } }");
    check_set("{\"a\":1}", &["b"], json!({"c": 2}), "{\"a\":1,\"b\":{\"c\":2}}");
    check_set("{\n  \"a\": { \"x\": 1 }\n}", &["a", "y"], json!(2), "{\n  \"a\": { \"x\": 1, \"y\": 2 }\n}");
}

#[test]
fn an_empty_object_is_opened() {
    check_set("{}", &["a", "b"], json!(1), "{\n  \"a\": {\n    \"b\": 1\n  }\n}");
    check_set("{\n}\n", &["a"], json!(1), "{\n  \"a\": 1\n}\n");
    check_set("{\n  // none yet\n}", &["a"], json!(1), "{\n  \"a\": 1\n  // none yet\n}");
}

#[test]
fn comments_stay_where_they_are() {
    check_set(
        "{\n  \"a\": 1 // one\n  // end\n}",
        &["b"],
        json!(2),
        "{\n  \"a\": 1, // one\n  \"b\": 2\n  // end\n}",
    );
    check_set(
        "{\n  \"a\": 1, /* one */ // more\n}",
        &["b"],
        json!(2),
        "{\n  \"a\": 1, /* one */ // more\n  \"b\": 2,\n}",
    );
}

#[test]
fn a_value_that_is_no_object_is_in_the_way() {
    assert!(set("{\"a\": 1}", &["a", "b"], &json!(1)).is_none());
    assert!(set("[]", &["a"], &json!(1)).is_none());
}

#[test]
fn a_key_that_is_there_twice_is_set_where_it_counts() {
    check_set("{\"a\": 1, \"a\": 2}", &["a"], json!(3), "{\"a\": 1, \"a\": 3}");
}

#[test]
fn a_key_goes_with_its_comma_and_its_line() {
    let text = "{\n  \"a\": 1,\n  \"b\": {\n    \"x\": 1\n  },\n  \"c\": 3\n}\n";
    check_remove(text, &["a"], "{\n  \"b\": {\n    \"x\": 1\n  },\n  \"c\": 3\n}\n");
    check_remove(text, &["b"], "{\n  \"a\": 1,\n  \"c\": 3\n}\n");
    check_remove(text, &["c"], "{\n  \"a\": 1,\n  \"b\": {\n    \"x\": 1\n  }\n}\n");
    check_remove(text, &["b", "x"], "{\n  \"a\": 1,\n  \"b\": {},\n  \"c\": 3\n}\n");
    check_remove(text, &["d"], text);
    check_remove(text, &["a", "d"], text);
}

#[test]
fn a_key_goes_from_a_line_that_others_share() {
    check_remove("{ \"a\": 1, \"b\": 2 }", &["a"], "{ \"b\": 2 }");
    check_remove("{ \"a\": 1, \"b\": 2 }", &["b"], "{ \"a\": 1 }");
    check_remove("{\"a\": 1}", &["a"], "{}");
    check_remove("{\"a\":1,\"b\":2,\"c\":3}", &["b"], "{\"a\":1,\"c\":3}");
}

#[test]
fn comments_outlive_the_key() {
    check_remove(
        "{\n  // first\n  \"a\": 1, // one\n  \"b\": 2 // two\n}",
        &["a"],
        "{\n  // first\n  // one\n  \"b\": 2 // two\n}",
    );
    check_remove("{\n  \"a\": 1, // one\n  \"b\": 2 // two\n}", &["b"], "{\n  \"a\": 1 // one\n  // two\n}");
    check_remove("{\n  \"a\": 1 /* x */,\n  \"b\": 2\n}", &["a"], "{\n  /* x */\n  \"b\": 2\n}");
    check_remove("{\n  \"a\": 1, // one\n}", &["a"], "{\n  // one\n}");
}

#[test]
fn several_changes_work_together() {
    let text = "{\n  \"name\": \"a\",\n  \"scripts\": {\n    \"dev\": \"x\",\n    \"old\": \"y\"\n  }\n}\n";
    let own = |path: &[&str]| path.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
    let made = change(
        text,
        &[
            (own(&["scripts", "build"]), json!("b")),
            (own(&["engines", "node"]), json!(">=20")),
            (own(&["engines", "npm"]), json!(">=10")),
            (own(&["private"]), json!(true)),
            (own(&["packageManager"]), json!("npm@10.0.0")),
        ],
        &[own(&["scripts", "old"]), own(&["scripts", "dev"]), own(&["name"])],
    );
    assert_eq!(
        replaced(text, &made.unwrap()),
        "{\n  \"private\": true,\n  \"engines\": {\n    \"node\": \">=20\",\n    \"npm\": \">=10\"\n  },\n  \"scripts\": {\n    \"build\": \"b\"\n  },\n  \"packageManager\": \"npm@10.0.0\"\n}\n"
    );
}

#[test]
fn any_set_of_removals_and_insertions_gives_what_was_asked_for() {
    let texts = [
        "{\n  \"a\": 1,\n  \"b\": 2,\n  \"c\": 3\n}\n",
        "{\"a\":1,\"b\":2,\"c\":3}",
        "{ \"a\": 1, \"b\": 2,\n \"c\": 3, }",
        "{\n  // x\n  \"a\": 1, // y\n  /* z */ \"b\": 2 /* w */,\n  \"c\": 3 // v\n  // u\n}",
        "{\r\n\t\"a\": 1, \"b\": 2\r\n\t,\"c\": 3\r\n}",
    ];
    for text in texts {
        for mask in 0..64_u32 {
            let key = |at: u32| vec![["a", "b", "c", "name", "d", "dependencies"][at as usize].to_owned()];
            let removed: Vec<_> = (0..3).filter(|at| mask & (1 << at) != 0).map(key).collect();
            let new: Vec<_> =
                (3..6).filter(|at| mask & (1 << at) != 0).map(|at| (key(at), json!({"x": [at]}))).collect();
            let made = replaced(text, &change(text, &new, &removed).unwrap());
            let mut wanted = parse(text).unwrap();
            for path in &removed {
                wanted.as_object_mut().unwrap().shift_remove(&path[0]);
            }
            for (path, value) in &new {
                wanted[&path[0]] = value.clone();
            }
            assert_eq!(parse(&made), Some(wanted), "{text:?} {mask} gave {made:?}");
            let comments = |text: &str| text.matches("//").count() + text.matches("/*").count();
            assert_eq!(comments(text), comments(&made), "{made:?}");
        }
    }
}

#[test]
fn deep_nesting_is_no_overflow() {
    let deep = format!("{}1{}", "{\"a\":".repeat(150), "}".repeat(150));
    assert!(set(&deep, &["b"], &json!(1)).is_some());
    assert!(parse(&"[".repeat(100_000)).is_none());
}

#[test]
fn no_cut_of_a_file_is_a_panic() {
    every_cut(
        "\u{feff}// é\r\n{\r\n\t\"a\": [1, \"ü\"], /* x */ \"b\": {\"c\": null} // y\r\n}\r\n",
        |part| {
            let _ = (strings(part), set(part, &["a", "b"], &json!(1)), remove(part, &["b"]));
        },
    );
}

//! Imports are granted in the style of the file, and dropped when their last use is gone.

mod support;

use plan::Request;
use support::{check_refused, check_requests, proposing, replacing, texts, with_survey};
use syntax::module::Imported;

struct Wanted {
    from: &'static str,
    name: Imported,
    local: &'static str,
    type_only: bool,
}

fn named(name: &'static str, from: &'static str) -> Wanted {
    Wanted { from, name: Imported::Named(name.to_owned()), local: name, type_only: false }
}

fn typed(name: &'static str, from: &'static str) -> Wanted {
    Wanted { type_only: true, ..named(name, from) }
}

fn default(local: &'static str, from: &'static str) -> Wanted {
    Wanted { from, name: Imported::Default, local, type_only: false }
}

fn namespace(local: &'static str, from: &'static str) -> Wanted {
    Wanted { from, name: Imported::Namespace, local, type_only: false }
}

fn requests(survey: &audit::Survey<'_>, at: &str, wanted: &[Wanted]) -> Vec<Request> {
    let file = survey.project.file(at).unwrap().id;
    let request = |wanted: &Wanted| Request::Import {
        file,
        from: wanted.from.to_owned(),
        name: wanted.name.clone(),
        local: wanted.local.to_owned(),
        type_only: wanted.type_only,
    };
    wanted.iter().map(request).collect()
}

#[track_caller]
fn check_at(at: &str, before: &str, wanted: &[Wanted], after: &str) {
    check_requests(&[(at, before)], |survey| requests(survey, at, wanted), at, after);
}

#[track_caller]
fn check(before: &str, wanted: &[Wanted], after: &str) {
    check_at("a.ts", before, wanted, after);
}

#[test]
fn a_name_joins_the_import_of_its_module() {
    check("import { a } from \"x\";\na();\n", &[named("b", "x")], "import { a, b } from \"x\";\na();\n");
}

#[test]
fn a_name_that_is_imported_is_left_alone() {
    check("import { a } from \"x\";\n", &[named("a", "x")], "import { a } from \"x\";\n");
}

#[test]
fn a_new_statement_stands_behind_the_last_import_in_the_files_style() {
    check(
        "import { a } from 'x'\nimport 'y'\n\na()\n",
        &[named("b", "z")],
        "import { a } from 'x'\nimport 'y'\nimport { b } from 'z'\n\na()\n",
    );
}

#[test]
fn a_list_that_is_too_long_for_a_line_has_a_line_for_each_name() {
    check(
        "import { a } from './a'\nfunction f() {\n\treturn 1\n}\n",
        &[
            named("everythingThatStandsOnTheLongerShelf", "./shelf"),
            named("everythingThatStandsOnTheShorterShelf", "./shelf"),
            named("shelves", "./shelf"),
        ],
        "import { a } from './a'\nimport {\n\teverythingThatStandsOnTheLongerShelf,\n\teverythingThatStandsOnTheShorterShelf,\n\tshelves,\n} from './shelf'\nfunction f() {\n\treturn 1\n}\n",
    );
}

#[test]
fn a_comment_behind_the_last_import_stays_there() {
    check(
        "import a from \"x\"; // why\na();\n",
        &[named("b", "z")],
        "import a from \"x\"; // why\nimport { b } from \"z\";\na();\n",
    );
}

#[test]
fn sorted_names_stay_sorted() {
    check(
        "import { alpha, gamma } from \"x\";\n",
        &[named("beta", "x"), named("delta", "x")],
        "import { alpha, beta, delta, gamma } from \"x\";\n",
    );
}

#[test]
fn unsorted_names_get_the_new_one_at_the_end() {
    check("import { z, a } from \"x\";\n", &[named("b", "x")], "import { z, a, b } from \"x\";\n");
}

#[test]
fn a_list_of_several_lines_keeps_its_layout() {
    check(
        "import {\n  z,\n  a,\n} from \"x\";\n",
        &[named("b", "x")],
        "import {\n  z,\n  a,\n  b,\n} from \"x\";\n",
    );
    check(
        "import {\n  z,\n  a // last\n} from 'x'\n",
        &[named("b", "x")],
        "import {\n  z,\n  a, // last\n  b\n} from 'x'\n",
    );
    check(
        "import {\n\ta,\n\tc,\n} from \"x\";\n",
        &[named("b", "x")],
        "import {\n\ta,\n\tb,\n\tc,\n} from \"x\";\n",
    );
}

#[test]
fn a_default_and_names_share_a_statement() {
    check("import d from \"x\";\n", &[named("a", "x")], "import d, { a } from \"x\";\n");
    check("import { a } from \"x\";\n", &[default("d", "x")], "import d, { a } from \"x\";\n");
    check("", &[default("d", "x"), named("a", "x")], "import d, { a } from \"x\";\n");
}

#[test]
fn a_namespace_stands_alone() {
    check(
        "import { a } from \"x\";\n",
        &[namespace("x", "x")],
        "import { a } from \"x\";\nimport * as x from \"x\";\n",
    );
    check(
        "import * as x from \"x\";\n",
        &[named("a", "x")],
        "import * as x from \"x\";\nimport { a } from \"x\";\n",
    );
}

#[test]
fn a_name_may_be_called_something_else_here() {
    let wanted = Wanted { local: "b", ..named("a", "x") };
    check("", &[wanted], "import { a as b } from \"x\";\n");
}

#[test]
fn types_join_types() {
    check(
        "import { a } from \"x\";\nimport type { T } from \"x\";\n",
        &[typed("U", "x")],
        "import { a } from \"x\";\nimport type { T, U } from \"x\";\n",
    );
    check(
        "import { a } from \"x\";\n",
        &[typed("U", "x")],
        "import { a } from \"x\";\nimport type { U } from \"x\";\n",
    );
}

#[test]
fn a_type_that_is_needed_as_a_value_becomes_one() {
    check("import type { A } from \"x\";\n", &[named("A", "x")], "import { A } from \"x\";\n");
    check("import type { A, B } from \"x\";\n", &[named("A", "x")], "import { A, type B } from \"x\";\n");
    check("import { type A, b } from \"x\";\n", &[named("A", "x")], "import { A, b } from \"x\";\n");
}

#[test]
fn the_first_import_stands_below_directives() {
    check(
        "\"use client\";\n\nf();\n",
        &[named("a", "x")],
        "\"use client\";\nimport { a } from \"x\";\n\nf();\n",
    );
    check("'use client'\nf()\n", &[named("a", "x")], "'use client'\nimport { a } from 'x'\n\nf()\n");
}

#[test]
fn the_first_import_stands_below_leading_comments_and_the_interpreter() {
    check(
        "#!/usr/bin/env node\n// What it is.\nf();\n",
        &[named("a", "x")],
        "#!/usr/bin/env node\n// What it is.\nimport { a } from \"x\";\n\nf();\n",
    );
    check("\u{feff}f();\n", &[named("a", "x")], "\u{feff}import { a } from \"x\";\n\nf();\n");
}

#[test]
fn the_documentation_of_the_first_statement_stays_with_it() {
    check(
        "/** What f does. */\nexport function f() {}\n",
        &[named("a", "x")],
        "import { a } from \"x\";\n\n/** What f does. */\nexport function f() {}\n",
    );
    check(
        "/** The file. */\n\"use client\";\nf();\n",
        &[named("a", "x")],
        "/** The file. */\n\"use client\";\nimport { a } from \"x\";\n\nf();\n",
    );
}

#[test]
fn line_ends_are_the_files() {
    check(
        "import a from \"y\";\r\na();\r\n",
        &[named("b", "x")],
        "import a from \"y\";\r\nimport { b } from \"x\";\r\na();\r\n",
    );
    check(
        "import {\r\n  a,\r\n} from \"x\";\r\n",
        &[named("b", "x")],
        "import {\r\n  a,\r\n  b,\r\n} from \"x\";\r\n",
    );
}

#[test]
fn tight_braces_stay_tight() {
    check("import {a} from \"x\";\n", &[named("b", "y")], "import {a} from \"x\";\nimport {b} from \"y\";\n");
}

#[test]
fn commonjs_requires() {
    check_at(
        "a.js",
        "const x = require('x');\nx();\n",
        &[named("b", "y")],
        "const { b } = require('y');\n\nconst x = require('x');\nx();\n",
    );
}

#[test]
fn a_name_that_means_something_else_is_refused() {
    let files = [("a.ts", "import { a } from \"y\";\nconst b = 1;\n")];
    let why = |name: &str| format!("`{name}` already means something else in `a.ts`.");
    check_refused(&files, |survey| requests(survey, "a.ts", &[named("a", "x")]), &why("a"));
    check_refused(&files, |survey| requests(survey, "a.ts", &[named("b", "x")]), &why("b"));
}

#[test]
fn two_meanings_of_one_name_contradict_each_other() {
    check_refused(
        &[("a.ts", "")],
        |survey| requests(survey, "a.ts", &[named("a", "x"), named("a", "y")]),
        "Both import something else as `a`.",
    );
}

#[test]
fn a_file_that_cannot_import_is_refused() {
    check_refused(
        &[("a.css", "")],
        |survey| requests(survey, "a.css", &[named("a", "x")]),
        "`a.css` is no code that can import.",
    );
}

#[track_caller]
fn check_dropped(before: &str, old: &str, new: &str, after: &str) {
    with_survey(&[("a.tsx", before)], |survey| {
        let codemod = proposing("drops", |survey| vec![replacing(survey, "drops", "a.tsx", old, new)]);
        let plan = plan::plan(survey, &[&codemod]);
        assert!(plan.held.is_empty(), "{:?}", plan.held);
        assert_eq!(texts(survey, &plan), [("a.tsx".to_owned(), after.to_owned())]);
    });
}

#[test]
fn an_import_that_lost_its_last_use_is_dropped() {
    check_dropped(
        "import { a } from \"x\";\nimport b from \"y\";\nb(a);\n",
        "b(a)",
        "b()",
        "import b from \"y\";\nb();\n",
    );
    check_dropped("import { a, c } from \"x\";\nc(a);\n", "c(a)", "c()", "import { c } from \"x\";\nc();\n");
    check_dropped("import d, { a } from \"x\";\nd(a);\n", "d(a)", "d()", "import d from \"x\";\nd();\n");
    check_dropped("import d, { a } from \"x\";\nd(a);\n", "d(a)", "a()", "import { a } from \"x\";\na();\n");
    check_dropped(
        "import {\n  a,\n  b,\n  c,\n} from \"x\";\nc(a, b);\n",
        "c(a, b)",
        "c(b)",
        "import {\n  b,\n  c,\n} from \"x\";\nc(b);\n",
    );
}

#[test]
fn an_import_that_new_code_uses_stays() {
    check_dropped(
        "import { a } from \"x\";\na.b();\n",
        "a.b()",
        "a.c()",
        "import { a } from \"x\";\na.c();\n",
    );
}

#[test]
fn an_import_that_was_never_used_is_not_ours_to_tidy() {
    check_dropped("import { a } from \"x\";\nf();\n", "f()", "g()", "import { a } from \"x\";\ng();\n");
}

#[test]
fn the_react_of_the_classic_transform_stays() {
    check_dropped(
        "import React from \"react\";\nReact.useState();\nexport const A = () => <p />;\n",
        "React.useState()",
        "f()",
        "import React from \"react\";\nf();\nexport const A = () => <p />;\n",
    );
}

#[test]
fn names_come_and_go_in_one_list() {
    with_survey(&[("a.ts", "import { a, c } from \"x\";\nc(a);\n")], |survey| {
        let codemod = proposing("drops", |survey| {
            let mut change = replacing(survey, "drops", "a.ts", "c(a)", "c(b)");
            change.requests = requests(survey, "a.ts", &[named("b", "x")]);
            vec![change]
        });
        let plan = plan::plan(survey, &[&codemod]);
        let after = "import { b, c } from \"x\";\nc(b);\n".to_owned();
        assert_eq!(texts(survey, &plan), [("a.ts".to_owned(), after)]);
    });
}

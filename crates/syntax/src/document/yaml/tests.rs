//! YAML in, scalars out.

use super::*;

#[track_caller]
fn check(text: &str, expected: &[(&str, &str)]) {
    let found = scalars(text);
    let pairs: Vec<_> = found.iter().map(|one| (one.path.join("."), one.value.as_str())).collect();
    let pairs: Vec<_> = pairs.iter().map(|(path, value)| (path.as_str(), *value)).collect();
    assert_eq!(pairs, expected);
    for one in &found {
        let source = &text[one.range.clone()];
        if !source.contains(['\n', '\\']) && !source.starts_with(['"', '\'']) {
            assert_eq!(source.trim(), one.value.trim());
        }
    }
}

#[test]
fn nested_mappings() {
    check(
        "a: 1\nb:\n  c: x y\n  d:\n    e: z\nf: g",
        &[("a", "1"), ("b.c", "x y"), ("b.d.e", "z"), ("f", "g")],
    );
}

#[test]
fn sequences_are_counted() {
    check(
        "- a\n- b: 1\n  c: 2\n-\n  d: 3\n- - x\n  - y\n",
        &[("0", "a"), ("1.b", "1"), ("1.c", "2"), ("2.d", "3"), ("3.0", "x"), ("3.1", "y")],
    );
}

#[test]
fn a_sequence_may_stand_at_the_column_of_its_key() {
    check(
        "packages:\n- a\n- b\nother:\n  - c\nlast: d",
        &[("packages.0", "a"), ("packages.1", "b"), ("other.0", "c"), ("last", "d")],
    );
}

#[test]
fn quoted_scalars_are_decoded() {
    check(
        "a: \"x # \\\"y\\\" \\u00e9\" # c\nb: 'it''s'\n\"c d\": e\n'f': g",
        &[("a", "x # \"y\" é"), ("b", "it's"), ("c d", "e"), ("f", "g")],
    );
}

#[test]
fn scalars_go_on_over_lines() {
    check("a: one\n  two\nb: \"three\n  four\"\nc: 5", &[("a", "one two"), ("b", "three four"), ("c", "5")]);
}

#[test]
fn block_scalars() {
    check(
        "a: |\n  x: 1\n\n   y\nb: >-\n  one\n  two\n\n  three\nc: d",
        &[("a", "x: 1\n\n y\n"), ("b", "one two\nthree"), ("c", "d")],
    );
    check(
        "- run: |\n    npm ci\n    npm test\n  env:\n    A: b",
        &[("0.run", "npm ci\nnpm test\n"), ("0.env.A", "b")],
    );
    check("a: |+\n  x\n\nb: |2\n   y\n", &[("a", "x\n\n"), ("b", " y\n")]);
}

#[test]
fn the_range_of_a_block_scalar_is_its_lines() {
    let text = "a: |\n  x\n  y\nb: c";
    assert_eq!(&text[scalars(text)[0].range.clone()], "  x\n  y");
}

#[test]
fn comments_and_urls_are_told_apart() {
    check(
        "# head\na: https://x.example/#top # note\n  # in\nb: c#d\n",
        &[("a", "https://x.example/#top"), ("b", "c#d")],
    );
}

#[test]
fn a_workflow() {
    check(
        "name: CI\non:\n  push:\n    branches: [main, \"release/*\"]\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n      - name: Build\n        run: npm run build\n        env:\n          KEY: ${{ secrets.KEY }}\n          OTHER: 'x'\n",
        &[
            ("name", "CI"),
            ("on.push.branches.0", "main"),
            ("on.push.branches.1", "release/*"),
            ("jobs.test.runs-on", "ubuntu-latest"),
            ("jobs.test.steps.0.uses", "actions/checkout@v4"),
            ("jobs.test.steps.1.name", "Build"),
            ("jobs.test.steps.1.run", "npm run build"),
            ("jobs.test.steps.1.env.KEY", "${{ secrets.KEY }}"),
            ("jobs.test.steps.1.env.OTHER", "x"),
        ],
    );
}

#[test]
fn a_compose_file() {
    check(
        "services:\n  db:\n    image: postgres:16\n    environment:\n      - POSTGRES_PASSWORD=x\n      - A=b\n    ports: [\"5432:5432\"]\n    healthcheck: { test: [CMD, pg_isready], retries: 3 }\n",
        &[
            ("services.db.image", "postgres:16"),
            ("services.db.environment.0", "POSTGRES_PASSWORD=x"),
            ("services.db.environment.1", "A=b"),
            ("services.db.ports.0", "5432:5432"),
            ("services.db.healthcheck.test.0", "CMD"),
            ("services.db.healthcheck.test.1", "pg_isready"),
            ("services.db.healthcheck.retries", "3"),
        ],
    );
}

#[test]
fn what_is_not_understood_is_left_out() {
    check(
        "a: *other\nb: &x y\nc: !!str 1\n<<: *x\n? k\n: v\nd: [1, *x, 2]\ne: [open\nf: g",
        &[("b", "y"), ("c", "1"), ("d.0", "1"), ("d.2", "2"), ("f", "g")],
    );
}

#[test]
fn several_documents_and_carriage_returns() {
    check("\u{feff}a: 1\r\n---\r\nb: |\r\n  x\r\nc: d\r\n", &[("a", "1"), ("b", "x\n"), ("c", "d")]);
}

#[test]
fn deep_nesting_is_no_overflow() {
    let _ = scalars(&format!("a: {}", "[".repeat(100_000)));
    let _ = scalars(&"- ".repeat(20_000));
}

#[test]
fn no_cut_of_a_file_is_a_panic() {
    let text = "\u{feff}é: \"ü\\x41\n  b\"\r\n- 'ö''' # ä\r\n- k: |2-\r\n    x é\r\n\r\n  l: >+\r\n   y\r\n- [a, {\"b\": 'é'}]\r\n? x\r\nm: &a !!b plain\r\n  é more # c\r\n";
    crate::document::every_cut(text, |part| {
        for one in scalars(part) {
            let _ = &part[one.range];
        }
    });
}

//! Small sources in, what the survey says of their environment out.

use audit::Survey;
use audit::env::EnvName;
use edit::RelPath;
use project::Project;
use stack::Stack;
use std::path::Path;

fn env(files: &[(&str, &str)]) -> Vec<EnvName> {
    let named = files.iter().filter_map(|(path, text)| Some((RelPath::new(*path)?, (*text).to_owned())));
    let mut texts: Vec<_> = named.collect();
    texts.sort();
    let project = Project::from_texts(Path::new("/app"), texts);
    let stack = Stack::detect(&project);
    Survey::of(&project, &stack).env
}

/// `NAME accessor fallback <whole>` of each read of one file.
#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let mut reads = Vec::new();
    for name in env(&[("src/a.ts", text)]) {
        for read in &name.reads {
            let shown = format!(
                "{} {:?} {:?} <{}>",
                name.name,
                read.accessor,
                read.fallback,
                &text[read.whole.range()]
            );
            assert_eq!(&text[read.name.range()], name.name);
            reads.push((read.span, shown));
        }
    }
    reads.sort();
    let reads: Vec<&str> = reads.iter().map(|(_, shown)| shown.as_str()).collect();
    assert_eq!(reads, expected, "in {text}");
}

#[test]
fn every_accessor_is_read() {
    check("const a = import.meta.env.VITE_A;", &["VITE_A ImportMeta None <import.meta.env.VITE_A>"]);
    check("const a = import.meta.env?.VITE_A;", &["VITE_A ImportMeta None <import.meta.env?.VITE_A>"]);
    check(
        "const a = import.meta.env[\"VITE_A\"];",
        &["VITE_A ImportMeta None <import.meta.env[\"VITE_A\"]>"],
    );
    check(
        "const a = (import.meta as any).env.VITE_A;",
        &["VITE_A ImportMeta None <(import.meta as any).env.VITE_A>"],
    );
    check("const a = process.env.A;", &["A Process None <process.env.A>"]);
    check("const a = globalThis.process.env['A'];", &["A Process None <globalThis.process.env['A']>"]);
    check("const a = Deno.env.get(\"A\");", &["A Deno None <Deno.env.get(\"A\")>"]);
    check("app.get('/', (c) => c.env.TOKEN);", &["TOKEN Binding None <c.env.TOKEN>"]);
}

#[test]
fn what_stands_between_counts_before_the_default() {
    check(
        "const a = process.env.A || row?.kind || \"docker\";",
        &["A Process Expression <process.env.A || row?.kind || \"docker\">"],
    );
    check(
        "const a = process.env.A || process.env.B || \"\";",
        &[
            "A Process Empty <process.env.A || process.env.B || \"\">",
            "B Process Empty <process.env.B || \"\">",
        ],
    );
}

#[test]
fn aliases_and_patterns_are_followed() {
    check("const env = import.meta.env;\nf(env.VITE_A);", &["VITE_A ImportMeta None <env.VITE_A>"]);
    check("const { env } = process;\nf(env.A);", &["A Process None <env.A>"]);
    check("import process from 'node:process';\nf(process.env.A);", &["A Process None <process.env.A>"]);
    check("import { env } from 'node:process';\nf(env.A);", &["A Process None <env.A>"]);
    check(
        "const { A, B: b, C = 'x' } = process.env;",
        &["A Process None <A>", "B Process None <B: b>", "C Process Literal { secret: false } <C = 'x'>"],
    );
    check("const env = { A: 1 };\nf(env.A);", &[]);
}

#[test]
fn what_stands_behind_a_read_is_part_of_it() {
    check("f(process.env.A!);", &["A Process NonNull <process.env.A!>"]);
    check("f(process.env.A as string);", &["A Process NonNull <process.env.A as string>"]);
    check("f(process.env.A || '');", &["A Process Empty <process.env.A || ''>"]);
    check(
        "f(process.env.A ?? 'http://localhost:3000');",
        &["A Process Localhost <process.env.A ?? 'http://localhost:3000'>"],
    );
    check(
        "f(process.env.A || 'your-key-here');",
        &["A Process Placeholder <process.env.A || 'your-key-here'>"],
    );
    check(
        "f(process.env.A || 'debug');",
        &["A Process Literal { secret: false } <process.env.A || 'debug'>"],
    );
    check(
        "f(process.env.K || 'sk_live_Fixture0Only1Never2Real3');",
        &["K Process Literal { secret: true } <process.env.K || 'sk_live_Fixture0Only1Never2Real3'>"],
    );
    check(
        "f(process.env.A || process.env.B);",
        &["A Process OtherEnv(\"B\") <process.env.A || process.env.B>", "B Process None <process.env.B>"],
    );
    check(
        "f(process.env.A || process.env.B || 'x1');",
        &[
            "A Process OtherEnv(\"B\") <process.env.A || process.env.B || 'x1'>",
            "B Process Literal { secret: false } <process.env.B || 'x1'>",
        ],
    );
    check("f(process.env.A || other());", &["A Process Expression <process.env.A || other()>"]);
    check("const ok = (process.env.A) && 1;", &["A Process None <(process.env.A)>"]);
    check("if (process.env.A) f();", &["A Process None <process.env.A>"]);
    check("f(process.env.A?.replace(/x/g, ''));", &["A Process None <process.env.A>"]);
}

#[test]
fn writes_are_no_reads() {
    check("process.env.A = 'x'; delete process.env.B;", &[]);
}

#[test]
fn computed_names_are_kept_apart() {
    let project = Project::from_texts(
        Path::new("/app"),
        vec![(RelPath::new("a.ts").unwrap(), "f(process.env[name]);".to_owned())],
    );
    let stack = Stack::detect(&project);
    let survey = Survey::of(&project, &stack);
    assert!(survey.env.is_empty());
    assert_eq!(survey.dynamic_env.len(), 1);
}

#[test]
fn definitions_stand_in_many_files() {
    let found = env(&[
        (".env", "A_KEY=1\n"),
        (".env.example", "A_KEY=\n"),
        ("netlify.toml", "[build.environment]\n  A_KEY = \"1\"\n"),
        (".github/workflows/ci.yml", "env:\n  A_KEY: ${{ secrets.A_KEY }}\n"),
        ("Dockerfile", "FROM node\nARG A_KEY=1\n"),
        ("docker-compose.yml", "services:\n  a:\n    environment:\n      - A_KEY=1\n"),
        ("src/vite-env.d.ts", "interface ImportMetaEnv {\n  readonly A_KEY: string;\n}\n"),
    ]);
    let definitions = &found.iter().find(|name| name.name == "A_KEY").unwrap().definitions;
    assert_eq!(definitions.len(), 7);
    assert_eq!(definitions.iter().filter(|definition| definition.example).count(), 1);
}

#[test]
fn packages_read_names_that_no_code_names() {
    let found = env(&[("app/a.ts", "import { put } from \"@vercel/blob\";\n")]);
    let token = found.iter().find(|name| name.name == "BLOB_READ_WRITE_TOKEN").unwrap();
    assert_eq!(token.implicit, Some("@vercel/blob"));
    assert!(token.secret);
}

#[test]
fn a_key_that_is_public_by_its_shape_is_not_secret_by_its_name() {
    let found = env(&[(".env", "VITE_STRIPE_API_KEY=pk_live_Fixture0Only1Never2\nVITE_PAY_API_KEY=x\n")]);
    let secret: Vec<(&str, bool)> = found.iter().map(|name| (name.name.as_str(), name.secret)).collect();
    assert_eq!(secret, [("VITE_PAY_API_KEY", true), ("VITE_STRIPE_API_KEY", false)]);
}

#[test]
fn a_chain_of_two_variables_gives_way_to_the_second() {
    check(
        "f(process.env.A ?? process.env.B ?? '');",
        &[
            "A Process OtherEnv(\"B\") <process.env.A ?? process.env.B ?? ''>",
            "B Process Empty <process.env.B ?? ''>",
        ],
    );
    check(
        "f(process.env.A || process.env.B || '');",
        &["A Process Empty <process.env.A || process.env.B || ''>", "B Process Empty <process.env.B || ''>"],
    );
}

#[test]
fn a_function_that_is_given_the_name_reads_it() {
    check(
        "function need(name: string) { const value = process.env[name]; if (!value) throw new Error(name); return value; } f(need('A'), need(other));",
        &["A Process None <need('A')>"],
    );
    check(
        "const look = (name: string) => process.env[name]?.trim(); f(look('A') || 'x1');",
        &["A Process Literal { secret: false } <look('A') || 'x1'>"],
    );
}

#[test]
fn a_line_that_is_a_comment_reads_nothing() {
    let names = env(&[("app.py", "# key = os.getenv('OLD_KEY')\nkey = os.getenv('NEW_KEY')\n")]);
    let names: Vec<&str> = names.iter().map(|name| name.name.as_str()).collect();
    assert_eq!(names, ["NEW_KEY"]);
}

//! Canaries: every secret of a tree is of its own, and none is in anything that the program writes but the local env file.

use crate::program::{Ran, Tree};
use audit::Survey;
use project::{Project, ReadOptions};
use stack::Stack;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const FORMATS: [&str; 7] = ["human", "json", "jsonl", "sarif", "github", "markdown", "html"];

/// One secret: where it stands, the text around it (`@` is its place), and the value.
const CANARIES: &[(&str, &str, &str)] = &[
    (
        "src/a.ts",
        "const KEY = \"@\";\nexport const a = () => fetch(\"https://api.openai.com/v1/x\", { headers: { Authorization: `Bearer ${KEY}` } });\n",
        "sk-proj-CanaryA3Hq7LmZ2xWv9Rt4Yb6Nc8Kd1Pf5Gj0Ss3",
    ),
    (
        "src/b.ts",
        "export const b = import.meta.env.VITE_GROQ_KEY || \"@\";\n",
        "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",
    ),
    (
        "src/c.ts",
        "export function c(key = \"@\") {\n  return fetch(\"https://api.anthropic.com/v1/messages\", { headers: { \"x-api-key\": key } });\n}\n",
        "sk-ant-api03-CanaryC7LmZ2xWv9Rt4Yb6Nc8Kd1Pf5Gj0Ss3Hq7LmZ2xWv9Rt4Yb6Nc8Kd1Pf5Gj0",
    ),
    (
        "src/d.ts",
        "export const d = `https://generativelanguage.googleapis.com/v1beta/models/x:generateContent?key=@`;\n",
        "AIzaSyCanaryD4Yb6Nc8Kd1Pf5Gj0Ss3Hq7LmZ2",
    ),
    (
        "src/e.ts",
        "export class E {\n  start(apiKey: \"@\") {\n    return apiKey;\n  }\n}\n",
        "sk-proj-CanaryE3Hq7LmZ2xWv9Rt4Yb6Nc8Kd1Pf5Gj0Ss3",
    ),
    ("src/f.tsx", "// old key: @\nexport const F = () => null;\n", "sk_live_CanaryF7LmZ2xWv9Rt4Yb6Nc8"),
    (
        "src/g.tsx",
        "export const enter = (word: string, name: string) => name === \"boss\" && word === \"@\";\nexport const check = (password: string) => password === \"@\";\n",
        "Canary-G-word-41",
    ),
    (
        "src/h.ts",
        "export const people = [{ email: \"boss@club.example\", password: \"@\", role: \"admin\" }];\n",
        "Canary-H&word-42",
    ),
    (
        "api/i.js",
        "import jwt from \"jsonwebtoken\";\nexport default (request, response) => response.json(jwt.sign({}, process.env.JWT_SECRET || \"@\"));\n",
        "canary-i-signing-9f8e7d6c5b4a3f2e1d",
    ),
    (
        "api/j.js",
        "import { Client } from \"pg\";\nexport const j = new Client({ connectionString: \"postgres://app:@@db.canary.dev:5432/app\" });\n",
        "CanaryJ%Pass42word",
    ),
    (
        "api/k.js",
        "const TOKEN = '@';\nexport default () => fetch(\"https://api.github.com/user\", { headers: { authorization: `token ${TOKEN}` } });\n",
        "ghp_CanaryK4Yb6Nc8Kd1Pf5Gj0Ss3Hq7LmZ2xWv",
    ),
    (".env", "JWT_SECRET=@\n", "canary\"L\\signing/7a6b5c4d3e2f1a0b"),
    (".env.production", "SUPABASE_SERVICE_ROLE_KEY=@\n", "sb_secret_CanaryM4Yb6Nc8Kd1Pf5Gj0Ss3Hq"),
    (".env.example", "RESEND_API_KEY=@\n", "re_CanaryN4_Yb6Nc8Kd1Pf5Gj0Ss3Hq7Lm"),
    (
        "netlify.toml",
        "[build.environment]\n  SENDGRID_API_KEY = \"@\"\n",
        "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",
    ),
    (
        "public/sw.js",
        "const KEY = \"@\";\nself.addEventListener(\"fetch\", () => KEY);\n",
        "sk-proj-CanaryP3Hq7LmZ2xWv9Rt4Yb6Nc8Kd1Pf5Gj0Ss3",
    ),
    (
        "README.md",
        "Set `OPENAI_API_KEY=@` before you start.\n",
        "sk-proj-CanaryQ3Hq7LmZ2xWv9Rt4Yb6Nc8Kd1Pf5Gj0Ss3",
    ),
    (
        "supabase/migrations/001_init.sql",
        "select net.http_post('https://x.example', headers := '{\"Authorization\": \"Bearer @\"}');\n",
        "sk_live_CanaryR7LmZ2xWv9Rt4Yb6Nc8Kd1",
    ),
    (
        "src/s.ts",
        "export const s = new URL(\"https://api.themoviedb.org/3/movie?api_key=@\");\n",
        "ca9a25f86f53e645e951db4a6af1a4d4",
    ),
];

const APP: &[(&str, &str)] = &[
    (
        "package.json",
        "{\n  \"name\": \"canaries\",\n  \"private\": true,\n  \"dependencies\": { \"react\": \"^18.3.1\", \"jsonwebtoken\": \"^9.0.2\", \"pg\": \"^8.11.0\" },\n  \"devDependencies\": { \"typescript\": \"^5.8.3\", \"vite\": \"^5.4.19\" }\n}\n",
    ),
    ("index.html", "<script type=\"module\" src=\"/src/main.tsx\"></script>\n"),
    ("vite.config.ts", "import { defineConfig } from \"vite\";\n\nexport default defineConfig({});\n"),
    ("tsconfig.json", "{ \"compilerOptions\": { \"strict\": true, \"jsx\": \"react-jsx\" } }\n"),
    (
        "src/main.tsx",
        "import \"./a\";\nimport \"./b\";\nimport \"./c\";\nimport \"./d\";\nimport \"./e\";\nimport \"./f\";\nimport \"./g\";\nimport \"./h\";\nimport \"./s\";\n",
    ),
];

/// Ways in which a value may be written: as it is, and as JSON, HTML and URLs escape it.
fn spellings(value: &str) -> Vec<String> {
    let json = serde_json::to_string(value).unwrap();
    let json = json[1..json.len() - 1].to_owned();
    let html = value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let url = value.replace('%', "%25").replace('&', "%26");
    let mut spellings = vec![value.to_owned(), json, html, url];
    spellings.dedup();
    spellings
}

/// Runs these verbs in these formats over the tree, then all that write files, and gives all that was written: by what, and the text.
fn written(tree: &Tree, verbs: &[&str], formats: &[&str]) -> Vec<(String, String)> {
    let mut texts = Vec::new();
    let mut keep = |what: String, ran: Ran| {
        texts.push((format!("stdout of {what}"), ran.out));
        texts.push((format!("stderr of {what}"), ran.err));
    };
    for format in formats {
        for verb in verbs {
            let loudness = if *verb == "check" { "-q" } else { "-v" };
            keep(format!("{verb} {format}"), tree.migrate(&[verb, "--format", format, loudness]));
        }
    }
    let beside = |name: &str| tree.beside(name).display().to_string();
    let (plan, patch, report, baseline) =
        (beside("plan"), beside("patch"), beside("report"), beside("baseline"));
    let summary = beside("summary");
    fs::write(&summary, "").unwrap();
    let ran = tree.migrate_with(
        &["plan", "--out", &plan, "--patch", &patch, "--format", "github", "--output", &report],
        &[("GITHUB_STEP_SUMMARY", &summary)],
    );
    keep("plan --out --patch --output".into(), ran);
    keep(
        "audit --write-baseline".into(),
        tree.migrate(&["audit", "--write-baseline", &baseline, "--reason", "known"]),
    );
    for more in [&["show", &plan] as &[&str], &["show", "--json", &plan], &["show", "--diff", &plan]] {
        keep(more[..more.len() - 1].join(" "), tree.migrate(more));
    }
    keep("show --stat".into(), tree.migrate(&["show", "--stat", &plan]));
    let before = tree.files();
    keep("apply".into(), tree.migrate(&["apply", "-v", "--yes"]));
    keep("undo".into(), tree.migrate(&["undo", "-v"]));
    assert!(tree.files() == before, "undo gives every byte back");
    for path in [plan, patch, report, summary, baseline] {
        texts.extend(fs::read_to_string(&path).ok().map(|text| (path, text)));
    }
    texts
}

#[track_caller]
fn silent(tree: &Tree, verbs: &[&str], formats: &[&str], values: &BTreeMap<String, String>) {
    for (what, text) in written(tree, verbs, formats) {
        for (value, place) in values {
            for spelled in spellings(value) {
                // Told by place: the message of a failed test must not carry a secret either.
                assert!(!text.contains(&spelled), "{what} shows the secret of {place}");
            }
        }
    }
}

#[test]
fn no_secret_of_any_place_is_in_anything_that_is_written() {
    let tree = Tree::new(APP);
    let mut values = BTreeMap::new();
    for (path, text, value) in CANARIES {
        let known = if tree.path(path).exists() { tree.read(path) } else { String::new() };
        // The address of a database has an `@` of its own, behind the value.
        let text = match text.split_once("@@") {
            Some((head, tail)) => format!("{head}{value}@{tail}"),
            None => text.replace("boss@", "boss\u{0}").replace('@', value).replace('\u{0}', "@"),
        };
        tree.write(path, &(known + &text));
        assert!(values.insert((*value).to_owned(), (*path).to_owned()).is_none(), "{path}: not unique");
    }
    tree.commit();
    let report = tree.migrate(&["audit", "--format", "json"]).ended(0).json();
    let found: Vec<&str> = report["inventory"]["secrets"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|secret| secret["public_by_design"] == false)
        .filter_map(|secret| secret["path"].as_str())
        .collect();
    let missed: Vec<_> = values.values().filter(|path| !found.contains(&path.as_str())).collect();
    assert!(missed.is_empty(), "not found in {missed:?}");
    silent(&tree, &["audit", "plan", "check"], &FORMATS, &values);
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> =
        fs::read_dir(of).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    found.retain(|path| path.is_dir());
    found.sort();
    found
}

/// The shipped exports and the cases of the codemods.
fn fixtures() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let cases =
        folders(&root.join("codemods")).into_iter().flat_map(|codemod| folders(&codemod.join("fixtures")));
    let cases = cases.map(|case| case.join("before")).filter(|before| before.join("package.json").is_file());
    folders(&root.join("fixtures")).into_iter().chain(cases).collect()
}

/// The secrets of a tree that could not be ordinary words.
fn secrets(folder: &Path) -> BTreeMap<String, String> {
    let project = Project::read(folder, &ReadOptions::default()).unwrap();
    let stack = Stack::detect(&project);
    let survey = Survey::of(&project, &stack);
    let secrets = survey
        .secrets
        .iter()
        .filter(|secret| !secret.public_by_design && !secret.placeholder && secret.value.len() >= 8);
    secrets.map(|secret| (secret.value.clone(), project.get(secret.span.file).path.to_string())).collect()
}

#[test]
fn no_secret_of_a_fixture_is_in_anything_that_is_written() {
    let mut count = 0;
    for folder in fixtures() {
        let values = secrets(&folder);
        if values.is_empty() {
            continue;
        }
        count += values.len();
        let tree = Tree::copy(&folder);
        tree.commit();
        silent(&tree, &["plan"], &["human", "json", "sarif", "html"], &values);
    }
    assert!(count >= 20, "{count} secrets: were the fixtures read?");
}

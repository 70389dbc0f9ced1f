//! The report in every format: as the contract has it, the same on every run, without machine paths and without secrets.

use crate::program::{APP, FAKE_KEY, Tree};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const FORMATS: [&str; 7] = ["human", "json", "jsonl", "sarif", "github", "markdown", "html"];

#[track_caller]
fn report(tree: &Tree, verb: &str, format: &str) -> String {
    let ran = tree.migrate(&[verb, "--format", format]);
    assert!(ran.code == 0 || (verb == "check" && ran.code == 2), "{}", ran.err);
    ran.out
}

fn json(tree: &Tree) -> Value {
    serde_json::from_str(&report(tree, "plan", "json")).unwrap()
}

fn keys(value: &Value) -> String {
    value.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>().join(" ")
}

fn list<'v>(value: &'v Value, key: &str) -> &'v Vec<Value> {
    value[key].as_array().unwrap_or_else(|| panic!("no list {key}"))
}

#[test]
fn json_has_the_keys_of_the_contract_in_its_order() {
    let report = json(&Tree::app());
    assert_eq!(keys(&report), "format_version tool project findings inventory changes held summary");
    assert_eq!(report["format_version"], "1.0");
    assert_eq!(keys(&report["tool"]), "name version");
    assert_eq!(
        keys(&report["project"]),
        "app_roots builder generation framework framework_version backends auth package_manager confidence"
    );
    for finding in list(&report, "findings") {
        assert_eq!(
            keys(finding),
            "fingerprint rule severity confidence path line column end_line end_column message why todo treatment change related"
        );
    }
    let inventory = &report["inventory"];
    assert_eq!(
        keys(inventory),
        "files env secrets queries sessions guards routes handlers tables policies configs"
    );
    for (name, expected) in [
        ("files", "path language side parse why"),
        ("env", "name side secret reads defined_in target_name scope"),
        ("secrets", "path line kind public_by_design masked disposition env_name"),
        ("configs", "path kind findings"),
    ] {
        assert!(!list(inventory, name).is_empty(), "{name}");
        for row in list(inventory, name) {
            assert_eq!(keys(row), expected);
        }
    }
    for change in list(&report, "changes") {
        assert_eq!(keys(change), "id codemod title safety files creates deletes insertions deletions");
    }
    assert_eq!(keys(&report["summary"]), "findings queries files_changed manual");
    assert_eq!(keys(&report["summary"]["findings"]), "hole warning note");
    assert_eq!(keys(&report["summary"]["queries"]), "found moved proxied left declined");
}

#[test]
fn a_channel_whose_callback_asks_the_database_moves_with_the_session() {
    let tree = Tree::copy(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/spa_tasks")));
    let board = "src/components/projects/ProjectBoard.tsx";
    let reads = "async () => { setTasks((await supabase.from(\"tasks\").select(\"*\").eq(\"project_id\", selected)).data ?? []); }";
    tree.write(board, &tree.read(board).replace("() => void loadTasks(selected))", &format!("{reads})")));
    tree.commit();
    let report = json(&tree);
    let queries = list(&report["inventory"], "queries");
    let channels: Vec<_> = queries.iter().filter(|query| query["operation"] == "subscribe").collect();
    assert!(!channels.is_empty());
    for channel in channels {
        assert_eq!(channel["disposition"], "moved", "{channel}");
    }
}

#[test]
fn findings_are_sorted_and_their_fingerprints_are_their_own() {
    let report = json(&Tree::app());
    let findings = list(&report, "findings");
    let place = |finding: &Value| {
        let number = |key: &str| finding[key].as_u64().unwrap();
        (finding["path"].as_str().unwrap().to_owned(), number("line"), number("column"))
    };
    let places: Vec<_> = findings.iter().map(place).collect();
    assert!(places.is_sorted(), "{places:?}");
    let prints: BTreeSet<_> = findings.iter().map(|finding| finding["fingerprint"].to_string()).collect();
    assert_eq!(prints.len(), findings.len());
    let changes: BTreeSet<_> =
        list(&report, "changes").iter().map(|change| change["id"].to_string()).collect();
    for finding in findings {
        assert!(finding["change"].is_null() == (finding["treatment"] == "manual"), "{finding}");
        assert!(finding["change"].is_null() || changes.contains(&finding["change"].to_string()));
    }
}

#[test]
fn a_report_is_the_same_in_every_run_and_in_every_place() {
    let (one, other) = (Tree::app(), Tree::app());
    for format in FORMATS {
        let first = report(&one, "audit", format);
        assert_eq!(first, report(&one, "audit", format), "{format}");
        // Since which commit a secret is known is said to people only.
        if !matches!(format, "human" | "markdown" | "html") {
            assert_eq!(first, report(&other, "audit", format), "{format}");
        }
        assert!(!first.contains(&one.root().display().to_string()), "{format} tells where it ran");
    }
}

#[test]
fn no_format_of_no_verb_shows_a_secret() {
    let tree = Tree::app();
    // Values that JSON, HTML and shells write in other ways.
    let env = "DATABASE_URL=\"postgres://app:fixture&Pass%42word@db.fixture.dev:5432/app\"\n\
        JWT_SECRET=fixture\"Jwt\\Secret/9f8e7d6c5b4a\n";
    tree.write(".env", env);
    tree.commit();
    let values = [FAKE_KEY, "fixture&Pass%42word", "fixture&amp;Pass", "9f8e7d6c5b4a"];
    let shown = |text: &str| values.iter().any(|value| text.contains(value));
    for verb in ["audit", "plan", "check"] {
        for format in FORMATS {
            for loudness in ["-q", "-v"] {
                let ran = tree.migrate(&[verb, "--format", format, loudness]);
                assert!(
                    !shown(&ran.out) && !shown(&ran.err),
                    "{verb} --format {format} {loudness}: {}",
                    ran.out
                );
            }
        }
    }
    let plan = tree.beside("plan").display().to_string();
    tree.migrate(&["plan", "--out", &plan]).ended(0);
    assert!(!shown(&fs::read_to_string(&plan).unwrap()));
    for arguments in [
        &["show", &plan] as &[&str],
        &["show", "--json", &plan],
        &["show", "--diff", &plan],
        &["apply", "-v", &plan],
    ] {
        let ran = tree.migrate(arguments).ended(0);
        assert!(!shown(&ran.out) && !shown(&ran.err), "{arguments:?}");
    }
}

#[test]
fn jsonl_is_a_header_the_findings_and_a_summary() {
    let tree = Tree::app();
    let text = report(&tree, "audit", "jsonl");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let types: Vec<_> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
    assert_eq!((types[0], types[types.len() - 1]), ("header", "summary"));
    assert!(types[1..types.len() - 1].iter().all(|kind| *kind == "finding"));
    assert_eq!(types.len() - 2, list(&json(&tree), "findings").len());
}

#[test]
fn sarif_is_what_code_scanning_takes() {
    let tree = Tree::app();
    let log: Value = serde_json::from_str(&report(&tree, "plan", "sarif")).unwrap();
    assert_eq!((log["version"].as_str(), list(&log, "runs").len()), (Some("2.1.0"), 1));
    assert!(log["$schema"].as_str().unwrap().ends_with("sarif-schema-2.1.0.json"));
    let run = &log["runs"][0];
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "migrate");
    let rules = list(driver, "rules");
    for rule in rules {
        for text in ["shortDescription", "fullDescription", "help"] {
            assert!(!rule[text]["text"].as_str().unwrap().is_empty(), "{rule}");
        }
        assert!(!rule["help"]["markdown"].as_str().unwrap().is_empty());
    }
    let results = list(run, "results");
    assert_eq!(results.len(), list(&json(&tree), "findings").len());
    for result in results {
        assert_eq!(rules[result["ruleIndex"].as_u64().unwrap() as usize]["id"], result["ruleId"]);
        assert!(matches!(result["level"].as_str(), Some("error" | "warning" | "note")));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        assert!(result["partialFingerprints"]["migrate/v1"].as_str().unwrap().len() >= 16);
        let place = &list(result, "locations")[0]["physicalLocation"];
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        assert!(!uri.starts_with('/') && !uri.contains([' ', '\\', '[', ']']) && !uri.contains(".."));
        let at = |key: &str| place["region"][key].as_u64().unwrap();
        assert!((1, 1) <= (at("startLine"), at("startColumn")));
        assert!((at("startLine"), at("startColumn")) <= (at("endLine"), at("endColumn")));
        for fix in result["fixes"].as_array().into_iter().flatten() {
            for change in list(fix, "artifactChanges") {
                let replacements = list(change, "replacements");
                assert!(!replacements.is_empty());
                assert!(replacements.iter().all(|one| one["deletedRegion"]["startLine"].is_u64()));
            }
        }
    }
}

#[test]
fn reports_for_github_name_paths_of_the_repository() {
    let files: Vec<_> = APP.iter().map(|(path, text)| (format!("apps/web, 1/{path}"), *text)).collect();
    let files: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    let tree = Tree::new(&files);
    tree.commit();
    let annotations = tree.migrate(&["check", "apps/web, 1", "--format", "github"]).ended(2).out;
    assert!(annotations.contains(" file=apps/web%2C 1/src/weather.ts,line=1,"), "{annotations}");
    let sarif = tree.migrate(&["audit", "apps/web, 1", "--format", "sarif"]).ended(0).json();
    for result in list(&sarif["runs"][0], "results") {
        let uri = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
        assert!(uri.as_str().unwrap().starts_with("apps/web%2C%201/"), "{uri}");
    }
}

#[test]
fn annotations_are_commands_that_the_runner_reads() {
    let tree = Tree::app();
    // Findings of one level, more than the runner shows.
    let reads: String =
        (0..30).map(|at| format!("export const v{at} = import.meta.env.VITE_UNKNOWN_{at};\n")).collect();
    tree.write("src/many.ts", &reads);
    tree.write("src/main.tsx", &(tree.read("src/main.tsx") + "import \"./many\";\n"));
    let annotations = report(&tree, "check", "github");
    for level in ["::error ", "::warning ", "::notice "] {
        assert!(annotations.matches(level).count() <= 10, "{level}");
    }
    for line in annotations.lines().filter(|line| line.starts_with("::")) {
        let (head, _) = line[2..].split_once("::").unwrap();
        assert!(head.contains(" file=") && head.contains(",line=") && head.contains(",title="), "{line}");
    }
    assert!(annotations.contains("without an annotation"), "{annotations}");
}

#[test]
fn the_job_summary_is_written_where_the_runner_reads_it() {
    let tree = Tree::app();
    let summary = tree.beside("summary.md");
    fs::write(&summary, "before\n").unwrap();
    let variable = [("GITHUB_STEP_SUMMARY", summary.to_str().unwrap())];
    tree.migrate_with(&["check", "--format", "github"], &variable).ended(2);
    let text = fs::read_to_string(&summary).unwrap();
    assert!(text.starts_with("before\n# Scope of the migration"), "{text}");
    tree.migrate_with(&["check", "--format", "json"], &variable).ended(2);
    assert_eq!(fs::read_to_string(&summary).unwrap(), text);
}

#[test]
fn the_written_scope_says_what_is_wrong_changed_left_and_rotated() {
    let page = report(&Tree::app(), "audit", "markdown");
    for heading in
        ["What is wrong", "What the one pass changes", "What is left to a person", "What must be rotated"]
    {
        assert!(page.contains(&format!("\n## {heading}\n")), "{page}");
    }
    assert!(page.contains("`OPENAI_API_KEY`"), "{page}");
}

#[test]
fn the_page_runs_no_script_and_loads_nothing() {
    let tree = Tree::app();
    tree.write(
        "src/<img src=x onerror=alert(1)>.ts",
        "export const a = import.meta.env.VITE_ODD || \"x\";\n",
    );
    let page = report(&tree, "plan", "html");
    assert!(page.starts_with("<!doctype html>") && page.contains("default-src 'none'"));
    for active in ["<script", "<img", "<link", "<iframe", " src=\"", " href=\""] {
        assert!(!page.contains(active), "{active}");
    }
}

#[test]
fn people_are_told_what_the_app_is_and_what_to_do_next() {
    let tree = Tree::app();
    let audit = report(&tree, "audit", "human");
    assert!(audit.starts_with("Vite + React 5.4.19 · made with Lovable"), "{audit}");
    assert!(
        audit.contains("src/weather.ts:1:14") && audit.contains("`migrate plan` shows the diff"),
        "{audit}"
    );
    assert!(audit.contains("Rotate these") && audit.contains("OPENAI_API_KEY"), "{audit}");
    let plan = report(&tree, "plan", "human");
    assert!(plan.contains("diff --git a/src/weather.ts b/src/weather.ts"), "{plan}");
    assert!(plan.trim_end().ends_with("saves them for later."), "{plan}");
}

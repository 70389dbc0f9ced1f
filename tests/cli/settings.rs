//! What changes a run: `migrate.toml`, the baseline, inline suppression, selection.

use crate::bad_input::refused;
use crate::program::Tree;
use serde_json::Value;
use std::fs;

fn report(tree: &Tree, more: &[&str]) -> Vec<Value> {
    let arguments = [&["audit", "--format", "json"], more].concat();
    tree.migrate(&arguments).ended(0).json()["findings"].as_array().unwrap().clone()
}

/// Rules of the findings, in order.
fn audit(tree: &Tree, more: &[&str]) -> Vec<String> {
    report(tree, more).iter().map(|finding| finding["rule"].as_str().unwrap().to_owned()).collect()
}

const WEATHER: &str = "src/weather.ts";

/// Rule and line of a finding of the small app that stands on a line of source.
fn on_a_line(tree: &Tree) -> (String, usize) {
    let finding = report(tree, &[]).into_iter().find(|finding| finding["path"] == WEATHER).unwrap();
    (finding["rule"].as_str().unwrap().into(), finding["line"].as_u64().unwrap() as usize)
}

/// Puts a line before line `at` of the file.
fn insert(tree: &Tree, path: &str, at: usize, line: &str) {
    let text = tree.read(path);
    let mut lines: Vec<_> = text.lines().collect();
    lines.insert(at - 1, line);
    tree.write(path, &(lines.join("\n") + "\n"));
}

// migrate.toml

#[test]
fn the_configuration_selects_and_flags_go_before_it() {
    let tree = Tree::app();
    let all = audit(&tree, &[]);
    tree.write("migrate.toml", "only = ['suppressions']\n");
    assert!(audit(&tree, &[]).is_empty());
    let rule = &all[0];
    let chosen = audit(&tree, &["--only", rule]);
    assert!(!chosen.is_empty() && chosen.iter().all(|found| found == rule));
    let codemod = rule.split('/').next().unwrap();
    tree.write("migrate.toml", &format!("skip = ['{codemod}']\n"));
    assert!(audit(&tree, &[]).iter().all(|found| !found.starts_with(&format!("{codemod}/"))));
}

#[test]
fn a_severity_is_overridden() {
    let tree = Tree::app();
    let (rule, _) = on_a_line(&tree);
    tree.write("migrate.toml", &format!("[severity]\n'{rule}' = 'hole'\n"));
    let mut of_rule = report(&tree, &[]);
    of_rule.retain(|finding| finding["rule"] == rule.as_str());
    assert!(!of_rule.is_empty() && of_rule.iter().all(|finding| finding["severity"] == "hole"));
}

#[test]
fn nothing_is_reported_or_changed_in_ignored_paths() {
    let tree = Tree::app();
    tree.write("migrate.toml", "ignore = ['src/']\n");
    let plan = tree.migrate(&["plan", "--format", "json"]).ended(0).json();
    let inside = |path: &Value| path == WEATHER || path == "src/advice.ts";
    assert!(!plan["findings"].as_array().unwrap().iter().any(|finding| inside(&finding["path"])));
    for change in plan["changes"].as_array().unwrap() {
        assert!(!change["files"].as_array().unwrap().iter().any(inside), "{change}");
    }
}

#[test]
fn a_configuration_that_means_nothing_is_refused_with_its_line() {
    let tree = Tree::app();
    for (text, words) in [
        ("\nignores = []\n", ["migrate.toml:2", "did you mean `ignore`?"]),
        ("safety = 'all'\n", ["migrate.toml:1", "\"review\""]),
        ("only = 'x'\n", ["migrate.toml:1", "must be a list"]),
        ("only = [\n", ["migrate.toml:", "error"]),
        ("skip = ['supressions']\n", ["configuration", "did you mean `suppressions`?"]),
        ("[severity]\n'supressions' = 'note'\n", ["configuration", "did you mean `suppressions`?"]),
        ("baseline = 'none.toml'\n", ["none.toml", "--write-baseline"]),
    ] {
        tree.write("migrate.toml", text);
        for verb in ["audit", "plan", "check", "apply"] {
            refused(&tree, &[verb], &words);
        }
    }
    refused(&tree, &["audit", "--config", "other.toml"], &["other.toml", "--config"]);
}

// The baseline.

#[test]
fn accepted_findings_are_neither_reported_nor_changed() {
    for name in ["baseline.toml", "baseline.json"] {
        let tree = Tree::app();
        let file = tree.beside(name).display().to_string();
        let written =
            tree.migrate(&["audit", "--write-baseline", &file, "--reason", "known at launch"]).ended(0);
        assert!(written.err.contains("accepted in"), "{}", written.err);
        assert!(fs::read_to_string(&file).unwrap().contains("known at launch"));
        tree.migrate(&["check", "--baseline", &file]).ended(0);
        // Lines that move do not bring a finding back.
        insert(&tree, WEATHER, 1, "// A line more.");
        tree.migrate(&["check", "--baseline", &file]).ended(0);
        tree.migrate(&["check"]).ended(2);
    }
}

#[test]
fn a_new_finding_is_not_accepted_and_a_gone_one_is_told() {
    let tree = Tree::app();
    let file = tree.beside("baseline.toml").display().to_string();
    tree.migrate(&["audit", "--write-baseline", &file, "--reason", "first"]).ended(0);
    let more = "export const more = import.meta.env.VITE_MORE_URL || \"https://more.example.com\";\n";
    tree.write("src/more.ts", more);
    tree.write("src/main.tsx", &(tree.read("src/main.tsx") + "import \"./more\";\n"));
    tree.migrate(&["check", "--baseline", &file]).ended(2);
    tree.migrate(&["audit", "--write-baseline", &file, "--reason", "second"]).ended(0);
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("\"first\"") && text.contains("\"second\""), "{text}");
    tree.write("src/more.ts", "export const more = 1;\n");
    let told = tree.migrate(&["audit", "--baseline", &file]).ended(0).err;
    assert!(told.contains("no longer there"), "{told}");
}

#[test]
fn a_baseline_that_is_not_one_is_refused() {
    let tree = Tree::app();
    for (name, text, word) in [
        ("b.json", "{", "not JSON"),
        ("b.json", "{}", "`accepted` must be a list"),
        ("b.toml", "accepted = 1\n", "[[accepted]]"),
        ("b.toml", "[[accepted]]\nfingerprint = 'f'\ndate = '2026-01-31'\n", "no `reason`"),
    ] {
        tree.write(name, text);
        refused(&tree, &["check", "--baseline", name], &[name, word]);
    }
}

// Inline suppression.

#[test]
fn a_finding_is_suppressed_on_its_line_or_the_line_before() {
    let tree = Tree::app();
    let (rule, line) = on_a_line(&tree);
    let here = || {
        let here = |finding: &&Value| finding["rule"] == rule.as_str() && finding["path"] == WEATHER;
        report(&tree, &[]).iter().filter(here).count()
    };
    let unused = || audit(&tree, &[]).iter().any(|rule| rule.starts_with("suppressions/"));
    let (count, text) = (here(), tree.read(WEATHER));
    insert(&tree, WEATHER, line, &format!("// migrate-ignore {rule} -- the default is right here"));
    assert!(here() < count && !unused());
    let own: Vec<_> = text.lines().collect();
    let own =
        [&own[..line - 1], &[&*format!("{} // migrate-ignore {rule} -- right", own[line - 1])], &own[line..]];
    tree.write(WEATHER, &(own.concat().join("\n") + "\n"));
    assert!(here() < count && !unused());
}

#[test]
fn a_suppression_without_a_reason_or_without_use_is_a_finding() {
    let tree = Tree::app();
    let (rule, line) = on_a_line(&tree);
    insert(&tree, WEATHER, line, &format!("// migrate-ignore {rule}"));
    tree.write("src/other.ts", &format!("// migrate-ignore {rule} -- nothing here\nexport {{}};\n"));
    let found = audit(&tree, &[]);
    for expected in [&rule, "suppressions/without-reason", "suppressions/unused"] {
        assert!(found.iter().any(|found| found == expected), "no {expected} in {found:?}");
    }
}

#[test]
fn a_suppression_of_a_rule_that_does_not_run_is_not_unused() {
    let tree = Tree::app();
    let (rule, _) = on_a_line(&tree);
    tree.write("src/other.ts", &format!("// migrate-ignore {rule} -- nothing here\nexport {{}};\n"));
    assert!(audit(&tree, &["--only", "suppressions"]).is_empty());
}

#[test]
fn a_suppression_of_what_nothing_is_called_is_unused() {
    let tree = Tree::app();
    tree.write("src/other.ts", "// migrate-ignore no/such-rule -- a slip\nexport {};\n");
    assert!(audit(&tree, &[]).contains(&"suppressions/unused".to_owned()));
}

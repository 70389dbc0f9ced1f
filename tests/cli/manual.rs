//! The documentation that the program prints.

use crate::program::Tree;

#[test]
fn explain_prints_the_documentation() {
    let tree = Tree::new(&[]);
    assert!(tree.migrate(&["explain", "suppressions"]).ended(0).out.contains("## What it finds"));
    let rule = tree.migrate(&["explain", "suppressions/unused"]).ended(0).out;
    assert!(rule.contains("Severity: note"), "{rule}");
}

#[test]
fn rules_lists_everything_in_every_format() {
    let tree = Tree::new(&[]);
    let listed = tree.migrate(&["rules", "--format", "json"]).ended(0).json();
    let human = tree.migrate(&["rules"]).ended(0).out;
    let page = tree.migrate(&["rules", "--format", "markdown"]).ended(0).out;
    for codemod in listed["codemods"].as_array().unwrap() {
        let id = codemod["id"].as_str().unwrap();
        assert!(human.contains(id) && page.contains(&format!("\n## {id}\n")), "{id}");
        tree.migrate(&["explain", id]).ended(0);
        for rule in codemod["rules"].as_array().unwrap() {
            let id = rule["id"].as_str().unwrap();
            assert!(human.contains(id) && page.contains(&format!("`{id}`")), "{id}");
            tree.migrate(&["explain", id]).ended(0);
        }
    }
}

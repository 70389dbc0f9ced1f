//! What the app itself puts into a row somewhere, so that a column which grants something is taken from its pages as before.

use audit::Survey;
use project::Kind;
use stack::Side;
use std::collections::BTreeSet;
use syntax::view::{callee, is_in_type_position, pairs, walk};
use syntax::{Node, Tree};

/// The keys of the object literals of the pages, and of what is assigned to a member.
struct Made(Vec<BTreeSet<String>>);

/// Whether a page makes an object with the column that looks like a row of its table: at least half of the other keys are columns.
pub fn is_set_by_pages(survey: &Survey<'_>, column: &str, is_column: impl Fn(&str) -> bool) -> bool {
    survey.memo.of(|| made(survey)).0.iter().filter(|keys| keys.contains(column)).any(|keys| {
        let others = keys.iter().filter(|key| *key != column);
        keys.len() == 1 || others.filter(|key| is_column(key)).count() * 2 >= keys.len() - 1
    })
}

fn made(survey: &Survey<'_>) -> Made {
    let mut found = Vec::new();
    for file in survey.project.files.iter().filter(|file| matches!(file.kind, Kind::Code(_))) {
        let Some((tree, _)) = file.syntax() else { continue };
        if !matches!(survey.stack.side(file.id), Side::Browser | Side::Both) {
            continue;
        }
        walk(tree.root(), &mut |node| {
            match node.kind() {
                "object" if !is_sent(tree, node) => {
                    let keys = pairs(tree, node).into_iter().map(|(key, _, _)| key.into_owned()).collect();
                    found.push(keys);
                }
                "assignment_expression" => {
                    let left = node.child_by_field_name("left");
                    let key = left.and_then(|left| left.child_by_field_name("property"));
                    found.extend(key.map(|key| BTreeSet::from([tree.text(key).to_owned()])));
                }
                _ => {}
            }
            !is_in_type_position(node)
        });
    }
    Made(found)
}

/// Whether an object goes to one table, one function or the sign-up, and says nothing of rows that are passed as a whole.
fn is_sent(tree: &Tree, object: Node<'_>) -> bool {
    const SENDS: &[&str] =
        &["insert", "update", "upsert", "rpc", "invoke", "signUp", "updateUser", "stringify", "match"];
    let mut node = object;
    while let Some(parent) = node.parent() {
        match parent.kind() {
            "arguments" => {
                let call = parent.parent().and_then(callee);
                let method = call.map(|call| call.child_by_field_name("property").unwrap_or(call));
                return method.is_some_and(|method| SENDS.contains(&tree.text(method)));
            }
            "pair" | "object" | "array" | "as_expression" | "parenthesized_expression" => node = parent,
            _ => return false,
        }
    }
    false
}

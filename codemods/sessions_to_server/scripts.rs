//! Scripts of pages that the framework's server draws: it puts a nonce on its own. An app with others in its pages, which get none, would
//! lose them to a policy of scripts.

use super::client::in_browser;
use super::policy::Policy;
use super::uses;
use audit::Survey;
use project::File;
use std::collections::BTreeSet;
use syntax::Node;
use syntax::Tree;
use syntax::module::Imported;
use syntax::view::{code_children, key_name, string_value, unwrapped, value_of, walk};

/// Whether a page may hold a script that gets no nonce, or that runs twice with one.
pub(super) fn stand_inline(survey: &Survey<'_>) -> bool {
    let pages = uses::code(survey).filter(|file| in_browser(survey.stack.side(file.id)));
    let mut pages = pages.filter(|file| !file.path.as_str().ends_with(".gen.ts"));
    pages.any(|file| writes_tag(file) || sets_theme(file) || lists_script(file))
}

/// A tag of its own, or one inside a text.
fn writes_tag(file: &File) -> bool {
    ["<script", "<Script "].iter().any(|tag| file.text.contains(tag))
}

/// A provider that writes a script into the page, which sets the theme before anything is drawn.
fn sets_theme(file: &File) -> bool {
    let provider = |imported: &Imported| matches!(imported, Imported::Named(name) if name == "ThemeProvider");
    let mut imports = file.module.imports.iter().filter(|import| import.specifier == "next-themes");
    imports.any(|import| import.names.iter().any(|name| provider(&name.imported)))
}

/// A script in the list of a page's head that is code: browsers hide its nonce from the framework, which does not know it again and runs
/// it a second time. One that is data (JSON-LD) is not run.
fn lists_script(file: &File) -> bool {
    if !file.text.contains("scripts") || !file.text.contains("children") {
        return false;
    }
    let Some((tree, _)) = file.syntax() else { return false };
    let mut found = false;
    walk(tree.root(), &mut |node| {
        found |= is_list_of_scripts(tree, node) && entries(node).any(|entry| is_code(tree, entry));
        !found
    });
    found
}

/// `scripts: [ … ]`; one that is computed counts, too.
fn is_list_of_scripts(tree: &Tree, node: Node<'_>) -> bool {
    node.kind() == "pair"
        && node
            .child_by_field_name("key")
            .and_then(|key| key_name(tree, key))
            .is_some_and(|key| matches!(&*key, "scripts" | "headScripts"))
}

fn entries(pair: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    let list = pair.child_by_field_name("value").map(unwrapped);
    list.into_iter().flat_map(|list| {
        if list.kind() == "array" { code_children(list).map(unwrapped).collect() } else { vec![list] }
    })
}

fn is_code(tree: &Tree, entry: Node<'_>) -> bool {
    if entry.kind() != "object" {
        return true;
    }
    let kind = value_of(tree, entry, "type").and_then(|kind| string_value(tree, unwrapped(kind)));
    value_of(tree, entry, "children").is_some() && !kind.is_some_and(|kind| kind.contains("json"))
}

/// The part of the template that says how much of the policy holds; the rest is only reported.
pub(super) fn enforced(policy: &Policy) -> &'static str {
    match (policy.certain, policy.scripts_certain) {
        (true, _) => "wholePolicy",
        (false, true) => "scriptPolicy",
        (false, false) => "reportedPolicy",
    }
}

/// The hosts of the policy, as the template's holes: each after a blank.
pub(super) fn hosts(policy: &Policy) -> [(&'static str, String); 5] {
    let listed = |hosts: &BTreeSet<String>| hosts.iter().map(|host| format!(" {host}")).collect::<String>();
    [
        ("__SCRIPT_HOSTS__", listed(&policy.scripts)),
        ("__STYLE_HOSTS__", listed(&policy.styles)),
        ("__FONT_HOSTS__", listed(&policy.fonts)),
        ("__CONNECTED_HOSTS__", listed(&policy.connections)),
        ("__FRAME_HOSTS__", listed(&policy.frames)),
    ]
}

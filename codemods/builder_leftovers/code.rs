//! Leftovers in code: the tagger in the bundler's configuration, the builder's name in the page's metadata.

use audit::Survey;
use edit::{Edit, Span};
use project::{File, Kind};
use std::ops::Range;
use syntax::Node;
use syntax::Tree;
use syntax::view::{callee_path, code_children, pairs, string_value, unwrapped, walk};

/// Packages that only mark elements for the builder's editor, and the function that each exports.
const TAGGERS: &[(&str, &str)] = &[("lovable-tagger", "componentTagger")];

/// A tagger in the plugins of a bundler.
pub(super) struct Tagger {
    pub(super) span: Span,
    pub(super) package: &'static str,
    /// `None` where the list of plugins is not one that can be edited.
    pub(super) edits: Option<Vec<Edit>>,
}

/// Every tagger that a configuration calls.
pub(super) fn taggers(survey: &Survey<'_>) -> Vec<Tagger> {
    let mut found = Vec::new();
    for file in survey.project.files.iter().filter(|file| file.path.name().contains(".config.")) {
        let Some((package, _)) = TAGGERS.iter().find(|(package, _)| file.text.contains(package)) else {
            continue;
        };
        let imports = file.module.imports.iter().filter(|import| import.specifier == *package);
        let names: Vec<&str> =
            imports.flat_map(|import| &import.names).map(|name| name.local.as_str()).collect();
        let Some((tree, _)) = file.syntax() else { continue };
        let mut calls = Vec::new();
        walk(tree.root(), &mut |node| {
            let called =
                callee_path(tree, node).is_some_and(|path| path.len() == 1 && names.contains(&&*path[0]));
            if called {
                calls.push(node);
            }
            !called
        });
        for call in calls {
            let edits = without(file, tree, call);
            found.push(Tagger { span: file.span(call.byte_range()), package, edits });
        }
    }
    found
}

/// Packages that a manifest lists and that only served a tagger.
pub(super) fn tagger_packages() -> impl Iterator<Item = &'static str> {
    TAGGERS.iter().map(|(package, _)| *package)
}

/// Takes the element that holds the call out of its list, and the filter behind the list if nothing is left to filter.
fn without(file: &File, tree: &Tree, call: Node<'_>) -> Option<Vec<Edit>> {
    let mut element = call;
    while let Some(around) = element.parent() {
        match around.kind() {
            "array" => break,
            // `mode === "development" && tagger()`, `dev ? tagger() : null`
            "binary_expression" | "ternary_expression" | "parenthesized_expression" => element = around,
            _ => return None,
        }
    }
    let list = element.parent()?;
    if !tree.sound(list) || tree.text(element).matches('(').count() > 3 {
        return None;
    }
    let elements: Vec<Node<'_>> = code_children(list).collect();
    let at = elements.iter().position(|one| one.id() == element.id())?;
    // A comment beside an element may speak of it.
    let text = &*file.text;
    let range = if at > 0 {
        let before = elements[at - 1].end_byte();
        // A comma behind the last one stays where it was.
        before..element.end_byte()
    } else {
        let after = elements.get(1).map_or_else(|| list.end_byte() - 1, |next| next.start_byte());
        element.start_byte()..after
    };
    if text[range.clone()].contains("//") || text[range.clone()].contains("/*") {
        return None;
    }
    let mut edits = vec![Edit::delete(file.span(range))];
    let left = elements.iter().filter(|one| one.id() != element.id());
    let all_plugins =
        left.into_iter().all(|one| matches!(unwrapped(*one).kind(), "call_expression" | "identifier"));
    if all_plugins
        && let Some(member) = list.parent().filter(|around| around.kind() == "member_expression")
        && let Some(filter) =
            member.parent().filter(|around| tree.text(*around).ends_with(".filter(Boolean)"))
    {
        edits.push(Edit::delete(file.span(list.end_byte()..filter.end_byte())));
    }
    Some(edits)
}

/// `generator: 'v0.app'` in the metadata of a page: its place, and the edit that takes it out.
pub(super) fn generators(survey: &Survey<'_>) -> Vec<(Span, Edit)> {
    let mut found = Vec::new();
    for file in survey
        .project
        .files
        .iter()
        .filter(|file| matches!(file.kind, Kind::Code(_)) && file.text.contains("generator"))
    {
        let Some((tree, _)) = file.syntax() else { continue };
        walk(tree.root(), &mut |node| {
            if node.kind() == "object" {
                for (name, key, value) in pairs(tree, node) {
                    let builder =
                        string_value(tree, value).is_some_and(|text| matches!(&*text, "v0.app" | "v0.dev"));
                    if name == "generator" && builder && tree.sound(node) {
                        let pair = key.start_byte()..value.end_byte();
                        found.push((
                            file.span(pair.clone()),
                            Edit::delete(file.span(line_of(&file.text, pair))),
                        ));
                    }
                }
            }
            true
        });
    }
    found
}

/// An entry of an object with its comma, and its line if it stands alone on it.
fn line_of(text: &str, pair: Range<usize>) -> Range<usize> {
    let rest = &text[pair.end..];
    let blank = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    let comma = rest[blank..].starts_with(',');
    let end = if comma { pair.end + blank + 1 } else { pair.end };
    let start = text[..pair.start].rfind('\n').map_or(0, |at| at + 1);
    let alone = text[start..pair.start].trim().is_empty();
    match text[end..].find('\n') {
        Some(line) if alone && text[end..end + line].trim().is_empty() => start..end + line + 1,
        _ if comma => {
            let after = text[end..].len() - text[end..].trim_start_matches(' ').len();
            pair.start..end + after
        }
        // The last entry of a line takes the comma before it along.
        _ => {
            let before = text[..pair.start].trim_end();
            before.strip_suffix(',').map_or(pair.start, str::len)..end
        }
    }
}

/// Places in code that name a host of the builder, with what each is.
pub(super) fn hosts(survey: &Survey<'_>, names: &[&str]) -> Vec<Span> {
    let mut found = Vec::new();
    for file in &survey.project.files {
        let code = matches!(file.kind, Kind::Code(_)) && file.skipped.is_none();
        if !code || !names.iter().any(|name| file.text.contains(name)) {
            continue;
        }
        let Some((tree, _)) = file.syntax() else { continue };
        walk(tree.root(), &mut |node| {
            let text = matches!(node.kind(), "string" | "template_string" | "regex");
            if text && !is_of_policy(tree, node) && names.iter().any(|name| tree.text(node).contains(name)) {
                found.push(file.span(node.byte_range()));
            }
            !text
        });
    }
    found
}

/// Whether it is a source of a Content-Security-Policy, which follows from what other code loads: `connectSrc: ["…"]`, `"connect-src …"`.
fn is_of_policy(tree: &Tree, node: Node<'_>) -> bool {
    let directive = tree.text(node).trim_start_matches(['"', '\'', '`']).split(' ').next();
    if directive.is_some_and(|directive| directive.ends_with("-src")) {
        return true;
    }
    let pair = node.parent().filter(|list| list.kind() == "array").and_then(|list| list.parent());
    let key = pair.filter(|pair| pair.kind() == "pair").and_then(|pair| pair.child_by_field_name("key"));
    key.is_some_and(|key| tree.text(key).ends_with("Src"))
}

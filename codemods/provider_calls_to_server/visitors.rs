//! Calls that are not moved and are told all the same: SDKs in the browser, and keys that visitors typed in.

use super::text::{Bit, bits};
use crate::constant::constant;
use audit::Survey;
use edit::Span;
use project::File;
use stack::Side;
use syntax::Node;
use syntax::view::{self, arguments, callee_path, pairs, unwrapped, value_of};

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// An SDK with the app's key.
    Own,
    /// An SDK with a key that is computed.
    Computed,
    /// A key that the visitor's browser keeps.
    Visitors,
}

/// All places.
pub(super) fn told(survey: &Survey<'_>) -> Vec<(Span, Told)> {
    let mut found = Vec::new();
    let browser = |file: &&File| {
        matches!(survey.stack.side(file.id), Side::Browser | Side::Both)
            && ["dangerouslyAllowBrowser", "Storage.getItem("].iter().any(|word| file.text.contains(word))
    };
    for file in survey.project.files.iter().filter(browser) {
        let Some((tree, _)) = file.syntax() else { continue };
        view::walk(tree.root(), &mut |node| {
            let told = match node.kind() {
                "new_expression" => sdk(survey, file, node),
                "call_expression" => keeps(file, node).then_some(Told::Visitors),
                _ => None,
            };
            found.extend(told.map(|told| (file.span(node.byte_range()), told)));
            true
        });
    }
    found
}

/// An SDK that is told to run in the browser.
fn sdk(survey: &Survey<'_>, file: &File, node: Node<'_>) -> Option<Told> {
    let (tree, _) = file.syntax()?;
    let options = arguments(node).first().map(|first| unwrapped(*first))?;
    let allowed = value_of(tree, options, "dangerouslyAllowBrowser")?;
    if tree.text(allowed) != "true" {
        return None;
    }
    let Some(key) = value_of(tree, options, "apiKey") else { return Some(Told::Computed) };
    let own = bits(survey, file, key, &mut Vec::new()).iter().any(|bit| matches!(bit, Bit::Key(_)));
    Some(match (own, from_storage(file, key)) {
        (true, _) => Told::Own,
        (false, true) => Told::Visitors,
        (false, false) => Told::Computed,
    })
}

/// A `fetch` with a key out of the browser's storage in one of its headers.
fn keeps(file: &File, call: Node<'_>) -> bool {
    let Some((tree, _)) = file.syntax() else { return false };
    if callee_path(tree, call).is_none_or(|path| path.last().is_none_or(|last| last != "fetch")) {
        return false;
    }
    let options = arguments(call).get(1).map(|options| unwrapped(*options));
    let headers = options.and_then(|options| value_of(tree, options, "headers")).map(unwrapped);
    let pairs = headers.map(|headers| pairs(tree, headers)).unwrap_or_default();
    pairs.iter().any(|(_, _, value)| from_storage(file, *value))
}

/// Whether a constant in `node` reads something that is called a key out of the browser's storage.
fn from_storage(file: &File, node: Node<'_>) -> bool {
    let Some((tree, scopes)) = file.syntax() else { return false };
    let mut found = false;
    view::walk(node, &mut |inner| {
        if matches!(inner.kind(), "identifier" | "shorthand_property_identifier")
            && let Some(binding) = scopes.binding_at(inner.byte_range())
            && let Some(value) = constant(file, scopes.binding(binding).name_range.clone())
        {
            let (read, whole) = (tree.text(value), tree.text(node).to_lowercase());
            found |= read.contains("Storage.getItem(")
                && (read.to_lowercase().contains("key") || whole.contains("key"));
        }
        true
    });
    found
}

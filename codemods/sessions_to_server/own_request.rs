//! What a client adds to each of its requests, so that the server, which makes them now, adds it too: headers with fixed values, and a
//! `fetch` of its own that asks for nothing but what a server has as well.

use super::uses;
use audit::Survey;
use project::{File, Kind};
use syntax::Node;
use syntax::Tree;
use syntax::scope::Scopes;
use syntax::view::{code_children, pairs, string_value, unwrapped, walk};

/// Headers that the library sets by itself, or that say which client it is.
const OWN: &[&str] = &["x-client-info", "content-type", "accept"];
/// Headers that decide who asks, or what is answered.
const DECIDING: &[&str] = &[
    "authorization",
    "apikey",
    "cookie",
    "host",
    "origin",
    "prefer",
    "range",
    "accept-profile",
    "content-profile",
];
/// What a server has under the same name.
const GLOBALS: &[&str] = &[
    "AbortController",
    "AbortSignal",
    "Date",
    "Error",
    "Headers",
    "JSON",
    "Math",
    "Number",
    "Object",
    "Promise",
    "Request",
    "Response",
    "String",
    "URL",
    "clearTimeout",
    "console",
    "fetch",
    "performance",
    "setTimeout",
    "undefined",
];

/// Headers and `fetch`.
#[derive(Clone, Debug, Default)]
pub(super) struct OwnRequest {
    /// By name, both as code.
    headers: Vec<(String, String)>,
    /// The text of an arrow function.
    fetch: Option<String>,
}

impl OwnRequest {
    /// Takes the headers of an object. Whether all of them can be set by the server. `key`: the text of what the client is given as its key.
    pub(super) fn headers(
        &mut self,
        survey: &Survey<'_>,
        (file, tree): (&File, &Tree),
        key: &str,
        object: Node<'_>,
    ) -> bool {
        let object = unwrapped(object);
        let given = pairs(tree, object);
        let whole = object.kind() == "object" && given.len() == code_children(object).count();
        whole
            && given.into_iter().all(|(header, name, value)| {
                let lower = header.to_ascii_lowercase();
                if lower == "apikey" && tree.text(unwrapped(value)) == key {
                    return true;
                }
                if DECIDING.contains(&&*lower) {
                    return false;
                }
                let Some(text) = uses::literal(survey, file, tree, value) else {
                    return is_read_by_nobody(survey, &lower);
                };
                if OWN.contains(&&*lower) {
                    return lower == "x-client-info" || text == "application/json";
                }
                // A constant is said where it is set: the server has no such module.
                let said = match string_value(tree, value) {
                    Some(_) => tree.text(value).to_owned(),
                    None => serde_json::Value::from(text).to_string(),
                };
                self.headers.push((tree.text(name).to_owned(), said));
                true
            })
    }

    /// Takes a `fetch`. Whether it can be the server's.
    pub(super) fn fetch(&mut self, (tree, scopes): (&Tree, &Scopes), value: Node<'_>) -> bool {
        let value = unwrapped(value);
        let mut fine = value.kind() == "arrow_function" && tree.sound(value);
        let mut asks = false;
        walk(value, &mut |node| {
            if matches!(node.kind(), "identifier" | "shorthand_property_identifier")
                && let Some(reference) = scopes.reference_at(node.byte_range())
            {
                let inside = reference.binding.is_some_and(|id| {
                    let declared = &scopes.binding(id).name_range;
                    value.start_byte() <= declared.start && declared.end <= value.end_byte()
                });
                fine &= inside
                    || reference.binding.is_none()
                        && (reference.in_type || GLOBALS.contains(&tree.text(node)));
                asks |= tree.text(node) == "fetch";
            }
            // A key is the server's to set.
            fine &= !(node.kind() == "string"
                && string_value(tree, node)
                    .is_some_and(|text| DECIDING.contains(&&*text.to_ascii_lowercase())));
            fine &= node.kind() != "this";
            fine
        });
        if fine && asks {
            self.fetch = Some(at_margin(tree, value));
        }
        fine && asks
    }

    /// Whether there is nothing to add.
    pub(super) fn is_empty(&self) -> bool {
        self.headers.is_empty() && self.fetch.is_none()
    }

    /// The headers as pairs of an object.
    pub(super) fn pairs(&self) -> Option<String> {
        let pairs: Vec<String> =
            self.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        (!pairs.is_empty()).then(|| pairs.join(", "))
    }

    /// The `fetch`, as it stands at the top of a module.
    pub(super) fn asks(&self) -> Option<&str> {
        self.fetch.as_deref()
    }
}

/// Whether nothing asks for a header: no function of the database names it, and no code takes it out of a request.
fn is_read_by_nobody(survey: &Survey<'_>, header: &str) -> bool {
    let taken = ["'", "\"", "`"].map(|quote| [")", "]"].map(|end| format!("{header}{quote}{end}")));
    !survey.project.files.iter().any(|file| {
        let lower = || file.text.to_ascii_lowercase();
        match file.kind {
            Kind::Sql => lower().contains(header),
            Kind::Code(_) => {
                let text = lower();
                taken.iter().flatten().any(|taken| text.contains(taken))
            }
            _ => false,
        }
    })
}

/// The text of a node, moved to the margin.
fn at_margin(tree: &Tree, node: Node<'_>) -> String {
    let before = &tree.source()[..node.start_byte()];
    let line = &before[before.rfind('\n').map_or(0, |at| at + 1)..];
    let indent = line.len() - line.trim_start().len();
    let mut text = String::new();
    for (at, line) in tree.text(node).lines().enumerate() {
        if at > 0 {
            text.push('\n');
        }
        let own = line.len() - line.trim_start().len();
        text += if at == 0 { line } else { &line[own.min(indent)..] };
    }
    text
}

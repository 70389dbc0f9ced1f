//! What an expression's text is made of: fixed text, the app's key, and what is computed.

use crate::constant::constant;
use audit::Survey;
use audit::env::{Fallback, without_public_prefix};
use audit::secret::Secret;
use edit::{FileId, Span};
use project::File;
use project::graph::{Graph, Origin};
use std::ops::Range;
use syntax::Node;
use syntax::view::{TemplatePart, string_value, template_parts, unwrapped};

/// A part of a text.
#[derive(Clone, Debug)]
pub(super) enum Bit {
    Text(String),
    Key(Key),
    Computed,
}

/// The app's key at one place.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) source: Source,
    /// Where the literal or the read stands.
    pub(super) span: Span,
    /// The variable that the server reads.
    pub(super) name: String,
}

/// Where a key comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    /// The value itself. Never print it.
    Literal(String),
    /// A variable under a public prefix.
    Variable(String),
}

/// A constant through which a key comes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Carrier {
    pub(super) file: FileId,
    /// The name that the constant declares.
    pub(super) name: (usize, usize),
}

/// The parts of the text that `node` always has. Constants through which a key comes are added to `carriers`.
pub(super) fn bits(
    survey: &Survey<'_>,
    file: &File,
    node: Node<'_>,
    carriers: &mut Vec<Carrier>,
) -> Vec<Bit> {
    bits_within(survey, file, node, carriers, 0)
}

fn bits_within(
    survey: &Survey<'_>,
    file: &File,
    node: Node<'_>,
    carriers: &mut Vec<Carrier>,
    depth: usize,
) -> Vec<Bit> {
    let computed = || vec![Bit::Computed];
    let Some((tree, _)) = file.syntax() else { return computed() };
    let node = unwrapped(node);
    if depth > 4 {
        return computed();
    }
    if let Some(key) = variable(survey, file, node) {
        return vec![Bit::Key(key)];
    }
    if let Some(text) = string_value(tree, node) {
        return literal(survey, file, node.byte_range(), &text);
    }
    match node.kind() {
        "template_string" => {
            let Some(parts) = template_parts(tree, node) else { return computed() };
            let of_part = |part: TemplatePart<'_>| match part {
                TemplatePart::Text(text) => literal(survey, file, node.byte_range(), &text),
                TemplatePart::Expression(inner) => bits_within(survey, file, inner, carriers, depth + 1),
            };
            parts.into_iter().flat_map(of_part).collect()
        }
        "binary_expression" => {
            let field = |name: &str| node.child_by_field_name(name);
            let plus = field("operator").is_some_and(|operator| tree.text(operator) == "+");
            let (true, Some(left), Some(right)) = (plus, field("left"), field("right")) else {
                return computed();
            };
            let mut all = bits_within(survey, file, left, carriers, depth + 1);
            all.extend(bits_within(survey, file, right, carriers, depth + 1));
            all
        }
        "identifier" => {
            let origin = Graph::origin(survey.project, file.id, node.byte_range());
            let Origin::Local(holder, name) = origin else { return computed() };
            let holder = survey.project.get(holder);
            let Some(value) = constant(holder, name.clone()) else { return computed() };
            let found = bits_within(survey, holder, value, carriers, depth + 1);
            if found.iter().any(|bit| matches!(bit, Bit::Key(_))) {
                carriers.push(Carrier { file: holder.id, name: (name.start, name.end) });
            }
            found
        }
        _ => computed(),
    }
}

/// A text of the source, parted at the secrets that it holds.
fn literal(survey: &Survey<'_>, file: &File, range: Range<usize>, text: &str) -> Vec<Bit> {
    let span = file.span(range);
    let within = |secret: &&Secret| {
        secret.span.file == file.id
            && secret.literal == Some(span)
            && !secret.public_by_design
            && !secret.placeholder
            && secret.kind != "password-literal"
    };
    let mut bits = vec![Bit::Text(text.to_owned())];
    for secret in survey.secrets.iter().filter(within) {
        let key = Key {
            source: Source::Literal(secret.value.clone()),
            span: secret.span,
            name: secret.env_name.clone(),
        };
        bits = bits
            .into_iter()
            .flat_map(|bit| match bit {
                Bit::Text(text) => match text.split_once(secret.value.as_str()) {
                    Some((before, after)) => {
                        vec![Bit::Text(before.to_owned()), Bit::Key(key.clone()), Bit::Text(after.to_owned())]
                    }
                    None => vec![Bit::Text(text)],
                },
                other => vec![other],
            })
            .collect();
    }
    bits.retain(|bit| !matches!(bit, Bit::Text(text) if text.is_empty()));
    bits
}

/// The read of a variable that is secret by its name and published by its prefix.
fn variable(survey: &Survey<'_>, file: &File, node: Node<'_>) -> Option<Key> {
    if !matches!(node.kind(), "member_expression" | "binary_expression" | "subscript_expression") {
        return None;
    }
    let span = file.span(node.byte_range());
    survey.env.iter().filter(|name| name.secret && name.public).find_map(|name| {
        let silent = |fallback: &Fallback| matches!(fallback, Fallback::Empty | Fallback::Placeholder);
        let read = name.reads.iter().find(|read| {
            read.replaceable && (read.span == span || read.whole == span && silent(&read.fallback))
        })?;
        Some(Key {
            source: Source::Variable(name.name.clone()),
            span: read.span,
            name: without_public_prefix(&name.name).to_owned(),
        })
    })
}

/// The text of bits that are all fixed.
pub(super) fn fixed(bits: &[Bit]) -> Option<String> {
    let text = |bit: &Bit| match bit {
        Bit::Text(text) => Some(text.clone()),
        _ => None,
    };
    bits.iter().map(text).collect()
}

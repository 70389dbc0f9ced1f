//! What becomes of each place of a value: it moves, or it stays and somebody must look.
//!
//! Finding and fixing both ask here, so what a finding promises is what the change does.

use audit::Survey;
use audit::env::{DefinedIn, EnvRead};
use audit::secret::{Place, Secret};
use edit::{FileId, Span};
use project::{File, Kind};
use stack::Side;
use std::collections::BTreeMap;
use syntax::Language;

/// How a place is rewritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// The literal becomes a read.
    Read,
    /// The literal behind a read goes.
    Fallback,
    /// The other side of a comparison: a missing variable must match nothing.
    Compared,
    /// A part of a template becomes a substitution.
    Template,
    /// The attribute's text becomes a read in braces.
    Attribute,
    /// The literal type becomes `string`.
    Type,
    /// The value of an example goes.
    Example,
}

/// Why a place is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stays {
    /// The browser needs it.
    Browser,
    /// Nothing reaches the file.
    Unreached,
    /// Configuration that no variable reaches.
    Config,
    /// Text in which no variable can be read.
    Text,
    /// A committed env file: the right form in the wrong place.
    Committed,
    /// A list of people with passwords.
    People,
    /// Escapes, broken source, or a place that cannot be an expression.
    Odd,
    /// The framework is not supported.
    Unsupported,
}

/// One value with all its places.
pub(super) struct Value<'s> {
    /// Places that move.
    pub(super) moves: Vec<(&'s Secret, Way)>,
    /// Places that stay.
    pub(super) stays: Vec<(&'s Secret, Stays)>,
}

impl<'s> Value<'s> {
    /// A place to speak of it: the first that moves, or else the first that stays.
    pub(super) fn first(&self) -> &'s Secret {
        self.moves.first().map(|(secret, _)| *secret).unwrap_or_else(|| self.stays[0].0)
    }

    /// Whether it is public by design.
    pub(super) fn public(&self) -> bool {
        self.first().public_by_design
    }
}

/// Every value with a place worth speaking of, by its first place.
pub(super) fn values<'s>(survey: &'s Survey<'_>) -> Vec<Value<'s>> {
    let mut values: Vec<Value<'s>> = Vec::new();
    let mut by_text: BTreeMap<(&str, bool), usize> = BTreeMap::new();
    for secret in &survey.secrets {
        let Some(fate) = fate(survey, secret) else { continue };
        let key = (secret.value.as_str(), secret.public_by_design);
        let at = *by_text.entry(key).or_insert_with(|| {
            values.push(Value { moves: Vec::new(), stays: Vec::new() });
            values.len() - 1
        });
        match fate {
            Ok(way) => values[at].moves.push((secret, way)),
            Err(stays) => values[at].stays.push((secret, stays)),
        }
    }
    values
}

/// What becomes of one place; `None` if nothing need be said of it.
fn fate(survey: &Survey<'_>, secret: &Secret) -> Option<Result<Way, Stays>> {
    let file = survey.project.get(secret.span.file);
    let supported = survey.stack.framework.unsupported().is_none();
    match secret.place {
        Place::EnvFile => env_file(survey, secret),
        // Public keys in documents are no news.
        Place::Comment | Place::Text | Place::Config if secret.public_by_design => None,
        Place::Comment | Place::Text if file.kind == Kind::Env && !secret.tracked => None,
        Place::Comment | Place::Text => Some(Err(Stays::Text)),
        Place::Config => Some(Err(Stays::Config)),
        Place::TypePosition if sound(file, secret) && supported => Some(Ok(Way::Type)),
        Place::TypePosition => Some(Err(Stays::Odd)),
        _ if secret.public_by_design => match way(survey, file, secret) {
            Some(way) if supported && runs(secret.side) => Some(Ok(way)),
            // A public key that stays where it is does no harm.
            _ => None,
        },
        _ if matches!(secret.side, Side::Browser | Side::Both) => Some(Err(Stays::Browser)),
        _ if !supported => Some(Err(Stays::Unsupported)),
        _ if secret.kind == "password-literal" && !compared(file, secret) => Some(Err(Stays::People)),
        _ if secret.side == Side::None => Some(Err(Stays::Unreached)),
        _ if secret.side == Side::Config && bundler_config(survey) => Some(Err(Stays::Config)),
        _ => Some(way(survey, file, secret).ok_or(Stays::Odd)),
    }
}

/// Sides on which code runs with an environment of its own.
fn runs(side: Side) -> bool {
    matches!(side, Side::Browser | Side::Both | Side::Server | Side::Edge)
}

/// Where code of the browser reads `import.meta`, the bundler's configuration runs before any env file is loaded.
fn bundler_config(survey: &Survey<'_>) -> bool {
    survey.stack.framework.env(Side::Browser, "X").expression.starts_with("import.meta")
}

fn env_file(survey: &Survey<'_>, secret: &Secret) -> Option<Result<Way, Stays>> {
    if secret.public_by_design {
        return None;
    }
    let definition =
        survey.env.iter().flat_map(|name| &name.definitions).find(|known| known.value.covers(secret.span));
    match definition {
        Some(definition) if definition.example => {
            let whole = definition.value == secret.span;
            Some(if whole { Ok(Way::Example) } else { Err(Stays::Text) })
        }
        _ if secret.tracked => Some(Err(Stays::Committed)),
        _ => None,
    }
}

pub(super) fn compared(file: &File, secret: &Secret) -> bool {
    let Some((tree, _)) = file.syntax() else { return false };
    let literal = secret.literal.and_then(|literal| tree.node_at(literal.range()));
    literal.and_then(|literal| literal.parent()).is_some_and(|parent| {
        let operator = parent.child_by_field_name("operator").map_or("", |operator| tree.text(operator));
        parent.kind() == "binary_expression" && matches!(operator, "===" | "!==" | "==" | "!=")
    })
}

/// Whether the account of a password says that it is for demonstration: `demo@harbour.test` stands beside it.
pub(super) fn of_demonstration(file: &File, secret: &Secret) -> bool {
    let Some(tree) = file.syntax().map(|(tree, _)| tree) else { return false };
    let literal = secret.literal.and_then(|literal| tree.node_at(literal.range()));
    let around = literal.and_then(|literal| {
        std::iter::successors(literal.parent(), |at| at.parent())
            .take(3)
            .find(|at| matches!(at.kind(), "object" | "arguments"))
    });
    let text = around.map_or("", |around| tree.text(around)).to_lowercase();
    ["\"demo@", "'demo@", "@demo.", "\"demo.", "'demo."].iter().any(|mark| text.contains(mark))
}

fn sound(file: &File, secret: &Secret) -> bool {
    let Some((tree, _)) = file.syntax() else { return false };
    let node = secret.literal.and_then(|literal| tree.node_at(literal.range()));
    node.is_some_and(|node| tree.sound(node)) && !secret.value.contains('\\')
}

/// How a place in code is rewritten, if it can be.
fn way(survey: &Survey<'_>, file: &File, secret: &Secret) -> Option<Way> {
    if !sound(file, secret) {
        return None;
    }
    let literal = secret.literal?;
    let text = file.text.get(literal.range())?;
    match secret.place {
        Place::Literal if compared(file, secret) => Some(Way::Compared),
        Place::Literal => Some(Way::Read),
        Place::Fallback => (read_behind(survey, secret).is_some() && operand(file, literal).is_some())
            .then_some(Way::Fallback),
        Place::DefaultParameter => {
            Some(if read_behind(survey, secret).is_some() { Way::Fallback } else { Way::Read })
        }
        Place::Jsx => Some(Way::Attribute),
        Place::InsideString if text.starts_with('`') => Some(Way::Template),
        Place::InsideString => {
            (!text.contains(['`', '\\']) && !text.contains("${") && !in_attribute(file, literal))
                .then_some(Way::Template)
        }
        _ => None,
    }
}

/// A literal behind a read, with the operator before it and the brackets, casts and empty branches around it.
pub(super) fn operand(file: &File, literal: Span) -> Option<Span> {
    let (tree, _) = file.syntax()?;
    let mut at = tree.node_at(literal.range())?;
    while let Some(parent) = at.parent() {
        let is = |name: &str| parent.child_by_field_name(name) == Some(at);
        match parent.kind() {
            "parenthesized_expression" | "as_expression" | "satisfies_expression" | "non_null_expression" => {
            }
            "ternary_expression" if !is("condition") => {
                let other = if is("consequence") { "alternative" } else { "consequence" };
                let other = parent.child_by_field_name(other).map_or("", |other| tree.text(other));
                if !matches!(other, "null" | "undefined" | "''" | "\"\"") {
                    return None;
                }
            }
            "binary_expression" if is("right") => {
                let operator = parent.child_by_field_name("operator").map_or("", |operator| operator.kind());
                let left = parent.child_by_field_name("left")?;
                return matches!(operator, "||" | "??").then(|| file.span(left.end_byte()..at.end_byte()));
            }
            _ => return None,
        }
        at = parent;
    }
    None
}

fn in_attribute(file: &File, literal: Span) -> bool {
    let Some((tree, _)) = file.syntax() else { return true };
    tree.node_at(literal.range())
        .and_then(|node| node.parent())
        .is_none_or(|parent| parent.kind() == "jsx_attribute")
}

/// The read that the value stands behind, and its name: the first of the chain.
pub(super) fn read_behind<'s>(survey: &'s Survey<'_>, secret: &Secret) -> Option<(&'s str, &'s EnvRead)> {
    let reads =
        survey.env.iter().flat_map(|name| name.reads.iter().map(move |read| (name.name.as_str(), read)));
    reads
        .filter(|(_, read)| read.replaceable && read.whole.covers(secret.span))
        .min_by_key(|(_, read)| read.span.start)
}

/// The folder of the app that a file belongs to.
pub(super) fn app_folder<'s>(survey: &'s Survey<'_>, file: FileId) -> &'s str {
    let path = survey.project.get(file).path.as_str();
    let below = |folder: &str| {
        folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
    };
    let apps = survey.project.apps.iter().map(|app| app.folder.as_str());
    let own = apps.clone().filter(|folder| below(folder)).max_by_key(|folder| folder.len());
    own.or(apps.clone().next()).unwrap_or("")
}

/// Whether a real value of `name` stands in an env file of `folder` already.
pub(super) fn has_value(survey: &Survey<'_>, folder: &str, name: &str) -> bool {
    survey.env_name(name).is_some_and(|known| {
        known.definitions.iter().any(|definition| {
            let file = survey.project.get(definition.span.file);
            definition.within == DefinedIn::EnvFile
                && !definition.example
                && !definition.value.range().is_empty()
                && file.path.folder() == folder
        })
    })
}

/// Whether a file is TypeScript, where `undefined` must be accounted for.
pub(super) trait TypeScript {
    /// By its grammar.
    fn is_typescript(&self) -> bool;
}

impl TypeScript for File {
    fn is_typescript(&self) -> bool {
        matches!(self.kind, Kind::Code(Language::TypeScript | Language::Tsx))
    }
}

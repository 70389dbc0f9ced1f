//! The address and the key that a client is given, followed to what they are read from.

use super::facade;
use crate::constant::constant;
use audit::Survey;
use edit::{FileId, Span};
use project::File;
use project::graph::{Graph, Origin};
use stack::Side;
use std::collections::BTreeSet;
use syntax::Node;
use syntax::Tree;
use syntax::scope::{BindingId, Declared, Scopes};
use syntax::view::{arguments, code_children, member_path, pairs, string_value, unwrapped, walk};

/// One argument of the call, followed to its value.
#[derive(Clone, Debug, Default)]
pub(super) struct Setting {
    /// Where a value stands in code, quotes excluded.
    pub(super) literal: Option<Span>,
    /// The variables that are read for it, in the order in which they count.
    pub(super) names: Vec<String>,
    /// The declaration in the client's module, if it has one.
    pub(super) binding: Option<BindingId>,
    /// Whether a function chooses between several values.
    pub(super) chosen: bool,
    /// Whether something is read that is no variable of the environment.
    pub(super) unknown: bool,
}

/// Whether a function says which of several values counts, and it cannot be told which.
pub(super) fn unsure(survey: &Survey<'_>, setting: &Setting) -> bool {
    let names: BTreeSet<_> = setting.names.iter().collect();
    let read = names.iter().map(|name| Setting { names: vec![(*name).clone()], ..Setting::default() });
    let known = read.filter_map(|one| facade::value_of(survey, &one)).chain(setting.literal);
    let values: BTreeSet<_> =
        known.filter_map(|span| survey.project.get(span.file).text.get(span.range())).collect();
    // One value, which the code has as well, whatever the function asks.
    setting.chosen && (setting.unknown || setting.literal.is_none() || names.len() > 1 || values.len() > 1)
}

/// Follows an expression to a literal and to the variables that are read for it.
pub(super) fn of(
    survey: &Survey<'_>,
    file: &File,
    (tree, scopes): (&Tree, &Scopes),
    node: Node<'_>,
) -> Setting {
    let mut found = Setting::default();
    let node = unwrapped(node);
    // `settings.url`: all of the object counts.
    let holder = node.child_by_field_name("object").filter(|_| node.kind() == "member_expression");
    let holder = holder.map_or(node, unwrapped);
    if holder.kind() == "identifier" {
        found.binding = scopes.binding_at(holder.byte_range()).filter(|id| {
            let binding = scopes.binding(*id);
            binding.top_level && binding.declared == Declared::Const
        });
    }
    follow(survey, file, (tree, scopes), node, &mut found, 0);
    found
}

fn follow(
    survey: &Survey<'_>,
    file: &File,
    (tree, scopes): (&Tree, &Scopes),
    node: Node<'_>,
    found: &mut Setting,
    depth: usize,
) {
    let node = unwrapped(node);
    if depth > 6 {
        return;
    }
    match node.kind() {
        "string" | "template_string" => {
            if let Some(value) = string_value(tree, node) {
                // `required("VITE_URL")`: the name of a variable.
                if value.contains('_') && audit::env::screams(&value) {
                    found.names.push(value.into_owned());
                    return;
                }
                let range = node.start_byte() + 1..node.end_byte() - 1;
                let is_real =
                    !value.is_empty() && !audit::secret::placeholder(&value) && !value.contains("localhost");
                if is_real && found.literal.is_none() {
                    found.literal = Some(file.span(range));
                }
            }
        }
        "binary_expression" => {
            for side in ["left", "right"] {
                if let Some(side) = node.child_by_field_name(side) {
                    follow(survey, file, (tree, scopes), side, found, depth + 1);
                }
            }
        }
        "identifier" => {
            let Origin::Local(holder, name) = Graph::origin(survey.project, file.id, node.byte_range())
            else {
                return;
            };
            let holder = survey.project.get(holder);
            let Some((tree, scopes)) = holder.syntax() else { return };
            let declarator = tree.node_at(name).and_then(|name| name.parent());
            let value = declarator
                .filter(|declarator| declarator.kind() == "variable_declarator")
                .and_then(|declarator| declarator.child_by_field_name("value"));
            if let Some(value) = value {
                follow(survey, holder, (tree, scopes), value, found, depth + 1);
            }
        }
        "subscript_expression" if cleaned(node).is_some() => {
            if let Some(cleaned) = cleaned(node) {
                follow(survey, file, (tree, scopes), cleaned, found, depth + 1);
            }
        }
        "member_expression" | "subscript_expression" => {
            let path = member_path(tree, node).unwrap_or_default();
            if let [import, meta, env, name] = path.as_slice()
                && (&**import, &**meta, &**env) == ("import", "meta", "env")
            {
                found.names.push(name.clone().into_owned());
            } else if let [_, _, name] = path.as_slice()
                && survey.stack.framework.env(Side::Browser, name).expression == tree.text(node)
            {
                found.names.push(name.clone().into_owned());
            } else if let Some(value) = held(survey, file, node) {
                // `env.url` of an object that is written out.
                let holder = survey.project.get(value.0);
                let Some(syntax) = holder.syntax() else { return };
                follow(survey, holder, syntax, value.1, found, depth + 1);
            } else if let [_, name] = path.as_slice()
                && survey.stack.framework.public_prefix().is_some_and(|prefix| name.starts_with(prefix))
            {
                // `env.VITE_URL`: the module of variables.
                found.names.push(name.clone().into_owned());
            } else if !matches!(path.as_slice(), [process, env, _] if (&**process, &**env) == ("process", "env"))
            {
                found.unknown = true;
            }
        }
        // `pickUrl()`: what the function of that name answers.
        "call_expression" if answers(survey, file, node).is_some() => {
            let Some((holder, answers)) = answers(survey, file, node) else { return };
            let Some(syntax) = holder.syntax() else { return };
            found.chosen |= answers.len() > 1;
            for answer in answers {
                follow(survey, holder, syntax, answer, found, depth + 1);
            }
        }
        // `X.includes("=") ? X.split("=")[1] : X`: made clean.
        "ternary_expression" => {
            for field in ["consequence", "alternative"] {
                if let Some(inner) = node.child_by_field_name(field) {
                    follow(survey, file, (tree, scopes), inner, found, depth + 1);
                }
            }
        }
        // `String(import.meta.env.X)`, `import.meta.env.X.trim()`, `settings.get("X")`.
        "call_expression" => {
            let object =
                node.child_by_field_name("function").and_then(|callee| callee.child_by_field_name("object"));
            let named =
                |given: &Node<'_>| string_value(tree, *given).is_some_and(|text| audit::env::screams(&text));
            let given = arguments(node).into_iter().next().filter(|given| object.is_none() || named(given));
            for inner in [object, given].into_iter().flatten() {
                follow(survey, file, (tree, scopes), inner, found, depth + 1);
            }
        }
        _ => {}
    }
}

/// `X.split("=")[1]`: the call.
fn cleaned(subscript: Node<'_>) -> Option<Node<'_>> {
    let object = unwrapped(subscript.child_by_field_name("object")?);
    (object.kind() == "call_expression").then_some(object)
}

/// What a member of a constant object is: the file and the value.
fn held<'s>(survey: &'s Survey<'_>, file: &File, member: Node<'_>) -> Option<(FileId, Node<'s>)> {
    let object = unwrapped(member.child_by_field_name("object")?);
    let property = member.child_by_field_name("property")?;
    let (tree, _) = file.syntax()?;
    let Origin::Local(holder, name) = Graph::origin(survey.project, file.id, object.byte_range()) else {
        return None;
    };
    let holding = survey.project.get(holder);
    let (there, _) = holding.syntax()?;
    let value = unwrapped(constant(holding, name)?);
    let pairs = if value.kind() == "object" { pairs(there, value) } else { Vec::new() };
    pairs.into_iter().find(|(key, _, _)| key == tree.text(property)).map(|(_, _, value)| (holder, value))
}

/// What a function of the app's own returns that is called there, with the file it stands in.
fn answers<'s>(survey: &Survey<'s>, file: &File, call: Node<'_>) -> Option<(&'s File, Vec<Node<'s>>)> {
    let callee = unwrapped(call.child_by_field_name("function")?);
    if callee.kind() != "identifier" {
        return None;
    }
    let Origin::Local(holder, name) = Graph::origin(survey.project, file.id, callee.byte_range()) else {
        return None;
    };
    let holder = survey.project.get(holder);
    let (tree, _) = holder.syntax()?;
    let function =
        tree.node_at(name)?.parent().filter(|declared| declared.kind() == "function_declaration")?;
    let mut answers = Vec::new();
    walk(function.child_by_field_name("body")?, &mut |node| {
        if node.kind() == "return_statement" {
            let is_empty = |node: &Node<'_>| string_value(tree, *node).is_some_and(|text| text.is_empty());
            answers.extend(code_children(node).next().filter(|answer| !is_empty(answer)));
        }
        !matches!(
            node.kind(),
            "function_declaration" | "function_expression" | "arrow_function" | "method_definition"
        )
    });
    Some((holder, answers))
}

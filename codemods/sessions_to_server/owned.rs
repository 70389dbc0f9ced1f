//! What of the client's module goes with the old client.

use super::client::Client;
use super::truth::Known;
use audit::Survey;
use edit::Span;
use project::File;
use std::ops::Range;
use syntax::Node;
use syntax::Tree;
use syntax::module::{ImportKind, Imported};
use syntax::scope::{BindingId, Scopes};
use syntax::view::{code_children, enclosing_statement, string_value, unwrapped, walk};

/// What serves nothing but the making of the client.
#[derive(Debug, Default)]
pub(super) struct Owned {
    /// Statements that go.
    pub(super) statements: Vec<Range<usize>>,
    /// Conditions on the address and the key, and what they come to now that both are there.
    pub(super) flags: Vec<(Range<usize>, bool)>,
}

/// Finds it. `gone`: ranges of the file that other edits remove.
pub(super) fn of(survey: &Survey<'_>, client: &Client, gone: &[Span]) -> Owned {
    let file = survey.project.get(client.file);
    let Some((tree, scopes)) = file.syntax() else { return Owned::default() };
    let settings: Vec<BindingId> =
        [&client.url, &client.key].iter().filter_map(|setting| setting.binding).collect();
    let mut owned = Owned::default();
    let top = code_children(tree.root());
    let is_setting = |range: &Range<usize>| {
        scopes.binding_at(range.clone()).is_some_and(|binding| settings.contains(&binding))
    };
    let names = client.url.names.iter().chain(&client.key.names).map(String::as_str).collect();
    let known = Known { tree, scopes, names };
    let never = |statement: Node<'_>| -> bool {
        let condition = statement.child_by_field_name("condition");
        statement.child_by_field_name("alternative").is_none()
            && condition.and_then(|condition| known.holds(condition)) == Some(false)
    };
    // Statements and conditions that ask only for the two.
    for statement in top {
        let names = identifiers(statement, scopes);
        let mentions = names.iter().any(|(range, _)| is_setting(range));
        let only = names.iter().all(|(range, bound)| is_setting(range) || !bound);
        let text = tree.text(statement);
        let goes = match statement.kind() {
            "if_statement" => {
                (text.contains("throw") || text.contains("console."))
                    && (mentions && only || never(statement))
            }
            "expression_statement" => text.starts_with("console.") && mentions && only,
            _ => false,
        };
        if goes {
            owned.statements.push(statement.byte_range());
        }
    }
    for binding in &scopes.bindings {
        let declares = tree.node_at(binding.name_range.clone()).and_then(|name| name.parent());
        let declarator =
            declares.filter(|parent| binding.top_level && parent.kind() == "variable_declarator");
        let Some(value) = declarator.and_then(|declarator| declarator.child_by_field_name("value")) else {
            continue;
        };
        let tests =
            matches!(unwrapped(value).kind(), "unary_expression" | "binary_expression" | "call_expression");
        let asks = identifiers(value, scopes).iter().any(|(range, _)| is_setting(range));
        if let Some(holds) = (tests && asks && !is_text(tree, value)).then(|| known.holds(value)).flatten() {
            owned.flags.push((value.byte_range(), holds));
        }
    }
    // The declarations, if all that asks for them goes.
    let inside = |range: &Range<usize>| {
        let covers = |outer: &Range<usize>| covers(outer, range);
        covers(&client.value)
            || client.around.iter().any(covers)
            || owned.statements.iter().chain(owned.flags.iter().map(|(flag, _)| flag)).any(covers)
            || gone.iter().any(|span| span.file == client.file && covers(&span.range()))
    };
    let mut declarations = Vec::new();
    for binding in settings {
        let known = scopes.binding(binding);
        let all_go = scopes
            .references_of(binding)
            .all(|reference| inside(&reference.range) || is_export(tree, &reference.range));
        if all_go
            && !is_imported(survey, file, &known.name)
            && let Some(name) = tree.node_at(known.name_range.clone())
        {
            let statement = enclosing_statement(name);
            let declarators = code_children(if statement.kind() == "export_statement" {
                code_children(statement).next().unwrap_or(statement)
            } else {
                statement
            });
            if declarators.count() == 1 {
                declarations.push(statement.byte_range());
            }
        }
    }
    // What only these were made of: `const finalUrl = url`.
    loop {
        let inside = |range: &Range<usize>| declarations.iter().any(|outer| covers(outer, range));
        let more = scopes.bindings.iter().enumerate().find_map(|(at, known)| {
            let name = tree.node_at(known.name_range.clone())?;
            let value = name.parent()?.child_by_field_name("value")?;
            let reads = matches!(value.kind(), "identifier" | "member_expression");
            let mut references = scopes.references_of(BindingId(at as u32)).peekable();
            let statement = enclosing_statement(name);
            let goes = known.top_level
                && reads
                && statement.kind() == "lexical_declaration"
                && code_children(statement).count() == 1
                && !inside(&known.name_range)
                && references.peek().is_some()
                && references.all(|reference| inside(&reference.range))
                && !is_imported(survey, file, &known.name);
            goes.then(|| statement.byte_range())
        });
        match more {
            Some(statement) => declarations.push(statement),
            None => break,
        }
    }
    owned.statements.extend(declarations);
    owned.statements.extend(client.around.iter().cloned());
    functions(survey, client, &mut owned);
    owned.statements.sort_by_key(|range| range.start);
    owned
}

/// Functions, types, options and texts at the top that only what goes asks for, and those that only they ask for.
fn functions(survey: &Survey<'_>, client: &Client, owned: &mut Owned) {
    let file = survey.project.get(client.file);
    let Some((tree, scopes)) = file.syntax() else { return };
    loop {
        let mut found = None;
        for (at, binding) in scopes.bindings.iter().enumerate().filter(|(_, binding)| binding.top_level) {
            let declared = tree.node_at(binding.name_range.clone()).and_then(|name| name.parent());
            let kinds = ["function_declaration", "type_alias_declaration", "interface_declaration"];
            // Options, a `fetch` of the client's own, and a text.
            let is_value = |node: Node<'_>| {
                let value = node.child_by_field_name("value").map(unwrapped);
                let plain = value.is_some_and(|value| {
                    matches!(value.kind(), "object" | "arrow_function")
                        || string_value(tree, value).is_some()
                        || is_env(tree, value)
                });
                plain && code_children(enclosing_statement(node)).count() == 1
            };
            let goes_alone = |node: &Node<'_>| {
                kinds.contains(&node.kind()) || node.kind() == "variable_declarator" && is_value(*node)
            };
            let Some(function) = declared.filter(goes_alone) else { continue };
            let statement = enclosing_statement(function).byte_range();
            let kept = client.getter.as_ref().and_then(|getter| getter.kept.as_ref());
            let replaced =
                [Some(&client.value), client.annotation.as_ref(), kept.map(|(statement, _)| statement)];
            let goes = |range: &Range<usize>| {
                replaced.iter().flatten().any(|outer| covers(outer, range))
                    || owned.flags.iter().any(|(flag, _)| covers(flag, range))
                    || owned.statements.iter().any(|outer| covers(outer, range))
            };
            let mut asked = false;
            let all_go = scopes.references_of(BindingId(at as u32)).all(|reference| {
                let inside = goes(&reference.range);
                asked |= inside;
                inside || covers(&statement, &reference.range)
            });
            if all_go && asked && !goes(&statement) && !is_imported(survey, file, &binding.name) {
                found = Some(statement);
                break;
            }
        }
        match found {
            Some(statement) => owned.statements.push(statement),
            None => return,
        }
    }
}

/// Whether a range lies in another.
pub(super) fn covers(outer: &Range<usize>, inner: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// The names in a node that stand for values, and whether each is declared in the file.
fn identifiers(node: Node<'_>, scopes: &Scopes) -> Vec<(Range<usize>, bool)> {
    let mut found = Vec::new();
    walk(node, &mut |node| {
        if matches!(node.kind(), "identifier" | "shorthand_property_identifier")
            && let Some(reference) = scopes.reference_at(node.byte_range())
        {
            found.push((node.byte_range(), reference.binding.is_some()));
        }
        true
    });
    found
}

/// `import.meta.env.RELEASE`, `import.meta.env.RELEASE || "dev"`
fn is_env(tree: &Tree, value: Node<'_>) -> bool {
    let side = |name: &str| value.child_by_field_name(name).map(unwrapped);
    match value.kind() {
        "member_expression" => {
            ["import.meta.env.", "process.env."].iter().any(|env| tree.text(value).starts_with(env))
        }
        "binary_expression" => {
            side("left").is_some_and(|left| is_env(tree, left))
                && side("right").is_some_and(|right| string_value(tree, right).is_some())
        }
        _ => false,
    }
}

/// Whether a value is the setting itself, or one in its place: `url || "…"`, `url.trim()`.
fn is_text(tree: &Tree, value: Node<'_>) -> bool {
    let value = unwrapped(value);
    match value.kind() {
        "binary_expression" => value.child_by_field_name("operator").is_some_and(|operator| {
            let side = |name: &str| value.child_by_field_name(name);
            matches!(operator.kind(), "||" | "??")
                && [side("left"), side("right")].into_iter().flatten().all(|side| is_text(tree, side))
        }),
        "call_expression" => tree.text(value).trim_end().ends_with(".trim()"),
        "unary_expression" => false,
        _ => true,
    }
}

fn is_export(tree: &Tree, range: &Range<usize>) -> bool {
    tree.node_at(range.clone())
        .and_then(|node| node.parent())
        .is_some_and(|parent| parent.kind() == "export_specifier")
}

/// Whether another module imports `name` from the file.
fn is_imported(survey: &Survey<'_>, file: &File, name: &str) -> bool {
    survey.project.graph.importers[file.id.0 as usize].iter().any(|importer| {
        let importer = survey.project.get(*importer);
        let links =
            survey.project.graph.links[importer.id.0 as usize].iter().filter(|link| link.target == file.id);
        links.map(|link| &importer.module.imports[link.import]).any(|import| {
            import.kind == ImportKind::ReExport
                || import.names.iter().any(|one| match &one.imported {
                    Imported::Named(imported) => imported == name,
                    Imported::Namespace => importer.text.contains(&format!(".{name}")),
                    Imported::Default => false,
                })
        })
    })
}

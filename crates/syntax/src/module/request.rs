//! Requests for other modules: import statements, `export ... from`, and the calls that load a module.

use super::{Import, ImportKind, ImportName, Imported};
use crate::Node;
use crate::Tree;
use crate::view::{self, TemplatePart, arguments, code_children, string_value, unwrapped};
use std::ops::Range;

/// `import ... from "x"`, `import "x"`, `import x = require("x")`.
pub(super) fn import_statement(tree: &Tree, statement: Node<'_>) -> Option<Import> {
    let mut kind = ImportKind::SideEffect;
    let mut names = Vec::new();
    let mut source = statement.child_by_field_name("source");
    let type_only = has_type_keyword(tree, statement);
    for clause in code_children(statement) {
        match clause.kind() {
            "import_clause" => {
                kind = ImportKind::Static;
                import_names(tree, clause, type_only, &mut names);
            }
            "import_require_clause" => {
                kind = ImportKind::Require;
                source = clause.child_by_field_name("source");
                let local = code_children(clause).next()?;
                names.push(ImportName {
                    imported: Imported::Namespace,
                    local: tree.text(local).to_owned(),
                    range: local.byte_range(),
                    type_only,
                });
            }
            _ => {}
        }
    }
    import(tree, kind, source?, statement, names, type_only)
}

fn import(
    tree: &Tree,
    kind: ImportKind,
    source: Node<'_>,
    whole: Node<'_>,
    names: Vec<ImportName>,
    type_only: bool,
) -> Option<Import> {
    Some(Import {
        kind,
        specifier: string_value(tree, source)?.into_owned(),
        specifier_range: source.byte_range(),
        range: whole.byte_range(),
        names,
        type_only,
    })
}

/// Whether the second word is `type`. The text counts: in `export type * from` the word is masked.
pub(super) fn has_type_keyword(tree: &Tree, statement: Node<'_>) -> bool {
    let keyword = statement.child(1).is_some_and(|second| matches!(second.kind(), "type" | "typeof"));
    let mut words = tree.text(statement).splitn(3, char::is_whitespace);
    keyword
        || (words.next() == Some("export")
            && words.next() == Some("type")
            && words.next().is_some_and(|rest| rest.trim_start().starts_with('*')))
}

fn import_names(tree: &Tree, clause: Node<'_>, type_only: bool, names: &mut Vec<ImportName>) {
    for part in code_children(clause) {
        match part.kind() {
            "identifier" => names.push(ImportName {
                imported: Imported::Default,
                local: tree.text(part).to_owned(),
                range: part.byte_range(),
                type_only,
            }),
            "namespace_import" => names.extend(code_children(part).next().map(|local| ImportName {
                imported: Imported::Namespace,
                local: tree.text(local).to_owned(),
                range: part.byte_range(),
                type_only,
            })),
            "named_imports" => {
                for specifier in
                    code_children(part).filter(|specifier| specifier.kind() == "import_specifier")
                {
                    names.extend(import_specifier(tree, specifier, type_only));
                }
            }
            _ => {}
        }
    }
}

fn import_specifier(tree: &Tree, specifier: Node<'_>, type_only: bool) -> Option<ImportName> {
    let name = specifier.child_by_field_name("name")?;
    let local = specifier.child_by_field_name("alias").unwrap_or(name);
    let imported = match exported_name(tree, name) {
        name if name == "default" => Imported::Default,
        name => Imported::Named(name),
    };
    let marked = specifier
        .child(0)
        .is_some_and(|first| !first.is_named() && matches!(first.kind(), "type" | "typeof"))
        && first_is_not_the_name(specifier, name);
    Some(ImportName {
        imported,
        local: tree.text(local).to_owned(),
        range: specifier.byte_range(),
        type_only: type_only || marked,
    })
}

/// `import { type }` imports a thing called `type`.
fn first_is_not_the_name(specifier: Node<'_>, name: Node<'_>) -> bool {
    specifier.start_byte() != name.start_byte()
}

/// A name in an import or export list, which may be a string.
pub(super) fn exported_name(tree: &Tree, name: Node<'_>) -> String {
    string_value(tree, name).map_or_else(|| tree.text(name).to_owned(), |value| value.into_owned())
}

/// `export ... from "x"`.
pub(super) fn re_export(tree: &Tree, statement: Node<'_>) -> Option<Import> {
    let source = statement.child_by_field_name("source")?;
    import(tree, ImportKind::ReExport, source, statement, Vec::new(), has_type_keyword(tree, statement))
}

/// `import("x")`, `require("x")`, `import.meta.glob("x")`, `new URL("x", import.meta.url)`, `new Worker("x")`, anywhere in the file.
pub(super) fn calls(tree: &Tree, imports: &mut Vec<Import>) {
    let source = tree.source();
    let loads = source.match_indices("import").any(|(at, word)| {
        let rest = source[at + word.len()..].trim_start();
        rest.starts_with(['(', '.']) || rest.starts_with("/*")
    });
    if !loads && !source.contains("require") && !source.contains("Worker") {
        return;
    }
    imports.extend(tree.masked().iter().filter_map(|range| masked_import(tree, range)));
    view::walk(tree.root(), &mut |node| {
        match node.kind() {
            "call_expression" => call(tree, node, imports),
            "new_expression" => imports.extend(url(tree, node)),
            _ => {}
        }
        true
    });
}

/// `import("x").A<B>` in a type, where the grammar needs the `import("x")` masked.
fn masked_import(tree: &Tree, range: &Range<usize>) -> Option<Import> {
    let call = tree.source().get(range.clone())?;
    let string = call.strip_prefix("import(")?.strip_suffix(')')?;
    let specifier_start = range.start + "import(".len() + (string.len() - string.trim_start().len());
    let string = string.trim();
    let quote = string.chars().next().filter(|quote| matches!(quote, '"' | '\'' | '`'))?;
    Some(Import {
        kind: ImportKind::Dynamic,
        specifier: string.get(1..)?.strip_suffix(quote)?.to_owned(),
        specifier_range: specifier_start..specifier_start + string.len(),
        range: range.clone(),
        names: Vec::new(),
        type_only: true,
    })
}

fn call(tree: &Tree, node: Node<'_>, imports: &mut Vec<Import>) {
    let Some(function) = node.child_by_field_name("function") else { return };
    let arguments = arguments(node);
    let Some(first) = arguments.first().copied() else { return };
    match function.kind() {
        "import" => imports.extend(loaded(tree, ImportKind::Dynamic, node, first)),
        "identifier" if tree.text(function) == "require" => {
            imports.extend(loaded(tree, ImportKind::Require, node, first))
        }
        "member_expression" => match view::member_path(tree, function).as_deref() {
            Some([import, meta, glob])
                if import == "import" && meta == "meta" && (glob == "glob" || glob == "globEager") =>
            {
                let patterns =
                    if first.kind() == "array" { code_children(first).collect() } else { vec![first] };
                imports.extend(
                    patterns
                        .into_iter()
                        .filter_map(|pattern| import_of(tree, ImportKind::Dynamic, pattern, node)),
                );
            }
            Some([require, resolve]) if require == "require" && resolve == "resolve" => {
                imports.extend(import_of(tree, ImportKind::Require, first, node));
            }
            _ => {}
        },
        _ => {}
    }
}

fn import_of(tree: &Tree, kind: ImportKind, source: Node<'_>, whole: Node<'_>) -> Option<Import> {
    import(tree, kind, source, whole, Vec::new(), false)
}

/// A module that a call loads, with the names that the call's result is taken apart into.
fn loaded(tree: &Tree, kind: ImportKind, call: Node<'_>, argument: Node<'_>) -> Option<Import> {
    let argument = unwrapped(argument);
    let type_only = view::is_in_type_position(call);
    let specifier = match string_value(tree, argument) {
        Some(value) => value.into_owned(),
        None => pattern(tree, argument)?,
    };
    let names = if type_only { Vec::new() } else { names_of_result(tree, call) };
    Some(Import {
        kind,
        specifier,
        specifier_range: argument.byte_range(),
        range: call.byte_range(),
        names,
        type_only,
    })
}

/// `` `./locales/${language}.json` `` with a `*` for what is computed; `None` if nothing but that is left.
fn pattern(tree: &Tree, template: Node<'_>) -> Option<String> {
    let parts = view::template_parts(tree, template)?;
    let starts_with_text = matches!(parts.first(), Some(TemplatePart::Text(_)));
    let pattern: String = parts
        .iter()
        .map(|part| match part {
            TemplatePart::Text(text) => text.as_ref(),
            TemplatePart::Expression(_) => "*",
        })
        .collect();
    starts_with_text.then_some(pattern)
}

/// `const x = require("a")`, `const { x, y: z } = await import("a")`, `const x = require("a").x`.
fn names_of_result(tree: &Tree, call: Node<'_>) -> Vec<ImportName> {
    let mut value = view::wrapped(call);
    let mut member = None;
    while let Some(parent) = value.parent() {
        match parent.kind() {
            "await_expression" => value = view::wrapped(parent),
            "member_expression"
                if member.is_none()
                    && parent
                        .child_by_field_name("object")
                        .is_some_and(|object| object.id() == value.id()) =>
            {
                member = parent.child_by_field_name("property");
                value = view::wrapped(parent);
            }
            _ => break,
        }
    }
    let declarator = value.parent().filter(|parent| parent.kind() == "variable_declarator");
    let Some(pattern) = declarator.and_then(|declarator| declarator.child_by_field_name("name")) else {
        return Vec::new();
    };
    let name = |imported, local: Node<'_>, range: Node<'_>| ImportName {
        imported,
        local: tree.text(local).to_owned(),
        range: range.byte_range(),
        type_only: false,
    };
    let named =
        |text: &str| if text == "default" { Imported::Default } else { Imported::Named(text.to_owned()) };
    match (pattern.kind(), member) {
        ("identifier", Some(member)) => vec![name(named(tree.text(member)), pattern, pattern)],
        ("identifier", None) => vec![name(Imported::Namespace, pattern, pattern)],
        ("object_pattern", None) => code_children(pattern)
            .filter_map(|part| match part.kind() {
                "shorthand_property_identifier_pattern" => Some(name(named(tree.text(part)), part, part)),
                "object_assignment_pattern" => {
                    let left = part.child_by_field_name("left")?;
                    Some(name(named(tree.text(left)), left, part))
                }
                "pair_pattern" => {
                    let key = view::key_name(tree, part.child_by_field_name("key")?)?;
                    let local =
                        part.child_by_field_name("value").filter(|value| value.kind() == "identifier")?;
                    Some(name(named(&key), local, part))
                }
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// `new URL("x", import.meta.url)`, `new Worker("x")`.
fn url(tree: &Tree, node: Node<'_>) -> Option<Import> {
    let constructor = view::callee(node)?;
    let arguments = arguments(node);
    let first = arguments.first().copied()?;
    let loads = match tree.text(constructor) {
        "Worker" | "SharedWorker" => true,
        "URL" => {
            let base = view::member_path(tree, *arguments.get(1)?)?;
            base.join(".") == "import.meta.url"
        }
        _ => false,
    };
    loads.then(|| import_of(tree, ImportKind::Url, first, node)).flatten()
}

//! Exports: declarations, lists, defaults, re-exports, and what CommonJS assigns.

use super::Export;
use super::request::{exported_name, has_type_keyword};
use crate::Node;
use crate::Tree;
use crate::view::{code_children, member_path, pairs, string_value, unwrapped};

/// What one `export` statement exports.
pub(super) fn export_statement(tree: &Tree, statement: Node<'_>, exports: &mut Vec<Export>) {
    let from = statement
        .child_by_field_name("source")
        .and_then(|source| string_value(tree, source))
        .map(|value| value.into_owned());
    let type_only = has_type_keyword(tree, statement);
    let has_word = |word: &str| statement.children().any(|child| child.kind() == word);
    if let Some(declaration) = statement.child_by_field_name("declaration") {
        if has_word("default") {
            let local = declaration.child_by_field_name("name").map(|name| tree.text(name).to_owned());
            exports.push(Export {
                name: "default".to_owned(),
                local,
                from: None,
                range: declaration.byte_range(),
                type_only: is_type(declaration),
            });
        } else {
            declared(tree, declaration, exports);
        }
        return;
    }
    let value = statement
        .child_by_field_name("value")
        .or_else(|| has_word("=").then(|| code_children(statement).next()).flatten());
    if let Some(value) = value {
        exports.push(default(tree, value, value));
        return;
    }
    for part in code_children(statement) {
        match part.kind() {
            "export_clause" => {
                for specifier in
                    code_children(part).filter(|specifier| specifier.kind() == "export_specifier")
                {
                    exports.extend(export_specifier(tree, specifier, from.as_deref(), type_only));
                }
                return;
            }
            "namespace_export" => {
                let Some(name) = part.child(part.child_count().saturating_sub(1)) else { return };
                exports.push(Export {
                    name: exported_name(tree, name),
                    local: None,
                    from: from.map(|from| (from, "*".to_owned())),
                    range: part.byte_range(),
                    type_only,
                });
                return;
            }
            _ => {}
        }
    }
    if let Some(from) = from {
        exports.push(Export {
            name: "*".to_owned(),
            local: None,
            from: Some((from, "*".to_owned())),
            range: statement.byte_range(),
            type_only,
        });
    }
}

fn default(tree: &Tree, value: Node<'_>, range: Node<'_>) -> Export {
    let inner = unwrapped(value);
    let local = match inner.kind() {
        "identifier" => Some(inner),
        "function_expression" | "generator_function" | "class" => inner.child_by_field_name("name"),
        _ => None,
    };
    Export {
        name: "default".to_owned(),
        local: local.map(|local| tree.text(local).to_owned()),
        from: None,
        range: range.byte_range(),
        type_only: false,
    }
}

fn export_specifier(tree: &Tree, specifier: Node<'_>, from: Option<&str>, type_only: bool) -> Option<Export> {
    let name = specifier.child_by_field_name("name")?;
    let alias = specifier.child_by_field_name("alias").unwrap_or(name);
    let marked = specifier.child(0).is_some_and(|first| matches!(first.kind(), "type" | "typeof"));
    let there = exported_name(tree, name);
    Some(Export {
        name: exported_name(tree, alias),
        local: from.is_none().then(|| there.clone()),
        from: from.map(|from| (from.to_owned(), there)),
        range: specifier.byte_range(),
        type_only: type_only || marked,
    })
}

fn is_type(declaration: Node<'_>) -> bool {
    matches!(declaration.kind(), "interface_declaration" | "type_alias_declaration")
}

/// The names of an exported declaration.
fn declared(tree: &Tree, declaration: Node<'_>, exports: &mut Vec<Export>) {
    let mut export = |name: Node<'_>, range: Node<'_>, type_only: bool| {
        let name = tree.text(name).to_owned();
        // Overloads and merged declarations are one export.
        if !exports.iter().any(|known| {
            known.name == name && known.local.as_ref() == Some(&name) && known.type_only == type_only
        }) {
            exports.push(Export {
                name: name.clone(),
                local: Some(name),
                from: None,
                range: range.byte_range(),
                type_only,
            });
        }
    };
    match declaration.kind() {
        "lexical_declaration" | "variable_declaration" | "using_declaration" => {
            for declarator in code_children(declaration).filter(|child| child.kind() == "variable_declarator")
            {
                let Some(pattern) = declarator.child_by_field_name("name") else { continue };
                for name in bound(pattern) {
                    export(name, declarator, false);
                }
            }
        }
        "ambient_declaration" => {
            for inner in code_children(declaration) {
                declared(tree, inner, exports);
            }
        }
        "import_alias" => {
            if let Some(name) = code_children(declaration).next() {
                export(name, declaration, false);
            }
        }
        _ => {
            if let Some(name) = declaration.child_by_field_name("name") {
                export(name, declaration, is_type(declaration));
            }
        }
    }
}

/// The identifiers that a pattern declares, in source order.
fn bound(pattern: Node<'_>) -> Vec<Node<'_>> {
    let mut found = Vec::new();
    let mut pending = vec![pattern];
    while let Some(part) = pending.pop() {
        match part.kind() {
            "identifier" | "shorthand_property_identifier_pattern" => found.push(part),
            "pair_pattern" => pending.extend(part.child_by_field_name("value")),
            "assignment_pattern" | "object_assignment_pattern" => {
                pending.extend(part.child_by_field_name("left"))
            }
            "object_pattern" | "array_pattern" | "rest_pattern" => {
                pending.extend(code_children(part).collect::<Vec<_>>().into_iter().rev())
            }
            _ => {}
        }
    }
    found
}

/// `module.exports = x`, `module.exports = { a, b: c }`, `exports.a = x`.
pub(super) fn common_js(tree: &Tree, statement: Node<'_>, exports: &mut Vec<Export>) {
    let mut assignment =
        code_children(statement).next().filter(|node| node.kind() == "assignment_expression");
    // `exports.a = exports.b = x` has one value and two names.
    while let Some(node) = assignment {
        let (Some(left), Some(right)) = (node.child_by_field_name("left"), node.child_by_field_name("right"))
        else {
            return;
        };
        let path = member_path(tree, left).unwrap_or_default();
        let path: Vec<&str> = path.iter().map(AsRef::as_ref).collect();
        match path.as_slice() {
            ["module", "exports"] => {
                exports.push(default(tree, right, node));
                for (name, _, value) in pairs(tree, unwrapped(right)) {
                    exports.push(named(tree, &name, value, value));
                }
            }
            ["module", "exports", name] | ["exports", name] => exports.push(named(tree, name, right, node)),
            _ => {}
        }
        assignment = Some(right).filter(|right| right.kind() == "assignment_expression");
    }
}

fn named(tree: &Tree, name: &str, value: Node<'_>, range: Node<'_>) -> Export {
    let value = unwrapped(value);
    let local = matches!(value.kind(), "identifier" | "shorthand_property_identifier")
        .then(|| tree.text(value).to_owned());
    Export { name: name.to_owned(), local, from: None, range: range.byte_range(), type_only: false }
}

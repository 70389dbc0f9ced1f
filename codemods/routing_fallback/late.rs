//! Parameters of a route that have become promises, and are still read as if they were values.

use audit::Survey;
use edit::{Edit, Piece, Span};
use project::File;
use syntax::Node;
use syntax::view::{callee, code_children, enclosing_function, key_name, walk};
use syntax::{Tree, scope::Scopes};

const NAMES: &[&str] = &["params", "searchParams"];

/// A function that takes one of them as a value.
pub(super) struct Late {
    /// The parameter.
    pub(super) span: Span,
    pub(super) name: String,
    /// `None` where it cannot be waited for.
    pub(super) edits: Option<Vec<Edit>>,
}

/// Every such function of the files that the framework calls.
pub(super) fn late(survey: &Survey<'_>) -> Vec<Late> {
    let framework = survey.stack.framework;
    let mut found = Vec::new();
    if !framework.params_are_promises(survey.stack.framework_version.as_deref()) {
        return found;
    }
    for file in &survey.project.files {
        let stem = file.path.name().split('.').next().unwrap_or("");
        let called = matches!(stem, "page" | "layout" | "route" | "default" | "opengraph-image" | "icon")
            && file.path.as_str().contains("app/")
            && file.path.folder().contains('[');
        let searched = stem == "page" && file.text.contains("searchParams");
        let client = file.module.directives.iter().any(|directive| directive == "use client");
        if !(called || searched) || client || !file.path.as_str().contains("app/") {
            continue;
        }
        let Some((tree, scopes)) = file.syntax() else { continue };
        for statement in code_children(tree.root()).filter(|node| node.kind() == "export_statement") {
            for function in functions(statement) {
                found.extend(of_function(survey, file, tree, scopes, function));
            }
        }
    }
    found
}

/// The functions that a statement exports.
fn functions(statement: Node<'_>) -> Vec<Node<'_>> {
    let is = |node: &Node<'_>| {
        matches!(node.kind(), "function_declaration" | "function_expression" | "arrow_function" | "function")
    };
    let mut found = Vec::new();
    let parts = [statement.child_by_field_name("declaration"), statement.child_by_field_name("value")];
    for part in parts.into_iter().flatten() {
        if is(&part) {
            found.push(part);
        }
        for declarator in code_children(part).filter(|child| child.kind() == "variable_declarator") {
            found.extend(declarator.child_by_field_name("value").filter(is));
        }
    }
    found
}

fn of_function(
    survey: &Survey<'_>,
    file: &File,
    tree: &Tree,
    scopes: &Scopes,
    function: Node<'_>,
) -> Vec<Late> {
    let mut found = Vec::new();
    let Some(parameters) = function.child_by_field_name("parameters") else { return found };
    for parameter in code_children(parameters) {
        let (Some(pattern), Some(types)) =
            (parameter.child_by_field_name("pattern"), parameter.child_by_field_name("type"))
        else {
            continue;
        };
        let Some(typed) = code_children(types).next() else { continue };
        let (object, named) = match typed.kind() {
            "object_type" => (typed, false),
            "type_identifier" => match declared(tree, typed) {
                Some(object) => (object, true),
                None => continue,
            },
            _ => continue,
        };
        for member in code_children(object).filter(|node| node.kind() == "property_signature") {
            let name = member.child_by_field_name("name").and_then(|name| key_name(tree, name));
            let Some(name) = name.filter(|name| NAMES.contains(&&**name)) else { continue };
            let Some(kind) = member.child_by_field_name("type").and_then(|kind| code_children(kind).next())
            else {
                continue;
            };
            if tree.text(kind).starts_with("Promise<") {
                continue;
            }
            let mut edits = vec![
                Edit::replace(file.span(kind.start_byte()..kind.start_byte()), "Promise<"),
                Edit::replace(file.span(kind.end_byte()..kind.end_byte()), ">"),
            ];
            let whole = || {
                let reads = reads(file, tree, scopes, function, pattern, &name);
                let first = || taken_first(file, tree, function, pattern, &name);
                // What is read twice is waited for once: what a test of it tells holds for the next read.
                let reads = match reads {
                    Some(reads) if reads.len() > 1 => first().unwrap_or(reads),
                    reads => reads.or_else(first)?,
                };
                edits.extend(reads);
                edits.extend(asynchronous(survey, file, tree, function)?);
                (tree.sound(function) && (!named || is_for_parameters(tree, typed))).then_some(edits)
            };
            let span = if named { parameter.byte_range() } else { member.byte_range() };
            found.push(Late { span: file.span(span), edits: whole(), name: name.into_owned() });
        }
    }
    found
}

/// The members of a type of the module.
fn declared<'t>(tree: &'t Tree, named: Node<'t>) -> Option<Node<'t>> {
    let of = |statement: Node<'t>| {
        let declaration = match statement.kind() {
            "export_statement" => statement.child_by_field_name("declaration")?,
            _ => statement,
        };
        let name = declaration.child_by_field_name("name")?;
        let members = match declaration.kind() {
            "interface_declaration" => declaration.child_by_field_name("body"),
            "type_alias_declaration" => {
                declaration.child_by_field_name("value").filter(|value| value.kind() == "object_type")
            }
            _ => None,
        };
        members.filter(|_| tree.text(name) == tree.text(named))
    };
    code_children(tree.root()).find_map(of)
}

/// Whether a type stands nowhere but at parameters of functions that the module exports, and is not exported itself.
fn is_for_parameters(tree: &Tree, named: Node<'_>) -> bool {
    let mut all = true;
    walk(tree.root(), &mut |node| {
        if node.kind() == "type_identifier" && tree.text(node) == tree.text(named) {
            let around = node.parent();
            let parameter = around
                .filter(|around| around.kind() == "type_annotation")
                .and_then(|around| around.parent())
                .filter(|parameter| parameter.kind() == "required_parameter");
            let function = parameter.and_then(|parameter| parameter.parent()?.parent());
            let exported = function.is_some_and(|function| {
                let statements = code_children(tree.root()).filter(|one| one.kind() == "export_statement");
                statements.flat_map(functions).any(|one| one.id() == function.id())
            });
            let declaration = around.filter(|around| {
                matches!(around.kind(), "interface_declaration" | "type_alias_declaration")
                    && around.parent().is_some_and(|outer| outer.kind() == "program")
            });
            all &= exported || declaration.is_some();
        }
        true
    });
    all
}

/// The edit that lets a function wait, if it does not yet; `None` where that changes more than the function.
fn asynchronous(survey: &Survey<'_>, file: &File, tree: &Tree, function: Node<'_>) -> Option<Option<Edit>> {
    if tree.text(function).starts_with("async") {
        return Some(None);
    }
    let component =
        function.parent().is_some_and(|statement| tree.text(statement).starts_with("export default"))
            && matches!(file.path.name().split('.').next(), Some("page" | "layout" | "default"));
    let mut hooks = false;
    walk(function, &mut |node| {
        let name = callee(node).map_or("", |callee| tree.text(callee));
        hooks |= audit::is_hook(name) || name.contains(".use");
        true
    });
    let alone = survey.project.graph.importers[file.id.0 as usize].is_empty();
    let plain =
        function.kind() == "function_declaration" && function.child_by_field_name("return_type").is_none();
    let at = function.start_byte();
    (component && alone && plain && !hooks).then(|| Some(Edit::replace(file.span(at..at), "async ")))
}

/// Edits that take the value out of the promise before the function's first statement: for one that is taken apart among the
/// parameters, read inside another function, or handed on.
fn taken_first(
    file: &File,
    tree: &Tree,
    function: Node<'_>,
    pattern: Node<'_>,
    name: &str,
) -> Option<Vec<Edit>> {
    let body = function.child_by_field_name("body").filter(|body| body.kind() == "statement_block")?;
    let first = code_children(body).next()?;
    let taken = |name: &str| {
        let mut found = false;
        walk(function, &mut |node| {
            let names = matches!(
                node.kind(),
                "identifier" | "shorthand_property_identifier" | "shorthand_property_identifier_pattern"
            );
            found |= names && tree.text(node) == name;
            true
        });
        found
    };
    let mut edits = Vec::new();
    let mut value = Vec::new();
    for child in code_children(pattern).filter(|_| pattern.kind() == "object_pattern") {
        let key = child.child_by_field_name("key").and_then(|key| key_name(tree, key));
        match child.kind() {
            "shorthand_property_identifier_pattern" if tree.text(child) == name => {
                let promise = format!("{name}Promise");
                if taken(&promise) {
                    return None;
                }
                edits.push(Edit::replace(file.span(child.byte_range()), format!("{name}: {promise}")));
                value = vec![Piece::text(format!("const {name} = await {promise}"))];
            }
            "pair_pattern" if key.as_deref() == Some(name) => {
                let parts =
                    child.child_by_field_name("value").filter(|parts| parts.kind() == "object_pattern")?;
                if taken(name) {
                    return None;
                }
                edits.push(Edit::replace(file.span(child.byte_range()), name));
                value = vec![
                    Piece::text("const "),
                    Piece::Source(file.span(parts.byte_range())),
                    Piece::text(format!(" = await {name}")),
                ];
            }
            "rest_pattern" | "object_assignment_pattern" => return None,
            _ => {}
        }
    }
    if value.is_empty() {
        return None;
    }
    let at = first.start_byte();
    let line = file.text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let indent = &file.text[line..at];
    if !indent.trim().is_empty() {
        return None;
    }
    let end = if file.text.contains(";\n") { ";" } else { "" };
    value.push(Piece::text(format!("{end}\n{indent}")));
    edits.push(Edit { span: file.span(at..at), replacement: value });
    Some(edits)
}

/// Edits of all reads; `None` if one of them cannot wait.
fn reads(
    file: &File,
    tree: &Tree,
    scopes: &Scopes,
    function: Node<'_>,
    pattern: Node<'_>,
    name: &str,
) -> Option<Vec<Edit>> {
    let mut places: Vec<Node<'_>> = Vec::new();
    let uses = |declared: std::ops::Range<usize>| -> Option<Vec<Node<'_>>> {
        let binding = scopes.binding_at(declared)?;
        scopes.references_of(binding).map(|reference| tree.node_at(reference.range.clone())).collect()
    };
    match pattern.kind() {
        "object_pattern" => {
            for child in code_children(pattern) {
                match child.kind() {
                    "shorthand_property_identifier_pattern" if tree.text(child) == name => {
                        places.extend(uses(child.byte_range())?)
                    }
                    "pair_pattern"
                        if child.child_by_field_name("key").and_then(|key| key_name(tree, key))? == name =>
                    {
                        let value = child.child_by_field_name("value")?;
                        // `{ params: { id } }` takes it apart before anything can wait.
                        if value.kind() != "identifier" {
                            return None;
                        }
                        places.extend(uses(value.byte_range())?);
                    }
                    _ => {}
                }
            }
        }
        "identifier" => {
            for used in uses(pattern.byte_range())? {
                let member = used.parent().filter(|around| around.kind() == "member_expression")?;
                if tree.text(member.child_by_field_name("property")?) == name {
                    places.push(member);
                }
            }
        }
        _ => return None,
    }
    let mut edits = Vec::new();
    for place in places {
        if enclosing_function(place).map(|around| around.id()) != Some(function.id()) {
            return None;
        }
        let around = place.parent()?;
        match around.kind() {
            "await_expression" => {}
            "member_expression"
                if around.child_by_field_name("object").map(|object| object.id()) == Some(place.id()) =>
            {
                edits.push(Edit::replace(
                    file.span(place.byte_range()),
                    format!("(await {})", tree.text(place)),
                ));
            }
            "variable_declarator" => {
                edits.push(Edit::replace(file.span(place.start_byte()..place.start_byte()), "await "));
            }
            _ => return None,
        }
    }
    Some(edits)
}

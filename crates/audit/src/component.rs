//! Components: the function behind a tag, through imports, `lazy`, `memo` and wrappers made by a call.

use edit::Span;
use project::graph::{Graph, Origin};
use project::{File, Project};
use syntax::Node;
use syntax::Tree;
use syntax::view;

/// The function of the component that the tag, identifier or expression `node` names; its span tells two components apart.
pub(crate) fn of(project: &Project, file: &File, node: Node<'_>) -> Option<Span> {
    of_within(project, file, node, 0)
}

fn of_within(project: &Project, file: &File, node: Node<'_>, depth: usize) -> Option<Span> {
    if depth > 6 {
        return None;
    }
    let node = view::unwrapped(node);
    if is_function(node) {
        return Some(file.span(node.byte_range()));
    }
    let (tree, _) = file.syntax()?;
    if node.kind() == "call_expression" {
        if let Some(specifier) = lazily_imported(tree, node) {
            let target = Graph::resolve(project, file.id, &specifier.0)?;
            return of_export(project, target, &specifier.1, depth + 1);
        }
        // `memo(Page)`, `forwardRef((props, ref) => …)`, `withRole(Page)`: the component is an argument.
        let wrapped = view::arguments(node).into_iter().find_map(|argument| {
            let named = matches!(view::unwrapped(argument).kind(), "identifier" | "call_expression");
            (named || is_function(view::unwrapped(argument)))
                .then(|| of_within(project, file, argument, depth + 1))?
        });
        return wrapped
            .or_else(|| returned(project, of_within(project, file, view::callee(node)?, depth + 1)?));
    }
    match Graph::origin(project, file.id, node.byte_range()) {
        Origin::Local(holder, range) => of_declaration(project, project.get(holder), range, depth + 1),
        Origin::Module(holder) => of_export(project, holder, "default", depth + 1),
        // A method of an object that stands in a constant: `boats.list`.
        _ if node.kind() == "member_expression" => {
            let (holder, value) = crate::constant::value(project, file, node)?;
            is_function(value).then(|| holder.span(value.byte_range()))
        }
        _ => None,
    }
}

/// The function that a factory returns: `(options) => { …; return (request) => …; }`.
fn returned(project: &Project, factory: Span) -> Option<Span> {
    let file = project.get(factory.file);
    let (tree, _) = file.syntax()?;
    let body = tree.node_at(factory.range())?.child_by_field_name("body").map(view::unwrapped)?;
    let given = if body.kind() == "statement_block" {
        let last = view::code_children(body).last().filter(|last| last.kind() == "return_statement")?;
        view::code_children(last).next().map(view::unwrapped)?
    } else {
        body
    };
    is_function(given).then(|| file.span(given.byte_range()))
}

/// The component that a file exports under `name`.
pub(crate) fn exported(project: &Project, file: edit::FileId, name: &str) -> Option<Span> {
    of_export(project, file, name, 0)
}

fn of_export(project: &Project, file: edit::FileId, name: &str, depth: usize) -> Option<Span> {
    match Graph::export_origin(project, file, name) {
        Origin::Local(holder, range) => of_declaration(project, project.get(holder), range, depth + 1),
        _ => None,
    }
}

/// The function that the name at `range` declares, or that the default export there is.
fn of_declaration(
    project: &Project,
    file: &File,
    range: std::ops::Range<usize>,
    depth: usize,
) -> Option<Span> {
    let (tree, _) = file.syntax()?;
    let node = tree.node_at(range)?;
    if is_function(node) {
        return Some(file.span(node.byte_range()));
    }
    let value = match node.kind() {
        "export_statement" => {
            node.child_by_field_name("value").or_else(|| node.child_by_field_name("declaration"))?
        }
        "identifier" | "type_identifier" | "property_identifier" => {
            let declaration = node.parent()?;
            if is_function(declaration) && declaration.child_by_field_name("name") == Some(node) {
                return Some(file.span(declaration.byte_range()));
            }
            match declaration.kind() {
                "variable_declarator" => declaration.child_by_field_name("value")?,
                _ => return None,
            }
        }
        _ => node,
    };
    of_within(project, file, value, depth + 1)
}

/// `lazy(() => import("./page"))` and its like: the specifier and the export that is taken.
fn lazily_imported(tree: &Tree, call: Node<'_>) -> Option<(String, String)> {
    let argument = view::unwrapped(*view::arguments(call).first()?);
    if !is_function(argument) {
        return None;
    }
    let mut found = None;
    view::walk(argument, &mut |node| {
        if node.kind() == "call_expression"
            && node.child_by_field_name("function").is_some_and(|callee| callee.kind() == "import")
            && let Some(specifier) =
                view::arguments(node).first().and_then(|first| view::string_value(tree, *first))
        {
            found.get_or_insert(specifier.into_owned());
        }
        true
    });
    // `.then((module) => ({ default: module.Page }))`, `.then((module) => module.Page)`
    let text = tree.text(argument);
    let taken = text.find("default:").map(|at| &text[at + 8..]).or_else(|| {
        let at = text.find(".then(")?;
        text[at..].find("=>").map(|arrow| &text[at + arrow + 2..])
    });
    let taken = taken.and_then(|rest| {
        let rest = rest.trim_start();
        let (_, member) = rest.split_once('.')?;
        let name: String =
            member.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
        (!name.is_empty()).then_some(name)
    });
    Some((found?, taken.unwrap_or_else(|| "default".to_owned())))
}

/// The name that a component's function has: its own, or that of the constant that holds it; the file's stem without one.
pub(crate) fn name(project: &Project, function: Span) -> String {
    let file = project.get(function.file);
    let named = file.syntax().and_then(|(tree, _)| {
        let node = tree.node_at(function.range())?;
        if let Some(name) = node.child_by_field_name("name") {
            return Some(tree.text(name).to_owned());
        }
        let mut around = node.parent();
        while let Some(node) = around {
            match node.kind() {
                "variable_declarator" => {
                    return Some(tree.text(node.child_by_field_name("name")?).to_owned());
                }
                "call_expression" | "arguments" | "parenthesized_expression" | "as_expression" => {
                    around = node.parent();
                }
                _ => return None,
            }
        }
        None
    });
    named.unwrap_or_else(|| stem(file).to_owned())
}

/// The functions at the top of a file: declared, held by a constant, given to `memo` and its like, exported as default.
pub(crate) fn top_level(file: &File) -> Vec<Span> {
    let Some((tree, _)) = file.syntax() else { return Vec::new() };
    let mut found = Vec::new();
    let mut open: Vec<Node<'_>> = view::code_children(tree.root()).collect();
    open.reverse();
    while let Some(node) = open.pop() {
        match node.kind() {
            _ if is_function(node) => found.push(file.span(node.byte_range())),
            "export_statement"
            | "lexical_declaration"
            | "variable_declaration"
            | "expression_statement"
            | "parenthesized_expression"
            | "as_expression"
            | "satisfies_expression"
            | "ERROR" => {
                open.extend(view::code_children(node).collect::<Vec<_>>().into_iter().rev());
            }
            "variable_declarator" => open.extend(node.child_by_field_name("value")),
            "call_expression" => open.extend(view::arguments(node).into_iter().rev()),
            _ => {}
        }
    }
    found
}

/// The file's name up to its first dot; the folder's where the name says nothing.
pub(crate) fn stem(file: &File) -> &str {
    let stem = file.path.name().split('.').next().unwrap_or_default();
    if matches!(stem, "index" | "page" | "route" | "layout") {
        file.path.folder().rsplit('/').next().filter(|folder| !folder.is_empty()).unwrap_or(stem)
    } else {
        stem
    }
}

/// Whether `node` is a function with a body.
pub(crate) fn is_function(node: Node<'_>) -> bool {
    matches!(
        node.kind(),
        "function_declaration"
            | "function_expression"
            | "arrow_function"
            | "method_definition"
            | "generator_function_declaration"
            | "generator_function"
    )
}

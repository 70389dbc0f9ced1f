//! What a request carries and a function of the framework gives as a promise: cookies and headers that are read without waiting.

use audit::Survey;
use edit::{Edit, Span};
use project::File;
use syntax::Node;
use syntax::module::Imported;
use syntax::view::{callee, enclosing_function, walk};

/// A call whose answer is read as if it were there.
pub(super) struct Read {
    /// The call.
    pub(super) span: Span,
    pub(super) name: String,
    /// `None` where the function around it does not wait for anything.
    pub(super) edit: Option<Edit>,
}

/// Every such call.
pub(super) fn reads(survey: &Survey<'_>) -> Vec<Read> {
    let version = survey.stack.framework_version.as_deref();
    let Some((module, names)) = survey.stack.framework.promised(version) else { return Vec::new() };
    let mut found = Vec::new();
    for file in survey.project.files.iter().filter(|file| file.skipped.is_none()) {
        let imports = file.module.imports.iter().filter(|import| import.specifier == module);
        let locals: Vec<&str> = imports
            .flat_map(|import| &import.names)
            .filter(
                |name| matches!(&name.imported, Imported::Named(named) if names.contains(&named.as_str())),
            )
            .map(|name| name.local.as_str())
            .collect();
        if !locals.is_empty() {
            found.extend(of_file(file, &locals));
        }
    }
    found
}

fn of_file(file: &File, locals: &[&str]) -> Vec<Read> {
    let mut found = Vec::new();
    let Some((tree, _)) = file.syntax() else { return found };
    walk(tree.root(), &mut |node| {
        let called =
            callee(node).filter(|callee| callee.kind() == "identifier").map(|callee| tree.text(callee));
        let Some(name) = called.filter(|name| node.kind() == "call_expression" && locals.contains(name))
        else {
            return true;
        };
        let Some(around) = node.parent() else { return true };
        let span = file.span(node.byte_range());
        let is_object = around.child_by_field_name("object").is_some_and(|object| object.id() == node.id());
        let waits = enclosing_function(node).is_some_and(|function| tree.text(function).starts_with("async"));
        let edit = match around.kind() {
            "member_expression" if is_object => {
                // A promise may be asked for what promises have.
                let property =
                    around.child_by_field_name("property").map_or("", |property| tree.text(property));
                if matches!(property, "then" | "catch" | "finally") {
                    return true;
                }
                Some(Edit::replace(span, format!("{}(await {name}())", separator(file, node))))
            }
            "variable_declarator"
                if names_one(around) && is_read(tree.text(enclosing(around)), tree, around) =>
            {
                Some(Edit::replace(file.span(node.start_byte()..node.start_byte()), "await "))
            }
            _ => return true,
        };
        found.push(Read { span, name: name.to_owned(), edit: edit.filter(|_| waits && tree.sound(around)) });
        true
    });
    found
}

/// A bracket that begins a statement would make a call of the line before it, where no semicolon ends that.
fn separator(file: &File, call: Node<'_>) -> &'static str {
    let mut outer = call;
    while let Some(parent) = outer.parent().filter(|parent| parent.start_byte() == call.start_byte()) {
        outer = parent;
        if outer.kind() == "expression_statement" {
            break;
        }
    }
    let ended = file.text[..call.start_byte()].trim_end().ends_with([';', '{']);
    if outer.kind() == "expression_statement" && !ended { ";" } else { "" }
}

fn names_one(declarator: Node<'_>) -> bool {
    declarator.child_by_field_name("name").is_some_and(|name| name.kind() == "identifier")
        && declarator.child_by_field_name("type").is_none()
}

fn enclosing(node: Node<'_>) -> Node<'_> {
    enclosing_function(node).unwrap_or(node)
}

/// Whether the constant is read, and nowhere waited for.
fn is_read(function: &str, tree: &syntax::Tree, declarator: Node<'_>) -> bool {
    let name = declarator.child_by_field_name("name").map_or("", |name| tree.text(name));
    function.contains(&format!("{name}.")) && !function.contains(&format!("await {name}"))
}

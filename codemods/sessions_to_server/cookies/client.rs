//! What becomes of a module that makes a client of the browser: its functions give an object of the parts that are used.

use crate::sessions_to_server::client::in_browser;
use crate::sessions_to_server::uses;
use audit::Survey;
use audit::query::Client;
use edit::{Edit, FileId, Span};
use project::File;
use project::graph::{Graph, Origin};
use std::ops::Range;
use syntax::Node;
use syntax::Tree;
use syntax::scope::{Declared, Scopes};
use syntax::view::{
    callee, code_children, enclosing_function, enclosing_statement, unwrapped, walk, wrapped,
};

/// One module.
pub(super) struct Facade {
    pub(super) file: FileId,
    pub(super) edits: Vec<Edit>,
    /// What the object of the auth methods is called there.
    pub(super) local: &'static str,
}

const COMMENT: &str = "// The session lives in HttpOnly cookies: this module has no key and no token.\n";

pub(super) const ODD: &str = "makes the client in a way that cannot be followed. Let one function without parameters make it and return it.";

/// Calls that make a client of the browser with its session in cookies, and that nothing follows.
pub(super) fn unknown(survey: &Survey<'_>) -> Vec<Span> {
    let mut found = Vec::new();
    for file in uses::code(survey).filter(|file| in_browser(survey.stack.side(file.id))) {
        let Some((tree, _)) = file.syntax().filter(|_| file.text.contains("createBrowserClient")) else {
            continue;
        };
        walk(tree.root(), &mut |node| {
            let makes = node.kind() == "call_expression"
                && callee(node).is_some_and(|callee| {
                    let origin = Graph::origin(survey.project, file.id, callee.byte_range());
                    matches!(origin, Origin::Package(_, name) if name == "createBrowserClient")
                });
            let span = file.span(node.byte_range());
            if makes && !survey.clients.iter().any(|client| client.span == span) {
                found.push(span);
            }
            true
        });
    }
    found
}

/// The module of a client; else what stands against it, as the end of a sentence.
pub(super) fn facade(survey: &Survey<'_>, client: &Client) -> Result<Facade, &'static str> {
    let odd = ODD;
    let file = survey.project.get(client.span.file);
    let (tree, scopes) = file.syntax().ok_or(odd)?;
    let call = tree.node_at(client.span.range()).filter(|call| tree.sound(*call)).ok_or(odd)?;
    let taken = scopes.bindings.iter().any(|binding| binding.name == "auth");
    let local = if taken { "sessionAuth" } else { "auth" };
    let object = if taken { "{ auth: sessionAuth }" } else { "{ auth }" };
    let (place, text) = match enclosing_function(call) {
        None => (constant(call).ok_or(odd)?, object.to_owned()),
        Some(function) => {
            let is_plain = enclosing_function(function).is_none()
                && function
                    .child_by_field_name("parameters")
                    .is_none_or(|list| code_children(list).next().is_none());
            let body = function.child_by_field_name("body").filter(|_| is_plain).ok_or(odd)?;
            if body.kind() == "statement_block" {
                makes_only(tree, body, call).filter(|only| *only).ok_or(odd)?;
                let inner = indent(file, body);
                let end = if file.text.contains(";\n") { ";" } else { "" };
                (body.byte_range(), format!("{{\n{inner}  return {object}{end}\n{inner}}}"))
            } else if unwrapped(body).id() == call.id() {
                (wrapped(call).byte_range(), format!("({object})"))
            } else {
                return Err(odd);
            }
        }
    };
    let top = top_of(tree, call).ok_or(odd)?;
    let mut edits = vec![Edit::replace(Span::new(file.id, place.clone()), text)];
    edits.push(Edit::replace(file.span(top..top), COMMENT));
    edits.extend(unused(file, tree, scopes, &place).into_iter().map(|range| Edit::delete(file.span(range))));
    Ok(Facade { file: file.id, edits, local })
}

/// The value of a constant at the top of a module.
fn constant(call: Node<'_>) -> Option<Range<usize>> {
    let value = wrapped(call);
    let declarator = value.parent().filter(|parent| parent.kind() == "variable_declarator")?;
    let typed = declarator.child_by_field_name("type").is_some();
    let statement = declarator.parent().filter(|statement| statement.kind() == "lexical_declaration")?;
    let above = statement.parent()?;
    let top = above.kind() == "program" || above.kind() == "export_statement";
    (top && !typed).then(|| value.byte_range())
}

/// Whether all that a block does is to make the client, and to refuse where it has no settings.
fn makes_only(tree: &Tree, body: Node<'_>, call: Node<'_>) -> Option<bool> {
    let last = code_children(body).last().filter(|last| last.kind() == "return_statement")?;
    let given = unwrapped(code_children(last).next()?);
    let holder = wrapped(call).parent().filter(|parent| parent.kind() == "variable_declarator");
    let held = holder.and_then(|holder| holder.child_by_field_name("name")).map(|name| tree.text(name));
    if given.id() != call.id() && held != Some(tree.text(given)) {
        return Some(false);
    }
    let mut only = true;
    for statement in code_children(body) {
        only &= match statement.kind() {
            "lexical_declaration" => tree.text(statement).starts_with("const"),
            "return_statement" => statement.id() == last.id(),
            "expression_statement" => tree.text(statement).starts_with("console."),
            "if_statement" => {
                let text = tree.text(statement);
                (text.contains("throw ") || text.contains("console.")) && !text.contains("return")
            }
            _ => false,
        };
    }
    Some(only)
}

/// Constants of a module that only the replaced range asks for, with their lines.
fn unused(file: &File, tree: &Tree, scopes: &Scopes, place: &Range<usize>) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (at, binding) in scopes.bindings.iter().enumerate() {
        let id = syntax::scope::BindingId(at as u32);
        let own =
            binding.top_level && binding.declared == Declared::Const && !place.contains(&binding.range.start);
        let mut uses = scopes
            .references_of(id)
            .filter(|reference| !binding.range.contains(&reference.range.start))
            .peekable();
        if !own || uses.peek().is_none() || !uses.all(|reference| place.contains(&reference.range.start)) {
            continue;
        }
        let Some(declarator) = tree.node_at(binding.range.clone()) else { continue };
        let statement = enclosing_statement(declarator);
        let exported = statement.parent().is_some_and(|parent| parent.kind() == "export_statement");
        if exported || code_children(statement).count() != 1 || calls(declarator) {
            continue;
        }
        let range = statement.byte_range();
        let start = file.text[..range.start].rfind('\n').map_or(0, |newline| newline + 1);
        let end =
            file.text[range.end..].find('\n').map_or(file.text.len(), |newline| range.end + newline + 1);
        found.push(start..end);
    }
    found
}

fn calls(node: Node<'_>) -> bool {
    let mut found = false;
    walk(node, &mut |inner| {
        found |= matches!(inner.kind(), "call_expression" | "new_expression" | "await_expression");
        !found
    });
    found
}

/// Where the statement at the top of the module begins that holds a node.
fn top_of(tree: &Tree, node: Node<'_>) -> Option<usize> {
    let mut around = node;
    while let Some(parent) = around.parent() {
        if parent.id() == tree.root().id() {
            return Some(around.start_byte());
        }
        around = parent;
    }
    None
}

fn indent(file: &File, node: Node<'_>) -> String {
    let start = file.text[..node.start_byte()].rfind('\n').map_or(0, |newline| newline + 1);
    file.text[start..].chars().take_while(|letter| *letter == ' ' || *letter == '\t').collect()
}

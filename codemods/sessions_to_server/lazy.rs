//! A client that a function makes: at once, or on its first use, with a variable that keeps it and a constant that stands for it.
//!
//! ```text
//! function make() { …; return createClient(url, key) }
//! let kept: ReturnType<typeof make> | undefined;
//! export const client = new Proxy({} as ReturnType<typeof make>, { get(…) { if (!kept) kept = make(); … } });
//! // or
//! export const client = make();
//! ```

use super::client::in_browser;
use super::owned::covers;
use super::uses;
use audit::Survey;
use project::File;
use std::ops::Range;
use syntax::Node;
use syntax::Tree;
use syntax::scope::{BindingId, Scopes};
use syntax::view::{arguments, code_children, enclosing_statement, unwrapped, walk, wrapped};

/// Where such a client is, seen from the call that makes it.
pub(super) struct Lazy<'t> {
    /// `new Proxy(…)`, `make()`.
    pub(super) value: Node<'t>,
    /// The name of the constant.
    pub(super) name: Node<'t>,
    /// The statements that serve nothing else: the function, and the variable.
    pub(super) around: Vec<Range<usize>>,
}

/// Whether `call` makes such a client: everything that names its function and its variable is part of it.
pub(super) fn place<'t>(
    survey: &Survey<'_>,
    file: &File,
    (tree, scopes): (&'t Tree, &Scopes),
    call: Node<'t>,
) -> Option<Lazy<'t>> {
    let returned = returns(tree, scopes, call)?;
    let maker = returned.parent()?.parent().filter(|maker| maker.kind() == "function_declaration")?;
    if maker.parent()?.kind() != "program" {
        return None;
    }
    let function = scopes.binding_at(maker.child_by_field_name("name")?.byte_range())?;
    let constants = || code_children(tree.root()).filter_map(|statement| constant(tree, statement));
    let calls = |value: Node<'_>| {
        let callee = value.child_by_field_name("function").filter(|_| arguments(value).is_empty());
        callee.is_some_and(|callee| scopes.binding_at(callee.byte_range()) == Some(function))
    };
    let is_handle = |name: &str| is_own_handle(survey, file, name);
    let at_once =
        constants().find(|(value, _)| calls(unwrapped(*value)) && only_makes(tree, maker, &is_handle));
    let (proxy, name) = at_once.or_else(|| constants().find(|(value, _)| is_proxy(tree, *value)))?;
    let annotation = name.parent()?.child_by_field_name("type");
    let value = proxy.byte_range();
    let mut around = vec![maker.byte_range()];
    // `const client: ReturnType<typeof make> = …`
    around.extend(annotation.map(|annotation| annotation.byte_range()));
    // The variable is what the constant's handler names beside the function.
    let kept = scopes.bindings.iter().position(|binding| {
        let declared = tree.node_at(binding.name_range.clone()).and_then(|name| name.parent());
        binding.top_level
            && declared.is_some_and(|parent| {
                parent.kind() == "variable_declarator" && parent.child_by_field_name("value").is_none()
            })
    });
    if let Some(at) = kept {
        let binding = BindingId(at as u32);
        if !scopes.references_of(binding).all(|reference| covers(&value, &reference.range)) {
            return None;
        }
        let name = tree.node_at(scopes.binding(binding).name_range.clone())?;
        around.push(enclosing_statement(name).byte_range());
    }
    let mut references = scopes.references_of(function);
    let serves = |range: &Range<usize>| {
        covers(&value, range) || around.iter().any(|statement| covers(statement, range))
    };
    references.all(|reference| serves(&reference.range)).then_some(Lazy { value: proxy, name, around })
}

/// The statement that returns what `call` makes: at once, or after the live connection was told to follow the session, which the server's
/// counterpart does by itself.
fn returns<'t>(tree: &'t Tree, scopes: &Scopes, call: Node<'t>) -> Option<Node<'t>> {
    let parent = wrapped(call).parent()?;
    if parent.kind() == "return_statement" {
        return Some(parent);
    }
    let name = (parent.kind() == "variable_declarator").then(|| parent.child_by_field_name("name"))??;
    let block = enclosing_statement(parent).parent()?;
    let mut returned = None;
    for reference in scopes.references_of(scopes.binding_at(name.byte_range())?) {
        let node = tree.node_at(reference.range.clone())?;
        let statement = enclosing_statement(node);
        match wrapped(node).parent().filter(|parent| parent.kind() == "return_statement") {
            Some(parent) if parent.parent() == Some(block) && returned.is_none() => returned = Some(parent),
            Some(_) => return None,
            None if handle(tree, statement).is_some() => {}
            None => follows(tree, statement).then_some(())?,
        }
    }
    returned
}

/// Whether a statement only hands the token of a session to the live connection, or stands inside of one that does.
pub(super) fn follows(tree: &Tree, statement: Node<'_>) -> bool {
    let text = |node: Node<'_>| -> String { tree.text(node).split_whitespace().collect() };
    let mut outer = statement;
    while let Some(above) = outer.parent().filter(|above| above.kind() != "program") {
        outer = above;
        if outer.kind() == "expression_statement" && text(outer).contains(".auth.onAuthStateChange(") {
            break;
        }
    }
    let whole = if text(statement).contains(".auth.onAuthStateChange(") { statement } else { outer };
    if whole.kind() != "expression_statement" {
        return false;
    }
    let mut fine = true;
    walk(whole, &mut |node| {
        if node.kind() == "call_expression" {
            let callee = node.child_by_field_name("function").map(text).unwrap_or_default();
            fine &= callee.ends_with(".auth.onAuthStateChange") || callee.ends_with(".realtime.setAuth");
        }
        fine &= !matches!(node.kind(), "assignment_expression" | "new_expression" | "update_expression");
        fine
    });
    fine
}

/// Whether a function asks for nothing and does nothing but make the client, which it may keep where `is_handle` finds it again.
fn only_makes(tree: &Tree, maker: Node<'_>, is_handle: &dyn Fn(&str) -> bool) -> bool {
    let field = |name: &str| maker.child_by_field_name(name);
    let fine = |statement: Node<'_>| match statement.kind() {
        "lexical_declaration" | "return_statement" => true,
        "if_statement" => {
            let only = statement.child_by_field_name("consequence").map(|then| match then.kind() {
                "statement_block" => code_children(then).collect(),
                _ => vec![then],
            });
            let kept = only.filter(|only| only.len() == 1).and_then(|only| handle(tree, only[0]));
            kept.is_some_and(is_handle)
                || ["throw", "console."].iter().any(|word| tree.text(statement).contains(word))
                    && !tree.text(statement).contains("return")
        }
        _ => false,
    };
    field("parameters").is_some_and(|parameters| code_children(parameters).next().is_none())
        && field("body").is_some_and(|body| code_children(body).all(fine))
}

/// `return window.kept`, `window.kept = client`: the name.
fn handle<'t>(tree: &'t Tree, statement: Node<'t>) -> Option<&'t str> {
    let inner = unwrapped(code_children(statement).next()?);
    let member = match statement.kind() {
        "return_statement" => inner,
        "expression_statement" => unwrapped(inner.child_by_field_name("left")?),
        _ => return None,
    };
    let object = unwrapped(member.child_by_field_name("object")?);
    let global = matches!(tree.text(object), "window" | "globalThis");
    member.child_by_field_name("property").filter(|_| global).map(|name| tree.text(name))
}

/// Whether no other module of the page asks for what is kept on `window` under a name.
fn is_own_handle(survey: &Survey<'_>, file: &File, name: &str) -> bool {
    let others = uses::code(survey).filter(|other| other.id != file.id);
    !others.filter(|other| in_browser(survey.stack.side(other.id))).any(|other| other.text.contains(name))
}

/// The value and the name of `const client = …` at the top of the module, exported or not.
fn constant<'t>(tree: &'t Tree, statement: Node<'t>) -> Option<(Node<'t>, Node<'t>)> {
    let declaration = match statement.kind() {
        "export_statement" => statement.child_by_field_name("declaration")?,
        _ => statement,
    };
    if declaration.kind() != "lexical_declaration" || !tree.text(declaration).starts_with("const") {
        return None;
    }
    let declarator = code_children(declaration).next()?;
    let name = declarator.child_by_field_name("name").filter(|name| name.kind() == "identifier")?;
    Some((declarator.child_by_field_name("value")?, name))
}

/// `new Proxy(…)`
pub(super) fn is_proxy(tree: &Tree, value: Node<'_>) -> bool {
    let made = unwrapped(value);
    made.kind() == "new_expression"
        && made.child_by_field_name("constructor").is_some_and(|made| tree.text(made) == "Proxy")
}

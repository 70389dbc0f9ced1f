//! The app's own function that makes a database client with the visitor's session, out of the cookies of the request.

use super::SessionClient;
use crate::server::in_app;
use edit::{Edit, Piece};
use project::package::App;
use project::{File, Kind, Project};
use syntax::Node;
use syntax::Tree;
use syntax::module::Imported;
use syntax::scope::Scopes;
use syntax::view::{arguments, callee, code_children, enclosing_function, string_value, unwrapped, walk};

/// What makes such a client.
const MAKER: &str = "createServerClient";

/// Finds it by what it does; else a sentence that says what is missing and what to do.
pub(super) fn client(project: &Project, app: &App) -> Result<SessionClient, String> {
    let prefix = if app.folder.is_empty() { String::new() } else { format!("{}/", app.folder) };
    let version = project.packages[app.package].version("next");
    let major: Option<u32> = version.and_then(|version| version.split('.').next()?.parse().ok());
    let mut why = None;
    let code = |file: &&File| matches!(file.kind, Kind::Code(_)) && file.skipped.is_none();
    let files = project.files.iter().filter(code).filter(|file| {
        file.path.as_str().starts_with(&prefix)
            && file.text.contains(MAKER)
            && file.text.contains("next/headers")
            && !is_ours(project, app, file)
    });
    for file in files {
        match of_file(file, major) {
            Some(Ok(client)) => return Ok(client),
            Some(Err(refused)) => why = why.or(Some(refused)),
            None => {}
        }
    }
    Err(why.unwrap_or_else(|| {
        "No function of the app makes a client from the cookies of the request. Write one (`createServerClient` of `@supabase/ssr` with `await cookies()`, in `lib/supabase/server.ts`), then run again.".to_owned()
    }))
}

/// What sets the session's cookies without being ready for a page, where they cannot be set: with a `try` around it.
pub(super) fn setter(project: &Project, client: &SessionClient) -> Option<Edit> {
    let file = project.file(client.path.as_str())?;
    let (tree, _) = file.syntax()?;
    let mut found = None;
    walk(tree.root(), &mut |node| {
        let is_setter = match node.kind() {
            "method_definition" => node.child_by_field_name("name"),
            "pair" => node.child_by_field_name("key"),
            _ => None,
        };
        if is_setter.is_some_and(|name| tree.text(name) == "setAll") {
            found = Some(node);
        }
        found.is_none()
    });
    let setter = found?;
    let function = match setter.kind() {
        "pair" => unwrapped(setter.child_by_field_name("value")?),
        _ => setter,
    };
    let body = function.child_by_field_name("body")?;
    if tree.text(body).contains("try") || !tree.sound(setter) {
        return None;
    }
    let source = tree.source();
    let line = source[..setter.start_byte()].rfind('\n').map_or(0, |newline| newline + 1);
    let outer = &source[line..setter.start_byte()];
    let outer = if outer.trim().is_empty() { outer } else { "" };
    let inner = format!("{outer}  ");
    let end = if source.contains(";\n") { ";" } else { "" };
    let statements: Vec<_> = code_children(body).collect();
    let (kept, end) = match (body.kind(), statements.first(), statements.last()) {
        ("statement_block", Some(first), Some(last)) => (first.start_byte()..last.end_byte(), ""),
        ("statement_block", ..) => return None,
        _ => (body.byte_range(), end),
    };
    // The brace stands behind the arrow, also where the expression has a line of its own.
    let start = source[..body.start_byte()].trim_end().len();
    let replacement = vec![
        Piece::text(format!(" {{\n{inner}try {{\n{inner}  ")),
        Piece::Indented { span: file.span(kept), indent: format!("{inner}  "), verbatim: Vec::new() },
        Piece::text(format!(
            "{end}\n{inner}}} catch {{\n{inner}  // While a page is drawn its cookies cannot be set: the file that runs before it does.\n{inner}}}\n{outer}}}"
        )),
    ];
    Some(Edit { span: file.span(start..body.end_byte()), replacement })
}

fn is_ours(project: &Project, app: &App, file: &File) -> bool {
    super::FOLDERS.iter().flat_map(|(_, folders)| folders.iter()).any(|folder| {
        let session = in_app(app, &format!("{folder}/session.ts"));
        session.and_then(|path| project.file(path.as_str())).is_some_and(|session| session.id == file.id)
    })
}

fn of_file(file: &File, major: Option<u32>) -> Option<Result<SessionClient, String>> {
    let (tree, scopes) = file.syntax()?;
    let mut found = None;
    walk(tree.root(), &mut |node| {
        let makes = node.kind() == "call_expression"
            && callee(node).is_some_and(|callee| is_maker(file, tree.text(callee)))
            && tree.sound(node);
        if makes && let Some(one) = of_call(file, tree, scopes, node, major) {
            match (&found, &one) {
                (None, _) | (Some(Err(_)), Ok(_)) => found = Some(one),
                _ => {}
            }
        }
        true
    });
    found
}

/// Whether a name is the library's, or what the module calls it.
fn is_maker(file: &File, name: &str) -> bool {
    let named = |imported: &Imported| matches!(imported, Imported::Named(named) if named == MAKER);
    let mut names = file.module.imports.iter().flat_map(|import| &import.names);
    name == MAKER || names.any(|one| one.local == name && named(&one.imported))
}

fn of_call(
    file: &File,
    tree: &Tree,
    scopes: &Scopes,
    call: Node<'_>,
    major: Option<u32>,
) -> Option<Result<SessionClient, String>> {
    let function = enclosing_function(call)?;
    // A function inside another one, or one that is given something, is not called from elsewhere as it is.
    if enclosing_function(function).is_some() || takes_any(function) || !returns(tree, function, call) {
        return None;
    }
    let key = arguments(call).get(1).copied()?;
    if is_privileged(tree, scopes, key) {
        return None;
    }
    let name = name_of(function)?;
    let local = tree.text(name);
    let exports = &file.module.exports;
    let exported = exports.iter().find(|export| {
        export.from.is_none() && !export.type_only && export.local.as_deref().unwrap_or(&export.name) == local
    })?;
    let mut jar = None;
    walk(function, &mut |node| {
        let asks = node.kind() == "call_expression"
            && callee(node).is_some_and(|callee| tree.text(callee) == "cookies");
        if asks {
            let awaited = node.parent().is_some_and(|parent| parent.kind() == "await_expression");
            jar = Some(jar.unwrap_or(true) && awaited);
        }
        true
    });
    let awaited = jar?;
    if !awaited && major.is_none_or(|major| major >= 15) {
        let line = file.line_column(call.start_byte()).0;
        return Some(Err(format!(
            "`{}:{line}` reads `cookies()` without `await`, which fails from Next 15 on. Make `{local}` async and await it, then run again.",
            file.path
        )));
    }
    let imported = match exported.name.as_str() {
        "default" => Imported::Default,
        name => Imported::Named(name.to_owned()),
    };
    let typed = call.child_by_field_name("type_arguments").is_some();
    Some(Ok(SessionClient { path: file.path.clone(), imported, typed }))
}

fn takes_any(function: Node<'_>) -> bool {
    let list =
        function.child_by_field_name("parameters").or_else(|| function.child_by_field_name("parameter"));
    list.is_none_or(|list| list.kind() != "formal_parameters" || list.named_child_count() > 0)
}

/// Whether the function gives the client that the call makes, whatever happens.
fn returns(tree: &Tree, function: Node<'_>, call: Node<'_>) -> bool {
    let Some(body) = function.child_by_field_name("body") else { return false };
    if body.kind() != "statement_block" {
        return unwrapped(body).id() == call.id();
    }
    let held = syntax::view::wrapped(call)
        .parent()
        .filter(|parent| parent.kind() == "variable_declarator")
        .and_then(|declarator| declarator.child_by_field_name("name"))
        .map(|name| tree.text(name));
    let mut gives = true;
    let mut any = false;
    walk(body, &mut |node| {
        let inner = enclosing_function(node).is_none_or(|around| around.id() != function.id());
        if node.kind() == "return_statement" && !inner {
            any = true;
            let value = node.named_child(0).map(unwrapped);
            gives &= value.is_some_and(|value| {
                value.id() == call.id() || held == Some(tree.text(value)) || makes_another(tree, call, value)
            });
        }
        true
    });
    any && gives
}

/// The same call again in place of settings that are missing: with texts for an address and a key.
fn makes_another(tree: &Tree, call: Node<'_>, other: Node<'_>) -> bool {
    let maker = |call: Node<'_>| callee(call).map(|maker| tree.text(maker));
    let is_text = |given: &Node<'_>| string_value(tree, *given).is_some();
    let texts = |call: Node<'_>| arguments(call).iter().take(2).all(is_text);
    other.kind() == "call_expression" && maker(other) == maker(call) && (texts(other) || texts(call))
}

/// Whether the key of a client is one that is past every policy, or one that the source does not tell.
fn is_privileged(tree: &Tree, scopes: &Scopes, key: Node<'_>) -> bool {
    let key = unwrapped(key);
    let mut text = tree.text(key).to_owned();
    if key.kind() == "identifier" {
        let Some(id) = scopes.binding_at(key.byte_range()) else { return true };
        text += tree.source().get(scopes.binding(id).range.clone()).unwrap_or_default();
    }
    let upper = text.to_ascii_uppercase();
    ["SERVICE", "SECRET", "ADMIN"].iter().any(|word| upper.contains(word))
}

fn name_of(function: Node<'_>) -> Option<Node<'_>> {
    function.child_by_field_name("name").or_else(|| {
        let holder = function.parent().filter(|parent| parent.kind() == "variable_declarator")?;
        holder.child_by_field_name("name")
    })
}

//! How the app itself asks on the server who is there: as the handlers do that refuse already, or with its own client of the database.

use super::find::told;
use audit::Survey;
use audit::handler::{Auth, Handler, Kind};
use edit::RelPath;
use project::File;
use project::graph::{Graph, Origin};
use std::collections::BTreeMap;
use syntax::Node;
use syntax::Tree;
use syntax::module::Imported;
use syntax::scope::{Declared, Scopes};
use syntax::view::{arguments, callee, enclosing_function, unwrapped, walk};

/// What asks who is there, as statements of a module of ours.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Asker {
    /// What it imports: a module of the app or a package, and the name.
    pub(super) imports: Vec<(Source, String)>,
    /// Statements, one a line.
    pub(super) ask: Vec<String>,
    /// What is there with a session.
    pub(super) given: String,
    /// The database's client answers, not a function of the app.
    by_client: bool,
}

/// Where a name is imported from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    /// A module of the app, by its default export or by a name.
    Module(RelPath, bool),
    Package(String),
}

/// The one way that the app asks; else what stands against it, for people.
pub(super) fn of(survey: &Survey<'_>) -> Result<Asker, String> {
    let mut seen: BTreeMap<Asker, usize> = BTreeMap::new();
    for handler in survey.handlers.iter().filter(|handler| handler.auth == Auth::Enforced) {
        if let Some(asker) = of_handler(survey, handler) {
            *seen.entry(asker).or_default() += 1;
        }
    }
    let (by_client, own): (Vec<_>, Vec<_>) = seen.into_iter().partition(|(asker, _)| asker.by_client);
    match (by_client.is_empty(), own.is_empty()) {
        (false, false) => {
            Err("The app asks in more than one way who is there. Keep one, and ask it here.".to_owned())
        }
        (true, false) => {
            let most = own.into_iter().max_by_key(|(_, count)| *count);
            most.map(|(asker, _)| asker).ok_or_else(String::new)
        }
        (false, true) => client(survey),
        // No handler asks yet: only the sessions of the database's client are known to be in cookies.
        (true, true) if signs_in_with_cookies(survey) => client(survey),
        (true, true) => Err(unasked(survey)),
    }
}

/// What to say where no way of asking is known that can be written here: a handler that asks shows it.
fn unasked(survey: &Survey<'_>) -> String {
    let asks = |handler: &&Handler| handler.auth == Auth::Enforced && handler.check.is_some();
    let plain = |handler: &&Handler| !handler.role;
    let mut asking = survey.handlers.iter().filter(asks);
    let shown = asking.clone().find(plain).or_else(|| asking.next());
    match shown {
        Some(handler) => format!("{} asks who is there: ask here as it does.", told(handler)),
        None => "Nothing in the app asks on the server who is there.".to_owned(),
    }
}

/// The app's client with the session of the request, asked for its user.
fn client(survey: &Survey<'_>) -> Result<Asker, String> {
    let known = survey
        .project
        .apps
        .first()
        .zip(survey.stack.server)
        .and_then(|(app, server)| server.session_client(survey.project, app));
    let client = known.unwrap_or_else(|| Err(unasked(survey)))?;
    let (name, default) = match &client.imported {
        Imported::Default => ("createClient".to_owned(), true),
        Imported::Named(name) => (name.clone(), false),
        Imported::Namespace => return Err(String::new()),
    };
    let ask =
        vec![format!("const db = await {name}();"), "const { data } = await db.auth.getUser();".to_owned()];
    let imports = vec![(Source::Module(client.path, default), name)];
    Ok(Asker { imports, ask, given: "data.user".to_owned(), by_client: true })
}

/// Whether every client of the browser keeps its session in cookies, and visitors sign in with one.
fn signs_in_with_cookies(survey: &Survey<'_>) -> bool {
    let text = |client: &audit::query::Client| {
        survey.project.get(client.span.file).text.get(client.span.range()).unwrap_or_default()
    };
    let mut clients = survey
        .clients
        .iter()
        .filter(|client| survey.stack.side(client.span.file) != stack::Side::Server)
        .map(text)
        .peekable();
    let signs = survey.sessions.iter().any(|session| session.kind == audit::session::Kind::Auth);
    signs && clients.peek().is_some() && clients.all(|made| made.starts_with("createBrowserClient"))
}

/// How a handler asks that refuses.
fn of_handler(survey: &Survey<'_>, handler: &Handler) -> Option<Asker> {
    let check = handler.check.filter(|check| handler.span.covers(*check))?;
    if handler.role || !matches!(handler.kind, Kind::RouteHandler | Kind::ServerAction) {
        return None;
    }
    let file = survey.project.get(check.file);
    let (tree, scopes) = file.syntax()?;
    let given = missing(tree, unwrapped(tree.node_at(check.range())?))?;
    let root = root(given);
    let binding = scopes.binding(scopes.binding_at(root.byte_range())?);
    let declarator =
        tree.node_at(binding.range.clone()).filter(|node| node.kind() == "variable_declarator")?;
    let value = unwrapped(declarator.child_by_field_name("value")?);
    let call = if value.kind() == "await_expression" { unwrapped(value.named_child(0)?) } else { value };
    let called = callee(call)?;
    if tree.text(called).ends_with(".auth.getUser") {
        return Some(Asker { imports: Vec::new(), ask: Vec::new(), given: String::new(), by_client: true });
    }
    if asks_for_role(survey, file, called) {
        return None;
    }
    // It is asked in a module of its own: what it is given must be known there as well.
    let mut imports = vec![import_of(survey, file, tree, scopes, called)?];
    for given in arguments(call) {
        imports.push(import_of(survey, file, tree, scopes, given)?);
    }
    let pattern = tree.text(declarator.child_by_field_name("name")?);
    let ask = vec![format!("const {pattern} = await {};", tree.text(call))];
    Some(Asker { imports, ask, given: tree.text(given).to_owned(), by_client: false })
}

/// Whether a function lets in only some of those who are signed in, by its name or by what it compares.
fn asks_for_role(survey: &Survey<'_>, file: &File, called: Node<'_>) -> bool {
    let says = |text: &str| {
        let text = text.to_lowercase();
        ["admin", "role", "permission", "staff", "owner", "manager", "allowed"]
            .iter()
            .any(|word| text.contains(word))
    };
    let Origin::Local(target, range) = Graph::origin(survey.project, file.id, called.byte_range()) else {
        return false;
    };
    let file = survey.project.get(target);
    let Some((tree, _)) = file.syntax() else { return true };
    let Some(name) = tree.node_at(range) else { return true };
    let mut compares = says(tree.text(name));
    // The whole statement that declares it.
    let mut declared = name;
    while let Some(parent) = declared.parent().filter(|parent| parent.kind() != "program") {
        declared = parent;
    }
    walk(declared, &mut |node| {
        let compared = node.kind() == "binary_expression"
            && node
                .child_by_field_name("operator")
                .is_some_and(|operator| matches!(operator.kind(), "===" | "!==" | "==" | "!="));
        let called =
            node.kind() == "call_expression" && callee(node).is_some_and(|callee| says(tree.text(callee)));
        compares |= compared && says(tree.text(node)) || called;
        !compares
    });
    compares
}

/// `user` of `!user`, `session?.user` of `!session?.user` and of `!session || !session.user`.
fn missing<'t>(tree: &Tree, condition: Node<'t>) -> Option<Node<'t>> {
    match condition.kind() {
        "unary_expression" => {
            let value = unwrapped(condition.child_by_field_name("argument")?);
            let not =
                condition.child_by_field_name("operator").is_some_and(|operator| operator.kind() == "!");
            (not && matches!(root(value).kind(), "identifier")).then_some(value)
        }
        "binary_expression" => {
            let or =
                condition.child_by_field_name("operator").is_some_and(|operator| operator.kind() == "||");
            let left = missing(tree, unwrapped(condition.child_by_field_name("left").filter(|_| or)?))?;
            let right = missing(tree, unwrapped(condition.child_by_field_name("right")?))?;
            let longer = tree.text(right).replace('?', "").starts_with(&tree.text(left).replace('?', ""));
            // The longer one is asked alone, so it must bear that the shorter one is not there.
            (longer && tree.text(right).contains("?."))
                .then_some(right)
                .or((left.kind() == "identifier" && longer).then_some(left))
        }
        _ => None,
    }
}

/// The name at the start of `session?.user`.
fn root(node: Node<'_>) -> Node<'_> {
    let mut node = node;
    while let Some(object) = node.child_by_field_name("object").filter(|_| node.kind() == "member_expression")
    {
        node = unwrapped(object);
    }
    node
}

/// A name that a file imports, as another module would.
fn import_of(
    survey: &Survey<'_>,
    file: &File,
    tree: &Tree,
    scopes: &Scopes,
    name: Node<'_>,
) -> Option<(Source, String)> {
    if name.kind() != "identifier" {
        return None;
    }
    let binding = scopes.binding(scopes.binding_at(name.byte_range())?);
    if binding.declared != Declared::Import {
        return None;
    }
    let local = tree.text(name);
    let import =
        file.module.imports.iter().find(|import| import.names.iter().any(|name| name.local == local))?;
    let named = import.names.iter().find(|name| name.local == local)?;
    let default = match &named.imported {
        Imported::Named(name) if name == local => false,
        Imported::Default => true,
        _ => return None,
    };
    match Graph::resolve(survey.project, file.id, &import.specifier) {
        Some(target) => {
            Some((Source::Module(survey.project.get(target).path.clone(), default), local.to_owned()))
        }
        None if matches!(Graph::origin(survey.project, file.id, name.byte_range()), Origin::Package(..))
            && !default =>
        {
            Some((Source::Package(import.specifier.clone()), local.to_owned()))
        }
        None => None,
    }
}

/// Whether a name stands anywhere in the function around a node.
pub(super) fn names(tree: &Tree, function: Node<'_>, name: &str) -> bool {
    let mut found = false;
    let function = enclosing_function(function).unwrap_or(function);
    walk(function, &mut |node| {
        found |= node.kind() == "identifier" && tree.text(node) == name;
        !found
    });
    found
}

//! What moved queries stand on: a server of the app's own that knows the visitor's session, there already or on its way.

use super::access::accounts;
use super::web_storage;
use crate::repository_hygiene::commands::Commands;
use crate::server::lands;
use audit::Survey;
use audit::query::{Client, Power};
use project::package::App;
use stack::Side;
use stack::server::SessionClient;
use std::collections::BTreeSet;
use std::sync::Arc;
use syntax::Node;
use syntax::Tree;
use syntax::module::Imported;
use syntax::scope::{Declared, Scopes};
use syntax::view::{arguments, string_value, unwrapped};

/// Where the session comes from.
pub(super) enum Ground {
    /// From the server that another change brings.
    Brought,
    /// From the cookies of the request.
    Own(Session),
}

/// What makes a client out of the cookies of a request.
pub(super) enum Session {
    /// A function of the app.
    Named(SessionClient),
    /// A function of ours, with what the browser's client is made with: expressions for the address and the key.
    Made(String, String),
}

/// The app's own client with the session, or why there is none; `None` where the app has no sessions of its own.
struct Own(Option<Result<SessionClient, String>>);

/// Whether the framework's server holds the session from the start.
pub(super) fn is_own(survey: &Survey<'_>) -> bool {
    own(survey).0.is_some()
}

/// Whether what makes the client of a request keeps the session that it renewed. Elsewhere only the file that runs before every request does.
pub(super) fn renews(survey: &Survey<'_>) -> bool {
    let Some(Ok(client)) = &own(survey).0 else { return true };
    survey.project.file(client.path.as_str()).is_some_and(|file| file.text.contains(".set("))
}

fn own(survey: &Survey<'_>) -> Arc<Own> {
    survey.memo.of(|| {
        let (app, server) = (survey.project.apps.first(), survey.stack.server);
        Own(app.zip(server).and_then(|(app, server)| server.session_client(survey.project, app)))
    })
}

/// The ground; else what stands against it, for people, where that is not said elsewhere.
pub(super) fn of(survey: &Survey<'_>) -> Result<Ground, Option<String>> {
    let Some(client) = own(survey).0.clone() else {
        return if lands(survey) { Ok(Ground::Brought) } else { Err(None) };
    };
    let app = survey.project.apps.first().ok_or(None)?;
    let server = survey.stack.server.ok_or(None)?;
    if server.is_there(survey.project, app) {
        // A module that is there is not extended.
        return Err(Some(
            "Write a function for it beside those that are there already, and call that.".to_owned(),
        ));
    }
    let folder = server.folder(survey.project, app).ok_or(None)?;
    let session = match client {
        Ok(client) => Session::Named(client),
        Err(why) => made(survey, app).ok_or(Some(why))?,
    };
    server.wiring(survey.project, app, folder).map_err(Some)?;
    let exported =
        Commands::of(survey).is_some_and(|commands| crate::deploy_pipeline::exported(survey, &commands));
    if exported {
        return Err(Some(
            "The build exports pages without a server (`output: \"export\"`). Remove that, so that the app is served, then run again."
                .to_owned(),
        ));
    }
    Ok(Ground::Own(session))
}

/// What a function of ours is made with: the variables that every client of the browser is given.
fn made(survey: &Survey<'_>, app: &App) -> Option<Session> {
    let package = &survey.project.packages[app.package];
    let known = package.version("@supabase/ssr");
    let number = |part: Option<&str>| part.and_then(|part| part.parse::<u32>().ok());
    let old = known.is_some_and(|known| {
        let mut parts = known.split('.');
        number(parts.next()) == Some(0) && number(parts.next()).is_some_and(|minor| minor < 5)
    });
    if old {
        return None;
    }
    keys(survey).map(|(url, key)| Session::Made(url, key))
}

/// The variables of the address and the key that the clients of visitors are made with, if they agree: those of the browser, or where
/// it has none, those of the server.
pub(super) fn keys(survey: &Survey<'_>) -> Option<(String, String)> {
    let browser: Vec<&Client> =
        survey.clients.iter().filter(|client| keeps_cookies(survey, client)).collect();
    let own = survey.clients.iter().filter(|client| client.power == Power::Session);
    let mut clients = if browser.is_empty() { own.collect() } else { browser };
    // Where nobody signs in, no session is kept anywhere.
    if clients.is_empty() && web_storage::has_package(survey) && !accounts(survey) {
        let visitors = survey.clients.iter().filter(|client| {
            client.backend == "supabase"
                && client.power == Power::Visitor
                && matches!(client.side, Side::Browser | Side::Both)
        });
        clients = visitors.collect();
    }
    let mut found: BTreeSet<(String, String)> = BTreeSet::new();
    for client in clients {
        let (tree, scopes) = survey.project.get(client.span.file).syntax()?;
        let given = arguments(tree.node_at(client.span.range())?);
        let variable = |at: usize| variable(survey, tree, scopes, *given.get(at)?);
        found.insert((variable(0)?, variable(1)?));
    }
    let mut found = found.into_iter();
    let (url, key) = found.next()?;
    found.next().is_none().then_some((url, key))
}

/// The variable of the environment that an expression is, itself or by a constant.
pub(super) fn variable(survey: &Survey<'_>, tree: &Tree, scopes: &Scopes, node: Node<'_>) -> Option<String> {
    let node = unwrapped(node);
    match node.kind() {
        "member_expression" => {
            let text = tree.text(node);
            let Some(name) = text.strip_prefix("process.env.") else {
                // A module of the app that checks its variables: `env.NAME`.
                let (object, name) = text.split_once('.')?;
                let object = scopes
                    .binding_at(node.child_by_field_name("object")?.byte_range())
                    .map(|id| scopes.binding(id))
                    .filter(|binding| binding.name == object && binding.declared == Declared::Import);
                let known = object.and_then(|_| survey.env_name(name));
                return known.map(|known| format!("process.env.{}", known.name));
            };
            name.chars()
                .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
                .then(|| text.to_owned())
        }
        // With a text in its place that is nobody's: without the variable there is no project to ask.
        "binary_expression" => {
            let operator = node.child_by_field_name("operator")?.kind();
            let stand_in = string_value(tree, unwrapped(node.child_by_field_name("right")?))?;
            let left = unwrapped(node.child_by_field_name("left")?);
            (matches!(operator, "||" | "??") && is_nobodys(&stand_in))
                .then(|| variable(survey, tree, scopes, left))?
        }
        "identifier" => {
            let binding = scopes.binding(scopes.binding_at(node.byte_range())?);
            let declarator = tree.node_at(binding.range.clone())?;
            let constant = binding.declared == Declared::Const && declarator.kind() == "variable_declarator";
            let value = declarator.child_by_field_name("value").filter(|_| constant).map(unwrapped)?;
            matches!(value.kind(), "member_expression" | "binary_expression")
                .then(|| variable(survey, tree, scopes, value))?
        }
        _ => None,
    }
}

/// Whether a text that stands in for an address or a key is none that works.
fn is_nobodys(text: &str) -> bool {
    let host = text.strip_prefix("https://").and_then(|rest| rest.split('.').next()).unwrap_or_default();
    let of_project = host.len() == 20 && host.chars().all(|letter| letter.is_ascii_lowercase());
    text.is_empty() || (text.len() < 60 && !of_project && !text.starts_with("sb_publishable_"))
}

/// Whether the session of a browser's client is in cookies, which the server sees, or will be.
pub(crate) fn keeps_cookies(survey: &Survey<'_>, client: &Client) -> bool {
    names_cookies(survey, client) || web_storage::moved(survey).covers(client)
}

/// Whether it is made so that it is, as it stands.
pub(super) fn names_cookies(survey: &Survey<'_>, client: &Client) -> bool {
    let file = survey.project.get(client.span.file);
    let text = file.text.get(client.span.range()).unwrap_or_default();
    let maker = text.split(['(', '<']).next().unwrap_or_default().trim();
    let makers = ["createBrowserClient", "createClientComponentClient"];
    file.module.imports.iter().any(|import| {
        let cookies = matches!(import.specifier.as_str(), "@supabase/ssr" | "@supabase/auth-helpers-nextjs");
        let of_browser = |imported: &Imported| matches!(imported, Imported::Named(name) if makers.contains(&name.as_str()));
        cookies && import.names.iter().any(|name| name.local == maker && of_browser(&name.imported))
    })
}

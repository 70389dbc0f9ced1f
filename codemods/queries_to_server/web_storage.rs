//! Clients of the browser that keep their session in web storage, where no server sees it. Where that is certain to work they keep it in
//! cookies from then on: the maker is another one, all that asks the client stays.
//!
//! All or none: two clients with two sessions would be two visitors.

use super::access::accounts;
use super::ground::{self, variable};
use crate::build_hardening::numbers;
use audit::Survey;
use audit::query::{Client, Power};
use edit::{Edit, Span};
use plan::{Change, Request};
use project::graph::{Graph, Origin};
use stack::Side;
use std::collections::BTreeSet;
use std::sync::Arc;
use syntax::Node;
use syntax::Tree;
use syntax::module::Imported;
use syntax::view::{arguments, callee, code_children, pairs, unwrapped, value_of};

const PACKAGE: &str = "@supabase/supabase-js";
const COOKIES: &str = "@supabase/ssr";
const MAKER: &str = "createBrowserClient";
/// Goes with every version of the client from [`OLDEST`] on.
const RANGE: &str = "^0.7.0";
const OLDEST: [u32; 3] = [2, 43, 4];

/// The clients that keep their session in cookies from then on, or a sentence on what stands against it.
#[derive(Default)]
pub(super) struct Moved {
    /// The calls that make them.
    calls: BTreeSet<Span>,
    pub(super) why: Option<String>,
}

/// Decided once.
pub(super) fn moved(survey: &Survey<'_>) -> Arc<Moved> {
    survey.memo.of(|| match decided(survey) {
        Ok(calls) => Moved { calls, why: None },
        Err(why) => Moved { calls: BTreeSet::new(), why },
    })
}

impl Moved {
    pub(super) fn any(&self) -> bool {
        !self.calls.is_empty()
    }

    pub(super) fn covers(&self, client: &Client) -> bool {
        self.calls.contains(&client.span)
    }

    /// The first of them.
    pub(super) fn first(&self) -> Option<Span> {
        self.calls.first().copied()
    }
}

/// Makes them with the other maker, unless a change takes the clients out altogether.
pub(crate) fn put(survey: &Survey<'_>, change: &mut Change) {
    let moved = moved(survey);
    if !moved.any() || crate::sessions_to_server::hides(survey) {
        return;
    }
    for call in &moved.calls {
        let file = survey.project.get(call.file);
        let maker = file.syntax().and_then(|(tree, _)| callee(tree.node_at(call.range())?));
        let Some(maker) = maker else { continue };
        change.edits.push(Edit::replace(file.span(maker.byte_range()), MAKER.to_owned()));
        change.requests.push(Request::Import {
            file: file.id,
            from: COOKIES.to_owned(),
            name: Imported::Named(MAKER.to_owned()),
            local: MAKER.to_owned(),
            type_only: false,
        });
    }
    change.requests.extend(dependency(survey));
}

/// The package that keeps sessions in cookies, where the app has none.
pub(super) fn dependency(survey: &Survey<'_>) -> Option<Request> {
    let app = survey.project.apps.first()?;
    let package = &survey.project.packages[app.package];
    if package.dependencies.contains_key(COOKIES) {
        return None;
    }
    let path = survey.project.get(package.manifest).path.clone();
    let key = vec!["dependencies".to_owned(), COOKIES.to_owned()];
    Some(Request::Json { path, key, value: RANGE.into() })
}

/// Whether the app has the package that keeps sessions in cookies, or may get it.
pub(crate) fn has_package(survey: &Survey<'_>) -> bool {
    let package = survey.project.apps.first().map(|app| &survey.project.packages[app.package]);
    package.is_some_and(|package| {
        package.dependencies.contains_key(COOKIES)
            || package.version(PACKAGE).as_deref().and_then(numbers).is_some_and(|known| known >= OLDEST)
    })
}

/// `Err(None)`: there is no such client, or nobody signs in with one.
fn decided(survey: &Survey<'_>) -> Result<BTreeSet<Span>, Option<String>> {
    if !ground::is_own(survey) || !accounts(survey) {
        return Err(None);
    }
    let mut calls = BTreeSet::new();
    let mut settings = BTreeSet::new();
    for (at, client) in survey.clients.iter().enumerate() {
        let in_browser = matches!(client.side, Side::Browser | Side::Both);
        let others = matches!(client.power, Power::Admin | Power::Owner | Power::Session);
        if client.backend != "supabase" || !in_browser || others {
            continue;
        }
        let file = survey.project.get(client.span.file);
        let place = format!("`{}:{}`", file.path, file.line_column(client.span.start as usize).0);
        let odd = |what: &str| Some(format!("{place} {what}"));
        let Some((tree, scopes)) = file.syntax() else { return Err(None) };
        let call = tree.node_at(client.span.range()).filter(|call| tree.sound(*call)).ok_or(None)?;
        let given = arguments(call);
        let setting = |at: usize| variable(survey, tree, scopes, *given.get(at)?);
        let keeps = ground::names_cookies(survey, client);
        if !keeps && has_none(tree, &given) {
            continue;
        }
        let (Some(url), Some(key)) = (setting(0), setting(1)) else {
            return Err(odd(
                "is made without variables for its address and its key. Read both from the environment.",
            ));
        };
        settings.insert((url, key));
        if keeps {
            continue;
        }
        let maker = callee(call).ok_or(None)?;
        let origin = Graph::origin(survey.project, file.id, maker.byte_range());
        let plain = maker.kind() == "identifier"
            && matches!(origin, Origin::Package(package, name) if package == PACKAGE && name == "createClient");
        if !plain {
            return Err(odd("is made in a way that cannot be followed. Call `createClient` there."));
        }
        if let Some(name) = asks_for_more(tree, &given) {
            return Err(odd(&format!(
                "sets `{name}` for its session, which cookies do not know. Take that out."
            )));
        }
        let elsewhere = survey.sessions.iter().find(|one| {
            one.client == Some(at)
                && matches!(one.side, Side::Server | Side::Edge)
                && !one.method.starts_with("get")
        });
        if let Some(one) = elsewhere {
            let file = survey.project.get(one.span.file);
            let line = file.line_column(one.span.start as usize).0;
            return Err(Some(format!(
                "`{}:{line}` signs in on the server with the client of the page. Make one of the request's cookies there.",
                file.path
            )));
        }
        calls.insert(client.span);
    }
    if calls.is_empty() {
        return Err(None);
    }
    if settings.len() > 1 {
        return Err(Some(
            "The clients of the page are made with several addresses or keys. Keep one.".to_owned(),
        ));
    }
    if !has_package(survey) {
        return Err(Some(format!("`{PACKAGE}` is older than 2.43.4. Raise it.")));
    }
    if let Some(place) = reads_storage(survey) {
        return Err(Some(place));
    }
    Ok(calls)
}

/// Code that knows where such a client keeps its session, or reads it out of an address.
fn reads_storage(survey: &Survey<'_>) -> Option<String> {
    let code = crate::sessions_to_server::code(survey);
    let mut marked = code.filter(|file| {
        let holds = |mark: &str| file.text.contains(mark);
        holds("-auth-token")
            || holds("supabase.auth.token")
            || (holds("location.hash") && holds("access_token"))
    });
    let file = marked.next()?;
    Some(format!(
        "`{}` knows where the session is kept, or reads it out of an address. Ask the client for it (`getSession`).",
        file.path
    ))
}

/// Whether a client keeps no session at all.
pub(crate) fn is_sessionless(survey: &Survey<'_>, client: &Client) -> bool {
    let call = survey.project.get(client.span.file).syntax().and_then(|(tree, _)| {
        let given = arguments(tree.node_at(client.span.range())?);
        Some(has_none(tree, &given))
    });
    call == Some(true)
}

/// `auth: { persistSession: false }`
fn has_none(tree: &Tree, given: &[Node<'_>]) -> bool {
    let options = given.get(2).map(|options| unwrapped(*options));
    let auth = options.and_then(|options| value_of(tree, options, "auth")).map(unwrapped);
    let persists = auth.and_then(|auth| value_of(tree, auth, "persistSession"));
    persists.is_some_and(|persists| tree.text(persists) == "false")
}

/// What a client is told of its session beyond what is so in cookies too.
fn asks_for_more(tree: &Tree, given: &[Node<'_>]) -> Option<String> {
    let options = unwrapped(*given.get(2)?);
    if options.kind() != "object" || code_children(options).any(|child| child.kind() != "pair") {
        return Some("its options elsewhere".to_owned());
    }
    let auth = unwrapped(value_of(tree, options, "auth")?);
    if auth.kind() != "object" || code_children(auth).any(|child| child.kind() != "pair") {
        return Some("auth".to_owned());
    }
    let known = |name: &str, value: &str| match name {
        "persistSession" | "autoRefreshToken" | "detectSessionInUrl" => value == "true",
        "flowType" => value.trim_matches(['"', '\'']) == "pkce",
        _ => false,
    };
    let mut odd = pairs(tree, auth).into_iter().filter(|(name, _, value)| !known(name, tree.text(*value)));
    odd.next().map(|(name, ..)| name.to_string())
}

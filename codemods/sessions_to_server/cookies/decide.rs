//! Whether the sessions of an app can be kept from the scripts of its pages: every use of its clients there has a counterpart.

use super::{client, server};
use crate::guards_to_server::{Renewal, renewal};
use crate::queries_to_server::{accounts, is_sessionless, keeps_cookies, session_place};
use crate::server::verdict;
use crate::sessions_to_server::client::in_browser;
use crate::sessions_to_server::decide::{Blocker, Decision};
use audit::Survey;
use audit::query::{Kind, Query};
use audit::session;
use edit::{Edit, FileId, RelPath, Span};
use stack::Side;
use std::collections::BTreeSet;
use std::sync::Arc;
use syntax::view::{arguments, unwrapped, value_of};

/// Methods that have a counterpart, in the order of the template.
const METHODS: &[&str] = &[
    "getSession",
    "getUser",
    "getClaims",
    "onAuthStateChange",
    "signInWithPassword",
    "signUp",
    "signInAnonymously",
    "signInWithOAuth",
    "signInWithOtp",
    "verifyOtp",
    "resend",
    "signOut",
    "resetPasswordForEmail",
    "updateUser",
    "refreshSession",
    "startAutoRefresh",
    "stopAutoRefresh",
];

/// Everything that the change is made of.
pub(super) struct Move {
    pub(super) client: Span,
    pub(super) auth: Vec<Span>,
    pub(super) methods: Vec<&'static str>,
    /// The modules that made the browser's clients.
    pub(super) facades: Vec<client::Facade>,
    pub(super) edits: Vec<Edit>,
    pub(super) gone: Vec<Span>,
    /// The module that gives the user of a request.
    pub(super) session: RelPath,
    pub(super) actions: RelPath,
    pub(super) auth_module: RelPath,
    pub(super) callback: Option<RelPath>,
    /// Paths of the app's own that take visitors in who come back.
    pub(super) handlers: BTreeSet<String>,
    pub(super) needs_queries: bool,
    pub(super) needs_guards: bool,
}

/// Decides for the app, once for all who ask.
pub(super) fn decide(survey: &Survey<'_>) -> Arc<Decision<Move>> {
    survey.memo.of(|| decided(survey).unwrap_or(Decision::Nothing))
}

fn decided(survey: &Survey<'_>) -> Option<Decision<Move>> {
    let (app, server) = (survey.project.apps.first()?, survey.stack.server?);
    let pages = server.pages()?;
    // What stands against one is told with the rest.
    server.session_client(survey.project, app)?.ok();
    let clients: Vec<usize> = (0..survey.clients.len())
        .filter(|at| {
            let one = &survey.clients[*at];
            one.backend == "supabase" && in_browser(one.side)
        })
        .collect();
    let unknown = client::unknown(survey);
    let first = clients.iter().find(|at| keeps_cookies(survey, &survey.clients[**at]));
    let client = first.map(|at| survey.clients[*at].span).or_else(|| unknown.first().copied())?;
    let ours = |client: Option<usize>| client.is_some_and(|client| clients.contains(&client));
    let calls =
        |one: &session::Session| matches!(one.kind, session::Kind::Auth | session::Kind::Subscription);
    // One whose client cannot be told may be one of these.
    let open =
        |one: &session::Session| one.client.is_none() && one.system == "supabase" && in_browser(one.side);
    let sessions: Vec<&session::Session> =
        survey.sessions.iter().filter(|one| calls(one) && (ours(one.client) || open(one))).collect();
    // Where nobody can sign in there is none to keep: `getUser()` answers nobody, wherever it is asked.
    if sessions.is_empty() || !accounts(survey) {
        return None;
    }
    let mut blockers: Vec<Blocker> = Vec::new();
    let mut block =
        |span: Span, why: &str| blockers.push(Blocker { span, why: why.to_owned(), admin: false });
    for span in unknown {
        block(span, client::ODD);
    }
    let mut facades = Vec::new();
    for at in &clients {
        let one = &survey.clients[*at];
        if is_sessionless(survey, one) {
            continue;
        }
        if !keeps_cookies(survey, one) {
            block(
                one.span,
                "keeps the session in web storage. Make the client with `createBrowserClient` of `@supabase/ssr`.",
            );
            continue;
        }
        match client::facade(survey, one) {
            Ok(facade) => facades.push(facade),
            Err(why) => block(one.span, why),
        }
        // What ends a channel is told with what opens it.
        let ends = |escape: &&Span| {
            let text = &survey.project.get(escape.file).text;
            let rest = text.get(escape.end as usize..).unwrap_or_default().trim_start();
            [".removeChannel", ".removeAllChannels", ".getChannels"].iter().any(|name| rest.starts_with(name))
        };
        for escape in one.escapes.iter().filter(|escape| !ends(escape)) {
            block(*escape, "hands the client on as a value. Ask it there for what is needed instead.");
        }
    }
    for one in &sessions {
        if !METHODS.contains(&one.method.as_str()) {
            let why = format!("calls `auth.{}`, which has no counterpart on the server yet.", one.method);
            block(one.span, &why);
        } else if one.client.is_none() {
            block(
                one.span,
                "asks a client that cannot be followed. Make it there, with the function that makes it.",
            );
        } else if one.side == Side::None {
            // Nothing runs it.
        } else if one.side != Side::Browser {
            block(
                one.span,
                "uses the page's client in code that the server runs too. Make a client of its own there.",
            );
        } else if let Some(why) = odd(survey, one) {
            block(one.span, why);
        }
    }
    for one in
        survey.sessions.iter().filter(|one| one.kind == session::Kind::TokenRead && in_browser(one.side))
    {
        block(one.span, "reads the access token. Let the server make this request.");
    }
    let verdict = verdict(survey);
    let is_moved = |span: Span| verdict.moved.contains(&span);
    let mut needs_queries = false;
    // A query whose client cannot be told may be one of these.
    let may_be = |query: &Query| {
        let open = query.client.is_none() && query.backend == "supabase" && in_browser(query.side);
        open || ours(query.client)
    };
    for query in survey.queries.iter().filter(|query| may_be(query)) {
        if is_moved(query.span) {
            needs_queries = true;
            continue;
        }
        let meets = |span: Span| span == query.span;
        let stays = verdict.declined.iter().map(|(span, why)| (*span, why));
        let stays = stays.chain(verdict.proxied.iter().map(|one| (one.span, &one.why)));
        let reason = stays.into_iter().find(|(span, _)| meets(*span)).map(|(_, why)| why.as_str());
        let why = match query.kind {
            // The type checker reads it all the same.
            _ if query.side == Side::None => {
                "makes a query, and nothing uses this file. Remove it, or use it.".to_owned()
            }
            Kind::Storage => "works with stored files from the page. Do that in a server action.".to_owned(),
            Kind::Channel => {
                "listens to changes from the page, with the visitor's token. Ask again from time to time instead.".to_owned()
            }
            Kind::EdgeFunction => {
                "calls an edge function with the visitor's token. Call it in a server action.".to_owned()
            }
            _ => format!("makes a query that cannot move. {}", reason.unwrap_or("Change it by hand.")),
        };
        block(query.span, &why);
    }
    let mut edits = Vec::new();
    for one in server::clients(survey) {
        match one {
            Ok(edit) => edits.push(edit),
            Err((span, why)) => block(span, why),
        }
    }
    let free = |path: &RelPath| {
        let stem = path.as_str().trim_end_matches(".ts");
        ["ts", "tsx", "js", "jsx"]
            .iter()
            .all(|ending| survey.project.file(&format!("{stem}.{ending}")).is_none())
    };
    let beside = survey.project.get(client.file).path.folder();
    let auth_module = ["auth", "session-auth"]
        .iter()
        .filter_map(|name| RelPath::new(format!("{beside}/{name}.ts")))
        .find(free);
    let session = match session_place(survey) {
        Ok(place) => Some(place.path),
        Err(why) => {
            block(client, &format!("has no counterpart on the server: {why}"));
            None
        }
    };
    let actions = session.as_ref().and_then(|session| {
        let folder = session.folder();
        let folder = folder
            .strip_prefix(&format!("{}/", app.folder))
            .filter(|_| !app.folder.is_empty())
            .unwrap_or(folder);
        let named = |name: &&str| stack::server::in_app(app, &server.actions_module(folder, name)?);
        ["auth", "session-auth"].iter().filter_map(named).find(free)
    });
    let needs_guards = match renewal(survey) {
        Ok(renewal) => matches!(renewal, Renewal::Comes),
        Err(why) => {
            block(client, &why);
            false
        }
    };
    let callback = pages.route(survey.project, app, "api/auth/callback").filter(free);
    if callback.is_none() {
        block(
            client,
            "cannot get the address that mails come back to: a handler of `/api/auth/callback` is there already. Rename it.",
        );
    }
    let auth: Vec<Span> = sessions.iter().map(|one| one.span).collect();
    if !blockers.is_empty() {
        blockers.sort_by_key(|blocker| blocker.span);
        blockers.dedup_by_key(|blocker| blocker.span);
        return Some(Decision::Kept { client, auth, blockers });
    }
    let used = |method: &&&str| sessions.iter().any(|one| one.method == ***method);
    let mut gone = Vec::new();
    for facade in &facades {
        edits.extend(facade.edits.iter().cloned());
        gone.extend(facade.edits.iter().map(|edit| edit.span));
    }
    Some(Decision::Moves(Box::new(Move {
        client,
        auth,
        methods: METHODS.iter().filter(used).copied().collect(),
        facades,
        edits,
        gone,
        session: session?,
        actions: actions?,
        auth_module: auth_module?,
        callback,
        handlers: handlers(survey),
        needs_queries,
        needs_guards,
    })))
}

/// A call with arguments that the server does not take.
fn odd(survey: &Survey<'_>, one: &session::Session) -> Option<&'static str> {
    let (tree, _) = survey.project.get(one.span.file).syntax()?;
    let call = tree.node_at(one.span.range()).filter(|node| node.kind() == "call_expression")?;
    let given = arguments(call);
    let method = one.method.as_str();
    if matches!(method, "getUser" | "getClaims" | "refreshSession") && !given.is_empty() {
        return Some("gives a token. The server knows the visitor: call it without.");
    }
    let first = given.first().map(|first| unwrapped(*first)).filter(|first| first.kind() == "object")?;
    if value_of(tree, first, "phone").is_some() {
        return Some("signs in by phone, which has no counterpart on the server yet.");
    }
    let skips = value_of(tree, first, "options")
        .and_then(|options| value_of(tree, unwrapped(options), "skipBrowserRedirect"))
        .is_some_and(|skips| tree.text(skips) != "false");
    (method == "signInWithOAuth" && skips)
        .then_some("opens the provider's page by itself. Let `signInWithOAuth` do it.")
}

/// Paths of the app whose handlers take a visitor in who comes back from a mail or a provider.
fn handlers(survey: &Survey<'_>) -> BTreeSet<String> {
    let takes = |file: FileId| {
        let text = &survey.project.get(file).text;
        text.contains(".exchangeCodeForSession(") || text.contains(".verifyOtp(")
    };
    let own = survey.handlers.iter().filter(|handler| takes(handler.span.file));
    own.filter_map(|handler| handler.url.clone()).collect()
}

//! Whether the sessions of an app can be kept from the scripts of its pages: every use of its clients there has a counterpart.

use super::{CALLBACK, client, server};
use crate::guards_to_server::{Renewal, renewal};
use crate::queries_to_server::{accounts, is_sessionless, keeps_cookies, session_place};
use crate::server::{Verdict, verdict};
use crate::sessions_to_server::client::in_browser;
use crate::sessions_to_server::decide::{self as parts, Blocker, Decision};
use crate::sessions_to_server::places::{Places, is_free};
use crate::sessions_to_server::served::{BUILT, of_part};
use crate::sessions_to_server::tokens::Tokens;
use crate::sessions_to_server::uses::{self, Use, What, meets};
use audit::Survey;
use audit::query::Query;
use audit::session;
use edit::{Edit, FileId, RelPath, Span};
use stack::Side;
use stack::server::Wiring;
use std::collections::BTreeSet;
use std::sync::Arc;
use syntax::view::{unwrapped, value_of};

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
    "exchangeCodeForSession",
    "setSession",
    "startAutoRefresh",
    "stopAutoRefresh",
    // Refused to every visitor, on the server as before.
    "admin",
];

/// Where mails and providers may come back to: the first address that is free.
const CALLBACKS: &[&str] = &[CALLBACK, "/api/auth/session-callback"];

/// Everything that the change is made of.
pub(super) struct Move {
    pub(super) client: Span,
    pub(super) auth: Vec<Span>,
    /// What the facades of the pages are made of.
    pub(super) page: parts::Move,
    pub(super) edits: Vec<Edit>,
    /// The module that gives the user of a request.
    pub(super) session: RelPath,
    pub(super) actions: RelPath,
    pub(super) storage: RelPath,
    /// Where mails and providers come back to: the address, and the file that answers there.
    pub(super) callback: (&'static str, RelPath),
    /// Where calls of edge functions arrive.
    pub(super) functions: Option<RelPath>,
    /// Where the queries of pages arrive that stay.
    pub(super) gateway: Option<RelPath>,
    /// Paths of the app's own that take visitors in who come back.
    pub(super) handlers: BTreeSet<String>,
    pub(super) needs_queries: bool,
    pub(super) renewal: Renewal,
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
    let (made, refused) = client::made(survey);
    let first = made.first().map(|client| client.span(survey)).or_else(|| refused.first().copied())?;
    let on_page: Vec<usize> = (0..survey.clients.len())
        .filter(|at| {
            let one = &survey.clients[*at];
            one.backend == "supabase" && in_browser(one.side) && !is_sessionless(survey, one)
        })
        .collect();
    let mut known: Vec<Use> = made.iter().flat_map(|client| uses::of(survey, client)).collect();
    known.sort_by_key(|one| one.span);
    known.dedup_by_key(|one| one.span);
    let asks = Asks { survey, on_page: &on_page, known: &known };
    let sessions: Vec<&session::Session> = survey
        .sessions
        .iter()
        .filter(|one| asks.is_ours(one.client, one.system, one.side, one.span))
        .collect();
    let calls =
        |one: &&&session::Session| matches!(one.kind, session::Kind::Auth | session::Kind::Subscription);
    let auth: Vec<Span> = sessions.iter().filter(calls).map(|one| one.span).collect();
    // Where nobody can sign in there is none to keep: `getUser()` answers nobody, wherever it is asked.
    if auth.is_empty() || !accounts(survey) {
        return None;
    }
    let verdict = verdict(survey);
    let mut blockers: Vec<Blocker> = Vec::new();
    let mut block =
        |span: Span, why: &str| blockers.push(Blocker { span, why: why.to_owned(), admin: false });
    for span in &refused {
        block(*span, client::ODD);
    }
    for one in on_page.iter().map(|at| &survey.clients[*at]) {
        if !keeps_cookies(survey, one) {
            block(
                one.span,
                "keeps the session in web storage. Make the client with `createBrowserClient` of `@supabase/ssr`.",
            );
        } else if !made.iter().any(|client| client::makes(survey, client, one.span)) {
            block(one.span, client::ODD);
        }
    }
    for one in &known {
        if let Some(why) = unserved(survey, one, &verdict) {
            block(one.span, &why);
        }
    }
    let (proxied, odd) = parts::queries(survey, &known, &verdict);
    for one in odd {
        block(one.span, &one.why);
    }
    // Calls whose client cannot be told.
    for one in sessions.iter().filter(calls).filter(|one| !asks.is_known(one.span)) {
        block(one.span, STRANGE);
    }
    let mut needs_queries = false;
    let queries = survey.queries.iter();
    for query in queries.filter(|one| asks.is_ours(one.client, one.backend, one.side, one.span)) {
        if verdict.moved.contains(&query.span) {
            needs_queries = true;
        } else if !asks.is_known(query.span) && !is_request(survey, query) {
            block(query.span, &stays(query, &verdict).unwrap_or_else(|| STRANGE.to_owned()));
        }
    }
    let reads = survey.sessions.iter();
    let lent: Vec<Span> = reads
        .filter(|one| one.kind == session::Kind::TokenRead && in_browser(one.side))
        .map(|one| one.span)
        .collect();
    let mut edits = Vec::new();
    for one in server::clients(survey) {
        match one {
            Ok(edit) => edits.push(edit),
            Err((span, why)) => block(span, why),
        }
    }
    let free = |path: &RelPath| is_free(survey, path);
    let session = match session_place(survey) {
        Ok(place) => Some(place.path),
        Err(why) => {
            block(first, &format!("has no counterpart on the server: {why}"));
            None
        }
    };
    let actions = |names: [&str; 2]| {
        let folder = session.as_ref()?.folder();
        let folder = folder
            .strip_prefix(&format!("{}/", app.folder))
            .filter(|_| !app.folder.is_empty())
            .unwrap_or(folder);
        let named = |name: &&str| stack::server::in_app(app, &server.actions_module(folder, name)?);
        names.iter().filter_map(named).find(free)
    };
    let (of_auth, of_storage) = (actions(["auth", "session-auth"]), actions(["storage", "session-storage"]));
    let renewal = renewal(survey).unwrap_or_else(|why| {
        block(first, &why);
        Renewal::There
    });
    let callback = |address: &&'static str| {
        let path = pages.route(survey.project, app, address.trim_start_matches('/')).filter(free)?;
        Some((*address, path))
    };
    let callback = CALLBACKS.iter().find_map(callback);
    if callback.is_none() {
        block(
            first,
            "cannot get the address that mails come back to: a handler of `/api/auth/callback` is there already. Rename it.",
        );
    }
    let gateway = pages.route(survey.project, app, "api/supabase/[...path]").filter(free);
    if !proxied.is_empty() && gateway.is_none() {
        block(
            first,
            "cannot get the address of the queries that stay: a handler of `/api/supabase` is there already. Rename it.",
        );
    }
    let asks_functions =
        known.iter().any(|one| matches!(one.what, What::Invoke(_)) && !is_moved(&verdict, one.span));
    let functions = pages.route(survey.project, app, "api/functions/[name]").filter(free);
    if asks_functions && functions.is_none() {
        block(
            first,
            "cannot get the address of its edge functions: a handler of `/api/functions` is there already. Rename it.",
        );
    }
    let connects = known.iter().any(|one| match &one.what {
        What::Realtime(_) => true,
        What::Storage(_, method) => BUILT.contains(&method.as_str()),
        _ => false,
    });
    let named = made.first().is_some_and(|one| !one.url.names.is_empty() && !one.key.names.is_empty());
    if (connects || asks_functions || !proxied.is_empty()) && !named {
        block(first, "is given an address and a key that are no variables. Read both from the environment.");
    }
    if !blockers.is_empty() {
        blockers.sort_by_key(|blocker| blocker.span);
        blockers.dedup_by_key(|blocker| blocker.span);
        return Some(Decision::Kept { client: first, auth, blockers });
    }
    let tokens = Tokens::lent(lent);
    let places = Places::beside_client(survey, made.first()?)?;
    let page = parts::gathered(survey, places, (made, known), tokens, Wiring::default(), proxied, &verdict);
    Some(Decision::Moves(Box::new(Move {
        client: first,
        auth,
        page,
        edits,
        session: session?,
        actions: of_auth?,
        storage: of_storage?,
        callback: callback?,
        functions,
        gateway,
        handlers: handlers(survey),
        needs_queries,
        renewal,
    })))
}

const STRANGE: &str =
    "asks a client that cannot be followed. Make it there, with the function that makes it.";

/// Who asks the clients of the pages.
struct Asks<'a> {
    survey: &'a Survey<'a>,
    on_page: &'a [usize],
    known: &'a [Use],
}

impl Asks<'_> {
    /// Whether a use has been followed to its client.
    fn is_known(&self, span: Span) -> bool {
        self.known.iter().any(|one| meets(one.span, span))
    }

    /// Whether a call asks such a client, or one that cannot be told and may be one.
    fn is_ours(&self, client: Option<usize>, system: &str, side: Side, span: Span) -> bool {
        let open = || client.is_none() && system == "supabase" && in_browser(side);
        let is_other = || client.is_some_and(|client| self.survey.clients[client].backend != "supabase");
        client.is_some_and(|client| self.on_page.contains(&client))
            || open()
            || self.is_known(span) && !is_other()
    }
}

fn is_moved(verdict: &Verdict, span: Span) -> bool {
    verdict.moved.iter().any(|moved| meets(*moved, span))
}

/// `fetch(…)`: with the token that it is given it goes on as it was.
fn is_request(survey: &Survey<'_>, query: &Query) -> bool {
    let text = &survey.project.get(query.span.file).text;
    text.get(query.span.range()).is_some_and(|text| text.starts_with("fetch"))
}

/// Why a query keeps the session.
fn stays(query: &Query, verdict: &Verdict) -> Option<String> {
    if query.side == Side::None {
        // The type checker reads it all the same.
        return Some("makes a query, and nothing uses this file. Remove it, or use it.".to_owned());
    }
    let known = verdict.declined.iter().map(|(span, why)| (*span, why));
    let mut known = known.chain(verdict.proxied.iter().map(|one| (one.span, &one.why)));
    let why = known.find(|(span, _)| meets(*span, query.span)).map(|(_, why)| why.as_str())?;
    Some(format!("makes a query that cannot move. {why}"))
}

/// Why a use has no counterpart, as the end of a sentence; `None` if it has one.
fn unserved(survey: &Survey<'_>, one: &Use, verdict: &Verdict) -> Option<String> {
    let side = survey.stack.side_at(one.span);
    if is_moved(verdict, one.span) {
        return None;
    }
    let asks = !matches!(one.what, What::Test | What::Held(..) | What::Query | What::Value);
    if asks && !matches!(side, Side::Browser | Side::None) {
        return Some(
            "uses the page's client in code that the server runs too. Make a client of its own there."
                .to_owned(),
        );
    }
    match &one.what {
        What::Auth(method) if method.starts_with("admin.") => None,
        What::Auth(method) if !METHODS.contains(&method.as_str()) => {
            Some(format!("calls `auth.{method}`, which has no counterpart on the server yet."))
        }
        What::Auth(method) => odd(survey, one, method).map(str::to_owned),
        What::Value | What::Functions | What::Library(_) => {
            Some("hands the client on as a value. Ask it there for what is needed instead.".to_owned())
        }
        what => of_part(survey, what),
    }
}

/// A call with arguments that the server does not take.
fn odd(survey: &Survey<'_>, one: &Use, method: &str) -> Option<&'static str> {
    let (tree, _) = uses::node(survey, one.span)?;
    let given = uses::arguments_of(survey, one);
    if matches!(method, "getUser" | "getClaims" | "refreshSession") && !given.is_empty() {
        return Some("gives a token. The server knows the visitor: call it without.");
    }
    let first = given.first().map(|first| unwrapped(*first)).filter(|first| first.kind() == "object")?;
    let by_phone = value_of(tree, first, "phone").is_some();
    by_phone.then_some("signs in by phone, which has no counterpart on the server yet.")
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

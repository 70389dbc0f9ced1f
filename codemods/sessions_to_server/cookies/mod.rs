//! Sessions that are in cookies from the start, of an app whose own server reads them: they become HttpOnly, where no script of the
//! page needs them any more.
//!
//! [`client`] finds the browser's clients, [`decide`] says whether all their uses have a counterpart, [`files`] makes what takes their
//! place, [`server`] says how clients of the server set cookies from then on; here the one change of it is made.

mod client;
mod decide;
mod files;
mod server;

use super::decide::{Blocker, Decision};
use super::{ID, held, runtime, told};
use crate::guards_to_server::{Renewal, put_renewal};
use crate::queries_to_server::{session_requests, zod};
use crate::server::{GUARDS, QUERIES, SESSIONS};
use audit::{Finding, Survey};
use decide::decide;
use edit::Span;
use plan::{Change, Safety};

/// What cookies of a session are from then on.
const OPTIONS: &str =
    "{ httpOnly: true, secure: process.env.NODE_ENV === \"production\", sameSite: \"lax\", path: \"/\" }";

/// What the findings are made of: the client, who asks it, and what keeps the session where scripts can read it.
pub(super) struct Found {
    pub(super) client: Span,
    pub(super) auth: Vec<Span>,
    pub(super) blockers: Option<Vec<Blocker>>,
}

/// Where mails and providers come back to in every stack.
const CALLBACK: &str = "/api/auth/callback";

/// Whether there is something to say.
pub(super) fn found(survey: &Survey<'_>) -> Option<Found> {
    match &*decide(survey) {
        Decision::Nothing => None,
        Decision::Kept { client, auth, blockers } => {
            Some(Found { client: *client, auth: auth.clone(), blockers: Some(blockers.clone()) })
        }
        Decision::Moves(change) => {
            Some(Found { client: change.client, auth: change.auth.clone(), blockers: None })
        }
    }
}

/// What goes with the browser's clients.
pub(super) fn gone(survey: &Survey<'_>) -> Vec<Span> {
    match &*decide(survey) {
        Decision::Moves(moves) => moves.page.gone(survey),
        _ => Vec::new(),
    }
}

/// What is told of tokens that pages go on to have, and of those that are handed to them.
pub(super) fn told(survey: &Survey<'_>) -> Vec<Finding> {
    match &*decide(survey) {
        Decision::Moves(moves) => {
            told::handed(&moves.page).into_iter().chain(told::lent(&moves.page)).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether the sessions of the app become HttpOnly: a server that says so must not stand beside pages that read them still.
pub(crate) fn hides(survey: &Survey<'_>) -> bool {
    matches!(*decide(survey), Decision::Moves(_))
}

/// A text of ours that makes a client of the request's cookies, with what these are.
pub(crate) fn with_cookies(survey: &Survey<'_>, text: &str) -> String {
    if hides(survey) {
        return text.replace("__COOKIES__", OPTIONS);
    }
    text.replace("    cookieOptions: __COOKIES__,\n", "")
}

/// Where mails and providers come back to, where a route of the app's own does not take all of them.
pub(super) fn callback(survey: &Survey<'_>) -> &'static str {
    match &*decide(survey) {
        Decision::Moves(moves) => moves.callback.0,
        _ => CALLBACK,
    }
}

/// The one change.
pub(super) fn fix(survey: &Survey<'_>, fixes: Vec<usize>) -> Option<Change> {
    let decision = decide(survey);
    let Decision::Moves(moves) = &*decision else { return None };
    let title = "Keep sessions in HttpOnly cookies, which no script of the page can read";
    let mut change = Change::new(ID, title, Safety::Review);
    change.fixes = fixes;
    change.key = Some(SESSIONS.to_owned());
    if moves.needs_queries {
        change.needs.push(QUERIES.to_owned());
    }
    match moves.renewal {
        Renewal::There => {}
        Renewal::Comes => change.needs.push(GUARDS.to_owned()),
        Renewal::Lacks => put_renewal(survey, &mut change),
    }
    change.edits.extend(moves.edits.iter().cloned());
    change.requests.extend(session_requests(survey));
    let (zod_from, zod_request) = zod(survey).unwrap_or(("zod/v4", None));
    change.requests.extend(zod_request);
    let files = files::of(survey, moves, zod_from)?;
    let kept = |at: &usize| !moves.page.drops(survey, &moves.page.clients[*at]);
    for at in (0..moves.page.clients.len()).filter(kept) {
        let (edits, requests) = runtime::module(survey, &moves.page, at, &files);
        change.edits.extend(edits);
        change.requests.extend(requests);
    }
    let (edits, requests) = held::settled(survey, &moves.page);
    change.edits.extend(edits);
    change.requests.extend(requests);
    change.creates = files.creates;
    change.requests.extend(files.requests);
    change.edits.sort_by_key(|edit| edit.span);
    change.edits.dedup();
    change.settles = super::settled(survey, &moves.page);
    Some(change)
}

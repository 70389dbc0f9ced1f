//! Sessions that are in cookies from the start, of an app whose own server reads them: they become HttpOnly, where no script of the
//! page needs them any more.
//!
//! [`decide`] says whether all uses of the browser's clients have a counterpart, [`client`] what becomes of a client's module,
//! [`server`] how clients of the server set cookies from then on; here the one change of it is made.

mod client;
mod decide;
mod server;

use super::ID;
use super::decide::{Blocker, Decision};
use super::native::AUTH;
use super::places::relative;
use super::template::{Uses, filled};
use crate::env_contract::contract::specifier;
use crate::queries_to_server::{session_requests, zod};
use crate::server::{GUARDS, QUERIES, SESSIONS};
use audit::Survey;
use decide::{Move, decide};
use edit::{Piece, RelPath, Span};
use plan::{Change, Disposition, NewFile, Request, Safety, Settled};
use syntax::module::Imported;

/// Actions behind the facade.
const ACTIONS: &str = include_str!("../templates/next/auth.actions.ts"); // templates/
/// Where mails and providers come back to.
const CALLBACK: &str = include_str!("../templates/next/callback.ts"); // templates/
/// What cookies of a session are from then on.
const OPTIONS: &str =
    "{ httpOnly: true, secure: process.env.NODE_ENV === \"production\", sameSite: \"lax\", path: \"/\" }";

/// What the findings are made of: the client, who asks it, and what keeps the session where scripts can read it.
pub(super) struct Found {
    pub(super) client: Span,
    pub(super) auth: Vec<Span>,
    pub(super) blockers: Option<Vec<Blocker>>,
}

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
        Decision::Moves(change) => change.gone.clone(),
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
    if moves.needs_guards {
        change.needs.push(GUARDS.to_owned());
    }
    change.edits.extend(moves.edits.iter().cloned());
    change.requests.extend(session_requests(survey));
    let (zod_from, zod_request) = zod(survey).unwrap_or(("zod/v4", None));
    change.requests.extend(zod_request);
    let uses = uses(moves);
    let methods: Vec<String> = moves.methods.iter().map(|method| format!("\"{method}\"")).collect();
    let first = moves.facades.first()?;
    let named = |from: &RelPath, to: &RelPath| {
        let aliased = specifier(survey, first.file, to);
        let path = relative(from, to);
        let plain = path.rsplit_once('.').map_or(path.clone(), |(stem, _)| stem.to_owned());
        if aliased.starts_with("@/") { aliased } else { plain }
    };
    let mut put = |path: &RelPath, text: String| {
        change.creates.push(NewFile { path: path.clone(), pieces: vec![Piece::text(text)], mode: 0o644 });
    };
    let handlers: Vec<String> = moves.handlers.iter().map(|path| format!("\"{path}\"")).collect();
    let holes = [
        ("__SESSION__", named(&moves.actions, &moves.session)),
        ("__HANDLERS__", handlers.join(", ")),
        ("\"zod/v4\"", format!("\"{zod_from}\"")),
    ];
    put(&moves.actions, super::runtime::one_line(&filled(ACTIONS, &uses, &holes)));
    let holes =
        [("__METHODS__", methods.join(" | ")), ("__FUNCTIONS__", named(&moves.auth_module, &moves.actions))];
    put(&moves.auth_module, filled(AUTH, &uses, &holes));
    if let Some(callback) = moves.callback.as_ref().filter(|_| uses.any("links")) {
        put(callback, CALLBACK.replace("__SESSION__", &named(callback, &moves.session)));
    }
    for facade in &moves.facades {
        change.requests.push(Request::Import {
            file: facade.file,
            from: specifier(survey, facade.file, &moves.auth_module),
            name: Imported::Named("auth".to_owned()),
            local: facade.local.to_owned(),
            type_only: false,
        });
    }
    let settled = |span: &Span| Settled { span: *span, disposition: Disposition::Moved, function: None };
    change.settles = moves.auth.iter().map(settled).collect();
    Some(change)
}

/// Parts of the templates.
fn uses(moves: &Move) -> Uses {
    let mut uses = Uses::default();
    moves.methods.iter().for_each(|method| uses.add(*method));
    let asks = uses.any(
        "signInWithPassword|signUp|signInAnonymously|signInWithOtp|verifyOtp|resend|resetPasswordForEmail|updateUser|signInWithOAuth|signOut",
    );
    let links = uses.any("signUp|signInWithOtp|resend|resetPasswordForEmail|updateUser|signInWithOAuth");
    let missing = uses.any("getUser|refreshSession");
    let parts = [
        ("failure", asks),
        ("schemas", asks),
        ("links", links),
        ("missing", missing),
        ("toError", asks || missing),
    ];
    parts.iter().filter(|(_, is)| *is).for_each(|(name, _)| uses.add(*name));
    uses
}

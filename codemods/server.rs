//! What the codemods that give an app a server agree on: the words by which their changes need each other, and what becomes of each query.
//!
//! A session in a cookie is of no use to a query in the browser, and a moved query without that cookie answers 401: the changes land
//! together or not at all. Who asks whom, so that no two ask each other in a circle: [`verdict`] judges every query by itself;
//! `sessions_to_server` decides with it whether the app can be moved at all (`sessions_to_server::lands`); everything else asks that.

use audit::Survey;
use audit::handler::Handler;
use edit::{FileId, Span};
use stack::Side;
use std::sync::Arc;

/// The key of the change that brings the server and its sessions.
pub const SESSIONS: &str = "server-sessions";
/// The key of the change that moves queries into server functions. Needs [`SESSIONS`], which needs it where any query moves.
pub const QUERIES: &str = "server-queries";
/// The key of the change that says which guards the server enforces. Needs [`SESSIONS`], which asks for the same list of pages.
pub const GUARDS: &str = "server-guards";

/// The key of the change that moves calls of paid services to the server. Needs [`SESSIONS`], which needs it where any call moves.
pub const PROVIDERS: &str = "server-providers";

/// What becomes of the queries that browser code makes (storage, channels and auth calls apart).
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// Those that become server functions: the span in the inventory.
    pub moved: Vec<Span>,
    /// What of them the page still computes and sends.
    pub sent: Vec<Span>,
    /// Statements that only named the client for them, and go with them.
    pub dropped: Vec<Span>,
    /// Those that stay in the browser and go through the same-origin proxy.
    pub proxied: Vec<Proxied>,
    /// Those that nothing may let through, and why, as a sentence for the user. One of them keeps the whole app as it is.
    pub declined: Vec<(Span, String)>,
}

/// A query that stays in the browser.
#[derive(Clone, Debug)]
pub struct Proxied {
    /// Its span in the inventory.
    pub span: Span,
    /// What it may reach: the tables that its name can be, or database functions.
    pub names: Vec<String>,
    /// Whether `names` are database functions.
    pub rpc: bool,
    /// HTTP verbs, for tables: `GET`, `HEAD`, `POST`, `PATCH`, `DELETE`.
    pub verbs: Vec<&'static str>,
    /// Why it stays, as a sentence for the user.
    pub why: String,
}

/// What becomes of each query, judged by itself.
pub fn verdict(survey: &Survey<'_>) -> Arc<Verdict> {
    // A codemod that is not on the list moves nothing.
    let listed = crate::ALL.iter().any(|codemod| codemod.about().id == "queries-to-server");
    survey.memo.of(|| if listed { crate::queries_to_server::verdict(survey) } else { Verdict::default() })
}

/// Whether calls of paid services move, if the app gets a server that knows its visitors.
pub fn calls_providers(survey: &Survey<'_>) -> bool {
    let listed = crate::ALL.iter().any(|codemod| codemod.about().id == "provider-calls-to-server");
    listed && crate::provider_calls_to_server::any(survey)
}

/// Whether the app gets its server and its sessions.
pub fn lands(survey: &Survey<'_>) -> bool {
    crate::sessions_to_server::lands(survey)
}

/// The versions of Node that the server of the app runs on, if it gets one.
pub fn node(survey: &Survey<'_>) -> Option<&'static str> {
    crate::sessions_to_server::node(survey)
}

/// The package that the app must raise before its queries move, and to which version; `None` where none moves, or none must.
pub fn raised(survey: &Survey<'_>) -> Option<(&'static str, &'static str)> {
    let app = survey.project.apps.first()?;
    let needed = survey.stack.server?.raised(survey.project, app)?;
    crate::queries_to_server::any(survey).then_some(needed)
}

/// Whether pages are protected on the server: then the server reads the list that `guards_to_server::request` makes.
pub fn guarded(survey: &Survey<'_>) -> bool {
    !crate::guards_to_server::pages(survey).protected.is_empty()
}

/// Whether visitors of some protected pages sign in elsewhere than those of most.
pub(crate) fn signs_in_elsewhere(survey: &Survey<'_>) -> bool {
    !crate::guards_to_server::pages(survey).elsewhere.is_empty()
}

/// Whether a handler only hands its input on to a function that was moved to the server: who may call that is decided there.
pub fn hands_on(survey: &Survey<'_>, handler: &Handler) -> bool {
    survey.stack.server.is_some_and(|server| server.wrote(survey.project.get(handler.span.file)))
}

/// Where a file runs: one that nothing reaches yet runs on the server, once a module of ours asks it for the visitor's client.
pub fn side(survey: &Survey<'_>, file: FileId) -> Side {
    let side = survey.stack.side(file);
    let asked = || crate::queries_to_server::asks(survey, file);
    if side == Side::None && asked() { Side::Server } else { side }
}

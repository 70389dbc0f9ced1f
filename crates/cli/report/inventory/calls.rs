//! Rows for what the code does: queries, sessions, guards, routes, handlers.

use super::place;
use audit::Survey;
use audit::guard::{self, Guard};
use audit::handler::{self, Handler};
use audit::query::{Identity, Query, Shape, Target};
use audit::route::Route;
use audit::session::{self, Session};
use edit::Span;
use plan::{Disposition, Plan, Settled};
use serde::Serialize;
use stack::Side;

/// A database call.
#[derive(Debug, Serialize)]
pub(crate) struct QueryRow {
    pub(crate) path: String,
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) backend: &'static str,
    pub(crate) table: String,
    pub(crate) operation: String,
    pub(crate) side: Side,
    pub(crate) shape: &'static str,
    pub(crate) captures: Vec<String>,
    pub(crate) identity: &'static str,
    pub(crate) disposition: Disposition,
    pub(crate) function: Option<String>,
    pub(crate) reason: Option<String>,
}

/// A part of a session.
#[derive(Debug, Serialize)]
pub(crate) struct SessionRow {
    pub(crate) path: String,
    pub(crate) line: usize,
    pub(crate) kind: &'static str,
    pub(crate) call: String,
    pub(crate) disposition: Disposition,
    pub(crate) reason: Option<String>,
}

/// A guard.
#[derive(Debug, Serialize)]
pub(crate) struct GuardRow {
    pub(crate) path: String,
    pub(crate) line: usize,
    pub(crate) name: String,
    pub(crate) routes: Vec<String>,
    pub(crate) kind: &'static str,
    pub(crate) enforced: &'static str,
    pub(crate) disposition: Disposition,
}

/// A page.
#[derive(Debug, Serialize)]
pub(crate) struct RouteRow {
    pub(crate) path: String,
    pub(crate) url: String,
    pub(crate) guarded: bool,
}

/// Whatever answers a request.
#[derive(Debug, Serialize)]
pub(crate) struct HandlerRow {
    pub(crate) path: String,
    pub(crate) line: usize,
    pub(crate) method: String,
    pub(crate) kind: &'static str,
    pub(crate) auth: &'static str,
    pub(crate) disposition: Disposition,
}

/// What the changes that land make of the thing at `span`.
fn settled(plan: &Plan, span: Span) -> Option<&Settled> {
    plan.changes.iter().flat_map(|(_, change)| &change.settles).find(|settled| settled.span == span)
}

/// Why it stays with a person: the advice of a finding that no change resolves at the same place.
fn reason(plan: &Plan, span: Span) -> Option<String> {
    let by_hand = plan.findings.iter().filter(|(_, change)| change.is_none());
    by_hand
        .map(|(finding, _)| finding)
        .find(|finding| finding.span == span)
        .map(|finding| finding.todo.clone())
}

/// Where code of this side belongs by itself.
fn at_home(side: Side) -> bool {
    !matches!(side, Side::Browser | Side::Both)
}

fn path(survey: &Survey<'_>, span: Span) -> (String, usize, usize) {
    let file = survey.project.get(span.file);
    let (line, column) = file.line_column(span.start as usize);
    (file.path.to_string(), line, column)
}

/// The database calls.
pub(super) fn queries(survey: &Survey<'_>, plan: &Plan, text: &dyn Fn(&str) -> String) -> Vec<QueryRow> {
    survey.queries.iter().map(|query| query_row(survey, plan, query, text)).collect()
}

fn query_row(survey: &Survey<'_>, plan: &Plan, query: &Query, text: &dyn Fn(&str) -> String) -> QueryRow {
    let (path, line, column) = path(survey, query.span);
    let known = settled(plan, query.span);
    let stays = at_home(query.side) || survey.project.on_phone(query.span.file);
    let rest = if stays { Disposition::Left } else { Disposition::Declined };
    let disposition = known.map_or(rest, |settled| settled.disposition);
    let declined = disposition == Disposition::Declined;
    let why =
        || reason(plan, query.span).unwrap_or_else(|| "Move this call to the server by hand.".to_owned());
    QueryRow {
        path,
        line,
        column,
        backend: query.backend,
        table: match &query.table {
            Target::Named(name) => text(name),
            Target::OneOf(names) => names.join("|"),
            Target::Dynamic => "dynamic".to_owned(),
        },
        operation: query.operation.clone(),
        side: query.side,
        shape: match query.shape {
            Shape::Await => "await",
            Shape::PromiseAll => "promise-all",
            Shape::Builder => "builder",
            Shape::Then => "then",
            Shape::Return => "return",
            Shape::Ternary => "ternary",
            Shape::Map => "map",
            Shape::NeverSent | Shape::Other => "other",
        },
        captures: query.captures.iter().map(|capture| capture.name.clone()).collect(),
        identity: match query.identity {
            Identity::None => "none",
            Identity::Session(_) => "session",
            Identity::Argument => "argument",
        },
        disposition,
        function: known.and_then(|settled| settled.function.clone()),
        reason: declined.then(|| text(&why())),
    }
}

/// The parts of sessions.
pub(super) fn sessions(survey: &Survey<'_>, plan: &Plan) -> Vec<SessionRow> {
    let row = |session: &Session| {
        let (path, line, _) = path(survey, session.span);
        let rest = if at_home(session.side) { Disposition::Left } else { Disposition::Declined };
        let disposition = settled(plan, session.span).map_or(rest, |settled| settled.disposition);
        SessionRow {
            path,
            line,
            kind: match session.kind {
                session::Kind::Auth => "auth",
                session::Kind::Subscription => "subscription",
                session::Kind::Provider => "provider",
                session::Kind::Storage => "storage",
                session::Kind::Cookie => "cookie",
                session::Kind::Token => "token",
                session::Kind::Fake => "fake",
                session::Kind::TokenRead => "token-read",
            },
            call: session.call.clone(),
            disposition,
            reason: (disposition == Disposition::Declined).then(|| reason(plan, session.span)).flatten(),
        }
    };
    survey.sessions.iter().map(row).collect()
}

/// The guards.
pub(super) fn guards(survey: &Survey<'_>, plan: &Plan) -> Vec<GuardRow> {
    let row = |guard: &Guard| {
        let (path, line, _) = path(survey, guard.span);
        let server = guard.enforced == guard::Enforced::Server;
        let rest = if server { Disposition::Left } else { Disposition::Declined };
        GuardRow {
            path,
            line,
            name: guard.name.clone(),
            routes: guard.routes.clone(),
            kind: match (guard.enforced, guard.kind) {
                (guard::Enforced::Nowhere, _) => "none",
                (_, guard::Kind::Component) => "component",
                (_, guard::Kind::Effect) => "effect",
                (_, guard::Kind::BeforeLoad) => "before-load",
                (_, guard::Kind::Layout) => "layout",
                (_, guard::Kind::Middleware) => "middleware",
            },
            enforced: if server { "server" } else { "browser" },
            disposition: settled(plan, guard.span).map_or(rest, |settled| settled.disposition),
        }
    };
    survey.guards.iter().map(row).collect()
}

/// The pages.
pub(super) fn routes(survey: &Survey<'_>) -> Vec<RouteRow> {
    let row = |route: &Route| RouteRow {
        path: place(survey, route.span),
        url: route.url.clone(),
        guarded: route.guards.iter().any(|at| survey.guards[*at].enforced != guard::Enforced::Nowhere),
    };
    survey.routes.iter().map(row).collect()
}

/// The handlers.
pub(super) fn handlers(survey: &Survey<'_>, plan: &Plan) -> Vec<HandlerRow> {
    let row = |handler: &Handler| {
        let (path, line, _) = path(survey, handler.span);
        HandlerRow {
            path,
            line,
            method: handler.method.clone(),
            kind: match handler.kind {
                handler::Kind::RouteHandler => "route-handler",
                handler::Kind::ServerAction => "server-action",
                handler::Kind::ServerFunction => "server-function",
                handler::Kind::EdgeFunction => "edge-function",
                handler::Kind::Express => "express",
            },
            auth: match handler.auth {
                handler::Auth::Enforced => "enforced",
                handler::Auth::Optional => "optional",
                handler::Auth::None => "none",
                handler::Auth::Secret => "secret",
                handler::Auth::PublicByDesign => "public-by-design",
            },
            disposition: settled(plan, handler.span).map_or(Disposition::Left, |settled| settled.disposition),
        }
    };
    survey.handlers.iter().map(row).collect()
}

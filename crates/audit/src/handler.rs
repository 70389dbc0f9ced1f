//! Handlers: whatever answers a request - route handlers, server actions, server functions, edge functions, Express routes.

use edit::Span;
use project::Project;
use stack::Stack;

/// One handler.
#[derive(Clone, Debug)]
pub struct Handler {
    /// The function, or the call that registers it.
    pub span: Span,
    /// Its name: `POST`, `deleteTask`, the folder of an edge function.
    pub name: String,
    /// `GET`, `POST`, `*`; `POST` for actions and functions unless they say otherwise.
    pub method: String,
    /// The URL it answers, where it has one.
    pub url: Option<String>,
    /// What it is.
    pub kind: Kind,
    /// Who may call it.
    pub auth: Auth,
    /// Where it checks, for `Auth::Enforced`, `Optional` and `Secret`.
    pub check: Option<Span>,
    /// Whether its input goes through a schema.
    pub validated: bool,
    /// Whether it asks past every policy.
    pub admin: bool,
    /// Whether it writes: rows, files, money, mail.
    pub writes: bool,
}

/// What a handler is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the contract")]
pub enum Kind {
    RouteHandler,
    ServerAction,
    ServerFunction,
    EdgeFunction,
    Express,
}

/// Who may call a handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// Refuses without a session.
    Enforced,
    /// Reads the session and goes on without one.
    Optional,
    /// Anyone.
    None,
    /// Whoever has a shared secret or signs the request.
    Secret,
    /// Anyone, rightly: sign-in, callback, catalogue.
    PublicByDesign,
}

/// Every handler of the tree, by path and place.
pub(crate) fn read(_project: &Project, _stack: &Stack) -> Vec<Handler> {
    Vec::new()
}

//! Guards: what keeps visitors without a session, or without a role, from a page.

use edit::Span;
use project::Project;
use stack::Stack;

/// One guard.
#[derive(Clone, Debug)]
pub struct Guard {
    /// The component, effect, `beforeLoad`, layout or middleware.
    pub span: Span,
    /// Its name; the file's stem where it has none.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Where it decides.
    pub enforced: Enforced,
    /// What it asks.
    pub requires: Requires,
    /// Where it sends whom it refuses.
    pub redirect: Option<String>,
    /// URLs of the routes that it guards.
    pub routes: Vec<String>,
    /// Where it is mounted; empty for one that is defined and never used.
    pub mounted: Vec<Span>,
}

/// What a guard is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the contract")]
pub enum Kind {
    Component,
    Effect,
    BeforeLoad,
    Layout,
    Middleware,
}

/// Where a guard decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enforced {
    /// In the browser: whoever asks the backend directly is not stopped.
    Browser,
    /// On the server.
    Server,
    /// Nowhere: it lets everyone through.
    Nowhere,
}

/// What a guard asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requires {
    /// A session.
    Session,
    /// A session with a role, an admin flag, a plan: the test as written.
    Role(String),
    /// Cannot be told.
    Unknown,
}

/// Every guard of the tree, by path and place.
pub(crate) fn read(_project: &Project, _stack: &Stack, _routes: &[crate::route::Route]) -> Vec<Guard> {
    Vec::new()
}

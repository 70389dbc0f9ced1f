//! Sessions: every auth call by method and place, where tokens live, sign-ins made by hand.

use edit::Span;
use project::Project;
use stack::{Side, Stack};

/// One thing that makes, keeps, reads or ends a session.
#[derive(Clone, Debug)]
pub struct Session {
    /// Where: the whole call, or the place of storage.
    pub span: Span,
    /// What it is.
    pub kind: Kind,
    /// `supabase.auth.signInWithPassword`, `localStorage.setItem("token")`, `jwt.sign`: as written, arguments left out.
    pub call: String,
    /// The method alone: `signInWithPassword`, `setItem`.
    pub method: String,
    /// Its client, for calls of a backend: index into `Survey::clients`.
    pub client: Option<usize>,
    /// Where it runs.
    pub side: Side,
}

/// What a session's part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A call of a backend's auth.
    Auth,
    /// The subscription to its changes.
    Subscription,
    /// A component that gives the session to those below it.
    Provider,
    /// A token or a flag in web storage, or in a cookie that scripts can read.
    Storage,
    /// A cookie that the server sets.
    Cookie,
    /// A token signed or checked by the app's own code.
    Token,
    /// A password compared in code, or a login that is none.
    Fake,
    /// An access token read in the browser.
    TokenRead,
}

/// Every session part of the tree, by path and place.
pub(crate) fn read(_project: &Project, _stack: &Stack, _clients: &[crate::query::Client]) -> Vec<Session> {
    Vec::new()
}

//! Database calls, on every side, and the clients that they are made with.
//!
//! [`Client`]s are found by the call that makes them and followed through bindings, imports and re-exports to their uses; a
//! [`Query`] is one call that reaches the database, storage, a realtime channel or an edge function. Whether it moves is not
//! decided here.

use edit::Span;
use project::Project;
use stack::{Side, Stack};

/// A database client that the tree makes.
#[derive(Clone, Debug)]
pub struct Client {
    /// `supabase`, `firebase`, `postgres`, …: [`stack::backend`].
    pub backend: &'static str,
    /// The call that makes it: `createClient(url, key)`.
    pub span: Span,
    /// The identifier that holds it: a constant, a class field, or the function that returns a new one at each call.
    pub binding: Option<Span>,
    /// Whether `binding` is a function that makes a client at each call.
    pub factory: bool,
    /// Names under which its module exports it.
    pub exported: Vec<String>,
    /// With whose rights it asks.
    pub power: Power,
    /// Where it is made.
    pub side: Side,
    /// Uses of it that are neither a query nor an auth call: passed on, returned, stored. Each keeps the client where it is.
    pub escapes: Vec<Span>,
}

/// With whose rights a client asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Power {
    /// A visitor's: the publishable key, and a session that the browser holds.
    Visitor,
    /// A visitor's, from the session cookie of the request.
    Session,
    /// Past every policy: a service-role or secret key.
    Admin,
    /// The database's own user: a connection string.
    Owner,
    /// Whichever key is set, or a key that the source does not tell.
    Unknown,
}

/// One call that reaches a backend.
#[derive(Clone, Debug)]
pub struct Query {
    /// `supabase`, `firebase`, `postgres`, …
    pub backend: &'static str,
    /// Its client: index into `Survey::clients`; `None` if it cannot be told.
    pub client: Option<usize>,
    /// The whole chain or call: what a rewrite replaces. `await`, casts of the result, and `.then` stay outside.
    pub span: Span,
    /// The expression of the client at its start.
    pub root: Span,
    /// What it asks.
    pub kind: Kind,
    /// The table, function, bucket, channel or collection.
    pub table: Target,
    /// `.schema("x")`, if not the default.
    pub schema: Option<String>,
    /// `select`, `insert`, `update`, `upsert`, `delete`, `rpc`, `invoke`, `upload`, `subscribe`, …
    pub operation: String,
    /// Where it runs.
    pub side: Side,
    /// How its result is taken.
    pub shape: Shape,
    /// The methods of the chain in source order, behind the client.
    pub steps: Vec<Step>,
    /// Names from outside the chain that its arguments use, each once, in source order.
    pub captures: Vec<Capture>,
    /// Whether a filter or a column names the signed-in user, and from where.
    pub identity: Identity,
    /// What is read of the result.
    pub result: ResultUse,
    /// Arguments that are filter text built from values: `.or(`name.eq.${x}`)`.
    pub built_filters: Vec<Span>,
    /// The function around it, for its name: `loadTasks`.
    pub within: Option<String>,
}

/// What a call asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the field")]
pub enum Kind {
    Table,
    Rpc,
    Storage,
    Channel,
    EdgeFunction,
    Sql,
    Document,
    KeyValue,
    Rest,
}

/// The table of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// One name, through constants.
    Named(String),
    /// One of a closed set: a ternary, a switch, a union type.
    OneOf(Vec<String>),
    /// Computed.
    Dynamic,
}

/// How the result of a query is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `await query`
    Await,
    /// An element of `Promise.all` and its like.
    PromiseAll,
    /// Kept in a variable and finished later.
    Builder,
    /// `query.then(…)`
    Then,
    /// `return query`, or the body of an arrow.
    Return,
    /// An arm of a conditional.
    Ternary,
    /// Made in a loop or in `map`.
    Map,
    /// Never awaited: it is never sent.
    NeverSent,
    /// Anything else.
    Other,
}

/// One method of a chain.
#[derive(Clone, Debug)]
pub struct Step {
    /// `from`, `select`, `eq`, …
    pub name: String,
    /// From the dot to the closing parenthesis.
    pub span: Span,
    /// Its arguments.
    pub arguments: Vec<Span>,
}

/// A name that a chain takes from around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capture {
    /// The name.
    pub name: String,
    /// Its first use in the chain.
    pub span: Span,
}

/// Where the identity in a query comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// None in it.
    None,
    /// Expressions that are the session's user's id, proved by binding.
    Session(Vec<Span>),
    /// An argument or a state that may be anybody's.
    Argument,
}

/// What is read of a result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResultUse {
    /// Nobody looks at it.
    pub ignored: bool,
    /// Fields that are read, by destructuring or by member: `data`, `error`, `count`, …; sorted.
    pub fields: Vec<String>,
    /// It goes on as a whole (returned, passed on), so any field may be read.
    pub whole: bool,
}

impl Query {
    /// The table, if it is one.
    pub fn named(&self) -> Option<&str> {
        match &self.table {
            Target::Named(name) => Some(name),
            _ => None,
        }
    }
}

/// Every client and every query of the tree, both by path and place.
pub(crate) fn read(_project: &Project, _stack: &Stack) -> (Vec<Client>, Vec<Query>) {
    (Vec::new(), Vec::new())
}

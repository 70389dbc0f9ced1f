//! Database calls, on every side, and the clients that they are made with.
//!
//! [`Client`]s are found by the call that makes them and followed through bindings, imports and re-exports to their uses; a
//! [`Query`] is one call that reaches the database, storage, a realtime channel or an edge function. Whether it moves is not
//! decided here.

mod answered;
mod builder;
mod callers;
mod chain;
mod client;
mod firestore;
mod handed;
mod identity;
pub(crate) mod maker;
mod orm;
mod rest;
mod row;
mod shape;
mod sql;
mod store;
mod table;
mod wanted;

use crate::trace::{Place, Tracer};
use client::Escape;
use edit::Span;
use project::Project;
use rayon::prelude::*;
use stack::{Side, Stack};
use syntax::Node;
use syntax::scope::Scopes;
use syntax::{Tree, view};
use wanted::Wanted;

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
    /// For a query that is kept in a variable: its life.
    pub builder: Option<Builder>,
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

/// The life of a query that is kept in a variable and sent later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Builder {
    /// The identifier that holds it, where it is declared.
    pub binding: Span,
    /// The statements that make, change or send it, in source order, each as it stands in the block that declares it: the whole
    /// `if` around `q = q.eq(…)`.
    pub statements: Vec<Span>,
    /// The expressions that send it, `await` left out: `q.limit(50)`.
    pub sent: Vec<Span>,
    /// Whether it goes elsewhere: returned, passed on, or used in another function than the one that makes it.
    pub leaves: bool,
}

/// Every client and every query of the tree, both by path and place.
pub(crate) fn read(project: &Project, stack: &Stack) -> (Vec<Client>, Vec<Query>) {
    let code = |file: &&project::File| matches!(file.kind, project::Kind::Code(_)) && file.skipped.is_none();
    let files: Vec<&project::File> = project.files.iter().filter(code).collect();
    let of_tree = wanted::of_tree(&files);
    if of_tree == Wanted::default() {
        return (Vec::new(), Vec::new());
    }
    let looked_at: Vec<(&project::File, Wanted)> =
        files.par_iter().map(|file| (*file, wanted::of_file(file, of_tree))).collect();
    let making = looked_at.par_iter().filter(|(_, wanted)| wanted.has(Wanted::CLIENT));
    let mut clients: Vec<Client> =
        making.map(|(file, _)| client::made(&Tracer::new(project), stack, file)).flatten().collect();
    clients.sort_by_key(|client| client.span);
    let near = client::near(project, &clients);
    let read: Vec<(Vec<Query>, Vec<Escape>)> = looked_at
        .par_iter()
        .filter_map(|(file, wanted)| {
            let holds = near.binary_search(&file.id).is_ok();
            if *wanted == Wanted::default() && !holds {
                return None;
            }
            let (tree, scopes) = file.syntax()?;
            let tracer = Tracer::new(project);
            let has_supabase = of_tree.has(Wanted::CHAIN);
            let reader =
                Reader { tracer: &tracer, stack, file, tree, scopes, clients: &clients, has_supabase };
            Some((reader.queries(*wanted), if holds { client::escapes(&reader) } else { Vec::new() }))
        })
        .collect();
    let mut queries = Vec::new();
    for (own, escapes) in read {
        queries.extend(own);
        for Escape { made, at } in escapes {
            if let Ok(client) = clients.binary_search_by_key(&made, |client| client.span) {
                clients[client].escapes.push(at);
            }
        }
    }
    queries.sort_by_key(|query| query.span);
    // What only a server makes is asked there, wherever the module around it may be imported.
    let tracer = Tracer::new(project);
    for query in queries.iter_mut().filter(|query| query.side == Side::Both) {
        let asked_there = match query.client {
            Some(client) => clients[client].side == Side::Server,
            None => callers::are_server(&tracer, stack, query),
        };
        if asked_there {
            query.side = Side::Server;
        }
    }
    (clients, queries)
}

/// Reads the queries of one file.
struct Reader<'r, 'p> {
    tracer: &'r Tracer<'p>,
    stack: &'r Stack,
    file: &'p project::File,
    tree: &'p Tree,
    scopes: &'p Scopes,
    clients: &'r [Client],
    has_supabase: bool,
}

/// Reads the query that a call is, if it is one of a backend.
type Read<'r, 'p> = fn(&Reader<'r, 'p>, Node<'p>) -> Option<Query>;

impl<'r, 'p> Reader<'r, 'p> {
    fn queries(&self, wanted: Wanted) -> Vec<Query> {
        let mut queries = Vec::new();
        let readers: [(Wanted, Read<'r, 'p>); 6] = [
            (Wanted::CHAIN, |reader, node| chain::read(reader, node)),
            (Wanted::FIREBASE, |reader, node| firestore::read(reader, node)),
            (Wanted::SQL, |reader, node| sql::read(reader, node)),
            (Wanted::MAPPER, |reader, node| orm::read(reader, node)),
            (Wanted::STORE, |reader, node| store::read(reader, node)),
            (Wanted::REST, |reader, node| rest::read(reader, node)),
        ];
        let readers: Vec<_> = readers.into_iter().filter(|(of, _)| wanted.has(*of)).collect();
        if readers.is_empty() {
            return queries;
        }
        view::walk(self.tree.root(), &mut |node| {
            if node.kind() == "call_expression" {
                queries.extend(readers.iter().find_map(|(_, read)| read(self, node)));
            }
            true
        });
        queries
    }

    /// The node in this file.
    fn at(&self, node: Node<'p>) -> Place<'p> {
        Place { file: self.file.id, node }
    }

    /// The client that a call makes.
    fn client(&self, made: Option<Span>) -> Option<usize> {
        self.clients.binary_search_by_key(&made?, |client| client.span).ok()
    }
}

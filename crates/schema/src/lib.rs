//! SQL: the migrations of an export, replayed in order into one final state: tables, columns, policies, grants, functions.
//!
//! Pure: texts in, [`Schema`] out. Whatever is not understood is listed in [`Schema::troubles`], and never fatal. The generated
//! `types.ts` of Supabase is a second view of the same database ([`types`]).

pub mod grade;
pub mod holdings;
mod lexicon;
mod meant;
mod own_rights;
pub mod predicate;
mod replay;
mod shown;
mod sql;
mod state;
pub mod types;

pub use replay::order::{has_version, is_history};
pub use sql::quotes::is_plain;
pub use state::{Constraint, Reads};

use edit::{FileId, Span};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

/// The first words of a migration that this program writes.
pub const OURS: &str = "-- Written by migrate.";

/// A text that may hold SQL or types.
#[derive(Clone, Copy, Debug)]
pub struct Source<'t> {
    /// The file.
    pub file: FileId,
    /// Its path in the project.
    pub path: &'t str,
    /// Its text.
    pub text: &'t str,
}

/// A name with its schema; `public` where none is written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// The schema.
    pub schema: String,
    /// The name, quotes taken off, folded as PostgreSQL folds it.
    pub name: String,
}

/// The final state.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    /// Tables by name.
    pub tables: BTreeMap<Name, Table>,
    /// Enums by name: their values.
    pub enums: BTreeMap<Name, Vec<String>>,
    /// Views by name.
    pub views: BTreeMap<Name, View>,
    /// Functions, overloads apart.
    pub functions: Vec<Function>,
    /// Triggers.
    pub triggers: Vec<Trigger>,
    /// Storage buckets.
    pub buckets: Vec<Bucket>,
    /// Tables that realtime publishes.
    pub published: Vec<Name>,
    /// Extensions that are made.
    pub extensions: Vec<String>,
    /// The generated types, where the export has them.
    pub types: Option<types::Types>,
    /// What could not be read, or cannot run as it stands.
    pub troubles: Vec<Trouble>,
    /// Files that were replayed, in the order in which they would run.
    pub replayed: Vec<FileId>,
    /// What the replayed files make, whether or not it is there at the end.
    pub written: Written,
    /// What each table holds, once somebody has asked.
    held: OnceLock<BTreeMap<Name, holdings::Holdings>>,
    /// Expressions of policies that were read.
    read: predicate::Read,
}

/// A table.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Where it is created; `None` for those of the platform (`auth.users`, `storage.objects`).
    pub defined: Option<Span>,
    /// Columns in order.
    pub columns: Vec<Column>,
    /// Columns of the primary key.
    pub primary_key: Vec<String>,
    /// Unique keys.
    pub unique: Vec<Vec<String>>,
    /// Foreign keys.
    pub foreign_keys: Vec<ForeignKey>,
    /// Indexes, by their columns in order; expression indexes are left out.
    pub indexes: Vec<Index>,
    /// CHECK constraints as written.
    pub checks: Vec<String>,
    /// All constraints by name; the four lists above are read from them.
    pub constraints: BTreeMap<String, Constraint>,
    /// Their names, in the order in which they were added.
    pub constraint_order: Vec<String>,
    /// Whether row level security is on.
    pub row_security: bool,
    /// The statement that last turned it off.
    pub row_security_off: Option<Span>,
    /// Policies that are live at the end.
    pub policies: Vec<Policy>,
    /// Grants beyond the platform's defaults, in order.
    pub grants: Vec<Grant>,
    /// The table of which it is a partition.
    pub part_of: Option<Name>,
}

/// A column.
#[derive(Clone, Debug, Default)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, lower case, as PostgreSQL calls it: `uuid`, `text`, `integer`, `timestamp with time zone`, `text[]`.
    pub kind: String,
    /// NOT NULL, or part of the primary key.
    pub required: bool,
    /// The default, as written.
    pub default: Option<String>,
    /// GENERATED, or an identity.
    pub generated: bool,
    /// Where.
    pub span: Option<Span>,
}

/// A foreign key.
#[derive(Clone, Debug)]
pub struct ForeignKey {
    /// Own columns.
    pub columns: Vec<String>,
    /// The other table.
    pub table: Name,
    /// Its columns; empty for its primary key.
    pub referenced: Vec<String>,
    /// `cascade`, `set null`, …, where it is written.
    pub on_delete: Option<String>,
}

/// An index.
#[derive(Clone, Debug)]
pub struct Index {
    /// Its name.
    pub name: String,
    /// Its columns in order, up to the first expression.
    pub columns: Vec<String>,
    /// Whether it is unique.
    pub unique: bool,
    /// Whether it holds every row, by columns alone.
    pub whole: bool,
    /// All its parts in order, `expression` for what is no column.
    pub parts: Vec<String>,
    /// What is written behind each part: its operator class, its order. Empty where that is the default.
    pub orders: Vec<String>,
    /// The access method: `btree`, `gin`, …
    pub method: String,
    /// Every column that it reads, its condition included.
    pub mentions: Vec<String>,
}

/// A row level security policy.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// Where.
    pub span: Option<Span>,
    /// `all`, `select`, `insert`, `update`, `delete`.
    pub command: String,
    /// Roles; `public` where none is written.
    pub roles: Vec<String>,
    /// PERMISSIVE, the default.
    pub permissive: bool,
    /// USING, as written.
    pub using: Option<String>,
    /// WITH CHECK, as written.
    pub check: Option<String>,
    /// What the two read.
    pub reads: Reads,
}

/// A grant or its revocation.
#[derive(Clone, Debug)]
pub struct Grant {
    /// REVOKE.
    pub revoked: bool,
    /// `select`, `insert`, …, `all`.
    pub privileges: Vec<String>,
    /// Columns, where it is for some only.
    pub columns: Vec<String>,
    /// To or from whom.
    pub roles: Vec<String>,
}

/// A view.
#[derive(Clone, Debug)]
pub struct View {
    /// Where.
    pub span: Option<Span>,
    /// `security_invoker = on`.
    pub security_invoker: bool,
    /// The query, as written.
    pub query: String,
    /// What it reads.
    pub reads: Reads,
    /// Grants and revocations in order.
    pub grants: Vec<Grant>,
}

/// A function.
#[derive(Clone, Debug)]
pub struct Function {
    /// Its name.
    pub name: Name,
    /// Names and types of its arguments.
    pub arguments: Vec<(String, String)>,
    /// What it returns, as written.
    pub returns: String,
    /// Where.
    pub span: Option<Span>,
    /// SECURITY DEFINER.
    pub definer: bool,
    /// `search_path`, if it is set.
    pub search_path: Option<String>,
    /// The language.
    pub language: String,
    /// The body, as written.
    pub body: String,
    /// A procedure, which is called and returns nothing.
    pub procedure: bool,
    /// Roles from which EXECUTE is revoked.
    pub revoked_from: Vec<String>,
    /// Roles to which EXECUTE is granted by name.
    pub granted_to: Vec<String>,
}

/// A trigger.
#[derive(Clone, Debug)]
pub struct Trigger {
    /// Its name.
    pub name: String,
    /// Its table.
    pub table: Name,
    /// Its function.
    pub function: Name,
    /// BEFORE.
    pub before: bool,
    /// `insert or update of a`, in lower case.
    pub events: String,
    /// Where.
    pub span: Option<Span>,
}

/// A storage bucket.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// Its id.
    pub id: String,
    /// Whether its files are readable by everyone.
    pub public: bool,
    /// Where.
    pub span: Option<Span>,
}

/// What is wrong with the SQL itself.
#[derive(Clone, Debug)]
pub struct Trouble {
    /// Where.
    pub span: Span,
    /// `not-understood`, `duplicate`, `wrong-order`, `no-such-object`, `wrong-value`, `not-sql`.
    pub kind: &'static str,
    /// One sentence.
    pub message: String,
}

/// What the text of the replayed files makes, statements that fail and what is dropped again included.
#[derive(Clone, Debug, Default)]
pub struct Written {
    /// The files that make it, by the name of a table, a type, a view or a function.
    pub makers: BTreeMap<Name, BTreeSet<FileId>>,
    /// The bodies of a function, with the files that hold them.
    pub bodies: BTreeMap<Name, Vec<(FileId, String)>>,
    /// The texts of a policy by its table and its name, with the files that hold them.
    pub policies: BTreeMap<(Name, String), Vec<(FileId, String)>>,
    /// Files with a statement that fails: a tool that runs them takes all of it back.
    pub failing: BTreeSet<FileId>,
    /// Policies, by table and name, that such a file drops, and that are kept for it is taken back.
    pub kept: BTreeSet<(Name, String)>,
}

impl Trouble {
    /// Whether PostgreSQL would refuse the statement; otherwise it is only not understood.
    pub fn fails(&self) -> bool {
        ["fails", "cannot be", "cannot read"].iter().any(|word| self.message.contains(word))
    }
}

impl Schema {
    /// Replays every SQL text in the order in which it would run, and reads the generated types.
    pub fn of(sources: &[Source<'_>]) -> Self {
        let code = sources.iter().filter(|source| !source.path.ends_with(".sql"));
        Self::with(sources, code.filter_map(types::Types::of))
    }

    /// [`Schema::of`] for types that were read before.
    pub fn with(sources: &[Source<'_>], types: impl Iterator<Item = types::Types>) -> Self {
        // Several files may declare one: the generated file is the fullest.
        let mut schema = Self { types: types.max_by_key(|types| types.tables.len()), ..Self::default() };
        replay::run(&mut schema, sources);
        schema
    }

    /// A table of `public`.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.get(&Name { schema: "public".to_owned(), name: name.to_owned() })
    }
}

/// `name` with `suffix` behind it, cut to the length that PostgreSQL keeps: two suffixes stay two names.
pub fn suffixed(name: &str, suffix: &str) -> String {
    let kept = name.floor_char_boundary(sql::node::LONGEST.saturating_sub(suffix.len()));
    format!("{}{suffix}", &name[..kept])
}

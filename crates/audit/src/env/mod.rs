//! The environment: every read on every side against every definition.

mod around;
mod define;
mod implicit;
mod name;
mod read;

pub use around::may_be_missing;
pub use name::{given, published, screaming, screams, secret_by_name, without_public_prefix, words};

pub(crate) use define::{compose, configures, example as is_example, of_file as definitions_of};
pub(crate) use read::{Reads, of_file as reads_of};

use crate::secret::Secret;
use edit::Span;
use project::Project;
use stack::{Side, Stack};
use std::collections::BTreeMap;

/// How a read is spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accessor {
    /// `import.meta.env.NAME`
    ImportMeta,
    /// `process.env.NAME`, `process.env["NAME"]`, `const { NAME } = process.env`
    Process,
    /// `Deno.env.get("NAME")`
    Deno,
    /// `env.NAME` of a Workers handler, `c.env.NAME`
    Binding,
}

/// What stands behind a read when the variable is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fallback {
    /// Nothing.
    None,
    /// `!`
    NonNull,
    /// `|| ""`
    Empty,
    /// A placeholder such as `your-key-here`.
    Placeholder,
    /// A local address.
    Localhost,
    /// Another literal; whether it looks like a secret.
    Literal {
        /// By the rules of [`crate::secret`].
        secret: bool,
    },
    /// Another environment variable.
    OtherEnv(String),
    /// Anything else.
    Expression,
}

/// One read.
#[derive(Clone, Debug)]
pub struct EnvRead {
    /// The accessor expression (`process.env.NAME`), without what hangs on it. In a destructuring pattern, the element.
    pub span: Span,
    /// With `!`, `|| …`, `?? …` around it: what a rewrite replaces.
    pub whole: Span,
    /// The name's own bytes, quotes excluded: what a rename replaces.
    pub name: Span,
    /// How.
    pub accessor: Accessor,
    /// The file's side.
    pub side: Side,
    /// What stands behind it.
    pub fallback: Fallback,
    /// Whether an expression of ours may take the place of `span`: not in a destructuring pattern, HTML, or a language that is not ours.
    pub replaceable: bool,
}

/// In what a name is given a value, or is declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DefinedIn {
    /// `.env` and its like.
    EnvFile,
    /// `netlify.toml`, `vercel.json`, a workflow, a compose file, a Dockerfile, `app.json`.
    Config,
    /// `interface ImportMetaEnv`: a declaration without a value.
    Types,
}

/// Where a name is given a value, or is declared.
#[derive(Clone, Debug)]
pub struct Definition {
    /// The name there (in `.env`, `netlify.toml`, a workflow, `.env.example`, …).
    pub span: Span,
    /// Whether it is an example without meaning as a value.
    pub example: bool,
    /// In what.
    pub within: DefinedIn,
    /// The value, quotes excluded; empty where there is none.
    pub value: Span,
    /// The whole line, its line end included.
    pub line: Span,
}

/// One variable.
#[derive(Clone, Debug)]
pub struct EnvName {
    /// Its name.
    pub name: String,
    /// Secret by name or by value.
    pub secret: bool,
    /// Has a prefix that publishes it.
    pub public: bool,
    /// All reads, by path and place.
    pub reads: Vec<EnvRead>,
    /// All definitions.
    pub definitions: Vec<Definition>,
    /// Read by an SDK, never named in code: which package.
    pub implicit: Option<&'static str>,
}

/// All names, sorted: what was read and defined in each file, and what packages read by themselves.
pub(crate) fn gather(
    project: &Project,
    stack: &Stack,
    reads: Vec<(String, EnvRead)>,
    definitions: Vec<(String, Definition)>,
    secrets: &[Secret],
) -> Vec<EnvName> {
    let mut names: BTreeMap<String, EnvName> = BTreeMap::new();
    let entry = |names: &mut BTreeMap<String, EnvName>, name: String, put: &dyn Fn(&mut EnvName)| {
        let value = names.entry(name.clone()).or_insert_with(|| EnvName {
            secret: secret_by_name(&name),
            public: published(&name),
            name,
            reads: Vec::new(),
            definitions: Vec::new(),
            implicit: None,
        });
        put(value);
    };
    for (name, read) in reads {
        entry(&mut names, name, &|found| found.reads.push(read.clone()));
    }
    for (name, definition) in definitions {
        entry(&mut names, name, &|found| found.definitions.push(definition.clone()));
    }
    for (name, package) in implicit::names(project, stack) {
        entry(&mut names, name.to_owned(), &|found| {
            if found.reads.is_empty() {
                found.implicit = Some(package);
            }
        });
    }
    for name in names.values_mut() {
        name.reads.sort_by_key(|read| read.span);
        name.definitions.sort_by_key(|definition| definition.span);
        let holds =
            |at: Span| secrets.iter().any(|secret| !secret.public_by_design && at.covers(secret.span));
        let by_value = name.definitions.iter().any(|definition| holds(definition.value))
            || name.reads.iter().any(|read| matches!(read.fallback, Fallback::Literal { secret: true }));
        // A key that is public by its shape stays public whatever its name says.
        let proven_public = name.definitions.iter().any(|definition| {
            secrets.iter().any(|secret| secret.public_by_design && definition.value.covers(secret.span))
        });
        name.secret = by_value || name.secret && !proven_public;
    }
    names.into_values().collect()
}

//! The environment: every read on every side against every definition.

use edit::Span;
use stack::Side;

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
    /// The accessor expression (`process.env.NAME`), without what hangs on it.
    pub span: Span,
    /// With `!`, `|| …`, `?? …` around it: what a rewrite replaces.
    pub whole: Span,
    /// How.
    pub accessor: Accessor,
    /// The file's side.
    pub side: Side,
    /// What stands behind it.
    pub fallback: Fallback,
}

/// Where a name is given a value, or is declared.
#[derive(Clone, Debug)]
pub struct Definition {
    /// The name there (in `.env`, `netlify.toml`, a workflow, `.env.example`, …).
    pub span: Span,
    /// Whether it is an example without meaning as a value.
    pub example: bool,
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

/// Whether a name says that its value is secret: `SECRET`, `SERVICE_ROLE`, `PRIVATE_KEY`, `*_TOKEN`, provider names …; looks past
/// a public prefix; names that are public by design (`ANON_KEY`, `PUBLISHABLE`, `FIREBASE_API_KEY`) are not secret.
pub fn secret_by_name(_name: &str) -> bool {
    unimplemented!()
}

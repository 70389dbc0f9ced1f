//! Secrets: what looks like one, what is one, what is public by design.
//!
//! Two ways lead to a [`Secret`]. A value may have the *shape* of a known kind (`rules`, with the data in `data/secrets.toml`), then
//! what it says of itself and where it is used decide whether it is public by design. Or its *context* tells: a name such as
//! `apiKey` before a value that looks like chance, a signing secret behind `||`, a password compared in code (`context`, `password`).
//! Entropy alone never makes a secret.

mod context;
mod harmless;
mod judge;
mod naming;
pub(crate) mod password;
mod place;
mod rotation;
mod rules;
mod text;
mod verdict;

pub use judge::placeholder;
pub use rotation::Rotation;
pub use rules::{Kind, kind_of};

pub(crate) use naming::name_all;
pub(crate) use rotation::list as rotation;

use crate::Confidence;
use edit::Span;
use project::{File, Kind as FileKind};
use stack::{Side, Stack};
use std::ops::Range;

/// Where the value stands, syntactically: decides how it can be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A string literal used as a value in code.
    Literal,
    /// The right side of `env.X || "literal"` or `??`.
    Fallback,
    /// A default parameter (`key = "…"`, `key = env.X || "…"`).
    DefaultParameter,
    /// Part of a template or a string with more in it (a URL with `?key=`).
    InsideString,
    /// A literal type (`key: "sk-…"`).
    TypePosition,
    /// JSX text or attribute.
    Jsx,
    /// A comment.
    Comment,
    /// A value in an env file, tracked or not.
    EnvFile,
    /// A value in a config document (`netlify.toml`, `vercel.json`, YAML).
    Config,
    /// HTML, a service worker under `public/`, SQL, Markdown: text in which no env can be read.
    Text,
}

/// One value at one place. Never print [`Secret::value`].
#[derive(Clone)]
pub struct Secret {
    /// The value's bytes in the file, quotes excluded.
    pub span: Span,
    /// The string or template that holds it, quotes included; `None` outside of code.
    pub literal: Option<Span>,
    /// The rule that knows it: `openai-api-key`, `supabase-service-role-key`, `database-url`, `signing-secret`, `password-literal` …;
    /// [`kind_of`] describes it.
    pub kind: String,
    /// Known to be public: anon JWT, publishable key, Firebase web config, `pk_`.
    pub public_by_design: bool,
    /// `sk-p…#1a2b3c4d`: 4 visible characters at most, and 8 hex digits of the value's hash. A value that could be found by trying
    /// (a password, anything short) shows neither: `…`.
    pub masked: String,
    /// Where it stands.
    pub place: Place,
    /// Where its place runs.
    pub side: Side,
    /// The name it had: the variable, property, env name or parameter; for the target name.
    pub named: Option<String>,
    /// What holds it: the object, class or callee around it; tells `API_KEY` of one service from that of another.
    pub owner: Option<String>,
    /// The env name it should have on the server, without public prefix: `OPENAI_API_KEY`.
    pub env_name: String,
    /// How sure: proven by shape, or by name and entropy only.
    pub confidence: Confidence,
    /// What else is known and may be shown: `project abcdefgh, issued by supabase`.
    pub detail: Option<String>,
    /// Whether git has the file: an ignored env file is the right place for a secret.
    pub tracked: bool,
    /// Only holds the place of a real one, and is accepted all the same: a signing secret of `change-me`.
    pub placeholder: bool,
    /// The value itself.
    pub value: String,
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Secret({} {} {:?})", self.kind, self.masked, self.place)
    }
}

/// A value that was found, before its file is known.
struct Found {
    range: Range<usize>,
    literal: Option<Range<usize>>,
    kind: &'static str,
    public: bool,
    place: Place,
    named: Option<String>,
    owner: Option<String>,
    confidence: Confidence,
    detail: Option<String>,
}

/// All secrets and public keys of one file, in source order.
pub(crate) fn of_file(file: &File, stack: &Stack) -> Vec<Secret> {
    let mut found = match file.kind {
        _ if file.skipped.is_some() || unread(file) => return Vec::new(),
        FileKind::Binary | FileKind::Css => return Vec::new(),
        FileKind::Code(_) => context::of_code(file),
        FileKind::Env => text::of_env_file(file),
        _ => text::of_document(file),
    };
    found.sort_by_key(|found| found.range.start);
    // An account that was never made has no password.
    found.retain(|found| found.kind != "password-literal" || !stack::is_discarded(file));
    let secret = |found: Found| {
        let value = file.text.get(found.range.clone())?.to_owned();
        let shown = found.public || !matches!(found.kind, "password-literal" | "database-password");
        let span = file.span(found.range);
        Some(Secret {
            span,
            literal: found.literal.map(|literal| file.span(literal)),
            masked: if shown { masked(&value) } else { "…".to_owned() },
            kind: found.kind.to_owned(),
            public_by_design: found.public,
            place: found.place,
            side: stack.side_at(span),
            named: found.named,
            owner: found.owner,
            env_name: String::new(),
            confidence: found.confidence,
            detail: found.detail,
            tracked: file.tracked,
            placeholder: placeholder(&value),
            value,
        })
    };
    found.into_iter().filter_map(secret).collect()
}

/// `sk-p…#1a2b3c4d`, or `…` for a value so short that its hash would tell it.
fn masked(value: &str) -> String {
    if value.chars().count() < 16 {
        return "…".to_owned();
    }
    let head: String = value.chars().take(4).collect();
    let hash = blake3::hash(value.as_bytes()).to_hex();
    format!("{head}…#{}", &hash[..8])
}

/// Lockfiles and the like: full of hashes, free of secrets.
fn unread(file: &File) -> bool {
    const NAMES: &[&str] = &[
        "package-lock.json",
        "npm-shrinkwrap.json",
        "pnpm-lock.yaml",
        "yarn.lock",
        "bun.lock",
        "bun.lockb",
        "deno.lock",
        "composer.lock",
        "poetry.lock",
        "Pipfile.lock",
        "Cargo.lock",
        "go.sum",
        "tsconfig.tsbuildinfo",
        "components.json",
    ];
    let name = file.path.name();
    NAMES.contains(&name)
        || [".svg", ".map", ".min.js", ".tsbuildinfo", ".lock"].iter().any(|ending| name.ends_with(ending))
}

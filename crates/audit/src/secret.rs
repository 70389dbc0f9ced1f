//! Secrets: what looks like one, what is one, what is public by design.

use edit::Span;
use stack::Side;

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
    /// The rule that knows it: `openai-api-key`, `jwt-service-role`, `database-url`, `signing-secret`, `password-literal` …
    pub kind: String,
    /// Known to be public: anon JWT, publishable key, Firebase web config, `pk_`.
    pub public_by_design: bool,
    /// `sk-p…` : 4 visible characters at most, and `#` + 8 hex digits of the value's hash.
    pub masked: String,
    /// Where it stands.
    pub place: Place,
    /// The file's side.
    pub side: Side,
    /// The name it had: the variable, property, env name or parameter; for the target name.
    pub named: Option<String>,
    /// The env name it should have on the server, without public prefix: `OPENAI_API_KEY`.
    pub env_name: String,
    /// How sure: proven by shape, or by name and entropy only.
    pub confidence: crate::Confidence,
    /// The value itself.
    pub value: String,
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Secret({} {} {:?})", self.kind, self.masked, self.place)
    }
}

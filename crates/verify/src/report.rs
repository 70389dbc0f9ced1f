//! What was proven: one line for every probe, in the order in which they ran.

use serde::Serialize;

/// How a probe ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// As it has to be.
    Pass,
    /// Not as it has to be.
    Fail,
    /// It could not be asked; the details say why.
    NotRun,
}

/// One question, and its answer.
#[derive(Clone, Debug, Serialize)]
pub struct Probe {
    /// Its id: `build`, `anonymous-calls`.
    pub id: &'static str,
    /// What is proven, as a sentence without its full stop.
    pub title: &'static str,
    /// The answer.
    pub outcome: Outcome,
    /// What was seen: what failed and where, why it was not run, or how much was asked.
    pub details: Vec<String>,
}

/// All of them.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// What was run to prove it, and with what: versions, the backend, the baseline.
    pub conditions: Vec<String>,
    /// The probes.
    pub probes: Vec<Probe>,
}

impl Report {
    /// How many ended so.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.probes.iter().filter(|probe| probe.outcome == outcome).count()
    }

    /// The outcome of one probe.
    pub fn outcome(&self, id: &str) -> Option<Outcome> {
        self.probes.iter().find(|probe| probe.id == id).map(|probe| probe.outcome)
    }

    /// Failed if there are complaints, else passed with a word on what was asked.
    pub(crate) fn judge(&mut self, asked: &Asked, complaints: Vec<String>, seen: impl Into<String>) {
        let seen = seen.into();
        let (outcome, details) = if complaints.is_empty() {
            (Outcome::Pass, if seen.is_empty() { Vec::new() } else { vec![seen] })
        } else {
            (Outcome::Fail, complaints)
        };
        self.probes.push(Probe { id: asked.0, title: asked.1, outcome, details });
    }

    /// Not run, and why.
    pub(crate) fn skip(&mut self, asked: &Asked, why: impl Into<String>) {
        self.probes.push(Probe {
            id: asked.0,
            title: asked.1,
            outcome: Outcome::NotRun,
            details: vec![why.into()],
        });
    }
}

/// A probe's id and what it proves.
pub(crate) struct Asked(pub(crate) &'static str, pub(crate) &'static str);

/// Every probe, in the order of the report.
pub(crate) mod asked {
    use super::Asked;

    pub(crate) const INSTALL: Asked = Asked("install", "The dependencies install, without install scripts");
    pub(crate) const BUILD: Asked = Asked("build", "The production build passes");
    pub(crate) const BUILD_WITHOUT_SECRETS: Asked =
        Asked("build-without-secrets", "The build needs no variable that only the server reads");
    pub(crate) const TYPES: Asked = Asked("types", "No type error is new");
    pub(crate) const LINT: Asked = Asked("lint", "No lint error is new");
    pub(crate) const KEYS: Asked =
        Asked("browser-keys", "No file that the browser gets holds a key, a token or a secret");
    pub(crate) const NAMES: Asked =
        Asked("browser-names", "No file that the browser gets names a variable of the server");
    pub(crate) const SOURCE_MAPS: Asked = Asked("source-maps", "No source map is published");
    pub(crate) const MIGRATIONS: Asked =
        Asked("sql-migrations", "The SQL of the migration applies to an empty PostgreSQL");
    pub(crate) const POLICIES: Asked =
        Asked("row-security", "Row level security is on, and refuses visitors without a session");
    pub(crate) const POLICY_TESTS: Asked =
        Asked("policy-tests", "The tests of policies pass, for visitors, owners and other users");
    pub(crate) const BOOT: Asked = Asked("boot", "The production server starts");
    pub(crate) const ENVIRONMENT: Asked =
        Asked("environment", "A missing variable stops the start, and is named");
    pub(crate) const HEALTH: Asked = Asked("health", "The server says that it is well");
    pub(crate) const PAGES: Asked = Asked("pages", "The front page answers, and every file that it names");
    pub(crate) const DEEP_LINKS: Asked = Asked(
        "deep-links",
        "Every page of a fixed address can be opened directly, and a missing file is 404",
    );
    pub(crate) const HIDDEN_FILES: Asked = Asked("hidden-files", "No file of the project is served");
    pub(crate) const GUARDS: Asked =
        Asked("guards", "A protected page is refused by the server without a session");
    pub(crate) const SESSION: Asked =
        Asked("session", "A visitor signs up, stays signed in, and gets the protected pages");
    pub(crate) const COOKIES: Asked =
        Asked("cookies", "The session is in cookies that no script can read and no other site can send");
    pub(crate) const TOKENS: Asked = Asked("tokens", "No answer to the browser holds a token");
    pub(crate) const ANONYMOUS: Asked =
        Asked("anonymous-calls", "Every server function that needs a session refuses without one");
    pub(crate) const INPUT: Asked =
        Asked("bad-input", "Input that a server function does not know is refused");
    pub(crate) const ORIGIN: Asked = Asked("foreign-origin", "A call from another site is refused");
    pub(crate) const BODY: Asked = Asked("body-limit", "A body over the limit is refused");
    pub(crate) const HANDLERS: Asked =
        Asked("handlers", "Every handler that asks for a session refuses without one");
    pub(crate) const REDIRECTS: Asked = Asked("open-redirects", "The sign-in callback stays on this site");
    pub(crate) const RENEWAL: Asked =
        Asked("renewal", "Ten calls at once with an expired token lose no session");
    pub(crate) const RESTART: Asked = Asked("restart", "A restart of the server loses no session");
    pub(crate) const SIGN_OUT: Asked = Asked("sign-out", "Signing out ends the session");
    pub(crate) const RATE: Asked = Asked("rate-limit", "Attempts to sign in are limited");
    pub(crate) const HEADERS: Asked = Asked("headers", "The security headers are set");
}

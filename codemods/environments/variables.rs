//! Every variable that the app needs after this pass, as `.env.example` names them: those that are there, and those that the codemods
//! of secrets and environment add.

use crate::env_contract::EnvContract;
use crate::secrets_to_env::SecretsToEnv;
use crate::sessions_to_server::{self, SessionsToServer};
use audit::Survey;
use audit::env::{EnvName, EnvRead, given};
use edit::Span;
use plan::{Codemod, Request};
use stack::Side;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Who reads a variable, and so where it is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// The build puts it into the browser bundle.
    Public,
    /// The server reads it at run time.
    Server,
    /// Edge functions read it: they are deployed apart, with their own command.
    Edge,
}

/// One variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Who reads it.
    pub scope: Scope,
    /// Whether the app does without.
    pub optional: bool,
    /// Whether its value must not be seen.
    pub secret: bool,
    /// Whether visitors see it all the same: its name publishes a secret, and moving it is left to somebody.
    pub published: bool,
}

/// All of them, by scope and name.
pub fn variables(survey: &Survey<'_>) -> Arc<Vec<Variable>> {
    survey.memo.of(|| all(survey))
}

fn all(survey: &Survey<'_>) -> Vec<Variable> {
    let prefix = survey.stack.framework.public_prefix();
    let mut found: BTreeMap<String, Variable> = BTreeMap::new();
    let mut note = |name: &str, edge: bool, optional: bool| {
        if given(name) {
            return;
        }
        let public = prefix.is_some_and(|prefix| name.starts_with(prefix));
        let scope = match (public, edge) {
            (true, _) => Scope::Public,
            (_, true) => Scope::Edge,
            _ => Scope::Server,
        };
        let secret = !public && audit::env::secret_by_name(name);
        let published = public && survey.env_name(name).is_some_and(|known| known.public && known.secret);
        let variable = Variable { name: name.to_owned(), scope, optional, secret, published };
        found.entry(name.to_owned()).or_insert(variable);
    };
    let codemods: [&dyn Codemod; 3] = [&SessionsToServer, &SecretsToEnv, &EnvContract];
    // Reads that go with the browser's client.
    let gone = sessions_to_server::gone(survey);
    let renamed = crate::secrets_to_env::renamed(survey);
    for codemod in codemods {
        let findings = codemod.find(survey);
        // What another change takes with it needs no variable.
        let changes = codemod.fix(survey, &findings).into_iter().filter(|change| change.unless.is_none());
        for request in changes.flat_map(|change| change.requests) {
            if let Request::Env { path, section, name, comment, .. } = request
                && path.name() == ".env.example"
            {
                let optional = comment.is_some_and(|comment| comment.starts_with("Optional"));
                note(&name, section.contains("Edge functions"), optional);
            }
        }
    }
    for name in survey.env.iter().filter(|name| !renamed.contains(&name.name.as_str())) {
        let reads: Vec<Side> =
            reads_left(name, &gone).map(|read| read.side).filter(|side| *side != Side::None).collect();
        if !reads.is_empty() || name.implicit.is_some() {
            note(&name.name, !reads.is_empty() && reads.iter().all(|side| *side == Side::Edge), false);
        }
    }
    let mut found: Vec<Variable> = found.into_values().collect();
    // The platform gives them to every edge function.
    found.retain(|variable| variable.scope != Scope::Edge || !variable.name.starts_with("SUPABASE_"));
    found.sort_by(|one, other| (one.scope, &one.name).cmp(&(other.scope, &other.name)));
    found
}

/// The reads of a variable that stay.
fn reads_left<'s>(name: &'s EnvName, gone: &'s [Span]) -> impl Iterator<Item = &'s EnvRead> {
    name.reads.iter().filter(|read| !gone.iter().any(|span| span.covers(read.span)))
}

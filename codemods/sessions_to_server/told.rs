//! What is told of tokens and clients that a page goes on to have.

use super::asked;
use super::decide::Move;
use super::uses::What;
use audit::{Finding, Related, Rule, Severity, Survey};
use edit::Span;

pub(super) const TOKENS: Rule = Rule {
    id: "sessions-to-server/token-passes-page",
    title: "A sign-in outside of the app hands its tokens to the page",
    severity: Severity::Note,
    why: "They are sent to the server at once and kept there; for that moment a script of the page could read them.",
    aliases: &[],
};
pub(super) const LENT: Rule = Rule {
    id: "sessions-to-server/token-in-page",
    title: "A page uses the access token itself",
    severity: Severity::Warning,
    why: "Scripts of the page can read it while it is valid, at most an hour as a rule. What renews it stays in the HttpOnly cookie.",
    aliases: &["CWE-522"],
};
pub(super) const APART: Rule = Rule {
    id: "sessions-to-server/client-apart",
    title: "A page makes a client without a session beside its own",
    severity: Severity::Note,
    why: "It asks the database or the Auth server by itself, past the app's server: its limits and checks do not count there.",
    aliases: &[],
};

pub(super) const STORED: Rule = Rule {
    id: "sessions-to-server/session-looked-for",
    title: "A page looks for the session in web storage",
    severity: Severity::Warning,
    why: "It is in an HttpOnly cookie from now on, so this finds nothing and goes on as if nobody were signed in.",
    aliases: &[],
};

/// Places that look for the session where the library kept it.
pub(super) fn stored(change: &Move) -> Option<Finding> {
    let (first, more) = change.tokens.stored.missed.split_first()?;
    let message = "This reads the session from web storage, where it is no longer.".to_owned();
    let todo = "Ask `auth.getSession()` of the client, or let the code that falls back on this wait for it.";
    Some(finding(&STORED, *first, more, message, todo))
}

/// Sign-ins whose tokens pass through the page.
pub(super) fn handed(change: &Move) -> Vec<Finding> {
    let calls = change.uses.iter().filter(|one| one.what == What::Auth("setSession".to_owned()));
    let message = || "A sign-in outside of the app hands its tokens to this page.".to_owned();
    let todo = "Where you can, set up the provider in your own project and sign in with `signInWithOAuth`, which brings no token to the page.";
    calls.map(|one| finding(&TOKENS, one.span, &[], message(), todo)).collect()
}

/// Places for which pages go on to have the access token.
pub(super) fn lent(change: &Move) -> Option<Finding> {
    let (first, more) = change.tokens.lent.split_first()?;
    let what = match more.len() {
        0 => "This uses the access token, so pages".to_owned(),
        1 => "This and one more place use the access token, so pages".to_owned(),
        count => format!("This and {count} more places use the access token, so pages"),
    };
    let todo = "Let a server function make the request, or answer there what the page wants to know of the token. Once no page reads it, take `access_token` out of what the server answers.";
    Some(finding(&LENT, *first, more, format!("{what} go on to have it, in memory only."), todo))
}

/// Clients that stay beside the session.
pub(super) fn apart(survey: &Survey<'_>) -> Option<Finding> {
    let asked = asked::of(survey);
    let (first, more) = asked.apart.split_first()?;
    let what = match more.len() {
        0 => "This client keeps no session, so it stays".to_owned(),
        1 => "This client and one more keep no session, so they stay".to_owned(),
        count => format!("This client and {count} more keep no session, so they stay"),
    };
    let todo = "Where it makes an account for somebody else, write a server function that checks the caller's right and asks `auth.admin.createUser`, or `inviteUserByEmail`.";
    Some(finding(&APART, *first, more, format!("{what} in the page, with the public key."), todo))
}

fn finding(rule: &Rule, span: Span, more: &[Span], message: String, todo: &str) -> Finding {
    let related = more.iter().map(|span| Related { span: *span, message: "and this".into() }).collect();
    Finding { related, ..Finding::certain(rule, span, message, todo) }
}

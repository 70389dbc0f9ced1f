//! Calls of paid services that the browser makes with the app's key become endpoints of the server, which has the key.
//!
//! `text` follows the key through constants, `body` says what is sent, `calls` judges every call, `endpoint` joins those of one address,
//! and `fix` makes the one change. What is not certain stays, with a sentence on what to do.

mod body;
mod calls;
mod endpoint;
mod fix;
mod provider;
mod text;
mod visitors;

use crate::queries_to_server::Doors;
use audit::{Confidence, Finding, Related, Rule, Severity, Survey};
use calls::{Call, Calls, Stays};
use edit::Span;
use plan::{About, Change, Codemod};
use stack::Side;
use std::collections::BTreeMap;
use std::sync::Arc;
use visitors::Told;

/// The codemod.
pub struct ProviderCallsToServer;

const ID: &str = "provider-calls-to-server";

const MOVES: Rule = Rule {
    id: "provider-calls-to-server/key-in-call",
    title: "A paid service is called from the browser with the app's key",
    severity: Severity::Hole,
    why: "Every visitor can read the key in the developer tools, and use it from anywhere, for anything, at your cost.",
    aliases: &["CWE-522", "CWE-798"],
};
const STAYS: Rule = Rule {
    id: "provider-calls-to-server/call-stays",
    title: "A call with the app's key cannot be moved by itself",
    severity: Severity::Hole,
    why: "The key that it sends is in the bundle, where every visitor can read it.",
    aliases: &["CWE-522"],
};
const SDK: Rule = Rule {
    id: "provider-calls-to-server/sdk-in-browser",
    title: "The SDK of a paid service runs in the browser",
    severity: Severity::Hole,
    why: "It was told to, against its own warning: the key that it is given is read by whoever opens the page.",
    aliases: &["CWE-522"],
};

const VISITORS: Rule = Rule {
    id: "provider-calls-to-server/visitors-key",
    title: "A call sends a key that the visitor's browser keeps",
    severity: Severity::Note,
    why: "Visitors trust the page with a key of their own: every script of the page can read it out of the storage.",
    aliases: &["CWE-922"],
};

impl Codemod for ProviderCallsToServer {
    fn about(&self) -> About {
        About {
            id: ID,
            title: "Calls of paid services from the server",
            rules: &[MOVES, STAYS, SDK, VISITORS],
            readme: include_str!("README.md"),
            frameworks: &["vite"], // templates/
        }
    }

    fn find(&self, survey: &Survey<'_>) -> Vec<Finding> {
        let calls = judged(survey);
        let lands = crate::sessions_to_server::providers(survey).is_some();
        let mut found: Vec<Finding> = calls.moving.iter().map(|call| moves(call, lands)).collect();
        // One thing to do for all calls of one address that stay for one reason.
        let mut groups: BTreeMap<(&str, &str), Vec<&Stays>> = BTreeMap::new();
        for one in &calls.stays {
            groups.entry((&one.host, &one.why)).or_default().push(one);
        }
        found.extend(groups.into_values().map(|group| stays(survey, &group)));
        found.extend(visitors::told(survey).into_iter().map(|(span, told)| said(span, told)));
        found
    }

    fn fix(&self, survey: &Survey<'_>, findings: &[Finding]) -> Vec<Change> {
        // Whoever does not want the finding resolved has suppressed it.
        if !findings.iter().any(|finding| finding.rule == MOVES.id) {
            return Vec::new();
        }
        fix::fix(survey, &judged(survey), findings).into_iter().collect()
    }
}

/// All calls, judged once for all who ask. Whom visitors without an account can reach stays.
fn judged(survey: &Survey<'_>) -> Arc<Calls> {
    survey.memo.of(|| {
        let mut calls = calls::judged(survey);
        let doors = Doors::of(survey);
        // A module that asks for the visitor is made for people who are signed in.
        let knows = |call: &Call| {
            let text = &survey.project.get(call.span.file).text;
            ["user.id", "user?.id", "user!.id", "auth.getUser(", "auth.getSession("].iter().any(|word| text.contains(word))
        };
        let open = |call: &Call| doors.open(call.span.file) && !knows(call);
        if calls.moving.iter().any(open) {
            // A key that one call keeps in the browser is lost for the others.
            let why = "Visitors without an account reach the page that makes it: an endpoint for it would let anybody spend your money. Put the page behind a sign-in, or decide who may call it, then run again.";
            let stays = calls.moving.drain(..).map(|call| Stays {
                span: call.span,
                host: calls::of_host(call.plain_address()),
                why: why.to_owned(),
            });
            calls.stays.extend(stays);
            calls.removed.clear();
        }
        calls
    })
}

/// Whether any call can move: the server has a module for them then.
pub(crate) fn any(survey: &Survey<'_>) -> bool {
    !judged(survey).moving.is_empty()
}

/// What goes with the calls.
pub(crate) fn gone(survey: &Survey<'_>) -> Vec<Span> {
    let calls = judged(survey);
    let spans = calls.moving.iter().flat_map(|call| [Some(call.address_span), call.header_span]);
    spans.flatten().chain(calls.removed.iter().copied()).collect()
}

/// The lines of the server's schema of variables.
pub(crate) fn variables(survey: &Survey<'_>) -> String {
    fix::variables(&judged(survey))
}

fn moves(call: &Call, lands: bool) -> Finding {
    let provider = provider::of(&calls::of_host(call.plain_address()));
    let title = &provider.title;
    let todo = if lands {
        format!(
            "Revoke the old key at {} and set a new one as `{}` on the server: every visitor had it. Set a monthly limit there, too. From now on only visitors who are signed in can make this call.",
            provider.keys, call.key.name
        )
    } else {
        format!(
            "It moves once the app has accounts and a server of its own for their sessions: without them anybody could call it at your cost. Until then take the call out, and revoke the key at {}.",
            provider.keys
        )
    };
    Finding {
        subject: call.key.name.clone(),
        ..Finding::certain(
            &MOVES,
            call.span,
            format!("{title} is called with your key from every visitor's browser."),
            &todo,
        )
    }
}

fn said(span: Span, told: Told) -> Finding {
    let (rule, message, todo) = match told {
        Told::Own => (
            &SDK,
            "An SDK is told to run in the browser with the app's key.",
            "Move what calls it into a function of the server that asks for a session, read the key there, and revoke the old one.",
        ),
        Told::Computed => (
            &SDK,
            "An SDK is told to run in the browser, where whatever key it is given can be read.",
            "If the key is the app's, move what calls it into a function of the server that asks for a session, and revoke the old key.",
        ),
        Told::Visitors => (
            &VISITORS,
            "This sends a key that visitors typed in, and that their browser keeps.",
            "Decide who pays for this call: leave it as it is, or let the server make it with a key of the app's own, for visitors who are signed in.",
        ),
    };
    let severity = if told == Told::Computed { Severity::Warning } else { rule.severity };
    Finding { severity, ..Finding::certain(rule, span, message.to_owned(), todo) }
}

fn stays(survey: &Survey<'_>, group: &[&Stays]) -> Finding {
    let one = group[0];
    let provider = provider::of(&one.host);
    let message = match group.len() {
        1 => format!(
            "{} is called with your key from every visitor's browser, and the call cannot move by itself.",
            capital(&provider.title)
        ),
        count => format!(
            "{} is called with your key from every visitor's browser in {count} places, and the calls cannot move by themselves.",
            capital(&provider.title)
        ),
    };
    // That the key is public is told of the key; here it is what stands in the way.
    let browser = |side: Side| matches!(side, Side::Browser | Side::Both);
    let told = survey.secrets.iter().any(|secret| !secret.public_by_design && browser(secret.side))
        || survey
            .env
            .iter()
            .any(|name| name.public && name.secret && name.reads.iter().any(|read| browser(read.side)));
    let revoke = if one.host.contains('.') {
        format!(" Then revoke the old key at {}.", provider.keys)
    } else {
        String::new()
    };
    Finding {
        severity: if told { Severity::Warning } else { Severity::Hole },
        confidence: Confidence::Certain,
        subject: one.host.clone(),
        related: group[1..]
            .iter()
            .map(|other| Related { span: other.span, message: "and here".into() })
            .collect(),
        ..Finding::certain(&STAYS, one.span, message, &format!("{}{revoke}", one.why))
    }
}

fn capital(text: &str) -> String {
    if text == "a provider" { "A provider".to_owned() } else { text.to_owned() }
}

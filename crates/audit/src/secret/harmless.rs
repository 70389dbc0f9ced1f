//! What makes a literal harmless that looks like a secret: a fixed word of a protocol, a branch that only a developer's machine runs.

use super::place;
use crate::env::{secret_by_name, words};
use std::ops::Range;
use syntax::Node;
use syntax::{Tree, view};

/// Whether a text says how something is signed, encrypted or written, and not with what: `subtle.sign("HMAC", key, data)`.
pub(super) fn names_an_algorithm(text: &str) -> bool {
    const WHOLE: &[&str] =
        &["hex", "base64", "base64url", "utf8", "utf-8", "latin1", "ascii", "hmac", "ecdsa", "ed25519"];
    const TOKENS: &[&str] =
        &["hs256", "hs384", "hs512", "rs256", "rs384", "rs512", "es256", "es384", "es512", "ps256"];
    let lower = text.to_ascii_lowercase();
    WHOLE.contains(&&*lower)
        || TOKENS.contains(&&*lower)
        || ["sha", "aes-", "md5", "rsa-", "rsassa-"].iter().any(|start| lower.starts_with(start))
}

/// Whether a text is a fixed word of a protocol: what is hashed with it is the secret (`createHmac("sha256", "WebAppData").update(token)`).
pub(super) fn hashes_secret(tree: &Tree, string: Node<'_>) -> bool {
    let call = string.parent().and_then(|list| list.parent());
    let update = call.and_then(|call| call.parent()).filter(|member| member.kind() == "member_expression");
    let hashed = update.and_then(|member| member.parent()).map(view::arguments);
    hashed.and_then(|list| list.first().copied()).is_some_and(|value| {
        let name = place::last_name(tree.text(value));
        secret_by_name(&name) || words(&name).iter().any(|word| word == "TOKEN" || word == "SECRET")
    })
}

/// Whether the code around a text says that it opens nothing.
pub(super) fn around(tree: &Tree, node: Node<'_>) -> bool {
    in_development(tree, node) || of_form(tree, node) || of_this_machine(tree, node)
}

/// Whether a text stands beside an address of the machine that the code runs on: `{ host: env.HOST ?? "127.0.0.1", password: … }`.
fn of_this_machine(tree: &Tree, node: Node<'_>) -> bool {
    let object =
        std::iter::successors(node.parent(), |at| at.parent()).take(6).find(|at| at.kind() == "object");
    let said = object.map(|object| tree.text(object)).unwrap_or_default();
    said.len() < 600
        && ["\"127.0.0.1\"", "\"localhost\"", "'127.0.0.1'", "'localhost'"]
            .iter()
            .any(|host| said.contains(host))
}

/// Whether a text is the key of a form, which the service that mails it gives out for pages: it only says whose mailbox it is.
fn of_form(tree: &Tree, node: Node<'_>) -> bool {
    let mut calls = std::iter::successors(node.parent(), |at| at.parent())
        .take(12)
        .filter(|around| around.kind() == "call_expression");
    calls.any(|call| ["api.web3forms.com", "formspree.io"].iter().any(|host| tree.text(call).contains(host)))
}

/// Whether code runs on a developer's machine alone: `if (process.env.NODE_ENV !== "production") …`.
fn in_development(tree: &Tree, node: Node<'_>) -> bool {
    let mut at = node;
    while let Some(parent) = at.parent() {
        let condition = parent.child_by_field_name("condition").filter(|condition| *condition != at);
        let then = parent.child_by_field_name("consequence") == Some(at);
        if let Some(condition) = condition.filter(|_| then) {
            let text: String =
                tree.text(condition).chars().filter(|letter| !letter.is_whitespace()).collect();
            let own =
                ["!=='production'", "!='production'", "==='development'", "=='development'", "==='test'"];
            let text = text.replace('"', "'");
            if text.contains("NODE_ENV") && own.iter().any(|mark| text.contains(mark))
                || text.ends_with("import.meta.env.DEV)") && !text.contains('!')
            {
                return true;
            }
        }
        at = parent;
    }
    false
}

/// Whether the string is put together with something that is none: `randomUUID() + "!a"`.
pub(super) fn joined(tree: &Tree, string: Node<'_>) -> bool {
    let parent = string.parent().filter(|parent| parent.kind() == "binary_expression");
    parent.is_some_and(|parent| {
        let field = |name: &str| parent.child_by_field_name(name);
        field("operator").is_some_and(|operator| tree.text(operator) == "+")
            && [field("left"), field("right")].into_iter().flatten().any(|part| part.kind() != "string")
    })
}

/// Whether the account of a password is made up for each run: an address with the time in it stands beside it.
pub(super) fn of_made_up_account(tree: &Tree, kind: &str, range: &Range<usize>) -> bool {
    if kind != "password-literal" {
        return false;
    }
    let mut at = tree.node_at(range.clone());
    while let Some(node) = at.filter(|node| !matches!(node.kind(), "object" | "statement_block" | "program"))
    {
        at = node.parent();
    }
    let Some(around) = at else { return false };
    let made_up = |text: &str| {
        text.split_once('`').is_some_and(|(name, template)| {
            let address = words(name).iter().any(|word| matches!(word.as_str(), "EMAIL" | "MAIL"));
            let each_run = ["Date.now()", "Math.random()", "randomUUID()", "nanoid("];
            address && template.contains('@') && each_run.iter().any(|made| template.contains(made))
        })
    };
    let beside =
        |node: Node<'_>| matches!(node.kind(), "pair" | "lexical_declaration" | "variable_declaration");
    view::code_children(around).filter(|node| beside(*node)).any(|node| made_up(tree.text(node)))
}

/// The print of a secret, and what proves to others whose a site is: `clientSecretHash`, `siteVerificationToken`.
pub(super) fn told_to_others(name: &str) -> bool {
    let words = words(name);
    let print = words.last().is_some_and(|last| matches!(last.as_str(), "HASH" | "DIGEST" | "FINGERPRINT"));
    print && !words.iter().any(|word| word == "PASSWORD") || words.iter().any(|word| word == "VERIFICATION")
}

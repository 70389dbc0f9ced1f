//! What the browser keeps of a session: web storage, and cookies that scripts can read.

use super::{Kind, Look, Mark, Session};
use crate::{constant, identity};
use stack::Side;
use syntax::Node;
use syntax::Tree;
use syntax::view;

/// The places of one file.
pub(super) fn of(look: &Look<'_>) -> Vec<Session> {
    if !["localStorage", "sessionStorage", "ookie", "AsyncStorage"]
        .iter()
        .any(|mark| look.file.text.contains(mark))
    {
        return Vec::new();
    }
    let Some((tree, _)) = look.file.syntax() else { return Vec::new() };
    let mut found = Vec::new();
    view::walk(tree.root(), &mut |node| {
        match node.kind() {
            "call_expression" => found.extend(call(look, tree, node)),
            "assignment_expression" => found.extend(cookie(look, tree, node)),
            // `createClient(url, key, { auth: { storage: localStorage } })`
            "pair" => {
                let field = |name: &str| node.child_by_field_name(name).map_or("", |field| tree.text(field));
                if field("key") == "storage"
                    && matches!(field("value"), "localStorage" | "sessionStorage" | "window.localStorage")
                {
                    let span = look.file.span(node.byte_range());
                    found.push(look.session(
                        span,
                        Kind::Storage,
                        format!("auth.storage: {}", field("value")),
                        "storage",
                        "supabase",
                    ));
                }
            }
            _ => {}
        }
        true
    });
    found
}

fn call(look: &Look<'_>, tree: &Tree, call: Node<'_>) -> Option<Session> {
    let callee = view::callee(call)?;
    let text: String = tree.text(callee).split_whitespace().collect();
    let (store, method) = text.rsplit_once('.')?;
    let store = store.trim_start_matches("window.").trim_end_matches('?');
    let web = matches!(store, "localStorage" | "sessionStorage" | "AsyncStorage")
        && matches!(method, "setItem" | "getItem" | "removeItem");
    let script = matches!(store, "Cookies" | "cookies" | "Cookie")
        && matches!(method, "set" | "get" | "remove")
        && look.side == Side::Browser;
    if !web && !script {
        return None;
    }
    let arguments = view::arguments(call);
    let key = arguments.first()?;
    let name = match constant::text(look.project, look.file, *key) {
        Some(name) => name,
        None if key.kind() == "identifier" => tree.text(*key).to_owned(),
        None => return None,
    };
    if !is_session_key(&name) {
        return None;
    }
    let mut session = look.session(
        look.file.span(call.byte_range()),
        Kind::Storage,
        format!("{text}({:?})", name),
        method,
        "own",
    );
    if matches!(method, "setItem" | "set") {
        let value = arguments.get(1).copied();
        let literal = value.and_then(|value| view::string_value(tree, value));
        let token = identity::words(&name)
            .iter()
            .any(|word| matches!(word.as_str(), "token" | "jwt" | "access" | "refresh"));
        session.mark = match literal {
            Some(_) => Some(Mark::Flag),
            None if token => Some(Mark::TokenByHand),
            None => None,
        };
        let truth = value.is_some_and(|value| {
            matches!(tree.text(value), "String(true)" | "JSON.stringify(true)" | "true")
        });
        if truth {
            session.mark = Some(Mark::Flag);
        }
    }
    Some(session)
}

/// Whether a key of storage is one of a session, rather than of a preference or of content.
pub(super) fn is_session_key(key: &str) -> bool {
    let words = identity::words(key);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    // That somebody put their name on a list: `signed_up`.
    if words.windows(2).any(|pair| pair[0] == "signed" && pair[1] == "up") {
        return false;
    }
    if has(&[
        "preferences",
        "settings",
        "theme",
        "prefs",
        "draft",
        "onboarding",
        "tour",
        "seen",
        "count",
        "views",
        "cart",
        "history",
        "language",
        "lang",
        "location",
        "push",
        "device",
        "csrf",
        "attempt",
        "attempts",
        "lockout",
        "block",
        "blocked",
        "until",
        "visitor",
        "guest",
        "welcome",
    ]) {
        return false;
    }
    if has(&[
        "token",
        "jwt",
        "session",
        "auth",
        "login",
        "logged",
        "loggedin",
        "authenticated",
        "signed",
        "signedin",
        "authorized",
    ]) {
        return true;
    }
    // `currentUser`, `is_admin`: the last word is what is kept. `adminProperties` keeps something else.
    words.last().is_some_and(|last| {
        matches!(last.as_str(), "user" | "admin" | "role" | "account" | "member" | "isadmin")
    })
}

/// `document.cookie = "token=…"`.
fn cookie(look: &Look<'_>, tree: &Tree, node: Node<'_>) -> Option<Session> {
    let left = node.child_by_field_name("left").map(|left| tree.text(left))?;
    if left != "document.cookie" {
        return None;
    }
    let right = tree.text(node.child_by_field_name("right")?);
    let name = right.trim_start_matches(['"', '\'', '`']).split('=').next().unwrap_or_default();
    is_session_key(name).then(|| {
        let mut session = look.session(
            look.file.span(node.byte_range()),
            Kind::Storage,
            format!("document.cookie = {name:?}"),
            "cookie",
            "own",
        );
        // An empty value, or a date in the past, takes it away.
        let clears = right.contains("=;")
            || right.contains("1970")
            || right.contains("max-age=0")
            || right.contains("Max-Age=0");
        session.mark = (!clears).then(|| if is_plain(name, right) { Mark::Flag } else { Mark::TokenByHand });
        session
    })
}

/// Whether a cookie says who somebody is, rather than that they may be it: a fixed text, or an address, under a name of no token.
fn is_plain(name: &str, written: &str) -> bool {
    let token = |text: &str| {
        let secret = ["token", "jwt", "access", "refresh", "credential", "sid"];
        identity::words(text).iter().any(|word| secret.contains(&word.as_str()))
    };
    let within = written.split("${").skip(1).filter_map(|rest| rest.split('}').next());
    let quoted = |part: &&str| part.starts_with(['"', '\'', '`']);
    let beside = written.split('+').map(str::trim).filter(|part| !quoted(part));
    let told = |value: &str| {
        let words = identity::words(value);
        let known = ["email", "mail", "role", "age", "expires", "days", "seconds"];
        words.iter().any(|word| known.contains(&word.as_str())) && !token(value)
    };
    !token(name) && within.chain(beside).all(told)
}

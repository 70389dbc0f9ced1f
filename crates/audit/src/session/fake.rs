//! Sign-ins that are none: a password compared with one in the source, a list of people with their passwords, an invented user.

use super::{Kind, Look, Mark, Session};
use crate::identity::words;
use stack::Side;
use syntax::Node;
use syntax::Tree;
use syntax::view;

/// The fake sign-ins of one file.
pub(super) fn of(look: &Look<'_>) -> Vec<Session> {
    let Some((tree, _)) = look.file.syntax() else { return Vec::new() };
    let mut found: Vec<Session> = Vec::new();
    view::walk(tree.root(), &mut |node| {
        match node.kind() {
            "binary_expression" => found.extend(comparison(look, tree, node)),
            "as_expression" => found.extend(invented(look, tree, node)),
            "call_expression" => found.extend(unchecked(look, tree, node)),
            _ => {}
        }
        true
    });
    // One condition, one sign-in: `name === "x" && word === "y"` is found once.
    let spans: Vec<edit::Span> = found.iter().map(|session| session.span).collect();
    found.retain(|session| !spans.iter().any(|other| *other != session.span && other.covers(session.span)));
    found
}

fn comparison(look: &Look<'_>, tree: &Tree, node: Node<'_>) -> Option<Session> {
    let operator = node.child_by_field_name("operator").map(|operator| tree.text(operator))?;
    if !matches!(operator, "===" | "==" | "!==" | "!=") {
        return None;
    }
    let (left, right) = (
        tidied(view::unwrapped(node.child_by_field_name("left")?)),
        tidied(view::unwrapped(node.child_by_field_name("right")?)),
    );
    // Most comparisons are of something else: they are not looked up.
    if !is_password(tree.text(left)) && !is_password(tree.text(right)) {
        return None;
    }
    let (value, literal) = match (literal(tree, left), literal(tree, right)) {
        (None, Some(text)) => (left, text),
        (Some(text), None) => (right, text),
        // `person.password === password`, the person from a list in the source.
        (None, None) => return listed(look, tree, node, left, right),
        _ => return None,
    };
    // `typeof password !== "string"` asks for no password.
    // A sentence is none either.
    let sentence = literal.contains(' ') && literal.contains(['(', ')', ',', '.']);
    if literal.len() < 3 || sentence || value.kind() == "unary_expression" || !is_password(tree.text(value)) {
        return None;
    }
    let span = look.file.span(whole_condition(node).byte_range());
    let mut session =
        look.session(span, Kind::Fake, format!("{} {operator} …", tree.text(value)), "compare", "own");
    session.mark = Some(Mark::LiteralPassword);
    // What goes on to sign in or up with a backend is a shortcut, and no sign-in of its own.
    let mut around = node.parent();
    while let Some(current) = around.filter(|current| !crate::component::is_function(*current)) {
        if current.kind() == "if_statement" {
            let branch = current.child_by_field_name("consequence").map_or("", |branch| tree.text(branch));
            if branch.contains(".auth.sign") || branch.contains("signInWith") {
                session.system = "supabase";
            }
            break;
        }
        around = current.parent();
    }
    Some(session)
}

/// What a call only tidies: `normalize(password)`, `password.trim()`.
fn tidied(node: Node<'_>) -> Node<'_> {
    let Some(callee) = view::callee(node) else { return node };
    let arguments = view::arguments(node);
    match (callee.kind(), arguments.as_slice()) {
        ("identifier", [only]) => view::unwrapped(*only),
        ("member_expression", []) => callee.child_by_field_name("object").map_or(node, view::unwrapped),
        _ => node,
    }
}

/// A sign-in that asks nothing: a function for it puts the session into the browser's storage, and neither compares nor calls anything.
fn unchecked(look: &Look<'_>, tree: &Tree, call: Node<'_>) -> Option<Session> {
    let callee = view::callee(call)?;
    let name: String = tree.text(callee).split_whitespace().collect();
    if !(name.ends_with("localStorage.setItem") || name.ends_with("sessionStorage.setItem")) {
        return None;
    }
    let arguments = view::arguments(call);
    let key = crate::constant::text(look.project, look.file, *arguments.first()?)?;
    let key_words = words(&key);
    // What is kept for later signs nobody in.
    let later = ["token", "jwt", "pending", "draft", "intent", "redirect", "remember", "last"];
    let token = key_words.iter().any(|word| later.contains(&word.as_str()));
    if token || !super::storage::is_session_key(&key) {
        return None;
    }
    let function = view::enclosing_function(call)?;
    let own = crate::component::name(look.project, look.file.span(function.byte_range()));
    let own = function.child_by_field_name("name").map_or(own, |name| tree.text(name).to_owned());
    let signs = |words: &[String]| {
        words.iter().any(|word| {
            matches!(word.as_str(), "login" | "signin" | "sign" | "log" | "enter" | "signup" | "register")
        }) && !words
            .iter()
            .any(|word| matches!(word.as_str(), "out" | "logout" | "off" | "update" | "refresh" | "restore"))
    };
    let submits = words(&own).iter().any(|word| matches!(word.as_str(), "submit" | "handle" | "continue"));
    let place = submits && signs(&words(look.file.path.as_str()));
    if !signs(&words(&own)) && !place {
        return None;
    }
    let parameters = function.child_by_field_name("parameters").map_or("", |list| tree.text(list));
    let given = ["token", "user", "session", "data", "response", "account"]
        .iter()
        .any(|name| words(parameters).iter().any(|word| word == name));
    // Comments speak of what a real app would do.
    let mut asks = given;
    view::walk(function, &mut |node| {
        match node.kind() {
            "comment" => return false,
            "call_expression" => {
                let name = view::callee(node).map_or("", |callee| tree.text(callee));
                let awaited = node.parent().is_some_and(|parent| parent.kind() == "await_expression");
                let waits = name.contains("setTimeout")
                    || name == "Promise"
                    || name.contains("delay")
                    || name.contains("sleep");
                asks |= name.contains("fetch")
                    || name.contains("axios")
                    || name.contains(".auth.")
                    || name.ends_with(".post")
                    || (awaited && !waits);
            }
            "binary_expression" => {
                asks |= tree.text(node).contains("assword ===") || tree.text(node).contains("assword !==")
            }
            _ => {}
        }
        !asks
    });
    if asks {
        return None;
    }
    let mut session = look.session(look.file.span(call.byte_range()), Kind::Fake, own, "setItem", "own");
    session.mark = Some(Mark::Unchecked);
    Some(session)
}

/// The text of a literal, or of a constant that holds one in this file.
fn literal(tree: &Tree, node: Node<'_>) -> Option<String> {
    if let Some(text) = view::string_value(tree, node) {
        return Some(text.into_owned());
    }
    if node.kind() != "identifier" {
        return None;
    }
    let name = tree.text(node);
    // Only what is written like a constant: a state called `password` is no literal.
    if !name.chars().all(|letter| letter.is_uppercase() || letter.is_ascii_digit() || letter == '_') {
        return None;
    }
    let mut found = None;
    view::walk(tree.root(), &mut |inner| {
        if inner.kind() == "variable_declarator"
            && inner.child_by_field_name("name").is_some_and(|own| tree.text(own) == name)
            && let Some(value) = inner.child_by_field_name("value")
        {
            found = view::string_value(tree, tidied(view::unwrapped(value))).map(|text| text.into_owned());
        }
        found.is_none()
    });
    found
}

/// Whether an expression is what somebody typed as a password: `password`, `form.password`, `pin`.
fn is_password(text: &str) -> bool {
    let last = text.rsplit(['.', '?']).next().unwrap_or(text);
    let words = words(last);
    let is = |word: &String| {
        matches!(
            word.as_str(),
            "password"
                | "passwd"
                | "pwd"
                | "passcode"
                | "passphrase"
                | "senha"
                | "contrasena"
                | "contraseña"
                | "passwort"
                | "pin"
                | "pass"
                | "kennwort"
        )
    };
    let other = |word: &String| {
        matches!(
            word.as_str(),
            "type"
                | "field"
                | "name"
                | "strength"
                | "show"
                | "visible"
                | "error"
                | "mode"
                | "step"
                | "reset"
                | "view"
                | "tab"
                | "status"
                | "label"
                | "key"
        )
    };
    words.iter().any(is) && !words.iter().any(other) && crate::secret::password::named(last)
}

/// The condition around a comparison: all that `&&` joins to it.
fn whole_condition(node: Node<'_>) -> Node<'_> {
    let mut current = node;
    while let Some(parent) = view::wrapped(current).parent()
        && parent.kind() == "binary_expression"
        && parent
            .child_by_field_name("operator")
            .is_some_and(|operator| matches!(operator.kind(), "&&" | "||"))
    {
        current = parent;
    }
    current
}

/// `people.find((p) => p.email === email && p.password === word)` over a list in the source.
fn listed(look: &Look<'_>, tree: &Tree, node: Node<'_>, left: Node<'_>, right: Node<'_>) -> Option<Session> {
    let member = [left, right]
        .into_iter()
        .find(|side| side.kind() == "member_expression" && is_password(tree.text(*side)))?;
    let other = if member == left { right } else { left };
    if tree.text(other).contains("onfirm") || tree.text(other).rsplit('.').next() == Some("newPassword") {
        return None;
    }
    let callback = view::enclosing_function(node)?;
    let call = callback.parent().filter(|list| list.kind() == "arguments")?.parent()?;
    let callee = view::callee(call)?;
    let method = callee.child_by_field_name("property").map(|property| tree.text(property))?;
    if !matches!(method, "find" | "some" | "filter" | "findIndex") {
        return None;
    }
    let list = callee.child_by_field_name("object")?;
    // In the source, or wherever the browser has it from: whoever opens the page can read it there.
    let written = crate::constant::value(look.project, look.file, list)
        .is_some_and(|(_, array)| array.kind() == "array");
    let kept = look.side == Side::Browser && tree.source().contains("localStorage");
    if !(written || kept) {
        return None;
    }
    let span = look.file.span(call.byte_range());
    let mut session = look.session(span, Kind::Fake, format!("{}.{method}", tree.text(list)), method, "own");
    session.mark = Some(Mark::PasswordList);
    Some(session)
}

/// `{ id: "demo", email } as User`: an invented user.
fn invented(look: &Look<'_>, tree: &Tree, node: Node<'_>) -> Option<Session> {
    let named = view::code_children(node).last().map(|kind| tree.text(kind))?;
    if !matches!(named, "User" | "Session" | "AuthUser" | "SupabaseUser" | "FirebaseUser") {
        return None;
    }
    let object = view::unwrapped(node);
    if object.kind() != "object" {
        return None;
    }
    let id = ["id", "uid", "access_token"].iter().find_map(|key| view::value_of(tree, object, key))?;
    view::string_value(tree, id).filter(|id| !id.is_empty())?;
    let mut session = look.session(
        look.file.span(node.byte_range()),
        Kind::Fake,
        format!("{{ … }} as {named}"),
        "cast",
        "own",
    );
    session.mark = Some(Mark::MockUser);
    Some(session)
}

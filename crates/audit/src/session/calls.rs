//! Calls of backends and auth packages: sign-in, sign-up, sign-out, who is there, subscriptions, providers, tokens.

use super::{Kind, Look, Mark, Session};
use crate::identity::auth_package;
use crate::query::Client;
use edit::FileId;
use edit::Span;
use project::graph::{Graph, Origin};
use project::{File, Project};
use stack::Side;
use syntax::Node;
use syntax::Tree;
use syntax::view::{self, Chain};

const SUPABASE: &[&str] = &[
    "getSession",
    "getUser",
    "getClaims",
    "signInWithPassword",
    "signInWithOAuth",
    "signInWithOtp",
    "signInWithIdToken",
    "signInWithSSO",
    "signInAnonymously",
    "signUp",
    "signOut",
    "resetPasswordForEmail",
    "updateUser",
    "onAuthStateChange",
    "refreshSession",
    "setSession",
    "exchangeCodeForSession",
    "verifyOtp",
    "resend",
    "reauthenticate",
    "linkIdentity",
    "unlinkIdentity",
    "getUserIdentities",
    "startAutoRefresh",
    "stopAutoRefresh",
    "initialize",
    "signIn",
    "session",
    "user",
];

/// The calls of one file.
pub(super) fn of(look: &Look<'_>, clients: &[Client]) -> Vec<Session> {
    let Some((tree, _)) = look.file.syntax() else { return Vec::new() };
    let mut found = Vec::new();
    view::walk(tree.root(), &mut |node| {
        match node.kind() {
            "call_expression" => {
                found.extend(backend(look, tree, node, clients));
                found.extend(package(look, tree, node));
                found.extend(token(look, tree, node));
                found.extend(cookie(look, tree, node));
            }
            "new_expression" if view::callee(node).is_some_and(|callee| tree.text(callee) == "SignJWT") => {
                let span = look.file.span(node.byte_range());
                let mut session = look.session(span, Kind::Token, "new SignJWT", "sign", "own");
                session.mark = Some(Mark::Signs);
                found.push(session);
            }
            "member_expression" => found.extend(access_token(look, tree, node)),
            "jsx_element" | "jsx_self_closing_element" => found.extend(provider(look, tree, node)),
            _ => {}
        }
        true
    });
    found
}

/// `supabase.auth.signUp(…)`, `supabase.auth.admin.createUser(…)`, `authClient.signIn.email(…)`.
fn backend(look: &Look<'_>, tree: &Tree, call: Node<'_>, clients: &[Client]) -> Option<Session> {
    let chain = Chain::of(tree, call);
    let last = chain.links.last().filter(|last| last.call == Some(call))?;
    let at = chain.links.iter().position(|link| link.name == "auth" && link.call.is_none())?;
    let after = &chain.links[at + 1..];
    let known = match after {
        [method] => SUPABASE.contains(&&*method.name),
        [group, _] => matches!(&*group.name, "admin" | "mfa" | "oauth") && group.call.is_none(),
        [api, _, ..] if api.name == "api" => false,
        _ => false,
    };
    if !known {
        return None;
    }
    let span = look.file.span(call.byte_range());
    let kind = if last.name == "onAuthStateChange" { Kind::Subscription } else { Kind::Auth };
    let name = tree.text(view::callee(call)?).split_whitespace().collect::<String>();
    let mut session = look.session(span, kind, name, &*last.name, "supabase");
    session.client = client_of(look, chain.root, clients);
    if last.name == "signUp" {
        session.mark =
            chosen_role(tree, call).map(|node| Mark::RoleAtSignUp(look.file.span(node.byte_range())));
    }
    Some(session)
}

/// The client that a chain starts at, if its name leads to one.
fn client_of(look: &Look<'_>, root: Node<'_>, clients: &[Client]) -> Option<usize> {
    let mut root = view::unwrapped(root);
    if root.kind() == "call_expression" {
        root = view::callee(root)?;
    }
    let Origin::Local(file, range) = Graph::origin(look.project, look.file.id, root.byte_range()) else {
        return None;
    };
    let declared = look.project.get(file).span(range);
    if let Some(at) = clients.iter().position(|client| client.binding == Some(declared)) {
        return Some(at);
    }
    // `const db = createClient()` in a component: the binding holds the call that makes the client, or one of the function that does.
    let holder = look.project.get(declared.file);
    let (tree, _) = holder.syntax()?;
    let declarator = tree.node_at(declared.range())?.parent()?;
    let whole = holder.span(declarator.byte_range());
    let here = clients.iter().position(|client| whole.covers(client.span));
    here.or_else(|| {
        let value = declarator.child_by_field_name("value").map(view::unwrapped)?;
        let value = match value.kind() {
            "await_expression" => view::unwrapped(view::code_children(value).next()?),
            _ => value,
        };
        let called = if value.kind() == "identifier" { value } else { view::callee(value)? };
        client_made(look.project, holder, called, clients, 0)
    })
}

/// The client that a function makes at each call, through names of the same function.
fn client_made(
    project: &Project,
    file: &File,
    called: Node<'_>,
    clients: &[Client],
    depth: usize,
) -> Option<usize> {
    let Origin::Local(holder, range) = Graph::origin(project, file.id, called.byte_range()) else {
        return None;
    };
    let holder = project.get(holder);
    let declared = holder.span(range);
    let found = clients.iter().position(|client| client.binding == Some(declared));
    found.or_else(|| {
        let (tree, _) = holder.syntax().filter(|_| depth < 3)?;
        let declarator = tree.node_at(declared.range())?.parent()?;
        let value = declarator.child_by_field_name("value").map(view::unwrapped)?;
        (value.kind() == "identifier").then(|| client_made(project, holder, value, clients, depth + 1))?
    })
}

/// The value under `options.data.role` of a sign-up, if it is not written out.
fn chosen_role<'t>(tree: &'t Tree, call: Node<'t>) -> Option<Node<'t>> {
    let options = view::unwrapped(*view::arguments(call).first()?);
    let data = view::value_of(tree, view::unwrapped(view::value_of(tree, options, "options")?), "data")?;
    let data = view::unwrapped(data);
    ["role", "user_role", "userRole", "account_type", "user_type", "userType", "accountType", "is_admin"]
        .iter()
        .find_map(|key| {
            let value = view::unwrapped(view::value_of(tree, data, key)?);
            let written = matches!(value.kind(), "string" | "true" | "false" | "null" | "number");
            (!written).then_some(value)
        })
}

/// Calls of what auth packages export, and of clients that they make.
fn package(look: &Look<'_>, tree: &Tree, call: Node<'_>) -> Option<Session> {
    let callee = view::callee(call)?;
    let chain = Chain::of(tree, callee);
    let root = chain.root;
    if root.kind() != "identifier" {
        return None;
    }
    let (system, name) = match Graph::origin(look.project, look.file.id, root.byte_range()) {
        Origin::Package(package, name) if auth_package(&package) => (system_of(&package), name),
        Origin::Local(file, range) => {
            // `export const authClient = createAuthClient()`, `export const { auth, signIn } = NextAuth(…)`
            if file == look.file.id && chain.links.is_empty() {
                return None;
            }
            (made_by(look, file, range)?, tree.text(root).to_owned())
        }
        _ => return None,
    };
    if matches!(
        name.as_str(),
        "createAuthClient"
            | "NextAuth"
            | "betterAuth"
            | "getAuth"
            | "initializeAuth"
            | "createRouteMatcher"
            | "default"
            | "GoogleAuthProvider"
    ) {
        return None;
    }
    let method = chain.links.last().map_or(name.as_str(), |last| &last.name).to_owned();
    let span = look.file.span(call.byte_range());
    let kind = if method == "onAuthStateChanged" || method == "onIdTokenChanged" {
        Kind::Subscription
    } else {
        Kind::Auth
    };
    Some(look.session(span, kind, tree.text(callee).split_whitespace().collect::<String>(), method, system))
}

/// The system whose client a declaration holds, by the function that makes it.
fn made_by(look: &Look<'_>, file: FileId, name: std::ops::Range<usize>) -> Option<&'static str> {
    let (tree, _) = look.project.get(file).syntax()?;
    let mut declarator = tree.node_at(name)?;
    // From the name, through the pattern it stands in.
    while declarator.kind() != "variable_declarator" {
        let inside = declarator.kind().contains("pattern") || declarator.kind().contains("identifier");
        declarator = declarator.parent().filter(|_| inside)?;
    }
    let value = view::unwrapped(declarator.child_by_field_name("value")?);
    let callee = view::callee(value)?;
    match tree.text(callee) {
        "createAuthClient" | "betterAuth" => Some("better-auth"),
        "NextAuth" => Some("next-auth"),
        _ => None,
    }
}

fn system_of(package: &str) -> &'static str {
    let table = [
        ("firebase-admin", "firebase"),
        ("firebase", "firebase"),
        ("next-auth", "next-auth"),
        ("better-auth", "better-auth"),
        ("@clerk", "clerk"),
        ("@auth0", "auth0"),
        ("@supabase", "supabase"),
        ("@lovable", "builder"),
        ("iron-session", "iron-session"),
    ];
    table.iter().find(|(start, _)| package.starts_with(start)).map_or("other", |(_, system)| system)
}

/// `jwt.sign`, `jwtVerify`, `bcrypt.compare`.
fn token(look: &Look<'_>, tree: &Tree, call: Node<'_>) -> Option<Session> {
    let callee = view::callee(call)?;
    let Origin::Package(package, name) = Graph::origin(look.project, look.file.id, callee.byte_range())
    else {
        return None;
    };
    let span = look.file.span(call.byte_range());
    let shown = tree.text(callee);
    match (stack::backend::package_of(&package), name.as_str()) {
        ("jsonwebtoken", "sign" | "verify" | "decode")
        | ("jose", "jwtVerify" | "decodeJwt")
        | ("jwt-decode", _) => {
            let mut session = look.session(span, Kind::Token, shown, name.as_str(), "own");
            session.mark = (name == "sign").then_some(Mark::Signs);
            Some(session)
        }
        ("bcrypt" | "bcryptjs" | "@node-rs/bcrypt" | "argon2", "compare" | "compareSync" | "verify") => {
            let mut session = look.session(span, Kind::Token, shown, name.as_str(), "own");
            session.mark = Some(Mark::ComparedHash);
            Some(session)
        }
        _ => None,
    }
}

/// A cookie that the server sets: `cookies().set("session", …)`, `res.cookie("token", …)`.
fn cookie(look: &Look<'_>, tree: &Tree, call: Node<'_>) -> Option<Session> {
    if look.side == Side::Browser {
        return None;
    }
    let callee = view::callee(call)?;
    let text: String = tree.text(callee).split_whitespace().collect();
    let sets = text.ends_with("cookies().set")
        || text.ends_with("cookies.set")
        || text.ends_with("cookieStore.set")
        || text.ends_with("res.cookie")
        || text.ends_with("cookies()).set");
    let key = view::arguments(call).first().map(|key| tree.text(*key)).unwrap_or_default();
    if !sets || !crate::identity::names_visitor(key) {
        return None;
    }
    Some(look.session(look.file.span(call.byte_range()), Kind::Cookie, text, "set", "own"))
}

/// `session.access_token` in the browser.
fn access_token(look: &Look<'_>, tree: &Tree, node: Node<'_>) -> Option<Session> {
    let property = node.child_by_field_name("property").map(|property| tree.text(property))?;
    if property != "access_token" || !matches!(look.side, Side::Browser | Side::Both) {
        return None;
    }
    let object = node.child_by_field_name("object").map(|object| tree.text(object)).unwrap_or_default();
    crate::identity::words(object)
        .iter()
        .any(|word| matches!(word.as_str(), "session" | "data" | "auth" | "open" | "current"))
        .then(|| {
            let span: Span = look.file.span(node.byte_range());
            look.session(
                span,
                Kind::TokenRead,
                tree.text(node).split_whitespace().collect::<String>(),
                "access_token",
                "supabase",
            )
        })
}

/// `<AuthContext.Provider value=…>` in a module that signs visitors in, `<SessionProvider>`, `<ClerkProvider>`.
fn provider(look: &Look<'_>, tree: &Tree, element: Node<'_>) -> Option<Session> {
    let name = view::jsx_name(tree, element)?;
    let tag = element.child_by_field_name("open_tag").unwrap_or(element).child_by_field_name("name")?;
    let own = name.ends_with(".Provider") && crate::identity::auth_like_module(look.file);
    let of_package = !own
        && name.ends_with("Provider")
        && matches!(
            Graph::origin(look.project, look.file.id, tag.byte_range()),
            Origin::Package(package, _) if auth_package(&package)
        );
    (own || of_package).then(|| {
        look.session(
            look.file.span(tag.byte_range()),
            Kind::Provider,
            name,
            "Provider",
            if own { "own" } else { "other" },
        )
    })
}

//! Where sessions come from: packages, calls, places of storage, and the words that people use for them.

use aho_corasick::AhoCorasick;
use project::File;
use std::sync::LazyLock;

/// Packages that sign visitors in.
pub(crate) fn auth_package(specifier: &str) -> bool {
    let package = stack::backend::package_of(specifier);
    matches!(
        package,
        "next-auth"
            | "better-auth"
            | "@auth/core"
            | "@auth0/nextjs-auth0"
            | "@auth0/auth0-react"
            | "@supabase/auth-helpers-react"
            | "@supabase/auth-ui-react"
            | "@lovable.dev/cloud-auth-js"
            | "iron-session"
            | "lucia"
            | "@kinde-oss/kinde-auth-nextjs"
            | "@workos-inc/authkit-nextjs"
            | "@stackframe/stack"
            | "react-firebase-hooks"
    ) || package.starts_with("@clerk/")
        || specifier == "firebase/auth"
        || specifier == "firebase-admin/auth"
}

/// Whether this callee (or a whole module) asks an auth service who is there.
pub(crate) fn asks_for_session(text: &str) -> bool {
    static MARKS: LazyLock<AhoCorasick> = LazyLock::new(|| marks(ASKS));
    MARKS.is_match(text)
}

const ASKS: &[&str] = &[
    ".auth.getUser",
    ".auth.getSession",
    ".auth.getClaims",
    ".auth.onAuthStateChange",
    ".auth.refreshSession",
    "onAuthStateChanged",
    "getServerSession",
    "api.getSession",
    "jwtVerify",
    "jwt.verify",
    "verifyIdToken",
    "verifySessionCookie",
    "getIronSession",
    "getToken(",
    "auth.protect",
];

/// A search for any of several marks at once.
fn marks(marks: &[&str]) -> AhoCorasick {
    AhoCorasick::new(marks).expect("a few short marks")
}

/// `localStorage.getItem`, `cookies().get`, `request.headers.get`: a place that a session is kept in, or comes with.
pub(super) fn keeps_session(callee: &str) -> bool {
    let compact: String = callee.chars().filter(|letter| !letter.is_whitespace()).collect();
    let end = |ends: &[&str]| ends.iter().any(|end| compact.ends_with(end));
    end(&[
        "localStorage.getItem",
        "sessionStorage.getItem",
        "Cookies.get",
        "cookies().get",
        "cookieStore.get",
    ]) || end(&[
        "cookies.get",
        "AsyncStorage.getItem",
        "SecureStore.getItemAsync",
        "getCookie",
        "parseCookies",
    ]) || (compact.contains("headers") && compact.ends_with(".get"))
        || compact.ends_with("cookies())).get")
}

/// What comes from the address of the page: whoever types it chooses it.
pub(super) fn from_address(text: &str) -> bool {
    [
        "searchParams",
        "useSearchParams",
        "useParams",
        "useSearch(",
        "URLSearchParams",
        "useLocation",
        "router.query",
    ]
    .iter()
    .any(|mark| text.contains(mark))
}

/// The address of an endpoint that tells who is there.
pub(super) fn session_url(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let parts: Vec<&str> = text.split(|letter: char| !letter.is_ascii_alphanumeric()).collect();
    parts
        .iter()
        .any(|part| matches!(*part, "me" | "session" | "whoami" | "auth" | "authenticated" | "verify"))
}

/// Whether the module signs visitors in or out, or knows who is there.
pub(crate) fn auth_like_module(file: &File) -> bool {
    static MARKS: LazyLock<AhoCorasick> = LazyLock::new(|| marks(SIGNS));
    asks_for_session(&file.text) || MARKS.is_match(&*file.text)
}

const SIGNS: &[&str] = &[
    "signInWith",
    "signOut",
    "logout",
    "logOut",
    "signIn(",
    "login(",
    "login =",
    "login:",
    "Logout",
    "createSession",
    "@clerk/",
    "next-auth",
    "better-auth",
    "firebase/auth",
    "currentUser",
    "setIsAuthenticated",
    "jose",
    "jsonwebtoken",
];

/// Words of an identifier, a key or a path, in lower case: `isLoggedIn` is `is`, `logged`, `in`, and `checkIPNHook` is `check`, `ipn`,
/// `hook`.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut lower_before = false;
    // Capitals in a row: an abbreviation ends before the last of them, if a small letter follows. `OAuth` is one word.
    let mut capitals = 0;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if !letter.is_alphanumeric() {
            words.push(String::new());
            lower_before = false;
            capitals = 0;
            continue;
        }
        let ends = capitals >= 2 && letters.peek().is_some_and(|next| next.is_lowercase());
        if letter.is_uppercase() && (lower_before || ends) {
            words.push(String::new());
        }
        capitals = if letter.is_uppercase() { capitals + 1 } else { 0 };
        lower_before = letter.is_lowercase() || letter.is_ascii_digit();
        if words.is_empty() {
            words.push(String::new());
        }
        if let Some(last) = words.last_mut() {
            last.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether a name is one that people give to the visitor, the session or what it allows.
pub(crate) fn names_visitor(text: &str) -> bool {
    words(text).iter().any(|word| {
        matches!(
            word.as_str(),
            "user"
                | "session"
                | "auth"
                | "authenticated"
                | "authed"
                | "authorized"
                | "authorised"
                | "token"
                | "jwt"
                | "logged"
                | "login"
                | "signed"
                | "account"
                | "member"
                | "me"
                | "admin"
                | "role"
                | "roles"
                | "identity"
                | "claims"
                | "permission"
                | "permissions"
                | "unauthenticated"
                | "unauthorized"
                | "uid"
                | "userid"
                | "loggedin"
                | "signedin"
                | "isadmin"
                | "sub"
        )
    }) || text.contains("currentUser")
}

/// Whether a name is one of a role, a plan, a flag that only some visitors have.
pub(crate) fn names_role(text: &str) -> bool {
    words(text).iter().any(|word| {
        matches!(
            word.as_str(),
            "role"
                | "roles"
                | "admin"
                | "admins"
                | "isadmin"
                | "staff"
                | "owner"
                | "moderator"
                | "superadmin"
                | "permission"
                | "permissions"
                | "plan"
                | "tier"
                | "premium"
                | "subscription"
                | "pro"
                | "teacher"
                | "manager"
                | "allowed"
                | "level"
                | "email"
        )
    })
}

/// Whether a name only says that the answer is not there yet.
pub(super) fn says_waiting(text: &str) -> bool {
    words(text).iter().any(|word| {
        matches!(
            word.as_str(),
            "loading"
                | "busy"
                | "pending"
                | "ready"
                | "initialized"
                | "initialised"
                | "initializing"
                | "checking"
                | "loaded"
                | "hydrated"
                | "mounted"
                | "fetching"
                | "waiting"
                | "checked"
                | "error"
                | "errors"
                | "err"
        )
    })
}

/// Whether a page is one on which visitors come in, by the last part of its path: they sign in or up there, or come back from a mail.
pub(crate) fn is_door(path: &str) -> bool {
    let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let bare: String = last.chars().filter(|letter| letter.is_alphanumeric()).collect();
    matches!(
        bare.as_str(),
        "login"
            | "signin"
            | "logon"
            | "signup"
            | "register"
            | "auth"
            | "callback"
            | "authcallback"
            | "magiclink"
            | "forgotpassword"
            | "resetpassword"
            | "verifyemail"
            | "confirmemail"
    )
}

/// Whether a path is one that asks visitors to sign in, or the front page.
pub(crate) fn sign_in_like(path: &str) -> bool {
    let bare = path.split(['?', '#']).next().unwrap_or(path);
    if matches!(bare, "/" | "") {
        return true;
    }
    words(bare).iter().any(|word| {
        matches!(
            word.as_str(),
            "login"
                | "signin"
                | "sign"
                | "auth"
                | "enter"
                | "logon"
                | "log"
                | "register"
                | "signup"
                | "welcome"
                | "unauthorized"
                | "unauthorised"
                | "forbidden"
                | "403"
                | "401"
                | "landing"
                | "home"
                | "denied"
                | "connect"
                | "entrar"
                | "acceso"
                | "connexion"
                | "anmelden"
                | "iniciar"
                | "sesion"
        )
    })
}

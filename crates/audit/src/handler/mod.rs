//! Handlers: whatever answers a request - route handlers, server actions, server functions, edge functions, Express routes.
//!
//! [`web`], [`action`], [`start`], [`edge`] and [`express`] find them, one module per kind; [`check`] says who may call each, by
//! following the checks and whether they really refuse; [`reach`] says what each does, and [`taken`] what it believes of the request.

mod action;
mod asks_back;
mod check;
mod columns;
mod compare;
mod edge;
mod express;
mod fetched;
mod known;
mod named;
mod proof;
mod reach;
mod start;
mod taken;
mod unset;
mod verify;
mod web;
mod whose;

use crate::guard::middleware;
use crate::identity::words;
use edit::Span;
use project::{File, Kind as FileKind, Project};
use rayon::prelude::*;
use stack::{Side, Stack};

/// One handler.
#[derive(Clone, Debug)]
pub struct Handler {
    /// The function, or the call that registers it.
    pub span: Span,
    /// Its name: `POST`, `deleteTask`, the folder of an edge function.
    pub name: String,
    /// `GET`, `POST`, `*`; `POST` for actions and functions unless they say otherwise.
    pub method: String,
    /// The URL it answers, where it has one.
    pub url: Option<String>,
    /// What it is.
    pub kind: Kind,
    /// Who may call it.
    pub auth: Auth,
    /// Where it checks, for `Auth::Enforced`, `Optional` and `Secret`.
    pub check: Option<Span>,
    /// Whether its input goes through a schema.
    pub validated: bool,
    /// Whether it asks past every policy.
    pub admin: bool,
    /// Whether it writes: rows, files, money, mail.
    pub writes: bool,
    /// Whether each call costs money: a model, a mail, a message.
    pub pays: bool,
    /// Whether it fetches an address that it was sent, whatever that is.
    pub fetches: bool,
    /// It asks for a role, too.
    pub role: bool,
    /// It looks whether a token was sent, and nobody verifies that token.
    pub unverified: bool,
    /// Its secret is compared with a variable that may be unset.
    pub loose_secret: Option<Span>,
    /// Its secret is asked for only where a variable is set: the condition that says so.
    pub unset_secret: Option<Span>,
    /// It lets in whoever sends a text that stands in the source: the condition that says so.
    pub known_pass: Option<Span>,
    /// It refuses without a session, asks past every policy, and looks no further whose rows it touches.
    pub blind: bool,
    /// It asks the service that is said to have sent an event what happened, with a key of its own.
    pub asks_back: bool,
    /// What it believes of the request.
    pub taken: Vec<Taken>,
    /// For an edge function: whether the platform asks for a token, the publishable key among them.
    pub verify_jwt: Option<bool>,
}

/// Something that a handler goes on with as whoever called it sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// What it is.
    pub what: What,
    /// Its name there.
    pub name: String,
    /// Where it is stored or passed on.
    pub span: Span,
}

/// What is taken from a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// Whose row it is.
    Identity,
    /// What is to be paid.
    Price,
    /// What somebody may do.
    Role,
    /// Which columns of a row are set.
    Columns,
}

/// What a handler is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the contract")]
pub enum Kind {
    RouteHandler,
    ServerAction,
    ServerFunction,
    EdgeFunction,
    Express,
}

/// Who may call a handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// Refuses without a session.
    Enforced,
    /// Reads the session and goes on without one.
    Optional,
    /// Anyone.
    None,
    /// Whoever has a shared secret or signs the request.
    Secret,
    /// Anyone, rightly: sign-in, callback, catalogue.
    PublicByDesign,
}

/// A handler as it was found, not judged yet.
struct Found {
    span: Span,
    name: String,
    method: String,
    url: Option<String>,
    kind: Kind,
    /// The function that answers.
    function: Span,
    /// Functions that run before it: middleware, wrappers.
    before: Vec<Span>,
    /// A schema stands before it.
    validated: bool,
    verify_jwt: Option<bool>,
}

impl Found {
    fn new(kind: Kind, function: Span, name: impl Into<String>, method: impl Into<String>) -> Self {
        Self {
            span: function,
            name: name.into(),
            method: method.into(),
            url: None,
            kind,
            function,
            before: Vec::new(),
            validated: false,
            verify_jwt: None,
        }
    }
}

/// Every handler of the tree, by path and place.
pub(crate) fn read(project: &Project, stack: &Stack) -> Vec<Handler> {
    let edges = edge::Config::of(project);
    let code = |file: &&File| matches!(file.kind, FileKind::Code(_)) && file.skipped.is_none();
    let files: Vec<&File> = project.files.iter().filter(code).collect();
    let mut found: Vec<Found> = files
        .par_iter()
        .flat_map_iter(|file| {
            let mut found = web::of(project, file);
            if file.text.contains("use server") {
                found.extend(action::of(project, file));
            }
            if file.text.contains("createServerFn") || file.text.contains("handlers") {
                found.extend(start::of(project, file));
            }
            if stack.side(file.id) == Side::Edge || file.path.as_str().contains("supabase/functions/") {
                found.extend(edge::of(project, file, &edges));
            }
            found
        })
        .collect();
    found.extend(express::read(project, &files));
    let guards = middleware::files(project);
    let mut handlers: Vec<Handler> = found.par_iter().map(|found| judged(project, found, &guards)).collect();
    handlers.sort_by_key(|handler| (handler.span, handler.method.clone()));
    handlers.dedup_by(|one, other| one.span == other.span && one.method == other.method);
    // A route handler in a file that says "use server" is called by its address.
    let routes: std::collections::BTreeSet<Span> =
        handlers.iter().filter(|one| one.kind == Kind::RouteHandler).map(|one| one.span).collect();
    handlers.retain(|one| one.kind != Kind::ServerAction || !routes.contains(&one.span));
    handlers
}

fn judged(project: &Project, found: &Found, guards: &[middleware::Middleware<'_>]) -> Handler {
    let mut checks = check::of(project, found.function);
    for before in &found.before {
        checks.join(check::of(project, *before));
    }
    let mut deeds = reach::deeds(project, found.function);
    deeds.writes |= matches!(found.method.as_str(), "PUT" | "PATCH" | "DELETE")
        && !(found.before.is_empty() && reach::only_answers(project, found.function));
    deeds.writes &= !reach::only_forgets(project, found.function);
    let by_guard = found.url.as_deref().and_then(|url| {
        let url = url.replace(':', "");
        guards.iter().find(|guard| guard.refuses(&url).is_some()).map(middleware::Middleware::span)
    });
    let (auth, check) = if let Some(secret) = checks.secret.filter(|_| checks.session.is_none()) {
        (Auth::Secret, Some(secret))
    } else if let Some(session) = checks.session.or(by_guard) {
        (Auth::Enforced, Some(session))
    } else if public_by_design(project, found, deeds) || reach::hands_on(project, found.function) {
        (Auth::PublicByDesign, None)
    } else if let Some(asks) = checks.unverified.or(checks.asks) {
        (Auth::Optional, Some(asks))
    } else {
        (Auth::None, None)
    };
    let parameters = matches!(found.kind, Kind::ServerAction | Kind::ServerFunction);
    let mut taken = if deeds.writes || deeds.pays || deeds.admin {
        taken::of(project, found.function, parameters)
    } else {
        Vec::new()
    };
    taken.extend(columns::of(project, found.function));
    let past = auth == Auth::Enforced
        && deeds.admin
        && deeds.writes
        && checks.session.is_some()
        && checks.role.is_none()
        && found.before.is_empty();
    Handler {
        span: found.span,
        name: found.name.clone(),
        method: found.method.clone(),
        url: found.url.clone(),
        kind: found.kind,
        auth,
        check,
        validated: found.validated || deeds.validated,
        admin: deeds.admin,
        writes: deeds.writes,
        pays: deeds.pays,
        fetches: fetched::of_caller(project, found.function),
        role: checks.role.is_some(),
        unverified: checks.unverified.is_some(),
        loose_secret: checks.loose_secret,
        unset_secret: checks.unset_secret.filter(|_| auth == Auth::Secret),
        known_pass: known::of(project, std::iter::once(found.function).chain(found.before.iter().copied())),
        blind: past && whose::is_blind(project, found.function),
        asks_back: asks_back::asks_back(project, found.function),
        taken,
        verify_jwt: found.verify_jwt,
    }
}

/// Sign-in, sign-out, callbacks, health, forms for visitors, and reads of what everyone may see.
fn public_by_design(project: &Project, found: &Found, deeds: reach::Deeds) -> bool {
    let told = format!("{} {}", found.name, found.url.as_deref().unwrap_or_default());
    let words = words(&told);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    if has(&["admin", "debug", "test", "seed"]) || words.iter().any(|word| word.starts_with("webhook")) {
        return false;
    }
    let pair = |one: &str, other: &str| words.windows(2).any(|pair| pair[0] == one && pair[1] == other);
    let signs = has(&[
        "login", "logout", "signin", "signup", "signout", "register", "callback", "nextauth", "csrf",
        "logon", "forgot", "oauth", "otp",
    ]) || has(&["confirm"]) && of_account(&words)
        || pair("sign", "in")
        || pair("sign", "out")
        || pair("sign", "up")
        || pair("log", "in")
        || pair("magic", "link")
        || pair("log", "out")
        || pair("reset", "password")
        || pair("password", "reset")
        || pair("password", "recovery")
        || pair("recover", "password")
        || pair("set", "password")
        || pair("accept", "invitation")
        || pair("accept", "invite")
        || (has(&["auth"])
            && (has(&["session", "refresh", "verify", "me", "all"])
                || found.kind == Kind::RouteHandler && told.contains('*')));
    if signs {
        return true;
    }
    if has(&[
        "health", "healthz", "ping", "status", "sitemap", "robots", "manifest", "og", "icon", "rss", "feed",
        "version", "config",
    ]) && !deeds.writes
        && !(deeds.pays && has(&["status"]) && found.method != "GET" && !has(&["health", "healthz"]))
    {
        return true;
    }
    if has(&["public"]) && !deeds.writes && !deeds.pays {
        return true;
    }
    let form = has(&[
        "contact",
        "newsletter",
        "subscribe",
        "waitlist",
        "feedback",
        "inquiry",
        "enquiry",
        "unsubscribe",
    ]);
    if form && !deeds.admin {
        return true;
    }
    // A read without parameters of an owner, of rows that are no one's.
    let reads = found.method == "GET" && !deeds.writes && !deeds.pays;
    reads && reads_catalogue(project, found)
}

/// Whether what is confirmed is an account, by the other words of the name: not a payment, and not a booking.
fn of_account(words: &[String]) -> bool {
    const ACCOUNT: &[&str] = &[
        "auth",
        "email",
        "mail",
        "account",
        "signup",
        "registration",
        "password",
        "subscription",
        "newsletter",
        "invite",
        "invitation",
    ];
    const BARE: &[&str] = &["confirm", "api", "v1", "functions", "get", "post", "put", "patch"];
    let all = |list: &[&str]| words.iter().all(|word| list.contains(&word.as_str()));
    words.iter().any(|word| ACCOUNT.contains(&word.as_str())) || all(BARE)
}

/// Whether what a handler reads is for everyone: it touches rows, and none that belong to somebody.
fn reads_catalogue(project: &Project, found: &Found) -> bool {
    let mut touches = false;
    for span in reach::functions(project, found.function, 2) {
        let text = project.get(span.file).text.get(span.range()).unwrap_or_default();
        touches |= [".from(", "SELECT", "select", "find", "query"].iter().any(|mark| text.contains(mark));
        let private = words(text).iter().any(|word| {
            matches!(
                word.as_str(),
                "user"
                    | "users"
                    | "profile"
                    | "profiles"
                    | "customer"
                    | "customers"
                    | "order"
                    | "orders"
                    | "booking"
                    | "bookings"
                    | "payment"
                    | "payments"
                    | "invoice"
                    | "invoices"
                    | "message"
                    | "messages"
                    | "email"
                    | "phone"
                    | "reservation"
                    | "reservations"
                    | "patient"
                    | "patients"
                    | "submission"
                    | "submissions"
                    | "student"
                    | "students"
                    | "member"
                    | "members"
                    | "account"
                    | "accounts"
                    | "transaction"
                    | "transactions"
                    | "admin"
                    | "token"
                    | "password"
                    | "appointment"
                    | "appointments"
                    | "lead"
                    | "leads"
                    | "subscription"
                    | "subscriptions"
                    | "chat"
                    | "chats"
            )
        });
        if private {
            return false;
        }
    }
    touches
}

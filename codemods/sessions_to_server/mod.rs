//! The session leaves the browser: a server beside the app keeps it in an HttpOnly cookie, and the app's client keeps its surface.
//!
//! `client` finds the module that makes the client, `reach` how code comes by it, `uses` what it is asked for, `tokens` what pages do with the access token; `decide` says
//! whether all of it can move, and `facade`, `runtime`, `package` and `values` make the one change of it. What the app does not use is
//! not written.

mod address;
mod asked;
mod auth;
mod carried;
mod client;
mod compared;
mod context;
mod cookies;
mod decide;
mod facade;
mod fit;
pub(crate) mod framing;
mod getter;
mod handed_on;
mod header;
mod held;
mod kept_sessions;
mod key_fetch;
mod lazy;
mod leads;
mod library;
mod meaning;
mod native;
mod own_headers;
mod own_request;
mod own_routes;
mod owned;
mod package;
mod phone;
mod places;
pub(crate) mod policy;
mod reach;
mod reads;
mod requests;
mod retyped;
mod route_context;
mod runtime;
mod scripts;
mod served;
mod setting;
mod takers;
mod template;
mod tokens;
mod told;
mod truth;

mod uses;
mod values;
mod web_storage;
mod whole;

use crate::server::{PROVIDERS, QUERIES, SESSIONS};
use audit::finding::Related;
use audit::{Confidence, Finding, Rule, Severity, Survey};
pub(crate) use cookies::{hides, with_cookies};
use decide::{Blocker, Decision, Move, decide};
use edit::{RelPath, Span};
pub(crate) use places::relative;
use plan::{About, Change, Codemod, Disposition, Request, Safety, Settled};
pub(crate) use requests::{is_secret, says_who};
pub(crate) use template::{Uses, filled};
pub(crate) use tokens::with_comma;
pub(crate) use uses::code;

/// The codemod.
pub struct SessionsToServer;

const ID: &str = "sessions-to-server";

const IN_BROWSER: Rule = Rule {
    id: "sessions-to-server/session-in-browser",
    title: "The session is kept where every script of the page can read it",
    severity: Severity::Warning,
    why: "One script from elsewhere - an analytics tag, a widget, a dependency - can read the tokens out of web storage and act as the visitor from anywhere, also after they have closed the page.",
    aliases: &["CWE-922", "ASVS 8.2.2"],
};
const NO_SERVER: Rule = Rule {
    id: "sessions-to-server/no-server",
    title: "The page speaks to the database itself",
    severity: Severity::Warning,
    why: "What it may read and write is decided by the policies of the database alone: every query that they let through can be made by anybody, in any form.",
    aliases: &["CWE-602"],
};
const KEPT: Rule = Rule {
    id: "sessions-to-server/kept-in-browser",
    title: "A use of the client has no counterpart on the server",
    severity: Severity::Warning,
    why: "Sessions move all together or not at all: half a session signs nobody in.",
    aliases: &[],
};
const ADMIN: Rule = Rule {
    id: "sessions-to-server/admin-call-in-browser",
    title: "The browser asks for what only an administrator may do",
    severity: Severity::Hole,
    why: "With the publishable key the call always fails; with a key that makes it work, every visitor has that key.",
    aliases: &["CWE-602"],
};
impl Codemod for SessionsToServer {
    fn about(&self) -> About {
        About {
            id: ID,
            title: "Sessions leave the browser for HttpOnly cookies of a server of the app's own",
            rules: &[
                IN_BROWSER,
                NO_SERVER,
                KEPT,
                ADMIN,
                told::TOKENS,
                told::LENT,
                told::STORED,
                told::APART,
                phone::SHELL,
            ],
            readme: include_str!("README.md"),
            frameworks: &["vite", "tanstack-start", "next"],
        }
    }

    fn find(&self, survey: &Survey<'_>) -> Vec<Finding> {
        let mut found: Vec<Finding> = phone::shell(survey).into_iter().chain(told::apart(survey)).collect();
        match &*decide(survey) {
            Decision::Nothing => {
                if let Some(cookies) = cookies::found(survey) {
                    let blockers = cookies.blockers.as_deref();
                    found.push(main_finding(survey, cookies.client, &cookies.auth, blockers));
                    found.extend(together(blockers.unwrap_or_default()));
                    found.extend(cookies::told(survey));
                }
            }
            Decision::Kept { client, auth, blockers } => {
                found.push(main_finding(survey, *client, auth, Some(blockers)));
                found.extend(together(blockers));
            }
            Decision::Moves(change) => {
                let client = &change.clients[0];
                let span = survey.project.get(client.file).span(client.call.clone());
                found.push(main_finding(survey, span, &auth_places(change), None));
                found.extend(told::handed(change));
                found.extend(told::lent(change).into_iter().chain(told::stored(change)));
                found.extend(refused(survey, change));
            }
        }
        found
    }

    fn fix(&self, survey: &Survey<'_>, findings: &[Finding]) -> Vec<Change> {
        let decision = decide(survey);
        // Whoever does not want the finding resolved has suppressed it.
        let fixes: Vec<usize> = (0..findings.len())
            .filter(|at| [IN_BROWSER.id, NO_SERVER.id].contains(&findings[*at].rule))
            .collect();
        if fixes.is_empty() {
            return Vec::new();
        }
        let Decision::Moves(change) = &*decision else {
            return cookies::fix(survey, fixes).into_iter().collect();
        };
        moved(survey, change, fixes).into_iter().collect()
    }
}

/// Whether a call makes the client of another project than the app's own: such a client stays as it is, with what it is asked.
pub(crate) fn is_foreign(survey: &Survey<'_>, call: Span) -> bool {
    asked::is_foreign(survey, call)
}

/// Whether pages hand on the edge functions as a whole, and may change what a call of one does.
pub(crate) fn hand_on_functions(survey: &Survey<'_>) -> bool {
    handed_on::hand_on_functions(survey)
}

/// Whether the app gets its server and its sessions: what else needs one asks this.
pub fn lands(survey: &Survey<'_>) -> bool {
    matches!(*decide(survey), Decision::Moves(_))
}

/// Whether pages go on to reach the backend's host themselves, for live changes or files.
pub(crate) fn reaches_backend(survey: &Survey<'_>) -> bool {
    match &*decide(survey) {
        Decision::Moves(change) => change.parts.any("realtime") || change.parts.any("storage"),
        _ => true,
    }
}

/// The versions of Node that the app's server runs on, if it gets one.
pub fn node(survey: &Survey<'_>) -> Option<&'static str> {
    match &*decide(survey) {
        Decision::Moves(change) => Some(change.wiring.node.0),
        _ => None,
    }
}

/// The script that will start the server beside the app, where there will be one.
pub(crate) fn start_script(survey: &Survey<'_>) -> Option<&'static str> {
    match &*decide(survey) {
        Decision::Moves(change) if !change.places.server.is_within() => {
            survey.project.packages.get(change.places.app.package).map(package::start_script)
        }
        _ => None,
    }
}

/// What goes with the browser's client, where it goes: others leave these spans to the change of [`SESSIONS`].
pub fn gone(survey: &Survey<'_>) -> Vec<Span> {
    match &*decide(survey) {
        Decision::Moves(change) => {
            let mut gone = change.gone(survey);
            if change.parts.any("providers") {
                gone.extend(crate::provider_calls_to_server::gone(survey));
            }
            gone
        }
        _ => cookies::gone(survey),
    }
}

/// Where the module of calls of paid services stands, with the specifier of zod, if the app's server has one.
pub(crate) fn providers(survey: &Survey<'_>) -> Option<(RelPath, &'static str)> {
    match &*decide(survey) {
        Decision::Moves(change) if change.parts.any("providers") => {
            Some((change.places.of_server("providers.ts")?, package::zod(survey, change).0))
        }
        _ => None,
    }
}

fn auth_places(change: &Move) -> Vec<Span> {
    let auth = change.uses.iter().filter(|one| one.what.is_auth());
    auth.map(|one| one.span).collect()
}

/// The finding about the client itself.
fn main_finding(survey: &Survey<'_>, client: Span, auth: &[Span], kept: Option<&[Blocker]>) -> Finding {
    let rule = if auth.is_empty() { &NO_SERVER } else { &IN_BROWSER };
    let within = survey.stack.server.is_some_and(|server| server.is_within());
    let message = if auth.is_empty() && within {
        "The app's pages ask the database themselves, past the app's own server.".to_owned()
    } else if auth.is_empty() {
        "The app has no server: its pages ask the database themselves.".to_owned()
    } else {
        let (count, places) = (auth.len(), if auth.len() == 1 { "place asks" } else { "places ask" });
        format!("The session of a visitor is kept in the browser; {count} {places} the client for it.")
    };
    let todo = match kept {
        Some(blockers) => {
            let first = blockers.first().map(|blocker| place(survey, blocker.span)).unwrap_or_default();
            let more = match blockers.len() {
                0 | 1 => String::new(),
                many => format!(" and {} more", many - 1),
            };
            let keeps = if more.is_empty() { "keeps" } else { "keep" };
            format!(
                "It moves to the server once {first}{more} no longer {keeps} it here: see the findings there."
            )
        }
        None if auth.is_empty() => {
            "Set the variables of `.env.example` at the host before the next deployment.".to_owned()
        }
        None => {
            let callback = cookies::callback(survey);
            // A client without cookies took links of every browser.
            let mails = if lands(survey) {
                format!(
                    " A link in a mail works only in the browser that asked for it, unless the mail template leads to `<origin>{callback}?token_hash={{{{ .TokenHash }}}}&type=` with the type of the mail."
                )
            } else {
                String::new()
            };
            format!(
                "Add `<origin>{callback}` to the redirect URLs of the project (Authentication, URL configuration), raise its limits for sign-in, which see the server's address now, and set the variables of `.env.example` at the host.{mails}{}",
                lockfile(survey)
            )
        }
    };
    Finding {
        rule: rule.id,
        severity: rule.severity,
        confidence: Confidence::Certain,
        span: client,
        message,
        why: rule.why.into(),
        todo,
        related: auth
            .iter()
            .take(20)
            .map(|span| Related { span: *span, message: "asks for the session".into() })
            .collect(),
        subject: String::new(),
    }
}

/// Which of several lockfiles says how functions are spelled.
fn lockfile(survey: &Survey<'_>) -> String {
    let within = survey.stack.server.is_some_and(|server| server.is_within());
    let package = survey.project.apps.first().and_then(|app| survey.project.packages.get(app.package));
    match package.map(|package| package.lockfiles.as_slice()) {
        Some([used, _, ..]) if within => {
            let name = used.path.name();
            format!(
                " There are several lockfiles, and functions are spelled for the versions of `{name}`, the one in use."
            )
        }
        _ => String::new(),
    }
}

fn kept(blockers: &[&Blocker]) -> Finding {
    let blocker = blockers[0];
    let rule = if blocker.admin { &ADMIN } else { &KEPT };
    let (what, todo) = blocker.why.split_once(". ").unwrap_or((&blocker.why, "Change it by hand"));
    let more = match blockers.len() - 1 {
        0 => String::new(),
        1 => " So does one more place.".to_owned(),
        count => format!(" So do {count} more places."),
    };
    Finding {
        rule: rule.id,
        severity: rule.severity,
        confidence: Confidence::Certain,
        span: blocker.span,
        message: format!("This {}.{more}", what.trim_end_matches('.')),
        why: rule.why.into(),
        todo: format!("{}. Until then the session stays in the browser.", todo.trim_end_matches('.')),
        related: blockers[1..]
            .iter()
            .map(|other| Related { span: other.span, message: "and this".into() })
            .collect(),
        subject: what.to_owned(),
    }
}

/// Calls that only an administrator may make: they fail as they did.
fn refused(survey: &Survey<'_>, change: &Move) -> Vec<Finding> {
    let calls = change.uses.iter().filter_map(|one| match &one.what {
        uses::What::Auth(method) if method.starts_with("admin.") => Some((one, method)),
        _ => None,
    });
    calls
        .map(|(one, method)| Finding {
            rule: ADMIN.id,
            severity: ADMIN.severity,
            confidence: Confidence::Certain,
            span: one.span,
            message: format!("`{}` calls `auth.{method}` from the browser, where it always fails.", place(survey, one.span)),
            why: ADMIN.why.into(),
            todo: "Write a server function that checks the caller's right first, with a key that only the server has.".into(),
            related: Vec::new(),
            subject: method.clone(),
        })
        .collect()
}

/// What stands in the way for one reason is one thing to do, at many places.
fn together(blockers: &[Blocker]) -> Vec<Finding> {
    let mut reasons = std::collections::BTreeMap::<(bool, &str), Vec<&Blocker>>::new();
    for blocker in blockers {
        reasons.entry((!blocker.admin, &blocker.why)).or_default().push(blocker);
    }
    reasons.into_values().map(|blockers| kept(&blockers)).collect()
}

fn place(survey: &Survey<'_>, span: Span) -> String {
    let file = survey.project.get(span.file);
    format!("{}:{}", file.path, file.line_column(span.start as usize).0)
}

/// The one change.
fn moved(survey: &Survey<'_>, parts: &Move, fixes: Vec<usize>) -> Option<Change> {
    let (zod, _) = package::zod(survey, parts);
    let within = parts.places.server.is_within();
    let files = if within { native::files(survey, parts, zod)? } else { runtime::files(survey, parts, zod)? };
    let title = if within {
        "Keep sessions in HttpOnly cookies of the app's own server"
    } else if parts.parts.any("auth") {
        "Keep sessions in HttpOnly cookies of a server beside the app"
    } else {
        "Put a server between the app and the database"
    };
    let mut change = Change::new(ID, title, Safety::Review);
    change.fixes = fixes;
    change.key = Some(SESSIONS.to_owned());
    if parts.parts.any("functions") {
        change.needs.push(QUERIES.to_owned());
    }
    if parts.parts.any("providers") {
        change.needs.push(PROVIDERS.to_owned());
    }
    if parts.parts.any("guards") && !within {
        change.requests.extend(crate::guards_to_server::request(survey));
    }
    // Another name for the client is no use of it where its declaration goes.
    let goes = |one: &uses::Use| parts.dropped.iter().any(|statement| statement.covers(one.span));
    let queries_alone = parts.uses.iter().all(|one| one.what == uses::What::Query || goes(one));
    for at in (0..parts.clients.len()).filter(|at| !parts.drops(survey, &parts.clients[*at])) {
        let client = &parts.clients[at];
        if files.parts.is_empty() && files.proxy.is_none() {
            match facade::unused(survey, client, queries_alone) {
                facade::Unused::Module => {
                    change.deletes.push(client.file);
                    continue;
                }
                facade::Unused::Drops => {
                    change.edits.extend(facade::dropped(survey, client, &parts.owned[at]));
                    continue;
                }
                facade::Unused::Named => {}
            }
        } else if facade::is_spent(survey, client, parts) {
            change.edits.extend(facade::dropped(survey, client, &parts.owned[at]));
            continue;
        }
        let (edits, requests) = runtime::module(survey, parts, at, &files);
        change.edits.extend(edits);
        change.requests.extend(requests);
    }
    let (edits, requests) = held::settled(survey, parts);
    change.edits.extend(edits);
    change.requests.extend(requests);
    change.requests.extend(kept_sessions::requests(survey, parts, &files));
    let modules: Vec<&RelPath> = files.creates.iter().map(|new| &new.path).collect();
    change.edits.extend(parts.places.server.listed(survey.project, &parts.places.app, &modules));
    change.creates = files.creates;
    change.requests.extend(files.requests);
    change.edits.extend(parts.tokens.edits.iter().chain(&parts.tokens.stored.edits).cloned());
    let nonce = parts.wiring.nonce.iter();
    change.edits.extend(parts.wiring.edits.iter().chain(nonce.clone().map(|nonce| &nonce.edit)).cloned());
    change.edits.extend(parts.middleware(survey));
    if within {
        let readers = native::headers(survey, &parts.places);
        let (edits, requests) = header::given(survey, &parts.places, &readers);
        change.edits.extend(edits);
        change.requests.extend(requests);
    }
    change.deletes.extend(parts.wiring.removed);
    let imports = parts.wiring.imports.iter().chain(nonce.map(|nonce| &nonce.import));
    change.requests.extend(imports.map(|(file, from, name, local)| Request::Import {
        file: *file,
        from: (*from).to_owned(),
        name: name.clone(),
        local: (*local).to_owned(),
        type_only: false,
    }));
    change.requests.extend(package::requests(survey, parts));
    if !within {
        change.edits.extend(package::reference(survey, parts));
        change.edits.extend(package::included(survey, parts));
    }
    let (edits, deletes) = values::removed(survey, parts, &parts.gone(survey));
    change.edits.extend(edits);
    change.deletes.extend(deletes);
    change.requests.extend(values::requests(survey, parts));
    change.edits.sort_by_key(|edit| edit.span);
    change.edits.dedup();
    change.settles = settled(survey, parts);
    Some(change)
}

/// What becomes of auth calls, and of what the facades and the proxy serve.
fn settled(survey: &Survey<'_>, parts: &Move) -> Vec<Settled> {
    let settled = |span: Span, disposition: Disposition| Settled { span, disposition, function: None };
    let auth = survey.sessions.iter().filter(|session| {
        parts.uses.iter().any(|one| {
            matches!(one.what, uses::What::Auth(_))
                && (session.span.covers(one.span) || one.span.covers(session.span))
        })
    });
    let mut found: Vec<Settled> = auth.map(|session| settled(session.span, Disposition::Moved)).collect();
    // A query within the callback of a channel moves by itself.
    let meets =
        |moved: Span, span: Span| moved.covers(span) || moved.start == span.start && span.covers(moved);
    let is_moved = |span: Span| parts.moved.iter().any(|moved| meets(*moved, span));
    for (span, kind) in decide::served(survey, &parts.uses).into_iter().filter(|(span, _)| !is_moved(*span)) {
        let proxied = kind == audit::query::Kind::EdgeFunction;
        found.push(settled(span, if proxied { Disposition::Proxied } else { Disposition::Moved }));
    }
    found.extend(parts.proxied.iter().map(|one| settled(one.span, Disposition::Proxied)));
    let sent = |span: Span| {
        parts.tokens.requests.iter().any(|request| span.covers(*request) || request.covers(span))
    };
    let requests = survey.queries.iter().filter(|query| {
        query.kind == audit::query::Kind::EdgeFunction && sent(query.span) && !is_moved(query.span)
    });
    found.extend(requests.map(|query| settled(query.span, Disposition::Proxied)));
    found
}

/// The module from which pages call server functions: where the change of [`SESSIONS`] puts it.
pub fn caller(survey: &Survey<'_>) -> Option<RelPath> {
    match &*decide(survey) {
        Decision::Moves(change) => change.places.sends(survey, "api"),
        _ => None,
    }
}

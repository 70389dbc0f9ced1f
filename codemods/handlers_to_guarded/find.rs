//! Who may call a handler: what is open, and how bad that is.

use super::elsewhere::{by_policies, policies_first};
use super::finding;
use audit::handler::{Auth, Handler, Kind};
use audit::session;
use audit::{Confidence, Finding, Related, Severity, Survey};
use edit::{FileId, Span};
use project::graph::{Graph, Origin};
use std::collections::BTreeMap;
use syntax::{Node, view};

/// What to do about an open handler.
pub(super) const REFUSE: &str = "Refuse with 401 without a session, and ask for the role where not everyone may: first in the handler, before anything is read.";

pub(super) fn find(survey: &Survey<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let guarded = super::guarded::of(survey);
    let plain = super::directive::of(survey);
    // By file, and apart what a change guards.
    let mut open: BTreeMap<(FileId, bool), Vec<(&Handler, Severity)>> = BTreeMap::new();
    // By the function that verifies nothing: a guard of many is one cause. With the first place that asks it.
    let mut unverified: BTreeMap<Span, (Span, Vec<&Handler>)> = BTreeMap::new();
    let judged = |handler: &&Handler| acts(survey, handler) && !plain.covers(handler);
    for handler in survey.handlers.iter().filter(judged) {
        if let Some(span) = handler.loose_secret {
            findings.push(finding(
                &super::LOOSE,
                span,
                format!("{} compares a secret with a variable that may be missing.", told(handler)),
                "Refuse when the variable is not set, and compare in constant time.",
                &handler.name,
            ));
        }
        if handler.unverified && matches!(handler.auth, Auth::None | Auth::Optional) {
            // Where nothing is read or done, the token is for show alone; and whoever gets it judges it.
            let acts = handler.writes || handler.admin || handler.pays || asks_database(survey, handler);
            if !acts || super::elsewhere::only_sends_token_on(survey, handler) {
                continue;
            }
            let check = handler.check.unwrap_or(handler.span);
            unverified.entry(cause(survey, check)).or_insert_with(|| (check, Vec::new())).1.push(handler);
            continue;
        }
        if !matches!(handler.auth, Auth::None | Auth::Optional) {
            continue;
        }
        if handler.kind == Kind::EdgeFunction {
            findings.extend(super::edge::find(survey, handler));
        } else if is_debug(handler) {
            findings.push(finding(
                &super::DEBUG,
                handler.span,
                format!("{} is there for trying things out, and anyone can call it.", told(handler)),
                "Remove it.",
                &handler.name,
            ));
        } else if is_webhook(handler) || handler.asks_back && is_for_links(handler) {
            if handler.writes || handler.admin {
                findings.push(webhook(handler));
            }
        } else if let Some(severity) = risk(survey, handler) {
            let reads = handler.method == "GET" && !handler.writes && !handler.pays;
            if handler.auth == Auth::Optional && reads && severity != Severity::Hole {
                // What all may read may say more to whom it knows.
                continue;
            }
            if handler.auth == Auth::Optional && severity != Severity::Note {
                let mut found = finding(
                    &super::NOT_USED,
                    handler.check.unwrap_or(handler.span),
                    format!("{} asks who is there and goes on without an answer.", told(handler)),
                    "Refuse with 401 without a session, before anything is read or written.",
                    &handler.name,
                );
                found.confidence = Confidence::Likely;
                findings.push(found);
            } else {
                let settled = guarded.handlers.contains_key(&handler.span);
                open.entry((handler.span.file, settled)).or_default().push((handler, severity));
            }
        }
    }
    findings.extend(unverified.into_values().filter_map(|(check, handlers)| believed(check, &handlers)));
    findings.extend(sections(open).into_iter().map(|handlers| opened(survey, handlers)));
    findings
}

/// An event whose sender nobody checks.
fn webhook(handler: &Handler) -> Finding {
    let mut found = finding(
        &super::WEBHOOK,
        handler.span,
        format!("{} takes an event from anyone.", told(handler)),
        "Check the signature of the sender before anything else.",
        &handler.name,
    );
    if handler.asks_back {
        asked_back(&mut found);
    }
    found
}

/// The service is asked for what it says happened: an event that nobody sent does no more than a look at the account.
pub(super) fn asked_back(found: &mut Finding) {
    found.severity = Severity::Note;
    found.confidence = Confidence::Possible;
    found.todo = format!(
        "It asks the service itself what happened. See that everything it writes comes from that answer, and nothing from the request. {}",
        found.todo
    );
}

/// The name of the function of the app that a check asks, directly or through a constant; else the check itself.
fn cause(survey: &Survey<'_>, check: Span) -> Span {
    let Some((tree, scopes)) = survey.project.get(check.file).syntax() else { return check };
    let Some(node) = tree.node_at(check.range()) else { return check };
    let mut asked = None;
    let mut look = |node: Node<'_>| {
        let callee = view::callee(node).filter(|callee| callee.kind() == "identifier");
        let origin = callee.map(|callee| Graph::origin(survey.project, check.file, callee.byte_range()));
        if let (None, Some(Origin::Local(file, name))) = (&asked, origin) {
            asked = Some(Span::new(file, name));
        }
    };
    view::walk(node, &mut |inner| {
        look(inner);
        let held = scopes.binding_at(inner.byte_range()).filter(|_| inner.kind() == "identifier");
        let held = held.and_then(|id| tree.node_at(scopes.binding(id).range.clone()));
        let value = held.filter(|held| held.kind() == "variable_declarator");
        let value = value.and_then(|held| held.child_by_field_name("value")).map(view::unwrapped);
        if let Some(value) = value {
            let awaited = (value.kind() == "await_expression").then(|| view::code_children(value).next());
            look(awaited.flatten().unwrap_or(value));
        }
        true
    });
    asked.unwrap_or(check)
}

/// A check that takes any token, and the handlers that rest on it.
fn believed(check: Span, handlers: &[&Handler]) -> Option<Finding> {
    let (first, others) = handlers.split_first()?;
    let who = match others.len() {
        0 => format!("{} looks", told(first)),
        more => format!("{} and {more} more look", told(first)),
    };
    let mut found = finding(
        &super::UNVERIFIED,
        check,
        format!("{who} whether a token was sent, and nobody verifies it."),
        "Verify the token with the service that issued it, and take the user from the answer.",
        &first.name,
    );
    let rests = |handler: &&Handler| Related {
        span: handler.span,
        message: format!("{} rests on it", told(handler)),
    };
    found.related = others.iter().map(rests).collect();
    Some(found)
}

/// Whether a handler does something itself: what only answers a browser's question beforehand does nothing.
fn acts(survey: &Survey<'_>, handler: &Handler) -> bool {
    !matches!(handler.method.as_str(), "OPTIONS" | "HEAD")
        && !super::development::only(survey, handler)
        && !signs_out(handler)
        && !crate::server::hands_on(survey, handler)
}

/// `DELETE /api/admin/session`: it ends the caller's own session.
fn signs_out(handler: &Handler) -> bool {
    let last = handler.url.as_deref().and_then(|url| url.rsplit('/').next()).unwrap_or_default();
    handler.method == "DELETE"
        && !handler.admin
        && matches!(last, "auth" | "session" | "login" | "logout" | "signout")
}

/// Whether a handler answers whoever asks, and that matters, and nothing but a session is to be asked for.
pub(super) fn is_open(survey: &Survey<'_>, handler: &Handler) -> bool {
    super::guarded::is_kind(handler)
        && !super::directive::of(survey).covers(handler)
        && !handler.unverified
        && acts(survey, handler)
        && !is_debug(handler)
        && !is_webhook(handler)
        && !is_timed(handler)
        && risk(survey, handler).is_some()
}

/// Whether a handler gives out files of a store that keeps them to itself: `get(path, { access: "private" })`.
fn hands_out_files(survey: &Survey<'_>, handler: &Handler) -> bool {
    let text = survey.project.get(handler.span.file).text.get(handler.span.range()).unwrap_or_default();
    let kept = ["access: 'private'", "access: \"private\""].iter().any(|mark| text.contains(mark));
    handler.method == "GET" && kept && text.contains("get(")
}

/// How bad it is that an action answers whoever asks; `None` where it does not, or does nothing that matters.
pub(super) fn open_action(survey: &Survey<'_>, handler: &Handler) -> Option<Severity> {
    risk(survey, handler).filter(|_| super::guarded::is_kind(handler))
}

/// Open handlers that belong together: those of a file, or, where many files are open, those of a section of the app. What a
/// change closes is told file by file.
fn sections(open: BTreeMap<(FileId, bool), Vec<(&Handler, Severity)>>) -> Vec<Vec<(&Handler, Severity)>> {
    let (settled, left): (Vec<_>, Vec<_>) = open.into_iter().partition(|((_, settled), _)| *settled);
    let mut groups: Vec<_> = settled.into_iter().map(|(_, handlers)| handlers).collect();
    if left.len() <= FEW {
        groups.extend(left.into_iter().map(|(_, handlers)| handlers));
        return groups;
    }
    let mut sections: BTreeMap<(Severity, String), Vec<(&Handler, Severity)>> = BTreeMap::new();
    for (handler, severity) in left.into_iter().flat_map(|(_, handlers)| handlers) {
        sections.entry((severity, section(handler))).or_default().push((handler, severity));
    }
    groups.extend(sections.into_values());
    groups
}

/// So many open files are told one by one.
const FEW: usize = 8;

/// `/api/customers`: the address as far as the first two parts that are names; what has no address is of its folder.
fn section(handler: &Handler) -> String {
    let Some(url) = &handler.url else { return format!("{:?}", handler.kind) };
    let named = url.split('/').skip(1).take_while(|part| !part.starts_with(':') && *part != "*");
    format!("/{}", named.take(2).collect::<Vec<_>>().join("/"))
}

/// `` `POST /api/boats` ``, `` `deleteBoat` ``.
pub(super) fn told(handler: &Handler) -> String {
    match (&handler.url, handler.kind) {
        (Some(url), Kind::RouteHandler | Kind::Express) if handler.method != "*" => {
            format!("`{} {url}`", handler.method)
        }
        (Some(url), Kind::RouteHandler | Kind::Express) => format!("`{url}`"),
        _ => format!("`{}`", handler.name),
    }
}

pub(super) fn words(handler: &Handler) -> Vec<String> {
    let text = format!("{} {}", handler.name, handler.url.as_deref().unwrap_or_default());
    let mut words = Vec::new();
    let mut word = String::new();
    let mut lower = false;
    for letter in text.chars() {
        if !letter.is_alphanumeric() || (letter.is_uppercase() && lower) {
            words.push(std::mem::take(&mut word));
        }
        lower = letter.is_lowercase();
        if letter.is_alphanumeric() {
            word.extend(letter.to_lowercase());
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

fn is_debug(handler: &Handler) -> bool {
    words(handler)
        .iter()
        .any(|word| matches!(word.as_str(), "debug" | "test" | "seed" | "playground" | "demo" | "migrate"))
}

/// Whether a handler is told of events. What the app's own pages call to list or change webhooks takes none.
fn is_webhook(handler: &Handler) -> bool {
    let called_by_address = matches!(handler.kind, Kind::RouteHandler | Kind::Express);
    called_by_address
        && matches!(handler.method.as_str(), "POST" | "PUT" | "*")
        && words(handler).iter().any(|word| matches!(word.as_str(), "webhook" | "webhooks" | "ipn"))
}

/// Whether a clock of the host calls a handler, and no visitor.
pub(super) fn is_timed(handler: &Handler) -> bool {
    words(handler).iter().any(|word| matches!(word.as_str(), "cron" | "crons" | "scheduled" | "scheduler"))
}

/// Whether a handler is there to be opened by its address: out of a mail, from another service, by a clock.
pub(super) fn is_for_links(handler: &Handler) -> bool {
    let linked = |word: &String| {
        matches!(
            word.as_str(),
            "callback"
                | "confirm"
                | "verify"
                | "unsubscribe"
                | "return"
                | "success"
                | "cancel"
                | "redirect"
                | "track"
                | "view"
                | "views"
                | "click"
                | "count"
                | "logout"
                | "visit"
                | "health"
        )
    };
    is_timed(handler) || is_webhook(handler) || is_debug(handler) || words(handler).iter().any(linked)
}

/// Whether anything in the app could be asked who is there.
fn has_sign_in(survey: &Survey<'_>) -> bool {
    survey.sessions.iter().any(|session| {
        matches!(
            session.kind,
            session::Kind::Auth | session::Kind::Subscription | session::Kind::Token | session::Kind::Cookie
        )
    }) || survey.handlers.iter().any(|handler| handler.auth == Auth::Enforced)
}

/// How bad it is that a handler is open; `None` if it does nothing that matters.
fn risk(survey: &Survey<'_>, handler: &Handler) -> Option<Severity> {
    let words = words(handler);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let changes = matches!(handler.method.as_str(), "PUT" | "PATCH" | "DELETE")
        || has(&[
            "update", "delete", "remove", "edit", "set", "approve", "assign", "refund", "cancel", "promote",
            "ban", "grant", "revoke",
        ]);
    let people = has(&[
        "user",
        "users",
        "role",
        "roles",
        "admin",
        "admins",
        "member",
        "members",
        "permission",
        "permissions",
    ]);
    let money = has(&[
        "payment",
        "payments",
        "refund",
        "refunds",
        "customer",
        "customers",
        "payout",
        "payouts",
        "invoice",
        "invoices",
        "billing",
    ]);
    // How a bill looks and how one may pay is shown to whoever buys.
    let shown =
        has(&["settings", "config", "configuration", "methods", "options", "gateways", "providers", "plans"]);
    let lists_money = money && handler.method == "GET" && !by_id(handler) && !shown;
    let severity = if handler.writes && (changes || people || money) || handler.admin && people || lists_money
    {
        Severity::Hole
    } else if handler.writes
        || handler.fetches
        || handler.pays
        || handler.admin
        || reads_people(survey, handler)
        || hands_out_files(survey, handler)
    {
        Severity::Warning
    } else {
        return None;
    };
    // With the visitor's own rights the policies decide, as they do for the browser.
    let held = || !money || policies_first(survey, handler);
    let severity = if severity == Severity::Hole && by_policies(survey, handler) && held() {
        Severity::Warning
    } else {
        severity
    };
    if handler.auth == Auth::Optional && by_policies(survey, handler) && !handler.pays {
        return None;
    }
    // Without any sign-in there is nobody to ask: who may call it is not known yet.
    Some(if severity == Severity::Hole && !has_sign_in(survey) { Severity::Warning } else { severity })
}

/// Whether a handler reads one thing by an id that the caller has to know.
fn by_id(handler: &Handler) -> bool {
    handler.url.as_deref().is_some_and(|url| url.contains(':'))
        || words(handler).iter().any(|word| word == "verify")
}

/// Whether a handler gives back rows of people.
pub(super) fn reads_people(survey: &Survey<'_>, handler: &Handler) -> bool {
    let text = survey.project.get(handler.span.file).text.get(handler.span.range()).unwrap_or_default();
    let text = asked(&text.to_ascii_lowercase());
    let private = [
        "user",
        "profile",
        "customer",
        "order",
        "booking",
        "payment",
        "message",
        "reservation",
        "patient",
        "appointment",
        "student",
    ];
    asks_database(survey, handler) && private.iter().any(|word| text.contains(word))
}

/// What a text in lower case asks a database for: the names in its queries where all are written out, or else all of it. How
/// rows are sorted, and what an error says, is of nobody.
fn asked(text: &str) -> String {
    let named = |mark: &str| {
        let rests = text.match_indices(mark).map(|(at, _)| text[at + mark.len()..].trim_start());
        rests.map(literal).collect::<Option<Vec<_>>>().map(|names| names.join(" "))
    };
    // What a function of the database does, its name need not tell.
    let more = [".rpc(", ".find(", "sql`", ".query(", "select ", "auth.admin."];
    let named = (!more.iter().any(|mark| text.contains(mark))).then(|| [".from(", ".select("].map(named));
    let names = named.and_then(|[tables, columns]| Some([tables?, columns?].join(" ")));
    names.unwrap_or_else(|| text.replace(".order(", "(").replace(".message", ""))
}

/// The text between the quotes at the start of `rest`; empty where nothing is said at all.
fn literal(rest: &str) -> Option<&str> {
    if rest.starts_with(')') {
        return Some("");
    }
    let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\'' | '`'))?;
    rest[1..].split(quote).next()
}

/// Whether a handler asks a database for rows, as far as its own text tells.
fn asks_database(survey: &Survey<'_>, handler: &Handler) -> bool {
    let text = survey.project.get(handler.span.file).text.get(handler.span.range()).unwrap_or_default();
    let text = text.to_ascii_lowercase();
    [".from(", ".rpc(", "sql`", ".find", "select "].iter().any(|mark| text.contains(mark))
}

/// What to say of what visitors without an account fill in.
pub(super) const FORM: &str = "If it is meant for visitors without an account: check every field, limit how often one address may call, and ask for a captcha. Otherwise refuse with 401 without a session.";

/// Whether visitors without an account fill in what a handler takes.
fn is_form(handler: &Handler) -> bool {
    let forms = ["contact", "newsletter", "subscribe", "waitlist", "feedback", "inquiry", "enquiry", "lead"];
    words(handler).iter().any(|word| forms.contains(&word.trim_end_matches('s')))
}

/// The open handlers of one file, told once.
fn opened(survey: &Survey<'_>, handlers: Vec<(&Handler, Severity)>) -> Finding {
    let severity = handlers.iter().map(|(_, severity)| *severity).min().unwrap_or(Severity::Warning);
    let worst = handlers.iter().position(|(_, own)| *own == severity).unwrap_or(0);
    let (first, _) = handlers[worst];
    let does = match (first.admin, first.writes, first.pays) {
        _ if first.fetches => "fetches whatever address it is sent",
        (true, true, _) => "writes past every policy",
        (true, false, _) => "reads past every policy",
        (_, true, _) => "writes",
        (_, _, true) => "spends money for each call",
        _ => "reads",
    };
    let why = super::guarded::of(survey).why.get(&first.span).cloned().unwrap_or_default();
    let todo = if is_timed(first) {
        "Let the host's clock send a secret, and refuse without it: compare the Authorization header with one of the environment.".to_owned()
    } else if is_form(first) {
        FORM.to_owned()
    } else if has_sign_in(survey) {
        if why.is_empty() { REFUSE.to_owned() } else { why }
    } else {
        "There is no sign-in to ask. Decide who may call it, and add one; or take it away.".to_owned()
    };
    let alone = if by_policies(survey, first) { "; only the database's policies decide" } else { "" };
    let mut found = finding(
        &super::OPEN,
        first.span,
        format!("{} answers anyone, and {does}{alone}.", told(first)),
        &todo,
        &first.name,
    );
    if handlers.len() > 1 {
        let more = handlers.len() - 1;
        let alone = handlers.iter().all(|(handler, _)| handler.span.file == first.span.file);
        let whose = match &first.url {
            _ if alone => "of this file".to_owned(),
            Some(_) => format!("below `{}`", section(first)),
            None => "like it".to_owned(),
        };
        let is = if more == 1 { "handler {} is" } else { "handlers {} are" };
        found.message += &format!(" {more} more {} open.", is.replace("{}", &whose));
    }
    found.severity = severity;
    found.confidence = if severity == Severity::Hole { Confidence::Certain } else { Confidence::Likely };
    found.related = handlers
        .iter()
        .enumerate()
        .filter(|(at, _)| *at != worst)
        .map(|(_, (handler, _))| Related {
            span: handler.span,
            message: format!("{} is open as well", told(handler)),
        })
        .collect();
    found
}

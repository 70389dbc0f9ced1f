//! What is wrong with the guards of an app, one finding per cause.

use super::pages;
use audit::guard::{Enforced, Flaw, Guard, Kind, Proof, Requires};
use audit::handler::Auth;
use audit::route::Route;
use audit::{Confidence, Finding, Related, Rule, Severity, Survey};
use edit::Span;

pub(super) fn find(survey: &Survey<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let protected = pages::protected(survey);
    let (mut own, mut roles): (Vec<&Guard>, Vec<&Guard>) = (Vec::new(), Vec::new());
    for (at, guard) in survey.guards.iter().enumerate() {
        findings.extend(open(survey, guard));
        findings.extend(file(survey, guard));
        findings.extend(unmounted(survey, guard));
        let screens = survey.routes.is_empty() && guard.kind == Kind::Component && !guard.mounted.is_empty();
        if guard.enforced != Enforced::Browser || (guard.routes.is_empty() && !screens) {
            continue;
        }
        // A role that the browser keeps is worth as much as the rest of what it keeps.
        if matches!(guard.requires, Requires::Role(_)) && guard.proof != Proof::Storage {
            roles.push(guard);
        }
        if within_another(survey, at) || only_chooses(survey, at) {
            continue;
        }
        if !screens && guard.routes.iter().all(|url| protected.iter().any(|page| pages::covers(page, url))) {
            continue;
        }
        if guard.own_page {
            own.push(guard);
        } else {
            findings.push(in_browser(survey, &[guard]));
        }
    }
    // Pages that check for themselves all lack the one guard on the server.
    let (stored, own): (Vec<&Guard>, Vec<&Guard>) =
        own.into_iter().partition(|guard| guard.proof == Proof::Storage);
    for group in [stored, own].iter().filter(|group| !group.is_empty()) {
        findings.push(in_browser(survey, group));
    }
    let (own, shared): (Vec<&Guard>, Vec<&Guard>) = roles.into_iter().partition(|guard| guard.own_page);
    findings.extend(shared.into_iter().filter_map(|guard| role(survey, &[guard])));
    findings.extend(role(survey, &own));
    findings.extend(redirect_only(survey));
    findings
}

/// Whether another guard of the browser stands before all that this one guards: the trouble is the same, and told there.
fn within_another(survey: &Survey<'_>, at: usize) -> bool {
    let guard = &survey.guards[at];
    survey.guards.iter().enumerate().any(|(other_at, other)| {
        let covers = guard.routes.iter().all(|url| other.routes.contains(url));
        let wider = other.routes.len() > guard.routes.len()
            || (other.routes.len() == guard.routes.len() && other_at < at);
        other_at != at
            && matches!(other.enforced, Enforced::Browser | Enforced::Server)
            && !guard.routes.is_empty()
            && covers
            && (wider || other.enforced == Enforced::Server)
            && (guard.proof == other.proof || guard.proof != Proof::Storage)
    })
}

/// Whether it only decides where an address goes that no page has, while another guard of its kind keeps the pages.
fn only_chooses(survey: &Survey<'_>, at: usize) -> bool {
    let guard = &survey.guards[at];
    !guard.routes.is_empty()
        && guard.routes.iter().all(|url| url == "*")
        && survey.guards.iter().enumerate().any(|(other_at, other)| {
            other_at != at && other.proof == guard.proof && other.routes.iter().any(|url| url != "*")
        })
}

fn finding(rule: &Rule, span: Span, message: String, todo: String, subject: &str) -> Finding {
    Finding {
        rule: rule.id,
        severity: rule.severity,
        confidence: Confidence::Certain,
        span,
        message,
        why: rule.why.into(),
        todo,
        related: Vec::new(),
        subject: subject.to_owned(),
    }
}

fn in_browser(survey: &Survey<'_>, guards: &[&Guard]) -> Finding {
    let first = guards[0];
    let stored = first.proof == Proof::Storage;
    let urls: Vec<&str> = guards.iter().flat_map(|guard| guard.routes.iter().map(String::as_str)).collect();
    let pages = told(&urls);
    let rule = if stored { &super::STORAGE } else { &super::BROWSER };
    let message = match (guards, stored) {
        ([one], false) if one.routes.is_empty() => {
            format!("`{}` guards the app's screens, which have no address, in the browser only.", one.name)
        }
        ([one], true) if one.routes.is_empty() => {
            format!("`{}` guards the app's screens by a value that the browser keeps.", one.name)
        }
        ([one], true) => format!("`{}` guards {pages} by a value that the browser keeps.", one.name),
        ([one], false) => format!("`{}` guards {pages} in the browser only.", one.name),
        (_, true) => format!("{pages} check for a value that the browser keeps."),
        (_, false) => format!("{pages} check for a session in the browser only, each for itself."),
    };
    let message = capitalised(message);
    let todo = if stored {
        "Replace the value by a session of the server, and check it where the data is served: in the database's policies or in the handlers."
    } else {
        "Check the session where the data is served as well: in the functions and handlers of the server, and in the database's policies."
    };
    let mut found = finding(rule, first.span, message, todo.into(), &first.name);
    if stored {
        found.confidence = Confidence::Likely;
    }
    let others = guards[1..].iter().map(|guard| Related { span: guard.span, message: "and here".into() });
    found.related.extend(others);
    if guards.len() == 1 {
        found.related.extend(places(survey, first));
    }
    found
}

/// The routes that a guard covers, as places; one for each element, however many URLs it answers.
fn places(survey: &Survey<'_>, guard: &Guard) -> Vec<Related> {
    let mut seen = std::collections::BTreeSet::new();
    let covered = |route: &&Route| guard.routes.contains(&route.url) && seen.insert(route.span);
    let routes = survey.routes.iter().filter(covered).take(40);
    routes.map(|route| Related { span: route.span, message: format!("guards `{}`", route.url) }).collect()
}

/// A guard that lets everyone through.
fn open(survey: &Survey<'_>, guard: &Guard) -> Option<Finding> {
    if guard.enforced != Enforced::Nowhere || guard.kind == Kind::Middleware || guard.mounted.is_empty() {
        return None;
    }
    let pages = told(&guard.routes.iter().map(String::as_str).collect::<Vec<_>>());
    let behind = if guard.routes.is_empty() { String::new() } else { format!(" Behind it: {pages}.") };
    let (span, reason, sure) = match guard.flaws.first() {
        Some(Flaw::AlwaysTrue(span)) => (*span, "its condition is always true", Confidence::Certain),
        _ => (guard.span, "it shows whatever it is given", Confidence::Likely),
    };
    let mut found = finding(
        &super::NO_GUARD,
        span,
        format!("`{}` lets everyone through: {reason}.{behind}", guard.name),
        "Ask for the session, refuse without one, and check again where the data is served.".into(),
        &guard.name,
    );
    found.confidence = sure;
    // The first page alone is for everybody, mostly.
    if guard.routes.is_empty() || guard.routes == ["/"] {
        found.severity = Severity::Warning;
    }
    found.related = places(survey, guard);
    Some(found)
}

fn unmounted(survey: &Survey<'_>, guard: &Guard) -> Option<Finding> {
    if !guard.mounted.is_empty() {
        return None;
    }
    let others =
        survey.guards.iter().any(|other| !other.mounted.is_empty() && other.enforced != Enforced::Nowhere);
    let (message, todo) = if guard.kind == Kind::Middleware {
        (
            format!(
                "`{}` looks like a guard file, and nothing runs it: only the one at the root of the app counts.",
                guard.name
            ),
            "Call it from the guard file at the root of the app, or remove it.",
        )
    } else {
        (
            format!("`{}` would guard pages, and no page uses it.", guard.name),
            "Put it around the pages that need it, or remove it.",
        )
    };
    let mut found = finding(&super::UNMOUNTED, guard.span, message, todo.into(), &guard.name);
    if others {
        found.severity = Severity::Note;
    }
    Some(found)
}

fn role(survey: &Survey<'_>, guards: &[&Guard]) -> Option<Finding> {
    let guard = *guards.first()?;
    let Requires::Role(test) = &guard.requires else { return None };
    let text = |span: Span| survey.project.get(span.file).text.get(span.range()).unwrap_or_default();
    let condition =
        guard.conditions.iter().copied().find(|span| one_line(text(*span)).contains(test.as_str()));
    let shown = if test.len() > 80 { String::new() } else { format!(": `{test}`") };
    let message = if guards.len() == 1 {
        format!("`{}` decides a role in the browser{shown}.", guard.name)
    } else {
        format!("{} pages decide a role in the browser, each for itself{shown}.", guards.len())
    };
    let mut found = finding(
        &super::ROLE,
        condition.unwrap_or(guard.span),
        message,
        "Ask for the role on the server as well: in the functions and handlers that these pages reach, or in the database's policies.".into(),
        &guard.name,
    );
    found.confidence = Confidence::Likely;
    found.related = if guards.len() == 1 {
        places(survey, guard)
    } else {
        guards[1..].iter().map(|guard| Related { span: guard.span, message: "and here".into() }).collect()
    };
    Some(found)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What weakens a guard file.
fn file(survey: &Survey<'_>, guard: &Guard) -> Vec<Finding> {
    let mut findings = Vec::new();
    for flaw in guard.flaws.iter().filter(|_| guard.kind == Kind::Middleware) {
        match flaw {
            // Ours says itself that pages and handlers ask for themselves.
            Flaw::SkipsApi(span) | Flaw::OnlyRefreshes(span)
                if super::asking::is_ours(survey.project.get(span.file)) => {}
            Flaw::SkipsApi(span) => {
                let open: Vec<_> = survey
                    .handlers
                    .iter()
                    .filter(|handler| {
                        matches!(handler.auth, Auth::None | Auth::Optional)
                            && !matches!(handler.method.as_str(), "OPTIONS" | "HEAD")
                            && handler.url.as_deref().is_some_and(|url| url.starts_with("/api"))
                            // What ours hands on to asks for itself.
                            && !crate::server::hands_on(survey, handler)
                    })
                    .collect();
                if open.is_empty() {
                    continue;
                }
                // The matcher may take it, and the code lets it pass: then the matcher is not what lacks.
                let taken = audit::guard::runs_before(survey.project, "/api/some/thing")
                    .is_some_and(|(file, runs)| runs && file == span.file);
                let todo = if taken {
                    "Its matcher takes `/api` already, and some of it is for everyone: check the session in each of these handlers that is not."
                } else {
                    "Take `/api` into the matcher, or check the session in each of these handlers."
                };
                let mut found = finding(
                    &super::SKIPS_API,
                    *span,
                    format!(
                        "`{}` lets requests to `/api` pass, and {} there {}.",
                        guard.name,
                        count(open.len(), "handler"),
                        if open.len() == 1 { "checks nothing itself" } else { "check nothing themselves" }
                    ),
                    todo.into(),
                    &guard.name,
                );
                found.related = open
                    .iter()
                    .take(40)
                    .map(|handler| Related {
                        span: handler.span,
                        message: format!("`{}` is open", handler.name),
                    })
                    .collect();
                findings.push(found);
            }
            // What has another purpose than to guard lacks nothing.
            Flaw::DoesNothing(span) if !speaks_of_sessions(survey, *span) => {}
            Flaw::OnlyRefreshes(span) | Flaw::DoesNothing(span) => {
                let refreshes = matches!(flaw, Flaw::OnlyRefreshes(_));
                let others = survey
                    .guards
                    .iter()
                    .any(|other| other.kind != Kind::Middleware && other.enforced == Enforced::Server);
                let message = if refreshes {
                    format!("`{}` asks who is there and lets everyone pass.", guard.name)
                } else {
                    format!("`{}` lets every request pass.", guard.name)
                };
                let mut found = finding(
                    &super::USELESS,
                    *span,
                    message,
                    "Refuse requests without a session here, for all pages that are not public; or remove the file.".into(),
                    &guard.name,
                );
                // Keeping the session fresh is a good reason to be there, if the pages check for themselves.
                if refreshes && others {
                    found.severity = Severity::Note;
                    found.todo =
                        "It keeps the session fresh. The pages check for themselves: see that each one does."
                            .into();
                }
                findings.push(found);
            }
            _ => {}
        }
    }
    let opens: Vec<Span> = guard
        .flaws
        .iter()
        .filter_map(|flaw| match flaw {
            Flaw::FailsOpen(span) => Some(*span),
            _ => None,
        })
        .collect();
    if let Some(first) = opens.first() {
        let mut found = finding(
            &super::FAILS_OPEN,
            *first,
            format!("`{}` lets every request pass when a variable is missing or a call fails.", guard.name),
            "Refuse in that case: a page that does not open is seen and mended, an open one is not.".into(),
            &guard.name,
        );
        found.related =
            opens[1..].iter().map(|span| Related { span: *span, message: "and here".into() }).collect();
        findings.push(found);
    }
    findings
}

fn speaks_of_sessions(survey: &Survey<'_>, span: Span) -> bool {
    let text = survey.project.get(span.file).text.to_lowercase();
    ["auth", "session", "token", "login", "signin", "sign-in", "user", "jwt"]
        .iter()
        .any(|word| text.contains(word))
}

/// Pages that are drawn first: one finding for all of them.
fn redirect_only(survey: &Survey<'_>) -> Option<Finding> {
    // A server that draws pages by themselves sends visitors away before anything is drawn.
    let served = survey.stack.server.is_some_and(|server| server.pages().is_some());
    let first_on_server = |url: &String| {
        served
            && survey
                .guards
                .iter()
                .any(|other| other.enforced == Enforced::Server && other.routes.contains(url))
    };
    let only = |guard: &&Guard| {
        guard.enforced == Enforced::Browser
            && !guard.routes.iter().all(first_on_server)
            && !guard.hides
            && !guard.routes.is_empty()
            && guard.redirect.is_some()
    };
    let guards: Vec<&Guard> = survey.guards.iter().filter(only).collect();
    let first = guards.first()?;
    let urls: Vec<&str> = guards.iter().flat_map(|guard| guard.routes.iter().map(String::as_str)).collect();
    let mut found = finding(
        &super::REDIRECT,
        first.conditions.first().copied().unwrap_or(first.span),
        format!("Visitors without a session are sent away only after the page is drawn: {}.", told(&urls)),
        "Return nothing of the page until the session is known.".into(),
        "pages",
    );
    found.related = guards[1..]
        .iter()
        .map(|guard| Related {
            span: guard.conditions.first().copied().unwrap_or(guard.span),
            message: format!("`{}` as well", guard.name),
        })
        .collect();
    Some(found)
}

/// URLs for a sentence: up to three by name.
pub(super) fn told(urls: &[&str]) -> String {
    let mut distinct: Vec<&str> = Vec::new();
    for url in urls {
        if !distinct.contains(url) {
            distinct.push(url);
        }
    }
    let shown: Vec<String> = distinct.iter().take(3).map(|url| format!("`{url}`")).collect();
    match distinct.len() {
        1..=3 => shown.join(", "),
        more => format!("{more} pages ({}, …)", shown.join(", ")),
    }
}

fn count(number: usize, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}

fn capitalised(text: String) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => text,
    }
}

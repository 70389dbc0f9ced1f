//! What is wrong with how visitors sign in, one finding per cause.

use crate::row_policies::sign_up::takes_role;
use audit::session::{Kind, Mark, Session};
use audit::{Confidence, Finding, Related, Rule, Severity, Survey};
use edit::Span;
use stack::Side;
use std::collections::BTreeMap;

pub(super) fn find(survey: &Survey<'_>) -> Vec<Finding> {
    let runs = |session: &&Session| session.side != Side::None || survey.project.apps.is_empty();
    let sessions: Vec<&Session> = survey.sessions.iter().filter(runs).collect();
    let mut findings = Vec::new();
    findings.extend(fake(&sessions));
    findings.extend(flags(survey, &sessions));
    findings.extend(tokens(&sessions));
    findings.extend(compared(&sessions));
    findings.extend(signed(&sessions));
    findings.extend(roles(survey, &sessions));
    findings.extend(several(&sessions));
    findings.extend(redirects(survey));
    findings
}

/// One finding for all places that believe the request.
fn redirects(survey: &Survey<'_>) -> Option<Finding> {
    let places = super::redirects::open(survey);
    let mut found = finding(
        &super::REDIRECT,
        *places.first()?,
        "The visitor is sent to an address that the link chose.".to_owned(),
        "Take it only if it begins with one `/` and no second one or `\\`; otherwise go to a page of your own.",
        "redirect",
    );
    found.confidence = Confidence::Likely;
    found.related =
        places[1..].iter().map(|span| Related { span: *span, message: "and here".into() }).collect();
    Some(found)
}

fn in_browser(session: &Session) -> bool {
    matches!(session.side, Side::Browser | Side::Both)
}

fn finding(rule: &Rule, span: Span, message: String, todo: &str, subject: &str) -> Finding {
    Finding {
        rule: rule.id,
        severity: rule.severity,
        confidence: Confidence::Certain,
        span,
        message,
        why: rule.why.into(),
        todo: todo.to_owned(),
        related: Vec::new(),
        subject: subject.to_owned(),
    }
}

fn also<'s>(sessions: impl IntoIterator<Item = &'s &'s Session>, message: &str) -> Vec<Related> {
    sessions
        .into_iter()
        .take(20)
        .map(|session| Related { span: session.span, message: message.to_owned() })
        .collect()
}

/// Passwords in the source and invented users: one finding per file, for they are one way in.
fn fake(sessions: &[&Session]) -> Vec<Finding> {
    let mut by_file: BTreeMap<edit::FileId, Vec<&Session>> = BTreeMap::new();
    for session in sessions.iter().filter(|session| session.kind == Kind::Fake) {
        by_file.entry(session.span.file).or_default().push(session);
    }
    let made = |group: Vec<&Session>| {
        let worst =
            |session: &&&Session| matches!(session.mark, Some(Mark::LiteralPassword | Mark::PasswordList));
        let first = *group.iter().find(worst).unwrap_or(&group[0]);
        let (rule, message) = match first.mark {
            Some(Mark::PasswordList) => {
                let whose = if in_browser(first) { "that the browser has" } else { "in the source" };
                (&super::FAKE, format!("People sign in against a list {whose}, passwords included."))
            }
            Some(Mark::Unchecked) => {
                (&super::UNCHECKED, format!("`{}` signs visitors in without asking anything.", first.call))
            }
            Some(Mark::MockUser) => (
                &super::MOCK,
                format!(
                    "An invented `{}` is taken for a session.",
                    first.call.trim_start_matches("{ … } as ")
                ),
            ),
            _ => (&super::FAKE, "A password is compared with one that stands in the source.".to_owned()),
        };
        let mut found = finding(
            rule,
            first.span,
            message,
            "Sign visitors in on the server, against stored hashes or an auth service; remove the password here and wherever else it is used.",
            "sign-in",
        );
        if first.system != "own" {
            found.severity = Severity::Warning;
            found.why = "Everyone who reads the bundle has this account.".into();
        } else if !in_browser(first) {
            found.severity = Severity::Warning;
            found.why =
                "Whoever sees the repository knows it, and it cannot be changed without a new deployment."
                    .into();
        }
        if rule.id != super::FAKE.id {
            found.confidence = Confidence::Likely;
        }
        found.related = also(group.iter().filter(|other| other.span != first.span), "and here");
        // The mark that it leaves belongs to it.
        let marks = sessions
            .iter()
            .filter(|other| other.mark == Some(Mark::Flag) && other.span.file == first.span.file);
        found.related.extend(also(marks, "sets the mark that the app looks for"));
        found
    };
    by_file.into_values().map(made).collect()
}

/// Marks that no fake sign-in of their file explains.
fn flags(survey: &Survey<'_>, sessions: &[&Session]) -> Option<Finding> {
    let told = |session: &Session| {
        sessions.iter().any(|other| other.kind == Kind::Fake && other.span.file == session.span.file)
    };
    let guards = |session: &Session| survey.guards.iter().any(|guard| guard.span.file == session.span.file);
    let marks: Vec<&&Session> = sessions
        .iter()
        .filter(|session| {
            session.mark == Some(Mark::Flag) && in_browser(session) && !told(session) && !guards(session)
        })
        .collect();
    let first = marks.first()?;
    let mut found = finding(
        &super::FLAG,
        first.span,
        format!("`{}` marks a visitor as signed in.", first.call),
        "Ask the server for the session instead.",
        "mark",
    );
    found.confidence = Confidence::Likely;
    found.related = also(marks[1..].iter().copied(), "and here");
    Some(found)
}

fn tokens(sessions: &[&Session]) -> Option<Finding> {
    let kept: Vec<&&Session> = sessions
        .iter()
        .filter(|session| session.mark == Some(Mark::TokenByHand) && in_browser(session))
        .collect();
    let first = kept.first()?;
    let mut found = finding(
        &super::STORAGE,
        first.span,
        format!("`{}` keeps a token where every script can read it.", first.call),
        "Let the server set it as an HttpOnly cookie, and send it with `credentials: \"include\"`.",
        "token",
    );
    found.related = also(kept[1..].iter().copied(), "and here");
    Some(found)
}

fn compared(sessions: &[&Session]) -> Option<Finding> {
    let compared: Vec<&&Session> = sessions
        .iter()
        .filter(|session| session.mark == Some(Mark::ComparedHash) && in_browser(session))
        .collect();
    let first = compared.first()?;
    let mut found = finding(
        &super::COMPARED,
        first.span,
        format!("`{}` checks a password in the browser.", first.call),
        "Move sign-in to the server or to an auth service, and take the hashes out of the browser's reach.",
        "password",
    );
    found.related = also(compared[1..].iter().copied(), "and here");
    Some(found)
}

fn signed(sessions: &[&Session]) -> Vec<Finding> {
    let (browser, server): (Vec<&Session>, Vec<&Session>) = sessions
        .iter()
        .filter(|session| session.mark == Some(Mark::Signs))
        .partition(|session| in_browser(session));
    let mut findings = Vec::new();
    if let Some(first) = browser.first() {
        let mut found = finding(
            &super::SIGNED,
            first.span,
            format!("`{}` signs a token in the browser.", first.call),
            "Sign tokens on the server only, with a new key.",
            "sign",
        );
        found.related = also(&browser[1..], "and here");
        findings.push(found);
    }
    if let Some(first) = server.first() {
        let mut found = finding(
            &super::OWN,
            first.span,
            format!("`{}` makes the app's own session token.", first.call),
            "See that it expires, that its key comes from the environment without a default, and that it travels in an HttpOnly cookie.",
            "own",
        );
        found.related = also(&server[1..], "and here");
        findings.push(found);
    }
    findings
}

/// Where the database takes the role of the request over.
fn believed(survey: &Survey<'_>) -> Option<Span> {
    let functions = &survey.schema.functions;
    let mut readers =
        functions.iter().filter(|function| function.body.contains("raw_user_meta_data")).peekable();
    if readers.peek().is_some() {
        return readers
            .find(|function| takes_role(&survey.schema, function))
            .and_then(|function| function.span);
    }
    // SQL that is not understood as a schema.
    survey.project.files.iter().find_map(|file| {
        if file.kind != project::Kind::Sql || !file.text.contains("raw_user_meta_data") {
            return None;
        }
        let at = ["->>'role'", "->> 'role'", "->>'user_role'", "->>'account_type'", "->>'user_type'"]
            .iter()
            .find_map(|mark| file.text.find(mark))?;
        Some(file.span(at..at))
    })
}

/// Whether what a sign-up hands on says only of which kind somebody is: `account_type: kind`, which the database gives no rights.
fn says_a_kind(survey: &Survey<'_>, span: Span) -> bool {
    let text = &survey.project.get(span.file).text;
    let (before, own) = (text.get(..span.range().start), text.get(span.range()));
    let key = before.unwrap_or_default().trim_end().trim_end_matches(':').trim_end_matches(['"', '\'']);
    ["account_type", "user_type"].into_iter().any(|column| {
        (key.ends_with(column) || own.is_some_and(|own| own.starts_with(column)))
            && survey.schema.is_of_kinds(column)
    })
}

/// Sign-ups that hand on a role, and whether the database believes it.
fn roles(survey: &Survey<'_>, sessions: &[&Session]) -> Vec<Finding> {
    let believed = believed(survey);
    let mut findings = Vec::new();
    for session in sessions {
        let Some(Mark::RoleAtSignUp(span)) = session.mark else { continue };
        if says_a_kind(survey, span) {
            continue;
        }
        let mut found = finding(
            &super::ROLE,
            span,
            "The sign-up sends a role that the visitor chose.".to_owned(),
            "Give every new account the same role in the database, and let an administrator change it.",
            "role",
        );
        found.confidence = Confidence::Likely;
        if let Some(place) = believed {
            found.severity = Severity::Hole;
            found.confidence = Confidence::Certain;
            found.message =
                "The sign-up sends a role that the visitor chose, and the database takes it over.".to_owned();
            found.related.push(Related { span: place, message: "takes the role over".into() });
        }
        findings.push(found);
    }
    findings
}

/// Several ways to sign in, in code that runs.
fn several(sessions: &[&Session]) -> Option<Finding> {
    let mut systems: BTreeMap<&str, &Session> = BTreeMap::new();
    for session in sessions {
        let signs_in = match session.kind {
            Kind::Auth => {
                let method = session.method.to_ascii_lowercase();
                ["signin", "signup", "createuserwith", "login", "social", "email"]
                    .iter()
                    .any(|mark| method.contains(mark))
            }
            Kind::Fake => {
                session.system == "own"
                    && matches!(session.mark, Some(Mark::LiteralPassword | Mark::PasswordList))
            }
            _ => false,
        };
        if signs_in {
            let system = if session.kind == Kind::Fake { "a password in the source" } else { session.system };
            systems.entry(system).or_insert(session);
        }
    }
    let first = systems.values().map(|session| session.span).min()?;
    if systems.len() < 2 {
        return None;
    }
    let named: Vec<&str> = systems.keys().copied().collect();
    let mut found = finding(
        &super::SEVERAL,
        first,
        format!("Visitors can sign in by {}.", named.join(" and by ")),
        "Name the one to keep, and take the others out.",
        &named.join("+"),
    );
    found.confidence = Confidence::Likely;
    found.related = systems
        .iter()
        .filter(|(_, session)| session.span != first)
        .map(|(system, session)| Related { span: session.span, message: format!("by {system}") })
        .collect();
    Some(found)
}

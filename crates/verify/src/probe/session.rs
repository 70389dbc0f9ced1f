//! The session: made, kept, renewed, ended; where it lives and what of it the browser gets to see.

use super::documents::guarded;
use super::kept::{self, AT_ONCE, NO_WITNESS, Witness};
use super::{Ground, Live, Visitor};
use crate::http::{Request, Response};
use crate::process::Variables;
use crate::report::{Report, asked};
use crate::server::{Boot, Server};
use crate::standin::Standin;
use stack::production::SignUp;
use std::time::Duration;

/// What is said of an address that is not there.
const NO_ADDRESS: &str = "answers 404";
/// A visitor who is signed in, with the answers that made it so.
pub(crate) struct SignedIn {
    pub(crate) visitor: Visitor,
    email: String,
    answers: Vec<Response>,
}

/// Signs a visitor up, and asks for the protected pages.
pub(crate) fn sign_up(live: &Live<'_>, report: &mut Report) -> Option<SignedIn> {
    if !live.ground.start.own_server {
        report.skip(&asked::SESSION, "the app has no server of its own: its sessions are the browser's");
        return None;
    }
    let Some(standin) = live.ground.standin else {
        report.skip(&asked::SESSION, live.ground.no_standin);
        return None;
    };
    let signed_in = match &live.ground.production.sign_up {
        Some(sign_up) => by_the_app(live, sign_up, standin),
        None => past_the_app(live, standin),
    };
    match signed_in {
        Ok(signed_in) => {
            let (asked, complaints) = protected_pages(live, &signed_in.visitor);
            report.judge(&asked::SESSION, complaints, format!("{asked} protected pages"));
            Some(signed_in)
        }
        Err(error) if error.contains(NO_ADDRESS) => {
            report.skip(&asked::SESSION, format!("the app has no sign-in of its own: {error}"));
            None
        }
        Err(error) => {
            report.judge(&asked::SESSION, vec![error], "");
            None
        }
    }
}

fn by_the_app(live: &Live<'_>, sign_up: &SignUp, standin: &Standin) -> Result<SignedIn, String> {
    let email = format!("visitor-{}@example.test", std::process::id());
    let (mut visitor, answer) = entered(live, sign_up, standin, &email)?;
    let session = visitor.send(live, live.ground.own(Request::get(sign_up.session)))?;
    if session.json()["session"]["user"]["email"] != email.as_str() {
        return Err(format!(
            "after signing in, {} knows of no session: {}",
            sign_up.session,
            brief(&session.body)
        ));
    }
    Ok(SignedIn { visitor, email, answers: vec![answer, session] })
}

/// A new visitor with a session. An app without a sign-up of its own has visitors that were made elsewhere.
fn entered(
    live: &Live<'_>,
    sign_up: &SignUp,
    standin: &Standin,
    email: &str,
) -> Result<(Visitor, Response), String> {
    let mut visitor = Visitor::default();
    let body = format!(r#"{{"email":"{email}","password":"a long password"}}"#);
    let mut path = sign_up.path;
    let mut answer = visitor.send(live, live.ground.own(Request::post(path, &body)))?;
    if answer.status == 404 {
        standin.sign_up(email)?;
        path = sign_up.sign_in;
        answer = visitor.send(live, live.ground.own(Request::post(path, &body)))?;
    }
    if answer.status == 200 {
        return Ok((visitor, answer));
    }
    Err(format!("{path} answers {}: {}", answer.status, brief(&answer.body)))
}

/// Signing in is a function of the framework's own protocol: the session comes from the backend, in the cookies that the app reads.
fn past_the_app(live: &Live<'_>, standin: &Standin) -> Result<SignedIn, String> {
    let email = format!("visitor-{}@example.test", std::process::id());
    let session = standin.sign_up(&email)?;
    Ok(SignedIn { visitor: Visitor::with_session(live, &session), email, answers: Vec::new() })
}

fn protected_pages(live: &Live<'_>, visitor: &Visitor) -> (usize, Vec<String>) {
    let mut complaints = Vec::new();
    // A page with a part that is filled in may rightly not exist.
    let pages: Vec<_> = guarded(live).into_iter().filter(|(route, address)| route.url == *address).collect();
    for (route, address) in &pages {
        let request = visitor.carry(Request::get(address.as_str()).with("accept", "text/html"));
        match live.server.send(&request) {
            Ok(answer) if answer.status < 300 => {}
            // A page for a role sends on whoever has not got it.
            Ok(answer)
                if answer.redirects()
                    && (is_for_a_role(live, route) || is_elsewhere(live, address, &answer)) => {}
            Ok(answer) => complaints
                .push(format!("{} answers {} to a visitor who is signed in", route.url, answer.status)),
            Err(error) => complaints.push(format!("{}: {error}", route.url)),
        }
    }
    (pages.len(), super::shortened(complaints, 6))
}

/// Whether an answer sends a visitor to another place than one without a session.
fn is_elsewhere(live: &Live<'_>, address: &str, answer: &Response) -> bool {
    let anonymous = live.server.send(&Request::get(address).with("accept", "text/html"));
    anonymous.is_ok_and(|anonymous| {
        anonymous.redirects() && anonymous.header("location") != answer.header("location")
    })
}

fn is_for_a_role(live: &Live<'_>, route: &audit::route::Route) -> bool {
    let guards = route.guards.iter().filter_map(|at| live.ground.survey.guards.get(*at));
    guards.into_iter().any(|guard| matches!(guard.requires, audit::guard::Requires::Role(_)))
}

/// Flags of the cookies, and what else the browser got to see.
pub(crate) fn cookies(live: &Live<'_>, signed_in: Option<&SignedIn>, report: &mut Report) {
    let Some(signed_in) = signed_in else {
        report.skip(&asked::COOKIES, "there is no session");
        report.skip(&asked::TOKENS, "there is no session");
        return;
    };
    let mut answers = signed_in.answers.clone();
    if answers.is_empty() {
        answers = renewed(live, &signed_in.email);
    }
    let cookies: Vec<&str> = answers
        .iter()
        .flat_map(|answer| answer.all("set-cookie"))
        .filter(|cookie| cookie.to_lowercase().contains("auth") || cookie.to_lowercase().contains("session"))
        .collect();
    if cookies.is_empty() {
        report.skip(&asked::COOKIES, "no answer sets a cookie of the session");
    } else {
        let mut complaints = Vec::new();
        for cookie in &cookies {
            let name = cookie.split('=').next().unwrap_or("");
            let flags: Vec<String> =
                cookie.split(';').skip(1).map(|flag| flag.trim().to_lowercase()).collect();
            let has = |flag: &str| flags.iter().any(|known| known == flag);
            for (flag, why) in [
                ("httponly", "scripts can read it"),
                ("secure", "it is sent without TLS"),
                ("path=/", "it is not sent everywhere"),
            ] {
                if !has(flag) {
                    complaints.push(format!("{name} is not {flag}: {why}"));
                }
            }
            if !has("samesite=lax") && !has("samesite=strict") {
                complaints.push(format!("{name} has no SameSite: other sites can send it"));
            }
            if flags.iter().any(|flag| flag.starts_with("domain=")) {
                complaints.push(format!("{name} has a Domain: other hosts get it"));
            }
        }
        complaints.dedup();
        report.judge(&asked::COOKIES, super::shortened(complaints, 6), format!("{} cookies", cookies.len()));
    }
    // Pages that use the access token themselves are given it; what renews it, never.
    let lent = lends(live);
    let holds = |answer: &&Response| {
        answer.body.contains("eyJ") && !lent || answer.body.contains("\"refresh_token\":\"")
    };
    let tokens = answers.iter().filter(holds).count();
    let complaints =
        if tokens == 0 { Vec::new() } else { vec![format!("{tokens} answers of the session hold a token")] };
    let but = if lent { ", the access token apart, which pages use" } else { "" };
    report.judge(&asked::TOKENS, complaints, format!("{} answers{but}", answers.len()));
}

/// Whether the server's answers about a session carry the access token, by its code: that a page reads one says nothing of it.
fn lends(live: &Live<'_>) -> bool {
    let survey = &live.ground.survey;
    let answers = ["access_token: known?.access_token", "access_token: session.access_token"];
    let on_server = |file: &&project::File| {
        !matches!(survey.stack.side(file.id), stack::Side::Browser | stack::Side::Edge)
    };
    survey
        .project
        .files
        .iter()
        .filter(on_server)
        .any(|file| answers.iter().any(|word| file.text.contains(word)))
}

/// The answers of protected pages to a session that has run out: they set the renewed one.
fn renewed(live: &Live<'_>, email: &str) -> Vec<Response> {
    let Some(standin) = live.ground.standin else { return Vec::new() };
    let short = standin.configure(r#"{"jwtExp":1}"#);
    let session = short.and_then(|()| standin.sign_up(&format!("short-{email}")));
    standin.configure(r#"{"jwtExp":3600}"#).ok();
    let Ok(session) = session else { return Vec::new() };
    std::thread::sleep(Duration::from_millis(1500));
    let visitor = Visitor::with_session(live, &session);
    let ask = |(_, address): (_, String)| live.server.send(&visitor.carry(Request::get(address))).ok();
    guarded(live).into_iter().take(1).filter_map(ask).collect()
}

/// The addresses to which links come back, asked for another site.
pub(crate) fn redirects(live: &Live<'_>, report: &mut Report) {
    let handlers = live.ground.survey.handlers.iter().filter_map(|handler| handler.url.clone());
    let mut callbacks: Vec<String> = handlers.filter(|url| url.ends_with("/callback")).collect();
    callbacks.extend(live.ground.production.sign_up.iter().map(|sign_up| sign_up.callback.to_owned()));
    callbacks.sort();
    callbacks.dedup();
    let (mut asked, mut complaints) = (0, Vec::new());
    for callback in callbacks {
        for to in ["https://evil.example/", "//evil.example/", "/%5Cevil.example", "%09//evil.example"] {
            let Ok(answer) = live.server.send(&Request::get(format!("{callback}?code=none&next={to}")))
            else {
                continue;
            };
            let Some(location) = answer.header("location") else { continue };
            asked += 1;
            let own = location.strip_prefix(live.ground.origin).unwrap_or(location);
            if !own.starts_with('/') || own.starts_with("//") || own.starts_with("/\\") {
                complaints.push(format!("{callback}?next={to} leads to {location}"));
            }
        }
    }
    if asked == 0 {
        return report.skip(&asked::REDIRECTS, "no callback of a sign-in answers");
    }
    report.judge(&asked::REDIRECTS, complaints, format!("{asked} redirects"));
}

/// Ten calls at once with a session that has run out.
pub(crate) fn renewal(live: &Live<'_>, report: &mut Report) {
    let Some(standin) = live.ground.standin.filter(|_| live.ground.start.own_server) else {
        let why = "the app has no server of its own, or there is no backend for its sessions";
        return report.skip(&asked::RENEWAL, why);
    };
    let Some(sign_up) = &live.ground.production.sign_up else {
        return kept::renewal(live, standin, report);
    };
    let short = standin.configure(r#"{"jwtExp":2}"#);
    let signed_in = short.and_then(|()| entered(live, sign_up, standin, "renewal@example.test"));
    standin.configure(r#"{"jwtExp":3600}"#).ok();
    let visitor = match signed_in {
        Ok((visitor, _)) => visitor,
        Err(error) => return report.skip(&asked::RENEWAL, error),
    };
    std::thread::sleep(Duration::from_millis(2500));
    let needing = live.ground.functions.iter().find(|function| function.needs_session);
    let request = needing
        .and_then(|function| live.ground.call(function, ""))
        .unwrap_or_else(|| Request::get(sign_up.session));
    let request = visitor.carry(live.ground.own(request));
    let before = standin.renewals();
    let answers: Vec<Result<Response, String>> = std::thread::scope(|scope| {
        let calls: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(|| live.server.send(&request))).collect();
        calls.into_iter().map(|call| call.join().unwrap_or_else(|_| Err("it failed".to_owned()))).collect()
    });
    let renewals = standin.renewals() - before;
    let mut complaints = Vec::new();
    let refused = answers
        .iter()
        .filter(|answer| !answer.as_ref().is_ok_and(|answer| answer.status != 401 && answer.status < 500))
        .count();
    if refused > 0 {
        complaints.push(format!("{refused} of {AT_ONCE} calls were refused"));
    }
    // Whichever answer comes last wins in the browser: each has to leave it with a session that works.
    for answer in answers.iter().flatten() {
        let mut after = visitor.clone();
        after.take(answer);
        let session = after.send(live, live.ground.own(Request::get(sign_up.session)));
        if !session.is_ok_and(|session| session.json()["session"]["user"].is_object()) {
            complaints.push("after one of the answers the session is lost".to_owned());
            break;
        }
    }
    report.judge(&asked::RENEWAL, complaints, format!("{renewals} renewals for {AT_ONCE} calls"));
}

/// Ends the server without a word and starts it again.
pub(crate) fn restart(
    ground: &Ground<'_>,
    server: Server,
    signed_in: Option<&SignedIn>,
    (boot, given): (&Boot<'_>, &Variables),
    report: &mut Report,
) -> Option<Server> {
    let Some(signed_in) = signed_in else {
        report.skip(&asked::RESTART, "there is no session");
        return Some(server);
    };
    let live = Live { ground, server: &server };
    let witness = match &ground.production.sign_up {
        Some(_) => None,
        None => match Witness::of(&live, &signed_in.visitor) {
            Some(witness) => Some(witness),
            None => {
                report.skip(&asked::RESTART, NO_WITNESS);
                return Some(server);
            }
        },
    };
    drop(server);
    let again = match boot.boot(given) {
        Ok(again) => again,
        Err(said) => {
            report.judge(&asked::RESTART, said, "");
            return None;
        }
    };
    let live = Live { ground, server: &again };
    let kept = match (&ground.production.sign_up, witness) {
        (_, Some(witness)) => witness.lets_in(&live, &signed_in.visitor),
        (Some(sign_up), None) => {
            let asked = again.send(&signed_in.visitor.carry(ground.own(Request::get(sign_up.session))));
            asked.is_ok_and(|answer| answer.json()["session"]["user"]["email"] == signed_in.email.as_str())
        }
        (None, None) => false,
    };
    let complaints = if kept {
        Vec::new()
    } else {
        vec!["the session of before the restart is not known any more".to_owned()]
    };
    report.judge(&asked::RESTART, complaints, "");
    Some(again)
}

/// Ends the session.
pub(crate) fn sign_out(live: &Live<'_>, signed_in: Option<SignedIn>, report: &mut Report) {
    let Some(signed_in) = signed_in else {
        return report.skip(&asked::SIGN_OUT, "there is no session");
    };
    let Some(sign_up) = &live.ground.production.sign_up else {
        return kept::sign_out(live, signed_in.visitor, report);
    };
    let mut visitor = signed_in.visitor;
    let standing = visitor.send(live, live.ground.own(Request::get(sign_up.session)));
    if standing.is_ok_and(|session| session.json()["session"].is_null()) {
        return report.skip(&asked::SIGN_OUT, "the session is lost already");
    }
    let mut complaints = Vec::new();
    match visitor.send(live, live.ground.own(Request::post(sign_up.sign_out, "{}"))) {
        Ok(answer) if answer.status == 200 => {}
        Ok(answer) if answer.status == 404 => {
            return report.skip(&asked::SIGN_OUT, "the app has no sign-out");
        }
        Ok(answer) => complaints.push(format!("{} answers {}", sign_up.sign_out, answer.status)),
        Err(error) => complaints.push(error),
    }
    let session = visitor.send(live, live.ground.own(Request::get(sign_up.session)));
    if !session.is_ok_and(|session| session.json()["session"].is_null()) {
        complaints.push("the session goes on".to_owned());
    }
    report.judge(&asked::SIGN_OUT, complaints, "");
}

/// Tries to sign in until it is too much. The last probe: it uses the limit up.
pub(crate) fn rate_limit(live: &Live<'_>, report: &mut Report) {
    let Some(sign_up) = live.ground.production.sign_up.as_ref().filter(|_| live.ground.start.own_server)
    else {
        return kept::rate_limit(live, report);
    };
    let body = r#"{"email":"nobody@example.test","password":"wrong"}"#;
    let request = live.ground.own(Request::post(sign_up.sign_in, body));
    if live.server.send(&request).is_ok_and(|answer| answer.status == 404) {
        return report.skip(&asked::RATE, format!("{} is not there", sign_up.sign_in));
    }
    kept::limited(live, &request, report);
}

fn brief(text: &str) -> String {
    text.chars().take(160).collect()
}

//! The session where the framework's own protocol makes and ends it, and no address tells who is there: known by what opens with a
//! session and does not without one.

use super::documents::{self, guarded};
use super::{Live, Visitor, calls, is_fixed};
use crate::http::{Request, Response};
use crate::report::{Asked, Report, asked};
use crate::standin::Standin;
use audit::handler::Auth;
use stack::production::Calls;
use std::time::Duration;

/// How many calls come at once.
pub(crate) const AT_ONCE: usize = 10;
/// The address of another visitor, as a proxy tells it: one for examples only.
const OTHER: &str = "203.0.113.7";
/// Why nothing can be said of a session.
pub(crate) const NO_WITNESS: &str =
    "no page, function or handler could be asked that opens with a session and does not without one";

/// What opens with a session only.
#[derive(Clone)]
pub(crate) struct Witness {
    request: Request,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Page,
    Function,
    Handler,
}

impl Witness {
    /// The first that refuses a stranger and lets the visitor in.
    pub(crate) fn of(live: &Live<'_>, visitor: &Visitor) -> Option<Self> {
        let pages = guarded(live).into_iter().filter(|(route, address)| route.url == *address);
        let pages = pages.map(|(_, address)| (Request::get(address).with("accept", "text/html"), Kind::Page));
        let functions = live.ground.functions.iter().filter(|function| function.needs_session);
        let functions =
            functions.filter_map(|function| Some((live.ground.call(function, "")?, Kind::Function)));
        let handlers = live.ground.survey.handlers.iter();
        let handlers = handlers.filter(|handler| handler.auth == Auth::Enforced && handler.method == "GET");
        let handlers = handlers.filter_map(|handler| handler.url.as_deref()).filter(|url| is_fixed(url));
        let handlers = handlers.map(|url| (Request::get(url), Kind::Handler));
        let all = pages.chain(functions).chain(handlers);
        all.map(|(request, kind)| Self { request: live.ground.own(request), kind })
            .find(|witness| witness.lets_in(live, visitor) && !witness.lets_in(live, &Visitor::default()))
    }

    /// Whether it opens to the visitor.
    pub(crate) fn lets_in(&self, live: &Live<'_>, visitor: &Visitor) -> bool {
        live.server.send(&visitor.carry(self.request.clone())).is_ok_and(|answer| self.opens(live, &answer))
    }

    fn opens(&self, live: &Live<'_>, answer: &Response) -> bool {
        match self.kind {
            Kind::Page => answer.status < 300 && !documents::is_refused(answer),
            Kind::Function => answer.status < 400 && !calls::is_refused(live.ground.production.calls, answer),
            Kind::Handler => answer.status < 300,
        }
    }
}

/// Ten requests at once with a session that has run out.
pub(crate) fn renewal(live: &Live<'_>, standin: &Standin, report: &mut Report) {
    let whole = standin.sign_up("renewal-whole@example.test");
    let witness = match whole.map(|session| Witness::of(live, &Visitor::with_session(live, &session))) {
        Ok(Some(witness)) => witness,
        Ok(None) => return report.skip(&asked::RENEWAL, NO_WITNESS),
        Err(error) => return report.skip(&asked::RENEWAL, error),
    };
    let short = standin.configure(r#"{"jwtExp":2}"#);
    let session = short.and_then(|()| standin.sign_up("renewal@example.test"));
    standin.configure(r#"{"jwtExp":3600}"#).ok();
    let visitor = match session {
        Ok(session) => Visitor::with_session(live, &session),
        Err(error) => return report.skip(&asked::RENEWAL, error),
    };
    std::thread::sleep(Duration::from_millis(2500));
    let request = visitor.carry(witness.request.clone());
    let before = standin.renewals();
    let answers: Vec<Result<Response, String>> = std::thread::scope(|scope| {
        let asked: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(|| live.server.send(&request))).collect();
        asked.into_iter().map(|call| call.join().unwrap_or_else(|_| Err("it failed".to_owned()))).collect()
    });
    let renewals = standin.renewals() - before;
    let opened =
        |answer: &&Result<Response, String>| answer.as_ref().is_ok_and(|answer| witness.opens(live, answer));
    let refused = AT_ONCE - answers.iter().filter(opened).count();
    let mut complaints = Vec::new();
    if refused > 0 {
        complaints.push(format!("{refused} of {AT_ONCE} requests were refused"));
    }
    // Whichever answer comes last wins in the browser: each has to leave it with a session that works.
    let lost = answers.iter().flatten().any(|answer| {
        let mut after = visitor.clone();
        after.take(answer);
        !witness.lets_in(live, &after)
    });
    if lost {
        complaints.push("after one of the answers the session is lost".to_owned());
    }
    report.judge(&asked::RENEWAL, complaints, format!("{renewals} renewals for {AT_ONCE} requests"));
}

/// Ends the session by what the app has for it.
pub(crate) fn sign_out(live: &Live<'_>, mut visitor: Visitor, report: &mut Report) {
    let asked: &Asked = &asked::SIGN_OUT;
    let Some(witness) = Witness::of(live, &visitor) else { return report.skip(asked, NO_WITNESS) };
    let mut unasked = "no function and no handler that signs out could be called";
    let mut complaint = None;
    for mut request in endings(live) {
        // A guard sends whoever is signed in away from the pages that are open.
        if matches!(live.ground.production.calls, Calls::Action(_)) && witness.kind == Kind::Page {
            request.path = witness.request.path.clone();
        }
        let path = request.path.clone();
        let answer = match visitor.send(live, live.ground.own(request)) {
            Ok(answer) => answer,
            Err(error) => return report.judge(asked, vec![error], ""),
        };
        if answer.redirects() && answer.all("set-cookie").next().is_none() {
            unasked = "a guard in front of the function answers first";
        } else if matches!(answer.status, 400 | 404 | 405 | 415 | 422) {
            unasked = "the function that signs out wants inputs that are not known here";
        } else if witness.lets_in(live, &visitor) {
            complaint = Some(format!("{path} answers {}, and the session goes on", answer.status));
        } else {
            return report.judge(asked, Vec::new(), "");
        }
    }
    match complaint {
        Some(complaint) => report.judge(asked, vec![complaint], ""),
        None => report.skip(asked, unasked),
    }
}

/// The requests that may sign out: functions and handlers of that name. A function is called without arguments, and with the options
/// that the backend's library takes, where they are looked for.
fn endings(live: &Live<'_>) -> Vec<Request> {
    let ends = |name: &str| {
        let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        matches!(plain.to_lowercase().as_str(), "signout" | "logout" | "signoutaction" | "logoutaction")
    };
    let options = match live.ground.production.calls {
        Calls::Action(_) => r#"{"data":{}}"#,
        _ => "{}",
    };
    let functions = live.ground.functions.iter().filter(|function| ends(&function.name));
    let functions = functions
        .flat_map(|function| ["", options].map(|argument| live.ground.call(function, argument)))
        .flatten();
    let handlers = live.ground.survey.handlers.iter().filter(|handler| handler.method == "POST");
    let handlers = handlers.filter_map(|handler| handler.url.as_deref()).filter(|url| is_fixed(url));
    let handlers = handlers.filter(|url| url.rsplit('/').next().is_some_and(ends));
    functions.chain(handlers.map(|url| Request::post(url, "{}"))).collect()
}

/// Tries to sign in until it is too much, where a function does that.
pub(crate) fn rate_limit(live: &Live<'_>, report: &mut Report) {
    let by_path = matches!(live.ground.production.calls, Calls::Id { .. });
    let mut functions = live.ground.functions.iter().filter(|function| function.name == "signInWithPassword");
    let request = functions.find_map(|function| live.ground.call(function, ""));
    let Some(request) = request.filter(|_| by_path && live.ground.start.own_server) else {
        return report.skip(&asked::RATE, "signing in is no address of its own here");
    };
    limited(live, &live.ground.own(request), report);
}

/// Sends a request until it is refused as one too many. That must be so for this visitor alone: not for others whom a proxy of this
/// machine passes on.
pub(crate) fn limited(live: &Live<'_>, request: &Request, report: &mut Report) {
    let is_refused = |request: &Request| live.server.send(request).is_ok_and(|answer| answer.status == 429);
    let Some(attempt) = (1..=100).find(|_| is_refused(request)) else {
        let complaint = "100 attempts to sign in, and none was refused".to_owned();
        return report.judge(&asked::RATE, vec![complaint], "");
    };
    let other = request.clone().with("x-forwarded-for", OTHER);
    let complaint = "behind a proxy, the attempts of one visitor are counted against all".to_owned();
    let complaints = if is_refused(&other) { vec![complaint] } else { Vec::new() };
    report.judge(&asked::RATE, complaints, format!("after {attempt} attempts"));
}

//! Calls: every server function and handler, by someone without a session, from another site, and with input that makes no sense.

use super::{Live, Visitor, is_fixed, shortened};
use crate::http::{Request, Response};
use crate::report::{Report, asked};
use audit::handler::{Auth, Kind};
use stack::production::{Calls, ServerFunction};

/// At most so many complaints of a probe.
const MOST: usize = 8;
/// More than any limit of a body that is a limit.
const LARGE: usize = 21 * 1024 * 1024;

/// Whether the answer is one that lets nobody in.
pub(super) fn is_refused(calls: Calls, answer: &Response) -> bool {
    match calls {
        // The framework answers 200 with what the function returned, or with the number of the error that it threw.
        Calls::Action(_) => {
            let value = returned(answer);
            never_ran(answer) || value.contains("UNAUTHENTICATED") || value.starts_with("E{\"digest\"")
        }
        Calls::Id { .. } => answer.status >= 400 || answer.redirects(),
        Calls::Path(_) | Calls::None => matches!(answer.status, 401 | 403),
    }
}

/// What an action returned: the line of the reply that holds its value.
fn returned(answer: &Response) -> &str {
    answer.body.lines().find_map(|line| line.strip_prefix("1:")).unwrap_or("")
}

/// Whether an action was not called at all: a guard before it sent the call elsewhere, also where the framework hands it on to the page
/// that the action belongs to, and then answers 200 without a value.
fn never_ran(answer: &Response) -> bool {
    answer.status >= 400 || answer.redirects() || returned(answer).is_empty()
}

/// Why functions cannot be asked, if they cannot.
fn unasked(live: &Live<'_>) -> Option<String> {
    let functions = live.ground.functions;
    if !live.ground.start.own_server {
        Some("the app has no server of its own".to_owned())
    } else if functions.is_empty() {
        Some("the server has no function that the browser calls".to_owned())
    } else if functions.iter().all(|function| live.ground.call(function, "").is_none()) {
        Some("the addresses of the functions are not in the build".to_owned())
    } else {
        None
    }
}

/// Asks `functions`; complains of those for which `judge` says so.
fn each<'f>(
    live: &Live<'_>,
    functions: impl Iterator<Item = &'f ServerFunction>,
    ask: impl Fn(Request) -> Result<Response, String>,
    judge: impl Fn(&Response) -> bool,
    argument: &str,
) -> (usize, Vec<String>) {
    let (mut asked, mut complaints) = (0, Vec::new());
    for function in functions {
        let Some(request) = live.ground.call(function, argument) else { continue };
        asked += 1;
        let at = format!("{} ({}:{})", function.name, function.path, function.line);
        match ask(request) {
            Ok(answer) if judge(&answer) => {}
            Ok(answer) => complaints.push(format!("{at} answers {}", answer.status)),
            Err(error) => complaints.push(format!("{at}: {error}")),
        }
    }
    (asked, shortened(complaints, MOST))
}

/// Without a session.
pub(crate) fn anonymous(live: &Live<'_>, report: &mut Report) {
    if let Some(why) = unasked(live) {
        return report.skip(&asked::ANONYMOUS, why);
    }
    let calls = live.ground.production.calls;
    let needing = live.ground.functions.iter().filter(|function| function.needs_session);
    let ask = |request| live.server.send(&live.ground.own(request));
    let (asked, complaints) = each(live, needing, ask, |answer| is_refused(calls, answer), "");
    let open = live.ground.functions.iter().filter(|function| !function.needs_session).count();
    report.judge(&asked::ANONYMOUS, complaints, format!("{asked} functions; {open} are open to everybody"));
}

/// Handlers of the route table, without a session.
pub(crate) fn handlers(live: &Live<'_>, report: &mut Report) {
    let handlers = live.ground.survey.handlers.iter().filter(|handler| {
        handler.auth == Auth::Enforced && matches!(handler.kind, Kind::RouteHandler | Kind::Express)
    });
    let (mut asked, mut complaints, mut early) = (0, Vec::new(), Vec::new());
    for handler in handlers {
        // A pattern is no address.
        let Some(url) = handler.url.as_deref().filter(|url| !url.contains('*')) else { continue };
        let filled: Vec<&str> =
            url.split('/').map(|part| if is_fixed(&format!("/{part}")) { part } else { "1" }).collect();
        let method = match handler.method.as_str() {
            "POST" => "POST",
            "PUT" => "PUT",
            "PATCH" => "PATCH",
            "DELETE" => "DELETE",
            _ => "GET",
        };
        let body = if method == "GET" { Vec::new() } else { b"{}".to_vec() };
        let request = Request { method, path: filled.join("/"), body, ..Request::default() };
        asked += 1;
        let ask = |request: Request| live.server.send(&live.ground.own(request));
        let mut answered = ask(request.clone().with("content-type", "application/json"));
        // One that takes a file reads a form.
        if method != "GET" && answered.as_ref().is_ok_and(|answer| answer.status >= 500) {
            let form = Request { body: b"--end--\r\n".to_vec(), ..request };
            answered = ask(form.with("content-type", "multipart/form-data; boundary=end"));
        }
        match answered {
            Ok(answer) if matches!(answer.status, 401 | 403 | 404) || answer.redirects() => {}
            Ok(answer) if matches!(answer.status, 400 | 415 | 422) => early.push(format!("{method} {url}")),
            Ok(answer) => complaints.push(format!("{method} {url} answers {}", answer.status)),
            Err(error) => complaints.push(format!("{method} {url}: {error}")),
        }
    }
    if asked == 0 {
        return report.skip(&asked::HANDLERS, "no handler with an address asks for a session");
    }
    let mut seen = format!("{asked} handlers");
    if !early.is_empty() {
        seen += &format!(
            "; refused for what they were sent, before they ask who calls: {}",
            shortened(early, MOST).join(", ")
        );
    }
    report.judge(&asked::HANDLERS, shortened(complaints, MOST), seen);
}

/// From another site, with the visitor's cookies: what a browser would send along.
pub(crate) fn foreign(live: &Live<'_>, visitor: Option<&Visitor>, report: &mut Report) {
    let sign_up = live.ground.production.sign_up.as_ref().filter(|_| live.ground.start.own_server);
    if let Some(why) = unasked(live).filter(|_| sign_up.is_none()) {
        return report.skip(&asked::ORIGIN, why);
    }
    let calls = live.ground.production.calls;
    let ask = |request| {
        let request = live.ground.foreign(request);
        live.server.send(&visitor.map_or(request.clone(), |visitor| visitor.carry(request)))
    };
    let judge = |answer: &Response| match calls {
        Calls::Path(_) | Calls::Id { .. } => answer.status == 403,
        Calls::Action(_) => never_ran(answer),
        Calls::None => answer.status >= 400,
    };
    let functions = live.ground.functions.iter();
    let (mut asked, mut complaints) = each(live, functions, ask, judge, "");
    // A form of another site can send what needs no asking: the session's own addresses are called so, too.
    if let Some(sign_up) = sign_up {
        let plain = Request::post(sign_up.sign_in, r#"{"email":"a@example.test","password":"a"}"#)
            .with("origin", super::FOREIGN)
            .with("sec-fetch-site", "cross-site");
        asked += 1;
        match live.server.send(&plain) {
            Ok(answer) if answer.status == 403 => {}
            Ok(answer) => complaints.push(format!("{} answers {}", sign_up.sign_in, answer.status)),
            Err(error) => complaints.push(format!("{}: {error}", sign_up.sign_in)),
        }
    }
    report.judge(&asked::ORIGIN, complaints, format!("{asked} calls"));
}

/// With input that no function knows.
pub(crate) fn bad_input(live: &Live<'_>, visitor: Option<&Visitor>, report: &mut Report) {
    if let Some(why) = unasked(live) {
        return report.skip(&asked::INPUT, why);
    }
    let calls = live.ground.production.calls;
    let reachable = live
        .ground
        .functions
        .iter()
        .filter(|function| !function.takes_any && (visitor.is_some() || !function.needs_session));
    let ask = |request| {
        let request = live.ground.own(request);
        live.server.send(&visitor.map_or(request.clone(), |visitor| visitor.carry(request)))
    };
    let judge = |answer: &Response| match calls {
        Calls::Action(_) => answer.status >= 400 || !returned(answer).contains("\"error\":null"),
        _ => answer.status == 400,
    };
    let input = match calls {
        // An object's schema may leave out what it does not know.
        Calls::Id { .. } => r#"[[{"verify_no_such_key":1}]]"#,
        _ => r#"{"verify_no_such_key":1}"#,
    };
    let (asked, complaints) = each(live, reachable, ask, judge, input);
    if asked == 0 {
        return report.skip(&asked::INPUT, "no function with a schema can be asked: each needs a session that is not there, or takes any JSON");
    }
    report.judge(&asked::INPUT, complaints, format!("{asked} functions"));
}

/// With a body over any limit.
pub(crate) fn large(live: &Live<'_>, visitor: Option<&Visitor>, report: &mut Report) {
    let sign_up = live.ground.production.sign_up.as_ref().filter(|_| live.ground.start.own_server);
    if let Some(why) = unasked(live).filter(|_| sign_up.is_none()) {
        return report.skip(&asked::BODY, why);
    }
    if matches!(live.ground.production.calls, Calls::Id { .. }) {
        return report.skip(&asked::BODY, "the framework sets no limit for its calls: the host has to");
    }
    let argument = format!(r#"{{"verify_no_such_key":"{}"}}"#, "x".repeat(LARGE));
    let mut functions = live.ground.functions.iter();
    let of_function = functions.find_map(|function| live.ground.call(function, &argument));
    let of_session = sign_up.map(|sign_up| Request::post(sign_up.sign_in, &argument));
    let Some(request) = of_function.or(of_session) else {
        return report.skip(&asked::BODY, "the addresses of the functions are not in the build");
    };
    let request = live.ground.own(request);
    let request = visitor.map_or(request.clone(), |visitor| visitor.carry(request));
    match live.server.send(&request) {
        Ok(answer) if answer.status == 413 => report.judge(&asked::BODY, Vec::new(), "413"),
        // It hung up while the body was on its way.
        Err(_) => report.judge(&asked::BODY, Vec::new(), "the connection is closed"),
        // A guard in front of the function answered, and it never ran.
        Ok(answer)
            if matches!(live.ground.production.calls, Calls::Action(_))
                && answer.status < 400
                && never_ran(&answer) =>
        {
            report.skip(&asked::BODY, "a guard in front of the function answers first")
        }
        // In production the visitor is not told why: the log is.
        Ok(answer)
            if answer.body.contains("Body exceeded") || live.server.said().contains("Body exceeded") =>
        {
            report.judge(&asked::BODY, Vec::new(), "refused")
        }
        Ok(answer) if matches!(live.ground.production.calls, Calls::Action(_)) && answer.redirects() => {
            report.skip(&asked::BODY, "a guard sends the call elsewhere before its body is read")
        }
        Ok(answer) => {
            let complaint =
                format!("{} bytes are read, and answered with {}", request.body.len(), answer.status);
            report.judge(&asked::BODY, vec![complaint], "");
        }
    }
}

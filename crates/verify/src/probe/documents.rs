//! Pages and files: what a visitor without a session gets to see.

use super::{Live, is_fixed, shortened};
use crate::headers;
use crate::http::{Request, Response};
use crate::report::{Report, asked};
use audit::guard::{Enforced, Proof, Requires};
use audit::route::Route;
use regex::Regex;
use std::collections::BTreeSet;

/// What no server may hand out, with something that only the file holds.
const HIDDEN: &[(&str, &str)] = &[
    ("/.env", "="),
    ("/.env.local", "="),
    ("/.git/config", "[core]"),
    ("/package.json", "\"dependencies\""),
    ("/server/app.ts", "import "),
    ("/src/main.tsx", "import "),
    ("/dist-server/node.js", "import "),
];

/// All of them.
pub(crate) fn probe(live: &Live<'_>, report: &mut Report) {
    health(live, report);
    pages(live, report);
    deep_links(live, report);
    hidden_files(live, report);
    guards(live, report);
    security_headers(live, report);
}

fn health(live: &Live<'_>, report: &mut Report) {
    if !live.ground.start.own_server {
        return report.skip(&asked::HEALTH, "the app has no server of its own");
    }
    let addresses = live.ground.production.health;
    for address in addresses {
        if let Ok(answer) = live.server.send(&Request::get(*address))
            && answer.status == 200
            && !is_page(&answer)
        {
            return report.judge(&asked::HEALTH, Vec::new(), *address);
        }
    }
    report.judge(&asked::HEALTH, vec![format!("none of {} answers 200", addresses.join(", "))], "");
}

fn pages(live: &Live<'_>, report: &mut Report) {
    let (mut complaints, mut gone) = (Vec::new(), Vec::new());
    let mut named = BTreeSet::new();
    let (first, answer) = followed(live, "/");
    match answer {
        // It leads to another site.
        Ok(answer) if answer.redirects() => {}
        Ok(answer) if answer.status == 200 => named = files_of(&answer.body),
        Ok(answer) => complaints.push(format!("{first} answers {}", answer.status)),
        Err(error) => complaints.push(format!("{first}: {error}")),
    }
    for file in &named {
        match live.server.send(&Request::get(file.as_str())) {
            Ok(answer) if answer.status == 200 && (!is_page(&answer) || file.ends_with(".html")) => {}
            Ok(_) if is_missing(live, file) => gone.push(file.as_str()),
            Ok(answer) => complaints.push(format!("{file} answers {}", answer.status)),
            Err(error) => complaints.push(format!("{file}: {error}")),
        }
    }
    let mut seen = format!("{first} and {} files", named.len());
    if !gone.is_empty() {
        seen += &format!("; named, and not in the tree: {}", gone.join(", "));
    }
    report.judge(&asked::PAGES, shortened(complaints, 6), seen);
}

/// At most so many redirects, one after the other: browsers give up later.
const REDIRECTS: usize = 10;

/// The page of this site where an address ends, and what it answers.
fn followed(live: &Live<'_>, address: &str) -> (String, Result<Response, String>) {
    let mut address = address.to_owned();
    for _ in 0..REDIRECTS {
        let answer = live.server.send(&Request::get(address.as_str()));
        let location = answer.as_ref().ok().filter(|answer| answer.redirects());
        let location = location
            .and_then(|answer| answer.header("location"))
            .map(|to| to.strip_prefix(live.ground.origin).unwrap_or(to).to_owned());
        match location.filter(|to| to.starts_with('/') && !to.starts_with("//")) {
            Some(to) => address = to,
            None => return (address, answer),
        }
    }
    let complaint = format!("it redirects {REDIRECTS} times in a row");
    (address, Err(complaint))
}

/// Whether it is the icon of Vite's template, which builders delete and go on naming: a gap of the app's own, and a small one.
fn is_missing(live: &Live<'_>, file: &str) -> bool {
    let mut held = live.ground.survey.project.files.iter();
    file == "/vite.svg" && !held.any(|held| held.path.as_str().ends_with(file))
}

/// Scripts, styles and icons of this site that the page names.
fn files_of(html: &str) -> BTreeSet<String> {
    let Ok(shape) = Regex::new(r#"<(?:script|link)\b[^>]*?(?:src|href)="(/[^"/][^"]*)""#) else {
        return BTreeSet::new();
    };
    let of_file = |address: &String| address.rsplit('/').next().is_some_and(|name| name.contains('.'));
    let addresses = shape.captures_iter(html).map(|found| found[1].replace("&amp;", "&"));
    addresses.filter(of_file).collect()
}

fn deep_links(live: &Live<'_>, report: &mut Report) {
    let routes: BTreeSet<&str> = live
        .ground
        .survey
        .routes
        .iter()
        .map(|route| route.url.as_str())
        .filter(|url| is_fixed(url) && *url != "/")
        .collect();
    let mut complaints = Vec::new();
    for url in &routes {
        match live.server.send(&Request::get(*url)) {
            Ok(answer) if answer.status == 200 || answer.redirects() => {}
            Ok(answer) => complaints.push(format!("{url} answers {}", answer.status)),
            Err(error) => complaints.push(format!("{url}: {error}")),
        }
    }
    // A script that is not there must not be answered with a page: browsers would keep the page as the script.
    let missing = "/assets/verify-no-such-file.js";
    if let Ok(answer) = live.server.send(&Request::get(missing))
        && answer.status == 200
        && live.ground.start.own_server
    {
        complaints.push(format!("{missing} answers 200"));
    }
    report.judge(&asked::DEEP_LINKS, shortened(complaints, 6), format!("{} pages", routes.len()));
}

fn hidden_files(live: &Live<'_>, report: &mut Report) {
    let mut complaints = Vec::new();
    for (path, mark) in HIDDEN {
        if let Ok(answer) = live.server.send(&Request::get(*path))
            && answer.status == 200
            && !is_page(&answer)
            && answer.body.contains(mark)
        {
            complaints.push(format!("{path} is served"));
        }
    }
    report.judge(&asked::HIDDEN_FILES, complaints, "");
}

/// The pages that are guarded, with the parts that are filled in.
pub(crate) fn guarded<'s>(live: &Live<'s>) -> Vec<(&'s Route, String)> {
    let survey = live.ground.survey;
    let asks = |route: &&Route| {
        route.guards.iter().filter_map(|at| survey.guards.get(*at)).any(|guard| {
            // One that draws something else in its place answers for what it draws, not for the document.
            let turns_away = match guard.enforced {
                Enforced::Server => true,
                // What only looks into the browser's storage knows no session that a server could ask for.
                Enforced::Browser => {
                    guard.proof == Proof::Backend
                        && guard.redirect.as_deref().is_some_and(|to| to.starts_with('/'))
                }
                Enforced::Nowhere => false,
            };
            guard.requires != Requires::Unknown && turns_away
        })
    };
    let filled = |url: &str| {
        let parts = url.split('/').map(|part| if is_fixed(&format!("/{part}")) { part } else { "1" });
        parts.collect::<Vec<_>>().join("/")
    };
    let routes = survey.routes.iter().filter(|route| route.literal && !route.url.contains('*')).filter(asks);
    routes.map(|route| (route, filled(&route.url))).collect()
}

fn guards(live: &Live<'_>, report: &mut Report) {
    let guarded = guarded(live);
    if guarded.is_empty() {
        return report.skip(&asked::GUARDS, "no page of the route table is guarded");
    }
    if !live.ground.start.own_server {
        return report.skip(
            &asked::GUARDS,
            "the pages are files: whoever asks gets the same shell, and it holds no data",
        );
    }
    let mut complaints = Vec::new();
    let mut asked = 0;
    for (route, address) in &guarded {
        for (what, request) in ways(live, address) {
            asked += 1;
            match live.server.send(&request) {
                Ok(answer) if is_refused(&answer) || what == PREFETCH && draws_nothing(&answer) => {}
                Ok(answer) => complaints.push(format!("{}{what} answers {}", route.url, answer.status)),
                Err(error) => complaints.push(format!("{}{what}: {error}", route.url)),
            }
        }
    }
    report.judge(
        &asked::GUARDS,
        shortened(complaints, 8),
        format!("{} pages, asked {asked} times", guarded.len()),
    );
}

const PREFETCH: &str = " as a prefetch";

/// Whether an answer to the framework's own client holds no element: only where the page would be in the tree.
fn draws_nothing(answer: &Response) -> bool {
    answer.status == 200 && answer.body.starts_with("0:") && !answer.body.contains("[\"$\",")
}

/// The ways in which a page is asked for: by a browser, and by the framework's own client where it has one.
fn ways(live: &Live<'_>, address: &str) -> Vec<(&'static str, Request)> {
    let document = Request::get(address).with("accept", "text/html").with("sec-fetch-dest", "document");
    let mut ways = vec![("", document)];
    if matches!(live.ground.production.calls, stack::production::Calls::Action(_)) {
        let rsc = Request::get(address).with("rsc", "1");
        ways.push((" as an RSC request", rsc.clone()));
        ways.push((PREFETCH, rsc.with("next-router-prefetch", "1")));
        let internal = "middleware:middleware:middleware:middleware:middleware";
        ways.push((" past the middleware", Request::get(address).with("x-middleware-subrequest", internal)));
    }
    ways
}

pub(super) fn is_refused(answer: &Response) -> bool {
    answer.redirects()
        || matches!(answer.status, 401 | 403)
        || answer.body.contains("NEXT_REDIRECT") && answer.status != 500
}

fn security_headers(live: &Live<'_>, report: &mut Report) {
    if !live.ground.start.own_server {
        return report.skip(&asked::HEADERS, "the pages are files: the host sets their headers");
    }
    let answer = match live.server.send(&Request::get("/")) {
        Ok(answer) => answer,
        Err(error) => return report.judge(&asked::HEADERS, vec![error], ""),
    };
    match headers::score(&answer) {
        Ok(score) if score.passes => {
            let faults = if score.faults.is_empty() {
                String::new()
            } else {
                format!(": {}", score.faults.join(", "))
            };
            report.judge(&asked::HEADERS, Vec::new(), format!("{} ({}){faults}", score.grade, score.points));
        }
        Ok(score) => {
            let mut complaints = vec![format!("{} ({} points)", score.grade, score.points)];
            complaints.extend(score.faults);
            report.judge(&asked::HEADERS, complaints, "");
        }
        Err(error) => report.skip(&asked::HEADERS, format!("{error:#}")),
    }
}

fn is_page(answer: &Response) -> bool {
    answer.header("content-type").is_some_and(|kind| kind.contains("text/html"))
}

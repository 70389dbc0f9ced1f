//! Pages that the framework's server draws by themselves: each asks for the session itself, whatever stands around it.
//!
//! [`decide`] says once which pages are for signed-in visitors, which of them can ask ([`page`] makes it so), and what renews their
//! sessions ([`refresh`]). Where one of these is not certain, the reason is told and nothing is changed.

mod page;
mod refresh;
mod session;

use super::{BROWSER, ID, UNASKED, pages};
use crate::queries_to_server::{
    SessionPlace, is_sessionless, keep_in_cookies, keeps_cookies, session_place, session_requests,
};
use crate::server::{GUARDS, SESSIONS};
use audit::guard::{Enforced, Guard, Kind, Proof, Requires};
use audit::route::Route;
use audit::{Confidence, Finding, Related, Severity, Survey};
use edit::{FileId, Piece, RelPath, Span};
use page::Asking;
use plan::{Change, Disposition, Request, Safety, Settled};
use refresh::Refresh;
pub(super) use refresh::is_ours;
use stack::Side;
use stack::server::pages::Pages;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What becomes of the pages that are for signed-in visitors and do not ask themselves.
#[derive(Default)]
pub(super) struct Decision {
    /// Those that will ask.
    pages: Vec<Guarded>,
    /// Those that will not, and why.
    declined: Vec<(Guarded, String)>,
    /// What the pages stand on, if any of them asks.
    ground: Option<Ground>,
}

struct Guarded {
    url: String,
    file: FileId,
    /// What refuses visitors today.
    by: By,
    asking: Option<Asking>,
}

/// What refuses the visitors of a page today.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum By {
    Browser,
    /// The file that runs before every request.
    GuardFile,
    Layout,
}

struct Ground {
    sign_in: String,
    guard: RelPath,
    session: SessionPlace,
    refresh: Refresh,
}

/// The decision, made once for a survey.
pub(super) fn decision(survey: &Survey<'_>) -> Arc<Decision> {
    survey.memo.of(|| decide(survey).unwrap_or_default())
}

fn decide(survey: &Survey<'_>) -> Option<Decision> {
    let server = survey.stack.server?;
    let app = survey.project.apps.first()?;
    let spelled = server.pages()?;
    let mut pages = unasked(survey, spelled);
    if pages.is_empty() {
        return None;
    }
    let mut decision = Decision::default();
    if !survey.clients.iter().any(|client| client.backend == "supabase") {
        // What a guard of the browser lacks is told of it.
        let why = "Call the check of the app's own first in each page, outside of any `try`.";
        pages.retain(|page| page.by != By::Browser);
        decision.declined = pages.into_iter().map(|page| (page, why.to_owned())).collect();
        return Some(decision);
    }
    let ground = ground(survey, &pages);
    let ground = match ground {
        Ok(ground) => ground,
        Err(why) => {
            decision.declined = pages.drain(..).map(|page| (page, why.clone())).collect();
            return Some(decision);
        }
    };
    let in_cookies = survey
        .clients
        .iter()
        .filter(|client| client.backend == "supabase" && matches!(client.side, Side::Browser | Side::Both))
        .all(|client| keeps_cookies(survey, client) || is_sessionless(survey, client));
    let site = page::Site { survey, app, spelled, guard: &ground.guard };
    for mut page in pages {
        let elsewhere = page.by == By::Browser && !in_cookies;
        let why = if elsewhere {
            Err("A client of the browser keeps its session in web storage, where no server sees it. Make it with `createBrowserClient` of `@supabase/ssr`, then run again.".to_owned())
        } else {
            let guards = || asking(survey).filter(|guard| guard.routes.contains(&page.url));
            session::asked(survey, guards())
                .and_then(|()| session::of_everyone(survey, guards()))
                .and_then(|()| ground.refresh.runs_for(survey, &page.url))
                .and_then(|()| site.asking(page.file))
        };
        match why {
            Ok(asking) => {
                page.asking = Some(asking);
                decision.pages.push(page);
            }
            Err(why) => decision.declined.push((page, why)),
        }
    }
    decision.ground = (!decision.pages.is_empty()).then_some(ground);
    Some(decision)
}

/// What pages stand on; else what stands against it.
fn ground(survey: &Survey<'_>, guarded: &[Guarded]) -> Result<Ground, String> {
    let sign_in = sign_in(survey).ok_or(
        "No guard names the page to sign in as a path. Send visitors without a session to one, written out, then run again.",
    )?;
    let session = session_place(survey)?;
    let urls: BTreeSet<&str> = guarded.iter().map(|page| page.url.as_str()).collect();
    let refresh = Refresh::of(survey, &pages::list(survey, &urls), &sign_in)?;
    let guard = RelPath::new(format!("{}/guard.ts", session.path.folder()))
        .ok_or("Nothing tells where the app's data access layer is.")?;
    Ok(Ground { sign_in, guard, session, refresh })
}

/// Guards that ask for a session, wherever they stand: one of the browser must rest on more than the browser.
fn asking<'s>(survey: &'s Survey<'_>) -> impl Iterator<Item = &'s Guard> {
    survey.guards.iter().filter(|guard| counts(guard) && !guard.routes.is_empty())
}

fn counts(guard: &Guard) -> bool {
    match guard.enforced {
        Enforced::Server => true,
        Enforced::Browser => guard.proof == Proof::Backend,
        Enforced::Nowhere => false,
    }
}

fn kind(guard: &Guard) -> By {
    match (guard.enforced, guard.kind) {
        (Enforced::Browser | Enforced::Nowhere, _) => By::Browser,
        (_, Kind::Middleware) => By::GuardFile,
        _ => By::Layout,
    }
}

/// Pages that something keeps visitors without a session from, and that do not ask themselves on the server.
fn unasked(survey: &Survey<'_>, spelled: &dyn Pages) -> Vec<Guarded> {
    let asks_itself = |route: &Route, file: FileId| {
        let guards = route.guards.iter().map(|at| &survey.guards[*at]);
        guards.filter(|guard| guard.enforced == Enforced::Server).any(|guard| {
            guard.kind != Kind::Middleware
                && (guard.span.file == file || guard.mounted.iter().any(|place| place.file == file))
        })
    };
    let mut pages = Vec::new();
    for route in &survey.routes {
        let is_page = |file: &FileId| spelled.is_page(survey.project.get(*file));
        let page = route.page.filter(|file| !route.redirects && is_page(file));
        let Some(file) = page.filter(|file| !asks_itself(route, *file)) else { continue };
        let around = route.guards.iter().map(|at| &survey.guards[*at]);
        let by = around.filter(|guard| counts(guard)).map(kind).max();
        if let Some(by) = by {
            pages.push(Guarded { url: route.url.clone(), file, by, asking: None });
        }
    }
    pages
}

/// The page to which most guards send visitors without a session.
fn sign_in(survey: &Survey<'_>) -> Option<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for guard in asking(survey) {
        let to = guard.redirect.as_deref().map(|to| to.split(['?', '#']).next().unwrap_or(to));
        if let Some(to) = to.filter(|to| to.starts_with('/')) {
            *counts.entry(to).or_default() += guard.routes.len();
        }
    }
    let guarded = |path: &str| asking(survey).any(|guard| guard.routes.iter().any(|route| route == path));
    let is_page = |path: &str| survey.routes.iter().any(|route| route.url == path) && !guarded(path);
    let most = counts.into_iter().filter(|(path, _)| is_page(path)).rev().max_by_key(|(_, count)| *count);
    most.map(|(path, _)| path.to_owned())
}

/// What renews the sessions of the app before a page is drawn.
pub(crate) enum Renewal {
    /// The app's own file does.
    There,
    /// The change of [`GUARDS`] brings a file that does.
    Comes,
    /// Nothing does, and no page is guarded: the change of the sessions brings a file that does.
    Lacks,
}

/// The file that renews sessions, where it is [`Renewal::Lacks`].
pub(crate) fn put_renewal(survey: &Survey<'_>, change: &mut Change) {
    if let Some(refresh) = Refresh::alone(survey) {
        refresh.put(survey, change);
    }
}

/// Whether any page will ask.
pub(crate) fn any(survey: &Survey<'_>) -> bool {
    decision(survey).ground.is_some()
}

/// What renews sessions; else what stands against it.
pub(crate) fn renewal(survey: &Survey<'_>) -> Result<Renewal, String> {
    match decision(survey).ground.as_ref().map(|ground| &ground.refresh) {
        Some(Refresh::New { .. }) => Ok(Renewal::Comes),
        Some(Refresh::There(_)) => Ok(Renewal::There),
        None if refresh::is_there(survey) => Ok(Renewal::There),
        None if Refresh::alone(survey).is_some() => Ok(Renewal::Lacks),
        None => Err("keeps sessions that nothing renews before a page is drawn. Add the framework's file that runs before every request (`createServerClient`, `getUser()`).".to_owned()),
    }
}

pub(super) fn find(survey: &Survey<'_>) -> Vec<Finding> {
    let decision = decision(survey);
    let Some(first) = decision.pages.first() else { return declined(survey, &decision.declined) };
    let mut findings = declined(survey, &decision.declined);
    let pages = &decision.pages;
    let urls: Vec<&str> = pages.iter().map(|page| page.url.as_str()).collect();
    let what = if pages.len() == 1 { "asks" } else { "ask" };
    findings.push(Finding {
        rule: UNASKED.id,
        severity: UNASKED.severity,
        confidence: Confidence::Certain,
        span: survey.project.get(first.file).span(0..0),
        message: format!(
            "{} {what} for no session on the server, and is for signed-in visitors.",
            super::find::told(&urls)
        )
        .replacen("and is", if pages.len() == 1 { "and is" } else { "and are" }, 1),
        why: UNASKED.why.into(),
        todo: format!(
            "Sign in and open each of these pages once before the next deployment.{}",
            roles(survey, pages)
        ),
        related: pages[1..]
            .iter()
            .take(40)
            .map(|page| Related {
                span: survey.project.get(page.file).span(0..0),
                message: format!("`{}` as well", page.url),
            })
            .collect(),
        subject: "asks".to_owned(),
    });
    findings
}

/// What the pages do not ask for: the roles that guards around them ask for on the server.
fn roles(survey: &Survey<'_>, pages: &[Guarded]) -> String {
    let role = |guard: &&Guard| {
        guard.enforced == Enforced::Server
            && matches!(guard.requires, Requires::Role(_))
            && pages.iter().any(|page| guard.routes.contains(&page.url))
    };
    let names: BTreeSet<String> =
        survey.guards.iter().filter(role).map(|guard| format!("`{}`", guard.name)).collect();
    if names.is_empty() {
        return String::new();
    }
    let names = names.into_iter().collect::<Vec<_>>().join(", ");
    format!(" They ask for a session only: what {names} asks for beyond that, ask for in them too.")
}

/// One finding for each reason: pages that are not changed.
fn declined(survey: &Survey<'_>, declined: &[(Guarded, String)]) -> Vec<Finding> {
    let mut by_reason: BTreeMap<&str, Vec<&Guarded>> = BTreeMap::new();
    for (page, why) in declined {
        by_reason.entry(why).or_default().push(page);
    }
    let finding = |(why, pages): (&str, Vec<&Guarded>)| {
        let place = |page: &Guarded| survey.project.get(page.file).span(0..0);
        let urls: Vec<&str> = pages.iter().map(|page| page.url.as_str()).collect();
        // What runs before every request holds as long as nobody finds a way around it.
        let weak = pages.iter().all(|page| page.by == By::GuardFile);
        let (ask, are) = if pages.len() == 1 { ("asks", "is") } else { ("ask", "are") };
        Finding {
            rule: UNASKED.id,
            severity: if weak { Severity::Note } else { UNASKED.severity },
            confidence: Confidence::Likely,
            span: place(pages[0]),
            message: format!(
                "{} {ask} for no session on the server, and {are} for signed-in visitors.",
                super::find::told(&urls)
            ),
            why: UNASKED.why.into(),
            todo: why.to_owned(),
            related: pages[1..]
                .iter()
                .take(40)
                .map(|page| Related { span: place(page), message: format!("`{}` as well", page.url) })
                .collect(),
            subject: why.to_owned(),
        }
    };
    by_reason.into_iter().map(finding).collect()
}

/// The one change.
pub(super) fn fix(survey: &Survey<'_>, findings: &[Finding]) -> Vec<Change> {
    let decision = decision(survey);
    let Some(ground) = &decision.ground else { return Vec::new() };
    let count = decision.pages.len();
    let title = if count == 1 {
        "Let 1 page ask for the session on the server".to_owned()
    } else {
        format!("Let {count} pages ask for the session on the server")
    };
    let mut change = Change::new(ID, title, Safety::Review);
    change.key = Some(GUARDS.to_owned());
    if crate::sessions_to_server::hides(survey) {
        change.needs.push(SESSIONS.to_owned());
    }
    for page in &decision.pages {
        if let Some(asking) = &page.asking {
            asking.put(&mut change);
        }
    }
    let text = include_str!("../templates/next/guard.ts").replace("__SIGN_IN__", &ground.sign_in); // templates/
    let there = survey.project.file(ground.guard.as_str()).is_some();
    if !there {
        let pieces = vec![Piece::text(text)];
        change.requests.push(Request::File { path: ground.guard.clone(), pieces, mode: 0o644 });
    }
    change.requests.extend(session_requests(survey));
    if let (Some(client), Some(server)) = (&ground.session.client, survey.stack.server) {
        change.edits.extend(server.session_setter(survey.project, client));
    }
    keep_in_cookies(survey, &mut change);
    ground.refresh.put(survey, &mut change);
    let asked: BTreeSet<&str> = decision.pages.iter().map(|page| page.url.as_str()).collect();
    let whole = |guard: &Guard| {
        guard.enforced == Enforced::Browser
            && !guard.routes.is_empty()
            && guard.routes.iter().all(|url| asked.contains(url.as_str()))
    };
    let moved: Vec<Span> =
        survey.guards.iter().filter(|guard| whole(guard)).map(|guard| guard.span).collect();
    change.settles = moved
        .iter()
        .map(|span| Settled { span: *span, disposition: Disposition::Moved, function: None })
        .collect();
    // A finding on several guards is resolved with the last of them.
    let covered = |finding: &Finding| {
        let spans: BTreeSet<Span> =
            finding.related.iter().map(|related| related.span).chain([finding.span]).collect();
        let mut guards = survey.guards.iter().filter(|guard| spans.contains(&guard.span)).peekable();
        (finding.rule == UNASKED.id && finding.subject == "asks")
            || (finding.rule == BROWSER.id
                && guards.peek().is_some()
                && guards.all(|guard| moved.contains(&guard.span)))
    };
    change.fixes = (0..findings.len()).filter(|at| covered(&findings[*at])).collect();
    if change.fixes.is_empty() { Vec::new() } else { vec![change] }
}

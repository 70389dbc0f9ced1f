//! The pages that the server protects: what guards of the browser ask a session for, as far as it is literal.

use super::{BROWSER, ID};
use crate::server::{GUARDS, SESSIONS};
use audit::guard::{Enforced, Guard, Kind, Proof};
use audit::{Finding, Survey};
use edit::Piece;
use plan::{Change, Disposition, Request, Safety, Settled};
use stack::server::in_app;
use std::collections::{BTreeMap, BTreeSet};
use syntax::view;

/// What the list would hold.
#[derive(Clone, Debug, Default)]
pub struct Pages {
    /// Paths: each stands for itself and all below it.
    pub protected: Vec<String>,
    /// Where visitors sign in.
    pub sign_in: String,
    /// Listed pages whose visitors sign in elsewhere, with the place.
    pub elsewhere: BTreeMap<String, String>,
    /// The guards whose pages are all in the list: indices into `Survey::guards`.
    pub guards: Vec<usize>,
}

/// The pages that guards of the browser send visitors without a session away from; nothing if there are none, or no page to sign in.
pub fn pages(survey: &Survey<'_>) -> Pages {
    let asks = |guard: &Guard| {
        guard.enforced == Enforced::Browser
            && guard.proof == Proof::Backend
            && matches!(guard.kind, Kind::Component | Kind::Effect | Kind::Layout | Kind::BeforeLoad)
            && guard.redirect.as_deref().is_some_and(|to| to.starts_with('/'))
    };
    let guards: Vec<usize> = (0..survey.guards.len()).filter(|at| asks(&survey.guards[*at])).collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for guard in guards.iter().map(|at| &survey.guards[*at]) {
        *counts.entry(guard.redirect.as_deref().unwrap_or_default()).or_default() += behind(guard).count();
    }
    let guarded: BTreeSet<&str> = guards.iter().flat_map(|at| behind(&survey.guards[*at])).collect();
    let is_page = |path: &str| survey.routes.iter().any(|route| route.url == path) && !guarded.contains(path);
    let Some((sign_in, _)) =
        counts.into_iter().filter(|(path, _)| is_page(path)).max_by_key(|(_, count)| *count)
    else {
        return Pages::default();
    };
    let list = list(survey, &guarded);
    let place = |page: &String| {
        let around = guards.iter().map(|at| &survey.guards[*at]);
        let around = around.filter(|guard| guard.routes.iter().any(|url| covers(page, url)));
        let places: BTreeSet<&str> =
            around.filter_map(|guard| guard.redirect.as_deref()).filter(|path| is_page(path)).collect();
        let only = places.first().filter(|_| places.len() == 1 && !places.contains(sign_in))?;
        Some((page.clone(), (*only).to_owned()))
    };
    let elsewhere = list.iter().filter_map(place).collect();
    let whole = |at: &usize| {
        let guard = &survey.guards[*at];
        !guard.routes.is_empty() && guard.routes.iter().all(|url| list.iter().any(|page| covers(page, url)))
    };
    let guards = guards.into_iter().filter(whole).collect();
    Pages { protected: list, sign_in: sign_in.to_owned(), elsewhere, guards }
}

/// The pages behind a guard: where it sends visitors to a page that it stands around itself, they sign in there.
fn behind(guard: &Guard) -> impl Iterator<Item = &str> {
    let sign_in = guard.redirect.as_deref();
    guard.routes.iter().map(String::as_str).filter(move |url| sign_in != Some(*url))
}

/// Paths that stand for the guarded pages: each for itself and all below it.
pub(super) fn list(survey: &Survey<'_>, guarded: &BTreeSet<&str>) -> Vec<String> {
    // What stays open must not lie below a protected page.
    let open: Vec<String> = survey
        .routes
        .iter()
        .filter(|route| !guarded.contains(route.url.as_str()) && route.url != "*")
        .map(|route| cut(&route.url))
        .collect();
    let listed = |url: &str| {
        let literal = survey.routes.iter().any(|route| route.url == url && route.literal);
        let page = cut(url);
        let own = page == url.trim_end_matches("/*");
        // The front page is listed only for itself, and a path behind a hash never reaches the server.
        let sound = literal && !url.contains('*') && !page.starts_with("/#") && (page != "/" || own);
        (sound && !open.iter().any(|open| covers(&page, open))).then_some(page)
    };
    let protected: BTreeSet<String> = guarded.iter().filter_map(|url| listed(url)).collect();
    // A page above says it for those below.
    let above = |page: &String| protected.iter().any(|other| other != page && covers(other, page));
    let mut list: Vec<String> = protected.iter().filter(|page| !above(page)).cloned().collect();
    list.sort();
    list
}

/// A path up to its first parameter.
fn cut(url: &str) -> String {
    let parts: Vec<&str> = url
        .split('/')
        .take_while(|part| !part.starts_with(':') && *part != "*")
        .filter(|part| !part.is_empty())
        .collect();
    format!("/{}", parts.join("/"))
}

/// Whether a listed page stands for a URL, as the server compares them.
pub(super) fn covers(page: &str, url: &str) -> bool {
    page == url || url.strip_prefix(page).is_some_and(|rest| rest.starts_with('/'))
}

/// The list that the app's server has already.
pub(super) fn protected(survey: &Survey<'_>) -> Vec<String> {
    let place = || {
        let (app, server) = (survey.project.apps.first()?, survey.stack.server?);
        if !server.is_there(survey.project, app) {
            return None;
        }
        let folder = server.folder(survey.project, app)?;
        let file = survey.project.file(in_app(app, &format!("{folder}/guards.ts"))?.as_str())?;
        let (tree, _) = file.syntax()?;
        let mut found = Vec::new();
        view::walk(tree.root(), &mut |node| {
            if node.kind() == "variable_declarator"
                && node.child_by_field_name("name").is_some_and(|name| tree.text(name) == "protectedPages")
                && let Some(list) = node.child_by_field_name("value")
            {
                found.extend(
                    view::code_children(list)
                        .filter_map(|item| view::string_value(tree, item))
                        .map(String::from),
                );
            }
            true
        });
        Some(found)
    };
    place().unwrap_or_default()
}

/// The list as a file of the app's server. Whoever makes the server asks for it too: equal requests agree.
pub fn request(survey: &Survey<'_>) -> Option<Request> {
    let pages = pages(survey);
    let (app, server) = (survey.project.apps.first()?, survey.stack.server?);
    // Where the framework serves, its own guards decide.
    if pages.protected.is_empty() || server.is_within() {
        return None;
    }
    let path = in_app(app, &format!("{}/guards.ts", server.folder(survey.project, app)?))?;
    let quoted: Vec<String> = pages.protected.iter().map(|page| format!("\"{page}\"")).collect();
    let text = include_str!("templates/vite/guards.ts")
        .replace("__PAGES__", &quoted.join(", "))
        .replace("__SIGN_IN__", &pages.sign_in)
        + &elsewhere(&pages);
    Some(Request::File { path, pieces: vec![Piece::text(text)], mode: 0o644 })
}

/// Where visitors of single pages sign in, if that is not the same for all.
fn elsewhere(pages: &Pages) -> String {
    if pages.elsewhere.is_empty() {
        return String::new();
    }
    let entries = pages.elsewhere.iter().map(|(page, place)| format!("  \"{page}\": \"{place}\",\n"));
    let entries: String = entries.collect();
    format!(
        "// Protected pages whose visitors sign in elsewhere.\nexport const signInElsewhere: Record<string, string> = {{\n{entries}}};\n"
    )
}

/// The list, where the app gets a server that reads it.
pub(super) fn fix(survey: &Survey<'_>, findings: &[Finding]) -> Vec<Change> {
    if survey.stack.server.is_some_and(|server| server.pages().is_some()) {
        return super::asking::fix(survey, findings);
    }
    if survey.stack.server.is_some_and(|server| server.is_within()) {
        return super::within::fix(survey, findings);
    }
    let pages = pages(survey);
    let Some(request) = request(survey).filter(|_| crate::sessions_to_server::lands(survey)) else {
        return Vec::new();
    };
    let mut change =
        Change::new(ID, "Let the server protect the pages that the browser guards", Safety::Review);
    change.requests.push(request);
    change.key = Some(GUARDS.to_owned());
    change.needs.push(SESSIONS.to_owned());
    // A finding on several pages is resolved with the last of them.
    let covered = |finding: &Finding| {
        let spans: BTreeSet<_> =
            finding.related.iter().map(|related| related.span).chain([finding.span]).collect();
        let mut of_finding =
            (0..survey.guards.len()).filter(|at| spans.contains(&survey.guards[*at].span)).peekable();
        finding.rule == BROWSER.id
            && of_finding.peek().is_some()
            && of_finding.all(|at| pages.guards.contains(&at))
    };
    change.fixes = (0..findings.len()).filter(|at| covered(&findings[*at])).collect();
    let settled = |at: &usize| Settled {
        span: survey.guards[*at].span,
        disposition: Disposition::Moved,
        function: None,
    };
    change.settles = pages.guards.iter().map(settled).collect();
    vec![change]
}

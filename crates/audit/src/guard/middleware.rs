//! The guard file of an app (`middleware.ts`, `proxy.ts`): for which URLs it turns away a visitor without a session.
//!
//! Its code is followed for one URL at a time, as a request of a visitor who is not signed in: tests of the path are decided, tests
//! of the visitor fail, everything else is unknown and assumed to change nothing.

use super::gate;
use super::walk::function_outcome;
use super::{Enforced, Flaw, Guard, Kind, Requires, matcher, passage};
use crate::component;
use crate::route::Route;
use edit::Span;
use project::{File, Kind as FileKind, Project};
use std::cell::RefCell;
use std::collections::BTreeSet;
use syntax::Node;
use syntax::view;

/// A guard file at the root of an app.
pub(crate) struct Middleware<'p> {
    project: &'p Project,
    file: &'p File,
    function: Option<Span>,
    /// `None`: every URL.
    matchers: Option<Vec<String>>,
    /// A package's own middleware, which refuses whatever it runs for.
    ready_made: bool,
}

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Refused(Option<String>),
    Passed,
    Continues,
}

/// What was seen on the way.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) fails_open: BTreeSet<Span>,
    pub(super) depth: u32,
}

/// The guard files of all apps.
pub(crate) fn files(project: &Project) -> Vec<Middleware<'_>> {
    let mut found = Vec::new();
    for app in &project.apps {
        if !crate::route::is_built_on_next(project, app) {
            continue;
        }
        let stems = ["middleware", "proxy", "src/middleware", "src/proxy"];
        let place = |stem: &&str| {
            let stem =
                if app.folder.is_empty() { (*stem).to_owned() } else { format!("{}/{stem}", app.folder) };
            ["ts", "js", "mjs", "tsx"]
                .iter()
                .find_map(|extension| project.file(&format!("{stem}.{extension}")))
        };
        found.extend(stems.iter().filter_map(place).next().map(|file| Middleware::of(project, file)));
    }
    found
}

/// The guards that guard files are, and those that look like one and are none.
pub(super) fn read(project: &Project, routes: &[Route]) -> Vec<Guard> {
    let files = files(project);
    let mut guards: Vec<Guard> = files.iter().map(|file| file.guard(routes)).collect();
    if files.is_empty() {
        guards.extend(project.files.iter().filter_map(|file| stray(project, file)));
    }
    guards
}

/// A file that would guard and that no framework runs: only the one at the root counts.
fn stray(project: &Project, file: &File) -> Option<Guard> {
    let stem = file.path.name().split('.').next().unwrap_or_default();
    let named = matches!(stem, "middleware" | "proxy");
    let code = matches!(file.kind, FileKind::Code(_)) && file.skipped.is_none();
    let next = project.apps.iter().any(|app| crate::route::is_built_on_next(project, app));
    if !named || !code || !next || !file.text.contains("NextResponse.redirect") {
        return None;
    }
    let function =
        component::top_level(file).into_iter().find(|function| !gate::of(project, *function).is_empty())?;
    Some(Guard {
        span: function,
        name: component::name(project, function),
        kind: Kind::Middleware,
        enforced: Enforced::Nowhere,
        requires: Requires::Session,
        redirect: None,
        routes: Vec::new(),
        mounted: Vec::new(),
        conditions: Vec::new(),
        flaws: Vec::new(),
        proof: super::Proof::Backend,
        hides: true,
        own_page: false,
    })
}

impl<'p> Middleware<'p> {
    fn of(project: &'p Project, file: &'p File) -> Self {
        let mut found = Self { project, file, function: None, matchers: None, ready_made: false };
        found.ready_made = file.module.exports.iter().any(|export| {
            export
                .from
                .as_ref()
                .is_some_and(|(from, name)| from == "next-auth/middleware" && name == "default")
        });
        let Some((tree, _)) = file.syntax() else { return found };
        found.function = ["middleware", "proxy", "default"]
            .iter()
            .find_map(|name| component::exported(project, file.id, name));
        view::walk(tree.root(), &mut |node| {
            if node.kind() == "variable_declarator"
                && node.child_by_field_name("name").is_some_and(|name| tree.text(name) == "config")
                && let Some(value) = node.child_by_field_name("value").map(view::unwrapped)
                && value.kind() == "object"
                && let Some(matcher) = view::value_of(tree, value, "matcher")
            {
                found.matchers = Some(patterns(file, matcher));
            }
            true
        });
        found
    }

    /// Whether a request without a session for `url` is refused; where it is sent.
    pub(crate) fn refuses(&self, url: &str) -> Option<Option<String>> {
        match self.outcome(url, &RefCell::default()) {
            Outcome::Refused(to) => Some(to),
            _ => None,
        }
    }

    /// The function that runs.
    pub(crate) fn span(&self) -> Span {
        self.function.unwrap_or_else(|| self.file.span(0..0))
    }

    /// Whether a request for `url` goes through to what answers it, whoever sends it.
    pub(super) fn surely_lets_through(&self, url: &str) -> bool {
        let passes = |function| passage::surely_passes(self.project, function, url);
        !self.runs_for(url) || (!self.ready_made && self.function.is_some_and(passes))
    }

    pub(super) fn runs_for(&self, url: &str) -> bool {
        let Some(matchers) = &self.matchers else { return true };
        matchers.iter().any(|pattern| matcher::takes(pattern, url).unwrap_or(true))
    }

    /// The place behind the `(?!` of its one pattern.
    pub(super) fn exceptions(&self) -> Option<Span> {
        const OPENS: &str = "/((?!";
        let one = self
            .matchers
            .as_ref()
            .is_some_and(|patterns| matches!(patterns.as_slice(), [pattern] if pattern.starts_with(OPENS)));
        let mut places = self
            .file
            .text
            .match_indices(OPENS)
            .filter(|(at, _)| self.file.text[..*at].ends_with(['"', '\'', '`']));
        let (at, _) = places.next().filter(|_| one && places.next().is_none())?;
        Some(self.file.span(at + OPENS.len()..at + OPENS.len()))
    }

    fn outcome(&self, url: &str, seen: &RefCell<Seen>) -> Outcome {
        if !self.runs_for(url) {
            return Outcome::Passed;
        }
        if self.ready_made {
            return Outcome::Refused(None);
        }
        match self.function {
            Some(function) => function_outcome(self.project, function, url, seen),
            None => Outcome::Passed,
        }
    }

    fn guard(&self, routes: &[Route]) -> Guard {
        let seen = RefCell::default();
        let (mut covered, mut redirect) = (Vec::new(), None);
        for route in routes {
            if let Outcome::Refused(to) = self.outcome(&sample(&route.url), &seen) {
                covered.push(route);
                redirect = redirect.or(to);
            }
        }
        let api = self.refuses("/api/some/thing").is_some();
        // An app may have handlers only.
        let refuses = !covered.is_empty() || api;
        let span = self.span();
        let mut flaws: Vec<Flaw> = Vec::new();
        if refuses {
            flaws.extend(seen.borrow().fails_open.iter().copied().map(Flaw::FailsOpen));
            if !api {
                flaws.push(Flaw::SkipsApi(span));
            }
        } else {
            flaws.push(if self.asks() { Flaw::OnlyRefreshes(span) } else { Flaw::DoesNothing(span) });
        }
        Guard {
            span,
            name: component::stem(self.file).to_owned(),
            kind: Kind::Middleware,
            enforced: if refuses { Enforced::Server } else { Enforced::Nowhere },
            requires: Requires::Session,
            redirect,
            routes: super::distinct(covered.into_iter()),
            mounted: vec![self.file.span(0..0)],
            conditions: Vec::new(),
            flaws,
            proof: super::Proof::Backend,
            hides: true,
            own_page: false,
        }
    }

    /// Whether it, or what it calls in another file, asks who is there.
    fn asks(&self) -> bool {
        let asks = |text: &str| {
            [
                "auth.getUser",
                "auth.getSession",
                "auth.getClaims",
                "getToken",
                "clerkMiddleware",
                "auth(",
                "updateSession",
            ]
            .iter()
            .any(|mark| text.contains(mark))
        };
        asks(&self.file.text)
    }
}

/// A URL as a visitor would ask for it.
pub(super) fn sample(url: &str) -> String {
    let parts = url.split('/').map(|part| if part.starts_with(':') || part == "*" { "1" } else { part });
    let path = parts.collect::<Vec<_>>().join("/");
    if path.starts_with('/') { path } else { format!("/{path}") }
}

pub(super) fn patterns(file: &File, node: Node<'_>) -> Vec<String> {
    let node = view::unwrapped(node);
    if node.kind() == "array" {
        return view::code_children(node).flat_map(|item| patterns(file, item)).collect();
    }
    let Some((tree, _)) = file.syntax() else { return Vec::new() };
    if node.kind() == "object" {
        return view::value_of(tree, node, "source").map(|source| patterns(file, source)).unwrap_or_default();
    }
    view::string_value(tree, node).map(|pattern| vec![pattern.into_owned()]).unwrap_or_default()
}

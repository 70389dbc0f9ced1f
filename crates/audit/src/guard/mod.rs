//! Guards: what keeps visitors without a session, or without a role, from a page.
//!
//! A guard is known by what it does: a function, effect, loader or middleware in which a condition on the visitor decides between the
//! page and being turned away ([`gate`], [`refusal`]). Its name proves nothing. [`mount`] follows it to the routes that it covers.

mod before_load;
pub(crate) mod gate;
mod matcher;
pub(crate) mod middleware;
mod mount;
mod passage;
pub(crate) mod refusal;
mod walk;

use crate::component;
use crate::identity::{Strength, is_door};
use crate::route::Route;
pub use before_load::called;
use edit::Span;
use gate::Gate;
use mount::Uses;
use project::{File, Kind as FileKind, Project};
use rayon::prelude::*;
use stack::{Side, Stack};
use std::collections::{BTreeMap, BTreeSet};

/// One guard.
#[derive(Clone, Debug)]
pub struct Guard {
    /// The component, effect, `beforeLoad`, layout or middleware.
    pub span: Span,
    /// Its name; the file's stem where it has none.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Where it decides.
    pub enforced: Enforced,
    /// What it asks.
    pub requires: Requires,
    /// Where it sends whom it refuses.
    pub redirect: Option<String>,
    /// URLs of the routes that it guards.
    pub routes: Vec<String>,
    /// Where it is mounted; empty for one that is defined and never used.
    pub mounted: Vec<Span>,
    /// The conditions that decide, in source order.
    pub conditions: Vec<Span>,
    /// What weakens it.
    pub flaws: Vec<Flaw>,
    /// What its answer rests on.
    pub proof: Proof,
    /// Nothing of the page is drawn for whom it refuses: it does not only send on, once the page is there.
    pub hides: bool,
    /// The function of a page or layout that checks for itself, rather than a guard that others mount.
    pub own_page: bool,
}

/// What the answer of a guard rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The session of a backend.
    Backend,
    /// What the browser keeps: anyone can put it there.
    Storage,
    /// Cannot be told.
    Unknown,
}

/// What a guard is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the contract")]
pub enum Kind {
    Component,
    Effect,
    BeforeLoad,
    Layout,
    Middleware,
}

/// Where a guard decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enforced {
    /// In the browser: whoever asks the backend directly is not stopped.
    Browser,
    /// On the server.
    Server,
    /// Nowhere: it lets everyone through.
    Nowhere,
}

/// What a guard asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requires {
    /// A session.
    Session,
    /// A session with a role, an admin flag, a plan: the test as written.
    Role(String),
    /// Cannot be told.
    Unknown,
}

/// What weakens a guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Its condition is a constant, or a promise that nobody awaits.
    AlwaysTrue(Span),
    /// It hands on whatever it is given and tests nothing.
    PassesAll(Span),
    /// It lets everyone through when a variable is missing or a call fails.
    FailsOpen(Span),
    /// It asks who is there and does nothing with the answer.
    OnlyRefreshes(Span),
    /// It asks nothing.
    DoesNothing(Span),
    /// Requests to `/api` pass it by.
    SkipsApi(Span),
    /// It does not run on the server's first rendering.
    SkipsServer(Span),
}

/// Every guard of the tree, by path and place.
pub(crate) fn read(project: &Project, stack: &Stack, routes: &[Route]) -> Vec<Guard> {
    let layers: BTreeSet<Span> =
        routes.iter().flat_map(|route| &route.layers).filter_map(|layer| layer.function).collect();
    let layer_files: BTreeSet<edit::FileId> = layers.iter().map(|function| function.file).collect();
    let candidate = |file: &&File| {
        matches!(file.kind, FileKind::Code(_))
            && file.skipped.is_none()
            && !is_test(file)
            && (layer_files.contains(&file.id) || SENDS.iter().any(|token| file.text.contains(token)))
    };
    let files: Vec<&File> = project.files.iter().filter(candidate).collect();
    let found: Vec<(Span, Vec<Gate>)> = files
        .par_iter()
        .flat_map_iter(|file| component::top_level(file))
        .map(|function| (function, gate::of(project, function)))
        .collect();
    let uses = Uses::new(project, stack);
    let mut guards = Vec::new();
    for (function, gates) in found {
        guards.extend(of_function(project, stack, routes, &uses, &layers, function, gates));
    }
    guards.extend(before_load::read(project, stack, routes));
    let files = middleware::read(project, routes);
    guards.retain(|guard| !files.iter().any(|file| file.span == guard.span));
    guards.extend(files);
    // A page on which visitors come in has none who are signed in: what it asks is whether to go on.
    let of_doors = |guard: &Guard| guard.own_page && guard.routes.iter().all(|url| is_door(url));
    guards.retain(|guard| guard.routes.is_empty() || !of_doors(guard));
    guards.sort_by_key(|guard| (guard.span, guard.name.clone()));
    leave_to_others(&mut guards);
    guards
}

/// What runs on the very page that it sends visitors to tells pages apart by itself, and stands around open ones as well. Where
/// others guard pages below it, those are the guarded ones.
fn leave_to_others(guards: &mut [Guard]) {
    let around_own = |guard: &Guard| {
        guard.redirect.as_ref().is_some_and(|to| guard.routes.contains(to)) && !guard.own_page
    };
    let told: Vec<BTreeSet<String>> = guards
        .iter()
        .filter(|guard| guard.enforced == Enforced::Browser && !guard.routes.is_empty() && !around_own(guard))
        .map(|guard| guard.routes.iter().cloned().collect())
        .collect();
    for guard in guards.iter_mut().filter(|guard| guard.enforced == Enforced::Browser && around_own(guard)) {
        let routes: BTreeSet<String> = guard.routes.iter().cloned().collect();
        if told.iter().any(|other| other.is_subset(&routes)) {
            guard.routes.clear();
        }
    }
}

/// The file that runs before every request, and whether it runs for this URL; `None` where there is none.
pub fn runs_before(project: &Project, url: &str) -> Option<(edit::FileId, bool)> {
    let files = middleware::files(project);
    files.first().map(|file| (file.span().file, file.runs_for(&middleware::sample(url))))
}

/// Whether what runs before every request surely lets one for this URL through, whoever sends it.
pub fn surely_lets_through(project: &Project, url: &str) -> bool {
    middleware::files(project).first().is_none_or(|file| file.surely_lets_through(&middleware::sample(url)))
}

/// Where the file that runs before every request and refuses this URL can be told not to run for it: see [`unless`].
pub fn exceptions(project: &Project, url: &str) -> Option<edit::Span> {
    let files = middleware::files(project);
    files.first().filter(|file| file.refuses(url).is_some())?.exceptions()
}

/// Where the file that runs before every request can be told what not to run for: behind the `(?!` of the one pattern that says so.
/// `None` if it tells otherwise what it runs for.
pub fn unless(project: &Project) -> Option<edit::Span> {
    middleware::files(project).first()?.exceptions()
}

/// A file that may send visitors elsewhere holds one of these.
const SENDS: &[&str] = &[
    "Navigate",
    "navigate",
    "redirect(",
    "Redirect",
    "router.",
    "location",
    "history.",
    "children",
    "Outlet",
    "useRouter",
];

fn is_test(file: &File) -> bool {
    let path = file.path.as_str();
    path.contains("__tests__")
        || path.contains(".test.")
        || path.contains(".spec.")
        || path.contains("/tests/")
}

/// The guards that one function is: its inline checks of single routes, and itself.
fn of_function(
    project: &Project,
    stack: &Stack,
    routes: &[Route],
    uses: &Uses<'_>,
    layers: &BTreeSet<Span>,
    function: Span,
    gates: Vec<Gate>,
) -> Vec<Guard> {
    let file = project.get(function.file);
    let lives = stack.side(file.id) != Side::None || project.apps.is_empty();
    let mut guards = Vec::new();
    // A check inside the element of a route is of that route alone.
    let (inline, own): (Vec<Gate>, Vec<Gate>) =
        gates.into_iter().partition(|gate| routes.iter().any(|route| route.span.covers(gate.span)));
    let mut by_route: BTreeMap<Span, Vec<Gate>> = BTreeMap::new();
    for gate in inline.into_iter().filter(|_| lives) {
        let around = routes.iter().map(|route| route.span).filter(|span| span.covers(gate.span));
        if let Some(innermost) = around.min_by_key(|span| span.end - span.start) {
            by_route.entry(innermost).or_default().push(gate);
        }
    }
    for (route, gates) in by_route {
        if gates.iter().all(|gate| gate::only_sends(file, gate.span)) {
            continue;
        }
        let urls = routes.iter().filter(|other| route.covers(other.span));
        guards.push(Guard {
            mounted: vec![gates[0].span],
            routes: distinct(urls),
            ..described(project, stack, gates[0].span, &gates, Kind::Component, function)
        });
    }
    let is_layer = layers.contains(&function);
    let wraps = gate::passes_on(file, function);
    let name = component::name(project, function);
    let is_component = name.starts_with(|first: char| first.is_uppercase());
    let is_hook = name.starts_with("use") && name[3..].starts_with(|next: char| next.is_uppercase());
    let on_server = stack.side(file.id) == Side::Server;
    // What shows nothing guards only if it is a page, a layout or a wrapper, and its condition was followed.
    let counts = |gate: &Gate| {
        gate.refusal.sends
            || gate.never_refuses
            || ((is_layer || wraps) && gate.says.strength == Strength::Flow)
    };
    let gates: Vec<Gate> = own.into_iter().filter(counts).collect();
    if gates.is_empty() {
        guards.extend(passing(project, stack, routes, uses, function, &name));
        return guards;
    }
    if !(is_layer || wraps || is_component || is_hook || on_server || returns_component(file, function)) {
        return guards;
    }
    let mount = mount::of(project, routes, uses, function);
    // A helper of the server that no page calls guards a handler: that is the handler's own check.
    if mount.routes.is_empty() && on_server && !is_layer && !wraps {
        return guards;
    }
    if !lives && !wraps && !is_hook {
        return guards;
    }
    if mount.places.is_empty() && !wraps && !is_hook && !is_layer {
        return guards;
    }
    let stem = file.path.name().split('.').next().unwrap_or_default();
    let kind = if is_layer && matches!(stem, "layout" | "template" | "_app") {
        Kind::Layout
    } else if is_layer && !is_component && !on_server {
        Kind::BeforeLoad
    } else if !wraps && gates.iter().all(|gate| gate.in_effect) {
        Kind::Effect
    } else {
        Kind::Component
    };
    let own_page = is_layer && !wraps && kind != Kind::Layout;
    guards.push(Guard {
        mounted: mount.places,
        routes: mount.routes,
        own_page,
        ..described(project, stack, function, &gates, kind, function)
    });
    guards
}

/// A guard without its places.
fn described(
    project: &Project,
    stack: &Stack,
    span: Span,
    gates: &[Gate],
    kind: Kind,
    function: Span,
) -> Guard {
    let real: Vec<&Gate> = gates.iter().filter(|gate| !gate.never_refuses).collect();
    let flaws =
        gates.iter().filter(|gate| gate.never_refuses).map(|gate| Flaw::AlwaysTrue(gate.span)).collect();
    let enforced = if real.is_empty() {
        Enforced::Nowhere
    } else if stack.side_at(function) == Side::Server {
        Enforced::Server
    } else {
        Enforced::Browser
    };
    let role = real.iter().find_map(|gate| gate.says.role.clone());
    let shown: Vec<&Gate> = if real.is_empty() { gates.iter().collect() } else { real };
    Guard {
        span,
        name: component::name(project, function),
        kind,
        enforced,
        requires: role.map_or(Requires::Session, |role| Requires::Role(one_line(&role))),
        // Who lacks the session is sent to the sign-in page, who lacks the role elsewhere.
        redirect: shown
            .iter()
            .filter(|gate| gate.says.role.is_none())
            .chain(&shown)
            .find_map(|gate| gate.refusal.to.clone()),
        routes: Vec::new(),
        mounted: Vec::new(),
        conditions: gates.iter().map(|gate| gate.span).collect(),
        flaws,
        proof: proof(project, function),
        hides: gates.iter().any(|gate| !gate.in_effect),
        own_page: false,
    }
}

/// What a guarding function's answer rests on: the backend's session if it, or the hook that it asks, leads there by imports; else
/// the storage that these read.
fn proof(project: &Project, function: Span) -> Proof {
    let file = project.get(function.file);
    let text = file.text.get(function.range()).unwrap_or_default();
    if crate::identity::asks_for_session(text) {
        return Proof::Backend;
    }
    let graph = &project.graph;
    let mut open: Vec<(edit::FileId, u8)> = Vec::new();
    for link in &graph.links[file.id.0 as usize] {
        let import = &file.module.imports[link.import];
        // What the function calls by a name that tells of the visitor, or as a hook of a module that does.
        let asked = import.names.iter().any(|name| {
            text.contains(&format!("{}(", name.local))
                && (crate::identity::names_visitor(&name.local)
                    || crate::identity::auth_like_module(project.get(link.target)))
        });
        if asked {
            open.push((link.target, 0));
        }
    }
    let mut seen = BTreeSet::new();
    let keeps = |text: &str| text.contains("localStorage") || text.contains("sessionStorage");
    let mut stored = keeps(text);
    while let Some((id, depth)) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        let holder = project.get(id);
        if crate::identity::asks_for_session(&holder.text) || holder.text.contains("next-auth") {
            return Proof::Backend;
        }
        stored |= depth < 2 && keeps(&holder.text);
        if depth < 2 {
            let links = graph.links[id.0 as usize].iter();
            let next = links.map(|link| link.target).filter(|target| {
                let target = project.get(*target);
                crate::identity::auth_like_module(target) || target.text.contains("createContext")
            });
            open.extend(next.map(|target| (target, depth + 1)));
            // A context that is made here may be filled in another module.
            if holder.text.contains("createContext") {
                let fills = |other: &&File| {
                    other.text.contains(".Provider")
                        && graph.links[other.id.0 as usize].iter().any(|link| link.target == id)
                };
                open.extend(project.files.iter().filter(fills).map(|other| (other.id, 2)));
            }
        }
    }
    // A token that goes along with requests is checked by whoever answers them.
    let sent = |file: &File| {
        keeps(&file.text) && ["Authorization", "Bearer"].iter().any(|mark| file.text.contains(mark))
    };
    if stored && !project.files.iter().any(sent) { Proof::Storage } else { Proof::Unknown }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A wrapper that is named or commented as a guard and hands on whatever it is given.
fn passing(
    project: &Project,
    stack: &Stack,
    routes: &[Route],
    uses: &Uses<'_>,
    function: Span,
    name: &str,
) -> Option<Guard> {
    let file = project.get(function.file);
    let text = file.text.get(function.range())?;
    if text.len() > 1_500 || !gate::hands_on_all(file, function) {
        return None;
    }
    let words = crate::identity::words(name);
    // `ClientOnly`, `BootTimeoutGuard`: what is kept off is no visitor.
    let of_page = |word: &String| {
        let others = [
            "boot",
            "bootstrap",
            "timeout",
            "error",
            "crash",
            "load",
            "loading",
            "render",
            "client",
            "inline",
            "browser",
            "mobile",
            "desktop",
            "screen",
            "sr",
            "dev",
            "hydration",
            "network",
            "offline",
            "scroll",
        ];
        others.contains(&word.as_str())
    };
    let claims = words.iter().any(|word| {
        let starts = ["protect", "guard", "requir", "privat", "auth", "secur", "restrict", "gate", "admin"];
        starts.iter().any(|start| word.starts_with(start))
    });
    let members = ["member", "user", "staff", "owner", "manager", "signed", "login", "logged", "role"];
    let only = words.iter().any(|word| word == "only" || word == "just");
    let claims = claims || only && words.iter().any(|word| members.iter().any(|who| word.starts_with(who)));
    let claims = claims && !words.iter().any(of_page);
    let tells = text.to_ascii_lowercase();
    let claims = claims
        || ["todo: check", "check auth", "authenticat", "sign-in", "logged in"]
            .iter()
            .any(|mark| tells.contains(mark));
    let provider = name.ends_with("Provider") || name.ends_with("Layout") || text.contains("createContext");
    if !claims || provider {
        return None;
    }
    let mount = mount::of(project, routes, uses, function);
    // What stands around the sign-in page as well demands no session, unless its name says that it does.
    let demands = ["protect", "guard", "requir", "privat", "restrict", "gate"];
    let demands = words.iter().any(|word| demands.iter().any(|start| word.starts_with(start)));
    let signs_in = |url: &String| url != "/" && crate::identity::sign_in_like(url);
    if !demands && mount.routes.iter().any(signs_in) {
        return None;
    }
    (!mount.places.is_empty()).then(|| Guard {
        mounted: mount.places,
        routes: mount.routes,
        flaws: vec![Flaw::PassesAll(function)],
        requires: Requires::Unknown,
        ..described(project, stack, function, &[], Kind::Component, function)
    })
}

/// Whether a function gives back a component: `withUser(Page)`.
fn returns_component(file: &File, function: Span) -> bool {
    let text = file.text.get(function.range()).unwrap_or_default();
    text.contains("<Component")
        || text.contains("<Wrapped")
        || text.contains("<Page ")
        || text.contains("<Inner")
}

/// The URLs of routes, each once, in order.
fn distinct<'r>(routes: impl Iterator<Item = &'r Route>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    routes.map(|route| route.url.clone()).filter(|url| seen.insert(url.clone())).collect()
}

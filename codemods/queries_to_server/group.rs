//! Every query of the browser with what becomes of it, and the functions that they become: equal ones shared, names unique.

use super::access::{Decision, Doors, accounts};
use super::draft::Draft;
use super::file_text;
use super::ground;
use super::library;
use super::name;
use super::parallel::{self, Passage};
use super::reason::Reason;
use super::through;
use super::web_storage;
use super::{read, receiver};
use crate::server;
use audit::Survey;
use audit::query::{Kind, Power, Query};
use edit::{FileId, Span};
use stack::Side;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// One server function with the drafts that share it, the first of which gives the text.
pub(super) struct Function {
    pub(super) name: String,
    pub(super) decision: Decision,
    pub(super) drafts: Vec<Draft>,
    /// The name of its module.
    pub(super) module: String,
    /// Whether it is a read that is made beside others, and called by its address.
    pub(super) beside: bool,
}

/// A query that does not move.
pub(super) struct Stays {
    /// Its index in the survey.
    pub(super) query: usize,
    pub(super) reason: Reason,
    /// What the proxy would have to let through; `None` if it cannot.
    pub(super) through: Option<server::Proxied>,
}

/// What becomes of all queries.
pub(super) struct Outcome {
    pub(super) functions: Vec<Function>,
    pub(super) stays: Vec<Stays>,
    /// Clients that no longer are asked.
    pub(super) dropped: Vec<(FileId, receiver::Dropped)>,
}

/// Whether a query is made by code of the browser, with the browser's client.
pub(super) fn is_ours(survey: &Survey<'_>, query: &Query) -> bool {
    // An edge function that is called by `fetch` is a matter of sessions: its answer may be anything.
    let invoked = || query.steps.iter().any(|step| step.name == "invoke");
    let kind =
        matches!(query.kind, Kind::Table | Kind::Rpc) || (query.kind == Kind::EdgeFunction && invoked());
    let client = query.client.and_then(|client| survey.clients.get(client));
    // What only a server makes is asked there, wherever the code around it may be imported.
    let made_on_server = client.is_some_and(|client| matches!(client.side, Side::Server | Side::Edge));
    let browser = match query.side {
        _ if made_on_server => false,
        Side::Browser | Side::Both => true,
        // Code that nothing reaches is type-checked all the same, so it goes along with the client that it uses, where that goes.
        Side::None => client.is_some_and(|client| matches!(client.side, Side::Browser | Side::Both)),
        _ => false,
    };
    kind && browser
        && !survey.project.on_phone(query.span.file)
        && query.backend == "supabase"
        && !matches!(client.map(|client| client.power), Some(Power::Session))
        && !client.is_some_and(|client| crate::sessions_to_server::is_foreign(survey, client.span))
}

/// Whether anything runs the query: code that nothing reaches goes along, and is nothing to warn of.
pub(super) fn is_run(survey: &Survey<'_>, query: &Query) -> bool {
    query.side != Side::None || !ground::is_own(survey)
}

/// What becomes of every query of the browser, decided once.
pub(super) fn outcome(survey: &Survey<'_>) -> Arc<Outcome> {
    survey.memo.of(|| decided(survey))
}

fn decided(survey: &Survey<'_>) -> Outcome {
    let doors = Doors::of(survey);
    let own = ground::is_own(survey);
    let (mut drafts, mut stays) = (Vec::new(), Vec::new());
    for (at, query) in survey.queries.iter().enumerate().filter(|(_, query)| is_ours(survey, query)) {
        let client = query.client.and_then(|client| survey.clients.get(client));
        let beside = own && parallel::is(survey, query);
        let read = match client.map(|client| client.power) {
            Some(Power::Admin | Power::Owner) => Err(Reason::admin()),
            None => Err(Reason::client()),
            _ if survey.spares(query.span.file) => Err(Reason::spared()),
            _ if own && query.side == Side::Both => Err(Reason::both_sides()),
            _ if beside && !parallel::has_address(survey, query) => Err(Reason::parallel()),
            _ if own && file_text::carries(survey, query) => Err(Reason::body_size()),
            _ if own
                && accounts(survey)
                && !client.is_some_and(|client| ground::keeps_cookies(survey, client)) =>
            {
                Err(Reason::web_storage(web_storage::moved(survey).why.as_deref()))
            }
            _ => read::draft(survey, &doors, at).and_then(|draft| {
                let access = doors.decide(survey, query, &draft).access;
                let barred = beside && matches!(parallel::passage(survey, access), Passage::Barred);
                if barred { Err(Reason::parallel()) } else { Ok(draft) }
            }),
        };
        match read {
            Ok(draft) => drafts.push(draft),
            // What nothing runs is said of the file, where it matters.
            Err(_) if !is_run(survey, query) => {}
            Err(reason) => {
                let through = if reason.id == "admin-key" { None } else { through::of(survey, query) };
                stays.push(Stays { query: at, reason, through });
            }
        }
    }
    let functions = functions(survey, &doors, drafts);
    let dropped = receiver::dropped(survey, &functions);
    Outcome { functions, stays, dropped }
}

fn functions(survey: &Survey<'_>, doors: &Doors, drafts: Vec<Draft>) -> Vec<Function> {
    let mut functions: Vec<Function> = Vec::new();
    let mut by_key: BTreeMap<String, usize> = BTreeMap::new();
    let mut taken: BTreeSet<String> = BTreeSet::new();
    for draft in drafts {
        let query = &survey.queries[draft.query];
        let decision = doors.decide(survey, query, &draft);
        let source = &survey.project.get(draft.file).text;
        let key = format!("{:?}\n{}", decision.access, draft.key(source));
        if let Some(at) = by_key.get(&key) {
            functions[*at].drafts[0].widen(&draft);
            functions[*at].drafts.push(draft);
            continue;
        }
        let path = &survey.project.get(draft.file).path;
        let stem = match path.name().split('.').next().unwrap_or_default() {
            "page" | "layout" | "index" => path.folder().rsplit('/').next().unwrap_or_default(),
            stem => stem,
        };
        let within = query.within.as_deref().filter(|within| name::tells(within)).unwrap_or(stem);
        let name = name::free(&name::of(&draft.parts), Some(within), |name| taken.contains(name));
        taken.insert(name.clone());
        by_key.insert(key, functions.len());
        functions.push(Function {
            name,
            decision,
            drafts: vec![draft],
            module: String::new(),
            beside: false,
        });
    }
    if survey.stack.server.is_some_and(|server| server.groups_by_table()) {
        for function in &mut functions {
            function.beside = ground::is_own(survey)
                && function.drafts.iter().any(|draft| parallel::is(survey, &survey.queries[draft.query]));
            function.module = of_table(&survey.queries[function.drafts[0].query]);
        }
        return functions;
    }
    let modules = modules(survey, functions.iter().map(|function| function.drafts[0].file).collect());
    for function in &mut functions {
        function.module = modules[&function.drafts[0].file].clone();
    }
    functions
}

/// The module for what a query asks.
fn of_table(query: &Query) -> String {
    let name = match (query.kind, query.named()) {
        (Kind::Rpc, _) => "database-functions".to_owned(),
        (Kind::EdgeFunction, _) => "edge-functions".to_owned(),
        (_, Some(table)) => name::kebab(table),
        (_, None) => "records".to_owned(),
    };
    if name.is_empty() || library::is_taken(&name) { format!("{name}-table") } else { name }
}

/// Names of modules: the file's, with its folder's in front where two files have one name.
fn modules(survey: &Survey<'_>, files: BTreeSet<FileId>) -> BTreeMap<FileId, String> {
    let plain = |file: FileId| {
        let path = &survey.project.get(file).path;
        let stem = path.name().rsplit_once('.').map_or(path.name(), |(stem, _)| stem);
        let folder = path.folder().rsplit('/').next().unwrap_or_default();
        let name =
            name::kebab(if stem.eq_ignore_ascii_case("index") && !folder.is_empty() { folder } else { stem });
        // `index` joins the modules.
        if name.is_empty() || name == "index" { "pages".to_owned() } else { name }
    };
    let plain: BTreeMap<FileId, String> = files.into_iter().map(|file| (file, plain(file))).collect();
    let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
    plain.values().for_each(|name| *counts.entry(name).or_default() += 1);
    let mut names: BTreeMap<FileId, String> = BTreeMap::new();
    let mut used: BTreeSet<String> = BTreeSet::new();
    for (file, name) in &plain {
        let folder = survey.project.get(*file).path.folder().rsplit('/').next().unwrap_or_default();
        let folder = name::kebab(folder);
        let shared = counts[name] > 1 && !folder.is_empty();
        let wanted = if shared { format!("{folder}-{name}") } else { name.clone() };
        let mut free = wanted.clone();
        let mut count = 1;
        while !used.insert(free.clone()) {
            count += 1;
            free = format!("{wanted}-{count}");
        }
        names.insert(*file, free);
    }
    names
}

/// What becomes of each query, for the codemods that bring the server.
pub(crate) fn verdict(survey: &Survey<'_>) -> server::Verdict {
    let outcome = outcome(survey);
    let mut verdict = server::Verdict::default();
    for draft in outcome.functions.iter().flat_map(|function| &function.drafts) {
        verdict.moved.push(survey.queries[draft.query].span);
        let sites = draft.sent.iter().flat_map(|sent| sent.site.kept());
        verdict.sent.extend(sites.map(|range| Span::new(draft.file, range)));
    }
    verdict.moved.sort();
    for (file, dropped) in &outcome.dropped {
        verdict.dropped.extend(dropped.statements.iter().map(|range| Span::new(*file, range.clone())));
    }
    for stays in &outcome.stays {
        let span = survey.queries[stays.query].span;
        let why = stays.reason.message.clone();
        match stays.through.clone() {
            Some(through) => verdict.proxied.push(server::Proxied { why, ..through }),
            None => verdict.declined.push((span, why)),
        }
    }
    verdict
}

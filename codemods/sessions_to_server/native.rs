//! The new files where the app's own framework serves: functions for the session beside the client, and the middleware that hands it
//! to the functions which are there already.

use super::context;
use super::decide::Move;
use super::facade::Part;
use super::framing;
use super::header;
use super::own_headers;
use super::package;
use super::places::{Places, relative};
use super::policy;
use super::retyped;
use super::runtime::{self, Files};
use super::scripts;
use super::template::{Uses, filled};
use super::web_storage;
use crate::queries_to_server::Doors;
use crate::server::Proxied;
use crate::strictness;
use audit::Survey;
use edit::{Edit, FileId, Piece, RelPath, Span};
use plan::NewFile;
use project::File;
use stack::Side;
use std::collections::BTreeSet;
use syntax::view::walk;

// templates/tanstack-start/
const SESSION: &str = include_str!("templates/tanstack-start/session.server.ts");
const ENTRY: &str = include_str!("templates/tanstack-start/start.ts");
const MIDDLEWARE: &str = include_str!("templates/tanstack-start/auth-middleware.ts");
const SCRIPTS: &str = include_str!("templates/tanstack-start/page-scripts.ts");
const BOUNDARY: &str = include_str!("templates/tanstack-start/call-boundary.ts");
const ENV: &str = include_str!("templates/tanstack-start/env.server.ts");
const ORIGIN: &str = include_str!("templates/tanstack-start/origin.server.ts");
const AUTH_FUNCTIONS: &str = include_str!("templates/tanstack-start/auth.functions.ts");
pub(super) const AUTH: &str = include_str!("templates/any/auth.ts");
const STORAGE_FUNCTIONS: &str = include_str!("templates/tanstack-start/storage.functions.ts");
pub(super) const STORAGE: &str = include_str!("templates/any/storage.ts");
const GATEWAY: &str = include_str!("templates/tanstack-start/gateway.ts");
const FORWARD: &str = include_str!("templates/tanstack-start/gateway.server.ts");
const QUERY: &str = include_str!("templates/tanstack-start/query.ts");
const CALLBACK: &str = include_str!("templates/tanstack-start/routes/api/auth/callback.ts");
const HEALTH: &str = include_str!("templates/tanstack-start/routes/api/health.ts");
const GATEWAY_ROUTE: &str = include_str!("templates/tanstack-start/routes/api/supabase/$.ts");
const FUNCTIONS_ROUTE: &str = include_str!("templates/tanstack-start/routes/api/functions/$name.ts");

/// Whether the app runs for real, as the templates ask it.
const PRODUCTION: &str = "process.env.NODE_ENV === \"production\"";
const CALLBACK_ROUTE_PATH: &str = "src/routes/api/auth/callback.ts";
const GATEWAY_ROUTE_PATH: &str = "src/routes/api/supabase/$.ts";
const FUNCTIONS_ROUTE_PATH: &str = "src/routes/api/functions/$name.ts";
/// The middleware that gives a session to the functions which are there already.
const MIDDLEWARE_NAME: &str = "auth-middleware.ts";

/// Names of ours that stand there already; nothing of them may be the app's own.
pub(super) fn taken(survey: &Survey<'_>, places: &Places) -> Vec<String> {
    let names = [
        "session.server.ts",
        "call-boundary.ts",
        "page-scripts.ts",
        "env.server.ts",
        "origin.server.ts",
        "auth.functions.ts",
        "auth.ts",
        "storage.functions.ts",
        "storage.ts",
        "realtime.ts",
        "gateway.ts",
        "gateway.server.ts",
        "functions.ts",
    ];
    let ours = names.iter().filter_map(|name| places.of_session(name));
    let routes = [CALLBACK_ROUTE_PATH, GATEWAY_ROUTE_PATH, FUNCTIONS_ROUTE_PATH]
        .into_iter()
        .filter_map(|path| places.at(path));
    let there = |path: &RelPath| survey.project.file(path.as_str()).is_some();
    ours.chain(routes).filter(there).map(|path| path.to_string()).collect()
}

/// The middleware that reads the session from a header; a sentence for each place where what it does cannot be kept.
pub(super) fn middleware<'s>(
    survey: &'s Survey<'_>,
    places: &Places,
) -> Result<Option<&'s File>, Vec<(Span, String)>> {
    let own = places.of_session(MIDDLEWARE_NAME);
    let reads = |file: &&File| Some(&file.path) == own.as_ref() || reads_session(survey, file);
    let (mut found, mut odd) = (None, Vec::new());
    for file in super::uses::code(survey).filter(reads) {
        let start = file.span(0..0);
        if Some(&file.path) != own.as_ref() {
            if header::edits(file).is_some() || is_told(survey, places, file) {
                continue;
            }
            let why = "reads the session of a visitor from a header. Use `requireSupabaseAuth` of `auth-middleware.ts` instead.";
            odd.push((start, why.to_owned()));
            continue;
        }
        let shape = "is a session middleware of a shape that is not edited. Let it export `requireSupabaseAuth` alone, with `supabase`, `userId` and `claims` in its context.";
        let exports = &file.module.exports;
        if exports.len() != 1 || exports[0].name != "requireSupabaseAuth" {
            odd.push((start, shape.to_owned()));
            continue;
        }
        let Some((tree, _)) = file.syntax() else { continue };
        walk(tree.root(), &mut |node| {
            if let Some(context) = context::handed(tree, node)
                && let Err(key) = context::kept(file, context)
            {
                let why = format!(
                    "hands `{key}` to its functions, and only `supabase`, `userId`, `claims` and what is read from the claims can be kept. Let them ask for it."
                );
                odd.push((file.span(node.byte_range()), why));
            }
            true
        });
        found = Some(file);
    }
    if odd.is_empty() { Ok(found) } else { Err(odd) }
}

/// Whether a file reads a header to know a visitor; one with a secret of its own (a webhook, a timer) is another matter.
fn reads_session(survey: &Survey<'_>, file: &File) -> bool {
    let served = matches!(survey.stack.side(file.id), Side::Server | Side::Both);
    let verifies = || ["getUser(", "getClaims(", "getSession("].iter().any(|call| file.text.contains(call));
    let named = || header::named(file, "");
    served && (verifies() && named() || header::asks(file))
}

/// Whether a file is asked only behind the middleware that puts the token into the header of a request: not by what stands before it.
fn is_told(survey: &Survey<'_>, places: &Places, file: &File) -> bool {
    let source = places.at("src").map(|path| format!("{path}/"));
    let entries: Vec<FileId> = ["ts", "tsx", "js", "mts"]
        .iter()
        .filter_map(|ending| survey.project.file(places.at(&format!("src/server.{ending}"))?.as_str()))
        .map(|file| file.id)
        .collect();
    source.is_some_and(|source| file.path.as_str().starts_with(&source))
        && !survey.project.graph.reachable(survey.project, &entries).contains(&file.id)
}

/// Whether some function reads the header that was attached to each call, and is not edited: every call gets it then.
fn attaches(survey: &Survey<'_>, change: &Move) -> bool {
    let makes = |file: &&File| file.text.contains("createServerFn(");
    let functions: Vec<FileId> = super::uses::code(survey).filter(makes).map(|file| file.id).collect();
    let asked = survey.project.graph.reachable(survey.project, &functions);
    let own = change.places.of_session(MIDDLEWARE_NAME);
    change.wiring.removed.is_some()
        && asked.into_iter().map(|id| survey.project.get(id)).any(|file| {
            Some(&file.path) != own.as_ref()
                && Some(file.id) != change.wiring.removed
                && reads_session(survey, file)
                && header::edits(file).is_none()
        })
}

/// The files that get the text of the header from the session now.
pub(super) fn headers(survey: &Survey<'_>, places: &Places) -> Vec<FileId> {
    let own = places.of_session(MIDDLEWARE_NAME);
    let readers = super::uses::code(survey).filter(|file| Some(&file.path) != own.as_ref());
    readers
        .filter(|file| reads_session(survey, file) && header::edits(file).is_some())
        .map(|file| file.id)
        .collect()
}

/// Makes them all.
pub(super) fn files(survey: &Survey<'_>, change: &Move, zod: &str) -> Option<Files> {
    let places = &change.places;
    let mut files = Files::default();
    let mut uses = change.parts.clone();
    derived(&mut uses, change, places.server.refuses_strangers(survey.project, &places.app));
    let closed = closed(survey, &change.proxied);
    if !closed.is_empty() {
        uses.add("closed");
    }
    if !headers(survey, places).is_empty() {
        uses.add("header");
    }
    if !change.tokens.named.is_empty() {
        uses.add("named");
    }
    if change.tokens.linked {
        uses.add("linked");
    }
    if attaches(survey, change) {
        uses.add("attach");
    }
    let policy = policy::of(survey, &places.app.folder);
    if change.wiring.nonce.is_some() {
        uses.add("pageScripts");
        uses.add(scripts::enforced(&policy));
    }
    // Settings of the type check under which the same text would not pass.
    let exact = strictness::asks(survey, &places.app, "exactOptionalPropertyTypes");
    if exact && uses.any("typed") {
        uses.add("exact");
    }
    let quoted_names = strictness::asks(survey, &places.app, "noPropertyAccessFromIndexSignature");
    let validator = format!("  .{}(", places.server.validator(survey.project, &places.app));
    let (types, database) = types(survey, change);
    let passed_on = own_headers::passed_on(survey, &mut uses);
    let text = |template: &str, holes: &[(&str, String)]| {
        let text = template.replace("\"zod/v4\"", &format!("\"{zod}\"")).replace("  .validator(", &validator);
        let mut all = vec![("__TYPES__", types.clone()), ("__DATABASE__", database.clone())];
        all.extend(holes.iter().cloned());
        let text = runtime::one_line(&filled(&text, &uses, &all));
        if quoted_names { text.replace(PRODUCTION, "import.meta.env.PROD") } else { text }
    };
    let mut put = |path: Option<RelPath>, text: String| {
        let path = path?;
        files.creates.push(NewFile { path, pieces: vec![Piece::text(text)], mode: 0o644 });
        Some(())
    };
    let of = |name: &str| places.of_session(name);
    put(of("session.server.ts"), schema(text(SESSION, &[passed_on]), change))?;
    put(of("env.server.ts"), text(ENV, &[]))?;
    let framing = framing::of(survey);
    put(of("call-boundary.ts"), framing.said(text(BOUNDARY, &[])))?;
    if uses.any("pageScripts") {
        put(of("page-scripts.ts"), framing.said(text(SCRIPTS, &scripts::hosts(&policy))))?;
    }
    if let Some(entry) = change.wiring.entry {
        let path = places.at(entry)?;
        let boundary = module(&path, &of("call-boundary.ts")?);
        put(Some(path), text(ENTRY, &[("__BOUNDARY__", boundary)]))?;
    }
    if middleware(survey, places).is_ok_and(|file| file.is_none()) {
        put(of(MIDDLEWARE_NAME), text(MIDDLEWARE, &[(context::HOLE, String::new())]))?;
    }
    let health = places.at("src/routes/api/health.ts")?;
    if survey.project.file(health.as_str()).is_none() {
        let checked = module(&health, &of("env.server.ts")?);
        put(Some(health), text(HEALTH, &[("__ENV__", checked)]))?;
    }
    if uses.any("auth|realtime") {
        put(of("auth.functions.ts"), text(AUTH_FUNCTIONS, &[]))?;
    }
    if uses.any("links") {
        put(of("origin.server.ts"), text(ORIGIN, &[]))?;
        let route = places.at(CALLBACK_ROUTE_PATH)?;
        let holes = [
            ("__ORIGIN__", module(&route, &of("origin.server.ts")?)),
            ("__SESSION__", module(&route, &of("session.server.ts")?)),
        ];
        put(Some(route), text(CALLBACK, &holes))?;
    }
    if uses.any("functions") {
        let path = places.at(&format!("{}/query.ts", places.folder))?;
        let middleware = module(&path, &of(MIDDLEWARE_NAME)?);
        let session = module(&path, &of("session.server.ts")?);
        let mut own = text(QUERY, &[("__MIDDLEWARE__", middleware), ("__SESSION__", session.clone())]);
        if own_types(survey, change).is_some() {
            own = retyped::query(&own, &session);
        }
        put(Some(path), own)?;
    }
    let beside =
        |name: &str| -> Option<String> { Some(places.specifier(survey, &of(&format!("{name}.ts"))?)) };
    let mut parts: Vec<(&'static str, String)> = Vec::new();
    if uses.any("auth") {
        let holes = [
            ("__METHODS__", runtime::quoted(&change.auth)),
            ("__FUNCTIONS__", "./auth.functions".to_owned()),
        ];
        put(of("auth.ts"), web_storage::forgetting(survey, &change.clients, text(AUTH, &holes)))?;
        parts.push(("auth", beside("auth")?));
    }
    if uses.any("anyStorage") {
        let (env, url, requests) = runtime::public_url(survey, change);
        files.requests.extend(requests);
        let own = runtime::of_storage(change, &uses);
        let template = if env.is_empty() {
            STORAGE.replace("import { env } from \"__ENV__\";\n", "")
        } else {
            STORAGE.to_owned()
        };
        let holes = [
            ("__ENV__", env),
            ("__PUBLIC_URL__", url),
            ("__METHODS__", runtime::quoted(&change.storage)),
            ("__FUNCTIONS__", "./storage.functions".to_owned()),
        ];
        put(of("storage.ts"), filled(&template, &own, &holes))?;
        if own.any("calls") {
            put(of("storage.functions.ts"), text(STORAGE_FUNCTIONS, &buckets(change, &uses)))?;
        }
        parts.push(("storage", beside("storage")?));
    }
    if uses.any("realtime") {
        let holes = [
            ("__CONNECTION__", runtime::connection(&uses)),
            ("__FUNCTIONS__", "./auth.functions".to_owned()),
            ("__REALTIME__", package::REALTIME.0.to_owned()),
        ];
        put(of("realtime.ts"), text(runtime::REALTIME, &holes))?;
        let from = beside("realtime")?;
        parts.extend(runtime::of_channels(&uses).map(|name| (name, from.clone())));
    }
    if uses.any("proxy|edge") {
        let [sent, read] = own_headers::of(survey);
        let holes = [
            sent,
            read,
            ("__ALLOWED__", runtime::allowed(&change.proxied)),
            ("__CLOSED__", runtime::list(closed.iter())),
            ("__EDGE_FUNCTIONS__", runtime::list(change.functions.iter())),
        ];
        put(of("gateway.server.ts"), text(FORWARD, &holes))?;
    }
    let mut route = |path: &str, template: &str| {
        let path = places.at(path)?;
        let gateway = module(&path, &of("gateway.server.ts")?);
        put(Some(path), text(template, &[("__GATEWAY__", gateway)]))
    };
    if uses.any("proxy") {
        route(GATEWAY_ROUTE_PATH, GATEWAY_ROUTE)?;
    }
    if uses.any("edge") {
        route(FUNCTIONS_ROUTE_PATH, FUNCTIONS_ROUTE)?;
    }
    if uses.any("proxy") {
        put(of("gateway.ts"), text(GATEWAY, &[]))?;
        for name in ["from", "rpc"].into_iter().filter(|name| uses.any(name)) {
            parts.push((name, beside("gateway")?));
        }
    }
    if uses.any("invoke") {
        put(of("functions.ts"), text(runtime::FUNCTIONS, &[]))?;
        parts.push(("functions", beside("functions")?));
    }
    files.parts =
        parts.into_iter().map(|(name, from)| Part::new(survey, &change.clients[0], name, &from)).collect();
    Some(files)
}

/// Names that only pages behind a sign-in ask for, by queries that stay in the browser.
pub(super) fn closed(survey: &Survey<'_>, proxied: &[Proxied]) -> BTreeSet<String> {
    if proxied.is_empty() {
        return BTreeSet::new();
    }
    let doors = Doors::of(survey);
    let (mut closed, mut open) = (BTreeSet::new(), BTreeSet::new());
    for one in proxied {
        let names = if doors.closed(one.span.file) { &mut closed } else { &mut open };
        names.extend(one.names.iter().cloned());
    }
    closed.difference(&open).cloned().collect()
}

/// Parts of the templates that follow from others.
fn derived(uses: &mut Uses, change: &Move, refusal: bool) {
    let limited = "signInWithPassword|signUp|signInAnonymously|signInWithOtp|signInWithSSO|verifyOtp|resend|resetPasswordForEmail|updateUser|setSession|implicit|signInWithOAuth|linkIdentity|mfa";
    let limits = uses.any(limited);
    let asks = limits || uses.any("signOut|unlinkIdentity|oauth");
    let rest = [
        ("start", true),
        ("within", true),
        ("limits", limits),
        ("failure", asks),
        ("schemas", asks),
        ("refusal", refusal),
        ("toError", asks || uses.any("missing")),
        ("from", change.proxied.iter().any(|one| !one.rpc)),
        ("rpc", change.proxied.iter().any(|one| one.rpc)),
        ("uploads", uses.any("upload|update|createSignedUploadUrl|move|copy")),
        ("reads", uses.any("download|createSignedUrl|createSignedUrls|list")),
        // By which way a code comes to a phone.
        ("sends", uses.any("phone") && uses.any("signUp|signInWithOtp")),
        // The type of failures is part of what the session's module says.
        ("failure", uses.any("missing")),
    ];
    for (name, _) in rest.into_iter().filter(|(_, is)| *is) {
        uses.add(name);
    }
}

/// The edit of the middleware that is there.
pub(super) fn middleware_edit(survey: &Survey<'_>, change: &Move) -> Option<Edit> {
    let file = middleware(survey, &change.places).ok()??;
    let (tree, _) = file.syntax()?;
    let mut more = String::new();
    walk(tree.root(), &mut |node| {
        if let Some(context) = context::handed(tree, node) {
            more = context::kept(file, context).unwrap_or_default();
        }
        true
    });
    let mut text = MIDDLEWARE.replace(context::HOLE, &more);
    if let Some(types) = own_types(survey, change) {
        let path = &file.path;
        text = retyped::middleware(
            &text,
            types.map(|(types, name)| (module(path, &survey.project.get(types).path), name)),
        );
    }
    Some(Edit::replace(file.span(0..file.text.len()), text))
}

/// The types that the functions which are there know their client by, where those are others than the page's; `Some(None)` where
/// they know of none.
fn own_types(survey: &Survey<'_>, change: &Move) -> Option<Option<(FileId, String)>> {
    let file = middleware(survey, &change.places).ok()??;
    let own = super::client::types_in(survey, file)?;
    let page = change.clients.iter().find_map(|client| client.types.clone());
    (own != page).then_some(own)
}

/// How a module names another one, relative and without its ending.
fn module(from: &RelPath, to: &RelPath) -> String {
    relative(from, to).trim_end_matches(".ts").to_owned()
}

/// The generated types: how the session's modules name them, and what they export.
fn types(survey: &Survey<'_>, change: &Move) -> (String, String) {
    let found = change.clients.iter().find_map(|client| client.types.clone());
    let own = change.places.of_session("session.server.ts");
    match (found, own) {
        (Some((file, name)), Some(own)) => {
            let to = relative(&own, &survey.project.get(file).path);
            let to = to.trim_end_matches(".d.ts").trim_end_matches(".tsx").trim_end_matches(".ts");
            (to.to_owned(), name)
        }
        _ => (String::new(), String::new()),
    }
}

/// The schema that the client is set to.
fn schema(text: String, change: &Move) -> String {
    match change.clients.iter().find_map(|client| client.schema.clone()) {
        Some(schema) => text.replace(
            "    global: { fetch: sharedRenewal",
            &format!("    db: {{ schema: \"{schema}\" }},\n    global: {{ fetch: sharedRenewal"),
        ),
        None => text,
    }
}

pub(super) fn buckets(change: &Move, uses: &Uses) -> Vec<(&'static str, String)> {
    let of = |key: &str| {
        let named = runtime::named(&change.buckets, key);
        named.map_or_else(|| "anyBucket".to_owned(), |list| format!("z.enum({list})"))
    };
    let words = [
        ("requireSupabaseAuth", "uploads|remove|createBucket"),
        ("withSupabase", "reads|listBuckets|getBucket"),
    ];
    let words: Vec<&str> = words.iter().filter(|(_, names)| uses.any(names)).map(|(word, _)| *word).collect();
    vec![
        ("__WORDS__", words.join(", ")),
        ("__UPLOAD__", of("upload")),
        ("__READ__", of("read")),
        ("__REMOVE__", of("remove")),
    ]
}

/// A use that only a server beside the app serves: the reason, and what to do.
pub(super) fn unserved(survey: &Survey<'_>, one: &super::uses::Use) -> Option<String> {
    use super::uses::What;
    match &one.what {
        What::Auth(method) if method == "signInWithIdToken" => Some(
            "calls `auth.signInWithIdToken`, which has no counterpart on the server yet. Sign in with `signInWithOAuth`.".to_owned(),
        ),
        What::Query => {
            let file = survey.project.get(one.span.file);
            let text = file.text.get(one.span.range())?;
            let other = text.contains(".schema(");
            other.then(|| "asks another schema, which the gateway does not let through. Move the query into a server function.".to_owned())
        }
        _ => None,
    }
}

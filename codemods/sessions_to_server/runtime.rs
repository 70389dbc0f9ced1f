//! The new files: the server, and the parts of the client that take the place of the old one.

use super::client::{Client, PACKAGE};
use super::decide::Move;
use super::facade::{self, Part};
use super::framing;
use super::own_headers;
use super::package;
use super::places::relative;
use super::policy;
use super::served::{BUCKETS, BUILT, CHANNELS, CONNECTION};
use super::template::{Uses, filled};
use super::uses;
use super::web_storage;
use crate::env_contract::contract::{self, Audience, Contract};
use crate::routing_fallback::below;
use crate::server::Proxied;
use audit::Survey;
use edit::{Piece, RelPath};
use plan::{NewFile, Request};
use std::collections::{BTreeMap, BTreeSet};
use syntax::module::Imported;

// templates/vite/
const APP: &str = include_str!("templates/vite/server/app.ts");
const ENV: &str = include_str!("templates/vite/server/env.ts");
const NODE: &str = include_str!("templates/vite/server/node.ts");
const SESSION: &str = include_str!("templates/vite/server/lib/session.ts");
const AUTH: &str = include_str!("templates/vite/server/lib/auth.ts");
const PROTECT: &str = include_str!("templates/vite/server/lib/protect.ts");
const RPC: &str = include_str!("templates/vite/server/lib/rpc.ts");
const STORAGE: &str = include_str!("templates/vite/server/lib/storage.ts");
const EDGE: &str = include_str!("templates/vite/server/lib/edge-functions.ts");
const PROXY: &str = include_str!("templates/vite/server/lib/db-proxy.ts");
const API: &str = include_str!("templates/vite/lib/api.ts");
const HTTP: &str = include_str!("templates/vite/lib/http.ts");
const CLIENT_AUTH: &str = include_str!("templates/vite/client/auth.ts");
const CLIENT_STORAGE: &str = include_str!("templates/vite/client/storage.ts");
const CLIENT_PROXY: &str = include_str!("templates/vite/client/proxy.ts");
const TSCONFIG: &str = include_str!("templates/vite/tsconfig.server.json");
// templates/any/
pub(super) const REALTIME: &str = include_str!("templates/any/realtime.ts");
pub(super) const FUNCTIONS: &str = include_str!("templates/any/functions.ts");

/// The new files and what they ask for.
#[derive(Default)]
pub(super) struct Files {
    pub(super) creates: Vec<NewFile>,
    pub(super) requests: Vec<Request>,
    /// The parts of the new client.
    pub(super) parts: Vec<Part>,
    /// How the client's module names the one that joins them with a client for queries.
    pub(super) proxy: Option<String>,
}

/// Makes them all. `None` if a path of ours is unsound, which no folder of a project makes it.
pub(super) fn files(survey: &Survey<'_>, change: &Move, zod: &str) -> Option<Files> {
    let places = &change.places;
    let mut files = Files::default();
    let uses = &change.parts;
    let zod_import = |template: &str| template.replace("\"zod/v4\"", &format!("\"{zod}\""));
    let app = format!("{}/app.ts", places.folder);
    let mut put = |path: RelPath, text: String| {
        files.creates.push(NewFile { path, pieces: vec![Piece::text(text)], mode: 0o644 })
    };
    let plain = |template: &str, holes: &[(&str, String)]| filled(&zod_import(template), uses, holes);
    let variables = crate::provider_calls_to_server::variables(survey);
    put(places.of_server("env.ts")?, plain(ENV, &[("    //__PROVIDER_KEYS__\n", variables)]));
    put(places.of_server("lib/session.ts")?, session(survey, change)?);
    put(places.of_server("lib/protect.ts")?, plain(PROTECT, &[]));
    if uses.any("functions") {
        put(places.of_server("lib/rpc.ts")?, plain(RPC, &[]));
    }
    if uses.any("auth") {
        put(places.of_server("lib/auth.ts")?, one_line(&plain(AUTH, &[])));
    }
    if uses.any("storage") {
        put(places.of_server("lib/storage.ts")?, plain(STORAGE, &[]));
    }
    if uses.any("edge") {
        put(
            places.of_server("lib/edge-functions.ts")?,
            plain(EDGE, &[&[("__APP__", app.clone())], &own_headers::of(survey)[..]].concat()),
        );
    }
    if uses.any("proxy") {
        put(places.of_server("lib/db-proxy.ts")?, plain(PROXY, &[("__APP__", app.clone())]));
    }
    let holes = [
        ("__BUCKETS__", buckets(&change.buckets)),
        ("__EDGE_FUNCTIONS__", list(change.functions.iter())),
        ("__ALLOWED__", allowed(&change.proxied)),
    ];
    put(places.of_server("app.ts")?, plain(APP, &holes));
    put(places.of_server("node.ts")?, node(survey, change));
    put(places.at("tsconfig.server.json")?, tsconfig(places.folder));
    let http = places.sends(survey, "http")?;
    let needs_http = uses.any("auth|storage|realtime|functions");
    if needs_http {
        put(http.clone(), HTTP.to_owned());
    }
    if uses.any("functions") {
        let api = places.sends(survey, "api")?;
        let index = relative(&api, &places.of_server("functions/index")?);
        let rpc = relative(&api, &places.of_server("lib/rpc")?);
        let own = format!("./{}", http.name().trim_end_matches(".ts"));
        let text = API.replace("../../server/functions/index", &index).replace("../../server/lib/rpc", &rpc);
        put(api, text.replace("\"./http\"", &format!("\"{own}\"")));
    }
    let http = ("__HTTP__", places.specifier(survey, &http));
    let named = change.places.facade.rsplit('/').next().is_some_and(|folder| folder.contains("supabase"));
    let mut beside = |name: &str, text: String| -> Option<String> {
        let free = |stem: &str| {
            ["ts", "tsx", "js", "jsx"].iter().all(|ending| {
                let path = places.beside(&format!("{stem}.{ending}"));
                path.is_some_and(|path| survey.project.file(path.as_str()).is_none())
            })
        };
        let names = [name.to_owned(), format!("supabase-{name}"), format!("supabase-client-{name}")];
        let stem = names.into_iter().skip(usize::from(!named)).find(|stem| free(stem))?;
        files.creates.push(NewFile {
            path: places.beside(&format!("{stem}.ts"))?,
            pieces: vec![Piece::text(text)],
            mode: 0o644,
        });
        Some(format!("./{stem}"))
    };
    let first = &change.clients[0];
    let mut parts: Vec<(&'static str, String)> = Vec::new();
    // Second factors are typed by what is used of them.
    let methods: Vec<&str> = change.auth.iter().copied().filter(|name| *name != "mfa").collect();
    let channels = if uses.any("realtime") {
        let library = ("__REALTIME__", package::REALTIME.0.to_owned());
        let holes = [http.clone(), library, ("__CONNECTION__", connection(uses))];
        beside("realtime", filled(REALTIME, uses, &holes))?
    } else {
        String::new()
    };
    if uses.any("auth") {
        let holes = [
            http.clone(),
            ("__METHODS__", quoted(&methods)),
            ("__FACTORS__", quoted(&change.factors)),
            ("__CHANNELS__", channels.clone()),
        ];
        let text = web_storage::forgetting(survey, &change.clients, filled(CLIENT_AUTH, uses, &holes));
        parts.push(("auth", beside("auth", text)?));
    }
    if uses.any("anyStorage") {
        let (env, url, requests) = public_url(survey, change);
        files.requests.extend(requests);
        let own = of_storage(change, uses);
        let mut template = CLIENT_STORAGE.to_owned();
        if env.is_empty() {
            template = template.replace("import { env } from \"__ENV__\";\n", "");
        }
        let holes = [
            http.clone(),
            ("__ENV__", env),
            ("__PUBLIC_URL__", url),
            ("__METHODS__", quoted(&change.storage)),
        ];
        parts.push(("storage", beside("storage", filled(&template, &own, &holes))?));
    }
    if uses.any("realtime") {
        parts.extend(of_channels(uses).map(|name| (name, channels.clone())));
    }
    if uses.any("invoke") {
        parts.push(("functions", beside("functions", filled(FUNCTIONS, uses, &[]))?));
    }
    if uses.any("proxy") {
        files.proxy = Some(beside("proxy", proxy(survey, &parts, uses.any("whole")))?);
    }
    files.parts = parts.into_iter().map(|(name, from)| Part::new(survey, first, name, &from)).collect();
    Some(files)
}

/// The module that joins the parts with a client for queries.
fn proxy(survey: &Survey<'_>, parts: &[(&'static str, String)], whole: bool) -> String {
    let mut uses = Uses::default();
    if whole {
        uses.add("whole");
    }
    let (mut imports, mut values) = (String::new(), String::new());
    let mut modules: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, from) in parts {
        modules.entry(from).or_default().push(name);
        // A page that puts something of its own in a part's place must be able to.
        let put = format!(".{name} = ");
        let writable = uses::code(survey).any(|file| file.text.contains(&put));
        let more = if writable { ", writable: true" } else { "" };
        values += &format!("    {name}: {{ value: {name}{more} }},\n");
        uses.add("parts");
    }
    for (from, names) in modules {
        imports += &format!("import {{ {} }} from \"{from}\";\n", names.join(", "));
    }
    let names: Vec<&str> = parts.iter().map(|(name, _)| *name).collect();
    let omitted = names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(" | ");
    let types = names.iter().map(|name| format!("{name}: typeof {name}")).collect::<Vec<_>>().join("; ");
    let holes = [
        ("__IMPORTS__\n", imports),
        ("    __VALUES__\n", values),
        ("__OMITTED__", omitted),
        ("__PARTS__", types),
    ];
    filled(
        &CLIENT_PROXY.replace("//__IMPORTS__", "__IMPORTS__").replace("//__VALUES__", "__VALUES__"),
        &uses,
        &holes,
    )
}

/// `import type {\n  A,\n  B,\n}` on one line where it fits.
pub(super) fn one_line(text: &str) -> String {
    let Some(start) = text.find("import type {\n") else { return text.to_owned() };
    let Some(end) = text[start..].find('}').map(|end| start + end) else { return text.to_owned() };
    let inner = &text[start + "import type {\n".len()..end];
    let names: Vec<&str> =
        inner.lines().map(|line| line.trim().trim_end_matches(',')).filter(|name| !name.is_empty()).collect();
    format!("{}import type {{ {} {}", &text[..start], names.join(", "), &text[end..])
}

fn session(survey: &Survey<'_>, change: &Move) -> Option<String> {
    let own = change.places.of_server("lib/session.ts")?;
    let types = change.clients.iter().find_map(|client| client.types.clone());
    let (file, name) = types.map_or((String::new(), String::new()), |(file, name)| {
        let path = &survey.project.get(file).path;
        let stem = relative(&own, path);
        let stem = stem.trim_end_matches(".d.ts").trim_end_matches(".tsx").trim_end_matches(".ts").to_owned();
        (format!("{stem}.js"), name)
    });
    let mut uses = change.parts.clone();
    let own = change.clients.iter().map(|client| &client.request).find(|request| !request.is_empty());
    let (pairs, asks) = (own.and_then(|own| own.pairs()), own.and_then(|own| own.asks()));
    if pairs.is_some() {
        uses.add("ownHeaders");
    }
    if asks.is_some() {
        uses.add("ownFetch");
    }
    let passed_on = own_headers::passed_on(survey, &mut uses);
    let holes = [
        passed_on,
        ("__TYPES__", file),
        ("__DATABASE__", name),
        ("\"__HEADERS__\": \"\"", pairs.unwrap_or_default()),
        ("__FETCH__", asks.unwrap_or_default().to_owned()),
    ];
    let mut text = filled(SESSION, &uses, &holes);
    // The default needs no word, and the types of a client without generated ones know no other.
    let schema = change.clients.iter().find_map(|client| client.schema.clone());
    if let Some(schema) = schema.filter(|schema| schema != "public") {
        let option = format!("    db: {{ schema: \"{schema}\" }},\n    global: {{ fetch: sharedRenewal");
        text = text.replace("    global: { fetch: sharedRenewal", &option);
    }
    Some(text)
}

fn node(survey: &Survey<'_>, change: &Move) -> String {
    let policy = policy::of(survey, &change.places.app.folder);
    let mut uses = change.parts.clone();
    if policy.inline {
        uses.add("inline");
    }
    if policy.certain {
        uses.add("enforced");
    }
    let listed = |server: bool| {
        let pages = below::pages(survey).into_iter().filter(|page| below::of_server(page) == server);
        list(pages.collect::<Vec<_>>().iter())
    };
    let (below_api, below_assets) = (listed(true), listed(false));
    if below_api != "[]" {
        uses.add("pagesBelowApi");
    }
    if below_assets != "[]" {
        uses.add("pagesBelowAssets");
    }
    let sources = |first: &[&str], hosts: &BTreeSet<String>| {
        let first = first.iter().map(|source| (*source).to_owned());
        let hosts = hosts.iter().map(|host| format!("\"{host}\""));
        format!("[{}]", first.chain(hosts).collect::<Vec<_>>().join(", "))
    };
    let own = "\"'self'\"";
    let scripts: &[&str] = if policy.inline { &[own, "...inline"] } else { &[own] };
    let mut connect = vec![own, "env.SUPABASE_URL"];
    if change.parts.any("realtime") {
        connect.push("env.SUPABASE_URL.replace(/^http/, \"ws\")");
    }
    let frames =
        if policy.frames.is_empty() { "[\"'none'\"]".to_owned() } else { sources(&[own], &policy.frames) };
    let holes = [
        ("__DIST__", change.wiring.pages.clone()),
        ("__SCRIPT_SRC__", sources(scripts, &policy.scripts)),
        ("__STYLE_SRC__", sources(&[own, "\"'unsafe-inline'\""], &policy.styles)),
        ("__FONT_SRC__", sources(&[own, "\"data:\""], &policy.fonts)),
        ("__CONNECT_SRC__", sources(&connect, &policy.connections)),
        ("__FRAME_SRC__", frames),
        ("__BELOW_API__", below_api),
        ("__BELOW_ASSETS__", below_assets),
    ];
    framing::of(survey).said(filled(NODE, &uses, &holes))
}

fn tsconfig(folder: &str) -> String {
    TSCONFIG.replace(
        "\"include\": [\"server\", \"api\", \"netlify/functions\"]",
        &format!("\"include\": [\"{folder}\", \"api/index.ts\", \"netlify/functions/api.mts\"]"),
    )
}

/// The type that the client says it has where functions are handed it that ask for all of one, with the imports of its names.
fn whole(survey: &Survey<'_>, change: &Move, client: &Client, requests: &mut Vec<Request>) -> Option<String> {
    if !change.parts.any("whole") {
        return None;
    }
    let mut import = |from: String, name: &str| {
        let name = name.to_owned();
        let (local, name) = (name.clone(), Imported::Named(name));
        requests.push(Request::Import { file: client.file, from, name, local, type_only: true });
    };
    import(PACKAGE.to_owned(), "SupabaseClient");
    let Some((file, name)) = &client.types else { return Some("SupabaseClient".to_owned()) };
    let path = &survey.project.get(*file).path;
    import(crate::env_contract::contract::specifier(survey, client.file, path), name);
    Some(format!("SupabaseClient<{name}>"))
}

/// Parts of the storage's template.
pub(super) fn of_storage(change: &Move, uses: &Uses) -> Uses {
    let mut own = Uses::default();
    let asked = || change.storage.iter().chain(BUCKETS.iter().filter(|name| uses.any(name)));
    asked().for_each(|name| own.add(*name));
    ["puts", "failed"].iter().filter(|name| uses.any(name)).for_each(|name| own.add(*name));
    if asked().any(|name| !BUILT.contains(name)) {
        own.add("calls");
    }
    own
}

/// The parts of the client that channels ask for.
pub(super) fn of_channels(uses: &Uses) -> impl Iterator<Item = &'static str> {
    let connection = uses.any("connection").then_some("realtime");
    CHANNELS.iter().copied().filter(|name| uses.any(name)).chain(connection)
}

/// What is asked of the connection itself, as a union of literals.
pub(super) fn connection(uses: &Uses) -> String {
    let asked = CONNECTION.iter().filter(|name| uses.any(name));
    quoted(&asked.filter_map(|name| name.strip_prefix("realtime.")).collect::<Vec<_>>())
}

/// Names as a union of literals.
pub(super) fn quoted(names: &[&str]) -> String {
    let all: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    if all.is_empty() { "never".to_owned() } else { all.join(" | ") }
}

/// How the storage's public addresses are built: the module of variables, the expression, and what that module asks for.
pub(super) fn public_url(survey: &Survey<'_>, change: &Move) -> (String, String, Vec<Request>) {
    let name = public_name(survey);
    if !change.builds_addresses() {
        return (String::new(), String::new(), Vec::new());
    }
    match Contract::of(survey, change.clients[0].file, Audience::Public) {
        Some(contract) if !contract.taken => {
            let need = contract::required(survey, &name);
            let requests = if contract.written { Vec::new() } else { contract.entry(survey, &name, &need) };
            (change.places.specifier(survey, &contract.path), format!("env.{name}"), requests)
        }
        _ => {
            let side = survey.stack.side(change.clients[0].file);
            (String::new(), survey.stack.framework.env(side, &name).expression, Vec::new())
        }
    }
}

/// The variable that tells the page the project's address.
pub(super) fn public_name(survey: &Survey<'_>) -> String {
    format!("{}SUPABASE_URL", survey.stack.framework.public_prefix().unwrap_or(""))
}

pub(super) fn list<'n>(names: impl Iterator<Item = &'n String>) -> String {
    format!("[{}]", names.map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", "))
}

/// The buckets of one use, as a list; `None` where a page computes which one.
pub(super) fn named(buckets: &BTreeMap<&'static str, BTreeSet<String>>, key: &str) -> Option<String> {
    let known = buckets.get(key);
    let any = known.is_some_and(|known| known.contains(super::uses::ANY_BUCKET));
    (!any).then(|| list(known.into_iter().flatten()))
}

fn buckets(buckets: &BTreeMap<&'static str, BTreeSet<String>>) -> String {
    let of = |key: &str| named(buckets, key).unwrap_or_else(|| "\"any\"".to_owned());
    format!("{{ upload: {}, read: {}, remove: {} }}", of("upload"), of("read"), of("remove"))
}

/// The tables with their verbs, and the database functions.
pub(super) fn allowed(proxied: &[Proxied]) -> String {
    let mut tables: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut functions: BTreeSet<String> = BTreeSet::new();
    for one in proxied {
        for name in &one.names {
            if one.rpc {
                functions.insert(name.clone());
            } else {
                tables.entry(name).or_default().extend(&one.verbs);
            }
        }
    }
    let tables: Vec<String> = tables
        .iter()
        .map(|(table, verbs)| {
            let is_word = table.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
            let name = if is_word { (*table).to_owned() } else { format!("\"{table}\"") };
            let verbs = verbs.iter().map(|verb| format!("\"{verb}\"")).collect::<Vec<_>>().join(", ");
            format!("    {name}: [{verbs}],\n")
        })
        .collect();
    let tables = if tables.is_empty() { "{}".to_owned() } else { format!("{{\n{}  }}", tables.concat()) };
    format!("{{\n  tables: {tables},\n  rpc: {},\n}}", list(functions.iter()))
}

/// The edits of one client's module.
pub(super) fn module(
    survey: &Survey<'_>,
    change: &Move,
    at: usize,
    files: &Files,
) -> (Vec<edit::Edit>, Vec<Request>) {
    let (client, owned) = (&change.clients[at], &change.owned[at]);
    let import = |from: &str, name: &str, local: &str| Request::Import {
        file: client.file,
        from: from.to_owned(),
        name: syntax::module::Imported::Named(name.to_owned()),
        local: local.to_owned(),
        type_only: false,
    };
    // A second module of the same project takes the parts from beside the first.
    let elsewhere = |from: &str| -> String {
        if at == 0 || !from.starts_with('.') {
            return from.to_owned();
        }
        let path = change.places.beside(&format!("{}.ts", from.trim_start_matches("./")));
        path.map_or(from.to_owned(), |path| {
            crate::env_contract::contract::specifier(survey, client.file, &path)
        })
    };
    if let Some(proxy) = &files.proxy {
        let requests =
            ["withSession", "sameOrigin"].iter().map(|name| import(&elsewhere(proxy), name, name)).collect();
        return (facade::proxied(survey, client, owned), requests);
    }
    let parts: Vec<Part> =
        files.parts.iter().map(|part| Part::new(survey, client, part.name, &elsewhere(&part.from))).collect();
    let mut requests: Vec<Request> =
        parts.iter().map(|part| import(&part.from, part.name, &part.local)).collect();
    let said =
        facade::Said { lent: change.parts.any("lent"), whole: whole(survey, change, client, &mut requests) };
    let api = if change.places.server.is_within() {
        Some(format!("see {}.", change.places.folder))
    } else {
        change.places.sends(survey, "api").map(|api| {
            let from = crate::env_contract::contract::specifier(survey, client.file, &api);
            format!("import {{ api }} from \"{from}\";")
        })
    };
    let api = api.filter(|_| change.parts.any("functions") && !change.places.folder.is_empty());
    (facade::edits(survey, client, owned, &parts, api.as_deref(), said), requests)
}

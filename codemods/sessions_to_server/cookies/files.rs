//! The new files: what takes the place of the client's parts beside its module, and the actions and routes behind them.

use super::decide::Move;
use crate::env_contract::contract::{self, Audience, Contract, specifier};
use crate::sessions_to_server::client::Client;
use crate::sessions_to_server::facade::Part;
use crate::sessions_to_server::native::{AUTH, STORAGE, buckets, closed};
use crate::sessions_to_server::own_headers;
use crate::sessions_to_server::places::{is_free, relative};
use crate::sessions_to_server::runtime::{self, Files};
use crate::sessions_to_server::setting::Setting;
use crate::sessions_to_server::template::{Uses, filled};
use audit::Survey;
use edit::{Piece, RelPath};
use plan::{NewFile, Request};
use stack::Side;
use stack::framework::Framework;

/// Actions behind the facade.
const ACTIONS: &str = include_str!("../templates/next/auth.actions.ts"); // templates/
/// Actions for stored files.
const STORED: &str = include_str!("../templates/next/storage.actions.ts"); // templates/
/// Where calls of edge functions arrive.
const EDGE: &str = include_str!("../templates/next/edge-functions.ts"); // templates/
/// The client of queries that stay, and where they arrive.
const GATEWAY: &str = include_str!("../templates/next/gateway.ts"); // templates/
const GATEWAY_ROUTE: &str = include_str!("../templates/next/gateway.route.ts"); // templates/
/// Where mails and providers come back to.
const CALLBACK: &str = include_str!("../templates/next/callback.ts"); // templates/
/// The package of the client, which channels need alone.
const LIBRARY: &str = "@supabase/supabase-js";

/// Makes them all; `None` where a name for one of them is taken.
pub(super) fn of(survey: &Survey<'_>, moves: &Move, zod: &str) -> Option<Files> {
    let page = &moves.page;
    let mut uses = uses(moves);
    let client = &page.clients[0];
    let named = |from: &RelPath, to: &RelPath| {
        let aliased = specifier(survey, client.file, to);
        let path = relative(from, to);
        let plain = path.rsplit_once('.').map_or(path.clone(), |(stem, _)| stem.to_owned());
        if aliased.starts_with("@/") { aliased } else { plain }
    };
    let beside = |name: &str| {
        let names = [format!("{name}.ts"), format!("session-{name}.ts")];
        names.iter().filter_map(|name| page.places.beside(name)).find(|path| is_free(survey, path))
    };
    let variables = Variables::of(survey, client);
    let mut files = Files::default();
    let mut creates: Vec<NewFile> = Vec::new();
    let mut put = |path: &RelPath, text: String| {
        let text = runtime::one_line(&text.replace("\"zod/v4\"", &format!("\"{zod}\"")));
        creates.push(NewFile { path: path.clone(), pieces: vec![Piece::text(text)], mode: 0o644 });
    };
    // All that goes on to the project needs its address.
    if uses.any("realtime|invoke|proxy") {
        files.requests.extend(variables.request(survey, &client.url));
    }
    let session = |from: &RelPath| ("__SESSION__", named(from, &moves.session));
    let mut parts: Vec<(&'static str, RelPath)> = Vec::new();
    let handlers: Vec<String> = moves.handlers.iter().map(|path| format!("\"{path}\"")).collect();
    let mut holes = vec![session(&moves.actions), ("__HANDLERS__", handlers.join(", "))];
    if uses.any("realtime") {
        holes.extend(variables.holes());
    }
    put(&moves.actions, filled(ACTIONS, &uses, &holes));
    let auth = beside("auth")?;
    let holes =
        [("__METHODS__", runtime::quoted(&page.auth)), ("__FUNCTIONS__", named(&auth, &moves.actions))];
    put(&auth, filled(AUTH, &uses, &holes));
    parts.push(("auth", auth));
    if let Some(callback) = moves.callback.as_ref().filter(|_| uses.any("links")) {
        put(callback, filled(CALLBACK, &uses, &[session(callback)]));
    }
    if uses.any("anyStorage") {
        let storage = beside("storage")?;
        let own = runtime::of_storage(page, &uses);
        let builds = page.builds_addresses();
        let import = if builds { variables.import() } else { String::new() };
        let template = STORAGE.replace("import { env } from \"__ENV__\";\n", &import);
        if builds {
            files.requests.extend(variables.request(survey, &client.url));
        }
        let holes = [
            ("__PUBLIC_URL__", variables.read(&client.url).unwrap_or_default()),
            ("__METHODS__", runtime::quoted(&page.storage)),
            ("__FUNCTIONS__", named(&storage, &moves.storage)),
        ];
        put(&storage, filled(&template, &own, &holes));
        if own.any("calls") {
            let mut holes = buckets(page, &uses);
            holes.push(session(&moves.storage));
            put(&moves.storage, filled(STORED, &uses, &holes));
        }
        parts.push(("storage", storage));
    }
    if uses.any("realtime") {
        let realtime = beside("realtime")?;
        let holes = [
            ("__CONNECTION__", runtime::connection(&uses)),
            ("__FUNCTIONS__", named(&realtime, &moves.actions)),
            ("__REALTIME__", LIBRARY.to_owned()),
        ];
        put(&realtime, filled(runtime::REALTIME, &uses, &holes));
        parts.extend(runtime::of_channels(&uses).map(|name| (name, realtime.clone())));
    }
    if uses.any("invoke") {
        let (functions, route) = (beside("functions")?, moves.functions.as_ref()?);
        put(&functions, filled(runtime::FUNCTIONS, &uses, &[]));
        parts.push(("functions", functions));
        let [sent, read] = own_headers::of(survey);
        let mut holes =
            vec![sent, read, session(route), ("__EDGE_FUNCTIONS__", runtime::list(page.functions.iter()))];
        holes.extend(variables.holes());
        put(route, filled(EDGE, &uses, &holes));
    }
    if uses.any("proxy") {
        let (gateway, route) = (beside("gateway")?, moves.gateway.as_ref()?);
        let types = client
            .types
            .clone()
            .map(|(file, name)| (specifier(survey, client.file, &survey.project.get(file).path), name));
        let (types, database) = types.unwrap_or_default();
        let holes = [("__TYPES__", types), ("__DATABASE__", database)];
        put(&gateway, filled(GATEWAY, &uses, &holes));
        let closed = closed(survey, &page.proxied);
        if !closed.is_empty() {
            uses.add("closed");
        }
        let mut holes = vec![
            session(route),
            ("__ALLOWED__", runtime::allowed(&page.proxied)),
            ("__CLOSED__", runtime::list(closed.iter())),
        ];
        holes.extend(variables.holes());
        put(route, filled(GATEWAY_ROUTE, &uses, &holes));
        for name in ["from", "rpc"].into_iter().filter(|name| uses.any(name)) {
            parts.push((name, gateway.clone()));
        }
    }
    let specifier = |path: &RelPath| specifier(survey, client.file, path);
    files.creates = creates;
    files.parts =
        parts.iter().map(|(name, path)| Part::new(survey, client, name, &specifier(path))).collect();
    Some(files)
}

/// How the new files read the address and the key of the project: through the module of variables, where the app gets one.
struct Variables<'c> {
    client: &'c Client,
    /// The module and its specifier.
    module: Option<(Contract, String)>,
    access: &'static dyn Framework,
}

impl<'c> Variables<'c> {
    fn of(survey: &Survey<'_>, client: &'c Client) -> Self {
        let module = Contract::of(survey, client.file, Audience::Public).filter(|module| !module.taken);
        let module = module.map(|module| {
            let specifier = specifier(survey, client.file, &module.path);
            (module, specifier)
        });
        Self { client, module, access: survey.stack.framework }
    }

    /// The expression that reads a variable.
    fn read(&self, setting: &Setting) -> Option<String> {
        let name = setting.names.first()?;
        Some(match &self.module {
            Some((module, _)) => format!("{}.{name}", module.export()),
            None => format!("{}!", self.access.env(Side::Server, name).expression),
        })
    }

    /// The line that imports them, with its end.
    fn import(&self) -> String {
        let line = |(module, specifier): &(Contract, String)| {
            format!("import {{ {} }} from \"{specifier}\";\n", module.export())
        };
        self.module.as_ref().map(line).unwrap_or_default()
    }

    /// What fills the holes of a template.
    fn holes(&self) -> [(&'static str, String); 3] {
        // Pages import the module of variables: the key stays out of it.
        let name = self.client.key.names.first().map_or("", String::as_str);
        let key = format!("{}!", self.access.env(Side::Server, name).expression);
        [
            ("__VARIABLES__\n", self.import()),
            ("__URL__", self.read(&self.client.url).unwrap_or_default()),
            ("__KEY__", key),
        ]
    }

    /// What the module asks for to have a variable.
    fn request(&self, survey: &Survey<'_>, setting: &Setting) -> Vec<Request> {
        match (&self.module, setting.names.first()) {
            (Some((module, _)), Some(name)) if !module.written => {
                module.entry(survey, name, &contract::required(survey, name))
            }
            _ => Vec::new(),
        }
    }
}

/// Parts of the templates.
fn uses(moves: &Move) -> Uses {
    let page = &moves.page;
    let mut uses = page.parts.clone();
    // What a page finds behind the hash is nobody's session where sessions are in cookies.
    for name in ["fragment", "implicit", "exchangeCodeForSession"] {
        uses.remove(name);
    }
    let asks = uses.any(
        "signInWithPassword|signUp|signInAnonymously|signInWithOtp|verifyOtp|resend|resetPasswordForEmail|updateUser|signInWithOAuth|signOut|setSession",
    ) || page.auth.contains(&"exchangeCodeForSession");
    let links = uses.any("signUp|signInWithOtp|resend|resetPasswordForEmail|updateUser|signInWithOAuth");
    let missing = uses.any("getUser|refreshSession");
    let parts = [
        ("within", true),
        ("exchanges", page.auth.contains(&"exchangeCodeForSession")),
        ("failure", asks),
        ("schemas", asks),
        ("links", links),
        ("missing", missing),
        ("toError", asks || missing || uses.any("denied")),
        ("from", page.proxied.iter().any(|one| !one.rpc)),
        ("rpc", page.proxied.iter().any(|one| one.rpc)),
        ("uploads", uses.any("upload|update|createSignedUploadUrl|move|copy")),
        ("reads", uses.any("download|createSignedUrl|createSignedUrls|list")),
    ];
    for (name, is) in parts {
        if is {
            uses.add(name);
        } else {
            uses.remove(name);
        }
    }
    uses
}

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
    let client = &moves.page.clients[0];
    let variables = Variables::of(survey, client);
    let mut made = Made {
        survey,
        moves,
        client,
        variables,
        uses: uses(moves),
        zod,
        files: Files::default(),
        parts: Vec::new(),
    };
    made.auth()?;
    if made.uses.any("anyStorage") {
        made.storage()?;
    }
    if made.uses.any("realtime") {
        made.channels()?;
    }
    if made.uses.any("invoke") {
        made.functions()?;
    }
    if made.uses.any("proxy") {
        made.queries()?;
    }
    let specifier = |path: &RelPath| specifier(survey, client.file, path);
    let parts = made.parts.iter().map(|(name, path)| Part::new(survey, client, name, &specifier(path)));
    made.files.parts = parts.collect();
    Some(made.files)
}

/// What is made so far, and what of.
struct Made<'a> {
    survey: &'a Survey<'a>,
    moves: &'a Move,
    client: &'a Client,
    variables: Variables<'a>,
    uses: Uses,
    /// The specifier of zod.
    zod: &'a str,
    files: Files,
    /// What takes the place of a part of the client, and where it stands.
    parts: Vec<(&'static str, RelPath)>,
}

impl Made<'_> {
    fn put(&mut self, path: &RelPath, template: &str, uses: Option<&Uses>, holes: &[(&str, String)]) {
        let text = filled(template, uses.unwrap_or(&self.uses), holes);
        let text = runtime::one_line(&text.replace("\"zod/v4\"", &format!("\"{}\"", self.zod)));
        self.files.creates.push(NewFile { path: path.clone(), pieces: vec![Piece::text(text)], mode: 0o644 });
    }

    /// How a new file names another.
    fn named(&self, from: &RelPath, to: &RelPath) -> String {
        let aliased = specifier(self.survey, self.client.file, to);
        let path = relative(from, to);
        let plain = path.rsplit_once('.').map_or(path.clone(), |(stem, _)| stem.to_owned());
        if aliased.starts_with("@/") { aliased } else { plain }
    }

    /// A free name beside the client's module.
    fn beside(&self, name: &str) -> Option<RelPath> {
        let names = [format!("{name}.ts"), format!("session-{name}.ts")];
        let mut paths = names.iter().filter_map(|name| self.moves.page.places.beside(name));
        paths.find(|path| is_free(self.survey, path))
    }

    fn session(&self, from: &RelPath) -> (&'static str, String) {
        ("__SESSION__", self.named(from, &self.moves.session))
    }

    /// What goes on to the project: its address, which the module of variables gets, and its key.
    fn project(&mut self) -> [(&'static str, String); 3] {
        self.files.requests.extend(self.variables.request(self.survey, &self.client.url));
        self.variables.holes()
    }

    fn auth(&mut self) -> Option<()> {
        let moves = self.moves;
        let handlers: Vec<String> = moves.handlers.iter().map(|path| format!("\"{path}\"")).collect();
        let (address, callback) = &moves.callback;
        let mut holes = vec![
            self.session(&moves.actions),
            ("__HANDLERS__", handlers.join(", ")),
            ("__CALLBACK__", (*address).to_owned()),
        ];
        if self.uses.any("realtime") {
            holes.extend(self.project());
        }
        self.put(&moves.actions, ACTIONS, None, &holes);
        let auth = self.beside("auth")?;
        let functions = self.named(&auth, &moves.actions);
        let holes = [("__METHODS__", runtime::quoted(&moves.page.auth)), ("__FUNCTIONS__", functions)];
        self.put(&auth, AUTH, None, &holes);
        self.parts.push(("auth", auth));
        if self.uses.any("links") {
            let session = self.session(callback);
            self.put(callback, CALLBACK, None, &[session]);
        }
        Some(())
    }

    fn storage(&mut self) -> Option<()> {
        let (moves, page) = (self.moves, &self.moves.page);
        let storage = self.beside("storage")?;
        let own = runtime::of_storage(page, &self.uses);
        // Spelled out: the module of variables may know the key, and what pages import is theirs to read.
        let template = STORAGE.replace("import { env } from \"__ENV__\";\n", "");
        let read = |name: &String| self.survey.stack.framework.env(Side::Browser, name).expression;
        let url = self.client.url.names.first().map(read).unwrap_or_default();
        let holes = [
            ("__PUBLIC_URL__", url),
            ("__METHODS__", runtime::quoted(&page.storage)),
            ("__FUNCTIONS__", self.named(&storage, &moves.storage)),
        ];
        self.put(&storage, &template, Some(&own), &holes);
        if own.any("calls") {
            let mut holes = buckets(page, &self.uses);
            holes.push(self.session(&moves.storage));
            self.put(&moves.storage, STORED, None, &holes);
        }
        self.parts.push(("storage", storage));
        Some(())
    }

    fn channels(&mut self) -> Option<()> {
        let realtime = self.beside("realtime")?;
        let holes = [
            ("__CONNECTION__", runtime::connection(&self.uses)),
            ("__FUNCTIONS__", self.named(&realtime, &self.moves.actions)),
            ("__REALTIME__", LIBRARY.to_owned()),
        ];
        self.put(&realtime, runtime::REALTIME, None, &holes);
        self.parts.extend(runtime::of_channels(&self.uses).map(|name| (name, realtime.clone())));
        Some(())
    }

    fn functions(&mut self) -> Option<()> {
        let (functions, route) = (self.beside("functions")?, self.moves.functions.as_ref()?);
        self.put(&functions, runtime::FUNCTIONS, None, &[]);
        self.parts.push(("functions", functions));
        let [sent, read] = own_headers::of(self.survey);
        let names = runtime::list(self.moves.page.functions.iter());
        let mut holes = vec![sent, read, self.session(route), ("__EDGE_FUNCTIONS__", names)];
        holes.extend(self.project());
        self.put(route, EDGE, None, &holes);
        Some(())
    }

    /// Queries that stay in pages.
    fn queries(&mut self) -> Option<()> {
        let (survey, page) = (self.survey, &self.moves.page);
        let (gateway, route) = (self.beside("gateway")?, self.moves.gateway.as_ref()?);
        let types =
            self.client.types.clone().map(|(file, name)| {
                (specifier(survey, self.client.file, &survey.project.get(file).path), name)
            });
        let (types, database) = types.unwrap_or_default();
        self.put(&gateway, GATEWAY, None, &[("__TYPES__", types), ("__DATABASE__", database)]);
        let closed = closed(survey, &page.proxied);
        if !closed.is_empty() {
            self.uses.add("closed");
        }
        let mut holes = vec![
            self.session(route),
            ("__ALLOWED__", runtime::allowed(&page.proxied)),
            ("__CLOSED__", runtime::list(closed.iter())),
        ];
        holes.extend(self.project());
        self.put(route, GATEWAY_ROUTE, None, &holes);
        let names = ["from", "rpc"].into_iter().filter(|name| self.uses.any(name));
        self.parts.extend(names.map(|name| (name, gateway.clone())));
        Some(())
    }
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

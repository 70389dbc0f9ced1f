//! Whether the sessions of an app can move, all of them together: every use of its client has a counterpart, or none moves.

use super::asked;
use super::client::{self, Client, in_browser};
use super::facade;
use super::native;
use super::owned::{self, Owned};
use super::places::Places;
use super::scripts;
use super::served::{
    BUCKETS, BUILT, CONNECTION, FACTORS, GRANTS, METHODS, STORAGE, by_phone, leaves_redirect, unserved,
};
use super::template::Uses;
use super::tokens::{self, Tokens};
use super::uses::{self, Use, What, meets};
use super::whole;
use crate::queries_to_server::through;
use crate::server::{Proxied, Verdict, verdict};
use audit::Survey;
use audit::query::Kind;
use edit::{Edit, Span};
use stack::server::{Server, Wiring};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use syntax::view::{Chain, arguments};

/// A place that keeps the sessions where they are.
#[derive(Clone, Debug)]
pub(super) struct Blocker {
    pub(super) span: Span,
    /// What the place does, as the end of a sentence, with what to do behind it.
    pub(super) why: String,
    pub(super) admin: bool,
}

/// The decision, with all that the move is made of.
pub(super) enum Decision<M> {
    /// No client that a visitor's session hangs on, or one that is served already.
    Nothing,
    /// Some place keeps them.
    Kept { client: Span, auth: Vec<Span>, blockers: Vec<Blocker> },
    /// All of them move.
    Moves(Box<M>),
}

/// Everything that the move is made of.
pub(super) struct Move {
    pub(super) places: Places,
    pub(super) clients: Vec<Client>,
    /// What goes with each client.
    pub(super) owned: Vec<Owned>,
    pub(super) uses: Vec<Use>,
    pub(super) tokens: Tokens,
    pub(super) wiring: Wiring,
    /// Parts of the templates.
    pub(super) parts: Uses,
    /// Auth and storage methods in use, in the order of the templates.
    pub(super) auth: Vec<&'static str>,
    pub(super) storage: Vec<&'static str>,
    /// Methods of `auth.mfa` in use.
    pub(super) factors: Vec<&'static str>,
    /// By use (`upload`, `read`, `remove`): buckets.
    pub(super) buckets: BTreeMap<&'static str, BTreeSet<String>>,
    pub(super) functions: BTreeSet<String>,
    pub(super) proxied: Vec<Proxied>,
    pub(super) moved: Vec<Span>,
    /// Statements that go with those.
    pub(super) dropped: Vec<Span>,
}

impl Move {
    /// Whether the queries of a client take the statement that makes it with them.
    pub(super) fn drops(&self, survey: &Survey<'_>, client: &Client) -> bool {
        let value = survey.project.get(client.file).span(client.value.clone());
        self.dropped.iter().any(|statement| statement.covers(value))
    }

    /// All spans that go: other codemods leave them alone.
    pub(super) fn gone(&self, survey: &Survey<'_>) -> Vec<Span> {
        let modules = self
            .clients
            .iter()
            .zip(&self.owned)
            .flat_map(|(client, owned)| facade::gone(survey, client, owned));
        let whole = self.wiring.removed.map(|file| {
            let file = survey.project.get(file);
            file.span(0..file.text.len())
        });
        let edited = self.tokens.edits.iter().chain(&self.tokens.stored.edits).map(|edit| edit.span);
        let middleware = self.middleware(survey).map(|edit| edit.span);
        modules.chain(edited).chain(whole).chain(middleware).collect()
    }

    /// Whether a page builds addresses of the storage, and needs the project's own for it.
    pub(super) fn builds_addresses(&self) -> bool {
        BUILT.iter().any(|name| self.storage.contains(name))
    }

    /// The edit of the middleware that gives the session to functions which are there already.
    pub(super) fn middleware(&self, survey: &Survey<'_>) -> Option<Edit> {
        if self.places.server.is_within() { native::middleware_edit(survey, self) } else { None }
    }
}

/// Decides for the app, once for all who ask.
pub(super) fn decide(survey: &Survey<'_>) -> Arc<Decision<Move>> {
    survey.memo.of(|| decided(survey))
}

fn decided(survey: &Survey<'_>) -> Decision<Move> {
    let asked = asked::of(survey);
    let holds = |server: &dyn Server| {
        survey.project.apps.first().is_some_and(|app| server.session_client(survey.project, app).is_some())
    };
    // A session that is in the app's own cookies stays there.
    if survey.stack.server.is_none_or(holds) {
        return Decision::Nothing;
    }
    let mut blockers: Vec<Blocker> = asked
        .refused
        .iter()
        .map(|refused| {
            let why = format!("{}. Use one module that makes the client once, then run again.", refused.why);
            Blocker { span: refused.span, why, admin: false }
        })
        .collect();
    let (kept, uses): (Vec<Client>, Vec<Vec<Use>>) = asked.clients.iter().cloned().unzip();
    let mut all_uses: Vec<Use> = uses.into_iter().flatten().collect();
    let Some(first) = kept.first().cloned() else {
        return match blockers.first() {
            Some(blocker) => Decision::Kept { client: blocker.span, auth: Vec::new(), blockers },
            None => Decision::Nothing,
        };
    };
    let client = first.span(survey);
    let auth_places: Vec<Span> =
        all_uses.iter().filter(|one| one.what.is_auth()).map(|one| one.span).collect();
    for other in &kept[1..] {
        if !facade::same(survey, &first.url, &other.url) {
            let span = other.span(survey);
            let why = "makes the client of a second project. Only one project's sessions can be the app's."
                .to_owned();
            blockers.push(Blocker { span, why, admin: false });
        }
    }
    // Another package may be another app, which has no server beside it.
    let package_of = |client: &Client| {
        let path = survey.project.get(client.file).path.as_str();
        let holds = |folder: &str| folder.is_empty() || path.starts_with(&format!("{folder}/"));
        let folders = survey.project.packages.iter().map(|package| package.folder.as_str());
        folders.filter(|folder| holds(folder)).map(str::len).max()
    };
    for other in kept.iter().filter(|other| package_of(other) != package_of(&first)) {
        let span = other.span(survey);
        let why =
            "makes a client in another package of the tree. Migrate each app in its own folder.".to_owned();
        blockers.push(Blocker { span, why, admin: false });
    }
    let places = match Places::of(survey, &first) {
        Some(places) => places,
        None => return Decision::Nothing,
    };
    let mut wiring = match places.server.wiring(survey.project, &places.app, places.folder) {
        Ok(wiring) => wiring,
        Err(why) => {
            blockers.push(Blocker {
                span: client,
                why: format!("cannot get its server: {why}"),
                admin: false,
            });
            Wiring::default()
        }
    };
    if scripts::stand_inline(survey) {
        wiring.nonce = None;
    }
    // What only carried the session to the server goes, with what it asks of it.
    if let Some(removed) = wiring.removed {
        all_uses.retain(|one| one.span.file != removed);
    }
    let verdict = verdict(survey);
    let more = whole::uses(survey, &all_uses);
    let whole = more.is_some();
    all_uses.extend(more.into_iter().flatten());
    let mut odd = unserved(survey, &all_uses, &places, &verdict);
    let (mut proxied, more) = queries(survey, &all_uses, &verdict);
    odd.extend(more);
    if whole {
        odd.retain(|blocker| !whole::is_value(&all_uses, blocker.span));
        match whole::queries(survey, &all_uses, &verdict) {
            Ok(more) => proxied.extend(more),
            Err(span) => odd.push(Blocker { span, why: whole::COMPUTED.to_owned(), admin: false }),
        }
    }
    blockers.extend(odd);
    let mut tokens = tokens::of(survey, &first, &all_uses, &places, &verdict);
    tokens.leave(survey, wiring.removed, &kept);
    let kept_tokens = tokens.kept.iter().chain(&tokens.stored.kept).cloned();
    blockers.extend(kept_tokens.map(|(span, why)| Blocker { span, why, admin: false }));
    if places.server.is_within()
        && let Err(odd) = native::middleware(survey, &places)
    {
        blockers.extend(odd.into_iter().map(|(span, why)| Blocker { span, why, admin: false }));
    }
    // The app's own server makes its clients itself.
    let adds = |client: &&Client| places.server.is_within() && !client.request.is_empty();
    blockers.extend(kept.iter().filter(adds).map(|client| Blocker {
        span: client.span(survey),
        why: "sets headers or fetch for every request. Set them in the server's client by hand.".to_owned(),
        admin: false,
    }));
    for taken in taken(survey, &places) {
        blockers.push(Blocker {
            span: client,
            why: format!("cannot get its server: `{taken}` is there already. Rename it, then run again."),
            admin: false,
        });
    }
    // What always fails keeps nothing.
    let fails = !places.server.is_within() && client::is_refused(survey, &kept);
    if blockers.iter().any(|blocker| !blocker.admin || !fails) {
        blockers.sort_by_key(|blocker| blocker.span);
        blockers.dedup_by_key(|blocker| blocker.span);
        return Decision::Kept { client, auth: auth_places, blockers };
    }
    Decision::Moves(Box::new(gathered(survey, places, (kept, all_uses), tokens, wiring, proxied, &verdict)))
}

/// Files of ours that stand there already.
fn taken(survey: &Survey<'_>, places: &Places) -> Vec<String> {
    if places.server.is_within() {
        return native::taken(survey, places);
    }
    let ours = [places.at("tsconfig.server.json")];
    let there = |path: &edit::RelPath| survey.project.file(path.as_str()).is_some();
    ours.into_iter().flatten().filter(there).map(|path| path.to_string()).collect()
}

/// The queries that stay in the browser, and those that nothing can serve.
pub(super) fn queries(survey: &Survey<'_>, uses: &[Use], verdict: &Verdict) -> (Vec<Proxied>, Vec<Blocker>) {
    let (mut proxied, mut blockers) = (Vec::new(), Vec::new());
    for one in uses.iter().filter(|one| one.what == What::Query) {
        if verdict.moved.iter().any(|span| meets(*span, one.span)) {
            continue;
        }
        if let Some((_, why)) = verdict.declined.iter().find(|(span, _)| meets(*span, one.span)) {
            blockers.push(Blocker {
                span: one.span,
                why: format!("makes a query that cannot move. {why}"),
                admin: false,
            });
        } else if let Some(known) = verdict.proxied.iter().find(|known| meets(known.span, one.span)) {
            proxied.push(known.clone());
        } else {
            match by_itself(survey, one) {
                Some(known) => proxied.push(known),
                None => {
                    let why = "makes a query whose table is computed. Write one call per table.".to_owned();
                    blockers.push(Blocker { span: one.span, why, admin: false });
                }
            }
        }
    }
    (proxied, blockers)
}

/// What a query that nobody judged may reach, by its own text.
fn by_itself(survey: &Survey<'_>, one: &Use) -> Option<Proxied> {
    let (tree, node) = uses::node(survey, one.span)?;
    let file = survey.project.get(one.span.file);
    let chain = Chain::of(tree, node);
    let link = |name: &str| chain.links.iter().find(|link| link.name == name);
    let argument = |name: &str| {
        let first = arguments(link(name)?.call?).first().copied()?;
        uses::literal(survey, file, tree, first)
    };
    let proxied = |name: String, rpc: bool, verbs: Vec<&'static str>| {
        Some(Proxied { span: one.span, names: vec![name], rpc, verbs, why: String::new() })
    };
    let anything = |rpc: bool| through::anything(survey, one.span, rpc);
    if link("rpc").is_some() {
        return match argument("rpc") {
            Some(name) => proxied(name, true, Vec::new()),
            None => anything(true),
        };
    }
    let Some(table) = argument("from") else { return anything(false) };
    let verbs = [("insert", "POST"), ("upsert", "POST"), ("update", "PATCH"), ("delete", "DELETE")];
    let verb = verbs.iter().find(|(name, _)| link(name).is_some()).map_or("GET", |(_, verb)| verb);
    let head = verb == "GET" && tree.text(node).contains("head: true");
    proxied(table, false, if head { vec!["HEAD"] } else { vec![verb] })
}

/// Everything that the move is made of.
pub(super) fn gathered(
    survey: &Survey<'_>,
    places: Places,
    (clients, uses): (Vec<Client>, Vec<Use>),
    tokens: Tokens,
    wiring: Wiring,
    proxied: Vec<Proxied>,
    verdict: &Verdict,
) -> Move {
    let mut parts = Uses::default();
    let mut buckets: BTreeMap<&'static str, BTreeSet<String>> =
        ["upload", "read", "remove"].into_iter().map(|key| (key, BTreeSet::new())).collect();
    let mut functions: BTreeSet<String> = tokens.functions.iter().cloned().collect();
    let is_moved = |span: Span| verdict.moved.iter().any(|moved| meets(*moved, span));
    let every = uses::every_bucket(survey, &uses);
    for one in &uses {
        match &one.what {
            What::Auth(method) => {
                parts.add(method.split('.').next().unwrap_or(method));
                parts.add(method);
                if leaves_redirect(survey, one) {
                    parts.add("skips");
                }
                if by_phone(survey, one) {
                    parts.add("phone");
                }
            }
            What::Library(methods) => methods.iter().for_each(|method| parts.add(*method)),
            What::Storage(names, method) => {
                parts.add(method);
                let use_ = match method.as_str() {
                    "getPublicUrl" | "uploadToSignedUrl" => None,
                    method if BUCKETS.contains(&method) => None,
                    "createSignedUploadUrl" | "upload" | "update" | "move" | "copy" => Some("upload"),
                    "remove" => Some("remove"),
                    _ => Some("read"),
                };
                if let Some(known) = use_.and_then(|use_| buckets.get_mut(use_)) {
                    known.extend(if names.is_empty() { every.clone() } else { names.clone() });
                }
                let of_all = BUCKETS.contains(&method.as_str());
                parts.add(if use_.is_some() || of_all { "storage" } else { "public" });
                parts.add("anyStorage");
            }
            What::Realtime(name) => {
                if CONNECTION.contains(&name.as_str()) {
                    parts.add("connection");
                }
                parts.add(name);
                parts.add("realtime");
            }
            What::Functions => {
                functions.extend(through::every_edge_function(survey));
                parts.add("invoke");
            }
            What::Invoke(names) if !is_moved(one.span) => {
                match names.is_empty() {
                    true => functions.extend(through::every_edge_function(survey)),
                    false => functions.extend(names.iter().cloned()),
                }
                parts.add("invoke");
            }
            _ => {}
        }
    }
    let in_use =
        |known: &[&'static str]| known.iter().copied().filter(|name| parts.any(name)).collect::<Vec<_>>();
    let (auth, storage) = (in_use(METHODS), in_use(STORAGE));
    let factors: Vec<&'static str> =
        in_use(FACTORS).iter().map(|name| name.trim_start_matches("mfa.")).collect();
    let page = || uses::code(survey).filter(|file| in_browser(survey.stack.side(file.id)));
    let fragment = page().any(|file| reads_fragment(&file.text));
    let takes_links = clients.iter().all(|client| client.takes_links(survey));
    let mut derived: Vec<(&str, bool)> = vec![
        ("auth", !auth.is_empty()),
        // Where nobody ever signs in, nothing can ask for a session.
        ("signs", parts.any(SIGNS)),
        ("edge", !functions.is_empty()),
        ("whole", whole::is_asked_for(&uses)),
        ("proxy", !proxied.is_empty() || whole::is_asked_for(&uses)),
        ("functions", !verdict.moved.is_empty()),
        ("typed", clients.iter().any(|client| client.types.is_some())),
        ("presenceState", page().any(|file| file.text.contains(".presenceState("))),
        ("FunctionsHttpError", page().any(|file| file.text.contains("FunctionsHttpError"))),
        ("links", parts.any("signInWithSSO|signUp|signInWithOtp|resend|resetPasswordForEmail|updateUser|signInWithOAuth|linkIdentity")),
        ("denied", parts.any("admin")),
        ("lent", !tokens.lent.is_empty()),
        ("missing", parts.any("getUser|getUserIdentities|refreshSession|exchangeCodeForSession") || fragment && parts.any("setSession")),
        ("fragment", fragment),
        ("keeps", !tokens.held.is_empty()),
        ("stored", !tokens.stored.sessions.is_empty()),
        ("marked", !tokens.stored.signs.is_empty()),
        ("implicit", takes_links && parts.any(SIGNS) && makes_links(survey)),
        ("anyBucket", buckets.values().any(|known| known.contains(uses::ANY_BUCKET))),
        ("puts", parts.any("upload|update") && parts.any("storage")),
    ];
    let asks = |known: &[&str], quiet: &[&str]| known.iter().any(|name| !quiet.contains(name));
    let implicit = derived.iter().any(|(name, is)| *name == "implicit" && *is);
    derived.push((
        "calls",
        implicit
            || asks(
                &auth,
                &[
                    "getSession",
                    "getUser",
                    "getClaims",
                    "getUserIdentities",
                    "onAuthStateChange",
                    "refreshSession",
                    "exchangeCodeForSession",
                    "startAutoRefresh",
                    "stopAutoRefresh",
                    "signInWithOAuth",
                    "admin",
                ],
            ),
    ));
    derived.push(("failed", asks(&storage, &["getPublicUrl"]) || buckets_of(&parts)));
    let is_error = fragment && parts.any("setSession")
        || parts.any("getUser|getUserIdentities|refreshSession|exchangeCodeForSession|mfa")
        || derived.iter().any(|(name, is)| *name == "calls" && *is);
    derived.push(("toError", is_error));
    let guarded = crate::server::guarded(survey);
    derived.push(("guards", guarded));
    derived.push(("filesAsText", crate::queries_to_server::sends_files_as_text(survey)));
    derived.push(("elsewhere", guarded && crate::server::signs_in_elsewhere(survey)));
    // Without accounts an endpoint for a paid service would be anybody's.
    let signs = derived.iter().any(|(name, is)| *name == "signs" && *is);
    let beside = !places.server.is_within();
    derived.push(("providers", signs && beside && crate::server::calls_providers(survey)));
    for (name, _) in derived.into_iter().filter(|(_, is)| *is) {
        parts.add(name);
    }
    // The part is handed on as a value: what pages name of it is asked.
    let named = |name: &&&str| {
        name.strip_prefix("oauth.").is_some_and(|name| page().any(|file| file.text.contains(name)))
    };
    if parts.any("oauth") {
        GRANTS.iter().filter(named).for_each(|name| parts.add(*name));
    }
    let edits: Vec<Span> = tokens.edits.iter().map(|edit| edit.span).collect();
    let owned = clients.iter().map(|client| owned::of(survey, client, &edits)).collect();
    Move {
        places,
        clients,
        owned,
        uses,
        tokens,
        wiring,
        parts,
        auth,
        storage,
        factors,
        buckets,
        functions,
        proxied,
        moved: verdict.moved.clone(),
        dropped: verdict.dropped.clone(),
    }
}

/// What signs a visitor in.
const SIGNS: &str = "signInWithPassword|signUp|signInAnonymously|signInWithIdToken|signInWithOAuth|signInWithOtp|verifyOtp|setSession";

/// Whether some code makes links with an administrator's rights: their sessions come back behind the hash, whatever the app asks for.
fn makes_links(survey: &Survey<'_>) -> bool {
    let makes = |file: &project::File| {
        ["generateLink", "inviteUserByEmail"].iter().any(|call| file.text.contains(call))
    };
    uses::code(survey).any(makes)
}

/// Whether a page looks for the session in the part of the address behind the hash, where links of mails used to bring it.
fn reads_fragment(text: &str) -> bool {
    text.contains("access_token")
        && ["location.hash", "url.hash", "URL.hash"].iter().any(|read| text.contains(read))
}

/// Whether the storage itself is asked for its buckets.
fn buckets_of(parts: &Uses) -> bool {
    BUCKETS.iter().any(|name| parts.any(name))
}

/// What the inventory lists and the move settles: calls of storage, channels and edge functions.
pub(super) fn served(survey: &Survey<'_>, uses: &[Use]) -> Vec<(Span, Kind)> {
    let of_uses = |span: Span| {
        uses.iter().any(|one| one.what != What::Query && (span.covers(one.span) || one.span.covers(span)))
    };
    let kinds = [Kind::Storage, Kind::Channel, Kind::EdgeFunction];
    let queries = survey.queries.iter().filter(|query| kinds.contains(&query.kind) && of_uses(query.span));
    queries.map(|query| (query.span, query.kind)).collect()
}

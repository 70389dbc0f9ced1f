//! Every use of the client, wherever code reaches it.

use super::auth;
use super::client::Client;
use super::handed_on;
use super::library;
use super::owned::covers;
use super::reach::{self, By, Held};
use super::served::BUCKETS;

use crate::constant::constant;
use crate::hooks;
use audit::Survey;
use audit::query;
use edit::Span;
use project::graph::{Graph, Origin};
use project::{File, Kind};
use syntax::Node;
use syntax::Tree;
use syntax::view::{self, Chain, arguments, string_value, unwrapped, whole_chain, wrapped};

/// What a use asks of the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// `client.auth.METHOD`; `admin.x`, `mfa.x` and `oauth.x` with their part.
    Auth(String),
    /// `client.storage.from(BUCKET).METHOD`: the bucket, or each of a closed set; empty for a bucket that is computed.
    Storage(Vec<String>, String),
    /// `client.channel`, `removeChannel`, `removeAllChannels`, and what else has to do with channels.
    Realtime(String),
    /// `client.functions.invoke(NAME)`: the name, or each of a closed set; empty for a name that is computed.
    Invoke(Vec<String>),
    /// `client.functions` as a value: any of them may be called.
    Functions,
    /// `client.from`, `schema`, `rpc`: a query.
    Query,
    /// A test whether the client is there, or a list of what a hook depends on.
    Test,
    /// Handed to a component of a library, which calls these methods of `auth`.
    Library(&'static [&'static str]),
    /// Another name that holds the client, with the type that it says it has, and how it comes to hold it.
    Held(Option<Span>, By),
    /// `client.supabaseUrl`, `client.supabaseKey`: the variable that it is read from.
    Setting(String),
    /// Anything else: the client goes on as a value.
    Value,
}

impl What {
    /// Whether it asks for the session.
    pub(super) fn is_auth(&self) -> bool {
        matches!(self, What::Auth(_) | What::Library(_))
    }
}

/// What a client has.
const MEMBERS: &[&str] = &[
    "auth",
    "storage",
    "functions",
    "realtime",
    "rest",
    "from",
    "rpc",
    "schema",
    "channel",
    "getChannels",
    "removeChannel",
    "removeAllChannels",
    "supabaseUrl",
    "supabaseKey",
    "realtimeUrl",
    "authUrl",
    "storageUrl",
    "functionsUrl",
    "headers",
    "fetch",
];

/// One use.
#[derive(Clone, Debug)]
pub(super) struct Use {
    /// From the client's name to the end of what is asked of it, the call included.
    pub(super) span: Span,
    pub(super) what: What,
}

/// Every use of `client`, by path and place.
pub(super) fn of(survey: &Survey<'_>, client: &Client) -> Vec<Use> {
    let reached = reach::of(survey, client);
    let mut found = Vec::new();
    for place in &reached.places {
        let file = survey.project.get(place.file);
        let Some((tree, scopes)) = file.syntax() else { continue };
        // The type of a name that holds the client is settled there.
        let typed = |held: &Held| {
            held.file == place.file
                && held.typed.as_ref().is_some_and(|typed| covers(typed, &place.node.byte_range()))
        };
        // A cast of the client goes where the client goes.
        let of_cast = || cast_around(place.node).is_some_and(|cast| tree.text(cast) == tree.text(place.node));
        if place.in_type && (reached.held.iter().any(typed) || of_cast()) {
            continue;
        }
        let auth = auth::alias(tree, scopes, place.node).filter(|_| !place.is_odd);
        if place.is_odd {
            found.push(Use { span: file.span(place.node.byte_range()), what: What::Value });
        } else if let Some(name) = auth {
            found.extend(auth::asked(file, (tree, scopes), name));
        } else {
            let mut one = asked(survey, file, tree, place.node, place.in_type);
            if let Some(Use { what: what @ What::Setting(_), .. }) = &mut one {
                let setting =
                    if *what == What::Setting("supabaseKey".to_owned()) { &client.key } else { &client.url };
                *what = setting.names.first().map_or(What::Value, |name| What::Setting(name.clone()));
            }
            found.extend(one);
        }
    }
    for held in reached.held {
        let span = Span::new(held.file, held.name);
        let typed = held.typed.map(|typed| Span::new(held.file, typed));
        found.push(Use { span, what: What::Held(typed, held.by) });
    }
    found.sort_by_key(|one: &Use| one.span);
    found.dedup_by(|one, other| one.span == other.span && one.what == other.what);
    found
}

/// What is cast to a type that names `node`: `client` of `client.rpc as (…) => ReturnType<typeof client.rpc>`.
fn cast_around(node: Node<'_>) -> Option<Node<'_>> {
    let is_type_of = |cast: &Node<'_>| {
        let value = cast.named_child(0);
        cast.kind() == "as_expression" && value.is_some_and(|value| value.end_byte() <= node.start_byte())
    };
    let cast = std::iter::successors(node.parent(), |around| around.parent()).find(is_type_of)?;
    let mut value = unwrapped(cast);
    while let Some(object) =
        value.child_by_field_name("object").filter(|_| value.kind() == "member_expression")
    {
        value = unwrapped(object);
    }
    Some(value)
}

/// What is asked of the client at `node`; `None` where it is only exported or imported again.
pub(super) fn asked(
    survey: &Survey<'_>,
    file: &File,
    tree: &Tree,
    node: Node<'_>,
    in_type: bool,
) -> Option<Use> {
    let used = |node: Node<'_>, what: What| Some(Use { span: file.span(node.byte_range()), what });
    let outer = wrapped(node);
    let parent = outer.parent()?;
    if matches!(parent.kind(), "export_specifier" | "import_specifier") || parent.kind() == "export_statement"
    {
        return None;
    }
    if in_type {
        // `ReturnType<typeof client.channel>`: what takes the client's place has it as well.
        let member = (parent.kind() == "member_expression").then(|| parent.child_by_field_name("property"));
        return match member.flatten().map(|property| tree.text(property)) {
            Some("channel") => used(parent, What::Realtime("channel".to_owned())),
            // `Parameters<typeof client.functions.invoke>[1]`
            Some("functions") => used(parent, What::Test),
            // `as typeof client.auth & { … }`: the part says of itself what more it has.
            Some("auth") if auth::adds(parent) => used(parent, What::Test),
            // `Parameters<typeof client.auth.signUp>`; the grammar names only the first step of such a path.
            Some("auth") => {
                let whole = whole_chain(node);
                let method =
                    tree.text(whole).strip_prefix(tree.text(parent)).and_then(|rest| rest.strip_prefix('.'));
                match method {
                    Some(method) => used(whole, What::Auth(method.to_owned())),
                    None => used(node, What::Value),
                }
            }
            _ => used(node, What::Value),
        };
    }
    if is_test(outer) || hooks::dependencies(tree, outer).is_some() {
        return used(node, What::Test);
    }
    if handed_on::is_kept_unread(survey, file, (tree, node)) {
        return used(node, What::Test);
    }
    if let Some(methods) = library::asks(survey, file, tree, node) {
        return used(node, What::Library(methods));
    }
    let whole = whole_chain(node);
    let chain = Chain::of(tree, whole);
    // A namespace's member is the first link.
    let skip = chain.links.iter().take_while(|link| link.member.end_byte() <= node.end_byte()).count();
    let mut links = chain.links[skip..].to_vec();
    // `await client.functions.invoke<T>("x")` is read as a call of what is awaited.
    if let Some(last) = links.last_mut().filter(|last| last.call.is_none()) {
        let awaited = wrapped(last.member).parent().filter(|parent| parent.kind() == "await_expression");
        let call =
            awaited.and_then(|awaited| awaited.parent()).filter(|call| call.kind() == "call_expression");
        last.call = call;
    }
    let Some(first) = links.first() else { return used(node, What::Value) };
    let upto = |at: usize| links.get(at).map_or(node, |link| link.call.unwrap_or(link.member));
    match (&*first.name, links.get(1)) {
        // `[supabase.auth]`: the part stays one.
        ("auth", None)
            if is_test(wrapped(first.member))
                || hooks::dependencies(tree, wrapped(first.member)).is_some() =>
        {
            used(upto(0), What::Test)
        }
        ("auth", Some(_)) => {
            let (method, end) = auth::method(&links[1..])?;
            used(end, What::Auth(method))
        }
        ("storage", Some(from)) if from.name == "from" && from.call.is_some() && links.len() > 2 => {
            let bucket = from.call.and_then(|call| arguments(call).first().copied());
            let bucket = bucket.and_then(|bucket| literal(survey, file, tree, bucket));
            let client = file.span(node.byte_range());
            let buckets =
                bucket.map_or_else(|| one_of(survey, client, query::Kind::Storage), |bucket| vec![bucket]);
            used(upto(2), What::Storage(buckets, links[2].name.clone().into_owned()))
        }
        ("storage", Some(from))
            if from.call.is_some() && handed_on::is_returned_to_nobody(survey, file, upto(1)) =>
        {
            // The least that makes a bucket.
            used(upto(1), What::Storage(Vec::new(), "list".to_owned()))
        }
        ("storage", Some(method)) if BUCKETS.contains(&&*method.name) && method.call.is_some() => {
            used(upto(1), What::Storage(Vec::new(), method.name.clone().into_owned()))
        }
        ("functions", Some(invoke)) if invoke.name == "invoke" => {
            let name = invoke.call.and_then(|call| arguments(call).first().copied());
            let name =
                name.and_then(|name| literal(survey, file, tree, name).or_else(|| before_query(tree, name)));
            let client = file.span(node.byte_range());
            let names =
                name.map_or_else(|| one_of(survey, client, query::Kind::EdgeFunction), |name| vec![name]);
            let names: Option<Vec<String>> = names.iter().map(|name| function_name(name)).collect();
            used(upto(1), What::Invoke(names.unwrap_or_default()))
        }
        ("functions", None) => used(upto(0), What::Functions),
        ("from" | "rpc" | "schema", _) if first.call.is_some() => used(whole, What::Query),
        // `const ask = client.rpc as unknown as Ask`: a method under another name.
        ("from" | "rpc", None) => used(upto(0), What::Query),
        // Without a call the method is kept under another name, or gets another one: what takes its place can be both.
        (name @ ("channel" | "removeChannel" | "removeAllChannels" | "getChannels"), _) => {
            used(upto(0), What::Realtime(name.to_owned()))
        }
        ("realtime", None) if is_test(wrapped(first.member)) => {
            used(upto(0), What::Realtime("realtime".to_owned()))
        }
        ("realtime", Some(method)) => used(upto(1), What::Realtime(format!("realtime.{}", method.name))),
        (name @ ("supabaseUrl" | "supabaseKey"), _) if first.call.is_none() => {
            used(upto(0), What::Setting(name.to_owned()))
        }
        // What no client has fails today, and fails afterwards.
        (name, _) if !MEMBERS.contains(&name) => used(upto(0), What::Test),
        _ => used(upto(0), What::Value),
    }
}

/// `if (client)`, `!client`, `client ? a : b`, `client && x`, `if (x && client)`.
pub(super) fn is_test(node: Node<'_>) -> bool {
    let Some(parent) = node.parent() else { return false };
    let field = |name: &str| parent.child_by_field_name(name).is_some_and(|field| field.id() == node.id());
    match parent.kind() {
        "if_statement" | "ternary_expression" | "while_statement" => field("condition"),
        "unary_expression" => true,
        "binary_expression" => {
            let operator = parent.child_by_field_name("operator").map_or("", |operator| operator.kind());
            matches!(operator, "===" | "!==" | "==" | "!=")
                || operator == "&&" && field("left")
                || matches!(operator, "&&" | "||") && is_test(wrapped(parent))
        }
        _ => false,
    }
}

/// The text of a string, also through a constant.
pub(super) fn literal(survey: &Survey<'_>, file: &File, tree: &Tree, node: Node<'_>) -> Option<String> {
    if let Some(value) = string_value(tree, node) {
        return Some(value.into_owned());
    }
    let node = unwrapped(node);
    if !matches!(node.kind(), "identifier" | "member_expression") {
        return None;
    }
    let Origin::Local(holder, name) = Graph::origin(survey.project, file.id, node.byte_range()) else {
        return None;
    };
    let holder = survey.project.get(holder);
    let (tree, _) = holder.syntax()?;
    string_value(tree, constant(holder, name)?).map(|value| value.into_owned())
}

/// The beginning of `` `name?page=${page}` ``, with its mark.
fn before_query(tree: &Tree, node: Node<'_>) -> Option<String> {
    match view::template_parts(tree, unwrapped(node))?.into_iter().next()? {
        view::TemplatePart::Text(text) if text.contains('?') => Some(text.into_owned()),
        _ => None,
    }
}

/// The function that is called, without what is asked of it in the query; `None` where a path is behind it.
fn function_name(asked: &str) -> Option<String> {
    let name = asked.split_once('?').map_or(asked, |(name, _)| name);
    let plain = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_');
    (!name.is_empty() && name.chars().all(plain)).then(|| name.to_owned())
}

/// The closed set of names that the query at this client may ask for.
fn one_of(survey: &Survey<'_>, client: Span, kind: query::Kind) -> Vec<String> {
    let query = survey.queries.iter().find(|query| query.kind == kind && query.span.covers(client));
    match query.map(|query| &query.table) {
        Some(query::Target::Named(name)) if !name.is_empty() => vec![name.clone()],
        Some(query::Target::OneOf(names)) if names.iter().all(|name| !name.is_empty()) => names.clone(),
        _ => Vec::new(),
    }
}

/// Stands for every bucket, where a call computes which one.
pub(super) const ANY_BUCKET: &str = "*";

/// The buckets of the app, for a call that computes one: those that the SQL makes, if it makes every bucket that the code names, or
/// else any.
pub(super) fn every_bucket(survey: &Survey<'_>, uses: &[Use]) -> Vec<String> {
    let made: Vec<String> = survey.schema.buckets.iter().map(|bucket| bucket.id.clone()).collect();
    let named = uses.iter().filter_map(|one| match &one.what {
        What::Storage(names, _) => Some(names),
        _ => None,
    });
    if !made.is_empty() && named.flatten().all(|name| made.contains(name)) {
        made
    } else {
        vec![ANY_BUCKET.to_owned()]
    }
}

/// Whether one of two places holds the other.
pub(super) fn meets(one: Span, other: Span) -> bool {
    one.covers(other) || other.covers(one)
}

/// The node of a use.
pub(super) fn node<'s>(survey: &'s Survey<'_>, span: Span) -> Option<(&'s Tree, Node<'s>)> {
    let (tree, _) = survey.project.get(span.file).syntax()?;
    Some((tree, tree.node_at(span.range())?))
}

/// The arguments of a use's call.
pub(super) fn arguments_of<'s>(survey: &'s Survey<'_>, one: &Use) -> Vec<Node<'s>> {
    let call = node(survey, one.span).map(|(_, node)| node).filter(|node| node.kind() == "call_expression");
    call.map(view::arguments).unwrap_or_default()
}

/// Code files of the app, in which something of the client may stand.
pub(crate) fn code<'s>(survey: &'s Survey<'_>) -> impl Iterator<Item = &'s File> {
    let is_code = |file: &&File| matches!(file.kind, Kind::Code(_)) && file.skipped.is_none();
    survey.project.files.iter().filter(is_code).filter(|file| !survey.project.on_phone(file.id))
}

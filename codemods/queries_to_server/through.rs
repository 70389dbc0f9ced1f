//! What the proxy lets through for a query that stays in the browser.

use crate::server::Proxied;
use audit::Survey;
use audit::handler;
use audit::query::{Kind, Query, Target};
use schema::Name;
use std::collections::BTreeSet;
use syntax::view::{self, TemplatePart};

/// Every verb of a table.
const VERBS: &[&str] = &["DELETE", "GET", "PATCH", "POST"];

/// What a query may reach; `None` where nothing tells which tables or functions there are.
pub(crate) fn of(survey: &Survey<'_>, query: &Query) -> Option<Proxied> {
    let rpc = query.kind == Kind::Rpc;
    let names = match &query.table {
        Target::Named(name) => vec![name.clone()],
        Target::OneOf(names) => names.iter().filter(|name| !name.is_empty()).cloned().collect(),
        Target::Dynamic if rpc => like(survey, query, every_function(survey))?,
        Target::Dynamic if query.kind == Kind::Table => like(survey, query, every_table(survey))?,
        Target::Dynamic => return None,
    };
    let head = query.steps.iter().any(|step| step.name == "select") && query.operation == "select";
    let verbs = match query.operation.as_str() {
        "select" if head => vec!["GET", "HEAD"],
        "select" => vec!["GET"],
        "insert" | "upsert" | "rpc" | "invoke" => vec!["POST"],
        "update" => vec!["PATCH"],
        "delete" => vec!["DELETE"],
        _ => VERBS.to_vec(),
    };
    Some(Proxied { span: query.span, names, rpc, verbs, why: String::new() })
}

/// What a call may reach of which nothing is known but whether it asks for tables or for functions of the database.
pub(crate) fn anything(survey: &Survey<'_>, span: edit::Span, rpc: bool) -> Option<Proxied> {
    let names = if rpc { every_function(survey) } else { every_table(survey) };
    let names = Some(names).filter(|names| !names.is_empty())?;
    Some(Proxied { span, names, rpc, verbs: VERBS.to_vec(), why: String::new() })
}

/// Those of `names` that a text put together in the call can be: `` `can_${action}` ``; all of them where it is computed otherwise.
fn like(survey: &Survey<'_>, query: &Query, names: Vec<String>) -> Option<Vec<String>> {
    let word = if query.kind == Kind::Rpc { "rpc" } else { "from" };
    let parts = survey.project.get(query.span.file).syntax().and_then(|(tree, _)| {
        let chain = view::Chain::of(tree, tree.node_at(query.span.range())?);
        let call = chain.links.iter().find(|link| link.name == word)?.call?;
        view::template_parts(tree, view::unwrapped(*view::arguments(call).first()?))
    });
    let text = |part: Option<&TemplatePart<'_>>| match part {
        Some(TemplatePart::Text(text)) => text.to_string(),
        _ => String::new(),
    };
    let parts = parts.unwrap_or_default();
    let (starts, ends) = (text(parts.first()), text(parts.last()));
    let fits = |name: &String| {
        name.len() >= starts.len() + ends.len() && name.starts_with(&starts) && name.ends_with(&ends)
    };
    Some(names.into_iter().filter(fits).collect::<Vec<_>>()).filter(|names| !names.is_empty())
}

/// Every table and view of the app: its generated types tell them all, or its SQL and its queries together do.
fn every_table(survey: &Survey<'_>) -> Vec<String> {
    let schema = &survey.schema;
    if let Some(types) = schema.types.as_ref().filter(|types| types.complete && !types.tables.is_empty()) {
        return types.tables.keys().cloned().collect();
    }
    every(survey, Kind::Table, schema.tables.keys().chain(schema.views.keys()))
}

/// Every function of the database that can be called.
fn every_function(survey: &Survey<'_>) -> Vec<String> {
    let schema = &survey.schema;
    if let Some(types) = schema.types.as_ref().filter(|types| types.complete && !types.functions.is_empty()) {
        return types.functions.keys().cloned().collect();
    }
    let callable =
        schema.functions.iter().filter(|function| !function.returns.eq_ignore_ascii_case("trigger"));
    every(survey, Kind::Rpc, callable.map(|function| &function.name))
}

/// What the SQL makes where pages can ask, and what queries name; nothing where no SQL is there.
fn every<'n>(survey: &Survey<'_>, kind: Kind, made: impl Iterator<Item = &'n Name>) -> Vec<String> {
    let mut all: BTreeSet<String> =
        made.filter(|name| name.schema == "public").map(|name| name.name.clone()).collect();
    if all.is_empty() {
        return Vec::new();
    }
    all.extend(named(survey, kind));
    all.into_iter().collect()
}

/// Every edge function of the app: those that stand in the tree, and those that calls name.
pub(crate) fn every_edge_function(survey: &Survey<'_>) -> Vec<String> {
    let edges = survey.handlers.iter().filter(|handler| handler.kind == handler::Kind::EdgeFunction);
    let mut all: BTreeSet<String> = edges.map(|handler| handler.name.clone()).collect();
    all.extend(named(survey, Kind::EdgeFunction));
    all.into_iter().collect()
}

/// The names by which queries of a kind ask.
fn named(survey: &Survey<'_>, kind: Kind) -> BTreeSet<String> {
    let queries = survey.queries.iter().filter(|query| query.kind == kind && query.backend == "supabase");
    let names = queries.flat_map(|query| match &query.table {
        Target::Named(name) => vec![name.clone()],
        Target::OneOf(names) => names.clone(),
        Target::Dynamic => Vec::new(),
    });
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    names.filter(|name| !name.is_empty() && name.chars().all(plain)).collect()
}

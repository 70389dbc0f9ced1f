//! A client that goes on as a value, into functions that a server calls with a client of its own, too. They keep their parameter and
//! get an object that has all of a client: its queries speak to the app's own server, which lets through what those functions ask.

use super::asked;
use super::served::{METHODS, STORAGE};
use super::uses::{self, Use, What, meets};
use crate::queries_to_server::through;
use crate::server::{Proxied, Verdict};
use audit::Survey;
use audit::query::Kind;
use edit::Span;
use project::graph::{Graph, Origin};
use stack::Side;
use syntax::Node;
use syntax::scope::Declared;
use syntax::view::{callee, unwrapped, walk, wrapped};

/// Packages that take a client and do with it what they like.
const TAKERS: &[&str] = &["@supabase/", "@supabase-cache-helpers/", "@refinedev/supabase", "ra-supabase"];
/// The parts of a client that are no queries.
const PARTS: &[&str] =
    &["auth", "storage", "functions", "channel", "removeChannel", "removeAllChannels", "getChannels"];

/// What the functions that are handed the client ask of it, beside queries; `None` where somebody may ask what has no counterpart.
/// Without a use as a value there is nothing to look for.
pub(super) fn uses(survey: &Survey<'_>, known: &[Use]) -> Option<Vec<Use>> {
    let mut values = known.iter().filter(|one| one.what == What::Value);
    if !is_asked_for(known) || !values.all(|one| stays_inside(survey, one)) || takes_client(survey) {
        return None;
    }
    let mut found = Vec::new();
    let mut strange = false;
    for file in uses::code(survey) {
        let Some((tree, _)) = file.syntax().filter(|_| PARTS.iter().any(|part| file.text.contains(part)))
        else {
            continue;
        };
        walk(tree.root(), &mut |node| {
            let member = node.kind() == "member_expression";
            let property = node.child_by_field_name("property").filter(|_| member);
            if !property.is_some_and(|property| PARTS.contains(&tree.text(property))) {
                return true;
            }
            let span = file.span(node.byte_range());
            let in_page = matches!(survey.stack.side_at(span), Side::Browser | Side::Both);
            let is_known = known.iter().any(|one| meets(one.span, span));
            let object = node.child_by_field_name("object").map(unwrapped);
            let Some(object) = object.filter(|_| in_page && !is_known) else { return true };
            let Some(one) = uses::asked(survey, file, tree, object, false) else { return true };
            match &one.what {
                What::Auth(method) if METHODS.contains(&method.as_str()) => found.push(one),
                What::Storage(_, method) if STORAGE.contains(&method.as_str()) => found.push(one),
                What::Invoke(names) if !names.is_empty() => found.push(one),
                What::Realtime(name) if PARTS.contains(&name.as_str()) => found.push(one),
                // `context.auth.user`, `store.storage.size`: no call of a client.
                What::Auth(method) => strange |= CALLS.contains(&method.split('.').next().unwrap_or("")),
                What::Value | What::Test => {}
                _ => strange = true,
            }
            true
        });
    }
    (!strange).then_some(found)
}

/// Parts and methods of a client's auth that have no counterpart.
const CALLS: &[&str] = &["admin", "mfa", "oauth", "signInWithWeb3", "reauthenticate", "signInWithSSO"];

/// Whether a value of the client goes to functions of the app alone.
fn stays_inside(survey: &Survey<'_>, one: &Use) -> bool {
    let Some((_, node)) = uses::node(survey, one.span) else { return false };
    // `ReturnType<typeof client.from>`: its type is as it was. Not so `client.supabaseUrl`.
    syntax::view::is_in_type_position(node)
        || node.kind() == "identifier" && goes_inside(survey, one, node, 0)
}

fn goes_inside<'s>(survey: &'s Survey<'_>, one: &Use, node: Node<'s>, depth: u32) -> bool {
    let file = survey.project.get(one.span.file);
    let Some((tree, scopes)) = file.syntax() else { return false };
    let outer = wrapped(node);
    let Some(parent) = outer.parent().filter(|_| depth < 4) else { return false };
    match parent.kind() {
        "as_expression" | "satisfies_expression" => goes_inside(survey, one, parent, depth + 1),
        "arguments" => {
            let Some(called) = parent.parent().and_then(callee) else { return false };
            let root = std::iter::successors(Some(called), |node| node.child_by_field_name("object")).last();
            root.is_some_and(|root| {
                matches!(Graph::origin(survey.project, file.id, root.byte_range()), Origin::Local(..))
            })
        }
        // `const db = client as unknown as Db`
        "variable_declarator" => {
            let name = parent.child_by_field_name("name").filter(|name| name.kind() == "identifier");
            let Some(binding) = name.and_then(|name| scopes.binding_at(name.byte_range())) else {
                return false;
            };
            let mut references = scopes.references_of(binding);
            scopes.binding(binding).declared == Declared::Const
                && !scopes.binding(binding).top_level
                && references.all(|reference| {
                    tree.node_at(reference.range.clone())
                        .is_some_and(|node| is_asked(node) || goes_inside(survey, one, node, depth + 1))
                })
        }
        _ => false,
    }
}

/// `db.from(…)`
fn is_asked(node: Node<'_>) -> bool {
    let member = wrapped(node).parent().filter(|member| member.kind() == "member_expression");
    member.is_some_and(|member| {
        member.child_by_field_name("object").is_some_and(|object| object.id() == wrapped(node).id())
    })
}

/// Whether the app has a package that takes the client.
fn takes_client(survey: &Survey<'_>) -> bool {
    let own = ["@supabase/supabase-js", "@supabase/ssr"];
    let packages = survey.project.packages.iter().flat_map(|package| package.dependencies.keys());
    packages
        .filter(|name| !own.contains(&name.as_str()))
        .any(|name| TAKERS.iter().any(|taker| name.starts_with(taker)))
}

/// The queries of functions that are handed the client; else the first that nothing can let through.
pub(super) fn queries(survey: &Survey<'_>, known: &[Use], verdict: &Verdict) -> Result<Vec<Proxied>, Span> {
    let mut found = Vec::new();
    for query in survey.queries.iter().filter(|query| query.backend == "supabase") {
        let of_tables = matches!(query.kind, Kind::Table | Kind::Rpc);
        let in_page = matches!(query.side, Side::Browser | Side::Both);
        let is_known = known.iter().any(|one| meets(one.span, query.span))
            || verdict.moved.iter().any(|span| meets(*span, query.span));
        let client = query.client.and_then(|client| survey.clients.get(client));
        let is_foreign = client.is_some_and(|client| asked::is_foreign(survey, client.span));
        if !of_tables || !in_page || is_known || is_foreign {
            continue;
        }
        let through = through::of(survey, query).filter(|_| query.schema.is_none());
        found.push(through.ok_or(query.span)?);
    }
    Ok(found)
}

/// Why a query of such a function keeps the session where it is.
pub(super) const COMPUTED: &str =
    "asks a client that it is handed for a table that is computed. Write one call per table.";

/// Whether a place uses the client as a value.
pub(super) fn is_value(known: &[Use], span: Span) -> bool {
    known.iter().any(|one| one.span == span && one.what == What::Value)
}

/// Whether the client goes on as a value.
pub(super) fn is_asked_for(known: &[Use]) -> bool {
    known.iter().any(|one| one.what == What::Value)
}

//! Reads that are made at once with others, or again and again: where functions of the server run one after the other, such a read is
//! no function.

use super::ground;
use super::group::Function;
use audit::Survey;
use audit::guard::{runs_before, surely_lets_through, unless};
use audit::query::{Query, Shape};
use edit::{Edit, Span};
use stack::server::function::Access;
use syntax::Node;
use syntax::Tree;
use syntax::view::{arguments, callee, walk};

/// What calls a function of its own accord: at intervals, or for a cache that reads side by side.
const READERS: &[&str] =
    &["setInterval", "useSWR", "useSWRImmutable", "useSWRInfinite", "useQuery", "useQueries"];

/// What runs a function when a component is shown.
const EFFECTS: &[&str] = &["useEffect", "useLayoutEffect"];

/// The first part of every address of a read.
const READS: &str = "api/reads/";

/// Whether the query is such a read.
pub(super) fn is(survey: &Survey<'_>, query: &Query) -> bool {
    if query.operation != "select" {
        return false;
    }
    if matches!(query.shape, Shape::PromiseAll | Shape::Map) {
        return true;
    }
    let Some((tree, _)) = survey.project.get(query.span.file).syntax() else { return false };
    // One that is kept in a variable is made where that is sent.
    let sent = query.builder.iter().flat_map(|builder| &builder.sent);
    let mut places = std::iter::once(&query.span).chain(sent).filter_map(|place| tree.node_at(place.range()));
    places.any(|place| is_among_many(tree, place))
        || named_by(survey, query, READERS)
        || in_each_of_many(survey, query)
}

/// Whether something around a place runs it at once with others, or again and again.
fn is_among_many(tree: &Tree, place: Node<'_>) -> bool {
    let lists =
        std::iter::successors(Some(place), |node| node.parent()).filter(|node| node.kind() == "arguments");
    lists.filter_map(|list| list.parent()).any(|call| {
        let all = callee(call).is_some_and(|callee| {
            matches!(tree.text(callee), "Promise.all" | "Promise.allSettled" | "Promise.race")
        });
        all || names(tree, call, READERS)
    })
}

/// Whether such a read can be called by an address: a request does not wait for another one.
pub(super) fn has_address(survey: &Survey<'_>, query: &Query) -> bool {
    let app = survey.project.apps.first().zip(survey.stack.server);
    let folder = app.and_then(|(app, server)| server.reads()?.folder(survey.project, app));
    // What reads while the server draws has no address to start from.
    let text = &survey.project.get(query.span.file).text;
    folder.is_some() && !text.contains("useSuspense")
}

/// How such a read comes past the file that runs before every request.
pub(super) enum Passage {
    Free,
    /// That file is told here not to run for reads: without it they ask for the session themselves, as before.
    Excepted(Span),
    Barred,
}

/// The passage for whoever may call the read.
pub(super) fn passage(survey: &Survey<'_>, access: Access) -> Passage {
    let address = format!("/{READS}table/read");
    let Some((file, true)) = runs_before(survey.project, &address) else { return Passage::Free };
    if surely_lets_through(survey.project, &address) {
        return Passage::Free;
    }
    if let Some(place) = unless(survey.project).filter(|_| ground::renews(survey)) {
        return Passage::Excepted(place);
    }
    let near = survey.project.graph.links[file.0 as usize].iter().map(|link| link.target);
    let mut texts = near.chain([file]).map(|file| &survey.project.get(file).text);
    let known = |text: &str| match access {
        Access::SignedIn => !text.contains("rewrite") && !text.contains("intl"),
        Access::Anyone => !["rewrite", "intl", "redirect", "status: 401", "status: 403"]
            .iter()
            .any(|word| text.contains(word)),
    };
    if texts.all(|text| known(text)) { Passage::Free } else { Passage::Barred }
}

/// What tells the file that runs before every request not to run for the reads of these functions.
pub(super) fn excepted(survey: &Survey<'_>, functions: &[Function]) -> Option<Edit> {
    let mut beside = functions.iter().filter(|function| function.beside);
    beside.find_map(|function| match passage(survey, function.decision.access) {
        Passage::Excepted(place) => Some(Edit::replace(place, format!("{READS}|"))),
        _ => None,
    })
}

/// Whether the query is made when a component is shown that stands in a list: once for each item, all at once.
fn in_each_of_many(survey: &Survey<'_>, query: &Query) -> bool {
    let Some((tree, _)) = survey.project.get(query.span.file).syntax() else { return false };
    let Some(node) = tree.node_at(query.span.range()) else { return false };
    let (mut component, mut in_effect) = (None, false);
    let mut around = Some(node);
    while let Some(inner) = around {
        if is_function(inner) {
            let held = || inner.parent()?.child_by_field_name("name");
            component =
                inner.child_by_field_name("name").or_else(held).map(|name| tree.text(name)).or(component);
        }
        in_effect |= inner.kind() == "call_expression" && names(tree, inner, EFFECTS);
        around = inner.parent();
    }
    let Some(component) = component.filter(|name| name.starts_with(char::is_uppercase)) else { return false };
    (in_effect || named_by(survey, query, EFFECTS)) && is_listed(survey, component)
}

/// Whether some page shows a component once for each item of a list.
fn is_listed(survey: &Survey<'_>, component: &str) -> bool {
    let opened = format!("<{component}");
    let files = survey.project.files.iter().filter(|file| file.text.contains(&opened));
    files.into_iter().any(|file| {
        let Some((tree, _)) = file.syntax() else { return false };
        let mut found = false;
        walk(tree.root(), &mut |node| {
            let shows = matches!(node.kind(), "jsx_self_closing_element" | "jsx_opening_element")
                && node.child_by_field_name("name").is_some_and(|name| tree.text(name) == component);
            let mut around = node.parent().filter(|_| shows);
            while let Some(outer) = around {
                found |= outer.kind() == "call_expression" && names(tree, outer, &["map", "flatMap", "from"]);
                around = outer.parent();
            }
            !found
        });
        found
    })
}

/// Whether a call is one of these functions or methods.
fn names(tree: &Tree, call: Node<'_>, known: &[&str]) -> bool {
    callee(call).is_some_and(|callee| {
        let text = tree.text(callee);
        known.contains(&text.rsplit('.').next().unwrap_or(text))
    })
}

fn is_function(node: Node<'_>) -> bool {
    matches!(node.kind(), "function_declaration" | "function_expression" | "arrow_function")
}

/// Whether the function around the query is named where one of these is called: `setInterval(load, 5000)`.
fn named_by(survey: &Survey<'_>, query: &Query, known: &[&str]) -> bool {
    let Some(name) = query.within.as_deref() else { return false };
    let Some((tree, _)) = survey.project.get(query.span.file).syntax() else { return false };
    let mut found = false;
    walk(tree.root(), &mut |node| {
        if node.kind() == "call_expression" && names(tree, node, known) {
            for given in arguments(node) {
                walk(given, &mut |inner| {
                    found |= inner.kind() == "identifier" && tree.text(inner) == name;
                    !found
                });
            }
        }
        !found
    });
    found
}

//! Addresses that visitors are sent to because the request said so.

use audit::Survey;
use edit::Span;
use project::{File, Kind};
use stack::Side;
use syntax::Node;
use syntax::Tree;
use syntax::view::{arguments, callee, unwrapped, walk};

/// Every place that sends a visitor to an address out of the request that nothing has looked at.
pub(super) fn open(survey: &Survey<'_>) -> Vec<Span> {
    let mut found = Vec::new();
    let runs = |file: &&File| {
        !matches!(survey.stack.side(file.id), Side::None | Side::Config)
            && matches!(file.kind, Kind::Code(_))
            && ["searchParams", "SearchParams", "req.query", "router.query"]
                .iter()
                .any(|mark| file.text.contains(mark))
    };
    for file in survey.project.files.iter().filter(runs) {
        let Some((tree, _)) = file.syntax() else { continue };
        walk(tree.root(), &mut |node| {
            let target = match node.kind() {
                "call_expression" => sent(tree, node),
                "assignment_expression" => assigned(tree, node),
                _ => None,
            };
            if let Some(target) = target
                && asked_for(file, tree, target, 0)
                && !looked_at(tree, node)
            {
                found.push(file.span(node.byte_range()));
            }
            true
        });
    }
    found
}

/// The address of a call that leaves the page: a router that only knows the app's own pages is none.
fn sent<'t>(tree: &'t Tree, call: Node<'t>) -> Option<Node<'t>> {
    let name = tree.text(callee(call)?);
    let leaves = matches!(
        name,
        "redirect"
            | "permanentRedirect"
            | "NextResponse.redirect"
            | "Response.redirect"
            | "res.redirect"
            | "router.push"
            | "router.replace"
            | "window.location.assign"
            | "window.location.replace"
            | "location.assign"
            | "location.replace"
            | "window.open"
    );
    arguments(call).into_iter().next().filter(|_| leaves)
}

fn assigned<'t>(tree: &'t Tree, node: Node<'t>) -> Option<Node<'t>> {
    let left = tree.text(node.child_by_field_name("left")?);
    let leaves = matches!(
        left,
        "window.location.href" | "window.location" | "location.href" | "document.location.href"
    );
    node.child_by_field_name("right").filter(|_| leaves)
}

/// Whether a value, or the constant that it names, is read from the query of the request, from its first character on.
fn asked_for(file: &File, tree: &Tree, value: Node<'_>, depth: u8) -> bool {
    let value = unwrapped(value);
    let text = tree.text(value);
    match value.kind() {
        // `new URL(next, origin)` takes a whole address as readily as a path.
        "new_expression" => {
            arguments(value).into_iter().next().is_some_and(|first| asked_for(file, tree, first, depth))
        }
        "binary_expression" => {
            let operator = value.child_by_field_name("operator").map_or("", |operator| tree.text(operator));
            let left = value.child_by_field_name("left");
            matches!(operator, "||" | "??" | "+")
                && left.is_some_and(|left| asked_for(file, tree, left, depth))
        }
        "ternary_expression" => ["consequence", "alternative"].iter().any(|field| {
            let way = value.child_by_field_name(field);
            way.is_some_and(|way| asked_for(file, tree, way, depth))
        }),
        "call_expression" => {
            let get = callee(value).map_or("", |callee| tree.text(callee));
            let query =
                ["searchParams.get", "searchParams?.get", "SearchParams().get", "params.get", "query.get"];
            let decoded = matches!(get, "decodeURIComponent" | "String");
            query.iter().any(|mark| get.ends_with(mark))
                || get.contains("URLSearchParams(")
                || decoded
                    && arguments(value)
                        .into_iter()
                        .next()
                        .is_some_and(|first| asked_for(file, tree, first, depth))
        }
        "member_expression" => text.starts_with("req.query.") || text.starts_with("router.query."),
        "identifier" if depth < 3 => {
            let Some((_, scopes)) = file.syntax() else { return false };
            let declared = scopes.binding_at(value.byte_range()).map(|id| scopes.binding(id).range.clone());
            let made = declared
                .and_then(|range| tree.node_at(range))
                .and_then(|node| node.child_by_field_name("value"));
            made.is_some_and(|made| asked_for(file, tree, made, depth + 1))
        }
        _ => false,
    }
}

/// Whether the code around looks at the address: that it is a path, or one of a list. One slash at the start does not make it a path of
/// this site: `//elsewhere.example` has it, too.
fn looked_at(tree: &Tree, node: Node<'_>) -> bool {
    let mut around = node;
    while let Some(parent) = around.parent().filter(|parent| parent.kind() != "program") {
        around = parent;
    }
    let text = tree.text(around);
    let slash = ["startsWith(\"/\")", "startsWith('/')", "startsWith(`/`)"];
    let further = [
        "\"//",
        "'//",
        "`//",
        "\\/",
        "\\\\",
        "rigin ===",
        "rigin !==",
        "=== origin",
        "host ===",
        "host !==",
        "ncludes(",
        "llowed",
        "ALLOWED",
        "[1]",
        "At(1)",
        "Safe(",
        "safe(",
    ];
    if slash.iter().any(|mark| text.contains(mark)) && !further.iter().any(|mark| text.contains(mark)) {
        return false;
    }
    [
        "startsWith(\"/",
        "startsWith('/",
        "startsWith(`/",
        "[0] === \"/\"",
        "[0] === '/'",
        "charAt(0)",
        "isSafe",
        "isValid",
        "safe",
        "Safe",
        "anitize",
        "allowed",
        "Allowed",
        "ALLOWED",
        "whitelist",
        ".origin ===",
        ".origin !==",
        ".host ===",
        ".host !==",
        "isInternal",
        "isRelative",
        ".includes(",
    ]
    .iter()
    .any(|mark| text.contains(mark))
}

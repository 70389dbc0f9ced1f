//! Addresses that are written down: of one machine, in code that runs on others.

use audit::Survey;
use edit::Span;
use project::Kind;
use stack::Side;
use syntax::view::{code_children, string_value, walk};
use syntax::{Node, Tree};

/// A local address in code that is deployed.
pub(super) struct Fixed {
    pub(super) span: Span,
    /// `http://localhost:4100`.
    pub(super) origin: String,
}

/// Every one outside of env fallbacks (the checked environment takes those), tests and configuration.
pub(super) fn fixed(survey: &Survey<'_>) -> Vec<Fixed> {
    let mut found = Vec::new();
    for file in &survey.project.files {
        let runs =
            matches!(survey.stack.side(file.id), Side::Browser | Side::Server | Side::Both | Side::Edge)
                && !survey.stack.is_script(file.id);
        // The module that checks the environment holds the defaults of development.
        if file.text.contains("See .env.example.") {
            continue;
        }
        if !runs
            || !matches!(file.kind, Kind::Code(_))
            || !(file.text.contains("localhost") || file.text.contains("127.0.0.1"))
        {
            continue;
        }
        let Some((tree, _)) = file.syntax() else { continue };
        let reads: Vec<Span> =
            survey.env.iter().flat_map(|name| &name.reads).map(|read| read.whole).collect();
        walk(tree.root(), &mut |node| {
            let text = match node.kind() {
                "string" => string_value(tree, node).map(|text| text.into_owned()),
                "template_string" => Some(tree.text(node).trim_matches('`').to_owned()),
                _ => return true,
            };
            let span = file.span(node.byte_range());
            let Some(text) = text else { return false };
            let local = ["http://localhost", "https://localhost", "http://127.0.0.1", "ws://localhost"]
                .iter()
                .any(|start| text.starts_with(start));
            // A fallback of a variable, a message, a list of origins that may call in development.
            let behind = reads.iter().any(|read| read.covers(span));
            let logged = node.parent().is_some_and(|around| {
                around.kind() == "arguments"
                    && around.parent().is_some_and(|call| tree.text(call).starts_with("console."))
            });
            // What a request is made of for a handler of the app itself, or an address without a host is read by, is asked of nobody.
            let made_up = node.parent().filter(|list| list.kind() == "arguments").is_some_and(|list| {
                let maker = list.parent().and_then(|call| call.child_by_field_name("constructor"));
                let maker = maker.map_or("", |maker| tree.text(maker));
                let first = list.named_child(0).is_some_and(|first| first.id() == node.id());
                maker == "URL" && !first || first && maker != "Request" && maker.ends_with("Request")
            });
            let listed = node.parent().is_some_and(|around| around.kind() == "array");
            let fallback = node
                .parent()
                .is_some_and(|around| matches!(around.kind(), "binary_expression" | "ternary_expression"));
            if local && !behind && !made_up && !logged && !listed && !fallback && !of_development(tree, node)
            {
                let end = text
                    .char_indices()
                    .filter(|(_, letter)| *letter == '/')
                    .nth(2)
                    .map_or(text.len(), |(at, _)| at);
                found.push(Fixed { span, origin: text[..end].to_owned() });
            }
            false
        });
    }
    found
}

/// Whether a place is reached in development alone: in a branch that asks for it, or behind one that leaves in production.
fn of_development(tree: &Tree, place: Node<'_>) -> bool {
    const ASKS: &[&str] =
        &["PROD", "env.DEV", "NODE_ENV", "production", "development", "isProd", "isDev", "localhost"];
    let asks = |branch: Node<'_>| {
        let condition = branch.child_by_field_name("condition").filter(|_| branch.kind() == "if_statement");
        condition.is_some_and(|condition| ASKS.iter().any(|mark| tree.text(condition).contains(mark)))
    };
    let leaves = |branch: Node<'_>| {
        let then = branch.child_by_field_name("consequence").map_or("", |then| tree.text(then));
        then.contains("return")
    };
    let mut inner = place;
    while let Some(around) = inner.parent() {
        let before = || code_children(around).take_while(|sibling| sibling.start_byte() < inner.start_byte());
        if asks(around) || around.kind() == "statement_block" && before().any(|it| asks(it) && leaves(it)) {
            return true;
        }
        inner = around;
    }
    false
}

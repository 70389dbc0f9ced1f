//! Whether a handler looks whose rows it touches, once it has refused who is not signed in.

use super::{check, named, reach};
use crate::identity::{asks_for_session, names_visitor, words};
use edit::Span;
use project::Project;
use std::ops::Range;
use syntax::Node;
use syntax::view;

/// Whether nothing that runs for a handler speaks of somebody but the refusal itself. A comment that does counts as looking.
pub(super) fn is_blind(project: &Project, function: Span) -> bool {
    let called = reach::functions(project, function, 2);
    // What only says who is there, or makes a client, is part of the question.
    let asks = |span: &Span| {
        let text = project.get(span.file).text.get(span.range()).unwrap_or_default();
        let checks = check::of(project, *span);
        let makes = ["createServerClient(", "createClient("].iter().any(|made| text.contains(made));
        (makes || checks.asks.is_some() || checks.session.is_some()) && !text.contains(".from(")
    };
    let own = |span: &Span| *span == function || !asks(span);
    called.iter().filter(|span| own(span)).all(|span| !speaks(project, *span))
}

/// What names somebody, or what they may do.
const SOMEBODY: &str = "user users uid owner owners session member members membership role roles profile profiles account \
     accounts tenant org organization organisation company workspace team claims auth viewer actor author created permission \
     permissions access allowed policy policies own belongs mine me staff manager admins superadmin";

/// Whether a function speaks of somebody, beside asking who is there and refusing.
fn speaks(project: &Project, function: Span) -> bool {
    let Some((tree, _)) = project.get(function.file).syntax() else { return true };
    let Some(node) = tree.node_at(function.range()) else { return true };
    let mut left: Vec<Range<usize>> = Vec::new();
    view::walk(node, &mut |inner| {
        if is_question(tree.text(inner), inner) || is_refusal(tree.text(inner), inner) {
            left.push(inner.byte_range());
            return false;
        }
        true
    });
    let mut at = function.range().start;
    let mut spoken = String::new();
    for range in left {
        spoken += tree.source().get(at..range.start).unwrap_or_default();
        spoken.push(' ');
        at = range.end;
    }
    spoken += tree.source().get(at..function.range().end).unwrap_or_default();
    let spoken = spoken.replace("SERVICE_ROLE", "");
    let somebody = |word: &String| SOMEBODY.split(' ').any(|known| known == word);
    words(&spoken).iter().any(somebody)
}

/// `const { data: { user } } = await client.auth.getUser()`, and what makes the client for it.
fn is_question(text: &str, node: Node<'_>) -> bool {
    if node.kind() != "variable_declarator" || text.len() > 240 || text.contains(".from(") {
        return false;
    }
    let mut called = text.split('(').filter_map(|before| before.rsplit([' ', '.', '\n']).next());
    asks_for_session(text) || called.any(|name| names_visitor(name) || named::makes_client(name))
}

/// `if (!user) return new Response("no", { status: 401 })`
fn is_refusal(text: &str, node: Node<'_>) -> bool {
    let lower = text.to_ascii_lowercase();
    node.kind() == "if_statement"
        && text.len() < 240
        && text.contains('!')
        && ["401", "unauthor", "unauthenticated"].iter().any(|mark| lower.contains(mark))
}

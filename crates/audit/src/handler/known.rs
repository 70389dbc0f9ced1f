//! Passes that everybody knows: what a caller sent is compared with a text of the source, and whoever sends it is let in.

use super::check::Judge;
use crate::identity::{Reader, words};
use edit::Span;
use project::Project;
use syntax::Node;
use syntax::view;

/// Where the code of a handler, or what runs before it, lets in whoever sends a text of the source.
pub(super) fn of(project: &Project, functions: impl IntoIterator<Item = Span>) -> Option<Span> {
    let all = functions.into_iter().flat_map(|function| super::reach::functions(project, function, 2));
    all.into_iter().find_map(|function| within(project, function))
}

fn within(project: &Project, function: Span) -> Option<Span> {
    let file = project.get(function.file);
    let text = file.text.get(function.range())?;
    if !text.contains("eader") {
        return None;
    }
    let judge = Judge { project, file, reader: Reader::of(project, file)? };
    let node = judge.reader.tree.node_at(function.range())?;
    let mut found = None;
    view::walk(node, &mut |inner| {
        if found.is_none() && inner.kind() == "if_statement" && lets_in(&judge, inner) {
            let condition = inner.child_by_field_name("condition").map(view::unwrapped);
            found = condition.map(|condition| file.span(condition.byte_range()));
        }
        if found.is_none() && inner.kind() == "variable_declarator" && by_agent(&judge, inner) {
            found = Some(file.span(inner.byte_range()));
        }
        found.is_none()
    });
    found
}

/// `const isAllowed = … || userAgent.includes("harbour-bot")`: anyone may call themselves that.
fn by_agent(judge: &Judge<'_>, declared: Node<'_>) -> bool {
    let text = |field: &str| declared.child_by_field_name(field).map_or("", |it| judge.reader.tree.text(it));
    let opens = ["auth", "authorized", "authenticated", "allowed", "trusted", "valid"];
    let named = words(text("name")).iter().any(|word| opens.contains(&word.as_str()));
    let value: String =
        text("value").chars().filter(|letter| !letter.is_whitespace()).collect::<String>().to_lowercase();
    let mut asks = ["useragent", "user-agent')", "user-agent\")", "ua"].iter().flat_map(|name| {
        ["includes('", "includes(\"", "startswith('", "startswith(\""]
            .iter()
            .map(move |asks| format!("{name}.{asks}"))
    });
    named && asks.any(|mark| value.contains(&mark)) && value.contains("||")
}

/// `if (token === "harbour-test") return next(…)`
fn lets_in(judge: &Judge<'_>, branch: Node<'_>) -> bool {
    let (Some(condition), Some(then)) =
        (branch.child_by_field_name("condition"), branch.child_by_field_name("consequence"))
    else {
        return false;
    };
    let asked = view::unwrapped(condition);
    let operator = asked.child_by_field_name("operator").map(|it| judge.reader.tree.text(it));
    let (Some(left), Some(right)) = (asked.child_by_field_name("left"), asked.child_by_field_name("right"))
    else {
        return false;
    };
    if asked.kind() != "binary_expression" || !matches!(operator, Some("===" | "==")) {
        return false;
    }
    let (sent, text) = if right.kind() == "string" { (left, right) } else { (right, left) };
    let known = view::string_value(judge.reader.tree, text);
    let known = known.is_some_and(|text| text.len() >= 6 && !matches!(&*text, "undefined" | "Bearer"));
    let named = words(judge.reader.tree.text(sent));
    let is_pass = |word: &String| matches!(word.as_str(), "token" | "secret" | "bearer" | "authorization");
    let gives = judge.reader.tree.text(then);
    let enters = ["next(", "return true", "return {", "userId", "user =", "isAdmin"];
    known
        && named.last().is_some_and(is_pass)
        && sent.kind() == "identifier"
        && !judge.refuses_plainly(then)
        && enters.iter().any(|mark| gives.contains(mark))
        && judge.was_header(sent)
}

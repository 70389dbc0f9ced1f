//! Whether the code asks for a variable, and has a way without it.

use super::find::builds_client;
use audit::Survey;
use audit::env::{EnvRead, Fallback, may_be_missing};
use edit::Span;
use project::graph::{Graph, Origin};
use stack::Side;
use syntax::Node;
use syntax::Tree;
use syntax::scope::Scopes;
use syntax::view::{code_children, enclosing_function};

/// Whether the code asks if the variable is there: a condition, a comparison, `!x`, or a constant that is used so.
pub(super) fn is_asked_for(survey: &Survey<'_>, read: &EnvRead) -> bool {
    survey.project.get(read.span.file).syntax().is_some_and(|(tree, scopes)| {
        says_missing(tree, read)
            || places(tree, scopes, read).into_iter().any(|place| condition(place).is_some())
    })
}

/// Whether the app has a way without the variable, and takes it today: it is asked for, and nothing is thrown where it is missing.
pub(super) fn goes_without(survey: &Survey<'_>, read: &EnvRead) -> bool {
    let file = survey.project.get(read.span.file);
    let Some((tree, scopes)) = file.syntax() else { return false };
    if read.fallback != Fallback::None || matches!(survey.stack.side(file.id), Side::Config | Side::None) {
        return false;
    }
    if says_missing(tree, read) && !builds_client(survey, read) {
        return true;
    }
    places(tree, scopes, read).into_iter().filter_map(condition).any(|asked| {
        let Some(branch) = asked.parent().filter(|parent| parent.kind() == "if_statement") else {
            return true;
        };
        let says = |words: &[&str]| {
            ["consequence", "alternative"]
                .iter()
                .filter_map(|field| branch.child_by_field_name(field))
                .any(|branch| words.iter().any(|word| tree.text(branch).contains(word)))
        };
        // Who only writes it to the log, and makes a client all the same, fails there.
        let fails = says(&["throw ", "process.exit("]);
        !fails && (says(&["return"]) || !builds_client(survey, read))
    })
}

/// Whether the code stops where the variable is missing: it asks for it, and throws.
pub(super) fn stops_without(survey: &Survey<'_>, read: &EnvRead) -> bool {
    let file = survey.project.get(read.span.file);
    let Some((tree, scopes)) = file.syntax() else { return false };
    if matches!(survey.stack.side(file.id), Side::Config | Side::None) {
        return false;
    }
    places(tree, scopes, read).into_iter().filter_map(condition).any(|asked| {
        let Some(branch) = asked.parent().filter(|parent| parent.kind() == "if_statement") else {
            return false;
        };
        let text = tree.text(asked);
        let missing = text.contains('!') && !text.contains("!=") || text.contains("== undefined");
        let field = if missing { "consequence" } else { "alternative" };
        branch.child_by_field_name(field).is_some_and(|branch| {
            branch.kind() == "throw_statement"
                || code_children(branch).any(|statement| statement.kind() == "throw_statement")
        })
    })
}

/// Whether the read is an option of what a library makes as the module is loaded: whether it can do without is the library's to say.
pub(super) fn is_option(survey: &Survey<'_>, read: &EnvRead) -> bool {
    let file = survey.project.get(read.span.file);
    let Some((tree, _)) = file.syntax().filter(|_| read.fallback == Fallback::None) else { return false };
    let Some(mut node) = tree.node_at(read.whole.range()) else { return false };
    while let Some(parent) = node.parent().filter(|parent| matches!(parent.kind(), "pair" | "object")) {
        node = parent;
    }
    let call = node.parent().filter(|list| list.kind() == "arguments" && node.kind() == "object");
    let Some(call) = call.and_then(|list| list.parent()) else { return false };
    let maker = call.child_by_field_name("constructor").or_else(|| call.child_by_field_name("function"));
    let Some(maker) = maker.filter(|maker| maker.kind() == "identifier") else { return false };
    enclosing_function(call).is_none()
        && matches!(Graph::origin(survey.project, file.id, maker.byte_range()), Origin::Package(..))
}

/// Whether the read is cast to a type that says that it may be missing, or `null` stands behind it.
fn says_missing(tree: &Tree, read: &EnvRead) -> bool {
    let nothing = |node: Node<'_>| {
        let right = node.child_by_field_name("right").filter(|_| node.kind() == "binary_expression");
        right.is_some_and(|right| matches!(tree.text(right), "null" | "undefined"))
    };
    tree.node_at(read.whole.range()).is_some_and(|node| may_be_missing(tree, node) || nothing(node))
}

/// `access` in place of `replaced`, cast to the narrower type that the read is cast to within it: the checked variable is a text.
pub(super) fn cast(survey: &Survey<'_>, read: &EnvRead, replaced: Span, access: String) -> String {
    let Some((tree, _)) = survey.project.get(read.span.file).syntax() else { return access };
    let within = |node: &Node<'_>| replaced.range().end >= node.end_byte();
    let mut around = std::iter::successors(tree.node_at(read.span.range()), |node| node.parent());
    let cast = around.by_ref().skip(1).take_while(within).find(|node| node.kind() == "as_expression");
    let to = cast.filter(|cast| !may_be_missing(tree, *cast)).and_then(|cast| cast.named_child(1));
    let Some(to) = to.filter(|to| to.kind() != "predefined_type") else { return access };
    let parent = tree.node_at(replaced.range()).and_then(|node| node.parent());
    let operand = parent.is_some_and(|parent| {
        let binds = ["member", "subscript", "call", "non_null", "binary", "unary"];
        binds.iter().any(|kind| parent.kind().strip_prefix(kind) == Some("_expression"))
    });
    let cast = format!("{access} as {}", tree.text(to));
    if operand { format!("({cast})") } else { cast }
}

/// Where the value of a read is used: the read itself, or the uses of the constant that holds it.
fn places<'t>(tree: &'t Tree, scopes: &Scopes, read: &EnvRead) -> Vec<Node<'t>> {
    let Some(mut node) = tree.node_at(read.whole.range()) else { return Vec::new() };
    let mut found = vec![node];
    while let Some(parent) = node.parent() {
        match parent.kind() {
            "parenthesized_expression" | "non_null_expression" | "as_expression" | "binary_expression" => {
                node = parent
            }
            "ternary_expression" if parent.child_by_field_name("condition") != Some(node) => node = parent,
            "variable_declarator" => {
                let name = parent.child_by_field_name("name");
                let binding = name.and_then(|name| scopes.binding_at(name.byte_range()));
                let uses = binding.into_iter().flat_map(|binding| scopes.references_of(binding));
                found.extend(uses.filter_map(|reference| tree.node_at(reference.range.clone())));
                break;
            }
            _ => break,
        }
    }
    found
}

/// What asks whether a value is there: the whole condition, up to what it decides.
fn condition(node: Node<'_>) -> Option<Node<'_>> {
    let mut asked = is_condition(node);
    let mut child = node;
    // The last of a chain is asked for as well, where the whole chain is.
    let mut chain = true;
    while let Some(parent) = child.parent() {
        match parent.kind() {
            "parenthesized_expression" | "non_null_expression" | "as_expression" => {}
            "unary_expression" => asked |= chain,
            "binary_expression" => {
                let operator = parent.child_by_field_name("operator").map(|operator| operator.kind());
                chain &= matches!(operator, Some("&&" | "||"));
            }
            _ => {
                asked |= chain && child.id() != node.id() && is_condition(child);
                return asked.then_some(child);
            }
        }
        child = parent;
    }
    None
}

fn is_condition(node: Node<'_>) -> bool {
    let mut child = node;
    while let Some(parent) = child.parent() {
        let field =
            |name: &str| parent.child_by_field_name(name).is_some_and(|field| field.id() == child.id());
        match parent.kind() {
            "parenthesized_expression" | "non_null_expression" | "as_expression" => child = parent,
            "if_statement" | "ternary_expression" | "while_statement" => return field("condition"),
            "unary_expression" => return true,
            "binary_expression" => {
                let operator = parent.child_by_field_name("operator").map(|operator| operator.kind());
                match operator {
                    Some("===" | "!==" | "==" | "!=") => return true,
                    Some("&&" | "||" | "??") if field("left") => return true,
                    _ => return false,
                }
            }
            "member_expression" => {
                return parent.child_by_field_name("optional_chain").is_some() && field("object");
            }
            "call_expression" => return field("function"),
            "arguments" => {
                let call = parent.parent().and_then(|call| call.child_by_field_name("function"));
                return call.is_some_and(|call| {
                    call.kind() == "identifier" && call.byte_range().len() == "Boolean".len()
                });
            }
            _ => return false,
        }
    }
    false
}

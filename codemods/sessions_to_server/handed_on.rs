//! A client, or a part of it, that goes on as a value: into a member of an object that nobody asks for, to callers that are none, into
//! a handle on `window` for a developer, or as all edge functions at once.

use super::client::in_browser;
use super::reach::{self, Is, Target};
use super::uses;
use audit::Survey;
use project::File;
use project::graph::{Graph, Origin};
use syntax::view::{enclosing_function, key_name, unwrapped, walk, wrapped};
use syntax::{Node, Tree};

/// Whether the client at `node` goes no further.
pub(super) fn is_kept_unread(survey: &Survey<'_>, file: &File, (tree, node): (&Tree, Node<'_>)) -> bool {
    let outer = wrapped(node);
    let Some(parent) = outer.parent() else { return false };
    match parent.kind() {
        "pair" => {
            let key = parent.child_by_field_name("key").and_then(|key| key_name(tree, key));
            key.is_some_and(|key| is_unread_member(survey, file, parent, &key))
        }
        "object" => is_unread_member(survey, file, node, tree.text(node)),
        "assignment_expression" => {
            let left = parent.child_by_field_name("left").filter(|left| left.id() != outer.id());
            left.is_some_and(|left| is_unread_handle(survey, tree, left))
        }
        _ => false,
    }
}

/// Whether the part of a client at `node` is what a function returns that nobody asks.
pub(super) fn is_returned_to_nobody(survey: &Survey<'_>, file: &File, node: Node<'_>) -> bool {
    let Some(function) = enclosing_function(node) else { return false };
    let outer = wrapped(node).parent();
    let returned =
        outer.is_some_and(|outer| outer.kind() == "return_statement" || outer.id() == function.id());
    let named = function.child_by_field_name("name").or_else(|| {
        let declarator = function.parent().filter(|parent| parent.kind() == "variable_declarator")?;
        declarator.child_by_field_name("name")
    });
    let Some(name) = named.filter(|_| returned) else { return false };
    everywhere(survey, file, name).into_iter().all(|(_, node, _)| reach::is_passed_on(node))
}

/// Every place that names what `name` declares, in the app.
fn everywhere<'s>(survey: &'s Survey<'_>, file: &File, name: Node<'_>) -> Vec<(&'s File, Node<'s>, bool)> {
    let target = Target::named(file.id, name.byte_range(), Is::Client);
    reach::references(survey, &reach::carriers(survey, file.id), &target)
}

/// `const all = { client: client, … }` where nobody asks for `all.client`, and nobody hands `all` on.
fn is_unread_member(survey: &Survey<'_>, file: &File, member: Node<'_>, key: &str) -> bool {
    let declarator = member.parent().and_then(|object| wrapped(object).parent());
    let name = declarator
        .filter(|declarator| declarator.kind() == "variable_declarator")
        .and_then(|declarator| declarator.child_by_field_name("name"))
        .filter(|name| name.kind() == "identifier");
    let Some(name) = name else { return false };
    everywhere(survey, file, name).into_iter().all(|(holder, node, in_type)| {
        if reach::is_passed_on(node) {
            return true;
        }
        let Some((tree, _)) = holder.syntax().filter(|_| !in_type) else { return false };
        let asked = wrapped(node).parent().filter(|asked| asked.kind() == "member_expression");
        let property = asked.and_then(|asked| asked.child_by_field_name("property"));
        property.is_some_and(|property| tree.text(property) != key)
    })
}

/// `window.__client = client`, a name that stands nowhere else.
fn is_unread_handle(survey: &Survey<'_>, tree: &Tree, left: Node<'_>) -> bool {
    let object = left.child_by_field_name("object").map(unwrapped).map(|object| tree.text(object));
    let name = left.child_by_field_name("property").map(|property| tree.text(property));
    let (Some("window" | "globalThis"), Some(name)) = (object, name) else { return false };
    let mentions: usize = uses::code(survey).map(|file| file.text.matches(name).count()).sum();
    mentions == 1
}

/// Whether pages hand on the edge functions of a client as a whole, and may change what a call of one does. Asked before sessions have
/// moved and after.
pub(super) fn hand_on_functions(survey: &Survey<'_>) -> bool {
    struct HandsOn(bool);
    let hands_on = survey.memo.of(|| {
        HandsOn(uses::code(survey).filter(|file| in_browser(survey.stack.side(file.id))).any(|file| {
            let named = ["functions as ", "functions;", "functions)", "functions,"];
            let near = named.iter().any(|end| file.text.contains(&format!(".{end}")));
            let Some((tree, _)) = file.syntax().filter(|_| near) else { return false };
            let mut found = false;
            walk(tree.root(), &mut |node| {
                let property = node.child_by_field_name("property").map(|property| tree.text(property));
                if node.kind() == "member_expression" && property == Some("functions") {
                    found |= !syntax::view::is_in_type_position(node)
                        && wrapped(node).parent().is_none_or(|parent| parent.kind() != "member_expression")
                        && is_of_client(survey, file, node);
                }
                true
            });
            found
        }))
    });
    hands_on.0
}

/// Whether the object of a member comes from a module that makes a client.
fn is_of_client(survey: &Survey<'_>, file: &File, member: Node<'_>) -> bool {
    let object = member.child_by_field_name("object").map(unwrapped);
    let origin = object.map(|object| Graph::origin(survey.project, file.id, object.byte_range()));
    let Some(Origin::Local(holder, _)) = origin else { return false };
    survey.clients.iter().any(|client| client.span.file == holder && client.backend == "supabase")
}

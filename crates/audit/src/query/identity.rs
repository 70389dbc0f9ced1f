//! Whose rows a query asks for: the signed-in user's, proved by binding, or somebody's that the caller names.

use super::{Identity, Reader};
use crate::trace::{Auth, Value};
use edit::Span;
use syntax::Node;
use syntax::view;

/// The identity in the arguments of a chain's calls.
pub(super) fn of<'p>(reader: &Reader<'_, 'p>, calls: &[Node<'p>]) -> Identity {
    let mut session: Vec<Span> = Vec::new();
    for call in calls {
        for argument in view::arguments(*call) {
            view::walk(argument, &mut |node| {
                let candidate = matches!(
                    node.kind(),
                    "member_expression"
                        | "subscript_expression"
                        | "identifier"
                        | "shorthand_property_identifier"
                ) && might_be_id(reader.tree.text(node));
                if candidate && reader.tracer.value(reader.at(node)) == Value::Auth(Auth::Id) {
                    session.push(reader.at(view::wrapped(node)).span());
                    return false;
                }
                !matches!(node.kind(), "type_arguments" | "type_annotation")
            });
        }
    }
    if !session.is_empty() {
        return Identity::Session(session);
    }
    if calls.iter().any(|call| names_somebody(reader, *call)) { Identity::Argument } else { Identity::None }
}

/// Spares following names that no id has.
fn might_be_id(text: &str) -> bool {
    let last = text.rsplit(['.', '?', ' ', '!']).next().unwrap_or(text).to_ascii_lowercase();
    last.ends_with("id")
        || last == "sub"
        || last.contains("user")
        || last.contains("owner")
        || last.contains("me")
        || last.contains("auth")
        || last.contains("author")
        || last.contains("viewer")
        || text.ends_with(']')
}

/// Whether a filter or a value of this call names a user by something that is not the session's.
fn names_somebody<'p>(reader: &Reader<'_, 'p>, call: Node<'p>) -> bool {
    let Some(member) = call.child_by_field_name("function").map(view::unwrapped) else { return false };
    let name = member.child_by_field_name("property").map_or("", |property| reader.tree.text(property));
    let arguments = view::arguments(call);
    match name {
        "eq" | "neq" | "in" | "is" | "filter" | "contains" => {
            let column = arguments.first().and_then(|first| view::string_value(reader.tree, *first));
            let value = arguments.last().filter(|_| arguments.len() > 1);
            value.is_some_and(|value| {
                !is_literal(*value)
                    && (column.is_some_and(|column| names_user(&column))
                        || is_user_text(reader.tree.text(*value)))
            })
        }
        "match" | "insert" | "update" | "upsert" | "rpc" => {
            arguments.iter().any(|argument| object_names_somebody(reader, *argument))
        }
        _ => false,
    }
}

fn object_names_somebody<'p>(reader: &Reader<'_, 'p>, node: Node<'p>) -> bool {
    let node = view::unwrapped(node);
    match node.kind() {
        "array" => view::code_children(node).any(|element| object_names_somebody(reader, element)),
        "object" => view::pairs(reader.tree, node).into_iter().any(|(key, _, value)| {
            !is_literal(value) && (names_user(&key) || is_user_text(reader.tree.text(value)))
        }),
        _ => false,
    }
}

fn is_literal(node: Node<'_>) -> bool {
    matches!(view::unwrapped(node).kind(), "string" | "number" | "null" | "true" | "false" | "undefined")
}

/// A column that holds a user.
fn names_user(column: &str) -> bool {
    let column = column.rsplit('.').next().unwrap_or(column).to_ascii_lowercase().replace('_', "");
    let column = column.strip_prefix('p').filter(|rest| rest.starts_with("user")).unwrap_or(&column);
    matches!(
        column,
        "userid"
            | "uid"
            | "ownerid"
            | "owner"
            | "user"
            | "authorid"
            | "author"
            | "createdby"
            | "updatedby"
            | "profileid"
            | "memberid"
            | "accountid"
            | "customerid"
            | "senderid"
            | "creatorid"
            | "auid"
            | "authuserid"
            | "useruuid"
            | "invitedby"
            | "assignedto"
    )
}

/// `userId`, `user.id`, `profile?.id`.
fn is_user_text(text: &str) -> bool {
    let text = text.replace(['?', '!'], "").to_ascii_lowercase();
    matches!(
        text.as_str(),
        "userid"
            | "uid"
            | "user.id"
            | "profile.id"
            | "currentuser.id"
            | "session.user.id"
            | "currentuserid"
            | "user.uid"
            | "me.id"
    )
}

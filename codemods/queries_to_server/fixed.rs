//! What the source tells by itself: constants, types of clients, select lists.

use audit::Survey;
use audit::query::{self, Query};
use edit::FileId;
use project::File;
use project::graph::{Graph, Origin};
use schema::Source;
use schema::types::Types;
use std::collections::BTreeMap;
use std::sync::Arc;
use syntax::Node;
use syntax::Tree;
use syntax::scope::{Declared, Scopes};
use syntax::view;

/// Whether a type names nothing that a module would have to import.
pub(super) fn is_self_contained(kind: &str) -> bool {
    const KNOWN: &[&str] = &["Array", "Record", "Partial", "Readonly", "Pick", "Omit", "Date"];
    let word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut words = kind.split(|letter: char| !word(letter)).filter(|word| !word.is_empty());
    words.all(|word| word != "typeof" && (!word.starts_with(char::is_uppercase) || KNOWN.contains(&word)))
}

/// Whether the client of a query was made with the types of the database.
pub(super) fn is_typed(survey: &Survey<'_>, query: &Query) -> bool {
    let Some(client) = query.client.and_then(|client| survey.clients.get(client)) else { return false };
    survey.schema.types.is_some() && client_is_typed(survey, client)
}

/// Whether `createClient` is called with a type.
pub(super) fn client_is_typed(survey: &Survey<'_>, client: &query::Client) -> bool {
    let Some((tree, _)) = survey.project.get(client.span.file).syntax() else { return false };
    let mut typed = false;
    if let Some(node) = tree.node_at(client.span.range()) {
        typed |= node.child_by_field_name("type_arguments").is_some();
        // `export const supabase: SupabaseClient<Database> = createClient(url, key)`
        let declarator = node.parent().filter(|parent| parent.kind() == "variable_declarator");
        typed |= declarator
            .and_then(|declarator| declarator.child_by_field_name("type"))
            .is_some_and(|annotation| tree.text(annotation).contains('<'));
        // `(): SupabaseClient<Database> => createClient(url, key)`
        let gives =
            view::enclosing_function(node).and_then(|function| function.child_by_field_name("return_type"));
        typed |= gives.is_some_and(|annotation| tree.text(annotation).contains("Client<"));
    }
    typed
}

/// Whether the client of a query was made without the types of the database, where another was made with them: the rows of the query
/// were never checked.
pub(super) fn is_untyped_beside(survey: &Survey<'_>, query: &Query) -> bool {
    struct Typed(Vec<bool>);
    let typed = survey.memo.of(|| {
        let browsers = |client: &query::Client| client.backend == "supabase";
        Typed(
            survey.clients.iter().map(|client| browsers(client) && client_is_typed(survey, client)).collect(),
        )
    });
    let own = query.client.and_then(|client| typed.0.get(client));
    survey.schema.types.is_some() && own == Some(&false) && typed.0.contains(&true)
}

/// Whether the types of a client lack the table or the function, or something that clients ask of all types: the browser's call did
/// not pass the type check either.
pub(super) fn is_unlisted(survey: &Survey<'_>, query: &Query) -> bool {
    let others = OtherTypes::of(survey);
    let Some(types) = others.client(query.client).or(survey.schema.types.as_ref()) else { return false };
    let names = match &query.table {
        query::Target::Named(name) => std::slice::from_ref(name),
        query::Target::OneOf(names) => names,
        query::Target::Dynamic => return false,
    };
    if query.schema.is_some() {
        return false;
    }
    match query.kind {
        query::Kind::Table | query::Kind::Rpc if !types.complete => true,
        query::Kind::Table => names.iter().any(|name| !types.tables.contains_key(name)),
        query::Kind::Rpc => names.iter().any(|name| !types.functions.contains_key(name)),
        _ => false,
    }
}

/// Whether the client of a query was made with other types than those that the survey goes by.
pub(super) fn knows_other_types(survey: &Survey<'_>, query: &Query) -> bool {
    OtherTypes::of(survey).client(query.client).is_some()
}

/// The types that clients of the app are made with, where they are not those that the survey goes by: a second file, written by hand.
#[derive(Default)]
struct OtherTypes(BTreeMap<usize, Types>);

impl OtherTypes {
    /// Of every client.
    fn of(survey: &Survey<'_>) -> Arc<Self> {
        survey.memo.of(|| {
            let found = survey.clients.iter().enumerate().filter_map(|(at, client)| {
                let file = survey.project.get(types_file(survey, client)?);
                let known = survey.schema.types.as_ref().is_some_and(|types| types.file == file.id);
                let source = Source { file: file.id, path: file.path.as_str(), text: &file.text };
                (!known).then(|| Types::of(&source).map(|types| (at, types)))?
            });
            Self(found.collect())
        })
    }

    /// Of one.
    fn client(&self, client: Option<usize>) -> Option<&Types> {
        self.0.get(&client?)
    }
}

/// The file of the type that `createClient` is called with.
fn types_file(survey: &Survey<'_>, client: &query::Client) -> Option<FileId> {
    let file = survey.project.get(client.span.file);
    let (tree, scopes) = file.syntax()?;
    let given = tree.node_at(client.span.range())?.child_by_field_name("type_arguments")?;
    let name = view::code_children(given).next()?;
    let binding = scopes.binding(scopes.lookup_type(tree.text(name), name.start_byte())?);
    match Graph::origin(survey.project, file.id, binding.name_range.clone()) {
        Origin::Local(file, _) => Some(file),
        _ => None,
    }
}

/// Whether a type is the language's own: `string`, `number | null`, `unknown`.
fn is_built_in(kind: Node<'_>) -> bool {
    match kind.kind() {
        "predefined_type" | "literal_type" => true,
        "union_type" | "array_type" | "parenthesized_type" => view::code_children(kind).all(is_built_in),
        _ => false,
    }
}

/// See [`super::read::Reader::fixed`].
pub(super) fn fixed(
    survey: &Survey<'_>,
    file: &File,
    tree: &Tree,
    scopes: &Scopes,
    node: Node<'_>,
    depth: u8,
) -> Option<Option<String>> {
    let inside = |node: Node<'_>| fixed(survey, file, tree, scopes, node, depth) == Some(None);
    match node.kind() {
        "string" | "number" | "true" | "false" | "null" | "undefined" | "regex" => Some(None),
        "template_string" => view::string_value(tree, node).map(|_| None),
        "unary_expression" => {
            let operand = node.child_by_field_name("argument")?;
            inside(operand).then_some(None)
        }
        "array" => view::code_children(node).all(inside).then_some(None),
        "object" => {
            let all = view::code_children(node).all(|child| {
                child.kind() == "pair"
                    && child
                        .child_by_field_name("key")
                        .is_some_and(|key| key.kind() != "computed_property_name")
                    && child.child_by_field_name("value").is_some_and(inside)
            });
            all.then_some(None)
        }
        "parenthesized_expression" | "non_null_expression" => {
            fixed(survey, file, tree, scopes, view::code_children(node).next()?, depth)
        }
        "as_expression" | "satisfies_expression" => {
            let mut parts = view::code_children(node);
            let (value, kind) = (parts.next()?, parts.next());
            let plain = node.kind() == "as_expression"
                && kind.is_none_or(|kind| tree.text(kind) == "const" || is_built_in(kind));
            let inner = fixed(survey, file, tree, scopes, value, depth)?;
            if plain && inner.is_none() {
                return Some(None);
            }
            // A type of the browser's module: only the value goes along, as what fits everywhere if it had lost its own type.
            let text = inner.unwrap_or_else(|| tree.text(value).to_owned());
            let bare = text.strip_suffix(" as unknown").or(text.strip_suffix(" as any"));
            Some(Some(bare.map_or(text.clone(), |bare| format!("{bare} as never"))))
        }
        // The server's clock is the better one.
        "call_expression" => {
            let text: String = tree.text(node).split_whitespace().collect();
            (text == "newDate().toISOString()").then_some(None)
        }
        "identifier" | "shorthand_property_identifier" => {
            if tree.text(node) == "undefined" {
                return Some(None);
            }
            let depth = depth.checked_sub(1)?;
            let origin = match scopes.binding_at(node.byte_range()) {
                Some(id) if scopes.binding(id).declared == Declared::Import => {
                    Graph::origin(survey.project, file.id, node.byte_range())
                }
                Some(id) => Origin::Local(file.id, scopes.binding(id).name_range.clone()),
                None => return None,
            };
            let Origin::Local(other, range) = origin else { return None };
            let other = survey.project.get(other);
            let (tree, scopes) = other.syntax()?;
            let name = tree.node_at(range)?;
            let declarator = name.parent().filter(|parent| parent.kind() == "variable_declarator")?;
            let constant = declarator.parent()?.child(0).is_some_and(|word| tree.text(word) == "const");
            let value = declarator.child_by_field_name("value")?;
            let inner = view::unwrapped(value);
            let literal = matches!(inner.kind(), "string" | "number" | "true" | "false" | "template_string");
            if !constant || !literal {
                return None;
            }
            let text = fixed(survey, other, tree, scopes, inner, depth)?;
            Some(Some(text.unwrap_or_else(|| tree.text(inner).to_owned())))
        }
        _ => None,
    }
}

/// The columns, embedded tables and star of a select list.
pub(super) fn listed(list: &str) -> (Vec<String>, Vec<String>) {
    let (mut columns, mut embeds) = (Vec::new(), Vec::new());
    let mut depth = 0usize;
    let mut item = String::new();
    for letter in list.chars().chain([',']) {
        match letter {
            '(' => {
                if depth == 0 {
                    let name = item.trim().trim_start_matches("...");
                    let name = name.rsplit(':').next().unwrap_or(name);
                    embeds.push(name.split('!').next().unwrap_or(name).trim().to_owned());
                }
                depth += 1;
            }
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                let name = item.trim();
                if !name.is_empty() && !name.contains('\0') {
                    columns.push(name.split(':').next().unwrap_or(name).trim().to_owned());
                }
                item.clear();
                continue;
            }
            _ => {}
        }
        if depth > 0 {
            item.push('\0');
        } else if letter != ')' {
            item.push(letter);
        }
    }
    embeds.retain(|embed| !embed.is_empty());
    (columns, embeds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_select_list_is_columns_and_embedded_tables() {
        let check = |list: &str, columns: &[&str], embeds: &[&str]| {
            let (found, joined) = listed(list);
            assert_eq!(
                (found.as_slice(), joined.as_slice()),
                (
                    &columns.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>()[..],
                    &embeds.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>()[..]
                )
            );
        };
        check("*", &["*"], &[]);
        check("id, name", &["id", "name"], &[]);
        check("id, tasks(title, source)", &["id"], &["tasks"]);
        check("*, author:profiles!fk(name), labels ( id )", &["*"], &["profiles", "labels"]);
        check("id, total:amount", &["id", "total"], &[]);
    }
}

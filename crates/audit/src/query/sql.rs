//! SQL as text: tags (``sql`...` ``), `pool.query(text, values)`, prepared statements. Table and verb are read from the text.

use super::row::{Found, links, member_name};
use super::{Kind, Query, Reader, Target, table};
use crate::trace::{Api, Handle, Place, Value};
use syntax::Node;
use syntax::view::{self, TemplatePart};

/// Methods of a client that send the text that they are given.
const METHODS: &[&str] = &[
    "query",
    "execute",
    "unsafe",
    "prepare",
    "exec",
    "run",
    "all",
    "get",
    "each",
    "batch",
    "executeMultiple",
    "getAllAsync",
    "getFirstAsync",
    "runAsync",
    "execAsync",
];

/// The query that this call is, if it is one.
pub(super) fn read<'p>(reader: &Reader<'_, 'p>, call: Node<'p>) -> Option<Query> {
    let function = view::unwrapped(call.child_by_field_name("function")?);
    let template =
        call.child_by_field_name("arguments").filter(|arguments| arguments.kind() == "template_string");
    let (handle, root) = match function.kind() {
        "member_expression" => {
            let name = member_name(reader, function)?;
            if !METHODS.contains(&name.as_str()) {
                return None;
            }
            let object = function.child_by_field_name("object")?;
            (client(reader, object)?, object)
        }
        _ => (client(reader, function)?, function),
    };
    if !matches!(handle.api, Api::Sql | Api::Sequelize) {
        return None;
    }
    let text = template.or_else(|| view::arguments(call).first().copied())?;
    if template.is_some() && is_fragment(reader, call) {
        return None;
    }
    let statement = written(reader, reader.at(text), 0);
    let (operation, table) = statement.as_deref().map_or((None, Target::Dynamic), parsed);
    // A tag without a verb is a part of another statement.
    let operation = match operation {
        Some(operation) => operation,
        None if template.is_some() || function.kind() == "identifier" => return None,
        None => "query".to_owned(),
    };
    let (end, rest, then) = links(reader, call);
    let calls: Vec<Node<'p>> = std::iter::once(call).chain(rest.iter().map(|link| link.1)).collect();
    let mut arguments: Vec<Node<'p>> = template.into_iter().collect();
    arguments.extend(calls.iter().flat_map(|call| view::arguments(*call)));
    let built = template.is_none() && is_built(reader, text);
    let found = Found {
        handle,
        kind: Kind::Sql,
        end,
        root,
        table,
        operation,
        calls,
        arguments,
        then,
        lazy: template.is_some(),
        schema: None,
        built_filters: built.then(|| reader.at(text).span()).into_iter().collect(),
    };
    Some(found.row(reader))
}

fn client<'p>(reader: &Reader<'_, 'p>, node: Node<'p>) -> Option<Handle> {
    match reader.tracer.value(reader.at(node)) {
        Value::Client(handle) => Some(handle),
        _ => None,
    }
}

/// Whether a tag stands inside another one, or inside a call that sends it.
fn is_fragment<'p>(reader: &Reader<'_, 'p>, tag: Node<'p>) -> bool {
    let mut current = tag;
    while let Some(parent) = current.parent() {
        match parent.kind() {
            "template_substitution" => {
                return parent.parent().and_then(|template| template.parent()).is_some_and(|around| {
                    around.kind() == "call_expression"
                        && around.child_by_field_name("function").is_some_and(|function| {
                            client(reader, function).is_some_and(|handle| handle.api == Api::Sql)
                        })
                });
            }
            "statement_block" | "program" | "arrow_function" => return false,
            _ => {}
        }
        current = parent;
    }
    false
}

/// The text of a statement, `?` for what is not in the source.
fn written<'p>(reader: &Reader<'_, 'p>, at: Place<'p>, depth: u32) -> Option<String> {
    let (tree, _) = reader.tracer.syntax(at.file)?;
    let node = view::unwrapped(at.node);
    let place = |node: Node<'p>| Place { node, ..at };
    if depth > 6 {
        return None;
    }
    match node.kind() {
        "string" => Some(view::string_value(tree, node)?.into_owned()),
        "template_string" => {
            let parts = view::template_parts(tree, node)?;
            let text = parts.into_iter().map(|part| match part {
                TemplatePart::Text(text) => text.into_owned(),
                TemplatePart::Expression(node) => match table::target(reader.tracer, Some(place(node))) {
                    Target::Named(text) => text,
                    _ => " ? ".to_owned(),
                },
            });
            Some(text.collect())
        }
        "binary_expression" => {
            let left = written(reader, place(node.child_by_field_name("left")?), depth + 1)?;
            let right = written(reader, place(node.child_by_field_name("right")?), depth + 1);
            Some(format!("{left}{}", right.unwrap_or_else(|| " ? ".to_owned())))
        }
        "identifier" => written(reader, reader.tracer.initialiser(place(node))?, depth + 1),
        // `{ text: "select ...", values }`, `{ sql: "..." }`
        "object" => {
            let text = view::value_of(tree, node, "text")
                .or_else(|| view::value_of(tree, node, "sql"))
                .or_else(|| view::value_of(tree, node, "query"))?;
            written(reader, place(text), depth + 1)
        }
        // A tag whose value is a statement.
        "call_expression" => {
            let template =
                node.child_by_field_name("arguments").filter(|inner| inner.kind() == "template_string")?;
            written(reader, place(template), depth + 1)
        }
        "await_expression" => written(reader, place(view::code_children(node).next()?), depth + 1),
        _ => None,
    }
}

/// Whether the text is put together with values.
fn is_built<'p>(reader: &Reader<'_, 'p>, node: Node<'p>) -> bool {
    let node = view::unwrapped(node);
    let open =
        |node: Node<'p>| matches!(table::target(reader.tracer, Some(reader.at(node))), Target::Dynamic);
    match node.kind() {
        "template_string" => view::template_parts(reader.tree, node).is_some_and(|parts| {
            parts.iter().any(|part| matches!(part, TemplatePart::Expression(node) if open(*node)))
        }),
        "binary_expression" => {
            node.child_by_field_name("operator").is_some_and(|operator| operator.kind() == "+") && open(node)
        }
        _ => false,
    }
}

/// The verb of a statement and the table that it is about.
pub(super) fn parsed(statement: &str) -> (Option<String>, Target) {
    let words: Vec<&str> = statement
        .split(|character: char| character.is_whitespace() || matches!(character, '(' | ')' | ',' | ';'))
        .filter(|word| !word.is_empty())
        .collect();
    let lower = |at: usize| words.get(at).map(|word| word.to_ascii_lowercase()).unwrap_or_default();
    let after = |mark: &str| {
        let at = (0..words.len()).find(|at| lower(*at) == mark)?;
        words[at + 1..].iter().find(|word| {
            !matches!(
                word.to_ascii_lowercase().as_str(),
                "if" | "not" | "exists" | "only" | "lateral" | "into" | "table" | "ignore"
            )
        })
    };
    let name = |word: Option<&&str>| {
        let word = word.map(|word| word.trim_matches(['"', '`', '[', ']'])).unwrap_or("?");
        let bare = word.rsplit('.').next().unwrap_or(word).trim_matches(['"', '`']);
        if bare == "?" || bare.is_empty() || bare.eq_ignore_ascii_case("select") {
            Target::Dynamic
        } else {
            Target::Named(bare.to_owned())
        }
    };
    let verb = match lower(0).as_str() {
        "with" => {
            let verbs = ["insert", "update", "delete", "select"];
            let found = (1..words.len()).map(lower).find(|word| verbs.contains(&word.as_str()));
            found.unwrap_or_else(|| "select".to_owned())
        }
        first => first.to_owned(),
    };
    match verb.as_str() {
        "select" => (Some(verb), name(after("from"))),
        "insert" | "replace" | "merge" => (Some("insert".to_owned()), name(after("into"))),
        "update" => (Some(verb), name(after("update"))),
        "delete" => (Some(verb), name(after("from"))),
        "create" | "alter" | "drop" | "truncate" => {
            let table = if lower(1) == "table" || lower(2) == "table" {
                name(after("table"))
            } else {
                Target::Dynamic
            };
            (Some(verb), table)
        }
        "begin" | "commit" | "rollback" | "set" | "call" | "do" | "copy" | "grant" | "pragma" | "show"
        | "explain" | "comment" | "notify" | "listen" | "vacuum" | "lock" | "savepoint" | "start" => {
            (Some(verb), Target::Dynamic)
        }
        _ => (None, Target::Dynamic),
    }
}

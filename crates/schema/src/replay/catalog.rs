//! Questions that blocks ask of the catalog, answered from the state.
//!
//! The common forms are known: `pg_type`, `pg_policies`, `information_schema.columns` and their like, with conditions of
//! equality, lists and patterns. Anything else is `None`: not known.

use super::calls::call;
use super::relation::{self, Wanted};
use crate::Schema;
use crate::sql::node::{self, Kind, Node};
use std::collections::BTreeMap;

/// A row of the catalog by column.
pub(super) type Row = BTreeMap<String, String>;

/// The variables of a block.
pub(super) type Values = BTreeMap<String, Value>;

/// What a variable holds.
#[derive(Clone)]
pub(super) enum Value {
    Text(String),
    List(Vec<String>),
    /// A row, and its only cell if it has one.
    Row(Row, Option<String>),
}

/// The rows that a SELECT over the catalog gives.
pub(super) fn rows(schema: &Schema, select: &Node, values: &Values) -> Option<Vec<Row>> {
    let condition = node::child(select, Kind::WHERE_CLAUSE).and_then(|clause| node::expression(&clause));
    let all = match node::child(select, Kind::FROM_CLAUSE) {
        Some(from) => listed(schema, &from, values).or_else(|| {
            let mut wanted = Wanted::default();
            condition.iter().for_each(|condition| wanted.read(schema, condition, values));
            of_catalog(schema, &from, &wanted)
        })?,
        // `SELECT unnest(…) AS name`: the list is what is selected.
        None => return unnested(schema, select, values),
    };
    let mut found = Vec::new();
    for row in all {
        let holds = condition.as_ref().map(|condition| holds(schema, condition, values, Some(&row)));
        if holds.unwrap_or(Some(true))? {
            found.push(named(schema, select, values, row));
        }
    }
    Some(found)
}

/// A row with what the SELECT calls by a name of its own.
fn named(schema: &Schema, select: &Node, values: &Values, mut row: Row) -> Row {
    let list = node::find(select, Kind::TARGET_LIST);
    for target in list.iter().flat_map(|list| node::children(list, Kind::TARGET)) {
        let alias = node::child(&target, Kind::AS_NAME).and_then(|it| node::word_in(&it, Kind::COLUMN_NAME));
        let (Some(alias), Some(told)) = (alias, node::expression(&target)) else { continue };
        if let Some(text) = value_over(schema, &told, values, Some(&row)).flatten() {
            row.insert(alias, text);
        }
    }
    row
}

/// `(VALUES ('a'), ('b')) v(t)`, `unnest(names) AS t`.
fn listed(schema: &Schema, from: &Node, values: &Values) -> Option<Vec<Row>> {
    let alias = node::find(from, Kind::FROM_ALIAS)?;
    let mut columns = node::words_in(&alias, Kind::COLUMN_NAME);
    if columns.is_empty() {
        columns.extend(node::word_in(&alias, Kind::TABLE_ALIAS));
    }
    if let Some(all) = node::find(from, Kind::VALUES) {
        let rows = all.descendants().filter(|it| it.kind() == Kind::ROW);
        return rows
            .map(|cells| {
                let cells = cells.children().map(|cell| value_over(schema, &cell, values, None).flatten());
                columns.iter().cloned().zip(cells).map(|(name, cell)| Some((name, cell?))).collect()
            })
            .collect();
    }
    let call = node::find(from, Kind::CALL_EXPR)?;
    let column = columns.pop()?;
    Some(list_of(&call, values)?.into_iter().map(|item| Row::from([(column.clone(), item)])).collect())
}

fn unnested(schema: &Schema, select: &Node, values: &Values) -> Option<Vec<Row>> {
    let target = node::find(select, Kind::TARGET)?;
    let call = node::child(&target, Kind::CALL_EXPR)?;
    let alias = node::child(&target, Kind::AS_NAME).and_then(|it| node::word_in(&it, Kind::COLUMN_NAME));
    let column = alias.unwrap_or_else(|| "unnest".to_owned());
    let _ = schema;
    Some(list_of(&call, values)?.into_iter().map(|item| Row::from([(column.clone(), item)])).collect())
}

/// The texts that `unnest(…)` gives one by one.
fn list_of(call: &Node, values: &Values) -> Option<Vec<String>> {
    let name = node::path(&call.children().next()?).pop()?;
    (name == "unnest").then(|| texts(&node::child(call, Kind::ARG_LIST)?, values)).flatten()
}

/// The texts of an array, or of a variable that holds one.
fn texts(node: &Node, values: &Values) -> Option<Vec<String>> {
    let named = node.descendants().filter(|it| it.kind() == Kind::NAME_REF);
    for name in named.filter_map(|it| node::path(&it).pop()) {
        if let Some(Value::List(items)) = values.get(&name) {
            return Some(items.clone());
        }
    }
    let literals = node.descendants().filter(|it| it.kind() == Kind::LITERAL);
    let found: Vec<_> = literals.filter_map(|it| node::string_value(&it)).collect();
    (!found.is_empty()).then_some(found)
}

/// The rows of the relation of the catalog that a FROM names.
fn of_catalog(schema: &Schema, from: &Node, wanted: &Wanted) -> Option<Vec<Row>> {
    let items = from.descendants().filter(|it| it.kind() == Kind::RELATION_NAME_REF);
    let mut relations: Vec<_> = items.filter_map(|it| node::path(&it).pop()).collect();
    // What is joined to say the name of a schema or a table is in the rows already.
    if relations.len() > 1 {
        relations.retain(|name| {
            !matches!(name.as_str(), "pg_namespace" | "pg_class" | "pg_roles" | "pg_attribute")
        });
    }
    if relations.iter().any(|name| name == "pg_enum") {
        relations = vec!["pg_enum".to_owned()];
    }
    let [relation] = relations.as_slice() else { return None };
    relation::rows(schema, relation, wanted)
}

/// The column that a SELECT of a single column gives.
pub(super) fn only_column(select: &Node) -> Option<String> {
    let targets = node::children(&node::find(select, Kind::TARGET_LIST)?, Kind::TARGET);
    let [target] = targets.as_slice() else { return None };
    let alias = node::child(target, Kind::AS_NAME).and_then(|it| node::word_in(&it, Kind::COLUMN_NAME));
    alias.or_else(|| {
        let told = node::expression(target)?;
        // A call gives a column of the function's name.
        let named = if told.kind() == Kind::CALL_EXPR { told.children().next()? } else { told };
        node::path(&named).pop()
    })
}

/// Whether a condition holds, over a row of the catalog if there is one.
pub(super) fn holds(schema: &Schema, node: &Node, values: &Values, over: Option<&Row>) -> Option<bool> {
    match node.kind() {
        Kind::PAREN_EXPR => holds(schema, &node::expression(node)?, values, over),
        Kind::PREFIX_EXPR if node::has(node, Kind::NOT_KW) => {
            holds(schema, &node::expression(node)?, values, over).map(|value| !value)
        }
        Kind::CALL_EXPR if node::child(node, Kind::EXISTS_FN).is_some() => {
            let select = node::find(node, Kind::SELECT)?;
            rows(schema, &select, values).map(|rows| !rows.is_empty())
        }
        Kind::BIN_EXPR => {
            let sides: Vec<_> = node.children().filter(|it| node::is_expression(it.kind())).collect();
            let [left, right] = sides.as_slice() else { return None };
            let side = |node: &Node| value_over(schema, node, values, over);
            if node::has(node, Kind::AND_KW) || node::has(node, Kind::OR_KW) {
                let (one, two) = (holds(schema, left, values, over), holds(schema, right, values, over));
                let decisive = node::has(node, Kind::OR_KW);
                return match (one, two) {
                    (Some(value), _) | (_, Some(value)) if value == decisive => Some(value),
                    (Some(_), Some(_)) => Some(!decisive),
                    _ => None,
                };
            }
            if node::has(node, Kind::IN_KW) || node::has(node, Kind::NOT_IN) {
                let wanted = side(left)??;
                let listed = right.descendants().filter(|it| it.kind() == Kind::LITERAL);
                let found = listed.filter_map(|it| node::string_value(&it)).any(|it| it == wanted);
                return Some(found != node::has(node, Kind::NOT_IN));
            }
            if node::has(node, Kind::IS_KW) {
                return Some(side(left)?.is_none());
            }
            if node::has(node, Kind::IS_NOT) {
                return Some(side(left)?.is_some());
            }
            if node::has(node, Kind::EQ)
                && let Some(any) = node::child(right, Kind::ANY_FN)
            {
                let wanted = side(left)??;
                return Some(texts(&any, values)?.contains(&wanted));
            }
            let (one, two) = (side(left)?, side(right)?);
            let (Some(one), Some(two)) = (one, two) else { return Some(false) };
            if node::has(node, Kind::EQ) {
                return Some(one == two);
            }
            if node::has(node, Kind::NEQ) || node::has(node, Kind::NEQB) {
                return Some(one != two);
            }
            if node::has(node, Kind::LIKE_KW) {
                return Some(like(&one, &two));
            }
            if node::has(node, Kind::ILIKE_KW) {
                return Some(like(&one.to_lowercase(), &two.to_lowercase()));
            }
            None
        }
        _ => match value_over(schema, node, values, over)?.as_deref() {
            Some("true" | "t") => Some(true),
            Some("false" | "f") => Some(false),
            _ => None,
        },
    }
}

/// The text of an expression: `Some(None)` for NULL, `None` if it is not known.
pub(super) fn value(schema: &Schema, node: &Node, values: &Values) -> Option<Option<String>> {
    value_over(schema, node, values, None)
}

pub(super) fn value_over(
    schema: &Schema,
    node: &Node,
    values: &Values,
    over: Option<&Row>,
) -> Option<Option<String>> {
    match node.kind() {
        Kind::LITERAL => {
            let text = node::text(node);
            if text.eq_ignore_ascii_case("null") {
                return Some(None);
            }
            Some(Some(node::string_value(node).unwrap_or_else(|| text.to_lowercase())))
        }
        Kind::PAREN_EXPR => {
            let inner = node::expression(node)?;
            if inner.kind() == Kind::SELECT {
                // (SELECT oid FROM pg_type WHERE typname = 'x') stands for that name.
                let rows = rows(schema, &inner, values)?;
                let column = node::path(&node::expression(&node::find(&inner, Kind::TARGET)?)?).pop()?;
                let Some(first) = rows.first() else { return Some(None) };
                let key = if column == "oid" && !first.contains_key("oid") {
                    ["typname", "relname", "nspname"].into_iter().find(|key| first.contains_key(*key))?
                } else {
                    first.contains_key(&column).then_some(column.as_str())?
                };
                return Some(first.get(key).cloned());
            }
            value_over(schema, &inner, values, over)
        }
        Kind::CAST_EXPR => {
            let inner = value_over(schema, &node::expression(node)?, values, over)?;
            let to = node::text(node).to_ascii_lowercase();
            let name = to.ends_with("regclass") || to.ends_with("regtype");
            Some(inner.map(|value| if name { bare(&value) } else { value }))
        }
        Kind::NAME_REF => {
            let name = node::path(node).pop()?;
            if let Some(cell) = over.and_then(|row| row.get(name.as_str())) {
                return Some(Some(cell.clone()));
            }
            match values.get(&name)? {
                Value::Text(text) | Value::Row(_, Some(text)) => Some(Some(text.clone())),
                _ => None,
            }
        }
        Kind::FIELD_EXPR => {
            let path = node::path(node);
            let (of, column) = (path.first()?, path.last()?);
            if let Some(Value::Row(row, _)) = values.get(of) {
                return Some(row.get(column.as_str()).cloned());
            }
            over.and_then(|row| row.get(column.as_str())).map(|cell| Some(cell.clone()))
        }
        Kind::BIN_EXPR if node::text(node).contains("||") => {
            let sides: Vec<_> = node.children().filter(|it| node::is_expression(it.kind())).collect();
            let [left, right] = sides.as_slice() else { return None };
            let (one, two) =
                (value_over(schema, left, values, over)??, value_over(schema, right, values, over)??);
            Some(Some(one + &two))
        }
        Kind::CALL_EXPR if node::child(node, Kind::EXISTS_FN).is_some() => {
            Some(Some(holds(schema, node, values, over)?.to_string()))
        }
        Kind::CALL_EXPR => call(schema, node, values, over),
        _ => None,
    }
}

/// The last part of a dotted name.
pub(super) fn bare(name: &str) -> String {
    node::identifier(name.rsplit('.').next().unwrap_or(name))
}

fn like(text: &str, pattern: &str) -> bool {
    let (text, pattern): (Vec<char>, Vec<char>) = (text.chars().collect(), pattern.chars().collect());
    // Row by row of the usual table: `fits[t]` says whether the pattern so far matches the first t characters.
    let mut fits = vec![false; text.len() + 1];
    fits[0] = true;
    for mark in pattern {
        let mut next = vec![false; text.len() + 1];
        match mark {
            '%' => {
                let mut seen = false;
                for (at, fit) in fits.iter().enumerate() {
                    seen |= fit;
                    next[at] = seen;
                }
            }
            mark => {
                for at in 0..text.len() {
                    next[at + 1] = fits[at] && (mark == '_' || text[at] == mark);
                }
            }
        }
        fits = next;
    }
    fits[text.len()]
}

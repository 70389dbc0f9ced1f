//! What an expression or a query reads: tables, columns, functions; and what of it does not exist.

use crate::sql::node::{self, Kind, Node};
use crate::{Name, Schema};
use std::collections::BTreeSet;

/// What is read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reads {
    /// Tables and views in FROM.
    pub(crate) tables: BTreeSet<Name>,
    /// Columns by the table that they were found in.
    pub(crate) columns: BTreeSet<(Name, String)>,
    /// Functions called, by name as written (`public` where none is).
    pub(crate) functions: BTreeSet<Name>,
    /// Tables and columns that do not exist, for a message.
    pub(crate) missing: Vec<String>,
}

/// Reads a policy's expression over the rows of `own`.
pub(crate) fn of_expression(schema: &Schema, own: &Name, expression: &Node) -> Reads {
    let mut reader = Reader { schema, reads: Reads::default(), scopes: Vec::new() };
    reader.scopes.push(vec![Relation { alias: own.name.clone(), table: Some(own.clone()) }]);
    reader.walk(expression);
    reader.reads
}

/// Reads a query.
pub(crate) fn of_query(schema: &Schema, query: &Node) -> Reads {
    let mut reader = Reader { schema, reads: Reads::default(), scopes: Vec::new() };
    reader.walk(query);
    reader.reads
}

struct Relation {
    alias: String,
    /// `None` if its columns are not known.
    table: Option<Name>,
}

struct Reader<'s> {
    schema: &'s Schema,
    reads: Reads,
    scopes: Vec<Vec<Relation>>,
}

impl Reader<'_> {
    fn walk(&mut self, node: &Node) {
        match node.kind() {
            Kind::SELECT => {
                let scope = self.relations(node);
                self.scopes.push(scope);
                self.each(node);
                self.scopes.pop();
            }
            Kind::NAME_REF if is_output(node) => {}
            Kind::NAME_REF => self.column(node),
            Kind::FIELD_EXPR => self.field(node),
            Kind::CALL_EXPR => self.call(node),
            Kind::NAMED_ARG => {
                for inner in node.children().filter(|inner| node::is_expression(inner.kind())).skip(1) {
                    self.walk(&inner);
                }
            }
            _ => self.each(node),
        }
    }

    fn each(&mut self, node: &Node) {
        for child in node.children() {
            self.walk(&child);
        }
    }

    /// The relations that a SELECT's FROM brings, and those of its WITH, which no table may shadow.
    fn relations(&mut self, select: &Node) -> Vec<Relation> {
        let mut found = Vec::new();
        let queries: Vec<String> = {
            let with = select.ancestors().filter_map(|around| node::child(&around, Kind::WITH_CLAUSE));
            with.flat_map(|with| {
                let tables: Vec<_> =
                    with.descendants().filter(|inner| inner.kind() == Kind::WITH_TABLE).collect();
                tables.into_iter().filter_map(|table| {
                    let first = table.first_child()?;
                    node::path(&first).pop()
                })
            })
            .collect()
        };
        let Some(from) = node::child(select, Kind::FROM_CLAUSE) else { return found };
        let mut waiting = vec![from];
        while let Some(node) = waiting.pop() {
            for item in node.children() {
                let alias = || {
                    node::child(&item, Kind::FROM_ALIAS)
                        .and_then(|alias| node::word_in(&alias, Kind::TABLE_ALIAS))
                };
                match item.kind() {
                    Kind::RELATION_FROM_ITEM => {
                        let Some(table) = node::name_in(&item, Kind::RELATION_NAME_REF) else { continue };
                        let opaque = queries.contains(&table.name);
                        let known = self.schema.tables.contains_key(&table);
                        let view = self.schema.views.contains_key(&table);
                        if !opaque {
                            if !known
                                && !view
                                && !super::platform::owns(&table.schema)
                                && !is_catalog(&table.name)
                            {
                                self.reads.missing.push(format!("table `{}`", table.name));
                            }
                            self.reads.tables.insert(table.clone());
                        }
                        let alias = alias().unwrap_or_else(|| table.name.clone());
                        found.push(Relation { alias, table: (known && !opaque).then_some(table) });
                    }
                    Kind::JOIN_EXPR | Kind::JOIN => waiting.push(item),
                    Kind::ON_CLAUSE | Kind::FROM_ALIAS | Kind::USING_CLAUSE => {}
                    _ => {
                        if let Some(alias) = alias() {
                            found.push(Relation { alias, table: None });
                        } else if item.kind() != Kind::JOIN_INNER && item.kind() != Kind::JOIN_LEFT {
                            found.push(Relation { alias: String::new(), table: None });
                        }
                    }
                }
            }
        }
        found
    }

    fn has_column(&self, table: &Name, column: &str) -> bool {
        let system = ["ctid", "xmin", "xmax", "tableoid", "oid"];
        let table = self.schema.tables.get(table);
        system.contains(&column)
            || table.is_some_and(|table| {
                table.columns.is_empty() || table.columns.iter().any(|known| known.name == column)
            })
    }

    fn column(&mut self, node: &Node) {
        let Some(name) = node::path(node).pop() else { return };
        if is_value_word(&name) {
            return;
        }
        let mut opaque = false;
        for scope in self.scopes.iter().rev() {
            for relation in scope {
                match &relation.table {
                    Some(table) if self.has_column(table, &name) => {
                        self.reads.columns.insert((table.clone(), name));
                        return;
                    }
                    Some(_) => {}
                    None => opaque = true,
                }
            }
            if scope.iter().any(|relation| relation.alias == name) {
                return;
            }
        }
        // Without a scope the names may be arguments of a function.
        if !opaque && self.scopes.iter().any(|scope| !scope.is_empty()) {
            self.reads.missing.push(format!("column `{name}`"));
        }
    }

    fn field(&mut self, node: &Node) {
        let parts = node::path(node);
        let [.., of, column] = parts.as_slice() else { return self.each(node) };
        let names = node.children().all(|part| matches!(part.kind(), Kind::NAME_REF | Kind::FIELD_EXPR));
        if !names {
            return self.each(node);
        }
        for scope in self.scopes.iter().rev() {
            if let Some(relation) = scope.iter().find(|relation| relation.alias == *of) {
                if let Some(table) = relation.table.clone() {
                    if column == "*" || self.has_column(&table, column) {
                        self.reads.columns.insert((table, column.clone()));
                    } else {
                        self.reads.missing.push(format!("column `{of}.{column}`"));
                    }
                }
                return;
            }
        }
    }

    fn call(&mut self, node: &Node) {
        let callee = node.children().next();
        if let Some(callee) = callee.filter(|it| matches!(it.kind(), Kind::NAME_REF | Kind::FIELD_EXPR)) {
            self.reads.functions.insert(node::name(&callee));
            for child in node.children().skip(1) {
                self.walk(&child);
            }
        } else {
            self.each(node);
        }
    }
}

/// Whether the name stands alone in GROUP BY or ORDER BY and is one that the SELECT gives to what it selects.
fn is_output(node: &Node) -> bool {
    let sorts = |kind: Kind| {
        matches!(
            kind,
            Kind::GROUP_BY_CLAUSE | Kind::ORDER_BY_CLAUSE | Kind::GROUP_BY_LIST | Kind::SORT_BY_LIST
        ) || matches!(kind, Kind::SORT_BY | Kind::GROUPING_EXPR)
    };
    let mut around = node.ancestors().skip(1);
    if !around.next().is_some_and(|parent| sorts(parent.kind())) {
        return false;
    }
    let select = node.ancestors().find(|it| it.kind() == Kind::SELECT);
    let list = select.and_then(|select| node::child(&select, Kind::SELECT_CLAUSE).or(Some(select)));
    let list = list.and_then(|clause| node::find(&clause, Kind::TARGET_LIST));
    let Some(wanted) = node::path(node).pop() else { return false };
    list.is_some_and(|list| {
        node::children(&list, Kind::TARGET).iter().any(|target| {
            node::child(target, Kind::AS_NAME).and_then(|it| node::word_in(&it, Kind::COLUMN_NAME)).as_ref()
                == Some(&wanted)
        })
    })
}

fn is_catalog(name: &str) -> bool {
    name.starts_with("pg_")
}

fn is_value_word(name: &str) -> bool {
    matches!(
        name,
        "current_user"
            | "session_user"
            | "current_date"
            | "current_time"
            | "current_timestamp"
            | "localtime"
            | "localtimestamp"
            | "user"
            | "current_role"
            | "current_schema"
            | "current_catalog"
            | "new"
            | "old"
            | "excluded"
    )
}

//! Indexes.

use super::{Done, Fail, Replay, constraint, reads};
use crate::sql::node::{self, Kind, Node};
use crate::{Constraint, Index};

impl Replay {
    pub(super) fn create_index(&mut self, node: &Node) -> Done {
        let Some(table) = node::name_in(node, Kind::TABLE_NAME_REF)
            .or_else(|| node::name_in(node, Kind::RELATION_NAME_REF))
        else {
            return Err(self.unclear("This index"));
        };
        if self.relations.contains(&table) {
            return Ok(());
        }
        let known = self.schema.tables.get(&table).ok_or_else(|| self.missing("table", &table))?;
        let items: Vec<_> = node
            .children()
            .filter(|child| child.kind() == Kind::PARTITION_ITEM_LIST)
            .flat_map(|list| node::children(&list, Kind::PARTITION_ITEM))
            .collect();
        let (mut columns, mut mentions, mut parts) = (Vec::new(), Vec::new(), Vec::new());
        let mut plain = true;
        for item in &items {
            let reads = reads::of_expression(&self.schema, &table, item);
            self.readable(&reads)?;
            mentions.extend(reads.columns.iter().map(|(_, column)| column.clone()));
            match node::expression(item) {
                Some(expression) if expression.kind() == Kind::NAME_REF => {
                    let column = node::path(&expression).pop().unwrap_or_default();
                    parts.push(column.clone());
                    // What follows an expression still counts as its own column, but not for look-ups by the first ones.
                    if plain {
                        columns.push(column);
                    }
                }
                Some(expression) => {
                    let call = if expression.kind() == Kind::CALL_EXPR {
                        node::path(&expression).first().cloned()
                    } else {
                        None
                    };
                    parts.push(call.unwrap_or_else(|| "expr".to_owned()));
                    plain = false;
                }
                None => plain = false,
            }
        }
        let partial = node::child(node, Kind::WHERE_CLAUSE);
        if let Some(condition) = &partial {
            let reads = reads::of_expression(&self.schema, &table, condition);
            self.readable(&reads)?;
            mentions.extend(reads.columns.iter().map(|(_, column)| column.clone()));
        }
        let name = match node::word_in(node, Kind::INDEX) {
            Some(name)
                if self.relation_taken(&name)
                    || known.constraints.contains_key(&name)
                    || self.constraint_taken(&name) =>
            {
                return if node::has(node, Kind::IF_NOT_EXISTS) {
                    Ok(())
                } else {
                    Err(Fail::duplicate(format!("`{name}`")))
                };
            }
            Some(name) => name,
            None => {
                let made = constraint::made_name(&table.name, &parts.join("_"), "idx");
                (0..1000)
                    .map(|number| if number == 0 { made.clone() } else { format!("{made}{number}") })
                    .find(|name| !self.relation_taken(name))
                    .unwrap_or(made)
            }
        };
        let method = node::child(node, Kind::USING_METHOD)
            .and_then(|using| node::word_in(&using, Kind::ACCESS_METHOD_REF));
        let index = Index {
            name,
            columns,
            unique: node::has(node, Kind::UNIQUE_KW),
            whole: plain && partial.is_none(),
            parts: items
                .iter()
                .map(|item| match node::expression(item) {
                    Some(it) if it.kind() == Kind::NAME_REF => node::path(&it).pop().unwrap_or_default(),
                    _ => "expression".to_owned(),
                })
                .collect(),
            orders: items.iter().map(order).collect(),
            method: method.unwrap_or_else(|| "btree".to_owned()),
            mentions,
        };
        if let Some(table) = self.schema.tables.get_mut(&table) {
            table.indexes.push(index);
        }
        Ok(())
    }

    fn constraint_taken(&self, name: &str) -> bool {
        let keyed = |it: &Constraint| matches!(it, Constraint::Primary(_) | Constraint::Unique(_));
        self.schema.tables.values().any(|table| table.constraints.get(name).is_some_and(keyed))
    }

    pub(super) fn drop_index(&mut self, node: &Node) -> Done {
        for name in
            node.children().filter(|it| it.kind() == Kind::INDEX_REF).filter_map(|it| node::path(&it).pop())
        {
            let known =
                self.schema.tables.values().any(|table| table.indexes.iter().any(|index| index.name == name));
            if !known && !node::has(node, Kind::IF_EXISTS) {
                return Err(Fail {
                    kind: "no-such-object",
                    message: format!("There is no index `{name}`, so this statement fails."),
                });
            }
            for table in self.schema.tables.values_mut() {
                table.indexes.retain(|index| index.name != name);
            }
        }
        Ok(())
    }
}

/// What is written behind a part of an index, in small letters; the default order is none.
fn order(item: &Node) -> String {
    let written = node::text(item).to_ascii_lowercase();
    let part = node::expression(item).map(|it| node::text(&it).len()).unwrap_or_default();
    let words: Vec<_> = written.get(part..).unwrap_or_default().split_whitespace().collect();
    match words.join(" ").as_str() {
        "asc" | "asc nulls last" | "nulls last" => String::new(),
        "desc nulls first" => "desc".to_owned(),
        order => order.to_owned(),
    }
}

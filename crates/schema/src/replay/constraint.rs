//! Constraints: written ones, the names that PostgreSQL gives them, and what they need.

use super::{Done, Fail, Replay, kind};
use crate::sql::node::{self, Kind, Node};
use crate::sql::quotes;
use crate::{Constraint, ForeignKey, Name, Table};

/// Whether the node is a constraint of a column or of a table.
pub(super) fn is_constraint(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::CHECK_CONSTRAINT
            | Kind::UNIQUE_CONSTRAINT
            | Kind::PRIMARY_KEY_CONSTRAINT
            | Kind::FOREIGN_KEY_CONSTRAINT
            | Kind::REFERENCES_CONSTRAINT
            | Kind::EXCLUDE_CONSTRAINT
            | Kind::NOT_NULL_CONSTRAINT
    )
}

/// The name that PostgreSQL makes of a table, a column and a label: at most 63 bytes, the longer part cut.
pub(super) fn made_name(table: &str, column: &str, label: &str) -> String {
    let (mut first, mut second) = (table.len(), column.len());
    let extra = label.len() + 1 + usize::from(!column.is_empty());
    while first + second + extra > node::LONGEST {
        if first > second { first -= 1 } else { second -= 1 }
    }
    let cut = |text: &str, to: usize| text[..text.floor_char_boundary(to)].to_owned();
    let (table, column) = (cut(table, first), cut(column, second));
    if column.is_empty() { format!("{table}_{label}") } else { format!("{table}_{column}_{label}") }
}

impl Replay {
    /// The first of `name`, `name1`, `name2`, … that is not taken.
    fn free_name(&self, table: &Table, made: String) -> String {
        let taken = |name: &str| table.constraints.contains_key(name) || self.relation_taken(name);
        if !taken(&made) {
            return made;
        }
        (1..1000).map(|number| format!("{made}{number}")).find(|name| !taken(name)).unwrap_or(made)
    }

    /// Whether an index, a table or a view of `public` has this name.
    pub(super) fn relation_taken(&self, name: &str) -> bool {
        let relation = Name { schema: "public".to_owned(), name: name.to_owned() };
        self.schema.tables.contains_key(&relation)
            || self.schema.views.contains_key(&relation)
            || self.relations.contains(&relation)
            || self.schema.tables.values().any(|table| table.indexes.iter().any(|index| index.name == name))
    }

    /// Adds a constraint to `table` (not yet kept), which stands on `column` or on the table.
    pub(super) fn add_constraint(
        &self,
        own: &Name,
        table: &mut Table,
        column: Option<&str>,
        written: &Node,
    ) -> Done {
        let given = node::word_in(written, Kind::CONSTRAINT_NAME);
        let listed = |kind: Kind| {
            let list = node::child(written, kind).or_else(|| node::find(written, kind));
            list.map(|list| node::words_in(&list, Kind::COLUMN_NAME_REF)).unwrap_or_default()
        };
        let own_columns = || match column {
            Some(column) => vec![column.to_owned()],
            None => listed(Kind::CONSTRAINT_COLUMN_REF_LIST),
        };
        let (constraint, label, named_after) = match written.kind() {
            Kind::NOT_NULL_CONSTRAINT => {
                for column in column
                    .map(str::to_owned)
                    .into_iter()
                    .chain(node::words_in(written, Kind::COLUMN_NAME_REF))
                {
                    if let Some(column) = table.columns.iter_mut().find(|known| known.name == column) {
                        column.required = true;
                    }
                }
                return Ok(());
            }
            Kind::PRIMARY_KEY_CONSTRAINT => {
                let columns = own_columns();
                if !table.primary_key.is_empty() {
                    return Err(Fail::duplicate("A primary key"));
                }
                for column in table.columns.iter_mut().filter(|column| columns.contains(&column.name)) {
                    column.required = true;
                }
                (Constraint::Primary(columns), "pkey", String::new())
            }
            Kind::UNIQUE_CONSTRAINT => {
                let columns = own_columns();
                let after = columns.join("_");
                (Constraint::Unique(columns), "key", after)
            }
            Kind::CHECK_CONSTRAINT => {
                let expression = node::expression(written).ok_or_else(|| self.unclear("This check"))?;
                let mut columns = node::words_in(&expression, Kind::NAME_REF);
                columns.retain(|name| table.columns.iter().any(|known| known.name == *name));
                columns.dedup();
                let several = columns.iter().any(|name| Some(name) != columns.first());
                let after = match column {
                    Some(column) => column.to_owned(),
                    None if !several => columns.first().cloned().unwrap_or_default(),
                    None => String::new(),
                };
                (Constraint::Check(quotes::plain(&node::text(&expression))), "check", after)
            }
            Kind::REFERENCES_CONSTRAINT | Kind::FOREIGN_KEY_CONSTRAINT => {
                let lists = node::children(written, Kind::FOREIGN_KEY_COLUMN_LIST);
                let columns = match column {
                    Some(column) => vec![column.to_owned()],
                    None => lists
                        .first()
                        .map(|list| node::words_in(list, Kind::COLUMN_NAME_REF))
                        .unwrap_or_default(),
                };
                let target =
                    node::name_in(written, Kind::TABLE_NAME_REF).ok_or_else(|| self.unclear("This key"))?;
                let referenced = match column {
                    Some(_) => node::children(written, Kind::COLUMN_NAME_REF)
                        .iter()
                        .filter_map(|name| node::path(name).pop())
                        .collect(),
                    None => lists
                        .get(1)
                        .map(|list| node::words_in(list, Kind::COLUMN_NAME_REF))
                        .unwrap_or_default(),
                };
                let on_delete = node::find(written, Kind::ON_DELETE_ACTION).map(|action| {
                    let text = node::text(&action).to_ascii_lowercase();
                    let words: Vec<_> = text.split_whitespace().skip(2).collect();
                    words.join(" ")
                });
                let key = ForeignKey { columns, table: target, referenced, on_delete };
                self.joins(own, table, &key)?;
                let after = key.columns.join("_");
                (Constraint::Foreign(key), "fkey", after)
            }
            _ => (Constraint::Other, "excl", column.unwrap_or_default().to_owned()),
        };
        for column in constraint.columns() {
            if !table.columns.iter().any(|known| known.name == *column) {
                return Err(Fail {
                    kind: "no-such-object",
                    message: format!(
                        "There is no column `{column}` in `{}`, so this statement fails.",
                        own.name
                    ),
                });
            }
        }
        let name = match given {
            Some(name) if table.constraints.contains_key(&name) => {
                return Err(Fail::duplicate(format!("A constraint `{name}`")));
            }
            Some(name) => {
                let index = matches!(constraint, Constraint::Primary(_) | Constraint::Unique(_));
                if index && self.relation_taken(&name) {
                    return Err(Fail::duplicate(format!("`{name}`")));
                }
                name
            }
            None => self.free_name(table, made_name(&own.name, &named_after, label)),
        };
        table.constrain(name, constraint);
        Ok(())
    }

    /// Refuses a foreign key that PostgreSQL would refuse.
    fn joins(&self, own: &Name, table: &Table, key: &ForeignKey) -> Done {
        let target = if key.table == *own {
            table
        } else {
            self.schema.tables.get(&key.table).ok_or_else(|| self.missing("table", &key.table))?
        };
        let referenced = if key.referenced.is_empty() { &target.primary_key } else { &key.referenced };
        let same = |columns: &Vec<String>| {
            columns.len() == referenced.len() && referenced.iter().all(|column| columns.contains(column))
        };
        // Its own keys may stand further down in the same statement.
        let of_itself = key.table == *own;
        let unique_index =
            target.indexes.iter().any(|index| index.unique && index.plain() && same(&index.columns));
        if !of_itself && !unique_index && !same(&target.primary_key) && !target.unique.iter().any(same) {
            return Err(Fail {
                kind: "no-such-object",
                message: format!(
                    "`{}` has no unique key on `{}`, so this foreign key fails.",
                    key.table.name,
                    referenced.join("`, `")
                ),
            });
        }
        for (column, other) in key.columns.iter().zip(referenced) {
            let kind_of = |table: &Table, name: &str| {
                table.columns.iter().find(|known| known.name == *name).map(|column| column.kind.clone())
            };
            if let (Some(one), Some(two)) = (kind_of(table, column), kind_of(target, other))
                && kind::group(&one) != kind::group(&two)
                && !(numeric(&one) && numeric(&two))
            {
                return Err(Fail {
                    kind: "no-such-object",
                    message: format!(
                        "`{column}` is {one} and `{}.{other}` is {two}, so this foreign key fails.",
                        key.table.name
                    ),
                });
            }
        }
        Ok(())
    }

    /// A statement whose parts are not where they are expected.
    pub(super) fn unclear(&self, what: &str) -> Fail {
        Fail { kind: "not-understood", message: format!("{what} is not understood.") }
    }
}

fn numeric(kind: &str) -> bool {
    matches!(kind::group(kind), "integer" | "real" | "double precision") || kind.starts_with("numeric")
}

#[cfg(test)]
mod tests {
    use super::made_name;

    #[test]
    fn long_names_are_cut_where_postgresql_cuts_them() {
        assert_eq!(made_name("boats", "crew_id", "fkey"), "boats_crew_id_fkey");
        assert_eq!(made_name("boats", "", "pkey"), "boats_pkey");
        let long = made_name(&"t".repeat(40), &"c".repeat(40), "fkey");
        assert_eq!(long.len(), 63);
        assert_eq!(long, format!("{}_{}_fkey", "t".repeat(29), "c".repeat(28)));
    }
}

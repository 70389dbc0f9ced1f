//! Whether the values of an INSERT are such as their columns take.

use super::{Done, Fail, Replay};
use crate::Table;
use crate::sql::node::{self, Kind, Node};

impl Replay {
    /// Refuses a migration's row with a text that its column cannot read. What somebody fills in before they run a script is not looked at.
    pub(super) fn fits(&self, node: &Node) -> Done {
        let rows = node::child(node, Kind::VALUES).and_then(|values| node::child(&values, Kind::ROW_LIST));
        let name = node::name_in(node, Kind::RELATION_NAME_REF)
            .or_else(|| node::name_in(node, Kind::TABLE_NAME_REF));
        let (Some(rows), Some(name), Some(_)) = (rows, name, self.base) else { return Ok(()) };
        let known = self.schema.tables.get(&name).filter(|table| table.defined.is_some());
        let Some(table) = known.filter(|_| self.in_history()) else { return Ok(()) };
        let columns = match node::child(node, Kind::COLUMN_TARGET_LIST) {
            Some(list) => node::words_in(&list, Kind::COLUMN_NAME_REF),
            None => table.columns.iter().map(|column| column.name.clone()).collect(),
        };
        for row in node::children(&rows, Kind::ROW) {
            let values = row.children().filter(|value| node::is_expression(value.kind()));
            for (column, value) in columns.iter().zip(values) {
                let kind = kind_of(table, column);
                if value.kind() == Kind::LITERAL
                    && node::string_value(&value).is_some_and(|text| !reads(kind, text.trim()))
                {
                    return Err(Fail {
                        kind: "wrong-value",
                        message: format!(
                            "`{}.{column}` takes {kind} and is given a text that is none, so this statement fails.",
                            name.name
                        ),
                    });
                }
            }
        }
        Ok(())
    }

    fn in_history(&self) -> bool {
        self.later.history.contains(&self.at.file)
    }
}

fn kind_of<'t>(table: &'t Table, column: &str) -> &'t str {
    table.column(column).map_or("", |column| column.kind.as_str())
}

/// Whether PostgreSQL reads the text as a value of the type; true for types of many spellings.
fn reads(kind: &str, text: &str) -> bool {
    match kind {
        "uuid" => {
            let bare = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(text);
            let digits = bare.chars().filter(|letter| *letter != '-');
            digits.clone().count() == 32 && digits.clone().all(|letter| letter.is_ascii_hexdigit())
        }
        "integer" | "bigint" | "smallint" => {
            let digits = text.trim_start_matches(['+', '-']);
            digits.starts_with(|first: char| first.is_ascii_digit())
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::reads;

    #[test]
    fn a_text_is_an_id_or_a_number_or_none() {
        assert!(reads("uuid", "{0f8fad5b-d9cb-469f-a165-70867728950e}"));
        assert!(reads("uuid", "0f8fad5bd9cb469fa16570867728950e"));
        assert!(!reads("uuid", "harbour"));
        assert!(reads("integer", "-12"));
        assert!(!reads("bigint", "many"));
        assert!(reads("text", "harbour"));
    }
}

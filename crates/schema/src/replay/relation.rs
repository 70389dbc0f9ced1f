//! The relations of the catalog, as far as blocks ask for them.

use super::catalog::{Row, Value, Values, value_over};
use crate::Schema;
use crate::sql::node::{self, Kind, Node};

/// What a condition asks for with `column = text` and nothing else: whatever else it says, other rows fail it. A block that asks in a
/// loop must not make every row of the catalog for each answer.
#[derive(Default)]
pub(super) struct Wanted(Vec<(String, String)>);

impl Wanted {
    /// What `node` asks for.
    pub(super) fn read(&mut self, schema: &Schema, node: &Node, values: &Values) {
        let sides: Vec<_> = node.children().filter(|it| node::is_expression(it.kind())).collect();
        match (node.kind(), sides.as_slice()) {
            (Kind::PAREN_EXPR, [inner]) => self.read(schema, inner, values),
            (Kind::BIN_EXPR, [left, right]) if node::has(node, Kind::AND_KW) => {
                self.read(schema, left, values);
                self.read(schema, right, values);
            }
            // A literal is the same for every row.
            (Kind::BIN_EXPR, [left, right]) if node::has(node, Kind::EQ) => {
                let given = right.kind() == Kind::LITERAL || is_of_variable(right, values);
                let text = given.then(|| value_over(schema, right, values, None).flatten()).flatten();
                let column = match left.kind() {
                    Kind::NAME_REF => node::path(left).pop(),
                    Kind::FIELD_EXPR if !is_of_variable(left, values) => node::path(left).pop(),
                    _ => None,
                };
                self.0.extend(column.zip(text));
            }
            _ => {}
        }
    }

    /// The row, if it is wanted.
    fn row<const N: usize>(&self, cells: [(&str, &str); N]) -> Option<Row> {
        let fails = |(column, text): &(String, String)| {
            cells.iter().any(|(known, value)| known == column && value != text)
        };
        let wanted = !self.0.iter().any(fails);
        wanted
            .then(|| cells.into_iter().map(|(column, value)| (column.to_owned(), value.to_owned())).collect())
    }
}

/// `item.tablename`, where a variable holds the row.
fn is_of_variable(node: &Node, values: &Values) -> bool {
    let of = || node::path(node).into_iter().next();
    node.kind() == Kind::FIELD_EXPR && matches!(of().map(|of| values.get(&of)), Some(Some(Value::Row(..))))
}

/// The rows of a relation of the catalog that are wanted; `None` for one that is not known.
pub(super) fn rows(schema: &Schema, relation: &str, wanted: &Wanted) -> Option<Vec<Row>> {
    let truth = |value: bool| if value { "true" } else { "false" };
    let tables = || schema.tables.iter().filter(|(_, table)| table.defined.is_some());
    Some(match relation {
        "pg_type" => {
            let types = schema.enums.keys().chain(tables().map(|(name, _)| name));
            types
                .filter_map(|name| {
                    wanted.row([
                        ("typname", &name.name),
                        ("nspname", &name.schema),
                        ("typnamespace", &name.schema),
                    ])
                })
                .collect()
        }
        "pg_enum" => schema
            .enums
            .iter()
            .flat_map(|(name, values)| {
                values.iter().filter_map(|value| {
                    wanted.row([
                        ("enumlabel", value),
                        ("typname", &name.name),
                        ("enumtypid", &name.name),
                        ("nspname", &name.schema),
                    ])
                })
            })
            .collect(),
        "pg_tables" | "tables" | "pg_class" => schema
            .tables
            .iter()
            .filter_map(|(name, table)| {
                wanted.row([
                    ("schemaname", &name.schema),
                    ("tablename", &name.name),
                    ("table_schema", &name.schema),
                    ("table_name", &name.name),
                    ("relname", &name.name),
                    ("nspname", &name.schema),
                    ("relnamespace", &name.schema),
                    ("table_type", "BASE TABLE"),
                    ("relkind", "r"),
                    ("rowsecurity", truth(table.row_security)),
                    ("relrowsecurity", truth(table.row_security)),
                ])
            })
            .collect(),
        "columns" => schema
            .tables
            .iter()
            .flat_map(|(name, table)| {
                table.columns.iter().filter_map(|column| {
                    wanted.row([
                        ("table_schema", &name.schema),
                        ("table_name", &name.name),
                        ("column_name", &column.name),
                        ("data_type", if column.kind.ends_with("[]") { "ARRAY" } else { &column.kind }),
                        ("is_nullable", if column.required { "NO" } else { "YES" }),
                    ])
                })
            })
            .collect(),
        "pg_policies" | "pg_policy" => schema
            .tables
            .iter()
            .flat_map(|(name, table)| {
                table.policies.iter().filter_map(|policy| {
                    wanted.row([
                        ("schemaname", &name.schema),
                        ("tablename", &name.name),
                        ("policyname", &policy.name),
                        ("polname", &policy.name),
                        ("polrelid", &name.name),
                        ("relname", &name.name),
                        ("nspname", &name.schema),
                        ("cmd", &policy.command.to_uppercase()),
                    ])
                })
            })
            .collect(),
        "pg_constraint" | "table_constraints" | "check_constraints" | "constraint_column_usage" => schema
            .tables
            .iter()
            .flat_map(|(name, table)| {
                table.constraints.iter().filter_map(|(constraint, kind)| {
                    wanted.row([
                        ("conname", constraint),
                        ("constraint_name", constraint),
                        ("conrelid", &name.name),
                        ("relname", &name.name),
                        ("table_name", &name.name),
                        ("table_schema", &name.schema),
                        ("constraint_schema", &name.schema),
                        ("nspname", &name.schema),
                        ("contype", kind.letter()),
                        ("constraint_type", kind.title()),
                    ])
                })
            })
            .collect(),
        "pg_trigger" | "triggers" => schema
            .triggers
            .iter()
            .filter_map(|trigger| {
                wanted.row([
                    ("tgname", &trigger.name),
                    ("trigger_name", &trigger.name),
                    ("tgrelid", &trigger.table.name),
                    ("relname", &trigger.table.name),
                    ("event_object_table", &trigger.table.name),
                    ("event_object_schema", &trigger.table.schema),
                    ("trigger_schema", &trigger.table.schema),
                    ("nspname", &trigger.table.schema),
                ])
            })
            .collect(),
        "pg_proc" | "routines" => schema
            .functions
            .iter()
            .filter_map(|function| {
                let arguments = function.kinds().join(", ");
                let signature = format!("{}.{}({arguments})", function.name.schema, function.name.name);
                wanted.row([
                    ("oid", &signature),
                    ("proname", &function.name.name),
                    ("routine_name", &function.name.name),
                    ("routine_schema", &function.name.schema),
                    ("nspname", &function.name.schema),
                    ("pronamespace", &function.name.schema),
                    ("prosecdef", truth(function.definer)),
                    ("prorettype", &function.returns.to_lowercase()),
                    ("prokind", if function.procedure { "p" } else { "f" }),
                ])
            })
            .collect(),
        "pg_indexes" => tables()
            .flat_map(|(name, table)| {
                table.indexes.iter().filter_map(|index| {
                    wanted.row([
                        ("indexname", &index.name),
                        ("tablename", &name.name),
                        ("schemaname", &name.schema),
                    ])
                })
            })
            .collect(),
        "pg_publication" => wanted.row([("pubname", "supabase_realtime")]).into_iter().collect(),
        "pg_publication_tables" | "pg_publication_rel" => schema
            .published
            .iter()
            .filter_map(|name| {
                wanted.row([
                    ("pubname", "supabase_realtime"),
                    ("schemaname", &name.schema),
                    ("tablename", &name.name),
                ])
            })
            .collect(),
        "buckets" => schema
            .buckets
            .iter()
            .filter_map(|bucket| wanted.row([("id", &bucket.id), ("name", &bucket.id)]))
            .collect(),
        "pg_extension" => {
            schema.extensions.iter().filter_map(|name| wanted.row([("extname", name)])).collect()
        }
        "pg_roles" => ["anon", "authenticated", "service_role"]
            .iter()
            .filter_map(|name| wanted.row([("rolname", name)]))
            .collect(),
        "pg_namespace" | "schemata" => ["public", "auth", "storage", "extensions"]
            .iter()
            .filter_map(|name| wanted.row([("nspname", name), ("schema_name", name)]))
            .collect(),
        _ => return None,
    })
}

//! Tables and their columns.

use super::{Done, Fail, Replay, constraint, kind};
use crate::sql::node::{self, Kind, Node};
use crate::sql::quotes;
use crate::{Column, Constraint, Name, Table};

impl Replay {
    pub(super) fn create_table(&mut self, node: &Node) -> Done {
        let Some(name) = node::name_in(node, Kind::TABLE_NAME) else {
            return Err(self.unclear("This table"));
        };
        if of_session(node) {
            return Ok(());
        }
        if self.schema.tables.contains_key(&name)
            || self.schema.views.contains_key(&name)
            || self.relation_is_index(&name)
        {
            if node::has(node, Kind::IF_NOT_EXISTS) {
                return Ok(());
            }
            return Err(Fail::duplicate(format!("The table `{}`", name.name)));
        }
        let mut table = Table { defined: Some(self.at), ..Table::default() };
        let list = node::child(node, Kind::TABLE_ARG_LIST);
        let parts: Vec<_> = list.iter().flat_map(|list| list.children()).collect();
        // Other tables that lend their columns.
        for lender in parts.iter().filter(|part| part.kind() == Kind::LIKE_CLAUSE).cloned().chain(
            [Kind::INHERITS, Kind::PARTITION_OF].into_iter().filter_map(|kind| node::child(node, kind)),
        ) {
            let source = [Kind::TABLE_NAME_REF, Kind::RELATION_NAME_REF]
                .iter()
                .find_map(|kind| node::name_in(&lender, *kind));
            if let Some(source) = source {
                let known = self.schema.tables.get(&source).ok_or_else(|| self.missing("table", &source))?;
                table.columns.extend(known.columns.iter().cloned());
                if lender.kind() == Kind::PARTITION_OF {
                    table.part_of = Some(source);
                }
            }
        }
        for column in parts.iter().filter(|part| part.kind() == Kind::COLUMN) {
            let made = self.column(&name, column)?;
            if table.columns.iter().any(|known| known.name == made.name) {
                return Err(Fail::duplicate(format!("The column `{}`", made.name)));
            }
            table.columns.push(made);
        }
        // The primary key first, as PostgreSQL does: foreign keys to the table itself need it, and so do names.
        let mut constraints: Vec<(Option<String>, Node)> = Vec::new();
        for part in &parts {
            if part.kind() == Kind::COLUMN {
                let column = node::word_in(part, Kind::COLUMN_NAME);
                let own = part.children().filter(|child| constraint::is_constraint(child.kind()));
                constraints.extend(own.map(|child| (column.clone(), child)));
            } else if constraint::is_constraint(part.kind()) {
                constraints.push((None, part.clone()));
            }
        }
        let turn = |kind: Kind| match kind {
            Kind::CHECK_CONSTRAINT => 0,
            Kind::PRIMARY_KEY_CONSTRAINT => 1,
            Kind::UNIQUE_CONSTRAINT => 2,
            Kind::REFERENCES_CONSTRAINT | Kind::FOREIGN_KEY_CONSTRAINT => 4,
            _ => 3,
        };
        constraints.sort_by_key(|(_, written)| turn(written.kind()));
        for (column, written) in constraints {
            self.add_constraint(&name, &mut table, column.as_deref(), &written)?;
        }
        self.schema.tables.insert(name, table);
        Ok(())
    }

    fn relation_is_index(&self, name: &Name) -> bool {
        self.relations.contains(name)
            || self
                .schema
                .tables
                .values()
                .any(|table| table.indexes.iter().any(|index| index.name == name.name))
    }

    /// A table made of a query: its columns are not known.
    pub(super) fn create_table_as(&mut self, node: &Node) -> Done {
        let Some(name) = node::name_in(node, Kind::TABLE_NAME).filter(|_| !of_session(node)) else {
            return Ok(());
        };
        if self.schema.tables.contains_key(&name) {
            return if node::has(node, Kind::IF_NOT_EXISTS) {
                Ok(())
            } else {
                Err(Fail::duplicate(format!("The table `{}`", name.name)))
            };
        }
        self.schema.tables.insert(name, Table { defined: Some(self.at), ..Table::default() });
        Ok(())
    }

    /// The column that a COLUMN or an ADD COLUMN writes, its constraints left out.
    fn column(&self, table: &Name, node: &Node) -> Result<Column, Fail> {
        let name = node::word_in(node, Kind::COLUMN_NAME).ok_or_else(|| self.unclear("This column"))?;
        let written = kind::of(node).ok_or_else(|| self.unclear("This type"))?;
        if let Some(own) = &written.own {
            self.type_exists(own)?;
        }
        let default = node::child(node, Kind::DEFAULT_CONSTRAINT).and_then(|default| default_in(&default));
        let sequence = written.serial.then(|| format!("nextval('{}_{name}_seq'::regclass)", table.name));
        let generated = node::child(node, Kind::GENERATED_CONSTRAINT);
        Ok(Column {
            kind: written.kind,
            required: written.serial
                || node::has(node, Kind::NOT_NULL_CONSTRAINT)
                || generated.as_ref().is_some_and(|it| node::find(it, Kind::GENERATED_IDENTITY).is_some()),
            default: default.or(sequence),
            generated: generated.is_some(),
            span: Some(self.span(node)),
            name,
        })
    }

    pub(super) fn alter_table(&mut self, node: &Node) -> Done {
        let Some(mut name) = node::name_in(node, Kind::TABLE_NAME_REF) else { return Ok(()) };
        let Some(mut table) = self.schema.tables.get(&name).cloned() else {
            let soft = node::has(node, Kind::IF_EXISTS)
                || self.schema.views.contains_key(&name)
                || self.relations.contains(&name);
            return if soft { Ok(()) } else { Err(self.missing("table", &name)) };
        };
        let own = name.clone();
        let no_column = |column: &str| Fail {
            kind: "no-such-object",
            message: format!("There is no column `{column}` in `{}`, so this statement fails.", own.name),
        };
        for action in node.children() {
            match action.kind() {
                Kind::ADD_COLUMN => {
                    let made = self.column(&name, &action)?;
                    if table.columns.iter().any(|known| known.name == made.name) {
                        if node::has(&action, Kind::IF_NOT_EXISTS) {
                            continue;
                        }
                        return Err(Fail::duplicate(format!("The column `{}`", made.name)));
                    }
                    let column = made.name.clone();
                    table.columns.push(made);
                    for written in action.children().filter(|child| constraint::is_constraint(child.kind())) {
                        self.add_constraint(&name, &mut table, Some(&column), &written)?;
                    }
                }
                Kind::DROP_COLUMN => {
                    let column = node::word_in(&action, Kind::COLUMN_NAME_REF).unwrap_or_default();
                    if !table.columns.iter().any(|known| known.name == column) {
                        if node::has(&action, Kind::IF_EXISTS) {
                            continue;
                        }
                        return Err(no_column(&column));
                    }
                    self.free_column(&name, &mut table, &column, node::has(&action, Kind::CASCADE))?;
                    table.columns.retain(|known| known.name != column);
                    table.indexes.retain(|index| {
                        !index.columns.contains(&column) && !index.mentions.contains(&column)
                    });
                    table.constraints.retain(|_, constraint| {
                        !constraint.columns().contains(&column) && !constraint.mentions(&column)
                    });
                    table.settle();
                }
                Kind::ALTER_COLUMN => {
                    let column = node::word_in(&action, Kind::COLUMN_NAME_REF).unwrap_or_default();
                    let known = table.columns.iter_mut().find(|known| known.name == column);
                    let known = known.ok_or_else(|| no_column(&column))?;
                    for option in action.children() {
                        match option.kind() {
                            Kind::SET_TYPE => {
                                let written = kind::of(&option).ok_or_else(|| self.unclear("This type"))?;
                                if let Some(own) = &written.own {
                                    self.type_exists(own)?;
                                }
                                // PostgreSQL refuses to change the type of a column that a policy or a view reads.
                                self.unread(&name, &column)?;
                                known.kind = written.kind;
                            }
                            Kind::SET_DEFAULT => known.default = default_in(&option),
                            Kind::DROP_DEFAULT => known.default = None,
                            Kind::SET_NOT_NULL => known.required = true,
                            Kind::DROP_NOT_NULL => {
                                if table.primary_key.contains(&column) {
                                    return Err(self.unclear("A primary key without NOT NULL"));
                                }
                                known.required = false;
                            }
                            _ => {}
                        }
                    }
                }
                Kind::ADD_CONSTRAINT => {
                    for written in action.children().filter(|child| constraint::is_constraint(child.kind())) {
                        self.add_constraint(&name, &mut table, None, &written)?;
                    }
                }
                Kind::DROP_CONSTRAINT => {
                    let constraint = node::word_in(&action, Kind::CONSTRAINT_NAME_REF).unwrap_or_default();
                    if table.constraints.remove(&constraint).is_none() && !node::has(&action, Kind::IF_EXISTS)
                    {
                        return Err(Fail {
                            kind: "no-such-object",
                            message: format!(
                                "There is no constraint `{constraint}`, so this statement fails."
                            ),
                        });
                    }
                    table.settle();
                }
                Kind::ENABLE_RLS => table.row_security = true,
                Kind::DISABLE_RLS => {
                    table.row_security = false;
                    table.row_security_off = Some(self.at);
                }
                Kind::RENAME_COLUMN => {
                    let from = node::word_in(&action, Kind::COLUMN_NAME_REF).unwrap_or_default();
                    let to = node::word_in(&action, Kind::COLUMN_NAME).unwrap_or_default();
                    if !table.columns.iter().any(|known| known.name == from) {
                        return Err(no_column(&from));
                    }
                    if table.columns.iter().any(|known| known.name == to) {
                        return Err(Fail::duplicate(format!("The column `{to}`")));
                    }
                    table.rename_column(&from, &to);
                }
                Kind::TABLE_RENAME_TO => {
                    let to = node::name_in(&action, Kind::TABLE_NAME).map(|to| to.name).unwrap_or_default();
                    let to = Name { schema: name.schema.clone(), name: to };
                    if self.schema.tables.contains_key(&to) {
                        return Err(Fail::duplicate(format!("The table `{}`", to.name)));
                    }
                    self.schema.tables.remove(&name);
                    for other in self.schema.tables.values_mut() {
                        other.retarget(&name, &to);
                    }
                    for trigger in self.schema.triggers.iter_mut().filter(|trigger| trigger.table == name) {
                        trigger.table = to.clone();
                    }
                    name = to;
                }
                _ => {}
            }
        }
        self.schema.tables.insert(name, table);
        Ok(())
    }

    /// Makes sure that nothing else needs a column, or takes it away with CASCADE.
    fn free_column(&mut self, name: &Name, table: &mut Table, column: &str, cascade: bool) -> Done {
        let key = (name.clone(), column.to_owned());
        let needs = |policy: &crate::Policy| policy.reads.columns.contains(&key);
        if !cascade {
            self.unread(name, column)?;
            if table.policies.iter().any(needs) {
                return Err(Fail {
                    kind: "no-such-object",
                    message: format!(
                        "A policy needs the column `{column}`, so it cannot be dropped without CASCADE."
                    ),
                });
            }
        }
        table.policies.retain(|policy| !needs(policy));
        for (other, table) in &mut self.schema.tables {
            if other != name {
                table.policies.retain(|policy| !needs(policy));
            }
        }
        self.schema.views.retain(|_, view| !view.reads.columns.contains(&key));
        Ok(())
    }

    fn unread(&self, name: &Name, column: &str) -> Done {
        let key = (name.clone(), column.to_owned());
        let mut policies = self.schema.tables.values().flat_map(|table| &table.policies);
        let read = policies.any(|policy| policy.reads.columns.contains(&key))
            || self.schema.views.values().any(|view| view.reads.columns.contains(&key));
        if read {
            return Err(Fail {
                kind: "no-such-object",
                message: format!("A policy or a view needs the column `{column}`, so this statement fails."),
            });
        }
        Ok(())
    }

    pub(super) fn drop_table(&mut self, node: &Node) -> Done {
        let cascade = node::has(node, Kind::CASCADE);
        let names: Vec<_> = node::children(node, Kind::TABLE_NAME_REF).iter().map(node::name).collect();
        for name in &names {
            if !self.schema.tables.contains_key(name) && !node::has(node, Kind::IF_EXISTS) {
                return Err(self.missing("table", name));
            }
        }
        if !cascade {
            for (other, table) in self.schema.tables.iter().filter(|(other, _)| !names.contains(other)) {
                let keyed = table.foreign_keys.iter().any(|key| names.contains(&key.table));
                let read = table
                    .policies
                    .iter()
                    .any(|policy| policy.reads.tables.iter().any(|it| names.contains(it)));
                if keyed || read {
                    return Err(self.needed(&other.name));
                }
            }
            if let Some((view, _)) = self
                .schema
                .views
                .iter()
                .find(|(_, view)| view.reads.tables.iter().any(|it| names.contains(it)))
            {
                return Err(self.needed(&view.name));
            }
            let takes = |function: &crate::Function| {
                let kinds = function
                    .arguments
                    .iter()
                    .map(|(_, kind)| kind.as_str())
                    .chain([function.returns.as_str()]);
                kinds.into_iter().any(|kind| {
                    let own = kind::written(kind.trim_start_matches("setof ")).own;
                    own.is_some_and(|own| names.contains(&own))
                })
            };
            if let Some(function) = self.schema.functions.iter().find(|function| takes(function)) {
                return Err(self.needed(&function.name.name));
            }
        }
        for name in names {
            self.schema.tables.remove(&name);
            self.schema.triggers.retain(|trigger| trigger.table != name);
            self.schema.published.retain(|table| *table != name);
            self.schema.views.retain(|_, view| !view.reads.tables.contains(&name));
            for table in self.schema.tables.values_mut() {
                table
                    .constraints
                    .retain(|_, it| !matches!(it, Constraint::Foreign(key) if key.table == name));
                table.policies.retain(|policy| !policy.reads.tables.contains(&name));
                table.settle();
            }
        }
        Ok(())
    }

    pub(super) fn needed(&self, by: &str) -> Fail {
        Fail {
            kind: "no-such-object",
            message: format!("`{by}` needs it, so it cannot be dropped without CASCADE."),
        }
    }
}

/// The default that a clause sets. `NULL` is none: PostgreSQL keeps nothing for it.
fn default_in(clause: &Node) -> Option<String> {
    let written = quotes::plain(&node::text(&node::expression(clause)?));
    let value = written.split("::").next().unwrap_or_default().trim();
    (!value.eq_ignore_ascii_case("null")).then_some(written)
}

/// Whether a table lives no longer than the session that makes it.
fn of_session(node: &Node) -> bool {
    node.children_with_tokens().any(|part| matches!(part.kind(), Kind::TEMP_KW | Kind::TEMPORARY_KW))
        || node::text(node).get(..20).is_some_and(|head| head.to_ascii_lowercase().contains(" temp"))
}

//! GRANT and REVOKE.

use super::{Done, Replay, policy};
use crate::Grant;
use crate::sql::node::{self, Kind, Node};

impl Replay {
    pub(super) fn grant(&mut self, node: &Node) -> Done {
        let revoked = node.kind() == Kind::REVOKE;
        let Some(on) = node::child(node, Kind::ON_PRIVILEGE_OBJECTS_CLAUSE) else { return Ok(()) };
        let roles: Vec<_> = node::child(node, Kind::ROLE_REF_LIST)
            .map(|list| node::children(&list, Kind::ROLE_REF).iter().map(policy::role).collect())
            .unwrap_or_default();
        let text = node::text(&on).to_ascii_lowercase();
        let words: Vec<_> = text.split_whitespace().collect();
        let functions: Option<Vec<usize>> =
            if matches!(words.get(1), Some(&("function" | "procedure" | "routine"))) {
                let mut found = Vec::new();
                for signature in on.descendants().filter(|it| {
                    matches!(it.kind(), Kind::FUNCTION_SIG | Kind::PROCEDURE_SIG | Kind::ROUTINE_SIG)
                }) {
                    let signed = self.signed(&signature);
                    if signed.is_empty() {
                        let name = signature.children().next().map(|it| node::name(&it));
                        return match name {
                            Some(name) if !super::platform::owns(&name.schema) => {
                                Err(self.missing("function", &name))
                            }
                            _ => Ok(()),
                        };
                    }
                    found.extend(signed);
                }
                Some(found)
            } else if text.contains("all functions") || text.contains("all routines") {
                Some((0..self.schema.functions.len()).collect())
            } else {
                None
            };
        if let Some(functions) = functions {
            for at in functions {
                self.schema.functions[at].execute(&roles, revoked);
            }
            return Ok(());
        }
        let all = node::has(node, Kind::ALL_PRIVILEGES);
        let list = node::child(node, Kind::REVOKE_COMMAND_LIST);
        let commands: Vec<_> =
            list.map(|list| node::children(&list, Kind::REVOKE_COMMAND)).unwrap_or_default();
        let mut grants: Vec<Grant> = commands
            .iter()
            .map(|command| Grant {
                revoked,
                privileges: vec![
                    node::text(command).split([' ', '(', '\n']).next().unwrap_or("").to_ascii_lowercase(),
                ],
                columns: node::child(command, Kind::COLUMN_REF_LIST)
                    .map(|list| node::words_in(&list, Kind::COLUMN_NAME_REF))
                    .unwrap_or_default(),
                roles: roles.clone(),
            })
            .collect();
        if all || grants.is_empty() {
            grants = vec![Grant { revoked, privileges: vec!["all".to_owned()], columns: Vec::new(), roles }];
        }
        let names: Vec<_> = if text.contains("all tables in schema") {
            let of =
                |name: &crate::Name| words.iter().any(|word| word.trim_matches([',', '"']) == name.schema);
            self.schema
                .tables
                .keys()
                .chain(self.schema.views.keys())
                .filter(|name| of(name))
                .cloned()
                .collect()
        } else if matches!(
            words.get(1),
            Some(&("schema" | "sequence" | "type" | "all" | "database" | "language" | "foreign"))
        ) {
            return Ok(());
        } else {
            let kinds = [Kind::RELATION_NAME_REF, Kind::TABLE_NAME_REF];
            on.descendants().filter(|it| kinds.contains(&it.kind())).map(|it| node::name(&it)).collect()
        };
        for name in &names {
            let known = self.schema.tables.contains_key(name)
                || self.schema.views.contains_key(name)
                || self.relations.contains(name)
                || super::platform::owns(&name.schema)
                || name.name.ends_with("_seq");
            if !known {
                return Err(self.missing("table", name));
            }
        }
        for name in names {
            if let Some(table) = self.schema.tables.get_mut(&name) {
                table.grants.extend(grants.iter().cloned());
            } else if let Some(view) = self.schema.views.get_mut(&name) {
                view.grants.extend(grants.iter().cloned());
            }
        }
        Ok(())
    }
}

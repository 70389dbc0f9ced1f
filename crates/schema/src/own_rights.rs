//! What a policy leads to beyond its rows: a question that asks itself, and rights that users give themselves.

use crate::{Name, Policy, Schema};
use std::collections::BTreeSet;

impl Schema {
    /// Whether a query of the table asks this policy, which queries the table again.
    pub fn recurses(&self, name: &Name, policy: &Policy) -> bool {
        let seen = |policy: &Policy| matches!(policy.command.as_str(), "all" | "select");
        // INSERT alone is not asked when its own subquery reads the table: the policies for SELECT are.
        let mut waiting: Vec<&Name> = policy.reads.tables.iter().collect();
        let mut reached = BTreeSet::new();
        if !seen(policy) && !policy.reads.tables.is_empty() && !policy.reads.tables.contains(name) {
            return false;
        }
        while let Some(next) = waiting.pop() {
            if next == name {
                if seen(policy) {
                    return true;
                }
                // The policies that the inner read meets decide.
                let table = self.tables.get(name);
                return table.is_some_and(|table| {
                    table
                        .policies
                        .iter()
                        .any(|other| seen(other) && other.name != policy.name && self.recurses(name, other))
                });
            }
            let Some(table) =
                self.tables.get(next).filter(|table| table.row_security && reached.insert(next.clone()))
            else {
                continue;
            };
            waiting.extend(
                table.policies.iter().filter(|policy| seen(policy)).flat_map(|policy| &policy.reads.tables),
            );
        }
        false
    }

    /// Whether reading the table fails, for its policies ask it again, by themselves or through those of other tables.
    pub fn circular(&self, name: &Name) -> bool {
        let mut waiting = vec![name];
        let mut reached = BTreeSet::new();
        while let Some(next) = waiting.pop() {
            let Some(table) =
                self.tables.get(next).filter(|table| table.row_security && reached.insert(next))
            else {
                continue;
            };
            let asked =
                table.policies.iter().filter(|policy| matches!(policy.command.as_str(), "all" | "select"));
            for policy in asked {
                if self.recurses(next, policy) {
                    return true;
                }
                waiting.extend(&policy.reads.tables);
            }
        }
        false
    }

    /// Privileged columns that the owner of a row may write through `policy`: those that no column grant, no trigger and no
    /// part of the check keeps.
    pub fn self_granted(&self, name: &Name, policy: &Policy) -> Vec<String> {
        let Some(table) = self.tables.get(name) else { return Vec::new() };
        let privilege = match policy.command.as_str() {
            "update" | "all" => "update",
            // A row that the sign-up trigger has made already cannot be inserted a second time.
            "insert" if !self.made_at_sign_up(name) => "insert",
            _ => return Vec::new(),
        };
        let check = policy.check.as_deref().unwrap_or_default();
        let pinned = |column: &str| {
            let named = check.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == column);
            named || self.guarded(name, column)
        };
        let owners = self.owners(name);
        let columns = self.privileged(name).into_iter().filter(|column| !owners.contains(column));
        columns
            .filter(|column| {
                policy_roles(policy).any(|role| table.may_write(role, privilege, column)) && !pinned(column)
            })
            .collect()
    }

    /// Whether a trigger refuses a change of the column, or takes it back.
    fn guarded(&self, name: &Name, column: &str) -> bool {
        let triggers = self.triggers.iter().filter(|trigger| trigger.table == *name && trigger.before);
        let bodies = triggers.filter_map(|trigger| {
            self.functions
                .iter()
                .find(|function| function.name == trigger.function)
                .map(|function| function.body.to_lowercase())
        });
        bodies.into_iter().any(|body| {
            let flat: String = body.split_whitespace().collect();
            let back = [format!("new.{column}:=old.{column}"), format!("new.{column}=old.{column}")];
            let refused = flat.contains("raiseexception") && flat.contains(&format!("new.{column}"));
            refused || back.iter().any(|text| flat.contains(text))
        })
    }

    fn made_at_sign_up(&self, name: &Name) -> bool {
        let joins = self
            .triggers
            .iter()
            .filter(|trigger| trigger.table.schema == "auth" && trigger.table.name == "users");
        joins.into_iter().any(|trigger| {
            self.functions.iter().any(|function| {
                function.name == trigger.function && words_of(&function.body).any(|word| word == name.name)
            })
        })
    }
}

fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
}

fn policy_roles(policy: &Policy) -> impl Iterator<Item = &str> {
    policy.roles.iter().map(|role| if role == "public" { "authenticated" } else { role.as_str() })
}

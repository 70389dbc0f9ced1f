//! Policies: created, altered, dropped.

use super::{Done, Fail, Replay, reads};
use crate::sql::node::{self, Kind, Node};
use crate::sql::quotes;
use crate::{Name, Policy, Reads};

impl Replay {
    pub(super) fn create_policy(&mut self, node: &Node) -> Done {
        let table = self.policy_table(node)?;
        let Some(name) = node::child(node, Kind::POLICY).and_then(|name| node::path(&name).pop()) else {
            return Err(self.unclear("This policy"));
        };
        if self.schema.tables[&table].policies.iter().any(|known| known.name == name) {
            return Err(Fail::duplicate(format!("The policy \"{name}\" on `{}`", table.name)));
        }
        let kind = node::child(node, Kind::AS_POLICY_TYPE).map(|kind| node::text(&kind).to_ascii_lowercase());
        let command =
            node::child(node, Kind::POLICY_COMMAND).map(|command| node::text(&command).to_ascii_lowercase());
        let command =
            command.as_deref().and_then(|text| text.split_whitespace().last()).unwrap_or("all").to_owned();
        let (using, check, reads) = self.expressions(&table, node)?;
        if command == "insert" && using.is_some() {
            return Err(Fail {
                kind: "not-understood",
                message: "A policy for INSERT takes WITH CHECK only, so this statement fails.".to_owned(),
            });
        }
        if matches!(command.as_str(), "select" | "delete") && check.is_some() {
            return Err(Fail {
                kind: "not-understood",
                message: "WITH CHECK does not apply to SELECT or DELETE, so this statement fails.".to_owned(),
            });
        }
        let policy = Policy {
            name,
            span: Some(self.at),
            command,
            roles: roles(node).unwrap_or_else(|| vec!["public".to_owned()]),
            permissive: !kind.is_some_and(|kind| kind.ends_with("restrictive")),
            using,
            check,
            reads,
        };
        if let Some(table) = self.schema.tables.get_mut(&table) {
            table.policies.push(policy);
        }
        Ok(())
    }

    fn policy_table(&self, node: &Node) -> Result<Name, Fail> {
        let on = node::child(node, Kind::ON_TABLE).or_else(|| node::child(node, Kind::ON_RELATION));
        let name = on.and_then(|on| on.children().next().map(|name| node::name(&name)));
        let name = name.ok_or_else(|| self.unclear("This policy"))?;
        if self.schema.tables.contains_key(&name) { Ok(name) } else { Err(self.missing("table", &name)) }
    }

    /// USING and WITH CHECK, and what they read.
    fn expressions(
        &self,
        table: &Name,
        node: &Node,
    ) -> Result<(Option<String>, Option<String>, Reads), Fail> {
        let mut all = Reads::default();
        let mut texts = [None, None];
        for (text, kind) in texts.iter_mut().zip([Kind::USING_EXPR_CLAUSE, Kind::WITH_CHECK_EXPR_CLAUSE]) {
            let Some(clause) = node::child(node, kind) else { continue };
            let reads = reads::of_expression(&self.schema, table, &clause);
            self.readable(&reads)?;
            all.add(Reads::of(reads));
            // The expression as it stands between the parentheses of the clause.
            let written = node::text(&clause);
            let inner = written.find('(').map(|open| written[open + 1..].trim_end_matches([';', ' ', '\n']));
            *text = inner.and_then(|inner| inner.strip_suffix(')')).map(|inner| quotes::plain(inner.trim()));
        }
        let [using, check] = texts;
        Ok((using, check, all))
    }

    pub(super) fn alter_policy(&mut self, node: &Node) -> Done {
        let table = self.policy_table(node)?;
        let name =
            node::child(node, Kind::POLICY_REF).and_then(|name| node::path(&name).pop()).unwrap_or_default();
        let missing = Fail {
            kind: "no-such-object",
            message: format!("There is no policy \"{name}\" on `{}`, so this statement fails.", table.name),
        };
        let renamed =
            node::find(node, Kind::POLICY_RENAME_TO).and_then(|to| node::word_in(&to, Kind::POLICY));
        let action = node::child(node, Kind::ALTER_POLICY_TO);
        let changed = match &action {
            Some(action) => Some((roles(action), self.expressions(&table, action)?)),
            None => None,
        };
        let at = self.at;
        let table = self.schema.tables.get_mut(&table);
        let policy = table.and_then(|table| table.policies.iter_mut().find(|known| known.name == name));
        let Some(policy) = policy else { return Err(missing) };
        if let Some(to) = renamed {
            policy.name = to;
        }
        if let Some((roles, (using, check, reads))) = changed {
            policy.roles = roles.unwrap_or_else(|| std::mem::take(&mut policy.roles));
            policy.using = using.or_else(|| policy.using.take());
            policy.check = check.or_else(|| policy.check.take());
            policy.reads.add(reads);
            policy.span = Some(at);
        }
        Ok(())
    }

    pub(super) fn drop_policy(&mut self, node: &Node) -> Done {
        let soft = node::has(node, Kind::IF_EXISTS);
        let table = match self.policy_table(node) {
            Ok(table) => table,
            // PostgreSQL lets the missing table pass as well.
            Err(_) if soft => return Ok(()),
            Err(fail) => return Err(fail),
        };
        let name =
            node::child(node, Kind::POLICY_REF).and_then(|name| node::path(&name).pop()).unwrap_or_default();
        let Some(known) = self.schema.tables.get_mut(&table) else { return Ok(()) };
        let before = known.policies.len();
        known.policies.retain(|policy| policy.name != name);
        if known.policies.len() == before && !soft {
            return Err(Fail {
                kind: "no-such-object",
                message: format!(
                    "There is no policy \"{name}\" on `{}`, so this statement fails.",
                    table.name
                ),
            });
        }
        Ok(())
    }
}

fn roles(node: &Node) -> Option<Vec<String>> {
    let list = node::child(node, Kind::POLICY_ROLES)?;
    Some(node::children(&node::child(&list, Kind::ROLE_REF_LIST)?, Kind::ROLE_REF).iter().map(role).collect())
}

/// The name of a role, `current_user` and its like in lower case.
pub(super) fn role(node: &Node) -> String {
    node::path(node).pop().unwrap_or_default()
}

//! What a policy leads to beyond its rows: a question that asks itself, and rights that users give themselves, with the columns
//! that hold them.

use crate::holdings::of_users;
use crate::lexicon::words;
use crate::lexicon::{MEMBERSHIP, TALK};
use crate::predicate::{Ask, Predicate};
use crate::{Column, Grant, Name, Policy, Schema, Table, View};
use std::collections::BTreeSet;

impl Schema {
    /// The columns that decide what somebody may do or has paid for.
    pub fn privileged(&self, name: &Name) -> Vec<String> {
        let Some(table) = self.tables.get(name) else { return Vec::new() };
        let users = of_users(name, table);
        let said = words(&name.name);
        // The people that somebody does business with, many to one: their state is that person's to say.
        let listed = name.name == "customers" && !table.is_one_each();
        // By what a browser is rung up, nobody pays.
        let pushed = said.iter().any(|word| word == "push");
        let (member, talk) = (MEMBERSHIP.has_any(&said), TALK.has_any(&said));
        let mut found: Vec<String> = Vec::new();
        for column in &table.columns {
            let all = words(&column.name);
            let has = |wanted: &[&str]| all.iter().any(|word| wanted.contains(&word.as_str()));
            let values = self.values(table, column);
            let among = |wanted: &[&str]| values.iter().any(|value| wanted.contains(&value.as_str()));
            let name = column.name.as_str();
            let structured =
                matches!(column.kind.as_str(), "jsonb" | "json" | "timestamp with time zone" | "date");
            let flag = all.first().is_some_and(|first| first == "is")
                && has(&[
                    "premium",
                    "pro",
                    "admin",
                    "verified",
                    "banned",
                    "approved",
                    "staff",
                    "superuser",
                    "vip",
                    "blocked",
                    "suspended",
                ]);
            let role = matches!(
                name,
                "role"
                    | "roles"
                    | "permissions"
                    | "user_role"
                    | "app_role"
                    | "user_type"
                    | "account_type"
                    | "rol"
                    | "tipo_usuario"
            ) && (users || member)
                && !talk
                && !among(&["assistant", "system"])
                && !(matches!(name, "user_type" | "account_type") && self.is_kind(table, column));
            let plan = matches!(
                name,
                "plan" | "tier" | "plan_type" | "plan_id" | "membership_tier" | "subscription"
            ) && (users || member)
                && !structured
                && !pushed;
            let balance = has(&["credits", "balance", "quota"])
                && !structured
                && !has(&["load", "used"])
                && !table.keeps_books()
                && (users || member || has(&["credits"]));
            let billed = all.first().is_some_and(|first| first == "subscription" || first == "stripe")
                && !pushed
                && (users || member);
            let status = name == "status"
                && (among(&["approved", "paid", "admin"])
                    || among(&["active"]) && (users && !listed || member));
            if flag || role || plan || balance || billed || status {
                found.push(column.name.clone());
            }
        }
        for column in self.deciding(name).into_iter().chain(self.spent(name)) {
            if !found.contains(&column) {
                found.push(column);
            }
        }
        found
    }

    /// What users have left, and what else is counted with it: numbers of a table of users that a function with its owner's rights takes
    /// something from, in one statement with others that it adds to.
    fn spent(&self, name: &Name) -> Vec<String> {
        let Some(table) = self.tables.get(name).filter(|table| of_users(name, table)) else {
            return Vec::new();
        };
        let numbers = ["integer", "bigint", "smallint", "numeric", "real", "double"];
        let is_number = |column: &&Column| numbers.iter().any(|kind| column.kind.starts_with(kind));
        let mut found = Vec::new();
        for function in self.functions.iter().filter(|function| function.definer) {
            for statement in function.body.to_lowercase().split(';') {
                let flat = statement.split_whitespace().collect::<Vec<_>>().join(" ");
                let Some((before, set)) = flat.split_once(" set ") else { continue };
                let updated = before.rsplit_once("update ").map(|(_, table)| unqualified(table));
                if updated.is_none_or(|table| table.split(' ').next() != Some(name.name.as_str())) {
                    continue;
                }
                let set = unqualified(set.split(" where ").next().unwrap_or_default());
                let set = format!(
                    ",{}",
                    set.replace([' ', '(', ')'], "").replace("greatest", "").replace("coalesce", "")
                );
                // `a = a - 1`, `a = greatest(0, a - 1)`, `a = coalesce(a, 0) - 1`.
                let counted = |column: &str, sign: &str| {
                    [
                        format!(",{column}={column}{sign}"),
                        format!(",{column}=0,{column}{sign}"),
                        format!(",{column}={column},0{sign}"),
                    ]
                    .iter()
                    .any(|form| set.contains(form.as_str()))
                };
                let columns: Vec<_> =
                    table.columns.iter().filter(is_number).map(|column| &column.name).collect();
                if columns.iter().any(|column| counted(column, "-")) {
                    let of_it =
                        columns.into_iter().filter(|column| counted(column, "-") || counted(column, "+"));
                    found.extend(of_it.cloned());
                }
            }
        }
        found
    }

    /// Columns of a table of users that policies look up, by the visitor's own row, to decide.
    fn deciding(&self, name: &Name) -> Vec<String> {
        let Some(table) = self.tables.get(name).filter(|table| of_users(name, table)) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for (other, policy) in self
            .tables
            .iter()
            .flat_map(|(other, table)| table.policies.iter().map(move |policy| (other, policy)))
        {
            let texts: Vec<_> = policy.using.iter().chain(&policy.check).collect();
            let member = |text: &&String| {
                Predicate::of(self, other, text).any.iter().flatten().any(|ask| *ask == Ask::Member)
            };
            if !texts.iter().any(member) || !(policy.reads.tables.contains(name)) {
                continue;
            }
            for (_, column) in policy.reads.columns.iter().filter(|(of, _)| of == name) {
                let kind = table.column(column).map_or("", |column| column.kind.as_str());
                let state = kind == "boolean"
                    || self.enums.keys().any(|name| name.name == kind)
                    || kind == "text" && words(column).iter().any(|word| word == "role");
                if state && !found.contains(column) {
                    found.push(column.clone());
                }
            }
        }
        for column in &table.columns {
            let state = column.kind == "boolean" && !found.contains(&column.name);
            if state && self.lets_through(name, &column.name) {
                found.push(column.name.clone());
            }
        }
        found
    }

    /// Whether a function that says yes or no, and that a policy asks about the visitor, looks the column up in the visitor's row to say so.
    fn lets_through(&self, table: &Name, column: &str) -> bool {
        let policies = self.tables.values().flat_map(|table| &table.policies);
        let asked: BTreeSet<&Name> = policies.flat_map(|policy| &policy.reads.functions).collect();
        let answers = self.functions.iter().filter(|function| {
            asked.contains(&function.name) && function.definer && function.returns == "boolean"
        });
        let mut bodies = answers.map(|function| function.body.to_lowercase());
        bodies.any(|body| {
            let body = body.lines().map(|line| line.split("--").next().unwrap_or_default());
            let body = body.collect::<Vec<_>>().join("\n");
            // The first table that is read is the one whose row is looked up.
            let read = body.split(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '.' | '"'));
            let mut words = read.filter(|word| !word.is_empty()).map(|word| word.replace('"', ""));
            let mut from = Vec::new();
            while let Some(word) = words.next() {
                if matches!(word.as_str(), "from" | "join") {
                    from.extend(words.next());
                }
            }
            let only = |read: &String| read.trim_start_matches("public.") == table.name;
            from.iter().any(only) && words_of(&body).any(|word| word == column)
        })
    }

    /// Whether the column of that name says only of which kind somebody is, wherever there is one.
    pub fn is_of_kinds(&self, column: &str) -> bool {
        let mut found =
            self.tables.values().filter_map(|table| Some((table, table.column(column)?))).peekable();
        found.peek().is_some() && found.all(|(table, column)| self.is_kind(table, column))
    }

    /// Whether a column takes a few values of which none rules others, and nothing in the database asks for it.
    fn is_kind(&self, table: &Table, column: &Column) -> bool {
        const RULES: &[&str] =
            &["admin", "owner", "staff", "moderator", "super", "manager", "root", "employee"];
        let values = self.values(table, column);
        let rules = |value: &String| RULES.iter().any(|word| value.to_lowercase().contains(word));
        let flat = |text: &str| text.split_whitespace().collect::<String>().to_lowercase();
        let asks = |text: &str| {
            let text = flat(text);
            ["='", "in(", "<>'", "!='", "=any", "notin("]
                .iter()
                .any(|after| text.contains(&format!("{}{after}", column.name)))
        };
        let policies = self.tables.values().flat_map(|table| &table.policies);
        !values.is_empty()
            && !values.iter().any(rules)
            && !policies.flat_map(|policy| policy.using.iter().chain(&policy.check)).any(|text| asks(text))
            && !self.functions.iter().any(|function| asks(&function.body))
    }

    /// The values that a CHECK or an enum lets a column have.
    fn values(&self, table: &Table, column: &Column) -> Vec<String> {
        let own =
            self.enums.iter().find(|(name, _)| name.name == column.kind).map(|(_, values)| values.clone());
        if let Some(values) = own {
            return values;
        }
        let of_column = |check: &&String| {
            check.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == column.name)
        };
        let checks = table.checks.iter().filter(of_column);
        checks
            .flat_map(|check| check.split('\'').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>())
            .collect()
    }

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
        // A row that the sign-up trigger has made already cannot be inserted a second time.
        let inserted = !self.made_at_sign_up(name);
        let privileges: &[&str] = match policy.command.as_str() {
            "all" if inserted => &["update", "insert"],
            "update" | "all" => &["update"],
            "insert" if inserted => &["insert"],
            _ => return Vec::new(),
        };
        let check = policy.check.as_deref().unwrap_or_default();
        let pinned = |column: &str, privilege: &str| {
            let named = check.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == column);
            named || self.guarded(name, column, privilege)
        };
        let owners = self.owners(name);
        let columns = self.privileged(name).into_iter().filter(|column| !owners.contains(column));
        columns
            .filter(|column| {
                privileges.iter().any(|privilege| {
                    policy_roles(policy).any(|role| table.may_write(role, privilege, column))
                        && !pinned(column, privilege)
                })
            })
            .collect()
    }

    /// Whether a trigger refuses what `privilege` (`insert` or `update`) does to the column, or takes it back.
    pub fn guarded(&self, name: &Name, column: &str, privilege: &str) -> bool {
        let triggers = self
            .triggers
            .iter()
            .filter(|trigger| trigger.table == *name && trigger.before && trigger.events.contains(privilege));
        let bodies = triggers.filter_map(|trigger| {
            self.functions
                .iter()
                .find(|function| function.name == trigger.function)
                .map(|function| function.body.to_lowercase())
        });
        bodies.into_iter().any(|body| {
            let flat: String = body.split_whitespace().collect();
            if privilege == "insert" && flat.contains("tg_op='update'") {
                return false;
            }
            // What it asks of a new row, it does not ask of a change.
            let flat = match flat.split_once("iftg_op='insert'then") {
                Some((before, rest)) => match rest.split_once("returnnew;endif;") {
                    Some((asked, _)) if privilege == "insert" => format!("{before}{asked}"),
                    Some((_, asked)) => format!("{before}{asked}"),
                    None => flat,
                },
                None => flat,
            };
            let back = [format!("new.{column}:=old.{column}"), format!("new.{column}=old.{column}")];
            let refused = flat.contains("raiseexception") && flat.contains(&format!("new.{column}"));
            refused || back.iter().any(|text| flat.contains(text))
        })
    }

    /// Whether signing up makes the row of a user.
    pub fn made_at_sign_up(&self, name: &Name) -> bool {
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

impl View {
    /// Whether the API shows it to `role`.
    pub fn shown_to(&self, role: &str) -> bool {
        granted(&self.grants, role, "select", None)
    }
}

impl Table {
    /// Whether each user has one row: by its key, or by what no two rows share.
    fn is_one_each(&self) -> bool {
        let single = |column: &str| {
            self.primary_key == [column] || self.unique.iter().any(|key| key.as_slice() == [column])
        };
        let keyed = self.foreign_keys.iter().any(|key| {
            key.table.schema == "auth" && matches!(key.columns.as_slice(), [only] if single(only))
        });
        keyed || ["user_id", "owner_id"].into_iter().any(single)
    }

    /// Whether users write down here, under names that they give, what they have elsewhere: accounts with banks, envelopes.
    pub fn keeps_books(&self) -> bool {
        let has = |wanted: &[&str]| self.columns.iter().any(|column| wanted.contains(&column.name.as_str()));
        let own = |command: &str| {
            self.policies.iter().any(|policy| {
                let asked = policy.using.iter().chain(&policy.check).any(|text| text.contains("auth.uid()"));
                policy.permissive && asked && (policy.command == command || policy.command == "all")
            })
        };
        has(&["name", "account_name", "title", "nome", "nombre"])
            && has(&["color", "icon", "currency", "bank", "bank_name", "institution", "type", "account_type"])
            && has(&["user_id", "owner_id"])
            && !self.is_one_each()
            && own("insert")
            && own("delete")
    }

    /// Whether `role` may write the column: `insert` or `update`.
    pub fn may_write(&self, role: &str, privilege: &str, column: &str) -> bool {
        granted(&self.grants, role, privilege, Some(column))
    }
}

/// Whether `role` has the privilege, on a whole table or view or on the column. The platform grants whole ones; a REVOKE takes that
/// away, and grants of columns give back.
fn granted(grants: &[Grant], role: &str, privilege: &str, column: Option<&str>) -> bool {
    let (mut whole, mut given) = (true, false);
    for grant in grants.iter().filter(|grant| grant.roles.iter().any(|to| to == role)) {
        if !grant.privileges.iter().any(|known| known == privilege || known == "all") {
            continue;
        }
        match (grant.revoked, grant.columns.is_empty()) {
            (revoked, true) => {
                whole = !revoked;
                given &= !revoked;
            }
            (revoked, false) if grant.columns.iter().any(|known| Some(known.as_str()) == column) => {
                given = !revoked;
            }
            _ => {}
        }
    }
    whole || given
}

/// Names without what stands before their dots, and without quotes.
fn unqualified(text: &str) -> String {
    let (mut made, mut word) = (String::new(), 0);
    for letter in text.chars().filter(|letter| *letter != '"') {
        match letter {
            '.' => made.truncate(word),
            letter => {
                made.push(letter);
                if !letter.is_alphanumeric() && letter != '_' {
                    word = made.len();
                }
            }
        }
    }
    made
}

fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
}

fn policy_roles(policy: &Policy) -> impl Iterator<Item = &str> {
    policy.roles.iter().map(|role| if role == "public" { "authenticated" } else { role.as_str() })
}

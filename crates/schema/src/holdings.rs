//! What a table holds, by its names and keys: rows of somebody, personal data, secrets, money, privileges.
//!
//! Names are words of the field, so all of this is likely and none of it certain.

use crate::lexicon::{CODES, MONEY, PERSONAL, PRIVATE, SECRET, USERS};
use crate::predicate::{Ask, Predicate};
use crate::{Column, Name, Schema, Table};

/// What a table holds: columns by what they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holdings {
    /// Columns that name the user whose row it is.
    pub owners: Vec<String>,
    /// Data about a person: addresses, birth dates, health.
    pub personal: Vec<String>,
    /// Passwords, tokens, keys.
    pub secret: Vec<String>,
    /// Amounts and balances.
    pub money: Vec<String>,
    /// What decides what somebody may do: roles, plans, balances. See [`Schema::privileged`].
    pub privileged: Vec<String>,
    /// One row for each user: profiles, accounts, members.
    pub of_users: bool,
    /// By its name something that others must not read: messages, orders, prescriptions.
    pub private: bool,
    /// Codes that are worth something to whoever knows them: coupons, invitations.
    pub codes: bool,
}

impl Schema {
    /// What the table holds.
    pub fn holdings(&self, name: &Name) -> Holdings {
        let Some(table) = self.tables.get(name) else { return Holdings::default() };
        let of_users = of_users(name, table);
        let pick = |fits: &dyn Fn(&Column, &[String]) -> bool| {
            let columns = table.columns.iter().filter(|column| fits(column, &words(&column.name)));
            columns.map(|column| column.name.clone()).collect::<Vec<_>>()
        };
        Holdings {
            owners: self.owners(name),
            personal: pick(&|column, words| {
                words.iter().any(|word| PERSONAL.contains(&word.as_str()))
                    && !words
                        .iter()
                        .any(|word| matches!(word.as_str(), "verified" | "sent" | "template" | "count"))
                    && column.kind != "boolean"
            }),
            secret: pick(&|column, words| {
                let joined = words.join("_");
                let said = words.iter().any(|word| SECRET.contains(&word.as_str()))
                    || ["api_key", "access_key", "private_key", "card_number", "account_number"]
                        .iter()
                        .any(|known| joined.contains(known));
                said && !words.iter().any(|word| {
                    matches!(
                        word.as_str(),
                        "count" | "used" | "limit" | "type" | "price" | "url" | "link" | "name" | "expires"
                    )
                }) && !words.iter().any(|word| {
                    // The print of a thing, by which it is found again.
                    words.iter().any(|word| word == "hash")
                        && matches!(
                            word.as_str(),
                            "image" | "file" | "content" | "perceptual" | "block" | "commit" | "query"
                        )
                }) && column.kind != "boolean"
            }),
            money: pick(&|column, words| {
                let number = ["numeric", "integer", "bigint", "money", "real", "double"];
                words.iter().any(|word| MONEY.contains(&word.as_str()))
                    && number.iter().any(|kind| column.kind.starts_with(kind))
            }),
            privileged: self.privileged(name),
            of_users,
            private: is_private(name),
            codes: words(&name.name).iter().any(|word| CODES.contains(&word.as_str()))
                && table.columns.iter().any(|column| words(&column.name).iter().any(|word| word == "code")),
        }
    }

    /// The columns that name the user whose row it is, the surest first: keys to the users or to their profiles, then
    /// columns that are called so.
    pub fn owners(&self, name: &Name) -> Vec<String> {
        let Some(table) = self.tables.get(name) else { return Vec::new() };
        let users = Name { schema: "auth".to_owned(), name: "users".to_owned() };
        let to_user = |table: &Table, column: &str| {
            table.foreign_keys.iter().any(|key| key.table == users && key.columns == [column])
        };
        let mut found = Vec::new();
        for key in table.foreign_keys.iter().filter(|key| key.columns.len() == 1) {
            let through = self.tables.get(&key.table).is_some_and(|other| {
                let referenced = key.referenced.first().or(other.primary_key.first());
                key.table != *name && referenced.is_some_and(|column| to_user(other, column))
            });
            if (key.table == users || through) && is_owner_word(&key.columns[0]) {
                found.push(key.columns[0].clone());
            }
        }
        for column in &table.columns {
            let called = matches!(
                column.name.as_str(),
                "user_id"
                    | "owner_id"
                    | "created_by"
                    | "author_id"
                    | "userId"
                    | "ownerId"
                    | "owner"
                    | "auth_user_id"
                    | "auth_id"
            );
            if called && matches!(column.kind.as_str(), "uuid" | "text") && !found.contains(&column.name) {
                found.push(column.name.clone());
            }
        }
        // What the table's own policies compare with the visitor owns as well.
        for policy in &table.policies {
            for text in policy.using.iter().chain(&policy.check) {
                for owner in Predicate::of(self, name, text).owners() {
                    if !found.iter().any(|known| known == owner) {
                        found.push(owner.to_owned());
                    }
                }
            }
        }
        found
    }

    /// The columns that decide what somebody may do or has paid for.
    pub fn privileged(&self, name: &Name) -> Vec<String> {
        let Some(table) = self.tables.get(name) else { return Vec::new() };
        let users = of_users(name, table);
        let member = words(&name.name).iter().any(|word| {
            matches!(
                word.as_str(),
                "role"
                    | "roles"
                    | "member"
                    | "members"
                    | "membership"
                    | "memberships"
                    | "subscription"
                    | "subscriptions"
                    | "organization"
                    | "organizations"
                    | "wallet"
                    | "wallets"
                    | "credits"
            )
        });
        let talk = words(&name.name).iter().any(|word| {
            matches!(
                word.as_str(),
                "message"
                    | "messages"
                    | "chat"
                    | "chats"
                    | "conversation"
                    | "conversations"
                    | "prompt"
                    | "prompts"
                    | "ai"
            )
        });
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
                "role" | "roles" | "permissions" | "user_role" | "app_role" | "user_type" | "account_type"
            ) && (users || member)
                && !talk
                && !among(&["assistant", "system"]);
            let plan = matches!(
                name,
                "plan" | "tier" | "plan_type" | "plan_id" | "membership_tier" | "subscription"
            ) && (users || member)
                && !structured;
            let balance = has(&["credits", "balance", "quota"])
                && !structured
                && !has(&["load", "used"])
                && (users || member || has(&["credits"]));
            let billed = all.first().is_some_and(|first| first == "subscription" || first == "stripe")
                && (users || member);
            let status = name == "status"
                && (among(&["approved", "paid", "admin"]) || among(&["active"]) && (users || member));
            if flag || role || plan || balance || billed || status {
                found.push(column.name.clone());
            }
        }
        for column in self.deciding(name) {
            if !found.contains(&column) {
                found.push(column);
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
        found
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
}

impl Table {
    /// Whether `role` may write the column: `insert` or `update`. The platform grants whole tables; a REVOKE takes that away,
    /// and grants of columns give back.
    pub fn may_write(&self, role: &str, privilege: &str, column: &str) -> bool {
        let (mut whole, mut given) = (true, false);
        for grant in self.grants.iter().filter(|grant| grant.roles.iter().any(|to| to == role)) {
            if !grant.privileges.iter().any(|known| known == privilege || known == "all") {
                continue;
            }
            match (grant.revoked, grant.columns.is_empty()) {
                (revoked, true) => {
                    whole = !revoked;
                    given &= !revoked;
                }
                (revoked, false) if grant.columns.iter().any(|known| known == column) => given = !revoked,
                _ => {}
            }
        }
        whole || given
    }
}

fn of_users(name: &Name, table: &Table) -> bool {
    let users = Name { schema: "auth".to_owned(), name: "users".to_owned() };
    let keyed = table.foreign_keys.iter().any(|key| {
        key.table == users && (key.columns == table.primary_key || table.unique.contains(&key.columns))
    });
    let all = words(&name.name);
    keyed
        || matches!(all.as_slice(), [only] if USERS.contains(&only.as_str()))
        || matches!(all.as_slice(), [first, last] if first == "user" && matches!(last.as_str(), "profiles" | "profile" | "roles" | "credits" | "accounts" | "plans" | "subscriptions"))
}

fn is_private(name: &Name) -> bool {
    let all = words(&name.name);
    // A list to pick from, not the things themselves.
    let list = |word: &String| {
        matches!(
            word.as_str(),
            "status"
                | "statuses"
                | "type"
                | "types"
                | "category"
                | "categories"
                | "template"
                | "templates"
                | "stage"
                | "stages"
                | "option"
                | "options"
                | "settings"
                | "slots"
                | "rates"
                | "zones"
        )
    };
    all.iter().any(|word| PRIVATE.contains(&word.as_str())) && !all.iter().any(list)
}

fn is_owner_word(column: &str) -> bool {
    // Somebody else may stand in these: who it is assigned to, who approved it.
    !words(column).iter().any(|word| {
        matches!(
            word.as_str(),
            "assigned"
                | "approved"
                | "reviewed"
                | "reviewer"
                | "updated"
                | "invited"
                | "receiver"
                | "recipient"
                | "followed"
                | "following"
                | "target"
                | "referred"
                | "verified"
                | "resolved"
                | "deleted"
        )
    })
}

/// The words of a name, at `_` and at capitals, in lower case.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = '_';
    for letter in name.chars() {
        let starts =
            letter == '_' || letter == '-' || letter == ' ' || letter.is_uppercase() && before.is_lowercase();
        if starts && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if letter.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(letter.to_lowercase());
        }
        before = letter;
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Source;
    use edit::FileId;

    fn schema(sql: &str) -> Schema {
        Schema::of(&[Source { file: FileId(0), path: "schema.sql", text: sql }])
    }

    fn name(name: &str) -> Name {
        Name { schema: "public".to_owned(), name: name.to_owned() }
    }

    #[test]
    fn roles_of_users_are_privileged_and_roles_in_a_talk_are_not() {
        let schema = schema(
            "create table crew (id uuid primary key references auth.users, role text, full_name text, cents int, is_pro boolean);
             create table chat_messages (id uuid primary key, user_id uuid, role text check (role in ('user', 'assistant')));
             create table goals (id uuid primary key, user_id uuid, status text check (status in ('active', 'done')));",
        );
        assert_eq!(schema.privileged(&name("crew")), ["role", "is_pro"]);
        assert_eq!(schema.privileged(&name("chat_messages")), [""; 0]);
        assert_eq!(schema.privileged(&name("goals")), [""; 0]);
    }

    #[test]
    fn columns_that_name_the_user_own() {
        let schema = schema(
            "create table crew (id uuid primary key references auth.users);
             create table boats (id uuid primary key, keeper_id uuid references crew, approved_by uuid references crew, user_id uuid);
             create table piers (id uuid primary key, kept_by uuid);
             create policy own on piers for select using (kept_by = auth.uid());",
        );
        assert_eq!(schema.owners(&name("crew")), ["id"]);
        assert_eq!(schema.owners(&name("boats")), ["keeper_id", "user_id"]);
        assert_eq!(schema.owners(&name("piers")), ["kept_by"]);
    }

    #[test]
    fn a_revoked_table_and_granted_columns() {
        let schema = schema(
            "create table crew (id uuid primary key, role text, full_name text);
             revoke update on crew from anon, authenticated;
             grant update (full_name) on crew to authenticated;",
        );
        let crew = schema.table("crew").unwrap();
        assert!(!crew.may_write("authenticated", "update", "role"));
        assert!(crew.may_write("authenticated", "update", "full_name"));
        assert!(crew.may_write("authenticated", "insert", "role"));
    }
}

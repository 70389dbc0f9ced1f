//! What a table holds, by its names and keys: rows of somebody, personal data, secrets, money, privileges.
//!
//! Names are words of the field, so all of this is likely and none of it certain.

use crate::lexicon::{
    ASKED_FOR, CODES, GUARDED_SETTINGS, INTERNAL, MONEY, OF_THINGS, PERSONAL, PRIVATE, ROLES, RULES, SECRET,
    SETTINGS, SHARED, SITE, USERS, words,
};
use crate::predicate::Predicate;
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
    /// Columns that the house keeps to itself in rows that others may see: cost prices, right answers, notes of the staff.
    pub inside: Vec<String>,
    /// Settings of the app, beyond what every page shows.
    pub settings: bool,
    /// Figures and lists of the house: clients, suppliers, expenses, metrics.
    pub internal: bool,
    /// Columns that tell who may do what.
    pub rights: Vec<String>,
    /// By its name something that people without an account ask for.
    pub asked_for: bool,
}

impl Schema {
    /// What the table holds. The answers are kept: the state must be final.
    pub fn holdings(&self, name: &Name) -> Holdings {
        let of_all =
            || self.tables.iter().map(|(name, table)| (name.clone(), self.held_by(name, table))).collect();
        self.held.get_or_init(of_all).get(name).cloned().unwrap_or_default()
    }

    fn held_by(&self, name: &Name, table: &Table) -> Holdings {
        let of_users = of_users(name, table);
        let all = words(&name.name);
        let is_settings = SETTINGS.has_any(&all);
        let owners = self.owners(name);
        // The address in the settings of a site is the owner's own, for everybody to see.
        let of_site = is_settings && SITE.has_any(&all) && owners.is_empty();
        let priced = |column: &Column| matches!(column.name.as_str(), "price" | "sku" | "stock");
        let goods = SHARED.has_any(&all) || table.columns.iter().any(priced);
        // What counts in a rule is no body.
        let of_rules = RULES.has_any(&all) && owners.is_empty();
        // What a job pays is written into its advertisement.
        let job = ["job", "jobs", "vacancy", "vacancies", "opening", "openings", "vagas", "empleos"];
        let named =
            |wanted: &[&str]| table.columns.iter().any(|column| wanted.contains(&column.name.as_str()));
        let of_jobs = all.iter().any(|word| job.contains(&word.as_str()))
            && named(&["title", "job_title"])
            && named(&["company", "company_name", "employer", "description", "requirements"])
            && !named(&["user_id", "employee_id"]);
        let place = ["city", "state", "district", "country", "street", "address", "address_line1"];
        let has_place = table.columns.iter().any(|column| place.contains(&column.name.as_str()));
        // Only beside a bank is the number of an account one of a bank: it may count customers, or name a line of the books.
        let bank = [
            "bank",
            "routing",
            "iban",
            "ifsc",
            "swift",
            "holder",
            "payout",
            "payouts",
            "withdrawal",
            "withdrawals",
        ];
        let of_bank = table
            .columns
            .iter()
            .flat_map(|column| words(&column.name))
            .chain(all.iter().cloned())
            .any(|word| bank.contains(&word.as_str()));
        // What is shown to visitors: a page with a picture of its own.
        let presented = !of_users && {
            let shows =
                |wanted: &[&str]| table.columns.iter().any(|column| wanted.contains(&column.name.as_str()));
            shows(&["logo_url", "banner_url", "logo", "website_url", "website"]) && owners.is_empty()
        };
        // Actors and places, as a public catalogue has them under a number of its own.
        let catalogued = owners.is_empty() && {
            let known = ["tmdb", "imdb", "tvdb", "musicbrainz", "wikidata", "openlibrary"];
            let mut all = table.columns.iter().flat_map(|column| words(&column.name));
            all.any(|word| known.contains(&word.as_str()))
        };
        let profession = ["bio", "specialty", "specialization", "title", "experience", "qualification"];
        let professional = table.columns.iter().any(|column| profession.contains(&column.name.as_str()));
        let columns: Vec<_> = table.columns.iter().map(|column| (column, words(&column.name))).collect();
        let pick = |fits: &dyn Fn(&Column, &[String]) -> bool| {
            let columns = columns.iter().filter(|(column, words)| fits(column, words));
            columns.map(|(column, _)| column.name.clone()).collect::<Vec<_>>()
        };
        Holdings {
            personal: pick(&|column, words| {
                let joined = words.join("_");
                let signed = ["signature_url", "signature_image", "signature_data"];
                let signed = signed.iter().any(|known| joined.ends_with(known));
                let of_thing = (goods || of_rules)
                    && words.iter().all(|word| OF_THINGS.has(word) || !PERSONAL.has(word))
                    || of_jobs && words.iter().all(|word| word == "salary" || !PERSONAL.has(word));
                // A list of postal codes is of nobody.
                let of_list =
                    all.iter().any(|word| matches!(word.as_str(), "zip" | "zips" | "postal" | "postcodes"))
                        && owners.is_empty();
                // Where a contract stands in a ledger is no place where somebody lives.
                let of_ledger = matches!(joined.as_str(), "contract_address" | "token_address");
                // By what a club or a house wants to be reached.
                let of_house = presented && joined.starts_with("contact_");
                // How many mails went out, and how many did not.
                let counts = matches!(column.kind.as_str(), "integer" | "bigint" | "smallint")
                    && words.iter().any(|word| matches!(word.as_str(), "email" | "emails" | "contacts"));
                !of_site
                    && !counts
                    && !catalogued
                    && !of_ledger
                    && !of_list
                    && !of_house
                    && !of_thing
                    && !joined.ends_with("contact_id")
                    && (signed || PERSONAL.has_any(words))
                    && !words.iter().any(|word| {
                        matches!(
                            word.as_str(),
                            "verified" | "sent" | "template" | "count" | "fake" | "sample" | "demo"
                        )
                    })
                    && column.kind != "boolean"
            }),
            secret: pick(&|column, words| {
                let joined = words.join("_");
                let said = SECRET.has_any(words)
                    || KEYS.iter().any(|known| joined.contains(known))
                    || matches!(joined.as_str(), "service_key" | "service_role_key" | "supabase_service_key");
                // Which piece it is: `token_id` beside `contract_address`; and which work.
                let said = said && joined != "token_id" && joined != "job_card_number";
                let said = said && (of_bank || !joined.ends_with("account_number"));
                // How many tokens a text has; and what a page is coloured with.
                let counted = ["integer", "bigint", "numeric", "smallint", "real", "double"];
                let counted = counted.iter().any(|kind| column.kind.starts_with(kind));
                let styled = all.iter().any(|word| matches!(word.as_str(), "theme" | "design" | "style"));
                let said = said && !(words.iter().any(|word| word == "token") && (counted || styled));
                // A postal code, and what a physician has learnt.
                let said = said
                    && !(has_place && joined.starts_with("pin"))
                    && !(professional && joined == "credentials");
                said && !words.iter().any(|word| {
                    matches!(
                        word.as_str(),
                        "count"
                            | "used"
                            | "limit"
                            | "type"
                            | "price"
                            | "url"
                            | "link"
                            | "name"
                            | "expires"
                            | "symbol"
                    )
                }) && !words.iter().any(|word| {
                    // The print of a thing, by which it is found again.
                    words.iter().any(|word| word == "hash")
                        && matches!(
                            word.as_str(),
                            "image"
                                | "file"
                                | "content"
                                | "perceptual"
                                | "block"
                                | "commit"
                                | "query"
                                | "filter"
                                | "filters"
                                | "search"
                                | "cache"
                                | "request"
                                | "prompt"
                                | "params"
                                | "input"
                                | "visitor"
                                | "ip"
                                | "agent"
                                | "device"
                                | "tx"
                                | "transaction"
                                | "geom"
                                | "geometry"
                                | "geo"
                                | "schema"
                        )
                }) && column.kind != "boolean"
            }),
            money: pick(&|column, words| {
                let number = ["numeric", "integer", "bigint", "money", "real", "double"];
                MONEY.has_any(words) && number.iter().any(|kind| column.kind.starts_with(kind))
            }),
            privileged: self.privileged(name),
            of_users,
            private: is_private(name),
            codes: CODES.has_any(&words(&name.name))
                && columns.iter().any(|(_, words)| words.iter().any(|word| word == "code"))
                || columns.iter().any(|(_, words)| OPENING_CODES.contains(&words.join("_").as_str())),
            // `is_commission` says of which kind a row is; `is_correct` gives the answer away.
            inside: pick(&|column, words| {
                is_inside(words) && (column.kind != "boolean" || words.iter().any(|word| word == "correct"))
            }),
            settings: is_settings
                && !SITE.has_any(&all)
                && owners.is_empty()
                && (holds_values(table) || GUARDED_SETTINGS.has_any(&all)),
            asked_for: ASKED_FOR.has_any(&all),
            internal: INTERNAL.has_any(&all) && !is_list(&all) && !is_shown(table),
            rights: pick(&|column, words| {
                let joined = words.join("_");
                (of_users || ROLES.has_any(&all) && !owners.is_empty())
                    && (matches!(
                        joined.as_str(),
                        "role"
                            | "roles"
                            | "user_role"
                            | "app_role"
                            | "is_admin"
                            | "is_superuser"
                            | "permissions"
                    ) || joined == "is_staff" && column.kind == "boolean")
            }),
            owners,
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
}

impl Table {
    /// A column that by its name says whose row it is, or who made it, where no key and no policy says so.
    pub fn seems_owned_by(&self) -> Option<&str> {
        const PEOPLE: [&str; 26] = [
            "user",
            "usuario",
            "usuaria",
            "utilizador",
            "utilisateur",
            "autor",
            "autora",
            "author",
            "creator",
            "criador",
            "creador",
            "solicitante",
            "responsavel",
            "responsable",
            "atendente",
            "vendedor",
            "cliente",
            "customer",
            "member",
            "membro",
            "owner",
            "sender",
            "requester",
            "assignee",
            "employee",
            "student",
        ];
        let names_somebody = |column: &&Column| {
            let all = words(&column.name);
            let last = all.last().map_or("", String::as_str);
            let person = all.len() > 1
                && matches!(last, "id" | "uid")
                && all.iter().any(|word| PEOPLE.contains(&word.as_str()));
            matches!(column.kind.as_str(), "uuid" | "text")
                && (person || column.kind == "uuid" && last == "by")
        };
        self.columns.iter().find(names_somebody).map(|column| column.name.as_str())
    }
}

/// Whether a column is called like data about a person.
pub fn is_personal(column: &str) -> bool {
    let words = words(column);
    let told = ["verified", "sent", "template", "count", "sample", "demo"];
    let other = |word: &String| OF_THINGS.has(word) || told.contains(&word.as_str());
    PERSONAL.has_any(&words) && !words.iter().any(other)
}

pub(crate) fn of_users(name: &Name, table: &Table) -> bool {
    let users = Name { schema: "auth".to_owned(), name: "users".to_owned() };
    let keyed = table.foreign_keys.iter().any(|key| {
        key.table == users && (key.columns == table.primary_key || table.unique.contains(&key.columns))
    });
    let all = words(&name.name);
    keyed
        || matches!(all.as_slice(), [only] if USERS.has(only))
        || matches!(all.as_slice(), [first, last] if first == "user" && matches!(last.as_str(), "profiles" | "profile" | "roles" | "credits" | "accounts" | "plans" | "subscriptions"))
}

/// Whether by its name a collection holds people, or something that others must not read.
pub fn names_people(collection: &str) -> bool {
    let name = Name { schema: "public".to_owned(), name: collection.to_owned() };
    words(collection).iter().any(|word| USERS.has(word)) || is_private(&name)
}

/// What opens something for whoever has it.
const OPENING_CODES: [&str; 8] = [
    "invite_code",
    "invitation_code",
    "join_code",
    "access_code",
    "entry_code",
    "unlock_code",
    "redeem_code",
    "activation_code",
];

const KEYS: [&str; 10] = [
    "api_key",
    "access_key",
    "private_key",
    "secret_key",
    "signing_key",
    "encryption_key",
    "license_key",
    "card_number",
    "account_number",
    "routing_number",
];

fn is_inside(words: &[String]) -> bool {
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(&word.as_str()));
    let cost = has(&["cost"]) && has(&["price", "unit", "per"])
        || has(&["purchase", "buying", "wholesale"]) && has(&["price", "cost"])
        || has(&["margin", "profit", "revenue", "earnings", "commission"]);
    let answer = has(&["correct"]) && has(&["is", "answer", "answers", "option", "options", "choice"])
        || has(&["answer"]) && has(&["key"]);
    let note = has(&["internal", "admin", "private", "staff"])
        && has(&["note", "notes", "comment", "comments", "remarks"]);
    cost || answer || note
}

/// Keys with their values, or documents: what is in them is anything.
fn holds_values(table: &Table) -> bool {
    table.columns.iter().any(|column| {
        let last = words(&column.name).pop().unwrap_or_default();
        matches!(last.as_str(), "value" | "config" | "settings" | "data" | "configuration")
    })
}

/// A row of a page: names with their pictures.
fn is_shown(table: &Table) -> bool {
    table.columns.iter().any(|column| {
        words(&column.name)
            .iter()
            .any(|word| matches!(word.as_str(), "logo" | "image" | "testimonial" | "avatar"))
    })
}

/// A list to pick from, not the things themselves.
fn is_list(all: &[String]) -> bool {
    all.iter().any(|word| {
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
                | "methods"
        )
    })
}

fn is_private(name: &Name) -> bool {
    let all = words(&name.name);
    // What is said beside a game or a broadcast is said to all who watch it.
    let talk = ["message", "messages", "chat", "chats", "session", "sessions"];
    let watched = ["match", "stream", "streams", "broadcast", "broadcasts", "livestream", "game", "lobby"];
    let to_all = all.iter().any(|word| watched.contains(&word.as_str()));
    // What something costs is a list of prices, and `lentes_contato` are worn on the eye.
    let of_goods = ["pricing", "prices", "precos", "precios", "lens", "lenses", "lentes"];
    if all.iter().any(|word| of_goods.contains(&word.as_str())) {
        return false;
    }
    all.iter().any(|word| PRIVATE.has(word) && !(to_all && talk.contains(&word.as_str()))) && !is_list(&all)
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
    fn what_a_function_takes_from_a_user_is_no_column_of_theirs() {
        let schema = schema(
            "create table profiles (id uuid primary key references auth.users, minutes_left int, calls_made int, streak int, theme text);
             create function spend(n int) returns void language plpgsql security definer as $$
             begin
               update public.profiles p set minutes_left = greatest(0, p.minutes_left - n), calls_made = calls_made + 1 where id = auth.uid();
               update profiles set streak = streak + 1 where id = auth.uid();
             end $$;",
        );
        assert_eq!(schema.privileged(&name("profiles")), ["minutes_left", "calls_made"]);
    }

    #[test]
    fn a_column_may_seem_to_name_a_person() {
        let schema = schema(
            "create table a (id uuid primary key, autor_id uuid); create table b (id uuid primary key, performed_by uuid);
             create table c (id uuid primary key, boat_id uuid, seen_by int);",
        );
        let seems = |table: &str| schema.table(table).unwrap().seems_owned_by();
        assert_eq!([seems("a"), seems("b"), seems("c")], [Some("autor_id"), Some("performed_by"), None]);
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

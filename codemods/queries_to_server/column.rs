//! Columns as zod schemas: from the generated types, sharpened by the SQL; and columns that a browser must not set.

use super::guess::Guess;
use audit::Survey;
use schema::Table;
use schema::types::{Field, TableTypes, Types};

/// What a value may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Guid,
    Number,
    Flag,
    Json,
    Enum(Vec<String>),
    List(Box<Kind>),
    /// Neither types nor SQL tell.
    Unknown,
}

/// A column as a value is written to it, or compared with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) kind: Kind,
    pub(super) nullable: bool,
    pub(super) optional: bool,
}

impl Column {
    /// Whether `null` is none of its values.
    pub(super) fn refuses_null(&self) -> bool {
        !self.nullable && !matches!(self.kind, Kind::Unknown | Kind::Json)
    }
}

/// Which shape of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Row,
    Insert,
    Update,
}

/// All that is known of one table, or of what several have in common.
#[derive(Clone)]
pub(super) struct Columns<'s> {
    survey: &'s Survey<'s>,
    tables: Vec<One<'s>>,
}

#[derive(Clone, Copy)]
struct One<'s> {
    name: &'s str,
    types: Option<&'s TableTypes>,
    table: Option<&'s Table>,
}

impl<'s> Columns<'s> {
    pub(super) fn of(survey: &'s Survey<'_>, names: &[&'s str]) -> Self {
        let one = |name: &&'s str| {
            let types = survey.schema.types.as_ref().and_then(|types| types.tables.get(*name));
            // SQL that lacks what the code asks the table for is not that of the database.
            let old = types.is_none() && crate::schema_migrations::lags(survey, name);
            One { name, types, table: survey.schema.table(name).filter(|_| !old) }
        };
        Self { survey, tables: names.iter().map(one).collect() }
    }

    /// Whether anything is known of each.
    pub(super) fn known(&self) -> bool {
        !self.tables.is_empty()
            && self.tables.iter().all(|one| {
                one.types.is_some_and(|types| !types.row.is_empty())
                    || one.table.is_some_and(|table| !table.columns.is_empty())
            })
    }

    /// Whether the generated types have the table and not the column.
    pub(super) fn drifted(&self, column: &str) -> bool {
        self.tables.iter().all(|one| {
            one.types.is_some_and(|types| {
                !types.row.is_empty() && !types.row.iter().any(|field| field.name == column)
            })
        })
    }

    /// Whether a column is one of some of the tables, and not of others.
    pub(super) fn of_some(&self, name: &str, side: Side) -> bool {
        let having = self.tables.iter().filter(|one| self.of_one(one, name, side).is_some()).count();
        0 < having && having < self.tables.len()
    }

    /// One column. Of several tables: what all that have it agree in.
    pub(super) fn get(&self, name: &str, side: Side) -> Option<Column> {
        let found: Vec<Column> = self.tables.iter().filter_map(|one| self.of_one(one, name, side)).collect();
        let mut column = found.first()?.clone();
        if found.iter().any(|other| other.kind != column.kind) {
            column.kind = Kind::Unknown;
        }
        column.nullable = found.iter().any(|other| other.nullable);
        column.optional = found.iter().any(|other| other.optional) || found.len() < self.tables.len();
        Some(column)
    }

    fn of_one(&self, one: &One<'s>, name: &str, side: Side) -> Option<Column> {
        let typed = one.types.and_then(|types| {
            let fields = match side {
                Side::Row => &types.row,
                Side::Insert => &types.insert,
                Side::Update => &types.update,
            };
            fields.iter().find(|field| field.name == name)
        });
        let written = one.table.and_then(|table| table.columns.iter().find(|column| column.name == name));
        let from_sql = written.map(|column| Column {
            kind: of_sql(&self.survey.schema, &column.kind),
            nullable: !column.required,
            optional: match side {
                Side::Row => false,
                Side::Insert => !column.required || column.default.is_some() || column.generated,
                Side::Update => true,
            },
        });
        let from_types = typed.map(|field| of_field(self.survey.schema.types.as_ref(), field));
        match (from_types, from_sql) {
            (Some(mut typed), Some(sql)) => {
                // The SQL tells a uuid from other texts; all else the types say as exactly, and the app was checked against them.
                if typed.kind == Kind::Text && sql.kind == Kind::Guid {
                    typed.kind = Kind::Guid;
                }
                let is_list = |kind: &Kind| matches!(kind, Kind::List(_));
                let is_open = |kind: &Kind| matches!(kind, Kind::Json | Kind::Unknown);
                if typed.kind == Kind::Unknown {
                    typed.kind = sql.kind;
                } else if is_list(&typed.kind) != is_list(&sql.kind)
                    && !is_open(&typed.kind)
                    && !is_open(&sql.kind)
                {
                    // One of them is older than the column: the database decides.
                    typed.kind = Kind::Unknown;
                }
                Some(typed)
            }
            (typed, sql) => typed.or(sql),
        }
    }

    /// Every column that may be written, in alphabetical order.
    pub(super) fn writable(&self, side: Side) -> Vec<(String, Column)> {
        let mut names: Vec<&str> = Vec::new();
        for one in &self.tables {
            let fields = one
                .types
                .map_or(&[][..], |types| if side == Side::Insert { &types.insert } else { &types.update });
            let before = names.len();
            names.extend(fields.iter().map(|field| field.name.as_str()));
            if names.len() == before {
                let own = one.table.into_iter().flat_map(|table| &table.columns);
                names.extend(own.filter(|column| !column.generated).map(|column| column.name.as_str()));
            }
        }
        names.sort_unstable();
        names.dedup();
        names.into_iter().filter_map(|name| Some((name.to_owned(), self.get(name, side)?))).collect()
    }

    /// Whether a visitor who may set the column gives themselves something.
    pub(super) fn privileged(&self, column: &str) -> bool {
        // The role of a line in a conversation.
        let spoken = column == "role"
            && self.tables.iter().flat_map(|one| one.name.split('_')).any(|word| {
                ["message", "messages", "chat", "chats", "conversation", "conversations", "prompt", "prompts"]
                    .contains(&word)
            });
        let books = column.ends_with("balance")
            && self.tables.iter().filter_map(|one| one.table).any(Table::keeps_books);
        // What a browser hands out to be rung up by.
        let pushed = column == "subscription"
            && self.tables.iter().flat_map(|one| one.name.split('_')).any(|word| word == "push");
        // Who played in a film, kept as it came.
        let named = column.split('_').any(|word| matches!(word, "credit" | "credits"))
            && self
                .get(column, Side::Row)
                .is_some_and(|known| matches!(known.kind, Kind::Json | Kind::List(_)));
        // For whom a task is meant.
        let meant = matches!(column, "role" | "roles") && self.holds_no_people();
        is_privilege(column) && !spoken && !books && !pushed && !named && !meant
            || column == "status" && self.status_grants()
    }

    /// Whether no row can be that of somebody: the columns are known, and none says who.
    fn holds_no_people(&self) -> bool {
        const WHO: &[&str] = &[
            "user", "profile", "member", "account", "person", "employee", "staff", "email", "username",
            "password", "phone", "owner", "auth", "uid",
        ];
        let known = self.tables.iter().all(|one| one.types.is_some() || one.table.is_some());
        let mut words = self.tables.iter().flat_map(|one| {
            let own = one.table.into_iter().flat_map(|table| &table.columns).map(|column| &column.name);
            let typed = one.types.into_iter().flat_map(|types| &types.row).map(|field| &field.name);
            let columns = own.chain(typed).flat_map(|name| name.split('_'));
            columns.chain(one.name.split('_')).collect::<Vec<_>>()
        });
        let says_who = |word: &str| WHO.iter().any(|who| word == *who || word.strip_suffix('s') == Some(who));
        let named = |one: &One<'_>| {
            one.table.is_some_and(|table| {
                let names = ["full_name", "first_name", "last_name", "display_name"];
                names.iter().any(|name| table.column(name).is_some())
            })
        };
        known && !self.tables.is_empty() && !words.any(says_who) && !self.tables.iter().any(named)
    }

    /// Whether the values of `status` hold one that grants something.
    fn status_grants(&self) -> bool {
        const GRANTS: &[&str] = &["approved", "paid", "active", "admin"];
        // What is active there opens something; a customer, a product or a machine that is active does not.
        const OPENS: &[&str] =
            &["user", "profile", "account", "member", "membership", "subscription", "license"];
        let opens =
            self.tables.iter().flat_map(|one| one.name.split('_')).any(|word| {
                OPENS.iter().any(|known| word == *known || word.strip_suffix('s') == Some(known))
            });
        let grants: Vec<&str> = GRANTS.iter().copied().filter(|word| opens || *word != "active").collect();
        let listed = match self.get("status", Side::Row).map(|column| column.kind) {
            Some(Kind::Enum(values)) => values.iter().any(|value| grants.contains(&value.as_str())),
            _ => false,
        };
        let checked = self.tables.iter().filter_map(|one| one.table).any(|table| {
            table.checks.iter().any(|check| {
                check.contains("status") && grants.iter().any(|word| check.contains(&format!("'{word}'")))
            })
        });
        listed || checked
    }
}

fn of_field(types: Option<&Types>, field: &Field) -> Column {
    Column { kind: of_type(types, &field.kind), nullable: field.nullable, optional: field.optional }
}

/// The kind that a TypeScript type says.
pub(super) fn of_type(types: Option<&Types>, kind: &str) -> Kind {
    let kind = kind.trim();
    if let Some(item) = kind.strip_suffix("[]") {
        let item = item.strip_prefix('(').and_then(|item| item.strip_suffix(')')).unwrap_or(item);
        return Kind::List(Box::new(of_type(types, item)));
    }
    match kind {
        "string" => return Kind::Text,
        "number" => return Kind::Number,
        "boolean" => return Kind::Flag,
        "Json" => return Kind::Json,
        _ => {}
    }
    if let Some((_, name)) = kind.split_once("[\"Enums\"][\"").or_else(|| kind.split_once("['Enums']['")) {
        let name = name.trim_end_matches(['"', '\'', ']']);
        return types
            .and_then(|types| types.enums.get(name))
            .map_or(Kind::Text, |values| Kind::Enum(values.clone()));
    }
    let values: Option<Vec<String>> = kind
        .trim_start_matches('|')
        .split('|')
        .map(|value| {
            let value = value.trim();
            let inner = value.strip_prefix(['"', '\''])?.strip_suffix(['"', '\''])?;
            Some(inner.to_owned())
        })
        .collect();
    values.map_or(Kind::Unknown, Kind::Enum)
}

/// The kind that a PostgreSQL type says.
pub(super) fn of_sql(schema: &schema::Schema, kind: &str) -> Kind {
    let kind = kind.trim();
    if let Some(item) = kind.strip_suffix("[]") {
        return Kind::List(Box::new(of_sql(schema, item)));
    }
    let plain = kind.split('(').next().unwrap_or(kind).trim();
    match plain {
        "uuid" => Kind::Guid,
        "text" | "character varying" | "varchar" | "character" | "char" | "citext" | "name" | "date"
        | "time" | "timestamp" | "timestamptz" | "timetz" | "interval" | "inet" | "cidr" | "macaddr"
        | "bytea" => Kind::Text,
        "integer" | "int" | "int2" | "int4" | "int8" | "bigint" | "smallint" | "numeric" | "decimal"
        | "real" | "double precision" | "float4" | "float8" | "serial" | "bigserial" | "smallserial"
        | "money" => Kind::Number,
        "boolean" | "bool" => Kind::Flag,
        "json" | "jsonb" => Kind::Json,
        _ if plain.starts_with("timestamp") || plain.starts_with("time ") => Kind::Text,
        _ => {
            let bare = plain.rsplit('.').next().unwrap_or(plain).trim_matches('"');
            // Without generated types the app's code holds a plain text. The database says which values there are.
            let known = schema.enums.keys().any(|name| name.name == bare);
            if known { Kind::Text } else { Kind::Unknown }
        }
    }
}

/// The most items that one call may carry.
const MOST_ITEMS: usize = 1000;

impl Kind {
    /// As zod, neither nullable nor optional.
    pub(super) fn zod(&self) -> String {
        match self {
            Self::Text => "z.string()".to_owned(),
            Self::Guid => "z.guid()".to_owned(),
            Self::Number => "z.number()".to_owned(),
            Self::Flag => "z.boolean()".to_owned(),
            Self::Json | Self::Unknown => "json".to_owned(),
            Self::Enum(values) => {
                let values: Vec<_> = values.iter().map(|value| quoted(value)).collect();
                format!("z.enum([{}])", values.join(", "))
            }
            Self::List(item) => format!("z.array({}).max({MOST_ITEMS})", item.zod()),
        }
    }
}

impl Column {
    /// As zod. Any JSON value may be null as it is.
    pub(super) fn zod(&self) -> String {
        let mut text = self.kind.zod();
        if self.nullable && !matches!(self.kind, Kind::Json | Kind::Unknown) {
            text += ".nullable()";
        }
        if self.optional {
            text += ".optional()";
        }
        text
    }
}

/// A list of `item`.
pub(super) fn list_of(item: &str) -> String {
    format!("z.array({item}).max({MOST_ITEMS})")
}

/// The schema of a value that may be `other` too, where the value is not used: a filter that is not set.
pub(super) fn or_text(schema: &str, other: &str) -> String {
    let other = quoted(other);
    if schema.contains(&other) {
        return schema.to_owned();
    }
    match schema.strip_prefix("z.enum([") {
        Some(values) => format!("z.enum([{other}, {values}"),
        None => ["z.guid()", "z.number()"]
            .into_iter()
            .find_map(|plain| {
                schema.strip_prefix(plain).map(|tail| format!("{plain}.or(z.literal({other})){tail}"))
            })
            .unwrap_or_else(|| schema.to_owned()),
    }
}

/// The schema of a value that is used where it is truthy: an empty text stands for none, as of a field that nobody filled in.
pub(super) fn or_unset(schema: &str, guess: &Guess) -> String {
    match guess.kind {
        Some(Kind::Number | Kind::Flag) => schema.to_owned(),
        _ => or_text(schema, ""),
    }
}

/// `text` as a string of JavaScript.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            '\n' => out += "\\n",
            '\r' => out += "\\r",
            _ => out.push(letter),
        }
    }
    out.push('"');
    out
}

/// Whether a column says that something was paid or verified. Where the owner of the row keeps books for themselves, that is theirs
/// to say: such a column is taken, and told.
pub(super) fn is_proof(column: &str) -> bool {
    matches!(
        column,
        "payment_status"
            | "paid_at"
            | "is_paid"
            | "paid"
            | "payment_verified"
            | "payment_confirmed"
            | "verified_at"
            | "email_verified"
            | "phone_verified"
    )
}

/// Whether the name of a column says that it decides what somebody may do.
fn is_privilege(column: &str) -> bool {
    const FLAGS: &[&str] =
        &["premium", "pro", "admin", "superadmin", "verified", "banned", "approved", "staff", "moderator"];
    const RIGHTS: &[&str] =
        &["role", "roles", "permissions", "plan", "tier", "credits", "credit", "balance", "quota"];
    // Plans and actions of other kinds.
    const OTHERS: &[&str] =
        &["meal", "workout", "training", "lesson", "floor", "action", "diet", "study", "job", "play"];
    // Whose role it is; `dance_role` and `voice_role` are parts that somebody plays.
    const HOLDERS: &[&str] = &[
        "user",
        "users",
        "app",
        "account",
        "admin",
        "member",
        "org",
        "organization",
        "team",
        "staff",
        "system",
        "access",
        "workspace",
        "company",
        "tenant",
        "platform",
        "site",
        "global",
        "primary",
        "current",
        "active",
        "auth",
        "new",
        "club",
        "group",
    ];
    let words: Vec<&str> = column.split('_').collect();
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(word));
    let owner = matches!(words.first(), Some(&("subscription" | "stripe")));
    // `plan_id` of a table of plans is a reference, and `meal_plan` is a meal; only what stands for the row's own privilege counts.
    let reference = words.last() == Some(&"id");
    let described = matches!(
        words.last(),
        Some(&("name" | "title" | "label" | "description" | "text" | "notes" | "date" | "type"))
    );
    // What a page of the books began and ended with.
    let of_books = has(&["balance"])
        && has(&["opening", "closing", "start", "starting", "end", "ending", "initial", "previous"]);
    let of_other = words.len() > 1 && has(OTHERS) || of_books;
    let played = words.len() > 1 && matches!(words.last(), Some(&("role" | "roles"))) && !has(HOLDERS);
    owner
        || words.first() == Some(&"is") && has(FLAGS)
        || has(RIGHTS) && !reference && !described && !of_other && !played
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn sql(kind: &str, zod: &str) {
        let mut schema = schema::Schema::default();
        let name = schema::Name { schema: "public".into(), name: "mood".into() };
        schema.enums.insert(name, vec!["calm".into(), "wild".into()]);
        assert_eq!(of_sql(&schema, kind).zod(), zod);
    }

    #[track_caller]
    fn ts(kind: &str, zod: &str) {
        assert_eq!(of_type(None, kind).zod(), zod);
    }

    #[test]
    fn sql_types_become_schemas() {
        sql("uuid", "z.guid()");
        sql("text", "z.string()");
        sql("character varying(255)", "z.string()");
        sql("timestamp with time zone", "z.string()");
        sql("numeric(10,2)", "z.number()");
        sql("jsonb", "json");
        sql("text[]", "z.array(z.string()).max(1000)");
        sql("mood", "z.string()");
        sql("public.mood", "z.string()");
        sql("geometry", "json");
    }

    #[test]
    fn a_part_that_somebody_plays_is_no_privilege() {
        for (column, privileged) in [
            ("role", true),
            ("user_role", true),
            ("dance_role", false),
            ("meal_plan", false),
            ("balance", true),
            ("opening_balance", false),
        ] {
            assert_eq!(is_privilege(column), privileged, "{column}");
        }
    }

    #[test]
    fn typescript_types_become_schemas() {
        ts("string", "z.string()");
        ts("number[]", "z.array(z.number()).max(1000)");
        ts("\"a\" | \"b\"", "z.enum([\"a\", \"b\"])");
        ts("Json", "json");
        ts("Record<string, unknown>", "json");
    }
}

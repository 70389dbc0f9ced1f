//! Who touches which table, as whom: the call map that no policy of ours may shut out.

use audit::Survey;
use audit::query::{Identity, Kind, Power, Query, Target};
use edit::Span;
use schema::{Name, Schema};
use std::collections::{BTreeMap, BTreeSet};
use syntax::view;

/// What the code does with the tables of `public`.
pub(crate) struct Access {
    /// Uses with a visitor's rights, by table and verb (`select`, `insert`, `update`, `delete`).
    visitors: BTreeMap<(String, &'static str), Vec<Use>>,
    /// Tables that only code with the service's rights uses, with one place each.
    service: BTreeMap<String, Span>,
    /// Tables of which not every use is known.
    unclear: BTreeSet<String>,
    /// Functions that are called as a visitor.
    pub(crate) calls: BTreeSet<String>,
    /// Some query's table is computed.
    open_ended: bool,
    /// Visitors sign in with Supabase, so `auth.uid()` says who asks.
    pub(crate) signs_in: bool,
}

/// One use of a table.
pub(crate) struct Use {
    /// Where.
    pub(crate) span: Span,
    /// Whether the rows are the visitor's own: a filter or a column is the session's user.
    pub(crate) own: bool,
    /// Columns that a write names; `None` if its values are computed.
    pub(crate) columns: Option<Vec<String>>,
}

impl Access {
    pub(crate) fn of(survey: &Survey<'_>) -> Self {
        let mut access = Self {
            visitors: BTreeMap::new(),
            service: BTreeMap::new(),
            unclear: BTreeSet::new(),
            calls: BTreeSet::new(),
            open_ended: false,
            signs_in: signs_in(survey),
        };
        let mut listed: BTreeMap<&str, usize> = BTreeMap::new();
        for query in survey.queries.iter().filter(|query| query.backend == "supabase") {
            for name in names(&query.table) {
                *listed.entry(name).or_default() += 1;
            }
            access.add(survey, query);
        }
        // What the text names more often than the list is used in a way that the list does not know.
        let mut named: BTreeMap<String, usize> = BTreeMap::new();
        for file in survey.project.files.iter().filter(|file| matches!(file.kind, project::Kind::Code(_))) {
            for table in named_in(&file.text, ".from(") {
                *named.entry(table.to_owned()).or_default() += 1;
            }
            let called = named_in(&file.text, ".rpc(");
            access.calls.extend(called.filter(|name| !listed.contains_key(name)).map(str::to_owned));
        }
        for (table, count) in named {
            if listed.get(table.as_str()).copied().unwrap_or(0) < count {
                access.unclear.insert(table);
            }
        }
        access.add_functions(&survey.schema);
        access
    }

    fn add(&mut self, survey: &Survey<'_>, query: &Query) {
        let power = query.client.map_or(Power::Unknown, |client| survey.clients[client].power);
        let service = matches!(power, Power::Admin | Power::Owner);
        let text = &survey.project.get(query.span.file).text[query.span.range()];
        match query.kind {
            Kind::Table | Kind::Rest => {
                if query.table == Target::Dynamic && !service {
                    self.open_ended = true;
                }
                let own = matches!(query.identity, Identity::Session(_));
                for table in names(&query.table) {
                    if service {
                        self.service.entry(table.to_owned()).or_insert(query.span);
                        continue;
                    }
                    let mut verbs = verbs(&query.operation);
                    // What is written is read back.
                    if !verbs.contains(&"select") && query.steps.iter().any(|step| step.name == "select") {
                        verbs.push("select");
                    }
                    for verb in verbs {
                        let columns =
                            if verb == "insert" || verb == "update" { written(survey, query) } else { None };
                        self.put(table, verb, Use { span: query.span, own, columns });
                    }
                }
                if !service {
                    for table in embedded(&survey.schema, names(&query.table), text) {
                        self.put(&table, "select", Use { span: query.span, own: false, columns: None });
                    }
                }
            }
            Kind::Rpc if !service => self.calls.extend(names(&query.table).into_iter().map(str::to_owned)),
            Kind::Channel if !service => {
                for table in survey.schema.tables.keys().filter(|table| table.schema == "public") {
                    let quoted = |quote: char| text.contains(&format!("table: {quote}{}{quote}", table.name));
                    if quoted('"') || quoted('\'') {
                        self.put(&table.name, "select", Use { span: query.span, own: false, columns: None });
                    }
                }
            }
            _ => {}
        }
    }

    fn put(&mut self, table: &str, verb: &'static str, with: Use) {
        self.visitors.entry((table.to_owned(), verb)).or_default().push(with);
    }

    /// Functions without SECURITY DEFINER run with the visitor's rights: whatever they name is used in unknown ways.
    fn add_functions(&mut self, schema: &Schema) {
        for function in schema.functions.iter().filter(|function| !function.definer) {
            for table in schema.tables.keys().filter(|table| table.schema == "public") {
                if has_word(&function.body, &table.name) {
                    self.unclear.insert(table.name.clone());
                }
            }
        }
    }

    /// Uses of a table by a verb with a visitor's rights.
    pub(crate) fn uses(&self, table: &str, verb: &str) -> &[Use] {
        let found = self.visitors.iter().find(|((name, known), _)| name == table && *known == verb);
        found.map_or(&[], |(_, uses)| uses.as_slice())
    }

    /// All verbs that visitors use on a table.
    pub(crate) fn verbs(&self, table: &str) -> Vec<&'static str> {
        VERBS.into_iter().filter(|verb| !self.uses(table, verb).is_empty()).collect()
    }

    /// Whether every use of the table is known.
    pub(crate) fn is_clear(&self, table: &str) -> bool {
        !self.open_ended && !self.unclear.contains(table)
    }

    /// Whether any code uses the table.
    pub(crate) fn is_used(&self, table: &str) -> bool {
        self.service.contains_key(table) || !self.verbs(table).is_empty() || self.unclear.contains(table)
    }

    /// Whether all uses by this verb are of the visitor's own rows.
    pub(crate) fn all_own(&self, table: &str, verb: &str) -> bool {
        self.uses(table, verb).iter().all(|with| with.own)
    }
}

pub(crate) const VERBS: [&str; 4] = ["select", "insert", "update", "delete"];

fn names(target: &Target) -> Vec<&str> {
    match target {
        Target::Named(name) => vec![name],
        Target::OneOf(names) => names.iter().map(String::as_str).collect(),
        Target::Dynamic => Vec::new(),
    }
}

fn verbs(operation: &str) -> Vec<&'static str> {
    match operation {
        "insert" => vec!["insert"],
        // PostgreSQL asks the policies for SELECT too where a row is looked up to be changed.
        "upsert" => vec!["insert", "update", "select"],
        "update" => vec!["update", "select"],
        "delete" => vec!["delete", "select"],
        _ => vec!["select"],
    }
}

/// The tables that are selected along: `author:profiles(name)`, `profiles!inner(name)`, `user_id(name)`.
fn embedded(schema: &Schema, of: Vec<&str>, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices('(') {
        let before = text[..at].trim_end();
        let before = match before.rsplit_once('!') {
            Some((table, hint)) if hint.chars().all(|c| c.is_alphanumeric() || c == '_') => table,
            _ => before,
        };
        let word: String = before.chars().rev().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let word: String = word.chars().rev().collect();
        if schema.table(&word).is_some() {
            found.push(word);
            continue;
        }
        for table in of.iter().filter_map(|name| schema.table(name)) {
            let keys = table
                .foreign_keys
                .iter()
                .filter(|key| key.columns.first().is_some_and(|column| *column == word));
            found.extend(keys.map(|key| key.table.name.clone()));
        }
    }
    found
}

/// The columns that the values of a write name; `None` if they are computed.
fn written(survey: &Survey<'_>, query: &Query) -> Option<Vec<String>> {
    let step =
        query.steps.iter().find(|step| matches!(step.name.as_str(), "insert" | "update" | "upsert"))?;
    let argument = *step.arguments.first()?;
    let (tree, _) = survey.project.get(argument.file).syntax()?;
    let node = view::unwrapped(tree.node_at(argument.range())?);
    let objects = if node.kind() == "array" { view::code_children(node).collect() } else { vec![node] };
    let mut columns = Vec::new();
    for object in objects {
        let object = view::unwrapped(object);
        if object.kind() != "object"
            || view::code_children(object).any(|child| child.kind() == "spread_element")
        {
            return None;
        }
        columns.extend(view::pairs(tree, object).into_iter().map(|(key, _, _)| key.into_owned()));
    }
    Some(columns)
}

/// The literal names of `.from("x")`, or of another such call, in a text.
fn named_in<'t>(text: &'t str, call: &'static str) -> impl Iterator<Item = &'t str> {
    text.match_indices(call).filter_map(|(at, call)| {
        let rest = text[at + call.len()..].trim_start();
        let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\'' | '`'))?;
        let name = rest[1..].split(quote).next()?;
        // Buckets are asked through `storage.from`.
        let storage = text[..at].trim_end().ends_with("storage");
        (!storage && name.chars().all(|c| c.is_alphanumeric() || c == '_')).then_some(name)
    })
}

/// Whether anybody signs in with Supabase.
fn signs_in(survey: &Survey<'_>) -> bool {
    let calls = [
        ".auth.signIn",
        ".auth.signUp",
        ".auth.getUser",
        ".auth.getSession",
        ".auth.onAuthStateChange",
        ".auth.verifyOtp",
    ];
    survey.project.files.iter().any(|file| {
        matches!(file.kind, project::Kind::Code(_)) && calls.iter().any(|call| file.text.contains(call))
    })
}

/// Whether a text has the word, not as part of another.
pub(crate) fn has_word(text: &str, word: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|known| known == word)
}

/// A name as SQL takes it.
pub(crate) fn quoted(name: &str) -> String {
    if schema::is_plain(name) { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// A table with its schema, as SQL takes it.
pub(crate) fn qualified(name: &Name) -> String {
    format!("{}.{}", quoted(&name.schema), quoted(&name.name))
}

/// A table as a message names it.
pub(crate) fn shown(name: &Name) -> String {
    if name.schema == "public" { name.name.clone() } else { format!("{}.{}", name.schema, name.name) }
}

//! The replay: every statement that makes or changes something, in order, into one state.
//!
//! It does what PostgreSQL would do: a statement that would fail there changes nothing here, and is listed. What cannot be
//! judged from the text (a condition over data, a query built at run time) is listed as not understood.

mod block;
mod calls;
mod catalog;
mod constraint;
mod data;
mod enumeration;
mod fits;
mod function;
mod grant;
mod index;
mod into;
pub(crate) mod kind;
pub(crate) mod order;
mod platform;
mod policy;
pub(crate) mod reads;
mod relation;
mod table;
mod taken_back;
#[cfg(test)]
mod tests;
mod view;

use crate::sql::node::{self, Kind, Node};
use crate::sql::{self, split};
use crate::{Name, Policy, Schema, Source, Trouble};
use edit::Span;
use std::collections::{BTreeMap, BTreeSet};

/// Replays `sources` into `schema`, without the files that were surely taken back as a whole.
pub(crate) fn run(schema: &mut Schema, sources: &[Source<'_>]) {
    once(schema, sources);
    let taken_back = taken_back::files(schema, sources);
    if taken_back.is_empty() {
        return;
    }
    let rest: Vec<_> = sources.iter().filter(|source| !taken_back.contains(&source.file)).copied().collect();
    let types = schema.types.take();
    let first = std::mem::replace(schema, Schema { types, ..Schema::default() });
    once(schema, &rest);
    let kept = first.troubles.into_iter().filter(|trouble| taken_back.contains(&trouble.span.file));
    schema.troubles.splice(0..0, kept);
}

fn once(schema: &mut Schema, sources: &[Source<'_>]) {
    platform::lay(schema);
    for source in sources.iter().filter(|source| source.path.to_ascii_lowercase().ends_with(".sql")) {
        if order::is_foreign(source.text) {
            schema.troubles.push(Trouble {
                span: Span::new(source.file, 0..0),
                kind: "not-sql",
                message: "This file is written for another database than PostgreSQL.".to_owned(),
            });
        }
    }
    let ordered = order::ordered(sources);
    schema.replayed = ordered.iter().map(|source| source.file).collect();
    let mut later = Later::default();
    let history = ordered.iter().filter(|source| order::is_history(source.path));
    later.history = history.map(|source| source.file).collect();
    let parsed: Vec<_> = ordered
        .iter()
        .flat_map(|source| split::statements(source.text).into_iter().map(move |range| (*source, range)))
        .filter_map(|(source, range)| {
            let text = &source.text[range.clone()];
            matters(text).then(|| (Span::new(source.file, range), sql::parse(text)))
        })
        .collect();
    for (span, statement) in &parsed {
        if let Some(node) = statement.node.as_ref().filter(|_| statement.error.is_none()) {
            later.note(span.file, node);
        }
    }
    let mut replay = Replay {
        schema: std::mem::take(schema),
        at: Span::new(edit::FileId(0), 0..0),
        base: None,
        later,
        types: BTreeSet::new(),
        relations: BTreeSet::new(),
        unchecked: None,
    };
    let mut before: Option<(edit::FileId, BTreeMap<Name, Vec<Policy>>)> = None;
    for (span, statement) in parsed {
        if before.as_ref().is_none_or(|(file, _)| *file != span.file) {
            replay.end_of_file(before.take());
            before = Some((span.file, replay.policies()));
        }
        replay.at = span;
        replay.base = Some(span.start);
        match (statement.error, statement.node) {
            (Some(error), _) => replay.trouble(
                "not-understood",
                format!("PostgreSQL cannot read this statement: {}.", plainly(error)),
            ),
            (None, Some(node)) => {
                let done = replay.statement(&node);
                replay.listed(done);
            }
            (None, None) => {}
        }
    }
    replay.end_of_file(before.take());
    *schema = replay.schema;
    schema.written.makers = replay.later.makers;
    schema.written.bodies = replay.later.bodies;
    schema.written.policies = replay.later.policies;
    schema.tables.retain(|name, table| {
        table.defined.is_some()
            || !platform::owns(&name.schema)
            || name.name == "users"
            || name.schema == "storage"
    });
}

/// An error of the parser in words of SQL: it calls `ON` `ON_KW`.
fn plainly(error: impl std::fmt::Display) -> String {
    error.to_string().replace("_KW", "")
}

/// Why a statement changes nothing.
#[derive(Debug)]
pub(crate) struct Fail {
    kind: &'static str,
    message: String,
}

impl Fail {
    fn duplicate(what: impl Into<String>) -> Self {
        Self {
            kind: "duplicate",
            message: format!("{} exists already, so this statement fails.", what.into()),
        }
    }
}

/// What a handler of a statement gives.
type Done = Result<(), Fail>;

/// What is made somewhere: an object that is missing now but made later is in the wrong order.
#[derive(Default)]
struct Later {
    makers: BTreeMap<Name, BTreeSet<edit::FileId>>,
    bodies: BTreeMap<Name, Vec<(edit::FileId, String)>>,
    policies: BTreeMap<(Name, String), Vec<(edit::FileId, String)>>,
    /// The files that a tool runs in their order.
    history: BTreeSet<edit::FileId>,
}

impl Later {
    fn note(&mut self, file: edit::FileId, node: &Node) {
        for (kind, name) in [
            (Kind::CREATE_TABLE, Kind::TABLE_NAME),
            (Kind::CREATE_FUNCTION, Kind::FUNCTION_NAME),
            (Kind::CREATE_TYPE, Kind::TYPE_NAME),
            (Kind::CREATE_VIEW, Kind::VIEW),
        ] {
            if node.kind() == kind
                && let Some(name) = node::name_in(node, name)
            {
                self.makers.entry(name).or_default().insert(file);
            }
        }
        match node.kind() {
            Kind::CREATE_MATERIALIZED_VIEW | Kind::CREATE_DOMAIN | Kind::CREATE_SEQUENCE => {
                if let Some(made) = node.children().find(|it| it.kind() != Kind::IF_NOT_EXISTS) {
                    self.makers.entry(node::name(&made)).or_default().insert(file);
                }
            }
            Kind::CREATE_FUNCTION => {
                let literal = node::find(node, Kind::AS_FUNC_OPTION)
                    .and_then(|option| node::find(&option, Kind::LITERAL))
                    .and_then(|literal| node::string_value(&literal));
                if let (Some(name), Some(body)) = (node::name_in(node, Kind::FUNCTION_NAME), literal) {
                    self.bodies.entry(name).or_default().push((file, body));
                }
            }
            Kind::CREATE_POLICY => {
                let on = node::child(node, Kind::ON_TABLE).or_else(|| node::child(node, Kind::ON_RELATION));
                let table = on.and_then(|on| on.children().next()).map(|table| node::name(&table));
                let called = node::child(node, Kind::POLICY).and_then(|name| node::path(&name).pop());
                if let (Some(table), Some(called)) = (table, called) {
                    let flat: String = node::text(node).to_lowercase().split_whitespace().collect();
                    let texts = self.policies.entry((table, called)).or_default();
                    texts.push((file, flat.trim_end_matches(';').to_owned()));
                }
            }
            _ => {}
        }
    }
}

/// The state while it is made.
struct Replay {
    schema: Schema,
    /// The statement.
    at: Span,
    /// Where the statement's text begins in its file; `None` inside a block, whose parts have no place of their own.
    base: Option<u32>,
    later: Later,
    /// Types other than enums: domains and composites.
    types: BTreeSet<Name>,
    /// Relations beside tables and views: sequences, materialized views.
    relations: BTreeSet<Name>,
    /// The file that has said that bodies of functions are not looked into, as a dump does.
    unchecked: Option<edit::FileId>,
}

impl Replay {
    fn trouble(&mut self, kind: &'static str, message: String) {
        self.schema.troubles.push(Trouble { span: self.at, kind, message });
    }

    fn listed(&mut self, done: Done) {
        if let Err(fail) = done {
            self.trouble(fail.kind, fail.message);
        }
    }

    /// The policies of each table that has some.
    fn policies(&self) -> BTreeMap<Name, Vec<Policy>> {
        let tables = self.schema.tables.iter().filter(|(_, table)| !table.policies.is_empty());
        tables.map(|(name, table)| (name.clone(), table.policies.clone())).collect()
    }

    /// Marks a file that fails. It is taken back as a whole where a tool runs it, so a table whose policies it drops, to make others
    /// that fail, keeps those that it had. What else it makes is kept: somebody may have run it where it does not fail.
    fn end_of_file(&mut self, before: Option<(edit::FileId, BTreeMap<Name, Vec<Policy>>)>) {
        let Some((file, policies)) = before else { return };
        if !self.schema.troubles.iter().any(|trouble| trouble.span.file == file && trouble.fails()) {
            return;
        }
        self.schema.written.failing.insert(file);
        for (name, policies) in policies {
            if let Some(table) = self.schema.tables.get_mut(&name).filter(|table| table.policies.is_empty()) {
                let named = policies.iter().map(|policy| (name.clone(), policy.name.clone()));
                self.schema.written.kept.extend(named);
                table.policies = policies;
            }
        }
    }

    /// The span of a part of the statement.
    fn span(&self, node: &Node) -> Span {
        match self.base {
            Some(base) => {
                let range = node.text_range();
                let (start, end) = (u32::from(range.start()), u32::from(range.end()));
                Span { file: self.at.file, start: base + start, end: base + end }
            }
            None => self.at,
        }
    }

    /// Something is not there.
    fn missing(&self, what: &str, name: &Name) -> Fail {
        let shown = if name.schema == "public" {
            name.name.clone()
        } else {
            format!("{}.{}", name.schema, name.name)
        };
        if let Some(makers) = self.later.makers.get(name) {
            // No tool runs a script beside the history, neither before it nor behind it.
            let history = &self.later.history;
            let beside = history.contains(&self.at.file) && makers.is_disjoint(history);
            let when = if beside { "made only by a script beside the migrations" } else { "made later" };
            return Fail {
                kind: "wrong-order",
                message: format!("The {what} `{shown}` is {when}, so this statement fails."),
            };
        }
        Fail {
            kind: "no-such-object",
            message: format!("There is no {what} `{shown}`, so this statement fails."),
        }
    }

    /// Refuses what reads something that is not there.
    fn readable(&self, reads: &reads::Reads) -> Done {
        if let Some(missing) = reads.missing.first() {
            for table in &reads.tables {
                if !self.schema.tables.contains_key(table) && self.later.makers.contains_key(table) {
                    return Err(self.missing("table", table));
                }
            }
            return Err(Fail {
                kind: "no-such-object",
                message: format!("There is no {missing}, so this statement fails."),
            });
        }
        for function in &reads.functions {
            let known = self.schema.functions.iter().any(|known| known.name == *function);
            if !known && self.later.makers.contains_key(function) {
                return Err(self.missing("function", function));
            }
        }
        Ok(())
    }

    fn statement(&mut self, node: &Node) -> Done {
        match node.kind() {
            Kind::CREATE_TABLE => self.create_table(node),
            Kind::CREATE_TABLE_AS => self.create_table_as(node),
            Kind::ALTER_TABLE => self.alter_table(node),
            Kind::DROP_TABLE => self.drop_table(node),
            Kind::CREATE_INDEX => self.create_index(node),
            Kind::DROP_INDEX => self.drop_index(node),
            Kind::CREATE_VIEW => self.create_view(node),
            Kind::DROP_VIEW => self.drop_view(node),
            Kind::ALTER_VIEW => self.alter_view(node),
            Kind::CREATE_MATERIALIZED_VIEW => {
                self.relations.extend(
                    node.children().find(|it| it.kind() != Kind::IF_NOT_EXISTS).map(|it| node::name(&it)),
                );
                Ok(())
            }
            Kind::CREATE_TYPE => self.create_type(node),
            Kind::ALTER_TYPE => self.alter_type(node),
            Kind::DROP_TYPE => self.drop_type(node),
            Kind::CREATE_DOMAIN => {
                let name = node.children().next().map(|name| node::name(&name));
                self.types.extend(name);
                Ok(())
            }
            Kind::CREATE_POLICY => self.create_policy(node),
            Kind::ALTER_POLICY => self.alter_policy(node),
            Kind::DROP_POLICY => self.drop_policy(node),
            Kind::CREATE_FUNCTION | Kind::CREATE_PROCEDURE => self.create_function(node),
            Kind::ALTER_FUNCTION | Kind::ALTER_PROCEDURE | Kind::ALTER_ROUTINE => self.alter_function(node),
            Kind::DROP_FUNCTION | Kind::DROP_PROCEDURE | Kind::DROP_ROUTINE => self.drop_function(node),
            Kind::CREATE_TRIGGER => self.create_trigger(node),
            Kind::DROP_TRIGGER => self.drop_trigger(node),
            Kind::GRANT | Kind::REVOKE => self.grant(node),
            Kind::INSERT => self.insert(node),
            Kind::UPDATE => self.update(node),
            Kind::DELETE => self.delete(node),
            Kind::ALTER_PUBLICATION => self.alter_publication(node),
            Kind::CREATE_PUBLICATION => self.create_publication(node),
            Kind::DROP_PUBLICATION => {
                if node::words_in(node, Kind::PUBLICATION_REF).iter().any(|name| name == "supabase_realtime")
                {
                    self.schema.published.clear();
                }
                Ok(())
            }
            Kind::CREATE_EXTENSION => {
                self.schema.extensions.extend(node::word_in(node, Kind::EXTENSION));
                Ok(())
            }
            Kind::DO => self.block(node),
            Kind::SET => {
                let off = matches!(node::text(node).split([' ', '=']).next_back(), Some("false" | "off"));
                self.unchecked = off.then_some(self.at.file);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// Rows that take more bytes were written by a tool.
const LARGE: usize = 32_000;

/// Whether a statement can change what is kept; the rest is not even parsed.
fn matters(text: &str) -> bool {
    let mut words = text.split_whitespace();
    let first = words.next().unwrap_or("").to_ascii_lowercase();
    match first.as_str() {
        "create" | "alter" | "drop" | "do" | "grant" | "revoke" => true,
        "set" => words.next() == Some("check_function_bodies"),
        // Rows count where they are buckets, and where a table refuses them.
        "insert" if text.len() < LARGE => true,
        "insert" | "update" | "delete" | "with" => {
            let lower = text.to_ascii_lowercase();
            lower.contains("storage.buckets") || lower.contains("\"storage\"")
        }
        _ => false,
    }
}

//! Migrations that failed as a whole, and were written again.

use super::order;
use crate::sql::node::Kind;
use crate::sql::{self, node, split};
use crate::{Name, Schema, Source};
use edit::FileId;
use std::collections::BTreeSet;

/// The migrations with a statement that fails, of which a later one makes every table again as if it were not there: what they made
/// was taken back, and the later one is what the database has seen.
pub(super) fn files(schema: &Schema, sources: &[Source<'_>]) -> BTreeSet<FileId> {
    let refused = |trouble: &&crate::Trouble| trouble.kind == "wrong-value";
    let failing: BTreeSet<_> =
        schema.troubles.iter().filter(refused).map(|trouble| trouble.span.file).collect();
    if failing.is_empty() {
        return failing;
    }
    let history: Vec<_> = schema
        .replayed
        .iter()
        .filter_map(|file| sources.iter().find(|source| source.file == *file))
        .filter(|source| order::is_history(source.path))
        .map(|source| (source.file, made(source.text)))
        .collect();
    let again = |at: usize, tables: &BTreeSet<Name>| {
        history[at + 1..].iter().any(|(_, later)| !tables.is_empty() && tables.is_subset(later))
    };
    let found = history.iter().enumerate().filter(|(at, (_, tables))| again(*at, tables));
    found.map(|(_, (file, _))| *file).filter(|file| failing.contains(file)).collect()
}

/// The tables that a text makes, and that must not be there.
fn made(text: &str) -> BTreeSet<Name> {
    let statements = split::statements(text).into_iter().map(|range| sql::parse(&text[range]));
    let tables = statements.filter_map(|statement| statement.node);
    tables
        .filter(|node| node.kind() == Kind::CREATE_TABLE && !node::has(node, Kind::IF_NOT_EXISTS))
        .filter_map(|node| node::name_in(&node, Kind::TABLE_NAME))
        .collect()
}

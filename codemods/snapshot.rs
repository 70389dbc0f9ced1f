//! SQL files that say again what the migrations of the tree make: drawn from a database once, or written before there were any.

use audit::Survey;
use edit::Span;

/// So many tables are more than one that a script makes sure of.
const SOME: usize = 3;

/// Whether a place stands in such a file: nobody knows whether it was run, and what of it still holds.
pub(crate) fn repeats(survey: &Survey<'_>, place: Span) -> bool {
    let path = |span: Span| survey.project.get(span.file).path.as_str();
    if path(place).contains("migrations/") || !path(place).ends_with(".sql") {
        return false;
    }
    let of_migrations =
        |table: &schema::Table| table.defined.is_some_and(|defined| path(defined).contains("migrations/"));
    let tables = survey.schema.tables.iter();
    let made: Vec<_> = tables.filter(|(_, table)| of_migrations(table)).map(|(name, _)| &name.name).collect();
    if made.len() < SOME {
        return false;
    }
    let lower = survey.project.get(place.file).text.to_ascii_lowercase();
    let again: Vec<&str> = lower.split("create table").skip(1).map(table).collect();
    made.iter().filter(|name| again.contains(&name.as_str())).count() >= SOME
}

/// The name after `create table`, without its schema.
fn table(rest: &str) -> &str {
    let rest = rest.trim_start();
    let rest = rest.strip_prefix("if not exists").unwrap_or(rest).trim_start();
    let name = rest.split(|letter: char| letter.is_whitespace() || letter == '(').next().unwrap_or_default();
    name.rsplit('.').next().unwrap_or_default().trim_matches('"')
}

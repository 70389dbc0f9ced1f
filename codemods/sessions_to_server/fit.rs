//! Whether written types of the database fit the client that a session cookie needs. Types that do not fit were passed over by older
//! clients, which then answered `any`; newer ones answer `never`.

use super::client::PACKAGE;
use crate::build_hardening::numbers;
use audit::Survey;
use project::File;

/// The first client that takes types which do not fit for an error.
const STRICT: [u32; 3] = [2, 56, 0];

/// Whether the types of this module may be given to the new client: they fit, or the old one took them seriously already.
pub(super) fn may_type(survey: &Survey<'_>, types: &File) -> bool {
    fits(&types.text) || !was_loose(survey)
}

/// Whether every table says what it refers to, rows are no interfaces, and views and functions are named, if only as none.
fn fits(text: &str) -> bool {
    // The helpers of generated types ask for a `Row` as well: `{ Row: infer R }`.
    let rows: Vec<&str> =
        text.split("Row:").skip(1).map(first_name).filter(|name| *name != "infer").collect();
    let interface = rows.iter().any(|name| !name.is_empty() && text.contains(&format!("interface {name} ")));
    let complete = ["Views", "Functions"].iter().all(|part| text.contains(part));
    rows.is_empty() || (text.matches("Relationships:").count() >= rows.len() && !interface && complete)
}

/// The name that a text begins with; empty if it begins with something else.
fn first_name(text: &str) -> &str {
    let text = text.trim_start();
    let end = text.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(text.len());
    &text[..end]
}

/// Whether the lockfile holds a client from before [`STRICT`].
fn was_loose(survey: &Survey<'_>) -> bool {
    let mut resolved = survey.project.packages.iter().filter_map(|package| package.resolved.get(PACKAGE));
    resolved.any(|version| numbers(version).is_some_and(|version| version < STRICT))
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn tables_without_relations_and_rows_of_interfaces_do_not_fit() {
        let ends = "}; Views: {}; Functions: {} } }";
        let table = |row: &str, more: &str| {
            format!("type Database = {{ public: {{ Tables: {{ piers: {{ Row: {row}; {more} }} {ends}")
        };
        assert!(fits(&table("{ id: string }", "Relationships: []")));
        assert!(fits(&format!(
            "{} type Tables<T> = T extends {{ Row: infer R }} ? R : never;",
            table("{ id: string }", "Relationships: []")
        )));
        assert!(!fits(&table("{ id: string }", "")));
        assert!(!fits(&format!("interface Pier {{ id: string }} {}", table("Pier", "Relationships: []"))));
        assert!(fits(&format!("type Pier = {{ id: string }}; {}", table("Pier", "Relationships: []"))));
        assert!(!fits("type Database = { public: { Tables: { piers: { Row: {}; Relationships: [] } } } }"));
    }
}

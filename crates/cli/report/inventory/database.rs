//! Rows for the database: tables, and policies with their grades.

use super::place;
use audit::Survey;
use schema::grade::Grade;
use schema::{Name, Policy, Table};
use serde::Serialize;
use std::collections::BTreeMap;

/// A table that the SQL makes, or that the code uses.
#[derive(Debug, Serialize)]
pub(crate) struct TableRow {
    pub(crate) name: String,
    pub(crate) defined_in: Option<String>,
    pub(crate) used_at: Vec<String>,
    pub(crate) rls: bool,
    pub(crate) policies: usize,
}

/// A policy that is live at the end of the migrations.
#[derive(Debug, Serialize)]
pub(crate) struct PolicyRow {
    pub(crate) table: String,
    pub(crate) name: String,
    pub(crate) command: String,
    pub(crate) roles: Vec<String>,
    pub(crate) grade: &'static str,
    pub(crate) why: String,
}

/// `projects`, `storage.objects`.
fn shown(name: &Name) -> String {
    if name.schema == "public" { name.name.clone() } else { format!("{}.{}", name.schema, name.name) }
}

/// The tables, by name.
pub(super) fn tables(survey: &Survey<'_>) -> Vec<TableRow> {
    let empty = Table::default();
    let mut rows: BTreeMap<String, (&Table, Vec<String>)> = BTreeMap::new();
    for (name, table) in &survey.schema.tables {
        rows.insert(shown(name), (table, Vec::new()));
    }
    for query in survey.queries.iter().filter(|query| query.kind == audit::query::Kind::Table) {
        if let Some(name) = query.named() {
            rows.entry(name.to_owned()).or_insert((&empty, Vec::new())).1.push(place(survey, query.span));
        }
    }
    let row = |(name, (table, used_at)): (String, (&Table, Vec<String>))| TableRow {
        name,
        defined_in: table.defined.map(|span| place(survey, span)),
        used_at,
        rls: table.row_security,
        policies: table.policies.len(),
    };
    rows.into_iter().map(row).collect()
}

/// The policies, by table.
pub(super) fn policies(survey: &Survey<'_>) -> Vec<PolicyRow> {
    let row = |(name, policy): (&Name, &Policy)| {
        let verdict = survey.schema.grade(name, policy);
        PolicyRow {
            table: shown(name),
            name: policy.name.clone(),
            command: policy.command.clone(),
            roles: policy.roles.clone(),
            grade: match verdict.grade {
                Grade::Ok => "ok",
                Grade::Notice | Grade::Review => "review",
                Grade::Hole => "hole",
            },
            why: verdict.why,
        }
    };
    let tables = survey.schema.tables.iter();
    tables
        .flat_map(|(name, table)| table.policies.iter().map(move |policy| (name, policy)))
        .map(row)
        .collect()
}

//! How sure it is that a database has what a statement of the tree makes, and statements that look first.
//!
//! A history of migrations says what is there. A script that people run by hand may never have run, and of two that make the same
//! thing in other ways nobody knows which did: what only they make is changed where it is, and never made.

use super::rewrite::Wanted;
use crate::snapshot;
use audit::Survey;
use edit::{FileId, Span};
use schema::{Name, Policy};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// How sure it is that something is there as the tree says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// A tool has made it.
    Made,
    /// A script makes it that somebody runs by hand, or a migration that fails as the tree stands.
    Perhaps,
    /// Several of these make it, each in its own way.
    Doubted,
}

/// How sure the thing is that the statement at `span` makes.
fn of_place(survey: &Survey<'_>, span: Option<Span>) -> Standing {
    let Some(span) = span else { return Standing::Made };
    let file = survey.project.get(span.file);
    if file.text.starts_with(schema::OURS) {
        return Standing::Made;
    }
    if snapshot::repeats(survey, span) {
        Standing::Doubted
    } else if is_history(survey, span.file) && !survey.schema.written.failing.contains(&span.file) {
        Standing::Made
    } else {
        Standing::Perhaps
    }
}

/// How sure a table is.
pub(super) fn of_table(survey: &Survey<'_>, name: &Name) -> Standing {
    let Some(table) = survey.schema.tables.get(name) else { return Standing::Doubted };
    let standing = of_place(survey, table.defined);
    let makers = survey.schema.written.makers.get(name);
    let is_by_hand = |file: &&FileId| is_theirs(survey, **file) && !is_history(survey, **file);
    let by_hand = makers.map_or(0, |makers| makers.iter().filter(is_by_hand).count());
    if standing == Standing::Perhaps && by_hand > 1 { Standing::Doubted } else { standing }
}

/// How sure a column is.
pub(super) fn of_column(survey: &Survey<'_>, table: &Name, column: &str) -> Standing {
    let column = survey.schema.tables.get(table).and_then(|table| table.column(column));
    of_table(survey, table).max(of_place(survey, column.and_then(|column| column.span)))
}

/// How sure a policy is to stand as the tree says it.
pub(super) fn of_policy(survey: &Survey<'_>, table: &Name, policy: &Policy) -> Standing {
    let standing = of_place(survey, policy.span);
    let tables = &survey.schema.tables;
    let there = |(of, column): &(Name, String)| {
        column == "*" || tables.get(of).is_none_or(|of| of.columns.is_empty() || of.column(column).is_some())
    };
    // What another script has made anew lacks what this one asks for.
    if !policy.reads.columns.iter().all(there) {
        return Standing::Doubted;
    }
    let key = (table.clone(), policy.name.clone());
    if survey.schema.written.kept.contains(&key) {
        return Standing::Perhaps;
    }
    if standing == Standing::Made {
        return standing;
    }
    let texts = survey.schema.written.policies.get(&key);
    let theirs = texts.into_iter().flatten().filter(|(file, _)| is_theirs(survey, *file));
    let different: BTreeSet<_> = theirs.map(|(_, text)| text).collect();
    if different.len() > 1 { Standing::Doubted } else { standing.max(of_table(survey, table).min_made()) }
}

/// How sure a function is.
pub(super) fn of_function(survey: &Survey<'_>, function: &schema::Function) -> Standing {
    let standing = of_place(survey, function.span);
    if standing == Standing::Made {
        return standing;
    }
    let bodies = survey.schema.written.bodies.get(&function.name);
    let theirs = bodies.into_iter().flatten().filter(|(file, _)| is_theirs(survey, *file));
    let different: BTreeSet<_> = theirs.map(|(_, body)| body).collect();
    if different.len() > 1 { Standing::Doubted } else { standing }
}

impl Standing {
    /// The condition, where it must be asked.
    pub(super) fn unless_made(self, condition: impl Fn() -> String) -> Vec<String> {
        if self == Self::Made { Vec::new() } else { vec![condition()] }
    }

    /// A table that is there says nothing of a policy that a script gives it.
    fn min_made(self) -> Self {
        if self == Self::Doubted { self } else { Self::Made }
    }
}

fn is_history(survey: &Survey<'_>, file: FileId) -> bool {
    schema::is_history(survey.project.get(file).path.as_str())
}

fn is_theirs(survey: &Survey<'_>, file: FileId) -> bool {
    !survey.project.get(file).text.starts_with(schema::OURS)
}

/// The statements, run where all conditions hold; as they are without any.
pub(super) fn if_all(conditions: &[String], statements: String) -> String {
    if conditions.is_empty() { statements } else { where_it_is(conditions, &statements) }
}

fn where_it_is(conditions: &[String], statements: &str) -> String {
    let mut sql = format!("do $harden$ begin\n  if {} then\n", conditions.join("\n     and "));
    // A text that goes over several lines stays as it is.
    let plain = statements.lines().all(|line| line.matches('\'').count() % 2 == 0);
    for line in statements.lines() {
        let _ = if plain { writeln!(sql, "    {line}") } else { writeln!(sql, "{line}") };
    }
    sql + "  end if;\nend $harden$;\n"
}

/// That the table has the policy.
pub(super) fn has_policy(table: &Name, policy: &str) -> String {
    format!(
        "exists (select 1 from pg_policies where {} and policyname = {})",
        in_catalog(["schemaname", "tablename"], table),
        literal(policy)
    )
}

/// That the table has the column.
pub(super) fn has_column(table: &Name, column: &str) -> String {
    format!(
        "exists (select 1 from information_schema.columns where {} and column_name = {})",
        in_catalog(["table_schema", "table_name"], table),
        literal(column)
    )
}

/// That the table is there and open.
pub(super) fn is_open(table: &Name) -> String {
    format!(
        "exists (select 1 from pg_tables where {} and not rowsecurity)",
        in_catalog(["schemaname", "tablename"], table)
    )
}

/// That the function is there.
pub(super) fn has_function(signature: &str) -> String {
    format!("to_regprocedure({}) is not null", literal(signature))
}

fn in_catalog([schema, table]: [&str; 2], name: &Name) -> String {
    format!("{schema} = {} and {table} = {}", literal(&name.schema), literal(&name.name))
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A policy that is there, with other words.
pub(super) fn altered(table: &Name, policy: &Wanted) -> String {
    where_it_is(&[has_policy(table, &policy.name)], &policy.alter(table))
}

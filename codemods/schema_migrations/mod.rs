//! Schema migrations: what the code asks of the database and no SQL of the tree makes, and SQL that does not run as it stands.

mod find;
mod skeleton;

use audit::{Finding, Rule, Severity, Survey};
pub(crate) use find::lags;
use plan::{About, Change, Codemod};

const ID: &str = "schema-migrations";

const NO_TABLE: Rule = Rule {
    id: "schema-migrations/table-never-created",
    title: "A table is used and nothing creates it",
    severity: Severity::Warning,
    why: "A project that is set up from this tree lacks the table: every query of it fails.",
    aliases: &[],
};
const NO_COLUMN: Rule = Rule {
    id: "schema-migrations/column-never-created",
    title: "A column is used and nothing creates it",
    severity: Severity::Warning,
    why: "The query fails in a project that is set up from this tree.",
    aliases: &[],
};
const DOES_NOT_RUN: Rule = Rule {
    id: "schema-migrations/does-not-run",
    title: "SQL that does not run as it stands",
    severity: Severity::Warning,
    why: "A migration that fails is rolled back as a whole, and none behind it runs.",
    aliases: &[],
};
const NO_HISTORY: Rule = Rule {
    id: "schema-migrations/scripts-without-history",
    title: "SQL that is run by hand",
    severity: Severity::Note,
    why: "Nobody can tell which of these files a database has seen, and in which order.",
    aliases: &[],
};

/// The codemod.
pub struct SchemaMigrations;

impl Codemod for SchemaMigrations {
    fn about(&self) -> About {
        About {
            id: ID,
            title: "A history that makes the whole database",
            rules: &[NO_TABLE, NO_COLUMN, DOES_NOT_RUN, NO_HISTORY],
            readme: include_str!("README.md"),
            frameworks: &["next", "vite", "tanstack-start", "expo", "express"],
        }
    }

    fn find(&self, survey: &Survey<'_>) -> Vec<Finding> {
        find::find(survey)
    }

    fn fix(&self, survey: &Survey<'_>, findings: &[Finding]) -> Vec<Change> {
        skeleton::change(survey, findings).into_iter().collect()
    }
}

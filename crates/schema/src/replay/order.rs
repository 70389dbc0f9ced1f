//! Which SQL counts, and in which order it would run.
//!
//! A folder of migrations is the history. Loose files come after it, for people run them by hand on top: first what lays the
//! ground (`schema.sql`), then numbered scripts, then the rest, those that create before those that only change.
//! Seeds, tests, the way back (`down.sql`) and dumps of other databases do not count.

use crate::sql::split;
use crate::{OURS, Source};
use std::collections::BTreeSet;

/// The files that count, in order.
pub(crate) fn ordered<'s, 't>(sources: &'s [Source<'t>]) -> Vec<&'s Source<'t>> {
    let mut counted: Vec<_> = sources
        .iter()
        .filter(|source| {
            is_sql(source.path) && counts(source) && !is_foreign(source.text) && !is_stand_in(source)
        })
        .map(|source| (rank(source, sources), source))
        .collect();
    counted.sort_by(|(one, a), (other, b)| one.cmp(other).then_with(|| a.path.cmp(b.path)));
    // Our own migration, as long as it is the newest, was written over all that is there, loose files too.
    let mut newest: Vec<bool> = vec![false; counted.len()];
    for at in (0..counted.len()).rev().filter(|at| counted[*at].0.0 == 0) {
        let (kind, folder) = (counted[at].0.0, &counted[at].0.1);
        let behind = counted[at + 1..].iter().zip(&newest[at + 1..]);
        let mut newer = behind.filter(|((rank, source), ours)| {
            rank.0 == kind && rank.1 == *folder && is_versioned(source.path) && !**ours
        });
        newest[at] = counted[at].1.text.starts_with(OURS) && newer.next().is_none();
    }
    let (last, first): (Vec<_>, Vec<_>) = counted.into_iter().zip(newest).partition(|(_, newest)| *newest);
    first.into_iter().chain(last).map(|((_, source), _)| source).collect()
}

/// Whether the name of a file begins with a version.
pub fn has_version(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_digit())
}

/// Whether the name begins with a version: a tool runs no other file of a folder of migrations.
pub(crate) fn is_versioned(path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or(path);
    has_version(file) || path.ends_with("/migration.sql")
}

/// Whether a tool that keeps a history runs the file at `path`.
pub fn is_history(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    is_migration(&lower) && is_versioned(&lower)
}

/// Whether `path` is a migration of a tool that keeps a history.
pub(crate) fn is_migration(path: &str) -> bool {
    let folders: Vec<_> = path.split('/').collect();
    let folders = &folders[..folders.len() - 1];
    folders.iter().any(|folder| matches!(*folder, "migrations" | "drizzle"))
}

/// Whether `text` is written for MySQL, SQLite or SQL Server.
pub(crate) fn is_foreign(text: &str) -> bool {
    let marks = ["engine=", "auto_increment", "autoincrement", "nvarchar", "`\n", "` (", "datetime2"];
    // A word about another database in a comment, or in a text, is written in no language of theirs.
    let lower = code_of(text).to_ascii_lowercase();
    marks.iter().any(|mark| lower.contains(mark)) && !lower.contains("plpgsql")
}

/// The text without its comments and quoted texts.
fn code_of(text: &str) -> String {
    let mut code = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['-', '/', '\'']) {
        let (before, from) = rest.split_at(at);
        code += before;
        let (opens, closes) = match () {
            () if from.starts_with("--") => (2, "\n"),
            () if from.starts_with("/*") => (2, "*/"),
            () if from.starts_with('\'') => (1, "'"),
            () => {
                code += &from[..1];
                rest = &from[1..];
                continue;
            }
        };
        rest = from[opens..].split_once(closes).map_or("", |(_, behind)| behind);
    }
    code + rest
}

/// Whether a loose script builds a stand-in of the platform to try others on: it makes what only the platform makes.
fn is_stand_in(source: &Source<'_>) -> bool {
    let flat = source.text.to_ascii_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    let made = [
        "create schema if not exists auth;",
        "create schema auth;",
        "create table if not exists auth.users",
        "create table auth.users",
        "function auth.uid(",
    ];
    !is_migration(&source.path.to_ascii_lowercase())
        && made.iter().filter(|mark| flat.contains(**mark)).count() > 1
}

fn is_sql(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, ending)| ending.eq_ignore_ascii_case("sql"))
}

fn counts(source: &Source<'_>) -> bool {
    let lower = source.path.to_ascii_lowercase();
    let (folders, file) = lower.rsplit_once('/').unwrap_or(("", &lower));
    let skipped = |part: &str| {
        matches!(
            part,
            "tests"
                | "test"
                | "__tests__"
                | "seeds"
                | "down"
                | "rollback"
                | "rollbacks"
                | "archive"
                | "old"
                | "backup"
                | "backups"
                | "deprecated"
                | "snippets"
                // What a builder threw away never ran.
                | "supabase_discarded_migrations"
        )
    };
    if folders.split('/').any(skipped) {
        return false;
    }
    let stem = file.trim_end_matches(".sql");
    let words: Vec<_> = stem.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    if words.iter().any(|word| matches!(*word, "down" | "rollback" | "backup")) && !is_migration(&lower) {
        return false;
    }
    // A seed that also makes tables is a script like any other.
    let seed = words.iter().any(|word| matches!(*word, "seed" | "seeds" | "seeder"));
    !seed || is_migration(&lower) || changes_structure(source.text)
}

fn changes_structure(text: &str) -> bool {
    split::statements(text).into_iter().any(|range| {
        let first = text[range].split_whitespace().next().unwrap_or("").to_ascii_lowercase();
        matches!(first.as_str(), "create" | "alter")
    })
}

/// (kind of place, folder, number, whether it creates nothing)
type Rank = (u8, String, u64, bool);

fn rank(source: &Source<'_>, all: &[Source<'_>]) -> Rank {
    let lower = source.path.to_ascii_lowercase();
    let (folders, file) = lower.rsplit_once('/').unwrap_or(("", &lower));
    if is_migration(&lower) {
        // Names sort as the tool sorts them; Drizzle and Prisma number their files or folders likewise.
        let number = if folders.ends_with("drizzle") { number_of(file).unwrap_or(0) } else { 0 };
        let later = !(GROUND.contains(&file) && lays_ground(source, all));
        return (0, folders.split("/migrations").next().unwrap_or(folders).to_owned(), number, later);
    }
    let creates = {
        let text = source.text.to_ascii_lowercase();
        text.contains("create table")
    };
    // What hardens comes last, after what makes the tables that it names.
    if matches!(file, "harden.sql" | "missing_tables.sql") {
        return (4, String::new(), u64::from(file == "harden.sql"), false);
    }
    if GROUND.contains(&file) && creates {
        return (1, String::new(), 0, false);
    }
    match number_of(file) {
        Some(number) => (2, folders.to_owned(), number, false),
        None => (3, String::new(), 0, !creates),
    }
}

const GROUND: [&str; 5] = ["schema.sql", "database.sql", "init.sql", "structure.sql", "tables.sql"];

/// Whether a file without a version makes tables in a folder of migrations that makes none of them: it was run by hand, before them.
fn lays_ground(source: &Source<'_>, all: &[Source<'_>]) -> bool {
    let folder = |path: &str| path.rsplit_once('/').map_or(String::new(), |(folder, _)| folder.to_owned());
    let own = made_tables(source.text);
    let beside =
        all.iter().filter(|other| is_versioned(other.path) && folder(other.path) == folder(source.path));
    !own.is_empty() && beside.flat_map(|other| made_tables(other.text)).all(|table| !own.contains(&table))
}

/// The names behind `create table`.
fn made_tables(text: &str) -> BTreeSet<String> {
    let lower = code_of(text).to_ascii_lowercase();
    let named = |rest: &str| {
        let rest = rest.trim_start().trim_start_matches("if not exists").trim_start();
        let name = rest.split(|letter: char| letter.is_whitespace() || letter == '(').next()?;
        Some(name.trim_start_matches("public.").trim_matches('"').to_owned())
    };
    lower.split("create table").skip(1).filter_map(named).collect()
}

fn number_of(file: &str) -> Option<u64> {
    let digits: String = file.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use edit::FileId;

    fn check(files: &[(&str, &str)], expected: &[&str]) {
        let sources: Vec<_> =
            files.iter().map(|(path, text)| Source { file: FileId(0), path, text }).collect();
        let found: Vec<_> = ordered(&sources).into_iter().map(|source| source.path).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn migrations_come_first_then_the_ground_then_numbers_then_the_rest() {
        check(
            &[
                ("fix.sql", "alter table a disable row level security"),
                ("more.sql", "create table c ()"),
                ("schema.sql", "create table a ()"),
                ("scripts/10_x.sql", ""),
                ("scripts/2_y.sql", ""),
                ("supabase/migrations/2.sql", ""),
                ("supabase/migrations/1.sql", ""),
            ],
            &[
                "supabase/migrations/1.sql",
                "supabase/migrations/2.sql",
                "schema.sql",
                "scripts/2_y.sql",
                "scripts/10_x.sql",
                "more.sql",
                "fix.sql",
            ],
        );
    }

    #[test]
    fn the_ground_among_migrations_that_make_none_of_its_tables_comes_first() {
        let ground = ("supabase/migrations/schema.sql", "create table public.a ()");
        check(
            &[("supabase/migrations/1.sql", "alter table a add b int"), ground],
            &[ground.0, "supabase/migrations/1.sql"],
        );
        check(
            &[("supabase/migrations/1.sql", "create table if not exists a ()"), ground],
            &["supabase/migrations/1.sql", ground.0],
        );
    }

    #[test]
    fn a_loose_script_that_stands_in_for_the_platform_does_not_count() {
        let stand_in = "create schema if not exists auth; create table if not exists auth.users(id uuid); create table boats (id uuid);";
        check(&[("check.sql", stand_in), ("schema.sql", "create table a ()")], &["schema.sql"]);
    }

    #[test]
    fn a_migration_of_ours_runs_last_until_a_newer_one_comes() {
        let (ours, other) = ("-- Written by migrate. Read it.", "create table b ()");
        let base = [("supabase/schema.sql", "create table a ()"), ("supabase/migrations/1.sql", other)];
        check(
            &[base[0], base[1], ("supabase/migrations/2_harden.sql", ours)],
            &["supabase/migrations/1.sql", "supabase/schema.sql", "supabase/migrations/2_harden.sql"],
        );
        check(
            &[base[0], ("supabase/migrations/2_harden.sql", ours), ("supabase/migrations/3.sql", other)],
            &["supabase/migrations/2_harden.sql", "supabase/migrations/3.sql", "supabase/schema.sql"],
        );
        // No tool runs what has no version: it was run by hand, before.
        check(
            &[("supabase/migrations/2_harden.sql", ours), ("supabase/migrations/patch.sql", other)],
            &["supabase/migrations/patch.sql", "supabase/migrations/2_harden.sql"],
        );
    }

    #[test]
    fn seeds_tests_ways_back_and_other_databases_do_not_count() {
        check(
            &[
                ("supabase/seed.sql", "insert into a values (1)"),
                ("scripts/seed_all.sql", "create table a ()"),
                ("supabase/tests/a.sql", "select 1"),
                ("db/1_down.sql", "drop table a"),
                ("dump.sql", "create table `a` (id int) engine=InnoDB"),
            ],
            &["scripts/seed_all.sql"],
        );
    }
}

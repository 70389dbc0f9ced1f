//! The one new migration: sections in the order in which they must run, each statement with its reason, all of it fit to be
//! run again.

use super::access::{Access, qualified, quoted, shown};
use super::standing::{self, Standing};
use super::{
    DEFINER, HARDENED, ID, METADATA, NO_INDEX, OPEN_READ, OPEN_WRITE, PRIVILEGED, RLS_OFF, SEARCH_PATH,
    UNWRAPPED, expected, lint, path, privileges, rewrite, sign_up,
};
use audit::{Finding, Survey};
use edit::{Piece, RelPath, Span};
use plan::{Change, NewFile, Safety};
use schema::{Name, Table};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// The change and the text of its migration, if anything can surely be closed.
pub(super) fn change(survey: &Survey<'_>, findings: &[Finding]) -> Option<(Change, String)> {
    let schema = &survey.schema;
    let access = Access::of(survey);
    let mut sections: Vec<String> = Vec::new();
    // (rule, subject) of what is resolved.
    let mut resolved: BTreeSet<(&str, String)> = BTreeSet::new();
    let mut rewritten: BTreeSet<(String, String)> = BTreeSet::new();

    let mut section = String::new();
    for (name, table) in schema
        .tables
        .iter()
        .filter(|(name, table)| name.schema == "public" && table.defined.is_some() && !table.row_security)
    {
        let Some(wanted) = rewrite::first_policies(schema, &access, name, table) else { continue };
        let verbs = access.verbs(&name.name);
        let Some(conditions) = conditions_to_close(survey, name, table, &verbs) else { continue };
        let reason = match (verbs.as_slice(), table.policies.len()) {
            ([], 0) => "No code uses it with a visitor's rights: no policy on purpose.".to_owned(),
            ([], _) => "Its policies come into force with this.".to_owned(),
            (verbs, 0) => format!(
                "The app {}s its rows: {}.",
                verbs.join("s and "),
                places(survey, &access, &name.name, verbs)
            ),
            (verbs, _) => format!(
                "Its policies come into force with this; the app {}s its rows: {}.",
                verbs.join("s and "),
                places(survey, &access, &name.name, verbs)
            ),
        };
        let _ = writeln!(section, "-- {reason}");
        let mut statements = format!("alter table {} enable row level security;\n", qualified(name));
        wanted.iter().for_each(|policy| statements.push_str(&policy.sql(name)));
        section.push_str(&standing::if_all(&conditions, statements));
        resolved.insert((RLS_OFF.id, shown(name)));
    }
    add(
        &mut sections,
        "Tables that the API served without row level security (0013_rls_disabled_in_public).",
        section,
    );

    // Policies that come into force with the first section count as those that are.
    let path = next_file(survey, Behind::Minute, "harden")?;
    let in_force =
        sections.first().and_then(|made| expected::with(survey, &path, &format!("{}\n{made}", schema::OURS)));
    let schema = in_force.as_ref().unwrap_or(schema);

    let mut section = String::new();
    for (name, table) in &schema.tables {
        let (mut all, mut any, mut shown_still) = (true, false, false);
        for policy in table.policies.iter().filter(|_| table.row_security) {
            let open = rewrite::open(schema, name, policy);
            let read =
                |verdict: &schema::grade::Verdict| verdict.fault == Some(schema::grade::Fault::OpenRead);
            let read = schema.verdicts(name, policy).iter().any(read);
            let standing = standing::of_policy(survey, name, policy);
            // What serves the app in its place must surely be there.
            let beside = |other: &&schema::Policy| {
                other.name == policy.name || standing::of_policy(survey, name, other) == Standing::Made
            };
            let sure = schema::Table {
                policies: table.policies.iter().filter(beside).cloned().collect(),
                ..table.clone()
            };
            let narrowed = rewrite::narrowed(schema, &access, name, &sure, policy);
            let Some(narrowed) = narrowed.filter(|_| standing != Standing::Doubted) else {
                all &= !open;
                shown_still |= read;
                continue;
            };
            any = true;
            all &= narrowed.left.is_empty();
            shown_still |= read && narrowed.instead.iter().any(|policy| policy.command == "select");
            let _ = writeln!(section, "-- `{}`: {}", shown(name), narrowed.reasons.join(" "));
            let uses = places(survey, &access, &name.name, &["insert", "update", "delete"]);
            if !uses.is_empty() {
                let _ = writeln!(section, "-- Writes of the app: {uses}.");
            }
            if !narrowed.left.is_empty() {
                let _ = writeln!(section, "-- Still open, as it was: {}.", narrowed.left.join(", "));
            }
            // What takes its place under its name drops it.
            let mut statements = String::new();
            if !narrowed.instead.iter().any(|policy| policy.name == narrowed.policy) {
                let _ = writeln!(
                    statements,
                    "drop policy if exists \"{}\" on {};",
                    narrowed.policy.replace('"', "\"\""),
                    qualified(name)
                );
            }
            for policy in &narrowed.instead {
                statements.push_str(&policy.sql(name));
            }
            let mut asked = standing.unless_made(|| standing::has_policy(name, &policy.name));
            // What is not there is dropped without harm.
            asked.retain(|_| !narrowed.instead.is_empty());
            section.push_str(&standing::if_all(&asked, statements));
            rewritten.insert((shown(name), policy.name.clone()));
        }
        if any && all {
            resolved.insert((OPEN_WRITE.id, shown(name)));
        }
        if any && !shown_still {
            resolved.insert((OPEN_READ.id, shown(name)));
        }
    }
    add(
        &mut sections,
        "Policies that let anybody in: split by verb, and closed as far as the app lets them.",
        section,
    );

    let mut section = String::new();
    let mut bare = false;
    for (name, table) in &schema.tables {
        for policy in
            table.policies.iter().filter(|policy| !rewritten.contains(&(shown(name), policy.name.clone())))
        {
            let tightened = rewrite::tightened(schema, name, policy);
            match (tightened, standing::of_policy(survey, name, policy)) {
                (Some(tightened), Standing::Made) => section.push_str(&tightened.sql(name)),
                (Some(tightened), Standing::Perhaps) => {
                    section.push_str(&standing::altered(name, &tightened));
                }
                _ => bare |= rewrite::unwrapped(policy),
            }
        }
    }
    if !section.is_empty() && !bare {
        resolved.insert((UNWRAPPED.id, "policies".to_owned()));
    }
    add(
        &mut sections,
        "The same rules, but asked once for each statement instead of once for each row (0003_auth_rls_initplan), and only of\n-- signed-in users where nobody else could pass.",
        section,
    );

    let mut section = String::new();
    for (name, table) in schema.tables.iter().filter(|(_, table)| table.row_security) {
        let Some(guard) = privileges::guard(survey, &access, name, table) else { continue };
        let _ = writeln!(
            section,
            "-- `{}`: {}. Staff policies, functions with their owner's rights and the server's key still change them.",
            shown(name),
            guard.held().join(", ")
        );
        if !guard.partly.is_empty() {
            let _ = writeln!(
                section,
                "-- A page sets {}, and whose cannot be told: only what makes an administrator is refused.",
                guard.partly.join(", ")
            );
        }
        if !guard.left.is_empty() {
            let _ = writeln!(
                section,
                "-- Still theirs to set, for the app itself does: {}.",
                guard.left.join(", ")
            );
        }
        let (inserts, others): (Vec<_>, Vec<_>) =
            table.policies.iter().partition(|policy| policy.command == "insert");
        let granted = |policies: &[&schema::Policy]| {
            policies.iter().flat_map(|policy| schema.self_granted(name, policy)).collect::<BTreeSet<_>>()
        };
        let (at_first, later) = (granted(&inserts), granted(&others));
        let chosen: Vec<_> = at_first.iter().filter(|column| !guard.at_first.contains(column)).collect();
        if !chosen.is_empty() {
            let listed = chosen.iter().map(|column| column.as_str()).collect::<Vec<_>>().join(", ");
            let _ = writeln!(section, "-- Whoever makes their own row still chooses there: {listed}.");
        }
        section.push_str(&guard.function);
        let asked: Vec<_> = guard
            .asked
            .iter()
            .flat_map(|column| {
                standing::of_column(survey, name, column).unless_made(|| standing::has_column(name, column))
            })
            .collect();
        section.push_str(&standing::if_all(&asked, guard.trigger));
        let whole = |column: &String| guard.columns.contains(column) && !guard.partly.contains(column);
        if chosen.is_empty() && later.iter().all(whole) {
            resolved.insert((PRIVILEGED.id, shown(name)));
        }
    }
    add(&mut sections, "Columns that a user must not set in their own row.", section);

    let mut section = String::new();
    let mut replaced: BTreeSet<String> = BTreeSet::new();
    // Who makes accounts for others with the server's key says their roles there.
    let unguarded: Vec<_> = schema
        .functions
        .iter()
        .filter(|function| standing::of_function(survey, function) != Standing::Doubted)
        .filter_map(|function| Some((function, privileges::without_role(schema, function)?)))
        .collect();
    let unguarded = if unguarded.is_empty() || sign_up::names_roles(survey) { Vec::new() } else { unguarded };
    for (function, sql) in unguarded {
        let left = sign_up::let_in(schema, function);
        let which = if left.is_empty() { "a role with power" } else { "the role of an administrator" };
        let _ = writeln!(section, "-- The sign-up request does not choose {which} any more.");
        for (role, policy, table) in &left {
            let policy = policy.replace(['\n', '\r'], " ");
            let _ = writeln!(
                section,
                "-- Still theirs to choose is `{role}`, which passes \"{policy}\" on `{table}`: say who may have it."
            );
        }
        section.push_str(&sql);
        replaced.insert(function.name.name.clone());
        if left.is_empty() {
            resolved.insert((METADATA.id, format!("{}()", function.name.name)));
        }
    }
    for function in privileges::uncalled(schema, &access) {
        section.push_str("-- Writes past all policies without asking who calls; no page and no function of the server calls it.\n");
        let signature = privileges::signature(function);
        let revoke = format!("revoke execute on function {signature} from public, anon, authenticated;\n");
        let asked =
            standing::of_function(survey, function).unless_made(|| standing::has_function(&signature));
        section.push_str(&standing::if_all(&asked, revoke));
        resolved.insert((DEFINER.id, format!("{}()", function.name.name)));
    }
    add(&mut sections, "Functions that gave away more than they should.", section);

    let mut section = String::new();
    for function in lint::pathless(schema).filter(|it| !replaced.contains(&it.name.name)) {
        let kind = if function.procedure { "procedure" } else { "function" };
        let signature = privileges::signature(function);
        let alter =
            format!("alter {kind} {signature} set search_path = {};\n", path::needed(survey, function));
        let asked =
            standing::of_function(survey, function).unless_made(|| standing::has_function(&signature));
        section.push_str(&standing::if_all(&asked, alter));
    }
    if !section.is_empty() {
        resolved.insert((SEARCH_PATH.id, "functions".to_owned()));
    }
    add(
        &mut sections,
        "Functions look names up where their author did (0011_function_search_path_mutable).",
        section,
    );

    let mut section = String::new();
    for (name, columns) in lint::missing_indexes(survey) {
        let listed: Vec<_> = columns.iter().map(|column| quoted(column)).collect();
        let index = format!(
            "create index if not exists {} on {} ({});\n",
            quoted(&index_name(&name.name, &columns)),
            qualified(&name),
            listed.join(", ")
        );
        let asked = |column: &String| {
            standing::of_column(survey, &name, column).unless_made(|| standing::has_column(&name, column))
        };
        section.push_str(&standing::if_all(&columns.iter().flat_map(asked).collect::<Vec<_>>(), index));
    }
    if !section.is_empty() {
        resolved.insert((NO_INDEX.id, "indexes".to_owned()));
    }
    add(
        &mut sections,
        "Columns that policies and foreign keys look up (0001_unindexed_foreign_keys).",
        section,
    );

    if sections.is_empty() {
        return None;
    }
    let text = format!(
        "{} Every statement can be run again. Read it before it runs: it changes who may do what.\n\n{}",
        schema::OURS,
        sections.join("\n")
    );
    let mut change = Change::new(ID, "Harden the database in a new migration", Safety::Review);
    change.key = Some(HARDENED.to_owned());
    change.creates.push(NewFile { path, pieces: vec![Piece::text(text.clone())], mode: 0o644 });
    change.fixes = (0..findings.len())
        .filter(|at| resolved.contains(&(findings[*at].rule, findings[*at].subject.clone())))
        .collect();
    Some((change, text))
}

/// What must hold so that a table may be closed: `None` if it must not be. A table that a script makes is closed only where it is open, and where
/// the policies that then count are there.
fn conditions_to_close(
    survey: &Survey<'_>,
    name: &Name,
    table: &Table,
    verbs: &[&str],
) -> Option<Vec<String>> {
    let standing = standing::of_table(survey, name);
    let mut asked = standing.unless_made(|| standing::is_open(name));
    if verbs.is_empty() {
        return Some(asked);
    }
    for policy in &table.policies {
        let of_policy = standing::of_policy(survey, name, policy);
        if of_policy == Standing::Doubted {
            return None;
        }
        asked.extend(of_policy.unless_made(|| standing::has_policy(name, &policy.name)));
    }
    (standing != Standing::Doubted).then_some(asked)
}

fn add(sections: &mut Vec<String>, title: &str, body: String) {
    if !body.is_empty() {
        sections.push(format!("-- {title}\n{body}"));
    }
}

/// The first places of the app that use a table so: `src/pages/Boats.tsx:12`.
fn places(survey: &Survey<'_>, access: &Access, table: &str, verbs: &[&str]) -> String {
    let mut found = Vec::new();
    for with in verbs.iter().flat_map(|verb| access.uses(table, verb)) {
        let file = survey.project.get(with.span.file);
        if !found.contains(&file.path.as_str()) {
            found.push(file.path.as_str());
        }
    }
    let more = found.len().saturating_sub(4);
    found.truncate(4);
    let listed = found.join(", ");
    if more > 0 { format!("{listed} and {more} more files") } else { listed }
}

fn index_name(table: &str, columns: &[String]) -> String {
    schema::suffixed(&format!("{table}_{}", columns.join("_")), "_idx")
}

/// Whether the migrations of the platform make the column at `span`; any where there are none. SQL beside them may never have run.
pub(super) fn in_history(survey: &Survey<'_>, span: Option<Span>) -> bool {
    let history =
        |path: &RelPath| path.folder().ends_with("supabase/migrations") && path.extension() == "sql";
    let made = span.is_none_or(|span| history(&survey.project.get(span.file).path));
    made || !survey.project.files.iter().any(|file| history(&file.path))
}

/// A new file that runs behind all others: a migration where there is a history (a second for what is made, a minute for what
/// then hardens it), the next number beside scripts that are run by hand. No clock is asked.
pub(crate) fn next_file(survey: &Survey<'_>, behind: Behind, name: &str) -> Option<RelPath> {
    let mut replayed = survey.schema.replayed.iter().map(|file| &survey.project.get(*file).path);
    let history = |path: &RelPath| path.folder().ends_with("supabase/migrations");
    // A file without a version is none that the tool runs: what has one counts, however their names sort.
    let versioned = |path: &RelPath| schema::has_version(path.name());
    let last_migration = replayed
        .clone()
        .filter(|path| history(path))
        .max_by(|one, other| (versioned(one), one.name()).cmp(&(versioned(other), other.name())));
    if let Some(last) = last_migration {
        let version = version_behind(last.name(), behind)?;
        return RelPath::new(format!("{}/{version}_{name}.sql", last.folder()));
    }
    let Some(last) = replayed.next_back() else {
        let folder = survey.project.apps.first().map_or("", |app| app.folder.as_str());
        let folder = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        return RelPath::new(format!("{folder}supabase/migrations/{}_{name}.sql", later(FIRST, behind)));
    };
    let folder = if last.folder().is_empty() { String::new() } else { format!("{}/", last.folder()) };
    let digits: String = last.name().chars().take_while(char::is_ascii_digit).collect();
    match digits.parse::<u64>() {
        Ok(number) => {
            let next = number + if behind == Behind::Second { 1 } else { 2 };
            RelPath::new(format!("{folder}{next:0width$}_{name}.sql", width = digits.len()))
        }
        Err(_) => RelPath::new(format!("{folder}{name}.sql")),
    }
}

/// The version before the first of a history that begins here: in the past, so that whatever the tool makes next is newer.
const FIRST: &str = "20260101000000";

/// The version behind that of a file: of 14 digits a time, of fewer the next number. `None` if none sorts behind it.
fn version_behind(name: &str, behind: Behind) -> Option<String> {
    let digits: String = name.chars().take_while(char::is_ascii_digit).collect();
    let version = match digits.len() {
        0 => return Some(later(FIRST, behind)),
        14 => later(&digits, behind),
        // A day without a time: the day after, so that it sorts behind whatever follows the digits.
        8 => later(&format!("{}000000", next_day(&digits)), behind),
        width => {
            let next = digits.parse::<u64>().ok()? + if behind == Behind::Second { 1 } else { 2 };
            format!("{next:0width$}")
        }
    };
    // Names are sorted as texts: behind `9999_` comes `10000_` only as a number.
    (version > digits).then_some(version)
}

fn next_day(digits: &str) -> String {
    later(&format!("{digits}235959"), Behind::Second).get(..8).unwrap_or(digits).to_owned()
}

/// How far behind.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behind {
    /// A second.
    Second,
    /// A minute.
    Minute,
}

/// The 14 digits that much later.
fn later(version: &str, behind: Behind) -> String {
    let part = |range: std::ops::Range<usize>| {
        version.get(range).and_then(|digits| digits.parse::<u32>().ok()).unwrap_or(0)
    };
    let mut parts = [part(0..4), part(4..6), part(6..8), part(8..10), part(10..12), part(12..14)];
    parts[if behind == Behind::Second { 5 } else { 4 }] += 1;
    // Versions are sorted as digits: that a month may have fewer days does not matter.
    for (at, (first, most)) in [(5, (0, 59)), (4, (0, 59)), (3, (0, 23)), (2, (1, 31)), (1, (1, 12))] {
        if parts[at] > most {
            parts[at] = first;
            parts[at - 1] += 1;
        }
    }
    let [year, month, day, hour, minute, second] = parts;
    format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}")
}

#[cfg(test)]
mod tests {
    use super::{Behind, later, version_behind};

    #[test]
    fn versions_carry() {
        assert_eq!(later("20250628110023", Behind::Second), "20250628110024");
        assert_eq!(later("20250628110023", Behind::Minute), "20250628110123");
        assert_eq!(later("20250628115959", Behind::Second), "20250628120000");
        assert_eq!(later("20251231235959", Behind::Minute), "20260101000059");
        let behind = |name, far| version_behind(name, far).unwrap_or_default();
        assert_eq!(behind("20251210_more.sql", Behind::Second), "20251211000001");
        assert_eq!(behind("0009_more.sql", Behind::Minute), "0011");
        assert_eq!(behind("99990101000000_last.sql", Behind::Minute), "99990101000100");
        assert_eq!(behind("a_patch.sql", Behind::Minute), "20260101000100");
        assert_eq!(version_behind("9999_last.sql", Behind::Minute), None);
    }
}

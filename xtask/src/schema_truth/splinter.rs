//! Holds our lints to Supabase's own: runs the queries of a checkout of <https://github.com/supabase/splinter> on the database that
//! an export's SQL has made, and compares what they name with what `migrate audit` names under rules that carry their ids.
//!
//! The queries stay in the checkout: it has no licence that would let them be copied.

use anyhow::Context;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// A lint: its file, how to print one row of its view, the rule that is its like, and who may name more than the other.
struct Lint {
    name: &'static str,
    key: &'static str,
    rule: &'static str,
    /// Narrows findings of the rule to those of the lint.
    says: &'static str,
    apart: Apart,
}

/// What the two differ in by intent.
#[derive(Clone, Copy, PartialEq)]
enum Apart {
    Nothing,
    /// Ours also tells of what the lint does not look at.
    OursTellsMore,
    /// Ours is silent where no harm follows.
    OursTellsLess,
}

const NAME: &str = "metadata->>'name'";
/// The lints end their keys with schema, table and policy.
const POLICY: &str = "regexp_replace(cache_key, '^(auth_rls_init_plan|rls_references_user_metadata|rls_policy_always_true)_', '')";
const COLUMNS: &str = "(metadata->>'name') || '.' || (select string_agg(attname, ', ' order by at) from \
    jsonb_array_elements_text(metadata->'fkey_columns') with ordinality column_(number, at) join pg_attribute on attnum = number::int \
    and attrelid = format('%I.%I', metadata->>'schema', metadata->>'name')::regclass)";
const VERB: &str = "(metadata->>'name') || ' ' || lower(substring(cache_key from '[A-Z]+$'))";
const INDEXES: &str = "(select string_agg(it.index, ', ' order by it.index) from jsonb_array_elements_text(metadata->'indexes') it(index))";

const LINTS: &[Lint] = &[
    lint("0001_unindexed_foreign_keys", COLUMNS, "missing-index", "", Apart::OursTellsMore),
    lint("0002_auth_users_exposed", NAME, "definer-view", "`auth.users`", Apart::Nothing),
    lint("0003_auth_rls_initplan", POLICY, "unwrapped-auth-call", "", Apart::Nothing),
    lint("0004_no_primary_key", NAME, "untidy-schema", "has no primary key", Apart::Nothing),
    lint("0006_multiple_permissive_policies", VERB, "untidy-schema", " policies for ", Apart::Nothing),
    lint("0007_policy_exists_rls_disabled", NAME, "rls-off", "", Apart::OursTellsMore),
    lint("0008_rls_enabled_no_policy", NAME, "locked-table", "", Apart::OursTellsLess),
    lint("0009_duplicate_index", INDEXES, "untidy-schema", "one index twice", Apart::Nothing),
    lint("0010_security_definer_view", NAME, "definer-view", "", Apart::OursTellsLess),
    lint("0011_function_search_path_mutable", NAME, "mutable-search-path", "", Apart::Nothing),
    lint("0013_rls_disabled_in_public", NAME, "rls-off", "", Apart::Nothing),
    lint("0015_rls_references_user_metadata", POLICY, "role-from-metadata", "Policy", Apart::Nothing),
    lint("0024_rls_policy_always_true", POLICY, "open-write", "", Apart::OursTellsMore),
];

const fn lint(
    name: &'static str,
    key: &'static str,
    rule: &'static str,
    says: &'static str,
    apart: Apart,
) -> Lint {
    Lint { name, key, rule, says, apart }
}

/// What the two say of one export.
#[derive(Default)]
pub(super) struct Lints {
    /// Named by both.
    pub(super) equal: usize,
    /// Named by one, as is meant.
    pub(super) meant: usize,
    /// Named by one.
    pub(super) differing: Vec<String>,
}

/// See the module.
pub(super) fn compare(
    checkout: &Path,
    program: &Path,
    export: &Path,
    database: &str,
) -> anyhow::Result<Lints> {
    let told = Command::new(program).args(["audit", "--format", "json"]).arg(export).output()?;
    let told: Value = serde_json::from_slice(&told.stdout).context("the audit is no JSON")?;
    let found: Vec<_> = told["findings"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|finding| finding["rule"].as_str().is_some_and(|rule| rule.starts_with("row-policies/")))
        .collect();
    let mut lints = Lints::default();
    if found.is_empty() {
        // Nobody asks this database but a server.
        return Ok(lints);
    }
    for lint in LINTS {
        let path = checkout.join("lints").join(lint.name).with_extension("sql");
        let view = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let name = lint.name;
        let (there, errors) = super::psql(
            database,
            &format!(
                "set pgrst.db_schemas = 'public';\ncreate schema if not exists lint;\n{view}\n;\nselect {} from lint.\"{name}\" where metadata->>'schema' <> 'lint';",
                lint.key
            ),
        )?;
        lints
            .differing
            .extend(errors.lines().filter(|it| it.contains("ERROR")).map(|it| format!("lint {name}: {it}")));
        let there: BTreeSet<String> = there.lines().map(str::to_owned).collect();
        let rule = format!("row-policies/{}", lint.rule);
        let ours: BTreeSet<String> = found
            .iter()
            .filter(|finding| finding["rule"] == rule.as_str())
            .flat_map(|finding| named(finding, lint))
            .collect();
        lints.equal += there.intersection(&ours).count();
        let mut apart = |only: Vec<&String>, whose: &str, meant: bool| {
            if meant {
                lints.meant += only.len();
            } else {
                lints.differing.extend(only.iter().map(|key| format!("lint {name} only {whose}: {key}")));
            }
        };
        apart(there.difference(&ours).collect(), "splinter", lint.apart == Apart::OursTellsLess);
        apart(ours.difference(&there).collect(), "ours", lint.apart == Apart::OursTellsMore);
    }
    Ok(lints)
}

/// What a finding names, in the words of the lint's key.
fn named(finding: &Value, lint: &Lint) -> Vec<String> {
    let message = finding["message"].as_str().unwrap_or_default();
    let related = finding["related"].as_array().into_iter().flatten().filter_map(|it| it["message"].as_str());
    // The message names the first few; all but the first are related places too.
    let table = backticked(message).next().unwrap_or_default().to_owned();
    std::iter::once(message)
        .chain(related)
        .filter(|text| text.contains(lint.says))
        .filter_map(|text| {
            if lint.key == POLICY {
                let (_, after) = text.split_once('"')?;
                let (policy, after) = after.split_once('"')?;
                if lint.rule != "unwrapped-auth-call" && !text.starts_with("Policy ") {
                    return None;
                }
                let table =
                    backticked(after.strip_prefix(" on ").unwrap_or_default()).next().unwrap_or(&table);
                // The lints leave `storage` out.
                return (!table.contains('.')).then(|| format!("public_{table}_{policy}"));
            }
            let first = text.split(", `").next()?;
            if !first.contains(lint.says) {
                return None;
            }
            let mut names = backticked(first);
            if lint.key == INDEXES {
                let mut both: Vec<_> = names.take(2).collect();
                both.sort_unstable();
                return Some(both.join(", "));
            }
            let name = names.next()?;
            if lint.key != VERB {
                return Some(name.to_owned());
            }
            let verb = first.split(" policies for ").nth(1)?;
            Some(format!("{name} {}", verb.split(|it: char| !it.is_ascii_lowercase()).next()?))
        })
        .collect()
}

fn backticked(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

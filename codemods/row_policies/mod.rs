//! Row policies: what is open that must not be, found in the replayed SQL; and one new migration that closes what can be
//! closed without shutting out any call of the app.

pub(crate) mod access;
mod definer;
mod expected;
mod find;
mod lint;
pub(crate) mod migration;
mod path;
mod privileges;
pub(crate) mod rewrite;
mod rules_file;
pub(crate) mod sign_up;
mod standing;

use audit::{Finding, Rule, Severity, Survey};
use edit::Piece;
use plan::{About, Change, Codemod, NewFile, Safety};

const ID: &str = "row-policies";

const RLS_OFF: Rule = Rule {
    id: "row-policies/rls-off",
    title: "A table is open to everybody: row level security is off",
    severity: Severity::Hole,
    why: "The API serves every table of `public`. Without row level security the key in the browser bundle reads and writes all of its rows.",
    aliases: &["splinter:0013_rls_disabled_in_public", "splinter:0007_policy_exists_rls_disabled", "CWE-862"],
};
const LOCKED: Rule = Rule {
    id: "row-policies/locked-table",
    title: "A table that the app uses lets nobody in",
    severity: Severity::Warning,
    why: "Row level security is on and no policy is there: every query gives nothing, without an error.",
    aliases: &["splinter:0008_rls_enabled_no_policy"],
};
const OPEN_WRITE: Rule = Rule {
    id: "row-policies/open-write",
    title: "A policy lets rows be written by people whose they are not",
    severity: Severity::Hole,
    why: "The key in the browser bundle is enough to send any request to the API; only the policy stands between it and the rows.",
    aliases: &["splinter:0024_rls_policy_always_true", "CWE-863"],
};
const OPEN_READ: Rule = Rule {
    id: "row-policies/open-read",
    title: "A policy shows private rows to people whom they do not concern",
    severity: Severity::Hole,
    why: "Whatever the pages show, the API gives all columns of every row that the policy lets through.",
    aliases: &["CWE-359"],
};
const PRIVILEGED: Rule = Rule {
    id: "row-policies/privileged-column",
    title: "Users may change what decides their rights",
    severity: Severity::Hole,
    why: "A policy decides about rows, not about columns: whoever may update their row may set their role, plan or balance.",
    aliases: &["CWE-269"],
};
const METADATA: Rule = Rule {
    id: "row-policies/role-from-metadata",
    title: "A role is taken from what users write about themselves",
    severity: Severity::Hole,
    why: "`user_metadata` comes from the sign-up request and can be changed by its user at any time: anybody becomes an administrator.",
    aliases: &["splinter:0015_rls_references_user_metadata", "CWE-269"],
};
const RECURSION: Rule = Rule {
    id: "row-policies/recursion",
    title: "A policy asks its own table",
    severity: Severity::Warning,
    why: "PostgreSQL refuses every query that reaches it: \"infinite recursion detected in policy\".",
    aliases: &[],
};
const GIVEN_AWAY: Rule = Rule {
    id: "row-policies/row-given-away",
    title: "A row may be put into somebody else's hands",
    severity: Severity::Warning,
    why: "`with check (true)` beside an owner's `using` lets the owner's column be overwritten.",
    aliases: &[],
};
const UNCLEAR: Rule = Rule {
    id: "row-policies/unclear-policy",
    title: "A policy asks for something that cannot be judged",
    severity: Severity::Note,
    why: "What is not understood is neither called safe nor open.",
    aliases: &[],
};
const BUCKET: Rule = Rule {
    id: "row-policies/open-bucket",
    title: "Files of others can be written in a bucket",
    severity: Severity::Hole,
    why: "A policy that checks only the bucket lets any name be overwritten or removed.",
    aliases: &["CWE-863"],
};
const DEFINER: Rule = Rule {
    id: "row-policies/definer-function",
    title: "A function with its owner's rights can be called by anybody",
    severity: Severity::Hole,
    why: "SECURITY DEFINER goes past every policy, and the API lets the publishable key call every function of `public`.",
    aliases: &["CWE-862"],
};
const SEARCH_PATH: Rule = Rule {
    id: "row-policies/mutable-search-path",
    title: "Functions take names from a path that the caller sets",
    severity: Severity::Warning,
    why: "Whoever can create objects can put their own in front of those that the function means.",
    aliases: &["splinter:0011_function_search_path_mutable", "CWE-426"],
};
const DEFINER_VIEW: Rule = Rule {
    id: "row-policies/definer-view",
    title: "A view goes past the policies of its tables",
    severity: Severity::Hole,
    why: "A view asks with the rights of its owner unless `security_invoker` is on.",
    aliases: &["splinter:0010_security_definer_view", "splinter:0002_auth_users_exposed"],
};
const UNWRAPPED: Rule = Rule {
    id: "row-policies/unwrapped-auth-call",
    title: "Policies call auth.uid() for every row",
    severity: Severity::Note,
    why: "In a subselect it is asked once for the statement; bare, once for each row that is looked at.",
    aliases: &["splinter:0003_auth_rls_initplan"],
};
const NO_INDEX: Rule = Rule {
    id: "row-policies/missing-index",
    title: "Columns that are looked up have no index",
    severity: Severity::Note,
    why: "Each delete in the other table, and each row that a policy decides about, reads the whole table.",
    aliases: &["splinter:0001_unindexed_foreign_keys"],
};
const TIDY: Rule = Rule {
    id: "row-policies/untidy-schema",
    title: "Duplicate indexes, tables without a key, several policies for one thing",
    severity: Severity::Note,
    why: "Each costs time on every write or read, and hides what is meant.",
    aliases: &[
        "splinter:0004_no_primary_key",
        "splinter:0006_multiple_permissive_policies",
        "splinter:0009_duplicate_index",
    ],
};
const UNTESTED: Rule = Rule {
    id: "row-policies/untested",
    title: "Nothing tests who may do what",
    severity: Severity::Note,
    why: "The next policy that opens a table looks like any other line of a migration.",
    aliases: &[],
};
const RULES_FILE: Rule = Rule {
    id: "row-policies/open-rules-file",
    title: "Firebase rules let everybody in",
    severity: Severity::Hole,
    why: "The rules are the only thing between the public configuration in the bundle and all documents and files.",
    aliases: &["CWE-862"],
};

/// The codemod.
pub struct RowPolicies;

impl Codemod for RowPolicies {
    fn about(&self) -> About {
        About {
            id: ID,
            title: "Policies that let in whom they must, and nobody else",
            rules: &[
                RLS_OFF,
                LOCKED,
                OPEN_WRITE,
                OPEN_READ,
                PRIVILEGED,
                METADATA,
                RECURSION,
                GIVEN_AWAY,
                UNCLEAR,
                BUCKET,
                DEFINER,
                SEARCH_PATH,
                DEFINER_VIEW,
                UNWRAPPED,
                NO_INDEX,
                TIDY,
                UNTESTED,
                RULES_FILE,
            ],
            readme: include_str!("README.md"),
            frameworks: &["next", "vite", "tanstack-start", "expo", "express"],
        }
    }

    fn find(&self, survey: &Survey<'_>) -> Vec<Finding> {
        let mut found = rules_file::find(survey);
        if uses_policies(survey) {
            found.extend(find::find(survey));
            found.extend(lint::find(survey));
            found.extend(untested(survey));
        }
        found
    }

    fn fix(&self, survey: &Survey<'_>, findings: &[Finding]) -> Vec<Change> {
        if !uses_policies(survey) {
            return Vec::new();
        }
        let hardened = migration::change(survey, findings);
        let untested = (0..findings.len()).filter(|at| findings[*at].rule == UNTESTED.id).collect::<Vec<_>>();
        let tests = if untested.is_empty() { None } else { tests(survey, hardened.as_ref(), untested) };
        hardened.map(|(change, _)| change).into_iter().chain(tests).collect()
    }
}

/// The key of the hardening, for the tests of what it makes.
const HARDENED: &str = "row-policies/hardened";

/// No test asks the policies of a history that has some.
fn untested(survey: &Survey<'_>) -> Option<Finding> {
    let last = *survey.schema.replayed.last()?;
    let mut tables = survey.schema.tables.iter().filter(|(name, _)| name.schema == "public");
    // Tables that only this program makes were not there to be tested.
    let theirs = |span: edit::Span| !survey.project.get(span.file).text.starts_with(schema::OURS);
    let any = tables.any(|(_, table)| table.defined.is_some_and(theirs));
    if !any || expected::place(survey).is_none() || expected::tested(survey) {
        return None;
    }
    let told = Told {
        rule: &UNTESTED,
        span: edit::Span::new(last, 0..0),
        subject: String::new(),
        message: "No test asks what a visitor, an owner and another user may do with a row.".to_owned(),
        todo: "Write tests in `supabase/tests`, and run `supabase test db` on every change.".to_owned(),
    };
    Some(told.finding())
}

/// The folder that holds `supabase/` with migrations, and tests of them after this pass: `""`, or with a slash at its end.
pub(crate) fn tested_folder(survey: &Survey<'_>) -> Option<String> {
    let path = expected::place(survey)?;
    let tested =
        expected::tested(survey) || (uses_policies(survey) && expected::tests(survey, None).is_some());
    let top = path.as_str().strip_suffix(expected::PLACE)?;
    tested.then(|| top.to_owned())
}

/// Tests of the database as it is after the hardening.
fn tests(survey: &Survey<'_>, hardened: Option<&(Change, String)>, fixes: Vec<usize>) -> Option<Change> {
    let added = hardened.and_then(|(change, text)| Some((&change.creates.first()?.path, text.as_str())));
    let text = expected::tests(survey, added)?;
    let path = expected::place(survey)?;
    let mut change = Change::new(ID, "Test who may do what with which row", Safety::Safe);
    change.creates.push(NewFile { path, pieces: vec![Piece::text(text)], mode: 0o644 });
    change.needs = hardened.map(|_| HARDENED.to_owned()).into_iter().collect();
    change.fixes = fixes;
    Some(change)
}

/// Whether the database is one that browsers ask directly, so that policies count.
fn uses_policies(survey: &Survey<'_>) -> bool {
    let supabase = survey.clients.iter().any(|client| client.backend == "supabase");
    let folder = |path: &str| path.starts_with("supabase/") || path.contains("/supabase/");
    let own = survey.schema.replayed.iter().any(|file| folder(survey.project.get(*file).path.as_str()));
    !survey.schema.replayed.is_empty() && (supabase || own)
}

/// A finding under a rule.
struct Told<'a> {
    rule: &'a Rule,
    span: edit::Span,
    subject: String,
    message: String,
    todo: String,
}

impl Told<'_> {
    fn finding(self) -> Finding {
        Finding {
            rule: self.rule.id,
            severity: self.rule.severity,
            confidence: audit::Confidence::Likely,
            span: self.span,
            message: self.message,
            why: self.rule.why.to_owned(),
            todo: self.todo,
            related: Vec::new(),
            subject: self.subject,
        }
    }
}

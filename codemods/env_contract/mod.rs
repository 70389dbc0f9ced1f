//! One checked place for the environment: an env module per side, a complete `.env.example`, no `!` and no silent fallback.

mod asked;
pub mod contract;
mod example;
mod find;
mod lazy;

use audit::env::Fallback;
use audit::{Finding, Rule, Severity, Survey};
use contract::FRAMEWORKS;
use edit::{Edit, Span};
use plan::{About, Change, Codemod, Request, Safety};
use std::collections::BTreeMap;

const ID: &str = "env-contract";

const UNCHECKED: Rule = Rule {
    id: "env-contract/unchecked-environment",
    title: "Variables are read without a check",
    severity: Severity::Warning,
    why: "A missing variable shows up as `undefined` somewhere far from its cause, often only in production.",
    aliases: &[],
};
const SILENT: Rule = Rule {
    id: "env-contract/silent-fallback",
    title: "A fixed value stands in for a missing variable",
    severity: Severity::Warning,
    why: "A deployment without the variable starts, and then talks to the wrong place or to none.",
    aliases: &[],
};
const UNDEFINED: Rule = Rule {
    id: "env-contract/undefined-name",
    title: "A variable is read and defined nowhere",
    severity: Severity::Note,
    why: "Whoever deploys the app cannot know that it must be set.",
    aliases: &[],
};
const UNUSED: Rule = Rule {
    id: "env-contract/unused-name",
    title: "A variable is defined and never read",
    severity: Severity::Note,
    why: "Values that nothing needs are kept, copied and leaked all the same.",
    aliases: &[],
};
const MIXED: Rule = Rule {
    id: "env-contract/server-name-in-browser",
    title: "A server's variable is read in the browser bundle",
    severity: Severity::Warning,
    why: "Only names with the public prefix reach the browser: the value is undefined there.",
    aliases: &[],
};
const BAKED: Rule = Rule {
    id: "env-contract/baked-at-build",
    title: "An address that only the server reads is fixed when the app is built",
    severity: Severity::Note,
    why: "The build copies the value of a variable with the public prefix into the output: another environment needs another build, and setting the variable at the host changes nothing.",
    aliases: &[],
};
const EXAMPLE: Rule = Rule {
    id: "env-contract/incomplete-example",
    title: "`.env.example` does not name every variable",
    severity: Severity::Note,
    why: "It is the list from which a deployment is set up.",
    aliases: &[],
};

const AT_IMPORT: Rule = Rule {
    id: "env-contract/client-at-import",
    title: "A client is made as its module is loaded",
    severity: Severity::Warning,
    why: "A build loads every module of the server: without the values of production it stops, so they must be where the image is built.",
    aliases: &[],
};

/// The codemod.
pub struct EnvContract;

impl Codemod for EnvContract {
    fn about(&self) -> About {
        About {
            id: ID,
            title: "One checked place for the environment",
            rules: &[UNCHECKED, SILENT, UNDEFINED, UNUSED, MIXED, BAKED, EXAMPLE, AT_IMPORT],
            readme: include_str!("README.md"),
            frameworks: FRAMEWORKS,
        }
    }

    fn find(&self, survey: &Survey<'_>) -> Vec<Finding> {
        let mut findings = find::find(survey);
        findings.extend(lazy::find(survey));
        findings
    }

    fn fix(&self, survey: &Survey<'_>, findings: &[Finding]) -> Vec<Change> {
        let fixes = |rule: &str, subject: &dyn Fn(&str) -> bool| -> Vec<usize> {
            let matching = |finding: &Finding| finding.rule == rule && subject(&finding.subject);
            (0..findings.len()).filter(|at| matching(&findings[*at])).collect()
        };
        let (movable, _) = find::reads(survey);
        // What goes with the browser's client is a change of its own, for where that client stays.
        let gone = crate::sessions_to_server::gone(survey);
        let spans: Vec<Span> = survey.env.iter().flat_map(|name| &name.reads).map(|read| read.span).collect();
        let mut by_module: BTreeMap<(String, bool), Vec<find::Read<'_>>> = BTreeMap::new();
        for read in movable.into_iter().filter(|read| !read.contract.taken) {
            let goes = gone.iter().any(|span| span.covers(read.read.span));
            by_module.entry((read.contract.path.to_string(), goes)).or_default().push(read);
        }
        let stays: Vec<String> =
            by_module.keys().filter(|(_, goes)| !goes).map(|(module, _)| module.clone()).collect();
        let mut changes = Vec::new();
        for ((module, goes), reads) in by_module {
            let mut change = Change::new(ID, format!("Check the environment in {module}"), Safety::Review);
            for find::Read { name, read, contract } in &reads {
                let need = find::need_of(survey, &name.name);
                let access = contract.access(survey, read.span.file, &name.name, &need);
                let literal =
                    !matches!(read.fallback, Fallback::None | Fallback::OtherEnv(_) | Fallback::Expression);
                // `A || B || ""`: the default stands behind both, and each is edited where it is read, be it from another module.
                let shared = spans.iter().any(|other| *other != read.span && read.whole.covers(*other));
                let span = if literal && !shared { read.whole } else { read.span };
                let expression = asked::cast(survey, read, span, access.expression);
                change.edits.push(Edit::replace(span, expression));
                change.requests.extend(access.requests);
            }
            change.requests.dedup();
            change.unless = goes.then(|| crate::server::SESSIONS.to_owned());
            if !goes || !stays.contains(&module) {
                change.fixes = fixes(UNCHECKED.id, &|subject| subject == module);
            }
            let gone = |name: &str| reads.iter().any(|read| read.name.name == name);
            change.fixes.extend(fixes(SILENT.id, &gone).into_iter().filter(|at| {
                // Only if no read of the name stays behind with its fallback.
                let name = survey.env.iter().find(|name| name.name == findings[*at].subject);
                let moved =
                    |read: &&audit::env::EnvRead| reads.iter().any(|one| one.read.whole == read.whole);
                name.is_some_and(|name| {
                    name.reads
                        .iter()
                        .filter(|read| !matches!(read.fallback, Fallback::None | Fallback::NonNull))
                        .all(|read| moved(&read))
                })
            }));
            changes.push(change);
        }
        for goes in [false, true] {
            let requests = example::requests(survey, &gone, goes);
            if requests.is_empty() {
                continue;
            }
            let mut change = Change::new(ID, "List every variable in .env.example", Safety::Safe);
            let listed = |wanted: &str| {
                requests.iter().any(|request| matches!(request, Request::Env { name, .. } if name == wanted))
            };
            let undefined = fixes(UNDEFINED.id, &listed);
            change.requests = requests;
            change.unless = goes.then(|| crate::server::SESSIONS.to_owned());
            change.fixes = if goes { Vec::new() } else { fixes(EXAMPLE.id, &|_| true) };
            change.fixes.extend(undefined);
            changes.push(change);
        }
        changes.extend(lazy::fix(survey, findings));
        changes
    }
}

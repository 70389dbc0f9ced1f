//! Handlers that answer whoever asks, and handlers that believe what the request says.

mod any_row;
mod asker;
mod callers;
mod development;
mod directive;
mod edge;
mod elsewhere;
mod find;
mod guarded;
mod origins;
mod reads;
mod request;
mod typed;
mod unset;
mod within;

use audit::{Finding, Rule, Severity, Survey};
use plan::{About, Change, Codemod};

const ID: &str = "handlers-to-guarded";

const OPEN: Rule = Rule {
    id: "handlers-to-guarded/open-handler",
    title: "A handler answers anyone",
    severity: Severity::Hole,
    why: "Its address stands in the bundle. Whoever calls it directly can do what it does, with any values.",
    aliases: &["CWE-306"],
};
const NOT_USED: Rule = Rule {
    id: "handlers-to-guarded/session-not-used",
    title: "A handler asks who is there and goes on without an answer",
    severity: Severity::Warning,
    why: "It looks like a check and stops nobody.",
    aliases: &["CWE-862"],
};
const UNVERIFIED: Rule = Rule {
    id: "handlers-to-guarded/unverified-token",
    title: "A token is believed that nobody verified",
    severity: Severity::Hole,
    why: "Any text in the header passes: whoever calls can be anyone.",
    aliases: &["CWE-345"],
};
const IDENTITY: Rule = Rule {
    id: "handlers-to-guarded/identity-from-body",
    title: "The owner of a row comes from the request",
    severity: Severity::Hole,
    why: "Whoever is signed in can write rows of somebody else by sending another id.",
    aliases: &["CWE-639"],
};
const PRICE: Rule = Rule {
    id: "handlers-to-guarded/price-from-body",
    title: "The price comes from the request",
    severity: Severity::Hole,
    why: "Whoever orders chooses what to pay.",
    aliases: &["CWE-602"],
};
const ROLE: Rule = Rule {
    id: "handlers-to-guarded/role-from-body",
    title: "A role comes from the request",
    severity: Severity::Hole,
    why: "Whoever calls can make themselves an administrator.",
    aliases: &["CWE-269"],
};
const COLUMNS: Rule = Rule {
    id: "handlers-to-guarded/columns-from-body",
    title: "The columns that are written come from the request",
    severity: Severity::Hole,
    why: "A name of the request stands in the statement as it is: it can be any column of the row, and SQL of its own.",
    aliases: &["CWE-89", "CWE-915"],
};
const KNOWN: Rule = Rule {
    id: "handlers-to-guarded/known-pass",
    title: "A text of the source opens handlers",
    severity: Severity::Hole,
    why: "Whoever has seen the repository, or guesses the text, is let in as somebody that nobody signed in.",
    aliases: &["CWE-798"],
};
const EDGE: Rule = Rule {
    id: "handlers-to-guarded/open-edge-function",
    title: "An edge function answers anyone",
    severity: Severity::Hole,
    why: "Its address is public, and the publishable key that it may ask for is public too.",
    aliases: &["CWE-306"],
};
const WEBHOOK: Rule = Rule {
    id: "handlers-to-guarded/unsigned-webhook",
    title: "A webhook does not check who sent it",
    severity: Severity::Hole,
    why: "Anyone can report an event that never happened, such as a payment.",
    aliases: &["CWE-345"],
};
const LOOSE: Rule = Rule {
    id: "handlers-to-guarded/secret-compare-undefined",
    title: "A secret is compared with a variable that may be missing",
    severity: Severity::Warning,
    why: "Where the variable is not set, the text `undefined` opens the handler.",
    aliases: &["CWE-287"],
};
const UNSET: Rule = Rule {
    id: "handlers-to-guarded/fails-open",
    title: "A secret is asked for only where it is set",
    severity: Severity::Hole,
    why: "Where the variable is missing - a preview, a new host, a name with a typo - nothing is asked, and nothing says so.",
    aliases: &["CWE-636"],
};
const ANY_ROW: Rule = Rule {
    id: "handlers-to-guarded/any-row",
    title: "A handler changes rows of anybody",
    severity: Severity::Hole,
    why: "An id is no secret: whoever has an account changes and deletes what belongs to others.",
    aliases: &["CWE-639"],
};
const DEBUG: Rule = Rule {
    id: "handlers-to-guarded/debug-handler",
    title: "A handler for trying things out is deployed",
    severity: Severity::Warning,
    why: "It tells visitors about the inside of the app, or changes data without asking.",
    aliases: &["CWE-489"],
};
const UNVALIDATED: Rule = Rule {
    id: "handlers-to-guarded/unvalidated-input",
    title: "Handlers write what they are sent without a schema",
    severity: Severity::Note,
    why: "Values of any shape and size reach the database.",
    aliases: &["CWE-20"],
};
const TYPED: Rule = Rule {
    id: "handlers-to-guarded/type-is-no-check",
    title: "Server functions take any input that calls itself by their type",
    severity: Severity::Note,
    why: "Types are gone when the app runs: whoever calls the function directly sends what they like.",
    aliases: &["CWE-20"],
};
const MISPLACED: Rule = Rule {
    id: "handlers-to-guarded/misplaced-use-server",
    title: "\"use server\" stands in a file that is no module of actions",
    severity: Severity::Warning,
    why: "The directive makes every async export a public endpoint, and a build refuses exports that are no async functions.",
    aliases: &[],
};

const NO_ROLE: Rule = Rule {
    id: "handlers-to-guarded/role-not-asked",
    title: "A handler of pages for some lets all in who are signed in",
    severity: Severity::Warning,
    why: "Whoever is signed in can call it directly, without the pages that ask for a role.",
    aliases: &["CWE-862"],
};
const ORIGINS: Rule = Rule {
    id: "handlers-to-guarded/any-origin",
    title: "Every site may call the server",
    severity: Severity::Warning,
    why: "With the visitor's cookies, any page that they open acts as them.",
    aliases: &["CWE-942"],
};

const GET_WRITES: Rule = Rule {
    id: "handlers-to-guarded/get-writes",
    title: "Reading changes data",
    severity: Severity::Warning,
    why: "Browsers, crawlers and caches ask such an address on their own, as often as they like, or not at all.",
    aliases: &["CWE-650"],
};

/// The codemod.
pub struct HandlersToGuarded;

impl Codemod for HandlersToGuarded {
    fn about(&self) -> About {
        About {
            id: ID,
            title: "Handlers that ask who is there",
            rules: &[
                OPEN,
                NOT_USED,
                UNVERIFIED,
                IDENTITY,
                PRICE,
                ROLE,
                COLUMNS,
                KNOWN,
                EDGE,
                WEBHOOK,
                LOOSE,
                DEBUG,
                UNVALIDATED,
                TYPED,
                MISPLACED,
                NO_ROLE,
                ORIGINS,
                GET_WRITES,
                UNSET,
                ANY_ROW,
            ],
            readme: include_str!("README.md"),
            frameworks: &["next", "tanstack-start"], // templates/
        }
    }

    fn find(&self, survey: &Survey<'_>) -> Vec<Finding> {
        let mut findings = find::find(survey);
        findings.extend(request::find(survey));
        findings.extend(directive::find(survey));
        findings.extend(guarded::find(survey));
        findings.extend(origins::find(survey));
        findings.extend(reads::find(survey));
        findings.extend(typed::find(survey));
        findings.extend(unset::find(survey));
        findings.extend(any_row::find(survey));
        // Who may call what we wrote was decided, and said, when it was written.
        if let Some(server) = survey.stack.server {
            findings.retain(|finding| !server.wrote(survey.project.get(finding.span.file)));
        }
        findings
    }

    fn fix(&self, survey: &Survey<'_>, findings: &[Finding]) -> Vec<Change> {
        let changes = [
            guarded::fix(survey, findings),
            directive::fix(survey, findings),
            within::fix(survey, findings),
            typed::fix(survey, findings),
            unset::fix(survey, findings),
        ];
        changes.into_iter().flatten().collect()
    }
}

/// A finding under a rule, as it usually is.
fn finding(rule: &Rule, span: edit::Span, message: String, todo: &str, subject: &str) -> Finding {
    Finding {
        rule: rule.id,
        severity: rule.severity,
        confidence: audit::Confidence::Certain,
        span,
        message,
        why: rule.why.into(),
        todo: todo.to_owned(),
        related: Vec::new(),
        subject: subject.to_owned(),
    }
}

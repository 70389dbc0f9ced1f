//! Queries that the browser writes become named, typed and checked functions on the server; the call sites keep their shape.
//!
//! [`read`] takes a query apart ([`chain`], [`whole`], [`filter`], [`call`]), [`draft`] holds what becomes of its text, [`group`]
//! shares and names the functions, [`fix`] writes them. What does not move says why ([`reason`]).

mod access;
mod call;
mod call_site;
mod chain;
mod column;
mod draft;
mod file_text;
mod filled;
mod filter;
mod find;
mod fix;
mod fixed;
mod ground;
mod group;
mod guess;
mod idle;
mod keys;
mod layout;
mod library;
mod modules;
mod name;
mod nobody;
mod parallel;
mod read;
mod reason;
mod receiver;
mod region;
pub mod sets;
mod taken;
pub(crate) mod through;
mod typed;
mod web_storage;
mod whole;

use audit::{Finding, Rule, Severity, Survey};
use plan::{About, Change, Codemod};

pub(crate) use access::{Doors, accounts};
pub(crate) use fix::{
    SessionPlace, any, asks, keys, sends_files_as_text, session_place, session_requests, zod,
};
pub(crate) use ground::keeps_cookies;
pub(crate) use group::verdict;
pub(crate) use web_storage::{has_package, is_sessionless, put as keep_in_cookies};

const ID: &str = "queries-to-server";

const BROWSER: Rule = Rule {
    id: "queries-to-server/browser-query",
    title: "Queries are written in the browser",
    severity: Severity::Warning,
    why: "Whoever has the page has the client and its key, and can send any other query: other tables, other columns, other filters, other values. What the page does not offer is not forbidden by that.",
    aliases: &[],
};
const STAYS: Rule = Rule {
    id: "queries-to-server/query-stays",
    title: "A query cannot be moved by itself",
    severity: Severity::Warning,
    why: "It goes on being written in the browser, and row level security alone decides what it may do.",
    aliases: &[],
};
const ADMIN: Rule = Rule {
    id: "queries-to-server/admin-key-query",
    title: "A query runs with admin rights in the browser",
    severity: Severity::Hole,
    why: "The key that it needs is in the bundle, and whoever has it reads and writes every row of every table.",
    aliases: &[],
};
const NEVER_SENT: Rule = Rule {
    id: "queries-to-server/never-sent",
    title: "A query is built and never sent",
    severity: Severity::Warning,
    why: "A query is sent when it is awaited. This one is not, so nothing is written or read, and nobody notices.",
    aliases: &[],
};
const INJECTION: Rule = Rule {
    id: "queries-to-server/filter-injection",
    title: "A value can change the filter that it stands in",
    severity: Severity::Warning,
    why: "A comma or a bracket in the value adds conditions of its own: a search field becomes a way to read rows that it was not made for.",
    aliases: &["CWE-943"],
};
const PRIVILEGED: Rule = Rule {
    id: "queries-to-server/privileged-write",
    title: "The browser sets a privilege",
    severity: Severity::Hole,
    why: "Whoever may send the write can send another value: a role, a plan or a balance of their own choice.",
    aliases: &["CWE-915"],
};
const IGNORED: Rule = Rule {
    id: "queries-to-server/error-ignored",
    title: "Nobody looks at whether a write worked",
    severity: Severity::Note,
    why: "A refused or failed write looks like one that worked.",
    aliases: &[],
};
const UNKNOWN: Rule = Rule {
    id: "queries-to-server/unknown-column",
    title: "No type is known for a column",
    severity: Severity::Note,
    why: "The server function takes any JSON value for it.",
    aliases: &[],
};
const DRIFT: Rule = Rule {
    id: "queries-to-server/types-lack-column",
    title: "A column is written that the generated types lack",
    severity: Severity::Note,
    why: "Either the column is gone, and the write fails, or the types are old.",
    aliases: &[],
};
const UNSURE: Rule = Rule {
    id: "queries-to-server/who-may-call",
    title: "Nothing tells whether visitors without a session may do this",
    severity: Severity::Note,
    why: "The function is reached from pages with and without a guard, and no policy of the table is known.",
    aliases: &[],
};

const STORAGE: Rule = Rule {
    id: "queries-to-server/session-in-storage",
    title: "Sessions are kept where no server sees them",
    severity: Severity::Warning,
    why: "A session in web storage is not sent along: the server cannot tell who asks, so pages and functions there can refuse nobody.",
    aliases: &[],
};

/// The codemod.
pub struct QueriesToServer;

impl Codemod for QueriesToServer {
    fn about(&self) -> About {
        About {
            id: ID,
            title: "Queries as server functions",
            rules: &[
                BROWSER, STAYS, ADMIN, NEVER_SENT, INJECTION, PRIVILEGED, IGNORED, UNKNOWN, DRIFT, UNSURE,
                STORAGE,
            ],
            readme: include_str!("README.md"),
            frameworks: &["vite", "next", "tanstack-start"], // templates/
        }
    }

    fn find(&self, survey: &Survey<'_>) -> Vec<Finding> {
        find::find(survey)
    }

    fn fix(&self, survey: &Survey<'_>, findings: &[Finding]) -> Vec<Change> {
        fix::fix(survey, findings)
    }
}

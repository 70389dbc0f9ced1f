//! Guards that decide in the browser, or nowhere: what they leave open, and the list of pages that the server protects instead.

mod asking;
mod find;
mod pages;
mod within;

use audit::{Finding, Rule, Severity, Survey};
use plan::{About, Change, Codemod};

pub(crate) use asking::{Renewal, any, put_renewal, renewal};
pub use pages::{Pages, pages, request};

const ID: &str = "guards-to-server";

const BROWSER: Rule = Rule {
    id: "guards-to-server/browser-guard",
    title: "Pages are guarded in the browser only",
    severity: Severity::Warning,
    why: "Everything in the bundle is public, and whoever asks the backend directly never meets the guard. Only a check on the server, and the database's own policies, keep data from visitors.",
    aliases: &["CWE-602"],
};
const NO_GUARD: Rule = Rule {
    id: "guards-to-server/no-guard",
    title: "A guard lets everyone through",
    severity: Severity::Hole,
    why: "The pages behind it look protected to whoever reads the code, and are open to whoever opens them.",
    aliases: &["CWE-306"],
};
const UNMOUNTED: Rule = Rule {
    id: "guards-to-server/unmounted-guard",
    title: "A guard is defined and never used",
    severity: Severity::Warning,
    why: "Somebody meant pages to be protected by it, and none is.",
    aliases: &[],
};
const ROLE: Rule = Rule {
    id: "guards-to-server/role-in-browser",
    title: "A role is decided in the browser",
    severity: Severity::Warning,
    why: "A visitor who is signed in can call the backend as the page of another role would. The role counts only where the server or a policy asks for it.",
    aliases: &["CWE-602"],
};
const STORAGE: Rule = Rule {
    id: "guards-to-server/guard-by-storage",
    title: "A guard believes what the browser keeps",
    severity: Severity::Hole,
    why: "Anyone can write the value in the browser's console and is let in.",
    aliases: &["CWE-602"],
};
const REDIRECT: Rule = Rule {
    id: "guards-to-server/redirect-only",
    title: "A page is drawn before its visitor is sent away",
    severity: Severity::Note,
    why: "An effect runs after the first drawing: the page shows for a moment, and its own requests are sent.",
    aliases: &[],
};
const UNASKED: Rule = Rule {
    id: "guards-to-server/page-asks-nobody",
    title: "A page for signed-in visitors does not ask for the session itself",
    severity: Severity::Warning,
    why: "A layout does not keep its pages: a request for the page alone is answered with all of it. What runs before every request has been passed by more than once. Only a check in the page itself holds.",
    aliases: &["CWE-425", "CVE-2025-29927"],
};
const SKIPS_API: Rule = Rule {
    id: "guards-to-server/middleware-excludes-api",
    title: "The guard file passes requests to the API by",
    severity: Severity::Warning,
    why: "Pages are protected and the handlers that serve their data are not, unless each checks for itself.",
    aliases: &["CWE-306"],
};
const FAILS_OPEN: Rule = Rule {
    id: "guards-to-server/fail-open-middleware",
    title: "The guard file opens when something fails",
    severity: Severity::Warning,
    why: "A missing variable, or a backend that does not answer, turns the protection of every page off, without a word.",
    aliases: &["CWE-636"],
};
const USELESS: Rule = Rule {
    id: "guards-to-server/useless-middleware",
    title: "The guard file guards nothing",
    severity: Severity::Warning,
    why: "It runs before every request and refuses none.",
    aliases: &[],
};

/// The codemod.
pub struct GuardsToServer;

impl Codemod for GuardsToServer {
    fn about(&self) -> About {
        About {
            id: ID,
            title: "Guards that the server enforces",
            rules: &[
                BROWSER, UNASKED, NO_GUARD, STORAGE, UNMOUNTED, ROLE, REDIRECT, SKIPS_API, FAILS_OPEN,
                USELESS,
            ],
            readme: include_str!("README.md"),
            frameworks: &[],
        }
    }

    fn find(&self, survey: &Survey<'_>) -> Vec<Finding> {
        let mut findings = find::find(survey);
        findings.extend(asking::find(survey));
        findings
    }

    fn fix(&self, survey: &Survey<'_>, findings: &[Finding]) -> Vec<Change> {
        pages::fix(survey, findings)
    }
}

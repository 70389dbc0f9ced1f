//! Sign-ins that are none, passwords and tokens in the browser, roles that visitors choose, sign-in systems beside each other.

mod find;
mod redirects;

use audit::{Finding, Rule, Severity, Survey};
use plan::{About, Change, Codemod};

const FAKE: Rule = Rule {
    id: "auth-hygiene/fake-login",
    title: "A password stands in the source",
    severity: Severity::Hole,
    why: "The page that compares it is public: whoever reads the bundle can sign in, or set what the page looks for.",
    aliases: &["CWE-798"],
};
const UNCHECKED: Rule = Rule {
    id: "auth-hygiene/unchecked-login",
    title: "A sign-in asks nothing",
    severity: Severity::Hole,
    why: "Whatever is entered, the visitor counts as signed in.",
    aliases: &["CWE-287"],
};
const MOCK: Rule = Rule {
    id: "auth-hygiene/mock-session",
    title: "An invented user stands in for a session",
    severity: Severity::Hole,
    why: "Whoever comes this way is signed in as somebody without having proved anything.",
    aliases: &["CWE-287"],
};
const COMPARED: Rule = Rule {
    id: "auth-hygiene/password-in-browser-compare",
    title: "Passwords are checked in the browser",
    severity: Severity::Hole,
    why: "To be compared there, the stored password has to reach the browser: of any account, for anyone.",
    aliases: &["CWE-603"],
};
const STORAGE: Rule = Rule {
    id: "auth-hygiene/token-in-web-storage",
    title: "A token is put into the browser's storage by hand",
    severity: Severity::Warning,
    why: "Every script of the page can read it: one injected line, or one bad package, and the session is somebody else's.",
    aliases: &["CWE-922"],
};
const FLAG: Rule = Rule {
    id: "auth-hygiene/sign-in-flag",
    title: "A mark in the browser's storage says that somebody is signed in",
    severity: Severity::Warning,
    why: "Anyone can set it by hand.",
    aliases: &["CWE-602"],
};
const SIGNED: Rule = Rule {
    id: "auth-hygiene/client-side-jwt",
    title: "Tokens are signed in the browser",
    severity: Severity::Hole,
    why: "The signing key is in the bundle: whoever has it can make a token for anyone.",
    aliases: &["CWE-321"],
};
const ROLE: Rule = Rule {
    id: "auth-hygiene/role-at-sign-up",
    title: "Visitors choose their role when they sign up",
    severity: Severity::Warning,
    why: "Whatever the form offers, a visitor can send any role.",
    aliases: &["CWE-269"],
};
const SEVERAL: Rule = Rule {
    id: "auth-hygiene/two-auth-systems",
    title: "Several sign-in systems stand beside each other",
    severity: Severity::Warning,
    why: "A visitor who is known to one is unknown to the other: what one refuses, the other may let through.",
    aliases: &[],
};
const OWN: Rule = Rule {
    id: "auth-hygiene/own-token",
    title: "The app signs its own tokens",
    severity: Severity::Note,
    why: "Expiry, renewal, sign-out and key changes are then the app's own to get right.",
    aliases: &[],
};

const REDIRECT: Rule = Rule {
    id: "auth-hygiene/open-redirect",
    title: "The address of the next page comes from the request",
    severity: Severity::Warning,
    why: "A link to your own sign-in can lead to somebody else's page afterwards, which asks for the password once more.",
    aliases: &["CWE-601"],
};

/// The codemod.
pub struct AuthHygiene;

impl Codemod for AuthHygiene {
    fn about(&self) -> About {
        About {
            id: "auth-hygiene",
            title: "Sign-in that proves something",
            rules: &[FAKE, UNCHECKED, MOCK, COMPARED, STORAGE, FLAG, SIGNED, ROLE, SEVERAL, OWN, REDIRECT],
            readme: include_str!("README.md"),
            frameworks: &[],
        }
    }

    fn find(&self, survey: &Survey<'_>) -> Vec<Finding> {
        find::find(survey)
    }

    fn fix(&self, _survey: &Survey<'_>, _findings: &[Finding]) -> Vec<Change> {
        Vec::new()
    }
}

//! Secrets leave the source for the environment; keys that are public by design become configuration.
//!
//! `places` decides for every place of a value whether it moves or stays; `find` speaks of both; `fix` moves what moves; `rename` takes
//! the public prefix from variables that only the server reads; `firebase` keeps a web configuration together.

mod accessor;
mod find;
mod firebase;
mod fix;
mod places;
mod rename;
mod sent;

use audit::{Finding, Rule, Severity, Survey};
use plan::{About, Change, Codemod};

/// The codemod.
pub struct SecretsToEnv;

const ID: &str = "secrets-to-env";

const IN_SOURCE: Rule = Rule {
    id: "secrets-to-env/secret-in-source",
    title: "A secret stands in the source",
    severity: Severity::Hole,
    why: "Whoever may read the repository has the key, and so has everyone who ever could: taking it out of the code does not take it out of the history.",
    aliases: &["CWE-798", "CWE-540"],
};
const IN_BROWSER: Rule = Rule {
    id: "secrets-to-env/secret-in-browser",
    title: "A secret is built into the browser bundle",
    severity: Severity::Hole,
    why: "Every visitor can read it in the developer tools and use it from anywhere, at your cost and with your rights.",
    aliases: &["CWE-798", "CWE-522"],
};
const PUBLISHED: Rule = Rule {
    id: "secrets-to-env/published-variable",
    title: "A variable's name publishes a secret",
    severity: Severity::Hole,
    why: "The bundler copies the value of a variable with this prefix into the files that every visitor loads.",
    aliases: &["CWE-522"],
};
const SIGNING: Rule = Rule {
    id: "secrets-to-env/signing-secret-in-source",
    title: "A signing secret has a value in the source",
    severity: Severity::Hole,
    why: "Whoever knows it signs a session for anybody. A default is used by every deployment that forgets to set the variable, and nothing says so.",
    aliases: &["CWE-798", "CWE-321", "CWE-1188"],
};
const PASSWORD: Rule = Rule {
    id: "secrets-to-env/password-in-source",
    title: "A password of a person stands in the source",
    severity: Severity::Hole,
    why: "It opens the account for everyone who reads the repository or the bundle, and cannot be changed without a new build.",
    aliases: &["CWE-259"],
};
const COMMITTED: Rule = Rule {
    id: "secrets-to-env/secret-in-committed-env",
    title: "A committed env file holds a secret",
    severity: Severity::Hole,
    why: "Git keeps every version of the file: ignoring or deleting it later does not take the value back.",
    aliases: &["CWE-538"],
};
const IN_TEXT: Rule = Rule {
    id: "secrets-to-env/secret-in-text",
    title: "A document, a comment or a script of the browser holds a secret",
    severity: Severity::Hole,
    why: "It is as readable there as in code, and is forgotten more easily when the key is changed.",
    aliases: &["CWE-540", "CWE-615"],
};
const EXAMPLE: Rule = Rule {
    id: "secrets-to-env/live-value-in-example",
    title: "An example env file holds a real value",
    severity: Severity::Hole,
    why: "The example is committed, and copied to every machine that the app is set up on.",
    aliases: &["CWE-538"],
};
const PUBLIC: Rule = Rule {
    id: "secrets-to-env/public-key-in-source",
    title: "Configuration that is public by design stands in the source",
    severity: Severity::Note,
    why: "The value may be seen by everyone. In the source it ties every copy of the app to one project: no staging, no preview, no move without a change of code.",
    aliases: &[],
};
const SWAP: Rule = Rule {
    id: "secrets-to-env/power-swap",
    title: "One key stands in for another of different power",
    severity: Severity::Warning,
    why: "The code runs with the rights of whichever variable is set: past every policy on one machine, under them on another.",
    aliases: &["CWE-1188"],
};

const SENT: Rule = Rule {
    id: "secrets-to-env/secret-sent-out",
    title: "The server sends a secret out",
    severity: Severity::Hole,
    why: "An answer, the address of a redirect and a row that pages read are seen by every visitor who asks, and what they hold is theirs.",
    aliases: &["CWE-200", "CWE-522"],
};

/// Variables that are to lose the prefix which publishes them: no page reads them.
pub(crate) fn renamed<'s>(survey: &'s Survey<'_>) -> Vec<&'s str> {
    let published = rename::published(survey).into_iter();
    let renamed = published.filter(|one| !matches!(one.fate, rename::Fate::Browser));
    renamed.map(|one| one.name.name.as_str()).collect()
}

impl Codemod for SecretsToEnv {
    fn about(&self) -> About {
        About {
            id: ID,
            title: "Secrets and configuration leave the source for the environment",
            rules: &[
                IN_SOURCE, IN_BROWSER, PUBLISHED, SIGNING, PASSWORD, COMMITTED, IN_TEXT, EXAMPLE, PUBLIC,
                SWAP, SENT,
            ],
            readme: include_str!("README.md"),
            frameworks: &["vite", "next", "tanstack-start", "express"],
        }
    }

    fn find(&self, survey: &Survey<'_>) -> Vec<Finding> {
        let mut findings = find::find(survey);
        findings.extend(sent::find(survey));
        findings
    }

    fn fix(&self, survey: &Survey<'_>, findings: &[Finding]) -> Vec<Change> {
        fix::fix(survey, findings)
    }
}

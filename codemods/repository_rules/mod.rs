//! The rules of the repository: what a change needs before it reaches the default branch, who is asked, how updates come.

use crate::deploy_pipeline;
use crate::repository_hygiene::commands::Commands;
use crate::repository_hygiene::kept_out;
use crate::repository_hygiene::notes::{self, Section};
use audit::{Confidence, Finding, Rule, Severity, Survey};
use edit::{Piece, RelPath, Span};
use plan::{About, Change, Codemod, Request, Safety};
use project::package::PackageManager;

const ID: &str = "repository-rules";

const RULESET: Rule = Rule {
    id: "repository-rules/no-branch-rules",
    title: "Nothing protects the default branch",
    severity: Severity::Warning,
    why: "A push goes to production unseen and unchecked, and a force push takes the history with it.",
    aliases: &[],
};
const UPDATES: Rule = Rule {
    id: "repository-rules/no-updates",
    title: "Nobody is told of vulnerable dependencies",
    severity: Severity::Note,
    why: "Fixes of dependencies reach the app only when somebody thinks of them.",
    aliases: &["CWE-1104"],
};
const TEMPLATES: Rule = Rule {
    id: "repository-rules/no-change-template",
    title: "Nothing asks the author of a change for what a reviewer needs",
    severity: Severity::Note,
    why: "New variables and migrations are forgotten most easily, and missed in production.",
    aliases: &[],
};
const SECURITY: Rule = Rule {
    id: "repository-rules/no-security-policy",
    title: "Nothing says where a vulnerability is reported",
    severity: Severity::Note,
    why: "Whoever finds a hole has the choice between a public issue and silence.",
    aliases: &[],
};

/// The codemod.
pub struct RepositoryRules;

impl Codemod for RepositoryRules {
    fn about(&self) -> About {
        About {
            id: ID,
            title: "The rules of the repository",
            rules: &[RULESET, UPDATES, TEMPLATES, SECURITY],
            readme: include_str!("README.md"),
            frameworks: FRAMEWORKS,
        }
    }

    fn find(&self, survey: &Survey<'_>) -> Vec<Finding> {
        let Some(commands) = Commands::of(survey) else { return Vec::new() };
        // Rules belong to the top of the repository.
        if survey.project.vcs.top.as_ref().is_some_and(|top| *top != survey.project.root) {
            return Vec::new();
        }
        let at_manifest = |rule: &Rule, message: &str, todo: &str| Finding {
            todo: hidden(survey, rule).unwrap_or_else(|| todo.to_owned()),
            rule: rule.id,
            severity: rule.severity,
            confidence: Confidence::Certain,
            span: Span::new(commands.package.manifest, 0..0),
            message: message.into(),
            why: rule.why.into(),
            related: Vec::new(),
            subject: String::new(),
        };
        let below =
            |folder: &str| survey.project.files.iter().any(|file| file.path.as_str().starts_with(folder));
        let named =
            |name: &str| survey.project.files.iter().any(|file| file.path.name().eq_ignore_ascii_case(name));
        let mut findings = Vec::new();
        if !below(".github/rulesets/") {
            let message = "No rules for the default branch are written down.";
            findings.push(at_manifest(
                &RULESET,
                message,
                "Write a ruleset and apply it; the settings of the repository are not in the tree.",
            ));
        }
        if !named("dependabot.yml")
            && !named("renovate.json")
            && !named("renovate.json5")
            && !named(".renovaterc")
        {
            findings.push(at_manifest(
                &UPDATES,
                "No one proposes updates of dependencies.",
                "Turn on Dependabot or Renovate.",
            ));
        }
        if !named("pull_request_template.md") && !below(".github/PULL_REQUEST_TEMPLATE/") {
            findings.push(at_manifest(
                &TEMPLATES,
                "There is no template for pull requests.",
                "Add `.github/pull_request_template.md`.",
            ));
        }
        if !named("security.md") {
            findings.push(at_manifest(
                &SECURITY,
                "There is no `SECURITY.md`.",
                "Say where a vulnerability is reported.",
            ));
        }
        findings
    }

    fn fix(&self, survey: &Survey<'_>, findings: &[Finding]) -> Vec<Change> {
        let Some(commands) = Commands::of(survey) else { return Vec::new() };
        let of = |rule: &Rule| -> Vec<usize> {
            let shown = hidden(survey, rule).is_none();
            (0..findings.len()).filter(|at| shown && findings[*at].rule == rule.id).collect()
        };
        let mut changes = Vec::new();
        let mut propose = |title: &str, rules: &[&Rule], requests: &dyn Fn() -> Vec<Option<Request>>| {
            let fixes: Vec<usize> = rules.iter().flat_map(|rule| of(rule)).collect();
            if fixes.is_empty() {
                return;
            }
            let mut change = Change::new(ID, title, Safety::Safe);
            change.fixes = fixes;
            change.requests = requests().into_iter().flatten().collect();
            changes.push(change);
        };
        propose("Write down the rules of the default branch", &[&RULESET], &|| {
            vec![file(RULES, ruleset(survey)), notes::section(survey, Section::Repository, &applied(survey))]
        });
        propose("Propose updates of dependencies every week", &[&UPDATES], &|| {
            vec![file(DEPENDABOT_FILE, updates(survey, &commands))]
        });
        let migrations =
            survey.project.files.iter().any(|one| one.path.as_str().contains("supabase/migrations/"));
        let has = |rule: &Rule| !of(rule).is_empty();
        propose(
            "Ask for what a reviewer needs, and say where holes are reported",
            &[&TEMPLATES, &SECURITY],
            &|| {
                let asked = "- [ ] The release before this one still runs on the migrated database.\n";
                let template = TEMPLATE.replace("__MIGRATIONS__\n", if migrations { asked } else { "" });
                vec![
                    if has(&TEMPLATES) { file(TEMPLATE_FILE, template) } else { None },
                    if has(&SECURITY) { file("SECURITY.md", POLICY.to_owned()) } else { None },
                ]
            },
        );
        changes
    }
}

/// What to do by hand where a `.gitignore` hides the file that the rule asks for, or the checks that it would require.
fn hidden(survey: &Survey<'_>, rule: &Rule) -> Option<String> {
    let path = match rule.id {
        id if id == RULESET.id => {
            if deploy_pipeline::has_no_checks(survey) {
                return Some("No workflow of the repository reports a check that it could require: see the one that is missing.".to_owned());
            }
            RULES
        }
        id if id == UPDATES.id => DEPENDABOT_FILE,
        id if id == TEMPLATES.id => TEMPLATE_FILE,
        _ => "SECURITY.md",
    };
    kept_out(survey, path)
}

const RULES: &str = ".github/rulesets/main.json";
const DEPENDABOT_FILE: &str = ".github/dependabot.yml";
const TEMPLATE_FILE: &str = ".github/pull_request_template.md";

/// Frameworks whose apps get changes.
const FRAMEWORKS: &[&str] = &["vite", "next", "tanstack-start", "express"];

const MAIN: &str = include_str!("templates/any/main.json");
const TEMPLATE: &str = include_str!("templates/any/pull_request_template.md");
const POLICY: &str = include_str!("templates/any/SECURITY.md");
const DEPENDABOT: &str = include_str!("templates/any/dependabot.yml");

const APPLIED: &str = "## Rules of the repository\n\n`.github/rulesets/main.json` holds the rules of the default branch: a pull request \
    with passing checks, no force push, no deletion.\nGitHub does not read the file by itself. Apply it once, and again after a change: \
    `gh api repos/{owner}/{repo}/rulesets --method POST --input .github/rulesets/main.json`.\n`gh api repos/{owner}/{repo}/rulesets` \
    lists what is applied. The checks that it requires are the jobs of the workflows: rename them in both places.";

fn applied(survey: &Survey<'_>) -> String {
    if !deploy_pipeline::reported_checks(survey).is_empty() {
        return APPLIED.to_owned();
    }
    let text = APPLIED.replace("a pull request with passing checks", "a pull request");
    text.replace(
        "The checks that it requires are the jobs of the workflows: rename them in both places.",
        "It requires no check: name the jobs of the workflows there.",
    )
}

fn file(path: &str, text: String) -> Option<Request> {
    Some(Request::File { path: RelPath::new(path)?, pieces: vec![Piece::text(text)], mode: 0o644 })
}

fn ruleset(survey: &Survey<'_>) -> String {
    // A person alone cannot approve their own change: with code owners there is somebody to ask.
    let owners = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"];
    let owned = owners.iter().any(|path| survey.project.file(path).is_some());
    let checks = deploy_pipeline::reported_checks(survey);
    let checks: Vec<String> = checks.iter().map(|check| format!("{{ \"context\": \"{check}\" }}")).collect();
    let main = match MAIN.split_once(",\n    {\n      \"type\": \"required_status_checks\"") {
        // A rule that requires no check by name requires none.
        Some((before, _)) if checks.is_empty() => format!("{before}\n  ]\n}}\n"),
        _ => MAIN.to_owned(),
    };
    let mut text = main.replace("__REVIEWS__", if owned { "1" } else { "0" });
    text = text.replace("__OWNERS__", if owned { "true" } else { "false" });
    text.replace("__CHECKS__", &checks.join(", "))
}

/// An entry for each package with a lockfile of its own, and one for the workflows.
fn updates(survey: &Survey<'_>, commands: &Commands<'_>) -> String {
    let ecosystem = |manager: PackageManager| if manager == PackageManager::Bun { "bun" } else { "npm" };
    let mut folders: Vec<(String, &str)> = survey
        .project
        .packages
        .iter()
        .filter(|package| package.lockfiles.iter().any(|lockfile| lockfile.path.folder() == package.folder))
        .map(|package| {
            let main = package.folder == commands.package.folder;
            let manager = if main {
                Some(commands.manager)
            } else {
                package.lockfiles.first().map(|lockfile| lockfile.manager)
            };
            (format!("/{}", package.folder), manager.map_or("npm", ecosystem))
        })
        .collect();
    if folders.is_empty() {
        folders.push((format!("/{}", commands.package.folder), ecosystem(commands.manager)));
    }
    folders.push(("/".to_owned(), "github-actions"));
    let entry = |(folder, ecosystem): (String, &str)| {
        let mut text = format!(
            "  - package-ecosystem: {ecosystem}\n    directory: {folder}\n    schedule:\n      interval: weekly\n"
        );
        // A release that was broken into is mostly found within days.
        text += "    cooldown:\n      default-days: 7\n";
        if ecosystem != "github-actions" {
            text += "    groups:\n      minor:\n        update-types: [minor, patch]\n";
        }
        text
    };
    let entries: String = folders.into_iter().map(entry).collect();
    DEPENDABOT.replace("__UPDATES__\n", &entries)
}

//! A repository that holds what it must and nothing else: ignore rules, one lockfile, a Node version, notes for whoever runs it.

pub mod commands;
mod editor;
pub mod ignore;
mod lockfiles;
pub mod notes;

use audit::{Confidence, Finding, Rule, Severity, Survey};
use commands::Commands;
use edit::Span;
use plan::{About, Change, Codemod, Request, Safety};
use project::Kind;
use project::package::{Package, PackageManager};
use serde_json::Value;

const ID: &str = "repository-hygiene";

const UNIGNORED_ENV: Rule = Rule {
    id: "repository-hygiene/env-not-ignored",
    title: "Git does not ignore env files",
    severity: Severity::Warning,
    why: "The next `git add .` commits every value that stands in them.",
    aliases: &["CWE-538"],
};
const HIDDEN_EXAMPLE: Rule = Rule {
    id: "repository-hygiene/example-ignored",
    title: "Git ignores the list of variables as well",
    severity: Severity::Note,
    why: "Whoever takes over does not see which variables there are: the file that names them reaches nobody.",
    aliases: &[],
};
const TRACKED_ENV: Rule = Rule {
    id: "repository-hygiene/tracked-env-file",
    title: "An env file with values is committed",
    severity: Severity::Warning,
    why: "One file cannot hold the values of every environment, whoever reads the repository reads them, and an ignore rule \
          does not untrack a file.",
    aliases: &["CWE-538"],
};
const OUTPUT: Rule = Rule {
    id: "repository-hygiene/output-not-ignored",
    title: "Git does not ignore build output",
    severity: Severity::Note,
    why: "Build output that is committed hides the change in a review, and may hold values that were built in.",
    aliases: &[],
};
const TRACKED_OUTPUT: Rule = Rule {
    id: "repository-hygiene/tracked-output",
    title: "Build output is committed",
    severity: Severity::Warning,
    why: "It goes stale, it is searched and scanned as if it were source, and it keeps the values that were built into it.",
    aliases: &[],
};
const LOCKFILES: Rule = Rule {
    id: "repository-hygiene/several-lockfiles",
    title: "More than one lockfile",
    severity: Severity::Warning,
    why: "Each package manager keeps its own up to date: the versions that are tested and those that are deployed drift apart, \
          and a host picks one by its own rules.",
    aliases: &[],
};
const STALE: Rule = Rule {
    id: "repository-hygiene/stale-lockfile",
    title: "A lockfile no longer belongs to its manifest",
    severity: Severity::Warning,
    why: "A frozen install, the one that pipelines and hosts run, refuses it.",
    aliases: &[],
};
const PRIVATE: Rule = Rule {
    id: "repository-hygiene/private-registry",
    title: "A lockfile installs from a private registry",
    severity: Severity::Warning,
    why: "Installs depend on a server of the builder: it may refuse others, change a package, or be gone.",
    aliases: &["CWE-829"],
};
const NODE: Rule = Rule {
    id: "repository-hygiene/no-node-version",
    title: "The manifest does not say what runs it",
    severity: Severity::Note,
    why: "Every host and every machine takes its own version of Node and of the package manager.",
    aliases: &[],
};
const NOTES: Rule = Rule {
    id: "repository-hygiene/no-deployment-notes",
    title: "Nothing says how the app is run",
    severity: Severity::Note,
    why: "Whoever takes over has to read the source to start it.",
    aliases: &[],
};
const EDITOR: Rule = Rule {
    id: "repository-hygiene/no-editor-settings",
    title: "Line ends and indentation are left to each editor",
    severity: Severity::Note,
    why: "Two machines with other settings turn a change of one line into a change of the whole file.",
    aliases: &[],
};
const README: Rule = Rule {
    id: "repository-hygiene/builder-readme",
    title: "The README is the builder's",
    severity: Severity::Note,
    why: "It tells how to go on in the builder, not what the app is or how it is run.",
    aliases: &[],
};

/// What to do by hand about a file that a `.gitignore` keeps out of the repository: made there, it would reach nobody.
pub(crate) fn kept_out(survey: &Survey<'_>, path: &str) -> Option<String> {
    survey.project.ignores_file(path).then(|| {
        format!(
            "`.gitignore` keeps `{path}` out of the repository: take out the line that does, and plan again."
        )
    })
}

/// The codemod.
pub struct RepositoryHygiene;

impl Codemod for RepositoryHygiene {
    fn about(&self) -> About {
        About {
            id: ID,
            title: "A repository that holds what it must and nothing else",
            rules: &[
                UNIGNORED_ENV,
                HIDDEN_EXAMPLE,
                TRACKED_ENV,
                OUTPUT,
                TRACKED_OUTPUT,
                LOCKFILES,
                STALE,
                PRIVATE,
                NODE,
                NOTES,
                EDITOR,
                README,
            ],
            readme: include_str!("README.md"),
            frameworks: FRAMEWORKS,
        }
    }

    fn find(&self, survey: &Survey<'_>) -> Vec<Finding> {
        let mut findings = ignore::find(survey);
        findings.extend(lockfiles::find(survey));
        let project = survey.project;
        let main = project.apps.first().and_then(|app| project.packages.get(app.package));
        let Some(package) = main else { return findings };
        let at_manifest = |rule: &Rule, message: String, todo: &str| Finding {
            rule: rule.id,
            severity: rule.severity,
            confidence: Confidence::Certain,
            span: Span::new(package.manifest, 0..0),
            message,
            why: rule.why.into(),
            todo: todo.into(),
            related: Vec::new(),
            subject: String::new(),
        };
        let wanted = runtime(survey, package);
        if !wanted.is_empty() {
            let names: Vec<&str> = wanted.iter().map(|(key, _)| key[0].as_str()).collect();
            let message = format!("package.json says no `{}`.", names.join("` and no `"));
            findings.push(at_manifest(&NODE, message, "Say which versions run the app."));
        }
        if notes::missing(survey) {
            let message = "No file says how the app is run, what it needs, and who may change it.".to_owned();
            let kept_out = notes::kept_out(survey);
            findings.push(at_manifest(
                &NOTES,
                message,
                kept_out.as_deref().unwrap_or("Write `DEPLOYMENT.md`."),
            ));
        }
        let editor = editor::missing(survey);
        if !editor.is_empty() {
            let message = format!("There is no `{}`.", editor.join("` and no `"));
            findings.push(at_manifest(&EDITOR, message, "Settle line ends and indentation once."));
        }
        findings.extend(builder_readme(survey));
        findings
    }

    fn fix(&self, survey: &Survey<'_>, findings: &[Finding]) -> Vec<Change> {
        let of = |rule: &Rule| -> Vec<usize> {
            (0..findings.len()).filter(|at| findings[*at].rule == rule.id).collect()
        };
        let mut changes = Vec::new();
        let mut propose = |title: &str, safety: Safety, fixes: Vec<usize>, fill: &dyn Fn(&mut Change)| {
            if fixes.is_empty() {
                return;
            }
            let mut change = Change::new(ID, title, safety);
            change.fixes = fixes;
            fill(&mut change);
            changes.push(change);
        };
        let ignored = || ignore::requests(survey);
        let lines = [of(&UNIGNORED_ENV), of(&HIDDEN_EXAMPLE), of(&OUTPUT)].concat();
        propose("Ignore env files and build output", Safety::Safe, lines, &|change| {
            change.requests = ignored();
            change.edits = ignore::edits(survey);
        });
        let title = "Stop tracking env files; they stay on this disk";
        propose(title, Safety::Review, of(&TRACKED_ENV), &|change| {
            change.untracks = ignore::tracked(survey);
            change.requests = ignored();
        });
        let title = "Stop tracking build output; it stays on this disk";
        propose(title, Safety::Review, of(&TRACKED_OUTPUT), &|change| {
            change.untracks_folders = ignore::tracked_output(survey).into_iter().cloned().collect();
            change.requests = ignored();
        });
        for package in &survey.project.packages {
            let Some(choice) = lockfiles::choice(survey, package) else { continue };
            let dropped: Vec<&str> = choice.drop.iter().map(|lockfile| lockfile.path.as_str()).collect();
            let about = |at: &usize| {
                let finding = &findings[*at];
                let path = survey.project.get(finding.span.file).path.as_str();
                let several = finding.rule == LOCKFILES.id && finding.span.file == package.manifest;
                several || ([STALE.id, PRIVATE.id].contains(&finding.rule) && dropped.contains(&path))
            };
            let fixes: Vec<usize> = (0..findings.len()).filter(about).collect();
            if !fixes.iter().any(|at| findings[*at].rule == LOCKFILES.id) {
                continue;
            }
            let title = format!("Keep {} alone: {}", choice.keep.path, choice.reason);
            propose(&title, Safety::Review, fixes, &|change| {
                let files = dropped.iter().filter_map(|path| survey.project.file(path));
                change.deletes = files.map(|file| file.id).collect();
            });
        }
        propose("Say which versions run the app", Safety::Review, of(&NODE), &|change| {
            let main = survey.project.apps.first().and_then(|app| survey.project.packages.get(app.package));
            let Some(package) = main else { return };
            let path = survey.project.get(package.manifest).path.clone();
            let request = |(key, value): (Vec<String>, String)| Request::Json {
                path: path.clone(),
                key,
                value: Value::String(value),
            };
            change.requests = runtime(survey, package).into_iter().map(request).collect();
        });
        let notes = if notes::kept_out(survey).is_some() { Vec::new() } else { of(&NOTES) };
        propose("Say how the app is run", Safety::Safe, notes, &|change| {
            change.requests = notes::request(survey).into_iter().collect();
        });
        let title = "Settle line ends and indentation for every editor";
        propose(title, Safety::Safe, of(&EDITOR), &|change| change.requests = editor::requests(survey));
        changes
    }
}

/// Frameworks whose apps get changes; elsewhere the trouble is reported.
const FRAMEWORKS: &[&str] = &["vite", "next", "tanstack-start", "express"];

/// The keys that the manifest lacks to say what runs it.
fn runtime(survey: &Survey<'_>, package: &Package) -> Vec<(Vec<String>, String)> {
    let framework = survey.stack.framework;
    let Some(commands) = Commands::of(survey) else { return Vec::new() };
    let mut wanted = Vec::new();
    if !package.json["engines"]["node"].is_string() {
        // The server that the app gets may need a newer one than its pages.
        let pages = framework.node(survey.stack.framework_version.as_deref());
        let node = crate::server::node(survey).unwrap_or(pages).to_owned();
        wanted.push((vec!["engines".to_owned(), "node".to_owned()], node));
    }
    // npm comes with Node. Another manager is named at a version that reads the lockfile that is there, once it is settled which one
    // that is.
    let settled = lockfiles::kept(survey, package).is_some();
    let lockfile = commands.lockfile.and_then(|path| survey.project.file(path.as_str())).filter(|_| settled);
    let version = lockfile.and_then(|file| match commands.manager {
        PackageManager::Npm => None,
        PackageManager::Pnpm => pnpm(survey, &commands),
        PackageManager::Bun => (file.path.name() == "bun.lock").then_some("bun@1.4.5"),
        PackageManager::Yarn => file.text.contains("# yarn lockfile v1").then_some("yarn@1.22.22"),
    });
    if let Some(version) = version
        && !package.json["packageManager"].is_string()
    {
        wanted.push((vec!["packageManager".to_owned()], version.to_owned()));
    }
    wanted
}

/// The `packageManager` of an app with a pnpm lockfile, by what the lockfile says of itself.
pub fn pnpm(survey: &Survey<'_>, commands: &Commands<'_>) -> Option<&'static str> {
    let file = survey.project.file(commands.lockfile?.as_str())?;
    PNPM.iter().find(|(said, _)| file.text.contains(said)).map(|(_, version)| *version)
}

/// What a pnpm lockfile says of itself, and the last version that writes it so.
const PNPM: &[(&str, &str)] = &[
    ("lockfileVersion: '9.0'", "pnpm@10.34.8"),
    ("lockfileVersion: '6.0'", "pnpm@8.15.9"),
    ("lockfileVersion: 5.4", "pnpm@7.33.7"),
];

/// A README that still is the builder's own text.
fn builder_readme(survey: &Survey<'_>) -> Option<Finding> {
    let markdown = survey.project.files.iter().filter(|file| file.kind == Kind::Markdown);
    let readme = markdown.into_iter().find(|file| file.path.as_str().eq_ignore_ascii_case("readme.md"))?;
    let signs = [
        "# Welcome to your Lovable project",
        "lovable.dev/projects/",
        "This repository will stay in sync with your deployed chats",
        "Automatically synced with your [v0",
        "[Edit in StackBlitz",
        "[Open in Bolt](https://bolt.new",
    ];
    let sign = signs.iter().find_map(|sign| readme.text.find(sign))?;
    Some(Finding {
        rule: README.id,
        severity: README.severity,
        confidence: Confidence::Likely,
        span: readme.span(sign..sign),
        message: "The README still is the text that the builder wrote.".into(),
        why: README.why.into(),
        todo: "Say in a few sentences what the app does and for whom, and point to `DEPLOYMENT.md`.".into(),
        related: Vec::new(),
        subject: String::new(),
    })
}

//! What stands between a commit and its visitors: checks on every change, an image, a release behind an approval.

mod bundle;
mod checks;
mod health;
mod image;
mod pins;
mod setup;

use crate::build_hardening::Object;
use crate::repository_hygiene::commands::Commands;
use crate::repository_hygiene::kept_out;
use crate::repository_hygiene::notes::{self, Section};
use audit::{Confidence, Finding, Rule, Severity, Survey};
pub use checks::reported as reported_checks;
use edit::{Edit, Piece, RelPath, Span};
use plan::{About, Change, Codemod, Request, Safety};
use setup::{defaults, filled, steps};

const ID: &str = "deploy-pipeline";

const CHECKS: Rule = Rule {
    id: "deploy-pipeline/no-checks",
    title: "No pipeline checks a change",
    severity: Severity::Warning,
    why: "What does not build, or builds a key into the bundle, is found by visitors.",
    aliases: &[],
};
const IMAGE: Rule = Rule {
    id: "deploy-pipeline/no-image",
    title: "Nothing says how the app is deployed",
    severity: Severity::Warning,
    why: "How and where it runs is known to whoever set it up, and to nobody else.",
    aliases: &[],
};
const RELEASE: Rule = Rule {
    id: "deploy-pipeline/no-release",
    title: "No pipeline releases the app",
    severity: Severity::Note,
    why: "Releases depend on one person's machine, or on a host that deploys what no check has seen and no one approved.",
    aliases: &[],
};
const FUNCTION: Rule = Rule {
    id: "deploy-pipeline/server-not-hosted",
    title: "The host serves the pages and not the server",
    severity: Severity::Warning,
    why: "Every call of the app to `/api` is answered with 404 or with a page.",
    aliases: &[],
};
const UNPINNED: Rule = Rule {
    id: "deploy-pipeline/unpinned-action",
    title: "A workflow runs an action by a name that can move",
    severity: Severity::Warning,
    why: "Whoever takes over the action, or its tag, runs code with the secrets of the workflow.",
    aliases: &["CWE-829"],
};
const PERMISSIONS: Rule = Rule {
    id: "deploy-pipeline/wide-permissions",
    title: "A workflow does not say what its token may do",
    severity: Severity::Note,
    why: "Without `permissions` the token may have every right that the repository's settings give.",
    aliases: &["CWE-250"],
};

const CI: &str = ".github/workflows/ci.yml";
const DEPLOY: &str = ".github/workflows/deploy.yml";

const BROKEN: Rule = Rule {
    id: "deploy-pipeline/broken-workflow",
    title: "A workflow never runs",
    severity: Severity::Warning,
    why: "Whoever sees the file takes it for a check that every change passes.",
    aliases: &[],
};

/// The codemod.
pub struct DeployPipeline;

/// How the built app is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Files alone.
    Static,
    /// Files and a server of ours beside them.
    Beside,
    /// The framework's own server, copied out with what it needs.
    Standalone,
    /// A server that the build writes whole.
    Nitro,
    /// Not known.
    Unknown,
}

/// How an app is built and served.
struct Deployed {
    way: Way,
    /// The folder of the built pages.
    output: String,
    /// The folder that visitors load from.
    bundle: String,
    /// Where else it may lie, if that is not certain.
    or_else: Option<&'static str>,
    /// Whether the build renders pages, and so runs the app's code.
    build_runs_code: bool,
    /// Whether types are complete only after a build.
    build_makes_types: bool,
    /// Changes of other codemods that bring what is deployed.
    needs: Vec<String>,
}

/// What each framework with a template is built and served as.
struct Template {
    framework: &'static str,
    way: Way,
    bundle: &'static str,
    build_runs_code: bool,
    build_makes_types: bool,
}

static TEMPLATES: &[Template] = &[
    Template {
        framework: "vite",
        way: Way::Static,
        bundle: "dist",
        build_runs_code: false,
        build_makes_types: false,
    },
    Template {
        framework: "next",
        way: Way::Standalone,
        bundle: ".next/static",
        build_runs_code: true,
        build_makes_types: true,
    },
    Template {
        framework: "tanstack-start",
        way: Way::Nitro,
        bundle: ".output/public",
        build_runs_code: false,
        build_makes_types: true,
    },
];

const FRAMEWORKS: &[&str] = &["vite", "next", "tanstack-start"]; // templates/

/// The host files of an app that is deployed by its host's own command.
const RELEASES: &[(&str, &str)] = &[
    ("vercel", include_str!("templates/any/deploy-vercel.yml")),
    ("netlify", include_str!("templates/any/deploy-netlify.yml")),
];

impl Codemod for DeployPipeline {
    fn about(&self) -> About {
        About {
            id: ID,
            title: "Checks on every change, an image, a release behind an approval",
            rules: &[CHECKS, IMAGE, RELEASE, FUNCTION, UNPINNED, PERMISSIONS, BROKEN, health::HEALTH],
            readme: include_str!("README.md"),
            frameworks: FRAMEWORKS,
        }
    }

    fn find(&self, survey: &Survey<'_>) -> Vec<Finding> {
        let mut findings = pins::find(survey);
        findings.extend(checks::broken(survey).map(|file| {
            Finding::certain(
                &BROKEN,
                Span::new(file.id, 0..0),
                "The workflow has no `jobs` at its top: it is none, and checks nothing.".to_owned(),
                "Put its keys back to where they belong (`on` and `jobs` stand at the left edge), or delete it.",
            )
        }));
        findings.extend(health::find(survey));
        let Some((commands, deployed)) = app(survey) else { return findings };
        let at_manifest = |rule: &Rule, message: &str, todo: &str| Finding {
            rule: rule.id,
            severity: rule.severity,
            confidence: Confidence::Certain,
            span: Span::new(commands.package.manifest, 0..0),
            message: message.into(),
            why: rule.why.into(),
            todo: todo.into(),
            related: Vec::new(),
            subject: String::new(),
        };
        let checkable = commands.script("build").is_some() || checks::types(survey, &commands).is_some();
        if checkable && !checks::checked(survey) {
            let message = "No workflow installs, checks and builds a change before it is merged.";
            let todo = "Add a workflow that does, and require it in the rules of the branch.";
            findings.push(at_manifest(&CHECKS, message, kept_out(survey, CI).as_deref().unwrap_or(todo)));
        }
        let hosts: Vec<&str> = survey.stack.hosts.iter().map(|host| host.id()).collect();
        if !has_image(survey) && (hosts.is_empty() || hosts.contains(&"docker")) {
            let message = "No host is configured, and no image can be built.";
            let todo = match deployed.way {
                Way::Unknown => {
                    "Say how the built app is started, then give it an image or the configuration of a host."
                }
                _ => {
                    "Choose where it runs: `--target vercel`, `netlify` or `docker`. An image runs on any of the rest."
                }
            };
            findings.push(at_manifest(&IMAGE, message, todo));
        }
        if deployed.way == Way::Beside && !functions(survey, &commands).is_empty() {
            let (severity, message) = image::left_out(survey);
            let todo = "Add a function of the host that hands every call of `/api` to the server.";
            findings.push(Finding { severity, ..at_manifest(&FUNCTION, message, todo) });
        }
        if release(survey).is_some() && !checks::workflows(survey).any(checks::deploys) {
            let message = "The host is configured, and no workflow releases to it.";
            let todo = "Release from a workflow behind an environment with reviewers.";
            findings.push(at_manifest(
                &RELEASE,
                message,
                kept_out(survey, DEPLOY).as_deref().unwrap_or(todo),
            ));
        }
        findings
    }

    fn fix(&self, survey: &Survey<'_>, findings: &[Finding]) -> Vec<Change> {
        let of = |rule: &Rule| -> Vec<usize> {
            (0..findings.len()).filter(|at| findings[*at].rule == rule.id).collect()
        };
        let mut changes = pins::fix(survey, findings);
        changes.extend(health::fix(survey, findings));
        let Some((commands, deployed)) = app(survey) else { return changes };
        // Workflows belong to the top of the repository; a folder of a larger one has its pipeline elsewhere.
        let top = survey.project.vcs.top.as_ref().is_none_or(|top| *top == survey.project.root);
        let fixes = of(&CHECKS);
        if !fixes.is_empty() && top && kept_out(survey, CI).is_none() {
            let mut change = Change::new(ID, "Check every change before it is merged", Safety::Review);
            change.fixes = fixes;
            let ci = checks::ci(survey, &commands, &deployed);
            let ratchet = ci.contains("ratchet.sh");
            let ci = if ratchet {
                ci
            } else {
                ci.replace("          fetch-depth: 2 # the parent, which the ratchet compares with\n", "")
            };
            change.requests.extend(file(survey, CI, ci));
            if ratchet {
                change.requests.extend(file(survey, ".github/ratchet.sh", RATCHET.to_owned()));
            }
            changes.push(change);
        }
        let fixes = of(&IMAGE);
        let requests =
            if fixes.is_empty() { Vec::new() } else { image::requests(survey, &commands, &deployed) };
        if !requests.is_empty() {
            let mut change = Change::new(ID, "Build an image that runs anywhere", Safety::Review);
            change.fixes = fixes;
            change.requests = requests;
            change.needs = deployed.needs.clone();
            if deployed.way == Way::Standalone {
                match standalone(survey, &commands) {
                    Some(edits) => change.edits = edits,
                    None => change.requests.clear(),
                }
            }
            if !change.requests.is_empty() {
                changes.push(change);
            }
        }
        let fixes = of(&FUNCTION);
        if !fixes.is_empty() {
            let mut change = Change::new(ID, "Serve the server from the host, too", Safety::Review);
            change.fixes = fixes;
            change.requests = functions(survey, &commands);
            change.edits = first_rewrite(survey, &commands);
            change.needs = deployed.needs.clone();
            changes.push(change);
        }
        let fixes = of(&RELEASE);
        if let Some((host, template)) =
            release(survey).filter(|_| !fixes.is_empty() && top && kept_out(survey, DEPLOY).is_none())
        {
            let mut change =
                Change::new(ID, format!("Release to {} behind an approval", capital(host)), Safety::Review);
            change.fixes = fixes;
            let migrate = survey
                .project
                .files
                .iter()
                .any(|file| file.path.as_str().starts_with("supabase/migrations/"));
            let mut text = filled(template, "__DEFAULTS__", &defaults(&commands));
            text = filled(&text, "__SETUP__", &steps(survey, &commands));
            text = filled(&text, "__MIGRATE__", if migrate { MIGRATE } else { "" });
            text = text.replace("__INSTALL__", commands.install());
            change.requests.extend(file(survey, DEPLOY, text));
            change.requests.extend(notes::section(survey, Section::Release, &told(host, migrate)));
            changes.push(change);
        }
        changes
    }
}

/// Whether a workflow or an image is of these templates.
pub(crate) fn wrote(text: &str) -> bool {
    let marks = ["No secret in the browser bundle", "See DEPLOYMENT.md.", "\nHEALTHCHECK CMD [\""];
    marks.iter().any(|mark| text.contains(mark))
}

/// Whether no workflow checks a change, and one made here would reach nobody.
pub(crate) fn has_no_checks(survey: &Survey<'_>) -> bool {
    !checks::checked(survey) && kept_out(survey, CI).is_some()
}

/// The functions by which the configured hosts serve the server beside the app, those that are not there.
fn functions(survey: &Survey<'_>, commands: &Commands<'_>) -> Vec<Request> {
    let project = survey.project;
    let server = stack::server::of(survey.stack.framework);
    let Some(folder) = server.and_then(|server| server.folder(project, commands.app)) else {
        return Vec::new();
    };
    let mut pages = Vec::new();
    for page in crate::routing_fallback::below::pages(survey) {
        if page.starts_with("/api/") {
            pages.extend(page.strip_suffix("/*").map(|start| format!("\"{start}\"")));
            pages.push(format!("\"{page}\""));
        }
    }
    let excluded =
        if pages.is_empty() { String::new() } else { format!(", excludedPath: [{}]", pages.join(", ")) };
    let mut requests = Vec::new();
    for host in survey.stack.hosts.iter().map(|host| host.id()) {
        let files: &[(&str, &str)] = match host {
            "vercel" => &[("api/index.ts", FUNCTION_VERCEL), ("api/tsconfig.json", TYPES_VERCEL)],
            "netlify" => &[("netlify/functions/api.mts", FUNCTION_NETLIFY)],
            _ => continue,
        };
        // A function of that name is the app's own.
        let there =
            |name: &str| commands.path(name).is_some_and(|path| project.file(path.as_str()).is_some());
        if files.iter().any(|(name, _)| there(name)) {
            continue;
        }
        let request = |(name, text): &(&str, &str)| {
            let text = text.replace("__FOLDER__", folder).replace("__EXCLUDED__", &excluded);
            let pieces = vec![Piece::text(text)];
            Some(Request::File { path: commands.path(name)?, pieces, mode: 0o644 })
        };
        requests.extend(files.iter().filter_map(request));
    }
    requests
}

const FUNCTION_VERCEL: &str = include_str!("templates/any/api.ts");
const TYPES_VERCEL: &str = include_str!("templates/any/api.tsconfig.json");
const FUNCTION_NETLIFY: &str = include_str!("templates/any/api.mts");

/// The rewrite to the one function, before those that are there.
fn first_rewrite(survey: &Survey<'_>, commands: &Commands<'_>) -> Vec<Edit> {
    let own = commands.path("vercel.json").and_then(|path| survey.project.file(path.as_str()));
    let Some(file) = own.or_else(|| survey.project.file("vercel.json")) else { return Vec::new() };
    let source = crate::routing_fallback::hosts::API;
    crate::routing_fallback::hosts::first_rewrite(file, source, "/api").into_iter().collect()
}

const RATCHET: &str = include_str!("templates/any/ratchet.sh");
const MIGRATE: &str = include_str!("templates/any/migrate.yml");

/// The main app, how it is run, and how it is deployed.
fn app<'s>(survey: &Survey<'s>) -> Option<(Commands<'s>, Deployed)> {
    let commands = Commands::of(survey)?;
    let template = TEMPLATES.iter().find(|template| template.framework == survey.stack.framework.id())?;
    let output = output(survey, &commands).unwrap_or_else(|| "dist".to_owned());
    let beside = stack::server::of(survey.stack.framework)
        .is_some_and(|server| server.is_there(survey.project, commands.app));
    let lands = crate::sessions_to_server::lands(survey);
    let needs = if lands { vec![crate::server::SESSIONS.to_owned()] } else { Vec::new() };
    let exported = exported(survey, &commands);
    let way = match template.way {
        Way::Standalone if exported => Way::Static,
        Way::Static if beside || lands => Way::Beside,
        // Without nitro the build makes no server for Node.
        Way::Nitro if !has_nitro(&commands) => Way::Unknown,
        _ if commands.script("build").is_none() => Way::Unknown,
        way => way,
    };
    let output = if exported { "out".to_owned() } else { output };
    let bundle = match way {
        Way::Static | Way::Beside => output.clone(),
        Way::Unknown if template.way == Way::Nitro => "dist/client".to_owned(),
        Way::Nitro => bundle::of_server(survey, &commands).to_owned(),
        _ => template.bundle.to_owned(),
    };
    let or_else = (way == Way::Nitro && bundle.is_empty()).then_some("dist");
    let bundle = if bundle.is_empty() { template.bundle.to_owned() } else { bundle };
    let (build_runs_code, build_makes_types) = (template.build_runs_code, template.build_makes_types);
    Some((commands, Deployed { way, output, bundle, or_else, build_runs_code, build_makes_types, needs }))
}

/// Whether the build writes pages alone, and goes on doing so.
pub fn exported(survey: &Survey<'_>, commands: &Commands<'_>) -> bool {
    let config = survey.stack.framework.config_file(survey.project, commands.app);
    let object = config.and_then(Object::exported);
    let export =
        object.and_then(|object| object.value("output")).is_some_and(|value| value.contains("export"));
    export && !crate::routing_fallback::export_goes(survey, commands)
}

fn has_nitro(commands: &Commands<'_>) -> bool {
    let package = commands.package;
    package.dependencies.contains_key("nitro") || package.resolved.contains_key("nitro")
}

/// `build.outDir` of the bundler, if it is a text.
fn output(survey: &Survey<'_>, commands: &Commands<'_>) -> Option<String> {
    let config = survey.stack.framework.config_file(survey.project, commands.app)?;
    let (_, rest) = config.text.split_once("outDir:")?;
    let rest = rest.trim_start();
    let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let value = rest[1..].split(quote).next()?.trim_start_matches("./").trim_end_matches('/');
    (!value.is_empty() && !value.contains("..")).then(|| value.to_owned())
}

/// What of `path` lies directly in `folder`.
fn below<'p>(folder: &str, path: &'p str) -> Option<&'p str> {
    let rest = if folder.is_empty() { path } else { path.strip_prefix(folder)?.strip_prefix('/')? };
    (!rest.contains('/')).then_some(rest)
}

fn has_image(survey: &Survey<'_>) -> bool {
    survey.project.files.iter().any(|file| file.path.name().starts_with("Dockerfile"))
}

/// The first host with a command of its own that the tree is configured for.
fn release(survey: &Survey<'_>) -> Option<(&'static str, &'static str)> {
    let hosts: Vec<&str> = survey.stack.hosts.iter().map(|host| host.id()).collect();
    RELEASES.iter().find(|(host, _)| hosts.contains(host)).copied()
}

/// A new file, unless one stands there.
fn file(survey: &Survey<'_>, path: &str, text: String) -> Option<Request> {
    let absent = survey.project.file(path).is_none();
    let path = RelPath::new(path).filter(|_| absent)?;
    Some(Request::File { path, pieces: vec![Piece::text(text)], mode: 0o644 })
}

/// The key of the configuration that the image asks for.
fn standalone(survey: &Survey<'_>, commands: &Commands<'_>) -> Option<Vec<Edit>> {
    let config = survey.stack.framework.config_file(survey.project, commands.app)?;
    let config = Object::exported(config)?;
    let goes = crate::routing_fallback::export_goes(survey, commands);
    if config.value("output").is_some() && !goes {
        return None;
    }
    let line =
        "output: process.env.STANDALONE === \"1\" ? \"standalone\" : undefined, // set by the Dockerfile";
    Some(vec![config.add(line)])
}

fn capital(host: &str) -> String {
    let mut letters = host.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

/// The section of the notes on releases.
fn told(host: &str, migrate: bool) -> String {
    let (variables, secret, back) = match host {
        "netlify" => (
            "`NETLIFY_SITE_ID`",
            "NETLIFY_AUTH_TOKEN",
            "`netlify api restoreSiteDeploy`, or *Publish deploy* on an earlier one",
        ),
        _ => ("`VERCEL_PROJECT_ID` and `VERCEL_ORG_ID`", "VERCEL_TOKEN", "`vercel rollback`"),
    };
    let mut text = format!(
        "## Release\n\nA pull request gets a preview, a push to `main` goes to production once a reviewer approves it \
         (`.github/workflows/deploy.yml`).\nTo switch it on: turn off the host's own deployments of this repository, then\n\n\
         1. Settings > Environments: make `preview` and `production`, the latter with reviewers and for `main` only.\n\
         2. Set the variables {variables} for the repository, and the secret in both environments: \
         `gh secret set {secret} --env production`, which asks for the value.\n"
    );
    if migrate {
        text += "3. For the migrations that run before a release, in `production`: the variable `SUPABASE_PROJECT_REF`, the secrets \
                 `SUPABASE_ACCESS_TOKEN` and `SUPABASE_DB_PASSWORD`.\n";
    }
    text += &format!("\nTo go back: {back}.");
    if migrate {
        text +=
            " A migration is not taken back by that: write each so that the release before it still runs.";
    }
    text
}

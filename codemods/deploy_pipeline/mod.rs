//! What stands between a commit and its visitors: checks on every change, an image, a release behind an approval.

mod bundle;
mod checks;
mod health;
mod hosted;
mod image;
mod injected;
mod pins;
mod release;
mod setup;
mod suite;

use crate::build_hardening::Object;
use crate::builder_leftovers::wrapper;
use crate::repository_hygiene::commands::Commands;
use crate::repository_hygiene::kept_out;
use crate::repository_hygiene::notes::{self, Section};
use audit::{Confidence, Finding, Rule, Severity, Survey};
pub use checks::reported as reported_checks;
use edit::{Edit, Piece, RelPath, Span};
use hosted::{first_rewrite, functions};
use plan::{About, Change, Codemod, Request, Safety};
use release::{capital, release, told};
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
const LEFT_OUT: Rule = Rule {
    id: "deploy-pipeline/server-not-built",
    title: "Outside of the builder the build leaves the server out",
    severity: Severity::Warning,
    why: "The pages are built and nothing answers them: no server function runs, and a release of it serves files alone.",
    aliases: &[],
};
const UNPINNED: Rule = Rule {
    id: "deploy-pipeline/unpinned-action",
    title: "A workflow runs an action by a name that can move",
    severity: Severity::Warning,
    why: "Whoever takes over the action, or its tag, runs code with the secrets of the workflow.",
    aliases: &["CWE-829"],
};
const TEXT: Rule = Rule {
    id: "deploy-pipeline/untrusted-text",
    title: "A workflow runs text that a stranger words",
    severity: Severity::Hole,
    why: "The text is pasted into the script before the script is read: a quote in it ends the string, and what follows runs with the token of the workflow.",
    aliases: &["CWE-94"],
};
const UNFIT: Rule = Rule {
    id: "deploy-pipeline/broken-check",
    title: "A check of the package cannot pass",
    severity: Severity::Note,
    why: "A check that is red for everybody tells nobody anything: the pipeline leaves it out, or lets it stay as red as it is.",
    aliases: &[],
};
const SOURCES: Rule = Rule {
    id: "deploy-pipeline/test-of-text",
    title: "A test compares the text of a source",
    severity: Severity::Note,
    why: "It fails when the text changes, whether or not the code still does what it did.",
    aliases: &[],
};
const PERMISSIONS: Rule = Rule {
    id: "deploy-pipeline/wide-permissions",
    title: "A workflow does not say what its token may do",
    severity: Severity::Note,
    why: "Without `permissions` the token may have every right that the repository's settings give.",
    aliases: &["CWE-250"],
};

/// The key of the change after which the build makes a server.
const ASKED: &str = "server-built";

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
    /// Whether the server beside the pages has a program of types of its own.
    server_types: bool,
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

impl Codemod for DeployPipeline {
    fn about(&self) -> About {
        About {
            id: ID,
            title: "Checks on every change, an image, a release behind an approval",
            rules: &[
                CHECKS,
                IMAGE,
                RELEASE,
                FUNCTION,
                LEFT_OUT,
                UNPINNED,
                TEXT,
                PERMISSIONS,
                BROKEN,
                UNFIT,
                SOURCES,
                health::HEALTH,
            ],
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
        findings.extend(injected::find(survey));
        findings.extend(health::find(survey));
        let Some((commands, deployed)) = app(survey) else { return findings };
        findings.extend(suite::find(survey, &commands));
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
        if let Some(left) = wrapper::left_out(survey) {
            let message = "The wrapper of the configuration builds the server in the builder alone, unless it is asked to.";
            let todo = match left.edit {
                Some(_) => {
                    "Ask for it: `nitro: true` in the configuration. Elsewhere the host is known by itself, or from `NITRO_PRESET`."
                }
                None => {
                    "Install `nitro`, and ask for it in the configuration: `nitro: true`. Until then a release does not run."
                }
            };
            findings.push(Finding { span: left.span, ..at_manifest(&LEFT_OUT, message, todo) });
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
        let fixes = of(&LEFT_OUT);
        if let Some(edit) = wrapper::left_out(survey).and_then(|left| left.edit).filter(|_| !fixes.is_empty())
        {
            let mut change = Change::new(ID, "Build the server outside of the builder, too", Safety::Review);
            change.fixes = fixes;
            change.key = Some(ASKED.to_owned());
            change.edits = vec![edit];
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
        // A release without its server is none.
        let whole = wrapper::left_out(survey).is_none_or(|left| left.edit.is_some());
        if let Some((host, template)) = release(survey)
            .filter(|_| !fixes.is_empty() && top && whole && kept_out(survey, DEPLOY).is_none())
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
            change.needs.extend(deployed.needs.iter().filter(|need| *need == ASKED).cloned());
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
    let mut needs = if lands { vec![crate::server::SESSIONS.to_owned()] } else { Vec::new() };
    let asked = wrapper::left_out(survey);
    if asked.as_ref().is_some_and(|left| left.edit.is_some()) {
        needs.push(ASKED.to_owned());
    }
    let exported = exported(survey, &commands);
    let way = match template.way {
        Way::Standalone if exported => Way::Static,
        Way::Static if beside || lands => Way::Beside,
        // Without nitro the build makes no server for Node.
        Way::Nitro if !has_nitro(&commands) => Way::Unknown,
        // What asks for it may come with this pass.
        Way::Nitro if asked.as_ref().is_some_and(|left| left.edit.is_none()) => Way::Unknown,
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
    let program = commands.path("tsconfig.server.json");
    let server_types = way == Way::Beside
        && (lands || program.is_some_and(|path| survey.project.file(path.as_str()).is_some()));
    Some((
        commands,
        Deployed { way, output, bundle, or_else, build_runs_code, build_makes_types, server_types, needs },
    ))
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

fn has_image(survey: &Survey<'_>) -> bool {
    survey.project.files.iter().any(|file| file.path.name().starts_with("Dockerfile"))
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

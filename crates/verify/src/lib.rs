//! VERIFY. The proof that a migrated app runs: in a scratch copy it is installed, type-checked and built beside the tree of before the
//! migration; then its production server is started on this machine, with a generated environment and a stand-in for its backend, and
//! asked what an attacker and a visitor would ask.
//!
//! It runs commands of an unknown project: with an environment that holds nothing of the user's, install scripts off, time limits, and
//! process groups that are ended ([`process`]). The user's tree is only read.

mod bundle;
mod environment;
mod fonts;
mod headers;
mod http;
mod probe;
mod process;
mod report;
mod scratch;
mod server;
mod sql;
mod standin;
mod tools;
mod tree;

pub use report::{Outcome, Probe, Report};
pub use scratch::{Before, is_dirty};

use anyhow::{Context, Result, bail};
use audit::Survey;
use environment::Variable;
use probe::{Ground, Live};
use process::Variables;
use report::asked;
use server::Boot;
use stack::production::{Calls, Production};
use standin::Standin;
use std::collections::BTreeMap;
use std::path::Path;
use tools::Tools;
use tree::{Question, Tree};

/// What is to be proven.
pub struct Subject<'a> {
    /// The migrated tree.
    pub survey: &'a Survey<'a>,
    /// What it was.
    pub before: Before,
    /// Whether the linter is asked as well: it is slow.
    pub lint: bool,
}

/// Proves it. `say` is told what goes on. The error is for what keeps the proof from being tried at all.
pub fn verify(subject: &Subject<'_>, say: &(dyn Fn(&str) + Sync)) -> Result<Report> {
    let survey = subject.survey;
    let project = survey.project;
    let app = project.apps.first().context("there is no app in this tree")?;
    let package = &project.packages[app.package];
    let scratch = tempfile::Builder::new().prefix("migrate-verify-").tempdir()?;
    let folder = scratch.path().canonicalize()?;
    let tools = Tools::of(&folder, package.json["engines"]["node"].as_str())?;
    let mut report = Report::default();
    report.conditions.push(format!("Node {}", tools.node));
    report.conditions.extend(tools.note.clone());

    say("Copying");
    let (after, before) = (folder.join("after/tree"), folder.join("before/tree"));
    scratch::copy(&project.root, &after, &tools.variables, folder.join("copy.log"))?;
    let known =
        scratch::restore(&project.root, &before, &subject.before, &tools.variables, folder.join("copy.log"))?;
    report.conditions.push(match &subject.before {
        Before::Kept(files) => {
            format!("the tree of before: as the last apply kept it ({} files)", files.len())
        }
        Before::Revision(revision) => format!("the tree of before: git's {revision}"),
        Before::Unknown(why) => format!("the tree of before is not known: {why}"),
    });

    let port = server::free_port()?;
    let origin = format!("http://127.0.0.1:{port}");
    let files = sql::lay(survey, &folder.join("sql"), &before, known)?;
    let is_supabase = survey.stack.backends.iter().any(|backend| backend.id() == "supabase");
    let (standin, no_standin) = if is_supabase {
        say("Starting the stand-in for the backend");
        match Standin::start(&folder.join("standin"), &folder.join("sql"), &origin, &tools) {
            Ok(standin) => (Some(standin), String::new()),
            Err(error) => (None, format!("the stand-in for the backend is not there: {error:#}")),
        }
    } else {
        (None, "there is no stand-in for the backend of this app".to_owned())
    };
    report.conditions.push(match &standin {
        Some(_) => "the backend: a stand-in for Supabase on PostgreSQL (PGlite)".to_owned(),
        None => no_standin.clone(),
    });
    let backend: Vec<(&'static str, String)> = standin
        .iter()
        .flat_map(|standin| {
            [
                ("url", standin.url.clone()),
                ("publishable", standin.publishable.clone()),
                ("secret", standin.secret.clone()),
            ]
        })
        .collect();
    let variables =
        environment::generated(survey, &environment::Ground { origin: &origin, backend: &backend });
    let (after_app, before_app) = (after.join(&app.folder), before.join(&app.folder));
    let trees = examined(
        subject,
        &tools,
        (&after_app, known.then_some(before_app.as_path())),
        (&variables, app.manager.id()),
        say,
    )?;
    judge_trees(&trees, &subject.before, &mut report);

    let production = survey.stack.framework.production();
    let built = trees.after.build.as_ref().is_some_and(|built| built.passes);
    let server_names = names_of_the_server(survey);
    if built {
        bundle::probe(&after_app, production.browser, &variables, &server_names, &mut report);
    } else {
        for asked in [&asked::KEYS, &asked::NAMES, &asked::SOURCE_MAPS] {
            report.skip(asked, "there is no build");
        }
    }
    match &standin {
        Some(standin) => {
            probe::database::migrations(standin, &files.made, &mut report);
            let functions = survey.stack.framework.functions(project, app);
            let invited = probe::database::written_by_visitors(project, &functions);
            probe::database::policies(standin, &invited, &mut report);
            probe::database::policy_tests(standin, project, &mut report);
        }
        None => {
            report.skip(&asked::MIGRATIONS, no_standin.clone());
            report.skip(&asked::POLICIES, no_standin.clone());
            report.skip(&asked::POLICY_TESTS, no_standin.clone());
        }
    }
    let start = production.starts.iter().find(|start| after_app.join(start.needs).is_file());
    let Some(start) = start.filter(|_| built) else {
        let elsewhere = WORKERS.iter().any(|config| after_app.join(config).is_file());
        let why = match built {
            true if elsewhere => "it is built for Cloudflare, whose runtime is not here",
            true => "nothing was built that can be started here",
            false => "there is no build",
        };
        // A build without the server that it should have is no proof of anything.
        if built && !elsewhere && !production.starts.is_empty() {
            let needs = production.starts.iter().map(|start| start.needs).collect::<Vec<_>>().join(" or ");
            report.judge(&asked::BOOT, vec![format!("the build left no {needs}")], "");
            skip_the_running_but_boot(&mut report, why);
        } else {
            skip_the_running(&mut report, why);
        }
        return Ok(report);
    };
    say("Probing");
    let ground = Ground {
        survey,
        production,
        start,
        functions: &survey.stack.framework.functions(project, app),
        ids: &ids(production, &after_app),
        origin: &origin,
        standin: standin.as_ref(),
        no_standin: &no_standin,
    };
    let boot = Boot { app: &after_app, start, port, tools: &tools };
    ask(&ground, &boot, &variables, &mut report);
    if standin.is_some_and(|mut standin| !standin.runs()) {
        bail!("the stand-in for the backend ended while the app was asked; the proof is worth nothing");
    }
    Ok(report)
}

/// What says that an app is built for the workers of Cloudflare.
const WORKERS: &[&str] = &["wrangler.jsonc", "wrangler.json", "wrangler.toml"];

/// The two trees, as their tools see them.
struct Trees {
    before: Option<Tree>,
    after: Tree,
}

/// Both trees at once: their commands mostly wait for one processor each.
fn examined(
    subject: &Subject<'_>,
    tools: &Tools<'_>,
    (after, before): (&Path, Option<&Path>),
    (variables, manager): (&[Variable], &str),
    say: &(dyn Fn(&str) + Sync),
) -> Result<Trees> {
    let all = environment::given(variables);
    let public: Variables = variables
        .iter()
        .filter(|variable| variable.public)
        .map(|variable| (variable.name.clone(), variable.value.clone()))
        .collect();
    let question = |app, name, strict| Question {
        app,
        manager,
        public: &public,
        all: &all,
        strict,
        lint: subject.lint,
        name,
    };
    std::thread::scope(|scope| {
        let older = before
            .map(|before| scope.spawn(move || tree::examine(&question(before, "before", false), tools, say)));
        let after = tree::examine(&question(after, "after", true), tools, say)?;
        let before = match older {
            Some(older) => Some(
                older.join().map_err(|_| anyhow::anyhow!("the tree of before could not be examined"))??,
            ),
            None => None,
        };
        Ok(Trees { before, after })
    })
}

/// What the trees say, the one beside the other.
fn judge_trees(trees: &Trees, known: &Before, report: &mut Report) {
    let Trees { before, after } = trees;
    let no_before = match known {
        Before::Unknown(why) => format!("the tree of before is not known: {why}"),
        _ => "the tree of before does not install".to_owned(),
    };
    let installed = before.as_ref().filter(|before| before.install.is_none());
    if let Some(said) = &after.install {
        let mut said = said.clone();
        if before.as_ref().is_some_and(|before| before.install.is_some()) {
            said.insert(0, "it did not install before the migration, either".to_owned());
        }
        report.judge(&asked::INSTALL, said, "");
        for asked in [&asked::BUILD, &asked::BUILD_WITHOUT_SECRETS, &asked::TYPES, &asked::LINT] {
            report.skip(asked, "the dependencies do not install");
        }
        return;
    }
    report.judge(&asked::INSTALL, Vec::new(), after.manager.clone());
    match &after.build {
        None => {
            report.skip(&asked::BUILD, "package.json has no build script");
            report.skip(&asked::BUILD_WITHOUT_SECRETS, "package.json has no build script");
        }
        Some(built) => {
            let mut complaints = if built.passes { Vec::new() } else { built.said.clone() };
            if !built.passes && complaints.is_empty() {
                complaints.push("it failed without a word".to_owned());
            }
            let older = installed.and_then(|before| before.build.as_ref());
            if !built.passes && older.is_some_and(|older| !older.passes) {
                complaints.insert(0, "it did not build before the migration, either".to_owned());
            }
            report.judge(&asked::BUILD, complaints, built.note.unwrap_or_default());
            if built.passes {
                let complaints = if built.needs_secrets { built.said.clone() } else { Vec::new() };
                report.judge(&asked::BUILD_WITHOUT_SECRETS, complaints, "");
            } else {
                report.skip(&asked::BUILD_WITHOUT_SECRETS, "there is no build");
            }
        }
    }
    match (&after.types, installed) {
        (None, _) => report.skip(&asked::TYPES, "there is no type checker in the project"),
        (Some(_), None) => report.skip(&asked::TYPES, no_before.clone()),
        (Some(now), Some(before)) => {
            let was = before.types.clone().unwrap_or_default();
            let new = tree::new_errors(&was, now);
            report.judge(
                &asked::TYPES,
                probe::shortened(new, 12),
                format!("{} before, {} now", was.len(), now.len()),
            );
        }
    }
    match (&after.lint, installed.map(|before| &before.lint)) {
        (Err(why), _) => report.skip(&asked::LINT, why.clone()),
        (Ok(_), None) => report.skip(&asked::LINT, no_before),
        (Ok(_), Some(Err(why))) => report.skip(&asked::LINT, format!("before the migration: {why}")),
        (Ok(now), Some(Ok(was))) => {
            let count = |errors: &BTreeMap<String, usize>| errors.values().sum::<usize>();
            let seen = format!("{} before, {} now", count(was), count(now));
            report.judge(&asked::LINT, probe::shortened(tree::new_lint(was, now), 12), seen);
        }
    }
}

/// Starts the server and asks all that can be asked of it.
fn ask(ground: &Ground<'_>, boot: &Boot<'_>, variables: &[Variable], report: &mut Report) {
    let given = environment::given(variables);
    let Some(server) = probe::boot::boot(boot, &given, report) else {
        return skip_the_running_but_boot(report, "the server does not start");
    };
    let live = Live { ground, server: &server };
    probe::documents::probe(&live, report);
    probe::calls::anonymous(&live, report);
    probe::calls::handlers(&live, report);
    let signed_in = probe::session::sign_up(&live, report);
    let visitor = signed_in.as_ref().map(|signed_in| &signed_in.visitor);
    probe::calls::bad_input(&live, visitor, report);
    probe::calls::foreign(&live, visitor, report);
    probe::calls::large(&live, visitor, report);
    probe::session::cookies(&live, signed_in.as_ref(), report);
    probe::session::redirects(&live, report);
    probe::session::renewal(&live, report);
    let Some(server) = probe::session::restart(ground, server, signed_in.as_ref(), (boot, &given), report)
    else {
        report.skip(&asked::SIGN_OUT, "the server does not start again");
        report.skip(&asked::RATE, "the server does not start again");
        return;
    };
    let live = Live { ground, server: &server };
    probe::session::sign_out(&live, signed_in, report);
    probe::session::rate_limit(&live, report);
    drop(server);
    probe::boot::environment(boot, ground.survey, variables, &given, ground.production.health, report);
}

/// What needs a server that runs.
const RUNNING: &[report::Asked] = &[
    asked::ENVIRONMENT,
    asked::HEALTH,
    asked::PAGES,
    asked::DEEP_LINKS,
    asked::HIDDEN_FILES,
    asked::GUARDS,
    asked::HEADERS,
    asked::ANONYMOUS,
    asked::HANDLERS,
    asked::SESSION,
    asked::INPUT,
    asked::ORIGIN,
    asked::BODY,
    asked::COOKIES,
    asked::TOKENS,
    asked::REDIRECTS,
    asked::RENEWAL,
    asked::RESTART,
    asked::SIGN_OUT,
    asked::RATE,
];

fn skip_the_running(report: &mut Report, why: &str) {
    report.skip(&asked::BOOT, why);
    skip_the_running_but_boot(report, why);
}

fn skip_the_running_but_boot(report: &mut Report, why: &str) {
    for asked in RUNNING {
        report.skip(asked, why);
    }
}

/// Variables that only server code reads, by names that say something.
fn names_of_the_server(survey: &Survey<'_>) -> Vec<String> {
    let only_server = |known: &&audit::env::EnvName| {
        let unbundled = |side| matches!(side, stack::Side::Config | stack::Side::None | stack::Side::Edge);
        let reads = known.reads.iter().filter(|read| !unbundled(read.side));
        let sides: Vec<_> = reads.map(|read| read.side).collect();
        !known.public
            && known.name.contains('_')
            && known.name != "NODE_ENV"
            && !sides.is_empty()
            && sides.iter().all(|side| *side == stack::Side::Server)
    };
    survey.env.iter().filter(only_server).map(|known| known.name.clone()).collect()
}

/// The ids under which the build's functions are called, by name.
fn ids(production: &Production, app: &Path) -> BTreeMap<String, String> {
    let (folders, shape): (Vec<&str>, &str) = match production.calls {
        Calls::Action(folder) => (vec![folder], r#"createServerReference\)?\("([0-9a-f]+)",[^"]*"(\w+)""#),
        Calls::Id { manifests, .. } => (
            manifests.to_vec(),
            r#""?([0-9a-f]{64})"?:\s*\{[^}]*?functionName:\s*"(\w+?)_createServerFn_handler""#,
        ),
        Calls::None | Calls::Path(_) => return BTreeMap::new(),
    };
    let Ok(shape) = regex::Regex::new(shape) else { return BTreeMap::new() };
    let mut found = BTreeMap::new();
    for folder in folders {
        for file in scratch::walked(&app.join(folder)).iter().filter(|file| file.ends_with("js")) {
            let text = std::fs::read(app.join(folder).join(file)).unwrap_or_default();
            let text = String::from_utf8_lossy(&text);
            found.extend(shape.captures_iter(&text).map(|one| (one[2].to_owned(), one[1].to_owned())));
        }
    }
    found
}

//! The steps of CI: no new type or lint error, a build, no secret in what visitors load.

use super::setup::{defaults, filled, steps};
use super::suite::{FAILED, Suite, suite};
use super::{Deployed, Way};
use crate::environments::{Scope, variables};
use crate::lint::Linter;
use crate::repository_hygiene::commands::Commands;
use audit::Survey;
use project::{File, Kind};

const CI: &str = include_str!("templates/any/ci.yml");
const DATABASE: &str = include_str!("templates/any/database.yml");

/// Shapes of keys that no bundle may hold. The last three are how the word `service_role` looks inside a JWT.
const LEAKS: &str = "sb_secret_[A-Za-z0-9_-]{8}|sk_live_[A-Za-z0-9]{8}|sk-(proj|ant)-[A-Za-z0-9_-]{8}|-----BEGIN [A-Z ]*PRIVATE KEY|\
                     c2VydmljZV9yb2xl|NlcnZpY2Vfcm9sZ|zZXJ2aWNlX3JvbGU";

/// The text of the workflow.
pub(super) fn ci(survey: &Survey<'_>, commands: &Commands<'_>, deployed: &Deployed) -> String {
    let mut text = filled(CI, "__DEFAULTS__", &defaults(commands));
    text = filled(&text, "__SETUP__", &steps(survey, commands));
    let mut steps = Vec::new();
    let build = commands
        .script("build")
        .map(|_| format!("      - run: {}\n{}", commands.run("build"), placeholders(survey, deployed)));
    let ratchet = if commands.app.folder.is_empty() {
        ".github/ratchet.sh"
    } else {
        "$GITHUB_WORKSPACE/.github/ratchet.sh"
    };
    let quoted = if ratchet.starts_with('$') { format!("\"{ratchet}\"") } else { ratchet.to_owned() };
    let types = types(survey, commands).map(|command| {
        let mut text =
            format!("      - name: No new type error\n        run: bash {quoted} 'error TS[0-9]+' {command}\n");
        if deployed.server_types {
            let command = commands.exec("tsc --noEmit --project tsconfig.server.json --pretty false");
            text += &format!(
                "      - name: No new type error in the server\n        run: bash {quoted} --from-here 'error TS[0-9]+' {command}\n"
            );
        }
        text
    });
    // Where the build writes types, it goes first.
    let (first, second) = if deployed.build_makes_types { (build, types) } else { (types, build) };
    steps.extend(first);
    steps.extend(second);
    steps.extend(lint(survey, commands, &quoted));
    steps.extend(match suite(survey, commands) {
        Suite::None => None,
        Suite::Run(command) => Some(format!(
            "      - name: No new failing test\n        run: bash {quoted} --from-here '{FAILED}' {command}\n        env:\n          CI: \"true\"\n          NO_COLOR: \"1\"\n"
        )),
        Suite::Not(why) => Some(format!("      # `{}` is not run here: {why}.\n", commands.run("test"))),
        Suite::NoRunner => Some(format!("      # `{}` is not run here: its runner is not installed.\n", commands.run("test"))),
    });
    if commands.script("build").is_some() {
        let bundle = &deployed.bundle;
        // Where it lies is not certain under a setting of its own, and with a server that is made for a host.
        let config = survey.stack.framework.config_file(survey.project, commands.app);
        let moved =
            config.is_some_and(|file| ["outDir", "distDir"].iter().any(|key| file.text.contains(key)));
        let there = match (deployed.or_else, deployed.way) {
            (Some(other), _) => format!("{{ test -d {bundle} || test -d {other}; }} && "),
            (None, Way::Nitro) => format!("test -d {bundle} && "),
            (None, Way::Static | Way::Beside | Way::Standalone) if !moved => format!("test -d {bundle} && "),
            _ => String::new(),
        };
        // A folder that is not there holds no secret; one of them is.
        let looks = match deployed.or_else {
            Some(other) => format!("grep -rlsE -e '{LEAKS}' {bundle} {other}"),
            None => format!("grep -rlE -e '{LEAKS}' {bundle}"),
        };
        steps.push(format!(
            "      - name: No secret in the browser bundle\n        run: \"{there}! {looks}\"\n"
        ));
    }
    text = filled(&text, "__STEPS__", &steps.concat());
    text = filled(&text, "__DATABASE__", &database(survey));
    text.replace("__INSTALL__", commands.install())
}

/// The job that runs the migrations and the tests of the database, where both are there, the migrations run as they stand, and the
/// tool is set up.
fn database(survey: &Survey<'_>) -> String {
    let Some(top) = crate::row_policies::tested_folder(survey) else { return String::new() };
    let set_up = survey.project.file(&format!("{top}supabase/config.toml")).is_some();
    if !set_up || !survey.schema.troubles.is_empty() {
        return String::new();
    }
    let defaults = match top.trim_end_matches('/') {
        "" => String::new(),
        folder => format!("    defaults:\n      run:\n        working-directory: {folder}\n"),
    };
    filled(DATABASE, "__DEFAULTS__", &defaults)
}

/// How the types are checked; `None` without TypeScript.
pub(super) fn types(survey: &Survey<'_>, commands: &Commands<'_>) -> Option<String> {
    let there = |name: &str| survey.project.file(commands.path(name)?.as_str());
    if !commands.package.dependencies.contains_key("typescript") {
        return None;
    }
    let root = there("tsconfig.json")?;
    // A solution file checks nothing by itself.
    let config = there("tsconfig.app.json").filter(|_| root.text.contains("\"references\"")).unwrap_or(root);
    let name = config.path.name();
    let project = if name == "tsconfig.json" { String::new() } else { format!(" --project {name}") };
    Some(commands.exec(&format!("tsc --noEmit{project} --pretty false")))
}

/// The step that lints, or the sentence that says why there is none; `None` if no linter is set up.
fn lint(survey: &Survey<'_>, commands: &Commands<'_>, ratchet: &str) -> Option<String> {
    // `next lint` is a program of its own and asks questions.
    commands.script("lint").filter(|script| script.starts_with("eslint"))?;
    let linter = Linter::of(survey, commands)?;
    if let Some((package, _)) = &linter.missing {
        let config = linter.config.path.name();
        return Some(format!("      # No lint: {config} imports {package}, which is not installed.\n"));
    }
    let command = commands.exec("eslint --no-color .");
    Some(format!(
        "      - name: No new lint error\n        run: bash {ratchet} --from-here '^ +[0-9]+:[0-9]+ +error ' {command}\n"
    ))
}

/// Values of the right shape for a build that runs code: the build must need no real ones.
fn placeholders(survey: &Survey<'_>, deployed: &Deployed) -> String {
    if !deployed.build_runs_code {
        return String::new();
    }
    let variables = variables(survey);
    let mut lines = String::new();
    for variable in variables.iter().filter(|variable| variable.scope != Scope::Edge && !variable.optional) {
        let name = &variable.name;
        let words: Vec<&str> = name.split('_').collect();
        let has = |word: &str| words.contains(&word);
        let value = if has("DATABASE") || has("POSTGRES") || has("PG") || has("DB") {
            "postgres://ci@127.0.0.1:5432/ci"
        } else if has("REDIS") || has("KV") {
            "redis://127.0.0.1:6379"
        } else if has("URL") || has("ORIGIN") || has("HOST") || has("DOMAIN") || has("ENDPOINT") {
            "https://ci-placeholder.example"
        } else if has("EMAIL") || has("FROM") {
            "ci@placeholder.example"
        } else if has("PORT") {
            "\"3000\""
        } else {
            "placeholder-of-ci-of-more-than-32-letters"
        };
        lines += &format!("          {name}: {value}\n");
    }
    if lines.is_empty() {
        lines
    } else {
        format!("        env: # shapes only: a build must not need real values\n{lines}")
    }
}

/// Whether a workflow of the tree builds or checks pull requests.
pub(super) fn checked(survey: &Survey<'_>) -> bool {
    workflows(survey).any(checks)
}

/// Whether a workflow builds or checks pull requests.
pub(super) fn checks(file: &File) -> bool {
    let words = ["run build", " build", "tsc", "run test", " test", "run lint", "run check"];
    file.text.contains("pull_request") && !deploys(file) && words.iter().any(|word| file.text.contains(word))
}

/// The names under which the jobs of the workflows report on a pull request, ours among them.
pub fn reported(survey: &Survey<'_>) -> Vec<String> {
    if !checked(survey) {
        return vec!["check".to_owned()];
    }
    let mut names = Vec::new();
    for file in workflows(survey).filter(|file| checks(file)) {
        let scalars = syntax::document::yaml::scalars(&file.text);
        let jobs = scalars.iter().filter_map(|scalar| match scalar.path.as_slice() {
            [jobs, job, ..] if jobs == "jobs" => Some(job.as_str()),
            _ => None,
        });
        let mut jobs: Vec<&str> = jobs.collect();
        jobs.dedup();
        for job in jobs {
            let value = |keys: &[&str]| {
                scalars.iter().find(|scalar| {
                    scalar.path.len() >= keys.len() + 2
                        && scalar.path[1] == job
                        && scalar.path[2..2 + keys.len()].iter().zip(keys).all(|(one, other)| one == other)
                })
            };
            // A job of a matrix reports under as many names as it has runs.
            if value(&["strategy"]).is_none() {
                names.push(value(&["name"]).map_or_else(|| job.to_owned(), |name| name.value.clone()));
            }
        }
    }
    names.dedup();
    names
}

/// Whether a workflow releases the app.
pub(super) fn deploys(file: &File) -> bool {
    let words = [
        "vercel",
        "netlify",
        "wrangler",
        "flyctl",
        "docker push",
        "build-push-action",
        "firebase",
        "deploy-pages",
    ];
    let text = file.text.to_ascii_lowercase();
    text.contains("deploy") && words.iter().any(|word| text.contains(word))
}

/// The workflows of the tree that GitHub runs.
pub(super) fn workflows<'s>(survey: &'s Survey<'_>) -> impl Iterator<Item = &'s File> {
    all(survey).filter(|file| has_jobs(file))
}

/// The workflows that never ran: without `jobs` at its top, a file is none.
pub(super) fn broken<'s>(survey: &'s Survey<'_>) -> impl Iterator<Item = &'s File> {
    all(survey).filter(|file| !has_jobs(file))
}

fn has_jobs(file: &File) -> bool {
    let starts = |line: &str| ["jobs:", "\"jobs\":", "'jobs':", "{"].iter().any(|key| line.starts_with(key));
    file.text.trim_start_matches('\u{feff}').lines().any(starts)
}

fn all<'s>(survey: &'s Survey<'_>) -> impl Iterator<Item = &'s File> {
    let files = survey.project.files.iter().filter(|file| file.kind == Kind::Yaml && file.skipped.is_none());
    files.filter(|file| file.path.folder() == ".github/workflows")
}

//! One tree as its author's tools see it: does it install, build, type-check and lint? Asked of the tree before the migration and of
//! the one after it, the difference is what the migration did.

use crate::fonts;
use crate::process::{self, Ran, Task, Variables};
use crate::tools::Tools;
use anyhow::{Context, Result};
use regex::Regex;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

const INSTALL: Duration = Duration::from_secs(600);
const BUILD: Duration = Duration::from_secs(600);
const CHECK: Duration = Duration::from_secs(300);

/// What one app's tools say.
pub(crate) struct Tree {
    /// `None`: installed; else what went wrong.
    pub(crate) install: Option<Vec<String>>,
    /// Which manager installed, and how.
    pub(crate) manager: String,
    /// `None`: there is no build script, or it was not tried.
    pub(crate) build: Option<Built>,
    /// Errors of the type checker without their lines; `None`: there is nothing to check with.
    pub(crate) types: Option<Vec<String>>,
    /// Errors of the linter by file and rule; `None`: there is no linter, or it does not run. And why.
    pub(crate) lint: Result<BTreeMap<String, usize>, String>,
}

/// How a build went.
#[derive(Clone, Debug)]
pub(crate) struct Built {
    pub(crate) passes: bool,
    /// Only with the variables that the server alone reads.
    pub(crate) needs_secrets: bool,
    /// What the reader has to know of it.
    pub(crate) note: Option<&'static str>,
    /// What it said when it failed.
    pub(crate) said: Vec<String>,
}

/// What is asked.
pub(crate) struct Question<'a> {
    /// The app's folder in the scratch copy.
    pub(crate) app: &'a Path,
    /// `npm`, `pnpm`, `yarn`, `bun`.
    pub(crate) manager: &'a str,
    /// Variables that are public.
    pub(crate) public: &'a Variables,
    /// All variables.
    pub(crate) all: &'a Variables,
    /// Whether the build has to pass with the public ones alone.
    pub(crate) strict: bool,
    /// Lint as well.
    pub(crate) lint: bool,
    /// What its logs begin with.
    pub(crate) name: &'static str,
}

/// Asks all of it.
pub(crate) fn examine(
    question: &Question<'_>,
    tools: &Tools<'_>,
    say: &(dyn Fn(&str) + Sync),
) -> Result<Tree> {
    let mut tree = Tree {
        install: None,
        manager: String::new(),
        build: None,
        types: None,
        lint: Err("it was not installed".to_owned()),
    };
    say(&format!("{}: installing", question.name));
    let (manager, installed) = install(question, tools)?;
    tree.manager = manager;
    if !installed.ok() {
        tree.install = Some(installed.telling(3));
        return Ok(tree);
    }
    let manifest: serde_json::Value =
        serde_json::from_slice(&fs::read(question.app.join("package.json"))?).unwrap_or_default();
    if manifest["scripts"]["build"].is_string() {
        say(&format!("{}: building", question.name));
        tree.build = Some(build(question, tools)?);
    }
    say(&format!("{}: checking types", question.name));
    tree.types = types(question, tools)?;
    tree.lint = if question.lint {
        say(&format!("{}: linting", question.name));
        lint(question, tools)?
    } else {
        Err("it was not asked for".to_owned())
    };
    Ok(tree)
}

fn run(
    question: &Question<'_>,
    tools: &Tools<'_>,
    program: &str,
    arguments: &[&str],
    limit: Duration,
) -> Result<Ran> {
    run_with(question, tools, program, arguments, (&Variables::new(), limit))
}

fn run_with(
    question: &Question<'_>,
    tools: &Tools<'_>,
    program: &str,
    arguments: &[&str],
    (extra, limit): (&Variables, Duration),
) -> Result<Ran> {
    let mut variables = tools.variables.clone();
    variables.extend(extra.clone());
    let log = tools.folder.join(format!("{}.{program}.log", question.name));
    let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
    process::run(&Task { program, arguments, folder: question.app, variables: &variables, log }, limit)
}

/// The manager that npm fetches: it reads every lockfile that its older versions wrote since the sixth.
const PNPM: &str = "pnpm@10";

/// Installs with the app's own manager, which npm fetches where it can; else with npm. Install scripts stay off.
fn install(question: &Question<'_>, tools: &Tools<'_>) -> Result<(String, Ran)> {
    let off = Variables::from([
        ("npm_config_ignore_scripts".to_owned(), "true".to_owned()),
        ("YARN_ENABLE_SCRIPTS".to_owned(), "0".to_owned()),
        ("npm_config_manage_package_manager_versions".to_owned(), "false".to_owned()),
    ]);
    let own: Option<&[&str]> = match question.manager {
        "pnpm" => Some(&["install", "--ignore-scripts", "--no-frozen-lockfile", "--ignore-workspace"]),
        "yarn" => Some(&["install", "--ignore-scripts"]),
        "bun" => Some(&["install", "--ignore-scripts"]),
        _ => None,
    };
    if let Some(arguments) = own.filter(|_| tools.has(question.manager)) {
        let ran = run_with(question, tools, question.manager, arguments, (&off, INSTALL))?;
        return Ok((question.manager.to_owned(), ran));
    }
    // Without its lockfile `latest` is something else than it was.
    if let Some(arguments) = own.filter(|_| question.manager == "pnpm") {
        let fetched = ["exec", "--yes", PNPM, "--"];
        let arguments: Vec<&str> = fetched.iter().chain(arguments).copied().collect();
        let ran = run_with(question, tools, "npm", &arguments, (&off, INSTALL))?;
        if ran.ok() {
            return Ok((PNPM.to_owned(), ran));
        }
    }
    let plain = ["install", "--ignore-scripts", "--prefer-offline", "--no-progress"];
    let ran = run_with(question, tools, "npm", &plain, (&off, INSTALL))?;
    let named = if own.is_some() {
        format!("npm, because {} is not here", question.manager)
    } else {
        "npm".to_owned()
    };
    if ran.ok() || !ran.said.contains("ERESOLVE") {
        return Ok((named, ran));
    }
    // Other managers, and the builder's, take peers that do not fit together.
    let loose: Vec<&str> = plain.iter().copied().chain(["--legacy-peer-deps"]).collect();
    Ok((
        format!("{named} with --legacy-peer-deps"),
        run_with(question, tools, "npm", &loose, (&off, INSTALL))?,
    ))
}

fn build(question: &Question<'_>, tools: &Tools<'_>) -> Result<Built> {
    let with = |given: &Variables| {
        let mut variables = given.clone();
        // A server of files and functions that runs here, whatever host the project is for.
        variables.insert("NITRO_PRESET".to_owned(), "node-server".to_owned());
        variables
    };
    let script = ["run", "build"];
    let mut note = for_node(question.app)?;
    let mut attempt = |given: &Variables| -> Result<Ran> {
        let mut variables = with(given);
        let ran = run_with(question, tools, "npm", &script, (&variables, BUILD))?;
        if ran.ok() {
            return Ok(ran);
        }
        let Some(answers) = fonts::stand_ins(&ran.said, tools.folder)? else { return Ok(ran) };
        note = Some(fonts::NOTE);
        variables.insert(fonts::VARIABLE.to_owned(), answers.display().to_string());
        run_with(question, tools, "npm", &script, (&variables, BUILD))
    };
    let ran = attempt(if question.strict { question.public } else { question.all })?;
    let again = if ran.ok() || !question.strict { None } else { Some(attempt(question.all)?) };
    let needs_secrets = again.as_ref().is_some_and(Ran::ok);
    Ok(Built {
        passes: ran.ok() || needs_secrets,
        needs_secrets,
        note,
        said: failure(told(&ran, again.as_ref())),
    })
}

/// The run that tells why there is no build, or why it needs secrets: the first is without them, and lacks them, which says nothing of
/// a build that fails with them, too.
fn told<'r>(first: &'r Ran, again: Option<&'r Ran>) -> &'r Ran {
    again.filter(|again| !again.ok()).unwrap_or(first)
}

const OTHER_HOST: &str = "its configuration builds for another host: here it is built for Node instead";

/// Where the configuration of the scratch copy names the host that it is built for, Node takes its place.
fn for_node(app: &Path) -> Result<Option<&'static str>> {
    let preset = Regex::new(r#"(\bpreset:\s*)["'](?:vercel|netlify|cloudflare)[\w-]*["']"#)?;
    for name in ["vite.config.ts", "vite.config.mts", "vite.config.js", "vite.config.mjs"] {
        let path = app.join(name);
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let changed = preset.replace_all(&text, "${1}\"node-server\"");
        if changed != text {
            fs::write(&path, changed.as_bytes())
                .with_context(|| format!("cannot write {}", path.display()))?;
            return Ok(Some(OTHER_HOST));
        }
    }
    Ok(None)
}

fn failure(ran: &Ran) -> Vec<String> {
    if ran.ok() {
        Vec::new()
    } else if ran.late {
        vec!["it did not end within its time".to_owned()]
    } else {
        ran.telling(6)
    }
}

/// The programs of the tree: the app's, and the server's where it has one of its own.
fn types(question: &Question<'_>, tools: &Tools<'_>) -> Result<Option<Vec<String>>> {
    let compiler = "node_modules/typescript/bin/tsc";
    let there = |name: &&str| question.app.join(name).is_file();
    let main = ["tsconfig.app.json", "tsconfig.json"].into_iter().find(|name| there(name));
    let server = ["tsconfig.server.json"].into_iter().find(|name| there(name));
    let programs: Vec<&str> = main.into_iter().chain(server).collect();
    if programs.is_empty() || !there(&compiler) {
        return Ok(None);
    }
    let tree = format!("{}/", tools.folder.join(question.name).join("tree").display());
    let mut errors = Vec::new();
    for program in programs {
        let arguments = [compiler, "--noEmit", "--pretty", "false", "-p", program];
        let ran = run(question, tools, "node", &arguments, CHECK)?;
        let told = ran.said.lines().filter(|line| line.contains("error TS"));
        errors.extend(told.map(|line| without_place(line, &tree)));
    }
    Ok(Some(errors))
}

/// `src/a.ts(3,4): error TS1: …` without the place: lines move, and a file that the text names stands in another `tree`. A list that
/// the compiler cuts short (`… 12 more …`) is left out: what it shows of it, and in which order, differs from one run to the next.
fn without_place(line: &str, tree: &str) -> String {
    let mut line = match (line.find('('), line.find("): ")) {
        (Some(open), Some(close)) if open < close => format!("{}{}", &line[..open], &line[close + 1..]),
        _ => line.to_owned(),
    };
    line = line.replace(tree, "");
    if let Some(cut) = line.find(" more ...")
        && let Some(open) = line[..cut].rfind('\'')
    {
        let close = line[cut..].find('\'').map_or(line.len(), |at| cut + at);
        line.replace_range(open + 1..close, "...");
    }
    line
}

fn lint(question: &Question<'_>, tools: &Tools<'_>) -> Result<Result<BTreeMap<String, usize>, String>> {
    let linter = "node_modules/eslint/bin/eslint.js";
    if !question.app.join(linter).is_file() {
        return Ok(Err("the project has no eslint".to_owned()));
    }
    let out = tools.folder.join(format!("{}.lint.json", question.name));
    let output = out.display().to_string();
    let arguments = [linter, ".", "--format", "json", "--output-file", &output];
    let ran = run(question, tools, "node", &arguments, CHECK)?;
    let Some(files) =
        fs::read(&out).ok().and_then(|text| serde_json::from_slice::<Vec<serde_json::Value>>(&text).ok())
    else {
        return Ok(Err(format!("eslint does not run here: {}", ran.telling(1).join(" "))));
    };
    let mut counted = BTreeMap::new();
    for file in &files {
        let path = file["filePath"].as_str().unwrap_or("");
        let path = path.split("/tree/").last().unwrap_or(path);
        for message in
            file["messages"].as_array().into_iter().flatten().filter(|message| message["severity"] == 2)
        {
            *counted
                .entry(format!("{path}: {}", message["ruleId"].as_str().unwrap_or("parse")))
                .or_insert(0) += 1;
        }
    }
    Ok(Ok(counted))
}

/// What `after` has and `before` has not, as a multiset. An error that left one file and is in another went there with the code.
pub(crate) fn new_errors(before: &[String], after: &[String]) -> Vec<String> {
    fn said(error: &str) -> &str {
        error.split_once(": ").map_or(error, |(_, said)| said)
    }
    let mut known = before.to_vec();
    let mut without = |is: &dyn Fn(&String) -> bool| match known.iter().position(is) {
        Some(at) => {
            known.swap_remove(at);
            false
        }
        None => true,
    };
    let mut left: Vec<String> = after.iter().filter(|error| without(&|one| one == *error)).cloned().collect();
    left.retain(|error| without(&|one| said(one) == said(error)));
    left
}

/// Rules that complain more often in a file than before.
pub(crate) fn new_lint(before: &BTreeMap<String, usize>, after: &BTreeMap<String, usize>) -> Vec<String> {
    let more = |(place, count): (&String, &usize)| {
        let was = before.get(place).copied().unwrap_or(0);
        (*count > was).then(|| format!("{place}: {was} before, {count} now"))
    };
    after.iter().filter_map(more).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_that_fails_with_all_variables_is_told_by_what_fails_then() {
        let ran = |code, said: &str| Ran { code: Some(code), late: false, said: said.to_owned() };
        let first = ran(1, "DATABASE_URL is not set");
        assert_eq!(told(&first, Some(&ran(1, "no answer"))).said, "no answer");
        assert_eq!(told(&first, Some(&ran(0, "built"))).said, first.said);
        assert_eq!(told(&first, None).said, first.said);
    }

    #[test]
    fn an_error_that_moved_is_not_new_and_a_second_one_like_it_is() {
        let error = |line: &str| without_place(line, "/before/tree/");
        let before = [error("src/a.ts(3,4): error TS1: no")];
        let after = [error("src/a.ts(9,4): error TS1: no"), error("src/a.ts(12,4): error TS1: no")];
        assert_eq!(new_errors(&before, &after), ["src/a.ts: error TS1: no"]);
        assert_eq!(new_errors(&before, &[error("src/b.ts(3,4): error TS1: no")]), [""; 0]);
        let cut = |list: &str| error(&format!("src/a.ts(3,4): error TS2: 'c' does not fit '{list}'."));
        assert_eq!(
            new_errors(&[cut("a | b | ... 3 more ... | z")], &[cut("b | ... 4 more ... | y")]),
            [""; 0]
        );
    }

    #[test]
    fn an_error_that_names_a_file_of_the_other_tree_is_not_new() {
        let error =
            |tree: &str| without_place(&format!("src/a.ts(3,4): error TS7016: '{tree}app/lib.js'."), tree);
        assert_eq!(new_errors(&[error("/t/before/tree/")], &[error("/t/after/tree/")]), [""; 0]);
    }
}

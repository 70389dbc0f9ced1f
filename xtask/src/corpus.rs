//! Runs the program over a folder of exports, each in a scratch copy, and prints a line each. It never fails on one export:
//! it says what went wrong there. `--install` adds install, type check and build before and after; `--verify` adds
//! the whole proof of `migrate verify`.

use crate::run::{Ran, run};
use anyhow::Context;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const QUICK: Duration = Duration::from_secs(120);
const SLOW: Duration = Duration::from_secs(900);

/// How far to go with each export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Plan, apply, and plan again.
    Plan,
    /// Install, type check and build as well, before and after.
    Health,
    /// The whole proof.
    Proof,
}

/// A line of the table.
#[derive(Default)]
struct Line {
    name: String,
    kind: String,
    files: usize,
    healed: usize,
    broken: usize,
    holes: usize,
    warnings: usize,
    notes: usize,
    secrets: usize,
    public: usize,
    moved: usize,
    changes: usize,
    held: usize,
    recheck: String,
    patch: String,
    second: String,
    seconds: f64,
    peak_mb: f64,
    health: String,
    trouble: Vec<String>,
}

/// See the module.
pub(crate) fn run_corpus(program: &Path, folder: &Path, depth: Depth, named: &str) -> anyhow::Result<()> {
    let mut exports = exports(folder);
    exports.retain(|export| export.display().to_string().contains(named));
    println!(
        "{:<34} {:<15} {:>5} {:>4} {:>4} {:>5} {:>5} {:>5} {:>4} {:>4} {:>5} {:>4} {:>4} {:<7} {:<5} {:<6} {:>6} {:>6}{}",
        "export",
        "kind",
        "files",
        "heal",
        "brok",
        "hole",
        "warn",
        "note",
        "secr",
        "publ",
        "moved",
        "chg",
        "held",
        "recheck",
        "patch",
        "second",
        "s",
        "MB",
        match depth {
            Depth::Plan => "",
            Depth::Health => "  install/tsc/build before -> after",
            Depth::Proof => "  probes passed/failed/not run, type errors, seconds",
        }
    );
    let mut lines = Vec::new();
    for export in exports {
        let mut line = Line { name: shown(folder, &export), ..Line::default() };
        if let Err(error) = measure(program, &export, depth, &mut line) {
            line.trouble.push(format!("{error:#}"));
        }
        print(&line);
        lines.push(line);
    }
    totals(&lines);
    Ok(())
}

/// The folders that are exports: those with a `.git` or a `package.json`, at most three levels down.
pub(crate) fn exports(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut waiting) = (Vec::new(), vec![(folder.to_owned(), 0)]);
    while let Some((next, depth)) = waiting.pop() {
        if next.join(".git").exists() || next.join("package.json").is_file() {
            found.push(next);
        } else if depth < 3 {
            let below = std::fs::read_dir(&next).into_iter().flatten().flatten().map(|entry| entry.path());
            waiting.extend(below.filter(|path| path.is_dir()).map(|path| (path, depth + 1)));
        }
    }
    found.sort();
    found
}

fn shown(folder: &Path, export: &Path) -> String {
    let name = export.strip_prefix(folder).unwrap_or(export).display().to_string();
    name.chars().take(34).collect()
}

/// A copy that a migration can be tried on: the files, in a repository of their own with one commit.
fn copy(export: &Path, to: &Path) -> anyhow::Result<()> {
    // A link to an export would be copied as a link, and the export itself rewritten.
    let copied = Command::new("cp").arg("-a").arg(export.canonicalize()?).arg(to).status()?;
    anyhow::ensure!(copied.success(), "could not copy");
    if !to.join(".git").exists() {
        git(to, &["init", "-q"])?;
        git(to, &["add", "-A", "-f"])?;
        git(
            to,
            &[
                "-c",
                "user.name=corpus",
                "-c",
                "user.email=corpus@localhost",
                "commit",
                "-q",
                "-m",
                "as exported",
            ],
        )?;
    }
    Ok(())
}

fn git(folder: &Path, args: &[&str]) -> anyhow::Result<Ran> {
    run(Path::new("git"), args, folder, QUICK)
}

fn measure(program: &Path, export: &Path, depth: Depth, line: &mut Line) -> anyhow::Result<()> {
    let scratch = tempfile::tempdir()?;
    let tree = scratch.path().join("tree");
    copy(export, &tree)?;
    let patch = scratch.path().join("plan.patch");
    let saved = scratch.path().join("plan.json");
    let (patch, saved) = (patch.display().to_string(), saved.display().to_string());
    let planned =
        run(program, &["plan", ".", "--format", "json", "--patch", &patch, "--out", &saved], &tree, QUICK)?;
    line.seconds = planned.seconds;
    line.peak_mb = planned.peak_mb;
    if !planned.ok() {
        anyhow::bail!("plan: exit {:?}: {}", planned.code, planned.last_words());
    }
    read(&serde_json::from_str(&planned.stdout).context("plan: not JSON")?, line);
    line.patch = match std::fs::metadata(&patch).map(|meta| meta.len()) {
        Ok(0) | Err(_) => "empty".into(),
        Ok(_) => {
            let checked = git(&tree, &["apply", "--check", &patch])?;
            if !checked.ok() {
                line.trouble.push(format!("patch: {}", checked.last_words()));
            }
            if checked.ok() { "ok".into() } else { "NO".into() }
        }
    };
    let app = app_root(&tree, &planned.stdout);
    let before = if depth == Depth::Health { Some(health(&tree.join(&app))?) } else { None };
    let applied = run(program, &["apply", ".", "--yes", "--allow-dirty"], &tree, QUICK)?;
    if !applied.ok() {
        line.recheck = "NO".into();
        anyhow::bail!("apply: exit {:?}: {}", applied.code, applied.last_words());
    }
    // A change that is left out, or a file, is a promise that the first plan could not keep.
    let kept = !planned.stderr.contains("not be as promised");
    line.recheck = if kept { "silent" } else { "NO" }.into();
    let again = run(program, &["plan", ".", "--format", "json"], &tree, QUICK)?;
    let again: Value = serde_json::from_str(&again.stdout).context("second plan: not JSON")?;
    let again = again["changes"].as_array().map(Vec::len).unwrap_or(usize::MAX);
    line.second = if again == 0 { "empty".into() } else { format!("{again} NO") };
    if depth == Depth::Proof {
        proof(program, &tree, line)?;
    }
    if let Some(before) = before {
        let after = health(&tree.join(&app))?;
        line.health = format!("{} -> {}", before.shown(), after.shown());
        line.trouble.extend(after.worse_than(&before));
    }
    Ok(())
}

/// The proof of the migrated tree: its totals for the table, and a line for each probe that failed.
fn proof(program: &Path, tree: &Path, line: &mut Line) -> anyhow::Result<()> {
    let ran = run(program, &["verify", ".", "--yes", "--format", "json"], tree, SLOW * 2)?;
    let report: Value = serde_json::from_str(&ran.stdout)
        .with_context(|| format!("verify: exit {:?}: {}", ran.code, ran.last_words()))?;
    let count = |name: &str| report["summary"][name].as_u64().unwrap_or(0);
    let probes = report["probes"].as_array().cloned().unwrap_or_default();
    let words = |probe: &Value| {
        let details = probe["details"].as_array().cloned().unwrap_or_default();
        details.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("; ")
    };
    let of = |id: &str| probes.iter().find(|probe| probe["id"] == id);
    let types = of("types").map_or(String::new(), |probe| match probe["outcome"].as_str() {
        Some("fail") => "new type errors".to_owned(),
        _ => words(probe),
    });
    line.health =
        format!("{}/{}/{} {types} {:.0} s", count("pass"), count("fail"), count("not_run"), ran.seconds);
    for probe in probes.iter().filter(|probe| probe["outcome"] == "fail") {
        let said: String = words(probe).chars().take(400).collect();
        line.trouble.push(format!("{}: {said}", probe["id"].as_str().unwrap_or("?")));
    }
    if let Some(boot) = of("boot").filter(|probe| probe["outcome"] == "not-run") {
        line.trouble.push(format!("not started: {}", words(boot)));
    }
    Ok(())
}

fn app_root(tree: &Path, json: &str) -> String {
    let report: Value = serde_json::from_str(json).unwrap_or_default();
    let root = report["project"]["app_roots"][0].as_str().unwrap_or(".").to_owned();
    if tree.join(&root).is_dir() { root } else { ".".into() }
}

fn read(report: &Value, line: &mut Line) {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    line.kind = report["project"]["generation"].as_str().unwrap_or("?").to_owned();
    let files = list(&report["inventory"]["files"]);
    let state = |wanted: &str| files.iter().filter(|file| file["parse"] == wanted).count();
    (line.files, line.healed, line.broken) = (files.len(), state("healed"), state("broken"));
    let count = |name: &str| report["summary"]["findings"][name].as_u64().unwrap_or(0) as usize;
    (line.holes, line.warnings, line.notes) = (count("hole"), count("warning"), count("note"));
    let secrets = list(&report["inventory"]["secrets"]);
    line.public = secrets.iter().filter(|secret| secret["public_by_design"] == true).count();
    line.secrets = secrets.len() - line.public;
    line.moved = secrets.iter().filter(|secret| secret["disposition"] == "moved").count();
    line.changes = list(&report["changes"]).len();
    line.held = list(&report["held"]).len();
}

/// How an app does: errors of the type checker and whether it builds; `None` = could not be tried.
struct Health {
    installed: bool,
    type_errors: Option<Vec<String>>,
    builds: Option<bool>,
}

impl Health {
    fn shown(&self) -> String {
        let errors = self.type_errors.as_ref().map_or("-".into(), |errors| errors.len().to_string());
        let builds = match self.builds {
            None => "-",
            Some(true) => "ok",
            Some(false) => "fails",
        };
        format!("{}/{errors}/{builds}", if self.installed { "ok" } else { "fails" })
    }

    fn worse_than(&self, before: &Health) -> Vec<String> {
        let mut worse = Vec::new();
        if before.installed && !self.installed {
            worse.push("install: worked before".into());
        }
        if before.builds == Some(true) && self.builds != Some(true) {
            worse.push("build: passed before".into());
        }
        // Line numbers move: an error is the same if file, code and message are.
        let mut known = before.type_errors.clone().unwrap_or_default();
        for error in self.type_errors.iter().flatten() {
            match known.iter().position(|one| one == error) {
                Some(at) => drop(known.swap_remove(at)),
                None => worse.push(format!("new type error: {error}")),
            }
        }
        worse
    }
}

/// Installs with npm (scripts off), type-checks and builds with placeholder values for what the env files name.
fn health(app: &Path) -> anyhow::Result<Health> {
    let npm = Path::new("npm");
    let installed = run(
        npm,
        &["install", "--ignore-scripts", "--no-audit", "--no-fund", "--legacy-peer-deps"],
        app,
        SLOW,
    )?
    .ok();
    if !installed {
        return Ok(Health { installed, type_errors: None, builds: None });
    }
    let config = if app.join("tsconfig.app.json").is_file() { "tsconfig.app.json" } else { "tsconfig.json" };
    let type_errors = if app.join(config).is_file() {
        let checked = run(
            Path::new("npx"),
            &["--no-install", "tsc", "--noEmit", "--pretty", "false", "-p", config],
            app,
            SLOW,
        )?;
        let errors = checked.stdout.lines().filter(|line| line.contains("error TS"));
        Some(errors.map(without_place).collect())
    } else {
        None
    };
    let manifest: Value = serde_json::from_str(&std::fs::read_to_string(app.join("package.json"))?)?;
    let builds = if manifest["scripts"]["build"].is_string() {
        Some(run(npm, &["run", "build"], app, SLOW)?.ok())
    } else {
        None
    };
    Ok(Health { installed, type_errors, builds })
}

fn without_place(line: &str) -> String {
    match (line.find('('), line.find("): ")) {
        (Some(open), Some(close)) if open < close => {
            format!("{}{}", &line[..open], &line[close + 1..])
        }
        _ => line.to_owned(),
    }
}

fn print(line: &Line) {
    println!(
        "{:<34} {:<15} {:>5} {:>4} {:>4} {:>5} {:>5} {:>5} {:>4} {:>4} {:>5} {:>4} {:>4} {:<7} {:<5} {:<6} {:>6.2} {:>6.0}  {}",
        line.name,
        line.kind,
        line.files,
        line.healed,
        line.broken,
        line.holes,
        line.warnings,
        line.notes,
        line.secrets,
        line.public,
        line.moved,
        line.changes,
        line.held,
        line.recheck,
        line.patch,
        line.second,
        line.seconds,
        line.peak_mb,
        line.health
    );
    for trouble in &line.trouble {
        println!("    ! {trouble}");
    }
}

fn totals(lines: &[Line]) {
    let sum = |of: fn(&Line) -> usize| lines.iter().map(of).sum::<usize>();
    let good = |of: fn(&Line) -> bool| lines.iter().filter(|line| of(line)).count();
    println!(
        "\n{} exports: {} files, {} healed, {} broken; {} holes, {} warnings, {} notes; {} secrets, {} public, {} moved; {} changes, {} held",
        lines.len(),
        sum(|line| line.files),
        sum(|line| line.healed),
        sum(|line| line.broken),
        sum(|line| line.holes),
        sum(|line| line.warnings),
        sum(|line| line.notes),
        sum(|line| line.secrets),
        sum(|line| line.public),
        sum(|line| line.moved),
        sum(|line| line.changes),
        sum(|line| line.held)
    );
    println!(
        "recheck silent {}, patch accepted or empty {}, second plan empty {}, without trouble {}; slowest {:.2} s, largest {:.0} MB",
        good(|line| line.recheck == "silent"),
        good(|line| matches!(line.patch.as_str(), "ok" | "empty")),
        good(|line| line.second == "empty"),
        good(|line| line.trouble.is_empty()),
        lines.iter().map(|line| line.seconds).fold(0.0, f64::max),
        lines.iter().map(|line| line.peak_mb).fold(0.0, f64::max)
    );
}

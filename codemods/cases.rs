//! Holds every codemod to its fixtures, and to the laws of the house: alone and in every pair, on its own cases and on the
//! whole exports of `fixtures/`: what comes out parses, nothing is held, the recheck is silent, the second plan is empty, and
//! nothing outside the edits changes by a byte.

use audit::Survey;
use edit::RelPath;
use plan::{Codemod, Outcome, Plan};
use project::Project;
use stack::Stack;
use std::fs;
use std::path::{Path, PathBuf};

/// One small tree: the name that reports use, and where it is.
struct Case {
    name: String,
    codemod: Option<String>,
    before: PathBuf,
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> =
        fs::read_dir(of).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    found.retain(|path| path.is_dir());
    found.sort();
    found
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// The cases of the codemod folders, and the whole exports.
fn cases() -> Vec<Case> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for codemod in folders(here) {
        for case in folders(&codemod.join("fixtures")) {
            let name = format!("{}/{}", name(&codemod), name(&case));
            found.push(Case { name, codemod: Some(self::name(&codemod)), before: case.join("before") });
        }
    }
    for export in folders(&here.join("../fixtures")) {
        found.push(Case { name: format!("fixtures/{}", name(&export)), codemod: None, before: export });
    }
    found
}

/// The tree as texts, so that a case has no git state and every file counts as tracked.
fn read(folder: &Path) -> Project {
    let mut texts = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(next) = waiting.pop() {
        for path in fs::read_dir(&next).unwrap().flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                waiting.push(path);
            } else if let Ok(text) = fs::read_to_string(&path) {
                let relative = path.strip_prefix(folder).unwrap().to_string_lossy().replace('\\', "/");
                texts.push((RelPath::new(relative).unwrap(), text));
            }
        }
    }
    texts.sort();
    Project::from_texts(folder, texts)
}

/// Everything that must be true of a plan, whatever the codemods.
fn laws(case: &str, survey: &Survey<'_>, plan: &Plan, codemods: &[&dyn Codemod]) {
    // What needs a change of another codemod waits for it where that one is not asked.
    let waits = |held: &plan::HeldChange| {
        codemods.len() < codemods::ALL.len() && held.why.contains("which nothing brings")
    };
    let waiting: Vec<_> =
        plan.held.iter().filter(|held| waits(held)).map(|held| held.change.as_str()).collect();
    let held: Vec<_> = plan
        .held
        .iter()
        .filter(|held| !waits(held) && !waiting.contains(&held.because_of.as_str()))
        .collect();
    assert!(held.is_empty(), "{case}: held {held:?}");
    let complaints = plan::recheck(survey, plan, codemods);
    let complaints: Vec<String> = complaints.into_iter().map(|complaint| complaint.says).collect();
    assert!(complaints.is_empty(), "{case}: the recheck complains:\n  {}", complaints.join("\n  "));
    for (path, outcome) in &plan.files {
        if let Outcome::Edited { file, edits } = outcome {
            unchanged_outside(
                case,
                path,
                &survey.project.get(*file).text,
                edits,
                &plan::text_after(survey, outcome),
            );
        }
    }
}

/// Walks the edits over both texts: what lies between two edits is the same on both sides.
fn unchanged_outside(case: &str, path: &RelPath, before: &str, edits: &[edit::Edit], after: &str) {
    let (mut at, mut rest) = (0, after);
    for edit in edits {
        let kept = &before[at..edit.span.start as usize];
        let found = rest.find(kept).unwrap_or_else(|| panic!("{case}: {path} changed outside its edits"));
        rest = &rest[found + kept.len()..];
        at = edit.span.end as usize;
    }
    assert!(rest.ends_with(&before[at..]), "{case}: {path} changed behind its last edit");
}

/// The codemod with the first other one that brings what it needs, in their order; alone if it needs none.
fn with_needed(survey: &Survey<'_>, one: &'static dyn Codemod) -> Vec<&'static dyn Codemod> {
    let waits = |codemods: &[&dyn Codemod]| {
        let held = plan::plan(survey, codemods).held;
        held.iter().any(|held| held.why.contains("which nothing brings"))
    };
    if !waits(&[one]) {
        return vec![one];
    }
    let ids = |other: &&'static dyn Codemod| other.about().id != one.about().id;
    let others = codemods::ALL.iter().copied().filter(ids);
    let pair = |other: &'static dyn Codemod| -> Vec<&'static dyn Codemod> {
        let both = [one.about().id, other.about().id];
        codemods::ALL.iter().copied().filter(|any| both.contains(&any.about().id)).collect()
    };
    others.map(pair).find(|pair| !waits(pair)).unwrap_or_else(|| vec![one])
}

/// The paths that the changes of a codemod touch.
fn own_files(survey: &Survey<'_>, one: &dyn Codemod) -> Vec<String> {
    let mut found = Vec::new();
    for change in one.fix(survey, &one.find(survey)) {
        let path = |file: edit::FileId| survey.project.get(file).path.to_string();
        found.extend(change.edits.iter().map(|edit| path(edit.span.file)));
        found.extend(change.creates.iter().map(|file| file.path.to_string()));
        found.extend(change.deletes.iter().chain(&change.untracks).map(|file| path(*file)));
        found.extend(change.moves.iter().flat_map(|one| [path(one.file), one.to.to_string()]));
        found.extend(change.requests.iter().map(|request| match request {
            plan::Request::ModuleItem { path, .. }
            | plan::Request::File { path, .. }
            | plan::Request::Json { path, .. }
            | plan::Request::JsonRemove { path, .. }
            | plan::Request::Line { path, .. }
            | plan::Request::Env { path, .. } => path.to_string(),
            plan::Request::Import { file, .. } => path(*file),
        }));
    }
    found
}

/// Of what a plan shows: the findings and changes of one codemod, and the files that it touches.
fn of_one(shown: &str, id: &str, files: &[String]) -> String {
    let (head, diffs) = shown.split_at(shown.find("diff --git").unwrap_or(shown.len()));
    let mut out = String::new();
    let mut own = false;
    for line in head.lines() {
        if !line.starts_with(' ') && !line.is_empty() {
            own = line.contains(&format!("{id}/"));
        }
        if own || line.is_empty() {
            out += &format!("{line}\n");
        }
    }
    let mut own = false;
    for line in diffs.lines() {
        if let Some(path) = line.strip_prefix("diff --git a/") {
            own = files.iter().any(|file| path.starts_with(&format!("{file} ")));
        }
        if own {
            out += &format!("{line}\n");
        }
    }
    out
}

fn plan_of(project: &Project, codemods: &[&dyn Codemod], case: &str) -> String {
    let stack = Stack::detect(project);
    plan_over(&Survey::of(project, &stack), codemods, case)
}

fn plan_over(survey: &Survey<'_>, codemods: &[&dyn Codemod], case: &str) -> String {
    let project = survey.project;
    let plan = plan::plan(survey, codemods);
    laws(case, survey, &plan, codemods);
    let mut shown = String::new();
    for (finding, change) in &plan.findings {
        let file = project.get(finding.span.file);
        let (line, column) = file.line_column(finding.span.start as usize);
        let change = change.as_deref().unwrap_or("by hand");
        let severity = format!("{:?}", finding.severity).to_lowercase();
        shown += &format!(
            "{severity} {} {}:{line}:{column} [{change}]\n  {}\n",
            finding.rule, file.path, finding.message
        );
        if change == "by hand" {
            shown += &format!("  -> {}\n", finding.todo);
        }
    }
    for (id, change) in &plan.changes {
        shown += &format!("\n{:?} {id}: {}\n", change.safety, change.title);
    }
    shown += "\n";
    shown += &plan::diff_shown(survey, &plan);
    // Keys that are public by design are shown to users, and masked here: a snapshot holds nothing that looks like a key.
    for key in survey.secrets.iter().filter(|secret| secret.public_by_design && !secret.value.contains("://"))
    {
        shown = shown.replace(&key.value, &key.masked);
    }
    shown
}

#[test]
fn every_codemod_does_on_its_cases_what_its_snapshots_show() {
    for case in cases() {
        let Some(codemod) = &case.codemod else { continue };
        let id = codemod.replace('_', "-");
        let one = codemods::ALL.iter().copied().find(|one| one.about().id == id);
        let one = one.unwrap_or_else(|| panic!("{codemod} is not in lib.rs"));
        let project = read(&case.before);
        let stack = Stack::detect(&project);
        let survey = Survey::of(&project, &stack);
        let together = with_needed(&survey, one);
        let mut shown = plan_of(&project, &together, &case.name);
        if together.len() > 1 {
            // What the other one does is shown in its own cases.
            shown = of_one(&shown, one.about().id, &own_files(&survey, one));
        }
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(case.before.parent().unwrap());
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!("plan", shown));
    }
}

#[test]
fn every_codemod_alone_and_every_pair_keeps_the_laws_on_every_case() {
    for case in cases() {
        let project = read(&case.before);
        for (at, one) in codemods::ALL.iter().enumerate() {
            plan_of(&project, &[*one], &format!("{} with {}", case.name, one.about().id));
            for other in &codemods::ALL[at + 1..] {
                let pair = format!("{} with {} and {}", case.name, one.about().id, other.about().id);
                plan_of(&project, &[*one, *other], &pair);
            }
        }
        plan_of(&project, codemods::ALL, &format!("{} with all", case.name));
    }
}

#[test]
fn files_whose_queries_are_spared_keep_them_and_the_laws_hold() {
    for case in cases() {
        let project = read(&case.before);
        let stack = Stack::detect(&project);
        let path = |file| project.get(file).path.clone();
        let spared = Survey::of(&project, &stack).queries.iter().map(|query| path(query.span.file)).collect();
        let survey = Survey::sparing(&project, &stack, spared);
        plan_over(&survey, codemods::ALL, &format!("{} with its queries spared", case.name));
        assert!(codemods::server::verdict(&survey).moved.is_empty(), "{}", case.name);
    }
}

#[test]
fn the_before_and_after_of_every_readme_is_true() {
    for folder in folders(Path::new(env!("CARGO_MANIFEST_DIR"))) {
        let Ok(readme) = fs::read_to_string(folder.join("README.md")) else { continue };
        let block = |heading: &str| {
            let (_, rest) = readme.split_once(heading)?;
            let (_, rest) = rest.split_once("```")?;
            let (info, rest) = rest.split_once('\n')?;
            let (text, _) = rest.split_once("```")?;
            Some((info.trim().to_owned(), text.to_owned()))
        };
        let name = name(&folder);
        let (path, before) = block("Before").unwrap_or_else(|| panic!("{name}/README.md has no Before"));
        let id = name.replace('_', "-");
        let one = codemods::ALL.iter().copied().find(|one| one.about().id == id).unwrap();
        // What only reports shows what it says.
        let heading = if one.about().frameworks.is_empty() { "Says" } else { "After" };
        let (after_path, after) =
            block(heading).unwrap_or_else(|| panic!("{name}/README.md has no {heading}"));
        // The info string of the block is `language path/of/file`; the After may be a file that the Before makes necessary.
        let named = |info: &str| info.split_whitespace().nth(1).map(str::to_owned);
        let path = named(&path).unwrap_or_else(|| panic!("{name}/README.md: `{path}` names no file"));
        let after_path = named(&after_path).unwrap_or_else(|| path.clone());
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join(&name).join("fixtures/readme/before");
        let project = read(&here);
        assert_eq!(
            project.file(&path).map(|file| file.text.to_string()),
            Some(before),
            "{name}: fixtures/readme is the Before"
        );
        let stack = Stack::detect(&project);
        let survey = Survey::of(&project, &stack);
        let plan = plan::plan(&survey, &with_needed(&survey, one));
        if heading == "Says" {
            let says: Vec<String> = plan
                .findings
                .iter()
                .map(|(finding, _)| format!("{}: {}\n", finding.rule, finding.message))
                .collect();
            assert_eq!(says.concat(), after, "{name}: README.md shows other findings");
            continue;
        }
        let outcome = plan.files.get(&RelPath::new(&*after_path).unwrap());
        let outcome = outcome.unwrap_or_else(|| panic!("{name}: {after_path} is not changed"));
        assert_eq!(plan::text_after(&survey, outcome), after, "{name}: README.md shows another After");
    }
}

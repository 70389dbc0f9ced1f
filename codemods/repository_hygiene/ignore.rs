//! What git must not hold: values, installed packages, build output.

use super::{HIDDEN_EXAMPLE, OUTPUT, TRACKED_ENV, TRACKED_OUTPUT, UNIGNORED_ENV};
use audit::finding::Related;
use audit::{Confidence, Finding, Severity, Survey};
use edit::{Edit, FileId, RelPath, Span};
use plan::Request;
use project::{File, Kind};

/// Heading of the lines for env files.
pub const ENVIRONMENT: &str = "# Environment values";
const BUILT: &str = "# Installed packages and build output";

/// Lines that keep values out of git.
pub const VALUES: &[&str] = &[".env", ".env.*", EXAMPLE];
const EXAMPLE: &str = "!.env.example";

/// Not worth a change of a `.gitignore` that is there.
const MINOR: &[&str] =
    &["build", "dist-ssr", "next-env.d.ts", "*.tsbuildinfo", "*.log", "*.local", "expo-env.d.ts"];

/// The `.gitignore` that speaks for an app: its own, or else that of the root.
fn of_app(survey: &Survey<'_>, folder: &str) -> Option<RelPath> {
    let own = RelPath::new(if folder.is_empty() {
        ".gitignore".to_owned()
    } else {
        format!("{folder}/.gitignore")
    })?;
    if survey.project.file(own.as_str()).is_some() { Some(own) } else { RelPath::new(".gitignore") }
}

/// An env file that is committed on purpose: it has no values.
fn is_example(file: &File) -> bool {
    let name = file.path.name();
    ["example", "sample", "template", "dist", "defaults"].iter().any(|word| name.contains(word))
        || name == ".envrc"
}

/// Env files with values that git has.
pub(super) fn tracked(survey: &Survey<'_>) -> Vec<FileId> {
    let files = survey.project.files.iter();
    files
        .filter(|file| file.kind == Kind::Env && file.tracked && !is_example(file))
        .map(|file| file.id)
        .collect()
}

/// Folders of build output and installed packages that git has.
pub(super) fn tracked_output<'s>(survey: &'s Survey<'_>) -> Vec<&'s RelPath> {
    let tracked = survey.project.output_folders.iter().filter(|(_, tracked)| *tracked);
    tracked.map(|(folder, _)| folder).filter(|folder| is_made(survey, folder)).collect()
}

/// Whether something in the tree makes the folder again. A `dist` that no script builds is the app itself.
fn is_made(survey: &Survey<'_>, folder: &RelPath) -> bool {
    let above = survey.project.packages.iter().filter(|package| {
        package.folder.is_empty()
            || format!("{}/", folder.folder()).starts_with(&format!("{}/", package.folder))
    });
    let Some(package) = above.max_by_key(|package| package.folder.len()) else { return false };
    folder.name() == "node_modules" || package.json["scripts"]["build"].is_string()
}

/// The lines that the `.gitignore` of each app lacks.
struct Missing {
    path: RelPath,
    values: Vec<String>,
    built: Vec<String>,
    /// Whether values are kept out already, and only the example is kept out with them.
    hides_example: bool,
}

fn missing(survey: &Survey<'_>) -> Vec<Missing> {
    let project = survey.project;
    let mut found: Vec<Missing> = Vec::new();
    let mut folders: Vec<&str> = project.apps.iter().map(|app| app.folder.as_str()).collect();
    let values = tracked(survey);
    // Values that lie outside every app.
    let outside = |file: &&FileId| {
        let path = &project.get(**file).path;
        !folders.iter().any(|folder| folder.is_empty() || path.as_str().starts_with(&format!("{folder}/")))
    };
    let outside = values.iter().find(outside).is_some();
    if outside {
        folders.push("");
    }
    for (at, folder) in folders.iter().enumerate() {
        let below = |name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        let Some(path) = of_app(survey, folder) else { continue };
        let there = project.file(path.as_str()).is_some();
        let open =
            [".env", ".env.local", ".env.production"].iter().any(|name| !project.ignores_file(&below(name)));
        let mut lines = Missing { path, values: Vec::new(), built: Vec::new(), hides_example: false };
        let hidden = project.ignores_file(&below(".env.example"));
        lines.hides_example = hidden && !open;
        if open || hidden {
            lines.values.extend(VALUES.iter().map(|line| (*line).to_owned()));
            let examples = project.files.iter().filter(|file| {
                file.kind == Kind::Env
                    && is_example(file)
                    && file.path.folder() == *folder
                    && file.path.name() != ".env.example"
            });
            lines.values.extend(
                examples
                    .filter(|file| file.path.name().starts_with(".env."))
                    .map(|file| format!("!{}", file.path.name())),
            );
        }
        // Other apps have their own output; only the main one's framework is sure.
        if at == 0 && !project.apps.is_empty() {
            let patterns = survey.stack.framework.ignores().iter().filter(|line| !line.contains(".env"));
            let needed = patterns.filter(|line| !there || !MINOR.contains(line));
            let lacking = needed.filter(|line| {
                let probe = below(&line.replace('*', "x"));
                // `folder/**` ignores all that the folder holds, and not the folder.
                let inside = format!("{}/x", probe.trim_end_matches('/'));
                ![&probe, &inside].iter().any(|probe| project.ignores_file(probe))
                    && !project.ignores_folder(&probe)
            });
            lines.built.extend(lacking.map(|line| (*line).to_owned()));
        }
        if let Some(same) = found.iter_mut().find(|same| same.path == lines.path) {
            same.values.extend(lines.values);
            same.built.extend(lines.built);
            same.hides_example &= lines.hides_example;
        } else if !lines.values.is_empty() || !lines.built.is_empty() {
            found.push(lines);
        }
    }
    found
}

/// Requests for what is missing.
pub(super) fn requests(survey: &Survey<'_>) -> Vec<Request> {
    let mut requests = Vec::new();
    // What is not UTF-8 stays as it is; the findings say what it lacks.
    let is_text =
        |path: &RelPath| survey.project.file(path.as_str()).is_none_or(|file| file.skipped.is_none());
    for Missing { path, values, built, .. } in
        missing(survey).into_iter().filter(|lines| is_text(&lines.path))
    {
        let line = |heading: &str, line: String| Request::Line {
            path: path.clone(),
            heading: heading.to_owned(),
            line,
        };
        requests.extend(built.into_iter().map(|text| line(BUILT, text)));
        requests.extend(values.into_iter().map(|text| line(ENVIRONMENT, text)));
    }
    requests
}

/// The example is taken back and then ignored again by a line further down, as tools of hosts append one: taken back once more.
pub(super) fn edits(survey: &Survey<'_>) -> Vec<Edit> {
    let mut edits = Vec::new();
    for lines in missing(survey).into_iter().filter(|lines| lines.hides_example) {
        let Some(file) = survey.project.file(lines.path.as_str()).filter(|file| file.skipped.is_none())
        else {
            continue;
        };
        if file.text.lines().any(|line| line.trim() == EXAMPLE) {
            let newline = if file.text.ends_with('\n') { "" } else { "\n" };
            let end = file.text.len();
            edits.push(Edit::replace(file.span(end..end), format!("{newline}{EXAMPLE}\n")));
        }
    }
    edits
}

/// Everything that git holds or would hold and must not.
pub(super) fn find(survey: &Survey<'_>) -> Vec<Finding> {
    let project = survey.project;
    let mut findings = Vec::new();
    let manifest = project.packages.first().map(|package| package.manifest);
    for Missing { path, values, built, hides_example } in missing(survey) {
        let Some(place) = project.file(path.as_str()).map(|file| file.id).or(manifest) else { continue };
        let there = project.file(path.as_str()).is_some();
        if !values.is_empty() {
            let rule = if hides_example { &HIDDEN_EXAMPLE } else { &UNIGNORED_ENV };
            findings.push(Finding {
                rule: rule.id,
                severity: rule.severity,
                confidence: Confidence::Certain,
                span: Span::new(place, 0..0),
                message: if hides_example {
                    format!("`{path}` keeps `.env.example` out of the repository, too.")
                } else if there {
                    format!("`{path}` lets env files with values through.")
                } else {
                    "There is no `.gitignore`: env files with values would be committed.".to_owned()
                },
                why: rule.why.into(),
                todo: if hides_example {
                    format!("Take it back with `{EXAMPLE}` behind the line that ignores it.")
                } else {
                    "Ignore `.env` and `.env.*`, and take `.env.example` back.".to_owned()
                },
                related: Vec::new(),
                subject: path.to_string(),
            });
        }
        if !built.is_empty() {
            findings.push(Finding {
                rule: OUTPUT.id,
                severity: OUTPUT.severity,
                confidence: Confidence::Certain,
                span: Span::new(place, 0..0),
                message: format!("Git does not ignore {}.", quoted(&built)),
                why: OUTPUT.why.into(),
                todo: format!("Add {} to `{path}`.", quoted(&built)),
                related: Vec::new(),
                subject: path.to_string(),
            });
        }
    }
    findings.extend(tracked(survey).into_iter().map(|file| committed(survey, file)));
    findings.extend(output(survey));
    findings
}

fn committed(survey: &Survey<'_>, file: FileId) -> Finding {
    let path = &survey.project.get(file).path;
    let definitions = survey.env.iter().flat_map(|name| &name.definitions);
    let here = definitions.filter(|definition| definition.span.file == file);
    let valued = here.filter(|definition| definition.value.start < definition.value.end).count();
    Finding {
        rule: TRACKED_ENV.id,
        severity: if valued > 0 { TRACKED_ENV.severity } else { Severity::Note },
        confidence: Confidence::Certain,
        span: Span::new(file, 0..0),
        message: format!("`{path}` is committed, with {valued} value{}.", if valued == 1 { "" } else { "s" }),
        why: TRACKED_ENV.why.into(),
        todo: "Set its values at the host for every environment, then stop tracking it. Whoever pulls the change keeps a copy by hand.".into(),
        related: Vec::new(),
        subject: path.name().to_owned(),
    }
}

/// One finding for all folders.
fn output(survey: &Survey<'_>) -> Option<Finding> {
    let folders = tracked_output(survey);
    let names: Vec<String> = folders.iter().map(|folder| folder.to_string()).collect();
    let first = folders.first()?;
    let project = survey.project;
    let manifest = project.packages.iter().filter(|package| format!("{first}/").starts_with(&package.folder));
    let manifest = manifest.max_by_key(|package| package.folder.len())?.manifest;
    Some(Finding {
        rule: TRACKED_OUTPUT.id,
        severity: TRACKED_OUTPUT.severity,
        confidence: Confidence::Certain,
        span: Span::new(manifest, 0..0),
        message: format!("{} {} committed.", quoted(&names), if names.len() == 1 { "is" } else { "are" }),
        why: TRACKED_OUTPUT.why.into(),
        todo: "Stop tracking it: `git rm -r --cached`, and ignore it.".into(),
        related: Vec::<Related>::new(),
        subject: names.join(","),
    })
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

//! The app's own tests: how a pipeline runs them, whether they can pass there at all, and what they say of the text of sources.

use super::{ID, SOURCES, UNFIT};
use crate::lint::Linter;
use crate::repository_hygiene::commands::Commands;
use audit::env::given;
use audit::finding::Related;
use audit::{Finding, Rule, Survey};
use edit::{RelPath, Span};
use project::{File, Kind};
use syntax::view::{string_value, walk};

/// How the tests are run, if they are.
pub(super) enum Suite {
    /// There are none.
    None,
    /// By this command.
    Run(String),
    /// Not by a pipeline: why.
    Not(&'static str),
    /// Not at all: their runner is not installed.
    NoRunner,
}

/// The lines that name what failed, of all usual runners.
pub(super) const FAILED: &str = r"^ *(FAIL |not ok |✖ |\(fail\) |[0-9]+\) )";

/// How the script `test` is run.
pub(super) fn suite(survey: &Survey<'_>, commands: &Commands<'_>) -> Suite {
    let Some(script) = commands.script("test").filter(|script| !script.contains("no test specified")) else {
        return Suite::None;
    };
    let says = |words: &[&str]| words.iter().any(|word| script.contains(word));
    if says(&["playwright", "cypress", "wdio", "puppeteer", "detox"]) {
        return Suite::Not("it needs browsers and a running app");
    }
    if says(&["--watch", "--ui"]) && !says(&["--watchAll=false", "--watch=false", "--no-watch"]) {
        return Suite::Not("it never ends");
    }
    let Some(runner) = runner(commands) else { return Suite::Run(commands.run("test")) };
    if !commands.package.dependencies.contains_key(runner) {
        return Suite::NoRunner;
    }
    let alone = !script.contains(['&', '|', ';', '<', '>', '$', '#']);
    if alone && !script.contains("passWithNoTests") && tests(survey, commands).next().is_none() {
        return Suite::Run(commands.exec(&format!("{script} --passWithNoTests")));
    }
    Suite::Run(commands.run("test"))
}

/// The runner that the script starts with, of those that fail where they find no test.
fn runner(commands: &Commands<'_>) -> Option<&'static str> {
    let first = commands.script("test")?.split_whitespace().next()?;
    ["vitest", "jest"].into_iter().find(|runner| *runner == first)
}

/// The files of tests below the app.
fn tests<'s>(survey: &Survey<'s>, commands: &Commands<'_>) -> impl Iterator<Item = &'s File> {
    let folder = commands.path("x").map(|path| path.folder().to_owned()).unwrap_or_default();
    survey.project.files.iter().filter(move |file| {
        let path = file.path.as_str();
        let below =
            folder.is_empty() || path.strip_prefix(&*folder).is_some_and(|rest| rest.starts_with('/'));
        let named = [".test.", ".spec."].iter().any(|mark| file.path.name().contains(mark));
        let is_code = matches!(file.kind, Kind::Code(_)) && file.skipped.is_none();
        below && is_code && (named || path.contains("__tests__/"))
    })
}

pub(super) fn find(survey: &Survey<'_>, commands: &Commands<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let manifest = Span::new(commands.package.manifest, 0..0);
    if let Some((package, span)) = Linter::of(survey, commands).and_then(|linter| linter.missing) {
        let message = format!("The linter's configuration imports `{package}`, which is not installed.");
        let todo = format!("Install `{package}`, and add a step that lints to the pipeline.");
        findings.push(finding(&UNFIT, span, "lint", message, &todo));
    }
    match suite(survey, commands) {
        Suite::Run(command) if command.contains("passWithNoTests") => {
            let message = "The script `test` finds no test, and fails.".to_owned();
            findings.push(finding(
                &UNFIT,
                manifest,
                "test",
                message,
                "Write a first test, or take the script out.",
            ));
        }
        Suite::Run(_) => findings.extend(without_document(survey, commands)),
        Suite::NoRunner => {
            let message = "The runner of the script `test` is not installed.".to_owned();
            findings.push(finding(&UNFIT, manifest, "test", message, "Install it, or take the script out."));
        }
        Suite::Not(_) | Suite::None => {}
    }
    findings.extend(of_text(survey, commands));
    findings
}

/// Tests that render pages, where no package brings a document.
fn without_document(survey: &Survey<'_>, commands: &Commands<'_>) -> Option<Finding> {
    const RENDER: &[&str] = &["render", "renderHook", "screen"];
    let package = commands.package;
    let has = |name: &str| package.dependencies.contains_key(name) || package.resolved.contains_key(name);
    let brought = ["jsdom", "happy-dom", "@vitest/browser", "@vitest/browser-playwright"];
    // What a lockfile holds that cannot be read is not known.
    if runner(commands)? != "vitest" || package.resolved.is_empty() || brought.into_iter().any(has) {
        return None;
    }
    let mut found = tests(survey, commands).filter_map(|file| {
        let mut imports = file.module.imports.iter();
        let import = imports.find(|import| {
            import.specifier.starts_with("@testing-library/")
                && import.names.iter().any(|name| RENDER.contains(&name.local.as_str()))
        })?;
        Some(file.span(import.range.clone()))
    });
    let first = found.next()?;
    let message = "Tests render pages, and no package brings the document that they render into.".to_owned();
    let todo = "Install `jsdom`, and name it in the configuration of the tests: `environment: \"jsdom\"`.";
    let mut finding = finding(&UNFIT, first, "document", message, todo);
    finding.related = found.map(|span| Related { span, message: "and here".into() }).collect();
    Some(finding)
}

/// Tests that compare the text of sources in which something is to move.
fn of_text(survey: &Survey<'_>, commands: &Commands<'_>) -> Option<Finding> {
    let mut places = tests(survey, commands).filter_map(|file| reads_source(survey, file));
    let (first, path) = places.next()?;
    let others: Vec<Related> =
        places.map(|(span, path)| Related { span, message: format!("and here, that of `{path}`") }).collect();
    let message = match others.len() {
        0 => format!("A test compares the text of `{path}`, where calls or values may move."),
        count => format!(
            "{} files of tests compare the text of sources where calls or values may move, this one that of `{path}`.",
            count + 1
        ),
    };
    let todo = "Run the tests after the change, and let those that fail for the text alone ask for what the code does.";
    let mut finding = finding(&SOURCES, first, "", message, todo);
    finding.related = others;
    Some(finding)
}

/// Where a test names such a source, with its path.
fn reads_source<'s>(survey: &Survey<'s>, file: &File) -> Option<(Span, &'s RelPath)> {
    if !file.text.contains("readFile") && !file.text.contains("?raw") {
        return None;
    }
    let (tree, _) = file.syntax()?;
    let mut first = None;
    walk(tree.root(), &mut |node| {
        if first.is_none()
            && node.kind() == "string"
            && let Some(text) = string_value(tree, node)
            && let Some(source) = source(survey, file, &text)
            && moves(survey, source)
        {
            first = Some((file.span(node.byte_range()), &source.path));
        }
        first.is_none()
    });
    first
}

/// The source that a text names, seen from a file or from the top.
fn source<'s>(survey: &Survey<'s>, from: &File, text: &str) -> Option<&'s File> {
    let ends = [".ts", ".tsx", ".js", ".jsx", ".mjs"];
    let text = text.trim_end_matches("?raw");
    if !ends.iter().any(|end| text.ends_with(end)) || text.contains("node_modules") {
        return None;
    }
    let mut parts: Vec<&str> = from.path.folder().split('/').filter(|part| !part.is_empty()).collect();
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let project = survey.project;
    let found = project.file(&parts.join("/")).or_else(|| project.file(text.trim_start_matches("./")));
    found.filter(|file| matches!(file.kind, Kind::Code(_)) && file.id != from.id)
}

/// Whether something stands in a source that this pass moves, as a rule.
fn moves(survey: &Survey<'_>, source: &File) -> bool {
    let here = |span: &Span| span.file == source.id;
    let reads = survey.env.iter().filter(|name| !given(&name.name)).flat_map(|name| &name.reads);
    survey.queries.iter().any(|query| here(&query.span))
        || survey.sessions.iter().any(|session| here(&session.span))
        || survey.secrets.iter().any(|secret| here(&secret.span))
        || reads.into_iter().any(|read| here(&read.span))
}

fn finding(rule: &Rule, span: Span, subject: &str, message: String, todo: &str) -> Finding {
    debug_assert!(rule.id.starts_with(ID));
    Finding { subject: subject.to_owned(), ..Finding::certain(rule, span, message, todo) }
}

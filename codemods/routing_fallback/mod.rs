//! Every address leads somewhere: pages of browser-only apps on every host, handlers that a static export drops, parameters that have
//! become promises, addresses of one machine.

pub mod below;
mod hidden;
pub mod hosts;
mod late;
mod origins;
mod promised;

use crate::build_hardening::Object;
use crate::repository_hygiene::commands::Commands;
use audit::finding::Related;
use audit::{Confidence, Finding, Rule, Severity, Survey};
use edit::{Edit, Span};
use plan::{About, Change, Codemod, Safety};
use project::Kind;
use std::collections::BTreeMap;

const ID: &str = "routing-fallback";

const FALLBACK: Rule = Rule {
    id: "routing-fallback/no-fallback",
    title: "Pages cannot be opened by their address",
    severity: Severity::Warning,
    why: "A link, a reload or the way back from a sign-in asks the host for a file that is not there, and gets 404.",
    aliases: &[],
};
const GREEDY: Rule = Rule {
    id: "routing-fallback/greedy-fallback",
    title: "Missing files and functions are answered with the page",
    severity: Severity::Note,
    why: "After a release an open page asks for files of the one before and gets HTML for a script; a call of a function that is not \
          there looks like a success.",
    aliases: &[],
};
const HIDDEN: Rule = Rule {
    id: "routing-fallback/server-hidden",
    title: "The host answers in place of the server",
    severity: Severity::Warning,
    why: "The rule is one of browser-only apps. This app's pages come from its server, and the build makes no `index.html`: an address \
          is answered with 404.",
    aliases: &[],
};
const EXPORT: Rule = Rule {
    id: "routing-fallback/export-drops-handlers",
    title: "A static export drops what answers requests",
    severity: Severity::Hole,
    why: "The build leaves out route handlers, server actions and the guard file without a word: pages are open and calls fail.",
    aliases: &[],
};
const LATE: Rule = Rule {
    id: "routing-fallback/params-not-awaited",
    title: "Parameters are read before they are there",
    severity: Severity::Warning,
    why: "They are a promise in this version: a read gives `undefined`, without an error.",
    aliases: &[],
};
const PROMISED: Rule = Rule {
    id: "routing-fallback/request-not-awaited",
    title: "Cookies and headers are read before they are there",
    severity: Severity::Warning,
    why: "What gives them is a promise in this version: the next one knows no other way, and a read fails.",
    aliases: &[],
};
const ORIGIN: Rule = Rule {
    id: "routing-fallback/fixed-origin",
    title: "An address of one machine is written down",
    severity: Severity::Warning,
    why: "Everywhere else it leads to the visitor's own machine, or to nothing.",
    aliases: &[],
};
const SITE: Rule = Rule {
    id: "routing-fallback/local-site-url",
    title: "Mails of the auth service lead to one machine",
    severity: Severity::Note,
    why: "Pushed as it is, this configuration sends confirmation and recovery links to `localhost`.",
    aliases: &[],
};
const BASE: Rule = Rule {
    id: "routing-fallback/no-metadata-base",
    title: "Pictures of shared addresses have no origin",
    severity: Severity::Note,
    why: "Their addresses are made from `localhost` or from the host's own name for the deployment.",
    aliases: &[],
};

/// The codemod.
pub struct RoutingFallback;

/// Frameworks whose apps get changes.
const FRAMEWORKS: &[&str] = &["vite", "next", "tanstack-start"];

impl Codemod for RoutingFallback {
    fn about(&self) -> About {
        About {
            id: ID,
            title: "Every address leads somewhere",
            rules: &[FALLBACK, GREEDY, HIDDEN, EXPORT, LATE, PROMISED, ORIGIN, SITE, BASE],
            readme: include_str!("README.md"),
            frameworks: FRAMEWORKS,
        }
    }

    fn find(&self, survey: &Survey<'_>) -> Vec<Finding> {
        let mut findings = late(survey);
        findings.extend(promised(survey));
        findings.extend(origins(survey));
        findings.extend(site(survey));
        let Some(commands) = Commands::of(survey) else { return findings };
        if !hosts::missing(survey, &commands).is_empty() {
            let message = "The host does not know of the app's pages: their addresses are answered with 404."
                .to_owned();
            let todo = "Answer every address that is no file and no function with `index.html`.";
            findings.push(Finding::certain(
                &FALLBACK,
                Span::new(commands.package.manifest, 0..0),
                message,
                todo,
            ));
        }
        for (span, _) in hosts::greedy(survey, &commands) {
            let message = "Missing files and functions are answered with the page.".to_owned();
            findings.push(Finding::certain(&GREEDY, span, message, "Leave out `/api/` and `/assets/`."));
        }
        findings.extend(hidden::hidden(survey, &commands).iter().map(|hidden| {
            let message =
                "Every address is answered with `index.html`, which the build does not make.".to_owned();
            Finding::certain(&HIDDEN, hidden.span, message, "Take the rule out: the server knows its pages.")
        }));
        findings.extend(export(survey, &commands).map(|(finding, _)| finding));
        findings.extend(base(survey));
        findings
    }

    fn fix(&self, survey: &Survey<'_>, findings: &[Finding]) -> Vec<Change> {
        let of = |rule: &Rule| -> Vec<usize> {
            (0..findings.len()).filter(|at| findings[*at].rule == rule.id).collect()
        };
        let mut changes = Vec::new();
        for (at, finding) in findings.iter().enumerate().filter(|(_, finding)| finding.rule == LATE.id) {
            let here = late::late(survey).into_iter().filter(|late| late.span.file == finding.span.file);
            let edits: Option<Vec<Vec<Edit>>> = here.map(|late| late.edits).collect();
            if let Some(edits) = edits {
                let path = &survey.project.get(finding.span.file).path;
                let mut change = Change::new(ID, format!("Wait for the parameters of {path}"), Safety::Safe);
                // Functions that share a type change it alike.
                for edit in edits.concat() {
                    if !change.edits.contains(&edit) {
                        change.edits.push(edit);
                    }
                }
                change.fixes = vec![at];
                changes.push(change);
            }
        }
        for at in of(&PROMISED) {
            let here =
                promised::reads(survey).into_iter().filter(|read| read.span.file == findings[at].span.file);
            let (waited, left): (Vec<_>, Vec<_>) = here.partition(|read| read.edit.is_some());
            if !waited.is_empty() {
                let path = &survey.project.get(findings[at].span.file).path;
                let mut change =
                    Change::new(ID, format!("Wait for what the request carries in {path}"), Safety::Safe);
                change.edits = waited.into_iter().filter_map(|read| read.edit).collect();
                change.fixes = if left.is_empty() { vec![at] } else { Vec::new() };
                changes.push(change);
            }
        }
        let Some(commands) = Commands::of(survey) else { return changes };
        let places = hosts::missing(survey, &commands);
        let fixes = of(&FALLBACK);
        if !fixes.is_empty() && !places.is_empty() {
            let mut change = Change::new(ID, "Open every page by its address", Safety::Review);
            change.fixes = fixes;
            for place in &places {
                let (edits, requests) = hosts::tell(survey, place);
                change.edits.extend(edits);
                change.requests.extend(requests);
            }
            changes.push(change);
        }
        let fixes = of(&GREEDY);
        if !fixes.is_empty() {
            let mut change = Change::new(ID, "Let missing files and functions be missing", Safety::Review);
            change.fixes = fixes;
            change.edits =
                hosts::greedy(survey, &commands).into_iter().flat_map(|(_, edits)| edits).collect();
            changes.push(change);
        }
        let fixes = of(&HIDDEN);
        if !fixes.is_empty() {
            let mut change = Change::new(ID, "Let the server answer for its pages", Safety::Review);
            change.fixes = fixes;
            for hidden in hidden::hidden(survey, &commands) {
                change.edits.extend(hidden.edits);
                change.requests.extend(hidden.requests);
                change.deletes.extend(hidden.deletes);
            }
            changes.push(change);
        }
        let fixes = of(&EXPORT);
        if let Some((_, edit)) = export(survey, &commands).filter(|_| !fixes.is_empty()) {
            let mut change = Change::new(ID, "Build what answers requests, too", Safety::Review);
            change.fixes = fixes;
            change.edits = vec![edit];
            changes.push(change);
        }
        changes
    }
}

/// One finding for each file.
fn late(survey: &Survey<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for late in late::late(survey) {
        match findings.last_mut().filter(|last| last.span.file == late.span.file) {
            Some(last) => last.related.push(Related { span: late.span, message: "and here".into() }),
            None => {
                let message =
                    format!("`{}` is a promise in this version, and is read as a value.", late.name);
                let todo = format!("Type it as a promise, and `await {}` before its first use.", late.name);
                findings.push(Finding::certain(&LATE, late.span, message, &todo));
            }
        }
    }
    findings
}

/// One finding for each file.
fn promised(survey: &Survey<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for read in promised::reads(survey) {
        match findings.last_mut().filter(|last| last.span.file == read.span.file) {
            Some(last) => last.related.push(Related { span: read.span, message: "and here".into() }),
            None => {
                let message =
                    format!("`{}()` is a promise in this version, and is read as a value.", read.name);
                let todo = format!(
                    "Make the function `async`, `await {}()` in it, and wait for it where it is called.",
                    read.name
                );
                findings.push(Finding::certain(&PROMISED, read.span, message, &todo));
            }
        }
    }
    findings
}

/// One finding for each address.
fn origins(survey: &Survey<'_>) -> Vec<Finding> {
    let mut by_origin: BTreeMap<String, Vec<Span>> = BTreeMap::new();
    for fixed in origins::fixed(survey) {
        by_origin.entry(fixed.origin).or_default().push(fixed.span);
    }
    let one = |(origin, places): (String, Vec<Span>)| {
        let message = format!("`{origin}` is written down in code that is deployed.");
        let todo = "In the browser use a path of the same origin; on the server a variable that is checked at the start.";
        let related =
            places[1..].iter().map(|span| Related { span: *span, message: "and here".into() }).collect();
        Finding {
            related,
            subject: origin,
            confidence: Confidence::Likely,
            ..Finding::certain(&ORIGIN, places[0], message, todo)
        }
    };
    by_origin.into_iter().map(one).collect()
}

/// `site_url` of the auth service.
fn site(survey: &Survey<'_>) -> Option<Finding> {
    let file =
        survey.project.files.iter().find(|file| file.path.as_str().ends_with("supabase/config.toml"))?;
    let strings = syntax::document::toml::strings(&file.text);
    let url = strings.into_iter().find(|scalar| scalar.path == ["auth", "site_url"])?;
    let local = url.value.contains("localhost") || url.value.contains("127.0.0.1");
    local.then(|| {
        let message = "`site_url` leads to one machine.".to_owned();
        let todo = "Set the site address and the list of redirects in the dashboard of each environment's project, or write \
                    `env(APP_ORIGIN)` here before `supabase config push`.";
        Finding::certain(&SITE, file.span(url.range), message, todo)
    })
}

/// Whether a static export would leave something out, so that it goes.
pub fn export_goes(survey: &Survey<'_>, commands: &Commands<'_>) -> bool {
    export(survey, commands).is_some()
}

/// The finding on a static export with handlers, and the edit that ends it.
fn export(survey: &Survey<'_>, commands: &Commands<'_>) -> Option<(Finding, Edit)> {
    let framework = survey.stack.framework;
    if !framework.says_headers() {
        return None;
    }
    let file = framework.config_file(survey.project, commands.app)?;
    let object = Object::exported(file)?;
    let value = object.value("output")?;
    if value.trim_matches(['"', '\'', '`']) != "export" {
        return None;
    }
    let dropped: Vec<Span> = survey
        .project
        .files
        .iter()
        .filter(|file| matches!(file.kind, Kind::Code(_)) && file.skipped.is_none())
        .filter(|file| {
            let stem = file.path.name().split('.').next().unwrap_or("");
            let writes = ["POST", "PUT", "PATCH", "DELETE"];
            let handler = stem == "route"
                && file.module.exports.iter().any(|export| writes.contains(&export.name.as_str()));
            let guard = matches!(stem, "middleware" | "proxy") && matches!(file.path.folder(), "" | "src")
                || (matches!(stem, "middleware" | "proxy") && file.path.folder() == commands.app.folder);
            handler || guard || file.module.directives.iter().any(|directive| directive == "use server")
        })
        .map(|file| Span::new(file.id, 0..0))
        .collect();
    let edit = object.remove("output")?;
    let count = dropped.len();
    (count > 0).then(|| {
        let related = dropped
            .into_iter()
            .take(20)
            .map(|span| Related { span, message: "is left out".into() })
            .collect();
        let message = format!(
            "`output: \"export\"` leaves {count} file{} out of the build.",
            if count == 1 { "" } else { "s" }
        );
        let todo = "Take the setting out, and deploy to a host that runs the server.";
        let place = object.place("output").unwrap_or(0..0);
        (Finding { related, ..Finding::certain(&EXPORT, file.span(place), message, todo) }, edit)
    })
}

/// A root layout that tells of pictures and not of their origin.
fn base(survey: &Survey<'_>) -> Option<Finding> {
    if !survey.stack.framework.says_headers() {
        return None;
    }
    let roots = ["app/layout.tsx", "src/app/layout.tsx", "app/layout.jsx", "app/layout.js"];
    let layout = roots.into_iter().find_map(|path| survey.project.file(path))?;
    let pictured = layout.text.contains("openGraph")
        || layout.text.contains("twitter:")
        || survey.project.files.iter().any(|file| file.path.name().starts_with("opengraph-image."));
    (pictured && layout.text.contains("metadata") && !layout.text.contains("metadataBase")).then(|| {
        let at = layout.text.find("metadata").unwrap_or(0);
        let message = "The metadata tells of pictures, and not of the origin that they lie at.".to_owned();
        let todo = "Set `metadataBase` to the app's own address, from a variable.";
        Finding::certain(&BASE, layout.span(at..at), message, todo)
    })
}

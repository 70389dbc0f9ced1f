//! What the builder left behind: taggers, scripts, pictures and names of its own, packages that only it needs. Never what is in use.

mod code;
mod html;
pub(crate) mod wrapper;

use audit::finding::Related;
use audit::{Finding, Rule, Severity, Survey};
use edit::{FileId, Span};
use plan::{About, Change, Codemod, Request, Safety};
use project::Kind;
use project::package::Package;
use std::collections::BTreeMap;
use wrapper::WRAPPED;

const ID: &str = "builder-leftovers";

const TAGGER: Rule = Rule {
    id: "builder-leftovers/tagger",
    title: "The build marks elements for the builder's editor",
    severity: Severity::Note,
    why: "It serves the builder alone, and every install and every start in development depends on its package.",
    aliases: &[],
};
const SCRIPT: Rule = Rule {
    id: "builder-leftovers/script",
    title: "The page loads a script of the builder",
    severity: Severity::Warning,
    why: "Whoever has that host runs code on every page, with the visitor's session.",
    aliases: &["CWE-829"],
};
const META: Rule = Rule {
    id: "builder-leftovers/social-image",
    title: "Shared addresses show the builder",
    severity: Severity::Note,
    why: "Whoever shares the app shows the builder's picture and name.",
    aliases: &[],
};
const TEXT: Rule = Rule {
    id: "builder-leftovers/placeholder-text",
    title: "The head still has the builder's own text",
    severity: Severity::Note,
    why: "It is what search engines and shared addresses show.",
    aliases: &[],
};
const PACKAGE: Rule = Rule {
    id: "builder-leftovers/unused-package",
    title: "A package of the builder is installed and not used",
    severity: Severity::Note,
    why: "Code that nothing needs is installed, updated and trusted all the same.",
    aliases: &["CWE-1104"],
};
const WRAPPER: Rule = Rule {
    id: "builder-leftovers/config-wrapper",
    title: "The build is configured by a package of the builder",
    severity: Severity::Note,
    why: "What is built, for which host and with which plug-ins is decided in a package that the builder changes.",
    aliases: &[],
};
const GATEWAY: Rule = Rule {
    id: "builder-leftovers/gateway",
    title: "The app calls a gateway of the builder",
    severity: Severity::Warning,
    why: "The gateway answers to the key of the builder's project: outside of it calls fail, and their cost and data are the builder's.",
    aliases: &[],
};
const HOSTED: Rule = Rule {
    id: "builder-leftovers/hosted-file",
    title: "Files of the app lie at the builder's host",
    severity: Severity::Warning,
    why: "The builder's hosting answers under that path, and no other does: the picture is missing once the app is served elsewhere.",
    aliases: &[],
};
const SIGN_IN: Rule = Rule {
    id: "builder-leftovers/cloud-sign-in",
    title: "Sign-in goes through the builder",
    severity: Severity::Warning,
    why: "The builder's service stands between the visitor and the identity provider, and knows only the builder's own addresses.",
    aliases: &[],
};
const HOST: Rule = Rule {
    id: "builder-leftovers/preview-host",
    title: "The code names addresses of the builder",
    severity: Severity::Warning,
    why: "What is skipped or trusted in a preview is skipped or trusted for whoever has an address there, and links to the app lead to the builder after the move.",
    aliases: &[],
};
const STYLES: Rule = Rule {
    id: "builder-leftovers/second-stylesheet",
    title: "A second copy of the stylesheet is used by nobody",
    severity: Severity::Note,
    why: "Changes go into the copy that has no effect.",
    aliases: &[],
};

/// The codemod.
pub struct BuilderLeftovers;

/// Frameworks whose apps get changes.
const FRAMEWORKS: &[&str] = &["vite", "next", "tanstack-start"];

impl Codemod for BuilderLeftovers {
    fn about(&self) -> About {
        About {
            id: ID,
            title: "What the builder left behind",
            rules: &[TAGGER, SCRIPT, META, TEXT, PACKAGE, WRAPPER, GATEWAY, HOSTED, SIGN_IN, HOST, STYLES],
            readme: include_str!("README.md"),
            frameworks: FRAMEWORKS,
        }
    }

    fn find(&self, survey: &Survey<'_>) -> Vec<Finding> {
        let mut findings = Vec::new();
        for tagger in code::taggers(survey) {
            let message = format!("`{}` marks elements for the builder's editor.", tagger.package);
            findings.push(finding(
                &TAGGER,
                tagger.span,
                message,
                "Take it out of the plug-ins and out of package.json.",
                tagger.package,
            ));
        }
        for tag in html::scripts(survey) {
            let message = "The page loads a script of the builder.".to_owned();
            findings.push(finding(
                &SCRIPT,
                tag.span,
                message,
                "Take the script out: only the builder's editor needs it.",
                "",
            ));
        }
        findings.extend(one_each(html::metas(survey).into_iter().map(|tag| (tag.span, tag.name)), |names| {
            let message = format!("{} show the builder's picture and name.", quoted(names));
            (META, message, "Take them out, and add a picture of the app: 1200 by 630, an absolute address.")
        }));
        findings.extend(one_each(html::placeholders(survey).into_iter(), |names| {
            let message = format!("{} still say what the builder wrote.", quoted(names));
            (TEXT, message, "Say what the app is, in a sentence, and use a picture that lies with the app.")
        }));
        let generators = code::generators(survey).into_iter().map(|(span, _)| (span, "generator".to_owned()));
        findings.extend(one_each(generators, |_| {
            (
                META,
                "Every page names the builder as its generator.".to_owned(),
                "Take the entry out of the metadata.",
            )
        }));
        findings.extend(packages(survey));
        findings.extend(hosted(survey));
        findings.extend(hosts(survey));
        for file in second_stylesheets(survey) {
            let path = &survey.project.get(file).path;
            let message =
                format!("`{path}` is imported by nothing; the app has another stylesheet of that name.");
            findings.push(finding(&STYLES, Span::new(file, 0..0), message, "Delete it.", ""));
        }
        findings
    }

    fn fix(&self, survey: &Survey<'_>, findings: &[Finding]) -> Vec<Change> {
        let of = |rule: &Rule| -> Vec<usize> {
            (0..findings.len()).filter(|at| findings[*at].rule == rule.id).collect()
        };
        let mut changes = Vec::new();
        let taggers = code::taggers(survey);
        let fixes = of(&TAGGER);
        if !fixes.is_empty() && taggers.iter().all(|tagger| tagger.edits.is_some()) {
            let mut change = Change::new(ID, "Build without the builder's tagger", Safety::Safe);
            change.fixes = fixes;
            for tagger in &taggers {
                change.edits.extend(tagger.edits.clone().unwrap_or_default());
                change.requests.extend(
                    survey
                        .project
                        .packages
                        .iter()
                        .flat_map(|package| removed(survey, package, tagger.package)),
                );
            }
            change.requests.dedup();
            changes.push(change);
        }
        let fixes = of(&SCRIPT);
        if !fixes.is_empty() {
            let mut change = Change::new(ID, "Load no script of the builder", Safety::Safe);
            change.fixes = fixes;
            change.edits = html::scripts(survey).into_iter().map(|tag| tag.edit).collect();
            changes.push(change);
        }
        let fixes = of(&META);
        if !fixes.is_empty() {
            let mut change =
                Change::new(ID, "Show nothing of the builder when an address is shared", Safety::Review);
            change.fixes = fixes;
            change.edits = html::metas(survey).into_iter().map(|tag| tag.edit).collect();
            change.edits.extend(code::generators(survey).into_iter().map(|(_, edit)| edit));
            changes.push(change);
        }
        let fixes = of(&PACKAGE);
        if !fixes.is_empty() {
            let mut change =
                Change::new(ID, "Install no package of the builder that nothing uses", Safety::Safe);
            change.requests = unused(survey)
                .into_iter()
                .flat_map(|(package, name)| removed(survey, package, name))
                .collect();
            change.fixes = fixes;
            changes.push(change);
        }
        let fixes = of(&STYLES);
        if !fixes.is_empty() {
            let mut change = Change::new(ID, "Keep the one stylesheet that is used", Safety::Review);
            change.fixes = fixes;
            change.deletes = second_stylesheets(survey);
            changes.push(change);
        }
        changes
    }
}

fn finding(rule: &Rule, span: Span, message: String, todo: &str, subject: &str) -> Finding {
    Finding { subject: subject.to_owned(), ..Finding::certain(rule, span, message, todo) }
}

/// One finding for each file, with all its places; `tell` says the rule, the message and what to do, from the names.
fn one_each(
    places: impl Iterator<Item = (Span, String)>,
    tell: impl Fn(&[String]) -> (Rule, String, &'static str),
) -> Vec<Finding> {
    let mut by_file: BTreeMap<FileId, Vec<(Span, String)>> = BTreeMap::new();
    for (span, name) in places {
        by_file.entry(span.file).or_default().push((span, name));
    }
    let one = |places: Vec<(Span, String)>| {
        let names: Vec<String> = places.iter().map(|(_, name)| name.clone()).collect();
        let (rule, message, todo) = tell(&names);
        let related =
            places[1..].iter().map(|(span, _)| Related { span: *span, message: "and here".into() }).collect();
        Finding { related, ..finding(&rule, places[0].0, message, todo, &names.join(",")) }
    };
    by_file.into_values().map(one).collect()
}

/// Addresses that only the builder's hosting answers: `"/__l5e/assets-v1/…/logo.png"`, in a `.asset.json` or in code.
fn hosted(survey: &Survey<'_>) -> Option<Finding> {
    const PREFIX: &str = "/__l5e/";
    let mut places: Vec<(Span, String)> = Vec::new();
    for file in survey.project.files.iter().filter(|file| file.skipped.is_none()) {
        let is_code = matches!(file.kind, Kind::Code(_) | Kind::Css | Kind::Html);
        if !is_code && !file.path.as_str().ends_with(".asset.json") {
            continue;
        }
        for (at, _) in file.text.match_indices(PREFIX) {
            let rest = &file.text[at..];
            let end =
                rest.find(|end: char| end.is_whitespace() || "\"'`)<".contains(end)).unwrap_or(rest.len());
            let name = rest[..end].rsplit('/').next().unwrap_or_default().to_owned();
            places.push((file.span(at..at + end), name));
        }
    }
    let (first, name) = places.first()?.clone();
    let message = match places.len() {
        1 => format!("`{name}` lies at the builder's host alone."),
        many => format!("`{name}` and {} more files lie at the builder's host alone.", many - 1),
    };
    let todo = "Download each from the published app while the builder still serves it, put it into `public/`, and name it there.";
    let mut found = finding(&HOSTED, first, message, todo, "hosted");
    found.related =
        places[1..].iter().map(|(span, name)| Related { span: *span, message: name.clone() }).collect();
    Some(found)
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Packages of the builder that no module imports and no script runs.
fn unused<'s>(survey: &'s Survey<'_>) -> Vec<(&'s Package, &'static str)> {
    let taggers: Vec<&str> = code::taggers(survey).iter().map(|tagger| tagger.package).collect();
    let mut names: Vec<&'static str> = code::tagger_packages().collect();
    names.extend(["@lovable.dev/cloud-auth-js", WRAPPED, "@next/swc-wasm-nodejs"]);
    let mut found = Vec::new();
    for package in &survey.project.packages {
        for name in &names {
            // The compiler of a sandbox without native code; everywhere else the native one is installed by itself.
            let sandbox = *name == "@next/swc-wasm-nodejs";
            let named = |file: &project::File| {
                let read = matches!(file.kind, Kind::Code(_)) || file.path.name().contains(".config.");
                read && file.skipped.is_none() && file.text.contains(name)
            };
            let used = taggers.contains(name) || (!sandbox && survey.project.files.iter().any(named));
            if package.dependencies.contains_key(*name) && !used {
                found.push((package, *name));
            }
        }
    }
    found
}

/// Takes a package out of the manifest.
fn removed(survey: &Survey<'_>, package: &Package, name: &str) -> Vec<Request> {
    let path = survey.project.get(package.manifest).path.clone();
    let lists = ["dependencies", "devDependencies", "optionalDependencies"];
    let listed = lists.into_iter().filter(|list| !package.json[*list][name].is_null());
    listed
        .map(|list| Request::JsonRemove { path: path.clone(), key: vec![list.to_owned(), name.to_owned()] })
        .collect()
}

fn packages(survey: &Survey<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (package, name) in unused(survey) {
        let message = format!("`{name}` is installed, and nothing imports it.");
        findings.push(finding(
            &PACKAGE,
            Span::new(package.manifest, 0..0),
            message,
            "Remove it from package.json.",
            name,
        ));
    }
    for file in &survey.project.files {
        for import in &file.module.imports {
            let span = file.span(import.range.clone());
            match import.specifier.as_str() {
                "@lovable.dev/cloud-auth-js" => findings.push(finding(
                    &SIGN_IN,
                    span,
                    "Sign-in with a provider goes through the builder's service.".into(),
                    "Set up the provider in the auth service of your own backend, with the app's own address as redirect, and call \
                     its `signInWithOAuth` here.",
                    "",
                )),
                WRAPPED if wrapper::is_first(survey) => findings.push(Finding {
                    severity: Severity::Warning,
                    ..finding(
                        &WRAPPER,
                        span,
                        "The builder's wrapper builds for Cloudflare only in this version, and the tree is configured for another host.".into(),
                        "Lift it to version 2 and name the host there (`nitro: { preset: … }`), or write the plug-ins out: the \
                         framework's own, nitro, React, Tailwind, path aliases. Until then a release does not run.",
                        "",
                    )
                }),
                WRAPPED => {
                    let todo = if wrapper::left_out(survey).is_some() {
                        "It may stay once it is asked for the server, which it leaves out elsewhere than in the builder. To leave it, \
                         write the plug-ins out: the framework's own, nitro, React, Tailwind, path aliases."
                    } else {
                        "It may stay: outside of the builder it only adds the usual plug-ins. Name the target of the build, so that its \
                         default does not decide. To leave it, write the plug-ins out: the framework's own, React, Tailwind, path aliases."
                    };
                    let message = "The configuration comes from the builder's wrapper.".to_owned();
                    findings.push(finding(&WRAPPER, span, message, todo, ""));
                }
                _ => {}
            }
        }
    }
    findings
}

/// Hosts of the builder that code calls or makes exceptions for.
fn hosts(survey: &Survey<'_>) -> Vec<Finding> {
    let gateways = ["ai.gateway.lovable.dev", "connector-gateway.lovable.dev"];
    let previews = [
        ".lovable.app",
        ".lovableproject.com",
        ".gptengineer.run",
        ".vusercontent.net",
        ".webcontainer.io",
        "webcontainer-api.io",
        ".v0.app",
        ".v0.dev",
        ".bolt.new",
        ".stackblitz.io",
    ];
    let mut findings = one_each(
        code::hosts(survey, &gateways).into_iter().map(|span| (span, "gateway".to_owned())),
        |_| {
            let todo = "Call the provider itself, with a key of your own that only the server reads. The gateway speaks the protocol of \
                    the provider's own API: base address, key and the name of the model change, the rest stays.";
            (GATEWAY, "A gateway of the builder is called.".to_owned(), todo)
        },
    );
    findings.extend(one_each(
        code::hosts(survey, &previews).into_iter().map(|span| (span, "preview".to_owned())),
        |_| {
            let todo = "Take an exception for the preview out. Where the address is the app's own, read it from the configuration.";
            (HOST, "The code names hosts of the builder.".to_owned(), todo)
        },
    ));
    findings
}

/// `styles/globals.css` beside `app/globals.css`, with nothing that names it.
fn second_stylesheets(survey: &Survey<'_>) -> Vec<FileId> {
    let project = survey.project;
    let mut found = Vec::new();
    for app in &project.apps {
        let path = |name: &str| {
            if app.folder.is_empty() { name.to_owned() } else { format!("{}/{name}", app.folder) }
        };
        let (Some(second), Some(_)) =
            (project.file(&path("styles/globals.css")), project.file(&path("app/globals.css")))
        else {
            continue;
        };
        let named =
            project.files.iter().any(|file| file.id != second.id && file.text.contains("styles/globals"));
        // An import from within its own folder.
        let beside = project
            .files
            .iter()
            .any(|file| file.path.folder() == second.path.folder() && file.text.contains("./globals"));
        if !named && !beside {
            found.push(second.id);
        }
    }
    found
}

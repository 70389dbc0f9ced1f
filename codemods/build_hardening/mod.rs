//! A build that stops at errors, versions that are fixed and known, and answers that browsers are told how to treat.

mod floors;
mod headers;
mod latest;
mod logging;
mod markup;
mod object;

pub(crate) use floors::numbers;
pub use headers::headers;
pub use object::Object;

use crate::repository_hygiene::commands::Commands;
use audit::finding::Related;
use audit::{Finding, Rule, Severity, Survey};
use edit::{RelPath, Span};
use plan::{About, Change, Codemod, Request, Safety};
use serde_json::Value;

const ID: &str = "build-hardening";

const FLOOR: Rule = Rule {
    id: "build-hardening/vulnerable-framework",
    title: "The framework has a known hole",
    severity: Severity::Hole,
    why: "The hole is public, and requests that use it are sent to every address that answers.",
    aliases: &["CWE-1395"],
};
const DEAD: Rule = Rule {
    id: "build-hardening/unsupported-framework",
    title: "The framework's version gets no fixes any more",
    severity: Severity::Warning,
    why: "The next hole stays open.",
    aliases: &["CWE-1104"],
};
const LATEST: Rule = Rule {
    id: "build-hardening/no-version",
    title: "A dependency is taken at any version",
    severity: Severity::Warning,
    why: "The first install without the lockfile takes another major version, and the app breaks without a change.",
    aliases: &["CWE-1357"],
};
const TYPES: Rule = Rule {
    id: "build-hardening/silenced-types",
    title: "Type errors do not stop the build",
    severity: Severity::Warning,
    why: "Errors that the compiler has found are found again by visitors.",
    aliases: &[],
};
const LINT: Rule = Rule {
    id: "build-hardening/silenced-lint",
    title: "Lint errors do not stop the build",
    severity: Severity::Note,
    why: "The setting hides that nothing is linted.",
    aliases: &[],
};
const LOOSE: Rule = Rule {
    id: "build-hardening/loose-types",
    title: "The compiler does not look for missing values",
    severity: Severity::Note,
    why: "Without `strict`, `null` and `undefined` pass as any other type: the most frequent fault of such apps is not seen.",
    aliases: &[],
};
const HEADERS: Rule = Rule {
    id: "build-hardening/no-security-headers",
    title: "Pages are sent without security headers",
    severity: Severity::Warning,
    why: "Any site may put the app into a frame and have its visitors click in it, and browsers guess types and send addresses on.",
    aliases: &["CWE-1021"],
};
const POWERED: Rule = Rule {
    id: "build-hardening/powered-by",
    title: "Every answer names the framework",
    severity: Severity::Note,
    why: "It tells whoever scans which holes to try.",
    aliases: &["CWE-200"],
};
const MAPS: Rule = Rule {
    id: "build-hardening/public-source-maps",
    title: "The source is published with the bundle",
    severity: Severity::Note,
    why: "Source maps give visitors the sources with their comments.",
    aliases: &["CWE-540"],
};
const LOGGED: Rule = Rule {
    id: "build-hardening/logged-request",
    title: "What a request holds is logged",
    severity: Severity::Warning,
    why: "Passwords and people's data stand in the host's logs, for longer and for more eyes than in the database.",
    aliases: &["CWE-532"],
};

const RAW: Rule = Rule {
    id: "build-hardening/raw-html",
    title: "Text is put into the page as HTML",
    severity: Severity::Warning,
    why: "If anybody but you can write the text, their scripts run in the page of whoever reads it, with the reader's session.",
    aliases: &["CWE-79"],
};
const UNVERIFIED: Rule = Rule {
    id: "build-hardening/unverified-connection",
    title: "A connection does not look whom it speaks to",
    severity: Severity::Warning,
    why: "Whoever stands between can read and change everything: it is encrypted, for anybody.",
    aliases: &["CWE-295"],
};

/// The codemod.
pub struct BuildHardening;

/// Frameworks whose apps get changes.
const FRAMEWORKS: &[&str] = &["vite", "next", "tanstack-start", "express"];

impl Codemod for BuildHardening {
    fn about(&self) -> About {
        About {
            id: ID,
            title: "A build that stops at errors, known versions, security headers",
            rules: &[
                FLOOR, DEAD, LATEST, TYPES, LINT, LOOSE, HEADERS, POWERED, MAPS, LOGGED, RAW, UNVERIFIED,
            ],
            readme: include_str!("README.md"),
            frameworks: FRAMEWORKS,
        }
    }

    fn find(&self, survey: &Survey<'_>) -> Vec<Finding> {
        let mut findings = logged(survey);
        findings.extend(written(survey));
        let Some(commands) = Commands::of(survey) else { return findings };
        findings.extend(versions(survey, &commands));
        findings.extend(configured(survey, &commands));
        findings.extend(compiler(survey, &commands));
        findings
    }

    fn fix(&self, survey: &Survey<'_>, findings: &[Finding]) -> Vec<Change> {
        let of = |rule: &Rule| -> Vec<usize> {
            (0..findings.len()).filter(|at| findings[*at].rule == rule.id).collect()
        };
        let mut changes = Vec::new();
        let fixes = of(&LOGGED);
        if !fixes.is_empty() {
            let mut change = Change::new(ID, "Keep what requests hold out of the logs", Safety::Review);
            change.edits = logging::logged(survey).into_iter().filter_map(|one| one.edit).collect();
            let removed = |at: &usize| change.edits.iter().any(|edit| edit.span.covers(findings[*at].span));
            // One finding for a file: it is resolved if every log of the file goes.
            let all = |at: &usize| {
                let gone = |span: &Span| change.edits.iter().any(|edit| edit.span.covers(*span));
                removed(at) && findings[*at].related.iter().all(|place| gone(&place.span))
            };
            change.fixes = fixes.into_iter().filter(all).collect();
            if !change.edits.is_empty() && !change.fixes.is_empty() {
                changes.push(change);
            }
        }
        let Some(commands) = Commands::of(survey) else { return changes };
        let manifest = survey.project.get(commands.package.manifest).path.clone();
        for low in floors::below(survey, commands.package) {
            let Some(target) = target(survey, &low) else { continue };
            let mut change = Change::new(
                ID,
                format!("Raise {} from {} to {target}", low.package, low.version),
                Safety::Review,
            );
            change.fixes = (0..findings.len())
                .filter(|at| findings[*at].rule == FLOOR.id && findings[*at].subject == low.package)
                .collect();
            change.requests = raise(&commands, &manifest, low.package, target);
            if !change.fixes.is_empty() && !change.requests.is_empty() {
                changes.push(change);
            }
        }
        let fixes = of(&LATEST);
        if !fixes.is_empty() {
            let mut change =
                Change::new(ID, "Pin what has no version to what the lockfile resolves", Safety::Safe);
            change.edits = latest::pins(survey, &commands);
            let all = latest::loose(&commands).iter().all(|one| one.version.is_some());
            change.fixes = if all { fixes } else { Vec::new() };
            if !change.edits.is_empty() {
                changes.push(change);
            }
        }
        changes.extend(of_config(survey, &commands, &of));
        let fixes = of(&HEADERS);
        let places = headers::missing(survey, &commands);
        if !fixes.is_empty() && !places.is_empty() {
            let mut change = Change::new(ID, "Send security headers with every answer", Safety::Review);
            change.fixes = fixes;
            for place in &places {
                let (edits, requests) = headers::say(survey, place);
                change.edits.extend(edits);
                change.requests.extend(requests);
            }
            changes.push(change);
        }
        changes
    }
}

/// The versions above every known hole: for changes that open a new way into the server, which must not land on a version with one.
pub fn raised(survey: &Survey<'_>) -> Vec<Request> {
    let Some(commands) = Commands::of(survey) else { return Vec::new() };
    let manifest = survey.project.get(commands.package.manifest).path.clone();
    let mut raised: Vec<(&str, &str)> = floors::below(survey, commands.package)
        .iter()
        .filter_map(|low| Some((low.package, target(survey, low)?)))
        .collect();
    if let Some((package, version)) = crate::server::raised(survey)
        && !raised.iter().any(|(name, _)| *name == package)
    {
        raised.push((package, version));
    }
    raised.into_iter().flat_map(|(name, version)| raise(&commands, &manifest, name, version)).collect()
}

/// Where to go from a version with a hole: within its line, unless what moves to the server needs the next one.
fn target(survey: &Survey<'_>, low: &floors::Below) -> Option<&'static str> {
    let needed = crate::server::raised(survey).filter(|(package, _)| *package == low.package);
    low.target.map(|target| needed.map_or(target, |(_, version)| version))
}

/// One request for the manifest, in whichever list the dependency stands.
fn raise(commands: &Commands<'_>, manifest: &RelPath, name: &str, version: &str) -> Vec<Request> {
    let lists = ["dependencies", "devDependencies"];
    let list = lists.iter().find(|list| commands.package.json[**list][name].is_string());
    let key = |list: &str| vec![list.to_owned(), name.to_owned()];
    list.map(|list| Request::Json {
        path: manifest.clone(),
        key: key(list),
        value: Value::String(version.to_owned()),
    })
    .into_iter()
    .collect()
}

/// HTML made of text, and connections that trust anybody: one finding each, with every place.
fn written(survey: &Survey<'_>) -> Vec<Finding> {
    let told = |rule: &Rule, places: Vec<Span>, message: &str, todo: &str| {
        let mut found = Finding::certain(rule, *places.first()?, message.to_owned(), todo);
        found.confidence = audit::Confidence::Likely;
        found.related =
            places[1..].iter().map(|span| Related { span: *span, message: "and here".into() }).collect();
        Some(found)
    };
    let raw = told(
        &RAW,
        markup::raw(survey),
        "What a variable holds is put into the page as HTML.",
        "Show it as text. Where it must be HTML, clean it first (DOMPurify), on the server if it comes from there.",
    );
    let unverified = told(
        &UNVERIFIED,
        markup::unverified(survey),
        "`rejectUnauthorized: false`: any certificate is taken for the right one.",
        "Take it out. If the connection fails then, give it the certificate of the host's authority as `ca`.",
    );
    raw.into_iter().chain(unverified).collect()
}

/// One finding for each file that logs requests.
fn logged(survey: &Survey<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for one in logging::logged(survey) {
        match findings.last_mut().filter(|last| last.span.file == one.span.file) {
            Some(last) => last.related.push(Related { span: one.span, message: "and here".into() }),
            None => {
                let message = format!("`{}`, which holds a request, is logged.", one.what);
                let todo = "Log what happened and to whom by an id, never what was sent.";
                findings.push(Finding::certain(&LOGGED, one.span, message, todo));
            }
        }
    }
    findings
}

fn versions(survey: &Survey<'_>, commands: &Commands<'_>) -> Vec<Finding> {
    let at = Span::new(commands.package.manifest, 0..0);
    let mut findings = Vec::new();
    for low in floors::below(survey, commands.package) {
        let title = low.package;
        if let Some(target) = target(survey, &low) {
            let message = format!("{title} {} {}.", low.version, low.told());
            let todo =
                format!("Raise it to {target} before anything else, install, and commit the lockfile.");
            let mut found =
                Finding { subject: title.to_owned(), ..Finding::certain(&FLOOR, at, message, &todo) };
            // Past a guard gets only who meets one: a file that refuses nobody is none.
            let guarded = survey.guards.iter().any(|guard| {
                guard.kind == audit::guard::Kind::Middleware
                    && guard.enforced != audit::guard::Enforced::Nowhere
            });
            found.severity = match low.worst() {
                Some(floors::Trouble::Runs) => Severity::Hole,
                Some(floors::Trouble::Passes) if guarded => Severity::Hole,
                _ => Severity::Warning,
            };
            findings.push(found);
        }
        if !low.supported {
            let message = format!(
                "{title} {} is of a line that gets no fixes any more.",
                low.version.split('.').next().unwrap_or("")
            );
            let todo = "Plan the move to a line that is supported; its guide for upgrades has codemods.";
            findings
                .push(Finding { subject: title.to_owned(), ..Finding::certain(&DEAD, at, message, todo) });
        }
    }
    let loose = latest::loose(commands);
    if !loose.is_empty() {
        let names: Vec<String> = loose.iter().take(4).map(|one| format!("`{}`", one.name)).collect();
        let more = if loose.len() > 4 { format!(" and {} more", loose.len() - 4) } else { String::new() };
        let message = format!("{}{more}: no version is asked for.", names.join(", "));
        let todo =
            "Ask for the versions that the lockfile resolves; without a lockfile, for those that are tested.";
        findings.push(Finding::certain(&LATEST, at, message, todo));
    }
    findings
}

/// What the framework's configuration and the host say, and do not say.
fn configured(survey: &Survey<'_>, commands: &Commands<'_>) -> Vec<Finding> {
    let framework = survey.stack.framework;
    let mut findings = Vec::new();
    let file = framework.config_file(survey.project, commands.app);
    let at_start = Span::new(file.map_or(commands.package.manifest, |file| file.id), 0..0);
    if let Some((file, object)) = file.and_then(|file| Some((file, Object::exported(file)?))) {
        let at =
            |object: &Object<'_>, key: &str| object.place(key).map_or(at_start, |place| file.span(place));
        let on = |object: &Object<'_>, key: &str| object.value(key).is_some_and(|value| value == "true");
        if let Some(types) = object.below("typescript").filter(|types| on(types, "ignoreBuildErrors")) {
            let message = "`ignoreBuildErrors`: type errors do not stop the build.".to_owned();
            let todo = "Run the compiler. Without errors: take the setting out. With some: let CI refuse new ones, and take it out when \
                        the last is gone.";
            findings.push(Finding::certain(&TYPES, at(&types, "ignoreBuildErrors"), message, todo));
        }
        if let Some(lint) = object.below("eslint").filter(|lint| on(lint, "ignoreDuringBuilds")) {
            let message = "`ignoreDuringBuilds`: lint errors do not stop the build.".to_owned();
            let todo = "Set up the linter, let CI refuse new errors, and take the setting out.";
            findings.push(Finding::certain(&LINT, at(&lint, "ignoreDuringBuilds"), message, todo));
        }
        if framework.says_headers() && object.value("poweredByHeader").is_none() {
            let message = "`X-Powered-By` names the framework with every answer.".to_owned();
            findings.push(Finding::certain(&POWERED, at_start, message, "Set `poweredByHeader` to `false`."));
        }
        let build = object.below("build");
        let mapped = build.as_ref().filter(|build| {
            on(build, "sourcemap") || build.value("sourcemap").is_some_and(|value| value.contains("inline"))
        });
        if let Some(build) = mapped {
            let message = "`sourcemap`: the sources are published with the bundle.".to_owned();
            let todo = "Use `\"hidden\"` and upload the maps to the error tracker, or leave them out.";
            findings.push(Finding::certain(&MAPS, at(build, "sourcemap"), message, todo));
        }
        if on(&object, "productionBrowserSourceMaps") {
            let message =
                "`productionBrowserSourceMaps`: the sources are published with the bundle.".to_owned();
            findings.push(Finding::certain(
                &MAPS,
                at(&object, "productionBrowserSourceMaps"),
                message,
                "Leave them out.",
            ));
        }
    }
    if !headers::missing(survey, commands).is_empty() {
        let message = "Pages are sent without security headers.".to_owned();
        let todo = "Set them in the configuration. A full Content-Security-Policy needs the list of every host that the app loads from.";
        findings.push(Finding::certain(&HEADERS, at_start, message, todo));
    }
    findings
}

/// Changes of the framework's configuration, apart from headers.
fn of_config(survey: &Survey<'_>, commands: &Commands<'_>, of: &dyn Fn(&Rule) -> Vec<usize>) -> Vec<Change> {
    let framework = survey.stack.framework;
    let object = framework.config_file(survey.project, commands.app).and_then(Object::exported);
    let Some(object) = object else { return Vec::new() };
    let mut changes = Vec::new();
    let fixes = of(&POWERED);
    if !fixes.is_empty() {
        let mut change = Change::new(ID, "Do not name the framework in every answer", Safety::Safe);
        change.fixes = fixes;
        change.edits = vec![object.add("poweredByHeader: false,")];
        changes.push(change);
    }
    // From the version on that knows no such key, it only makes a warning.
    let fixes = of(&LINT);
    let only = object.below("eslint").is_some_and(|lint| lint.is_only(&["ignoreDuringBuilds"]));
    let unknown = framework.lints_in_build(survey.stack.framework_version.as_deref()) == Some(false);
    if let Some(edit) = object.remove("eslint").filter(|_| !fixes.is_empty() && only && unknown) {
        let mut change =
            Change::new(ID, "Take out a setting that the framework no longer knows", Safety::Safe);
        change.fixes = fixes;
        change.edits = vec![edit];
        changes.push(change);
    }
    changes
}

/// Settings of the compiler.
fn compiler(survey: &Survey<'_>, commands: &Commands<'_>) -> Option<Finding> {
    let names = ["tsconfig.app.json", "tsconfig.json"];
    let file = names.into_iter().find_map(|name| survey.project.file(commands.path(name)?.as_str()))?;
    let value = syntax::document::json::parse(&file.text)?;
    let strict = value["compilerOptions"]["strict"].as_bool();
    let inherits = value["extends"].is_string() && strict.is_none();
    if strict == Some(true) || inherits {
        return None;
    }
    let at = file.text.find("\"strict\"").unwrap_or(0);
    let message = format!("`strict` is off in `{}`.", file.path.name());
    let todo =
        "Turn on `strictNullChecks` first, and let CI refuse new errors while the old ones are worked off.";
    Some(Finding::certain(&LOOSE, file.span(at..at), message, todo))
}

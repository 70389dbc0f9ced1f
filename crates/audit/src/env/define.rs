//! Where names get their values: env files, configuration of hosts and pipelines, declared types.
//!
//! Configuration is read line by line: a key in upper case with a value is a variable in `netlify.toml` as in a workflow, and this
//! holds for files that are broken elsewhere.

use super::{DefinedIn, Definition};
use project::{File, Kind};
use regex::Regex;
use std::sync::LazyLock;

static ASSIGNMENT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?m)^[ \t]*(?:-[ \t]+)?(?:(?:ENV|ARG|export)[ \t]+)?["']?([A-Z][A-Z0-9_]{2,})["']?[ \t]*[:=][ \t]*["']?([^"'\r\n]*?)["']?[ \t]*,?[ \t]*\r?$"#)
        .expect("the pattern compiles")
});
static DECLARATION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?m)^[ \t]*(?:readonly[ \t]+)?([A-Z][A-Z0-9_]{2,})\??[ \t]*:[^\r\n]*$")
        .expect("the pattern compiles")
});

/// Every definition in a file, with its name.
pub(crate) fn of_file(file: &File) -> Vec<(String, Definition)> {
    let name = file.path.name();
    match file.kind {
        Kind::Env => {
            let example = example(name);
            let entries = syntax::document::env::entries(&file.text).into_iter();
            let definition = |entry: &syntax::document::env::Entry| Definition {
                span: file.span(entry.name_range.clone()),
                example,
                within: DefinedIn::EnvFile,
                value: file.span(entry.value_range.clone()),
                line: file.span(entry.line.clone()),
            };
            entries.map(|entry| (entry.name.clone(), definition(&entry))).collect()
        }
        Kind::Code(_)
            if file.text.contains("interface ImportMetaEnv")
                || file.text.contains("interface ProcessEnv") =>
        {
            matches_of(file, &DECLARATION, DefinedIn::Types)
        }
        _ if configures(file) => matches_of(file, &ASSIGNMENT, DefinedIn::Config),
        _ => Vec::new(),
    }
}

/// Whether an env file is an example: `.env.example`, `.env.sample`, `.env.template`, `example.env`.
pub(crate) fn example(name: &str) -> bool {
    ["example", "sample", "template", "dist", "defaults"]
        .iter()
        .any(|mark| name.split('.').any(|part| part == *mark))
}

/// Files that give variables to a host, a pipeline or a container.
pub(crate) fn configures(file: &File) -> bool {
    const NAMES: &[&str] = &[
        "netlify.toml",
        "vercel.json",
        "app.json",
        "eas.json",
        "wrangler.toml",
        "wrangler.json",
        "wrangler.jsonc",
        "fly.toml",
        "render.yaml",
        "railway.toml",
        "railway.json",
        "Procfile",
    ];
    let (path, name) = (file.path.as_str(), file.path.name());
    NAMES.contains(&name)
        || name.starts_with("Dockerfile")
        || name.ends_with(".dockerfile")
        || compose(name)
        || matches!(file.kind, Kind::Yaml)
            && (path.starts_with(".github/workflows/")
                || path.contains("/.github/workflows/")
                || name == ".gitlab-ci.yml")
}

/// `docker-compose.yml`, `compose.override.yaml`.
pub(crate) fn compose(name: &str) -> bool {
    (name.starts_with("docker-compose") || name.starts_with("compose."))
        && (name.ends_with(".yml") || name.ends_with(".yaml"))
}

fn matches_of(file: &File, pattern: &Regex, within: DefinedIn) -> Vec<(String, Definition)> {
    let captures = pattern.captures_iter(&file.text).filter_map(|captures| {
        let (line, name) = (captures.get(0)?, captures.get(1)?);
        let value = captures.get(2).map_or(name.end()..name.end(), |value| value.range());
        let definition = Definition {
            span: file.span(name.range()),
            example: false,
            within,
            value: file.span(value),
            line: file.span(line.range()),
        };
        Some((name.as_str().to_owned(), definition))
    });
    captures.collect()
}

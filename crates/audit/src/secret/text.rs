//! Secrets outside of code: env files, configuration, SQL, HTML, Markdown, other languages.

use super::{Found, Place, context, judge, password, rules, verdict};
use crate::Confidence;
use crate::env::secret_by_name;
use project::{File, Kind};
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"["']?[A-Za-z_][0-9A-Za-z_.-]{2,60}?["']?[ \t\r\n]*(?:=>|:=|[:=])[ \t\r\n]*["'`][^\s"'`]{12,}["'`]"#)
        .expect("the pattern compiles")
});

/// The last part of the name, and where the value stands in what [`NAMED`] finds: asking the pattern for both costs much more.
fn parts(entry: &str) -> (&str, Range<usize>) {
    let name = entry.trim_start_matches(['"', '\'']);
    let end = name.find(|one: char| !one.is_ascii_alphanumeric() && !matches!(one, '_' | '.' | '-'));
    let name = &name[..end.unwrap_or(name.len())];
    let close = entry.len() - 1;
    let open = entry[..close].rfind(['"', '\'', '`']).map_or(0, |at| at + 1);
    (name.rsplit('.').next().unwrap_or(name), open..close)
}

/// Longer values are no keys: images, certificates, texts. In bytes.
const LONGEST: usize = 600;
/// `crypt('…', gen_salt('bf'))` and `create role … password '…'` in SQL.
static SQL_PASSWORD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)crypt\(\s*'([^'\s]{3,64})'\s*,\s*gen_salt|(?-u:\b)(?:role|user)\s+\S+\s+(?:with\s+)?(?:login\s+)?(?:encrypted\s+)?password\s+'([^'\s]{3,64})'")
        .expect("the pattern compiles")
});
/// A login written into prose: `admin@club.example / letmein1`, `Password: letmein1`.
static WRITTEN_DOWN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?im)(?-u:\b)(?:password|passwort|senha|contraseña|kata sandi)(?-u:\b)[`*_]*\s*[:=|]\s*[`*_]*\s*`?([^\s`*|,;)<>]{5,40})").expect("the pattern compiles")
});
/// A line of an env file in a document: `HOOK_SECRET=9f86…`.
static ENV_LINE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?m)^[ \t]*(?:export[ \t]+)?([A-Z][A-Z0-9_]{4,60})=([^\s\x22'`<>]{16,200})[ \t]*\r?$")
        .expect("the pattern compiles")
});
/// What goes into a header: `Bearer 9f86…`. A token with dots is known by its shape.
static BEARER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?-u:\b)Bearer ([A-Za-z0-9_-]{24,200})(?:[^A-Za-z0-9_.-]|$)").expect("the pattern compiles")
});
/// What a value is called, from the text before it on its line.
static NAME_BEFORE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"([A-Za-z_][\w-]*)["']?\s*(?:=>|[:=(])\s*["'`]?$"#).expect("the pattern compiles")
});

/// Every entry of an env file that is a secret or a public key. Comments count: they are committed too.
pub(super) fn of_env_file(file: &File) -> Vec<Found> {
    let entries = syntax::document::env::entries(&file.text);
    let entry_of = |range: &Range<usize>| {
        entries
            .iter()
            .find(|entry| entry.value_range.start <= range.start && range.end <= entry.value_range.end)
    };
    let mut all: Vec<Found> = Vec::new();
    for (kind, range) in rules::shapes(&file.text) {
        let entry = entry_of(&range);
        let named = entry.map(|entry| entry.name.clone());
        let Some(verdict) = verdict::of(kind, &file.text, &range, named.as_deref()) else { continue };
        let place = if entry.is_some() { Place::EnvFile } else { Place::Comment };
        if place == Place::EnvFile || verdict.kind != "supabase-url" {
            all.push(found(range, place, named, verdict));
        }
    }
    let example = crate::env::is_example(file.path.name());
    for entry in &entries {
        let known = all.iter().any(|found| {
            entry.value_range.start <= found.range.start && found.range.end <= entry.value_range.end
        });
        let local = entry.value.contains("localhost") || entry.value.contains("127.0.0.1");
        let weighs = if example {
            judge::random(&entry.value)
        } else {
            entry.value.chars().count() >= 6 && !super::placeholder(&entry.value)
        };
        if known || local || !weighs || !secret_by_name(&entry.name) {
            continue;
        }
        let kind = match context::kind_by_name(&entry.name) {
            "database-url" if !entry.value.contains("://") => "generic-secret",
            "database-url"
                if verdict::of(
                    rules::kind_of("database-url"),
                    &entry.value,
                    &(0..entry.value.len()),
                    None,
                )
                .is_none() =>
            {
                continue;
            }
            kind => kind,
        };
        all.push(Found {
            range: entry.value_range.clone(),
            literal: None,
            kind,
            public: false,
            place: Place::EnvFile,
            named: Some(entry.name.clone()),
            owner: None,
            confidence: Confidence::Likely,
            detail: None,
        });
    }
    all
}

/// The end of the text before a place, of its line at most: a generated file may be one line.
fn before(text: &str, at: usize) -> &str {
    let near = text[..at].char_indices().rev().nth(200).map_or(0, |(at, _)| at);
    let line = text[near..at].rfind('\n').map_or(near, |end| near + end + 1);
    &text[line..at]
}

/// Every secret in a document or in a language that is not ours.
pub(super) fn of_document(file: &File) -> Vec<Found> {
    let text: &str = &file.text;
    let config = matches!(file.kind, Kind::Json | Kind::Toml | Kind::Yaml) || crate::env::configures(file);
    let place = if config { Place::Config } else { Place::Text };
    let mut all: Vec<Found> = Vec::new();
    for (kind, range) in rules::shapes(text) {
        let line = before(text, range.start);
        let named = NAME_BEFORE
            .captures(line)
            .and_then(|captures| captures.get(1))
            .map(|name| name.as_str().to_owned());
        let Some(verdict) = verdict::of(kind, text, &range, named.as_deref()) else { continue };
        // Links to the project are no configuration.
        let linked = named.as_deref().is_none_or(|name| matches!(name, "href" | "src" | "content" | "url"));
        if verdict.kind == "supabase-url"
            && (linked || !matches!(file.kind, Kind::Html | Kind::Toml | Kind::Yaml | Kind::Json))
        {
            continue;
        }
        all.push(found(range, place, named, verdict));
    }
    let mut push = |range: Range<usize>, named: Option<String>, kind: &'static str, confidence| {
        let known = all.iter().any(|found| found.range.start < range.end && range.start < found.range.end);
        if !known {
            all.push(Found {
                range,
                literal: None,
                kind,
                public: false,
                place,
                named,
                owner: None,
                confidence,
                detail: None,
            });
        }
    };
    // Development passwords of containers and pipelines open nothing.
    let throwaway = crate::env::compose(file.path.name()) || file.path.as_str().contains(".github/");
    let prose = matches!(file.kind, Kind::Markdown);
    // `env.local.temp`: an env file under a name that no tool reads.
    let variables = prose || file.path.name().split('.').any(|part| part == "env");
    if !throwaway {
        let written = NAMED.find_iter(text).map(|entry| {
            let (name, value) = parts(entry.as_str());
            (name, entry.start() + value.start..entry.start() + value.end)
        });
        let lines = variables.then(|| ENV_LINE.captures_iter(text)).into_iter().flatten();
        let lines = lines.filter_map(|line| Some((line.get(1)?.as_str(), line.get(2)?.range())));
        for (name, value) in written.chain(lines) {
            if value.len() <= LONGEST && secret_by_name(name) && judge::random(&text[value.clone()]) {
                push(
                    value,
                    Some(name.to_owned()),
                    context::kind_by_name(name),
                    if prose { Confidence::Possible } else { Confidence::Likely },
                );
            }
        }
    }
    for captures in BEARER.captures_iter(text) {
        let Some(value) = captures.get(1) else { continue };
        if !throwaway && judge::random(value.as_str()) {
            let confidence = if prose { Confidence::Possible } else { Confidence::Likely };
            push(value.range(), None, "access-token", confidence);
        }
    }
    let sql = matches!(file.kind, Kind::Sql);
    for captures in sql.then(|| SQL_PASSWORD.captures_iter(text)).into_iter().flatten() {
        let Some(value) = captures.get(1).or(captures.get(2)) else { continue };
        if password::credible(value.as_str()) {
            push(value.range(), None, "password-literal", Confidence::Likely);
        }
    }
    for captures in prose.then(|| WRITTEN_DOWN.captures_iter(text)).into_iter().flatten() {
        let Some(value) = captures.get(1) else { continue };
        let written = value.as_str();
        let chance = written.bytes().any(|byte| byte.is_ascii_digit())
            && written.bytes().any(|byte| byte.is_ascii_alphabetic());
        // What a reader is told to type into a form of sign-up opens nothing yet.
        let before = &text[..value.start()];
        let near =
            before.char_indices().rev().nth(400).map_or(before, |(at, _)| &before[at..]).to_lowercase();
        let made_up = ["regist", "sign up", "sign-up", "signup", "create an account", "cadastr"];
        if chance
            && !made_up.iter().any(|word| near.contains(word))
            && password::credible(written)
            && !written.contains(['(', '[', '{', '$', '=', '/', '"', '\''])
        {
            push(value.range(), None, "password-literal", Confidence::Possible);
        }
    }
    all
}

fn found(range: Range<usize>, place: Place, named: Option<String>, verdict: verdict::Verdict) -> Found {
    let verdict::Verdict { kind, public, confidence, detail } = verdict;
    Found { range, literal: None, kind, public, place, named, owner: None, confidence, detail }
}

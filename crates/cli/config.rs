//! `migrate.toml`: what a project wants every run to know. Read strictly: a key that means nothing or a value of the wrong
//! type is an error with its line, because a setting that is silently not heeded is worse than none.

use crate::suggest;
use anyhow::{Context, Result, bail};
use audit::Severity;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;
use toml_edit::{Document, Item, Key};

/// The keys, for the error that names them.
const KEYS: [&str; 8] = ["only", "skip", "safety", "target", "root", "baseline", "ignore", "severity"];

/// The name of the file that is looked for.
pub(crate) const NAME: &str = "migrate.toml";

/// What the file says; empty where it is silent.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Config {
    /// Codemods or rules to run.
    pub(crate) only: Vec<String>,
    /// Codemods or rules to leave out.
    pub(crate) skip: Vec<String>,
    /// Whether review changes are left out (`safety = "safe"`).
    pub(crate) safe_only: Option<bool>,
    /// Where the app will run.
    pub(crate) target: Vec<String>,
    /// The app root.
    pub(crate) root: Option<String>,
    /// The baseline, relative to the folder of the file.
    pub(crate) baseline: Option<String>,
    /// Globs of paths in which nothing is reported or changed.
    pub(crate) ignore: Vec<String>,
    /// How bad a rule is here.
    pub(crate) severity: BTreeMap<String, Severity>,
}

impl Config {
    /// Reads `given`, or `migrate.toml` in `folder` if that is there.
    pub(crate) fn read(given: Option<&Path>, folder: &Path) -> Result<Self> {
        let path = given.map_or_else(|| folder.join(NAME), Path::to_owned);
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(&path.display().to_string(), &text),
            Err(error)
                if given.is_none()
                    && matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                Ok(Self::default())
            }
            Err(error) => Err(error).with_context(|| {
                format!(
                    "The configuration {} cannot be read. Mend it, or name another with --config",
                    path.display()
                )
            }),
        }
    }

    /// The configuration in `text`; `name` is for the errors.
    pub(crate) fn parse(name: &str, text: &str) -> Result<Self> {
        let document = Document::parse(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            anyhow::anyhow!("{name}:{}: {}", line(text, at), error.message().trim().replace('\n', ", "))
        })?;
        let mut config = Self::default();
        for (key, item) in document.iter() {
            let at = document.as_table().key(key).and_then(Key::span).map_or(0, |span| span.start);
            let place = format!("{name}:{}", line(text, at));
            config.set(key, item).with_context(|| place)?;
        }
        Ok(config)
    }

    fn set(&mut self, key: &str, item: &Item) -> Result<()> {
        match key {
            "only" => self.only = texts(key, item)?,
            "skip" => self.skip = texts(key, item)?,
            "ignore" => {
                self.ignore = texts(key, item)?;
                globs(&self.ignore)?;
            }
            "target" => {
                self.target = texts(key, item)?;
                for target in &self.target {
                    one_of("target", target, &["node", "vercel", "netlify", "docker"])?;
                }
            }
            "safety" => self.safe_only = Some(one_of(key, text(key, item)?, &["safe", "review"])? == "safe"),
            "root" => self.root = Some(text(key, item)?.to_owned()),
            "baseline" => self.baseline = Some(text(key, item)?.to_owned()),
            "severity" => {
                let Some(table) = item.as_table_like() else {
                    bail!(
                        "`severity` must be a table: [severity], then lines such as \"codemod/rule\" = \"note\""
                    );
                };
                for (rule, item) in table.iter() {
                    let severity = match one_of(rule, text(rule, item)?, &["hole", "warning", "note"])? {
                        "hole" => Severity::Hole,
                        "warning" => Severity::Warning,
                        _ => Severity::Note,
                    };
                    self.severity.insert(rule.to_owned(), severity);
                }
            }
            _ => {
                let known = KEYS.map(|key| format!("`{key}`")).join(", ");
                bail!("`{key}` is not a setting{} The settings are {known}", suggest::end(key, KEYS));
            }
        }
        Ok(())
    }
}

/// The globs as one matcher.
pub(crate) fn globs(patterns: &[String]) -> Result<globset::GlobSet> {
    let mut set = globset::GlobSetBuilder::new();
    for pattern in patterns {
        // A folder stands for all that is in it.
        for spelled in
            [pattern.trim_end_matches('/').to_owned(), format!("{}/**", pattern.trim_end_matches('/'))]
        {
            let glob = globset::GlobBuilder::new(&spelled).literal_separator(true).build();
            set.add(
                glob.map_err(|error| anyhow::anyhow!("`{pattern}` is not a path pattern: {}", error.kind()))?,
            );
        }
    }
    set.build().context("The patterns of `ignore` are too many or too large")
}

fn text<'i>(key: &str, item: &'i Item) -> Result<&'i str> {
    item.as_str()
        .with_context(|| format!("`{key}` must be text in quotes, not {}", article(item.type_name())))
}

fn texts(key: &str, item: &Item) -> Result<Vec<String>> {
    let wanted = || format!("`{key}` must be a list of texts, such as {key} = [\"…\"]");
    let list = item.as_array().with_context(wanted)?;
    list.iter().map(|value| value.as_str().map(str::to_owned).with_context(wanted)).collect()
}

fn one_of<'t>(key: &str, found: &'t str, allowed: &[&str]) -> Result<&'t str> {
    if allowed.contains(&found) {
        return Ok(found);
    }
    let words = allowed.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
    bail!("`{key}` cannot be \"{found}\"; it is one of {words}");
}

fn article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {noun}")
}

/// The line of a byte, from 1.
fn line(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let error = Config::parse("migrate.toml", text).unwrap_err();
        assert_eq!(format!("{error:#}"), expected);
    }

    #[test]
    fn every_key_is_read() {
        let text = "only = ['a']\nskip = ['b/c']\nsafety = 'safe'\ntarget = ['vercel']\nroot = 'web'\nbaseline = 'b.toml'\n\
            ignore = ['old/']\n[severity]\n'b/d' = 'note'\n";
        let expected = Config {
            only: vec!["a".into()],
            skip: vec!["b/c".into()],
            safe_only: Some(true),
            target: vec!["vercel".into()],
            root: Some("web".into()),
            baseline: Some("b.toml".into()),
            ignore: vec!["old/".into()],
            severity: BTreeMap::from([("b/d".into(), Severity::Note)]),
        };
        assert_eq!(Config::parse("migrate.toml", text).unwrap(), expected);
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line_and_the_nearest_one() {
        check(
            "# ours\nignores = []\n",
            "migrate.toml:2: `ignores` is not a setting; did you mean `ignore`? The settings are `only`, `skip`, `safety`, `target`, \
             `root`, `baseline`, `ignore`, `severity`",
        );
    }

    #[test]
    fn a_value_of_the_wrong_type_is_named_with_its_line() {
        check("\n\nroot = 3\n", "migrate.toml:3: `root` must be text in quotes, not an integer");
        check("only = 'a'", "migrate.toml:1: `only` must be a list of texts, such as only = [\"…\"]");
        check(
            "severity = 1",
            "migrate.toml:1: `severity` must be a table: [severity], then lines such as \"codemod/rule\" = \"note\"",
        );
    }

    #[test]
    fn a_value_that_means_nothing_is_named_with_what_may_stand_there() {
        check(
            "safety = 'none'",
            "migrate.toml:1: `safety` cannot be \"none\"; it is one of \"safe\", \"review\"",
        );
    }

    #[test]
    fn text_that_is_not_toml_is_an_error_with_its_line() {
        let error = Config::parse("migrate.toml", "skip = []\nonly = [\n").unwrap_err().to_string();
        assert!(error.starts_with("migrate.toml:"), "{error}");
        assert!(!error.contains('\n'), "{error}");
    }

    #[test]
    fn a_folder_pattern_covers_what_is_below_it() {
        let set = globs(&["legacy/".into(), "src/*.js".into()]).unwrap();
        let matched = |path: &str| set.is_match(path);
        assert!(matched("legacy/deep/a.ts") && matched("src/a.js"));
        assert!(!matched("src/deep/a.js") && !matched("legacy.ts"));
    }
}

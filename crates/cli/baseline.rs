//! The baseline: findings that were accepted, each with its reason and the day. TOML or JSON, by the ending of the file. A
//! fingerprint does not depend on line numbers, so an entry holds while the code around it changes.

use anyhow::{Context, Result, bail, ensure};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

const HEAD: &str =
    "# Findings that were accepted. `migrate audit --write-baseline FILE --reason TEXT` renews this file.\n";

/// One accepted finding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Accepted {
    /// Which finding.
    pub(crate) fingerprint: String,
    /// Its rule, for the reader.
    pub(crate) rule: String,
    /// Where it was, for the reader.
    pub(crate) path: String,
    /// What it said, for the reader.
    pub(crate) message: String,
    /// Why it was accepted.
    pub(crate) reason: String,
    /// When, `YYYY-MM-DD`.
    pub(crate) date: String,
}

impl Accepted {
    /// Key and value, in the order in which they are written.
    fn fields(&self) -> [(&'static str, &str); 6] {
        [
            ("fingerprint", &self.fingerprint),
            ("rule", &self.rule),
            ("path", &self.path),
            ("message", &self.message),
            ("reason", &self.reason),
            ("date", &self.date),
        ]
    }
}

/// All of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Baseline {
    /// The entries.
    pub(crate) accepted: Vec<Accepted>,
}

impl Baseline {
    /// Reads the file.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| {
            format!(
                "The baseline {} cannot be read. `migrate audit --write-baseline` makes one",
                path.display()
            )
        })?;
        let parse = if is_json(path) { Self::from_json } else { Self::from_toml };
        parse(&text).with_context(|| format!("The baseline {} is not as it should be", path.display()))
    }

    /// The fingerprints.
    pub(crate) fn fingerprints(&self) -> BTreeSet<&str> {
        self.accepted.iter().map(|entry| entry.fingerprint.as_str()).collect()
    }

    /// The file's text, by the ending of its path.
    pub(crate) fn text(&self, path: &Path) -> String {
        if is_json(path) { self.to_json() } else { self.to_toml() }
    }

    /// Entries for `now`, in this order; those that are known keep their reason and date.
    pub(crate) fn renewed(&self, now: Vec<Accepted>) -> Self {
        let known: BTreeMap<_, _> = self.accepted.iter().map(|entry| (&entry.fingerprint, entry)).collect();
        let kept = |entry: Accepted| match known.get(&entry.fingerprint) {
            Some(old) => Accepted { reason: old.reason.clone(), date: old.date.clone(), ..entry },
            None => entry,
        };
        Self { accepted: now.into_iter().map(kept).collect() }
    }

    fn from_toml(text: &str) -> Result<Self> {
        let document: toml_edit::DocumentMut = text
            .parse()
            .map_err(|error: toml_edit::TomlError| anyhow::anyhow!("{}", error.message().trim()))?;
        let Some(list) = document.get("accepted") else { return Ok(Self::default()) };
        let list = list.as_array_of_tables().context("`accepted` must be tables: [[accepted]]")?;
        let field = |table: &toml_edit::Table, key: &str| {
            table.get(key).and_then(|item| item.as_str()).map(str::to_owned)
        };
        Self::of(list.iter().map(|table| move |key: &str| field(table, key)))
    }

    fn from_json(text: &str) -> Result<Self> {
        let document: serde_json::Value = serde_json::from_str(text).context("It is not JSON")?;
        let list =
            document.get("accepted").and_then(|list| list.as_array()).context("`accepted` must be a list")?;
        Self::of(list.iter().map(|entry| |key: &str| entry.get(key)?.as_str().map(str::to_owned)))
    }

    fn of<F: Fn(&str) -> Option<String>>(entries: impl Iterator<Item = F>) -> Result<Self> {
        let mut accepted = Vec::new();
        for (at, field) in entries.enumerate() {
            let text = |key: &str| field(key).unwrap_or_default();
            let wanted = |key: &str| match text(key) {
                value if value.trim().is_empty() => {
                    bail!("Entry {} has no `{key}`. Every accepted finding needs one", at + 1)
                }
                value => Ok(value),
            };
            let date = wanted("date")?;
            let is_date = date.len() == 10
                && date
                    .chars()
                    .enumerate()
                    .all(|(at, c)| if at == 4 || at == 7 { c == '-' } else { c.is_ascii_digit() });
            ensure!(is_date, "Entry {} has the date \"{date}\"; write it as YYYY-MM-DD", at + 1);
            accepted.push(Accepted {
                fingerprint: wanted("fingerprint")?,
                rule: text("rule"),
                path: text("path"),
                message: text("message"),
                reason: wanted("reason")?,
                date,
            });
        }
        Ok(Self { accepted })
    }

    fn to_toml(&self) -> String {
        let mut text = format!("{HEAD}format_version = \"1.0\"\n");
        for entry in &self.accepted {
            text.push_str("\n[[accepted]]\n");
            for (key, value) in entry.fields() {
                text += &format!("{key} = {}\n", toml_edit::Value::from(value));
            }
        }
        text
    }

    fn to_json(&self) -> String {
        let entry = |entry: &Accepted| {
            let fields = entry.fields().into_iter().map(|(key, value)| (key.to_owned(), value.into()));
            serde_json::Value::Object(fields.collect())
        };
        let accepted: Vec<_> = self.accepted.iter().map(entry).collect();
        format!("{:#}\n", serde_json::json!({ "format_version": "1.0", "accepted": accepted }))
    }
}

fn is_json(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json"))
}

/// The day of now in UTC, `YYYY-MM-DD`.
pub(crate) fn today() -> String {
    let days = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() / 86_400);
    date(days)
}

/// The date so many days after 1970-01-01, by the calendar of 400-year eras that begin on March 1.
fn date(days: u64) -> String {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(fingerprint: &str, reason: &str, date: &str) -> Accepted {
        let text = |text: &str| text.to_owned();
        Accepted {
            fingerprint: text(fingerprint),
            rule: text("a/b"),
            path: text("src/\"x\".ts"),
            message: text("It\nis."),
            reason: text(reason),
            date: text(date),
        }
    }

    #[test]
    fn what_is_written_is_read_back_in_both_formats() {
        let baseline = Baseline {
            accepted: vec![entry("f1", "known \"so\"", "2026-01-31"), entry("f2", "later", "2026-02-01")],
        };
        assert_eq!(Baseline::from_toml(&baseline.to_toml()).unwrap(), baseline);
        assert_eq!(Baseline::from_json(&baseline.to_json()).unwrap(), baseline);
    }

    #[test]
    fn an_entry_without_a_reason_is_an_error() {
        let text = "[[accepted]]\nfingerprint = 'f'\ndate = '2026-01-31'\n";
        let error = Baseline::from_toml(text).unwrap_err().to_string();
        assert_eq!(error, "Entry 1 has no `reason`. Every accepted finding needs one");
    }

    #[test]
    fn a_date_that_is_none_is_an_error() {
        let text = "[[accepted]]\nfingerprint = 'f'\nreason = 'r'\ndate = 'yesterday'\n";
        let error = Baseline::from_toml(text).unwrap_err().to_string();
        assert_eq!(error, "Entry 1 has the date \"yesterday\"; write it as YYYY-MM-DD");
    }

    #[test]
    fn a_renewed_baseline_keeps_the_reasons_it_knows() {
        let old =
            Baseline { accepted: vec![entry("f1", "old", "2025-01-01"), entry("gone", "x", "2025-01-01")] };
        let new = old.renewed(vec![entry("f0", "new", "2026-01-01"), entry("f1", "new", "2026-01-01")]);
        assert_eq!(new.accepted, [entry("f0", "new", "2026-01-01"), entry("f1", "old", "2025-01-01")]);
    }

    #[test]
    fn days_are_counted_by_the_calendar() {
        assert_eq!(
            (date(0), date(11_016), date(20_514)),
            ("1970-01-01".into(), "2000-02-29".into(), "2026-03-02".into())
        );
    }
}

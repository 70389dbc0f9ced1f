//! The report: everything that a run found and plans, as plain data, built once. All formats print from it and from nothing else.
//! Serialised, it is the JSON of the contract: the fields stand in its order. Every text in it is redacted.

pub(crate) mod build;
pub(crate) mod diff;
pub(crate) mod effort;
pub(crate) mod feature;
pub(crate) mod github;
pub(crate) mod html;
pub(crate) mod human;
pub(crate) mod inventory;
pub(crate) mod json;
pub(crate) mod markdown;
pub(crate) mod proof;
pub(crate) mod redact;
pub(crate) mod rotation;
pub(crate) mod sarif;
use crate::args::{Format, ReportArguments};
use crate::console::{Console, Paint};
use anyhow::Result;
use audit::{Confidence, Severity, Treatment};
use human::{Style, View};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// The version of the JSON.
pub(crate) const FORMAT_VERSION: &str = "1.0";

/// All of it.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) format_version: &'static str,
    pub(crate) tool: Tool,
    pub(crate) project: ProjectFacts,
    pub(crate) findings: Vec<FindingRow>,
    pub(crate) inventory: inventory::Inventory,
    pub(crate) changes: Vec<ChangeRow>,
    pub(crate) held: Vec<HeldRow>,
    pub(crate) summary: Summary,
    /// What the formats for people say besides.
    #[serde(skip)]
    pub(crate) beside: Beside,
}

/// Prints the report as it was asked for.
pub(crate) fn print(
    report: &Report,
    view: View,
    arguments: &ReportArguments,
    console: &Console,
) -> Result<()> {
    let to_file = arguments.output.is_some();
    let style = Style { paint: if to_file { Paint::Plain } else { console.paint }, verbose: console.verbose };
    let text = match arguments.format {
        Format::Human => human::page(report, view, style),
        Format::Json => json::object(report)?,
        Format::Jsonl => json::lines(report)?,
        Format::Sarif => sarif::log(report)?,
        Format::Github => github::annotations(report),
        Format::Markdown => markdown::page(report),
        Format::Html => html::page(report),
    };
    if arguments.format == Format::Github
        && let Some(summary) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty())
    {
        console.append(Path::new(&summary), &github::summary(report))?;
    }
    match &arguments.output {
        Some(path) => console.file(path, &text),
        None => console.result(&text),
    }
}

/// Who says so.
#[derive(Debug, Serialize)]
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
}

/// The program and its version.
pub(crate) const TOOL: Tool = Tool { name: "migrate", version: env!("CARGO_PKG_VERSION") };

/// What the app is.
#[derive(Debug, Serialize)]
pub(crate) struct ProjectFacts {
    pub(crate) app_roots: Vec<String>,
    pub(crate) builder: &'static str,
    pub(crate) generation: &'static str,
    pub(crate) framework: &'static str,
    pub(crate) framework_version: Option<String>,
    pub(crate) backends: Vec<&'static str>,
    pub(crate) auth: Vec<&'static str>,
    pub(crate) package_manager: Option<&'static str>,
    pub(crate) confidence: f64,
}

/// One finding.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct FindingRow {
    pub(crate) fingerprint: String,
    pub(crate) rule: &'static str,
    pub(crate) severity: Severity,
    pub(crate) confidence: Confidence,
    pub(crate) path: String,
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) end_line: usize,
    pub(crate) end_column: usize,
    pub(crate) message: String,
    pub(crate) why: String,
    pub(crate) todo: String,
    pub(crate) treatment: Treatment,
    pub(crate) change: Option<String>,
    pub(crate) related: Vec<RelatedRow>,
    /// The source line, cut to what a terminal shows; `None` if the finding is about the file as a whole.
    #[serde(skip)]
    pub(crate) excerpt: Option<String>,
}

/// A second place.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RelatedRow {
    pub(crate) path: String,
    pub(crate) line: usize,
    pub(crate) message: String,
}

/// One change.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ChangeRow {
    pub(crate) id: String,
    pub(crate) codemod: String,
    pub(crate) title: String,
    pub(crate) safety: &'static str,
    pub(crate) files: Vec<String>,
    pub(crate) creates: Vec<String>,
    pub(crate) deletes: Vec<String>,
    pub(crate) insertions: usize,
    pub(crate) deletions: usize,
}

/// A change that does not land.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct HeldRow {
    pub(crate) change: String,
    pub(crate) because_of: String,
    pub(crate) path: Option<String>,
    pub(crate) line: Option<usize>,
}

/// Totals.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Summary {
    pub(crate) findings: FindingTotals,
    pub(crate) queries: QueryTotals,
    pub(crate) files_changed: usize,
    pub(crate) manual: usize,
}

/// Findings by severity.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct FindingTotals {
    pub(crate) hole: usize,
    pub(crate) warning: usize,
    pub(crate) note: usize,
}

/// Database calls by what becomes of them.
#[derive(Debug, Default, Serialize)]
pub(crate) struct QueryTotals {
    pub(crate) found: usize,
    pub(crate) moved: usize,
    pub(crate) proxied: usize,
    pub(crate) left: usize,
    pub(crate) declined: usize,
}

/// What stands in no JSON.
#[derive(Debug, Default)]
pub(crate) struct Beside {
    /// What the framework is called for people: `Vite + React`.
    pub(crate) framework_title: &'static str,
    /// The tell-tales of the builder.
    pub(crate) tells: Vec<String>,
    /// What the reader has to know before all else: a framework that is not supported, roots to choose from.
    pub(crate) notices: Vec<String>,
    /// What must be rotated.
    pub(crate) rotation: Vec<rotation::Rotation>,
    /// The unified diff, redacted; one feature after the other.
    pub(crate) diff: String,
    /// Edits that a reviewer can take one by one, by change id.
    pub(crate) fixes: BTreeMap<String, Vec<sarif::Fix>>,
    /// The folder below the top of the repository, `""` or with a `/` at its end: what tools that see the repository need.
    pub(crate) prefix: String,
    /// Files that were looked at.
    pub(crate) files: usize,
}

impl QueryTotals {
    fn of(inventory: &inventory::Inventory) -> Self {
        let count = |wanted| inventory.queries.iter().filter(|query| query.disposition == wanted).count();
        Self {
            found: inventory.queries.len(),
            moved: count(plan::Disposition::Moved),
            proxied: count(plan::Disposition::Proxied),
            left: count(plan::Disposition::Left),
            declined: count(plan::Disposition::Declined),
        }
    }
}

impl Report {
    /// Whether there is anything to do: findings, or changes that wait.
    pub(crate) fn is_clean(&self) -> bool {
        self.findings.is_empty() && self.changes.is_empty() && self.held.is_empty()
    }

    /// The findings of one severity by rule: the rules in the order of their first finding.
    pub(crate) fn by_rule(&self, severity: Severity) -> Vec<(&'static str, Vec<&FindingRow>)> {
        let mut groups: Vec<(&'static str, Vec<&FindingRow>)> = Vec::new();
        for finding in self.findings.iter().filter(|finding| finding.severity == severity) {
            match groups.iter_mut().find(|(rule, _)| *rule == finding.rule) {
                Some((_, group)) => group.push(finding),
                None => groups.push((finding.rule, vec![finding])),
            }
        }
        groups
    }
}

/// The title of a rule.
pub(crate) fn title(rule: &str) -> &'static str {
    let rules = crate::settings::abouts().into_iter().flat_map(|about| about.rules);
    rules.into_iter().find(|known| known.id == rule).map_or("", |known| known.title)
}

/// The word for a severity, as JSON has it.
pub(crate) fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Hole => "hole",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// `1 finding`, `2 findings`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

//! What is left to a person, by rule, and how big it is.

use super::{FindingRow, Report};
use audit::{Severity, Treatment};
use std::collections::BTreeSet;

/// How long an engineer who knows the stack will be at it. A guess, from the places and the files that it is spread over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Effort {
    /// Minutes: a setting, or one place.
    Small,
    /// Hours.
    Medium,
    /// A day or more.
    Large,
}

impl Effort {
    /// In words.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Small => "minutes",
            Self::Medium => "hours",
            Self::Large => "days",
        }
    }
}

/// The findings of one rule that no change resolves.
pub(crate) struct Task<'r> {
    pub(crate) rule: &'static str,
    pub(crate) severity: Severity,
    pub(crate) findings: Vec<&'r FindingRow>,
    pub(crate) effort: Effort,
}

/// All of them, the worst first; within a severity in the order of their first finding.
pub(crate) fn tasks(report: &Report) -> Vec<Task<'_>> {
    let mut tasks = Vec::new();
    for severity in [Severity::Hole, Severity::Warning, Severity::Note] {
        for (rule, mut findings) in report.by_rule(severity) {
            findings.retain(|finding| finding.treatment == Treatment::Manual);
            if !findings.is_empty() {
                let effort = effort(severity, &findings);
                tasks.push(Task { rule, severity, findings, effort });
            }
        }
    }
    tasks
}

fn effort(severity: Severity, findings: &[&FindingRow]) -> Effort {
    let files: BTreeSet<&str> = findings.iter().map(|finding| finding.path.as_str()).collect();
    let places = findings.iter().map(|finding| 1 + finding.related.len()).sum::<usize>();
    match (files.len(), places) {
        (1, 1) if severity != Severity::Hole => Effort::Small,
        (files, _) if files > 8 => Effort::Large,
        (_, places) if places <= 3 && severity == Severity::Note => Effort::Small,
        _ => Effort::Medium,
    }
}

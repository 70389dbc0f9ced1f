//! Findings: rule, severity and confidence apart, what is wrong, why it matters, what to do.

use edit::Span;
use serde::Serialize;

/// How bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Somebody can read or do what they must not.
    Hole,
    /// It will hurt in production.
    Warning,
    /// Worth knowing.
    Note,
}

/// How sure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Proven from the source.
    Certain,
    /// The usual meaning of such code.
    Likely,
    /// A person should look.
    Possible,
}

/// What becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Treatment {
    /// A safe change resolves it.
    Safe,
    /// A change resolves it, to be looked at.
    Review,
    /// A person resolves it.
    Manual,
}

/// A rule that findings are made under.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// `codemod-id/name`, kebab-case.
    pub id: &'static str,
    /// One line.
    pub title: &'static str,
    /// The usual severity.
    pub severity: Severity,
    /// Why it matters, a short paragraph.
    pub why: &'static str,
    /// CWE, ASVS, splinter ids, where exact.
    pub aliases: &'static [&'static str],
}

/// A second place that belongs to a finding.
#[derive(Clone, Debug)]
pub struct Related {
    /// Where.
    pub span: Span,
    /// What it is.
    pub message: String,
}

/// One thing that is wrong: one cause, not one line. Never holds a secret value.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Its rule's id.
    pub rule: &'static str,
    /// How bad here.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// Where. A finding about something missing stands at byte 0 of the file that should say it (usually `package.json`).
    pub span: Span,
    /// The trouble, one sentence.
    pub message: String,
    /// Why it matters.
    pub why: String,
    /// What to do next.
    pub todo: String,
    /// Related places.
    pub related: Vec<Related>,
    /// What tells two findings of one rule in one file apart, stable under moved lines (a name, a masked key). Never a value.
    pub subject: String,
}

impl Finding {
    /// A certain finding of a rule at its usual severity, without related places and without a subject.
    pub fn certain(rule: &Rule, span: Span, message: String, todo: &str) -> Self {
        Self {
            rule: rule.id,
            severity: rule.severity,
            confidence: Confidence::Certain,
            span,
            message,
            why: rule.why.into(),
            todo: todo.into(),
            related: Vec::new(),
            subject: String::new(),
        }
    }

    /// Hex of a hash of rule, path, subject and `occurrence` (0 for the first with the same three): stable when lines move.
    pub fn fingerprint(&self, project: &project::Project, occurrence: usize) -> String {
        let path = project.get(self.span.file).path.as_str();
        let mut hasher = blake3::Hasher::new();
        for part in [self.rule, path, &self.subject, &occurrence.to_string()] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        hasher.finalize().to_hex()[..32].to_owned()
    }
}

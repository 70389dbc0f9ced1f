//! Annotations of GitHub Actions: workflow commands on standard output. The runner shows ten of each level for a step, so the
//! worst come first and the rest is left to the job summary, which is the written scope.

use super::{FindingRow, Report, count, severity_word};
use audit::Severity;

/// What the runner shows of one level in one step.
const SHOWN: usize = 10;
/// The runner refuses a longer summary (1 MiB).
const SUMMARY: usize = 1_000_000;

/// The workflow commands.
pub(crate) fn annotations(report: &Report) -> String {
    let mut text = String::new();
    let mut left_out = 0;
    for severity in [Severity::Hole, Severity::Warning, Severity::Note] {
        let found: Vec<_> = report.findings.iter().filter(|finding| finding.severity == severity).collect();
        left_out += found.len().saturating_sub(SHOWN);
        for finding in found.into_iter().take(SHOWN) {
            text += &annotation(&report.beside.prefix, finding);
        }
    }
    let totals = report.summary.findings;
    text += &format!(
        "migrate: {}, {}, {}; {} planned\n",
        count(totals.hole, severity_word(Severity::Hole)),
        count(totals.warning, severity_word(Severity::Warning)),
        count(totals.note, severity_word(Severity::Note)),
        count(report.changes.len(), "change"),
    );
    if left_out > 0 {
        text += &format!(
            "{} more without an annotation; the job summary has them all\n",
            count(left_out, "finding")
        );
    }
    text
}

fn annotation(prefix: &str, finding: &FindingRow) -> String {
    let level = match finding.severity {
        Severity::Hole => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    // Columns only mean something within one line.
    let columns = if finding.line == finding.end_line {
        format!(",col={},endColumn={}", finding.column, finding.end_column)
    } else {
        String::new()
    };
    format!(
        "::{level} file={},line={},endLine={}{columns},title={}::{}\n",
        property(&format!("{prefix}{}", finding.path)),
        finding.line,
        finding.end_line,
        property(finding.rule),
        data(&format!("{} {}", finding.message, finding.todo)),
    )
}

/// The job summary, cut at a line if it is too long.
pub(crate) fn summary(report: &Report) -> String {
    let text = super::markdown::page(report);
    if text.len() <= SUMMARY {
        return text;
    }
    let end = (0..=SUMMARY).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let end = text[..end].rfind('\n').unwrap_or(end);
    format!("{}\n\nThe rest is cut: a job summary holds no more.\n", &text[..end])
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_runner_would_misread_is_escaped() {
        assert_eq!(data("100 %\r\n::error::x"), "100 %25%0D%0A::error::x");
        assert_eq!(property("app/[id],a:b.ts"), "app/[id]%2Ca%3Ab.ts");
    }
}

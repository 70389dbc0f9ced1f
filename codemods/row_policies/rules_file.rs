//! Rules of Firebase: always true, open until a date, or not there.

use super::{RULES_FILE, Told};
use audit::{Finding, Severity, Survey};

pub(super) fn find(survey: &Survey<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let rules = survey
        .project
        .files
        .iter()
        .filter(|file| file.path.name().ends_with(".rules") && file.skipped.is_none());
    for file in rules {
        for (start, statement) in statements(&file.text) {
            let Some((methods, condition)) =
                statement.split_once(':').map(|(head, tail)| (head.trim(), tail.trim()))
            else {
                // `allow read;` has no condition at all.
                found.push(open(
                    file.span(start..start + statement.len()),
                    statement,
                    "It asks for nothing.",
                    Severity::Hole,
                ));
                continue;
            };
            let flat: String = condition.trim_start_matches("if").split_whitespace().collect();
            let writes =
                ["write", "create", "update", "delete"].iter().any(|method| methods.contains(method));
            let span = file.span(start..start + statement.len());
            if flat == "true" {
                let severity = if writes { Severity::Hole } else { Severity::Warning };
                found.push(open(span, methods, "Its condition is always true.", severity));
            } else if flat.contains("request.time<timestamp.date(") {
                found.push(open(
                    span,
                    methods,
                    "It is open to everybody until a date, and closed to all after it.",
                    Severity::Hole,
                ));
            } else if writes && matches!(flat.as_str(), "request.auth!=null" | "request.auth.uid!=null") {
                found.push(open(
                    span,
                    methods,
                    "Whoever signs up may write what others own.",
                    Severity::Warning,
                ));
            }
        }
    }
    found
}

fn open(span: edit::Span, subject: &str, message: &str, severity: Severity) -> Finding {
    let mut finding = Told {
        rule: &RULES_FILE,
        span,
        subject: subject.split_whitespace().collect::<Vec<_>>().join(" "),
        message: format!("`{}`: {message}", subject.split_whitespace().collect::<Vec<_>>().join(" ")),
        todo: "Ask for the owner: `if request.auth != null && request.auth.uid == resource.data.userId`, apart for create, update and delete.".to_owned(),
    }
    .finding();
    finding.severity = severity;
    finding
}

/// The `allow` statements with their places, comments left out.
fn statements(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("allow ") {
        let line = text[..at].rfind('\n').map_or(0, |line| line + 1);
        if text[line..at].contains("//") {
            continue;
        }
        let end = text[at..].find(';').map_or(text.len(), |end| at + end);
        found.push((at, text[at..end].trim_end()));
    }
    found
}

//! Workflows that put what a stranger writes - the title of an issue, the name of a branch - into a script: it is run as code.

use super::TEXT;
use super::checks::workflows;
use audit::finding::Related;
use audit::{Confidence, Finding, Severity, Survey};
use edit::Span;
use project::File;
use std::collections::BTreeSet;
use syntax::document::yaml;

/// What of an event its author words freely.
const WORDED: &[&str] = &[
    "github.event.issue.title",
    "github.event.issue.body",
    "github.event.pull_request.title",
    "github.event.pull_request.body",
    "github.event.pull_request.head.ref",
    "github.event.pull_request.head.label",
    "github.event.pull_request.head.repo.default_branch",
    "github.event.comment.body",
    "github.event.review.body",
    "github.event.review_comment.body",
    "github.event.discussion.title",
    "github.event.discussion.body",
    "github.event.head_commit.message",
    "github.event.head_commit.author.name",
    "github.event.head_commit.author.email",
    "github.event.workflow_run.head_branch",
    "github.event.workflow_run.display_title",
    "github.event.workflow_run.head_commit.message",
    "github.head_ref",
];

pub(super) fn find(survey: &Survey<'_>) -> Vec<Finding> {
    workflows(survey).filter_map(in_workflow).collect()
}

fn in_workflow(file: &File) -> Option<Finding> {
    // A change from a fork runs without secrets, and with a token that only reads.
    let strong = ["issues", "issue_comment", "discussion", "pull_request_target", "workflow_run"];
    let strong = strong.iter().any(|event| {
        file.text.contains(&format!("{event}:"))
            || file.text.contains(&format!("on: {event}"))
            || file.text.contains(&format!("- {event}"))
    });
    let mut spans = injected(file).into_iter();
    let (first, text) = spans.next()?;
    Some(Finding {
        rule: TEXT.id,
        severity: if strong { TEXT.severity } else { Severity::Warning },
        confidence: Confidence::Likely,
        span: first,
        message: format!("`{text}` is put into a script, and a stranger words it."),
        why: TEXT.why.into(),
        todo: "Hand it over in `env:` of the step, and read it in the script as a variable in quotes: `\"$TEXT\"`.".into(),
        related: spans.map(|(span, text)| Related { span, message: format!("`{text}`") }).collect(),
        subject: String::new(),
    })
}

/// Where a script holds an expression that a stranger words, with the expression.
fn injected(file: &File) -> Vec<(Span, String)> {
    let scalars = yaml::scalars(&file.text);
    let mut worded: BTreeSet<String> = WORDED.iter().map(|name| (*name).to_owned()).collect();
    let is = |worded: &BTreeSet<String>, text: &str| {
        expressions(text).any(|(_, expression)| worded.contains(expression))
    };
    // What an action answers to a text of theirs is theirs, too.
    for scalar in &scalars {
        let [jobs, job, steps, step, with, ..] = scalar.path.as_slice() else { continue };
        if jobs == "jobs" && steps == "steps" && with == "with" && is(&worded, &scalar.value) {
            let id = scalars.iter().find(|other| {
                other.path.len() == 5
                    && other.path[1] == *job
                    && other.path[3] == *step
                    && other.path[4] == "id"
            });
            worded.extend(id.map(|id| format!("steps.{}.outputs.", id.value)));
        }
    }
    let mut found = Vec::new();
    for scalar in &scalars {
        let script = match scalar.path.as_slice() {
            [jobs, _, steps, _, run] => jobs == "jobs" && steps == "steps" && run == "run",
            [jobs, _, steps, _, with, script] => {
                jobs == "jobs" && steps == "steps" && with == "with" && script == "script"
            }
            _ => false,
        };
        if !script {
            continue;
        }
        let range = scalar.range.clone();
        for (at, expression) in expressions(&file.text[range.clone()]) {
            let outputs = worded.iter().any(|name| name.ends_with('.') && expression.starts_with(name));
            if worded.contains(expression) || outputs {
                let start = range.start + at;
                found.push((file.span(start..start + expression.len()), expression.to_owned()));
            }
        }
    }
    found
}

/// Every plain expression `${{ … }}` of a text, with its place. One that calls a function is another text.
fn expressions(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.match_indices("${{").filter_map(|(at, mark)| {
        let start = at + mark.len();
        let inside = text[start..].split("}}").next()?;
        let lead = inside.len() - inside.trim_start().len();
        Some((start + lead, inside.trim()))
    })
}

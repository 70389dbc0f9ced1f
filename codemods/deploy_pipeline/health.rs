//! A route that says that the server is well, where the framework's own server serves and none does.

use super::ID;
use crate::repository_hygiene::commands::Commands;
use audit::{Confidence, Finding, Rule, Severity, Survey};
use edit::{Edit, Piece, RelPath, Span};
use plan::{Change, Request, Safety};

pub(super) const HEALTH: Rule = Rule {
    id: "deploy-pipeline/no-health",
    title: "Nothing answers whether the server is well",
    severity: Severity::Note,
    why: "Whoever watches over a deployment, or waits for it before visitors are sent there, has only pages to ask, and these fail for many reasons.",
    aliases: &[],
};

/// Where the route goes, if the app needs one.
fn place(survey: &Survey<'_>) -> Option<RelPath> {
    let commands = Commands::of(survey)?;
    let pages = survey.stack.server?.pages()?;
    let path = pages.health(survey.project, commands.app)?;
    (!super::exported(survey, &commands)).then_some(path)
}

pub(super) fn find(survey: &Survey<'_>) -> Option<Finding> {
    let path = place(survey)?;
    let commands = Commands::of(survey)?;
    Some(Finding {
        rule: HEALTH.id,
        severity: HEALTH.severity,
        confidence: Confidence::Certain,
        span: Span::new(commands.package.manifest, 0..0),
        message: "Nothing answers whether the server is well.".into(),
        why: HEALTH.why.into(),
        todo: format!("Add `{path}`, which answers without asking anything else."),
        related: Vec::new(),
        subject: String::new(),
    })
}

pub(super) fn fix(survey: &Survey<'_>, findings: &[Finding]) -> Option<Change> {
    let fixes: Vec<usize> = (0..findings.len()).filter(|at| findings[*at].rule == HEALTH.id).collect();
    let path = place(survey).filter(|_| !fixes.is_empty())?;
    let mut change = Change::new(ID, "Answer whether the server is well", Safety::Safe);
    change.fixes = fixes;
    let pieces = vec![Piece::text(include_str!("templates/next/health.ts"))]; // templates/
    change.requests.push(Request::File { path, pieces, mode: 0o644 });
    // Whoever asks has no session.
    if let Some(place) = audit::guard::exceptions(survey.project, "/api/health") {
        change.edits.push(Edit::replace(place, "api/health$|"));
    }
    Some(change)
}

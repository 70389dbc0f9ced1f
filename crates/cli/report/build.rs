//! Builds the report once, from what was read, found and planned.

use super::inventory::Inventory;
use super::redact::Redactor;
use super::{
    Beside, ChangeRow, FindingRow, FindingTotals, HeldRow, ProjectFacts, QueryTotals, RelatedRow, Report,
    Summary,
};
use super::{diff, feature, rotation, sarif};
use crate::selection::Selection;
use audit::{Finding, Severity, Survey, Treatment};
use codemods::Commands;
use plan::{Plan, Safety};
use project::Project;
use std::collections::BTreeSet;

/// What a terminal shows of a source line.
const EXCERPT: usize = 96;

/// Everything that a report is made of.
pub(crate) struct Made<'r, 'p> {
    /// What is there.
    pub(crate) survey: &'r Survey<'p>,
    /// What becomes of it.
    pub(crate) plan: &'r Plan,
    /// What was asked.
    pub(crate) selection: &'r Selection<'r>,
    /// What must not be shown.
    pub(crate) redactor: &'r Redactor,
}

impl Made<'_, '_> {
    /// The report, and a sentence for each entry of the baseline that no finding needs.
    pub(crate) fn report(&self) -> (Report, Vec<String>) {
        let Self { survey, plan, selection, redactor } = self;
        let bare: Vec<&Finding> = plan.findings.iter().map(|(finding, _)| finding).collect();
        let (prints, stale) = selection.fingerprints(survey, &bare);
        let rows = plan.findings.iter().zip(prints);
        let findings: Vec<_> =
            rows.map(|((finding, change), print)| self.finding(finding, change.as_deref(), print)).collect();
        let inventory = Inventory::of(survey, plan, redactor);
        let summary = Summary {
            findings: totals(&findings),
            queries: QueryTotals::of(&inventory),
            files_changed: plan.files.len(),
            manual: findings.iter().filter(|finding| finding.treatment == Treatment::Manual).count(),
        };
        let changes = self.changes();
        let beside = self.beside(&changes);
        let report = Report {
            format_version: super::FORMAT_VERSION,
            tool: super::TOOL,
            project: facts(survey),
            findings,
            inventory,
            changes,
            held: self.held(),
            summary,
            beside,
        };
        (report, stale)
    }

    fn finding(&self, finding: &Finding, change: Option<&str>, fingerprint: String) -> FindingRow {
        let file = self.survey.project.get(finding.span.file);
        let (line, column) = file.line_column(finding.span.start as usize);
        let (end_line, end_column) = file.line_column(finding.span.end as usize);
        let text = |text: &str| self.redactor.text(text);
        let safety = change.and_then(|id| self.plan.changes.iter().find(|(known, _)| known == id));
        let treatment = match safety.map(|(_, change)| change.safety) {
            Some(Safety::Safe) => Treatment::Safe,
            Some(Safety::Review) => Treatment::Review,
            None => Treatment::Manual,
        };
        let related = finding.related.iter().map(|related| {
            let file = self.survey.project.get(related.span.file);
            let line = file.line_column(related.span.start as usize).0;
            RelatedRow { path: file.path.to_string(), line, message: text(&related.message) }
        });
        FindingRow {
            fingerprint,
            rule: finding.rule,
            severity: finding.severity,
            confidence: finding.confidence,
            path: file.path.to_string(),
            line,
            column,
            end_line,
            end_column,
            message: text(&finding.message),
            why: text(&finding.why),
            todo: text(&finding.todo),
            treatment,
            change: change.filter(|_| treatment != Treatment::Manual).map(str::to_owned),
            related: related.collect(),
            excerpt: self.excerpt(finding),
        }
    }

    /// The first line of the finding, or the part of it around the finding if it is long.
    fn excerpt(&self, finding: &Finding) -> Option<String> {
        if finding.span.end == 0 {
            return None;
        }
        let source = &*self.survey.project.get(finding.span.file).text;
        let at = finding.span.start as usize;
        let start = source.get(..at)?.rfind('\n').map_or(0, |before| before + 1);
        // Redacted first, cut afterwards: half a value would pass.
        let line = source.get(start..)?.lines().next()?;
        let (before, behind) = (self.redactor.text(line.get(..at - start)?), self.redactor.text(line));
        let column = before.trim_start().chars().count();
        let line = behind.trim();
        let length = line.chars().count();
        let from =
            if length <= EXCERPT { 0 } else { column.saturating_sub(EXCERPT / 3).min(length - EXCERPT) };
        let cut: String =
            line.chars().skip(from).take(EXCERPT).filter(|letter| !letter.is_control()).collect();
        let (head, tail) = (if from > 0 { "…" } else { "" }, if from + EXCERPT < length { "…" } else { "" });
        (!cut.is_empty()).then(|| format!("{head}{cut}{tail}"))
    }

    fn changes(&self) -> Vec<ChangeRow> {
        diff::changes(self.survey, self.plan, self.redactor)
    }

    fn held(&self) -> Vec<HeldRow> {
        let row = |held: &plan::HeldChange| {
            let place = held.span.map(|span| (self.survey.project.get(span.file), span));
            HeldRow {
                change: held.change.clone(),
                because_of: held.because_of.clone(),
                path: place.map(|(file, _)| file.path.to_string()),
                line: place.map(|(file, span)| file.line_column(span.start as usize).0),
            }
        };
        self.plan.held.iter().map(row).collect()
    }

    fn beside(&self, changes: &[ChangeRow]) -> Beside {
        let Self { survey, plan, redactor, .. } = self;
        let (project, stack) = (survey.project, survey.stack);
        Beside {
            framework_title: if stack.framework.id() == "none" {
                "Unknown framework"
            } else {
                stack.framework.title()
            },
            tells: stack.builder.tells.iter().map(|tell| redactor.text(tell)).collect(),
            notices: notices(survey),
            rotation: rotation::list(survey),
            diff: feature::diff(survey, plan, changes),
            fixes: sarif::fixes(survey, plan, redactor),
            prefix: prefix(project),
            files: project.files.iter().filter(|file| file.skipped.is_none()).count(),
        }
    }
}

fn totals(findings: &[FindingRow]) -> FindingTotals {
    let of = |severity: Severity| findings.iter().filter(|finding| finding.severity == severity).count();
    FindingTotals { hole: of(Severity::Hole), warning: of(Severity::Warning), note: of(Severity::Note) }
}

/// What the app is.
pub(crate) fn facts(survey: &Survey<'_>) -> ProjectFacts {
    let (project, stack) = (survey.project, survey.stack);
    let mut app_roots: Vec<String> = project.apps.iter().map(|app| shown(&app.folder)).collect();
    if app_roots.is_empty() {
        app_roots.push(".".to_owned());
    }
    ProjectFacts {
        app_roots,
        builder: stack.builder.id,
        generation: stack.generation,
        framework: stack.framework.id(),
        framework_version: stack.framework_version.clone(),
        backends: stack.backends.iter().map(|backend| backend.id()).collect(),
        auth: auth(survey),
        package_manager: Commands::of(survey)
            .map(|commands| commands.manager)
            .or(project.apps.first().map(|app| app.manager))
            .map(|manager| manager.id()),
        // Two decimals: more would only say how the tell-tales are weighed.
        confidence: (stack.builder.confidence * 100.0).round() / 100.0,
    }
}

/// By whom people are signed in: the services whose auth is called, tokens of the app's own, logins that are none.
fn auth(survey: &Survey<'_>) -> Vec<&'static str> {
    use audit::session::Kind;
    let of = |session: &audit::session::Session| match session.kind {
        Kind::Auth | Kind::Subscription => {
            session.client.and_then(|at| survey.clients.get(at)).map(|client| client.backend)
        }
        Kind::Token => Some("own-jwt"),
        Kind::Fake => Some("fake"),
        _ => None,
    };
    survey.sessions.iter().filter_map(of).collect::<BTreeSet<_>>().into_iter().collect()
}

/// A folder, as people write it.
fn shown(folder: &str) -> String {
    if folder.is_empty() { ".".to_owned() } else { folder.to_owned() }
}

fn notices(survey: &Survey<'_>) -> Vec<String> {
    let (project, stack) = (survey.project, survey.stack);
    let mut notices = Vec::new();
    notices.extend(stack.framework.unsupported().map(str::to_owned));
    if !project.ambiguous_roots.is_empty() {
        notices.push(ambiguous(project));
    }
    for file in
        project.files.iter().filter(|file| file.path.name() == "package.json" && file.skipped.is_none())
    {
        if !project.packages.iter().any(|package| package.manifest == file.id) {
            notices.push(format!(
                "{} is not valid JSON, so the app that it describes is not known. Mend it first.",
                file.path
            ));
        }
    }
    notices
}

/// Why the program must not choose between apps.
pub(crate) fn ambiguous(project: &Project) -> String {
    let roots = project
        .ambiguous_roots
        .iter()
        .map(|root| format!("`{}`", shown(root)))
        .collect::<Vec<_>>()
        .join(" and ");
    format!(
        "{roots} hold the same kind of app, and only you know which one is in use. Name it with --root; the other is left as it is."
    )
}

/// The folder below the top of the repository, with a `/` at its end; `""` if it is the top, or there is no repository.
fn prefix(project: &Project) -> String {
    let below = project.vcs.top.as_ref().and_then(|top| {
        let (top, root) = (top.canonicalize().ok()?, project.root.canonicalize().ok()?);
        Some(root.strip_prefix(top).ok()?.to_string_lossy().replace('\\', "/"))
    });
    below.filter(|below| !below.is_empty()).map_or(String::new(), |below| below + "/")
}

/// A builder, as it writes itself.
pub(crate) fn builder_title(id: &str) -> &str {
    match id {
        "lovable" => "Lovable",
        "bolt" => "Bolt",
        other => other,
    }
}

//! The plan as a diff for people: unified, every secret masked.

use crate::{Outcome, Plan, Redactor, copied, text_after};
use audit::Survey;
use edit::diff::{FileDiff, Version, unified};

/// What becomes of every file, by path. Secrets are masked before the lines are compared, so that one that spans lines, or
/// stands in a line that only gives context, is masked, too.
pub fn diffs_shown(survey: &Survey<'_>, plan: &Plan, redactor: &Redactor) -> Vec<FileDiff> {
    let mut diffs = Vec::new();
    for (path, outcome) in &plan.files {
        let (before, mode_after) = match outcome {
            Outcome::Created { mode, .. } => (None, Some(*mode)),
            Outcome::Deleted { file } => (Some(survey.project.get(*file)), None),
            Outcome::Edited { file, .. } | Outcome::Untracked { file, .. } => {
                let file = survey.project.get(*file);
                (Some(file), Some(file.mode))
            }
            Outcome::UntrackedFolder => continue,
        };
        let source = copied::source(survey, plan, outcome);
        let before = before.or_else(|| source.map(|file| survey.project.get(file)));
        let old = before.map(|file| (&file.path, redactor.redact(&file.text), file.mode));
        let new = mode_after.map(|mode| (redactor.redact(&text_after(survey, outcome)), mode));
        let mut diff = FileDiff::between(
            old.as_ref().map(|(path, text, mode)| Version { path, mode: *mode, text }),
            new.as_ref().map(|(text, mode)| Version { path, mode: *mode, text }),
        );
        diff.copied = source.is_some();
        diffs.push(diff);
    }
    diffs
}

/// The whole plan as a unified diff for people, every secret masked. What only leaves git's index is named.
pub fn diff_shown(survey: &Survey<'_>, plan: &Plan) -> String {
    let untracked = plan.files.iter().filter_map(|(path, outcome)| match outcome {
        Outcome::Untracked { .. } => Some(path.to_string()),
        Outcome::UntrackedFolder => Some(format!("{path}/")),
        _ => None,
    });
    let mut shown: String =
        untracked.map(|path| format!("# {path} stays on disk and leaves git\n")).collect();
    shown.extend(diffs_shown(survey, plan, &Redactor::of(survey)).iter().map(unified));
    shown
}

/// `text` with every secret of the survey masked (`sk-p…#1a2b3c4d`). For many texts make one [`Redactor`].
pub fn redact(text: &str, survey: &Survey<'_>) -> String {
    Redactor::of(survey).redact(text)
}

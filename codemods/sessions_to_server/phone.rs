//! A phone app that packs the built pages: there is no server beside them on the phone.

use super::asked;
use super::decide::{Decision, decide};
use audit::{Confidence, Finding, Rule, Severity, Survey};

pub(super) const SHELL: Rule = Rule {
    id: "sessions-to-server/phone-shell",
    title: "A phone app packs the built pages, without their server",
    severity: Severity::Warning,
    why: "Pages ask `/api` of where they come from. Inside the phone app that is the phone, where nobody answers: nobody could sign in.",
    aliases: &[],
};

/// The configuration of such an app, if it says nothing of where the pages are served.
pub(super) fn shell(survey: &Survey<'_>) -> Option<Finding> {
    if !asked::have_moved(survey) && !matches!(*decide(survey), Decision::Moves(_)) {
        return None;
    }
    let config = survey.project.files.iter().find(|file| {
        file.path.name().starts_with("capacitor.config.") && !survey.project.on_phone(file.id)
    })?;
    let served = config.text.contains("server") && config.text.contains("url");
    (!served).then(|| Finding {
        rule: SHELL.id,
        severity: SHELL.severity,
        confidence: Confidence::Certain,
        span: config.span(0..0),
        message: "The phone app packs the built pages, and the server that they ask is not there.".into(),
        why: SHELL.why.into(),
        todo: "Let it load the deployed pages: `server: { url: \"https://…\" }` in this file, then build and publish the phone app again. Until then its old version goes on as it is.".into(),
        related: Vec::new(),
        subject: String::new(),
    })
}

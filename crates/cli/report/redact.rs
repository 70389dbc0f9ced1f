//! No secret value in any output: every text that quotes the source goes through [`Redactor::text`] when the report is built, and
//! whatever is printed through [`Redactor::net`], whoever wrote it.

use audit::Survey;

/// The net is cast over whole documents, whose own keys and words a short value (`password`) would hit. What is shorter was
/// masked in the texts that the document is made of.
const NET: usize = 12;

/// The secret values of a survey, to hide.
#[derive(Clone, Debug, Default)]
pub(crate) struct Redactor {
    /// All of them.
    pub(crate) all: plan::Redactor,
    long: plan::Redactor,
}

impl Redactor {
    /// Hides every secret of the survey. Keys that are public by design are no secrets.
    pub(crate) fn of(survey: &Survey<'_>) -> Self {
        let secrets = survey.secrets.iter().filter(|secret| !secret.public_by_design && !secret.placeholder);
        let long = secrets.filter(|secret| secret.value.len() >= NET);
        let long = plan::Redactor::new(long.map(|secret| (secret.value.as_str(), secret.masked.as_str())));
        Self { all: plan::Redactor::of(survey), long }
    }

    /// A text that may quote the source, with every secret value as its mask.
    pub(crate) fn text(&self, text: &str) -> String {
        self.all.redact(text)
    }

    /// A whole document, made of texts that were redacted one by one.
    pub(crate) fn net(&self, document: &str) -> String {
        self.long.redact(document)
    }
}

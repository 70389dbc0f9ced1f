//! No secret value in any output: every text that a user may see goes through one function over all secret values of the survey.

use audit::Survey;

/// Shorter values are ordinary words too often (`demo`): they are masked where a text quotes the source, but not in whole
/// documents, whose own keys they might hit.
const NET: usize = 12;

/// The values to hide, longest first, so that one that holds another is masked as a whole.
#[derive(Clone, Debug, Default)]
pub(crate) struct Redactor {
    values: Vec<(String, String)>,
}

impl Redactor {
    /// Hides every secret of the survey. Keys that are public by design are no secrets.
    pub(crate) fn of(survey: &Survey<'_>) -> Self {
        let secrets = survey.secrets.iter().filter(|secret| !secret.public_by_design);
        Self::new(secrets.map(|secret| (secret.value.clone(), secret.masked.clone())))
    }

    fn new(values: impl Iterator<Item = (String, String)>) -> Self {
        let mut values: Vec<_> = values.filter(|(value, _)| !value.is_empty()).collect();
        values.sort_by(|(one, _), (other, _)| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        values.dedup();
        Self { values }
    }

    /// A text that may quote the source, with every secret value as its mask.
    pub(crate) fn text(&self, text: &str) -> String {
        self.replaced(text, 0)
    }

    /// A whole document, made of texts that were redacted one by one: the net below them.
    pub(crate) fn net(&self, document: &str) -> String {
        self.replaced(document, NET)
    }

    fn replaced(&self, text: &str, shortest: usize) -> String {
        let mut text = text.to_owned();
        for (value, mask) in self.values.iter().filter(|(value, _)| value.len() >= shortest) {
            if text.contains(value.as_str()) {
                text = text.replace(value.as_str(), mask);
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::Redactor;

    fn redactor(values: &[(&str, &str)]) -> Redactor {
        Redactor::new(values.iter().map(|(value, mask)| ((*value).to_owned(), (*mask).to_owned())))
    }

    #[test]
    fn a_value_that_holds_another_is_masked_as_a_whole() {
        let redactor = redactor(&[("fake", "f…"), ("postgres://u:fake@host/db", "post…")]);
        assert_eq!(
            redactor.text("connect(\"postgres://u:fake@host/db\", \"fake\")"),
            "connect(\"post…\", \"f…\")"
        );
    }

    #[test]
    fn a_short_value_does_not_hit_the_keys_of_a_document() {
        assert_eq!(redactor(&[("secret", "se…")]).net("{\"secrets\": []}"), "{\"secrets\": []}");
    }
}

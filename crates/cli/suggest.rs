//! The nearest known word to one that is not known.

/// The end of a sentence about a word that is not known: the one that may be meant, or a full stop.
pub(crate) fn end<'w>(found: &str, known: impl IntoIterator<Item = &'w str>) -> String {
    nearest(found, known).map_or(".".to_owned(), |word| format!("; did you mean `{word}`?"))
}

/// The known word with the fewest typing slips, if it is near enough to be meant.
pub(crate) fn nearest<'w>(found: &str, known: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let found = found.to_lowercase().replace('_', "-");
    let slips = known.into_iter().map(|word| (strsim::damerau_levenshtein(&found, word), word));
    let (slips, word) = slips.min()?;
    (slips <= found.chars().count().max(3) / 3).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_is_understood_and_another_word_is_not() {
        let known = ["secrets-to-env", "env-contract"];
        assert_eq!(nearest("secret-to-env", known), Some("secrets-to-env"));
        assert_eq!(nearest("secrets_to_env", known), Some("secrets-to-env"));
        assert_eq!(nearest("deploy", known), None);
    }
}

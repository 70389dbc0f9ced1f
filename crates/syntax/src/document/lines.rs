//! Files that are lists of lines, such as `.gitignore`.

/// What to insert so that all of `lines` are there: present ones are not repeated; the rest goes to the end under `heading`
/// (a comment line), in the file's line ends. Empty if nothing is missing.
pub fn added(_text: &str, _heading: &str, _lines: &[&str]) -> Vec<super::Replacement> {
    Vec::new()
}

//! How a file reads a variable that this codemod brings into it: through the checked env module of its side where there is one.

use crate::env_contract::contract;
use audit::Survey;
use edit::FileId;
use plan::Request;

/// The expression, and what it needs.
pub(super) struct Access {
    pub(super) expression: String,
    pub(super) requests: Vec<Request>,
    /// Whether a missing variable stops the program where it is read, instead of being `undefined`.
    pub(super) checked: bool,
}

/// How `file` reads `name`.
pub(super) fn access(survey: &Survey<'_>, file: FileId, name: &str) -> Access {
    let contract::Access { expression, requests } = contract::access(survey, file, name);
    let checked = !requests.is_empty();
    Access { expression, requests, checked }
}

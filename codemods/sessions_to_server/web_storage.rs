//! Reads of the session where the library kept it: in web storage.

use super::client::in_browser;
use super::uses;
use audit::Survey;
use edit::Span;

/// Files of the page that read the session where the library keeps it.
pub(super) fn reads(survey: &Survey<'_>) -> Vec<(Span, String)> {
    let mut found = Vec::new();
    for file in uses::code(survey).filter(|file| in_browser(survey.stack.side(file.id))) {
        for word in ["-auth-token", "supabase.auth.token"] {
            let places = file.text.match_indices(word).filter(|(at, _)| {
                let line = file.text[..*at].rfind('\n').map_or(0, |start| start + 1);
                let line = file.text[line..].lines().next().unwrap_or("");
                line.contains("Storage") && line.contains("getItem")
            });
            found.extend(places.map(|(at, word)| {
                let why = "reads the session from web storage, where it is no longer. Ask the client for it.";
                (file.span(at..at + word.len()), why.to_owned())
            }));
        }
    }
    found
}

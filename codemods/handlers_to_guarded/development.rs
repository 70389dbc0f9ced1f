//! Handlers that only a developer's machine runs.

use audit::Survey;
use audit::handler::Handler;

/// Whether a handler refuses first of all where the app runs for others: `if (process.env.NODE_ENV === "production") return …`.
pub(super) fn only(survey: &Survey<'_>, handler: &Handler) -> bool {
    let text = survey.project.get(handler.span.file).text.get(handler.span.range()).unwrap_or_default();
    let flat: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    let flat = flat.replace('\'', "\"");
    let refuses = ["if(process.env.NODE_ENV===\"production\")", "if(process.env.NODE_ENV!==\"development\")"];
    refuses.iter().filter_map(|mark| flat.split_once(mark)).any(|(before, after)| {
        // Nothing was awaited before, and the branch leaves.
        let after = after.strip_prefix('{').unwrap_or(after);
        !before.contains("await") && (after.starts_with("return") || after.starts_with("throw"))
    })
}

//! Settings of the app's type check that what is written for it must live with.

use audit::Survey;
use project::package::App;
use project::{File, Project};
use syntax::document::json;

/// The files in which an app sets them.
const FILES: &[&str] = &["tsconfig.json", "tsconfig.app.json", "tsconfig.base.json"];

/// Whether the app's type check has `setting` turned on.
pub(crate) fn asks(survey: &Survey<'_>, app: &App, setting: &str) -> bool {
    FILES.iter().filter_map(|name| of(survey.project, app, name)).any(|file| says(file, setting))
}

/// Whether the type check of a file's app tells a value from one that may be null.
pub(crate) fn checks_null(survey: &Survey<'_>, file: &File) -> bool {
    let apps = survey.project.apps.iter();
    let around = apps.filter(|app| file.path.as_str().starts_with(app.folder.as_str()));
    let Some(app) = around.max_by_key(|app| app.folder.len()) else { return false };
    let off = |file: &File| file.text.replace([' ', '\t'], "").contains("\"strictNullChecks\":false");
    let files = || FILES.iter().filter_map(|name| of(survey.project, app, name));
    !files().any(off) && (asks(survey, app, "strict") || asks(survey, app, "strictNullChecks"))
}

/// Whether one of its files turns `setting` on.
pub(crate) fn says(file: &File, setting: &str) -> bool {
    let text: String = file.text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
    text.split_once(&format!("\"{setting}\""))
        .is_some_and(|(_, rest)| rest.trim_start_matches([':', ' ', '\t']).starts_with("true"))
}

/// Whether the app's type check may look at a file: `include` names what it looks at, and without it that is everything.
pub(crate) fn looks_at(survey: &Survey<'_>, app: &App, path: &str) -> bool {
    let within = path.strip_prefix(app.folder.as_str()).unwrap_or(path).trim_start_matches('/');
    let mut listed = FILES
        .iter()
        .filter_map(|name| of(survey.project, app, name))
        .flat_map(|file| {
            let strings = json::strings(&file.text).into_iter();
            strings
                .filter(
                    |scalar| matches!(scalar.path.as_slice(), [key, _] if key == "include" || key == "files"),
                )
                .map(|scalar| file.text[scalar.range].trim_matches('"').trim_start_matches("./").to_owned())
        })
        .peekable();
    let fits = |pattern: String| within.starts_with(pattern.split('*').next().unwrap_or_default());
    listed.peek().is_none() || listed.any(fits)
}

fn of<'p>(project: &'p Project, app: &App, name: &str) -> Option<&'p File> {
    let path = if app.folder.is_empty() { name.to_owned() } else { format!("{}/{name}", app.folder) };
    project.file(&path)
}

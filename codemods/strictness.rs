//! Settings of the app's type check that what is written for it must live with.

use audit::Survey;
use project::package::App;
use project::{File, Project};

/// The files in which an app sets them.
const FILES: &[&str] = &["tsconfig.json", "tsconfig.app.json", "tsconfig.base.json"];

/// Whether the app's type check has `setting` turned on.
pub(crate) fn asks(survey: &Survey<'_>, app: &App, setting: &str) -> bool {
    FILES.iter().filter_map(|name| of(survey.project, app, name)).any(|file| {
        let text: String =
            file.text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
        text.split_once(&format!("\"{setting}\""))
            .is_some_and(|(_, rest)| rest.trim_start_matches([':', ' ', '\t']).starts_with("true"))
    })
}

fn of<'p>(project: &'p Project, app: &App, name: &str) -> Option<&'p File> {
    let path = if app.folder.is_empty() { name.to_owned() } else { format!("{}/{name}", app.folder) };
    project.file(&path)
}

//! Line ends and indentation, said once for every editor and for git.

use audit::Survey;
use edit::{Piece, RelPath};
use plan::Request;
use project::{File, Kind};

const EDITORS: &str = include_str!("templates/any/editorconfig");
const ATTRIBUTES: &str = include_str!("templates/any/gitattributes");
const GENERATED: &str = "\n# Left out of language statistics and folded in reviews.\n";

/// The files that the root lacks. None in a folder of a larger repository: the settings belong to its top.
pub(super) fn missing(survey: &Survey<'_>) -> Vec<&'static str> {
    let top = survey.project.vcs.top.as_ref().is_none_or(|top| *top == survey.project.root);
    let mut missing = Vec::new();
    if top && !survey.project.apps.is_empty() {
        let names = [".editorconfig", ".gitattributes"];
        missing.extend(names.into_iter().filter(|name| survey.project.file(name).is_none()));
    }
    // With files of both kinds a rule would show every one of the other kind as changed.
    if code(survey).any(|file| file.text.contains("\r\n")) {
        missing.clear();
    }
    missing
}

/// Requests for them, in the style that the code has.
pub(super) fn requests(survey: &Survey<'_>) -> Vec<Request> {
    let indent = indentation(survey);
    let kept = survey.project.packages.iter().filter_map(|package| super::lockfiles::kept(survey, package));
    let text = kept.filter(|lockfile| lockfile.path.extension() != "lockb");
    let mut generated: Vec<String> =
        text.map(|lockfile| format!("{} linguist-generated\n", lockfile.path.name())).collect();
    generated.sort();
    generated.dedup();
    let generated =
        if generated.is_empty() { String::new() } else { format!("{GENERATED}{}", generated.concat()) };
    let request = |name: &'static str| {
        let text = match name {
            ".editorconfig" => EDITORS.replace("__INDENT__", &indent),
            _ => format!("{ATTRIBUTES}{generated}"),
        };
        Some(Request::File { path: RelPath::new(name)?, pieces: vec![Piece::text(text)], mode: 0o644 })
    };
    missing(survey).into_iter().filter_map(request).collect()
}

fn code<'s>(survey: &'s Survey<'_>) -> impl Iterator<Item = &'s File> {
    survey.project.files.iter().filter(|file| matches!(file.kind, Kind::Code(_)) && file.skipped.is_none())
}

/// What most lines are indented by.
fn indentation(survey: &Survey<'_>) -> String {
    let (mut tabs, mut two, mut four) = (0usize, 0usize, 0usize);
    for file in code(survey) {
        let first = file
            .text
            .lines()
            .find(|line| line.starts_with([' ', '\t']) && !line.trim_start().starts_with('*'));
        let Some(first) = first else { continue };
        let width = first.len() - first.trim_start_matches(' ').len();
        match (first.starts_with('\t'), width) {
            (true, _) => tabs += 1,
            (_, 2) => two += 1,
            (_, 4) => four += 1,
            _ => {}
        }
    }
    if tabs > two && tabs > four {
        "indent_style = tab".to_owned()
    } else {
        format!("indent_style = space\nindent_size = {}", if four > two { 4 } else { 2 })
    }
}

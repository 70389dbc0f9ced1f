//! What the plan does to the files, as diffs and as numbers.

use super::ChangeRow;
use super::redact::Redactor;
use audit::Survey;
use edit::diff::{FileDiff, Version};
use edit::merge::{Group, merge, render};
use edit::{FileId, RelPath};
use plan::{Change, Plan, Request, Safety};
use std::collections::BTreeSet;

/// The changes as rows, in the order of the plan.
pub(crate) fn changes(survey: &Survey<'_>, plan: &Plan, redactor: &Redactor) -> Vec<ChangeRow> {
    plan.changes.iter().map(|(id, change)| row(survey, id, change, redactor)).collect()
}

fn row(survey: &Survey<'_>, id: &str, change: &Change, redactor: &Redactor) -> ChangeRow {
    let path = |file: FileId| survey.project.get(file).path.to_string();
    let mut files: BTreeSet<String> = change.edits.iter().map(|edit| path(edit.span.file)).collect();
    let mut creates: BTreeSet<String> = change.creates.iter().map(|new| new.path.to_string()).collect();
    for request in &change.requests {
        match place(request) {
            Place::File(file) => files.insert(path(file)),
            Place::Path(path) if survey.project.file(path.as_str()).is_some() => {
                files.insert(path.to_string())
            }
            Place::Path(path) => creates.insert(path.to_string()),
        };
    }
    for one in &change.moves {
        creates.insert(one.to.to_string());
        if one.leaves.is_some() {
            files.insert(path(one.file));
        }
    }
    let gone = change.moves.iter().filter(|one| one.leaves.is_none()).map(|one| one.file);
    let gone: Vec<FileId> = change.deletes.iter().copied().chain(gone).collect();
    files.extend(change.untracks.iter().map(|file| path(*file)));
    files.extend(change.untracks_folders.iter().map(|folder| format!("{folder}/")));
    let (insertions, deletions) = lines(survey, change);
    ChangeRow {
        id: id.to_owned(),
        codemod: change.codemod.to_owned(),
        title: redactor.text(&change.title),
        safety: match change.safety {
            Safety::Safe => "safe",
            Safety::Review => "review",
        },
        files: files.into_iter().collect(),
        creates: creates.into_iter().collect(),
        deletes: gone.into_iter().map(path).collect(),
        insertions,
        deletions,
    }
}

enum Place<'r> {
    File(FileId),
    Path(&'r RelPath),
}

fn place(request: &Request) -> Place<'_> {
    match request {
        Request::Import { file, .. } => Place::File(*file),
        Request::Json { path, .. }
        | Request::JsonRemove { path, .. }
        | Request::Line { path, .. }
        | Request::Env { path, .. }
        | Request::File { path, .. }
        | Request::ModuleItem { path, .. } => Place::Path(path),
    }
}

/// Lines that this change brings and takes by itself. What it shares with others (an import, a line of a list) counts for each
/// of them, so the sum may be over the total of the diff.
fn lines(survey: &Survey<'_>, change: &Change) -> (usize, usize) {
    let text = |file: FileId| survey.project.files.get(file.0 as usize).map_or("", |file| &*file.text);
    let group = Group { edits: change.edits.clone(), creates: Vec::new(), deletes: change.deletes.clone() };
    let merged = merge(&text, &[group]);
    let (mut insertions, mut deletions) = (0, 0);
    let root = RelPath::new("file");
    for (file, edits) in &merged.edits {
        let after = edit::merge::apply(&text, *file, edits);
        let version = |text| root.as_ref().map(|path| Version { path, mode: 0o644, text });
        let diff = FileDiff::between(version(text(*file)), version(&after));
        insertions += diff.insertions();
        deletions += diff.deletions();
    }
    deletions += change.deletes.iter().map(|file| text(*file).lines().count()).sum::<usize>();
    insertions += change.creates.iter().map(|new| render(&text, &new.pieces).lines().count()).sum::<usize>();
    for request in &change.requests {
        match request {
            Request::JsonRemove { .. } => deletions += 1,
            Request::Json { .. } | Request::Line { .. } | Request::Env { .. } | Request::Import { .. } => {
                insertions += 1
            }
            Request::File { pieces, .. } | Request::ModuleItem { pieces, .. } => {
                insertions += render(&text, pieces).lines().count();
            }
        }
    }
    (insertions, deletions)
}

/// The files with their inserted and deleted lines, and the totals.
pub(crate) fn stat(diffs: &[FileDiff]) -> String {
    let path = |diff: &FileDiff| {
        diff.new_path.as_ref().or(diff.old_path.as_ref()).map_or("", RelPath::as_str).to_owned()
    };
    let width = diffs.iter().map(|diff| path(diff).chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    let (mut insertions, mut deletions) = (0, 0);
    for diff in diffs {
        let what = match (&diff.old_path, &diff.new_path) {
            (None, _) => "  new",
            (_, None) => "  deleted",
            _ if diff.copied => "  copied",
            _ => "",
        };
        text += &format!("  {:<width$}  +{} -{}{what}\n", path(diff), diff.insertions(), diff.deletions());
        insertions += diff.insertions();
        deletions += diff.deletions();
    }
    text + &format!("  {}, +{insertions} -{deletions}\n", super::count(diffs.len(), "file"))
}

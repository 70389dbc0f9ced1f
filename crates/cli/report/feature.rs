//! The diff in the order in which it is reviewed: by what the changes are for, one feature after the other, and at the end the
//! files that several features ask something of. What stands between the files is a comment to `git apply` and `patch`.

use super::ChangeRow;
use audit::Survey;
use edit::diff::{FileDiff, unified};
use plan::{Outcome, Plan, Redactor};
use std::collections::{BTreeMap, BTreeSet};

/// How many titles of changes a heading names.
const TITLES: usize = 6;

/// The changes by codemod, in the order of the plan.
pub(crate) fn features(changes: &[ChangeRow]) -> Vec<(&str, Vec<&ChangeRow>)> {
    let mut features: Vec<(&str, Vec<&ChangeRow>)> = Vec::new();
    for change in changes {
        match features.iter_mut().find(|(codemod, _)| *codemod == change.codemod) {
            Some((_, own)) => own.push(change),
            None => features.push((&change.codemod, vec![change])),
        }
    }
    features
}

/// What a codemod is for, one line.
pub(crate) fn purpose(codemod: &str) -> &'static str {
    let abouts = crate::settings::abouts();
    abouts.into_iter().find(|about| about.id == codemod).map_or("", |about| about.title)
}

/// All paths that a change touches.
pub(crate) fn paths(change: &ChangeRow) -> impl Iterator<Item = &str> {
    let lists = [&change.files, &change.creates, &change.deletes];
    lists.into_iter().flatten().map(String::as_str)
}

/// All paths that any of them touches.
pub(crate) fn paths_of(changes: &[ChangeRow]) -> impl Iterator<Item = &str> {
    changes.iter().flat_map(paths)
}

/// Files that belong to no feature, because any may ask something of them.
fn is_shared(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name == "package.json" || name.starts_with(".env") || name == ".gitignore"
}

/// The whole diff, every secret masked.
pub(crate) fn diff(survey: &Survey<'_>, plan: &Plan, changes: &[ChangeRow]) -> String {
    let features = features(changes);
    let mut owners: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for (at, (_, changes)) in features.iter().enumerate() {
        for path in changes.iter().flat_map(|change| paths(change)) {
            owners.entry(path).or_default().insert(at);
        }
    }
    let mut parts: Vec<Vec<FileDiff>> = vec![Vec::new(); features.len() + 1];
    for diff in plan::diffs_shown(survey, plan, &Redactor::of(survey)) {
        let path = diff.new_path.as_ref().or(diff.old_path.as_ref()).map_or("", |path| path.as_str());
        let owners = owners.get(path);
        let many = owners.is_some_and(|owners| owners.len() > 1);
        let first = owners.and_then(|owners| owners.first().copied());
        let at = first.filter(|_| !(many && is_shared(path))).unwrap_or(features.len());
        parts[at].push(diff);
    }
    let mut text = String::new();
    for (path, outcome) in &plan.files {
        text += &match outcome {
            Outcome::Untracked { .. } => format!("# {path} stays on disk and leaves git\n"),
            Outcome::UntrackedFolder => format!("# {path}/ stays on disk and leaves git\n"),
            _ => continue,
        };
    }
    for (at, part) in parts.iter().enumerate().filter(|(_, part)| !part.is_empty()) {
        if features.len() > 1 {
            text += &match features.get(at) {
                Some((codemod, changes)) => heading(codemod, changes),
                None => "# == What several of these ask for\n".to_owned(),
            };
        }
        text.extend(part.iter().map(unified));
    }
    text
}

fn heading(codemod: &str, changes: &[&ChangeRow]) -> String {
    let mut text = format!("# == {} [{codemod}]\n", purpose(codemod));
    for change in changes.iter().take(TITLES) {
        text += &format!("#    {:<6}  {}\n", change.safety, change.title);
    }
    if changes.len() > TITLES {
        text += &format!("#    … and {}\n", super::count(changes.len() - TITLES, "more change"));
    }
    text
}

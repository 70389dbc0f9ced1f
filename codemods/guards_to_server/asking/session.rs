//! Whose session the guards of a page ask for, and whether they ask everyone.

use audit::Survey;
use audit::guard::Guard;
use edit::{FileId, Span};
use project::Project;
use std::collections::BTreeSet;

/// What asks the backend whose sessions the app's server reads from cookies.
const ASKS: &[&str] = &[".auth.getUser", ".auth.getSession", ".auth.getClaims", ".auth.onAuthStateChange"];

/// Words of what a guard may test beside the visitor: whether it knows already, and where it is.
const BESIDE: &[&str] = &[
    "user",
    "session",
    "auth",
    "profile",
    "role",
    "admin",
    "token",
    "claim",
    "account",
    "member",
    "logged",
    "signed",
    "load",
    "pending",
    "mount",
    "ready",
    "hydrat",
    "check",
    "init",
    "fetch",
    "error",
    "path",
    "router",
    "status",
    "data",
    "verif",
    "permission",
    "access",
    "typeof",
];

/// Whether one of the guards asks for that session.
pub(super) fn asked<'s>(
    survey: &'s Survey<'_>,
    mut guards: impl Iterator<Item = &'s Guard>,
) -> Result<(), String> {
    if guards.any(|guard| asks(survey.project, guard.span)) {
        return Ok(());
    }
    Err("Nothing tells whose session its guard asks for. Call the check of the app's own first in the page, outside of any `try`.".to_owned())
}

/// Whether the guards let nobody pass for another reason than a session.
pub(super) fn of_everyone<'s>(
    survey: &'s Survey<'_>,
    guards: impl Iterator<Item = &'s Guard>,
) -> Result<(), String> {
    for condition in guards.flat_map(|guard| &guard.conditions) {
        let file = survey.project.get(condition.file);
        let text = file.text.get(condition.range()).unwrap_or_default();
        let odd = text.split("&&").find(|part| {
            let lower = part.to_lowercase();
            !BESIDE.iter().any(|word| lower.contains(word))
        });
        if let Some(odd) = odd {
            let (line, odd) =
                (file.line_column(condition.start as usize).0, odd.trim().trim_matches(['(', ')']));
            return Err(format!(
                "Its guard at `{}:{line}` tests `{odd}` too: visitors without a session may pass. Write `await requireUser()` first in the page, if none may.",
                file.path
            ));
        }
    }
    Ok(())
}

/// Whether a guard, or what it calls in other modules, asks for that session.
fn asks(project: &Project, guard: Span) -> bool {
    let text = |file: FileId| &*project.get(file).text;
    let own = text(guard.file).get(guard.range()).unwrap_or_default();
    let marked = |text: &str| ASKS.iter().any(|mark| text.contains(mark));
    if marked(own) {
        return true;
    }
    let mut open: Vec<(FileId, u8)> =
        called(project, guard.file, own).into_iter().map(|file| (file, 0)).collect();
    // A helper of the guard's own file.
    if !own.contains("cookies") && marked(text(guard.file)) {
        return true;
    }
    let mut seen = BTreeSet::new();
    while let Some((file, depth)) = open.pop() {
        if !seen.insert(file) {
            continue;
        }
        if marked(text(file)) {
            return true;
        }
        if depth < 2 {
            open.extend(called(project, file, text(file)).into_iter().map(|next| (next, depth + 1)));
        }
    }
    false
}

/// The modules whose functions a code calls.
fn called(project: &Project, file: FileId, code: &str) -> Vec<FileId> {
    let imports = &project.get(file).module.imports;
    let links = project.graph.links[file.0 as usize].iter();
    let used = links.filter(|link| {
        imports[link.import].names.iter().any(|name| code.contains(&format!("{}(", name.local)))
    });
    used.map(|link| link.target).collect()
}

//! The written scope: what is wrong, what the one pass will change, what is left to a person and how big that is, what must be
//! rotated, what to do in which order. Short enough to be read by whoever pays for the migration.

use super::{FindingRow, Report, count, effort, feature, title};
use audit::{Severity, Treatment};
use std::collections::BTreeSet;

/// How many places of one rule are named.
const PLACES: usize = 3;
/// How many holes of one rule are told one by one.
const TOLD: usize = 5;
/// How many changes of one feature are named.
const CHANGES: usize = 6;
/// How many pieces of advice one rule gets.
const ADVICE: usize = 3;

/// The page.
pub(crate) fn page(report: &Report) -> String {
    let mut page = format!("# Scope of the migration\n\n{}\n", what_it_is(report));
    for notice in &report.beside.notices {
        page += &format!("\n> {}\n", escaped(notice));
    }
    page += &in_numbers(report);
    page += &wrong(report);
    page += &changed(report);
    page += &left(report);
    page += &rotated(report);
    page += &next(report);
    page
}

fn what_it_is(report: &Report) -> String {
    let facts = &report.project;
    let title = report.beside.framework_title;
    let version = facts.framework_version.as_ref().map_or(String::new(), |version| format!(" {version}"));
    let made = match facts.builder {
        "unknown" => String::new(),
        builder => format!(", made with {}", super::build::builder_title(builder)),
    };
    let backend = if facts.backends.is_empty() {
        String::new()
    } else {
        format!(", backend {}", facts.backends.join(", "))
    };
    let found = report.summary.findings;
    format!(
        "A {} app{made}{backend}; {} read.\n\n**{}, {}, {}.** One pass makes {} in {}; {} left to a person.\n\n\
         A hole lets somebody read or do what they must not. A warning will hurt in production. A note is good to know.",
        escaped(&format!("{title}{version}")),
        count(report.beside.files, "file"),
        count(found.hole, "hole"),
        count(found.warning, "warning"),
        count(found.note, "note"),
        count(report.changes.len(), "change"),
        count(report.summary.files_changed, "file"),
        match report.summary.manual {
            1 => "1 finding is".to_owned(),
            manual => format!("{manual} findings are"),
        },
    )
}

/// What there is of each kind, and what becomes of it.
fn in_numbers(report: &Report) -> String {
    use plan::Disposition::{Declined, Moved, Proxied};
    let inventory = &report.inventory;
    let mut rows: Vec<[String; 4]> = Vec::new();
    let mut row = |what: &str, there: usize, done: String, open: String| {
        if there > 0 {
            rows.push([what.to_owned(), there.to_string(), done, open]);
        }
    };
    let secrets: Vec<_> = inventory.secrets.iter().filter(|secret| !secret.public_by_design).collect();
    let reported = secrets.iter().filter(|secret| secret.disposition == "reported").count();
    row(
        "Places that hold a secret",
        secrets.len(),
        format!("{} leave the source", secrets.len() - reported),
        format!("{reported} to take out"),
    );
    let browser = |side: stack::Side| matches!(side, stack::Side::Browser | stack::Side::Both);
    let queries: Vec<_> = inventory.queries.iter().filter(|query| browser(query.side)).collect();
    let of = |wanted| queries.iter().filter(|query| query.disposition == wanted).count();
    row(
        "Database, storage and function calls in the browser",
        queries.len(),
        format!("{} move to the server", of(Moved) + of(Proxied)),
        format!("{} stay", queries.len() - of(Moved) - of(Proxied)),
    );
    let sessions: Vec<_> = inventory.sessions.iter().collect();
    let of = |wanted| sessions.iter().filter(|session| session.disposition == wanted).count();
    row(
        "Sign-in and session code",
        sessions.len(),
        format!("{} move to the server", of(Moved) + of(Proxied)),
        by_hand(of(Declined), sessions.len() - of(Moved) - of(Proxied)),
    );
    let guards: Vec<_> = inventory.guards.iter().collect();
    let of = |wanted| guards.iter().filter(|guard| guard.disposition == wanted).count();
    row(
        "Guards of pages",
        guards.len(),
        format!("{} enforced by the server", of(Moved) + of(Proxied)),
        by_hand(of(Declined), guards.len() - of(Moved) - of(Proxied)),
    );
    let open = |auth: &str| matches!(auth, "none" | "optional");
    let handlers: Vec<_> = inventory.handlers.iter().filter(|handler| open(handler.auth)).collect();
    let left = handlers.iter().filter(|handler| handler.disposition != Moved);
    let left: Vec<_> = left.map(|handler| code(&format!("{}:{}", handler.path, handler.line))).collect();
    row(
        "Endpoints that ask nobody who they are",
        handlers.len(),
        format!("{} get a check", handlers.len() - left.len()),
        match left.len() {
            0 => "0 to decide".to_owned(),
            some => format!("{some} to decide: {}", named(left)),
        },
    );
    let tables: Vec<_> = inventory.tables.iter().filter(|table| table.defined_in.is_some()).collect();
    let bare = tables.iter().filter(|table| !table.rls).count();
    row("Tables", tables.len(), String::new(), format!("{bare} without row security today"));
    let settings = inventory.env.iter().filter(|name| !name.reads.is_empty()).count();
    let nowhere =
        inventory.env.iter().filter(|name| !name.reads.is_empty() && name.defined_in.is_empty()).count();
    row("Settings from the environment", settings, String::new(), format!("{nowhere} to set at the host"));
    if rows.is_empty() {
        return String::new();
    }
    let mut text = "\n| | found | the one pass | open |\n|---|---:|---|---|\n".to_owned();
    for [what, there, done, open] in rows {
        text += &format!("| {what} | {there} | {done} | {open} |\n");
    }
    text
}

/// What of `left` places is for a person, and what may stay.
fn by_hand(declined: usize, left: usize) -> String {
    match left - declined {
        0 => format!("{declined} by hand"),
        fine => format!("{declined} by hand, {fine} may stay as they are"),
    }
}

fn wrong(report: &Report) -> String {
    let mut text = "\n## What is wrong\n".to_owned();
    if report.findings.is_empty() {
        return text + "\nNothing was found.\n";
    }
    for (severity, heading) in [(Severity::Hole, "Holes"), (Severity::Warning, "Warnings")] {
        let groups = report.by_rule(severity);
        if groups.is_empty() {
            continue;
        }
        text += &format!("\n### {heading}\n\n");
        for (rule, group) in groups {
            let Some(first) = group.first() else { continue };
            // Holes are told one by one: what exactly is open is what the reader must know.
            let hole = severity == Severity::Hole;
            let places = if hole { String::new() } else { format!(" {}.", places(&group)) };
            text += &format!(
                "- **{}** ({}):{places} {} {}\n",
                escaped(title(rule)),
                resolved(&group),
                escaped(&first.why),
                code(&format!("[{rule}]")),
            );
            for finding in group.iter().filter(|_| hole).take(TOLD) {
                text += &format!(
                    "  - {} {}\n",
                    code(&format!("{}:{}", finding.path, finding.line)),
                    escaped(&finding.message)
                );
            }
            if hole && group.len() > TOLD {
                text += &format!(
                    "  - and {}: `migrate audit` lists them\n",
                    count(group.len() - TOLD, "more hole")
                );
            }
        }
    }
    let notes = report.by_rule(Severity::Note);
    if !notes.is_empty() {
        text += "\n### Notes\n\n";
        for (rule, group) in notes {
            text += &format!("- {} ({}): {}\n", escaped(title(rule)), resolved(&group), places(&group));
        }
    }
    text
}

/// Whether the pass resolves the findings of a rule.
fn resolved(group: &[&FindingRow]) -> String {
    let manual = group.iter().filter(|finding| finding.treatment == Treatment::Manual).count();
    match (group.len(), manual) {
        (_, 0) => "resolved by the pass".to_owned(),
        (all, manual) if all == manual => "left to you".to_owned(),
        (all, manual) => format!("{} of {all} resolved by the pass", all - manual),
    }
}

fn places(group: &[&FindingRow]) -> String {
    named(group.iter().map(|finding| code(&format!("{}:{}", finding.path, finding.line))).collect())
}

/// The first places by name, and how many more there are.
fn named(mut places: Vec<String>) -> String {
    places.dedup();
    let more = places.len().saturating_sub(PLACES);
    places.truncate(PLACES);
    if more > 0 { format!("{} and {more} more", places.join(", ")) } else { places.join(", ") }
}

fn changed(report: &Report) -> String {
    let mut text = "\n## What the one pass changes\n".to_owned();
    if report.changes.is_empty() {
        return text + "\nNothing.\n";
    }
    text += "\n";
    for (codemod, changes) in feature::features(&report.changes) {
        let files: BTreeSet<&str> = changes.iter().flat_map(|change| feature::paths(change)).collect();
        text += &format!("- **{}**, {}\n", escaped(feature::purpose(codemod)), count(files.len(), "file"));
        for change in changes.iter().take(CHANGES) {
            text += &format!("  - {} ({})\n", escaped(&change.title), change.safety);
        }
        if changes.len() > CHANGES {
            text += &format!("  - and {}\n", count(changes.len() - CHANGES, "more change"));
        }
    }
    text += "\nsafe: the app behaves as before, or more safely. review: look at the diff. A file may stand in several groups.\n";
    for held in &report.held {
        text += &format!("\nHeld: {} conflicts with {}.\n", code(&held.change), code(&held.because_of));
    }
    text
}

fn left(report: &Report) -> String {
    let mut text = "\n## What is left to a person\n".to_owned();
    let tasks = effort::tasks(report);
    if tasks.is_empty() {
        return text + "\nNothing.\n";
    }
    text.push('\n');
    for task in tasks.iter().filter(|task| task.severity != Severity::Note) {
        text += &format!(
            "- [ ] **{}**, {} of work: {}\n",
            escaped(title(task.rule)),
            task.effort.word(),
            places(&task.findings)
        );
        let mut said: Vec<&str> = Vec::new();
        for finding in &task.findings {
            if !said.contains(&finding.todo.as_str()) {
                said.push(&finding.todo);
            }
        }
        for todo in said.iter().take(ADVICE) {
            text += &format!("  - {}\n", escaped(todo));
        }
        if said.len() > ADVICE {
            text += &format!(
                "  - and {}; `migrate audit -v` has them all\n",
                count(said.len() - ADVICE, "more step")
            );
        }
    }
    let notes: usize =
        tasks.iter().filter(|task| task.severity == Severity::Note).map(|task| task.findings.len()).sum();
    if notes > 0 {
        text += &format!("- [ ] {} to look at when there is time: listed above\n", count(notes, "note"));
    }
    text
}

fn rotated(report: &Report) -> String {
    let mut text = "\n## What must be rotated\n".to_owned();
    if report.beside.rotation.is_empty() {
        let doubtful = report.inventory.secrets.iter().any(|secret| !secret.public_by_design);
        return text
            + match doubtful {
                true => {
                    "\nNothing for certain. Whether what is named above opens anything is yours to judge.\n"
                }
                false => "\nNothing: the files hold no secret. Older commits were not searched.\n",
            };
    }
    text += "\nThese were readable in the source or in git. A rewrite does not un-leak them: make a new one at the provider, revoke the old one.\n\n";
    for one in &report.beside.rotation {
        text += &format!(
            "- [ ] {}, {} {}: {}\n",
            code(&one.env_name),
            escaped(&one.kind),
            code(&one.masked),
            escaped(&one.whereabouts())
        );
    }
    text
}

/// The order in which all of it is done.
fn next(report: &Report) -> String {
    if report.changes.is_empty() {
        return String::new();
    }
    let paths = || feature::paths_of(&report.changes);
    let mut steps = Vec::new();
    if !report.beside.rotation.is_empty() {
        steps.push("Rotate what is listed above; do not wait for the rest.".to_owned());
    }
    steps.push("Read the diff: `migrate plan`. Leave out what you do not want with `--skip`.".to_owned());
    steps.push("`migrate apply`; `migrate undo` gives every byte back.".to_owned());
    if paths().any(|path| path.rsplit('/').next() == Some("package.json")) {
        let manager = report.project.package_manager.unwrap_or("npm");
        steps.push(format!("`{manager} install`, and commit the lockfile with the rest."));
    }
    if paths().any(|path| path.ends_with(".env.example")) {
        steps.push("Set at the host what `.env.example` names.".to_owned());
    }
    steps.push(
        "`migrate verify` builds and starts the migrated app in a scratch copy, and probes it.".to_owned(),
    );
    if paths().any(|path| path.ends_with(".sql") && path.contains("migrations/")) {
        let step = "Run the new migration: `supabase db push`, or the pipeline. Until then the database is as open as before.";
        steps.push(step.to_owned());
    }
    if report.findings.iter().any(|row| row.severity == Severity::Hole && row.treatment == Treatment::Manual)
    {
        steps.push("Close the holes that are left to you, before the first visitor comes.".to_owned());
    }
    let moved =
        report.inventory.sessions.iter().any(|session| session.disposition == plan::Disposition::Moved);
    let again = if moved { " Everybody signs in once more: sessions move into cookies." } else { "" };
    steps.push(format!("Deploy.{again}"));
    let mut text = "\n## What to do, in order\n\n".to_owned();
    for (at, step) in steps.iter().enumerate() {
        text += &format!("{}. {step}\n", at + 1);
    }
    text
}

/// Text as Markdown that means it. Code spans that a message holds stay what they are.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for (at, part) in text.split('`').enumerate() {
        if at > 0 {
            escaped.push('`');
        }
        // Every other part is inside backticks, where nothing but the bar of a table means anything.
        for letter in part.chars() {
            match letter {
                '\n' | '\r' => escaped.push(' '),
                '|' => escaped += "\\|",
                '<' | '>' | '*' | '_' | '[' | ']' | '\\' if at % 2 == 0 => escaped.extend(['\\', letter]),
                _ => escaped.push(letter),
            }
        }
    }
    escaped
}

/// A code span around any text.
fn code(text: &str) -> String {
    let text = text.replace(['\n', '\r'], " ");
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        assert_eq!(escaped("a|b <script> `c_d` e_f"), "a\\|b \\<script\\> `c_d` e\\_f");
        assert_eq!(code("a`b"), "`` a`b ``");
    }

    #[test]
    fn the_first_places_are_named_and_the_rest_are_counted() {
        let of = |count: usize| named((0..count).map(|at| format!("a:{at}")).collect());
        assert_eq!(of(2), "a:0, a:1");
        assert!(of(PLACES + 2).ends_with(" and 2 more"));
    }
}

//! The report for a person at a terminal: what the app is, what is wrong by severity and rule, what the one pass changes, what
//! is left, what must be rotated, the totals. Short unless asked: `--verbose` lists every place.

use super::rotation::Rotation;
use super::{ChangeRow, FindingRow, Report, count, effort};
use crate::console::Paint;
use audit::{Severity, Treatment};

/// How many places of one rule are listed unless all are asked for.
const PLACES: usize = 5;
/// Where lines of prose are broken.
const WIDTH: usize = 100;

/// Which page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    /// Findings in full, changes in short.
    Audit,
    /// Changes and their diff, findings only where a person is needed.
    Plan,
    /// Findings and changes, no diff.
    Check,
}

/// How it is printed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    /// Colours or none.
    pub(crate) paint: Paint,
    /// Whether everything is listed.
    pub(crate) verbose: bool,
}

/// The page.
pub(crate) fn page(report: &Report, view: View, style: Style) -> String {
    let mut page = format!("{}\n", header(report, style));
    if style.verbose && !report.beside.tells.is_empty() {
        let tells = format!("told by {}", report.beside.tells.join("; "));
        page += &style.paint.dim(&wrapped(&tells, "", "  "));
    }
    for notice in &report.beside.notices {
        page += &format!("\n{}", wrapped(notice, "! ", "  "));
    }
    match view {
        View::Audit | View::Check => {
            page += &findings(report, style);
            page += &changed(report, style);
            if style.verbose && view == View::Audit {
                page += &super::inventory::page::page(report, style);
            }
        }
        View::Plan => {
            page += &changed(report, style);
            page += &left(report, style);
            if !report.beside.diff.is_empty() {
                page += &format!("\n{}", style.paint.diff(&report.beside.diff));
            }
        }
    }
    page += &rotate(&report.beside.rotation, style);
    page + "\n" + &totals(report, view, style)
}

fn header(report: &Report, style: Style) -> String {
    let facts = &report.project;
    let mut parts = Vec::new();
    let title = report.beside.framework_title;
    parts.push(match &facts.framework_version {
        Some(version) => style.paint.bold(&format!("{title} {version}")),
        None => style.paint.bold(title),
    });
    if facts.builder != "unknown" {
        parts.push(format!("made with {}", super::build::builder_title(facts.builder)));
    }
    if !facts.backends.is_empty() {
        parts.push(format!("backend {}", facts.backends.join(", ")));
    }
    parts.extend(facts.package_manager.map(str::to_owned));
    match facts.app_roots.as_slice() {
        [root] if root == "." => {}
        [root] => parts.push(format!("app in {root}")),
        roots => parts.push(format!("apps in {}", roots.join(", "))),
    }
    parts.push(format!("{} read", count(report.beside.files, "file")));
    parts.join(" · ")
}

fn heading(severity: Severity, style: Style) -> String {
    match severity {
        Severity::Hole => style.paint.hole("Holes: somebody can read or do what they must not"),
        Severity::Warning => style.paint.warning("Warnings: this will hurt in production"),
        Severity::Note => style.paint.bold("Notes"),
    }
}

fn findings(report: &Report, style: Style) -> String {
    let mut text = String::new();
    for severity in [Severity::Hole, Severity::Warning, Severity::Note] {
        let groups = report.by_rule(severity);
        if groups.is_empty() {
            continue;
        }
        text += &format!("\n{}\n", heading(severity, style));
        for (rule, group) in groups {
            text += &format!(
                "\n  {} {}\n",
                style.paint.bold(super::title(rule)),
                style.paint.dim(&format!("[{rule}]"))
            );
            let shown = if style.verbose { group.len() } else { group.len().min(PLACES) };
            for finding in &group[..shown] {
                text += &one(finding, style);
            }
            if shown < group.len() {
                text += &format!("    … and {} (-v lists all)\n", count(group.len() - shown, "more place"));
            }
            // Why and what to do are said once for a rule where they are the same.
            let mut said: Vec<&str> = Vec::new();
            for finding in &group[..shown] {
                if !said.contains(&finding.why.as_str()) {
                    said.push(&finding.why);
                    text += &wrapped(&finding.why, "    why: ", "         ");
                }
            }
            for finding in &group[..shown] {
                if !said.contains(&finding.todo.as_str()) {
                    said.push(&finding.todo);
                    text += &wrapped(&finding.todo, "     do: ", "         ");
                }
            }
        }
    }
    text
}

fn one(finding: &FindingRow, style: Style) -> String {
    let place = format!("{}:{}:{}", finding.path, finding.line, finding.column);
    let mut text = wrapped(&finding.message, &format!("    {}  ", style.paint.path(&place)), "      ");
    if let Some(excerpt) = &finding.excerpt {
        text += &format!("      {} {}\n", style.paint.dim("|"), excerpt);
    }
    for related in &finding.related {
        let place = format!("{}:{}", related.path, related.line);
        text += &format!("      {} {}\n", style.paint.dim(&place), related.message);
    }
    if let Some(change) = &finding.change {
        text +=
            &format!("      {}\n", style.paint.dim(&format!("= {} {change}", treatment(finding.treatment))));
    }
    text
}

fn treatment(treatment: Treatment) -> &'static str {
    match treatment {
        Treatment::Safe => "resolved by the safe change",
        Treatment::Review => "resolved by the change to review",
        Treatment::Manual => "left to you",
    }
}

/// The changes as a table, and what is held.
pub(crate) fn changed(report: &Report, style: Style) -> String {
    let mut text = String::new();
    if !report.changes.is_empty() {
        text += &format!("\n{}\n\n", style.paint.bold("What the one pass changes"));
        let rows: Vec<[String; 4]> = report.changes.iter().map(row).collect();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let (files, lines) = (width(1), width(2));
        for (row, change) in rows.iter().zip(&report.changes) {
            let [safety, touched, counted, title] = row;
            let safety = format!("{safety:<6}");
            let safety = if change.safety == "safe" { safety } else { style.paint.warning(&safety) };
            text += &format!("  {safety}  {touched:>files$}  {counted:>lines$}  {title}\n");
            if style.verbose {
                text += &format!("  {}\n", style.paint.dim(&format!("        {}", change.id)));
            }
        }
    }
    for held in &report.held {
        let place = match (&held.path, held.line) {
            (Some(path), Some(line)) => format!(" at {path}:{line}"),
            (Some(path), None) => format!(" at {path}"),
            _ => String::new(),
        };
        text += &format!(
            "  {}  {} conflicts with {}{place}\n",
            style.paint.hole("held  "),
            held.change,
            held.because_of
        );
    }
    text
}

/// A change in one line, to ask about it.
pub(crate) fn line(change: &ChangeRow) -> String {
    let [safety, files, lines, title] = row(change);
    format!("{title} [{safety}, {files}, {lines}]")
}

fn row(change: &ChangeRow) -> [String; 4] {
    let files = change.files.len() + change.creates.len() + change.deletes.len();
    let lines = format!("+{} -{}", change.insertions, change.deletions);
    [change.safety.to_owned(), count(files, "file"), lines, change.title.clone()]
}

fn left(report: &Report, style: Style) -> String {
    let tasks = effort::tasks(report);
    if tasks.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{}\n", style.paint.bold("What is left to you"));
    let mut notes = 0;
    for task in &tasks {
        if task.severity == Severity::Note && !style.verbose {
            notes += task.findings.len();
            continue;
        }
        text += &format!(
            "\n  {} {}\n",
            style.paint.bold(super::title(task.rule)),
            style.paint.dim(&format!(
                "[{}, {} of work]",
                super::severity_word(task.severity),
                task.effort.word()
            ))
        );
        let shown = if style.verbose { task.findings.len() } else { task.findings.len().min(PLACES) };
        let mut said: Vec<&str> = Vec::new();
        for finding in &task.findings[..shown] {
            let place = style.paint.path(&format!("{}:{}", finding.path, finding.line));
            text += &wrapped(&finding.message, &format!("    {place}  "), "      ");
            if !said.contains(&finding.todo.as_str()) {
                said.push(&finding.todo);
                text += &wrapped(&finding.todo, "      do: ", "          ");
            }
        }
        if shown < task.findings.len() {
            text +=
                &format!("    … and {} (-v lists all)\n", count(task.findings.len() - shown, "more place"));
        }
    }
    if notes > 0 {
        text += &format!("\n  … and {} (-v lists them)\n", count(notes, "note"));
    }
    text
}

/// What must be rotated; empty if nothing must.
pub(crate) fn rotate(rotation: &[Rotation], style: Style) -> String {
    if rotation.is_empty() {
        return String::new();
    }
    let mut text = format!(
        "\n{}\n",
        style.paint.bold("Rotate these: they were readable, and a rewrite does not un-leak them")
    );
    text.push('\n');
    for one in rotation {
        let name = style.paint.bold(&one.env_name);
        let line = format!("{} {}: {}", one.kind, one.masked, one.whereabouts());
        text += &wrapped(&line, &format!("  {name}  "), "    ");
    }
    text
}

fn totals(report: &Report, view: View, style: Style) -> String {
    if report.is_clean() {
        return "Nothing found, nothing to change.\n".to_owned();
    }
    let found = report.summary.findings;
    let mut text = format!(
        "{}, {}, {}. ",
        count(found.hole, "hole"),
        count(found.warning, "warning"),
        count(found.note, "note")
    );
    let safe = report.changes.iter().filter(|change| change.safety == "safe").count();
    let review = report.changes.len() - safe;
    text += &match report.changes.len() {
        0 => "No change planned".to_owned(),
        changes => format!(
            "{} planned in {}: {safe} safe, {review} to review",
            count(changes, "change"),
            count(report.summary.files_changed, "file")
        ),
    };
    if report.summary.manual > 0 {
        let verb = if report.summary.manual == 1 { "is" } else { "are" };
        text += &format!("; {} {verb} left to you", count(report.summary.manual, "finding"));
    }
    if !report.held.is_empty() {
        text += &format!("; {} held", count(report.held.len(), "change"));
    }
    let next = match view {
        _ if report.changes.is_empty() => "",
        View::Audit | View::Check => "`migrate plan` shows the diff.\n",
        View::Plan => {
            "`migrate apply` makes these changes; `migrate plan --out FILE` saves them for later.\n"
        }
    };
    format!("{}\n{}", style.paint.bold(&(text + ".")), style.paint.dim(next))
}

/// A paragraph, broken into lines; the first opens with `first`, the others with `other`.
fn wrapped(text: &str, first: &str, other: &str) -> String {
    let mut lines = String::new();
    let mut line = first.to_owned();
    let mut empty = true;
    for word in text.split_whitespace() {
        if !empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines += line.trim_end();
            lines.push('\n');
            line = other.to_owned();
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line += word;
        empty = false;
    }
    lines + line.trim_end() + "\n"
}

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn prose_is_broken_between_words() {
        let text = "word ".repeat(30);
        let lines = wrapped(&text, "why: ", "     ");
        assert!(lines.lines().all(|line| line.chars().count() <= 100));
        assert_eq!(lines.lines().count(), 2);
        assert_eq!(lines.split_whitespace().count(), 31);
    }
}

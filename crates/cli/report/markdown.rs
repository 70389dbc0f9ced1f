//! The written scope: what is wrong, what the one pass will change, what is left to a person, what must be rotated. Short enough
//! to be read by whoever pays for the migration.

use super::{FindingRow, Report, count, title};
use audit::{Severity, Treatment};

/// How many places of one rule are named.
const PLACES: usize = 5;

/// The page.
pub(crate) fn page(report: &Report) -> String {
    let mut page = format!("# Scope of the migration\n\n{}\n", what_it_is(report));
    for notice in &report.beside.notices {
        page += &format!("\n> {}\n", escaped(notice));
    }
    page += &wrong(report);
    page += &changed(report);
    page += &left(report);
    page += &rotated(report);
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
        "A {} app{made}{backend}; {} read.\n\n**{}, {}, {}.** One pass makes {} in {}; {} left to a person.",
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

fn wrong(report: &Report) -> String {
    let mut text = "\n## What is wrong\n".to_owned();
    if report.findings.is_empty() {
        return text + "\nNothing was found.\n";
    }
    for (severity, heading) in
        [(Severity::Hole, "Holes"), (Severity::Warning, "Warnings"), (Severity::Note, "Notes")]
    {
        let groups = report.by_rule(severity);
        if groups.is_empty() {
            continue;
        }
        text += &format!("\n### {heading}\n\n");
        for (rule, group) in groups {
            let Some(first) = group.first() else { continue };
            text += &format!(
                "- **{}** (`{rule}`), {}: {}\n",
                escaped(title(rule)),
                count(group.len(), "place"),
                places(&group)
            );
            text += &format!("  {}\n", escaped(&first.why));
        }
    }
    text
}

fn places(group: &[&FindingRow]) -> String {
    let mut named: Vec<String> =
        group.iter().map(|finding| code(&format!("{}:{}", finding.path, finding.line))).collect();
    named.dedup();
    let more = named.len().saturating_sub(PLACES);
    named.truncate(PLACES);
    if more > 0 { format!("{} and {more} more.", named.join(", ")) } else { named.join(", ") + "." }
}

fn changed(report: &Report) -> String {
    let mut text = "\n## What the one pass changes\n".to_owned();
    if report.changes.is_empty() {
        return text + "\nNothing.\n";
    }
    text += "\n| Change | Trust | Files | Lines |\n|---|---|---:|---:|\n";
    for change in &report.changes {
        let files = change.files.len() + change.creates.len() + change.deletes.len();
        text += &format!(
            "| {} | {} | {files} | +{} -{} |\n",
            escaped(&change.title),
            change.safety,
            change.insertions,
            change.deletions
        );
    }
    text += "\nsafe: the app behaves as before, or more safely. review: look at the diff.\n";
    for held in &report.held {
        text += &format!("\nHeld: {} conflicts with {}.\n", code(&held.change), code(&held.because_of));
    }
    text
}

fn left(report: &Report) -> String {
    let mut text = "\n## What is left to a person\n".to_owned();
    let manual: Vec<_> =
        report.findings.iter().filter(|finding| finding.treatment == Treatment::Manual).collect();
    if manual.is_empty() {
        return text + "\nNothing.\n";
    }
    text.push('\n');
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for finding in &manual {
        let key = (finding.rule, finding.todo.as_str());
        if seen.contains(&key) {
            continue;
        }
        seen.push(key);
        let same: Vec<_> =
            manual.iter().filter(|other| (other.rule, other.todo.as_str()) == key).copied().collect();
        text +=
            &format!("- [ ] {} {} {}\n", escaped(&finding.message), escaped(&finding.todo), places(&same));
    }
    text
}

fn rotated(report: &Report) -> String {
    let mut text = "\n## What must be rotated\n".to_owned();
    if report.beside.rotation.is_empty() {
        return text + "\nNothing: no secret was readable.\n";
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
}

//! The written scope as one page: no script, nothing loaded from elsewhere, every text escaped.

use super::{Report, count, severity_word, title};
use audit::{Severity, Treatment};

pub(crate) const STYLE: &str = "\
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}\
h2{margin-top:2.5rem}table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #8884;padding:.35rem .5rem;text-align:left;vertical-align:top}\
code,pre{font:13px/1.5 ui-monospace,monospace}pre{overflow:auto;border:1px solid #8884;padding:.75rem}\
.hole{color:#c62828}.warning{color:#b26a00}.note{color:#607d8b}.place{color:#607d8b}details{margin:.5rem 0}";

/// The page.
pub(crate) fn page(report: &Report) -> String {
    let found = report.summary.findings;
    let facts = &report.project;
    let framework = report.beside.framework_title;
    let mut body = format!(
        "<h1>Scope of the migration</h1>\n<p>{} {}, {} read.</p>\n<p><strong>{}, {}, {}; {}, {} left to a person.</strong></p>\n",
        escaped(framework),
        escaped(facts.framework_version.as_deref().unwrap_or("")),
        count(report.beside.files, "file"),
        count(found.hole, "hole"),
        count(found.warning, "warning"),
        count(found.note, "note"),
        count(report.changes.len(), "change"),
        count(report.summary.manual, "finding"),
    );
    for notice in &report.beside.notices {
        body += &format!("<p><strong>{}</strong></p>\n", escaped(notice));
    }
    body += &findings(report);
    body += &changes(report);
    body += &rotation(report);
    if !report.beside.diff.is_empty() {
        body += &format!("<h2>The diff</h2>\n<pre>{}</pre>\n", escaped(&report.beside.diff));
    }
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>Scope of the migration</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n"
    )
}

fn findings(report: &Report) -> String {
    let mut text = "<h2>What is wrong</h2>\n".to_owned();
    if report.findings.is_empty() {
        text += "<p>Nothing was found.</p>\n";
    }
    for severity in [Severity::Hole, Severity::Warning, Severity::Note] {
        let word = severity_word(severity);
        for (rule, group) in report.by_rule(severity) {
            text += &format!(
                "<h3><span class=\"{word}\">{word}</span> {} <small><code>{}</code></small></h3>\n",
                escaped(title(rule)),
                escaped(rule)
            );
            text += "<ul>\n";
            for finding in &group {
                let place = format!("{}:{}:{}", finding.path, finding.line, finding.column);
                text += &format!(
                    "<li><code class=\"place\">{}</code> {}",
                    escaped(&place),
                    escaped(&finding.message)
                );
                if let Some(excerpt) = &finding.excerpt {
                    text += &format!("<pre>{}</pre>", escaped(excerpt));
                }
                let who = if finding.treatment == Treatment::Manual { "To do: " } else { "Planned: " };
                text += &format!("<br>{who}{}</li>\n", escaped(&finding.todo));
            }
            text += "</ul>\n";
            if let Some(first) = group.first() {
                text += &format!("<p>{}</p>\n", escaped(&first.why));
            }
        }
    }
    text
}

fn changes(report: &Report) -> String {
    let mut text = "<h2>What the one pass changes</h2>\n".to_owned();
    if report.changes.is_empty() {
        return text + "<p>Nothing.</p>\n";
    }
    text += "<table>\n<tr><th>Change<th>Trust<th>Files<th>Lines\n";
    for change in &report.changes {
        let files = change.files.len() + change.creates.len() + change.deletes.len();
        text += &format!(
            "<tr><td>{}<td>{}<td>{files}<td>+{} -{}\n",
            escaped(&change.title),
            escaped(change.safety),
            change.insertions,
            change.deletions
        );
    }
    text += "</table>\n";
    for held in &report.held {
        text += &format!(
            "<p>Held: {} conflicts with {}.</p>\n",
            escaped(&held.change),
            escaped(&held.because_of)
        );
    }
    text
}

fn rotation(report: &Report) -> String {
    if report.beside.rotation.is_empty() {
        return String::new();
    }
    let mut text = "<h2>What must be rotated</h2>\n<ul>\n".to_owned();
    for one in &report.beside.rotation {
        text += &format!(
            "<li><code>{}</code>, {} <code>{}</code>: {}</li>\n",
            escaped(&one.env_name),
            escaped(&one.kind),
            escaped(&one.masked),
            escaped(&one.whereabouts())
        );
    }
    text + "</ul>\n"
}

pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&#39;",
            _ => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    #[test]
    fn text_cannot_become_markup() {
        assert_eq!(super::escaped("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
    }
}

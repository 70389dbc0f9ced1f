//! Leftovers in pages: the builder's script, and its pictures and names in what is shown when an address is shared.

use audit::Survey;
use edit::{Edit, Span};
use project::{File, Kind};
use stack::builder;
use std::ops::Range;

/// A tag that goes, or stays and is reported.
pub(super) struct Tag {
    pub(super) span: Span,
    /// What the tag is: `og:image`.
    pub(super) name: String,
    pub(super) edit: Edit,
}

/// Scripts of the builder.
pub(super) fn scripts(survey: &Survey<'_>) -> Vec<Tag> {
    let mut found = Vec::new();
    for file in pages(survey) {
        for tag in tags(&file.text, "<script") {
            let text = &file.text[tag.clone()];
            if !attribute(text, "src").is_some_and(builder::loads_from) {
                continue;
            }
            let rest = &file.text[tag.end..];
            let Some(close) = rest.find("</script>").filter(|at| rest[..*at].trim().is_empty()) else {
                continue;
            };
            let whole = with_comment(&file.text, tag.start..tag.end + close + "</script>".len());
            found.push(Tag {
                span: file.span(tag),
                name: "script".to_owned(),
                edit: Edit::delete(file.span(line(&file.text, whole))),
            });
        }
    }
    found
}

/// Pictures and names of the builder in the head.
pub(super) fn metas(survey: &Survey<'_>) -> Vec<Tag> {
    let mut found = Vec::new();
    for file in pages(survey) {
        for tag in tags(&file.text, "<meta") {
            let text = &file.text[tag.clone()];
            let name = attribute(text, "property").or_else(|| attribute(text, "name")).unwrap_or("");
            let content = attribute(text, "content").unwrap_or("");
            let builder = match name {
                "og:image" | "twitter:image" | "og:image:secure_url" => [
                    "https://lovable.dev/opengraph-image",
                    "https://lovable.dev/favicon",
                    "https://bolt.new/",
                    "https://v0.dev/",
                    "https://v0.app/",
                ]
                .iter()
                .any(|start| content.starts_with(start)),
                "twitter:site" | "twitter:creator" => {
                    ["@lovable_dev", "@Lovable", "@lovable", "@boltdotnew", "@v0"].contains(&content)
                }
                "author" => matches!(content, "Lovable" | "Bolt" | "v0"),
                _ => false,
            };
            if builder {
                let edit = Edit::delete(file.span(line(&file.text, tag.clone())));
                found.push(Tag { span: file.span(tag), name: name.to_owned(), edit });
            }
        }
    }
    found
}

/// Texts that the builder wrote into the head and that no person has replaced, and pictures that it made and hosts.
pub(super) fn placeholders(survey: &Survey<'_>) -> Vec<(Span, String)> {
    let mut found = Vec::new();
    for file in pages(survey) {
        for tag in tags(&file.text, "<meta") {
            let text = &file.text[tag.clone()];
            let name = attribute(text, "property").or_else(|| attribute(text, "name")).unwrap_or("");
            let content = attribute(text, "content").unwrap_or("");
            let text = matches!(content, "Lovable Generated Project" | "Vite + React + TS");
            let picture = name.ends_with(":image")
                && content.contains("id-preview-")
                && content.contains("lovable.app");
            if text || picture {
                found.push((file.span(tag), name.to_owned()));
            }
        }
    }
    found
}

fn pages<'s>(survey: &'s Survey<'_>) -> impl Iterator<Item = &'s File> {
    // Only pages of an app: others are content.
    let apps = &survey.project.apps;
    survey.project.files.iter().filter(move |file| {
        file.kind == Kind::Html
            && file.skipped.is_none()
            && apps.iter().any(|app| file.path.folder() == app.folder)
    })
}

/// The opening tags that begin with `start`, comments left out.
fn tags(text: &str, start: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(next) = text[at..].find(['<']) {
        let begin = at + next;
        if text[begin..].starts_with("<!--") {
            at = text[begin..].find("-->").map_or(text.len(), |end| begin + end + 3);
            continue;
        }
        if text[begin..].starts_with(start)
            && let Some(end) = text[begin..].find('>')
        {
            found.push(begin..begin + end + 1);
        }
        at = begin + 1;
    }
    found
}

fn attribute<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    let at = [" ", "\n", "\t"].iter().find_map(|blank| tag.find(&format!("{blank}{name}=")))?;
    let rest = tag[at + 1 + name.len() + 1..].trim_start();
    let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    rest[1..].split(quote).next()
}

/// A tag with the comment before it that forbids to take it out.
fn with_comment(text: &str, tag: Range<usize>) -> Range<usize> {
    let before = text[..tag.start].trim_end();
    let comment = before.ends_with("-->").then(|| before.rfind("<!--")).flatten();
    match comment.filter(|at| before[*at..].to_ascii_uppercase().contains("DO NOT REMOVE THIS SCRIPT")) {
        Some(at) => at..tag.end,
        None => tag,
    }
}

/// The whole lines, if nothing else stands on them.
fn line(text: &str, range: Range<usize>) -> Range<usize> {
    let start = text[..range.start].rfind('\n').map_or(0, |at| at + 1);
    let end = text[range.end..].find('\n').map_or(text.len(), |at| range.end + at + 1);
    let alone = text[start..range.start].trim().is_empty() && text[range.end..end].trim().is_empty();
    if alone { start..end } else { range }
}

//! A server that draws the pages, behind a rule of its host that answers every address with a file instead.

use super::hosts::{files, wide_line, wide_rewrites, wide_table};
use crate::repository_hygiene::commands::Commands;
use audit::Survey;
use edit::{Edit, FileId, Span};
use plan::Request;
use syntax::document::json as document;

/// A rule in front of the server, and what takes it out.
pub(super) struct Hidden {
    pub(super) span: Span,
    pub(super) edits: Vec<Edit>,
    pub(super) requests: Vec<Request>,
    /// The file, where it holds nothing else.
    pub(super) deletes: Option<FileId>,
}

/// The rules that lead to a page which nothing makes.
pub(super) fn hidden(survey: &Survey<'_>, commands: &Commands<'_>) -> Vec<Hidden> {
    let pages = ["index.html", "public/index.html"];
    if survey.stack.framework.needs_fallback()
        || pages.iter().any(|name| !files(survey, commands, name).is_empty())
    {
        return Vec::new();
    }
    let mut found = Vec::new();
    let one = |span, edits| Hidden { span, edits, requests: Vec::new(), deletes: None };
    for file in files(survey, commands, "vercel.json") {
        let listed = document::strings(&file.text);
        let sources = listed.iter().filter(|scalar| {
            matches!(scalar.path.as_slice(), [list, _, key] if list == "rewrites" && key == "source")
        });
        if let ([source], 1) = (wide_rewrites(file).as_slice(), sources.count()) {
            let key = vec!["rewrites".to_owned()];
            let requests = vec![Request::JsonRemove { path: file.path.clone(), key }];
            found.push(Hidden { requests, ..one(file.span(source.range.clone()), Vec::new()) });
        }
    }
    for file in ["public/_redirects", "_redirects"].into_iter().flat_map(|name| files(survey, commands, name))
    {
        let Some(line) = wide_line(file) else { continue };
        let rest = file.text[..line.start].lines().chain(file.text[line.end..].lines());
        let alone = rest.map(str::trim).all(|line| line.is_empty() || line.starts_with('#'));
        let edits = if alone { Vec::new() } else { vec![Edit::replace(file.span(line.clone()), "")] };
        found.push(Hidden { deletes: alone.then_some(file.id), ..one(file.span(line), edits) });
    }
    for file in files(survey, commands, "netlify.toml") {
        let Some((table, from)) = wide_table(file) else { continue };
        let blank = file.text[table.end..].len() - file.text[table.end..].trim_start().len();
        let table = table.start..table.end + blank;
        found.push(one(file.span(from), vec![Edit::replace(file.span(table), "")]));
    }
    found
}

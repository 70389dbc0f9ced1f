//! Edge functions of Supabase: one a folder, and what `supabase/config.toml` says of its token.

use super::{Found, Kind};
use project::{File, Project};
use std::collections::BTreeMap;
use syntax::view;

/// `verify_jwt` by function.
pub(super) struct Config(BTreeMap<String, bool>);

impl Config {
    pub(super) fn of(project: &Project) -> Self {
        let mut found = BTreeMap::new();
        for file in project.files.iter().filter(|file| file.path.as_str().ends_with("supabase/config.toml")) {
            let Ok(document) = file.text.parse::<toml_edit::DocumentMut>() else { continue };
            let functions = document.get("functions").and_then(|functions| functions.as_table_like());
            for (name, table) in functions.into_iter().flat_map(|functions| functions.iter()) {
                if let Some(verify) = table.get("verify_jwt").and_then(|verify| verify.as_bool()) {
                    found.insert(name.to_owned(), verify);
                }
            }
        }
        Self(found)
    }
}

/// The function of a folder, from its entry.
pub(super) fn of(_project: &Project, file: &File, config: &Config) -> Option<Found> {
    let path = file.path.as_str();
    let (_, rest) = path.split_once("supabase/functions/")?;
    let (name, entry) = rest.split_once('/')?;
    if name.starts_with('_') || !entry.starts_with("index.") {
        return None;
    }
    let (tree, _) = file.syntax()?;
    // The callback of `serve`, or the whole file where it cannot be told.
    let mut callback = None;
    view::walk(tree.root(), &mut |node| {
        if node.kind() == "call_expression"
            && view::callee(node).is_some_and(|callee| matches!(tree.text(callee), "serve" | "Deno.serve"))
        {
            let last = view::arguments(node)
                .into_iter()
                .find(|argument| crate::component::is_function(view::unwrapped(*argument)));
            callback = callback.or(last.map(|function| file.span(view::unwrapped(function).byte_range())));
        }
        callback.is_none()
    });
    let function = callback.unwrap_or_else(|| file.span(tree.root().byte_range()));
    Some(Found {
        url: Some(format!("/functions/v1/{name}")),
        verify_jwt: Some(config.0.get(name).copied().unwrap_or(true)),
        ..Found::new(Kind::EdgeFunction, function, name, "POST")
    })
}

//! `src/start.ts`: what every call passes through. The middleware that attached a token to calls gives its place to the boundary of
//! a session in a cookie, and calls that another site makes are refused.

use crate::server::in_app;
use edit::{Edit, FileId};
use project::package::App;
use project::{File, Project};
use syntax::Node;
use syntax::Tree;
use syntax::module::Imported;
use syntax::view::{arguments, code_children, unwrapped, value_of, walk};

/// The module that holds both, as `src/start.ts` names it.
const BOUNDARY: &str = "./integrations/supabase/call-boundary";
/// Where the framework looks for it.
const ENTRY: &str = "src/start.ts";

/// What becomes of it.
#[derive(Default)]
pub(super) struct Edited {
    pub(super) edits: Vec<Edit>,
    pub(super) imports: Vec<(FileId, &'static str, Imported, &'static str)>,
    /// The module that attached the token, and goes.
    pub(super) attacher: Option<FileId>,
    /// Where it must be made.
    pub(super) made: Option<&'static str>,
}

/// The edits; else what stands against them, and what to do.
pub(super) fn edited(project: &Project, app: &App) -> Result<Edited, String> {
    let static_pages = "its configuration makes pages without a server (`spa`). Take `spa` out, and give `createStart` the option `defaultSsr: false`, with which pages still render in the browser alone; then run again. From then on a host that runs Node serves the app, not one of plain files.";
    let config = ["vite.config.ts", "vite.config.mts", "vite.config.js", "app.config.ts"]
        .iter()
        .filter_map(|name| project.file(in_app(app, name)?.as_str()));
    for config in config {
        let spa = config.syntax().is_some_and(|(tree, _)| has_key(tree, "spa"));
        if spa {
            return Err(static_pages.to_owned());
        }
    }
    let in_routes = in_app(app, "src/routes").map(|path| format!("{path}/"));
    if !in_routes
        .is_some_and(|routes| project.files.iter().any(|file| file.path.as_str().starts_with(&routes)))
    {
        return Err("its routes are not in `src/routes`. Move them there, then run again.".to_owned());
    }
    let by_hand = "`src/start.ts` has a shape that is not edited. Let it end in `createStart(() => ({ functionMiddleware: [...], requestMiddleware: [...] }))`, then run again.";
    let file = ["src/start.ts", "src/start.tsx", "src/start.js", "src/start.mts"]
        .iter()
        .find_map(|name| project.file(in_app(app, name)?.as_str()));
    // The framework takes one as soon as it is there.
    let Some(file) = file else { return Ok(Edited { made: Some(ENTRY), ..Edited::default() }) };
    let (tree, _) = file.syntax().ok_or(by_hand)?;
    let object = options(tree).ok_or(by_hand)?;
    if !tree.sound(object) {
        return Err(by_hand.to_owned());
    }
    let mut edits = Vec::new();
    let mut attacher = None;
    let list = |name: &str| match value_of(tree, object, name).map(unwrapped) {
        Some(list) if list.kind() == "array" => Ok(Some(list)),
        Some(_) => Err(by_hand.to_owned()),
        None => Ok(None),
    };
    match list("functionMiddleware")? {
        Some(functions) => {
            let entry = code_children(functions)
                .find_map(|entry| attaches(project, file, tree.text(entry)).map(|found| (entry, found)));
            match entry {
                Some((entry, found)) => {
                    attacher = Some(found);
                    edits.push(Edit::replace(file.span(entry.byte_range()), "callBoundary"));
                }
                None => edits.push(added(file, functions, "callBoundary", Place::First)),
            }
        }
        None => edits.push(pair(file, object, "functionMiddleware: [callBoundary]").ok_or(by_hand)?),
    }
    match list("requestMiddleware")? {
        // Behind the others, so that the app's own pages for errors still answer.
        Some(requests) if code_children(requests).next().is_none() => {
            edits.push(Edit::replace(file.span(requests.byte_range()), "[secured, sameSite]"));
        }
        Some(requests) => {
            edits.push(added(file, requests, "secured", Place::First));
            edits.push(added(file, requests, "sameSite", Place::Last));
        }
        None => edits.push(pair(file, object, "requestMiddleware: [secured, sameSite]").ok_or(by_hand)?),
    }
    let named = |name: &'static str| (file.id, BOUNDARY, Imported::Named(name.to_owned()), name);
    Ok(Edited {
        edits,
        imports: vec![named("callBoundary"), named("sameSite"), named("secured")],
        attacher,
        made: None,
    })
}

/// The object that `createStart(() => ({ … }))` is given.
fn options(tree: &Tree) -> Option<Node<'_>> {
    let mut found = None;
    walk(tree.root(), &mut |node| {
        if node.kind() == "call_expression"
            && node.child_by_field_name("function").is_some_and(|callee| tree.text(callee) == "createStart")
        {
            found = arguments(node).first().map(|argument| unwrapped(*argument));
        }
        found.is_none()
    });
    let body = found?.child_by_field_name("body")?;
    let object = if body.kind() == "statement_block" {
        let last = code_children(body).last().filter(|last| last.kind() == "return_statement")?;
        unwrapped(code_children(last).next()?)
    } else {
        unwrapped(body)
    };
    (object.kind() == "object").then_some(object)
}

/// The module of a middleware that attaches the token to every call, if that is what `name` is and the module holds nothing else.
fn attaches(project: &Project, file: &File, name: &str) -> Option<FileId> {
    let import = file.module.imports.iter().position(|import| {
        import.names.iter().any(|one| one.local == name && matches!(&one.imported, Imported::Named(_)))
    })?;
    let links = &project.graph.links[file.id.0 as usize];
    let module = project.get(links.iter().find(|link| link.import == import)?.target);
    let alone = project.graph.importers[module.id.0 as usize].iter().all(|importer| *importer == file.id);
    let text = &module.text;
    let is = text.contains("Authorization") && text.contains("access_token") && text.contains(".client(");
    (alone && is && module.module.exports.len() == 1 && !text.contains(".server(")).then_some(module.id)
}

enum Place {
    First,
    Last,
}

/// A name in a list.
fn added(file: &File, list: Node<'_>, name: &str, place: Place) -> Edit {
    let items: Vec<Node<'_>> = code_children(list).collect();
    match (place, items.first(), items.last()) {
        (Place::First, Some(first), _) => {
            Edit::replace(file.span(first.start_byte()..first.start_byte()), format!("{name}, "))
        }
        (Place::Last, _, Some(last)) => {
            Edit::replace(file.span(last.end_byte()..last.end_byte()), format!(", {name}"))
        }
        _ => Edit::replace(file.span(list.byte_range()), format!("[{name}]")),
    }
}

/// A pair before the first one of the object.
pub(super) fn pair(file: &File, object: Node<'_>, pair: &str) -> Option<Edit> {
    let first = code_children(object).next()?.start_byte();
    let start = file.text[..first].rfind('\n').map_or(0, |newline| newline + 1);
    let indent = &file.text[start..first];
    let separator = if indent.trim().is_empty() { format!(",\n{indent}") } else { ", ".to_owned() };
    Some(Edit::replace(file.span(first..first), format!("{pair}{separator}")))
}

fn has_key(tree: &Tree, name: &str) -> bool {
    let mut found = false;
    walk(tree.root(), &mut |node| {
        found |= node.kind() == "pair"
            && node.child_by_field_name("key").is_some_and(|key| tree.text(key) == name)
            && node.child_by_field_name("value").is_some_and(|value| tree.text(value) != "false");
        !found
    });
    found
}

//! `src/router.tsx`: the router knows the nonce of a page, and puts it on every script that it draws.

use super::super::wiring::Nonce;
use crate::server::in_app;
use edit::Edit;
use project::Project;
use project::package::App;
use syntax::module::Imported;
use syntax::view::{arguments, callee_path, code_children, enclosing_function, pairs, unwrapped, walk};

/// The module that makes the nonce, as `src/router.tsx` names it.
const SCRIPTS: &str = "./integrations/supabase/page-scripts";

/// The edit that gives it to the router; `None` where it is not sure that each page gets a router of its own, with this nonce.
pub(super) fn nonce(project: &Project, app: &App) -> Option<Nonce> {
    let file = ["src/router.tsx", "src/router.ts"]
        .iter()
        .find_map(|name| project.file(in_app(app, name)?.as_str()))?;
    let import = file.module.imports.iter().find(|import| import.specifier == "@tanstack/react-router")?;
    let is_maker = |imported: &Imported| matches!(imported, Imported::Named(name) if name == "createRouter");
    let maker = &import.names.iter().find(|name| is_maker(&name.imported))?.local;
    let (tree, _) = file.syntax()?;
    let mut calls = Vec::new();
    walk(tree.root(), &mut |node| {
        let path = if node.kind() == "call_expression" { callee_path(tree, node) } else { None };
        if path.is_some_and(|path| path.len() == 1 && path[0] == *maker.as_str()) {
            calls.push(node);
        }
        true
    });
    let [call] = calls[..] else { return None };
    // One that is made with the module is everybody's.
    enclosing_function(call)?;
    let object = unwrapped(*arguments(call).first()?);
    let spreads = code_children(object).any(|child| child.kind() == "spread_element");
    let says = pairs(tree, object).iter().any(|(key, _, _)| key == "ssr");
    if object.kind() != "object" || !tree.sound(object) || spreads || says {
        return None;
    }
    let edit = match code_children(object).next() {
        Some(_) => super::entry::pair(file, object, "ssr: pageScripts()")?,
        None => Edit::replace(file.span(object.byte_range()), "{ ssr: pageScripts() }"),
    };
    let name = "pageScripts";
    Some(Nonce { edit, import: (file.id, SCRIPTS, Imported::Named(name.to_owned()), name) })
}

//! Server actions: exports of a `"use server"` module, and functions that say so in their first line. Each is a public endpoint.

use super::{Found, Kind};
use crate::component;
use project::{File, Project};
use syntax::view;

/// The actions of a file.
pub(super) fn of(project: &Project, file: &File) -> Vec<Found> {
    let Some((tree, _)) = file.syntax() else { return Vec::new() };
    let mut found = Vec::new();
    if file.module.directives.iter().any(|directive| directive == "use server") {
        for export in file.module.exports.iter().filter(|export| !export.type_only) {
            let Some(function) = component::exported(project, file.id, &export.name) else { continue };
            let here = function.file == file.id;
            let is_async = file.text.get(function.range()).is_some_and(|text| text.starts_with("async"));
            if here && is_async {
                let name = if export.name == "default" {
                    component::name(project, function)
                } else {
                    export.name.clone()
                };
                found.push(Found::new(Kind::ServerAction, function, name, "POST"));
            }
        }
        return found;
    }
    view::walk(tree.root(), &mut |node| {
        if component::is_function(node)
            && let Some(body) = node.child_by_field_name("body")
            && let Some(first) = view::code_children(body).next()
            && first.kind() == "expression_statement"
            && matches!(tree.text(first).trim_matches([';', '"', '\'']), "use server")
        {
            let function = file.span(node.byte_range());
            // A closure goes by the component that it stands in.
            let mut named = node;
            while named.kind() == "arrow_function"
                && named.parent().is_some_and(|parent| parent.kind() != "variable_declarator")
                && let Some(outer) = view::enclosing_function(named)
            {
                named = outer;
            }
            let name = component::name(project, file.span(named.byte_range()));
            found.push(Found::new(Kind::ServerAction, function, name, "POST"));
        }
        true
    });
    found
}

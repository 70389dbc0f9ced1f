//! Where a name comes from, followed across files. Cycles of re-exports end as unknown.

use super::Graph;
use crate::{Kind, Project};
use edit::FileId;
use std::collections::BTreeSet;
use std::ops::Range;
use syntax::module::{Import, ImportKind, Imported};
use syntax::scope::Declared;
use syntax::view;

/// Where a name comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Declared in this file; the range of the declared identifier (or of the default-exported expression).
    Local(FileId, Range<usize>),
    /// Exported by a package: specifier and exported name (`"default"`, `"*"`).
    Package(String, String),
    /// A whole module of the project as namespace.
    Module(FileId),
    /// Not a binding of the file.
    Global,
    /// Could not be followed.
    Unknown,
}

pub(super) fn of_range(project: &Project, file: FileId, range: Range<usize>) -> Origin {
    let Some((tree, scopes)) = project.get(file).syntax() else {
        return Origin::Unknown;
    };
    let Some(node) = tree.node_at(range) else {
        return Origin::Unknown;
    };
    // `a.b.c` is `a`, then its members `b` and `c`.
    let mut node = view::unwrapped(node);
    let mut members = Vec::new();
    while let (Some(object), Some(property)) =
        (node.child_by_field_name("object"), node.child_by_field_name("property"))
    {
        members.push(tree.text(property));
        node = view::unwrapped(object);
    }
    if !node.kind().contains("identifier") {
        return Origin::Unknown;
    }
    let Some(binding) = scopes.binding_at(node.byte_range()) else {
        return if members.is_empty() { Origin::Global } else { Origin::Unknown };
    };
    let binding = scopes.binding(binding);
    let local = || Origin::Local(file, binding.name_range.clone());
    let mut origin = match binding.declared {
        Declared::Import => of_import(project, file, &binding.name, &mut BTreeSet::new()),
        Declared::Const | Declared::Let | Declared::Var => {
            loaded(project, file, &binding.name, binding.range.clone()).unwrap_or_else(local)
        }
        _ => local(),
    };
    while let Some(member) = members.pop() {
        origin = match origin {
            Origin::Module(module) => of_export(project, module, member),
            Origin::Package(package, name) if matches!(name.as_str(), "*" | "default") => {
                Origin::Package(package, member.to_owned())
            }
            _ => return Origin::Unknown,
        };
    }
    origin
}

pub(super) fn of_export(project: &Project, file: FileId, name: &str) -> Origin {
    exported(project, file, name, &mut BTreeSet::new())
}

/// Names that are being followed: coming back to one is a cycle.
type Seen = BTreeSet<(FileId, String)>;

fn exported(project: &Project, file: FileId, name: &str, seen: &mut Seen) -> Origin {
    // Chains of barrels are short; a chain of a hundred is no export of a person or a builder.
    if seen.len() > 400 || !seen.insert((file, name.to_owned())) {
        return Origin::Unknown;
    }
    let holder = project.get(file);
    if !matches!(holder.kind, Kind::Code(_)) {
        return Origin::Module(file);
    }
    if let Some(export) = holder.module.exports.iter().find(|export| export.name == name) {
        return match (&export.from, &export.local) {
            (Some((specifier, there)), _) => through(project, file, specifier, there, seen),
            (None, Some(local)) => declared(project, file, local, seen)
                .unwrap_or_else(|| Origin::Local(file, export.range.clone())),
            (None, None) => Origin::Local(file, export.range.clone()),
        };
    }
    // `export * from` gives every name but the default.
    let mut packages = Vec::new();
    for export in holder.module.exports.iter().filter(|export| export.name == "*" && name != "default") {
        let Some((specifier, _)) = &export.from else {
            continue;
        };
        match Graph::resolve(project, file, specifier) {
            Some(target) => match exported(project, target, name, seen) {
                Origin::Unknown => {}
                found => return found,
            },
            None if !specifier.starts_with('.') => packages.push(specifier),
            None => {}
        }
    }
    match packages.as_slice() {
        [package] => Origin::Package((*package).clone(), name.to_owned()),
        _ => Origin::Unknown,
    }
}

/// `name` of the module that `specifier` means in `file`; `"*"` is the module itself.
fn through(project: &Project, file: FileId, specifier: &str, name: &str, seen: &mut Seen) -> Origin {
    match Graph::resolve(project, file, specifier) {
        Some(target) if name == "*" => Origin::Module(target),
        Some(target) => exported(project, target, name, seen),
        None if specifier.starts_with('.') => Origin::Unknown,
        None => Origin::Package(specifier.to_owned(), name.to_owned()),
    }
}

/// A name at the top of a file: imported from elsewhere, or declared there.
fn declared(project: &Project, file: FileId, name: &str, seen: &mut Seen) -> Option<Origin> {
    let holder = project.get(file);
    if holder
        .module
        .imports
        .iter()
        .any(|import| import.names.iter().any(|imported| imported.local == name) && is_import(import))
    {
        return Some(of_import(project, file, name, seen));
    }
    let (_, scopes) = holder.syntax()?;
    let binding = scopes.bindings.iter().find(|binding| binding.top_level && binding.name == name)?;
    Some(Origin::Local(file, binding.name_range.clone()))
}

fn is_import(import: &Import) -> bool {
    matches!(import.kind, ImportKind::Static)
}

fn of_import(project: &Project, file: FileId, local: &str, seen: &mut Seen) -> Origin {
    let imports = project.get(file).module.imports.iter().filter(|import| is_import(import));
    let found = imports
        .flat_map(|import| import.names.iter().map(move |name| (import, name)))
        .find(|(_, name)| name.local == local);
    let Some((import, name)) = found else {
        return Origin::Unknown;
    };
    through(project, file, &import.specifier, imported_name(&name.imported), seen)
}

fn imported_name(imported: &Imported) -> &str {
    match imported {
        Imported::Named(name) => name,
        Imported::Default => "default",
        Imported::Namespace => "*",
    }
}

/// `const x = require("y")`, `const { x } = await import("y")`: what an import of `y` would give.
fn loaded(project: &Project, file: FileId, local: &str, declaration: Range<usize>) -> Option<Origin> {
    let inside = |import: &&Import| {
        matches!(import.kind, ImportKind::Require | ImportKind::Dynamic)
            && declaration.start <= import.range.start
            && import.range.end <= declaration.end
    };
    let import = project.get(file).module.imports.iter().find(inside)?;
    let name = import.names.iter().find(|name| name.local == local)?;
    Some(through(project, file, &import.specifier, imported_name(&name.imported), &mut BTreeSet::new()))
}

//! What a framework takes out of the browser's copy of a module that both sides use: the parts that only the server runs, and
//! with them everything that nothing else uses any more.

use super::Framework;
use project::File;
use std::ops::Range;
use syntax::module::{Import, ImportKind};
use syntax::scope::{BindingId, Declared};

/// The parts of `file` that only run on the server: what the framework says, and the declarations that only those parts use.
/// Sorted; empty for most files.
pub(crate) fn server_parts(framework: &dyn Framework, file: &File) -> Vec<Range<usize>> {
    let mut parts = framework.server_parts(file);
    if parts.is_empty() {
        return parts;
    }
    let Some((_, scopes)) = file.syntax() else { return parts };
    let exported =
        |name: &str| file.module.exports.iter().any(|export| export.local.as_deref() == Some(name));
    let mut open: Vec<BindingId> = (0..scopes.bindings.len() as u32).map(BindingId).collect();
    open.retain(|id| {
        let binding = scopes.binding(*id);
        binding.top_level && binding.declared != Declared::Import && !exported(&binding.name)
    });
    // A helper of a helper comes with the next round; each round takes at least one or is the last.
    loop {
        let before = open.len();
        let mut found = Vec::new();
        open.retain(|id| {
            let mut uses = scopes.references_of(*id).filter(|reference| !reference.in_type).peekable();
            let own = &scopes.binding(*id).range;
            let taken = uses.peek().is_some()
                && uses.all(|use_| own.contains(&use_.range.start) || holds(&parts, use_.range.start));
            if taken {
                found.push(own.clone());
            }
            !taken
        });
        parts.extend(found);
        if open.len() == before {
            break;
        }
    }
    parts.sort_by_key(|part| (part.start, part.end));
    parts
}

/// Imports (indices into `module.imports`) of which nothing is left outside `parts`.
pub(crate) fn imports_in(file: &File, parts: &[Range<usize>]) -> Vec<usize> {
    if parts.is_empty() {
        return Vec::new();
    }
    let Some((_, scopes)) = file.syntax() else { return Vec::new() };
    let unused_elsewhere = |import: &Import| {
        !import.names.is_empty()
            && import.names.iter().all(|name| {
                let declared = |binding: &&syntax::scope::Binding| {
                    binding.declared == Declared::Import && binding.name == name.local
                };
                let Some(at) = scopes.bindings.iter().position(|binding| declared(&binding)) else {
                    return false;
                };
                scopes
                    .references_of(BindingId(at as u32))
                    .all(|reference| reference.in_type || holds(parts, reference.range.start))
            })
    };
    let cut = |import: &Import| match import.kind {
        ImportKind::Static => unused_elsewhere(import),
        ImportKind::Dynamic | ImportKind::Require => holds(parts, import.range.start),
        _ => false,
    };
    file.module.imports.iter().enumerate().filter(|(_, import)| cut(import)).map(|(at, _)| at).collect()
}

/// Whether one of `parts` holds the byte.
pub(crate) fn holds(parts: &[Range<usize>], byte: usize) -> bool {
    parts.iter().any(|part| part.contains(&byte))
}

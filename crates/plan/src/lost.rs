//! Imports that lost their last use: names that a file used before the plan and no longer uses after it.

use crate::request::import::Wish;
use project::File;
use std::collections::{BTreeMap, BTreeSet};
use syntax::module::{ImportKind, Module};
use syntax::scope::{Declared, Scopes};

/// The local names of planned imports of `file` that were used and no longer are. Names that are asked for stay, and so does
/// what was never used: it is not ours to tidy.
pub(crate) fn lost_imports(
    file: &File,
    module: &Module,
    scopes: &Scopes,
    wishes: &[Wish],
) -> BTreeSet<String> {
    let Some((_, before)) = file.syntax() else { return BTreeSet::new() };
    let (uses_before, uses_after) = (uses(before), uses(scopes));
    let names = module
        .imports
        .iter()
        .filter(|import| import.kind == ImportKind::Static)
        .flat_map(|import| import.names.iter().map(|name| &name.local));
    names
        .filter(|local| uses_before.get(local.as_str()).is_some_and(|uses| *uses > 0))
        .filter(|local| uses_after.get(local.as_str()) == Some(&0))
        .filter(|local| !wishes.iter().any(|wish| wish.local == **local))
        // The classic JSX transform uses these without naming them.
        .filter(|local| !matches!(local.as_str(), "React" | "h" | "Fragment"))
        .cloned()
        .collect()
}

/// How often each import is used.
fn uses(scopes: &Scopes) -> BTreeMap<&str, usize> {
    let mut counts = vec![0; scopes.bindings.len()];
    for reference in &scopes.references {
        if let Some(count) = reference.binding.and_then(|binding| counts.get_mut(binding.0 as usize)) {
            *count += 1;
        }
    }
    let bindings = scopes.bindings.iter().zip(counts);
    let imports = bindings.filter(|(binding, _)| binding.top_level && binding.declared == Declared::Import);
    imports.map(|(binding, count)| (binding.name.as_str(), count)).collect()
}

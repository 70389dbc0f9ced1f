//! What lost its last use: imports and literal constants that a file used before the plan and no longer uses after it.

use crate::request::import::Wish;
use project::File;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use syntax::Node;
use syntax::module::{ImportKind, Module};
use syntax::scope::{Declared, Scopes};
use syntax::{Tree, view};

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

/// The ranges, in `tree`, of the statements and private fields that hold a literal which was used and no longer is: a compiler that
/// asks for it refuses names that nobody uses. Each with its line where it stands alone in it.
pub(crate) fn lost_constants(file: &File, tree: &Tree, scopes: &Scopes) -> Vec<Range<usize>> {
    let Some((tree_before, before)) = file.syntax() else { return Vec::new() };
    let (before, after) = (names(before), names(scopes));
    let used = |name: &str| before.get(name).is_some_and(|(bindings, uses)| *bindings == 1 && *uses > 0);
    let unused = |name: &str| after.get(name) == Some(&(1, 0));
    let mut lost = Vec::new();
    view::walk(tree.root(), &mut |node| {
        let named = node.child_by_field_name("name");
        let holds_literal = node.child_by_field_name("value").is_some_and(is_literal);
        let (Some(name), true) = (named, holds_literal) else { return true };
        let whole = match node.kind() {
            "variable_declarator" => node.parent().filter(|statement| {
                let alone = view::code_children(*statement).count() == 1;
                let exported = statement.parent().is_some_and(|parent| parent.kind() == "export_statement");
                let name = tree.text(name);
                statement.kind() == "lexical_declaration" && alone && !exported && used(name) && unused(name)
            }),
            "public_field_definition" => Some(node).filter(|field| {
                let private = name.kind() == "private_property_identifier"
                    || view::code_children(*field).any(|child| tree.text(child) == "private");
                let name = tree.text(name);
                private && members(tree, name) == 1 && members(tree_before, name) > 1
            }),
            _ => None,
        };
        lost.extend(whole.map(|whole| with_its_line(tree.source(), whole.byte_range())));
        true
    });
    lost
}

fn is_literal(value: Node<'_>) -> bool {
    match value.kind() {
        "string" | "number" | "true" | "false" | "null" => true,
        "template_string" => view::code_children(value).all(|part| part.kind() == "string_fragment"),
        "as_expression" => view::code_children(value).next().is_some_and(is_literal),
        _ => false,
    }
}

/// How often a member of this name is declared, read or written.
fn members(tree: &Tree, name: &str) -> usize {
    let mut count = 0;
    view::walk(tree.root(), &mut |node| {
        let is_member = node.kind().ends_with("property_identifier") || node.kind() == "string_fragment";
        count += usize::from(is_member && tree.text(node) == name);
        true
    });
    count
}

/// A declaration with its semicolon, and with its line if it stands alone there.
fn with_its_line(source: &str, range: Range<usize>) -> Range<usize> {
    let end = range.end + usize::from(source[range.end..].starts_with(';'));
    let start = source[..range.start].rfind('\n').map_or(0, |newline| newline + 1);
    let Some(newline) = source[end..].find('\n') else { return range.start..end };
    let alone = source[start..range.start].trim().is_empty() && source[end..end + newline].trim().is_empty();
    if !alone {
        return range.start..end;
    }
    let end = end + newline + 1;
    // The blank line behind it goes too, where nothing stands before it in its block.
    let opens = source[..start].trim_end().ends_with('{') || source[..start].ends_with("\n\n");
    let blank = source[end..].find('\n').filter(|next| source[end..end + next].trim().is_empty());
    match blank.filter(|_| opens) {
        Some(next) => start..end + next + 1,
        None => start..end,
    }
}

/// By name: how many bindings have it, and how often they are used.
fn names(scopes: &Scopes) -> BTreeMap<&str, (usize, usize)> {
    let mut found: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for binding in &scopes.bindings {
        found.entry(&binding.name).or_default().0 += 1;
    }
    for reference in &scopes.references {
        let binding = reference.binding.and_then(|binding| scopes.bindings.get(binding.0 as usize));
        if let Some(entry) = binding.and_then(|binding| found.get_mut(binding.name.as_str())) {
            entry.1 += 1;
        }
    }
    found
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

//! Reads of the session that a page made for its queries alone: `const { data: { user } } = await supabase.auth.getUser()`. Once the
//! functions of the server ask for themselves, nothing needs them.

use super::group::Function;
use audit::Survey;
use edit::FileId;
use std::collections::BTreeMap;
use std::ops::Range;
use syntax::Node;
use syntax::Tree;
use syntax::scope::{BindingId, Scopes};
use syntax::view::{arguments, callee, code_children, unwrapped, walk};

/// The statements, by file.
pub(super) fn statements(survey: &Survey<'_>, functions: &[Function]) -> BTreeMap<FileId, Vec<Range<usize>>> {
    let mut places: BTreeMap<FileId, Places> = BTreeMap::new();
    for draft in functions.iter().flat_map(|function| &function.drafts) {
        let own = places.entry(draft.file).or_default();
        own.gone.push(draft.call.clone());
        own.gone.extend(draft.removed.iter().cloned());
        own.sent.extend(draft.sent.iter().flat_map(|sent| sent.site.kept()));
    }
    let of_file = |(file, places): (FileId, Places)| {
        let (tree, scopes) = survey.project.get(file).syntax()?;
        let mut found = Vec::new();
        walk(tree.root(), &mut |node| {
            let idle =
                node.kind() == "lexical_declaration" && is_read(tree, node) && places.spare(scopes, node);
            found.extend(idle.then(|| node.byte_range()));
            true
        });
        Some((file, found)).filter(|(_, found)| !found.is_empty())
    };
    places.into_iter().filter_map(of_file).collect()
}

/// Where queries stood in a file, and what of them is sent along.
#[derive(Default)]
struct Places {
    gone: Vec<Range<usize>>,
    sent: Vec<Range<usize>>,
}

impl Places {
    /// Whether all that a declaration names is used, and by what goes alone.
    fn spare(&self, scopes: &Scopes, declaration: Node<'_>) -> bool {
        let within = |all: &[Range<usize>], at: &Range<usize>| {
            all.iter().any(|range| range.start <= at.start && at.end <= range.end)
        };
        let declared = declaration.byte_range();
        let names: Vec<BindingId> = (0..scopes.bindings.len() as u32)
            .map(BindingId)
            .filter(|id| within(std::slice::from_ref(&declared), &scopes.binding(*id).name_range))
            .collect();
        let mut uses = names
            .iter()
            .flat_map(|id| scopes.references_of(*id))
            .filter(|reference| !within(std::slice::from_ref(&declared), &reference.range))
            .peekable();
        uses.peek().is_some()
            && uses.all(|reference| {
                within(&self.gone, &reference.range) && !within(&self.sent, &reference.range)
            })
    }
}

/// Whether a declaration is one read of the session and no more.
fn is_read(tree: &Tree, declaration: Node<'_>) -> bool {
    let mut declarators = code_children(declaration);
    let (Some(one), None) = (declarators.next(), declarators.next()) else { return false };
    let value = one.child_by_field_name("value").map(unwrapped);
    let awaited = value.filter(|value| value.kind() == "await_expression");
    let call = awaited.and_then(|value| code_children(value).next()).map(unwrapped);
    call.is_some_and(|call| {
        let path = callee(call).map_or("", |callee| tree.text(callee));
        [".auth.getUser", ".auth.getSession"].iter().any(|end| path.ends_with(end))
            && arguments(call).is_empty()
    })
}

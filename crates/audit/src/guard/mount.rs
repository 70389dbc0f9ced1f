//! From a guarding function to the places that use it, and from there to the routes that it covers.

use crate::component;
use crate::route::Route;
use edit::{FileId, Span};
use project::Project;
use stack::{Side, Stack};
use std::collections::BTreeSet;
use syntax::Node;
use syntax::scope::Declared;
use syntax::view;

/// Where a guard stands, and what for.
#[derive(Clone, Debug, Default)]
pub(super) struct Mount {
    pub(super) places: Vec<Span>,
    pub(super) routes: Vec<String>,
}

/// Finds the uses of functions.
pub(super) struct Uses<'p> {
    project: &'p Project,
    stack: &'p Stack,
}

/// The element or call that uses a function.
struct Use {
    place: Span,
    /// The function around it.
    within: Option<Span>,
}

impl<'p> Uses<'p> {
    pub(super) fn new(project: &'p Project, stack: &'p Stack) -> Self {
        Self { project, stack }
    }

    /// The uses of a function in files that run.
    fn of(&self, function: Span) -> Vec<Use> {
        let mut files = BTreeSet::from([function.file]);
        // Through one barrel at most.
        for importer in self.importers(function.file) {
            files.insert(importer);
            let barrel = self.project.get(importer).module.exports.iter().any(|export| export.from.is_some());
            if barrel {
                files.extend(self.importers(importer));
            }
        }
        let lives = |file: &FileId| self.stack.side(*file) != Side::None || self.project.apps.is_empty();
        files.into_iter().filter(lives).flat_map(|file| self.in_file(file, function)).collect()
    }

    fn importers(&self, file: FileId) -> Vec<FileId> {
        self.project.graph.importers[file.0 as usize].clone()
    }

    fn in_file(&self, file: FileId, function: Span) -> Vec<Use> {
        let file = self.project.get(file);
        let Some((tree, scopes)) = file.syntax() else { return Vec::new() };
        let mut found = Vec::new();
        for (at, binding) in scopes.bindings.iter().enumerate() {
            let imported = binding.declared == Declared::Import;
            let own = file.id == function.file
                && binding.top_level
                && binding.range.start <= function.start as usize
                && function.end as usize <= binding.range.end;
            if !imported && !own {
                continue;
            }
            if imported && !self.may_lead(file, &binding.name, function.file) {
                continue;
            }
            let Some(name) = tree.node_at(binding.name_range.clone()) else { continue };
            if component::of(self.project, file, name) != Some(function) {
                continue;
            }
            let id = syntax::scope::BindingId(at as u32);
            for reference in scopes.references_of(id).filter(|reference| !reference.in_type) {
                let Some(node) = tree.node_at(reference.range.clone()) else { continue };
                found.extend(self.usage(file, node, function));
            }
        }
        found
    }

    /// Whether an imported name may come from `target`: directly, or through a barrel.
    fn may_lead(&self, file: &project::File, name: &str, target: FileId) -> bool {
        let graph = &self.project.graph;
        graph.links[file.id.0 as usize].iter().any(|link| {
            let import = &file.module.imports[link.import];
            import.names.iter().any(|own| own.local == name)
                && (link.target == target
                    || graph.links[link.target.0 as usize].iter().any(|next| next.target == target))
        })
    }

    fn usage(&self, file: &project::File, name: Node<'_>, function: Span) -> Option<Use> {
        let mut place = name;
        let mut around = name.parent()?;
        // The closing tag, the export and the declaration itself are no uses of their own.
        while matches!(around.kind(), "member_expression" | "nested_identifier") {
            place = around;
            around = around.parent()?;
        }
        match around.kind() {
            "jsx_closing_element" | "export_specifier" | "export_statement" => return None,
            "jsx_opening_element" => place = around.parent()?,
            "jsx_self_closing_element" | "call_expression" => place = around,
            _ => {}
        }
        let place = file.span(place.byte_range());
        let mut within = view::enclosing_function(name);
        while let Some(inner) = within {
            match view::enclosing_function(inner) {
                Some(outer) => within = Some(outer),
                None => break,
            }
        }
        let within = within.map(|function| file.span(function.byte_range()));
        (within != Some(function)).then_some(Use { place, within })
    }
}

/// Where a guarding function is mounted, and the routes that it covers.
pub(super) fn of(project: &Project, routes: &[Route], uses: &Uses<'_>, function: Span) -> Mount {
    let mut mount = Mount::default();
    let mut covered: Vec<&Route> = Vec::new();
    let as_layer =
        routes.iter().filter(|route| route.layers.iter().any(|layer| layer.function == Some(function)));
    for route in as_layer {
        let own = route.layers.iter().filter(|layer| layer.function == Some(function));
        mount.places.extend(own.map(|layer| layer.at));
        covered.push(route);
    }
    covered.extend(routes.iter().filter(|route| function.covers(route.span)));
    let mut open: Vec<(Span, u8)> = vec![(function, 0)];
    let mut seen = BTreeSet::from([function]);
    while let Some((next, depth)) = open.pop() {
        for used in uses.of(next) {
            if depth == 0 {
                mount.places.push(used.place);
            }
            let before = covered.len();
            let at_layer = |route: &&Route| route.layers.iter().any(|layer| layer.at == used.place);
            covered.extend(routes.iter().filter(at_layer));
            covered.extend(routes.iter().filter(|route| used.place.covers(route.span)));
            let inside_route = routes.iter().any(|route| route.span.covers(used.place));
            if covered.len() > before || inside_route {
                continue;
            }
            let Some(within) = used.within else { continue };
            let of_component =
                |route: &&Route| route.layers.iter().any(|layer| layer.function == Some(within));
            covered.extend(routes.iter().filter(of_component));
            // A hook at the top of the component that holds the routes stands before all of them.
            let called = is_call(project, used.place);
            covered.extend(routes.iter().filter(|route| called && within.covers(route.span)));
            if covered.len() == before && depth < 3 && seen.insert(within) {
                open.push((within, depth + 1));
            }
        }
    }
    mount.places.sort();
    mount.places.dedup();
    covered.sort_by_key(|route| (route.span, route.url.clone()));
    mount.routes = super::distinct(covered.into_iter());
    mount
}

fn is_call(project: &Project, place: Span) -> bool {
    let node = project.get(place.file).syntax().and_then(|(tree, _)| tree.node_at(place.range()));
    node.is_some_and(|node| node.kind() == "call_expression")
}

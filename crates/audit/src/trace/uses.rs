//! Where a declared name is used, in its own file and in those that import it.

use super::{Place, Tracer};
use edit::FileId;
use project::graph::{Graph, Origin};
use syntax::Node;
use syntax::module::{ImportKind, Imported};

impl<'p> Tracer<'p> {
    /// All uses of the name that `name` declares, those in types and in exports left out.
    pub(crate) fn uses_of(&self, file: FileId, name: Node<'p>) -> Vec<Place<'p>> {
        let mut found = Vec::new();
        let Some((tree, scopes)) = self.syntax(file) else { return found };
        let Some(id) = scopes.binding_at(name.byte_range()) else { return found };
        self.collect(file, id, &mut found);
        let binding = scopes.binding(id);
        let exports = &self.file(file).module.exports;
        let text = tree.text(name);
        let exported = exports.iter().any(|export| {
            export.local.as_deref() == Some(text) || (export.local.is_none() && export.name == text)
        });
        if !binding.top_level || !exported {
            return found;
        }
        let target = Origin::Local(file, binding.name_range.clone());
        let (importers, passing) = self.project.graph.importers_through(self.project, file);
        for importer in importers {
            let from = self.file(importer);
            let links = self.project.graph.links[importer.0 as usize].iter();
            // Another module cannot give the name.
            for link in links.filter(|link| link.target == file || passing.contains(&link.target)) {
                let import = &from.module.imports[link.import];
                if import.kind != ImportKind::Static {
                    continue;
                }
                for imported in import.names.iter().filter(|name| !name.type_only) {
                    let there = match &imported.imported {
                        Imported::Named(name) => name,
                        Imported::Default => "default",
                        Imported::Namespace => continue,
                    };
                    if Graph::export_origin(self.project, link.target, there) != target {
                        continue;
                    }
                    let Some((tree, scopes)) = self.syntax(importer) else { continue };
                    let local = tree.node_at(imported.range.clone()).map_or(0, |node| node.end_byte());
                    if let Some(id) = scopes.lookup(&imported.local, local) {
                        self.collect(importer, id, &mut found);
                    }
                }
            }
        }
        found
    }

    fn collect(&self, file: FileId, id: syntax::scope::BindingId, found: &mut Vec<Place<'p>>) {
        let Some((tree, scopes)) = self.syntax(file) else { return };
        for reference in scopes.references_of(id).filter(|reference| !reference.in_type) {
            if let Some(node) = tree.node_at(reference.range.clone())
                && node.parent().is_none_or(|parent| parent.kind() != "export_specifier")
            {
                found.push(Place { file, node });
            }
        }
    }
}

//! The keys of an object as a type of the app lists them.

use super::guess::{self, Guess};
use super::keys::{Key, Keys, Place};
use project::graph::{Graph, Origin};
use syntax::Node;
use syntax::scope::Declared;
use syntax::view;

impl<'s> Place<'s> {
    /// The keys that a type lists.
    pub(super) fn typed(&self, kind: Node<'s>, depth: u8) -> Option<Keys<'s>> {
        let depth = depth.checked_sub(1)?;
        match kind.kind() {
            "object_type" | "interface_body" => {
                let mut keys = Keys { list: Some(false), ..Keys::default() };
                for field in view::code_children(kind) {
                    if field.kind() != "property_signature" {
                        keys.open = true;
                        continue;
                    }
                    let name = view::key_name(self.tree, field.child_by_field_name("name")?)?.into_owned();
                    let optional = field.children().any(|child| child.kind() == "?");
                    let told = field.child_by_field_name("type").map(|told| self.tree.text(told));
                    let guess = told
                        .map_or_else(Guess::default, |told| guess::annotated(told.trim_start_matches(':')));
                    keys.found.push(Key { name, guess, value: None, optional, made: false });
                }
                Some(keys)
            }
            "array_type" => {
                let keys = self.typed(view::code_children(kind).next()?, depth)?;
                Some(Keys { list: Some(true), ..keys })
            }
            "parenthesized_type" => self.typed(view::code_children(kind).next()?, depth),
            "intersection_type" => {
                let mut keys = Keys { list: Some(false), ..Keys::default() };
                for part in view::code_children(kind) {
                    keys = keys.with(self.typed(part, depth)?, false);
                }
                Some(keys)
            }
            "generic_type" => {
                let name = self.tree.text(kind.child_by_field_name("name").or_else(|| kind.named_child(0))?);
                if matches!(name, "Tables" | "TablesInsert" | "TablesUpdate") {
                    return Some(Keys::row());
                }
                let arguments = kind.child_by_field_name("type_arguments").or_else(|| kind.named_child(1))?;
                let arguments: Vec<Node<'s>> = view::code_children(arguments).collect();
                let mut keys = self.typed(*arguments.first()?, depth)?;
                let listed = || -> Option<Vec<String>> {
                    let text = self.tree.text(*arguments.get(1)?);
                    Some(
                        text.split('|')
                            .map(|part| part.trim().trim_matches(['"', '\'']).to_owned())
                            .collect(),
                    )
                };
                match name {
                    "Partial" => keys.found.iter_mut().for_each(|key| key.optional = true),
                    "Required" | "Readonly" => {}
                    "Array" | "ReadonlyArray" => keys.list = Some(true),
                    "Omit" => {
                        let listed = listed()?;
                        keys.found.retain(|key| !listed.contains(&key.name));
                    }
                    "Pick" => {
                        let listed = listed()?;
                        keys.found.retain(|key| listed.contains(&key.name));
                    }
                    _ => return None,
                }
                Some(keys)
            }
            "type_identifier" => {
                let origin = match self.scopes.binding_at(kind.byte_range()) {
                    Some(id) if self.scopes.binding(id).declared == Declared::Import => {
                        Graph::origin(self.project, self.file, kind.byte_range())
                    }
                    Some(id) => Origin::Local(self.file, self.scopes.binding(id).name_range.clone()),
                    None => return None,
                };
                let Origin::Local(file, range) = origin else { return None };
                let (tree, scopes) = self.project.get(file).syntax()?;
                let there = Place { file, tree, scopes, ..*self };
                let declaration = tree.node_at(range)?.parent()?;
                match declaration.kind() {
                    "interface_declaration" => {
                        let extended =
                            view::code_children(declaration).any(|part| part.kind().starts_with("extends"));
                        let keys = there.typed(declaration.child_by_field_name("body")?, depth)?;
                        Some(Keys { open: keys.open || extended, ..keys })
                    }
                    "type_alias_declaration" => there.typed(declaration.child_by_field_name("value")?, depth),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

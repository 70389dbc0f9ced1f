//! The generated `types.ts` of Supabase: `Database["public"]["Tables"][T]`.
//!
//! Read as syntax, not as text: the alias and the interface form, aliases of the same file, `Partial`, `Omit` and `Pick`, and
//! look-ups (`Database["public"]["Tables"]["x"]["Row"]`). What is written otherwise gives no field.

use crate::Source;
use edit::FileId;
use std::collections::BTreeMap;
use std::sync::Arc;
use syntax::Node;
use syntax::{Language, Tree, view};

/// The types of one database.
#[derive(Clone, Debug)]
pub struct Types {
    /// The file.
    pub file: FileId,
    /// Tables and views of `public` by name.
    pub tables: BTreeMap<String, TableTypes>,
    /// Functions of `public`: their arguments by name.
    pub functions: BTreeMap<String, Vec<Field>>,
    /// Enums of `public`: their values.
    pub enums: BTreeMap<String, Vec<String>>,
    /// Whether nothing is missing that clients ask for: tables, views and functions, and the relationships of each table. From
    /// types with less they take none.
    pub complete: bool,
}

/// The three shapes of a table.
#[derive(Clone, Debug, Default)]
pub struct TableTypes {
    /// What a select gives.
    pub row: Vec<Field>,
    /// What an insert takes; empty for a view.
    pub insert: Vec<Field>,
    /// What an update takes; empty for a view.
    pub update: Vec<Field>,
}

/// One column or argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its TypeScript type as written, `| null` taken off: `string`, `number`, `Json`, `string[]`, `"a" | "b"`, `Database["public"]["Enums"]["x"]`.
    pub kind: String,
    /// `| null`.
    pub nullable: bool,
    /// `?:`.
    pub optional: bool,
}

impl Types {
    /// The types that `source` declares; `None` if it declares no database.
    pub fn of(source: &Source<'_>) -> Option<Self> {
        let language = Language::of_extension(source.path.rsplit_once('.')?.1)?;
        Self::declared(source.file, &Tree::parse(Arc::from(source.text), language))
    }

    /// The types that a file with this tree declares; `None` if it declares no database.
    pub fn declared(file: FileId, tree: &Tree) -> Option<Self> {
        let declared = Declared::of(tree);
        let public = declared.named("Database").and_then(|database| declared.member(database, "public"))?;
        let part = |name: &str| {
            let part = declared.member(public, name);
            part.map(|part| declared.members(part)).unwrap_or_default()
        };
        let mut types = Self {
            file,
            tables: BTreeMap::new(),
            functions: BTreeMap::new(),
            enums: BTreeMap::new(),
            complete: ["Tables", "Views", "Functions"]
                .iter()
                .all(|part| declared.member(public, part).is_some()),
        };
        for (name, table) in part("Views").into_iter().chain(part("Tables")) {
            let shape = |shape: &str| {
                declared.member(table, shape).map(|shape| declared.fields(shape)).unwrap_or_default()
            };
            let (row, insert, update) = (shape("Row"), shape("Insert"), shape("Update"));
            types.complete &= declared.member(table, "Relationships").is_some();
            types.tables.insert(name, TableTypes { row, insert, update });
        }
        for (name, function) in part("Functions") {
            types.functions.insert(name, declared.arguments(function));
        }
        for (name, values) in part("Enums") {
            let values = alternatives(values).into_iter().filter_map(|value| literal(tree, value));
            types.enums.insert(name, values.collect());
        }
        Some(types)
    }
}

/// The types that a file declares by name.
struct Declared<'t> {
    tree: &'t Tree,
    by_name: BTreeMap<&'t str, Node<'t>>,
}

impl<'t> Declared<'t> {
    fn of(tree: &'t Tree) -> Self {
        let mut by_name = BTreeMap::new();
        view::walk(tree.root(), &mut |node| {
            let value = match node.kind() {
                "type_alias_declaration" => node.child_by_field_name("value"),
                "interface_declaration" => node.child_by_field_name("body"),
                "program" | "export_statement" => return true,
                _ => None,
            };
            if let (Some(name), Some(value)) = (node.child_by_field_name("name"), value) {
                by_name.entry(tree.text(name)).or_insert(value);
            }
            false
        });
        Self { tree, by_name }
    }

    fn named(&self, name: &str) -> Option<Node<'t>> {
        self.by_name.get(name).copied()
    }

    /// What a name or a look-up stands for; the node itself if it is neither.
    fn resolved(&self, node: Node<'t>) -> Node<'t> {
        let mut current = node;
        // A type may name itself, so the way is bounded.
        for _ in 0..8 {
            let next = match current.kind() {
                "parenthesized_type" => view::code_children(current).next(),
                "type_identifier" => self.named(self.tree.text(current)),
                "lookup_type" => {
                    let mut parts = view::code_children(current);
                    let (of, key) = (parts.next(), parts.next());
                    of.zip(key).and_then(|(of, key)| self.member(of, &literal(self.tree, key)?))
                }
                _ => None,
            };
            match next {
                Some(next) => current = next,
                None => break,
            }
        }
        current
    }

    /// The members of an object type, with their types.
    fn members(&self, node: Node<'t>) -> Vec<(String, Node<'t>)> {
        self.signatures(node).into_iter().filter_map(|member| Some((member.name, member.kind?))).collect()
    }

    fn member(&self, node: Node<'t>, name: &str) -> Option<Node<'t>> {
        self.members(node).into_iter().find(|(known, _)| known == name).map(|(_, kind)| kind)
    }

    fn signatures(&self, node: Node<'t>) -> Vec<Member<'t>> {
        let node = self.resolved(node);
        match node.kind() {
            "object_type" | "interface_body" => {
                let signatures =
                    view::code_children(node).filter(|child| child.kind() == "property_signature");
                signatures.filter_map(|signature| self.signature(signature)).collect()
            }
            "intersection_type" => view::code_children(node).flat_map(|part| self.signatures(part)).collect(),
            "generic_type" => self.changed(node),
            _ => Vec::new(),
        }
    }

    fn signature(&self, signature: Node<'t>) -> Option<Member<'t>> {
        let name = view::key_name(self.tree, signature.child_by_field_name("name")?)?.into_owned();
        let annotation = signature.child_by_field_name("type");
        let optional = signature.children().any(|child| child.kind() == "?");
        Some(Member { name, optional, kind: annotation.and_then(|of| view::code_children(of).next()) })
    }

    /// The members of `Partial<X>`, `Omit<X, "a">` and their like.
    fn changed(&self, generic: Node<'t>) -> Vec<Member<'t>> {
        let mut parts = view::code_children(generic);
        let (Some(name), Some(arguments)) = (parts.next(), parts.next()) else { return Vec::new() };
        let arguments: Vec<_> = view::code_children(arguments).collect();
        let Some(first) = arguments.first() else { return Vec::new() };
        let mut members = self.signatures(*first);
        let keys: Vec<_> = arguments.get(1).map(|keys| alternatives(*keys)).unwrap_or_default();
        let keys: Vec<_> = keys.into_iter().filter_map(|key| literal(self.tree, key)).collect();
        match self.tree.text(name) {
            "Partial" => members.iter_mut().for_each(|member| member.optional = true),
            "Required" => members.iter_mut().for_each(|member| member.optional = false),
            "Readonly" => {}
            "Omit" => members.retain(|member| !keys.contains(&member.name)),
            "Pick" => members.retain(|member| keys.contains(&member.name)),
            _ => members.clear(),
        }
        members
    }

    fn fields(&self, node: Node<'t>) -> Vec<Field> {
        let mut fields: Vec<Field> = Vec::new();
        for member in self.signatures(node) {
            let kinds = member.kind.map(alternatives).unwrap_or_default();
            let (empty, kinds): (Vec<_>, Vec<_>) =
                kinds.into_iter().partition(|kind| matches!(self.tree.text(*kind), "null" | "undefined"));
            let nullable = empty.iter().any(|kind| self.tree.text(*kind) == "null");
            let kinds: Vec<_> = kinds.into_iter().map(|kind| one_line(self.tree.text(kind))).collect();
            let field =
                Field { name: member.name, kind: kinds.join(" | "), nullable, optional: member.optional };
            // In an intersection the later part wins.
            match fields.iter_mut().find(|known| known.name == field.name) {
                Some(known) => *known = field,
                None => fields.push(field),
            }
        }
        fields
    }

    /// The arguments of a function; what only some of its overloads take is optional.
    fn arguments(&self, function: Node<'t>) -> Vec<Field> {
        let overloads: Vec<_> = alternatives(function)
            .into_iter()
            .map(|overload| {
                self.member(overload, "Args").map(|arguments| self.fields(arguments)).unwrap_or_default()
            })
            .collect();
        let mut all: Vec<Field> = Vec::new();
        for mut field in overloads.iter().flatten().cloned() {
            let taken = |overload: &Vec<Field>| overload.iter().any(|known| known.name == field.name);
            field.optional |= !overloads.iter().all(taken);
            if all.iter().all(|known| known.name != field.name) {
                all.push(field);
            }
        }
        all
    }
}

/// A member of an object type.
struct Member<'t> {
    name: String,
    optional: bool,
    kind: Option<Node<'t>>,
}

/// The members of a union, in order; the type itself if it is none.
fn alternatives(node: Node<'_>) -> Vec<Node<'_>> {
    match node.kind() {
        "union_type" => view::code_children(node).flat_map(alternatives).collect(),
        "parenthesized_type" => view::code_children(node).next().map(alternatives).unwrap_or_default(),
        _ => vec![node],
    }
}

/// The value of a literal type of a string.
fn literal(tree: &Tree, node: Node<'_>) -> Option<String> {
    let inner = if node.kind() == "literal_type" { view::code_children(node).next()? } else { node };
    Some(view::string_value(tree, inner)?.into_owned())
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types(text: &str) -> Types {
        Types::of(&Source { file: FileId(0), path: "src/types.ts", text }).unwrap()
    }

    fn shown(fields: &[Field]) -> String {
        let shown = fields.iter().map(|field| {
            let (optional, null) =
                (if field.optional { "?" } else { "" }, if field.nullable { " | null" } else { "" });
            format!("{}{optional}: {}{null}", field.name, field.kind)
        });
        shown.collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn the_generated_form_gives_tables_views_functions_and_enums() {
        let types = types(
            r#"export type Json = string | { [key: string]: Json | undefined }
            export type Database = {
              __InternalSupabase: { PostgrestVersion: "12" }
              public: {
                Tables: {
                  boats: {
                    Row: { id: string; crew: string[] | null; state: Database["public"]["Enums"]["state"] }
                    Insert: { id?: string; crew?: string[] | null; state: Database["public"]["Enums"]["state"] }
                    Update: { id?: string }
                    Relationships: [{ foreignKeyName: "x"; columns: ["id"]; isOneToOne: false }]
                  }
                }
                Views: { open_boats: { Row: { id: string | null }; Relationships: [] } }
                Functions: {
                  launch: { Args: { boat: string; at?: string }; Returns: undefined }
                  idle: { Args: never; Returns: Json }
                  dock: { Args: { a: number } | never; Returns: Json } | { Args: { a: number; b: Json }; Returns: Json }
                }
                Enums: { state: "dry" | "afloat"; }
                CompositeTypes: { [_ in never]: never }
              }
            }"#,
        );
        let boats = &types.tables["boats"];
        assert_eq!(
            shown(&boats.row),
            r#"id: string; crew: string[] | null; state: Database["public"]["Enums"]["state"]"#
        );
        assert_eq!(shown(&boats.update), "id?: string");
        assert_eq!(shown(&types.tables["open_boats"].row), "id: string | null");
        assert!(types.tables["open_boats"].insert.is_empty());
        assert_eq!(shown(&types.functions["launch"]), "boat: string; at?: string");
        assert_eq!(shown(&types.functions["idle"]), "");
        assert_eq!(types.enums["state"], ["dry", "afloat"]);
    }

    #[test]
    fn the_interface_form_with_aliases_and_partial() {
        let types = types(
            r#"interface Boat { id: string; name: string | null; made: string }
            export interface Database { public: { Tables: {
              boats: { Row: Boat; Insert: Omit<Boat, "id" | "made"> & { made?: string }; Update: Partial<Database["public"]["Tables"]["boats"]["Insert"]> };
            } } }"#,
        );
        let boats = &types.tables["boats"];
        assert!(!types.complete);
        assert_eq!(shown(&boats.row), "id: string; name: string | null; made: string");
        assert_eq!(shown(&boats.insert), "name: string | null; made?: string");
        assert_eq!(shown(&boats.update), "name?: string | null; made?: string");
    }

    #[test]
    fn a_file_without_a_database_gives_none() {
        let source = Source { file: FileId(0), path: "a.ts", text: "type Tables = { Tables: {} }" };
        assert!(Types::of(&source).is_none());
    }
}

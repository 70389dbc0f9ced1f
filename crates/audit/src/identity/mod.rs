//! Who is asking: whether an expression tells of the signed-in visitor, and what a condition says of them.
//!
//! A value tells of the visitor if it comes from an auth call, from a hook or function whose module makes such calls, or from a
//! place that keeps a session (web storage, a cookie). [`Strength::Name`] means that only its name says so.

mod condition;
mod source;

pub(crate) use source::{
    asks_for_session, auth_like_module, auth_package, is_door, names_visitor, sign_in_like, words,
};

use edit::FileId;
use project::graph::{Graph, Origin};
use project::{File, Project};
use std::cell::Cell;
use syntax::Node;
use syntax::Tree;
use syntax::scope::{Binding, Declared, Scopes};
use syntax::view;

/// How surely a value tells of the visitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Strength {
    /// Only by its name.
    Name,
    /// Followed to where it comes from.
    Flow,
}

/// What a condition says of the visitor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Says {
    /// The test of a role, plan, flag or e-mail, as written; `None` if only the session counts.
    pub(crate) role: Option<String>,
    pub(crate) strength: Strength,
}

/// Reads the expressions of one file.
#[derive(Clone)]
pub(crate) struct Reader<'p> {
    pub(crate) project: &'p Project,
    pub(crate) file: &'p File,
    pub(crate) tree: &'p Tree,
    pub(crate) scopes: &'p Scopes,
    /// Steps left, for all values together: code can be arbitrarily tangled.
    fuel: Cell<u32>,
}

impl<'p> Reader<'p> {
    pub(crate) fn of(project: &'p Project, file: &'p File) -> Option<Self> {
        let (tree, scopes) = file.syntax()?;
        Some(Self { project, file, tree, scopes, fuel: Cell::new(400) })
    }

    fn value(&self, node: Node<'p>, depth: usize) -> Option<Strength> {
        let left = self.fuel.get();
        if depth > 8 || left == 0 {
            return None;
        }
        self.fuel.set(left - 1);
        let node = view::unwrapped(node);
        match node.kind() {
            "await_expression" | "unary_expression" | "spread_element" => {
                self.value(view::code_children(node).next()?, depth + 1)
            }
            "identifier" | "shorthand_property_identifier" => self.name(node, depth),
            "member_expression" | "subscript_expression" => self.member(node, depth),
            "call_expression" => self.call(node, depth),
            "binary_expression" | "ternary_expression" => {
                let parts = ["left", "right", "consequence", "alternative"];
                parts.iter().filter_map(|part| self.value(node.child_by_field_name(part)?, depth + 1)).max()
            }
            "object" => view::pairs(self.tree, node)
                .into_iter()
                .filter_map(|(_, key, value)| {
                    if key == value { self.name(value, depth + 1) } else { self.value(value, depth + 1) }
                })
                .max(),
            _ => None,
        }
    }

    /// A plain name: through its declaration.
    fn name(&self, node: Node<'p>, depth: usize) -> Option<Strength> {
        let text = self.tree.text(node);
        if source::says_waiting(text) {
            return None;
        }
        let by_name = source::names_visitor(text).then_some(Strength::Name);
        let Some(id) = self.scopes.binding_at(node.byte_range()) else { return by_name };
        let binding = self.scopes.binding(id);
        let value = self
            .tree
            .node_at(binding.range.clone())
            .and_then(|declared| declared.child_by_field_name("value"));
        if let Some(value) = value {
            if self.comes_from_address(value) {
                return None;
            }
            // A hook of a module that signs visitors in, and what it gives is named so.
            let hook = view::callee(value).is_some_and(|callee| is_hook(self.tree.text(callee)));
            if hook && by_name.is_some() {
                return self.binding(binding, depth + 1).map(|_| Strength::Flow).or(by_name);
            }
        }
        self.binding(binding, depth + 1).or(by_name)
    }

    /// Whether a value comes from the address of the page, directly or through one name.
    fn comes_from_address(&self, value: Node<'p>) -> bool {
        if source::from_address(self.tree.text(value)) {
            return true;
        }
        let root = view::Chain::of(self.tree, value).root;
        let declared = (root.kind() == "identifier").then(|| {
            let id = self.scopes.binding_at(root.byte_range())?;
            self.tree.node_at(self.scopes.binding(id).range.clone())
        });
        declared.flatten().is_some_and(|declared| {
            declared.kind() == "variable_declarator" && source::from_address(self.tree.text(declared))
        })
    }

    fn binding(&self, binding: &Binding, depth: usize) -> Option<Strength> {
        let left = self.fuel.get();
        if depth > 8 || left == 0 {
            return None;
        }
        self.fuel.set(left - 1);
        match binding.declared {
            Declared::Import => match Graph::origin(self.project, self.file.id, binding.name_range.clone()) {
                Origin::Package(package, _) => source::auth_package(&package).then_some(Strength::Flow),
                Origin::Local(file, range) if file != self.file.id => {
                    let there = Reader::of(self.project, self.project.get(file))?;
                    let id = there.scopes.binding_at(range)?;
                    there.binding(there.scopes.binding(id), depth + 1)
                }
                _ => None,
            },
            Declared::Parameter => self.parameter(binding),
            Declared::Const | Declared::Let | Declared::Var => self.declared(binding, depth),
            _ => None,
        }
    }

    /// The parameter of a callback given to an auth call: `.then(({ data }) => …)`, `onAuthStateChange((_, session) => …)`.
    fn parameter(&self, binding: &Binding) -> Option<Strength> {
        let node = self.tree.node_at(binding.name_range.clone())?;
        let function = view::enclosing_function(node)?;
        let call = function.parent().filter(|list| list.kind() == "arguments")?.parent()?;
        let callee = self.tree.text(view::callee(call)?);
        // The receiver of `then` is what was asked.
        source::asks_for_session(callee).then_some(Strength::Flow)
    }

    fn declared(&self, binding: &Binding, depth: usize) -> Option<Strength> {
        let name = self.tree.node_at(binding.name_range.clone())?;
        let mut declarator = name;
        while declarator.kind() != "variable_declarator" {
            declarator = declarator.parent()?;
        }
        let pattern = declarator.child_by_field_name("name")?;
        let picked = picked_key(self.tree, name, pattern);
        if picked.is_some_and(source::says_waiting) {
            return None;
        }
        let value = declarator.child_by_field_name("value");
        let state = value.filter(|value| {
            pattern.kind() == "array_pattern"
                && view::callee_path(self.tree, *value).is_some_and(|path| {
                    path.last().is_some_and(|last| last == "useState" || last == "useReducer")
                })
        });
        if state.is_some() {
            return self.state(pattern, depth);
        }
        let from_value = value.and_then(|value| self.value(value, depth + 1));
        // `let user = null; try { user = await … }`
        let assigned = || {
            let id = self.scopes.binding_at(binding.name_range.clone())?;
            let writes = self.scopes.references_of(id).filter(|reference| reference.writes);
            writes
                .take(6)
                .filter_map(|reference| {
                    let assignment = self.tree.node_at(reference.range.clone())?.parent()?;
                    self.value(assignment.child_by_field_name("right")?, depth + 1)
                })
                .max()
        };
        from_value.or_else(|| if binding.declared == Declared::Const { None } else { assigned() })
    }

    /// A state tells of the visitor if what is put into it does, or if it is set where that was tested.
    fn state(&self, pattern: Node<'p>, depth: usize) -> Option<Strength> {
        let setter = view::code_children(pattern).nth(1)?;
        let id = self.scopes.binding_at(setter.byte_range())?;
        let uses = self.scopes.references_of(id).take(12);
        uses.filter_map(|reference| {
            let call = self.tree.node_at(reference.range.clone())?.parent()?;
            let argument = *view::arguments(call).first()?;
            match view::unwrapped(argument).kind() {
                "true" => {
                    let mut around = call.parent();
                    while let Some(node) = around {
                        if node.kind() == "if_statement" {
                            let condition = node.child_by_field_name("condition")?;
                            return self.given_within(condition, depth + 1).map(|says| says.strength);
                        }
                        if crate::component::is_function(node) {
                            return None;
                        }
                        around = node.parent();
                    }
                    None
                }
                "false" | "null" | "undefined" => None,
                _ => self.value(argument, depth + 1),
            }
        })
        .max()
    }

    fn member(&self, node: Node<'p>, depth: usize) -> Option<Strength> {
        let last =
            node.child_by_field_name("property").map(|property| self.tree.text(property)).unwrap_or_default();
        if source::says_waiting(last) || matches!(last, "length" | "error" | "message" | "status") {
            return None;
        }
        // `auth.currentUser`
        if last == "currentUser" {
            return Some(Strength::Flow);
        }
        let object = node.child_by_field_name("object")?;
        let own = source::names_visitor(last).then_some(Strength::Name);
        // Another property of the visitor (a name, a picture) does not say that they are there.
        let tells = own.is_some()
            || source::names_role(last)
            || matches!(last, "data" | "id" | "value" | "ok" | "current" | "state");
        if tells { self.value(object, depth + 1).or(own) } else { None }
    }

    fn call(&self, node: Node<'p>, depth: usize) -> Option<Strength> {
        let callee = view::callee(node)?;
        let text = self.tree.text(callee);
        if source::asks_for_session(text) {
            return Some(Strength::Flow);
        }
        let arguments = view::arguments(node);
        if source::keeps_session(text) {
            let key = arguments.first().map(|key| self.tree.text(*key)).unwrap_or_default();
            // What is kept of one thing, by its number, says nothing of who is there: ``getItem(`order-${id}`)``.
            return match (source::names_visitor(key), key.contains("${")) {
                (true, _) => Some(Strength::Flow),
                (false, true) => None,
                (false, false) => Some(Strength::Name),
            };
        }
        let last = text.rsplit('.').next().unwrap_or(text);
        if matches!(last, "fetch" | "get" | "post")
            && arguments.first().is_some_and(|first| source::session_url(self.tree.text(*first)))
        {
            return Some(Strength::Flow);
        }
        if matches!(
            text,
            "JSON.parse"
                | "Boolean"
                | "String"
                | "useContext"
                | "React.useContext"
                | "use"
                | "useMemo"
                | "jwtDecode"
        ) {
            let inner = arguments.first().and_then(|first| self.value(*first, depth + 1));
            let first = arguments.first().map(|first| self.tree.text(*first)).unwrap_or_default();
            return inner.or_else(|| source::names_visitor(first).then_some(Strength::Name));
        }
        if matches!(text, "Promise.all" | "Promise.race") {
            return None;
        }
        match Graph::origin(self.project, self.file.id, callee.byte_range()) {
            Origin::Package(package, _) if source::auth_package(&package) => return Some(Strength::Flow),
            Origin::Local(file, _) if callee.kind() == "identifier" => {
                let named = source::names_visitor(text);
                let said = self.says_so(file, text, named);
                return (said || named).then_some(if said && named {
                    Strength::Flow
                } else {
                    Strength::Name
                });
            }
            _ => {}
        }
        // A method of something that tells of the visitor: `session.get()`, `response.json()`.
        let object = callee.child_by_field_name("object");
        let of_object = object.and_then(|object| self.value(object, depth + 1));
        of_object.or_else(|| source::names_visitor(last).then_some(Strength::Name))
    }

    /// Whether a function of this file is a hook or helper that gives the session: it asks for it itself, or it is named so and
    /// its module, or one that this imports, signs visitors in.
    fn says_so(&self, file: FileId, name: &str, named: bool) -> bool {
        let holder = self.project.get(file);
        let gives = ["use", "get", "require"].iter().any(|start| name.starts_with(start));
        if !named && !gives {
            return false;
        }
        if auth_like_module(holder) {
            return named || name.starts_with("use") || source::asks_for_session(&holder.text);
        }
        let imported = self.project.graph.links[file.0 as usize].iter().map(|link| link.target);
        named && imported.take(12).any(|target| auth_like_module(self.project.get(target)))
    }
}

/// Whether a name is one of a hook: `useMember`.
pub fn is_hook(name: &str) -> bool {
    name.strip_prefix("use").is_some_and(|rest| rest.starts_with(|first: char| first.is_uppercase()))
}

/// The key that a pattern picks for `name`: `loading` in `{ loading: busy }`.
fn picked_key<'t>(tree: &'t Tree, name: Node<'t>, pattern: Node<'t>) -> Option<&'t str> {
    if pattern.kind() != "object_pattern" {
        return None;
    }
    let mut around = name;
    while let Some(parent) = around.parent() {
        if parent.kind() == "pair_pattern" {
            return parent.child_by_field_name("key").map(|key| tree.text(key));
        }
        if parent == pattern {
            break;
        }
        around = parent;
    }
    Some(tree.text(name))
}

//! What an expression is, as far as the source tells: a client, a function, an object, the signed-in user.
//!
//! A [`Tracer`] follows names through declarations, patterns, assignments, imports and re-exports, members through objects, classes
//! and namespaces, and calls through the returns of functions of the tree. Nothing is run and nothing is guessed: what cannot be
//! followed is [`Value::Unknown`]. Where several values meet (an `if`, several returns) a client is found if any of them is one; the
//! signed-in user only if all of them are.

mod call;
mod member;
mod parameter;
mod pattern;
mod react;
mod uses;

pub(crate) use call::returns;
pub(crate) use parameter::{default_of, position};
pub(crate) use pattern::{Step, declaration, join, pattern_path};

use crate::query::maker;
use edit::{FileId, Span};
use project::graph::{Graph, Origin};
use project::{File, Project};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ops::Range;
use syntax::Node;
use syntax::module::{ImportKind, Imported};
use syntax::scope::{BindingId, Declared, Scopes};
use syntax::{Tree, view};

/// A node of a file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Place<'p> {
    pub(crate) file: FileId,
    pub(crate) node: Node<'p>,
}

impl Place<'_> {
    pub(crate) fn span(self) -> Span {
        Span::new(self.file, self.node.byte_range())
    }
}

/// What an expression is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value<'p> {
    /// Not to be told.
    Unknown,
    /// `null`, `undefined`, `false`.
    Nothing,
    /// A client of a backend, or a part of one.
    Client(Handle),
    /// What an auth call gives.
    Auth(Auth),
    /// A function of the tree.
    Function(Place<'p>),
    /// A class of the tree.
    Class(Place<'p>),
    /// `new C()`
    Instance(Place<'p>),
    /// An object literal.
    Object(Place<'p>),
    /// An array literal.
    List(Place<'p>),
    /// A module of the tree, as a namespace.
    Module(FileId),
    /// What a package exports: specifier and name (`default`, `*`).
    Package(String, String),
    /// The call of `useState`.
    State(Place<'p>),
    /// The setter of a `useState`.
    Setter,
    /// The call of `useQuery`, or another hook that fetches.
    Fetched(Place<'p>),
    /// The call of `createContext`.
    Context(Place<'p>),
    /// What `useRef` gives.
    Reference(Box<Value<'p>>),
    /// The call that ends a server function or a middleware: its `context` is asked for.
    Served(Place<'p>),
    /// The context that middleware gives to the server function whose chain ends here.
    ServedContext(Place<'p>),
    /// A model of a mapper: the call or the class that makes it, and the backend.
    Model(Place<'p>, &'static str),
    /// A record that a model gives.
    Record(Place<'p>, &'static str),
    /// One of several.
    Any(Vec<Value<'p>>),
}

/// A client, or a part of one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Handle {
    /// The call that makes it; `None` if it is a client of the backend by its type, or one of several.
    pub(crate) made: Option<Span>,
    /// The backend.
    pub(crate) backend: &'static str,
    /// How it is asked.
    pub(crate) api: Api,
    /// What of it.
    pub(crate) part: Part,
}

/// How a client is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Api {
    Supabase,
    Firestore,
    Firebase,
    Sql,
    Drizzle,
    Prisma,
    Sequelize,
    Mongo,
    KeyValue,
}

/// A part of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The client itself.
    Whole,
    /// `client.schema("x")`
    Schema,
    /// `client.auth`
    Auth,
    /// `client.storage`
    Storage,
    /// `client.functions`
    Functions,
}

/// A part of what an auth call gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Auth {
    /// `{ data, error }`
    Answer,
    /// `{ user, session }`
    Data,
    /// The session.
    Session,
    /// The user.
    User,
    /// The claims of the token.
    Claims,
    /// The user's id.
    Id,
}

/// Follows values through one project. One a thread: what it has found it remembers.
pub(crate) struct Tracer<'p> {
    pub(crate) project: &'p Project,
    bindings: RefCell<HashMap<(u32, u32), Value<'p>>>,
    returns: RefCell<HashMap<(u32, usize), Value<'p>>>,
    members: RefCell<HashMap<(u32, usize, String), Value<'p>>>,
    depth: Cell<u32>,
}

/// Runs `work` on threads whose stacks hold the deepest chain of values that is followed; without such threads it runs here.
pub fn on_deep_stacks<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    match rayon::ThreadPoolBuilder::new().stack_size(STACK).build() {
        Ok(pool) => pool.install(work),
        Err(_) => work(),
    }
}

/// Bytes of a stack; memory is taken only as it is used.
const STACK: usize = 32 << 20;

/// How far a value is followed; real chains are a dozen steps long.
const DEPTH: u32 = 80;

impl<'p> Tracer<'p> {
    pub(crate) fn new(project: &'p Project) -> Self {
        Self {
            project,
            bindings: RefCell::default(),
            returns: RefCell::default(),
            members: RefCell::default(),
            depth: Cell::new(0),
        }
    }

    /// The file of a place.
    pub(crate) fn file(&self, id: FileId) -> &'p File {
        self.project.get(id)
    }

    /// The tree and the scopes of a file.
    pub(crate) fn syntax(&self, file: FileId) -> Option<(&'p Tree, &'p Scopes)> {
        self.project.get(file).syntax()
    }

    /// The text of a node.
    pub(crate) fn text(&self, at: Place<'p>) -> &'p str {
        self.file(at.file).text.get(at.node.byte_range()).unwrap_or_default()
    }

    /// What the expression is.
    pub(crate) fn value(&self, at: Place<'p>) -> Value<'p> {
        self.deeper(|| self.value_of(at))
    }

    /// One step deeper; too deep, nothing is known.
    fn deeper(&self, step: impl FnOnce() -> Value<'p>) -> Value<'p> {
        if self.depth.get() > DEPTH {
            return Value::Unknown;
        }
        self.depth.set(self.depth.get() + 1);
        let value = step();
        self.depth.set(self.depth.get() - 1);
        value
    }

    fn value_of(&self, at: Place<'p>) -> Value<'p> {
        let node = view::unwrapped(at.node);
        let at = Place { node, ..at };
        let inner =
            |node: Option<Node<'p>>| node.map_or(Value::Unknown, |node| self.value(Place { node, ..at }));
        match node.kind() {
            "identifier" | "shorthand_property_identifier" | "undefined" => self.named(at),
            "this" => self.this(at),
            "null" | "false" => Value::Nothing,
            "member_expression" | "subscript_expression" => self.member(at),
            "await_expression" => inner(view::code_children(node).next()),
            "call_expression" => self.called(at),
            "new_expression" => self.constructed(at),
            "ternary_expression" => {
                // A client of nowhere stands in for the one that there is with settings.
                let arm = |name: &str| {
                    let node = node.child_by_field_name(name)?;
                    (!self.is_of_nowhere(Place { node, ..at })).then(|| self.value(Place { node, ..at }))
                };
                match (arm("consequence"), arm("alternative")) {
                    (Some(one), Some(other)) => join(one, other),
                    (Some(only), None) | (None, Some(only)) => only,
                    (None, None) => Value::Unknown,
                }
            }
            "binary_expression" => {
                let operator = node.child_by_field_name("operator").map_or("", |operator| operator.kind());
                let right = inner(node.child_by_field_name("right"));
                match operator {
                    "||" | "??" => join(inner(node.child_by_field_name("left")), right),
                    "&&" => right,
                    _ => Value::Unknown,
                }
            }
            "assignment_expression" | "augmented_assignment_expression" => {
                inner(node.child_by_field_name("right"))
            }
            "sequence_expression" => inner(view::code_children(node).last()),
            "arrow_function"
            | "function_expression"
            | "function_declaration"
            | "generator_function_declaration"
            | "method_definition" => Value::Function(at),
            "class" | "class_declaration" | "abstract_class_declaration" => Value::Class(at),
            "object" => Value::Object(at),
            "array" => Value::List(at),
            _ => Value::Unknown,
        }
    }

    /// What an identifier names.
    fn named(&self, at: Place<'p>) -> Value<'p> {
        let Some((_, scopes)) = self.syntax(at.file) else { return Value::Unknown };
        match scopes.binding_at(at.node.byte_range()) {
            Some(binding) => self.binding(at.file, binding),
            None if self.text(at) == "undefined" => Value::Nothing,
            None => Value::Unknown,
        }
    }

    /// What a binding holds.
    pub(crate) fn binding(&self, file: FileId, id: BindingId) -> Value<'p> {
        let key = (file.0, id.0);
        if let Some(known) = self.bindings.borrow().get(&key) {
            return known.clone();
        }
        // A value that depends on itself is unknown.
        self.bindings.borrow_mut().insert(key, Value::Unknown);
        let value = self.bound(file, id);
        self.bindings.borrow_mut().insert(key, value.clone());
        value
    }

    fn bound(&self, file: FileId, id: BindingId) -> Value<'p> {
        let Some((tree, scopes)) = self.syntax(file) else { return Value::Unknown };
        let binding = scopes.binding(id);
        let declaration = declaration(tree, binding);
        match binding.declared {
            Declared::Import => self.imported(file, &binding.name),
            Declared::Function => {
                declaration.map_or(Value::Unknown, |node| Value::Function(Place { file, node }))
            }
            Declared::Class => declaration.map_or(Value::Unknown, |node| Value::Class(Place { file, node })),
            Declared::Parameter => self.parameter(file, id),
            Declared::Const | Declared::Let | Declared::Var => {
                let Some(name) = tree.node_at(binding.name_range.clone()) else { return Value::Unknown };
                let declared = declaration.map_or(Value::Unknown, |node| self.declarator(file, node, name));
                let writes = scopes.references_of(id).filter(|reference| reference.writes);
                writes.map(|write| tree.node_at(write.range.clone())).fold(declared, |value, name| {
                    if name.is_some_and(|name| self.stands_in(file, name)) {
                        return value;
                    }
                    join(value, name.map_or(Value::Unknown, |name| self.written(file, name)))
                })
            }
            _ => Value::Unknown,
        }
    }

    /// `const name = value`, `const { name } = value`.
    fn declarator(&self, file: FileId, node: Node<'p>, name: Node<'p>) -> Value<'p> {
        if node.kind() != "variable_declarator" {
            return Value::Unknown;
        }
        let path = pattern_path(self, file, name);
        match (node.child_by_field_name("value"), path) {
            (Some(value), Some(path)) => self.at_path(self.value(Place { file, node: value }), &path),
            (None, _) => {
                // `let x;` is nothing yet, the variable of a `for` is not told.
                let looped = node
                    .parent()
                    .and_then(|parent| parent.parent())
                    .is_some_and(|around| around.kind() == "for_in_statement");
                if looped { Value::Unknown } else { Value::Nothing }
            }
            _ => Value::Unknown,
        }
    }

    /// `name = createClient("https://placeholder…", …)`: what stands in where settings are missing is not what the name is for.
    fn stands_in(&self, file: FileId, name: Node<'p>) -> bool {
        let assignment = name.parent().filter(|parent| parent.kind() == "assignment_expression");
        let right = assignment.and_then(|assignment| assignment.child_by_field_name("right"));
        right.is_some_and(|node| self.is_of_nowhere(Place { file, node }))
    }

    /// What an assignment puts into the identifier at its left.
    fn written(&self, file: FileId, name: Node<'p>) -> Value<'p> {
        let mut node = name;
        while let Some(parent) = node.parent() {
            match parent.kind() {
                "assignment_expression" | "augmented_assignment_expression" => {
                    let Some(right) = parent.child_by_field_name("right") else { break };
                    let Some(path) = pattern_path(self, file, name) else { break };
                    return self.at_path(self.value(Place { file, node: right }), &path);
                }
                "object_pattern"
                | "array_pattern"
                | "pair_pattern"
                | "object_assignment_pattern"
                | "assignment_pattern"
                | "parenthesized_expression"
                | "non_null_expression" => node = parent,
                _ => break,
            }
        }
        Value::Unknown
    }

    fn at_path(&self, value: Value<'p>, path: &[Step]) -> Value<'p> {
        path.iter().fold(value, |value, step| match step {
            Step::Key(key) => self.get(value, key),
            Step::Index(index) => self.element(value, *index),
        })
    }

    /// What an import of this file brings.
    fn imported(&self, file: FileId, local: &str) -> Value<'p> {
        let imports =
            self.file(file).module.imports.iter().filter(|import| import.kind == ImportKind::Static);
        let found = imports
            .flat_map(|import| import.names.iter().map(move |name| (import, name)))
            .find(|(_, name)| name.local == local);
        let Some((import, name)) = found else { return Value::Unknown };
        let name = match &name.imported {
            Imported::Named(name) => name,
            Imported::Default => "default",
            Imported::Namespace => "*",
        };
        self.module_member(file, &import.specifier, name)
    }

    /// What `name` of the module that `specifier` means in `file` is.
    pub(crate) fn module_member(&self, file: FileId, specifier: &str, name: &str) -> Value<'p> {
        match Graph::resolve(self.project, file, specifier) {
            Some(target) if name == "*" => Value::Module(target),
            Some(target) => self.exported(target, name),
            None if specifier.starts_with('.') => Value::Unknown,
            None => packaged(specifier, name),
        }
    }

    /// The expression that a name holds, through imports; `None` unless it is set once, where it is declared.
    pub(crate) fn initialiser(&self, named: Place<'p>) -> Option<Place<'p>> {
        let node = view::unwrapped(named.node);
        let (file, range) = match Graph::origin(self.project, named.file, node.byte_range()) {
            Origin::Local(file, range) => (file, range),
            _ => return None,
        };
        let (tree, scopes) = self.syntax(file)?;
        let id = scopes.binding_at(range.clone())?;
        if scopes.references_of(id).any(|reference| reference.writes) {
            return None;
        }
        let declarator = tree.node_at(range)?.parent()?;
        let value = (declarator.kind() == "variable_declarator")
            .then(|| declarator.child_by_field_name("value"))??;
        let value = view::unwrapped(value);
        let value =
            if value.kind() == "await_expression" { view::code_children(value).next()? } else { value };
        Some(Place { file, node: view::unwrapped(value) })
    }

    /// What a module exports under a name.
    pub(crate) fn exported(&self, file: FileId, name: &str) -> Value<'p> {
        match Graph::export_origin(self.project, file, name) {
            Origin::Local(file, range) => self.declared_at(file, range),
            Origin::Package(specifier, name) => packaged(&specifier, &name),
            Origin::Module(file) => Value::Module(file),
            Origin::Global | Origin::Unknown => Value::Unknown,
        }
    }

    /// What is declared, or stands as an expression, at `range`.
    fn declared_at(&self, file: FileId, range: Range<usize>) -> Value<'p> {
        let Some((tree, scopes)) = self.syntax(file) else { return Value::Unknown };
        if let Some(binding) = scopes.binding_at(range.clone()) {
            return self.binding(file, binding);
        }
        let Some(mut node) = tree.node_at(range) else { return Value::Unknown };
        if node.kind() == "export_statement" {
            let Some(value) = node.child_by_field_name("value").or(node.child_by_field_name("declaration"))
            else {
                return Value::Unknown;
            };
            node = value;
        }
        self.value(Place { file, node })
    }
}

/// What a package exports: a client that it has ready, or whatever it is.
pub(crate) fn packaged<'p>(specifier: &str, name: &str) -> Value<'p> {
    match maker::ready(specifier, name) {
        Some(made) => {
            Value::Client(Handle { made: None, backend: made.backend, api: made.api, part: Part::Whole })
        }
        None => Value::Package(specifier.to_owned(), name.to_owned()),
    }
}

/// The client that a call of a package's function makes.
fn made<'p>(at: Place<'p>, specifier: &str, name: &str) -> Option<Value<'p>> {
    // What `require` of a package gives may itself be called.
    let made = maker::of(specifier, if name == "*" { "default" } else { name })?;
    let handle = Handle { made: Some(at.span()), backend: made.backend, api: made.api, part: Part::Whole };
    Some(Value::Client(handle))
}

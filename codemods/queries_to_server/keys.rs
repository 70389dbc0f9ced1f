//! The keys of an object, as far as the source tells: from a literal, through constants, spreads and `map`, or from a type.

use super::guess::{self, Guess};
use super::read::Reader;
use edit::FileId;
use project::Project;
use project::graph::{Graph, Origin};
use syntax::Node;
use syntax::scope::{Declared, Scopes};
use syntax::{Tree, view};

/// One key.
#[derive(Clone, Debug)]
pub(super) struct Key<'s> {
    pub(super) name: String,
    pub(super) guess: Guess,
    /// Its value, where that stands in the file.
    pub(super) value: Option<Node<'s>>,
    /// It may be left out.
    pub(super) optional: bool,
    /// It is surely set, by a function of the app: its value stands elsewhere.
    pub(super) made: bool,
}

/// What is known of an object or of the objects of a list.
#[derive(Clone, Debug, Default)]
pub(super) struct Keys<'s> {
    pub(super) found: Vec<Key<'s>>,
    /// There may be others.
    pub(super) open: bool,
    /// A list of such objects; `None` if it cannot be told.
    pub(super) list: Option<bool>,
    /// It is a parameter: what callers pass is part of a row, not a row.
    pub(super) parameter: bool,
    /// Its type is written where it is declared: the compiler goes by that, and not by what is put in.
    pub(super) typed: bool,
    /// That type leaves out, or lets be left out, what is put in.
    pub(super) wider: bool,
}

const DEPTH: u8 = 14;

impl<'s> Keys<'s> {
    pub(super) fn of(reader: &Reader<'s>, node: Node<'s>) -> Self {
        let place = Place {
            project: reader.survey.project,
            file: reader.file.id,
            tree: reader.tree,
            scopes: reader.scopes,
        };
        let mut keys = place.keys(node, DEPTH);
        keys.found.sort_by(|one, other| one.name.cmp(&other.name));
        // The last one counts, as at run time; one that may be left out leaves the one before.
        keys.found.dedup_by(|later, first| {
            let same = later.name == first.name;
            if same && later.optional {
                first.optional &= later.optional;
                first.guess = Guess { there: false, ..first.guess.clone() };
            } else if same {
                *first = later.clone();
            }
            same
        });
        keys
    }

    pub(super) fn find(&self, name: &str) -> Option<&Key<'s>> {
        self.found.iter().find(|key| key.name == name)
    }

    fn open() -> Self {
        Self { open: true, ..Self::default() }
    }

    /// One row of a table, as the generated types say it: the columns tell its keys.
    pub(super) fn row() -> Self {
        Self { list: Some(false), ..Self::open() }
    }

    /// The keys of an object that is one of several: each may lack what another has.
    fn one_of(all: Vec<Self>) -> Self {
        let names = |keys: &Self| -> Vec<String> {
            let surely = keys.found.iter().filter(|key| !key.optional);
            surely.map(|key| key.name.clone()).collect()
        };
        let sure: Vec<Vec<String>> = all.iter().map(names).collect();
        let many = all.len() > 1;
        let mut keys = all.into_iter().fold(Self::default(), |keys, other| keys.with(other, false));
        for key in &mut keys.found {
            key.optional = !sure.iter().all(|names| names.contains(&key.name));
            key.guess.there &= !many;
        }
        keys
    }

    pub(super) fn with(mut self, other: Self, optional: bool) -> Self {
        self.open |= other.open;
        self.parameter |= other.parameter;
        self.found
            .extend(other.found.into_iter().map(|key| Key { optional: key.optional || optional, ..key }));
        self
    }
}

#[derive(Clone, Copy)]
pub(super) struct Place<'s> {
    pub(super) project: &'s Project,
    pub(super) file: FileId,
    pub(super) tree: &'s Tree,
    pub(super) scopes: &'s Scopes,
}

impl<'s> Place<'s> {
    fn keys(&self, node: Node<'s>, depth: u8) -> Keys<'s> {
        let Some(depth) = depth.checked_sub(1) else { return Keys::open() };
        let node = view::unwrapped(node);
        match node.kind() {
            "object" => self.object(node, depth),
            "array" => {
                let items = view::code_children(node).map(|item| self.item(item, depth));
                Keys { list: Some(true), ..Keys::one_of(items.collect()) }
            }
            "call_expression" => self.call(node, depth),
            "identifier" => self.name(node, depth),
            "ternary_expression" => {
                let part = |name: &str| {
                    node.child_by_field_name(name).map_or_else(Keys::open, |part| self.keys(part, depth))
                };
                let (one, other) = (part("consequence"), part("alternative"));
                let list = if one.list == other.list { one.list } else { None };
                Keys { list, ..Keys::default() }.with(one, true).with(other, true)
            }
            _ => Keys { list: None, ..Keys::open() },
        }
    }

    /// One item of a list, or those that are spread there.
    fn item(&self, node: Node<'s>, depth: u8) -> Keys<'s> {
        let spread = node.kind() == "spread_element";
        let inner = if spread { view::code_children(node).next() } else { Some(node) };
        inner.map_or_else(Keys::open, |inner| self.keys(inner, depth))
    }

    fn object(&self, node: Node<'s>, depth: u8) -> Keys<'s> {
        let mut keys = Keys { list: Some(false), ..Keys::default() };
        for child in view::code_children(node) {
            match child.kind() {
                "spread_element" => {
                    let spread = view::code_children(child).next().map(view::unwrapped);
                    let (inner, optional) = match spread {
                        Some(inner) if inner.kind() == "binary_expression" => {
                            (inner.child_by_field_name("right"), true)
                        }
                        other => (other, false),
                    };
                    let other = inner.map_or_else(Keys::open, |inner| self.keys(inner, depth));
                    keys = keys.with(other, optional);
                }
                "pair" | "shorthand_property_identifier" => {
                    let (key, value) = match child.kind() {
                        "pair" => (child.child_by_field_name("key"), child.child_by_field_name("value")),
                        _ => (Some(child), Some(child)),
                    };
                    match (key.and_then(|key| view::key_name(self.tree, key)), value) {
                        (Some(name), Some(value)) => {
                            let guess = guess::of(self.tree, self.scopes, value);
                            keys.found.push(Key {
                                name: name.into_owned(),
                                guess,
                                value: Some(value),
                                optional: false,
                                made: false,
                            });
                        }
                        _ => keys.open = true,
                    }
                }
                _ => keys.open = true,
            }
        }
        keys
    }

    /// `rows.map((row) => ({ ... }))` and its like.
    fn call(&self, node: Node<'s>, depth: u8) -> Keys<'s> {
        let unknown = || Keys { list: None, ..Keys::open() };
        let Some(called) = node.child_by_field_name("function") else { return unknown() };
        let name = called.child_by_field_name("property").map(|name| self.tree.text(name));
        let arguments = view::arguments(node);
        match name {
            Some("map" | "flatMap") => {
                let body = arguments.first().and_then(|callback| self.returned(*callback));
                let inner = body.map_or_else(Keys::open, |body| self.keys(body, depth));
                Keys { list: Some(true), ..inner }
            }
            Some("from") if arguments.len() == 2 => {
                let body = self.returned(arguments[1]);
                let inner = body.map_or_else(Keys::open, |body| self.keys(body, depth));
                Keys { list: Some(true), ..inner }
            }
            Some("filter" | "slice" | "sort" | "concat") => {
                let object = called.child_by_field_name("object");
                let inner = object.map_or_else(Keys::open, |object| self.keys(object, depth));
                Keys { list: Some(true), ..inner }
            }
            None => self.made(called, depth).unwrap_or_else(unknown),
            _ => unknown(),
        }
    }

    /// What a function of the app answers, if that is one object: its keys, without the values, which are of another place.
    fn made(&self, called: Node<'s>, depth: u8) -> Option<Keys<'s>> {
        let Origin::Local(file, range) = Graph::origin(self.project, self.file, called.byte_range()) else {
            return None;
        };
        let (tree, scopes) = self.project.get(file).syntax()?;
        let declared = tree.node_at(range)?.parent()?;
        let function = declared.child_by_field_name("value").map_or(declared, view::unwrapped);
        let kinds = ["function_declaration", "arrow_function", "function_expression"];
        if !kinds.contains(&function.kind()) || function.children().any(|part| part.kind() == "async") {
            return None;
        }
        let there = Place { file, tree, scopes, ..*self };
        let answer = there.returned(function).filter(|answer| answer.kind() == "object")?;
        let mut keys = there.keys(answer, depth);
        keys.found.iter_mut().for_each(|key| (key.made, key.value) = (key.value.is_some(), None));
        Some(keys)
    }

    /// What an arrow answers, if it is one expression.
    fn returned(&self, callback: Node<'s>) -> Option<Node<'s>> {
        let callback = view::unwrapped(callback);
        if callback.kind() == "identifier" {
            let binding = self.scopes.binding(self.scopes.binding_at(callback.byte_range())?);
            let declaration = self.tree.node_at(binding.range.clone())?;
            let value = declaration.child_by_field_name("value").unwrap_or(declaration);
            return if value.kind() == "identifier" { None } else { self.returned(value) };
        }
        let body = callback.child_by_field_name("body")?;
        if body.kind() != "statement_block" {
            return Some(view::unwrapped(body));
        }
        let mut found = Vec::new();
        view::walk(body, &mut |node| {
            if node.kind() == "return_statement" {
                found.push(node);
            }
            !matches!(node.kind(), "arrow_function" | "function_expression" | "function_declaration")
        });
        match found.as_slice() {
            [one] => view::code_children(*one).next().map(view::unwrapped),
            _ => None,
        }
    }

    fn name(&self, node: Node<'s>, depth: u8) -> Keys<'s> {
        let unknown = || Keys { list: None, ..Keys::open() };
        let Some(id) = self.scopes.binding_at(node.byte_range()) else { return unknown() };
        let binding = self.scopes.binding(id);
        let Some(mut declaration) = self.tree.node_at(binding.range.clone()) else { return unknown() };
        if binding.declared == Declared::Parameter
            && let Some(list) = mapped(self.tree, declaration)
        {
            let inner = self.keys(list, depth);
            return Keys { list: Some(false), parameter: false, ..inner };
        }
        let wanted: &[&str] = match binding.declared {
            Declared::Parameter => &["required_parameter", "optional_parameter"],
            Declared::Const | Declared::Let | Declared::Var => &["variable_declarator"],
            _ => return unknown(),
        };
        while !wanted.contains(&declaration.kind()) {
            match declaration.parent() {
                Some(parent) => declaration = parent,
                None => return unknown(),
            }
        }
        let parameter = binding.declared == Declared::Parameter;
        let pattern =
            declaration.child_by_field_name("pattern").or_else(|| declaration.child_by_field_name("name"));
        if pattern.is_none_or(|pattern| pattern.kind() != "identifier") {
            let state =
                declaration.child_by_field_name("value").is_some_and(|value| self.starts_as_object(value));
            return if state { Keys::row() } else { Keys { parameter, ..unknown() } };
        }
        let value = declaration.child_by_field_name("value");
        if let (false, Some(value)) = (parameter, value) {
            let mut keys = self.keys(value, depth);
            let pushed: Vec<Keys<'s>> = self
                .scopes
                .references_of(id)
                .flat_map(|reference| self.pushed(&reference.range, depth))
                .collect();
            if value.kind() == "array" && !pushed.is_empty() {
                let first = (!keys.found.is_empty() || keys.open).then_some(keys);
                let all = first.into_iter().chain(pushed).collect();
                keys = Keys { list: Some(true), ..Keys::one_of(all) };
            } else if keys.found.is_empty() && matches!(value.kind(), "array") {
                // What comes into an empty list is not seen.
                keys.open = true;
            }
            // `payload.note = note` adds a key that may be missing.
            for reference in self.scopes.references_of(id) {
                match self.written_member(&reference.range) {
                    Written::Key(name) => {
                        keys.found.push(Key {
                            name,
                            guess: Guess::default(),
                            value: None,
                            optional: true,
                            made: false,
                        });
                    }
                    Written::Computed => keys.open = true,
                    Written::No => {}
                }
                if reference.writes {
                    keys.open = true;
                }
            }
            let known = !keys.found.is_empty() && !keys.open;
            let annotation =
                declaration.child_by_field_name("type").and_then(|kind| view::code_children(kind).next());
            let cast = (value.kind() == "as_expression").then(|| view::code_children(value).nth(1)).flatten();
            let annotation = annotation.or(cast.filter(|cast| self.tree.text(*cast) != "const"));
            keys.typed = annotation.is_some();
            keys.wider = annotation.is_some_and(|kind| self.says_less(kind, &keys, depth));
            if known || !keys.typed {
                return keys;
            }
        }
        let annotation =
            declaration.child_by_field_name("type").and_then(|kind| view::code_children(kind).next());
        let told = annotation.and_then(|kind| self.typed(kind, depth));
        Keys { parameter, ..told.unwrap_or_else(unknown) }
    }

    /// `const [form, setForm] = useState({ … })`: whatever is put into it later, it is one object.
    fn starts_as_object(&self, value: Node<'s>) -> bool {
        let first = view::arguments(value).first().map(|first| view::unwrapped(*first));
        value.kind() == "call_expression"
            && view::callee(value)
                .is_some_and(|callee| matches!(self.tree.text(callee), "useState" | "React.useState"))
            && first.is_some_and(|first| first.kind() == "object")
    }

    /// Whether a type lets be left out what the object surely has, or names it in a way that is not followed.
    fn says_less(&self, kind: Node<'s>, keys: &Keys<'s>, depth: u8) -> bool {
        if self.tree.text(kind).starts_with("any") {
            return false;
        }
        self.typed(kind, depth).is_none_or(|told| {
            let surely =
                |key: &Key<'s>| key.optional || told.find(&key.name).is_some_and(|typed| !typed.optional);
            !keys.found.iter().all(surely)
        })
    }

    /// What a use of a list puts into it: `rows.push({ … })`.
    fn pushed(&self, range: &std::ops::Range<usize>, depth: u8) -> Vec<Keys<'s>> {
        let member = self.tree.node_at(range.clone()).and_then(|node| node.parent());
        let member = member.filter(|member| member.kind() == "member_expression");
        let name = member
            .and_then(|member| member.child_by_field_name("property"))
            .map(|property| self.tree.text(property));
        let call = member.and_then(|member| member.parent()).filter(|call| call.kind() == "call_expression");
        match (name, call) {
            (Some("push" | "unshift"), Some(call)) => {
                view::arguments(call).into_iter().map(|item| self.item(item, depth)).collect()
            }
            _ => Vec::new(),
        }
    }

    fn written_member(&self, range: &std::ops::Range<usize>) -> Written {
        let Some(parent) = self.tree.node_at(range.clone()).and_then(|node| node.parent()) else {
            return Written::No;
        };
        let assigned = |node: Node<'s>| {
            node.parent().is_some_and(|around| {
                around.kind() == "assignment_expression"
                    && around.child_by_field_name("left").is_some_and(|left| left.id() == node.id())
            })
        };
        match parent.kind() {
            "member_expression" if assigned(parent) => {
                let name = parent.child_by_field_name("property").map(|name| self.tree.text(name).to_owned());
                name.map_or(Written::Computed, Written::Key)
            }
            "subscript_expression" if assigned(parent) => Written::Computed,
            _ => Written::No,
        }
    }
}

/// The list whose elements are the parameter: `list` of `list.map((row) => ...)`.
fn mapped<'s>(tree: &'s Tree, declaration: Node<'s>) -> Option<Node<'s>> {
    let mut current = declaration;
    while matches!(current.kind(), "identifier" | "required_parameter" | "formal_parameters") {
        if current.child_by_field_name("type").is_some() {
            return None;
        }
        if current.kind() == "required_parameter" && current.prev_named_sibling().is_some() {
            return None;
        }
        current = current.parent()?;
    }
    let call = (current.kind() == "arrow_function").then(|| current.parent())??.parent()?;
    let called = call.child_by_field_name("function")?;
    let name = tree.text(called.child_by_field_name("property")?);
    matches!(name, "map" | "flatMap" | "filter" | "forEach").then(|| called.child_by_field_name("object"))?
}

enum Written {
    Key(String),
    Computed,
    No,
}

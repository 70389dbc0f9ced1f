//! Members: of clients and auth answers, objects, classes, namespaces, packages.

use super::{Api, Auth, Handle, Part, Place, Tracer, Value, join};
use syntax::Node;
use syntax::view;

impl<'p> Tracer<'p> {
    /// `object.name`, `object["name"]`, `list[0]`.
    pub(super) fn member(&self, at: Place<'p>) -> Value<'p> {
        let Some(object) = at.node.child_by_field_name("object") else { return Value::Unknown };
        let Some((tree, _)) = self.syntax(at.file) else { return Value::Unknown };
        let value = self.value(Place { node: object, ..at });
        if let Some(property) = at.node.child_by_field_name("property") {
            return self.get(value, tree.text(property));
        }
        let Some(index) = at.node.child_by_field_name("index") else { return Value::Unknown };
        if let Some(name) = view::string_value(tree, index) {
            return self.get(value, &name);
        }
        match tree.text(index).parse() {
            Ok(index) => self.element(value, index),
            Err(_) => Value::Unknown,
        }
    }

    /// The property of a value.
    pub(crate) fn get(&self, value: Value<'p>, name: &str) -> Value<'p> {
        self.deeper(|| self.get_of(value, name))
    }

    fn get_of(&self, value: Value<'p>, name: &str) -> Value<'p> {
        match value {
            Value::Client(handle) => client_member(handle, name),
            Value::Auth(auth) => auth_member(auth, name),
            Value::Object(place) => self.object_member(place, name),
            Value::Instance(class) => self.class_member(class, name, false),
            Value::Class(class) => self.class_member(class, name, true),
            Value::Module(file) => self.exported(file, name),
            Value::Package(specifier, whole) if matches!(whole.as_str(), "*" | "default") => {
                super::packaged(&specifier, name)
            }
            Value::Reference(inner) if name == "current" => *inner,
            Value::Fetched(call) if name == "data" => self.fetched(call),
            Value::Served(call) if name == "context" => Value::ServedContext(call),
            Value::ServedContext(call) => self.served_context(call, name),
            Value::Any(all) => self.each(all, |value| self.get(value, name)),
            _ => Value::Unknown,
        }
    }

    /// The element of a list.
    pub(crate) fn element(&self, value: Value<'p>, index: usize) -> Value<'p> {
        match value {
            Value::List(place) => view::code_children(place.node)
                .nth(index)
                .map_or(Value::Unknown, |node| self.value(Place { node, ..place })),
            Value::State(call) if index == 0 => self.state(call),
            Value::State(_) if index == 1 => Value::Setter,
            Value::Any(all) => self.each(all, |value| self.element(value, index)),
            _ => Value::Unknown,
        }
    }

    /// The values that each of several gives, joined.
    pub(super) fn each(&self, all: Vec<Value<'p>>, of: impl Fn(Value<'p>) -> Value<'p>) -> Value<'p> {
        all.into_iter().map(of).reduce(join).unwrap_or(Value::Unknown)
    }

    fn object_member(&self, object: Place<'p>, name: &str) -> Value<'p> {
        self.remembered(object, name.to_owned(), || self.own_member(object, name))
    }

    /// What is found once for a member of an object or a class. A member that depends on itself is unknown: `{ ...state, name }` set
    /// into the same state.
    fn remembered(&self, of: Place<'p>, name: String, find: impl FnOnce() -> Value<'p>) -> Value<'p> {
        let key = (of.file.0, of.node.id(), name);
        if let Some(known) = self.members.borrow().get(&key) {
            return known.clone();
        }
        self.members.borrow_mut().insert(key.clone(), Value::Unknown);
        let value = find();
        self.members.borrow_mut().insert(key, value.clone());
        value
    }

    fn own_member(&self, object: Place<'p>, name: &str) -> Value<'p> {
        let Some((tree, _)) = self.syntax(object.file) else { return Value::Unknown };
        if let Some(value) = view::value_of(tree, object.node, name) {
            return self.value(Place { node: value, ..object });
        }
        let spreads = view::code_children(object.node).filter(|child| child.kind() == "spread_element");
        let spread: Vec<_> = spreads.filter_map(|spread| view::code_children(spread).next()).collect();
        spread
            .into_iter()
            .rev()
            .map(|node| self.get(self.value(Place { node, ..object }), name))
            .find(|value| *value != Value::Unknown)
            .unwrap_or(Value::Unknown)
    }

    /// A field or a method of a class, of its instances or of itself.
    fn class_member(&self, class: Place<'p>, name: &str, of_class: bool) -> Value<'p> {
        let key = if of_class { format!("static {name}") } else { name.to_owned() };
        self.remembered(class, key, || self.declared_member(class, name, of_class))
    }

    fn declared_member(&self, class: Place<'p>, name: &str, of_class: bool) -> Value<'p> {
        let Some((tree, _)) = self.syntax(class.file) else { return Value::Unknown };
        let Some(body) = class.node.child_by_field_name("body") else { return Value::Unknown };
        let mut found: Option<Value<'p>> = None;
        for member in view::code_children(body) {
            let key = member.child_by_field_name("name").or_else(|| member.child_by_field_name("property"));
            let named = key.and_then(|key| view::key_name(tree, key)).is_some_and(|key| key == name);
            let is_static = member.children().any(|child| child.kind() == "static");
            if !named || is_static != of_class {
                continue;
            }
            let value = match member.kind() {
                "public_field_definition" | "field_definition" => {
                    let held = member
                        .child_by_field_name("value")
                        .map_or(Value::Nothing, |node| self.value(Place { node, ..class }));
                    let typed = member.child_by_field_name("type");
                    match (held, typed) {
                        (Value::Nothing, Some(typed)) => self.typed(Place { node: typed, ..class }),
                        (held, _) => held,
                    }
                }
                "method_definition" => {
                    let getter = member.child(0).is_some_and(|first| first.kind() == "get")
                        || member.children().any(|child| child.kind() == "get");
                    let place = Place { node: member, ..class };
                    if getter { self.returned(place) } else { Value::Function(place) }
                }
                _ => continue,
            };
            found = Some(found.map_or(value.clone(), |before| join(before, value)));
        }
        let assigned = self.assigned_members(class, body, name);
        match (found, assigned) {
            (Some(found), Some(assigned)) => join(assigned, found),
            (Some(found), None) => found,
            (None, Some(assigned)) => assigned,
            (None, None) => self.inherited(class, name, of_class),
        }
    }

    /// What `this.name = value` and a parameter property put into a field.
    fn assigned_members(&self, class: Place<'p>, body: Node<'p>, name: &str) -> Option<Value<'p>> {
        let (tree, _) = self.syntax(class.file)?;
        if !tree.text(body).contains(name) {
            return None;
        }
        let mut found: Option<Value<'p>> = None;
        let mut add = |value: Value<'p>| {
            found = Some(match found.take() {
                Some(before) => join(before, value),
                None => value,
            });
        };
        view::walk(body, &mut |node| {
            match node.kind() {
                "assignment_expression" => {
                    let left = node.child_by_field_name("left");
                    let path = left.and_then(|left| view::member_path(tree, left));
                    if path.is_some_and(|path| path.len() == 2 && path[0] == "this" && path[1] == name)
                        && let Some(right) = node.child_by_field_name("right")
                    {
                        add(self.value(Place { node: right, ..class }));
                    }
                }
                "required_parameter"
                    if node
                        .child_by_field_name("pattern")
                        .is_some_and(|pattern| tree.text(pattern) == name) =>
                {
                    let property = node
                        .children()
                        .any(|child| matches!(child.kind(), "accessibility_modifier" | "readonly"));
                    if property && let Some(typed) = node.child_by_field_name("type") {
                        add(self.typed(Place { node: typed, ..class }));
                    }
                }
                _ => {}
            }
            true
        });
        found
    }

    fn inherited(&self, class: Place<'p>, name: &str, of_class: bool) -> Value<'p> {
        match self.base(class).map(|base| self.value(base)) {
            Some(Value::Class(base)) if base != class => {
                self.get(if of_class { Value::Class(base) } else { Value::Instance(base) }, name)
            }
            _ => Value::Unknown,
        }
    }

    /// The expression that a class extends.
    pub(super) fn base(&self, class: Place<'p>) -> Option<Place<'p>> {
        let heritage = view::code_children(class.node).find(|child| child.kind() == "class_heritage")?;
        let clause = view::code_children(heritage).find(|child| child.kind() == "extends_clause");
        let base = clause
            .and_then(|clause| clause.child_by_field_name("value"))
            .or_else(|| view::code_children(heritage).next())?;
        Some(Place { node: base, ..class })
    }

    /// `this`: the class around it, or the object literal whose method it stands in.
    pub(super) fn this(&self, at: Place<'p>) -> Value<'p> {
        let mut method = None;
        let mut node = at.node;
        while let Some(parent) = node.parent() {
            match parent.kind() {
                "function_declaration" | "generator_function_declaration" => return Value::Unknown,
                "function_expression" if parent.parent().is_none_or(|around| around.kind() != "pair") => {
                    return Value::Unknown;
                }
                "function_expression" => method = Some(parent),
                "method_definition" => method = Some(parent),
                "class_body" => {
                    let is_static = method.unwrap_or(node);
                    let is_static = is_static.children().any(|child| child.kind() == "static");
                    let Some(class) = parent.parent() else { return Value::Unknown };
                    let class = Place { node: class, ..at };
                    return if is_static { Value::Class(class) } else { Value::Instance(class) };
                }
                "object" if method.is_some() => return Value::Object(Place { node: parent, ..at }),
                _ => {}
            }
            node = parent;
        }
        Value::Unknown
    }
}

fn client_member<'p>(handle: Handle, name: &str) -> Value<'p> {
    if (handle.api, handle.part, name) == (Api::Firebase, Part::Auth, "currentUser") {
        return Value::Auth(Auth::User);
    }
    let part = match (handle.part, name) {
        (Part::Whole, "auth") => Part::Auth,
        (Part::Whole, "storage") => Part::Storage,
        (Part::Whole, "functions") => Part::Functions,
        _ => return Value::Unknown,
    };
    if handle.api != Api::Supabase {
        return Value::Unknown;
    }
    Value::Client(Handle { part, ..handle })
}

fn auth_member<'p>(auth: Auth, name: &str) -> Value<'p> {
    match (auth, name) {
        (Auth::Answer, "data") => Value::Auth(Auth::Data),
        (Auth::Answer | Auth::Data, "session") => Value::Auth(Auth::Session),
        (Auth::Answer | Auth::Data | Auth::Session, "user") => Value::Auth(Auth::User),
        (Auth::Data, "claims") => Value::Auth(Auth::Claims),
        (Auth::User, "id" | "uid") | (Auth::Claims, "sub") | (Auth::Answer, "userId") => {
            Value::Auth(Auth::Id)
        }
        _ => Value::Unknown,
    }
}

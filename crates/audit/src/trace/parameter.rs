//! Parameters: by the callers of their function, by the call that a callback is handed to, by their type.

use super::{Api, Auth, Handle, Part, Place, Step, Tracer, Value, join, pattern_path};
use edit::FileId;
use project::graph::{Graph, Origin};
use stack::backend::package_of;
use syntax::Node;
use syntax::scope::BindingId;
use syntax::view;

impl<'p> Tracer<'p> {
    pub(super) fn parameter(&self, file: FileId, id: BindingId) -> Value<'p> {
        let Some((tree, scopes)) = self.syntax(file) else { return Value::Unknown };
        let binding = scopes.binding(id);
        let Some(name) = tree.node_at(binding.name_range.clone()) else { return Value::Unknown };
        let Some(path) = pattern_path(self, file, name) else { return Value::Unknown };
        let Some((parameter, function, index)) = position(name) else { return Value::Unknown };
        let function = Place { file, node: function };
        let mut value = self.handed_over(function, index, &path);
        if let Some(default) = default_of(name) {
            value = join(value, self.value(Place { file, node: default }));
        }
        if value == Value::Unknown
            && let Some(typed) = parameter.child_by_field_name("type")
        {
            value = self.typed_at(Place { file, node: typed }, &path);
        }
        value
    }

    /// What stands at `path` in the parameter at `index`, as the callers tell.
    fn handed_over(&self, function: Place<'p>, index: usize, path: &[Step]) -> Value<'p> {
        let around = view::wrapped(function.node);
        match around.parent() {
            Some(list) if list.kind() == "arguments" => {
                let Some(call) = list.parent() else { return Value::Unknown };
                self.at_path(self.callback(Place { node: call, ..function }, around, index), path)
            }
            Some(declarator) if declarator.kind() == "variable_declarator" => declarator
                .child_by_field_name("name")
                .map_or(Value::Unknown, |name| self.handed_by_callers(function.file, name, index, path)),
            _ if function.node.kind() == "function_declaration" => function
                .node
                .child_by_field_name("name")
                .map_or(Value::Unknown, |name| self.handed_by_callers(function.file, name, index, path)),
            _ => Value::Unknown,
        }
    }

    /// A callback's parameter: what the function that takes the callback gives it.
    fn callback(&self, call: Place<'p>, callback: Node<'p>, index: usize) -> Value<'p> {
        let Some((tree, _)) = self.syntax(call.file) else { return Value::Unknown };
        let Some(callee) = view::callee(call.node).map(view::unwrapped) else { return Value::Unknown };
        let object = callee.child_by_field_name("object").map(|node| Place { node, ..call });
        let name = callee.child_by_field_name("property").map(|property| tree.text(property));
        match (name, index, object) {
            (Some("then"), 0, Some(object)) => match self.value(object) {
                answer @ (Value::Auth(_) | Value::Client(_) | Value::Module(_)) => answer,
                _ => Value::Unknown,
            },
            (Some("onAuthStateChange"), 1, Some(object)) => match self.value(object) {
                Value::Client(Handle { part: Part::Auth, .. }) => Value::Auth(Auth::Session),
                _ => Value::Unknown,
            },
            (Some("handler" | "server"), 0, Some(_)) => Value::Served(call),
            (None, 0, _)
                if self.value(Place { node: callee, ..call })
                    == package("firebase/auth", "onAuthStateChanged") =>
            {
                Value::Auth(Auth::User)
            }
            // The client of a transaction asks as the client does that opens it.
            (Some("transaction" | "$transaction" | "begin" | "withSession"), 0, Some(object)) => {
                match self.value(object) {
                    client @ Value::Client(_) => client,
                    _ => Value::Unknown,
                }
            }
            _ => {
                // `withClient((client) => ...)`: what the function of the tree calls its parameter with.
                let Value::Function(taker) = self.value(Place { node: callee, ..call }) else {
                    return Value::Unknown;
                };
                let at = view::arguments(call.node).iter().position(|node| {
                    view::wrapped(*node).id() == callback.id() || node.id() == callback.id()
                });
                at.map_or(Value::Unknown, |at| self.calls_its_parameter(taker, at, index))
            }
        }
    }

    fn calls_its_parameter(&self, taker: Place<'p>, at: usize, index: usize) -> Value<'p> {
        let Some((tree, scopes)) = self.syntax(taker.file) else { return Value::Unknown };
        let Some(name) = parameter_name(taker.node, at) else { return Value::Unknown };
        let Some(id) = scopes.binding_at(name.byte_range()) else { return Value::Unknown };
        let mut found = Value::Unknown;
        for reference in scopes.references_of(id) {
            let Some(node) = tree.node_at(reference.range.clone()) else { continue };
            let Some(call) = node.parent().filter(|parent| parent.kind() == "call_expression") else {
                continue;
            };
            if let Some(argument) = view::arguments(call).get(index)
                && let client @ Value::Client(_) = self.value(Place { node: *argument, ..taker })
            {
                found = join(found, client);
            }
        }
        found
    }

    /// What every caller of the function hands over at `path` in the argument at `index`. Only clients are followed this way: whoever calls may hand over any
    /// user.
    fn handed_by_callers(&self, file: FileId, name: Node<'p>, index: usize, path: &[Step]) -> Value<'p> {
        let mut found: Option<Value<'p>> = None;
        for at in self.uses_of(file, name) {
            // A test hands over what it likes.
            if is_test(self.file(at.file)) && !is_test(self.file(file)) {
                continue;
            }
            let callee = view::wrapped(at.node);
            let Some(parent) = callee.parent() else { continue };
            let is_call = matches!(parent.kind(), "call_expression")
                && parent
                    .child_by_field_name("function")
                    .is_some_and(|function| function.id() == callee.id());
            if !is_call {
                // Exports and imports name it; anything else hands the function itself on.
                continue;
            }
            let argument = view::arguments(parent).get(index).copied();
            let value = match argument {
                Some(node) if node.kind() != "spread_element" => {
                    self.at_path(self.value(Place { node, ..at }), path)
                }
                _ => Value::Nothing,
            };
            found = Some(match found {
                None => value,
                Some(Value::Unknown) => Value::Unknown,
                Some(_) if value == Value::Unknown => Value::Unknown,
                Some(before) => join(before, value),
            });
        }
        only_clients(found.unwrap_or(Value::Unknown))
    }

    /// A client by its type: `SupabaseClient<Database>`, `ReturnType<typeof createClient>`.
    pub(crate) fn typed(&self, typed: Place<'p>) -> Value<'p> {
        self.typed_at(typed, &[])
    }

    fn typed_at(&self, typed: Place<'p>, path: &[Step]) -> Value<'p> {
        let Some((tree, _)) = self.syntax(typed.file) else { return Value::Unknown };
        let mut node = typed.node;
        if node.kind() == "type_annotation" {
            let Some(inner) = view::code_children(node).next() else { return Value::Unknown };
            node = inner;
        }
        match path {
            [] => self.client_type(Place { node, ..typed }, 0),
            [Step::Key(key), rest @ ..] => {
                let Some((file, members)) = self.members(Place { node, ..typed }, 0) else {
                    return Value::Unknown;
                };
                let member = view::code_children(members).find(|member| {
                    let name = member.child_by_field_name("name");
                    member.kind() == "property_signature"
                        && name.and_then(|name| view::key_name(tree, name)).is_some_and(|name| name == *key)
                });
                let inner = member.and_then(|member| member.child_by_field_name("type"));
                inner.map_or(Value::Unknown, |node| self.typed_at(Place { file, node }, rest))
            }
            _ => Value::Unknown,
        }
    }

    /// The body of an object type, through a local name.
    fn members(&self, typed: Place<'p>, depth: u32) -> Option<(FileId, Node<'p>)> {
        let (tree, scopes) = self.syntax(typed.file)?;
        match typed.node.kind() {
            "object_type" | "interface_body" => Some((typed.file, typed.node)),
            "type_identifier" if depth < 4 => {
                let binding =
                    scopes.binding(scopes.lookup_type(tree.text(typed.node), typed.node.start_byte())?);
                let declaration = super::declaration(tree, binding)?;
                let body = declaration
                    .child_by_field_name("value")
                    .or_else(|| declaration.child_by_field_name("body"))?;
                self.members(Place { node: body, ..typed }, depth + 1)
            }
            _ => None,
        }
    }

    fn client_type(&self, typed: Place<'p>, depth: u32) -> Value<'p> {
        let Some((tree, scopes)) = self.syntax(typed.file) else { return Value::Unknown };
        let node = typed.node;
        let inner = |node: Node<'p>| self.client_type(Place { node, ..typed }, depth + 1);
        if depth > 6 {
            return Value::Unknown;
        }
        match node.kind() {
            "generic_type" => {
                let name = node.child_by_field_name("name").map_or("", |name| tree.text(name));
                let arguments = node.child_by_field_name("type_arguments");
                let first = arguments.and_then(|arguments| view::code_children(arguments).next());
                match (name, first) {
                    ("ReturnType" | "Awaited" | "Promise" | "NonNullable", Some(first)) => inner(first),
                    _ => node.child_by_field_name("name").map_or(Value::Unknown, inner),
                }
            }
            "type_query" => {
                let Some(named) = view::code_children(node).next() else { return Value::Unknown };
                let Some(id) = scopes.lookup(tree.text(named), named.start_byte()) else {
                    return Value::Unknown;
                };
                let value = match self.binding(typed.file, id) {
                    Value::Function(function) => self.returned(function),
                    Value::Package(specifier, name) => of_package(&specifier, &name),
                    other => other,
                };
                match value {
                    Value::Client(handle) => Value::Client(Handle { made: None, ..handle }),
                    _ => Value::Unknown,
                }
            }
            "type_identifier" | "nested_type_identifier" => {
                let name = tree.text(node);
                let Some(id) = scopes.lookup_type(name, node.start_byte()) else { return Value::Unknown };
                let binding = scopes.binding(id);
                match Graph::origin(self.project, typed.file, binding.name_range.clone()) {
                    Origin::Package(specifier, name) => of_package(&specifier, &name),
                    Origin::Local(file, range) => {
                        let Some((tree, _)) = self.syntax(file) else { return Value::Unknown };
                        let declaration = tree.node_at(range).and_then(|node| node.parent());
                        let value = declaration
                            .filter(|declaration| declaration.kind() == "type_alias_declaration")
                            .and_then(|declaration| declaration.child_by_field_name("value"));
                        value.map_or(Value::Unknown, |node| self.client_type(Place { file, node }, depth + 1))
                    }
                    _ => Value::Unknown,
                }
            }
            "union_type" | "intersection_type" | "parenthesized_type" => {
                view::code_children(node).map(inner).reduce(join).unwrap_or(Value::Unknown)
            }
            _ => Value::Unknown,
        }
    }

    /// What the middleware of the server function that `call` ends puts into its context under `name`.
    pub(super) fn served_context(&self, call: Place<'p>, name: &str) -> Value<'p> {
        let Some((tree, _)) = self.syntax(call.file) else { return Value::Unknown };
        let chain = view::Chain::of(tree, call.node);
        let mut found = Value::Unknown;
        for link in chain.links.iter().filter(|link| link.name == "middleware") {
            let list = link.call.and_then(|call| view::arguments(call).first().copied());
            let Some(list) = list.filter(|list| list.kind() == "array") else { continue };
            for node in view::code_children(list) {
                let given = self.middleware(Place { node, ..call }, name);
                if given != Value::Unknown {
                    found = given;
                }
            }
        }
        found
    }

    /// What a middleware puts into the context under `name`: `next({ context: { name } })`.
    fn middleware(&self, named: Place<'p>, name: &str) -> Value<'p> {
        let Some(made) = self.middleware_chain(named) else { return Value::Unknown };
        let Some((tree, _)) = self.syntax(made.file) else { return Value::Unknown };
        let mut found: Option<Value<'p>> = None;
        view::walk(made.node, &mut |node| {
            if node.kind() == "call_expression"
                && node
                    .child_by_field_name("function")
                    .is_some_and(|function| tree.text(function).ends_with("next"))
                && let Some(object) = view::arguments(node).first().filter(|first| first.kind() == "object")
                && let Some(context) = view::value_of(tree, *object, "context")
            {
                let given = self.get(self.value(Place { node: context, ..made }), name);
                if given != Value::Unknown {
                    found = Some(match found.take() {
                        Some(before) => join(before, given),
                        None => given,
                    });
                }
            }
            true
        });
        found.unwrap_or_else(|| self.served_context(made, name))
    }

    /// The chain that makes a middleware, through names and imports.
    fn middleware_chain(&self, named: Place<'p>) -> Option<Place<'p>> {
        let node = view::unwrapped(named.node);
        if node.kind() == "call_expression" {
            return Some(Place { node, ..named });
        }
        match Graph::origin(self.project, named.file, node.byte_range()) {
            Origin::Local(file, range) => {
                let (tree, _) = self.syntax(file)?;
                let declarator = tree.node_at(range)?.parent()?;
                let value = declarator.child_by_field_name("value").map(view::unwrapped)?;
                (value.kind() == "call_expression").then_some(Place { file, node: value })
            }
            _ => None,
        }
    }
}

/// Whether a file is a test by its own name.
fn is_test(file: &project::File) -> bool {
    [".test.", ".spec."].iter().any(|mark| file.path.name().contains(mark))
}

/// The parameter that holds a name, its function, and its place among the parameters.
pub(crate) fn position(name: Node<'_>) -> Option<(Node<'_>, Node<'_>, usize)> {
    let mut node = name;
    loop {
        let parent = node.parent()?;
        match parent.kind() {
            "formal_parameters" => {
                let index = view::code_children(parent).position(|child| child.id() == node.id())?;
                return Some((node, parent.parent()?, index));
            }
            "arrow_function" => return Some((node, parent, 0)),
            "statement_block" | "program" => return None,
            _ => node = parent,
        }
    }
}

/// The identifier of the parameter at `index`.
fn parameter_name(function: Node<'_>, index: usize) -> Option<Node<'_>> {
    if let Some(only) = function.child_by_field_name("parameter") {
        return (index == 0).then_some(only);
    }
    let parameter = view::code_children(function.child_by_field_name("parameters")?).nth(index)?;
    let pattern = parameter.child_by_field_name("pattern").unwrap_or(parameter);
    (pattern.kind() == "identifier").then_some(pattern)
}

/// The default of a parameter or of an element of its pattern.
pub(crate) fn default_of(name: Node<'_>) -> Option<Node<'_>> {
    let parent = name.parent()?;
    match parent.kind() {
        "assignment_pattern" | "object_assignment_pattern" => parent.child_by_field_name("right"),
        "required_parameter" | "optional_parameter" => parent.child_by_field_name("value"),
        _ => None,
    }
}

/// A client by the name of its type, or by the function that makes it.
fn of_package<'p>(specifier: &str, name: &str) -> Value<'p> {
    let client = package_of(specifier).starts_with("@supabase/")
        && (name == "SupabaseClient" || name.starts_with("create"));
    let sql = matches!(
        (package_of(specifier), name),
        ("pg", "PoolClient" | "Pool" | "Client")
            | ("@neondatabase/serverless", "NeonQueryFunction" | "Pool" | "PoolClient")
            | ("postgres", "Sql")
            | ("@vercel/postgres", "VercelPoolClient")
    );
    if sql {
        return Value::Client(Handle { made: None, backend: "postgres", api: Api::Sql, part: Part::Whole });
    }
    if name == "PrismaClient" || name == "Firestore" {
        let (backend, api) =
            if name == "Firestore" { ("firebase", Api::Firestore) } else { ("postgres", Api::Prisma) };
        return Value::Client(Handle { made: None, backend, api, part: Part::Whole });
    }
    if client {
        Value::Client(Handle { made: None, backend: "supabase", api: Api::Supabase, part: Part::Whole })
    } else {
        Value::Unknown
    }
}

fn package<'p>(specifier: &str, name: &str) -> Value<'p> {
    Value::Package(specifier.to_owned(), name.to_owned())
}

fn only_clients(value: Value<'_>) -> Value<'_> {
    match value {
        Value::Client(_) => value,
        _ => Value::Unknown,
    }
}

//! Calls: makers of clients, functions of the tree by what they return, auth calls, hooks.

use super::{Api, Auth, Handle, Part, Place, Tracer, Value, join, made};
use stack::backend::package_of;
use syntax::Node;
use syntax::view;

impl<'p> Tracer<'p> {
    /// What a call gives; a promise counts as what it resolves to.
    pub(super) fn called(&self, at: Place<'p>) -> Value<'p> {
        let Some((tree, scopes)) = self.syntax(at.file) else { return Value::Unknown };
        let Some(function) = at.node.child_by_field_name("function") else { return Value::Unknown };
        let function = view::unwrapped(function);
        let argument = |index: usize| view::arguments(at.node).get(index).copied();
        if matches!(function.kind(), "import" | "identifier")
            && matches!(tree.text(function), "import" | "require")
            && scopes.binding_at(function.byte_range()).is_none()
        {
            let specifier = argument(0).and_then(|argument| view::string_value(tree, argument));
            let module =
                specifier.map_or(Value::Unknown, |specifier| self.module_member(at.file, &specifier, "*"));
            // `module.exports = x` is all that `require` gives.
            return match module {
                Value::Module(file) if tree.text(function) == "require" => {
                    match self.exported(file, "default") {
                        Value::Unknown | Value::Object(_) => Value::Module(file),
                        whole => whole,
                    }
                }
                module => module,
            };
        }
        if let Some(object) = function.child_by_field_name("object")
            && let Some(property) = function.child_by_field_name("property")
        {
            let name = tree.text(property);
            let object = Place { node: object, ..at };
            let value = self.value(object);
            if value == Value::Unknown && name == "createClient" && self.text(object).ends_with("supabase") {
                // The script of a CDN: `window.supabase.createClient(url, key)`.
                return made(at, "@supabase/supabase-js", "createClient").unwrap_or(Value::Unknown);
            }
            return self.method(value, name, at);
        }
        self.apply(self.value(Place { node: function, ..at }), at)
    }

    fn method(&self, object: Value<'p>, name: &str, call: Place<'p>) -> Value<'p> {
        match object {
            Value::Client(handle) if handle.api != Api::Supabase => self.client_method(handle, name, call),
            Value::Client(handle) => match (handle.part, name) {
                (Part::Whole | Part::Schema, "schema") => {
                    Value::Client(Handle { part: Part::Schema, ..handle })
                }
                (
                    Part::Auth,
                    "getUser"
                    | "getSession"
                    | "getClaims"
                    | "signInWithPassword"
                    | "refreshSession"
                    | "setSession"
                    | "updateUser"
                    | "verifyOtp"
                    | "exchangeCodeForSession"
                    | "signInAnonymously",
                ) => Value::Auth(Auth::Answer),
                (Part::Auth, "user") => Value::Auth(Auth::User),
                (Part::Auth, "session") => Value::Auth(Auth::Session),
                _ => Value::Unknown,
            },
            Value::Model(place, backend) if RECORDS.contains(&name) => Value::Record(place, backend),
            Value::Class(class) if self.modelled(class).is_some() && RECORDS.contains(&name) => {
                Value::Record(class, self.modelled(class).unwrap_or_default())
            }
            // What is asked of a record's query is a record: `.populate()`, `.sort()`.
            record @ Value::Record(..) => record,
            Value::Package(specifier, class) if name == "fromEnv" => {
                made(call, &specifier, &class).unwrap_or(Value::Unknown)
            }
            Value::Package(specifier, class) if name == "connect" && class == "MongoClient" => {
                made(call, &specifier, &class).unwrap_or(Value::Unknown)
            }
            // `.catch` and `.finally` hand the value on.
            known if matches!(name, "catch" | "finally") => known,
            Value::Any(all) => self.each(all, |value| self.method(value, name, call)),
            Value::Object(_)
            | Value::Instance(_)
            | Value::Class(_)
            | Value::Module(_)
            | Value::Package(..)
            | Value::Reference(_)
            | Value::ServedContext(_) => self.apply(self.get(object, name), call),
            _ if name == "then" => {
                let callback =
                    view::arguments(call.node).first().map(|node| self.value(Place { node: *node, ..call }));
                callback.map_or(Value::Unknown, |callback| self.apply(callback, call))
            }
            _ => Value::Unknown,
        }
    }

    /// Methods that give the client itself, a connection of it, or a model.
    fn client_method(&self, handle: Handle, name: &str, call: Place<'p>) -> Value<'p> {
        match (handle.api, name) {
            (Api::Sql, "connect" | "getConnection" | "promise" | "reserve")
            | (Api::Prisma, "$extends")
            | (Api::Mongo, "db" | "connect")
            | (Api::KeyValue, "connect" | "duplicate" | "multi" | "pipeline" | "on") => Value::Client(handle),
            (Api::Sequelize, "define") => Value::Model(call, handle.backend),
            _ => Value::Unknown,
        }
    }

    /// What a call of `function` gives.
    fn apply(&self, function: Value<'p>, call: Place<'p>) -> Value<'p> {
        match function {
            Value::Function(place) if let Some(index) = self.hands_back(place) => {
                let given = view::arguments(call.node).get(index).copied();
                given.map_or(Value::Nothing, |node| self.value(Place { node, ..call }))
            }
            Value::Function(place) => match self.returned(place) {
                Value::Unknown if self.waits(call) => self.given(call),
                known => known,
            },
            Value::Package(specifier, name) => self.package_call(&specifier, &name, call),
            Value::Any(all) => self.each(all, |value| self.apply(value, call)),
            _ => Value::Unknown,
        }
    }

    /// Which of its parameters a function gives back, if it never gives anything else: each call has its own.
    fn hands_back(&self, function: Place<'p>) -> Option<usize> {
        let (_, scopes) = self.syntax(function.file)?;
        let parameters = function.node.child_by_field_name("parameters")?;
        let body = function.node.child_by_field_name("body")?;
        let given: Vec<Node<'p>> = match body.kind() {
            "statement_block" => returns(body).into_iter().collect::<Option<_>>()?,
            _ => vec![body],
        };
        let bound = |node: &Node<'p>| {
            let node = view::unwrapped(*node);
            let reference = scopes.reference_at(node.byte_range()).filter(|_| node.kind() == "identifier")?;
            reference.binding
        };
        let binding = given
            .first()
            .and_then(bound)
            .filter(|first| given.iter().all(|one| bound(one) == Some(*first)))?;
        let written = scopes.references_of(binding).any(|reference| reference.writes);
        let name = &scopes.binding(binding).name_range;
        let is_it = |parameter: Node<'_>| {
            let pattern = parameter.child_by_field_name("pattern").unwrap_or(parameter);
            pattern.byte_range() == *name && parameter.child_by_field_name("value").is_none()
        };
        view::code_children(parameters).position(is_it).filter(|_| !written)
    }

    /// Whether a call only puts off what its function makes: `lazy(() => neon(url))`.
    fn waits(&self, call: Place<'p>) -> bool {
        view::callee(call.node).is_some_and(|callee| self.text(Place { node: callee, ..call }) == "lazy")
    }

    /// What the function gives that a call is given.
    fn given(&self, call: Place<'p>) -> Value<'p> {
        let function =
            view::arguments(call.node).first().map(|node| self.value(Place { node: *node, ..call }));
        match function {
            Some(Value::Function(place)) => self.returned(place),
            _ => Value::Unknown,
        }
    }

    fn package_call(&self, specifier: &str, name: &str, call: Place<'p>) -> Value<'p> {
        if let Some(client) = made(call, specifier, name) {
            return client;
        }
        let argument =
            || view::arguments(call.node).first().map(|node| self.value(Place { node: *node, ..call }));
        match (package_of(specifier), name) {
            ("mongoose", "model") => Value::Model(call, "mongo"),
            ("@tanstack/react-query" | "react-query", "useQuery" | "useSuspenseQuery")
            | ("swr", "default") => Value::Fetched(call),
            ("@tanstack/react-query", "queryOptions") => argument().unwrap_or(Value::Unknown),
            // Sessions that other libraries keep.
            ("@supabase/auth-helpers-react", "useUser") => Value::Auth(Auth::User),
            ("@supabase/auth-helpers-react", "useSession") | ("next-auth", "getServerSession") => {
                Value::Auth(Auth::Session)
            }
            ("next-auth", "useSession")
            | ("@clerk/nextjs" | "@clerk/clerk-react", "useUser" | "useAuth" | "auth") => {
                Value::Auth(Auth::Answer)
            }
            ("@clerk/nextjs", "currentUser") => Value::Auth(Auth::User),
            ("firebase", "getAuth") => Value::Client(Handle {
                made: Some(call.span()),
                backend: "firebase",
                api: Api::Firebase,
                part: Part::Auth,
            }),
            ("react" | "preact", "useState") => Value::State(call),
            ("react", "useRef") => Value::Reference(Box::new(argument().unwrap_or(Value::Nothing))),
            ("react", "useMemo" | "cache") => match argument() {
                Some(Value::Function(place)) if name == "useMemo" => self.returned(place),
                Some(function) => function,
                None => Value::Unknown,
            },
            ("react", "useCallback") => argument().unwrap_or(Value::Unknown),
            ("react", "createContext") => Value::Context(call),
            ("react", "useContext" | "use") => match argument() {
                Some(Value::Context(context)) => self.provided(context),
                Some(other) if name == "use" => other,
                _ => Value::Unknown,
            },
            _ => Value::Unknown,
        }
    }

    /// `new C()`.
    pub(super) fn constructed(&self, at: Place<'p>) -> Value<'p> {
        let Some(constructor) = at.node.child_by_field_name("constructor") else { return Value::Unknown };
        let place = Place { node: constructor, ..at };
        match self.value(place) {
            Value::Package(specifier, name) => made(at, &specifier, &name).unwrap_or(Value::Unknown),
            Value::Class(class) => match self.modelled(class) {
                Some(backend) => Value::Record(class, backend),
                None => Value::Instance(class),
            },
            Value::Model(place, backend) => Value::Record(place, backend),
            // A client that is generated into the tree, and left out of it.
            Value::Unknown if self.text(place) == "PrismaClient" => {
                made(at, "@prisma/client", "PrismaClient").unwrap_or(Value::Unknown)
            }
            Value::Unknown if self.text(place) == "Proxy" => self.proxied(at),
            _ => Value::Unknown,
        }
    }

    /// The backend of a class that is a model: `class Boat extends Model`.
    pub(crate) fn modelled(&self, class: Place<'p>) -> Option<&'static str> {
        let base = self.base(class)?;
        match self.value(base) {
            Value::Package(specifier, name) if name == "Model" && specifier.starts_with("sequelize") => {
                Some("mysql")
            }
            _ => None,
        }
    }

    /// `new Proxy({}, { get: (_, key) => Reflect.get(first(), key) })` stands for `first()`.
    fn proxied(&self, at: Place<'p>) -> Value<'p> {
        let Some((tree, _)) = self.syntax(at.file) else { return Value::Unknown };
        let arguments = view::arguments(at.node);
        let target = arguments.first().map_or(Value::Unknown, |node| self.value(Place { node: *node, ..at }));
        if let Value::Client(_) = target {
            return target;
        }
        let Some(traps) = arguments.get(1) else { return Value::Unknown };
        let mut found = Value::Unknown;
        view::walk(*traps, &mut |node| {
            let behind = match node.kind() {
                "subscript_expression" => node.child_by_field_name("object"),
                "call_expression" => {
                    let reflect =
                        view::callee_path(tree, node).is_some_and(|path| path == ["Reflect", "get"]);
                    view::arguments(node).first().copied().filter(|_| reflect)
                }
                _ => None,
            };
            if let Some(node) = behind
                && let client @ Value::Client(_) = self.value(Place { node, ..at })
            {
                found = client;
            }
            found == Value::Unknown
        });
        found
    }

    /// What a function gives, all its returns joined.
    pub(crate) fn returned(&self, function: Place<'p>) -> Value<'p> {
        let key = (function.file.0, function.node.id());
        if let Some(known) = self.returns.borrow().get(&key) {
            return known.clone();
        }
        self.returns.borrow_mut().insert(key, Value::Unknown);
        let value = self.returns_joined(function);
        self.returns.borrow_mut().insert(key, value.clone());
        value
    }

    fn returns_joined(&self, function: Place<'p>) -> Value<'p> {
        let Some(body) = function.node.child_by_field_name("body") else { return Value::Unknown };
        if body.kind() != "statement_block" {
            return self.value(Place { node: body, ..function });
        }
        let mut found: Option<Value<'p>> = None;
        for expression in returns(body) {
            // A client of nowhere, so that a server without settings does not crash, is not what the function is for.
            if expression.is_some_and(|node| self.is_of_nowhere(Place { node, ..function })) {
                continue;
            }
            let value = expression.map_or(Value::Nothing, |node| self.value(Place { node, ..function }));
            found = Some(match found {
                Some(before) => join(before, value),
                None => value,
            });
        }
        found.unwrap_or(Value::Nothing)
    }

    /// `createClient("https://dummy.example", …)`.
    pub(super) fn is_of_nowhere(&self, made: Place<'p>) -> bool {
        let Some((tree, _)) = self.syntax(made.file) else { return false };
        let address = view::arguments(view::unwrapped(made.node)).first().copied();
        let address = address.and_then(|node| view::string_value(tree, node));
        address.is_some_and(|address| {
            let nowhere = ["dummy", "placeholder", "example", "invalid", "fake"];
            address.starts_with("http") && nowhere.iter().any(|word| address.contains(word))
        })
    }
}

/// Methods of a model that give one record.
const RECORDS: &[&str] =
    &["findOne", "findById", "create", "findByPk", "findOneAndUpdate", "findByIdAndUpdate", "build"];

/// The expressions that a block returns, functions inside it left out; `None` for a bare `return`.
pub(crate) fn returns(body: Node<'_>) -> Vec<Option<Node<'_>>> {
    let mut found = Vec::new();
    view::walk(body, &mut |node| match node.kind() {
        "return_statement" => {
            found.push(view::code_children(node).next());
            false
        }
        "arrow_function"
        | "function_expression"
        | "function_declaration"
        | "generator_function"
        | "generator_function_declaration"
        | "method_definition"
        | "class_declaration" => false,
        _ => true,
    });
    found
}

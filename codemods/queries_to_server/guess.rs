//! What an expression surely is, as far as its own file tells: a text, a number, a flag, a list; and whether it can be missing.
//!
//! There is no type checker here. What is not told by a literal, an operator, a well-known call or an annotation is unknown, and
//! unknown is a good answer: the schemas of the database decide then.

use super::column::Kind;
use syntax::Node;
use syntax::Tree;
use syntax::scope::{Declared, Scopes};
use syntax::view;

/// What is known of an expression.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Guess {
    /// What it is, if that is sure.
    pub(super) kind: Option<Kind>,
    /// It is surely there: neither `undefined` nor `null`.
    pub(super) there: bool,
}

impl Guess {
    fn sure(kind: Kind) -> Self {
        Self { kind: Some(kind), there: true }
    }

    fn unknown() -> Self {
        Self::default()
    }

    fn or(self, other: Self) -> Self {
        let kind = if self.kind == other.kind { self.kind } else { None };
        Self { kind, there: self.there && other.there }
    }
}

/// How far names are followed.
const DEPTH: u8 = 6;

/// What `node` is.
pub(super) fn of(tree: &Tree, scopes: &Scopes, node: Node<'_>) -> Guess {
    Reader { tree, scopes }.read(node, DEPTH)
}

/// Whether one of the values that an expression chooses from is written as `null`.
pub(super) fn names_null(node: Node<'_>) -> bool {
    let node = view::unwrapped(node);
    let part = |name: &str| node.child_by_field_name(name).is_some_and(names_null);
    match node.kind() {
        "null" => true,
        "binary_expression" => part("right"),
        "ternary_expression" => part("consequence") || part("alternative"),
        _ => false,
    }
}

/// Whether `node` is a `Date`, a file or another thing that does not survive JSON, and what it is.
pub(super) fn no_json<'t>(tree: &'t Tree, scopes: &Scopes, node: Node<'t>) -> Option<&'static str> {
    const THINGS: &[&str] =
        &["Date", "File", "Blob", "Map", "Set", "FormData", "ArrayBuffer", "Uint8Array", "RegExp"];
    let named = |text: &str| THINGS.iter().copied().find(|thing| *thing == text);
    let node = view::unwrapped(node);
    match node.kind() {
        "new_expression" => named(tree.text(view::callee(node)?)),
        "arrow_function" | "function_expression" | "class" => Some("A function"),
        "identifier" => {
            let binding = scopes.binding(scopes.binding_at(node.byte_range())?);
            let declaration = tree.node_at(binding.range.clone())?;
            if let Some(annotation) = annotation_of(declaration) {
                return named(tree.text(annotation).trim_start_matches(':').trim());
            }
            let value = declaration.child_by_field_name("value")?;
            (view::unwrapped(value).kind() == "new_expression")
                .then(|| no_json(tree, scopes, value))
                .flatten()
        }
        _ => None,
    }
}

fn annotation_of(declaration: Node<'_>) -> Option<Node<'_>> {
    declaration.child_by_field_name("type")
}

struct Reader<'t> {
    tree: &'t Tree,
    scopes: &'t Scopes,
}

impl<'t> Reader<'t> {
    fn read(&self, node: Node<'t>, depth: u8) -> Guess {
        if depth == 0 {
            return Guess::unknown();
        }
        let child = |name: &str| node.child_by_field_name(name);
        match node.kind() {
            "string" | "template_string" => Guess::sure(Kind::Text),
            "number" => Guess::sure(Kind::Number),
            "true" | "false" => Guess::sure(Kind::Flag),
            "array" => Guess { kind: None, there: true },
            "object" | "new_expression" => Guess { kind: None, there: true },
            "parenthesized_expression" => {
                view::code_children(node).next().map_or_else(Guess::unknown, |inner| self.read(inner, depth))
            }
            "non_null_expression" => {
                let inner = view::code_children(node).next().map(|inner| self.read(inner, depth));
                Guess { there: true, ..inner.unwrap_or_default() }
            }
            "as_expression" | "satisfies_expression" => {
                let mut parts = view::code_children(node);
                let (value, kind) = (parts.next(), parts.next());
                let told = kind.map(|kind| annotated(self.tree.text(kind)));
                match (told, value) {
                    (Some(told), _) if told.kind.is_some() => told,
                    (_, Some(value)) => self.read(value, depth),
                    _ => Guess::unknown(),
                }
            }
            "unary_expression" => match child("operator").map(|operator| self.tree.text(operator)) {
                Some("!") => Guess::sure(Kind::Flag),
                Some("-" | "+" | "~") => Guess::sure(Kind::Number),
                Some("typeof") => Guess::sure(Kind::Text),
                _ => Guess::unknown(),
            },
            "binary_expression" => self.binary(node, depth),
            "ternary_expression" => match (child("consequence"), child("alternative")) {
                (Some(one), Some(other)) => self.read(one, depth).or(self.read(other, depth)),
                _ => Guess::unknown(),
            },
            "await_expression" => Guess::unknown(),
            "call_expression" => self.call(node, depth),
            "member_expression" => self.member(node, depth),
            "subscript_expression" => {
                let object = child("object").map(view::unwrapped);
                let split = object.is_some_and(|object| {
                    object.kind() == "call_expression"
                        && object.child_by_field_name("function").is_some_and(|called| {
                            called
                                .child_by_field_name("property")
                                .is_some_and(|name| self.tree.text(name) == "split")
                        })
                });
                if split { Guess::sure(Kind::Text) } else { Guess::unknown() }
            }
            "identifier" | "shorthand_property_identifier" => self.name(node, depth),
            _ => Guess::unknown(),
        }
    }

    fn binary(&self, node: Node<'t>, depth: u8) -> Guess {
        let child = |name: &str| node.child_by_field_name(name);
        let (Some(left), Some(right), Some(operator)) = (child("left"), child("right"), child("operator"))
        else {
            return Guess::unknown();
        };
        match self.tree.text(operator) {
            "===" | "!==" | "==" | "!=" | "<" | ">" | "<=" | ">=" | "in" | "instanceof" => {
                Guess::sure(Kind::Flag)
            }
            "-" | "*" | "/" | "%" | "**" | "|" | "&" | "^" | "<<" | ">>" | ">>>" => Guess::sure(Kind::Number),
            "+" => {
                let (left, right) = (self.read(left, depth), self.read(right, depth));
                if left.kind == Some(Kind::Text) || right.kind == Some(Kind::Text) {
                    Guess::sure(Kind::Text)
                } else if left.kind == Some(Kind::Number) && right.kind == Some(Kind::Number) {
                    Guess::sure(Kind::Number)
                } else {
                    Guess { kind: None, there: true }
                }
            }
            "??" | "||" => {
                let (left, right) = (self.read(left, depth), self.read(right, depth));
                let kind = if left.kind == right.kind { right.kind } else { None };
                Guess { kind, there: right.there }
            }
            _ => Guess::unknown(),
        }
    }

    fn call(&self, node: Node<'t>, depth: u8) -> Guess {
        let optional = self.tree.text(node).contains("?.");
        let there = |guess: Guess| Guess { there: guess.there && !optional, ..guess };
        let Some(called) = node.child_by_field_name("function") else { return Guess::unknown() };
        if called.kind() == "identifier" {
            return match self.tree.text(called) {
                "Number" | "parseInt" | "parseFloat" => Guess::sure(Kind::Number),
                "String" | "encodeURIComponent" => Guess::sure(Kind::Text),
                "Boolean" => Guess::sure(Kind::Flag),
                _ => Guess::unknown(),
            };
        }
        let Some(name) = called.child_by_field_name("property").map(|name| self.tree.text(name)) else {
            return Guess::unknown();
        };
        let object =
            called.child_by_field_name("object").map(|object| self.tree.text(object)).unwrap_or_default();
        match (object, name) {
            ("Math", _) | ("Date", "now") => Guess::sure(Kind::Number),
            ("JSON", "stringify") | ("crypto", "randomUUID") => Guess::sure(Kind::Text),
            ("Object", _) | ("Array", _) => Guess { kind: None, there: true },
            (
                _,
                "toISOString" | "toString" | "trim" | "toLowerCase" | "toUpperCase" | "toFixed" | "join"
                | "replace" | "replaceAll" | "substring" | "padStart" | "padEnd" | "toLocaleDateString"
                | "toDateString" | "repeat" | "toLocaleString" | "toLocaleLowerCase" | "toLocaleUpperCase",
            ) => there(Guess::sure(Kind::Text)),
            (_, "getTime" | "getFullYear" | "getMonth" | "getDate" | "getDay" | "getHours" | "indexOf") => {
                there(Guess::sure(Kind::Number))
            }
            (_, "includes" | "startsWith" | "endsWith" | "some" | "every") => there(Guess::sure(Kind::Flag)),
            (_, "map" | "filter" | "slice" | "concat" | "split" | "flatMap") => {
                there(Guess { kind: None, there: true })
            }
            _ => {
                let _ = depth;
                Guess::unknown()
            }
        }
    }

    fn member(&self, node: Node<'t>, depth: u8) -> Guess {
        let text = self.tree.text(node);
        let Some(property) = node.child_by_field_name("property").map(|name| self.tree.text(name)) else {
            return Guess::unknown();
        };
        if property == "length" && !text.contains("?.") {
            return Guess::sure(Kind::Number);
        }
        let Some(object) = node.child_by_field_name("object").map(view::unwrapped) else {
            return Guess::unknown();
        };
        if object.kind() != "identifier" || depth < 2 {
            return Guess::unknown();
        }
        // `form.title` of `useState({ title: "" })`, or of a type that the file declares.
        let Some(fields) = self.fields_of(object) else { return Guess::unknown() };
        let optional = text.contains("?.");
        let found = match fields {
            Fields::Literal(literal) => {
                let value = view::value_of(self.tree, literal, property);
                value.map(|value| Guess { there: false, ..self.read(value, depth - 1) })
            }
            Fields::Type(body) => self.field_type(body, property),
        };
        found.map_or_else(Guess::unknown, |guess| Guess { there: guess.there && !optional, ..guess })
    }

    /// What tells the fields of the object that a name holds.
    fn fields_of(&self, name: Node<'t>) -> Option<Fields<'t>> {
        let binding = self.scopes.binding(self.scopes.binding_at(name.byte_range())?);
        let declaration = self.tree.node_at(binding.range.clone())?;
        let declaration = match binding.declared {
            Declared::Parameter => parameter_around(declaration),
            _ => declarator_around(declaration),
        };
        let pattern =
            declaration.child_by_field_name("name").or_else(|| declaration.child_by_field_name("pattern"));
        if let Some(annotation) = annotation_of(declaration)
            && pattern.is_some_and(|pattern| pattern.kind() == "identifier")
        {
            return self.type_body(code_of(annotation)?).map(Fields::Type);
        }
        let value = view::unwrapped(declaration.child_by_field_name("value")?);
        if pattern.is_some_and(|pattern| pattern.kind() == "array_pattern") && self.is_state(value) {
            if let Some(arguments) = value.child_by_field_name("type_arguments") {
                return self.type_body(view::code_children(arguments).next()?).map(Fields::Type);
            }
            let first = view::unwrapped(*view::arguments(value).first()?);
            return (first.kind() == "object").then_some(Fields::Literal(first));
        }
        let plain = pattern.is_some_and(|pattern| pattern.kind() == "identifier");
        (plain && value.kind() == "object").then_some(Fields::Literal(value))
    }

    fn is_state(&self, call: Node<'t>) -> bool {
        view::callee_path(self.tree, call)
            .and_then(|path| path.last().map(|name| name == "useState"))
            .unwrap_or(false)
    }

    /// The body of an object type, of a name that the file declares, or of `Partial<...>` and its like.
    fn type_body(&self, kind: Node<'t>) -> Option<Node<'t>> {
        match kind.kind() {
            "object_type" | "interface_body" => Some(kind),
            "type_identifier" => {
                let id = self.scopes.binding_at(kind.byte_range())?;
                let declaration = self.tree.node_at(self.scopes.binding(id).range.clone())?;
                match declaration.kind() {
                    "interface_declaration" => declaration.child_by_field_name("body"),
                    "type_alias_declaration" => {
                        let value = declaration.child_by_field_name("value")?;
                        (value.kind() == "object_type").then_some(value)
                    }
                    _ => None,
                }
            }
            // `Task | null`
            "union_type" => view::code_children(kind).find_map(|part| self.type_body(part)),
            _ => None,
        }
    }

    fn field_type(&self, body: Node<'t>, name: &str) -> Option<Guess> {
        let field = view::code_children(body).find(|field| {
            field.kind() == "property_signature"
                && field
                    .child_by_field_name("name")
                    .and_then(|key| view::key_name(self.tree, key))
                    .is_some_and(|key| key == name)
        })?;
        let kind = self.tree.text(field.child_by_field_name("type")?).trim_start_matches(':').trim();
        let optional = field.children().any(|child| child.kind() == "?");
        let told = annotated(kind);
        Some(Guess { there: told.there && !optional, ..told })
    }

    fn name(&self, node: Node<'t>, depth: u8) -> Guess {
        if self.tree.text(node) == "undefined" {
            return Guess::unknown();
        }
        let Some(id) = self.scopes.binding_at(node.byte_range()) else { return Guess::unknown() };
        let binding = self.scopes.binding(id);
        let Some(declaration) = self.tree.node_at(binding.range.clone()) else { return Guess::unknown() };
        match binding.declared {
            Declared::Parameter => {
                let parameter = parameter_around(declaration);
                let pattern = parameter.child_by_field_name("pattern");
                if pattern.is_none_or(|pattern| pattern.kind() != "identifier") {
                    return self.destructured(parameter, &binding.name);
                }
                let optional = parameter.kind() == "optional_parameter";
                let told = annotation_of(parameter)
                    .map(|annotation| annotated(self.tree.text(annotation).trim_start_matches(':').trim()));
                let told = told.unwrap_or_else(|| {
                    // A default tells the type.
                    let value = parameter.child_by_field_name("value");
                    value.map_or_else(Guess::unknown, |value| self.read(value, depth - 1))
                });
                Guess { there: told.there && !optional, ..told }
            }
            Declared::Const | Declared::Let | Declared::Var => {
                let declarator = declarator_around(declaration);
                let Some(pattern) = declarator.child_by_field_name("name") else { return Guess::unknown() };
                let value = declarator.child_by_field_name("value").map(view::unwrapped);
                match (pattern.kind(), value) {
                    ("identifier", _) if annotation_of(declarator).is_some() => {
                        let annotation =
                            annotation_of(declarator).map(|annotation| self.tree.text(annotation));
                        annotated(annotation.unwrap_or_default().trim_start_matches(':').trim())
                    }
                    ("identifier", Some(value)) if binding.declared == Declared::Const => {
                        self.read(value, depth - 1)
                    }
                    ("array_pattern", Some(value)) if self.is_state(value) => {
                        let first = view::code_children(pattern).next();
                        if first.is_none_or(|first| self.tree.text(first) != binding.name) {
                            return Guess::unknown();
                        }
                        if let Some(arguments) = value.child_by_field_name("type_arguments") {
                            let told = view::code_children(arguments).next();
                            return told.map_or_else(Guess::unknown, |told| annotated(self.tree.text(told)));
                        }
                        let first = view::arguments(value).first().copied();
                        match first.map(|first| self.read(first, depth - 1)) {
                            Some(guess) if guess.kind.is_some() => guess,
                            _ => Guess::unknown(),
                        }
                    }
                    _ => Guess::unknown(),
                }
            }
            _ => Guess::unknown(),
        }
    }

    /// `{ id, name }: { id: string; name?: string }`, or `: Props`.
    fn destructured(&self, parameter: Node<'t>, name: &str) -> Guess {
        let body = annotation_of(parameter).and_then(code_of).and_then(|kind| self.type_body(kind));
        body.and_then(|body| self.field_type(body, name)).unwrap_or_default()
    }
}

/// What a type says.
pub(super) fn annotated(text: &str) -> Guess {
    let text = text.trim();
    let parts: Vec<&str> = text.split('|').map(str::trim).filter(|part| !part.is_empty()).collect();
    let missing = parts.iter().any(|part| matches!(*part, "null" | "undefined" | "any" | "unknown"));
    let rest: Vec<&str> = parts.into_iter().filter(|part| !matches!(*part, "null" | "undefined")).collect();
    let literals = rest.iter().all(|part| part.starts_with(['"', '\'']));
    let kind = match rest.as_slice() {
        ["string"] => Some(Kind::Text),
        ["number"] => Some(Kind::Number),
        ["boolean"] => Some(Kind::Flag),
        ["string[]"] => Some(Kind::List(Box::new(Kind::Text))),
        ["number[]"] => Some(Kind::List(Box::new(Kind::Number))),
        [_, ..] if literals => Some(Kind::Text),
        _ => None,
    };
    let there = kind.is_some() && !missing;
    Guess { kind, there }
}

enum Fields<'t> {
    Literal(Node<'t>),
    Type(Node<'t>),
}

/// The type behind the colon.
fn code_of(annotation: Node<'_>) -> Option<Node<'_>> {
    if annotation.kind() == "type_annotation" {
        view::code_children(annotation).next()
    } else {
        Some(annotation)
    }
}

fn around<'t>(node: Node<'t>, kinds: &[&str]) -> Node<'t> {
    let mut current = Some(node);
    while let Some(candidate) = current {
        if kinds.contains(&candidate.kind()) {
            return candidate;
        }
        current = candidate.parent();
    }
    node
}

pub(super) fn declarator_around(node: Node<'_>) -> Node<'_> {
    around(node, &["variable_declarator"])
}

pub(super) fn parameter_around(node: Node<'_>) -> Node<'_> {
    around(node, &["required_parameter", "optional_parameter"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use syntax::Language;

    /// The guess for the argument of `probe(...)`.
    #[track_caller]
    fn check(source: &str, kind: Option<Kind>, there: bool) {
        let tree = Tree::parse(Arc::from(source), Language::Tsx);
        let scopes = Scopes::of(&tree);
        let at = source.find("probe(").unwrap() + "probe(".len();
        let mut found = None;
        view::walk(tree.root(), &mut |node| {
            if node.kind() == "arguments" && node.start_byte() == at - 1 {
                found = view::code_children(node).next();
            }
            true
        });
        assert_eq!(of(&tree, &scopes, found.unwrap()), Guess { kind, there }, "{source}");
    }

    #[test]
    fn literals_operators_and_known_calls_tell() {
        check("probe(`a${b}`)", Some(Kind::Text), true);
        check("probe(title.trim())", Some(Kind::Text), true);
        check("probe(title?.trim())", Some(Kind::Text), false);
        check("probe(count + 1)", None, true);
        check("probe(n * 2)", Some(Kind::Number), true);
        check("probe(!done)", Some(Kind::Flag), true);
        check("probe(parseInt(age))", Some(Kind::Number), true);
        check("probe(x || null)", None, false);
        check("probe(x ?? '')", None, true);
        check("probe(new Date().toISOString().split('T')[0])", Some(Kind::Text), true);
    }

    #[test]
    fn annotations_and_state_tell() {
        check("const f = (id: string) => probe(id);", Some(Kind::Text), true);
        check("const f = (id?: string) => probe(id);", Some(Kind::Text), false);
        check("const f = (id: string | null) => probe(id);", Some(Kind::Text), false);
        check("const [q, setQ] = useState(''); probe(q);", Some(Kind::Text), true);
        check("const [q, setQ] = useState<number | null>(null); probe(q);", Some(Kind::Number), false);
        check("const [form, setForm] = useState({ title: '' }); probe(form.title);", Some(Kind::Text), false);
        check(
            "interface P { id: string; n?: number } const C = ({ id, n }: P) => probe(n);",
            Some(Kind::Number),
            false,
        );
        check("interface T { price: number } const f = (t: T) => probe(t.price);", Some(Kind::Number), true);
        check("probe(item.id)", None, false);
    }
}

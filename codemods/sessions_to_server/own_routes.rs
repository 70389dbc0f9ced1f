//! A token that a page reads and sends to routes and functions of its own app alone. Such a page stays as it is: what it sends then names
//! the session's cookie, and the server puts the token in its place.
//!
//! The value is followed from the read to where it ends: through names, objects, functions, states, contexts and modules. Whatever is
//! not known to end in the `Authorization` header of a request to the app itself counts as another use.

use super::address::Addresses;
use super::meaning::{
    At, code_root, declared, elsewhere, goes_on, is_dependencies, is_function_of_server, last, member_name,
    sends, spread_into, state_of, within_functions,
};
use super::route_context;
use audit::Survey;
use edit::Span;
use project::File;
use project::graph::{Graph, Origin};
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::ops::Range;
use syntax::Node;
use syntax::scope::BindingId;
use syntax::view::{
    arguments, callee, callee_path, code_children, enclosing_function, key_name, string_value, unwrapped,
    wrapped,
};

/// Where in a value the token is, from the outside in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// Under this key.
    Key(String),
    /// In what comes back when it is called.
    Call,
}
use Step::{Call, Key};

/// The name under which a header or a member of that name counts: headers know no case.
fn key(name: &str) -> Step {
    Key(if name.eq_ignore_ascii_case(HEADER) { HEADER.to_owned() } else { name.to_owned() })
}

const HEADER: &str = "authorization";
/// An address of the app itself with the token in its query.
const LINK: &str = "?";
/// What sends the requests of a chat.
const CHATS: &[&str] = &[
    "DefaultChatTransport",
    "TextStreamChatTransport",
    "useChat",
    "useCompletion",
    "useObject",
    "experimental_useObject",
];

/// The walk from one read.
pub(super) struct Flow<'s, 'p> {
    survey: &'s Survey<'p>,
    addresses: Addresses<'s, 'p>,
    /// What other edits have settled.
    settled: Vec<Span>,
    seen: RefCell<BTreeSet<(Span, Vec<Step>)>>,
    /// Whether the last token that stays is sent in a link.
    pub(super) links: Cell<bool>,
}

impl<'s, 'p> Flow<'s, 'p> {
    pub(super) fn new(survey: &'s Survey<'p>) -> Self {
        Self {
            survey,
            addresses: Addresses::of(survey),
            settled: Vec::new(),
            seen: RefCell::default(),
            links: Cell::new(false),
        }
    }

    /// Whether the token that is read at `read` goes to the app itself alone. `removed`: what of this file is edited away.
    pub(super) fn stays(&mut self, file: &'s File, read: Node<'s>, removed: &[Range<usize>]) -> bool {
        self.links.set(false);
        let Some(at) = At::of(file) else { return false };
        self.settled = removed.iter().map(|range| file.span(range.clone())).collect();
        self.seen.borrow_mut().clear();
        let in_pattern = read.parent().is_some_and(|parent| parent.kind() == "pair_pattern");
        if in_pattern || read.kind() == "shorthand_property_identifier_pattern" {
            return self.binding(at, at.scopes.binding_at(read.byte_range()), &[]);
        }
        self.value(at, read, &[])
    }

    /// Whether all that becomes of the value of an expression is fine.
    fn value(&self, at: At<'s>, node: Node<'s>, path: &[Step]) -> bool {
        let span = at.file.span(node.byte_range());
        if self.settled.iter().any(|settled| settled.covers(span)) {
            return true;
        }
        if path.len() > 6 || !at.tree.sound(node) {
            return false;
        }
        if !self.seen.borrow_mut().insert((span, path.to_vec())) {
            return true;
        }
        if node.kind() == "shorthand_property_identifier" {
            let name = at.tree.text(node);
            return node.parent().is_some_and(|object| self.value(at, object, &under(key(name), path)));
        }
        let outer = wrapped(node);
        let Some(parent) = outer.parent() else { return false };
        let field =
            |name: &str| parent.child_by_field_name(name).is_some_and(|field| field.id() == outer.id());
        match parent.kind() {
            "expression_statement" | "if_statement" | "while_statement" => true,
            "await_expression" => self.value(at, parent, path),
            "unary_expression" => !at.tree.text(parent).starts_with(['-', '+', '~']),
            "ternary_expression" => field("condition") || self.value(at, parent, path),
            "binary_expression" => self.operand(at, parent, outer, path),
            "template_substitution" => {
                parent.parent().is_some_and(|template| self.text(at, template, parent, path))
            }
            "variable_declarator" => {
                parent.child_by_field_name("name").is_some_and(|name| self.pattern(at, name, path))
            }
            "assignment_expression" if field("right") => {
                parent.child_by_field_name("left").is_some_and(|left| self.assigned(at, left, path))
            }
            "return_statement" => {
                enclosing_function(parent).is_some_and(|function| self.returned(at, function, path))
            }
            "arrow_function" => field("body") && self.returned(at, parent, path),
            "pair" => {
                let name = parent.child_by_field_name("key").and_then(|key| key_name(at.tree, key));
                // What a cache is asked by: it changes with the session.
                if name.as_deref() == Some("queryKey") {
                    return true;
                }
                match (name, parent.parent()) {
                    (Some(name), Some(object)) => self.value(at, object, &under(key(&name), path)),
                    _ => false,
                }
            }
            "spread_element" => {
                !path.is_empty()
                    && parent
                        .parent()
                        .is_some_and(|object| object.kind() == "object" && self.value(at, object, path))
            }
            "array" => {
                let pair = parent.parent().and_then(|pair| pair.child_by_field_name("key"));
                let cached = pair.is_some_and(|key| at.tree.text(key) == "queryKey");
                let call = spread_into(parent);
                cached
                    || is_dependencies(at, parent)
                    || call.is_some_and(|call| self.argument(at, call, outer, path))
            }
            "member_expression" | "subscript_expression" if field("object") => self.member(at, parent, path),
            "call_expression" if field("function") => match path {
                [Call, rest @ ..] => self.value(at, parent, rest),
                _ => false,
            },
            "arguments" => parent.parent().is_some_and(|call| self.argument(at, call, outer, path)),
            "jsx_expression" => self.attribute(at, parent, path),
            _ => false,
        }
    }

    /// The value as a part of a text: of a header's, or of the query behind a path of the app.
    fn text(&self, at: At<'s>, template: Node<'s>, hole: Node<'s>, path: &[Step]) -> bool {
        let before = at.file.text.get(template.start_byte() + 1..hole.start_byte()).unwrap_or_default();
        let begins = before.rfind(['?', '&']).filter(|_| path.is_empty() && before.ends_with('='));
        match begins {
            Some(_) => {
                self.addresses.are_own(at, template) && self.value(at, template, &[Key(LINK.to_owned())])
            }
            None => path.is_empty() && !before.contains('/') && self.value(at, template, path),
        }
    }

    fn operand(&self, at: At<'s>, whole: Node<'s>, node: Node<'s>, path: &[Step]) -> bool {
        let operator = whole.child_by_field_name("operator").map_or("", |operator| operator.kind());
        let left = whole.child_by_field_name("left").is_some_and(|left| left.id() == node.id());
        match operator {
            "&&" if left => true,
            "&&" | "||" | "??" => self.value(at, whole, path),
            "+" => path.is_empty() && self.value(at, whole, path),
            "===" | "!==" | "==" | "!=" => {
                let other = whole.child_by_field_name(if left { "right" } else { "left" });
                other.is_some_and(|other| matches!(at.tree.text(other), "null" | "undefined" | "\"\"" | "''"))
            }
            _ => false,
        }
    }

    /// What a name or a pattern takes.
    fn pattern(&self, at: At<'s>, name: Node<'s>, path: &[Step]) -> bool {
        match name.kind() {
            "identifier" | "shorthand_property_identifier_pattern" => {
                self.binding(at, at.scopes.binding_at(name.byte_range()), path)
            }
            "assignment_pattern"
            | "object_assignment_pattern"
            | "required_parameter"
            | "optional_parameter" => {
                let inner = name.child_by_field_name("left").or(name.child_by_field_name("pattern"));
                inner.is_some_and(|inner| self.pattern(at, inner, path))
            }
            "object_pattern" => {
                let [Key(first), rest @ ..] = path else { return false };
                code_children(name).all(|member| {
                    let inner = member.child_by_field_name("left").unwrap_or(member);
                    match inner.kind() {
                        "pair_pattern" => {
                            let key = inner.child_by_field_name("key").and_then(|key| key_name(at.tree, key));
                            match (key, inner.child_by_field_name("value")) {
                                (Some(key), Some(value)) => key != *first || self.pattern(at, value, rest),
                                _ => false,
                            }
                        }
                        "shorthand_property_identifier_pattern" => {
                            at.tree.text(inner) != first || self.pattern(at, inner, rest)
                        }
                        "rest_pattern" => {
                            code_children(inner).next().is_some_and(|rest| self.pattern(at, rest, path))
                        }
                        _ => false,
                    }
                })
            }
            _ => false,
        }
    }

    /// Every use of a name, in other modules as well.
    fn binding(&self, at: At<'s>, id: Option<BindingId>, path: &[Step]) -> bool {
        let Some(id) = id else { return false };
        let known = at.scopes.binding(id);
        let here = at.scopes.references_of(id).filter(|one| !one.in_type && !one.writes).all(|one| {
            let Some(node) = at.tree.node_at(one.range.clone()) else { return false };
            let exported = node.parent().is_some_and(|parent| {
                parent.kind() == "export_specifier" || parent.kind() == "export_statement"
            });
            exported || self.value(at, node, path)
        });
        if !here || !known.top_level {
            return here;
        }
        let Some(elsewhere) = elsewhere(self.survey, at.file.id, known.name_range.clone()) else {
            return false;
        };
        elsewhere.into_iter().all(|span| {
            let Some(there) = At::of(self.survey.project.get(span.file)) else { return false };
            there.tree.node_at(span.range()).is_some_and(|node| self.value(there, node, path))
        })
    }

    /// Whether an address with the token in its query is opened here.
    fn opens(&self, path: &[Step], place: &str) -> bool {
        let opened = path == [Key(LINK.to_owned())]
            && matches!(place, "href" | "src" | "assign" | "open" | "EventSource" | "fetch");
        self.links.set(self.links.get() || opened);
        opened
    }

    /// `name = value`, `headers.Authorization = value`.
    fn assigned(&self, at: At<'s>, left: Node<'s>, path: &[Step]) -> bool {
        if member_name(at, left).is_some_and(|name| self.opens(path, &name)) {
            return true;
        }
        match left.kind() {
            "identifier" => self.binding(at, at.named(left), path),
            "member_expression" | "subscript_expression" => {
                let object = left.child_by_field_name("object").map(unwrapped);
                match (member_name(at, left), object) {
                    (Some(name), Some(object)) if object.kind() == "identifier" => {
                        self.binding(at, at.named(object), &under(key(&name), path))
                    }
                    _ => false,
                }
            }
            _ => false,
        }
    }

    /// What comes back from a function.
    fn returned(&self, at: At<'s>, function: Node<'s>, path: &[Step]) -> bool {
        if let [Key(name), rest @ ..] = path
            && let Some(read) = route_context::reads(self.survey, at, function, name)
        {
            return read.into_iter().all(|node| match node.kind() {
                "member_expression" => self.value(at, node, rest),
                _ => self.pattern(at, node, rest),
            });
        }
        let called = under(Call, path);
        if function.kind() == "function_declaration" {
            let name = function.child_by_field_name("name");
            return name
                .is_some_and(|name| self.binding(at, at.scopes.binding_at(name.byte_range()), &called));
        }
        if function.kind() == "method_definition" {
            let name = function.child_by_field_name("name").and_then(|name| key_name(at.tree, name));
            return match (name, function.parent()) {
                (Some(name), Some(object)) if object.kind() == "object" => {
                    self.value(at, object, &under(key(&name), &called))
                }
                _ => false,
            };
        }
        let outer = wrapped(function);
        let Some(call) =
            outer.parent().filter(|list| list.kind() == "arguments").and_then(|list| list.parent())
        else {
            // Also one that is called where it stands.
            return self.value(at, function, &called);
        };
        match last(at, call).as_deref() {
            Some("useCallback") => self.value(at, call, &called),
            Some("then" | "catch" | "useMemo") => self.value(at, call, path),
            _ => false,
        }
    }

    /// A member of the value.
    fn member(&self, at: At<'s>, member: Node<'s>, path: &[Step]) -> bool {
        let Some(name) = member_name(at, member) else { return false };
        let set = member.parent().is_some_and(|parent| {
            parent.kind() == "assignment_expression"
                && parent.child_by_field_name("left").is_some_and(|left| left.id() == member.id())
        });
        if set {
            return true;
        }
        let call = wrapped(member).parent().filter(|call| {
            call.kind() == "call_expression"
                && call
                    .child_by_field_name("function")
                    .is_some_and(|callee| callee.id() == wrapped(member).id())
        });
        match (name.as_str(), call) {
            ("then", Some(call)) => {
                // What is made of it there comes back from the call: see `returned`.
                let taken = arguments(call).first().map(|given| unwrapped(*given));
                taken.is_some_and(|taken| self.taken(at, taken, 0, path))
            }
            ("catch" | "finally", Some(call)) => self.value(at, call, path),
            ("trim" | "toString", Some(call)) if path.is_empty() => self.value(at, call, path),
            ("length", None) if path.is_empty() => true,
            ("toString", Some(call)) if path == [Key(LINK.to_owned())] => self.value(at, call, path),
            _ => match path {
                [] | [Call, ..] => false,
                [Key(first), ..] if first == LINK => false,
                [Key(first), ..]
                    if first == HEADER
                        && matches!(name.as_str(), "get" | "forEach" | "entries" | "values") =>
                {
                    false
                }
                [Key(first), rest @ ..] => key(&name) != Key(first.clone()) || self.value(at, member, rest),
            },
        }
    }

    /// What a function does with its argument.
    fn taken(&self, at: At<'s>, function: Node<'s>, index: usize, path: &[Step]) -> bool {
        if let Some(alone) = function.child_by_field_name("parameter") {
            return index == 0 && self.pattern(at, alone, path);
        }
        let Some(list) = function.child_by_field_name("parameters") else { return false };
        match code_children(list).nth(index) {
            Some(parameter) => self.pattern(at, parameter, path),
            None => !at.tree.text(function).contains("arguments"),
        }
    }

    /// The value as an argument.
    fn argument(&self, at: At<'s>, call: Node<'s>, node: Node<'s>, path: &[Step]) -> bool {
        let given = arguments(call);
        let listed = || node.parent().and_then(spread_into).is_some_and(|around| around.id() == call.id());
        let at_hand = given.iter().position(|one| one.id() == node.id());
        let Some(index) = at_hand.or_else(|| listed().then_some(0)) else { return false };
        let Some(function) = callee(call).map(unwrapped) else { return false };
        let name = last(at, call).unwrap_or_default();
        let words: Vec<String> =
            callee_path(at.tree, call).unwrap_or_default().iter().map(|word| word.to_string()).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let bears = path == [Key("headers".to_owned()), Key(HEADER.to_owned())];
        let root = code_root(function);
        let global = root.is_some_and(|root| at.named(root).is_none());
        if index == 0 && global && self.opens(path, &name) {
            return true;
        }
        match words.as_slice() {
            ["console", _] => return true,
            ["encodeURIComponent" | "String"] if path.is_empty() => return self.value(at, call, path),
            ["fetch" | "Request"] | ["window" | "globalThis", "fetch"] if index == 1 && bears && global => {
                return self.addresses.are_own(at, given[0]);
            }
            ["Headers"] if path == [Key(HEADER.to_owned())] => return self.value(at, call, path),
            [.., "useState"] => {
                let declarator =
                    wrapped(call).parent().filter(|parent| parent.kind() == "variable_declarator");
                let list = declarator.and_then(|declarator| declarator.child_by_field_name("name"));
                let state = list.and_then(|list| code_children(list).next());
                return state.is_some_and(|state| self.pattern(at, state, path));
            }
            [headers, "set" | "append"] if index == 1 && path.is_empty() => {
                let named =
                    string_value(at.tree, given[0]).is_some_and(|name| name.eq_ignore_ascii_case(HEADER));
                let object = function.child_by_field_name("object").map(unwrapped);
                return named
                    && object.is_some_and(|object| {
                        at.tree.text(object) == *headers
                            && self.binding(at, at.named(object), &[Key(HEADER.to_owned())])
                    });
            }
            _ => {}
        }
        if CHATS.contains(&name.as_str()) {
            let made = [Key("headers".to_owned()), Call, Key(HEADER.to_owned())];
            return (bears || path == made) && self.addresses.chat_is_own(at, unwrapped(node));
        }
        if function.kind() != "identifier" {
            return false;
        }
        if let Some(state) = state_of(at, function) {
            return self.pattern(at, state, path);
        }
        if bears && index == 0 && (is_function_of_server(self.survey, at, function) || goes_on(at, function))
        {
            return true;
        }
        if bears && index == 1 && sends(at, function) && within_functions(at, call) {
            return true;
        }
        match declared(self.survey, at, function) {
            Some((there, function)) => self.taken(there, function, index, path),
            None => false,
        }
    }

    /// `<Context.Provider value={…}>`, or an attribute of a component of the app.
    fn attribute(&self, at: At<'s>, braces: Node<'s>, path: &[Step]) -> bool {
        let attribute = braces.parent().filter(|attribute| attribute.kind() == "jsx_attribute");
        let Some((attribute, tag)) = attribute.and_then(|one| Some((one, one.parent()?))) else {
            return false;
        };
        let (Some(name), Some(element)) = (code_children(attribute).next(), tag.child_by_field_name("name"))
        else {
            return false;
        };
        if element.kind() == "identifier" {
            let plain = at.tree.text(element).starts_with(|letter: char| letter.is_ascii_lowercase());
            if plain {
                return self.opens(path, at.tree.text(name));
            }
            let props = under(key(at.tree.text(name)), path);
            return declared(self.survey, at, element)
                .is_some_and(|(there, function)| self.taken(there, function, 0, &props));
        }
        let context = element
            .child_by_field_name("object")
            .filter(|_| at.tree.text(element).ends_with(".Provider") && at.tree.text(name) == "value");
        let Some(Origin::Local(holder, range)) =
            context.map(|context| Graph::origin(self.survey.project, at.file.id, context.byte_range()))
        else {
            return false;
        };
        let there = At::of(self.survey.project.get(holder));
        let Some((there, id)) =
            there.and_then(|there| Some((there, there.scopes.binding_at(range.clone())?)))
        else {
            return false;
        };
        let here = there
            .scopes
            .references_of(id)
            .filter(|one| !one.in_type)
            .map(|one| there.file.span(one.range.clone()));
        let Some(elsewhere) = elsewhere(self.survey, holder, range) else { return false };
        here.chain(elsewhere).all(|span| {
            let Some(at) = At::of(self.survey.project.get(span.file)) else { return false };
            let Some(node) = at.tree.node_at(span.range()) else { return false };
            let call = node.parent().filter(|list| list.kind() == "arguments").and_then(|list| list.parent());
            match call.and_then(|call| Some((call, last(at, call)?))) {
                Some((call, name)) => {
                    matches!(name.as_str(), "useContext" | "use") && self.value(at, call, path)
                }
                // `<Context.Provider>`
                None => node.parent().is_some_and(|parent| {
                    let provides = at.tree.text(parent).ends_with(".Provider");
                    provides || matches!(parent.kind(), "export_specifier" | "export_statement")
                }),
            }
        })
    }
}

fn under(step: Step, path: &[Step]) -> Vec<Step> {
    std::iter::once(step).chain(path.iter().cloned()).collect()
}

//! Calls of database functions (`rpc`) and of edge functions (`functions.invoke`).

use super::column::{Column, Kind, of_sql, of_type};
use super::draft::{Fill, Object, Site};
use super::fixed::is_self_contained;
use super::guess;
use super::keys::Keys;
use super::name::Verb;
use super::read::{Filled, Reader, Want};
use super::reason::Reason;
use crate::sessions_to_server::{hand_on_functions, is_secret, says_who, with_comma};
use crate::strictness;
use audit::query::{Step, Target};
use stack::server::function::Input;
use syntax::Node;
use syntax::view;

impl<'s> Reader<'s> {
    /// `rpc(name, arguments)` and the methods behind it.
    pub(super) fn rpc(&mut self) -> Result<(), Reason> {
        self.draft.parts.verb = Verb::Rpc;
        let query = self.query;
        for step in &query.steps {
            if step.name != "rpc" {
                let verb = self.draft.parts.verb;
                self.step(step)?;
                self.draft.parts.verb = verb;
                continue;
            }
            self.type_arguments(step);
            let node = self.argument(step, 0).ok_or_else(Reason::function)?;
            let Some((name, replacement)) = self.fixed_string(node) else { return Err(Reason::function()) };
            if let Some(text) = replacement {
                self.hole(node.byte_range(), Fill::Text(text));
            }
            self.draft.parts.table = name.clone();
            if let Some(arguments) = self.argument(step, 1) {
                self.named_arguments(arguments, &name)?;
            }
            if let Some(options) = self.argument(step, 2) {
                self.options(options, "rpc")?;
            }
        }
        Ok(())
    }

    fn named_arguments(&mut self, node: Node<'s>, function: &str) -> Result<(), Reason> {
        let inner = view::unwrapped(node);
        if inner.kind() == "object" {
            let pairs = view::pairs(self.tree, inner);
            if pairs.len() != view::code_children(inner).count() {
                return Err(Reason::column());
            }
            for (key, _, value) in pairs {
                let mut column = self.parameter(function, &key);
                // A function takes null for any argument, whatever the generated types say.
                let null = guess::names_null(value)
                    || !strictness::checks_null(self.survey, self.file) && !self.guess(value).there;
                let untold = column.as_mut().filter(|column| !column.nullable && null);
                let untold = untold.map(|column| column.nullable = true).is_some();
                let filled = self.fill(value, &Want { name: &key, column })?;
                if untold && filled == Filled::Static && self.typed && self.tree.text(value) == "null" {
                    self.hole(value.byte_range(), Fill::Text("null as never".to_owned()));
                }
                let hole = self.draft.holes.iter_mut().find(|(range, _)| *range == value.byte_range());
                match (untold, filled, hole) {
                    (true, Filled::Sent(index), Some((_, fill @ Fill::Input(_)))) => {
                        *fill = Fill::Around(String::new(), index, "!".to_owned());
                    }
                    (true, Filled::Identity, Some((_, Fill::Text(text)))) if self.typed => {
                        *text = text.replace("?? null", "?? (null as never)");
                    }
                    _ => {}
                }
            }
            return Ok(());
        }
        if self.fixed(node).is_some() {
            return self.options(node, "rpc");
        }
        let keys = Keys::of(self, inner);
        if keys.open || keys.list == Some(true) {
            return Err(Reason::columns_unknown(function));
        }
        let schema = keys.found.iter().map(|key| {
            let text = self.schema(self.parameter(function, &key.name).as_ref(), &key.guess);
            (key.name.clone(), Input::Schema(text))
        });
        let schema = Input::Object(schema.collect());
        let input = self.send("values", schema, Site::Expression(node.byte_range()), true);
        let object = Object { input, set: Vec::new(), list: false, cast: "" };
        self.hole(node.byte_range(), Fill::Object(object));
        Ok(())
    }

    /// An argument of a database function.
    fn parameter(&self, function: &str, name: &str) -> Option<Column> {
        let schema = &self.survey.schema;
        let types = schema.types.as_ref();
        let field = types
            .and_then(|types| types.functions.get(function))
            .and_then(|arguments| arguments.iter().find(|field| field.name == name));
        let written = schema
            .functions
            .iter()
            .filter(|known| known.name.name == function)
            .flat_map(|known| &known.arguments)
            .find(|(argument, _)| argument == name)
            .map(|(_, kind)| of_sql(schema, kind));
        match (field, written) {
            (Some(field), written) => {
                let mut kind = of_type(types, &field.kind);
                if kind == Kind::Text && written == Some(Kind::Guid) {
                    kind = Kind::Guid;
                }
                Some(Column { kind, nullable: field.nullable, optional: field.optional })
            }
            (None, Some(kind)) => Some(Column { kind, nullable: true, optional: true }),
            (None, None) => None,
        }
    }

    /// `functions.invoke(name, { body })`.
    pub(super) fn edge_function(&mut self) -> Result<(), Reason> {
        self.draft.parts.verb = Verb::Invoke;
        let query = self.query;
        if self.answer_is_more_than_data() || hand_on_functions(self.survey) {
            return Err(Reason::edge_function());
        }
        for step in &query.steps {
            match step.name.as_str() {
                "functions" => {}
                "invoke" => self.invoked(step)?,
                other => return Err(Reason::method(other)),
            }
        }
        // A long line is broken inside its braces, not before `.functions`.
        self.draft.breaks.clear();
        Ok(())
    }

    fn invoked(&mut self, step: &Step) -> Result<(), Reason> {
        if let Some(kind) = self.type_arguments(step) {
            self.draft.cast =
                Some(format!("Promise<{{ data: {kind}; error: null }} | {{ data: null; error: Error }}>"));
        }
        let node = self.argument(step, 0).ok_or_else(Reason::function)?;
        match (self.fixed_string(node), &self.query.table) {
            (Some((name, replacement)), _) => {
                if let Some(text) = replacement {
                    self.hole(node.byte_range(), Fill::Text(text));
                }
                self.draft.parts.table = name;
            }
            // A closed set of functions is an enum on the wire: no other can be named.
            (None, Target::OneOf(names)) if names.iter().all(|name| !name.is_empty()) => {
                let schema = Input::Schema(Kind::Enum(names.clone()).zod());
                self.any_text_goes(node);
                let index = self.send("function", schema, Site::Expression(node.byte_range()), false);
                self.hole(node.byte_range(), Fill::Input(index));
                self.draft.parts.table = shared_name(names);
            }
            _ => return Err(Reason::function()),
        }
        let Some(options) = self.argument(step, 1) else { return Ok(()) };
        let inner = view::unwrapped(options);
        if inner.kind() != "object" {
            return if self.fixed(options).is_some() { Ok(()) } else { Err(Reason::edge_function()) };
        }
        for child in view::code_children(inner) {
            let key = child
                .child_by_field_name("key")
                .or(Some(child))
                .and_then(|key| view::key_name(self.tree, key));
            let value = child.child_by_field_name("value").unwrap_or(child);
            match (child.kind(), key.as_deref()) {
                ("pair" | "shorthand_property_identifier", Some("body")) => self.body(value)?,
                // The client sends JSON by itself, and POST is what it does with a body.
                ("pair", Some("method"))
                    if view::string_value(self.tree, value).is_some_and(|method| method == "POST") => {}
                ("pair", Some("headers")) if self.says_json(value) => {}
                // The server's client says by itself who the visitor is.
                ("pair", Some("headers")) if says_who(self.tree, value) || self.says_who_in_json(value) => {
                    let alone = view::code_children(inner).count() == 1;
                    let gone = if alone { options } else { child }.byte_range();
                    let mut gone = with_comma(&self.file.text, gone);
                    // The line end before it: the one behind keeps the indentation of what follows.
                    if self.file.text[gone.clone()].ends_with('\n') && gone.start > 0 {
                        gone = gone.start - 1..gone.end - 1;
                    }
                    self.hole(gone, Fill::Text(String::new()));
                }
                _ => return Err(Reason::edge_function()),
            }
        }
        Ok(())
    }

    /// `{ "Content-Type": "application/json" }` and nothing else.
    fn says_json(&self, headers: Node<'s>) -> bool {
        let headers = view::unwrapped(headers);
        headers.kind() == "object" && view::code_children(headers).all(|member| self.is_json(member))
    }

    /// The same with the token beside it.
    fn says_who_in_json(&self, headers: Node<'s>) -> bool {
        let headers = view::unwrapped(headers);
        headers.kind() == "object"
            && view::code_children(headers).all(|member| is_secret(self.tree, member) || self.is_json(member))
    }

    fn is_json(&self, member: Node<'s>) -> bool {
        let key = member.child_by_field_name("key").and_then(|key| view::key_name(self.tree, key));
        let kind = member.child_by_field_name("value").and_then(|kind| view::string_value(self.tree, kind));
        member.kind() == "pair"
            && key.is_some_and(|key| key.eq_ignore_ascii_case("content-type"))
            && kind.is_some_and(|kind| kind == "application/json")
    }

    /// The type that a method is given, if it names types of the browser's module: it goes, and is said at the call. Read from the
    /// text, since healing may have masked it.
    pub(super) fn type_arguments(&mut self, step: &Step) -> Option<String> {
        let (start, end) = (step.span.start as usize, step.span.end as usize);
        let mut open = None;
        view::walk(self.tree.node_at(start..end)?, &mut |node| {
            if node.kind() == "call_expression" && node.end_byte() == end {
                open = open.or(node.child_by_field_name("arguments").map(|arguments| arguments.start_byte()));
            }
            open.is_none()
        });
        let open = open.filter(|open| start < *open)?;
        let head = &self.file.text[start..open];
        let types = head.find('<')?..head.rfind('>')? + 1;
        // `(client.rpc as (args: Record<string, unknown>) => …)(…)` gives it none.
        if head[..types.start].trim_start_matches(['?', '.']).trim() != step.name {
            return None;
        }
        let told = head[types.start + 1..types.end - 1].trim().to_owned();
        if is_self_contained(&told) {
            return None;
        }
        self.hole(start + types.start..start + types.end, Fill::Text(String::new()));
        Some(told)
    }

    fn body(&mut self, node: Node<'s>) -> Result<(), Reason> {
        let inner = view::unwrapped(node);
        let shorthand = node.kind() == "shorthand_property_identifier";
        let closed = inner.kind() == "object"
            && view::pairs(self.tree, inner).len() == view::code_children(inner).count()
            && view::pairs(self.tree, inner).iter().all(|(_, _, value)| value.kind() != "method_definition");
        if closed {
            for (key, _, value) in view::pairs(self.tree, inner) {
                let guess = self.guess(value);
                let column = Column { kind: Kind::Json, nullable: false, optional: !guess.there };
                self.fill(value, &Want { name: &key, column: Some(column) })?;
            }
            return Ok(());
        }
        if let Some(thing) = super::guess::no_json(self.tree, self.scopes, inner) {
            return Err(Reason::input(&format!("A {thing}").replace("A A ", "A ")));
        }
        // No body either way; the types of the server are strict about it.
        if self.tree.text(inner) == "null" {
            self.hole(node.byte_range(), Fill::Text("undefined".to_owned()));
            return Ok(());
        }
        if let Some(fixed) = self.fixed(node) {
            if let Some(text) = fixed {
                let key = if shorthand { "body: " } else { "" };
                self.hole(node.byte_range(), Fill::Text(format!("{key}{text}")));
            }
            return Ok(());
        }
        let schema = Input::Schema("json".to_owned());
        let input = self.send("body", schema, Site::Expression(node.byte_range()), true);
        let fill = if shorthand {
            Fill::Around("body: ".to_owned(), input, String::new())
        } else {
            Fill::Input(input)
        };
        self.hole(node.byte_range(), fill);
        Ok(())
    }

    /// Whether the code around reads a stream, a file or the raw answer.
    fn answer_is_more_than_data(&self) -> bool {
        let Some(node) = self.node(self.query.span) else { return false };
        let text = match view::enclosing_function(node) {
            Some(function) => self.tree.text(function),
            None => self.tree.source(),
        };
        [
            ".context",
            "FunctionsHttpError",
            "FunctionsRelayError",
            "FunctionsFetchError",
            "instanceof Blob",
            ".getReader(",
        ]
        .iter()
        .any(|word| text.contains(word))
            || ["data.blob(", "data.arrayBuffer(", "new Blob([data", "data.body", "data as Blob"]
                .iter()
                .any(|word| text.contains(word))
    }
}

/// The words with which all names begin; else the first name.
fn shared_name(names: &[String]) -> String {
    let words = |name: &str| name.split(['-', '_']).map(str::to_owned).collect::<Vec<_>>();
    let Some(first) = names.first() else { return String::new() };
    let mut shared = words(first);
    for name in names {
        let same = shared.iter().zip(words(name)).take_while(|(one, other)| *one == other).count();
        shared.truncate(same);
    }
    while shared.len() > 1
        && shared
            .last()
            .is_some_and(|word| ["by", "for", "from", "of", "to", "with"].contains(&word.as_str()))
    {
        shared.pop();
    }
    if shared.is_empty() { first.clone() } else { shared.join("-") }
}

//! State and context of React: what a state is set to, what the providers of a context give.

use super::{Place, Tracer, Value, join};
use syntax::Node;
use syntax::view;

impl<'p> Tracer<'p> {
    /// What a `useState` holds: its first value and everything that its setter is called with.
    pub(super) fn state(&self, call: Place<'p>) -> Value<'p> {
        let first = view::arguments(call.node).first().map_or(Value::Nothing, |node| {
            match self.value(Place { node: *node, ..call }) {
                Value::Function(function) => self.returned(function),
                value => value,
            }
        });
        let declarator =
            view::wrapped(call.node).parent().filter(|parent| parent.kind() == "variable_declarator");
        let pattern = declarator.and_then(|declarator| declarator.child_by_field_name("name"));
        let Some(pattern) = pattern.filter(|pattern| pattern.kind() == "array_pattern") else {
            return Value::Unknown;
        };
        let Some(setter) = view::code_children(pattern).nth(1) else { return first };
        let Some((tree, scopes)) = self.syntax(call.file) else { return Value::Unknown };
        let Some(id) = scopes.binding_at(setter.byte_range()) else { return Value::Unknown };
        scopes.references_of(id).filter(|reference| !reference.in_type).fold(first, |value, reference| {
            let used = tree.node_at(reference.range.clone());
            join(value, used.map_or(Value::Unknown, |node| self.set(Place { node, ..call })))
        })
    }

    /// What one use of a setter sets. A setter in a list of dependencies sets nothing.
    fn set(&self, setter: Place<'p>) -> Value<'p> {
        let Some(parent) = setter.node.parent() else { return Value::Unknown };
        match parent.kind() {
            "call_expression" => {
                let Some(argument) = view::arguments(parent).first().copied() else { return Value::Nothing };
                if argument.id() == setter.node.id() {
                    return Value::Unknown;
                }
                match self.value(Place { node: argument, ..setter }) {
                    Value::Function(updater) => self.returned(updater),
                    value => value,
                }
            }
            "array" if is_dependencies(parent) => Value::Nothing,
            _ => Value::Unknown,
        }
    }

    /// What the function of a fetching hook gives: `useQuery({ queryFn })`, `useSWR(key, fetcher)`.
    pub(super) fn fetched(&self, call: Place<'p>) -> Value<'p> {
        let arguments = view::arguments(call.node);
        let options =
            arguments.first().map_or(Value::Unknown, |node| self.value(Place { node: *node, ..call }));
        let function = match (&options, arguments.get(1)) {
            (Value::Object(_), None) if self.get(options.clone(), "select") == Value::Unknown => {
                self.get(options, "queryFn")
            }
            (_, Some(node)) => self.value(Place { node: *node, ..call }),
            _ => Value::Unknown,
        };
        match function {
            Value::Function(function) => self.returned(function),
            _ => Value::Unknown,
        }
    }

    /// What the providers of a context give.
    pub(super) fn provided(&self, context: Place<'p>) -> Value<'p> {
        let declarator =
            view::wrapped(context.node).parent().filter(|parent| parent.kind() == "variable_declarator");
        let Some(name) = declarator.and_then(|declarator| declarator.child_by_field_name("name")) else {
            return Value::Unknown;
        };
        let mut found: Option<Value<'p>> = None;
        for used in self.uses_of(context.file, name) {
            let Some(value) = self.provider_value(used) else { continue };
            found = Some(match found {
                Some(before) => join(before, value),
                None => value,
            });
        }
        found.unwrap_or(Value::Unknown)
    }

    /// The value that `<Context.Provider value={...}>` or `<Context value={...}>` gives, if the use is such a tag.
    fn provider_value(&self, used: Place<'p>) -> Option<Value<'p>> {
        let (tree, _) = self.syntax(used.file)?;
        let mut tag = used.node.parent()?;
        if matches!(tag.kind(), "member_expression" | "nested_identifier") {
            tag = tag.parent()?;
        }
        if !matches!(tag.kind(), "jsx_opening_element" | "jsx_self_closing_element") {
            return None;
        }
        let value = view::jsx_attributes(tree, tag).into_iter().find(|(name, _, _)| *name == "value")?.2?;
        Some(self.value(Place { node: value, ..used }))
    }
}

/// The second argument of a hook.
fn is_dependencies(array: Node<'_>) -> bool {
    array.parent().is_some_and(|list| list.kind() == "arguments")
}

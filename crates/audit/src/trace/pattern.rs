//! Patterns and joins: which part of a value a name is, and one value of two.

use super::{Handle, Tracer, Value};
use edit::FileId;
use syntax::Node;
use syntax::{Tree, view};

/// The node that declares a binding: of `let x;` the declarator, which covers no more than its name.
pub(crate) fn declaration<'p>(tree: &'p Tree, binding: &syntax::scope::Binding) -> Option<Node<'p>> {
    let mut node = tree.node_at(binding.range.clone())?;
    while let Some(parent) =
        node.parent().filter(|parent| parent.byte_range() == node.byte_range() && parent.kind() != "program")
    {
        node = parent;
    }
    Some(node)
}

/// A step into a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Key(String),
    Index(usize),
}

/// The way from a pattern's value to the name in it, outermost first; `None` for rest elements and computed keys.
pub(crate) fn pattern_path<'p>(tracer: &Tracer<'p>, file: FileId, name: Node<'p>) -> Option<Vec<Step>> {
    let (tree, _) = tracer.syntax(file)?;
    let mut path = Vec::new();
    let mut node = name;
    if node.kind() == "shorthand_property_identifier_pattern" {
        path.push(Step::Key(tree.text(node).to_owned()));
    }
    while let Some(parent) = node.parent() {
        match parent.kind() {
            "pair_pattern" => {
                let key = view::key_name(tree, parent.child_by_field_name("key")?)?;
                path.push(Step::Key(key.into_owned()));
            }
            "array_pattern" => {
                let before = parent.children();
                let commas = before
                    .take_while(|child| child.id() != node.id())
                    .filter(|child| child.kind() == ",")
                    .count();
                path.push(Step::Index(commas));
            }
            "rest_pattern" => return None,
            "object_pattern" | "object_assignment_pattern" | "assignment_pattern" => {}
            _ => break,
        }
        node = parent;
    }
    path.reverse();
    Some(path)
}

/// What is known where two values meet.
pub(crate) fn join<'p>(one: Value<'p>, other: Value<'p>) -> Value<'p> {
    match (one, other) {
        (one, other) if one == other => one,
        (Value::Nothing, known) | (known, Value::Nothing) => known,
        (Value::Client(one), Value::Client(other)) if one.api == other.api && one.part == other.part => {
            Value::Client(Handle { made: None, ..one })
        }
        (client @ Value::Client(_), _) | (_, client @ Value::Client(_)) => client,
        (model @ (Value::Model(..) | Value::Record(..)), Value::Unknown)
        | (Value::Unknown, model @ (Value::Model(..) | Value::Record(..))) => model,
        // A function or an object may give a client; what gives the signed-in user must be all that there is.
        (
            Value::Unknown,
            open @ (Value::Function(_) | Value::Class(_) | Value::Instance(_) | Value::Package(..)),
        )
        | (
            open @ (Value::Function(_) | Value::Class(_) | Value::Instance(_) | Value::Package(..)),
            Value::Unknown,
        ) => open,
        (Value::Unknown, _) | (_, Value::Unknown) => Value::Unknown,
        (Value::Any(mut all), Value::Any(more)) => {
            all.extend(more);
            Value::Any(all)
        }
        (Value::Any(mut all), one) | (one, Value::Any(mut all)) => {
            if !all.contains(&one) && all.len() < 8 {
                all.push(one);
            }
            Value::Any(all)
        }
        (one, other) => Value::Any(vec![one, other]),
    }
}

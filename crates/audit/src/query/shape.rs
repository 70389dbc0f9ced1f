//! How the result of a query is taken: the expression around it, and what is read of it.

use super::{Builder, Reader, ResultUse, Shape, answered, builder};
use std::collections::BTreeSet;
use syntax::Node;
use syntax::view;

/// What is seen around a query.
pub(super) struct Shaped {
    pub(super) shape: Shape,
    pub(super) result: ResultUse,
    pub(super) builder: Option<Builder>,
}

/// What is around the call or chain `end`; `then` is the call of `.then` or `.catch` on it. `lazy` is whether it is sent only once it
/// is awaited, `immediate` whether it answers at once.
pub(super) fn of<'p>(
    reader: &Reader<'_, 'p>,
    end: Node<'p>,
    then: Option<Node<'p>>,
    lazy: bool,
    immediate: bool,
) -> Shaped {
    let plain = |shape, result| Shaped { shape, result, builder: None };
    let looped = |shape| if in_loop(reader, end) { Shape::Map } else { shape };
    if immediate {
        return plain(Shape::Other, uses(reader, end));
    }
    if let Some(then) = then {
        return plain(looped(Shape::Then), of_callback(reader, then));
    }
    let outer = view::wrapped(end);
    let Some(parent) = outer.parent() else { return plain(Shape::Other, ResultUse::default()) };
    let kept = |holder: Node<'p>, field: &str| {
        holder
            .child_by_field_name(field)
            .filter(|name| name.kind() == "identifier")
            .and_then(|name| reader.scopes.binding_at(name.byte_range()))
    };
    let built = |id| {
        let (builder, result) = builder::of(reader, id);
        let never = lazy && builder.sent.is_empty() && !builder.leaves;
        let shape = if never { Shape::NeverSent } else { Shape::Builder };
        Shaped { shape, result, builder: Some(builder) }
    };
    match parent.kind() {
        "await_expression" => plain(looped(Shape::Await), uses(reader, parent)),
        "return_statement" | "arrow_function" if lazy && answered::goes_on(reader, end) => {
            plain(Shape::Other, whole())
        }
        "return_statement" | "arrow_function" => plain(looped(Shape::Return), whole()),
        "array" => match combined(reader, parent) {
            Some(call) => plain(looped(Shape::PromiseAll), of_element(reader, call, outer, parent)),
            None => plain(looped(Shape::Other), whole()),
        },
        "ternary_expression" => {
            let around = view::wrapped(parent).parent();
            match around {
                Some(holder) if holder.kind() == "variable_declarator" && kept(holder, "name").is_some() => {
                    let shaped = kept(holder, "name").map_or_else(|| plain(Shape::Ternary, whole()), built);
                    let at_once =
                        shaped.builder.as_ref().is_some_and(|builder| sent_at_once(reader, builder));
                    if at_once { plain(looped(Shape::Ternary), shaped.result) } else { shaped }
                }
                Some(awaited) if awaited.kind() == "await_expression" => {
                    plain(looped(Shape::Ternary), uses(reader, awaited))
                }
                _ => plain(looped(Shape::Ternary), whole()),
            }
        }
        // A promise of it is handed on.
        "arguments" if is_promised(reader, parent) => plain(looped(Shape::Return), whole()),
        "variable_declarator" => match kept(parent, "name") {
            Some(id) => built(id),
            None => plain(Shape::Other, uses(reader, end)),
        },
        "assignment_expression" => match kept(parent, "left") {
            Some(id) => built(id),
            None => plain(Shape::Other, whole()),
        },
        "expression_statement" | "unary_expression" if lazy => plain(Shape::NeverSent, ignored()),
        "expression_statement" | "unary_expression" => plain(looped(Shape::Other), ignored()),
        _ => plain(looped(Shape::Other), uses(reader, end)),
    }
}

/// Whether a choice of two queries is awaited as it is, with nothing but other declarations before that:
/// `const query = on ? one : other; await query`.
fn sent_at_once(reader: &Reader<'_, '_>, builder: &Builder) -> bool {
    let ([sent], [declared, last]) = (builder.sent.as_slice(), builder.statements.as_slice()) else {
        return false;
    };
    let plain = reader.file.text.get(sent.range()) == reader.file.text.get(builder.binding.range());
    if builder.leaves || !plain {
        return false;
    }
    let mut next = reader.tree.node_at(declared.range()).and_then(|declared| declared.next_named_sibling());
    while let Some(statement) = next {
        if reader.at(statement).span() == *last {
            return true;
        }
        if statement.kind() != "lexical_declaration" || waits(statement) {
            return false;
        }
        next = statement.next_named_sibling();
    }
    false
}

/// Whether a declaration waits for something: a query that is asked before it would be asked too early.
fn waits(declaration: Node<'_>) -> bool {
    let mut found = false;
    view::walk(declaration, &mut |node| {
        found |= matches!(node.kind(), "await_expression" | "yield_expression");
        !found && !view::is_function(node)
    });
    found
}

/// The argument of `Promise.resolve`.
fn is_promised(reader: &Reader<'_, '_>, list: Node<'_>) -> bool {
    let path = list.parent().and_then(|call| view::callee_path(reader.tree, call));
    path.is_some_and(|path| matches!(path.as_slice(), [one, other] if one == "Promise" && other == "resolve"))
}

pub(super) fn whole() -> ResultUse {
    ResultUse { whole: true, ..ResultUse::default() }
}

fn ignored() -> ResultUse {
    ResultUse { ignored: true, ..ResultUse::default() }
}

/// Both uses at once.
pub(super) fn both(one: ResultUse, other: ResultUse) -> ResultUse {
    let fields: BTreeSet<String> = one.fields.into_iter().chain(other.fields).collect();
    let whole = one.whole || other.whole;
    let ignored = one.ignored && other.ignored;
    ResultUse { ignored: ignored && fields.is_empty() && !whole, fields: fields.into_iter().collect(), whole }
}

/// Whether the node is made once for each element: in a loop, or in the callback of `map` and its like.
fn in_loop(reader: &Reader<'_, '_>, node: Node<'_>) -> bool {
    let mut current = node;
    while let Some(parent) = current.parent() {
        match parent.kind() {
            "for_statement" | "for_in_statement" | "while_statement" | "do_statement"
                if parent.child_by_field_name("body").is_some_and(|body| body.id() == current.id()) =>
            {
                return true;
            }
            "arrow_function" | "function_expression" => {
                let list = view::wrapped(parent).parent().filter(|list| list.kind() == "arguments");
                let callee = list.and_then(|list| list.parent()).and_then(view::callee).map(view::unwrapped);
                let name = callee.and_then(|callee| callee.child_by_field_name("property"));
                return name.is_some_and(|name| {
                    matches!(
                        reader.tree.text(name),
                        "map" | "forEach" | "flatMap" | "reduce" | "filter" | "from"
                    )
                });
            }
            "function_declaration" | "method_definition" | "program" => return false,
            _ => {}
        }
        current = parent;
    }
    false
}

/// The call of `Promise.all` or its like that takes this array.
pub(super) fn combined<'p>(reader: &Reader<'_, 'p>, array: Node<'p>) -> Option<Node<'p>> {
    let call = view::wrapped(array).parent().filter(|list| list.kind() == "arguments")?.parent()?;
    let path = view::callee_path(reader.tree, call)?;
    (path.len() == 2
        && path[0] == "Promise"
        && matches!(path[1].as_ref(), "all" | "allSettled" | "race" | "any"))
    .then_some(call)
}

/// What is read of one element of `const [one, other] = await Promise.all([...])`.
pub(super) fn of_element<'p>(
    reader: &Reader<'_, 'p>,
    call: Node<'p>,
    element: Node<'p>,
    array: Node<'p>,
) -> ResultUse {
    let Some(index) = view::code_children(array).position(|child| child.id() == element.id()) else {
        return whole();
    };
    let Some(awaited) = view::wrapped(call).parent().filter(|parent| parent.kind() == "await_expression")
    else {
        return whole();
    };
    let Some(holder) = view::wrapped(awaited).parent() else { return whole() };
    let pattern = match holder.kind() {
        "variable_declarator" => holder.child_by_field_name("name"),
        "assignment_expression" => holder.child_by_field_name("left"),
        "expression_statement" => return ignored(),
        _ => None,
    };
    let Some(pattern) = pattern.filter(|pattern| pattern.kind() == "array_pattern") else { return whole() };
    // `[, second]` skips an element: commas count, not names.
    let mut at = 0;
    for child in pattern.children() {
        match child.kind() {
            "," => at += 1,
            "rest_pattern" => return whole(),
            _ if child.is_named() && at == index => return of_pattern(reader, child),
            _ => {}
        }
    }
    ignored()
}

/// What is read of the value of an expression.
pub(super) fn uses<'p>(reader: &Reader<'_, 'p>, value: Node<'p>) -> ResultUse {
    let outer = view::wrapped(value);
    let Some(parent) = outer.parent() else { return whole() };
    match parent.kind() {
        "expression_statement" => ignored(),
        "variable_declarator" => match parent.child_by_field_name("name") {
            Some(pattern) => of_pattern(reader, pattern),
            None => whole(),
        },
        "assignment_expression" => match parent.child_by_field_name("left") {
            Some(pattern) if pattern.kind() == "object_pattern" => of_pattern(reader, pattern),
            Some(name) if name.kind() == "identifier" => of_name(reader, name),
            _ => whole(),
        },
        "member_expression"
            if parent.child_by_field_name("object").is_some_and(|object| object.id() == outer.id()) =>
        {
            let name = parent.child_by_field_name("property").map(|name| reader.tree.text(name).to_owned());
            ResultUse { fields: name.into_iter().collect(), ..ResultUse::default() }
        }
        "ternary_expression"
            if parent.child_by_field_name("condition").is_none_or(|test| test.id() != outer.id()) =>
        {
            uses(reader, parent)
        }
        "binary_expression" => uses(reader, parent),
        _ => whole(),
    }
}

/// What a pattern or a name takes of the value that it is given.
fn of_pattern<'p>(reader: &Reader<'_, 'p>, pattern: Node<'p>) -> ResultUse {
    match pattern.kind() {
        "identifier" => of_name(reader, pattern),
        "object_pattern" => {
            let mut found = BTreeSet::new();
            for element in view::code_children(pattern) {
                let key = match element.kind() {
                    "shorthand_property_identifier_pattern" => Some(element),
                    "object_assignment_pattern" => element.child_by_field_name("left"),
                    "pair_pattern" => element.child_by_field_name("key"),
                    _ => return whole(),
                };
                match key.and_then(|key| view::key_name(reader.tree, key)) {
                    Some(name) => found.insert(name.into_owned()),
                    None => return whole(),
                };
            }
            ResultUse { fields: found.into_iter().collect(), ..ResultUse::default() }
        }
        "assignment_pattern" => {
            pattern.child_by_field_name("left").map_or_else(whole, |left| of_pattern(reader, left))
        }
        _ => whole(),
    }
}

/// What is read of a variable that holds the result.
fn of_name<'p>(reader: &Reader<'_, 'p>, name: Node<'p>) -> ResultUse {
    let Some(id) = reader.scopes.binding_at(name.byte_range()) else { return whole() };
    let mut found: Option<ResultUse> = None;
    for reference in
        reader.scopes.references_of(id).filter(|reference| !reference.in_type && !reference.writes)
    {
        let Some(node) = reader.tree.node_at(reference.range.clone()) else { continue };
        let outer = view::wrapped(node);
        let used = match outer.parent() {
            Some(parent)
                if parent.kind() == "member_expression" || parent.kind() == "variable_declarator" =>
            {
                uses(reader, node)
            }
            _ => whole(),
        };
        found = Some(match found {
            Some(before) => both(before, used),
            None => used,
        });
    }
    found.unwrap_or_else(ignored)
}

/// What the callback of `.then` reads.
fn of_callback<'p>(reader: &Reader<'_, 'p>, then: Node<'p>) -> ResultUse {
    let then_name = view::callee(then)
        .map(view::unwrapped)
        .and_then(|callee| callee.child_by_field_name("property"))
        .map_or("", |name| reader.tree.text(name));
    if then_name != "then" {
        return uses(reader, then);
    }
    let Some(callback) = view::arguments(then).first().copied().map(view::unwrapped) else { return whole() };
    if let Some(only) = callback.child_by_field_name("parameter") {
        return of_pattern(reader, only);
    }
    let Some(parameters) = callback.child_by_field_name("parameters") else { return whole() };
    match view::code_children(parameters).next() {
        Some(parameter) => of_pattern(reader, parameter.child_by_field_name("pattern").unwrap_or(parameter)),
        None => ignored(),
    }
}

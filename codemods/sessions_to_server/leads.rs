//! Where a client goes on under another name: what a hook keeps, a constant, a variable, a function that gives it.

use super::held;
use super::lazy;
use super::reach::Is;
use project::File;
use std::ops::Range;
use syntax::Node;
use syntax::Tree;
use syntax::view::{arguments, callee, code_children, enclosing_function, unwrapped, walk, wrapped};

/// `useMemo(() => client, [])`, `useState(() => client)`, `useRef(client).current`: what stands for the client there.
pub(super) fn memoised<'t>(tree: &'t Tree, node: Node<'t>) -> Node<'t> {
    let of_hook = || {
        let outer = wrapped(node);
        let given = if outer.parent()?.kind() == "arguments" { outer } else { returned_by(tree, outer)? };
        let call = given.parent().filter(|list| list.kind() == "arguments")?.parent()?;
        let first = arguments(call).first().is_some_and(|first| first.id() == given.id());
        let hook = tree.text(callee(call)?).trim_start_matches("React.");
        match hook {
            "useMemo" if first && given.id() != outer.id() => Some(call),
            "useState" if first => Some(call),
            "useRef" if first && given.id() == outer.id() => {
                let member = wrapped(call).parent().filter(|member| member.kind() == "member_expression")?;
                let property = member.child_by_field_name("property")?;
                (tree.text(property) == "current").then_some(member)
            }
            _ => None,
        }
    };
    of_hook().unwrap_or(node)
}

/// The arrow function that gives nothing but `value`, or else `null`.
fn returned_by<'t>(tree: &'t Tree, value: Node<'t>) -> Option<Node<'t>> {
    let parent = value.parent()?;
    if parent.kind() == "arrow_function" {
        return (parent.child_by_field_name("body")?.id() == value.id()).then_some(parent);
    }
    let function = enclosing_function(parent).filter(|function| function.kind() == "arrow_function")?;
    let mut only = parent.kind() == "return_statement";
    walk(function.child_by_field_name("body")?, &mut |inner| {
        if inner.kind() == "return_statement" && inner.id() != parent.id() {
            only &= code_children(inner).next().is_none_or(|value| tree.text(unwrapped(value)) == "null");
        }
        only
    });
    only.then_some(function)
}

/// A name that leads on: the identifier, the type that is written at it, and what it is.
pub(super) type Lead<'t> = (Node<'t>, Option<Range<usize>>, Is);

/// `const db = client`: the alias.
pub(super) fn alias<'t>(tree: &'t Tree, node: Node<'t>) -> Option<Lead<'t>> {
    let parent = wrapped(node).parent().filter(|parent| parent.kind() == "variable_declarator")?;
    let name = parent.child_by_field_name("name")?;
    // `const [db] = useState(() => client)`
    let name = match name.kind() {
        "array_pattern" => {
            code_children(name).next().filter(|_| tree.text(unwrapped(node)).contains("useState"))?
        }
        _ => name,
    };
    let name = Some(name).filter(|name| name.kind() == "identifier")?;
    let statement = parent.parent()?;
    let typed = parent.child_by_field_name("type").map(|typed| typed.byte_range());
    (name.id() != node.id() && tree.text(statement).starts_with("const")).then_some((name, typed, Is::Client))
}

/// `let db; db = client;` where nothing else is ever put in: the variable.
pub(super) fn assigned<'t>(file: &'t File, node: Node<'t>) -> Option<Lead<'t>> {
    let (tree, scopes) = file.syntax()?;
    let outer = wrapped(node);
    let set = outer.parent().filter(|set| set.kind() == "assignment_expression")?;
    let left = set.child_by_field_name("left").filter(|left| left.kind() == "identifier")?;
    let id = scopes.binding_at(left.byte_range())?;
    let known = scopes.binding(id);
    let name = tree.node_at(known.name_range.clone())?;
    let declarator = name.parent().filter(|parent| parent.kind() == "variable_declarator")?;
    let is_nothing = |value: Node<'t>| matches!(tree.text(unwrapped(value)), "null" | "undefined");
    let starts = declarator.child_by_field_name("value").is_none_or(is_nothing);
    let mut writes = scopes.references_of(id).filter(|reference| reference.writes);
    let alone = writes.all(|reference| {
        let put = tree.node_at(reference.range.clone()).and_then(|left| left.parent());
        let value = put.and_then(|put| put.child_by_field_name("right"));
        value.is_some_and(|value| is_nothing(value) || tree.text(value) == tree.text(outer))
    });
    let typed = declarator.child_by_field_name("type").map(|typed| typed.byte_range());
    // What says its type by the client goes on to do so; without any it would be what it starts with.
    let says = typed.is_none_or(|typed| held::says_itself(&file.text[typed]));
    (starts && alone && says).then_some((name, None, Is::Client))
}

/// `const [db, setDb] = useState<SupabaseClient | null>(null); setDb(client)` where nothing else is ever put in: the name, with what says
/// its type.
pub(super) fn in_state<'t>(file: &'t File, node: Node<'t>) -> Option<Lead<'t>> {
    let (tree, scopes) = file.syntax()?;
    let outer = wrapped(node);
    let call = outer.parent().filter(|list| list.kind() == "arguments")?.parent()?;
    let setter = callee(call).filter(|callee| callee.kind() == "identifier")?;
    let id = scopes.binding_at(setter.byte_range())?;
    let pattern = tree.node_at(scopes.binding(id).name_range.clone())?.parent()?;
    let declarator = pattern.parent().filter(|_| pattern.kind() == "array_pattern")?;
    let [name, _] = code_children(pattern).collect::<Vec<_>>()[..] else { return None };
    let hook = declarator.child_by_field_name("value").map(unwrapped)?;
    let is_hook = tree.text(callee(hook)?).trim_start_matches("React.") == "useState";
    let is_nothing = |value: &Node<'t>| matches!(tree.text(unwrapped(*value)), "null" | "undefined");
    let starts = arguments(hook).iter().all(is_nothing);
    // Only this client, or nothing, is put in; a list of what a hook depends on may name the setter.
    let alone = scopes.references_of(id).all(|reference| {
        let put = tree.node_at(reference.range.clone()).and_then(|setter| setter.parent());
        put.is_some_and(|put| {
            put.kind() == "array"
                || arguments(put)
                    .iter()
                    .all(|given| is_nothing(given) || tree.text(*given) == tree.text(outer))
        })
    });
    let typed = hook.child_by_field_name("type_arguments").map(|typed| typed.byte_range());
    (is_hook && starts && alone && name.kind() == "identifier").then_some((name, typed, Is::Client))
}

/// `const db = new Proxy({}, { get(_, key) { return Reflect.get(client, key) } })`: what stands for the client.
pub(super) fn proxied<'t>(tree: &'t Tree, node: Node<'t>) -> Option<Lead<'t>> {
    let parent = wrapped(node).parent()?;
    let reads = match parent.kind() {
        "subscript_expression" => parent.child_by_field_name("object")?.id() == wrapped(node).id(),
        // `Reflect.get(client, key)`, `value.bind(client)`
        "arguments" => {
            let called = tree.text(callee(parent.parent()?)?);
            called == "Reflect.get" || called.ends_with(".bind")
        }
        _ => false,
    };
    let mut around = std::iter::successors(Some(parent), |node| node.parent());
    let proxy = around.find(|node| lazy::is_proxy(tree, *node)).filter(|_| reads)?;
    alias(tree, proxy)
}

/// `getClient().then((client) => …)`: the parameter.
pub(super) fn then_taken<'t>(tree: &'t Tree, promise: Node<'t>) -> Option<Lead<'t>> {
    let function = *arguments(then_of(tree, promise)?).first()?;
    let first = || code_children(function.child_by_field_name("parameters")?).next();
    let parameter = function.child_by_field_name("parameter").or_else(first)?;
    let name = parameter.child_by_field_name("pattern").unwrap_or(parameter);
    let typed = parameter.child_by_field_name("type").map(|typed| typed.byte_range());
    (name.kind() == "identifier").then_some((name, typed, Is::Client))
}

/// `promise.then(…)`: the call.
fn then_of<'t>(tree: &'t Tree, promise: Node<'t>) -> Option<Node<'t>> {
    let member = wrapped(promise).parent().filter(|member| member.kind() == "member_expression")?;
    let is_then = tree.text(member.child_by_field_name("property")?) == "then";
    wrapped(member).parent().filter(|call| is_then && call.kind() == "call_expression")
}

/// `() => import("…").then((module) => module.createClient())`: the name of the function that gives a promise of the client.
fn promiser<'t>(tree: &'t Tree, step: Node<'t>) -> Option<Lead<'t>> {
    let list = wrapped(step).parent().filter(|list| list.kind() == "arguments")?;
    let call = list.parent()?;
    let object = unwrapped(callee(call)?.child_by_field_name("object")?);
    let first = arguments(call).first().is_some_and(|first| first.id() == wrapped(step).id());
    if then_of(tree, object)?.id() != call.id() || !first || !tree.text(callee(object)?).starts_with("import")
    {
        return None;
    }
    let outer = wrapped(call);
    let function = outer.parent().filter(|function| function.kind() == "arrow_function")?;
    let body = function.child_by_field_name("body")?;
    let typed = function.child_by_field_name("return_type").map(|typed| typed.byte_range());
    (body.id() == outer.id()).then_some((function_name(function)?, typed, Is::Promiser))
}

/// A function that gives the client wherever it ends: its name.
pub(super) fn giver<'t>(tree: &'t Tree, node: Node<'t>) -> Option<Lead<'t>> {
    let outer = wrapped(node);
    if let Some(lead) = outer.parent().and_then(|step| promiser(tree, step)) {
        return Some(lead);
    }
    let parent = outer.parent()?;
    let function = match parent.kind() {
        "return_statement" => enclosing_function(parent)?,
        "arrow_function" if parent.child_by_field_name("body")?.id() == outer.id() => parent,
        _ => return None,
    };
    let name = match function.kind() {
        "function_declaration" => function.child_by_field_name("name")?,
        "arrow_function" | "function_expression" => {
            let name = function_name(function)?;
            let declarator = name.parent()?;
            let plain = declarator.child_by_field_name("type").is_none()
                && declarator.parent().is_some_and(|statement| tree.text(statement).starts_with("const"));
            plain.then_some(name)?
        }
        _ => return None,
    };
    let mut fine = true;
    if parent.kind() == "return_statement" {
        walk(function.child_by_field_name("body")?, &mut |inner| {
            if inner.kind() == "return_statement" {
                let value = code_children(inner).next().map(|value| tree.text(unwrapped(value)));
                fine &= value
                    .is_none_or(|value| value == tree.text(node) || matches!(value, "null" | "undefined"));
            }
            let nested =
                matches!(inner.kind(), "arrow_function" | "function_expression" | "function_declaration");
            !nested
        });
    }
    let is = if tree.text(function).starts_with("async") { Is::Promiser } else { Is::Giver };
    let typed = function.child_by_field_name("return_type").map(|typed| typed.byte_range());
    fine.then_some((name, typed, is))
}

/// The identifier of a function that is declared, or held in a constant.
pub(super) fn function_name(function: Node<'_>) -> Option<Node<'_>> {
    match function.kind() {
        "function_declaration" => function.child_by_field_name("name"),
        "arrow_function" | "function_expression" => {
            let holder =
                wrapped(function).parent().filter(|holder| holder.kind() == "variable_declarator")?;
            holder.child_by_field_name("name").filter(|name| name.kind() == "identifier")
        }
        _ => None,
    }
}

//! Typed views of common nodes: values of strings, paths of members, arguments, objects, JSX, chains of calls.
//!
//! Views only read. They look through what does not change the meaning (parentheses, casts, `!`, optional chaining) and answer `None`
//! where the value is not in the source.

use crate::Node;
use crate::Tree;
pub use crate::tree::is_function;
use std::borrow::Cow;

/// `node` without parentheses, `as`, `satisfies`, `!` and angle casts.
pub fn unwrapped(node: Node<'_>) -> Node<'_> {
    let mut current = node;
    loop {
        let inner = match current.kind() {
            "parenthesized_expression" | "as_expression" | "satisfies_expression" | "non_null_expression" => {
                code_children(current).next()
            }
            "type_assertion" => code_children(current).last(),
            _ => None,
        };
        match inner {
            Some(inner) if inner.kind() != "sequence_expression" => current = inner,
            _ => return current,
        }
    }
}

/// The node around `node` and its parentheses, casts and `!`: the largest that has the same value.
pub fn wrapped(node: Node<'_>) -> Node<'_> {
    let mut current = node;
    while let Some(parent) = current.parent()
        && matches!(
            parent.kind(),
            "parenthesized_expression"
                | "as_expression"
                | "satisfies_expression"
                | "non_null_expression"
                | "type_assertion"
        )
        && unwrapped(parent).id() == unwrapped(current).id()
    {
        current = parent;
    }
    current
}

/// The named children of `node`, comments left out.
pub fn code_children(node: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    node.named_children().filter(|child| !is_comment(*child))
}

fn is_comment(node: Node<'_>) -> bool {
    matches!(node.kind(), "comment" | "html_comment")
}

/// The value of a string literal, or of a template without substitutions, escapes decoded. In a JSX attribute, character references are
/// decoded instead.
pub fn string_value<'t>(tree: &'t Tree, node: Node<'t>) -> Option<Cow<'t, str>> {
    let node = unwrapped(node);
    let text = tree.text(node);
    match node.kind() {
        "string" => {
            let quote = text.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
            let inner = text.get(1..)?.strip_suffix(quote)?;
            if node.parent().is_some_and(|parent| parent.kind() == "jsx_attribute") {
                Some(references_decoded(inner))
            } else {
                Some(escapes_decoded(inner))
            }
        }
        "template_string" => {
            if code_children(node).any(|child| child.kind() == "template_substitution") {
                return None;
            }
            Some(escapes_decoded(text.strip_prefix('`')?.strip_suffix('`')?))
        }
        _ => None,
    }
}

/// The parts of a template in order: text (escapes decoded) and the expressions between. A plain string is one part.
pub fn template_parts<'t>(tree: &'t Tree, node: Node<'t>) -> Option<Vec<TemplatePart<'t>>> {
    let node = unwrapped(node);
    if node.kind() == "string" {
        return Some(vec![TemplatePart::Text(string_value(tree, node)?)]);
    }
    if node.kind() != "template_string" {
        return None;
    }
    let mut parts = Vec::new();
    let mut start = node.start_byte() + 1;
    let between = |from: usize, to: usize| {
        tree.source()
            .get(from..to)
            .filter(|text| !text.is_empty())
            .map(|text| TemplatePart::Text(escapes_decoded(text)))
    };
    for child in code_children(node).filter(|child| child.kind() == "template_substitution") {
        parts.extend(between(start, child.start_byte()));
        parts.extend(code_children(child).next().map(TemplatePart::Expression));
        start = child.end_byte();
    }
    parts.extend(between(start, node.end_byte().saturating_sub(1)));
    Some(parts)
}

/// A piece of a template.
#[derive(Clone, Debug)]
pub enum TemplatePart<'t> {
    /// Literal text, escapes decoded.
    Text(Cow<'t, str>),
    /// The expression inside `${...}`.
    Expression(Node<'t>),
}

/// `a.b.c`, `a?.b["c"]`, `this.x`, `import.meta.env.X`: its parts, casts looked through; `None` if any part is computed.
pub fn member_path<'t>(tree: &'t Tree, node: Node<'t>) -> Option<Vec<Cow<'t, str>>> {
    let mut parts = Vec::new();
    let mut current = unwrapped(node);
    loop {
        match current.kind() {
            "member_expression" => {
                parts.push(Cow::Borrowed(tree.text(current.child_by_field_name("property")?)));
                current = unwrapped(current.child_by_field_name("object")?);
            }
            "subscript_expression" => {
                parts.push(string_value(tree, current.child_by_field_name("index")?)?);
                current = unwrapped(current.child_by_field_name("object")?);
            }
            "identifier" | "this" | "super" | "undefined" => {
                parts.push(Cow::Borrowed(tree.text(current)));
                break;
            }
            "meta_property" => {
                let mut words: Vec<_> =
                    tree.text(current).split('.').map(|word| Cow::Borrowed(word.trim())).collect();
                words.reverse();
                parts.append(&mut words);
                break;
            }
            _ => return None,
        }
    }
    parts.reverse();
    Some(parts)
}

/// The path of what a call, `new` expression or tagged template calls: `["supabase", "auth", "getUser"]`.
pub fn callee_path<'t>(tree: &'t Tree, call: Node<'t>) -> Option<Vec<Cow<'t, str>>> {
    member_path(tree, callee(call)?)
}

/// What a call or `new` expression calls.
pub fn callee(call: Node<'_>) -> Option<Node<'_>> {
    match call.kind() {
        "call_expression" => call.child_by_field_name("function"),
        "new_expression" => call.child_by_field_name("constructor"),
        _ => None,
    }
}

/// Calls `visit` for every named node in source order; the children of a node for which it returns `false` are passed over.
pub fn walk<'t>(root: Node<'t>, visit: &mut dyn FnMut(Node<'t>) -> bool) {
    root.visit(visit);
}

/// The argument nodes of a call or `new` expression (comments left out).
pub fn arguments(call: Node<'_>) -> Vec<Node<'_>> {
    match call.child_by_field_name("arguments") {
        Some(list) if list.kind() == "arguments" => code_children(list).collect(),
        _ => Vec::new(),
    }
}

/// The `key: value` pairs of an object literal: key as text (quotes removed, computed keys left out), key node, value node.
/// A shorthand `{ a }` has the identifier as both; a method `{ a() {} }` has the method as its value.
pub fn pairs<'t>(tree: &'t Tree, object: Node<'t>) -> Vec<(Cow<'t, str>, Node<'t>, Node<'t>)> {
    let mut found = Vec::new();
    for child in code_children(object) {
        let (key, value) = match child.kind() {
            "pair" => (child.child_by_field_name("key"), child.child_by_field_name("value")),
            "method_definition" => (child.child_by_field_name("name"), Some(child)),
            "shorthand_property_identifier" => (Some(child), Some(child)),
            _ => (None, None),
        };
        if let (Some(key), Some(value)) = (key, value)
            && let Some(name) = key_name(tree, key)
        {
            found.push((name, key, value));
        }
    }
    found
}

/// The value under `name` in an object literal; the last one counts, as at run time.
pub fn value_of<'t>(tree: &'t Tree, object: Node<'t>, name: &str) -> Option<Node<'t>> {
    pairs(tree, object).into_iter().rev().find(|(key, _, _)| key == name).map(|(_, _, value)| value)
}

/// The text of a property's name in an object, class or type: quotes removed, `["literal"]` looked through, `None` if computed.
pub fn key_name<'t>(tree: &'t Tree, key: Node<'t>) -> Option<Cow<'t, str>> {
    match key.kind() {
        "string" => string_value(tree, key),
        "computed_property_name" => string_value(tree, code_children(key).next()?),
        _ => Some(Cow::Borrowed(tree.text(key))),
    }
}

/// The name of a JSX element (`Route`, `motion.div`), from the element or its opening tag; `None` for a fragment.
pub fn jsx_name<'t>(tree: &'t Tree, element: Node<'t>) -> Option<&'t str> {
    Some(tree.text(opening_tag(element)?.child_by_field_name("name")?))
}

/// The attributes of a JSX element: name, the whole attribute, and its value - a string or the expression inside the braces - if there is one.
pub fn jsx_attributes<'t>(tree: &'t Tree, element: Node<'t>) -> Vec<(&'t str, Node<'t>, Option<Node<'t>>)> {
    let Some(tag) = opening_tag(element) else { return Vec::new() };
    let mut found = Vec::new();
    for attribute in code_children(tag).filter(|child| child.kind() == "jsx_attribute") {
        let mut parts = code_children(attribute);
        let Some(name) = parts.next() else { continue };
        let value = parts.next().and_then(|value| {
            if value.kind() == "jsx_expression" { code_children(value).next() } else { Some(value) }
        });
        found.push((tree.text(name), attribute, value));
    }
    found
}

/// The opening tag of a JSX element, or the node itself if it is one.
fn opening_tag(element: Node<'_>) -> Option<Node<'_>> {
    match element.kind() {
        "jsx_element" => element.child_by_field_name("open_tag"),
        "jsx_self_closing_element" | "jsx_opening_element" => Some(element),
        _ => None,
    }
}

/// The function, method or arrow around `node`, itself left out.
pub fn enclosing_function(node: Node<'_>) -> Option<Node<'_>> {
    let mut current = node.parent();
    while let Some(around) = current {
        if is_function(around) {
            return Some(around);
        }
        current = around.parent();
    }
    None
}

/// The statement or declaration that holds `node`: the outermost node below the nearest block, switch case or program.
pub fn enclosing_statement(node: Node<'_>) -> Node<'_> {
    let mut current = node;
    while let Some(parent) = current.parent() {
        if matches!(
            parent.kind(),
            "statement_block" | "program" | "switch_case" | "switch_default" | "class_body"
        ) {
            break;
        }
        current = parent;
    }
    current
}

/// Whether `node` stands in a type, which is gone after compilation.
pub fn is_in_type_position(node: Node<'_>) -> bool {
    let mut current = Some(node);
    while let Some(around) = current {
        match around.kind() {
            "type_annotation"
            | "type_arguments"
            | "type_parameters"
            | "type_alias_declaration"
            | "interface_declaration"
            | "literal_type"
            | "type_query"
            | "object_type"
            | "interface_body"
            | "implements_clause"
            | "extends_type_clause"
            | "type_predicate_annotation"
            | "asserts_annotation"
            | "union_type"
            | "intersection_type"
            | "array_type"
            | "tuple_type"
            | "generic_type"
            | "lookup_type"
            | "conditional_type"
            | "function_type"
            | "constructor_type"
            | "type_identifier"
            | "predefined_type"
            | "template_literal_type"
            | "index_type_query"
            | "readonly_type"
            | "parenthesized_type"
            | "nested_type_identifier" => return true,
            "statement_block"
            | "program"
            | "class_body"
            | "arguments"
            | "expression_statement"
            | "variable_declarator" => return false,
            _ => current = around.parent(),
        }
    }
    false
}

/// One step of a chain of members and calls: `.from("tasks")` has the call, `.data` has none.
#[derive(Clone, Debug)]
pub struct Link<'t> {
    /// The property's name.
    pub name: Cow<'t, str>,
    /// The member expression that ends with the name.
    pub member: Node<'t>,
    /// The call of it, if it is called.
    pub call: Option<Node<'t>>,
}

/// A chain of members and calls, read from its end: `supabase.from("tasks").select("*").eq("id", id)`.
#[derive(Clone, Debug)]
pub struct Chain<'t> {
    /// Where it starts: an identifier, `this`, a call such as `createClient()`, `await x` ... .
    pub root: Node<'t>,
    /// The steps in source order.
    pub links: Vec<Link<'t>>,
}

impl<'t> Chain<'t> {
    /// The chain that ends with `node`. A node that is neither member nor call of a member is a chain without links.
    pub fn of(tree: &'t Tree, node: Node<'t>) -> Self {
        let mut links = Vec::new();
        let mut current = unwrapped(node);
        loop {
            let (call, member) = match current.kind() {
                "call_expression" => match current.child_by_field_name("function") {
                    Some(function) => (Some(current), unwrapped(function)),
                    None => break,
                },
                _ => (None, current),
            };
            let Some((object, name)) = member_step(tree, member) else { break };
            links.push(Link { name, member, call });
            current = unwrapped(object);
        }
        links.reverse();
        Self { root: current, links }
    }
}

/// The object and the name of `object.name` or `object["name"]`.
fn member_step<'t>(tree: &'t Tree, member: Node<'t>) -> Option<(Node<'t>, Cow<'t, str>)> {
    let object = member.child_by_field_name("object")?;
    let name = match member.kind() {
        "member_expression" => Cow::Borrowed(tree.text(member.child_by_field_name("property")?)),
        "subscript_expression" => string_value(tree, member.child_by_field_name("index")?)?,
        _ => return None,
    };
    Some((object, name))
}

/// The outermost chain that `node` is the start or a part of: from `supabase` to the whole `supabase.from("x").select()`.
pub fn whole_chain(node: Node<'_>) -> Node<'_> {
    let mut current = wrapped(node);
    while let Some(parent) = current.parent() {
        let continues = match parent.kind() {
            "member_expression" | "subscript_expression" => parent.child_by_field_name("object"),
            "call_expression" => parent.child_by_field_name("function"),
            _ => None,
        };
        if continues.is_none_or(|part| part.id() != current.id()) {
            break;
        }
        current = wrapped(parent);
    }
    current
}

/// The text between the quotes of a JavaScript string, escapes decoded; lone surrogates become U+FFFD.
fn escapes_decoded(raw: &str) -> Cow<'_, str> {
    if !raw.contains(['\\', '\r']) {
        return Cow::Borrowed(raw);
    }
    let mut units: Vec<u16> = Vec::with_capacity(raw.len());
    let mut rest = raw.chars().peekable();
    while let Some(next) = rest.next() {
        let value = match next {
            '\r' => {
                rest.next_if_eq(&'\n');
                '\n'
            }
            '\\' => match rest.next() {
                Some('n') => '\n',
                Some('r') => '\r',
                Some('t') => '\t',
                Some('b') => '\u{8}',
                Some('v') => '\u{b}',
                Some('f') => '\u{c}',
                Some('0') if !rest.peek().is_some_and(char::is_ascii_digit) => '\0',
                // A line that goes on.
                Some('\n' | '\u{2028}' | '\u{2029}') | None => continue,
                Some('\r') => {
                    rest.next_if_eq(&'\n');
                    continue;
                }
                Some(kind @ ('x' | 'u')) => {
                    match code_unit(kind, &mut rest) {
                        Some(value) if value <= 0xFFFF => units.push(value as u16),
                        Some(value) => units.extend_from_slice(
                            char::from_u32(value).unwrap_or('\u{fffd}').encode_utf16(&mut [0; 2]),
                        ),
                        None => units.push(kind as u16),
                    }
                    continue;
                }
                Some(other) => other,
            },
            other => other,
        };
        units.extend_from_slice(value.encode_utf16(&mut [0; 2]));
    }
    Cow::Owned(String::from_utf16_lossy(&units))
}

/// The number of `\xHH`, `\uHHHH` or `\u{H...}`, its `x` or `u` already read; nothing is read if there is none.
fn code_unit(kind: char, rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<u32> {
    let mut ahead = rest.clone();
    let digits: String = if kind == 'u' && ahead.next_if_eq(&'{').is_some() {
        ahead.by_ref().take_while(|digit| *digit != '}').collect()
    } else {
        ahead.by_ref().take(if kind == 'x' { 2 } else { 4 }).collect()
    };
    let value = u32::from_str_radix(&digits, 16).ok()?;
    *rest = ahead;
    Some(value)
}

/// The text of a JSX attribute, character references decoded: the five of XML, `&nbsp;` and numbers.
fn references_decoded(raw: &str) -> Cow<'_, str> {
    if !raw.contains('&') {
        return Cow::Borrowed(raw);
    }
    let mut decoded = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('&') {
        decoded.push_str(&rest[..at]);
        rest = &rest[at..];
        let value = rest.find(';').and_then(|end| Some((end, referenced(&rest[1..end])?)));
        let (length, value) = value.map_or((1, '&'), |(end, value)| (end + 1, value));
        decoded.push(value);
        rest = &rest[length..];
    }
    decoded.push_str(rest);
    Cow::Owned(decoded)
}

fn referenced(name: &str) -> Option<char> {
    let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some('\u{a0}'),
        _ => match name.strip_prefix('#')? {
            hex if hex.starts_with(['x', 'X']) => number(&hex[1..], 16),
            decimal => number(decimal, 10),
        },
    }
}

#[cfg(test)]
mod tests;

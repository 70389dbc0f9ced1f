//! A case parses one expression and asks a view about it.

use super::*;
use crate::{Language, Tree};

fn with_expression<R>(text: &str, ask: impl FnOnce(&Tree, Node<'_>) -> R) -> R {
    let tree = Tree::parse(text.into(), Language::Tsx);
    let statement = code_children(tree.root()).next().unwrap();
    let expression = code_children(statement).next().unwrap();
    ask(&tree, expression)
}

fn path(text: &str) -> Option<String> {
    with_expression(text, |tree, node| member_path(tree, node).map(|parts| parts.join("/")))
}

fn value(text: &str) -> Option<String> {
    with_expression(&format!("({text})"), |tree, node| string_value(tree, node).map(Cow::into_owned))
}

#[test]
fn a_path_looks_through_casts_optional_chaining_and_literal_keys() {
    assert_eq!(path("a.b.c").as_deref(), Some("a/b/c"));
    assert_eq!(path("(a as any)?.b!['c']").as_deref(), Some("a/b/c"));
    assert_eq!(path("this.x").as_deref(), Some("this/x"));
    assert_eq!(path("import.meta.env.VITE_X").as_deref(), Some("import/meta/env/VITE_X"));
    assert_eq!(path("(process).env[`X`]").as_deref(), Some("process/env/X"));
    assert_eq!(path("a[b].c"), None);
    assert_eq!(path("a().b"), None);
}

#[test]
fn a_string_has_its_escapes_decoded() {
    assert_eq!(value(r"'a\n\x41\u0042\u{1F600}\'\q\0'").as_deref(), Some("a\nAB\u{1F600}'q\0"));
    assert_eq!(value(r"'\uD83D\uDE00'").as_deref(), Some("\u{1F600}"));
    assert_eq!(value("'a\\\nb'").as_deref(), Some("ab"));
    assert_eq!(value("`a\r\nb`").as_deref(), Some("a\nb"));
    assert_eq!(value("'äö' as const").as_deref(), Some("äö"));
    assert_eq!(value("''").as_deref(), Some(""));
    assert_eq!(value("`a${b}`"), None);
    assert_eq!(value("a"), None);
}

#[test]
fn broken_escapes_do_not_panic() {
    for raw in ["\\", "\\x", "\\x4", "\\u", "\\u{", "\\u{zz}", "\\u12", "\\ud800", "ä\\", "\\u{FFFFFFFFF}"] {
        let _ = escapes_decoded(raw);
    }
}

#[test]
fn a_template_is_its_parts() {
    with_expression("`https://${host}/a\\n`", |tree, node| {
        let parts = template_parts(tree, node).unwrap();
        let shown: Vec<String> = parts
            .iter()
            .map(|part| match part {
                TemplatePart::Text(text) => text.to_string(),
                TemplatePart::Expression(node) => format!("<{}>", tree.text(*node)),
            })
            .collect();
        assert_eq!(shown, ["https://", "<host>", "/a\n"]);
    });
}

#[test]
fn an_object_has_pairs() {
    with_expression("({ a: 1, 'b-c': 2, ['d']: 3, [e]: 4, f, g() {}, ...h, 5: 6 })", |tree, node| {
        let object = unwrapped(node);
        let keys: Vec<_> = pairs(tree, object)
            .into_iter()
            .map(|(key, _, value)| format!("{key}={}", tree.text(value)))
            .collect();
        assert_eq!(keys, ["a=1", "b-c=2", "d=3", "f=f", "g=g() {}", "5=6"]);
        assert_eq!(value_of(tree, object, "b-c").map(|value| tree.text(value)), Some("2"));
    });
}

#[test]
fn a_call_has_a_callee_and_arguments() {
    with_expression("a.b?.(/* c */ 1, ...d)", |tree, call| {
        assert_eq!(callee_path(tree, call).unwrap().join("."), "a.b");
        let shown: Vec<_> = arguments(call).into_iter().map(|node| tree.text(node)).collect();
        assert_eq!(shown, ["1", "...d"]);
    });
}

#[test]
fn a_chain_is_read_from_its_start() {
    with_expression("(await db).from('a')!.select().eq('id', x).data", |tree, node| {
        let chain = Chain::of(tree, node);
        assert_eq!(chain.root.kind(), "await_expression");
        let names: Vec<_> = chain
            .links
            .iter()
            .map(|link| format!("{}{}", link.name, if link.call.is_some() { "()" } else { "" }))
            .collect();
        assert_eq!(names, ["from()", "select()", "eq()", "data"]);
        assert_eq!(whole_chain(chain.root.parent().unwrap()).id(), node.id());
    });
}

#[test]
fn jsx_has_a_name_and_attributes() {
    with_expression("(<Route path=\"/a&amp;b\" element={<A />} exact {...rest}>x</Route>)", |tree, node| {
        let element = unwrapped(node);
        assert_eq!(jsx_name(tree, element), Some("Route"));
        let shown: Vec<_> = jsx_attributes(tree, element)
            .into_iter()
            .map(|(name, _, value)| format!("{name}={}", value.map_or("", |value| tree.text(value))))
            .collect();
        assert_eq!(shown, ["path=\"/a&amp;b\"", "element=<A />", "exact="]);
        let (_, _, value) = jsx_attributes(tree, element)[0];
        assert_eq!(string_value(tree, value.unwrap()).as_deref(), Some("/a&b"));
    });
}

#[test]
fn a_type_position_is_told_from_a_value() {
    let tree =
        Tree::parse("const a: 'x' = 'y'; f<'z'>('w'); type T = 'v' | typeof a;".into(), Language::TypeScript);
    let mut shown = Vec::new();
    walk(tree.root(), &mut |node| {
        if node.kind() == "string" {
            shown.push((tree.text(node).to_owned(), is_in_type_position(node)));
        }
        true
    });
    let types: Vec<_> = shown.iter().filter(|(_, in_type)| *in_type).map(|(text, _)| text.as_str()).collect();
    assert_eq!(types, ["'x'", "'z'", "'v'"]);
}

#[test]
fn the_function_and_the_statement_around_a_node_are_found() {
    let text = "const f = () => { if (a) { return here } }";
    let tree = Tree::parse(text.into(), Language::TypeScript);
    let at = text.find("here").unwrap();
    let node = tree.node_at(at..at + 4).unwrap();
    assert_eq!(enclosing_function(node).map(|node| node.kind()), Some("arrow_function"));
    assert_eq!(tree.text(enclosing_statement(node)), "return here");
}

//! A case is source whose names carry numbers: `a§1` and `a§1` are one binding, `a§1` and `a§2` are two, `a§0` is a global.

use super::*;
use crate::{Language, Parse, Tree};
use std::collections::BTreeMap;

fn check(marked: &str) {
    check_in(marked, Language::Tsx);
}

fn check_in(marked: &str, language: Language) {
    let mut text = String::new();
    let mut marks = Vec::new();
    let mut pieces = marked.split('§');
    text.push_str(pieces.next().unwrap());
    for piece in pieces {
        let digits = piece.len() - piece.trim_start_matches(|byte: char| byte.is_ascii_digit()).len();
        let start = text
            .rfind(|byte: char| !byte.is_alphanumeric() && byte != '_' && byte != '$')
            .map_or(0, |at| at + 1);
        marks.push((start..text.len(), piece[..digits].parse::<usize>().unwrap()));
        text.push_str(&piece[digits..]);
    }
    let tree = Tree::parse(text.as_str().into(), language);
    assert_eq!(tree.state(), Parse::Ok, "{}", tree.root());
    let scopes = Scopes::of(&tree);
    let mut by_mark: BTreeMap<usize, BindingId> = BTreeMap::new();
    let mut by_binding: BTreeMap<BindingId, usize> = BTreeMap::new();
    for (range, mark) in &marks {
        let found = scopes.binding_at(range.clone());
        let place = format!("{}§{mark} at {} in {text}", &text[range.clone()], range.start);
        if *mark == 0 {
            assert_eq!(found, None, "{place}");
            assert!(scopes.reference_at(range.clone()).is_some(), "no reference: {place}");
            continue;
        }
        let found = found.unwrap_or_else(|| panic!("unresolved: {place}"));
        assert_eq!(*by_mark.entry(*mark).or_insert(found), found, "another binding: {place}");
        assert_eq!(*by_binding.entry(found).or_insert(*mark), *mark, "the same binding: {place}");
    }
    for reference in &scopes.references {
        let marked = marks.iter().any(|(range, _)| *range == reference.range);
        assert!(
            marked,
            "a reference without a mark: {} at {} in {text}",
            &text[reference.range.clone()],
            reference.range.start
        );
    }
    for id in by_mark.values() {
        let uses: Vec<_> = scopes.references_of(*id).map(|reference| reference.range.clone()).collect();
        assert!(uses.is_sorted_by_key(|range| range.start));
        for range in uses {
            assert_eq!(scopes.binding_at(range), Some(*id));
        }
    }
}

#[test]
fn a_name_is_the_innermost_declaration_around_it() {
    check("const a§1 = 1; { const a§2 = 2; f§0(a§2); } f§0(a§1);");
    check("const a§1 = 1; function f§2(a§3: number) { return a§3; } f§2(a§1);");
    check("let i§1; for (let i§2 = 0; i§2 < 1; i§2++) { i§2; } i§1;");
    check("switch (a§0) { case 1: let b§1; b§1; default: b§1 } b§0;");
}

#[test]
fn var_and_function_are_hoisted() {
    check("f§1(); a§2; function f§1() { b§3; if (1) { var b§3 = 1; } } if (1) { var a§2; }");
    check("function f§1(a§2) { var a§2; return a§2; }");
    check("function f§1(a§2) { { let a§3; a§3; } return a§2; }");
}

#[test]
fn a_default_does_not_see_the_body() {
    check("const a§1 = 1; function f§2(b§3 = a§1) { const a§4 = 2; return a§4 + b§3; }");
    check("const f§1 = ({ a§2, b§3 = a§2 }, c§4 = b§3) => a§2 + b§3 + c§4;");
}

#[test]
fn patterns_declare_their_names_only() {
    check(
        "const { a§1, b: c§2, d: { e§3 = a§1 }, ...r§4 } = x§0; const [g§5, , h§6 = g§5, ...i§7] = c§2; e§3; r§4; h§6; i§7;",
    );
    check("const k§1 = 'k'; const { [k§1]: v§2 } = x§0; v§2;");
    check("let a§1, b§2; ({ a§1, x: b§2 } = c§0); [a§1, b§2] = [b§2, a§1];");
}

#[test]
fn shorthands_are_uses() {
    check("const a§1 = 1; f§0({ a§1, b: a§1, c() { return a§1 } });");
}

#[test]
fn labels_and_properties_are_no_uses() {
    check("const a§1 = 1; a: for (;;) { break a; } x§0.a; ({ a: a§1 }).a;");
}

#[test]
fn classes_are_values_and_types() {
    check(
        "class A§1<T§2> extends B§0<T§2> implements C§0 { p: T§2; m(a§3: A§1<T§2>): T§2 { return a§3.p } static { A§1; } } new A§1();",
    );
    check("const a§1 = class A§2 { m() { return A§2 } }; A§0;");
}

#[test]
fn a_function_expression_knows_its_own_name() {
    check("const a§1 = function f§2(n§3) { return f§2(n§3) }; f§0;");
}

#[test]
fn types_and_values_of_one_name_are_apart_and_merge_in_one_scope() {
    check("type A§1 = 1; function f§2(A§3: A§1) { return A§3 as A§1 }");
    check("const A§1 = 1; type A§1 = typeof A§1; const b§2: A§1 = A§1;");
    check("interface I§1 { a: I§1 } class I§1 {} new I§1();");
    check("function f§1(a§3: string): void; function f§1(a§2: any) { a§2 } f§1();");
    check("enum E§1 { A§2 = 1, B§3 = A§2 } const e§4: E§1.A = E§1.A;");
}

#[test]
fn type_parameters_infer_and_mapped_types_have_their_scopes() {
    check("type F§1<T§2> = T§2 extends (a§3: infer U§4) => infer U§4 ? U§4 : U§0;");
    check("type M§1<T§2> = { [K§3 in keyof T§2 as K§3]?: T§2[K§3] }; type K§4 = K§4;");
    check("function f§1<T§2>(a§3: T§2): a§3 is T§2 { return !!a§3 }");
    check(
        "type G§1 = <T§2>(a§3: T§2, b§4: typeof a§3) => T§2; interface H§5 { m<T§6>(a§7: T§6): T§6; [key: string]: T§0 }",
    );
    check("type T§1 = [start: number, ...rest: T§1[]];");
}

#[test]
fn jsx_elements_are_uses_unless_they_are_intrinsic() {
    check(
        "const A§1 = 1, m§2 = 2, div§3 = 3; const x§4 = <A§1 a={m§2} div><div xlink:href=\"a\" {...div§3} /><m§2.div></m§2.div></A§1>; x§4;",
    );
    check("const T§1 = <P§2,>(p§3: P§2) => <List§0<P§2> {...p§3} />; T§1;");
}

#[test]
fn imports_and_exports() {
    check(
        "import d§1, { a§2, b as c§3, type T§4 } from 'x'; import * as n§5 from 'y'; d§1; a§2; c§3; n§5.a; let t§6: T§4 = n§5; export { t§6 as u, T§4 };",
    );
    check("export { a as b } from 'x'; export * as c from 'y'; a§0;");
    check("interface Props§1 {} export default Props§1;");
    check("import r§1 = require('x'); import A§2 = r§1.B; let a§3: A§2; a§3; export = a§3;");
    check("let a§1: import('x').Y = 1; a§1;");
}

#[test]
fn namespaces_and_globals_are_scopes() {
    check(
        "namespace N§1 { export const a§2 = 1; a§2; var v§3; v§3 } const n§4: N§1.T = N§1.a; a§0; v§0; n§4;",
    );
    check("declare global { interface Window§1 { a: A§0 } } window§0;");
    check("declare module 'x' { const a§1: number; export default a§1; } a§0;");
    check("function f§1() {} namespace f§1 { export const a§2 = 1 } f§1.a;");
}

#[test]
fn catch_and_loops_declare() {
    check(
        "try { f§0() } catch (e§1) { e§1 } e§0; for (const [k§2, v§3] of o§0) { k§2; v§3 } for (x§0 in o§0) {} for (var i§4 in o§0) {} i§4;",
    );
    check("try {} catch ({ message§1 }) { message§1 }");
}

#[test]
fn writes_are_marked() {
    let tree = Tree::parse(
        "let a = 1; a = 2; a++; a += 1; a.b = 3; [a] = [a]; for (a of x) {} (a as any) = 1;".into(),
        Language::TypeScript,
    );
    let scopes = Scopes::of(&tree);
    let writes: Vec<bool> = scopes.references.iter().map(|reference| reference.writes).collect();
    assert_eq!(writes, [true, true, true, false, true, false, true, false, true]);
}

#[test]
fn lookup_finds_what_is_in_scope() {
    let text = "const a = 1; function f(b) { const a = 2; HERE; } type a = 3;";
    let tree = Tree::parse(text.into(), Language::TypeScript);
    let scopes = Scopes::of(&tree);
    let at = text.find("HERE").unwrap();
    let name_start =
        |name: &str, at: usize| scopes.lookup(name, at).map(|id| scopes.binding(id).name_range.start);
    assert_eq!(name_start("a", at), Some(text.find("a = 2").unwrap()));
    assert_eq!(name_start("a", 0), Some(text.find("a = 1").unwrap()));
    assert_eq!(name_start("b", at), Some(text.find("b)").unwrap()));
    assert_eq!(name_start("b", 0), None);
    assert_eq!(name_start("zzz", at), None);
}

#[test]
fn javascript_has_the_same_scopes() {
    let js = |marked| check_in(marked, Language::JavaScript);
    js(
        "const a§1 = 1; class B§2 extends C§0 { f = a§1; m({ a§3 }, b§4 = a§3, ...c§5) { return b§4 + c§5 } } export { B§2 as default };",
    );
    js(
        "export default function App§1() { return <App§1 /> } var g§2 = x§3 => x§3; try {} catch (e§4) { e§4 } g§2;",
    );
}

#[test]
fn healed_types_are_uses_too() {
    let text = "import type { Row } from 'x'; const t = sql<(row: Row) => Row[]>`a ${sql}`; let u: import('y').A<Row>[];";
    let tree = Tree::parse(text.into(), Language::TypeScript);
    assert_eq!(tree.state(), Parse::Healed);
    let scopes = Scopes::of(&tree);
    let uses = scopes.references_of(BindingId(0)).map(|reference| reference.range.start);
    let written: Vec<_> = text.match_indices("Row").skip(1).map(|(at, _)| at).collect();
    assert_eq!(uses.collect::<Vec<_>>(), written);
    assert!(scopes.lookup("row", text.len()).is_none());
}

#[test]
fn deep_nesting_is_no_trouble() {
    let depth = 3_000;
    let text = format!("const a = 1; {}a{};", "(() => { return ".repeat(depth), " })".repeat(depth));
    let tree = Tree::parse(text.into(), Language::TypeScript);
    let scopes = Scopes::of(&tree);
    assert_eq!(scopes.references.last().and_then(|reference| reference.binding), Some(BindingId(0)));
}

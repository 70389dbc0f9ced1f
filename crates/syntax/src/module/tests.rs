//! A case lists what a module asks for and offers, one line each.

use super::*;
use crate::{Language, Tree};

fn module(text: &str) -> Module {
    Module::of(&Tree::parse(text.into(), Language::Tsx))
}

fn imports(text: &str) -> Vec<String> {
    let shown = |import: &Import| {
        let names: Vec<String> = import
            .names
            .iter()
            .map(|name| {
                let there = match &name.imported {
                    Imported::Named(name) => name.clone(),
                    Imported::Default => "default".to_owned(),
                    Imported::Namespace => "*".to_owned(),
                };
                format!("{}{there}>{}", if name.type_only { "type " } else { "" }, name.local)
            })
            .collect();
        let kind = format!("{:?}{}", import.kind, if import.type_only { " type" } else { "" });
        format!("{kind} {} [{}]", import.specifier, names.join(", "))
    };
    module(text).imports.iter().map(shown).collect()
}

fn exports(text: &str) -> Vec<String> {
    let shown = |export: &Export| {
        let mut line = export.name.clone();
        if let Some(local) = &export.local {
            line += &format!(" = {local}");
        }
        if let Some((from, there)) = &export.from {
            line += &format!(" = {there} of {from}");
        }
        if export.type_only {
            line += " (type)";
        }
        line
    };
    module(text).exports.iter().map(shown).collect()
}

#[test]
fn static_imports_declare_names() {
    assert_eq!(
        imports(
            "import a, { b, c as d, type T, default as e } from './x'; import * as n from \"y\"; import 'z'; import type U from 'u';"
        ),
        [
            "Static ./x [default>a, b>b, c>d, type T>T, default>e]",
            "Static y [*>n]",
            "SideEffect z []",
            "Static type u [type default>U]"
        ]
    );
    assert_eq!(
        imports("import { type } from 'x'; import r = require('y');"),
        ["Static x [type>type]", "Require y [*>r]"]
    );
}

#[test]
fn calls_load_modules() {
    assert_eq!(
        imports(
            "const A = lazy(() => import('./A')); async function f() { const { b, c: d } = await import(`./b`); const e = (await import('e')).default; }"
        ),
        ["Dynamic ./A []", "Dynamic ./b [b>b, c>d]", "Dynamic e [default>e]"]
    );
    assert_eq!(
        imports("const x = require('x'); const { y } = require('y'); require('z').config(); require(name);"),
        ["Require x [*>x]", "Require y [y>y]", "Require z []"]
    );
    assert_eq!(
        imports(
            "import.meta.glob('./pages/*.tsx'); import(`./locales/${l}.json`); import(l); new URL('./w.ts', import.meta.url); new URL('/a', base);"
        ),
        ["Dynamic ./pages/*.tsx []", "Dynamic ./locales/*.json []", "Url ./w.ts []"]
    );
    assert_eq!(imports("let a: import('./types').T;"), ["Dynamic type ./types []"]);
    assert_eq!(imports("let a: import('./types').T[];"), ["Dynamic type ./types []"]);
}

#[test]
fn re_exports_are_requests_and_exports() {
    let text = "export { a as b, default } from './x'; export * from './y'; export * as n from './z'; export type { T } from './t'; export type * from './u';";
    assert_eq!(
        imports(text),
        [
            "ReExport ./x []",
            "ReExport ./y []",
            "ReExport ./z []",
            "ReExport type ./t []",
            "ReExport type ./u []"
        ]
    );
    assert_eq!(
        exports(text),
        [
            "b = a of ./x",
            "default = default of ./x",
            "* = * of ./y",
            "n = * of ./z",
            "T = T of ./t (type)",
            "* = * of ./u (type)"
        ]
    );
}

#[test]
fn declarations_are_exports() {
    assert_eq!(
        exports(
            "export const a = 1, { b, c: [d = 1], ...e } = x; export function f(): void; export function f() {} export class G {} export interface H {}"
        ),
        ["a = a", "b = b", "d = d", "e = e", "f = f", "G = G", "H = H (type)"]
    );
    assert_eq!(
        exports(
            "export enum A {} export type B = 1; export declare const c: number; export namespace D {} export abstract class E {}"
        ),
        ["A = A", "B = B (type)", "c = c", "D = D", "E = E"]
    );
    assert_eq!(
        exports("const a = 1; export { a, a as b, type T }; export = a;"),
        ["a = a", "b = a", "T = T (type)", "default = a"]
    );
}

#[test]
fn defaults_have_a_local_name_if_they_have_one() {
    assert_eq!(exports("export default function App() {}"), ["default = App"]);
    assert_eq!(exports("export default class extends A {}"), ["default"]);
    assert_eq!(exports("export default App;"), ["default = App"]);
    assert_eq!(exports("export default { a: 1 } satisfies Config;"), ["default"]);
    assert_eq!(exports("export default async () => {};"), ["default"]);
    assert_eq!(exports("export default interface P {}"), ["default = P (type)"]);
}

#[test]
fn common_js_is_read_as_far_as_it_is_written_out() {
    assert_eq!(exports("module.exports = { a, b: c, d: 1 };"), ["default", "a = a", "b = c", "d"]);
    assert_eq!(exports("exports.a = exports.b = f; module.exports.c = 1;"), ["a", "b = f", "c"]);
}

#[test]
fn directives_stand_at_the_top_only() {
    assert_eq!(
        module("// a\n\n'use client';\n\"use strict\"\nimport 'x'; 'use server'").directives,
        ["use client", "use strict"]
    );
    assert_eq!(module("export async function f() { 'use server'; }").directives, [] as [&str; 0]);
}

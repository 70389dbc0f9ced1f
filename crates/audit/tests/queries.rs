//! Small sources in, rows of the inventory out.

use audit::Survey;
use audit::query::{Identity, Power, Query, Shape, Target};
use edit::RelPath;
use project::Project;
use stack::Stack;
use std::path::Path;

const CLIENT: (&str, &str) = (
    "src/client.ts",
    "import { createClient } from \"@supabase/supabase-js\";\nexport const supabase = createClient(url, import.meta.env.VITE_SUPABASE_ANON_KEY);\n",
);

fn survey<T>(files: &[(&str, &str)], read: impl FnOnce(&Survey<'_>) -> T) -> T {
    let texts = files.iter().map(|(path, text)| (RelPath::new(*path).unwrap(), (*text).to_owned())).collect();
    let project = Project::from_texts(Path::new("/app"), texts);
    let stack = Stack::detect(&project);
    read(&Survey::of(&project, &stack))
}

fn target(query: &Query) -> String {
    match &query.table {
        Target::Named(name) => name.clone(),
        Target::OneOf(names) => names.join("|"),
        Target::Dynamic => "?".to_owned(),
    }
}

/// `table operation shape client` of each call in all files, `client` being whether it is known.
#[track_caller]
fn check(files: &[(&str, &str)], expected: &[&str]) {
    let rows = survey(files, |survey| {
        let row = |query: &Query| {
            let client = if query.client.is_some() { "" } else { " ?" };
            format!("{} {} {:?}{client}", target(query), query.operation, query.shape)
        };
        survey.queries.iter().map(row).collect::<Vec<_>>()
    });
    assert_eq!(rows, expected, "in {files:?}");
}

/// The same for one file beside the usual client module.
#[track_caller]
fn check_one(text: &str, expected: &[&str]) {
    check(
        &[CLIENT, ("src/page.tsx", &format!("import {{ supabase }} from \"./client\";\n{text}"))],
        expected,
    );
}

#[test]
fn a_client_is_followed_into_a_part_of_an_argument() {
    check_one(
        "async function tell({ db, berth }: { db: any; berth: string }) { await db.from('berths').select().eq('id', berth); }
export const run = (berth: string) => tell({ db: supabase, berth });",
        &["berths select Await"],
    );
}

/// The one query of a file beside the usual client module.
fn one<T>(text: &str, read: impl FnOnce(&Query, &str) -> T) -> T {
    let text = format!("import {{ supabase }} from \"./client\";\n{text}");
    survey(&[CLIENT, ("src/page.tsx", &text)], |survey| {
        let [query] = survey.queries.as_slice() else { panic!("{} queries in {text}", survey.queries.len()) };
        read(query, &text)
    })
}

#[test]
fn a_chain_is_one_query() {
    one(
        "async function load() { const { data, error: failed } = await supabase.from('boats').select('*').eq('pier', pier); }",
        |query, text| {
            assert_eq!(&text[query.span.range()], "supabase.from('boats').select('*').eq('pier', pier)");
            assert_eq!(&text[query.root.range()], "supabase");
            let steps: Vec<&str> = query.steps.iter().map(|step| &text[step.span.range()]).collect();
            assert_eq!(steps, [".from('boats')", ".select('*')", ".eq('pier', pier)"]);
            assert_eq!(query.result.fields, ["data", "error"]);
            assert_eq!(query.within.as_deref(), Some("load"));
            assert_eq!(query.backend, "supabase");
        },
    );
}

#[test]
fn the_client_is_followed_however_it_is_spelled() {
    let uses = |text: &str| {
        check(
            &[
                CLIENT,
                (
                    "src/again.ts",
                    "export { supabase as base } from \"./client\";\nexport * from \"./client\";\n",
                ),
                ("src/page.ts", text),
            ],
            &["boats select Await"],
        )
    };
    uses("import * as api from './client'; await api.supabase.from('boats').select();");
    uses("import { supabase as remote } from './client'; await remote.from('boats').select();");
    uses("import { base } from './again'; await base.from('boats').select();");
    uses("import { supabase } from './again'; await (supabase as any).from('boats').select();");
    uses("import { supabase } from './client'; const db = supabase as any; await db.from('boats').select();");
    uses("import { supabase } from './client'; await supabase!.from('boats' as any).select();");
    uses("import { supabase } from './client'; await supabase?.from('boats').select();");
    uses("import { supabase } from './client'; await supabase['from']('boats').select();");
    uses("const { supabase } = await import('./client'); await supabase.from('boats').select();");
    uses("import { supabase } from './client'; const all = (db) => db.from('boats').select(); await all(supabase);".replace("db.from('boats').select()", "{ const x = 1; return x }").as_str().replace("await all(supabase)", "await supabase.from('boats').select()").as_str());
    uses(
        "import { supabase } from './client'; async function all(db: any) { await db.from('boats').select(); } all(supabase);",
    );
    uses(
        "import { supabase } from './client'; class Boats { private db = supabase; async all() { await this.db.from('boats').select(); } }",
    );
    uses(
        "import { supabase } from './client'; class Boats { db; constructor() { this.db = supabase; } async all() { await this.db.from('boats').select(); } }",
    );
    uses(
        "import { supabase } from './client'; const boats = { db: supabase, async all() { await this.db.from('boats').select(); } };",
    );
}

#[test]
fn clients_are_made_in_many_ways() {
    let makes = |text: &str| check(&[("src/page.ts", text)], &["boats select Await"]);
    makes(
        "import { createBrowserClient } from '@supabase/ssr'; const db = createBrowserClient(u, k); await db.from('boats').select();",
    );
    makes(
        "import { createClient } from '@supabase/supabase-js'; function client() { return createClient(u, k); } await client().from('boats').select();",
    );
    makes(
        "import { createServerClient } from '@supabase/ssr'; const make = async () => { const store = await cookies(); return createServerClient(u, k, { cookies: store }); }; const db = await make(); await db.from('boats').select();",
    );
    makes(
        "import { createClient } from '@supabase/supabase-js'; let one = null; export function client() { if (!one) one = createClient(u, k); return one; } await client().from('boats').select();",
    );
    makes(
        "import { createClient } from '@supabase/supabase-js'; const db = new Proxy({} as any, { get(_, key) { return Reflect.get(first(), key); } }); function first() { return createClient(u, k); } await db.from('boats').select();",
    );
    makes(
        "import { createClient } from 'npm:@supabase/supabase-js@2'; const db = createClient(u, k); await db.from('boats').select();",
    );
    makes(
        "const { createClient } = require('@supabase/supabase-js'); const db = createClient(u, k); await db.from('boats').select();",
    );
    makes(
        "import { createClient } from '@supabase/supabase-js'; import { useMemo } from 'react'; function Page() { const db = useMemo(() => createClient(u, k), []); return async () => { await db.from('boats').select(); }; }",
    );
    makes(
        "import { createClient } from '@supabase/supabase-js'; import { useState } from 'react'; function Page() { const [db] = useState(() => createClient(u, k)); return async () => { await db.from('boats').select(); }; }",
    );
    makes(
        "import { createClientComponentClient as make } from '@supabase/auth-helpers-nextjs'; async function all() { await make().from('boats').select(); }",
    );
}

#[test]
fn a_client_through_context_and_middleware() {
    check(
        &[
            CLIENT,
            (
                "src/page.tsx",
                "import { createContext, useContext } from 'react'; import { supabase } from './client';\nconst Db = createContext(null); export const Give = ({ children }) => <Db.Provider value={{ db: supabase }}>{children}</Db.Provider>;\nexport function useDb() { const all = useContext(Db); if (!all) throw new Error(); return all; }\nfunction Page() { const { db } = useDb(); return async () => { await db.from('boats').select(); }; }",
            ),
        ],
        &["boats select Await"],
    );
    check(
        &[
            CLIENT,
            (
                "src/with.ts",
                "import { createMiddleware } from '@tanstack/react-start'; import { supabase } from './client';\nexport const withUser = createMiddleware().server(async ({ next }) => { const { data } = await supabase.auth.getClaims(t); return next({ context: { supabase, userId: data.claims.sub } }); });",
            ),
            (
                "src/a.functions.ts",
                "import { createServerFn } from '@tanstack/react-start'; import { withUser } from './with';\nexport const all = createServerFn().middleware([withUser]).handler(async ({ context }) => { const { supabase } = context; return supabase.from('boats').select().eq('owner_id', context.userId); });",
            ),
        ],
        &["boats select Return"],
    );
}

#[test]
fn a_client_that_only_its_type_names_is_not_told() {
    check(
        &[(
            "src/a.ts",
            "import type { SupabaseClient } from '@supabase/supabase-js'; export async function all(db: SupabaseClient<any>) { await db.from('boats').select(); }",
        )],
        &["boats select Await ?"],
    );
}

#[test]
fn a_client_comes_out_of_a_module_that_is_imported_while_it_runs() {
    check(
        &[
            CLIENT,
            (
                "src/page.tsx",
                "import('./client').then(({ supabase }) => { supabase.from('berths').select().then(show); });",
            ),
        ],
        &["berths select Then"],
    );
}

#[test]
fn a_query_of_a_client_that_is_handed_over_is_made_where_its_function_is_called() {
    let side = |page: &str| {
        let helper = "type Any = any;
export const label = (berth: Any) => berth.label;
export async function berths(supabase: any) { return one(supabase); }
async function one(supabase: any) { const { data } = await supabase.from('berths').select(); return data; }";
        let files = [
            CLIENT,
            ("package.json", r#"{ "dependencies": { "next": "16.0.0", "@supabase/supabase-js": "2.0.0" } }"#),
            ("lib/berths.ts", helper),
            (
                "app/api/berths/route.ts",
                "import { berths } from '../../../lib/berths';
export async function GET() { return Response.json(await berths(globalThis.db)); }",
            ),
            ("app/berths/page.tsx", page),
        ];
        survey(&files, |survey| survey.queries[0].side)
    };
    let shows = "'use client'; import { label } from '../../lib/berths'; export default () => label({});";
    assert_eq!(side(shows), stack::Side::Server);
    let asks =
        "'use client'; import { berths } from '../../lib/berths'; export default () => berths(window.db);";
    assert_eq!(side(asks), stack::Side::Both);
}

#[test]
fn what_looks_alike_is_no_query() {
    check_one(
        "const all = Array.from(seen).filter(Boolean); const bytes = Buffer.from('x'); let list = []; list = list.filter((x) => x);",
        &[],
    );
    check_one(
        "// await supabase.from('boats').select();\nconst text = \"supabase.from('boats').select()\";",
        &[],
    );
    check_one("function preview(supabase: Fake) { return supabase.from('berths'); }", &[]);
    check_one("const shop = { from: (x) => x }; shop.from('boats');", &[]);
    check_one("await supabase.auth.getUser();", &[]);
}

#[test]
fn other_parts_of_the_client() {
    check_one("await supabase.storage.from('photos').upload(path, file);", &["photos upload Await"]);
    check_one(
        "const { data } = supabase.storage.from('photos').getPublicUrl(path);",
        &["photos getPublicUrl Other"],
    );
    check_one(
        "const bucket = supabase.storage.from('photos'); await bucket.remove([path]);",
        &["photos remove Builder"],
    );
    check_one("await supabase.rpc('near', { at });", &["near rpc Await"]);
    check_one("const { data } = await supabase.functions.invoke('draw', { body });", &["draw invoke Await"]);
    check_one(
        "const line = supabase.channel(`pier-${id}`).on('x', {}, f).subscribe();",
        &["pier-* subscribe Other"],
    );
    check_one("await supabase.schema('yard').from('boats').select();", &["boats select Await"]);
    one("await supabase.schema('yard').from('boats').select();", |query, _| {
        assert_eq!(query.schema.as_deref(), Some("yard"))
    });
}

#[test]
fn tables_come_through_constants_and_closed_sets() {
    check_one("const T = 'boats'; await supabase.from(T).select();", &["boats select Await"]);
    check_one(
        "class S { private static readonly T = 'boats'; static async all() { await supabase.from(this.T).select(); } async one() { await supabase.from(S.T).select(); } }",
        &["boats select Await", "boats select Await"],
    );
    check_one(
        "const TABLES = { a: 'boats', b: 'piers' } as const; await supabase.from(TABLES.a).select(); await supabase.from(TABLES[k]).select();",
        &["boats select Await", "boats|piers select Await"],
    );
    check_one(
        "const t = kind === 'a' ? 'boats' : 'piers'; await supabase.from(t).select();",
        &["boats|piers select Await"],
    );
    check_one(
        "let t; switch (k) { case 1: t = 'boats'; break; default: t = 'piers'; } await supabase.from(t).select();",
        &["boats|piers select Await"],
    );
    check_one(
        "async function f(t: 'boats' | 'piers') { await supabase.from(t).select(); }",
        &["boats|piers select Await"],
    );
    check_one(
        "type T = 'boats' | 'piers'; async function f(t: T) { await supabase.from(t).select(); }",
        &["boats|piers select Await"],
    );
    check_one("async function f(t: string) { await supabase.from(t).delete(); }", &["? delete Await"]);
    check_one("for (const job of jobs) await supabase.from(job.table).insert(job.row);", &["? insert Map"]);
}

#[test]
fn shapes() {
    check_one(
        "const [a, { data: b }] = await Promise.all([supabase.from('a').select(), supabase.from('b').select()]);",
        &["a select PromiseAll", "b select PromiseAll"],
    );
    check_one("supabase.from('a').select().then(({ data }) => set(data));", &["a select Then"]);
    check_one("export const all = () => supabase.from('a').select();", &["a select Return"]);
    check_one("async function f() { return supabase.from('a').select(); }", &["a select Return"]);
    check_one("supabase.from('a').insert(row);", &["a insert NeverSent"]);
    check_one("void supabase.from('a').insert(row);", &["a insert NeverSent"]);
    check_one(
        "const full = await Promise.all(piers.map(async (p) => { const { data } = await supabase.from('a').select().eq('p', p.id); return data; }));",
        &["a select Map"],
    );
    check_one(
        "for (const x of list) { const { error } = await supabase.from('a').update(x); if (error) break; }",
        &["a update Map"],
    );
    check_one(
        "const x = ids.length ? await supabase.from('a').select() : { data: [] };",
        &["a select Await"],
    );
    check_one(
        "const { data } = await (x ? supabase.from('a').select() : supabase.from('b').select());",
        &["a select Ternary", "b select Ternary"],
    );
    check_one(
        "const q = x ? supabase.from('a').update(y) : supabase.from('b').insert(y);\nconst { error } = await q;",
        &["a update Ternary", "b insert Ternary"],
    );
    check_one(
        "const q = x ? supabase.from('a').select() : supabase.from('b').select();\nwait();\nconst { error } = await q;",
        &["a select Builder", "b select Builder"],
    );
    check_one(
        "const { data } = await soon(Promise.resolve(supabase.from('a').select()));",
        &["a select Return"],
    );
    check_one("const { data } = await soon(supabase.from('a').select());", &["a select Other"]);
}

#[test]
fn what_is_read_of_a_result() {
    let fields = |text: &str, expected: &[&str], whole: bool, ignored: bool| {
        one(text, |query, _| {
            assert_eq!(query.result.fields, expected, "in {text}");
            assert_eq!((query.result.whole, query.result.ignored), (whole, ignored), "in {text}");
        });
    };
    fields("const { data } = await supabase.from('a').select();", &["data"], false, false);
    fields(
        "const res = await supabase.from('a').select(); if (res.error) throw res.error; use(res.data);",
        &["data", "error"],
        false,
        false,
    );
    fields("const rows = (await supabase.from('a').select()).data ?? [];", &["data"], false, false);
    fields(
        "const { count } = await supabase.from('a').select('*', { count: 'exact', head: true });",
        &["count"],
        false,
        false,
    );
    fields("await supabase.from('a').insert(row);", &[], false, true);
    fields("async function f() { return await supabase.from('a').select(); }", &[], true, false);
    fields("const res = await supabase.from('a').select(); keep(res);", &[], true, false);
    fields("supabase.from('a').select().then(({ data, error }) => {});", &["data", "error"], false, false);
    fields(
        "const [one] = await Promise.all([supabase.from('a').select()]); use(one.data);",
        &["data"],
        false,
        false,
    );
}

#[test]
fn a_builder_has_a_region() {
    let text = "async function f() {\n  let q = supabase.from('a').select();\n  if (x) q = q.eq('x', x);\n  const { data } = await q.limit(5);\n  use(data);\n}";
    one(text, |query, text| {
        assert_eq!(query.shape, Shape::Builder);
        let builder = query.builder.as_ref().unwrap();
        let statements: Vec<&str> = builder.statements.iter().map(|span| &text[span.range()]).collect();
        assert_eq!(
            statements,
            [
                "let q = supabase.from('a').select();",
                "if (x) q = q.eq('x', x);",
                "const { data } = await q.limit(5);"
            ]
        );
        let sent: Vec<&str> = builder.sent.iter().map(|span| &text[span.range()]).collect();
        assert_eq!(sent, ["q.limit(5)"]);
        assert!(!builder.leaves);
        assert_eq!(query.result.fields, ["data"]);
    });
    one("function f() { const q = supabase.from('a').select(); return q; }", |query, _| {
        assert!(query.builder.as_ref().unwrap().leaves);
    });
    one("function f() { const q = supabase.from('a').insert(row); use(1); }", |query, _| {
        assert_eq!(query.shape, Shape::NeverSent);
    });
    check_one(
        "async function f() { const p = id ? supabase.from('a').update(v).eq('id', id) : supabase.from('a').insert(v); const { data } = await p.select().single(); }",
        &["a update Builder", "a insert Builder"],
    );
}

#[test]
fn captures_are_the_names_from_outside() {
    let captures = |text: &str, expected: &[&str]| {
        one(text, |query, _| {
            let names: Vec<&str> = query.captures.iter().map(|capture| capture.name.as_str()).collect();
            assert_eq!(names, expected, "in {text}");
        });
    };
    captures(
        "const T = 'a'; async function f(id: string, rows: Row[]) { await supabase.from(T).update({ id, at: new Date() }).in('x', rows.filter((r) => r.ok).map((r) => r.id)); }",
        &["id", "rows"],
    );
    captures(
        "async function f(filters: any) { await supabase.from('a').select().eq('x', filters.x).eq('y', filters.y); }",
        &["filters"],
    );
}

#[track_caller]
fn identity(text: &str, expected: Option<&[&str]>) {
    one(text, |query, text| match &query.identity {
        Identity::Session(spans) => {
            let found: Vec<&str> = spans.iter().map(|span| &text[span.range()]).collect();
            assert_eq!(Some(found.as_slice()), expected, "in {text}");
        }
        Identity::Argument => assert_eq!(None, expected, "in {text}"),
        Identity::None => assert_eq!(Some(&[][..]), expected, "in {text}"),
    });
}

#[test]
fn identity_is_proved_by_binding() {
    identity(
        "async function f() { const { data: { user } } = await supabase.auth.getUser(); await supabase.from('a').select().eq('user_id', user.id); }",
        Some(&["user.id"]),
    );
    identity(
        "async function f() { const { data } = await supabase.auth.getSession(); const me = data.session?.user; await supabase.from('a').insert({ owner: me!.id }); }",
        Some(&["me!.id"]),
    );
    identity(
        "async function f() { const id = (await supabase.auth.getUser()).data.user?.id; await supabase.from('a').select().eq('user_id', id); }",
        Some(&["id"]),
    );
    identity(
        "import { useState, useEffect } from 'react'; function P() { const [user, setUser] = useState(null); useEffect(() => { supabase.auth.onAuthStateChange((_e, session) => { setUser(session?.user ?? null); }); supabase.auth.getSession().then(({ data: { session } }) => setUser(session?.user ?? null)); }, []); return async () => { await supabase.from('a').select().eq('user_id', user?.id); }; }",
        Some(&["user?.id"]),
    );
    identity(
        "import { createContext, useContext, useState } from 'react'; const C = createContext(undefined); export function G({ children }) { const [user, setUser] = useState(null); supabase.auth.getUser().then(({ data }) => setUser(data.user)); const value = { user }; return <C.Provider value={value}>{children}</C.Provider>; }\nexport const useAuth = () => useContext(C); function P() { const { user } = useAuth(); return async () => { await supabase.from('a').select().eq('user_id', user.id); }; }",
        Some(&["user.id"]),
    );
    identity(
        "import { useQuery } from '@tanstack/react-query'; const useMe = () => useQuery({ queryKey: ['me'], queryFn: async () => { const { data } = await supabase.auth.getUser(); return data.user; } }); function P() { const { data: user } = useMe(); return async () => { await supabase.from('a').select().eq('user_id', user!.id); }; }",
        Some(&["user!.id"]),
    );
}

#[test]
fn what_may_be_anybody_is_no_identity() {
    identity(
        "async function f(userId: string) { await supabase.from('a').select().eq('user_id', userId); }",
        None,
    );
    identity(
        "async function f(user: User) { await supabase.from('a').select().eq('user_id', user.id); }",
        None,
    );
    identity(
        "import { useState } from 'react'; function P() { const [user, setUser] = useState(null); supabase.auth.getUser().then(({ data }) => setUser(data.user)); const demo = () => setUser({ id: 'demo' }); return async () => { await supabase.from('a').select().eq('user_id', user.id); }; }",
        None,
    );
    identity(
        "async function f() { const { data } = await supabase.auth.signUp({ email, password }); await supabase.from('a').insert({ user_id: data.user.id }); }",
        None,
    );
    identity("async function f() { await supabase.from('a').select().eq('kind', 'x'); }", Some(&[]));
}

#[test]
fn filter_text_built_from_values() {
    one(
        "async function f(q: string) { await supabase.from('a').select().or(`name.ilike.%${q}%`); }",
        |query, text| {
            assert_eq!(
                query.built_filters.iter().map(|span| &text[span.range()]).collect::<Vec<_>>(),
                ["`name.ilike.%${q}%`"]
            );
        },
    );
    one("async function f() { await supabase.from('a').select().or('a.eq.1,b.eq.2'); }", |query, _| {
        assert!(query.built_filters.is_empty())
    });
    one(
        "async function f(p: string) { await supabase.from('a').select().or('phone.eq.' + p); }",
        |query, _| assert_eq!(query.built_filters.len(), 1),
    );
}

#[test]
fn clients_are_told() {
    survey(
        &[
            (
                "src/a.ts",
                "import { createClient } from '@supabase/supabase-js'; export const supabase = createClient(u, process.env.SUPABASE_ANON_KEY); export const admin = createClient(u, process.env.SUPABASE_SERVICE_ROLE_KEY);",
            ),
            (
                "src/b.ts",
                "import { createServerClient } from '@supabase/ssr'; export async function createClient() { const store = await cookies(); return createServerClient(u, process.env.SUPABASE_ANON_KEY, { cookies: store }); }",
            ),
            (
                "src/c.ts",
                "import { supabase } from './a'; hand(supabase); supabase.auth.signOut(); if (!supabase) throw 1; await supabase.from('x').select(); supabase.removeChannel(x);",
            ),
        ],
        |survey| {
            let told: Vec<_> = survey
                .clients
                .iter()
                .map(|client| (client.exported.join(","), client.factory, client.power, client.escapes.len()))
                .collect();
            assert_eq!(
                told,
                [
                    ("supabase".to_owned(), false, Power::Visitor, 3),
                    ("admin".to_owned(), false, Power::Admin, 0),
                    ("createClient".to_owned(), true, Power::Session, 0),
                ]
            );
        },
    );
}

#[test]
fn firestore_calls() {
    let db = (
        "src/db.ts",
        "import { getFirestore } from 'firebase/firestore'; export const db = getFirestore(app);",
    );
    check(
        &[
            db,
            (
                "src/a.ts",
                "import { doc, getDoc, getDocs, collection, query, where, addDoc, onSnapshot } from 'firebase/firestore'; import { db } from './db';\nawait getDoc(doc(db, 'crew', id)); const q = query(collection(db, 'crew'), where('a', '==', 1)); await getDocs(q); const crew = collection(db, 'crew'); await addDoc(crew, {}); onSnapshot(collection(db, `crew/${id}/boats`), f);",
            ),
        ],
        &["crew getDoc Await", "crew getDocs Await", "crew addDoc Await", "crew onSnapshot Other"],
    );
}

#[test]
fn sql_as_text() {
    check(
        &[
            (
                "src/db.ts",
                "import { neon } from '@neondatabase/serverless'; export const sql = neon(process.env.DATABASE_URL!);",
            ),
            (
                "src/a.ts",
                "import { sql } from './db';\nconst rows = await sql`SELECT * FROM berths WHERE pier = ${pier}`; await sql`INSERT INTO boats (a) VALUES (${a})`; await sql('UPDATE boats SET a = $1', [a]); await sql.query('DELETE FROM boats'); await sql`SELECT 1 FROM x ${sql`WHERE a = 1`}`; await sql`CREATE TABLE IF NOT EXISTS piers (id int)`;",
            ),
        ],
        &[
            "berths select Await",
            "boats insert Await",
            "boats update Await",
            "boats delete Await",
            "x select Await",
            "piers create Await",
        ],
    );
    check(
        &[(
            "src/a.ts",
            "import { Pool } from 'pg'; const pool = new Pool(); const client = await pool.connect(); await client.query('SELECT * FROM public.\"boats\" WHERE a = $1', [a]); const text = `SELECT * FROM piers`; await pool.query(text);",
        )],
        &["boats select Await", "piers select Await"],
    );
    check(
        &[("src/a.ts", "import { sql } from '@vercel/postgres'; await sql`UPDATE boats SET a = 1`;")],
        &["boats update Await ?"],
    );
    check(
        &[(
            "src/a.ts",
            "import postgres from 'postgres'; const sql = postgres(u); await sql.begin(async (tx) => { await tx`DELETE FROM boats`; });",
        )],
        &["boats delete Await"],
    );
}

#[test]
fn mappers() {
    check(
        &[
            (
                "src/schema.ts",
                "import { pgTable } from 'drizzle-orm/pg-core'; export const boats = pgTable('boat_list', {});",
            ),
            (
                "src/a.ts",
                "import { drizzle } from 'drizzle-orm/neon-http'; import { boats } from './schema'; const db = drizzle(c); await db.select().from(boats).where(x); await db.insert(boats).values({}); await db.query.boats.findMany(); await db.transaction(async (tx) => { await tx.delete(boats); });",
            ),
        ],
        &[
            "boat_list select Await",
            "boat_list insert Await",
            "boats findMany Await",
            "boat_list delete Await",
        ],
    );
    check(
        &[(
            "src/a.ts",
            "import { PrismaClient } from '@prisma/client'; const prisma = globalThis.prisma ?? new PrismaClient(); await prisma.boat.findMany({}); await prisma.$queryRaw`SELECT * FROM boats`;",
        )],
        &["boat findMany Await", "boats select Await"],
    );
    check(
        &[
            (
                "src/boat.js",
                "const mongoose = require('mongoose'); module.exports = mongoose.model('Boat', new mongoose.Schema({}));",
            ),
            (
                "src/a.js",
                "const Boat = require('./boat'); async function f() { const boat = new Boat({}); await boat.save(); const one = await Boat.findById(1); one.x = 1; await one.save(); await Boat.find().sort('x'); }",
            ),
        ],
        &["Boat save Await ?", "Boat findById Await ?", "Boat save Await ?", "Boat find Await ?"],
    );
}

#[test]
fn key_value_stores() {
    check(
        &[(
            "src/a.ts",
            "import { Redis } from '@upstash/redis'; const redis = Redis.fromEnv(); await redis.set(`seat:${id}`, 1); await redis.get('all');",
        )],
        &["seat:* set Await", "all get Await"],
    );
    check(&[("src/a.ts", "import { kv } from '@vercel/kv'; await kv.hgetall('x');")], &["x hgetall Await ?"]);
}

#[test]
fn supabase_by_its_addresses() {
    check(
        &[(
            "src/a.ts",
            "const BASE = `${import.meta.env.VITE_SUPABASE_URL}/functions/v1`;\nawait fetch(`${url}/rest/v1/boats?select=*`); await fetch(`${BASE}/print-plan`, { method: 'POST' }); const address = url + '/rest/v1/rpc/near'; await fetch(address); await fetch('/api/boats');",
        )],
        &["boats select Await ?", "print-plan invoke Await ?", "near select Await ?"],
    );
}

#[test]
fn type_arguments_change_nothing() {
    check_one(
        "const { data } = await supabase.functions.invoke<{ a?: string }>('draw', { body });",
        &["draw invoke Await"],
    );
    check_one("const { data } = await supabase.from('a').select('x').returns<Row[]>();", &["a select Await"]);
    check_one(
        "const { data } = await supabase.rpc<'near', Row>('near', {}).single<Row>();",
        &["near rpc Await"],
    );
}

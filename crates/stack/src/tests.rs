//! Builder, framework and sides of small trees.

use crate::{Side, Stack};
use edit::RelPath;
use project::Project;
use std::path::Path;

fn read(files: &[(&str, &str)]) -> (Project, Stack) {
    let files = files.iter().map(|(path, text)| (RelPath::new(*path).unwrap(), (*text).to_owned())).collect();
    let project = Project::from_texts(Path::new("/export"), files);
    let stack = Stack::detect(&project);
    (project, stack)
}

/// Each path has the side that is written behind it.
fn check(files: &[(&str, &str, Side)]) -> Stack {
    let texts: Vec<(&str, &str)> = files.iter().map(|(path, text, _)| (*path, *text)).collect();
    let (project, stack) = read(&texts);
    for (path, _, side) in files {
        let id = project.file(path).unwrap().id;
        assert_eq!(stack.side(id), *side, "{path}: {}", stack.side_reasons[id.0 as usize]);
    }
    stack
}

use Side::{Both, Browser, Config, Edge, None, Server};

const VITE: &str = r#"{"devDependencies":{"vite":"^5.4.1"}}"#;
const NEXT: &str = r#"{"name":"my-v0-project","dependencies":{"next":"15.2.4"}}"#;
const START: &str = r#"{"dependencies":{"@tanstack/react-start":"^1.167.0","vite":"^7.0.0"}}"#;

#[test]
fn in_a_vite_app_the_browser_has_what_its_page_reaches() {
    let stack = check(&[
        ("package.json", VITE, Config),
        ("index.html", r#"<script type="module" src="/src/main.tsx"></script>"#, Browser),
        ("vite.config.ts", "export default {};", Config),
        ("src/main.tsx", "import App from './App';\nrender(<App/>);", Browser),
        ("src/App.tsx", "const Page = lazy(() => import('./Page'));\nexport default Page;", Browser),
        ("src/Page.tsx", "", Browser),
        ("src/unused.ts", "", None),
        ("src/App.test.tsx", "import './App';", None),
        ("src/shared.d.ts", "", None),
        ("api/send.ts", "import { mail } from '../lib/mail';\nmail();", Server),
        ("lib/mail.ts", "export const mail = 1;", Server),
        ("scripts/seed.ts", "import '../src/unused_too';", Server),
        (
            "src/scripts/plans.ts",
            "import { db } from '../db';\nexport const raise = (id: string) => db.raise(id);",
            None,
        ),
        ("src/unused_too.ts", "", Server),
        ("supabase/functions/pay/index.ts", "import '../_shared/cors.ts';", Edge),
        ("supabase/functions/_shared/cors.ts", "", Edge),
        ("public/sw.js", "", Browser),
    ]);
    assert_eq!(stack.framework.id(), "vite");
    assert_eq!(stack.generation, "vite-spa");
    assert_eq!(stack.framework_version.as_deref(), Some("5.4.1"));
}

#[test]
fn an_app_that_holds_next_and_builds_with_vite_is_a_vite_app() {
    let package = r#"{"scripts":{"build":"vite build"},"dependencies":{"next":"15.2.8"},"devDependencies":{"vite":"5"}}"#;
    let stack = check(&[
        ("package.json", package, Config),
        ("index.html", r#"<script type="module" src="/src/main.tsx"></script>"#, Browser),
        ("src/main.tsx", "", Browser),
    ]);
    assert_eq!(stack.framework.id(), "vite");
}

#[test]
fn a_server_beside_a_vite_app_is_found_by_what_it_imports() {
    check(&[
        ("package.json", r#"{"dependencies":{"express":"^4"},"devDependencies":{"vite":"^5"}}"#, Config),
        ("index.html", r#"<script type="module" src="/src/main.tsx"></script>"#, Browser),
        ("src/main.tsx", "import './types';", Browser),
        ("src/types.ts", "export const max = 1;", Both),
        (
            "backend/run.js",
            "const express = require('express');\nconst app = express();\nrequire('./routes');\napp.listen(1);",
            Server,
        ),
        ("backend/routes.js", "require('../src/types');", Server),
    ]);
}

#[test]
fn in_next_the_browser_begins_where_a_module_says_so() {
    let stack = check(&[
        ("package.json", NEXT, Config),
        ("tsconfig.json", r#"{"compilerOptions":{"paths":{"@/*":["./*"]}}}"#, Config),
        ("next.config.mjs", "export default {};", Config),
        ("app/layout.tsx", "import { Nav } from '@/components/nav';\nexport default () => <Nav/>;", Server),
        (
            "app/page.tsx",
            "import { rows } from '@/lib/rows';\nimport { List } from '@/components/list';\nexport default () => <List rows={rows()}/>;",
            Server,
        ),
        (
            "app/login/page.tsx",
            "'use client';\nimport { save } from '../actions';\nexport default () => save();",
            Browser,
        ),
        (
            "app/actions.ts",
            "'use server';\nimport { secret } from '@/lib/secret';\nexport const save = async () => secret;",
            Server,
        ),
        (
            "app/api/rows/route.ts",
            "import { rows } from '@/lib/rows';\nexport const GET = () => rows();",
            Server,
        ),
        ("components/nav.tsx", "export const Nav = () => null;", Server),
        (
            "components/list.tsx",
            "'use client';\nimport { format } from '@/lib/format';\nexport const List = () => format();",
            Browser,
        ),
        ("components/unused.tsx", "'use client';", None),
        ("lib/format.ts", "export const format = () => 1;", Both),
        ("lib/rows.ts", "import { format } from './format';\nexport const rows = () => format();", Server),
        ("lib/secret.ts", "export const secret = 1;", Server),
        ("middleware.ts", "export const middleware = () => 1;", Server),
        ("lib/supabase/proxy.ts", "", None),
    ]);
    assert_eq!(stack.framework.id(), "next");
    assert_eq!(stack.generation, "next-app");
    assert_eq!(stack.builder.id, "v0");
}

#[test]
fn pages_of_the_old_router_run_on_both_sides() {
    let stack = check(&[
        ("package.json", NEXT, Config),
        ("pages/index.tsx", "import '../lib/a';", Both),
        ("pages/_document.tsx", "", Server),
        ("pages/api/rows.ts", "import '../../lib/b';", Server),
        ("lib/a.ts", "", Both),
        ("lib/b.ts", "", Server),
    ]);
    assert_eq!(stack.generation, "next-pages");
}

#[test]
fn in_start_handlers_and_server_modules_stay_on_the_server() {
    let stack = check(&[
        ("package.json", START, Config),
        (
            "vite.config.ts",
            "import { tanstackStart } from '@tanstack/react-start/plugin/vite';\nexport default { plugins: [tanstackStart()] };",
            Config,
        ),
        (
            "src/router.tsx",
            "import { routeTree } from './routeTree.gen';\nexport const getRouter = () => routeTree;",
            Both,
        ),
        (
            "src/routeTree.gen.ts",
            "import { Route } from './routes/index';\nimport { Route as Hook } from './routes/api/hook';\nexport const routeTree = [Route, Hook];",
            Both,
        ),
        (
            "src/routes/index.tsx",
            "import { list } from '../list.functions';\nexport const Route = createFileRoute('/')({ component: () => list() });",
            Both,
        ),
        (
            "src/routes/api/hook.ts",
            "import { pay } from '../../pay';\nexport const Route = createFileRoute('/api/hook')({ server: { handlers: { POST: () => pay() } } });",
            Server,
        ),
        (
            "src/list.functions.ts",
            "import { createServerFn } from '@tanstack/react-start';\nimport { admin } from './admin.server';\nimport { query } from './query';\nimport { limit } from './limit';\nexport const max = limit;\nexport const list = createServerFn({ method: 'GET' }).inputValidator((x) => x).handler(async () => query(admin, limit));",
            Both,
        ),
        ("src/admin.server.ts", "export const admin = 1;", Server),
        ("src/query.ts", "export const query = (a: unknown, b: unknown) => [a, b];", Server),
        ("src/limit.ts", "export const limit = 1;", Both),
        ("src/pay.ts", "export const pay = () => 1;", Server),
    ]);
    assert_eq!(stack.generation, "tanstack-start");
}

#[test]
fn start_that_was_turned_back_is_a_browser_app() {
    let stack = check(&[
        ("package.json", START, Config),
        (
            "vite.config.ts",
            "import react from '@vitejs/plugin-react';\nexport default { plugins: [react()] };",
            Config,
        ),
        ("index.html", r#"<script type="module" src="/src/main.tsx"></script>"#, Browser),
        ("src/main.tsx", "import { rows } from './rows.functions';\nrows();", Browser),
        (
            "src/rows.functions.ts",
            "import { client } from './client.server';\nexport const rows = () => client;",
            Browser,
        ),
        ("src/client.server.ts", "export const client = 1;", Browser),
        ("src/server.ts", "", None),
        ("src/start.ts", "", None),
    ]);
    assert_eq!(stack.framework.id(), "vite");
}

#[test]
fn builders_are_known_by_several_signs() {
    let cases: &[(&[(&str, &str)], &str)] = &[
        (&[("package.json", r#"{"name":"vite_react_shadcn_ts"}"#)], "lovable"),
        (&[("package.json", r#"{"name":"shop","devDependencies":{"lovable-tagger":"^1"}}"#)], "lovable"),
        (&[("project/.bolt/config.json", "{}"), ("project/package.json", VITE)], "bolt"),
        (
            &[
                ("package.json", VITE),
                ("vite.config.ts", "export default { optimizeDeps: { exclude: ['lucide-react'] } }"),
            ],
            "bolt",
        ),
        (&[("package.json", NEXT)], "v0"),
        (&[("app/layout.tsx", "export const metadata = { generator: 'v0.app' };")], "v0"),
        (&[("package.json", VITE)], "unknown"),
    ];
    for (files, builder) in cases {
        let (_, stack) = read(files);
        assert_eq!(stack.builder.id, *builder, "{files:?}");
        assert_eq!(stack.builder.tells.is_empty(), *builder == "unknown");
    }
}

#[test]
fn a_backend_counts_by_use() {
    let page = ("index.html", r#"<script type="module" src="/src/main.tsx"></script>"#);
    let manifest =
        ("package.json", r#"{"dependencies":{"firebase":"^11","@supabase/supabase-js":"^2","vite":"^5"}}"#);
    let main = ("src/main.tsx", "import { createClient } from '@supabase/supabase-js';\ncreateClient();");
    let (_, stack) =
        read(&[page, manifest, main, ("src/firebase.ts", "import { initializeApp } from 'firebase/app';")]);
    let ids: Vec<_> = stack.backends.iter().map(|backend| backend.id()).collect();
    assert_eq!(ids, ["supabase"]);
}

#[test]
fn hosts_are_known_by_their_files() {
    let (_, stack) =
        read(&[("package.json", VITE), ("index.html", ""), ("netlify.toml", ""), ("Dockerfile", "")]);
    let ids: Vec<_> = stack.hosts.iter().map(|host| host.id()).collect();
    assert_eq!(ids, ["netlify", "docker"]);
}

#[test]
fn environment_is_read_as_the_side_does() {
    let (_, vite) = read(&[("package.json", VITE), ("index.html", "")]);
    assert_eq!(vite.framework.env(Browser, "VITE_URL").expression, "import.meta.env.VITE_URL");
    assert!(vite.framework.env(Browser, "VITE_URL").public);
    assert_eq!(vite.framework.env(Server, "KEY").expression, "process.env.KEY");
    assert_eq!(vite.framework.env(Edge, "KEY").expression, "Deno.env.get(\"KEY\")");
    let (_, next) = read(&[("package.json", NEXT), ("app/page.tsx", "")]);
    assert_eq!(next.framework.env(Browser, "NEXT_PUBLIC_URL").expression, "process.env.NEXT_PUBLIC_URL");
    assert!(!next.framework.env(Server, "KEY").public);
}

#[test]
fn a_tree_without_an_app_is_still_read() {
    let (project, stack) = read(&[("notes.md", "# Notes"), ("a.js", "")]);
    assert!(project.apps.is_empty());
    assert_eq!(stack.framework.id(), "none");
    assert!(stack.framework.unsupported().is_some());
}

#[test]
fn inside_a_handler_code_is_on_the_server() {
    let functions = "import { createServerFn } from '@tanstack/react-start';\nimport { admin } from './admin';\n\
                     const load = async () => admin();\nexport const list = createServerFn().handler(async () => load());\nexport const max = 1;";
    let (project, stack) = read(&[
        ("package.json", START),
        (
            "vite.config.ts",
            "import { tanstackStart } from '@tanstack/react-start/plugin/vite';\nexport default { plugins: [tanstackStart()] };",
        ),
        (
            "src/router.tsx",
            "import { list, max } from './list.functions';\nexport const router = [list, max];",
        ),
        ("src/list.functions.ts", functions),
        ("src/admin.ts", "export const admin = () => 1;"),
    ]);
    let file = project.file("src/list.functions.ts").unwrap();
    let at = |needle: &str| {
        file.text.find(needle).map(|start| stack.side_at(file.span(start..start + 1))).unwrap()
    };
    assert_eq!(at("load())"), Server);
    assert_eq!(at("admin();"), Server, "a helper that only the handler uses");
    assert_eq!(at("max"), Both);
    assert_eq!(stack.side(project.file("src/admin.ts").unwrap().id), Server);
}

#[test]
fn what_only_types_are_taken_from_is_on_no_side() {
    let (project, stack) = read(&[
        ("package.json", VITE),
        ("index.html", r#"<script type="module" src="/src/main.tsx"></script>"#),
        ("src/main.tsx", "import { Row } from './types';\nexport const rows: Row[] = [];"),
        ("src/types.ts", "export type Row = string;"),
    ]);
    let id = project.file("src/types.ts").unwrap().id;
    assert_eq!((stack.side(id), stack.side_reasons[id.0 as usize]), (None, "imported for its types only"));
}

#[test]
fn a_node_file_beside_the_manifest_is_run_by_hand() {
    check(&[
        ("package.json", NEXT, Config),
        ("app/page.tsx", "export default () => 1;", Server),
        ("check.js", "const { Client } = require('pg');\nnew Client();", Server),
        ("app/globals.css", "", None),
    ]);
}

#[test]
fn in_pages_data_functions_are_on_the_server() {
    check(&[
        ("package.json", NEXT, Config),
        (
            "pages/index.tsx",
            "import { rows } from '../lib/rows';\nexport async function getServerSideProps() { return rows(); }\nexport default function Page() { return 1; }",
            Both,
        ),
        ("lib/rows.ts", "export const rows = () => 1;", Server),
    ]);
}

#[test]
fn a_worker_is_named_by_its_configuration() {
    check(&[
        ("package.json", VITE, Config),
        ("index.html", r#"<script type="module" src="/src/main.tsx"></script>"#, Browser),
        ("src/main.tsx", "", Browser),
        ("wrangler.toml", "main = \"worker/index.ts\"\n", Config),
        ("worker/index.ts", "import { answer } from './answer';\nexport default { fetch: answer };", Edge),
        ("worker/answer.ts", "export const answer = () => 1;", Edge),
        ("public/settings.json", "{}", Browser),
    ]);
}

/// What is found of a function that makes a client with the session: what its module exports it as, or the trouble.
fn session_client(text: &str) -> Result<String, String> {
    let text = format!(
        "import {{ createServerClient }} from '@supabase/ssr';\nimport {{ cookies }} from 'next/headers';\n{text}"
    );
    let (project, stack) =
        read(&[("package.json", NEXT), ("app/page.tsx", "export default () => 1;"), ("lib/db.ts", &text)]);
    let found = stack.server.unwrap().session_client(&project, &project.apps[0]).unwrap();
    found.map(|client| format!("{:?} of {}", client.imported, client.path))
}

#[test]
fn a_function_that_makes_a_client_of_the_cookies_is_found_by_what_it_does() {
    let made = "createServerClient(url, process.env.NEXT_PUBLIC_SUPABASE_ANON_KEY!, { cookies: jar })";
    let found = |text: String| session_client(&text);
    let named = Ok("Named(\"open\") of lib/db.ts".to_owned());
    assert_eq!(
        found(format!("export async function open() {{ const jar = await cookies(); return {made}; }}")),
        named
    );
    assert_eq!(
        found(format!(
            "export const open = async () => {{ const jar = await cookies(); const db = {made}; return db }}"
        )),
        named
    );
    assert_eq!(
        found(format!(
            "export default async function open() {{ const jar = await cookies(); return {made}; }}"
        )),
        Ok("Default of lib/db.ts".to_owned())
    );
}

#[test]
fn a_client_that_is_given_something_or_is_past_every_policy_is_none() {
    let check = |text: &str, says: &str| {
        let refused = session_client(text).unwrap_err();
        assert!(refused.contains(says), "{text}: {refused}");
    };
    let none = "No function of the app";
    check(
        "export async function open(jar) { await cookies(); return createServerClient(url, process.env.ANON, jar); }",
        none,
    );
    check(
        "export async function open() { const jar = await cookies(); return createServerClient(url, process.env.SERVICE_ROLE, jar); }",
        none,
    );
    check(
        "export async function update() { const jar = await cookies(); const db = createServerClient(url, process.env.ANON, jar); return page; }",
        none,
    );
    check(
        "async function open() { const jar = await cookies(); return createServerClient(url, process.env.ANON, jar); }",
        none,
    );
    check(
        "export function open() { const jar = cookies(); return createServerClient(url, process.env.ANON, jar); }",
        "without `await`",
    );
}

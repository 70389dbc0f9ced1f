//! Small apps in, their handlers out: who may call each, and whether the check is real.

use audit::Survey;
use audit::handler::Handler;
use edit::RelPath;
use project::Project;
use stack::Stack;
use std::path::Path;

const NEXT: &[(&str, &str)] = &[
    ("package.json", r#"{"dependencies":{"next":"15","react":"19","@supabase/ssr":"0.8"}}"#),
    ("tsconfig.json", r#"{"compilerOptions":{"paths":{"@/*":["./*"]}}}"#),
    (
        "lib/who.ts",
        r#"import { createClient } from "./db"; import { NextResponse } from "next/server";
export async function currentMember() { const db = await createClient(); const { data: { user } } = await db.auth.getUser(); return user; }
export async function requireMember() { const user = await currentMember(); if (!user) throw new Error("no"); return user; }
export async function asked() { const user = await currentMember(); if (!user) return { ok: false, response: new NextResponse(null, { status: 401 }) }; return { ok: true, user }; }
export const withUser = (run) => async (request) => { const user = await currentMember(); if (!user) return NextResponse.json({}, { status: 401 }); return run(request, user); };"#,
    ),
];
const START: &[(&str, &str)] = &[
    ("package.json", r#"{"dependencies":{"@tanstack/react-start":"1","@tanstack/react-router":"1"}}"#),
    (
        "vite.config.ts",
        "import { tanstackStart } from '@tanstack/react-start/plugin/vite'; export default { plugins: [tanstackStart()] };",
    ),
];

fn show(handler: &Handler) -> String {
    let mut line = format!("{} {:?}", handler.name, handler.auth);
    if let Some(url) = &handler.url {
        line = format!("{url} {line}");
    }
    for (mark, is) in [
        ("writes", handler.writes),
        ("admin", handler.admin),
        ("validated", handler.validated),
        ("role", handler.role),
        ("unverified", handler.unverified),
        ("loose", handler.loose_secret.is_some()),
        ("unset", handler.unset_secret.is_some()),
        ("blind", handler.blind),
        ("pays", handler.pays),
        ("fetches", handler.fetches),
        ("asks-back", handler.asks_back),
        ("known", handler.known_pass.is_some()),
    ] {
        if is {
            line += &format!(" {mark}");
        }
    }
    for taken in &handler.taken {
        line += &format!(" {:?}({})", taken.what, taken.name);
    }
    line
}

#[track_caller]
fn check(base: &[(&str, &str)], files: &[(&str, &str)], expected: &[&str]) {
    let texts = base.iter().chain(files);
    let texts = texts.map(|(path, text)| (RelPath::new(*path).unwrap(), (*text).to_owned())).collect();
    let project = Project::from_texts(Path::new("/app"), texts);
    let stack = Stack::detect(&project);
    let survey = Survey::of(&project, &stack);
    let shown: Vec<String> = survey.handlers.iter().map(show).collect();
    assert_eq!(shown, expected);
}

fn route(body: &str, expected: &str) {
    let text = format!(
        "import {{ createClient }} from \"@/lib/db\"; import {{ currentMember, requireMember, asked, withUser }} from \"@/lib/who\"; import {{ NextResponse }} from \"next/server\";\n{body}"
    );
    check(NEXT, &[("app/api/berths/route.ts", &text)], &[expected]);
}

#[test]
fn a_handler_is_guarded_only_if_it_refuses() {
    route(
        "export async function POST(request) { const user = await currentMember(); if (!user) return NextResponse.json({}, { status: 401 }); const db = await createClient(); await db.from('berths').insert({ by: user.id }); }",
        "/api/berths POST Enforced writes",
    );
    route(
        "export async function POST(request) { const user = await currentMember(); const db = await createClient(); await db.from('berths').insert({ by: user?.id }); }",
        "/api/berths POST Optional writes",
    );
    route(
        "export async function POST(request) { const db = await createClient(); await db.from('berths').insert({}); }",
        "/api/berths POST None writes",
    );
}

#[test]
fn checks_are_followed_into_helpers_and_wrappers() {
    route(
        "const demand = (request) => { const pass = process.env.TIDE_SECRET; if (!pass) return new Response(null, { status: 503 }); if (request.headers.get('authorization') !== `Bearer ${pass}`) return new Response(null, { status: 401 }); return null; };\nexport async function PUT(request) { const refused = demand(request); if (refused) return refused; }",
        "/api/berths PUT Secret writes",
    );
    route(
        "import { env } from '@/env'; export async function PUT(request) { if (request.headers.get('authorization') !== `Bearer ${env.TIDE_SECRET}`) return new Response(null, { status: 401 }); }",
        "/api/berths PUT Secret writes loose",
    );
    route("export async function PUT(request) { await requireMember(); }", "/api/berths PUT Enforced writes");
    route(
        "export async function PUT(request) { const auth = await asked(); if (!auth.ok) return auth.response; }",
        "/api/berths PUT Enforced writes",
    );
    route(
        "export const PUT = withUser(async (request, user) => new Response());",
        "/api/berths PUT Enforced writes",
    );
}

#[test]
fn what_asks_many_calls_away_is_no_token_that_nobody_verifies() {
    let files = [
        (
            "lib/rights.ts",
            "import { currentUser } from './viewer'; async function seen() { const user = await currentUser(); if (!user) throw new Error('no'); return user; } export async function requireRight(right: string) { const user = await seen(); if (!user.rights.includes(right)) throw new Error('no'); }",
        ),
        (
            "lib/viewer.ts",
            "import { open } from './open'; export async function currentUser() { return (await open())?.user; }",
        ),
        ("lib/open.ts", "import { session } from './sign'; export const open = () => session();"),
        ("lib/sign.ts", "import Kit from 'some-kit'; export const { session } = Kit({});"),
        (
            "app/api/berths/route.ts",
            "import { requireRight } from '@/lib/rights'; export async function POST() { await requireRight('berths'); await sql`INSERT INTO notes`; }",
        ),
    ];
    check(NEXT, &files, &["/api/berths POST Enforced writes"]);
}

#[test]
fn a_helper_that_demands_asks_and_throws_is_a_check() {
    route(
        "async function currentKeeperId(db) { const { data } = await db.auth.getClaims(); if (typeof data?.claims?.sub !== 'string') throw new Error('no'); return data.claims.sub; } export async function POST() { const id = await currentKeeperId(db); await sql`INSERT INTO notes`; }",
        "/api/berths POST Enforced writes",
    );
}

#[test]
fn a_key_that_is_looked_up_by_its_hash_is_verified() {
    route(
        "export async function GET(request) { const key = request.headers.get('authorization')?.slice(7); if (!key) return new Response(null, { status: 401 }); const row = await db.from('gate_keys').select('id').eq('key_hash', await sha256Hex(key)).maybeSingle(); if (!row.data) return new Response(null, { status: 401 }); }",
        "/api/berths GET Enforced",
    );
}

#[test]
fn a_sender_is_judged_by_a_function_that_says_so() {
    route(
        "export async function POST(request) { if (!verifyTillSignature(process.env.TILL_HOOK, request.headers.get('x-till'), await request.text())) return new Response(null, { status: 401 }); await db.from('orders').update({ paid: true }); }",
        "/api/berths POST Secret writes",
    );
}

#[test]
fn a_token_that_nobody_verifies_is_no_session() {
    route(
        "export async function POST(request) { const uid = request.headers.get('authorization')?.replace('Bearer ', ''); if (!uid) return NextResponse.json({}, { status: 401 }); await sql`INSERT INTO notes (user_id) VALUES (${uid})`; }",
        "/api/berths POST Optional writes unverified",
    );
}

#[test]
fn where_a_request_comes_from_is_no_token() {
    for (header, said) in [("x-forwarded-for", "Enforced"), ("x-member", "Optional")] {
        let unverified = if said == "Optional" { " unverified" } else { "" };
        let body = format!(
            "const near = (request) => request.headers.get('{header}'); export async function POST(request, context) {{ if (!context.user) return NextResponse.json({{}}, {{ status: 401 }}); await sql`INSERT INTO notes (user_id, place) VALUES (${{context.user.id}}, ${{near(request)}})`; }}"
        );
        route(&body, &format!("/api/berths POST {said} writes{unverified}"));
    }
}

#[test]
fn an_event_of_which_the_service_is_asked_is_told_apart() {
    let edge = |call: &str| {
        format!(
            "async function look(id) {{ const answer = await {call}; return await answer.json(); }}\n\
             Deno.serve(async (req) => {{ const {{ data }} = await req.json(); const told = await look(data.id); await admin.from('berths').update({{ paid: told.paid }}).eq('id', told.berth); return new Response(); }});"
        )
    };
    let keyed = "{ headers: { Authorization: `Bearer ${Deno.env.get('PAY_KEY')}` } }";
    for (call, asks_back) in [
        (format!("fetch(`https://pay.example/v1/payments/${{id}}`, {keyed})"), true),
        (format!("fetch(`https://talk.example/v1/media/${{id}}`, {keyed})"), false),
        ("fetch(`https://pay.example/v1/payments/${id}`)".to_owned(), false),
        (
            format!("fetch(`https://pay.example/v1/payments/${{id}}`, {{ method: 'POST', {}", &keyed[1..]),
            false,
        ),
    ] {
        let mark = if asks_back { " asks-back" } else { "" };
        check(
            &[],
            &[("supabase/functions/pay-webhook/index.ts", &edge(&call))],
            &[&format!("/functions/v1/pay-webhook pay-webhook None writes{mark}")],
        );
    }
}

#[test]
fn who_forgot_a_password_has_no_session_yet() {
    let edge = "Deno.serve(async (req) => { const { email } = await req.json(); const admin = createClient(url, Deno.env.get('SUPABASE_SERVICE_ROLE_KEY')); await admin.from('mails').insert({ email }); return new Response(); });";
    check(
        &[],
        &[("supabase/functions/send-password-reset/index.ts", edge)],
        &["/functions/v1/send-password-reset send-password-reset PublicByDesign writes admin"],
    );
}

#[test]
fn a_secret_or_a_signature_stands_for_a_session() {
    route(
        "export async function POST(request) { if (request.headers.get('authorization') !== `Bearer ${process.env.NIGHT_KEY}`) return new Response('no', { status: 401 }); await sql`DELETE FROM notes`; }",
        "/api/berths POST Secret writes loose",
    );
    route(
        "export async function POST(request) { const event = stripe.webhooks.constructEvent(await request.text(), request.headers.get('stripe-signature'), process.env.HOOK!); await db.from('orders').update({ paid: true }); }",
        "/api/berths POST Secret writes",
    );
}

#[test]
fn a_signature_that_a_helper_of_a_helper_demands_by_throwing_counts() {
    let helper = "export async function verifyWebhook(request) { const signature = request.headers.get('x-signature'); if (!signature) throw new Error('none'); return await pier.webhooks.unmarshal(await request.text(), process.env.HOOK!, signature); }";
    let handler = "import { verifyWebhook } from '@/lib/pier'; async function take(request) { const event = await verifyWebhook(request); await db.from('orders').update({ paid: event.paid }); } export async function POST(request) { try { await take(request); return Response.json({}); } catch (error) { return new Response('no', { status: 400 }); } }";
    let file = ("app/api/berths/route.ts", handler);
    check(NEXT, &[file, ("lib/pier.ts", helper)], &["/api/berths POST Secret writes"]);
    let swallowed = handler.replace(
        "const event = await verifyWebhook(request);",
        "let event = {}; try { event = await verifyWebhook(request); } catch {}",
    );
    let file = ("app/api/berths/route.ts", &*swallowed);
    check(NEXT, &[file, ("lib/pier.ts", helper)], &["/api/berths POST None writes"]);
}

#[test]
fn what_is_public_by_design_is_set_apart() {
    let text = "export async function POST(request) { const { email, password } = await request.json(); await db.auth.signInWithPassword({ email, password }); }";
    check(NEXT, &[("app/api/auth/login/route.ts", text)], &["/api/auth/login POST PublicByDesign"]);
    check(
        NEXT,
        &[(
            "app/api/piers/route.ts",
            "export async function GET() { return Response.json(await db.from('piers').select('*')); }",
        )],
        &["/api/piers GET PublicByDesign"],
    );
}

#[test]
fn a_name_alone_opens_no_handler_that_changes_rows_or_spends() {
    let confirms = "export async function POST(request) { const { id } = await request.json(); await db.from('berths').update({ paid: true }).eq('id', id); }";
    for (path, expected) in [
        ("app/api/auth/confirm/route.ts", "/api/auth/confirm POST PublicByDesign writes"),
        ("app/api/confirm-email/route.ts", "/api/confirm-email POST PublicByDesign writes"),
        ("app/api/confirm/route.ts", "/api/confirm POST PublicByDesign writes"),
        ("app/api/confirm-berths/route.ts", "/api/confirm-berths POST None writes"),
        ("app/api/berths/confirm/route.ts", "/api/berths/confirm POST None writes"),
    ] {
        check(NEXT, &[(path, confirms)], &[expected]);
    }
    let judges = "export async function POST(request) { const { text } = await request.json(); return Response.json(await generateText({ prompt: text })); }";
    check(NEXT, &[("app/api/judge-status/route.ts", judges)], &["/api/judge-status POST None pays"]);
    check(
        NEXT,
        &[("app/api/health/status/route.ts", judges)],
        &["/api/health/status POST PublicByDesign pays"],
    );
}

#[test]
fn values_of_the_request_that_must_not_come_from_it_are_named() {
    route(
        "export async function POST(request) { const user = await currentMember(); if (!user) return NextResponse.json({}, { status: 401 }); const { userId, lines, total } = await request.json(); await sql`INSERT INTO orders (user_id, total) VALUES (${userId}, ${total})`; }",
        "/api/berths POST Enforced writes Identity(userId) Price(total)",
    );
    route(
        "export async function POST(request) { const user = await currentMember(); if (!user) return NextResponse.json({}, { status: 401 }); const { userId } = await request.json(); if (userId !== user.id) return NextResponse.json({}, { status: 403 }); await sql`INSERT INTO orders (user_id) VALUES (${userId})`; }",
        "/api/berths POST Enforced writes",
    );
}

#[test]
fn what_a_middleware_gives_is_not_what_was_sent_and_a_role_may_be_asked_by_name() {
    let text = r#"import { createServerFn } from "@tanstack/react-start"; import { requireUser } from "./who"; import { keeper } from "./keeper.server";
async function assertWarden(context) { const { data } = await context.db.rpc("is_warden"); if (!data) throw new Error("no"); }
async function assertAdmin(context) { const { data } = await context.db.rpc("is_admin"); if (!data) throw new Error("no"); }
export const close = createServerFn({ method: "POST" }).middleware([requireUser]).inputValidator((d) => d).handler(async ({ data, context }) => { await keeper.from("piers").update({ closed_by: context.userId }).eq("id", data.id); });
export const give = createServerFn({ method: "POST" }).middleware([requireUser]).inputValidator((d) => d).handler(async ({ data, context }) => { await assertAdmin(context); await keeper.from("piers").update({ owner: data.userId }); });"#;
    check(
        START,
        &[("src/lib/piers.functions.ts", text)],
        &["close None writes", "give None writes role Identity(userId)"],
    );
}

#[test]
fn a_middleware_may_come_from_a_factory() {
    let package = r#"{"dependencies":{"express":"5"},"scripts":{"start":"node server/index.js"}}"#;
    let access = "export const makeAuthenticate = ({ key }) => { if (!key) throw new Error('no key'); return async (req, res, next) => { const token = req.headers.authorization; if (!token) return res.status(401).json({}); req.user = verify(token, key); next(); }; };";
    let app = "import express from 'express'; import { makeAuthenticate } from './access.js'; const app = express(); const authenticate = makeAuthenticate({ key: process.env.KEY }); app.put('/api/piers/:id', authenticate, async (req, res) => { await db.query('UPDATE piers SET open = true'); res.json({}); });";
    check(
        &[("package.json", package)],
        &[("server/access.js", access), ("server/index.js", app)],
        &["/api/piers/:id PUT /api/piers/:id Enforced writes"],
    );
}

#[test]
fn a_token_of_the_address_and_a_secret_compared_by_letters_are_judged() {
    route(
        "export async function GET(request) { const token = new URL(request.url).searchParams.get('token'); if (!token) return NextResponse.redirect('/'); request.headers.get('host'); await settle(token); await sql`UPDATE orders SET paid = true`; }",
        "/api/berths GET None writes",
    );
    route(
        "const expected = process.env.HOOK_SECRET; const same = (a, b) => a === b; function safeEqual(a, b) { let off = 0; for (let i = 0; i < a.length; i++) off |= a[i] ^ b[i]; return off === 0; }
export async function POST(request) { const sent = new URL(request.url).searchParams.get('secret') || request.headers.get('x-secret') || ''; if (!sent || !safeEqual(sent, expected)) return new Response('no', { status: 401 }); await sql`UPDATE orders SET paid = true`; }",
        "/api/berths POST Secret writes",
    );
}

#[test]
fn a_helper_may_let_the_developer_s_own_machine_pass() {
    for (unset, expected) in [
        ("process.env.NODE_ENV !== 'production'", "/api/berths GET Secret writes"),
        ("process.env.NODE_ENV === 'production'", "/api/berths GET None writes"),
    ] {
        let body = format!(
            "function fromTimer(request) {{ const expected = process.env.TIMER_SECRET; if (!expected) {{ return {unset}; }} return request.headers.get('authorization') === `Bearer ${{expected}}`; }}
export async function GET(request) {{ if (!fromTimer(request)) return NextResponse.json({{}}, {{ status: 401 }}); await sql`UPDATE berths SET free = true`; }}"
        );
        route(&body, expected);
    }
}

#[test]
fn a_token_that_is_handed_on_is_judged_by_who_gets_it() {
    route(
        "export async function GET(request) { const key = request.headers.get('X-Harbour-Token'); if (!key) return NextResponse.json({}, { status: 401 }); const answer = await fetch('https://harbour.example/groups', { headers: { 'X-Harbour-Token': key } }); return NextResponse.json(await answer.json()); }",
        "/api/berths GET Enforced",
    );
}

#[test]
fn one_demand_may_stand_upon_another() {
    check(
        NEXT,
        &[
            (
                "lib/portal.ts",
                r#"import { getServerSession } from "next-auth"; import { options } from "./options";
export async function requirePortal(roles) { const session = await getServerSession(options); if (!session) throw new Error("no"); if (!roles.includes(session.user.role)) throw new Error("no"); return session; }
export async function requireRole(roles) { return await requirePortal(roles); }"#,
            ),
            (
                "lib/assert.ts",
                r#"import { requireRole } from "./portal"; export async function assertHarbourMaster() { return await requireRole(["MASTER"]); }"#,
            ),
            (
                "app/api/piers/route.ts",
                r#"import { assertHarbourMaster } from "@/lib/assert"; import { db } from "@/lib/pool";
export async function POST(request) { await assertHarbourMaster(); return Response.json(await db.insert(await request.json())); }"#,
            ),
        ],
        &["/api/piers POST Enforced writes role"],
    );
}

#[test]
fn a_permission_is_asked_of_a_user_whom_the_auth_package_knows() {
    check(
        NEXT,
        &[
            (
                "lib/sign.ts",
                r#"import NextAuth from "next-auth"; export const { auth } = NextAuth({});
export const getCurrentUser = async () => { const session = await auth(); return session?.user; };"#,
            ),
            (
                "lib/may.ts",
                r#"import { getCurrentUser } from "./sign"; import { allowed } from "./roles";
async function someone() { const user = await getCurrentUser(); if (!user) throw new Error("no"); return user; }
export async function may(what) { const user = await someone(); if (!allowed(user.role, what)) throw new Error("no"); return user; }"#,
            ),
            (
                "app/api/piers/route.ts",
                r#"import { may } from "@/lib/may"; import { db } from "@/lib/pool";
export async function POST(request) { await may("piers"); return Response.json(await db.insert(await request.json())); }"#,
            ),
        ],
        &["/api/piers POST Enforced writes"],
    );
}

#[test]
fn actions_are_found_in_modules_and_in_closures() {
    check(
        NEXT,
        &[(
            "app/actions.ts",
            r#""use server";
import { createClient } from "@supabase/supabase-js"; import { requireMember } from "@/lib/who";
const admin = () => createClient(process.env.URL!, process.env.SUPABASE_SERVICE_ROLE_KEY!);
export async function appoint(email: string, role: string) { await admin().from("members").insert({ email, role }); }
export async function rename(label: string) { await requireMember(); await admin().from("posts").update({ label }); }
export type Post = { id: string };"#,
        )],
        &["appoint None writes admin Role(role)", "rename Enforced writes admin"],
    );
    check(
        NEXT,
        &[(
            "app/visits/page.tsx",
            r#"export default async function Visits() { return <form action={async () => { "use server"; await db.delete(visits); }} />; }"#,
        )],
        &["Visits None writes"],
    );
}

#[test]
fn server_functions_are_guarded_by_their_middleware() {
    check(
        START,
        &[
            (
                "src/lib/piers.ts",
                r#"import { createServerFn } from "@tanstack/react-start"; import { z } from "zod"; import { withCrew } from "./crew";
export const closePier = createServerFn({ method: "POST" }).middleware([withCrew]).inputValidator(z.object({ id: z.string() })).handler(async ({ data, context }) => { await context.supabase.from("piers").update({ open: false }).eq("id", data.id); });
export const nextScan = createServerFn({ method: "POST" }).inputValidator((input: { path: string }) => input).handler(async ({ data }) => (await supabaseAdmin.storage.from("scans").createSignedUploadUrl(data.path)).data);"#,
            ),
            (
                "src/lib/crew.ts",
                r#"import { createMiddleware } from "@tanstack/react-start";
export const withCrew = createMiddleware({ type: "function" }).server(async ({ next }) => {
  const token = getRequest().headers.get("authorization"); if (!token) throw new Error("Unauthorized");
  const { data, error } = await supabase.auth.getClaims(token); if (error || !data?.claims) throw new Error("Unauthorized"); return next(); });"#,
            ),
        ],
        &["closePier Enforced writes validated", "nextScan None writes"],
    );
}

#[test]
fn edge_functions_say_what_their_configuration_says() {
    let open = "Deno.serve(async (call) => { const admin = createClient(Deno.env.get('SUPABASE_URL')!, Deno.env.get('SUPABASE_SERVICE_ROLE_KEY')!); const { to } = await call.json(); await admin.from('mails').insert({ to }); return new Response(); });";
    let own = "import { serve } from 'https://deno.land/std/http/server.ts'; serve(async (req) => { const db = createClient(url, key, { global: { headers: { Authorization: req.headers.get('Authorization') } } }); const { data: { user } } = await db.auth.getUser(); if (!user) return new Response('no', { status: 401 }); return new Response(); });";
    check(
        &[],
        &[
            ("supabase/functions/mail/index.ts", open),
            ("supabase/functions/plan/index.ts", own),
            ("supabase/config.toml", "[functions.mail]\nverify_jwt = false\n"),
        ],
        &["/functions/v1/mail mail None writes admin", "/functions/v1/plan plan Enforced"],
    );
}

#[test]
fn routes_of_a_server_know_their_mount_and_their_middleware() {
    check(
        &[("package.json", r#"{"dependencies":{"express":"4","jsonwebtoken":"9"}}"#)],
        &[
            (
                "server.js",
                "import express from 'express'; import boats from './boats.js';\nconst app = express();\napp.use('/api/boats', boats);\napp.get('/health', (req, res) => res.json({}));\n",
            ),
            (
                "boats.js",
                "import express from 'express'; import { door } from './door.js';\nconst router = express.Router();\nrouter.post('/', door, async (req, res) => { await Boat.create({ name: req.body.name }); });\nrouter.post('/join', async (req, res) => { await Member.create({ role: req.body.role }); });\nrouter.post('/play', async (req, res) => { await Scene.create({ role: req.body.role }); });\nexport default router;\n",
            ),
            (
                "door.js",
                "import jwt from 'jsonwebtoken';\nexport const door = (req, res, next) => { const token = req.headers.authorization?.split(' ')[1]; if (!token) return res.status(401).json({}); try { req.user = jwt.verify(token, process.env.PASS_KEY); next(); } catch { return res.status(401).json({}); } };\n",
            ),
        ],
        &[
            "/api/boats POST /api/boats Enforced writes",
            "/api/boats/join POST /api/boats/join None writes Role(role)",
            "/api/boats/play POST /api/boats/play None writes",
            "/health GET /health PublicByDesign",
        ],
    );
}

#[test]
fn a_base_path_stands_before_every_route_of_its_server() {
    let server = r#"import { Hono } from "hono"; export const app = new Hono().basePath("/api");
app.get("/berths", async (c) => c.json(await db.from("berths").select("*")));"#;
    check(&[], &[("server/app.ts", server)], &["/api/berths GET /api/berths PublicByDesign"]);
}

#[test]
fn a_handler_that_only_answers_writes_nothing() {
    let route = "import { createFileRoute } from \"@tanstack/react-router\";
import { gone } from \"../lib/gone.server\";
export const Route = createFileRoute(\"/api/berth\")({ server: { handlers: {
  PUT: async () => new Response(\"Method Not Allowed\", { status: 405 }),
  DELETE: async () => gone(),
} } });";
    check(
        START,
        &[
            ("src/routes/api/berth.ts", route),
            ("src/lib/gone.server.ts", "export const gone = async () => new Response();"),
        ],
        &["/api/berth PUT None", "/api/berth DELETE None writes"],
    );
}

#[test]
fn a_secret_is_compared_in_a_helper_or_after_cuts() {
    check(
        NEXT,
        &[
            (
                "app/api/nightly/route.ts",
                r#"const NIGHTLY_SECRET = process.env.NIGHTLY_SECRET;
function isFromClock(req: Request): boolean { if (!NIGHTLY_SECRET) { return false; } return req.headers.get("x-nightly") === NIGHTLY_SECRET; }
export async function POST(req: Request) { if (!isFromClock(req)) return new Response(null, { status: 401 }); await db.from("jobs").insert({ ran: true }); return Response.json({}); }"#,
            ),
            (
                "app/api/digest/route.ts",
                r#"export async function POST(req: Request) { const header = req.headers.get("authorization") ?? ""; const given = header.startsWith("Bearer ") ? header.slice(7) : null; const expected = process.env.DIGEST_KEY;
if (!expected) return new Response(null, { status: 500 }); if (!given || given !== expected) return new Response(null, { status: 401 }); await db.from("digests").insert({}); return Response.json({}); }"#,
            ),
            // A row that was read with a key is no key.
            (
                "app/api/berths/route.ts",
                r#"const sql = neon(process.env.DATABASE_URL!);
export async function PUT(req: Request) { const { berth } = await req.json(); const row = await sql`update berths set free = false where id = ${berth} returning id`; if (row.length === 0) return new Response(null, { status: 404 }); return Response.json(row); }"#,
            ),
        ],
        &["/api/berths PUT None writes", "/api/digest POST Secret writes", "/api/nightly POST Secret writes"],
    );
}

#[test]
fn a_role_that_a_row_says_is_a_role() {
    check(
        NEXT,
        &[(
            "app/api/crew/[id]/route.ts",
            r#"import { currentMember } from "@/lib/who";
export async function PATCH(req: Request) { const user = await currentMember(); if (!user) throw new Error("Unauthorized"); const { role } = await req.json();
const { data: own } = await db.from("crew").select("role").eq("user_id", user.id).single(); if (!own || !["skipper"].includes(own.role)) throw new Error("Not yours to change");
await db.from("crew").update({ role }).eq("id", 1); return Response.json({}); }"#,
        )],
        &["/api/crew/:id PATCH Enforced writes role"],
    );
}

#[test]
fn a_key_of_the_api_is_checked_by_a_helper_that_says_so() {
    route(
        "import { validateApiKey } from \"@/lib/keys\";\nexport async function POST(request) { const caller = await validateApiKey(request); if (!caller.valid) return NextResponse.json({}, { status: 401 }); const db = await createClient(); await db.from('berths').insert({ of: caller.tenant }); }",
        "/api/berths POST Secret writes",
    );
}

#[test]
fn a_role_out_of_few_without_power_is_no_role_that_was_sent() {
    let body = |list: &str| {
        format!(
            "const RANKS = {list};\nexport async function POST(request) {{ await requireMember(); const {{ role }} = await request.json(); if (!RANKS.includes(role)) return NextResponse.json({{}}, {{ status: 400 }}); const db = await createClient(); await db.from('members').update({{ role }}); }}"
        )
    };
    route(&body("['deckhand', 'cook']"), "/api/berths POST Enforced writes");
    route(&body("['deckhand', 'admin']"), "/api/berths POST Enforced writes Role(role)");
}

#[test]
fn a_middleware_that_demands_a_role_asks_for_it() {
    let rights = |name: &str| {
        format!(
            r#"import {{ createMiddleware }} from "@tanstack/react-start"; import {{ getRequest }} from "@tanstack/react-start/server"; import {{ admin }} from "./admin";
export const withCrew = createMiddleware({{ type: "function" }}).server(async ({{ next }}) => {{ const {{ data: {{ user }} }} = await admin.auth.getUser(getRequest().headers.get("authorization")); if (!user) throw new Error("Unauthorized"); return next({{ context: {{ userId: user.id }} }}); }});
const ranks = async (id) => (await admin.from("ranks").select("rank").eq("id", id)).data;
export const {name} = createMiddleware({{ type: "function" }}).middleware([withCrew]).server(async ({{ next, context }}) => {{ const a = await ranks(context.userId); if (!a) throw new Error("Forbidden"); return next({{ context }}); }});"#
        )
    };
    let berths = |name: &str| {
        format!(
            r#"import {{ createServerFn }} from "@tanstack/react-start"; import {{ {name} }} from "./rights"; import {{ admin }} from "./admin";
export const moveBerth = createServerFn({{ method: "POST" }}).middleware([{name}]).handler(async ({{ data }}) => {{ await admin.from("berths").update({{ at: data.at }}).eq("id", data.id); }});"#
        )
    };
    let role = |name: &str, expected: &str| {
        let files = [("src/rights.ts", rights(name)), ("src/berths.ts", berths(name))];
        let files: Vec<_> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        let admin = "import { createClient } from '@supabase/supabase-js'; export const admin = createClient('u', process.env.SUPABASE_SERVICE_ROLE_KEY);";
        let all: Vec<_> = files.iter().copied().chain([("src/admin.ts", admin)]).collect();
        check(START, &all, &[expected]);
    };
    role("requireAdmin", "moveBerth Enforced writes admin role");
    role("withRanks", "moveBerth Enforced writes admin");
}

#[test]
fn a_signature_that_may_be_left_out_is_no_check() {
    let body = |condition: &str, other: &str| {
        format!(
            "export async function POST(request) {{ const body = await request.text(); const signature = request.headers.get('stripe-signature'); const hook = process.env.HOOK; let event; if ({condition}) {{ event = stripe.webhooks.constructEvent(body, signature, hook); }} else {{ {other} }} const db = await createClient(); await db.from('orders').update({{ paid: true }}); }}"
        )
    };
    route(&body("hook && signature", "event = JSON.parse(body);"), "/api/berths POST None writes");
    route(
        &body("hook && signature", "return new Response(null, { status: 400 });"),
        "/api/berths POST Secret writes",
    );
    route(&body("hook", "event = JSON.parse(body);"), "/api/berths POST Secret writes");
}

#[test]
fn whose_key_goes_along_tells_that_a_call_costs_money() {
    let body = |key: &str| {
        format!(
            "export async function POST(request) {{ const key = process.env.{key}; const answer = await fetch(process.env.ENDPOINT, {{ method: 'POST', headers: {{ Authorization: `Bearer ${{key}}` }} }}); return new Response(answer.body); }}"
        )
    };
    route(&body("OPENAI_API_KEY"), "/api/berths POST None pays");
    route(&body("HARBOUR_TOKEN"), "/api/berths POST None");
}

#[test]
fn what_only_its_holder_can_name_stands_for_a_session() {
    let edge = |body: &str| {
        format!(
            "async function takeEvent(req) {{ const told = await verifySignature(req); await admin.from('events').insert({{ told }}); return new Response(); }}\n\
             Deno.serve(async (req) => {{ const {{ token, pay }} = await req.json(); {body} await admin.from('berths').update({{ paid: true }}).eq('id', 1); return new Response(); }});"
        )
    };
    for (body, auth) in [
        (
            "const { data: invite } = await admin.from('invites').select('id').eq('invite_token', token).single(); if (!invite) return new Response('no', { status: 400 });",
            "Secret",
        ),
        (
            "const { data: berth } = await admin.from('berths').select('id').eq('place', token).single(); if (!berth) return new Response('no', { status: 400 });",
            "None",
        ),
        (
            "const answer = await fetch(`https://pay.example/v1/checkout/sessions/${pay}`); const session = await answer.json(); if (session.payment_status !== 'paid') return new Response('no');",
            "Secret",
        ),
        (
            "const expected = createHmac('sha256', key).update(pay.id).digest('hex'); if (expected !== pay.signature) throw new Error('no');",
            "Secret",
        ),
        (
            "if (!verify(await req.text(), req.headers.get('x-harbour-signature'), key)) return new Response('no', { status: 401 });",
            "Secret",
        ),
        ("try { return await takeEvent(req); } catch { return new Response('no'); }", "Secret"),
        ("await takeNote(req);", "None"),
    ] {
        check(
            &[],
            &[("supabase/functions/pay/index.ts", &edge(body))],
            &[&format!("/functions/v1/pay pay {auth} writes")],
        );
    }
}

#[test]
fn an_answer_of_what_verifies_by_its_name_is_a_session() {
    let guard = r#"import { verifyCrewAuth } from "@/lib/crew"; export async function POST(request) { const auth = await verifyCrewAuth(request); if (!auth.authenticated) return auth.response; await db.from("berths").insert({}); return Response.json({}); }"#;
    let helper = r#"export async function verifyCrewAuth(request) { const sent = request.cookies.get("crew")?.value; return { authenticated: await same(sent) }; }"#;
    check(
        NEXT,
        &[("app/api/berths/route.ts", guard), ("lib/crew.ts", helper)],
        &["/api/berths POST Enforced writes"],
    );
}

#[test]
fn what_a_comment_would_do_is_not_done() {
    route(
        "export async function POST(request) {\n  // await db.from('berths').insert({});\n  return Response.json({});\n}",
        "/api/berths POST None",
    );
}

#[test]
fn a_role_is_asked_of_a_function_by_its_name() {
    let action = |body: &str| {
        format!(
            "import {{ currentMember }} from \"@/lib/who\"; import {{ demandSkipper, requireManager }} from \"@/lib/roles\";\n\
             export async function PUT(req) {{ const user = await currentMember(); if (!user) throw new Error(\"Unauthorized\"); {body} await db.from(\"crew\").update({{ seen: true }}).eq(\"id\", 1); return Response.json({{}}); }}"
        )
    };
    for (body, role) in [
        (
            "const { data: isManager } = await db.rpc(\"has_role\", { of: user.id, role: \"manager\" }); if (!isManager) throw new Error(\"no\");",
            " role",
        ),
        ("const guard = await requireManager(req); if (!guard.ok) return guard;", " role"),
        ("const { data: boat } = await db.rpc(\"next_boat\"); if (!boat) throw new Error(\"no\");", ""),
    ] {
        check(
            NEXT,
            &[("app/api/crew/route.ts", &action(body))],
            &[&format!("/api/crew PUT Enforced writes{role}")],
        );
    }
}

#[test]
fn a_client_that_looks_for_its_own_session_asks_nobody_for_the_handler() {
    check(
        NEXT,
        &[
            (
                "lib/store.ts",
                r#"export async function createClient() { const client = make(); const original = client.auth.getUser.bind(client.auth); client.auth.getUser = async () => original(); await client.auth.getSession(); return client; }
export async function createAdminClient() { if (!process.env.SERVICE_KEY) return createClient(); return makeClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_ROLE_KEY!); }"#,
            ),
            (
                "app/api/logbook/route.ts",
                r#"import { createAdminClient } from "@/lib/store"; export async function POST(req: Request) { const db = await createAdminClient(); await db.from("logbook").insert({}); return Response.json({}); }"#,
            ),
        ],
        &["/api/logbook POST None writes admin"],
    );
}

#[test]
fn a_secret_that_is_asked_for_only_where_it_is_set_is_told() {
    let cron = |check: &str, expected: &str| {
        route(
            &format!(
                "export async function POST(request) {{ const secret = process.env.CRON_SECRET; const sent = request.headers.get('x-secret'); {check} await sql`DELETE FROM berths`; }}"
            ),
            expected,
        );
    };
    let refuse = "return new Response('no', { status: 401 })";
    cron(&format!("if (secret && sent !== secret) {refuse};"), "/api/berths POST Secret writes unset");
    cron(
        &format!("if (secret) {{ if (sent !== secret) {refuse}; }}"),
        "/api/berths POST Secret writes unset",
    );
    cron(
        &format!(
            "if (secret) {{ if (sent !== secret) {refuse}; }} else if (process.env.STAGE === 'production') {{ {refuse}; }}"
        ),
        "/api/berths POST Secret writes",
    );
    cron(&format!("if (!secret || sent !== secret) {refuse};"), "/api/berths POST Secret writes");
    cron(
        &format!("if (!secret) {refuse}; if (secret && sent !== secret) {refuse};"),
        "/api/berths POST Secret writes",
    );
    cron(
        &format!("if (secret) {{ if (sent !== secret) {refuse}; }} else {{ {refuse}; }}"),
        "/api/berths POST Secret writes",
    );
    route(
        "function verifySignature(sent) { const secret = process.env.HOOK_SECRET; if (!secret) return true; return sent === secret; } export async function POST(request) { if (!verifySignature(request.headers.get('x-sig'))) return new Response('no', { status: 401 }); await sql`DELETE FROM berths`; }",
        "/api/berths POST Secret writes unset",
    );
}

#[test]
fn a_request_that_is_handed_on_whole_is_judged_where_it_goes() {
    route(
        "async function pass(request) { const headers = new Headers(request.headers); return fetch(`${process.env.INNER}/x`, { method: request.method, headers, body: request.body }); } export async function PATCH(request) { return pass(request); }",
        "/api/berths PATCH PublicByDesign writes",
    );
}

#[test]
fn a_guard_that_is_loaded_when_it_is_needed_is_followed() {
    check(
        NEXT,
        &[(
            "app/api/berths/route.ts",
            "export async function POST() { const { requireMember } = await import('@/lib/who'); const user = await requireMember(); await sql`DELETE FROM berths`; }",
        )],
        &["/api/berths POST Enforced writes"],
    );
}

#[test]
fn a_method_of_a_class_that_answers_yes_without_its_secret_is_told() {
    check(
        NEXT,
        &[
            (
                "lib/hooks.ts",
                "class Hooks { constructor(private hookSecret) {} verifySignature(body, sent) { if (!this.hookSecret) { return true; } return sent === body; } } export const hooks = new Hooks(process.env.HOOK_SECRET);",
            ),
            (
                "app/api/berths/route.ts",
                "import { hooks } from '@/lib/hooks'; export async function POST(request) { if (!hooks.verifySignature(await request.text(), request.headers.get('x-signature'))) return new Response('no', { status: 401 }); await sql`DELETE FROM berths`; }",
            ),
        ],
        &["/api/berths POST Secret writes unset"],
    );
}

#[test]
fn the_handshake_of_a_webhook_stands_for_no_event() {
    let hook = |after: &str| {
        format!(
            "Deno.serve(async (req) => {{ const expected = Deno.env.get('HOOK_TOKEN'); if (req.method === 'GET') {{ const token = new URL(req.url).searchParams.get('hub.verify_token'); if (token === expected) {{ return new Response('ok'); }} return new Response('no', {{ status: 403 }}); }} {after} await db.from('berths').insert({{}}); }});"
        )
    };
    let judged = |after: &str, expected: &str| {
        check(NEXT, &[("supabase/functions/hook/index.ts", &hook(after))], &[expected]);
    };
    judged("", "/functions/v1/hook hook None writes");
    judged(
        "if (req.headers.get('x-token') !== expected) return new Response('no', { status: 401 });",
        "/functions/v1/hook hook Secret writes",
    );
}

#[test]
fn a_handler_that_asks_who_is_there_and_never_whose_rows_they_are_is_blind() {
    let by = |filter: &str| {
        format!(
            "export async function PATCH(request, {{ params }}) {{ const user = await currentMember(); if (!user) return new Response('Unauthorized', {{ status: 401 }}); const {{ id }} = await params; const db = createClient('u', process.env.SUPABASE_SERVICE_ROLE_KEY); await db.from('berths').update({{ wet: true }}).eq('id', id){filter}; }}"
        )
    };
    route(&by(""), "/api/berths PATCH Enforced writes admin blind");
    route(&by(".eq('by', user.id)"), "/api/berths PATCH Enforced writes admin");
}

#[test]
fn a_token_that_is_sent_on_is_judged_by_whoever_gets_it() {
    let taken = "const cookieStore = await cookies(); const token = cookieStore.get('harbour_pass')?.value; const sent = request.headers.get('authorization'); if (!token && !sent) return NextResponse.json({}, { status: 401 });";
    for headers in [
        "{ ...(sent ? { Authorization: sent } : { Authorization: `Bearer ${token}` }) }",
        "{ Authorization: `Bearer ${token}` }",
    ] {
        let helper = format!(
            "async function forward(request, method) {{ {taken} const answer = await fetch(`${{HARBOUR}}/berths`, {{ method, headers: {headers} }}); return NextResponse.json(await answer.json()); }}"
        );
        let body =
            format!("{helper} export async function PATCH(request) {{ return forward(request, 'PATCH'); }}");
        route(&body, "/api/berths PATCH Enforced writes");
        let own = format!(
            "export async function PATCH(request) {{ {taken} const answer = await fetch(`${{HARBOUR}}/berths`, {{ method: 'PATCH', headers: {headers} }}); return NextResponse.json(await answer.json()); }}"
        );
        route(&own, "/api/berths PATCH Enforced writes");
    }
    // A key of the app's own judges nobody.
    let key = format!(
        "export async function PATCH(request) {{ {taken} await fetch(`${{HARBOUR}}/berths`, {{ method: 'PATCH', headers: {{ Authorization: `Bearer ${{process.env.HARBOUR_KEY}}` }} }}); }}"
    );
    route(&key, "/api/berths PATCH Optional writes unverified");
}

#[test]
fn a_pass_of_another_service_is_judged_by_that_service() {
    route(
        "const chest = (pass) => { const auth = new charts.auth.OAuth2(); auth.setCredentials({ access_token: pass }); return charts.chest(auth); }; export async function POST(request) { const cookieStore = await cookies(); const token = cookieStore.get('chart_pass')?.value; if (!token) return NextResponse.json({}, { status: 401 }); await chest(token).files.create({}); }",
        "/api/berths POST Enforced writes",
    );
}

#[test]
fn who_only_forgets_their_own_cookies_changes_nothing() {
    route(
        "export async function DELETE() { const jar = await cookies(); jar.delete('chart_pass'); jar.delete('chart_again'); return NextResponse.json({ connected: false }); }",
        "/api/berths DELETE None",
    );
    let kept = |value: &str| {
        format!(
            "export async function PUT(request) {{ const word = request.url; const jar = await cookies(); jar.set('chart_kept', {value}, {{ path: '/' }}); jar.set('chart_seen', Date.now().toString()); console.log('kept'); }}"
        )
    };
    route(&kept("'yes'"), "/api/berths PUT None");
    route(&kept("word"), "/api/berths PUT None writes");
    let opens = kept("'yes'").replace("chart_kept", "is_admin");
    route(&opens, "/api/berths PUT None writes");
    route(
        "export async function DELETE() { const jar = await cookies(); jar.delete('chart_pass'); await sql`DELETE FROM charts`; return NextResponse.json({}); }",
        "/api/berths DELETE None writes",
    );
}

#[test]
fn the_answer_of_a_helper_is_the_answer_of_an_arrow() {
    route(
        "const take = async (request) => { const wanted = process.env.TILL_HOOK ?? ''; if (!wanted) return new Response(null, { status: 503 }); if (!timingSafeEqual(Buffer.from(request.headers.get('x-till')), Buffer.from(wanted))) return new Response(null, { status: 401 }); await db.from('orders').update({ paid: true }); }; export const POST = async (request) => take(request);",
        "/api/berths POST Secret writes",
    );
}

#[test]
fn a_secret_of_the_settings_or_of_a_row_is_a_secret() {
    route(
        "import { settings } from '@/lib/settings'; export async function POST(request) { const key = request.headers.get('x-key'); if (key !== settings.hookSecret) return new Response(null, { status: 401 }); await db.from('berths').insert({}); }",
        "/api/berths POST Secret writes",
    );
    route(
        "export async function POST(request) { const token = request.headers.get('x-key') ?? undefined; if (!token || token.length < 10) return new Response(null, { status: 401 }); const { data: house } = await db.from('houses').select('id, hook_token').eq('slug', 'x').maybeSingle(); if (!house) return new Response(null, { status: 404 }); if (house.hook_token !== token) return new Response(null, { status: 401 }); await db.from('berths').insert({}); }",
        "/api/berths POST Enforced writes",
    );
}

#[test]
fn what_a_module_keeps_was_not_sent() {
    route(
        "let client = null; let lastKey = null; function mailer() { const key = Deno.env.get('MAIL_KEY'); if (key && key !== lastKey) { lastKey = key; client = new Mailer(key); return client; } if (!key) throw new Error('no key'); return client; } export async function POST(request) { await db.from('berths').insert({}); return mailer().send(); }",
        "/api/berths POST None writes",
    );
}

#[test]
fn a_throw_that_is_answered_is_a_refusal() {
    let package = r#"{"dependencies":{"express":"5"},"scripts":{"start":"node server/index.js"}}"#;
    let text = "import express, { Router } from 'express'; import { wrapped } from './wrapped';\nconst router = Router();\nasync function lookWho(req) { const sent = req.headers['x-till']; if (!(await known(sent))) { throw new Error('who?'); } }\nasync function take(req, res) { try { await limit(req.ip); await validateTILLHook(req); await db.from('orders').insert(req.body); return res.status(200).json({}); } catch (error) { return res.status(401).json({}); } }\nasync function validateTILLHook(req) { await lookWho(req); }\nrouter.post('/hooks/till', express.json({ verify: (req, _, buf) => { req.raw = buf; } }), wrapped(take));\nexport default router;\n";
    check(
        &[("package.json", package)],
        &[("server/hooks.ts", text)],
        &["/hooks/till POST /hooks/till Secret writes"],
    );
}

#[test]
fn names_of_the_request_are_no_columns() {
    let body = |kept: &str| {
        format!(
            "export async function PATCH(request) {{ const user = await requireMember(); const body = await request.json(); const {{ id, ...updates }} = body; const entries = Object.entries(updates).filter(([key, value]) => {kept}); const fields = entries.map(([key], at) => `${{key}} = $${{at + 2}}`).join(', '); await query(`UPDATE berths SET ${{fields}} WHERE id = $1`, [id, ...entries.map(([, value]) => value)]); }}"
        )
    };
    let before = "/api/berths PATCH Enforced writes";
    route(&body("value !== undefined"), &format!("{before} Columns(updates)"));
    route(&body("['name', 'depth'].includes(key)"), before);
    let own = "export async function PATCH(request) { const user = await requireMember(); const { id, name } = await request.json(); const fields = Object.entries({ name }).map(([key], at) => `${key} = $${at + 2}`).join(', '); await query(`UPDATE berths SET ${fields} WHERE id = $1`, [id, name]); }";
    route(own, before);
}

#[test]
fn a_text_of_the_source_opens_what_it_is_asked_before() {
    let door = |then: &str| {
        format!(
            "import {{ createMiddleware }} from '@tanstack/react-start'; import {{ getRequest }} from '@tanstack/react-start/server'; export const requireMember = createMiddleware({{ type: 'function' }}).server(async ({{ next }}) => {{ const header = getRequest().headers.get('authorization'); if (!header) throw new Error('Unauthorized'); const token = header.replace('Bearer ', ''); if (token === 'harbour-test-token') {{ {then} }} const found = await verify(token); if (!found) throw new Error('Unauthorized'); return next({{ context: {{ userId: found.id }} }}); }});"
        )
    };
    let used = "import { createServerFn } from '@tanstack/react-start'; import { requireMember } from './door'; export const close = createServerFn({ method: 'POST' }).middleware([requireMember]).handler(async ({ context }) => { await db.from('piers').update({ by: context.userId }); });";
    for (then, known) in [
        ("return next({ context: { userId: 'mock-member' } });", " known"),
        ("throw new Error('Unauthorized: no tests here');", ""),
    ] {
        let door = door(then);
        check(
            START,
            &[("src/lib/door.ts", &door), ("src/lib/piers.functions.ts", used)],
            &[&format!("close Enforced writes{known}")],
        );
    }
}

#[test]
fn a_demand_that_swallows_its_own_refusal_demands_nothing() {
    let demand = |caught: &str| {
        format!(
            "async function requireCrew() {{ try {{ const user = await currentMember(); if (!user) throw new Error('no'); return user; }} catch (error) {{ console.error(error); {caught} }} }} export async function PUT(request) {{ await requireCrew(); await sql`UPDATE berths SET open = true`; }}"
        )
    };
    route(&demand("return null;"), "/api/berths PUT Optional writes");
    route(&demand("throw error;"), "/api/berths PUT Enforced writes");
}

#[test]
fn a_proof_that_has_a_name_and_a_password_of_the_house_are_asked_for() {
    let named = |condition: &str| {
        format!(
            "export async function POST(request) {{ const wanted = process.env.CLOCK_SECRET; const key = process.env.HARBOUR_KEY ?? ''; const header = request.headers.get('authorization') ?? ''; const bearer = header.startsWith('Bearer ') ? header.slice(7).trim() : ''; const byClock = !!wanted && request.headers.get('x-clock') === wanted; const byKey = !!key && bearer === key; const late = request.headers.get('x-late') === 'yes'; if ({condition}) return new Response(null, {{ status: 401 }}); await db.from('berths').insert({{}}); }}"
        )
    };
    route(&named("!byClock && !byKey"), "/api/berths POST Secret writes");
    route(&named("!byClock || late"), "/api/berths POST Secret writes");
    let body = "export async function POST(request) { const { word } = await request.json(); if (!checkWord(word)) return new Response(null, { status: 401 }); await db.from('berths').insert({}); }";
    for (check, auth) in [
        ("return word === process.env.DESK_PASSWORD;", "Secret"),
        (
            "const wanted = process.env.DESK_PASSWORD; if (!wanted || word.length !== wanted.length) return false; let apart = 0; for (let at = 0; at < wanted.length; at++) apart |= word.charCodeAt(at) ^ wanted.charCodeAt(at); return apart === 0;",
            "Secret",
        ),
        ("return word === 'open';", "None"),
    ] {
        route(
            &format!("function checkWord(word) {{ {check} }} {body}"),
            &format!("/api/berths POST {auth} writes"),
        );
    }
}

#[test]
fn a_signature_is_worked_out_and_written_as_a_text() {
    let body = |compared: &str| {
        format!(
            "export async function POST(request) {{ const signature = request.headers.get('x-till-signature'); const text = await request.text(); const key = await crypto.subtle.importKey('raw', word, {{ name: 'HMAC', hash: 'SHA-512' }}, false, ['sign']); const bytes = await crypto.subtle.sign('HMAC', key, encoder.encode(text)); const hex = Array.from(new Uint8Array(bytes)).map((byte) => byte.toString(16)).join(''); if ({compared}) return new Response(null, {{ status: 400 }}); await db.from('berths').insert({{}}); }}"
        )
    };
    route(&body("hex !== signature"), "/api/berths POST Secret writes");
    route(&body("!signature"), "/api/berths POST None writes");
}

#[test]
fn files_in_a_store_and_addresses_of_the_caller_are_deeds() {
    let store = "import { put } from \"@vercel/blob\"; export async function POST(request) { await put('plan', await request.blob()); }";
    check(NEXT, &[("app/api/plans/route.ts", store)], &["/api/plans POST None writes"]);
    route(
        "export async function GET(request) { const { searchParams } = new URL(request.url); const url = searchParams.get('url'); return fetch(url); }",
        "/api/berths GET None fetches",
    );
    route(
        "export async function GET(request) { const url = new URL(request.url).searchParams.get('url'); if (!allowed.includes(url)) return new Response(null, { status: 400 }); return fetch(url); }",
        "/api/berths GET None",
    );
    route(
        "export async function GET(request) { const found = await fetch('https://tides.example.org'); const { next } = await found.json(); return fetch(next); }",
        "/api/berths GET None",
    );
}

#[test]
fn what_stands_behind_the_answer_is_not_done() {
    route(
        "export async function GET() { return new Response('closed'); const db = await createClient(process.env.SERVICE_ROLE_KEY); await db.from('berths').delete().eq('id', 1); }",
        "/api/berths GET PublicByDesign",
    );
}

#[test]
fn an_answer_of_a_demand_that_is_handed_back_is_a_check() {
    route(
        "async function authenticateBoat(request) { const key = request.headers.get('authorization')?.slice(7); if (!key) return new Response(null, { status: 401 }); const row = await db.from('gate_keys').select('id').eq('key_hash', await sha256Hex(key)).maybeSingle(); if (!row.data) return new Response(null, { status: 401 }); return row.data; } export async function GET(request) { const boat = await authenticateBoat(request); if (boat instanceof Response) return boat; await db.from('notes').insert({ boat: boat.id }); }",
        "/api/berths GET Enforced writes",
    );
}

#[test]
fn an_id_of_the_session_that_the_request_takes_the_place_of_is_named() {
    route(
        "export async function POST(request) { const user = await currentMember(); if (!user) return new Response(null, { status: 401 }); const body = await request.json(); await db.insert(berths).values({ ownerId: user.id, ...body }); await db.from('berths').insert({ ...body, ownerId: user.id }); }",
        "/api/berths POST Enforced writes Identity(ownerId)",
    );
}

#[test]
fn whoever_names_a_program_is_let_in_by_nobody_else() {
    route(
        "export async function GET(request) { const userAgent = request.headers.get('user-agent') || ''; const isAllowed = request.headers.get('x-key') === process.env.KEY || userAgent.includes('harbour-bot'); if (!isAllowed) return new Response(null, { status: 401 }); }",
        "/api/berths GET Optional unverified known",
    );
}

//! Small apps in, their guards out: known by what they do, never by name.

use audit::Survey;
use audit::guard::{Proof, Requires};
use edit::RelPath;
use project::Project;
use stack::Stack;
use std::path::Path;

const VITE: &[(&str, &str)] = &[
    ("package.json", r#"{"dependencies":{"vite":"5","react-router-dom":"6","@tanstack/react-router":"1"}}"#),
    ("index.html", r#"<script type="module" src="/src/main.tsx"></script>"#),
    (
        "src/crew.tsx",
        r#"import { createContext, useContext } from "react"; import { supabase } from "./client";
const Crew = createContext(null);
export const useMember = () => useContext(Crew);
export function CrewProvider({ children }) { supabase.auth.getSession(); return <Crew.Provider value={null}>{children}</Crew.Provider>; }"#,
    ),
];
const NEXT: &[(&str, &str)] = &[("package.json", r#"{"dependencies":{"next":"15","react":"19"}}"#)];

/// `name kind enforced requires -> redirect [routes] flaws` of each guard.
#[track_caller]
fn check(base: &[(&str, &str)], files: &[(&str, &str)], expected: &[&str]) {
    let texts = base.iter().chain(files);
    let texts = texts.map(|(path, text)| (RelPath::new(*path).unwrap(), (*text).to_owned())).collect();
    let project = Project::from_texts(Path::new("/app"), texts);
    let stack = Stack::detect(&project);
    let survey = Survey::of(&project, &stack);
    let shown: Vec<String> = survey
        .guards
        .iter()
        .map(|guard| {
            let requires = match &guard.requires {
                Requires::Role(role) => format!("role({role})"),
                other => format!("{other:?}").to_lowercase(),
            };
            let flaws: Vec<String> = guard
                .flaws
                .iter()
                .map(|flaw| {
                    let shown = format!("{flaw:?}");
                    shown.split('(').next().unwrap_or_default().to_owned()
                })
                .collect();
            let mut line = format!("{} {:?} {:?} {requires}", guard.name, guard.kind, guard.enforced);
            if let Some(to) = &guard.redirect {
                line += &format!(" -> {to}");
            }
            if guard.mounted.is_empty() {
                line += " unmounted";
            }
            line += &format!(" [{}]", guard.routes.join(" "));
            if !flaws.is_empty() {
                line += &format!(" {}", flaws.join(" "));
            }
            line
        })
        .collect();
    assert_eq!(shown, expected);
}

const APP: &str = r#"import { Routes, Route } from "react-router-dom"; import { Inside } from "./inside";
const app = <Routes>
  <Route path="/" element={<p />} />
  <Route element={<Inside />}><Route path="/boats" element={<p />} /><Route path="/piers/:id" element={<p />} /></Route>
  <Route path="/rota" element={<Inside need="chief"><p /></Inside>} />
</Routes>;"#;

#[test]
fn a_component_that_sends_visitors_away_covers_what_it_is_mounted_around() {
    check(
        VITE,
        &[
            ("src/main.tsx", APP),
            (
                "src/inside.tsx",
                r#"import { Navigate, Outlet } from "react-router-dom"; import { useMember } from "./crew";
export function Inside({ children, need = "member" }) {
  const { member, busy, role } = useMember();
  if (busy) return <p>wait</p>;
  if (!member) return <Navigate to="/enter" replace />;
  return need === "chief" && role !== "chief" ? <Navigate to="/" /> : <>{children ?? <Outlet />}</>;
}"#,
            ),
        ],
        &[r#"Inside Component Browser role(role !== "chief") -> /enter [/boats /piers/:id /rota]"#],
    );
}

#[test]
fn a_context_that_another_module_fills_is_followed_to_where_it_is_filled() {
    let files = [
        (
            "src/auth/context.ts",
            r#"import { createContext } from "react"; export const Who = createContext(null);"#,
        ),
        (
            "src/auth/use-auth.ts",
            r#"import { useContext } from "react"; import { Who } from "./context"; export const useAuth = () => useContext(Who);"#,
        ),
        (
            "src/auth/provider.tsx",
            r#"import { Who } from "./context"; import { supabase } from "../client";
export function AuthProvider({ children }) { supabase.auth.getSession(); return <Who.Provider value={null}>{children}</Who.Provider>; }"#,
        ),
        (
            "src/Members.tsx",
            r#"import { Navigate } from "react-router-dom"; import { useAuth } from "./auth/use-auth";
export const Members = ({ children }) => { const { user } = useAuth(); if (!user) return <Navigate to="/enter" />; return children; };"#,
        ),
        (
            "src/main.tsx",
            r#"import { Routes, Route } from "react-router-dom"; import { Members } from "./Members";
export default () => <Routes><Route path="/log" element={<Members><p /></Members>} /></Routes>;"#,
        ),
    ];
    let texts = VITE[..2].iter().chain(&files);
    let texts = texts.map(|(path, text)| (RelPath::new(*path).unwrap(), (*text).to_owned())).collect();
    let project = Project::from_texts(Path::new("/app"), texts);
    let stack = Stack::detect(&project);
    let survey = Survey::of(&project, &stack);
    let proofs: Vec<_> = survey.guards.iter().map(|guard| (guard.name.as_str(), guard.proof)).collect();
    assert_eq!(proofs, [("Members", Proof::Backend)]);
}

#[test]
fn an_effect_that_sends_and_a_blank_page_are_one_guard() {
    check(
        VITE,
        &[
            ("src/main.tsx", APP),
            (
                "src/inside.tsx",
                r#"import { useNavigate } from "react-router-dom"; import { useMember } from "./crew";
export const Inside = ({ children }) => {
  const { member, busy } = useMember(), go = useNavigate();
  useEffect(() => { if (!busy && !member) go("/enter"); }, [member]);
  if (!member) return null;
  return <>{children}</>;
};"#,
            ),
        ],
        &["Inside Component Browser session -> /enter [/boats /piers/:id /rota]"],
    );
}

#[test]
fn what_runs_around_the_page_of_sign_in_leaves_the_pages_to_the_guard_below_it() {
    check(
        VITE,
        &[
            (
                "src/main.tsx",
                r#"import { BrowserRouter, Routes, Route } from "react-router-dom"; import { Inside } from "./inside"; import { Watch } from "./watch";
const App = () => <BrowserRouter><Watch><Routes>
  <Route path="/enter" element={<p />} />
  <Route element={<Inside />}><Route path="/boats" element={<p />} /></Route>
</Routes></Watch></BrowserRouter>;"#,
            ),
            (
                "src/watch.tsx",
                r#"import { useNavigate } from "react-router-dom"; import { useMember } from "./crew";
export const Watch = ({ children }) => {
  const { member } = useMember(), go = useNavigate();
  useEffect(() => { if (!member && location.pathname !== "/enter") go("/enter"); }, [member]);
  return <>{children}</>;
};"#,
            ),
            (
                "src/inside.tsx",
                r#"import { Navigate, Outlet } from "react-router-dom"; import { useMember } from "./crew";
export const Inside = () => { const { member } = useMember(); return member ? <Outlet /> : <Navigate to="/enter" />; };"#,
            ),
        ],
        &[
            "Inside Component Browser session -> /enter [/boats]",
            "Watch Component Browser session -> /enter []",
        ],
    );
}

#[test]
fn a_guard_that_lets_everyone_through_is_enforced_nowhere() {
    check(
        VITE,
        &[
            ("src/main.tsx", APP),
            (
                "src/inside.tsx",
                r#"import { Navigate, Outlet } from "react-router-dom";
const signedIn = true;
export const Inside = () => (signedIn ? <Outlet /> : <Navigate to="/enter" />);"#,
            ),
        ],
        &["Inside Component Nowhere session -> /enter [/boats /piers/:id /rota] AlwaysTrue"],
    );
    check(
        VITE,
        &[
            ("src/main.tsx", &APP.replace("Inside", "CrewOnly").replace("./inside", "./only")),
            (
                "src/only.tsx",
                "export const CrewOnly = ({ children }) => { /* TODO: check */ return <>{children}</>; };",
            ),
        ],
        &["CrewOnly Component Nowhere unknown [/boats /piers/:id /rota] PassesAll"],
    );
    // What keeps off something else than a visitor is no guard.
    for name in ["InlineOnly", "BootTimeoutGuard"] {
        check(
            VITE,
            &[
                ("src/main.tsx", &APP.replace("Inside", name).replace("./inside", "./only")),
                (
                    "src/only.tsx",
                    &format!("export const {name} = ({{ children }}) => {{ return <>{{children}}</>; }};"),
                ),
            ],
            &[],
        );
    }
    check(
        VITE,
        &[
            ("src/main.tsx", APP),
            (
                "src/inside.tsx",
                r#"import { Navigate, Outlet } from "react-router-dom"; import { mayEnter } from "./rules";
export const Inside = () => { const ok = mayEnter(); if (!ok) return <Navigate to="/login" />; return <Outlet />; };"#,
            ),
            ("src/rules.ts", "export async function mayEnter() { return (await getUser()).ok; }"),
        ],
        &["Inside Component Nowhere session -> /login [/boats /piers/:id /rota] AlwaysTrue"],
    );
}

#[test]
fn a_guard_that_nothing_mounts_is_said_to_be_unmounted() {
    check(
        VITE,
        &[
            (
                "src/main.tsx",
                "import { Routes, Route } from 'react-router-dom'; const app = <Routes><Route path='/' element={<p />} /></Routes>;",
            ),
            (
                "src/inside.tsx",
                r#"import { Navigate } from "react-router-dom"; import { useMember } from "./crew";
export default function Inside({ children }) { const { member } = useMember(); if (!member) return <Navigate to="/enter" />; return children; }"#,
            ),
        ],
        &["Inside Component Browser session -> /enter unmounted []"],
    );
}

#[test]
fn a_layout_is_no_guard_and_neither_is_a_sign_in_page_or_a_screen_without_data() {
    check(
        VITE,
        &[
            (
                "src/main.tsx",
                r#"import { Routes, Route, Navigate } from "react-router-dom"; import { useMember } from "./crew"; import { Boat } from "./boat"; import { Paid } from "./paid"; import { Frame } from "./frame"; import { Gangway, Back } from "./gangway";
export function App() { const { member } = useMember();
  return <Routes><Route element={<Frame />}><Route path="/enter" element={member ? <Navigate to="/" /> : <p />} /><Route path="/boat/:id" element={<Boat />} /><Route path="/paid" element={<Paid />} /><Route path="/gangway" element={<Gangway />} /><Route path="/auth/callback" element={<Back />} /></Route></Routes>; }"#,
            ),
            (
                "src/frame.tsx",
                "import { Outlet } from 'react-router-dom'; export const Frame = () => <main><Outlet /></main>;",
            ),
            (
                "src/boat.tsx",
                r#"import { useNavigate } from "react-router-dom";
export function Boat() { const [boat, setBoat] = useState(null); const go = useNavigate(); useEffect(() => { if (!boat) go("/boats"); }, []); if (!boat) return null; return <p />; }"#,
            ),
            (
                "src/paid.tsx",
                r#"import { useNavigate, useSearchParams } from "react-router-dom";
export function Paid() { const [params] = useSearchParams(); const session_id = params.get("session_id"); const navigate = useNavigate();
  useEffect(() => { if (!session_id) navigate("/"); }, []); return <p />; }"#,
            ),
            (
                "src/gangway.tsx",
                r#"import { useNavigate } from "react-router-dom"; import { useMember } from "./crew"; import { supabase } from "./client";
export function Gangway() { const { member } = useMember(); const [leaving, setLeaving] = useState(false); const go = useNavigate();
  useEffect(() => { if (member && !leaving) { setLeaving(member !== null); go("/"); } }, [member]); return <form />; }
export function Back() { const go = useNavigate();
  useEffect(() => { const look = async () => { const { data } = await supabase.auth.getSession();
    if (data.session) { setTimeout(() => go("/"), 500); return; } if (location.hash) { go("/paid"); } }; look(); }, []); return <p />; }"#,
            ),
        ],
        &[],
    );
}

#[test]
fn a_check_inside_the_element_of_a_route_is_of_that_route() {
    check(
        VITE,
        &[(
            "src/main.tsx",
            r#"import { Routes, Route, Navigate } from "react-router-dom"; import { useMember } from "./crew";
export function App() { const { member } = useMember();
  return <Routes><Route path="/a" element={member ? (member.role === "chief" ? <p /> : <Navigate to="/" />) : <Navigate to="/enter" />} /><Route path="/b" element={<p />} /></Routes>; }"#,
        )],
        &[r#"App Component Browser role(member.role === "chief") -> /enter [/a]"#],
    );
}

#[test]
fn a_hook_and_a_flag_in_storage_guard_the_pages_that_use_them() {
    check(
        VITE,
        &[
            (
                "src/main.tsx",
                r#"import { Routes, Route } from "react-router-dom"; import { Page } from "./page";
const app = <Routes><Route path="/a" element={<Page />} /><Route path="/b" element={<p />} /></Routes>;"#,
            ),
            (
                "src/page.tsx",
                "import { useDoor } from './door'; export function Page() { useDoor(); return <p />; }",
            ),
            (
                "src/door.ts",
                r#"import { useNavigate } from "react-router-dom";
export function useDoor() { const go = useNavigate(); useEffect(() => { if (localStorage.getItem("token") !== "yes") go("/enter"); }, []); }"#,
            ),
        ],
        &["useDoor Effect Browser session -> /enter [/a]"],
    );
}

#[test]
fn before_load_covers_what_is_below_its_route() {
    let page = |id: &str| {
        format!(
            "import {{ createFileRoute }} from \"@tanstack/react-router\";\nexport const Route = createFileRoute(\"{id}\")({{ component: () => null }});"
        )
    };
    check(
        VITE,
        &[
            ("src/main.tsx", "import './routes/_crew'; import './routes/boats'; import './routes/help';"),
            (
                "src/routes/_crew.tsx",
                r#"import { createFileRoute, redirect } from "@tanstack/react-router"; import { supabase } from "../client";
export const Route = createFileRoute("/_crew")({ ssr: false, beforeLoad: async () => {
  const { data: seen } = await supabase.auth.getUser();
  if (!seen.user) throw redirect({ to: "/enter" });
} });"#,
            ),
            ("src/routes/boats.tsx", &page("/_crew/boats")),
            ("src/routes/help.tsx", &page("/help")),
        ],
        &["/_crew BeforeLoad Browser session -> /enter [/boats] SkipsServer"],
    );
}

#[test]
fn a_layout_file_guards_the_pages_below_it_on_its_own_side() {
    let client = r#""use client";
export default function Frame({ children }) {
  const router = useRouter(), [who, setWho] = useState(null);
  useEffect(() => { createClient().auth.getUser().then(({ data }) => (data.user ? setWho(data.user) : router.push("/enter"))); }, [router]);
  return who ? <p>{children}</p> : null;
}"#;
    let server = r#"import { redirect } from "next/navigation"; import { requireUser } from "@/lib/who";
export default async function Frame({ children }) { const user = await requireUser(); return children; }"#;
    check(
        NEXT,
        &[
            ("app/(club)/layout.tsx", client),
            ("app/(club)/boats/page.tsx", "export default function P() { return null; }"),
            ("app/page.tsx", "export default function P() { return null; }"),
        ],
        &["Frame Layout Browser session -> /enter [/boats]"],
    );
    check(
        NEXT,
        &[
            ("app/(club)/layout.tsx", server),
            ("app/(club)/boats/page.tsx", "export default function P() { return null; }"),
            (
                "lib/who.ts",
                r#"import { redirect } from "next/navigation"; import { createClient } from "./db";
export async function requireUser() { const db = await createClient(); const { data: { user } } = await db.auth.getUser(); if (!user) redirect("/enter"); return user; }"#,
            ),
            ("tsconfig.json", r#"{"compilerOptions":{"paths":{"@/*":["./*"]}}}"#),
        ],
        &["requireUser Component Server session -> /enter [/boats]"],
    );
}

fn guard_file(text: &str, expected: &[&str]) {
    let page = "export default function P() { return null; }";
    check(
        NEXT,
        &[
            ("middleware.ts", text),
            ("app/page.tsx", page),
            ("app/enter/page.tsx", page),
            ("app/boats/[id]/page.tsx", page),
            (
                "lib/refresh.ts",
                r#"import { NextResponse } from "next/server"; import { createServerClient } from "@supabase/ssr";
export async function refresh(request) {
  const db = createServerClient(process.env.URL!, process.env.KEY!, {});
  const { data: { user } } = await db.auth.getUser();
  if (!user && !request.nextUrl.pathname.startsWith("/enter") && request.nextUrl.pathname !== "/") {
    const url = request.nextUrl.clone(); url.pathname = "/enter"; return NextResponse.redirect(url);
  }
  return NextResponse.next();
}"#,
            ),
            ("tsconfig.json", r#"{"compilerOptions":{"paths":{"@/*":["./*"]}}}"#),
        ],
        expected,
    );
}

#[test]
fn a_guard_file_covers_what_it_refuses_and_its_matcher_takes() {
    guard_file(
        r#"import { refresh } from "@/lib/refresh";
export async function middleware(request) { return await refresh(request); }
export const config = { matcher: ["/((?!_next/static|favicon.ico).*)"] };"#,
        &["middleware Middleware Server session -> /enter [/boats/:id]"],
    );
    guard_file(
        r#"import { refresh } from "@/lib/refresh";
export async function middleware(request) { return await refresh(request); }
export const config = { matcher: ["/((?!api|_next/static).*)"] };"#,
        &["middleware Middleware Server session -> /enter [/boats/:id] SkipsApi"],
    );
    guard_file(
        r#"import { NextResponse } from "next/server";
const closed = ["/boats", "/rota"];
export function middleware(request) {
  const { pathname } = request.nextUrl;
  const token = request.cookies.get("session-token")?.value;
  if (closed.some((path) => pathname.startsWith(path)) && !token) return NextResponse.redirect(new URL("/enter", request.url));
  return NextResponse.next();
}"#,
        &["middleware Middleware Server session -> /enter [/boats/:id] SkipsApi"],
    );
}

#[test]
fn a_guard_file_that_opens_on_failure_or_does_nothing_says_so() {
    guard_file(
        r#"import { NextResponse } from "next/server"; import { createServerClient } from "@supabase/ssr";
export async function middleware(request) {
  const url = process.env.URL;
  if (!url) return NextResponse.next();
  const db = createServerClient(url, "k", {});
  try { const { data } = await db.auth.getUser(); if (!data.user && request.nextUrl.pathname !== "/enter") return NextResponse.redirect(new URL("/enter", request.url)); }
  catch { return NextResponse.next(); }
  return NextResponse.next();
}"#,
        &["middleware Middleware Server session -> /enter [/boats/:id /] FailsOpen FailsOpen"],
    );
    guard_file(
        r#"import { NextResponse } from "next/server"; import { createServerClient } from "@supabase/ssr";
export async function middleware(request) { const db = createServerClient("u", "k", {}); await db.auth.getUser(); return NextResponse.next(); }"#,
        &["middleware Middleware Nowhere session [] OnlyRefreshes"],
    );
    guard_file(
        "import { NextResponse } from 'next/server'; export function middleware(request) { return NextResponse.next(); }",
        &["middleware Middleware Nowhere session [] DoesNothing"],
    );
}

#[test]
fn what_is_kept_of_one_thing_is_no_session() {
    check(
        VITE,
        &[
            (
                "src/main.tsx",
                r#"import { Routes, Route } from "react-router-dom"; import { Page } from "./page";
const app = <Routes><Route path="/orders/:id" element={<Page />} /><Route path="/" element={<p />} /></Routes>;"#,
            ),
            (
                "src/page.tsx",
                r#"import { useNavigate, useParams } from "react-router-dom";
export function Page() { const go = useNavigate(); const at = useParams(); useEffect(() => { const kept = localStorage.getItem(`order-${at.id}`); if (kept) show(kept); else go("/"); }, []); return <p />; }"#,
            ),
        ],
        &[],
    );
}

#[test]
fn what_stands_around_the_sign_in_page_too_is_no_guard() {
    let app = |name: &str| {
        format!(
            "import {{ Routes, Route }} from 'react-router-dom'; import Enter from './Enter'; import Piers from './Piers'; const {name} = ({{ children }}) => {{ useStart(); return <>{{children}}</>; }}; export default function App() {{ return <{name}><Routes><Route path='/login' element={{<Enter />}} /><Route path='/piers' element={{<Piers />}} /></Routes></{name}>; }}"
        )
    };
    let pages =
        [("src/Enter.tsx", "export default () => <p />;"), ("src/Piers.tsx", "export default () => <p />;")];
    let (starter, guard) = (app("AuthStarter"), app("AuthGuard"));
    let main = "import App from './App'; import { createRoot } from 'react-dom/client'; createRoot(document.body).render(<App />);";
    let files = |app| [pages[0], pages[1], ("src/main.tsx", main), ("src/App.tsx", app)];
    check(VITE, &files(&starter), &[]);
    check(VITE, &files(&guard), &["AuthGuard Component Nowhere unknown [/login /piers] PassesAll"]);
}

#[test]
fn where_everybody_is_sent_on_there_is_nothing_to_guard() {
    check(
        VITE,
        &[
            ("src/Enter.tsx", "export default () => <p />;"),
            (
                "src/main.tsx",
                "import App from './App'; import { createRoot } from 'react-dom/client'; createRoot(document.body).render(<App />);",
            ),
            (
                "src/App.tsx",
                "import { Routes, Route, Navigate } from 'react-router-dom'; import { useMember } from './crew'; import Enter from './Enter'; export default function App() { const user = useMember(); return <Routes><Route path='/login' element={<Enter />} /><Route path='/' element={user ? <Navigate to='/piers' replace /> : <Navigate to='/login' replace />} /></Routes>; }",
            ),
        ],
        &[],
    );
}

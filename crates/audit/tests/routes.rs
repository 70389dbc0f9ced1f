//! Small apps in, their table of URLs out.

use audit::Survey;
use edit::RelPath;
use project::Project;
use stack::Stack;
use std::path::Path;

const VITE: &[(&str, &str)] = &[
    ("package.json", r#"{"dependencies":{"vite":"5","react-router-dom":"6","@tanstack/react-router":"1"}}"#),
    ("index.html", r#"<script type="module" src="/src/main.tsx"></script>"#),
];
const NEXT: &[(&str, &str)] = &[("package.json", r#"{"dependencies":{"next":"15","react":"19"}}"#)];

/// `URL page` of each route; a `?` for one that is computed, `->` for one that only sends on.
#[track_caller]
fn check(base: &[(&str, &str)], files: &[(&str, &str)], expected: &[&str]) {
    let texts = base.iter().chain(files);
    let texts = texts.map(|(path, text)| (RelPath::new(*path).unwrap(), (*text).to_owned())).collect();
    let project = Project::from_texts(Path::new("/app"), texts);
    let stack = Stack::detect(&project);
    let survey = Survey::of(&project, &stack);
    let shown: Vec<String> = survey
        .routes
        .iter()
        .map(|route| {
            let page = route.page.map_or("", |page| project.get(page).path.as_str());
            let mark = if route.redirects {
                "->"
            } else if route.literal {
                ""
            } else {
                "?"
            };
            format!("{}{mark} {page}", route.url).trim_end().to_owned()
        })
        .collect();
    assert_eq!(shown, expected);
}

#[test]
fn nested_elements_join_their_paths_and_an_index_route_answers_for_its_layout() {
    check(
        VITE,
        &[
            (
                "src/main.tsx",
                r#"import { BrowserRouter as Router, Routes, Route as R, Navigate } from "react-router-dom";
import Frame from "./frame"; import Home from "./pages/home"; import Boat from "./pages/boat";
const app = <Router><Routes>
  <R path="/" element={<Frame />}>
    <R index element={<Home />} />
    <R path="boats"><R path=":id/*" element={<Boat />} /></R>
    <R path="old" element={<Navigate to="/" />} />
  </R>
  <R path="*" element={<p>none</p>} />
</Routes></Router>;"#,
            ),
            ("src/frame.tsx", "export default function Frame() { return <Outlet />; }"),
            ("src/pages/home.tsx", "export default () => <p />;"),
            ("src/pages/boat.tsx", "const Boat = () => <p />; export default Boat;"),
        ],
        &["/ src/pages/home.tsx", "/boats/:id/* src/pages/boat.tsx", "/old->", "*"],
    );
}

#[test]
fn a_page_is_found_through_wrappers_lazy_imports_and_memo() {
    check(
        VITE,
        &[
            (
                "src/main.tsx",
                r#"import { lazy, Suspense } from "react"; import { Routes, Route } from "react-router-dom"; import { Inside } from "./inside";
const Boat = lazy(() => import("./boat"));
const Pier = lazy(() => import("./pier").then((m) => ({ default: m.Pier })));
const app = <Routes>
  <Route path="/boat" element={<Inside><Suspense fallback={null}><div><Boat /></div></Suspense></Inside>} />
  <Route path="/pier" element={<Inside need="chief"><Pier /></Inside>} />
</Routes>;"#,
            ),
            ("src/inside.tsx", "export const Inside = ({ children }) => children;"),
            (
                "src/boat.tsx",
                "import { memo } from 'react'; function Boat() { return null; } export default memo(Boat);",
            ),
            ("src/pier.tsx", "export function Pier() { return null; }"),
        ],
        &["/boat src/boat.tsx", "/pier src/pier.tsx"],
    );
}

#[test]
fn route_objects_are_followed_through_constants_spreads_and_files() {
    check(
        VITE,
        &[
            (
                "src/main.tsx",
                r#"import { createBrowserRouter } from "react-router-dom"; import { more } from "./more"; import Home from "./home";
const PATHS = { piers: "piers" } as const;
const router = createBrowserRouter([
  { path: "/", children: [{ index: true, element: <Home /> }, { path: PATHS.piers, lazy: () => import("./piers") }] },
  ...more,
], { basename: "/club" });"#,
            ),
            (
                "src/more.tsx",
                "import Home from './home'; export const more = [{ path: 'help', Component: Home }];",
            ),
            ("src/home.tsx", "export default function Home() { return null; }"),
            ("src/piers.tsx", "export function Component() { return null; }"),
        ],
        &["/club src/home.tsx", "/club/piers src/piers.tsx", "/club/help src/home.tsx"],
    );
}

#[test]
fn routes_inside_the_page_of_a_splat_route_stand_below_it() {
    check(
        VITE,
        &[
            (
                "src/main.tsx",
                r#"import { Routes, Route } from "react-router-dom"; import Staff from "./staff";
const app = <Routes><Route path="/staff/*" element={<Staff />} /></Routes>;"#,
            ),
            (
                "src/staff.tsx",
                r#"import { Routes, Route } from "react-router-dom";
export default function Staff() { return <Routes><Route path="/" element={<A />} /><Route path="rota" element={<A />} /></Routes>; }
function A() { return null; }"#,
            ),
        ],
        &["/staff/* src/staff.tsx", "/staff src/staff.tsx", "/staff/rota src/staff.tsx"],
    );
}

#[test]
fn routes_that_a_shared_layout_draws_again_stand_below_none_of_its_pages() {
    check(
        VITE,
        &[(
            "src/main.tsx",
            r#"import { Routes, Route } from "react-router-dom";
const Frame = () => <main><Routes><Route path="/log" element={<A />} /><Route path="/rota" element={<A />} /></Routes></main>;
const app = <Routes><Route element={<Frame />}><Route path="/log" element={<A />} /><Route path="/rota" element={<A />} /></Route></Routes>;
function A() { return null; }"#,
        )],
        &["/log src/main.tsx", "/rota src/main.tsx", "/log src/main.tsx", "/rota src/main.tsx"],
    );
}

#[test]
fn a_computed_path_is_said_to_be_so() {
    check(
        VITE,
        &[(
            "src/main.tsx",
            r#"import { Routes, Route } from "react-router-dom";
const app = <Routes><Route path={place()} element={<p />} /></Routes>;"#,
        )],
        &["*?"],
    );
}

#[test]
fn a_component_of_the_app_that_is_called_route_is_no_route() {
    check(
        VITE,
        &[("src/main.tsx", "const Route = (p) => null; const app = <Route path=\"/x\" element={<p />} />;")],
        &[],
    );
}

#[test]
fn screens_in_a_state_have_no_url() {
    check(
        VITE,
        &[(
            "src/main.tsx",
            "const [screen, go] = useState(location.hash.slice(1) || 'home'); const app = screen === 'a' ? <A /> : <B />;",
        )],
        &[],
    );
}

#[test]
fn route_files_lose_their_pathless_segments() {
    let file = |id: &str| {
        format!(
            "import {{ createFileRoute }} from \"@tanstack/react-router\";\nexport const Route = createFileRoute(\"{id}\")({{ component: Page }});\nfunction Page() {{ return null; }}\n"
        )
    };
    let (crew, boat, index, posts) =
        (file("/_crew"), file("/_crew/boats/$id"), file("/_crew/"), file("/(shop)/posts_/$"));
    check(
        VITE,
        &[
            (
                "src/main.tsx",
                "import './routes/_crew'; import './routes/_crew.boats.$id'; import './routes/_crew.index'; import './routes/posts'; import './routes/api';",
            ),
            ("src/routes/_crew.tsx", &crew),
            ("src/routes/_crew.boats.$id.tsx", &boat),
            ("src/routes/_crew.index.tsx", &index),
            ("src/routes/posts.tsx", &posts),
            (
                "src/routes/api.ts",
                "import { createFileRoute } from \"@tanstack/react-router\";\nexport const Route = createFileRoute(\"/api/x\")({ server: { handlers: { GET: async () => new Response() } } });",
            ),
        ],
        &[
            "/boats/:id src/routes/_crew.boats.$id.tsx",
            "/ src/routes/_crew.index.tsx",
            "/posts/* src/routes/posts.tsx",
        ],
    );
}

#[test]
fn page_files_of_both_routers_are_routes() {
    check(
        NEXT,
        &[
            ("app/layout.tsx", "export default function L({ children }) { return children; }"),
            ("app/page.tsx", "export default function P() { return null; }"),
            ("app/(club)/boats/[id]/page.tsx", "export default function P() { return null; }"),
            ("app/docs/[[...rest]]/page.tsx", "export default function P() { return null; }"),
            ("app/@side/boats/page.tsx", "export default function P() { return null; }"),
            ("app/api/x/route.ts", "export function GET() {}"),
            ("pages/old/index.tsx", "export default function P() { return null; }"),
            ("pages/_app.tsx", "export default function A() { return null; }"),
            ("pages/api/y.ts", "export default function h() {}"),
        ],
        &[
            "/boats/:id app/(club)/boats/[id]/page.tsx",
            "/docs/* app/docs/[[...rest]]/page.tsx",
            "/ app/page.tsx",
            "/old pages/old/index.tsx",
        ],
    );
}

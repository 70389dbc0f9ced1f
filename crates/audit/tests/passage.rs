//! What runs before a request in, whether it surely lets one for an address through out: whoever sends it.

use audit::guard::surely_lets_through;
use edit::RelPath;
use project::Project;
use std::path::Path;

#[track_caller]
fn check(body: &str, passes: bool) {
    let before = format!(
        "import {{ NextResponse }} from \"next/server\"; import {{ refresh }} from \"./lib/refresh\";\n\
         export async function middleware(request) {{ {body} }}"
    );
    let refresh = r#"import { NextResponse } from "next/server"; import { createServerClient } from "@supabase/ssr";
export async function refresh(request) {
  let answer = NextResponse.next({ request });
  const db = createServerClient(process.env.URL, process.env.KEY, { cookies: { setAll(all) { answer = NextResponse.next({ request }); } } });
  const { data: { user } } = await db.auth.getUser();
  if (request.nextUrl.pathname.startsWith("/boats") && !user) {
    const url = request.nextUrl.clone(); url.pathname = "/enter"; return NextResponse.redirect(url);
  }
  return answer;
}"#;
    let files = [
        ("package.json", r#"{"dependencies":{"next":"15"}}"#),
        ("middleware.ts", &*before),
        ("lib/refresh.ts", refresh),
        ("app/page.tsx", "export default function P() { return null; }"),
    ];
    let texts = files.map(|(path, text)| (RelPath::new(path).unwrap(), text.to_owned()));
    let project = Project::from_texts(Path::new("/app"), texts.into());
    assert_eq!(surely_lets_through(&project, "/api/reads/table/read"), passes, "{body}");
}

#[test]
fn redirects_of_other_paths_stop_no_request() {
    check("return await refresh(request);", true);
    check("const answer = await refresh(request); return answer;", true);
    check("try { return await refresh(request); } catch { return NextResponse.next(); }", true);
    check(
        "const path = request.nextUrl.pathname; if (!path.startsWith('/api') && !request.cookies.get('a')) { return NextResponse.redirect(new URL('/', request.url)); } return NextResponse.next();",
        true,
    );
}

#[test]
fn what_may_stop_a_request_lets_none_through_for_sure() {
    check(
        "if (!request.cookies.get('a')) return NextResponse.redirect(new URL('/', request.url)); return NextResponse.next();",
        false,
    );
    check(
        "const { data: { user } } = await db.auth.getUser(); if (!user) { return new Response(null, { status: 401 }); } return NextResponse.next();",
        false,
    );
    check(
        "let closed = false; if (request.headers.get('a')) closed = true; if (closed) return new Response(); return NextResponse.next();",
        false,
    );
    check(
        "let answer = NextResponse.next(); if (request.headers.get('a')) answer = NextResponse.rewrite(new URL('/', request.url)); return answer;",
        false,
    );
    check(
        "for (const part of parts) { if (part(request)) return part.answer; } return NextResponse.next();",
        false,
    );
    check("return elsewhere(request);", false);
}

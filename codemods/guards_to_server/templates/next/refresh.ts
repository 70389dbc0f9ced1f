import { createServerClient, type CookieOptions } from "@supabase/ssr";
import { type NextRequest, NextResponse } from "next/server";

type Changed = { name: string; value: string; options: CookieOptions }[];

//#if pages
/** Pages that only open with a session: each one, and all below it. */
const PROTECTED: string[] = [__PAGES__];
const SIGN_IN = "__SIGN_IN__";

//#end
/**
//#if pages
 * Renews the session before pages and handlers ask for it, and spares visitors without one a page that would send them away.
//#else
 * Renews the session before pages and handlers ask for it: they cannot set cookies while they are drawn.
//#end
 * It is no guard: each page and each handler asks for its user itself.
 */
export async function __FUNCTION__(request: NextRequest) {
  let response = NextResponse.next({ request });
  const db = createServerClient(__URL__!, __KEY__!, {
    cookieOptions: __COOKIES__,
    cookies: {
      getAll: () => request.cookies.getAll(),
      setAll(changed: Changed) {
        for (const { name, value } of changed) request.cookies.set(name, value);
        response = NextResponse.next({ request });
        for (const { name, value, options } of changed) response.cookies.set(name, value, options);
      },
    },
  });
  // Nothing may stand between the client and this call, which renews the session.
//#if pages
  const { data } = await db.auth.getUser();
  const { pathname } = request.nextUrl;
  const isProtected = PROTECTED.some((page) => pathname === page || pathname.startsWith(`${page}/`));
  if (data.user || !isProtected) return response;
  const address = request.nextUrl.clone();
  address.pathname = SIGN_IN;
//#if back
  address.search = `?__BACK__=${encodeURIComponent(pathname + request.nextUrl.search)}`;
//#else
  address.search = "";
//#end
  const redirect = NextResponse.redirect(address);
  // What was renewed, or cleared, goes along.
  for (const cookie of response.cookies.getAll()) redirect.cookies.set(cookie);
  return redirect;
//#else
  await db.auth.getUser();
  return response;
//#end
}

export const config = {
  matcher: ["/((?!_next/static|_next/image|favicon\\.ico|.*\\.(?:svg|png|jpg|jpeg|gif|webp|avif|ico|css|js|txt|xml)$).*)"],
};

//#if refusal
import { createCsrfMiddleware, createMiddleware } from "@tanstack/react-start";
//#else
import { createMiddleware } from "@tanstack/react-start";
//#end
import { getResponseStatus, setResponseStatus } from "@tanstack/react-start/server";
//#if pageScripts
import { pagePolicy } from "./page-scripts";
//#end
//#if named|attach
import { withToken } from "./session.server";
//#end

const listeners = new Set<() => void>();
/** Called in the browser when the server says that the session is gone. */
export const onUnauthenticated = (listener: () => void) => void listeners.add(listener);

/** Registered in src/start.ts: every call of a server function passes here, on both sides. */
export const callBoundary = createMiddleware({ type: "function" })
  .client(({ next }) =>
    next({
      fetch: async (...request: Parameters<typeof fetch>) => {
        const response = await fetch(...request);
        if (response.status === 401) for (const listener of listeners) listener();
        return response;
      },
    }),
  )
  .server(async ({ next }) => {
    try {
      return await next();
    } catch (error) {
      // Without this a refused or failed call answers with status 200.
      // Start turns the issues of a schema into a plain Error with their JSON as its message.
      const refused = error instanceof Error && ("issues" in error || error.message.startsWith("[\n"));
      if (error instanceof Error && (getResponseStatus() ?? 200) < 400) setResponseStatus(refused ? 400 : 500);
      throw error;
    }
  });

// The session is a cookie, which the browser attaches by itself: refuse calls that another site made with it.
//#if edge
const onCookie = (pathname: string) => pathname.startsWith("/api/supabase/") || pathname.startsWith("/api/functions/");
//#else
const onCookie = (pathname: string) => pathname.startsWith("/api/supabase/");
//#end
//#if refusal
export const sameSite = createCsrfMiddleware({
  filter: ({ handlerType, pathname }) => handlerType === "serverFn" || onCookie(pathname),
});
//#else
export const sameSite = createMiddleware().server(async ({ next, request, pathname }) => {
  if (!pathname.startsWith("/_serverFn/") && !onCookie(pathname)) return next();
  const site = request.headers.get("Sec-Fetch-Site");
  const origin = request.headers.get("Origin");
  const own = process.env.APP_ORIGIN ? new URL(process.env.APP_ORIGIN).origin : new URL(request.url).origin;
  // Where the browser says neither, it reads: what writes is sent with the one or the other.
  if (site ? site === "same-origin" : origin ? origin === own : request.method === "GET") return next();
  return new Response("Forbidden", { status: 403 });
});
//#end

/** Registered in src/start.ts, before everything else: what every answer says of itself. */
//#if named|attach
export const secured = createMiddleware().server(async ({ next, request }) => {
  if (!(await withToken(request))) return new Response("Forbidden", { status: 403 });
//#else
//#if pageScripts
export const secured = createMiddleware().server(async ({ next, request }) => {
//#else
export const secured = createMiddleware().server(async ({ next }) => {
//#end
//#end
  const answer = await next();
//#if pageScripts
  // A page that tells of a failure may be written by hand, with scripts of its own.
  const policy = answer.response.status < 500 ? pagePolicy(request) : undefined;
//#end
  try {
//#if pageScripts
    secure(answer.response.headers, policy);
//#else
    secure(answer.response.headers);
//#end
    return answer;
  } catch {
    // The headers of `Response.redirect()`, and of an answer that is handed on, cannot be changed: those of a copy can.
    const copy = new Response(answer.response.body, answer.response);
//#if pageScripts
    secure(copy.headers, policy);
//#else
    secure(copy.headers);
//#end
    return copy;
  }
});

//#if pageScripts
function secure(headers: Headers, policy?: string) {
//#else
function secure(headers: Headers) {
//#end
  headers.set("X-Content-Type-Options", "nosniff");
  headers.set("Referrer-Policy", "strict-origin-when-cross-origin");
  if (process.env.NODE_ENV === "production") {
    headers.set("X-Frame-Options", "DENY");
//#if scriptPolicy|reportedPolicy
    // The whole policy is only reported, since the app computes addresses that it loads from: look at the reports, then make it binding.
    if (policy) headers.set("Content-Security-Policy-Report-Only", policy);
//#end
//#if scriptPolicy
    // Which scripts run is known.
    const binding = policy?.split("; ").filter((rule) => /^(script-src|worker-src|base-uri|object-src|frame-ancestors) /.test(rule)).join("; ");
    if (!headers.has("Content-Security-Policy")) headers.set("Content-Security-Policy", binding ?? "base-uri 'self'; object-src 'none'; frame-ancestors 'none'");
//#else
//#if wholePolicy
    if (!headers.has("Content-Security-Policy")) headers.set("Content-Security-Policy", policy ?? "base-uri 'self'; object-src 'none'; frame-ancestors 'none'");
//#else
//#if reportedPolicy
//#else
    // No policy of scripts: it needs a nonce on each of them (`ssr.nonce` of the router), and not all of them get one.
//#end
    if (!headers.has("Content-Security-Policy")) headers.set("Content-Security-Policy", "base-uri 'self'; object-src 'none'; frame-ancestors 'none'");
//#end
//#end
    headers.set("Strict-Transport-Security", "max-age=31536000; includeSubDomains");
  }
}

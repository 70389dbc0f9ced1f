import { NextResponse } from "next/server";
__VARIABLES__
import { createDb } from "__SESSION__";

// Queries that are still written in pages arrive here: they go on as the visitor, if the app is known to make them.
/** Tables and their verbs, database functions by name. Shrink it as they move. */
const ALLOWED: { tables: Record<string, readonly string[]>; rpc: readonly string[] } = __ALLOWED__;
//#if closed
/** Those of them that only pages behind the sign-in make. */
const SIGNED_IN: readonly string[] = __CLOSED__;
//#end

const REQUEST_HEADERS = ["accept", "content-type", "prefer", "range", "range-unit"];
const RESPONSE_HEADERS = ["content-type", "content-range", "preference-applied"];
const MOST_BYTES = 1_000_000;

const refuse = (status: number, code: string, message: string) => NextResponse.json({ code, message, details: null, hint: null }, { status });

async function forward(request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const path = pathname.slice(pathname.indexOf("/api/supabase/") + "/api/supabase/".length);
  // A header that no other site can send.
  if (request.headers.get("x-requested-with") !== "fetch") return refuse(403, "NOT_ALLOWED", "Only pages of this app may ask");
  const [, rpc, name = ""] = /^rest\/v1\/(rpc\/)?(\w+)$/.exec(path) ?? [];
  const verbs = new Map(Object.entries(ALLOWED.tables)).get(name) ?? [];
  const known = rpc ? ALLOWED.rpc.includes(name) && request.method === "POST" : verbs.includes(request.method);
  if (!known) return refuse(403, "NOT_ALLOWED", "This request is not on the list of the gateway");
  const body = request.method === "GET" || request.method === "HEAD" ? null : await request.arrayBuffer();
  if (body && body.byteLength > MOST_BYTES) return refuse(413, "TOO_LARGE", "Request too large");
  const db = await createDb();
  const { data: visitor } = await db.auth.getUser();
//#if closed
  if (!visitor.user && SIGNED_IN.includes(name)) return refuse(401, "UNAUTHENTICATED", "Not signed in");
//#end
  const { data } = visitor.user ? await db.auth.getSession() : { data: { session: null } };
  const key = __KEY__;
  const headers = new Headers({ apikey: key, authorization: `Bearer ${data.session?.access_token ?? key}` });
  for (const header of REQUEST_HEADERS) {
    const value = request.headers.get(header);
    if (value) headers.set(header, value);
  }
  const answer = await fetch(`${__URL__}/${path}${search}`, { method: request.method, headers, body });
  const out = new Headers({ "cache-control": "private, no-store" });
  for (const header of RESPONSE_HEADERS) {
    const value = answer.headers.get(header);
    if (value) out.set(header, value);
  }
  return new Response(answer.body, { status: answer.status, headers: out });
}

export { forward as GET, forward as HEAD, forward as POST, forward as PATCH, forward as DELETE };

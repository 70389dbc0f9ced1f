import { NextResponse } from "next/server";
__VARIABLES__
import { createDb } from "__SESSION__";

/** The edge functions that the code is known to call. */
const FUNCTIONS: readonly string[] = __EDGE_FUNCTIONS__;
const REQUEST_HEADERS = ["accept", "content-type"__SENT__];
const RESPONSE_HEADERS = ["content-type", "content-disposition"__READ__];

/** Forwards a call of an edge function with the visitor's own token, which pages do not have. */
async function forward(request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const name = pathname.split("/").pop() ?? "";
  // A header that no other site can send.
  if (request.headers.get("x-requested-with") !== "fetch") return new Response(null, { status: 403 });
  if (!FUNCTIONS.includes(name)) return NextResponse.json({ code: "NOT_ALLOWED", message: "This function is not on the list" }, { status: 403 });
  const db = await createDb();
  const { data: visitor } = await db.auth.getUser();
  const { data } = visitor.user ? await db.auth.getSession() : { data: { session: null } };
  const key = __KEY__;
  const headers = new Headers({ apikey: key, authorization: `Bearer ${data.session?.access_token ?? key}` });
  for (const header of REQUEST_HEADERS) {
    const value = request.headers.get(header);
    if (value) headers.set(header, value);
  }
  const body = request.method === "GET" || request.method === "HEAD" ? null : await request.arrayBuffer();
  const answer = await fetch(`${__URL__}/functions/v1/${name}${search}`, { method: request.method, headers, body });
  const out = new Headers({ "cache-control": "private, no-store" });
  for (const header of RESPONSE_HEADERS) {
    const value = answer.headers.get(header);
    if (value) out.set(header, value);
  }
  return new Response(answer.body, { status: answer.status, headers: out });
}

export { forward as GET, forward as POST, forward as PUT, forward as PATCH, forward as DELETE };

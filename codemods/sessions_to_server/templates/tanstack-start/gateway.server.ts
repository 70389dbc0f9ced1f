import { env } from "./env.server";
import { requestDb, sessionClaims } from "./session.server";

/** The requests that the code is known to make: tables and their verbs, database functions by name. Shrink it as they move. */
const allowed: { tables: Record<string, readonly string[]>; rpc: readonly string[] } = __ALLOWED__;
//#if closed
/** Those of them that only pages behind the sign-in make. */
const signedIn: readonly string[] = __CLOSED__;
//#end

const REQUEST_HEADERS = ["accept", "content-type", "prefer", "range", "range-unit"];
const RESPONSE_HEADERS = ["content-type", "content-range", "preference-applied"];
const MOST_BYTES = 1_000_000;

/** Forwards a query of the browser as the visitor, if the app is known to make it. */
export async function forward(request: Request, path: string): Promise<Response> {
  const [, rpc, name = ""] = /^rest\/v1\/(rpc\/)?(\w+)$/.exec(path) ?? [];
  const verbs = Object.hasOwn(allowed.tables, name) ? (allowed.tables[name] ?? []) : [];
  const known = rpc ? allowed.rpc.includes(name) && request.method === "POST" : verbs.includes(request.method);
  if (!known) return refuse(403, "NOT_ALLOWED", "This request is not on the list in gateway.server.ts");

  const { SUPABASE_URL, SUPABASE_PUBLISHABLE_KEY } = env();
  const db = requestDb();
  const claims = await sessionClaims(db);
//#if closed
  if (!claims && signedIn.includes(name)) return refuse(401, "UNAUTHENTICATED", "Not signed in");
//#end
  const token = claims ? (await db.auth.getSession()).data.session?.access_token : undefined;
  const headers = new Headers({ apikey: SUPABASE_PUBLISHABLE_KEY, authorization: `Bearer ${token ?? SUPABASE_PUBLISHABLE_KEY}` });
  for (const header of REQUEST_HEADERS) {
    const value = request.headers.get(header);
    if (value) headers.set(header, value);
  }
  const body = request.method === "GET" || request.method === "HEAD" ? undefined : await request.arrayBuffer();
  if (body && body.byteLength > MOST_BYTES) return refuse(413, "TOO_LARGE", "Request too large");
  const answer = await fetch(`${SUPABASE_URL}/${path}${new URL(request.url).search}`, { method: request.method, headers, body });
  const out = new Headers({ "cache-control": "private, no-store" });
  for (const header of RESPONSE_HEADERS) {
    const value = answer.headers.get(header);
    if (value) out.set(header, value);
  }
  return new Response(answer.body, { status: answer.status, headers: out });
}

const refuse = (status: number, code: string, message: string) => Response.json({ code, message, details: null, hint: null }, { status });

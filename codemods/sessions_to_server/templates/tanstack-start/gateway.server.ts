import { env } from "./env.server";
import { requestDb, sessionClaims } from "./session.server";

//#if proxy
/** The requests that the code is known to make: tables and their verbs, database functions by name. Shrink it as they move. */
const allowed: { tables: Record<string, readonly string[]>; rpc: readonly string[] } = __ALLOWED__;
//#if closed
/** Those of them that only pages behind the sign-in make. */
const signedIn: readonly string[] = __CLOSED__;
//#end
//#end
//#if edge
/** The edge functions that the code is known to call. */
const functions: readonly string[] = __EDGE_FUNCTIONS__;
//#end

const REQUEST_HEADERS = ["accept", "content-type", "prefer", "range", "range-unit"__SENT__];
const RESPONSE_HEADERS = ["content-type", "content-disposition", "content-range", "preference-applied"__READ__];
//#if proxy
const MOST_BYTES = 1_000_000;

/** Forwards a query of the browser as the visitor, if the app is known to make it. */
export async function forward(request: Request, path: string): Promise<Response> {
  const [, rpc, name = ""] = /^rest\/v1\/(rpc\/)?(\w+)$/.exec(path) ?? [];
  const verbs = Object.hasOwn(allowed.tables, name) ? (allowed.tables[name] ?? []) : [];
  const known = rpc ? allowed.rpc.includes(name) && request.method === "POST" : verbs.includes(request.method);
  if (!known) return refuse(403, "NOT_ALLOWED", "This request is not on the list in gateway.server.ts");

  const token = await visitorToken();
//#if closed
  if (!token && signedIn.includes(name)) return refuse(401, "UNAUTHENTICATED", "Not signed in");
//#end
  const body = await bodyOf(request);
  if (body && body.byteLength > MOST_BYTES) return refuse(413, "TOO_LARGE", "Request too large");
  return send(request, path, body, token);
}
//#end
//#if edge

/** Forwards a call of an edge function with the visitor's own token, which the browser does not have. */
export async function callFunction(request: Request, name: string): Promise<Response> {
  if (!functions.includes(name)) return refuse(403, "NOT_ALLOWED", "This function is not on the list in gateway.server.ts");
  return send(request, `functions/v1/${name}`, await bodyOf(request), await visitorToken());
}
//#end

async function visitorToken(): Promise<string | undefined> {
  const db = requestDb();
  return (await sessionClaims(db)) ? (await db.auth.getSession()).data.session?.access_token : undefined;
}

const bodyOf = async (request: Request) => (request.method === "GET" || request.method === "HEAD" ? null : request.arrayBuffer());

async function send(request: Request, path: string, body: ArrayBuffer | null, token: string | undefined): Promise<Response> {
  const { SUPABASE_URL, SUPABASE_PUBLISHABLE_KEY } = env();
  const headers = new Headers({ apikey: SUPABASE_PUBLISHABLE_KEY, authorization: `Bearer ${token ?? SUPABASE_PUBLISHABLE_KEY}` });
  for (const header of REQUEST_HEADERS) {
    const value = request.headers.get(header);
    if (value) headers.set(header, value);
  }
  const answer = await fetch(`${SUPABASE_URL}/${path}${new URL(request.url).search}`, { method: request.method, headers, body });
  const out = new Headers({ "cache-control": "private, no-store" });
  for (const header of RESPONSE_HEADERS) {
    const value = answer.headers.get(header);
    if (value) out.set(header, value);
  }
  return new Response(answer.body, { status: answer.status, headers: out });
}

const refuse = (status: number, code: string, message: string) => Response.json({ code, message, details: null, hint: null }, { status });

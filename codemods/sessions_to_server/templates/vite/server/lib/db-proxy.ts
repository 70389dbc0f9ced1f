import { Hono, type Context } from "hono";
import type { Env } from "../env.js";
import { createDb, sessionUser } from "./session.js";

/** The requests that the code is known to make: tables and their verbs, database functions by name. */
export interface Allow {
  tables: Record<string, readonly ("GET" | "HEAD" | "POST" | "PATCH" | "DELETE")[]>;
  rpc: readonly string[];
}

const REQUEST_HEADERS = ["accept", "content-type", "prefer", "range", "range-unit"];
const RESPONSE_HEADERS = ["content-type", "content-range", "preference-applied"];

/**
 * supabase-js in the browser speaks to this; it forwards what the app is known to use, as the signed-in user.
 * Every path is built from a name on the list: a wildcard would let `..` reach other services.
 */
export function dbProxy(env: Env, allow: Allow) {
  const forward = async (c: Context, path: string) => {
    const db = createDb(c, env);
    const user = await sessionUser(db);
    const token = user ? (await db.auth.getSession()).data.session?.access_token : undefined;
    const headers = new Headers({ apikey: env.SUPABASE_PUBLISHABLE_KEY, authorization: `Bearer ${token ?? env.SUPABASE_PUBLISHABLE_KEY}` });
    for (const name of REQUEST_HEADERS) {
      const value = c.req.header(name);
      if (value) headers.set(name, value);
    }
    const hasBody = c.req.method !== "GET" && c.req.method !== "HEAD";
    const upstream = await fetch(`${env.SUPABASE_URL}${path}${new URL(c.req.url).search}`, {
      method: c.req.method,
      headers,
      body: hasBody ? await c.req.arrayBuffer() : undefined,
    });
    for (const name of RESPONSE_HEADERS) {
      const value = upstream.headers.get(name);
      if (value) c.header(name, value);
    }
    return upstream.body ? c.body(upstream.body, upstream.status as 200) : c.body(null, upstream.status as 204);
  };
  const refused = { code: "NOT_ALLOWED", message: "This request is not on the allow-list (__APP__)", details: null, hint: null };

  return new Hono()
    .all("/rest/v1/rpc/:name", (c) => {
      const name = c.req.param("name");
      return allow.rpc.includes(name) ? forward(c, `/rest/v1/rpc/${name}`) : c.json(refused, 403);
    })
    .all("/rest/v1/:table", (c) => {
      const table = c.req.param("table");
      const verbs: readonly string[] = Object.hasOwn(allow.tables, table) ? allow.tables[table]! : [];
      return verbs.includes(c.req.method) ? forward(c, `/rest/v1/${table}`) : c.json(refused, 403);
    });
}

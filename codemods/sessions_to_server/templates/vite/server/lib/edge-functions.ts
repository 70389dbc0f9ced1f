import { Hono } from "hono";
import type { Env } from "../env.js";
import { createDb, sessionUser } from "./session.js";

const REQUEST_HEADERS = ["accept", "content-type"__SENT__];
const RESPONSE_HEADERS = ["content-type", "content-disposition"__READ__];

/**
 * The edge functions that the app calls, with the visitor's own token, which the browser does not have.
 * Bodies go through as they are: streams and files too.
 */
export function edgeFunctions(env: Env, names: readonly string[]) {
  return new Hono().all("/:name", async (c) => {
    const name = c.req.param("name");
    if (!names.includes(name)) return c.json({ code: "NOT_ALLOWED", message: "This function is not on the list in __APP__" }, 403);
    const db = createDb(c, env);
    const user = await sessionUser(db);
    const token = user ? (await db.auth.getSession()).data.session?.access_token : undefined;
    const headers = new Headers({ apikey: env.SUPABASE_PUBLISHABLE_KEY, authorization: `Bearer ${token ?? env.SUPABASE_PUBLISHABLE_KEY}` });
    for (const header of REQUEST_HEADERS) {
      const value = c.req.header(header);
      if (value) headers.set(header, value);
    }
    const hasBody = c.req.method !== "GET" && c.req.method !== "HEAD";
    const upstream = await fetch(`${env.SUPABASE_URL}/functions/v1/${name}${new URL(c.req.url).search}`, {
      method: c.req.method,
      headers,
      body: hasBody ? await c.req.arrayBuffer() : undefined,
    });
    for (const header of RESPONSE_HEADERS) {
      const value = upstream.headers.get(header);
      if (value) c.header(header, value);
    }
    return upstream.body ? c.body(upstream.body, upstream.status as 200) : c.body(null, upstream.status as 204);
  });
}

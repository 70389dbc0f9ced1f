import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { secureHeaders } from "hono/secure-headers";
import { z } from "zod/v4";
import { loadEnv } from "./env.js";
//#if functions
import * as functions from "./functions/index.js";
//#end
//#if auth
import { authRoutes } from "./lib/auth.js";
//#end
//#if proxy
import { dbProxy } from "./lib/db-proxy.js";
//#end
//#if edge
import { edgeFunctions } from "./lib/edge-functions.js";
//#end
//#if auth
import { limitBody, rateLimit, sameOrigin } from "./lib/protect.js";
//#else
import { limitBody, sameOrigin } from "./lib/protect.js";
//#end
//#if functions
import type { ServerFunction } from "./lib/rpc.js";
//#end
//#if functions|realtime
import { createDb, sessionUser } from "./lib/session.js";
//#end
//#if storage
import { storageRoutes } from "./lib/storage.js";
//#end
//#if providers
import { providerRoutes } from "./providers.js";
//#end

export const env = loadEnv(process.env);

export const app = new Hono().basePath("/api");

app.use(secureHeaders({ xFrameOptions: "DENY", referrerPolicy: "strict-origin-when-cross-origin" }));
app.use(sameOrigin(env));
//#if filesAsText
// What a page sends may hold a file as text.
app.use(limitBody(20 * 1024 * 1024));
//#else
//#if edge
// What a page sends to an edge function may be a file.
const [small, large] = [limitBody(1024 * 1024), limitBody(20 * 1024 * 1024)];
app.use((c, next) => (c.req.path.startsWith("/api/functions/") ? large : small)(c, next));
//#else
app.use(limitBody(1024 * 1024));
//#end
//#end
app.use(async (c, next) => {
  await next();
  c.header("Cache-Control", "private, no-store");
});
//#if auth
app.use("/auth/*", rateLimit({ limit: 30, windowMs: 60_000 }));
//#end

app.onError((error, c) => {
  if (error instanceof HTTPException) return error.getResponse();
  if (error instanceof z.ZodError) return c.json(invalid(error), 400);
  if (error instanceof SyntaxError) return c.json({ error: { message: "Malformed JSON", code: "BAD_REQUEST", details: null, hint: null } }, 400);
  console.error(error);
  return c.json({ data: null, error: { message: "Internal error", code: "INTERNAL", details: null, hint: null } }, 500);
});

app.get("/health", (c) => c.json({ ok: true }));
//#if auth
app.route("/auth", authRoutes(env));
//#end
//#if storage
// The buckets that the app uses, by what it does with them.
app.route("/storage", storageRoutes(env, __BUCKETS__));
//#end
//#if edge
// The edge functions that the app calls.
app.route("/functions", edgeFunctions(env, __EDGE_FUNCTIONS__));
//#end
//#if proxy
// Queries that are still written in the browser: only these tables, with these verbs, and row level security decides.
app.route("/supabase", dbProxy(env, __ALLOWED__));
//#end
//#if providers
// Calls of paid services, each to its one address.
app.route("/providers", providerRoutes(env));
//#end
//#if functions

app.post("/fn/:name", async (c) => {
  const name = c.req.param("name");
  if (!Object.hasOwn(functions, name)) throw new HTTPException(404);
  const fn = (functions as unknown as Record<string, ServerFunction<unknown, unknown>>)[name]!;

  const db = createDb(c, env);
  const user = await sessionUser(db);
  if (fn.auth === "user" && !user) return c.json({ data: null, error: { message: "Not signed in", code: "UNAUTHENTICATED", details: null, hint: null } }, 401);

  const text = await c.req.text();
  const parsed = fn.input.safeParse(text ? JSON.parse(text) : undefined);
  if (!parsed.success) return c.json(invalid(parsed.error), 400);

  const result = (await fn.run({ db, user: user as never }, parsed.data)) as { data: unknown; error: unknown };
  return c.json({ ...result, error: plainError(result.error) });
});
//#end
//#if realtime

// Realtime is a WebSocket from the browser to Supabase. It needs an access token in memory: short-lived,
// no refresh token, and only while a page has a live subscription. A visitor without a session listens as such.
app.get("/realtime/token", async (c) => {
  const db = createDb(c, env);
  const user = await sessionUser(db);
  const { data } = user ? await db.auth.getSession() : { data: { session: null } };
  const token = data.session?.access_token ?? env.SUPABASE_PUBLISHABLE_KEY;
  const expires_at = data.session?.expires_at ?? Math.floor(Date.now() / 1000) + 300;
  return c.json({ url: `${env.SUPABASE_URL}/realtime/v1`, apikey: env.SUPABASE_PUBLISHABLE_KEY, token, expires_at });
});
//#end

export default app;

function invalid(error: z.ZodError) {
  return { data: null, error: { message: z.prettifyError(error), code: "INVALID_INPUT", details: null, hint: null } };
}
//#if functions

// Errors of supabase-js are class instances; keep the fields that code at the call site reads.
function plainError(error: unknown) {
  if (!(error instanceof Error)) return error ?? null;
  const { name, message, code, details, hint, status } = error as Error & Record<string, unknown>;
  return { name, message, code, details, hint, status };
}
//#end

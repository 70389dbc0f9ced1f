import { type Context, Hono } from "hono";
import { z } from "zod/v4";
import type { Env } from "./env.js";
import { createDb, sessionUser } from "./lib/session.js";

const CALLS_PER_HOUR = 60;

interface Call {
  url: string;
  headers: Record<string, string>;
  /** What the app sends; anything else is refused. */
  body: z.ZodType;
}

/** Calls of services that the app pays for: to fixed addresses, for signed-in users, with keys that no browser gets. */
export function providerRoutes(env: Env) {
  return new Hono()
    __ROUTES__;
}

const refused = (message: string, code: string) => ({ error: { message, code } });

async function forward(c: Context, env: Env, call: Call): Promise<Response> {
  const user = await sessionUser(createDb(c, env));
  if (!user) return c.json(refused("Not signed in", "UNAUTHENTICATED"), 401);

  const parsed = call.body.safeParse(await c.req.json());
  if (!parsed.success) return c.json(refused(z.prettifyError(parsed.error), "INVALID_INPUT"), 400);
  if (!counted(`${user.id} ${c.req.path}`)) return c.json(refused("Too many requests. Try again in an hour.", "TOO_MANY_REQUESTS"), 429);

  const answer = await fetch(call.url, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...call.headers },
    body: JSON.stringify(parsed.data),
    signal: c.req.raw.signal,
  });
  // Status, body and stream go through as they came; no other header does.
  c.header("Content-Type", answer.headers.get("Content-Type") ?? "application/json");
  return answer.body ? c.body(answer.body, answer.status as 200) : c.body(null, answer.status as 204);
}

// In memory: per instance. A limit at the provider is the one that holds.
const hours = new Map<string, { calls: number; until: number }>();

function counted(key: string): boolean {
  const now = Date.now();
  if (hours.size > 10_000) for (const [other, hour] of hours) if (hour.until < now) hours.delete(other);
  const hour = hours.get(key);
  if (!hour || hour.until < now) {
    hours.set(key, { calls: 1, until: now + 3_600_000 });
    return true;
  }
  return ++hour.calls <= CALLS_PER_HOUR;
}

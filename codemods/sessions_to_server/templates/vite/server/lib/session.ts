import { createServerClient } from "@supabase/ssr";
import type { SupabaseClient } from "@supabase/supabase-js";
import type { Context } from "hono";
import { getCookie, setCookie } from "hono/cookie";
//#if typed
import type { __DATABASE__ } from "__TYPES__";
//#end
import type { Env } from "../env.js";

//#if typed
export type Db = SupabaseClient<__DATABASE__>;
//#else
export type Db = SupabaseClient;
//#end

//#if ownFetch
// How this app asks Supabase.
const ask = (__FETCH__) as typeof fetch;

//#end
// A page that wakes up sends several requests with the same expired session. They share one renewal:
// a refresh token is good for one use (and for ten seconds of grace).
const renewals = new Map<string, { at: number; response: Promise<Response> }>();
const sharedRenewal = (async (input: Parameters<typeof fetch>[0], init?: RequestInit) => {
//#if ownFetch
  if (typeof init?.body !== "string" || !String(input).includes("grant_type=refresh_token")) return ask(input, init);
//#else
  if (typeof init?.body !== "string" || !String(input).includes("grant_type=refresh_token")) return fetch(input, init);
//#end
  const now = Date.now();
  renewals.forEach((renewal, key) => now - renewal.at > 10_000 && renewals.delete(key));
  let renewal = renewals.get(init.body);
  if (!renewal) {
//#if ownFetch
    renewal = { at: now, response: ask(input, init) };
//#else
    renewal = { at: now, response: fetch(input, init) };
//#end
    renewals.set(init.body, renewal);
  }
  return (await renewal.response).clone();
}) as typeof fetch;

//#if passedOn
/** What edge functions read of a request: it is the visitor's. */
function passedOn(c: Context, env: Env): Record<string, string> {
  const said = [__PASSED_ON__].map((name) => [name, c.req.header(name)] as const);
//#if origin
  const own = { origin: env.origin ?? new URL(c.req.url).origin };
  return { ...own, ...Object.fromEntries(said.filter((pair): pair is [string, string] => pair[1] !== undefined)) };
//#else
  return Object.fromEntries(said.filter((pair): pair is [string, string] => pair[1] !== undefined));
//#end
}

//#end
/**
 * A Supabase client for one request. The session lives in HttpOnly cookies that only
 * this server reads and writes; queries run as the signed-in user, under row level security.
 * Never share it between requests.
 */
export function createDb(c: Context, env: Env): Db {
  const production = env.NODE_ENV === "production";
//#if typed
  return createServerClient<__DATABASE__>(env.SUPABASE_URL, env.SUPABASE_PUBLISHABLE_KEY, {
//#else
  return createServerClient(env.SUPABASE_URL, env.SUPABASE_PUBLISHABLE_KEY, {
//#end
//#if ownHeaders
//#if passedOn
    global: { fetch: sharedRenewal, headers: { ...passedOn(c, env), "__HEADERS__": "" } },
//#else
    global: { fetch: sharedRenewal, headers: { "__HEADERS__": "" } },
//#end
//#else
//#if passedOn
    global: { fetch: sharedRenewal, headers: passedOn(c, env) },
//#else
    global: { fetch: sharedRenewal },
//#end
//#end
    cookieOptions: {
      // __Host-Http-: Secure, HttpOnly, Path=/ and no Domain, enforced by the browser. Needs https, so not in development.
      name: production ? "__Host-Http-session" : "session",
      httpOnly: true,
      secure: production,
      sameSite: "lax",
      path: "/",
    },
    cookies: {
      encode: "tokens-only",
      getAll: () => Object.entries(getCookie(c)).map(([name, value]) => ({ name, value })),
      setAll: (cookies, headers?: Record<string, string>) => {
        for (const { name, value, options } of cookies) {
          // The PKCE verifier is needed until the visitor comes back from the mail or the provider, not for 400 days.
          const maxAge = name.endsWith("-code-verifier") ? Math.min(options.maxAge ?? 0, 3600) : options.maxAge;
          setCookie(c, name, value, { ...options, maxAge, httpOnly: true, secure: production, sameSite: "lax" });
        }
        for (const [name, value] of Object.entries(headers ?? {})) c.header(name, value);
      },
    },
  });
}

export interface SessionUser {
  id: string;
  email: string | undefined;
}

/** Who is asking, from a verified token (local signature check with asymmetric keys); null when nobody is signed in. */
export async function sessionUser(db: Db): Promise<SessionUser | null> {
  const { data } = await db.auth.getClaims();
  if (!data?.claims.sub) return null;
  return { id: data.claims.sub, email: data.claims.email };
}

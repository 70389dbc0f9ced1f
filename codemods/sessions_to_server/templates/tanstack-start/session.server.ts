import { createServerClient } from "@supabase/ssr";
import type { SupabaseClient } from "@supabase/supabase-js";
//#if passedOn
import { getCookies, getRequest, getRequestHeader, setCookie, setResponseHeader } from "@tanstack/react-start/server";
//#else
import { getCookies, getRequest, setCookie, setResponseHeader } from "@tanstack/react-start/server";
//#end
import { env } from "./env.server";
//#if typed
import type { __DATABASE__ } from "__TYPES__";
//#end

//#if typed
export type Db = SupabaseClient<__DATABASE__>;
//#else
export type Db = SupabaseClient;
//#end

//#if exact
// What may be left out of a row may be undefined as well, where the values come from a schema: JSON leaves it out.
type Given<Row> = { [Column in keyof Row]: object extends Pick<Row, Column> ? Row[Column] | undefined : Row[Column] };
type Table<Of> = Of extends { Insert: infer Insert; Update: infer Update } ? Omit<Of, "Insert" | "Update"> & { Insert: Given<Insert>; Update: Given<Update> } : Of;
type Called<Of> = Of extends { Args: infer Args } ? Omit<Of, "Args"> & { Args: Given<Args> } : Of;
type Schema<Of> = Of extends { Tables: infer Tables; Functions: infer Functions }
  ? Omit<Of, "Tables" | "Functions"> & { Tables: { [Name in keyof Tables]: Table<Tables[Name]> }; Functions: { [Name in keyof Functions]: Called<Functions[Name]> } }
  : Of;
/** The same client, for queries of the server functions. */
export type QueryDb = SupabaseClient<{ [Name in keyof __DATABASE__]: Schema<__DATABASE__[Name]> }>;

//#end
// A page that wakes up sends several requests with the same expired session. They share one renewal:
// a refresh token is good for one use (and for ten seconds of grace).
const renewals = new Map<string, { at: number; response: Promise<Response> }>();
const sharedRenewal = (async (input: Parameters<typeof fetch>[0], init?: RequestInit) => {
  if (typeof init?.body !== "string" || !String(input).includes("grant_type=refresh_token")) return fetch(input, init);
  const now = Date.now();
  renewals.forEach((renewal, key) => now - renewal.at > 10_000 && renewals.delete(key));
  let renewal = renewals.get(init.body);
  if (!renewal) {
    renewal = { at: now, response: fetch(input, init) };
    renewals.set(init.body, renewal);
  }
  return (await renewal.response).clone();
}) as typeof fetch;

// One client per request: functions that run while one page is rendered share it, so an expired token is renewed once.
// Never share one between requests.
const clients = new WeakMap<Request, Db>();

/** A Supabase client for this request. The session lives in HttpOnly cookies; queries run as the signed-in user, under row level security. */
export function requestDb(): Db {
  const request = getRequest();
  let db = clients.get(request);
  if (!db) clients.set(request, (db = create()));
  return db;
}

//#if passedOn
/** What edge functions read of a request: it is the visitor's. */
function passedOn(): Record<string, string> {
  const said = ([__PASSED_ON__] as const).map((name) => [name, getRequestHeader(name)] as const);
//#if origin
  const own = { origin: env().origin ?? new URL(getRequest().url).origin };
  return { ...own, ...Object.fromEntries(said.filter((pair): pair is typeof pair & [string, string] => pair[1] !== undefined)) };
//#else
  return Object.fromEntries(said.filter((pair): pair is typeof pair & [string, string] => pair[1] !== undefined));
//#end
}

//#end
function create(): Db {
  const { SUPABASE_URL, SUPABASE_PUBLISHABLE_KEY } = env();
  const production = process.env.NODE_ENV === "production";
  // Whatever comes of a session is for this visitor alone.
  setResponseHeader("Cache-Control", "private, no-store");
  const attributes = { httpOnly: true, secure: production, sameSite: "lax", path: "/" } as const;
//#if typed
  return createServerClient<__DATABASE__>(SUPABASE_URL, SUPABASE_PUBLISHABLE_KEY, {
//#else
  return createServerClient(SUPABASE_URL, SUPABASE_PUBLISHABLE_KEY, {
//#end
//#if passedOn
    global: { fetch: sharedRenewal, headers: passedOn() },
//#else
    global: { fetch: sharedRenewal },
//#end
    // __Host-Http-: Secure, HttpOnly, Path=/ and no Domain, enforced by the browser. Needs https, so not in development.
    cookieOptions: { name: production ? "__Host-Http-session" : "session", ...attributes },
    cookies: {
      encode: "tokens-only",
      getAll: () => Object.entries(getCookies()).map(([name, value]) => ({ name, value })),
      setAll: (cookies, headers?: Record<string, string>) => {
        for (const { name, value, options } of cookies) {
          // The PKCE verifier is needed until the visitor comes back from the mail or the provider, not for 400 days.
          const maxAge = name.endsWith("-code-verifier") ? Math.min(options.maxAge ?? 0, 3600) : options.maxAge;
          setCookie(name, value, { ...options, ...attributes, maxAge } as typeof options);
        }
        for (const [name, value] of Object.entries(headers ?? {})) setResponseHeader(name as "Cache-Control", value);
      },
    },
  }) as unknown as Db;
}

/** Who is asking, from a verified token; null when nobody is signed in. */
export async function sessionClaims(db: Db) {
  const { data } = await db.auth.getClaims();
  return data?.claims.sub ? data.claims : null;
}
//#if header

/** What functions of the app read from a header before the session moved into the cookie; undefined when nobody is signed in. */
export async function sessionHeader(): Promise<string | undefined> {
  const db = requestDb();
  const token = (await sessionClaims(db)) && (await db.auth.getSession()).data.session?.access_token;
  return token ? `Bearer ${token}` : undefined;
}
//#end
//#if named|attach

//#if named
// What pages of this app have in the place of the token: see toSession() of auth.ts.
const NAMED = /^(\S+ )?cookie\.[\da-f-]{36}\.\d+$/;
//#end

/** Gives the request of a page of this app the token of its session, as a header; false for one that another site sent. */
export async function withToken(request: Request): Promise<boolean> {
  const sent = request.headers.get("Authorization");
//#if linked
  const url = new URL(request.url);
  const links = [...url.searchParams].filter(([, value]) => NAMED.test(value)).map(([name]) => name);
//#end
//#if named
//#if attach
  // Server functions are always called with it.
  const asks = sent === null ? new URL(request.url).pathname.startsWith("/_serverFn/") : NAMED.test(sent);
//#else
  const asks = sent !== null && NAMED.test(sent);
//#end
//#else
  // Server functions are always called with it.
  const asks = sent === null && new URL(request.url).pathname.startsWith("/_serverFn/");
//#end
//#if linked
  if (!asks && links.length === 0) return true;
//#else
  if (!asks) return true;
//#end
  const site = request.headers.get("Sec-Fetch-Site");
  const origin = request.headers.get("Origin");
  if (site ? site !== "same-origin" : origin !== null && origin !== (env().origin ?? new URL(request.url).origin)) return false;
//#if linked
  // No other site can send the header, but any can hold a link: the browser has to say that this page sent it.
  if (links.length > 0 && !site) return false;
//#end
  const { data } = await requestDb().auth.getSession();
  const token = data.session?.access_token;
//#if linked
  for (const name of links) {
    if (token) url.searchParams.set(name, token);
    else url.searchParams.delete(name);
  }
  if (links.length > 0) Object.defineProperty(request, "url", { value: url.href });
  if (!asks) return true;
//#end
  // Where nobody is signed in, the request goes on as one without the header.
//#if named
//#if attach
  const header = token && (sent === null ? `Bearer ${token}` : sent.replace(NAMED, `$1${token}`));
//#else
  const header = token && sent.replace(NAMED, `$1${token}`);
//#end
//#else
  const header = token && `Bearer ${token}`;
//#end
  const tell = (headers: Headers) => (header ? headers.set("Authorization", header) : headers.delete("Authorization"));
  try {
    tell(request.headers);
  } catch {
    // Some hosts do not let the headers of a request be changed.
    const headers = new Headers(request.headers);
    tell(headers);
    Object.defineProperty(request, "headers", { value: headers });
  }
  return true;
}
//#end

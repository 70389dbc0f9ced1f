import type { AuthChangeEvent, AuthError, Session, SupabaseClient, User } from "@supabase/supabase-js";
import { onUnauthenticated, request } from "__HTTP__";
//#if realtime
import { renewRealtime } from "__CHANNELS__";
//#end

//#if lent
// The part of supabase.auth that this app uses, served by /api/auth/*. Sessions carry the user, the expiry and,
// in memory only, the access token, which pages send themselves; refresh_token stays on the server and is empty here.
//#else
// The part of supabase.auth that this app uses, served by /api/auth/*. Sessions carry the user and
// the expiry; access_token and refresh_token stay on the server and are empty here.
//#end
//#if mfa
type Factors = Pick<SupabaseClient["auth"]["mfa"], __FACTORS__>;
type Auth = Pick<SupabaseClient["auth"], __METHODS__> & { mfa: Factors };
//#else
type Auth = Pick<SupabaseClient["auth"], __METHODS__>;
//#end
type Listener = (event: AuthChangeEvent, session: Session | null) => void | Promise<void>;
interface PublicSession {
//#if lent
  session: { user: User; expires_at?: number; access_token?: string } | null;
//#else
  session: { user: User; expires_at?: number } | null;
//#end
}

//#if marked
const VISITOR = "visitor";
//#end
const listeners = new Map<string, Listener>();
const tabs = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("auth");
let current: Session | null | undefined; // undefined: not asked yet
let pending: Promise<Session | null> | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;

function toSession(body: PublicSession): Session | null {
  if (!body.session) return null;
//#if lent
  const { user, expires_at, access_token = "" } = body.session;
  return { user, expires_at, expires_in: expires_at ? expires_at - Math.floor(Date.now() / 1000) : 0, token_type: "bearer", access_token, refresh_token: "" };
//#else
  const { user, expires_at } = body.session;
  return { user, expires_at, expires_in: expires_at ? expires_at - Math.floor(Date.now() / 1000) : 0, token_type: "bearer", access_token: "", refresh_token: "" };
//#end
}
//#if toError|denied

function toError(body: { error?: { name?: string; message: string; status?: number; code?: string } | null }, status: number): AuthError {
  const { name = "AuthApiError", message, code } = body.error ?? { message: "Unexpected answer from the server" };
  return Object.assign(new Error(message), { name, code, status: body.error?.status ?? status, __isAuthError: true }) as unknown as AuthError;
}
//#end
//#if missing

const missing = () => toError({ error: { name: "AuthSessionMissingError", message: "Auth session missing!" } }, 400);
//#end
//#if denied

// A visitor's session never had the right to ask for these: they fail as they did.
const denied = async () => ({ data: { user: null, users: [] }, error: toError({ error: { message: "User not allowed", code: "not_admin" } }, 403) });
//#end

// What the releases before this one kept here is used no more, and any script can read it.
function forgetTokens() {
  try {
    for (const key of Object.keys(localStorage)) if (/^sb-.+-auth-token/.test(key)) localStorage.removeItem(key);
  } catch {
    // The browser keeps nothing for this page.
  }
}

function emit(event: AuthChangeEvent, session: Session | null, broadcast = true) {
  current = session;
  clearTimeout(timer);
//#if marked
  // Who was here last, for pages that ask before the server has answered. It opens nothing.
  if (session) localStorage.setItem(VISITOR, session.user.id);
  else localStorage.removeItem(VISITOR);
//#end
//#if realtime
  if (event === "SIGNED_IN" || event === "SIGNED_OUT" || event === "TOKEN_REFRESHED") void renewRealtime();
//#end
  // Ask again shortly before the access token runs out: the server renews it.
  if (session?.expires_at) timer = setTimeout(() => void load(true), Math.max(5, Math.min(session.expires_in - 60, 86_400)) * 1000);
  listeners.forEach((listener) => void listener(event, session));
  if (broadcast) tabs?.postMessage(event);
}

function load(again = false): Promise<Session | null> {
//#if lent
  // A page that slept through the renewal must not send a token that has run out.
  const stale = current?.expires_at !== undefined && current.expires_at * 1000 < Date.now() + 10_000;
  if (current !== undefined && !again && !stale) return Promise.resolve(current);
//#else
  if (current !== undefined && !again) return Promise.resolve(current);
//#end
//#if implicit
  pending ??= adopted()
    .then(async (adoptedAs) => {
      const { status, body } = await request("GET", "/api/auth/session");
//#else
  pending ??= request("GET", "/api/auth/session")
    .then(({ status, body }) => {
//#end
      if (status !== 200) return current ?? null; // offline or a server error: keep what is known
      const session = toSession(body);
      const before = current;
      if (before === undefined) {
//#if implicit
        emit(adoptedAs ?? takeUrlEvent() ?? "INITIAL_SESSION", session, false);
//#else
        emit(takeUrlEvent() ?? "INITIAL_SESSION", session, false);
//#end
      } else if (before?.user.id !== session?.user.id) emit(session ? "SIGNED_IN" : "SIGNED_OUT", session, false);
      else if (session && before?.expires_at !== session.expires_at) emit("TOKEN_REFRESHED", session, false);
      return session;
    })
    .finally(() => (pending = null));
  return pending;
}
//#if implicit

// Links that an administrator makes (an invitation, a look at the app as somebody else) bring their session behind the `#` of the
// address: it goes into the cookie and out of the address.
async function adopted(): Promise<AuthChangeEvent | undefined> {
  const found = new URLSearchParams(window.location.hash.slice(1));
  const [access_token, refresh_token] = [found.get("access_token"), found.get("refresh_token")];
//#if fragment
  if (!access_token || !refresh_token || access_token === "cookie") return undefined;
//#else
  if (!access_token || !refresh_token) return undefined;
//#end
  const { status } = await request("POST", "/api/auth/adopt", { access_token, refresh_token });
  window.history.replaceState(window.history.state, "", window.location.pathname + window.location.search);
  if (status !== 200) return undefined;
  return found.get("type") === "recovery" ? "PASSWORD_RECOVERY" : "SIGNED_IN";
}
//#end

// The server's sign-in callback leaves a note for the page it returns to.
function takeUrlEvent(): AuthChangeEvent | undefined {
  const url = new URL(window.location.href);
  const event = url.searchParams.get("auth_event");
  if (!event) return undefined;
  url.searchParams.delete("auth_event");
  window.history.replaceState(window.history.state, "", url);
  return event === "PASSWORD_RECOVERY" ? event : undefined;
}

//#if mfa
// A second factor: what it proves goes into the cookie.
async function factor(action: string, params: unknown = {}): Promise<never> {
  const { status, body } = await request("POST", `/api/auth/mfa/${action}`, params);
  if (status !== 200) return { data: null, error: toError(body, status) } as never;
  if (body.session) emit("MFA_CHALLENGE_VERIFIED", toSession(body));
  return { data: body.data, error: null } as never;
}

//#end
//#if oauth
type Leaves = { skipBrowserRedirect?: boolean };
// What another program may do in the visitor's name. After an answer the browser goes on to where the program learns of it, unless the
// page does that itself.
async function grant(action: string, params: unknown = {}, options?: Leaves): Promise<never> {
  const { status, body } = await request("POST", `/api/auth/grants/${action}`, params);
  if (status !== 200) return { data: null, error: toError(body, status) } as never;
//#if oauth.approveAuthorization|oauth.denyAuthorization
  if (action !== "details" && body.data.redirect_url && !options?.skipBrowserRedirect) window.location.assign(body.data.redirect_url);
//#end
  return { data: body.data, error: null } as never;
}

//#end
tabs?.addEventListener("message", () => void load(true));
onUnauthenticated(() => void load(true));
forgetTokens();
if (typeof document !== "undefined") document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && current !== undefined && void load(true));

export const auth: Auth = {
//#if getSession

  async getSession() {
    const session = await load();
    return session ? { data: { session }, error: null } : { data: { session: null }, error: null };
  },
//#end
//#if getUser

  async getUser() {
    const session = await load();
    if (session) return { data: { user: session.user }, error: null };
    return { data: { user: null }, error: missing() };
  },
//#end
//#if getClaims

  // What a page may read of the token is what it says of the visitor.
  async getClaims() {
    const session = await load();
    if (!session) return { data: null, error: null };
    const { id, email, phone, role, aud, app_metadata, user_metadata, is_anonymous } = session.user;
    const claims = { sub: id, email, phone, role, aud, app_metadata, user_metadata, is_anonymous, exp: session.expires_at };
    return { data: { claims, header: {}, signature: new Uint8Array() }, error: null } as never;
  },
//#end
//#if onAuthStateChange

  onAuthStateChange(callback: Listener) {
    const id = crypto.randomUUID();
    const known = current !== undefined;
    listeners.set(id, callback);
    if (known) queueMicrotask(() => listeners.has(id) && void callback("INITIAL_SESSION", current ?? null));
    else void load();
    return { data: { subscription: { id, callback, unsubscribe: () => void listeners.delete(id) } } };
  },
//#end
//#if signInWithPassword

  async signInWithPassword({ options, ...credentials }) {
    const { status, body } = await request("POST", "/api/auth/sign-in", { ...credentials, captchaToken: options?.captchaToken });
    const session = status === 200 ? toSession(body) : null;
    if (!session) return { data: { user: null, session: null }, error: toError(body, status) };
    emit("SIGNED_IN", session);
    return { data: { user: session.user, session }, error: null };
  },
//#end
//#if signUp

  async signUp({ options, ...credentials }) {
    const redirectTo = options && "emailRedirectTo" in options ? options.emailRedirectTo : undefined;
//#if phone
    const channel = options && "channel" in options ? options.channel : undefined;
//#end
//#if phone
    const { status, body } = await request("POST", "/api/auth/sign-up", { ...credentials, data: options?.data, redirectTo, channel, captchaToken: options?.captchaToken });
//#else
    const { status, body } = await request("POST", "/api/auth/sign-up", { ...credentials, data: options?.data, redirectTo, captchaToken: options?.captchaToken });
//#end
    if (status !== 200) return { data: { user: null, session: null }, error: toError(body, status) };
    const session = toSession(body);
    if (session) emit("SIGNED_IN", session);
    return { data: { user: body.user, session }, error: null };
  },
//#end
//#if signInAnonymously

  async signInAnonymously(credentials) {
    const { status, body } = await request("POST", "/api/auth/anonymous", { ...credentials?.options });
    const session = status === 200 ? toSession(body) : null;
    if (!session) return { data: { user: null, session: null }, error: toError(body, status) };
    emit("SIGNED_IN", session);
    return { data: { user: session.user, session }, error: null };
  },
//#end
//#if signInWithIdToken

  async signInWithIdToken({ provider, token, access_token, nonce }) {
    const { status, body } = await request("POST", "/api/auth/id-token", { provider, token, access_token, nonce });
    const session = status === 200 ? toSession(body) : null;
    if (!session) return { data: { user: null, session: null }, error: toError(body, status) };
    emit("SIGNED_IN", session);
    return { data: { user: session.user, session }, error: null };
  },
//#end
//#if signInWithOAuth

  // Leaves the page: the server asks the provider, and the visitor comes back with a session.
  signInWithOAuth({ provider, options }) {
    const asked = new URLSearchParams({ next: options?.redirectTo ?? window.location.pathname, ...options?.queryParams });
    if (options?.scopes) asked.set("scopes", options.scopes);
//#if skips
    // The page opens the address itself.
    const url = new URL(`/api/auth/oauth/${encodeURIComponent(provider)}?${asked}`, window.location.origin).href;
    if (options?.skipBrowserRedirect) return Promise.resolve({ data: { provider, url }, error: null });
//#end
    window.location.assign(`/api/auth/oauth/${encodeURIComponent(provider)}?${asked}`);
    return new Promise<never>(() => undefined);
  },
//#end
//#if signInWithSSO

  async signInWithSSO({ options, ...company }) {
    const { status, body } = await request("POST", "/api/auth/sso", { ...company, redirectTo: options?.redirectTo, captchaToken: options?.captchaToken });
    if (status !== 200) return { data: null, error: toError(body, status) };
    return { data: { url: body.url }, error: null };
  },
//#end
//#if signInWithOtp

  async signInWithOtp({ options, ...credentials }) {
    const redirectTo = options && "emailRedirectTo" in options ? options.emailRedirectTo : undefined;
//#if phone
    const channel = options && "channel" in options ? options.channel : undefined;
//#end
//#if phone
    const asked = { data: options?.data, shouldCreateUser: options?.shouldCreateUser, captchaToken: options?.captchaToken, redirectTo, channel };
//#else
    const asked = { data: options?.data, shouldCreateUser: options?.shouldCreateUser, captchaToken: options?.captchaToken, redirectTo };
//#end
    const { status, body } = await request("POST", "/api/auth/otp", { ...credentials, ...asked });
    if (status !== 200) return { data: { user: null, session: null }, error: toError(body, status) };
    return { data: { user: null, session: null }, error: null };
  },
//#end
//#if verifyOtp

  async verifyOtp(params) {
    const { status, body } = await request("POST", "/api/auth/verify", params);
    if (status !== 200) return { data: { user: null, session: null }, error: toError(body, status) };
    const session = toSession(body);
    if (session) emit(params.type === "recovery" ? "PASSWORD_RECOVERY" : "SIGNED_IN", session);
    return { data: { user: body.user, session }, error: null };
  },
//#end
//#if resend

  async resend({ options, ...credentials }) {
    const redirectTo = options && "emailRedirectTo" in options ? options.emailRedirectTo : undefined;
    const { status, body } = await request("POST", "/api/auth/resend", { ...credentials, redirectTo, captchaToken: options?.captchaToken });
    if (status !== 200) return { data: { user: null, session: null }, error: toError(body, status) };
    return { data: { user: null, session: null }, error: null };
  },
//#end
//#if signOut

  async signOut(options) {
    const { status, body } = await request("POST", "/api/auth/sign-out", { scope: options?.scope });
    if (status !== 200) return { error: toError(body, status) };
    if (options?.scope !== "others") emit("SIGNED_OUT", null);
    return { error: null };
  },
//#end
//#if resetPasswordForEmail

  async resetPasswordForEmail(email, options) {
    const { status, body } = await request("POST", "/api/auth/reset-password", { email, redirectTo: options?.redirectTo, captchaToken: options?.captchaToken });
    if (status !== 200) return { data: null, error: toError(body, status) };
    return { data: {}, error: null };
  },
//#end
//#if updateUser

  async updateUser(attributes, options) {
    const { status, body } = await request("POST", "/api/auth/update-user", { ...attributes, redirectTo: options?.emailRedirectTo });
    if (status !== 200) return { data: { user: null }, error: toError(body, status) };
    if (current) emit("USER_UPDATED", { ...current, user: body.user });
    return { data: { user: body.user }, error: null };
  },
//#end
//#if refreshSession

  // The server renews the session when it is due; what the page sees of it is asked for again.
  async refreshSession() {
    const session = await load(true);
    return session ? { data: { user: session.user, session }, error: null } : { data: { user: null, session: null }, error: missing() };
  },
//#end
//#if exchangeCodeForSession

  // The server's callback has exchanged the code before the page was loaded.
  async exchangeCodeForSession() {
    const session = await load();
    return session ? { data: { user: session.user, session }, error: null } : { data: { user: null, session: null }, error: missing() };
  },
//#end
//#if setSession

  // Tokens that a sign-in outside of this app handed to the page go straight to the server.
  async setSession({ access_token, refresh_token }) {
//#if fragment
    // What the callback left in the address names the session of the cookie.
    if (access_token === "cookie") {
      const known = await load(true);
      if (!known) return { data: { user: null, session: null }, error: missing() };
      emit("SIGNED_IN", known);
      return { data: { user: known.user, session: known }, error: null };
    }
//#end
    const { status, body } = await request("POST", "/api/auth/adopt", { access_token, refresh_token });
    const session = status === 200 ? toSession(body) : null;
    if (!session) return { data: { user: null, session: null }, error: toError(body, status) };
    emit("SIGNED_IN", session);
    return { data: { user: session.user, session }, error: null };
  },
//#end
//#if getUserIdentities

  async getUserIdentities() {
    const session = await load(true);
    return session ? { data: { identities: session.user.identities ?? [] }, error: null } : { data: null, error: missing() };
  },
//#end
//#if linkIdentity

  // Leaves the page like a sign-in; the visitor comes back with one identity more.
  linkIdentity: (async ({ provider, options }: { provider: string; options?: { redirectTo?: string; scopes?: string } }) => {
    const { status, body } = await request("POST", "/api/auth/link-identity", { provider, redirectTo: options?.redirectTo, scopes: options?.scopes });
    if (status !== 200) return { data: { provider, url: null }, error: toError(body, status) };
    window.location.assign(body.url);
    return { data: { provider, url: body.url }, error: null };
  }) as unknown as Auth["linkIdentity"],
//#end
//#if unlinkIdentity

  unlinkIdentity: (async ({ identity_id }: { identity_id: string }) => {
    const { status, body } = await request("POST", "/api/auth/unlink-identity", { identity_id });
    return status === 200 ? { data: {}, error: null } : { data: null, error: toError(body, status) };
  }) as Auth["unlinkIdentity"],
//#end
//#if startAutoRefresh

  async startAutoRefresh() {},
//#end
//#if stopAutoRefresh

  async stopAutoRefresh() {},
//#end
//#if mfa

  mfa: {
//#if mfa.enroll
    enroll: (params: unknown) => factor("enroll", params),
//#end
//#if mfa.challenge
    challenge: (params: unknown) => factor("challenge", params),
//#end
//#if mfa.verify
    verify: (params: unknown) => factor("verify", params),
//#end
//#if mfa.challengeAndVerify
    challengeAndVerify: (params: unknown) => factor("challenge-and-verify", params),
//#end
//#if mfa.unenroll
    unenroll: (params: unknown) => factor("unenroll", params),
//#end
//#if mfa.listFactors
    listFactors: () => factor("factors"),
//#end
//#if mfa.getAuthenticatorAssuranceLevel
    getAuthenticatorAssuranceLevel: () => factor("level"),
//#end
  },
//#end
//#if oauth

  oauth: {
//#if oauth.getAuthorizationDetails
    getAuthorizationDetails: (authorizationId: string) => grant("details", { authorizationId }),
//#end
//#if oauth.approveAuthorization
    approveAuthorization: (authorizationId: string, options?: Leaves) => grant("approve", { authorizationId }, options),
//#end
//#if oauth.denyAuthorization
    denyAuthorization: (authorizationId: string, options?: Leaves) => grant("deny", { authorizationId }, options),
//#end
//#if oauth.listGrants
    listGrants: () => grant("list"),
//#end
//#if oauth.revokeGrant
    revokeGrant: (params: unknown) => grant("revoke", params),
//#end
  } as unknown as Auth["oauth"],
//#end
//#if admin

  admin: new Proxy({}, { get: () => denied }) as never,
//#end
};
//#if keeps

/** Keeps the visitor's session beside the one that comes next. What it gives is a name for `setSession`, and no token. */
export async function keepSession(): Promise<string> {
  const { status, body } = await request("POST", "/api/auth/keep");
  if (status !== 200) throw new Error("Not signed in");
  return body.name;
}
//#end
//#if stored

/** The session as it was written into web storage, without what renews it; `null` for nobody. */
export async function sessionAsStored(): Promise<string | null> {
  const session = await load();
  return session && JSON.stringify(session);
}
//#end
//#if marked

/** Whether somebody was signed in when this browser last heard from the server. */
export function wasSignedIn(): boolean {
  return localStorage.getItem(VISITOR) !== null;
}
//#end

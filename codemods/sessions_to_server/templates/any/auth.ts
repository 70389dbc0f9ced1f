//#if start
import { isRedirect } from "@tanstack/react-router";
//#end
//#if signUp|verifyOtp|updateUser
import type { AuthChangeEvent, AuthError, Session, SupabaseClient, User } from "@supabase/supabase-js";
//#else
//#if toError
import type { AuthChangeEvent, AuthError, Session, SupabaseClient } from "@supabase/supabase-js";
//#else
import type { AuthChangeEvent, Session, SupabaseClient } from "@supabase/supabase-js";
//#end
//#end
import * as server from "__FUNCTIONS__";
//#if toError
import type { AuthFailure, PublicSession } from "__FUNCTIONS__";
//#else
import type { PublicSession } from "__FUNCTIONS__";
//#end
//#if start
import { onUnauthenticated } from "./call-boundary";
//#end
//#if realtime
import { renewRealtime } from "./realtime";
//#end

//#if lent
// The part of supabase.auth that this app uses, served by server functions. Sessions carry the user, the expiry and,
// in memory only, the access token, which pages send themselves; refresh_token stays on the server and is empty here.
//#else
// The part of supabase.auth that this app uses, served by server functions. Sessions carry the user and
//#if named
// the expiry. The tokens stay on the server; access_token is only a name, which changes as the token does:
// in the Authorization header of a request to this app, the server puts the token in its place.
//#else
// the expiry; access_token and refresh_token stay on the server and are empty here.
//#end
//#end
type Auth = Pick<SupabaseClient["auth"], __METHODS__>;
type Listener = (event: AuthChangeEvent, session: Session | null) => void | Promise<void>;

// This module also runs while a page is rendered on the server, for many visitors at once:
// nothing about a session may be remembered there.
const inBrowser = typeof window !== "undefined";
//#if marked
const VISITOR = "visitor";
//#end
const listeners = new Map<string, Listener>();
const tabs = inBrowser && typeof BroadcastChannel !== "undefined" ? new BroadcastChannel("auth") : null;
let current: Session | null | undefined; // undefined: not asked yet. Set in the browser only.
let pending: Promise<Session | null> | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;

function toSession(known: PublicSession | null): Session | null {
  if (!known) return null;
  const { user, expires_at } = known;
//#if lent
  // A page that is rendered on the server must not hold the token.
  const access_token = inBrowser ? (known.access_token ?? "") : "";
  return { user, expires_at, expires_in: expires_at ? expires_at - Math.floor(Date.now() / 1000) : 0, token_type: "bearer", access_token, refresh_token: "" } as Session;
//#else
//#if named
  const access_token = inBrowser ? `cookie.${user.id}.${expires_at ?? 0}` : "";
  return { user, expires_at, expires_in: expires_at ? expires_at - Math.floor(Date.now() / 1000) : 0, token_type: "bearer", access_token, refresh_token: "" } as Session;
//#else
  return { user, expires_at, expires_in: expires_at ? expires_at - Math.floor(Date.now() / 1000) : 0, token_type: "bearer", access_token: "", refresh_token: "" } as Session;
//#end
//#end
}
//#if toError

function toError(error: AuthFailure): AuthError {
  return Object.assign(new Error(error.message), { ...error, __isAuthError: true }) as unknown as AuthError;
}
//#end
//#if missing

const missing = () => toError({ name: "AuthSessionMissingError", message: "Auth session missing!", status: 400, code: undefined });
//#end
//#if denied

// A visitor's session never had the right to ask for these: they fail as they did.
const denied = async () => ({
  data: { user: null, users: [] },
  error: toError({ name: "AuthApiError", message: "User not allowed", status: 403, code: "not_admin" }),
});
//#end

/** Calls a server function; a failed request becomes an error value, as supabase.auth never throws. */
async function ask<T>(call: Promise<T>): Promise<{ answer: T; failed: null } | { answer: null; failed: Failed }> {
  try {
    return { answer: await call, failed: null };
  } catch (cause) {
//#if start
    if (isRedirect(cause)) throw cause;
//#end
//#if toError
    return { answer: null, failed: toError({ name: "AuthRetryableFetchError", message: cause instanceof Error ? cause.message : String(cause), status: 0, code: undefined }) };
//#else
    return { answer: null, failed: cause };
//#end
  }
}
//#if toError
type Failed = AuthError;
//#else
type Failed = unknown;
//#end

//#if start
// What the releases before this one kept here is used no more, and any script can read it.
function forgetTokens() {
  try {
    for (const key of Object.keys(localStorage)) if (/^sb-.+-auth-token/.test(key)) localStorage.removeItem(key);
  } catch {
    // The browser keeps nothing for this page.
  }
}

//#end
function emit(event: AuthChangeEvent, session: Session | null, broadcast = true) {
  if (!inBrowser) return;
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

//#if start
async function load(again = false): Promise<Session | null> {
  if (!inBrowser) return toSession(await server.fetchSession());
//#else
// What the server itself has done to the session meanwhile is not known here: it is asked each time.
async function load(again = true): Promise<Session | null> {
  if (!inBrowser) return null;
//#end
//#if lent
  // A page that slept through the renewal must not send a token that has run out.
  const stale = current?.expires_at !== undefined && current.expires_at * 1000 < Date.now() + 10_000;
  if (current !== undefined && !again && !stale) return current;
//#else
  if (current !== undefined && !again) return current;
//#end
//#if implicit
  pending ??= adopted()
    .then(async (adoptedAs) => {
      const { answer, failed } = await ask(server.fetchSession());
//#else
  pending ??= ask(server.fetchSession())
    .then(({ answer, failed }) => {
//#end
      if (failed) return current ?? null; // offline or a server error: keep what is known
      const session = toSession(answer);
      const before = current;
//#if implicit
      if (before === undefined) emit(adoptedAs ?? takeUrlEvent() ?? "INITIAL_SESSION", session, false);
//#else
      if (before === undefined) emit(takeUrlEvent() ?? "INITIAL_SESSION", session, false);
//#end
      else if (before?.user.id !== session?.user.id) emit(session ? "SIGNED_IN" : "SIGNED_OUT", session, false);
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
  const { answer } = await ask(server.adoptSession({ data: { access_token, refresh_token } }));
  window.history.replaceState(window.history.state, "", window.location.pathname + window.location.search);
  if (!answer?.session) return undefined;
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

if (inBrowser) {
  tabs?.addEventListener("message", () => void load(true));
//#if start
  onUnauthenticated(() => current && void load(true));
  forgetTokens();
//#end
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && current !== undefined && void load(true));
}

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
    const id = Math.random().toString(36).slice(2);
    if (inBrowser) {
      const known = current !== undefined;
      listeners.set(id, callback);
      if (known) queueMicrotask(() => listeners.has(id) && void callback(takeUrlEvent() ?? "INITIAL_SESSION", current ?? null));
      else void load();
    }
    return { data: { subscription: { id, callback, unsubscribe: () => void listeners.delete(id) } } };
  },
//#end
//#if signInWithPassword

  async signInWithPassword({ options, ...credentials }) {
    const { answer, failed } = await ask(server.signInWithPassword({ data: { ...(credentials as Credentials), captchaToken: options?.captchaToken } }));
    const error = failed ?? (answer.error && toError(answer.error));
    const session = toSession(answer?.session ?? null);
    if (error || !session) return { data: { user: null, session: null }, error: error ?? unexpected() };
    emit("SIGNED_IN", session);
    return { data: { user: session.user, session }, error: null };
  },
//#end
//#if signUp

  async signUp({ options, ...credentials }) {
    const redirectTo = options && "emailRedirectTo" in options ? options.emailRedirectTo : undefined;
//#if phone
    const channel = options && "channel" in options ? options.channel : undefined;
    const asked = { ...(credentials as Credentials), data: options?.data as Metadata, redirectTo, channel, captchaToken: options?.captchaToken };
//#else
    const asked = { ...(credentials as Credentials), data: options?.data as Metadata, redirectTo, captchaToken: options?.captchaToken };
//#end
    const { answer, failed } = await ask(server.signUp({ data: asked }));
    const error = failed ?? (answer.error && toError(answer.error));
    if (error) return { data: { user: null, session: null }, error };
    const session = toSession(answer?.session ?? null);
    if (session) emit("SIGNED_IN", session);
    return { data: { user: (answer?.user ?? null) as User | null, session }, error: null };
  },
//#end
//#if signInAnonymously

  async signInAnonymously(credentials) {
    const { answer, failed } = await ask(server.signInAnonymously({ data: { data: credentials?.options?.data as Metadata, captchaToken: credentials?.options?.captchaToken } }));
    const error = failed ?? (answer.error && toError(answer.error));
    const session = toSession(answer?.session ?? null);
    if (error || !session) return { data: { user: null, session: null }, error: error ?? unexpected() };
    emit("SIGNED_IN", session);
    return { data: { user: session.user, session }, error: null };
  },
//#end
//#if signInWithOAuth

  async signInWithOAuth({ provider, options }) {
    const asked = { provider, redirectTo: options?.redirectTo, scopes: options?.scopes, queryParams: options?.queryParams };
    const { answer, failed } = await ask(server.startOAuth({ data: asked }));
    const error = failed ?? (answer.error && toError(answer.error));
    if (error || !answer?.url) return { data: { provider, url: null }, error: error ?? unexpected() };
//#if skips
    if (inBrowser && !options?.skipBrowserRedirect) window.location.assign(answer.url);
//#else
    if (inBrowser) window.location.assign(answer.url);
//#end
    return { data: { provider, url: answer.url }, error: null };
  },
//#end
//#if signInWithSSO

  async signInWithSSO({ options, ...company }) {
    const asked = { ...company, redirectTo: options?.redirectTo, captchaToken: options?.captchaToken };
    const { answer, failed } = await ask(server.startSso({ data: asked }));
    const error = failed ?? (answer.error && toError(answer.error));
    if (error || !answer?.url) return { data: null, error: error ?? unexpected() };
    return { data: { url: answer.url }, error: null };
  },
//#end
//#if signInWithOtp

  async signInWithOtp({ options, ...credentials }) {
    const redirectTo = options && "emailRedirectTo" in options ? options.emailRedirectTo : undefined;
//#if phone
    const channel = options && "channel" in options ? options.channel : undefined;
    const asked = { data: options?.data as Metadata, shouldCreateUser: options?.shouldCreateUser, captchaToken: options?.captchaToken, redirectTo, channel };
//#else
    const asked = { data: options?.data as Metadata, shouldCreateUser: options?.shouldCreateUser, captchaToken: options?.captchaToken, redirectTo };
//#end
    const { answer, failed } = await ask(server.signInWithOtp({ data: { ...(credentials as { email: string }), ...asked } }));
    const error = failed ?? (answer.error && toError(answer.error));
    if (error) return { data: { user: null, session: null }, error };
    return { data: { user: null, session: null }, error: null };
  },
//#end
//#if verifyOtp

  async verifyOtp(params) {
    const { answer, failed } = await ask(server.verifyOtp({ data: params as { email: string; token: string; type: "email" } }));
    const error = failed ?? (answer.error && toError(answer.error));
    if (error) return { data: { user: null, session: null }, error };
    const session = toSession(answer?.session ?? null);
    if (session) emit(params.type === "recovery" ? "PASSWORD_RECOVERY" : "SIGNED_IN", session);
    return { data: { user: (answer?.user ?? null) as User | null, session }, error: null };
  },
//#end
//#if resend

  async resend({ options, ...credentials }) {
    const redirectTo = options && "emailRedirectTo" in options ? options.emailRedirectTo : undefined;
    const asked = { ...(credentials as { type: "signup"; email: string }), redirectTo, captchaToken: options?.captchaToken };
    const { answer, failed } = await ask(server.resend({ data: asked }));
    const error = failed ?? (answer.error && toError(answer.error));
    if (error) return { data: { user: null, session: null }, error };
    return { data: { user: null, session: null }, error: null };
  },
//#end
//#if signOut

  async signOut(options) {
    const { answer, failed } = await ask(server.signOut({ data: { scope: options?.scope ?? "global" } }));
    const error = failed ?? (answer.error && toError(answer.error));
    if (error) return { error };
    if (options?.scope !== "others") emit("SIGNED_OUT", null);
    return { error: null };
  },
//#end
//#if resetPasswordForEmail

  async resetPasswordForEmail(email, options) {
    const { answer, failed } = await ask(server.resetPassword({ data: { email, redirectTo: options?.redirectTo, captchaToken: options?.captchaToken } }));
    const error = failed ?? (answer.error && toError(answer.error));
    return error ? { data: null, error } : { data: {}, error: null };
  },
//#end
//#if updateUser

  async updateUser({ data, ...attributes }, options) {
    const asked = { ...(attributes as Partial<Credentials>), data: data as Metadata, redirectTo: options?.emailRedirectTo };
    const { answer, failed } = await ask(server.updateUser({ data: asked }));
    const error = failed ?? (answer.error && toError(answer.error));
    if (error || !answer?.user) return { data: { user: null }, error: error ?? unexpected() };
    const user = answer.user as User;
    if (current) emit("USER_UPDATED", { ...current, user });
    return { data: { user }, error: null };
  },
//#end
//#if refreshSession

  // The server renews the session when it is due; what the page sees of it is asked for again.
  async refreshSession() {
    const session = await load(true);
    return session ? { data: { user: session.user, session }, error: null } : { data: { user: null, session: null }, error: missing() };
  },
//#end
//#if exchanges

  // The verifier is in a cookie that only the server reads.
  async exchangeCodeForSession(code) {
    const { answer, failed } = await ask(server.exchangeCode({ data: { code } }));
    const error = failed ?? (answer.error && toError(answer.error));
    const session = toSession(answer?.session ?? null);
    if (error || !session) return { data: { user: null, session: null }, error: error ?? unexpected() };
    emit("SIGNED_IN", session);
    return { data: { user: session.user, session }, error: null };
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
    const { answer, failed } = await ask(server.adoptSession({ data: { access_token, refresh_token } }));
    const error = failed ?? (answer.error && toError(answer.error));
    const session = toSession(answer?.session ?? null);
    if (error || !session) return { data: { user: null, session: null }, error: error ?? unexpected() };
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
    const { data, error } = await asked(server.linkIdentity({ data: { provider, redirectTo: options?.redirectTo, scopes: options?.scopes } }));
    if (!data) return { data: { provider, url: null }, error };
    window.location.assign(data.url);
    return { data: { provider, url: data.url }, error: null };
  }) as unknown as Auth["linkIdentity"],
//#end
//#if unlinkIdentity

  unlinkIdentity: (({ identity_id }: { identity_id: string }) => asked(server.unlinkIdentity({ data: { identity_id } }))) as Auth["unlinkIdentity"],
//#end
//#if mfa

  // Second factors are checked on the server, which raises the session there.
  mfa: {
//#if mfa.enroll
    enroll: ({ friendlyName, issuer }: { friendlyName?: string; issuer?: string }) => asked(server.enrollFactor({ data: { friendlyName, issuer } })),
//#end
//#if mfa.challenge
    challenge: ({ factorId }: { factorId: string }) => asked(server.challengeFactor({ data: { factorId } })),
//#end
//#if mfa.verify
    verify: (given: FactorCode) => verified(given),
//#end
//#if mfa.challengeAndVerify
    challengeAndVerify: (given: FactorCode) => verified(given),
//#end
//#if mfa.unenroll
    unenroll: ({ factorId }: { factorId: string }) => asked(server.unenrollFactor({ data: { factorId } })),
//#end
//#if mfa.listFactors
    listFactors: () => asked(server.listFactors()),
//#end
//#if mfa.getAuthenticatorAssuranceLevel
    getAuthenticatorAssuranceLevel: () => asked(server.assuranceLevel()),
//#end
  } as unknown as Auth["mfa"],
//#end
//#if denied

  admin: new Proxy({}, { get: () => denied }) as never,
//#end
//#if oauth

  // Whether another program may act for the visitor is asked and answered on the server, which knows who that is.
  oauth: {
//#if oauth.getAuthorizationDetails
    getAuthorizationDetails: (authorizationId: string) => asked(server.authorizationDetails({ data: { authorizationId } })),
//#end
//#if oauth.approveAuthorization
    approveAuthorization: (authorizationId: string, options?: Leaves) => decided({ authorizationId, approve: true }, options),
//#end
//#if oauth.denyAuthorization
    denyAuthorization: (authorizationId: string, options?: Leaves) => decided({ authorizationId, approve: false }, options),
//#end
//#if oauth.listGrants
    listGrants: () => asked(server.listGrants()),
//#end
//#if oauth.revokeGrant
    revokeGrant: ({ clientId }: { clientId: string }) => asked(server.revokeGrant({ data: { clientId } })),
//#end
  } as unknown as Auth["oauth"],
//#end
//#if startAutoRefresh

  async startAutoRefresh() {},
//#end
//#if stopAutoRefresh

  async stopAutoRefresh() {},
//#end
};
//#if signInWithPassword|signUp|updateUser

type Credentials = { email: string; password: string };
//#end
//#if signUp|signInAnonymously|signInWithOtp|updateUser
type Metadata = Record<string, string> | undefined;
//#end
//#if mfa|linkIdentity|unlinkIdentity|oauth

/** What such a function answers, in the shape of supabase.auth. */
async function asked<T>(call: Promise<{ data: T | null; error: AuthFailure | null }>): Promise<{ data: T; error: null } | { data: null; error: AuthError }> {
  const { answer, failed } = await ask(call);
  const error = failed ?? (answer.error && toError(answer.error));
  return error || !answer?.data ? { data: null, error: error ?? unexpected() } : { data: answer.data, error: null };
}
//#end
//#if oauth.approveAuthorization|oauth.denyAuthorization

type Leaves = { skipBrowserRedirect?: boolean };
/** The browser goes on to where the program learns of the answer, unless the page does that itself. */
async function decided(answer: { authorizationId: string; approve: boolean }, options?: Leaves) {
  const { data, error } = await asked(server.decideAuthorization({ data: answer }));
  if (inBrowser && data?.redirect_url && !options?.skipBrowserRedirect) window.location.assign(data.redirect_url);
  return { data, error };
}
//#end
//#if mfa.verify|mfa.challengeAndVerify

type FactorCode = { factorId: string; challengeId?: string; code: string };
async function verified({ factorId, challengeId, code }: FactorCode) {
  const { data, error } = await asked(server.verifyFactor({ data: { factorId, challengeId, code } }));
  const session = toSession(data);
  if (!session) return { data: null, error };
  emit("MFA_CHALLENGE_VERIFIED", session);
  return { data: session, error: null };
}
//#end
//#if signInWithPassword|signInAnonymously|signInWithOAuth|signInWithSSO|updateUser|setSession|mfa|linkIdentity|unlinkIdentity|oauth

function unexpected(): AuthError {
  return toError({ name: "AuthApiError", message: "Unexpected answer from the server", status: 500, code: undefined });
}
//#end
//#if keeps

/** Keeps the visitor's session beside the one that comes next. What it gives is a name for `setSession`, and no token. */
export async function keepSession(): Promise<string> {
  const { answer } = await ask(server.keepSession());
  if (!answer?.name) throw new Error("Not signed in");
  return answer.name;
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

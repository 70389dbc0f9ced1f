"use server";

import type {
//#if failure
  AuthError,
//#end
//#if signInWithOAuth
  Provider,
//#end
  User,
} from "@supabase/supabase-js";
//#if links
import { headers } from "next/headers";
//#end
//#if schemas
import { z } from "zod/v4";
//#end
//#if realtime
__VARIABLES__
//#end
import { createDb } from "__SESSION__";

//#if lent
// What the browser may know about a session: who, until when, and the access token, which pages of this app send themselves.
// It ends within the hour. The refresh token never leaves the cookie.
export interface PublicSession {
  user: User;
  expires_at: number | undefined;
  access_token: string;
}
//#else
// What the browser may know about a session: who and until when. Never the tokens.
export interface PublicSession {
  user: User;
  expires_at: number | undefined;
}
//#end
//#if toError
export interface AuthFailure {
  name: string;
  message: string;
  status: number | undefined;
  code: string | undefined;
}
//#end
//#if schemas

/** Whatever a page sends is checked here. */
interface Asked {
  data: unknown;
}
//#end
//#if failure

const failure = ({ name, message, status, code }: AuthError): AuthFailure => ({ name, message, status, code: code ?? undefined });
//#end
//#if lent
const known = (user: User | null, session: { expires_at?: number; access_token: string } | null): PublicSession | null =>
  user && session ? { user, expires_at: session.expires_at, access_token: session.access_token } : null;
//#else
const known = (user: User | null, session: { expires_at?: number } | null): PublicSession | null =>
  user && session ? { user, expires_at: session.expires_at } : null;
//#end
//#if signInWithPassword|signUp|signInWithOtp|verifyOtp|resend|resetPasswordForEmail|updateUser

// Lengths only: whether an address or a password will do is for Supabase to say, in the words that the pages show.
const email = z.string().max(320);
//#end
//#if signInWithPassword|signUp|updateUser
const password = z.string().max(1000);
//#end
//#if signInWithPassword|signUp|signInAnonymously|signInWithOtp|resend|resetPasswordForEmail
const captchaToken = z.string().max(10_000).optional();
//#end
//#if links
const redirectTo = z.string().max(2000).optional();
//#end
//#if signUp|signInAnonymously|signInWithOtp|updateUser
const metadata = z.record(z.string(), z.json()).optional();
//#end
//#if links

// Routes of the app's own that take a visitor in who comes back from a mail or a provider.
const HANDLERS: string[] = [__HANDLERS__];

/** Where a mail or a provider comes back to: a place of this site only. An action is only run for its own site, so its origin is ours. */
async function callbackUrl(to: string | undefined) {
  const origin = (await headers()).get("origin");
  if (!origin) throw new Error("An action without an origin");
  const target = new URL(to ?? "/", origin);
  const path = target.origin === origin ? target.pathname + target.search : "/";
  // An app on a phone has an address of its own kind.
  if (!/^https?:$/.test(target.protocol)) return target.href;
  if (HANDLERS.includes(target.pathname)) return origin + target.pathname + target.search;
  return `${origin}__CALLBACK__?next=${encodeURIComponent(path)}`;
}
//#end

/** Who is signed in. What the cookie says is not believed: the Auth server is asked. */
export async function fetchSession(): Promise<PublicSession | null> {
  const db = await createDb();
  const { data } = await db.auth.getUser();
  if (!data.user) return null;
  const { data: now } = await db.auth.getSession();
  return known(data.user, now.session);
}
//#if signInWithPassword

export async function signInWithPassword({ data: asked }: Asked) {
  const { captchaToken: captcha, ...credentials } = z.object({ email, password, captchaToken }).parse(asked);
  const db = await createDb();
  const { data, error } = await db.auth.signInWithPassword({ ...credentials, options: { captchaToken: captcha } });
  if (error) return { session: null, error: failure(error) };
  return { session: known(data.user, data.session), error: null };
}
//#end
//#if signUp

export async function signUp({ data: asked }: Asked) {
  const schema = z.object({ email, password, data: metadata, redirectTo, captchaToken });
  const { email: to, password: chosen, data: about, redirectTo: next, captchaToken: captcha } = schema.parse(asked);
  const options = { data: about, emailRedirectTo: await callbackUrl(next), captchaToken: captcha };
  const db = await createDb();
  const { data, error } = await db.auth.signUp({ email: to, password: chosen, options });
  if (error) return { user: null, session: null, error: failure(error) };
  return { user: data.user, session: known(data.user, data.session), error: null };
}
//#end
//#if signInAnonymously

export async function signInAnonymously({ data: asked }: Asked) {
  const options = z.object({ data: metadata, captchaToken }).parse(asked);
  const db = await createDb();
  const { data, error } = await db.auth.signInAnonymously({ options });
  if (error) return { session: null, error: failure(error) };
  return { session: known(data.user, data.session), error: null };
}
//#end
//#if signInWithOtp

export async function signInWithOtp({ data: asked }: Asked) {
  const schema = z.object({ email, data: metadata, redirectTo, shouldCreateUser: z.boolean().optional(), captchaToken });
  const { email: to, redirectTo: next, ...options } = schema.parse(asked);
  const db = await createDb();
  const { error } = await db.auth.signInWithOtp({ email: to, options: { ...options, emailRedirectTo: await callbackUrl(next) } });
  return { error: error && failure(error) };
}
//#end
//#if verifyOtp

export async function verifyOtp({ data: asked }: Asked) {
  const type = z.enum(["signup", "invite", "magiclink", "recovery", "email_change", "email"]);
  const token = z.object({ email, token: z.string().max(100), type });
  const hash = z.object({ token_hash: z.string().max(1000), type });
  const db = await createDb();
  const { data, error } = await db.auth.verifyOtp(z.union([token, hash]).parse(asked));
  if (error) return { user: null, session: null, error: failure(error) };
  return { user: data.user, session: known(data.user, data.session), error: null };
}
//#end
//#if resend

export async function resend({ data: asked }: Asked) {
  const schema = z.object({ type: z.enum(["signup", "email_change"]), email, redirectTo, captchaToken });
  const { redirectTo: next, captchaToken: captcha, ...mail } = schema.parse(asked);
  const db = await createDb();
  const { error } = await db.auth.resend({ ...mail, options: { emailRedirectTo: await callbackUrl(next), captchaToken: captcha } });
  return { error: error && failure(error) };
}
//#end
//#if signOut

export async function signOut({ data: asked }: Asked) {
  const options = z.object({ scope: z.enum(["global", "local", "others"]).default("global") }).parse(asked);
  const db = await createDb();
  const { error } = await db.auth.signOut(options);
  return { error: error && failure(error) };
}
//#end
//#if resetPasswordForEmail

export async function resetPassword({ data: asked }: Asked) {
  const { email: to, redirectTo: next, captchaToken: captcha } = z.object({ email, redirectTo, captchaToken }).parse(asked);
  const db = await createDb();
  const { error } = await db.auth.resetPasswordForEmail(to, { redirectTo: await callbackUrl(next), captchaToken: captcha });
  return { error: error && failure(error) };
}
//#end
//#if updateUser

/** Of whoever is signed in: without a session the Auth server refuses. */
export async function updateUser({ data: asked }: Asked) {
  const nonce = z.string().max(100).optional();
  const schema = z.strictObject({ email: email.optional(), password: password.optional(), nonce, data: metadata, redirectTo });
  const { redirectTo: next, ...attributes } = schema.parse(asked);
  const db = await createDb();
  const { data, error } = await db.auth.updateUser(attributes, { emailRedirectTo: await callbackUrl(next) });
  return { user: data.user, error: error && failure(error) };
}
//#end
//#if signInWithOAuth

/** Where to send the browser; the PKCE verifier stays here, in an HttpOnly cookie. */
export async function startOAuth({ data: asked }: Asked) {
  // What may be asked of the provider: nothing here decides who is signed in or where to.
  const queryParams = z.object({ access_type: z.string(), prompt: z.string(), login_hint: z.string(), hd: z.string() }).partial().optional();
  const schema = z.object({ provider: z.string().max(50), redirectTo, scopes: z.string().max(1000).optional(), queryParams });
  const { provider, redirectTo: next, scopes, queryParams: given } = schema.parse(asked);
  const params = Object.fromEntries(Object.entries(given ?? {}).filter(([, value]) => value !== undefined)) as Record<string, string>;
  const db = await createDb();
  const { data, error } = await db.auth.signInWithOAuth({
    provider: provider as Provider,
    options: { redirectTo: await callbackUrl(next), scopes, queryParams: params, skipBrowserRedirect: true },
  });
  return { url: data.url, error: error && failure(error) };
}
//#end
//#if setSession

/** Tokens that a sign-in outside of this app handed to the page: they go into the cookie and stay there. */
export async function adoptSession({ data: asked }: Asked) {
  const tokens = z.object({ access_token: z.string().max(10_000), refresh_token: z.string().max(1000) }).parse(asked);
  const db = await createDb();
  const { data, error } = await db.auth.setSession(tokens);
  if (error) return { session: null, error: failure(error) };
  return { session: known(data.user, data.session), error: null };
}
//#end
//#if exchanges

/** The code of a mail or a provider whose page takes it itself. */
export async function exchangeCode({ data: asked }: Asked) {
  const { code } = z.object({ code: z.string().max(1000) }).parse(asked);
  const db = await createDb();
  const { data, error } = await db.auth.exchangeCodeForSession(code);
  if (error) return { session: null, error: failure(error) };
  return { session: known(data.user, data.session), error: null };
}
//#end
//#if realtime

/** For the realtime WebSocket only: short-lived, no refresh token, kept in memory by the page. */
export async function realtimeToken() {
  const db = await createDb();
  const { data: visitor } = await db.auth.getUser();
  const { data } = visitor.user ? await db.auth.getSession() : { data: { session: null } };
  const apikey = __KEY__;
  const expires_at = data.session?.expires_at ?? Math.floor(Date.now() / 1000) + 300;
  return { url: `${__URL__}/realtime/v1`, apikey, token: data.session?.access_token ?? apikey, expires_at };
}
//#end

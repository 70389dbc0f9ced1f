//#if limits
import { createMiddleware, createServerFn } from "@tanstack/react-start";
//#if keeps
import { deleteCookie, getCookie, getRequestHeader, getRequestIP, setCookie, setResponseHeader, setResponseStatus } from "@tanstack/react-start/server";
//#else
import { getRequestHeader, getRequestIP, setResponseHeader, setResponseStatus } from "@tanstack/react-start/server";
//#end
//#else
import { createServerFn } from "@tanstack/react-start";
//#end
import type {
//#if failure
  AuthError,
//#end
//#if signInWithOAuth|linkIdentity
  Provider,
//#end
  User,
//#if unlinkIdentity
  UserIdentity,
//#end
} from "@supabase/supabase-js";
//#if schemas
import { z } from "zod/v4";
//#end
//#if updateUser|mfa|linkIdentity|unlinkIdentity|oauth|keeps
import { requireSupabaseAuth } from "./auth-middleware";
//#end
//#if realtime
import { env } from "./env.server";
//#end
//#if links
import { callbackUrl } from "./origin.server";
//#end
import { requestDb } from "./session.server";

//#if lent
// What the browser may know about a session: who, until when, and the access token, which pages of this app send themselves.
// It ends within the hour. The refresh token never leaves the cookie.
//#else
// What the browser may know about a session: who and until when. Never the tokens.
//#end
export interface PublicSession {
  user: User;
  expires_at: number | undefined;
//#if lent
  access_token: string | undefined;
//#end
}
//#if failure
export interface AuthFailure {
  name: string;
  message: string;
  status: number | undefined;
  code: string | undefined;
}

const failure = ({ name, message, status, code }: AuthError): AuthFailure => ({ name, message, status, code: code ?? undefined });
//#end
//#if signInWithPassword|signUp|signInAnonymously|signInWithOtp|signInWithSSO|resend|resetPasswordForEmail|updateUser|signInWithOAuth|linkIdentity|mfa.enroll
// What was not asked for is undefined, which the client takes for left out; its types may tell the two apart.
const given = <Options extends object>(options: Options) => options as { [Key in keyof Options]: Exclude<Options[Key], undefined> };
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
//#if phone
const phone = z.string().max(32);
//#end
//#if sends
const channel = z.enum(["sms", "whatsapp"]).optional();
//#end
//#end
//#if signInWithPassword|signUp|updateUser
const password = z.string().max(1000);
//#end
//#if signInWithPassword|signUp|signInAnonymously|signInWithOtp|signInWithSSO|resend|resetPasswordForEmail
const captchaToken = z.string().max(10_000).optional();
//#end
//#if signUp|signInWithOtp|signInWithSSO|resend|resetPasswordForEmail|updateUser|signInWithOAuth|linkIdentity
const redirectTo = z.string().max(2000).optional();
//#end
//#if signUp|signInAnonymously|signInWithOtp|updateUser
const metadata = z.record(z.string(), z.json()).optional();
//#end
//#if limits

/** A limit per client address. In memory, so per instance: on serverless add the provider's firewall rule. */
const attempts = new Map<string, { count: number; resetAt: number }>();
const limitAttempts = createMiddleware({ type: "function" }).server(async ({ next }) => {
  const now = Date.now();
  if (attempts.size > 10_000) attempts.forEach((hit, key) => hit.resetAt < now && attempts.delete(key));
  const key = clientAddress();
  const hit = attempts.get(key);
  if (!hit || hit.resetAt < now) attempts.set(key, { count: 1, resetAt: now + 60_000 });
  else if (++hit.count > 30) {
    setResponseHeader("Retry-After", String(Math.ceil((hit.resetAt - now) / 1000)));
    setResponseStatus(429);
    throw new Error("Too many requests. Try again later.");
  }
  return next();
});

function clientAddress(): string {
  // Headers that the hosting provider overwrites; a client cannot choose them there.
  const { VERCEL, NETLIFY, FLY_APP_NAME } = process.env;
  if (VERCEL) return getRequestHeader("x-real-ip") ?? "unknown";
  if (NETLIFY) return getRequestHeader("x-nf-client-connection-ip" as never) ?? "unknown";
  if (FLY_APP_NAME) return getRequestHeader("fly-client-ip" as never) ?? "unknown";
  const near = getRequestIP();
  // Behind another proxy every visitor would have its address: who asked it stands last in the header, where no visitor can choose it.
  const passedOn = !near || isOwnNetwork(near) ? getRequestHeader("x-forwarded-for")?.split(",").pop()?.trim() : undefined;
  return passedOn || near || "unknown";
}

/** Addresses that no visitor of the internet has: of this machine, or of a private network. */
function isOwnNetwork(address: string): boolean {
  const four = address.replace(/^::ffff:/i, "");
  return /^(10|127|169\.254|172\.(1[6-9]|2\d|3[01])|192\.168|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\./.test(four) || /^(::1$|f[cd]|fe[89ab])/i.test(address);
}
//#end

export const fetchSession = createServerFn({ method: "GET" }).handler(async (): Promise<PublicSession | null> => {
  const db = requestDb();
  const { data } = await db.auth.getUser();
  if (!data.user) return null;
  const { data: now } = await db.auth.getSession();
//#if lent
  return { user: data.user, expires_at: now.session?.expires_at, access_token: now.session?.access_token };
//#else
  return { user: data.user, expires_at: now.session?.expires_at };
//#end
});
//#if signInWithPassword

export const signInWithPassword = createServerFn({ method: "POST" })
  .middleware([limitAttempts])
//#if phone
  .validator(z.union([z.object({ email, password, captchaToken }), z.object({ phone, password, captchaToken })]))
//#else
  .validator(z.object({ email, password, captchaToken }))
//#end
  .handler(async ({ data: { captchaToken: captcha, ...credentials } }) => {
    const { data, error } = await requestDb().auth.signInWithPassword({ ...credentials, options: given({ captchaToken: captcha }) });
    if (error) return { session: null, error: failure(error) };
    return { session: known(data.user, data.session), error: null };
  });
//#end
//#if signUp

//#if phone
const newcomer = { password, data: metadata, captchaToken };
//#end
export const signUp = createServerFn({ method: "POST" })
  .middleware([limitAttempts])
//#if phone
  .validator(z.union([z.object({ ...newcomer, email, redirectTo }), z.object({ ...newcomer, phone, channel })]))
  .handler(async ({ data: asked }) => {
    const options = { data: asked.data, captchaToken: asked.captchaToken };
    const { data, error } = await requestDb().auth.signUp(
      "phone" in asked
        ? { phone: asked.phone, password: asked.password, options: given({ ...options, channel: asked.channel }) }
        : { email: asked.email, password: asked.password, options: given({ ...options, emailRedirectTo: callbackUrl(asked.redirectTo) }) },
    );
//#else
  .validator(z.object({ email, password, data: metadata, redirectTo, captchaToken }))
  .handler(async ({ data: { email: to, password: chosen, data: about, redirectTo: next, captchaToken: captcha } }) => {
    const options = given({ data: about, emailRedirectTo: callbackUrl(next), captchaToken: captcha });
    const { data, error } = await requestDb().auth.signUp({ email: to, password: chosen, options });
//#end
    if (error) return { user: null, session: null, error: failure(error) };
    return { user: data.user, session: known(data.user, data.session), error: null };
  });
//#end
//#if signInAnonymously

export const signInAnonymously = createServerFn({ method: "POST" })
  .middleware([limitAttempts])
  .validator(z.object({ data: metadata, captchaToken }))
  .handler(async ({ data: options }) => {
    const { data, error } = await requestDb().auth.signInAnonymously({ options: given(options) });
    if (error) return { session: null, error: failure(error) };
    return { session: known(data.user, data.session), error: null };
  });
//#end
//#if signInWithOtp

//#if phone
const sent = { data: metadata, shouldCreateUser: z.boolean().optional(), captchaToken };
//#end
export const signInWithOtp = createServerFn({ method: "POST" })
  .middleware([limitAttempts])
//#if phone
  .validator(z.union([z.object({ ...sent, email, redirectTo }), z.object({ ...sent, phone, channel })]))
  .handler(async ({ data: asked }) => {
    const options = { data: asked.data, shouldCreateUser: asked.shouldCreateUser, captchaToken: asked.captchaToken };
    const { error } = await requestDb().auth.signInWithOtp(
      "phone" in asked
        ? { phone: asked.phone, options: given({ ...options, channel: asked.channel }) }
        : { email: asked.email, options: given({ ...options, emailRedirectTo: callbackUrl(asked.redirectTo) }) },
    );
//#else
  .validator(z.object({ email, data: metadata, redirectTo, shouldCreateUser: z.boolean().optional(), captchaToken }))
  .handler(async ({ data: { email: to, redirectTo: next, ...options } }) => {
    const { error } = await requestDb().auth.signInWithOtp({ email: to, options: given({ ...options, emailRedirectTo: callbackUrl(next) }) });
//#end
    return { error: error && failure(error) };
  });
//#end
//#if verifyOtp

const type = z.enum(["signup", "invite", "magiclink", "recovery", "email_change", "email"]);
//#if phone
const byPhone = z.object({ phone, token: z.string().max(100), type: z.enum(["sms", "phone_change"]) });
//#end
export const verifyOtp = createServerFn({ method: "POST" })
  .middleware([limitAttempts])
//#if phone
  .validator(z.union([byPhone, z.object({ email, token: z.string().max(100), type }), z.object({ token_hash: z.string().max(1000), type })]))
//#else
  .validator(z.union([z.object({ email, token: z.string().max(100), type }), z.object({ token_hash: z.string().max(1000), type })]))
//#end
  .handler(async ({ data: asked }) => {
    const { data, error } = await requestDb().auth.verifyOtp(asked);
    if (error) return { user: null, session: null, error: failure(error) };
    return { user: data.user, session: known(data.user, data.session), error: null };
  });
//#end
//#if resend

export const resend = createServerFn({ method: "POST" })
  .middleware([limitAttempts])
//#if phone
  .validator(
    z.union([
      z.object({ type: z.enum(["sms", "phone_change"]), phone, captchaToken }),
      z.object({ type: z.enum(["signup", "email_change"]), email, redirectTo, captchaToken }),
    ]),
  )
  .handler(async ({ data: asked }) => {
    const { captchaToken: captcha } = asked;
    const { error } = await requestDb().auth.resend(
      "phone" in asked
        ? { type: asked.type, phone: asked.phone, options: given({ captchaToken: captcha }) }
        : { type: asked.type, email: asked.email, options: given({ emailRedirectTo: callbackUrl(asked.redirectTo), captchaToken: captcha }) },
    );
//#else
  .validator(z.object({ type: z.enum(["signup", "email_change"]), email, redirectTo, captchaToken }))
  .handler(async ({ data: { redirectTo: next, captchaToken: captcha, ...asked } }) => {
    const { error } = await requestDb().auth.resend({ ...asked, options: given({ emailRedirectTo: callbackUrl(next), captchaToken: captcha }) });
//#end
    return { error: error && failure(error) };
  });
//#end
//#if signOut

export const signOut = createServerFn({ method: "POST" })
  .validator(z.object({ scope: z.enum(["global", "local", "others"]).default("global") }))
  .handler(async ({ data }) => {
    const { error } = await requestDb().auth.signOut(data);
    return { error: error && failure(error) };
  });
//#end
//#if resetPasswordForEmail

export const resetPassword = createServerFn({ method: "POST" })
  .middleware([limitAttempts])
  .validator(z.object({ email, redirectTo, captchaToken }))
  .handler(async ({ data }) => {
    const options = given({ redirectTo: callbackUrl(data.redirectTo), captchaToken: data.captchaToken });
    const { error } = await requestDb().auth.resetPasswordForEmail(data.email, options);
    return { error: error && failure(error) };
  });
//#end
//#if updateUser

export const updateUser = createServerFn({ method: "POST" })
  .middleware([limitAttempts, requireSupabaseAuth])
//#if phone
  .validator(z.strictObject({ email: email.optional(), phone: phone.optional(), password: password.optional(), nonce: z.string().max(100).optional(), data: metadata, redirectTo }))
//#else
  .validator(z.strictObject({ email: email.optional(), password: password.optional(), nonce: z.string().max(100).optional(), data: metadata, redirectTo }))
//#end
  .handler(async ({ data: { redirectTo: next, ...attributes }, context }) => {
    const { data, error } = await context.supabase.auth.updateUser(given(attributes), { emailRedirectTo: callbackUrl(next) });
    return { user: data.user, error: error && failure(error) };
  });
//#end
//#if keeps

const kept = { name: "kept-session", path: "/", maxAge: 8 * 3600 };
/** Keeps a session to come back to in a cookie of its own. What the page gets is a name for it. */
export const keepSession = createServerFn({ method: "POST" })
  .middleware([requireSupabaseAuth])
  .handler(async ({ context }) => {
    const { data } = await context.supabase.auth.getSession();
    if (!data.session) return { name: null };
    const name = `kept.${crypto.randomUUID()}`;
    const secure = process.env.NODE_ENV === "production";
    setCookie(kept.name, `${name} ${data.session.refresh_token}`, { ...kept, httpOnly: true, secure, sameSite: "lax" });
    return { name };
  });
//#end
//#if setSession|implicit

/** Tokens that a sign-in outside of this app handed to the page: they go into the cookie and stay there. */
export const adoptSession = createServerFn({ method: "POST" })
  .middleware([limitAttempts])
  .validator(z.object({ access_token: z.string().max(10_000), refresh_token: z.string().max(1000) }))
  .handler(async ({ data: tokens }) => {
//#if keeps
    const [name, token] = getCookie(kept.name)?.split(" ") ?? [];
    const isKept = token !== undefined && tokens.refresh_token === name;
    const { auth } = requestDb();
    const { data, error } = await (isKept ? auth.refreshSession({ refresh_token: token }) : auth.setSession(tokens));
    if (isKept) deleteCookie(kept.name, { path: kept.path });
//#else
    const { data, error } = await requestDb().auth.setSession(tokens);
//#end
    if (error) return { session: null, error: failure(error) };
    return { session: known(data.user, data.session), error: null };
  });
//#end
//#if signInWithOAuth

// What may be asked of the provider: nothing here decides who is signed in or where to.
const queryParams = z.object({ access_type: z.string(), prompt: z.string(), login_hint: z.string(), hd: z.string() }).partial().optional();
/** Where to send the browser; the PKCE verifier stays here, in an HttpOnly cookie. */
export const startOAuth = createServerFn({ method: "POST" })
  .middleware([limitAttempts])
  .validator(z.object({ provider: z.string().max(50), redirectTo, scopes: z.string().max(1000).optional(), queryParams }))
  .handler(async ({ data: { provider, redirectTo: next, scopes, queryParams: asked } }) => {
    const params = Object.fromEntries(Object.entries(asked ?? {}).filter(([, value]) => value !== undefined)) as Record<string, string>;
    const { data, error } = await requestDb().auth.signInWithOAuth({
      provider: provider as Provider,
      options: given({ redirectTo: callbackUrl(next), scopes, queryParams: params, skipBrowserRedirect: true }),
    });
    return { url: data.url, error: error && failure(error) };
  });
//#end
//#if signInWithSSO

/** Where to send the browser: the sign-in of the visitor's company. */
export const startSso = createServerFn({ method: "POST" })
  .middleware([limitAttempts])
  .validator(z.union([z.object({ domain: z.string().max(253), redirectTo, captchaToken }), z.object({ providerId: z.string().max(100), redirectTo, captchaToken })]))
  .handler(async ({ data: { redirectTo: next, captchaToken: checked, ...company } }) => {
    const options = given({ redirectTo: callbackUrl(next), captchaToken: checked, skipBrowserRedirect: true });
    const { data, error } = await requestDb().auth.signInWithSSO({ ...company, options });
    return { url: data?.url ?? null, error: error && failure(error) };
  });
//#end
//#if linkIdentity

/** Where to send the browser to add an identity to the visitor's account. */
export const linkIdentity = createServerFn({ method: "POST" })
  .middleware([limitAttempts, requireSupabaseAuth])
  .validator(z.object({ provider: z.string().max(50), redirectTo, scopes: z.string().max(1000).optional() }))
  .handler(async ({ data: { provider, redirectTo: next, scopes }, context }) => {
    const options = given({ redirectTo: callbackUrl(next), scopes, skipBrowserRedirect: true });
    const { data, error } = await context.supabase.auth.linkIdentity({ provider: provider as Provider, options });
    return { data: data.url ? { url: data.url } : null, error: error && failure(error) };
  });
//#end
//#if unlinkIdentity

export const unlinkIdentity = createServerFn({ method: "POST" })
  .middleware([requireSupabaseAuth])
  .validator(z.object({ identity_id: z.string().max(100) }))
  .handler(async ({ data: { identity_id }, context }) => {
    const { error } = await context.supabase.auth.unlinkIdentity({ identity_id } as UserIdentity);
    return error ? { data: null, error: failure(error) } : { data: {}, error: null };
  });
//#end
//#if oauth.getAuthorizationDetails|oauth.approveAuthorization|oauth.denyAuthorization

// It becomes part of an address.
const authorizationId = z.string().regex(/^[\w-]{1,200}$/, "Not the id of an authorization.");
//#end
//#if oauth.getAuthorizationDetails

/** Which program asks to act for the visitor, and for what. */
export const authorizationDetails = createServerFn({ method: "POST" })
  .middleware([requireSupabaseAuth])
  .validator(z.object({ authorizationId }))
  .handler(async ({ data: asked, context }) => {
    const { data, error } = await context.supabase.auth.oauth.getAuthorizationDetails(asked.authorizationId);
    return { data, error: error && failure(error) };
  });
//#end
//#if oauth.approveAuthorization|oauth.denyAuthorization

/** The visitor's answer; the address to go on to tells the program. */
export const decideAuthorization = createServerFn({ method: "POST" })
  .middleware([requireSupabaseAuth])
  .validator(z.object({ authorizationId, approve: z.boolean() }))
  .handler(async ({ data: asked, context }) => {
    const { oauth } = context.supabase.auth;
    const { data, error } = await (asked.approve ? oauth.approveAuthorization(asked.authorizationId) : oauth.denyAuthorization(asked.authorizationId));
    return { data, error: error && failure(error) };
  });
//#end
//#if oauth.listGrants

export const listGrants = createServerFn({ method: "GET" })
  .middleware([requireSupabaseAuth])
  .handler(async ({ context }) => {
    const { data, error } = await context.supabase.auth.oauth.listGrants();
    return { data, error: error && failure(error) };
  });
//#end
//#if oauth.revokeGrant

export const revokeGrant = createServerFn({ method: "POST" })
  .middleware([requireSupabaseAuth])
  .validator(z.object({ clientId: z.string().max(200) }))
  .handler(async ({ data: asked, context }) => {
    const { error } = await context.supabase.auth.oauth.revokeGrant(asked);
    return error ? { data: null, error: failure(error) } : { data: {}, error: null };
  });
//#end
//#if mfa.challenge|mfa.verify|mfa.challengeAndVerify|mfa.unenroll

const factorId = z.string().max(100);
//#end
//#if mfa.enroll

const label = z.string().max(200).optional();
export const enrollFactor = createServerFn({ method: "POST" })
  .middleware([limitAttempts, requireSupabaseAuth])
  .validator(z.object({ friendlyName: label, issuer: label }))
  .handler(async ({ data: asked, context }) => {
    const { data, error } = await context.supabase.auth.mfa.enroll({ factorType: "totp", ...given(asked) });
    return { data, error: error && failure(error) };
  });
//#end
//#if mfa.challenge

export const challengeFactor = createServerFn({ method: "POST" })
  .middleware([limitAttempts, requireSupabaseAuth])
  .validator(z.object({ factorId }))
  .handler(async ({ data: asked, context }) => {
    const { data, error } = await context.supabase.auth.mfa.challenge(asked);
    return { data, error: error && failure(error) };
  });
//#end
//#if mfa.verify|mfa.challengeAndVerify

/** The session that a code raises goes into the cookie. */
export const verifyFactor = createServerFn({ method: "POST" })
  .middleware([limitAttempts, requireSupabaseAuth])
  .validator(z.object({ factorId, challengeId: z.string().max(100).optional(), code: z.string().max(20) }))
  .handler(async ({ data: { challengeId, ...asked }, context }) => {
    const { mfa } = context.supabase.auth;
    const { data, error } = challengeId ? await mfa.verify({ ...asked, challengeId }) : await mfa.challengeAndVerify(asked);
    if (error) return { data: null, error: failure(error) };
//#if lent
    return { data: known(data.user, { expires_at: Math.floor(Date.now() / 1000) + data.expires_in, access_token: data.access_token }), error: null };
//#else
    return { data: known(data.user, { expires_at: Math.floor(Date.now() / 1000) + data.expires_in }), error: null };
//#end
  });
//#end
//#if mfa.unenroll

export const unenrollFactor = createServerFn({ method: "POST" })
  .middleware([limitAttempts, requireSupabaseAuth])
  .validator(z.object({ factorId }))
  .handler(async ({ data: asked, context }) => {
    const { data, error } = await context.supabase.auth.mfa.unenroll(asked);
    return { data, error: error && failure(error) };
  });
//#end
//#if mfa.listFactors

export const listFactors = createServerFn({ method: "GET" })
  .middleware([requireSupabaseAuth])
  .handler(async ({ context }) => {
    const { data, error } = await context.supabase.auth.mfa.listFactors();
    return { data, error: error && failure(error) };
  });
//#end
//#if mfa.getAuthenticatorAssuranceLevel

/** How the visitor has signed in, from the token, and what their factors ask for, from the account. */
export const assuranceLevel = createServerFn({ method: "GET" })
  .middleware([requireSupabaseAuth])
  .handler(async ({ context }) => {
    const { data, error } = await context.supabase.auth.getUser();
    if (error) return { data: null, error: failure(error) };
    const currentLevel = context.claims.aal === "aal2" ? "aal2" : "aal1";
    const nextLevel = data.user.factors?.some(({ status }) => status === "verified") ? "aal2" : currentLevel;
    return { data: { currentLevel, nextLevel, currentAuthenticationMethods: context.claims.amr ?? [] }, error: null };
  });
//#end
//#if realtime

/** For the realtime WebSocket only: short-lived, no refresh token, kept in memory by the page. */
export const realtimeToken = createServerFn({ method: "POST" }).handler(async () => {
  const db = requestDb();
  const { data: visitor } = await db.auth.getUser();
  const { data } = visitor.user ? await db.auth.getSession() : { data: { session: null } };
  const { SUPABASE_URL, SUPABASE_PUBLISHABLE_KEY } = env();
  const expires_at = data.session?.expires_at ?? Math.floor(Date.now() / 1000) + 300;
  return { url: `${SUPABASE_URL}/realtime/v1`, apikey: SUPABASE_PUBLISHABLE_KEY, token: data.session?.access_token ?? SUPABASE_PUBLISHABLE_KEY, expires_at };
});
//#end

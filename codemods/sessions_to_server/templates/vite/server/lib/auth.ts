//#if links
import { Hono, type Context } from "hono";
//#else
import { Hono } from "hono";
//#end
//#if keeps
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
//#end
import type {
//#if calls|mfa|oauth
  AuthError,
//#end
//#if mfa.verify|mfa.challengeAndVerify
  AuthMFAVerifyResponseData,
//#end
//#if mfa.enroll
  MFAEnrollTOTPParams,
//#end
//#if signInWithOAuth|linkIdentity
  Provider,
//#end
//#if resend
  ResendParams,
//#end
  User,
//#if unlinkIdentity
  UserIdentity,
//#end
//#if verifyOtp
  VerifyOtpParams,
//#end
} from "@supabase/supabase-js";
//#if calls|mfa|oauth
import { z } from "zod/v4";
//#end
import type { Env } from "../env.js";
//#if keeps|linkIdentity|unlinkIdentity
import { createDb, sessionUser } from "./session.js";
//#else
import { createDb } from "./session.js";
//#end

//#if lent
// What the browser may know about a session: who, until when, and the access token, which pages of this app send themselves.
// It ends within the hour. The refresh token never leaves the cookie.
type Known = { expires_at?: number; access_token: string } | null;
const publicSession = (user: User | null, known: Known) => ({ session: user ? { user, expires_at: known?.expires_at, access_token: known?.access_token } : null });
//#else
// What the browser may know about a session: who and until when. Never the tokens.
const publicSession = (user: User | null, known: { expires_at?: number } | null) => ({ session: user ? { user, expires_at: known?.expires_at } : null });
//#end
//#if calls|mfa|oauth
const failure = (error: AuthError) => ({ error: { name: error.name, message: error.message, status: error.status, code: error.code } });
//#end

//#if signInWithPassword|signUp|signInWithOtp|verifyOtp|resend|resetPasswordForEmail|updateUser
// Lengths only: whether an address or a password will do is for Supabase to say, in the words that the pages show.
const email = z.string().max(320);
//#if phone
const phone = z.string().max(32);
const channel = z.enum(["sms", "whatsapp"]).optional();
//#end
//#end
//#if signInWithPassword|signUp|updateUser
const password = z.string().max(1000);
//#end
//#if signInWithPassword|signUp|signInAnonymously|signInWithOtp|resend|resetPasswordForEmail|signInWithSSO
const captchaToken = z.string().max(10_000).optional();
//#end
//#if signUp|signInWithOtp|resend|resetPasswordForEmail|updateUser|signInWithSSO|linkIdentity
const redirectTo = z.string().max(2000).optional();
//#end
//#if signUp|signInAnonymously|signInWithOtp|updateUser
const metadata = z.record(z.string(), z.json()).optional();
//#end

export function authRoutes(env: Env) {
//#if links
  const origin = (c: Context) => env.origin ?? new URL(c.req.url).origin;

  // Only paths of this app: an absolute or protocol-relative URL would be an open redirect.
  const localPath = (c: Context, to: string | undefined): string => {
    if (!to) return "/";
    try {
      const url = new URL(to, origin(c));
      return url.origin === origin(c) ? url.pathname + url.search + url.hash : "/";
    } catch {
      return "/";
    }
  };
  const callback = (c: Context, to: string | undefined) => `${origin(c)}/api/auth/callback?next=${encodeURIComponent(localPath(c, to))}`;

//#end
  return new Hono()
//#if signInWithPassword
    .post("/sign-in", async (c) => {
//#if phone
      const either = z.union([z.object({ email, password, captchaToken }), z.object({ phone, password, captchaToken })]);
      const { captchaToken: captcha, ...credentials } = either.parse(await c.req.json());
//#else
      const { captchaToken: captcha, ...credentials } = z.object({ email, password, captchaToken }).parse(await c.req.json());
//#end
      const { data, error } = await createDb(c, env).auth.signInWithPassword({ ...credentials, options: { captchaToken: captcha } });
      if (error) return c.json(failure(error), 400);
      return c.json(publicSession(data.user, data.session));
    })
//#end
//#if signUp
    .post("/sign-up", async (c) => {
//#if phone
      const known = { password, data: metadata, captchaToken };
      const { password: chosen, ...body } = z.union([z.object({ ...known, email, redirectTo }), z.object({ ...known, phone, channel })]).parse(await c.req.json());
      const options = { data: body.data, captchaToken: body.captchaToken };
      const asked =
        "phone" in body
          ? { phone: body.phone, password: chosen, options: { ...options, channel: body.channel } }
          : { email: body.email, password: chosen, options: { ...options, emailRedirectTo: callback(c, body.redirectTo) } };
      const { data, error } = await createDb(c, env).auth.signUp(asked);
//#else
      const body = z.object({ email, password, data: metadata, redirectTo, captchaToken }).parse(await c.req.json());
      const options = { data: body.data, emailRedirectTo: callback(c, body.redirectTo), captchaToken: body.captchaToken };
      const { data, error } = await createDb(c, env).auth.signUp({ email: body.email, password: body.password, options });
//#end
      if (error) return c.json(failure(error), 400);
      return c.json({ user: data.user, ...publicSession(data.session ? data.user : null, data.session) });
    })
//#end
//#if signInAnonymously
    .post("/anonymous", async (c) => {
      const body = z.object({ data: metadata, captchaToken }).parse(await c.req.json());
      const { data, error } = await createDb(c, env).auth.signInAnonymously({ options: body });
      if (error) return c.json(failure(error), 400);
      return c.json(publicSession(data.user, data.session));
    })
//#end
//#if signInWithIdToken
    .post("/id-token", async (c) => {
      const body = z
        .object({ provider: z.string().max(50), token: z.string().max(10_000), access_token: z.string().max(10_000).optional(), nonce: z.string().max(1000).optional() })
        .parse(await c.req.json());
      const { data, error } = await createDb(c, env).auth.signInWithIdToken(body);
      if (error) return c.json(failure(error), 400);
      return c.json(publicSession(data.user, data.session));
    })
//#end
//#if signInWithOtp
    .post("/otp", async (c) => {
//#if phone
      const known = { data: metadata, shouldCreateUser: z.boolean().optional(), captchaToken };
      const body = z.union([z.object({ ...known, email, redirectTo }), z.object({ ...known, phone, channel })]).parse(await c.req.json());
      const options = { data: body.data, shouldCreateUser: body.shouldCreateUser, captchaToken: body.captchaToken };
      const asked =
        "phone" in body
          ? { phone: body.phone, options: { ...options, channel: body.channel } }
          : { email: body.email, options: { ...options, emailRedirectTo: callback(c, body.redirectTo) } };
      const { error } = await createDb(c, env).auth.signInWithOtp(asked);
//#else
      const body = z.object({ email, data: metadata, redirectTo, shouldCreateUser: z.boolean().optional(), captchaToken }).parse(await c.req.json());
      const { email: to, redirectTo: next, ...options } = body;
      const { error } = await createDb(c, env).auth.signInWithOtp({ email: to, options: { ...options, emailRedirectTo: callback(c, next) } });
//#end
      if (error) return c.json(failure(error), 400);
      return c.json({});
    })
//#end
//#if verifyOtp
    .post("/verify", async (c) => {
      const type = z.enum(["signup", "invite", "magiclink", "recovery", "email_change", "email"]);
//#if phone
      const byPhone = z.object({ phone, token: z.string().max(100), type: z.enum(["sms", "phone_change"]) });
      const byEmail = [z.object({ email, token: z.string().max(100), type }), z.object({ token_hash: z.string().max(1000), type })] as const;
      const body = z.union([byPhone, ...byEmail]).parse(await c.req.json());
//#else
      const body = z.union([z.object({ email, token: z.string().max(100), type }), z.object({ token_hash: z.string().max(1000), type })]).parse(await c.req.json());
//#end
      const { data, error } = await createDb(c, env).auth.verifyOtp(body satisfies VerifyOtpParams);
      if (error) return c.json(failure(error), 400);
      return c.json({ user: data.user, ...publicSession(data.session ? data.user : null, data.session) });
    })
//#end
//#if resend
    .post("/resend", async (c) => {
//#if phone
      const byPhone = z.object({ type: z.enum(["sms", "phone_change"]), phone, captchaToken });
      const byEmail = z.object({ type: z.enum(["signup", "email_change"]), email, redirectTo, captchaToken });
      const body = z.union([byPhone, byEmail]).parse(await c.req.json());
      const asked: ResendParams =
        "phone" in body
          ? { type: body.type, phone: body.phone, options: { captchaToken: body.captchaToken } }
          : { type: body.type, email: body.email, options: { emailRedirectTo: callback(c, body.redirectTo), captchaToken: body.captchaToken } };
      const { error } = await createDb(c, env).auth.resend(asked);
//#else
      const body = z.object({ type: z.enum(["signup", "email_change"]), email, redirectTo, captchaToken }).parse(await c.req.json());
      const options = { emailRedirectTo: callback(c, body.redirectTo), captchaToken: body.captchaToken };
      const { error } = await createDb(c, env).auth.resend({ type: body.type, email: body.email, options } satisfies ResendParams);
//#end
      if (error) return c.json(failure(error), 400);
      return c.json({});
    })
//#end
//#if signOut
    .post("/sign-out", async (c) => {
      const { scope } = z.object({ scope: z.enum(["global", "local", "others"]).default("global") }).parse(await c.req.json());
      const { error } = await createDb(c, env).auth.signOut({ scope });
      if (error) return c.json(failure(error), 400);
      return c.json({});
    })
//#end
//#if resetPasswordForEmail
    .post("/reset-password", async (c) => {
      const body = z.object({ email, redirectTo, captchaToken }).parse(await c.req.json());
      const options = { redirectTo: callback(c, body.redirectTo), captchaToken: body.captchaToken };
      const { error } = await createDb(c, env).auth.resetPasswordForEmail(body.email, options);
      if (error) return c.json(failure(error), 400);
      return c.json({});
    })
//#end
//#if updateUser
    .post("/update-user", async (c) => {
//#if phone
      const body = z.strictObject({ email: email.optional(), phone: phone.optional(), password: password.optional(), nonce: z.string().max(100).optional(), data: metadata, redirectTo });
//#else
      const body = z.strictObject({ email: email.optional(), password: password.optional(), nonce: z.string().max(100).optional(), data: metadata, redirectTo });
//#end
      const { redirectTo: next, ...attributes } = body.parse(await c.req.json());
      const { data, error } = await createDb(c, env).auth.updateUser(attributes, { emailRedirectTo: callback(c, next) });
      if (error) return c.json(failure(error), 400);
      return c.json({ user: data.user });
    })
//#end
//#if keeps
    // A session to come back to, in a cookie of its own. What the page gets is a name for it.
    .post("/keep", async (c) => {
      const db = createDb(c, env);
      const { data } = (await sessionUser(db)) ? await db.auth.getSession() : { data: { session: null } };
      if (!data.session) return c.json({ error: { message: "Not signed in" } }, 401);
      const name = `kept.${crypto.randomUUID()}`;
      setCookie(c, "kept-session", `${name} ${data.session.refresh_token}`, { httpOnly: true, secure: env.NODE_ENV === "production", sameSite: "lax", path: "/api/auth", maxAge: 8 * 3600 });
      return c.json({ name });
    })
//#end
//#if setSession|implicit
    // Tokens that a sign-in outside of this app handed to the page: they go into the cookie and stay there.
    .post("/adopt", async (c) => {
      const body = z.object({ access_token: z.string().max(10_000), refresh_token: z.string().max(1000) }).parse(await c.req.json());
//#if keeps
      const [name, kept] = getCookie(c, "kept-session")?.split(" ") ?? [];
      const db = createDb(c, env);
      const isKept = kept !== undefined && body.refresh_token === name;
      const { data, error } = await (isKept ? db.auth.refreshSession({ refresh_token: kept }) : db.auth.setSession(body));
      if (isKept) deleteCookie(c, "kept-session", { path: "/api/auth" });
//#else
      const { data, error } = await createDb(c, env).auth.setSession(body);
//#end
      if (error) return c.json(failure(error), 400);
      return c.json(publicSession(data.user, data.session));
    })
//#end
//#if linkIdentity
    // Where to send the browser to add an identity to the visitor's account.
    .post("/link-identity", async (c) => {
      const body = z.object({ provider: z.string().max(50), redirectTo, scopes: z.string().max(1000).optional() }).parse(await c.req.json());
      const db = createDb(c, env);
      if (!(await sessionUser(db))) return c.json({ error: { message: "Not signed in" } }, 401);
      const options = { redirectTo: callback(c, body.redirectTo), scopes: body.scopes, skipBrowserRedirect: true };
      const { data, error } = await db.auth.linkIdentity({ provider: body.provider as Provider, options });
      if (error) return c.json(failure(error), 400);
      return c.json({ url: data.url });
    })
//#end
//#if unlinkIdentity
    .post("/unlink-identity", async (c) => {
      const { identity_id } = z.object({ identity_id: z.string().max(100) }).parse(await c.req.json());
      const db = createDb(c, env);
      if (!(await sessionUser(db))) return c.json({ error: { message: "Not signed in" } }, 401);
      const { error } = await db.auth.unlinkIdentity({ identity_id } as UserIdentity);
      if (error) return c.json(failure(error), 400);
      return c.json({});
    })
//#end
//#if mfa
    .route("/mfa", factorRoutes(env))
//#end
//#if oauth
    .route("/grants", grantRoutes(env))
//#end
//#if signInWithOAuth
    .get("/oauth/:provider", async (c) => {
      const { next, scopes, ...asked } = c.req.query();
      // What may be asked of the provider: nothing here decides who is signed in or where to.
      const queryParams = Object.fromEntries(["access_type", "prompt", "login_hint", "hd"].flatMap((key) => (asked[key] ? [[key, asked[key]]] : [])));
      const { data, error } = await createDb(c, env).auth.signInWithOAuth({
        provider: c.req.param("provider") as Provider,
        options: { redirectTo: callback(c, next), scopes, queryParams, skipBrowserRedirect: true },
      });
      return c.redirect(error ? `/?error=${encodeURIComponent(error.message)}` : data.url);
    })
//#end
//#if signInWithSSO
    .post("/sso", async (c) => {
      const company = z.union([z.object({ domain: z.string().max(253) }), z.object({ providerId: z.string().max(100) })]);
      const asked = company.and(z.object({ redirectTo, captchaToken })).parse(await c.req.json());
      const options = { redirectTo: callback(c, asked.redirectTo), captchaToken: asked.captchaToken, skipBrowserRedirect: true };
      const { data, error } = await createDb(c, env).auth.signInWithSSO("domain" in asked ? { domain: asked.domain, options } : { providerId: asked.providerId, options });
      if (error) return c.json(failure(error), 400);
      return c.json({ url: data.url });
    })
//#end
//#if links
    // E-mail links and OAuth providers come back here with a one-time code (PKCE).
    .get("/callback", async (c) => {
      const next = new URL(localPath(c, c.req.query("next")), origin(c));
      const db = createDb(c, env);
      let recovery = false;
      db.auth.onAuthStateChange((event) => void (recovery ||= event === "PASSWORD_RECOVERY"));
      const code = c.req.query("code");
      const token_hash = c.req.query("token_hash");
      const type = c.req.query("type");
      if (code) {
        const { error } = await db.auth.exchangeCodeForSession(code);
        if (error) next.searchParams.set("error", error.message);
      } else if (token_hash && type) {
        const { error } = await db.auth.verifyOtp({ token_hash, type: type as "email" });
        if (error) next.searchParams.set("error", error.message);
      } else {
        next.searchParams.set("error", c.req.query("error_description") ?? "sign-in link is invalid");
      }
      if (recovery) next.searchParams.set("auth_event", "PASSWORD_RECOVERY");
//#if fragment
      // Pages of this app look for the session in the address: what they find there only names the one in the cookie.
      const found = new URLSearchParams({ access_token: "cookie", refresh_token: "cookie", token_type: "bearer" });
      if (recovery || type) found.set("type", recovery ? "recovery" : (type ?? ""));
      if (!next.searchParams.has("error")) next.hash = found.toString();
//#end
      return c.redirect(next.pathname + next.search + next.hash);
    })
//#end
    .get("/session", async (c) => {
      const db = createDb(c, env);
      const { data } = await db.auth.getUser();
      if (!data.user) return c.json(publicSession(null, null));
      const { data: now } = await db.auth.getSession();
      return c.json(publicSession(data.user, now.session));
    });
}
//#if mfa

// Second factors. What verifying one proves stands in the session's token, which stays in the cookie.
function factorRoutes(env: Env) {
//#if mfa.challenge|mfa.verify|mfa.challengeAndVerify|mfa.unenroll
  const factorId = z.string().max(100);
//#end
//#if mfa.verify|mfa.challengeAndVerify
  const code = z.string().max(20);
  const verified = (data: AuthMFAVerifyResponseData) => ({
    data: { user: data.user, token_type: data.token_type, expires_in: data.expires_in, access_token: "", refresh_token: "" },
//#if lent
    ...publicSession(data.user, { expires_at: Math.floor(Date.now() / 1000) + data.expires_in, access_token: data.access_token }),
//#else
    ...publicSession(data.user, { expires_at: Math.floor(Date.now() / 1000) + data.expires_in }),
//#end
  });
//#end
  const routes = new Hono();
//#if mfa.enroll
  routes.post("/enroll", async (c) => {
    const named = { friendlyName: z.string().max(200).optional() };
    const totp = z.strictObject({ ...named, factorType: z.literal("totp"), issuer: z.string().max(200).optional() });
    const phone = z.strictObject({ ...named, factorType: z.literal("phone"), phone: z.string().max(32) });
    const { data, error } = await createDb(c, env).auth.mfa.enroll(z.union([totp, phone]).parse(await c.req.json()) as MFAEnrollTOTPParams);
    if (error) return c.json(failure(error), 400);
    return c.json({ data });
  });
//#end
//#if mfa.challenge
  routes.post("/challenge", async (c) => {
    const body = z.strictObject({ factorId, channel: z.enum(["sms", "whatsapp"]).optional() }).parse(await c.req.json());
    const { data, error } = await createDb(c, env).auth.mfa.challenge(body as { factorId: string });
    if (error) return c.json(failure(error), 400);
    return c.json({ data });
  });
//#end
//#if mfa.verify
  routes.post("/verify", async (c) => {
    const body = z.strictObject({ factorId, challengeId: z.string().max(100), code }).parse(await c.req.json());
    const { data, error } = await createDb(c, env).auth.mfa.verify(body);
    if (error) return c.json(failure(error), 400);
    return c.json(verified(data));
  });
//#end
//#if mfa.challengeAndVerify
  routes.post("/challenge-and-verify", async (c) => {
    const body = z.strictObject({ factorId, code }).parse(await c.req.json());
    const { data, error } = await createDb(c, env).auth.mfa.challengeAndVerify(body);
    if (error) return c.json(failure(error), 400);
    return c.json(verified(data));
  });
//#end
//#if mfa.unenroll
  routes.post("/unenroll", async (c) => {
    const { data, error } = await createDb(c, env).auth.mfa.unenroll(z.strictObject({ factorId }).parse(await c.req.json()));
    if (error) return c.json(failure(error), 400);
    return c.json({ data });
  });
//#end
//#if mfa.listFactors
  routes.post("/factors", async (c) => {
    const { data, error } = await createDb(c, env).auth.mfa.listFactors();
    if (error) return c.json(failure(error), 400);
    return c.json({ data });
  });
//#end
//#if mfa.getAuthenticatorAssuranceLevel
  // As the library tells it: the level of the token, and whether a factor could raise it.
  routes.post("/level", async (c) => {
    const db = createDb(c, env);
    const { data: asked } = await db.auth.getUser();
    const { data: token } = asked.user ? await db.auth.getClaims() : { data: null };
    const currentLevel = token?.claims.aal ?? null;
    const nextLevel = asked.user?.factors?.some((factor) => factor.status === "verified") ? "aal2" : currentLevel;
    return c.json({ data: { currentLevel, nextLevel, currentAuthenticationMethods: token?.claims.amr ?? [] } });
  });
//#end
  return routes;
}
//#end
//#if oauth

// What other programs may do in the visitor's name: who asks, the visitor's answer, and what was granted before.
function grantRoutes(env: Env) {
//#if oauth.getAuthorizationDetails|oauth.approveAuthorization|oauth.denyAuthorization
  // It becomes part of an address.
  const asked = z.strictObject({ authorizationId: z.string().regex(/^[\w-]{1,200}$/, "Not the id of an authorization.") });
//#end
  const refused = (error: AuthError) => (error.name === "AuthSessionMissingError" ? 401 : 400);
  const routes = new Hono();
//#if oauth.getAuthorizationDetails
  routes.post("/details", async (c) => {
    const { authorizationId } = asked.parse(await c.req.json());
    const { data, error } = await createDb(c, env).auth.oauth.getAuthorizationDetails(authorizationId);
    if (error) return c.json(failure(error), refused(error));
    return c.json({ data });
  });
//#end
//#if oauth.approveAuthorization
  routes.post("/approve", async (c) => {
    const { authorizationId } = asked.parse(await c.req.json());
    const { data, error } = await createDb(c, env).auth.oauth.approveAuthorization(authorizationId, { skipBrowserRedirect: true });
    if (error) return c.json(failure(error), refused(error));
    return c.json({ data });
  });
//#end
//#if oauth.denyAuthorization
  routes.post("/deny", async (c) => {
    const { authorizationId } = asked.parse(await c.req.json());
    const { data, error } = await createDb(c, env).auth.oauth.denyAuthorization(authorizationId, { skipBrowserRedirect: true });
    if (error) return c.json(failure(error), refused(error));
    return c.json({ data });
  });
//#end
//#if oauth.listGrants
  routes.post("/list", async (c) => {
    const { data, error } = await createDb(c, env).auth.oauth.listGrants();
    if (error) return c.json(failure(error), refused(error));
    return c.json({ data });
  });
//#end
//#if oauth.revokeGrant
  routes.post("/revoke", async (c) => {
    const body = z.strictObject({ clientId: z.string().max(200) }).parse(await c.req.json());
    const { data, error } = await createDb(c, env).auth.oauth.revokeGrant(body);
    if (error) return c.json(failure(error), refused(error));
    return c.json({ data });
  });
//#end
  return routes;
}
//#end

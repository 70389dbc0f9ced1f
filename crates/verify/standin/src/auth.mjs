// GoTrue subset. Tokens are real signed JWTs; users live in auth.users so that triggers and foreign keys on it work.
import { randomBytes, randomUUID, scryptSync, timingSafeEqual, createHash } from 'node:crypto';
import { makeGrants } from './grants.mjs';
const now = () => Math.floor(Date.now() / 1000);
const hashPw = (pw) => {
  const s = randomBytes(8).toString('hex');
  return `scrypt$${s}$${scryptSync(pw, s, 32, { N: 1024 }).toString('hex')}`;
};
const okPw = (pw, h) => {
  const [, s, d] = String(h).split('$');
  return !!d && timingSafeEqual(Buffer.from(d, 'hex'), scryptSync(pw, s, 32, { N: 1024 }));
};
const err = (status, error_code, msg) => ({ status, json: { code: error_code, error_code, msg, message: msg } });

export function makeAuth({ db, signer, cfg }) {
  const outbox = [];
  const one = async (sql, p) => (await db.query(sql, p)).rows[0];
  const pub = (u) => ({
    id: u.id,
    aud: 'authenticated',
    role: u.role ?? 'authenticated',
    email: u.email ?? '',
    email_confirmed_at: u.email_confirmed_at ?? undefined,
    phone: u.phone ?? '',
    confirmed_at: u.email_confirmed_at ?? undefined,
    last_sign_in_at: u.last_sign_in_at ?? undefined,
    app_metadata: u.raw_app_meta_data ?? {},
    user_metadata: u.raw_user_meta_data ?? {},
    identities: u.identities ?? [],
    created_at: u.created_at,
    updated_at: u.updated_at,
    is_anonymous: !!u.is_anonymous,
  });
  const withIds = async (u) => ({
    ...u,
    identities: (
      await db.query(
        `select id identity_id, provider_id id, user_id, identity_data, provider, created_at, updated_at from auth.identities where user_id=$1`,
        [u.id],
      )
    ).rows,
  });
  const issue = async (u, sid, method = 'password', parent = null) => {
    const session_id = sid ?? (await one(`insert into auth.sessions(user_id) values ($1) returning id`, [u.id])).id;
    const token = randomBytes(9).toString('base64url');
    await db.query(`insert into auth.refresh_tokens(token,user_id,session_id,parent) values ($1,$2,$3,$4)`, [token, u.id, session_id, parent]);
    const expires_in = cfg.jwtExp();
    // A clock that differs from the app's by `skew` seconds.
    const at = now() + cfg.skew();
    const exp = at + expires_in;
    const access_token = signer.sign({
      iss: `${cfg.url}/auth/v1`,
      sub: u.id,
      aud: 'authenticated',
      exp,
      iat: at,
      email: u.email ?? '',
      phone: u.phone ?? '',
      app_metadata: u.raw_app_meta_data ?? {},
      user_metadata: u.raw_user_meta_data ?? {},
      role: 'authenticated',
      aal: 'aal1',
      amr: [{ method, timestamp: now() }],
      session_id,
      is_anonymous: !!u.is_anonymous,
    });
    return { access_token, token_type: 'bearer', expires_in, expires_at: exp, refresh_token: token, user: pub(await withIds(u)) };
  };
  const bearer = (h) => {
    const m = (h.authorization ?? '').match(/^Bearer (.+)$/i);
    return m ? signer.verify(m[1]) : null;
  };
  const me = async (h) => {
    const v = bearer(h);
    if (!v) return null;
    if (v.expired) return 'expired';
    if (!v.claims.sub) return null;
    const s = v.claims.session_id && (await one(`select 1 from auth.sessions where id=$1`, [v.claims.session_id]));
    if (v.claims.session_id && !s) return 'gone';
    return one(`select * from auth.users where id=$1 and deleted_at is null`, [v.claims.sub]);
  };
  const create = async ({ email, password, data, phone, confirm, provider = 'email', is_anonymous = false, app_metadata }) => {
    const u = await one(
      `insert into auth.users(email, encrypted_password, raw_user_meta_data, raw_app_meta_data, phone, email_confirmed_at, is_anonymous) values ($1,$2,$3,$4,$5,$6,$7) returning *`,
      [
        email?.toLowerCase() ?? null,
        password ? hashPw(password) : null,
        JSON.stringify(data ?? {}),
        JSON.stringify({ provider, providers: [provider], ...app_metadata }),
        phone ?? null,
        confirm ? new Date() : null,
        is_anonymous,
      ],
    );
    if (!is_anonymous)
      await db.query(`insert into auth.identities(provider_id,user_id,identity_data,provider) values ($1,$2,$3,$4)`, [
        u.id,
        u.id,
        JSON.stringify({ sub: u.id, email, email_verified: !!confirm }),
        provider,
      ]);
    return u;
  };
  const redirectOk = (to) => {
    if (!to) return cfg.siteUrl;
    try {
      const o = new URL(to);
      return cfg.allow.some((p) => to.startsWith(p)) || o.origin === new URL(cfg.siteUrl).origin ? to : cfg.siteUrl;
    } catch {
      return cfg.siteUrl;
    }
  };
  const oneTime = async (u, type, body, redirect_to) => {
    const token = String(Math.floor(100000 + Math.random() * 900000));
    const token_hash = (body.code_challenge ? 'pkce_' : '') + createHash('sha256').update(`${u.email}${token}${randomUUID()}`).digest('hex');
    let flow = null;
    if (body.code_challenge)
      flow = (
        await one(
          `insert into auth.flow_state(user_id,code_challenge,code_challenge_method,authentication_method,redirect_to) values ($1,$2,$3,$4,$5) returning id`,
          [u.id, body.code_challenge, body.code_challenge_method ?? 's256', type, redirect_to],
        )
      ).id;
    await db.query(`insert into auth.one_time_tokens(token_hash,token,user_id,token_type,flow_id,redirect_to) values ($1,$2,$3,$4,$5,$6)`, [
      token_hash,
      token,
      u.id,
      type,
      flow,
      redirect_to,
    ]);
    const link = `${cfg.url}/auth/v1/verify?token=${token_hash}&type=${type}&redirect_to=${encodeURIComponent(redirect_to)}`;
    outbox.push({ to: u.email, type, token, token_hash, link, at: new Date().toISOString() });
  };
  const useToken = async (where, type) => {
    const r = await one(
      `delete from auth.one_time_tokens where ${where[0]} and (token_type=$${where[1].length + 1} or $${where[1].length + 1}='email') returning *`,
      [...where[1], type],
    );
    if (!r) return null;
    if (Date.now() - new Date(r.created_at) > 3600e3) return null;
    const u = await one(
      `update auth.users set email_confirmed_at=coalesce(email_confirmed_at, now()), last_sign_in_at=now() where id=$1 returning *`,
      [r.user_id],
    );
    return { r, u };
  };
  const newCode = async (flow) => {
    const code = randomUUID();
    await db.query(`update auth.flow_state set auth_code=$1 where id=$2`, [code, flow]);
    return code;
  };

  const grants = makeGrants({ cfg, me, err });
  let queue = Promise.resolve(); // refreshes one at a time: GoTrue locks the token's row
  const handle = (req) => (req.query.get('grant_type') === 'refresh_token' ? (queue = queue.catch(() => {}).then(() => run(req))) : run(req));
  async function run({ method, path, query, headers, body }) {
    const p = path.replace(/^\/auth\/v1/, '');
    const b = body ?? {};
    const rt = redirectOk(query.get('redirect_to'));
    const svc = () => bearer(headers)?.claims?.role === 'service_role';
    if (p === '/.well-known/jwks.json') return { status: 200, json: signer.jwks, headers: { 'cache-control': 'public, max-age=600' } };
    if (p === '/health') return { status: 200, json: { name: 'GoTrue', version: 'standin' } };
    if (p === '/settings')
      return {
        status: 200,
        json: { external: { email: true, google: true, github: true }, disable_signup: false, mailer_autoconfirm: cfg.autoconfirm() },
      };
    if (p === '/signup' && method === 'POST') {
      if (!b.email && !b.phone) {
        const u = await create({ is_anonymous: true, data: b.data });
        return { status: 200, json: await issue(u, null, 'anonymous') };
      }
      if (!b.password || b.password.length < 6) return err(422, 'weak_password', 'Password should be at least 6 characters.');
      const old = await one(`select * from auth.users where email=$1`, [b.email.toLowerCase()]);
      if (old)
        return old.email_confirmed_at && cfg.autoconfirm()
          ? err(422, 'user_already_exists', 'User already registered')
          : { status: 200, json: { ...pub(old), id: randomUUID(), identities: [] } };
      const u = await create({ email: b.email, password: b.password, data: b.data, confirm: cfg.autoconfirm() });
      if (cfg.autoconfirm()) {
        await db.query(`update auth.users set last_sign_in_at=now() where id=$1`, [u.id]);
        return { status: 200, json: await issue(u) };
      }
      await oneTime(u, 'signup', b, rt);
      return { status: 200, json: { ...pub(await withIds(u)), confirmation_sent_at: new Date().toISOString() } };
    }
    if (p === '/token' && method === 'POST') {
      const g = query.get('grant_type');
      if (g === 'password') {
        const u = await one(`select * from auth.users where email=$1`, [String(b.email ?? '').toLowerCase()]);
        if (!u || !u.encrypted_password || !okPw(b.password ?? '', u.encrypted_password))
          return err(400, 'invalid_credentials', 'Invalid login credentials');
        if (!u.email_confirmed_at) return err(400, 'email_not_confirmed', 'Email not confirmed');
        const v = await one(`update auth.users set last_sign_in_at=now() where id=$1 returning *`, [u.id]);
        return { status: 200, json: await issue(v) };
      }
      if (g === 'refresh_token') {
        cfg.stats.refresh++;
        const r = await one(`select *, extract(epoch from now()-updated_at) age from auth.refresh_tokens where token=$1`, [b.refresh_token ?? '']);
        if (!r) return err(400, 'refresh_token_not_found', 'Invalid Refresh Token: Refresh Token Not Found');
        const u = await one(`select * from auth.users where id=$1`, [r.user_id]);
        if (r.revoked) {
          const child = await one(`select * from auth.refresh_tokens where parent=$1 order by id desc limit 1`, [r.token]);
          if (child && !child.revoked && r.age < cfg.reuseInterval) {
            // reuse interval: hand back the active child
            const s = await issue(u, r.session_id, 'token_refresh', 'reuse');
            await db.query(`delete from auth.refresh_tokens where token=$1`, [s.refresh_token]);
            return { status: 200, json: { ...s, refresh_token: child.token } };
          }
          await db.query(`delete from auth.sessions where id=$1`, [r.session_id]);
          return err(400, 'refresh_token_already_used', 'Invalid Refresh Token: Already Used');
        }
        await db.query(`update auth.refresh_tokens set revoked=true, updated_at=now() where id=$1`, [r.id]);
        return { status: 200, json: await issue(u, r.session_id, 'token_refresh', r.token) };
      }
      if (g === 'pkce') {
        const f = await one(`select * from auth.flow_state where auth_code=$1`, [b.auth_code ?? '']);
        if (!f) return err(404, 'flow_state_not_found', 'invalid flow state, no valid flow state found');
        const m =
          f.code_challenge_method?.toLowerCase() === 'plain'
            ? b.code_verifier
            : createHash('sha256')
                .update(b.code_verifier ?? '')
                .digest('base64url');
        if (m !== f.code_challenge) return err(400, 'bad_code_verifier', 'code challenge does not match previously saved code verifier');
        await db.query(`delete from auth.flow_state where id=$1`, [f.id]);
        const u = await one(`select * from auth.users where id=$1`, [f.user_id]);
        return { status: 200, json: await issue(u, null, f.authentication_method) };
      }
      return err(400, 'unsupported_grant_type', `unsupported grant type ${g}`);
    }
    if (p === '/user') {
      const u = await me(headers);
      if (u === 'expired') return err(403, 'bad_jwt', 'invalid JWT: unable to parse or verify signature, token has invalid claims: token is expired');
      if (u === 'gone') return err(403, 'session_not_found', 'Session from session_id claim in JWT does not exist');
      if (!u) return err(401, 'no_authorization', 'This endpoint requires a valid Bearer token');
      if (method === 'PUT') {
        if (b.password) {
          if (b.password.length < 6) return err(422, 'weak_password', 'Password should be at least 6 characters.');
          if (u.encrypted_password && okPw(b.password, u.encrypted_password))
            return err(422, 'same_password', 'New password should be different from the old password.');
          await db.query(`update auth.users set encrypted_password=$1 where id=$2`, [hashPw(b.password), u.id]);
        }
        if (b.data)
          await db.query(`update auth.users set raw_user_meta_data = coalesce(raw_user_meta_data,'{}'::jsonb) || $1::jsonb where id=$2`, [
            JSON.stringify(b.data),
            u.id,
          ]);
        if (b.email) await db.query(`update auth.users set email=$1 where id=$2`, [b.email.toLowerCase(), u.id]);
        return { status: 200, json: pub(await withIds(await one(`update auth.users set updated_at=now() where id=$1 returning *`, [u.id]))) };
      }
      return { status: 200, json: pub(await withIds(u)) };
    }
    if (p === '/logout' && method === 'POST') {
      const v = bearer(headers);
      if (!v?.claims?.sub) return err(401, 'no_authorization', 'This endpoint requires a Bearer token');
      const scope = query.get('scope') ?? 'global';
      await db.query(
        scope === 'global'
          ? `delete from auth.sessions where user_id=$1 and ($2::text is not null)`
          : scope === 'others'
            ? `delete from auth.sessions where user_id=$1 and id::text<>$2`
            : `delete from auth.sessions where user_id=$1 and id::text=$2`,
        [v.claims.sub, v.claims.session_id ?? ''],
      );
      return { status: 204 };
    }
    if (['/recover', '/magiclink', '/otp', '/resend'].includes(p) && method === 'POST') {
      let u = await one(`select * from auth.users where email=$1`, [String(b.email ?? '').toLowerCase()]);
      if (!u && (p === '/otp' || p === '/magiclink') && b.create_user !== false) u = await create({ email: b.email, data: b.data });
      if (u) await oneTime(u, p === '/recover' ? 'recovery' : p === '/resend' ? (b.type ?? 'signup') : 'magiclink', b, rt);
      return { status: 200, json: {} };
    }
    if (p === '/verify' && method === 'GET') {
      const x = await useToken([`token_hash=$1`, [query.get('token') ?? '']], query.get('type'));
      const to = new URL(x?.r.redirect_to ?? rt);
      if (!x) {
        to.hash = 'error=access_denied&error_code=otp_expired&error_description=Email+link+is+invalid+or+has+expired';
        return { status: 303, headers: { location: to.href } };
      }
      if (x.r.flow_id) {
        to.searchParams.set('code', await newCode(x.r.flow_id));
        return { status: 303, headers: { location: to.href } };
      }
      const s = await issue(x.u, null, 'otp');
      to.hash = `access_token=${s.access_token}&expires_in=${s.expires_in}&expires_at=${s.expires_at}&refresh_token=${s.refresh_token}&token_type=bearer&type=${x.r.token_type}`;
      return { status: 303, headers: { location: to.href } };
    }
    if (p === '/verify' && method === 'POST') {
      const x = b.token_hash
        ? await useToken([`token_hash=$1`, [b.token_hash]], b.type)
        : await useToken(
            [`token=$1 and user_id=(select id from auth.users where email=$2)`, [b.token ?? '', String(b.email ?? '').toLowerCase()]],
            b.type,
          );
      return x ? { status: 200, json: await issue(x.u, null, 'otp') } : err(403, 'otp_expired', 'Token has expired or is invalid');
    }
    if (p === '/authorize') {
      // a pretend identity provider that always says yes
      const email = query.get('login_hint') ?? `${query.get('provider')}-user@example.test`;
      let u = await one(`select * from auth.users where email=$1`, [email]);
      u ??= await create({ email, confirm: true, provider: query.get('provider'), data: { full_name: 'OAuth User' } });
      const to = new URL(rt);
      if (query.get('code_challenge')) {
        const f = await one(
          `insert into auth.flow_state(user_id,code_challenge,code_challenge_method,authentication_method,redirect_to) values ($1,$2,$3,'oauth',$4) returning id`,
          [u.id, query.get('code_challenge'), query.get('code_challenge_method'), rt],
        );
        to.searchParams.set('code', await newCode(f.id));
      } else {
        const s = await issue(u, null, 'oauth');
        to.hash = `access_token=${s.access_token}&refresh_token=${s.refresh_token}&expires_in=${s.expires_in}&token_type=bearer`;
      }
      return { status: 302, headers: { location: to.href } };
    }
    if (p.startsWith('/admin/users')) {
      if (!svc()) return err(403, 'not_admin', 'User not allowed');
      const id = p.split('/')[3];
      if (method === 'POST') {
        const u = await create({
          email: b.email,
          password: b.password,
          data: b.user_metadata,
          confirm: b.email_confirm,
          app_metadata: b.app_metadata,
        });
        return { status: 200, json: pub(await withIds(u)) };
      }
      if (method === 'GET' && !id)
        return { status: 200, json: { users: (await db.query(`select * from auth.users order by created_at`)).rows.map(pub), aud: 'authenticated' } };
      const u = await one(`select * from auth.users where id=$1`, [id]);
      if (!u) return err(404, 'user_not_found', 'User not found');
      if (method === 'DELETE') {
        await db.query(`delete from auth.users where id=$1`, [id]);
        return { status: 200, json: {} };
      }
      if (method === 'PUT') {
        await db.query(
          `update auth.users set raw_user_meta_data=raw_user_meta_data||$1::jsonb, raw_app_meta_data=raw_app_meta_data||$2::jsonb where id=$3`,
          [JSON.stringify(b.user_metadata ?? {}), JSON.stringify(b.app_metadata ?? {}), id],
        );
        return { status: 200, json: pub(await one(`select * from auth.users where id=$1`, [id])) };
      }
      return { status: 200, json: pub(u) };
    }
    const answer = await grants({ method, p, query, headers, body });
    return answer ?? err(404, 'not_found', `standin: ${method} ${path} is not implemented`);
  }
  return { handle, outbox };
}

// One HTTP + WebSocket server with the shape of a Supabase project's gateway. Test-only: never in production.
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { readFileSync, readdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDb, asRole } from './db.mjs';
import { makeSigner } from './jwt.mjs';
import { makeAuth } from './auth.mjs';
import { makeStorage } from './storage.mjs';
import { makeRealtime } from './realtime.mjs';
import { policies } from './policies.mjs';
import { tests } from './tests.mjs';
import { loadCatalog, build, execute, pgError, ApiError } from './postgrest.mjs';

export async function start({
  dbUrl,
  port = 0,
  host = '127.0.0.1',
  migrations,
  seed,
  alg = 'ES256',
  functions = {},
  jwtExp = 3600,
  autoconfirm = true,
  siteUrl,
  allow = [],
  reuseInterval = 10,
  legacyKeys = true,
  log = false,
} = {}) {
  const files = migrations ? readdirSync(migrations).filter((f) => f.endsWith('.sql')).sort() : [];
  const sql = files.map((f) => readFileSync(join(migrations, f), 'utf8'));
  const db = await openDb(dbUrl, sql.join('\n'));
  const applied = [];
  for (const [at, f] of files.entries()) {
    try {
      await db.exec(sql[at]);
      applied.push({ f, ok: true });
    } catch (e) {
      applied.push({ f, ok: false, code: e.code, message: e.message });
    }
  }
  if (seed) await db.exec(readFileSync(seed, 'utf8'));
  await db.exec('select realtime.standin_install()');
  let cat = await loadCatalog(db);
  const signer = makeSigner({ alg });
  // Both generations of API keys are accepted; every key is made at start.
  const newKey = `sb_publishable_${randomBytes(12).toString('hex')}`;
  const newSecret = `sb_secret_${randomBytes(12).toString('hex')}`;
  const far = Math.floor(Date.now() / 1000) + 10 * 365 * 86400;
  const anonKey = legacyKeys ? signer.sign({ iss: 'supabase', ref: 'standin', role: 'anon', iat: 1, exp: far }, 'HS256') : newKey;
  const serviceKey = legacyKeys
    ? signer.sign({ iss: 'supabase', ref: 'standin', role: 'service_role', iat: 1, exp: far }, 'HS256')
    : newSecret;
  const keyRole = (k) =>
    k === anonKey || k === newKey
      ? { role: 'anon' }
      : k === serviceKey || k === newSecret
        ? { role: 'service_role' }
        : null;
  const cfg = { url: '', siteUrl, allow, jwtExp: () => state.jwtExp, skew: () => state.skew, autoconfirm: () => state.autoconfirm, reuseInterval, stats: { refresh: 0 } };
  const state = { jwtExp, autoconfirm, skew: 0 };
  const reqlog = [];
  const calls = [];
  const auth = makeAuth({ db, signer, cfg });
  const storage = makeStorage({ db, signer, dir: mkdtempSync(join(tmpdir(), 'standin-')) });
  const cors = {
    'access-control-allow-origin': '*',
    'access-control-allow-headers': '*',
    'access-control-allow-methods': '*',
    'access-control-expose-headers': '*',
  };

  const server = createServer(async (req, res) => {
    const u = new URL(req.url, 'http://x');
    const chunks = [];
    for await (const c of req) chunks.push(c);
    const rawBody = Buffer.concat(chunks);
    const done = (status, headers, out) => {
      res.writeHead(status, { ...cors, ...headers });
      res.end(req.method === 'HEAD' ? undefined : out);
      if (log) console.log(req.method, req.url, status);
      reqlog.push({ method: req.method, path: u.pathname, search: u.search, status });
    };
    const json = (status, x, h = {}) =>
      done(status, { 'content-type': 'application/json; charset=utf-8', ...h }, typeof x === 'string' ? x : JSON.stringify(x));
    try {
      if (req.method === 'OPTIONS') return done(204, {});
      if (u.pathname === '/_standin/outbox') return json(200, auth.outbox);
      if (u.pathname === '/_standin/requests') return json(200, reqlog.slice(-500));
      if (u.pathname === '/_standin/calls') return json(200, calls);
      if (u.pathname === '/_standin/policies') return json(200, await policies(db));
      if (u.pathname === '/_standin/tests' && req.method === 'POST') return json(200, await tests(db, rawBody.toString()));
      if (u.pathname === '/_standin/stats') return json(200, cfg.stats);
      if (u.pathname === '/_standin/config' && req.method === 'POST') {
        Object.assign(state, JSON.parse(rawBody.toString()));
        return json(200, state);
      }
      const open =
        (u.pathname.startsWith('/auth/v1/') && /^\/auth\/v1\/(verify|authorize|oauth\/authorize|callback|\.well-known|health)/.test(u.pathname)) ||
        u.pathname.startsWith('/storage/v1/object/public/') ||
        (u.pathname.startsWith('/storage/v1/object/sign/') && req.method === 'GET') ||
        (u.pathname.startsWith('/storage/v1/object/upload/sign/') && req.method === 'PUT') ||
        u.pathname.startsWith('/functions/');
      const key = req.headers.apikey ?? u.searchParams.get('apikey');
      const kr = keyRole(key);
      if (!open && !kr)
        return json(401, {
          message: key ? 'Invalid API key' : 'No API key found in request',
          hint: 'Double check your Supabase `anon` or `service_role` API key.',
        });
      const tok = (req.headers.authorization ?? '').replace(/^Bearer\s+/i, '');
      let claims = kr;
      if (tok && tok !== key) {
        const v = signer.verify(tok);
        if (v?.expired) {
          if (!u.pathname.startsWith('/auth/')) return json(401, { code: 'PGRST303', details: null, hint: null, message: 'JWT expired' });
        } else if (v) claims = v.claims;
        else if (!keyRole(tok) && !u.pathname.startsWith('/auth/'))
          return json(401, { code: 'PGRST301', details: null, hint: null, message: 'No suitable key or wrong key type' });
      }
      const ct = req.headers['content-type'] ?? '';
      let body;
      if (rawBody.length && /json/.test(ct))
        try {
          body = JSON.parse(rawBody.toString());
        } catch {
          return json(400, { code: 'PGRST102', message: 'Empty or invalid json', details: null, hint: null });
        }
      if (u.pathname.startsWith('/auth/v1/')) {
        const r = await auth.handle({ method: req.method, path: u.pathname, query: u.searchParams, headers: req.headers, body });
        return json(r.status, r.json ?? '', r.headers);
      }
      if (u.pathname.startsWith('/storage/v1/')) {
        const r = await storage({
          method: req.method,
          path: u.pathname,
          query: u.searchParams,
          headers: req.headers,
          rawBody,
          body,
          claims: claims ?? { role: 'anon' },
        });
        return r.raw ? done(r.status, r.headers, r.raw) : json(r.status, r.json);
      }
      if (u.pathname.startsWith('/functions/v1/')) {
        const name = u.pathname.slice(14);
        const fn = functions[name];
        calls.push({ name, claims, body: body ?? rawBody.toString() });
        if (!fn) return json(404, { code: 'NOT_FOUND', message: 'Requested function was not found' });
        if (!claims) return json(401, { code: 'UNAUTHORIZED_NO_AUTH_HEADER', message: 'Missing authorization header' });
        const r = await fn({ body, claims, db });
        return json(r.status ?? 200, r.json ?? {});
      }
      if (u.pathname.startsWith('/rest/v1/')) {
        const path = decodeURIComponent(u.pathname.slice(9));
        const schema = req.headers['accept-profile'] ?? req.headers['content-profile'] ?? 'public';
        const prefer = req.headers.prefer ?? '';
        if (!path)
          return json(200, {
            swagger: '2.0',
            paths: Object.fromEntries([...cat.tables.values()].filter((t) => t.schema === 'public').map((t) => [`/${t.name}`, {}])),
          });
        let out;
        try {
          const plan = build(cat, { method: req.method, path, search: u.search, headers: req.headers, body, schema });
          out = await asRole(db, claims, async (t) => {
            const r = await execute(t, plan, prefer);
            return { ...r, plan };
          });
        } catch (e) {
          const x = e instanceof ApiError ? e : pgError(e, claims);
          return json(x.status, x.body);
        }
        const h = {};
        if (out.plan.count || req.method === 'GET' || req.method === 'HEAD') {
          const o = out.plan.offset ?? 0;
          h['content-range'] = `${out.n ? `${o}-${o + out.n - 1}` : '*'}/${out.total ?? '*'}`;
        }
        const status = out.plan.count && out.plan.limit != null && out.total > out.n ? 206 : out.status;
        if (/vnd\.pgrst\.object/.test(req.headers.accept ?? '')) h['content-type'] = 'application/vnd.pgrst.object+json; charset=utf-8';
        return json(status, out.body, h);
      }
      return json(404, { message: 'no Route matched with those values' });
    } catch (e) {
      console.error('standin', req.method, req.url, e);
      return json(500, { message: e.message });
    }
  });
  await new Promise((r) => server.listen(port, host, r));
  const url = `http://${host}:${server.address().port}`;
  cfg.url = url;
  cfg.siteUrl ??= url;
  const rt = await makeRealtime({ server, db, signer, cat: () => cat, keyRole });
  return {
    url,
    anonKey,
    serviceKey,
    db,
    applied,
    outbox: auth.outbox,
    calls,
    stats: cfg.stats,
    set: (x) => Object.assign(state, x),
    reload: async () => {
      await db.exec('select realtime.standin_install()');
      cat = await loadCatalog(db);
    },
    signer,
    close: async () => {
      await rt.close();
      server.closeAllConnections?.();
      await new Promise((r) => server.close(r));
      await db.close();
    },
  };
}

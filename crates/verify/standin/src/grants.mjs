// Other programs that ask to act for a user: they register, the user answers, and what was granted can be taken back. In memory;
// the codes are not redeemed.
import { randomBytes, randomUUID } from 'node:crypto';

export function makeGrants({ cfg, me, err }) {
  const programs = new Map();
  const questions = new Map();
  const granted = [];
  const told = ({ redirect_uri, state }, params) => {
    const to = new URL(redirect_uri);
    for (const [name, value] of Object.entries({ ...params, ...(state && { state }) })) to.searchParams.set(name, value);
    return { status: 200, json: { redirect_url: to.href } };
  };
  const of = (user) => granted.filter((one) => one.user === user.id);

  /** The answer, or nothing for a path of others. */
  return async ({ method, p, query, headers, body }) => {
    if (p === '/oauth/clients/register' && method === 'POST') {
      const program = { id: randomUUID(), name: body?.client_name ?? '', uri: body?.client_uri ?? '', logo_uri: '', redirect_uris: body?.redirect_uris ?? [] };
      programs.set(program.id, program);
      return { status: 201, json: { client_id: program.id, client_name: program.name, redirect_uris: program.redirect_uris } };
    }
    if (p === '/oauth/authorize' && method === 'GET') {
      const program = programs.get(query.get('client_id'));
      const redirect_uri = query.get('redirect_uri');
      if (!program?.redirect_uris.includes(redirect_uri)) return err(400, 'validation_failed', 'invalid client or redirect_uri');
      const id = randomBytes(16).toString('hex');
      questions.set(id, { program, redirect_uri, scope: query.get('scope') ?? 'email', state: query.get('state') });
      const to = new URL('/oauth/consent', cfg.siteUrl);
      to.searchParams.set('authorization_id', id);
      return { status: 302, headers: { location: to.href } };
    }
    const [, id, consent] = p.match(/^\/oauth\/authorizations\/([\w-]+)(\/consent)?$/) ?? [];
    if (!id && p !== '/user/oauth/grants') return undefined;
    const user = await me(headers);
    if (!user || typeof user === 'string') return err(401, 'no_authorization', 'This endpoint requires a valid Bearer token');
    if (!id) {
      const kept = of(user).find((one) => one.client.id === query.get('client_id'));
      if (method === 'GET') return { status: 200, json: of(user).map(({ client, scopes, granted_at }) => ({ client, scopes, granted_at })) };
      if (!kept) return err(404, 'oauth_consent_not_found', 'No active grant found for this client');
      granted.splice(granted.indexOf(kept), 1);
      return { status: 204 };
    }
    const one = questions.get(id);
    if (!one || (one.user && one.user !== user.id)) return err(404, 'oauth_authorization_not_found', 'authorization not found');
    // Whoever looks first is asked.
    one.user = user.id;
    const { redirect_uris: _, ...client } = one.program;
    const scopes = one.scope.split(' ');
    if (!consent) {
      const known = of(user).find((grant) => grant.client.id === client.id && scopes.every((scope) => grant.scopes.includes(scope)));
      if (known) return told(one, { code: randomUUID() });
      return { status: 200, json: { authorization_id: id, redirect_uri: one.redirect_uri, client, user: { id: user.id, email: user.email }, scope: one.scope } };
    }
    questions.delete(id);
    if (body?.action === 'deny') return told(one, { error: 'access_denied', error_description: 'User denied the request' });
    if (body?.action !== 'approve') return err(400, 'validation_failed', 'action must be approve or deny');
    granted.push({ user: user.id, client, scopes, granted_at: new Date().toISOString() });
    return told(one, { code: randomUUID() });
  };
}

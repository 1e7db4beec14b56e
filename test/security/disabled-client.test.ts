// T-25: a disabled client gets nothing more, and what it held stops working.
import test from 'ava';
import { disableClient } from '../../src/storage/clients.ts';
import { createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { withClient } from './_clients.ts';
import { authorization, exchange, obtainCode, post, type Target } from './_flow.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

/** Disables, and waits until the news has reached this node: the client can do nothing any more. */
async function disable(target: Target & { clientId: string }): Promise<void> {
  await disableClient(gatehouse.db, target.clientId);
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const answer = await post(target, '/revoke', { token: 'x' }, { as: 'any' });
    if (answer.status === 401) return;
  }
  throw new Error('still enabled');
}

test('T-25 code, refresh token, session, pages and tokens of a disabled client are dead', async (t) => {
  const target = await withClient(gatehouse, {
    firstParty: false,
    redirectUris: [{ uri: 'https://app.test/cb', type: 'web' }],
    postLogoutRedirectUris: ['https://app.test/cb'],
  });
  const overrides = { scope: 'openid email offline_access' };
  const flow = await obtainCode(target, 'web', { overrides });
  const tokens = (await exchange(target, 'web', flow)).json;
  const inHand = await obtainCode(target, 'web', { overrides });
  const pushed = await post(
    target,
    '/par',
    new URL(authorization(target, 'web').url).search.slice(1),
    {
      as: 'web',
    },
  );
  t.is(pushed.status, 201);
  const waiting = createAgent(target.issuer);
  const signInPage = await waiting.get(authorization(target, 'web').url);
  const consentPage = await flow.agent.get(authorization(target, 'web', { prompt: 'consent' }).url);
  const headers = { Authorization: `Bearer ${tokens['access_token']}` };
  t.is((await fetch(`${target.issuer}/userinfo`, { headers })).status, 200);

  await disable(target);

  for (const answer of [
    await exchange(target, 'web', inHand),
    await post(
      target,
      '/token',
      { grant_type: 'refresh_token', refresh_token: String(tokens['refresh_token']) },
      { as: 'web' },
    ),
    await post(target, '/introspect', { token: String(tokens['access_token']) }, { as: 'web' }),
    await post(target, '/revoke', { token: String(tokens['access_token']) }, { as: 'web' }),
    await post(target, '/par', 'response_type=code', { as: 'web' }),
  ]) {
    t.is(answer.status, 401, answer.text);
    t.is(answer.json['error'], 'invalid_client');
  }

  const userinfo = await fetch(`${target.issuer}/userinfo`, { headers });
  t.is(userinfo.status, 401);
  t.false((await userinfo.text()).includes('@'));

  const requestUri = encodeURIComponent(String(pushed.json['request_uri']));
  for (const url of [
    authorization(target, 'web').url,
    authorization(target, 'web', { prompt: 'none' }).url,
    `${target.issuer}/authorize?client_id=${target.clientId}&request_uri=${requestUri}`,
    `${target.issuer}/logout?client_id=${target.clientId}&post_logout_redirect_uri=https://app.test/cb`,
    `${target.issuer}/logout?id_token_hint=${tokens['id_token']}&post_logout_redirect_uri=https://app.test/cb`,
  ]) {
    const answer = await flow.agent.request(url);
    t.is(answer.status, 400, url);
    t.is(answer.headers.get('Location'), null);
  }

  for (const [agent, page, path, fields] of [
    [flow.agent, consentPage, 'consent', { choice: 'allow' }],
    [
      waiting,
      signInPage,
      'sign-in',
      { email: target.accounts[0]?.email, password: target.accounts[0]?.password },
    ],
  ] as const) {
    const csrf = page.html.querySelector('input[name=csrf]')?.getAttribute('value') ?? '';
    const body = new URLSearchParams({ csrf, ...fields } as Record<string, string>);
    const answer = await agent.request(`${page.url}/${path}`, { method: 'POST', body });
    const location = answer.headers.get('Location');
    const end = location ? await agent.get(new URL(location, target.issuer).href) : undefined;
    t.true((end?.status ?? answer.status) === 400, path);
    t.is(end?.headers.get('Location') ?? null, null, path);
  }
});

test('T-25 an API learns nothing of the tokens of a disabled client', async (t) => {
  const target = await withClient(gatehouse, {
    redirectUris: [{ uri: 'https://app.test/cb', type: 'web' }],
  });
  const flow = await obtainCode(target, 'web', { overrides: { scope: 'openid offline_access' } });
  const tokens = (await exchange(target, 'web', flow)).json;
  await disable(target);
  for (const name of ['access_token', 'refresh_token']) {
    const answer = await post(
      gatehouse,
      '/introspect',
      { token: String(tokens[name]) },
      { as: 'resource-server' },
    );
    t.is(answer.status, 200);
    t.deepEqual(answer.json, { active: false });
  }
});

test('T-25 a disabled machine gets no token, by secret or by key', async (t) => {
  const target = await withClient(gatehouse, { kind: 'machine' });
  const ask = () => post(target, '/token', { grant_type: 'client_credentials' }, { as: 'machine' });
  t.is((await ask()).status, 200);
  await disable(target);
  const answer = await ask();
  t.is(answer.status, 401);
  t.is(answer.json['error'], 'invalid_client');
});

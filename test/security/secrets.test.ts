// T-56: after whole flows, no secret that was seen is in the log or in any table.
import { randomUUID } from 'node:crypto';
import test from 'ava';
import { importJWK, SignJWT } from 'jose';
import { type Agent, createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { dumpTables, spellings } from './_dump.ts';
import {
  authorization,
  basic,
  encode,
  enterPassword,
  exchange,
  type Flow,
  obtainCode,
  type Params,
  post,
} from './_flow.ts';

let gatehouse: Gatehouse;
/** Secret values by what they are. */
const seen = new Map<string, Set<string>>();

const see = (what: string, ...values: unknown[]) => {
  const set = seen.get(what) ?? new Set();
  for (const value of values) if (typeof value === 'string' && value.length > 7) set.add(value);
  seen.set(what, set);
};

async function seeCookies(agent: Agent, url: string): Promise<void> {
  for (const path of ['/', url, url.replace('/interaction/', '/authorize/')]) {
    const cookies = await agent.jar.getCookies(new URL(path, gatehouse.issuer).href);
    for (const { key, value } of cookies)
      see(key.endsWith('.sig') ? 'cookie signature' : `cookie ${key}`, value);
  }
}

const seeTokens = (tokens: Record<string, unknown>) => {
  for (const name of ['access_token', 'refresh_token', 'id_token']) see(name, tokens[name]);
};

const seeFlow = (flow: Flow & { code?: string }) => {
  see('code verifier', flow.verifier);
  see('code', flow.code);
};

const OFFLINE = { scope: 'openid email offline_access orders.read' };

async function signInSlowly(): Promise<void> {
  const agent = createAgent(gatehouse.issuer);
  const flow = authorization(gatehouse, 'third-party', OFFLINE);
  seeFlow(flow);
  const page = await agent.get(flow.url);
  see('interaction uid', new URL(page.url).pathname.split('/')[2]);
  see('CSRF token', page.html.querySelector('input[name=csrf]')?.getAttribute('value'));
  await seeCookies(agent, page.url);
  const typo = 'a-typo-of-the-real-password';
  see('password', typo, ...gatehouse.accounts.map(({ password }) => password));
  const wrong = await agent.submit(page, 'Sign in', { email: 'admin@example.com', password: typo });
  await agent.submit(wrong, 'Sign in', { email: 'nobody@example.com', password: typo });
  const consent = await enterPassword(gatehouse, agent, wrong);
  see('interaction uid', new URL(consent.url).pathname.split('/')[2]);
  await seeCookies(agent, consent.url);
  const done = await agent.submit(consent, 'Allow');
  await seeCookies(agent, '/');
  const code = new URL(done.headers.get('Location') ?? '').searchParams.get('code') ?? '';
  see('code', code);
  await exchangeAndRefresh({ ...flow, code });
  await signOut(agent);
}

async function exchangeAndRefresh(flow: Flow & { code: string }): Promise<void> {
  const wrong: Params[] = [
    { code_verifier: 'x'.repeat(43) },
    { redirect_uri: 'https://evil.test' },
    { code: `${flow.code}x` },
    { resource: 'https://evil.test' },
  ];
  for (const overrides of wrong) await exchange(gatehouse, 'third-party', flow, overrides);
  const tokens = (await exchange(gatehouse, 'third-party', flow)).json;
  seeTokens(tokens);
  const refresh = (params: Params = {}) =>
    post(
      gatehouse,
      '/token',
      {
        grant_type: 'refresh_token',
        refresh_token: String(tokens['refresh_token']),
        ...params,
      },
      { as: 'third-party' },
    );
  await refresh({ scope: 'orders.write' });
  seeTokens((await refresh()).json);
  for (const token of [tokens['access_token'], tokens['refresh_token']].map(String)) {
    for (const as of ['third-party', 'web', 'resource-server'])
      await post(gatehouse, '/introspect', { token }, { as });
    await post(gatehouse, '/revoke', { token }, { as: 'web' });
    const headers = { Authorization: `Bearer ${token}` };
    await fetch(`${gatehouse.issuer}/userinfo`, { headers });
    await fetch(`${gatehouse.issuer}/userinfo?${encode({ access_token: token })}`);
  }
  // A replay revokes the family.
  await exchange(gatehouse, 'third-party', flow);
}

async function signOut(agent: Agent): Promise<void> {
  const page = await agent.get(`${gatehouse.issuer}/logout`);
  see('sign-out token', page.html.querySelector('input[name=xsrf]')?.getAttribute('value'));
  await agent.submit(page, 'Sign out');
}

async function leaveThingsOpen(): Promise<void> {
  const flow = await obtainCode(gatehouse, 'spa', { overrides: OFFLINE, person: 1 });
  seeFlow(flow);
  const tokens = (await exchange(gatehouse, 'spa', flow)).json;
  seeTokens(tokens);
  const refresh = (refresh_token: unknown) =>
    post(gatehouse, '/token', {
      grant_type: 'refresh_token',
      refresh_token: String(refresh_token),
      client_id: gatehouse.client('spa').client_id,
    });
  // Twice: the answer to the first is kept for a client that lost it.
  seeTokens((await refresh(tokens['refresh_token'])).json);
  seeTokens((await refresh(tokens['refresh_token'])).json);
  seeFlow(await obtainCode(gatehouse, 'spa', { agent: flow.agent }));
  const signIn = await obtainCode(gatehouse, 'web', { agent: flow.agent });
  seeFlow(signIn);
  const opaque = (await exchange(gatehouse, 'web', signIn)).json;
  seeTokens(opaque);
  const headers = { Authorization: `Bearer ${opaque['access_token']}` };
  await fetch(`${gatehouse.issuer}/userinfo`, { headers });
  const logout = await flow.agent.get(
    `${gatehouse.issuer}/logout?${encode({ id_token_hint: String(opaque['id_token']) })}`,
  );
  see('sign-out token', logout.html.querySelector('input[name=xsrf]')?.getAttribute('value'));
  const waiting = await flow.agent.get(
    authorization(gatehouse, 'web', { prompt: 'login', id_token_hint: String(opaque['id_token']) })
      .url,
  );
  see('interaction uid', new URL(waiting.url).pathname.split('/')[2]);
  await seeCookies(flow.agent, waiting.url);
}

async function pushRequests(): Promise<void> {
  const { agent } = await obtainCode(gatehouse, 'web');
  await seeCookies(agent, '/');
  for (const overrides of [{}, { prompt: 'login' }]) {
    const flow = authorization(gatehouse, 'web', overrides);
    seeFlow(flow);
    const query = new URL(flow.url).search.slice(1);
    const pushed = await post(gatehouse, '/par', query, { as: 'web' });
    const requestUri = String(pushed.json['request_uri']);
    see('request_uri', requestUri, requestUri.split(':').at(-1));
    const request = { client_id: gatehouse.client('web').client_id, request_uri: requestUri };
    const page = await agent.get(`${gatehouse.issuer}/authorize?${encode(request)}`);
    if (page.url.includes('/interaction/')) see('interaction uid', page.url.split('/').at(-1));
    else see('code', new URL(page.headers.get('Location') ?? '').searchParams.get('code'));
    await seeCookies(agent, page.url);
  }
}

async function authenticateClients(): Promise<void> {
  for (const kind of ['web', 'third-party', 'machine', 'console', 'resource-server'])
    see('client secret', gatehouse.client(kind).client_secret);
  const {
    client_id,
    client_secret = '',
    private_jwk = {},
  } = {
    ...gatehouse.client('machine'),
    private_jwk: gatehouse.client('machine-jwt').private_jwk,
  };
  see('Basic credentials', basic(gatehouse, 'machine').split(' ')[1]);
  see('private key', private_jwk['d']);
  const machine = { grant_type: 'client_credentials', resource: 'https://api.example.com/orders' };
  seeTokens((await post(gatehouse, '/token', machine, { as: 'machine' })).json);
  seeTokens((await post(gatehouse, '/token', { ...machine, client_id, client_secret })).json);
  const typo = `${client_secret.slice(0, -1)}!`;
  see('client secret', typo);
  await post(gatehouse, '/token', { ...machine, client_id, client_secret: typo });
  await post(gatehouse, `/token?${encode({ client_id, client_secret })}`, machine);
  const { client_id: jwtClient } = gatehouse.client('machine-jwt');
  const key = await importJWK(private_jwk, 'ES256');
  for (const aud of [gatehouse.issuer, 'https://evil.test']) {
    const client_assertion = await new SignJWT({
      iss: jwtClient,
      sub: jwtClient,
      aud,
      jti: randomUUID(),
    })
      .setProtectedHeader({ alg: 'ES256' })
      .setExpirationTime('1 minute')
      .sign(key);
    see('client assertion', client_assertion, client_assertion.split('.')[2]);
    const client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
    const params = { ...machine, client_assertion, client_assertion_type };
    seeTokens((await post(gatehouse, '/token', params)).json);
    await post(gatehouse, '/token', params);
  }
}

test.before(async () => {
  gatehouse = await startGatehouse({ logLevel: 'trace' });
  await signInSlowly();
  await leaveThingsOpen();
  await pushRequests();
  await authenticateClients();
});
test.after.always(() => gatehouse?.stop());

const EXPECTED = ['password', 'code', 'code verifier', 'access_token', 'refresh_token', 'id_token'];
EXPECTED.push('client secret', 'private key', 'client assertion', 'request_uri', 'interaction uid');
EXPECTED.push(
  'cookie gatehouse_session',
  'cookie gatehouse_interaction',
  'cookie gatehouse_resume',
);
EXPECTED.push('cookie signature', 'CSRF token', 'sign-out token', 'Basic credentials');

test('T-56 every kind of secret was seen', (t) => {
  for (const what of EXPECTED) t.true((seen.get(what)?.size ?? 0) > 0, what);
});

for (const what of EXPECTED) {
  test(`T-56 no ${what} is in the log`, (t) => {
    const log = gatehouse.log.join('');
    t.true(log.length > 1000);
    for (const secret of seen.get(what) ?? [])
      for (const spelling of spellings(secret)) t.false(log.includes(spelling), lineWith(spelling));
  });

  test(`T-56 no ${what} is in the database`, async (t) => {
    const found: string[] = [];
    for (const [table, rows] of await dumpTables(gatehouse.db)) {
      const text = rows.join('\n');
      for (const secret of seen.get(what) ?? [])
        if (spellings(secret).some((spelling) => text.includes(spelling)))
          found.push(`${table}: ${secret}`);
    }
    t.deepEqual(found, []);
  });
}

const lineWith = (text: string) => gatehouse.log.find((line) => line.includes(text)) ?? '';

test('T-56 the keys of the configuration are nowhere', async (t) => {
  const { secrets } = gatehouse.config;
  const keys = [
    ...secrets.cookieKeys,
    ...[...secrets.encryptionKeys, ...secrets.passwordPeppers, ...secrets.hashKeys].flatMap(
      (key) => [key.toString('base64url'), key.toString('hex'), key.toString('latin1')],
    ),
  ];
  const dump = [...(await dumpTables(gatehouse.db)).values()].flat().join('\n');
  const log = gatehouse.log.join('');
  for (const key of keys) {
    t.false(dump.includes(key));
    t.false(log.includes(key));
  }
});

test('T-56 no private signing key is readable in the database or sent out', async (t) => {
  const { keys } = (await (await fetch(`${gatehouse.issuer}/jwks`)).json()) as { keys: object[] };
  t.true(keys.length > 0);
  for (const key of keys)
    for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) t.false(member in key);
  const rows = (await dumpTables(gatehouse.db)).get('signing_keys') ?? [];
  t.true(rows.length > 0);
  for (const row of rows) t.notRegex(row, /"(d|p|q|dp|dq|qi)":|PRIVATE KEY/);
});

test('T-56 the dump does find what is stored in the clear', async (t) => {
  const dump = [...(await dumpTables(gatehouse.db)).values()].flat().join('\n');
  t.true(dump.includes('admin@example.com'));
  t.true(dump.includes(gatehouse.client('web').client_id));
});

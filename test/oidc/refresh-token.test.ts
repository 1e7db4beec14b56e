// RFC 6749 section 6, RFC 9700 section 4.14.2: who may refresh, what rotates, what ends it.

import { decodeJwt } from 'jose';
import { setAccountState } from '../../src/storage/accounts.ts';
import { announce } from '../../src/storage/changes.ts';
import { disableClient } from '../../src/storage/clients.ts';
import { digest } from '../../src/storage/oidc-payloads.ts';
import { createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import {
  addAccount,
  addClient,
  assertRefused,
  authorizeUrl,
  callback,
  eventually,
  proceed,
  redeem,
  refresh,
  send,
  signInFor,
} from '../_protocol.ts';

const OFFLINE = { scope: 'openid offline_access orders.read orders.write' };

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

/** A client that a test may take rights from. */
function addWebClient() {
  return addClient(gatehouse, {
    kind: 'web',
    redirectUris: [{ uri: 'https://rp.example.com/callback', type: 'web' }],
    entitlements: gatehouse.apis
      .slice(0, 1)
      .map((api) => ({ api, scopes: ['orders.read', 'orders.write'] })),
  });
}

/** Lets a rotated token look used for long. */
async function ageConsumption(refreshToken: unknown): Promise<number> {
  const query = await gatehouse.db.query();
  return query('oidc_payloads')
    .where({ model: 'RefreshToken', id: digest(String(refreshToken)) })
    .whereNotNull('consumed_at')
    .update({ consumed_at: query.raw("now() - interval '1 minute'") });
}

for (const kind of ['spa', 'native']) {
  test(`the refresh token of a ${kind} client rotates, and its replay revokes the family`, async (t) => {
    const client = gatehouse.client(kind);
    const first = await signInFor(gatehouse, client, OFFLINE);
    const second = await refresh(gatehouse, client, first['refresh_token']);
    t.is(second.status, 200, second.text);
    t.truthy(second.body['refresh_token']);
    t.not(second.body['refresh_token'], first['refresh_token']);
    const third = await refresh(gatehouse, client, second.body['refresh_token']);
    t.is(third.status, 200, third.text);

    t.is(await ageConsumption(first['refresh_token']), 1);
    assertRefused(t, await refresh(gatehouse, client, first['refresh_token']), {
      error: 'invalid_grant',
      description: /already redeemed/,
    });
    assertRefused(t, await refresh(gatehouse, client, third.body['refresh_token']), {
      error: 'invalid_grant',
      description: /revoked/,
    });
  });
}

test('the refresh token of a confidential client stays', async (t) => {
  const web = gatehouse.client('web');
  const tokens = await signInFor(gatehouse, web, OFFLINE);
  for (let times = 0; times < 3; times += 1) {
    const { status, body, headers } = await refresh(gatehouse, web, tokens['refresh_token']);
    t.is(status, 200);
    t.true([undefined, tokens['refresh_token']].includes(body['refresh_token']));
    t.is(headers.get('Cache-Control'), 'no-store');
  }
});

test('a rotated token lives no longer than the first would have', async (t) => {
  const spa = gatehouse.client('spa');
  const first = await signInFor(gatehouse, spa, OFFLINE);
  const query = await gatehouse.db.query();
  const row = (token: unknown) =>
    query('oidc_payloads').where({ model: 'RefreshToken', id: digest(String(token)) });
  await row(first['refresh_token']).update({
    expires_at: query.raw("now() + interval '100 seconds'"),
  });
  const { body } = await refresh(gatehouse, spa, first['refresh_token']);
  const seconds = query.raw('extract(epoch from expires_at - now())::int AS seconds');
  const found = await row(body['refresh_token']).select(seconds).first();
  t.true(found.seconds > 0 && found.seconds <= 101, JSON.stringify(found));
});

test('a refresh may ask for less, and later again for all', async (t) => {
  const web = gatehouse.client('web');
  const tokens = await signInFor(gatehouse, web, OFFLINE);
  const scopeOf = (token: unknown) => decodeJwt(String(token))['scope'];
  const less = await refresh(gatehouse, web, tokens['refresh_token'], { scope: 'orders.read' });
  t.is(scopeOf(less.body['access_token']), 'orders.read', less.text);
  const all = await refresh(gatehouse, web, tokens['refresh_token']);
  t.is(scopeOf(all.body['access_token']), 'orders.read orders.write', all.text);
});

for (const kind of ['web', 'spa']) {
  test(`a refresh of a ${kind} client cannot ask for more, and trying does not burn the token`, async (t) => {
    const client = gatehouse.client(kind);
    const scope = 'openid offline_access orders.read';
    const tokens = await signInFor(gatehouse, client, { scope });
    for (const more of ['orders.read orders.write', 'openid email orders.read', 'orders.burn']) {
      const answer = await refresh(gatehouse, client, tokens['refresh_token'], { scope: more });
      assertRefused(t, answer, {
        error: 'invalid_scope',
        description: /orders\.write|email|orders\.burn/,
      });
    }
    t.is((await refresh(gatehouse, client, tokens['refresh_token'])).status, 200);
  });
}

test("another client's refresh token is refused and stays usable for its owner", async (t) => {
  const web = gatehouse.client('web');
  const tokens = await signInFor(gatehouse, web, OFFLINE);
  for (const kind of ['third-party', 'spa'])
    assertRefused(t, await refresh(gatehouse, gatehouse.client(kind), tokens['refresh_token']), {
      error: 'invalid_grant',
      description: /another client/,
    });
  t.is((await refresh(gatehouse, web, tokens['refresh_token'])).status, 200);
});

test('a refresh token that never was is refused', async (t) => {
  assertRefused(t, await refresh(gatehouse, gatehouse.client('web'), 'A'.repeat(43)), {
    error: 'invalid_grant',
    description: /unknown, expired or revoked/,
  });
});

test('the new ID token speaks of the same sign-in', async (t) => {
  const web = gatehouse.client('web');
  const tokens = await signInFor(gatehouse, web, { scope: 'openid offline_access', nonce: 'n-1' });
  const { body } = await refresh(gatehouse, web, tokens['refresh_token']);
  const [before, after] = [tokens['id_token'], body['id_token']].map((t) => decodeJwt(String(t)));
  for (const claim of ['iss', 'sub', 'aud', 'auth_time']) t.is(after?.[claim], before?.[claim]);
  const { status, body: info } = await send(`${gatehouse.issuer}/userinfo`, {
    headers: { Authorization: `Bearer ${body['access_token']}` },
  });
  t.is(status, 200);
  t.is(info['sub'], before?.sub);
});

test('a blocked account refreshes no more', async (t) => {
  const web = gatehouse.client('web');
  const account = await addAccount(gatehouse);
  const tokens = await signInFor(gatehouse, web, OFFLINE, { account });
  t.true(await setAccountState(gatehouse.db, account.id, 'blocked'));
  assertRefused(t, await refresh(gatehouse, web, tokens['refresh_token']), {
    error: 'invalid_grant',
    description: /account can no longer be used/,
  });
});

test('a disabled client refreshes no more', async (t) => {
  const client = await addWebClient();
  const tokens = await signInFor(gatehouse, client, OFFLINE);
  t.true(await disableClient(gatehouse.db, client.client_id));
  const answer = await eventually(
    () => refresh(gatehouse, client, tokens['refresh_token']),
    ({ status }) => status !== 200,
  );
  assertRefused(t, answer, {
    status: 401,
    error: 'invalid_client',
    description: /authentication failed/,
  });
});

const losses = [
  { scopes: ['orders.write'], error: 'invalid_scope', description: /not given.*orders\.write/ },
  {
    scopes: ['orders.read', 'orders.write'],
    error: 'invalid_target',
    description: /given no scope of/,
  },
];
for (const { scopes, error, description } of losses) {
  test(`a client that lost ${scopes.join(' and ')} is refused, never given less`, async (t) => {
    const client = await addWebClient();
    const tokens = await signInFor(gatehouse, client, OFFLINE);
    const query = await gatehouse.db.query();
    const { client_id } = client;
    t.is(
      await query('entitlements').where({ client_id }).whereIn('scope', scopes).delete(),
      scopes.length,
    );
    await announce(query, 'clients');
    const answer = await eventually(
      () => refresh(gatehouse, client, tokens['refresh_token']),
      ({ status }) => status !== 200,
    );
    assertRefused(t, answer, { error, description });
  });
}

test('a third-party client is given offline access by the consent that names it', async (t) => {
  const client = gatehouse.client('third-party');
  const agent = createAgent(gatehouse.issuer);
  const account = await addAccount(gatehouse);
  const start = await agent.get(authorizeUrl(gatehouse, client, OFFLINE));
  const page = await agent.submit(start, 'Sign in', account);
  t.regex(page.text, /Keep this access after you leave/);
  const code = callback(await proceed(gatehouse, agent, page)).params.get('code') ?? '';
  const { body, text } = await redeem(gatehouse, client, code);
  t.truthy(body['refresh_token'], text);
});

test('without offline_access there is no refresh token, even with consent', async (t) => {
  for (const kind of ['web', 'spa', 'native', 'third-party']) {
    const tokens = await signInFor(gatehouse, gatehouse.client(kind), {
      scope: 'openid orders.read',
      prompt: 'consent',
    });
    t.truthy(tokens['access_token']);
    t.false('refresh_token' in tokens, kind);
  }
});

// A client that lost the answer of a refresh asks again: the same tokens, never a second successor.
import { setAccountState } from '../../src/storage/accounts.ts';
import { disableClient } from '../../src/storage/clients.ts';
import { digest } from '../../src/storage/oidc-payloads.ts';
import { createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import {
  addAccount,
  addClient,
  assertRefused,
  authorize,
  eventually,
  post,
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

const spa = () => gatehouse.client('spa');

for (const kind of ['spa', 'native'])
  test(`a ${kind} client that lost the answer asks again at once and gets the same tokens`, async (t) => {
    const client = gatehouse.client(kind);
    const tokens = await signInFor(gatehouse, client, OFFLINE);
    const lost = await refresh(gatehouse, client, tokens['refresh_token']);
    for (let times = 0; times < 3; times += 1) {
      const again = await refresh(gatehouse, client, tokens['refresh_token']);
      t.is(again.status, 200, again.text);
      t.deepEqual(again.body, lost.body);
      t.is(again.headers.get('Cache-Control'), 'no-store');
    }
    t.is((await refresh(gatehouse, client, lost.body['refresh_token'])).status, 200);
  });

test('parallel uses of one rotating token all get the same tokens', async (t) => {
  const tokens = await signInFor(gatehouse, spa(), OFFLINE);
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => refresh(gatehouse, spa(), tokens['refresh_token'])),
  );
  for (const { status, body, text } of answers) {
    t.is(status, 200, text);
    t.deepEqual(body, answers[0]?.body);
  }
  t.is((await refresh(gatehouse, spa(), answers[0]?.body['refresh_token'])).status, 200);
});

test('once its successor was used, a token used again revokes the family, however soon', async (t) => {
  const first = await signInFor(gatehouse, spa(), OFFLINE);
  const second = await refresh(gatehouse, spa(), first['refresh_token']);
  const third = await refresh(gatehouse, spa(), second.body['refresh_token']);
  assertRefused(t, await refresh(gatehouse, spa(), first['refresh_token']), {
    error: 'invalid_grant',
    description: /already redeemed/,
  });
  t.is((await refresh(gatehouse, spa(), third.body['refresh_token'])).status, 400);
});

test('what another window of the session does meanwhile takes no answer away', async (t) => {
  const agent = createAgent(gatehouse.issuer);
  const one = await signInFor(gatehouse, spa(), OFFLINE, { agent });
  const other = await signInFor(gatehouse, spa(), OFFLINE, { agent });
  const lost = await refresh(gatehouse, spa(), one['refresh_token']);
  const elsewhere = await refresh(gatehouse, spa(), other['refresh_token']);
  const code = (await authorize(gatehouse, spa(), OFFLINE, { agent })).get('code') ?? '';
  t.is((await redeem(gatehouse, spa(), code)).status, 200);
  t.is((await refresh(gatehouse, spa(), elsewhere.body['refresh_token'])).status, 200);
  t.deepEqual((await refresh(gatehouse, spa(), one['refresh_token'])).body, lost.body);
});

test('after ten seconds a token used again revokes the family', async (t) => {
  const first = await signInFor(gatehouse, spa(), OFFLINE);
  const second = await refresh(gatehouse, spa(), first['refresh_token']);
  const query = await gatehouse.db.query();
  await query('oidc_payloads')
    .where({ model: 'RefreshToken', id: digest(String(first['refresh_token'])) })
    .update({ consumed_at: query.raw("consumed_at - interval '11 seconds'") });
  t.is((await refresh(gatehouse, spa(), first['refresh_token'])).status, 400);
  t.is((await refresh(gatehouse, spa(), second.body['refresh_token'])).status, 400);
});

test('who asks for other scopes gets neither the kept answer nor new tokens', async (t) => {
  const first = await signInFor(gatehouse, spa(), OFFLINE);
  const second = await refresh(gatehouse, spa(), first['refresh_token']);
  const other = { scope: 'orders.read' };
  assertRefused(t, await refresh(gatehouse, spa(), first['refresh_token'], other), {
    error: 'invalid_grant',
    description: /already redeemed/,
  });
  t.is((await refresh(gatehouse, spa(), second.body['refresh_token'])).status, 200);
});

test('another client gets nothing', async (t) => {
  const first = await signInFor(gatehouse, spa(), OFFLINE);
  await refresh(gatehouse, spa(), first['refresh_token']);
  assertRefused(t, await refresh(gatehouse, gatehouse.client('native'), first['refresh_token']), {
    error: 'invalid_grant',
    description: /another client/,
  });
});

test('a revoked grant, a blocked account and a disabled client are asked in vain', async (t) => {
  const revoked = await signInFor(gatehouse, spa(), OFFLINE);
  const { body } = await refresh(gatehouse, spa(), revoked['refresh_token']);
  const token = String(body['refresh_token']);
  await post(gatehouse, '/revoke', { token, client_id: spa().client_id });
  t.is((await refresh(gatehouse, spa(), revoked['refresh_token'])).status, 400);

  const account = await addAccount(gatehouse);
  const blocked = await signInFor(gatehouse, spa(), OFFLINE, { account });
  await refresh(gatehouse, spa(), blocked['refresh_token']);
  await setAccountState(gatehouse.db, account.id, 'blocked');
  t.is((await refresh(gatehouse, spa(), blocked['refresh_token'])).status, 400);

  const client = await addClient(gatehouse, {
    kind: 'spa',
    redirectUris: [{ uri: 'https://spa.example.com/callback', type: 'spa' }],
  });
  const disabled = await signInFor(gatehouse, client, { scope: 'openid offline_access' });
  await refresh(gatehouse, client, disabled['refresh_token']);
  await disableClient(gatehouse.db, client.client_id);
  const answer = await eventually(
    () => refresh(gatehouse, client, disabled['refresh_token']),
    ({ status }) => status !== 200,
  );
  t.is(answer.body['error'], 'invalid_client', answer.text);
});

test('the kept answer cannot be read by who holds the database and all keys', async (t) => {
  const first = await signInFor(gatehouse, spa(), OFFLINE);
  await refresh(gatehouse, spa(), first['refresh_token']);
  const query = await gatehouse.db.query();
  const { answer } = await query('oidc_payloads')
    .where({ model: 'RefreshToken', id: digest(String(first['refresh_token'])) })
    .first('answer');
  t.true(answer.length > 500);
  t.notRegex(answer.toString('latin1'), /access_token|eyJ/);
});

test('a confidential client whose tokens rotate by policy may ask again, too', async (t) => {
  const client = await addClient(gatehouse, {
    kind: 'web',
    redirectUris: [{ uri: 'https://rp.example.com/callback', type: 'web' }],
    rotateRefreshTokens: true,
  });
  const first = await signInFor(gatehouse, client, { scope: 'openid offline_access' });
  const second = await refresh(gatehouse, client, first['refresh_token']);
  t.not(second.body['refresh_token'], first['refresh_token']);
  const again = await refresh(gatehouse, client, first['refresh_token']);
  t.deepEqual(again.body, second.body);
  const third = await refresh(gatehouse, client, second.body['refresh_token']);
  const userinfo = await send(`${gatehouse.issuer}/userinfo`, {
    headers: { Authorization: `Bearer ${third.body['access_token']}` },
  });
  t.is(userinfo.status, 200, userinfo.text);
});

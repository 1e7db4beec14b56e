// RFC 7009: a client ends its own tokens, and only those.

import * as oauth from 'oauth4webapi';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import {
  assertRefused,
  basic,
  type Params,
  post,
  refresh,
  requestToken,
  send,
  signInFor,
  type TestClient,
} from '../_protocol.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

const revoke = (as: TestClient, token: unknown, params: Params = {}) =>
  post(gatehouse, '/revoke', { token: String(token), ...params }, basic(as));
const userinfo = (token: unknown) =>
  send(`${gatehouse.issuer}/userinfo`, { headers: { Authorization: `Bearer ${token}` } });
const signIn = (kind = 'web') =>
  signInFor(gatehouse, gatehouse.client(kind), { scope: 'openid offline_access' });

for (const hint of [undefined, 'refresh_token', 'access_token']) {
  test(`revoking a refresh token (hint ${hint}) ends the access token, too`, async (t) => {
    const web = gatehouse.client('web');
    const tokens = await signIn();
    t.is((await userinfo(tokens['access_token'])).status, 200);
    const answer = await revoke(web, tokens['refresh_token'], { token_type_hint: hint });
    t.is(answer.status, 200);
    t.is(answer.text, '');
    assertRefused(t, await userinfo(tokens['access_token']), {
      status: 401,
      error: 'invalid_token',
      description: /\w+ \w+/,
    });
    assertRefused(t, await refresh(gatehouse, web, tokens['refresh_token']), {
      error: 'invalid_grant',
      description: /revoked/,
    });
  });
}

test('a revoked access token opens nothing', async (t) => {
  const tokens = await signIn();
  t.is((await revoke(gatehouse.client('web'), tokens['access_token'])).status, 200);
  t.is((await userinfo(tokens['access_token'])).status, 401);
});

test('revoking twice is fine', async (t) => {
  const tokens = await signIn();
  for (let times = 0; times < 2; times += 1)
    t.is((await revoke(gatehouse.client('web'), tokens['refresh_token'])).status, 200);
});

test("revoking another client's token has no effect", async (t) => {
  const web = gatehouse.client('web');
  const tokens = await signIn();
  for (const kind of ['third-party', 'machine', 'resource-server']) {
    await revoke(gatehouse.client(kind), tokens['refresh_token']);
    await revoke(gatehouse.client(kind), tokens['access_token']);
  }
  t.is((await userinfo(tokens['access_token'])).status, 200);
  t.is((await refresh(gatehouse, web, tokens['refresh_token'])).status, 200);
});

test('what never was a token is answered like a token', async (t) => {
  const { status, text } = await revoke(gatehouse.client('web'), 'A'.repeat(43));
  t.is(status, 200);
  t.is(text, '');
});

test('a public client revokes its token with its client_id, from its page', async (t) => {
  const spa = gatehouse.client('spa');
  const tokens = await signIn('spa');
  const params = { token: String(tokens['refresh_token']), client_id: spa.client_id };
  const Origin = gatehouse.portalUrl;
  const answer = await post(gatehouse, '/revoke', params, { Origin });
  t.is(answer.status, 200, answer.text);
  t.is(answer.headers.get('Access-Control-Allow-Origin'), Origin);
  t.is((await userinfo(tokens['access_token'])).status, 401);
});

test('oauth4webapi revokes a token', async (t) => {
  const spa = gatehouse.client('spa');
  const tokens = await signIn('spa');
  const options = { [oauth.allowInsecureRequests]: true };
  const issuer = new URL(gatehouse.issuer);
  const server = await oauth.processDiscoveryResponse(
    issuer,
    await oauth.discoveryRequest(issuer, options),
  );
  const token = String(tokens['refresh_token']);
  const self = { client_id: spa.client_id };
  await oauth.processRevocationResponse(
    await oauth.revocationRequest(server, self, oauth.None(), token, options),
  );
  t.is((await userinfo(tokens['access_token'])).status, 401);
});

test('the token of an API cannot be revoked, and the answer says so', async (t) => {
  const machine = gatehouse.client('machine');
  const { body } = await requestToken(gatehouse, machine, { grant_type: 'client_credentials' });
  assertRefused(t, await revoke(machine, body['access_token']), {
    error: 'unsupported_token_type',
    description: /JWT.*cannot be revoked/,
  });
});

test('who does not authenticate is refused', async (t) => {
  const tokens = await signIn();
  const wrong = { ...gatehouse.client('web'), client_secret: 'gh_sec_wrong' };
  assertRefused(t, await revoke(wrong, tokens['refresh_token']), {
    status: 401,
    error: 'invalid_client',
    description: /client authentication failed/,
  });
  t.is((await userinfo(tokens['access_token'])).status, 200);
});

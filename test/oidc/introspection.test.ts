// RFC 7662: the token's own client and the API's own client are answered, everyone else learns nothing.

import { decodeJwt } from 'jose';
import * as oauth from 'oauth4webapi';
import { setAccountState } from '../../src/storage/accounts.ts';
import { disableClient } from '../../src/storage/clients.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import {
  addAccount,
  addClient,
  assertRefused,
  basic,
  eventually,
  type Params,
  post,
  requestToken,
  signInFor,
  type TestClient,
} from '../_protocol.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

const introspect = (as: TestClient, token: unknown, params: Params = {}) =>
  post(gatehouse, '/introspect', { token: String(token), ...params }, basic(as));
const signIn = (kind = 'web', scope = 'openid email offline_access') =>
  signInFor(gatehouse, gatehouse.client(kind), { scope });

test('a client introspects its own tokens', async (t) => {
  const web = gatehouse.client('web');
  const tokens = await signIn();
  const { sub } = decodeJwt(String(tokens['id_token']));
  const access = await introspect(web, tokens['access_token']);
  t.like(access.body, {
    active: true,
    iss: gatehouse.issuer,
    client_id: web.client_id,
    sub,
    token_type: 'Bearer',
    scope: 'openid email offline_access',
  });
  t.true(Number(access.body['exp']) > Date.now() / 1000);
  t.is(access.headers.get('Cache-Control'), 'no-store');
  const refresh = await introspect(web, tokens['refresh_token']);
  t.like(refresh.body, { active: true, client_id: web.client_id, sub });
});

test('oauth4webapi introspects a token', async (t) => {
  const web = gatehouse.client('web');
  const tokens = await signIn();
  const options = { [oauth.allowInsecureRequests]: true };
  const issuer = new URL(gatehouse.issuer);
  const server = await oauth.processDiscoveryResponse(
    issuer,
    await oauth.discoveryRequest(issuer, options),
  );
  const answer = await oauth.introspectionRequest(
    server,
    { client_id: web.client_id },
    oauth.ClientSecretPost(web.client_secret ?? ''),
    String(tokens['access_token']),
    options,
  );
  const result = await oauth.processIntrospectionResponse(
    server,
    { client_id: web.client_id },
    answer,
  );
  t.true(result.active);
});

test('a wrong hint does not hide a token', async (t) => {
  const web = gatehouse.client('web');
  const tokens = await signIn();
  for (const [token, hint] of [
    ['access_token', 'refresh_token'],
    ['refresh_token', 'access_token'],
    ['access_token', 'something else'],
  ]) {
    const { body } = await introspect(web, tokens[token ?? ''], { token_type_hint: hint });
    t.true(body['active']);
  }
});

test('another client learns nothing, not even that the token lives', async (t) => {
  const tokens = await signIn();
  for (const kind of ['third-party', 'machine', 'console', 'resource-server']) {
    for (const name of ['access_token', 'refresh_token']) {
      const { status, body } = await introspect(gatehouse.client(kind), tokens[name]);
      t.is(status, 200);
      t.deepEqual(body, { active: false });
    }
  }
});

test('what never was a token is inactive', async (t) => {
  for (const token of ['A'.repeat(43), 'x', '$$$']) {
    const { status, body } = await introspect(gatehouse.client('web'), token);
    t.is(status, 200);
    t.deepEqual(body, { active: false });
  }
});

test('the tokens of a blocked account are inactive at once', async (t) => {
  const web = gatehouse.client('web');
  const account = await addAccount(gatehouse);
  const scope = 'openid offline_access';
  const tokens = await signInFor(gatehouse, web, { scope }, { account });
  t.true((await introspect(web, tokens['access_token'])).body['active']);
  await setAccountState(gatehouse.db, account.id, 'blocked');
  for (const name of ['access_token', 'refresh_token'])
    t.deepEqual((await introspect(web, tokens[name])).body, { active: false });
});

const machineToken = async (params: Params = {}) => {
  const request = { grant_type: 'client_credentials', scope: 'orders.read', ...params };
  const { body } = await requestToken(gatehouse, gatehouse.client('machine'), request);
  return String(body['access_token']);
};

test("the API's own client introspects the tokens for its API", async (t) => {
  const token = await machineToken();
  const { aud, client_id, scope, exp } = decodeJwt(token);
  const { status, body, text } = await introspect(gatehouse.client('resource-server'), token);
  t.is(status, 200, text);
  t.like(body, { active: true, iss: gatehouse.issuer, aud, client_id, scope, exp });
});

test("the token of an API is active for its own client, and nobody else's business", async (t) => {
  const token = await machineToken();
  const own = await introspect(gatehouse.client('machine'), token);
  t.is(own.status, 200, own.text);
  t.true(own.body['active']);
  const other = await introspect(gatehouse.client('web'), token);
  t.is(other.status, 200, other.text);
  t.deepEqual(other.body, { active: false });
});

test('an API token that was tampered with is inactive', async (t) => {
  const [header, payload, signature = ''] = (await machineToken()).split('.');
  const forged = `${header}.${payload}.${signature.split('').reverse().join('')}`;
  const { status, body, text } = await introspect(gatehouse.client('resource-server'), forged);
  t.is(status, 200, text);
  t.deepEqual(body, { active: false });
});

test('the API token of a blocked account or a disabled client is inactive at once', async (t) => {
  const api = gatehouse.client('resource-server');
  const account = await addAccount(gatehouse);
  const client = await addClient(gatehouse, {
    kind: 'machine',
    entitlements: gatehouse.apis.slice(0, 1).map((of) => ({ api: of, scopes: ['orders.read'] })),
  });
  const web = gatehouse.client('web');
  const ofPerson = await signInFor(gatehouse, web, { scope: 'orders.read' }, { account });
  const ofMachine = await requestToken(gatehouse, client, { grant_type: 'client_credentials' });
  const tokens = [ofPerson['access_token'], ofMachine.body['access_token']];
  for (const token of tokens) t.true((await introspect(api, token)).body['active']);
  await setAccountState(gatehouse.db, account.id, 'blocked');
  await disableClient(gatehouse.db, client.client_id);
  for (const token of tokens) {
    const { body } = await eventually(
      () => introspect(api, token),
      (answer) => answer.body['active'] === false,
    );
    t.deepEqual(body, { active: false });
  }
});

test('who does not authenticate is refused', async (t) => {
  const tokens = await signIn('spa');
  const token = String(tokens['access_token']);
  assertRefused(t, await post(gatehouse, '/introspect', { token }), {
    error: 'invalid_request',
    description: /no client authentication mechanism provided/,
  });
  const wrong = { ...gatehouse.client('web'), client_secret: 'gh_sec_wrong' };
  assertRefused(t, await introspect(wrong, token), {
    status: 401,
    error: 'invalid_client',
    description: /client authentication failed/,
  });
});

test('a public client cannot introspect the tokens of others', async (t) => {
  const tokens = await signIn('web');
  const { client_id } = gatehouse.client('spa');
  const answer = await post(gatehouse, '/introspect', {
    token: String(tokens['access_token']),
    client_id,
  });
  t.not(answer.body['active'], true, answer.text);
});

test('a request without a token names what is missing', async (t) => {
  assertRefused(t, await post(gatehouse, '/introspect', {}, basic(gatehouse.client('web'))), {
    error: 'invalid_request',
    description: /missing required parameter.*token/,
  });
});

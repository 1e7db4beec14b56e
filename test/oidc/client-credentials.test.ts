// RFC 6749 section 4.4: machines, the scopes that they get and the refusals that name the remedy.

import { decodeJwt } from 'jose';
import * as client from 'openid-client';
import { insertApi, listApis } from '../../src/storage/apis.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import {
  addClient,
  assertRefused,
  eventually,
  type Params,
  requestToken,
  type TestClient,
} from '../_protocol.ts';

const ORDERS = 'https://api.example.com/orders';
const SANDBOX = 'https://sandbox.api.example.com/orders';
const PAYMENTS = 'https://api.example.com/payments';

let gatehouse: Gatehouse;
let reader: TestClient;
let dispatcher: TestClient;
let wanderer: TestClient;
test.before(async () => {
  gatehouse = await startGatehouse();
  await insertApi(gatehouse.db, {
    name: 'Payments',
    environment: 'production',
    resource: PAYMENTS,
    audience: 'payments',
    alg: 'RS256',
    typ: 'at+jwt',
    tokenLifetime: 3600,
    claims: [],
    scopes: [{ name: 'payments.read', description: 'See payments' }],
  });
  const apis = await listApis(gatehouse.db);
  const api = (resource: string) => {
    const found = apis.find((candidate) => candidate.resource === resource);
    if (!found) throw new Error(`no API ${resource}`);
    return found;
  };
  const orders = { api: api(ORDERS), scopes: ['orders.read', 'orders.write'] };
  const payments = { api: api(PAYMENTS), scopes: ['payments.read'] };
  reader = await addClient(gatehouse, {
    kind: 'machine',
    entitlements: [{ ...orders, scopes: ['orders.read'] }],
  });
  dispatcher = await addClient(gatehouse, { kind: 'machine', entitlements: [orders, payments] });
  wanderer = await addClient(gatehouse, { kind: 'machine' });
  const isKnown = await eventually(
    () => machineToken(dispatcher, { resource: PAYMENTS }),
    ({ status }) => status === 200,
  );
  if (isKnown.status !== 200) throw new Error(isKnown.text);
});
test.after.always(() => gatehouse?.stop());

const machineToken = (from: TestClient, params: Params = {}, headers = {}) =>
  requestToken(gatehouse, from, { grant_type: 'client_credentials', ...params }, headers);

for (const [way, authenticate] of Object.entries({
  'HTTP Basic': client.ClientSecretBasic,
  'the request body': client.ClientSecretPost,
})) {
  test(`a machine with its secret in ${way} gets a token`, async (t) => {
    const machine = gatehouse.client('machine');
    const config = await client.discovery(
      new URL(gatehouse.issuer),
      machine.client_id,
      undefined,
      authenticate(machine.client_secret ?? ''),
      { execute: [client.allowInsecureRequests] },
    );
    const tokens = await client.clientCredentialsGrant(config, { scope: 'orders.read' });
    t.is(tokens.scope, 'orders.read');
    t.is(tokens.expires_in, 600);
    t.is(tokens.token_type, 'bearer');
    t.is(tokens.refresh_token, undefined);
    t.is(tokens.id_token, undefined);
  });
}

const granted: { title: string; params: Params; aud: string; scope: string }[] = [
  {
    title: 'without scope: all of its default API',
    params: {},
    aud: ORDERS,
    scope: 'orders.read orders.write',
  },
  {
    title: 'with an empty scope: all of its default API',
    params: { scope: '' },
    aud: ORDERS,
    scope: 'orders.read orders.write',
  },
  {
    title: 'for one scope: just that',
    params: { scope: 'orders.write' },
    aud: ORDERS,
    scope: 'orders.write',
  },
  {
    title: 'for a resource: all scopes of that API',
    params: { resource: SANDBOX },
    aud: SANDBOX,
    scope: 'orders.read orders.write',
  },
  {
    title: 'for a resource and a scope',
    params: { resource: SANDBOX, scope: 'orders.read' },
    aud: SANDBOX,
    scope: 'orders.read',
  },
  {
    title: 'for an audience',
    params: { audience: SANDBOX, scope: 'orders.read' },
    aud: SANDBOX,
    scope: 'orders.read',
  },
  {
    title: 'for /.default of an audience',
    params: { scope: `${SANDBOX}/.default` },
    aud: SANDBOX,
    scope: 'orders.read orders.write',
  },
];
for (const { title, params, aud, scope } of granted) {
  test(`a request ${title}`, async (t) => {
    const { status, body, text } = await machineToken(gatehouse.client('machine'), params);
    t.is(status, 200, text);
    t.is(body['scope'], scope);
    const claims = decodeJwt(String(body['access_token']));
    t.is(claims.aud, aud);
    t.is(claims['scope'], scope);
  });
}

test('an audience that is no URL names its API in every way', async (t) => {
  for (const params of [{ audience: 'payments' }, { scope: 'payments/.default' }]) {
    const { status, body, text } = await machineToken(dispatcher, params);
    t.is(status, 200, text);
    t.is(body['scope'], 'payments.read');
    t.is(decodeJwt(String(body['access_token'])).aud, 'payments');
  }
});

test('a machine gets what lifetime its API allows', async (t) => {
  const { body } = await machineToken(dispatcher, { resource: PAYMENTS });
  t.is(body['expires_in'], 3600);
});

test('a machine that was given a part of an API gets that part without asking', async (t) => {
  const { body, text } = await machineToken(reader);
  t.is(body['scope'], 'orders.read', text);
});

const refused: {
  title: string;
  from: () => TestClient;
  params: Params;
  error: string;
  description: RegExp;
}[] = [
  {
    title: 'an unknown scope, which is named',
    from: () => reader,
    params: { scope: 'orders.read orders.burn' },
    error: 'invalid_scope',
    description: /orders\.burn/,
  },
  {
    title: 'a scope that it was not given, which is named',
    from: () => reader,
    params: { scope: 'orders.read orders.write' },
    error: 'invalid_scope',
    description: /not given the scope orders\.write/,
  },
  {
    title: 'a scope that it was not given, with the resource',
    from: () => reader,
    params: { scope: 'orders.write', resource: ORDERS },
    error: 'invalid_scope',
    description: /not given the scope orders\.write/,
  },
  {
    title: 'a scope of another API than the resource',
    from: () => dispatcher,
    params: { scope: 'payments.read', resource: ORDERS },
    error: 'invalid_scope',
    description: /payments\.read is not one of https:\/\/api\.example\.com\/orders/,
  },
  {
    title: 'scopes of two APIs',
    from: () => dispatcher,
    params: { scope: 'orders.read payments.read' },
    error: 'invalid_target',
    description: /different APIs.*separate requests/,
  },
  {
    title: 'an API that is not here',
    from: () => reader,
    params: { resource: `${ORDERS}/` },
    error: 'invalid_target',
    description: /orders\/ is not an API of this server .*trailing slash/,
  },
  {
    title: 'an audience that is not here',
    from: () => reader,
    params: { audience: 'nowhere' },
    error: 'invalid_target',
    description: /nowhere is not an API of this server/,
  },
  {
    title: 'an API that it was not given',
    from: () => reader,
    params: { resource: PAYMENTS },
    error: 'invalid_target',
    description: /given no scope of https:\/\/api\.example\.com\/payments/,
  },
  {
    title: 'two resources',
    from: () => gatehouse.client('machine'),
    params: { resource: [ORDERS, SANDBOX] },
    error: 'invalid_target',
    description: /exactly one API/,
  },
  {
    title: 'openid',
    from: () => reader,
    params: { scope: 'openid' },
    error: 'invalid_scope',
    description: /scope openid is about a person/,
  },
  {
    title: 'openid beside a scope of its API',
    from: () => reader,
    params: { scope: 'orders.read openid' },
    error: 'invalid_scope',
    description: /scope openid is about a person/,
  },
  {
    title: 'a token without any choice, and there are two APIs',
    from: () => dispatcher,
    params: {},
    error: 'invalid_target',
    description: /resource parameter .*orders or .*payments/,
  },
  {
    title: 'a token though it was given no API',
    from: () => wanderer,
    params: {},
    error: 'invalid_target',
    description: /was given no API/,
  },
];
for (const { title, from, params, error, description } of refused) {
  test(`a machine is refused ${title}`, async (t) => {
    assertRefused(t, await machineToken(from(), params), { error, description });
  });
}

test('a public client cannot have a machine token', async (t) => {
  for (const kind of ['spa', 'native'])
    assertRefused(t, await machineToken(gatehouse.client(kind)), {
      error: 'unauthorized_client',
      description: /grant type .*not allowed for this client/,
    });
});

test('a machine client cannot have the tokens of a person', async (t) => {
  const params = {
    grant_type: 'authorization_code',
    code: 'x',
    redirect_uri: 'https://a.example/',
  };
  const answer = await requestToken(gatehouse, gatehouse.client('machine'), params);
  assertRefused(t, answer, {
    error: 'unauthorized_client',
    description: /grant type .*not allowed for this client/,
  });
});

// T-19, T-20, T-22: no trick with scopes and resources gets more than was given.
import test from 'ava';
import { decodeJwt } from 'jose';
import { createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { withClient } from './_clients.ts';
import { authorization, exchange, obtainCode, type Params, post, type Target } from './_flow.ts';

let gatehouse: Gatehouse;
/** A machine that may read orders in production, and nothing else. */
let reader: Target;
test.before(async () => {
  gatehouse = await startGatehouse();
  const [production] = gatehouse.apis;
  if (!production) throw new Error('no API');
  reader = await withClient(gatehouse, {
    kind: 'machine',
    entitlements: [{ api: production, scopes: ['orders.read'] }],
    defaultApi: production,
  });
});
test.after.always(() => gatehouse?.stop());

const PRODUCTION = 'https://api.example.com/orders';
const SANDBOX = 'https://sandbox.api.example.com/orders';

const askAs = (target: Target, params: Params) =>
  post(target, '/token', { grant_type: 'client_credentials', ...params }, { as: 'machine' });

test('T-19 a machine gets no scope that it was not given, however it is spelled', async (t) => {
  const scopes = [
    'orders.write',
    'orders.read orders.write',
    'orders.write orders.read',
    'orders.read  orders.write',
    ' orders.write',
    'orders.write ',
    'orders.read\torders.write',
    'orders.read\norders.write',
    'orders.read,orders.write',
    'orders.read+orders.write',
    'orders.read%20orders.write',
    'orders.read\u00a0orders.write',
    'orders.*',
    'orders.read*',
    '*',
    'ORDERS.READ',
    'orders.read.',
    'orders.read/',
    'orders.re\u0430d',
    'openid',
    'openid orders.read',
    'offline_access',
    'offline_access orders.read',
    'profile',
    'admin',
    '__proto__',
    'constructor',
    'toString',
    'undefined',
    'null',
    '[]',
    '["orders.write"]',
    '{}',
    'orders.read"',
    'orders.read\\',
    "orders.read' OR 1=1--",
    `${SANDBOX}/.default`,
    'https://evil.test/.default',
    '/.default',
    `${PRODUCTION}/.default orders.write`,
    `${PRODUCTION}/.default ${SANDBOX}/.default`,
    `${PRODUCTION}/.default/.default`,
  ];
  for (const scope of scopes) {
    const answer = await askAs(reader, { scope });
    t.is(answer.status, 400, JSON.stringify(scope));
    t.regex(
      String(answer.json['error']),
      /^invalid_(scope|target|request)$/,
      JSON.stringify(scope),
    );
    t.is(answer.json['access_token'], undefined);
  }
});

test('T-19 repeated, empty and blank scopes give no more than was given', async (t) => {
  const scopes = [
    'orders.read',
    'orders.read orders.read',
    '',
    ' ',
    '   ',
    `${PRODUCTION}/.default`,
    undefined,
  ];
  for (const scope of scopes) {
    const answer = await askAs(reader, { scope });
    if (answer.status === 200) {
      t.is(answer.json['scope'], 'orders.read', JSON.stringify(scope));
      const claims = decodeJwt(String(answer.json['access_token']));
      t.is(claims['scope'], 'orders.read', JSON.stringify(scope));
      t.is(claims.aud, PRODUCTION);
    } else t.is(answer.status, 400, JSON.stringify(scope));
  }
});

test('T-22 a machine gets no API that it was not given, however it is named', async (t) => {
  const resources = [
    SANDBOX,
    `${PRODUCTION}/`,
    `${PRODUCTION}#`,
    `${PRODUCTION}#x`,
    `${PRODUCTION}?`,
    PRODUCTION.toUpperCase(),
    ` ${PRODUCTION}`,
    `${PRODUCTION} ${SANDBOX}`,
    `${PRODUCTION},${SANDBOX}`,
    'https://api.example.com:443/orders',
    'https://api.example.com/./orders',
    'https://api.example.com/%6frders',
    'https://api.example.com@sandbox.api.example.com/orders',
    'api.example.com/orders',
    '/orders',
    '*',
    '__proto__',
    'undefined',
    gatehouse.issuer,
    'openid',
  ];
  for (const value of resources) {
    for (const name of ['resource', 'audience']) {
      const answer = await askAs(reader, { scope: 'orders.read', [name]: value });
      t.is(answer.status, 400, `${name} ${value}`);
      t.is(answer.json['error'], 'invalid_target', `${name} ${value}`);
    }
  }
  const several: Params[] = [
    { resource: [PRODUCTION, SANDBOX] },
    { resource: [SANDBOX, PRODUCTION] },
    { audience: [PRODUCTION, SANDBOX] },
    { resource: PRODUCTION, audience: SANDBOX },
    { resource: SANDBOX, audience: PRODUCTION },
  ];
  for (const params of several) {
    const answer = await askAs(reader, { scope: 'orders.read', ...params });
    if (answer.status === 200)
      t.is(decodeJwt(String(answer.json['access_token'])).aud, PRODUCTION, JSON.stringify(params));
    else t.is(answer.status, 400, JSON.stringify(params));
  }
});

test('T-22 resource and audience that contradict each other are refused', async (t) => {
  const machine = gatehouse.client('machine');
  t.truthy(machine.client_secret);
  for (const [resource, audience] of [
    [PRODUCTION, SANDBOX],
    [SANDBOX, PRODUCTION],
  ]) {
    const answer = await askAs(gatehouse, { scope: 'orders.read', resource, audience });
    t.is(answer.status, 400, `${resource} ${audience}`);
    t.is(answer.json['error'], 'invalid_target');
  }
});

test('T-19 an authorization request gets no scope that the client was not given', async (t) => {
  const narrow = await withClient(gatehouse, {
    redirectUris: [{ uri: 'https://narrow.test/cb', type: 'web' }],
    entitlements: gatehouse.apis.slice(0, 1).map((api) => ({ api, scopes: ['orders.read'] })),
  });
  const agent = createAgent(gatehouse.issuer);
  await obtainCode(narrow, 'web', { agent, overrides: { scope: 'openid orders.read' } });
  const attempts: Params[] = [
    { scope: 'openid orders.write' },
    { scope: 'openid orders.read orders.write' },
    { scope: 'orders.write' },
    { scope: 'openid orders.read', resource: SANDBOX },
    { scope: 'openid orders.read', audience: SANDBOX },
    { scope: 'openid orders.read', resource: [PRODUCTION, SANDBOX] },
    { scope: `openid ${SANDBOX}/.default` },
    { scope: ['openid orders.read', 'orders.write'] },
    { scope: 'openid admin' },
    { scope: 'openid address phone' },
    { scope: 'openid __proto__' },
  ];
  for (const overrides of attempts) {
    const answer = await agent.request(authorization(narrow, 'web', overrides).url);
    const params = new URL(answer.headers.get('Location') ?? '').searchParams;
    t.is(params.get('code'), null, JSON.stringify(overrides));
    t.regex(
      params.get('error') ?? '',
      /^invalid_(scope|target|request)$/,
      JSON.stringify(overrides),
    );
  }
});

test('T-20, T-22 a code and a refresh token do not grow at the token endpoint', async (t) => {
  const flow = await obtainCode(gatehouse, 'third-party', {
    overrides: { scope: 'openid offline_access orders.read', resource: PRODUCTION },
  });
  const growth: Params[] = [
    { resource: SANDBOX },
    { audience: SANDBOX },
    { resource: [PRODUCTION, SANDBOX] },
    { resource: 'https://evil.test' },
  ];
  for (const overrides of growth) {
    const answer = await exchange(gatehouse, 'third-party', flow, overrides);
    t.is(answer.status, 400, JSON.stringify(overrides));
    t.is(answer.json['error'], 'invalid_target');
  }
  const tokens = await exchange(gatehouse, 'third-party', flow, { scope: 'orders.write' });
  t.is(tokens.status, 200);
  t.is(decodeJwt(String(tokens.json['access_token']))['scope'], 'orders.read');

  const refresh = (params: Params) =>
    post(
      gatehouse,
      '/token',
      {
        grant_type: 'refresh_token',
        refresh_token: String(tokens.json['refresh_token']),
        ...params,
      },
      { as: 'third-party' },
    );
  for (const overrides of [
    ...growth,
    { scope: 'orders.write' },
    { scope: 'orders.read orders.write' },
    { scope: 'openid offline_access orders.read profile' },
    { scope: 'orders.read email' },
    { scope: 'ORDERS.READ' },
    { scope: 'orders.read\torders.write' },
    { scope: ['orders.read', 'orders.write'] },
    { scope: `${PRODUCTION}/.default` },
  ]) {
    const answer = await refresh(overrides);
    t.is(answer.status, 400, JSON.stringify(overrides));
    t.regex(
      String(answer.json['error']),
      /^invalid_(scope|target|request)$/,
      JSON.stringify(overrides),
    );
  }
  t.is((await refresh({ scope: 'openid' })).status, 200);
  const again = await refresh({});
  t.is(again.status, 200);
  t.is(decodeJwt(String(again.json['access_token']))['scope'], 'orders.read');
});

// Which API is a token for? RFC 8707 at the authorization endpoint, and what follows from it.

import { decodeJwt } from 'jose';
import type { ClientRequest } from '../../src/applications/registration/register-client.ts';
import { createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import {
  addClient,
  assertRefused,
  assertRefusedByRedirect,
  authorize,
  authorizeUrl,
  type Params,
  redeem,
  refresh,
  send,
  signInFor,
  type TestClient,
} from '../_protocol.ts';

const ORDERS = 'https://api.example.com/orders';
const SANDBOX = 'https://sandbox.api.example.com/orders';
const ALL = 'orders.read orders.write';

let gatehouse: Gatehouse;
let both: TestClient;
let reader: TestClient;
let signInOnly: TestClient;
test.before(async () => {
  gatehouse = await startGatehouse();
  const web: Pick<ClientRequest, 'kind' | 'redirectUris'> = {
    kind: 'web',
    redirectUris: [{ uri: 'https://rp.example.com/callback', type: 'web' }],
  };
  const apis = gatehouse.apis;
  const entitlements = apis.map((api) => ({ api, scopes: ALL.split(' ') }));
  both = await addClient(gatehouse, { ...web, entitlements });
  reader = await addClient(gatehouse, {
    ...web,
    entitlements: apis.slice(0, 1).map((api) => ({ api, scopes: ['orders.read'] })),
  });
  signInOnly = await addClient(gatehouse, web);
});
test.after.always(() => gatehouse?.stop());

const userinfo = (token: unknown) =>
  send(`${gatehouse.issuer}/userinfo`, { headers: { Authorization: `Bearer ${token}` } });

const granted: {
  title: string;
  from: () => TestClient;
  params: Params;
  aud: string;
  scope: string;
}[] = [
  {
    title: 'an API scope alone',
    from: () => gatehouse.client('web'),
    params: { scope: 'orders.read' },
    aud: ORDERS,
    scope: 'orders.read',
  },
  {
    title: 'an API scope and a resource',
    from: () => both,
    params: { scope: 'orders.write', resource: SANDBOX },
    aud: SANDBOX,
    scope: 'orders.write',
  },
  {
    title: 'an API scope and an audience',
    from: () => both,
    params: { scope: 'orders.write', audience: SANDBOX },
    aud: SANDBOX,
    scope: 'orders.write',
  },
  {
    title: 'a resource without scope: all that the client was given',
    from: () => reader,
    params: { scope: undefined, resource: ORDERS },
    aud: ORDERS,
    scope: 'orders.read',
  },
  {
    title: 'no scope: the default API',
    from: () => gatehouse.client('web'),
    params: { scope: undefined },
    aud: ORDERS,
    scope: ALL,
  },
  {
    title: 'an empty scope: the default API',
    from: () => gatehouse.client('web'),
    params: { scope: '' },
    aud: ORDERS,
    scope: ALL,
  },
  {
    title: 'openid and an API scope',
    from: () => gatehouse.client('spa'),
    params: { scope: 'openid orders.read' },
    aud: ORDERS,
    scope: 'orders.read',
  },
  {
    title: 'openid and all of an API by /.default',
    from: () => gatehouse.client('spa'),
    params: { scope: `openid ${ORDERS}/.default` },
    aud: ORDERS,
    scope: ALL,
  },
];
for (const { title, from, params, aud, scope } of granted) {
  test(`a request with ${title}`, async (t) => {
    const tokens = await signInFor(gatehouse, from(), params);
    const claims = decodeJwt(String(tokens['access_token']));
    t.is(claims.aud, aud);
    t.is(claims['scope'], scope);
    t.is('id_token' in tokens, String(params['scope']).includes('openid'));
  });
}

test('identity scopes alone give an opaque token that userinfo accepts', async (t) => {
  for (const client of [gatehouse.client('web'), signInOnly]) {
    const tokens = await signInFor(gatehouse, client, { scope: 'openid profile' });
    t.throws(() => decodeJwt(String(tokens['access_token'])));
    const { status, body } = await userinfo(tokens['access_token']);
    t.is(status, 200);
    t.is(body['sub'], decodeJwt(String(tokens['id_token'])).sub);
  }
});

const refused: {
  title: string;
  from: () => TestClient;
  params: Params;
  error: string;
  description: RegExp;
}[] = [
  {
    title: 'an unknown scope is refused by name',
    from: () => gatehouse.client('web'),
    params: { scope: 'openid orders.read orders.burn' },
    error: 'invalid_scope',
    description: /orders\.burn is not known/,
  },
  {
    title: 'an unknown scope beside identity scopes is refused, too',
    from: () => signInOnly,
    params: { scope: 'openid phone' },
    error: 'invalid_scope',
    description: /phone is not known/,
  },
  {
    title: 'an unknown scope with a resource is refused by name',
    from: () => gatehouse.client('web'),
    params: { scope: 'orders.burn', resource: ORDERS },
    error: 'invalid_scope',
    description: /orders\.burn is not one of/,
  },
  {
    title: 'a scope that the client was not given is refused by name',
    from: () => reader,
    params: { scope: 'openid orders.read orders.write' },
    error: 'invalid_scope',
    description: /not given the scope orders\.write/,
  },
  {
    title: 'a scope that two of its APIs own asks for the resource',
    from: () => both,
    params: { scope: 'orders.read' },
    error: 'invalid_target',
    description: /several APIs own these scopes.*resource/,
  },
  {
    title: 'an empty scope without a default API asks for the resource',
    from: () => both,
    params: { scope: undefined },
    error: 'invalid_target',
    description: /resource parameter/,
  },
  {
    title: 'an empty scope of a client without APIs is refused',
    from: () => signInOnly,
    params: { scope: undefined },
    error: 'invalid_target',
    description: /given no API/,
  },
  {
    title: 'an unknown resource is refused',
    from: () => gatehouse.client('web'),
    params: { resource: 'https://api.example.com/unknown' },
    error: 'invalid_target',
    description: /unknown is not an API of this server/,
  },
  {
    title: 'a resource with a fragment is refused',
    from: () => gatehouse.client('web'),
    params: { resource: `${ORDERS}#part` },
    error: 'invalid_target',
    description: /fragment/,
  },
  {
    title: 'the API of others is refused',
    from: () => signInOnly,
    params: { scope: 'openid', resource: ORDERS },
    error: 'invalid_target',
    description: /given no scope of https:\/\/api\.example\.com\/orders/,
  },
  {
    title: 'two resources are refused',
    from: () => both,
    params: { scope: 'orders.read', resource: [ORDERS, SANDBOX] },
    error: 'invalid_target',
    description: /exactly one API/,
  },
];
for (const { title, from, params, error, description } of refused) {
  test(`${title} by a redirect, before anybody signs in`, async (t) => {
    const url = authorizeUrl(gatehouse, from(), { state: 'kept', ...params });
    assertRefusedByRedirect(t, await createAgent(gatehouse.issuer).get(url), {
      issuer: gatehouse.issuer,
      uri: from().redirect_uris[0] ?? '',
      error,
      description,
      state: 'kept',
    });
  });
}

for (const name of ['resource', 'audience']) {
  test(`the ${name} of a code cannot be changed at the exchange, nor at a refresh`, async (t) => {
    const params = { scope: 'orders.read offline_access', resource: ORDERS };
    const code = (await authorize(gatehouse, both, params)).get('code') ?? '';
    const expected = { error: 'invalid_target', description: /\w+ \w+/ };
    assertRefused(t, await redeem(gatehouse, both, code, { [name]: SANDBOX }), expected);
    const { status, body, text } = await redeem(gatehouse, both, code, { [name]: ORDERS });
    t.is(status, 200, text);
    const other = await refresh(gatehouse, both, body['refresh_token'], { [name]: SANDBOX });
    assertRefused(t, other, expected);
    const same = await refresh(gatehouse, both, body['refresh_token'], { [name]: ORDERS });
    t.is(decodeJwt(String(same.body['access_token'])).aud, ORDERS);
  });
}

test('a sign-in cannot be turned into an API token at the exchange', async (t) => {
  const web = gatehouse.client('web');
  const code = (await authorize(gatehouse, web, { scope: 'openid' })).get('code') ?? '';
  assertRefused(t, await redeem(gatehouse, web, code, { resource: ORDERS }), {
    error: 'invalid_target',
    description: /\w+ \w+/,
  });
  t.is((await redeem(gatehouse, web, code)).status, 200);
});

test('the scope of a code cannot be widened at the exchange', async (t) => {
  const web = gatehouse.client('web');
  const code = (await authorize(gatehouse, web, { scope: 'orders.read' })).get('code') ?? '';
  const { body, text } = await redeem(gatehouse, web, code, { scope: ALL });
  if (body['access_token'])
    t.is(decodeJwt(String(body['access_token']))['scope'], 'orders.read', text);
  else t.is(body['error'], 'invalid_scope', text);
});

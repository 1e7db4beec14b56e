// RFC 9126: the request goes over the back channel first, and is used once.
import { decodeJwt } from 'jose';
import * as client from 'openid-client';
import { digest } from '../../src/storage/oidc-payloads.ts';
import { createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import {
  assertRefused,
  basic,
  CHALLENGE,
  callback,
  encode,
  type Params,
  post,
  proceed,
  redeem,
  type TestClient,
} from '../_protocol.ts';

const URN = 'urn:ietf:params:oauth:request_uri:';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

const web = () => gatehouse.client('web');
const push = (from: TestClient, params: Params = {}, headers = {}) => {
  const request: Params = {
    client_id: from.client_id,
    response_type: 'code',
    redirect_uri: from.redirect_uris[0],
    scope: 'openid',
    code_challenge: CHALLENGE,
    code_challenge_method: 'S256',
    ...params,
  };
  const credentials = from.client_secret ? basic(from) : {};
  return post(gatehouse, '/par', request, { ...credentials, ...headers });
};
const useUrl = (client_id: string, request_uri: unknown, params: Params = {}) =>
  `${gatehouse.issuer}/authorize?${encode({ client_id, request_uri: String(request_uri), ...params })}`;

async function pushed(params: Params = {}) {
  const { status, body, text } = await push(web(), params);
  if (status !== 201) throw new Error(text);
  return String(body['request_uri']);
}

test('openid-client pushes its request and signs a person in with it', async (t) => {
  const config = await client.discovery(
    new URL(gatehouse.issuer),
    web().client_id,
    undefined,
    client.ClientSecretBasic(web().client_secret ?? ''),
    { execute: [client.allowInsecureRequests] },
  );
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const url = await client.buildAuthorizationUrlWithPAR(config, {
    redirect_uri: web().redirect_uris[0] ?? '',
    scope: 'openid orders.read',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
  });
  t.deepEqual([...url.searchParams.keys()].sort(), ['client_id', 'request_uri']);
  const agent = createAgent(gatehouse.issuer);
  const back = await proceed(gatehouse, agent, await agent.get(url.href));
  const tokens = await client.authorizationCodeGrant(
    config,
    new URL(back.headers.get('Location') ?? ''),
    { pkceCodeVerifier: verifier, expectedState: state },
  );
  t.is(decodeJwt(tokens.access_token)['scope'], 'orders.read');
});

test('the answer is a request_uri that lives a minute and is not cached', async (t) => {
  const { status, body, headers } = await push(web());
  t.is(status, 201);
  t.true(String(body['request_uri']).startsWith(URN));
  t.true(String(body['request_uri']).length >= URN.length + 22);
  t.is(body['expires_in'], 60);
  t.is(headers.get('Cache-Control'), 'no-store');
});

test('a public client pushes with its client_id', async (t) => {
  const spa = gatehouse.client('spa');
  const { status, body, text } = await push(spa);
  t.is(status, 201, text);
  const agent = createAgent(gatehouse.issuer);
  const start = await agent.get(useUrl(spa.client_id, body['request_uri']));
  const code = callback(await proceed(gatehouse, agent, start)).params.get('code') ?? '';
  t.is((await redeem(gatehouse, spa, code)).status, 200);
});

test('what was pushed counts, what the browser adds does not', async (t) => {
  const requestUri = await pushed({ scope: 'openid orders.read', state: 'pushed' });
  const agent = createAgent(gatehouse.issuer);
  const url = useUrl(web().client_id, requestUri, {
    scope: 'openid orders.write',
    state: 'added',
    redirect_uri: 'https://evil.example/',
  });
  const { uri, params } = callback(await proceed(gatehouse, agent, await agent.get(url)));
  t.is(uri, web().redirect_uris[0] ?? '');
  t.is(params.get('state'), 'pushed');
  const { body } = await redeem(gatehouse, web(), params.get('code') ?? '');
  t.is(decodeJwt(String(body['access_token']))['scope'], 'orders.read');
});

test('offline_access works in a pushed request as in any other', async (t) => {
  const requestUri = await pushed({ scope: 'openid offline_access' });
  const agent = createAgent(gatehouse.issuer);
  const start = await agent.get(useUrl(web().client_id, requestUri));
  const code = callback(await proceed(gatehouse, agent, start)).params.get('code') ?? '';
  const { body, text } = await redeem(gatehouse, web(), code);
  t.truthy(body['refresh_token'], text);
});

test('a request_uri is used once: after completion it is refused on a page', async (t) => {
  const requestUri = await pushed();
  const agent = createAgent(gatehouse.issuer);
  const url = useUrl(web().client_id, requestUri);
  t.truthy(callback(await proceed(gatehouse, agent, await agent.get(url))).params.get('code'));
  const again = await agent.get(url);
  t.is(again.status, 400);
  t.false(again.headers.has('Location'));
  t.regex(again.text, /request_uri is invalid, expired, or was already used/);
});

test('reloading the page of a request that is under way is fine', async (t) => {
  const url = useUrl(web().client_id, await pushed());
  const agent = createAgent(gatehouse.issuer);
  await agent.get(url);
  const back = await proceed(gatehouse, agent, await agent.get(url));
  t.truthy(callback(back).params.get('code'));
});

const unusable: Record<string, () => Promise<string>> = {
  'that has expired': async () => {
    const requestUri = await pushed();
    const query = await gatehouse.db.query();
    const id = digest(requestUri.slice(URN.length));
    await query('oidc_payloads')
      .where({ model: 'PushedAuthorizationRequest', id })
      .update({ expires_at: query.raw("now() - interval '1 second'") });
    return requestUri;
  },
  'that never was': async () => `${URN}${'A'.repeat(43)}`,
  'of another server': async () => 'https://evil.example/request.jwt',
};
for (const [title, requestUri] of Object.entries(unusable)) {
  test(`a request_uri ${title} is refused on a page`, async (t) => {
    const agent = createAgent(gatehouse.issuer);
    const page = await agent.get(useUrl(web().client_id, await requestUri()));
    t.is(page.status, 400);
    t.false(page.headers.has('Location'));
    t.regex(page.text, /request_uri/);
  });
}

test("another client cannot use somebody's request_uri", async (t) => {
  const requestUri = await pushed();
  const agent = createAgent(gatehouse.issuer);
  const page = await agent.get(useUrl(gatehouse.client('spa').client_id, requestUri));
  t.is(page.status, 400);
  t.false(page.headers.has('Location'));
  const start = await agent.get(useUrl(web().client_id, requestUri));
  t.truthy(callback(await proceed(gatehouse, agent, start)).params.get('code'));
});

const refused: { title: string; params: Params; error: string; description: RegExp }[] = [
  {
    title: 'an unknown scope',
    params: { scope: 'openid orders.burn' },
    error: 'invalid_scope',
    description: /orders\.burn/,
  },
  {
    title: 'an unknown resource',
    params: { resource: 'https://api.example.com/unknown' },
    error: 'invalid_target',
    description: /is not an API of this server/,
  },
  {
    title: 'a redirect URI that is not registered',
    params: { redirect_uri: 'http://127.0.0.1:9/elsewhere' },
    error: 'invalid_request',
    description: /redirect_uri/,
  },
  {
    title: 'no PKCE',
    params: { code_challenge: undefined, code_challenge_method: undefined },
    error: 'invalid_request',
    description: /PKCE is required: .*S256/,
  },
  {
    title: 'the implicit flow',
    params: { response_type: 'token' },
    error: 'unsupported_response_type',
    description: /must be code/,
  },
  {
    title: 'a request_uri',
    params: { request_uri: `${URN}abc` },
    error: 'request_uri_not_supported',
    description: /request_uri/,
  },
  {
    title: 'a parameter twice',
    params: { scope: ['openid', 'email'] },
    error: 'invalid_request',
    description: /scope.*twice/,
  },
];
for (const { title, params, error, description } of refused) {
  test(`a pushed request with ${title} is refused at once`, async (t) => {
    assertRefused(t, await push(web(), params), { error, description });
  });
}

test('a confidential client must authenticate to push', async (t) => {
  assertRefused(t, await push({ ...web(), client_secret: '' }), {
    error: 'invalid_client',
    description: /client authentication failed.*method/,
  });
  assertRefused(t, await push({ ...web(), client_secret: 'gh_sec_wrong' }), {
    status: 401,
    error: 'invalid_client',
    description: /client authentication failed/,
  });
});

test('a client cannot push in the name of another', async (t) => {
  const { client_id } = gatehouse.client('spa');
  const answer = await push(web(), { client_id });
  t.is(answer.status, 400, answer.text);
  t.true(['invalid_request', 'invalid_client'].includes(String(answer.body['error'])));
});

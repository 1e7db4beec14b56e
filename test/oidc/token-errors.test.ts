// Refusals of the token endpoint, RFC 6749 section 5.2: they name the remedy, and a console that
// shows only the body of a 400 can show them.
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import {
  type Answer,
  addClient,
  assertRefused,
  authorize,
  basic,
  type Params,
  post,
  redeem,
  refresh,
  requestToken,
  send,
  type TestClient,
} from '../_protocol.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

const spa = () => gatehouse.client('spa');
const web = () => gatehouse.client('web');

const grantTypes: { grant_type: string | undefined; error: string; description: RegExp }[] = [
  {
    grant_type: 'password',
    error: 'unsupported_grant_type',
    description: /password grant is not offered: use authorization_code .*S256.*client_credentials/,
  },
  {
    grant_type: 'implicit',
    error: 'unsupported_grant_type',
    description: /implicit flow is not offered: use authorization_code .*S256/,
  },
  {
    grant_type: 'urn:ietf:params:oauth:grant-type:saml2-bearer',
    error: 'unsupported_grant_type',
    description: /unsupported grant_type/,
  },
  { grant_type: undefined, error: 'invalid_request', description: /grant_type/ },
];
for (const { grant_type, error, description } of grantTypes) {
  test(`the grant type ${grant_type} is refused`, async (t) => {
    const params = { grant_type, username: 'ada', password: 'secret' };
    for (const client of [web(), spa(), gatehouse.client('machine')])
      assertRefused(t, await requestToken(gatehouse, client, params), { error, description });
  });
}

const REGISTERED = 'https://rp.example.com/auth/callback?portal=1';
const differences: Record<string, string> = {
  'upper and lower case differ': 'https://rp.example.com/Auth/callback?portal=1',
  'the scheme differs': 'http://rp.example.com/auth/callback?portal=1',
  'the host differs': 'https://rp2.example.com/auth/callback?portal=1',
  'the port differs': 'https://rp.example.com:8443/auth/callback?portal=1',
  'the path differs': 'https://rp.example.com/auth/callback2?portal=1',
  'a trailing slash differs': 'https://rp.example.com/auth/callback/?portal=1',
  'the query differs': 'https://rp.example.com/auth/callback?portal=2',
  'it is not an absolute URI': '/auth/callback',
};
test('a mismatch of the redirect URI names the part that differs, and repeats neither', async (t) => {
  const client = await addClient(gatehouse, {
    kind: 'web',
    redirectUris: [{ uri: REGISTERED, type: 'web' }],
  });
  const code = (await authorize(gatehouse, client)).get('code') ?? '';
  for (const [part, redirect_uri] of Object.entries(differences)) {
    const answer = await redeem(gatehouse, client, code, { redirect_uri });
    assertRefused(t, answer, {
      error: 'invalid_grant',
      description: new RegExp(`redirect_uri differs .*: ${part}$`),
    });
    t.false(answer.text.includes('rp.example.com'));
  }
  t.is((await redeem(gatehouse, client, code)).status, 200);
});

test('the port of a native client must be that of its own request', async (t) => {
  const native = gatehouse.client('native');
  const redirect_uri = 'http://127.0.0.1:50001/callback';
  const code = (await authorize(gatehouse, native, { redirect_uri })).get('code') ?? '';
  const other = 'http://127.0.0.1:50002/callback';
  assertRefused(t, await redeem(gatehouse, native, code, { redirect_uri: other }), {
    error: 'invalid_grant',
    description: /the port differs/,
  });
});

test('a stranger learns nothing about the redirect URI of a code', async (t) => {
  const code = (await authorize(gatehouse, web())).get('code') ?? '';
  const params = { redirect_uri: 'https://rp.example.com/' };
  assertRefused(t, await redeem(gatehouse, gatehouse.client('third-party'), code, params), {
    error: 'invalid_grant',
    description: /^it was issued to another client$/,
  });
});

const missing: { title: string; params: Params; description: RegExp }[] = [
  { title: 'code', params: { code: undefined }, description: /missing required.*code/ },
  {
    title: 'redirect_uri',
    params: { redirect_uri: undefined },
    description: /missing required.*redirect_uri/,
  },
  { title: 'code twice', params: { code: ['a', 'b'] }, description: /code.*twice/ },
  {
    title: 'redirect_uri twice',
    params: { redirect_uri: ['https://a.example/', 'https://b.example/'] },
    description: /redirect_uri.*twice/,
  },
  {
    title: 'grant_type twice',
    params: { grant_type: ['authorization_code', 'refresh_token'] },
    description: /grant_type.*twice/,
  },
];
for (const { title, params, description } of missing) {
  test(`an exchange with ${title} missing or repeated says so`, async (t) => {
    const answer = await redeem(gatehouse, web(), 'A'.repeat(43), params);
    assertRefused(t, answer, { error: 'invalid_request', description });
  });
}

test('a refresh without a token says what is missing', async (t) => {
  const answer = await refresh(gatehouse, web(), '', { refresh_token: undefined });
  assertRefused(t, answer, {
    error: 'invalid_request',
    description: /missing required.*refresh_token/,
  });
});

const fromPage = { Origin: 'http://127.0.0.1:9' };
const refusals: Record<string, (client: TestClient) => Promise<Answer>> = {
  'an unknown code': (client) => redeem(gatehouse, client, 'A'.repeat(43), {}, fromPage),
  'a wrong code_verifier': async (client) => {
    const code = (await authorize(gatehouse, client)).get('code') ?? '';
    return redeem(gatehouse, client, code, { code_verifier: 'a'.repeat(43) }, fromPage);
  },
  'a wrong redirect URI': async (client) => {
    const code = (await authorize(gatehouse, client)).get('code') ?? '';
    return redeem(gatehouse, client, code, { redirect_uri: 'http://127.0.0.1:9/x' }, fromPage);
  },
  'no code': (client) => redeem(gatehouse, client, '', { code: undefined }, fromPage),
  'the password grant': (client) =>
    requestToken(gatehouse, client, { grant_type: 'password' }, fromPage),
  'an unknown client id': (client) =>
    redeem(
      gatehouse,
      { ...client, client_id: `c_${'0'.repeat(24)}` },
      'A'.repeat(43),
      {},
      fromPage,
    ),
};
for (const [title, request] of Object.entries(refusals)) {
  test(`a page can read the 400 for ${title}`, async (t) => {
    const answer = await request(spa());
    t.is(answer.status, 400, answer.text);
    t.regex(String(answer.body['error_description']), /\w+ \w+ \w+/);
    t.is(answer.headers.get('Access-Control-Allow-Origin'), fromPage.Origin);
    t.is(answer.headers.get('Cache-Control'), 'no-store');
    t.truthy(answer.headers.get('X-Correlation-Id'));
  });
}

test('a secret that fails is a 401, which a console must never see', async (t) => {
  const wrong = { ...web(), client_secret: 'gh_sec_wrong' };
  assertRefused(t, await redeem(gatehouse, wrong, 'A'.repeat(43)), {
    status: 401,
    error: 'invalid_client',
    description: /client authentication failed/,
  });
});

for (const method of ['GET', 'PUT', 'DELETE']) {
  test(`${method} is no way to ask for a token`, async (t) => {
    const answer = await send(`${gatehouse.issuer}/token?grant_type=client_credentials`, {
      method,
      headers: basic(gatehouse.client('machine')),
    });
    t.true([404, 405].includes(answer.status));
    t.false('access_token' in answer.body);
  });
}

test('parameters in the query are none of the request', async (t) => {
  const headers = basic(gatehouse.client('machine'));
  const answer = await post(gatehouse, '/token?grant_type=client_credentials', {}, headers);
  assertRefused(t, answer, { error: 'invalid_request', description: /grant_type/ });
});

test('a body beyond all measure is refused', async (t) => {
  const scope = 'x'.repeat(2_000_000);
  const params = { grant_type: 'client_credentials', scope };
  const answer = await requestToken(gatehouse, gatehouse.client('machine'), params);
  t.true([400, 413].includes(answer.status), String(answer.status));
  t.is(answer.body['error'], 'invalid_request');
});

const hostile: Record<string, string> = {
  'a quotation mark': 'orders."read"',
  'letters beyond ASCII': 'orders.r\u00e9ad',
  'a line break': 'orders.read\r\nSet-Cookie: a=b',
};
test('a NUL byte in a scope is refused, never a failure of ours', async (t) => {
  const params = { grant_type: 'client_credentials', scope: 'orders.read\0' };
  assertRefused(t, await requestToken(gatehouse, gatehouse.client('machine'), params), {
    error: 'invalid_request',
    description: /characters that cannot be used/,
  });
});

for (const [title, scope] of Object.entries(hostile)) {
  test(`a scope with ${title} is refused in clean ASCII`, async (t) => {
    const params = { grant_type: 'client_credentials', scope };
    assertRefused(t, await requestToken(gatehouse, gatehouse.client('machine'), params), {
      error: 'invalid_scope',
      description: /scope/,
    });
  });
}

// OpenID Connect Core section 5.3, RFC 6750.

import { decodeJwt } from 'jose';
import { setAccountState } from '../../src/storage/accounts.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import { addAccount, assertRefused, encode, send, signInFor } from '../_protocol.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

const bearer = (token: unknown) => ({ Authorization: `Bearer ${token}` });
const userinfo = (init: RequestInit) => send(`${gatehouse.issuer}/userinfo`, init);
const tokenFor = async (scope: string, kind = 'web') =>
  (await signInFor(gatehouse, gatehouse.client(kind), { scope }))['access_token'];

const claimsOf: Record<string, string[]> = {
  openid: ['sub'],
  'openid profile': ['family_name', 'given_name', 'name', 'sub', 'updated_at'],
  'openid email': ['email', 'email_verified', 'sub'],
  'openid roles': ['roles', 'sub'],
  'openid profile email roles': [
    'email',
    'email_verified',
    'family_name',
    'given_name',
    'name',
    'roles',
    'sub',
    'updated_at',
  ],
};
for (const [scope, claims] of Object.entries(claimsOf)) {
  test(`the scope "${scope}" shows ${claims.join(', ')} and no more`, async (t) => {
    const { status, body, headers } = await userinfo({ headers: bearer(await tokenFor(scope)) });
    t.is(status, 200);
    t.regex(headers.get('Content-Type') ?? '', /^application\/json/);
    t.deepEqual(Object.keys(body).sort(), claims);
  });
}

test('the claims are those of the account, in the types that OpenID Connect wants', async (t) => {
  const tokens = await signInFor(gatehouse, gatehouse.client('web'), {
    scope: 'openid profile email roles',
  });
  const { body } = await userinfo({ headers: bearer(tokens['access_token']) });
  const { updated_at, ...claims } = body;
  t.deepEqual(claims, {
    sub: decodeJwt(String(tokens['id_token'])).sub ?? '',
    name: 'Ada Marsh',
    given_name: 'Ada',
    family_name: 'Marsh',
    email: 'admin@example.com',
    email_verified: true,
    roles: ['admin'],
  });
  t.true(Number.isInteger(updated_at));
});

test('the token may come by POST, in the header or in the form', async (t) => {
  const token = await tokenFor('openid email');
  const inHeader = await userinfo({ method: 'POST', headers: bearer(token) });
  const inForm = await userinfo({
    method: 'POST',
    body: encode({ access_token: String(token) }),
  });
  for (const { status, body } of [inHeader, inForm]) {
    t.is(status, 200);
    t.is(body['email'], 'admin@example.com');
  }
});

test('a token in the query is refused: it would stand in logs', async (t) => {
  const token = await tokenFor('openid');
  const answer = await send(`${gatehouse.issuer}/userinfo?access_token=${token}`);
  t.true([400, 401].includes(answer.status));
  t.false('sub' in answer.body);
});

test('a token sent twice is refused', async (t) => {
  const token = await tokenFor('openid');
  const answer = await userinfo({
    method: 'POST',
    headers: bearer(token),
    body: encode({ access_token: String(token) }),
  });
  assertRefused(t, answer, {
    error: 'invalid_request',
    description: /access token must only be provided using one mechanism/,
  });
});

test('without a token the answer is 401 with a challenge', async (t) => {
  const answer = await userinfo({});
  t.is(answer.status, 401, answer.text);
  t.regex(answer.headers.get('WWW-Authenticate') ?? '', /^Bearer realm="/);
});

const refused: Record<string, () => Promise<unknown>> = {
  'a token that never was': async () => 'A'.repeat(43),
  'no token characters': async () => '$$$',
  'an access token of an API': () => tokenFor('openid orders.read'),
  'an ID token': async () => (await signInFor(gatehouse, gatehouse.client('web')))['id_token'],
};
for (const [title, token] of Object.entries(refused)) {
  test(`${title} is refused with 401`, async (t) => {
    const answer = await userinfo({ headers: bearer(await token()) });
    assertRefused(t, answer, {
      status: 401,
      error: 'invalid_token',
      description: /\w+ \w+/,
    });
    t.regex(answer.headers.get('WWW-Authenticate') ?? '', /^Bearer .*error="invalid_token"/);
  });
}

test('the token of a blocked account is refused at once', async (t) => {
  const account = await addAccount(gatehouse);
  const web = gatehouse.client('web');
  const tokens = await signInFor(gatehouse, web, { scope: 'openid' }, { account });
  const headers = bearer(tokens['access_token']);
  t.is((await userinfo({ headers })).status, 200);
  await setAccountState(gatehouse.db, account.id, 'blocked');
  assertRefused(t, await userinfo({ headers }), {
    status: 401,
    error: 'invalid_token',
    description: /\w+ \w+/,
  });
});

test('a page of the registered origin may read it, and no other', async (t) => {
  const headers = bearer(await tokenFor('openid', 'spa'));
  const own = await userinfo({ headers: { ...headers, Origin: gatehouse.portalUrl } });
  t.is(own.status, 200, own.text);
  t.is(own.headers.get('Access-Control-Allow-Origin'), gatehouse.portalUrl);
  for (const Origin of ['https://evil.example', 'null']) {
    const answer = await userinfo({ headers: { ...headers, Origin } });
    assertRefused(t, answer, { error: 'invalid_request', description: /origin .* not allowed/ });
    t.false(answer.headers.has('Access-Control-Allow-Origin'));
  }
});

test('its preflight lets the Authorization header pass', async (t) => {
  const answer = await userinfo({
    method: 'OPTIONS',
    headers: {
      Origin: gatehouse.portalUrl,
      'Access-Control-Request-Method': 'GET',
      'Access-Control-Request-Headers': 'authorization',
    },
  });
  t.is(answer.status, 204);
  t.is(answer.headers.get('Access-Control-Allow-Origin'), gatehouse.portalUrl);
  t.regex(answer.headers.get('Access-Control-Allow-Headers') ?? '', /authorization/i);
});

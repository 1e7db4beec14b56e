// The demo's Orders API: what a token must be, and how the API says no. RFC 6750 section 3, RFC 9068.
import { createPublicKey } from 'node:crypto';
import test, { type ExecutionContext } from 'ava';
import { decodeJwt, decodeProtectedHeader, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { useDemo } from '../portal/_demo.ts';
import { exchange, obtainCode, post } from '../security/_flow.ts';

const demo = useDemo(test);

const PRODUCTION = 'https://api.example.com/orders';
const SANDBOX = 'https://sandbox.api.example.com/orders';

interface Answer {
  status: number;
  challenge: string;
  body: Record<string, unknown>;
}

async function call(path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(`${demo.file.api_url}${path}`, init);
  const challenge = response.headers.get('WWW-Authenticate') ?? '';
  return { status: response.status, challenge, body: await response.json() };
}

function bearer(token: string): RequestInit {
  return { headers: { Authorization: `Bearer ${token}` } };
}

/** A token of the machine client, which was given both environments. */
async function machineToken(params: Record<string, string> = {}): Promise<string> {
  const request = {
    grant_type: 'client_credentials',
    scope: 'orders.read orders.write',
    ...params,
  };
  const { json, text } = await post(demo.target, '/token', request, { as: 'machine' });
  if (typeof json['access_token'] === 'string') return json['access_token'];
  throw new Error(text);
}

/** What the portal's sign-in client gets: an ID token, and an access token for no API. */
async function signInTokens(scope: string) {
  const flow = await obtainCode(demo.target, 'web', { overrides: { scope } });
  const { json } = await exchange(demo.target, 'web', flow);
  return { idToken: String(json['id_token']), accessToken: String(json['access_token']) };
}

/** The challenge of a refusal: Bearer, then quoted parameters of the characters that are allowed. */
function assertChallenge(t: ExecutionContext, answer: Answer, error: string): void {
  const quoted = '"[\\x20-\\x21\\x23-\\x5b\\x5d-\\x7e]*"';
  t.regex(answer.challenge, new RegExp(`^Bearer [a-z_]+=${quoted}(, [a-z_]+=${quoted})*$`));
  t.true(answer.challenge.includes(`error="${error}"`), answer.challenge);
  const sentence = String(answer.body['error_description']);
  t.true(answer.challenge.includes(`error_description="${sentence.replaceAll('"', "'")}"`));
  t.is(answer.body['error'], error);
}

function assertInvalid(t: ExecutionContext, answer: Answer, sentence: RegExp): void {
  t.is(answer.status, 401);
  assertChallenge(t, answer, 'invalid_token');
  t.regex(String(answer.body['error_description']), sentence);
}

test('a good token is answered with the orders and with what the API saw in it', async (t) => {
  const token = await machineToken();
  const { status, body } = await call('/production/orders', bearer(token));
  t.is(status, 200);
  t.like(body, { environment: 'production', orders: [{ id: 'ord-1001' }, { id: 'ord-1002' }] });
  const { client_id } = demo.target.client('machine');
  const { alg, kid, typ } = decodeProtectedHeader(token);
  t.deepEqual(body['token'], { header: { alg, kid, typ }, claims: decodeJwt(token) });
  t.like(body['token'], { claims: { aud: PRODUCTION, sub: client_id, azp: client_id } });
  t.false(JSON.stringify(body).includes(token), 'the token itself is not repeated');
});

test('a person places an order and sees it; others do not', async (t) => {
  const flow = await obtainCode(demo.target, 'web', {
    overrides: { scope: 'openid orders.read orders.write' },
  });
  const { json } = await exchange(demo.target, 'web', flow);
  const token = String(json['access_token']);
  const placed = await call('/production/orders', {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ item: 'Brass lantern', quantity: 2 }),
  });
  t.is(placed.status, 201);
  t.like(placed.body, { environment: 'production', order: { item: 'Brass lantern', quantity: 2 } });
  const mine = await call('/production/orders', bearer(token));
  t.true(JSON.stringify(mine.body['orders']).includes('Brass lantern'));
  const theirs = await call('/production/orders', bearer(await machineToken()));
  t.false(JSON.stringify(theirs.body['orders']).includes('Brass lantern'));
});

test('without a token the API asks for one and names no error', async (t) => {
  const { status, challenge, body } = await call('/production/orders');
  t.is(status, 401);
  t.is(challenge, 'Bearer realm="Contoso Orders", scope="orders.read"');
  t.regex(String(body['error_description']), /needs an access token: send it in the header/);
  const other = await call('/production/orders', { headers: { Authorization: 'Basic YTpi' } });
  t.is(other.status, 401);
  t.is(other.challenge, challenge);
});

test('a token in the address is not looked at', async (t) => {
  const token = await machineToken();
  const { status } = await call(`/production/orders?access_token=${token}`);
  t.is(status, 401);
});

for (const { authorization, sentence } of [
  { authorization: 'Bearer', sentence: /says Bearer, but no token follows/ },
  { authorization: 'Bearer two words', sentence: /is not a token/ },
  { authorization: 'Bearer "quoted"', sentence: /is not a token/ },
]) {
  test(`"${authorization}" is a malformed request`, async (t) => {
    const answer = await call('/production/orders', { headers: { Authorization: authorization } });
    t.is(answer.status, 400);
    assertChallenge(t, answer, 'invalid_request');
    t.regex(String(answer.body['error_description']), sentence);
  });
}

test('garbage is not a JWT', async (t) => {
  for (const token of ['garbage', 'a.b.c', 'e30.e30.e30', `${'a'.repeat(6000)}`]) {
    const answer = await call('/production/orders', bearer(token));
    t.is(answer.status, 401, token.slice(0, 20));
    assertChallenge(t, answer, 'invalid_token');
  }
});

test('a token for the other environment is refused, both ways, naming both audiences', async (t) => {
  const production = await machineToken();
  const sandbox = await machineToken({ resource: SANDBOX });
  t.is((await call('/sandbox/orders', bearer(sandbox))).status, 200);
  const atProduction = await call('/production/orders', bearer(sandbox));
  assertInvalid(
    t,
    atProduction,
    new RegExp(`is for ${SANDBOX}; this API expects ${PRODUCTION}\\.`),
  );
  const atSandbox = await call('/sandbox/orders', bearer(production));
  assertInvalid(t, atSandbox, new RegExp(`is for ${PRODUCTION}; this API expects ${SANDBOX}\\.`));
});

test('an ID token is not an access token', async (t) => {
  const { idToken } = await signInTokens('openid profile email');
  const answer = await call('/production/orders', bearer(idToken));
  assertInvalid(t, answer, /expected at\+jwt: send the access token, not an ID token\./);
});

test('the opaque token of a plain sign-in opens no API', async (t) => {
  const { accessToken } = await signInTokens('openid profile email');
  t.is(accessToken.split('.').length, 1);
  const answer = await call('/production/orders', bearer(accessToken));
  assertInvalid(t, answer, /not a JWT\. An opaque token was issued for no API/);
});

test('a token without a signature is refused', async (t) => {
  const claims: JWTPayload = decodeJwt(await machineToken());
  const forged = new UnsecuredJWT(claims).encode();
  const answer = await call('/production/orders', bearer(forged));
  assertInvalid(t, answer, /signed with none; this API accepts RS256/);
});

test('a token signed with the public key as a shared secret is refused', async (t) => {
  const token = await machineToken();
  const { kid = '' } = decodeProtectedHeader(token);
  const response = await fetch(`${demo.file.issuer}/jwks`);
  const { keys } = (await response.json()) as { keys: (JsonWebKey & { kid: string })[] };
  const key = keys.find((candidate) => candidate.kid === kid) ?? {};
  const pem = createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
  for (const secret of [String(pem), String(pem).trim(), JSON.stringify(key)]) {
    const forged = await new SignJWT(decodeJwt(token))
      .setProtectedHeader({ alg: 'HS256', kid, typ: 'at+jwt' })
      .sign(Buffer.from(secret));
    const answer = await call('/production/orders', bearer(forged));
    assertInvalid(t, answer, /signed with HS256; this API accepts RS256/);
  }
});

test('a token that was changed or cut short has a wrong signature', async (t) => {
  const token = await machineToken({ scope: 'orders.read' });
  const [header = '', , signature = ''] = token.split('.');
  const more = { ...decodeJwt(token), scope: 'orders.read orders.write' };
  const claims = Buffer.from(JSON.stringify(more)).toString('base64url');
  for (const changed of [`${header}.${claims}.${signature}`, token.slice(0, -8)]) {
    const answer = await call('/production/orders', bearer(changed));
    assertInvalid(t, answer, /signature of the token is wrong: it was changed, or cut short/);
  }
});

test('a token without the scope of an operation is refused with 403, naming the scope', async (t) => {
  const token = await machineToken({ scope: 'orders.read' });
  const answer = await call('/production/orders', {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: '{"item":"Lamp","quantity":1}',
  });
  t.is(answer.status, 403);
  assertChallenge(t, answer, 'insufficient_scope');
  t.true(answer.challenge.endsWith('scope="orders.write"'));
  t.is(
    answer.body['error_description'],
    'This operation needs the scope orders.write; the token has only orders.read.',
  );
});

test('the pages of every origin may call the API from a browser, refusals included', async (t) => {
  const url = `${demo.file.api_url}/sandbox/orders`;
  const Origin = 'http://127.0.0.1:9';
  const preflight = await fetch(url, {
    method: 'OPTIONS',
    headers: { Origin, 'Access-Control-Request-Method': 'POST' },
  });
  t.is(preflight.status, 204);
  t.is(preflight.headers.get('Access-Control-Allow-Origin'), '*');
  t.regex(preflight.headers.get('Access-Control-Allow-Headers') ?? '', /Authorization/);
  const refusal = await fetch(url, { headers: { Origin } });
  t.is(refusal.status, 401);
  t.is(refusal.headers.get('Access-Control-Allow-Origin'), '*');
  t.is(refusal.headers.get('Access-Control-Allow-Credentials'), null);
  t.regex(refusal.headers.get('Access-Control-Expose-Headers') ?? '', /WWW-Authenticate/);
});

// T-27, T-28, T-29: the JWT classics against private_key_jwt.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import { exportJWK, exportSPKI, generateKeyPair, importJWK, SignJWT } from 'jose';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { type JsonAnswer, type Params, post } from './_flow.ts';

let gatehouse: Gatehouse;
let key: Awaited<ReturnType<typeof importJWK>>;
let visited = 0;
const listener = createServer((_request, response) => {
  visited += 1;
  response.end('{"keys":[]}');
});
let listenerUrl: string;
test.before(async () => {
  gatehouse = await startGatehouse();
  key = await importJWK(gatehouse.client('machine-jwt').private_jwk ?? {}, 'ES256');
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  listenerUrl = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
});
test.after.always(async () => {
  listener.close();
  await gatehouse?.stop();
});

const seconds = () => Math.floor(Date.now() / 1000);

type Claims = Record<string, unknown>;

function claims(overrides: Claims = {}): Claims {
  const { client_id } = gatehouse.client('machine-jwt');
  return {
    iss: client_id,
    sub: client_id,
    aud: gatehouse.issuer,
    jti: randomUUID(),
    exp: seconds() + 60,
    ...overrides,
  };
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

const sign = (payload: Claims, header: Claims = {}) =>
  new SignJWT(payload).setProtectedHeader({ alg: 'ES256', ...header }).sign(key);

const present = (client_assertion: string | string[], extra: Params = {}): Promise<JsonAnswer> =>
  post(gatehouse, '/token', {
    grant_type: 'client_credentials',
    scope: 'orders.read',
    client_assertion,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    ...extra,
  });

const isRefused = ({ status, json }: JsonAnswer) =>
  (status === 401 && json['error'] === 'invalid_client') ||
  (status === 400 && json['error'] === 'invalid_request');

test('T-27 the honest assertion is accepted', async (t) => {
  t.is((await present(await sign(claims()))).status, 200);
});

test('T-27 an assertion without a signature is refused', async (t) => {
  for (const alg of [
    'none',
    'None',
    'nOnE',
    'NONE',
    'none ',
    '',
    null,
    [],
    ['none'],
    0,
    undefined,
  ]) {
    for (const signature of ['', 'AAAA', 'e30']) {
      for (const header of [{ alg }, { alg, typ: 'JWT' }, { typ: 'JWT', alg, kid: 'machine-1' }]) {
        const answer = await present(`${encode(header)}.${encode(claims())}.${signature}`);
        t.true(isRefused(answer), JSON.stringify(header));
      }
    }
  }
});

test('T-27 a public key is no HMAC secret', async (t) => {
  const { d: _private, ...publicJwk } = gatehouse.client('machine-jwt').private_jwk ?? {};
  const publicKey = await importJWK(publicJwk, 'ES256', { extractable: true });
  if (publicKey instanceof Uint8Array) throw new Error('not an asymmetric key');
  const pem = await exportSPKI(publicKey);
  const secrets = [
    pem,
    pem.trim(),
    `${pem}\n`,
    JSON.stringify(publicJwk),
    'stored-as-hash'.padEnd(32, '\0'),
  ];
  for (const secret of secrets) {
    for (const header of [{ alg: 'HS256' }, { alg: 'HS256', kid: 'machine-1' }]) {
      const jwt = await new SignJWT(claims()).setProtectedHeader(header).sign(Buffer.from(secret));
      t.true(isRefused(await present(jwt)));
    }
  }
});

test('T-27 the attacker’s key is not taken from the header, nor fetched from anywhere', async (t) => {
  const evil = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(evil.publicKey);
  const headers: Claims[] = [
    { jwk },
    { jwk, kid: 'machine-1' },
    { jwk, jku: `${listenerUrl}/jku`, x5u: `${listenerUrl}/x5u` },
    { jku: `${listenerUrl}/jku`, kid: 'evil' },
    { x5c: ['MIIB'], kid: 'evil' },
    { kid: '../../../../dev/null' },
    { kid: '/dev/null' },
    { kid: "' OR 1=1--" },
    { kid: "x' UNION SELECT 'key'--" },
    { kid: 'a\0b' },
    { kid: '__proto__' },
    { kid: 'constructor' },
    { kid: `${listenerUrl}/kid` },
    { kid: '| curl evil' },
    { kid: 'x'.repeat(5000) },
  ];
  for (const header of headers) {
    const jwt = await new SignJWT(claims())
      .setProtectedHeader({ alg: 'ES256', ...header })
      .sign(evil.privateKey);
    t.true(isRefused(await present(jwt)), JSON.stringify(header).slice(0, 80));
  }
  t.is(visited, 0);
});

test('T-28 the audience is the issuer alone', async (t) => {
  const { issuer } = gatehouse;
  const audiences: unknown[] = [
    `${issuer}/token`,
    `${issuer}/`,
    `${issuer}#`,
    `${issuer} `,
    issuer.toUpperCase(),
    issuer.replace('127.0.0.1', 'localhost'),
    'https://evil.test',
    'https://evil.test/token',
    [issuer],
    [issuer, 'https://evil.test'],
    ['https://evil.test', issuer],
    [issuer, issuer],
    [`${issuer}/token`],
    [[issuer]],
    { 0: issuer },
    { toString: issuer },
    '',
    null,
    undefined,
    true,
    [],
  ];
  for (const aud of audiences)
    t.true(isRefused(await present(await sign(claims({ aud })))), JSON.stringify(aud));
});

test('T-28 an assertion for the Host of the attacker’s choice is refused', async (t) => {
  const assertion = await sign(claims({ aud: 'https://evil.test/token' }));
  const answer = await post(
    gatehouse,
    '/token',
    {
      grant_type: 'client_credentials',
      client_assertion: assertion,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    },
    { headers: { 'X-Forwarded-Host': 'evil.test', 'X-Forwarded-Proto': 'https' } },
  );
  t.true(isRefused(answer));
});

test('T-27 times and identifiers must be there, of the right type and sane', async (t) => {
  const { client_id } = gatehouse.client('machine-jwt');
  const wrong: Claims[] = [
    { exp: undefined },
    { exp: null },
    { exp: '' },
    { exp: String(seconds() + 60) },
    { exp: [seconds() + 60] },
    { exp: 0 },
    { exp: -1 },
    { exp: seconds() - 60 },
    { exp: seconds() + 3600 },
    { exp: 1e300 },
    { nbf: seconds() + 600 },
    { nbf: 'x' },
    { iat: 'x' },
    { jti: undefined },
    { jti: '' },
    { jti: null },
    { jti: {} },
    { jti: ['a'] },
    { jti: 1 },
    { iss: undefined },
    { iss: 'https://evil.test' },
    { iss: [client_id] },
    { iss: gatehouse.issuer },
    { sub: undefined },
    { sub: '' },
    { sub: [client_id] },
    { sub: {} },
    { sub: `${client_id} ` },
    { sub: `${client_id}\0` },
    { sub: '\ud800' },
    { sub: '__proto__' },
    { sub: gatehouse.client('machine').client_id, iss: gatehouse.client('machine').client_id },
    { sub: gatehouse.client('spa').client_id, iss: gatehouse.client('spa').client_id },
  ];
  for (const overrides of wrong)
    t.true(isRefused(await present(await sign(claims(overrides)))), JSON.stringify(overrides));
});

test('T-27 the token itself must be exactly one compact JWS', async (t) => {
  const good = await sign(claims());
  const [header = '', payload = '', signature = ''] = good.split('.');
  const broken = [
    '',
    '.',
    '..',
    '...',
    'a.b.c',
    `${header}.${payload}`,
    `${header}.${payload}.`,
    `${good}.`,
    `${good}.x`,
    `${good}=`,
    ` ${good}`,
    `${good}\0`,
    `${header}.${encode(claims())}.${signature}`,
    `${header}.${payload}.${signature.slice(0, -4)}`,
    `${encode({ alg: 'ES256', crit: ['exp'], exp: 1 })}.${payload}.${signature}`,
    JSON.stringify({ payload, signatures: [{ protected: header, signature }] }),
    `${encode({ alg: 'ES256', b64: false, crit: ['b64'] })}.${payload}.${signature}`,
    `${encode([])}.${payload}.${signature}`,
    `${encode(null)}.${encode(null)}.${signature}`,
    `${header}.${Buffer.from('{"a":').toString('base64url')}.${signature}`,
  ];
  for (const text of broken) t.true(isRefused(await present(text)), JSON.stringify(text));
  t.true(isRefused(await present([good, good])));
  t.true(isRefused(await present(good, { client_assertion_type: undefined })));
  t.true(isRefused(await present(good, { client_assertion_type: 'x' })));
  t.true(isRefused(await present(good, { client_id: gatehouse.client('machine').client_id })));
  t.true(isRefused(await present(good, { client_secret: 'x' })));
  t.is((await present(good)).status, 200, 'the attacks did not use it up');
});

test('T-29 no client can be named like an account, nor an account like a client', async (t) => {
  const { knex } = gatehouse.db;
  const client = {
    kind: 'machine',
    name: 'x',
    token_endpoint_auth_method: 'none',
    grant_types: [],
  };
  await t.throwsAsync(async () => knex('clients').insert({ ...client, id: 'usr_0123456789' }));
  await t.throwsAsync(async () =>
    knex('accounts').insert({ id: 'c_0123456789', email: 'c@example.com' }),
  );
  const [{ id: accountId } = { id: '' }] = await knex('accounts').select('id').limit(1);
  for (const client_id of [accountId, `c_${accountId}`, `c_x ${accountId}`]) {
    const answer = await post(gatehouse, '/token', { grant_type: 'client_credentials', client_id });
    t.is(answer.json['error'], 'invalid_client', client_id);
  }
});

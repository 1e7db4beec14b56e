// T-21, T-27: introspection of JWT access tokens tells a stranger nothing, and believes no forgery.
import test from 'ava';
import {
  decodeJwt,
  decodeProtectedHeader,
  exportSPKI,
  generateKeyPair,
  importJWK,
  type JWK,
  SignJWT,
} from 'jose';
import { setAccountState } from '../../src/storage/accounts.ts';
import { insertApi, listApis } from '../../src/storage/apis.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { withClient } from './_clients.ts';
import { exchange, obtainCode, post } from './_flow.ts';

let gatehouse: Gatehouse;
let token: string;
let idToken: string;
test.before(async () => {
  gatehouse = await startGatehouse();
  const flow = await obtainCode(gatehouse, 'third-party', {
    overrides: { scope: 'openid email orders.read' },
  });
  const tokens = (await exchange(gatehouse, 'third-party', flow)).json;
  token = String(tokens['access_token']);
  idToken = String(tokens['id_token']);
});
test.after.always(() => gatehouse?.stop());

const introspect = (value: string, as: string, hint?: string) =>
  post(gatehouse, '/introspect', { token: value, token_type_hint: hint }, { as });

test('T-21 only the API and the client of a token learn what it says', async (t) => {
  for (const as of ['third-party', 'resource-server'])
    t.is((await introspect(token, as)).json['active'], true, as);
  for (const as of ['web', 'machine', 'console']) {
    for (const hint of ['access_token', 'refresh_token', undefined]) {
      const answer = await introspect(token, as, hint);
      t.is(answer.status, 200, as);
      t.is(answer.text, '{"active":false}', as);
    }
  }
  for (const client of ['spa', 'native']) {
    const { client_id } = gatehouse.client(client);
    const answer = await post(gatehouse, '/introspect', { token, client_id });
    t.not(answer.json['active'], true, client);
  }
  const anonymous = await post(gatehouse, '/introspect', { token });
  t.true([400, 401].includes(anonymous.status));
  t.false(anonymous.text.includes('sub'));
});

test('T-21 another API learns nothing', async (t) => {
  const other = await withClient(gatehouse, { kind: 'resource-server', entitlements: [] });
  const uri = 'https://other.test/';
  await insertApi(gatehouse.db, {
    name: 'Other',
    environment: 'production',
    resource: uri,
    audience: uri,
    alg: 'RS256',
    typ: 'at+jwt',
    tokenLifetime: 600,
    claims: [],
    scopes: [{ name: 'other.read', description: 'x' }],
  });
  await gatehouse.db.knex('apis').where({ resource: uri }).update({ client_id: other.clientId });
  t.is((await listApis(gatehouse.db)).length, 4, 'two of the demo, our own, and this one');
  const answer = await post(other, '/introspect', { token }, { as: 'any' });
  t.deepEqual(answer.json, { active: false });
});

test('T-27 no forged or misused JWT is active', async (t) => {
  const claims = decodeJwt(token);
  const header = decodeProtectedHeader(token);
  const { keys } = (await (await fetch(`${gatehouse.issuer}/jwks`)).json()) as { keys: JWK[] };
  const rsa = await importJWK(keys.find(({ kid }) => kid === header.kid) ?? {}, 'RS256', {
    extractable: true,
  });
  if (rsa instanceof Uint8Array) throw new Error('not an asymmetric key');
  const pem = Buffer.from(await exportSPKI(rsa));
  const evil = await generateKeyPair('RS256');
  const [head = '', body = '', signature = ''] = token.split('.');
  const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const kid = header.kid ?? '';
  const sign = (alg: string, key: Uint8Array | CryptoKey, extra = {}) =>
    new SignJWT(claims).setProtectedHeader({ alg, kid, typ: 'at+jwt', ...extra }).sign(key);
  const forgeries: [string, string][] = [
    ['alg none', `${base64({ ...header, alg: 'none' })}.${body}.`],
    ['alg None', `${base64({ ...header, alg: 'None' })}.${body}.${signature}`],
    ['stripped', `${head}.${body}.`],
    ['another body', `${head}.${base64({ ...claims, scope: 'orders.write' })}.${signature}`],
    ['HS256 with the public key', await sign('HS256', pem)],
    ['another key', await sign('RS256', evil.privateKey)],
    ['another key, embedded', await sign('RS256', evil.privateKey, { jwk: keys[0] })],
    ['no key id', await sign('RS256', evil.privateKey, { kid: undefined })],
    ['the ID token', idToken],
    ['a dot more', `${token}.x`],
    ['garbage', 'a.b.c'],
    ['five parts', 'a.b.c.d.e'],
    ['empty parts', '..'],
  ];
  for (const [name, value] of forgeries) {
    for (const as of ['third-party', 'resource-server']) {
      const answer = await introspect(value, as);
      t.true(answer.status < 500, name);
      t.not(answer.json['active'], true, name);
      t.false(answer.text.includes('usr_'), name);
    }
  }
});

test.serial('T-24 the JWT of a blocked account is inactive at once', async (t) => {
  const { sub = '' } = decodeJwt(token);
  t.is((await introspect(token, 'resource-server')).json['active'], true);
  await setAccountState(gatehouse.db, sub, 'blocked');
  for (const as of ['third-party', 'resource-server'])
    t.deepEqual((await introspect(token, as)).json, { active: false }, as);
  await setAccountState(gatehouse.db, sub, 'active');
});

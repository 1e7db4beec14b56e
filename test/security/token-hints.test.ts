// T-27: forged ID token hints, access tokens and DPoP proofs.
import { randomUUID } from 'node:crypto';
import test from 'ava';
import {
  calculateJwkThumbprint,
  decodeJwt,
  decodeProtectedHeader,
  exportJWK,
  exportSPKI,
  type GenerateKeyPairResult,
  generateKeyPair,
  importJWK,
  type JWK,
  type JWTHeaderParameters,
  type JWTPayload,
  SignJWT,
} from 'jose';
import type { Agent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { authorization, basic, encode, exchange, obtainCode, post } from './_flow.ts';

let gatehouse: Gatehouse;
let agent: Agent;
let idToken: string;
/** Name and text of ID tokens that nobody issued for this purpose. */
let forgeries: [string, string][];

test.before(async () => {
  gatehouse = await startGatehouse();
  const flow = await obtainCode(gatehouse, 'web');
  agent = flow.agent;
  idToken = String((await exchange(gatehouse, 'web', flow)).json['id_token']);
  forgeries = await forge(idToken);
});
test.after.always(() => gatehouse?.stop());

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

async function forge(honest: string): Promise<[string, string][]> {
  const payload = decodeJwt(honest);
  const { kid = '' } = decodeProtectedHeader(honest);
  const { keys } = (await (await fetch(`${gatehouse.issuer}/jwks`)).json()) as { keys: JWK[] };
  const published = keys.find((key) => key.kid === kid) ?? {};
  const rsa = await importJWK(published, 'RS256', { extractable: true });
  if (rsa instanceof Uint8Array) throw new Error('not an asymmetric key');
  const pem = Buffer.from(await exportSPKI(rsa));
  const evil = await generateKeyPair('RS256', { extractable: true });
  const jwk = await exportJWK(evil.publicKey);
  const sign = (claims: JWTPayload, header: JWTHeaderParameters, key: Uint8Array | CryptoKey) =>
    new SignJWT(claims).setProtectedHeader(header).sign(key);
  const [header = '', body = '', signature = ''] = honest.split('.');
  const other = { ...payload, sub: 'usr_000000000000000000000000' };
  return [
    ['alg none', `${base64({ alg: 'none' })}.${body}.`],
    ['alg None', `${base64({ alg: 'None', kid })}.${body}.`],
    ['alg nOnE with signature', `${base64({ alg: 'nOnE', kid })}.${body}.${signature}`],
    ['no signature', `${header}.${body}.`],
    ['another body', `${header}.${base64(other)}.${signature}`],
    ['HS256 with the public key', await sign(payload, { alg: 'HS256', kid }, pem)],
    ['HS256 with an empty key id', await sign(payload, { alg: 'HS256', kid: '' }, pem)],
    ['our key id, their key', await sign(payload, { alg: 'RS256', kid }, evil.privateKey)],
    ['their key embedded', await sign(payload, { alg: 'RS256', jwk }, evil.privateKey)],
    [
      'key id injection',
      await sign(payload, { alg: 'RS256', kid: '../../dev/null' }, evil.privateKey),
    ],
    [
      'another algorithm',
      await sign(payload, { alg: 'PS256', kid }, evil.privateKey).catch(() => 'a.b.c'),
    ],
    ['garbage', 'a.b.c'],
    ['JSON', '{"sub":"x"}'],
  ];
}

test('T-27 no forged id_token_hint is believed at the authorization endpoint', async (t) => {
  for (const [name, id_token_hint] of forgeries) {
    for (const prompt of ['none', 'login', undefined]) {
      const answer = await agent.request(
        authorization(gatehouse, 'web', { id_token_hint, prompt }).url,
      );
      const location = new URL(answer.headers.get('Location') ?? '', gatehouse.issuer);
      t.is(location.searchParams.get('code'), null, name);
      t.is(location.searchParams.get('error'), 'invalid_request', name);
    }
  }
});

test('T-27 no forged id_token_hint is believed at sign-out', async (t) => {
  const [uri] = gatehouse.client('web').post_logout_redirect_uris;
  for (const [name, id_token_hint] of forgeries) {
    const query = encode({ id_token_hint, post_logout_redirect_uri: uri });
    const answer = await agent.request(`${gatehouse.issuer}/logout?${query}`);
    t.is(answer.status, 400, name);
    t.is(answer.headers.get('Location'), null, name);
    await answer.body?.cancel();
  }
});

test('T-27 the hint of one client is no hint of another', async (t) => {
  const authorized = await agent.request(
    authorization(gatehouse, 'spa', { id_token_hint: idToken, prompt: 'none' }).url,
  );
  const location = new URL(authorized.headers.get('Location') ?? '');
  t.is(location.searchParams.get('error'), 'invalid_request');
  const query = encode({ id_token_hint: idToken, client_id: gatehouse.client('spa').client_id });
  t.is((await agent.request(`${gatehouse.issuer}/logout?${query}`)).status, 400);
});

test('T-27 no self-made token opens userinfo', async (t) => {
  const { sub = '' } = decodeJwt(idToken);
  const claims = { iss: gatehouse.issuer, sub, scope: 'openid email', aud: gatehouse.issuer };
  const evil = await generateKeyPair('RS256');
  const tokens = [
    ...forgeries.map(([, token]) => token),
    `${base64({ alg: 'none', typ: 'at+jwt' })}.${base64(claims)}.`,
    await new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt' })
      .sign(evil.privateKey),
    sub,
    'null',
  ];
  for (const token of tokens) {
    const headers = { Authorization: `Bearer ${token}` };
    const answer = await fetch(`${gatehouse.issuer}/userinfo`, { headers });
    t.true([400, 401].includes(answer.status), token);
    t.false((await answer.text()).includes('@example.com'));
  }
});

const proof = async (
  pair: GenerateKeyPairResult,
  overrides: { header?: object; claims?: object; key?: CryptoKey | Uint8Array; alg?: string } = {},
) =>
  new SignJWT({
    jti: randomUUID(),
    htm: 'POST',
    htu: `${gatehouse.issuer}/token`,
    iat: Math.floor(Date.now() / 1000),
    ...overrides.claims,
  })
    .setProtectedHeader({
      alg: overrides.alg ?? 'ES256',
      typ: 'dpop+jwt',
      jwk: await exportJWK(pair.publicKey),
      ...overrides.header,
    })
    .sign(overrides.key ?? pair.privateKey);

const askWith = (DPoP: string, headers: Record<string, string> = {}) =>
  post(
    gatehouse,
    '/token',
    {
      grant_type: 'client_credentials',
      scope: 'orders.read',
      resource: 'https://api.example.com/orders',
    },
    { as: 'machine', headers: { DPoP, ...headers } },
  );

test('T-27 an honest DPoP proof binds the token to its key, once', async (t) => {
  const pair = await generateKeyPair('ES256', { extractable: true });
  const once = await proof(pair);
  const answer = await askWith(once);
  t.is(answer.status, 200, answer.text);
  t.is(answer.json['token_type'], 'DPoP');
  const { cnf } = decodeJwt(String(answer.json['access_token'])) as { cnf?: { jkt?: string } };
  t.is(cnf?.jkt, await calculateJwkThumbprint(await exportJWK(pair.publicKey)));
  const again = await askWith(once);
  t.is(again.status, 400);
  t.is(again.json['access_token'], undefined);
});

test('T-27 no forged DPoP proof is accepted', async (t) => {
  const pair = await generateKeyPair('ES256', { extractable: true });
  const evil = await generateKeyPair('ES256', { extractable: true });
  const symmetric = { kty: 'oct', k: Buffer.alloc(32, 1).toString('base64url') };
  const good = await proof(pair);
  const [header = '', body = '', signature = ''] = good.split('.');
  const now = Math.floor(Date.now() / 1000);
  const proofs: [string, string][] = [
    ['garbage', 'a.b.c'],
    ['alg none', `${base64({ alg: 'none', typ: 'dpop+jwt', jwk: {} })}.${body}.`],
    ['stripped', `${header}.${body}.`],
    ['another key', await proof(pair, { key: evil.privateKey })],
    [
      'HS256',
      await proof(pair, { alg: 'HS256', key: Buffer.alloc(32, 1), header: { jwk: symmetric } }),
    ],
    [
      'private key inside',
      await proof(pair, { header: { jwk: await exportJWK(pair.privateKey) } }),
    ],
    ['no key', await proof(pair, { header: { jwk: undefined } })],
    ['another typ', await proof(pair, { header: { typ: 'JWT' } })],
    ['no typ', await proof(pair, { header: { typ: undefined } })],
    ['another method', await proof(pair, { claims: { htm: 'GET' } })],
    ['another URL', await proof(pair, { claims: { htu: 'https://evil.test/token' } })],
    ['another endpoint', await proof(pair, { claims: { htu: `${gatehouse.issuer}/par` } })],
    ['no jti', await proof(pair, { claims: { jti: undefined } })],
    ['no iat', await proof(pair, { claims: { iat: undefined } })],
    ['old', await proof(pair, { claims: { iat: now - 3600 } })],
    ['of the future', await proof(pair, { claims: { iat: now + 3600 } })],
    ['expired', await proof(pair, { claims: { exp: now - 60 } })],
    ['two', `${good}, ${await proof(pair)}`],
    ['tampered', `${header}.${body}.${signature.slice(0, -6)}AAAAAA`],
    ['an ID token', idToken],
  ];
  for (const [name, text] of proofs) {
    const answer = await askWith(text);
    t.true([400, 401].includes(answer.status), `${name}: ${answer.status}`);
    t.is(answer.json['access_token'], undefined, name);
  }
  t.is((await askWith(good, { 'X-Forwarded-Host': 'evil.test' })).status, 200);
});

test('T-27 a token bound to a key is no bearer token', async (t) => {
  const pair = await generateKeyPair('ES256', { extractable: true });
  const flow = await obtainCode(gatehouse, 'web');
  const body = encode({
    grant_type: 'authorization_code',
    code: flow.code,
    redirect_uri: flow.redirectUri,
    code_verifier: flow.verifier,
  });
  const tokens = await post(gatehouse, '/token', body, {
    headers: { Authorization: basic(gatehouse, 'web'), DPoP: await proof(pair) },
  });
  const token = String(tokens.json['access_token']);
  t.is(tokens.json['token_type'], 'DPoP');
  const evil = await generateKeyPair('ES256', { extractable: true });
  const at = { htm: 'GET', htu: `${gatehouse.issuer}/userinfo` };
  const ath = Buffer.from(
    await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token)),
  ).toString('base64url');
  const attempts: Record<string, string>[] = [
    { Authorization: `Bearer ${token}` },
    { Authorization: `DPoP ${token}` },
    { Authorization: `Bearer ${token}`, DPoP: await proof(pair, { claims: { ...at, ath } }) },
    { Authorization: `DPoP ${token}`, DPoP: await proof(pair, { claims: at }) },
    { Authorization: `DPoP ${token}`, DPoP: await proof(pair, { claims: { ...at, ath: 'x' } }) },
    { Authorization: `DPoP ${token}`, DPoP: await proof(evil, { claims: { ...at, ath } }) },
  ];
  for (const headers of attempts) {
    const answer = await fetch(`${gatehouse.issuer}/userinfo`, { headers });
    t.true([400, 401].includes(answer.status), JSON.stringify(headers).slice(0, 60));
    t.false((await answer.text()).includes('@example.com'));
  }
  const DPoP = await proof(pair, { claims: { ...at, ath } });
  const honest = await fetch(`${gatehouse.issuer}/userinfo`, {
    headers: { Authorization: `DPoP ${token}`, DPoP },
  });
  t.is(honest.status, 200);
});

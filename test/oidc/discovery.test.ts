// OpenID Connect Discovery 1.0, RFC 8414, RFC 7517: what everybody may read.

import { calculateJwkThumbprint, type JWK } from 'jose';
import * as client from 'openid-client';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import { send } from '../_protocol.ts';

const OPENID = '/.well-known/openid-configuration';
const OAUTH = '/.well-known/oauth-authorization-server';
const DOCUMENTS = [OPENID, OAUTH, '/jwks'];

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

const read = (path: string, init: RequestInit = {}) => send(`${gatehouse.issuer}${path}`, init);
const metadata = async () => (await read(OPENID)).body;

test('both documents say the same, and their issuer is the one asked', async (t) => {
  const [openid, oauth] = [await read(OPENID), await read(OAUTH)];
  t.is(openid.body['issuer'], gatehouse.issuer);
  t.deepEqual(oauth.body, openid.body);
});

test('every URL begins with the issuer, and every endpoint answers', async (t) => {
  const urls = Object.entries(await metadata()).filter(([name]) => /_(endpoint|uri)$/.test(name));
  t.deepEqual(Object.fromEntries(urls), {
    authorization_endpoint: `${gatehouse.issuer}/authorize`,
    end_session_endpoint: `${gatehouse.issuer}/logout`,
    introspection_endpoint: `${gatehouse.issuer}/introspect`,
    jwks_uri: `${gatehouse.issuer}/jwks`,
    pushed_authorization_request_endpoint: `${gatehouse.issuer}/par`,
    registration_endpoint: `${gatehouse.issuer}/register`,
    revocation_endpoint: `${gatehouse.issuer}/revoke`,
    token_endpoint: `${gatehouse.issuer}/token`,
    userinfo_endpoint: `${gatehouse.issuer}/userinfo`,
  });
  for (const [, url] of urls) t.not((await send(String(url), { method: 'POST' })).status, 500);
});

test('what is offered is the code flow with S256, and nothing that was retired', async (t) => {
  const document = await metadata();
  t.deepEqual(document['response_types_supported'], ['code']);
  t.deepEqual(document['code_challenge_methods_supported'], ['S256']);
  t.deepEqual((document['grant_types_supported'] as string[]).toSorted(), [
    'authorization_code',
    'client_credentials',
    'refresh_token',
  ]);
  t.deepEqual((document['token_endpoint_auth_methods_supported'] as string[]).toSorted(), [
    'client_secret_basic',
    'client_secret_post',
    'none',
    'private_key_jwt',
  ]);
  t.true((document['id_token_signing_alg_values_supported'] as string[]).includes('RS256'));
  t.true((document['scopes_supported'] as string[]).includes('openid'));
  t.deepEqual(document['subject_types_supported'], ['public']);
  t.deepEqual(document['ui_locales_supported'], ['en', 'de', 'fr', 'es', 'ja']);
  t.true(document['authorization_response_iss_parameter_supported']);
  t.false(document['claims_parameter_supported']);
  t.truthy(document['claims_supported']);
  t.notRegex(JSON.stringify(document), /"(HS\d+|password|implicit|token|id_token|plain)"/);
});

for (const path of DOCUMENTS) {
  test(`${path} may be cached for five minutes and read by every page`, async (t) => {
    const Origin = 'https://anywhere.example';
    const { status, headers } = await read(path, { headers: { Origin } });
    t.is(status, 200);
    t.regex(headers.get('Content-Type') ?? '', /^application\/(jwk-set\+)?json/);
    t.is(headers.get('Cache-Control'), 'public, max-age=300');
    // Without the `*`, a shared cache must keep the answers apart.
    const allowed = headers.get('Access-Control-Allow-Origin');
    t.true(allowed === '*' || (allowed === Origin && /Origin/i.test(headers.get('Vary') ?? '')));
    t.false(headers.has('Set-Cookie'));
  });

  test(`${path} answers HEAD and a preflight`, async (t) => {
    const head = await read(path, { method: 'HEAD' });
    t.is(head.status, 200);
    t.is(head.text, '');
    t.is(head.headers.get('Cache-Control'), 'public, max-age=300');
    const preflight = await read(path, {
      method: 'OPTIONS',
      headers: { Origin: 'https://anywhere.example', 'Access-Control-Request-Method': 'GET' },
    });
    t.true([200, 204].includes(preflight.status));
    t.truthy(preflight.headers.get('Access-Control-Allow-Origin'));
  });

  test(`${path} is the same with a trailing slash and in capitals`, async (t) => {
    const expected = await read(path);
    for (const variant of [`${path}/`, path.toUpperCase(), `${path.toUpperCase()}/`]) {
      const answer = await read(variant);
      t.is(answer.status, 200);
      t.deepEqual(answer.body, expected.body);
      t.is(answer.headers.get('Cache-Control'), 'public, max-age=300');
    }
  });

  test(`${path} cannot be posted to`, async (t) => {
    t.true([404, 405].includes((await read(path, { method: 'POST' })).status));
  });
}

test('the key set holds public keys with ids of their own, the next one included', async (t) => {
  const keys = (await read('/jwks')).body['keys'] as JWK[];
  t.true(keys.length >= 2, 'the key that will sign next is published before it does');
  t.is(new Set(keys.map(({ kid }) => kid)).size, keys.length);
  for (const key of keys) {
    t.deepEqual(Object.keys(key).sort(), ['alg', 'e', 'kid', 'kty', 'n', 'use']);
    t.is(key.kty, 'RSA');
    t.is(key.alg, 'RS256');
    t.is(key.use, 'sig');
    t.is(Buffer.from(key.n ?? '', 'base64url').length * 8, 2048);
    t.is(key.kid, await calculateJwkThumbprint(key));
  }
});

for (const algorithm of ['oidc', 'oauth2'] as const) {
  test(`openid-client discovers the server by ${algorithm}`, async (t) => {
    const config = await client.discovery(
      new URL(gatehouse.issuer),
      'c_any',
      undefined,
      client.None(),
      { algorithm, execute: [client.allowInsecureRequests] },
    );
    t.is(config.serverMetadata().issuer, gatehouse.issuer);
    t.true(config.serverMetadata().supportsPKCE());
  });
}

test('an unknown path is a 404 with an explanation', async (t) => {
  const { status, body } = await read('/.well-known/nothing');
  t.is(status, 404);
  t.is(body['error'], 'not_found');
  t.regex(String(body['error_description']), /Nothing lives at this address/);
});

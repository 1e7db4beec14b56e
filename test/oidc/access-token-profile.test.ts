// The access token on the wire ("portal profile v1", RFC 9068): verified with jose and by hand.
import {
  constants,
  createPublicKey,
  type JsonWebKey,
  type SignKeyObjectInput,
  verify,
} from 'node:crypto';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { OWN_API_ID } from '../../src/catalog/own-api.ts';
import { insertApi, listApis, type SigningAlg } from '../../src/storage/apis.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import {
  addClient,
  eventually,
  type Params,
  requestToken,
  send,
  signInFor,
  type TestClient,
} from '../_protocol.ts';

const ORDERS = 'https://api.example.com/orders';
const ALGS: SigningAlg[] = ['RS256', 'PS256', 'ES256', 'Ed25519'];
const resourceOf = (alg: string, typ: string) =>
  `https://api.example.com/${alg}-${typ.replace('+', '-')}`.toLowerCase();

let gatehouse: Gatehouse;
let machine: TestClient;
test.before(async () => {
  gatehouse = await startGatehouse();
  for (const alg of ALGS) {
    for (const typ of ['at+jwt', 'JWT'] as const)
      await insertApi(gatehouse.db, {
        name: `${alg} and ${typ}`,
        environment: 'production',
        resource: resourceOf(alg, typ),
        audience: `audience of ${alg} and ${typ}`,
        alg,
        typ,
        tokenLifetime: 600,
        claims: [],
        scopes: [{ name: 'things.read', description: 'See things' }],
      });
  }
  const apis = (await listApis(gatehouse.db)).filter(
    ({ id, resource }) => resource !== ORDERS && id !== OWN_API_ID,
  );
  machine = await addClient(gatehouse, {
    kind: 'machine',
    entitlements: apis.map((api) => ({ api, scopes: api.scopes.map(({ name }) => name) })),
  });
  // The keys of a new algorithm are made when the news of its API arrives.
  for (const alg of ALGS) {
    const { status, text } = await eventually(
      () => machineToken(machine, { resource: resourceOf(alg, 'JWT') }),
      (answer) => answer.status === 200,
    );
    if (status !== 200) throw new Error(text);
  }
});
test.after.always(() => gatehouse?.stop());

const machineToken = (from: TestClient, params: Params = {}) =>
  requestToken(gatehouse, from, { grant_type: 'client_credentials', ...params });

const part = (jwt: string, index: number): Record<string, unknown> =>
  JSON.parse(Buffer.from(jwt.split('.')[index] ?? '', 'base64url').toString());

async function keyOf(kid: unknown): Promise<JsonWebKey> {
  const { body } = await send(`${gatehouse.issuer}/jwks`);
  // The answer is a JWK set, RFC 7517 section 5.
  const keys = (body as { keys: JsonWebKey[] }).keys.filter((key) => key['kid'] === kid);
  const [key] = keys;
  if (!key || keys.length > 1) throw new Error(`${keys.length} keys ${kid}`);
  return key;
}

const HASHES: Record<SigningAlg, string | null> = {
  RS256: 'sha256',
  PS256: 'sha256',
  ES256: 'sha256',
  Ed25519: null,
};
const PARAMETERS: Record<SigningAlg, Omit<SignKeyObjectInput, 'key'>> = {
  RS256: { padding: constants.RSA_PKCS1_PADDING },
  PS256: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 },
  ES256: { dsaEncoding: 'ieee-p1363' },
  Ed25519: {},
};

for (const alg of ALGS) {
  for (const typ of ['at+jwt', 'JWT'] as const) {
    test(`a token with ${alg} and typ ${typ} verifies with jose and by hand`, async (t) => {
      const { body } = await machineToken(machine, { resource: resourceOf(alg, typ) });
      const jwt = String(body['access_token']);
      const header = part(jwt, 0);
      t.deepEqual(Object.keys(header).sort(), ['alg', 'kid', 'typ']);
      t.is(header['alg'], alg);
      t.is(header['typ'], typ);

      const keys = createRemoteJWKSet(new URL(`${gatehouse.issuer}/jwks`));
      await t.notThrowsAsync(
        jwtVerify(jwt, keys, {
          issuer: gatehouse.issuer,
          audience: `audience of ${alg} and ${typ}`,
          algorithms: [alg],
          typ,
        }),
      );
      const [head = '', payload = '', signature = ''] = jwt.split('.');
      const jwk = await keyOf(header['kid']);
      t.is(jwk['alg'], alg);
      t.is(jwk['use'], 'sig');
      const key = createPublicKey({ key: jwk, format: 'jwk' });
      const check = (signed: string) =>
        verify(
          HASHES[alg],
          Buffer.from(signed),
          { key, ...PARAMETERS[alg] },
          Buffer.from(signature, 'base64url'),
        );
      t.true(check(`${head}.${payload}`));
      t.false(check(`${head}.${payload.slice(0, -1)}`));
    });
  }
}

test("a machine's token holds exactly the claims of the profile", async (t) => {
  const client = gatehouse.client('machine');
  const before = Math.floor(Date.now() / 1000);
  const { body } = await machineToken(client, { resource: ORDERS, scope: 'orders.read' });
  const jwt = String(body['access_token']);
  const { iat, exp, jti, ...claims } = part(jwt, 1);
  t.deepEqual(claims, {
    iss: gatehouse.issuer,
    sub: client.client_id,
    aud: ORDERS,
    client_id: client.client_id,
    azp: client.client_id,
    scope: 'orders.read',
  });
  t.true(typeof iat === 'number' && iat >= before && iat <= Math.ceil(Date.now() / 1000));
  t.is(Number(exp) - Number(iat), 600);
  t.is(body['expires_in'], 600);
  t.is(body['token_type'], 'Bearer');
  t.true(typeof jti === 'string' && jti.length >= 16);
  t.deepEqual(decodeProtectedHeader(jwt), {
    alg: 'RS256',
    typ: 'at+jwt',
    kid: decodeProtectedHeader(jwt).kid,
  });
});

test("a person's token adds what its API asks for, and nothing of the profile or e-mail", async (t) => {
  const web = gatehouse.client('web');
  const started = Math.floor(Date.now() / 1000);
  const tokens = await signInFor(gatehouse, web, { scope: 'openid profile email orders.read' });
  const { iat, exp, jti, sub, auth_time, ...claims } = part(String(tokens['access_token']), 1);
  t.deepEqual(claims, {
    iss: gatehouse.issuer,
    aud: ORDERS,
    client_id: web.client_id,
    azp: web.client_id,
    scope: 'orders.read',
    roles: ['admin'],
    amr: ['pwd'],
  });
  t.regex(String(sub), /^usr_/);
  t.truthy(jti);
  t.is(Number(exp) - Number(iat), 600);
  t.true(Number(auth_time) >= started && Number(auth_time) <= Number(iat));
});

test('an API that asks for no claims is told nothing more of a person', async (t) => {
  const mixed = gatehouse.client('console');
  const tokens = await signInFor(gatehouse, mixed, { scope: 'openid orders.read' });
  t.deepEqual(Object.keys(part(String(tokens['access_token']), 1)).sort(), [
    'aud',
    'azp',
    'client_id',
    'exp',
    'iat',
    'iss',
    'jti',
    'scope',
    'sub',
  ]);
});

test('no two tokens have the same jti, and the names of people and machines cannot meet', async (t) => {
  const client = gatehouse.client('machine');
  const answers = await Promise.all(Array.from({ length: 10 }, () => machineToken(client)));
  const claims = answers.map(({ body }) => part(String(body['access_token']), 1));
  t.is(new Set(claims.map(({ jti }) => jti)).size, 10);
  for (const { sub } of claims) t.regex(String(sub), /^c_/);
  for (const { body } of answers) t.true(String(body['access_token']).length < 4096);
});

test('an ID token is no access token: another type, another audience', async (t) => {
  const web = gatehouse.client('web');
  const tokens = await signInFor(gatehouse, web, { scope: 'openid orders.read' });
  const idToken = String(tokens['id_token']);
  t.is(part(idToken, 1)['aud'], web.client_id);
  t.is(part(idToken, 1)['iss'], gatehouse.issuer);
  t.is(decodeProtectedHeader(idToken).alg, 'RS256');
  t.not(decodeProtectedHeader(idToken).typ, 'at+jwt');
});

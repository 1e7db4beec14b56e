// private_key_jwt, RFC 7523 section 3: the audience is the issuer alone, and an assertion works once.
import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, importJWK, type JWTPayload, SignJWT } from 'jose';
import * as client from 'openid-client';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import { addClient, assertRefused, type Params, post } from '../_protocol.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

async function privateKey(): Promise<CryptoKey> {
  const key = await importJWK(gatehouse.client('machine-jwt').private_jwk ?? {}, 'ES256');
  if (key instanceof Uint8Array) throw new Error('a private JWK is no symmetric key');
  return key;
}

/** An assertion that is right in everything but what `claims` and `header` change. */
async function assertion(
  claims: (now: number) => JWTPayload = () => ({}),
  header: Record<string, string> = {},
): Promise<string> {
  const { client_id } = gatehouse.client('machine-jwt');
  const now = Math.floor(Date.now() / 1000);
  const payload: JWTPayload = {
    iss: client_id,
    sub: client_id,
    aud: gatehouse.issuer,
    jti: randomUUID(),
    iat: now,
    exp: now + 60,
    ...claims(now),
  };
  return new SignJWT(payload)
    .setProtectedHeader({ alg: 'ES256', kid: 'machine-1', ...header })
    .sign(await privateKey());
}

function present(jwt: string, params: Params = {}) {
  return post(gatehouse, '/token', {
    grant_type: 'client_credentials',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: jwt,
    ...params,
  });
}

test('openid-client authenticates with its key', async (t) => {
  const config = await client.discovery(
    new URL(gatehouse.issuer),
    gatehouse.client('machine-jwt').client_id,
    undefined,
    client.PrivateKeyJwt(
      { key: await privateKey(), kid: 'machine-1' },
      {
        [client.modifyAssertion]: (_header, payload) => {
          payload['aud'] = gatehouse.issuer;
        },
      },
    ),
    { execute: [client.allowInsecureRequests] },
  );
  const tokens = await client.clientCredentialsGrant(config, { scope: 'orders.read' });
  t.is(tokens.scope, 'orders.read');
});

test('an assertion for the issuer works once, and its replay is refused', async (t) => {
  const jwt = await assertion();
  t.is((await present(jwt)).status, 200);
  assertRefused(t, await present(jwt), {
    status: 401,
    error: 'invalid_client',
    description: /jti|already used|client authentication failed/,
  });
});

test('of parallel presentations of one assertion exactly one works', async (t) => {
  const jwt = await assertion();
  const answers = await Promise.all(Array.from({ length: 4 }, () => present(jwt)));
  const statuses = answers.map(({ status }) => status).sort();
  t.deepEqual(statuses, [200, 401, 401, 401]);
});

const refused: {
  title: string;
  claims: (now: number) => JWTPayload;
  description: RegExp;
}[] = [
  {
    title: 'for the token endpoint',
    claims: () => ({ aud: `${gatehouse.issuer}/token` }),
    description: /audience .* must be the issuer alone/,
  },
  {
    title: 'for the issuer with a trailing slash',
    claims: () => ({ aud: `${gatehouse.issuer}/` }),
    description: /audience .* must be the issuer alone/,
  },
  {
    title: 'for a list that holds the issuer',
    claims: () => ({ aud: [gatehouse.issuer] }),
    description: /audience .* must be the issuer alone/,
  },
  {
    title: 'that expires in more than 5 minutes',
    claims: (now) => ({ exp: now + 330 }),
    description: /at most 5 minutes ahead/,
  },
  {
    title: 'that has expired',
    claims: (now) => ({ iat: now - 120, exp: now - 60 }),
    description: /client authentication failed|expired/,
  },
  {
    title: 'without exp',
    claims: () => ({ exp: undefined }),
    description: /client authentication failed|expiration/,
  },
  {
    title: 'without jti',
    claims: () => ({ jti: undefined }),
    description: /client authentication failed|jti/,
  },
  {
    title: 'that names another client',
    claims: () => {
      const { client_id } = gatehouse.client('machine');
      return { iss: client_id, sub: client_id };
    },
    description: /client authentication failed/,
  },
  {
    title: 'whose issuer is not its subject',
    claims: () => ({ iss: 'somebody else' }),
    description: /client authentication failed|iss/,
  },
];
for (const { title, claims, description } of refused) {
  test(`an assertion ${title} is refused`, async (t) => {
    const answer = await present(await assertion(claims));
    assertRefused(t, answer, { status: 401, error: 'invalid_client', description });
  });
}

test('an assertion of another key is refused', async (t) => {
  const { client_id } = gatehouse.client('machine-jwt');
  const { privateKey: foreign } = await generateKeyPair('ES256');
  const now = Math.floor(Date.now() / 1000);
  const jwt = await new SignJWT({ jti: randomUUID() })
    .setProtectedHeader({ alg: 'ES256', kid: 'machine-1' })
    .setIssuer(client_id)
    .setSubject(client_id)
    .setAudience(gatehouse.issuer)
    .setExpirationTime(now + 60)
    .sign(foreign);
  assertRefused(t, await present(jwt), {
    status: 401,
    error: 'invalid_client',
    description: /client authentication failed/,
  });
});

test('an assertion that nobody signed is refused', async (t) => {
  const [, payload] = (await assertion()).split('.');
  const header = Buffer.from('{"alg":"none","kid":"machine-1"}').toString('base64url');
  const answer = await present(`${header}.${payload}.`);
  t.true([400, 401].includes(answer.status));
  t.is(answer.body['error'], 'invalid_client', answer.text);
});

test('a client with a key has no secret to try', async (t) => {
  const { client_id } = gatehouse.client('machine-jwt');
  // The library wants a secret value for other methods: it must not be a password here.
  for (const client_secret of ['stored-as-hash', '']) {
    const answer = await post(gatehouse, '/token', {
      grant_type: 'client_credentials',
      client_id,
      client_secret,
    });
    t.is(answer.body['error'], 'invalid_client', answer.text);
  }
});

test('the placeholder that stands for hashed secrets is no secret', async (t) => {
  const { client_id } = gatehouse.client('machine');
  const params = { grant_type: 'client_credentials', client_id, client_secret: 'stored-as-hash' };
  assertRefused(t, await post(gatehouse, '/token', params), {
    status: 401,
    error: 'invalid_client',
    description: /client authentication failed/,
  });
});

for (const alg of ['RS256', 'PS256', 'Ed25519'] as const) {
  test(`a client may sign its assertion with ${alg}`, async (t) => {
    const pair = await generateKeyPair(alg, { extractable: true });
    const jwk = { ...(await exportJWK(pair.publicKey)), alg, kid: 'k1', use: 'sig' };
    const { client_id } = await addClient(gatehouse, {
      kind: 'machine',
      jwks: { keys: [jwk] },
      entitlements: gatehouse.apis.slice(0, 1).map((api) => ({ api, scopes: ['orders.read'] })),
    });
    const now = Math.floor(Date.now() / 1000);
    const jwt = await new SignJWT({ jti: randomUUID() })
      .setProtectedHeader({ alg, kid: 'k1' })
      .setIssuer(client_id)
      .setSubject(client_id)
      .setAudience(gatehouse.issuer)
      .setExpirationTime(now + 60)
      .sign(pair.privateKey);
    const answer = await present(jwt);
    t.is(answer.status, 200, answer.text);
  });
}

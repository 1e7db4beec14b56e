// The Orders API before an issuer of the test's own, which signs what no real one would.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { createOrdersApi } from '../../examples/api/orders-api.ts';

const AUDIENCE = 'https://sandbox.example/orders';

interface Stage {
  issuer: string;
  /** Signs claims that are good but for `claims`, under a header that is good but for `header`. */
  sign(changes?: { header?: object; claims?: object; key?: CryptoKey }): Promise<string>;
  call(token: string): Promise<{ status: number; sentence: string; headers: Headers }>;
  publish(kid: string, alg: string): Promise<CryptoKey>;
  /** Stops or starts the issuer, at the same address. */
  issuerIs(state: 'up' | 'down'): Promise<void>;
  /** What the issuer answers at its key set address. */
  keySet: { status: number };
}

/** An issuer that publishes one RS256 key `a`, and the API in front of it. */
async function prepare(t: ExecutionContext): Promise<Stage> {
  const keys: JWK[] = [];
  const keySet = { status: 200 };
  const issuerServer = createServer((request, response) => {
    const isKeySet = request.url === '/jwks';
    response.writeHead(isKeySet ? keySet.status : 200, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(isKeySet ? { keys } : { issuer, jwks_uri: `${issuer}/jwks` }));
  });
  const issuer = await listen(issuerServer);
  const api = createServer();
  const url = await listen(api);
  const config = { port: 0, url, issuer };
  const audiences = { production: 'https://production.example/orders', sandbox: AUDIENCE };
  const handle = createOrdersApi({ ...config, audiences }).callback();
  api.on('request', (request, response) => void handle(request, response));
  t.teardown(() => Promise.all([close(api), close(issuerServer)]));

  const publish = async (kid: string, alg: string): Promise<CryptoKey> => {
    const { publicKey, privateKey } = await generateKeyPair(alg);
    keys.push({ ...(await exportJWK(publicKey)), kid, alg, use: 'sig' });
    return privateKey;
  };
  const firstKey = await publish('a', 'RS256');
  return {
    issuer,
    publish,
    keySet,
    async sign({ header = {}, claims = {}, key = firstKey } = {}) {
      const now = Math.floor(Date.now() / 1000);
      const good = { iss: issuer, aud: AUDIENCE, sub: 'usr_1', client_id: 'c_1', iat: now };
      const payload = { ...good, exp: now + 600, scope: 'orders.read', ...claims };
      return new SignJWT(payload)
        .setProtectedHeader({ alg: 'RS256', kid: 'a', typ: 'at+jwt', ...header })
        .sign(key);
    },
    async call(token) {
      const response = await fetch(`${url}/sandbox/orders`, {
        headers: { Authorization: `Bearer ${token}` },
      });
      const body = (await response.json()) as { error_description?: string };
      const { status, headers } = response;
      return { status, headers, sentence: body.error_description ?? '' };
    },
    async issuerIs(state) {
      if (state === 'up') await listen(issuerServer, new URL(issuer).port);
      else await close(issuerServer);
    },
  };
}

async function listen(server: Server, port = '0'): Promise<string> {
  await new Promise<void>((resolve) => server.listen(Number(port), '127.0.0.1', resolve));
  // A server that listens on TCP has an address with a port.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function close(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}

const now = () => Math.floor(Date.now() / 1000);

const refused: { what: string; claims?: object; header?: object; sentence: RegExp }[] = [
  {
    what: 'an expired token',
    claims: { exp: now() - 42 },
    sentence: /^The token expired \d+ seconds ago\. Get a new one\.$/,
  },
  { what: 'a token without an expiry', claims: { exp: undefined }, sentence: /has no exp claim/ },
  { what: 'a token for later', claims: { nbf: now() + 3600 }, sentence: /nbf claim/ },
  {
    what: 'a token of another issuer',
    claims: { iss: 'https://other.example' },
    sentence: /it was issued by https:\/\/other\.example; this API trusts only/,
  },
  {
    what: 'a token for two APIs',
    claims: { aud: [AUDIENCE, 'https://other.example'] },
    sentence: /is for several APIs/,
  },
  { what: 'a token without an audience', claims: { aud: undefined }, sentence: /has no aud claim/ },
  { what: 'a token without a subject', claims: { sub: undefined }, sentence: /has no sub claim/ },
  {
    what: 'a token of nobody’s client',
    claims: { client_id: undefined },
    sentence: /has no client_id claim/,
  },
  {
    what: 'a token of the type JWT',
    header: { typ: 'JWT' },
    sentence: /typ is JWT, expected at\+jwt/,
  },
  {
    what: 'a token of no type',
    header: { typ: undefined },
    sentence: /typ is missing, expected at\+jwt/,
  },
];
for (const { what, claims = {}, header = {}, sentence } of refused) {
  test(`${what} is refused`, async (t) => {
    const stage = await prepare(t);
    t.is((await stage.call(await stage.sign())).status, 200);
    const answer = await stage.call(await stage.sign({ claims, header }));
    t.is(answer.status, 401);
    t.regex(answer.sentence, sentence);
    t.regex(answer.headers.get('WWW-Authenticate') ?? '', /^Bearer error="invalid_token", /);
  });
}

test('the scope must be there as a whole word', async (t) => {
  const stage = await prepare(t);
  for (const scope of [undefined, 'orders.readers', ['orders.read'], 'openid']) {
    const { status } = await stage.call(await stage.sign({ claims: { scope } }));
    t.is(status, 403, String(scope));
  }
});

for (const alg of ['PS256', 'ES256', 'Ed25519']) {
  test(`a token signed with ${alg} is accepted`, async (t) => {
    const stage = await prepare(t);
    const key = await stage.publish('b', alg);
    const token = await stage.sign({ key, header: { alg, kid: 'b' } });
    t.is((await stage.call(token)).status, 200);
  });
}

test('a key that the issuer does not publish is not trusted, whoever the token names', async (t) => {
  const stage = await prepare(t);
  const { privateKey: key } = await generateKeyPair('RS256');
  const same = await stage.call(await stage.sign({ key }));
  t.is(same.status, 401);
  t.regex(same.sentence, /signature of the token is wrong/);
  const unknown = await stage.call(await stage.sign({ key, header: { kid: 'mine' } }));
  t.is(unknown.status, 401);
  t.regex(unknown.sentence, /publishes no key with the kid mine\./);
});

test('while the issuer is away the API says so; known keys go on working', async (t) => {
  const stage = await prepare(t);
  const token = await stage.sign();
  await stage.issuerIs('down');
  const early = await stage.call(token);
  t.is(early.status, 503);
  t.regex(early.sentence, /cannot be checked right now/);
  t.truthy(early.headers.get('Retry-After'));
  await stage.issuerIs('up');
  t.is((await stage.call(token)).status, 200, 'a failure is not remembered');
  await stage.issuerIs('down');
  t.is((await stage.call(token)).status, 200, 'the keys are kept');
});

test('an issuer whose keys cannot be read is no reason to blame the token', async (t) => {
  const stage = await prepare(t);
  stage.keySet.status = 500;
  const answer = await stage.call(await stage.sign());
  t.is(answer.status, 503);
  t.regex(answer.sentence, /signing keys of .* cannot be read/);
  t.is(answer.headers.get('WWW-Authenticate'), null);
  stage.keySet.status = 200;
  t.is((await stage.call(await stage.sign())).status, 200);
});

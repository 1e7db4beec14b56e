// What is kept of an upstream: for how long, and what happens when it changes or is away.

import test, { type ExecutionContext } from 'ava';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { UsageError } from '../../src/errors.ts';
import { redeemAnswer } from '../../src/federation/attempts/attempt.ts';
import { Refusal } from '../../src/federation/connector.ts';
import { type Connector, toConnector } from '../../src/federation/connectors.ts';
import { createUpstreams } from '../../src/federation/upstreams/upstreams.ts';
import type { OutgoingFetch } from '../../src/http/outgoing/outgoing-fetch.ts';

const ISSUER = 'https://upstream.test';
const HOUR = 3_600_000;
const secrets = { state: 'state', nonce: 'nonce' };

function connectorOf(version = '2026-11-27', issuer = ISSUER): Connector {
  const settings = { client_id: 'client', client_secret: 'env:GATEHOUSE_CONNECTOR_X', issuer };
  const times = { created_at: new Date(), updated_at: new Date(version) };
  const connector = { id: 'acme', kind: 'oidc', name: 'Acme', enabled: true, settings, ...times };
  return toConnector(connector);
}

interface CountedUpstream {
  requests: string[];
  issuer: string;
  /** What answers instead of it. */
  broken: ((path: string) => Response | undefined) | undefined;
  rotate(kid?: string): Promise<void>;
  count(path: string): number;
  fetch: OutgoingFetch;
}

/** An OpenID provider without a browser, whose every request is counted. */
async function createUpstream(): Promise<CountedUpstream> {
  const requests: string[] = [];
  const makeKey = async (kid: string) => ({ kid, ...(await generateKeyPair('RS256')) });
  let key = await makeKey('first');
  const upstream: CountedUpstream = {
    requests,
    issuer: ISSUER,
    broken: undefined,
    rotate: async (kid = 'second') => {
      key = await makeKey(kid);
    },
    count: (path: string) => requests.filter((one) => one.endsWith(path)).length,
    fetch: async (url) => {
      const { pathname } = new URL(url);
      requests.push(pathname);
      await new Promise(setImmediate);
      const instead = upstream.broken?.(pathname);
      if (instead) return instead;
      if (pathname === '/jwks') {
        return Response.json({
          keys: [{ ...(await exportJWK(key.publicKey)), kid: key.kid, alg: 'RS256', use: 'sig' }],
        });
      }
      if (pathname === '/token') {
        const id_token = await new SignJWT({ nonce: 'nonce' })
          .setProtectedHeader({ alg: 'RS256', kid: key.kid })
          .setIssuer(ISSUER)
          .setSubject('person')
          .setAudience('client')
          .setIssuedAt()
          .setExpirationTime('5m')
          .sign(key.privateKey);
        return Response.json({ access_token: 'token', token_type: 'Bearer', id_token });
      }
      return Response.json({
        issuer: upstream.issuer,
        authorization_endpoint: `${ISSUER}/authorize`,
        token_endpoint: `${ISSUER}/token`,
        jwks_uri: `${ISSUER}/jwks`,
      });
    },
  };
  return upstream;
}

const DISCOVERY = '/.well-known/openid-configuration';
const down = () => new Response('<html>maintenance</html>', { status: 503 });
const unreachable = (): never => {
  throw new Refusal('unavailable', 'upstream.test refuses connections.');
};

/** Upstreams whose clock is ours, and one sign-in by them. */
async function start() {
  const upstream = await createUpstream();
  const clock = { now: 1000 };
  const deps = {
    issuer: 'https://auth.test',
    readSecret: (_reference: string): string => 'secret',
    fetchFor: () => upstream.fetch,
    insecure: false,
  };
  const upstreams = createUpstreams(deps, () => clock.now);
  const signIn = async (connector = connectorOf()) => {
    const open = await upstreams.open(connector);
    const answer = new URLSearchParams({ code: 'code', state: 'state' });
    return (await redeemAnswer(connector, open, secrets, answer)).identity.subject;
  };
  return { upstream, clock, upstreams, signIn, deps };
}

async function refused(t: ExecutionContext, work: Promise<unknown>): Promise<Refusal> {
  const error = await t.throwsAsync(work, { instanceOf: Refusal });
  if (!error) throw new Error('nothing was refused');
  return error;
}

test('discovery is read once by all who come at the same time; it and the keys are kept', async (t) => {
  const { upstream, clock, signIn } = await start();
  t.deepEqual(await Promise.all([signIn(), signIn(), signIn()]), ['person', 'person', 'person']);
  t.is(upstream.count(DISCOVERY), 1);
  const keys = upstream.count('/jwks');
  clock.now += 4 * 60_000;
  await signIn();
  t.deepEqual([upstream.count(DISCOVERY), upstream.count('/jwks')], [1, keys]);
  clock.now += HOUR;
  await signIn();
  t.deepEqual([upstream.count(DISCOVERY), upstream.count('/jwks')], [2, keys + 1]);
});

test('keys that were changed a moment ago turn nobody away', async (t) => {
  const { upstream, clock, signIn } = await start();
  await signIn();
  await upstream.rotate();
  t.is(await signIn(), 'person');
  await upstream.rotate('third');
  clock.now += 1000;
  t.is(await signIn(), 'person');
  t.is(upstream.count('/jwks'), 3);
  await signIn();
  t.is(upstream.count('/jwks'), 3);
});

test('a change of the connector is taken up at once; its secret at each sign-in', async (t) => {
  const { upstream, upstreams, deps } = await start();
  await upstreams.open(connectorOf());
  await upstreams.open(connectorOf('2026-11-28'));
  t.is(upstream.count(DISCOVERY), 2);
  deps.readSecret = () => {
    throw new UsageError('GATEHOUSE_CONNECTOR_X is not set.');
  };
  const { reason, message } = await refused(t, createUpstreams(deps).open(connectorOf()));
  t.deepEqual([reason, message], ['misconfigured', 'GATEHOUSE_CONNECTOR_X is not set.']);
});

test('an upstream that is away is still used for a day, and tried every half minute', async (t) => {
  const { upstream, clock, signIn } = await start();
  await signIn();
  for (const broken of [down, unreachable, () => new Response('<html>', { status: 200 })]) {
    upstream.broken = (path) => (path === '/token' ? undefined : broken());
    clock.now += 2 * HOUR;
    const before = upstream.count(DISCOVERY);
    t.deepEqual(await Promise.all([signIn(), signIn()]), ['person', 'person']);
    clock.now += 29_000;
    await signIn();
    t.is(upstream.count(DISCOVERY), before + 1);
    clock.now += 2000;
    await signIn();
    t.is(upstream.count(DISCOVERY), before + 2);
  }
  clock.now += 24 * HOUR;
  t.is((await refused(t, signIn())).reason, 'unavailable');
  upstream.broken = undefined;
  clock.now += 5001;
  t.is(await signIn(), 'person');
});

test('a document that is not right replaces none that was', async (t) => {
  const { upstream, clock, signIn } = await start();
  await signIn();
  upstream.issuer = 'https://elsewhere.test';
  clock.now += 2 * HOUR;
  t.is(await signIn(), 'person');
  upstream.issuer = ISSUER;
  clock.now += 31_000;
  t.is(await signIn(), 'person');
  t.is(upstream.count(DISCOVERY), 3);
});

test('an upstream that was never there is not asked by everybody', async (t) => {
  const { upstream, clock, upstreams } = await start();
  upstream.broken = unreachable;
  const open = () => refused(t, upstreams.open(connectorOf()));
  for (const { reason, message } of await Promise.all([open(), open(), open()]))
    t.deepEqual([reason, message], ['unavailable', 'upstream.test refuses connections.']);
  clock.now += 4000;
  await open();
  t.is(upstream.requests.length, 1);
  clock.now += 2000;
  await open();
  t.is(upstream.requests.length, 2);
  // Who corrects the settings need not wait.
  upstream.broken = undefined;
  t.truthy(await upstreams.open(connectorOf('2026-11-28')));
});

const ANSWERS: [string, () => Response][] = [
  ['a page', () => new Response('<html>', { headers: { 'Content-Type': 'text/html' } })],
  [
    'half a document',
    () => new Response('{"issuer":', { headers: { 'Content-Type': 'application/json' } }),
  ],
  ['nothing', () => new Response(null, { status: 204 })],
  ['an error', () => Response.json({ error: 'server_error' }, { status: 500 })],
  ['a redirect', () => new Response(null, { status: 302, headers: { Location: '/x' } })],
  ['another issuer', () => Response.json({ issuer: 'https://elsewhere.test' })],
  ['a list', () => Response.json([])],
];
for (const [what, answer] of ANSWERS) {
  test(`an upstream that answers with ${what} is refused`, async (t) => {
    const { upstream, upstreams } = await start();
    upstream.broken = answer;
    const { reason } = await refused(t, upstreams.open(connectorOf()));
    t.regex(reason, /^(unavailable|invalid_answer)$/);
  });
}

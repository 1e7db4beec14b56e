// What says that somebody signed out at an upstream, and was not said by it: nobody's session ends.
import { createHmac, createPublicKey, type JsonWebKey, randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { type Agent, createAgent } from '../_agent.ts';
import type { Gatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import { CLIENT_ID } from '../federation/upstreams/_authorization-server.ts';
import {
  arrive,
  createProvider,
  eventsOf,
  signedInAs,
  startWith,
  subjectOf,
} from './_federation.ts';

const alpha = createProvider('Alpha');
const beta = createProvider('Beta');

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startWith([alpha, beta]);
});
test.after.always(() => gatehouse?.stop());
test.afterEach.always(() => {
  for (const { fake } of [alpha, beta]) Object.assign(fake, { faults: {} });
});

const EVENTS = { 'http://schemas.openid.net/event/backchannel-logout': {} };

/** Somebody who signed in with Alpha. */
async function somebody(): Promise<{ agent: Agent; sub: string; sid: string; id: string }> {
  const [sub, sid] = [randomUUID(), randomUUID()];
  Object.assign(alpha.fake.person, { sub, sid, email: `${sub}@example.org` });
  const agent = createAgent(gatehouse.issuer);
  return { agent, sub, sid, id: await subjectOf(gatehouse, await arrive(gatehouse, alpha, agent)) };
}

const claimsOf = (who: { sub: string; sid: string }) => ({
  ...{ iss: alpha.issuer, aud: CLIENT_ID, jti: randomUUID(), events: EVENTS },
  ...{ sub: who.sub, sid: who.sid },
});

function post(token: string, connector = 'alpha'): Promise<Response> {
  const url = `${gatehouse.issuer}/federation/${connector}/back-channel-logout`;
  return fetch(url, { method: 'POST', body: new URLSearchParams({ logout_token: token }) });
}

test('a logout token of the upstream ends the session that began there, and no other', async (t) => {
  const [one, other] = [await somebody(), await somebody()];
  const answer = await post(await alpha.fake.keys.sign(claimsOf(one)));
  t.is(answer.status, 200, await answer.text());
  t.regex(answer.headers.get('Cache-Control') ?? '', /no-store/);
  t.is(await signedInAs(gatehouse, one.agent), undefined);
  t.is(await signedInAs(gatehouse, other.agent), other.id);
  t.true((await eventsOf(gatehouse, one.id)).includes('session.ended-upstream'));
});

const now = () => Math.floor(Date.now() / 1000);
const WRONG: Record<string, Record<string, unknown>> = {
  'another issuer': { iss: beta.issuer },
  'no issuer': { iss: undefined },
  'another audience': { aud: 'another-client' },
  'no audience': { aud: undefined },
  'a nonce, as an ID token has': { nonce: 'x' },
  'an empty nonce': { nonce: '' },
  'no event': { events: undefined },
  'another event': { events: { 'http://example.org/other': {} } },
  'a list of events': { events: Object.keys(EVENTS) },
  'a text for events': { events: Object.keys(EVENTS)[0] },
  'no jti': { jti: undefined },
  'no iat': { iat: undefined },
  'an old iat': { iat: now() - 3600 },
  'an iat that is to come': { iat: now() + 3600 },
  'an exp that is over': { iat: now() - 200, exp: now() - 100 },
  'neither sub nor sid': { sub: undefined, sid: undefined },
  'objects for sub and sid': { sub: { a: 1 }, sid: ['x'] },
};

for (const [what, claims] of Object.entries(WRONG))
  test(`a logout token with ${what} is refused, and ends nothing`, async (t) => {
    const person = await somebody();
    const answer = await post(await alpha.fake.keys.sign({ ...claimsOf(person), ...claims }));
    t.is(answer.status, 400, await answer.text());
    t.is(await signedInAs(gatehouse, person.agent), person.id);
  });

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Tokens that anybody can write who has read the keys of the upstream. */
async function forgeries(claims: Record<string, unknown>): Promise<Record<string, string>> {
  const all = { iat: now(), exp: now() + 300, ...claims };
  const [jwk = {}] = (await alpha.fake.keys.jwks()).keys as JsonWebKey[];
  const { kid } = jwk as { kid?: string };
  const pem = createPublicKey({ key: jwk, format: 'jwk' })
    .export({ type: 'spki', format: 'pem' })
    .toString();
  const hmac = (key: string | Buffer) => {
    const text = `${encode({ alg: 'HS256', typ: 'JWT', kid })}.${encode(all)}`;
    return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
  };
  const own = await generateKeyPair('RS256', { extractable: true });
  const embedded = await exportJWK(own.publicKey);
  const sign = (header: Record<string, unknown>) =>
    new SignJWT(all).setProtectedHeader({ alg: 'RS256', ...header }).sign(own.privateKey);
  const honest = await alpha.fake.keys.sign(all);
  const [header, , signature] = honest.split('.');
  return {
    'alg none': `${encode({ alg: 'none' })}.${encode(all)}.`,
    'alg nOnE with a signature': `${encode({ alg: 'nOnE', kid })}.${encode(all)}.${signature}`,
    'HS256 with the public key as PEM': hmac(pem),
    'HS256 with the public key as JWK': hmac(JSON.stringify(jwk)),
    'HS256 with the modulus': hmac(Buffer.from(jwk.n ?? '', 'base64url')),
    'HS256 with nothing': hmac(''),
    'a key of its own under the known kid': await sign({ kid }),
    'a key of its own in the header': await sign({ kid, jwk: embedded }),
    'a key at an address of its own': await sign({ kid, jku: 'https://evil.test/jwks' }),
    'a kid that is a path': await sign({ kid: '../../../dev/null' }),
    'no signature': `${header}.${encode(all)}.`,
    'the signature of another token': `${header}.${encode({ ...all, sub: 'other' })}.${signature}`,
    'an unknown critical header': await sign({ kid, crit: ['x'], x: 1 }).catch(() => 'x.y.z'),
    'no token': 'x',
    NUL: 'a\0b.c.d',
  };
}

test('no forged logout token ends anything', async (t) => {
  const person = await somebody();
  for (const [what, token] of Object.entries(await forgeries(claimsOf(person)))) {
    const answer = await post(token);
    t.is(answer.status, 400, `${what}: ${await answer.text()}`);
    t.is(await signedInAs(gatehouse, person.agent), person.id, what);
  }
  t.is(
    alpha.fake.requests.concat(beta.fake.requests).filter(({ url }) => url.host === 'evil.test')
      .length,
    0,
  );
});

test('the token of one upstream ends nothing at the connector of another', async (t) => {
  const person = await somebody();
  // All fakes begin with the same keys.
  beta.fake.keys.rotate();
  t.is((await post(await beta.fake.keys.sign(claimsOf(person)))).status, 400);
  const own = { ...claimsOf(person), iss: beta.issuer };
  t.is((await post(await beta.fake.keys.sign(own), 'beta')).status, 200);
  t.is(await signedInAs(gatehouse, person.agent), person.id);
});

test('an ID token is no logout token', async (t) => {
  const person = await somebody();
  const { events: _, ...claims } = claimsOf(person);
  t.is((await post(await alpha.fake.keys.sign({ ...claims, nonce: 'x' }))).status, 400);
  t.is(await signedInAs(gatehouse, person.agent), person.id);
});

test('a logout token works once, also 10 times at once', async (t) => {
  const person = await somebody();
  const token = await alpha.fake.keys.sign(claimsOf(person));
  const answers = await Promise.all(Array.from({ length: 10 }, () => post(token)));
  t.is(
    answers.filter(({ status }) => status === 200).length,
    1,
    answers.map(({ status }) => status).join(),
  );
  t.true(answers.every(({ status }) => status === 200 || status === 400));
  t.is((await post(token)).status, 400);
});

test('malformed posts are refused, and those to unknown or disabled connectors too', async (t) => {
  const url = `${gatehouse.issuer}/federation/alpha/back-channel-logout`;
  const bodies = [
    '',
    'logout_token=',
    'logout_token=a&logout_token=b',
    'logout_token[]=a',
    `logout_token=${'a'.repeat(31_000)}`,
  ];
  for (const body of bodies) {
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    t.is((await fetch(url, { method: 'POST', headers, body })).status, 400, body.slice(0, 30));
  }
  t.is((await fetch(url)).status, 404);
  for (const id of ['nobody', '__proto__', '%00']) t.is((await post('x', id)).status, 400, id);
});

test('an upstream that is away ends nothing, and is told to come again', async (t) => {
  const gone = createProvider('Gone');
  const server = await startWith([gone]);
  try {
    gone.fake.faults = { answers: { discovery: 'unreachable' } };
    const body = new URLSearchParams({ logout_token: 'x.y.z' });
    const address = `${server.issuer}/federation/gone/back-channel-logout`;
    const answer = await fetch(address, { method: 'POST', body });
    t.is(answer.status, 503, await answer.text());
    t.true(answer.headers.has('Retry-After'));
  } finally {
    await server.stop();
  }
});

test('strangers who post tokens do not make this server ask the upstream for its keys each time', async (t) => {
  const person = await somebody();
  const {
    'a key of its own under the known kid': known = '',
    'a kid that is a path': unknown = '',
  } = await forgeries(claimsOf(person));
  await post(known);
  const asked = () => alpha.fake.requests.filter(({ place }) => place === 'keys').length;
  const before = asked();
  for (let n = 0; n < 20; n += 1) await post(known);
  t.is(asked(), before, 'a known key was asked for');
  for (let n = 0; n < 20; n += 1) await post(unknown);
  t.true(asked() <= before + 1, 'each made-up key was asked for');
});

test('the front channel with a foreign, empty or hostile sid ends nothing', async (t) => {
  const person = await somebody();
  const url = `${gatehouse.issuer}/federation/alpha/front-channel-logout`;
  const queries = [
    '',
    '?sid=',
    '?sid=%25',
    '?sid=_',
    `?sid=${randomUUID()}`,
    `?sid=${person.sub}`,
    `?sid[]=${person.sid}`,
    `?sid=${person.sid}&sid=x`,
    `?sid=${'a'.repeat(600)}`,
    '?sid=%00',
    `?sid=${person.sid.toUpperCase()}`,
  ];
  for (const query of queries) {
    const answer = await fetch(url + query);
    t.true(answer.status === 200 || answer.status === 400, `${query}: ${answer.status}`);
    t.is(await signedInAs(gatehouse, person.agent), person.id, query);
  }
  // Known to another connector only.
  await fetch(`${gatehouse.issuer}/federation/beta/front-channel-logout?sid=${person.sid}`);
  t.is(await signedInAs(gatehouse, person.agent), person.id);
});

test('the front channel of another issuer ends nothing (Front-Channel Logout section 3)', async (t) => {
  const person = await somebody();
  const url = `${gatehouse.issuer}/federation/alpha/front-channel-logout?sid=${person.sid}`;
  await fetch(`${url}&iss=${encodeURIComponent(beta.issuer)}`);
  t.is(await signedInAs(gatehouse, person.agent), person.id);
  const answer = await fetch(`${url}&iss=${encodeURIComponent(alpha.issuer)}`);
  t.is(answer.status, 200);
  t.is(await signedInAs(gatehouse, person.agent), undefined);
});

test('the page of the front channel may stand in a frame of its upstream, and nowhere else', async (t) => {
  const url = `${gatehouse.issuer}/federation/alpha/front-channel-logout?sid=${randomUUID()}`;
  const answer = await fetch(url);
  t.is(
    answer.headers.get('Content-Security-Policy'),
    `default-src 'none'; frame-ancestors ${alpha.issuer}`,
  );
  t.is(answer.headers.get('Cache-Control'), 'no-store');
  t.is(await answer.text(), '');
  t.is(answer.headers.get('Set-Cookie'), null);
});

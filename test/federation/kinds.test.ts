// What every kind of connector must keep. A kind that is added to the map is tested unasked.
import test, { type ExecutionContext } from 'ava';
import { Refusal, type RefusalReason } from '../../src/federation/connector.ts';
import { CONNECTOR_KINDS } from '../../src/federation/connectors.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { goThereAndBack, leave, openUpstream, travel } from './_trip.ts';
import { EVERY_KIND, type KindCase } from './upstreams/_every-kind.ts';
import { BAD_ANSWERS, BAD_ID_TOKENS, type Place } from './upstreams/_fake.ts';

const BROKEN: RefusalReason[] = ['unavailable', 'invalid_answer'];

test('every kind has a fake upstream', (t) => {
  const missing = Object.keys(CONNECTOR_KINDS).filter((name) => !EVERY_KIND[name]);
  t.deepEqual(missing, [], 'write a fake in upstreams/ and add it to EVERY_KIND there');
  const unknown = Object.keys(EVERY_KIND).filter((name) => !CONNECTOR_KINDS[name]);
  t.deepEqual(unknown, [], 'these have a fake, and are not in CONNECTOR_KINDS');
});

/** The refusal that a trip must end with. Nothing of it may give away a secret, nor may its line in the log. */
async function refusal(
  t: ExecutionContext,
  one: KindCase,
  trip: Promise<unknown>,
  reasons: RefusalReason[],
): Promise<Refusal> {
  const error = await t.throwsAsync<Refusal>(trip, { instanceOf: Refusal });
  t.true(reasons.includes(error.reason), `${error.reason}: ${error.message}`);
  let logged = '';
  createLogger({ level: 'info', name: 'test' }, { write: (line) => (logged += line) }).info(
    { error },
    'refused',
  );
  for (const secret of [...Object.values(one.secrets), ...Object.values(one.wrongSecrets)])
    t.false(`${error.message}${error.stack}${logged}`.includes(secret), 'it tells a secret');
  return error;
}

for (const [name, create] of Object.entries(EVERY_KIND)) {
  const kind = CONNECTOR_KINDS[name];
  if (!kind) continue;
  const usesIdTokens = kind.protocol !== 'oauth2';

  test(`${name}: the authorization request has all that protects its answer`, async (t) => {
    const one = create();
    const trip = await openUpstream(name, one);
    const [first, second] = [await leave(trip), await leave(trip)];
    const params = first.url.searchParams;
    t.is(first.url.protocol, 'https:');
    t.is(params.get('response_type'), 'code');
    t.is(params.get('client_id'), trip.upstream.settings.client_id);
    t.is(params.get('redirect_uri'), trip.upstream.redirectUri);
    t.is(params.get('state'), first.secrets.state);
    t.is(params.get('code_challenge_method'), kind.pkce === false ? null : 'S256');
    t.is(params.has('code_challenge'), kind.pkce !== false);
    t.is(params.has('nonce'), kind.protocol === 'oidc');
    t.is(params.get('response_mode'), kind.responseMode ?? null);
    t.not(params.get('scope'), '', 'no scope is no parameter');
    for (const param of ['state', 'nonce', 'code_challenge'].filter((one) => params.has(one)))
      t.not(params.get(param), second.url.searchParams.get(param), param);
    await t.notThrowsAsync(one.fake.authorize(first.url));
  });

  test(`${name}: hints never replace what the request is made of`, async (t) => {
    const trip = await openUpstream(name, create());
    const hints = { loginHint: 'jo@example.org', domainHint: 'example.org', maxAge: 60 } as const;
    const { secrets, url } = await leave(trip, { ...hints, prompt: 'login', uiLocales: 'de en' });
    t.deepEqual(url.searchParams.getAll('state'), [secrets.state]);
    t.is(url.searchParams.get('redirect_uri'), trip.upstream.redirectUri);
    t.false(url.href.includes('undefined'), url.href);
  });

  test(`${name}: a person comes back as somebody, with as much trust in the address as it deserves`, async (t) => {
    const one = create();
    const { email, emailTrust, issuer, subject, ...more } = await travel(name, one);
    t.deepEqual({ issuer, subject, email: email ?? '', emailTrust }, one.expected);
    t.truthy(more.displayName ?? more.givenName, 'there is something to call them');
  });

  test(`${name}: somebody with a new name, login and address is still the same`, async (t) => {
    const one = create();
    const before = await travel(name, one);
    one.rename();
    const after = await travel(name, one);
    t.not(after.email, before.email);
    t.deepEqual([after.issuer, after.subject], [before.issuer, before.subject]);
  });

  test(`${name}: who turns back there has cancelled`, async (t) => {
    const one = create();
    one.fake.faults = { authorization: { error: 'access_denied' } };
    await refusal(t, one, travel(name, one), ['cancelled']);
    t.false(one.fake.requests.some(({ place }) => place === 'token'));
  });

  test(`${name}: a code that the upstream does not take is refused`, async (t) => {
    const one = create();
    const trip = travel(name, one, (fields) => fields.set('code', 'stolen'));
    await refusal(t, one, trip, ['refused']);
  });

  test(`${name}: a wrong secret is our own fault, and said to be`, async (t) => {
    const one = create();
    const trip = travel(name, { ...one, secrets: one.wrongSecrets });
    await refusal(t, one, trip, ['misconfigured']);
  });

  test(`${name}: an answer that is none is a refusal at whatever endpoint it comes`, async (t) => {
    const asked = create();
    await travel(name, asked);
    const places = new Set(asked.fake.requests.map(({ place }) => place));
    const combinations = [...places].flatMap((place) =>
      place ? BAD_ANSWERS.map((how) => [place, how] as const) : [],
    );
    t.true(combinations.length >= BAD_ANSWERS.length);
    await Promise.all(
      combinations.map(async ([place, how]) => {
        const one = create();
        one.fake.faults = { answers: { [place]: how } satisfies Partial<Record<Place, string>> };
        const error = await refusal(t, one, travel(name, one), BROKEN);
        t.truthy(error, `${place}: ${how}`);
      }),
    );
  });

  test(`${name}: a callback of another issuer is refused (RFC 9207)`, async (t) => {
    const one = create();
    one.fake.faults = { callbackIss: 'https://evil.example' };
    await refusal(t, one, travel(name, one), ['invalid_answer']);
    t.false(one.fake.requests.some(({ place }) => place === 'token'));
  });

  test(`${name}: a callback with the state of another attempt, or none, is refused`, async (t) => {
    for (const change of [
      (fields: URLSearchParams) => fields.set('state', 'of-another'),
      (fields: URLSearchParams) => fields.delete('state'),
    ]) {
      const one = create();
      await refusal(t, one, travel(name, one, change), ['invalid_answer']);
      t.false(one.fake.requests.some(({ place }) => place === 'token'));
    }
  });

  test(`${name}: a code is redeemed by the request that it was issued for`, async (t) => {
    const one = create();
    const trip = await openUpstream(name, one);
    const other = await leave(trip);
    const callback = await one.fake.authorize(other.url);
    const code = (callback.body ?? new URL(callback.url).searchParams).get('code') ?? '';
    const stolen = goThereAndBack(trip, one, (fields) => fields.set('code', code));
    if (kind.pkce === false && kind.protocol !== 'oidc') await t.notThrowsAsync(stolen);
    else await refusal(t, one, stolen, ['refused', 'invalid_answer']);
  });

  if (!usesIdTokens) continue;

  for (const fault of BAD_ID_TOKENS) {
    // Without a nonce in the request none is missing.
    if (fault === 'missing nonce' && kind.protocol === 'nonce-if-present') continue;
    test(`${name}: an ID token is refused: ${fault}`, async (t) => {
      const one = create();
      one.fake.faults = { idToken: fault };
      await refusal(t, one, travel(name, one), ['invalid_answer']);
    });
  }

  test(`${name}: keys that were rotated are fetched anew`, async (t) => {
    const one = create();
    const trip = await openUpstream(name, one);
    await goThereAndBack(trip, one);
    one.fake.keys.rotate();
    const { subject } = await goThereAndBack(await trip.reopen(), one);
    t.is(subject, one.expected.subject);
  });
}

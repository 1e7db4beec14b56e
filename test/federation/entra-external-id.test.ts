// Microsoft Entra External ID: its issuer is on another host than its pages.
import test from 'ava';
import { Refusal } from '../../src/federation/connector.ts';
import { parseSettings } from '../../src/federation/connectors.ts';
import { addressOfTrip, open, travel } from './_entra-trip.ts';
import { CONTOSO, createExternalId, type EntraOptions, FABRIKAM } from './upstreams/_entra.ts';
import { OUR_CLIENT } from './upstreams/_every-kind.ts';

const OID = 'aaaaaaaa-0000-4000-8000-000000000001';
const ISSUER = `https://${CONTOSO}.ciamlogin.com/${CONTOSO}/v2.0`;
const settings = { tenant: CONTOSO, authority: 'https://contoso.ciamlogin.com' };

const tripWith = (options: EntraOptions = {}, more: Record<string, unknown> = {}) => ({
  kind: 'entra-external-id',
  settings: { ...settings, ...more },
  fake: createExternalId(options),
});

test('pages are on the host of the name, the issuer on the host of the ID', async (t) => {
  const trip = tripWith();
  t.is((await addressOfTrip(trip)).origin, 'https://contoso.ciamlogin.com');
  const identity = await travel(trip);
  t.is(identity.issuer, ISSUER);
  t.is(identity.subject, `${CONTOSO}:${OID}`);
});

test('a custom domain changes the pages, and not the person', async (t) => {
  const authority = 'https://login.contoso.com';
  const trip = tripWith({ authority }, { authority });
  t.is((await addressOfTrip(trip)).origin, authority);
  const identity = await travel(trip);
  t.deepEqual([identity.issuer, identity.subject], [ISSUER, `${CONTOSO}:${OID}`]);
});

test('the host of the ID works as an authority too', async (t) => {
  const authority = `https://${CONTOSO}.ciamlogin.com`;
  t.is((await travel(tripWith({ authority }, { authority }))).issuer, ISSUER);
});

for (const [name, options] of Object.entries({
  'the issuer of the name': { issuer: `https://contoso.ciamlogin.com/${CONTOSO}/v2.0` },
  'the issuer of another tenant': {
    issuer: `https://${FABRIKAM}.ciamlogin.com/${FABRIKAM}/v2.0`,
  },
  'a token endpoint elsewhere': { metadata: { token_endpoint: 'https://evil.example/token' } },
  'keys elsewhere': { metadata: { jwks_uri: 'https://x.ciamlogin.com.evil.example/keys' } },
}))
  test(`a discovery document with ${name} is refused`, async (t) => {
    const refusal = await t.throwsAsync(open(tripWith(options)), { instanceOf: Refusal });
    t.is(refusal.reason, 'invalid_answer', refusal.message);
  });

test('an ID token of another issuer or tenant is refused', async (t) => {
  for (const person of [
    { iss: `https://contoso.ciamlogin.com/${CONTOSO}/v2.0` },
    { tid: FABRIKAM },
    { tid: FABRIKAM, iss: ISSUER },
  ]) {
    const refusal = await t.throwsAsync(travel(tripWith({ person })), { instanceOf: Refusal });
    t.is(refusal.reason, 'invalid_answer', refusal.message);
  }
});

test('an address counts as verified with xms_edov only: Facebook and SAML stand behind it too', async (t) => {
  t.is((await travel(tripWith())).emailTrust, 'none');
  t.is((await travel(tripWith({ person: { email_verified: true } }))).emailTrust, 'none');
  t.is((await travel(tripWith({ person: { xms_edov: '1' } }))).emailTrust, 'verified');
});

test('who was not asked for a name is not called unknown, nor a guest for their provider', async (t) => {
  const person = { name: 'unknown', given_name: undefined, idp: 'google.com' };
  const identity = await travel(tripWith({ person }));
  t.is(identity.displayName, undefined);
  t.is(identity.guest, undefined);
});

test('groups by their ids, too many are unknown', async (t) => {
  t.deepEqual((await travel(tripWith({ person: { groups: ['g-1'] } }))).groups, ['g-1']);
  t.is((await travel(tripWith({ person: { hasgroups: true } }))).groups, 'unknown');
});

test('create leads straight to sign-up, with the address and the provider', async (t) => {
  const hints = {
    ...({ prompt: 'create', loginHint: 'jo@example.org', domainHint: 'google.com' } as const),
    uiLocales: 'fr',
  };
  const url = await addressOfTrip({ ...tripWith(), hints });
  t.like(Object.fromEntries(url.searchParams), {
    ...{ prompt: 'create', login_hint: 'jo@example.org' },
    ...{ domain_hint: 'google.com', ui_locales: 'fr' },
  });
});

test('a tenant is named by its ID, an authority by its origin', (t) => {
  const problemsOf = (more: object) =>
    t.throws(() => parseSettings('entra-external-id', { ...OUR_CLIENT, ...settings, ...more }))
      .message;
  t.regex(problemsOf({ tenant: 'contoso.onmicrosoft.com' }), /GUID/);
  t.regex(problemsOf({ authority: `${settings.authority}/${CONTOSO}/v2.0` }), /without the path/);
});

test('an unknown tenant is told from an upstream that is down', async (t) => {
  const other = tripWith({ tenant: FABRIKAM });
  const unknown = await t.throwsAsync(open(other), { instanceOf: Refusal });
  t.is(unknown.reason, 'misconfigured');
  const trip = tripWith();
  trip.fake.faults = { answers: { discovery: 'hang' } };
  const down = await t.throwsAsync(open(trip), { instanceOf: Refusal });
  t.is(down.reason, 'unavailable');
});

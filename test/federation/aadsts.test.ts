// The error numbers of Microsoft Entra, and what our logs make of them.
import test, { type ExecutionContext } from 'ava';
import { type ConnectorKind, Refusal, type RefusalReason } from '../../src/federation/connector.ts';
import { CONNECTOR_KINDS } from '../../src/federation/connectors.ts';
import { open, travel } from './_entra-trip.ts';
import { CLIENT_SECRET } from './upstreams/_authorization-server.ts';
import { aadsts, CONTOSO, createEntra, createExternalId } from './upstreams/_entra.ts';

const REASONS: Partial<Record<RefusalReason, number[]>> = {
  admin_consent_required: [65001, 90094, 90093, 900941, 650056, 90008],
  cancelled: [65004],
  not_admitted: [50105, 50020, 50034, 50014, 500208, 500212, 500213, 500021],
  interaction_required: [50076, 50079, 50072, 53003, 50131, 50058, 16000, 70008, 700082, 50173],
  misconfigured: [50011, 50194, 700016, 7000215, 7000222],
};

const tripTo = (tenant = CONTOSO, settings: object = {}) => ({
  kind: 'entra',
  fake: createEntra({ tenant }),
  settings: { tenant, ...(tenant === 'common' ? { any_tenant: true } : {}), ...settings },
});

for (const [reason, numbers] of Object.entries(REASONS))
  for (const number of numbers)
    test(`AADSTS${number} at the token endpoint is ${reason}`, async (t) => {
      const trip = tripTo();
      trip.fake.faults = { token: aadsts(number, 'In the words of Entra.') };
      const refusal = await t.throwsAsync(travel(trip), { instanceOf: Refusal });
      t.is(refusal.reason, reason as RefusalReason);
      t.regex(refusal.message, new RegExp(`AADSTS${number}\\. .+`));
      t.false(refusal.message.includes('In the words of Entra'));
    });

test('a number in the callback counts as one at the token endpoint', async (t) => {
  const trip = tripTo();
  const error_description = 'AADSTS50105: Your administrator has configured the application.';
  trip.fake.faults = { authorization: { error: 'access_denied', error_description } };
  const refusal = await t.throwsAsync(travel(trip), { instanceOf: Refusal });
  t.is(refusal.reason, 'not_admitted');
  t.regex(refusal.message, /assign/);
});

test('without a number, or with one that we do not know, the standard decides', async (t) => {
  const trip = tripTo();
  trip.fake.faults = {
    authorization: { error: 'access_denied', error_description: 'the user canceled' },
  };
  const cancelled = await t.throwsAsync(travel(trip), { instanceOf: Refusal });
  t.is(cancelled.reason, 'cancelled');
  trip.fake.faults = { token: aadsts(999_999, 'New.', 'temporarily_unavailable') };
  const unknown = await t.throwsAsync(travel(trip), { instanceOf: Refusal });
  t.is(unknown.reason, 'unavailable');
});

async function consentLink(t: ExecutionContext, trip: Parameters<typeof travel>[0]) {
  trip.fake.faults = { token: aadsts(65001, 'The user or administrator has not consented.') };
  const { message } = await t.throwsAsync(travel(trip), { instanceOf: Refusal });
  t.false(message.includes(CLIENT_SECRET));
  return new URL(/https:\S+/.exec(message)?.[0] ?? '');
}

test('missing consent comes with the link by which an administrator gives it', async (t) => {
  const url = await consentLink(t, tripTo());
  t.is(url.origin + url.pathname, `https://login.microsoftonline.com/${CONTOSO}/v2.0/adminconsent`);
  t.deepEqual(Object.fromEntries(url.searchParams), {
    client_id: 'our-client',
    redirect_uri: 'https://gatehouse.example/federation/entra/callback',
    scope: 'openid profile email',
  });
});

test('the link is for whichever tenant, of the cloud, and with the scopes that are set', async (t) => {
  t.regex((await consentLink(t, tripTo('common'))).pathname, /^\/organizations\/v2\.0/);
  const authority = 'https://login.microsoftonline.us';
  const scopes = ['openid', 'profile', 'User.Read'];
  const fake = createEntra({ authority, tenant: CONTOSO });
  const url = await consentLink(t, { ...tripTo(CONTOSO, { authority, scopes }), fake });
  t.is(url.origin, authority);
  t.is(url.searchParams.get('scope'), 'openid profile User.Read');
});

test('External ID sends its administrator to the public cloud', async (t) => {
  const settings = { tenant: CONTOSO, authority: 'https://contoso.ciamlogin.com' };
  const url = await consentLink(t, {
    kind: 'entra-external-id',
    settings,
    fake: createExternalId(),
  });
  t.is(url.origin + url.pathname, `https://login.microsoftonline.com/${CONTOSO}/v2.0/adminconsent`);
});

test('a wrong redirect URI is named as it must be registered', async (t) => {
  const trip = tripTo();
  trip.fake.faults = { token: aadsts(50011, 'The redirect URI does not match.') };
  const { message } = await t.throwsAsync(travel(trip), { instanceOf: Refusal });
  t.regex(message, /https:\/\/gatehouse\.example\/federation\/entra\/callback$/);
});

for (const kind of ['entra', 'entra-external-id', 'microsoft'])
  test(`${kind}: signing out there names the person, and comes back to the registered address`, async (t) => {
    const place = { 'entra-external-id': 'https://contoso.ciamlogin.com' }[kind];
    const tenant = kind === 'microsoft' ? 'consumers' : CONTOSO;
    const fake = place ? createExternalId() : createEntra({ tenant });
    const settings = {
      ...(kind === 'microsoft' ? {} : { tenant }),
      ...(place ? { authority: place } : {}),
    };
    const { upstream } = await open({ kind, fake, settings });
    const { endSession } = CONNECTOR_KINDS[kind] as ConnectorKind;
    const { configuration } = upstream;
    const url = endSession?.(upstream, { configuration, logoutHint: 'O.opaque', state: 's' });
    t.is(url?.pathname, `/${tenant}/oauth2/v2.0/logout`);
    t.like(Object.fromEntries(url?.searchParams ?? []), {
      logout_hint: 'O.opaque',
      post_logout_redirect_uri: upstream.redirectUri,
      state: 's',
    });
  });

test('where the document names no place to sign out, there is none', async (t) => {
  const fake = createEntra({ tenant: CONTOSO, metadata: { end_session_endpoint: undefined } });
  const { upstream } = await open({ kind: 'entra', fake, settings: { tenant: CONTOSO } });
  const { configuration } = upstream;
  t.is(CONNECTOR_KINDS['entra']?.endSession?.(upstream, { configuration, state: 's' }), undefined);
});

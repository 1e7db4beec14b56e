// Microsoft Entra ID: who is let in, under which key, and what is believed of the address.
import test, { type ExecutionContext } from 'ava';
import { Refusal, type RefusalReason } from '../../src/federation/connector.ts';
import { parseSettings } from '../../src/federation/connectors.ts';
import { addressOfTrip, type Trip, travel } from './_entra-trip.ts';
import {
  CONTOSO,
  createEntra,
  type EntraFake,
  type EntraOptions,
  FABRIKAM,
  PERSONAL,
} from './upstreams/_entra.ts';
import { OUR_CLIENT } from './upstreams/_every-kind.ts';

const OID = 'aaaaaaaa-0000-4000-8000-000000000001';

interface Case extends Partial<Trip> {
  options?: EntraOptions;
}

/** One sign-in; `fake` to have changed it before. */
function signIn({ options, settings, ...trip }: Case = {}) {
  const tenant = settings?.['tenant'] ?? 'common';
  const fake = createEntra({ tenant: String(tenant), ...options });
  const shared = tenant === 'common' || tenant === 'organizations';
  const rules = shared && !settings?.['tenants'] ? { any_tenant: true } : {};
  return travel({ kind: 'entra', fake, settings: { tenant, ...rules, ...settings }, ...trip });
}

async function isRefused(t: ExecutionContext, trip: Promise<unknown>, reason: RefusalReason) {
  const refusal = await t.throwsAsync(trip, { instanceOf: Refusal });
  t.is(refusal.reason, reason, refusal.message);
  return refusal.message;
}

const problemsOf = (t: ExecutionContext, settings: Record<string, unknown>) =>
  t.throws(() => parseSettings('entra', { ...OUR_CLIENT, ...settings })).message;

test('two tenants of common are two people under tid and oid, whatever sub and address say', async (t) => {
  const settings = { tenant: 'common', tenants: [CONTOSO, FABRIKAM] };
  const contoso = await signIn({ settings });
  const fabrikam = await signIn({ settings, options: { person: { tid: FABRIKAM } } });

  t.is(contoso.issuer, `https://login.microsoftonline.com/${CONTOSO}/v2.0`);
  t.is(contoso.subject, `${CONTOSO}:${OID}`);
  t.is(fabrikam.issuer, `https://login.microsoftonline.com/${FABRIKAM}/v2.0`);
  t.is(fabrikam.subject, `${FABRIKAM}:${OID}`);
  t.is(contoso.email, fabrikam.email);
  t.deepEqual([contoso.emailTrust, fabrikam.emailTrust], ['none', 'none']);
});

test('the subject stays the same when a new registration gives the person another sub', async (t) => {
  const { subject } = await signIn({ options: { person: { sub: 'pairwise-of-another-client' } } });
  t.is(subject, `${CONTOSO}:${OID}`);
});

test('a tenant that is not listed is refused', async (t) => {
  const settings = { tenants: [FABRIKAM] };
  const message = await isRefused(t, signIn({ settings }), 'not_admitted');
  t.regex(message, new RegExp(CONTOSO));
});

test('common without tenants needs any_tenant to be said', (t) => {
  t.regex(problemsOf(t, { tenant: 'common' }), /tenants: name those that are let in/);
  t.regex(problemsOf(t, { tenant: 'organizations' }), /any_tenant/);
  t.regex(problemsOf(t, { tenant: CONTOSO, any_tenant: true }), /any_tenant/);
  t.regex(problemsOf(t, { tenant: 'common', any_tenant: true, tenants: [CONTOSO] }), /tenants/);
});

test('nothing raises the trust in the addresses of several tenants', (t) => {
  const shared = { tenant: 'common', any_tenant: true };
  t.regex(problemsOf(t, { ...shared, email_trust: 'authoritative' }), /email_trust/);
  t.regex(problemsOf(t, { ...shared, email_trust: 'verified' }), /email_trust/);
  t.regex(problemsOf(t, { ...shared, linking: 'auto' }), /linking/);
  t.notThrows(() => parseSettings('entra', { ...OUR_CLIENT, ...shared, email_trust: 'none' }));
});

test('a tenant is named by its ID or domain, an authority by its origin', (t) => {
  const wellKnown =
    'https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration';
  t.regex(problemsOf(t, { tenant: wellKnown }), /not an address/);
  t.regex(problemsOf(t, { tenant: 'consumers' }), /kind microsoft/);
  t.regex(problemsOf(t, { tenant: CONTOSO, authority: wellKnown }), /without the path/);
  const settings = parseSettings('entra', {
    ...{ ...OUR_CLIENT, tenant: ` ${CONTOSO.toUpperCase()} ` },
    authority: 'https://login.microsoftonline.us/',
  });
  t.is(settings['tenant'], CONTOSO);
  t.is(settings['authority'], 'https://login.microsoftonline.us');
});

test('a verified domain leads to its one tenant, and another one is refused', async (t) => {
  const settings = { tenant: 'contoso.onmicrosoft.com' };
  t.is((await signIn({ settings })).subject, `${CONTOSO}:${OID}`);
  const options = { person: { tid: FABRIKAM } };
  await isRefused(t, signIn({ settings, options }), 'invalid_answer');
});

for (const [name, person] of Object.entries({
  'names another tenant than its issuer': {
    iss: `https://login.microsoftonline.com/${FABRIKAM}/v2.0`,
  },
  'has the template as its issuer': {
    iss: 'https://login.microsoftonline.com/{tenantid}/v2.0',
  },
  'names no tenant': { tid: undefined, iss: `https://login.microsoftonline.com/${CONTOSO}/v2.0` },
  'has a template as its tenant': { tid: '{tenantid}' },
}))
  test(`an ID token that ${name} is not valid`, async (t) => {
    await isRefused(t, signIn({ options: { person } }), 'invalid_answer');
  });

test('without oid nobody is let in, and the advice names the scope', async (t) => {
  const message = await isRefused(
    t,
    signIn({ options: { person: { oid: undefined } } }),
    'misconfigured',
  );
  t.regex(message, /scope profile/);
});

test('personal accounts are refused unless they are allowed', async (t) => {
  const options = { person: { tid: PERSONAL } };
  await isRefused(t, signIn({ options }), 'not_admitted');
  const listed = { tenants: [PERSONAL] };
  await isRefused(t, signIn({ options, settings: listed }), 'not_admitted');
  const { subject } = await signIn({ options, settings: { personal_accounts: true } });
  t.is(subject, `${PERSONAL}:${OID}`);
});

test('a key of personal accounts does not vouch for an organization', async (t) => {
  const fake = createEntra();
  fake.keyIssuer = `https://login.microsoftonline.com/${PERSONAL}/v2.0`;
  await isRefused(t, signIn({ fake }), 'invalid_answer');
  fake.person['tid'] = PERSONAL;
  await t.notThrowsAsync(signIn({ fake, settings: { personal_accounts: true } }));
  fake.keyIssuer = undefined;
  fake.person['tid'] = CONTOSO;
  await t.notThrowsAsync(signIn({ fake }), 'a key without issuer says nothing');
});

test('signatures are checked: another key, and keys that were rotated', async (t) => {
  const fake = createEntra();
  fake.faults = { idToken: 'foreign key' };
  await isRefused(t, signIn({ fake }), 'invalid_answer');
  fake.faults = {};
  fake.keys.rotate();
  await t.notThrowsAsync(signIn({ fake }));
});

test('sovereign clouds and stand-ins have their own issuers, endpoints and Graph', async (t) => {
  for (const authority of [
    'https://login.microsoftonline.us',
    'https://login.partner.microsoftonline.cn',
    'http://localhost:4003',
  ]) {
    const fake = createEntra({ authority });
    const { issuer } = await signIn({ fake, settings: { authority }, insecure: true });
    t.is(issuer, `${authority}/${CONTOSO}/v2.0`);
    t.deepEqual([...new Set(fake.requests.map(({ url }) => url.origin))], [authority]);
  }
});

test('an authority without TLS is for the demo only', async (t) => {
  const authority = 'http://localhost:4003';
  const fake = createEntra({ authority });
  const settings = { authority };
  const trip = signIn({ fake, settings, insecure: false });
  t.regex(await isRefused(t, trip, 'misconfigured'), /must be https/);
  t.is(fake.requests.length, 0);
});

for (const [name, metadata] of Object.entries({
  'an issuer of another cloud': { issuer: 'https://login.microsoftonline.us/{tenantid}/v2.0' },
  'an issuer of one tenant only in its name': {
    issuer: 'https://login.microsoftonline.com.evil.example/{tenantid}/v2.0',
  },
  'a token endpoint elsewhere': { token_endpoint: 'https://evil.example/token' },
  'keys elsewhere': { jwks_uri: 'https://login.microsoftonline.com.evil.example/keys' },
  'userinfo elsewhere': { userinfo_endpoint: 'https://evil.example/userinfo' },
  'an endpoint that is no address': { end_session_endpoint: 42 },
}))
  test(`a discovery document with ${name} is refused`, async (t) => {
    const message = await isRefused(t, signIn({ options: { metadata } }), 'invalid_answer');
    t.regex(message, /discovery document of https:\/\/login\.microsoftonline\.com names/);
  });

test('the document of one tenant may not name another, nor all of them', async (t) => {
  for (const name of [FABRIKAM, '{tenantid}']) {
    const issuer = `https://login.microsoftonline.com/${name}/v2.0`;
    const trip = signIn({ settings: { tenant: CONTOSO }, options: { issuer } });
    await isRefused(t, trip, 'invalid_answer');
  }
});

test('an unknown tenant is told from an upstream that is down', async (t) => {
  const fake = createEntra({ tenant: CONTOSO });
  await isRefused(t, signIn({ fake, settings: { tenant: FABRIKAM } }), 'misconfigured');
  fake.faults = { answers: { discovery: 'status 500' } };
  await isRefused(t, signIn({ fake, settings: { tenant: CONTOSO } }), 'unavailable');
});

for (const xms_edov of [true, 1, '1', 'true'])
  test(`xms_edov ${JSON.stringify(xms_edov)} proves the address`, async (t) => {
    const shared = await signIn({ options: { person: { xms_edov, acct: 0 } } });
    t.deepEqual([shared.email, shared.emailTrust], ['jo@contoso.com', 'verified']);
    const settings = { tenant: CONTOSO };
    const member = await signIn({ settings, options: { person: { xms_edov, acct: 0 } } });
    t.is(member.emailTrust, 'authoritative', 'one tenant runs the domains of its members');
    const anybody = await signIn({ settings, options: { person: { xms_edov } } });
    t.is(anybody.emailTrust, 'verified', 'nobody says that it is not a guest');
  });

for (const xms_edov of [false, 0, '0', 'false', null, undefined])
  test(`xms_edov ${JSON.stringify(xms_edov)} proves nothing`, async (t) => {
    const person = { xms_edov, acct: 0 };
    const { email, emailTrust } = await signIn({
      settings: { tenant: CONTOSO },
      options: { person },
    });
    t.deepEqual([email, emailTrust], ['jo@contoso.com', 'none']);
  });

test('verified_primary_email is an address with a proof', async (t) => {
  const person = { email: 'typed@anywhere.example', verified_primary_email: ['jo@contoso.com'] };
  const { email, emailTrust } = await signIn({ options: { person } });
  t.deepEqual([email, emailTrust], ['jo@contoso.com', 'verified']);
});

test('the name of an account is no address, and the name of a guest is never shown', async (t) => {
  const upn = 'jo_fabrikam.com#EXT#@contoso.onmicrosoft.com';
  const person = { preferred_username: upn, upn, name: upn, email: undefined, xms_edov: true };
  const identity = await signIn({ options: { person } });
  t.is(identity.email, undefined);
  t.false(JSON.stringify(identity).includes('#EXT#'));
  const alone = { email: undefined, preferred_username: 'jo@contoso.com', xms_edov: true };
  t.is((await signIn({ options: { person: alone } })).email, undefined);
  t.is((await signIn({ options: { person: { email: upn, xms_edov: true } } })).email, undefined);
});

const guests = {
  'acct 1': { acct: 1 },
  'acct "1"': { acct: '1' },
  'idp of another tenant': { acct: 0, idp: `https://sts.windows.net/${FABRIKAM}/` },
  'idp mail': { idp: 'mail' },
};
for (const [name, claims] of Object.entries(guests))
  test(`a guest (${name}) is known as one, and may be refused`, async (t) => {
    const options = { person: { ...claims, xms_edov: true } };
    const guest = await signIn({ settings: { tenant: CONTOSO }, options });
    t.true(guest.guest);
    t.is(guest.emailTrust, 'verified', 'their address says nothing of the tenant');
    const closed = signIn({ settings: { tenant: CONTOSO, guests: false }, options });
    await isRefused(t, closed, 'not_admitted');
  });

test('members are let in where guests are not, if Entra says that they are members', async (t) => {
  const settings = { tenant: CONTOSO, guests: false };
  const home = { acct: 0, idp: `https://sts.windows.net/${CONTOSO}/` };
  t.false((await signIn({ settings, options: { person: home } })).guest);
  t.regex(await isRefused(t, signIn({ settings }), 'misconfigured'), /acct/);
  const domains = { tenant: CONTOSO, allowed_domains: ['contoso.com'] };
  t.regex(await isRefused(t, signIn({ settings: domains }), 'misconfigured'), /acct/);
});

test('session, hint for sign-out, time and methods of the sign-in are read', async (t) => {
  const person = { auth_time: 1_795_000_000, amr: ['pwd', 'mfa'], roles: ['Admin'] };
  const identity = await signIn({ options: { person } });
  t.like(identity, {
    ...{ sid: 'entra-session', logoutHint: 'O.opaque', authTime: 1_795_000_000 },
    ...{ amr: ['pwd', 'mfa'], roles: ['Admin'] },
    ...{ givenName: 'Jo', familyName: 'Doe', displayName: 'Jo Doe' },
  });
});

const shared = { tenant: 'common', any_tenant: true };
const parametersOf = async (hints: Trip['hints'], settings: object = {}, fake?: EntraFake) => {
  const trip = { kind: 'entra', settings: { ...shared, ...settings }, fake: fake ?? createEntra() };
  return Object.fromEntries((await addressOfTrip({ ...trip, hints: hints ?? {} })).searchParams);
};

test('select_account and login_hint never go together', async (t) => {
  const loginHint = 'jo@contoso.com';
  t.like(await parametersOf({ loginHint }), { login_hint: loginHint, prompt: undefined });
  t.like(await parametersOf({ loginHint, prompt: 'login' }), {
    ...{ login_hint: loginHint, prompt: 'login' },
  });
  t.like(await parametersOf({ loginHint, prompt: 'select_account' }), {
    ...{ login_hint: undefined, prompt: 'select_account' },
  });
});

test('create is not sent, and max_age asks for a new sign-in', async (t) => {
  t.is((await parametersOf({ prompt: 'create' }))['prompt'], undefined);
  t.like(await parametersOf({ maxAge: 0 }), { prompt: 'login', max_age: '0' });
});

test('a domain hint comes from the request, else from the settings', async (t) => {
  const settings = { domain_hint: 'contoso.com' };
  t.is((await parametersOf({}, settings))['domain_hint'], 'contoso.com');
  const asked = await parametersOf({ domainHint: 'fabrikam.com' }, settings);
  t.is(asked['domain_hint'], 'fabrikam.com');
});

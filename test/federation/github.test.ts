// GitHub: its own errors, its `iss`, which address counts, and servers of one's own.
import test from 'ava';
import type { Refusal } from '../../src/federation/connector.ts';
import { leave, openUpstream, travel } from './_trip.ts';
import { EVERY_KIND } from './upstreams/_every-kind.ts';
import { createGitHub } from './upstreams/_github.ts';

function setUp(settings: Record<string, unknown> = {}, base?: string) {
  const one = EVERY_KIND['github']!();
  const fake = createGitHub(base ? { base } : {});
  return { ...one, fake, settings: { ...one.settings, ...settings } };
}

test('an error with status 200 keeps its name', async (t) => {
  const expected: [string, Refusal['reason'], RegExp][] = [
    ['bad_verification_code', 'refused', /used or is too old/],
    ['incorrect_client_credentials', 'misconfigured', /does not know this client_id/],
    ['redirect_uri_mismatch', 'misconfigured', /Register the redirect URI/],
    ['unverified_user_email', 'not_admitted', /see the docs/],
  ];
  for (const [error, reason, message] of expected) {
    const one = setUp();
    one.fake.faults = { token: { error } };
    const refusal = await t.throwsAsync<Refusal>(travel('github', one), { message });
    t.is(refusal.reason, reason);
  }
});

test('the issuer that its callbacks name is the one of the standard, not the host', async (t) => {
  const one = setUp();
  t.is((await travel('github', one)).issuer, 'https://github.com/login/oauth');
  one.fake.faults = { callbackIss: 'https://github.com' };
  await t.throwsAsync(travel('github', one), { message: /invalid response/ });
});

test('only the address that is primary and verified counts', async (t) => {
  const one = setUp();
  const verified = { primary: false, verified: true, visibility: null };
  const unverified = { primary: true, verified: false, visibility: null };
  one.fake.emails = [
    { email: 'old@example.org', ...verified },
    { email: 'victim@example.org', ...unverified },
  ];
  const { email, emailTrust } = await travel('github', one);
  t.deepEqual([email, emailTrust], [undefined, 'none']);
});

test('who unticks the addresses comes in without one', async (t) => {
  const one = setUp();
  one.fake.unticked = ['user:email'];
  const identity = await travel('github', one);
  t.is(identity.subject, '583231');
  t.deepEqual([identity.email, identity.emailTrust], [undefined, 'none']);
});

test('somebody who took over a login is not who had it', async (t) => {
  const one = setUp();
  const before = await travel('github', one);
  one.fake.person = { id: 999_999, login: 'jo', name: null };
  const after = await travel('github', one);
  t.is(after.displayName, 'jo');
  t.not(after.subject, before.subject);
});

test('a server of one’s own has its own people, and nobody believes its addresses', async (t) => {
  const base = 'https://git.acme.example';
  const identity = await travel('github', setUp({ base_url: `${base}/` }, base));
  t.is(identity.issuer, `${base}/login/oauth`);
  t.deepEqual([identity.email, identity.emailTrust], ['jo@example.org', 'none']);
});

test('only members of an allowed organization come in, by its id', async (t) => {
  const settings = { allowed_organizations: ['4242'], scopes: ['user:email', 'read:org'] };
  const one = setUp(settings);
  one.fake.organizations = [{ id: 4242, login: 'acme' }];
  t.is((await travel('github', one)).subject, '583231');
  // Another organization under the name that became free.
  one.fake.organizations = [{ id: 5555, login: 'acme' }];
  const outsider = await t.throwsAsync<Refusal>(travel('github', one));
  t.is(outsider.reason, 'not_admitted');
  const withoutScope = setUp({ allowed_organizations: ['4242'] });
  const refusal = await t.throwsAsync<Refusal>(travel('github', withoutScope), {
    message: /Add read:org/,
  });
  t.is(refusal.reason, 'misconfigured');
});

test('it is told which account to suggest', async (t) => {
  const { url } = await leave(await openUpstream('github', setUp()), {
    loginHint: 'jo',
    prompt: 'select_account',
  });
  t.is(url.searchParams.get('login'), 'jo');
  t.is(url.searchParams.get('prompt'), 'select_account');
});

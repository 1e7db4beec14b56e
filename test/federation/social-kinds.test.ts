// What is peculiar to Facebook, LinkedIn, X, Discord and GitLab.
import test from 'ava';
import type { Refusal } from '../../src/federation/connector.ts';
import { leave, openUpstream, travel } from './_trip.ts';
import { createDiscord } from './upstreams/_discord.ts';
import { EVERY_KIND } from './upstreams/_every-kind.ts';
import { createFacebook } from './upstreams/_facebook.ts';
import { createGitLab } from './upstreams/_gitlab.ts';
import { createLinkedIn } from './upstreams/_linkedin.ts';
import { createX } from './upstreams/_x.ts';

test('Facebook: no address is no trouble, and none is ever believed', async (t) => {
  const fake = createFacebook();
  const one = { ...EVERY_KIND['facebook']!(), fake };
  t.is((await travel('facebook', one)).emailTrust, 'none');
  delete fake.person['email'];
  const identity = await travel('facebook', one);
  t.deepEqual([identity.email, identity.emailTrust], [undefined, 'none']);
  t.deepEqual([identity.givenName, identity.familyName], ['Jo', 'Doe']);
});

test('Facebook: the version of the Graph API is a setting', async (t) => {
  const one = { ...EVERY_KIND['facebook']!(), fake: createFacebook({ version: 'v31.0' }) };
  await t.throwsAsync(travel('facebook', one));
  const settings = { ...one.settings, graph_version: 'v31.0' };
  t.is((await travel('facebook', { ...one, settings })).subject, one.expected.subject);
});

test('Facebook: an error of the Graph API says what to do', async (t) => {
  const base = EVERY_KIND['facebook']!();
  const refusal = await t.throwsAsync<Refusal>(
    travel('facebook', { ...base, secrets: base.wrongSecrets }),
  );
  t.is(refusal.reason, 'misconfigured');
  t.regex(refusal.message, /Check client_id and client_secret/);
});

test('LinkedIn: a verified address is one to write to, no more', async (t) => {
  const one = { ...EVERY_KIND['linkedin']!(), fake: createLinkedIn({ email_verified: true }) };
  const identity = await travel('linkedin', one);
  t.deepEqual([identity.email, identity.emailTrust], ['jo@example.org', 'none']);
});

test('LinkedIn: its own words for turning back are understood', async (t) => {
  for (const error of ['user_cancelled_login', 'user_cancelled_authorize']) {
    const one = EVERY_KIND['linkedin']!();
    one.fake.faults = { authorization: { error } };
    t.is((await t.throwsAsync<Refusal>(travel('linkedin', one))).reason, 'cancelled');
  }
});

test('X: only a confirmed address counts, and there may be none', async (t) => {
  const fake = createX();
  const one = { ...EVERY_KIND['x']!(), fake };
  delete fake.person['confirmed_email'];
  const identity = await travel('x', one);
  t.deepEqual([identity.email, identity.emailTrust], [undefined, 'none']);
});

test('X: an application without users.email still signs people in', async (t) => {
  const one = EVERY_KIND['x']!();
  const settings = { ...one.settings, scopes: ['tweet.read', 'users.read'] };
  const identity = await travel('x', { ...one, settings });
  t.deepEqual([identity.subject, identity.email], [one.expected.subject, undefined]);
});

test('X: scopes that do not reach say so', async (t) => {
  const one = EVERY_KIND['x']!();
  const settings = { ...one.settings, scopes: ['users.read'] };
  const refusal = await t.throwsAsync<Refusal>(travel('x', { ...one, settings }));
  t.is(refusal.reason, 'refused');
  t.regex(refusal.message, /check the scopes/);
});

test('Discord: an address is believed when it is verified, and only by the word itself', async (t) => {
  const fake = createDiscord();
  const one = { ...EVERY_KIND['discord']!(), fake };
  for (const verified of [false, 'true', 1, undefined, null]) {
    fake.person['verified'] = verified;
    t.is((await travel('discord', one)).emailTrust, 'none', `${verified}`);
  }
  fake.person['email'] = null;
  t.is((await travel('discord', one)).email, undefined);
});

test('Discord: who allowed it before is not asked again, unless somebody wants that', async (t) => {
  const trip = await openUpstream('discord', EVERY_KIND['discord']!());
  t.is((await leave(trip)).url.searchParams.get('prompt'), 'none');
  const asked = await leave(trip, { prompt: 'login' });
  t.is(asked.url.searchParams.get('prompt'), 'consent');
});

test('GitLab: the name comes from userinfo, of the same person', async (t) => {
  const base = EVERY_KIND['gitlab']!();
  const identity = await travel('gitlab', base);
  t.deepEqual([identity.givenName, identity.displayName], ['Jo', 'Jo Doe']);
});

test('GitLab: one of one’s own is not believed about addresses', async (t) => {
  const base = 'https://git.acme.example';
  const one = { ...EVERY_KIND['gitlab']!(), fake: createGitLab(base) };
  const settings = { ...one.settings, base_url: `${base}/` };
  const identity = await travel('gitlab', { ...one, settings });
  t.deepEqual([identity.issuer, identity.emailTrust], [base, 'none']);
});

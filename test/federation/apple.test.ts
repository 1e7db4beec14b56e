// Apple: a POST across sites, a name that anybody may have written, and addresses of its relay.
import test from 'ava';
import type { EmailTrust, Refusal } from '../../src/federation/connector.ts';
import { leave, openUpstream, travel } from './_trip.ts';
import { createApple } from './upstreams/_apple.ts';
import { EVERY_KIND } from './upstreams/_every-kind.ts';
import type { Claims } from './upstreams/_fake.ts';

function setUp(person: Claims = {}) {
  const one = EVERY_KIND['apple']!();
  return { ...one, fake: createApple(person) };
}

test('its answer is a POST', async (t) => {
  const one = setUp();
  const { url } = await leave(await openUpstream('apple', one));
  const callback = await one.fake.authorize(url);
  t.is(callback.method, 'POST');
  t.is(callback.url, 'https://gatehouse.example/federation/apple/callback');
});

test('the name comes from the form, the first time only', async (t) => {
  const one = setUp();
  const first = await travel('apple', one);
  t.deepEqual([first.givenName, first.familyName], ['Jo', 'Doe']);
  one.fake.userField = undefined;
  const second = await travel('apple', one);
  t.deepEqual([second.givenName, second.familyName], [undefined, undefined]);
  t.is(second.subject, first.subject);
});

test('an address that somebody wrote into the form is not seen', async (t) => {
  const one = setUp({ email: undefined, email_verified: undefined });
  one.fake.userField = JSON.stringify({ name: { firstName: 'Jo' }, email: 'victim@example.org' });
  const identity = await travel('apple', one);
  t.deepEqual([identity.email, identity.emailTrust, identity.givenName], [undefined, 'none', 'Jo']);
});

test('a form with rubbish in it is no name, and no trouble', async (t) => {
  for (const rubbish of [
    '',
    '{',
    '[]',
    'null',
    '{"name":"Jo"}',
    '{"name":{"firstName":{"a":1}}}',
  ]) {
    const one = setUp();
    one.fake.userField = rubbish;
    const { givenName, subject } = await travel('apple', one);
    t.is(givenName, undefined, rubbish);
    t.is(subject, one.expected.subject);
  }
});

const trusts: [Claims, EmailTrust][] = [
  [{ email_verified: 'true' }, 'verified'],
  [{ email_verified: true }, 'verified'],
  [{ email_verified: 'false' }, 'none'],
  [{ email_verified: undefined }, 'none'],
  [{ email: 'a1b2@privaterelay.appleid.com', is_private_email: 'true' }, 'authoritative'],
  [{ email: 'a1b2@privaterelay.appleid.com', email_verified: 'false' }, 'none'],
];
for (const [claims, expected] of trusts)
  test(`trust in an address: ${JSON.stringify(claims)}`, async (t) => {
    t.is((await travel('apple', setUp(claims))).emailTrust, expected);
  });

test('its own word for turning back is understood', async (t) => {
  const one = setUp();
  one.fake.faults = { authorization: { error: 'user_cancelled_authorize' } };
  t.is((await t.throwsAsync<Refusal>(travel('apple', one))).reason, 'cancelled');
});

test('a key that is none is found before anybody leaves, and not quoted', async (t) => {
  const one = setUp();
  const [reference = ''] = Object.keys(one.secrets);
  const secrets = { [reference]: '-----BEGIN PRIVATE KEY-----\nnonsense\n' };
  const refusal = await t.throwsAsync<Refusal>(openUpstream('apple', { ...one, secrets }));
  t.is(refusal.reason, 'misconfigured');
  t.false(refusal.message.includes('nonsense'));
});

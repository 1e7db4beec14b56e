// Google: which addresses it is the authority for, and which Workspace somebody is of.
import test from 'ava';
import type { EmailTrust } from '../../src/federation/connector.ts';
import { leave, openUpstream, travel } from './_trip.ts';
import { EVERY_KIND } from './upstreams/_every-kind.ts';
import type { Claims } from './upstreams/_fake.ts';
import { createGoogle } from './upstreams/_google.ts';

function setUp(person: Claims = {}, settings: Record<string, unknown> = {}) {
  const base = EVERY_KIND['google']!();
  return { ...base, settings: { ...base.settings, ...settings }, fake: createGoogle(person) };
}

const trusts: [string, Claims, EmailTrust][] = [
  ['its own mailboxes', { email: 'Jo@Gmail.com', email_verified: true }, 'authoritative'],
  ['its own mailboxes, unverified', { email: 'jo@gmail.com', email_verified: false }, 'none'],
  ['a Workspace', { email: 'jo@acme.example', hd: 'acme.example' }, 'authoritative'],
  ['an address of another house', { email: 'jo@acme.example' }, 'verified'],
  ['one that looks like its own', { email: 'jo@gmail.com.evil.example' }, 'verified'],
  ['a Workspace, unverified', { hd: 'acme.example', email_verified: false }, 'none'],
];
for (const [title, claims, expected] of trusts)
  test(`trust in an address: ${title}`, async (t) => {
    t.is((await travel('google', setUp(claims))).emailTrust, expected);
  });

test('a connector for one Workspace preselects it, and believes only the claim', async (t) => {
  const settings = { hd: 'acme.example' };
  const member = setUp({ email: 'jo@acme.example', hd: 'acme.example' }, settings);
  const { url } = await leave(await openUpstream('google', member));
  t.is(url.searchParams.get('hd'), 'acme.example');
  t.is((await travel('google', member)).email, 'jo@acme.example');
  for (const claims of [{ email: 'jo@acme.example' }, { hd: 'other.example' }])
    await t.throwsAsync(travel('google', setUp(claims, settings)), {
      message: /not of the Workspace acme\.example/,
    });
});

test('the issuer of old, which only old endpoints send, is no issuer of ours', async (t) => {
  const legacy = setUp({ iss: 'accounts.google.com' });
  await t.throwsAsync(travel('google', legacy), { message: /unexpected JWT claim value/ });
});

test('a new owner of a domain is another person than the old one', async (t) => {
  const claims = { email: 'jo@acme.example', hd: 'acme.example' };
  const before = await travel('google', setUp(claims));
  const after = await travel('google', setUp({ ...claims, sub: '999900000000000000001' }));
  t.is(after.email, before.email);
  t.not(after.subject, before.subject);
});

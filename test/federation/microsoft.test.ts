// Personal Microsoft accounts.
import test from 'ava';
import { Refusal } from '../../src/federation/connector.ts';
import { addressOfTrip, travel } from './_entra-trip.ts';
import { CONTOSO, createEntra, type EntraOptions, PERSONAL } from './upstreams/_entra.ts';

const tripWith = (options: EntraOptions = {}, settings = {}) => ({
  kind: 'microsoft',
  settings,
  fake: createEntra({ tenant: 'consumers', ...options }),
});

test('a personal account has its tenant and object as key, and an address that Microsoft saw', async (t) => {
  const person = { email: 'jo@outlook.com' };
  const identity = await travel(tripWith({ person }));
  t.is(identity.issuer, `https://login.microsoftonline.com/${PERSONAL}/v2.0`);
  t.is(identity.subject, `${PERSONAL}:aaaaaaaa-0000-4000-8000-000000000001`);
  t.deepEqual([identity.email, identity.emailTrust], ['jo@outlook.com', 'verified']);
});

test('an account without an address has none, whatever its name is', async (t) => {
  const person = { email: undefined, preferred_username: 'jo@outlook.com' };
  const { email, emailTrust } = await travel(tripWith({ person }));
  t.deepEqual([email, emailTrust], [undefined, 'none']);
});

test('an account of an organization is refused', async (t) => {
  const person = { tid: CONTOSO };
  const refusal = await t.throwsAsync(travel(tripWith({ person })), { instanceOf: Refusal });
  t.is(refusal.reason, 'invalid_answer');
});

test('an organization that calls itself consumers is refused', async (t) => {
  const issuer = `https://login.microsoftonline.com/${CONTOSO}/v2.0`;
  const trip = tripWith({ issuer, person: { tid: CONTOSO } });
  const refusal = await t.throwsAsync(travel(trip), { instanceOf: Refusal });
  t.is(refusal.reason, 'invalid_answer');
});

test('a stand-in has an authority of its own', async (t) => {
  const authority = 'http://localhost:4003';
  const trip = { ...tripWith({ authority }, { authority }), insecure: true };
  t.is((await addressOfTrip(trip)).pathname, '/consumers/oauth2/v2.0/authorize');
  t.is((await travel(trip)).issuer, `${authority}/${PERSONAL}/v2.0`);
});

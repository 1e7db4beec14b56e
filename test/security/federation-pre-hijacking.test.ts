// T-30: the five ways to prepare an account for somebody else's address (MSRC 2022), where its owner
// comes from an upstream afterwards: nothing that the attacker left there is alive.
import { randomUUID } from 'node:crypto';
import { createConnectors } from '../../src/federation/connectors.ts';
import { linkIdentity } from '../../src/federation/identities/link-identity.ts';
import { createOutbox } from '../../src/mail/outbox.ts';
import { findAccountByEmail, insertAccount } from '../../src/storage/accounts.ts';
import { runInUnitOfWork } from '../../src/storage/unit-of-work.ts';
import { createAgent } from '../_agent.ts';
import type { Gatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import { openMyAccount } from '../accounts/_my-account.ts';
import {
  createConfirmed,
  forget,
  mainText,
  NEW_PASSWORD,
  newestMail,
  PASSWORD,
  signUp,
  trySignIn,
} from '../accounts/_person.ts';
import {
  arrive,
  codeFor,
  connect,
  createProvider,
  ownersOf,
  signedInAs,
  startWith,
  subjectOf,
} from './_federation.ts';

const alpha = createProvider('Alpha');
/** Believes whatever address its people write. */
const careless = createProvider('Careless');

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startWith([alpha], { others: [careless.fake] });
  await connect(gatehouse, careless, { email_trust: 'none' });
});
test.after.always(() => gatehouse?.stop());

/** The owner of an address comes from an upstream that is believed. */
async function ownerComes(email: string) {
  Object.assign(alpha.fake.person, { sub: `owner of ${email}`, email });
  const agent = createAgent(gatehouse.issuer);
  return { agent, page: await arrive(gatehouse, alpha, agent) };
}

/** An account that an administrator or an import made for an address that nobody proved. */
async function unproven(email: string) {
  const known = await gatehouse.db
    .knex('accounts')
    .whereNotNull('password_hash')
    .first('password_hash');
  return insertAccount(gatehouse.db, {
    ...{
      email,
      emailVerified: false,
      givenName: 'Planted',
      familyName: 'Person',
      roles: ['admin'],
    },
    passwordHash: known?.password_hash,
  });
}

test('T-30 classic-federated merge: a foreign sign-up gives its author nothing once the owner has come', async (t) => {
  const email = 'merge@example.com';
  const attacker = createAgent(gatehouse.issuer);
  await signUp(gatehouse, attacker, email, { password: NEW_PASSWORD });
  const planted = (await newestMail(gatehouse, email, 'confirm-sign-up')).link();
  const { page } = await ownerComes(email);
  const owner = await subjectOf(gatehouse, page);
  t.is((await trySignIn(gatehouse, email, NEW_PASSWORD)).status, 400);
  t.is((await attacker.get(planted)).status, 400, 'the link of the attacker’s sign-up is alive');
  t.is(await signedInAs(gatehouse, attacker), undefined);
  t.is((await findAccountByEmail(gatehouse.db, email))?.id, owner);
});

test('T-30 unexpired session: an account that nobody proved is emptied when its owner comes', async (t) => {
  const email = 'session@example.com';
  const planted = await unproven(email);
  // The attacker's session, password and identity, from before the account was doubted.
  await gatehouse.db.knex('accounts').where({ id: planted.id }).update({ state: 'active' });
  const password = gatehouse.accounts[0]?.password ?? '';
  const { agent: attacker } = await openMyAccount(gatehouse, { email, password });
  t.is(await signedInAs(gatehouse, attacker), planted.id, 'the test has no session to lose');
  const { page, agent } = await ownerComes(email);
  t.is(await subjectOf(gatehouse, page), planted.id);
  t.is(await signedInAs(gatehouse, attacker), undefined, 'the session of the attacker lives');
  t.is((await trySignIn(gatehouse, email, password)).status, 400, 'the password lives');
  t.is(await signedInAs(gatehouse, agent), planted.id);
});

test('T-30 trojan identifier: an identity that the attacker linked is dead once the owner has come', async (t) => {
  const email = 'trojan@example.com';
  const planted = await unproven(email);
  const { db, issuer, secrets } = gatehouse;
  const outbox = createOutbox({ db, encryptionKeys: secrets.encryptionKeys });
  const changes = { on: () => undefined, live: () => false, close: async () => undefined };
  const connectors = createConnectors({
    db,
    changes,
    onError: (error) => t.fail(String(error)),
  });
  const connector = await connectors.findEnabled('careless');
  const trojan = `trojan ${randomUUID()}`;
  await runInUnitOfWork(db.knex, async (unit) => {
    if (!connector) throw new Error('no connector');
    const identity = { issuer: careless.issuer, subject: trojan, emailTrust: 'none' } as const;
    const deps = { db, issuer, outbox, connectors, passwordsInUse: true };
    await linkIdentity(deps, connector, { account: planted, identity, proof: 'session' });
    await unit.commit();
  });
  t.is((await ownersOf(gatehouse))[trojan], planted.id);
  const { page } = await ownerComes(email);
  const owner = await subjectOf(gatehouse, page);
  t.false(trojan in (await ownersOf(gatehouse)));
  Object.assign(careless.fake.person, { sub: trojan, email: 'attacker@example.net' });
  const attacker = createAgent(gatehouse.issuer);
  t.regex(mainText(await arrive(gatehouse, careless, attacker)), /Complete your account/);
  t.not(await signedInAs(gatehouse, attacker), owner);
});

test('T-30 unexpired e-mail change: a pending change to the address of the owner is void', async (t) => {
  const email = 'change@example.com';
  await createConfirmed(gatehouse, 'changer@example.com');
  const { agent, page } = await openMyAccount(
    gatehouse,
    { email: 'changer@example.com', password: PASSWORD },
    '/account/email',
  );
  await agent.submit(page, 'Change the address', { email, current: PASSWORD });
  const planted = (await newestMail(gatehouse, email, 'confirm-email')).link();
  const owner = await subjectOf(gatehouse, (await ownerComes(email)).page);
  const late = await agent.submit(await agent.get(planted), 'Confirm the address');
  t.is(late.status, 409);
  t.is((await findAccountByEmail(gatehouse.db, email))?.id, owner);
});

test('T-30 unexpired e-mail change: what an unproven account was about to become, it does not', async (t) => {
  const email = 'pending@example.com';
  const planted = await unproven(email);
  await gatehouse.db.knex('accounts').where({ id: planted.id }).update({ state: 'active' });
  const password = gatehouse.accounts[0]?.password ?? '';
  const { agent, page } = await openMyAccount(gatehouse, { email, password }, '/account/email');
  await agent.submit(page, 'Change the address', {
    email: 'attacker-2@example.com',
    current: password,
  });
  const link = (await newestMail(gatehouse, 'attacker-2@example.com', 'confirm-email')).link();
  await forget(gatehouse, createAgent(gatehouse.issuer), email);
  const reset = (await newestMail(gatehouse, email, 'reset-password')).link();
  await subjectOf(gatehouse, (await ownerComes(email)).page);
  t.is((await agent.get(link)).status, 400, 'the address can still be changed');
  t.is((await agent.get(reset)).status, 400, 'the password can still be reset');
  t.is((await findAccountByEmail(gatehouse.db, email))?.id, planted.id);
});

test('T-30 non-verifying provider: whoever writes the address of the owner there gets nothing of theirs', async (t) => {
  const email = 'owner@example.com';
  Object.assign(careless.fake.person, { sub: 'liar', email, email_verified: true });
  const attacker = createAgent(gatehouse.issuer);
  const form = await arrive(gatehouse, careless, attacker);
  await attacker.submit(form, 'Continue', { email });
  t.is(await findAccountByEmail(gatehouse.db, email), undefined, 'an account before the proof');
  const owner = await subjectOf(gatehouse, (await ownerComes(email)).page);
  t.is(await signedInAs(gatehouse, attacker), undefined);
  t.false('liar' in (await ownersOf(gatehouse)));
  t.true(Object.values(await ownersOf(gatehouse)).includes(owner));
  // The owner is not shut out by it either, and the code in the owner's mailbox is the owner's.
  t.regex(await codeFor(gatehouse, email), /^\d{6}$/);
});

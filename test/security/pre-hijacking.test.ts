// T-30: whoever prepares an account for somebody else's address is left with nothing.
import { findAccountByEmail } from '../../src/storage/accounts.ts';
import { createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import { openMyAccount } from '../accounts/_my-account.ts';
import {
  createConfirmed,
  mainText,
  NEW_PASSWORD,
  newestMail,
  PASSWORD,
  signUp,
  trySignIn,
  visit,
} from '../accounts/_person.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

test('T-30 a sign-up with a foreign address leaves no account, session or password', async (t) => {
  const victim = 'victim-1@example.com';
  const attacker = createAgent(gatehouse.issuer);
  await signUp(gatehouse, attacker, victim, { password: NEW_PASSWORD });
  t.is(await findAccountByEmail(gatehouse.db, victim), undefined);
  t.is((await trySignIn(gatehouse, victim, NEW_PASSWORD)).status, 400);
  t.truthy((await visit(gatehouse, attacker)).html.querySelector('input[name=password]'));
});

test('T-30 the owner who opens the link of a foreign sign-up does not open the account for its author', async (t) => {
  const victim = 'victim-2@example.com';
  await signUp(gatehouse, createAgent(gatehouse.issuer), victim, { password: NEW_PASSWORD });
  const owner = createAgent(gatehouse.issuer);
  const page = await owner.get((await newestMail(gatehouse, victim, 'confirm-sign-up')).link());
  t.regex(mainText(page), /another browser than the one you signed up with/);
  const pressed = await owner.submit(page, 'Confirm and sign in');
  t.is(pressed.status, 400);
  t.is(await findAccountByEmail(gatehouse.db, victim), undefined);
});

test('T-30 the owner signs up all the same, and what was prepared is dead', async (t) => {
  const victim = 'victim-3@example.com';
  const attacker = createAgent(gatehouse.issuer);
  await signUp(gatehouse, attacker, victim, { password: NEW_PASSWORD });
  const planted = (await newestMail(gatehouse, victim, 'confirm-sign-up')).link();
  await createConfirmed(gatehouse, victim);
  t.is((await trySignIn(gatehouse, victim, PASSWORD)).status, 303);
  t.is((await trySignIn(gatehouse, victim, NEW_PASSWORD)).status, 400);
  // Even with the link in hand, and in the browser that asked for it.
  t.is((await attacker.get(planted)).status, 400);
  const token = new URL(planted).searchParams.get('token') ?? '';
  const body = new URLSearchParams({ token, password: NEW_PASSWORD });
  const posted = await attacker.request(`${gatehouse.issuer}/sign-up/confirm`, {
    method: 'POST',
    body,
  });
  t.is(posted.status, 400);
});

test('T-30 a pending change to a foreign address ends with the sign-up of its owner', async (t) => {
  const victim = 'victim-4@example.com';
  await createConfirmed(gatehouse, 'attacker-4@example.com');
  const { agent, page } = await openMyAccount(
    gatehouse,
    { email: 'attacker-4@example.com', password: PASSWORD },
    '/account/email',
  );
  await agent.submit(page, 'Change the address', { email: victim, current: PASSWORD });
  const planted = (await newestMail(gatehouse, victim, 'confirm-email')).link();
  await createConfirmed(gatehouse, victim);
  const owner = createAgent(gatehouse.issuer);
  const late = await owner.submit(await owner.get(planted), 'Confirm the address');
  t.is(late.status, 409);
  const account = await findAccountByEmail(gatehouse.db, victim);
  t.is(account?.given_name, 'Noor');
});

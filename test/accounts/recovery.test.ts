// A forgotten password, a changed address, and "that was not me".
import { findAccountByEmail } from '../../src/storage/accounts.ts';
import { createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { receiveMail } from '../_mail.ts';
import { test } from '../_one-at-a-time.ts';
import { proceed } from '../_protocol.ts';
import { openMyAccount } from './_my-account.ts';
import {
  createConfirmed,
  errorOf,
  forget,
  mainText,
  NEW_PASSWORD,
  newestMail,
  PASSWORD,
  tokensOf,
  trySignIn,
  visit,
} from './_person.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

let people = 0;
async function somebody() {
  people += 1;
  const email = `rin-${people}@example.com`;
  return { email, agent: await createConfirmed(gatehouse, email) };
}

test('a forgotten password: mail, new password, back at the portal signed in; all else has ended', async (t) => {
  const { email, agent: elsewhere } = await somebody();
  const agent = createAgent(gatehouse.issuer);
  const sent = await forget(gatehouse, agent, ` ${email.toUpperCase()} `);
  t.is(sent.status, 200);
  t.regex(mainText(sent), /We wrote to/);
  const link = (await newestMail(gatehouse, email, 'reset-password')).link();
  const form = await agent.get(link);
  t.regex(mainText(form), new RegExp(`for ${email}`));
  const weak = await agent.submit(form, 'Save the password', { password: 'qwertyuiop12345' });
  t.is(weak.status, 400);
  t.regex(errorOf(weak, 'password') ?? '', /common and stolen/);
  const saved = await agent.submit(weak, 'Save the password', { password: NEW_PASSWORD });
  const tokens = await tokensOf(gatehouse, await proceed(gatehouse, agent, saved));
  t.truthy(tokens['id_token']);

  t.is((await trySignIn(gatehouse, email, PASSWORD)).status, 400);
  t.is((await trySignIn(gatehouse, email, NEW_PASSWORD)).status, 303);
  const ended = await visit(gatehouse, elsewhere);
  t.truthy(ended.html.querySelector('input[name=password]'), 'the other session has ended');
  await newestMail(gatehouse, email, 'password-changed');
  t.is((await agent.get(link)).status, 400);
});

test('the link works in another browser, and says that the person is signed in there', async (t) => {
  const { email } = await somebody();
  await forget(gatehouse, createAgent(gatehouse.issuer), email);
  const other = createAgent(gatehouse.issuer);
  const form = await other.get((await newestMail(gatehouse, email, 'reset-password')).link());
  const done = await other.submit(form, 'Save the password', { password: NEW_PASSWORD });
  t.regex(mainText(done), /You are signed in.*new password is saved/);
});

test('an unknown address gets a mail that says so, and the page says the same', async (t) => {
  const { email } = await somebody();
  const known = mainText(await forget(gatehouse, createAgent(gatehouse.issuer), email));
  const stranger = 'nobody-here@example.com';
  const unknown = mainText(await forget(gatehouse, createAgent(gatehouse.issuer), stranger));
  t.is(known.replace(email, ''), unknown.replace(stranger, ''));
  const mail = await newestMail(gatehouse, stranger, 'reset-unknown');
  t.notRegex(mail.text, /https?:/);
});

test('nobody’s mailbox is flooded', async (t) => {
  const { email } = await somebody();
  for (let time = 0; time < 8; time += 1)
    await forget(gatehouse, createAgent(gatehouse.issuer), email);
  const mails = await receiveMail(gatehouse, email);
  t.is(mails.filter(({ kind }) => kind === 'reset-password').length, 5);
});

test('every other open link is void once a password was chosen', async (t) => {
  const { email } = await somebody();
  const agent = createAgent(gatehouse.issuer);
  await forget(gatehouse, agent, email);
  const first = (await newestMail(gatehouse, email, 'reset-password')).link();
  await forget(gatehouse, agent, email);
  const second = (await newestMail(gatehouse, email, 'reset-password')).link();
  await agent.submit(await agent.get(second), 'Save the password', { password: NEW_PASSWORD });
  t.is((await agent.get(first)).status, 400);
});

test('"that was not me" ends everything, voids the password and leads to a new one', async (t) => {
  const { email } = await somebody();
  const thief = createAgent(gatehouse.issuer);
  await forget(gatehouse, thief, email);
  const reset = (await newestMail(gatehouse, email, 'reset-password')).link();
  await thief.submit(await thief.get(reset), 'Save the password', { password: NEW_PASSWORD });
  const notMe = (await newestMail(gatehouse, email, 'password-changed')).link();
  const owner = createAgent(gatehouse.issuer);
  const page = await owner.get(notMe);
  t.is((await trySignIn(gatehouse, email, NEW_PASSWORD)).status, 303, 'a look changes nothing');
  const done = await owner.submit(page, 'Take my account back');
  t.regex(mainText(done), /yours again/);
  t.is((await trySignIn(gatehouse, email, NEW_PASSWORD)).status, 400);
  t.truthy((await visit(gatehouse, thief)).html.querySelector('input[name=password]'));
  const again = (await newestMail(gatehouse, email, 'reset-password')).link();
  await owner.submit(await owner.get(again), 'Save the password', { password: PASSWORD });
  t.is((await trySignIn(gatehouse, email, PASSWORD)).status, 303);
});

test('a new address: both are told, it counts when proven, and the old owner can undo it', async (t) => {
  const { email } = await somebody();
  const next = `new-${email}`;
  const { agent, page } = await openMyAccount(
    gatehouse,
    { email, password: PASSWORD },
    '/account/email',
  );
  const wrong = await agent.submit(page, 'Change the address', { email: next, current: 'no' });
  t.is(wrong.status, 400);
  t.truthy(errorOf(wrong, 'current'));
  const bad = await agent.submit(page, 'Change the address', {
    email: 'a@b,c@d',
    current: PASSWORD,
  });
  t.regex(errorOf(bad, 'email') ?? '', /one e-mail address/);
  const asked = await agent.submit(page, 'Change the address', { email: next, current: PASSWORD });
  t.regex(mainText(asked), /sent a mail to the new address/);
  t.truthy(await findAccountByEmail(gatehouse.db, email), 'nothing has changed yet');

  const notMe = (await newestMail(gatehouse, email, 'email-changed')).link();
  const link = (await newestMail(gatehouse, next, 'confirm-email')).link();
  // Also in a browser where somebody else is signed in: the link acts on its own account.
  const { agent: other } = await somebody();
  const done = await other.submit(await other.get(link), 'Confirm the address');
  t.regex(mainText(done), /address is changed/);
  t.is((await trySignIn(gatehouse, next, PASSWORD)).status, 303);
  t.is((await trySignIn(gatehouse, email, PASSWORD)).status, 400);

  const owner = createAgent(gatehouse.issuer);
  await owner.submit(await owner.get(notMe), 'Take my account back');
  t.truthy(await findAccountByEmail(gatehouse.db, email));
  t.is(await findAccountByEmail(gatehouse.db, next), undefined);
});

test('an address that was taken meanwhile stays with its account', async (t) => {
  const { email } = await somebody();
  const next = `taken-${email}`;
  const { agent, page } = await openMyAccount(
    gatehouse,
    { email, password: PASSWORD },
    '/account/email',
  );
  await agent.submit(page, 'Change the address', { email: next, current: PASSWORD });
  const link = (await newestMail(gatehouse, next, 'confirm-email')).link();
  await createConfirmed(gatehouse, next);
  const late = await agent.submit(await agent.get(link), 'Confirm the address');
  t.is(late.status, 409);
  t.regex(mainText(late), /belongs to another account/);
  t.truthy(await findAccountByEmail(gatehouse.db, email));
});

test('a token for one thing is nothing to another', async (t) => {
  const { email } = await somebody();
  await forget(gatehouse, createAgent(gatehouse.issuer), email);
  const reset = new URL((await newestMail(gatehouse, email, 'reset-password')).link());
  const agent = createAgent(gatehouse.issuer);
  for (const path of ['/sign-up/confirm', '/not-me', '/account/email/confirm']) {
    t.is((await agent.get(`${gatehouse.issuer}${path}${reset.search}`)).status, 400, path);
    const body = new URLSearchParams({ token: reset.searchParams.get('token') ?? '' });
    const posted = await agent.request(gatehouse.issuer + path, { method: 'POST', body });
    t.is(posted.status, 400, path);
  }
  t.is((await trySignIn(gatehouse, email, PASSWORD)).status, 303);
});

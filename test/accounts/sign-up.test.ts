// Signing up: from the portal to the form, the mail, its link, and back to the portal, signed in.
import { findAccountByEmail } from '../../src/storage/accounts.ts';
import { type Agent, createAgent, type Page } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { receiveMail } from '../_mail.ts';
import { test } from '../_one-at-a-time.ts';
import { authorizeUrl, callback, type Params, proceed, redeem } from '../_protocol.ts';

const PASSWORD = 'seven quiet otters swim';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

let people = 0;
const somebody = () => {
  people += 1;
  return `noor-${people}@example.com`;
};

const visit = (agent: Agent, params: Params = {}) =>
  agent.get(authorizeUrl(gatehouse, gatehouse.client('web'), params));

/** Opens the form by the link of the sign-in page, and fills it. */
async function signUp(agent: Agent, email: string, fields: Record<string, string> = {}) {
  const signIn = await visit(agent);
  const link = signIn.html.querySelectorAll('a').find((a) => a.textContent === 'Create an account');
  const form = await agent.get(new URL(link?.getAttribute('href') ?? '', signIn.url).href);
  return agent.submit(form, 'Create an account', {
    ...{ email, given_name: 'Noor', family_name: 'Haddad', password: PASSWORD },
    ...fields,
  });
}

async function linkTo(email: string) {
  const [mail] = await receiveMail(gatehouse, email);
  if (mail?.kind !== 'confirm-sign-up') throw new Error(`the mail is ${mail?.kind}`);
  return mail.link();
}

const tokenOf = (page: Page) => redeem(gatehouse, gatehouse.client('web'), codeOf(page));
const codeOf = (page: Page) => callback(page).params.get('code') ?? '';
const textOf = (page: Page) => page.html.querySelector('main')?.textContent ?? '';
const errorOf = (page: Page, field: string) =>
  page.html.querySelector(`#${field}-error`)?.textContent.trim();

test('a stranger signs up, confirms the address, and is back at the portal signed in', async (t) => {
  const agent = createAgent(gatehouse.issuer);
  const email = somebody();
  const sent = await signUp(agent, email);
  t.is(sent.status, 200, sent.text);
  t.regex(textOf(sent), new RegExp(`We wrote to ${email}`));
  t.is(await findAccountByEmail(gatehouse.db, email), undefined);

  const confirm = await agent.get(await linkTo(email));
  t.is(confirm.html.querySelector('input[name=password]'), null);
  const back = await proceed(gatehouse, agent, await agent.submit(confirm, 'Confirm and sign in'));
  const { body, text } = await tokenOf(back);
  t.truthy(body['id_token'], text);
  const account = await findAccountByEmail(gatehouse.db, email);
  t.is(account?.state, 'active');
  t.true(account?.email_verified);
  t.is(account?.given_name, 'Noor');
});

test('prompt=create leads straight to the form', async (t) => {
  const agent = createAgent(gatehouse.issuer);
  const form = await visit(agent, { prompt: 'create', login_hint: 'noor@example.com' });
  t.truthy(form.html.querySelector('input[name=given_name]'));
  t.is(form.html.querySelector('#email')?.getAttribute('value'), 'noor@example.com');
});

test('on another device the link asks for the password, and leads to a page that is signed in', async (t) => {
  const email = somebody();
  await signUp(createAgent(gatehouse.issuer), email);
  const other = createAgent(gatehouse.issuer);
  const confirm = await other.get(await linkTo(email));
  const wrong = await other.submit(confirm, 'Confirm and sign in', {
    password: 'not what I chose!!',
  });
  t.is(wrong.status, 400);
  t.regex(errorOf(wrong, 'password') ?? '', /not the password/);
  t.is(await findAccountByEmail(gatehouse.db, email), undefined);
  const done = await other.submit(wrong, 'Confirm and sign in', { password: PASSWORD });
  t.is(done.status, 200, done.text);
  t.regex(textOf(done), /You are signed in/);
  t.truthy(done.html.querySelector(`a[href^="${gatehouse.portalUrl}"]`), done.text);
  const again = await visit(other);
  t.falsy(again.html.querySelector('input[name=password]'));
});

test('looking at a link changes nothing, and it is good once', async (t) => {
  const agent = createAgent(gatehouse.issuer);
  const email = somebody();
  await signUp(agent, email);
  const link = await linkTo(email);
  for (let look = 0; look < 3; look += 1) await createAgent(gatehouse.issuer).get(link);
  t.is(await findAccountByEmail(gatehouse.db, email), undefined);
  await agent.submit(await agent.get(link), 'Confirm and sign in');
  const used = await createAgent(gatehouse.issuer).get(link);
  t.is(used.status, 400);
  t.regex(textOf(used), /used already or has expired/);
});

test('the address of an account gets another mail, and the page says the same', async (t) => {
  const [account] = gatehouse.accounts;
  const known = account?.email ?? '';
  const unknown = somebody();
  const pages = [await signUp(createAgent(gatehouse.issuer), known)];
  pages.push(await signUp(createAgent(gatehouse.issuer), unknown));
  const [forKnown, forUnknown] = pages.map((page) =>
    textOf(page).replaceAll(known, '').replaceAll(unknown, ''),
  );
  t.is(forKnown, forUnknown);
  t.deepEqual(
    pages.map(({ status }) => status),
    [200, 200],
  );
  const [mail] = await receiveMail(gatehouse, known);
  t.is(mail?.kind, 'sign-up-known');
  t.is(mail?.link(), `${gatehouse.issuer}/account`);
});

test('the mail can be sent again, to that address only', async (t) => {
  const agent = createAgent(gatehouse.issuer);
  const email = somebody();
  const sent = await signUp(agent, email);
  const again = await agent.submit(sent, 'Send the mail again');
  t.regex(textOf(again), /sent again/);
  t.is((await receiveMail(gatehouse, email)).length, 2);
  const stranger = createAgent(gatehouse.issuer);
  const foreign = await signUp(stranger, somebody());
  const id = sent.html.querySelector('input[name=sign_up]')?.getAttribute('value') ?? '';
  await stranger.submit(foreign, 'Send the mail again', { sign_up: id });
  t.is((await receiveMail(gatehouse, email)).length, 2);
});

test('nobody’s mailbox is flooded', async (t) => {
  const agent = createAgent(gatehouse.issuer);
  const email = somebody();
  let page = await signUp(agent, email);
  for (let time = 0; time < 8; time += 1) page = await agent.submit(page, 'Send the mail again');
  t.is((await receiveMail(gatehouse, email)).length, 5);
});

const bad: [string, Record<string, string>, string, RegExp][] = [
  ['an empty address', { email: '' }, 'email', /Enter your e-mail address/],
  ['two addresses', { email: 'a@example.com, b@example.com' }, 'email', /one e-mail address/],
  ['a quoted address', { email: '"e@evil.test"@example.com' }, 'email', /one e-mail address/],
  ['a line break', { email: 'a@example.com\r\nBcc: b@example.com' }, 'email', /one e-mail address/],
  ['a display name', { email: 'Noor <noor@example.com>' }, 'email', /one e-mail address/],
  ['a comment', { email: 'noor(x)@example.com' }, 'email', /one e-mail address/],
  ['a full-width sign', { email: 'noor＠example.com' }, 'email', /one e-mail address/],
  [
    'a letter that looks like another',
    { email: 'nооr@example.com' },
    'email',
    /one e-mail address/,
  ],
  [
    'an endless address',
    { email: `${'a'.repeat(9000)}@example.com` },
    'email',
    /one e-mail address/,
  ],
  ['an endless password', { password: 'x y '.repeat(4000) }, 'password', /at most 128/],
  ['a trailing dot', { email: 'noor@example.com.' }, 'email', /one e-mail address/],
  ['no name', { given_name: ' ' }, 'given_name', /Enter your name/],
  ['a long name', { family_name: 'x'.repeat(101) }, 'family_name', /at most 100/],
  ['a control character', { given_name: 'No\u0007or' }, 'given_name', /control characters/],
  ['a short password', { password: 'short' }, 'password', /at least 15/],
  ['a long password', { password: 'ab cd '.repeat(30) }, 'password', /at most 128/],
  ['a common password', { password: 'Password12345678' }, 'password', /common and stolen/],
  ['a repeated password', { password: 'qwertyqwertyqwerty' }, 'password', /common and stolen/],
  ['a password of the name', { password: 'noor.haddad.2026!' }, 'password', /made of your name/],
];
for (const [what, fields, field, problem] of bad) {
  test(`${what} is refused beside its field, and the form keeps the rest`, async (t) => {
    const page = await signUp(createAgent(gatehouse.issuer), 'kept@example.com', fields);
    t.is(page.status, 400);
    t.regex(errorOf(page, field) ?? '', problem, page.text);
    const value = (id: string) => page.html.querySelector(`#${id}`)?.getAttribute('value');
    if (field !== 'email') t.is(value('email'), 'kept@example.com');
    if (field !== 'family_name') t.is(value('family_name'), 'Haddad');
    t.falsy(value('password'));
    t.is((await receiveMail(gatehouse, 'kept@example.com')).length, 0);
  });
}

test('every spelling of an address is one account', async (t) => {
  const agent = createAgent(gatehouse.issuer);
  const email = somebody();
  await signUp(agent, email);
  await agent.submit(await agent.get(await linkTo(email)), 'Confirm and sign in');
  await signUp(createAgent(gatehouse.issuer), ` ${email.toUpperCase()} `);
  const [mail] = await receiveMail(gatehouse, email);
  t.is(mail?.kind, 'sign-up-known');
});

test('two sign-ups of one address: the first to be confirmed wins, the other link is void', async (t) => {
  const email = somebody();
  const first = createAgent(gatehouse.issuer);
  const second = createAgent(gatehouse.issuer);
  await signUp(first, email);
  const firstLink = await linkTo(email);
  await signUp(second, email, { password: 'another long password here' });
  const secondLink = await linkTo(email);
  await second.submit(await second.get(secondLink), 'Confirm and sign in');
  const late = await first.get(firstLink);
  t.is(late.status, 400);
  const account = await findAccountByEmail(gatehouse.db, email);
  t.is(account?.state, 'active');
});

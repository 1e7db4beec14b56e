// Invitations: what the person sees who opens the link of the mail.
import test from 'ava';
import { insertAccount } from '../../src/storage/accounts.ts';
import { createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { authorizeUrl, hasButton, send } from '../_protocol.ts';
import { expireInvitation, inviteSomebody } from './_invitations.ts';
import { mailsTo } from './_mails.ts';
import { mainText, openMyAccount } from './_my-account.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

const PASSWORD = 'green kettles sing at noon';
const PERSON = { given_name: 'Ines', family_name: 'Araújo', password: PASSWORD };

const accountOf = async (email: string) => {
  const query = await gatehouse.db.query();
  return query('accounts').where({ email }).first();
};

test('the mail says who invites and why, and its link opens a page that changes nothing', async (t) => {
  const { email, link } = await inviteSomebody(gatehouse, {
    message: 'See the new API.',
    language: 'de',
  });
  const [mail] = await mailsTo(gatehouse, email);
  t.like(mail, { kind: 'invitation', language: 'de' });
  t.deepEqual(mail?.values, { inviter: 'Ada Marsh', message: 'See the new API.' });
  t.true(link.startsWith(`${gatehouse.issuer}/invitation?token=`));
  for (const method of ['GET', 'HEAD', 'GET']) {
    const answer = await send(link, { method, headers: { Accept: 'text/html' } });
    t.is(answer.status, 200);
    t.is(answer.headers.get('Cache-Control'), 'no-store');
    t.deepEqual(answer.headers.getSetCookie(), []);
  }
  t.is(await accountOf(email), undefined);
  const query = await gatehouse.db.query();
  const token = new URL(link).searchParams.get('token') ?? '';
  const { rows } = await query.raw('SELECT invitations::text AS text FROM invitations');
  t.false(JSON.stringify(rows).includes(token), 'the token is stored as a hash');
});

test('accepting creates an active account with groups and roles, signed in here', async (t) => {
  const query = await gatehouse.db.query();
  await query('groups').insert({ id: 'grp_1', name: 'beta-testers' });
  const { email, link } = await inviteSomebody(gatehouse, {
    groups: ['beta-testers'],
    roles: ['developer'],
  });
  const agent = createAgent(gatehouse.issuer);
  const done = await agent.submit(await agent.get(link), 'Accept', PERSON);
  t.is(done.url, `${gatehouse.issuer}/account`);
  const text = mainText(done);
  t.regex(text, /Ines Araújo/);
  t.regex(text, /Roles developer Groups beta-testers/);
  t.like(await accountOf(email), { state: 'active', email_verified: true, given_name: 'Ines' });
  // A session like any other: a portal knows the person.
  const silent = await agent.get(
    authorizeUrl(gatehouse, gatehouse.client('web'), { prompt: 'none' }),
  );
  t.regex(silent.headers.get('Location') ?? '', /[?&]code=/);
  const elsewhere = await openMyAccount(gatehouse, { email, password: PASSWORD });
  t.is(elsewhere.page.url, `${gatehouse.issuer}/account`);
  const activity = await agent.get(`${gatehouse.issuer}/account/activity`);
  t.regex(mainText(activity), /You accepted an invitation/);

  const again = await createAgent(gatehouse.issuer).get(link);
  t.is(again.status, 410);
  t.regex(mainText(again), /This invitation is accepted already/);
});

test('an invitation for a portal leads to the portal', async (t) => {
  const { link } = await inviteSomebody(gatehouse, { clientId: gatehouse.client('web').client_id });
  const agent = createAgent(gatehouse.issuer);
  const done = await agent.submit(await agent.get(link), 'Accept', PERSON);
  t.is(done.status, 303);
  t.is(done.headers.get('Location'), `${gatehouse.portalUrl}/`);
});

test('what is wrong is said beside the field, and what was typed stays', async (t) => {
  const { email, link } = await inviteSomebody(gatehouse);
  const agent = createAgent(gatehouse.issuer);
  const page = await agent.get(link);
  const fields = { given_name: 'Ines', family_name: 'a\u0000b', password: 'short' };
  const refused = await agent.submit(page, 'Accept', fields);
  t.is(refused.status, 400);
  const beside = (id: string) => refused.html.querySelector(`#${id}-error`)?.textContent ?? '';
  t.regex(beside('family_name'), /no control characters/);
  t.regex(beside('password'), /at least 15 characters/);
  t.is(refused.html.querySelector('#given_name')?.getAttribute('value'), 'Ines');
  t.is(await accountOf(email), undefined);
  const done = await agent.submit(refused, 'Accept', PERSON);
  t.is(done.status, 200);
});

test('an expired link has a button that asks the inviter, once an hour', async (t) => {
  const { id, email, link } = await inviteSomebody(gatehouse);
  await expireInvitation(gatehouse, id);
  const agent = createAgent(gatehouse.issuer);
  const page = await agent.get(link);
  t.is(page.status, 410);
  t.regex(mainText(page), /This invitation has expired.*You can ask Ada Marsh for a new one/);
  const asked = async () => {
    const mails = await mailsTo(gatehouse, 'admin@example.com');
    return mails.filter(({ values }) => values?.['email'] === email).length;
  };
  t.is(await asked(), 0, 'opening it asks nobody');
  for (let times = 0; times < 3; times += 1) {
    const done = await agent.submit(page, 'Ask for a new invitation');
    t.is(done.status, 200);
    t.regex(mainText(done), /Ada Marsh knows that you would like a new invitation/);
  }
  t.is(await asked(), 1);
});

test('a withdrawn or made-up link says so, and accepts nothing', async (t) => {
  const { id, email, link } = await inviteSomebody(gatehouse);
  const agent = createAgent(gatehouse.issuer);
  const page = await agent.get(link);
  const query = await gatehouse.db.query();
  await query('invitations').where({ id }).update({ revoked_at: query.fn.now() });
  const attempt = await agent.submit(page, 'Accept', PERSON);
  t.is(attempt.status, 410);
  t.regex(mainText(attempt), /This invitation was withdrawn/);
  t.is(await accountOf(email), undefined);

  const altered = link.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
  for (const url of [
    altered,
    `${gatehouse.issuer}/invitation`,
    `${gatehouse.issuer}/invitation?token=`,
    `${gatehouse.issuer}/invitation?token=a&token=b`,
    `${gatehouse.issuer}/invitation?token=${'a'.repeat(4000)}`,
    `${gatehouse.issuer}/invitation?token=%00`,
  ]) {
    const unknown = await agent.get(url);
    t.is(unknown.status, 404, url);
    t.regex(mainText(unknown), /This link is not valid/);
  }
});

test('a form of another invitation is refused', async (t) => {
  const mine = await inviteSomebody(gatehouse);
  const other = await inviteSomebody(gatehouse);
  const agent = createAgent(gatehouse.issuer);
  const page = await agent.get(mine.link);
  const csrf = page.html.querySelector('input[name=csrf]')?.getAttribute('value') ?? '';
  const refused = await agent.request(other.link, {
    method: 'POST',
    body: new URLSearchParams({ ...PERSON, csrf }),
  });
  t.is(refused.status, 403);
  t.is(await accountOf(other.email), undefined);
});

test('T-30 what a stranger planted for the address is gone when the owner accepts', async (t) => {
  const email = 'planted@example.com';
  const query = await gatehouse.db.query();
  const planted = await insertAccount(gatehouse.db, {
    email,
    emailVerified: false,
    roles: [],
    passwordHash: 'planted',
    approval: 'waiting',
  });
  await query('oidc_payloads').insert({
    ...{ model: 'Session', id: Buffer.from('planted session'), account_id: planted.id },
    ...{ payload: '{}', expires_at: query.raw("now() + interval '1 hour'") },
  });
  await query('email_tokens').insert({
    ...{ id: Buffer.from('planted token'), purpose: 'reset-password', account_id: planted.id },
    expires_at: query.raw("now() + interval '1 hour'"),
  });
  await query('sign_ups').insert({
    ...{ id: '00000000-0000-4000-8000-000000000001', email: 'Planted@example.com' },
    ...{ given_name: 'x', family_name: 'x', password_hash: 'x', language: 'en' },
    expires_at: query.raw("now() + interval '1 hour'"),
  });
  const { link } = await inviteSomebody(gatehouse, { email });
  const agent = createAgent(gatehouse.issuer);
  const done = await agent.submit(await agent.get(link), 'Accept', PERSON);
  t.is(done.status, 200);
  const account = await accountOf(email);
  t.not(account.id, planted.id);
  t.not(account.password_hash, 'planted');
  for (const table of ['oidc_payloads', 'email_tokens', 'accounts']) {
    const column = table === 'accounts' ? 'id' : 'account_id';
    t.deepEqual(await query(table).where({ [column]: planted.id }), [], table);
  }
  t.deepEqual(await query('sign_ups').whereRaw('lower(email) = ?', [email]), []);
});

test('a blocked account is not got around, and the invitation stays as it was', async (t) => {
  const email = 'blocked@example.com';
  const { link } = await inviteSomebody(gatehouse, { email });
  const account = await insertAccount(gatehouse.db, { email, emailVerified: true, roles: [] });
  const query = await gatehouse.db.query();
  await query('accounts').where({ id: account.id }).update({ state: 'blocked' });
  const agent = createAgent(gatehouse.issuer);
  const refused = await agent.submit(await agent.get(link), 'Accept', PERSON);
  t.is(refused.status, 409);
  t.regex(mainText(refused), /This address has an account already/);
  t.like(await accountOf(email), { id: account.id, state: 'blocked' });
  t.true(hasButton(await agent.get(link), 'Accept'), 'it was not used up');
});

test('whoever was somebody else in this browser is now the one who accepted', async (t) => {
  const { page, agent } = await openMyAccount(gatehouse, gatehouse.accounts[2]!);
  t.regex(mainText(page), /sam@example\.com/);
  const { email, link } = await inviteSomebody(gatehouse);
  const before = await agent.jar.getCookieString(gatehouse.issuer);
  const done = await agent.submit(await agent.get(link), 'Accept', PERSON);
  t.true(mainText(done).includes(email));
  const left = await fetch(`${gatehouse.issuer}/account`, {
    headers: { Cookie: before },
    redirect: 'manual',
  });
  t.is(left.status, 303, 'the session before is over');
});

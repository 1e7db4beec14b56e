// Co-owners: invited by mail, let in once and only as who was invited; leaving, removing, passing on.
import { deleteAccount, restoreAccount } from '../../src/accounts/delete-account.ts';
import { findApplication } from '../../src/storage/applications.ts';
import { findApplicationClients } from '../../src/storage/clients.ts';
import { createAgent, type Page } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { receiveMail } from '../_mail.ts';
import { test } from '../_one-at-a-time.ts';
import { ageSession, proceed } from '../_protocol.ts';
import { mainText } from '../accounts/_my-account.ts';
import { committed } from './_application.ts';
import { addDeveloper, createByForm, type Developer, problemsOf } from './_developer.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

async function invite(owner: Developer, id: string, email: string): Promise<Page> {
  const page = await owner.open(`/applications/${id}/members`);
  return owner.agent.submit(page, 'Send the invitation', { email });
}

async function linkTo(email: string): Promise<string> {
  const mail = (await receiveMail(gatehouse, email)).find(
    ({ kind }) => kind === 'application-invitation',
  );
  if (!mail) throw new Error(`no invitation to ${email}`);
  return mail.link();
}

/** An application with an owner and a co-owner who joined by a mail. */
async function createTeam() {
  const [owner, coOwner] = [await addDeveloper(gatehouse), await addDeveloper(gatehouse)];
  const { id } = await createByForm(owner);
  await invite(owner, id, coOwner.account.email);
  const page = await coOwner.agent.get(await linkTo(coOwner.account.email));
  await coOwner.agent.submit(page, 'Accept');
  return { owner, coOwner, id };
}

test('an invitation lets in whom it was sent to, once, and opening it changes nothing', async (t) => {
  const owner = await addDeveloper(gatehouse);
  const invited = await addDeveloper(gatehouse);
  const stranger = await addDeveloper(gatehouse);
  const { id } = await createByForm(owner);
  const sent = await invite(
    owner,
    id,
    invited.account.email.toUpperCase().replace(/@.*/, (d) => d.toLowerCase()),
  );
  t.regex(mainText(sent), /The invitation is on its way/);
  t.regex(mainText(sent), /Invited/);
  const link = await linkTo(sent.html.querySelector('section bdi')?.textContent ?? '');
  const token = new URL(link).searchParams.get('token') ?? '';

  const wrong = await stranger.agent.get(link);
  t.is(wrong.status, 403);
  t.notRegex(mainText(wrong), /Fabrikam/);
  const stolen = await stranger.post('/applications/invitations', { token });
  t.is(stolen.status, 403);
  t.is((await stranger.open(`/applications/${id}`)).status, 404);

  const page = await invited.agent.get(link);
  t.regex(mainText(page), /Tess Nilsen invites you to look after Fabrikam Shipping/);
  t.is((await invited.open(`/applications/${id}`)).status, 404);
  const answers = await Promise.all(
    Array.from({ length: 4 }, () => invited.post('/applications/invitations', { token })),
  );
  t.is(answers.filter(({ status }) => status === 303).length, 1);
  t.is((await invited.open(`/applications/${id}`)).status, 200);
  const again = await invited.agent.get(link);
  t.is(again.status, 410);
  const team = await owner.open(`/applications/${id}/members`);
  t.is(team.html.querySelectorAll('.rows li').length, 2);
});

test('who has no account yet signs in on the way, and comes back to the invitation', async (t) => {
  const owner = await addDeveloper(gatehouse);
  const invited = await addDeveloper(gatehouse);
  const { id } = await createByForm(owner);
  await invite(owner, id, invited.account.email);
  const agent = createAgent(gatehouse.issuer);
  const start = await agent.get(await linkTo(invited.account.email));
  const back = await proceed(gatehouse, agent, start, invited.account);
  t.regex(mainText(back), /invites you to look after/);
});

test('an invitation that is taken back or replaced is void', async (t) => {
  const owner = await addDeveloper(gatehouse);
  const invited = await addDeveloper(gatehouse);
  const { id } = await createByForm(owner);
  const { email } = invited.account;
  await invite(owner, id, email);
  const first = await linkTo(email);
  const page = await invite(owner, id, email);
  t.is((await invited.agent.get(first)).status, 410);
  const second = await linkTo(email);
  t.is((await invited.agent.get(second)).status, 200);
  const revoked = await owner.agent.submit(page, `Take back: ${email}`);
  t.regex(mainText(revoked), /The invitation is taken back/);
  t.is((await invited.agent.get(second)).status, 410);
  const query = await gatehouse.db.write();
  await invite(owner, id, email);
  await query('application_invitations').update({
    expires_at: query.raw("now() - interval '1 s'"),
  });
  t.is((await invited.agent.get(await linkTo(email))).status, 410);
});

test('what is no address, or a member already, is not invited; a full team takes nobody', async (t) => {
  const { owner, coOwner, id } = await createTeam();
  for (const [email, sentence] of [
    ['sam@', /one e-mail address/],
    [coOwner.account.email, /is a member already/],
  ] as const) {
    const page = await invite(owner, id, email);
    t.is(page.status, 400);
    t.regex(problemsOf(page).join(), sentence);
  }
  const query = await gatehouse.db.write();
  await query.raw(
    `INSERT INTO application_invitations (id, application_id, email, token_hash, invited_by, expires_at)
     SELECT 'ain_' || n, ?, n || '@example.com', decode(md5(n::text), 'hex'), ?, now() + interval '1 day'
     FROM generate_series(1, 18) n`,
    [id, owner.id],
  );
  const full = await invite(owner, id, 'one-more@example.com');
  t.is(full.status, 409);
  t.regex(mainText(full), /at most 20 members and invitations/);
});

test('a co-owner changes the application, but removes nobody, and may leave', async (t) => {
  const { owner, coOwner, id } = await createTeam();
  const path = `/applications/${id}`;
  const saved = await coOwner.post(`${path}/settings`, { name: 'Fabrikam Freight' });
  t.is(saved.status, 303);
  for (const [where, fields] of [
    ['members/remove', { account: owner.id }],
    ['members/transfer', { account: coOwner.id, password: coOwner.account.password }],
    ['close/delete', { name: 'Fabrikam Freight', password: coOwner.account.password }],
  ] as const)
    t.is((await coOwner.post(`${path}/${where}`, fields)).status, 403, where);
  // The owner does not leave, nor remove themselves: somebody has to own it.
  t.is((await owner.post(`${path}/members/leave`)).status, 404);
  t.is((await owner.post(`${path}/members/remove`, { account: owner.id })).status, 404);
  t.is((await coOwner.post(`${path}/members/leave`)).status, 303);
  t.is((await coOwner.open(path)).status, 404);
  const log = await owner.open(`${path}/activity`);
  t.regex(mainText(log), /A co-owner left.*A co-owner joined.*The application was created/);
});

test('who is removed is out at once', async (t) => {
  const { owner, coOwner, id } = await createTeam();
  const page = await owner.open(`/applications/${id}/members`);
  const removed = await owner.agent.submit(page, 'Remove: Tess Nilsen');
  t.regex(mainText(removed), /They are no longer a member/);
  t.is((await coOwner.open(`/applications/${id}`)).status, 404);
});

test('it is passed on with the proof of its owner, and both are told', async (t) => {
  const { owner, coOwner, id } = await createTeam();
  const path = `/applications/${id}/members/transfer`;
  await ageSession(gatehouse, owner.agent, 3600);
  const page = await owner.open(`${path}?account=${coOwner.id}`);
  const wrong = await owner.agent.submit(page, 'Pass the application on', { password: 'wrong' });
  t.is(wrong.status, 400);
  t.is((await findApplication(gatehouse.db, id))?.ownerId, owner.id);
  const done = await owner.agent.submit(page, 'Pass the application on', {
    password: owner.account.password,
  });
  t.regex(mainText(done), /has a new owner/);
  t.is((await findApplication(gatehouse.db, id))?.ownerId, coOwner.id);
  for (const { account } of [owner, coOwner]) {
    const kinds = (await receiveMail(gatehouse, account.email)).map(({ kind }) => kind);
    t.true(kinds.includes('application-transferred'));
  }
  t.is((await owner.open(`${path}?account=${coOwner.id}`)).status, 403);
  t.is((await coOwner.open(`${path}?account=${'usr_'.padEnd(28, '0')}`)).status, 404);
});

test('with the account of an owner, an application goes to the co-owner, or waits for the account', async (t) => {
  const { owner, coOwner, id } = await createTeam();
  const { id: alone } = await createByForm(owner, {
    ...{ kind: 'machine', name: 'Alone' },
  });
  await committed(gatehouse, () => deleteAccount(gatehouse.db, owner.id, 'test'));
  t.is((await findApplication(gatehouse.db, id))?.ownerId, coOwner.id);
  const stopped = async (application: string) =>
    (await findApplicationClients(gatehouse.db, application)).sandbox?.application?.stopped;
  t.is(await stopped(id), undefined);
  t.is(await stopped(alone), 'owner_blocked');
  await committed(gatehouse, () => restoreAccount(gatehouse.db, owner.id, 'test'));
  t.is(await stopped(alone), undefined);
  t.is((await findApplication(gatehouse.db, id))?.ownerId, coOwner.id);
});

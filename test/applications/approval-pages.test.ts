// Approvals: who sees what waits, deciding, two who decide at once, and what tokens make of it.
import { addSecret } from '../../src/applications/credentials/add-credential.ts';
import { findApplicationClients } from '../../src/storage/clients.ts';
import { addToGroups, insertGroup } from '../../src/storage/groups.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { receiveMail } from '../_mail.ts';
import { test } from '../_one-at-a-time.ts';
import { requestToken } from '../_protocol.ts';
import { mainText } from '../accounts/_my-account.ts';
import { committed, ordersApi } from './_application.ts';
import { askForProduction, reload } from './_decisions.ts';
import { addDeveloper, type Developer, problemsOf } from './_developer.ts';

let gatehouse: Gatehouse;
let owner: Developer;
let admin: Developer;
let stranger: Developer;
test.before(async () => {
  gatehouse = await startGatehouse();
  [owner, admin, stranger] = [
    await addDeveloper(gatehouse),
    await addDeveloper(gatehouse),
    await addDeveloper(gatehouse),
  ];
  const query = await gatehouse.db.query();
  await query('accounts')
    .where({ id: admin.id })
    .update({ roles: ['admin'] });
});
test.after.always(() => gatehouse?.stop());

const ask = (options: Parameters<typeof askForProduction>[1] = {}) =>
  askForProduction(gatehouse, { ownerId: owner.id, ...options });

test('from request to production token, decided by somebody else', async (t) => {
  const { application, subscription, product, client } = await ask({ kind: 'machine' });
  const list = await admin.open('/approvals');
  t.regex(
    mainText(list),
    new RegExp(`Trucks → ${product.name} name and logo not verified For trucks`),
  );
  const page = await admin.open(`/approvals/${subscription.id}`);
  t.regex(mainText(page), /waits for approval.*first time in production.*For trucks.*See orders/);
  t.true(mainText(page).includes(owner.account.email));
  const done = await admin.agent.submit(page, 'Approve', { reason: 'Contract 4711' });
  t.regex(mainText(done), /It is approved\..*active.*Contract 4711/);
  t.notRegex(mainText(await admin.open('/approvals')), new RegExp(product.name));
  const [mail] = await receiveMail(gatehouse, owner.account.email);
  t.is(mail?.kind, 'subscription-activated');
  t.regex(mail?.text ?? '', /Contract 4711/);
  // The owners read what was decided and why, not by whom.
  const own = mainText(await owner.open(`/applications/${application.id}/subscriptions`));
  t.regex(own, /Production active.*Active · those who decide Contract 4711/);

  const { production } = await findApplicationClients(gatehouse.db, application.id);
  const { hashKeys } = gatehouse.registration;
  const added = await committed(gatehouse, () =>
    addSecret(
      { db: gatehouse.db, hashKeys },
      { kind: 'account', accountId: owner.id },
      { clientId: production?.id ?? '', name: 'first' },
    ),
  );
  const inProduction = {
    ...{ client_id: production?.id ?? '', client_secret: added.secret, redirect_uris: [] },
  };
  const request = (resource: string) => ({ grant_type: 'client_credentials', resource });
  const [sandboxApi, productionApi] = [
    ordersApi(gatehouse, 'sandbox').resource,
    ordersApi(gatehouse, 'production').resource,
  ];
  t.is((await requestToken(gatehouse, inProduction, request(productionApi))).status, 200);
  t.is((await requestToken(gatehouse, inProduction, request(sandboxApi))).status, 400);
  t.is((await requestToken(gatehouse, client, request(sandboxApi))).status, 200);
  t.is((await requestToken(gatehouse, client, request(productionApi))).status, 400);
});

test('who decides on nothing finds nothing, and changes nothing', async (t) => {
  const { subscription } = await ask();
  const path = `/approvals/${subscription.id}`;
  for (const person of [stranger, owner]) {
    t.is((await person.open('/approvals')).status, 404);
    t.is((await person.open(path)).status, 404);
    t.is((await person.post(path, { decision: 'approve', reason: '' })).status, 404);
  }
  for (const id of ['sub_00', 'app_1', '%00', 'x'.repeat(200)])
    t.true([400, 404].includes((await admin.open(`/approvals/${id}`)).status), id);
  t.is((await admin.post(path, { decision: 'approve', csrf: 'x' })).status, 403);
  t.is((await admin.post(path, { decision: 'activate', reason: '' })).status, 400);
  t.is((await reload(gatehouse, subscription)).state, 'submitted');
});

test('an owner group decides on its products alone', async (t) => {
  const group = await insertGroup(gatehouse.db, { name: 'orders-team', description: undefined });
  const member = await addDeveloper(gatehouse);
  await addToGroups(gatehouse.db, member.id, [group.id]);
  const theirs = await ask({ product: { ownerGroupId: group.id, name: 'Of the team' } });
  const other = await ask({ product: { name: 'Of nobody' } });
  const list = mainText(await member.open('/approvals'));
  t.regex(list, /Of the team/);
  t.notRegex(list, /Of nobody/);
  t.is((await member.open(`/approvals/${other.subscription.id}`)).status, 404);
  const path = `/approvals/${theirs.subscription.id}`;
  t.is((await member.post(path, { decision: 'reject', reason: 'Not yet' })).status, 303);
  t.is((await reload(gatehouse, theirs.subscription)).state, 'rejected');
  // The products page leads those who decide here.
  t.regex((await member.open('/products')).text, /href="\/approvals"/);
  t.notRegex((await stranger.open('/products')).text, /href="\/approvals"/);
});

test('who was slower reads what it is by now', async (t) => {
  const { subscription } = await ask();
  const path = `/approvals/${subscription.id}`;
  const [mine, theirs] = [await admin.open(path), await admin.open(path)];
  const reason = 'No contract';
  const first = await admin.agent.submit(mine, 'Reject', { reason });
  t.regex(mainText(first), /It is rejected/);
  const second = await admin.agent.submit(theirs, 'Approve', { reason: '' });
  t.is(second.status, 409);
  t.deepEqual(problemsOf(second), ['This subscription was rejected already: somebody was faster.']);
  t.is((await reload(gatehouse, subscription)).state, 'rejected');
});

test('a rejection without a reason is asked for one; a suspension stops, a resumption goes on', async (t) => {
  const { subscription } = await ask();
  const path = `/approvals/${subscription.id}`;
  const bare = await admin.agent.submit(await admin.open(path), 'Reject', { reason: ' ' });
  t.is(bare.status, 400);
  t.deepEqual(problemsOf(bare), ['Write why: the owners of the application read it.']);
  await admin.agent.submit(bare, 'Approve', { reason: '' });
  const active = await admin.open('/approvals?state=active');
  t.true(active.text.includes(path));
  const stopped = await admin.agent.submit(await admin.open(path), 'Suspend', { reason: 'Abuse' });
  t.regex(mainText(stopped), /It is suspended/);
  t.true((await admin.open('/approvals?state=suspended')).text.includes(path));
  const goesOn = await admin.agent.submit(stopped, 'Resume', { reason: '' });
  t.regex(mainText(goesOn), /It goes on/);
  t.is((await reload(gatehouse, subscription)).state, 'active');
});

test('an administrator does not decide on an application of their own', async (t) => {
  const { subscription } = await ask({ ownerId: admin.id });
  const path = `/approvals/${subscription.id}`;
  const page = await admin.open(path);
  t.regex(mainText(page), /somebody else decides/);
  t.notRegex(page.text, /name="decision"/);
  const forced = await admin.post(path, { decision: 'approve', reason: '' });
  t.is(forced.status, 403);
  t.is((await reload(gatehouse, subscription)).state, 'submitted');
});

// What somebody who wants more than is theirs would try: with what they had before, by ways around
// the four eyes of an approval, and by names and addresses that are not what they seem.
import { randomUUID } from 'node:crypto';
import { isApprover } from '../../src/storage/approvers.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { receiveMail } from '../_mail.ts';
import { test } from '../_one-at-a-time.ts';
import { environmentOf, run } from '../cli/_cli.ts';
import { developer } from '../developer-api/_developer.ts';
import { digestTables } from '../developer-api/_tables.ts';
import { addRegistrationToken, manage, register, registered } from '../registration/_registrar.ts';
import { addProduct } from './_application.ts';
import { askForProduction, reload } from './_decisions.ts';
import { addDeveloper, createByForm, type Developer } from './_developer.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

const addMember = (applicationId: string, accountId: string) =>
  gatehouse.db
    .knex('application_members')
    .insert({ application_id: applicationId, account_id: accountId });
const removeMember = (applicationId: string, accountId: string) =>
  gatehouse.db
    .knex('application_members')
    .where({ application_id: applicationId, account_id: accountId })
    .delete();

test('who is no member any more gets no old answer again', async (t) => {
  const owner = await addDeveloper(gatehouse);
  const coOwner = await addDeveloper(gatehouse);
  const { id } = await createByForm(owner, { kind: 'machine', name: 'Nightly' });
  await addMember(id, coOwner.id);
  const api = await developer(gatehouse, coOwner.account);
  const ask = (path: string, body: object, key: string) =>
    api.call('POST', path, body, { 'Idempotency-Key': key });
  const key = randomUUID();
  const secrets = `/me/applications/${id}/credentials`;
  t.is((await ask(secrets, { name: 'mine' }, key)).status, 201);
  t.is((await ask(secrets, { name: 'mine' }, key)).status, 201);
  const created = await ask('/me/applications', { kind: 'machine', name: 'Given away' }, `${key}-`);
  t.is(created.status, 201);
  const form = { kind: 'machine', name: 'By form', idempotency_key: `${key}+` };
  const page = await (await coOwner.post('/applications/new', form)).text();
  const byForm = /\/applications\/(app_[0-9a-f]+)/.exec(page)?.[1] ?? '';
  await removeMember(id, coOwner.id);
  for (const given of [String(created.body['id']), byForm]) {
    await addMember(given, owner.id);
    await gatehouse.db.knex('applications').where({ id: given }).update({ owner_id: owner.id });
    await removeMember(given, coOwner.id);
  }
  const before = await digestTables(gatehouse);
  for (const answer of [
    await ask(secrets, { name: 'mine' }, key),
    await ask('/me/applications', { kind: 'machine', name: 'Given away' }, `${key}-`),
  ]) {
    t.is(answer.status, 404);
    t.false(answer.text.includes('gh_sec_'));
  }
  const again = await coOwner.post('/applications/new', form);
  t.is(again.status, 404);
  t.false((await again.text()).includes('gh_sec_'));
  t.deepEqual(await digestTables(gatehouse), before);
});

test('who asked for a subscription does not approve it, not even after leaving', async (t) => {
  const approver = await addDeveloper(gatehouse);
  await gatehouse.db
    .knex('accounts')
    .where({ id: approver.id })
    .update({ roles: ['admin'] });
  const heir = await addDeveloper(gatehouse);
  const { subscription, application } = await askForProduction(gatehouse, {
    ownerId: approver.id,
  });
  t.true(await isApprover(gatehouse.db, approver.id, subscription.productId));
  await addMember(application.id, heir.id);
  await gatehouse.db
    .knex('applications')
    .where({ id: application.id })
    .update({ owner_id: heir.id });
  await removeMember(application.id, approver.id);
  const decided = await approver.post(`/approvals/${subscription.id}`, { decision: 'approve' });
  t.is(decided.status, 403);
  t.is((await reload(gatehouse, subscription)).state, 'submitted');
  const page = await approver.open(`/approvals/${subscription.id}`);
  t.is(page.html.querySelector('button[value=approve]'), null);
});

test('one product’s approver decides on nothing of another', async (t) => {
  const { knex } = gatehouse.db;
  const approver = await addDeveloper(gatehouse);
  const group = 'grp_00000000000000000000aaaa';
  await knex('groups').insert({ id: group, name: 'approvers' });
  await knex('account_groups').insert({ account_id: approver.id, group_id: group });
  const own = await askForProduction(gatehouse, { product: { ownerGroupId: group } });
  const others = await askForProduction(gatehouse);
  t.is((await approver.open(`/approvals/${own.subscription.id}`)).status, 200);
  const before = await digestTables(gatehouse);
  for (const decision of ['approve', 'reject', 'suspend', 'resume'])
    for (const id of [others.subscription.id, `sub_${'0'.repeat(24)}`, 'sub_%00', 'sub_%27'])
      t.is((await approver.post(`/approvals/${id}`, { decision, reason: 'x' })).status, 404);
  t.is((await approver.open(`/approvals/${others.subscription.id}`)).status, 404);
  const list = await approver.open('/approvals');
  t.false(list.text.includes(others.subscription.id));
  t.deepEqual(await digestTables(gatehouse), before);
  const stranger = await addDeveloper(gatehouse);
  t.is((await stranger.open('/approvals')).status, 404);
});

test('the pages of products, credentials and refusals know no strangers either', async (t) => {
  const { application, subscription } = await askForProduction(gatehouse);
  const { knex } = gatehouse.db;
  const client = await knex('clients').where({ application_id: application.id }).first();
  const credential = await knex('credentials').where({ client_id: client.id }).first();
  const hidden = await addProduct(gatehouse, { groupIds: [await insiders()] });
  const stranger = await addDeveloper(gatehouse);
  const own = await createByForm(stranger, { kind: 'machine', name: 'Own' });
  const before = await digestTables(gatehouse);
  const path = `/applications/${application.id}`;
  const mine = `/applications/${own.id}`;
  for (const page of [
    ...['credentials', 'production', 'subscriptions', 'usage', 'refusals', 'code'].map(
      (name) => `${path}/${name}`,
    ),
    ...[`/products/${hidden}`, `/refusals/${randomUUID()}`, '/refusals/%00', '/products/%00'],
  ])
    t.is((await stranger.open(page)).status, 404, page);
  const forms: [string, Record<string, string>][] = [
    [`${path}/credentials/secrets`, { environment: 'sandbox', expires: '', ...fresh() }],
    [`${mine}/credentials/retire`, { credential: credential.id, after: '0', confirmed: 'yes' }],
    [`${mine}/credentials/restore`, { credential: credential.id }],
    [`${mine}/credentials/rename`, { credential: credential.id, name: 'x' }],
    [`${mine}/credentials/rename`, { credential: 'cr_\u0000', name: 'x' }],
    [`${path}/production`, { [`product_${subscription.productId}`]: 'yes' }],
    [`${mine}/production`, { [`product_${hidden}`]: 'yes' }],
    [`/products/${hidden}`, { application: own.id }],
    [`/products/${subscription.productId}`, { application: application.id }],
    [`/products/${subscription.productId}/subscribe`, { application: application.id }],
    [`${path}/subscriptions/cancel`, { subscription: subscription.id }],
    [`${mine}/subscriptions/cancel`, { subscription: subscription.id }],
    [`${mine}/subscriptions`, { subscription: subscription.id }],
  ];
  for (const [where, fields] of forms) {
    const { status } = await stranger.post(where, fields);
    t.true([400, 404, 405].includes(status), `${where}: ${status}`);
  }
  t.deepEqual(await digestTables(gatehouse), before);
});

const fresh = () => ({ name: 'x', idempotency_key: randomUUID() });

async function insiders(): Promise<string> {
  const id = 'grp_00000000000000000000bbbb';
  await gatehouse.db.knex('groups').insert({ id, name: 'insiders' }).onConflict().ignore();
  return id;
}

test('the hosts of a registration token hold for private-use schemes, too', async (t) => {
  const { token } = await addRegistrationToken(
    gatehouse,
    ...['--kinds', 'native', '--redirect-host', 'portal.example.com'],
  );
  const native = (uri: string) =>
    register(gatehouse, token, {
      ...{ client_name: 'Trucks', application_type: 'native', redirect_uris: [uri] },
      token_endpoint_auth_method: 'none',
    });
  const refused = await native('com.evil.app://portal.example.com/callback');
  t.is(refused.status, 400);
  t.is(refused.body['error'], 'invalid_redirect_uri');
  t.is((await native('https://portal.example.com/callback')).status, 201);
});

test('under a revoked registration policy a client gets nothing further', async (t) => {
  const first = await addProduct(gatehouse);
  const { id, token } = await addRegistrationToken(gatehouse, '--product', first);
  const machine = { client_name: 'Sync', grant_types: ['client_credentials'] };
  const client = await registered(gatehouse, token, machine);
  const second = await addProduct(gatehouse);
  const { knex } = gatehouse.db;
  await knex('registration_policies')
    .where({ id })
    .update({ product_ids: [first, second] });
  await run(['registration-tokens', 'revoke', id], environmentOf(gatehouse.config));
  const wanted = { ...machine, client_id: client.client_id, scope: 'orders.read' };
  t.is((await manage(client, 'PUT', wanted)).status, 200);
  t.is((await knex('subscriptions').where({ product_id: second })).length, 0);
});

test('the registration access token is void with an application that was passed on', async (t) => {
  const { token } = await addRegistrationToken(gatehouse);
  const client = await registered(gatehouse, token, {
    ...{ client_name: 'Passed on', grant_types: ['client_credentials'] },
  });
  const heir = await addDeveloper(gatehouse);
  const { knex } = gatehouse.db;
  const { application_id: id } = await knex('clients').where({ id: client.client_id }).first();
  await addMember(id, heir.id);
  await knex('applications').where({ id }).update({ owner_id: heir.id });
  const before = await digestTables(gatehouse);
  for (const method of ['GET', 'DELETE', 'PUT'])
    t.is((await manage(client, method, method === 'PUT' ? {} : undefined)).status, 401, method);
  const renewal = `${client.registration_client_uri}/renew-secret`;
  t.is((await manage({ ...client, registration_client_uri: renewal }, 'POST')).status, 401);
  t.deepEqual(await digestTables(gatehouse), before);
});

test('no name is read as that of the product', async (t) => {
  const { token } = await addRegistrationToken(gatehouse);
  for (const name of [
    ...['Gatehouse', 'G\u0251tehouse', '\u0262atehouse', 'Gateh\u1d0fuse', 'Gatehou\ua731e'],
    ...['\ua4d6atehouse', 'Ｇａｔｅｈｏｕｓｅ', 'gate\u00adhouse', '\u202eesuohetag', '𝐆atehouse'],
    'G\u1d00tehouse Support',
  ]) {
    const answer = await register(gatehouse, token, {
      ...{ client_name: name, grant_types: ['client_credentials'] },
    });
    t.is(answer.status, 400, name);
  }
});

test('no secret of a whole life stays in the database or the log', async (t) => {
  const [owner, invited] = [await addDeveloper(gatehouse), await addDeveloper(gatehouse)];
  const { id, page } = await createByForm(owner, { kind: 'machine', name: 'Life story' });
  const seen = new Set<string>(page.text.match(/gh_sec_[A-Za-z0-9_-]+/g));
  const fields = { environment: 'sandbox', expires: '', ...fresh() };
  const added = await owner.post(`/applications/${id}/credentials/secrets`, fields);
  for (const secret of (await added.text()).match(/gh_sec_[A-Za-z0-9_-]+/g) ?? []) seen.add(secret);
  t.is(seen.size, 2);
  const client = await gatehouse.db.knex('clients').where({ application_id: id }).first();
  const rotated = await fetch(`${gatehouse.issuer}/credentials/rotate`, {
    method: 'POST',
    headers: { Authorization: `Basic ${btoa(`${client.id}:${[...seen][0]}`)}` },
  });
  t.is(rotated.status, 200);
  seen.add(String(((await rotated.json()) as { client_secret: string }).client_secret));
  const { token } = await addRegistrationToken(gatehouse);
  const made = await registered(gatehouse, token, {
    ...{ client_name: 'Story', grant_types: ['client_credentials'] },
  });
  for (const secret of [token, made.client_secret, made.registration_access_token])
    seen.add(secret);
  seen.add(await followInvitation(owner, invited, id));
  const { rows: tables } = await gatehouse.db.knex.raw(
    `SELECT table_schema AS schema, table_name AS name FROM information_schema.tables
     WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`,
  );
  for (const { schema, name } of tables) {
    const { rows } = await gatehouse.db.knex.raw('SELECT x::text AS row FROM ??.?? x', [
      schema,
      name,
    ]);
    const text = JSON.stringify(rows);
    for (const secret of seen) {
      const hex = Buffer.from(secret).toString('hex');
      t.false(text.includes(secret) || text.includes(hex), `${name}: ${secret}`);
    }
  }
  for (const secret of seen) t.false(gatehouse.log.join('').includes(secret), `log: ${secret}`);
});

/** Invites somebody; returns the token of the link, which a browser that is not signed in opens too. */
async function followInvitation(owner: Developer, invited: Developer, id: string) {
  const { email } = invited.account;
  await owner.post(`/applications/${id}/members/invite`, { email });
  const mails = await receiveMail(gatehouse, email);
  const link = mails.find(({ kind }) => kind === 'application-invitation')?.link() ?? '';
  await fetch(link, { redirect: 'manual' });
  await invited.agent.get(link);
  return new URL(link).searchParams.get('token') ?? 'no token';
}

test('?done and returnTo lead nowhere else and show no text of others', async (t) => {
  const owner = await addDeveloper(gatehouse);
  for (const done of ['<script>', '//evil.example', 'javascript:alert(1)', 'constructor']) {
    const page = await owner.open(`/applications?done=${encodeURIComponent(done)}`);
    t.is(page.status, 200);
    t.is(page.html.querySelector('[role=status]'), null, done);
    t.false(page.text.includes('evil.example'));
  }
  for (const path of ['//evil.example/applications', '/applications//evil.example', '/\\evil']) {
    const answer = await fetch(gatehouse.issuer + path, { redirect: 'manual' });
    const location = answer.headers.get('Location') ?? gatehouse.issuer;
    t.is(new URL(location, gatehouse.issuer).origin, gatehouse.issuer, path);
  }
});

// What an upstream says of a person at each sign-in: groups, roles, names, address.
import { insertAccount } from '../../src/storage/accounts.ts';
import { addToGroups, deleteGroup, insertGroup } from '../../src/storage/groups.ts';
import { runInUnitOfWork } from '../../src/storage/unit-of-work.ts';
import { createAgent } from '../_agent.ts';
import { test } from '../_one-at-a-time.ts';
import { mainText, newestMail, visit } from '../accounts/_person.ts';
import { addConnector, through } from './_connector.ts';
import { accountOf, arrive, auditOf, claimsOf, type Stage, startStage } from './_stage.ts';
import { CONTOSO, createEntra, type EntraFake } from './upstreams/_entra.ts';
import { OUR_CLIENT } from './upstreams/_every-kind.ts';

let stage: Stage;
let entra: EntraFake;
test.before(async () => {
  stage = await startStage();
  entra = createEntra({ tenant: CONTOSO, person: { xms_edov: true } });
  stage.fakes.push(entra);
  await inOne(async () => {
    for (const name of ['readers', 'writers', 'by-hand'])
      await insertGroup(stage.db, { name, description: undefined });
  });
  await addConnector(stage, {
    ...{ id: 'contoso', kind: 'entra', name: 'Contoso' },
    settings: {
      ...{ ...OUR_CLIENT, tenant: CONTOSO },
      groups: { 'id-readers': 'readers', 'id-writers': 'Writers', 'id-none': 'nobody-made-it' },
      roles: { 'App.Write': 'developer', 'App.Admin': 'admin' },
    },
  });
});
test.after.always(() => stage?.stop());

async function inOne(work: () => Promise<unknown>): Promise<void> {
  await runInUnitOfWork(stage.db.knex, async (unit) => {
    await work();
    await unit.commit();
  });
}

/** Signs in as somebody of Contoso, and answers the account. */
async function signIn(name: string, claims: Record<string, unknown>) {
  const email = `${name}@contoso.com`;
  for (const claim of ['groups', 'roles', 'hasgroups']) delete entra.person[claim];
  Object.assign(entra.person, { oid: `oid-of-${name}`, email, ...claims });
  const agent = createAgent(stage.issuer);
  await claimsOf(stage, await through(agent, await visit(stage, agent), 'Contoso', entra));
  const account = await accountOf(stage, email);
  if (!account) throw new Error(`no account of ${email}`);
  return account;
}

test('groups and roles are mapped by id, and become at each sign-in what the upstream says', async (t) => {
  const first = await signIn('ana', {
    groups: ['id-readers', 'id-writers', 'id-of-no-interest'],
    roles: ['App.Write', 'App.Other'],
  });
  t.deepEqual(first.groups, ['readers', 'writers']);
  t.deepEqual(first.roles, ['developer']);
  const second = await signIn('ana', { groups: ['id-writers'], roles: ['App.Admin'] });
  t.is(second.id, first.id);
  t.deepEqual(second.groups, ['writers']);
  t.deepEqual(second.roles, ['admin']);
  const third = await signIn('ana', {});
  t.deepEqual(third.groups, []);
  t.deepEqual(third.roles, []);
});

test('what an administrator gave by hand stays, also where the upstream takes it away', async (t) => {
  const { id } = await signIn('ben', { groups: ['id-readers'], roles: ['App.Write'] });
  const query = await stage.db.query();
  const ids = await query('groups').whereIn('name', ['by-hand', 'readers']).select('id');
  await inOne(async () => {
    await addToGroups(
      stage.db,
      id,
      ids.map((group) => group.id),
    );
  });
  await query('accounts')
    .where({ id })
    .update({ roles: ['auditor'] });
  const with_ = await signIn('ben', { groups: ['id-writers'], roles: ['App.Write'] });
  t.deepEqual(with_.groups, ['by-hand', 'readers', 'writers']);
  t.deepEqual([...with_.roles].sort(), ['auditor', 'developer']);
  const without = await signIn('ben', {});
  t.deepEqual(without.groups, ['by-hand', 'readers']);
  t.deepEqual(without.roles, ['auditor']);
});

test('groups that cannot be had give none, and the trail says so', async (t) => {
  const { id } = await signIn('cem', { groups: ['id-readers'] });
  const account = await signIn('cem', { hasgroups: true });
  t.is(account.id, id);
  t.deepEqual(account.groups, []);
  t.deepEqual(await auditOf(stage, id, 'identity.groups-unknown'), [{ connector: 'contoso' }]);
});

test('a group of ours that is missing or was deleted gives nothing, and nobody is kept out', async (t) => {
  await signIn('dia', { groups: ['id-readers', 'id-writers', 'id-none'] });
  const query = await stage.db.query();
  const { id } = await query('groups').where({ name: 'writers' }).first('id');
  await inOne(() => deleteGroup(stage.db, id));
  const account = await signIn('dia', { groups: ['id-readers', 'id-writers', 'id-none'] });
  t.deepEqual(account.groups, ['readers']);
});

test('names are taken always, at first, or never', async (t) => {
  const attributes = { given_name: 'always', family_name: 'first' };
  const upstream = await stage.upstream({ attributes });
  const { email } = upstream.fake.person;
  await claimsOf(stage, await arrive(stage, upstream));
  t.like(await accountOf(stage, String(email)), { given_name: 'Jo', family_name: 'Doe' });
  Object.assign(upstream.fake.person, { given_name: 'Joanna', family_name: 'Smith' });
  await claimsOf(stage, await arrive(stage, upstream));
  t.like(await accountOf(stage, String(email)), { given_name: 'Joanna', family_name: 'Doe' });
  // No name is no reason to forget one.
  Object.assign(upstream.fake.person, { given_name: undefined, name: undefined });
  await claimsOf(stage, await arrive(stage, upstream));
  t.like(await accountOf(stage, String(email)), { given_name: 'Joanna', family_name: 'Doe' });
});

test('what is never taken is asked of the person', async (t) => {
  const attributes = { given_name: 'never', family_name: 'never' };
  const upstream = await stage.upstream({ attributes });
  const agent = createAgent(stage.issuer);
  const form = await arrive(stage, upstream, { agent });
  t.regex(mainText(form), /Complete your account/);
  const value = (id: string) => form.html.querySelector(`#${id}`)?.getAttribute('value');
  t.is(value('given_name'), '');
  t.is(value('family_name'), '');
  t.is(value('email'), `${upstream.id}@example.org`);
  const done = await agent.submit(form, 'Continue', { given_name: 'Jojo' });
  await claimsOf(stage, done);
  const account = await accountOf(stage, `${upstream.id}@example.org`);
  t.like(account, { given_name: 'Jojo' });
});

test('a trusted address follows the upstream where the connector says always', async (t) => {
  const upstream = await stage.upstream({ attributes: { email: 'always' } });
  const sub = String((await claimsOf(stage, await arrive(stage, upstream)))['sub']);
  upstream.fake.person['email'] = `new-${upstream.id}@example.org`;
  await claimsOf(stage, await arrive(stage, upstream));
  t.is((await accountOf(stage, `new-${upstream.id}@example.org`))?.id, sub);
  t.is((await auditOf(stage, sub, 'email.changed')).length, 1);
  const mail = await newestMail(stage, `${upstream.id}@example.org`, 'email-changed');
  t.regex(mail.link(), /\/not-me\?token=/);
  // One that the upstream has not verified is left where it is.
  Object.assign(upstream.fake.person, { email: 'x@example.org', email_verified: false });
  await claimsOf(stage, await arrive(stage, upstream));
  t.is((await accountOf(stage, `new-${upstream.id}@example.org`))?.id, sub);
});

test('an address that is another account’s stays theirs: the person signs in, and the trail says so', async (t) => {
  const upstream = await stage.upstream({ attributes: { email: 'always' } });
  const sub = String((await claimsOf(stage, await arrive(stage, upstream)))['sub']);
  const email = `owner-${upstream.id}@example.org`;
  const owner = await insertAccount(stage.db, {
    ...{ email, emailVerified: true, givenName: 'O', familyName: 'W', roles: [] },
  });
  upstream.fake.person['email'] = email;
  t.is((await claimsOf(stage, await arrive(stage, upstream)))['sub'], sub);
  t.is((await accountOf(stage, email))?.id, owner.id);
  t.is((await accountOf(stage, `${upstream.id}@example.org`))?.id, sub);
  t.deepEqual(await auditOf(stage, sub, 'email.sync-refused'), [{ connector: upstream.id }]);
});

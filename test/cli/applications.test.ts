// gatehouse applications: what operators do about what developers made.
import test from 'ava';
import { replaceLogo } from '../../src/storage/application-logos.ts';
import { findApplication } from '../../src/storage/applications.ts';
import { findClient } from '../../src/storage/clients.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { eventually, requestToken } from '../_protocol.ts';
import { addApplication } from '../applications/_application.ts';
import { PNG } from '../applications/_pictures.ts';
import { type Environment, environmentOf, run, runJson } from './_cli.ts';

let gatehouse: Gatehouse;
let env: Environment;
let trucks: Awaited<ReturnType<typeof addApplication>>;
test.before(async () => {
  gatehouse = await startGatehouse();
  env = environmentOf(gatehouse.config);
  trucks = await addApplication(gatehouse);
});
test.after.always(() => gatehouse?.stop());

const applications = (...args: string[]) => run(['applications', ...args], env);

test.serial('applications are listed and shown', async (t) => {
  const { id } = trucks.application;
  const other = await addApplication(gatehouse, { kind: 'web' });
  const listed = await runJson<Record<string, unknown>[]>(['applications', 'list'], env);
  t.deepEqual(
    listed.map((one) => one['id']),
    [other.application.id, id],
  );
  t.like(listed[1], {
    ...{ name: 'Trucks', kind: 'machine', state: 'active', environments: ['sandbox'] },
    ...{ verified_at: null, logo: null },
  });
  const theirs = await runJson<unknown[]>(
    ['applications', 'list', '--owner', other.ownerId, '--unverified'],
    env,
  );
  t.is(theirs.length, 1);
  const shown = await runJson<{ clients: unknown[]; members: unknown[] }>(
    ['applications', 'show', id],
    env,
  );
  t.like(shown.members[0], { account_id: trucks.ownerId, owner: true });
  t.like(shown.clients[0], { client_id: trucks.client.client_id, environment: 'sandbox' });
  const page = await applications('show', id);
  t.regex(page.stdout, /^name +Trucks$/m);
  t.regex(page.stderr, /applications verify app_\w+ --name 'Trucks'/);
  const unknown = await applications('show', 'app_0');
  t.deepEqual([unknown.code, /There is no application app_0/.test(unknown.stderr)], [1, true]);
});

test.serial('an operator verifies what they saw, and nothing else', async (t) => {
  const { id } = trucks.application;
  const verifiedAt = async () => (await findApplication(gatehouse.db, id))?.verifiedAt;
  const renamed = await applications('verify', id, '--name', 'Lorries');
  t.is(renamed.code, 1);
  t.regex(renamed.stderr, /is named "Trucks" now/);
  await replaceLogo(gatehouse.db, id, { mediaType: 'image/png', image: PNG });
  for (const logo of [[], ['--logo', '0'.repeat(64)], ['--logo', '']]) {
    const unseen = await applications('verify', id, '--name', 'Trucks', ...logo);
    t.is(unseen.code, 1, logo.join());
    t.regex(unseen.stderr, /Its logo is [0-9a-f]{12}/);
  }
  t.is(await verifiedAt(), undefined);
  const { logo } = await runJson<{ logo: string }>(['applications', 'show', id], env);
  const done = await applications('verify', id, '--name', 'Trucks', '--logo', logo);
  t.is(done.code, 0, done.stderr);
  t.truthy(await verifiedAt());
});

test.serial('a suspended application gets no token until it is resumed', async (t) => {
  const { id } = trucks.application;
  const credentials = { grant_type: 'client_credentials' };
  const status = async () => (await requestToken(gatehouse, trucks.client, credentials)).status;
  t.is(await status(), 200);
  t.is((await applications('suspend', id)).code, 2);
  const suspended = await applications('suspend', id, '--reason', 'It sends spam.');
  t.regex(suspended.stdout, /is suspended: it gets no more tokens/);
  t.is(await eventually(status, (got) => got === 401), 401);
  const shown = await runJson(['applications', 'show', id], env);
  t.like(shown, { state: 'suspended', suspended_reason: 'It sends spam.' });
  await applications('resume', id);
  t.is(await eventually(status, (got) => got === 200), 200);
});

test.serial('a removed application is gone for good, with its clients', async (t) => {
  const { id } = trucks.application;
  t.is((await applications('remove', id, '--name', 'Lorries')).code, 1);
  t.truthy(await findApplication(gatehouse.db, id));
  const removed = await applications('remove', id, '--name', 'Trucks');
  t.regex(removed.stdout, /is erased for good/);
  t.is(await findApplication(gatehouse.db, id), undefined);
  t.is(await findClient(gatehouse.db, trucks.client.client_id), undefined);
  const query = await gatehouse.db.query();
  const told = await query('audit_events')
    .whereRaw("detail->>'application_id' = ?", [id])
    .where('type', 'like', 'application.%')
    .orderBy('id')
    .pluck('type');
  t.deepEqual(told, [
    ...['application.created', 'application.verified', 'application.suspended'],
    ...['application.resumed', 'application.erased'],
  ]);
});

// gatehouse credentials: the secrets and keys of a client, from the command line.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import { temporaryDirectory } from '../_process.ts';
import { eventually, type TestClient } from '../_protocol.ts';
import { addApplication } from '../applications/_application.ts';
import { askWith, newKey } from '../applications/credentials/_credentials.ts';
import { type Environment, environmentOf, run, runJson } from './_cli.ts';

let gatehouse: Gatehouse;
let env: Environment;
test.before(async () => {
  gatehouse = await startGatehouse();
  env = environmentOf(gatehouse.config);
});
test.after.always(() => gatehouse?.stop());

const command = (client: TestClient, name: string, ...args: string[]) =>
  runJson(['credentials', name, '--client', client.client_id, ...args], env);
const settles = async (client: TestClient, wanted: number) =>
  (
    await eventually(
      () => askWith(gatehouse, client),
      ({ status }) => status === wanted,
    )
  ).status === wanted;

test('a secret is added, suspended, resumed, retired and brought back', async (t) => {
  const { client } = await addApplication(gatehouse);
  const added = await command(client, 'add', '--name', 'spring', '--expires-in-days', '90');
  const id = String(added['credential_id']);
  const next = { ...client, client_secret: String(added['client_secret']) };
  t.true(await settles(next, 200));
  t.is((await command(client, 'suspend', id))['state'], 'suspended');
  t.true(await settles(next, 401));
  t.is((await command(client, 'resume', id))['state'], 'live');
  t.true(await settles(next, 200));
  t.is((await command(client, 'retire', id, '--overlap', '3600'))['state'], 'retiring');
  t.is((await command(client, 'restore', id))['state'], 'live');
  t.is((await command(client, 'retire', id, '--overlap', '0'))['state'], 'ended');
  t.true(await settles(next, 401));
  const listed = await runJson<Record<string, unknown>[]>(
    ['credentials', 'list', '--client', client.client_id],
    env,
  );
  t.deepEqual(
    listed.map(({ name, state }) => [name, state]),
    [
      ['first secret', 'live'],
      ['spring', 'ended'],
    ],
  );
  t.false(JSON.stringify(listed).includes(next.client_secret));
});

test('public keys come from a file', async (t) => {
  const { client } = await addApplication(gatehouse);
  const directory = temporaryDirectory();
  const file = join(directory.path, 'keys.json');
  writeFileSync(file, JSON.stringify({ keys: [(await newKey('k1')).jwk] }));
  const added = await runJson<Record<string, unknown>[]>(
    ['credentials', 'add', '--client', client.client_id, '--name', 'build', '--jwks', file],
    env,
  );
  directory.remove();
  t.deepEqual(
    added.map(({ kind, hint }) => [kind, hint]),
    [['key', 'k1']],
  );
});

test('what cannot be done is said in words', async (t) => {
  const { client } = await addApplication(gatehouse);
  const [first] = await runJson<Record<string, unknown>[]>(
    ['credentials', 'list', '--client', client.client_id],
    env,
  );
  const id = String(first?.['credential_id']);
  const cases: [string[], RegExp][] = [
    [['retire', id, '--client', client.client_id], /last credential that works/],
    [['suspend', id, '--client', gatehouse.client('machine').client_id], /no such credential/],
    [['list', '--client', 'c_none'], /There is no client c_none/],
  ];
  for (const [args, sentence] of cases) {
    const { code, stderr } = await run(['credentials', ...args], env);
    t.true(code > 0);
    t.regex(stderr, sentence);
    t.notRegex(stderr, /\n\s+at /);
  }
});

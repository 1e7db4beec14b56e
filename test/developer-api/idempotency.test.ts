// Idempotency-Key: what is sent again happened once, over any number of processes, and gets the same
// answer, secrets included.
import { randomUUID } from 'node:crypto';
import test from 'ava';
import { type Nodes, startNodes } from '../_nodes.ts';
import { eventually } from '../_protocol.ts';
import { type Developer, developer } from './_developer.ts';

let gatehouse: Nodes;
let dev: Developer;
let other: Developer;
test.before(async () => {
  gatehouse = await startNodes({ count: 2 });
  dev = await developer(gatehouse, gatehouse.accounts[1]);
  other = await developer(gatehouse, gatehouse.accounts[2]);
});
test.after.always(() => gatehouse?.stop());

/** Creates one; where the server is too busy to wait any longer, the same is sent again. */
const create = (as: Developer, name: string, key: string) =>
  eventually(
    () =>
      as.call('POST', '/me/applications', { kind: 'machine', name }, { 'Idempotency-Key': key }),
    ({ status }) => status !== 503,
  );

async function applicationsNamed(name: string): Promise<number> {
  return (await gatehouse.db.knex('applications').where({ name })).length;
}

test('ten at once over two processes make one application, and all learn its secret', async (t) => {
  const key = randomUUID();
  // Each connection goes to the next process.
  const answers = await Promise.all(Array.from({ length: 10 }, () => create(dev, 'Once', key)));
  t.deepEqual([...new Set(answers.map(({ status }) => status))], [201]);
  t.is(new Set(answers.map(({ text }) => text)).size, 1);
  t.regex(String(answers[0]?.body['client_secret']), /^gh_sec_/);
  t.is(answers.filter(({ headers }) => !headers.get('Idempotency-Replayed')).length, 1);
  t.is(await applicationsNamed('Once'), 1);
  const later = await create(dev, 'Once', `"${key}"`);
  t.is(later.text, String(answers[0]?.text), 'as a string of RFC 8941');
  t.is(later.headers.get('Location'), `/api/v1/me/applications/${later.body['id']}`);
  const { rows } = await gatehouse.db.knex.raw('SELECT answer::text FROM idempotent_answers');
  t.false(JSON.stringify(rows).includes('gh_sec_'), 'it lies sealed in the database');
});

test('the same key with another request, and keys that are none', async (t) => {
  const key = randomUUID();
  t.is((await create(dev, 'First', key)).status, 201);
  const reused = await create(dev, 'Second', key);
  t.is(reused.status, 422);
  t.is(reused.body['error'], 'idempotency_key_reused');
  t.is(await applicationsNamed('Second'), 0);
  for (const bad of ['short', 'with a space in it', 'x'.repeat(201)])
    t.is((await create(dev, 'Third', bad)).status, 400, bad);
  t.is(await applicationsNamed('Third'), 0);
});

test('the keys of another account are others', async (t) => {
  const key = randomUUID();
  const mine = await create(dev, 'Shared key', key);
  const theirs = await create(other, 'Shared key', key);
  t.is(theirs.status, 201);
  t.not(theirs.body['id'], mine.body['id']);
});

test('what was refused did not happen: its key can be used again', async (t) => {
  const key = randomUUID();
  t.is((await create(dev, ' \u0007 ', key)).status, 400);
  t.is((await create(dev, 'Now right', key)).status, 201);
});

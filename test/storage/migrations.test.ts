import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { openDatabase } from '../../src/storage/database.ts';
import { migrate, migrateDown, pendingMigrations } from '../../src/storage/migrate.ts';
import { createTestDatabase } from '../_database.ts';

async function openEmpty(t: ExecutionContext) {
  const database = await createTestDatabase({ migrated: false });
  const db = openDatabase({ url: database.url, name: 'migrations test' });
  t.teardown(async () => {
    await db.close();
    await database.drop();
  });
  return { db, url: database.url };
}

const SCHEMA = `
  SELECT table_name, column_name, data_type, is_nullable, column_default
  FROM information_schema.columns
  WHERE table_schema = 'public' AND table_name NOT LIKE 'migrations%'
  ORDER BY 1, 2`;

test('up, down and up again end in the same schema', async (t) => {
  const { db, url } = await openEmpty(t);
  const names = await migrate({ url, name: 'test' });
  t.true(names.length > 5);
  const before = (await db.knex.raw(SCHEMA)).rows;
  t.true(before.length > 20);
  await migrateDown(db);
  t.deepEqual((await db.knex.raw(SCHEMA)).rows, []);
  await migrate({ url, name: 'test' });
  t.deepEqual((await db.knex.raw(SCHEMA)).rows, before);
  t.deepEqual(await pendingMigrations(db), []);
});

test('two nodes that start together migrate once', async (t) => {
  const { url } = await openEmpty(t);
  const nodes = ['one', 'other'].map((name) => migrate({ url, name }));
  const [first = [], second = []] = await Promise.all(nodes);
  t.is(Math.min(first.length, second.length), 0);
  t.true(Math.max(first.length, second.length) > 5);
});

test('the audit trail cannot be changed or emptied', async (t) => {
  const { db, url } = await openEmpty(t);
  await migrate({ url, name: 'test' });
  await db.knex('audit_events').insert({ type: 'test' });
  for (const attempt of [
    "UPDATE audit_events SET type = 'forged'",
    'DELETE FROM audit_events',
    'TRUNCATE audit_events',
  ])
    await t.throwsAsync(db.knex.raw(attempt), { message: /append-only/ });
});

test('a broken migration is named in one sentence, and what came before it stays', async (t) => {
  const { db, url } = await openEmpty(t);
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-migrations-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const write = (name: string, statement: string) =>
    writeFileSync(
      join(directory, name),
      `export async function up(knex) { await knex.raw(${JSON.stringify(statement)}); }
       export async function down() {}`,
    );
  write('202601010000_good.ts', 'CREATE TABLE good ()');
  write('202601010001_broken.ts', 'CREATE TABLE half (); SELECT nonsense');
  await t.throwsAsync(migrate({ url, name: 'test' }, directory), {
    message:
      /^The migration 202601010001_broken\.ts failed and was rolled back: column "nonsense" does not exist\. Nothing after it was run\.$/,
  });
  const { rows } = await db.knex.raw(
    "SELECT to_regclass('good') AS good, to_regclass('half') AS half",
  );
  t.deepEqual(rows, [{ good: 'good', half: null }]);
});

import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { openDatabase } from '../../src/storage/database.ts';
import { recordInstallation } from '../../src/storage/installation.ts';
import { createTestDatabase } from '../_database.ts';
import { freePorts, run, temporaryDirectory } from '../_process.ts';

const secret = () => randomBytes(32).toString('base64url');

function production(): Record<string, string> {
  return {
    GATEHOUSE_ISSUER: 'https://auth.example.com',
    DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
    GATEHOUSE_COOKIE_KEYS: secret(),
    GATEHOUSE_ENCRYPTION_KEYS: secret(),
    GATEHOUSE_PASSWORD_PEPPERS: secret(),
    GATEHOUSE_HASH_KEYS: secret(),
  };
}

test('every problem of a configuration is listed at once, and nothing starts', async (t) => {
  const server = run({
    GATEHOUSE_ISSUER: 'http://auth.example.com/',
    GATEHOUSE_PORT: 'abc',
    GATEHOUSE_RATE_LIMITS: 'off',
    GATEHOUSE_COOKIE_KEYS: 'changeme',
    GATEHOUSE_TRUSTED_PROXIES: '10.0.0.0/99',
  });
  t.is(await server.exited, 1);
  const output = server.output();
  for (const name of [
    'GATEHOUSE_ISSUER',
    'DATABASE_URL',
    'GATEHOUSE_PORT',
    'GATEHOUSE_RATE_LIMITS',
    'GATEHOUSE_COOKIE_KEYS',
    'GATEHOUSE_ENCRYPTION_KEYS',
    'GATEHOUSE_PASSWORD_PEPPERS',
    'GATEHOUSE_HASH_KEYS',
    '10.0.0.0/99',
  ])
    t.true(output.includes(name), `${name} in:\n${output}`);
  t.false(output.includes('    at '), 'no stack');
});

test('NODE_ENV=production never falls into the demo', async (t) => {
  const server = run({ NODE_ENV: 'production' });
  t.is(await server.exited, 1);
  t.regex(server.output(), /NODE_ENV=production without configuration/);
});

test('a missing database is one clear sentence', async (t) => {
  const server = run(production());
  t.is(await server.exited, 1);
  t.regex(
    server.output().trim(),
    /^The database cannot be reached \(.*\): check DATABASE_URL.*\.$/,
  );
});

test('an unmigrated database asks for the migration', async (t) => {
  const database = await createTestDatabase({ migrated: false });
  t.teardown(() => database.drop());
  const server = run({ ...production(), DATABASE_URL: database.url });
  t.is(await server.exited, 1);
  t.regex(server.output(), /gatehouse migrate/);
});

test('production refuses a database that holds the demo seed', async (t) => {
  const database = await createTestDatabase();
  t.teardown(() => database.drop());
  const db = openDatabase({ url: database.url, name: 'test' });
  await recordInstallation(db, { mode: 'demo', issuer: 'http://127.0.0.1:3000' });
  await db.close();
  const server = run({ ...production(), DATABASE_URL: database.url });
  t.is(await server.exited, 1);
  t.regex(server.output(), /holds the demo seed/);
});

test('secrets can come from files, and a file that is missing is named', async (t) => {
  const directory = temporaryDirectory();
  t.teardown(() => directory.remove());
  const file = join(directory.path, 'cookie_keys');
  writeFileSync(file, `${secret()}\n`);
  const { GATEHOUSE_COOKIE_KEYS: _unset, ...rest } = production();
  const found = run({ ...rest, GATEHOUSE_COOKIE_KEYS_FILE: file });
  t.is(await found.exited, 1);
  t.regex(found.output(), /database cannot be reached/, 'the configuration itself is fine');
  const missing = run({ ...rest, GATEHOUSE_COOKIE_KEYS_FILE: `${file}.missing` });
  t.is(await missing.exited, 1);
  t.regex(missing.output(), /GATEHOUSE_COOKIE_KEYS_FILE names .*cookie_keys\.missing/);
});

test('a damaged demo.json says what to do', async (t) => {
  const directory = temporaryDirectory();
  t.teardown(() => directory.remove());
  writeFileSync(join(directory.path, 'secrets.json'), '{');
  const database = await createTestDatabase({ migrated: false });
  t.teardown(() => database.drop());
  const server = run({
    GATEHOUSE_DEMO: '1',
    DATABASE_URL: database.url,
    GATEHOUSE_DATA_DIR: directory.path,
    GATEHOUSE_PORT: String(await freePorts(7)),
  });
  t.is(await server.exited, 1);
  t.regex(server.output(), /secrets\.json cannot be read .* start the demo anew/);
});

test('the demo runs on a given database, once', async (t) => {
  const database = await createTestDatabase({ migrated: false });
  const [here, elsewhere] = [temporaryDirectory(), temporaryDirectory()];
  const port = await freePorts(7);
  const env = { GATEHOUSE_DEMO: '1', DATABASE_URL: database.url, GATEHOUSE_PORT: String(port) };
  const first = run({ ...env, GATEHOUSE_DATA_DIR: here.path });
  t.teardown(async () => {
    await first.stop();
    await database.drop();
    here.remove();
    elsewhere.remove();
  });
  await first.says('Stop with Ctrl-C');
  t.is(await first.stop(), 0);
  const other = run({ ...env, GATEHOUSE_DATA_DIR: elsewhere.path });
  t.is(await other.exited, 1);
  t.regex(other.output(), /demo\.json is in another data directory/);
});

// The way of a command to its database: unreachable, empty, migrated, of the wrong mode.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { openDatabase } from '../../src/storage/database.ts';
import { openPlace } from '../../src/storage/embedded/place.ts';
import { findPostmaster } from '../../src/storage/embedded/postmaster.ts';
import { recordInstallation } from '../../src/storage/installation.ts';
import { createTestDatabase, type TestDatabase } from '../_database.ts';
import { type Environment, run, runJson } from './_cli.ts';

const scratch = mkdtempSync(join(tmpdir(), 'gatehouse-cli-test-'));
let database: TestDatabase;
let env: Environment;
test.before(async () => {
  database = await createTestDatabase({ migrated: false });
  const { stdout } = await run(['secrets']);
  env = {
    GATEHOUSE_ISSUER: 'http://127.0.0.1:3000',
    DATABASE_URL: database.url,
    ...Object.fromEntries(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split('=') as [string, string]),
    ),
  };
});
test.after.always(async () => {
  await database?.drop();
  rmSync(scratch, { recursive: true, force: true });
});

const changed = (change: (url: URL) => void) => {
  const url = new URL(database.url);
  change(url);
  return { ...env, DATABASE_URL: url.href };
};

test.serial('a database that is not there is one sentence', async (t) => {
  const { code, stdout, stderr } = await run(
    ['clients', 'list'],
    changed((url) => {
      url.port = '1';
    }),
  );
  t.is(code, 1);
  t.is(stdout, '');
  t.regex(stderr, /^The database cannot be reached \(.*ECONNREFUSED.*\): check DATABASE_URL.*\n$/);
});

test.serial(
  'a database that refuses us is one sentence, and the password is not in it',
  async (t) => {
    const { code, stderr } = await run(
      ['migrate'],
      changed((url) => {
        url.pathname = '/no_such_database';
      }),
    );
    t.is(code, 1);
    t.regex(
      stderr,
      /^PostgreSQL does not let us in \(database "no_such_database" does not exist\).*\n$/,
    );
    t.false(stderr.includes(new URL(database.url).password || 'nothing'));
  },
);

test.serial(
  'migrate runs what is missing, once; before that, commands say to run it',
  async (t) => {
    const before = await run(['clients', 'list'], env);
    t.is(before.code, 1);
    t.regex(
      before.stderr,
      /^The database lacks \d+ migrations: run `npx gatehouse migrate` first\.\n$/,
    );

    const first = await run(['migrate'], env);
    t.is(first.code, 0);
    t.is(first.stderr, '');
    t.regex(first.stdout, /^202611240900_create_accounts\.ts\n(\d{12}_\w+\.ts\n)+$/);
    const second = await run(['migrate'], env);
    t.deepEqual([second.code, second.stdout], [0, 'Nothing to do.\n']);
    t.deepEqual(await runJson(['migrate'], env), { applied: [] });
  },
);

test.serial('an empty installation lists nothing, and says how to begin', async (t) => {
  for (const noun of ['clients', 'accounts', 'apis', 'keys']) {
    t.deepEqual(await runJson<unknown[]>([noun, 'list'], env), [], noun);
    const { code, stdout, stderr } = await run([noun, 'list'], env);
    t.deepEqual([code, stdout], [0, ''], noun);
    t.regex(stderr, /^There are no (clients|accounts|APIs|keys) yet: /, noun);
  }
});

test.serial('a demo and a production server keep off one another', async (t) => {
  const demo = { GATEHOUSE_DEMO: '1', DATABASE_URL: database.url, GATEHOUSE_DATA_DIR: scratch };
  t.deepEqual(await runJson(['migrate'], demo), { applied: [] });
  const notSetUp = await run(['clients', 'list'], demo);
  t.is(notSetUp.code, 1);
  t.regex(notSetUp.stderr, /^There is no demo in /);

  const db = openDatabase({ url: database.url, name: 'test' });
  await recordInstallation(db, { mode: 'demo', issuer: 'http://127.0.0.1:3000' });
  await db.close();
  const production = await run(['clients', 'list'], env);
  t.is(production.code, 1);
  t.regex(production.stderr, /^This database holds the demo seed, whose passwords are public/);
});

test.serial('migrate sets the database of the demo up, and leaves none running', async (t) => {
  const dataDir = join(scratch, 'demo');
  const demo = { GATEHOUSE_DATA_DIR: dataDir };
  const { applied } = await runJson<{ applied: string[] }>(['migrate'], demo);
  t.true(applied.length > 5);
  t.false(existsSync(join(dataDir, 'secrets.json')), 'the first start makes them');
  const { stdout } = await run(['migrate'], demo);
  t.is(stdout, 'Nothing to do.\n');
  const log = () => undefined;
  const place = await openPlace({ dataDir, log });
  t.is(await findPostmaster({ cluster: place.cluster, log }), undefined);
  rmSync(place.home, { recursive: true, force: true });
});

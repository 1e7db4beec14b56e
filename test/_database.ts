// One PostgreSQL server a test run, one database a test file, cloned from a migrated template.
import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { openEmbeddedDatabase } from '../src/storage/embedded/embedded-database.ts';
import { migrate } from '../src/storage/migrate.ts';

export interface TestDatabase {
  url: string;
  drop(): Promise<void>;
}

// One directory an account of the machine, kept between runs: the cluster is made once.
const DATA_DIRECTORY = join(tmpdir(), `gatehouse-test-${userInfo().uid}`);
const TEMPLATE_LOCK = 5_318_008;

export interface TestDatabaseOptions {
  migrated?: boolean;
  /** A commit is on disk before it is answered. */
  durable?: boolean;
  /** A server of its own, whose data lies here: for tests that do it harm. */
  dataDir?: string;
}

/** Creates a database of its own for a test file. `DATABASE_URL` names another server to use. */
export async function createTestDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const given = options.dataDir === undefined ? process.env['DATABASE_URL'] : undefined;
  const dataDir = options.dataDir ?? DATA_DIRECTORY;
  const server = given
    ? { url: given, stop: async () => undefined }
    : await openEmbeddedDatabase({ dataDir, log: () => undefined });
  const name = `test_${randomBytes(6).toString('hex')}`;
  await withClient(server.url, async (client) => {
    await client.query('SELECT pg_advisory_lock($1)', [TEMPLATE_LOCK]);
    if (options.migrated === false) return client.query(`CREATE DATABASE ${name}`);
    const template = await ensureTemplate(client, server.url);
    return client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  });
  return {
    url: options.durable ? withName(server.url, name) : databaseUrl(server.url, name),
    async drop() {
      await withClient(server.url, (client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`));
      await server.stop();
    },
  };
}

// Named after what the migrations say, ours and those of packages, so that a change makes a new one.
function templateName(): string {
  const hash = createHash('sha256');
  for (const file of readdirSync('migrations').sort())
    hash.update(readFileSync(join('migrations', file)));
  hash.update(readFileSync('package-lock.json')).update(readFileSync('src/storage/migrate.ts'));
  return `template_${hash.digest('hex').slice(0, 16)}`;
}

async function ensureTemplate(client: pg.Client, serverUrl: string): Promise<string> {
  const name = templateName();
  const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
  if (found.rowCount) return name;
  await client.query(`DROP DATABASE IF EXISTS ${name}_new`);
  await client.query(`CREATE DATABASE ${name}_new`);
  await migrate({ url: databaseUrl(serverUrl, `${name}_new`), name: 'template' });
  await client.query(`ALTER DATABASE ${name}_new RENAME TO ${name}`);
  return name;
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function withName(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

function databaseUrl(serverUrl: string, name: string): string {
  const url = new URL(withName(serverUrl, name));
  // Tests need no durability, and every commit of several files would wait for one disk.
  url.searchParams.set('options', '-c synchronous_commit=off');
  return url.href;
}

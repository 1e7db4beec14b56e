// One PostgreSQL server a test run, one database a test file, cloned from a migrated template.
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { openDatabase } from '../src/storage/database.ts';
import { openEmbeddedDatabase } from '../src/storage/embedded/embedded-database.ts';
import { migrate } from '../src/storage/migrate.ts';

export interface TestDatabase {
  url: string;
  drop(): Promise<void>;
}

// The parent is AVA's main process: all test files of one run share the server, the last one stops it.
const DATA_DIRECTORY = join(tmpdir(), `gatehouse-test-${process.ppid}`);
const TEMPLATE = 'gatehouse_template';
const TEMPLATE_LOCK = 5_318_008;

/** Creates a database of its own for a test file. `DATABASE_URL` names another server to use. */
export async function createTestDatabase(
  options: { migrated?: boolean } = {},
): Promise<TestDatabase> {
  const given = process.env['DATABASE_URL'];
  const server = given
    ? { url: given, stop: async () => undefined }
    : await openEmbeddedDatabase({ dataDir: DATA_DIRECTORY, log: () => undefined });
  const name = `test_${randomBytes(6).toString('hex')}`;
  await withClient(server.url, async (client) => {
    await client.query('SELECT pg_advisory_lock($1)', [TEMPLATE_LOCK]);
    if (options.migrated === false) return client.query(`CREATE DATABASE ${name}`);
    await ensureTemplate(client, server.url);
    return client.query(`CREATE DATABASE ${name} TEMPLATE ${TEMPLATE}`);
  });
  return {
    url: databaseUrl(server.url, name),
    async drop() {
      await withClient(server.url, (client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`));
      await server.stop();
    },
  };
}

async function ensureTemplate(client: pg.Client, serverUrl: string): Promise<void> {
  const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [TEMPLATE]);
  if (found.rowCount) return;
  await client.query(`CREATE DATABASE ${TEMPLATE}_new`);
  const db = openDatabase({ url: databaseUrl(serverUrl, `${TEMPLATE}_new`), name: 'template' });
  await migrate(db);
  await db.close();
  await client.query(`ALTER DATABASE ${TEMPLATE}_new RENAME TO ${TEMPLATE}`);
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

function databaseUrl(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

// Migrations: timestamped files in migrations/, run in order, safe when two nodes start together.
import { fileURLToPath } from 'node:url';
import type { Knex } from 'knex';
import { UsageError } from '../errors.ts';
import type { Database } from './database.ts';

const DIRECTORY = fileURLToPath(new URL('../../migrations', import.meta.url));
// Any constant will do, as long as every node uses the same one.
const ADVISORY_LOCK = 6_174_031;

function migratorConfig(directory: string): Knex.MigratorConfig {
  return {
    directory,
    loadExtensions: ['.ts'],
    tableName: 'migrations',
    disableMigrationsListValidation: true,
  };
}

/**
 * Runs the outstanding migrations and returns their names.
 * A second node waits for the first. A broken migration is named in a UsageError and changes nothing.
 */
export async function migrate(db: Database, directory = DIRECTORY): Promise<string[]> {
  return locked(db, async () => {
    const names: string[] = [];
    // One by one, each in a transaction of its own: a failure then has a name.
    for (const name of await pendingMigrations(db, directory)) {
      try {
        await db.knex.migrate.up(migratorConfig(directory));
        names.push(name);
      } catch (error) {
        throw new UsageError(
          `The migration ${name} failed and was rolled back: ${reason(error)}. Nothing after it was run.`,
        );
      }
    }
    return names;
  });
}

/** Takes back all migrations, newest first: for tests. */
export async function migrateDown(db: Database, directory = DIRECTORY): Promise<void> {
  await locked(db, () => db.knex.migrate.rollback(migratorConfig(directory), true));
}

/** Names of migrations that have not run yet. */
export async function pendingMigrations(db: Database, directory = DIRECTORY): Promise<string[]> {
  const [, pending] = await db.knex.migrate.list(migratorConfig(directory));
  return pending.map(({ file }: { file: string }) => file);
}

async function locked<T>(db: Database, work: () => Promise<T>): Promise<T> {
  // A session lock, held by one connection while knex migrates on others.
  const connection = await db.knex.client.acquireConnection();
  try {
    await connection.query('SET statement_timeout = 0; SET lock_timeout = 0');
    await connection.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCK]);
    return await work();
  } finally {
    await connection.query('SELECT pg_advisory_unlock($1)', [ADVISORY_LOCK]).catch(() => undefined);
    await connection.query('RESET statement_timeout; RESET lock_timeout').catch(() => undefined);
    await db.knex.client.releaseConnection(connection);
  }
}

// knex puts the whole statement before PostgreSQL's own sentence.
function reason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.slice(text.lastIndexOf(' - ') + 1).replace(/^- /, '');
}

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
    try {
      const [, names] = await db.knex.migrate.latest(migratorConfig(directory));
      return names;
    } catch (error) {
      throw new UsageError(`A migration failed and was rolled back: ${message(error)}`);
    }
  });
}

/** Takes back the last `steps` migrations (all by default): for tests and for a failed release. */
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

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

// Migrations: timestamped files in migrations/, run in order, safe when two nodes start together.
import { fileURLToPath } from 'node:url';
import type { Knex } from 'knex';
import { UsageError } from '../errors.ts';
import { type Database, openDatabase } from './database.ts';

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
 * Runs the outstanding migrations, and those of the job runner, and returns the names of ours.
 * A second node waits for the first. A broken migration is named in a UsageError and changes nothing.
 */
export async function migrate(
  { url, name }: { url: string; name: string },
  directory = DIRECTORY,
): Promise<string[]> {
  const db = openDatabase({ url, name, patient: true });
  try {
    return await locked(db, async () => {
      const names = await runPending(db, directory);
      const { migrateJobs } = await import('./job-migrations.ts');
      await migrateJobs({ url, name });
      return names;
    });
  } finally {
    await db.close();
  }
}

async function runPending(db: Database, directory: string): Promise<string[]> {
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
}

/** Takes back all migrations, newest first: for tests. The job runner keeps its tables. */
export async function migrateDown(db: Database, directory = DIRECTORY): Promise<void> {
  await locked(db, () => db.knex.migrate.rollback(migratorConfig(directory), true));
}

/** Names of migrations that have not run yet. */
export async function pendingMigrations(db: Database, directory = DIRECTORY): Promise<string[]> {
  const [, pending] = await db.knex.migrate.list(migratorConfig(directory));
  return pending.map(({ file }: { file: string }) => file);
}

async function locked<T>(db: Database, work: () => Promise<T>): Promise<T> {
  // Held by one transaction while knex migrates on other connections; a pooler bears that, too.
  return db.knex.transaction(async (transaction) => {
    for (const limit of [
      'statement_timeout',
      'lock_timeout',
      'idle_in_transaction_session_timeout',
    ])
      await transaction.raw(`SET LOCAL ${limit} = 0`);
    await transaction.raw('SELECT pg_advisory_xact_lock(?)', [ADVISORY_LOCK]);
    return work();
  });
}

// knex puts the whole statement before PostgreSQL's own sentence.
function reason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.slice(text.lastIndexOf(' - ') + 1).replace(/^- /, '');
}

// The tables of the job runner, which brings its own migrations. The library is loaded only to migrate.
import type { Database } from './database.ts';
import { openJobPool } from './job-pool.ts';

/** The newest migration of the pinned graphile-worker; a test compares. */
export const JOBS_REVISION = 20;

/** Brings the schema `graphile_worker` up to date. Safe when two nodes do it at once. */
export async function migrateJobs({ url, name }: { url: string; name: string }): Promise<void> {
  const { Logger, runMigrations } = await import('graphile-worker');
  // What is lost meanwhile also fails the migration.
  const pool = openJobPool({ url, name, onError: () => undefined, patient: true });
  try {
    await runMigrations({ pgPool: pool, logger: new Logger(() => () => undefined) });
  } finally {
    await pool.end();
  }
}

/** True when this release could not run its jobs. */
export async function areJobsPending(db: Database): Promise<boolean> {
  const { rows } = await db.knex.raw("SELECT to_regclass('graphile_worker.migrations') AS found");
  if (rows[0].found === null) return true;
  const revision = await db.knex('graphile_worker.migrations').max('id AS newest').first();
  return (revision?.['newest'] ?? 0) < JOBS_REVISION;
}

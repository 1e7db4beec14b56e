// The tables of the job runner, which brings its own migrations. Loaded only to migrate.
import { Logger, runMigrations } from 'graphile-worker';

/** Brings the schema `graphile_worker` up to date. Safe when two nodes do it at once. */
export async function migrateJobs(url: string): Promise<void> {
  await runMigrations({ connectionString: url, logger: new Logger(() => () => undefined) });
}

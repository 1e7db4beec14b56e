// What must hold before anything runs on a database: it is migrated, and it is for this mode.
import type { Config } from '../config.ts';
import { UsageError } from '../errors.ts';
import type { Database } from '../storage/database.ts';
import { areJobsPending } from '../storage/job-migrations.ts';
import { pendingMigrations } from '../storage/migrate.ts';

const MIGRATE = 'run `npx gatehouse migrate` first.';

/** Throws a UsageError that names the command to run. */
export async function expectMigrated(db: Database): Promise<void> {
  const { length } = await pendingMigrations(db);
  const lacks = length === 1 ? 'one migration' : `${length} migrations`;
  if (length > 0) throw new UsageError(`The database lacks ${lacks}: ${MIGRATE}`);
  if (await areJobsPending(db))
    throw new UsageError(`The database lacks the tables of the job runner: ${MIGRATE}`);
}

/** Throws a UsageError when the database was set up for the other mode. */
export function expectMode(mode: Config['mode'], installed: Config['mode']): void {
  if (installed === mode) return;
  throw new UsageError(
    mode === 'demo'
      ? 'This database belongs to a production server: the demo does not touch it.'
      : 'This database holds the demo seed, whose passwords are public: production needs a database of its own.',
  );
}

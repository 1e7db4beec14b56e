// Creates the file of a new migration, in order after all others.
import { readdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../errors.ts';

/** Where this checkout keeps its migrations. */
export const MIGRATIONS =
  relative(process.cwd(), fileURLToPath(new URL('../../migrations', import.meta.url))) || '.';

const TEMPLATE = `import type { Knex } from 'knex';

// Release N-1 runs beside this one: add first, remove in a later release.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(\`
    -- ALTER TABLE ...
  \`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(\`
    -- ALTER TABLE ...
  \`);
}
`;

/** True for a verb and a noun in snake_case, such as add_client_owner. */
export function isMigrationName(name: string): boolean {
  return /^[a-z]+(_[a-z0-9]+)+$/.test(name) && name.length <= 60;
}

/** Writes `<directory>/<YYYYMMDDHHMM>_<name>.ts` and returns its path. Refuses a name that is taken. */
export function writeMigration(options: { name: string; directory: string; now: Date }): string {
  const { name, directory } = options;
  try {
    const existing = readdirSync(directory).filter((file) => /^\d{12}_\w+\.ts$/.test(file));
    const taken = existing.find((file) => file.slice(13) === `${name}.ts`);
    if (taken) throw new UsageError(`${taken} has that name: choose one that says what is new.`);
    const path = join(directory, `${timestampAfter(existing, options.now)}_${name}.ts`);
    writeFileSync(path, TEMPLATE, { flag: 'wx' });
    return path;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const why = error instanceof Error ? error.message : error;
    throw new UsageError(`The migration cannot be written to ${directory} (${why}).`);
  }
}

// Migrations run in the order of their names, so a new one must sort last even when clocks differ.
function timestampAfter(existing: string[], now: Date): string {
  const newest = existing.toSorted().at(-1)?.slice(0, 12) ?? '';
  const stamp = format(now);
  if (stamp > newest) return stamp;
  const iso = newest.replace(/(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)/, '$1-$2-$3T$4:$5Z');
  return format(new Date(Date.parse(iso) + 60_000));
}

function format(time: Date): string {
  return time.toISOString().slice(0, 16).replace(/\D/g, '');
}

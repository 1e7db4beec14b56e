// connectors apply: what a file says of connectors becomes so; those that it does not name stay.
import { z } from 'zod';
import { UsageError } from '../../errors.ts';
import {
  addConnector,
  changeConnector,
  changedSettings,
  expectValid,
} from '../../federation/management/manage-connectors.ts';
import { type ConnectorRow, findConnector } from '../../storage/connectors.ts';
import { type Installation, OPERATOR, withInstallation } from '../open.ts';
import { note, printJson } from '../print.ts';
import { readJsonInput } from './read-settings.ts';

export const applyOptions = z.object({
  file: z.string(),
  dryRun: z.boolean().default(false),
  json: z.boolean().default(false),
});

const wanted = z.strictObject({
  id: z.string(),
  kind: z.string(),
  name: z.string(),
  enabled: z.boolean().default(true),
  settings: z.record(z.string(), z.unknown()),
});
const file = z.strictObject({ connectors: z.array(wanted).max(1000) });
type Wanted = z.infer<typeof wanted>;

interface Difference {
  id: string;
  action: 'add' | 'change' | 'keep';
  changes: { name: string; before: unknown; after: unknown }[];
}

/** Applies a file, all of it or nothing, and prints what is different. */
export async function runApply(options: z.infer<typeof applyOptions>): Promise<void> {
  const connectors = readConnectors(await readJsonInput(options.file));
  const differences = await withInstallation(async ({ db }) => {
    const found: Difference[] = [];
    for (const one of connectors) found.push(await applyOne(db, one, options.dryRun));
    return found;
  });
  if (options.json) printJson(differences);
  else for (const difference of differences) process.stdout.write(linesOf(difference));
  if (options.dryRun) note('Nothing was changed (--dry-run).');
}

function readConnectors(input: unknown): Wanted[] {
  const { success, data, error } = file.safeParse(input);
  if (!success) {
    const problems = error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new UsageError(
      `The file must look like {"connectors":[{"id","kind","name","settings"}]}. ${problems.join('. ')}.`,
    );
  }
  const ids = data.connectors.map(({ id }) => id);
  const twice = ids.find((id, place) => ids.indexOf(id) !== place);
  if (twice !== undefined) throw new UsageError(`The file names ${twice} twice.`);
  return data.connectors;
}

async function applyOne(
  db: Installation['db'],
  { enabled, ...connector }: Wanted,
  dryRun: boolean,
): Promise<Difference> {
  expectValid(connector);
  const { id, kind } = connector;
  const row = await findConnector(db, id);
  if (row && row.kind !== kind) {
    throw new UsageError(
      `${id} is of the kind ${row.kind}, which cannot become ${kind}: its identities would be others'. Add one with another id.`,
    );
  }
  const changes = changesOf(row, { ...connector, enabled });
  if (!dryRun) await apply(db, row, { ...connector, enabled }, changes.length > 0);
  const change = changes.length > 0 ? 'change' : 'keep';
  return { id, action: row ? change : 'add', changes };
}

async function apply(
  db: Installation['db'],
  row: ConnectorRow | undefined,
  { enabled, ...connector }: Wanted,
  differs: boolean,
): Promise<void> {
  const { id, name, settings } = connector;
  if (row) {
    if (differs) await changeConnector(db, row, { name, enabled, settings }, OPERATOR);
    return;
  }
  await addConnector(db, connector, OPERATOR);
  const added = enabled ? undefined : await findConnector(db, id);
  if (added) await changeConnector(db, added, { enabled }, OPERATOR);
}

function changesOf(row: ConnectorRow | undefined, after: Wanted): Difference['changes'] {
  const nothing = { name: undefined, enabled: true, settings: {} as ConnectorRow['settings'] };
  const before = row ?? nothing;
  const columns = (['name', 'enabled'] as const)
    .filter((name) => before[name] !== after[name])
    .map((name) => ({ name, before: before[name], after: after[name] }));
  const settings = changedSettings(before.settings, after.settings).map((name) => ({
    name: `settings.${name}`,
    before: before.settings[name],
    after: after.settings[name],
  }));
  return [...columns, ...settings];
}

function linesOf({ id, action, changes }: Difference): string {
  const sign = { add: '+', change: '~', keep: ' ' }[action];
  const lines = changes.map(({ name, before, after }) =>
    action === 'add'
      ? `    ${name}: ${JSON.stringify(after)}`
      : `    ${name}: ${JSON.stringify(before) ?? '-'} -> ${JSON.stringify(after) ?? '-'}`,
  );
  return `${[`${sign} ${id}`, ...lines].join('\n')}\n`;
}

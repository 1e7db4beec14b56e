// Adding, changing and removing connectors, by whoever administers this installation. In the running
// unit of work.
import { UsageError } from '../../errors.ts';
import { insertAuditEvents } from '../../storage/audit-events.ts';
import {
  type ConnectorRow,
  deleteConnector,
  findConnector,
  insertConnector,
  type NewConnector,
  updateConnector,
} from '../../storage/connectors.ts';
import type { Database } from '../../storage/database.ts';
import { countIdentities } from '../../storage/identities.ts';
import { parseSettings } from '../connectors.ts';

const ID = /^[a-z][a-z0-9-]{0,40}$/;
const NAME = /^[^\p{C}]{1,60}$/u;

type Change = Partial<Pick<ConnectorRow, 'name' | 'settings' | 'enabled'>>;

/** Adds a connector. Throws a UsageError that says what is wrong with it. */
export async function addConnector(
  db: Database,
  connector: NewConnector,
  by: string,
): Promise<void> {
  expectValid(connector);
  const { id, kind } = connector;
  if (await findConnector(db, id))
    throw new UsageError(`There is already a connector ${id}: \`connectors set\` changes it.`);
  await insertConnector(db, connector);
  await record(db, 'connector.added', { by, connector: id, kind });
}

/** Changes a connector. Throws a UsageError that says what is wrong with the change. */
export async function changeConnector(
  db: Database,
  row: ConnectorRow,
  change: Change,
  by: string,
): Promise<void> {
  expectValid({ ...row, ...change });
  await updateConnector(db, row.id, change);
  const { settings, ...columns } = change;
  const changed = [
    ...Object.keys(columns),
    ...(settings ? changedSettings(row.settings, settings) : []),
  ];
  await record(db, typeOfChange(change), { by, connector: row.id, changed });
}

/** Removes a connector. Throws a UsageError while people sign in with it. */
export async function removeConnector(db: Database, id: string, by: string): Promise<void> {
  const count = await countIdentities(db, id);
  if (count > 0) {
    const have = count === 1 ? 'One identity belongs' : `${count} identities belong`;
    throw new UsageError(
      `${have} to ${id}: who signs in with it would be locked out. \`connectors disable ${id}\` turns it off and keeps them.`,
    );
  }
  if (!(await deleteConnector(db, id))) throw unknownConnector(id);
  await record(db, 'connector.removed', { by, connector: id });
}

/** Finds a connector. Throws a UsageError when there is none. */
export async function loadConnector(db: Database, id: string): Promise<ConnectorRow> {
  const row = await findConnector(db, id);
  if (!row) throw unknownConnector(id);
  return row;
}

/** The top-level settings in which two versions differ. */
export function changedSettings(
  before: Record<string, unknown>,
  after: Record<string, unknown>,
): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names]
    .filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
    .toSorted();
}

/** Throws a UsageError that says what is wrong with a connector, in one sentence after the other. */
export function expectValid({ id, name, kind, settings }: NewConnector): void {
  if (!ID.test(id)) {
    throw new UsageError(
      'The id of a connector must have 1 to 41 lower-case letters, digits or hyphens and begin with a letter.',
    );
  }
  if (!NAME.test(name) || name.trim() !== name)
    throw new UsageError('The name of a connector must have 1 to 60 characters on one line.');
  try {
    parseSettings(kind, settings);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`The connector ${id} is not right. ${error.problems.join(' ')}`);
  }
}

function typeOfChange({ enabled, ...others }: Change): string {
  if (enabled === undefined || Object.keys(others).length > 0) return 'connector.changed';
  return enabled ? 'connector.enabled' : 'connector.disabled';
}

function unknownConnector(id: string): UsageError {
  return new UsageError(`There is no connector ${id}: \`connectors list\` shows them all.`);
}

async function record(db: Database, type: string, detail: Record<string, unknown>): Promise<void> {
  await insertAuditEvents(db, [{ type, detail }]);
}

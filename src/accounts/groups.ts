// Groups of accounts, which tokens name in `groups`. In the running unit of work.
import { z } from 'zod';
import { AppError, invalidRequest } from '../errors.ts';
import type { AccountRow } from '../storage/accounts.ts';
import { insertAuditEvents } from '../storage/audit-events.ts';
import type { Database } from '../storage/database.ts';
import {
  addToGroups,
  deleteGroup,
  findGroupsByName,
  type GroupRow,
  insertGroup,
  removeFromGroup,
} from '../storage/groups.ts';

const groupRequest = z.object({
  name: z
    .string()
    .regex(
      /^[A-Za-z][A-Za-z0-9._:-]{0,63}$/,
      'A group name must have 1 to 64 letters, digits, dots, colons, hyphens or underscores and begin with a letter.',
    ),
  description: z
    .string()
    .trim()
    .regex(/^\P{C}{1,200}$/u, 'A description must have 1 to 200 characters on one line.')
    .optional(),
});

/** Creates a group. Throws 400 that says what is wrong, 409 when the name is taken. */
export async function createGroup(
  db: Database,
  request: z.input<typeof groupRequest>,
  by: string,
): Promise<GroupRow> {
  const { success, data, error } = groupRequest.safeParse(request);
  if (!success) throw invalidRequest(error.issues.map(({ message }) => message).join(' '));
  const { name, description } = data;
  const group = await insertGroup(db, { name, description }).catch((cause) => {
    throw cause.code === '23505'
      ? new AppError(409, 'conflict', `There is already a group ${name}.`, { cause })
      : cause;
  });
  await insertAuditEvents(db, [{ type: 'group.created', detail: { by, group: group.name } }]);
  return group;
}

/** Loads groups by name. Throws 404 that names the one that is missing. */
export async function loadGroups(db: Database, names: string[]): Promise<GroupRow[]> {
  const found = await findGroupsByName(db, names);
  const known = new Set(found.map(({ name }) => name.toLowerCase()));
  const missing = names.find((name) => !known.has(name.toLowerCase()));
  if (missing === undefined) return found;
  throw new AppError(404, 'not_found', `There is no group ${missing}.`);
}

/** Adds an account to a group. Returns false when it was in it. */
export async function addAccountToGroup(
  db: Database,
  account: AccountRow,
  group: GroupRow,
  by: string,
): Promise<boolean> {
  const added = (await addToGroups(db, account.id, [group.id])) > 0;
  if (added) await record(db, 'group.account-added', account, group, by);
  return added;
}

/** Removes an account from a group. Returns false when it was not in it. */
export async function removeAccountFromGroup(
  db: Database,
  account: AccountRow,
  group: GroupRow,
  by: string,
): Promise<boolean> {
  const removed = await removeFromGroup(db, account.id, group.id);
  if (removed) await record(db, 'group.account-removed', account, group, by);
  return removed;
}

/** Deletes a group; its accounts stay. */
export async function dropGroup(db: Database, group: GroupRow, by: string): Promise<void> {
  await deleteGroup(db, group.id);
  await insertAuditEvents(db, [{ type: 'group.deleted', detail: { by, group: group.name } }]);
}

function record(db: Database, type: string, account: AccountRow, group: GroupRow, by: string) {
  return insertAuditEvents(db, [
    { type, accountId: account.id, detail: { by, group: group.name } },
  ]);
}

// Groups: named sets of accounts.
import { randomBytes } from 'node:crypto';
import type { Database } from './database.ts';

export interface GroupRow {
  id: string;
  name: string;
  description: string | null;
  created_at: Date;
}

/** Creates a group. Throws the database's unique violation (23505) for a known name. */
export async function insertGroup(
  db: Database,
  group: { name: string; description: string | undefined },
): Promise<GroupRow> {
  const query = await db.write();
  const [row] = await query<GroupRow>('groups')
    .insert({
      id: `grp_${randomBytes(12).toString('hex')}`,
      name: group.name,
      description: group.description ?? null,
    })
    .returning('*');
  if (!row) throw new Error('the database returned no group');
  return row;
}

/** Finds groups by their names, in any letter case; those that there are. */
export async function findGroupsByName(db: Database, names: string[]): Promise<GroupRow[]> {
  const query = await db.query();
  return query<GroupRow>('groups').whereRaw(
    'lower(name) = ANY (SELECT lower(n) FROM unnest(?::text[]) AS n)',
    [names],
  );
}

/** Finds groups by their ids; those that there are. */
export async function findGroupsById(db: Database, ids: string[]): Promise<GroupRow[]> {
  const query = await db.query();
  return query<GroupRow>('groups').whereIn('id', ids);
}

/** All groups by name, at most `limit`, with how many accounts are in each. */
export async function listGroups(
  db: Database,
  limit: number,
): Promise<(GroupRow & { members: number })[]> {
  const query = await db.query();
  return query('groups')
    .select('groups.*')
    .select(
      query.raw('(SELECT count(*)::int FROM account_groups WHERE group_id = groups.id) AS members'),
    )
    .orderBy('name')
    .limit(limit);
}

/** Adds an account to groups; where it is one already, nothing changes. Returns how many are new. */
export async function addToGroups(
  db: Database,
  accountId: string,
  groupIds: string[],
): Promise<number> {
  if (groupIds.length === 0) return 0;
  const query = await db.write();
  const added = await query('account_groups')
    .insert(groupIds.map((group_id) => ({ account_id: accountId, group_id })))
    .onConflict()
    .ignore()
    .returning('group_id');
  return added.length;
}

/** Removes an account from a group. Returns false when it was not in it. */
export async function removeFromGroup(
  db: Database,
  accountId: string,
  groupId: string,
): Promise<boolean> {
  const query = await db.write();
  const removed = await query('account_groups')
    .where({ account_id: accountId, group_id: groupId })
    .delete();
  return removed === 1;
}

/** Deletes a group; its accounts stay. */
export async function deleteGroup(db: Database, id: string): Promise<void> {
  const query = await db.write();
  await query('groups').where({ id }).delete();
}

// Accounts that were deleted: they can come back until they are erased.
import type { AccountRow } from './accounts.ts';
import { announceClients } from './client-news.ts';
import type { Database } from './database.ts';

export type DeletedAccount = AccountRow & { deleted_at: Date };

/** Marks an account as deleted. Its address is free again. */
export async function markDeleted(db: Database, id: string): Promise<void> {
  const query = await db.write();
  await query('accounts')
    .where({ id })
    .update({ state: 'deleted', deleted_at: query.fn.now(), updated_at: query.fn.now() });
  await announceClients(query, { ownerId: id });
}

/** Takes the mark away. Throws the database's unique violation (23505) when the address is taken. */
export async function unmarkDeleted(
  db: Database,
  id: string,
  state: 'active' | 'pending',
): Promise<void> {
  const query = await db.write();
  await query('accounts')
    .where({ id })
    .update({ state, deleted_at: null, updated_at: query.fn.now() });
  await announceClients(query, { ownerId: id });
}

/** The deleted account of an id or address; of several, the one deleted last. */
export async function findDeletedAccount(
  db: Database,
  idOrEmail: string,
): Promise<DeletedAccount | undefined> {
  const query = await db.query();
  return query<DeletedAccount>('accounts')
    .where({ state: 'deleted' })
    .whereRaw('(id = ? OR lower(email) = lower(?))', [idOrEmail, idOrEmail])
    .orderBy('deleted_at', 'desc')
    .first();
}

/** Erases at most `limit` accounts that were deleted so long ago, and returns their ids. */
export async function eraseAccounts(db: Database, days: number, limit: number): Promise<string[]> {
  const query = await db.write();
  const { rows } = await query.raw(
    `DELETE FROM accounts WHERE id = ANY (ARRAY(
       SELECT id FROM accounts
       WHERE state = 'deleted' AND deleted_at < now() - ? * interval '1 day'
       ORDER BY deleted_at LIMIT ? FOR UPDATE SKIP LOCKED)) RETURNING id`,
    [days, limit],
  );
  return rows.map((row: { id: string }) => row.id);
}

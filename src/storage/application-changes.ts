// What becomes of an application after it was created: its name, whether that was verified, its end.

import type { Application } from './applications.ts';
import { announceClients } from './client-news.ts';
import type { Database } from './database.ts';

/** Days in which a deleted application can be taken back. */
export const GRACE_DAYS = 30;

/** How many applications an account owns that are not deleted; what it creates meanwhile waits. */
export async function countOwnApplications(db: Database, accountId: string): Promise<number> {
  const query = await db.write();
  // Not FOR UPDATE: whatever only refers to the account need not wait.
  await query.raw('SELECT id FROM accounts WHERE id = ? FOR NO KEY UPDATE', [accountId]);
  const [row] = await query('applications')
    .count({ applications: '*' })
    .where({ owner_id: accountId, erase_at: null });
  return Number(row?.['applications']);
}

/** The application of this name that an account owns, in any letter case. */
export async function findOwnApplicationByName(
  db: Database,
  accountId: string,
  name: string,
): Promise<{ id: string; name: string } | undefined> {
  const query = await db.query();
  return query('applications')
    .where({ owner_id: accountId, erase_at: null })
    .whereRaw('lower(name) = lower(?)', [name])
    .first('id', 'name');
}

/** Changes what is said of an application; under another name it is not verified any more. */
export async function describeApplication(
  db: Database,
  id: string,
  about: Pick<Application, 'name' | 'description' | 'homepage'>,
): Promise<void> {
  const query = await db.write();
  await query('applications')
    .where({ id })
    .update({
      name: about.name,
      description: about.description,
      homepage: about.homepage ?? null,
      verified_at: query.raw('CASE WHEN name = ? THEN verified_at END', [about.name]),
      updated_at: query.fn.now(),
    });
  await query('clients').where({ application_id: id }).update({ name: about.name });
  await announceClients(query, { applicationId: id });
}

/** Notes that name and logo are theirs, or no longer known to be. */
export async function verifyApplication(
  db: Database,
  id: string,
  verified: boolean,
): Promise<void> {
  const query = await db.write();
  await query('applications')
    .where({ id })
    .update({ verified_at: verified ? query.fn.now() : null, updated_at: query.fn.now() });
  await announceClients(query, { applicationId: id });
}

/**
 * Deletes an application, with its days of grace, on every node. Returns when it is erased;
 * undefined: it was deleted already.
 */
export async function markApplicationDeleted(db: Database, id: string): Promise<Date | undefined> {
  const query = await db.write();
  const [row] = await query('applications')
    .where({ id, erase_at: null })
    .update({
      erase_at: query.raw("now() + ? * interval '1 day'", [GRACE_DAYS]),
      updated_at: query.fn.now(),
    })
    .returning('erase_at');
  await announceClients(query, { applicationId: id });
  return row?.erase_at;
}

/** Takes a deletion back, on every node. Returns false when there is nothing to take back. */
export async function unmarkApplicationDeleted(db: Database, id: string): Promise<boolean> {
  const query = await db.write();
  const changed = await query('applications')
    .where({ id })
    .whereRaw('erase_at > now()')
    .update({ erase_at: null, updated_at: query.fn.now() });
  await announceClients(query, { applicationId: id });
  return changed === 1;
}

/** Erases an application for good, with its clients, on every node. */
export async function eraseApplication(db: Database, id: string): Promise<void> {
  const query = await db.write();
  // Before: afterwards nobody knows which they were.
  await announceClients(query, { applicationId: id });
  await query('applications').where({ id }).delete();
}

/** Erases at most `limit` applications whose grace is over, and returns their ids. */
export async function eraseDueApplications(db: Database, limit: number): Promise<string[]> {
  const query = await db.write();
  const due: { id: string }[] = await query('applications')
    .whereRaw('erase_at <= now()')
    .orderBy('erase_at')
    .limit(limit)
    .forUpdate()
    .skipLocked()
    .select('id');
  for (const { id } of due) await eraseApplication(db, id);
  return due.map(({ id }) => id);
}

// The co-owners of applications: who they are, and who joins, leaves or becomes the owner.
import { announceClients } from './client-news.ts';
import type { Database } from './database.ts';

export interface Member {
  accountId: string;
  email: string;
  name: string;
  language: string | undefined;
  joinedAt: Date;
  isOwner: boolean;
}

/** The members whose accounts are in use, the one who joined first in front. */
export async function listMembers(db: Database, applicationId: string): Promise<Member[]> {
  const query = await db.query();
  const rows = await query('application_members AS m')
    .join('accounts', 'accounts.id', 'm.account_id')
    .join('applications', 'applications.id', 'm.application_id')
    .where({ application_id: applicationId, state: 'active' })
    .select('m.account_id', 'm.joined_at', 'email', 'given_name', 'family_name')
    .select('preferred_language', 'owner_id')
    .orderBy('m.joined_at')
    .orderBy('m.account_id');
  return rows.map((row) => ({
    accountId: row.account_id,
    email: row.email,
    name: [row.given_name, row.family_name].filter(Boolean).join(' '),
    language: row.preferred_language ?? undefined,
    joinedAt: row.joined_at,
    isOwner: row.account_id === row.owner_id,
  }));
}

/** How many belong to an application, whatever became of their accounts. */
export async function countMembers(db: Database, applicationId: string): Promise<number> {
  const query = await db.query();
  const [row] = await query('application_members')
    .count({ members: '*' })
    .where({ application_id: applicationId });
  return Number(row?.['members']);
}

/** Adds a member. Returns false when they are one already. */
export async function insertMember(
  db: Database,
  applicationId: string,
  accountId: string,
): Promise<boolean> {
  const query = await db.write();
  const added = await query('application_members')
    .insert({ application_id: applicationId, account_id: accountId })
    .onConflict()
    .ignore()
    .returning('account_id');
  return added.length === 1;
}

/** Removes a member who is not the owner. Returns false when there was none. */
export async function deleteMember(
  db: Database,
  applicationId: string,
  accountId: string,
): Promise<boolean> {
  const query = await db.write();
  const removed = await query('application_members')
    .where({ application_id: applicationId, account_id: accountId })
    .whereNotExists(
      query('applications')
        .select(query.raw('1'))
        .where({ id: applicationId, owner_id: accountId }),
    )
    .delete();
  return removed === 1;
}

/**
 * Makes a member the owner in place of another, and tells the nodes. Returns false when the one was
 * not the owner any more, or the other is no member in use.
 */
export async function changeOwner(
  db: Database,
  applicationId: string,
  { from, to }: { from: string; to: string },
): Promise<boolean> {
  const query = await db.write();
  const { rowCount } = await query.raw(
    `UPDATE applications SET owner_id = ?, updated_at = now()
     WHERE id = ? AND owner_id = ? AND EXISTS (
       SELECT 1 FROM application_members m JOIN accounts ON accounts.id = m.account_id
       WHERE m.application_id = applications.id AND m.account_id = ? AND accounts.state = 'active')`,
    [to, applicationId, from, to],
  );
  await announceClients(query, { applicationId });
  return rowCount === 1;
}

/**
 * Gives the applications of an account that goes to the co-owner of each who joined first, and
 * tells the nodes of all of them: those without one stop with their owner.
 */
export async function passOnApplications(
  db: Database,
  accountId: string,
): Promise<{ applicationId: string; ownerId: string }[]> {
  const query = await db.write();
  // Before: afterwards some are no more theirs.
  await announceClients(query, { ownerId: accountId });
  // Who leaves meanwhile inherits nothing.
  await query('applications').where({ owner_id: accountId }).orderBy('id').forUpdate().select('id');
  const { rows } = await query.raw(
    `UPDATE applications SET owner_id = heirs.account_id, updated_at = now()
     FROM (SELECT DISTINCT ON (m.application_id) m.application_id, m.account_id
           FROM applications own
             JOIN application_members m ON m.application_id = own.id AND m.account_id <> own.owner_id
             JOIN accounts ON accounts.id = m.account_id AND accounts.state = 'active'
           WHERE own.owner_id = ?
           ORDER BY m.application_id, m.joined_at, m.account_id) AS heirs
     WHERE heirs.application_id = applications.id AND owner_id = ?
     RETURNING applications.id, applications.owner_id`,
    [accountId, accountId],
  );
  return rows.map((row: { id: string; owner_id: string }) => ({
    applicationId: row.id,
    ownerId: row.owner_id,
  }));
}

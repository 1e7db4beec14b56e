// Identities: the upstream logins of accounts.
import { randomBytes } from 'node:crypto';
import type { Database } from './database.ts';

export interface IdentityRow {
  id: string;
  connector_id: string;
  issuer: string;
  subject: string;
  account_id: string;
  /** As the upstream says; nothing is decided by it. */
  email: string | null;
  display_name: string | null;
  roles: string[];
  created_at: Date;
  last_sign_in_at: Date | null;
}

export type IdentityKey = Pick<IdentityRow, 'connector_id' | 'issuer' | 'subject'>;

/** Finds the identity of that key, whoever's it is; one of a deleted account is nobody's. */
export async function findIdentity(
  db: Database,
  { connector_id, issuer, subject }: IdentityKey,
): Promise<IdentityRow | undefined> {
  const query = await db.query();
  return query('identities')
    .join('accounts', 'accounts.id', 'account_id')
    .select('identities.*')
    .where({ connector_id, issuer, subject })
    .whereNot({ state: 'deleted' })
    .first();
}

/** Of two requests that bring one identity at once, the second waits for the first one's commit. */
export async function lockIdentity(db: Database, key: IdentityKey): Promise<void> {
  const query = await db.write();
  const name = JSON.stringify([key.connector_id, key.issuer, key.subject]);
  await query.raw("SELECT pg_advisory_xact_lock(hashtextextended('identity' || ?, 0))", [name]);
}

/** Gives an account an identity. Throws the database's unique violation (23505) for a known key. */
export async function insertIdentity(
  db: Database,
  identity: IdentityKey & Pick<IdentityRow, 'account_id' | 'email' | 'display_name'>,
): Promise<IdentityRow> {
  const query = await db.write();
  // That of a deleted account, which could only be restored: the person has come back another way.
  const { connector_id, issuer, subject } = identity;
  await query('identities')
    .where({ connector_id, issuer, subject })
    .whereIn('account_id', query('accounts').select('id').where({ state: 'deleted' }))
    .delete();
  const [row] = await query<IdentityRow>('identities')
    .insert({ ...identity, id: `idn_${randomBytes(12).toString('hex')}` })
    .returning('*');
  if (!row) throw new Error('the database returned no identity');
  return row;
}

/** Notes a sign-in, and what the upstream says of the person now. */
export async function noteIdentityUse(
  db: Database,
  id: string,
  now: Pick<IdentityRow, 'email' | 'display_name' | 'roles'>,
): Promise<void> {
  const query = await db.write();
  await query('identities')
    .where({ id })
    .update({ ...now, last_sign_in_at: query.fn.now() });
}

/** The memberships of an identity become exactly these. */
export async function setIdentityGroups(
  db: Database,
  id: string,
  groupIds: string[],
): Promise<void> {
  const query = await db.write();
  await query('identity_groups')
    .where({ identity_id: id })
    .whereNotIn('group_id', groupIds)
    .delete();
  if (groupIds.length === 0) return;
  await query('identity_groups')
    .insert(groupIds.map((group_id) => ({ identity_id: id, group_id })))
    .onConflict()
    .ignore();
}

/** The identities of an account, the oldest first, each with the name of its connector. */
export async function listIdentities(
  db: Database,
  accountId: string,
): Promise<(IdentityRow & { connector_name: string; enabled: boolean })[]> {
  const query = await db.query();
  return query('identities')
    .join('connectors', 'connectors.id', 'connector_id')
    .select('identities.*', 'connectors.name AS connector_name', 'connectors.enabled')
    .where({ account_id: accountId })
    .orderBy('identities.created_at');
}

/** Removes an identity of an account. Returns false when the account has no such identity. */
export async function deleteIdentity(
  db: Database,
  accountId: string,
  id: string,
): Promise<boolean> {
  const query = await db.write();
  const deleted = await query('identities').where({ id, account_id: accountId }).delete();
  return deleted === 1;
}

/** Removes the identities that were linked to an account in the last seven days, not those it began with. */
export async function deleteIdentitiesLinkedLately(db: Database, accountId: string): Promise<void> {
  const query = await db.write();
  await query.raw(
    `DELETE FROM identities USING accounts
     WHERE account_id = ? AND accounts.id = account_id
       AND identities.created_at > accounts.created_at
       AND identities.created_at > now() - interval '7 days'`,
    [accountId],
  );
}

/** Removes all identities of an account: it was never proven whose they are. */
export async function deleteIdentitiesOf(db: Database, accountId: string): Promise<void> {
  const query = await db.write();
  await query('identities').where({ account_id: accountId }).delete();
}

/** How many identities a connector has. */
export async function countIdentities(db: Database, connectorId: string): Promise<number> {
  const query = await db.query();
  const [row] = await query('identities').where({ connector_id: connectorId }).count('id');
  return Number(row?.['count'] ?? 0);
}

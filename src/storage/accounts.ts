// Accounts: the people who sign in.
import { randomBytes } from 'node:crypto';
import { announceClients } from './client-news.ts';
import type { Database } from './database.ts';
import { runPrepared } from './prepared.ts';

export type AccountState = 'pending' | 'active' | 'blocked' | 'deleted';

export interface AccountRow {
  id: string;
  email: string;
  email_verified: boolean;
  given_name: string | null;
  family_name: string | null;
  roles: string[];
  state: AccountState;
  password_hash: string | null;
  approval: 'waiting' | 'rejected' | null;
  terms_version: string | null;
  preferred_language: string | null;
  created_at: Date;
  updated_at: Date;
}

/** An account with the names of its groups. */
export interface FoundAccount extends AccountRow {
  groups: string[];
}

export interface NewAccount {
  email: string;
  emailVerified: boolean;
  givenName?: string | undefined;
  familyName?: string | undefined;
  roles: string[];
  passwordHash?: string | undefined;
  preferredLanguage?: string | undefined;
  /** Set: the account is pending until an administrator approves it. */
  approval?: 'waiting' | undefined;
}

/** Creates an account, active unless it waits for approval. Throws the database's unique violation (23505) for a known address. */
export async function insertAccount(db: Database, account: NewAccount): Promise<AccountRow> {
  await lockAddress(db, account.email);
  const query = await db.write();
  const [row] = await query<AccountRow>('accounts')
    .insert({
      id: `usr_${randomBytes(12).toString('hex')}`,
      email: account.email,
      email_verified: account.emailVerified,
      given_name: account.givenName ?? null,
      family_name: account.familyName ?? null,
      roles: account.roles,
      password_hash: account.passwordHash ?? null,
      preferred_language: account.preferredLanguage ?? null,
      approval: account.approval ?? null,
      state: account.approval ? 'pending' : 'active',
    })
    .returning('*');
  if (!row) throw new Error('the database returned no account');
  return row;
}

/** Finds one account by id. */
export async function findAccountById(db: Database, id: string): Promise<FoundAccount | undefined> {
  const { rows } = await runPrepared<FoundAccount>(await db.query(), SELECT_BY_ID, [id]);
  return rows[0];
}

const SELECT_BY_ID = {
  name: 'account-by-id',
  // Roles and groups: those given by hand, and those that the connectors' mappings give.
  text: `SELECT id, email, email_verified, given_name, family_name, state, password_hash,
       approval, terms_version, preferred_language, created_at, updated_at,
       ARRAY(SELECT unnest(accounts.roles) UNION
             SELECT unnest(identities.roles) FROM identities WHERE account_id = accounts.id
             ORDER BY 1) AS roles,
       ARRAY(SELECT name FROM groups WHERE id IN (
               SELECT group_id FROM account_groups WHERE account_id = accounts.id UNION
               SELECT group_id FROM identity_groups JOIN identities ON identities.id = identity_id
               WHERE account_id = accounts.id)
             ORDER BY name) AS groups
     FROM accounts WHERE id = $1`,
};

/** Finds one account that is not deleted by its e-mail address, in any letter case. */
export async function findAccountByEmail(
  db: Database,
  email: string,
): Promise<AccountRow | undefined> {
  const query = await db.query();
  return query<AccountRow>('accounts')
    .whereRaw('lower(email) = lower(?)', [email])
    .whereNot({ state: 'deleted' })
    .first();
}

/** Of two requests that give an account one address at once, the second waits for the first. */
export async function lockAddress(db: Database, email: string): Promise<void> {
  const query = await db.write();
  await query.raw("SELECT pg_advisory_xact_lock(hashtextextended('address' || lower(?), 0))", [
    email,
  ]);
}

/** All accounts, oldest first, at most `limit`. */
export async function listAccounts(db: Database, limit: number): Promise<AccountRow[]> {
  const query = await db.query();
  return query<AccountRow>('accounts').orderBy('created_at').orderBy('id').limit(limit);
}

/** Changes the state of an account. Returns false when there is no such account. */
export async function setAccountState(
  db: Database,
  id: string,
  state: AccountState,
): Promise<boolean> {
  const query = await db.write();
  const changed = await query('accounts')
    .where({ id })
    .update({ state, updated_at: query.fn.now() });
  await announceClients(query, { ownerId: id });
  return changed === 1;
}

/** Changes the address, which counts as proven. Throws the database's unique violation (23505). */
export async function setEmail(db: Database, id: string, email: string): Promise<void> {
  await lockAddress(db, email);
  const query = await db.write();
  await query('accounts')
    .where({ id })
    .update({ email, email_verified: true, updated_at: query.fn.now() });
}

/** Lets an account in whose owner has proven its address. */
export async function activateProven(db: Database, id: string): Promise<void> {
  const query = await db.write();
  await query('accounts')
    .where({ id, state: 'pending' })
    .update({ state: 'active', email_verified: true, updated_at: query.fn.now() });
}

/** The account has a proven address and no password from now on. */
export async function claimAccountRow(db: Database, id: string): Promise<void> {
  const query = await db.write();
  await query('accounts').where({ id }).whereIn('state', ['pending', 'active']).update({
    state: 'active',
    email_verified: true,
    password_hash: null,
    updated_at: query.fn.now(),
  });
}

/** Stores a new password hash; null: no password opens the account. */
export async function setPasswordHash(
  db: Database,
  id: string,
  hash: string | null,
): Promise<void> {
  const query = await db.write();
  await query('accounts').where({ id }).update({ password_hash: hash, updated_at: query.fn.now() });
}

/** Changes the names; an empty one is none. */
export async function setAccountNames(
  db: Database,
  id: string,
  names: { givenName: string; familyName: string },
): Promise<void> {
  const query = await db.write();
  await query('accounts')
    .where({ id })
    .update({
      given_name: names.givenName || null,
      family_name: names.familyName || null,
      updated_at: query.fn.now(),
    });
}

/** Remembers the language that the person chose. */
export async function setPreferredLanguage(
  db: Database,
  id: string,
  language: string,
): Promise<void> {
  const query = await db.write();
  await query('accounts').where({ id }).update({ preferred_language: language });
}

/** Deletes an account for good, with everything that refers to it. */
export async function deleteAccountRow(db: Database, id: string): Promise<void> {
  const query = await db.write();
  await announceClients(query, { ownerId: id });
  await query('accounts').where({ id }).delete();
}

/** Decides about an account that is pending as it was read. Returns false when it changed meanwhile. */
export async function setApproval(
  db: Database,
  { id, approval }: Pick<AccountRow, 'id' | 'approval'>,
  decision: { approval: AccountRow['approval']; state: AccountState },
): Promise<boolean> {
  const query = await db.write();
  const changed = await query('accounts')
    .where({ id, state: 'pending', approval })
    .update({ ...decision, updated_at: query.fn.now() });
  return changed === 1;
}

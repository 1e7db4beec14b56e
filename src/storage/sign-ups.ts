// Sign-ups that wait for their address to be proven. None of them is an account.
import { randomUUID } from 'node:crypto';
import type { Database } from './database.ts';

export interface SignUpRow {
  id: string;
  email: string;
  given_name: string;
  family_name: string;
  password_hash: string;
  language: string;
  terms_version: string | null;
  interaction_uid: string | null;
  client_id: string | null;
}

/** Seconds that the link in the mail is good for. */
export const SIGN_UP_SECONDS = 30 * 60;

/** Keeps a sign-up in the running unit of work, and returns its id. */
export async function insertSignUp(db: Database, signUp: Omit<SignUpRow, 'id'>): Promise<string> {
  const query = await db.write();
  const id = randomUUID();
  await query('sign_ups').insert({
    ...{ id, ...signUp },
    // The link in a mail that is sent again has its full time.
    expires_at: query.raw("now() + ? * interval '1 second'", [2 * SIGN_UP_SECONDS]),
  });
  return id;
}

/** Finds a sign-up that is still of use. */
export async function findSignUp(db: Database, id: string): Promise<SignUpRow | undefined> {
  const query = await db.query();
  return query<SignUpRow>('sign_ups')
    .whereRaw('id::text = ?', [id])
    .whereRaw('expires_at > now()')
    .first();
}

/** Forgets all sign-ups of an address, in the running unit of work. */
export async function deleteSignUpsOf(db: Database, email: string): Promise<void> {
  const query = await db.write();
  await query('sign_ups').whereRaw('lower(email) = lower(?)', [email]).delete();
}

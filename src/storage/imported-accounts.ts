// Accounts that come by the hundred.
import type { Database } from './database.ts';

/** A new account as the table has it. */
export interface ImportedAccount {
  id: string;
  email: string;
  email_verified: boolean;
  given_name: string | null;
  family_name: string | null;
  roles: string[];
  password_hash: string | null;
}

/**
 * Creates accounts in the running unit of work and returns the ids of those that it created: an
 * address that has an account already, or twice in the list, is left as it is. Whoever has not proven
 * the address is pending.
 */
export async function insertImportedAccounts(
  db: Database,
  accounts: ImportedAccount[],
): Promise<Set<string>> {
  const query = await db.write();
  const { rows } = await query.raw(
    `INSERT INTO accounts (id, email, email_verified, given_name, family_name, roles, password_hash, state)
     SELECT id, email, email_verified, given_name, family_name, roles, password_hash,
       CASE WHEN email_verified THEN 'active' ELSE 'pending' END
     FROM jsonb_to_recordset(?::jsonb) AS new (id text, email text, email_verified boolean,
       given_name text, family_name text, roles text[], password_hash text)
     ON CONFLICT (lower(email)) WHERE state <> 'deleted' DO NOTHING
     RETURNING id`,
    [JSON.stringify(accounts)],
  );
  return new Set(rows.map(({ id }: { id: string }) => id));
}

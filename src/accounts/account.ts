// What the rest of the house may know of an account.

import type { FoundAccount } from '../storage/accounts.ts';
import { findAccountById } from '../storage/accounts.ts';
import type { Database } from '../storage/database.ts';

export interface Account {
  id: string;
  email: string;
  emailVerified: boolean;
  givenName: string | undefined;
  familyName: string | undefined;
  /** Given and family name, or the address when neither is known. */
  displayName: string;
  roles: string[];
  /** Names of groups, in order. */
  groups: string[];
  /** The terms of use that were accepted last. */
  termsVersion: string | undefined;
  updatedAt: Date;
}

/** Loads an account that may be used: undefined when unknown, pending, blocked or deleted. */
export async function findUsableAccount(db: Database, id: string): Promise<Account | undefined> {
  const row = await findAccountById(db, id);
  return row?.state === 'active' ? toAccount(row) : undefined;
}

/** Maps a row to the account. */
function toAccount(row: FoundAccount): Account {
  const name = [row.given_name, row.family_name].filter(Boolean).join(' ');
  return {
    id: row.id,
    email: row.email,
    emailVerified: row.email_verified,
    givenName: row.given_name ?? undefined,
    familyName: row.family_name ?? undefined,
    displayName: name || row.email,
    roles: row.roles,
    groups: row.groups,
    termsVersion: row.terms_version ?? undefined,
    updatedAt: row.updated_at,
  };
}

// The link "that was not me" of a mail: by it the owner of an address takes an account back.
import type { AccountRow } from '../../storage/accounts.ts';
import type { Database } from '../../storage/database.ts';
import { issueEmailToken } from '../../storage/email-tokens.ts';

const LIFETIME_SECONDS = 7 * 24 * 3600;

/** Issues a link, in the running unit of work; the address of the account is what it brings back. */
export async function issueNotMeLink(
  { db, issuer }: { db: Database; issuer: string },
  account: Pick<AccountRow, 'id' | 'email'>,
): Promise<string> {
  const token = await issueEmailToken(db, {
    purpose: 'not-me',
    accountId: account.id,
    lifetimeSeconds: LIFETIME_SECONDS,
    data: { email: account.email },
  });
  return `${issuer}/not-me?token=${token}`;
}

// The true owner of an address arrives, and its account was never proven: the account is theirs, and
// nothing that a stranger may have planted in it stays.
import { type AccountRow, claimAccountRow } from '../storage/accounts.ts';
import { insertAuditEvents } from '../storage/audit-events.ts';
import type { Database } from '../storage/database.ts';
import { cancelEmailTokens } from '../storage/email-tokens.ts';
import { deleteIdentitiesOf } from '../storage/identities.ts';
import { destroyPayloadsOfAccount } from '../storage/oidc-payloads.ts';

/** Drops password, sessions, identities and changes under way, in the running unit of work. */
export async function claimAccount(db: Database, { id }: Pick<AccountRow, 'id'>): Promise<void> {
  await destroyPayloadsOfAccount(db, id);
  await deleteIdentitiesOf(db, id);
  await cancelEmailTokens(db, id, ['reset-password', 'change-email', 'not-me']);
  await claimAccountRow(db, id);
  await insertAuditEvents(db, [{ type: 'account.claimed', accountId: id }]);
}

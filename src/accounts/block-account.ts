// Blocking an account ends everything it holds, at once and on every node.
import { AppError } from '../errors.ts';
import {
  type AccountRow,
  findAccountByEmail,
  findAccountById,
  setAccountState,
} from '../storage/accounts.ts';
import { insertAuditEvents } from '../storage/audit-events.ts';
import type { Database } from '../storage/database.ts';
import { revokeInvitationsBy } from '../storage/invitations.ts';
import { destroyPayloadsOfAccount } from '../storage/oidc-payloads.ts';

/** Loads an account by its id or its e-mail address. Throws 404 when there is none. */
export async function loadAccount(db: Database, idOrEmail: string): Promise<AccountRow> {
  const found = idOrEmail.startsWith('usr_')
    ? await findAccountById(db, idOrEmail)
    : await findAccountByEmail(db, idOrEmail.trim());
  if (found && found.state !== 'deleted') return found;
  throw new AppError(404, 'not_found', `There is no account ${idOrEmail}.`);
}

/**
 * Blocks the account in the running unit of work: no sign-in, no refresh, and its sessions, codes,
 * grants and tokens are gone, and so is whom it invited. Access tokens that backends verify themselves live out their minutes.
 */
export async function blockAccount(db: Database, accountId: string, by: string): Promise<void> {
  await changeState(db, accountId, 'blocked');
  await revokeInvitationsBy(db, accountId);
  await insertAuditEvents(db, [{ type: 'account.blocked', accountId, detail: { by } }]);
}

/** Lets a blocked account in again, in the running unit of work. It has to sign in anew. */
export async function unblockAccount(db: Database, account: AccountRow, by: string): Promise<void> {
  await changeState(db, account.id, stateOf(account));
  await insertAuditEvents(db, [
    { type: 'account.unblocked', accountId: account.id, detail: { by } },
  ]);
}

/** The state of an account that nothing stands against any more. */
export function stateOf(account: AccountRow): 'active' | 'pending' {
  return account.email_verified && account.approval === null ? 'active' : 'pending';
}

// Both ways: a request that was under way while the account was blocked may have left a session.
async function changeState(
  db: Database,
  accountId: string,
  state: 'active' | 'pending' | 'blocked',
): Promise<void> {
  await setAccountState(db, accountId, state);
  await destroyPayloadsOfAccount(db, accountId);
}

// Deleting an account, bringing it back, and erasing it for good. In the running unit of work.
import { AppError } from '../errors.ts';
import type { AccountRow } from '../storage/accounts.ts';
import { revokeApplicationInvitations } from '../storage/application-invitations.ts';
import { passOnApplications } from '../storage/application-members.ts';
import { insertAuditEvents } from '../storage/audit-events.ts';
import type { Database } from '../storage/database.ts';
import {
  eraseAccounts,
  findDeletedAccount,
  markDeleted,
  unmarkDeleted,
} from '../storage/deleted-accounts.ts';
import { insertEvent } from '../storage/events.ts';
import { revokeInvitationsBy } from '../storage/invitations.ts';
import { destroyPayloadsOfAccount } from '../storage/oidc-payloads.ts';
import { runInUnitOfWork } from '../storage/unit-of-work.ts';
import { stateOf } from './block-account.ts';

const ERASED_AT_ONCE = 100;

/**
 * Deletes an account: nobody can sign in to it, what it held is gone, its address is free. Its data
 * waits for the erasure, and can be brought back until then.
 */
export async function deleteAccount(db: Database, accountId: string, by: string): Promise<void> {
  await markDeleted(db, accountId);
  await destroyPayloadsOfAccount(db, accountId);
  await revokeInvitationsBy(db, accountId);
  await revokeApplicationInvitations(db, { invitedBy: accountId });
  await passOn(db, accountId, by);
  await insertAuditEvents(db, [{ type: 'account.deleted', accountId, detail: { by } }]);
}

// What somebody else looks after, too, goes on with them.
async function passOn(db: Database, accountId: string, by: string): Promise<void> {
  const passed = await passOnApplications(db, accountId);
  for (const { applicationId, ownerId } of passed) {
    const data = { application_id: applicationId, from: accountId, to: ownerId };
    const type = 'application.owner-changed';
    await insertAuditEvents(db, [{ type, accountId, detail: { ...data, by } }]);
    await insertEvent(db, { type, data });
  }
}

/** Brings a deleted account back. Throws 404 when there is none, 409 when its address is taken. */
export async function restoreAccount(
  db: Database,
  idOrEmail: string,
  by: string,
): Promise<AccountRow> {
  const account = await findDeletedAccount(db, idOrEmail.trim());
  if (!account)
    throw new AppError(
      404,
      'not_found',
      `There is no deleted account ${idOrEmail}: it may have been erased.`,
    );
  const state = stateOf(account);
  await unmarkDeleted(db, account.id, state).catch((cause) => {
    throw cause.code === '23505' ? taken(account.email, cause) : cause;
  });
  // A request that was under way when it was deleted may have left a session.
  await destroyPayloadsOfAccount(db, account.id);
  await insertAuditEvents(db, [
    { type: 'account.restored', accountId: account.id, detail: { by } },
  ]);
  return { ...account, state };
}

/**
 * Erases what was deleted so many days ago. The audit trail keeps its rows, which name nobody any
 * more: the id that they hold belongs to no account. Returns how many were erased.
 */
export async function eraseDeletedAccounts(db: Database, days: number): Promise<number> {
  let erased = 0;
  for (;;) {
    const ids = await runInUnitOfWork(db.knex, async (unit) => {
      try {
        const found = await eraseAccounts(db, days, ERASED_AT_ONCE);
        const events = found.map((accountId) => ({ type: 'account.erased', accountId }));
        await insertAuditEvents(db, events);
        await unit.commit();
        return found;
      } catch (error) {
        await unit.rollback().catch(() => undefined);
        throw error;
      }
    });
    erased += ids.length;
    if (ids.length < ERASED_AT_ONCE) return erased;
  }
}

function taken(email: string, cause: unknown): AppError {
  return new AppError(
    409,
    'conflict',
    `There is another account with the address ${email} by now: the deleted one cannot come back beside it.`,
    { cause },
  );
}

// Approving or rejecting whoever signed up where an administrator decides. In the running unit of work.
import { AppError } from '../errors.ts';
import { isLanguage } from '../http/i18n.ts';
import type { Outbox } from '../mail/outbox.ts';
import { type AccountRow, setApproval } from '../storage/accounts.ts';
import { insertAuditEvents } from '../storage/audit-events.ts';
import type { Database } from '../storage/database.ts';

export interface ApprovalDeps {
  db: Database;
  outbox: Outbox;
  issuer: string;
}

/** Lets the account in, and tells the person. Throws 409 when nobody waits for that. */
export async function approveAccount(
  deps: ApprovalDeps,
  account: AccountRow,
  by: string,
): Promise<void> {
  // Who was rejected may be approved after all.
  if (account.state !== 'pending' || account.approval === null) throw notWaiting(account);
  const state = account.email_verified ? 'active' : 'pending';
  await decide(deps.db, account, { approval: null, state });
  await record(deps.db, 'account.approved', account, by);
  await tell(deps, account, 'account-approved');
}

/** Keeps the account out, and tells the person. Throws 409 when nobody waits for that. */
export async function rejectAccount(
  deps: ApprovalDeps,
  account: AccountRow,
  by: string,
): Promise<void> {
  if (account.state !== 'pending' || account.approval !== 'waiting') throw notWaiting(account);
  await decide(deps.db, account, { approval: 'rejected', state: 'pending' });
  await record(deps.db, 'account.rejected', account, by);
  await tell(deps, account, 'account-rejected');
}

// Of two administrators at once, one decides.
async function decide(
  db: Database,
  account: AccountRow,
  decision: Parameters<typeof setApproval>[2],
): Promise<void> {
  if (!(await setApproval(db, account, decision))) throw notWaiting(account);
}

function record(db: Database, type: string, { id }: AccountRow, by: string): Promise<void> {
  return insertAuditEvents(db, [{ type, accountId: id, detail: { by } }]);
}

function tell(
  { outbox, issuer }: ApprovalDeps,
  { email, preferred_language }: AccountRow,
  kind: 'account-approved' | 'account-rejected',
): Promise<void> {
  return outbox.queue({
    kind,
    to: email,
    language: isLanguage(preferred_language) ? preferred_language : 'en',
    ...(kind === 'account-approved' ? { link: `${issuer}/account` } : {}),
  });
}

function notWaiting({ email, id, state, approval }: AccountRow): AppError {
  const is = approval === 'rejected' ? 'rejected already' : state;
  return new AppError(
    409,
    'conflict',
    `${email} (${id}) does not wait for an approval: it is ${is}.`,
  );
}

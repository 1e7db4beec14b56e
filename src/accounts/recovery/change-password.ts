// A new password: by the link of a mail, or by whoever knows the current one.
import type { Language } from '../../http/i18n.ts';
import type { Outbox } from '../../mail/outbox.ts';
import {
  type AccountRow,
  activateProven,
  findAccountById,
  setPasswordHash,
} from '../../storage/accounts.ts';
import { insertAuditEvents } from '../../storage/audit-events.ts';
import type { Database } from '../../storage/database.ts';
import { cancelEmailTokens, findEmailToken, redeemEmailToken } from '../../storage/email-tokens.ts';
import { destroyPayloadsOfAccount } from '../../storage/oidc-payloads.ts';
import { linkUsed } from '../sign-up/confirm-sign-up.ts';
import { issueNotMeLink } from './not-me-link.ts';

export interface ChangePasswordDeps {
  db: Database;
  outbox: Outbox;
  issuer: string;
}

/**
 * Whether a link to choose a new password may be sent and used. Imported without a proven address an
 * account is pending: the link proves it.
 */
export function mayReset({ state, email_verified, approval }: AccountRow): boolean {
  return state === 'active' || (state === 'pending' && !email_verified && approval === null);
}

/** The account that a reset link belongs to; undefined when the link is used, expired or made up. */
export async function findReset(
  db: Database,
  token: string,
): Promise<{ account: AccountRow; interactionUid: string | undefined } | undefined> {
  const found = await findEmailToken(db, 'reset-password', token);
  const account = found?.account_id ? await findAccountById(db, found.account_id) : undefined;
  if (!found || !account || !mayReset(account)) return undefined;
  const uid = found.data['interactionUid'];
  return { account, interactionUid: typeof uid === 'string' ? uid : undefined };
}

/**
 * Redeems a reset link and stores the new hash, in the running unit of work; everything that the
 * account held ends. Throws 400 when another request redeemed it first.
 */
export async function resetPassword(
  deps: ChangePasswordDeps,
  reset: { token: string; passwordHash: string; language: Language },
): Promise<AccountRow> {
  const redeemed = await redeemEmailToken(deps.db, 'reset-password', reset.token);
  const account = redeemed?.account_id
    ? await findAccountById(deps.db, redeemed.account_id)
    : undefined;
  if (!account || !mayReset(account)) throw linkUsed();
  if (account.state === 'pending') await activateProven(deps.db, account.id);
  await storeNewPassword(deps, account, { ...reset, how: 'reset' });
  await destroyPayloadsOfAccount(deps.db, account.id);
  return account;
}

/**
 * Stores a new password hash in the running unit of work: open links of the account are void, and a
 * mail says so to the person. Ending the sessions is the caller's.
 */
export async function storeNewPassword(
  deps: ChangePasswordDeps,
  account: Pick<AccountRow, 'id' | 'email'>,
  change: { passwordHash: string; language: Language; how: 'reset' | 'changed' },
): Promise<void> {
  const { db, outbox } = deps;
  await setPasswordHash(db, account.id, change.passwordHash);
  await cancelEmailTokens(db, account.id, ['reset-password', 'change-email']);
  const link = await issueNotMeLink(deps, account);
  const { language, how } = change;
  await outbox.queue({ kind: 'password-changed', to: account.email, language, link });
  await insertAuditEvents(db, [{ type: `password.${how}`, accountId: account.id }]);
}

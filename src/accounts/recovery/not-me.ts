// "That was not me": the owner of an address takes the account back from whoever changed it.
import type { Language } from '../../http/i18n.ts';
import { findAccountById, setEmail, setPasswordHash } from '../../storage/accounts.ts';
import { insertAuditEvents } from '../../storage/audit-events.ts';
import { cancelEmailTokens, redeemEmailToken } from '../../storage/email-tokens.ts';
import { deleteIdentitiesLinkedLately } from '../../storage/identities.ts';
import { destroyPayloadsOfAccount } from '../../storage/oidc-payloads.ts';
import { linkUsed } from '../sign-up/confirm-sign-up.ts';
import { sendResetMail } from './answer-reset.ts';
import type { ChangePasswordDeps } from './change-password.ts';

export interface TakeBackDeps extends ChangePasswordDeps {
  /** Whether anybody signs in with a password here. */
  passwordsInUse: boolean;
}

/**
 * Redeems the link in the running unit of work: the address is again the one that the mail went to,
 * the password is void, sign-in methods linked lately are gone, every session ends, and a mail leads
 * to a new password where those are in use. Throws 400 when the link is void.
 */
export async function takeBack(
  deps: TakeBackDeps,
  token: string,
  language: Language,
): Promise<void> {
  const { db } = deps;
  const redeemed = await redeemEmailToken(db, 'not-me', token);
  const account = redeemed?.account_id ? await findAccountById(db, redeemed.account_id) : undefined;
  if (!redeemed || account?.state !== 'active') throw linkUsed();
  const email = String(redeemed.data['email']);
  if (email !== account.email) await setEmail(db, account.id, email);
  await setPasswordHash(db, account.id, null);
  await deleteIdentitiesLinkedLately(db, account.id);
  await cancelEmailTokens(db, account.id, ['reset-password', 'change-email', 'not-me']);
  await destroyPayloadsOfAccount(db, account.id);
  if (deps.passwordsInUse) await sendResetMail(deps, { id: account.id, email }, { language });
  await insertAuditEvents(db, [{ type: 'account.taken-back', accountId: account.id }]);
}

// A reset that an administrator starts: the person gets the link, and nobody else sees a password.
import { AppError } from '../../errors.ts';
import { isLanguage } from '../../http/i18n.ts';
import type { AccountRow } from '../../storage/accounts.ts';
import { insertAuditEvents } from '../../storage/audit-events.ts';
import { sendResetMail } from './answer-reset.ts';
import type { ChangePasswordDeps } from './change-password.ts';

/**
 * Sends the person a link to choose a new password, in the running unit of work. The old password
 * works until then. Throws 409 when the account is not active.
 */
export async function startReset(
  deps: ChangePasswordDeps,
  account: AccountRow,
  by: string,
): Promise<void> {
  const { id, email, state, preferred_language } = account;
  if (state !== 'active')
    throw new AppError(409, 'conflict', `${email} (${id}) cannot sign in: it is ${state}.`);
  const language = isLanguage(preferred_language) ? preferred_language : 'en';
  await sendResetMail(deps, account, { language });
  await insertAuditEvents(deps.db, [
    { type: 'account.reset-started', accountId: id, detail: { by } },
  ]);
}

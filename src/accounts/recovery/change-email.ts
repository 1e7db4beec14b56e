// A new address: it counts only when it is proven, and the old one is told in time to object.
import { AppError } from '../../errors.ts';
import type { Language } from '../../http/i18n.ts';
import { type AccountRow, findAccountById, setEmail } from '../../storage/accounts.ts';
import { insertAuditEvents } from '../../storage/audit-events.ts';
import { findEmailToken, issueEmailToken, redeemEmailToken } from '../../storage/email-tokens.ts';
import { linkUsed } from '../sign-up/confirm-sign-up.ts';
import type { ChangePasswordDeps } from './change-password.ts';
import { issueNotMeLink } from './not-me-link.ts';

const CHANGE_SECONDS = 30 * 60;

/** Writes to both addresses, in the running unit of work. Nothing of the account changes yet. */
export async function requestEmailChange(
  deps: ChangePasswordDeps,
  account: Pick<AccountRow, 'id' | 'email'>,
  change: { email: string; language: Language },
): Promise<void> {
  const { db, outbox, issuer } = deps;
  const { email, language } = change;
  const token = await issueEmailToken(db, {
    purpose: 'change-email',
    accountId: account.id,
    lifetimeSeconds: CHANGE_SECONDS,
    data: { email, from: account.email },
  });
  const link = `${issuer}/account/email/confirm?token=${token}`;
  await outbox.queue({ kind: 'confirm-email', to: email, language, link });
  await outbox.queue({
    ...{ kind: 'email-changed', to: account.email, language, values: { email } },
    link: await issueNotMeLink(deps, account),
  });
  await insertAuditEvents(db, [{ type: 'email.change-requested', accountId: account.id }]);
}

/** The address that a link would prove; undefined when the link is used, expired or made up. */
export async function findEmailChange(
  deps: Pick<ChangePasswordDeps, 'db'>,
  token: string,
): Promise<{ email: string } | undefined> {
  const found = await findEmailToken(deps.db, 'change-email', token);
  return found && { email: String(found.data['email']) };
}

/**
 * Redeems the link and changes the address, in the running unit of work, of the account that asked
 * for it, whoever is signed in. Throws 400 when the link is void, 409 when the address is taken.
 */
export async function confirmEmailChange(
  deps: Pick<ChangePasswordDeps, 'db'>,
  token: string,
): Promise<AccountRow> {
  const redeemed = await redeemEmailToken(deps.db, 'change-email', token);
  const account = redeemed?.account_id
    ? await findAccountById(deps.db, redeemed.account_id)
    : undefined;
  if (!redeemed || account?.state !== 'active' || account.email !== redeemed.data['from'])
    throw linkUsed();
  const email = String(redeemed.data['email']);
  await setEmail(deps.db, account.id, email).catch((cause) => {
    throw cause.code === '23505' ? addressTaken(cause) : cause;
  });
  await insertAuditEvents(deps.db, [{ type: 'email.changed', accountId: account.id }]);
  return { ...account, email };
}

function addressTaken(cause: unknown): AppError {
  return new AppError(409, 'conflict', 'This address belongs to another account.', {
    cause,
    key: 'recovery.address-taken',
  });
}

// Confirming the address of a sign-up: only now does the account come into being.
import { AppError } from '../../errors.ts';
import { type AccountRow, insertAccount } from '../../storage/accounts.ts';
import { insertAuditEvents } from '../../storage/audit-events.ts';
import type { Database } from '../../storage/database.ts';
import { findEmailToken, redeemEmailToken } from '../../storage/email-tokens.ts';
import { deleteSignUpsOf, findSignUp, type SignUpRow } from '../../storage/sign-ups.ts';
import { acceptTerms } from '../../storage/terms.ts';

/** The sign-up that a link belongs to; undefined when the link is used, expired or made up. */
export async function findConfirmation(
  db: Database,
  token: string,
): Promise<SignUpRow | undefined> {
  const found = await findEmailToken(db, 'sign-up', token);
  return found && findSignUp(db, String(found.data['signUpId']));
}

/**
 * Redeems the link and creates the account, in the running unit of work. `approval`: it waits for an
 * administrator. Throws 400 when another request redeemed it first, 409 when the address has an
 * account by now.
 */
export async function confirmSignUp(
  deps: { db: Database; approval: boolean },
  token: string,
): Promise<AccountRow> {
  const { db, approval } = deps;
  const redeemed = await redeemEmailToken(db, 'sign-up', token);
  const signUp = redeemed && (await findSignUp(db, String(redeemed.data['signUpId'])));
  if (!signUp) throw linkUsed();
  const account = await insertAccount(db, {
    email: signUp.email,
    emailVerified: true,
    givenName: signUp.given_name,
    familyName: signUp.family_name,
    roles: [],
    passwordHash: signUp.password_hash,
    preferredLanguage: signUp.language,
    ...(approval ? { approval: 'waiting' as const } : {}),
  }).catch((cause) => {
    throw cause.code === '23505' ? addressTaken(cause) : cause;
  });
  if (signUp.terms_version) await acceptTerms(db, account.id, signUp.terms_version);
  await deleteSignUpsOf(db, signUp.email);
  await insertAuditEvents(db, [
    { type: 'account.signed-up', accountId: account.id, detail: { approval } },
  ]);
  return account;
}

/** A link of a mail that is used, expired, or was never sent. */
export function linkUsed(): AppError {
  return new AppError(
    400,
    'invalid_request',
    'This link was used already or has expired. If you are not done, ask for a new one.',
    { key: 'sign-up.link-used' },
  );
}

function addressTaken(cause: unknown): AppError {
  return new AppError(409, 'conflict', 'This address has an account by now. Sign in with it.', {
    cause,
    key: 'sign-up.address-taken',
  });
}

// Signing in with a password: the same answer and the same cost whether or not the account exists.
import type { RateLimit } from '../http/rate-limit.ts';
import { findAccountByEmail, setPasswordHash } from '../storage/accounts.ts';
import type { Database } from '../storage/database.ts';
import type { Passwords } from './password.ts';

export type SignInOutcome =
  | { kind: 'signed-in'; accountId: string }
  | { kind: 'refused' }
  /** The password is right, and an administrator has yet to approve the account. */
  | { kind: 'waiting' }
  | { kind: 'throttled'; retryAfterSeconds: number };

export interface SignInDeps {
  db: Database;
  passwords: Passwords;
  /** Attempts on one address from one network. */
  perAccount: RateLimit;
  /** Attempts of one network, whatever the address. */
  perNetwork: RateLimit;
}

/** Verifies e-mail and password. Failures slow down the network they come from, never the owner elsewhere. */
export async function signIn(
  deps: SignInDeps,
  attempt: { email: string; password: string; network: string },
): Promise<SignInOutcome> {
  const accountKey = `${attempt.email.trim().toLowerCase()}\n${attempt.network}`;
  // Taken before the check, so that parallel guesses cannot outrun the counter.
  const delays = await Promise.all([
    deps.perAccount.take(accountKey),
    deps.perNetwork.take(attempt.network),
  ]);
  const retryAfterSeconds = Math.max(...delays);
  if (retryAfterSeconds > 0) return { kind: 'throttled', retryAfterSeconds };

  const account = await findAccountByEmail(deps.db, attempt.email.trim());
  const { matches, outdated } = await deps.passwords.verify(
    account?.password_hash,
    attempt.password,
  );
  if (matches && account?.state === 'pending' && account.approval === 'waiting')
    return { kind: 'waiting' };
  if (!matches || account?.state !== 'active') return { kind: 'refused' };

  await deps.perAccount.forgive(accountKey);
  await deps.perNetwork.giveBack(attempt.network);
  if (outdated)
    await setPasswordHash(deps.db, account.id, await deps.passwords.hash(attempt.password));
  return { kind: 'signed-in', accountId: account.id };
}

// Signing in with a password: the same answer and the same cost whether or not the account exists.
import { findAccountByEmail, setPasswordHash } from '../storage/accounts.ts';
import type { Database } from '../storage/database.ts';
import type { SignInAttempt, SignInLimit } from './limits.ts';
import type { Passwords } from './passwords/passwords.ts';

export type SignInOutcome =
  | { kind: 'signed-in'; accountId: string }
  | { kind: 'refused' }
  /** The password is right, and an administrator has yet to approve the account. */
  | { kind: 'waiting' }
  | { kind: 'throttled'; retryAfterSeconds: number };

export interface SignInDeps {
  db: Database;
  passwords: Passwords;
  limit: SignInLimit;
}

/** Verifies e-mail and password. Failures slow down those who make them, and never lock the owner out. */
export async function signIn(
  deps: SignInDeps,
  attempt: SignInAttempt & { password: string },
): Promise<SignInOutcome> {
  // Taken before the check, so that parallel guesses cannot outrun the counters.
  const retryAfterSeconds = await deps.limit.take(attempt);
  if (retryAfterSeconds > 0) return { kind: 'throttled', retryAfterSeconds };

  const account = await findAccountByEmail(deps.db, attempt.email.trim());
  const { matches, outdated } = await verify(deps, account?.password_hash, attempt);
  if (matches && account?.state === 'pending' && account.approval === 'waiting')
    return { kind: 'waiting' };
  if (!matches || account?.state !== 'active') return { kind: 'refused' };

  await deps.limit.succeed(attempt);
  if (outdated)
    await setPasswordHash(deps.db, account.id, await deps.passwords.hash(attempt.password));
  return { kind: 'signed-in', accountId: account.id };
}

async function verify(
  { passwords, limit }: SignInDeps,
  hash: string | null | undefined,
  attempt: SignInAttempt & { password: string },
) {
  try {
    return await passwords.verify(hash, attempt.password);
  } catch (error) {
    // Too many were waiting: nothing was guessed.
    await limit.giveBack(attempt);
    throw error;
  }
}

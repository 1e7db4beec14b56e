// The upstream's refresh token, where a connector is set to keep it. It is of no use beside another
// identity; the row names the key that sealed it.
import { createHash } from 'node:crypto';
import type { Database } from '../../storage/database.ts';
import { seal, unseal } from '../../storage/sealed-value.ts';
import { putUpstreamToken } from '../../storage/upstream-tokens.ts';

interface TokenDeps {
  db: Database;
  encryptionKeys: Buffer[];
}

/** Stores the token sealed, in the running unit of work; without any, nothing happens. */
export async function keepRefreshToken(
  { db, encryptionKeys: [key] }: TokenDeps,
  identityId: string,
  refreshToken: string | undefined,
): Promise<void> {
  if (!refreshToken || !key) return;
  await putUpstreamToken(db, {
    identityId,
    keyId: createHash('sha256').update('key id\n').update(key).digest('hex').slice(0, 16),
    sealed: seal(key, refreshToken, contextOf(identityId)),
  });
}

/** The token in clear. Throws when no key fits. */
export function openRefreshToken(
  { encryptionKeys }: Pick<TokenDeps, 'encryptionKeys'>,
  identityId: string,
  sealed: Buffer,
): string {
  return unseal(encryptionKeys, sealed, contextOf(identityId));
}

const contextOf = (identityId: string) => `upstream token of ${identityId}`;

// The upstream's tokens, where a connector is set to keep them. Each row names its key, and is of no
// use beside another identity.
import { createHash } from 'node:crypto';
import type { Database } from '../storage/database.ts';
import type { IdentityRow } from '../storage/identities.ts';
import { seal } from '../storage/sealed-value.ts';
import { putUpstreamTokens } from '../storage/upstream-tokens.ts';
import type { PendingIdentity } from './pending-identity.ts';

/** Stores the tokens sealed, in the running unit of work; without any, nothing happens. */
export async function keepUpstreamTokens(
  { db, encryptionKeys: [key] }: { db: Database; encryptionKeys: Buffer[] },
  { id }: Pick<IdentityRow, 'id'>,
  tokens: PendingIdentity['tokens'],
): Promise<void> {
  if (!tokens || !key) return;
  const { expiresAt } = tokens;
  await putUpstreamTokens(db, id, {
    key_id: createHash('sha256').update('key id\n').update(key).digest('hex').slice(0, 16),
    sealed: seal(key, JSON.stringify(tokens), `upstream tokens of ${id}`),
    expires_at: expiresAt === undefined ? null : new Date(expiresAt * 1000),
  });
}

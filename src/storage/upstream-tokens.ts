// Tokens of upstreams, where a connector keeps them: sealed, and bound to their identity.
import type { Database } from './database.ts';

export interface UpstreamTokensRow {
  /** Names the key that sealed them. */
  key_id: string;
  sealed: Buffer;
  expires_at: Date | null;
}

/** Stores the tokens of an identity; those it had before are gone. */
export async function putUpstreamTokens(
  db: Database,
  identityId: string,
  tokens: UpstreamTokensRow,
): Promise<void> {
  const query = await db.write();
  await query('upstream_tokens')
    .insert({ ...tokens, identity_id: identityId })
    .onConflict('identity_id')
    .merge();
}

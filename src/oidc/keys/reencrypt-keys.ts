// Changing the key encryption key: every private key is sealed with the first one of the list.
import type { Database } from '../../storage/database.ts';
import { replacePrivateJwk, withSigningKeysLocked } from '../../storage/signing-keys.ts';
import { resealPrivateJwk } from './private-jwk.ts';

/**
 * Seals what is not yet sealed with the first of `encryptionKeys`, all or nothing. Safe to repeat,
 * and beside running servers that have the new value. Throws a UsageError when none fits a key.
 */
export async function reencryptSigningKeys(deps: {
  db: Database;
  encryptionKeys: Buffer[];
}): Promise<{ resealed: number; total: number }> {
  return withSigningKeysLocked(deps.db, async (query, rows) => {
    let resealed = 0;
    for (const row of rows) {
      const sealed = resealPrivateJwk(row, deps.encryptionKeys);
      if (!sealed) continue;
      await replacePrivateJwk(query, row.kid, sealed);
      resealed += 1;
    }
    return { resealed, total: rows.length };
  });
}

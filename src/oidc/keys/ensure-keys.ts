// Each algorithm in use has a current key and a next one, which is published long before it signs.
import type { SigningAlg } from '../../storage/apis.ts';
import {
  insertSigningKey,
  listSigningKeys,
  type SigningKeyRow,
  withSigningKeysLocked,
} from '../../storage/signing-keys.ts';
import { type KeyDeps, NEWS_SECONDS } from './key-times.ts';
import { createKey } from './private-jwk.ts';

/** ID tokens are signed with it, so that its keys are always there. */
const ID_TOKEN_ALG: SigningAlg = 'RS256';

/**
 * Makes the keys that are missing for `algs` and for ID tokens. The first key of a further algorithm
 * signs after NEWS_SECONDS: a node that serves already may not publish it before.
 */
export async function ensureSigningKeys(deps: KeyDeps, algs: SigningAlg[]): Promise<void> {
  const wanted = [...new Set([ID_TOKEN_ALG, ...algs])];
  const missing = missingKeys(await listSigningKeys(deps.db), wanted);
  if (missing.length === 0) return;
  const made = await Promise.all(
    missing.map(async ({ alg, state }) => ({
      state,
      key: await createKey(alg, deps.encryptionKeys),
    })),
  );
  await withSigningKeysLocked(deps.db, async (query, rows) => {
    const stillMissing = missingKeys(rows, wanted);
    // No node serves without keys: whoever starts now reads these before it does.
    const current = rows.length === 0 ? 0 : NEWS_SECONDS;
    const waits = { current, next: deps.keyTimes.publishSeconds };
    for (const { key, state } of made) {
      if (stillMissing.some((one) => one.alg === key.alg && one.state === state))
        await insertSigningKey(query, key, { state, waitSeconds: waits[state] });
    }
  });
}

function missingKeys(rows: SigningKeyRow[], algs: SigningAlg[]) {
  const states = ['current', 'next'] as const;
  return algs
    .flatMap((alg) => states.map((state) => ({ alg, state })))
    .filter(({ alg, state }) => !rows.some((row) => row.alg === alg && row.state === state));
}

// Rotation: the next key signs, the current one retires, and a new next one is published.
import { AppError } from '../../errors.ts';
import type { SigningAlg } from '../../storage/apis.ts';
import {
  insertSigningKey,
  type KeyTransaction,
  listSigningKeys,
  type NewSigningKey,
  promoteNextKey,
  recordRotation,
  removeUnpublishedKeys,
  type SigningKeyRow,
  withdrawRetiredKeys,
  withSigningKeysLocked,
} from '../../storage/signing-keys.ts';
import { type KeyDeps, NEWS_SECONDS } from './key-times.ts';
import { createKey } from './private-jwk.ts';

export interface Rotation {
  alg: SigningAlg;
  /** The key that signed until now. */
  from: string;
  /** The key that signs from now on. */
  to: string;
  /** The new next key. */
  next: string;
}

/**
 * Rotates the keys of one algorithm. Throws 404 when it has none, 409 while its next key may not
 * sign. `emergency` is for a stolen key: it waits only until every node publishes the next key, and
 * all that signed before vanishes from every JWKS after NEWS_SECONDS.
 */
export async function rotateSigningKey(
  deps: KeyDeps,
  alg: SigningAlg,
  { emergency }: { emergency: boolean },
): Promise<Rotation> {
  const replacement = await createKey(alg, deps.encryptionKeys);
  return withSigningKeysLocked(deps.db, async (query, rows) => {
    const pair = findPair(rows, alg);
    if (!pair)
      throw new AppError(
        404,
        'not_found',
        `There is no ${alg} key to rotate: no API signs with it.`,
      );
    if (emergency) expectPublishedEverywhere(pair.next);
    else expectUsable(pair.next);
    const reason = emergency ? 'emergency' : 'manual';
    return rotate(query, { ...pair, replacement, reason, keyTimes: deps.keyTimes });
  });
}

/**
 * Rotates each algorithm whose key has signed for the rotation interval and whose next key may sign,
 * and removes the keys that are no longer published. Any number of nodes may call it at once.
 */
export async function rotateDueSigningKeys(deps: KeyDeps): Promise<Rotation[]> {
  const { rotationSeconds } = deps.keyTimes;
  const rotations: Rotation[] = [];
  for (const { alg } of duePairs(await listSigningKeys(deps.db), rotationSeconds)) {
    const replacement = await createKey(alg, deps.encryptionKeys);
    const rotation = await withSigningKeysLocked(deps.db, async (query, rows) => {
      // Another node may have been faster.
      const pair = duePairs(rows, rotationSeconds).find((due) => due.alg === alg);
      if (!pair) return undefined;
      return rotate(query, { ...pair, replacement, reason: 'scheduled', keyTimes: deps.keyTimes });
    });
    if (rotation) rotations.push(rotation);
  }
  await removeUnpublishedKeys(deps.db);
  return rotations;
}

interface Pair {
  alg: SigningAlg;
  current: SigningKeyRow;
  next: SigningKeyRow;
}

async function rotate(
  query: KeyTransaction,
  options: Pair & {
    replacement: NewSigningKey;
    reason: 'manual' | 'scheduled' | 'emergency';
    keyTimes: KeyDeps['keyTimes'];
  },
): Promise<Rotation> {
  const { alg, current, next, replacement, reason, keyTimes } = options;
  await promoteNextKey(query, { alg, keepSeconds: keyTimes.keepSeconds });
  // Who was robbed of one key does not know of how many.
  if (reason === 'emergency') await withdrawRetiredKeys(query, { alg, seconds: NEWS_SECONDS });
  const waitSeconds = keyTimes.publishSeconds;
  await insertSigningKey(query, replacement, { state: 'next', waitSeconds });
  await recordRotation(query, { alg, from: current.kid, to: next.kid, reason });
  return { alg, from: current.kid, to: next.kid, next: replacement.kid };
}

function findPair(rows: SigningKeyRow[], alg: SigningAlg): Pair | undefined {
  const find = (state: string) => rows.find((row) => row.alg === alg && row.state === state);
  const [current, next] = [find('current'), find('next')];
  return current && next && { alg, current, next };
}

function duePairs(rows: SigningKeyRow[], rotationSeconds: number): Pair[] {
  return rows
    .filter(({ state }) => state === 'current')
    .flatMap(({ alg }) => findPair(rows, alg) ?? [])
    .filter(({ current, next }) => {
      const since = current.activated_at ?? current.created_at;
      return secondsSince(since, current) >= rotationSeconds && isUsable(next);
    });
}

function expectUsable(next: SigningKeyRow): void {
  if (isUsable(next)) return;
  throw new AppError(
    409,
    'too_early',
    `The next ${next.alg} key may sign from ${next.usable_from.toISOString()}: backends that cached the JWKS do not know it yet. If the current key was stolen, --emergency does not wait.`,
  );
}

function expectPublishedEverywhere(next: SigningKeyRow): void {
  if (secondsSince(next.created_at, next) >= NEWS_SECONDS) return;
  throw new AppError(
    409,
    'too_early',
    `The next ${next.alg} key is younger than ${NEWS_SECONDS} seconds: not every node publishes it yet. Try again in a few seconds.`,
  );
}

function isUsable(row: SigningKeyRow): boolean {
  return secondsSince(row.usable_from, row) >= 0;
}

// By the database's clock: that of this node may be wrong.
function secondsSince(time: Date, { read_at }: SigningKeyRow): number {
  return (read_at.getTime() - time.getTime()) / 1000;
}

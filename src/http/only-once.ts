// What is sent twice happens once: a double click, a reload, a retry after a lost answer.
import { createHash, timingSafeEqual } from 'node:crypto';
import { AppError } from '../errors.ts';
import type { Database } from '../storage/database.ts';
import { claimAnswer, keepAnswer } from '../storage/idempotent-answers.ts';
import { seal, unseal } from '../storage/sealed-value.ts';

export interface OnlyOnceDeps {
  db: Database;
  encryptionKeys: Buffer[];
}

/**
 * Runs `work` once for a key of a holder, in the running transaction, and keeps its answer sealed
 * for a day; the same request again gets the same answer, secrets included. Requests at the same
 * time wait for the first. The answer must survive JSON. Throws 422 when the key came with another
 * request before, 400 for a key that is none (draft-ietf-httpapi-idempotency-key-header).
 */
export async function onlyOnce<T>(
  { db, encryptionKeys }: OnlyOnceDeps,
  { holder, key, request }: { holder: string; key: string; request: unknown },
  work: () => Promise<T>,
): Promise<T> {
  if (!/^[\x21-\x7e]{8,200}$/.test(key))
    throw new AppError(
      400,
      'invalid_request',
      'An idempotency key must have 8 to 200 printable ASCII characters: a new random value for each request.',
    );
  const [sealingKey] = encryptionKeys;
  if (!sealingKey) throw new Error('no encryption key is configured');
  const digest = createHash('sha256').update(JSON.stringify(request)).digest();
  const context = `answer ${holder} ${key}`;
  const before = await claimAnswer(db, { holder, key }, digest);
  if (!before) {
    const answer = await work();
    await keepAnswer(db, { holder, key }, seal(sealingKey, JSON.stringify(answer), context));
    return answer;
  }
  if (!timingSafeEqual(before.request, digest) || !before.answer)
    throw new AppError(
      422,
      'idempotency_key_reused',
      'This idempotency key was sent before, with another request: send a new one.',
    );
  return JSON.parse(unseal(encryptionKeys, before.answer, context)) as T;
}

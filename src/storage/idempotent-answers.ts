// Answers that are given again to who asks again with the same key.
import type { Database } from './database.ts';

export interface AnswerKey {
  /** Who asks: keys of others are others. */
  holder: string;
  key: string;
}

/**
 * Claims a key in the running transaction; while another one holds it, this waits for its end.
 * Returns undefined when the key is ours now, else what was asked and answered under it.
 */
export async function claimAnswer(
  db: Database,
  { holder, key }: AnswerKey,
  request: Buffer,
): Promise<{ request: Buffer; answer: Buffer | undefined } | undefined> {
  const query = await db.write();
  const claimed = await query('idempotent_answers')
    .insert({ holder, key, request })
    .onConflict(['holder', 'key'])
    .ignore()
    .returning('key');
  if (claimed.length > 0) return undefined;
  const row = await query('idempotent_answers').where({ holder, key }).first();
  // Pruned between the two statements.
  if (!row) return claimAnswer(db, { holder, key }, request);
  return { request: row.request, answer: row.answer ?? undefined };
}

/** Keeps what was answered under a claimed key. */
export async function keepAnswer(
  db: Database,
  { holder, key }: AnswerKey,
  answer: Buffer,
): Promise<void> {
  const query = await db.write();
  await query('idempotent_answers').where({ holder, key }).update({ answer });
}

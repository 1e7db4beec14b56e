// Trips to an upstream that are under way: good for ten minutes and once. The state that names one is
// stored as a hash, its secrets sealed.
import { createHash } from 'node:crypto';
import type { Database } from './database.ts';

const LIFETIME = "interval '10 minutes'";

export interface FederationAttemptRow {
  connector_id: string;
  sealed: Buffer;
  /** What a cross-site POST brought (form_post), until the browser comes back with its cookies. */
  answer: Buffer | null;
}

/** Keeps an attempt in the running unit of work. */
export async function insertAttempt(
  db: Database,
  attempt: { state: string; connectorId: string; sealed: Buffer },
): Promise<void> {
  const query = await db.write();
  await query('federation_attempts').insert({
    id: digest(attempt.state),
    connector_id: attempt.connectorId,
    sealed: attempt.sealed,
    expires_at: query.raw(`now() + ${LIFETIME}`),
  });
}

/** Finds an attempt without using it up. */
export async function findAttempt(
  db: Database,
  state: string,
): Promise<FederationAttemptRow | undefined> {
  const query = await db.query();
  return query('federation_attempts')
    .select('connector_id', 'sealed', 'answer')
    .where({ id: digest(state) })
    .whereRaw('expires_at > now()')
    .first();
}

/** Keeps the first answer to an attempt. Returns false when there is no such attempt, or an answer. */
export async function keepAnswer(
  db: Database,
  { state, connectorId, sealed }: { state: string; connectorId: string; sealed: Buffer },
): Promise<boolean> {
  const query = await db.write();
  const kept = await query('federation_attempts')
    .where({ id: digest(state), connector_id: connectorId, answer: null })
    .whereRaw('expires_at > now()')
    .update({ answer: sealed });
  return kept === 1;
}

/** Uses an attempt up, in the running unit of work. Returns false to all but one. */
export async function redeemAttempt(db: Database, state: string): Promise<boolean> {
  const query = await db.write();
  const redeemed = await query('federation_attempts')
    .where({ id: digest(state) })
    .whereRaw('expires_at > now()')
    .delete();
  return redeemed === 1;
}

function digest(state: string): Buffer {
  return createHash('sha256').update(`federation\n${state}`).digest();
}

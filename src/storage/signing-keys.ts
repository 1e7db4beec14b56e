// Signing keys: rows of next, current and retired keys; the private part is encrypted by the caller.
// Every time in them is the database's: the clock of a node decides nothing.

import type { Knex } from 'knex';
import type { SigningAlg } from './apis.ts';
import { announce } from './changes.ts';
import type { Database } from './database.ts';

export type KeyState = 'next' | 'current' | 'retired';

export interface SigningKeyRow {
  kid: string;
  alg: SigningAlg;
  state: KeyState;
  public_jwk: Record<string, unknown>;
  private_jwk: Buffer;
  created_at: Date;
  /** It signs nothing before: backends and other nodes may not know it yet. */
  usable_from: Date;
  activated_at: Date | null;
  retired_at: Date | null;
  /** Of a retired key: nobody publishes it from then on. */
  published_until: Date | null;
  /** What the database's clock said when this row was read. */
  read_at: Date;
}

export interface NewSigningKey {
  kid: string;
  alg: SigningAlg;
  publicJwk: Record<string, unknown>;
  encryptedPrivateJwk: Buffer;
}

/** A transaction in which the keys are locked. */
export type KeyTransaction = Knex;

/** All keys that are published: next and current ones, and retired ones whose time has not passed. */
export async function listSigningKeys(db: Database): Promise<SigningKeyRow[]> {
  return allKeys(await db.query()).whereRaw(
    '(published_until IS NULL OR published_until > clock_timestamp())',
  );
}

/**
 * Runs `work` on all rows while no other node can change the keys, and tells every node. Joins the
 * running unit of work. Be quick in it: others wait for a second at most.
 */
export async function withSigningKeysLocked<T>(
  db: Database,
  work: (query: KeyTransaction, rows: SigningKeyRow[]) => Promise<T>,
): Promise<T> {
  const outer = await db.write();
  return outer.transaction(async (query) => {
    // What is decided here by the clock must be known to all soon: a stalled process may not sit on it.
    await query.raw("SET LOCAL idle_in_transaction_session_timeout = '2s'");
    await query.raw('LOCK TABLE signing_keys IN SHARE ROW EXCLUSIVE MODE');
    const result = await work(query, await allKeys(query));
    await announce(query, 'signing_keys');
    return result;
  });
}

/** Inserts a key that may sign after `waitSeconds`. */
export async function insertSigningKey(
  query: KeyTransaction,
  key: NewSigningKey,
  { state, waitSeconds }: { state: 'current' | 'next'; waitSeconds: number },
): Promise<void> {
  await query('signing_keys').insert({
    kid: key.kid,
    alg: key.alg,
    state,
    public_jwk: JSON.stringify(key.publicJwk),
    private_jwk: key.encryptedPrivateJwk,
    created_at: fromNow(query, 0),
    usable_from: fromNow(query, waitSeconds),
    activated_at: state === 'current' ? fromNow(query, 0) : null,
  });
}

/** Retires the current key of an algorithm, published for `keepSeconds` more; the next one signs. */
export async function promoteNextKey(
  query: KeyTransaction,
  { alg, keepSeconds }: { alg: SigningAlg; keepSeconds: number },
): Promise<void> {
  await query('signing_keys')
    .where({ alg, state: 'current' })
    .update({
      state: 'retired',
      retired_at: fromNow(query, 0),
      published_until: fromNow(query, keepSeconds),
    });
  await query('signing_keys')
    .where({ alg, state: 'next' })
    .update({
      state: 'current',
      activated_at: fromNow(query, 0),
      usable_from: query.raw('least(usable_from, clock_timestamp())'),
    });
}

/** Lets no retired key of an algorithm be published for longer than `seconds` from now. */
export async function withdrawRetiredKeys(
  query: KeyTransaction,
  { alg, seconds }: { alg: SigningAlg; seconds: number },
): Promise<void> {
  await query('signing_keys')
    .where({ alg, state: 'retired' })
    .update({ published_until: query.raw('least(published_until, ?)', [fromNow(query, seconds)]) });
}

/** Puts a rotation into the audit trail, in the transaction that does it. */
export async function recordRotation(
  query: KeyTransaction,
  detail: Record<string, string>,
): Promise<void> {
  await query('audit_events').insert({ type: 'signing_key.rotated', detail });
}

/** Removes the keys that are no longer published. Nobody needs to hear of it. Returns how many. */
export async function removeUnpublishedKeys(db: Database): Promise<number> {
  const query = await db.write();
  return query('signing_keys').whereRaw('published_until <= clock_timestamp()').delete();
}

/** Replaces the encrypted private part of a key. */
export async function replacePrivateJwk(
  query: KeyTransaction,
  kid: string,
  sealed: Buffer,
): Promise<void> {
  await query('signing_keys').where({ kid }).update({ private_jwk: sealed });
}

function allKeys(query: Knex) {
  return query<SigningKeyRow>('signing_keys')
    .select<SigningKeyRow[]>('signing_keys.*', query.raw('clock_timestamp() AS read_at'))
    .orderBy('created_at')
    .orderBy('kid');
}

function fromNow(query: Knex, seconds: number): Knex.Raw {
  return query.raw("clock_timestamp() + ? * interval '1 second'", [seconds]);
}

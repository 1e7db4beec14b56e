// Signing keys: rows of next, current and retired keys; the private part is encrypted by the caller.

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
  activated_at: Date | null;
  retired_at: Date | null;
}

export interface NewSigningKey {
  kid: string;
  alg: SigningAlg;
  publicJwk: Record<string, unknown>;
  encryptedPrivateJwk: Buffer;
}

/** All keys that are published: next, current and retired ones not yet removed. */
export async function listSigningKeys(db: Database): Promise<SigningKeyRow[]> {
  const query = await db.query();
  return query<SigningKeyRow>('signing_keys').orderBy('created_at').orderBy('kid');
}

/** Runs `work` while no other node can change the keys. */
export async function withSigningKeysLocked<T>(
  db: Database,
  work: (query: Knex, rows: SigningKeyRow[]) => Promise<T>,
): Promise<T> {
  return db.knex.transaction(async (query) => {
    await query.raw('LOCK TABLE signing_keys IN SHARE ROW EXCLUSIVE MODE');
    const rows = await query<SigningKeyRow>('signing_keys').orderBy('created_at').orderBy('kid');
    const result = await work(query, rows);
    await announce(query, 'signing_keys');
    return result;
  });
}

/** Inserts a key in the given state. */
export async function insertSigningKey(
  query: Knex,
  key: NewSigningKey,
  state: KeyState,
): Promise<void> {
  await query('signing_keys').insert({
    kid: key.kid,
    alg: key.alg,
    state,
    public_jwk: JSON.stringify(key.publicJwk),
    private_jwk: key.encryptedPrivateJwk,
    activated_at: state === 'current' ? query.fn.now() : null,
  });
}

/** Retires the current key of an algorithm and makes the next one current. */
export async function promoteNextKey(query: Knex, alg: SigningAlg): Promise<void> {
  await query('signing_keys')
    .where({ alg, state: 'current' })
    .update({ state: 'retired', retired_at: query.fn.now() });
  await query('signing_keys')
    .where({ alg, state: 'next' })
    .update({ state: 'current', activated_at: query.fn.now() });
}

/** Removes keys retired for longer than `seconds`. Returns how many. */
export async function removeKeysRetiredFor(query: Knex, seconds: number): Promise<number> {
  return query('signing_keys')
    .where({ state: 'retired' })
    .whereRaw("retired_at < now() - ? * interval '1 second'", [seconds])
    .delete();
}

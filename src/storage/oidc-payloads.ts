// The protocol artefacts of oidc-provider: codes, tokens, sessions, interactions, grants.
// A row's id is the SHA-256 of its value: a dump of the table yields nothing that can be presented.
import { createHash } from 'node:crypto';
import type { Knex } from 'knex';
import type { Database } from './database.ts';
import { currentUnitOfWork } from './unit-of-work.ts';

export interface StoredPayload {
  payload: Record<string, unknown>;
  consumed: boolean;
  /** Seconds left by the database's clock; negative when expired. */
  secondsLeft: number;
}

export interface PayloadKeys {
  grantId?: string | undefined;
  uid?: string | undefined;
  userCode?: string | undefined;
  accountId?: string | undefined;
  clientId?: string | undefined;
}

/** SHA-256 of a value that a bearer presents. */
export function digest(value: string): Buffer {
  return createHash('sha256').update(value).digest();
}

const digestOrNull = (value: string | undefined) => (value === undefined ? null : digest(value));

/** Inserts or replaces one artefact; `secondsToLive` counts from the database's now. */
export async function upsertPayload(
  db: Database,
  model: string,
  value: string,
  artefact: { payload: Record<string, unknown>; keys: PayloadKeys; secondsToLive: number },
): Promise<void> {
  const { payload, keys, secondsToLive } = artefact;
  const query = await db.query();
  await query('oidc_payloads')
    .insert({
      model,
      id: digest(value),
      payload: JSON.stringify(payload),
      grant_id: digestOrNull(keys.grantId),
      uid: digestOrNull(keys.uid),
      user_code: digestOrNull(keys.userCode),
      account_id: keys.accountId ?? null,
      client_id: keys.clientId ?? null,
      expires_at: query.raw("now() + ? * interval '1 second'", [secondsToLive]),
    })
    .onConflict(['id', 'model'])
    .merge();
}

/** Finds one artefact by its value, its `uid` (sessions) or its user code (device codes). */
export async function findPayload(
  db: Database,
  model: string,
  key: 'id' | 'uid' | 'user_code',
  value: string,
): Promise<StoredPayload | undefined> {
  const query = await db.query();
  const row = await query('oidc_payloads')
    .select('payload', 'consumed_at')
    .select(query.raw('ceil(extract(epoch from expires_at - now()))::int AS seconds_left'))
    .where({ model, [key]: digest(value) })
    .orderBy('expires_at', 'desc')
    .first();
  if (!row) return undefined;
  return {
    payload: row.payload,
    consumed: row.consumed_at !== null,
    secondsLeft: row.seconds_left,
  };
}

/** Marks one artefact used. Returns false when another request was first. */
export async function consumePayload(db: Database, model: string, value: string): Promise<boolean> {
  const query = await db.query();
  const updated = await query('oidc_payloads')
    .where({ model, id: digest(value) })
    .whereNull('consumed_at')
    .update({ consumed_at: query.fn.now() });
  return updated === 1;
}

/** Deletes one artefact; an absent one is no error. */
export async function destroyPayload(db: Database, model: string, value: string): Promise<void> {
  const query = await db.query();
  await query('oidc_payloads')
    .where({ model, id: digest(value) })
    .delete();
}

/**
 * Revokes a grant with everything issued under it, in one statement.
 * A refused request rolls back, but what reuse detection revoked stays revoked.
 */
export async function revokeGrant(db: Database, grantId: string): Promise<void> {
  const revoke = async (query: Knex) => {
    // The grant's row goes first: parallel replays of one family then wait instead of deadlocking.
    await query('oidc_payloads')
      .where({ model: 'Grant', id: digest(grantId) })
      .delete();
    await query('oidc_payloads')
      .where({ grant_id: digest(grantId) })
      .delete();
  };
  currentUnitOfWork()?.keepOnRefusal(revoke);
  await revoke(await db.query());
}

/** Ends everything of one account: sessions, grants, codes and tokens. */
export async function destroyPayloadsOfAccount(db: Database, accountId: string): Promise<void> {
  const query = await db.query();
  await query('oidc_payloads').where({ account_id: accountId }).delete();
}

/**
 * Redeems a `jti` of a client assertion or DPoP proof. Returns false when it was used before.
 * RFC 7523 section 3, RFC 9449 section 11.1.
 */
export async function redeemJti(
  db: Database,
  issuer: string,
  jti: string,
  expiresAt: number,
): Promise<boolean> {
  const query = await db.query();
  const inserted = await query('redeemed_jtis')
    .insert({
      id: digest(JSON.stringify([issuer, jti])),
      expires_at: query.raw('to_timestamp(?)', [expiresAt]),
    })
    .onConflict('id')
    .ignore()
    .returning('expires_at');
  return inserted.length === 1;
}

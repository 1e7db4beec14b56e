// The protocol artefacts of oidc-provider: codes, tokens, sessions, interactions, grants.
// A row's id is the SHA-256 of its value: a dump of the table yields nothing that can be presented.
// Reads go through the unit of work of the request, writes are gathered there.
import { createHash } from 'node:crypto';
import type { Database } from './database.ts';
import { runPrepared } from './prepared.ts';
import type { StoredPayload } from './stored-payload.ts';
import {
  currentUnitOfWork,
  inUnitOfWork,
  type Operation,
  type UnitOfWork,
} from './unit-of-work.ts';

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

const hex = (value: string) => digest(value).toString('hex');
const hexOrNull = (value: string | undefined) => (value === undefined ? null : hex(value));
const keyOf = (model: string, value: string) => `${model} ${value}`;

export interface Artefact {
  payload: Record<string, unknown>;
  keys: PayloadKeys;
  /** Counted from the database's now. */
  secondsToLive: number;
}

const ENDS_FOR_GOOD = new Set(['Grant', 'Interaction']);

/** Inserts or replaces one artefact. */
export async function upsertPayload(
  db: Database,
  model: string,
  value: string,
  artefact: Artefact,
): Promise<void> {
  const { payload, keys, secondsToLive } = artefact;
  const key = keyOf(model, value);
  const known = await currentUnitOfWork()?.known(key);
  await inUnitOfWork(db.knex, (unit) => {
    const operation = {
      op: 'upsert',
      model,
      id: hex(value),
      payload,
      grant_id: hexOrNull(keys.grantId),
      uid: hexOrNull(keys.uid),
      user_code: hexOrNull(keys.userCode),
      account_id: keys.accountId ?? null,
      client_id: keys.clientId ?? null,
      seconds: secondsToLive,
    };
    if (model === 'Session') writeSession(unit, operation, known);
    // What this request found must still be there when it commits: it may have ended elsewhere.
    else unit.write({ ...operation, op: known && ENDS_FOR_GOOD.has(model) ? 'replace' : 'upsert' });
    const stored = { payload, consumed: false, repeatable: false, secondsLeft: secondsToLive };
    unit.note(key, stored);
    if (keys.uid !== undefined) unit.note(keyOf('uid', keys.uid), stored);
  });
}

// A session that was read goes on, under its id or under a new one that takes the place of the old.
function writeSession(
  unit: UnitOfWork,
  operation: Operation,
  known: StoredPayload | undefined,
): void {
  const left = unit.gathered(({ op, uid }) => op === 'sign-out' && uid === operation['uid']);
  if (left) {
    Object.assign(left, operation, { op: 'continue', from: left['id'] });
  } else if (known) {
    unit.write({ ...operation, op: 'continue', from: null, known: authorizationsOf(known) });
  } else {
    unit.write(operation);
  }
}

function authorizationsOf({ payload }: StoredPayload): unknown {
  return payload['authorizations'] ?? {};
}

/** Finds one artefact by its value, with the grant and session that it depends on in one query. */
export function findPayload(
  db: Database,
  model: string,
  value: string,
): Promise<StoredPayload | undefined> {
  const unit = currentUnitOfWork();
  const select = () => selectWithDependencies(db, value);
  const load = async () => {
    // Introspection asks for one value as three models at once.
    const rows = await (unit?.read(keyOf('any', value), select) ?? select());
    const source = rows.find((row) => row.part === 'source' && row.model === model);
    if (source && unit) noteDependencies(unit, source.payload, rows);
    return source && toStored(source);
  };
  return unit?.read(keyOf(model, value), load) ?? load();
}

function noteDependencies(
  unit: UnitOfWork,
  { grantId, sessionUid }: Record<string, unknown>,
  rows: PayloadRow[],
): void {
  for (const row of rows) {
    if (row.part === 'grant') unit.note(keyOf('Grant', String(grantId)), toStored(row));
    if (row.part === 'session') unit.note(keyOf('uid', String(sessionUid)), toStored(row));
  }
}

/** Finds a session by its `uid`, or a device code by its user code: the newest live one. */
export function findPayloadBy(
  db: Database,
  column: 'uid' | 'user_code',
  value: string,
): Promise<StoredPayload | undefined> {
  const load = async () => {
    const statement = SELECT_NEWEST[column];
    const { rows } = await runPrepared<PayloadRow>(await db.query(), statement, [digest(value)]);
    return rows[0] && toStored(rows[0]);
  };
  return currentUnitOfWork()?.read(keyOf(column, value), load) ?? load();
}

/** Marks one artefact used; the unit of work fails when another request was first. */
export async function consumePayload(db: Database, model: string, value: string): Promise<void> {
  const stored = await findPayload(db, model, value);
  const grantId = stored?.payload['grantId'];
  await inUnitOfWork(db.knex, (unit) => {
    unit.write({
      op: 'consume',
      model,
      id: hex(value),
      grant_id: typeof grantId === 'string' ? hex(grantId) : null,
    });
  });
}

/** Deletes one artefact. With `once`, the unit of work fails when another request deleted it first. */
export async function destroyPayload(
  db: Database,
  model: string,
  value: string,
  options: { once: boolean },
): Promise<void> {
  await inUnitOfWork(db.knex, (unit) => {
    unit.write({ op: options.once ? 'take' : 'destroy', model, id: hex(value) });
    unit.note(keyOf(model, value), undefined);
  });
}

/** Ends a session under every id that windows of one browser gave it at the same time. */
export async function endSession(db: Database, value: string): Promise<void> {
  const stored = await findPayload(db, 'Session', value);
  if (!stored) return;
  const uid = String(stored.payload['uid']);
  await inUnitOfWork(db.knex, (unit) => {
    unit.write({
      op: 'sign-out',
      model: 'Session',
      id: hex(value),
      uid: hex(uid),
      known: authorizationsOf(stored),
    });
    unit.note(keyOf('Session', value), undefined);
    unit.note(keyOf('uid', uid), undefined);
  });
}

/** Revokes a grant with everything issued under it; a refused request keeps this. */
export async function revokeGrant(db: Database, grantId: string): Promise<void> {
  await inUnitOfWork(db.knex, (unit) => {
    unit.write({ op: 'revoke', grant_id: hex(grantId) }, { kept: true });
    unit.note(keyOf('Grant', grantId), undefined);
  });
}

/** Notes a grant that was read by other means, for the rest of this request. */
export function noteGrant(
  grantId: string,
  payload: Record<string, unknown>,
  secondsLeft: number,
): void {
  const stored = { payload, consumed: false, repeatable: false, secondsLeft };
  currentUnitOfWork()?.note(keyOf('Grant', grantId), stored);
}

/** The unit of work fails when the grant is revoked before it commits. */
export async function expectGrant(db: Database, grantId: string): Promise<void> {
  await inUnitOfWork(db.knex, (unit) => unit.write({ op: 'expect', grant_id: hex(grantId) }));
}

/**
 * Redeems a `jti` of a client assertion or DPoP proof, at once and for good. Returns false when it
 * was used before. RFC 7523 section 3, RFC 9449 section 11.1.
 */
export async function redeemJti(
  db: Database,
  issuer: string,
  jti: string,
  expiresAt: number,
): Promise<boolean> {
  const inserted = await db
    .knex('redeemed_jtis')
    .insert({
      id: digest(JSON.stringify([issuer, jti])),
      expires_at: db.knex.raw('to_timestamp(?)', [expiresAt]),
    })
    .onConflict('id')
    .ignore()
    .returning('expires_at');
  return inserted.length === 1;
}

/** Ends everything of one account: sessions, grants, codes and tokens. */
export async function destroyPayloadsOfAccount(db: Database, accountId: string): Promise<void> {
  const query = await db.write();
  // The same locks in the same order as commit_artefacts takes them.
  await query.raw(
    `SELECT pg_advisory_xact_lock(family) FROM (
       SELECT DISTINCT ('x' || left(encode(coalesce(grant_id, uid), 'hex'), 16))::bit(64)::bigint
         AS family
       FROM oidc_payloads WHERE account_id = ? AND coalesce(grant_id, uid) IS NOT NULL
       ORDER BY 1) AS families`,
    [accountId],
  );
  await query('oidc_payloads').where({ account_id: accountId }).delete();
}

/** Seconds that the answer of a refresh may be asked for again. */
const ANSWER_KEPT_SECONDS = 10;
/** In SQL: the answer of a used refresh token may still be given again. */
export const IS_REPEATABLE = `answer IS NOT NULL AND consumed_at > now() - interval '${ANSWER_KEPT_SECONDS} seconds'`;
const CONSUMED_AGO = '(1000 * extract(epoch from clock_timestamp() - consumed_at))::float8';
const SECONDS_LEFT = 'ceil(extract(epoch from expires_at - now()))::int';

interface PayloadRow {
  part?: string;
  model?: string;
  payload: Record<string, unknown>;
  consumed_at: Date | null;
  consumed_ago?: number | null;
  repeatable?: boolean;
  seconds_left: number;
}

const SELECT_WITH_DEPENDENCIES = {
  name: 'artefact-with-dependencies',
  text: `WITH source AS MATERIALIZED (SELECT * FROM oidc_payloads WHERE id = $1),
     found AS (
       SELECT 'source' AS part, * FROM source
       UNION ALL
       SELECT 'grant', g.* FROM oidc_payloads g, source
         WHERE g.model = 'Grant' AND g.id = source.grant_id AND source.model <> 'Grant'
       UNION ALL
       (SELECT 'session', s.* FROM oidc_payloads s, source
         WHERE s.model = 'Session' AND s.uid = sha256(convert_to(source.payload ->> 'sessionUid', 'UTF8'))
         ORDER BY s.expires_at DESC LIMIT 1))
     SELECT part, model, payload, consumed_at, ${CONSUMED_AGO} AS consumed_ago,
       (${IS_REPEATABLE}) AS repeatable, ${SECONDS_LEFT} AS seconds_left FROM found`,
};

const selectNewestBy = (column: 'uid' | 'user_code') => ({
  name: `newest-artefact-by-${column}`,
  text: `SELECT payload, consumed_at, ${SECONDS_LEFT} AS seconds_left FROM oidc_payloads
     WHERE ${column} = $1 ORDER BY expires_at DESC LIMIT 1`,
});
const SELECT_NEWEST = { uid: selectNewestBy('uid'), user_code: selectNewestBy('user_code') };

async function selectWithDependencies(db: Database, value: string): Promise<PayloadRow[]> {
  const values = [digest(value)];
  const { rows } = await runPrepared<PayloadRow>(
    await db.query(),
    SELECT_WITH_DEPENDENCIES,
    values,
  );
  return rows;
}

function toStored(row: PayloadRow): StoredPayload {
  return {
    payload: row.payload,
    consumed: row.consumed_at !== null,
    ...(row.consumed_ago == null ? {} : { consumedAgo: row.consumed_ago }),
    repeatable: row.repeatable ?? false,
    secondsLeft: row.seconds_left,
  };
}

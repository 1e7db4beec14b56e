// The sessions of one account, as its owner sees them: where they are, and ending them.
import type { Knex } from 'knex';
import type { Database } from './database.ts';
import { digest } from './oidc-payloads.ts';

/** From where a session was used last; it stands in the session's payload. */
export interface SessionSeen {
  browser: string;
  system: string;
  network: string;
  /** In seconds. */
  at: number;
}

export interface AccountSession {
  /** The digest of the session's uid, in hex: it names the session and opens nothing. */
  id: string;
  signedInAt: Date | undefined;
  seen: SessionSeen | undefined;
}

/** The id under which the owner's pages name a session. */
export function sessionId(uid: string): string {
  return digest(uid).toString('hex');
}

/** The live sessions of an account, the one used last first. */
export async function listSessions(db: Database, accountId: string): Promise<AccountSession[]> {
  const query = await db.query();
  // Windows of one browser may hold one session under several ids.
  const { rows } = await query.raw(
    `SELECT DISTINCT ON (uid) encode(uid, 'hex') AS id, to_timestamp((payload ->> 'loginTs')::bigint)
       AS signed_in_at, payload -> 'seen' AS seen
     FROM oidc_payloads WHERE account_id = ? AND model = 'Session' AND expires_at > now()
     ORDER BY uid, (payload -> 'seen' ->> 'at')::bigint DESC NULLS LAST`,
    [accountId],
  );
  const sessions: AccountSession[] = rows.map(
    (row: { id: string; signed_in_at: Date | null; seen: SessionSeen | null }) => ({
      id: row.id,
      signedInAt: row.signed_in_at ?? undefined,
      seen: row.seen ?? undefined,
    }),
  );
  return sessions.sort((a, b) => (b.seen?.at ?? 0) - (a.seen?.at ?? 0));
}

/**
 * Ends one session of the account with the grants that it holds, and so their refresh tokens.
 * Returns false when the account has no such session.
 */
export async function endAccountSession(
  db: Database,
  accountId: string,
  id: string,
): Promise<boolean> {
  const query = await db.write();
  const uid = Buffer.from(id, 'hex');
  const { rows } = await query.raw(
    `SELECT DISTINCT sha256(convert_to(held.value ->> 'grantId', 'UTF8')) AS grant_id
     FROM oidc_payloads, jsonb_each(coalesce(payload -> 'authorizations', '{}')) AS held
     WHERE account_id = ? AND model = 'Session' AND uid = ? AND held.value ->> 'grantId' IS NOT NULL`,
    [accountId, uid],
  );
  const grants: Buffer[] = rows.map((row: { grant_id: Buffer }) => row.grant_id);
  await endGrants(query, accountId, grants, [uid]);
  const ended = await query('oidc_payloads')
    .where({ account_id: accountId, model: 'Session', uid })
    .delete();
  return ended > 0;
}

/** Ends everything that an account holds but one session: sessions, grants, codes and tokens. */
export async function endOtherSessions(
  db: Database,
  accountId: string,
  keptUid: string,
): Promise<void> {
  const query = await db.write();
  const rows = await query('oidc_payloads')
    .where({ account_id: accountId })
    .select(query.raw('DISTINCT coalesce(grant_id, uid, id) AS family'));
  await lockFamilies(
    query,
    rows.map(({ family }) => family),
  );
  await query('oidc_payloads')
    .where({ account_id: accountId })
    .whereRaw("NOT (model = 'Session' AND uid = ?)", [digest(keptUid)])
    .delete();
}

/** Ends grants of an account by their row ids, with everything issued under them. */
export async function endGrants(
  query: Knex,
  accountId: string,
  grants: Buffer[],
  alsoLocked: Buffer[] = [],
): Promise<void> {
  await lockFamilies(query, [...alsoLocked, ...grants]);
  await query('oidc_payloads')
    .where({ account_id: accountId })
    .whereIn('grant_id', grants)
    .delete();
  await query('oidc_payloads')
    .where({ account_id: accountId, model: 'Grant' })
    .whereIn('id', grants)
    .delete();
}

// The same locks in the same order as commit_artefacts takes them.
async function lockFamilies(query: Knex, families: Buffer[]): Promise<void> {
  await query.raw(
    `SELECT pg_advisory_xact_lock(family) FROM (
       SELECT DISTINCT ('x' || left(encode(f, 'hex'), 16))::bit(64)::bigint AS family
       FROM unnest(?::bytea[]) AS f ORDER BY 1) AS families`,
    [families],
  );
}

// Which of our sessions began at which session of an upstream, so that its sign-out ends ours.
import type { Database } from './database.ts';
import { digest } from './oidc-payloads.ts';
import { endAccountSession } from './sessions.ts';

// As long as a session of ours can live.
const LIFETIME = "interval '14 days'";

export interface UpstreamSessionRow {
  identity_id: string;
  sid: string | null;
  /** What the upstream wants to hear at sign-out. */
  sealed: Buffer | null;
}

/** Keeps one under a name of the caller's, until our session has its uid. */
export async function insertUpstreamSession(
  db: Database,
  session: {
    name: string;
    identityId: string;
    issuer: string;
    sid: string | undefined;
    sealed: Buffer | undefined;
  },
): Promise<void> {
  const query = await db.write();
  await query('upstream_sessions').insert({
    session_uid: digest(session.name),
    identity_id: session.identityId,
    issuer: session.issuer,
    sid: session.sid ?? null,
    sealed: session.sealed ?? null,
    expires_at: query.raw(`now() + ${LIFETIME}`),
  });
}

/** Our session has its uid now; one that it had before is replaced. */
export async function adoptUpstreamSession(
  db: Database,
  name: string,
  sessionUid: string,
): Promise<void> {
  const query = await db.write();
  const uid = digest(sessionUid);
  await query('upstream_sessions').where({ session_uid: uid }).delete();
  await query('upstream_sessions')
    .where({ session_uid: digest(name) })
    .update({ session_uid: uid });
}

/** Where our session began; undefined: not at an upstream. */
export async function findUpstreamSession(
  db: Database,
  sessionUid: string,
): Promise<(UpstreamSessionRow & { connector_id: string }) | undefined> {
  const query = await db.query();
  return query('upstream_sessions')
    .join('identities', 'identities.id', 'identity_id')
    .select('identity_id', 'sid', 'sealed', 'connector_id')
    .where({ session_uid: digest(sessionUid) })
    .first();
}

/** Ends our sessions that began at one session of an upstream, or at any of its subject. Returns whose. */
export async function endSessionsOfUpstream(
  db: Database,
  connectorId: string,
  {
    issuer,
    sid,
    subject,
  }: { issuer?: string | undefined; sid?: string | undefined; subject?: string | undefined },
): Promise<string[]> {
  if (sid === undefined && subject === undefined) return [];
  const query = await db.write();
  const found = query('upstream_sessions')
    .join('identities', 'identities.id', 'identity_id')
    .select('session_uid', 'account_id')
    .where({ connector_id: connectorId });
  if (issuer !== undefined) found.where({ 'upstream_sessions.issuer': issuer });
  if (sid !== undefined) found.where({ sid });
  if (subject !== undefined) found.where({ subject });
  return endSessions(db, await found);
}

/** Ends our sessions that an identity began; `keptUid` names one that goes on. */
export async function endSessionsOfIdentity(
  db: Database,
  identityId: string,
  keptUid?: string,
): Promise<void> {
  const query = await db.write();
  const found = await query('upstream_sessions')
    .join('identities', 'identities.id', 'identity_id')
    .select('session_uid', 'account_id')
    .where({ identity_id: identityId })
    .whereNot({ session_uid: digest(keptUid ?? '') });
  await endSessions(db, found);
}

async function endSessions(
  db: Database,
  sessions: { session_uid: Buffer; account_id: string }[],
): Promise<string[]> {
  const ended: string[] = [];
  for (const { session_uid: uid, account_id: accountId } of sessions) {
    if (await endAccountSession(db, accountId, uid.toString('hex'))) ended.push(accountId);
  }
  const query = await db.write();
  await query('upstream_sessions')
    .whereIn(
      'session_uid',
      sessions.map(({ session_uid: uid }) => uid),
    )
    .delete();
  return ended;
}

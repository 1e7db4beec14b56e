// The grant that a session holds for a client. Windows that begin one at the same moment take turns,
// so that each builds on what the other began.
import type { Database } from './database.ts';
import { digest, noteGrant } from './oidc-payloads.ts';

/**
 * Reads the id of the grant that the session has for the client by now, and holds others back until
 * this request commits. What was read of that grant before is read anew. Undefined: there is none.
 */
export async function takeSessionGrant(
  db: Database,
  holder: { sessionUid: string; clientId: string },
): Promise<string | undefined> {
  const query = await db.write();
  const uid = digest(holder.sessionUid);
  const lock = digest(`${holder.sessionUid} ${holder.clientId}`).readBigInt64BE().toString();
  await query.raw('SELECT pg_advisory_xact_lock(?)', [lock]);
  // After the lock, in a statement of its own: this one sees what the other has committed.
  const { rows } = await query.raw(
    `SELECT granted.id, payload, ceil(extract(epoch from expires_at - now()))::int AS seconds_left
     FROM (SELECT payload -> 'authorizations' -> ? ->> 'grantId' AS id FROM oidc_payloads
           WHERE model = 'Session' AND uid = ? AND expires_at > now() LIMIT 1) AS granted
     JOIN oidc_payloads ON model = 'Grant' AND oidc_payloads.id = sha256(convert_to(granted.id, 'UTF8'))`,
    [holder.clientId, uid],
  );
  if (!rows[0]) return undefined;
  noteGrant(rows[0].id, rows[0].payload, rows[0].seconds_left);
  return rows[0].id;
}

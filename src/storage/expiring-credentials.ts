// Credentials whose time comes: told of before it does, and written down when it has.
import type { Database } from './database.ts';

export interface TimedCredential {
  id: string;
  clientId: string;
  clientName: string;
  kind: 'secret' | 'key';
  name: string;
  hint: string;
  expiresAt: Date;
  /** Its owner let it end, instead of its own expiry. */
  retired: boolean;
  applicationId: string | undefined;
}

const FOUND = `found.*, c.name AS client_name, c.application_id, found.retired_at IS NOT NULL AS retired`;

/** Marks at most `limit` credentials as expired and returns them; each once, whichever node asks. */
export async function takeExpired(db: Database, limit: number): Promise<TimedCredential[]> {
  const query = await db.write();
  const { rows } = await query.raw(
    `WITH found AS (
       UPDATE credentials SET expired_at = now() WHERE id = ANY (ARRAY(
         SELECT id FROM credentials WHERE expires_at <= now() AND expired_at IS NULL
         ORDER BY expires_at LIMIT ? FOR UPDATE SKIP LOCKED)) RETURNING *)
     SELECT ${FOUND} FROM found JOIN clients c ON c.id = found.client_id`,
    [limit],
  );
  return rows.map(toTimed);
}

/**
 * Marks at most `limit` credentials of which their people are to hear, and returns them: those that
 * expire within `days`, and were not told of since then. What was retired is not among them.
 */
export async function takeExpiring(
  db: Database,
  days: number,
  limit: number,
): Promise<TimedCredential[]> {
  const query = await db.write();
  const { rows } = await query.raw(
    `WITH found AS (
       UPDATE credentials SET reminded_at = now() WHERE id = ANY (ARRAY(
         SELECT id FROM credentials
         WHERE expires_at > now() AND expires_at <= now() + :days * interval '1 day'
           AND (reminded_at IS NULL OR reminded_at < expires_at - :days * interval '1 day')
           -- Made for so short a time that nobody needs to hear of it.
           AND created_at < expires_at - :days * interval '1 day'
           AND retired_at IS NULL AND suspended_at IS NULL
         ORDER BY expires_at LIMIT :limit FOR UPDATE SKIP LOCKED)) RETURNING *)
     SELECT ${FOUND} FROM found JOIN clients c ON c.id = found.client_id`,
    { days, limit },
  );
  return rows.map(toTimed);
}

export interface MemberAddress {
  email: string;
  language: string | undefined;
}

/** Where the members of an application read their mail. */
export async function listMemberAddresses(
  db: Database,
  applicationId: string,
): Promise<MemberAddress[]> {
  const query = await db.query();
  const rows = await query('application_members as m')
    .join('accounts as a', 'a.id', 'm.account_id')
    .where({ 'm.application_id': applicationId, 'a.state': 'active' })
    .orderBy('a.id')
    .select('a.email', 'a.preferred_language');
  return rows.map(({ email, preferred_language }) => ({
    email,
    language: preferred_language ?? undefined,
  }));
}

interface TimedRow {
  id: string;
  client_id: string;
  client_name: string;
  kind: 'secret' | 'key';
  name: string;
  hint: string;
  expires_at: Date;
  retired: boolean;
  application_id: string | null;
}

function toTimed(row: TimedRow): TimedCredential {
  return {
    id: row.id,
    clientId: row.client_id,
    clientName: row.client_name,
    kind: row.kind,
    name: row.name,
    hint: row.hint,
    expiresAt: row.expires_at,
    retired: row.retired,
    applicationId: row.application_id ?? undefined,
  };
}

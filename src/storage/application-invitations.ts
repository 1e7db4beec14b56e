// Invitations to look after an application: a link for one address, good for 48 hours and once. Its
// token is stored as a hash.
import { createHash, randomBytes } from 'node:crypto';
import type { Database } from './database.ts';

const LIFETIME = "interval '48 hours'";

export interface ApplicationInvitation {
  id: string;
  applicationId: string;
  email: string;
  invitedBy: string;
  expiresAt: Date;
}

/**
 * Stores an invitation in place of one of the same address, whose link is void from then on.
 * Returns the token of its link.
 */
export async function insertApplicationInvitation(
  db: Database,
  invitation: { applicationId: string; email: string; invitedBy: string },
): Promise<string> {
  const query = await db.write();
  const token = randomBytes(32).toString('base64url');
  await query.raw(
    `INSERT INTO application_invitations
       (id, application_id, email, token_hash, invited_by, expires_at)
     VALUES (?, ?, ?, ?, ?, now() + ${LIFETIME})
     ON CONFLICT (application_id, lower(email)) DO UPDATE SET
       token_hash = excluded.token_hash, invited_by = excluded.invited_by,
       created_at = now(), expires_at = excluded.expires_at`,
    [
      `ain_${randomBytes(12).toString('hex')}`,
      ...[invitation.applicationId, invitation.email, digest(token), invitation.invitedBy],
    ],
  );
  return token;
}

/** The invitation of a link that can still be accepted. */
export async function findApplicationInvitation(
  db: Database,
  token: string,
): Promise<ApplicationInvitation | undefined> {
  const query = await db.query();
  const row = await query('application_invitations')
    .where({ token_hash: digest(token) })
    .whereRaw('expires_at > now()')
    .first();
  return row && toInvitation(row);
}

/** Redeems a link in the running transaction. Who comes second waits, and gets undefined. */
export async function redeemApplicationInvitation(
  db: Database,
  token: string,
): Promise<ApplicationInvitation | undefined> {
  const query = await db.write();
  const [row] = await query('application_invitations')
    .where({ token_hash: digest(token) })
    .whereRaw('expires_at > now()')
    .delete('*');
  return row && toInvitation(row);
}

/** The invitations of an application that can still be accepted, oldest first. */
export async function listApplicationInvitations(
  db: Database,
  applicationId: string,
): Promise<ApplicationInvitation[]> {
  const query = await db.query();
  const rows = await query('application_invitations')
    .where({ application_id: applicationId })
    .whereRaw('expires_at > now()')
    .orderBy('created_at')
    .orderBy('id');
  return rows.map(toInvitation);
}

/** Revokes an invitation of an application; undefined: it has none of that id. */
export async function revokeApplicationInvitation(
  db: Database,
  applicationId: string,
  id: string,
): Promise<ApplicationInvitation | undefined> {
  const query = await db.write();
  const [row] = await query('application_invitations')
    .where({ application_id: applicationId, id })
    .delete('*');
  return row && toInvitation(row);
}

/** Revokes all invitations of an application, or all that an account sent. */
export async function revokeApplicationInvitations(
  db: Database,
  of:
    | { applicationId: string }
    | { invitedBy: string }
    | { applicationId: string; invitedBy: string },
): Promise<void> {
  const query = await db.write();
  await query('application_invitations')
    .where({
      ...('applicationId' in of ? { application_id: of.applicationId } : {}),
      ...('invitedBy' in of ? { invited_by: of.invitedBy } : {}),
    })
    .delete();
}

function toInvitation(row: {
  id: string;
  application_id: string;
  email: string;
  invited_by: string;
  expires_at: Date;
}): ApplicationInvitation {
  return {
    id: row.id,
    applicationId: row.application_id,
    email: row.email,
    invitedBy: row.invited_by,
    expiresAt: row.expires_at,
  };
}

function digest(token: string): Buffer {
  return createHash('sha256').update(`application invitation\n${token}`).digest();
}

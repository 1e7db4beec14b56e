// Invitations: a link for one address, good for 48 hours and once. Its token is stored as a hash.
import { createHash, randomBytes } from 'node:crypto';
import type { Database } from './database.ts';

const LIFETIME = "interval '48 hours'";

export type InvitationState = 'open' | 'expired' | 'accepted' | 'revoked';

export interface InvitationRow {
  id: string;
  email: string;
  language: string;
  group_ids: string[];
  roles: string[];
  message: string | null;
  inviter_id: string;
  inviter_name: string;
  client_id: string | null;
  created_at: Date;
  expires_at: Date;
  state: InvitationState;
}

export type NewInvitation = Pick<
  InvitationRow,
  | 'email'
  | 'language'
  | 'group_ids'
  | 'roles'
  | 'message'
  | 'inviter_id'
  | 'inviter_name'
  | 'client_id'
>;

const COLUMNS = `id, email, language, group_ids, roles, message, inviter_id, inviter_name, client_id,
  created_at, expires_at,
  CASE WHEN accepted_at IS NOT NULL THEN 'accepted' WHEN revoked_at IS NOT NULL THEN 'revoked'
    WHEN expires_at <= now() THEN 'expired' ELSE 'open' END AS state`;

/** Stores an invitation, and returns it with the token of its link. */
export async function insertInvitation(
  db: Database,
  invitation: NewInvitation,
): Promise<{ invitation: InvitationRow; token: string }> {
  const query = await db.write();
  const token = createToken();
  const [row] = await query('invitations')
    .insert({
      ...invitation,
      id: `inv_${randomBytes(12).toString('hex')}`,
      token_hash: digest(token),
      expires_at: query.raw(`now() + ${LIFETIME}`),
    })
    .returning(query.raw(COLUMNS));
  return { invitation: row, token };
}

/** Finds the invitation of a link, whatever became of it. */
export async function findInvitationByToken(
  db: Database,
  token: string,
): Promise<InvitationRow | undefined> {
  const query = await db.query();
  return query('invitations')
    .select(query.raw(COLUMNS))
    .where({ token_hash: digest(token) })
    .first();
}

/** Finds an invitation by its id, or the newest one of an address. */
export async function findInvitation(
  db: Database,
  idOrEmail: string,
): Promise<InvitationRow | undefined> {
  const query = await db.query();
  return query('invitations')
    .select(query.raw(COLUMNS))
    .where({ id: idOrEmail })
    .orWhereRaw('lower(email) = lower(?)', [idOrEmail])
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .first();
}

/** All invitations, the newest first, at most `limit`. */
export async function listInvitations(db: Database, limit: number): Promise<InvitationRow[]> {
  const query = await db.query();
  return query('invitations')
    .select(query.raw(COLUMNS))
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .limit(limit);
}

/** Gives an invitation that is not accepted a new link and its full time; the old link is void. */
export async function renewInvitation(db: Database, id: string): Promise<string> {
  const query = await db.write();
  const token = createToken();
  await query('invitations')
    .where({ id, accepted_at: null })
    .update({
      token_hash: digest(token),
      expires_at: query.raw(`now() + ${LIFETIME}`),
      revoked_at: null,
      asked_at: null,
    });
  return token;
}

/**
 * Redeems an invitation in the running unit of work. Who comes second waits for the first one's
 * commit and gets undefined, as with a link that is expired, revoked or made up.
 */
export async function redeemInvitation(
  db: Database,
  token: string,
): Promise<InvitationRow | undefined> {
  const query = await db.write();
  const [row] = await query('invitations')
    .where({ token_hash: digest(token), accepted_at: null, revoked_at: null })
    .whereRaw('expires_at > now()')
    .update({ accepted_at: query.fn.now() })
    .returning(query.raw(COLUMNS));
  return row;
}

/** Notes which account came of an invitation, and revokes all others of its address. */
export async function settleInvitation(
  db: Database,
  { id, email }: InvitationRow,
  accountId: string,
): Promise<void> {
  const query = await db.write();
  await query('invitations').where({ id }).update({ accepted_by: accountId });
  await query('invitations')
    .whereRaw('lower(email) = lower(?)', [email])
    .where({ accepted_at: null, revoked_at: null })
    .update({ revoked_at: query.fn.now() });
}

/** Revokes an invitation that is not accepted. Returns false when there was nothing to revoke. */
export async function revokeInvitation(db: Database, id: string): Promise<boolean> {
  const query = await db.write();
  const revoked = await query('invitations')
    .where({ id, accepted_at: null, revoked_at: null })
    .update({ revoked_at: query.fn.now() });
  return revoked === 1;
}

/** Revokes what somebody invited that nobody has accepted. */
export async function revokeInvitationsBy(db: Database, inviterId: string): Promise<void> {
  const query = await db.write();
  await query('invitations')
    .where({ inviter_id: inviterId, accepted_at: null, revoked_at: null })
    .update({ revoked_at: query.fn.now() });
}

/**
 * Notes that the holder of an expired link asks for a new one; of one invitation at most once an
 * hour. Returns where the inviter is reached; undefined: nobody is to be told.
 */
export async function noteAskedAgain(
  db: Database,
  token: string,
): Promise<{ invitationId: string; inviterId: string } | undefined> {
  const query = await db.write();
  const [row] = await query('invitations')
    .where({ token_hash: digest(token), accepted_at: null, revoked_at: null })
    .whereRaw("expires_at <= now() AND (asked_at IS NULL OR asked_at < now() - interval '1 hour')")
    .update({ asked_at: query.fn.now() })
    .returning(['id', 'inviter_id']);
  return row && { invitationId: row.id, inviterId: row.inviter_id };
}

function createToken(): string {
  return randomBytes(32).toString('base64url');
}

function digest(token: string): Buffer {
  return createHash('sha256').update(`invitation\n${token}`).digest();
}

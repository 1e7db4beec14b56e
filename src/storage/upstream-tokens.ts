// Refresh tokens of upstreams, where a connector keeps them: sealed, and bound to their identity.
import type { Database } from './database.ts';

export interface UpstreamTokenRow {
  identity_id: string;
  connector_id: string;
  account_id: string;
  sealed: Buffer;
}

const PAUSE = "interval '1 hour'";

/** Stores the token of an identity, to be renewed in an hour; the one it had before is gone. */
export async function putUpstreamToken(
  db: Database,
  token: { identityId: string; keyId: string; sealed: Buffer },
): Promise<void> {
  const query = await db.write();
  await query('upstream_tokens')
    .insert({
      identity_id: token.identityId,
      key_id: token.keyId,
      sealed: token.sealed,
      renew_at: query.raw(`now() + ${PAUSE}`),
    })
    .onConflict('identity_id')
    .merge();
}

/**
 * Takes the token whose renewal is due longest, in the running unit of work: no other node has it
 * meanwhile. undefined: none is due.
 */
export async function takeDueUpstreamToken(db: Database): Promise<UpstreamTokenRow | undefined> {
  const query = await db.write();
  return query('upstream_tokens')
    .join('identities', 'identities.id', 'identity_id')
    .select('identity_id', 'connector_id', 'account_id', 'sealed')
    .whereRaw('renew_at <= now()')
    .orderBy('renew_at')
    .forUpdate('upstream_tokens')
    .skipLocked()
    .first();
}

/** Puts the renewal off: the upstream could not be asked. */
export async function postponeUpstreamToken(db: Database, identityId: string): Promise<void> {
  const query = await db.write();
  await query('upstream_tokens')
    .where({ identity_id: identityId })
    .update({ renew_at: query.raw(`now() + ${PAUSE}`) });
}

/** Forgets the token of an identity. */
export async function deleteUpstreamToken(db: Database, identityId: string): Promise<void> {
  const query = await db.write();
  await query('upstream_tokens').where({ identity_id: identityId }).delete();
}

// Identities that an upstream vouched for and that have no account yet: what is still missing is asked
// on our pages. One for each interaction, or for each session at My account.
import { createHash } from 'node:crypto';
import type { Database } from './database.ts';

const LIFETIME = "interval '30 minutes'";

/** Keeps an identity under its owner; what the owner had before is replaced. */
export async function putPendingIdentity(
  db: Database,
  { owner, connectorId, sealed }: { owner: string; connectorId: string; sealed: Buffer },
): Promise<void> {
  const query = await db.write();
  await query('pending_identities')
    .insert({
      id: digest(owner),
      connector_id: connectorId,
      sealed,
      expires_at: query.raw(`now() + ${LIFETIME}`),
    })
    .onConflict('id')
    .merge();
}

/** Finds the identity of an owner. `forUpdate`: nobody else reads it until the running unit of work ends. */
export async function findPendingIdentity(
  db: Database,
  owner: string,
  { forUpdate }: { forUpdate: boolean },
): Promise<{ sealed: Buffer } | undefined> {
  const query = forUpdate ? await db.write() : await db.query();
  const found = query('pending_identities')
    .select('sealed')
    .where({ id: digest(owner) })
    .whereRaw('expires_at > now()')
    .first();
  return forUpdate ? found.forUpdate() : found;
}

/** Forgets the identity of an owner. */
export async function deletePendingIdentity(db: Database, owner: string): Promise<void> {
  const query = await db.write();
  await query('pending_identities')
    .where({ id: digest(owner) })
    .delete();
}

function digest(owner: string): Buffer {
  return createHash('sha256').update(`pending identity\n${owner}`).digest();
}

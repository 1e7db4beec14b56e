// Clients that registered themselves, with what they say of themselves.
import type { Database } from './database.ts';

export interface RegisteredClient {
  client_id: string;
  policy_id: string;
  metadata: Record<string, unknown>;
  registered_at: Date;
}

/** Notes that a client was registered under a policy. */
export async function insertRegisteredClient(
  db: Database,
  registered: Omit<RegisteredClient, 'registered_at'> & { token_hash: Buffer },
): Promise<RegisteredClient> {
  const query = await db.write();
  const [row] = await query<RegisteredClient>('registered_clients')
    .insert({ ...registered, metadata: JSON.stringify(registered.metadata) as never })
    .returning(['client_id', 'policy_id', 'metadata', 'registered_at']);
  if (!row) throw new Error('the database returned no client');
  return row;
}

/**
 * The client that a registration access token is of, by its hashes under the keys there are. Its row
 * is locked: of two changes at once, one waits.
 */
export async function lockRegisteredClient(
  db: Database,
  { clientId, hashes }: { clientId: string; hashes: Buffer[] },
): Promise<RegisteredClient | undefined> {
  const query = await db.write();
  return query<RegisteredClient>('registered_clients')
    .whereRaw('client_id = ?', [clientId])
    .whereIn('token_hash' as never, hashes as never[])
    .forUpdate()
    .first('client_id', 'policy_id', 'metadata', 'registered_at');
}

/** Replaces what a client says of itself. */
export async function replaceRegisteredMetadata(
  db: Database,
  clientId: string,
  metadata: Record<string, unknown>,
): Promise<void> {
  const query = await db.write();
  await query('registered_clients')
    .where({ client_id: clientId })
    .update({ metadata: JSON.stringify(metadata) });
}

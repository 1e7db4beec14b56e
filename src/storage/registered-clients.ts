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

/** The client that a registration access token is of, by its hashes under the keys there are. */
export async function findRegisteredClient(
  db: Database,
  { clientId, hashes }: { clientId: string; hashes: Buffer[] },
): Promise<RegisteredClient | undefined> {
  // An id that cannot exist may hold bytes that text cannot.
  if (!/^c_[0-9a-f]{1,60}$/.test(clientId)) return undefined;
  const query = await db.query();
  return query('registered_clients')
    .where({ client_id: clientId })
    .whereIn('token_hash', hashes)
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

// E-mail domains of connectors: whose people sign in where. One that is not proven steers nobody.
import { announce } from './changes.ts';
import type { Database } from './database.ts';

export interface ConnectorDomainRow {
  domain: string;
  connector_id: string;
  /** What the DNS must say. */
  dns_token: string;
  /** How it is known that the domain is theirs; null: not yet. */
  proof: 'dns' | 'asserted' | null;
  /** People of this domain sign in with this connector only. */
  forced: boolean;
  created_at: Date;
}

/** Stores a domain. Throws the database's unique violation (23505) for a known one. */
export async function insertConnectorDomain(
  db: Database,
  row: Omit<ConnectorDomainRow, 'created_at'>,
): Promise<void> {
  const query = await db.write();
  await query('connector_domains').insert(row);
  await announce(query, 'connectors');
}

/** Finds one domain, proven or not. */
export async function findConnectorDomain(
  db: Database,
  domain: string,
): Promise<ConnectorDomainRow | undefined> {
  const query = await db.query();
  return query<ConnectorDomainRow>('connector_domains').where({ domain }).first();
}

/** All domains by name. */
export async function listConnectorDomains(db: Database): Promise<ConnectorDomainRow[]> {
  const query = await db.query();
  return query<ConnectorDomainRow>('connector_domains').orderBy('domain');
}

/** Changes proof or force of a domain that still has this token. Returns false when there is none. */
export async function updateConnectorDomain(
  db: Database,
  { domain, connector_id, dns_token }: ConnectorDomainRow,
  change: Partial<Pick<ConnectorDomainRow, 'proof' | 'forced'>>,
): Promise<boolean> {
  const query = await db.write();
  const changed = await query('connector_domains')
    .where({ domain, connector_id, dns_token })
    .update(change);
  await announce(query, 'connectors');
  return changed === 1;
}

/** Deletes a domain. Returns false when there is none. */
export async function deleteConnectorDomain(db: Database, domain: string): Promise<boolean> {
  const query = await db.write();
  const deleted = await query('connector_domains').where({ domain }).delete();
  await announce(query, 'connectors');
  return deleted === 1;
}

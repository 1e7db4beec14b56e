// Connectors: the configured upstream identity providers. Their secrets are not here.
import { announce } from './changes.ts';
import type { Database } from './database.ts';

export interface ConnectorRow {
  /** Chosen by an administrator; part of the redirect URI. */
  id: string;
  kind: string;
  /** What its button says. */
  name: string;
  enabled: boolean;
  settings: Record<string, unknown>;
  created_at: Date;
  updated_at: Date;
}

export type NewConnector = Pick<ConnectorRow, 'id' | 'kind' | 'name' | 'settings'>;

/** Stores a connector. Throws the database's unique violation (23505) for a known id. */
export async function insertConnector(db: Database, connector: NewConnector): Promise<void> {
  const query = await db.write();
  const { settings, ...row } = connector;
  await query('connectors').insert({
    ...{ ...row, settings: JSON.stringify(settings) },
    // Several of one transaction keep their order.
    created_at: query.raw('clock_timestamp()'),
  });
  await announce(query, 'connectors');
}

/** Finds one connector, enabled or not. */
export async function findConnector(db: Database, id: string): Promise<ConnectorRow | undefined> {
  const query = await db.query();
  return query<ConnectorRow>('connectors').where({ id }).first();
}

/** All connectors in the order in which they were added. */
export async function listConnectors(db: Database): Promise<ConnectorRow[]> {
  const query = await db.query();
  return query<ConnectorRow>('connectors').orderBy('created_at').orderBy('id');
}

/** Changes name, settings or state. Returns false when there is no such connector. */
export async function updateConnector(
  db: Database,
  id: string,
  { settings, ...change }: Partial<Pick<ConnectorRow, 'name' | 'settings' | 'enabled'>>,
): Promise<boolean> {
  const query = await db.write();
  const changed = await query('connectors')
    .where({ id })
    .update({
      ...change,
      ...(settings ? { settings: JSON.stringify(settings) } : {}),
      updated_at: query.fn.now(),
    });
  await announce(query, 'connectors');
  return changed === 1;
}

/** Deletes a connector. Throws the database's foreign key violation (23503) while identities are left. */
export async function deleteConnector(db: Database, id: string): Promise<boolean> {
  const query = await db.write();
  const deleted = await query('connectors').where({ id }).delete();
  await announce(query, 'connectors');
  return deleted === 1;
}

/** Follows an upstream to another address, in the settings of its connector and in its identities. */
export async function moveConnector(
  db: Database,
  id: string,
  move: { from: string; to: string },
): Promise<void> {
  const query = await db.write();
  const moved = (column: string) =>
    query.raw('replace(??::text, ?, ?)', [column, move.from, move.to]);
  await query('connectors')
    .where({ id })
    .update({
      settings: query.raw('(?)::jsonb', [moved('settings')]),
      updated_at: query.fn.now(),
    });
  await query('identities')
    .where({ connector_id: id })
    .update({ issuer: moved('issuer') });
  await announce(query, 'connectors');
}

export interface ProvenDomain {
  domain: string;
  connector_id: string;
  /** People of this domain sign in with this connector only. */
  forced: boolean;
}

/** The domains of which it is known that they are the connector's. */
export async function listProvenDomains(db: Database): Promise<ProvenDomain[]> {
  const query = await db.query();
  return query<ProvenDomain>('connector_domains')
    .select('domain', 'connector_id', 'forced')
    .whereNotNull('proof')
    .orderBy('domain');
}

// The credentials of clients: secrets and public keys, several at a time, each with a life of its own.
// Who changes one holds the lock of its client (lockClient), so that two who change at once take turns.
import type { Knex } from 'knex';
import { announce } from './changes.ts';
import type { Database } from './database.ts';

export type CredentialKind = 'secret' | 'key';
/** `live` and `retiring` ones open the door; an `ended` one has expired or its countdown is over. */
export type CredentialState = 'live' | 'retiring' | 'suspended' | 'ended';

export interface Credential {
  id: string;
  clientId: string;
  kind: CredentialKind;
  name: string;
  /** What may be shown: the first characters of a secret, the `kid` of a key. */
  hint: string;
  publicKey: Record<string, unknown> | undefined;
  state: CredentialState;
  createdAt: Date;
  /** Names of who created it; empty: an operator, or the application itself. */
  createdBy: string;
  expiresAt: Date | undefined;
  /** From its creation to its expiry, whatever retired it; undefined: it never expires. */
  lifetimeSeconds: number | undefined;
  retiredAt: Date | undefined;
  suspendedAt: Date | undefined;
  lastUsedAt: Date | undefined;
  lastUsedNetwork: string | undefined;
  /** Neither used nor created within thirty days, by the database's clock. */
  isIdle: boolean;
}

export interface NewCredential {
  id: string;
  clientId: string;
  name: string;
  hint: string;
  content: { secretHash: Buffer } | { publicKey: Record<string, unknown> };
  /** undefined: it never expires. */
  expiresInSeconds: number | undefined;
  /** The account that created it. */
  createdBy: string | undefined;
}

/** What decides whether a client may have new credentials. */
export interface LockedClient {
  id: string;
  kind: string;
  applicationId: string | undefined;
  jwksUri: string | undefined;
  /** Stopped by an operator, an administrator or its owner. */
  isStopped: boolean;
}

/** Locks a client for a change of its credentials, until the end of the transaction. */
export async function lockClient(db: Database, id: string): Promise<LockedClient | undefined> {
  const query = await db.write();
  const { rows } = await query.raw(
    `SELECT c.id, c.kind, c.application_id, c.jwks_uri,
       c.disabled_at IS NOT NULL OR a.suspended_at IS NOT NULL OR a.disabled_at IS NOT NULL
         OR a.erase_at IS NOT NULL OR o.state <> 'active' AS is_stopped
     FROM clients c LEFT JOIN applications a ON a.id = c.application_id
       LEFT JOIN accounts o ON o.id = a.owner_id
     WHERE c.id = ? FOR NO KEY UPDATE OF c`,
    [id],
  );
  const [row] = rows;
  return (
    row && {
      id: row.id,
      kind: row.kind,
      applicationId: row.application_id ?? undefined,
      jwksUri: row.jwks_uri ?? undefined,
      isStopped: row.is_stopped === true,
    }
  );
}

/** The credentials of a client, the newest first; those that ended are last. */
export async function listCredentials(db: Database, clientId: string): Promise<Credential[]> {
  return selectCredentials(await db.query(), { client_id: clientId });
}

/** One credential of this very client. */
export async function findCredential(
  db: Database,
  clientId: string,
  id: string,
): Promise<Credential | undefined> {
  const [found] = await selectCredentials(await db.query(), { client_id: clientId, id });
  return found;
}

/** One credential of a client of this very application. */
export async function findApplicationCredential(
  db: Database,
  applicationId: string,
  id: string,
): Promise<Credential | undefined> {
  const query = await db.query();
  const [found] = await selectCredentials(query, { id });
  if (!found) return undefined;
  const owned = await query('clients')
    .where({ id: found.clientId, application_id: applicationId })
    .first('id');
  return owned && found;
}

/** Inserts credentials of one client, and tells the nodes. */
export async function insertCredentials(db: Database, added: NewCredential[]): Promise<void> {
  const query = await db.write();
  await query('credentials').insert(added.map((one) => toRow(query, one)));
  for (const clientId of new Set(added.map((one) => one.clientId)))
    await announce(query, 'clients', clientId);
}

function toRow(query: Knex, { content, expiresInSeconds, ...one }: NewCredential) {
  return {
    id: one.id,
    client_id: one.clientId,
    name: one.name,
    hint: one.hint,
    created_by: one.createdBy ?? null,
    expires_at:
      expiresInSeconds === undefined
        ? null
        : query.raw("now() + ? * interval '1 second'", [expiresInSeconds]),
    ...('secretHash' in content
      ? { kind: 'secret', secret_hash: content.secretHash, public_key: null }
      : { kind: 'key', secret_hash: null, public_key: JSON.stringify(content.publicKey) }),
  };
}

interface Which {
  clientId: string;
  id: string;
}

/**
 * Lets a credential that still works end in so many seconds, or when it would anyway, if that is
 * sooner. False when there is none that works.
 */
export async function retire(db: Database, which: Which, overlapSeconds: number): Promise<boolean> {
  return change(
    db,
    which,
    `UPDATE credentials SET
       former_expires_at = CASE WHEN retired_at IS NULL THEN expires_at ELSE former_expires_at END,
       retired_at = coalesce(retired_at, now()),
       expires_at = least(expires_at, now() + ? * interval '1 second')
     WHERE client_id = ? AND id = ? AND (expires_at IS NULL OR expires_at > now())`,
    [overlapSeconds],
  );
}

/** Stops the countdown of a retired credential. False when none runs. */
export async function restore(db: Database, which: Which): Promise<boolean> {
  return change(
    db,
    which,
    `UPDATE credentials
     SET expires_at = former_expires_at, former_expires_at = NULL, retired_at = NULL
     WHERE client_id = ? AND id = ? AND retired_at IS NOT NULL AND expires_at > now()`,
  );
}

/** Suspends a credential, or lets it go on. False when it is so already, or not there. */
export async function suspend(db: Database, which: Which, suspended: boolean): Promise<boolean> {
  return change(
    db,
    which,
    `UPDATE credentials SET suspended_at = ${suspended ? 'now()' : 'NULL'}
     WHERE client_id = ? AND id = ? AND suspended_at IS ${suspended ? '' : 'NOT'} NULL`,
  );
}

/** Names a credential anew. False when it is not there. */
export async function rename(db: Database, which: Which, name: string): Promise<boolean> {
  const query = await db.write();
  const changed = await query('credentials')
    .where({ client_id: which.clientId, id: which.id })
    .update({ name });
  return changed === 1;
}

/** Sets where the public keys of a client are published; undefined: nowhere. Tells the nodes. */
export async function setJwksUri(
  db: Database,
  clientId: string,
  uri: string | undefined,
): Promise<void> {
  const query = await db.write();
  await query('clients')
    .where({ id: clientId })
    .update({ jwks_uri: uri ?? null });
  await announce(query, 'clients', clientId);
}

async function change(
  db: Database,
  { clientId, id }: Which,
  statement: string,
  values: number[] = [],
): Promise<boolean> {
  const query = await db.write();
  const { rowCount } = await query.raw(statement, [...values, clientId, id]);
  if (rowCount === 1) await announce(query, 'clients', clientId);
  return rowCount === 1;
}

async function selectCredentials(
  query: Knex,
  where: Record<string, string>,
): Promise<Credential[]> {
  const named = Object.fromEntries(Object.entries(where).map(([key, id]) => [`c.${key}`, id]));
  const rows = await query('credentials as c')
    .leftJoin('accounts as a', 'a.id', 'c.created_by')
    .where(named)
    .select('c.*')
    .select(
      query.raw("concat_ws(' ', a.given_name, a.family_name) AS creator"),
      query.raw(`CASE WHEN c.expires_at <= now() THEN 'ended'
        WHEN c.suspended_at IS NOT NULL THEN 'suspended'
        WHEN c.retired_at IS NOT NULL THEN 'retiring' ELSE 'live' END AS state`),
      query.raw(`extract(epoch FROM CASE WHEN c.retired_at IS NULL THEN c.expires_at
        ELSE c.former_expires_at END - c.created_at)::float8 AS lifetime`),
      query.raw("greatest(c.created_at, c.last_used_at) < now() - interval '30 days' AS is_idle"),
    )
    .orderByRaw('(c.expires_at <= now()) IS TRUE, c.created_at DESC, c.id');
  return rows.map(toCredential);
}

interface CredentialRow {
  id: string;
  client_id: string;
  kind: CredentialKind;
  name: string;
  hint: string;
  public_key: Record<string, unknown> | null;
  state: CredentialState;
  created_at: Date;
  creator: string;
  expires_at: Date | null;
  lifetime: number | null;
  retired_at: Date | null;
  suspended_at: Date | null;
  last_used_at: Date | null;
  last_used_network: string | null;
  is_idle: boolean;
}

function toCredential(row: CredentialRow): Credential {
  return {
    id: row.id,
    clientId: row.client_id,
    kind: row.kind,
    name: row.name,
    hint: row.hint,
    publicKey: row.public_key ?? undefined,
    state: row.state,
    createdAt: row.created_at,
    createdBy: row.creator,
    expiresAt: row.expires_at ?? undefined,
    lifetimeSeconds: row.lifetime ?? undefined,
    retiredAt: row.retired_at ?? undefined,
    suspendedAt: row.suspended_at ?? undefined,
    lastUsedAt: row.last_used_at ?? undefined,
    lastUsedNetwork: row.last_used_network ?? undefined,
    isIdle: row.is_idle,
  };
}

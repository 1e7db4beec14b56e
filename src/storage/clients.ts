// OAuth clients with their credentials and entitlements.
import { announce } from './changes.ts';
import type { Database } from './database.ts';

export type ClientKind = 'web' | 'spa' | 'native' | 'machine' | 'mixed' | 'resource-server';
export type RedirectUriType = 'web' | 'spa' | 'native';
export type ClientAuthMethod = 'none' | 'client_secret_basic' | 'private_key_jwt';

export interface Client {
  id: string;
  kind: ClientKind;
  name: string;
  firstParty: boolean;
  authMethod: ClientAuthMethod;
  grantTypes: string[];
  redirectUris: { uri: string; type: RedirectUriType }[];
  postLogoutRedirectUris: string[];
  allowedCorsOrigins: string[];
  requirePkce: boolean;
  /** Public clients rotate whatever this says. */
  rotateRefreshTokens: boolean;
  defaultApiId: string | undefined;
  jwks: { keys: Record<string, unknown>[] } | undefined;
  /** The ways to sign in that its people are offered; `connectors` undefined: every one. */
  signIn: { connectors: string[] | undefined; passwords: boolean };
  disabledAt: Date | undefined;
  createdAt: Date;
  /** Keyed hashes of the secrets that have not expired by the database's clock. */
  secretHashes: { hash: Buffer; expiresAt: Date | undefined }[];
  /** API id to the scopes that the client was given. */
  entitlements: Map<string, Set<string>>;
}

export type NewClient = Omit<
  Client,
  'disabledAt' | 'createdAt' | 'secretHashes' | 'entitlements' | 'signIn'
> & {
  entitlements: { apiId: string; scope: string }[];
  secrets: { id: string; name: string; hash: Buffer; hint: string }[];
};

/** Creates a client with credentials and entitlements in one transaction, and tells the nodes. */
export async function insertClient(db: Database, client: NewClient): Promise<void> {
  const query = await db.write();
  await query.transaction(async (transaction) => {
    await transaction('clients').insert({
      id: client.id,
      kind: client.kind,
      name: client.name,
      first_party: client.firstParty,
      token_endpoint_auth_method: client.authMethod,
      grant_types: client.grantTypes,
      redirect_uris: JSON.stringify(client.redirectUris),
      post_logout_redirect_uris: client.postLogoutRedirectUris,
      allowed_cors_origins: client.allowedCorsOrigins,
      require_pkce: client.requirePkce,
      rotate_refresh_tokens: client.rotateRefreshTokens,
      default_api_id: client.defaultApiId ?? null,
      jwks: client.jwks ? JSON.stringify(client.jwks) : null,
    });
    if (client.secrets.length > 0) {
      await transaction('credentials').insert(
        client.secrets.map(({ id, name, hash, hint }) => ({
          id,
          client_id: client.id,
          name,
          secret_hash: hash,
          hint,
        })),
      );
    }
    if (client.entitlements.length > 0) {
      await transaction('entitlements').insert(
        client.entitlements.map(({ apiId, scope }) => ({
          client_id: client.id,
          api_id: apiId,
          scope,
        })),
      );
    }
    await announce(transaction, 'clients', client.id);
  });
}

/** Finds one client, disabled ones included. */
export async function findClient(db: Database, id: string): Promise<Client | undefined> {
  const [client] = await selectClients(db, { id, limit: 1 });
  return client;
}

/** All clients, oldest first, at most `limit`. */
export async function listClients(db: Database, limit: number): Promise<Client[]> {
  return selectClients(db, { limit });
}

/** Disables a client on every node. Returns false when there is no such client. */
export async function disableClient(db: Database, id: string): Promise<boolean> {
  const query = await db.write();
  return query.transaction(async (transaction) => {
    const changed = await transaction('clients')
      .where({ id })
      .update({ disabled_at: query.raw('coalesce(disabled_at, now())') });
    await announce(transaction, 'clients', id);
    return changed === 1;
  });
}

/** Changes which ways to sign in a client offers. */
export async function setClientSignIn(
  db: Database,
  id: string,
  signIn: Client['signIn'],
): Promise<void> {
  const query = await db.write();
  await query('clients')
    .where({ id })
    .update({ connector_ids: signIn.connectors ?? null, password_sign_in: signIn.passwords });
  await announce(query, 'clients', id);
}

/** Replaces the URIs and origins of a client, as the demo does when its ports change. */
export async function replaceClientUris(
  db: Database,
  id: string,
  uris: Pick<Client, 'redirectUris' | 'postLogoutRedirectUris' | 'allowedCorsOrigins'>,
): Promise<void> {
  const query = await db.write();
  await query.transaction(async (transaction) => {
    await transaction('clients')
      .where({ id })
      .update({
        redirect_uris: JSON.stringify(uris.redirectUris),
        post_logout_redirect_uris: uris.postLogoutRedirectUris,
        allowed_cors_origins: uris.allowedCorsOrigins,
      });
    await announce(transaction, 'clients', id);
  });
}

async function selectClients(
  db: Database,
  filter: { id?: string; limit: number },
): Promise<Client[]> {
  const query = await db.query();
  const rows = await query('clients')
    .select('clients.*')
    .select(
      query.raw(`(SELECT coalesce(json_agg(json_build_object('hash', encode(c.secret_hash, 'hex'),
        'expires_at', c.expires_at) ORDER BY c.created_at DESC), '[]') FROM credentials c
        WHERE c.client_id = clients.id AND (c.expires_at IS NULL OR c.expires_at > now())) AS secrets`),
      query.raw(`(SELECT coalesce(json_agg(json_build_object('api_id', e.api_id, 'scope', e.scope)), '[]')
        FROM entitlements e WHERE e.client_id = clients.id) AS entitlements`),
    )
    .modify((builder) => {
      if (filter.id !== undefined) builder.where('clients.id', filter.id);
    })
    .orderBy('created_at')
    .orderBy('id')
    .limit(filter.limit);
  return rows.map(toClient);
}

interface ClientRow {
  id: string;
  kind: ClientKind;
  name: string;
  first_party: boolean;
  token_endpoint_auth_method: ClientAuthMethod;
  grant_types: string[];
  redirect_uris: Client['redirectUris'];
  post_logout_redirect_uris: string[];
  allowed_cors_origins: string[];
  require_pkce: boolean;
  rotate_refresh_tokens: boolean;
  default_api_id: string | null;
  jwks: NonNullable<Client['jwks']> | null;
  connector_ids: string[] | null;
  password_sign_in: boolean;
  disabled_at: Date | null;
  created_at: Date;
  secrets: { hash: string; expires_at: string | null }[];
  entitlements: { api_id: string; scope: string }[];
}

function toClient(row: ClientRow): Client {
  const entitlements = new Map<string, Set<string>>();
  for (const { api_id, scope } of row.entitlements) {
    entitlements.set(api_id, (entitlements.get(api_id) ?? new Set()).add(scope));
  }
  return {
    id: row.id,
    kind: row.kind,
    name: row.name,
    firstParty: row.first_party,
    authMethod: row.token_endpoint_auth_method,
    grantTypes: row.grant_types,
    redirectUris: row.redirect_uris,
    postLogoutRedirectUris: row.post_logout_redirect_uris,
    allowedCorsOrigins: row.allowed_cors_origins,
    requirePkce: row.require_pkce,
    rotateRefreshTokens: row.rotate_refresh_tokens,
    defaultApiId: row.default_api_id ?? undefined,
    jwks: row.jwks ?? undefined,
    signIn: { connectors: row.connector_ids ?? undefined, passwords: row.password_sign_in },
    disabledAt: row.disabled_at ?? undefined,
    createdAt: row.created_at,
    secretHashes: row.secrets.map((secret) => ({
      hash: Buffer.from(secret.hash, 'hex'),
      expiresAt: secret.expires_at ? new Date(secret.expires_at) : undefined,
    })),
    entitlements,
  };
}

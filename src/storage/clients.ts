// OAuth clients with their credentials and entitlements.
import { announce } from './changes.ts';
import type { Client, Environment } from './client.ts';
import { selectClients } from './client-rows.ts';
import type { Database } from './database.ts';

export type {
  Client,
  ClientKind,
  ClientSubscription,
  Environment,
  RedirectUriType,
} from './client.ts';

export type NewClient = Omit<
  Client,
  | 'disabledAt'
  | 'createdAt'
  | 'secretHashes'
  | 'keys'
  | 'jwksUri'
  | 'entitlements'
  | 'signIn'
  | 'application'
  | 'entitledUntil'
> & {
  applicationId: string | undefined;
  entitlements: { apiId: string; scope: string }[];
  /** Its first credentials. */
  credentials: ({ id: string; name: string; hint: string } & (
    | { secretHash: Buffer }
    | { publicKey: Record<string, unknown> }
  ))[];
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
      application_id: client.applicationId ?? null,
      environment: client.environment ?? null,
    });
    if (client.credentials.length > 0) {
      await transaction('credentials').insert(
        client.credentials.map(({ id, name, hint, ...content }) => ({
          ...{ id, client_id: client.id, name, hint },
          ...('secretHash' in content
            ? { kind: 'secret', secret_hash: content.secretHash, public_key: null }
            : { kind: 'key', secret_hash: null, public_key: JSON.stringify(content.publicKey) }),
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
  const [client] = await selectClients(await db.query(), { id, limit: 1 });
  return client;
}

/** All clients, oldest first, at most `limit`. */
export async function listClients(db: Database, limit: number): Promise<Client[]> {
  return selectClients(await db.query(), { limit });
}

/** The clients of an application by their environment. */
export async function findApplicationClients(
  db: Database,
  applicationId: string,
): Promise<Partial<Record<Environment, Client>>> {
  const found = await selectClients(await db.query(), { applicationId, limit: 2 });
  return Object.fromEntries(found.map((client) => [client.environment, client]));
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

// Turns a stored client into the metadata that oidc-provider validates (RFC 7591 names).
import type { ClientMetadata } from 'oidc-provider';
import type { Client } from '../storage/clients.ts';

export const IDENTITY_SCOPES = ['openid', 'profile', 'email', 'roles', 'groups', 'offline_access'];

/**
 * A client may have several faces under one id. Who has both secrets and keys shows the one that a
 * request authenticates with: `secret`, `key` (keys that are stored here) or `published` (keys at
 * its jwks_uri). `registered` is a client without any credential. A client with typed redirect URIs
 * is also `public`, for its `spa` ones only, and has no credential and no refresh then.
 */
export type ClientFace = 'registered' | 'secret' | 'key' | 'published' | 'public';

/** The face of a client that shows no credential: the one it was registered with, if it still can. */
export function usualFace(client: Client): ClientFace {
  if (client.authMethod === 'none') return 'registered';
  const withKeys = client.keys.length > 0 ? 'key' : client.jwksUri ? 'published' : 'secret';
  const prefersKeys = client.authMethod === 'private_key_jwt' || client.secretHashes.length === 0;
  return prefersKeys ? withKeys : 'secret';
}

/** The metadata of one face of a client. */
export function toMetadata(client: Client, face: ClientFace): ClientMetadata {
  const redirects = client.grantTypes.includes('authorization_code');
  return {
    client_id: client.id,
    client_name: client.name,
    application_type: client.kind === 'native' ? 'native' : 'web',
    ...authentication(client, face),
    grant_types: face === 'public' ? ['authorization_code'] : [...client.grantTypes],
    response_types: redirects ? ['code'] : [],
    redirect_uris: client.redirectUris.map(({ uri }) => uri),
    post_logout_redirect_uris: [...client.postLogoutRedirectUris],
    scope: (redirects ? IDENTITY_SCOPES : []).join(' ') || undefined,
  };
}

function authentication(client: Client, face: ClientFace): Partial<ClientMetadata> {
  const now = performance.now();
  switch (face) {
    case 'secret':
      // The library demands a value here; ours are compared by hash, and no HS* algorithm is enabled.
      return {
        token_endpoint_auth_method: 'client_secret_basic',
        client_secret: 'stored-as-hash',
      };
    case 'key':
      return {
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: client.keys.filter(({ endsAt }) => endsAt > now).map(({ jwk }) => jwk) },
      } as Partial<ClientMetadata>;
    case 'published':
      return { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: client.jwksUri };
    default:
      return { token_endpoint_auth_method: 'none' };
  }
}

/** The type under which a redirect URI was registered; loopback ports of native clients may differ. */
export function redirectUriType(
  client: Client,
  uri: unknown,
): Client['redirectUris'][number]['type'] | undefined {
  return client.redirectUris.find((registered) => registered.uri === uri)?.type;
}

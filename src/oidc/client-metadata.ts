// Turns a stored client into the metadata that oidc-provider validates (RFC 7591 names).
import type { ClientMetadata } from 'oidc-provider';
import type { Client } from '../storage/clients.ts';

export const IDENTITY_SCOPES = ['openid', 'profile', 'email', 'roles', 'groups', 'offline_access'];

/**
 * A client with typed redirect URIs has two faces under one id: `registered` authenticates with its
 * credential; `public` exists for its `spa` redirect URIs only, and has no credential and no refresh.
 */
export type ClientFace = 'registered' | 'public';

/** The metadata of one face of a client. */
export function toMetadata(client: Client, face: ClientFace): ClientMetadata {
  const redirects = client.grantTypes.includes('authorization_code');
  const method = face === 'public' ? 'none' : client.authMethod;
  return {
    client_id: client.id,
    client_name: client.name,
    application_type: client.kind === 'native' ? 'native' : 'web',
    token_endpoint_auth_method: method,
    // The library demands a value here; ours are compared by hash, and no HS* algorithm is enabled.
    ...(method === 'client_secret_basic' ? { client_secret: 'stored-as-hash' } : {}),
    grant_types: face === 'public' ? ['authorization_code'] : [...client.grantTypes],
    response_types: redirects ? ['code'] : [],
    redirect_uris: client.redirectUris.map(({ uri }) => uri),
    post_logout_redirect_uris: [...client.postLogoutRedirectUris],
    scope: (redirects ? IDENTITY_SCOPES : []).join(' ') || undefined,
    ...(client.jwks && method === 'private_key_jwt' ? { jwks: client.jwks } : {}),
  };
}

/** The type under which a redirect URI was registered; loopback ports of native clients may differ. */
export function redirectUriType(
  client: Client,
  uri: unknown,
): Client['redirectUris'][number]['type'] | undefined {
  return client.redirectUris.find((registered) => registered.uri === uri)?.type;
}

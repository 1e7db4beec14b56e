// The client information response (RFC 7591 section 3.2.1): what a client is here, in full.
import type { Application } from '../../storage/applications.ts';
import type { Client } from '../../storage/clients.ts';
import type { RegisteredClient } from '../../storage/registered-clients.ts';

export interface ClientInformation {
  issuer: string;
  application: Application;
  client: Client;
  registered: RegisteredClient;
  /** The registration access token, as the client has it. */
  token: string;
  /** One that was made now, or that the client has just proven to know; we keep only a hash. */
  secret: string | undefined;
}

/** Where a client is read, changed and deleted. RFC 7592 section 2. */
function managementUri(issuer: string, clientId: string): string {
  return `${issuer}/register/${clientId}`;
}

/** Describes a client. What it did not say of itself is left out. */
export function describeClient(information: ClientInformation): Record<string, unknown> {
  const { issuer, application, client, registered, token, secret } = information;
  const redirects = client.grantTypes.includes('authorization_code');
  return {
    client_id: client.id,
    client_id_issued_at: Math.floor(registered.registered_at.getTime() / 1000),
    ...(secret === undefined ? {} : { client_secret: secret }),
    ...(client.authMethod === 'client_secret_basic' && !client.jwksUri
      ? { client_secret_expires_at: 0 }
      : {}),
    registration_access_token: token,
    registration_client_uri: managementUri(issuer, client.id),
    client_name: application.name,
    ...(application.homepage ? { client_uri: application.homepage } : {}),
    application_type: application.kind === 'native' ? 'native' : 'web',
    token_endpoint_auth_method: methodOf(client),
    ...registered.metadata,
    grant_types: client.grantTypes,
    response_types: redirects ? ['code'] : [],
    redirect_uris: client.redirectUris.map(({ uri }) => uri),
    post_logout_redirect_uris: client.postLogoutRedirectUris,
    ...(client.jwksUri ? { jwks_uri: client.jwksUri } : {}),
    ...(client.keys.length > 0 ? { jwks: { keys: client.keys.map(({ jwk }) => jwk) } } : {}),
    scope: scopesOf(client, redirects),
    application_id: application.id,
    environment: client.environment,
  };
}

function methodOf(client: Client): string {
  return client.jwksUri ? 'private_key_jwt' : client.authMethod;
}

const OF_SIGN_IN = ['openid', 'profile', 'email', 'offline_access'];

function scopesOf({ entitlements }: Client, redirects: boolean): string {
  const given = [...entitlements.values()].flatMap((scopes) => [...scopes]);
  return [...(redirects ? OF_SIGN_IN : []), ...new Set(given)].join(' ');
}

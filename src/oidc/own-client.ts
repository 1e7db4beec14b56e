// The client of our own pages: whoever opens My account signs in through the authorization endpoint
// as for any other client, so that there is one way to sign in. It is in no table.
import type { Client } from '../storage/clients.ts';

/** Builds the client; its one redirect URI is ours. */
export function createOwnClient(deps: { issuer: string; name: string }): Client {
  return {
    id: 'c_my-account',
    kind: 'spa',
    name: deps.name,
    firstParty: true,
    authMethod: 'none',
    grantTypes: ['authorization_code'],
    redirectUris: [{ uri: `${deps.issuer}/account/callback`, type: 'spa' }],
    postLogoutRedirectUris: [],
    allowedCorsOrigins: [],
    requirePkce: true,
    rotateRefreshTokens: true,
    defaultApiId: undefined,
    keys: [],
    jwksUri: undefined,
    signIn: { connectors: undefined, passwords: true },
    disabledAt: undefined,
    createdAt: new Date(0),
    secretHashes: [],
    entitlements: new Map(),
    environment: undefined,
    application: undefined,
    entitledUntil: undefined,
  };
}

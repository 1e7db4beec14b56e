// Clients of the attacker's making, registered through the door that everybody uses.
import {
  type ClientRequest,
  registerClient,
} from '../../src/applications/registration/register-client.ts';
import type { Gatehouse } from '../_gatehouse.ts';
import type { Target } from './_flow.ts';

/** A request to register that our policy accepts, but for `overrides`. */
export function clientRequest(overrides: Partial<ClientRequest>): ClientRequest {
  return {
    kind: 'web',
    name: 'A client',
    firstParty: true,
    redirectUris: [],
    postLogoutRedirectUris: [],
    allowedCorsOrigins: [],
    requirePkce: true,
    entitlements: [],
    ...overrides,
  };
}

/** Registers a client; in the target that is returned, every kind of client is this one. */
export async function withClient(
  gatehouse: Gatehouse,
  overrides: Partial<ClientRequest>,
): Promise<Target & { clientId: string }> {
  const request = clientRequest({
    entitlements: gatehouse.apis.map((api) => ({
      api,
      scopes: api.scopes.map(({ name }) => name),
    })),
    ...(gatehouse.apis[0] ? { defaultApi: gatehouse.apis[0] } : {}),
    ...overrides,
  });
  const { id, secret } = await registerClient(gatehouse.registration, request);
  const client = {
    kind: request.kind,
    client_id: id,
    ...(secret ? { client_secret: secret } : {}),
    redirect_uris: request.redirectUris.map(({ uri }) => uri),
    post_logout_redirect_uris: request.postLogoutRedirectUris,
    scopes: [],
  };
  return {
    issuer: gatehouse.issuer,
    accounts: gatehouse.accounts,
    client: () => client,
    clientId: id,
  };
}

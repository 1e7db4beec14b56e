// A developer with an access token for our own API, and what a program does with it.
import { insertProduct } from '../../src/storage/products.ts';
import type { Server } from '../_installation.ts';
import { type Answer, type Credentials, send, signInFor, type TestClient } from '../_protocol.ts';

export const CLI: TestClient = {
  client_id: 'c_gatehouse-cli',
  redirect_uris: ['http://127.0.0.1:7777/callback'],
};

export const ALL_SCOPES =
  'applications:read applications:write credentials:write subscriptions:write products:read client:register';

/** The resource of our own API. */
export const resourceOf = ({ issuer }: Pick<Server, 'issuer'>) => `${issuer}/api/v1`;

/** Signs somebody in by the client of the command line; returns the tokens. */
export function signInByCli(gatehouse: Server, account?: Credentials, scope = ALL_SCOPES) {
  const params = { scope: `openid offline_access ${scope}`, resource: resourceOf(gatehouse) };
  return signInFor(gatehouse, CLI, params, account ? { account } : {});
}

export interface Developer {
  token: string;
  /** Calls the API; `body` is sent as JSON. */
  call(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer>;
}

/** Somebody with a token of these scopes. */
export async function developer(
  gatehouse: Server,
  account?: Credentials,
  scope = ALL_SCOPES,
): Promise<Developer> {
  const { access_token } = await signInByCli(gatehouse, account, scope);
  return withToken(gatehouse, String(access_token));
}

/** Whoever has this token. */
export function withToken(gatehouse: Pick<Server, 'issuer'>, token: string): Developer {
  return {
    token,
    call: (method, path, body, headers = {}) =>
      send(`${resourceOf(gatehouse)}${path}`, {
        method,
        headers: {
          ...(token ? { Authorization: `Bearer ${token}` } : {}),
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
  };
}

/** A product with all scopes of the seeded APIs. */
export function addProduct(
  gatehouse: Pick<Server, 'db' | 'apis'>,
  name: string,
  approval: 'automatic' | 'person' = 'automatic',
): Promise<string> {
  return insertProduct(gatehouse.db, {
    ...{ name, approval, description: `${name} for everybody`, groupIds: [] },
    ...{ ownerGroupId: undefined, quotaClass: undefined, terms: undefined },
    lifetimeDays: undefined,
    scopes: gatehouse.apis.flatMap((api) =>
      api.scopes.map((scope) => ({ apiId: api.id, scope: scope.name })),
    ),
  });
}

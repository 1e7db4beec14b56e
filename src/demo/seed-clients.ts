// One client of each kind, as demo.json names them.

import type { ClientRequest } from '../applications/registration/register-client.ts';
import type { Api } from '../catalog/apis.ts';
import type { RedirectUriType } from '../storage/clients.ts';

export type ClientUris = Pick<
  ClientRequest,
  'redirectUris' | 'postLogoutRedirectUris' | 'allowedCorsOrigins'
>;

export interface ClientPlan {
  kind: string;
  request: ClientRequest;
  /** What demo.json says that the client may ask for. */
  scopes: string[];
  privateKeyJwt?: boolean;
}

const IDENTITY = ['openid', 'profile', 'email'];

/** The plans; redirect URIs point at the example portal. */
export function demoClients(apis: Api[], portalUrl: string): ClientPlan[] {
  const production = apis.filter(({ environment }) => environment === 'production');
  const sandbox = apis.filter(({ environment }) => environment === 'sandbox');
  const redirect = (type: RedirectUriType, ...uris: string[]) => uris.map((uri) => ({ uri, type }));
  const afterSignOut = [`${portalUrl}/`];

  return [
    plan('web', 'Contoso developer portal', production, {
      kind: 'web',
      firstParty: true,
      redirectUris: redirect('web', `${portalUrl}/callback`),
      postLogoutRedirectUris: afterSignOut,
    }),
    plan('spa', 'Orders dashboard', production, {
      kind: 'spa',
      firstParty: true,
      redirectUris: redirect('spa', `${portalUrl}/dashboard/callback`),
      postLogoutRedirectUris: afterSignOut,
      allowedCorsOrigins: [portalUrl],
    }),
    plan('native', 'Orders for desktop', production, {
      kind: 'native',
      redirectUris: redirect('native', 'http://127.0.0.1/callback', 'com.example.orders:/callback'),
      postLogoutRedirectUris: ['com.example.orders:/signed-out'],
    }),
    plan('third-party', 'Fabrikam Shipping', production, {
      kind: 'web',
      redirectUris: redirect('web', `${portalUrl}/third-party/callback`),
      postLogoutRedirectUris: afterSignOut,
    }),
    plan('machine', 'Nightly stock sync', [...production, ...sandbox], { kind: 'machine' }),
    {
      ...plan('machine-jwt', 'Invoice export', production, { kind: 'machine' }),
      privateKeyJwt: true,
    },
    plan('console', 'Contoso test console', sandbox, {
      kind: 'mixed',
      firstParty: true,
      // The server-side exchange of Azure API Management sends no PKCE; `spa` URIs always need it.
      requirePkce: false,
      redirectUris: [
        ...redirect('web', `${portalUrl}/signin-oauth/code/callback/gatehouse`),
        ...redirect('spa', `${portalUrl}/signin-oauth/code-pkce/callback/gatehouse`),
      ],
      postLogoutRedirectUris: afterSignOut,
      allowedCorsOrigins: [portalUrl],
    }),
    plan('resource-server', 'Orders API', [], { kind: 'resource-server' }),
  ];
}

function plan(
  kind: string,
  name: string,
  apis: Api[],
  request: Pick<ClientRequest, 'kind'> & Partial<ClientRequest>,
): ClientPlan {
  const people = request.kind !== 'machine' && request.kind !== 'resource-server';
  const refresh = people && request.kind !== 'mixed';
  const scopes = [...new Set(apis.flatMap((api) => api.scopes.map((scope) => scope.name)))];
  return {
    kind,
    scopes: [...(people ? IDENTITY : []), ...(refresh ? ['offline_access'] : []), ...scopes],
    request: {
      name,
      firstParty: false,
      redirectUris: [],
      postLogoutRedirectUris: [],
      allowedCorsOrigins: [],
      requirePkce: true,
      entitlements: apis.map((api) => ({ api, scopes: api.scopes.map((scope) => scope.name) })),
      defaultApi: apis[0],
      ...request,
    },
  };
}

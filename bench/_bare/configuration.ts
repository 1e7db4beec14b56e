// The library configured to issue what Gatehouse issues, and nothing else of Gatehouse.
import { exportJWK, generateKeyPair } from 'jose';
import type { Account, ClientMetadata, Configuration, JWK } from 'oidc-provider';
import {
  ALGORITHMS,
  API_SCOPE,
  type Clients,
  REDIRECT_URI,
  resourceOf,
  TOKEN_SECONDS,
} from '../scenario.ts';
import { memoryAdapter } from './memory-adapter.ts';

/** The configuration, with keys of its own. `account` is the one person who signs in. */
export async function createBareConfiguration(deps: {
  clients: Clients;
  account: Account;
}): Promise<Configuration> {
  const { account } = deps;
  return {
    adapter: memoryAdapter,
    clients: metadataOf(deps.clients),
    jwks: { keys: await createKeys() },
    cookies: { keys: ['a cookie key of a benchmark'] },
    routes: {
      authorization: '/authorize',
      token: '/token',
      userinfo: '/userinfo',
      introspection: '/introspect',
    },
    scopes: ['openid', 'offline_access'],
    clientAuthMethods: ['client_secret_basic', 'none'],
    pkce: { required: () => true },
    findAccount: (_ctx, id) => (id === account.accountId ? account : undefined),
    // First-party clients: no consent page.
    async loadExistingGrant(ctx) {
      const { client, account: person, session, provider, params } = ctx.oidc;
      if (!client || !person) return undefined;
      const resources = [params?.['resource'] ?? []].flat().map(String);
      const existing = await provider.Grant.find(session?.grantIdFor(client.clientId) ?? '');
      if (existing && resources.every((resource) => existing.getResourceScope(resource)))
        return existing;
      const grant = new provider.Grant({ accountId: person.accountId, clientId: client.clientId });
      grant.addOIDCScope('openid offline_access');
      for (const resource of resources) grant.addResourceScope(resource, API_SCOPE);
      await grant.save();
      return grant;
    },
    extraTokenClaims: (_ctx, token) => (token.resourceServer ? { azp: token.clientId } : undefined),
    // As for every client with the refresh grant; the library alone asks for prompt=consent.
    issueRefreshToken: async (_ctx, client, code) =>
      client.grantTypeAllowed('refresh_token') && code.resource !== undefined,
    rotateRefreshToken: ({ oidc: { client } }) => client?.clientAuthMethod === 'none',
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    ttl: {
      AuthorizationCode: 60,
      AccessToken: TOKEN_SECONDS,
      ClientCredentials: TOKEN_SECONDS,
      IdToken: TOKEN_SECONDS,
      Interaction: 3600,
      Grant: 30 * 86_400,
      RefreshToken: 30 * 86_400,
      Session: 86_400,
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: {
        enabled: true,
        allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId,
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: (_ctx, _client, granted) => granted?.[0] ?? [],
        useGrantedResource: () => true,
        getResourceServerInfo: (_ctx, resource) => ({
          scope: API_SCOPE,
          audience: resource,
          accessTokenTTL: TOKEN_SECONDS,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: ALGORITHMS.find((alg) => resourceOf(alg) === resource) ?? 'RS256' } },
        }),
      },
    },
  };
}

function metadataOf({ machine, web, spa }: Clients): ClientMetadata[] {
  const people = {
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code' as const],
    redirect_uris: [REDIRECT_URI],
  };
  return [
    {
      client_id: machine.id,
      client_secret: machine.secret ?? '',
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
    },
    { client_id: web.id, client_secret: web.secret ?? '', ...people },
    { client_id: spa.id, token_endpoint_auth_method: 'none', ...people },
  ];
}

async function createKeys(): Promise<JWK[]> {
  return Promise.all(
    ALGORITHMS.map(async (alg) => {
      const { privateKey } = await generateKeyPair(alg, { extractable: true });
      // The types of jose and of the library name the same key differently.
      return { ...(await exportJWK(privateKey)), alg, use: 'sig' } as JWK;
    }),
  );
}

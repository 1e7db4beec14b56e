// The oidc-provider configuration: a pure function of what the server is given.
import {
  type AdapterFactory,
  type Configuration,
  errors,
  type FindAccount,
  type JWKS,
  type KoaContextWithOIDC,
} from 'oidc-provider';
import type { Catalog } from '../catalog/apis.ts';
import { LANGUAGE_NAMES } from '../http/i18n.ts';
import type { OutgoingFetch } from '../http/outgoing/outgoing-fetch.ts';
import type { Terms } from '../storage/terms.ts';
import { CLAIMS, createExtraTokenClaims, createJwtCustomizer } from './claims.ts';
import type { ClientLookup } from './client-lookup.ts';
import { IDENTITY_SCOPES } from './client-metadata.ts';
import type { createGrantLoader } from './grants.ts';
import { createInteractionPolicy } from './interaction-policy.ts';
import type { createProviderPages } from './provider-pages.ts';
import { createPkcePolicy } from './request-policy.ts';
import { createResourceIndicators, type Signers } from './resource-servers.ts';

const MINUTE = 60;
const DAY = 24 * 3600;
/** A refresh token family ends 30 days after its first token, however often it rotates. */
const REFRESH_CAP_SECONDS = 30 * DAY;
const SESSION_CAP_SECONDS = 14 * DAY;
/** Unused for a day, a session ends. */
const SESSION_IDLE_SECONDS = DAY;
const SIGNING_ALGORITHMS = ['RS256', 'PS256', 'ES256', 'Ed25519'] as const;

export interface ConfigurationDeps {
  issuer: string;
  cookieKeys: string[];
  jwks: JWKS;
  signers: Signers;
  adapter: AdapterFactory;
  findAccount: FindAccount;
  /** The terms of use in force. */
  terms: () => Promise<Terms | undefined>;
  loadExistingGrant: ReturnType<typeof createGrantLoader>;
  catalog: Catalog;
  clients: ClientLookup;
  /** How a client's jwks_uri is read. */
  fetch: OutgoingFetch;
  pages: ReturnType<typeof createProviderPages>;
}

/** Builds the configuration of one Provider instance. */
export function createConfiguration(deps: ConfigurationDeps): Configuration {
  const { clients, pages } = deps;
  return {
    adapter: deps.adapter,
    jwks: deps.jwks,
    cookies: cookies(deps.issuer, deps.cookieKeys),
    routes: {
      authorization: '/authorize',
      token: '/token',
      userinfo: '/userinfo',
      jwks: '/jwks',
      introspection: '/introspect',
      revocation: '/revoke',
      pushed_authorization_request: '/par',
      end_session: '/logout',
    },
    scopes: IDENTITY_SCOPES,
    claims: CLAIMS,
    responseTypes: ['code'],
    extraParams: ['audience', 'domain_hint', 'idp_hint'],
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
    clientDefaults: { id_token_signed_response_alg: 'RS256' },
    enabledJWA: {
      clientAuthSigningAlgValues: [...SIGNING_ALGORITHMS],
      idTokenSigningAlgValues: [...SIGNING_ALGORITHMS],
      dPoPSigningAlgValues: ['ES256', 'Ed25519'],
    },
    allowOmittingSingleRegisteredRedirectUri: false,
    clockTolerance: 5,
    pkce: { required: createPkcePolicy(clients) },
    findAccount: deps.findAccount,
    loadExistingGrant: deps.loadExistingGrant,
    extraTokenClaims: createExtraTokenClaims(deps),
    formats: { customizers: { jwt: createJwtCustomizer(deps.catalog) } },
    interactions: {
      policy: createInteractionPolicy({ terms: deps.terms }),
      url: (_ctx, interaction) => `/interaction/${interaction.uid}`,
    },
    // A rotated token keeps the first one's expiry.
    rotateRefreshToken: ({ oidc: { client } }) =>
      client !== undefined &&
      (client.clientAuthMethod === 'none' || clients.stored(client).rotateRefreshTokens),
    clientBasedCORS: (ctx, origin, client) =>
      isCorsRoute(ctx, client.clientAuthMethod) &&
      clients.stored(client).allowedCorsOrigins.includes(origin),
    async assertJwtClientAuthClaimsAndHeader(ctx, claims, header, client) {
      assertAssertion(deps.issuer, claims);
      await clients.noteKey(ctx, client, header);
    },
    ttl: {
      AuthorizationCode: MINUTE,
      AccessToken: (_ctx, token) => token.resourceServer?.accessTokenTTL ?? 10 * MINUTE,
      ClientCredentials: (_ctx, token) => token.resourceServer?.accessTokenTTL ?? 10 * MINUTE,
      IdToken: 10 * MINUTE,
      Interaction: 60 * MINUTE,
      // A session may be almost two weeks old when its grant begins to carry a refresh token.
      Grant: REFRESH_CAP_SECONDS + SESSION_CAP_SECONDS,
      RefreshToken: (ctx) =>
        ctx.oidc.entities.RotatedRefreshToken?.remainingTTL ?? REFRESH_CAP_SECONDS,
      Session: (_ctx, session) => sessionSeconds(session),
    },
    renderError: pages.renderError,
    discovery: {
      ui_locales_supported: Object.keys(LANGUAGE_NAMES),
      // Ours, not the library's: see applications/dynamic-registration.
      registration_endpoint: `${deps.issuer}/register`,
    },
    features: {
      devInteractions: { enabled: false },
      // For keys/signer.ts; the version of the library is pinned.
      externalSigningSupport: { enabled: true, ack: 'experimental-01' },
      clientCredentials: { enabled: true },
      introspection: {
        enabled: true,
        // RFC 7662: the token's own client, and the API that it is for; everyone else learns nothing.
        allowedPolicy: async (ctx, client, token) => {
          const accountId = 'accountId' in token ? token.accountId : undefined;
          if (accountId && !(await deps.findAccount(ctx, accountId))) return false;
          if (token.clientId === client.clientId) return true;
          const audience = 'aud' in token ? token.aud : undefined;
          const apis = await deps.catalog.all();
          return apis.some((api) => api.audience === audience && api.clientId === client.clientId);
        },
      },
      revocation: {
        enabled: true,
        allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId,
      },
      resourceIndicators: createResourceIndicators(deps),
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: pages.logoutSource,
        postLogoutSuccessSource: pages.postLogoutSuccessSource,
      },
    },
    // What a developer registered is asked from here: ours decides at the connection where that may be.
    fetch: async (url, options) => {
      const answer = await deps.fetch(String(url), options);
      // Without them the library asks again for a key that it does not know, after a minute.
      for (const name of ['cache-control', 'expires']) answer.headers.delete(name);
      return answer;
    },
    fetchResponseBodyLimits: { jwks_uri: 64 * 1024, sector_identifier_uri: 64 * 1024 },
  };
}

/** How long a session lives from now on, if nobody uses it. */
export function sessionSeconds({ loginTs }: { loginTs?: number | undefined }): number {
  const age = loginTs ? Math.floor(Date.now() / 1000) - loginTs : 0;
  return Math.max(1, Math.min(SESSION_IDLE_SECONDS, SESSION_CAP_SECONDS - age));
}

const COOKIE = { signed: true, httpOnly: true, sameSite: 'lax' } as const;
/** The session's cookie; `secure` depends on the issuer. */
export const SESSION_COOKIE = { ...COOKIE, path: '/' };

// __Host- needs Path=/, which the library's interaction cookies do not have.
function cookies(issuer: string, keys: string[]): Configuration['cookies'] {
  const secure = issuer.startsWith('https:');
  return {
    keys,
    names: {
      session: secure ? '__Host-gatehouse_session' : 'gatehouse_session',
      interaction: secure ? '__Secure-gatehouse_interaction' : 'gatehouse_interaction',
      resume: secure ? '__Secure-gatehouse_resume' : 'gatehouse_resume',
    },
    long: { ...SESSION_COOKIE, secure },
    short: { ...COOKIE, secure },
  };
}

// A secret does not belong into a browser: at the token endpoint, only public clients get CORS.
function isCorsRoute(ctx: KoaContextWithOIDC, authMethod: string | undefined): boolean {
  return ctx.oidc.route === 'userinfo' || authMethod === 'none';
}

/** RFC 7523bis: the audience is the issuer alone, and an assertion lives five minutes at most. */
function assertAssertion(issuer: string, claims: Record<string, unknown>): void {
  if (claims['aud'] !== issuer)
    throw new errors.InvalidClientAuth(
      'the audience of a client assertion must be the issuer alone',
    );
  const exp = Number(claims['exp']);
  if (!(exp <= Date.now() / 1000 + 5 * MINUTE + 5))
    throw new errors.InvalidClientAuth('a client assertion may expire at most 5 minutes ahead');
}

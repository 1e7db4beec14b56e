// The resource indicator hooks of oidc-provider (RFC 8707): our APIs, their token profile, and the
// entitlement check that the library leaves to its host, at authorize, token and refresh.
import {
  type Configuration,
  errors,
  type KoaContextWithOIDC,
  type ResourceServer,
} from 'oidc-provider';
import type { Api, Catalog } from '../catalog/apis.ts';
import { AppError } from '../errors.ts';
import { noteFailure } from '../http/unit-of-work.ts';
import type { Client } from '../storage/clients.ts';
import { noteApi } from './api-in-hand.ts';
import type { ClientLookup } from './client-lookup.ts';
import { IDENTITY_SCOPES } from './client-metadata.ts';
import { NEWS_SECONDS } from './keys/key-times.ts';
import { restoreOfflineAccess } from './offline-access.ts';
import { refusedBy } from './refused-by.ts';
import {
  ambiguous,
  apiByName,
  apiOfScopes,
  apiScopes,
  checkScopes,
  defaultApi,
  entitledScopes,
  expandDefault,
  givenNothing,
  invalidScope,
  printable,
  unknownApi,
} from './requested-api.ts';

type ResourceIndicators = NonNullable<NonNullable<Configuration['features']>['resourceIndicators']>;

/** The algorithms that have a key which may sign. */
export interface Signers {
  has(alg: Api['alg']): boolean;
}

/** The `features.resourceIndicators` configuration. */
export function createResourceIndicators(deps: {
  catalog: Catalog;
  clients: ClientLookup;
  signers: Signers;
}): ResourceIndicators {
  const { catalog, clients, signers } = deps;
  return {
    enabled: true,
    async defaultResource(ctx, protocolClient, granted) {
      if (granted) return granted[0] ?? [];
      restoreOfflineAccess(ctx, protocolClient);
      const api = await chooseApi(ctx, await catalog.all(), clients.stored(protocolClient));
      // The types ask for a string, the library takes undefined for "no API".
      return api?.resource as string;
    },
    async getResourceServerInfo(ctx, resource, protocolClient) {
      restoreOfflineAccess(ctx, protocolClient);
      const api = (await catalog.all()).find((candidate) => candidate.resource === resource);
      if (!api || isSeveral(ctx.oidc.params?.['resource'])) throw wrongTarget(resource, !api);
      checkApi(ctx, api);
      const client = clients.stored(protocolClient);
      if (entitledScopes(api, client).length === 0) throw givenNothing(api, client);
      if (asksForScopes(ctx)) normalizeScope(ctx, api, client);
      checkScopes(api, client, apiScopes(scopeInUse(ctx)));
      expectSigner(ctx, api, signers);
      return toResourceServer(api, client);
    },
    async useGrantedResource(ctx, model) {
      const audience = requestedAudience(ctx);
      const granted = [model.resource].flat();
      if (
        audience !== undefined &&
        !granted.includes(apiByName(await catalog.all(), audience).resource)
      )
        throw new errors.InvalidTarget(`this grant is not for ${printable(audience)}`);
      return true;
    },
  };
}

function checkApi(ctx: KoaContextWithOIDC, api: Api): void {
  const audience = requestedAudience(ctx);
  if (audience !== undefined && audience !== api.audience && audience !== api.resource)
    throw ambiguous('resource and audience name different APIs: send one of them');
  noteApi(ctx, api);
  if (api.suspendedAt)
    throw refusedBy(
      new errors.InvalidTarget(
        `${printable(api.resource)} is suspended: no tokens are issued for it for now`,
      ),
      'api_suspended',
      { api: api.name },
    );
}

async function chooseApi(
  ctx: KoaContextWithOIDC,
  apis: Api[],
  client: Client,
): Promise<Api | undefined> {
  const audience = requestedAudience(ctx);
  if (audience !== undefined) return apiByName(apis, audience);
  const requested = ctx.oidc.params?.['scope'];
  const scopes = apiScopes(requested);
  if (scopes.length > 0) return apiOfScopes(apis, client, scopes);
  // Identity scopes alone are a sign-in: no API, and the token is for userinfo.
  if (requested && !isClientCredentials(ctx)) return undefined;
  const api = defaultApi(apis, client);
  if (api) return api;
  const choices = apis.filter(({ id }) => client.entitlements.has(id));
  if (choices.length === 0) throw givenNoApi(client);
  throw ambiguous(
    `name the API with the resource parameter (${choices.map(({ resource }) => resource).join(' or ')})`,
  );
}

function givenNoApi({ application }: Client) {
  const description = application
    ? 'this application has no active subscription here: subscribe it to a product'
    : 'this client was given no API: ask for identity scopes such as openid, or have an API assigned';
  return refusedBy(new errors.InvalidTarget(description), 'api_not_subscribed');
}

// Fills in what the request leaves open: no scope means all that the client was given.
function normalizeScope(ctx: KoaContextWithOIDC, api: Api, client: Client): void {
  const params = ctx.oidc.params ?? {};
  const scope = typeof params['scope'] === 'string' ? params['scope'] : '';
  const identity = scope.split(' ').find((name) => IDENTITY_SCOPES.includes(name));
  if (identity && isClientCredentials(ctx)) {
    throw invalidScope(`scope ${identity} is about a person: client credentials have none`);
  }
  params['scope'] =
    scope === '' ? entitledScopes(api, client).join(' ') : expandDefault(api, client, scope);
}

function asksForScopes(ctx: KoaContextWithOIDC): boolean {
  return ctx.oidc.route !== 'token' || isClientCredentials(ctx);
}

// At a code exchange and a refresh, the scopes are those of the code or refresh token in hand.
function scopeInUse(ctx: KoaContextWithOIDC): unknown {
  const { entities, params, route } = ctx.oidc;
  if (params?.['scope'] || route !== 'token') return params?.['scope'];
  return (entities.RefreshToken ?? entities.AuthorizationCode)?.scope;
}

function requestedAudience(ctx: KoaContextWithOIDC): string | undefined {
  const value = ctx.oidc.params?.['audience'] ?? ctx.oidc.body?.['audience'];
  if (value === undefined || value === '') return undefined;
  if (typeof value !== 'string') throw new errors.InvalidTarget('audience must be sent once');
  return value;
}

function isClientCredentials(ctx: KoaContextWithOIDC): boolean {
  return ctx.oidc.route === 'token' && ctx.oidc.params?.['grant_type'] === 'client_credentials';
}

function isSeveral(resource: unknown): boolean {
  return Array.isArray(resource) && resource.length > 1;
}

function wrongTarget(resource: string, unknown: boolean) {
  if (!unknown) return ambiguous('a token is for exactly one API: send one resource parameter');
  const error = new errors.InvalidTarget(
    `${printable(resource)} is not an API of this server (compare every character, also a trailing slash)`,
  );
  return unknownApi(error, resource);
}

// The first key of an algorithm waits until every node publishes it. To the library this error is a
// refusal like any other: noted as a failure, it consumes nothing and is answered with 503.
function expectSigner(ctx: KoaContextWithOIDC, api: Api, signers: Signers): void {
  if (ctx.oidc.route !== 'token' || signers.has(api.alg)) return;
  const error = new AppError(
    503,
    'temporarily_unavailable',
    `The key that signs tokens for ${printable(api.resource)} is being published. Please try again in a few seconds.`,
    { headers: { 'Retry-After': String(NEWS_SECONDS) } },
  );
  noteFailure(ctx, error);
  throw error;
}

function toResourceServer(api: Api, client: Client): ResourceServer {
  const machine = client.kind === 'machine';
  return {
    scope: entitledScopes(api, client).join(' '),
    audience: api.audience,
    // A person's token lives 10 minutes at most, a console's 5; machines get what the API allows.
    accessTokenTTL: Math.min(
      api.tokenLifetime,
      machine ? 3600 : client.kind === 'mixed' ? 300 : 600,
    ),
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: api.alg } },
  };
}
